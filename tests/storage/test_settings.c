/* SPDX-License-Identifier: MIT
 * Writing settings over Modbus, byte for byte, and what of it lasts: over a power-down, for ever, until the reply. */
#include "rig.h"

#include <stdio.h>
#include <string.h>

#include "../../src/sim/bus.h"
#include "slave.h"

static struct rig rig, other;
static struct rig_wave load;
static struct host_modbus *slave;

static void setup(void)
{
    rig_init(&rig);
    slave = host_modbus_new();
    ck_assert_ptr_nonnull(slave);
}

static void teardown(void)
{
    host_modbus_free(slave);
}

/* Bytes from hexadecimal text with any blanks. */
static size_t from_hex(const char *text, uint8_t *byte)
{
    size_t n = 0;
    unsigned value;
    int length;

    while (sscanf(text, " %2x%n", &value, &length) == 1) {
        byte[n++] = (uint8_t)value;
        text += length;
    }
    return n;
}

/* Sends a request (unit + PDU) and compares the reply; "" is silence. */
static void ask(const char *request, const char *reply)
{
    uint8_t sent[HOST_MODBUS_ADU_MAX], wanted[HOST_MODBUS_ADU_MAX], got[HOST_MODBUS_ADU_MAX];
    size_t n = from_hex(request, sent), length = from_hex(reply, wanted);
    uint16_t crc = sim_modbus_crc(sent, n);
    char text[3 * 40] = "";

    sent[n++] = (uint8_t)crc;
    sent[n++] = (uint8_t)(crc >> 8);
    n = host_modbus_answer(slave, &rig.meter, sent, n, got);
    RIG_CHECK(n == 0 || sim_modbus_crc_ok(got, n), "%s: wrong CRC", request);
    n -= n ? 2 : 0;
    for (size_t k = 0; k < n && k < 39; k++)
        snprintf(text + 3 * k, 4, "%02X ", got[k]);
    RIG_CHECK(n == length && !memcmp(got, wanted, n), "%s is answered with '%s', not '%s'", request, text, reply);
}

/* Power off in good order, and on. */
static void power_cycle(void)
{
    em_meter_stop(&rig.meter);
    RIG_CHECK(rig_feed_until(&rig, true), "it does not start again");
}

static int32_t value(enum em_setting setting)
{
    return rig.meter.settings.value[setting];
}

/* --- The manual's examples -------------------------------------------------------------------------------------- */

/* Request as manual A2.3 prints it, its reply, then a read of the same and what it gives; from the unit that the
 * meter has then. */
static const struct {
    const char *request, *reply, *read, *answer;
    enum em_setting setting;
    int32_t value;
} examples[] = {
    {"01 06 4003 000A", "01 06 4003 000A", "0A 03 4003 0001", "0A 03 02 000A", EM_SETTING_MODBUS_ID, 10},
    {"01 06 4004 0006", "01 06 4004 0006", "01 03 4004 0001", "01 03 02 0006", EM_SETTING_MODBUS_BAUD, 6},
    {"01 10 400D 0002 04 41200000", "01 10 400D 0002", "01 03 400D 0002", "01 03 04 41200000", EM_SETTING_S0_RATE,
     1000},
    {"01 06 400F 0004", "01 06 400F 0004", "01 03 400F 0001", "01 03 02 0004", EM_SETTING_COMBINATION_CODE, 4},
    {"01 06 4010 0025", "01 06 4010 0025", "01 03 4010 0001", "01 03 02 0025", EM_SETTING_LCD_CYCLE_TIME, 25},
    {"01 06 4011 0002", "01 06 4011 0002", "01 03 4011 0001", "01 03 02 0002", EM_SETTING_MODBUS_PARITY,
     EM_PARITY_NONE},
    {"01 06 4016 0000", "01 06 4016 0000", "01 03 4016 0001", "01 03 02 0000", EM_SETTING_POWER_DOWN_COUNTER, 0},
    {"01 06 6048 0002", "01 06 6048 0002", "01 03 6048 0001", "01 03 02 0002", EM_SETTING_TARIFF, 2},
    {"01 10 6049 0002 04 0000 0000", "01 10 6049 0002", "01 03 6049 0002", "01 03 04 00000000", EM_SETTING_TARIFF, 1},
    {"01 10 401F 0002 04 9995 0005", "01 10 401F 0002", "01 03 401F 0002", "01 03 04 9995 0005", EM_SETTING_CT_RATIO,
     EM_CT_RATIO(9995, 5)},
    {"01 06 4021 0030", "01 06 4021 0030", "01 03 4021 0001", "01 03 02 0030", EM_SETTING_PULSE_WIDTH, 30},
    {"01 06 4022 0002", "01 06 4022 0002", "01 03 4022 0001", "01 03 02 0002", EM_SETTING_PULSE_TYPE, 2},
    {"01 06 4026 0002", "01 06 4026 0002", "01 03 4026 0001", "01 03 02 0002", EM_SETTING_DATA_TYPE, EM_DATA_INTEGER},
    {"01 06 4032 0001", "01 06 4032 0001", "01 03 4032 0001", "01 03 02 0001", EM_SETTING_SCREEN_DIRECTION, 1},
    {"01 06 4033 0001", "01 06 4033 0001", "01 03 4033 0001", "01 03 02 0001", EM_SETTING_OBIS_CODE_DISPLAY, 1},
};
#define EXAMPLE_COUNT ((int)(sizeof examples / sizeof examples[0]))

