/* SPDX-License-Identifier: MIT
 * Calibration constants: what they do to a window, to what is measured and counted, and what they leave alone. */
#include <string.h>

#include "unit.h"

static struct unit_rig rig, other;

/* Makes a window by measuring two seconds of a wave. */
static struct em_window window_of(struct unit_wave wave)
{
    unit_rig_init(&rig, (uint32_t)lrint(wave.hz * 1000), wave);
    unit_feed(&rig, 2);
    return rig.meter.metrology.window;
}

START_TEST(no_constants_leave_a_window_as_it_is)
{
    static const double hz[] = {50, 49.9, 45, 60, 51.237};
    const struct em_calibration none = {0};

    ck_assert(!em_calibration_is_set(&none));
    for (size_t k = 0; k < sizeof hz / sizeof hz[0]; k++) {
        struct em_window before = window_of(unit_mains(hz[k], 1.23, 40)), after = before;

        em_calibration_apply(&none, &after);
        ck_assert_mem_eq(&after, &before, sizeof before);
    }
}
END_TEST

/* A meter with constants of zero that were written goes on to the bit like one that has never seen any. */
START_TEST(zero_is_no_calibration)
{
    const struct em_calibration none = {0};
    const struct unit_wave wave = unit_mains(50, 2, 30);

    unit_rig_init(&rig, 50000, wave);
    unit_rig_init(&other, 50000, wave);
    ck_assert_int_eq(em_meter_calibrate(&other.meter, &none), EM_OK);
    unit_feed(&rig, 5);
    unit_feed(&other, 5);
    ck_assert_mem_eq(&rig.meter.energy, &other.meter.energy, sizeof rig.meter.energy);
}
END_TEST

/* The quantities of a second of the wave under constants. */
static const struct em_quantities *measured(struct unit_wave wave, const struct em_calibration *c)
{
    unit_rig_init(&rig, (uint32_t)lrint(wave.hz * 1000), wave);
    ck_assert_int_eq(em_meter_calibrate(&rig.meter, c), EM_OK);
    unit_feed(&rig, 2);
    return em_meter_quantities(&rig.meter);
}

START_TEST(gains_scale_what_belongs_to_their_channels)
{
    struct em_calibration c = {.gain_ppm = {[EM_U1] = 10000, [EM_U2] = -20000, [EM_I1] = 3000, [EM_I3] = -5000}};
    struct em_quantities plain = *measured(unit_mains(50, 1, 30), &(struct em_calibration){0});
    const struct em_quantities *q = measured(unit_mains(50, 1, 30), &c);
    const double u[3] = {1.01, 0.98, 1}, i[3] = {1.003, 1, 0.995};

    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        UNIT_NEAR("u", q->u_uv[p], u[p] * (double)plain.u_uv[p], 3);
        UNIT_NEAR("i", q->i_ua[p], i[p] * (double)plain.i_ua[p], 2);
        UNIT_NEAR("p", q->p_uw[p], u[p] * i[p] * (double)plain.p_uw[p], 3);
        UNIT_NEAR("q", q->q_uvar[p], u[p] * i[p] * (double)plain.q_uvar[p], 3);
    }
    /* 120 degrees between 1.01 and 0.98 of 230 V. */
    UNIT_NEAR("u12", q->ull_uv[0], 230e6 * sqrt(1.01 * 1.01 + 0.98 * 0.98 + 1.01 * 0.98), 200);
}
END_TEST

START_TEST(a_phase_turns_p_and_q)
{
    static const double lags[] = {0, 60, -36.87, 90, 180, 240, 300};
    static const int32_t turns[] = {1, 1500, -1500, 20000, -100000, 100000};

    for (size_t k = 0; k < sizeof lags / sizeof lags[0]; k++) {
        for (size_t n = 0; n < sizeof turns / sizeof turns[0]; n++) {
            struct em_calibration c = {.phase = {turns[n], turns[n], turns[n]}};
            double true_lag = lags[k] + turns[n] / (double)EM_PHASE_PER_DEGREE;
            const struct em_quantities *q = measured(unit_mains(50, 1, lags[k]), &c);

            for (int p = 0; p < EM_PHASE_COUNT; p++) {
                UNIT_NEAR("p", q->p_uw[p], 230e6 * cos(true_lag * M_PI / 180), 2000);
                UNIT_NEAR("q", q->q_uvar[p], 230e6 * sin(true_lag * M_PI / 180), 2000);
            }
        }
    }
}
END_TEST

