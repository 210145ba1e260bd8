/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static struct unit_rig rig;
static struct em_meter *const m = &rig.meter;

static void setup(void)
{
    unit_rig_init(&rig, 50000, unit_mains(50, 2, 30));
}

static void set_volts(double l1, double l2, double l3)
{
    rig.source.wave.u[0] = l1;
    rig.source.wave.u[1] = l2;
    rig.source.wave.u[2] = l3;
}

/* Feeds millisecond by millisecond until the meter runs or does not; returns the seconds that took, or limit. */
static double seconds_until(bool running, double limit)
{
    for (double t = 0; t < limit; t += 0.001) {
        if (em_meter_running(m) == running)
            return t;
        unit_feed(&rig, 0.001);
    }
    return limit;
}

static int32_t power_downs(void)
{
    return m->settings.value[EM_SETTING_POWER_DOWN_COUNTER];
}

/* --- supply --- */

START_TEST(a_new_meter_runs)
{
    ck_assert(em_meter_running(m));
    unit_feed(&rig, 1);
    ck_assert(em_meter_running(m));
    ck_assert_int_eq(power_downs(), 0);
}
END_TEST

START_TEST(it_stops_below_100_v_after_the_hold_time)
{
    static const struct {
        double hz, l1, l2, l3;
        bool stops;
    } rows[] = {
        {50, 0, 0, 0, true},        {50, 99.8, 99.8, 99.8, true},   {50, 100.2, 0, 0, false},
        {50, 0, 100.2, 0, false},   {50, 99.8, 99.8, 100.2, false}, {45, 99.8, 99.8, 99.8, true},
        {45, 0, 0, 100.2, false},   {60, 99.8, 0, 99.8, true},      {60, 0, 100.2, 0, false},
        {50, 115, 115, 115, false},
    };

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        for (double offset = 0; offset < 0.2; offset += 0.0133) { /* wherever in a window */
            double cycle = 1 / rows[k].hz, t;

            unit_rig_init(&rig, (uint32_t)(rows[k].hz * 1000), unit_mains(rows[k].hz, 2, 30));
            unit_feed(&rig, 1 + offset);
            set_volts(rows[k].l1, rows[k].l2, rows[k].l3);
            t = seconds_until(false, 1.5);
            if (!rows[k].stops)
                ck_assert_msg(em_meter_running(m), "row %zu + %g s: stops after %g s", k, offset, t);
            else
                ck_assert_msg(t > (EM_SUPPLY_HOLD_CYCLES - 1) * cycle &&
                                  t < (EM_SUPPLY_HOLD_CYCLES + 1) * cycle + 0.002,
                              "row %zu + %g s: stops after %g s", k, offset, t);
        }
    }
}
END_TEST

START_TEST(short_dips_are_bridged)
{
    static const struct {
        double cycles;
        bool stops;
    } rows[] = {{1, false}, {3, false}, {4, false}, {7, true}, {20, true}};

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        setup();
        for (int n = 0; n < 5; n++) { /* several: they do not add up */
            set_volts(230, 230, 230);
            unit_feed(&rig, 0.307);
            set_volts(0, 0, 0);
            unit_feed(&rig, rows[k].cycles * 0.02);
        }
        ck_assert_msg(em_meter_running(m) != rows[k].stops, "%g cycles: runs %d", rows[k].cycles, em_meter_running(m));
    }
}
END_TEST

START_TEST(a_minute_at_115_v_runs_on)
{
    unit_feed(&rig, 1);
    set_volts(115, 115, 115);
    unit_feed(&rig, 60);
    ck_assert(em_meter_running(m));
    ck_assert_int_eq(power_downs(), 0);
    UNIT_NEAR("115 V", em_meter_quantities(m)->u_uv[1] / 1e6, 115, 0.05);
}
END_TEST

