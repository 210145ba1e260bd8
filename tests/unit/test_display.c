/* SPDX-License-Identifier: MIT */
#include "glass.h"
#include "panel.h"

#include <stdio.h>
#include <string.h>

static struct unit_rig rig;
static struct em_meter *const m = &rig.meter;

#define LEFT   EM_BUTTON_LEFT
#define MIDDLE EM_BUTTON_MIDDLE
#define RIGHT  EM_BUTTON_RIGHT

static void setup(void)
{
    unit_rig_init(&rig, 50000, unit_mains(50, 2, 30));
}

static void must_set(enum em_setting s, int32_t value)
{
    ck_assert_int_eq(em_meter_set(m, s, value), EM_OK);
}

static void preload(em_energy_id id, int64_t wh)
{
    ck_assert_int_eq(em_energy_preload(&m->energy, id, wh), EM_OK);
}

/* A meter whose values all differ: L3 exports, L2 is capacitive. */
static void busy_meter(void)
{
    static const struct unit_wave wave = {
        .hz = 49.95,
        .u = {230.12, 231.5, 228.25},
        .u_deg = {0, -120, -240},
        .i = {4.5, 2.25, 1.125},
        .lag_deg = {25, -40, 200},
    };

    unit_rig_init(&rig, 49950, wave);
    must_set(EM_SETTING_CT_RATIO, EM_CT_RATIO(1000, 5));
    unit_feed(&rig, 1);
    for (unsigned t = 0; t < 4; t++) {
        for (unsigned d = 0; d < 2; d++) {
            for (unsigned k = 0; k < 2; k++) {
                unsigned part = EM_PART_FORWARD + d;
                int64_t wh = 100000000 * (t + 1) + 10000000 * d + 1000000 * k + 12345;

                preload((em_energy_id)EM_ENERGY(EM_SET_MAIN, k, part, EM_T1 + t), wh);
                preload((em_energy_id)EM_ENERGY(EM_SET_CT0, k, part, EM_T1 + t), wh + 50000);
                if (t < 3)
                    preload((em_energy_id)EM_ENERGY(EM_SET_MAIN, k, part, EM_L1 + t), wh + 70000);
            }
        }
    }
    preload(EM_ENERGY(EM_SET_TRIP, EM_ACTIVE, EM_PART_TOTAL, EM_ALL), 4321);
    preload(EM_ENERGY(EM_SET_TRIP, EM_ACTIVE, EM_PART_TOTAL, EM_L1), 5321);
    preload(EM_ENERGY(EM_SET_TRIP, EM_ACTIVE, EM_PART_TOTAL, EM_L2), 0);
    preload(EM_ENERGY(EM_SET_TRIP, EM_ACTIVE, EM_PART_TOTAL, EM_L3), -1000);
}

/* --- pages of part 3 --- */

#define PAGES 11

START_TEST(every_page_of_every_scope)
{
    static const char *const names[] = {"total", "l1", "l2", "l3"};
    static struct panel_album album;

    busy_meter();
    for (int g = 0; g < 4; g++) {
        memset(&album, 0, sizeof album);
        for (int p = 0; p < PAGES; p++) {
            char title[32];

            snprintf(title, sizeof title, "%s, page %d", names[g], p + 1);
            panel_picture(&album, &rig, title);
            panel_touch(&rig, RIGHT);
        }
        panel_compare(&album, names[g]);
    }
}
END_TEST

START_TEST(history_pages_of_every_ratio)
{
    static struct panel_album album;

    busy_meter();
    panel_touches(&rig, MIDDLE, 4);
    for (int p = 0; p < 2 * 8; p++) {
        panel_picture(&album, &rig, p < 8 ? "under 5/5" : "under 1000/5");
        panel_touch(&rig, RIGHT);
    }
    PANEL_SHOWS(part3, "TOTAL DIRECTION FORWARD"); /* round */
    panel_compare(&album, "ct-history");
}
END_TEST

