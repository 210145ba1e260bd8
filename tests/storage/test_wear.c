/* SPDX-License-Identifier: MIT
 * How often the pages of the memory are written in 10 years, from counting one day (or one month) of them. */
#include "rig.h"

#include <stdio.h>
#include <string.h>

#define CYCLES_MAX 1000000                      /* of an EEPROM page, as em_storage.h says */
#define DAYS       3652.5                       /* in 10 years */
#define SAVES      (86400 / EM_SAVE_INTERVAL_S) /* in a day */

static struct rig rig;
static struct rig_wave load;

/* Counts the energy of one save interval at full load (3450 W secondary, PF 0.5) with the rules in force, without
 * making the samples: one window of every second. */
static void count_interval(double direction)
{
    struct em_settings *s = &rig.meter.settings;
    struct em_energy_rules rules = {
        .tariff = (uint8_t)s->value[EM_SETTING_TARIFF],
        .combination = (uint8_t)s->value[EM_SETTING_COMBINATION_CODE],
        .ct_primary = EM_CT_PRIMARY(s->value[EM_SETTING_CT_RATIO]),
        .ct_secondary = EM_CT_SECONDARY(s->value[EM_SETTING_CT_RATIO]),
    };
    const double per_second = 230.0 * EM_COUNTS_PER_VOLT * 5 * EM_COUNTS_PER_AMPERE * EM_SAMPLE_RATE;
    struct em_window window = {.frequency_mhz = 50000, .cycles = 50};
    struct em_counted counted;

    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        window.phase[p].ui = (int64_t)(per_second * 0.5 * direction) + p;
        window.phase[p].q = (int64_t)(per_second * 0.866 * direction) - p;
    }
    for (int k = 0; k < EM_SAVE_INTERVAL_S; k++) {
        em_energy_add(&rig.meter.energy, &window, &rules, &counted);
        em_pulses_window(&rig.meter.pulses, &counted, s->value[EM_SETTING_PULSE_TYPE], rules.ct_primary,
                         EM_SAMPLE_RATE);
        rig.meter.storage.energy_dirty = true;
        em_storage_run(&rig.meter, EM_SAMPLE_RATE);
    }
}

static uint32_t most(const uint32_t before[EM_NV_SIZE / EM_NV_PAGE], int *page)
{
    uint32_t max = 0;

    for (int k = 0; k < EM_NV_SIZE / EM_NV_PAGE; k++) {
        if (rig.memory.page_writes[k] - before[k] > max) {
            max = rig.memory.page_writes[k] - before[k];
            *page = k;
        }
    }
    return max;
}

/* One day of full load; `busy` adds what people and the grid do in a day. */
static double writes_in_10_years(bool busy)
{
    uint32_t before[EM_NV_SIZE / EM_NV_PAGE], max;
    int page = 0;

    memcpy(before, rig.memory.page_writes, sizeof before);
    for (int k = 0; k < SAVES; k++) {
        count_interval(k % 48 < 40 ? 1 : -1);
        if (busy && k % 24 == 7) /* six edges of the tariff input */
            em_meter_tariff_input(&rig.meter, !rig.meter.tariff_input);
    }
    if (busy) { /* a power-down, a trip reset */
        rig_write(&rig, 0x6049, 2, (uint16_t[]){0, 0});
        em_meter_stop(&rig.meter);
        rig_restart(&rig);
    }
    max = most(before, &page);
    printf("%s day: page %d is written %u times, %.0f in 10 years\n", busy ? "busy" : "full", page, max, max * DAYS);
    return max * DAYS;
}

START_TEST(ten_years_at_full_load_wear_no_page_out)
{
    rig_init(&rig);
    rig_write(&rig, 0x401F, 2, (uint16_t[]){0x9999, 0x0001}); /* every counter moves on between saves */
    rig_preload(&rig, 100);
    ck_assert_double_le(writes_in_10_years(false), CYCLES_MAX);
    ck_assert_uint_ge(rig.memory.writes, SAVES * 6); /* it did save */
}
END_TEST

START_TEST(ten_busy_years_wear_no_page_out)
{
    rig_init(&rig);
    rig_write(&rig, 0x401F, 2, (uint16_t[]){0x9999, 0x0001});
    ck_assert_double_le(writes_in_10_years(true), CYCLES_MAX);
}
END_TEST

/* 525,960 saves: a page of the energies at most once each, of a mantissa slot every other time. */
START_TEST(a_save_writes_no_page_twice)
{
    uint32_t first[EM_NV_SIZE / EM_NV_PAGE];

    rig_init(&rig);
    memcpy(first, rig.memory.page_writes, sizeof first);
    for (int k = 0; k < SAVES; k++) {
        uint32_t before[EM_NV_SIZE / EM_NV_PAGE];
        int page = 0;

        memcpy(before, rig.memory.page_writes, sizeof before);
        count_interval(1);
        RIG_CHECK(most(before, &page) == 1, "save %d writes page %d %u times", k, page, most(before, &page));
    }
    for (int k = 0; k < EM_NV_SIZE / EM_NV_PAGE; k++) {
        uint32_t limit = rig_area((uint32_t)k * EM_NV_PAGE) == EM_NV_SETTINGS   ? 0
                         : rig_area((uint32_t)k * EM_NV_PAGE) == EM_NV_MANTISSA ? SAVES / 2
                                                                                : SAVES;

        RIG_CHECK(rig.memory.page_writes[k] - first[k] <= limit, "page %d: %u writes in %d saves", k,
                  rig.memory.page_writes[k] - first[k], SAVES);
    }
    ck_assert_double_le(SAVES * DAYS, 525960);
    ck_assert_double_le(SAVES * DAYS, CYCLES_MAX);
}
END_TEST