START_TEST(the_examples_of_the_manual_work_and_last)
{
    rig.meter.settings.value[EM_SETTING_POWER_DOWN_COUNTER] = 5;
    rig.meter.energy.trip_wh[EM_TOTAL] = 1234;
    ask(examples[_i].request, examples[_i].reply);
    ck_assert_int_eq(value(examples[_i].setting), examples[_i].value);
    ask(examples[_i].read, examples[_i].answer);
    if (examples[_i].setting == EM_SETTING_POWER_DOWN_COUNTER)
        return;
    power_cycle();
    ck_assert_int_eq(value(examples[_i].setting), examples[_i].value);
    ask(examples[_i].read, examples[_i].answer);
}
END_TEST

/* Function 10 does for a single register, too; function 06 not for a value of two. */
START_TEST(function_10_writes_single_registers_and_06_no_double_ones)
{
    ask("01 10 4010 0001 02 0025", "01 10 4010 0001");
    ck_assert_int_eq(value(EM_SETTING_LCD_CYCLE_TIME), 25);
    ask("01 10 6048 0001 02 0003", "01 10 6048 0001");
    ck_assert_int_eq(value(EM_SETTING_TARIFF), 3);
    ask("01 06 400D 4120", "01 86 02");
    ask("01 06 401F 9995", "01 86 02");
    ask("01 06 6049 0000", "01 86 02");
    ck_assert_int_eq(value(EM_SETTING_S0_RATE), 100000);
    ck_assert_int_eq(value(EM_SETTING_CT_RATIO), EM_CT_RATIO(5, 5));
}
END_TEST