START_TEST(history_pages_show_t3_and_t4_once_they_were_used)
{
    static const char *const want[] = {"CT0 1.8.1", "CT0 1.8.2", "CT0 1.8.3", "CT0 1.8.4", "CT0 2.8.1", "CT0 2.8.2",
                                       "CT0 2.8.3", "CT0 2.8.4", "CT0 3.8.1", "CT0 3.8.2", "CT0 3.8.3", "CT0 3.8.4",
                                       "CT0 4.8.1", "CT0 4.8.2", "CT0 4.8.3", "CT0 4.8.4"};

    must_set(EM_SETTING_TARIFF, 3);
    must_set(EM_SETTING_TARIFF, 1); /* for ever */
    panel_touches(&rig, MIDDLE, 4);
    for (size_t k = 0; k < sizeof want / sizeof want[0]; k++) {
        char text[SIM_LCD_TEXT];

        snprintf(text, sizeof text, "HISTORY %s 000000.000 %s 5/5", want[k], k < 8 ? "kWh" : "kvarh");
        PANEL_SHOWS(part3, text);
        panel_touch(&rig, RIGHT);
    }
    PANEL_SHOWS(part3, "TOTAL DIRECTION FORWARD");
}
END_TEST

START_TEST(all_eight_sets_have_pages)
{
    for (int k = 1; k <= EM_CT_CHANGES_MAX; k++)
        must_set(EM_SETTING_CT_RATIO, EM_CT_RATIO(100 * k, 5));
    for (int k = 0; k <= EM_CT_CHANGES_MAX; k++) {
        char text[SIM_LCD_TEXT];

        panel_touches(&rig, MIDDLE, k ? 1 : 4);
        snprintf(text, sizeof text, "HISTORY CT%d 1.8.1 000000.000 kWh %d/5", k, k ? 100 * k : 5);
        PANEL_SHOWS(part3, text);
    }
    panel_touch(&rig, MIDDLE);
    PANEL_SHOWS(part3, "TOTAL DIRECTION FORWARD");
    panel_touch(&rig, LEFT);
    PANEL_SHOWS(part3, "HISTORY CT7 4.8.2 000000.000 kvarh 700/5");
}
END_TEST

START_TEST(the_middle_button_keeps_the_quantity)
{
    panel_touches(&rig, RIGHT, 9);
    PANEL_SHOWS(part3, "TOTAL VOLTAGE 0.00 V");
    panel_touch(&rig, MIDDLE);
    PANEL_SHOWS(part3, "L1 VOLTAGE 0.00 V");
    panel_touch(&rig, MIDDLE);
    PANEL_SHOWS(part3, "L2 VOLTAGE 0.00 V");
    panel_touches(&rig, LEFT, 2);
    PANEL_SHOWS(part3, "L2 POWER S 0.0 VA");
    panel_touches(&rig, MIDDLE, 2);
    PANEL_SHOWS(part3, "HISTORY CT0 1.8.1 000000.000 kWh 5/5");
    panel_touch(&rig, MIDDLE);
    PANEL_SHOWS(part3, "TOTAL DIRECTION FORWARD");
}
END_TEST

START_TEST(left_goes_the_way_back)
{
    char way[60][SIM_LCD_TEXT];
    int n = 4 * PAGES + 8;

    for (int k = 0; k <= n; k++) {
        snprintf(way[k], sizeof way[k], "%s", panel_part3(&rig));
        panel_touch(&rig, RIGHT);
    }
    ck_assert_str_eq(way[0], way[n]);
    for (int k = n; k >= 0; k--) {
        panel_touch(&rig, LEFT);
        PANEL_SHOWS(part3, way[k]);
    }
}
END_TEST

