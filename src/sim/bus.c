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

size_t sim_modbus_frame(struct sim *sim, uint32_t baud, const uint8_t *frame, size_t n, uint8_t *answer)
{
    bool good = sim->modbus && sim_modbus_crc_ok(frame, n);
    size_t used = 0;

    for (unsigned k = 0; k < sim->points; k++) {
        struct sim_point *point = &sim->point[k];
        uint8_t own[SIM_FRAME_MAX];
        size_t length;

        if (!hears(&point->meter, EM_BUS_MODBUS, baud))
            continue;
        em_meter_bus_bytes(&point->meter, EM_BUS_MODBUS);
        if (!good || (frame[0] != MODBUS_BROADCAST && frame[0] != point->meter.modbus.id))
            continue;
        length = sim->modbus(sim->modbus_ctx, &point->meter, frame, n, own);
        if (sim_point_survived(point))
            used = merge(answer, used, own, length);
    }
    return used;
}

/* One byte to all meters; the answer that it brings. */
static size_t mbus_byte(struct sim *sim, uint32_t baud, uint8_t byte, uint8_t *answer)
{
    size_t used = 0;

    for (unsigned k = 0; k < sim->points; k++) {
        struct sim_point *point = &sim->point[k];
        uint8_t own[EM_MBUS_FRAME_MAX];
        size_t length;

        if (!hears(&point->meter, EM_BUS_MBUS, baud))
            continue;
        length = em_mbus_byte(&point->meter, byte, own);
        if (sim_point_survived(point))
            used = merge(answer, used, own, length);
    }
    return used;
}

size_t sim_mbus_bytes(struct sim *sim, uint32_t baud, const uint8_t *byte, size_t n, uint8_t *answer)
{
    size_t used = 0;

    for (size_t k = 0; k < n; k++) {
        uint8_t now[EM_MBUS_FRAME_MAX];
        size_t length = mbus_byte(sim, baud, byte[k], now);

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
    for (unsigned k = 0; k < sim->points; k++)
        em_mbus_idle(&sim->point[k].meter);
}
