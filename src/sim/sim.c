/* SPDX-License-Identifier: MIT */
#include "sim.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Before t = 0 the meter runs this long, unseen, to settle. */
#define SETTLE_SAMPLES (2 * EM_SAMPLE_RATE)

/* Ramps move in steps of a thousandth of their length, within these limits (10 ms and 1 s). */
#define RAMP_STEP_MIN (EM_SAMPLE_RATE / 100)
#define RAMP_STEP_MAX EM_SAMPLE_RATE

double sim_seconds(int64_t samples)
{
    return (double)samples / EM_SAMPLE_RATE;
}

/* --- Making one --- */

static void preset_settings(struct sim *sim)
{
    for (unsigned k = 0; k < sim->scenario->preset_count; k++)
        em_meter_preset(&sim->meter, sim->scenario->preset[k].setting, sim->scenario->preset[k].value);
}

static void preset_energies(struct sim *sim)
{
    const struct sim_scenario *s = sim->scenario;

    sim->meter.energy.ct_changes = s->ct_changes;
    for (unsigned k = 0; k < s->preload_count; k++)
        em_energy_preload(&sim->meter.energy, s->preload[k].id, s->preload[k].wh);
}

/* What the works did before the meter was delivered. */
static void set_up_meter(struct sim *sim)
{
    preset_settings(sim);
    preset_energies(sim);
    sim->meter.storage.ct_changes = sim->meter.energy.ct_changes;
    sim->meter.storage.settings_due = sim->meter.storage.energy_due = true;
    em_storage_commit(&sim->meter);
}

/* The reference counts on from what was preloaded. */
static void preset_reference(struct sim *sim)
{
    struct sim_reference *ref = &sim->reference;
    const struct em_energy *e = &sim->meter.energy;

    for (int k = 0; k < EM_KIND_COUNT; k++) {
        for (int d = 0; d < EM_DIRECTION_COUNT; d++) {
            for (int p = 0; p < EM_PHASE_COUNT; p++)
                ref->phase[p][k][d] = e->phase[p][k][d].wh;
            for (int t = 0; t < EM_TARIFF_COUNT; t++)
                ref->tariff[t][k][d] = e->tariff[t][k][d].wh;
        }
    }
    for (int t = 0; t < EM_TARIFF_COUNT; t++)
        for (int q = 0; q < EM_QUADRANT_COUNT; q++)
            ref->quadrant[t][q] = e->quadrant[t][q].wh;
    ref->since = sim->now;
    ref->active_tariff = sim->meter.settings.value[EM_SETTING_TARIFF];
    ref->active_code = sim->meter.settings.value[EM_SETTING_COMBINATION_CODE];
}

/* --- The meter's surroundings --- */

static int read_memory(void *ctx, uint32_t offset, void *data, uint32_t n)
{
    return sim_memory_read(((struct sim *)ctx)->memory, offset, data, n);
}

static int write_memory(void *ctx, uint32_t offset, const void *data, uint32_t n)
{
    return sim_memory_write(((struct sim *)ctx)->memory, offset, data, n);
}

static void note_edge(void *ctx, enum em_output output, bool on, uint32_t sample)
{
    struct sim *sim = ctx;

    if (sim->edges < SIM_EDGES_MAX)
        sim->edge[sim->edges++] = (struct sim_edge){sample, output, on};
}

/* The meter goes through a block output by output: puts the edges in order of time and passes them on. */
static void report_edges(struct sim *sim)
{
    for (unsigned k = 1; k < sim->edges; k++)
        for (unsigned j = k; j && sim->edge[j].sample < sim->edge[j - 1].sample; j--) {
            struct sim_edge swap = sim->edge[j];

            sim->edge[j] = sim->edge[j - 1];
            sim->edge[j - 1] = swap;
        }
    for (unsigned k = 0; k < sim->edges; k++) {
        const struct sim_edge *e = &sim->edge[k];

        sim->pulses[e->output] += e->on;
        if (sim->trace)
            sim_trace_edge(sim->trace, e->output, e->on, sim->now + e->sample);
    }
    sim->edges = 0;
}

bool sim_survived(struct sim *sim)
{
    sim_reference_follow(&sim->reference, &sim->meter, sim->now);
    if (!sim->memory->dead)
        return true;
    em_meter_cut(&sim->meter);
    report_edges(sim);
    sim_memory_revive(sim->memory);
    return false;
}

