/* SPDX-License-Identifier: MIT
 * Random numbers and distributions: how values lie, that each stands for itself, that they are the same everywhere. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "distribution.h"
#include "random.h"
#include "unit.h"

#define MANY     100000
#define FEW      20000
#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* --- Random numbers --- */

/* Bits that another machine has to find, too. */
START_TEST(the_same_bits_everywhere)
{
    static const struct {
        uint64_t key;
        double uniform, normal;
    } rows[] = {
        {0, 0x1.c4415072f63b9p-1, -0x1.25733e0790c95p-2},
        {1, 0x1.22145bd91204bp-1, -0x1.71114a6183a61p-1},
        {0x123456789ABCDEFu, 0x1.57a3807a48fa8p-4, 0x1.1c95033e7796dp+1},
    };

    for (size_t k = 0; k < COUNT(rows); k++) {
        ck_assert_msg(sim_random_uniform(rows[k].key) == rows[k].uniform, "uniform %zu: %a", k,
                      sim_random_uniform(rows[k].key));
        ck_assert_msg(sim_random_normal(rows[k].key) == rows[k].normal, "normal %zu: %a", k,
                      sim_random_normal(rows[k].key));
    }
}
END_TEST

/* Sixteenths of the unit interval are hit alike: chi squared of 15 degrees of freedom, 0.1 % above 37.7. */
START_TEST(even_numbers_are_even)
{
    unsigned hit[16] = {0};
    double chi = 0;

    for (uint64_t k = 0; k < MANY; k++) {
        double u = sim_random_uniform(k);

        UNIT_CHECK(u > 0 && u < 1, "%g", u);
        hit[(int)(16 * u)]++;
    }
    for (int k = 0; k < 16; k++)
        chi += pow(hit[k] - MANY / 16.0, 2) / (MANY / 16.0);
    ck_assert_msg(chi < 37.7, "chi squared %g", chi);
}
END_TEST

START_TEST(normal_numbers_are_normal)
{
    double sum = 0, squares = 0, cubes = 0, fourth = 0, beyond = 0;

    for (uint64_t k = 0; k < MANY; k++) {
        double x = sim_random_normal(k);

        sum += x;
        squares += x * x;
        cubes += x * x * x;
        fourth += x * x * x * x;
        beyond += fabs(x) > 3;
    }
    /* Within four standard deviations of what MANY of them give. */
    UNIT_NEAR("mean", sum / MANY, 0, 4 / sqrt(MANY));
    UNIT_NEAR("variance", squares / MANY, 1, 4 * sqrt(2.0 / MANY));
    UNIT_NEAR("skewness", cubes / MANY, 0, 4 * sqrt(15.0 / MANY));
    UNIT_NEAR("fourth moment", fourth / MANY, 3, 4 * sqrt(96.0 / MANY));
    UNIT_NEAR("beyond 3", beyond / MANY, 0.0026998, 4 * sqrt(0.0027 / MANY));
}
END_TEST

/* --- Distributions --- */

static cJSON *source;
static struct sim_distribution distribution;

/* Reads one written with ' for ". */
static void open_one(const char *text)
{
    struct js js = {.file = "test"};
    char *json = strdup(text);

    for (char *c = json; *c; c++)
        if (*c == '\'')
            *c = '"';
    source = js_parse(&js, json);
    ck_assert_msg(sim_distribution_parse(&js, source, &distribution), "%s: %s", text, js.error);
    free(json);
}

static void close_one(void)
{
    cJSON_Delete(source);
}

/* What the k-th of n gets under a seed and a name; the caller owns it. */
static cJSON *value_of(uint64_t seed, const char *name, unsigned k, unsigned n)
{
    return sim_distribution_draw(&distribution, sim_random_key(seed, name, k), k, n);
}

static double draw(uint64_t seed, const char *name, unsigned k, unsigned n)
{
    cJSON *value = value_of(seed, name, k, n);
    double number = value->valuedouble;

    ck_assert(cJSON_IsNumber(value));
    cJSON_Delete(value);
    return number;
}

/* Moments of many draws about a middle, in units of `unit`. */
struct moments {
    double mean, variance, fourth, low, high;
};

static struct moments measure(double middle, double unit)
{
    struct moments m = {.low = INFINITY, .high = -INFINITY};

