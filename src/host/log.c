/* SPDX-License-Identifier: MIT */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>

int host_log_level;

static void print(const char *format, va_list args)
{
    char line[1024];

    vsnprintf(line, sizeof line, format, args);
    fprintf(stderr, "vmeter: %s\n", line);
}

void host_log(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    print(format, args);
    va_end(args);
}

void host_log_debug(const char *format, ...)
{
    va_list args;

    if (host_log_level < 1)
        return;
    va_start(args, format);
    print(format, args);
    va_end(args);
}
