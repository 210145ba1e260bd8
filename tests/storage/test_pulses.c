/* SPDX-License-Identifier: MIT
 * The LED and the S0 outputs: em_pulses alone, and through samples and registers. */
#include "rig.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS           (EM_SAMPLE_RATE / 1000)
#define RATE_1000    100000 /* in hundredths, as em_pulses_configure wants it */
#define CT_5_5       5
#define S0_1         EM_OUTPUT_S0_1
#define S0_2         EM_OUTPUT_S0_2
#define BEHIND_FLAGS (EM_STATUS_S0_1_BEHIND | EM_STATUS_S0_2_BEHIND)

static struct rig rig;
static struct rig_wave load;

/* --- em_pulses alone -------------------------------------------------------------------------------------------- */

static struct em_pulses pulses;

/* Edges of em_pulses, by output. */
#define EDGES_MAX 200000
static struct {
    struct rig_edge edge[EDGES_MAX];
    size_t count;
} seen[EM_OUTPUT_COUNT];
static int64_t now;

static void see(void *ctx, enum em_output output, bool on, uint32_t sample)
{
    (void)ctx;
    RIG_CHECK(seen[output].count < EDGES_MAX, "too many edges");
    seen[output].edge[seen[output].count++] = (struct rig_edge){now + sample, on};
}

static void begin(int32_t rate, uint32_t width_ms)
{
    for (int k = 0; k < EM_OUTPUT_COUNT; k++)
        seen[k].count = 0;
    now = 0;
    em_pulses_init(&pulses);
    em_pulses_configure(&pulses, rate, width_ms, CT_5_5);
}

static void pass(uint32_t n)
{
    em_pulses_run(&pulses, 0, n, see, NULL);
    now += n;
}

/* A window of active and reactive units, and the samples that it is handed out over. */
static void window(uint64_t forward, uint64_t reverse, uint64_t inductive, uint64_t capacitive, int32_t type,
                   uint32_t n)
{
    struct em_counted counted = {{{forward, reverse}, {inductive, capacitive}}};

    em_pulses_window(&pulses, &counted, type, 5, n);
    pass(n);
}

static size_t begun(enum em_output output)
{
    size_t n = 0;

    for (size_t k = 0; k < seen[output].count; k++)
        n += seen[output].edge[k].on;
    return n;
}

/* On and off in turn, every pulse as wide as it should be and every pause at least that. */
static void check_shape(const struct rig_edge *edge, size_t count, int64_t width)
{
    for (size_t k = 0; k < count; k++) {
        RIG_CHECK(edge[k].on == (k % 2 == 0), "edge %zu is %s", k, edge[k].on ? "on" : "off");
        if (k % 2)
            RIG_CHECK(edge[k].at - edge[k - 1].at == width, "pulse %zu lasts %d samples, not %d", k / 2,
                      (int)(edge[k].at - edge[k - 1].at), (int)width);
        else if (k)
            RIG_CHECK(edge[k].at - edge[k - 1].at >= width, "pause %zu lasts %d samples, less than %d", k / 2,
                      (int)(edge[k].at - edge[k - 1].at), (int)width);
    }
}

/* What an output was given is what it has put out, what waits, and less than one step. */
static void check_sum(enum em_output output, uint64_t given, size_t out)
{
    const struct em_pulse *p = &pulses.output[output];

    RIG_CHECK(p->rest < p->step, "output %d keeps a whole step back", output);
    RIG_CHECK((out + p->backlog) * p->step + p->rest + p->spread - p->given == given,
              "output %d: %zu pulses, %g wait, and %g of a step make not %g steps", output, out, (double)p->backlog,
              (double)p->rest / (double)p->step, (double)given / (double)p->step);
}

START_TEST(steps_are_those_of_the_rates)
{
    for (int k = 0; k < EM_S0_RATE_COUNT; k++) {
        for (uint32_t secondary = 1; secondary <= 5; secondary += 4) {
            double step = (double)EM_REST_PER_WH * secondary * 100000 / em_s0_rates[k];

            em_pulses_init(&pulses);
            em_pulses_configure(&pulses, em_s0_rates[k], 30, secondary);
            ck_assert_double_eq_tol((double)pulses.output[S0_1].step, step, 0.5);
            ck_assert_double_eq_tol((double)pulses.output[S0_2].step, step, 0.5);
            ck_assert_uint_eq(pulses.output[EM_OUTPUT_LED].step, EM_REST_PER_WH / 10);
        }
    }
}
END_TEST

START_TEST(random_energies_give_exactly_their_pulses)
{
    uint64_t seed = (uint64_t)_i + 1, given[EM_OUTPUT_COUNT] = {0};

    begin(RATE_1000, 2);
    for (int k = 0; k < 4000; k++) {
        uint64_t unit[4];
        const uint64_t limit = pulses.output[S0_1].step * 3; /* up to three pulses in a window */

        for (int j = 0; j < 4; j++)
            unit[j] = rig_random(&seed) % 3 ? rig_random(&seed) % limit / 5 * 5 : 0; /* as ct_primary makes them */
        if (rig_random(&seed) % 5 == 0)
            unit[0] /= 1000000;
        window(unit[0], unit[1], unit[2], unit[3], 1, 1500 + rig_random_below(&seed, 200));
        given[EM_OUTPUT_LED] += (unit[0] + unit[1]) / 5;
        given[S0_1] += unit[0] + unit[1];
        given[S0_2] += unit[2] + unit[3];
    }
    for (int k = 0; k < EM_OUTPUT_COUNT; k++) {
        check_sum((enum em_output)k, given[k], begun((enum em_output)k));
        ck_assert_uint_gt(begun((enum em_output)k), 3000);
        ck_assert_uint_eq(begun((enum em_output)k) + pulses.output[k].backlog, given[k] / pulses.output[k].step);
        check_shape(seen[k].edge, seen[k].count, pulses.output[k].width);
    }
}
END_TEST

