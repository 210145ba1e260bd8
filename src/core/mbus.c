/* SPDX-License-Identifier: MIT
 * The M-Bus slave's link layer and the commands it carries out. Source: EN 13757-2, EN 13757-3, manual A2.1. */
#include "vmeter/em_mbus.h"

#include <string.h>

#include "fixmath.h"
#include "vmeter/em_meter.h"

#define START_SHORT 0x10
#define START_LONG  0x68
#define STOP        0x16
#define ACK         0xE5

#define SHORT_SIZE 5 /* start, C, A, checksum, stop */
#define HEAD_SIZE  4 /* start, L, L, start of a long frame */
#define TAIL_SIZE  2 /* checksum, stop */

/* C field: a master's frame with or without frame count bit. Each state of that bit is taken, whatever came before: no
 * master keeps it between runs, and answers are always fresh. */
#define C_SND_NKE 0x40
#define C_REQ_UD2 0x5B
#define C_SND_UD  0x53
#define C_FCB     0x20

/* CI field. */
#define CI_APPLICATION_RESET 0x50
#define CI_DATA              0x51
#define CI_SELECT            0x52
#define CI_BAUD_FIRST        0xB8 /* 300; then one more for each step up to 9600 */
#define CI_BAUD_LAST         0xBD

/* --- Commands --- */

enum form { BINARY, BCD, ZERO, RESET_TRIP };

/* A record that a master may send: its data and value information, bytes of data, and what is done with them. */
static const struct command {
    uint8_t head_size;
    uint8_t head[4];
    uint8_t size;
    uint8_t form;    /* enum form; ZERO and RESET_TRIP ignore the data */
    uint8_t setting; /* enum em_setting */
} commands[] = {
    {2, {0x01, 0x7A}, 1, BINARY, EM_SETTING_MBUS_ADDRESS},
    {2, {0x0C, 0x79}, 4, BCD, EM_SETTING_MBUS_ID},
    {4, {0x09, 0x7C, 0x01, 0x54}, 1, BCD, EM_SETTING_TARIFF},
    {3, {0x09, 0xFD, 0x3A}, 1, BCD, EM_SETTING_COMBINATION_CODE},
    {3, {0x0C, 0xFD, 0x3A}, 4, BCD, EM_SETTING_S0_RATE}, /* hundredths, as the setting */
    {2, {0x0C, 0x04}, 4, RESET_TRIP, 0},
    {3, {0x0A, 0xFD, 0x60}, 2, ZERO, EM_SETTING_POWER_DOWN_COUNTER},
};

static const struct command *find_command(const uint8_t *byte, size_t n)
{
    for (size_t k = 0; k < sizeof commands / sizeof commands[0]; k++) {
        const struct command *c = &commands[k];

        if (n >= (size_t)c->head_size + c->size && memcmp(byte, c->head, c->head_size) == 0)
            return c;
    }
    return NULL;
}

static uint32_t get_le(const uint8_t *byte, unsigned size)
{
    uint32_t value = 0;

    for (unsigned k = 0; k < size; k++)
        value |= (uint32_t)byte[k] << 8 * k;
    return value;
}

/* Checks, and with `act` does, one command. */
static enum em_err carry_out(struct em_meter *m, const struct command *c, const uint8_t *data, bool act)
{
    uint32_t raw = get_le(data, c->size);
    int64_t value = raw;

    if (c->form == RESET_TRIP) {
        if (act)
            em_meter_reset_trip(m);
        return EM_OK;
    }
    if (c->form == ZERO)
        value = 0;
    if (c->form == BCD && em_from_bcd(raw, &value))
        return EM_ERR_RANGE;
    return act ? em_meter_set(m, (enum em_setting)c->setting, (int32_t)value)
               : em_meter_check(m, (enum em_setting)c->setting, (int32_t)value);
}

/* One pass over the records of a SND_UD. */
static bool all_records(struct em_meter *m, const uint8_t *byte, size_t n, bool act)
{
    for (size_t at = 0; at < n;) {
        const struct command *c = find_command(byte + at, n - at);

        if (!c || carry_out(m, c, byte + at + c->head_size, act))
            return false;
        at += (size_t)c->head_size + c->size;
    }
    return n > 0;
}

/* All or nothing. */
static bool take_data(struct em_meter *m, const uint8_t *byte, size_t n)
{
    if (!all_records(m, byte, n, false))
        return false;
    all_records(m, byte, n, true);
    em_storage_commit(m);
    return true;
}

static bool take_baud(struct em_meter *m, uint8_t ci)
{
    if (em_meter_set(m, EM_SETTING_MBUS_BAUD, ci - CI_BAUD_FIRST + 1))
        return false;
    em_storage_commit(m);
    return true;
}

/* --- Selection --- */

/* Do the eight bytes name this meter? A digit F of the number, FFFF and FF of the other fields stand for anything. */
static bool names_me(const struct em_meter *m, const uint8_t *wanted)
{
    uint8_t own[EM_MBUS_SECONDARY_SIZE];

    em_mbus_secondary(m, own);
    for (int k = 0; k < 4; k++)
        for (int shift = 0; shift < 8; shift += 4)
            if ((wanted[k] >> shift & 15) != 15 && (wanted[k] >> shift & 15) != (own[k] >> shift & 15))
                return false;
    if (!(wanted[4] == 0xFF && wanted[5] == 0xFF) && memcmp(wanted + 4, own + 4, 2) != 0)
        return false;
    return (wanted[6] == 0xFF || wanted[6] == own[6]) && (wanted[7] == 0xFF || wanted[7] == own[7]);
}

