/* SPDX-License-Identifier: MIT
 * The generator's innermost loop. Compiled once per instruction set (SIM_SYNTH names the variant); every sample
 * is computed on its own by the same operations in the same order, so that all variants give the same bits. */
#include "synth.h"

#include <string.h>
#ifdef __SSE2__
#include <immintrin.h>
#endif

#ifndef SIM_SYNTH
#define SIM_SYNTH sim_synth
#endif

sim_synth_fn SIM_SYNTH;

/* As many numbers of 64 bits as the instruction set takes at once. */
#if defined(__AVX512F__)
#define LANES 8
#elif defined(__AVX2__)
#define LANES 4
#else
#define LANES 2
#endif
#define VECTOR(type, n) __attribute__((vector_size(n * sizeof(type)), aligned(sizeof(type)), may_alias)) type

typedef VECTOR(double, LANES) reals;
typedef VECTOR(uint64_t, LANES) words;
typedef VECTOR(int32_t, LANES) counts;

/* Loops over these have to be gone, and what they index has to be in registers, when gcc is done. */
#define INLINE  static inline __attribute__((always_inline))
#define OUTSIDE __attribute__((noinline))

/* A tone as it is at a block's start. */
struct turned {
    double x[SIM_SYNTH_LANES], y[SIM_SYNTH_LANES];
};

/* To the nearest integer, ties to even. */
INLINE void store_rounded(int32_t *out, reals v)
{
#if defined(__AVX512F__)
    _mm256_storeu_si256((__m256i *)out, _mm512_cvtpd_epi32((__m512d)v));
#elif defined(__AVX2__)
    _mm_storeu_si128((__m128i *)out, _mm256_cvtpd_epi32((__m256d)v));
#elif defined(__SSE2__)
    _mm_storel_epi64((__m128i *)out, _mm_cvtpd_epi32((__m128d)v));
#else
    /* Adding 1.5 * 2^52 leaves the integer in the low bits of the double. */
    *(counts *)out = __builtin_convertvector((words)(v + 6755399441055744.0), counts);
#endif
}

/* One or two tones of a channel over a block: the first of all, or added to what is in sum; rounded into out, or left
 * in sum. The order in which a sample is added up does not depend on how tones are taken together. */
INLINE void add_tones(int32_t *out, double *sum, const struct sim_synth_tone *tone, const struct turned *turned, int k,
                      bool two, bool first, bool last)
{
    const struct sim_table *a = tone[0].table, *b = tone[two].table;
    const double xa = turned[0].x[k], ya = turned[0].y[k], xb = turned[two].x[k], yb = turned[two].y[k];

    for (unsigned j = 0; j < SIM_BLOCK; j += LANES) {
        reals v = xa * *(const reals *)&a->c[j] + ya * *(const reals *)&a->s[j];

        if (!first)
            v = *(reals *)&sum[j] + v;
        if (two)
            v = v + (xb * *(const reals *)&b->c[j] + yb * *(const reals *)&b->s[j]);
        if (last)
            store_rounded(out + j, v);
        else
            *(reals *)&sum[j] = v;
    }
}

/* A channel's noise: a function of its key and the sample's number, near to Gaussian, the sum of four uniform numbers
 * of 16 bits less their mean. z is key + SIM_NOISE_STEP * number. */
INLINE reals noise(words z)
{
    const uint64_t halves = 0x0000FFFF0000FFFF;

    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    z = z ^ z >> 31;
    z = (z & halves) + (z >> 16 & halves);
    z = (z & 0xFFFFFFFF) + (z >> 32);
    /* As the low bits of 2^52 the integer is a double. */
    return (reals)(z | 0x4330000000000000) - (4503599627370496.0 + 131070);
}

/* a where the mask has ones, b elsewhere. */
INLINE reals choose(words mask, reals a, reals b)
{
    return (reals)(((words)a & mask) | ((words)b & ~mask));
}

INLINE reals limited(reals v)
{
    const reals top = (reals){0} + EM_ADC_MAX;

    v = choose((words)(v < top), v, top);
    return choose((words)(v > -top), v, -top);
}