/* An energy within a window crosses its steps where an even spread does. */
START_TEST(pulses_come_where_the_energy_crosses_the_step)
{
    static const double parts[] = {0.1, 0.5, 1, 1.7, 2, 3.3, 7.9, 12}; /* steps in a window; up to three times that */
    uint64_t sum = 0, step;
    size_t next = 0;

    begin(RATE_1000, 2);
    step = pulses.output[S0_1].step;
    for (int k = 0; k < 200; k++) {
        uint64_t units = (uint64_t)((double)step * parts[_i] * (1 + k % 3));
        uint32_t n = 1590 + (uint32_t)k % 20;
        int64_t start = now;

        window(units, 0, 0, 0, 1, n);
        for (; (next + 1) * step <= sum + units; next++) {
            double at = (double)start + (double)((next + 1) * step - sum) / (double)units * n;

            RIG_CHECK(2 * next < seen[S0_1].count, "pulse %zu is missing", next);
            RIG_CHECK(fabs((double)seen[S0_1].edge[2 * next].at - at) <= 1, "pulse %zu at %d, not %g", next,
                      (int)seen[S0_1].edge[2 * next].at, at);
        }
        sum += units;
    }
    ck_assert_uint_ge(next, 30);
    ck_assert_uint_eq(begun(S0_1), next);
}
END_TEST

START_TEST(a_backlog_is_worked_off_at_full_speed_and_loses_nothing)
{
    static const uint32_t widths[] = {2, 30, 99};

    for (size_t row = 0; row < 3; row++) {
        const int64_t width = widths[row] * MS;

        begin(RATE_1000, widths[row]);
        window(500 * pulses.output[S0_1].step, 0, 0, 0, 1, 1600);
        ck_assert(pulses.output[S0_1].behind);
        for (int64_t left = 1000 * width; left; left -= width) {
            pass((uint32_t)width);
            if (begun(S0_1) == 500 && pulses.output[S0_1].on) /* it has waited, and is still being given */
                RIG_CHECK(pulses.output[S0_1].behind, "in time with the last pulse");
        }
        ck_assert_uint_eq(begun(S0_1), 500);
        check_shape(seen[S0_1].edge, seen[S0_1].count, width);
        for (size_t k = 1; k < 500; k++)
            RIG_CHECK(seen[S0_1].edge[2 * k].at - seen[S0_1].edge[2 * k - 2].at == 2 * width, "pulse %zu waited longer",
                      k);
        pass(1);
        ck_assert(!pulses.output[S0_1].behind);
        ck_assert_uint_eq(pulses.output[S0_1].backlog, 0);
    }
}
END_TEST

START_TEST(behind_is_told_only_while_pulses_wait)
{
    begin(RATE_1000, 30);
    for (int k = 0; k < 50; k++) { /* 3.3 a second: in time */
        window(pulses.output[S0_1].step * 2 / 3, 0, pulses.output[S0_2].step * 5, 0, 1, 1600);
        RIG_CHECK(!pulses.output[S0_1].behind, "behind in window %d", k);
        RIG_CHECK(pulses.output[S0_2].behind == (k > 0) || k == 0, "in time in window %d", k);
    }
    ck_assert(pulses.output[S0_2].behind);
    for (int k = 0; k < 1000; k++)
        pass(160);
    ck_assert(!pulses.output[S0_2].behind);
    ck_assert_uint_eq(begun(S0_2), 250);
}
END_TEST

START_TEST(types_choose_what_the_outputs_count)
{
    static const struct {
        int32_t type;
        unsigned s0_1, s0_2;
    } rows[] = {{1, 11 + 13, 17 + 19}, {2, 11, 13}};

    for (int row = 0; row < 2; row++) {
        uint64_t step;

        begin(RATE_1000, 2);
        step = pulses.output[S0_1].step;
        window(11 * step, 13 * step, 17 * step, 19 * step, rows[row].type, 1600);
        window(0, 0, 0, 0, rows[row].type, 8000);
        ck_assert_uint_eq(begun(S0_1), rows[row].s0_1);
        ck_assert_uint_eq(begun(S0_2), rows[row].s0_2);
        ck_assert_uint_eq(begun(EM_OUTPUT_LED) + pulses.output[EM_OUTPUT_LED].backlog, 24 * 10);
    }
}
END_TEST

/* Windows of different lengths: what the shorter one left over is not lost either. */
START_TEST(a_window_that_comes_early_or_late_loses_nothing)
{
    uint64_t seed = 3, given = 0;

    begin(RATE_1000, 2);
    for (int k = 0; k < 3000; k++) {
        struct em_counted counted = {{{rig_random(&seed) % (2 * pulses.output[S0_1].step), 0}, {0, 0}}};

        em_pulses_window(&pulses, &counted, 1, 1, 1600);
        given += counted.units[EM_ACTIVE][EM_FORWARD];
        pass(1500 + rig_random_below(&seed, 200));
    }
    check_sum(S0_1, given, begun(S0_1));
}
END_TEST

