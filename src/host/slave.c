/* SPDX-License-Identifier: MIT */
#include "slave.h"

#include <errno.h>
#include <modbus.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../sim/bus.h"

#define READ_HOLDING   0x03
#define WRITE_SINGLE   0x06
#define WRITE_MULTIPLE 0x10

struct host_modbus {
    modbus_t *ctx;            /* its socket is out[0] */
    int out[2];               /* what libmodbus sends into [0] comes out of [1] */
    modbus_mapping_t mapping; /* shows libmodbus just the registers of the request */
    uint16_t registers[EM_READ_MAX];
};

struct host_modbus *host_modbus_new(void)
{
    struct host_modbus *s = calloc(1, sizeof *s);

    if (!s)
        return NULL;
    s->out[0] = s->out[1] = -1;
    s->ctx = modbus_new_rtu("/dev/null", 9600, 'E', 8, 1); /* never opened: only its framing is used */
    if (!s->ctx || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s->out)) {
        host_modbus_free(s);
        return NULL;
    }
    modbus_set_socket(s->ctx, s->out[0]);
    s->mapping.tab_registers = s->registers;
    return s;
}

void host_modbus_free(struct host_modbus *s)
{
    if (!s)
        return;
    if (s->ctx)
        modbus_free(s->ctx);
    if (s->out[0] >= 0)
        close(s->out[0]);
    if (s->out[1] >= 0)
        close(s->out[1]);
    free(s);
}

int host_modbus_length(const uint8_t *frame, size_t n)
{
    if (n < 2)
        return 0;
    switch (frame[1]) {
    case READ_HOLDING:
    case WRITE_SINGLE:
        return 8;
    case WRITE_MULTIPLE:
        return n < 7 ? 0 : 9 + frame[6];
    default:
        return -1;
    }
}

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

/* Shows libmodbus `count` registers from address on. */
static void show(struct host_modbus *s, uint16_t address, uint16_t count)
{
    s->mapping.start_registers = address;
    s->mapping.nb_registers = count;
}

/* Lets the core carry out the request; n is its length without CRC. */
static enum em_exception carry_out(struct host_modbus *s, struct em_meter *meter, const uint8_t *request, size_t n)
{
    uint16_t address = get16(request + 2), count = get16(request + 4);
    uint16_t values[EM_WRITE_MAX];
    enum em_exception exception;

    switch (request[1]) {
    case READ_HOLDING:
        exception = em_registers_read(meter, address, count, s->registers);
        if (!exception)
            show(s, address, count);
        return exception;
    case WRITE_SINGLE:
        values[0] = get16(request + 4);
        show(s, address, 1);
        return em_registers_write(meter, WRITE_SINGLE, address, 1, values);
    default:
        if (count < 1 || count > EM_WRITE_MAX || n != 7u + 2u * count || request[6] != 2 * count)
            return EM_EXCEPTION_ILLEGAL_VALUE;
        for (unsigned k = 0; k < count; k++)
            values[k] = get16(request + 7 + 2 * k);
        show(s, address, count);
        return em_registers_write(meter, WRITE_MULTIPLE, address, count, values);
    }
}

size_t host_modbus_answer(void *slave, struct em_meter *meter, const uint8_t *request, size_t n, uint8_t *reply)
{
    struct host_modbus *s = slave;
    enum em_exception exception = EM_EXCEPTION_ILLEGAL_FUNCTION;
    int wanted = host_modbus_length(request, n);
    bool broadcast = n > 0 && request[0] == MODBUS_BROADCAST_ADDRESS;
    ssize_t length;

    if (!sim_modbus_crc_ok(request, n) || !em_meter_running(meter))
        return 0;
    if (!broadcast && request[0] != meter->modbus.id)
        return 0;
    if (request[1] & 0x80) /* no function but another slave's exception */
        return 0;
    if (broadcast && request[1] != WRITE_SINGLE && request[1] != WRITE_MULTIPLE)
        return 0;
    if (wanted >= 0)
        exception = wanted == (int)n ? carry_out(s, meter, request, n - 2) : EM_EXCEPTION_ILLEGAL_VALUE;
    if (!broadcast) {
        int sent = exception ? modbus_reply_exception(s->ctx, request, exception)
                             : modbus_reply(s->ctx, request, (int)n, &s->mapping);

        length = sent > 0 ? recv(s->out[1], reply, HOST_MODBUS_ADU_MAX, MSG_DONTWAIT) : 0;
    } else {
        length = 0;
    }
    em_meter_reply_sent(meter);
    return length > 0 ? (size_t)length : 0;
}
