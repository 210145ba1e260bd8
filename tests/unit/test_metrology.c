/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <complex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEGREE (M_PI / 180)

static struct unit_rig rig, other;

static const struct em_quantities *quantities(void)
{
    return em_meter_quantities(&rig.meter);
}

/* --- accuracy --- */

/* Compares all that the meter reads with what the wave is; limit is relative, powers against S. */
static void check_quantities(const char *row, const struct unit_wave *w, double limit)
{
    const struct em_quantities *q = quantities();
    double p_sum = 0, q_sum = 0, s_sum = 0;

    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        double lag = w->lag_deg[p] * DEGREE;
        double u = w->u[p] * sqrt(1 + w->u5 * w->u5), i = w->i[p] * sqrt(1 + w->i5 * w->i5), s = u * i;
        double active = w->u[p] * w->i[p] * (cos(lag) + w->u5 * w->i5 * cos(w->i5_lag_deg * DEGREE));
        double reactive = w->u[p] * w->i[p] * sin(lag);

        UNIT_NEAR(row, q->u_uv[p] / 1e6, u, u * limit);
        UNIT_NEAR(row, q->i_ua[p] / 1e6, active < 0 ? -i : i, i * limit);
        UNIT_NEAR(row, q->p_uw[p] / 1e6, active, s * limit);
        UNIT_NEAR(row, q->q_uvar[p] / 1e6, reactive, s * limit);
        UNIT_NEAR(row, q->s_uva[p] / 1e6, s, s * limit);
        UNIT_NEAR(row, q->pf_ppm[p] / 1e6, fabs(active) / s, 2 * limit);
        ck_assert_msg(q->direction[p] == (active < 0 ? EM_REVERSE : EM_FORWARD), "%s: direction of L%d", row, p + 1);
        p_sum += active;
        q_sum += reactive;
        s_sum += s;
    }
    UNIT_NEAR(row, q->p_uw[EM_TOTAL] / 1e6, p_sum, s_sum * limit);
    UNIT_NEAR(row, q->q_uvar[EM_TOTAL] / 1e6, q_sum, s_sum * limit);
    UNIT_NEAR(row, q->s_uva[EM_TOTAL] / 1e6, s_sum, s_sum * limit);
    UNIT_NEAR(row, q->pf_ppm[EM_TOTAL] / 1e6, fabs(p_sum) / hypot(p_sum, q_sum), 2 * limit);
    UNIT_NEAR(row, q->frequency_mhz, w->hz * 1000, 1);
}

static const double frequencies[] = {45, 47.5, 49.9, 50, 50.001, 52.37, 60, 50.0004};
static const double currents[] = {0.05, 1, 5};
static const struct {
    const char *name;
    double lag_deg;
    uint8_t quadrant; /* 0: on the border */
} power_factors[] = {
    {"PF 1", 0, 1},     {"0.5L", 60, 1},   {"0.8C", -36.8698976458, 4},
    {"export", 180, 0}, {"-0.5L", 120, 2}, {"-0.8C", -143.1301023542, 3},
};

static void check_accuracy(double u5, double i5, double limit)
{
    for (size_t f = 0; f < sizeof frequencies / sizeof frequencies[0]; f++) {
        for (size_t i = 0; i < sizeof currents / sizeof currents[0]; i++) {
            for (size_t k = 0; k < sizeof power_factors / sizeof power_factors[0]; k++) {
                struct unit_wave wave = unit_mains(frequencies[f], currents[i], power_factors[k].lag_deg);
                char row[64];

                snprintf(row, sizeof row, "%g Hz %g A %s", wave.hz, currents[i], power_factors[k].name);
                wave.u5 = u5;
                wave.i5 = i5;
                wave.i5_lag_deg = 30;
                /* From 50 Hz the meter has to find the frequency, too. */
                unit_rig_init(&rig, EM_FREQUENCY_NOMINAL_MHZ, wave);
                unit_feed(&rig, 1.5);
                check_quantities(row, &wave, limit);
                if (power_factors[k].quadrant)
                    ck_assert_msg(quantities()->quadrant[EM_TOTAL] == power_factors[k].quadrant, "%s: quadrant", row);
            }
        }
    }
}

START_TEST(sine_waves_are_measured_within_200_ppm)
{
    check_accuracy(0, 0, 0.0002);
}
END_TEST

START_TEST(harmonics_count_in_rms_and_active_but_not_in_reactive_power)
{
    check_accuracy(0.10, 0.40, 0.0005);
}
END_TEST

START_TEST(phases_are_measured_each_for_itself)
{
    struct unit_wave wave = {
        .hz = 50.02,
        .u = {207, 230, 253},
        .u_deg = {0, -118, -243},
        .i = {0.5, 2, 4.5},
        .lag_deg = {10, 170, -100},
    };

    unit_rig_init(&rig, EM_FREQUENCY_NOMINAL_MHZ, wave);
    unit_feed(&rig, 1.5);
    check_quantities("unbalanced", &wave, 0.0002);
    ck_assert_int_eq(quantities()->quadrant[0], 1);
    ck_assert_int_eq(quantities()->quadrant[1], 2);
    ck_assert_int_eq(quantities()->quadrant[2], 3);
}
END_TEST

