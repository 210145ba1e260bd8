/* SPDX-License-Identifier: MIT */
#include "panel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct unit_rig rig;
static struct em_meter *const m = &rig.meter;

#define LEFT   EM_BUTTON_LEFT
#define MIDDLE EM_BUTTON_MIDDLE
#define RIGHT  EM_BUTTON_RIGHT
#define HOLD   3.5

/* Places of the items in their lists. */
enum { BLUETOOTH, CONFIG };
enum { PASSWORD, TARIFF, S0, MODBUS, MBUS, RATIO, BACKLIGHT, POWERDOWN, TRIP, OBIS, CONFIG_COUNT };
enum { RATE, WIDTH, TYPE };
enum { ID, BAUD, PARITY };
enum { PRIMARY_ID, SECONDARY_ID, MBUS_BAUD, MBUS_PARITY };

static void setup(void)
{
    unit_rig_init(&rig, 50000, unit_mains(50, 2, 30));
}

static int32_t value(enum em_setting s)
{
    return m->settings.value[s];
}

static void must_set(enum em_setting s, int32_t v)
{
    ck_assert_int_eq(em_meter_set(m, s, v), EM_OK);
}

/* Enters digits that stand at `present` now: each the shorter way round, then the middle button. */
static void enter(const char *present, const char *digits)
{
    for (size_t k = 0; digits[k]; k++) {
        int up = (digits[k] - present[k] + 10) % 10;

        panel_touches(&rig, up <= 5 ? RIGHT : LEFT, up <= 5 ? up : 10 - up);
        panel_touch(&rig, MIDDLE);
    }
}

/* From the measuring pages to item n of the configuration list. */
static void go_to(int n)
{
    panel_hold(&rig, MIDDLE, HOLD);
    panel_touch(&rig, RIGHT);
    PANEL_SHOWS(part3, "MENU CONFIG");
    panel_touch(&rig, MIDDLE);
    enter("0000", "0000");
    PANEL_SHOWS(part3, "MENU PASSWORD ----");
    panel_touches(&rig, RIGHT, n);
}

/* The same, then to item k of the list that it opens. */
static void go_into(int n, int k)
{
    go_to(n);
    panel_touch(&rig, MIDDLE);
    panel_touches(&rig, RIGHT, k);
}

static void wait_for_message_to_go(void)
{
    panel_wait(&rig, EM_MESSAGE_MS / 1000.0);
}

/* --- getting in and out --- */

START_TEST(more_than_3_s_open_the_menu)
{
    em_meter_button(m, MIDDLE, true);
    panel_wait(&rig, 3);
    PANEL_SHOWS(part3, "TOTAL DIRECTION FORWARD");
    em_display_run(m, 1);
    PANEL_SHOWS(part3, "MENU BLUETOOTH OFF"); /* while it is still touched */
    panel_wait(&rig, 20);
    em_meter_button(m, MIDDLE, false);
    PANEL_SHOWS(part3, "MENU BLUETOOTH OFF"); /* one touch acts once */
    setup();
    panel_hold(&rig, MIDDLE, 3); /* not more: a short one */
    PANEL_SHOWS(part3, "L1 DIRECTION FORWARD");
    panel_hold(&rig, LEFT, 10);
    PANEL_SHOWS(part3, "TOTAL CURRENT 0.000 A");
}
END_TEST

START_TEST(holding_leaves_one_level_at_a_time)
{
    panel_touches(&rig, RIGHT, 2);
    go_into(MODBUS, PARITY);
    panel_touch(&rig, MIDDLE);
    ck_assert(panel_lit(&rig, EM_LCD_NEXT));
    panel_touch(&rig, RIGHT);
    PANEL_SHOWS(part3, "MENU PARITY NONE");
    panel_hold(&rig, MIDDLE, HOLD);
    ck_assert(!panel_lit(&rig, EM_LCD_NEXT));
    PANEL_SHOWS(part3, "MENU PARITY EVEN"); /* nothing was saved */
    ck_assert_int_eq(value(EM_SETTING_MODBUS_PARITY), EM_PARITY_EVEN);
    panel_hold(&rig, MIDDLE, HOLD);
    PANEL_SHOWS(part3, "MENU MODBUS");
    panel_hold(&rig, MIDDLE, HOLD);
    PANEL_SHOWS(part3, "MENU CONFIG");
    panel_touch(&rig, MIDDLE);
    PANEL_SHOWS(part3, "MENU PASSWORD 0---"); /* asked again */
    panel_hold(&rig, MIDDLE, HOLD);
    PANEL_SHOWS(part3, "MENU CONFIG");
    panel_hold(&rig, MIDDLE, HOLD);
    PANEL_SHOWS(part3, "TOTAL Q ENERGY 000000.000 kvarh"); /* where it was left */
}
END_TEST