START_TEST(only_pages_that_differ_are_written)
{
    uint64_t writes;

    rig_init(&rig);
    rig_preload(&rig, 1000);
    em_storage_save(&rig.meter);
    em_storage_save(&rig.meter); /* both mantissa slots hold the same now, but for their numbers */
    writes = rig.memory.writes;
    em_storage_save(&rig.meter);
    ck_assert_uint_eq(rig.memory.writes, writes + 3); /* the headers of three records */
    writes = rig.memory.writes;
    ck_assert_int_eq(em_meter_set(&rig.meter, EM_SETTING_PASSWORD, 77), EM_OK);
    em_storage_commit(&rig.meter);
    ck_assert_uint_le(rig.memory.writes, writes + 4); /* header and value in two copies */
}
END_TEST

/* Real samples: the interval is what the header says, to the window. */
START_TEST(a_running_meter_saves_once_an_interval)
{
    uint64_t writes;

    rig_wave_balanced(&load, 5, 30);
    rig_init(&rig);
    rig.wave = &load;
    writes = rig.memory.writes;
    rig_feed_blocks(&rig, (int64_t)EM_SAVE_INTERVAL_S * EM_SAMPLE_RATE - RIG_CYCLE, RIG_BLOCK_MAX);
    ck_assert_uint_eq(rig.memory.writes, writes);
    rig_feed_blocks(&rig, RIG_CYCLE + RIG_WINDOW, RIG_BLOCK_MAX);
    ck_assert_uint_gt(rig.memory.writes, writes);
    writes = rig.memory.writes;
    rig_feed_blocks(&rig, (int64_t)EM_SAVE_INTERVAL_S * EM_SAMPLE_RATE - 2 * RIG_WINDOW, RIG_BLOCK_MAX);
    ck_assert_uint_eq(rig.memory.writes, writes);
    rig_feed_blocks(&rig, 3 * RIG_WINDOW, RIG_BLOCK_MAX);
    ck_assert_uint_gt(rig.memory.writes, writes);
}
END_TEST

START_TEST(without_load_nothing_is_written)
{
    uint64_t writes;

    rig_init(&rig);
    writes = rig.memory.writes;
    for (int k = 0; k < SAVES; k++) {
        rig_feed_blocks(&rig, 5 * RIG_WINDOW, RIG_BLOCK_MAX);
        em_storage_run(&rig.meter, EM_SAVE_INTERVAL_S * EM_SAMPLE_RATE);
    }
    ck_assert_uint_eq(rig.memory.writes, writes);
}
END_TEST

START_TEST(once_the_load_is_off_it_is_saved_for_the_last_time)
{
    uint64_t writes;

    rig_wave_balanced(&load, 5, 30);
    rig_init(&rig);
    rig.wave = &load;
    rig_feed(&rig, 5 * RIG_WINDOW);
    rig.wave = &rig_idle;
    rig_feed(&rig, 5 * RIG_WINDOW);
    writes = rig.memory.writes;
    em_storage_run(&rig.meter, EM_SAVE_INTERVAL_S * EM_SAMPLE_RATE);
    ck_assert_uint_gt(rig.memory.writes, writes);
    writes = rig.memory.writes;
    for (int k = 0; k < SAVES; k++) {
        rig_feed(&rig, 5 * RIG_WINDOW);
        em_storage_run(&rig.meter, EM_SAVE_INTERVAL_S * EM_SAMPLE_RATE);
    }
    ck_assert_uint_eq(rig.memory.writes, writes);
}
END_TEST

/* A master that writes the present values over and over costs nothing. */
START_TEST(writing_what_is_already_set_writes_nothing)
{
    static const struct {
        uint16_t address, count, value[4];
    } rows[] = {
        {0x4003, 2, {1, 6}},
        {0x4010, 1, {0x10}},
        {0x400F, 3, {1, 0x10, 1}},
        {0x401F, 4, {5, 5, 0x30, 1}},
        {0x400D, 2, {0x447A, 0x0000}},
        {0x4026, 1, {1}},
        {0x4032, 2, {0, 0}},
        {0x6048, 1, {1}},
        {0x4016, 1, {0}},
    };
    uint64_t writes;

    rig_init(&rig);
    writes = rig.memory.writes;
    for (int n = 0; n < 10; n++)
        for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++)
            RIG_CHECK(rig_write(&rig, rows[k].address, rows[k].count, rows[k].value) == EM_EXCEPTION_NONE,
                      "%04X is refused", rows[k].address);
    ck_assert_uint_eq(rig.memory.writes, writes);
}
END_TEST

Suite *rig_suite(void)
{
    Suite *suite = suite_create("wear");
    TCase *tcase = rig_case(suite, "wear");

    tcase_add_test(tcase, ten_years_at_full_load_wear_no_page_out);
    tcase_add_test(tcase, ten_busy_years_wear_no_page_out);
    tcase_add_test(tcase, a_save_writes_no_page_twice);
    tcase_add_test(tcase, only_pages_that_differ_are_written);
    tcase_add_test(tcase, a_running_meter_saves_once_an_interval);
    tcase_add_test(tcase, without_load_nothing_is_written);
    tcase_add_test(tcase, once_the_load_is_off_it_is_saved_for_the_last_time);
    tcase_add_test(tcase, writing_what_is_already_set_writes_nothing);
    return suite;
}
