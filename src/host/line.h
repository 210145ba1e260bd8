/* SPDX-License-Identifier: MIT
 * A line: bytes between masters outside and a bus of the simulation, through a pseudo terminal, a TCP port or a real
 * serial port. Masters come and go. A line never blocks, never answers late, and what nobody reads is lost. */
#ifndef HOST_LINE_H
#define HOST_LINE_H

#include <poll.h>
#include <stdio.h>

#include "bus.h"
#include "capture.h"

/* Entries that a line may need for poll(). */
#define HOST_LINE_ENTRIES 9

struct host_line;

/* Opens a pty and makes `link` (NULL for none) point to it. On error NULL with a message in error (size bytes); free
 * with host_line_close. The same holds for the others. The bus must outlive the line. */
struct host_line *host_line_open_pty(struct host_bus *bus, const char *link, char *error, size_t size);

/* Listens at "HOST:PORT", "[HOST]:PORT", ":PORT" or "PORT" (loopback unless a host is named; port 0: any). Raw bytes,
 * as a serial device server passes them. */
struct host_line *host_line_open_tcp(struct host_bus *bus, const char *address, char *error, size_t size);

/* Likewise, for masters of Modbus TCP: a gateway to the Modbus. */
struct host_line *host_line_open_modbus_tcp(struct host_bus *bus, const char *address, char *error, size_t size);

/* Opens a real serial port with the first meter's settings and follows them. If it goes away the line waits for it. */
struct host_line *host_line_open_port(struct host_bus *bus, const char *device, char *error, size_t size);

/* Closes it and takes a link away. */
void host_line_close(struct host_line *line);

/* Has all frames written into a capture, which must outlive the line. */
void host_line_capture(struct host_line *line, struct host_capture *capture);

/* Prints what kind of line it is, where it is to be found and who is on its bus, as one line of text. */
void host_line_print(const struct host_line *line, FILE *out);

/* The same in parts: what kind of line, and who is on its bus; and where it is to be found. */
void host_line_describe(const struct host_line *line, char *kind, size_t kind_size, char *settings, size_t size);
const char *host_line_name(const struct host_line *line);

/* Sets up entries for poll() (up to HOST_LINE_ENTRIES) and returns how many; *wait_ns is lowered to the time after
 * which host_line_serve wants to be called at the latest. Times are those of a clock that only goes forward. */
size_t host_line_poll(struct host_line *line, struct pollfd *entries, int64_t now_ns, int64_t *wait_ns);

/* How many entries it has set up. */
size_t host_line_entries(const struct host_line *line);

/* Does what is to be done: takes bytes, answers requests, notices masters that come and go. To be called with the same
 * entries after poll, and at least every 10 ms. */
void host_line_serve(struct host_line *line, const struct pollfd *entries, int64_t now_ns);

#endif
