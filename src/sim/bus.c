/* SPDX-License-Identifier: MIT */
#include "bus.h"

#include <string.h>

#define MODBUS_BROADCAST 0

uint16_t sim_modbus_crc(const uint8_t *byte, size_t n)
{
    uint16_t crc = 0xFFFF;

    while (n--) {
        crc ^= *byte++;
        for (int k = 0; k < 8; k++)
            crc = (uint16_t)(crc & 1 ? crc >> 1 ^ 0xA001 : crc >> 1);
    }
    return crc;
}

bool sim_modbus_crc_ok(const uint8_t *frame, size_t n)
{
    return n >= 4 && sim_modbus_crc(frame, n - 2) == (frame[n - 2] | frame[n - 1] << 8);
}

/* Puts an answer of n bytes onto a bus that carries `used` bytes already. Returns how many it carries then. */
static size_t merge(uint8_t *bus, size_t used, const uint8_t *answer, size_t n)
{
    for (size_t k = 0; k < n; k++)
        bus[k] = k < used ? bus[k] & answer[k] : answer[k];
    return n > used ? n : used;
}

static uint32_t rate(const struct em_meter *m, enum em_bus bus)
{
    return bus == EM_BUS_MODBUS ? m->modbus.baud : m->mbus.baud;
}

static bool hears(const struct em_meter *m, enum em_bus bus, uint32_t baud)
{
    return em_meter_running(m) && (baud == 0 || baud == rate(m, bus));
}

uint32_t sim_bus_baud(const struct sim *sim, enum em_bus bus, uint32_t baud)
{
    for (unsigned k = 0; k < sim->points; k++)
        if (rate(&sim->point[k].meter, bus) == baud)
            return baud;
    return rate(&sim->point[0].meter, bus);
}

/* Do characters on a bus have a parity bit? As the first meter is set. */
static bool has_parity(const struct sim *sim, enum em_bus bus)
{
    return bus == EM_BUS_MBUS || sim->point[0].meter.modbus.parity != EM_PARITY_NONE;
}

/* What the meters hear of a frame; *any tells whether anything came at all. Returns its length, 0 if their UARTs refuse
 * it. */
static size_t hear_frame(struct sim *sim, const uint8_t *frame, size_t n, uint8_t *heard, bool *any)
{
    struct sim_fault *fault = &sim->fault[EM_BUS_MODBUS];
    bool parity = has_parity(sim, EM_BUS_MODBUS), broken = false;
    size_t used = 0;

    *any = false;
    for (size_t k = 0; k < n; k++) {
        enum sim_arrival arrival;

        heard[used] = frame[k];
        arrival = sim_fault_hear(fault, parity, &heard[used]);
        broken = broken || arrival == SIM_ARRIVED_BROKEN;
        *any = *any || arrival != SIM_ARRIVED_NOT;
        used += arrival == SIM_ARRIVED;
    }
    sim_fault_end(fault);
    return broken ? 0 : used;
}

/* What comes to the masters of an answer that `used` bytes have. */
static size_t answer_masters(struct sim *sim, enum em_bus bus, uint8_t *answer, size_t used)
{
    return used ? sim_fault_answer(&sim->fault[bus], has_parity(sim, bus), answer, used, SIM_FRAME_MAX) : 0;
}

size_t sim_modbus_frame(struct sim *sim, uint32_t baud, const uint8_t *frame, size_t n, uint8_t *answer)
{
    uint8_t heard[SIM_FRAME_MAX];
    size_t used = 0;
    bool good, any;

    n = hear_frame(sim, frame, n, heard, &any);
    good = sim->modbus && sim_modbus_crc_ok(heard, n);
    for (unsigned k = 0; any && k < sim->points; k++) {
        struct sim_point *point = &sim->point[k];
        uint8_t own[SIM_FRAME_MAX];
        size_t length;

        if (!hears(&point->meter, EM_BUS_MODBUS, baud))
            continue;
        em_meter_bus_bytes(&point->meter, EM_BUS_MODBUS);
        if (!good || (heard[0] != MODBUS_BROADCAST && heard[0] != point->meter.modbus.id))
            continue;
        length = sim->modbus(sim->modbus_ctx, &point->meter, heard, n, own);
        if (sim_point_survived(point))
            used = merge(answer, used, own, length);
    }
    return answer_masters(sim, EM_BUS_MODBUS, answer, used);
}

