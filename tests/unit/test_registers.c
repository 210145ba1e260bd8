/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMED_ROWS 291
#define LAST_WH    (EM_ENERGY_MODULUS - 1)

static struct unit_rig rig;
static struct em_meter *const m = &rig.meter;

static void setup(void)
{
    unit_rig_init(&rig, 50000, unit_mains(50, 2, 30));
}

static const struct em_register *row_named(const char *name)
{
    for (size_t k = 0; k < em_register_count; k++)
        if (em_registers[k].name && strcmp(em_registers[k].name, name) == 0)
            return &em_registers[k];
    ck_abort_msg("no register %s", name);
    return NULL;
}

static uint32_t read_u32(uint16_t address)
{
    uint16_t words[2] = {0xDEAD, 0xBEEF};

    ck_assert_msg(em_registers_read(m, address, 2, words) == EM_EXCEPTION_NONE, "%04X", address);
    return (uint32_t)words[0] << 16 | words[1];
}

static float read_float(uint16_t address)
{
    uint32_t bits = read_u32(address);
    float f;

    memcpy(&f, &bits, sizeof f);
    return f;
}

static uint16_t read_u16(uint16_t address)
{
    uint16_t word = 0xDEAD;

    ck_assert_msg(em_registers_read(m, address, 1, &word) == EM_EXCEPTION_NONE, "%04X", address);
    return word;
}

/* Gives everything that can be read another number: quantities, energies of eight CT sets. */
static void make_all_different(void)
{
    int64_t wh = 1001;

    for (int k = 0; k < EM_CT_CHANGES_MAX; k++)
        ck_assert_int_eq(em_energy_change_ct(&m->energy, EM_CT_RATIO(5, 5)), EM_OK);
    for (unsigned id = 0; id < EM_ENERGY(EM_SET_CT0 + EM_CT_SET_COUNT - 1, 0, 0, 0); id++)
        if (EM_ENERGY_PART(id) <= EM_PART_Q4 && EM_ENERGY_SCOPE(id) <= EM_L3 &&
            (EM_ENERGY_PART(id) < EM_PART_Q1 || (EM_ENERGY_KIND(id) == EM_REACTIVE && EM_ENERGY_SCOPE(id) != EM_ALL)))
            wh += em_energy_preload(&m->energy, (em_energy_id)id, wh) == EM_OK ? 1009 : 0;
    for (int p = 0; p < EM_PHASES_AND_TOTAL; p++) {
        if (p < EM_PHASE_COUNT) {
            m->quantities.u_uv[p] = 230500000 + 1000000 * p;
            m->quantities.ull_uv[p] = 400250000 + 1000000 * p;
            m->quantities.i_ua[p] = -1250000 - 100000 * p;
        }
        m->quantities.p_uw[p] = -5000123456 - 1000000000ll * p;
        m->quantities.q_uvar[p] = 2000123456 + 1000000000ll * p;
        m->quantities.s_uva[p] = 9000123456 + 1000000000ll * p;
        m->quantities.pf_ppm[p] = 900000 + 10000 * p;
        m->quantities.quadrant[p] = (uint8_t)(p + 1);
        m->quantities.direction[p] = p & 1 ? EM_REVERSE : EM_FORWARD;
    }
    m->quantities.frequency_mhz = 50123;
    m->quantities_fresh = true;
}

/* --- the table --- */

START_TEST(rows_ascend_without_overlap_inside_the_blocks)
{
    uint32_t end = 0;
    size_t named = 0;

    for (size_t k = 0; k < em_register_count; k++) {
        const struct em_register *row = &em_registers[k];
        bool inside = false;

        ck_assert_msg(row->address >= end, "%04X begins before %04X", row->address, end);
        end = row->address + row->words;
        for (int b = 0; b < EM_REGISTER_BLOCK_COUNT; b++)
            inside |= row->address >= em_register_blocks[b].first && end - 1 <= em_register_blocks[b].last;
        ck_assert_msg(inside, "%04X lies outside the blocks", row->address);
        named += row->name != NULL;
    }
    ck_assert_uint_eq(named, NAMED_ROWS);
}
END_TEST

START_TEST(blocks_are_the_manuals)
{
    static const uint16_t want[EM_REGISTER_BLOCK_COUNT][2] = {
        {0x4000, 0x4034}, {0x5000, 0x5037}, {0x6000, 0x6090}, {0x6100, 0x619F}, {0x6300, 0x639F}};

    for (int b = 0; b < EM_REGISTER_BLOCK_COUNT; b++) {
        ck_assert_uint_eq(em_register_blocks[b].first, want[b][0]);
        ck_assert_uint_eq(em_register_blocks[b].last, want[b][1]);
    }
}
END_TEST

START_TEST(names_are_unique)
{
    for (size_t a = 0; a < em_register_count; a++)
        for (size_t b = a + 1; b < em_register_count; b++)
            if (em_registers[a].name && em_registers[b].name)
                UNIT_CHECK(strcmp(em_registers[a].name, em_registers[b].name) != 0, "%04X and %04X are both %s",
                           em_registers[a].address, em_registers[b].address, em_registers[a].name);
}
END_TEST

START_TEST(types_fit_words_sources_and_units)
{
    static const uint8_t words[EM_TYPE_COUNT] = {
        [EM_TYPE_INT16] = 1, [EM_TYPE_BCD16] = 1,   [EM_TYPE_BCD32] = 2, [EM_TYPE_HEX16] = 1,
        [EM_TYPE_HEX32] = 2, [EM_TYPE_FLOAT32] = 2, [EM_TYPE_ASCII] = 1, [EM_TYPE_CT] = 2,
    };
    static const struct {
        const char *part;
        enum em_unit unit;
    } units[] = {
        {"_voltage", EM_UNIT_V},          {"frequency", EM_UNIT_HZ},       {"active_energy", EM_UNIT_KWH},
        {"active_power", EM_UNIT_KW},     {"apparent_power", EM_UNIT_KVA}, {"reactive_energy", EM_UNIT_KVARH},
        {"reactive_power", EM_UNIT_KVAR}, {"day_counter", EM_UNIT_KWH},    {"power_factor", EM_UNIT_NONE},
        {"s0_rate", EM_UNIT_IMP_PER_KWH}, {"pulse_width", EM_UNIT_MS},     {"lcd_cycle_time", EM_UNIT_S},
        {"ct_ratio", EM_UNIT_A},          {"l1_current", EM_UNIT_A},
    };

    for (size_t k = 0; k < em_register_count; k++) {
        const struct em_register *row = &em_registers[k];
        int unit = -1;

        ck_assert_msg((row->type == EM_TYPE_ZERO) == !row->name && (row->type == EM_TYPE_ZERO) == !row->source,
                      "%04X: reserved or not?", row->address);
        if (row->type == EM_TYPE_ZERO)
            continue;
        ck_assert_msg(row->type < EM_TYPE_COUNT && row->words == words[row->type], "%s: %d words", row->name,
                      row->words);
        ck_assert_msg(row->access == EM_READ || row->access == (row->words == 1 ? EM_WRITE_06 : EM_WRITE_10),
                      "%s: access %d", row->name, row->access);
        for (size_t n = 0; n < sizeof units / sizeof units[0]; n++) {
            size_t length = strlen(row->name), part = strlen(units[n].part);

            if (length >= part && strcmp(row->name + length - part, units[n].part) == 0)
                unit = (int)units[n].unit; /* the last that fits: "reactive" ends with "active" */
        }
        ck_assert_msg(unit < 0 || unit == row->unit, "%s: unit %d, want %d", row->name, row->unit, unit);
    }
}
END_TEST

