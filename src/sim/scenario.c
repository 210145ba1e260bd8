/* SPDX-License-Identifier: MIT */
#include "scenario.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fleet.h"
#include "profile.h"
#include "setting.h"
#include "setup.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static char *copy_text(const char *text)
{
    char *copy = strdup(text);

    if (!copy)
        abort();
    return copy;
}

/* --- meter --- */

static bool read_meter(struct js *js, const cJSON *value, void *target, const void *unused)
{
    struct sim_setup *s = ((struct sim_scenario *)target)->setup;
    struct js_field fields[SIM_SETUP_FIELDS];

    (void)unused;
    sim_setup_fields(fields);
    if (!js_object(js, value, fields, SIM_SETUP_FIELDS, s) || !sim_setup_check(js, s))
        return false;
    sim_setup_complete(s);
    return true;
}

/* --- meters --- */

/* Turns the one meter that has been read into the list; grid, "load", "ct" and "front_end" are those of all. */
static bool expand_meters(struct js *js, const cJSON *root, struct sim_scenario *s)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "meters");
    const struct sim_network network = s->setup[0].network;
    size_t mark;

    if (!list)
        return true;
    if (cJSON_GetObjectItemCaseSensitive(root, "meter"))
        return js_fail(js, "give either \"meter\" or \"meters\"");
    sim_setup_free(&s->setup[0]);
    mark = js_enter_key(js, "meters");
    if (!sim_fleet_read(js, list, &network, &s->setup, &s->meters))
        return false;
    js_leave(js, mark);
    return true;
}

/* --- ct and front_end --- */

static bool read_ct(struct js *js, const cJSON *value, void *target, const void *unused)
{
    unsigned primary, secondary;

    (void)unused;
    if (!sim_setting_ratio(js, value, 99999, &primary, &secondary))
        return false;
    ((struct sim_scenario *)target)->setup->network.ct_ratio = (double)primary / secondary;
    return true;
}

/* {"L1.current": number, "all.voltage": number}: one number a channel. */
static bool read_channels(struct js *js, const cJSON *value, double limit, double channel[EM_CHANNEL_COUNT])
{
    const cJSON *item;

    if (!js_names(js, value, "{\"L1.current\": 0.001}"))
        return false;
    cJSON_ArrayForEach(item, value)
    {
        struct sim_assignment a = {0};
        size_t mark;
        double number;

        if (!sim_parse_path(js, item->string, &a))
            return false;
        if (a.quantity != SIM_VOLTAGE && a.quantity != SIM_CURRENT)
            return js_fail(js, "\"%s\" is no channel; channels are \"L1.voltage\", \"L1.current\" and so on",
                           item->string);
        mark = js_enter_key(js, item->string);
        if (!js_number(js, item, -limit, limit, &number))
            return false;
        js_leave(js, mark);
        for (int p = 0; p < EM_PHASE_COUNT; p++)
            if (a.phases >> p & 1)
                channel[(a.quantity == SIM_VOLTAGE ? EM_U1 : EM_I1) + p] = number;
    }
    return true;
}

static bool read_noise(struct js *js, const cJSON *value, void *target, const void *unused)
{
    (void)unused;
    return js_number(js, value, 0, 1e6, &((struct sim_front_end *)target)->noise);
}

static bool read_gain_error(struct js *js, const cJSON *value, void *target, const void *unused)
{
    (void)unused;
    return read_channels(js, value, 1, ((struct sim_front_end *)target)->gain_error);
}

static bool read_phase_error(struct js *js, const cJSON *value, void *target, const void *unused)
{
    (void)unused;
    return read_channels(js, value, 180, ((struct sim_front_end *)target)->phase_error);
}

static bool read_offset(struct js *js, const cJSON *value, void *target, const void *unused)
{
    (void)unused;
    return read_channels(js, value, 1e6, ((struct sim_front_end *)target)->offset);
}

static bool read_adc_bits(struct js *js, const cJSON *value, void *target, const void *unused)
{
    int64_t bits;

    (void)unused;
    if (!js_integer(js, value, 8, 24, &bits))
        return false;
    ((struct sim_front_end *)target)->adc_bits = (unsigned)bits;
    return true;
}

