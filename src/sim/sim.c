/* SPDX-License-Identifier: MIT */
#include "sim.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus.h"
#include "sum.h"

/* Samples of all points from which on it pays to wake other threads: some 200 us of work. */
#define WORTH_SHARING 30000

double sim_seconds(int64_t samples)
{
    return (double)samples / EM_SAMPLE_RATE;
}

/* --- Making one --- */

static void schedule(struct sim *sim)
{
    const struct sim_scenario *s = sim->scenario;

    if (s->profile.rows)
        sim_due_add(&sim->due, (struct sim_due_item){.at = s->profile.time[0], .order = 0, .left = 1});
    for (unsigned k = 0; k < s->timed_count; k++) {
        const struct sim_timed *t = &s->timed[k];

        sim_due_add(&sim->due,
                    (struct sim_due_item){
                        .at = t->at, .order = k + 1, .period = t->period, .left = t->times, .what = t->event});
    }
}

struct init {
    struct sim *sim;
    const struct sim_speed *speed;
    struct sim_memory *const *memory;
};

static void init_point(void *ctx, unsigned k)
{
    const struct init *i = ctx;
    struct sim_point *point = &i->sim->point[k];

    sim_point_init(point, &i->sim->scenario->setup[k], i->speed, i->memory ? i->memory[k] : NULL);
    point->jump.windows_max = SIM_JUMP_WINDOWS / i->sim->points + 1; /* memory for all of them together */
}

struct sim *sim_new_on(const struct sim_scenario *scenario, const struct sim_speed *speed,
                       struct sim_memory *const *memory)
{
    struct sim *sim = calloc(1, sizeof *sim);

    if (!sim || !(sim->point = calloc(scenario->meters, sizeof *sim->point)))
        abort();
    sim->scenario = scenario;
    sim->points = scenario->meters;
    sim->pool = speed->pool;
    sim_pool_run(sim->pool, sim->points, init_point, &(struct init){sim, speed, memory});
    for (int b = 0; b < EM_BUS_COUNT; b++)
        sim_fault_init(&sim->fault[b], (enum em_bus)b, scenario->setup[0].network.front_end.seed);
    schedule(sim);
    return sim;
}

struct sim *sim_new(const struct sim_scenario *scenario, const struct sim_speed *speed)
{
    return sim_new_on(scenario, speed, NULL);
}

void sim_free(struct sim *sim)
{
    if (!sim)
        return;
    for (size_t k = 0; k < sim->results.count; k++) {
        struct sim_result *r = &sim->results.at[k];

        free(r->name);
        free(r->where);
        free(r->expected);
        free(r->actual);
    }
    free(sim->results.at);
    for (unsigned k = 0; k < sim->points; k++)
        sim_point_free(&sim->point[k]);
    free(sim->point);
    for (int b = 0; b < EM_BUS_COUNT; b++)
        sim_late_clear(&sim->late[b]);
    sim_due_free(&sim->due);
    free(sim);
}

void sim_stop(struct sim *sim)
{
    for (unsigned k = 0; k < sim->points; k++)
        em_meter_stop(&sim->point[k].meter);
}

void sim_set_modbus(struct sim *sim, sim_modbus_fn *modbus, void *ctx)
{
    sim->modbus = modbus;
    sim->modbus_ctx = ctx;
}

/* The points that an event acts on: the one it names, else all. */
static unsigned first_point(const struct sim_event *event)
{
    return event->meter ? event->meter - 1 : 0;
}

static unsigned end_point(const struct sim *sim, const struct sim_event *event)
{
    return event->meter ? event->meter : sim->points;
}

static void set_all(struct sim *sim, const struct sim_assignment *a, int64_t over)
{
    for (unsigned k = 0; k < sim->points; k++)
        sim_point_set(&sim->point[k], a, over);
}

void sim_set_snapshot(struct sim *sim, sim_snapshot_fn *snapshot, void *ctx)
{
    sim->snapshot = snapshot;
    sim->snapshot_ctx = ctx;
}

/* The profile's row that is due, and the time of the next. */
static void step_profile(struct sim *sim)
{
    const struct sim_profile *p = &sim->scenario->profile;
    unsigned k = sim->profile_row++;
    bool more = k + 1 < p->rows;

    for (unsigned c = 0; c < p->columns; c++) {
        struct sim_assignment a = p->column[c];

        a.number = p->value[(size_t)k * p->columns + c];
        if (k == 0 || !p->linear)
            set_all(sim, &a, 0);
        if (p->linear && more) {
            a.number = p->value[(size_t)(k + 1) * p->columns + c];
            set_all(sim, &a, p->time[k + 1] - p->time[k]);
        }
    }
    if (more)
        sim_due_add(&sim->due, (struct sim_due_item){.at = p->time[k + 1], .order = 0, .left = 1});
}

/* --- Expectations --- */

