/* SPDX-License-Identifier: MIT
 * Values that are spread: how they lie, that each stands for itself, and that they are the same everywhere. */
#include <stdlib.h>
#include <string.h>

#include "../../src/sim/spread.h"
#include "unit.h"

#define MANY 100000

static cJSON *source;
static struct sim_spread spread;

/* Reads a spread written with ' for ". */
static void open_spread(const char *text)
{
    struct js js = {.file = "test"};
    char *json = strdup(text);

    for (char *c = json; *c; c++)
        if (*c == '\'')
            *c = '"';
    source = js_parse(&js, json);
    ck_assert_msg(sim_spread_parse(&js, source, &spread), "%s: %s", text, js.error);
    free(json);
}

static void close_spread(void)
{
    cJSON_Delete(source);
}

static double draw(uint64_t key, unsigned k, unsigned n)
{
    cJSON *value = sim_spread_draw(&spread, key, k, n);
    double number = value->valuedouble;

    ck_assert(cJSON_IsNumber(value));
    cJSON_Delete(value);
    return number;
}

/* Moments of many draws about a middle, in units of `unit`. */
struct moments {
    double mean, variance, fourth, low, high;
};

static struct moments measure(uint64_t key, double middle, double unit)
{
    struct moments m = {.low = INFINITY, .high = -INFINITY};

    for (unsigned k = 0; k < MANY; k++) {
        double x = (draw(key, k, MANY) - middle) / unit;

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

    open_spread("{'uniform': [-2, 6]}");
    m = measure(sim_spread_key(1, "x"), 2, 8);
    ck_assert(m.low >= -0.5 && m.low < -0.4999 && m.high < 0.5 && m.high > 0.4999);
    UNIT_NEAR("mean", m.mean, 0, 0.003); /* three standard errors */
    UNIT_NEAR("variance", m.variance, 1 / 12.0, 0.001);
    close_spread();
}
END_TEST

START_TEST(normal)
{
    struct moments m;

    open_spread("{'normal': [0.95, 0.02]}");
    m = measure(sim_spread_key(1, "x"), 0.95, 0.02);
    UNIT_NEAR("mean", m.mean, 0, 0.01);
    UNIT_NEAR("variance", m.variance, 1, 0.014);
    UNIT_NEAR("kurtosis", m.fourth, 3, 0.1);
    ck_assert(m.low < -3.9 && m.low > -6 && m.high > 3.9 && m.high < 6);
    close_spread();
    open_spread("{'normal': [0.95, 0.02], 'max': 1, 'min': 0.93}");
    m = measure(sim_spread_key(1, "x"), 0, 1);
    ck_assert(m.low == 0.93 && m.high == 1);
    close_spread();
}
END_TEST

START_TEST(steps)
{
    open_spread("{'steps': [10, -20]}");
    for (unsigned k = 0; k <= 30; k++)
        ck_assert(draw(k, k, 31) == 10.0 - k);
    ck_assert(draw(1, 0, 1) == 10);
    close_spread();
    open_spread("{'steps': [0.1, 0.7]}");
    ck_assert(draw(1, 0, 7) == 0.1 && draw(1, 6, 7) == 0.7);
    close_spread();
}
END_TEST

START_TEST(choice)
{
    unsigned count[3] = {0};

    open_spread("{'choice': ['100/5', 3, [[5, 10, 0]]]}");
    for (unsigned k = 0; k < MANY; k++) {
        cJSON *value = sim_spread_draw(&spread, 5, k, MANY);

        count[cJSON_IsString(value) ? 0 : cJSON_IsNumber(value) ? 1 : 2]++;
        if (cJSON_IsArray(value))
            ck_assert_int_eq(cJSON_GetArrayItem(cJSON_GetArrayItem(value, 0), 1)->valueint, 10);
        cJSON_Delete(value);
    }
    for (int k = 0; k < 3; k++)
        UNIT_NEAR("share", count[k] / (double)MANY, 1 / 3.0, 0.0045);
    close_spread();
}
END_TEST

/* Neighbouring seeds, names and places have nothing to do with each other. */
START_TEST(draws_stand_for_themselves)
{
    static const struct {
        uint64_t seed;
        const char *name;
        unsigned step;
    } others[] = {{2, "load.L1.current", 0}, {1, "load.L2.current", 0}, {1, "load.L1.curren", 0},
                  {1, "load.L1.current", 1}, {1, "load.L1.current", 2}, {1ull << 40, "load.L1.current", 0}};

    open_spread("{'uniform': [-1, 1]}");
    for (size_t o = 0; o < sizeof others / sizeof others[0]; o++) {
        uint64_t key = sim_spread_key(1, "load.L1.current"), other = sim_spread_key(others[o].seed, others[o].name);
        double product = 0;

        for (unsigned k = 0; k < MANY; k++)
            product += draw(key, k, MANY) * draw(other, k + others[o].step, MANY) / MANY;
        UNIT_NEAR("correlation", 3 * product, 0, 0.01);
    }
    for (unsigned k = 0; k < 100; k++) /* however many there are */
        ck_assert(draw(7, k, 100) == draw(7, k, 100000));
    close_spread();
}
END_TEST

/* The very numbers, on every machine and in every version: reports depend on them. */
START_TEST(the_same_everywhere)
{
    static const double uniforms[] = {0.6800752633151992, 0.5577547137646616, 0.8293270508751128, 0.617956359238441};
    static const double normals[] = {-0.9127913980786313, -0.47568128626325396, -1.8465087448966284,
                                     0.69843775013167153};
    uint64_t key = sim_spread_key(1, "load.L1.current");

    open_spread("{'uniform': [0, 1]}");
    for (unsigned k = 0; k < 4; k++)
        ck_assert_msg(draw(key, k, 4) == uniforms[k], "%.17g", draw(key, k, 4));
    close_spread();
    open_spread("{'normal': [0, 1]}");
    for (unsigned k = 0; k < 4; k++)
        ck_assert_msg(draw(key, k, 4) == normals[k], "%.17g", draw(key, k, 4));
    close_spread();
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("spread");
    TCase *values = unit_case(suite, "values");

    tcase_add_test(values, uniform);
    tcase_add_test(values, normal);
    tcase_add_test(values, steps);
    tcase_add_test(values, choice);
    tcase_add_test(values, draws_stand_for_themselves);
    tcase_add_test(values, the_same_everywhere);
    return suite;
}
