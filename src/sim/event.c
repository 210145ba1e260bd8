/* SPDX-License-Identifier: MIT */
#include "event.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace.h"

#define ALL_PHASES 7

static void *allocate(size_t count, size_t size)
{
    void *p = calloc(count ? count : 1, size);

    if (!p)
        abort();
    return p;
}

static char *copy_text(const char *text)
{
    return strcpy(allocate(strlen(text) + 1, 1), text);
}

/* --- Quantities of the network --- */

/* The rows are in the order of enum sim_quantity. */
static const struct quantity {
    const char *path; /* behind "L1." in a set; NULL when it has no phase */
    double min, max;
} quantities[SIM_QUANTITY_COUNT] = {
    [SIM_FREQUENCY] = {NULL, SIM_FREQUENCY_MIN, SIM_FREQUENCY_MAX},
    [SIM_VOLTAGE] = {"voltage", 0, 600},
    [SIM_VOLTAGE_ANGLE] = {"voltage_angle", -360, 360},
    [SIM_VOLTAGE_HARMONICS] = {"voltage_harmonics", 0, 0},
    [SIM_CURRENT] = {"current", 0, 1e6},
    [SIM_ANGLE] = {"angle", -360, 360},
    [SIM_PF] = {"pf", -1, 1},
    [SIM_KIND] = {"kind", 0, 0},
    [SIM_POWER] = {"power", -1e9, 1e9},
    [SIM_REACTIVE] = {"reactive", -1e9, 1e9},
    [SIM_CURRENT_HARMONICS] = {"current_harmonics", 0, 0},
};

bool sim_parse_path(struct js *js, const char *path, struct sim_assignment *a)
{
    const char *quantity = path;

    memset(a, 0, sizeof *a);
    if (strcmp(path, "frequency") == 0) {
        a->quantity = SIM_FREQUENCY;
        return true;
    }
    if (path[0] == 'L' && path[1] >= '1' && path[1] <= '3' && path[2] == '.') {
        a->phases = (uint8_t)(1 << (path[1] - '1'));
        quantity = path + 3;
    } else if (strncmp(path, "all.", 4) == 0) {
        a->phases = ALL_PHASES;
        quantity = path + 4;
    }
    for (int q = SIM_VOLTAGE; q < SIM_QUANTITY_COUNT && a->phases; q++) {
        if (strcmp(quantities[q].path, quantity) == 0) {
            a->quantity = (enum sim_quantity)q;
            return true;
        }
    }
    return js_fail(js,
                   "unknown path \"%s\"; known are \"frequency\" and, behind \"L1.\", \"L2.\", \"L3.\" or \"all.\", "
                   "voltage, voltage_angle, voltage_harmonics, current, angle, pf, kind, power, reactive, "
                   "current_harmonics",
                   path);
}

bool sim_check_number(struct js *js, const struct sim_assignment *a, double number)
{
    const struct quantity *q = &quantities[a->quantity];

    if (number >= q->min && number <= q->max)
        return true;
    return js_fail(js, "%g is out of range; allowed is %g to %g", number, q->min, q->max);
}

static bool parse_harmonic(struct js *js, const cJSON *value, struct sim_harmonic *h)
{
    int64_t order;

    if (!cJSON_IsArray(value) || cJSON_GetArraySize(value) != 3)
        return js_fail(js, "a harmonic is [order, percent of the fundamental, degrees]");
    if (!js_integer(js, cJSON_GetArrayItem(value, 0), 2, SIM_HARMONIC_MAX, &order))
        return false;
    h->order = (uint8_t)order;
    return js_number(js, cJSON_GetArrayItem(value, 1), 0, 1000, &h->percent) &&
           js_number(js, cJSON_GetArrayItem(value, 2), -360, 360, &h->degrees);
}

