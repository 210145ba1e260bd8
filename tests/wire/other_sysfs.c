/* SPDX-License-Identifier: MIT
 * To be preloaded: libserialport sees the folder $VMETER_SYSFS_TTY in place of /sys/class/tty. */
#undef _FILE_OFFSET_BITS /* it renames the functions */
#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The next function of this name, behind ours. */
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* Where a path leads; own has room for it. */
static const char *elsewhere(const char *path, char *own, size_t size)
{
    static const char start[] = "/sys/class/tty";
    const char *folder = getenv("VMETER_SYSFS_TTY");

    if (!folder || strncmp(path, start, sizeof start - 1))
        return path;
    snprintf(own, size, "%s%s", folder, path + sizeof start - 1);
    return own;
}

DIR *opendir(const char *path)
{
    char own[1024];

    return NEXT(opendir)(elsewhere(path, own, sizeof own));
}

FILE *fopen(const char *restrict path, const char *restrict mode)
{
    char own[1024];

    return NEXT(fopen)(elsewhere(path, own, sizeof own), mode);
}

int lstat(const char *restrict path, struct stat *restrict st)
{
    char own[1024];

    return NEXT(lstat)(elsewhere(path, own, sizeof own), st);
}

int __lxstat(int version, const char *path, struct stat *st);

int __lxstat(int version, const char *path, struct stat *st)
{
    char own[1024];

    return NEXT(__lxstat)(version, elsewhere(path, own, sizeof own), st);
}

ssize_t readlink(const char *restrict path, char *restrict target, size_t size)
{
    char own[1024];

    return NEXT(readlink)(elsewhere(path, own, sizeof own), target, size);
}