START_TEST(primary_values_are_secondary_ones_times_the_ct_ratio)
{
    static const struct {
        uint32_t primary, secondary;
    } rows[] = {{5, 5}, {100, 5}, {9995, 5}, {9999, 1}, {1, 1}};
    struct unit_wave wave = unit_mains(50, 3, 40);

    unit_rig_init(&rig, EM_FREQUENCY_NOMINAL_MHZ, wave);
    unit_feed(&rig, 1);
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        double ratio = (double)rows[k].primary / rows[k].secondary;
        struct em_quantities q;
        char row[64];

        snprintf(row, sizeof row, "%u/%u A", rows[k].primary, rows[k].secondary);
        em_quantities_from_window(&q, &rig.meter.metrology.window, rows[k].primary, rows[k].secondary);
        UNIT_NEAR(row, q.u_uv[0] / 1e6, 230, 0.01);
        UNIT_NEAR(row, q.i_ua[0] / 1e6, 3 * ratio, 3 * ratio * 0.0002);
        UNIT_NEAR(row, q.p_uw[EM_TOTAL] / 1e6, 2070 * ratio * cos(40 * DEGREE), 2070 * ratio * 0.0002);
        UNIT_NEAR(row, q.q_uvar[EM_TOTAL] / 1e6, 2070 * ratio * sin(40 * DEGREE), 2070 * ratio * 0.0002);
        UNIT_NEAR(row, q.s_uva[EM_TOTAL] / 1e6, 2070 * ratio, 2070 * ratio * 0.0002);
        UNIT_NEAR(row, q.pf_ppm[EM_TOTAL] / 1e6, cos(40 * DEGREE), 0.0002);
    }
}
END_TEST

START_TEST(line_to_line_voltages_are_measured_not_assumed)
{
    static const struct {
        double u[EM_PHASE_COUNT], u_deg[EM_PHASE_COUNT];
    } rows[] = {
        {{230, 230, 230}, {0, -120, -240}}, {{230, 210, 245}, {0, -110, 130}},  {{230, 230, 230}, {0, 0, 0}},
        {{230, 230, 230}, {0, -180, -180}}, {{230, 230, 0}, {0, -120, -240}},   {{230, 0, 115}, {0, -120, -240}},
        {{230, 230, 230}, {0, 120, 240}},   {{184, 276, 230}, {17, -95, -222}},
    };
    static const int pair[EM_PHASE_COUNT][2] = {{0, 1}, {0, 2}, {1, 2}};

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        struct unit_wave wave = unit_mains(50, 0, 0);
        char row[32];

        snprintf(row, sizeof row, "row %zu", k);
        memcpy(wave.u, rows[k].u, sizeof wave.u);
        memcpy(wave.u_deg, rows[k].u_deg, sizeof wave.u_deg);
        unit_rig_init(&rig, EM_FREQUENCY_NOMINAL_MHZ, wave);
        unit_feed(&rig, 0.5);
        for (int p = 0; p < EM_PHASE_COUNT; p++) {
            double complex a = wave.u[pair[p][0]] * cexp(I * wave.u_deg[pair[p][0]] * DEGREE);
            double complex b = wave.u[pair[p][1]] * cexp(I * wave.u_deg[pair[p][1]] * DEGREE);

            UNIT_NEAR(row, quantities()->ull_uv[p] / 1e6, cabs(a - b), 0.05);
        }
    }
}
END_TEST

START_TEST(missing_phases_read_zero_and_do_not_disturb_the_others)
{
    for (int present = 1; present < 8; present++) {
        struct unit_wave wave = unit_mains(51.2, 2, 30);
        char row[32];

        snprintf(row, sizeof row, "phases %d", present);
        for (int p = 0; p < EM_PHASE_COUNT; p++)
            if (!(present >> p & 1))
                wave.u[p] = wave.i[p] = 0;
        unit_rig_init(&rig, EM_FREQUENCY_NOMINAL_MHZ, wave);
        unit_feed(&rig, 1.5);
        UNIT_NEAR(row, quantities()->frequency_mhz, 51200, 1);
        for (int p = 0; p < EM_PHASE_COUNT; p++) {
            double s = wave.u[p] * wave.i[p];

            UNIT_NEAR(row, quantities()->u_uv[p] / 1e6, wave.u[p], wave.u[p] * 0.0002);
            UNIT_NEAR(row, quantities()->i_ua[p] / 1e6, wave.i[p], wave.i[p] * 0.0002);
            UNIT_NEAR(row, quantities()->p_uw[p] / 1e6, s * cos(30 * DEGREE), s * 0.0002);
            UNIT_NEAR(row, quantities()->q_uvar[p] / 1e6, s * sin(30 * DEGREE), s * 0.0002);
            if (s == 0)
                ck_assert_msg(quantities()->pf_ppm[p] == 1000000, "%s: power factor without load", row);
        }
    }
}
END_TEST

START_TEST(phase_sequence_is_told)
{
    static const struct {
        double u_deg[EM_PHASE_COUNT];
        bool reversed;
    } rows[] = {
        {{0, -120, -240}, false}, {{0, 120, 240}, true},   {{75, -45, -165}, false},
        {{75, 195, 315}, true},   {{0, -90, -200}, false}, {{0, 90, 200}, true},
    };

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        struct unit_wave wave = unit_mains(50, 1, 0);

        memcpy(wave.u_deg, rows[k].u_deg, sizeof wave.u_deg);
        unit_rig_init(&rig, EM_FREQUENCY_NOMINAL_MHZ, wave);
        unit_feed(&rig, 0.5);
        ck_assert_msg(rig.meter.metrology.window.reversed_sequence == rows[k].reversed, "row %zu", k);
    }
}
END_TEST

/* The worst relative errors; that of P against S. */
struct worst {
    double cycle_uu, u, p;
};

