/* SPDX-License-Identifier: MIT
 * The control socket: a UNIX stream socket on which clients send lines and get a line back for each. */
#ifndef HOST_CONTROL_H
#define HOST_CONTROL_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#define HOST_CONTROL_CLIENTS  8
#define HOST_CONTROL_LINE_MAX 65536

/* Answers one line; the answer (without newline) is freed with free(). */
typedef char *host_control_fn(void *ctx, const char *line);

struct host_control;

/* Listens at path; a socket that nobody serves any more is replaced. NULL with a message in error. */
struct host_control *host_control_open(const char *path, host_control_fn *answer, void *ctx, char *error, size_t size);

/* Closes it and removes the path. */
void host_control_close(struct host_control *control);

/* Entries for poll(), at most HOST_CONTROL_CLIENTS + 1; returns how many were set. */
size_t host_control_poll(struct host_control *control, struct pollfd *entries);

/* Takes what has come; never blocks. */
void host_control_serve(struct host_control *control);

/* Client side: sends a line to the socket at path and returns the answer, NULL with a message in error. */
char *host_control_request(const char *path, const char *line, char *error, size_t size);

#endif