/* Adds offsets to the samples by hand and takes them out by constants. */
static void feed_with_offsets(struct unit_rig *r, const int32_t offset[EM_CHANNEL_COUNT], struct em_means *means)
{
    static struct unit_samples samples;

    for (int k = 0; k < 4; k++) {
        struct em_block block;

        unit_fill(&r->source, &samples, EM_SAMPLE_RATE);
        for (int c = 0; c < EM_CHANNEL_COUNT; c++)
            for (int n = 0; n < EM_SAMPLE_RATE; n++)
                samples.channel[c][n] += offset[c];
        block = unit_block(&samples, 0, EM_SAMPLE_RATE);
        em_means_add(means, &block);
        em_meter_samples(&r->meter, &block);
    }
}

START_TEST(offsets_are_found_by_the_mean_and_taken_out)
{
    static const double amps[] = {0.003, 0.02, 1};
    static const double hz[] = {50, 49.5, 60};
    const struct em_calibration c = {.offset = {20000, -30000, 100, 300, -500, 40}};

    for (size_t k = 0; k < 3; k++) {
        struct em_means means = {0};
        const struct em_quantities *q;

        unit_rig_init(&rig, (uint32_t)lrint(hz[k] * 1000), unit_mains(hz[k], amps[k], 60));
        ck_assert_int_eq(em_meter_calibrate(&rig.meter, &c), EM_OK);
        feed_with_offsets(&rig, c.offset, &means);
        q = em_meter_quantities(&rig.meter);
        for (int p = 0; p < EM_PHASE_COUNT; p++) {
            UNIT_NEAR("u", q->u_uv[p], 230e6, 1000);
            UNIT_NEAR("i", q->i_ua[p], amps[k] * 1e6, 5);
            UNIT_NEAR("p", q->p_uw[p], 115e6 * amps[k], 80 + 20e-6 * 115e6 * amps[k]);
            UNIT_NEAR("q", q->q_uvar[p], 230e6 * amps[k] * sin(M_PI / 3), 200 + 20e-6 * 230e6 * amps[k]);
        }
        for (int channel = 0; channel < EM_CHANNEL_COUNT; channel++)
            UNIT_NEAR("mean", (double)means.sum[channel] / means.n, c.offset[channel], 3);
    }
}
END_TEST

/* Whatever passes the check, the arithmetic stands it. */
START_TEST(the_largest_constants_and_signals_do_no_harm)
{
    for (int k = 0; k < 8; k++) {
        struct em_calibration c;

        for (int n = 0; n < EM_CHANNEL_COUNT; n++) {
            c.gain_ppm[n] = k & 1 ? EM_GAIN_MAX_PPM : -EM_GAIN_MAX_PPM;
            c.offset[n] = k & 2 ? EM_OFFSET_MAX : -EM_OFFSET_MAX;
        }
        for (int p = 0; p < EM_PHASE_COUNT; p++)
            c.phase[p] = k & 4 ? EM_PHASE_MAX : -EM_PHASE_MAX;
        ck_assert_int_eq(em_calibration_check(&c), EM_OK);
        measured(unit_mains(50, 50, 0), &c);
        ck_assert_int_gt(rig.meter.quantities.p_uw[EM_TOTAL], 0);
        unit_rig_init(&rig, 50000, unit_mains(50, 0, 0));
        em_meter_calibrate(&rig.meter, &c);
        unit_feed(&rig, 2);
        em_meter_quantities(&rig.meter);
    }
}
END_TEST

START_TEST(constants_beyond_their_limits_are_refused)
{
    const struct em_calibration good = {.gain_ppm = {5}};

    unit_rig_init(&rig, 50000, unit_mains(50, 1, 0));
    ck_assert_int_eq(em_meter_calibrate(&rig.meter, &good), EM_OK);
    for (int k = 0; k < 15; k++) {
        for (int sign = -1; sign <= 1; sign += 2) {
            struct em_calibration bad = {0};

            if (k < 6)
                bad.gain_ppm[k] = sign * (EM_GAIN_MAX_PPM + 1);
            else if (k < 9)
                bad.phase[k - 6] = sign * (EM_PHASE_MAX + 1);
            else
                bad.offset[k - 9] = sign * (EM_OFFSET_MAX + 1);
            ck_assert_int_eq(em_meter_calibrate(&rig.meter, &bad), EM_ERR_RANGE);
            ck_assert_mem_eq(&rig.meter.calibration, &good, sizeof good);
        }
    }
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("calibration");
    TCase *tcase = unit_case(suite, "calibration");

    tcase_add_test(tcase, no_constants_leave_a_window_as_it_is);
    tcase_add_test(tcase, zero_is_no_calibration);
    tcase_add_test(tcase, gains_scale_what_belongs_to_their_channels);
    tcase_add_test(tcase, a_phase_turns_p_and_q);
    tcase_add_test(tcase, offsets_are_found_by_the_mean_and_taken_out);
    tcase_add_test(tcase, the_largest_constants_and_signals_do_no_harm);
    tcase_add_test(tcase, constants_beyond_their_limits_are_refused);
    return suite;
}
