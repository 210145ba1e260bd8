/* SPDX-License-Identifier: MIT
 * A line through TCP: raw bytes, as a serial device server passes them on. Several masters may be connected; whoever
 * asks is answered. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "address.h"
#include "log.h"
#include "transport.h"

#define CLIENTS 8

struct tcp {
    struct host_line line;
    int listener;
    int client[CLIENTS]; /* -1: none */
    int asker;           /* index of the client whose bytes are being taken */
};

static void hang_up(struct tcp *tcp, int k)
{
    close(tcp->client[k]);
    tcp->client[k] = -1;
    if (tcp->asker == k)
        host_line_forget(&tcp->line);
    host_log_debug("%s %s: disconnected", host_bus_name(tcp->line.bus), tcp->line.name);
}

static void close_tcp(struct host_line *line)
{
    struct tcp *tcp = (struct tcp *)line;

    if (tcp->listener >= 0)
        close(tcp->listener);
    for (int k = 0; k < CLIENTS; k++)
        if (tcp->client[k] >= 0)
            close(tcp->client[k]);
}

static size_t tcp_entries(const struct host_line *line, struct pollfd *entries)
{
    const struct tcp *tcp = (const struct tcp *)line;
    size_t n = 0;

    entries[n++] = (struct pollfd){.fd = tcp->listener, .events = POLLIN};
    for (int k = 0; k < CLIENTS; k++)
        if (tcp->client[k] >= 0)
            entries[n++] = (struct pollfd){.fd = tcp->client[k], .events = POLLIN};
    return n;
}

/* One more than there is room for is turned away at once: it shall not wait for answers that never come. */
static void accept_client(struct tcp *tcp)
{
    int fd = accept4(tcp->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), k = 0, on = 1;

    if (fd < 0)
        return;
    while (k < CLIENTS && tcp->client[k] >= 0)
        k++;
    if (k == CLIENTS) {
        host_log("%s %s: more than %d connections; one was closed", host_bus_name(tcp->line.bus), tcp->line.name,
                 CLIENTS);
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    tcp->client[k] = fd;
    host_log_debug("%s %s: connected", host_bus_name(tcp->line.bus), tcp->line.name);
}

static void read_client(struct tcp *tcp, int k, int64_t now_ms)
{
    uint8_t byte[512];
    ssize_t n;

    while ((n = recv(tcp->client[k], byte, sizeof byte, 0)) > 0) {
        tcp->asker = k;
        host_line_take(&tcp->line, byte, (size_t)n, now_ms);
    }
    if (n == 0 || (errno != EAGAIN && errno != EINTR))
        hang_up(tcp, k);
}

static void serve_tcp(struct host_line *line, int64_t now_ms)
{
    struct tcp *tcp = (struct tcp *)line;

    accept_client(tcp);
    for (int k = 0; k < CLIENTS; k++)
        if (tcp->client[k] >= 0)
            read_client(tcp, k, now_ms);
}

static bool send_tcp(struct host_line *line, const uint8_t *byte, size_t n)
{
    struct tcp *tcp = (struct tcp *)line;
    int fd = tcp->client[tcp->asker];

    return fd >= 0 && send(fd, byte, n, MSG_NOSIGNAL) == (ssize_t)n;
}

/* A device server has a rate of its own, which is the meters'. */
static uint32_t tcp_baud(const struct host_line *line)
{
    (void)line;
    return 0;
}

static const struct host_transport transport = {" tcp", tcp_entries, serve_tcp, send_tcp, tcp_baud, close_tcp};

struct host_line *host_line_open_tcp(struct host_bus *bus, const char *address, char *error, size_t size)
{
    int listener = host_address_bind(address, error, size);
    struct tcp *tcp;

    if (listener < 0)
        return NULL;
    if (listen(listener, CLIENTS)) {
        snprintf(error, size, "%s: %s", address, strerror(errno));
        close(listener);
        return NULL;
    }
    tcp = host_line_new(&transport, bus, sizeof *tcp);
    memset(tcp->client, -1, sizeof tcp->client);
    tcp->listener = listener;
    tcp->line.name = host_address_own(listener);
    return &tcp->line;
}