/* Errors of a channel are added to its sum over a block from sample number `at` of the chunk on. */
static void finish(int32_t *out, const double *sum, const struct sim_group *g, int k, uint32_t at)
{
    const reals scale = (reals){0} + g->noise[k], offset = (reals){0} + g->offset[k];
    words z = (words){0} + (g->key[k] + SIM_NOISE_STEP * ((uint64_t)g->sample + at));

    for (unsigned lane = 0; lane < LANES; lane++)
        z[lane] += SIM_NOISE_STEP * lane;
    for (unsigned j = 0; j < SIM_BLOCK; j += LANES, z += SIM_NOISE_STEP * LANES) {
        reals error = offset, v = *(const reals *)&sum[j];

        if (g->noisy)
            error = scale * noise(z) + offset;
        v = v + error;
        if (g->clip)
            v = limited(v);
        store_rounded(out + j, v);
    }
}

/* What a converter of fewer bits gives: the nearest of its steps. The whole counts have been rounded before, which adds
 * half a count at most to half a step. */
static void coarsen(int32_t *out, unsigned bits)
{
    const int32_t half = 1 << (bits - 1), mask = (1 << bits) - 1, top = EM_ADC_MAX & ~mask;

    for (uint32_t j = 0; j < SIM_CHUNK; j++) {
        int32_t v = (out[j] + half) & ~mask;

        out[j] = v > top ? top : v < -top ? -top : v;
    }
}

/* The tones as they are at the chunk's start. */
INLINE void begin(struct turned *turned, const struct sim_group *g, unsigned tones)
{
    for (unsigned k = 0; k < tones; k++) {
        memcpy(turned[k].x, g->tone[k].x, sizeof turned[k].x);
        memcpy(turned[k].y, g->tone[k].y, sizeof turned[k].y);
    }
}

/* Turns the tones on by a block. */
INLINE void turn(struct turned *turned, const struct sim_group *g, unsigned tones)
{
    for (unsigned k = 0; k < tones; k++) {
        const double c = g->tone[k].table->c_block, s = g->tone[k].table->s_block;

        for (int lane = 0; lane < SIM_SYNTH_LANES; lane++) {
            const double x = turned[k].x[lane], y = turned[k].y[lane];

            turned[k].x[lane] = x * c + y * s;
            turned[k].y[lane] = y * c - x * s;
        }
    }
}

/* One tone or two without errors: nothing but the result goes to memory. */
INLINE void few_tones(int32_t *const out[SIM_GROUP], const struct sim_group *g, unsigned tones)
{
    struct turned turned[2];

    begin(turned, g, tones);
    for (uint32_t at = 0; at < SIM_CHUNK; at += SIM_BLOCK) {
        for (int k = 0; k < SIM_GROUP; k++)
            add_tones(out[k] + at, NULL, g->tone, turned, k, tones == 2, true, true);
        turn(turned, g, tones);
    }
}

OUTSIDE static void one_tone(int32_t *const out[SIM_GROUP], const struct sim_group *g)
{
    few_tones(out, g, 1);
}

OUTSIDE static void two_tones(int32_t *const out[SIM_GROUP], const struct sim_group *g)
{
    few_tones(out, g, 2);
}

/* The sum of any number of tones of channel k over a block. */
OUTSIDE static void sum_tones(double *sum, const struct sim_group *g, const struct turned *turned, int k)
{
    unsigned n = 2 - g->tones % 2;

    if (g->tones == 0)
        memset(sum, 0, SIM_BLOCK * sizeof *sum);
    else if (n == 1)
        add_tones(NULL, sum, g->tone, turned, k, false, true, false);
    else
        add_tones(NULL, sum, g->tone, turned, k, true, true, false);
    for (; n < g->tones; n += 2)
        add_tones(NULL, sum, g->tone + n, turned + n, k, true, false, false);
}

OUTSIDE static void any_tones(int32_t *const out[SIM_GROUP], const struct sim_group *g)
{
    struct turned turned[SIM_TONES_MAX];
    double sum[SIM_BLOCK];

    begin(turned, g, g->tones);
    for (uint32_t at = 0; at < SIM_CHUNK; at += SIM_BLOCK) {
        for (int k = 0; k < SIM_GROUP; k++) {
            sum_tones(sum, g, turned, k);
            finish(out[k] + at, sum, g, k, at);
        }
        turn(turned, g, g->tones);
    }
}

void SIM_SYNTH(int32_t *const out[SIM_GROUP], const struct sim_group *g)
{
    if (g->errors || g->tones == 0 || g->tones > 2)
        any_tones(out, g);
    else if (g->tones == 1)
        one_tone(out, g);
    else
        two_tones(out, g);
    for (int k = 0; k < SIM_GROUP; k++)
        if (g->coarse[k])
            coarsen(out[k], g->coarse[k]);
}
