/* SPDX-License-Identifier: MIT */
#include "vmeter/em_calibration.h"

#include <string.h>

#include "fixmath.h"

/* A gain as a factor in units of 10^-6, and one of two channels in units of 10^-12. */
#define UNITY        1000000
#define UNITY_SQUARE ((uint64_t)UNITY * UNITY)

static bool within(const int32_t *value, int count, int32_t limit)
{
    for (int k = 0; k < count; k++)
        if (value[k] < -limit || value[k] > limit)
            return false;
    return true;
}

enum em_err em_calibration_check(const struct em_calibration *c)
{
    return within(c->gain_ppm, EM_CHANNEL_COUNT, EM_GAIN_MAX_PPM) && within(c->phase, EM_PHASE_COUNT, EM_PHASE_MAX) &&
                   within(c->offset, EM_CHANNEL_COUNT, EM_OFFSET_MAX)
               ? EM_OK
               : EM_ERR_RANGE;
}

bool em_calibration_is_set(const struct em_calibration *c)
{
    return !within(c->gain_ppm, EM_CHANNEL_COUNT, 0) || !within(c->phase, EM_PHASE_COUNT, 0) ||
           !within(c->offset, EM_CHANNEL_COUNT, 0);
}

/* A sum of products of two channels without what their offsets and gains put in. */
static int64_t corrected(const struct em_calibration *c, const struct em_window *w, int64_t sum, int a, int b)
{
    int64_t offsets = (int64_t)c->offset[a] * c->offset[b];
    uint64_t gain = (uint64_t)(UNITY + c->gain_ppm[a]) * (uint64_t)(UNITY + c->gain_ppm[b]);

    if (offsets)
        sum -= em_muldiv_signed(offsets, (uint64_t)w->cycles * EM_PHASE_MODULUS, w->frequency_mhz);
    return gain == UNITY_SQUARE ? sum : em_muldiv_signed(sum, gain, UNITY_SQUARE);
}

/* The fundamental's q has no offsets in it: a whole cycle of the reference sums up to zero. */
static int64_t corrected_q(const struct em_calibration *c, int64_t q, int p)
{
    uint64_t gain = (uint64_t)(UNITY + c->gain_ppm[EM_U1 + p]) * (uint64_t)(UNITY + c->gain_ppm[EM_I1 + p]);

    return em_muldiv_signed(q, gain, UNITY_SQUARE);
}

/* A current that is ahead by d shows a lag of phi - d: turns it back. */
static void turn(int32_t phase, int64_t *p, int64_t *q)
{
    const uint64_t one = (uint64_t)1 << 30;
    int32_t sine, cosine;
    int64_t p0 = *p, q0 = *q, ps, qs;

    if (!phase)
        return;
    em_sincos_small((uint32_t)(phase < 0 ? -phase : phase), 360 * EM_PHASE_PER_DEGREE, &sine, &cosine);
    ps = em_muldiv_signed(phase < 0 ? -p0 : p0, (uint64_t)sine, one);
    qs = em_muldiv_signed(phase < 0 ? -q0 : q0, (uint64_t)sine, one);
    *p = em_muldiv_signed(p0, (uint64_t)cosine, one) - qs;
    *q = em_muldiv_signed(q0, (uint64_t)cosine, one) + ps;
}

void em_calibration_apply(const struct em_calibration *c, struct em_window *w)
{
    /* Pairs of voltages in the order of `cross`. */
    static const uint8_t pair[EM_PHASE_COUNT][2] = {{EM_U1, EM_U2}, {EM_U1, EM_U3}, {EM_U2, EM_U3}};

    if (!em_calibration_is_set(c) || !w->cycles)
        return;
    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        int u = EM_U1 + p, i = EM_I1 + p;

        w->phase[p].uu = corrected(c, w, w->phase[p].uu, u, u);
        w->phase[p].ii = corrected(c, w, w->phase[p].ii, i, i);
        w->phase[p].ui = corrected(c, w, w->phase[p].ui, u, i);
        w->phase[p].q = corrected_q(c, w->phase[p].q, p);
        w->cross[p] = corrected(c, w, w->cross[p], pair[p][0], pair[p][1]);
        turn(c->phase[p], &w->phase[p].ui, &w->phase[p].q);
    }
}

void em_means_add(struct em_means *means, const struct em_block *block)
{
    for (int c = 0; c < EM_CHANNEL_COUNT; c++)
        for (uint32_t k = 0; k < block->n; k++)
            means->sum[c] += block->channel[c][k];
    means->n += block->n;
}
