/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <inttypes.h>
#include <string.h>

#include "fixmath.h"

__extension__ typedef unsigned __int128 u128;
__extension__ typedef __int128 s128;

static const uint64_t edges[] = {
    0,
    1,
    2,
    3,
    5,
    9999,
    0x7FFFFFFF,
    0x80000000u,
    0xFFFFFFFFu,
    0x100000000u,
    0x100000001u,
    0x7FFFFFFFFFFFFFFFu,
    0x8000000000000000u,
    0x8000000000000001u,
    UINT64_MAX - 1,
    UINT64_MAX,
};
#define EDGE_COUNT (sizeof edges / sizeof edges[0])

/* A number of a random length of 0..64 bits. */
static uint64_t random_length(uint64_t *seed)
{
    unsigned bits = (unsigned)(unit_random(seed) % 65);

    return bits ? unit_random(seed) >> (64 - bits) : 0;
}

static void check_isqrt(uint64_t x)
{
    u128 r = em_isqrt(x);

    UNIT_CHECK(r * r <= x && (r + 1) * (r + 1) > x, "em_isqrt(%" PRIu64 ") is %" PRIu64, x, (uint64_t)r);
}

START_TEST(isqrt_is_exact_around_squares)
{
    for (uint64_t r = 0; r <= 0x10000; r++) {
        uint64_t top = UINT32_MAX - r;

        for (uint64_t d = 0; d < 3; d++) {
            check_isqrt(r * r + d - (r ? 1 : 0));
            check_isqrt(top * top + d - 1);
        }
    }
    for (size_t k = 0; k < EDGE_COUNT; k++)
        check_isqrt(edges[k]);
}
END_TEST

START_TEST(isqrt_brackets_random_numbers)
{
    uint64_t seed = 1;

    for (int k = 0; k < 300000; k++)
        check_isqrt(random_length(&seed));
}
END_TEST

static uint64_t want_muldiv(uint64_t a, uint64_t b, uint64_t c)
{
    u128 product = (u128)a * b, quotient = product / c, rest = product % c;

    if (2 * rest >= c)
        quotient++;
    return quotient > UINT64_MAX ? UINT64_MAX : (uint64_t)quotient;
}

static void check_muldiv(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t want = want_muldiv(a, b, c), got = em_muldiv(a, b, c), portable = em_muldiv_portable(a, b, c);

    UNIT_CHECK(got == want && portable == want,
               "%" PRIu64 " * %" PRIu64 " / %" PRIu64 " is %" PRIu64 " (portable %" PRIu64 "), want %" PRIu64, a, b, c,
               got, portable, want);
}

START_TEST(muldiv_is_exact_at_the_edges)
{
    for (size_t a = 0; a < EDGE_COUNT; a++)
        for (size_t b = 0; b < EDGE_COUNT; b++)
            for (size_t c = 1; c < EDGE_COUNT; c++)
                check_muldiv(edges[a], edges[b], edges[c]);
}
END_TEST

START_TEST(muldiv_and_portable_agree_on_random_triples)
{
    uint64_t seed = 2;

    for (int k = 0; k < 200000; k++) {
        uint64_t a = random_length(&seed), b = random_length(&seed), c = random_length(&seed);

        check_muldiv(a, b, c ? c : 1);
    }
}
END_TEST

START_TEST(muldiv_rounds_halves_away_and_saturates)
{
    static const struct {
        uint64_t a, b, c, want;
    } rows[] = {
        {0, 7, 9, 0},
        {1, 1, 2, 1}, /* a half goes up */
        {3, 1, 2, 2},
        {1, 1, 3, 0},
        {2, 1, 3, 1},
        {UINT64_MAX, 1, 1, UINT64_MAX},
        {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX},
        {UINT64_MAX, 2, 1, UINT64_MAX},          /* too large */
        {UINT64_MAX, UINT64_MAX, 1, UINT64_MAX}, /* the largest product */
        {UINT64_MAX, 3, 6, 0x8000000000000000u}, /* a half, at 64 bits */
        {0x8000000000000000u, 4, 2, UINT64_MAX}, /* 2^64 */
    };

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        ck_assert_msg(em_muldiv(rows[k].a, rows[k].b, rows[k].c) == rows[k].want, "row %zu", k);
        ck_assert_msg(em_muldiv_portable(rows[k].a, rows[k].b, rows[k].c) == rows[k].want, "row %zu, portable", k);
    }
}
END_TEST

