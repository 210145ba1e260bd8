/* SPDX-License-Identifier: MIT */
#include "json.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmeter/em_types.h"

#define SAMPLES_MAX ((double)EM_SAMPLE_RATE * 3600 * 24 * 365 * 1000)

bool js_fail(struct js *js, const char *format, ...)
{
    char what[720];
    va_list args;

    if (js->error[0])
        return false;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    snprintf(js->error, sizeof js->error, "%s: %s%s%s", js->file, js->path, js->path[0] ? ": " : "", what);
    return false;
}

size_t js_enter_key(struct js *js, const char *key)
{
    size_t mark = strlen(js->path);

    snprintf(js->path + mark, sizeof js->path - mark, "%s%s", mark ? "." : "", key);
    return mark;
}

size_t js_enter_index(struct js *js, int index)
{
    size_t mark = strlen(js->path);

    snprintf(js->path + mark, sizeof js->path - mark, "[%d]", index);
    return mark;
}

void js_leave(struct js *js, size_t mark)
{
    js->path[mark] = '\0';
}

cJSON *js_parse(struct js *js, const char *text)
{
    const char *end;
    cJSON *root = cJSON_ParseWithOpts(text, &end, true);
    int line = 1, column = 1;

    if (root)
        return root;
    end = cJSON_GetErrorPtr();
    for (const char *p = text; end && p < end; p++) {
        column = *p == '\n' ? 1 : column + 1;
        line += *p == '\n';
    }
    js_fail(js, "line %d, column %d: this is not JSON%s", line, column,
            end && strncmp(end, "//", 2) == 0 ? "; it has no // comments" : "");
    return NULL;
}

cJSON *js_parse_file(struct js *js, const char *file, bool *missing)
{
    FILE *f = fopen(file, "rb");
    char *text = NULL;
    size_t size = 0, used = 0;
    cJSON *root;

    *missing = true;
    js->file = file;
    if (!f) {
        js_fail(js, "%s", strerror(errno));
        return NULL;
    }
    do {
        size = size ? 2 * size : 65536;
        text = realloc(text, size + 1);
        if (!text)
            abort();
        used += fread(text + used, 1, size - used, f);
    } while (used == size);
    text[used] = '\0';
    if (ferror(f)) {
        js_fail(js, "%s", strerror(errno));
        root = NULL;
    } else {
        *missing = false;
        root = strlen(text) == used ? js_parse(js, text) : NULL;
        if (strlen(text) != used)
            js_fail(js, "holds a zero byte; this is not JSON");
    }
    free(text);
    fclose(f);
    return root;
}

static const char *kind_of(const cJSON *value)
{
    if (cJSON_IsNumber(value))
        return "a number";
    if (cJSON_IsString(value))
        return "a text";
    if (cJSON_IsBool(value))
        return "true or false";
    if (cJSON_IsArray(value))
        return "a list";
    if (cJSON_IsObject(value))
        return "an object";
    return "null";
}