START_TEST(by_address_finds_the_row_that_covers_it)
{
    for (uint32_t address = 0; address <= UINT16_MAX; address++) {
        const struct em_register *want = NULL;

        if (address >= 0x3FF0 && address < 0x6400)
            for (size_t k = 0; k < em_register_count; k++)
                if (address >= em_registers[k].address && address < em_registers[k].address + em_registers[k].words)
                    want = &em_registers[k];
        UNIT_CHECK(em_register_by_address((uint16_t)address) == want, "%04X", address);
    }
}
END_TEST

#ifdef UNIT_REGISTER_MAP
static const char *const type_names[EM_TYPE_COUNT] = {"zero",  "int16",   "bcd16", "bcd32", "hex16",
                                                      "hex32", "float32", "ascii", "ct"};
static const char *const unit_names[EM_UNIT_COUNT] = {"",    "V",   "A",     "Hz", "kW", "kvar",
                                                      "kVA", "kWh", "kvarh", "s",  "ms", "imp/kWh"};
static const char *const access_names[] = {"R", "RW06", "RW10"};

START_TEST(table_is_the_register_map)
{
    FILE *file = fopen(UNIT_REGISTER_MAP, "r");
    char line[512];
    size_t k = 0;

    ck_assert_ptr_nonnull(file);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, file)); /* the heading */
    ck_assert_int_eq(strncmp(line, "address,registers,name,type,unit,access", 39), 0);
    for (; fgets(line, sizeof line, file); k++) {
        const struct em_register *row = &em_registers[k];
        char want[512];
        int length;

        ck_assert_msg(k < em_register_count, "not in the table: %s", line);
        length = snprintf(want, sizeof want, "0x%04X,%d,%s,%s,%s,%s,", row->address, row->words,
                          row->name                ? row->name
                          : row->address >= 0x5000 ? "not_in_use"
                                                   : "reserved",
                          type_names[row->type], unit_names[row->unit], access_names[row->access]);
        ck_assert_msg(strncmp(line, want, (size_t)length) == 0, "table \"%s\", map \"%.*s\"", want, length, line);
    }
    fclose(file);
    ck_assert_uint_eq(k, em_register_count);
}
END_TEST
#endif

/* --- reading --- */

START_TEST(every_span_reads_the_same_words)
{
    uint16_t image[256], got[EM_READ_MAX + 2];

    make_all_different();
    for (int b = 0; b < EM_REGISTER_BLOCK_COUNT; b++) {
        uint16_t first = em_register_blocks[b].first;
        uint32_t size = (uint32_t)em_register_blocks[b].last - first + 1;

        /* The image comes row by row from em_register_encode. */
        memset(image, 0, sizeof image);
        for (size_t k = 0; k < em_register_count; k++)
            if (em_registers[k].address >= first && em_registers[k].address < first + size)
                em_register_encode(m, &em_registers[k], &image[em_registers[k].address - first]);
        for (uint32_t start = 0; start < size; start++) {
            for (uint32_t n = 1; n <= EM_READ_MAX && start + n <= size; n++) {
                uint16_t address = (uint16_t)(first + start);

                memset(got, 0xA5, sizeof got);
                UNIT_CHECK(em_registers_read(m, address, (uint16_t)n, got) == EM_EXCEPTION_NONE, "%04X, %u", address,
                           n);
                UNIT_CHECK(memcmp(got, image + start, n * sizeof *got) == 0, "%04X, %u: other words", address, n);
                UNIT_CHECK(got[n] == 0xA5A5, "%04X, %u: writes behind its end", address, n);
            }
        }
    }
}
END_TEST

START_TEST(bad_reads_get_their_exception)
{
    static const struct {
        uint16_t address, count;
        enum em_exception want;
    } rows[] = {
        {0x4000, 0, EM_EXCEPTION_ILLEGAL_VALUE},
        {0x6000, 126, EM_EXCEPTION_ILLEGAL_VALUE},
        {0x6000, 65535, EM_EXCEPTION_ILLEGAL_VALUE},
        {0x0000, 0, EM_EXCEPTION_ILLEGAL_VALUE},
        {0x6000, 125, EM_EXCEPTION_NONE},
        {0x3FFF, 1, EM_EXCEPTION_ILLEGAL_ADDRESS},
        {0x3FFF, 2, EM_EXCEPTION_ILLEGAL_ADDRESS},
        {0x4034, 1, EM_EXCEPTION_NONE},
        {0x4034, 2, EM_EXCEPTION_ILLEGAL_ADDRESS},
        {0x4035, 1, EM_EXCEPTION_ILLEGAL_ADDRESS},
        {0x4000, 53, EM_EXCEPTION_NONE},
        {0x4000, 54, EM_EXCEPTION_ILLEGAL_ADDRESS},
        {0x4FFF, 1, EM_EXCEPTION_ILLEGAL_ADDRESS},
        {0x5037, 1, EM_EXCEPTION_NONE},
        {0x5037, 2, EM_EXCEPTION_ILLEGAL_ADDRESS},
        {0x5038, 1, EM_EXCEPTION_ILLEGAL_ADDRESS},
        {0x6090, 1, EM_EXCEPTION_NONE},
        {0x6091, 1, EM_EXCEPTION_ILLEGAL_ADDRESS},
        {0x6090, 2, EM_EXCEPTION_ILLEGAL_ADDRESS},
        {0x6080, 125, EM_EXCEPTION_ILLEGAL_ADDRESS}, /* into 6100 */
        {0x619F, 1, EM_EXCEPTION_NONE},
        {0x61A0, 1, EM_EXCEPTION_ILLEGAL_ADDRESS},
        {0x619F, 2, EM_EXCEPTION_ILLEGAL_ADDRESS},
        {0x62FF, 2, EM_EXCEPTION_ILLEGAL_ADDRESS},
        {0x639F, 1, EM_EXCEPTION_NONE},
        {0x639F, 2, EM_EXCEPTION_ILLEGAL_ADDRESS},
        {0x63A0, 1, EM_EXCEPTION_ILLEGAL_ADDRESS},
        {0xFFFF, 1, EM_EXCEPTION_ILLEGAL_ADDRESS},
        {0xFFFF, 125, EM_EXCEPTION_ILLEGAL_ADDRESS},
        {0x0000, 1, EM_EXCEPTION_ILLEGAL_ADDRESS},
    };
    uint16_t out[EM_READ_MAX];

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++)
        ck_assert_msg(em_registers_read(m, rows[k].address, rows[k].count, out) == rows[k].want, "%04X, %d",
                      rows[k].address, rows[k].count);
}
END_TEST

