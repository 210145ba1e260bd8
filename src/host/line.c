/* SPDX-License-Identifier: MIT */
#include "line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "transport.h"

/* A line on which nothing seems to happen is looked at this often: not everything wakes us. */
#define LOOK_NS 10000000

void *host_line_new(const struct host_transport *transport, struct host_bus *bus, size_t size, size_t masters)
{
    struct host_line *line = calloc(1, size);

    if (!line || !(line->talk = calloc(masters, sizeof *line->talk)))
        abort();
    line->transport = transport;
    line->bus = bus;
    line->masters = masters;
    line->served_ns = INT64_MIN / 2;
    return line;
}

void host_line_close(struct host_line *line)
{
    if (!line)
        return;
    line->transport->close(line);
    for (size_t k = 0; k < line->masters; k++)
        sim_late_clear(&line->talk[k].late);
    free(line->name);
    free(line->target);
    free(line->talk);
    free(line);
}

void host_line_describe(const struct host_line *line, char *kind, size_t kind_size, char *settings, size_t size)
{
    bool rtu = line->bus->which == EM_BUS_MODBUS && !line->transport->gateway;

    host_bus_describe(line->bus, settings, size);
    snprintf(kind, kind_size, "%s%s%s", host_bus_name(line->bus), rtu ? " rtu" : "", line->transport->kind);
}

const char *host_line_name(const struct host_line *line)
{
    return line->name;
}

void host_line_print(const struct host_line *line, FILE *out)
{
    char settings[80], kind[24];

    host_line_describe(line, kind, sizeof kind, settings, sizeof settings);
    fprintf(out, "%-10s  %s%s%s  %s\n", kind, line->name, line->target ? " -> " : "", line->target ? line->target : "",
            settings);
}

void host_line_capture(struct host_line *line, struct host_capture *capture)
{
    const enum host_capture_kind kind = line->transport->gateway            ? HOST_CAPTURE_MODBUS_TCP
                                        : line->bus->which == EM_BUS_MODBUS ? HOST_CAPTURE_MODBUS_RTU
                                                                            : HOST_CAPTURE_MBUS;
    char settings[80], words[24], text[120];

    host_line_describe(line, words, sizeof words, settings, sizeof settings);
    snprintf(text, sizeof text, "%s  %s", words, settings);
    line->capture = capture;
    line->capture_id = host_capture_line(capture, kind, line->name, text, host_bus_settings(line->bus).baud);
}

/* --- Time --- */

static int64_t line_due_ns(const struct host_line *line)
{
    int64_t due = INT64_MAX;

    for (size_t k = 0; k < line->masters; k++) {
        int64_t own = host_talk_due_ns(line, &line->talk[k]);

        due = own < due ? own : due;
    }
    return due;
}

size_t host_line_poll(struct host_line *line, struct pollfd *entries, int64_t now_ns, int64_t *wait_ns)
{
    int64_t due = line_due_ns(line);

    if (due < INT64_MAX && due - now_ns < *wait_ns)
        *wait_ns = due > now_ns ? due - now_ns : 0;
    line->entries = line->transport->entries(line, entries);
    return line->entries;
}

size_t host_line_entries(const struct host_line *line)
{
    return line->entries;
}

static bool wants_a_look(const struct host_line *line, const struct pollfd *entries, int64_t now_ns)
{
    for (size_t k = 0; k < line->entries; k++)
        if (entries[k].revents)
            return true;
    return now_ns - line->served_ns >= LOOK_NS;
}

void host_line_serve(struct host_line *line, const struct pollfd *entries, int64_t now_ns)
{
    if (wants_a_look(line, entries, now_ns)) {
        line->served_ns = now_ns;
        line->transport->serve(line, now_ns);
    }
    if (line_due_ns(line) > now_ns)
        return;
    for (size_t k = 0; k < line->masters; k++)
        host_talk_serve(line, &line->talk[(line->first + k) % line->masters], now_ns);
}