/* Nothing of a request that is refused takes effect, nor is it saved. */
START_TEST(a_request_with_one_bad_value_changes_nothing)
{
    static const struct {
        const char *request, *reply;
    } rows[] = {
        {"01 06 4003 0000", "01 86 03"},
        {"01 06 4003 00F8", "01 86 03"},
        {"01 06 4004 0000", "01 86 03"},
        {"01 06 4004 000B", "01 86 03"},
        {"01 10 4003 0002 04 0011 000B", "01 90 03"},
        {"01 10 4003 0003 06 0011 0007 0000", "01 90 02"},
        {"01 10 400F 0003 06 0004 0015 0004", "01 90 03"},
        {"01 10 400F 0003 06 0004 001A 0002", "01 90 03"}, /* no BCD */
        {"01 10 400F 0003 06 0006 0015 0002", "01 90 03"},
        {"01 06 4010 0031", "01 86 03"},
        {"01 06 4010 0000", "01 86 03"},
        {"01 10 400D 0002 04 41200001", "01 90 03"},
        {"01 10 400D 0001 02 4120", "01 90 03"},
        {"01 10 400E 0001 02 0000", "01 90 03"},
        {"01 06 4016 0001", "01 86 03"},
        {"01 10 401F 0004 08 0100 0005 0050 0003", "01 90 03"},
        {"01 10 401F 0004 08 0100 0005 0001 0002", "01 90 03"},
        {"01 10 401F 0003 06 0100 0002 0050", "01 90 03"},
        {"01 10 401F 0002 04 0004 0005", "01 90 03"},
        {"01 10 401F 0002 04 0000 0005", "01 90 03"},
        {"01 10 401F 0002 04 00A0 0005", "01 90 03"},
        {"01 10 401F 0001 02 0100", "01 90 03"},
        {"01 10 4020 0002 04 0005 0050", "01 90 03"},
        {"01 06 4021 0001", "01 86 03"},
        {"01 06 4021 0100", "01 86 03"},
        {"01 06 4022 0000", "01 86 03"},
        {"01 06 4026 0003", "01 86 03"},
        {"01 06 4032 0002", "01 86 03"},
        {"01 06 4033 FFFF", "01 86 03"},
        {"01 06 6048 0005", "01 86 03"},
        {"01 10 6048 0003 06 0003 3F80 0000", "01 90 03"},
        {"01 10 6048 0002 04 0003 0000", "01 90 03"},
        {"01 06 4034 0002", "01 86 02"},
        {"01 06 4000 0001", "01 86 02"},
        {"01 06 402B 0001", "01 86 02"},
        {"01 06 6000 0000", "01 86 02"},
        {"01 06 7000 0000", "01 86 02"},
        {"01 10 4003 0002 03 0011 00", "01 90 03"},
    };

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        struct em_settings before;
        uint64_t writes;

        rig_init(&rig);
        rig.meter.energy.trip_wh[EM_TOTAL] = 55;
        before = rig.meter.settings;
        writes = rig.memory.writes;
        ask(rows[k].request, rows[k].reply);
        RIG_CHECK(rig_setting_difference(&rig.meter.settings, &before) < 0, "%s changes setting %d", rows[k].request,
                  rig_setting_difference(&rig.meter.settings, &before));
        RIG_CHECK(rig.meter.energy.trip_wh[EM_TOTAL] == 55, "%s resets the trip counter", rows[k].request);
        RIG_CHECK(rig.memory.writes == writes, "%s is saved", rows[k].request);
    }
}
END_TEST

START_TEST(a_request_of_several_settings_takes_effect_as_a_whole)
{
    ask("01 10 401F 0004 08 0100 0005 0050 0002", "01 10 401F 0004");
    ask("01 03 401F 0004", "01 03 08 0100 0005 0050 0002");
    ask("01 10 400F 0003 06 0004 0015 0002", "01 10 400F 0003");
    ask("01 03 400F 0003", "01 03 06 0004 0015 0002");
    rig.meter.energy.trip_wh[EM_TOTAL] = 55;
    rig.meter.energy.trip_wh[1] = 66;
    ask("01 10 6048 0003 06 0004 0000 0000", "01 10 6048 0003");
    ck_assert_int_eq(value(EM_SETTING_TARIFF), 4);
    ck_assert_int_eq(rig.meter.energy.trip_wh[EM_TOTAL], 0);
    ck_assert_int_eq(rig.meter.energy.trip_wh[1], 0);
    power_cycle();
    ask("01 03 401F 0004", "01 03 08 0100 0005 0050 0002");
    ask("01 03 400F 0003", "01 03 06 0004 0015 0002");
    ask("01 03 6048 0003", "01 03 06 0004 0000 0000");
}
END_TEST

/* --- What lasts ------------------------------------------------------------------------------------------------- */

/* One value for every setting that is not its default. */
static const int32_t unusual[EM_SETTING_COUNT] = {
    [EM_SETTING_SERIAL_NUMBER] = 87654321,
    [EM_SETTING_MODBUS_ID] = 247,
    [EM_SETTING_MODBUS_BAUD] = 10,
    [EM_SETTING_MODBUS_PARITY] = EM_PARITY_ODD,
    [EM_SETTING_S0_RATE] = 1,
    [EM_SETTING_COMBINATION_CODE] = EM_C05_NETTED,
    [EM_SETTING_LCD_CYCLE_TIME] = 30,
    [EM_SETTING_POWER_DOWN_COUNTER] = 32000,
    [EM_SETTING_TARIFF] = 4,
    [EM_SETTING_CT_RATIO] = EM_CT_RATIO(9999, 1),
    [EM_SETTING_PULSE_WIDTH] = 99,
    [EM_SETTING_PULSE_TYPE] = 2,
    [EM_SETTING_DATA_TYPE] = EM_DATA_INTEGER,
    [EM_SETTING_SCREEN_DIRECTION] = 1,
    [EM_SETTING_OBIS_CODE_DISPLAY] = 1,
    [EM_SETTING_BACKLIGHT] = 3,
    [EM_SETTING_MBUS_ADDRESS] = 250,
    [EM_SETTING_MBUS_ID] = 15012345,
    [EM_SETTING_MBUS_BAUD] = 6,
    [EM_SETTING_PASSWORD] = 9876,
    [EM_SETTING_T3_T4_USED] = 1,
};

