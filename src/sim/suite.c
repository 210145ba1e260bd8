/* SPDX-License-Identifier: MIT */
#include "suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "sweep.h"

static const char *const words[] = {"pass", "fail", "crashed", "invalid", "lost", "not_run", NULL};

const char *sim_verdict_word(enum sim_verdict verdict)
{
    return words[verdict];
}

enum sim_verdict sim_verdict_of(const cJSON *object)
{
    const char *word = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "result"));
    int k = 0;

    while (words[k] && (!word || strcmp(words[k], word)))
        k++;
    return (enum sim_verdict)k;
}

static double milliseconds(double seconds)
{
    return floor(seconds * 1000 + 0.5) / 1000;
}

/* --- Outcomes --- */

static cJSON *expectations(const struct sim *sim, bool failed_only)
{
    cJSON *list = cJSON_CreateArray();

    for (size_t k = 0; k < sim->results.count; k++) {
        cJSON *item;

        if (failed_only && sim->results.at[k].pass)
            continue;
        item = sim_report_expectation(&sim->results.at[k]);
        cJSON_AddStringToObject(item, "where", sim->results.at[k].where);
        cJSON_AddItemToArray(list, item);
    }
    return list;
}

static void add_end(cJSON *outcome, const struct sim *sim, double wall_seconds)
{
    enum sim_verdict verdict = sim->lost_files ? SIM_LOST : sim->results.failed ? SIM_FAIL : SIM_PASS;

    cJSON_AddStringToObject(outcome, "result", words[verdict]);
    if (verdict == SIM_LOST)
        cJSON_AddStringToObject(outcome, "error", "a picture could not be written");
    cJSON_AddNumberToObject(outcome, "simulated_seconds", sim_seconds(sim->now));
    cJSON_AddNumberToObject(outcome, "wall_seconds", milliseconds(wall_seconds));
}

cJSON *sim_outcome(struct sim *sim, double wall_seconds)
{
    cJSON *outcome = cJSON_CreateObject();

    add_end(outcome, sim, wall_seconds);
    cJSON_AddItemToObject(outcome, "expectations", expectations(sim, false));
    return outcome;
}

static cJSON *quantity(struct sim *sim, const char *name)
{
    struct sim_value v;

    sim_read(sim, name, &v);
    return v.is_text || !isfinite(v.number) ? cJSON_CreateNull() : sim_sweep_number(v.number);
}

cJSON *sim_outcome_of_run(struct sim *sim, const struct sim_vary *vary, unsigned run, const cJSON *values,
                          double wall_seconds)
{
    cJSON *outcome = cJSON_CreateObject(), *report = cJSON_CreateObject();

    cJSON_AddNumberToObject(outcome, "run", run);
    add_end(outcome, sim, wall_seconds);
    cJSON_AddItemToObject(outcome, "values", cJSON_Duplicate(values, true));
    for (unsigned k = 0; k < vary->reports; k++)
        cJSON_AddItemToObject(report, vary->report[k], quantity(sim, vary->report[k]));
    cJSON_AddItemToObject(outcome, "report", report);
    cJSON_AddNumberToObject(outcome, "expectations", (double)sim->results.count);
    cJSON_AddItemToObject(outcome, "failed", expectations(sim, true));
    return outcome;
}

cJSON *sim_outcome_without(enum sim_verdict verdict, const char *why, unsigned run, const cJSON *values)
{
    cJSON *outcome = cJSON_CreateObject();

    if (run)
        cJSON_AddNumberToObject(outcome, "run", run);
    cJSON_AddStringToObject(outcome, "result", words[verdict]);
    if (why)
        cJSON_AddStringToObject(outcome, "error", why);
    if (values)
        cJSON_AddItemToObject(outcome, "values", cJSON_Duplicate(values, true));
    return outcome;
}

/* --- The report --- */