START_TEST(lists_go_round)
{
    static const char *const want[CONFIG_COUNT] = {
        "PASSWORD ----", "TARIFF T1",           "S0",      "MODBUS", "M-BUS", "CT RATIO 5/5", "BACKLIGHT BUTTON",
        "POWERDOWN 0",   "TRIP 000000.000 kWh", "OBIS OFF"};

    go_to(PASSWORD);
    for (int k = 0; k < 3 * CONFIG_COUNT; k++) {
        char text[SIM_LCD_TEXT];

        snprintf(text, sizeof text, "MENU %s", want[k % CONFIG_COUNT]);
        PANEL_SHOWS(part3, text);
        panel_touch(&rig, RIGHT);
    }
    for (int k = 3 * CONFIG_COUNT - 1; k >= 0; k--) {
        char text[SIM_LCD_TEXT];

        panel_touch(&rig, LEFT);
        snprintf(text, sizeof text, "MENU %s", want[k % CONFIG_COUNT]);
        PANEL_SHOWS(part3, text);
    }
}
END_TEST

START_TEST(every_item_and_editor_as_a_picture)
{
    static const int sublists[] = {S0, MODBUS, MBUS};
    static const int lengths[] = {3, 3, 4};
    static struct panel_album album;

    panel_hold(&rig, MIDDLE, HOLD);
    panel_picture(&album, &rig, "menu");
    panel_touch(&rig, RIGHT);
    panel_picture(&album, &rig, "menu");
    panel_touch(&rig, MIDDLE);
    panel_picture(&album, &rig, "the password is asked for");
    enter("0000", "0000");
    for (int k = 0; k < CONFIG_COUNT; k++) {
        panel_picture(&album, &rig, "configuration");
        if (k != S0 && k != MODBUS && k != MBUS) {
            panel_touch(&rig, MIDDLE);
            panel_picture(&album, &rig, "its editor");
            panel_hold(&rig, MIDDLE, HOLD);
        }
        panel_touch(&rig, RIGHT);
    }
    for (int s = 0; s < 3; s++) {
        em_display_reset(&m->display);
        go_into(sublists[s], 0);
        for (int k = 0; k < lengths[s]; k++) {
            panel_picture(&album, &rig, "list");
            panel_touch(&rig, MIDDLE);
            panel_picture(&album, &rig, "its editor");
            if (s != 2 || k != MBUS_PARITY)
                panel_hold(&rig, MIDDLE, HOLD);
            panel_touch(&rig, RIGHT);
        }
    }
    em_display_reset(&m->display);
    go_to(RATIO);
    panel_touch(&rig, MIDDLE);
    enter("0005", "0100");
    panel_picture(&album, &rig, "the secondary current");
    panel_touch(&rig, MIDDLE);
    panel_picture(&album, &rig, "sure?");
    panel_touch(&rig, RIGHT);
    panel_touch(&rig, MIDDLE);
    panel_picture(&album, &rig, "done");
    panel_compare(&album, "menu");
}
END_TEST

START_TEST(a_minute_without_a_touch_leaves_and_saves_nothing)
{
    static const int ways[] = {0, 1, 2, 3, 4, 5};

    for (size_t k = 0; k < sizeof ways / sizeof ways[0]; k++) {
        setup();
        panel_touch(&rig, RIGHT);
        if (ways[k] == 0) {
            panel_hold(&rig, MIDDLE, HOLD);
        } else if (ways[k] == 1) {
            go_to(TARIFF);
        } else if (ways[k] == 2) {
            go_to(TARIFF);
            panel_touch(&rig, MIDDLE);
            panel_touch(&rig, RIGHT);
        } else if (ways[k] == 3) {
            go_into(MODBUS, ID);
            panel_touch(&rig, MIDDLE);
            panel_touch(&rig, RIGHT);
            panel_touch(&rig, MIDDLE);
        } else if (ways[k] == 4) {
            go_to(TRIP);
            panel_touch(&rig, MIDDLE);
            panel_touch(&rig, RIGHT);
        } else {
            go_to(RATIO);
            panel_touch(&rig, MIDDLE);
            enter("0005", "0100");
            panel_touch(&rig, MIDDLE);
            panel_touch(&rig, RIGHT);
        }
        panel_wait(&rig, 59.999);
        ck_assert_msg(strncmp(panel_part3(&rig), "MENU ", 5) == 0, "way %d: %s", ways[k], panel_part3(&rig));
        panel_wait(&rig, 0.001);
        PANEL_SHOWS(part3, "TOTAL TRIP 000000.000 kWh");
        ck_assert_int_eq(value(EM_SETTING_TARIFF), 1);
        ck_assert_int_eq(value(EM_SETTING_MODBUS_ID), 1);
        ck_assert_int_eq(value(EM_SETTING_CT_RATIO), EM_CT_RATIO(5, 5));
        ck_assert_uint_eq(m->energy.trip_resets, 0);
        panel_hold(&rig, MIDDLE, HOLD); /* half-entered things are forgotten */
        PANEL_SHOWS(part3, "MENU BLUETOOTH OFF");
    }
}
END_TEST