static bool made_at_works(enum em_setting s)
{
    return s == EM_SETTING_SERIAL_NUMBER || s == EM_SETTING_POWER_DOWN_COUNTER || s == EM_SETTING_T3_T4_USED;
}

/* ordered: saved with the change itself, not with a power-down, so that a cut right behind it does no harm. */
static void check_lasts(enum em_setting s, bool ordered)
{
    enum em_err err =
        made_at_works(s) ? em_meter_preset(&rig.meter, s, unusual[s]) : em_meter_set(&rig.meter, s, unusual[s]);
    int32_t downs = s == EM_SETTING_POWER_DOWN_COUNTER;

    ck_assert_int_eq(err, EM_OK);
    em_storage_commit(&rig.meter);
    for (int k = 1; k <= 3; k++) {
        if (ordered)
            power_cycle();
        else
            rig_recover(&rig);
        ck_assert_msg(value(s) == unusual[s] + k * downs, "setting %d is %d", s, value(s));
    }
}

START_TEST(every_setting_lasts_over_power_downs)
{
    ck_assert_msg(value((enum em_setting)_i) != unusual[_i], "setting %d has its default", _i);
    check_lasts((enum em_setting)_i, true);
}
END_TEST

START_TEST(every_setting_lasts_over_a_cut)
{
    check_lasts((enum em_setting)_i, false);
}
END_TEST

START_TEST(all_settings_at_once_last)
{
    struct em_settings all;

    for (int s = 0; s < EM_SETTING_COUNT; s++)
        ck_assert_int_eq(em_meter_preset(&rig.meter, (enum em_setting)s, unusual[s]), EM_OK);
    em_storage_commit(&rig.meter);
    all = rig.meter.settings;
    rig_restart(&rig);
    ck_assert_int_lt(rig_setting_difference(&rig.meter.settings, &all), 0);
}
END_TEST

START_TEST(power_downs_are_counted_up_to_32767_and_reset_by_0_only)
{
    power_cycle();
    power_cycle();
    ask("01 03 4016 0001", "01 03 02 0002");
    ask("01 06 4016 0000", "01 06 4016 0000");
    power_cycle();
    ask("01 03 4016 0001", "01 03 02 0001");
    em_meter_preset(&rig.meter, EM_SETTING_POWER_DOWN_COUNTER, 32766);
    em_storage_commit(&rig.meter);
    for (int k = 0; k < 3; k++)
        power_cycle();
    ask("01 03 4016 0001", "01 03 02 7FFF");
}
END_TEST

/* --- Line settings ---------------------------------------------------------------------------------------------- */

START_TEST(new_line_settings_act_once_the_reply_has_left)
{
    static const uint16_t all[3] = {17, 9};

    ck_assert_int_eq(rig_write(&rig, 0x4003, 2, all), EM_EXCEPTION_NONE);
    ck_assert_int_eq(rig_write(&rig, 0x4011, 1, (uint16_t[]){EM_PARITY_ODD}), EM_EXCEPTION_NONE);
    ck_assert_uint_eq(rig.meter.modbus.id, 1);
    ck_assert_uint_eq(rig.meter.modbus.baud, 9600);
    ck_assert_int_eq(rig.meter.modbus.parity, EM_PARITY_EVEN);
    em_meter_reply_sent(&rig.meter);
    ck_assert_uint_eq(rig.meter.modbus.id, 17);
    ck_assert_uint_eq(rig.meter.modbus.baud, 57600);
    ck_assert_int_eq(rig.meter.modbus.parity, EM_PARITY_ODD);
}
END_TEST

START_TEST(a_new_id_answers_for_the_last_time_under_the_old_one)
{
    ask("01 06 4003 000A", "01 06 4003 000A");
    ask("01 03 4003 0001", "");
    ask("0A 03 4003 0001", "0A 03 02 000A");
    power_cycle();
    ask("01 03 4003 0001", "");
    ask("0A 10 4003 0002 04 0001 0006", "0A 10 4003 0002");
    ask("0A 03 4003 0001", "");
    ask("01 03 4003 0002", "01 03 04 0001 0006");
}
END_TEST

