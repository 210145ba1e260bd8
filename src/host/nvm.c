/* SPDX-License-Identifier: MIT */
#include "nvm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

struct image {
    struct sim_memory memory;
    struct host_nvm *nvm;
    off_t offset; /* in the file */
};

struct host_nvm {
    struct image *image;
    struct sim_memory **memory; /* of the images */
    unsigned meters;
    char *file;
    int fd;
    atomic_int error; /* errno of a write that failed; meters may write from several threads */
};

static void write_change(void *ctx, uint32_t offset, const uint8_t *data, uint32_t n)
{
    struct image *image = ctx;
    struct host_nvm *nvm = image->nvm;

    if (pwrite(nvm->fd, data, n, image->offset + offset) != (ssize_t)n && !nvm->error)
        nvm->error = errno ? errno : EIO;
}

/* Reads the k-th image. False with errno set. */
static bool read_image(struct host_nvm *nvm, unsigned k)
{
    struct image *image = &nvm->image[k];
    ssize_t n;

    sim_memory_init(&image->memory);
    image->nvm = nvm;
    image->offset = (off_t)k * EM_NV_SIZE;
    n = pread(nvm->fd, image->memory.image, EM_NV_SIZE, image->offset);
    if (n < 0)
        return false;
    /* An erased memory is written whole at once, so that the file has its full size. */
    if (n == 0)
        write_change(image, 0, image->memory.image, EM_NV_SIZE);
    image->memory.changed = write_change;
    image->memory.ctx = image;
    nvm->memory[k] = &image->memory;
    return true;
}

static void free_nvm(struct host_nvm *nvm)
{
    free(nvm->image);
    free(nvm->memory);
    free(nvm->file);
    free(nvm);
}

struct host_nvm *host_nvm_open(const char *file, unsigned meters, char *error, size_t size)
{
    struct host_nvm *nvm = calloc(1, sizeof *nvm);
    unsigned k = 0;

    if (!nvm || !(nvm->image = calloc(meters, sizeof *nvm->image)) ||
        !(nvm->memory = calloc(meters, sizeof(struct sim_memory *))) || !(nvm->file = strdup(file)))
        abort();
    nvm->meters = meters;
    nvm->fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    while (nvm->fd >= 0 && k < meters && read_image(nvm, k))
        k++;
    if (k == meters)
        return nvm;
    snprintf(error, size, "%s: %s", file, strerror(errno));
    if (nvm->fd >= 0)
        close(nvm->fd);
    free_nvm(nvm);
    return NULL;
}

struct sim_memory *const *host_nvm_memories(struct host_nvm *nvm)
{
    return nvm ? nvm->memory : NULL;
}

void host_nvm_judge(const struct host_nvm *nvm, const struct sim *sim)
{
    for (unsigned k = 0; nvm && k < nvm->meters; k++) {
        uint8_t error_code = sim->point[k].meter.error_code;
        char which[24] = "";

        if (nvm->meters > 1)
            snprintf(which, sizeof which, "meter %u: ", k + 1);
        if (error_code)
            host_log(
                "%s: %sthis is no memory of the meter, or a damaged one: error %02X%s", nvm->file, which, error_code,
                error_code & (EM_FAULT_ENERGY | EM_FAULT_INIT) ? "; the meter measures nothing and leaves it as it is"
                                                               : "");
    }
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
    free_nvm(nvm);
    return ok;
}
