/* SPDX-License-Identifier: MIT */
#include "record.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../sim/sim.h"
#include "log.h"

struct host_record {
    char *name;
    FILE *file;
    cJSON *scenario, *timeline; /* the second is part of the first */
};

/* A file is named as seen from the scenario's folder; the record may lie elsewhere. */
static void name_file(struct host_record *r, const char *scenario, const char *object, const char *key)
{
    cJSON *parent = cJSON_GetObjectItemCaseSensitive(r->scenario, object);
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(parent, key));
    const char *slash = strrchr(scenario, '/');
    char path[PATH_MAX], *whole;

    if (!name || name[0] == '/')
        return;
    snprintf(path, sizeof path, "%.*s%s", slash ? (int)(slash - scenario + 1) : 0, scenario, name);
    whole = realpath(path, NULL);
    if (whole)
        cJSON_ReplaceItemInObjectCaseSensitive(parent, key, cJSON_CreateString(whole));
    free(whole);
}

struct host_record *host_record_open(const char *file, const struct sim_scenario *scenario, char *error, size_t size)
{
    struct host_record *r = calloc(1, sizeof *r);

    if (!r || !(r->name = strdup(file)) || !(r->scenario = cJSON_Duplicate(scenario->source, true)))
        abort();
    name_file(r, scenario->file, "profile", "csv");
    name_file(r, scenario->file, "waveform", "comtrade");
    name_file(r, scenario->file, "waveform", "wav");
    cJSON_DeleteItemFromObjectCaseSensitive(r->scenario, "vary"); /* what is played is the scenario as it stands */
    r->timeline = cJSON_GetObjectItemCaseSensitive(r->scenario, "timeline");
    if (!r->timeline)
        r->timeline = cJSON_AddArrayToObject(r->scenario, "timeline");
    r->file = fopen(file, "w");
    if (r->file)
        return r;
    snprintf(error, size, "%s: %s", file, strerror(errno));
    host_record_close(r, 0);
    return NULL;
}

void host_record_event(struct host_record *r, int64_t sample, const cJSON *event)
{
    cJSON *item, *key;

    if (!r)
        return;
    item = cJSON_CreateObject();
    cJSON_AddNumberToObject(item, "at", sim_seconds(sample));
    cJSON_ArrayForEach(key, event) cJSON_AddItemToObject(item, key->string, cJSON_Duplicate(key, true));
    cJSON_AddItemToArray(r->timeline, item);
}

/* One event a line, so that people can read on. */
static void print_list(FILE *out, const cJSON *list)
{
    const cJSON *item;

    fprintf(out, "[");
    cJSON_ArrayForEach(item, list)
    {
        char *text = cJSON_PrintUnformatted(item);

        fprintf(out, "%s\n    %s", item == list->child ? "" : ",", text);
        free(text);
    }
    fprintf(out, "%s]", list->child ? "\n  " : "");
}

static void print_scenario(FILE *out, const cJSON *scenario)
{
    const cJSON *item;

    fprintf(out, "{");
    cJSON_ArrayForEach(item, scenario)
    {
        fprintf(out, "%s\n  \"%s\": ", item == scenario->child ? "" : ",", item->string);
        if (cJSON_IsArray(item)) {
            print_list(out, item);
        } else {
            char *text = cJSON_PrintUnformatted(item);

            fputs(text, out);
            free(text);
        }
    }
    fprintf(out, "\n}\n");
}

bool host_record_close(struct host_record *r, int64_t sample)
{
    bool ok = true;

    if (!r)
        return true;
    if (r->file) {
        cJSON_DeleteItemFromObjectCaseSensitive(r->scenario, "duration");
        cJSON_AddNumberToObject(r->scenario, "duration", sim_seconds(sample));
        print_scenario(r->file, r->scenario);
        ok = !ferror(r->file);
        ok = fclose(r->file) == 0 && ok;
        if (!ok)
            host_log("%s: could not be written: %s", r->name, strerror(errno));
    }
    cJSON_Delete(r->scenario);
    free(r->name);
    free(r);
    return ok;
}
