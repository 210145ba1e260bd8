/* SPDX-License-Identifier: MIT
 * The app of the Bluetooth page: a web page for phones, with its API. Radio is not emulated: the meters' Bluetooth is a
 * TCP port that takes connections while it is switched on on any of them, and refuses them else. The QR codes on the
 * displays hold the page's address. No thread: all is done in host_app_serve. */
#ifndef HOST_APP_H
#define HOST_APP_H

#include <poll.h>

#include "../sim/sim.h"

struct host_app;

/* Takes the address (see address.h; port 0: any) and writes the QR codes. The simulation must outlive it. NULL with a
 * message in error: the address is wrong, taken, or too long for the codes. */
struct host_app *host_app_open(struct sim *sim, const char *address, char *error, size_t size);
void host_app_close(struct host_app *app);

/* Where the page is to be found, as in "http://127.0.0.1:8080". */
const char *host_app_url(const struct host_app *app);

/* Does it take connections at the moment? */
bool host_app_listens(const struct host_app *app);

/* Entries for poll(), at most one; returns how many were set. *wait_ns is lowered to the time after which
 * host_app_serve wants to be called at the latest. */
size_t host_app_poll(const struct host_app *app, struct pollfd *entry, int64_t *wait_ns);

/* Follows the meters' Bluetooth and answers what has come; never blocks. now_ms: a clock that only goes forward. */
void host_app_serve(struct host_app *app, int64_t now_ms);

#endif
