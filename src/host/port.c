/* SPDX-License-Identifier: MIT
 * A line through a real serial port, by libserialport. It has the first meter's settings and follows them; when the
 * device goes away the line waits until it is back. */
#include <errno.h>
#include <libserialport.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "log.h"
#include "transport.h"

/* A device that has gone is looked for this often. */
#define RETRY_NS 1000000000

struct port {
    struct host_line line;
    struct sp_port *port; /* NULL while it is gone */
    int fd;               /* to wait on */
    struct em_line settings;
    int64_t retry_ns;
};

static enum sp_parity parity_of(enum em_parity parity)
{
    return parity == EM_PARITY_EVEN ? SP_PARITY_EVEN : parity == EM_PARITY_ODD ? SP_PARITY_ODD : SP_PARITY_NONE;
}

static bool configure(struct port *port)
{
    const struct em_line s = host_bus_settings(port->line.bus);

    port->settings = s;
    return sp_set_baudrate(port->port, (int)s.baud) == SP_OK && sp_set_bits(port->port, 8) == SP_OK &&
           sp_set_parity(port->port, parity_of(s.parity)) == SP_OK && sp_set_stopbits(port->port, 1) == SP_OK &&
           sp_set_flowcontrol(port->port, SP_FLOWCONTROL_NONE) == SP_OK;
}

static void close_device(struct port *port)
{
    if (!port->port)
        return;
    sp_close(port->port);
    sp_free_port(port->port);
    port->port = NULL;
    port->fd = -1;
}

/* Puts what failed into error. libserialport looks names up in sysfs, and may leave no errno. */
static void describe(const struct port *port, char *error, size_t size)
{
    struct stat st;
    const char *why = strerror(errno);

    if (stat(port->line.name, &st))
        why = strerror(errno);
    else if (!port->port)
        why = "no serial port";
    snprintf(error, size, "%s: %s", port->line.name, why);
}

/* A name may be a link, as those that udev makes for USB adapters; libserialport follows none. */
static bool open_device(struct port *port, char *error, size_t size)
{
    char *device = realpath(port->line.name, NULL);

    if (device && sp_get_port_by_name(device, &port->port) != SP_OK)
        port->port = NULL;
    free(device);
    if (port->port && sp_open(port->port, SP_MODE_READ_WRITE) == SP_OK && configure(port) &&
        sp_get_port_handle(port->port, &port->fd) == SP_OK)
        return true;
    describe(port, error, size);
    close_device(port);
    return false;
}

static void close_port(struct host_line *line)
{
    close_device((struct port *)line);
}

static size_t port_entries(const struct host_line *line, struct pollfd *entries)
{
    *entries = (struct pollfd){.fd = ((const struct port *)line)->fd, .events = POLLIN};
    return 1;
}

static bool send_port(struct host_line *line, size_t master, const uint8_t *byte, size_t n)
{
    struct port *port = (struct port *)line;

    (void)master;
    return port->port && sp_nonblocking_write(port->port, byte, n) == (int)n;
}

/* What is heard at another rate is rubbish anyway. */
static uint32_t port_baud(const struct host_line *line)
{
    return ((const struct port *)line)->settings.baud;
}

static void look_again(struct port *port, int64_t now_ns)
{
    char error[256];

    if (now_ns < port->retry_ns)
        return;
    port->retry_ns = now_ns + RETRY_NS;
    if (open_device(port, error, sizeof error))
        host_log("%s %s: is back", host_bus_name(port->line.bus), port->line.name);
}

/* New settings act when all that was sent under the old ones has left. */
static void follow_settings(struct port *port)
{
    const struct em_line s = host_bus_settings(port->line.bus);

    if (port->line.talk[0].pending || sim_late_next(&port->line.talk[0].late) != INT64_MAX ||
        (s.baud == port->settings.baud && s.parity == port->settings.parity) || sp_output_waiting(port->port) > 0)
        return;
    if (!configure(port))
        host_log("%s %s: can not be set to %u baud", host_bus_name(port->line.bus), port->line.name, s.baud);
}

static bool is_gone(const struct port *port)
{
    struct pollfd entry = {.fd = port->fd, .events = POLLIN};

    return poll(&entry, 1, 0) > 0 && (entry.revents & (POLLHUP | POLLERR | POLLNVAL));
}

static void serve_port(struct host_line *line, int64_t now_ns)
{
    struct port *port = (struct port *)line;
    uint8_t byte[HOST_WIRE_MAX];
    int n;

    if (!port->port)
        look_again(port, now_ns);
    if (!port->port)
        return;
    while ((n = sp_nonblocking_read(port->port, byte, sizeof byte)) > 0)
        host_line_take(line, 0, byte, (size_t)n, now_ns);
    if (n < 0 || is_gone(port)) {
        host_log("%s %s: is gone; waiting for it", host_bus_name(line->bus), line->name);
        host_line_forget(line, 0, now_ns);
        close_device(port);
        return;
    }
    follow_settings(port);
}

static const struct host_transport transport = {
    .kind = "",
    .gap_ms = 20,
    .real = true,
    .entries = port_entries,
    .serve = serve_port,
    .send = send_port,
    .baud = port_baud,
    .close = close_port,
};

struct host_line *host_line_open_port(struct host_bus *bus, const char *device, char *error, size_t size)
{
    struct port *port = host_line_new(&transport, bus, sizeof *port, 1);

    port->fd = -1;
    port->line.name = strdup(device);
    if (!open_device(port, error, size)) {
        host_line_close(&port->line);
        return NULL;
    }
    return &port->line;
}