/* The same energies in blocks of any length: pulses that become due between two calls, too. */
START_TEST(blocks_of_any_length_give_the_same_edges)
{
    static const uint32_t sizes[] = {1, 7, 160, 1600, 4000};
    static struct rig_edge first[EDGES_MAX];
    size_t count = 0;

    for (size_t row = 0; row < sizeof sizes / sizeof sizes[0]; row++) {
        uint64_t seed = 5;

        begin(RATE_1000, 2);
        for (int k = 0; k < 500; k++) {
            /* every second window ends some samples before its time; a step may lie in what is left */
            uint32_t length = 1600, n = k % 2 ? 1600 : 1600 - rig_random_below(&seed, 40);
            struct em_counted counted = {{{rig_random(&seed) % (8 * pulses.output[S0_1].step), 0}, {0, 0}}};

            em_pulses_window(&pulses, &counted, 1, 1, length);
            while (n) {
                uint32_t part = n < sizes[row] ? n : sizes[row];

                pass(part);
                n -= part;
            }
        }
        if (row == 0) {
            count = seen[S0_1].count;
            memcpy(first, seen[S0_1].edge, count * sizeof *first);
        }
        ck_assert_uint_eq(seen[S0_1].count, count);
        for (size_t k = 0; k < count; k++)
            RIG_CHECK(seen[S0_1].edge[k].at == first[k].at, "blocks of %u: edge %zu at %d, with single samples at %d",
                      sizes[row], k, (int)seen[S0_1].edge[k].at, (int)first[k].at);
    }
    ck_assert_uint_gt(count, 1000);
}
END_TEST

/* Another rate in the middle of a window: energy is neither lost nor held back to the window's end. */
START_TEST(a_new_rate_acts_at_the_next_step)
{
    uint64_t step;

    begin(1, 2); /* 0.01 imp/kWh */
    step = pulses.output[S0_1].step / 100000;
    em_pulses_window(&pulses, &(struct em_counted){{{step * 8, 0}, {0, 0}}}, 1, 1, 1600);
    pass(850);
    em_pulses_configure(&pulses, RATE_1000, 2, CT_5_5);
    pass(750);
    ck_assert_uint_eq(begun(S0_1), 8);
    /* four steps lie behind: they come one after the other; those to come are at 1000, 1200, 1400, 1600 */
    for (size_t k = 4; k < 8; k++)
        ck_assert_msg(fabs((double)seen[S0_1].edge[2 * k].at - (double)(k + 1) * 200) <= 1, "pulse %zu at %d", k,
                      (int)seen[S0_1].edge[2 * k].at);
}
END_TEST

START_TEST(a_stop_ends_the_pulse_and_keeps_the_energy)
{
    uint64_t step;

    begin(RATE_1000, 30);
    step = pulses.output[S0_1].step;
    window(10 * step, 0, 0, 0, 1, 1600);
    pass(100);
    ck_assert(pulses.output[S0_1].on);
    em_pulses_stop(&pulses, 3, see, NULL);
    ck_assert(!pulses.output[S0_1].on);
    ck_assert(!seen[S0_1].edge[seen[S0_1].count - 1].on);
    ck_assert_int_eq(seen[S0_1].edge[seen[S0_1].count - 1].at, now + 3);
    ck_assert_uint_eq(begun(S0_1) + pulses.output[S0_1].backlog, 10);
    check_sum(S0_1, 10 * step, begun(S0_1));
}
END_TEST

/* Nothing to hand out for longer than 32 bits of samples: a meter that is stopped by a fault for 150 hours. */
START_TEST(a_very_long_time_without_a_window_is_survived)
{
    begin(RATE_1000, 30);
    for (int k = 0; k < 3; k++) {
        pass(UINT32_MAX);
        pass(1);
    }
    ck_assert_uint_eq(seen[S0_1].count, 0);
    window(3 * pulses.output[S0_1].step, 0, 0, 0, 1, 1600);
    pass(8000);
    ck_assert_uint_eq(begun(S0_1), 3);
}
END_TEST

/* Months of far too many pulses: none is lost. */
START_TEST(a_backlog_of_more_than_32_bits_is_not_lost)
{
    begin(RATE_1000, 30);
    pulses.output[S0_1].backlog = UINT32_MAX - 1;
    window(5 * pulses.output[S0_1].step, 0, 0, 0, 1, 1600);
    ck_assert_uint_ge((uint64_t)pulses.output[S0_1].backlog, UINT32_MAX - 4);
}
END_TEST

/* --- Through the meter ------------------------------------------------------------------------------------------ */

static void set(enum em_setting setting, int32_t value)
{
    RIG_CHECK(em_meter_set(&rig.meter, setting, value) == EM_OK, "setting %d can not be %d", setting, value);
    em_storage_commit(&rig.meter);
}

static void setup(void)
{
    rig_init(&rig);
    rig.wave = &load;
}

static size_t rig_begun(enum em_output output)
{
    size_t n = 0;

    for (size_t k = 0; k < rig.edges[output].count; k++)
        n += rig.edges[output].edge[k].on;
    return n;
}

/* Pulses between two samples. */
static size_t begun_between(enum em_output output, int64_t from, int64_t to)
{
    size_t n = 0;

    for (size_t k = 0; k < rig.edges[output].count; k++)
        n += rig.edges[output].edge[k].on && rig.edges[output].edge[k].at >= from && rig.edges[output].edge[k].at < to;
    return n;
}

/* All pulses from the k-th on lie on a straight line, to one sample. */
static void check_even(enum em_output output, size_t from, double period)
{
    const struct rig_edges *e = &rig.edges[output];

    for (size_t k = from; 2 * k < e->count; k++) {
        double at = (double)e->edge[2 * from].at + (double)(k - from) * period;

        RIG_CHECK(fabs((double)e->edge[2 * k].at - at) <= 1, "output %d: pulse %zu at %lld, evenly spaced at %.2f",
                  output, k, (long long)e->edge[2 * k].at, at);
    }
}