/* What a scenario that varies has come to: its runs in order, and their sums. */
static void add_runs(cJSON *item, cJSON *vary, cJSON *runs)
{
    enum sim_verdict worst = SIM_PASS;
    double simulated = 0, wall = 0;
    cJSON *failed = cJSON_CreateArray();
    const cJSON *run;

    cJSON_ArrayForEach(run, runs)
    {
        enum sim_verdict verdict = sim_verdict_of(run);

        worst = verdict > worst ? verdict : worst;
        simulated += js_number_at(run, "simulated_seconds", 0);
        wall += js_number_at(run, "wall_seconds", 0);
        if (verdict != SIM_PASS && verdict != SIM_NOT_RUN)
            cJSON_AddItemToArray(failed, cJSON_CreateNumber(js_number_at(run, "run", 0)));
    }
    cJSON_AddStringToObject(item, "result", words[worst]);
    cJSON_AddNumberToObject(item, "simulated_seconds", simulated);
    cJSON_AddNumberToObject(item, "wall_seconds", milliseconds(wall));
    cJSON_AddItemToObject(item, "vary", vary);
    cJSON_AddItemToObject(item, "statistics", sim_sweep_statistics(vary, runs));
    cJSON_AddItemToObject(item, "failed_runs", failed);
    cJSON_AddItemToObject(item, "runs", runs);
}

cJSON *sim_suite_item(size_t index, const char *file, const struct sim_scenario *scenario, cJSON *outcomes)
{
    cJSON *item = cJSON_CreateObject(), *outcome;

    cJSON_AddNumberToObject(item, "index", (double)index);
    cJSON_AddStringToObject(item, "file", file);
    cJSON_AddStringToObject(item, "scenario", scenario ? scenario->name : file);
    if (scenario && scenario->vary.runs) {
        add_runs(item, sim_sweep_head(scenario), outcomes);
        return item;
    }
    outcome = cJSON_DetachItemFromArray(outcomes, 0);
    while (outcome && outcome->child) {
        cJSON *part = cJSON_DetachItemViaPointer(outcome, outcome->child);

        cJSON_AddItemToObject(item, part->string, part);
    }
    cJSON_Delete(outcome);
    cJSON_Delete(outcomes);
    return item;
}

/* Sums over jobs. */
struct totals {
    size_t verdict[SIM_VERDICTS + 1];
    double simulated;
    enum sim_verdict worst;
};

static void count_job(struct totals *t, const cJSON *outcome)
{
    enum sim_verdict verdict = sim_verdict_of(outcome);

    t->verdict[verdict]++;
    t->worst = verdict > t->worst ? verdict : t->worst;
    t->simulated += js_number_at(outcome, "simulated_seconds", 0);
}

cJSON *sim_suite_report(const struct sim_suite *suite, cJSON *items)
{
    cJSON *report = cJSON_CreateObject(), *shard;
    struct totals t = {.worst = SIM_PASS};
    const cJSON *item, *run;

    cJSON_ArrayForEach(item, items)
    {
        const cJSON *runs = cJSON_GetObjectItemCaseSensitive(item, "runs");

        if (!runs)
            count_job(&t, item);
        cJSON_ArrayForEach(run, runs) count_job(&t, run);
    }
    cJSON_AddStringToObject(report, "result", words[t.worst]);
    if (suite->of) {
        shard = cJSON_AddObjectToObject(report, "shard");
        cJSON_AddNumberToObject(shard, "number", suite->shard);
        cJSON_AddNumberToObject(shard, "of", suite->of);
    }
    cJSON_AddStringToObject(report, "fingerprint", suite->fingerprint);
    cJSON_AddNumberToObject(report, "jobs", (double)suite->jobs);
    cJSON_AddNumberToObject(report, "passed", (double)t.verdict[SIM_PASS]);
    cJSON_AddNumberToObject(report, "failed", (double)t.verdict[SIM_FAIL]);
    cJSON_AddNumberToObject(report, "broken",
                            (double)(t.verdict[SIM_CRASHED] + t.verdict[SIM_INVALID] + t.verdict[SIM_LOST]));
    cJSON_AddNumberToObject(report, "not_run", (double)t.verdict[SIM_NOT_RUN]);
    cJSON_AddNumberToObject(report, "simulated_seconds", t.simulated);
    cJSON_AddNumberToObject(report, "wall_seconds", milliseconds(suite->wall_seconds));
    cJSON_AddItemToObject(report, "scenarios", items);
    return report;
}