static unsigned distance(const char *a, const char *b)
{
    unsigned row[64], n = (unsigned)strlen(b);

    if (n >= 63 || strlen(a) >= 63)
        return 99;
    for (unsigned j = 0; j <= n; j++)
        row[j] = j;
    for (unsigned i = 1; *a; a++, i++) {
        unsigned diagonal = row[0];

        row[0] = i;
        for (unsigned j = 1; j <= n; j++) {
            unsigned best = diagonal + (tolower((unsigned char)*a) != tolower((unsigned char)b[j - 1]));

            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[n];
}

const char *js_nearest(const char *word, const char *(*entry)(const void *list, size_t k), const void *list)
{
    const char *best = NULL, *candidate;
    unsigned limit = (unsigned)strlen(word) / 3 + 1;

    for (size_t k = 0; (candidate = entry(list, k)); k++) {
        unsigned d = distance(word, candidate);

        if (d <= limit) {
            best = candidate;
            limit = d ? d - 1 : 0;
            if (d == 0)
                break;
        }
    }
    return best;
}

const char *js_word_entry(const void *list, size_t k)
{
    return ((const char *const *)list)[k];
}

/* A table of fields with its length, for js_nearest. */
struct fields {
    const struct js_field *field;
    size_t count;
};

static const char *field_entry(const void *list, size_t k)
{
    const struct fields *fields = list;

    return k < fields->count ? fields->field[k].key : NULL;
}

static bool unknown_key(struct js *js, const char *key, const struct js_field *fields, size_t count)
{
    struct fields list = {fields, count};
    const char *near = js_nearest(key, field_entry, &list);
    char known[600] = "";

    if (near)
        return js_fail(js, "unknown key \"%s\"; did you mean \"%s\"?", key, near);
    for (size_t k = 0; k < count; k++)
        snprintf(known + strlen(known), sizeof known - strlen(known), "%s%s", k ? ", " : "", fields[k].key);
    return js_fail(js, "unknown key \"%s\"; known are %s", key, known);
}

bool js_object(struct js *js, const cJSON *value, const struct js_field *fields, size_t count, void *target)
{
    const cJSON *item;

    if (!cJSON_IsObject(value))
        return js_fail(js, "must be an object, not %s", kind_of(value));
    cJSON_ArrayForEach(item, value)
    {
        const struct js_field *field = fields, *end = fields + count;
        size_t mark;

        while (field < end && strcmp(field->key, item->string))
            field++;
        if (field == end)
            return unknown_key(js, item->string, fields, count);
        if (cJSON_GetObjectItemCaseSensitive(value, item->string) != item)
            return js_fail(js, "key \"%s\" stands twice", item->string);
        mark = js_enter_key(js, item->string);
        if (!field->read(js, item, target, field->argument))
            return false;
        js_leave(js, mark);
    }
    for (size_t k = 0; k < count; k++)
        if (fields[k].required && !cJSON_GetObjectItemCaseSensitive(value, fields[k].key))
            return js_fail(js, "\"%s\" is missing", fields[k].key);
    return true;
}

bool js_number(struct js *js, const cJSON *value, double min, double max, double *out)
{
    if (!cJSON_IsNumber(value))
        return js_fail(js, "must be a number, not %s", kind_of(value));
    if (!(value->valuedouble >= min && value->valuedouble <= max))
        return js_fail(js, "%.10g is out of range; allowed is %.10g to %.10g", value->valuedouble, min, max);
    *out = value->valuedouble;
    return true;
}

bool js_integer(struct js *js, const cJSON *value, int64_t min, int64_t max, int64_t *out)
{
    double number;

    if (!js_number(js, value, (double)min, (double)max, &number))
        return false;
    if (number != floor(number))
        return js_fail(js, "must be a whole number, not %.10g", number);
    *out = (int64_t)number;
    return true;
}

bool js_string(struct js *js, const cJSON *value, const char **out)
{
    if (!cJSON_IsString(value))
        return js_fail(js, "must be a text, not %s", kind_of(value));
    *out = value->valuestring;
    return true;
}

bool js_bool(struct js *js, const cJSON *value, bool *out)
{
    if (!cJSON_IsBool(value))
        return js_fail(js, "must be true or false, not %s", kind_of(value));
    *out = cJSON_IsTrue(value);
    return true;
}

bool js_is_array(struct js *js, const cJSON *value)
{
    return cJSON_IsArray(value) || js_fail(js, "must be a list, not %s", kind_of(value));
}

bool js_names(struct js *js, const cJSON *value, const char *example)
{
    const cJSON *item;

    if (!cJSON_IsObject(value) || !value->child)
        return js_fail(js, "must be an object like %s", example);
    cJSON_ArrayForEach(item, value)
    {
        if (cJSON_GetObjectItemCaseSensitive(value, item->string) != item)
            return js_fail(js, "\"%s\" stands twice", item->string);
    }
    return true;
}

bool js_word(struct js *js, const cJSON *value, const char *const *words, int *out)
{
    const char *text = NULL;
    char known[128] = "";

    if (!js_string(js, value, &text))
        return false;
    for (int k = 0; words[k]; k++) {
        if (strcmp(words[k], text) == 0) {
            *out = k;
            return true;
        }
        snprintf(known + strlen(known), sizeof known - strlen(known), "%s\"%s\"", k ? ", " : "", words[k]);
    }
    return js_fail(js, "\"%s\" is none of %s", text, known);
}

bool js_time_text(const char *text, int64_t *samples)
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"ms", 1e-3}, {"us", 1e-6}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
    double seconds = 0;

    if (!*text)
        return false;
    while (*text) {
        char *end;
        double number = isdigit((unsigned char)*text) ? strtod(text, &end) : -1;
        size_t k = 0, count = sizeof units / sizeof units[0];

        if (number < 0)
            return false;
        while (k < count && strncmp(end, units[k].name, strlen(units[k].name)))
            k++;
        if (k == count)
            return false;
        text = end + strlen(units[k].name);
        seconds += number * units[k].seconds;
    }
    if (!(seconds * EM_SAMPLE_RATE < SAMPLES_MAX))
        return false;
    *samples = (int64_t)floor(seconds * EM_SAMPLE_RATE + 0.5);
    return true;
}