START_TEST(a_refused_line_setting_does_not_act)
{
    ask("01 10 4003 0002 04 000A 000B", "01 90 03");
    ask("01 03 4003 0002", "01 03 04 0001 0006");
    ck_assert_uint_eq(rig.meter.modbus.id, 1);
}
END_TEST

/* --- Broadcast -------------------------------------------------------------------------------------------------- */

START_TEST(broadcast_writes_act_and_last_and_nothing_answers)
{
    ask("00 06 4010 0025", "");
    ck_assert_int_eq(value(EM_SETTING_LCD_CYCLE_TIME), 25);
    ask("00 10 401F 0004 08 0100 0005 0050 0002", "");
    ask("01 03 401F 0004", "01 03 08 0100 0005 0050 0002");
    ask("00 06 6048 0003", "");
    ask("00 06 4003 0021", "");
    ask("21 03 4003 0001", "21 03 02 0021"); /* acts at once */
    power_cycle();
    ask("21 03 4010 0001", "21 03 02 0025");
    ask("21 03 401F 0004", "21 03 08 0100 0005 0050 0002");
    ask("21 03 6048 0001", "21 03 02 0003");
}
END_TEST

START_TEST(broadcast_reads_and_bad_writes_are_ignored)
{
    static const char *const requests[] = {"00 03 4003 0001", "00 06 4003 0000",
                                           "00 06 4000 0001", "00 10 4003 0002 04 0011 000B",
                                           "00 04 4003 0001", "00 2B 0E 01 00"};
    struct em_settings before = rig.meter.settings;

    for (size_t k = 0; k < sizeof requests / sizeof requests[0]; k++)
        ask(requests[k], "");
    ck_assert_int_lt(rig_setting_difference(&rig.meter.settings, &before), 0);
}
END_TEST

/* --- For ever --------------------------------------------------------------------------------------------------- */

START_TEST(c05_can_not_be_left_again)
{
    ask("01 06 400F 0005", "01 06 400F 0005");
    for (int k = 0; k < 3; k++) {
        ask("01 06 400F 0001", "01 86 03");
        ask("01 06 400F 0002", "01 86 03");
        ask("01 06 400F 0003", "01 86 03");
        ask("01 06 400F 0004", "01 86 03");
        ask("01 10 400F 0002 04 0001 0012", "01 90 03");
        ask("00 06 400F 0001", "");
        ask("01 03 400F 0002", "01 03 04 0005 0010");
        ask("01 06 400F 0005", "01 06 400F 0005");
        if (k == 0)
            power_cycle();
        else
            rig_recover(&rig);
    }
}
END_TEST

START_TEST(t3_or_t4_once_used_is_known_for_ever)
{
    ask("01 06 6048 0002", "01 06 6048 0002");
    ck_assert_int_eq(value(EM_SETTING_T3_T4_USED), 0);
    ask(_i ? "01 06 6048 0004" : "01 06 6048 0003", _i ? "01 06 6048 0004" : "01 06 6048 0003");
    ck_assert_int_eq(value(EM_SETTING_T3_T4_USED), 1);
    ask("01 06 6048 0001", "01 06 6048 0001");
    ck_assert_int_eq(value(EM_SETTING_T3_T4_USED), 1);
    power_cycle();
    rig_recover(&rig);
    ck_assert_int_eq(value(EM_SETTING_T3_T4_USED), 1);
    ck_assert_int_eq(em_meter_set(&rig.meter, EM_SETTING_T3_T4_USED, 0), EM_ERR_READ_ONLY);
}
END_TEST

START_TEST(the_tariff_input_acts_on_edges_and_its_tariff_lasts)
{
    em_meter_tariff_input(&rig.meter, true);
    ask("01 03 6048 0001", "01 03 02 0002");
    rig_recover(&rig);
    ask("01 03 6048 0001", "01 03 02 0002");
    ask("01 06 6048 0004", "01 06 6048 0004");
    em_meter_tariff_input(&rig.meter, true); /* no edge */
    ask("01 03 6048 0001", "01 03 02 0004");
    em_meter_tariff_input(&rig.meter, false);
    ask("01 03 6048 0001", "01 03 02 0001");
}
END_TEST

static uint16_t read16(uint16_t address)
{
    return (uint16_t)rig_read(&rig, address, 1);
}