/* Feeds n samples and judges every cycle and window that they close. */
static void feed_and_judge(struct em_metrology *mt, struct unit_source *source, uint32_t n, struct worst *worst)
{
    static struct unit_samples samples;
    const struct unit_wave *w = &source->wave;
    struct em_block block = unit_block(&samples, 0, n);
    uint32_t offset = 0;

    unit_fill(source, &samples, n);
    for (enum em_progress progress; (progress = em_metrology_run(mt, &block, &offset)) != EM_MORE;) {
        struct em_quantities q;

        em_quantities_from_window(&q, &mt->window, 5, 5);
        for (int p = 0; p < EM_PHASE_COUNT; p++) {
            double square = pow(w->u[p] * EM_COUNTS_PER_VOLT, 2) * EM_SAMPLE_RATE / w->hz, s = w->u[p] * w->i[p];

            worst->cycle_uu = fmax(worst->cycle_uu, fabs((double)mt->cycle_uu[p] / square - 1));
            if (progress != EM_WINDOW)
                continue;
            worst->u = fmax(worst->u, fabs((double)q.u_uv[p] / (w->u[p] * 1e6) - 1));
            worst->p = fmax(worst->p, fabs((double)q.p_uw[p] / 1e6 - s * cos(w->lag_deg[p] * DEGREE)) / s);
        }
    }
}

START_TEST(every_single_cycle_has_its_exact_length)
{
    static const double hz[] = {45, 47.3, 49.99, 50, 51.777, 60};
    static struct em_metrology mt;

    for (size_t k = 0; k < sizeof hz / sizeof hz[0]; k++) {
        struct unit_source source = {.wave = unit_mains(hz[k], 5, 60)};
        struct worst worst = {0};
        char row[32];

        snprintf(row, sizeof row, "%g Hz", hz[k]);
        em_metrology_init(&mt, NULL, (uint32_t)lrint(hz[k] * 1000));
        for (int second = 0; second < 3; second++)
            feed_and_judge(&mt, &source, EM_SAMPLE_RATE, &worst);
        UNIT_NEAR(row, worst.cycle_uu, 0, 10e-6); /* the straight line at its ends; none would cost 1 % */
        UNIT_NEAR(row, worst.u, 0, 1e-6);
    }
}
END_TEST

START_TEST(a_slow_drift_of_the_frequency_does_no_harm)
{
    static struct em_metrology mt;
    struct unit_source source = {.wave = unit_mains(49.9, 5, 60)};
    struct worst worst = {0};

    /* 5 mHz in a second; every window finds the oscillator moved, which must not cut the cycle's start elsewhere. */
    em_metrology_init(&mt, NULL, 49900);
    for (int k = 0; k < 200; k++) {
        source.wave.hz += 0.001;
        feed_and_judge(&mt, &source, EM_SAMPLE_RATE / 5, &worst);
    }
    ck_assert_uint_ge(mt.frequency_mhz, 50095);
    UNIT_NEAR("U", worst.u, 0, 30e-6);
    UNIT_NEAR("P", worst.p, 0, 60e-6);
}
END_TEST

/* --- frequency --- */

/* Where in a window the step falls, in seconds. */
static const double step_offsets[] = {0, 0.021, 0.06, 0.1037, 0.15, 0.19};

START_TEST(frequency_steps_are_followed_within_a_second)
{
    static const struct {
        double from, to, u5, i5;
    } rows[] = {
        {50, 45, 0, 0},     {50, 60, 0, 0},     {60, 47, 0.10, 0.40}, {45, 60, 0, 0},     {60, 45, 0, 0},
        {45, 60, 0.1, 0.4}, {60, 45, 0.1, 0.4}, {50, 50.003, 0, 0},   {50, 49.5, 0.1, 0}, {50.5, 49.7, 0, 0},
    };

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        for (size_t n = 0; n < sizeof step_offsets / sizeof step_offsets[0]; n++) {
            struct unit_wave wave = unit_mains(rows[k].from, 1, 25);
            char row[64];

            snprintf(row, sizeof row, "%g -> %g Hz, %g s into a window", rows[k].from, rows[k].to, step_offsets[n]);
            wave.u5 = rows[k].u5;
            wave.i5 = rows[k].i5;
            unit_rig_init(&rig, (uint32_t)lrint(rows[k].from * 1000), wave);
            unit_feed(&rig, 3 * EM_WINDOW_CYCLES / rows[k].from + step_offsets[n]);
            UNIT_NEAR(row, rig.meter.metrology.frequency_mhz, rows[k].from * 1000, 1);
            rig.source.wave.hz = rows[k].to;
            unit_feed(&rig, 1);
            UNIT_NEAR(row, rig.meter.metrology.frequency_mhz, rows[k].to * 1000, 1);
            for (int more = 0; more < 10; more++) { /* and stays there */
                unit_feed(&rig, 0.25);
                UNIT_NEAR(row, rig.meter.metrology.frequency_mhz, rows[k].to * 1000, 1);
            }
            check_quantities(row, &rig.source.wave, 0.0005);
        }
    }
}
END_TEST

START_TEST(steady_mains_on_a_whole_millihertz_leaves_the_oscillator_at_rest)
{
    static const double rows[] = {45, 47.123, 50, 50.001, 59.999, 60};

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        uint32_t mhz = (uint32_t)lrint(rows[k] * 1000);

        unit_rig_init(&rig, mhz, unit_mains(rows[k], 1, 0));
        for (int n = 0; n < 50; n++) {
            unit_feed(&rig, 0.1);
            ck_assert_msg(rig.meter.metrology.frequency_mhz == mhz, "%g Hz: %u mHz", rows[k],
                          rig.meter.metrology.frequency_mhz);
        }
    }
}
END_TEST

