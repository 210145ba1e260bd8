/* SPDX-License-Identifier: MIT */
#include "ideal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "track.h"
#include "trig.h"

#define BLOCK_CYCLES 10

/* The generator makes whole numbers. Channels are magnified until they use this many bits of them, which leaves room
 * for whatever else comes, so that rounding is nothing; the meter's own counts would not do for a small current. */
#define BITS 29

/* Where the sums of phase p stand: u^2, i^2, u i; the squares of the line voltages; then x and y of each channel. */
enum { UU = 0, II = 3, UI = 6, LL = 9, XY = 12 };

static const uint8_t pair[EM_PHASE_COUNT][2] = {{0, 1}, {0, 2}, {1, 2}};

/* A block ends at t = 0, and at every tenth cycle before and after. */
static double first_end(double block, int64_t now)
{
    return block * (floor((double)now / block) + 1);
}

struct sim_ideal *sim_ideal_new(const struct sim_network *net, const struct sim_wave *wave, int64_t now)
{
    struct sim_ideal *ideal = calloc(1, sizeof *ideal);
    double turns;

    if (!ideal)
        abort();
    for (int c = 0; c < EM_CHANNEL_COUNT; c++)
        if (net->recorded[c])
            ideal->frequency = net->recorded[c]->frequency;
    ideal->block = BLOCK_CYCLES * EM_SAMPLE_RATE / ideal->frequency;
    ideal->end = first_end(ideal->block, now);
    turns = ideal->frequency / EM_SAMPLE_RATE;
    ideal->cosine = 1;
    sim_sincos(turns, &ideal->turn_sine, &ideal->turn_cosine);
    sim_wave_init(&ideal->wave, wave->synth, wave->frequency_mhz, now);
    ideal->wave.phase = wave->phase;
    return ideal;
}

void sim_ideal_free(struct sim_ideal *ideal)
{
    if (ideal)
        sim_wave_free(&ideal->wave);
    free(ideal);
}

static double peak_of(const struct sim_channel *channel)
{
    double peak = channel->recorded ? channel->recorded->peak * fabs(channel->recorded_gain) : 0;

    for (unsigned k = 0; k < channel->tones; k++)
        peak += sqrt(channel->tone[k].x * channel->tone[k].x + channel->tone[k].y * channel->tone[k].y);
    return peak;
}

static void magnify(struct sim_channel *channel, double *unit)
{
    int exponent;
    double factor;

    frexp(peak_of(channel), &exponent);
    factor = ldexp(1, BITS - exponent);
    for (unsigned k = 0; k < channel->tones; k++) {
        channel->tone[k].x *= factor;
        channel->tone[k].y *= factor;
    }
    channel->recorded_gain *= factor;
    channel->clips = false;
    *unit /= factor;
}

void sim_ideal_apply(struct sim_ideal *ideal, const struct sim_network *net)
{
    ideal->network = *net;
    memset(&ideal->network.front_end, 0, sizeof ideal->network.front_end);
    for (int c = 0; c < EM_CHANNEL_COUNT; c++)
        if (net->recorded[c])
            ideal->network.recorded[c] = net->recorded[c]->ideal;
    sim_network_apply(&ideal->network, &ideal->wave);
    for (int c = 0; c < EM_CHANNEL_COUNT; c++) {
        ideal->unit[c] = c < EM_I1 ? 1.0 / EM_COUNTS_PER_VOLT : net->ct_ratio / EM_COUNTS_PER_AMPERE;
        magnify(&ideal->wave.channel[c], &ideal->unit[c]);
    }
}

/* --- One block --- */

static double positive(double x)
{
    return x > 0 ? x : 0;
}

/* Rounding of the samples may make so much of nothing, as a part of the apparent power. */
#define NOTHING 1e-5