/* One [A, gain error, degrees]. */
static bool read_transformer_point(struct js *js, const cJSON *value, double above, struct sim_transformer_point *point)
{
    static const double low[] = {1e-6, -1, -180}, high[] = {1000, 1, 180};
    double number[3];

    if (!cJSON_IsArray(value) || cJSON_GetArraySize(value) != 3)
        return js_fail(js, "must be [A, gain error, degrees], like [0.1, -0.002, 0.15]");
    for (int k = 0; k < 3; k++) {
        size_t mark = js_enter_index(js, k);

        if (!js_number(js, cJSON_GetArrayItem(value, k), low[k], high[k], &number[k]))
            return false;
        if (k == 0 && number[0] <= above)
            return js_fail(js, "must be more than %g, the current before it", above);
        js_leave(js, mark);
    }
    *point = (struct sim_transformer_point){number[0], number[1], number[2]};
    return true;
}

static bool read_transformer(struct js *js, const cJSON *value, void *target, const void *unused)
{
    struct sim_front_end *fe = target;
    const cJSON *item;
    double above = 0;

    (void)unused;
    if (!js_is_array(js, value))
        return false;
    fe->transformer_points = 0;
    cJSON_ArrayForEach(item, value)
    {
        size_t mark = js_enter_index(js, (int)fe->transformer_points);

        if (fe->transformer_points == SIM_TRANSFORMER_POINTS)
            return js_fail(js, "at most %d points", SIM_TRANSFORMER_POINTS);
        if (!read_transformer_point(js, item, above, &fe->transformer[fe->transformer_points]))
            return false;
        above = fe->transformer[fe->transformer_points++].current;
        js_leave(js, mark);
    }
    return true;
}

static bool read_remark(struct js *js, const cJSON *value, void *target, const void *unused)
{
    const char *text;

    (void)target;
    (void)unused;
    return js_string(js, value, &text);
}

static const struct js_field front_end_fields[] = {
    {"description", read_remark, NULL, false},      {"noise", read_noise, NULL, false},
    {"gain_error", read_gain_error, NULL, false},   {"phase_error", read_phase_error, NULL, false},
    {"offset", read_offset, NULL, false},           {"adc_bits", read_adc_bits, NULL, false},
    {"transformer", read_transformer, NULL, false},
};

static bool read_front_end(struct js *js, const cJSON *value, void *target, const void *unused)
{
    (void)unused;
    return js_object(js, value, front_end_fields, COUNT(front_end_fields),
                     &((struct sim_scenario *)target)->setup->network.front_end);
}

bool sim_front_end_load(struct js *js, const char *file, struct sim_front_end *fe)
{
    bool missing, ok;
    cJSON *tree = js_parse_file(js, file, &missing);

    memset(fe, 0, sizeof *fe);
    fe->seed = 1;
    ok = tree && js_object(js, tree, front_end_fields, COUNT(front_end_fields), fe);
    cJSON_Delete(tree);
    return ok;
}

/* --- timeline --- */

static bool read_time(struct js *js, const cJSON *value, void *target, const void *offset)
{
    return js_time(js, value, (int64_t *)((char *)target + *(const size_t *)offset));
}

static const size_t at_offset = offsetof(struct sim_timed, at), period_offset = offsetof(struct sim_timed, period);

static const struct js_field at_field = {"at", read_time, &at_offset, true};

static bool add_event(struct js *js, const cJSON *object, struct sim_scenario *s, const struct sim_timed *repeat)
{
    struct sim_timed timed = {.times = 1};
    struct sim_event *event = sim_event_parse(js, object, &at_field, 1, &timed);

    if (!event)
        return false;
    if (repeat) {
        timed.at += repeat->at;
        timed.period = repeat->period;
        timed.times = repeat->times;
    }
    timed.event = event;
    s->timed = sim_grow(s->timed, s->timed_count, sizeof *s->timed);
    s->timed[s->timed_count++] = timed;
    return true;
}

static bool read_times(struct js *js, const cJSON *value, void *target, const void *unused)
{
    (void)unused;
    return js_integer(js, value, 1, 1000000000, &((struct sim_timed *)target)->times);
}

static bool read_nothing(struct js *js, const cJSON *value, void *target, const void *unused)
{
    (void)target, (void)unused;
    return js_is_array(js, value);
}