START_TEST(what_the_map_does_not_name_reads_zero)
{
    static const uint16_t rows[][2] = {
        {0x4025, 0x4025}, {0x4027, 0x402A}, {0x402B, 0x4031}, {0x5000, 0x5001}, {0x500A, 0x500B}};

    make_all_different();
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++)
        for (uint16_t address = rows[k][0]; address <= rows[k][1]; address++)
            ck_assert_msg(read_u16(address) == 0, "%04X", address);
}
END_TEST

START_TEST(identity_and_defaults)
{
    static const struct {
        uint16_t address, words;
        uint32_t want;
    } rows[] = {
        {0x4000, 2, 0x19020246}, {0x4002, 1, 0x1113},     {0x4003, 1, 1},          {0x4004, 1, 6},
        {0x400B, 1, 5},          {0x400C, 1, 0x0005},     {0x400F, 1, 1},          {0x4010, 1, 0x0010},
        {0x4011, 1, 1},          {0x4012, 1, 'F'},        {0x4015, 1, 0},          {0x4016, 1, 0},
        {0x4017, 1, 1},          {0x401F, 2, 0x00050005}, {0x4021, 1, 0x0030},     {0x4022, 1, 1},
        {0x400D, 2, 0x447A0000}, /* 1000 */
        {0x4026, 1, 1},          {0x4032, 1, 0},          {0x4033, 1, 0},          {0x4034, 1, 1},
        {0x6048, 1, 1},          {0x6049, 2, 0},          {0x502A, 2, 0x3F800000},
    };

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        uint32_t got = rows[k].words == 2 ? read_u32(rows[k].address) : read_u16(rows[k].address);

        ck_assert_msg(got == rows[k].want, "%04X is %X, want %X", rows[k].address, got, rows[k].want);
    }
    ck_assert_uint_ne(read_u32(0x401B), 0);
    ck_assert_uint_ne(read_u32(0x401B), read_u32(0x4023));
    ck_assert_int_eq((int)read_float(0x4007), 1); /* the M-Bus version byte */
}
END_TEST

/* The energy that a register's name asks for. */
static em_energy_id energy_of(const char *name)
{
    unsigned set = EM_SET_MAIN, part = EM_PART_TOTAL, scope = EM_ALL;
    unsigned kind = strstr(name, "reactive") ? EM_REACTIVE : EM_ACTIVE;

    if (strstr(name, "resettable_day_counter"))
        set = EM_SET_TRIP;
    if (strncmp(name, "ct", 2) == 0) {
        set = EM_SET_CT0 + (unsigned)(name[2] - '0');
        name += 4;
    }
    if (name[0] == 't' && name[2] == '_')
        scope = EM_T1 + (unsigned)(name[1] - '1');
    if (name[0] == 'l' && name[2] == '_')
        scope = EM_L1 + (unsigned)(name[1] - '1');
    if (strstr(name, "forward_"))
        part = EM_PART_FORWARD;
    if (strstr(name, "reverse_"))
        part = EM_PART_REVERSE;
    for (unsigned quadrant = 1; quadrant <= 4; quadrant++) {
        char text[] = {'q', (char)('0' + quadrant), '_', 0};

        if (strstr(name, text))
            part = EM_PART_Q1 + quadrant - 1;
    }
    return EM_ENERGY(set, kind, part, scope);
}

START_TEST(energy_registers_read_what_their_names_say)
{
    int rows = 0;

    make_all_different();
    for (int code = 1; code <= 5; code++) {
        m->settings.value[EM_SETTING_COMBINATION_CODE] = code;
        for (size_t k = 0; k < em_register_count; k++) {
            const struct em_register *row = &em_registers[k];
            int32_t wh;

            if (!row->name || row->address < 0x6000 || row->address == 0x6048)
                continue;
            wh = em_energy_get(&m->energy, energy_of(row->name), (enum em_combination)code);
            ck_assert_msg(wh != 0 || strstr(row->name, "total"), "%s has nothing to tell it by", row->name);
            ck_assert_msg(read_float(row->address) == (float)(wh / 1000.0L), "%s reads %g, counter %d Wh", row->name,
                          (double)read_float(row->address), wh);
            ck_assert_msg(em_register_value(m, row) == wh && em_register_divisor(row) == 1000, "%s", row->name);
            rows++;
        }
    }
    ck_assert_int_eq(rows, 5 * (1 + 71 + 160)); /* trip total; the rest of 6000..6090; the history */
}
END_TEST

START_TEST(quantity_registers_read_what_their_names_say)
{
    static const char *const phase[] = {"l1_", "l2_", "l3_"};
    static const struct {
        const char *name;
        size_t at; /* of L1 in em_quantities */
        bool total;
        double scale;
    } rows[] = {
        {"voltage", offsetof(struct em_quantities, u_uv), false, 1e6},
        {"current", offsetof(struct em_quantities, i_ua), false, 1e6},
        {"active_power", offsetof(struct em_quantities, p_uw), true, 1e9},
        {"reactive_power", offsetof(struct em_quantities, q_uvar), true, 1e9},
        {"apparent_power", offsetof(struct em_quantities, s_uva), true, 1e9},
        {"power_factor", offsetof(struct em_quantities, pf_ppm), true, 1e6},
    };
    static const char *const line[] = {"l1_l2_voltage", "l1_l3_voltage", "l2_l3_voltage"};

    make_all_different();
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        for (int p = 0; p < (rows[k].total ? EM_PHASES_AND_TOTAL : EM_PHASE_COUNT); p++) {
            char name[64];
            int64_t value;

            snprintf(name, sizeof name, "%s%s",
                     p < EM_PHASE_COUNT     ? phase[p]
                     : rows[k].scale == 1e6 ? ""
                                            : "total_",
                     rows[k].name);
            memcpy(&value, (const char *)&m->quantities + rows[k].at + (size_t)p * sizeof value, sizeof value);
            UNIT_NEAR(name, read_float(row_named(name)->address), (double)value / rows[k].scale,
                      fabs((double)value / rows[k].scale) * 1e-7);
        }
    }
    for (int k = 0; k < EM_PHASE_COUNT; k++)
        UNIT_NEAR(line[k], read_float(row_named(line[k])->address), 400.25 + k, 1e-4);
    UNIT_NEAR("frequency", read_float(0x5008), 50.123, 1e-5);
    for (uint16_t p = 0; p < EM_PHASE_COUNT; p++) {
        ck_assert_uint_eq(read_u16(0x4012 + p), p & 1 ? 'R' : 'F');
        ck_assert_uint_eq(read_u16(0x4018 + p), p + 1);
    }
    ck_assert_uint_eq(read_u16(0x4017), 4);
}
END_TEST