/* What a page shows of a quantity that is this big. */
START_TEST(numbers_keep_five_digits_over_the_whole_range)
{
    static const struct {
        int page; /* of the total */
        int64_t value;
        const char *want;
    } rows[] = {
        {6, 0, "TOTAL POWER P 0.0 W"},
        {6, 49999, "TOTAL POWER P 0.0 W"},
        {6, 50000, "TOTAL POWER P 0.1 W"},
        {6, -50000, "TOTAL POWER P -0.1 W"},
        {6, -49999, "TOTAL POWER P 0.0 W"},
        {6, 920000, "TOTAL POWER P 0.9 W"},
        {6, 999949999, "TOTAL POWER P 999.9 W"},
        {6, 999950000, "TOTAL POWER P 1.0000 kW"},
        {6, 1000000000, "TOTAL POWER P 1.0000 kW"},
        {6, 9999949999, "TOTAL POWER P 9.9999 kW"},
        {6, 9999950000, "TOTAL POWER P 10.000 kW"},
        {6, 123456789012, "TOTAL POWER P 123.46 kW"},
        {6, 999994999999, "TOTAL POWER P 999.99 kW"},
        {6, 999995000000, "TOTAL POWER P 1.0000 MW"},
        {6, -45678000000000, "TOTAL POWER P -45.678 MW"},
        {6, 690000000000000, "TOTAL POWER P 690.00 MW"},
        {6, 18000000000000000, "TOTAL POWER P 18000 MW"},
        {7, 690000000000000, "TOTAL POWER S 690.00 MVA"},
        {7, 5750000000, "TOTAL POWER S 5.7500 kVA"},
        {7, 230000000, "TOTAL POWER S 230.0 VA"},
        {8, -1250000000, "TOTAL POWER Q -1.2500 kvar"},
        {8, 12500000, "TOTAL POWER Q 12.5 var"},
        {8, 99999000000000, "TOTAL POWER Q 99.999 Mvar"},
        {3, 1000000, "TOTAL PF 1.000"},
        {3, 866025, "TOTAL PF 0.866"},
        {3, 499, "TOTAL PF 0.000"},
        {5, 50000, "TOTAL FREQUENCY 50.000 Hz"},
        {5, 44987, "TOTAL FREQUENCY 44.987 Hz"},
    };

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        struct em_quantities *q = &m->quantities;

        m->display.page = (uint8_t)rows[k].page;
        em_meter_quantities(m); /* fresh, then replaced */
        *(rows[k].page == 6   ? &q->p_uw[EM_TOTAL]
          : rows[k].page == 7 ? &q->s_uva[EM_TOTAL]
          : rows[k].page == 8 ? &q->q_uvar[EM_TOTAL]
          : rows[k].page == 3 ? &q->pf_ppm[EM_TOTAL]
                              : &q->frequency_mhz) = rows[k].value;
        PANEL_SHOWS(part3, rows[k].want);
    }
}
END_TEST

START_TEST(currents_and_voltages_over_the_whole_range)
{
    static const struct {
        int page;
        int64_t value[3]; /* of the phases */
        const char *total, *l2;
    } rows[] = {
        {10, {0, 0, 0}, "TOTAL CURRENT 0.000 A", "L2 CURRENT 0.000 A"},
        {10, {4000, -4000, 4000}, "TOTAL CURRENT 0.012 A", "L2 CURRENT 0.004 A"}, /* magnitudes */
        {10, {-5000000, -99999500, 0}, "TOTAL CURRENT 105.00 A", "L2 CURRENT 100.00 A"},
        {10, {0, 999994999, 0}, "TOTAL CURRENT 999.99 A", "L2 CURRENT 999.99 A"},
        {10, {0, 999995000, 0}, "TOTAL CURRENT 1.0000 kA", "L2 CURRENT 1.0000 kA"},
        {10, {0, -49995000000, 0}, "TOTAL CURRENT 49.995 kA", "L2 CURRENT 49.995 kA"},
        {10, {0, 199980000000, 0}, "TOTAL CURRENT 199.98 kA", "L2 CURRENT 199.98 kA"},
        {9, {230000000, 231000000, 229500000}, "TOTAL VOLTAGE 230.17 V", "L2 VOLTAGE 231.00 V"},
        {9,
         {230000000, 231000000, 1000000},
         "TOTAL VOLTAGE 230.50 V",
         "L2 VOLTAGE 231.00 V"}, /* those that are there */
        {9, {0, 45999999, 0}, "TOTAL VOLTAGE 0.00 V", "L2 VOLTAGE 46.00 V"},
        {9, {0, 46000000, 0}, "TOTAL VOLTAGE 46.00 V", "L2 VOLTAGE 46.00 V"},
        {9, {593000000, 593000000, 593000000}, "TOTAL VOLTAGE 593.00 V", "L2 VOLTAGE 593.00 V"},
    };

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        em_meter_quantities(m);
        memcpy(rows[k].page == 10 ? m->quantities.i_ua : m->quantities.u_uv, rows[k].value, sizeof rows[k].value);
        m->display.page = (uint8_t)rows[k].page;
        m->display.group = 0;
        PANEL_SHOWS(part3, rows[k].total);
        m->display.group = 2;
        PANEL_SHOWS(part3, rows[k].l2);
    }
}
END_TEST

