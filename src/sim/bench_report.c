/* SPDX-License-Identifier: MIT */
#include "bench_report.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "value.h"

const char sim_bench_disclaimer[] =
    "An exercise in software. It is no type examination and claims no conformity with any standard.";

/* --- Words --- */

/* What the figures of a kind are, for JSON; the table's columns are too narrow for it. */
static const char *const units[] = {
    [SIM_BENCH_ERROR] = "percent",  [SIM_BENCH_CHANGE] = "percent",       [SIM_BENCH_DIFFERENCE] = "percent",
    [SIM_BENCH_SPREAD] = "percent", [SIM_BENCH_UNDERVOLTAGE] = "percent", [SIM_BENCH_START] = "seconds",
    [SIM_BENCH_NO_LOAD] = "pulses", [SIM_BENCH_CONSTANT] = "pulses",      [SIM_BENCH_READY] = "seconds",
    [SIM_BENCH_EVENT] = "pulses",   [SIM_BENCH_LOADED_EVENT] = "percent", [SIM_BENCH_NOT_DONE] = "",
};

static const char *const kinds[] = {
    [SIM_BENCH_ERROR] = "error",
    [SIM_BENCH_CHANGE] = "change",
    [SIM_BENCH_DIFFERENCE] = "difference",
    [SIM_BENCH_SPREAD] = "spread",
    [SIM_BENCH_UNDERVOLTAGE] = "error, too much only",
    [SIM_BENCH_START] = "start",
    [SIM_BENCH_NO_LOAD] = "no load",
    [SIM_BENCH_CONSTANT] = "constant",
    [SIM_BENCH_READY] = "ready",
    [SIM_BENCH_EVENT] = "event",
    [SIM_BENCH_LOADED_EVENT] = "event under load",
    [SIM_BENCH_NOT_DONE] = "not done",
};

static const char *const verdicts[] = {"none", "held", "failed"};

/* --- The table --- */

static bool is_percent(enum sim_bench_kind kind)
{
    return strcmp(units[kind], "percent") == 0;
}

static void put_figure(FILE *out, enum sim_bench_kind kind, double x)
{
    if (isnan(x))
        fprintf(out, " %9s", "-");
    else if (isinf(x))
        fprintf(out, " %9s", "never");
    else if (is_percent(kind))
        fprintf(out, kind == SIM_BENCH_SPREAD ? " %9.4f" : " %+9.4f", x);
    else if (strcmp(units[kind], "seconds") == 0)
        fprintf(out, " %8.2fs", x);
    else
        fprintf(out, " %9.0f", x);
}

static void put_limit(FILE *out, const struct sim_bench_row *row, double limit, bool own, enum sim_bench_verdict v)
{
    static const char *const word[] = {"", "ok", "FAILS"};
    char text[16] = "-";

    if (limit >= 0)
        snprintf(text, sizeof text, "%.*f%s", limit < 10 && limit != floor(limit * 10) / 10 ? 2 : 1, limit,
                 own ? "*" : "");
    fprintf(out, "  %6s %-5s", text, limit >= 0 && row->reported ? "-" : word[v]);
}

static void put_row(FILE *out, const struct sim_bench_row *row, const struct sim_bench_result *r)
{
    struct sim_bench_limit standard = sim_bench_standard(row);

    fprintf(out, "%-8s %-37.37s", row->id, row->text);
    if (row->kind == SIM_BENCH_NOT_DONE) {
        fprintf(out, "   %s\n", row->note);
        return;
    }
    put_figure(out, row->kind, r->led);
    put_figure(out, row->kind, r->registers);
    put_limit(out, row, row->manual, row->own, r->manual);
    put_limit(out, row, standard.value, false, r->standard);
    fprintf(out, " %s%s%s\n", standard.mark ? standard.mark : "", sim_bench_uncertain(row) ? "?" : "",
            sim_bench_differs(row) ? " !=" : "");
    if (r->fault)
        fprintf(out, "%-8s   also wrong: %s\n", "", r->fault);
}

