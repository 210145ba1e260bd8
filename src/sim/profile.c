/* SPDX-License-Identifier: MIT */
#include "profile.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"

#define COUNT(a)   (sizeof(a) / sizeof(a)[0])
#define FIELDS_MAX 64

struct description {
    const char *csv, *time;
    const cJSON *columns;
    bool linear;
};

static bool read_csv_name(struct js *js, const cJSON *value, void *target, const void *unused)
{
    (void)unused;
    return js_string(js, value, &((struct description *)target)->csv);
}

static bool read_time_name(struct js *js, const cJSON *value, void *target, const void *unused)
{
    (void)unused;
    return js_string(js, value, &((struct description *)target)->time);
}

static bool read_columns(struct js *js, const cJSON *value, void *target, const void *unused)
{
    (void)unused;
    ((struct description *)target)->columns = value;
    return js_names(js, value, "{\"P1\": \"L1.power\"}");
}

static bool read_interpolate(struct js *js, const cJSON *value, void *target, const void *unused)
{
    static const char *const words[] = {"step", "linear", NULL};
    int word = 0;

    (void)unused;
    if (!js_word(js, value, words, &word))
        return false;
    ((struct description *)target)->linear = word == 1;
    return true;
}

/* Splits a line at its commas in place; returns the number of fields. Quotes around a field are taken off. */
static unsigned split(char *line, char *field[FIELDS_MAX])
{
    unsigned n = 0;

    line[strcspn(line, "\r\n")] = '\0';
    while (n < FIELDS_MAX) {
        char *comma = strchr(line, ',');

        if (comma)
            *comma = '\0';
        line += strspn(line, " \t\"");
        for (size_t k = strlen(line); k && strchr(" \t\"", line[k - 1]); k--)
            line[k - 1] = '\0';
        field[n++] = line;
        if (!comma)
            break;
        line = comma + 1;
    }
    return n;
}

/* Where in a line the wanted columns stand; column 0 is the time. */
struct columns {
    unsigned count;
    unsigned position[FIELDS_MAX];
};

static bool find_column(struct js *js, const char *name, char *const *field, unsigned fields, const char *csv,
                        struct columns *columns)
{
    char known[256];

    for (unsigned k = 0; k < fields; k++) {
        if (strcmp(field[k], name) == 0) {
            columns->position[columns->count++] = k;
            return true;
        }
    }
    known[0] = '\0';
    for (unsigned k = 0; k < fields; k++)
        snprintf(known + strlen(known), sizeof known - strlen(known), "%s%s", k ? ", " : "", field[k]);
    return js_fail(js, "%s has no column \"%s\"; its columns, separated by commas, are %s", csv, name, known);
}

static bool read_header(struct js *js, char *line, const struct description *d, const char *csv,
                        struct sim_profile *profile, struct columns *columns)
{
    char *field[FIELDS_MAX];
    unsigned fields = split(line, field);
    const cJSON *item;

    if (!find_column(js, d->time, field, fields, csv, columns))
        return false;
    profile->column = calloc((size_t)cJSON_GetArraySize(d->columns), sizeof *profile->column);
    if (!profile->column)
        abort();
    js_enter_key(js, "columns");
    cJSON_ArrayForEach(item, d->columns)
    {
        struct sim_assignment *a = &profile->column[profile->columns];
        const char *path;
        size_t mark;

        if (columns->count == FIELDS_MAX)
            return js_fail(js, "too many columns");
        if (!find_column(js, item->string, field, fields, csv, columns))
            return false;
        mark = js_enter_key(js, item->string);
        if (!js_string(js, item, &path) || !sim_parse_path(js, path, a))
            return false;
        if (a->quantity == SIM_KIND || a->quantity == SIM_VOLTAGE_HARMONICS || a->quantity == SIM_CURRENT_HARMONICS)
            return js_fail(js, "\"%s\" can not come from a profile", path);
        js_leave(js, mark);
        profile->columns++;
    }
    return true;
}

static bool read_number(struct js *js, const char *text, double *out)
{
    char *end;

    *out = strtod(text, &end);
    return (end != text && !*end && isfinite(*out)) || js_fail(js, "\"%s\" is not a number", text);
}

static bool read_row(struct js *js, char *line, struct sim_profile *profile, const struct columns *columns)
{
    char *field[FIELDS_MAX];
    unsigned fields = split(line, field), k = profile->rows;
    double seconds;

    for (unsigned c = 0; c < columns->count; c++)
        if (columns->position[c] >= fields)
            return js_fail(js, "this line has too few columns (%u)", fields);
    profile->time = realloc(profile->time, (k + 1) * sizeof *profile->time);
    profile->value = realloc(profile->value, (k + 1) * (size_t)profile->columns * sizeof *profile->value);
    if (!profile->time || !profile->value)
        abort();
    if (!read_number(js, field[columns->position[0]], &seconds))
        return false;
    if (seconds < 0 || seconds > 1e10)
        return js_fail(js, "time %g is out of range; it is seconds from the start", seconds);
    profile->time[k] = (int64_t)floor(seconds * EM_SAMPLE_RATE + 0.5);
    if (k && profile->time[k] <= profile->time[k - 1])
        return js_fail(js, "time %g does not come after the line before", seconds);
    for (unsigned c = 0; c < profile->columns; c++) {
        double *value = &profile->value[(size_t)k * profile->columns + c];

        if (!read_number(js, field[columns->position[c + 1]], value) ||
            !sim_check_number(js, &profile->column[c], *value))
            return false;
    }
    profile->rows++;
    return true;
}

static bool read_file(struct js *js, FILE *f, const char *csv, const struct description *d, struct sim_profile *profile)
{
    struct columns columns = {0};
    char line[4096];
    size_t mark = strlen(js->path);

    if (!fgets(line, sizeof line, f))
        return js_fail(js, "%s is empty", csv);
    if (!read_header(js, line + (strncmp(line, "\xEF\xBB\xBF", 3) ? 0 : 3), d, csv, profile, &columns))
        return false;
    js_leave(js, mark);
    for (int number = 2; fgets(line, sizeof line, f); number++) {
        if (line[strspn(line, " \t\r\n")] == '\0')
            continue;
        js_leave(js, 0);
        snprintf(js->path, sizeof js->path, "profile: %.200s:%d", csv, number);
        if (!read_row(js, line, profile, &columns))
            return false;
    }
    snprintf(js->path, sizeof js->path, "profile");
    return profile->rows > 0 || js_fail(js, "%s has no rows", csv);
}

bool sim_profile_parse(struct js *js, const cJSON *value, const char *scenario_file, struct sim_profile *profile)
{
    static const struct js_field fields[] = {
        {"csv", read_csv_name, NULL, true},
        {"time", read_time_name, NULL, true},
        {"columns", read_columns, NULL, true},
        {"interpolate", read_interpolate, NULL, false},
    };
    struct description d = {0};
    char file[4096];
    FILE *f;
    bool ok;

    if (!js_object(js, value, fields, COUNT(fields), &d))
        return false;
    sim_file_beside(scenario_file, d.csv, file, sizeof file);
    f = fopen(file, "r");
    if (!f) {
        js_enter_key(js, "csv");
        return js_fail(js, "%s: %s", file, strerror(errno));
    }
    profile->linear = d.linear;
    ok = read_file(js, f, d.csv, &d, profile);
    fclose(f);
    return ok;
}

void sim_profile_free(struct sim_profile *profile)
{
    free(profile->column);
    free(profile->time);
    free(profile->value);
}