static bool parse_harmonics(struct js *js, const cJSON *value, struct sim_harmonics *list)
{
    const cJSON *item;

    list->count = 0;
    if (!js_is_array(js, value))
        return false;
    cJSON_ArrayForEach(item, value)
    {
        size_t mark = js_enter_index(js, (int)list->count);

        if (list->count == SIM_HARMONIC_MAX - 1)
            return js_fail(js, "at most %d harmonics", SIM_HARMONIC_MAX - 1);
        if (!parse_harmonic(js, item, &list->at[list->count]))
            return false;
        for (unsigned k = 0; k < list->count; k++)
            if (list->at[k].order == list->at[list->count].order)
                return js_fail(js, "harmonic %u stands twice", list->at[k].order);
        list->count++;
        js_leave(js, mark);
    }
    return true;
}

/* The value of an assignment whose quantity is known. */
static bool parse_assigned(struct js *js, const cJSON *value, struct sim_assignment *a)
{
    static const char *const kinds[] = {"inductive", "capacitive", NULL};
    const struct quantity *q = &quantities[a->quantity];
    int kind;

    if (a->quantity == SIM_VOLTAGE_HARMONICS || a->quantity == SIM_CURRENT_HARMONICS)
        return parse_harmonics(js, value, &a->harmonics);
    if (a->quantity != SIM_KIND)
        return js_number(js, value, q->min, q->max, &a->number);
    if (!js_word(js, value, kinds, &kind))
        return false;
    a->number = kind;
    return true;
}

/* --- grid and load --- */

/* The network and the phases of the object that is being read. */
struct network_target {
    struct sim_network *network;
    uint8_t phases;
};

static bool read_quantity(struct js *js, const cJSON *value, void *target, const void *argument)
{
    struct network_target *t = target;
    struct sim_assignment a = {.quantity = *(const enum sim_quantity *)argument, .phases = t->phases};

    if (!parse_assigned(js, value, &a))
        return false;
    sim_network_assign(t->network, &a);
    return true;
}

static const enum sim_quantity quantity_of[SIM_QUANTITY_COUNT] = {
    SIM_FREQUENCY, SIM_VOLTAGE, SIM_VOLTAGE_ANGLE, SIM_VOLTAGE_HARMONICS, SIM_CURRENT,           SIM_ANGLE,
    SIM_PF,        SIM_KIND,    SIM_POWER,         SIM_REACTIVE,          SIM_CURRENT_HARMONICS,
};
#define QUANTITY_FIELD(key, q)                                                                                         \
    {                                                                                                                  \
        key, read_quantity, &quantity_of[q], false                                                                     \
    }

static const struct js_field grid_phase_fields[] = {
    QUANTITY_FIELD("voltage", SIM_VOLTAGE),
    QUANTITY_FIELD("angle", SIM_VOLTAGE_ANGLE),
    QUANTITY_FIELD("harmonics", SIM_VOLTAGE_HARMONICS),
};

static const struct js_field load_phase_fields[] = {
    QUANTITY_FIELD("current", SIM_CURRENT),
    QUANTITY_FIELD("angle", SIM_ANGLE),
    QUANTITY_FIELD("pf", SIM_PF),
    QUANTITY_FIELD("kind", SIM_KIND),
    QUANTITY_FIELD("power", SIM_POWER),
    QUANTITY_FIELD("reactive", SIM_REACTIVE),
    QUANTITY_FIELD("harmonics", SIM_CURRENT_HARMONICS),
};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static bool has(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key) != NULL;
}

static const uint8_t phase_masks[] = {1, 2, 4, ALL_PHASES};

static bool read_grid_phase(struct js *js, const cJSON *value, void *target, const void *argument)
{
    struct network_target t = {((struct network_target *)target)->network, *(const uint8_t *)argument};

    return js_object(js, value, grid_phase_fields, COUNT(grid_phase_fields), &t);
}

static bool read_load_phase(struct js *js, const cJSON *value, void *target, const void *argument)
{
    struct network_target t = {((struct network_target *)target)->network, *(const uint8_t *)argument};

    if ((has(value, "power") || has(value, "reactive")) &&
        (has(value, "current") || has(value, "angle") || has(value, "pf") || has(value, "kind")))
        return js_fail(js, "give either power and reactive, or current with angle or pf, not both");
    if (has(value, "angle") && (has(value, "pf") || has(value, "kind")))
        return js_fail(js, "give either angle, or pf and kind, not both");
    return js_object(js, value, load_phase_fields, COUNT(load_phase_fields), &t);
}