static const struct {
    char letter;
    const char *title, *figures[2];
} sections[] = {
    {'A', "Load: error in percent", {"LED", "register"}},
    {'S', "Starting: seconds to the first pulse, and to the second", {"first", "second"}},
    {'N', "No load: pulses, and Wh of the registers", {"LED", "register"}},
    {'C', "Constant: pulses that do not agree with the registers", {"LED", "S0"}},
    {'R', "Repeatability: spread of three runs in percent", {"LED", "register"}},
    {'T', "Switching on: seconds until it runs, and until the first pulse", {"runs", "pulse"}},
    {'I', "Influences: change of the error in percent (I08: the error)", {"LED", "register"}},
    {'Q', "Reactive energy: error in percent (Q11: as S and N)", {"S0", "register"}},
    {'E', "Short events: pulses, and tenths of a Wh (E04: error in percent)", {"LED", "register"}},
};

static bool is_shown(const struct sim_bench_result *r, bool all)
{
    return r->asked && (all || r->manual == SIM_BENCH_FAILED || r->standard == SIM_BENCH_FAILED || r->fault);
}

static void put_legend(FILE *out)
{
    fputs("\n* a limit of our own, where the manual says nothing. EN/IEC: the stricter of EN 50470-3 class B and\n"
          "IEC 62053-21 class 1 (Q: 62053-23 class 2) for a meter behind current transformers. != : manual and\n"
          "standard differ. Mark: S1, S2?, S3? a standard as remembered, its text not being public: sure,\n"
          "fairly sure, doubtful; W public pages. I and Q12: the change against a point that the JSON names.\n",
          out);
}

static void put_summary(FILE *out, const struct sim_bench *b)
{
    struct sim_bench_summary s;

    sim_bench_summarise(b, &s);
    if (s.worst_row)
        fprintf(out, "\nlargest error: %.3f of its limit (%s, %s)\n", s.worst, s.worst_row->id, s.worst_row->text);
    fprintf(out,
            "%zu rows, %.1f h simulated. Limits held: manual and own %zu of %zu, EN/IEC %zu of %zu.\n"
            "%zu only reported, %zu not done, %zu where manual and standard differ, %zu with an uncertain limit.\n"
            "%s\n",
            s.rows, s.seconds / 3600, s.manual - s.manual_failed, s.manual, s.standard - s.standard_failed, s.standard,
            s.reported, s.not_done, s.differing, s.uncertain, sim_bench_disclaimer);
}

void sim_bench_table(FILE *out, const struct sim_bench *b, const char *title, bool all)
{
    fprintf(out, "%s\n", title);
    for (size_t s = 0; s < sizeof sections / sizeof sections[0]; s++) {
        bool begun = false;

        for (size_t k = 0; k < b->rows; k++) {
            if (b->row[k].id[0] != sections[s].letter || !is_shown(&b->result[k], all))
                continue;
            if (!begun)
                fprintf(out, "\n%s\n%-46s %9s %9s  %-12s  %-12s mark\n", sections[s].title, "", sections[s].figures[0],
                        sections[s].figures[1], "      manual", "      EN/IEC");
            begun = true;
            put_row(out, &b->row[k], &b->result[k]);
        }
    }
    if (all)
        put_legend(out);
    put_summary(out, b);
}

/* --- JSON --- */

/* A number with as many digits as it deserves; what is no number is null. */
static void add_number(cJSON *object, const char *name, double x)
{
    char text[40];

    if (!isfinite(x)) {
        cJSON_AddNullToObject(object, name);
        return;
    }
    snprintf(text, sizeof text, "%.9g", x);
    cJSON_AddRawToObject(object, name, text);
}

static void add_limit(cJSON *item, const char *name, double value, const char *mark, enum sim_bench_verdict verdict)
{
    cJSON *limit;

    if (value < 0)
        return;
    limit = cJSON_AddObjectToObject(item, name);
    add_number(limit, "limit", value);
    if (mark)
        cJSON_AddStringToObject(limit, "mark", mark);
    cJSON_AddStringToObject(limit, "verdict", verdicts[verdict]);
}

static void add_text(cJSON *item, const char *name, const char *text)
{
    if (text && *text)
        cJSON_AddStringToObject(item, name, text);
}