void sim_set_trace(struct sim *sim, struct sim_trace *trace)
{
    sim->trace = trace;
}

/* --- Settling and starting --- */

static void make_samples(struct sim *sim, uint32_t n)
{
    int32_t *out[EM_CHANNEL_COUNT];
    struct em_block block = {.n = n};
    bool ran = em_meter_running(&sim->meter);

    for (int c = 0; c < EM_CHANNEL_COUNT; c++)
        block.channel[c] = out[c] = sim->samples[c];
    sim_wave_samples(&sim->wave, out, n);
    em_meter_samples(&sim->meter, &block);
    if (sim->edges)
        report_edges(sim);
    sim->now += n;
    /* A meter that has started in this block may count under another tariff, from just then on. */
    if (!ran && em_meter_running(&sim->meter))
        sim_reference_follow(&sim->reference, &sim->meter, sim->now - sim->meter.window_samples);
    sim_survived(sim);
}

/* Hands a changed network to the generator. */
static void refresh(struct sim *sim)
{
    if (!sim->changed)
        return;
    sim_network_apply(&sim->network, &sim->wave);
    sim_reference_measure(&sim->reference, &sim->network);
    sim->changed = false;
}

/* Runs a meter before t = 0 so that the measuring part is settled; it has no memory and no outputs then. */
static void settle_meter(struct sim *sim)
{
    uint32_t f = sim_network_frequency_mhz(&sim->network);

    em_meter_init(&sim->meter, &sim->port, f);
    sim->now = -SETTLE_SAMPLES;
    preset_reference(sim);
    sim_wave_init(&sim->wave, sim->wave.synth, f, sim->now);
    sim->wave.phase =
        (uint32_t)((EM_PHASE_MODULUS - (uint64_t)SETTLE_SAMPLES * f % EM_PHASE_MODULUS) % EM_PHASE_MODULUS);
    sim->changed = true;
    refresh(sim);
    while (sim->now < 0)
        make_samples(sim, SIM_CHUNK);
}

/* The meter proper, with what settling has made of the measuring part. */
static void start_meter(struct sim *sim)
{
    const struct em_metrology metrology = sim->meter.metrology;
    const struct em_supply supply = sim->meter.supply;

    sim->port.ctx = sim;
    sim->port.nv_read = read_memory;
    sim->port.nv_write = write_memory;
    sim->port.edge = note_edge;
    em_meter_init(&sim->meter, &sim->port, metrology.frequency_mhz);
    sim->meter.metrology = metrology;
    sim->meter.supply = supply;
    em_meter_begin(&sim->meter);
}

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

struct sim *sim_new_on(const struct sim_scenario *scenario, const struct sim_speed *speed, struct sim_memory *memory)
{
    struct sim *sim = calloc(1, sizeof *sim);
    bool fresh = true;

    if (!sim)
        abort();
    sim->scenario = scenario;
    sim->network = scenario->network;
    sim->port.accumulate = speed->accumulate;
    sim->wave.synth = speed->synth;
    sim_memory_init(&sim->own_memory);
    sim->memory = memory ? memory : &sim->own_memory;
    for (size_t k = 0; k < sizeof sim->memory->image; k++)
        fresh = fresh && sim->memory->image[k] == 0xFF;
    settle_meter(sim);
    start_meter(sim);
    if (fresh)
        set_up_meter(sim);
    preset_reference(sim);
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
    free(sim->ramp);
    sim_due_free(&sim->due);
    free(sim);
}

void sim_set_modbus(struct sim *sim, sim_modbus_fn *modbus, void *ctx)
{
    sim->modbus = modbus;
    sim->modbus_ctx = ctx;
}

/* --- Changing the network --- */

struct sim_reference sim_ideal(struct sim *sim)
{
    struct sim_reference ideal;

    refresh(sim);
    ideal = sim->reference;
    sim_reference_count(&ideal, sim->now);
    return ideal;
}

/* Before the network changes: what flowed until now is counted. A network that has been changed already has been
 * changed at this very instant, and then all is counted. */
static void before_change(struct sim *sim)
{
    if (!sim->changed)
        sim_reference_count(&sim->reference, sim->now);
    sim->changed = true;
}

