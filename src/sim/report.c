/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "junit.h"
#include "sum.h"

static void add_value(cJSON *object, const char *name, const struct sim_value *v)
{
    char text[SIM_VALUE_JSON];

    sim_value_json(v, text);
    cJSON_AddRawToObject(object, name, text);
}

static void add_number(cJSON *object, const char *name, double number)
{
    struct sim_value v;

    sim_value_number(&v, number);
    add_value(object, name, &v);
}

cJSON *sim_report_expectation(const struct sim_result *r)
{
    cJSON *item = cJSON_CreateObject();

    add_number(item, "at", sim_seconds(r->at));
    cJSON_AddStringToObject(item, "name", r->name);
    cJSON_AddRawToObject(item, "expected", r->expected);
    cJSON_AddRawToObject(item, "actual", r->actual);
    cJSON_AddBoolToObject(item, "pass", r->pass);
    return item;
}

static void add_expectations(cJSON *report, const struct sim *sim)
{
    cJSON *list = cJSON_AddArrayToObject(report, "expectations");

    for (size_t k = 0; k < sim->results.count; k++)
        cJSON_AddItemToArray(list, sim_report_expectation(&sim->results.at[k]));
}

/* What one meter has come to. */
static void add_point(cJSON *report, struct sim_point *point)
{
    struct sim_reference now = sim_point_ideal(point);
    cJSON *registers = cJSON_AddObjectToObject(report, "registers");
    cJSON *energies = cJSON_AddObjectToObject(report, "energy_wh");
    cJSON *reference = cJSON_AddObjectToObject(report, "reference");
    cJSON *pulses = cJSON_AddObjectToObject(report, "pulses");
    cJSON *lcd = cJSON_AddObjectToObject(report, "lcd");

    for (size_t k = 0; k < em_register_count; k++) {
        const struct em_register *row = &em_registers[k];
        enum em_combination code = (enum em_combination)point->meter.settings.value[EM_SETTING_COMBINATION_CODE];
        struct sim_value v;
        double ideal;

        if (!row->name)
            continue;
        sim_value_read(&v, &point->meter, row);
        add_value(registers, row->name, &v);
        if (row->source == EM_FROM_ENERGY)
            add_number(energies, row->name, (double)em_register_value(&point->meter, row));
        if (row->type == EM_TYPE_FLOAT32 && sim_reference_value(&now, row, code, &ideal))
            add_number(reference, row->name, ideal);
    }
    for (const struct sim_reading *r = sim_readings; r->name; r++) {
        bool of_pulses = strncmp(r->name, "pulses.", 7) == 0, of_lcd = strncmp(r->name, "lcd.", 4) == 0;
        struct sim_value v;

        r->read(point, r->argument, &v);
        if (of_pulses || of_lcd)
            add_value(of_lcd ? lcd : pulses, strchr(r->name, '.') + 1, &v);
    }
}

/* What became of the bytes on the lines; only if something was ever said to be wrong with one. */
static void add_lines(cJSON *report, const struct sim *sim)
{
    cJSON *lines = NULL;

    for (int b = 0; b < EM_BUS_COUNT; b++)
        if (sim->fault[b].used && !lines)
            lines = cJSON_AddObjectToObject(report, "lines");
    for (int b = 0; lines && b < EM_BUS_COUNT; b++) {
        cJSON *line = cJSON_AddObjectToObject(lines, sim_bus_names[b]);

        for (const struct sim_fault_counter *c = sim_fault_counters; c->name; c++)
            add_number(line, c->name, (double)sim_fault_counted(&sim->fault[b], c));
    }
}

/* --- Several meters --- */

/* So many meters' results are held as text at a time, whatever their number. */
#define BATCH 64

struct batch {
    struct sim_point *first;
    char *text[BATCH];
};

static void print_point(void *ctx, unsigned k)
{
    struct batch *b = ctx;
    cJSON *item = cJSON_CreateObject();

    add_point(item, &b->first[k]);
    b->text[k] = cJSON_Print(item);
    cJSON_Delete(item);
}

