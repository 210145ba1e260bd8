/* SPDX-License-Identifier: MIT */
#include "line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "transport.h"

void *host_line_new(const struct host_transport *transport, struct host_bus *bus, size_t size)
{
    struct host_line *line = calloc(1, size);

    if (!line)
        abort();
    line->transport = transport;
    line->bus = bus;
    return line;
}

void host_line_close(struct host_line *line)
{
    if (!line)
        return;
    line->transport->close(line);
    sim_late_clear(&line->late);
    free(line->name);
    free(line->target);
    free(line);
}

void host_line_describe(const struct host_line *line, char *kind, size_t kind_size, char *settings, size_t size)
{
    host_bus_describe(line->bus, settings, size);
    snprintf(kind, kind_size, "%s%s", line->bus->which == EM_BUS_MODBUS ? "modbus rtu" : "mbus", line->transport->kind);
}

const char *host_line_name(const struct host_line *line)
{
    return line->name;
}

void host_line_print(const struct host_line *line)
{
    char settings[80], kind[24];

    host_line_describe(line, kind, sizeof kind, settings, sizeof settings);
    printf("%-10s  %s%s%s  %s\n", kind, line->name, line->target ? " -> " : "", line->target ? line->target : "",
           settings);
}

/* --- Out --- */

static void tap(const struct host_line *line, bool from_master, const uint8_t *byte, size_t n)
{
    if (line->bus->tap)
        line->bus->tap(line->bus->tap_ctx, line->bus->which, from_master, byte, n);
}

static void send_now(struct host_line *line, const uint8_t *answer, size_t n)
{
    tap(line, false, answer, n);
    if (!line->transport->send(line, answer, n))
        host_log_debug("%s %s: answer lost, the master does not read", host_bus_name(line->bus), line->name);
}

/* Sends what is due. */
static void send_late(struct host_line *line, int64_t now_ms)
{
    uint8_t answer[SIM_FRAME_MAX];
    int64_t at;
    size_t n;

    while ((n = sim_late_take(&line->late, now_ms, &at, answer)))
        send_now(line, answer, n);
}

static void send_answer(void *ctx, const uint8_t *answer, size_t n)
{
    struct host_line *line = ctx;
    int delay = host_bus_delay_ms(line->bus);

    if (delay == 0)
        send_now(line, answer, n);
    else if (!sim_late_add(&line->late, &line->bus->sim->fault[line->bus->which], line->now_ms + delay + 1, answer,
                           n)) /* now is rounded down */
        host_log_debug("%s %s: answer lost, too many are on their way", host_bus_name(line->bus), line->name);
}

/* --- In --- */

/* Does the master speak at the rate of any meter? One that has set none is given the benefit of the doubt. */
static bool rate_matches(struct host_line *line, uint32_t baud)
{
    uint32_t wanted = sim_bus_baud(line->bus->sim, line->bus->which, baud);

    if (baud == 0 || baud == wanted) {
        line->complained = 0;
        return true;
    }
    if (line->complained != baud)
        host_log("%s %s: the master's line runs at %u baud, the meter's at %u: no answer", host_bus_name(line->bus),
                 line->name, baud, wanted);
    line->complained = baud;
    return false;
}

static void drop_input(struct host_line *line, const char *why)
{
    size_t n = host_bus_silence(line->bus, &line->in);

    if (n)
        host_log_debug("%s %s: %zu byte(s) dropped: %s", host_bus_name(line->bus), line->name, n, why);
    line->waiting = false;
}

void host_line_forget(struct host_line *line)
{
    line->complained = 0;
    sim_late_clear(&line->late);
    if (line->waiting)
        drop_input(line, "its master has gone");
}

void host_line_take(struct host_line *line, const uint8_t *byte, size_t n, int64_t now_ms)
{
    uint32_t baud = line->transport->baud(line);

    tap(line, true, byte, n);
    if (host_bus_echoes(line->bus, n))
        send_now(line, byte, n);
    line->now_ms = line->last_byte_ms = now_ms;
    if (!rate_matches(line, baud)) {
        drop_input(line, "sent at another rate");
        return;
    }
    while (n) {
        size_t room = sizeof line->in.byte - line->in.used, part = n < room ? n : room;

        memcpy(line->in.byte + line->in.used, byte, part);
        line->in.used += part;
        byte += part;
        n -= part;
        line->waiting = host_bus_take(line->bus, &line->in, baud, send_answer, line);
        if (line->in.used == sizeof line->in.byte)
            drop_input(line, "longer than any request");
    }
}

/* --- Time --- */

static void lower(int *wait_ms, int64_t left)
{
    if (left < *wait_ms)
        *wait_ms = left > 0 ? (int)left : 0;
}

size_t host_line_poll(const struct host_line *line, struct pollfd *entries, int64_t now_ms, int *wait_ms)
{
    if (line->waiting)
        lower(wait_ms, line->last_byte_ms + host_bus_silence_ms(line->bus) - now_ms);
    if (sim_late_next(&line->late) != INT64_MAX)
        lower(wait_ms, sim_late_next(&line->late) - now_ms);
    return line->transport->entries(line, entries);
}

void host_line_serve(struct host_line *line, int64_t now_ms)
{
    if (line->waiting && now_ms - line->last_byte_ms >= host_bus_silence_ms(line->bus))
        drop_input(line, "silence in the middle of a frame, or a wrong CRC");
    line->transport->serve(line, now_ms);
    send_late(line, now_ms);
}
