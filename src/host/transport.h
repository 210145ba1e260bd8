/* SPDX-License-Identifier: MIT
 * Between line.c and the kinds of lines: what a kind does, and what it calls when bytes have come. */
#ifndef HOST_TRANSPORT_H
#define HOST_TRANSPORT_H

#include "line.h"

struct host_transport {
    const char *kind; /* printed behind the bus's name */
    size_t (*entries)(const struct host_line *line, struct pollfd *entries);
    /* Reads what there is and hands it to host_line_take. */
    void (*serve)(struct host_line *line, int64_t now_ms);
    /* Sends to the master that has asked. False if it does not read. */
    bool (*send)(struct host_line *line, const uint8_t *byte, size_t n);
    /* The rate that the master has set, 0 if nobody can tell. */
    uint32_t (*baud)(const struct host_line *line);
    void (*close)(struct host_line *line); /* closes what the kind has opened */
};

/* Each kind has this first in its own struct, allocated with host_line_new. */
struct host_line {
    const struct host_transport *transport;
    struct host_bus *bus;
    char *name;   /* for people: "./b", "127.0.0.1:2401" */
    char *target; /* what a link points to, or NULL */
    struct host_input in;
    bool waiting; /* for more bytes, or silence */
    int64_t last_byte_ms;
    uint32_t complained;  /* about this rate, not again */
    struct sim_late late; /* answers that wait for their time, in ms */
    int64_t now_ms;
};

/* A zeroed kind of line of `size` bytes. */
void *host_line_new(const struct host_transport *transport, struct host_bus *bus, size_t size);

/* n bytes have come. */
void host_line_take(struct host_line *line, const uint8_t *byte, size_t n, int64_t now_ms);

/* The master has gone: nothing of it is left for the next. */
void host_line_forget(struct host_line *line);

#endif