START_TEST(arrow_and_quadrant_follow_the_page)
{
    busy_meter();
    PANEL_SHOWS(icons, "forward q1 inductive");
    panel_touch(&rig, MIDDLE);
    PANEL_SHOWS(icons, "forward q1 inductive");
    panel_touch(&rig, MIDDLE);
    PANEL_SHOWS(icons, "forward q4 capacitive");
    panel_touch(&rig, MIDDLE);
    PANEL_SHOWS(icons, "reverse q3 inductive");
    panel_touch(&rig, MIDDLE);
    PANEL_SHOWS(icons, "forward q1 inductive"); /* history: the total's */
}
END_TEST

START_TEST(active_power_alone_has_an_arrow_and_a_quadrant)
{
    unit_rig_init(&rig, 50000, unit_mains(50, 2, 0));
    unit_feed(&rig, 1);
    PANEL_SHOWS(icons, "forward q1");
    unit_rig_init(&rig, 50000, unit_mains(50, 2, 90));
    unit_feed(&rig, 1);
    PANEL_SHOWS(icons, "q1 inductive");
    unit_rig_init(&rig, 50000, unit_mains(50, 2, -90));
    unit_feed(&rig, 1);
    PANEL_SHOWS(icons, "q4 capacitive");
}
END_TEST

START_TEST(without_load_no_arrow_and_no_quadrant)
{
    unit_rig_init(&rig, 50000, unit_mains(50, 0, 0));
    unit_feed(&rig, 1);
    PANEL_SHOWS(icons, "");
    PANEL_SHOWS(part3, "TOTAL DIRECTION FORWARD");
    ck_assert(panel_lit(&rig, EM_LCD_AXES) && panel_lit(&rig, EM_LCD_GRID) && panel_lit(&rig, EM_LCD_LOAD));
}
END_TEST

START_TEST(values_are_those_of_the_newest_window)
{
    panel_touches(&rig, RIGHT, 6);
    unit_feed(&rig, 1);
    PANEL_SHOWS(part3, "TOTAL POWER P 1.1951 kW");
    rig.source.wave = unit_mains(50, 1, 0);
    unit_feed(&rig, 0.5);
    PANEL_SHOWS(part3, "TOTAL POWER P 690.0 W");
}
END_TEST

/* --- parts 1 and 2 --- */

START_TEST(part_1_shows_serial_number_and_crc_in_turn)
{
    char crc[SIM_LCD_TEXT];

    snprintf(crc, sizeof crc, "1.00 T1 CRC %08X CT 5/5", em_constant_value(EM_CONSTANT_CHECKSUM));
    for (int k = 0; k < 3; k++) {
        PANEL_SHOWS(part1, "1.00 T1 No 19020246 CT 5/5");
        panel_wait(&rig, 9.999);
        PANEL_SHOWS(part1, "1.00 T1 No 19020246 CT 5/5");
        panel_wait(&rig, 0.001);
        PANEL_SHOWS(part1, crc);
        panel_wait(&rig, 9.999);
        PANEL_SHOWS(part1, crc);
        panel_wait(&rig, 0.001);
    }
}
END_TEST

