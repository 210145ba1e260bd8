/* SPDX-License-Identifier: MIT
 * Where something listens: "HOST:PORT", "[HOST]:PORT", ":PORT" or "PORT", which is for this machine only. */
#ifndef HOST_ADDRESS_H
#define HOST_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#define HOST_ADDRESS_HOST 256

/* Takes it apart; a host that is not named is 127.0.0.1. *port points into address. False if it is none. */
bool host_address_split(const char *address, char host[HOST_ADDRESS_HOST], const char **port);

/* A socket bound to it, that does not listen yet and does not block; -1 with a message in error. */
int host_address_bind(const char *address, char *error, size_t size);

/* The numeric address of a bound socket, "127.0.0.1:10001" or "[::1]:10001": port 0 has become a number. Free with
 * free(). */
char *host_address_own(int fd);

#endif