void sim_read(struct sim *sim, const char *name, struct sim_value *value)
{
    enum em_bus bus;
    const struct sim_fault_counter *counter = sim_name_counter(name, &bus);
    unsigned meter = sim_name_meter(name, &name);

    if (counter)
        sim_value_number(value, (double)sim_fault_counted(&sim->fault[bus], counter));
    else if (meter == SIM_METER_SUM)
        sim_sum_read(sim, name, value);
    else
        sim_point_read(&sim->point[meter ? meter - 1 : 0], name, value);
}

static bool holds(const struct sim_expectation *e, const struct sim_value *actual)
{
    double tolerance = e->tolerance;

    if (e->has_value && e->value.is_text)
        return actual->is_text && strcmp(actual->text, e->value.text) == 0;
    if (actual->is_text || !isfinite(actual->number))
        return false;
    if (e->has_min && !(actual->number >= e->min))
        return false;
    if (e->has_max && !(actual->number <= e->max))
        return false;
    if (!e->has_value)
        return true;
    if (!e->has_tolerance) {
        tolerance = 1e-6 * fabs(e->value.number);
        if (tolerance < actual->last_digit)
            tolerance = actual->last_digit;
    } else if (e->relative) {
        tolerance *= fabs(e->value.number);
    }
    /* What a single-precision number can not say is no fault of the meter. */
    if (actual->is_float)
        tolerance += fabs(actual->number) * 6e-8;
    /* A hair more for the decimal numbers that binary ones can not meet. */
    return fabs(actual->number - e->value.number) <= tolerance + 1e-12 * fabs(e->value.number);
}

static char *expected_json(const struct sim_expectation *e)
{
    char value[SIM_VALUE_JSON] = "", text[200] = "";
    int n = 0;

    if (e->has_value)
        sim_value_json(&e->value, value);
    if (e->has_value && !e->has_tolerance && !e->has_min && !e->has_max)
        return strdup(value);
    n += sprintf(text + n, "{");
    if (e->has_value)
        n += sprintf(text + n, "\"value\": %s", value);
    if (e->has_tolerance && e->relative)
        n += sprintf(text + n, ", \"tol\": \"%.9g%%\"", e->tolerance * 100);
    else if (e->has_tolerance)
        n += sprintf(text + n, ", \"tol\": %.9g", e->tolerance);
    if (e->has_min)
        n += sprintf(text + n, "%s\"min\": %.15g", n > 1 ? ", " : "", e->min);
    if (e->has_max)
        n += sprintf(text + n, "%s\"max\": %.15g", n > 1 ? ", " : "", e->max);
    sprintf(text + n, "}");
    return strdup(text);
}

/* Takes over expected and actual. */
static void add_result(struct sim *sim, const char *name, const char *where, char *expected, char *actual, bool pass)
{
    struct sim_results *r = &sim->results;

    r->at = realloc(r->at, (r->count + 1) * sizeof *r->at);
    if (!r->at || !expected || !actual)
        abort();
    r->at[r->count++] = (struct sim_result){.at = sim->now,
                                            .name = strdup(name),
                                            .where = strdup(where),
                                            .expected = expected,
                                            .actual = actual,
                                            .pass = pass};
    r->failed += !pass;
}

static void execute_expect(struct sim *sim, const struct sim_event *event)
{
    for (unsigned k = 0; k < event->count; k++) {
        const struct sim_expectation *e = &event->expectation[k];
        struct sim_value actual;
        char text[SIM_VALUE_JSON];

        sim_read(sim, e->name, &actual);
        sim_value_json(&actual, text);
        add_result(sim, e->name, e->where, expected_json(e), strdup(text), holds(e, &actual));
    }
}

static char *frame_json(const uint8_t *byte, const uint8_t *mask, size_t n)
{
    char *text = malloc(3 * n + 8);

    if (!text)
        abort();
    if (n == 0)
        return strcpy(text, "null");
    text[0] = '"';
    sim_frame_text(byte, mask, n, text + 1);
    strcat(text, "\"");
    return text;
}

static bool reply_matches(const struct sim_event *event, const uint8_t *reply, size_t n)
{
    if (event->reply_kind == SIM_REPLY_SILENCE)
        return n == 0;
    if (n != event->reply->n)
        return false;
    for (size_t k = 0; k < n; k++)
        if ((reply[k] ^ event->reply->byte[k]) & event->reply->mask[k])
            return false;
    return true;
}

/* Returns the length of what the master hears as the event is to see it. */
static size_t ask(struct sim *sim, const struct sim_event *event, uint8_t *heard)
{
    uint8_t frame[SIM_FRAME_MAX + 2];
    size_t n = event->request->n;
    uint16_t crc;

    memcpy(frame, event->request->byte, n);
    if (event->kind == SIM_EVENT_MBUS)
        return sim_bus_ask(sim, EM_BUS_MBUS, frame, n, event->timeout, heard);
    crc = sim_modbus_crc(frame, n);
    frame[n] = (uint8_t)crc;
    frame[n + 1] = (uint8_t)(crc >> 8);
    n = sim_bus_ask(sim, EM_BUS_MODBUS, frame, n + 2, event->timeout, heard);
    return sim_modbus_crc_ok(heard, n) ? n - 2 : n; /* what is not just one good frame is shown as it is */
}

