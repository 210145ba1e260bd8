/* SPDX-License-Identifier: MIT */
#include "mbap.h"

#include <modbus.h>
#include <string.h>

/* Header: transaction, protocol, length (of unit and PDU), unit. */
enum { PROTOCOL = 2, LENGTH = 4, UNIT = 6, FUNCTION = 7 };

#define LENGTH_MIN 2   /* unit and function */
#define LENGTH_MAX 254 /* unit and a PDU of 253 */
#define CRC_SIZE   2

#define EXCEPTION      0x80
#define EXCEPTION_SIZE 3 /* unit, function, code */

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static bool is_mbap(const struct host_input *in)
{
    if (in->used >= PROTOCOL + 2 && get16(in->byte + PROTOCOL) != 0)
        return false;
    return in->used < LENGTH + 2 || (get16(in->byte + LENGTH) >= LENGTH_MIN && get16(in->byte + LENGTH) <= LENGTH_MAX);
}

size_t host_mbap_whole(const struct host_input *in)
{
    size_t n;

    if (in->used <= UNIT || !is_mbap(in))
        return 0;
    n = UNIT + (size_t)get16(in->byte + LENGTH);
    return n <= in->used ? n : 0;
}

size_t host_mbap_serial_length(size_t n)
{
    return n - UNIT + CRC_SIZE;
}

/* Puts a CRC behind the n bytes of a frame. */
static size_t add_crc(uint8_t *frame, size_t n)
{
    uint16_t crc = sim_modbus_crc(frame, n);

    frame[n] = (uint8_t)crc;
    frame[n + 1] = (uint8_t)(crc >> 8);
    return n + CRC_SIZE;
}

size_t host_mbap_to_serial(const uint8_t *adu, size_t n, uint8_t *serial)
{
    memcpy(serial, adu + UNIT, n - UNIT);
    return add_crc(serial, n - UNIT);
}

/* Broadcast writes are answered by nobody; that is no failure. */
static bool is_silent(const uint8_t *frame)
{
    return frame[0] == MODBUS_BROADCAST_ADDRESS &&
           (frame[1] == MODBUS_FC_WRITE_SINGLE_REGISTER || frame[1] == MODBUS_FC_WRITE_MULTIPLE_REGISTERS);
}

void host_mbap_find(struct host_bus *bus, const struct host_input *in, uint8_t *answer, struct host_found *found)
{
    uint8_t frame[SIM_FRAME_MAX], reply[SIM_FRAME_MAX];
    uint8_t unit = in->byte[UNIT];
    size_t n;

    *found = (struct host_found){.no_gateway = !is_mbap(in), .frame = host_mbap_whole(in)};
    if (!found->frame)
        return;
    n = host_mbap_to_serial(in->byte, found->frame, frame);
    if (bus->sim->points == 1 && (unit == MODBUS_BROADCAST_ADDRESS || unit == MODBUS_TCP_SLAVE)) {
        frame[0] = bus->sim->point[0].meter.modbus.id;
        add_crc(frame, n - CRC_SIZE);
    }
    host_bus_tap(bus, true, frame, n);
    n = sim_modbus_frame(bus->sim, 0, frame, n, reply);
    if (n)
        host_bus_tap(bus, false, reply, n);
    else if (is_silent(frame))
        return;
    /* Two meters with one address spoil each other's answers. */
    if (!sim_modbus_crc_ok(reply, n)) {
        found->timed_out = true;
        reply[1] = frame[1] | EXCEPTION;
        reply[2] = MODBUS_EXCEPTION_GATEWAY_TARGET;
        n = EXCEPTION_SIZE + CRC_SIZE;
    }
    n -= CRC_SIZE;
    memcpy(answer, in->byte, LENGTH);
    answer[LENGTH] = (uint8_t)(n >> 8);
    answer[LENGTH + 1] = (uint8_t)n;
    memcpy(answer + UNIT, reply, n);
    answer[UNIT] = unit;
    found->answer = UNIT + n;
}