START_TEST(the_led_gives_10000_pulses_a_kwh_evenly)
{
    static const struct {
        double amps, lag, seconds;
    } rows[] = {{5, 0, 60}, {5, 60, 60}, {2.5, 180, 60}, {1, 0, 120}, {0.05, 0, 1000}, {0.004, 0, 8000}};
    double amps = rows[_i].amps;
    double period =
        EM_SAMPLE_RATE * 3600 / (3 * 230 * amps * fabs(cos(rows[_i].lag * M_PI / 180)) / 1000 * EM_LED_RATE);
    double measured;

    rig_wave_balanced(&load, amps, rows[_i].lag);
    rig_feed_blocks(&rig, (int64_t)(rows[_i].seconds * EM_SAMPLE_RATE), RIG_BLOCK_MAX);
    measured = (double)(rig.edges[0].edge[(rig_begun(EM_OUTPUT_LED) - 1) * 2].at - rig.edges[0].edge[2].at) /
               (double)(rig_begun(EM_OUTPUT_LED) - 2);
    ck_assert_uint_ge(rig_begun(EM_OUTPUT_LED), 40);
    ck_assert_double_eq_tol(measured, period, period * 2e-4);
    check_even(EM_OUTPUT_LED, 1, measured);
    check_shape(rig.edges[0].edge, rig.edges[0].count & ~(size_t)1, EM_LED_WIDTH_MS * MS);
}
END_TEST

/* Loads that give each rate some pulses a second at most, or some in all. */
static const struct {
    int32_t rate, ratio;
    double amps, seconds;
} rate_rows[EM_S0_RATE_COUNT] = {
    {1000000, EM_CT_RATIO(5, 5), 2, 100}, {200000, EM_CT_RATIO(5, 5), 5, 100},  {100000, EM_CT_RATIO(50, 5), 1, 100},
    {10000, EM_CT_RATIO(100, 5), 5, 100}, {1000, EM_CT_RATIO(1000, 5), 5, 100}, {100, EM_CT_RATIO(9999, 5), 5, 200},
    {10, EM_CT_RATIO(9999, 1), 5, 500},   {1, EM_CT_RATIO(9999, 1), 5, 1000},
};

START_TEST(each_s0_rate_counts_the_primary_energy_evenly)
{
    int32_t rate = rate_rows[_i].rate, ratio = rate_rows[_i].ratio;
    double kw = 3 * 0.23 * rate_rows[_i].amps * EM_CT_PRIMARY(ratio) / EM_CT_SECONDARY(ratio);
    double period = EM_SAMPLE_RATE * 3600.0 / (kw * rate / 100);
    size_t count;

    set(EM_SETTING_CT_RATIO, ratio);
    set(EM_SETTING_S0_RATE, rate);
    set(EM_SETTING_PULSE_WIDTH, 30);
    rig_wave_balanced(&load, rate_rows[_i].amps, 0);
    rig_feed_blocks(&rig, (int64_t)(rate_rows[_i].seconds * EM_SAMPLE_RATE), RIG_BLOCK_MAX);
    count = rig_begun(S0_1);
    ck_assert_uint_ge(count, 2);
    ck_assert_uint_ge(count, (size_t)((rate_rows[_i].seconds - 0.5) * EM_SAMPLE_RATE / period) - 1);
    if (count > 3) {
        double measured =
            (double)(rig.edges[S0_1].edge[(count - 1) * 2].at - rig.edges[S0_1].edge[2].at) / (double)(count - 2);

        ck_assert_double_eq_tol(measured, period, period * 2e-4);
        check_even(S0_1, 1, measured);
    } else {
        ck_assert_double_eq_tol((double)(rig.edges[S0_1].edge[2].at - rig.edges[S0_1].edge[0].at), period,
                                period * 2e-4);
    }
    check_shape(rig.edges[S0_1].edge, rig.edges[S0_1].count & ~(size_t)1, 30 * MS);
    ck_assert_uint_eq(rig_begun(S0_2), 0); /* no reactive energy */
}
END_TEST

/* Units of rest on the counters of the running tariff's active or reactive energy. */
static double counted_units(enum em_kind kind, enum em_direction direction)
{
    double sum = 0;

    for (int t = 0; t < EM_TARIFF_COUNT; t++) {
        const struct em_counter *c = &rig.meter.energy.tariff[t][kind][direction];

        sum += (double)c->wh * EM_REST_PER_WH * EM_CT_SECONDARY(rig.meter.energy.ct_ratio) + (double)c->rest;
    }
    return sum;
}

/* What is on the registers came out of the outputs, or waits there. */
static void check_against_registers(enum em_output output, double units)
{
    const struct em_pulse *p = &rig.meter.pulses.output[output];
    double accounted =
        (double)(rig_begun(output) + p->backlog) * (double)p->step + (double)p->rest + (double)(p->spread - p->given);

    ck_assert_double_eq_tol(accounted / (double)p->step, units / (double)p->step, 1e-6);
}