static bool add_repeated(struct js *js, const cJSON *object, struct sim_scenario *s)
{
    static const struct js_field fields[] = {
        {"every", read_time, &period_offset, true},
        {"from", read_time, &at_offset, false},
        {"times", read_times, NULL, false},
        {"do", read_nothing, NULL, true},
    };
    struct sim_timed repeat = {.times = INT64_MAX};
    const cJSON *item;
    int k = 0;

    if (!js_object(js, object, fields, COUNT(fields), &repeat))
        return false;
    if (repeat.period == 0)
        return js_fail(js, "\"every\" must be longer than 0");
    if (repeat.times != INT64_MAX && repeat.times > INT64_MAX / 4 / repeat.period)
        return js_fail(js, "\"times\" is too much for this \"every\"");
    js_enter_key(js, "do");
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(object, "do"))
    {
        size_t mark = js_enter_index(js, k++);

        if (!add_event(js, item, s, &repeat))
            return false;
        js_leave(js, mark);
    }
    return true;
}

static bool read_timeline(struct js *js, const cJSON *value, void *target, const void *unused)
{
    const cJSON *item;
    int k = 0;

    (void)unused;
    if (!js_is_array(js, value))
        return false;
    cJSON_ArrayForEach(item, value)
    {
        size_t mark = js_enter_index(js, k++);
        bool ok = cJSON_GetObjectItemCaseSensitive(item, "every") ? add_repeated(js, item, target)
                                                                  : add_event(js, item, target, NULL);

        if (!ok)
            return false;
        js_leave(js, mark);
    }
    return true;
}

/* --- The whole --- */

static bool read_text(struct js *js, const cJSON *value, void *target, const void *offset)
{
    const char *text;
    char **out = (char **)((char *)target + *(const size_t *)offset);

    if (!js_string(js, value, &text))
        return false;
    *out = copy_text(text);
    return true;
}

static bool read_grid(struct js *js, const cJSON *value, void *target, const void *unused)
{
    (void)unused;
    return sim_parse_grid(js, value, &((struct sim_scenario *)target)->setup->network);
}

static bool read_load(struct js *js, const cJSON *value, void *target, const void *unused)
{
    (void)unused;
    return sim_parse_load(js, value, &((struct sim_scenario *)target)->setup->network);
}

static bool read_profile(struct js *js, const cJSON *value, void *target, const void *unused)
{
    struct sim_scenario *s = target;

    (void)unused;
    return sim_profile_parse(js, value, s->file, &s->profile);
}

static bool read_seed(struct js *js, const cJSON *value, void *target, const void *unused)
{
    int64_t seed;

    (void)unused;
    if (!js_integer(js, value, 0, 9007199254740992, &seed))
        return false;
    ((struct sim_scenario *)target)->setup->network.front_end.seed = (uint64_t)seed;
    return true;
}

static bool read_schema(struct js *js, const cJSON *value, void *target, const void *unused)
{
    const char *text;

    (void)target, (void)unused;
    return js_string(js, value, &text);
}

/* Names of meters are looked at in finish(). */
static bool read_vary(struct js *js, const cJSON *value, void *target, const void *unused)
{
    (void)unused;
    return sim_vary_parse(js, value, &((struct sim_scenario *)target)->vary);
}

static bool read_nothing_yet(struct js *js, const cJSON *value, void *target, const void *unused)
{
    (void)js, (void)value, (void)target, (void)unused;
    return true;
}

static const size_t name_offset = offsetof(struct sim_scenario, name),
                    description_offset = offsetof(struct sim_scenario, description),
                    duration_offset = offsetof(struct sim_scenario, duration);

static const struct js_field scenario_fields[] = {
    {"name", read_text, &name_offset, false},
    {"description", read_text, &description_offset, false},
    {"duration", read_time, &duration_offset, false},
    {"seed", read_seed, NULL, false},
    {"meter", read_meter, NULL, false},
    {"meters", read_nothing, NULL, false}, /* see expand_meters */
    {"ct", read_ct, NULL, false},
    {"grid", read_grid, NULL, false},
    {"load", read_load, NULL, false},
    {"timeline", read_timeline, NULL, false},
    {"profile", read_profile, NULL, false},
    {"waveform", read_nothing_yet, NULL, false}, /* see take_waveform */
    {"front_end", read_front_end, NULL, false},
    {"vary", read_vary, NULL, false},
    {"$schema", read_schema, NULL, false},
};