START_TEST(part_1_shows_tariff_and_ratio)
{
    static const struct {
        int32_t tariff, ratio, serial;
        const char *want;
    } rows[] = {
        {2, EM_CT_RATIO(9999, 5), 1, "1.00 T2 No 00000001 CT 9999/5"},
        {3, EM_CT_RATIO(9999, 1), 99999999, "1.00 T3 No 99999999 CT 9999/1"},
        {4, EM_CT_RATIO(1, 1), 0, "1.00 T4 No 00000000 CT 1/1"},
    };

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        must_set(EM_SETTING_TARIFF, rows[k].tariff);
        must_set(EM_SETTING_CT_RATIO, rows[k].ratio);
        em_meter_preset(m, EM_SETTING_SERIAL_NUMBER, rows[k].serial);
        PANEL_SHOWS(part1, rows[k].want);
    }
}
END_TEST

START_TEST(indicators_are_lit_while_bytes_move)
{
    em_meter_bus_bytes(m, EM_BUS_MODBUS);
    PANEL_SHOWS(icons, "modbus");
    em_meter_bus_bytes(m, EM_BUS_MBUS);
    PANEL_SHOWS(icons, "modbus mbus");
    rig.source.wave = unit_mains(50, 0, 0);
    unit_feed(&rig, EM_BUS_LIT_MS / 1000.0 + 0.001);
    PANEL_SHOWS(icons, "");
}
END_TEST

START_TEST(part_2_registers_take_turns)
{
    static struct panel_album album;

    busy_meter();
    must_set(EM_SETTING_LCD_CYCLE_TIME, 20); /* so that part 1 shows the serial number each time */
    em_display_reset(&m->display);
    for (int k = 0; k < 4; k++) {
        panel_picture(&album, &rig, "T1 and T2, without OBIS codes");
        panel_wait(&rig, 20);
    }
    must_set(EM_SETTING_OBIS_CODE_DISPLAY, 1);
    for (int k = 0; k < 4; k++) {
        panel_picture(&album, &rig, "T1 and T2");
        panel_wait(&rig, 20);
    }
    must_set(EM_SETTING_TARIFF, 4);
    em_display_reset(&m->display);
    for (int k = 0; k < 8; k++) {
        panel_picture(&album, &rig, "T1 to T4");
        panel_wait(&rig, 20);
    }
    panel_compare(&album, "registers");
}
END_TEST

START_TEST(the_cycle_time_can_be_1_to_30_s)
{
    static const int32_t times[] = {1, 2, 7, 10, 30};

    must_set(EM_SETTING_OBIS_CODE_DISPLAY, 1);
    for (size_t k = 0; k < sizeof times / sizeof times[0]; k++) {
        static const char *const want[] = {"1.8.1 000000.000", "1.8.2 000000.000", "2.8.1 000000.000",
                                           "2.8.2 000000.000"};

        must_set(EM_SETTING_LCD_CYCLE_TIME, times[k]);
        em_display_reset(&m->display);
        for (int n = 0; n < 9; n++) {
            PANEL_SHOWS(part2, want[n % 4]);
            panel_wait(&rig, times[k] - 0.001);
            PANEL_SHOWS(part2, want[n % 4]);
            panel_wait(&rig, 0.001);
        }
    }
}
END_TEST

START_TEST(obis_codes_are_off_by_default)
{
    preload(EM_ENERGY(EM_SET_MAIN, EM_ACTIVE, EM_PART_FORWARD, EM_T1), 12345);
    PANEL_SHOWS(part2, "000012.345");
    ck_assert(panel_lit(&rig, EM_LCD_IMPORT) && !panel_lit(&rig, EM_LCD_EXPORT));
    panel_wait(&rig, 20);
    ck_assert(panel_lit(&rig, EM_LCD_EXPORT) && !panel_lit(&rig, EM_LCD_IMPORT));
}
END_TEST