/* --- Merging --- */

/* A report may come from anywhere: each job has a verdict. */
static bool has_verdicts(const cJSON *items)
{
    const cJSON *item, *run;

    cJSON_ArrayForEach(item, items)
    {
        if (sim_verdict_of(item) == SIM_VERDICTS)
            return false;
        cJSON_ArrayForEach(run, cJSON_GetObjectItemCaseSensitive(item, "runs"))
        {
            if (sim_verdict_of(run) == SIM_VERDICTS)
                return false;
        }
    }
    return cJSON_IsArray(items);
}

bool sim_suite_head(struct js *js, const cJSON *report, struct sim_suite *suite)
{
    const cJSON *shard = cJSON_GetObjectItemCaseSensitive(report, "shard");
    const char *fingerprint = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(report, "fingerprint"));

    *suite = (struct sim_suite){.jobs = (size_t)js_number_at(report, "jobs", 0),
                                .wall_seconds = js_number_at(report, "wall_seconds", 0)};
    if (!fingerprint || sim_verdict_of(report) == SIM_VERDICTS ||
        !has_verdicts(cJSON_GetObjectItemCaseSensitive(report, "scenarios")))
        return js_fail(js, "this is no report of vmeter run with many scenarios");
    snprintf(suite->fingerprint, sizeof suite->fingerprint, "%s", fingerprint);
    if (!shard)
        return true;
    suite->shard = (unsigned)js_number_at(shard, "number", 0);
    suite->of = (unsigned)js_number_at(shard, "of", 0);
    return (suite->shard >= 1 && suite->shard <= suite->of) || js_fail(js, "shard: out of range");
}

/* Are these the shards of one whole, and all of them? */
static bool belong_together(struct js *js, const struct sim_suite *head, const char *const *name, size_t count)
{
    char missing[200] = "";

    for (size_t k = 0; k < count; k++) {
        js->file = name[k];
        if (!head[k].of)
            return js_fail(js, "this is a report of all, not of a shard");
        if (strcmp(head[k].fingerprint, head[0].fingerprint) || head[k].jobs != head[0].jobs)
            return js_fail(js, "other scenarios, or another version, than in %s", name[0]);
        if (head[k].of != head[0].of)
            return js_fail(js, "shard %u of %u; %s is one of %u", head[k].shard, head[k].of, name[0], head[0].of);
        for (size_t j = 0; j < k; j++)
            if (head[j].shard == head[k].shard)
                return js_fail(js, "shard %u of %u once more; %s has it", head[k].shard, head[k].of, name[j]);
    }
    for (unsigned wanted = 1; wanted <= head[0].of; wanted++) {
        size_t k = 0, n = strlen(missing);

        while (k < count && head[k].shard != wanted)
            k++;
        if (k == count)
            snprintf(missing + n, sizeof missing - n, "%s%u", n ? ", " : "", wanted);
    }
    js->file = "shards";
    return !missing[0] || js_fail(js, "%s of %u missing", missing, head[0].of);
}

static int by_index(const void *a, const void *b)
{
    double x = js_number_at(*(cJSON *const *)a, "index", 0), y = js_number_at(*(cJSON *const *)b, "index", 0);

    return (x > y) - (x < y);
}

