/* SPDX-License-Identifier: MIT */
#include "spread.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "trig.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* --- Reading --- */

static const enum sim_spread_kind kinds[] = {SIM_SPREAD_UNIFORM, SIM_SPREAD_NORMAL, SIM_SPREAD_STEPS,
                                             SIM_SPREAD_CHOICE};

/* Two numbers, the second one not below `least`. */
static bool read_two(struct js *js, const cJSON *value, void *target, const void *kind)
{
    struct sim_spread *s = target;
    double *out[] = {&s->a, &s->b};

    s->kind = *(const enum sim_spread_kind *)kind;
    if (!cJSON_IsArray(value) || cJSON_GetArraySize(value) != 2)
        return js_fail(js, "must be two numbers, like %s",
                       s->kind == SIM_SPREAD_NORMAL ? "[0.95, 0.02] (mean, standard deviation)" : "[1, 60]");
    for (int k = 0; k < 2; k++) {
        size_t mark = js_enter_index(js, k);

        if (!js_number(js, cJSON_GetArrayItem(value, k), -1e15, 1e15, out[k]))
            return false;
        js_leave(js, mark);
    }
    if (s->kind == SIM_SPREAD_UNIFORM && s->b < s->a)
        return js_fail(js, "ends (%g) below where it begins (%g)", s->b, s->a);
    if (s->kind == SIM_SPREAD_NORMAL && s->b < 0)
        return js_fail(js, "%g can not be a standard deviation", s->b);
    return true;
}

static bool read_choice(struct js *js, const cJSON *value, void *target, const void *kind)
{
    struct sim_spread *s = target;

    s->kind = *(const enum sim_spread_kind *)kind;
    s->choice = value;
    return js_is_array(js, value) && (cJSON_GetArraySize(value) > 0 || js_fail(js, "must have at least one value"));
}

static bool read_limit(struct js *js, const cJSON *value, void *target, const void *offset)
{
    return js_number(js, value, -1e15, 1e15, (double *)((char *)target + *(const size_t *)offset));
}

static const size_t min_offset = offsetof(struct sim_spread, min), max_offset = offsetof(struct sim_spread, max);

/* The first KIND_COUNT fields say what it is. */
#define KIND_COUNT 4
static const struct js_field fields[] = {
    {"uniform", read_two, &kinds[0], false}, {"normal", read_two, &kinds[1], false},
    {"steps", read_two, &kinds[2], false},   {"choice", read_choice, &kinds[3], false},
    {"min", read_limit, &min_offset, false}, {"max", read_limit, &max_offset, false},
};

bool sim_spread_parse(struct js *js, const cJSON *value, struct sim_spread *s)
{
    unsigned said = 0;

    *s = (struct sim_spread){.min = -INFINITY, .max = INFINITY};
    if (!js_object(js, value, fields, COUNT(fields), s))
        return false;
    for (size_t k = 0; k < KIND_COUNT; k++)
        said += cJSON_GetObjectItemCaseSensitive(value, fields[k].key) != NULL;
    if (said != 1)
        return js_fail(js, "needs just one of uniform, normal, steps, choice, as in {\"uniform\": [1, 60]}");
    if (s->min > s->max)
        return js_fail(js, "\"min\" is above \"max\"");
    if (s->kind == SIM_SPREAD_CHOICE && (isfinite(s->min) || isfinite(s->max)))
        return js_fail(js, "\"min\" and \"max\" do not go with \"choice\"");
    return true;
}

/* --- Drawing --- */

/* The finalizer of splitmix64. */
static uint64_t mix(uint64_t z)
{
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

uint64_t sim_spread_key(uint64_t seed, const char *name)
{
    uint64_t key = mix(seed + 0x9E3779B97F4A7C15u);

    for (; *name; name++)
        key = mix(key ^ (uint8_t)*name);
    return key;
}

/* The i-th random number of the k-th thing: 0 <= u < 1, in steps of 2^-53. */
static double uniform(uint64_t key, unsigned k, unsigned i)
{
    return (double)(mix(key + 0x9E3779B97F4A7C15u * (2 * (uint64_t)k + i + 1)) >> 11) * 0x1p-53;
}

/* By Box and Muller. */
static double normal(uint64_t key, unsigned k)
{
    double s, c, log = sim_log(1 - uniform(key, k, 0));

    sim_sincos(uniform(key, k, 1), &s, &c);
    return sqrt(-2 * log) * c;
}

cJSON *sim_spread_draw(const struct sim_spread *s, uint64_t key, unsigned k, unsigned n)
{
    double x = s->a;

    switch (s->kind) {
    case SIM_SPREAD_UNIFORM:
        x = s->a + (s->b - s->a) * uniform(key, k, 0);
        break;
    case SIM_SPREAD_NORMAL:
        x = s->a + s->b * normal(key, k);
        break;
    case SIM_SPREAD_STEPS:
        if (n > 1)
            x = k == n - 1 ? s->b : s->a + (s->b - s->a) * k / (n - 1);
        break;
    case SIM_SPREAD_CHOICE:
        return cJSON_Duplicate(cJSON_GetArrayItem(s->choice, (int)(uniform(key, k, 0) * cJSON_GetArraySize(s->choice))),
                               true);
    }
    return cJSON_CreateNumber(x < s->min ? s->min : x > s->max ? s->max : x);
}