/* A meter that has stopped. */
static void switched_off(double hz)
{
    unit_rig_init(&rig, (uint32_t)(hz * 1000), unit_mains(hz, 2, 30));
    unit_feed(&rig, 1.07); /* amid a window */
    set_volts(0, 0, 0);
    unit_feed(&rig, 1);
    ck_assert(!em_meter_running(m));
}

START_TEST(it_starts_from_120_v_within_5_s)
{
    static const struct {
        double hz, l1, l2, l3;
        bool starts;
    } rows[] = {
        {50, 230, 230, 230, true},  {50, 120.2, 120.2, 120.2, true},
        {50, 0, 120.2, 0, true},    {50, 0, 0, 120.2, true},
        {45, 120.2, 0, 0, true},    {60, 120.2, 0, 0, true},
        {50, 110, 110, 110, false}, {50, 119.8, 119.8, 119.8, false},
        {45, 110, 110, 110, false}, {60, 110, 110, 110, false},
        {50, 0, 0, 0, false},
    };

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        double t;

        switched_off(rows[k].hz);
        set_volts(rows[k].l1, rows[k].l2, rows[k].l3);
        t = seconds_until(true, 10);
        if (!rows[k].starts)
            ck_assert_msg(!em_meter_running(m), "row %zu: starts after %g s", k, t);
        else
            ck_assert_msg(t >= 0.99 && t < 5, "row %zu: starts after %g s", k, t);
    }
}
END_TEST

START_TEST(once_started_it_is_supplied_down_to_100_v)
{
    switched_off(50);
    set_volts(121, 0, 0);
    unit_feed(&rig, 0.5);
    set_volts(105, 0, 0); /* between the thresholds it comes up */
    unit_feed(&rig, 2);
    ck_assert(em_meter_running(m));
}
END_TEST

START_TEST(a_start_that_is_interrupted_begins_again)
{
    switched_off(50);
    for (int n = 0; n < 5; n++) {
        set_volts(230, 230, 230);
        unit_feed(&rig, 0.8);
        ck_assert(!em_meter_running(m));
        set_volts(0, 0, 0);
        unit_feed(&rig, 0.1);
    }
    ck_assert(!em_meter_running(m));
    set_volts(230, 230, 230);
    ck_assert_int_eq(seconds_until(true, 3) < 1.1, 1);
    ck_assert_int_eq(power_downs(), 1); /* starts that came to nothing do not count */
}
END_TEST

START_TEST(it_measures_again_after_the_start)
{
    switched_off(50);
    ck_assert_int_eq(em_meter_quantities(m)->u_uv[0], 0);
    ck_assert_int_eq(em_meter_quantities(m)->p_uw[EM_TOTAL], 0);
    ck_assert_int_eq(em_meter_quantities(m)->pf_ppm[EM_TOTAL], 1000000);
    rig.source.wave = unit_mains(47, 3, 30); /* another frequency than before */
    unit_feed(&rig, 2.5);
    UNIT_NEAR("again", em_meter_quantities(m)->frequency_mhz, 47000, 1);
    UNIT_NEAR("again", em_meter_quantities(m)->u_uv[0] / 1e6, 230, 0.05);
    UNIT_NEAR("again", em_meter_quantities(m)->p_uw[EM_TOTAL] / 1e6, 2070 * cos(M_PI / 6), 0.5);
}
END_TEST

