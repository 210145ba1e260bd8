/* SPDX-License-Identifier: MIT
 * The report of many scenarios as text and as JUnit. */
#include <stdlib.h>
#include <string.h>

#include "junit.h"
#include "report.h"
#include "suite.h"
#include "sweep.h"

#define SLOWEST_SHOWN 5
#define RUNS_SHOWN    10

static const cJSON *at(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* A value as JSON on one line; the caller frees it. */
static char *json_text(const cJSON *value)
{
    char *text = value ? cJSON_PrintUnformatted(value) : strdup("");

    if (!text)
        abort();
    return text;
}

static bool has_failed(const cJSON *outcome)
{
    enum sim_verdict verdict = sim_verdict_of(outcome);

    return verdict != SIM_PASS && verdict != SIM_NOT_RUN;
}

/* How many of a list of expectations failed, and the first of them. */
static size_t failed_expectations(const cJSON *list, const cJSON **first)
{
    const cJSON *e;
    size_t count = 0;

    *first = NULL;
    cJSON_ArrayForEach(e, list)
    {
        if (cJSON_IsTrue(at(e, "pass")))
            continue;
        if (!count++)
            *first = e;
    }
    return count;
}

/* --- Text --- */

static void put_expectation(FILE *out, const cJSON *e)
{
    char *actual = json_text(at(e, "actual")), *expected = json_text(at(e, "expected")), when[48];

    sim_duration_text(js_number_at(e, "at", 0), when);
    fprintf(out, "%s %s = %s, expected %s  (%s)", when, js_text_at(e, "name"), actual, expected,
            js_text_at(e, "where"));
    free(actual);
    free(expected);
}

/* Why a job failed: what went wrong, else the first expectation. */
static void put_reason(FILE *out, const cJSON *outcome, const char *expectations)
{
    const cJSON *first;
    size_t failed = failed_expectations(at(outcome, expectations), &first);

    if (*js_text_at(outcome, "error")) {
        fprintf(out, "%s: %s\n", js_text_at(outcome, "result"), js_text_at(outcome, "error"));
        return;
    }
    put_expectation(out, first);
    if (failed > 1)
        fprintf(out, "; and %zu more", failed - 1);
    fprintf(out, "\n");
}

static void put_values(FILE *out, const cJSON *values)
{
    const cJSON *value;

    cJSON_ArrayForEach(value, values)
    {
        char *text = json_text(value);

        fprintf(out, " %s=%s", value->string, text);
        free(text);
    }
}

static void put_failed_runs(FILE *out, const cJSON *item)
{
    const cJSON *run;
    int shown = 0;

    cJSON_ArrayForEach(run, at(item, "runs"))
    {
        if (shown == RUNS_SHOWN)
            break;
        if (!has_failed(run))
            continue;
        shown++;
        fprintf(out, "  run %.0f: ", js_number_at(run, "run", 0));
        put_reason(out, run, "failed");
        fprintf(out, "   ");
        put_values(out, at(run, "values"));
        fprintf(out, "\n");
    }
    if (cJSON_GetArraySize(at(item, "failed_runs")) > RUNS_SHOWN)
        fprintf(out, "  and %d more\n", cJSON_GetArraySize(at(item, "failed_runs")) - RUNS_SHOWN);
    fprintf(out, "  again alone: vmeter run %s --run %.0f\n", js_text_at(item, "file"),
            cJSON_GetNumberValue(cJSON_GetArrayItem(at(item, "failed_runs"), 0)));
}

static void put_item(FILE *out, const cJSON *item, bool all)
{
    const cJSON *runs = at(item, "runs");
    char duration[48];

    if (has_failed(item) && runs) {
        fprintf(out, "FAIL  %s: %d of %d runs\n", js_text_at(item, "file"), cJSON_GetArraySize(at(item, "failed_runs")),
                cJSON_GetArraySize(runs));
        put_failed_runs(out, item);
    } else if (has_failed(item)) {
        fprintf(out, "FAIL  %s: ", js_text_at(item, "file"));
        put_reason(out, item, "expectations");
    } else if (all) {
        sim_duration_text(js_number_at(item, "simulated_seconds", 0), duration);
        fprintf(out, "%s  %s: %s in %.2f s\n", sim_verdict_of(item) == SIM_PASS ? "ok  " : "-   ",
                js_text_at(item, "file"), duration, js_number_at(item, "wall_seconds", 0));
    }
}

static int slower(const void *a, const void *b)
{
    double x = js_number_at(*(const cJSON *const *)a, "wall_seconds", 0),
           y = js_number_at(*(const cJSON *const *)b, "wall_seconds", 0);

    return (x < y) - (x > y);
}

static void put_slowest(FILE *out, const cJSON *items)
{
    size_t count = (size_t)cJSON_GetArraySize(items), k = 0;
    const cJSON **list = calloc(count + 1, sizeof *list), *item;

    if (!list)
        abort();
    cJSON_ArrayForEach(item, items) list[k++] = item;
    qsort(list, count, sizeof *list, slower);
    fprintf(out, "slowest:");
    for (k = 0; k < count && k < SLOWEST_SHOWN; k++)
        fprintf(out, "%s %s %.2f s", k ? "," : "", js_text_at(list[k], "scenario"),
                js_number_at(list[k], "wall_seconds", 0));
    fprintf(out, "\n");
    free(list);
}

static void put_verdict(FILE *out, const cJSON *report)
{
    double simulated = js_number_at(report, "simulated_seconds", 0), wall = js_number_at(report, "wall_seconds", 0);
    double jobs = js_number_at(report, "passed", 0) + js_number_at(report, "failed", 0) +
                  js_number_at(report, "broken", 0) + js_number_at(report, "not_run", 0);
    const cJSON *shard = at(report, "shard"), *item;
    const char *what = "scenario";
    char duration[48];

    if (shard)
        fprintf(out, "shard %.0f of %.0f: ", js_number_at(shard, "number", 0), js_number_at(shard, "of", 0));
    cJSON_ArrayForEach(item, at(report, "scenarios")) what = at(item, "runs") ? "run" : what;
    sim_duration_text(simulated, duration);
    fprintf(out, "%.0f %s%s, %s simulated in %.2f s (%.0f times real time): ", jobs, what, jobs == 1 ? "" : "s",
            duration, wall, wall > 0 ? simulated / wall : 0);
    if (js_number_at(report, "passed", 0) == jobs) {
        fprintf(out, "all passed\n");
        return;
    }
    fprintf(out, "%.0f passed", js_number_at(report, "passed", 0));
    for (const char *const *key = (const char *const[]){"failed", "broken", "not_run", NULL}; *key; key++)
        if (js_number_at(report, *key, 0) > 0)
            fprintf(out, ", %.0f %s", js_number_at(report, *key, 0),
                    **key == 'f'   ? "FAILED"
                    : **key == 'b' ? "BROKEN"
                                   : "not run");
    fprintf(out, "\n");
}

void sim_suite_text(FILE *out, const cJSON *report, enum sim_suite_detail detail)
{
    const cJSON *items = at(report, "scenarios"), *item;

    cJSON_ArrayForEach(item, items) put_item(out, item, detail == SIM_SUITE_ALL);
    cJSON_ArrayForEach(item, items)
    {
        if (detail == SIM_SUITE_FAILURES || !at(item, "vary"))
            continue;
        fprintf(out, "%s: %d runs\n", js_text_at(item, "file"), cJSON_GetArraySize(at(item, "runs")));
        sim_sweep_table(out, at(item, "vary"), at(item, "statistics"));
    }
    if (detail != SIM_SUITE_FAILURES && cJSON_GetArraySize(items) > 1)
        put_slowest(out, items);
    if (detail != SIM_SUITE_FAILURES || sim_verdict_of(report) != SIM_PASS)
        put_verdict(out, report);
}

/* --- JUnit --- */

static void put_case(FILE *out, const cJSON *item, const char *name, const cJSON *e, const cJSON *values)
{
    char *actual = json_text(at(e, "actual")), *expected = json_text(at(e, "expected"));
    char *given = values ? json_text(values) : strdup("");
    size_t size = strlen(given) + strlen(js_text_at(e, "where")) + 8;
    char *where = malloc(size);

    if (!where)
        abort();
    snprintf(where, size, "%s%s%s", js_text_at(e, "where"), *given ? "; " : "", given);
    sim_junit_failed(out, js_text_at(item, "scenario"), name, expected, actual, js_text_at(item, "file"), where);
    free(where);
    free(given);
    free(actual);
    free(expected);
}

/* A job as one case, when it did not come to an end or is one of many runs. */
static void put_job(FILE *out, const cJSON *item, const cJSON *outcome, const char *name)
{
    const char *suite = js_text_at(item, "scenario");
    const cJSON *first;

    if (sim_verdict_of(outcome) == SIM_PASS)
        sim_junit_passed(out, suite, name);
    else if (sim_verdict_of(outcome) == SIM_NOT_RUN)
        sim_junit_skipped(out, suite, name);
    else if (failed_expectations(at(outcome, "failed"), &first))
        put_case(out, item, name, first, at(outcome, "values"));
    else
        sim_junit_broken(out, suite, name, js_text_at(outcome, "error"));
}

static void put_runs(FILE *out, const cJSON *item)
{
    size_t verdict[SIM_VERDICTS + 1] = {0}, total = 0;
    const cJSON *run;

    cJSON_ArrayForEach(run, at(item, "runs"))
    {
        verdict[sim_verdict_of(run)]++;
        total++;
    }
    sim_junit_suite(out, js_text_at(item, "scenario"), total, verdict[SIM_FAIL],
                    total - verdict[SIM_PASS] - verdict[SIM_FAIL] - verdict[SIM_NOT_RUN], verdict[SIM_NOT_RUN],
                    js_number_at(item, "wall_seconds", 0));
    cJSON_ArrayForEach(run, at(item, "runs"))
    {
        char name[32];

        snprintf(name, sizeof name, "run %.0f", js_number_at(run, "run", 0));
        put_job(out, item, run, name);
    }
}

static void put_expectations(FILE *out, const cJSON *item)
{
    const cJSON *list = at(item, "expectations"), *e;
    size_t failed = failed_expectations(list, &e);

    sim_junit_suite(out, js_text_at(item, "scenario"), (size_t)cJSON_GetArraySize(list), failed, 0, 0,
                    js_number_at(item, "wall_seconds", 0));
    cJSON_ArrayForEach(e, list)
    {
        char name[300];

        snprintf(name, sizeof name, "%.9g s: %s", js_number_at(e, "at", 0), js_text_at(e, "name"));
        if (cJSON_IsTrue(at(e, "pass")))
            sim_junit_passed(out, js_text_at(item, "scenario"), name);
        else
            put_case(out, item, name, e, NULL);
    }
}

void sim_suite_junit(FILE *out, const cJSON *report)
{
    const cJSON *item;

    sim_junit_begin(out);
    cJSON_ArrayForEach(item, at(report, "scenarios"))
    {
        enum sim_verdict verdict = sim_verdict_of(item);

        if (at(item, "runs")) {
            put_runs(out, item);
        } else if (verdict == SIM_PASS || verdict == SIM_FAIL) {
            put_expectations(out, item);
        } else {
            sim_junit_suite(out, js_text_at(item, "scenario"), 1, 0, verdict != SIM_NOT_RUN, verdict == SIM_NOT_RUN, 0);
            put_job(out, item, item, "the whole");
        }
        sim_junit_suite_end(out);
    }
    sim_junit_end(out);
}