START_TEST(reverse_has_a_minus_but_not_under_c_03)
{
    static const struct {
        int32_t code;
        const char *want, *history;
    } rows[] = {
        {1, "2.8.1 -000012.000", "HISTORY CT0 2.8.1 -000012.000 kWh 5/5"},
        {2, "2.8.1 -000012.000", "HISTORY CT0 2.8.1 -000012.000 kWh 5/5"},
        {3, "2.8.1 000012.000", "HISTORY CT0 2.8.1 000012.000 kWh 5/5"},
        {4, "2.8.1 -000012.000", "HISTORY CT0 2.8.1 -000012.000 kWh 5/5"},
        {5, "2.8.1 -000012.000", "HISTORY CT0 2.8.1 -000012.000 kWh 5/5"},
    };

    must_set(EM_SETTING_OBIS_CODE_DISPLAY, 1);
    preload(EM_ENERGY(EM_SET_MAIN, EM_ACTIVE, EM_PART_REVERSE, EM_T1), 12000);
    preload(EM_ENERGY(EM_SET_MAIN, EM_REACTIVE, EM_PART_REVERSE, EM_T1), 34000);
    panel_wait(&rig, 20);
    panel_touches(&rig, MIDDLE, 4);
    panel_touches(&rig, RIGHT, 2);
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        must_set(EM_SETTING_COMBINATION_CODE, rows[k].code);
        PANEL_SHOWS(part2, rows[k].want);
        PANEL_SHOWS(part3, rows[k].history);
    }
    panel_touches(&rig, RIGHT, 4);
    PANEL_SHOWS(part3, "HISTORY CT0 4.8.1 000034.000 kvarh 5/5"); /* reactive: never */
}
END_TEST

START_TEST(energies_use_all_6_and_3_digits)
{
    static const struct {
        int64_t wh;
        const char *want;
    } rows[] = {{0, "000000.000"}, {1, "000000.001"}, {999999999, "999999.999"}, {100000000, "100000.000"}};

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        preload(EM_ENERGY(EM_SET_MAIN, EM_ACTIVE, EM_PART_FORWARD, EM_T1), rows[k].wh);
        PANEL_SHOWS(part2, rows[k].want);
    }
}
END_TEST

/* --- characters --- */

/* Writes with the core's shapes and reads with those of the text form. */
START_TEST(every_character_reads_back)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/";
    static const char digits[] = "0123456789ABCDEFro-";

    for (const char *c = letters; *c; c++) {
        struct em_lcd lcd = {0};
        char text[SIM_LCD_TEXT], want[2] = {*c, '\0'};

        em_glass_label(&lcd, want);
        sim_lcd_part3(&lcd, text);
        ck_assert_str_eq(text, want);
    }
    for (const char *c = digits; *c; c++) {
        struct em_lcd lcd = {0};
        char text[SIM_LCD_TEXT], want[2] = {*c, '\0'};

        em_glass_value(&lcd, want);
        sim_lcd_part3(&lcd, text);
        ck_assert_str_eq(text, want);
    }
}
END_TEST

START_TEST(a_segment_too_many_is_seen)
{
    struct em_lcd lcd = {0};
    char text[SIM_LCD_TEXT];

    em_glass_label(&lcd, "PF");
    em_glass_light(&lcd, EM_LCD_LABEL + 3); /* d of the P */
    sim_lcd_part3(&lcd, text);
    ck_assert_str_eq(text, "xF");
}
END_TEST

/* --- the whole --- */

START_TEST(the_screen_can_be_turned)
{
    struct em_lcd before = *em_meter_lcd(m);

    ck_assert(!before.turned);
    must_set(EM_SETTING_SCREEN_DIRECTION, 1);
    ck_assert(em_meter_lcd(m)->turned);
    ck_assert_mem_eq(before.bits, em_meter_lcd(m)->bits, sizeof before.bits);
    PANEL_SHOWS(icons, "turned");
    panel_touch(&rig, RIGHT); /* buttons are not swapped */
    PANEL_SHOWS(part3, "TOTAL TRIP 000000.000 kWh");
}
END_TEST