    for (unsigned k = 0; k < MANY; k++) {
        double x = (draw(1, "x", k, MANY) - middle) / unit;

        m.mean += x / MANY;
        m.variance += x * x / MANY;
        m.fourth += x * x * x * x / MANY;
        m.low = x < m.low ? x : m.low;
        m.high = x > m.high ? x : m.high;
    }
    return m;
}

START_TEST(uniform)
{
    struct moments m;

    open_one("{'uniform': [-2, 6]}");
    m = measure(2, 8);
    ck_assert(m.low >= -0.5 && m.low < -0.4999 && m.high <= 0.5 && m.high > 0.4999);
    UNIT_NEAR("mean", m.mean, 0, 0.003); /* three standard errors */
    UNIT_NEAR("variance", m.variance, 1 / 12.0, 0.001);
    close_one();
}
END_TEST

START_TEST(normal)
{
    struct moments m;

    open_one("{'normal': [0.95, 0.02]}");
    m = measure(0.95, 0.02);
    UNIT_NEAR("mean", m.mean, 0, 0.01);
    UNIT_NEAR("variance", m.variance, 1, 0.014);
    UNIT_NEAR("kurtosis", m.fourth, 3, 0.1);
    ck_assert(m.low < -3.9 && m.low > -6 && m.high > 3.9 && m.high < 6);
    close_one();
}
END_TEST

/* Of the logarithm of base 10, each unit is as likely as the next. */
START_TEST(log_uniform)
{
    unsigned decade[4] = {0};

    open_one("{'log_uniform': [0.01, 100]}");
    for (unsigned k = 0; k < MANY; k++) {
        double x = draw(1, "x", k, MANY);

        UNIT_CHECK(x >= 0.01 && x <= 100, "%g", x);
        decade[x < 0.1 ? 0 : x < 1 ? 1 : x < 10 ? 2 : 3]++;
    }
    for (int k = 0; k < 4; k++)
        UNIT_NEAR("share", decade[k] / (double)MANY, 0.25, 0.0042);
    close_one();
}
END_TEST

START_TEST(integers)
{
    unsigned count[5] = {0};

    open_one("{'integers': [-2, 2]}");
    for (unsigned k = 0; k < MANY; k++) {
        double x = draw(1, "x", k, MANY);

        UNIT_CHECK(x >= -2 && x <= 2 && x == floor(x), "%g", x);
        count[(int)x + 2]++;
    }
    for (int k = 0; k < 5; k++)
        UNIT_NEAR("share", count[k] / (double)MANY, 0.2, 0.004);
    close_one();
}
END_TEST

/* Whatever draws a number stops at its limits, to the bit, and reaches both. */
START_TEST(limits)
{
    static const char *const texts[] = {
        "{'normal': [0.95, 0.02], 'max': 1, 'min': 0.93}",   "{'uniform': [0, 2], 'max': 1, 'min': 0.93}",
        "{'log_uniform': [0.1, 10], 'max': 1, 'min': 0.93}", "{'integers': [0, 5], 'max': 1, 'min': 0.93}",
        "{'steps': [0, 2], 'max': 1, 'min': 0.93}",
    };

    for (size_t t = 0; t < COUNT(texts); t++) {
        struct moments m;

        open_one(texts[t]);
        m = measure(0, 1);
        ck_assert_msg(m.low == 0.93 && m.high == 1, "%s: %.17g to %.17g", texts[t], m.low, m.high);
        close_one();
    }
}
END_TEST

START_TEST(steps)
{
    open_one("{'steps': [10, -20]}");
    for (unsigned k = 0; k <= 30; k++)
        ck_assert(draw(k, "x", k, 31) == 10.0 - k);
    ck_assert(draw(1, "x", 0, 1) == 10);
    close_one();
    open_one("{'steps': [0.1, 0.7]}");
    ck_assert(draw(1, "x", 0, 7) == 0.1 && draw(1, "x", 6, 7) == 0.7);
    close_one();
    open_one("{'steps': [1, 3, 5]}"); /* five of them, however many things there are */
    for (unsigned k = 0; k < 23; k++)
        ck_assert(draw(1, "x", k, 23) == 1 + 0.5 * (k % 5));
    close_one();
}
END_TEST

