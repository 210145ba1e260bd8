/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ACK 0xE5

static struct unit_rig rig;
static struct em_meter *const m = &rig.meter;
static uint8_t answer[EM_MBUS_FRAME_MAX];

static void setup(void)
{
    unit_rig_init(&rig, 50000, unit_mains(50, 2, 30));
    em_meter_preset(m, EM_SETTING_MBUS_ADDRESS, 1);
}

/* Bytes of a text like "10 40 01 41 16". */
static size_t from_hex(const char *text, uint8_t *out)
{
    size_t n = 0;
    char *end;

    while (1) {
        unsigned long byte = strtoul(text, &end, 16);

        if (end == text)
            return n;
        UNIT_CHECK(byte < 256 && n < EM_MBUS_FRAME_MAX, "bad byte at %s", text);
        out[n++] = (uint8_t)byte;
        text = end;
    }
}

/* Sends bytes; the answer to the last of them is in answer, its length returned. */
static size_t send(const uint8_t *byte, size_t n)
{
    size_t length = 0;

    for (size_t k = 0; k < n; k++) {
        UNIT_CHECK(length == 0, "answered before the end");
        length = em_mbus_byte(m, byte[k], answer);
        UNIT_CHECK(length <= EM_MBUS_FRAME_MAX, "%zu bytes", length);
    }
    if (length)
        em_meter_reply_sent(m);
    return length;
}

static size_t ask(const char *hex)
{
    uint8_t byte[EM_MBUS_FRAME_MAX];

    return send(byte, from_hex(hex, byte));
}

static bool acks(const char *hex)
{
    return ask(hex) == 1 && answer[0] == ACK;
}

/* A long frame of C, A and what follows. */
static size_t ask_long(uint8_t c, uint8_t address, const char *rest)
{
    uint8_t frame[EM_MBUS_FRAME_MAX] = {0x68, 0, 0, 0x68, c, address}, sum = 0;
    size_t n = 6 + from_hex(rest, frame + 6);

    frame[1] = frame[2] = (uint8_t)(n - 4);
    for (size_t k = 4; k < n; k++)
        sum = (uint8_t)(sum + frame[k]);
    frame[n] = sum;
    frame[n + 1] = 0x16;
    return send(frame, n + 2);
}

static bool acks_long(const char *rest)
{
    return ask_long(0x53, 1, rest) == 1 && answer[0] == ACK;
}

static void select_it(void)
{
    ck_assert(acks("68 0B 0B 68 53 FD 52 FF FF FF FF FF FF FF FF 9A 16"));
}

/* --- The telegram --- */