static cJSON *row_json(const struct sim_bench_row *row, const struct sim_bench_result *r)
{
    struct sim_bench_limit standard = sim_bench_standard(row);
    cJSON *item = cJSON_CreateObject();

    cJSON_AddStringToObject(item, "id", row->id);
    cJSON_AddStringToObject(item, "condition", row->text);
    cJSON_AddStringToObject(item, "kind", kinds[row->kind]);
    cJSON_AddStringToObject(item, "energy", row->energy == EM_ACTIVE ? "active" : "reactive");
    add_text(item, "base", row->base);
    add_text(item, "of", row->of);
    add_text(item, "source", row->source);
    add_text(item, "note", row->note);
    if (row->kind == SIM_BENCH_NOT_DONE)
        return item;
    add_text(item, "unit", units[row->kind]);
    add_number(item, "by_pulses", r->led);
    add_number(item, "by_registers", r->registers);
    add_number(item, "registers_resolution_percent", r->resolution);
    add_number(item, "error_by_pulses_percent", r->led_error);
    add_number(item, "error_by_registers_percent", r->reg_error);
    add_number(item, "error_by_power_percent", r->power_error);
    add_number(item, "power_spread_ppm", r->power_spread);
    add_number(item, "simulated_seconds", r->seconds);
    add_number(item, "pulses", (double)r->pulses);
    if (!isnan(r->extra))
        add_number(item, "error_afterwards_percent", r->extra);
    add_text(item, "fault", r->fault);
    add_limit(item, row->own ? "own" : "manual", row->manual, NULL, r->manual);
    add_limit(item, "en", row->en.value, row->en.mark, row->en.value == standard.value ? r->standard : SIM_BENCH_NONE);
    add_limit(item, "iec", row->iec.value, row->iec.mark,
              row->iec.value == standard.value ? r->standard : SIM_BENCH_NONE);
    cJSON_AddStringToObject(item, "standard", verdicts[r->standard]);
    cJSON_AddBoolToObject(item, "reported_only", row->reported);
    cJSON_AddBoolToObject(item, "uncertain", sim_bench_uncertain(row));
    cJSON_AddBoolToObject(item, "manual_and_standard_differ", sim_bench_differs(row));
    return item;
}

static void add_summary(cJSON *report, const struct sim_bench *b)
{
    struct sim_bench_summary s;
    cJSON *o = cJSON_AddObjectToObject(report, "summary");

    sim_bench_summarise(b, &s);
    add_number(o, "rows", (double)s.rows);
    add_number(o, "manual", (double)s.manual);
    add_number(o, "manual_failed", (double)s.manual_failed);
    add_number(o, "standard", (double)s.standard);
    add_number(o, "standard_failed", (double)s.standard_failed);
    add_number(o, "reported", (double)s.reported);
    add_number(o, "not_done", (double)s.not_done);
    add_number(o, "differing", (double)s.differing);
    add_number(o, "uncertain", (double)s.uncertain);
    add_number(o, "faults", (double)s.faults);
    add_number(o, "largest_part_of_limit", s.worst);
    if (s.worst_row)
        cJSON_AddStringToObject(o, "largest_in", s.worst_row->id);
    add_number(o, "simulated_seconds", s.seconds);
}

void sim_bench_json(FILE *out, const struct sim_bench *b, const char *title, double wall_seconds)
{
    cJSON *report = cJSON_CreateObject(), *rows;
    char *text;

    cJSON_AddStringToObject(report, "title", title);
    cJSON_AddStringToObject(report, "disclaimer", sim_bench_disclaimer);
    add_number(report, "wall_seconds", floor(wall_seconds * 1000 + 0.5) / 1000);
    add_summary(report, b);
    rows = cJSON_AddArrayToObject(report, "rows");
    for (size_t k = 0; k < b->rows; k++)
        if (b->result[k].asked)
            cJSON_AddItemToArray(rows, row_json(&b->row[k], &b->result[k]));
    text = cJSON_Print(report);
    fprintf(out, "%s\n", text);
    free(text);
    cJSON_Delete(report);
}