START_TEST(every_touch_begins_the_minute_anew)
{
    panel_hold(&rig, MIDDLE, HOLD);
    for (int k = 0; k < 5; k++) {
        panel_wait(&rig, 59);
        panel_touch(&rig, RIGHT);
    }
    panel_wait(&rig, 59);
    em_meter_button(m, RIGHT, true);
    panel_wait(&rig, 200); /* as long as it is touched */
    PANEL_SHOWS(part3, "MENU CONFIG");
    em_meter_button(m, RIGHT, false);
    panel_wait(&rig, 59.999);
    PANEL_SHOWS(part3, "MENU BLUETOOTH OFF");
    panel_wait(&rig, 0.001);
    PANEL_SHOWS(part3, "TOTAL DIRECTION FORWARD");
}
END_TEST

START_TEST(measuring_pages_stay)
{
    panel_touch(&rig, RIGHT);
    panel_wait(&rig, 1000);
    PANEL_SHOWS(part3, "TOTAL TRIP 000000.000 kWh");
}
END_TEST

/* --- password --- */

START_TEST(a_wrong_password_is_refused)
{
    static const char *const wrong[] = {"0001", "1000", "9999", "0100"};

    for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++) {
        setup();
        panel_hold(&rig, MIDDLE, HOLD);
        panel_touch(&rig, RIGHT);
        panel_touch(&rig, MIDDLE);
        enter("0000", wrong[k]);
        PANEL_SHOWS(part3, "MENU PASSWORD 0--- WRONG");
        wait_for_message_to_go();
        PANEL_SHOWS(part3, "MENU PASSWORD 0---");
        enter("0000", "0000"); /* once more */
        PANEL_SHOWS(part3, "MENU PASSWORD ----");
        ck_assert(!panel_lit(&rig, EM_LCD_CURSOR_LAST));
    }
}
END_TEST

START_TEST(only_the_digit_at_hand_is_seen)
{
    panel_hold(&rig, MIDDLE, HOLD);
    panel_touch(&rig, RIGHT);
    panel_touch(&rig, MIDDLE);
    panel_touches(&rig, LEFT, 3);
    PANEL_SHOWS(part3, "MENU PASSWORD 7---");
    ck_assert(panel_lit(&rig, EM_LCD_CURSOR + 5));
    panel_touch(&rig, MIDDLE);
    PANEL_SHOWS(part3, "MENU PASSWORD -0--");
    ck_assert(panel_lit(&rig, EM_LCD_CURSOR + 6) && !panel_lit(&rig, EM_LCD_CURSOR + 5));
}
END_TEST

START_TEST(the_password_can_be_changed)
{
    go_to(PASSWORD);
    panel_touch(&rig, MIDDLE);
    PANEL_SHOWS(part3, "MENU PASSWORD 0000");
    enter("0000", "4711");
    PANEL_SHOWS(part3, "MENU PASSWORD ---- SAVED");
    ck_assert_int_eq(value(EM_SETTING_PASSWORD), 4711);
    panel_hold(&rig, MIDDLE, HOLD);
    panel_touch(&rig, MIDDLE);
    enter("0000", "0000");
    PANEL_SHOWS(part3, "MENU PASSWORD 0--- WRONG");
    enter("0000", "4711");
    PANEL_SHOWS(part3, "MENU PASSWORD ----");
    panel_touch(&rig, MIDDLE); /* does not give the old one away */
    PANEL_SHOWS(part3, "MENU PASSWORD 0000");
}
END_TEST

START_TEST(bluetooth_needs_no_password)
{
    static uint8_t qr[(EM_LCD_QR_MODULES + 7) / 8];
    static struct panel_album album;

    panel_hold(&rig, MIDDLE, HOLD);
    panel_touch(&rig, MIDDLE);
    PANEL_SHOWS(part3, "MENU BLUETOOTH OFF");
    panel_touch(&rig, RIGHT);
    PANEL_SHOWS(part3, "MENU BLUETOOTH ON");
    ck_assert(!em_meter_bluetooth(m));
    panel_touch(&rig, MIDDLE);
    ck_assert(em_meter_bluetooth(m));
    PANEL_SHOWS(icons, "bluetooth");
    PANEL_SHOWS(part3, "MENU BLUETOOTH ON"); /* no pattern yet */
    for (unsigned k = 0; k < EM_LCD_QR_MODULES; k++)
        if (k * k % 7 < 3)
            qr[k / 8] |= (uint8_t)(1 << k % 8);
    em_meter_set_qr(m, qr);
    PANEL_SHOWS(part3, "MENU QR");
    for (unsigned k = 0; k < EM_LCD_QR_MODULES; k++)
        ck_assert_int_eq(panel_lit(&rig, EM_LCD_QR + k), k * k % 7 < 3);
    panel_picture(&album, &rig, "qr");
    panel_compare(&album, "qr");
    panel_touch(&rig, MIDDLE);
    PANEL_SHOWS(part3, "MENU BLUETOOTH ON");
    panel_touch(&rig, MIDDLE);
    panel_touch(&rig, LEFT);
    panel_touch(&rig, MIDDLE);
    PANEL_SHOWS(part3, "MENU BLUETOOTH OFF");
    ck_assert(!em_meter_bluetooth(m));
    PANEL_SHOWS(icons, "");
}
END_TEST