static size_t golden_telegram(uint8_t *frame)
{
    FILE *f = fopen(UNIT_GOLDEN "/mbus/telegram.hex", "r");
    char text[4096];

    ck_assert_ptr_nonnull(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    return from_hex(text, frame);
}

/* The manual's example values, in the records' order. */
static const int64_t example[EM_MBUS_RECORD_COUNT] = {
    123456789, 123456789, 123456789, 123456789, 123456789, 123456789, 123456789, 123456789,
    123456789, 123456789, 123456789, 123456789, 123456789, 23012,     23012,     23012,
    100123,    100123,    100123,    1234567,   1234567,   1234567,   -1234567,  1234567,
    1234567,   1234567,   1234567,   1234567,   100,       50999,     1,         999505,
};

START_TEST(example_telegram)
{
    uint8_t want[EM_MBUS_FRAME_MAX];
    size_t n = golden_telegram(want);

    m->mbus.access = 4;
    ck_assert_uint_eq(n, 250);
    ck_assert_uint_eq(em_mbus_build(m, example, answer), n);
    for (size_t k = 0; k < n; k++)
        ck_assert_msg(answer[k] == want[k], "byte %zu is %02X, want %02X", k, answer[k], want[k]);
}
END_TEST

/* Each record's register, and how many of the record's units the register's has. */
static const struct {
    const char *name;
    double scale;
} registers[EM_MBUS_RECORD_COUNT] = {
    {"forward_active_energy", 1000},
    {"t1_forward_active_energy", 1000},
    {"t2_forward_active_energy", 1000},
    {"t3_forward_active_energy", 1000},
    {"t4_forward_active_energy", 1000},
    {"reverse_active_energy", 1000},
    {"t1_reverse_active_energy", 1000},
    {"t2_reverse_active_energy", 1000},
    {"t3_reverse_active_energy", 1000},
    {"t4_reverse_active_energy", 1000},
    {"resettable_day_counter", 1000},
    {"forward_reactive_energy", 1000},
    {"reverse_reactive_energy", 1000},
    {"l1_voltage", 100},
    {"l2_voltage", 100},
    {"l3_voltage", 100},
    {"l1_current", 1000},
    {"l2_current", 1000},
    {"l3_current", 1000},
    {"total_active_power", 1000},
    {"l1_active_power", 1000},
    {"l2_active_power", 1000},
    {"l3_active_power", 1000},
    {"total_reactive_power", 1000},
    {"l1_reactive_power", 1000},
    {"l2_reactive_power", 1000},
    {"l3_reactive_power", 1000},
    {"total_apparent_power", 1000},
    {"power_factor", 100},
    {"grid_frequency", 1000},
    {"tariff", 1},
    {"ct_ratio", 0},
};

static const struct em_register *row_named(const char *name)
{
    for (size_t k = 0; k < em_register_count; k++)
        if (em_registers[k].name && strcmp(em_registers[k].name, name) == 0)
            return &em_registers[k];
    ck_abort_msg("no register %s", name);
    return NULL;
}

/* Every energy and every quantity another number, some below zero. */
static void make_all_different(void)
{
    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        m->quantities.u_uv[p] = 230120000 + 1234567 * p;
        m->quantities.i_ua[p] = (p == 1 ? -1 : 1) * (100123400 + 1000600ll * p);
    }
    for (int p = 0; p < EM_PHASES_AND_TOTAL; p++) {
        m->quantities.p_uw[p] = (p & 1 ? -1 : 1) * (1234567400000ll + 1000600000ll * p);
        m->quantities.q_uvar[p] = (p & 1 ? 1 : -1) * (2234567400000ll + 1000600000ll * p);
        m->quantities.s_uva[p] = 3234567400000ll + 1000600000ll * p;
        m->quantities.pf_ppm[p] = 876543 + p;
    }
    m->quantities.frequency_mhz = 50999;
    m->quantities_fresh = true;
    for (int t = 0; t < EM_TARIFF_COUNT; t++)
        for (int k = 0; k < EM_KIND_COUNT; k++)
            for (int d = 0; d < EM_DIRECTION_COUNT; d++)
                m->energy.tariff[t][k][d].wh = (uint32_t)(100000000 + 1000003 * t + 20000011 * k + 3000017 * d);
    m->energy.trip_wh[EM_TOTAL] = -4711;
}

START_TEST(values_are_the_registers)
{
    int64_t value[EM_MBUS_RECORD_COUNT];

    make_all_different();
    em_mbus_values(m, value);
    for (size_t k = 0; k < EM_MBUS_RECORD_COUNT - 1; k++) {
        const struct em_register *row = row_named(registers[k].name);
        double want = (double)em_register_value(m, row) / (double)em_register_divisor(row) * registers[k].scale;

        ck_assert_msg(fabs((double)value[k] - want) <= 0.5, "%s: %lld, want %.3f", registers[k].name,
                      (long long)value[k], want);
        for (size_t j = 0; j < k; j++)
            ck_assert_msg(value[j] != value[k], "records %zu and %zu show the same", j, k);
    }
}
END_TEST

/* Where record k begins in a telegram, by its own data information. */
static size_t record_at(const uint8_t *frame, int k)
{
    static const uint8_t sizes[16] = {0, 1, 2, 3, 4, 4, 6, 8, 0, 1, 2, 3, 4, 0, 6, 0};
    size_t at = 19;

    while (k--) {
        uint8_t dif = frame[at];

        while (frame[at++] & 0x80)
            ;
        if (frame[at] == 0x7C)
            at += 2; /* a length and that many letters; one here */
        while (frame[at++] & 0x80)
            ;
        at += sizes[dif & 15];
    }
    return at;
}