START_TEST(measured_values_reach_the_registers)
{
    unit_feed(&rig, 1);
    UNIT_NEAR("U1", read_float(0x5002), 230, 0.05);
    UNIT_NEAR("f", read_float(0x5008), 50, 0.001);
    UNIT_NEAR("I3", read_float(0x5010), 2, 0.001);
    UNIT_NEAR("P", read_float(0x5012), 1.38 * cos(M_PI / 6), 0.0005);
    UNIT_NEAR("Q", read_float(0x501A), 0.69, 0.0005);
    UNIT_NEAR("S", read_float(0x5022), 1.38, 0.0005);
    UNIT_NEAR("PF", read_float(0x502A), cos(M_PI / 6), 0.0002);
    UNIT_NEAR("U12", read_float(0x5032), 230 * sqrt(3), 0.1);
}
END_TEST

START_TEST(data_type_2_gives_thousandths)
{
    static const struct {
        uint16_t address;
        int32_t want;
    } known[] = {
        {0x5002, 230500}, {0x5008, 50123}, {0x500C, -1250},   {0x5014, -5000}, {0x5018, -7000},
        {0x5022, 12000},  {0x502A, 930},   {0x400D, 1000000}, {0x4007, 1000},
    };

    make_all_different();
    m->settings.value[EM_SETTING_COMBINATION_CODE] = EM_C02_REVERSE; /* negative totals, too */
    for (size_t k = 0; k < em_register_count; k++) {
        const struct em_register *row = &em_registers[k];
        uint16_t plain[4] = {0}, integer[4] = {0};
        int64_t value = em_register_value(m, row);
        int64_t divisor = (int64_t)em_register_divisor(row), twice;
        int32_t got;

        m->settings.value[EM_SETTING_DATA_TYPE] = EM_DATA_FLOAT;
        em_register_encode(m, row, plain);
        m->settings.value[EM_SETTING_DATA_TYPE] = EM_DATA_INTEGER;
        em_register_encode(m, row, integer);
        if (row->type != EM_TYPE_FLOAT32) {
            if (row->address != 0x4026)
                ck_assert_msg(memcmp(plain, integer, sizeof plain) == 0, "%04X changes with the type", row->address);
            continue;
        }
        got = (int32_t)((uint32_t)integer[0] << 16 | integer[1]);
        twice = 2 * (got * divisor - value * 1000); /* within half a thousandth */
        ck_assert_msg(llabs(twice) <= divisor, "%s reads %d", row->name, got);
    }
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
        ck_assert_msg((int32_t)read_u32(known[k].address) == known[k].want, "%04X is %d", known[k].address,
                      (int32_t)read_u32(known[k].address));
}
END_TEST

START_TEST(decode_is_the_inverse_of_encode)
{
    make_all_different();
    m->settings.value[EM_SETTING_CT_RATIO] = EM_CT_RATIO(1234, 1);
    m->settings.value[EM_SETTING_PULSE_WIDTH] = 99;
    for (size_t k = 0; k < em_register_count; k++) {
        const struct em_register *row = &em_registers[k];
        uint16_t words[4] = {0};
        int64_t value = -1;

        if (!row->name)
            continue;
        em_register_encode(m, row, words);
        ck_assert_msg(em_register_decode(row, words, &value) == EM_OK, "%s", row->name);
        if (row->type == EM_TYPE_FLOAT32)
            ck_assert_msg(value == ((int64_t)words[0] << 16 | words[1]), "%s", row->name);
        else
            ck_assert_msg(value == em_register_value(m, row), "%s is %lld", row->name, (long long)value);
    }
}
END_TEST

/* --- writing --- */

struct write {
    uint8_t function;
    uint16_t address, count;
    uint16_t words[6];
};

static enum em_exception do_write(const struct write *w)
{
    return em_registers_write(m, w->function, w->address, w->count, w->words);
}

static const char *text(const struct write *w)
{
    static char line[80];

    snprintf(line, sizeof line, "%02X %04X n %d: %04X %04X %04X %04X", w->function, w->address, w->count, w->words[0],
             w->words[1], w->words[2], w->words[3]);
    return line;
}

/* The examples of the manual's A2.3, and more good values. */
static const struct {
    struct write write;
    enum em_setting setting; /* EM_SETTING_COUNT: the trip counter */
    int32_t want;
} good[] = {
    {{0x06, 0x4003, 1, {0x000A}}, EM_SETTING_MODBUS_ID, 10},
    {{0x06, 0x4004, 1, {0x0006}}, EM_SETTING_MODBUS_BAUD, 6},
    {{0x10, 0x400D, 2, {0x4120, 0x0000}}, EM_SETTING_S0_RATE, 1000},
    {{0x06, 0x400F, 1, {0x0004}}, EM_SETTING_COMBINATION_CODE, 4},
    {{0x06, 0x4010, 1, {0x0025}}, EM_SETTING_LCD_CYCLE_TIME, 25},
    {{0x06, 0x4011, 1, {0x0002}}, EM_SETTING_MODBUS_PARITY, EM_PARITY_NONE},
    {{0x06, 0x4016, 1, {0x0000}}, EM_SETTING_POWER_DOWN_COUNTER, 0},
    {{0x06, 0x6048, 1, {0x0002}}, EM_SETTING_TARIFF, 2},
    {{0x10, 0x6049, 2, {0x0000, 0x0000}}, EM_SETTING_COUNT, 0},
    {{0x10, 0x401F, 2, {0x9995, 0x0005}}, EM_SETTING_CT_RATIO, EM_CT_RATIO(9995, 5)},
    {{0x06, 0x4021, 1, {0x0030}}, EM_SETTING_PULSE_WIDTH, 30},
    {{0x06, 0x4022, 1, {0x0002}}, EM_SETTING_PULSE_TYPE, 2},
    {{0x06, 0x4026, 1, {0x0002}}, EM_SETTING_DATA_TYPE, EM_DATA_INTEGER},
    {{0x06, 0x4032, 1, {0x0001}}, EM_SETTING_SCREEN_DIRECTION, 1},
    {{0x06, 0x4033, 1, {0x0001}}, EM_SETTING_OBIS_CODE_DISPLAY, 1},
    /* ends of ranges */
    {{0x06, 0x4003, 1, {247}}, EM_SETTING_MODBUS_ID, 247},
    {{0x06, 0x4003, 1, {1}}, EM_SETTING_MODBUS_ID, 1},
    {{0x06, 0x4004, 1, {10}}, EM_SETTING_MODBUS_BAUD, 10},
    {{0x06, 0x4004, 1, {1}}, EM_SETTING_MODBUS_BAUD, 1},
    {{0x06, 0x400F, 1, {5}}, EM_SETTING_COMBINATION_CODE, EM_C05_NETTED},
    {{0x06, 0x4010, 1, {0x0001}}, EM_SETTING_LCD_CYCLE_TIME, 1},
    {{0x06, 0x4010, 1, {0x0030}}, EM_SETTING_LCD_CYCLE_TIME, 30},
    {{0x06, 0x4011, 1, {3}}, EM_SETTING_MODBUS_PARITY, EM_PARITY_ODD},
    {{0x06, 0x6048, 1, {4}}, EM_SETTING_TARIFF, 4},
    {{0x10, 0x401F, 2, {0x9999, 0x0001}}, EM_SETTING_CT_RATIO, EM_CT_RATIO(9999, 1)},
    {{0x10, 0x401F, 2, {0x0001, 0x0001}}, EM_SETTING_CT_RATIO, EM_CT_RATIO(1, 1)},
    {{0x06, 0x4021, 1, {0x0002}}, EM_SETTING_PULSE_WIDTH, 2},
    {{0x06, 0x4021, 1, {0x0099}}, EM_SETTING_PULSE_WIDTH, 99},
    /* all eight pulse rates */
    {{0x10, 0x400D, 2, {0x461C, 0x4000}}, EM_SETTING_S0_RATE, 1000000},
    {{0x10, 0x400D, 2, {0x44FA, 0x0000}}, EM_SETTING_S0_RATE, 200000},
    {{0x10, 0x400D, 2, {0x447A, 0x0000}}, EM_SETTING_S0_RATE, 100000},
    {{0x10, 0x400D, 2, {0x42C8, 0x0000}}, EM_SETTING_S0_RATE, 10000},
    {{0x10, 0x400D, 2, {0x3F80, 0x0000}}, EM_SETTING_S0_RATE, 100},
    {{0x10, 0x400D, 2, {0x3DCC, 0xCCCD}}, EM_SETTING_S0_RATE, 10},
    {{0x10, 0x400D, 2, {0x3C23, 0xD70A}}, EM_SETTING_S0_RATE, 1},
};