/* The Wh behind an energy register under data type integer. */
static int32_t wh(uint16_t address)
{
    RIG_CHECK(value(EM_SETTING_DATA_TYPE) == EM_DATA_INTEGER, "not an integer");
    return (int32_t)rig_read(&rig, address, 2);
}

START_TEST(seven_ct_changes_are_taken_and_an_eighth_refused)
{
    ask("01 06 4026 0002", "01 06 4026 0002");
    for (uint16_t k = 1; k <= EM_CT_CHANGES_MAX; k++) {
        uint16_t ratio[2] = {(uint16_t)(0x0100 * k), 0x0005};

        rig.meter.energy.tariff[0][EM_ACTIVE][EM_FORWARD].wh = 1000u * k;
        rig.meter.energy.tariff[3][EM_REACTIVE][EM_REVERSE].wh = 1000u * k + 1;
        rig.meter.energy.trip_wh[EM_TOTAL] = 77;
        ck_assert_int_eq(rig_write(&rig, 0x401F, 2, ratio), EM_EXCEPTION_NONE);
        ck_assert_int_eq(rig_write(&rig, 0x401F, 2, ratio), EM_EXCEPTION_NONE); /* the present one: no change */
        ck_assert_int_eq(wh(0x600E), 0);
        ck_assert_int_eq(wh(0x6049), 77);
    }
    for (int round = 0; round < 3; round++) {
        ask("01 10 401F 0002 04 0800 0005", "01 90 03");
        ask("01 10 401F 0002 04 0005 0005", "01 90 03");
        ask("01 10 401F 0004 08 0800 0005 0050 0002", "01 90 03");
        ask("01 10 401F 0004 08 0700 0005 0030 0001", "01 10 401F 0004");
        ck_assert_uint_eq(read16(0x400C), 0x0700);
        for (uint16_t set = 0; set < EM_CT_CHANGES_MAX; set++) {
            ck_assert_int_eq(wh((uint16_t)(0x6102 + 20 * set)), 1000 * (set + 1));
            ck_assert_int_eq(wh((uint16_t)(0x6312 + 20 * set)), 1000 * (set + 1) + 1);
            ck_assert_int_eq(rig.meter.energy.history_ratio[set], set ? EM_CT_RATIO(100 * set, 5) : EM_CT_RATIO(5, 5));
        }
        if (round == 0)
            power_cycle();
        else
            rig_recover(&rig);
    }
}
END_TEST

/* --- Rollover --------------------------------------------------------------------------------------------------- */

/* Loads that between them move every counter: each quadrant, under each tariff. */
static const struct {
    double amps, lag;
} quadrant_loads[EM_QUADRANT_COUNT] = {{5, 40}, {4, 140}, {5, 220}, {3, 320}};

static float as_float(uint32_t raw)
{
    float f;

    memcpy(&f, &raw, sizeof f);
    return f;
}

/* One energy register as float, as integer and as it should be. */
static void check_register(uint16_t address, int64_t want)
{
    uint32_t raw;

    rig.meter.settings.value[EM_SETTING_DATA_TYPE] = EM_DATA_FLOAT;
    raw = rig_read(&rig, address, 2);
    rig.meter.settings.value[EM_SETTING_DATA_TYPE] = EM_DATA_INTEGER;
    RIG_CHECK(wh(address) == want, "%04X is %d Wh, want %lld", address, wh(address), (long long)want);
    /* No register reads 1000000.0, the single nearest to 999999.999: the one below is sent instead. */
    want = want > 999999937 ? 999999937 : want < -999999937 ? -999999937 : want;
    RIG_CHECK(as_float(raw) == (float)((double)want / 1000), "%04X is %.9g kWh, want %.9g", address,
              (double)as_float(raw), (double)want / 1000);
}

#define MODULUS ((int64_t)EM_ENERGY_MODULUS)

/* Registers of the tariffs' counters: all, T1, T2, T3, T4. */
static const struct {
    enum em_kind kind;
    enum em_direction direction;
    uint16_t address[1 + EM_TARIFF_COUNT], phase[EM_PHASE_COUNT];
} counter_rows[] = {
    {EM_ACTIVE, EM_FORWARD, {0x600C, 0x600E, 0x6010, 0x604F, 0x6051}, {0x6012, 0x6014, 0x6016}},
    {EM_ACTIVE, EM_REVERSE, {0x6018, 0x601A, 0x601C, 0x6053, 0x6055}, {0x601E, 0x6020, 0x6022}},
    {EM_REACTIVE, EM_FORWARD, {0x6030, 0x6032, 0x6034, 0x605B, 0x605D}, {0x6036, 0x6038, 0x603A}},
    {EM_REACTIVE, EM_REVERSE, {0x603C, 0x603E, 0x6040, 0x605F, 0x6061}, {0x6042, 0x6044, 0x6046}},
};