START_TEST(telegram_of_a_running_meter)
{
    size_t n;

    unit_feed(&rig, 4);
    n = ask("10 7B 01 7C 16");
    ck_assert_uint_eq(n, 250);
    ck_assert_uint_eq(answer[1], n - 6);
    ck_assert_uint_eq(answer[15], 0);
    /* 230 V, 2 A, 50 Hz in the records of L1 voltage, L1 current and frequency */
    ck_assert_mem_eq(answer + record_at(answer, 13), ((uint8_t[]){0x02, 0xFD, 0xC7, 0xFC, 0x01, 0xD8, 0x59}), 7);
    ck_assert_mem_eq(answer + record_at(answer, 16), ((uint8_t[]){0x03, 0xFD, 0xD9, 0xFC, 0x01, 0xD0, 0x07, 0x00}), 8);
    ck_assert_mem_eq(answer + record_at(answer, 29), ((uint8_t[]){0x03, 0xFB, 0x2C, 0x50, 0xC3, 0x00}), 6);
}
END_TEST

static void limit_case(int record, int64_t value, uint8_t dif, const char *data)
{
    int64_t values[EM_MBUS_RECORD_COUNT];
    uint8_t want[8];
    size_t n = from_hex(data, want), at, next;

    memcpy(values, example, sizeof values);
    values[record] = value;
    em_mbus_build(m, values, answer);
    at = record_at(answer, record);
    next = record_at(answer, record + 1);
    ck_assert_msg(answer[at] == dif, "record %d, value %lld: DIF %02X", record, (long long)value, answer[at]);
    ck_assert_msg(memcmp(answer + next - n, want, n) == 0, "record %d, value %lld", record, (long long)value);
}

START_TEST(values_at_their_limits)
{
    limit_case(0, 999999999, 0x04, "FF C9 9A 3B");
    limit_case(10, -1, 0x04, "FF FF FF FF");
    limit_case(13, 32767, 0x02, "FF 7F");
    limit_case(13, 32768, 0x32, "FF 7F");
    limit_case(16, 8388607, 0x03, "FF FF 7F");
    limit_case(16, 8388608, 0x33, "FF FF 7F");
    limit_case(18, 20000000, 0x33, "FF FF 7F");
    limit_case(17, -8388607, 0x03, "01 00 80");
    limit_case(17, -8388608, 0x33, "01 00 80");
    limit_case(19, -1, 0x03, "FF FF FF");
    limit_case(19, 34500000, 0x33, "FF FF 7F");
    limit_case(19, -34500000, 0x33, "01 00 80");
    limit_case(28, 87, 0x0A, "87 00");
    limit_case(31, 101, 0x0B, "01 01 00");
}
END_TEST

/* The current record ends at 8388 A: a whole way through, from the measured current. */
START_TEST(current_above_8388_amperes)
{
    em_meter_preset(m, EM_SETTING_CT_RATIO, EM_CT_RATIO(9999, 5));
    rig.source.wave = unit_mains(50, 4.19, 0);
    unit_feed(&rig, 4);
    ck_assert_uint_eq(ask("10 7B 01 7C 16"), 250);
    ck_assert_uint_eq(answer[record_at(answer, 16)], 0x03);
    rig.source.wave = unit_mains(50, 4.2, 0);
    unit_feed(&rig, 4);
    ck_assert_uint_eq(ask("10 7B 01 7C 16"), 250);
    ck_assert_mem_eq(answer + record_at(answer, 16), ((uint8_t[]){0x33, 0xFD, 0xD9, 0xFC, 0x01, 0xFF, 0xFF, 0x7F}), 8);
}
END_TEST

START_TEST(access_number_wraps)
{
    for (int k = 0; k < 300; k++) {
        ck_assert_uint_eq(ask(k & 1 ? "10 5B 01 5C 16" : "10 7B 01 7C 16"), 250);
        ck_assert_uint_eq(answer[15], k & 0xFF);
    }
}
END_TEST

START_TEST(error_status)
{
    ck_assert_uint_eq(ask("10 7B 01 7C 16"), 250);
    ck_assert_uint_eq(answer[16], 0);
    m->error_code = 0x61;
    ck_assert_uint_eq(ask("10 7B 01 7C 16"), 250);
    ck_assert_uint_eq(answer[16], 2);
}
END_TEST

