/* SPDX-License-Identifier: MIT */
#include "file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sim_file_beside(const char *scenario_file, const char *name, char *out, size_t size)
{
    const char *slash = strrchr(scenario_file, '/');

    if (name[0] == '/' || !slash)
        snprintf(out, size, "%s", name);
    else
        snprintf(out, size, "%.*s/%s", (int)(slash - scenario_file), scenario_file, name);
}

uint8_t *sim_file_read(const char *file, size_t *n)
{
    FILE *f = fopen(file, "rb");
    uint8_t *bytes = NULL;
    size_t size = 0;

    if (!f)
        return NULL;
    *n = 0;
    do {
        size = size ? 2 * size : 65536;
        bytes = realloc(bytes, size);
        if (!bytes)
            abort();
        *n += fread(bytes + *n, 1, size - *n, f);
    } while (*n == size);
    if (ferror(f)) {
        int why = errno;

        free(bytes);
        bytes = NULL;
        errno = why;
    }
    fclose(f);
    return bytes;
}
