/* SPDX-License-Identifier: MIT
 * Reading JSON that people wrote: every message names the file and the place in it, what is wrong, and what would be
 * right. Objects are read by tables of fields; unknown, double and missing keys are errors. */
#ifndef SIM_JSON_H
#define SIM_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One reading in progress: where we are, and the first error. */
struct js {
    const char *file; /* as the user named it */
    char path[256];   /* "timeline[3].set" */
    char error[1024]; /* empty while all is well; then "FILE: PATH: what" */
};

/* Parses text into a tree, or sets js->error with line and column and returns NULL. Caller frees with cJSON_Delete. */
cJSON *js_parse(struct js *js, const char *text);

/* Reads a whole file and parses it. Errors as js_parse; *missing tells that the file could not be read. */
cJSON *js_parse_file(struct js *js, const char *file, bool *missing);

/* Notes an error at the present place (only the first is kept). Always returns false. */
bool js_fail(struct js *js, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Go down to a key or index; js_leave(js, mark) with what js_enter_* returned goes back. */
size_t js_enter_key(struct js *js, const char *key);
size_t js_enter_index(struct js *js, int index);
void js_leave(struct js *js, size_t mark);

/* A key of an object: read(js, value, target, argument) is called with the place at the key. */
struct js_field {
    const char *key;
    bool (*read)(struct js *js, const cJSON *value, void *target, const void *argument);
    const void *argument;
    bool required;
};

/* Reads an object by its table of fields (count of them). */
bool js_object(struct js *js, const cJSON *value, const struct js_field *fields, size_t count, void *target);

/* Plain values; *out is written only on success. Errors say what is wanted. */
bool js_number(struct js *js, const cJSON *value, double min, double max, double *out);
bool js_integer(struct js *js, const cJSON *value, int64_t min, int64_t max, int64_t *out);
bool js_string(struct js *js, const cJSON *value, const char **out);
bool js_bool(struct js *js, const cJSON *value, bool *out);
bool js_is_array(struct js *js, const cJSON *value);

/* An object of free names with at least one of them and none twice; example shows how it could look. */
bool js_names(struct js *js, const cJSON *value, const char *example);

/* One of a NULL-terminated list of words; *out gets its index. */
bool js_word(struct js *js, const cJSON *value, const char *const *words, int *out);

/* A time as a number of seconds or a text like "250ms", "90s", "1h30m", "7d", in samples; not negative. */
bool js_time(struct js *js, const cJSON *value, int64_t *samples);

/* The same from a text outside JSON. */
bool js_time_text(const char *text, int64_t *samples);

/* The word of a list (entry(list, k) gives the k-th, NULL ends) that is nearest to a mistyped one, or NULL. */
const char *js_nearest(const char *word, const char *(*entry)(const void *list, size_t k), const void *list);

/* The number or the text at a key of an object that need not be there nor be one: `absent`, or "". */
double js_number_at(const cJSON *object, const char *key, double absent);
const char *js_text_at(const cJSON *object, const char *key);

/* js_nearest's entry for a plain NULL-terminated array of words. */
const char *js_word_entry(const void *list, size_t k);

/* Sets the value at a dotted path ("load.L1.current", "timeline[2].at", "timeline.2.at") in a tree, which then owns it,
 * making objects on the way. False, with the value deleted and *why set, if the path can not be followed. */
bool js_put(cJSON *root, const char *path, cJSON *value, const char **why);

/* The same with a text that is JSON or, if it is not, a string. */
bool js_override(cJSON *root, const char *path, const char *text, const char **why);

#endif