/* A printed object inside others. */
static void put_indented(FILE *out, const char *text, int depth)
{
    for (size_t n; *text; text += n) {
        n = strcspn(text, "\n") + (strchr(text, '\n') != NULL);
        fwrite(text, 1, n, out);
        for (int k = 0; k < depth && text[n - 1] == '\n'; k++)
            fputc('\t', out);
    }
}

/* The members "meters", if they are wanted, and "sum". They are printed meter by meter: the tree of thousands would
 * need far more room than they do. */
static void put_points(FILE *out, struct sim *sim, bool each)
{
    struct batch batch;
    cJSON *sum = cJSON_CreateObject();
    char *text;

    for (unsigned at = 0; each && at < sim->points; at += BATCH) {
        unsigned n = sim->points - at < BATCH ? sim->points - at : BATCH;

        batch.first = &sim->point[at];
        sim_pool_run(sim->pool, n, print_point, &batch);
        for (unsigned k = 0; k < n; k++) {
            fputs(at + k ? ", " : ",\n\t\"meters\":\t[", out);
            put_indented(out, batch.text[k], 2);
            free(batch.text[k]);
        }
    }
    sim_sum_json(sim, sum);
    text = cJSON_Print(sum);
    fprintf(out, "%s,\n\t\"sum\":\t", each ? "]" : "");
    put_indented(out, text, 1);
    free(text);
    cJSON_Delete(sum);
}

static void report_json(FILE *out, struct sim *sim, double wall_seconds, bool each)
{
    static const char end[] = "\n}";
    cJSON *report = cJSON_CreateObject();
    char *text;

    cJSON_AddStringToObject(report, "scenario", sim->scenario->name);
    cJSON_AddStringToObject(report, "result", sim->results.failed ? "fail" : "pass");
    add_number(report, "simulated_seconds", sim_seconds(sim->now));
    add_number(report, "wall_seconds", floor(wall_seconds * 1000 + 0.5) / 1000);
    add_expectations(report, sim);
    if (sim->points == 1)
        add_point(report, &sim->point[0]);
    add_lines(report, sim);
    text = cJSON_Print(report);
    fwrite(text, 1, strlen(text) - strlen(end), out);
    if (sim->points > 1)
        put_points(out, sim, each);
    fprintf(out, "%s\n", end);
    free(text);
    cJSON_Delete(report);
}

void sim_report_json(FILE *out, struct sim *sim, double wall_seconds)
{
    report_json(out, sim, wall_seconds, true);
}

void sim_report_sum_json(FILE *out, struct sim *sim, double wall_seconds)
{
    report_json(out, sim, wall_seconds, false);
}

void sim_report_junit(FILE *out, const struct sim *sim, double wall_seconds)
{
    sim_junit_begin(out);
    sim_junit_suite(out, sim->scenario->name, sim->results.count, sim->results.failed, 0, 0, wall_seconds);
    for (size_t k = 0; k < sim->results.count; k++) {
        const struct sim_result *r = &sim->results.at[k];
        char name[300];

        snprintf(name, sizeof name, "%.9g s: %s", sim_seconds(r->at), r->name);
        if (r->pass)
            sim_junit_passed(out, sim->scenario->name, name);
        else
            sim_junit_failed(out, sim->scenario->name, name, r->expected, r->actual, sim->scenario->file, r->where);
    }
    sim_junit_suite_end(out);
    sim_junit_end(out);
}

void sim_duration_text(double seconds, char text[48])
{
    static const struct {
        double size;
        const char *name;
    } units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}};
    int n = 0;

    text[0] = '\0';
    for (size_t k = 0; k < 3; k++) {
        double whole = floor(seconds / units[k].size);

        if (whole > 0)
            n += snprintf(text + n, 48 - (size_t)n, "%s%.0f %s", n ? " " : "", whole, units[k].name);
        seconds -= whole * units[k].size;
    }
    if (seconds > 0 || !n)
        snprintf(text + n, 48 - (size_t)n, "%s%.6g s", n ? " " : "", seconds);
}