START_TEST(dead_mains_leaves_the_frequency_alone)
{
    static struct em_metrology mt;
    static struct unit_samples silence;
    struct em_block block = unit_block(&silence, 0, UNIT_BLOCK_MAX);
    uint32_t offset = 0;
    int windows = 0;

    em_metrology_init(&mt, NULL, 53210);
    for (enum em_progress progress; (progress = em_metrology_run(&mt, &block, &offset)) != EM_MORE;)
        windows += progress == EM_WINDOW;
    ck_assert_int_ge(windows, 4);
    ck_assert_uint_eq(mt.frequency_mhz, 53210);
    ck_assert_int_eq(mt.window.phase[0].uu, 0);
}
END_TEST

START_TEST(start_frequency_is_clamped)
{
    static const struct {
        uint32_t asked, got;
    } rows[] = {{0, 40000},     {39999, 40000}, {40000, 40000},     {45000, 45000},
                {70000, 70000}, {70001, 70000}, {UINT32_MAX, 70000}};
    static struct em_metrology mt;

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        em_metrology_init(&mt, NULL, rows[k].asked);
        ck_assert_msg(mt.frequency_mhz == rows[k].got, "%u mHz gives %u", rows[k].asked, mt.frequency_mhz);
    }
}
END_TEST

/* --- no gaps --- */

/* Plain sums over all samples, nothing else. */
struct brute {
    int64_t uu[EM_PHASE_COUNT], ii[EM_PHASE_COUNT], ui[EM_PHASE_COUNT], cross[EM_PHASE_COUNT];
};

static void brute_add(struct brute *sum, const struct em_block *block)
{
    for (uint32_t k = 0; k < block->n; k++) {
        int64_t u1 = block->channel[EM_U1][k], u2 = block->channel[EM_U2][k], u3 = block->channel[EM_U3][k];

        for (int p = 0; p < EM_PHASE_COUNT; p++) {
            int64_t u = block->channel[EM_U1 + p][k], i = block->channel[EM_I1 + p][k];

            sum->uu[p] += u * u;
            sum->ii[p] += i * i;
            sum->ui[p] += u * i;
        }
        sum->cross[0] += u1 * u2;
        sum->cross[1] += u1 * u3;
        sum->cross[2] += u2 * u3;
    }
}

static void window_add(struct brute *sum, const struct em_window *w)
{
    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        sum->uu[p] += w->phase[p].uu;
        sum->ii[p] += w->phase[p].ii;
        sum->ui[p] += w->phase[p].ui;
        sum->cross[p] += w->cross[p];
    }
}

/* What every closed cycle takes off at its end it hands to the next one as `carry`, in integers, and the first one
 * got nothing. So the corrections telescope, and to the last bit
 *     closed windows + window in progress + cycle in progress + carry = every sample so far. */
static void check_no_gap(const char *row, const struct em_metrology *mt, const struct brute *closed,
                         const struct brute *all)
{
    struct brute sum = *closed;

    window_add(&sum, &mt->open);
    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        sum.uu[p] += mt->sums.phase[p].uu + mt->carry.phase[p].uu;
        sum.ii[p] += mt->sums.phase[p].ii + mt->carry.phase[p].ii;
        sum.ui[p] += mt->sums.phase[p].ui + mt->carry.phase[p].ui;
        sum.cross[p] += mt->sums.cross[p] + mt->carry.cross[p];
    }
    ck_assert_msg(memcmp(&sum, all, sizeof sum) == 0, "%s: ui of L1 %lld, all samples %lld", row, (long long)sum.ui[0],
                  (long long)all->ui[0]);
}

START_TEST(windows_take_every_sample_exactly_once)
{
    static const double hz[] = {50, 45, 60, 47.3, 50.0004, 61.8, 50};
    static struct em_metrology mt;
    static struct unit_samples samples;
    struct unit_source source = {.wave = unit_mains(50, 3, 35)};
    struct brute closed = {0}, all = {0};
    uint64_t seed = 11;
    int windows = 0;

    em_metrology_init(&mt, NULL, 50000);
    for (size_t k = 0; k < sizeof hz / sizeof hz[0]; k++) { /* steps make the oscillator move in between */
        char row[32];

        snprintf(row, sizeof row, "%g Hz", hz[k]);
        source.wave.hz = hz[k];
        for (uint32_t fed = 0, n; fed < 2 * EM_SAMPLE_RATE; fed += n) {
            struct em_block block;
            uint32_t offset = 0;

            n = (uint32_t)(unit_random(&seed) % 700) + 1;
            unit_fill(&source, &samples, n);
            block = unit_block(&samples, 0, n);
            brute_add(&all, &block);
            for (enum em_progress progress; (progress = em_metrology_run(&mt, &block, &offset)) != EM_MORE;) {
                if (progress != EM_WINDOW)
                    continue;
                window_add(&closed, &mt.window);
                windows++;
            }
            check_no_gap(row, &mt, &closed, &all);
        }
    }
    ck_assert_int_ge(windows, 60);
}
END_TEST

START_TEST(a_flushed_window_is_not_lost_either)
{
    static struct em_metrology mt;
    static struct unit_samples samples;
    struct unit_source source = {.wave = unit_mains(49.7, 3, 35)};
    struct brute closed = {0}, all = {0};
    int flushed = 0;

    em_metrology_init(&mt, NULL, 50000);
    for (int k = 0; k < 200; k++) {
        struct em_block block;
        uint32_t offset = 0;

        unit_fill(&source, &samples, 277);
        block = unit_block(&samples, 0, 277);
        brute_add(&all, &block);
        for (enum em_progress progress; (progress = em_metrology_run(&mt, &block, &offset)) != EM_MORE;)
            if (progress == EM_WINDOW)
                window_add(&closed, &mt.window);
        if (k % 7 == 0 && em_metrology_flush(&mt)) {
            ck_assert_uint_lt(mt.window.cycles, EM_WINDOW_CYCLES);
            window_add(&closed, &mt.window);
            flushed++;
        }
        check_no_gap("flush", &mt, &closed, &all);
    }
    ck_assert_int_ge(flushed, 20);
}
END_TEST

