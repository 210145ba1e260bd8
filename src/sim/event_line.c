/* SPDX-License-Identifier: MIT
 * What users say about lines: the event "line", and names like "lines.modbus.frames". */
#include <stdio.h>
#include <string.h>

#include "event.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* The longest that answers may be held back, in seconds. */
#define DELAY_MAX 60

/* A part of a state and where it stands. */
struct part {
    unsigned part;
    size_t offset;
};

#define PART(part, field)                                                                                              \
    {                                                                                                                  \
        part, offsetof(struct sim_fault_state, field)                                                                  \
    }

static const struct part bit_errors = PART(SIM_FAULT_BIT_ERRORS, bit_errors), drop = PART(SIM_FAULT_DROP, drop),
                         delay = PART(SIM_FAULT_DELAY, delay), echo = PART(SIM_FAULT_ECHO, echo),
                         cut = PART(SIM_FAULT_CUT, cut);

/* Notes that a part is spoken of, and gives its place. */
static void *take(struct sim_line *line, const struct part *part)
{
    line->parts |= part->part;
    return (char *)&line->state + part->offset;
}

static bool read_bus(struct js *js, const cJSON *value, void *target, const void *unused)
{
    int word = 0;

    (void)unused;
    if (!js_word(js, value, sim_bus_names, &word))
        return false;
    ((struct sim_line *)target)->bus = (enum em_bus)word;
    return true;
}

static bool read_chance(struct js *js, const cJSON *value, void *target, const void *part)
{
    uint64_t *out = take(target, part);
    double chance;

    if (!js_number(js, value, 0, 1, &chance))
        return false;
    *out = (uint64_t)(chance * (double)SIM_FAULT_ALWAYS + 0.5);
    return true;
}

static bool read_switch(struct js *js, const cJSON *value, void *target, const void *part)
{
    return js_bool(js, value, take(target, part));
}

static bool read_delay(struct js *js, const cJSON *value, void *target, const void *part)
{
    int64_t *out = take(target, part);

    if (!js_time(js, value, out))
        return false;
    return *out <= (int64_t)DELAY_MAX * EM_SAMPLE_RATE || js_fail(js, "must not be longer than %d s", DELAY_MAX);
}

static bool read_talker(struct js *js, const cJSON *value, void *target, const void *unused)
{
    struct sim_line *line = target;
    struct sim_frame frame = {0};
    const char *text;

    (void)unused;
    line->parts |= SIM_FAULT_TALKER;
    if (cJSON_IsNull(value))
        return true;
    if (!js_string(js, value, &text) || !sim_parse_frame(js, text, false, sizeof line->state.talker, &frame))
        return false;
    line->state.talker_size = frame.n;
    memcpy(line->state.talker, frame.byte, frame.n);
    return frame.n > 0 || js_fail(js, "is empty; write null if nobody else shall talk");
}

static bool read_clean(struct js *js, const cJSON *value, void *target, const void *unused)
{
    bool on = false;

    (void)unused;
    if (!js_bool(js, value, &on))
        return false;
    ((struct sim_line *)target)->parts = SIM_FAULT_ALL;
    return on || js_fail(js, "can only be true; say what is wrong instead");
}

bool sim_parse_line(struct js *js, const cJSON *value, struct sim_line *line)
{
    static const struct js_field fields[] = {
        {"bus", read_bus, NULL, true},       {"bit_errors", read_chance, &bit_errors, false},
        {"drop", read_chance, &drop, false}, {"delay", read_delay, &delay, false},
        {"echo", read_switch, &echo, false}, {"second_talker", read_talker, NULL, false},
        {"cut", read_switch, &cut, false},   {"clean", read_clean, NULL, false},
    };

    if (!js_object(js, value, fields, COUNT(fields), line))
        return false;
    if (line->parts == 0)
        return js_fail(js,
                       "needs bit_errors, drop, delay, echo, second_talker or cut, or \"clean\": true to end them all");
    if (cJSON_GetObjectItemCaseSensitive(value, "clean") && cJSON_GetArraySize(value) > 2)
        return js_fail(js, "\"clean\" ends all faults; nothing may stand beside it but \"bus\"");
    return true;
}

/* What stands behind "lines.modbus.", and whose line it is; NULL if it is none. */
static const char *behind_bus(const char *name, enum em_bus *bus)
{
    for (int b = 0; b < EM_BUS_COUNT; b++) {
        const char *end = name + strlen(SIM_LINES) + strlen(sim_bus_names[b]);

        if (strncmp(name + strlen(SIM_LINES), sim_bus_names[b], strlen(sim_bus_names[b])) == 0 && *end == '.') {
            *bus = (enum em_bus)b;
            return end + 1;
        }
    }
    return NULL;
}

const struct sim_fault_counter *sim_name_counter(const char *name, enum em_bus *bus)
{
    const char *counter = strncmp(name, SIM_LINES, strlen(SIM_LINES)) == 0 ? behind_bus(name, bus) : NULL;

    return counter ? sim_fault_counter_named(counter) : NULL;
}

bool sim_parse_counter(struct js *js, const char *name)
{
    enum em_bus bus = EM_BUS_MODBUS;
    const char *counter = behind_bus(name, &bus);
    char known[200] = "";

    if (counter && sim_fault_counter_named(counter))
        return true;
    if (!counter)
        return js_fail(js, "unknown name \"%s\"; lines are modbus and mbus, as in lines.modbus.frames", name);
    for (const struct sim_fault_counter *c = sim_fault_counters; c->name; c++)
        snprintf(known + strlen(known), sizeof known - strlen(known), "%s%s", *known ? ", " : "", c->name);
    return js_fail(js, "unknown name \"%s\"; known are %s", name, known);
}
