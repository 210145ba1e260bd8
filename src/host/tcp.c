/* SPDX-License-Identifier: MIT
 * Lines through TCP: raw bytes, as a serial device server passes them on, or Modbus TCP, as a gateway takes it. Several
 * masters may be connected; whoever asks is answered. */
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
#define GAP_MS  100 /* networks deliver the parts of a frame as they like */

struct tcp {
    struct host_line line;
    int listener;
    int client[CLIENTS]; /* -1: none; the line's masters in the same order */
};

static void hang_up(struct host_line *line, size_t k, int64_t now_ns)
{
    struct tcp *tcp = (struct tcp *)line;

    if (tcp->client[k] < 0)
        return;
    close(tcp->client[k]);
    tcp->client[k] = -1;
    host_line_forget(line, k, now_ns);
    host_log_debug("%s %s: disconnected", host_bus_name(tcp->line.bus), tcp->line.name);
}

static void close_tcp(struct host_line *line)
{
    struct tcp *tcp = (struct tcp *)line;

    if (tcp->listener >= 0)
        close(tcp->listener);
    for (size_t k = 0; k < CLIENTS; k++)
        if (tcp->client[k] >= 0)
            close(tcp->client[k]);
}

static size_t tcp_entries(const struct host_line *line, struct pollfd *entries)
{
    const struct tcp *tcp = (const struct tcp *)line;
    size_t n = 0;

    entries[n++] = (struct pollfd){.fd = tcp->listener, .events = POLLIN};
    for (size_t k = 0; k < CLIENTS; k++)
        if (tcp->client[k] >= 0)
            entries[n++] = (struct pollfd){.fd = tcp->client[k], .events = host_line_room(line, k) ? POLLIN : 0};
    return n;
}

static uint16_t peer_port(const struct sockaddr_storage *peer)
{
    return ntohs(peer->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)peer)->sin6_port
                                             : ((const struct sockaddr_in *)peer)->sin_port);
}

/* One more than there is room for is turned away at once: it shall not wait for answers that never come. */
static void accept_client(struct tcp *tcp)
{
    struct sockaddr_storage peer = {0};
    socklen_t size = sizeof peer;
    int fd = accept4(tcp->listener, (struct sockaddr *)&peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;
    size_t k = 0;

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
    tcp->line.talk[k].peer = peer_port(&peer);
    host_log_debug("%s %s: connected", host_bus_name(tcp->line.bus), tcp->line.name);
}

static void read_client(struct tcp *tcp, size_t k, int64_t now_ns)
{
    uint8_t byte[HOST_WIRE_MAX];
    size_t room;
    ssize_t n;

    while ((room = host_line_room(&tcp->line, k)) > 0) {
        n = recv(tcp->client[k], byte, room, 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n <= 0) {
            hang_up(&tcp->line, k, now_ns);
            return;
        }
        host_line_take(&tcp->line, k, byte, (size_t)n, now_ns);
        if (tcp->client[k] < 0)
            return;
    }
}

static void serve_tcp(struct host_line *line, int64_t now_ns)
{
    struct tcp *tcp = (struct tcp *)line;

    accept_client(tcp);
    for (size_t k = 0; k < CLIENTS; k++)
        if (tcp->client[k] >= 0)
            read_client(tcp, k, now_ns);
}

static bool send_tcp(struct host_line *line, size_t k, const uint8_t *byte, size_t n)
{
    int fd = ((struct tcp *)line)->client[k];

    return fd >= 0 && send(fd, byte, n, MSG_NOSIGNAL) == (ssize_t)n;
}

/* A device server has a rate of its own, which is the meters'. */
static uint32_t tcp_baud(const struct host_line *line)
{
    (void)line;
    return 0;
}

#define TCP(is_gateway)                                                                                                \
    {                                                                                                                  \
        .kind = " tcp", .gap_ms = GAP_MS, .gateway = (is_gateway), .entries = tcp_entries, .serve = serve_tcp,         \
        .send = send_tcp, .hang_up = hang_up, .baud = tcp_baud, .close = close_tcp,                                    \
    }
static const struct host_transport raw = TCP(false), gateway = TCP(true);

static struct host_line *open_tcp(const struct host_transport *transport, struct host_bus *bus, const char *address,
                                  char *error, size_t size)
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
    tcp = host_line_new(transport, bus, sizeof *tcp, CLIENTS);
    memset(tcp->client, -1, sizeof tcp->client);
    tcp->listener = listener;
    tcp->line.name = host_address_own(listener);
    return &tcp->line;
}

struct host_line *host_line_open_tcp(struct host_bus *bus, const char *address, char *error, size_t size)
{
    return open_tcp(&raw, bus, address, error, size);
}

struct host_line *host_line_open_modbus_tcp(struct host_bus *bus, const char *address, char *error, size_t size)
{
    return open_tcp(&gateway, bus, address, error, size);
}
