/* SPDX-License-Identifier: MIT */
#include "adjust.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "trig.h"

#define VOLTS   230.0
#define AMPERES 1.0

/* How long the line looks: the mean of so many windows (20 s), and of the samples of so many cycles (4 s). */
#define WINDOWS 100
#define CYCLES  200

const char *const sim_adjust_names[SIM_ADJUST_POINTS] = {"230 V, 1 A, PF 1", "230 V, 1 A, PF 0.5L"};

static void set_up_network(struct sim_network *net, const struct sim_front_end *fe, enum sim_adjust_point where)
{
    sim_network_init(net);
    net->front_end = *fe;
    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        net->phase[p].voltage = VOLTS;
        net->phase[p].mode = SIM_LOAD_ANGLE;
        net->phase[p].current = AMPERES;
        net->phase[p].angle = where == SIM_ADJUST_LAGGING ? 60 : 0;
    }
}

/* --- Offsets --- */

static int32_t nearest(double x)
{
    return (int32_t)(x < -2e9 ? -2e9 : x > 2e9 ? 2e9 : floor(x + 0.5));
}

static void find_offsets(struct em_calibration *c, const struct sim_network *net, const struct sim_speed *speed)
{
    const uint32_t f = sim_network_frequency_mhz(net);
    struct sim_wave *wave = calloc(1, sizeof *wave);
    struct em_means means = {0};

    if (!wave)
        abort();
    sim_wave_init(wave, speed->synth, f, 0);
    sim_network_apply(net, wave);
    while (means.n < CYCLES * (uint64_t)EM_PHASE_MODULUS / f) {
        struct em_block block = {.n = SIM_CHUNK};

        sim_wave_samples(wave, block.channel, SIM_CHUNK);
        em_means_add(&means, &block);
    }
    for (int k = 0; k < EM_CHANNEL_COUNT; k++)
        c->offset[k] = nearest((double)means.sum[k] / means.n);
    sim_wave_free(wave);
    free(wave);
}

/* --- Errors at a load point --- */

static void measure(struct sim_adjust_errors *errors, const struct em_calibration *c, const struct sim_network *net,
                    const struct sim_speed *speed)
{
    const struct sim_setup setup = {.network = *net};
    struct sim_point *point = calloc(1, sizeof *point);
    struct sim_quantities ideal;

    if (!point)
        abort();
    memset(errors, 0, sizeof *errors);
    sim_point_init(point, &setup, speed, NULL);
    em_meter_calibrate(&point->meter, c);
    for (int n = 0; n < WINDOWS; n++) {
        const struct em_quantities *q;

        sim_point_run(point, point->now + EM_WINDOW_CYCLES * EM_SAMPLE_RATE / 50 + (n == 0));
        q = em_meter_quantities(&point->meter);
        for (int p = 0; p < EM_PHASES_AND_TOTAL; p++)
            errors->power[p] += (double)q->p_uw[p] / WINDOWS;
        for (int p = 0; p < EM_PHASE_COUNT; p++)
            errors->voltage[p] += (double)q->u_uv[p] / WINDOWS;
    }
    ideal = sim_point_ideal(point).now;
    for (int p = 0; p < EM_PHASES_AND_TOTAL; p++)
        errors->power[p] = 100 * (errors->power[p] / 1e6 / ideal.p[p] - 1);
    for (int p = 0; p < EM_PHASE_COUNT; p++)
        errors->voltage[p] = 100 * (errors->voltage[p] / 1e6 / ideal.u[p] - 1);
    sim_point_free(point);
    free(point);
}

/* --- Gains and phases ---
 *
 * With G the product of the two gains and d the angle by which the current is ahead, the power reads G cos(d) times
 * what it should at PF 1 and G cos(60 - d) / cos(60) times at PF 0.5 inductive. Their ratio is 1 + tan(60) tan(d). */
static void find_gains(struct em_calibration *c, const struct sim_adjust_errors before[SIM_ADJUST_POINTS], int p)
{
    const double unity = 1 + before[SIM_ADJUST_UNITY].power[p] / 100;
    const double lagging = 1 + before[SIM_ADJUST_LAGGING].power[p] / 100;
    const double voltage = 1 + before[SIM_ADJUST_UNITY].voltage[p] / 100;
    const double tangent = (lagging / unity - 1) / sqrt(3);
    const double product = unity * sqrt(1 + tangent * tangent);

    c->gain_ppm[EM_U1 + p] = nearest(1e6 * (1 / voltage - 1));
    c->gain_ppm[EM_I1 + p] = nearest(1e6 * (voltage / product - 1));
    c->phase[p] = nearest(EM_PHASE_PER_DEGREE * sim_angle(tangent, 1));
}

enum em_err sim_adjust(struct sim_adjustment *adjustment, const struct sim_front_end *fe, const struct sim_speed *speed)
{
    struct em_calibration *c = &adjustment->calibration;
    struct sim_network net[SIM_ADJUST_POINTS];
    enum em_err err;

    memset(adjustment, 0, sizeof *adjustment);
    for (int k = 0; k < SIM_ADJUST_POINTS; k++)
        set_up_network(&net[k], fe, (enum sim_adjust_point)k);
    find_offsets(c, &net[SIM_ADJUST_UNITY], speed);
    err = em_calibration_check(c);
    for (int k = 0; !err && k < SIM_ADJUST_POINTS; k++)
        measure(&adjustment->before[k], c, &net[k], speed);
    for (int p = 0; !err && p < EM_PHASE_COUNT; p++)
        find_gains(c, adjustment->before, p);
    err = err ? err : em_calibration_check(c);
    for (int k = 0; !err && k < SIM_ADJUST_POINTS; k++)
        measure(&adjustment->after[k], c, &net[k], speed);
    return err;
}
