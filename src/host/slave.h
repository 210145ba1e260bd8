/* SPDX-License-Identifier: MIT
 * The Modbus RTU slave: frames in, frames out. libmodbus builds every reply (layout, exception codes, CRC); the core
 * says what is in it. libmodbus's own receiving is not used: it blocks until a frame is whole and can not frame
 * functions that it does not know. */
#ifndef HOST_SLAVE_H
#define HOST_SLAVE_H

#include <stddef.h>
#include <stdint.h>

#include "vmeter/em_meter.h"

#define HOST_MODBUS_ADU_MAX 256

struct host_modbus;

/* A slave for any number of meters; NULL with errno set. Free with host_modbus_free. */
struct host_modbus *host_modbus_new(void);
void host_modbus_free(struct host_modbus *slave);

/* Answers one whole request to a meter: unit, PDU and CRC, n bytes. reply (HOST_MODBUS_ADU_MAX bytes) gets the whole
 * answer with CRC. Returns its length, 0 for silence: another unit, a broadcast, a wrong CRC, a meter without supply.
 * A sim_modbus_fn, slave as its ctx. */
size_t host_modbus_answer(void *slave, struct em_meter *meter, const uint8_t *request, size_t n, uint8_t *reply);

/* Length of the request that begins with these n bytes, CRC included: > 0 when it can be told, 0 when more bytes are
 * needed for that, -1 when only silence on the line ends it (a function that the meter does not know). */
int host_modbus_length(const uint8_t *frame, size_t n);

#endif