START_TEST(bluetooth_is_off_after_a_start_and_the_pattern_is_not_lost)
{
    static const uint8_t qr[(EM_LCD_QR_MODULES + 7) / 8] = {1};
    uint16_t status[2];

    em_meter_set_qr(m, qr);
    panel_hold(&rig, MIDDLE, HOLD);
    panel_touch(&rig, MIDDLE);
    panel_touch(&rig, RIGHT);
    panel_touch(&rig, MIDDLE);
    unit_feed(&rig, 1);
    ck_assert_int_eq(em_registers_read(m, 0x401D, 2, status), EM_EXCEPTION_NONE);
    ck_assert_uint_eq(status[1] & EM_STATUS_BLUETOOTH, EM_STATUS_BLUETOOTH);
    panel_wait(&rig, 60);
    ck_assert(em_meter_bluetooth(m)); /* stays on when the page is left */
    em_meter_cut(m);
    ck_assert(!em_meter_bluetooth(m));
    unit_feed(&rig, 2);
    ck_assert(em_meter_running(m) && !em_meter_bluetooth(m));
    panel_hold(&rig, MIDDLE, HOLD);
    panel_touch(&rig, MIDDLE);
    panel_touch(&rig, RIGHT);
    panel_touch(&rig, MIDDLE);
    PANEL_SHOWS(part3, "MENU QR");
    em_meter_set_qr(m, NULL);
    PANEL_SHOWS(part3, "MENU BLUETOOTH ON");
}
END_TEST

/* --- choices --- */