static void check_good(size_t k, uint8_t function)
{
    struct write w = good[k].write;
    uint16_t back[2] = {0};

    setup();
    m->settings.value[EM_SETTING_POWER_DOWN_COUNTER] = 3;
    m->energy.trip_wh[EM_TOTAL] = m->energy.trip_wh[0] = 4711;
    w.function = function;
    ck_assert_msg(do_write(&w) == EM_EXCEPTION_NONE, "%s", text(&w));
    if (good[k].setting == EM_SETTING_COUNT)
        ck_assert_msg(m->energy.trip_wh[EM_TOTAL] == 0 && m->energy.trip_wh[0] == 0, "%s", text(&w));
    else
        ck_assert_msg(m->settings.value[good[k].setting] == good[k].want, "%s sets %d", text(&w),
                      m->settings.value[good[k].setting]);
    ck_assert_int_eq(em_registers_read(m, w.address, w.count, back), EM_EXCEPTION_NONE);
    ck_assert_msg(memcmp(back, w.words, w.count * sizeof *back) == 0, "%s reads back %04X %04X", text(&w), back[0],
                  back[1]);
}

START_TEST(good_values_are_written_and_read_back)
{
    for (size_t k = 0; k < sizeof good / sizeof good[0]; k++) {
        check_good(k, good[k].write.function);
        check_good(k, 0x10); /* single ones also with function 10 */
    }
}
END_TEST

static const struct {
    struct write write;
    enum em_exception want;
} bad[] = {
    /* out of range */
    {{0x06, 0x4003, 1, {0}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x06, 0x4003, 1, {248}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x06, 0x4003, 1, {0xFFFF}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x06, 0x4003, 1, {0x010A}}, EM_EXCEPTION_ILLEGAL_VALUE}, /* the high byte counts, too */
    {{0x06, 0x6048, 1, {0x0102}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x06, 0x4004, 1, {0}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x06, 0x4004, 1, {11}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x10, 0x400D, 2, {0x40A0, 0x0000}}, EM_EXCEPTION_ILLEGAL_VALUE}, /* 5 imp/kWh */
    {{0x10, 0x400D, 2, {0x0000, 0x0000}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x10, 0x400D, 2, {0xC120, 0x0000}}, EM_EXCEPTION_ILLEGAL_VALUE}, /* -10 */
    {{0x10, 0x400D, 2, {0x7FC0, 0x0000}}, EM_EXCEPTION_ILLEGAL_VALUE}, /* no number */
    {{0x10, 0x400D, 2, {0x0000, 0x2710}}, EM_EXCEPTION_ILLEGAL_VALUE}, /* an integer while the type is float */
    {{0x06, 0x400F, 1, {0}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x06, 0x400F, 1, {6}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x06, 0x4010, 1, {0x0000}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x06, 0x4010, 1, {0x0031}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x06, 0x4011, 1, {0}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x06, 0x4011, 1, {4}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x06, 0x4016, 1, {1}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x06, 0x4016, 1, {0xFFFF}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x06, 0x6048, 1, {0}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x06, 0x6048, 1, {5}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x10, 0x6049, 2, {0x3F80, 0x0000}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x10, 0x6049, 2, {0x0000, 0x0001}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x10, 0x401F, 2, {0x0000, 0x0005}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x10, 0x401F, 2, {0x0000, 0x0000}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x10, 0x401F, 2, {0x0100, 0x0002}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x10, 0x401F, 2, {0x0004, 0x0005}}, EM_EXCEPTION_ILLEGAL_VALUE}, /* primary below secondary */
    {{0x10, 0x401F, 2, {0x0100, 0x0015}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x10, 0x401F, 2, {0x0100, 0x0021}}, EM_EXCEPTION_ILLEGAL_VALUE}, /* 21 must not wrap to 5 */
    {{0x06, 0x4021, 1, {0x0001}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x06, 0x4021, 1, {0x0100}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x06, 0x4022, 1, {0}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x06, 0x4022, 1, {3}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x06, 0x4026, 1, {0}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x06, 0x4026, 1, {3}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x06, 0x4032, 1, {2}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x06, 0x4033, 1, {2}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x06, 0x4033, 1, {0xFFFF}}, EM_EXCEPTION_ILLEGAL_VALUE},
    /* digits that are no BCD */
    {{0x06, 0x4010, 1, {0x000A}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x06, 0x4010, 1, {0xA001}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x06, 0x4021, 1, {0x001E}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x10, 0x401F, 2, {0x999A, 0x0005}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x10, 0x401F, 2, {0xF100, 0x0005}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x10, 0x401F, 2, {0x0100, 0x000F}}, EM_EXCEPTION_ILLEGAL_VALUE},
    /* function 06 can not write a value of two registers */
    {{0x06, 0x400D, 1, {0x4120}}, EM_EXCEPTION_ILLEGAL_ADDRESS},
    {{0x06, 0x400E, 1, {0x0000}}, EM_EXCEPTION_ILLEGAL_ADDRESS},
    {{0x06, 0x401F, 1, {0x9995}}, EM_EXCEPTION_ILLEGAL_ADDRESS},
    {{0x06, 0x4020, 1, {0x0005}}, EM_EXCEPTION_ILLEGAL_ADDRESS},
    {{0x06, 0x6049, 1, {0x0000}}, EM_EXCEPTION_ILLEGAL_ADDRESS},
    {{0x06, 0x604A, 1, {0x0000}}, EM_EXCEPTION_ILLEGAL_ADDRESS},
    /* half a value */
    {{0x10, 0x400D, 1, {0x4120}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x10, 0x400E, 1, {0x0000}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x10, 0x400E, 2, {0x0000, 0x0004}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x10, 0x400E, 2, {0x4120, 0x0000}}, EM_EXCEPTION_ILLEGAL_VALUE}, /* good words, one place too far */
    {{0x10, 0x4020, 2, {0x9995, 0x0005}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x10, 0x604A, 2, {0x0000, 0x0000}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x10, 0x401F, 1, {0x9995}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x10, 0x4020, 2, {0x0005, 0x0030}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x10, 0x6048, 2, {0x0002, 0x0000}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x10, 0x604A, 1, {0x0000}}, EM_EXCEPTION_ILLEGAL_VALUE},
    /* counts */
    {{0x10, 0x4002, 0, {0}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x10, 0x4002, 124, {0}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x10, 0x4002, 65535, {0}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x10, 0x4002, 123, {0}}, EM_EXCEPTION_ILLEGAL_ADDRESS},
    /* runs into what can not be written */
    {{0x10, 0x4004, 3, {6, 0, 0}}, EM_EXCEPTION_ILLEGAL_ADDRESS},
    {{0x10, 0x4033, 2, {1, 1}}, EM_EXCEPTION_ILLEGAL_ADDRESS},
    {{0x10, 0x4026, 2, {1, 0}}, EM_EXCEPTION_ILLEGAL_ADDRESS},
    {{0x10, 0x6049, 4, {0, 0, 0, 0}}, EM_EXCEPTION_ILLEGAL_ADDRESS},
    {{0x10, 0xFFFF, 2, {0, 0}}, EM_EXCEPTION_ILLEGAL_ADDRESS},
    /* nothing there */
    {{0x06, 0x3FFF, 1, {0}}, EM_EXCEPTION_ILLEGAL_ADDRESS},
    {{0x06, 0x402B, 1, {0}}, EM_EXCEPTION_ILLEGAL_ADDRESS},
    {{0x10, 0x4035, 1, {0}}, EM_EXCEPTION_ILLEGAL_ADDRESS},
    /* several: one bad spoils all */
    {{0x10, 0x4003, 2, {10, 11}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x10, 0x4003, 2, {0, 7}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x10, 0x400F, 3, {4, 0x0025, 9}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x10, 0x400F, 4, {4, 0x0025, 2, 'F'}}, EM_EXCEPTION_ILLEGAL_ADDRESS},
    {{0x10, 0x401F, 4, {0x9995, 0x0005, 0x0040, 3}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x10, 0x401F, 4, {0x9995, 0x0005, 0x004A, 2}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x10, 0x6048, 3, {3, 0x3F80, 0}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x10, 0x6048, 3, {9, 0, 0}}, EM_EXCEPTION_ILLEGAL_VALUE},
    {{0x10, 0x400D, 3, {0x4120, 0x0000, 6}}, EM_EXCEPTION_ILLEGAL_VALUE},
};