static void take_block(const struct sim_ideal *ideal, struct sim_reference *ref)
{
    const double *sum = ideal->sum, n = ideal->block;
    struct sim_quantities q = {.frequency = ideal->frequency};

    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        const double *xu = &sum[XY + 2 * p], *xi = &sum[XY + 2 * (EM_I1 + p)];

        q.u[p] = sqrt(positive(sum[UU + p] / n));
        q.i[p] = sqrt(positive(sum[II + p] / n));
        q.ull[p] = sqrt(positive(sum[LL + p] / n));
        q.p[p] = sum[UI + p] / n;
        q.q[p] = 2 * (xu[0] * xi[1] - xu[1] * xi[0]) / (n * n);
        if (fabs(q.q[p]) < NOTHING * q.u[p] * q.i[p])
            q.q[p] = 0;
    }
    sim_reference_take(ref, &q);
}

/* --- Sample by sample --- */

static void multiply(const struct sim_ideal *ideal, const double s[EM_CHANNEL_COUNT], double out[SIM_IDEAL_SUMS])
{
    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        const double u = s[EM_U1 + p], i = s[EM_I1 + p], across = s[pair[p][0]] - s[pair[p][1]];

        out[UU + p] = u * u;
        out[II + p] = i * i;
        out[UI + p] = u * i;
        out[LL + p] = across * across;
    }
    for (int c = 0; c < EM_CHANNEL_COUNT; c++) {
        out[XY + 2 * c] = s[c] * ideal->cosine;
        out[XY + 2 * c + 1] = s[c] * ideal->sine;
    }
}

/* Adds the line from the sample before to this one, from `from` to `to` of the way. */
static void add_part(struct sim_ideal *ideal, const double now[SIM_IDEAL_SUMS], double from, double to)
{
    const double share = to - from, middle = (from + to) / 2;

    for (int k = 0; k < SIM_IDEAL_SUMS; k++)
        ideal->sum[k] += share * (ideal->before[k] + middle * (now[k] - ideal->before[k]));
}

static void add_whole(struct sim_ideal *ideal, const double now[SIM_IDEAL_SUMS])
{
    for (int k = 0; k < SIM_IDEAL_SUMS; k++)
        ideal->sum[k] += 0.5 * (ideal->before[k] + now[k]);
}

static void turn(struct sim_ideal *ideal)
{
    const double s = ideal->sine, c = ideal->cosine;
    /* Rounding would let the pointer grow or shrink; this holds it. */
    const double length = (3 - (s * s + c * c)) / 2;

    ideal->sine = length * (s * ideal->turn_cosine + c * ideal->turn_sine);
    ideal->cosine = length * (c * ideal->turn_cosine - s * ideal->turn_sine);
}

static void one_sample(struct sim_ideal *ideal, struct sim_reference *ref, int64_t at, const double s[EM_CHANNEL_COUNT])
{
    double now[SIM_IDEAL_SUMS];

    multiply(ideal, s, now);
    if (!ideal->begun) {
        ideal->begun = true;
    } else if ((double)at < ideal->end) {
        add_whole(ideal, now);
    } else {
        const double share = ideal->end - (double)(at - 1);

        add_part(ideal, now, 0, share);
        take_block(ideal, ref);
        sim_reference_count(ref, at);
        memset(ideal->sum, 0, sizeof ideal->sum);
        add_part(ideal, now, share, 1);
        ideal->end = first_end(ideal->block, at);
    }
    memcpy(ideal->before, now, sizeof now);
    turn(ideal);
}

void sim_ideal_samples(struct sim_ideal *ideal, struct sim_reference *ref, int64_t now, uint32_t n)
{
    const int32_t *samples[EM_CHANNEL_COUNT];

    sim_wave_samples(&ideal->wave, samples, n);
    for (uint32_t k = 0; k < n; k++) {
        double s[EM_CHANNEL_COUNT];

        for (int c = 0; c < EM_CHANNEL_COUNT; c++)
            s[c] = samples[c][k] * ideal->unit[c];
        one_sample(ideal, ref, now + k, s);
    }
}
