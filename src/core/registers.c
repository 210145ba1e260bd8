/* SPDX-License-Identifier: MIT */
#include "vmeter/em_registers.h"

#include <string.h>

#include "em_checksums.h"
#include "fixmath.h"
#include "vmeter/em_meter.h"

static const uint32_t constants[EM_CONSTANT_COUNT] = {
    [EM_CONSTANT_METER_CODE] = 0x1113,    /* 2PU CT */
    [EM_CONSTANT_PROTOCOL_VERSION] = 100, /* assumed */
    [EM_CONSTANT_SOFTWARE_VERSION] = 100, /* the M-Bus example has version 01 */
    [EM_CONSTANT_HARDWARE_VERSION] = 100, /* assumed */
    [EM_CONSTANT_METER_AMPS] = 5,
    [EM_CONSTANT_CHECKSUM] = EM_CHECKSUM_MEASURING,
    [EM_CONSTANT_CHECKSUM_2] = EM_CHECKSUM_OTHER,
};

/* The first row that ends behind address. */
static size_t row_from(uint16_t address)
{
    size_t low = 0, high = em_register_count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (em_registers[middle].address + em_registers[middle].words <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct em_register *em_register_by_address(uint16_t address)
{
    size_t k = row_from(address);

    return k < em_register_count && em_registers[k].address <= address ? &em_registers[k] : NULL;
}

static uint32_t status_word(struct em_meter *m)
{
    const struct em_quantities *q = em_meter_quantities(m);
    uint32_t status = 0;

    for (int p = 0; p < EM_PHASE_COUNT; p++)
        if (q->u_uv[p] >= EM_PHASE_PRESENT_V * 1000000ll)
            status |= EM_STATUS_L1_PRESENT << p;
    if (m->metrology.window.reversed_sequence && (status & EM_STATUS_ALL_PRESENT) == EM_STATUS_ALL_PRESENT)
        status |= EM_STATUS_SEQUENCE;
    if (m->tariff_input)
        status |= EM_STATUS_TARIFF_INPUT;
    if (m->pulses.output[EM_OUTPUT_S0_1].behind)
        status |= EM_STATUS_S0_1_BEHIND;
    if (m->pulses.output[EM_OUTPUT_S0_2].behind)
        status |= EM_STATUS_S0_2_BEHIND;
    if (em_meter_bluetooth(m))
        status |= EM_STATUS_BLUETOOTH;
    if (m->storage.repaired)
        status |= EM_STATUS_REPAIRED;
    return status;
}

static int64_t state_value(struct em_meter *m, enum em_state state)
{
    switch (state) {
    case EM_STATE_ERROR_CODE:
        return m->error_code;
    case EM_STATE_STATUS_WORD:
        return status_word(m);
    case EM_STATE_CT_PRIMARY:
        return EM_CT_PRIMARY(m->settings.value[EM_SETTING_CT_RATIO]);
    }
    return 0;
}

uint32_t em_constant_value(enum em_constant constant)
{
    return constants[constant];
}

int64_t em_quantity_value(struct em_meter *m, uint16_t argument)
{
    const struct em_quantities *q = em_meter_quantities(m);
    unsigned k = EM_QUANTITY_INDEX(argument);

    switch (EM_QUANTITY_KIND(argument)) {
    case EM_QUANTITY_U:
        return q->u_uv[k];
    case EM_QUANTITY_ULL:
        return q->ull_uv[k];
    case EM_QUANTITY_I:
        return q->i_ua[k];
    case EM_QUANTITY_P:
        return q->p_uw[k];
    case EM_QUANTITY_Q:
        return q->q_uvar[k];
    case EM_QUANTITY_S:
        return q->s_uva[k];
    case EM_QUANTITY_PF:
        return q->pf_ppm[k];
    case EM_QUANTITY_F:
        return q->frequency_mhz;
    case EM_QUANTITY_DIRECTION:
        return q->direction[k] == EM_FORWARD ? 'F' : 'R';
    case EM_QUANTITY_QUADRANT:
        return q->quadrant[k];
    }
    return 0;
}

int64_t em_register_value(struct em_meter *m, const struct em_register *row)
{
    switch ((enum em_source)row->source) {
    case EM_FROM_NOTHING:
        return 0;
    case EM_FROM_CONSTANT:
        return em_constant_value((enum em_constant)row->argument);
    case EM_FROM_SETTING:
        return m->settings.value[row->argument];
    case EM_FROM_STATE:
        return state_value(m, (enum em_state)row->argument);
    case EM_FROM_QUANTITY:
        return em_quantity_value(m, row->argument);
    case EM_FROM_ENERGY:
        return em_energy_get(&m->energy, row->argument,
                             (enum em_combination)m->settings.value[EM_SETTING_COMBINATION_CODE]);
    }
    return 0;
}

uint64_t em_register_divisor(const struct em_register *row)
{
    if (row->type != EM_TYPE_FLOAT32)
        return 1;
    if (row->source == EM_FROM_CONSTANT || row->source == EM_FROM_SETTING)
        return 100; /* versions and pulse rates in hundredths */
    if (row->source == EM_FROM_ENERGY)
        return 1000; /* Wh to kWh */
    switch ((enum em_unit)row->unit) {
    case EM_UNIT_HZ:
        return 1000;
    case EM_UNIT_KW:
    case EM_UNIT_KVAR:
    case EM_UNIT_KVA:
        return 1000000000; /* uW to kW */
    default:
        return 1000000;
    }
}

static void put32(uint16_t words[2], uint32_t value)
{
    words[0] = (uint16_t)(value >> 16);
    words[1] = (uint16_t)value;
}

/* Near its end a counter's value would round up to 1000000.0 kWh, which no counter ever shows: the largest single below
 * it (999999.9375) is sent instead. */
static int64_t below_overflow(int64_t wh)
{
    const int64_t limit = EM_ENERGY_MODULUS - 63;

    return wh > limit ? limit : wh < -limit ? -limit : wh;
}

void em_register_encode(struct em_meter *m, const struct em_register *row, uint16_t *words)
{
    int64_t value = em_register_value(m, row);

    switch ((enum em_type)row->type) {
    case EM_TYPE_ZERO:
    case EM_TYPE_COUNT:
        memset(words, 0, row->words * sizeof *words);
        break;
    case EM_TYPE_INT16:
    case EM_TYPE_HEX16:
    case EM_TYPE_ASCII:
        words[0] = (uint16_t)value;
        break;
    case EM_TYPE_BCD16:
        words[0] = (uint16_t)em_to_bcd((uint32_t)value);
        break;
    case EM_TYPE_BCD32:
        put32(words, em_to_bcd((uint32_t)value));
        break;
    case EM_TYPE_HEX32:
        put32(words, (uint32_t)value);
        break;
    case EM_TYPE_CT:
        words[0] = (uint16_t)em_to_bcd(EM_CT_PRIMARY(value));
        words[1] = (uint16_t)em_to_bcd(EM_CT_SECONDARY(value));
        break;
    case EM_TYPE_FLOAT32:
        if (row->source == EM_FROM_ENERGY && m->settings.value[EM_SETTING_DATA_TYPE] == EM_DATA_FLOAT)
            value = below_overflow(value);
        if (m->settings.value[EM_SETTING_DATA_TYPE] == EM_DATA_INTEGER)
            put32(words, (uint32_t)em_muldiv_signed(value, 1000, em_register_divisor(row)));
        else
            put32(words, em_float32(value, em_register_divisor(row)));
        break;
    }
}

enum em_err em_register_decode(const struct em_register *row, const uint16_t *words, int64_t *value)
{
    uint32_t both = row->words == 2 ? (uint32_t)words[0] << 16 | words[1] : words[0];
    int64_t primary, secondary;

    switch ((enum em_type)row->type) {
    case EM_TYPE_BCD16:
    case EM_TYPE_BCD32:
        return em_from_bcd(both, value);
    case EM_TYPE_CT:
        if (em_from_bcd(words[0], &primary) || em_from_bcd(words[1], &secondary) || secondary > 15)
            return EM_ERR_RANGE;
        *value = EM_CT_RATIO(primary, secondary);
        return EM_OK;
    case EM_TYPE_INT16:
        *value = (int16_t)words[0];
        return EM_OK;
    default:
        *value = both;
        return EM_OK;
    }
}

static bool inside_one_block(uint16_t address, uint16_t count)
{
    for (int k = 0; k < EM_REGISTER_BLOCK_COUNT; k++)
        if (address >= em_register_blocks[k].first && address <= em_register_blocks[k].last)
            return count <= em_register_blocks[k].last - address + 1;
    return false;
}

enum em_exception em_registers_read(struct em_meter *m, uint16_t address, uint16_t count, uint16_t *out)
{
    uint32_t end = (uint32_t)address + count;

    if (count < 1 || count > EM_READ_MAX)
        return EM_EXCEPTION_ILLEGAL_VALUE;
    if (!inside_one_block(address, count))
        return EM_EXCEPTION_ILLEGAL_ADDRESS;
    memset(out, 0, count * sizeof *out);
    for (size_t k = row_from(address); k < em_register_count && em_registers[k].address < end; k++) {
        const struct em_register *row = &em_registers[k];
        uint16_t words[4] = {0};

        if (row->type == EM_TYPE_ZERO)
            continue;
        em_register_encode(m, row, words);
        for (unsigned w = 0; w < row->words; w++)
            if (row->address + w >= address && row->address + w < end)
                out[row->address + w - address] = words[w];
    }
    return EM_EXCEPTION_NONE;
}

/* The S0 rate whose encoding is `raw` under the meter's data type, 0 if there is none. */
static int32_t s0_rate_of(const struct em_meter *m, uint32_t raw)
{
    bool integer = m->settings.value[EM_SETTING_DATA_TYPE] == EM_DATA_INTEGER;

    for (int k = 0; k < EM_S0_RATE_COUNT; k++)
        if (raw == (integer ? (uint32_t)em_s0_rates[k] * 10 : em_float32(em_s0_rates[k], 100)))
            return em_s0_rates[k];
    return 0;
}

/* Checks, and with `act` does, the write of one register. */
static enum em_err write_one(struct em_meter *m, const struct em_register *row, const uint16_t *words, bool act)
{
    int64_t value;
    enum em_err err = em_register_decode(row, words, &value);

    if (err)
        return err;
    if (row->source == EM_FROM_ENERGY) { /* the trip counter: only to zero */
        if (value != 0)
            return EM_ERR_RANGE;
        if (act)
            em_meter_reset_trip(m);
        return EM_OK;
    }
    if (row->type == EM_TYPE_FLOAT32)
        value = s0_rate_of(m, (uint32_t)value);
    return act ? em_meter_set(m, (enum em_setting)row->argument, (int32_t)value)
               : em_meter_check(m, (enum em_setting)row->argument, (int32_t)value);
}

/* One pass over the registers of a write. */
static enum em_exception write_all(struct em_meter *m, uint8_t function, uint16_t address, uint16_t count,
                                   const uint16_t *values, bool act)
{
    uint32_t end = (uint32_t)address + count;
    uint32_t at = address;

    while (at < end) {
        const struct em_register *row = em_register_by_address((uint16_t)at);

        if (!row || row->access == EM_READ || (row->access == EM_WRITE_10 && function == 0x06))
            return EM_EXCEPTION_ILLEGAL_ADDRESS;
        if (row->address != at || at + row->words > end)
            return EM_EXCEPTION_ILLEGAL_VALUE;
        if (write_one(m, row, values + (at - address), act))
            return EM_EXCEPTION_ILLEGAL_VALUE;
        at += row->words;
    }
    return EM_EXCEPTION_NONE;
}

enum em_exception em_registers_write(struct em_meter *m, uint8_t function, uint16_t address, uint16_t count,
                                     const uint16_t *values)
{
    enum em_exception exception;

    if (count < 1 || count > EM_WRITE_MAX)
        return EM_EXCEPTION_ILLEGAL_VALUE;
    exception = write_all(m, function, address, count, values, false);
    if (exception)
        return exception;
    write_all(m, function, address, count, values, true);
    em_storage_commit(m);
    return EM_EXCEPTION_NONE;
}
