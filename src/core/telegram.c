/* SPDX-License-Identifier: MIT
 * The M-Bus telegram. Source: manual A2.1; the records' order and codes are the manual's. */
#include <string.h>

#include "fixmath.h"
#include "vmeter/em_meter.h"

#define MANUFACTURER_LOW   0xCD /* as the manual's example has it */
#define MANUFACTURER_HIGH  0x25
#define MEDIUM_ELECTRICITY 0x02

/* C and CI fields of the telegram, status. Source: EN 13757-2, EN 13757-3. */
#define C_RSP_UD        0x08
#define CI_RESPONSE     0x72
#define STATUS_ERROR    0x02 /* the manual's */
#define DIF_VALUE_ERROR 0x30 /* function field: value during error state */

enum form { INTEGER, BCD };

/* A record: data and value information as sent, then what a register holds, in units of which the register's own has
 * `per_unit`. */
static const struct record {
    uint8_t head_size;
    uint8_t head[6];
    uint8_t size; /* bytes of data */
    uint8_t form; /* enum form */
    uint16_t address, per_unit;
} records[EM_MBUS_RECORD_COUNT] = {
#define HEAD(...)                                                                                                      \
    sizeof((const uint8_t[]){__VA_ARGS__}),                                                                            \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }
    {HEAD(0x04, 0x03), 4, INTEGER, 0x600C, 1000},                   /* forward active energy, Wh */
    {HEAD(0x84, 0x10, 0x03), 4, INTEGER, 0x600E, 1000},             /* T1 */
    {HEAD(0x84, 0x20, 0x03), 4, INTEGER, 0x6010, 1000},             /* T2 */
    {HEAD(0x84, 0x30, 0x03), 4, INTEGER, 0x604F, 1000},             /* T3 */
    {HEAD(0x84, 0x80, 0x10, 0x03), 4, INTEGER, 0x6051, 1000},       /* T4 */
    {HEAD(0x04, 0x83, 0x3C), 4, INTEGER, 0x6018, 1000},             /* reverse active energy, Wh */
    {HEAD(0x84, 0x10, 0x83, 0x3C), 4, INTEGER, 0x601A, 1000},       /* T1 */
    {HEAD(0x84, 0x20, 0x83, 0x3C), 4, INTEGER, 0x601C, 1000},       /* T2 */
    {HEAD(0x84, 0x30, 0x83, 0x3C), 4, INTEGER, 0x6053, 1000},       /* T3 */
    {HEAD(0x84, 0x80, 0x10, 0x83, 0x3C), 4, INTEGER, 0x6055, 1000}, /* T4 */
    {HEAD(0x04, 0x83, 0xFC, 0x10), 4, INTEGER, 0x6049, 1000},       /* resettable day counter, Wh */
    {HEAD(0x04, 0xFB, 0x82, 0x73), 4, INTEGER, 0x6030, 1000},       /* forward reactive energy, varh */
    {HEAD(0x04, 0xFB, 0x82, 0xF3, 0x3C), 4, INTEGER, 0x603C, 1000}, /* reverse reactive energy, varh */
    {HEAD(0x02, 0xFD, 0xC7, 0xFC, 0x01), 2, INTEGER, 0x5002, 100},  /* voltages, 10 mV */
    {HEAD(0x02, 0xFD, 0xC7, 0xFC, 0x02), 2, INTEGER, 0x5004, 100},
    {HEAD(0x02, 0xFD, 0xC7, 0xFC, 0x03), 2, INTEGER, 0x5006, 100},
    {HEAD(0x03, 0xFD, 0xD9, 0xFC, 0x01), 3, INTEGER, 0x500C, 1000}, /* currents, mA */
    {HEAD(0x03, 0xFD, 0xD9, 0xFC, 0x02), 3, INTEGER, 0x500E, 1000},
    {HEAD(0x03, 0xFD, 0xD9, 0xFC, 0x03), 3, INTEGER, 0x5010, 1000},
    {HEAD(0x03, 0x2B), 3, INTEGER, 0x5012, 1000}, /* active power, W: total, L1, L2, L3 */
    {HEAD(0x03, 0xAB, 0xFC, 0x01), 3, INTEGER, 0x5014, 1000},
    {HEAD(0x03, 0xAB, 0xFC, 0x02), 3, INTEGER, 0x5016, 1000},
    {HEAD(0x03, 0xAB, 0xFC, 0x03), 3, INTEGER, 0x5018, 1000},
    {HEAD(0x03, 0xFB, 0x14), 3, INTEGER, 0x501A, 1000}, /* reactive power, var */
    {HEAD(0x03, 0xFB, 0x94, 0xFC, 0x01), 3, INTEGER, 0x501C, 1000},
    {HEAD(0x03, 0xFB, 0x94, 0xFC, 0x02), 3, INTEGER, 0x501E, 1000},
    {HEAD(0x03, 0xFB, 0x94, 0xFC, 0x03), 3, INTEGER, 0x5020, 1000},
    {HEAD(0x03, 0xFB, 0x34), 3, INTEGER, 0x5022, 1000}, /* total apparent power, VA */
    {HEAD(0x0A, 0xFD, 0x3A), 2, BCD, 0x502A, 100},      /* total power factor, hundredths */
    {HEAD(0x03, 0xFB, 0x2C), 3, INTEGER, 0x5008, 1000}, /* frequency, mHz */
    {HEAD(0x09, 0x7C, 0x01, 0x54), 1, BCD, 0x6048, 1},  /* tariff */
    {HEAD(0x0B, 0xFD, 0x3A), 3, BCD, 0x401F, 1},        /* CT ratio: four digits primary, two secondary */
