/* SPDX-License-Identifier: MIT */
#include "bus.h"

#include <stdio.h>
#include <string.h>

#include "slave.h"

#define NS_PER_S  1000000000
#define NS_PER_MS 1000000

/* Bits of a character besides parity: start, eight, stop. */
#define PLAIN_BITS 10

/* Modbus: an answer begins after 3.5 characters, given in halves. Source: MODBUS over serial line 2.5.1.1. */
#define MODBUS_SILENT_HALVES 7

/* --- Modbus --- */

/* Length of a whole request with a right CRC that begins at byte `at`, else 0. */
static size_t whole_frame(const struct host_input *in, size_t at)
{
    int length = host_modbus_length(in->byte + at, in->used - at);

    if (length > 0 && (size_t)length <= in->used - at && sim_modbus_crc_ok(in->byte + at, (size_t)length))
        return (size_t)length;
    /* A function whose length only silence tells: take it when all that is there fits its CRC. */
    return length < 0 && at == 0 && sim_modbus_crc_ok(in->byte, in->used) ? in->used : 0;
}

/* A request at the beginning; or one that ends the input, which rubbish before it does not spoil. */
static void find_modbus(const struct host_input *in, struct host_found *found)
{
    found->frame = whole_frame(in, 0);
    for (size_t at = 1; !found->frame && at + 8 <= in->used; at++) {
        size_t n = whole_frame(in, at);

        if (n && at + n == in->used) {
            found->skipped = at;
            found->frame = n;
        }
    }
}

/* --- M-Bus --- */

/* Frames are cut as the meters themselves cut them, so that a meter never holds a part of one: several lines may lead
 * to the same meters. */
static void find_mbus(const struct host_input *in, struct host_found *found)
{
    while (found->skipped < in->used) {
        const uint8_t *byte = in->byte + found->skipped;
        size_t size = 0;
        enum em_mbus_verdict verdict = em_mbus_judge(byte, in->used - found->skipped, &size);

        if (verdict == EM_MBUS_MORE)
            return;
        if (verdict == EM_MBUS_WHOLE) {
            found->frame = size;
            return;
        }
        found->skipped += verdict == EM_MBUS_BAD_START ? 1 : size;
    }
}

/* --- Both --- */

/* Bytes that are no frame. The meters hear them all the same. */
static void hear_rubbish(struct host_bus *bus, uint32_t baud, const uint8_t *byte, size_t n)
{
    uint8_t none[SIM_FRAME_MAX];

    if (bus->which != EM_BUS_MBUS || n == 0)
        return;
    sim_mbus_bytes(bus->sim, baud, byte, n, none);
    sim_mbus_idle(bus->sim);
}

void host_bus_find(struct host_bus *bus, const struct host_input *in, uint32_t baud, uint8_t *answer,
                   struct host_found *found)
{
    const uint8_t *frame;

    *found = (struct host_found){0};
    (bus->which == EM_BUS_MODBUS ? find_modbus : find_mbus)(in, found);
    frame = in->byte + found->skipped;
    hear_rubbish(bus, baud, in->byte, found->skipped);
    if (found->frame)
        found->answer = (bus->which == EM_BUS_MODBUS ? sim_modbus_frame : sim_mbus_bytes)(bus->sim, baud, frame,
                                                                                          found->frame, answer);
    /* What a bad line has left of a frame must not spoil the next. */
    if (found->frame && !found->answer && bus->which == EM_BUS_MBUS)
        sim_mbus_idle(bus->sim);
}

void host_bus_silence(struct host_bus *bus, const struct host_input *in, uint32_t baud)
{
    hear_rubbish(bus, baud, in->byte, in->used);
}

static int64_t bits_ns(const struct host_bus *bus, int bits)
{
    uint32_t baud = host_bus_settings(bus).baud;

    return baud ? ((int64_t)bits * NS_PER_S + baud - 1) / baud : 0;
}

int64_t host_bus_silence_ns(const struct host_bus *bus, int gap_ms)
{
    int64_t ns = bus->which == EM_BUS_MBUS ? bits_ns(bus, EM_MBUS_IDLE_BITS) : 0, gap = (int64_t)gap_ms * NS_PER_MS;

    return ns > gap ? ns : gap;
}

int64_t host_bus_char_ns(const struct host_bus *bus, uint32_t baud)
{
    const struct em_line line = host_bus_settings(bus);
    int bits = PLAIN_BITS + (line.parity != EM_PARITY_NONE);

    return baud ? ((int64_t)bits * NS_PER_S + baud - 1) / baud : bits_ns(bus, bits);
}

int64_t host_bus_delay_ns(const struct host_bus *bus)
{
    if (bus->which == EM_BUS_MBUS)
        return bits_ns(bus, EM_MBUS_ANSWER_BITS);
    return bus->timed ? host_bus_char_ns(bus, 0) * MODBUS_SILENT_HALVES / 2 : 0;
}

int64_t host_bus_late_ns(const struct host_bus *bus)
{
    return bus->sim->fault[bus->which].state.delay * (NS_PER_S / EM_SAMPLE_RATE);
}

bool host_bus_echoes(struct host_bus *bus, size_t n)
{
    return sim_fault_echo(&bus->sim->fault[bus->which], n);
}

void host_bus_tap(const struct host_bus *bus, bool from_master, const uint8_t *byte, size_t n)
{
    if (bus->tap)
        bus->tap(bus->tap_ctx, bus->which, from_master, byte, n);
}

const char *host_bus_name(const struct host_bus *bus)
{
    return sim_bus_names[bus->which];
}

struct em_line host_bus_settings(const struct host_bus *bus)
{
    const struct em_meter *m = &bus->sim->point[0].meter;

    if (bus->which == EM_BUS_MODBUS)
        return m->modbus;
    return (struct em_line){(uint8_t)m->settings.value[EM_SETTING_MBUS_ADDRESS], m->mbus.baud, EM_PARITY_EVEN};
}

void host_bus_describe(const struct host_bus *bus, char *text, size_t size)
{
    static const char parity[] = {[EM_PARITY_EVEN] = 'E', [EM_PARITY_NONE] = 'N', [EM_PARITY_ODD] = 'O'};
    const struct em_line line = host_bus_settings(bus);
    int n = snprintf(text, size, "%u 8%c1  ", line.baud, parity[line.parity]);

    if (bus->sim->points > 1)
        snprintf(text + n, size - (size_t)n, "%u meters", bus->sim->points);
    else if (bus->which == EM_BUS_MODBUS)
        snprintf(text + n, size - (size_t)n, "unit %u", line.id);
    else
        snprintf(text + n, size - (size_t)n, "address %u, id %08d", line.id,
                 bus->sim->point[0].meter.settings.value[EM_SETTING_MBUS_ID]);
}