/* What `rig` shows against what `other` counted from nothing, `base` Wh further on. */
static void check_rollover(int64_t base)
{
    const struct em_energy *e = &other.meter.energy;

    for (size_t row = 0; row < sizeof counter_rows / sizeof counter_rows[0]; row++) {
        enum em_kind kind = counter_rows[row].kind;
        enum em_direction d = counter_rows[row].direction;
        int64_t sum = 0;

        for (int t = 0; t < EM_TARIFF_COUNT; t++) {
            int64_t want = (base + e->tariff[t][kind][d].wh) % MODULUS;

            check_register(counter_rows[row].address[1 + t], want);
            sum += want;
        }
        check_register(counter_rows[row].address[0], sum % MODULUS);
        for (int p = 0; p < EM_PHASE_COUNT; p++)
            check_register(counter_rows[row].phase[p], (base + e->phase[p][kind][d].wh) % MODULUS);
        for (int t = 0; t < EM_TARIFF_COUNT; t++) /* the running CT set shows the same */
            check_register((uint16_t)((kind == EM_ACTIVE ? 0x6100 : 0x6300) + (d == EM_FORWARD ? 2 : 12) + 2 * t),
                           (base + e->tariff[t][kind][d].wh) % MODULUS);
    }
    for (int q = 0; q < EM_QUADRANT_COUNT; q++) {
        int64_t sum = 0;

        for (int t = 0; t < EM_TARIFF_COUNT; t++) {
            int64_t want = (base + e->quadrant[t][q].wh) % MODULUS;

            check_register((uint16_t)(0x6063 + 10 * q + 2 + 2 * t), want);
            sum += want;
        }
        check_register((uint16_t)(0x6063 + 10 * q), sum % MODULUS);
    }
    check_register(0x6049, (base + other.meter.energy.trip_wh[EM_TOTAL]) % MODULUS);
    for (int p = 0; p < EM_PHASE_COUNT; p++)
        check_register((uint16_t)(0x608B + 2 * p), (base + other.meter.energy.trip_wh[p]) % MODULUS);
}

/* Puts `wh` on every counter and trip counter. */
static void preload(int64_t each)
{
    for (int k = 0; k < RIG_COUNTER_COUNT; k++)
        ((struct em_counter *)rig_counter(&rig.meter.energy, k))->wh = (uint32_t)each;
    for (int k = 0; k < EM_PHASES_AND_TOTAL; k++)
        rig.meter.energy.trip_wh[k] = (int32_t)each;
}

/* A meter just below 1,000,000 kWh everywhere and one that begins at 0 measure the same. */
START_TEST(every_counter_rolls_over_at_a_million_kwh)
{
    static const int64_t short_of[] = {1, 3, 10, 25};
    const int64_t base = MODULUS - short_of[_i];

    rig_init(&other);
    em_meter_preset(&rig.meter, EM_SETTING_CT_RATIO, EM_CT_RATIO(50, 5));
    em_meter_preset(&other.meter, EM_SETTING_CT_RATIO, EM_CT_RATIO(50, 5));
    em_meter_preset(&rig.meter, EM_SETTING_COMBINATION_CODE, EM_C03_SUM);
    em_meter_preset(&other.meter, EM_SETTING_COMBINATION_CODE, EM_C03_SUM);
    preload(base);
    for (int round = 0; round < 12; round++) {
        for (int t = 0; t < EM_TARIFF_COUNT; t++) {
            for (int q = 0; q < EM_QUADRANT_COUNT; q++) {
                rig_wave_balanced(&load, quadrant_loads[q].amps, quadrant_loads[q].lag);
                rig.wave = other.wave = &load;
                em_meter_set(&rig.meter, EM_SETTING_TARIFF, 1 + t);
                em_meter_set(&other.meter, EM_SETTING_TARIFF, 1 + t);
                rig_feed(&rig, 4 * RIG_WINDOW);
                rig_feed(&other, 4 * RIG_WINDOW);
                check_rollover(base);
            }
        }
    }
    for (int k = 0; k < RIG_COUNTER_COUNT; k++) {
        ck_assert_msg(rig_counter(&rig.meter.energy, k)->wh < 10000, "counter %d did not roll over", k);
        ck_assert_uint_ge(rig_counter(&other.meter.energy, k)->wh, 25);
    }
    em_storage_commit(&rig.meter);
    em_meter_stop(&rig.meter); /* counts the cycles of the window in progress */
    em_meter_stop(&other.meter);
    rig_restart(&rig);
    check_rollover(base);
}
END_TEST