/* --- Frames --- */

static const char *const setting_names[EM_SETTING_COUNT] = {
    [EM_SETTING_MBUS_ADDRESS] = "mbus_address",
    [EM_SETTING_MBUS_ID] = "mbus_id",
    [EM_SETTING_MBUS_BAUD] = "mbus_baud",
    [EM_SETTING_TARIFF] = "tariff",
    [EM_SETTING_COMBINATION_CODE] = "combination_code",
    [EM_SETTING_S0_RATE] = "s0_rate",
    [EM_SETTING_POWER_DOWN_COUNTER] = "power_down_counter",
};

/* Settings that no row's value equals, so that each row has something to change. */
static void fresh_meter(const char *address, const char *id)
{
    setup();
    em_meter_preset(m, EM_SETTING_MBUS_ADDRESS, atoi(address));
    em_meter_preset(m, EM_SETTING_MBUS_ID, atoi(id));
    em_meter_preset(m, EM_SETTING_POWER_DOWN_COUNTER, 7);
    m->energy.trip_wh[EM_TOTAL] = 4711;
}

enum { NAME, FRAME, ADDRESS, ID, SELECTED, ANSWER, SETTING, VALUE, COLUMNS };

static void check_answer(char *const *row, size_t n)
{
    size_t want = strcmp(row[ANSWER], "ack") == 0 ? 1 : strcmp(row[ANSWER], "telegram") == 0 ? 250 : 0;

    ck_assert_msg(n == want, "%s: %zu bytes", row[NAME], n);
    ck_assert_msg(n == 0 || answer[0] == (n == 1 ? ACK : 0x68), "%s: %02X ..", row[NAME], answer[0]);
}

/* Nothing but what the row names may have changed. */
static void check_effect(char *const *row, const struct em_settings *before)
{
    bool trip = strcmp(row[SETTING], "trip") == 0;

    for (int s = 0; s < EM_SETTING_COUNT; s++) {
        bool named = setting_names[s] && strcmp(setting_names[s], row[SETTING]) == 0;
        int32_t want = named ? atoi(row[VALUE]) : before->value[s];

        if (s == EM_SETTING_T3_T4_USED && strncmp(row[NAME], "set tariff", 10) == 0)
            continue;
        ck_assert_msg(m->settings.value[s] == want, "%s: setting %d is %d", row[NAME], s, m->settings.value[s]);
    }
    ck_assert_msg(m->energy.trip_wh[EM_TOTAL] == (trip ? 0 : 4711), "%s: trip", row[NAME]);
}

static void check_frame(char *const *row)
{
    struct em_settings before;
    size_t n;

    fresh_meter(row[ADDRESS], row[ID]);
    before = m->settings;
    if (strcmp(row[SELECTED], "yes") == 0) {
        /* Unselected, the meter does not feel spoken to. */
        ck_assert_msg(ask(row[FRAME]) == 0, "%s: answered unselected", row[NAME]);
        ck_assert_msg(memcmp(&before, &m->settings, sizeof before) == 0, "%s: acted unselected", row[NAME]);
        select_it();
    }
    n = ask(row[FRAME]);
    check_answer(row, n);
    check_effect(row, &before);
}

START_TEST(every_frame_of_the_table)
{
    FILE *f = fopen(UNIT_GOLDEN "/mbus/frames.csv", "r");
    char line[512];
    int rows = 0;

    ck_assert_ptr_nonnull(f);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, f));
    while (fgets(line, sizeof line, f)) {
        char *row[COLUMNS], *rest = line;

        line[strcspn(line, "\r\n")] = '\0';
        for (int k = 0; k < COLUMNS; k++)
            ck_assert_msg((row[k] = strsep(&rest, ",")) != NULL, "row %d has too few columns", rows + 2);
        check_frame(row);
        rows++;
    }
    fclose(f);
    ck_assert_int_eq(rows, 93);
}
END_TEST