static struct sim_scenario *new_scenario(const char *file)
{
    struct sim_scenario *s = calloc(1, sizeof *s);

    if (!s)
        abort();
    s->file = copy_text(file);
    s->duration = -1;
    s->setup = sim_grow(NULL, 0, sizeof *s->setup);
    s->meters = 1;
    sim_network_init(&s->setup->network);
    s->setup->network.ct_ratio = 0;
    return s;
}

static int64_t last_event(const struct sim_scenario *s)
{
    int64_t last = s->profile.rows ? s->profile.time[s->profile.rows - 1] : 0;

    last = s->waveform.end > last ? s->waveform.end : last;
    for (unsigned k = 0; k < s->timed_count; k++) {
        const struct sim_timed *t = &s->timed[k];
        int64_t at = t->period && t->times != INT64_MAX ? t->at + t->period * (t->times - 1) : t->at;

        if (at > last)
            last = at;
    }
    return last;
}

/* The transformer in the field is as the meter is set, if nothing else is said. */
static void complete_ct(struct sim_setup *s)
{
    const struct sim_preset *ratio = sim_setup_find(s, EM_SETTING_CT_RATIO);

    if (s->network.ct_ratio == 0)
        s->network.ct_ratio = ratio ? (double)EM_CT_PRIMARY(ratio->value) / EM_CT_SECONDARY(ratio->value) : 1;
}

/* A profile would end the recording with its first row. */
static bool profile_leaves_waveform(struct js *js, const struct sim_scenario *s)
{
    for (unsigned k = 0; k < s->profile.columns; k++) {
        struct sim_network net = s->setup->network;

        sim_network_assign(&net, &s->profile.column[k]);
        for (int c = 0; c < EM_CHANNEL_COUNT; c++)
            if (net.recorded[c] != s->setup->network.recorded[c])
                return js_fail(js,
                               "profile.columns: what \"waveform\" plays on %s of L%d can not be set from a profile",
                               c < EM_I1 ? "the voltage" : "the current", c % EM_PHASE_COUNT + 1);
    }
    return true;
}

/* Recorded waveforms; when all else is read, as the front end acts on them. The mains is that of the recording, if
 * nothing else is said. */
static bool take_waveform(struct js *js, const cJSON *root, struct sim_scenario *s)
{
    const cJSON *waveform = cJSON_GetObjectItemCaseSensitive(root, "waveform");
    const cJSON *grid = cJSON_GetObjectItemCaseSensitive(root, "grid");

    if (!waveform)
        return true;
    complete_ct(s->setup);
    if (!sim_waveform_parse(js, waveform, s->file, &s->setup->network, &s->waveform))
        return false;
    for (unsigned k = 0; k < s->meters; k++) {
        struct sim_network *net = &s->setup[k].network;

        memcpy(net->recorded, s->waveform.channel, sizeof net->recorded);
        if (!cJSON_GetObjectItemCaseSensitive(grid, "frequency"))
            net->frequency = s->waveform.frequency;
    }
    return profile_leaves_waveform(js, s);
}

/* What can be judged only when all is read. */
static bool finish(struct js *js, struct sim_scenario *s)
{
    bool endless = false;

    if (!s->name)
        s->name = copy_text(s->file);
    for (unsigned k = 0; k < s->meters; k++)
        complete_ct(&s->setup[k]);
    for (unsigned k = 0; k < s->timed_count; k++)
        endless = endless || s->timed[k].times == INT64_MAX;
    if (s->duration < 0) {
        if (endless)
            return js_fail(js, "\"duration\" is missing; an \"every\" without \"times\" needs it");
        s->duration = last_event(s);
        if (s->duration == 0)
            return js_fail(js, "\"duration\" is missing");
    }
    for (unsigned k = 0; k < s->timed_count; k++) {
        size_t mark = js_enter_key(js, s->timed[k].event->where);

        if (!sim_event_fits(js, s->timed[k].event, s->meters))
            return false;
        js_leave(js, mark);
    }
    for (unsigned k = 0; k < s->vary.reports; k++) {
        size_t mark = js_enter_key(js, "vary.report");

        if (!sim_name_fits(js, s->vary.report[k], s->meters))
            return false;
        js_leave(js, mark);
    }
    for (unsigned k = 0; k < s->timed_count; k++)
        if (s->timed[k].at > s->duration)
            return js_fail(js, "%s.at: %g s is after the end of the scenario (\"duration\" is %g s)",
                           s->timed[k].event->where, (double)s->timed[k].at / EM_SAMPLE_RATE,
                           (double)s->duration / EM_SAMPLE_RATE);
    return true;
}