bool js_time(struct js *js, const cJSON *value, int64_t *samples)
{
    double seconds;

    if (cJSON_IsString(value))
        return js_time_text(value->valuestring, samples) ||
               js_fail(js,
                       "\"%s\" is no time; write seconds as a number or a text like \"250ms\", \"90s\", \"15m\", "
                       "\"24h\", \"7d\"",
                       value->valuestring);
    if (!cJSON_IsNumber(value))
        return js_fail(js, "must be a time (seconds as a number, or a text like \"15m\"), not %s", kind_of(value));
    if (!js_number(js, value, 0, SAMPLES_MAX / EM_SAMPLE_RATE, &seconds))
        return false;
    *samples = (int64_t)floor(seconds * EM_SAMPLE_RATE + 0.5);
    return true;
}

double js_number_at(const cJSON *object, const char *key, double absent)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

    return cJSON_IsNumber(item) ? item->valuedouble : absent;
}

const char *js_text_at(const cJSON *object, const char *key)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));

    return text ? text : "";
}

/* One step of a dotted path: a key, or an index when key is empty. */
struct path_step {
    char key[64];
    int index;
};

/* Objects whose keys have dots of their own: "gain_error": {"L1.current": 0.001}. */
static const char *const dotted[] = {"gain_error", "phase_error", "offset", "set", NULL};

/* How much of a path is the next key. The longest key that is there goes before its parts ("set": {"L1.current": 20}).
 */
static size_t key_length(const cJSON *node, const char *path)
{
    for (size_t n = strlen(path); n; n--) {
        const cJSON *item;

        if (path[n] && path[n] != '.' && path[n] != '[')
            continue;
        cJSON_ArrayForEach(item, node)
        {
            if (item->string && strlen(item->string) == n && strncmp(item->string, path, n) == 0)
                return n;
        }
    }
    for (const char *const *name = dotted; node->string && *name; name++)
        if (strcmp(node->string, *name) == 0)
            return strlen(path);
    return strcspn(path, ".[");
}

/* Takes the next step from node off *path; false if it is ill-formed. */
static bool next_step(const cJSON *node, const char **path, struct path_step *step)
{
    size_t n = key_length(node, *path);

    step->key[0] = '\0';
    step->index = -1;
    if (n && cJSON_IsArray(node) && strspn(*path, "0123456789") == n && n < 7) {
        step->index = atoi(*path); /* meters.0 is meters[0] */
        *path += n;
    } else if (n) {
        snprintf(step->key, sizeof step->key, "%.*s", (int)n, *path);
        *path += n;
    } else {
        char *end;

        long index = (*path)[0] == '[' && isdigit((unsigned char)(*path)[1]) ? strtol(*path + 1, &end, 10) : -1;

        if (index < 0 || index > 1000000 || *end != ']')
            return false;
        step->index = (int)index;
        *path = end + 1;
    }
    if (**path == '.')
        return *++*path != '\0';
    return true;
}

static cJSON *child_at(cJSON *node, const struct path_step *step)
{
    cJSON *child;

    if (!step->key[0])
        return cJSON_IsArray(node) ? cJSON_GetArrayItem(node, step->index) : NULL;
    child = cJSON_GetObjectItemCaseSensitive(node, step->key);
    return child || !cJSON_IsObject(node) ? child : cJSON_AddObjectToObject(node, step->key);
}

static bool put_at(cJSON *node, const struct path_step *step, cJSON *value)
{
    if (!step->key[0])
        return cJSON_IsArray(node) && cJSON_ReplaceItemInArray(node, step->index, value);
    if (cJSON_GetObjectItemCaseSensitive(node, step->key))
        return cJSON_ReplaceItemInObjectCaseSensitive(node, step->key, value);
    return cJSON_IsObject(node) && cJSON_AddItemToObject(node, step->key, value);
}

bool js_put(cJSON *root, const char *path, cJSON *value, const char **why)
{
    struct path_step step;
    cJSON *node = root;
    bool ok = next_step(node, &path, &step);

    *why = "there is no such place";
    while (ok && *path) {
        node = child_at(node, &step);
        ok = node && next_step(node, &path, &step);
    }
    if (ok && put_at(node, &step, value))
        return true;
    cJSON_Delete(value);
    return false;
}

bool js_override(cJSON *root, const char *path, const char *text, const char **why)
{
    cJSON *value = cJSON_ParseWithOpts(text, NULL, true); /* all of it, so that 10h is a text */

    return js_put(root, path, value ? value : cJSON_CreateString(text), why);
}