START_TEST(baud_acts_after_the_answer)
{
    static const uint8_t frame[] = {0x68, 3, 3, 0x68, 0x53, 1, 0xBD, 0x11, 0x16};

    ck_assert_uint_eq(m->mbus.baud, 2400);
    for (size_t k = 0; k < sizeof frame; k++)
        em_mbus_byte(m, frame[k], answer);
    ck_assert_uint_eq(m->mbus.baud, 2400);
    em_meter_reply_sent(m);
    ck_assert_uint_eq(m->mbus.baud, 9600);
    ck_assert(!acks_long("BE"));
    ck_assert(!acks_long("B7"));
    ck_assert(!acks_long("BB 00"));
    ck_assert_uint_eq(m->mbus.baud, 9600);
}
END_TEST

START_TEST(refused_and_not_understood)
{
    static const char *const rest[] = {
        "51",                            /* no data */
        "51 01 7A",                      /* data missing */
        "51 01 7A FB",                   /* address 251 */
        "51 09 7C 01 54 05",             /* tariff 5 */
        "51 09 7C 01 54 00",             /* tariff 0 */
        "51 09 7C 01 54 0A",             /* no BCD */
        "51 09 FD 3A 06",                /* C-06 */
        "51 0C FD 3A 00 00 30 00",       /* S0 rate 3000 */
        "51 0C 79 1A 00 00 00",          /* no BCD */
        "51 0C 79 FF FF FF FF",          /* no number */
        "51 0C 78 01 00 00 00",          /* a record that the manual does not name */
        "51 01 7A 07 0C 78 01 00 00 00", /* one good, one not */
        "51 01 7A 07 09 7C 01 54 09",    /* one good, one out of range */
        "51 01 7A 07 0F",                /* rubbish behind */
        "50 00 00",                      /* application reset with two sub-codes */
        "52 FF FF FF FF FF FF FF FF",    /* selection not to FD */
        "53",
        "72",
        "B8 00",
        "00",
        "FF",
    };
    struct em_settings before = m->settings;

    for (size_t k = 0; k < sizeof rest / sizeof rest[0]; k++) {
        ck_assert_msg(ask_long(0x53, 1, rest[k]) == 0, "%s is answered", rest[k]);
        ck_assert_msg(memcmp(&before, &m->settings, sizeof before) == 0, "%s changes something", rest[k]);
    }
    /* C fields that are not a master's to us: RSP_UD, REQ_UD1, SND_UD with another function, the reply direction. */
    for (int c = 0; c < 256; c++)
        if (c != 0x53 && c != 0x73)
            ck_assert_msg(ask_long((uint8_t)c, 1, "51 01 7A 07") == 0, "C = %02X is answered", c);
    ck_assert_int_eq(m->settings.value[EM_SETTING_MBUS_ADDRESS], 1);
}
END_TEST

START_TEST(c_fields_of_short_frames)
{
    for (int c = 0; c < 256; c++) {
        char text[32];
        size_t want = c == 0x40 ? 1 : c == 0x5B || c == 0x7B ? 250 : 0;

        snprintf(text, sizeof text, "10 %02X 01 %02X 16", c, (c + 1) & 255);
        ck_assert_msg(ask(text) == want, "C = %02X", c);
    }
}
END_TEST

START_TEST(several_records_all_or_nothing)
{
    ck_assert(acks_long("51 01 7A 07 09 7C 01 54 02 0C 79 44 33 22 11"));
    ck_assert_int_eq(m->settings.value[EM_SETTING_MBUS_ADDRESS], 7);
    ck_assert_int_eq(m->settings.value[EM_SETTING_TARIFF], 2);
    ck_assert_int_eq(m->settings.value[EM_SETTING_MBUS_ID], 11223344);
}
END_TEST

START_TEST(leaving_c05_is_refused)
{
    ck_assert(acks_long("51 09 FD 3A 05"));
    ck_assert(!acks_long("51 09 FD 3A 01"));
    ck_assert(acks_long("51 09 FD 3A 05"));
    ck_assert_int_eq(m->settings.value[EM_SETTING_COMBINATION_CODE], 5);
}
END_TEST

/* --- Selection --- */