#undef HEAD
};

static void put_le(uint8_t *out, uint32_t value, unsigned size)
{
    for (unsigned k = 0; k < size; k++)
        out[k] = (uint8_t)(value >> 8 * k);
}

void em_mbus_values(struct em_meter *m, int64_t value[EM_MBUS_RECORD_COUNT])
{
    for (size_t k = 0; k < EM_MBUS_RECORD_COUNT; k++) {
        const struct em_register *row = em_register_by_address(records[k].address);

        value[k] = em_register_value(m, row);
        if (row->type == EM_TYPE_CT)
            value[k] = (int64_t)EM_CT_PRIMARY(value[k]) * 100 + EM_CT_SECONDARY(value[k]);
        else
            value[k] = em_muldiv_signed(value[k], records[k].per_unit, em_register_divisor(row));
    }
}

/* Puts a record at out and returns its length. */
static size_t put_record(const struct record *r, int64_t value, uint8_t *out)
{
    const int64_t limit = ((int64_t)1 << (8 * r->size - 1)) - 1;

    memcpy(out, r->head, r->head_size);
    if (r->form == BCD) {
        put_le(out + r->head_size, em_to_bcd((uint32_t)value), r->size);
    } else {
        if (value > limit || value < -limit) {
            out[0] |= DIF_VALUE_ERROR;
            value = value > 0 ? limit : -limit;
        }
        put_le(out + r->head_size, (uint32_t)value, r->size);
    }
    return (size_t)r->head_size + r->size;
}

void em_mbus_secondary(const struct em_meter *m, uint8_t out[EM_MBUS_SECONDARY_SIZE])
{
    put_le(out, em_to_bcd((uint32_t)m->settings.value[EM_SETTING_MBUS_ID]), 4);
    out[4] = MANUFACTURER_LOW;
    out[5] = MANUFACTURER_HIGH;
    out[6] = (uint8_t)(em_constant_value(EM_CONSTANT_SOFTWARE_VERSION) / 100); /* the whole part */
    out[7] = MEDIUM_ELECTRICITY;
}

size_t em_mbus_build(const struct em_meter *m, const int64_t value[EM_MBUS_RECORD_COUNT], uint8_t *frame)
{
    size_t n = 4;
    uint8_t sum = 0;

    frame[n++] = C_RSP_UD;
    frame[n++] = (uint8_t)m->settings.value[EM_SETTING_MBUS_ADDRESS];
    frame[n++] = CI_RESPONSE;
    em_mbus_secondary(m, frame + n);
    n += EM_MBUS_SECONDARY_SIZE;
    frame[n++] = m->mbus.access;
    frame[n++] = m->error_code ? STATUS_ERROR : 0;
    frame[n++] = 0; /* signature */
    frame[n++] = 0;
    for (size_t k = 0; k < EM_MBUS_RECORD_COUNT; k++)
        n += put_record(&records[k], value[k], frame + n);
    frame[0] = frame[3] = 0x68;
    frame[1] = frame[2] = (uint8_t)(n - 4);
    for (size_t k = 4; k < n; k++)
        sum = (uint8_t)(sum + frame[k]);
    frame[n++] = sum;
    frame[n++] = 0x16;
    return n;
}

size_t em_mbus_telegram(struct em_meter *m, uint8_t *frame)
{
    int64_t value[EM_MBUS_RECORD_COUNT];
    size_t n;

    em_mbus_values(m, value);
    n = em_mbus_build(m, value, frame);
    m->mbus.access++;
    return n;
}