/* --- Link layer --- */

static bool is_for_me(const struct em_meter *m, uint8_t address)
{
    return address == m->settings.value[EM_SETTING_MBUS_ADDRESS] || address == EM_MBUS_ANY_ANSWERS ||
           address == EM_MBUS_NONE_ANSWERS || (address == EM_MBUS_SELECTED && m->mbus.selected);
}

static size_t acknowledge(uint8_t *answer)
{
    answer[0] = ACK;
    return 1;
}

/* C and A of a short frame. Returns the answer's length, which the caller forgets for EM_MBUS_NONE_ANSWERS. */
static size_t short_frame(struct em_meter *m, uint8_t c, uint8_t *answer)
{
    if (c == C_SND_NKE) {
        m->mbus.selected = false;
        return acknowledge(answer);
    }
    return (c | C_FCB) == (C_REQ_UD2 | C_FCB) ? em_mbus_telegram(m, answer) : 0;
}

/* The n bytes from CI on of a long frame to this meter. */
static size_t long_frame(struct em_meter *m, const uint8_t *byte, size_t n, uint8_t *answer)
{
    bool taken = false;

    if (byte[0] == CI_DATA)
        taken = take_data(m, byte + 1, n - 1);
    else if (byte[0] == CI_APPLICATION_RESET)
        taken = n <= 2; /* with a sub-code or without; there is but one application, with nothing to reset */
    else if (byte[0] >= CI_BAUD_FIRST && byte[0] <= CI_BAUD_LAST && n == 1)
        taken = take_baud(m, byte[0]);
    return taken ? acknowledge(answer) : 0;
}

/* A whole frame with a right checksum. */
static size_t take_frame(struct em_meter *m, const uint8_t *frame, size_t size, uint8_t *answer)
{
    bool is_long = frame[0] == START_LONG;
    const uint8_t *body = frame + (is_long ? HEAD_SIZE : 1); /* C, A, then CI and data */
    size_t n = 0;

    if (is_long && (body[0] | C_FCB) != (C_SND_UD | C_FCB))
        return 0;
    if (is_long && body[1] == EM_MBUS_SELECTED && body[2] == CI_SELECT) {
        if (size != HEAD_SIZE + 3 + EM_MBUS_SECONDARY_SIZE + TAIL_SIZE)
            return 0;
        m->mbus.selected = names_me(m, body + 3);
        return m->mbus.selected ? acknowledge(answer) : 0;
    }
    if (!is_for_me(m, body[1]))
        return 0;
    if (!is_long)
        n = short_frame(m, body[0], answer);
    else
        n = long_frame(m, body + 2, size - HEAD_SIZE - TAIL_SIZE - 2, answer);
    return body[1] == EM_MBUS_NONE_ANSWERS ? 0 : n;
}

enum em_mbus_verdict em_mbus_judge(const uint8_t *in, size_t used, size_t *size)
{
    size_t first = 1;
    uint8_t sum = 0;

    if (in[0] == START_SHORT) {
        *size = SHORT_SIZE;
    } else if (in[0] == START_LONG) {
        first = HEAD_SIZE;
        if ((used > 1 && in[1] < 3) || (used > 2 && in[2] != in[1]) || (used > 3 && in[3] != START_LONG))
            return EM_MBUS_BAD_START;
        if (used < HEAD_SIZE)
            return EM_MBUS_MORE;
        *size = HEAD_SIZE + in[1] + TAIL_SIZE;
    } else {
        return EM_MBUS_BAD_START;
    }
    if (used < *size)
        return EM_MBUS_MORE;
    for (size_t k = first; k < *size - TAIL_SIZE; k++)
        sum = (uint8_t)(sum + in[k]);
    return in[*size - 2] == sum && in[*size - 1] == STOP ? EM_MBUS_WHOLE : EM_MBUS_BAD_FRAME;
}

static void drop(struct em_mbus *mbus, size_t n)
{
    mbus->used = (uint16_t)(mbus->used - n);
    memmove(mbus->in, mbus->in + n, mbus->used);
}

size_t em_mbus_byte(struct em_meter *m, uint8_t byte, uint8_t *answer)
{
    struct em_mbus *mbus = &m->mbus;
    size_t size = 0, n = 0;

    if (!em_meter_running(m))
        return 0;
    em_meter_bus_bytes(m, EM_BUS_MBUS);
    mbus->in[mbus->used++] = byte;
    while (mbus->used) {
        enum em_mbus_verdict verdict = em_mbus_judge(mbus->in, mbus->used, &size);

        if (verdict == EM_MBUS_MORE)
            break;
        if (verdict == EM_MBUS_WHOLE)
            n = take_frame(m, mbus->in, size, answer);
        drop(mbus, verdict == EM_MBUS_BAD_START ? 1 : size);
    }
    return n;
}

void em_mbus_idle(struct em_meter *m)
{
    m->mbus.used = 0;
}