START_TEST(pulses_and_registers_agree_over_a_long_run_of_changing_power)
{
    uint64_t seed = (uint64_t)_i + 11;

    set(EM_SETTING_CT_RATIO, EM_CT_RATIO(20, 5));
    set(EM_SETTING_PULSE_WIDTH, 2);
    set(EM_SETTING_PULSE_TYPE, 1 + _i % 2);
    if (_i >= 2)
        set(EM_SETTING_COMBINATION_CODE, EM_C05_NETTED);
    for (int k = 0; k < 400; k++) {
        struct rig_load l = {{230, 230, 230}, {0}, {0}};

        for (int p = 0; p < EM_PHASE_COUNT; p++) {
            l.amps[p] = rig_random_below(&seed, 5000) / 1000.0;
            l.lag_deg[p] = rig_random_below(&seed, 360);
        }
        rig_wave_set(&load, &l);
        rig_feed_blocks(&rig, 3000 + rig_random_below(&seed, 30000), 1 + rig_random_below(&seed, RIG_BLOCK_MAX));
        if (k % 40 == 39)
            em_meter_tariff_input(&rig.meter, k % 80 == 39);
    }
    ck_assert_uint_gt(rig_begun(S0_1), 200);
    if (_i % 2 == 0) {
        check_against_registers(S0_1, counted_units(EM_ACTIVE, EM_FORWARD) + counted_units(EM_ACTIVE, EM_REVERSE));
        check_against_registers(S0_2, counted_units(EM_REACTIVE, EM_FORWARD) + counted_units(EM_REACTIVE, EM_REVERSE));
    } else {
        check_against_registers(S0_1, counted_units(EM_ACTIVE, EM_FORWARD));
        check_against_registers(S0_2, counted_units(EM_ACTIVE, EM_REVERSE));
    }
    check_against_registers(EM_OUTPUT_LED,
                            (counted_units(EM_ACTIVE, EM_FORWARD) + counted_units(EM_ACTIVE, EM_REVERSE)) / 20);
    for (int k = S0_1; k <= S0_2; k++)
        check_shape(rig.edges[k].edge, rig.edges[k].count & ~(size_t)1, 2 * MS);
}
END_TEST

static uint32_t behind(void)
{
    return rig_read(&rig, RIG_STATUS_WORD, 2) & BEHIND_FLAGS;
}

START_TEST(the_status_word_tells_which_output_is_behind)
{
    static const uint32_t widths[] = {2, 30, 99};
    double kwh;

    rig_wave_balanced(&load, 5, 0);
    set(EM_SETTING_PULSE_WIDTH, (int32_t)widths[_i]);
    rig_feed(&rig, 10 * EM_SAMPLE_RATE);
    ck_assert_uint_eq(behind(), 0);
    set(EM_SETTING_CT_RATIO, EM_CT_RATIO(9999, 5));
    rig_feed(&rig, 2 * EM_SAMPLE_RATE);
    ck_assert_uint_eq(behind(), EM_STATUS_S0_1_BEHIND);
    rig.wave = &rig_idle;
    rig_feed(&rig, 2 * RIG_WINDOW);
    ck_assert_uint_eq(behind(), EM_STATUS_S0_1_BEHIND);
    rig_feed(&rig, 2 * (int64_t)widths[_i] * MS * rig.meter.pulses.output[S0_1].backlog + RIG_WINDOW);
    ck_assert_uint_eq(behind(), 0);
    ck_assert_uint_eq(rig.meter.pulses.output[S0_1].backlog, 0);
    kwh = counted_units(EM_ACTIVE, EM_FORWARD) / EM_REST_PER_WH / 5 / 1000;
    ck_assert_double_ge(kwh, 3);
    ck_assert_double_eq_tol((double)begun_between(S0_1, 10 * EM_SAMPLE_RATE, INT64_MAX), kwh * 1000, 2);
    check_shape(rig.edges[S0_1].edge, rig.edges[S0_1].count & ~(size_t)1, widths[_i] * MS);
}
END_TEST

START_TEST(reactive_energy_behind_has_a_flag_of_its_own)
{
    rig_wave_balanced(&load, 5, 90);
    set(EM_SETTING_CT_RATIO, EM_CT_RATIO(9999, 5));
    rig_feed(&rig, 2 * EM_SAMPLE_RATE);
    ck_assert_uint_eq(behind(), EM_STATUS_S0_2_BEHIND);
    ck_assert_uint_eq(rig_begun(S0_1), 0);
}
END_TEST

START_TEST(under_c05_the_netted_energy_makes_the_pulses)
{
    static const struct {
        double amps[EM_PHASE_COUNT], lag[EM_PHASE_COUNT];
        double forward, reverse; /* A x 230 V, netted */
    } rows[] = {{{5, 5, 3}, {0, 0, 180}, 7, 0}, {{1, 1, 5}, {0, 0, 180}, 0, 3}, {{2, 2, 4}, {0, 0, 180}, 0, 0}};
    const double per_ampere = 0.23 * 100 / 3600 * 1000; /* pulses of 1000 imp/kWh in 100 s */
    struct rig_load l = {{230, 230, 230}, {0}, {0}};

    memcpy(l.amps, rows[_i].amps, sizeof l.amps);
    memcpy(l.lag_deg, rows[_i].lag, sizeof l.lag_deg);
    rig_wave_set(&load, &l);
    set(EM_SETTING_COMBINATION_CODE, EM_C05_NETTED);
    set(EM_SETTING_PULSE_TYPE, 2);
    rig_feed_blocks(&rig, 100 * EM_SAMPLE_RATE, RIG_BLOCK_MAX);
    ck_assert_double_eq_tol((double)rig_begun(S0_1), rows[_i].forward * per_ampere, 1);
    ck_assert_double_eq_tol((double)rig_begun(S0_2), rows[_i].reverse * per_ampere, 1);
    ck_assert_double_eq_tol((double)rig_begun(EM_OUTPUT_LED), (rows[_i].forward + rows[_i].reverse) * per_ampere * 10,
                            5);
}
END_TEST

