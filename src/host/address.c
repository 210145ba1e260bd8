/* SPDX-License-Identifier: MIT */
#include "address.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT_MAX 65535

bool host_address_split(const char *address, char host[HOST_ADDRESS_HOST], const char **port)
{
    const char *colon = strrchr(address, ':');
    size_t n = colon ? (size_t)(colon - address) : 0;

    *port = colon ? colon + 1 : address;
    if (n >= 2 && address[0] == '[' && address[n - 1] == ']') {
        address++;
        n -= 2;
    }
    if (n >= HOST_ADDRESS_HOST || !**port || strspn(*port, "0123456789") != strlen(*port) || strlen(*port) > 5 ||
        atoi(*port) > PORT_MAX)
        return false;
    snprintf(host, HOST_ADDRESS_HOST, "%.*s", (int)n, address);
    if (n == 0)
        snprintf(host, HOST_ADDRESS_HOST, "127.0.0.1");
    return true;
}

static int bind_at(const struct addrinfo *info)
{
    int fd = socket(info->ai_family, info->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, info->ai_protocol), on = 1;

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, info->ai_addr, info->ai_addrlen) == 0)
        return fd;
    close(fd);
    return -1;
}

int host_address_bind(const char *address, char *error, size_t size)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    char host[HOST_ADDRESS_HOST];
    const char *port;
    int failed, fd;

    if (!host_address_split(address, host, &port)) {
        snprintf(error, size, "%s: write it as HOST:PORT, or PORT for this machine only", address);
        return -1;
    }
    if ((failed = getaddrinfo(host, port, &hints, &list))) {
        snprintf(error, size, "%s: %s", address, gai_strerror(failed));
        return -1;
    }
    fd = bind_at(list);
    if (fd < 0)
        snprintf(error, size, "%s: %s", address, strerror(errno));
    freeaddrinfo(list);
    return fd;
}

char *host_address_own(int fd)
{
    struct sockaddr_storage storage;
    socklen_t size = sizeof storage;
    char host[64] = "?", port[8] = "?", name[80];

    if (getsockname(fd, (struct sockaddr *)&storage, &size) == 0)
        getnameinfo((struct sockaddr *)&storage, size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV);
    snprintf(name, sizeof name, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
    return strdup(name);
}