START_TEST(every_choice_of_every_item)
{
    static const struct {
        int item, sub; /* sub -1: the item itself */
        enum em_setting setting;
        const char *label, *unit;
        int count, present;
        const char *text[10];
        int32_t value[10];
    } rows[] = {
        {TARIFF, -1, EM_SETTING_TARIFF, "TARIFF", "", 4, 0, {"T1", "T2", "T3", "T4"}, {1, 2, 3, 4}},
        {BACKLIGHT, -1, EM_SETTING_BACKLIGHT, "BACKLIGHT", "", 3, 0, {"BUTTON", "ON", "OFF"}, {1, 2, 3}},
        {OBIS, -1, EM_SETTING_OBIS_CODE_DISPLAY, "OBIS", "", 2, 0, {"OFF", "ON"}, {0, 1}},
        {S0,
         RATE,
         EM_SETTING_S0_RATE,
         "S0 RATE",
         " IMP/KWH",
         8,
         2,
         {"10000", "2000", "1000", "100", "10", "1", "0.1", "0.01"},
         {1000000, 200000, 100000, 10000, 1000, 100, 10, 1}},
        {S0, TYPE, EM_SETTING_PULSE_TYPE, "S0 TYPE", "", 2, 0, {"ACT-REACT", "FWD-REV"}, {1, 2}},
        {MODBUS,
         BAUD,
         EM_SETTING_MODBUS_BAUD,
         "BAUD RATE",
         " BAUD",
         10,
         5,
         {"300", "600", "1200", "2400", "4800", "9600", "19200", "38400", "57600", "115200"},
         {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
        {MODBUS, PARITY, EM_SETTING_MODBUS_PARITY, "PARITY", "", 3, 0, {"EVEN", "NONE", "ODD"}, {1, 2, 3}},
        {MBUS,
         MBUS_BAUD,
         EM_SETTING_MBUS_BAUD,
         "BAUD RATE",
         " BAUD",
         6,
         3,
         {"300", "600", "1200", "2400", "4800", "9600"},
         {1, 2, 3, 4, 5, 6}},
    };

    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        for (int k = 0; k < rows[r].count; k++) {
            int steps = (k - rows[r].present + rows[r].count) % rows[r].count;
            char text[SIM_LCD_TEXT];

            setup();
            if (rows[r].sub < 0)
                go_to(rows[r].item);
            else
                go_into(rows[r].item, rows[r].sub);
            panel_touch(&rig, MIDDLE);
            panel_touches(&rig, k % 2 ? RIGHT : LEFT, k % 2 ? steps : (rows[r].count - steps) % rows[r].count);
            snprintf(text, sizeof text, "MENU %s %s%s", rows[r].label, rows[r].text[k], rows[r].unit);
            PANEL_SHOWS(part3, text);
            ck_assert(panel_lit(&rig, EM_LCD_PREVIOUS) && panel_lit(&rig, EM_LCD_NEXT));
            panel_touch(&rig, MIDDLE);
            ck_assert_msg(value(rows[r].setting) == rows[r].value[k], "%s: %d", text, value(rows[r].setting));
            ck_assert_ptr_nonnull(strstr(panel_part3(&rig), " SAVED"));
            wait_for_message_to_go();
            PANEL_SHOWS(part3, text); /* what it stands at now */
            ck_assert(!panel_lit(&rig, EM_LCD_NEXT));
        }
    }
}
END_TEST

START_TEST(a_new_tariff_acts_and_stays_known)
{
    go_to(TARIFF);
    panel_touch(&rig, MIDDLE);
    panel_touches(&rig, RIGHT, 2);
    panel_touch(&rig, MIDDLE);
    ck_assert(panel_lit(&rig, EM_LCD_TARIFF + 2));
    ck_assert_int_eq(value(EM_SETTING_T3_T4_USED), 1);
}
END_TEST

START_TEST(line_settings_act_at_once)
{
    go_into(MODBUS, ID);
    panel_touch(&rig, MIDDLE);
    enter("001", "042");
    ck_assert_uint_eq(m->modbus.id, 42);
    panel_touch(&rig, RIGHT);
    panel_touch(&rig, MIDDLE);
    panel_touch(&rig, RIGHT);
    panel_touch(&rig, MIDDLE);
    ck_assert_uint_eq(m->modbus.baud, 19200);
    panel_touch(&rig, RIGHT);
    panel_touch(&rig, MIDDLE);
    panel_touch(&rig, LEFT);
    panel_touch(&rig, MIDDLE);
    ck_assert_int_eq(m->modbus.parity, EM_PARITY_ODD);
    em_display_reset(&m->display);
    go_into(MBUS, MBUS_BAUD);
    panel_touch(&rig, MIDDLE);
    panel_touches(&rig, RIGHT, 2);
    panel_touch(&rig, MIDDLE);
    ck_assert_uint_eq(m->mbus.baud, 9600);
}
END_TEST

START_TEST(m_bus_parity_is_shown_and_can_not_be_changed)
{
    go_into(MBUS, MBUS_PARITY);
    PANEL_SHOWS(part3, "MENU PARITY EVEN");
    panel_touch(&rig, MIDDLE);
    PANEL_SHOWS(part3, "MENU PARITY FIXED");
    panel_touch(&rig, RIGHT); /* still the list */
    PANEL_SHOWS(part3, "MENU M-BUS ID 0");
}
END_TEST

/* --- numbers --- */

START_TEST(numbers_within_and_beyond_their_limits)
{
    static const struct {
        int item, sub;
        enum em_setting setting;
        const char *label, *unit, *present, *entered;
        bool allowed;
    } rows[] = {
        {S0, WIDTH, EM_SETTING_PULSE_WIDTH, "S0 WIDTH", " MS", "30", "02", true},
        {S0, WIDTH, EM_SETTING_PULSE_WIDTH, "S0 WIDTH", " MS", "30", "99", true},
        {S0, WIDTH, EM_SETTING_PULSE_WIDTH, "S0 WIDTH", " MS", "30", "01", false},
        {S0, WIDTH, EM_SETTING_PULSE_WIDTH, "S0 WIDTH", " MS", "30", "00", false},
        {MODBUS, ID, EM_SETTING_MODBUS_ID, "MODBUS ID", "", "001", "247", true},
        {MODBUS, ID, EM_SETTING_MODBUS_ID, "MODBUS ID", "", "001", "248", false},
        {MODBUS, ID, EM_SETTING_MODBUS_ID, "MODBUS ID", "", "001", "000", false},
        {MODBUS, ID, EM_SETTING_MODBUS_ID, "MODBUS ID", "", "001", "999", false},
        {MBUS, PRIMARY_ID, EM_SETTING_MBUS_ADDRESS, "M-BUS ID", "", "000", "250", true},
        {MBUS, PRIMARY_ID, EM_SETTING_MBUS_ADDRESS, "M-BUS ID", "", "000", "251", false},
        {MBUS, SECONDARY_ID, EM_SETTING_MBUS_ID, "SECOND ID", "", "19020246", "00000001", true},
        {MBUS, SECONDARY_ID, EM_SETTING_MBUS_ID, "SECOND ID", "", "19020246", "99999999", true},
    };

    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        int32_t before;
        char text[SIM_LCD_TEXT];

        setup();
        before = value(rows[r].setting);
        go_into(rows[r].item, rows[r].sub);
        panel_touch(&rig, MIDDLE);
        snprintf(text, sizeof text, "MENU %s %s%s", rows[r].label, rows[r].present, rows[r].unit);
        PANEL_SHOWS(part3, text);
        enter(rows[r].present, rows[r].entered);
        if (rows[r].allowed) {
            ck_assert_int_eq(value(rows[r].setting), atoi(rows[r].entered));
            snprintf(text, sizeof text, "MENU %s %d SAVED", rows[r].label, atoi(rows[r].entered));
            PANEL_SHOWS(part3, text);
            continue;
        }
        ck_assert_int_eq(value(rows[r].setting), before);
        snprintf(text, sizeof text, "MENU %s %s RANGE", rows[r].label, rows[r].entered);
        PANEL_SHOWS(part3, text); /* still there, to be put right */
        panel_touch(&rig, MIDDLE);
        ck_assert_int_eq(m->display.cursor, 1);
        panel_hold(&rig, MIDDLE, HOLD);
        ck_assert_int_eq(value(rows[r].setting), before);
    }
}
END_TEST