START_TEST(flush_needs_a_whole_cycle_and_gives_right_quantities)
{
    /* At 50 Hz a cycle has 160 samples and is closed by the first sample of the next. */
    static const struct {
        uint32_t samples, cycles; /* 0: nothing to flush */
    } rows[] = {{0, 0}, {159, 0}, {160, 0}, {161, 1}, {320, 1}, {800, 4}, {801, 5}, {1600, 9}, {1601, 0}, {1800, 1}};
    static struct em_metrology mt;
    static struct unit_samples samples;
    struct unit_source source = {.wave = unit_mains(50, 1, 60)};

    unit_fill(&source, &samples, 1800);
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        struct em_block block = unit_block(&samples, 0, rows[k].samples);
        struct em_quantities q;
        struct em_window before;
        uint32_t offset = 0;

        em_metrology_init(&mt, NULL, 50000);
        while (em_metrology_run(&mt, &block, &offset) != EM_MORE)
            ;
        before = mt.window;
        ck_assert_msg(em_metrology_flush(&mt) == (rows[k].cycles > 0), "%u samples", rows[k].samples);
        if (!rows[k].cycles) {
            ck_assert_msg(memcmp(&before, &mt.window, sizeof before) == 0, "%u samples: new window", rows[k].samples);
            continue;
        }
        ck_assert_msg(mt.window.cycles == rows[k].cycles, "%u samples: %u cycles", rows[k].samples, mt.window.cycles);
        em_quantities_from_window(&q, &mt.window, 5, 5);
        UNIT_NEAR("flushed", q.u_uv[0] / 1e6, 230, 0.05);
        UNIT_NEAR("flushed", q.p_uw[0] / 1e6, 115, 0.05);
        UNIT_NEAR("flushed", q.q_uvar[0] / 1e6, 230 * sqrt(0.75), 0.05);
        ck_assert_msg(!em_metrology_flush(&mt), "%u samples: flushed twice", rows[k].samples);
    }
}
END_TEST

/* --- nothing but the samples counts --- */

#define STORY_SAMPLES (12 * EM_SAMPLE_RATE)
static int32_t story[EM_CHANNEL_COUNT][STORY_SAMPLES];

/* Twelve seconds with steps of load and frequency, a short dip, a power-down and a new start. */
static void make_story(void)
{
    static struct unit_samples samples;
    struct unit_source source = {.wave = unit_mains(50, 2, 20)};

    for (int second = 0; second < STORY_SAMPLES / EM_SAMPLE_RATE; second++) {
        if (second == 2)
            source.wave = unit_mains(47.77, 4, -150);
        if (second == 4)
            source.wave = unit_mains(58, 0.003, 0);
        if (second == 6)
            source.wave.u[0] = source.wave.u[1] = source.wave.u[2] = 20;
        if (second == 8)
            source.wave = unit_mains(50, 5, 80);
        unit_fill(&source, &samples, EM_SAMPLE_RATE);
        for (int c = 0; c < EM_CHANNEL_COUNT; c++)
            memcpy(story[c] + second * EM_SAMPLE_RATE, samples.channel[c], EM_SAMPLE_RATE * sizeof(int32_t));
    }
}

static void tell(struct em_meter *m, uint32_t from, uint32_t n)
{
    struct em_block block = {.n = n};

    for (int c = 0; c < EM_CHANNEL_COUNT; c++)
        block.channel[c] = story[c] + from;
    em_meter_samples(m, &block);
}

/* length 0: random lengths 1..1000. */
static void tell_all(struct em_meter *m, uint32_t length)
{
    uint64_t seed = 12;

    for (uint32_t at = 0, n; at < STORY_SAMPLES; at += n) {
        n = length ? length : (uint32_t)(unit_random(&seed) % 1000) + 1;
        if (n > STORY_SAMPLES - at)
            n = STORY_SAMPLES - at;
        tell(m, at, n);
    }
}

START_TEST(blocks_may_be_cut_anywhere)
{
    static const uint32_t lengths[] = {1, 7, 160, 333, 8000, 0};

    make_story();
    unit_rig_init(&rig, 50000, unit_mains(50, 1, 0));
    tell_all(&rig.meter, STORY_SAMPLES);
    ck_assert(em_meter_running(&rig.meter));
    ck_assert_int_eq(rig.meter.settings.value[EM_SETTING_POWER_DOWN_COUNTER], 1);
    ck_assert_uint_gt(rig.meter.energy.phase[2][EM_ACTIVE][EM_FORWARD].rest, 0);
    ck_assert_uint_gt(rig.meter.energy.phase[2][EM_ACTIVE][EM_REVERSE].rest, 0);
    for (size_t k = 0; k < sizeof lengths / sizeof lengths[0]; k++) {
        em_meter_init(&other.meter, &rig.port, 50000);
        tell_all(&other.meter, lengths[k]);
        ck_assert_msg(memcmp(&rig.meter, &other.meter, sizeof rig.meter) == 0, "blocks of %u samples", lengths[k]);
    }
}
END_TEST

