/* SPDX-License-Identifier: MIT
 * A line: bytes between clients and a protocol server, here through a pseudo terminal.
 *
 * Clients come and go. The client side of a Linux pty loses PARENB, and glibc's tcsetattr then answers EINVAL if a
 * call changed nothing else in c_cflag. So this side always leaves flags that no client sets (two stop bits, odd parity
 * in turn, no CLOCAL), with an unused speed after the last client has gone; in packet mode with EXTPROC the terminal
 * reports each change, so that the flags are set again before the same client can ask twice. No descriptor of the
 * client side is kept open; one is opened for a moment to drop replies that nobody has read. */
#ifndef HOST_LINE_H
#define HOST_LINE_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slave.h"

/* Silence that ends a frame whose length can not be told, in ms of real time. Longer than 3.5 characters because a
 * pty's bytes come in bursts; short enough to answer within 60 ms. */
#define HOST_LINE_SILENCE_MS 20

struct host_line;

/* Answers a whole request of n bytes; returns the length of the reply put into reply (HOST_MODBUS_ADU_MAX), 0: none. */
typedef size_t host_answer_fn(void *ctx, const uint8_t *request, size_t n, uint8_t *reply);

/* Opens a pty and makes `link` (NULL for none) point to it. answer(ctx, ..) answers; meter tells the speed. Both must
 * outlive it. On error NULL, with a message in error (size bytes). Free with host_line_close. */
struct host_line *host_line_open_pty(const char *link, host_answer_fn *answer, void *ctx, const struct em_meter *meter,
                                     char *error, size_t size);

/* Closes it and takes the link away. */
void host_line_close(struct host_line *line);

/* The name of the terminal ("/dev/pts/5") and the link or NULL. */
const char *host_line_name(const struct host_line *line);
const char *host_line_link(const struct host_line *line);

/* Sets up one entry for poll(); returns after how many ms host_line_serve wants to be called at the latest, -1 for
 * never. While nobody is connected the entry is empty, as such a pty would wake poll at once. */
int host_line_poll(struct host_line *line, struct pollfd *entry, int64_t now_ms);

/* Does what is to be done: takes bytes, answers requests, notices clients that come and go. To be called after poll,
 * and at least every 10 ms. Never blocks. */
void host_line_serve(struct host_line *line, int64_t now_ms);

#endif