START_TEST(a_digit_held_repeats)
{
    go_into(MODBUS, ID);
    panel_touch(&rig, MIDDLE);
    em_meter_button(m, RIGHT, true);
    panel_wait(&rig, 0.499);
    PANEL_SHOWS(part3, "MENU MODBUS ID 001");
    panel_wait(&rig, 0.001);
    PANEL_SHOWS(part3, "MENU MODBUS ID 101");
    panel_wait(&rig, 0.199);
    PANEL_SHOWS(part3, "MENU MODBUS ID 101");
    panel_wait(&rig, 0.001);
    PANEL_SHOWS(part3, "MENU MODBUS ID 201");
    panel_wait(&rig, 1.4);
    PANEL_SHOWS(part3, "MENU MODBUS ID 901");
    panel_wait(&rig, 0.2);
    PANEL_SHOWS(part3, "MENU MODBUS ID 001"); /* round */
    em_meter_button(m, RIGHT, false);
    PANEL_SHOWS(part3, "MENU MODBUS ID 001"); /* not once more */
    panel_wait(&rig, 5);
    panel_hold(&rig, LEFT, 0.91); /* at 0.5, 0.7 and 0.9 s */
    PANEL_SHOWS(part3, "MENU MODBUS ID 701");
    panel_hold(&rig, LEFT, 0.3); /* a short one */
    PANEL_SHOWS(part3, "MENU MODBUS ID 601");
}
END_TEST

START_TEST(a_long_step_repeats_as_often_as_short_ones)
{
    go_into(MODBUS, ID);
    panel_touch(&rig, MIDDLE);
    em_meter_button(m, RIGHT, true);
    em_display_run(m, 8 * EM_SAMPLE_RATE / 10); /* 0.8 s: twice */
    em_meter_button(m, RIGHT, false);
    PANEL_SHOWS(part3, "MENU MODBUS ID 201");
}
END_TEST

START_TEST(nothing_but_digits_repeats)
{
    go_to(TARIFF);
    panel_hold(&rig, RIGHT, 20);
    PANEL_SHOWS(part3, "MENU S0");
    panel_touch(&rig, LEFT);
    panel_touch(&rig, MIDDLE);
    panel_hold(&rig, RIGHT, 20);
    PANEL_SHOWS(part3, "MENU TARIFF T2");
}
END_TEST

/* --- CT ratio --- */

static void choose_ratio(const char *present, const char *primary, bool other_secondary, bool yes)
{
    panel_touch(&rig, MIDDLE);
    enter(present, primary);
    panel_touches(&rig, RIGHT, other_secondary);
    panel_touch(&rig, MIDDLE);
    panel_touches(&rig, RIGHT, yes);
    panel_touch(&rig, MIDDLE);
}

START_TEST(a_ct_ratio_is_one_change_and_wants_a_yes)
{
    go_to(RATIO);
    panel_touch(&rig, MIDDLE);
    PANEL_SHOWS(part3, "MENU PRIMARY 0005");
    enter("0005", "9999");
    PANEL_SHOWS(part3, "MENU SECONDARY 5");
    panel_touch(&rig, RIGHT);
    PANEL_SHOWS(part3, "MENU SECONDARY 1");
    panel_touch(&rig, MIDDLE);
    PANEL_SHOWS(part3, "MENU 9999/1 SET NO");
    ck_assert_int_eq(value(EM_SETTING_CT_RATIO), EM_CT_RATIO(5, 5));
    panel_touch(&rig, LEFT);
    PANEL_SHOWS(part3, "MENU 9999/1 SET YES");
    panel_touch(&rig, MIDDLE);
    PANEL_SHOWS(part3, "MENU CT RATIO SAVED");
    ck_assert_int_eq(value(EM_SETTING_CT_RATIO), EM_CT_RATIO(9999, 1));
    ck_assert_uint_eq(m->energy.ct_changes, 1);
    wait_for_message_to_go();
    PANEL_SHOWS(part3, "MENU CT RATIO 9999/1");
}
END_TEST