/* The highest and the lowest reading, in both data types. */
START_TEST(the_highest_reading_is_999999_999)
{
    preload(MODULUS - 1);
    ask("01 03 600E 0002", "01 03 04 497423FF"); /* 999999.9375: 1000000.0 would be nearer, but is no reading */
    ask("01 06 4026 0002", "01 06 4026 0002");
    ask("01 03 600E 0002", "01 03 04 3B9AC9FF");
    preload(0);
    ask("01 03 600E 0002", "01 03 04 00000000");
    ask("01 06 4026 0001", "01 06 4026 0001");
    ask("01 03 600E 0002", "01 03 04 00000000");
    preload(1);
    ask("01 03 600E 0002", "01 03 04 3A83126F"); /* 0.001 */
}
END_TEST

/* Totals of all tariffs under each combination code, near the end of the scale. */
START_TEST(totals_roll_over_as_the_sums_they_are)
{
    static const struct {
        enum em_combination code;
        int32_t t1, total;
    } rows[] = {
        {EM_C01_FORWARD, 999999998, 999999992},
        {EM_C02_REVERSE, -999999998, -999999992},
        {EM_C03_SUM, 999999996, 999999984},
        {EM_C04_DIFFERENCE, 0, 0},
        {EM_C05_NETTED, 0, 0},
    };

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        preload(MODULUS - 2);
        em_meter_preset(&rig.meter, EM_SETTING_COMBINATION_CODE, (int32_t)rows[k].code);
        check_register(0x6002, rows[k].t1);
        check_register(0x6000, rows[k].total);
        check_register(0x6026, 999999996); /* reactive: always the sum of both directions */
        check_register(0x6024, 999999984);
    }
}
END_TEST

Suite *rig_suite(void)
{
    Suite *suite = suite_create("settings");
    TCase *tcase = rig_case(suite, "requests");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, the_examples_of_the_manual_work_and_last, 0, EXAMPLE_COUNT);
    tcase_add_test(tcase, function_10_writes_single_registers_and_06_no_double_ones);
    tcase_add_test(tcase, a_request_with_one_bad_value_changes_nothing);
    tcase_add_test(tcase, a_request_of_several_settings_takes_effect_as_a_whole);
    tcase_add_test(tcase, new_line_settings_act_once_the_reply_has_left);
    tcase_add_test(tcase, a_new_id_answers_for_the_last_time_under_the_old_one);
    tcase_add_test(tcase, a_refused_line_setting_does_not_act);
    tcase_add_test(tcase, broadcast_writes_act_and_last_and_nothing_answers);
    tcase_add_test(tcase, broadcast_reads_and_bad_writes_are_ignored);
    tcase = rig_case(suite, "lasting");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, every_setting_lasts_over_power_downs, 0, EM_SETTING_COUNT);
    tcase_add_loop_test(tcase, every_setting_lasts_over_a_cut, 0, EM_SETTING_COUNT);
    tcase_add_test(tcase, all_settings_at_once_last);
    tcase_add_test(tcase, power_downs_are_counted_up_to_32767_and_reset_by_0_only);
    tcase_add_test(tcase, c05_can_not_be_left_again);
    tcase_add_loop_test(tcase, t3_or_t4_once_used_is_known_for_ever, 0, 2);
    tcase_add_test(tcase, the_tariff_input_acts_on_edges_and_its_tariff_lasts);
    tcase_add_test(tcase, seven_ct_changes_are_taken_and_an_eighth_refused);
    tcase = rig_case(suite, "rollover");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, every_counter_rolls_over_at_a_million_kwh, 0, 4);
    tcase_add_test(tcase, the_highest_reading_is_999999_999);
    tcase_add_test(tcase, totals_roll_over_as_the_sums_they_are);
    return suite;
}
