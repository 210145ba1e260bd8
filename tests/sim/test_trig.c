/* SPDX-License-Identifier: MIT */
#include <float.h>

#include "scene.h"
#include "trig.h"

/* Sine and cosine of turns as libm has them, in long double. */
static void exact(double turns, long double *s, long double *c)
{
    long double x = (turns - rintl(turns)) * 2 * 3.14159265358979323846264338327950288L;

    *s = sinl(x);
    *c = cosl(x);
}

static void check_at(double turns)
{
    double s, c;
    long double es, ec;

    sim_sincos(turns, &s, &c);
    exact(turns, &es, &ec);
    UNIT_CHECK(fabsl(s - es) < 1e-15 && fabsl(c - ec) < 1e-15, "%.17g turns: off by %Lg and %Lg", turns, s - es,
               c - ec);
}

START_TEST(sine_and_cosine_are_right_to_1e_15)
{
    uint64_t seed = 1;

    for (int k = -8000; k <= 8000; k++) {
        check_at(k / 1000.0);
        check_at(k / 1024.0);
        check_at(nextafter(k / 8.0, INFINITY));
        check_at(nextafter(k / 8.0, -INFINITY));
    }
    for (int k = 0; k < 200000; k++)
        check_at((double)unit_random(&seed) / 18446744073709551616.0);
}
END_TEST

START_TEST(they_are_right_many_turns_away)
{
    uint64_t seed = 2;

    for (int k = 0; k < 50000; k++)
        check_at(ldexp((double)(int64_t)unit_random(&seed), -20 - k % 60));
}
END_TEST

START_TEST(whole_quarters_are_exact)
{
    static const double sine[] = {0, 1, 0, -1}, cosine[] = {1, 0, -1, 0};

    for (int k = -4000; k <= 4000; k++) {
        double s, c;

        sim_sincos(k / 4.0, &s, &c);
        UNIT_CHECK(s == sine[k & 3] && c == cosine[k & 3], "%d quarters: %g, %g", k, s, c);
    }
}
END_TEST

START_TEST(sine_is_odd_and_cosine_even)
{
    for (int k = 0; k < 100000; k++) {
        double turns = k / 99991.0, s, c, ms, mc;

        sim_sincos(turns, &s, &c);
        sim_sincos(-turns, &ms, &mc);
        UNIT_CHECK(ms == -s && mc == c, "%g turns", turns);
    }
}
END_TEST

/* Everything at which the phase of a mains of whole millihertz can stand: no neighbours far apart. */
START_TEST(there_is_no_jump_between_steps_of_the_phase)
{
    double before_s, before_c;

    sim_sincos(0, &before_s, &before_c);
    for (int k = 1; k <= EM_PHASE_MODULUS; k++) {
        double s, c;

        sim_sincos((double)k / EM_PHASE_MODULUS, &s, &c);
        UNIT_CHECK(fabs(s - before_s) < 8e-7 && fabs(c - before_c) < 8e-7 && fabs(s * s + c * c - 1) < 1e-15, "step %d",
                   k);
        before_s = s;
        before_c = c;
    }
}
END_TEST

/* Two angles at once have the bits of each alone, in whichever place. */
START_TEST(two_angles_do_not_know_of_each_other)
{
    uint64_t seed = 3;

    for (int k = 0; k < 50000; k++) {
        double turns[2], s[2], c[2];

        for (int j = 0; j < 2; j++)
            turns[j] = ldexp((double)(int64_t)unit_random(&seed), -60 - k % 8);
        sim_sincos2(turns, s, c);
        for (int j = 0; j < 2; j++) {
            double alone_s, alone_c;

            sim_sincos(turns[j], &alone_s, &alone_c);
            UNIT_CHECK(s[j] == alone_s && c[j] == alone_c, "%.17g turns in place %d", turns[j], j);
        }
    }
}
END_TEST

START_TEST(an_angle_is_right_to_1e_10_degrees)
{
    uint64_t seed = 3;

    for (int k = 0; k < 20000; k++) {
        double degrees = k < 3600 ? -180 + k / 10.0 : (double)unit_random(&seed) / 18446744073709551616.0 * 360 - 180;
        double radius = pow(10, (double)(unit_random(&seed) % 25) - 12);
        double y = radius * sin(degrees * M_PI / 180), x = radius * cos(degrees * M_PI / 180);
        double want = atan2(y, x) * 180 / M_PI, got = sim_angle(y, x), off = fabs(got - want);

        UNIT_CHECK(off < 1e-10 || fabs(off - 360) < 1e-10, "angle(%g, %g) is %.15g, want %.15g", y, x, got, want);
        UNIT_CHECK(got >= -180 && got <= 180, "angle(%g, %g) is %.15g", y, x, got);
    }
}
END_TEST

START_TEST(an_angle_on_an_axis)
{
    static const struct {
        double y, x, degrees;
    } rows[] = {{0, 0, 0},  {0, 1, 0},      {0, 1e-9, 0}, {1, 0, 90},   {-1, 0, -90}, {0, -1, 180},
                {1, 1, 45}, {-1, -1, -135}, {1, -1, 135}, {-1, 1, -45}, {1e6, 0, 90}, {0, -1e6, 180}};

    ck_assert(sim_angle(0, 0) == 0);
    ck_assert(sim_angle(0, 12.5) == 0);
    for (size_t k = 0; k < COUNT(rows); k++)
        UNIT_NEAR("axis", sim_angle(rows[k].y, rows[k].x), rows[k].degrees, 1e-10);
}
END_TEST

START_TEST(logarithm_and_exponential_are_right)
{
    uint64_t state = 5;

    for (int k = 0; k < 100000; k++) {
        double x =
            ldexp(1 + (double)(unit_random(&state) >> 12) / 4503599627370496.0, (int)(unit_random(&state) % 200) - 100);
        double y = log(x);

        UNIT_CHECK(fabs(sim_log(x) - y) <= 4e-16 * fmax(fabs(y), 1), "ln %.17g is %.17g, want %.17g", x, sim_log(x), y);
        UNIT_CHECK(fabs(sim_exp(y) / exp(y) - 1) < 3e-14, "exp %.17g is %.17g, want %.17g", y, sim_exp(y), exp(y));
    }
    for (double x = 0.5; x < 2; x += 1e-4)
        UNIT_NEAR("ln near 0", sim_log(x), log(x), 4e-16);
    ck_assert(sim_log(1) == 0 && sim_exp(0) == 1);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("trig");
    TCase *tcase = unit_case(suite, "trig");

    tcase_add_test(tcase, sine_and_cosine_are_right_to_1e_15);
    tcase_add_test(tcase, they_are_right_many_turns_away);
    tcase_add_test(tcase, whole_quarters_are_exact);
    tcase_add_test(tcase, sine_is_odd_and_cosine_even);
    tcase_add_test(tcase, there_is_no_jump_between_steps_of_the_phase);
    tcase_add_test(tcase, two_angles_do_not_know_of_each_other);
    tcase_add_test(tcase, an_angle_is_right_to_1e_10_degrees);
    tcase_add_test(tcase, an_angle_on_an_axis);
    tcase_add_test(tcase, logarithm_and_exponential_are_right);
    return suite;
}
