/* SPDX-License-Identifier: MIT
 * What hangs on a line: one of the simulation's two buses. Here bytes become frames, and silence their end. */
#ifndef HOST_BUS_H
#define HOST_BUS_H

#include "../sim/bus.h"

/* Told of all bytes on a bus's lines: from a master, or to one. */
typedef void host_tap_fn(void *ctx, enum em_bus bus, bool from_master, const uint8_t *byte, size_t n);

struct host_bus {
    struct sim *sim;
    enum em_bus which;
    host_tap_fn *tap; /* or NULL */
    void *tap_ctx;
};

/* Bytes of a line that have not yet made a frame. */
struct host_input {
    uint8_t byte[2 * 256];
    size_t used;
};

/* Where answers go. */
typedef void host_send_fn(void *ctx, const uint8_t *answer, size_t n);

/* Takes what has come in at `baud` (0: unknown), and sends the answers. Returns whether bytes are left that only more
 * bytes or silence make sense of. */
bool host_bus_take(struct host_bus *bus, struct host_input *in, uint32_t baud, host_send_fn *send, void *ctx);

/* The line has been silent for host_bus_silence_ms. Returns how many bytes of `in` were dropped for it. */
size_t host_bus_silence(struct host_bus *bus, struct host_input *in);

/* Silence that ends a frame, in ms of real time. On lines whose bytes come in bursts it is longer than the standards'
 * 3.5 characters and 33 bits. */
int host_bus_silence_ms(const struct host_bus *bus);

/* The time from a frame's end to the answer's first byte, in ms of real time; with what the line's faults add. */
int host_bus_delay_ms(const struct host_bus *bus);

/* Does the line give the n bytes of a master back to it at once? */
bool host_bus_echoes(struct host_bus *bus, size_t n);

/* The bus as users know it ("modbus", "mbus"), and its meters' settings for people to read. */
const char *host_bus_name(const struct host_bus *bus);
void host_bus_describe(const struct host_bus *bus, char *text, size_t size);

/* Line settings of the first meter, for real ports. */
struct em_line host_bus_settings(const struct host_bus *bus);

#endif