START_TEST(without_a_yes_no_ct_ratio)
{
    go_to(RATIO);
    choose_ratio("0005", "0100", false, false);
    PANEL_SHOWS(part3, "MENU CT RATIO 5/5");
    ck_assert_uint_eq(m->energy.ct_changes, 0);
}
END_TEST

START_TEST(impossible_ct_ratios_are_refused)
{
    static const struct {
        const char *primary;
        bool secondary_1, allowed;
    } rows[] = {{"0000", false, false}, {"0004", false, false}, {"0001", true, true}, {"0000", true, false}};

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        setup();
        go_to(RATIO);
        panel_touch(&rig, MIDDLE);
        enter("0005", rows[k].primary);
        panel_touches(&rig, RIGHT, rows[k].secondary_1);
        panel_touch(&rig, MIDDLE);
        if (rows[k].allowed) {
            PANEL_SHOWS(part3, "MENU 1/1 SET NO");
        } else {
            char text[SIM_LCD_TEXT];

            snprintf(text, sizeof text, "MENU PRIMARY %s RANGE", rows[k].primary);
            PANEL_SHOWS(part3, text);
        }
        ck_assert_uint_eq(m->energy.ct_changes, 0);
    }
}
END_TEST

START_TEST(an_eighth_ct_ratio_is_locked)
{
    for (int k = 1; k <= EM_CT_CHANGES_MAX; k++)
        must_set(EM_SETTING_CT_RATIO, EM_CT_RATIO(100 * k, 5));
    go_to(RATIO);
    panel_touch(&rig, MIDDLE);
    enter("0700", "0800");
    panel_touch(&rig, MIDDLE);
    PANEL_SHOWS(part3, "MENU CT RATIO LOCKED");
    wait_for_message_to_go();
    PANEL_SHOWS(part3, "MENU CT RATIO 700/5");
    ck_assert_int_eq(value(EM_SETTING_CT_RATIO), EM_CT_RATIO(700, 5));
    choose_ratio("0700", "0700", false, true); /* the present one again changes nothing */
    PANEL_SHOWS(part3, "MENU CT RATIO SAVED");
    ck_assert_uint_eq(m->energy.ct_changes, EM_CT_CHANGES_MAX);
}
END_TEST

/* --- counters --- */

START_TEST(the_trip_counter_can_be_reset)
{
    em_energy_preload(&m->energy, EM_ENERGY(EM_SET_TRIP, EM_ACTIVE, EM_PART_TOTAL, EM_ALL), -4321);
    em_energy_preload(&m->energy, EM_ENERGY(EM_SET_TRIP, EM_ACTIVE, EM_PART_TOTAL, EM_L2), 1234);
    go_to(TRIP);
    PANEL_SHOWS(part3, "MENU TRIP -000004.321 kWh");
    panel_touch(&rig, MIDDLE);
    PANEL_SHOWS(part3, "MENU TRIP -000004.321 kWh RESET NO");
    panel_touch(&rig, MIDDLE);
    PANEL_SHOWS(part3, "MENU TRIP -000004.321 kWh");
    panel_touch(&rig, MIDDLE);
    panel_touch(&rig, RIGHT);
    PANEL_SHOWS(part3, "MENU TRIP -000004.321 kWh RESET YES");
    panel_touch(&rig, MIDDLE);
    PANEL_SHOWS(part3, "MENU TRIP 000000.000 kWh DONE");
    ck_assert_int_eq(m->energy.trip_wh[1], 0);
    ck_assert_uint_eq(m->energy.trip_resets, 1);
}
END_TEST

START_TEST(the_power_down_counter_is_shown_and_can_be_reset)
{
    em_meter_preset(m, EM_SETTING_POWER_DOWN_COUNTER, 32767);
    go_to(POWERDOWN);
    PANEL_SHOWS(part3, "MENU POWERDOWN 32767");
    panel_touch(&rig, MIDDLE);
    PANEL_SHOWS(part3, "MENU POWERDOWN 32767 RESET NO");
    panel_touch(&rig, RIGHT);
    panel_touch(&rig, MIDDLE);
    PANEL_SHOWS(part3, "MENU POWERDOWN 0 DONE");
    ck_assert_int_eq(value(EM_SETTING_POWER_DOWN_COUNTER), 0);
}
END_TEST

/* --- the same settings --- */

START_TEST(menu_and_registers_set_the_same)
{
    uint16_t word = 7;

    go_into(MODBUS, ID);
    panel_touch(&rig, MIDDLE);
    enter("001", "009");
    ck_assert_int_eq(em_registers_read(m, 0x4003, 1, &word), EM_EXCEPTION_NONE);
    ck_assert_uint_eq(word, 9);
    word = 33;
    ck_assert_int_eq(em_registers_write(m, 6, 0x4003, 1, &word), EM_EXCEPTION_NONE);
    wait_for_message_to_go();
    PANEL_SHOWS(part3, "MENU MODBUS ID 33");
}
END_TEST