START_TEST(the_led_counts_secondary_and_s0_primary_energy)
{
    static const int32_t ratios[] = {EM_CT_RATIO(5, 5), EM_CT_RATIO(100, 5), EM_CT_RATIO(20, 1), EM_CT_RATIO(1, 1)};
    double secondary_kwh = 3 * 0.23 * 1 * 99.8 / 3600; /* the first window is handed out in the second */
    double factor = EM_CT_PRIMARY(ratios[_i]) / (double)EM_CT_SECONDARY(ratios[_i]);

    set(EM_SETTING_CT_RATIO, ratios[_i]);
    rig_wave_balanced(&load, 1, 0);
    rig_feed_blocks(&rig, 100 * EM_SAMPLE_RATE, RIG_BLOCK_MAX);
    ck_assert_double_eq_tol((double)rig_begun(EM_OUTPUT_LED), secondary_kwh * EM_LED_RATE, 2);
    ck_assert_double_eq_tol((double)rig_begun(S0_1), secondary_kwh * factor * 1000, 2);
}
END_TEST

/* Energy counted under one CT secondary is the same energy under another. */
START_TEST(a_ct_change_keeps_what_the_outputs_have_counted)
{
    static const int32_t ratios[] = {EM_CT_RATIO(100, 5), EM_CT_RATIO(20, 1), EM_CT_RATIO(10, 1), EM_CT_RATIO(200, 5),
                                     EM_CT_RATIO(7, 1)};
    double wh = 0;

    set(EM_SETTING_S0_RATE, 1000); /* 10 imp/kWh: 100 Wh a pulse */
    rig_wave_balanced(&load, 5, 0);
    for (size_t k = 0; k < sizeof ratios / sizeof ratios[0]; k++) {
        set(EM_SETTING_CT_RATIO, ratios[k]);
        rig_feed_blocks(&rig, 20 * RIG_WINDOW + 1, RIG_BLOCK_MAX);
        if (k == 4) {
            rig.wave = &rig_idle;
            rig_feed_blocks(&rig, 100 * EM_SAMPLE_RATE, RIG_BLOCK_MAX);
        }
        /* What is below one Wh goes on under the next ratio. */
        wh += k == 4 ? counted_units(EM_ACTIVE, EM_FORWARD) / EM_REST_PER_WH / EM_CT_SECONDARY(ratios[k])
                     : rig.meter.energy.tariff[0][EM_ACTIVE][EM_FORWARD].wh;
    }
    ck_assert_double_eq_tol((double)rig_begun(S0_1) * 100 + (double)rig.meter.pulses.output[S0_1].rest /
                                                                EM_REST_PER_WH / EM_CT_SECONDARY(ratios[4]),
                            wh, 0.001);
    ck_assert_double_ge(wh, 100);
}
END_TEST

/* 1 Wh a pulse, then 100 Wh, then 0.1 Wh, and back: the energy of all pulses is that of the registers. */
START_TEST(a_rate_change_keeps_the_energy)
{
    static const int32_t rates[] = {100000, 1000, 1000000, 10, 200000, 100000};
    double wh = 0, rest;

    set(EM_SETTING_PULSE_WIDTH, 2);
    rig_wave_balanced(&load, 5, 0);
    rig_feed_blocks(&rig, 777, 100);
    for (size_t k = 0; k < sizeof rates / sizeof rates[0]; k++) {
        size_t before = rig_begun(S0_1);
        double waiting = (double)rig.meter.pulses.output[S0_1].backlog;

        wh -= waiting * 100000.0 / rates[k]; /* what waits is given as pulses of the new rate ... */
        set(EM_SETTING_S0_RATE, rates[k]);
        rig_feed_blocks(&rig, 60 * EM_SAMPLE_RATE + 333, 1000);
        wh += (double)(rig_begun(S0_1) - before + rig.meter.pulses.output[S0_1].backlog) * 100000.0 / rates[k];
        if (k + 1 < sizeof rates / sizeof rates[0]) /* ... but nothing does after a minute */
            RIG_CHECK(rig.meter.pulses.output[S0_1].backlog == 0, "some wait at rate %d", rates[k]);
    }
    rest = (double)rig.meter.pulses.output[S0_1].rest + (double)rig.meter.pulses.output[S0_1].spread -
           (double)rig.meter.pulses.output[S0_1].given;
    ck_assert_double_eq_tol(wh + rest / EM_REST_PER_WH / 5, counted_units(EM_ACTIVE, EM_FORWARD) / EM_REST_PER_WH / 5,
                            0.001);
}
END_TEST

START_TEST(a_setting_that_is_no_business_of_theirs_leaves_the_pulses_alone)
{
    static struct rig other;

    rig_wave_balanced(&load, 5, 20);
    rig_init(&other);
    other.wave = &load;
    for (int k = 0; k < 200; k++) {
        rig_feed_blocks(&rig, 1234, 400);
        rig_feed_blocks(&other, 1234, 400);
        set(EM_SETTING_LCD_CYCLE_TIME, 1 + k % 30);
        set(EM_SETTING_MODBUS_ID, 1 + k);
    }
    for (int k = 0; k < EM_OUTPUT_COUNT; k++) {
        ck_assert_uint_eq(rig.edges[k].count, other.edges[k].count);
        for (size_t e = 0; e < other.edges[k].count; e++)
            RIG_CHECK(rig.edges[k].edge[e].at == other.edges[k].edge[e].at,
                      "output %d: edge %zu moves from %lld to %lld", k, e, (long long)other.edges[k].edge[e].at,
                      (long long)rig.edges[k].edge[e].at);
        ck_assert(k == S0_2 || other.edges[k].count > 10);
    }
}
END_TEST

/* --- Without supply --------------------------------------------------------------------------------------------- */

