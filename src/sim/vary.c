/* SPDX-License-Identifier: MIT */
#include "vary.h"

#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "random.h"

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
        if (!sim_distribution_parse(js, item, &v->from))
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

/* How many runs it takes until all values in turn stood beside each other. */
static double combinations(const struct sim_vary *vary)
{
    double places = 1;

    for (unsigned k = 0; k < vary->values; k++)
        places *= vary->value[k].from.count ? vary->value[k].from.count : 1;
    return places;
}

/* Where "runs" is missing, something has to tell how many there are. */
static bool count_runs(struct js *js, struct sim_vary *vary, double places)
{
    bool told = false;

    for (unsigned k = 0; k < vary->values; k++) {
        const struct sim_distribution *from = &vary->value[k].from;

        told = told || from->count;
        if (from->kind != SIM_STEPS || from->count)
            continue;
        js_enter_key(js, "values");
        js_enter_key(js, vary->value[k].path);
        js_enter_key(js, "steps");
        return js_fail(js, "goes evenly over \"runs\", which is missing; or write [from, to, how many values]");
    }
    if (!told)
        return js_fail(js, "\"runs\" is missing; only \"grid\" and \"steps\" tell how many there are");
    vary->runs = (unsigned)places;
    return true;
}

bool sim_vary_parse(struct js *js, const cJSON *value, struct sim_vary *vary)
{
    static const struct js_field fields[] = {
        {"runs", read_runs, NULL, false},
        {"seed", read_seed, NULL, false},
        {"values", read_values, NULL, true},
        {"report", read_report, NULL, false},
    };
    double places;

    vary->seed = 1;
    if (!js_object(js, value, fields, COUNT(fields), vary))
        return false;
    places = combinations(vary);
    if (places > SIM_RUNS_MAX)
        return js_fail(js, "values: %.0f combinations; at most %d", places, SIM_RUNS_MAX);
    return vary->runs || count_runs(js, vary, places);
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

cJSON *sim_vary_draw(const struct sim_vary *vary, unsigned run)
{
    cJSON *values = cJSON_CreateObject();
    unsigned places = (unsigned)combinations(vary), k = (run - 1) % places; /* more runs: over again */

    for (unsigned n = 0; n < vary->values; n++) {
        const struct sim_varied *v = &vary->value[n];
        uint64_t key = sim_random_key(vary->seed, v->path, run);
        unsigned place = run - 1;

        if (v->from.count) { /* the first one turns slowest */
            places /= v->from.count;
            place = k / places;
            k %= places;
        }
        cJSON_AddItemToObject(values, v->path, sim_distribution_draw(&v->from, key, place, vary->runs));
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