/* One byte to all meters; the answer that it brings. Of one that is broken they only see that it came. */
static size_t mbus_byte(struct sim *sim, uint32_t baud, uint8_t byte, bool broken, uint8_t *answer)
{
    size_t used = 0;

    for (unsigned k = 0; k < sim->points; k++) {
        struct sim_point *point = &sim->point[k];
        uint8_t own[EM_MBUS_FRAME_MAX];
        size_t length;

        if (!hears(&point->meter, EM_BUS_MBUS, baud))
            continue;
        if (broken) {
            em_meter_bus_bytes(&point->meter, EM_BUS_MBUS);
            continue;
        }
        length = em_mbus_byte(&point->meter, byte, own);
        if (sim_point_survived(point))
            used = merge(answer, used, own, length);
    }
    return answer_masters(sim, EM_BUS_MBUS, answer, used);
}

size_t sim_mbus_bytes(struct sim *sim, uint32_t baud, const uint8_t *byte, size_t n, uint8_t *answer)
{
    size_t used = 0;

    for (size_t k = 0; k < n; k++) {
        uint8_t now[SIM_FRAME_MAX], heard = byte[k];
        enum sim_arrival arrival = sim_fault_hear(&sim->fault[EM_BUS_MBUS], true, &heard);
        size_t length = 0;

        if (arrival != SIM_ARRIVED_NOT)
            length = mbus_byte(sim, baud, heard, arrival == SIM_ARRIVED_BROKEN, now);
        if (length == 0 || used + length > SIM_FRAME_MAX)
            continue;
        memcpy(answer + used, now, length);
        used += length;
    }
    /* The answer is as good as sent: a new rate acts from the next frame on. */
    for (unsigned k = 0; k < sim->points; k++)
        em_meter_reply_sent(&sim->point[k].meter);
    return used;
}

void sim_mbus_idle(struct sim *sim)
{
    sim_fault_end(&sim->fault[EM_BUS_MBUS]);
    for (unsigned k = 0; k < sim->points; k++)
        em_mbus_idle(&sim->point[k].meter);
}

/* --- A master of our own --- */

/* Sends a frame and lets the answer, if one comes, go on its way. */
static void send(struct sim *sim, enum em_bus bus, const uint8_t *frame, size_t n)
{
    uint8_t answer[SIM_FRAME_MAX];

    n = bus == EM_BUS_MBUS ? sim_mbus_bytes(sim, 0, frame, n, answer) : sim_modbus_frame(sim, 0, frame, n, answer);
    if (bus == EM_BUS_MBUS)
        sim_mbus_idle(sim);
    if (n)
        sim_late_add(&sim->late[bus], &sim->fault[bus], sim->now + sim->fault[bus].state.delay, answer, n);
}

size_t sim_bus_ask(struct sim *sim, enum em_bus bus, const uint8_t *frame, size_t n, int64_t timeout, uint8_t *heard)
{
    struct sim_late *late = &sim->late[bus];
    size_t used = 0, length;
    int64_t at;

    /* What has come while nobody listened is gone. */
    while (sim_late_take(late, sim->now - 1, &at, heard))
        ;
    if (sim_fault_echo(&sim->fault[bus], n)) {
        memcpy(heard, frame, n);
        used = n;
    }
    send(sim, bus, frame, n);
    length = sim_late_take(late, sim->now + timeout, &at, heard + used);
    return used + length;
}