START_TEST(a_meter_that_is_off_is_dark)
{
    static const uint8_t dark[EM_LCD_BYTES];

    must_set(EM_SETTING_BACKLIGHT, 2);
    ck_assert(em_meter_backlight(m));
    panel_touches(&rig, RIGHT, 3);
    rig.source.wave = unit_mains(50, 0, 0);
    for (int p = 0; p < 3; p++)
        rig.source.wave.u[p] = 0;
    unit_feed(&rig, 1);
    ck_assert(!em_meter_running(m));
    ck_assert_mem_eq(em_meter_lcd(m)->bits, dark, sizeof dark);
    PANEL_SHOWS(part1, "");
    PANEL_SHOWS(part2, "");
    PANEL_SHOWS(part3, "");
    PANEL_SHOWS(icons, "");
    ck_assert(!em_meter_backlight(m));
    panel_touch(&rig, RIGHT); /* nothing to touch */
    em_meter_button(m, MIDDLE, true);
    rig.source.wave = unit_mains(50, 0, 0);
    unit_feed(&rig, 6);
    ck_assert(em_meter_running(m));
    PANEL_SHOWS(part3, "TOTAL DIRECTION FORWARD"); /* as at a start */
    em_meter_button(m, MIDDLE, false);             /* was not touched for this start */
    PANEL_SHOWS(part3, "TOTAL DIRECTION FORWARD");
    ck_assert(em_meter_backlight(m));
}
END_TEST

START_TEST(a_cut_is_dark_too)
{
    em_meter_cut(m);
    PANEL_SHOWS(part1, "");
}
END_TEST

START_TEST(a_stopped_meter_shows_its_error)
{
    static struct panel_album album;

    m->error_code = 0x81;
    m->stopped = true;
    PANEL_SHOWS(part2, "Error 81");
    PANEL_SHOWS(part3, "");
    PANEL_SHOWS(icons, "warning");
    panel_picture(&album, &rig, "error 81");
    panel_hold(&rig, MIDDLE, 3.5); /* no menu */
    panel_touch(&rig, RIGHT);
    PANEL_SHOWS(part3, "");
    ck_assert(em_meter_backlight(m));
    ck_assert_int_eq(m->display.screen, EM_SCREEN_PAGES);
    ck_assert_int_eq(m->display.page, 0);
    for (int code = 1; code < 256; code++) {
        char text[SIM_LCD_TEXT];

        m->error_code = (uint8_t)code;
        snprintf(text, sizeof text, "Error %02X", (unsigned)code);
        PANEL_SHOWS(part2, text);
    }
    panel_compare(&album, "error");
}
END_TEST

START_TEST(a_fault_that_does_not_stop_it_lights_the_warning)
{
    m->error_code = EM_FAULT_MANTISSA_DATA;
    PANEL_SHOWS(icons, "warning");
    PANEL_SHOWS(part2, "000000.000");
}
END_TEST

START_TEST(the_backlight_goes_on_for_30_s_after_a_touch)
{
    ck_assert(!em_meter_backlight(m));
    panel_wait(&rig, 5);
    em_meter_button(m, RIGHT, true);
    ck_assert(em_meter_backlight(m));
    panel_wait(&rig, 100); /* as long as it is touched */
    ck_assert(em_meter_backlight(m));
    em_meter_button(m, RIGHT, false);
    panel_wait(&rig, 29.999);
    ck_assert(em_meter_backlight(m));
    panel_wait(&rig, 0.001);
    ck_assert(!em_meter_backlight(m));
    panel_touch(&rig, LEFT);
    panel_wait(&rig, 20);
    panel_touch(&rig, LEFT); /* begins anew */
    panel_wait(&rig, 29.999);
    ck_assert(em_meter_backlight(m));
    must_set(EM_SETTING_BACKLIGHT, 3);
    ck_assert(!em_meter_backlight(m));
    must_set(EM_SETTING_BACKLIGHT, 2);
    panel_wait(&rig, 1000);
    ck_assert(em_meter_backlight(m));
}
END_TEST

START_TEST(the_first_button_touched_counts)
{
    em_meter_button(m, RIGHT, true);
    em_meter_button(m, LEFT, true);
    em_meter_button(m, LEFT, false);
    PANEL_SHOWS(part3, "TOTAL DIRECTION FORWARD");
    em_meter_button(m, RIGHT, false);
    PANEL_SHOWS(part3, "TOTAL TRIP 000000.000 kWh");
    em_meter_button(m, RIGHT, false); /* never touched */
    em_meter_button(m, EM_BUTTON_COUNT, true);
    em_meter_button(m, EM_BUTTON_COUNT, false);
    PANEL_SHOWS(part3, "TOTAL TRIP 000000.000 kWh");
    panel_hold(&rig, RIGHT, 10); /* one step, however long */
    PANEL_SHOWS(part3, "TOTAL Q ENERGY 000000.000 kvarh");
}
END_TEST

