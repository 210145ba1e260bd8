/* SPDX-License-Identifier: MIT
 * What a debugger does for a program on a board: files, text and an exit code. Source: Arm, Semihosting for AArch32 and
 * AArch64, release 2.0. */
#ifndef SEMIHOST_H
#define SEMIHOST_H

#include <stdbool.h>
#include <stdint.h>

enum semihost_mode { SEMIHOST_READ = 1, SEMIHOST_WRITE = 5 }; /* "rb", "wb" */

/* A handle, or -1. */
int semihost_open(const char *name, enum semihost_mode mode);
void semihost_close(int handle);

/* Bytes that were read, fewer than n at the end of the file. */
uint32_t semihost_read(int handle, void *data, uint32_t n);

/* False: not all was written. */
bool semihost_write(int handle, const void *data, uint32_t n);

/* The command line, its words divided by blanks; false if it is longer than size - 1. */
bool semihost_command_line(char *text, uint32_t size);

void semihost_print(const char *text);
_Noreturn void semihost_exit(int code);

#endif