START_TEST(bad_writes_are_refused_and_change_nothing)
{
    static struct em_meter before;

    m->energy.trip_wh[EM_TOTAL] = 4711;
    m->settings.value[EM_SETTING_POWER_DOWN_COUNTER] = 3;
    before = *m;
    for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
        enum em_exception got = do_write(&bad[k].write);

        ck_assert_msg(got == bad[k].want, "%s gives %d, want %d", text(&bad[k].write), (int)got, (int)bad[k].want);
        ck_assert_msg(memcmp(&before, m, sizeof before) == 0, "%s changes something", text(&bad[k].write));
    }
}
END_TEST

START_TEST(read_only_registers_refuse_every_write)
{
    static const uint16_t zeros[4];
    static struct em_meter before;
    int refused = 0;

    make_all_different();
    before = *m;
    for (uint32_t address = 0; address <= UINT16_MAX; address++) {
        const struct em_register *row = em_register_by_address((uint16_t)address);

        if (row && row->access != EM_READ)
            continue;
        UNIT_CHECK(em_registers_write(m, 0x06, (uint16_t)address, 1, zeros) == EM_EXCEPTION_ILLEGAL_ADDRESS, "06 %04X",
                   address);
        UNIT_CHECK(em_registers_write(m, 0x10, (uint16_t)address, 1, zeros) == EM_EXCEPTION_ILLEGAL_ADDRESS, "10 %04X",
                   address);
        if (row)
            UNIT_CHECK(em_registers_write(m, 0x10, (uint16_t)address, row->words, zeros) ==
                           EM_EXCEPTION_ILLEGAL_ADDRESS,
                       "10 %04X", address);
        refused++;
    }
    ck_assert_int_eq(refused, 65536 - 12 - 3 * 2); /* twelve settings of one register and three of two */
    ck_assert_mem_eq(&before, m, sizeof before);
}
END_TEST

START_TEST(several_settings_are_written_at_once)
{
    static const struct {
        struct write write;
        struct {
            enum em_setting setting;
            int32_t want;
        } then[3];
    } rows[] = {
        {{0x10, 0x4003, 2, {10, 7}}, {{EM_SETTING_MODBUS_ID, 10}, {EM_SETTING_MODBUS_BAUD, 7}, {0, 19020246}}},
        {{0x10, 0x400D, 5, {0x4120, 0x0000, 3, 0x0025, 2}},
         {{EM_SETTING_S0_RATE, 1000}, {EM_SETTING_COMBINATION_CODE, 3}, {EM_SETTING_MODBUS_PARITY, 2}}},
        {{0x10, 0x401F, 4, {0x9995, 0x0005, 0x0040, 2}},
         {{EM_SETTING_CT_RATIO, EM_CT_RATIO(9995, 5)}, {EM_SETTING_PULSE_WIDTH, 40}, {EM_SETTING_PULSE_TYPE, 2}}},
        {{0x10, 0x4032, 2, {1, 1}},
         {{EM_SETTING_SCREEN_DIRECTION, 1}, {EM_SETTING_OBIS_CODE_DISPLAY, 1}, {0, 19020246}}},
        {{0x10, 0x6048, 3, {3, 0, 0}},
         {{EM_SETTING_TARIFF, 3}, {EM_SETTING_T3_T4_USED, 1}, {EM_SETTING_SERIAL_NUMBER, 19020246}}},
    };

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        setup();
        m->energy.trip_wh[EM_TOTAL] = 4711;
        ck_assert_msg(do_write(&rows[k].write) == EM_EXCEPTION_NONE, "%s", text(&rows[k].write));
        for (int n = 0; n < 3; n++)
            ck_assert_msg(m->settings.value[rows[k].then[n].setting] == rows[k].then[n].want, "%s: setting %d is %d",
                          text(&rows[k].write), (int)rows[k].then[n].setting,
                          m->settings.value[rows[k].then[n].setting]);
        ck_assert_msg((m->energy.trip_wh[EM_TOTAL] == 0) == (rows[k].write.address == 0x6048), "%s: trip counter",
                      text(&rows[k].write));
    }
}
END_TEST