START_TEST(wildcards_digit_by_digit)
{
    char text[64];

    /* 19020246 on the wire: 46 02 02 19 */
    static const uint8_t wire[4] = {0x46, 0x02, 0x02, 0x19};

    for (int digit = 0; digit < 8; digit++) {
        for (uint8_t value = 0; value < 16; value++) {
            uint8_t number[4];
            int shift = digit & 1 ? 0 : 4;
            bool match;

            memcpy(number, wire, 4);
            match = value == 15 || value == (wire[digit / 2] >> shift & 15);
            number[digit / 2] = (uint8_t)((number[digit / 2] & ~(15 << shift)) | value << shift);
            snprintf(text, sizeof text, "52 %02X %02X %02X %02X CD 25 01 02", number[0], number[1], number[2],
                     number[3]);
            ck_assert_msg((ask_long(0x73, 0xFD, text) == 1) == match, "%s", text);
            ck_assert_msg((ask("10 7B FD 78 16") == 250) == match, "%s then REQ_UD2", text);
        }
    }
}
END_TEST

START_TEST(wildcards_of_the_other_fields)
{
    static const struct {
        const char *rest;
        bool match;
    } rows[] = {
        {"52 46 02 02 19 FF FF 01 02", true},  {"52 46 02 02 19 CD FF 01 02", false},
        {"52 46 02 02 19 FF 25 01 02", false}, {"52 46 02 02 19 CD 25 FF 02", true},
        {"52 46 02 02 19 CD 25 01 FF", true},  {"52 46 02 02 19 CD 25 02 02", false},
        {"52 46 02 02 19 CD 25 01 03", false}, {"52 46 02 02 19 CD 25 0F 02", false},
    };

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++)
        ck_assert_msg((ask_long(0x53, 0xFD, rows[k].rest) == 1) == rows[k].match, "%s", rows[k].rest);
    /* Of another length: nothing happens, not even to a selection. */
    select_it();
    ck_assert_uint_eq(ask_long(0x53, 0xFD, "52 46 02 02 19 CD 25 01"), 0);
    ck_assert_uint_eq(ask_long(0x53, 0xFD, "52 46 02 02 19 CD 25 01 02 00"), 0);
    ck_assert_uint_eq(ask("10 7B FD 78 16"), 250);
}
END_TEST

START_TEST(what_ends_a_selection)
{
    select_it();
    ck_assert(acks("10 40 FD 3D 16")); /* SND_NKE FD is answered once */
    ck_assert_uint_eq(ask("10 40 FD 3D 16"), 0);
    ck_assert_uint_eq(ask("10 7B FD 78 16"), 0);
    select_it();
    ck_assert_uint_eq(ask_long(0x53, 0xFD, "52 47 02 02 19 FF FF FF FF"), 0); /* another meter is selected */
    ck_assert_uint_eq(ask("10 7B FD 78 16"), 0);
    select_it();
    ck_assert(acks("10 40 01 41 16"));
    ck_assert_uint_eq(ask("10 7B FD 78 16"), 0);
    select_it();
    ck_assert_uint_eq(ask("10 40 FF 3F 16"), 0);
    ck_assert_uint_eq(ask("10 7B FD 78 16"), 0);
    select_it();
    ck_assert_uint_eq(ask("10 40 02 42 16"), 0); /* for somebody else */
    ck_assert_uint_eq(ask("10 7B FD 78 16"), 250);
    ck_assert_uint_eq(ask_long(0x73, 0xFD, "51 0C 79 44 33 22 11"), 1); /* a new number does not end it */
    ck_assert_uint_eq(ask("10 5B FD 58 16"), 250);
}
END_TEST

/* --- Bytes --- */

START_TEST(noise_before_a_frame)
{
    static const char *const noise[] = {"00",    "FF FF FF", "E5",       "16",         "68",
                                        "68 68", "68 05 04", "68 01 01", "68 03 03 00"};
    char text[64];

    for (size_t k = 0; k < sizeof noise / sizeof noise[0]; k++) {
        snprintf(text, sizeof text, "%s 10 40 01 41 16", noise[k]);
        ck_assert_msg(acks(text), "%s", noise[k]);
    }
}
END_TEST

/* A head that promises more swallows what follows, until the line has been idle. */
START_TEST(idle_ends_a_frame)
{
    ck_assert_uint_eq(ask("68 20 20 68 53"), 0);
    ck_assert_uint_eq(ask("10 40 01 41 16"), 0);
    em_mbus_idle(m);
    ck_assert(acks("10 40 01 41 16"));
    ck_assert_uint_eq(ask("10 40 01"), 0);
    em_mbus_idle(m);
    ck_assert_uint_eq(ask("41 16"), 0);
    ck_assert(acks("10 40 01 41 16"));
}
END_TEST