static bool override(struct js *js, cJSON *root, const char *text)
{
    const char *value = strchr(text, '='), *why;
    char path[128];

    js->file = "--set";
    if (!value || value == text || (size_t)(value - text) >= sizeof path)
        return js_fail(js, "\"%s\" must be PATH=VALUE, as in load.L1.current=20", text);
    snprintf(path, sizeof path, "%.*s", (int)(value - text), text);
    return js_override(root, path, value + 1, &why) || js_fail(js, "%s: %s", path, why);
}

/* Reads a tree, which the scenario then owns. */
static struct sim_scenario *read_tree(struct js *js, cJSON *root, const char *file)
{
    struct sim_scenario *s = new_scenario(file);

    s->source = root;
    js->file = file;
    if (js_object(js, root, scenario_fields, COUNT(scenario_fields), s) && expand_meters(js, root, s) &&
        take_waveform(js, root, s) && finish(js, s))
        return s;
    sim_scenario_free(s);
    return NULL;
}

/* A scenario with the values of a run in their places and nothing that varies. */
static struct sim_scenario *fill_in(struct js *js, const struct sim_scenario *base, const cJSON *values)
{
    cJSON *root = cJSON_Duplicate(base->source, true);

    if (!root)
        abort();
    cJSON_DeleteItemFromObjectCaseSensitive(root, "vary");
    if (sim_vary_apply(js, root, values))
        return read_tree(js, root, base->file);
    cJSON_Delete(root);
    return NULL;
}

struct sim_scenario *sim_scenario_run(struct js *js, const struct sim_scenario *base, unsigned run)
{
    cJSON *values = sim_vary_draw(&base->vary, run);
    struct js own = {.file = base->file};
    struct sim_scenario *s = fill_in(&own, base, values);

    cJSON_Delete(values);
    if (!s) {
        js->file = base->file;
        js_fail(js, "run %u: %s", run, own.error + strlen(base->file) + 2);
    }
    return s;
}

/* The first run tells whether the paths lead somewhere. */
static bool first_run_is_right(struct js *js, const struct sim_scenario *s)
{
    struct sim_scenario *first = sim_scenario_run(js, s, 1);

    sim_scenario_free(first);
    return first;
}

struct sim_scenario *sim_scenario_load(struct js *js, const char *file, const char *const *overrides, size_t count)
{
    bool missing, ok = true;
    cJSON *root = js_parse_file(js, file, &missing);
    struct sim_scenario *s;

    if (!root)
        return NULL;
    for (size_t k = 0; ok && k < count; k++)
        ok = override(js, root, overrides[k]);
    if (!ok) {
        cJSON_Delete(root);
        return NULL;
    }
    s = read_tree(js, root, file);
    if (!s || !s->vary.runs || first_run_is_right(js, s))
        return s;
    sim_scenario_free(s);
    return NULL;
}

struct sim_scenario *sim_scenario_default(void)
{
    static const char text[] =
        "{\"name\": \"default\", \"duration\": 0, \"load\": {\"all\": {\"current\": 5, \"pf\": 0.9}}}";
    struct js js = {.file = "default"};
    struct sim_scenario *s = read_tree(&js, js_parse(&js, text), "default");

    if (!s)
        abort();
    return s;
}

void sim_scenario_free(struct sim_scenario *s)
{
    if (!s)
        return;
    for (unsigned k = 0; k < s->timed_count; k++)
        sim_event_free(s->timed[k].event);
    sim_profile_free(&s->profile);
    sim_vary_free(&s->vary);
    sim_waveform_free(&s->waveform);
    free(s->timed);
    for (unsigned k = 0; k < s->meters; k++)
        sim_setup_free(&s->setup[k]);
    free(s->setup);
    cJSON_Delete(s->source);
    free(s->name);
    free(s->description);
    free(s->file);
    free(s);
}