START_TEST(c05_stays_locked_over_the_line)
{
    struct write w = {0x06, 0x400F, 1, {5}};

    ck_assert_int_eq(do_write(&w), EM_EXCEPTION_NONE);
    for (w.words[0] = 1; w.words[0] <= 4; w.words[0]++) {
        w.function = 0x06;
        ck_assert_int_eq(do_write(&w), EM_EXCEPTION_ILLEGAL_VALUE);
        w.function = 0x10;
        ck_assert_int_eq(do_write(&w), EM_EXCEPTION_ILLEGAL_VALUE);
    }
    ck_assert_uint_eq(read_u16(0x400F), 5);
    ck_assert_int_eq(do_write(&w), EM_EXCEPTION_NONE); /* to what it is */
    /* the lock holds a whole write back */
    w = (struct write){0x10, 0x400F, 2, {1, 0x0025}};
    ck_assert_int_eq(do_write(&w), EM_EXCEPTION_ILLEGAL_VALUE);
    ck_assert_uint_eq(read_u16(0x4010), 0x0010);
}
END_TEST

START_TEST(the_eighth_ct_ratio_is_refused_over_the_line)
{
    struct write w = {0x10, 0x401F, 2, {0, 5}};

    for (uint16_t k = 1; k <= EM_CT_CHANGES_MAX; k++) {
        w.words[0] = k << 8; /* BCD 100 k */
        ck_assert_int_eq(do_write(&w), EM_EXCEPTION_NONE);
        ck_assert_int_eq(do_write(&w), EM_EXCEPTION_NONE); /* the same again is no change */
        ck_assert_uint_eq(read_u16(0x400C), k << 8);
    }
    w.words[0] = 0x0800;
    ck_assert_int_eq(do_write(&w), EM_EXCEPTION_ILLEGAL_VALUE);
    ck_assert_uint_eq(read_u32(0x401F), 0x07000005);
}
END_TEST

START_TEST(s0_rate_is_written_in_thousandths_under_data_type_2)
{
    static const uint32_t rates[EM_S0_RATE_COUNT] = {10000000, 2000000, 1000000, 100000, 10000, 1000, 100, 10};

    m->settings.value[EM_SETTING_DATA_TYPE] = EM_DATA_INTEGER;
    for (int k = 0; k < EM_S0_RATE_COUNT; k++) {
        struct write w = {0x10, 0x400D, 2, {(uint16_t)(rates[k] >> 16), (uint16_t)rates[k]}};

        ck_assert_msg(do_write(&w) == EM_EXCEPTION_NONE, "%s", text(&w));
        ck_assert_int_eq(m->settings.value[EM_SETTING_S0_RATE], em_s0_rates[k]);
        ck_assert_uint_eq(read_u32(0x400D), rates[k]);
        w.words[1]++;
        ck_assert_msg(do_write(&w) == EM_EXCEPTION_ILLEGAL_VALUE, "%s", text(&w));
    }
    ck_assert_int_eq(do_write(&(struct write){0x10, 0x400D, 2, {0x4120, 0}}), EM_EXCEPTION_ILLEGAL_VALUE);
}
END_TEST

START_TEST(line_settings_act_only_after_the_reply)
{
    ck_assert_int_eq(do_write(&(struct write){0x10, 0x4003, 2, {10, 7}}), EM_EXCEPTION_NONE);
    ck_assert_int_eq(do_write(&(struct write){0x06, 0x4011, 1, {2}}), EM_EXCEPTION_NONE);
    ck_assert_uint_eq(read_u16(0x4003), 10);
    ck_assert_uint_eq(m->modbus.id, 1);
    ck_assert_uint_eq(m->modbus.baud, 9600);
    ck_assert_int_eq(m->modbus.parity, EM_PARITY_EVEN);
    em_meter_reply_sent(m);
    ck_assert_uint_eq(m->modbus.id, 10);
    ck_assert_uint_eq(m->modbus.baud, 19200);
    ck_assert_int_eq(m->modbus.parity, EM_PARITY_NONE);
}
END_TEST

START_TEST(ct_ratio_changes_primary_values_at_once)
{
    unit_feed(&rig, 1);
    UNIT_NEAR("5/5", read_float(0x500C), 2, 0.001);
    ck_assert_int_eq(do_write(&(struct write){0x10, 0x401F, 2, {0x0100, 0x0005}}), EM_EXCEPTION_NONE);
    UNIT_NEAR("100/5", read_float(0x500C), 40, 0.02);
    UNIT_NEAR("100/5", read_float(0x5002), 230, 0.05);
    ck_assert_uint_eq(read_u16(0x400C), 0x0100);
    ck_assert_uint_eq(read_u16(0x400B), 5);
}
END_TEST

/* --- settings --- */

START_TEST(baud_codes_are_the_manuals)
{
    static const uint32_t rates[] = {300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200};

    for (int32_t code = 1; code <= 10; code++) {
        ck_assert_uint_eq(em_baud_rate(code), rates[code - 1]);
        ck_assert_int_eq(em_baud_code(rates[code - 1]), code);
    }
    ck_assert_uint_eq(em_baud_rate(0), 0);
    ck_assert_uint_eq(em_baud_rate(11), 0);
    ck_assert_uint_eq(em_baud_rate(-1), 0);
    ck_assert_int_eq(em_baud_code(0), 0);
    ck_assert_int_eq(em_baud_code(48700), 0);
}
END_TEST

START_TEST(settings_know_their_ranges)
{
    static const struct {
        enum em_setting setting;
        int32_t min, max;
    } rows[] = {
        {EM_SETTING_SERIAL_NUMBER, 0, 99999999},
        {EM_SETTING_MODBUS_ID, 1, 247},
        {EM_SETTING_MODBUS_BAUD, 1, 10},
        {EM_SETTING_MODBUS_PARITY, 1, 3},
        {EM_SETTING_S0_RATE, 1, 1000000},
        {EM_SETTING_COMBINATION_CODE, 1, 5},
        {EM_SETTING_LCD_CYCLE_TIME, 1, 30},
        {EM_SETTING_POWER_DOWN_COUNTER, 0, 32767},
        {EM_SETTING_TARIFF, 1, 4},
        {EM_SETTING_CT_RATIO, EM_CT_RATIO(1, 1), EM_CT_RATIO(9999, 5)},
        {EM_SETTING_PULSE_WIDTH, 2, 99},
        {EM_SETTING_PULSE_TYPE, 1, 2},
        {EM_SETTING_DATA_TYPE, 1, 2},
        {EM_SETTING_SCREEN_DIRECTION, 0, 1},
        {EM_SETTING_OBIS_CODE_DISPLAY, 0, 1},
        {EM_SETTING_BACKLIGHT, 1, 3},
        {EM_SETTING_MBUS_ADDRESS, 0, 250},
        {EM_SETTING_MBUS_ID, 0, 99999999},
        {EM_SETTING_MBUS_BAUD, 1, 6},
        {EM_SETTING_PASSWORD, 0, 9999},
        {EM_SETTING_T3_T4_USED, 0, 1},
    };
    struct em_settings factory;

    em_settings_init(&factory);
    ck_assert_uint_eq(sizeof rows / sizeof rows[0], EM_SETTING_COUNT);
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        enum em_setting s = rows[k].setting;
        int32_t min = -1, max = -1;

        em_setting_limits(s, &min, &max);
        ck_assert_msg(min == rows[k].min && max == rows[k].max, "row %zu: limits %d..%d", k, min, max);
        ck_assert_msg((int)s == (int)k, "row %zu", k);
        ck_assert_msg(em_setting_range(s, rows[k].min) == EM_OK && em_setting_range(s, rows[k].max) == EM_OK, "row %zu",
                      k);
        ck_assert_msg(em_setting_range(s, rows[k].min - 1) == EM_ERR_RANGE &&
                          em_setting_range(s, rows[k].max + 1) == EM_ERR_RANGE &&
                          em_setting_range(s, INT32_MIN) == EM_ERR_RANGE &&
                          em_setting_range(s, INT32_MAX) == EM_ERR_RANGE,
                      "row %zu takes too much", k);
        ck_assert_msg(em_setting_range(s, factory.value[s]) == EM_OK, "row %zu: factory value", k);
    }
    ck_assert_int_eq(em_setting_range(EM_SETTING_COUNT, 0), EM_ERR_UNKNOWN);
    ck_assert_int_eq(em_setting_range((enum em_setting) - 1, 0), EM_ERR_UNKNOWN);
    ck_assert_int_eq(em_meter_set(m, EM_SETTING_COUNT, 0), EM_ERR_UNKNOWN);
    ck_assert_int_eq(em_meter_preset(m, EM_SETTING_COUNT, 0), EM_ERR_UNKNOWN);
}
END_TEST

