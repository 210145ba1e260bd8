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
typedef VECTOR(double, (LANES < SIM_SYNTH_LANES ? LANES : SIM_SYNTH_LANES)) channels;
#define CHANNELS (sizeof(channels) / sizeof(double))

/* Loops over these have to be gone, and what they index has to be in registers, when gcc is done. */
#define INLINE  static inline __attribute__((always_inline))
#define OUTSIDE __attribute__((noinline))

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

/* The last lane first. */
INLINE reals reversed(reals v)
{
#if LANES == 8
    return __builtin_shufflevector(v, v, 7, 6, 5, 4, 3, 2, 1, 0);
#elif LANES == 4
    return __builtin_shufflevector(v, v, 3, 2, 1, 0);
#else
    return __builtin_shufflevector(v, v, 1, 0);
#endif
}

/* As store_rounded(out, reversed(v)): integers are turned round at a lower cost than doubles. */
INLINE void store_reversed(int32_t *out, reals v)
{
#if LANES == 8
    const __m256i order = _mm256_setr_epi32(7, 6, 5, 4, 3, 2, 1, 0);

    _mm256_storeu_si256((__m256i *)out, _mm256_permutevar8x32_epi32(_mm512_cvtpd_epi32((__m512d)v), order));
#elif LANES == 4
    _mm_storeu_si128((__m128i *)out, _mm_shuffle_epi32(_mm256_cvtpd_epi32((__m256d)v), 0x1B));
#else
    store_rounded(out, reversed(v));
#endif
}

/* A tone of one channel. */
struct tone {
    const double *c, *s;
    double x, y;
};

INLINE struct tone tone_of(const struct sim_group *g, const struct sim_tones *tones, unsigned n, int k)
{
    return (struct tone){g->table[n]->c, g->table[n]->s, tones[n].x[k], tones[n].y[k]};
}

/* The sum of a and, with two, of b about the block's middle: its even part and its odd one. */
INLINE void parts(reals *even, reals *odd, struct tone a, struct tone b, bool two, unsigned j)
{
    *even = a.x * *(const reals *)&a.c[j];
    *odd = a.y * *(const reals *)&a.s[j];
    if (two) {
        *even = *even + b.x * *(const reals *)&b.c[j];
        *odd = *odd + b.y * *(const reals *)&b.s[j];
    }
}

/* A channel's noise: a function of its key and the sample's number, near to Gaussian, the sum of four uniform numbers
 * of 16 bits less their mean. z is key + SIM_MIX_STEP * number. */
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

/* Errors of a channel are added to its sum over a block from sample number `at` of the span on. */
static void finish(int32_t *out, const double *sum, const struct sim_group *g, int k, uint32_t at)
{
    const reals scale = (reals){0} + g->noise[k], offset = (reals){0} + g->offset[k];
    const double *played = g->played[k] ? g->played[k] + at : NULL;
    words z = (words){0} + (g->key[k] + SIM_MIX_STEP * ((uint64_t)g->sample + at));

    for (unsigned lane = 0; lane < LANES; lane++)
        z[lane] += SIM_MIX_STEP * lane;
    for (unsigned j = 0; j < SIM_BLOCK; j += LANES, z += SIM_MIX_STEP * LANES) {
        reals error = offset, v = *(const reals *)&sum[j];

        if (g->noisy)
            error = scale * noise(z) + offset;
        if (played)
            error = error + *(const reals *)&played[j];
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

    for (uint32_t j = 0; j < SIM_SPAN; j++) {
        int32_t v = (out[j] + half) & ~mask;

        out[j] = v > top ? top : v < -top ? -top : v;
    }
}

/* The tones a block later. */
INLINE void turn(struct sim_tones *next, const struct sim_tones *now, const struct sim_group *g, unsigned tones)
{
    for (unsigned n = 0; n < tones; n++) {
        const double c = g->block[n].c, s = g->block[n].s;

        for (unsigned k = 0; k < SIM_SYNTH_LANES; k += CHANNELS) {
            const channels x = *(const channels *)&now[n].x[k], y = *(const channels *)&now[n].y[k];

            *(channels *)&next[n].x[k] = x * c + y * s;
            *(channels *)&next[n].y[k] = y * c - x * s;
        }
    }
}

/* One tone or two over a block, without errors: nothing but the result goes to memory. */
INLINE void few_tones_block(int32_t *const out[SIM_GROUP], const struct sim_group *g, const struct sim_tones *tones,
                            bool two, unsigned at)
{
    for (int k = 0; k < SIM_GROUP; k++) {
        const struct tone a = tone_of(g, tones, 0, k), b = tone_of(g, tones, two, k);
        int32_t *middle = out[k] + at + SIM_HALF;

        for (unsigned j = 0; j < SIM_HALF; j += LANES) {
            reals even, odd;

            parts(&even, &odd, a, b, two, j);
            store_rounded(middle + j, even + odd);
            store_reversed(middle - j - LANES, even - odd);
        }
    }
}

/* The later block's tones are ready before the first is begun: they are read from memory. */
INLINE void few_tones(int32_t *const out[SIM_GROUP], const struct sim_group *g, bool two)
{
    struct sim_tones later[2];

    _Static_assert(SIM_SPAN == 2 * SIM_BLOCK, "a span is two blocks");
    turn(later, g->first, g, 1 + two);
    few_tones_block(out, g, g->first, two, 0);
    few_tones_block(out, g, later, two, SIM_BLOCK);
}

OUTSIDE static void one_tone(int32_t *const out[SIM_GROUP], const struct sim_group *g)
{
    few_tones(out, g, false);
}

OUTSIDE static void two_tones(int32_t *const out[SIM_GROUP], const struct sim_group *g)
{
    few_tones(out, g, true);
}

/* The sum of any number of tones of channel k over a block. */
OUTSIDE static void sum_tones(double sum[SIM_BLOCK], const struct sim_group *g, const struct sim_tones *tones, int k)
{
    for (unsigned j = 0; j < SIM_HALF; j += LANES) {
        reals even = {0}, odd = {0};

        for (unsigned n = 0; n < g->tones; n++) {
            const struct tone t = tone_of(g, tones, n, k);

            even = even + t.x * *(const reals *)&t.c[j];
            odd = odd + t.y * *(const reals *)&t.s[j];
        }
        *(reals *)&sum[SIM_HALF + j] = even + odd;
        *(reals *)&sum[SIM_HALF - j - LANES] = reversed(even - odd);
    }
}

OUTSIDE static void any_tones(int32_t *const out[SIM_GROUP], const struct sim_group *g)
{
    struct sim_tones later[SIM_TONES_MAX];
    double sum[SIM_BLOCK];

    turn(later, g->first, g, g->tones);
    for (int k = 0; k < SIM_GROUP; k++) {
        sum_tones(sum, g, g->first, k);
        finish(out[k], sum, g, k, 0);
        sum_tones(sum, g, later, k);
        finish(out[k] + SIM_BLOCK, sum, g, k, SIM_BLOCK);
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
