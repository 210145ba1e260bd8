/* SPDX-License-Identifier: MIT */
#include "bus.h"

#include <stdio.h>
#include <string.h>

#include "slave.h"

#define BURST_MS 20 /* bytes of a burst are not further apart */

/* --- Modbus --- */

struct sender {
    struct host_bus *bus;
    uint32_t baud;
    host_send_fn *send;
    void *ctx;
};

static void ask_modbus(const struct sender *s, const uint8_t *frame, size_t n)
{
    uint8_t answer[SIM_FRAME_MAX];

    n = sim_modbus_frame(s->bus->sim, s->baud, frame, n, answer);
    if (n)
        s->send(s->ctx, answer, n);
}

/* Length of a whole request with a right CRC that begins at byte `at`, else 0. */
static size_t whole_frame(const struct host_input *in, size_t at)
{
    int length = host_modbus_length(in->byte + at, in->used - at);

    if (length > 0 && (size_t)length <= in->used - at && sim_modbus_crc_ok(in->byte + at, (size_t)length))
        return (size_t)length;
    /* A function whose length only silence tells: take it when all that is there fits its CRC. */
    return length < 0 && at == 0 && sim_modbus_crc_ok(in->byte, in->used) ? in->used : 0;
}

/* Finds requests in what has come in. Rubbish before a request that ends the input does not spoil it. */
static bool take_modbus(const struct sender *s, struct host_input *in)
{
    size_t n;

    while (in->used && (n = whole_frame(in, 0))) {
        ask_modbus(s, in->byte, n);
        in->used -= n;
        memmove(in->byte, in->byte + n, in->used);
    }
    for (size_t at = 1; at + 8 <= in->used; at++) {
        n = whole_frame(in, at);
        if (n && at + n == in->used) {
            ask_modbus(s, in->byte + at, n);
            in->used = 0;
        }
    }
    return in->used > 0;
}

/* --- M-Bus --- */

/* The meters frame for themselves. */
static bool take_mbus(const struct sender *s, struct host_input *in)
{
    uint8_t answer[SIM_FRAME_MAX];
    size_t n = sim_mbus_bytes(s->bus->sim, s->baud, in->byte, in->used, answer);

    in->used = 0;
    if (n)
        s->send(s->ctx, answer, n);
    return true;
}

/* --- Both --- */

bool host_bus_take(struct host_bus *bus, struct host_input *in, uint32_t baud, host_send_fn *send, void *ctx)
{
    const struct sender s = {bus, baud, send, ctx};

    return bus->which == EM_BUS_MODBUS ? take_modbus(&s, in) : take_mbus(&s, in);
}

size_t host_bus_silence(struct host_bus *bus, struct host_input *in)
{
    size_t dropped = in->used;

    in->used = 0;
    if (bus->which == EM_BUS_MBUS)
        sim_mbus_idle(bus->sim);
    return dropped;
}

static int bits_ms(const struct host_bus *bus, int bits)
{
    int baud = (int)bus->sim->point[0].meter.mbus.baud;

    return baud > 0 ? (bits * 1000 + baud - 1) / baud : 0;
}

int host_bus_silence_ms(const struct host_bus *bus)
{
    int ms = bus->which == EM_BUS_MBUS ? bits_ms(bus, EM_MBUS_IDLE_BITS) : 0;

    return ms > BURST_MS ? ms : BURST_MS;
}

int host_bus_delay_ms(const struct host_bus *bus)
{
    int64_t fault = bus->sim->fault[bus->which].state.delay;

    return (bus->which == EM_BUS_MBUS ? bits_ms(bus, EM_MBUS_ANSWER_BITS) : 0) +
           (int)((fault * 1000 + EM_SAMPLE_RATE - 1) / EM_SAMPLE_RATE);
}

bool host_bus_echoes(struct host_bus *bus, size_t n)
{
    return sim_fault_echo(&bus->sim->fault[bus->which], n);
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
