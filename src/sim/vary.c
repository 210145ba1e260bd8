/* SPDX-License-Identifier: MIT */
#include "vary.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "random.h"
#include "trig.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* --- Reading --- */

static void *allocate(size_t count, size_t size)
{
    void *list = calloc(count, size);

    if (!list)
        abort();
    return list;
}

static char *copy_text(const char *text)
{
    char *copy = strdup(text);

    if (!copy)
        abort();
    return copy;
}

/* A list of so many numbers. */
static bool read_numbers(struct js *js, const cJSON *value, int count, const char *wanted, double number[3])
{
    if (!cJSON_IsArray(value) || cJSON_GetArraySize(value) != count)
        return js_fail(js, "must be %s", wanted);
    for (int k = 0; k < count; k++) {
        size_t mark = js_enter_index(js, k);

        if (!js_number(js, cJSON_GetArrayItem(value, k), -1e15, 1e15, &number[k]))
            return false;
        js_leave(js, mark);
    }
    return true;
}

static bool read_range(struct js *js, const cJSON *value, void *target, const void *unused)
{
    struct sim_varied *v = target;
    double number[3];

    (void)unused;
    if (!read_numbers(js, value, 2, "[from, to]", number))
        return false;
    if (number[0] > number[1])
        return js_fail(js, "from %g to %g: the smaller one first", number[0], number[1]);
    v->kind = SIM_UNIFORM;
    v->a = number[0];
    v->b = number[1];
    return true;
}

static bool read_log_range(struct js *js, const cJSON *value, void *target, const void *unused)
{
    struct sim_varied *v = target;

    if (!read_range(js, value, target, unused))
        return false;
    v->kind = SIM_LOG_UNIFORM;
    return v->a > 0 || js_fail(js, "must begin above 0");
}

static bool read_integers(struct js *js, const cJSON *value, void *target, const void *unused)
{
    struct sim_varied *v = target;

    if (!read_range(js, value, target, unused))
        return false;
    v->kind = SIM_INTEGERS;
    return (v->a == floor(v->a) && v->b == floor(v->b)) || js_fail(js, "must be two whole numbers");
}

static bool read_normal(struct js *js, const cJSON *value, void *target, const void *unused)
{
    struct sim_varied *v = target;
    double number[3];

    (void)unused;
    if (!read_numbers(js, value, 2, "[mean, standard deviation]", number))
        return false;
    v->kind = SIM_NORMAL;
    v->a = number[0];
    v->b = number[1];
    return v->b >= 0 || js_fail(js, "a standard deviation is not negative");
}

static bool read_steps(struct js *js, const cJSON *value, void *target, const void *unused)
{
    struct sim_varied *v = target;
    double number[3];

    (void)unused;
    if (!read_numbers(js, value, 3, "[from, to, how many values]", number))
        return false;
    if (!(number[2] >= 2 && number[2] <= SIM_RUNS_MAX && number[2] == floor(number[2])))
        return js_fail(js, "%g: how many values is a whole number, 2 to %d", number[2], SIM_RUNS_MAX);
    *v = (struct sim_varied){v->path, SIM_STEPS, number[0], number[1], (unsigned)number[2], NULL};
    return true;
}

static bool read_list(struct js *js, const cJSON *value, void *target, const void *argument)
{
    struct sim_varied *v = target;

    if (!cJSON_IsArray(value) || !value->child)
        return js_fail(js, "must be a list of values");
    v->kind = *(const enum sim_distribution *)argument;
    v->list = value;
    v->count = (unsigned)cJSON_GetArraySize(value);
    return true;
}

static bool read_value(struct js *js, const cJSON *value, struct sim_varied *v)
{
    static const enum sim_distribution choice = SIM_CHOICE, grid = SIM_GRID;
    static const struct js_field fields[] = {
        {"uniform", read_range, NULL, false},         {"normal", read_normal, NULL, false},
        {"log_uniform", read_log_range, NULL, false}, {"integers", read_integers, NULL, false},
        {"choice", read_list, &choice, false},        {"grid", read_list, &grid, false},
        {"steps", read_steps, NULL, false},
    };

    if (!js_object(js, value, fields, COUNT(fields), v))
        return false;
    return cJSON_GetArraySize(value) == 1 ||
           js_fail(js, "must be just one of uniform, normal, log_uniform, integers, choice, grid, steps");
}

static bool read_values(struct js *js, const cJSON *value, void *target, const void *unused)
{
    struct sim_vary *vary = target;
    const cJSON *item;

    (void)unused;
    if (!js_names(js, value, "{\"load.all.current\": {\"uniform\": [0.05, 6]}}"))
        return false;
    vary->value = allocate((size_t)cJSON_GetArraySize(value), sizeof *vary->value);
    cJSON_ArrayForEach(item, value)
    {
        struct sim_varied *v = &vary->value[vary->values++];
        size_t mark = js_enter_key(js, item->string);

        v->path = copy_text(item->string);
        if (!read_value(js, item, v))
            return false;
        js_leave(js, mark);
    }
    return true;
}