START_TEST(a_power_down_ends_the_pulse_and_waiting_ones_come_after_the_start)
{
    size_t before;
    uint32_t waiting;

    rig_wave_balanced(&load, 5, 0);
    set(EM_SETTING_PULSE_WIDTH, 99);
    set(EM_SETTING_CT_RATIO, EM_CT_RATIO(100, 5));
    rig_feed(&rig, 3 * EM_SAMPLE_RATE);
    while (!rig.meter.pulses.output[S0_1].on)
        rig_feed(&rig, RIG_CYCLE);
    em_meter_stop(&rig.meter);
    ck_assert(!rig.edges[S0_1].edge[rig.edges[S0_1].count - 1].on);
    ck_assert_int_eq(rig.edges[S0_1].edge[rig.edges[S0_1].count - 1].at, rig.now);
    before = rig_begun(S0_1);
    waiting = rig.meter.pulses.output[S0_1].backlog;
    ck_assert_uint_gt(waiting, 10);
    rig_restart(&rig);
    rig.wave = &rig_idle;
    rig_feed_blocks(&rig, waiting * 200 * MS, 100);
    ck_assert_uint_eq(rig_begun(S0_1) - before, waiting);
    ck_assert_uint_eq(rig.edges[S0_1].count % 2, 0);
    /* and all of them make the energy that was counted */
    ck_assert_double_eq_tol((double)rig_begun(S0_1), counted_units(EM_ACTIVE, EM_FORWARD) / EM_REST_PER_WH / 5, 1);
}
END_TEST

START_TEST(no_edge_comes_while_the_meter_has_no_supply)
{
    size_t count;

    rig_wave_balanced(&load, 5, 0);
    set(EM_SETTING_CT_RATIO, EM_CT_RATIO(100, 5));
    rig_feed(&rig, 3 * EM_SAMPLE_RATE);
    rig.wave = &rig_dark;
    ck_assert(rig_feed_until(&rig, false));
    count = rig.edges[S0_1].count;
    ck_assert_uint_eq(count % 2, 0);
    rig_feed(&rig, 5 * EM_SAMPLE_RATE);
    ck_assert_uint_eq(rig.edges[S0_1].count, count);
    rig.wave = &rig_idle;
    ck_assert(rig_feed_until(&rig, true));
    rig_feed(&rig, EM_SAMPLE_RATE);
    ck_assert_uint_gt(rig.edges[S0_1].count, count);
}
END_TEST

/* An output that is as far behind as it can be goes on after a power-down, and no fault is told. */
START_TEST(a_full_backlog_outlasts_a_power_down)
{
    uint64_t waiting;

    rig_wave_balanced(&load, 5, 0);
    set(EM_SETTING_CT_RATIO, EM_CT_RATIO(9999, 1));
    rig_feed(&rig, RIG_WINDOW + 1);
    rig.meter.pulses.output[S0_1].backlog = UINT32_MAX - 10;
    rig_feed(&rig, 60 * EM_SAMPLE_RATE);
    em_meter_stop(&rig.meter);
    waiting = rig.meter.pulses.output[S0_1].backlog;
    ck_assert_uint_gt(waiting, UINT32_MAX - 1000);
    rig_restart(&rig);
    ck_assert_int_eq(rig.meter.error_code, 0);
    ck_assert_uint_ge((uint64_t)rig.meter.pulses.output[S0_1].backlog, waiting);
}
END_TEST

/* Power-downs at any sample: pulses and registers stay in step for good. */
START_TEST(many_power_downs_lose_no_pulse)
{
    uint64_t seed = 4;

    rig_wave_balanced(&load, 5, 30);
    set(EM_SETTING_PULSE_WIDTH, 2);
    set(EM_SETTING_CT_RATIO, EM_CT_RATIO(50, 5));
    for (int k = 0; k < 200; k++) {
        rig_feed_blocks(&rig, 100 + rig_random_below(&seed, 20000), 1 + rig_random_below(&seed, 3000));
        em_meter_stop(&rig.meter);
        ck_assert(rig_feed_until(&rig, true));
    }
    check_against_registers(S0_1, counted_units(EM_ACTIVE, EM_FORWARD));
    check_against_registers(S0_2, counted_units(EM_REACTIVE, EM_FORWARD));
    check_against_registers(EM_OUTPUT_LED, counted_units(EM_ACTIVE, EM_FORWARD) / 50);
    ck_assert_uint_gt(rig_begun(S0_1), 500);
}
END_TEST

/* A cut right after a save: the energy that is on the registers comes out as pulses, that of the newest window, too. */
START_TEST(a_cut_loses_no_pulse_of_energy_that_was_saved)
{
    double wh;

    rig_wave_balanced(&load, 5, 0);
    set(EM_SETTING_CT_RATIO, EM_CT_RATIO(100, 5));
    set(EM_SETTING_PULSE_WIDTH, 2);
    for (int k = 0; k < 20; k++) {
        rig_feed_blocks(&rig, 10 * RIG_WINDOW + 200 + k, 1000);
        em_storage_save(&rig.meter);
        rig_recover(&rig);
    }
    rig.wave = &rig_idle;
    rig_restart(&rig);
    rig_feed(&rig, 5 * EM_SAMPLE_RATE);
    wh = counted_units(EM_ACTIVE, EM_FORWARD) / EM_REST_PER_WH / 5;
    ck_assert_double_ge((double)rig_begun(S0_1), floor(wh));
}
END_TEST

/* --- Blocks ----------------------------------------------------------------------------------------------------- */

/* Mains of 49.93 Hz: cycles and windows that differ by a sample. 40 s of it. */
#define LONG_SAMPLES (40 * EM_SAMPLE_RATE)
static int32_t sample[EM_CHANNEL_COUNT][LONG_SAMPLES];