void sim_report_text(FILE *out, const struct sim *sim, double wall_seconds, bool all)
{
    const struct sim_results *r = &sim->results;
    char duration[48], at[48];

    for (size_t k = 0; k < r->count; k++) {
        if (r->at[k].pass && !all)
            continue;
        sim_duration_text(sim_seconds(r->at[k].at), at);
        fprintf(out, "%s  %-12s %s = %s", r->at[k].pass ? "ok  " : "FAIL", at, r->at[k].name, r->at[k].actual);
        if (!r->at[k].pass)
            fprintf(out, ", expected %s  (%s)", r->at[k].expected, r->at[k].where);
        fprintf(out, "\n");
    }
    sim_duration_text(sim_seconds(sim->now), duration);
    fprintf(out, "%s: %s simulated in %.2f s (%.0f times real time", sim->scenario->name, duration, wall_seconds,
            wall_seconds > 0 ? sim_seconds(sim->now) / wall_seconds : 0);
    if (sim->points > 1)
        fprintf(out, ", %u meters", sim->points);
    fprintf(out, "): ");
    if (r->count == 0)
        fprintf(out, "nothing was expected\n");
    else if (r->failed == 0)
        fprintf(out, "all %zu expectations held\n", r->count);
    else
        fprintf(out, "%zu of %zu expectations FAILED\n", r->failed, r->count);
}

bool sim_csv_columns(struct js *js, const char *list, unsigned meters, struct sim_csv *csv)
{
    static const char usual[] = "l1_voltage,l2_voltage,l3_voltage,l1_current,l2_current,l3_current,grid_frequency,"
                                "total_active_power,total_reactive_power,total_apparent_power,power_factor,"
                                "forward_active_energy,reverse_active_energy,tariff";
    char *copy = strdup(list ? list : usual), *rest = copy, *name;
    bool ok = true;

    csv->count = 0;
    while (ok && (name = strsep(&rest, ","))) {
        name += strspn(name, " ");
        ok = csv->count < SIM_CSV_COLUMNS ? sim_parse_name(js, name) && sim_name_fits(js, name, meters)
                                          : js_fail(js, "more than %d columns", SIM_CSV_COLUMNS);
        if (ok)
            csv->name[csv->count++] = strdup(name);
    }
    free(copy);
    if (!ok)
        sim_csv_free(csv);
    return ok;
}

void sim_csv_free(struct sim_csv *csv)
{
    for (size_t k = 0; k < csv->count; k++)
        free(csv->name[k]);
    csv->count = 0;
}

void sim_csv_header(FILE *out, const struct sim_csv *csv)
{
    fprintf(out, "time");
    for (size_t k = 0; k < csv->count; k++)
        fprintf(out, ",%s", csv->name[k]);
    fprintf(out, "\n");
}

void sim_csv_row(FILE *out, const struct sim_csv *csv, struct sim *sim)
{
    char text[SIM_VALUE_JSON];
    struct sim_value v;

    sim_value_number(&v, sim_seconds(sim->now));
    sim_value_json(&v, text);
    fprintf(out, "%s", text);
    for (size_t k = 0; k < csv->count; k++) {
        sim_read(sim, csv->name[k], &v);
        sim_value_json(&v, text);
        fprintf(out, ",%s", v.is_text ? v.text : text);
    }
    fprintf(out, "\n");
}

void sim_meters_csv(FILE *out, struct sim *sim)
{
    struct sim_value v;
    char text[SIM_VALUE_JSON];

    fprintf(out, "meter");
    for (size_t k = 0; k < em_register_count; k++)
        if (em_registers[k].name)
            fprintf(out, ",%s", em_registers[k].name);
    for (int o = 0; o < EM_OUTPUT_COUNT; o++)
        fprintf(out, ",pulses.%s", sim_output_names[o]);
    for (unsigned p = 0; p < sim->points; p++) {
        struct sim_point *point = &sim->point[p];

        fprintf(out, "\n%u", p + 1);
        for (size_t k = 0; k < em_register_count; k++) {
            if (!em_registers[k].name)
                continue;
            sim_value_read(&v, &point->meter, &em_registers[k]);
            sim_value_json(&v, text);
            fprintf(out, ",%s", v.is_text ? v.text : text);
        }
        for (int o = 0; o < EM_OUTPUT_COUNT; o++)
            fprintf(out, ",%llu", (unsigned long long)point->pulses[o]);
    }
    fprintf(out, "\n");
}