static uint8_t memory[EM_NV_SIZE];

static int nv_read(void *ctx, uint32_t offset, void *data, uint32_t n)
{
    (void)ctx;
    memcpy(data, memory + offset, n);
    return 0;
}

static int nv_write(void *ctx, uint32_t offset, const void *data, uint32_t n)
{
    (void)ctx;
    memcpy(memory + offset, data, n);
    return 0;
}

START_TEST(what_the_menu_saves_survives_a_cut)
{
    memset(memory, 0xFF, sizeof memory);
    rig.port = (struct em_port){.nv_read = nv_read, .nv_write = nv_write};
    em_meter_init(m, &rig.port, 50000);
    go_to(BACKLIGHT);
    panel_touch(&rig, MIDDLE);
    panel_touch(&rig, LEFT);
    panel_touch(&rig, MIDDLE);
    PANEL_SHOWS(part3, "MENU BACKLIGHT SAVED");
    em_meter_init(m, &rig.port, 50000);
    ck_assert_int_eq(value(EM_SETTING_BACKLIGHT), 3);
}
END_TEST

/* Whatever is touched, however long: the display stays in its bounds and shows known shapes, and settings in theirs. */
START_TEST(random_touches_do_no_harm)
{
    uint64_t seed = 4711;

    for (int n = 0; n < 200000; n++) {
        uint64_t r = unit_random(&seed);

        em_meter_button(m, (enum em_button)(r % 3), r >> 8 & 1);
        em_display_run(m, (uint32_t)(r >> 16) % ((r >> 60) == 0 ? 70 * EM_SAMPLE_RATE : 2000));
        if (n % 8 == 0)
            UNIT_CHECK(!strchr(panel_part3(&rig), 'x'), "%d: %s", n, panel_part3(&rig));
        UNIT_CHECK(m->display.screen <= EM_SCREEN_QR, "%d: screen %d", n, m->display.screen);
        for (int s = 0; s < EM_SETTING_COUNT && n % 64 == 0; s++)
            UNIT_CHECK(em_setting_range((enum em_setting)s, value((enum em_setting)s)) == EM_OK, "%d: setting %d", n,
                       s);
    }
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("menu");
    TCase *tcase = unit_case(suite, "getting in and out");

    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, more_than_3_s_open_the_menu);
    tcase_add_test(tcase, holding_leaves_one_level_at_a_time);
    tcase_add_test(tcase, lists_go_round);
    tcase_add_test(tcase, every_item_and_editor_as_a_picture);
    tcase_add_test(tcase, a_minute_without_a_touch_leaves_and_saves_nothing);
    tcase_add_test(tcase, every_touch_begins_the_minute_anew);
    tcase_add_test(tcase, measuring_pages_stay);
    tcase = unit_case(suite, "password");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, a_wrong_password_is_refused);
    tcase_add_test(tcase, only_the_digit_at_hand_is_seen);
    tcase_add_test(tcase, the_password_can_be_changed);
    tcase_add_test(tcase, bluetooth_needs_no_password);
    tcase_add_test(tcase, bluetooth_is_off_after_a_start_and_the_pattern_is_not_lost);
    tcase = unit_case(suite, "settings");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, every_choice_of_every_item);
    tcase_add_test(tcase, a_new_tariff_acts_and_stays_known);
    tcase_add_test(tcase, line_settings_act_at_once);
    tcase_add_test(tcase, m_bus_parity_is_shown_and_can_not_be_changed);
    tcase_add_test(tcase, numbers_within_and_beyond_their_limits);
    tcase_add_test(tcase, a_digit_held_repeats);
    tcase_add_test(tcase, a_long_step_repeats_as_often_as_short_ones);
    tcase_add_test(tcase, nothing_but_digits_repeats);
    tcase = unit_case(suite, "CT ratio and counters");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, a_ct_ratio_is_one_change_and_wants_a_yes);
    tcase_add_test(tcase, without_a_yes_no_ct_ratio);
    tcase_add_test(tcase, impossible_ct_ratios_are_refused);
    tcase_add_test(tcase, an_eighth_ct_ratio_is_locked);
    tcase_add_test(tcase, the_trip_counter_can_be_reset);
    tcase_add_test(tcase, the_power_down_counter_is_shown_and_can_be_reset);
    tcase = unit_case(suite, "the same settings");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, menu_and_registers_set_the_same);
    tcase_add_test(tcase, what_the_menu_saves_survives_a_cut);
    tcase_add_test(tcase, random_touches_do_no_harm);
    return suite;
}