bool sim_parse_grid(struct js *js, const cJSON *value, struct sim_network *network)
{
    static const struct js_field fields[] = {
        QUANTITY_FIELD("frequency", SIM_FREQUENCY),         QUANTITY_FIELD("voltage", SIM_VOLTAGE),
        QUANTITY_FIELD("harmonics", SIM_VOLTAGE_HARMONICS), {"L1", read_grid_phase, &phase_masks[0], false},
        {"L2", read_grid_phase, &phase_masks[1], false},    {"L3", read_grid_phase, &phase_masks[2], false},
    };
    struct network_target target = {network, ALL_PHASES};

    return js_object(js, value, fields, COUNT(fields), &target);
}

bool sim_parse_load(struct js *js, const cJSON *value, struct sim_network *network)
{
    static const struct js_field fields[] = {
        {"all", read_load_phase, &phase_masks[3], false},
        {"L1", read_load_phase, &phase_masks[0], false},
        {"L2", read_load_phase, &phase_masks[1], false},
        {"L3", read_load_phase, &phase_masks[2], false},
    };
    struct network_target target = {network, ALL_PHASES};

    return js_object(js, value, fields, COUNT(fields), &target);
}

/* --- Names that can be expected --- */

static const char *const prefixes[] = {"reference.", "error_percent."};

/* The register's name behind a prefix. */
static const char *plain_name(const char *name)
{
    for (size_t k = 0; k < COUNT(prefixes); k++)
        if (strncmp(name, prefixes[k], strlen(prefixes[k])) == 0)
            return name + strlen(prefixes[k]);
    return name;
}

unsigned sim_name_meter(const char *name, const char **plain)
{
    static const char sum[] = "sum.", meter[] = "meter";
    size_t n;

    *plain = name;
    if (strncmp(name, sum, strlen(sum)) == 0) {
        *plain = name + strlen(sum);
        return SIM_METER_SUM;
    }
    if (strncmp(name, meter, strlen(meter)) != 0)
        return 0;
    name += strlen(meter);
    n = strspn(name, "0123456789");
    if (n == 0 || n > 6 || name[0] == '0' || name[n] != '.')
        return 0;
    *plain = name + n + 1;
    return (unsigned)atoi(name);
}

static bool meter_exists(struct js *js, unsigned meter, unsigned meters)
{
    return meter == SIM_METER_SUM || meter <= meters ||
           js_fail(js, "there is no meter %u, only 1 to %u", meter, meters);
}

bool sim_name_fits(struct js *js, const char *name, unsigned meters)
{
    return meter_exists(js, sim_name_meter(name, &name), meters);
}

bool sim_event_fits(struct js *js, const struct sim_event *event, unsigned meters)
{
    for (unsigned k = 0; event->expectation && k < event->count; k++)
        if (!sim_name_fits(js, event->expectation[k].name, meters))
            return false;
    return meter_exists(js, event->meter, meters);
}

bool sim_event_is_frame(const struct sim_event *event)
{
    return event->kind == SIM_EVENT_MODBUS || event->kind == SIM_EVENT_MBUS;
}