START_TEST(a_start_remembers_nothing_of_the_run_before)
{
    static struct unit_samples samples;
    static struct em_metrology fresh;

    /* A frequency at which neither the probes of the supply nor the samples fall in step with the cycles. */
    unit_rig_init(&rig, 47300, unit_mains(47.3, 2, 30));
    unit_feed(&rig, 1.005);
    set_volts(90, 90, 90); /* the current goes on */
    unit_feed(&rig, 1.0077);
    ck_assert(!em_meter_running(m));
    set_volts(230, 230, 230);
    for (int n = 0; n < 2 * EM_SAMPLE_RATE && !em_meter_running(m); n++)
        unit_feed(&rig, 1.0 / EM_SAMPLE_RATE);
    ck_assert(em_meter_running(m));
    em_metrology_init(&fresh, NULL, m->metrology.frequency_mhz);
    for (int k = 0; k < 100; k++) {
        struct em_block block = unit_block(&samples, 0, 80);
        uint32_t offset = 0;

        unit_fill(&rig.source, &samples, 80);
        em_meter_samples(m, &block);
        while (em_metrology_run(&fresh, &block, &offset) != EM_MORE)
            ;
        ck_assert_msg(memcmp(&fresh.open, &m->metrology.open, sizeof fresh.open) == 0 &&
                          memcmp(&fresh.sums, &m->metrology.sums, sizeof fresh.sums) == 0 &&
                          memcmp(&fresh.carry, &m->metrology.carry, sizeof fresh.carry) == 0,
                      "other sums after %d samples", 80 * (k + 1));
        ck_assert_uint_eq(m->metrology.frequency_mhz, 47300);
    }
}
END_TEST

/* Switches off and on again until it runs. */
static void off_and_on(void)
{
    set_volts(0, 0, 0);
    unit_feed(&rig, 0.5);
    ck_assert(!em_meter_running(m));
    set_volts(230, 230, 230);
    unit_feed(&rig, 1.5);
    ck_assert(em_meter_running(m));
}

START_TEST(power_downs_are_counted_and_can_be_reset)
{
    for (int n = 1; n <= 3; n++) {
        off_and_on();
        ck_assert_int_eq(power_downs(), n); /* it goes up at the start that follows */
    }
    ck_assert_int_eq(em_meter_set(m, EM_SETTING_POWER_DOWN_COUNTER, 0), EM_OK);
    ck_assert_int_eq(power_downs(), 0);
    m->settings.value[EM_SETTING_POWER_DOWN_COUNTER] = 32767; /* stays at its end */
    off_and_on();
    ck_assert_int_eq(power_downs(), 32767);
}
END_TEST

/* --- energy over a power-down --- */

/* What a phase has counted, in counts^2 x samples at a CT ratio of one. */
static int64_t counted(int p, enum em_kind kind)
{
    const struct em_counter *c = m->energy.phase[p][kind];
    const int64_t per_wh = (int64_t)EM_REST_PER_WH * 5;
    int64_t forward = (int64_t)c[EM_FORWARD].wh * per_wh + (int64_t)c[EM_FORWARD].rest;
    int64_t reverse = (int64_t)c[EM_REVERSE].wh * per_wh + (int64_t)c[EM_REVERSE].rest;

    return (forward - reverse) / 5 * 4096 + m->energy.fraction[p][kind];
}

/* Feeds sample by sample until the meter stops, adding up u * i. The sample that ends its last cycle is not part
 * of it and so is left out. Returns the number of samples. */
static long feed_until_off(int64_t sum[EM_PHASE_COUNT])
{
    static struct unit_samples samples;
    long n;

    for (n = 0; n < 10 * EM_SAMPLE_RATE; n++) {
        struct em_block block = unit_block(&samples, 0, 1);

        unit_fill(&rig.source, &samples, 1);
        em_meter_samples(m, &block);
        if (!em_meter_running(m))
            break;
        for (int p = 0; p < EM_PHASE_COUNT; p++)
            sum[p] += (int64_t)samples.channel[EM_U1 + p][0] * samples.channel[EM_I1 + p][0];
    }
    return n;
}

static void feed_and_sum(long n, int64_t sum[EM_PHASE_COUNT])
{
    static struct unit_samples samples;

    for (; n > 0; n--) {
        struct em_block block = unit_block(&samples, 0, 1);

        unit_fill(&rig.source, &samples, 1);
        em_meter_samples(m, &block);
        for (int p = 0; p < EM_PHASE_COUNT; p++)
            sum[p] += (int64_t)samples.channel[EM_U1 + p][0] * samples.channel[EM_I1 + p][0];
    }
}