START_TEST(ct_ratios_and_pulse_rates_have_gaps_in_their_ranges)
{
    int rates = 0, ratios = 0;

    for (int32_t value = 0; value <= 1000001; value++)
        rates += em_setting_range(EM_SETTING_S0_RATE, value) == EM_OK;
    ck_assert_int_eq(rates, EM_S0_RATE_COUNT);
    for (int32_t value = 0; value <= EM_CT_RATIO(10001, 0); value++)
        ratios += em_setting_range(EM_SETTING_CT_RATIO, value) == EM_OK;
    ck_assert_int_eq(ratios, 9999 + 9995); /* x/1 from 1, x/5 from 5 */
}
END_TEST

START_TEST(works_settings_are_not_for_the_user)
{
    int32_t serial = m->settings.value[EM_SETTING_SERIAL_NUMBER];

    ck_assert_int_eq(em_meter_set(m, EM_SETTING_SERIAL_NUMBER, 1), EM_ERR_READ_ONLY);
    ck_assert_int_eq(em_meter_set(m, EM_SETTING_T3_T4_USED, 0), EM_ERR_READ_ONLY);
    ck_assert_int_eq(em_meter_set(m, EM_SETTING_POWER_DOWN_COUNTER, 1), EM_ERR_RANGE);
    ck_assert_int_eq(m->settings.value[EM_SETTING_SERIAL_NUMBER], serial);
    ck_assert_int_eq(em_meter_preset(m, EM_SETTING_SERIAL_NUMBER, 12345678), EM_OK);
    ck_assert_uint_eq(read_u32(0x4000), 0x12345678);
    ck_assert_int_eq(em_meter_preset(m, EM_SETTING_SERIAL_NUMBER, 100000000), EM_ERR_RANGE);
    ck_assert_int_eq(em_meter_preset(m, EM_SETTING_COMBINATION_CODE, 5), EM_OK);
    ck_assert_int_eq(em_meter_preset(m, EM_SETTING_COMBINATION_CODE, 1), EM_OK);
    ck_assert_int_eq(em_meter_preset(m, EM_SETTING_MODBUS_ID, 33), EM_OK);
    ck_assert_uint_eq(m->modbus.id, 33);
    ck_assert_int_eq(em_meter_preset(m, EM_SETTING_CT_RATIO, EM_CT_RATIO(250, 5)), EM_OK);
    ck_assert_uint_eq(m->energy.ct_changes, 0);
}
END_TEST

START_TEST(every_error_has_its_own_text)
{
    static const enum em_err errors[] = {EM_OK, EM_ERR_RANGE, EM_ERR_READ_ONLY, EM_ERR_LOCKED, EM_ERR_UNKNOWN};

    for (size_t a = 0; a < sizeof errors / sizeof errors[0]; a++)
        for (size_t b = 0; b < a; b++)
            ck_assert_str_ne(em_strerror(errors[a]), em_strerror(errors[b]));
    ck_assert_ptr_nonnull(em_strerror((enum em_err) - 99));
    ck_assert_ptr_nonnull(em_strerror((enum em_err)99));
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("registers");
    TCase *tcase = unit_case(suite, "the table");

    tcase_add_test(tcase, rows_ascend_without_overlap_inside_the_blocks);
    tcase_add_test(tcase, blocks_are_the_manuals);
    tcase_add_test(tcase, names_are_unique);
    tcase_add_test(tcase, types_fit_words_sources_and_units);
    tcase_add_test(tcase, by_address_finds_the_row_that_covers_it);
#ifdef UNIT_REGISTER_MAP
    tcase_add_test(tcase, table_is_the_register_map);
#endif
    tcase = unit_case(suite, "reading");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, every_span_reads_the_same_words);
    tcase_add_test(tcase, bad_reads_get_their_exception);
    tcase_add_test(tcase, what_the_map_does_not_name_reads_zero);
    tcase_add_test(tcase, identity_and_defaults);
    tcase_add_test(tcase, energy_registers_read_what_their_names_say);
    tcase_add_test(tcase, quantity_registers_read_what_their_names_say);
    tcase_add_test(tcase, measured_values_reach_the_registers);
    tcase_add_test(tcase, data_type_2_gives_thousandths);
    tcase_add_test(tcase, decode_is_the_inverse_of_encode);
    tcase = unit_case(suite, "writing");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, good_values_are_written_and_read_back);
    tcase_add_test(tcase, bad_writes_are_refused_and_change_nothing);
    tcase_add_test(tcase, read_only_registers_refuse_every_write);
    tcase_add_test(tcase, several_settings_are_written_at_once);
    tcase_add_test(tcase, c05_stays_locked_over_the_line);
    tcase_add_test(tcase, the_eighth_ct_ratio_is_refused_over_the_line);
    tcase_add_test(tcase, s0_rate_is_written_in_thousandths_under_data_type_2);
    tcase_add_test(tcase, line_settings_act_only_after_the_reply);
    tcase_add_test(tcase, ct_ratio_changes_primary_values_at_once);
    tcase = unit_case(suite, "settings");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, baud_codes_are_the_manuals);
    tcase_add_test(tcase, settings_know_their_ranges);
    tcase_add_test(tcase, ct_ratios_and_pulse_rates_have_gaps_in_their_ranges);
    tcase_add_test(tcase, works_settings_are_not_for_the_user);
    tcase_add_test(tcase, every_error_has_its_own_text);
    return suite;
}
