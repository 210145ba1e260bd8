/* SPDX-License-Identifier: MIT
 * Vectors of integers, as wide as the instruction set that a file is compiled for has them. */
#ifndef HOST_LANES_H
#define HOST_LANES_H

#include <immintrin.h>
#include <stdint.h>

/* What is in v stays there: gcc may neither read it from memory again, mostly across two cache lines, nor add up
 * products on the side, for which there are not enough registers. */
#define KEEP(v) __asm__("" : "+v"(v))

#if defined(__AVX512F__)

#define LANES 16 /* of 32 bits */
typedef __m512i lanes;

static inline lanes lanes_load(const int32_t *p)
{
    lanes v = _mm512_loadu_si512(p);

    KEEP(v);
    return v;
}

/* All but the first n lanes. */
static inline lanes lanes_but(lanes v, uint32_t n)
{
    return _mm512_maskz_mov_epi32((__mmask16)(0xFFFFu << n), v);
}

static inline lanes lanes_zero(void)
{
    return _mm512_setzero_si512();
}

/* The odd lanes in place of the even ones. */
static inline lanes lanes_odd(lanes v)
{
    return _mm512_srli_epi64(v, 32);
}

/* sum + a * b of the even lanes, in 64 bits. */
static inline lanes lanes_mac(lanes sum, lanes a, lanes b)
{
    sum = _mm512_add_epi64(sum, _mm512_mul_epi32(a, b));
    KEEP(sum);
    return sum;
}

/* The sum of a's lanes of 64 bits, and beside it that of b's. */
static inline __m128i lanes_totals(lanes a, lanes b)
{
    lanes v = _mm512_add_epi64(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
    __m256i half = _mm256_add_epi64(_mm512_castsi512_si256(v), _mm512_extracti64x4_epi64(v, 1));

    return _mm_add_epi64(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
}

#elif defined(__AVX2__)

#define LANES 8
typedef __m256i lanes;

static inline lanes lanes_load(const int32_t *p)
{
    return _mm256_loadu_si256((const __m256i *)p);
}

static inline lanes lanes_but(lanes v, uint32_t n)
{
    static const int32_t mask[2 * LANES] = {0, 0, 0, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1};

    return _mm256_and_si256(v, lanes_load(mask + LANES - n));
}

static inline lanes lanes_zero(void)
{
    return _mm256_setzero_si256();
}

static inline lanes lanes_odd(lanes v)
{
    return _mm256_srli_epi64(v, 32);
}

static inline lanes lanes_mac(lanes sum, lanes a, lanes b)
{
    sum = _mm256_add_epi64(sum, _mm256_mul_epi32(a, b));
    KEEP(sum);
    return sum;
}

static inline __m128i lanes_totals(lanes a, lanes b)
{
    lanes v = _mm256_add_epi64(_mm256_unpacklo_epi64(a, b), _mm256_unpackhi_epi64(a, b));

    return _mm_add_epi64(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
}

#else

#define LANES 4
typedef __m128i lanes;

static inline lanes lanes_load(const int32_t *p)
{
    return _mm_loadu_si128((const __m128i *)p);
}

static inline lanes lanes_but(lanes v, uint32_t n)
{
    static const int32_t mask[2 * LANES] = {0, 0, 0, 0, -1, -1, -1, -1};

    return _mm_and_si128(v, lanes_load(mask + LANES - n));
}

static inline lanes lanes_zero(void)
{
    return _mm_setzero_si128();
}

static inline lanes lanes_odd(lanes v)
{
    return _mm_srli_epi64(v, 32);
}

static inline lanes lanes_mac(lanes sum, lanes a, lanes b)
{
    sum = _mm_add_epi64(sum, _mm_mul_epi32(a, b));
    KEEP(sum);
    return sum;
}

static inline __m128i lanes_totals(lanes a, lanes b)
{
    return _mm_add_epi64(_mm_unpacklo_epi64(a, b), _mm_unpackhi_epi64(a, b));
}

#endif
#endif