static void execute_frame(struct sim *sim, const struct sim_event *event)
{
    uint8_t reply[SIM_HEARD_MAX];
    size_t n = ask(sim, event, reply);
    char name[3 * 8 + 16];
    unsigned shown = event->request->n < 8 ? event->request->n : 8;
    char *expected;

    sim_frame_text(reply, NULL, n, sim->last_reply);
    if (event->reply_kind == SIM_REPLY_ANY)
        return;
    strcpy(name, event->kind == SIM_EVENT_MBUS ? "mbus " : "modbus ");
    sim_frame_text(event->request->byte, NULL, shown, name + strlen(name));
    if (shown < event->request->n)
        strcat(name, " ..");
    expected = event->reply_kind == SIM_REPLY_SILENCE
                   ? frame_json(NULL, NULL, 0)
                   : frame_json(event->reply->byte, event->reply->mask, event->reply->n);
    add_result(sim, name, event->where, expected, frame_json(reply, NULL, n), reply_matches(event, reply, n));
}

/* --- Running --- */

static void execute_snapshot(struct sim *sim, const struct sim_event *event)
{
    sim->lost = !sim->snapshot || !sim->snapshot(sim->snapshot_ctx, &sim->point[first_point(event)], event->file);
    sim->lost_files += sim->lost;
}

static void execute_at(struct sim_point *point, const struct sim_event *event)
{
    switch (event->kind) {
    case SIM_EVENT_SET:
        for (unsigned k = 0; k < event->count; k++)
            sim_point_set(point, &event->assignment[k], event->over);
        break;
    case SIM_EVENT_TARIFF_INPUT:
        em_meter_tariff_input(&point->meter, event->on);
        sim_point_survived(point);
        break;
    case SIM_EVENT_PRESS:
        if (event->hold)
            sim_point_touch(point, event->button, event->hold);
        else
            sim_point_let_go(point, event->button);
        break;
    case SIM_EVENT_POWER:
        sim_point_power(point, event->on);
        break;
    case SIM_EVENT_POWER_CUT:
        sim_memory_cut(point->memory, event->after_writes, event->torn);
        break;
    case SIM_EVENT_CORRUPT:
        sim_memory_corrupt(point->memory, event->area, event->byte);
        break;
    case SIM_EVENT_MODBUS:
    case SIM_EVENT_MBUS:
    case SIM_EVENT_LINE:
    case SIM_EVENT_SNAPSHOT:
    case SIM_EVENT_EXPECT:
        break;
    }
}

void sim_execute(struct sim *sim, const struct sim_event *event)
{
    if (event->kind == SIM_EVENT_EXPECT)
        execute_expect(sim, event);
    else if (sim_event_is_frame(event))
        execute_frame(sim, event);
    else if (event->kind == SIM_EVENT_SNAPSHOT)
        execute_snapshot(sim, event);
    else if (event->kind == SIM_EVENT_LINE)
        sim_fault_change(&sim->fault[event->line->bus], event->line->parts, &event->line->state);
    else
        for (unsigned k = first_point(event); k < end_point(sim, event); k++)
            execute_at(&sim->point[k], event);
}

/* Everything that is due now. Ramps and touches have come first: each point does its own on its way here. */
static void act(struct sim *sim)
{
    struct sim_due_item item;

    while (sim_due_take(&sim->due, sim->now, &item)) {
        if (item.what)
            sim_execute(sim, item.what);
        else
            step_profile(sim);
    }
}

/* A point by itself, to where all are to meet. */
struct stretch {
    struct sim *sim;
    int64_t until;
};

static void run_point(void *ctx, unsigned k)
{
    const struct stretch *s = ctx;
    struct sim_point *point = &s->sim->point[k];

    while (1) {
        int64_t step = sim_point_next_step(point);

        sim_point_run(point, step < s->until ? step : s->until);
        if (step > s->until)
            return;
        sim_point_step(point);
    }
}

static void run_points(struct sim *sim, int64_t until)
{
    bool worth_it = (until - sim->now) * sim->points >= WORTH_SHARING;

    sim_pool_run(worth_it ? sim->pool : NULL, sim->points, run_point, &(struct stretch){sim, until});
    sim->now = until;
}

void sim_run(struct sim *sim, int64_t until)
{
    while (1) {
        int64_t due = sim_due_next(&sim->due);

        if (due <= sim->now)
            act(sim);
        else if (sim->now < until)
            run_points(sim, due < until ? due : until);
        else
            return;
    }
}
