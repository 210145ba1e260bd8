/* SPDX-License-Identifier: MIT
 * The generator's innermost loop. Compiled once per instruction set (SIM_SYNTH names the variant); every sample
 * is computed on its own by the same operations in the same order, so that all variants give the same bits. */
#include <string.h>

#include "wave.h"

#ifndef SIM_SYNTH
#define SIM_SYNTH sim_synth
#endif

sim_synth_fn SIM_SYNTH;

/* Adding 1.5 * 2^52 leaves the nearest integer (ties to even) in the low bits of the double. */
static inline int32_t round_to_int(double v)
{
    int64_t bits;

    v += 6755399441055744.0;
    memcpy(&bits, &v, sizeof bits);
    return (int32_t)bits;
}

static void one_tone(double *restrict sum, uint32_t n, const struct sim_synth_tone *t)
{
    const double *restrict c = t->c, *restrict s = t->s;
    const double x = t->x, y = t->y;

    for (uint32_t j = 0; j < n; j++)
        sum[j] = x * c[j] + y * s[j];
}

static void two_tones(double *restrict sum, uint32_t n, const struct sim_synth_tone *t)
{
    const double *restrict c0 = t[0].c, *restrict s0 = t[0].s, *restrict c1 = t[1].c, *restrict s1 = t[1].s;
    const double x0 = t[0].x, y0 = t[0].y, x1 = t[1].x, y1 = t[1].y;

    for (uint32_t j = 0; j < n; j++)
        sum[j] = (x0 * c0[j] + y0 * s0[j]) + (x1 * c1[j] + y1 * s1[j]);
}

/* Kept out of line: inlined, gcc exchanges the loops over tones and samples and gathers. */
__attribute__((noinline)) static void more_tone(double *restrict sum, uint32_t n, const struct sim_synth_tone *t)
{
    const double *restrict c = t->c, *restrict s = t->s;
    const double x = t->x, y = t->y;

    for (uint32_t j = 0; j < n; j++)
        sum[j] += x * c[j] + y * s[j];
}

static void limit(double *restrict sum, uint32_t n)
{
    for (uint32_t j = 0; j < n; j++) {
        double v = sum[j] < EM_ADC_MAX ? sum[j] : EM_ADC_MAX;

        sum[j] = v > -EM_ADC_MAX ? v : -EM_ADC_MAX;
    }
}

void SIM_SYNTH(int32_t *out, uint32_t n, const struct sim_synth_tone *tone, unsigned tones, const double *add,
               bool clip)
{
    double sum[SIM_CHUNK];

    if (tones == 0)
        memset(sum, 0, n * sizeof *sum);
    else if (tones == 1)
        one_tone(sum, n, tone);
    else
        two_tones(sum, n, tone);
    for (unsigned k = 2; k < tones; k++)
        more_tone(sum, n, &tone[k]);
    if (add)
        for (uint32_t j = 0; j < n; j++)
            sum[j] += add[j];
    if (clip)
        limit(sum, n);
    for (uint32_t j = 0; j < n; j++)
        out[j] = round_to_int(sum[j]);
}