static void assign(struct sim *sim, const struct sim_assignment *a)
{
    before_change(sim);
    sim_network_assign(&sim->network, a);
}

static void drop_ramp(struct sim *sim, unsigned k)
{
    sim->ramp[k] = sim->ramp[--sim->ramps];
}

/* Bits of what a load's current can be given by: a ramp does not outlive a value that gives it in another way. */
static unsigned rivals(enum sim_quantity quantity)
{
    const unsigned power = 1u << SIM_POWER | 1u << SIM_REACTIVE, pf = 1u << SIM_PF | 1u << SIM_KIND;

    switch (quantity) {
    case SIM_CURRENT:
        return power;
    case SIM_ANGLE:
        return power | pf;
    case SIM_PF:
    case SIM_KIND:
        return power | 1u << SIM_ANGLE;
    case SIM_POWER:
    case SIM_REACTIVE:
        return pf | 1u << SIM_ANGLE | 1u << SIM_CURRENT;
    default:
        return 0;
    }
}

/* A new value ends the ramps of the same quantity and of its rivals. */
static void stop_ramps(struct sim *sim, const struct sim_assignment *a)
{
    unsigned ended = 1u << a->quantity | rivals(a->quantity);

    for (unsigned k = sim->ramps; k-- > 0;) {
        const struct sim_assignment *t = &sim->ramp[k].target;

        if ((ended >> t->quantity & 1) && ((t->phases & a->phases) || a->quantity == SIM_FREQUENCY))
            drop_ramp(sim, k);
    }
}

static void start_ramp(struct sim *sim, const struct sim_assignment *a, int phase, int64_t over)
{
    struct sim_ramp ramp = {.target = *a, .start = sim->now, .end = sim->now + over};
    int64_t step = over / 1000;

    ramp.target.phases = a->quantity == SIM_FREQUENCY ? 0 : (uint8_t)(1 << phase);
    ramp.from = sim_network_number(&sim->network, a->quantity, phase);
    ramp.step = step < RAMP_STEP_MIN ? RAMP_STEP_MIN : step > RAMP_STEP_MAX ? RAMP_STEP_MAX : step;
    ramp.next = sim->now + (over < ramp.step ? over : ramp.step);
    sim->ramp = realloc(sim->ramp, (sim->ramps + 1) * sizeof *sim->ramp);
    if (!sim->ramp)
        abort();
    sim->ramp[sim->ramps++] = ramp;
}

/* Sets a value at once or over a time. */
static void change(struct sim *sim, const struct sim_assignment *a, int64_t over)
{
    stop_ramps(sim, a);
    if (over == 0) {
        assign(sim, a);
        return;
    }
    for (int p = 0; p < EM_PHASE_COUNT; p++)
        if ((a->phases >> p & 1) || (a->quantity == SIM_FREQUENCY && p == 0))
            start_ramp(sim, a, p, over);
}

static int64_t next_ramp(const struct sim *sim)
{
    int64_t next = INT64_MAX;

    for (unsigned k = 0; k < sim->ramps; k++)
        if (sim->ramp[k].next < next)
            next = sim->ramp[k].next;
    return next;
}

static void step_ramps(struct sim *sim)
{
    for (unsigned k = sim->ramps; k-- > 0;) {
        struct sim_ramp *ramp = &sim->ramp[k];
        struct sim_assignment a = ramp->target;

        if (ramp->next > sim->now)
            continue;
        if (sim->now < ramp->end)
            a.number = ramp->from + (ramp->target.number - ramp->from) * (double)(sim->now - ramp->start) /
                                        (double)(ramp->end - ramp->start);
        assign(sim, &a);
        ramp->next = ramp->next + ramp->step < ramp->end ? ramp->next + ramp->step : ramp->end;
        if (sim->now >= ramp->end)
            drop_ramp(sim, k);
    }
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
            change(sim, &a, 0);
        if (p->linear && more) {
            a.number = p->value[(size_t)(k + 1) * p->columns + c];
            change(sim, &a, p->time[k + 1] - p->time[k]);
        }
    }
    if (more)
        sim_due_add(&sim->due, (struct sim_due_item){.at = p->time[k + 1], .order = 0, .left = 1});
}

/* --- Expectations --- */

