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
    bool timed;       /* bytes take their time on the lines */
    host_tap_fn *tap; /* or NULL */
    void *tap_ctx;
};

/* Bytes of a master that have not yet made a frame. */
struct host_input {
    uint8_t byte[2 * 256];
    size_t used;
};

/* What an input begins with: bytes that are no frame, then a frame; both 0 as long as only more bytes or silence can
 * tell. */
struct host_found {
    size_t skipped, frame;
    size_t answer;   /* bytes of the answer to the frame */
    bool no_gateway; /* hopeless: the master does not speak the gateway's language */
    bool timed_out;  /* a gateway tells that nobody has answered */
};

/* Looks at an input that has come in at `baud` (0: unknown) and has the meters hear what is found, which is to be taken
 * off it then. Their answer goes into answer (SIM_FRAME_MAX bytes). */
void host_bus_find(struct host_bus *bus, const struct host_input *in, uint32_t baud, uint8_t *answer,
                   struct host_found *found);

/* The line has been silent for host_bus_silence_ns: what is in the input will be no frame. */
void host_bus_silence(struct host_bus *bus, const struct host_input *in, uint32_t baud);

/* Silence that ends a frame, in ns of real time. On lines whose bytes come in bursts that are gap_ms apart it is longer
 * than the standards' 3.5 characters and 33 bits. */
int64_t host_bus_silence_ns(const struct host_bus *bus, int gap_ms);

/* The time from a frame's end to the answer's first byte, in ns of real time. */
int64_t host_bus_delay_ns(const struct host_bus *bus);

/* By how much the line's faults make answers later, in ns of real time. */
int64_t host_bus_late_ns(const struct host_bus *bus);

/* Does the line give the n bytes of a master back to it at once? */
bool host_bus_echoes(struct host_bus *bus, size_t n);

/* What a byte takes at `baud` (0: at the first meter's rate), in ns. */
int64_t host_bus_char_ns(const struct host_bus *bus, uint32_t baud);

/* Tells the tap, if there is one. */
void host_bus_tap(const struct host_bus *bus, bool from_master, const uint8_t *byte, size_t n);

/* The bus as users know it ("modbus", "mbus"), and its meters' settings for people to read. */
const char *host_bus_name(const struct host_bus *bus);
void host_bus_describe(const struct host_bus *bus, char *text, size_t size);

/* Line settings of the first meter, for real ports. */
struct em_line host_bus_settings(const struct host_bus *bus);

#endif