START_TEST(damaged_frames)
{
    uint8_t frame[EM_MBUS_FRAME_MAX];
    size_t n = from_hex("68 06 06 68 53 01 51 01 7A 05 25 16", frame);

    for (size_t k = 0; k < n; k++) {
        for (int bit = 0; bit < 8; bit++) {
            frame[k] = (uint8_t)(frame[k] ^ 1 << bit);
            ck_assert_msg(send(frame, n) == 0, "byte %zu, bit %d", k, bit);
            em_mbus_idle(m);
            frame[k] = (uint8_t)(frame[k] ^ 1 << bit);
        }
    }
    ck_assert_int_eq(m->settings.value[EM_SETTING_MBUS_ADDRESS], 1);
}
END_TEST

START_TEST(a_dark_meter_is_silent)
{
    em_meter_stop(m);
    ck_assert_uint_eq(ask("10 40 01 41 16"), 0);
    ck_assert_uint_eq(ask("10 7B FE 79 16"), 0);
    unit_feed(&rig, 4); /* it starts again */
    ck_assert_uint_eq(m->mbus.baud, 2400);
    ck_assert(acks("10 40 01 41 16"));
}
END_TEST

START_TEST(a_stopped_meter_answers)
{
    m->stopped = true;
    m->error_code = 0x80;
    ck_assert_uint_eq(ask("10 7B 01 7C 16"), 250);
    ck_assert_uint_eq(answer[16], 2);
}
END_TEST

START_TEST(indicator)
{
    ck_assert(!em_meter_bus_active(m, EM_BUS_MBUS));
    ask("10 40 05 45 16");
    ck_assert(em_meter_bus_active(m, EM_BUS_MBUS));
    ck_assert(!em_meter_bus_active(m, EM_BUS_MODBUS));
    unit_feed(&rig, EM_BUS_LIT_MS / 1000.0 - 0.01);
    ck_assert(em_meter_bus_active(m, EM_BUS_MBUS));
    unit_feed(&rig, 0.02);
    ck_assert(!em_meter_bus_active(m, EM_BUS_MBUS));
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("mbus");
    TCase *telegram = unit_case(suite, "telegram"), *frames = unit_case(suite, "frames");
    TCase *selection = unit_case(suite, "selection"), *bytes = unit_case(suite, "bytes");

    tcase_add_checked_fixture(telegram, setup, NULL);
    tcase_add_test(telegram, example_telegram);
    tcase_add_test(telegram, values_are_the_registers);
    tcase_add_test(telegram, telegram_of_a_running_meter);
    tcase_add_test(telegram, values_at_their_limits);
    tcase_add_test(telegram, current_above_8388_amperes);
    tcase_add_test(telegram, access_number_wraps);
    tcase_add_test(telegram, error_status);

    tcase_add_checked_fixture(frames, setup, NULL);
    tcase_add_test(frames, every_frame_of_the_table);
    tcase_add_test(frames, baud_acts_after_the_answer);
    tcase_add_test(frames, refused_and_not_understood);
    tcase_add_test(frames, c_fields_of_short_frames);
    tcase_add_test(frames, several_records_all_or_nothing);
    tcase_add_test(frames, leaving_c05_is_refused);

    tcase_add_checked_fixture(selection, setup, NULL);
    tcase_add_test(selection, wildcards_digit_by_digit);
    tcase_add_test(selection, wildcards_of_the_other_fields);
    tcase_add_test(selection, what_ends_a_selection);

    tcase_add_checked_fixture(bytes, setup, NULL);
    tcase_add_test(bytes, noise_before_a_frame);
    tcase_add_test(bytes, idle_ends_a_frame);
    tcase_add_test(bytes, damaged_frames);
    tcase_add_test(bytes, a_dark_meter_is_silent);
    tcase_add_test(bytes, a_stopped_meter_answers);
    tcase_add_test(bytes, indicator);
    return suite;
}