START_TEST(two_meters_do_not_know_of_each_other)
{
    static struct em_meter alone[2], together[2];

    make_story();
    unit_rig_init(&rig, 50000, unit_mains(50, 1, 0));
    for (int k = 0; k < 2; k++) {
        em_meter_init(&alone[k], &rig.port, k ? 60000 : 50000);
        em_meter_init(&together[k], &rig.port, k ? 60000 : 50000);
    }
    tell_all(&alone[0], 160);
    for (uint32_t at = 0; at + 500 <= STORY_SAMPLES; at += 500) /* the second one is half a story behind */
        tell(&alone[1], (at + STORY_SAMPLES / 2) % STORY_SAMPLES, 500);
    for (uint32_t at = 0; at + 500 <= STORY_SAMPLES; at += 500) {
        tell(&together[0], at, 500);
        tell(&together[1], (at + STORY_SAMPLES / 2) % STORY_SAMPLES, 500);
    }
    ck_assert_mem_eq(&alone[0], &together[0], sizeof alone[0]);
    ck_assert_mem_eq(&alone[1], &together[1], sizeof alone[1]);
    ck_assert_mem_ne(&alone[0].energy, &alone[1].energy, sizeof alone[0].energy);
}
END_TEST

static int calls;

static void counting_accumulate(struct em_sums *sums, const int32_t *const channel[EM_CHANNEL_COUNT],
                                const int32_t *cosine, const int32_t *sine, uint32_t n)
{
    calls++;
    for (uint32_t k = 0; k < n; k++) {
        const int32_t *one[EM_CHANNEL_COUNT];

        for (int c = 0; c < EM_CHANNEL_COUNT; c++)
            one[c] = channel[c] + k;
        em_accumulate(sums, one, cosine + k, sine + k, 1);
    }
}

START_TEST(the_port_may_bring_its_own_accumulate)
{
    make_story();
    unit_rig_init(&rig, 50000, unit_mains(50, 1, 0));
    unit_rig_init(&other, 50000, unit_mains(50, 1, 0));
    other.port.accumulate = counting_accumulate;
    em_meter_init(&other.meter, &other.port, 50000);
    tell(&rig.meter, 0, 3 * EM_SAMPLE_RATE);
    tell(&other.meter, 0, 3 * EM_SAMPLE_RATE);
    ck_assert_int_gt(calls, 100);
    ck_assert_mem_eq(&rig.meter.energy, &other.meter.energy, sizeof rig.meter.energy);
    ck_assert_mem_eq(&rig.meter.metrology.window, &other.meter.metrology.window, sizeof rig.meter.metrology.window);
}
END_TEST

START_TEST(begin_starts_a_window_at_the_next_sample)
{
    static struct em_meter fresh;

    unit_rig_init(&rig, 50000, unit_mains(50, 1, 0));
    em_meter_init(&fresh, &rig.port, 50000);
    unit_feed(&rig, 0.333);
    em_meter_begin(&rig.meter);
    make_story();
    tell(&rig.meter, 0, 1700);
    tell(&fresh, 0, 1700);
    ck_assert_mem_eq(&rig.meter.metrology.window, &fresh.metrology.window, sizeof fresh.metrology.window);
    ck_assert_mem_eq(&rig.meter.metrology.open, &fresh.metrology.open, sizeof fresh.metrology.open);
    ck_assert_uint_eq(rig.meter.metrology.index, fresh.metrology.index);
}
END_TEST

/* --- what does not count --- */

static uint64_t counted(const struct em_meter *m)
{
    uint64_t sum = 0;

    for (int p = 0; p < EM_PHASE_COUNT; p++)
        for (int k = 0; k < EM_KIND_COUNT; k++)
            for (int d = 0; d < EM_DIRECTION_COUNT; d++)
                sum += m->energy.phase[p][k][d].wh + m->energy.phase[p][k][d].rest;
    return sum;
}

START_TEST(counting_starts_between_the_no_load_threshold_and_4_ma)
{
    static const struct {
        double volts, amps;
        bool counts;
    } rows[] = {
        {230, 0, false},         {264.5, 0, false},    {230, 0.001, false}, {230, 0.002, false},
        {230, 0.00245, false},   {230, 0.00255, true}, {230, 0.004, true},  {184, 0.004, true},
        {264.5, 0.00245, false}, {276, 0.004, true},   {230, 0.05, true},
    };

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        struct unit_wave wave = unit_mains(50, rows[k].amps, 0);
        char row[64];

        snprintf(row, sizeof row, "%g V %g mA", rows[k].volts, rows[k].amps * 1000);
        wave.u[0] = wave.u[1] = wave.u[2] = rows[k].volts;
        unit_rig_init(&rig, 50000, wave);
        unit_feed(&rig, 2.1);
        ck_assert_msg((counted(&rig.meter) != 0) == rows[k].counts, "%s: counted", row);
        for (int p = 0; p < EM_PHASE_COUNT; p++) {
            UNIT_NEAR(row, quantities()->u_uv[p] / 1e6, rows[k].volts, 0.05);
            UNIT_NEAR(row, quantities()->i_ua[p] / 1e6, rows[k].counts ? rows[k].amps : 0, rows[k].amps * 0.001);
            UNIT_NEAR(row, quantities()->p_uw[p] / 1e6, rows[k].counts ? rows[k].volts * rows[k].amps : 0,
                      rows[k].volts * rows[k].amps * 0.001);
        }
    }
}
END_TEST

