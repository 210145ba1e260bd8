/* SPDX-License-Identifier: MIT
 * Messages to the user, on stderr, one line each, "vmeter: ..." in front. */
#ifndef HOST_LOG_H
#define HOST_LOG_H

/* 0: errors and what a user must know; 1 (-v): what happens besides. */
extern int host_log_level;

void host_log(const char *format, ...) __attribute__((format(printf, 1, 2)));
void host_log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