static void make_long_wave(void)
{
    for (int k = 0; k < LONG_SAMPLES; k++) {
        double amps = 5 - 4.0 * k / LONG_SAMPLES;

        for (int p = 0; p < EM_PHASE_COUNT; p++) {
            double angle = 2 * M_PI * (k * 49.93 / EM_SAMPLE_RATE - p / 3.0);

            sample[EM_U1 + p][k] = (int32_t)lrint(M_SQRT2 * 230 * EM_COUNTS_PER_VOLT * sin(angle));
            sample[EM_I1 + p][k] = (int32_t)lrint(M_SQRT2 * amps * EM_COUNTS_PER_AMPERE * sin(angle - 0.5));
        }
    }
}

/* Feeds it to a meter with many pulses, with a power-down half way, after which some wait. */
static void feed_long_wave(uint32_t size)
{
    rig_init(&rig);
    em_meter_init(&rig.meter, &rig.port, 49930);
    set(EM_SETTING_PULSE_WIDTH, 2);
    set(EM_SETTING_CT_RATIO, EM_CT_RATIO(75, 5));
    while (rig.now < LONG_SAMPLES) {
        struct em_block block = {.n = size};
        int64_t stop = rig.now < LONG_SAMPLES / 2 ? LONG_SAMPLES / 2 : LONG_SAMPLES;

        if (block.n > stop - rig.now)
            block.n = (uint32_t)(stop - rig.now);
        for (int c = 0; c < EM_CHANNEL_COUNT; c++)
            block.channel[c] = &sample[c][rig.now];
        em_meter_samples(&rig.meter, &block);
        rig.now += block.n;
        if (rig.now == LONG_SAMPLES / 2) {
            rig.meter.pulses.output[S0_2].backlog += 7;
            em_meter_stop(&rig.meter);
        }
    }
}

START_TEST(blocks_of_samples_of_any_length_give_the_same_edges)
{
    static const uint32_t sizes[] = {7, 160, 1000, 4000};
    struct rig_edges first[EM_OUTPUT_COUNT];

    make_long_wave();
    feed_long_wave(1);
    memcpy(first, rig.edges, sizeof first);
    memset(rig.edges, 0, sizeof rig.edges);
    for (size_t row = 0; row < sizeof sizes / sizeof sizes[0]; row++) {
        feed_long_wave(sizes[row]);
        for (int k = 0; k < EM_OUTPUT_COUNT; k++) {
            for (size_t e = 0; e < first[k].count && e < rig.edges[k].count; e++)
                RIG_CHECK(rig.edges[k].edge[e].at == first[k].edge[e].at,
                          "blocks of %u: output %d: edge %zu at %lld, with single samples at %lld", sizes[row], k, e,
                          (long long)rig.edges[k].edge[e].at, (long long)first[k].edge[e].at);
            ck_assert_uint_eq(rig.edges[k].count, first[k].count);
            ck_assert_uint_gt(first[k].count, 100);
        }
    }
    for (int k = 0; k < EM_OUTPUT_COUNT; k++)
        free(first[k].edge);
}
END_TEST

Suite *rig_suite(void)
{
    Suite *suite = suite_create("pulses");
    TCase *tcase = rig_case(suite, "alone");

    tcase_add_test(tcase, steps_are_those_of_the_rates);
    tcase_add_loop_test(tcase, random_energies_give_exactly_their_pulses, 0, 10);
    tcase_add_loop_test(tcase, pulses_come_where_the_energy_crosses_the_step, 0, 8);
    tcase_add_test(tcase, a_backlog_is_worked_off_at_full_speed_and_loses_nothing);
    tcase_add_test(tcase, behind_is_told_only_while_pulses_wait);
    tcase_add_test(tcase, types_choose_what_the_outputs_count);
    tcase_add_test(tcase, a_window_that_comes_early_or_late_loses_nothing);
    tcase_add_test(tcase, blocks_of_any_length_give_the_same_edges);
    tcase_add_test(tcase, a_new_rate_acts_at_the_next_step);
    tcase_add_test(tcase, a_stop_ends_the_pulse_and_keeps_the_energy);
    tcase_add_test(tcase, a_very_long_time_without_a_window_is_survived);
    tcase_add_test(tcase, a_backlog_of_more_than_32_bits_is_not_lost);
    tcase = rig_case(suite, "metered");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_loop_test(tcase, the_led_gives_10000_pulses_a_kwh_evenly, 0, 6);
    tcase_add_loop_test(tcase, each_s0_rate_counts_the_primary_energy_evenly, 0, EM_S0_RATE_COUNT);
    tcase_add_loop_test(tcase, pulses_and_registers_agree_over_a_long_run_of_changing_power, 0, 4);
    tcase_add_loop_test(tcase, the_status_word_tells_which_output_is_behind, 0, 3);
    tcase_add_test(tcase, reactive_energy_behind_has_a_flag_of_its_own);
    tcase_add_loop_test(tcase, under_c05_the_netted_energy_makes_the_pulses, 0, 3);
    tcase_add_loop_test(tcase, the_led_counts_secondary_and_s0_primary_energy, 0, 4);
    tcase_add_test(tcase, a_ct_change_keeps_what_the_outputs_have_counted);
    tcase_add_test(tcase, a_rate_change_keeps_the_energy);
    tcase_add_test(tcase, a_setting_that_is_no_business_of_theirs_leaves_the_pulses_alone);
    tcase = rig_case(suite, "without supply");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, a_power_down_ends_the_pulse_and_waiting_ones_come_after_the_start);
    tcase_add_test(tcase, no_edge_comes_while_the_meter_has_no_supply);
    tcase_add_test(tcase, a_full_backlog_outlasts_a_power_down);
    tcase_add_test(tcase, many_power_downs_lose_no_pulse);
    tcase_add_test(tcase, a_cut_loses_no_pulse_of_energy_that_was_saved);
    tcase = rig_case(suite, "blocks");
    tcase_add_test(tcase, blocks_of_samples_of_any_length_give_the_same_edges);
    return suite;
}