START_TEST(no_load_is_judged_phase_by_phase)
{
    struct unit_wave wave = unit_mains(50, 1, 0);

    wave.i[1] = 0.002;
    unit_rig_init(&rig, 50000, wave);
    unit_feed(&rig, 1);
    ck_assert_uint_gt(rig.meter.energy.phase[0][EM_ACTIVE][EM_FORWARD].rest, 0);
    ck_assert_uint_eq(rig.meter.energy.phase[1][EM_ACTIVE][EM_FORWARD].rest, 0);
    ck_assert_int_eq(quantities()->i_ua[1], 0);
    ck_assert_int_eq(quantities()->s_uva[1], 0);
    ck_assert_int_eq(quantities()->pf_ppm[1], 1000000);
    ck_assert_uint_gt(rig.meter.energy.phase[2][EM_ACTIVE][EM_FORWARD].rest, 0);
}
END_TEST

START_TEST(pure_loads_keep_to_one_quantity)
{
    static const struct {
        double lag_deg;
        bool p, q;
    } rows[] = {
        {0, true, false},      {180, true, false},  {90, false, true},    {-90, false, true},    {0.002, true, false},
        {-0.002, true, false}, {0.004, true, true}, {-0.004, true, true}, {89.998, false, true}, {89.996, true, true},
    };

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        unit_rig_init(&rig, 50000, unit_mains(50, 5, rows[k].lag_deg));
        unit_feed(&rig, 0.5);
        for (int p = 0; p < EM_PHASES_AND_TOTAL; p++)
            ck_assert_msg((quantities()->p_uw[p] != 0) == rows[k].p && (quantities()->q_uvar[p] != 0) == rows[k].q,
                          "lag %g: P %lld uW, Q %lld uvar", rows[k].lag_deg, (long long)quantities()->p_uw[p],
                          (long long)quantities()->q_uvar[p]);
    }
}
END_TEST

START_TEST(deadband_and_no_load_have_sharp_edges)
{
    /* One cycle of 160 samples: 250 counts RMS are the 2.5 mA threshold. */
    static const struct {
        int64_t ii, ui, q, want_ii, want_ui, want_q;
    } rows[] = {
        {10000000 - 1, 999999999, 999999999, 0, 0, 0},
        {10000000, 999999999, -999999999, 10000000, 999999999, -999999999},
        {0, 5, 5, 0, 0, 0},
        /* sqrt(1e18) * sqrt(1e14) / 20000 = 5e11 */
        {100000000000000, 500000000000, -500000000000, 100000000000000, 500000000000, -500000000000},
        {100000000000000, 499999999999, 499999999999, 100000000000000, 0, 0},
        {100000000000000, -499999999999, -499999999999, 100000000000000, 0, 0},
        {100000000000000, -500000000000, 1, 100000000000000, -500000000000, 0},
    };

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        struct em_window w = {.frequency_mhz = 50000, .cycles = 1};

        w.phase[1].uu = rows[k].ii < 1000000000 ? 160ll * 2300000 * 2300000 : 1000000000000000000;
        w.phase[1].ii = rows[k].ii;
        w.phase[1].ui = rows[k].ui;
        w.phase[1].q = rows[k].q;
        em_window_discard_no_load(&w);
        ck_assert_msg(
            w.phase[1].ii == rows[k].want_ii && w.phase[1].ui == rows[k].want_ui && w.phase[1].q == rows[k].want_q,
            "row %zu: %lld %lld %lld", k, (long long)w.phase[1].ii, (long long)w.phase[1].ui, (long long)w.phase[1].q);
    }
}
END_TEST

START_TEST(an_empty_window_has_zeros_power_factors_of_one_and_quadrant_1)
{
    static const struct em_window empty;
    struct em_quantities q, want = {.quadrant = {1, 1, 1, 1}, .pf_ppm = {1000000, 1000000, 1000000, 1000000}};

    memset(&q, 0xA5, sizeof q);
    em_quantities_from_window(&q, &empty, 5, 5);
    for (int p = 0; p < EM_PHASES_AND_TOTAL; p++) {
        ck_assert_int_eq(q.p_uw[p], 0);
        ck_assert_int_eq(q.q_uvar[p], 0);
        ck_assert_int_eq(q.s_uva[p], 0);
        ck_assert_int_eq(q.pf_ppm[p], want.pf_ppm[p]);
        ck_assert_int_eq(q.quadrant[p], want.quadrant[p]);
        ck_assert_int_eq(q.direction[p], EM_FORWARD);
    }
    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        ck_assert_int_eq(q.u_uv[p], 0);
        ck_assert_int_eq(q.ull_uv[p], 0);
        ck_assert_int_eq(q.i_ua[p], 0);
    }
    ck_assert_int_eq(q.frequency_mhz, 0);
}
END_TEST

START_TEST(quadrants_follow_the_signs)
{
    static const struct {
        int64_t ui, q;
        uint8_t quadrant;
    } rows[] = {{5, 5, 1}, {-5, 5, 2}, {-5, -5, 3}, {5, -5, 4}, {0, 0, 1}, {0, -5, 4}, {-5, 0, 2}, {5, 0, 1}};

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        struct em_window w = {.frequency_mhz = 50000, .cycles = 10};
        struct em_quantities q;

        w.phase[2].uu = 1600ll * 2300000 * 2300000;
        w.phase[2].ii = 1600ll * EM_COUNTS_PER_AMPERE * EM_COUNTS_PER_AMPERE;
        w.phase[2].ui = rows[k].ui * 100000000000000;
        w.phase[2].q = rows[k].q * 100000000000000;
        em_quantities_from_window(&q, &w, 5, 5);
        ck_assert_msg(q.quadrant[2] == rows[k].quadrant && q.quadrant[EM_TOTAL] == rows[k].quadrant,
                      "row %zu: quadrant %d, total %d", k, q.quadrant[2], q.quadrant[EM_TOTAL]);
        ck_assert_msg((q.i_ua[2] < 0) == (rows[k].ui < 0), "row %zu: sign of the current", k);
    }
}
END_TEST