bool sim_parse_name(struct js *js, const char *name)
{
    const char *full = name;
    bool sum = sim_name_meter(name, &name) == SIM_METER_SUM;
    const char *plain = plain_name(name);
    const struct em_register *row = sim_register_named(plain);
    const struct sim_reading *reading = sim_reading_named(name);

    if (strncmp(name, SIM_LINES, strlen(SIM_LINES)) == 0)
        return name == full ? sim_parse_counter(js, name)
                            : js_fail(js, "a line is that of all meters; write \"%s\"", name);
    if (sum && (reading ? strncmp(name, "pulses.", 7) != 0 : row && !sim_register_adds_up(row)))
        return js_fail(js, "\"%s\" does not add up over meters; energies, powers and pulses do", plain);
    if (reading)
        return true;
    if (!row) {
        const char *near = sim_register_nearest(plain);

        return near ? js_fail(js, "unknown name \"%s\"; did you mean \"%s\"?", full, near)
                    : js_fail(js, "unknown name \"%s\"; `vmeter map` lists them", full);
    }
    if (plain != name && row->source != EM_FROM_QUANTITY &&
        (row->source != EM_FROM_ENERGY || EM_ENERGY_SET(row->argument) != EM_SET_MAIN))
        return js_fail(js, "\"%s\" has no reference; measured values and the energies of 6000..608A have one", plain);
    if (strncmp(name, prefixes[1], strlen(prefixes[1])) == 0 && sim_register_is_text(row))
        return js_fail(js, "\"%s\" is a text and has no error", plain);
    return true;
}

bool sim_name_is_text(const char *name)
{
    const struct sim_reading *reading;
    const struct em_register *row;

    sim_name_meter(name, &name);
    reading = sim_reading_named(name);
    row = sim_register_named(name);
    return reading ? reading->is_text : row && sim_register_is_text(row);
}

const char *sim_name_unit(const char *name)
{
    const struct em_register *row;

    sim_name_meter(name, &name);
    row = sim_register_named(plain_name(name));
    if (strncmp(name, prefixes[1], strlen(prefixes[1])) == 0)
        return "%";
    return row ? sim_unit_name(row) : "";
}

/* --- set --- */

static bool read_set(struct js *js, const cJSON *value, void *target, const void *unused)
{
    struct sim_event *event = target;
    const cJSON *item;

    (void)unused;
    event->kind = SIM_EVENT_SET;
    if (!js_names(js, value, "{\"L1.current\": 20}"))
        return false;
    event->assignment = allocate((size_t)cJSON_GetArraySize(value), sizeof *event->assignment);
    cJSON_ArrayForEach(item, value)
    {
        struct sim_assignment *a = &event->assignment[event->count];
        size_t mark;

        if (!sim_parse_path(js, item->string, a))
            return false;
        mark = js_enter_key(js, item->string);
        if (!parse_assigned(js, item, a))
            return false;
        js_leave(js, mark);
        event->count++;
    }
    return true;
}

static bool read_over(struct js *js, const cJSON *value, void *target, const void *unused)
{
    (void)unused;
    return js_time(js, value, &((struct sim_event *)target)->over);
}

/* --- tariff_input, power --- */

static bool read_switch(struct js *js, const cJSON *value, void *target, const void *kind)
{
    struct sim_event *event = target;

    event->kind = *(const enum sim_event_kind *)kind;
    return js_bool(js, value, &event->on);
}

/* --- modbus, mbus --- */

/* The bytes that a user may write: a whole unit + PDU; a whole M-Bus frame and some more for those who test with it. */
#define MODBUS_MAX 256
#define MBUS_MAX   (EM_MBUS_FRAME_MAX + 40)

/* How long a master waits for a reply if nothing is said. */
#define TIMEOUT_SAMPLES EM_SAMPLE_RATE

bool sim_parse_frame(struct js *js, const char *text, bool wildcards, unsigned max, struct sim_frame *frame)
{
    for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
        bool any = wildcards && text[0] == '?' && text[1] == '?';

        if (!any && (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1])))
            return js_fail(js,
                           "\"%.8s\" is not a byte; write two hexadecimal digits a byte, as in \"01 03 50 02 00 02\"%s",
                           text, wildcards ? ", or ?? for any" : "");
        if (frame->n == max)
            return js_fail(js, "at most %u bytes", max);
        frame->mask[frame->n] = any ? 0 : 0xFF;
        frame->byte[frame->n++] = any ? 0 : (uint8_t)strtoul((char[]){text[0], text[1], 0}, NULL, 16);
        text += 2;
    }
    return true;
}

