/* SPDX-License-Identifier: MIT
 * To be preloaded: makes pseudo terminals pass as serial ports. libserialport wants a place in sysfs and modem lines,
 * and glibc does not forgive a terminal that drops PARENB if nothing else has changed. */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

/* The next function of this name, behind ours. */
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static bool is_sysfs_of_pty(const char *path)
{
    static const char start[] = "/sys/class/tty/pts/";

    return strncmp(path, start, sizeof start - 1) == 0;
}

/* In sysfs stand links. */
int lstat(const char *restrict path, struct stat *restrict st)
{
    return NEXT(lstat)(is_sysfs_of_pty(path) ? "/proc/self/exe" : path, st);
}

int __lxstat(int version, const char *path, struct stat *st);

int __lxstat(int version, const char *path, struct stat *st)
{
    return NEXT(__lxstat)(version, is_sysfs_of_pty(path) ? "/proc/self/exe" : path, st);
}

ssize_t readlink(const char *restrict path, char *restrict target, size_t size)
{
    static const char place[] = "../../devices/platform/test/tty";

    if (!is_sysfs_of_pty(path) || size < sizeof place)
        return NEXT(readlink)(path, target, size);
    memcpy(target, place, sizeof place - 1);
    return (ssize_t)sizeof place - 1;
}

int ioctl(int fd, unsigned long request, ...)
{
    va_list list;
    void *argument;
    int result;

    va_start(list, request);
    argument = va_arg(list, void *);
    va_end(list);
    result = NEXT(ioctl)(fd, request, argument);
    if (result == 0 || errno != ENOTTY)
        return result;
    if (request == TIOCMGET)
        *(int *)argument = 0;
    return request == TIOCMGET || request == TIOCMSET || request == TIOCMBIS || request == TIOCMBIC ? 0 : result;
}

int tcsetattr(int fd, int when, const struct termios *wanted)
{
    int result = NEXT(tcsetattr)(fd, when, wanted);

    return result && errno == EINVAL ? 0 : result;
}