START_TEST(cycle_below_compares_the_newest_cycle)
{
    static const struct {
        double volts;
        uint32_t limit;
        bool below;
    } rows[] = {{230, 229, false}, {230, 231, true},  {100.1, 100, false}, {99.9, 100, true},
                {0, 1, true},      {350, 349, false}, {590, 592, true}};
    static const double hz[] = {45, 50, 52.37, 60};

    for (size_t f = 0; f < sizeof hz / sizeof hz[0]; f++) {
        for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
            struct unit_wave wave = unit_mains(hz[f], 0, 0);

            wave.u[2] = rows[k].volts;
            unit_rig_init(&rig, (uint32_t)lrint(hz[f] * 1000), wave);
            unit_feed(&rig, 0.1);
            ck_assert_msg(em_metrology_cycle_below(&rig.meter.metrology, 2, rows[k].limit) == rows[k].below,
                          "%g V at %g Hz against %u V", rows[k].volts, hz[f], rows[k].limit);
        }
    }
}
END_TEST

START_TEST(the_largest_signals_do_not_overflow)
{
    static struct unit_samples samples;
    struct em_block block = unit_block(&samples, 0, UNIT_BLOCK_MAX);
    static struct em_metrology mt;
    struct em_quantities q;
    uint32_t offset = 0;

    /* The largest thing that fits into the converter: a square wave at both rails, 50 Hz. */
    for (uint32_t k = 0; k < UNIT_BLOCK_MAX; k++)
        for (int c = 0; c < EM_CHANNEL_COUNT; c++)
            samples.channel[c][k] = k % 160 < 80 ? EM_ADC_MAX : -EM_ADC_MAX;
    em_metrology_init(&mt, NULL, 50000);
    while (em_metrology_run(&mt, &block, &offset) != EM_MORE)
        ;
    em_quantities_from_window(&q, &mt.window, 9999, 1);
    UNIT_NEAR("square", mt.window.frequency_mhz, 50000, 1);
    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        UNIT_NEAR("square", q.u_uv[p] / 1e6, 838.8607, 838.8607 * 0.01);
        UNIT_NEAR("square", q.i_ua[p] / 1e6, 83.88607 * 9999, 83.88607 * 9999 * 0.01);
        UNIT_NEAR("square", q.p_uw[p] / 1e6, 838.8607 * 83.88607 * 9999, 838.8607 * 83.88607 * 9999 * 0.01);
        UNIT_NEAR("square", q.s_uva[p] / 1e6, 838.8607 * 83.88607 * 9999, 838.8607 * 83.88607 * 9999 * 0.01);
    }
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("metrology");
    TCase *tcase = unit_case(suite, "accuracy");

    tcase_add_test(tcase, sine_waves_are_measured_within_200_ppm);
    tcase_add_test(tcase, harmonics_count_in_rms_and_active_but_not_in_reactive_power);
    tcase_add_test(tcase, phases_are_measured_each_for_itself);
    tcase_add_test(tcase, primary_values_are_secondary_ones_times_the_ct_ratio);
    tcase_add_test(tcase, line_to_line_voltages_are_measured_not_assumed);
    tcase_add_test(tcase, missing_phases_read_zero_and_do_not_disturb_the_others);
    tcase_add_test(tcase, phase_sequence_is_told);
    tcase_add_test(tcase, every_single_cycle_has_its_exact_length);
    tcase_add_test(tcase, a_slow_drift_of_the_frequency_does_no_harm);
    tcase_add_test(tcase, the_largest_signals_do_not_overflow);
    tcase = unit_case(suite, "frequency");
    tcase_add_test(tcase, frequency_steps_are_followed_within_a_second);
    tcase_add_test(tcase, steady_mains_on_a_whole_millihertz_leaves_the_oscillator_at_rest);
    tcase_add_test(tcase, dead_mains_leaves_the_frequency_alone);
    tcase_add_test(tcase, start_frequency_is_clamped);
    tcase = unit_case(suite, "no gaps");
    tcase_add_test(tcase, windows_take_every_sample_exactly_once);
    tcase_add_test(tcase, a_flushed_window_is_not_lost_either);
    tcase_add_test(tcase, flush_needs_a_whole_cycle_and_gives_right_quantities);
    tcase = unit_case(suite, "nothing but the samples");
    tcase_add_test(tcase, blocks_may_be_cut_anywhere);
    tcase_add_test(tcase, two_meters_do_not_know_of_each_other);
    tcase_add_test(tcase, the_port_may_bring_its_own_accumulate);
    tcase_add_test(tcase, begin_starts_a_window_at_the_next_sample);
    tcase = unit_case(suite, "what does not count");
    tcase_add_test(tcase, counting_starts_between_the_no_load_threshold_and_4_ma);
    tcase_add_test(tcase, no_load_is_judged_phase_by_phase);
    tcase_add_test(tcase, pure_loads_keep_to_one_quantity);
    tcase_add_test(tcase, deadband_and_no_load_have_sharp_edges);
    tcase_add_test(tcase, an_empty_window_has_zeros_power_factors_of_one_and_quadrant_1);
    tcase_add_test(tcase, quadrants_follow_the_signs);
    tcase_add_test(tcase, cycle_below_compares_the_newest_cycle);
    return suite;
}