START_TEST(an_ordered_power_down_loses_no_whole_cycle)
{
    static const struct {
        double hz, amps, lag_deg, after; /* volts that are left */
        long samples;
    } rows[] = {
        {50, 2, 30, 0, 8000},   {50, 2, 30, 0, 8161},  {50, 2, 30, 0, 9599},    {49.7, 5, 0, 0, 12345},
        {60, 1, 60, 0, 1000},   {50, 2, 30, 60, 8000}, {47.3, 3, 30, 90, 8765}, {50, 4, 180, 80, 4242},
        {53, 4, 140, 99, 7001}, {50, 2, 30, 0, 100},
    };

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        int64_t sum[EM_PHASE_COUNT] = {0};

        unit_rig_init(&rig, (uint32_t)lrint(rows[k].hz * 1000), unit_mains(rows[k].hz, rows[k].amps, rows[k].lag_deg));
        feed_and_sum(rows[k].samples, sum);
        set_volts(rows[k].after, rows[k].after, rows[k].after);
        feed_until_off(sum);
        ck_assert_msg(!em_meter_running(m), "row %zu does not stop", k);
        /* All samples up to the end of the last cycle, but for what the edge correction gave to the next one. */
        for (int p = 0; p < EM_PHASE_COUNT; p++) {
            int64_t want = sum[p] - m->metrology.carry.phase[p].ui;

            ck_assert_msg(counted(p, EM_ACTIVE) == want, "row %zu, L%d: counted %" PRId64 ", want %" PRId64, k, p + 1,
                          counted(p, EM_ACTIVE), want);
            ck_assert_msg(want != 0, "row %zu has no energy", k);
        }
    }
}
END_TEST

START_TEST(energies_settings_and_tariff_survive_a_power_down)
{
    static struct em_energy before;

    ck_assert_int_eq(em_meter_set(m, EM_SETTING_TARIFF, 3), EM_OK);
    unit_feed(&rig, 3);
    set_volts(0, 0, 0);
    unit_feed(&rig, 1);
    ck_assert(!em_meter_running(m));
    before = m->energy;
    ck_assert_uint_gt(before.tariff[2][EM_ACTIVE][EM_FORWARD].rest, 0);
    unit_feed(&rig, 5);
    ck_assert_mem_eq(&before, &m->energy, sizeof before); /* off, it counts nothing */
    rig.source.wave.i[0] = rig.source.wave.i[1] = rig.source.wave.i[2] = 0;
    set_volts(230, 230, 230);
    unit_feed(&rig, 3);
    ck_assert(em_meter_running(m));
    ck_assert_mem_eq(&before, &m->energy, sizeof before);
    ck_assert_int_eq(m->settings.value[EM_SETTING_TARIFF], 3);
}
END_TEST

START_TEST(line_settings_act_at_the_latest_after_a_restart)
{
    ck_assert_int_eq(em_meter_set(m, EM_SETTING_MODBUS_ID, 42), EM_OK);
    ck_assert_uint_eq(m->modbus.id, 1);
    set_volts(0, 0, 0);
    unit_feed(&rig, 1);
    set_volts(230, 230, 230);
    unit_feed(&rig, 2);
    ck_assert(em_meter_running(m));
    ck_assert_uint_eq(m->modbus.id, 42);
}
END_TEST

START_TEST(a_long_run_counts_the_energy_of_its_power)
{
    rig.source.wave = unit_mains(49.93, 5, 30);
    unit_feed(&rig, 120);
    /* 3 x 230 V x 5 A over 120 s: 115 VAh, less the window in progress */
    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        double wh = (double)counted(p, EM_ACTIVE) / (4096 * (double)EM_REST_PER_WH);
        double varh = (double)counted(p, EM_REACTIVE) / (4096 * (double)EM_REST_PER_WH);

        UNIT_NEAR("Wh", wh, 115 / 3.0 * cos(M_PI / 6), 115 / 3.0 * 0.002);
        UNIT_NEAR("varh", varh, 115 / 3.0 * sin(M_PI / 6), 115 / 3.0 * 0.002);
        UNIT_NEAR("ratio", varh / wh, tan(M_PI / 6), 0.0003);
    }
}
END_TEST

