/* SPDX-License-Identifier: MIT */
#include "nvm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

struct host_nvm {
    struct sim_memory memory;
    char *file;
    int fd;
    int error; /* errno of the first write that failed */
};

static void write_change(void *ctx, uint32_t offset, const uint8_t *data, uint32_t n)
{
    struct host_nvm *nvm = ctx;

    if (pwrite(nvm->fd, data, n, offset) != (ssize_t)n && !nvm->error)
        nvm->error = errno ? errno : EIO;
}

struct host_nvm *host_nvm_open(const char *file, char *error, size_t size)
{
    struct host_nvm *nvm = calloc(1, sizeof *nvm);
    ssize_t n = 0;

    if (!nvm)
        abort();
    sim_memory_init(&nvm->memory);
    nvm->fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (nvm->fd >= 0)
        n = pread(nvm->fd, nvm->memory.image, sizeof nvm->memory.image, 0);
    if (nvm->fd < 0 || n < 0) {
        snprintf(error, size, "%s: %s", file, strerror(errno));
        if (nvm->fd >= 0)
            close(nvm->fd);
        free(nvm);
        return NULL;
    }
    /* An erased memory is written whole at once, so that the file has its full size. */
    if (n == 0)
        write_change(nvm, 0, nvm->memory.image, sizeof nvm->memory.image);
    nvm->file = strdup(file);
    nvm->memory.changed = write_change;
    nvm->memory.ctx = nvm;
    return nvm;
}

struct sim_memory *host_nvm_memory(struct host_nvm *nvm)
{
    return nvm ? &nvm->memory : NULL;
}

void host_nvm_judge(const struct host_nvm *nvm, uint8_t error_code)
{
    if (nvm && error_code)
        host_log("%s: this is no memory of the meter, or a damaged one: error %02X%s", nvm->file, error_code,
                 error_code & (EM_FAULT_ENERGY | EM_FAULT_INIT) ? "; the meter measures nothing and leaves it as it is"
                                                                : "");
}

bool host_nvm_close(struct host_nvm *nvm)
{
    bool ok = true;

    if (!nvm)
        return true;
    if (close(nvm->fd) && !nvm->error)
        nvm->error = errno;
    if (nvm->error) {
        host_log("%s: %s", nvm->file, strerror(nvm->error));
        ok = false;
    }
    free(nvm->file);
    free(nvm);
    return ok;
}
