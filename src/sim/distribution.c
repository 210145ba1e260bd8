/* SPDX-License-Identifier: MIT */
#include "distribution.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "random.h"
#include "trig.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* --- Reading --- */

static bool check_range(struct js *js, const struct sim_distribution *d)
{
    return d->a <= d->b || js_fail(js, "from %g to %g: the smaller one first", d->a, d->b);
}

static bool check_deviation(struct js *js, const struct sim_distribution *d)
{
    return d->b >= 0 || js_fail(js, "a standard deviation is not negative");
}

static bool check_logarithms(struct js *js, const struct sim_distribution *d)
{
    return check_range(js, d) && (d->a > 0 || js_fail(js, "must begin above 0"));
}

static bool check_integers(struct js *js, const struct sim_distribution *d)
{
    return check_range(js, d) &&
           ((d->a == floor(d->a) && d->b == floor(d->b)) || js_fail(js, "must be two whole numbers"));
}

static bool check_nothing(struct js *js, const struct sim_distribution *d)
{
    (void)js, (void)d;
    return true;
}

/* How each kind is written. */
static const struct kind {
    const char *wanted;
    int most; /* numbers, at least 2; the third is a count; 0: a list of any values */
    bool (*check)(struct js *js, const struct sim_distribution *d);
} kinds[] = {
    [SIM_UNIFORM] = {"[from, to]", 2, check_range},
    [SIM_NORMAL] = {"[mean, standard deviation]", 2, check_deviation},
    [SIM_LOG_UNIFORM] = {"[from, to]", 2, check_logarithms},
    [SIM_INTEGERS] = {"[least, greatest]", 2, check_integers},
    [SIM_CHOICE] = {"a list of values", 0, check_nothing},
    [SIM_GRID] = {"a list of values", 0, check_nothing},
    [SIM_STEPS] = {"[from, to] or [from, to, how many values]", 3, check_nothing},
};

static bool read_numbers(struct js *js, const cJSON *value, void *target, const void *argument)
{
    const struct kind *kind = argument;
    struct sim_distribution *d = target;
    int n = cJSON_IsArray(value) ? cJSON_GetArraySize(value) : 0;
    double number[3];

    if (n < 2 || n > kind->most)
        return js_fail(js, "must be %s", kind->wanted);
    for (int k = 0; k < n; k++) {
        size_t mark = js_enter_index(js, k);

        if (!js_number(js, cJSON_GetArrayItem(value, k), -1e15, 1e15, &number[k]))
            return false;
        js_leave(js, mark);
    }
    if (n == 3 && !(number[2] >= 2 && number[2] <= SIM_STEPS_MAX && number[2] == floor(number[2])))
        return js_fail(js, "%g: how many values is a whole number, 2 to %d", number[2], SIM_STEPS_MAX);
    d->kind = (enum sim_distribution_kind)(kind - kinds);
    d->a = number[0];
    d->b = number[1];
    d->count = n == 3 ? (unsigned)number[2] : 0;
    return kind->check(js, d);
}

static bool read_list(struct js *js, const cJSON *value, void *target, const void *argument)
{
    const struct kind *kind = argument;
    struct sim_distribution *d = target;

    if (!cJSON_IsArray(value) || !value->child)
        return js_fail(js, "must be %s", kind->wanted);
    d->kind = (enum sim_distribution_kind)(kind - kinds);
    d->list = value;
    d->count = d->kind == SIM_GRID ? (unsigned)cJSON_GetArraySize(value) : 0;
    return true;
}

static bool read_limit(struct js *js, const cJSON *value, void *target, const void *offset)
{
    return js_number(js, value, -1e15, 1e15, (double *)((char *)target + *(const size_t *)offset));
}

static const size_t min_offset = offsetof(struct sim_distribution, min),
                    max_offset = offsetof(struct sim_distribution, max);

/* Kinds first, in their order. */
static const struct js_field fields[] = {
    {"uniform", read_numbers, &kinds[SIM_UNIFORM], false},
    {"normal", read_numbers, &kinds[SIM_NORMAL], false},
    {"log_uniform", read_numbers, &kinds[SIM_LOG_UNIFORM], false},
    {"integers", read_numbers, &kinds[SIM_INTEGERS], false},
    {"choice", read_list, &kinds[SIM_CHOICE], false},
    {"grid", read_list, &kinds[SIM_GRID], false},
    {"steps", read_numbers, &kinds[SIM_STEPS], false},
    {"min", read_limit, &min_offset, false},
    {"max", read_limit, &max_offset, false},
};

bool sim_distribution_parse(struct js *js, const cJSON *value, struct sim_distribution *d)
{
    unsigned said = 0;

    *d = (struct sim_distribution){.min = -INFINITY, .max = INFINITY};
    if (!js_object(js, value, fields, COUNT(fields), d))
        return false;
    for (size_t k = 0; k < COUNT(kinds); k++)
        said += cJSON_GetObjectItemCaseSensitive(value, fields[k].key) != NULL;
    if (said != 1)
        return js_fail(js, "must be just one of uniform, normal, log_uniform, integers, choice, grid, steps, as in "
                           "{\"uniform\": [1, 60]}");
    if (d->min > d->max)
        return js_fail(js, "\"min\" is above \"max\"");
    if (d->list && (isfinite(d->min) || isfinite(d->max)))
        return js_fail(js, "\"min\" and \"max\" do not go with \"%s\"", fields[d->kind].key);
    return true;
}

/* --- Drawing --- */

/* Nine digits. */
static double rounded(double number)
{
    char text[32];

    snprintf(text, sizeof text, "%.9g", number);
    return strtod(text, NULL);
}

/* The value that is even over a and b at u of 0..1. */
static double between(double a, double b, double u)
{
    return u < 1 ? a + (b - a) * u : b;
}

static double step(const struct sim_distribution *d, unsigned place, unsigned n)
{
    n = d->count ? d->count : n;
    return between(d->a, d->b, n > 1 ? (double)(place % n) / (n - 1) : 0);
}

static double number_of(const struct sim_distribution *d, uint64_t key, unsigned place, unsigned n)
{
    double u = sim_random_uniform(key);

    switch (d->kind) {
    case SIM_NORMAL:
        return rounded(d->a + d->b * sim_random_normal(key));
    case SIM_LOG_UNIFORM:
        return rounded(sim_exp(between(sim_log(d->a), sim_log(d->b), u)));
    case SIM_INTEGERS:
        return fmin(d->a + floor((d->b - d->a + 1) * u), d->b);
    case SIM_STEPS:
        return rounded(step(d, place, n));
    default:
        return rounded(between(d->a, d->b, u));
    }
}

cJSON *sim_distribution_draw(const struct sim_distribution *d, uint64_t key, unsigned place, unsigned n)
{
    double x;

    if (d->list) {
        int size = cJSON_GetArraySize(d->list);
        int which = d->kind == SIM_GRID ? (int)(place % d->count) : (int)(size * sim_random_uniform(key));

        return cJSON_Duplicate(cJSON_GetArrayItem(d->list, which), true);
    }
    x = number_of(d, key, place, n);
    x = x < d->min ? d->min : x > d->max ? d->max : x;
    return cJSON_CreateNumber(x == 0 ? 0.0 : x); /* never -0 */
}