START_TEST(muldiv_signed_mirrors_the_unsigned_one)
{
    uint64_t seed = 3;

    ck_assert_int_eq(em_muldiv_signed(-1, 1, 2), -1);
    ck_assert_int_eq(em_muldiv_signed(-1, 1, 3), 0);
    ck_assert_int_eq(em_muldiv_signed(INT64_MIN, 1, 4), INT64_MIN / 4);
    for (int k = 0; k < 100000; k++) {
        int64_t a = (int64_t)(random_length(&seed) >> 1);
        uint64_t b = random_length(&seed), c = random_length(&seed) | 1, want = want_muldiv((uint64_t)a, b, c);

        if (want > INT64_MAX)
            continue;
        UNIT_CHECK(em_muldiv_signed(a, b, c) == (int64_t)want && em_muldiv_signed(-a, b, c) == -(int64_t)want,
                   "+-%" PRId64 " * %" PRIu64 " / %" PRIu64, a, b, c);
    }
}
END_TEST

/* The angle's error, in 2^-32 of a circle. */
static double angle_error(int64_t re, int64_t im)
{
    long double want = atan2l((long double)im, (long double)re) / (2 * (long double)M_PIl) * 4294967296.0L;
    long double error = (long double)em_angle(re, im) - want;

    return (double)fabsl(remainderl(error, 4294967296.0L));
}

#define ANGLE_BOUND 8.0

START_TEST(angle_of_the_axes_and_extremes)
{
    static const int64_t rows[][2] = {
        {1, 0},         {0, 1},         {-1, 0},        {0, -1},        {1, 1},
        {-1, 1},        {-1, -1},       {1, -1},        {INT64_MAX, 0}, {INT64_MIN, 0},
        {0, INT64_MAX}, {0, INT64_MIN}, {INT64_MAX, 1}, {INT64_MIN, 1}, {INT64_MIN, -1},
        {1, INT64_MIN}, {7, -3},        {-3, 100000},   {-100000, -1},  {INT64_MIN, INT64_MIN},
    };

    ck_assert_int_eq(em_angle(0, 0), 0);
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++)
        ck_assert_msg(angle_error(rows[k][0], rows[k][1]) <= ANGLE_BOUND, "%" PRId64 " + j %" PRId64 ": error %g",
                      rows[k][0], rows[k][1], angle_error(rows[k][0], rows[k][1]));
}
END_TEST

START_TEST(angle_is_near_atan2_everywhere)
{
    uint64_t seed = 4;

    for (int k = 0; k < 200000; k++) {
        int64_t re = (int64_t)random_length(&seed), im = (int64_t)random_length(&seed);

        if (unit_random(&seed) & 1)
            re = (int64_t)(0 - (uint64_t)re);
        if (unit_random(&seed) & 1)
            im = (int64_t)(0 - (uint64_t)im);
        if (re == 0 && im == 0)
            continue;
        UNIT_CHECK(angle_error(re, im) <= ANGLE_BOUND, "%" PRId64 " + j %" PRId64 ": error %g", re, im,
                   angle_error(re, im));
    }
}
END_TEST

START_TEST(sincos_small_is_near_libm)
{
    static const uint32_t turns[] = {16, 360, 4096, EM_PHASE_MODULUS, 0xFFFFFFFFu};

    for (size_t t = 0; t < sizeof turns / sizeof turns[0]; t++) {
        for (uint32_t k = 0; k <= 20000; k++) {
            uint32_t angle = (uint32_t)((uint64_t)((turns[t] - 1) / 16) * k / 20000);
            long double x = 2 * M_PIl * angle / turns[t];
            int32_t s, c;

            em_sincos_small(angle, turns[t], &s, &c);
            UNIT_CHECK(fabsl(s - sinl(x) * 0x1p30L) <= 2 && fabsl(c - cosl(x) * 0x1p30L) <= 2,
                       "%u / %u of a circle: %d %d", angle, turns[t], s, c);
        }
    }
}
END_TEST

static float float_of(uint32_t bits)
{
    float f;

    memcpy(&f, &bits, sizeof f);
    return f;
}

static uint32_t bits_of(float f)
{
    uint32_t bits;

    memcpy(&bits, &f, sizeof bits);
    return bits;
}

/* |f - num / den| in units of 2^exponent / den, exactly; f must be a multiple of 2^exponent. */
static u128 float_error(float f, int64_t num, uint64_t den, int exponent)
{
    s128 a = (s128)(int64_t)ldexpf(f, -exponent) * (s128)den, b = num;

    if (exponent < 0)
        b *= (s128)1 << -exponent;
    else
        a *= (s128)1 << exponent;
    return (u128)(a > b ? a - b : b - a);
}