START_TEST(cutting_time_differently_shows_the_same)
{
    static struct unit_rig other;

    setup();
    other = rig;
    for (int k = 0; k < 40; k++) {
        em_display_run(&rig.meter, 5 * EM_SAMPLE_RATE);
        panel_wait(&other, 5);
        ck_assert_mem_eq(em_meter_lcd(&rig.meter), em_meter_lcd(&other.meter), sizeof(struct em_lcd));
    }
}
END_TEST

START_TEST(two_meters_do_not_meet)
{
    static struct unit_rig other;

    unit_rig_init(&other, 50000, unit_mains(50, 1, 0));
    panel_touches(&rig, RIGHT, 2);
    panel_hold(&other, MIDDLE, 3.5);
    PANEL_SHOWS(part3, "TOTAL Q ENERGY 000000.000 kvarh");
    ck_assert_str_eq(panel_part3(&other), "MENU BLUETOOTH OFF");
    ck_assert(em_meter_backlight(m));
    panel_wait(&rig, 31);
    ck_assert(!em_meter_backlight(m) && em_meter_backlight(&other.meter));
}
END_TEST

START_TEST(looking_changes_nothing)
{
    static struct em_meter before;

    busy_meter();
    em_meter_lcd(m);
    before = *m;
    em_meter_lcd(m);
    ck_assert_mem_eq(&before, m, sizeof before);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("display");
    TCase *tcase = unit_case(suite, "pages");

    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, every_page_of_every_scope);
    tcase_add_test(tcase, history_pages_of_every_ratio);
    tcase_add_test(tcase, history_pages_show_t3_and_t4_once_they_were_used);
    tcase_add_test(tcase, all_eight_sets_have_pages);
    tcase_add_test(tcase, the_middle_button_keeps_the_quantity);
    tcase_add_test(tcase, left_goes_the_way_back);
    tcase_add_test(tcase, numbers_keep_five_digits_over_the_whole_range);
    tcase_add_test(tcase, currents_and_voltages_over_the_whole_range);
    tcase_add_test(tcase, arrow_and_quadrant_follow_the_page);
    tcase_add_test(tcase, active_power_alone_has_an_arrow_and_a_quadrant);
    tcase_add_test(tcase, without_load_no_arrow_and_no_quadrant);
    tcase_add_test(tcase, values_are_those_of_the_newest_window);
    tcase = unit_case(suite, "parts 1 and 2");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, part_1_shows_serial_number_and_crc_in_turn);
    tcase_add_test(tcase, part_1_shows_tariff_and_ratio);
    tcase_add_test(tcase, indicators_are_lit_while_bytes_move);
    tcase_add_test(tcase, part_2_registers_take_turns);
    tcase_add_test(tcase, the_cycle_time_can_be_1_to_30_s);
    tcase_add_test(tcase, obis_codes_are_off_by_default);
    tcase_add_test(tcase, reverse_has_a_minus_but_not_under_c_03);
    tcase_add_test(tcase, energies_use_all_6_and_3_digits);
    tcase = unit_case(suite, "characters");
    tcase_add_test(tcase, every_character_reads_back);
    tcase_add_test(tcase, a_segment_too_many_is_seen);
    tcase = unit_case(suite, "the whole");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, the_screen_can_be_turned);
    tcase_add_test(tcase, a_meter_that_is_off_is_dark);
    tcase_add_test(tcase, a_cut_is_dark_too);
    tcase_add_test(tcase, a_stopped_meter_shows_its_error);
    tcase_add_test(tcase, a_fault_that_does_not_stop_it_lights_the_warning);
    tcase_add_test(tcase, the_backlight_goes_on_for_30_s_after_a_touch);
    tcase_add_test(tcase, the_first_button_touched_counts);
    tcase_add_test(tcase, cutting_time_differently_shows_the_same);
    tcase_add_test(tcase, two_meters_do_not_meet);
    tcase_add_test(tcase, looking_changes_nothing);
    return suite;
}