static bool read_report(struct js *js, const cJSON *value, void *target, const void *unused)
{
    struct sim_vary *vary = target;
    const cJSON *item;

    (void)unused;
    if (!js_is_array(js, value))
        return false;
    vary->report = allocate((size_t)cJSON_GetArraySize(value) + 1, sizeof *vary->report);
    cJSON_ArrayForEach(item, value)
    {
        size_t mark = js_enter_index(js, (int)vary->reports);
        const char *name = "";

        if (!js_string(js, item, &name) || !sim_parse_name(js, name))
            return false;
        if (sim_name_is_text(name))
            return js_fail(js, "\"%s\" is a text and has no percentiles", name);
        for (unsigned k = 0; k < vary->reports; k++)
            if (strcmp(vary->report[k], name) == 0)
                return js_fail(js, "\"%s\" stands twice", name);
        vary->report[vary->reports++] = copy_text(name);
        js_leave(js, mark);
    }
    return true;
}

static bool read_runs(struct js *js, const cJSON *value, void *target, const void *unused)
{
    int64_t runs;

    (void)unused;
    if (!js_integer(js, value, 1, SIM_RUNS_MAX, &runs))
        return false;
    ((struct sim_vary *)target)->runs = (unsigned)runs;
    return true;
}

static bool read_seed(struct js *js, const cJSON *value, void *target, const void *unused)
{
    int64_t seed;

    (void)unused;
    if (!js_integer(js, value, 0, 9007199254740992, &seed))
        return false;
    ((struct sim_vary *)target)->seed = (uint64_t)seed;
    return true;
}

static bool goes_in_turn(const struct sim_varied *v)
{
    return v->kind == SIM_GRID || v->kind == SIM_STEPS;
}

bool sim_vary_parse(struct js *js, const cJSON *value, struct sim_vary *vary)
{
    static const struct js_field fields[] = {
        {"runs", read_runs, NULL, false},
        {"seed", read_seed, NULL, false},
        {"values", read_values, NULL, true},
        {"report", read_report, NULL, false},
    };
    double places = 1;
    bool any = false;

    vary->seed = 1;
    if (!js_object(js, value, fields, COUNT(fields), vary))
        return false;
    for (unsigned k = 0; k < vary->values; k++) {
        places *= goes_in_turn(&vary->value[k]) ? vary->value[k].count : 1;
        any = any || goes_in_turn(&vary->value[k]);
    }
    if (places > SIM_RUNS_MAX)
        return js_fail(js, "values: %.0f combinations; at most %d", places, SIM_RUNS_MAX);
    if (!vary->runs && !any)
        return js_fail(js, "\"runs\" is missing; only \"grid\" and \"steps\" tell how many there are");
    if (!vary->runs)
        vary->runs = (unsigned)places;
    return true;
}

void sim_vary_free(struct sim_vary *vary)
{
    for (unsigned k = 0; k < vary->values; k++)
        free(vary->value[k].path);
    for (unsigned k = 0; k < vary->reports; k++)
        free(vary->report[k]);
    free(vary->value);
    free(vary->report);
}

/* --- Drawing --- */

/* Nine digits: what is shown is what was used. */
static cJSON *number_of(double number)
{
    char text[32];

    snprintf(text, sizeof text, "%.9g", number == 0 ? 0.0 : number); /* never -0 */
    return cJSON_CreateNumber(strtod(text, NULL));
}

/* The value that is even over a and b at u of 0..1. */
static double between(double a, double b, double u)
{
    return a + (b - a) * u;
}

/* place: which of its values one that goes in turn has. */
static cJSON *draw(const struct sim_varied *v, uint64_t key, unsigned place)
{
    double u = sim_random_uniform(key), number = 0;

    switch (v->kind) {
    case SIM_UNIFORM:
        number = between(v->a, v->b, u);
        break;
    case SIM_NORMAL:
        number = v->a + v->b * sim_random_normal(key);
        break;
    case SIM_LOG_UNIFORM:
        number = sim_exp(between(sim_log(v->a), sim_log(v->b), u));
        break;
    case SIM_INTEGERS:
        return cJSON_CreateNumber(fmin(v->a + floor((v->b - v->a + 1) * u), v->b));
    case SIM_CHOICE:
        return cJSON_Duplicate(cJSON_GetArrayItem(v->list, (int)(v->count * u)), true);
    case SIM_GRID:
        return cJSON_Duplicate(cJSON_GetArrayItem(v->list, (int)place), true);
    case SIM_STEPS:
        number = between(v->a, v->b, (double)place / (v->count - 1));
        break;
    }
    return number_of(number);
}

cJSON *sim_vary_draw(const struct sim_vary *vary, unsigned run)
{
    cJSON *values = cJSON_CreateObject();
    uint64_t places = 1, k = run - 1;

    for (unsigned n = 0; n < vary->values; n++)
        places *= goes_in_turn(&vary->value[n]) ? vary->value[n].count : 1;
    k %= places; /* more runs than combinations: over again */
    for (unsigned n = 0; n < vary->values; n++) {
        const struct sim_varied *v = &vary->value[n];
        unsigned place = 0;

        if (goes_in_turn(v)) { /* the first one turns slowest */
            places /= v->count;
            place = (unsigned)(k / places);
            k %= places;
        }
        cJSON_AddItemToObject(values, v->path, draw(v, sim_random_key(vary->seed, v->path, run), place));
    }
    return values;
}

bool sim_vary_apply(struct js *js, cJSON *root, const cJSON *values)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, values)
    {
        char *text = cJSON_PrintUnformatted(item);
        const char *why = "";
        bool ok;

        if (!text)
            abort();
        ok = js_override(root, item->string, text, &why);
        cJSON_free(text);
        if (!ok)
            return js_fail(js, "vary: values: %s: %s", item->string, why);
    }
    return true;
}