/* The best of a first guess and its neighbours, ties to the even one. */
static float want_float(int64_t num, uint64_t den)
{
    float guess = num ? (float)((long double)num / (long double)den) : 1;
    float candidate[3] = {guess, nextafterf(guess, -INFINITY), nextafterf(guess, INFINITY)};
    int exponent = ilogbf(guess) - 24;
    float best = guess;

    if (num == 0)
        return 0;
    for (int k = 1; k < 3; k++) {
        u128 error = float_error(candidate[k], num, den, exponent), least = float_error(best, num, den, exponent);

        if (error < least || (error == least && !(bits_of(candidate[k]) & 1)))
            best = candidate[k];
    }
    return best;
}

static void check_float(int64_t num, uint64_t den)
{
    uint32_t got = em_float32(num, den), want = bits_of(want_float(num, den));

    UNIT_CHECK(got == want, "%" PRId64 " / %" PRIu64 " is %08X (%.9g), want %08X (%.9g)", num, den, got,
               (double)float_of(got), want, (double)float_of(want));
}

START_TEST(float32_known_values)
{
    static const struct {
        int64_t num;
        uint64_t den;
        uint32_t want;
    } rows[] = {
        {0, 1, 0x00000000},
        {0, 1000, 0x00000000},
        {1, 1, 0x3F800000},
        {-1, 1, 0xBF800000},
        {10, 1, 0x41200000}, /* the manual's S0 example */
        {1, 100, 0x3C23D70A},
        {230500000, 1000000, 0x43668000},
        {999999999, 1000, 0x49742400}, /* rounds up to 1000000.0 */
        {16777215, 1, 0x4B7FFFFF},
        {16777216, 1, 0x4B800000},
        {16777217, 1, 0x4B800000}, /* a tie goes to the even one */
        {16777219, 1, 0x4B800002},
        {33554431, 1, 0x4C000000}, /* the carry makes a new exponent */
        {33554431, 2, 0x4B800000},
        {INT64_MAX, 1, 0x5F000000},
        {INT64_MIN, 1, 0xDF000000},
        {1, 1ull << 40, 0x2B800000},
        {-1, 1ull << 40, 0xAB800000},
    };

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++)
        ck_assert_msg(em_float32(rows[k].num, rows[k].den) == rows[k].want,
                      "%" PRId64 " / %" PRIu64 " is %08X, want %08X", rows[k].num, rows[k].den,
                      em_float32(rows[k].num, rows[k].den), rows[k].want);
}
END_TEST

START_TEST(float32_is_correctly_rounded_on_random_quotients)
{
    static const uint64_t dens[] = {1, 3, 100, 1000, 1000000, 1000000000, 1ull << 40};
    uint64_t seed = 5;

    for (int k = 0; k < 200000; k++) {
        int64_t num = (int64_t)random_length(&seed);
        uint64_t den = k & 1 ? dens[unit_random(&seed) % 7] : unit_random(&seed) % (1ull << 40) + 1;

        check_float(num, den);
    }
}
END_TEST

START_TEST(float32_breaks_ties_to_even)
{
    uint64_t seed = 6;

    for (int k = 0; k < 100000; k++) {
        uint64_t mantissa = 0x800000 | (unit_random(&seed) & 0x7FFFFF);
        uint64_t den = unit_random(&seed) % (1ull << 36) + 1;
        int64_t tie = (int64_t)((2 * mantissa + 1) * den); /* half way between two floats when divided by 2 den */

        check_float(tie, 2 * den);
        check_float(-tie, 2 * den);
        check_float(tie + 1, 2 * den);
        check_float(tie - 1, 2 * den);
    }
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("fixmath");
    TCase *tcase = unit_case(suite, "integers");

    tcase_add_test(tcase, isqrt_is_exact_around_squares);
    tcase_add_test(tcase, isqrt_brackets_random_numbers);
    tcase_add_test(tcase, muldiv_is_exact_at_the_edges);
    tcase_add_test(tcase, muldiv_and_portable_agree_on_random_triples);
    tcase_add_test(tcase, muldiv_rounds_halves_away_and_saturates);
    tcase_add_test(tcase, muldiv_signed_mirrors_the_unsigned_one);
    tcase = unit_case(suite, "angles");
    tcase_add_test(tcase, angle_of_the_axes_and_extremes);
    tcase_add_test(tcase, angle_is_near_atan2_everywhere);
    tcase_add_test(tcase, sincos_small_is_near_libm);
    tcase = unit_case(suite, "float32");
    tcase_add_test(tcase, float32_known_values);
    tcase_add_test(tcase, float32_is_correctly_rounded_on_random_quotients);
    tcase_add_test(tcase, float32_breaks_ties_to_even);
    return suite;
}