/* --- tariff --- */

START_TEST(the_last_tariff_command_wins)
{
    static const struct {
        int input;   /* -1: untouched */
        int command; /* 0: none */
        int32_t want, t3_t4;
    } rows[] = {
        {-1, 0, 1, 0}, {0, 0, 1, 0},                              /* no voltage from the start is no edge */
        {1, 0, 2, 0},  {1, 0, 2, 0}, {-1, 1, 1, 0}, {1, 0, 1, 0}, /* still on: no edge */
        {0, 0, 1, 0},  {1, 0, 2, 0}, {-1, 3, 3, 1}, {1, 0, 3, 1}, {0, 0, 1, 1},
        {-1, 4, 4, 1}, {0, 0, 4, 1}, {1, 0, 2, 1},  {1, 2, 2, 1}, {0, 4, 4, 1},
    };

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        if (rows[k].input >= 0)
            em_meter_tariff_input(m, rows[k].input);
        if (rows[k].command)
            ck_assert_int_eq(em_meter_set(m, EM_SETTING_TARIFF, rows[k].command), EM_OK);
        ck_assert_msg(m->settings.value[EM_SETTING_TARIFF] == rows[k].want, "row %zu: T%d", k,
                      m->settings.value[EM_SETTING_TARIFF]);
        ck_assert_msg(m->settings.value[EM_SETTING_T3_T4_USED] == rows[k].t3_t4, "row %zu: T3/T4 used", k);
    }
}
END_TEST

START_TEST(energy_goes_to_the_tariff_in_force)
{
    uint64_t before[EM_TARIFF_COUNT] = {0};

    for (int t = 1; t <= EM_TARIFF_COUNT; t++) {
        ck_assert_int_eq(em_meter_set(m, EM_SETTING_TARIFF, t), EM_OK);
        unit_feed(&rig, 1);
        for (int k = 0; k < EM_TARIFF_COUNT; k++) {
            uint64_t rest = m->energy.tariff[k][EM_ACTIVE][EM_FORWARD].rest;

            ck_assert_msg((rest != before[k]) == (k == t - 1), "T%d in force: T%d", t, k + 1);
            before[k] = rest;
        }
    }
}
END_TEST

/* --- status word --- */

static uint32_t status(void)
{
    uint16_t words[2];

    ck_assert_int_eq(em_registers_read(m, 0x401D, 2, words), EM_EXCEPTION_NONE);
    return (uint32_t)words[0] << 16 | words[1];
}

