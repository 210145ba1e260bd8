/* SPDX-License-Identifier: MIT */
#include "semihost.h"

#include <string.h>

enum {
    SYS_OPEN = 0x01,
    SYS_CLOSE = 0x02,
    SYS_WRITE0 = 0x04,
    SYS_WRITE = 0x05,
    SYS_READ = 0x06,
    SYS_GET_CMDLINE = 0x15,
    SYS_EXIT_EXTENDED = 0x20
};

#define APPLICATION_EXIT 0x20026

static uint32_t call(uint32_t operation, const void *argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;

    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

int semihost_open(const char *name, enum semihost_mode mode)
{
    const uint32_t argument[] = {(uint32_t)name, mode, strlen(name)};

    return (int)call(SYS_OPEN, argument);
}

void semihost_close(int handle)
{
    const uint32_t argument[] = {(uint32_t)handle};

    call(SYS_CLOSE, argument);
}

uint32_t semihost_read(int handle, void *data, uint32_t n)
{
    const uint32_t argument[] = {(uint32_t)handle, (uint32_t)data, n};

    return n - call(SYS_READ, argument);
}

bool semihost_write(int handle, const void *data, uint32_t n)
{
    const uint32_t argument[] = {(uint32_t)handle, (uint32_t)data, n};

    return call(SYS_WRITE, argument) == 0;
}

bool semihost_command_line(char *text, uint32_t size)
{
    uint32_t argument[] = {(uint32_t)text, size};

    return call(SYS_GET_CMDLINE, argument) == 0;
}

void semihost_print(const char *text)
{
    call(SYS_WRITE0, text);
}

void semihost_exit(int code)
{
    const uint32_t argument[] = {APPLICATION_EXIT, (uint32_t)code};

    call(SYS_EXIT_EXTENDED, argument);
    while (1)
        ;
}