void sim_read(struct sim *sim, const char *name, struct sim_value *value)
{
    enum em_combination code = (enum em_combination)sim->meter.settings.value[EM_SETTING_COMBINATION_CODE];
    int output = sim_output_named(name);
    bool reference = strncmp(name, "reference.", 10) == 0, error = strncmp(name, "error_percent.", 14) == 0;
    const struct em_register *row = sim_register_named(name + (reference ? 10 : error ? 14 : 0));
    struct sim_reference reference_now;
    double ideal = 0;

    if (output >= 0) {
        sim_value_number(value, (double)sim->pulses[output]);
        return;
    }
    sim_value_read(value, &sim->meter, row);
    if (!reference && !error)
        return;
    reference_now = sim_ideal(sim);
    sim_reference_value(&reference_now, row, code, &ideal);
    if (row->type == EM_TYPE_ASCII && reference)
        snprintf(value->text, sizeof value->text, "%c", (char)ideal);
    else if (reference)
        sim_value_number(value, ideal);
    else if (ideal != 0)
        sim_value_number(value, 100 * (value->number - ideal) / ideal);
    else
        sim_value_number(value, value->number == 0 ? 0 : NAN);
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
    char value[40] = "", text[160] = "";
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
        char text[40];

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

static void execute_modbus(struct sim *sim, const struct sim_event *event)
{
    uint8_t reply[SIM_FRAME_MAX];
    size_t n = 0;
    char name[3 * 8 + 16] = "modbus ";
    unsigned shown = event->request->n < 8 ? event->request->n : 8;
    char *expected;

    if (sim->modbus)
        n = sim->modbus(sim->modbus_ctx, event->request->byte, event->request->n, reply);
    if (!sim_survived(sim))
        n = 0;
    sim_frame_text(reply, NULL, n, sim->last_reply);
    if (event->reply_kind == SIM_REPLY_ANY)
        return;
    sim_frame_text(event->request->byte, NULL, shown, name + strlen(name));
    if (shown < event->request->n)
        strcat(name, " ..");
    expected = event->reply_kind == SIM_REPLY_SILENCE
                   ? frame_json(NULL, NULL, 0)
                   : frame_json(event->reply->byte, event->reply->mask, event->reply->n);
    add_result(sim, name, event->where, expected, frame_json(reply, NULL, n), reply_matches(event, reply, n));
}

/* --- Running --- */

void sim_execute(struct sim *sim, const struct sim_event *event)
{
    switch (event->kind) {
    case SIM_EVENT_SET:
        for (unsigned k = 0; k < event->count; k++)
            change(sim, &event->assignment[k], event->over);
        break;
    case SIM_EVENT_TARIFF_INPUT:
        em_meter_tariff_input(&sim->meter, event->on);
        sim_survived(sim);
        break;
    case SIM_EVENT_POWER_CUT:
        sim_memory_cut(sim->memory, event->after_writes, event->torn);
        break;
    case SIM_EVENT_CORRUPT:
        sim_memory_corrupt(sim->memory, event->area, event->byte);
        break;
    case SIM_EVENT_POWER:
        before_change(sim);
        sim->network.powered = event->on;
        break;
    case SIM_EVENT_MODBUS:
        execute_modbus(sim, event);
        break;
    case SIM_EVENT_EXPECT:
        execute_expect(sim, event);
        break;
    }
}

/* Everything that is due now: ramps first, then profile and timeline. */
static void act(struct sim *sim)
{
    struct sim_due_item item;

    if (next_ramp(sim) <= sim->now)
        step_ramps(sim);
    while (sim_due_take(&sim->due, sim->now, &item)) {
        if (item.what)
            sim_execute(sim, item.what);
        else
            step_profile(sim);
    }
}

void sim_run(struct sim *sim, int64_t until)
{
    while (1) {
        int64_t stop = until, ramp = next_ramp(sim), due = sim_due_next(&sim->due);

        if (ramp <= sim->now || due <= sim->now) {
            act(sim);
            continue;
        }
        if (sim->now >= until)
            return;
        stop = ramp < stop ? ramp : stop;
        stop = due < stop ? due : stop;
        refresh(sim);
        while (sim->now < stop) {
            uint32_t left = sim_wave_left(&sim->wave);

            make_samples(sim, stop - sim->now < left ? (uint32_t)(stop - sim->now) : left);
        }
    }
}
