/* SPDX-License-Identifier: MIT */
#include "sweep.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* --- The head --- */

/* What an expectation allows, as far as it says so. */
static void add_limits(cJSON *quantity, const struct sim_expectation *e)
{
    double tolerance = e->relative ? e->tolerance * fabs(e->value.number) : e->tolerance;
    bool around = e->has_value && e->has_tolerance && !e->value.is_text;

    cJSON_DeleteItemFromObjectCaseSensitive(quantity, "min");
    cJSON_DeleteItemFromObjectCaseSensitive(quantity, "max");
    if (e->has_min || around)
        cJSON_AddNumberToObject(quantity, "min", e->has_min ? e->min : e->value.number - tolerance);
    if (e->has_max || around)
        cJSON_AddNumberToObject(quantity, "max", e->has_max ? e->max : e->value.number + tolerance);
}

static cJSON *describe_quantity(const struct sim_scenario *s, const char *name)
{
    cJSON *quantity = cJSON_CreateObject();

    cJSON_AddStringToObject(quantity, "name", name);
    cJSON_AddStringToObject(quantity, "unit", sim_name_unit(name));
    for (unsigned k = 0; k < s->timed_count; k++) {
        const struct sim_event *event = s->timed[k].event;

        for (unsigned n = 0; event->expectation && n < event->count; n++)
            if (strcmp(event->expectation[n].name, name) == 0)
                add_limits(quantity, &event->expectation[n]);
    }
    return quantity;
}

cJSON *sim_sweep_head(const struct sim_scenario *s)
{
    cJSON *head = cJSON_CreateObject(), *report;

    cJSON_AddNumberToObject(head, "runs", s->vary.runs);
    cJSON_AddNumberToObject(head, "seed", (double)s->vary.seed);
    report = cJSON_AddArrayToObject(head, "report");
    for (unsigned k = 0; k < s->vary.reports; k++)
        cJSON_AddItemToArray(report, describe_quantity(s, s->vary.report[k]));
    return head;
}

/* --- Statistics --- */

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double *sim_sweep_sorted(const cJSON *runs, const char *name, size_t *count)
{
    double *list = calloc((size_t)cJSON_GetArraySize(runs) + 1, sizeof *list);
    const cJSON *run;

    if (!list)
        abort();
    *count = 0;
    cJSON_ArrayForEach(run, runs)
    {
        const cJSON *report = cJSON_GetObjectItemCaseSensitive(run, "report");
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(report, name);

        if (cJSON_IsNumber(value) && fabs(value->valuedouble) < 1e18) /* a report may come from anywhere */
            list[(*count)++] = value->valuedouble;
    }
    qsort(list, *count, sizeof *list, ascending);
    return list;
}

/* What no more than so many percent of all are above: a value that occurred. */
static double percentile(const double *sorted, size_t count, unsigned percent)
{
    size_t rank = (count * percent + 99) / 100;

    return sorted[rank ? rank - 1 : 0];
}

cJSON *sim_sweep_number(double number)
{
    char text[32];

    snprintf(text, sizeof text, "%.12g", number == 0 ? 0.0 : number); /* never -0 */
    return cJSON_CreateNumber(strtod(text, NULL));
}

static void add_number(cJSON *object, const char *key, double number)
{
    cJSON_AddItemToObject(object, key, sim_sweep_number(number));
}

static cJSON *statistics_of(const double *sorted, size_t count)
{
    static const unsigned percents[] = {1, 5, 50, 95, 99};
    cJSON *object = cJSON_CreateObject();
    double sum = 0, squares = 0, mean;

    cJSON_AddNumberToObject(object, "count", (double)count);
    if (count == 0)
        return object;
    for (size_t k = 0; k < count; k++)
        sum += sorted[k];
    mean = sum / (double)count;
    for (size_t k = 0; k < count; k++)
        squares += (sorted[k] - mean) * (sorted[k] - mean);
    add_number(object, "mean", mean);
    add_number(object, "sd", count > 1 ? sqrt(squares / (double)(count - 1)) : 0);
    add_number(object, "min", sorted[0]);
    for (size_t k = 0; k < COUNT(percents); k++) {
        char key[8];

        snprintf(key, sizeof key, "p%u", percents[k]);
        add_number(object, key, percentile(sorted, count, percents[k]));
    }
    add_number(object, "max", sorted[count - 1]);
    return object;
}

cJSON *sim_sweep_statistics(const cJSON *head, const cJSON *runs)
{
    cJSON *statistics = cJSON_CreateObject();
    const cJSON *quantity;

    cJSON_ArrayForEach(quantity, cJSON_GetObjectItemCaseSensitive(head, "report"))
    {
        size_t count;
        double *sorted = sim_sweep_sorted(runs, js_text_at(quantity, "name"), &count);

        cJSON_AddItemToObject(statistics, js_text_at(quantity, "name"), statistics_of(sorted, count));
        free(sorted);
    }
    return statistics;
}

/* --- The table --- */

void sim_sweep_table(FILE *out, const cJSON *head, const cJSON *statistics)
{
    static const char *const columns[] = {"mean", "sd", "min", "p1", "p5", "p50", "p95", "p99", "max"};
    const cJSON *quantity;
    bool first = true;

    cJSON_ArrayForEach(quantity, cJSON_GetObjectItemCaseSensitive(head, "report"))
    {
        const cJSON *row = cJSON_GetObjectItemCaseSensitive(statistics, js_text_at(quantity, "name"));
        const char *unit = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(quantity, "unit"));

        for (size_t k = 0; first && k < COUNT(columns); k++)
            fprintf(out, "%s%10s", k ? " " : "", columns[k]);
        fprintf(out, "%s%s%s%s\n", first ? "\n" : "", js_text_at(quantity, "name"), unit && *unit ? ", " : "",
                unit ? unit : "");
        for (size_t k = 0; k < COUNT(columns); k++) {
            const cJSON *value = cJSON_GetObjectItemCaseSensitive(row, columns[k]);

            if (cJSON_IsNumber(value))
                fprintf(out, "%s%10.4g", k ? " " : "", value->valuedouble);
            else
                fprintf(out, "%s%10s", k ? " " : "", "-");
        }
        fprintf(out, "\n");
        first = false;
    }
}