START_TEST(grid)
{
    open_one("{'grid': [7, 5, 7.5]}");
    for (unsigned k = 0; k < 20; k++)
        ck_assert(draw(k, "x", k, 20) == (k % 3 == 0 ? 7 : k % 3 == 1 ? 5 : 7.5));
    close_one();
}
END_TEST

START_TEST(choice)
{
    unsigned count[3] = {0};

    open_one("{'choice': ['100/5', 3, [[5, 10, 0]]]}");
    for (unsigned k = 0; k < MANY; k++) {
        cJSON *value = value_of(5, "x", k, MANY);

        count[cJSON_IsString(value) ? 0 : cJSON_IsNumber(value) ? 1 : 2]++;
        if (cJSON_IsArray(value))
            ck_assert_int_eq(cJSON_GetArrayItem(cJSON_GetArrayItem(value, 0), 1)->valueint, 10);
        cJSON_Delete(value);
    }
    for (int k = 0; k < 3; k++)
        UNIT_NEAR("share", count[k] / (double)MANY, 1 / 3.0, 0.0045);
    close_one();
}
END_TEST

/* Neighbouring seeds, names and places have nothing to do with each other. */
START_TEST(draws_stand_for_themselves)
{
    static const char name[] = "load.L1.current";
    static const struct {
        uint64_t seed;
        const char *name;
        unsigned step;
    } others[] = {{2, name, 0}, {1, "load.L2.current", 0}, {1, "load.L1.curren", 0},   {1, name, 1},
                  {1, name, 2}, {1ull << 40, name, 0},     {1 + SIM_MIX_STEP, name, 0}}; /* the next item's */

    open_one("{'uniform': [-1, 1]}");
    for (size_t o = 0; o < COUNT(others); o++) {
        double product = 0;

        for (unsigned k = 0; k < FEW; k++)
            product += draw(1, name, k, FEW) * draw(others[o].seed, others[o].name, k + others[o].step, FEW) / FEW;
        UNIT_NEAR("correlation", 3 * product, 0, 3 / sqrt(FEW));
    }
    for (unsigned k = 0; k < 100; k++) /* however many there are */
        ck_assert(draw(7, name, k, 100) == draw(7, name, k, 100000));
    close_one();
}
END_TEST

/* The very numbers, on every machine and in every version: reports depend on them. Worked out apart from this, in
 * Python, with the C library's functions. */
START_TEST(the_same_everywhere)
{
    static const struct {
        const char *text;
        double number[4];
    } rows[] = {
        {"{'uniform': [0, 1]}", {0.584853075, 0.505393556, 0.0686066969, 0.475950358}},
        {"{'normal': [0, 1]}", {0.994693498, 1.08021362, 2.12924187, 1.20270388}},
        {"{'log_uniform': [0.01, 100]}", {2.18480309, 1.05093105, 0.0188116456, 0.801311605}},
        {"{'integers': [1, 1000000]}", {584854, 505394, 68607, 475951}},
        {"{'choice': [0, 1, 2, 3, 4]}", {2, 2, 0, 2}},
    };

    for (size_t r = 0; r < COUNT(rows); r++) {
        open_one(rows[r].text);
        for (unsigned k = 0; k < 4; k++) {
            double x = draw(1, "load.L1.current", k, 4);

            ck_assert_msg(x == rows[r].number[k], "%s: %.17g", rows[r].text, x);
        }
        close_one();
    }
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("distribution");
    TCase *numbers = unit_case(suite, "numbers"), *values = unit_case(suite, "values");

    tcase_add_test(numbers, the_same_bits_everywhere);
    tcase_add_test(numbers, even_numbers_are_even);
    tcase_add_test(numbers, normal_numbers_are_normal);
    tcase_add_test(values, uniform);
    tcase_add_test(values, normal);
    tcase_add_test(values, log_uniform);
    tcase_add_test(values, integers);
    tcase_add_test(values, limits);
    tcase_add_test(values, steps);
    tcase_add_test(values, grid);
    tcase_add_test(values, choice);
    tcase_add_test(values, draws_stand_for_themselves);
    tcase_add_test(values, the_same_everywhere);
    return suite;
}