static bool read_modbus(struct js *js, const cJSON *value, void *target, const void *unused)
{
    struct sim_event *event = target;
    const char *text;

    (void)unused;
    event->kind = SIM_EVENT_MODBUS;
    event->request = allocate(1, sizeof *event->request);
    if (!js_string(js, value, &text) || !sim_parse_frame(js, text, false, MODBUS_MAX, event->request))
        return false;
    return event->request->n >= 2 || js_fail(js, "a request has at least a unit and a function byte");
}

static bool read_mbus(struct js *js, const cJSON *value, void *target, const void *unused)
{
    struct sim_event *event = target;
    const char *text;

    (void)unused;
    event->kind = SIM_EVENT_MBUS;
    event->request = allocate(1, sizeof *event->request);
    if (!js_string(js, value, &text) || !sim_parse_frame(js, text, false, MBUS_MAX, event->request))
        return false;
    return event->request->n > 0 || js_fail(js, "is empty; write a whole frame, as in \"10 40 00 40 16\"");
}

static bool read_reply(struct js *js, const cJSON *value, void *target, const void *unused)
{
    struct sim_event *event = target;
    const char *text;

    (void)unused;
    event->reply_kind = SIM_REPLY_SILENCE;
    if (cJSON_IsNull(value))
        return true;
    event->reply_kind = SIM_REPLY_FRAME;
    event->reply = allocate(1, sizeof *event->reply);
    if (!js_string(js, value, &text) || !sim_parse_frame(js, text, true, SIM_FRAME_MAX, event->reply))
        return false;
    return event->reply->n > 0 || js_fail(js, "is empty; write null if there shall be no reply");
}

void sim_frame_text(const uint8_t *byte, const uint8_t *mask, size_t n, char *text)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t k = 0; k < n; k++) {
        bool any = mask && !mask[k];

        if (k)
            *text++ = ' ';
        *text++ = any ? '?' : digits[byte[k] >> 4];
        *text++ = any ? '?' : digits[byte[k] & 15];
    }
    *text = '\0';
}

static bool read_timeout(struct js *js, const cJSON *value, void *target, const void *unused)
{
    struct sim_event *event = target;

    (void)unused;
    if (!js_time(js, value, &event->timeout))
        return false;
    return event->timeout > 0 || js_fail(js, "must be longer than 0");
}

/* --- line --- */

static bool read_line(struct js *js, const cJSON *value, void *target, const void *unused)
{
    struct sim_event *event = target;

    (void)unused;
    event->kind = SIM_EVENT_LINE;
    event->line = allocate(1, sizeof *event->line);
    return sim_parse_line(js, value, event->line);
}

/* --- expect --- */