START_TEST(the_status_word_tells_phases_sequence_and_input)
{
    static const struct {
        double u[EM_PHASE_COUNT];
        double turn; /* degrees from phase to phase */
        bool input;
        uint32_t want;
    } rows[] = {
        {{230, 230, 230}, -120, false, EM_STATUS_L1_PRESENT | EM_STATUS_L2_PRESENT | EM_STATUS_L3_PRESENT},
        {{230, 0, 230}, -120, false, EM_STATUS_L1_PRESENT | EM_STATUS_L3_PRESENT},
        {{0, 230, 0}, -120, true, EM_STATUS_L2_PRESENT | EM_STATUS_TARIFF_INPUT},
        {{230, 0, 0}, -120, false, EM_STATUS_L1_PRESENT},
        {{0, 0, 230}, -120, false, EM_STATUS_L3_PRESENT},
        {{230, 45.9, 46.1}, -120, false, EM_STATUS_L1_PRESENT | EM_STATUS_L3_PRESENT},
        {{230, 230, 230},
         120,
         false,
         EM_STATUS_L1_PRESENT | EM_STATUS_L2_PRESENT | EM_STATUS_L3_PRESENT | EM_STATUS_SEQUENCE},
        {{230, 230, 230},
         120,
         true,
         EM_STATUS_L1_PRESENT | EM_STATUS_L2_PRESENT | EM_STATUS_L3_PRESENT | EM_STATUS_SEQUENCE |
             EM_STATUS_TARIFF_INPUT},
    };

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        struct unit_wave wave = unit_mains(50, 1, 0);

        for (int p = 0; p < EM_PHASE_COUNT; p++) {
            wave.u[p] = rows[k].u[p];
            wave.u_deg[p] = p * rows[k].turn;
        }
        unit_rig_init(&rig, 50000, wave);
        ck_assert_uint_eq(status(), 0); /* nothing measured yet */
        em_meter_tariff_input(m, rows[k].input);
        unit_feed(&rig, 0.5);
        ck_assert_msg(status() == rows[k].want, "row %zu: %08X, want %08X", k, status(), rows[k].want);
    }
}
END_TEST

START_TEST(status_bits_have_their_places)
{
    ck_assert_uint_eq(EM_STATUS_L1_PRESENT, 1u << 0);
    ck_assert_uint_eq(EM_STATUS_L2_PRESENT, 1u << 1);
    ck_assert_uint_eq(EM_STATUS_L3_PRESENT, 1u << 2);
    ck_assert_uint_eq(EM_STATUS_SEQUENCE, 1u << 3);
    ck_assert_uint_eq(EM_STATUS_TARIFF_INPUT, 1u << 4);
}
END_TEST

START_TEST(quantities_are_those_of_the_newest_window)
{
    unit_feed(&rig, 1);
    UNIT_NEAR("before", em_meter_quantities(m)->i_ua[0] / 1e6, 2, 0.001);
    rig.source.wave = unit_mains(50, 4, 0);
    unit_feed(&rig, 0.5); /* well within the second that the manual grants */
    UNIT_NEAR("after", em_meter_quantities(m)->i_ua[0] / 1e6, 4, 0.002);
    UNIT_NEAR("after", em_meter_quantities(m)->q_uvar[EM_TOTAL], 0, 0);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("meter");
    TCase *tcase = unit_case(suite, "supply");

    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, a_new_meter_runs);
    tcase_add_test(tcase, it_stops_below_100_v_after_the_hold_time);
    tcase_add_test(tcase, short_dips_are_bridged);
    tcase_add_test(tcase, a_minute_at_115_v_runs_on);
    tcase_add_test(tcase, it_starts_from_120_v_within_5_s);
    tcase_add_test(tcase, once_started_it_is_supplied_down_to_100_v);
    tcase_add_test(tcase, a_start_that_is_interrupted_begins_again);
    tcase_add_test(tcase, it_measures_again_after_the_start);
    tcase_add_test(tcase, a_start_remembers_nothing_of_the_run_before);
    tcase_add_test(tcase, power_downs_are_counted_and_can_be_reset);
    tcase = unit_case(suite, "energy over a power-down");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, an_ordered_power_down_loses_no_whole_cycle);
    tcase_add_test(tcase, energies_settings_and_tariff_survive_a_power_down);
    tcase_add_test(tcase, line_settings_act_at_the_latest_after_a_restart);
    tcase_add_test(tcase, a_long_run_counts_the_energy_of_its_power);
    tcase = unit_case(suite, "tariff");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, the_last_tariff_command_wins);
    tcase_add_test(tcase, energy_goes_to_the_tariff_in_force);
    tcase = unit_case(suite, "status");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, the_status_word_tells_phases_sequence_and_input);
    tcase_add_test(tcase, status_bits_have_their_places);
    tcase_add_test(tcase, quantities_are_those_of_the_newest_window);
    return suite;
}