static int by_run(const void *a, const void *b)
{
    double x = js_number_at(*(cJSON *const *)a, "run", 0), y = js_number_at(*(cJSON *const *)b, "run", 0);

    return (x > y) - (x < y);
}

/* Puts the items of an array into an order. */
static void sort_array(cJSON *array, int (*compare)(const void *a, const void *b))
{
    size_t count = (size_t)cJSON_GetArraySize(array), k = 0;
    cJSON **item = calloc(count + 1, sizeof(cJSON *));

    if (!item)
        abort();
    while (array->child)
        item[k++] = cJSON_DetachItemViaPointer(array, array->child);
    qsort(item, count, sizeof *item, compare);
    for (k = 0; k < count; k++)
        cJSON_AddItemToArray(array, item[k]);
    free(item);
}

/* Takes all items that are from *from on. */
static void move_items(cJSON *to, cJSON *from)
{
    while (from && from->child)
        cJSON_AddItemToArray(to, cJSON_DetachItemViaPointer(from, from->child));
}

/* Items of one scenario from several shards become one. */
static cJSON *join(cJSON *item, cJSON *runs)
{
    cJSON *joined = cJSON_CreateObject();

    for (const char *const *key = (const char *const[]){"index", "file", "scenario", NULL}; *key; key++)
        cJSON_AddItemToObject(joined, *key, cJSON_DetachItemFromObjectCaseSensitive(item, *key));
    sort_array(runs, by_run);
    add_runs(joined, cJSON_DetachItemFromObjectCaseSensitive(item, "vary"), runs);
    cJSON_Delete(item);
    return joined;
}

/* All shards' items in order, each scenario once. */
static cJSON *join_items(cJSON *all)
{
    cJSON *items = cJSON_CreateArray();

    sort_array(all, by_index);
    while (all->child) {
        cJSON *item = cJSON_DetachItemViaPointer(all, all->child);
        cJSON *runs = cJSON_DetachItemFromObjectCaseSensitive(item, "runs");

        while (runs && all->child && by_index(&item, &all->child) == 0) {
            cJSON *other = cJSON_DetachItemViaPointer(all, all->child);

            move_items(runs, cJSON_GetObjectItemCaseSensitive(other, "runs"));
            cJSON_Delete(other);
        }
        cJSON_AddItemToArray(items, runs ? join(item, runs) : item);
    }
    cJSON_Delete(all);
    return items;
}

static size_t count_jobs(const cJSON *items)
{
    const cJSON *item;
    size_t jobs = 0;

    cJSON_ArrayForEach(item, items)
    {
        const cJSON *runs = cJSON_GetObjectItemCaseSensitive(item, "runs");

        jobs += runs ? (size_t)cJSON_GetArraySize(runs) : 1;
    }
    return jobs;
}

cJSON *sim_suite_merge(struct js *js, cJSON *const *shard, const char *const *name, size_t count)
{
    struct sim_suite *head = calloc(count, sizeof *head), whole;
    cJSON *all;
    bool ok = true;

    if (!head)
        abort();
    for (size_t k = 0; ok && k < count; k++) {
        js->file = name[k];
        ok = sim_suite_head(js, shard[k], &head[k]);
    }
    ok = ok && belong_together(js, head, name, count);
    whole = head[0];
    whole.of = 0;
    for (size_t k = 0; k < count; k++) /* they ran side by side */
        whole.wall_seconds = fmax(whole.wall_seconds, head[k].wall_seconds);
    free(head);
    if (!ok)
        return NULL;
    all = cJSON_CreateArray();
    for (size_t k = 0; k < count; k++)
        move_items(all, cJSON_GetObjectItemCaseSensitive(shard[k], "scenarios"));
    all = join_items(all);
    if (count_jobs(all) == whole.jobs)
        return sim_suite_report(&whole, all);
    js_fail(js, "%zu jobs in all, of %zu", count_jobs(all), whole.jobs);
    cJSON_Delete(all);
    return NULL;
}