static bool read_expected_value(struct js *js, const cJSON *value, void *target, const void *unused)
{
    struct sim_expectation *e = target;

    (void)unused;
    e->has_value = true;
    if (cJSON_IsString(value)) {
        e->value.is_text = true;
        snprintf(e->value.text, sizeof e->value.text, "%s", value->valuestring);
        if (strspn(value->valuestring, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz/.- ") !=
            strlen(value->valuestring))
            return js_fail(js, "no value is written like this");
        return strlen(value->valuestring) < sizeof e->value.text || js_fail(js, "no value is as long as this");
    }
    return js_number(js, value, -1e18, 1e18, &e->value.number);
}

static bool read_tolerance(struct js *js, const cJSON *value, void *target, const void *unused)
{
    struct sim_expectation *e = target;
    char *end;

    (void)unused;
    e->has_tolerance = true;
    if (!cJSON_IsString(value))
        return js_number(js, value, 0, 1e18, &e->tolerance);
    e->relative = true;
    e->tolerance = strtod(value->valuestring, &end) / 100;
    if (end == value->valuestring || strcmp(end, "%") || !(e->tolerance >= 0 && e->tolerance < 1e9))
        return js_fail(js, "\"%s\" is no tolerance; write a number, or a text like \"0.1%%\"", value->valuestring);
    return true;
}

static bool read_limit(struct js *js, const cJSON *value, void *target, const void *upper)
{
    struct sim_expectation *e = target;

    *(upper ? &e->has_max : &e->has_min) = true;
    return js_number(js, value, -1e18, 1e18, upper ? &e->max : &e->min);
}

static bool parse_expectation(struct js *js, const cJSON *value, struct sim_expectation *e)
{
    static const struct js_field fields[] = {
        {"value", read_expected_value, NULL, false},
        {"tol", read_tolerance, NULL, false},
        {"min", read_limit, NULL, false},
        {"max", read_limit, "", false},
    };
    const char *name;
    const struct em_register *row = (sim_name_meter(e->name, &name), sim_register_named(plain_name(name)));
    const struct sim_reading *reading = sim_reading_named(name);
    bool text = reading ? reading->is_text : row && sim_register_is_text(row);

    if (cJSON_IsObject(value) ? !js_object(js, value, fields, COUNT(fields), e)
                              : !read_expected_value(js, value, e, NULL))
        return false;
    if (text && (!e->has_value || !e->value.is_text || e->has_min || e->has_max))
        return js_fail(js, "its value is a text; expect one in quotes");
    if (!text && e->has_value && e->value.is_text)
        return js_fail(js, "its value is a number; expect one without quotes");
    if (e->has_min && e->has_max && e->min > e->max)
        return js_fail(js, "\"min\" is above \"max\"");
    if (!e->has_value && !e->has_min && !e->has_max)
        return js_fail(js, "needs \"value\" (with \"tol\"), \"min\" or \"max\"");
    if (e->has_tolerance && (!e->has_value || e->value.is_text))
        return js_fail(js, "\"tol\" goes with a number as \"value\"");
    return true;
}

static bool read_expect(struct js *js, const cJSON *value, void *target, const void *unused)
{
    struct sim_event *event = target;
    const cJSON *item;

    (void)unused;
    event->kind = SIM_EVENT_EXPECT;
    if (!js_names(js, value, "{\"l1_voltage\": {\"value\": 230, \"tol\": 0.1}}"))
        return false;
    event->expectation = allocate((size_t)cJSON_GetArraySize(value), sizeof *event->expectation);
    cJSON_ArrayForEach(item, value)
    {
        struct sim_expectation *e = &event->expectation[event->count];
        size_t mark;

        if (!sim_parse_name(js, item->string))
            return false;
        event->count++;
        mark = js_enter_key(js, item->string);
        e->name = copy_text(item->string);
        e->where = copy_text(js->path);
        if (!parse_expectation(js, item, e))
            return false;
        js_leave(js, mark);
    }
    return true;
}

/* --- power_cut, corrupt --- */

static bool read_after_writes(struct js *js, const cJSON *value, void *target, const void *unused)
{
    int64_t n;

    (void)unused;
    if (!js_integer(js, value, 1, 1000000000, &n))
        return false;
    ((struct sim_event *)target)->after_writes = (uint64_t)n;
    return true;
}

static bool read_torn(struct js *js, const cJSON *value, void *target, const void *unused)
{
    static const char *const words[] = {"nothing", "half", "all", NULL};
    int word = 0;

    (void)unused;
    if (!js_word(js, value, words, &word))
        return false;
    ((struct sim_event *)target)->torn = (enum sim_torn)word;
    return true;
}

static bool read_power_cut(struct js *js, const cJSON *value, void *target, const void *unused)
{
    static const struct js_field fields[] = {
        {"after_writes", read_after_writes, NULL, true},
        {"torn", read_torn, NULL, false},
    };
    struct sim_event *event = target;

    (void)unused;
    event->kind = SIM_EVENT_POWER_CUT;
    event->torn = SIM_TORN_HALF;
    return js_object(js, value, fields, COUNT(fields), event);
}

static bool read_area(struct js *js, const cJSON *value, void *target, const void *unused)
{
    static const char *const words[] = {"energy_main", "energy_backup", "mantissa", "settings", "calibration", NULL};
    int word = 0;

    (void)unused;
    if (!js_word(js, value, words, &word))
        return false;
    ((struct sim_event *)target)->area = (enum em_nv_area)word;
    return true;
}

static bool read_byte(struct js *js, const cJSON *value, void *target, const void *unused)
{
    int64_t n;

    (void)unused;
    if (!js_integer(js, value, 0, EM_NV_SIZE - 1, &n))
        return false;
    ((struct sim_event *)target)->byte = (uint32_t)n;
    return true;
}

static bool read_corrupt(struct js *js, const cJSON *value, void *target, const void *unused)
{
    static const struct js_field fields[] = {
        {"area", read_area, NULL, true},
        {"byte", read_byte, NULL, true},
    };
    struct sim_event *event = target;

    (void)unused;
    event->kind = SIM_EVENT_CORRUPT;
    if (!js_object(js, value, fields, COUNT(fields), event))
        return false;
    return event->byte < em_nv_places[event->area].size ||
           js_fail(js, "byte %u is outside the area, which has %u bytes", event->byte, em_nv_places[event->area].size);
}

/* --- press, snapshot --- */

/* How long a touch lasts if nothing is said. */
#define TAP_SAMPLES (EM_SAMPLE_RATE / 10)

static bool read_press(struct js *js, const cJSON *value, void *target, const void *unused)
{
    static const char *const buttons[] = {"left", "middle", "right", NULL};
    struct sim_event *event = target;
    int button = 0;

    (void)unused;
    event->kind = SIM_EVENT_PRESS;
    if (!js_word(js, value, buttons, &button))
        return false;
    event->button = (enum em_button)button;
    if (!event->has_hold)
        event->hold = TAP_SAMPLES;
    return true;
}

static bool read_hold(struct js *js, const cJSON *value, void *target, const void *unused)
{
    struct sim_event *event = target;

    (void)unused;
    event->has_hold = true;
    event->hold = cJSON_IsTrue(value) ? INT64_MAX : 0;
    if (cJSON_IsBool(value))
        return true;
    if (!js_time(js, value, &event->hold))
        return false;
    return event->hold > 0 || js_fail(js, "must be longer than 0; false lets go of the button");
}

static bool read_snapshot(struct js *js, const cJSON *value, void *target, const void *unused)
{
    struct sim_event *event = target;
    const char *text, *dot;

    (void)unused;
    event->kind = SIM_EVENT_SNAPSHOT;
    if (!js_string(js, value, &text))
        return false;
    event->file = copy_text(text);
    dot = strrchr(text, '.');
    return (dot && (strcmp(dot, ".png") == 0 || strcmp(dot, ".svg") == 0)) ||
           js_fail(js, "\"%s\": a snapshot's name ends in .png or .svg", text);
}

/* --- Events --- */

static const enum sim_event_kind tariff_input_kind = SIM_EVENT_TARIFF_INPUT, power_kind = SIM_EVENT_POWER;

static bool read_which_meter(struct js *js, const cJSON *value, void *target, const void *unused)
{
    int64_t n;

    (void)unused;
    if (!js_integer(js, value, 1, SIM_METERS_MAX, &n))
        return false;
    ((struct sim_event *)target)->meter = (unsigned)n;
    return true;
}

/* The first KIND_COUNT fields say what the event is; the rest belong to some of them. */
#define KIND_COUNT 11
static const struct js_field event_fields[] = {
    {"set", read_set, NULL, false},
    {"tariff_input", read_switch, &tariff_input_kind, false},
    {"power", read_switch, &power_kind, false},
    {"modbus", read_modbus, NULL, false},
    {"mbus", read_mbus, NULL, false},
    {"expect", read_expect, NULL, false},
    {"power_cut", read_power_cut, NULL, false},
    {"corrupt", read_corrupt, NULL, false},
    {"press", read_press, NULL, false},
    {"snapshot", read_snapshot, NULL, false},
    {"line", read_line, NULL, false},
    {"over", read_over, NULL, false},
    {"reply", read_reply, NULL, false},
    {"timeout", read_timeout, NULL, false},
    {"hold", read_hold, NULL, false},
    {"meter", read_which_meter, NULL, false},
};

/* Fields of two targets in one object: those of the event and the caller's. */
struct two_targets {
    struct sim_event *event;
    void *extra_target;
};

static bool read_extra(struct js *js, const cJSON *value, void *target, const void *argument)
{
    const struct two_targets *t = target;
    const struct js_field *field = argument;

    return field->read(js, value, t->extra_target, field->argument);
}

static bool read_own(struct js *js, const cJSON *value, void *target, const void *argument)
{
    const struct two_targets *t = target;
    const struct js_field *field = argument;

    return field->read(js, value, t->event, field->argument);
}

static bool parse_event(struct js *js, const cJSON *object, const struct js_field *extra, size_t extra_count,
                        void *extra_target, struct sim_event *event)
{
    struct js_field fields[COUNT(event_fields) + 8];
    struct two_targets targets = {event, extra_target};
    size_t n = 0, kinds = 0;

    for (size_t k = 0; k < extra_count; k++)
        fields[n++] = (struct js_field){extra[k].key, read_extra, &extra[k], extra[k].required};
    for (size_t k = 0; k < COUNT(event_fields); k++)
        fields[n++] = (struct js_field){event_fields[k].key, read_own, &event_fields[k], false};
    /* Two kinds are refused before they are read: they would share the event's room. */
    for (size_t k = 0; k < KIND_COUNT; k++)
        kinds += has(object, event_fields[k].key);
    if (kinds < 2 && !js_object(js, object, fields, n, &targets))
        return false;
    if (kinds != 1)
        return js_fail(js, "an event is just one of set, tariff_input, power, press, modbus, mbus, expect, "
                           "snapshot, power_cut, corrupt, line");
    if (has(object, "over") && event->kind != SIM_EVENT_SET)
        return js_fail(js, "\"over\" goes with \"set\"");
    if (has(object, "hold") && event->kind != SIM_EVENT_PRESS)
        return js_fail(js, "\"hold\" goes with \"press\"");
    if (has(object, "reply") && !sim_event_is_frame(event))
        return js_fail(js, "\"reply\" goes with \"modbus\" and \"mbus\"");
    if (has(object, "timeout") && !sim_event_is_frame(event))
        return js_fail(js, "\"timeout\" goes with \"modbus\" and \"mbus\"");
    if (event->meter && event->kind == SIM_EVENT_LINE)
        return js_fail(js, "a line is that of all meters");
    if (event->meter && sim_event_is_frame(event))
        return js_fail(js, "a frame goes to the whole bus; its address says which meter answers");
    if (event->meter && event->kind == SIM_EVENT_EXPECT)
        return js_fail(js, "write the names as in \"meter%u.l1_voltage\" instead", event->meter);
    for (unsigned k = 0; k < event->count && event->over; k++) {
        enum sim_quantity q = event->kind == SIM_EVENT_SET ? event->assignment[k].quantity : SIM_FREQUENCY;

        if (q == SIM_KIND || q == SIM_VOLTAGE_HARMONICS || q == SIM_CURRENT_HARMONICS)
            return js_fail(js, "\"%s\" can not be set \"over\" a time", quantities[q].path);
    }
    return true;
}

struct sim_event *sim_event_parse(struct js *js, const cJSON *object, const struct js_field *extra, size_t extra_count,
                                  void *extra_target)
{
    struct sim_event *event = allocate(1, sizeof *event);

    event->timeout = TIMEOUT_SAMPLES;
    event->where = copy_text(js->path);
    if (parse_event(js, object, extra, extra_count, extra_target, event))
        return event;
    sim_event_free(event);
    return NULL;
}

void sim_event_free(struct sim_event *event)
{
    if (!event)
        return;
    for (unsigned k = 0; event->expectation && k < event->count; k++) {
        free(event->expectation[k].name);
        free(event->expectation[k].where);
    }
    free(event->expectation);
    free(event->assignment);
    free(event->request);
    free(event->reply);
    free(event->line);
    free(event->file);
    free(event->where);
    free(event);
}
