/* SPDX-License-Identifier: MIT */
#include "point.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lcd.h"
#include "works.h"

_Static_assert(SIM_VALUE_TEXT >= SIM_LCD_TEXT, "a display's text is a value");

/* Before t = 0 the meter runs this long, unseen, to settle. */
#define SETTLE_SAMPLES (2 * EM_SAMPLE_RATE)

/* Ramps move in steps of a thousandth of their length, within these limits (10 ms and 1 s). */
#define RAMP_STEP_MIN (EM_SAMPLE_RATE / 100)
#define RAMP_STEP_MAX EM_SAMPLE_RATE

/* --- Making one --- */

/* What the works did before the meter was delivered. */
static void set_up_meter(struct sim_point *point, const struct sim_setup *setup)
{
    for (unsigned k = 0; k < setup->preset_count; k++)
        em_meter_preset(&point->meter, setup->preset[k].setting, setup->preset[k].value);
    sim_works_history(&point->meter, setup->ct_changes);
    for (unsigned k = 0; k < setup->preload_count; k++)
        em_energy_preload(&point->meter.energy, setup->preload[k].id, setup->preload[k].wh);
    sim_works_deliver(&point->meter);
}

/* The reference counts on from what was preloaded. */
static void preset_reference(struct sim_point *point)
{
    struct sim_reference *ref = &point->reference;
    const struct em_energy *e = &point->meter.energy;

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
    ref->since = point->now;
    ref->active_tariff = point->meter.settings.value[EM_SETTING_TARIFF];
    ref->active_code = point->meter.settings.value[EM_SETTING_COMBINATION_CODE];
}

/* --- The meter's surroundings --- */

static int read_memory(void *ctx, uint32_t offset, void *data, uint32_t n)
{
    return sim_memory_read(((struct sim_point *)ctx)->memory, offset, data, n);
}

static int write_memory(void *ctx, uint32_t offset, const void *data, uint32_t n)
{
    struct sim_point *point = ctx;
    int failed = sim_memory_write(point->memory, offset, data, n);

    if (point->memory->dead)
        em_meter_cut_within(&point->meter);
    return failed;
}

static void note_edge(void *ctx, enum em_output output, bool on, uint32_t sample)
{
    struct sim_point *point = ctx;

    if (!point->trace && !point->watch)
        point->pulses[output] += on;
    else if (point->edges < SIM_EDGES_MAX)
        point->edge[point->edges++] = (struct sim_edge){sample, output, on};
}

/* The meter goes through a block output by output: puts the edges in order of time and passes them on. */
void sim_point_report_edges(struct sim_point *point)
{
    for (unsigned k = 1; k < point->edges; k++)
        for (unsigned j = k; j && point->edge[j].sample < point->edge[j - 1].sample; j--) {
            struct sim_edge swap = point->edge[j];

            point->edge[j] = point->edge[j - 1];
            point->edge[j - 1] = swap;
        }
    for (unsigned k = 0; k < point->edges; k++) {
        const struct sim_edge *e = &point->edge[k];

        point->pulses[e->output] += e->on;
        if (point->trace)
            sim_trace_edge(point->trace, e->output, e->on, point->now + e->sample);
        if (point->watch)
            point->watch(point->watch_ctx, e->output, e->on, point->now + e->sample);
    }
    point->edges = 0;
}

bool sim_point_survived(struct sim_point *point)
{
    /* What a meter that is off has in its settings counts from its next start on. */
    if (em_meter_running(&point->meter))
        sim_reference_follow(&point->reference, &point->meter, point->now);
    if (!point->memory->dead)
        return true;
    if (point->meter.cut) /* it was no sample that the meter was busy with */
        em_meter_cut(&point->meter);
    sim_jump_forget(&point->jump, point->now);
    sim_point_report_edges(point);
    sim_memory_revive(point->memory);
    return false;
}

/* --- Settling and starting --- */

static void make_samples(struct sim_point *point, uint32_t n)
{
    struct em_block block = {.n = n};
    uint32_t before = point->meter.window_samples;
    bool ran = em_meter_running(&point->meter);

    sim_wave_samples(&point->wave, block.channel, n);
    if (point->ideal)
        sim_ideal_samples(point->ideal, &point->reference, point->now, n);
    em_meter_samples(&point->meter, &block);
    sim_point_report_edges(point);
    point->now += n;
    /* A meter that has started in this block may count under another tariff, from just then on. */
    if (!ran && em_meter_running(&point->meter))
        sim_reference_follow(&point->reference, &point->meter, point->now - point->meter.window_samples);
    sim_point_survived(point);
    sim_jump_note(point, before, n);
}

/* Hands a changed network to the generator. */
static void refresh(struct sim_point *point)
{
    if (!point->changed)
        return;
    sim_network_apply(&point->network, &point->wave);
    if (point->ideal)
        sim_ideal_apply(point->ideal, &point->network);
    else
        sim_reference_measure(&point->reference, &point->network);
    sim_jump_forget(&point->jump, point->now);
    point->changed = false;
}

/* Runs a meter before t = 0 so that the measuring part is settled; it has no memory and no outputs then. */
static void settle_meter(struct sim_point *point)
{
    uint32_t f = sim_network_frequency_mhz(&point->network);

    em_meter_init(&point->meter, &point->port, f);
    point->now = -SETTLE_SAMPLES;
    preset_reference(point);
    sim_wave_init(&point->wave, point->wave.synth, f, point->now);
    point->wave.phase =
        (uint32_t)((EM_PHASE_MODULUS - (uint64_t)SETTLE_SAMPLES * f % EM_PHASE_MODULUS) % EM_PHASE_MODULUS);
    if (sim_network_recorded(&point->network))
        point->ideal = sim_ideal_new(&point->network, &point->wave, point->now);
    point->changed = true;
    refresh(point);
    while (point->now < 0)
        make_samples(point, SIM_CHUNK);
}

/* The meter proper, with what settling has made of the measuring part. */
static void start_meter(struct sim_point *point)
{
    point->port.ctx = point;
    point->port.nv_read = read_memory;
    point->port.nv_write = write_memory;
    point->port.edge = note_edge;
    sim_works_start(&point->meter, &point->port);
    sim_jump_forget(&point->jump, point->now);
}

/* --- Changing the network --- */

struct sim_reference sim_point_ideal(struct sim_point *point)
{
    struct sim_reference ideal;

    refresh(point);
    ideal = point->reference;
    sim_reference_count(&ideal, point->now);
    return ideal;
}

/* Before the network changes: what flowed until now is counted. A network that has been changed already has been
 * changed at this very instant, and then all is counted. */
static void before_change(struct sim_point *point)
{
    if (!point->changed)
        sim_reference_count(&point->reference, point->now);
    point->changed = true;
}

static void assign(struct sim_point *point, const struct sim_assignment *a)
{
    before_change(point);
    sim_network_assign(&point->network, a);
}

void sim_point_power(struct sim_point *point, bool on)
{
    before_change(point);
    point->network.powered = on;
}

static void drop_ramp(struct sim_point *point, unsigned k)
{
    point->ramp[k] = point->ramp[--point->ramps];
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
static void stop_ramps(struct sim_point *point, const struct sim_assignment *a)
{
    unsigned ended = 1u << a->quantity | rivals(a->quantity);

    for (unsigned k = point->ramps; k-- > 0;) {
        const struct sim_assignment *t = &point->ramp[k].target;

        if ((ended >> t->quantity & 1) && ((t->phases & a->phases) || a->quantity == SIM_FREQUENCY))
            drop_ramp(point, k);
    }
}

static void start_ramp(struct sim_point *point, const struct sim_assignment *a, int phase, int64_t over)
{
    struct sim_ramp ramp = {.target = *a, .start = point->now, .end = point->now + over};
    int64_t step = over / 1000;

    ramp.target.phases = a->quantity == SIM_FREQUENCY ? 0 : (uint8_t)(1 << phase);
    ramp.from = sim_network_number(&point->network, a->quantity, phase);
    ramp.step = step < RAMP_STEP_MIN ? RAMP_STEP_MIN : step > RAMP_STEP_MAX ? RAMP_STEP_MAX : step;
    ramp.next = point->now + (over < ramp.step ? over : ramp.step);
    point->ramp = realloc(point->ramp, (point->ramps + 1) * sizeof *point->ramp);
    if (!point->ramp)
        abort();
    point->ramp[point->ramps++] = ramp;
}

void sim_point_set(struct sim_point *point, const struct sim_assignment *a, int64_t over)
{
    stop_ramps(point, a);
    if (over == 0) {
        assign(point, a);
        return;
    }
    for (int p = 0; p < EM_PHASE_COUNT; p++)
        if ((a->phases >> p & 1) || (a->quantity == SIM_FREQUENCY && p == 0))
            start_ramp(point, a, p, over);
}

void sim_point_touch(struct sim_point *point, enum em_button button, int64_t samples)
{
    em_meter_button(&point->meter, button, true);
    point->let_go[button] = samples == INT64_MAX ? INT64_MAX : point->now + samples;
}

void sim_point_let_go(struct sim_point *point, enum em_button button)
{
    em_meter_button(&point->meter, button, false);
    point->let_go[button] = INT64_MAX;
    sim_point_survived(point);
}

int64_t sim_point_next_step(const struct sim_point *point)
{
    int64_t next = INT64_MAX;

    for (int b = 0; b < EM_BUTTON_COUNT; b++)
        if (point->let_go[b] < next)
            next = point->let_go[b];
    for (unsigned k = 0; k < point->ramps; k++)
        if (point->ramp[k].next < next)
            next = point->ramp[k].next;
    return next;
}

static void step_ramps(struct sim_point *point)
{
    for (unsigned k = point->ramps; k-- > 0;) {
        struct sim_ramp *ramp = &point->ramp[k];
        struct sim_assignment a = ramp->target;

        if (ramp->next > point->now)
            continue;
        if (point->now < ramp->end)
            a.number = ramp->from + (ramp->target.number - ramp->from) * (double)(point->now - ramp->start) /
                                        (double)(ramp->end - ramp->start);
        assign(point, &a);
        ramp->next = ramp->next + ramp->step < ramp->end ? ramp->next + ramp->step : ramp->end;
        if (point->now >= ramp->end)
            drop_ramp(point, k);
    }
}

void sim_point_step(struct sim_point *point)
{
    step_ramps(point);
    for (int b = 0; b < EM_BUTTON_COUNT; b++)
        if (point->let_go[b] <= point->now)
            sim_point_let_go(point, (enum em_button)b);
}

/* --- Reading --- */

static void read_pulses(struct sim_point *point, int output, struct sim_value *value)
{
    sim_value_number(value, (double)point->pulses[output]);
}

static void read_lcd(struct sim_point *point, int part, struct sim_value *value)
{
    static void (*const parts[])(const struct em_lcd *, char[SIM_LCD_TEXT]) = {sim_lcd_icons, sim_lcd_part1,
                                                                               sim_lcd_part2, sim_lcd_part3};

    *value = (struct sim_value){.is_text = true};
    parts[part](em_meter_lcd(&point->meter), value->text);
}

static void read_backlight(struct sim_point *point, int unused, struct sim_value *value)
{
    (void)unused;
    sim_value_number(value, em_meter_backlight(&point->meter));
}

const struct sim_reading sim_readings[] = {
    {"pulses.led", false, EM_OUTPUT_LED, read_pulses},
    {"pulses.s0_1", false, EM_OUTPUT_S0_1, read_pulses},
    {"pulses.s0_2", false, EM_OUTPUT_S0_2, read_pulses},
    {"lcd.part1", true, 1, read_lcd},
    {"lcd.part2", true, 2, read_lcd},
    {"lcd.part3", true, 3, read_lcd},
    {"lcd.icons", true, 0, read_lcd},
    {"led.backlight", false, 0, read_backlight},
    {0},
};

const struct sim_reading *sim_reading_named(const char *name)
{
    for (const struct sim_reading *r = sim_readings; r->name; r++)
        if (strcmp(r->name, name) == 0)
            return r;
    return NULL;
}

void sim_point_read(struct sim_point *point, const char *name, struct sim_value *value)
{
    enum em_combination code = (enum em_combination)point->meter.settings.value[EM_SETTING_COMBINATION_CODE];
    const struct sim_reading *reading = sim_reading_named(name);
    bool reference = strncmp(name, "reference.", 10) == 0, error = strncmp(name, "error_percent.", 14) == 0;
    const struct em_register *row = sim_register_named(name + (reference ? 10 : error ? 14 : 0));
    struct sim_reference reference_now;
    double ideal = 0;

    if (reading) {
        reading->read(point, reading->argument, value);
        return;
    }
    sim_value_read(value, &point->meter, row);
    if (!reference && !error)
        return;
    reference_now = sim_point_ideal(point);
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

/* --- Running --- */

void sim_point_init(struct sim_point *point, const struct sim_setup *setup, const struct sim_speed *speed,
                    struct sim_memory *memory)
{
    bool fresh = true;

    memset(point, 0, sizeof *point);
    for (int b = 0; b < EM_BUTTON_COUNT; b++)
        point->let_go[b] = INT64_MAX;
    point->network = setup->network;
    point->port.accumulate = speed->accumulate;
    point->wave.synth = speed->synth;
    point->jump.off = speed->no_jump || sim_network_recorded(&point->network);
    sim_memory_init(&point->own_memory);
    point->memory = memory ? memory : &point->own_memory;
    for (size_t k = 0; k < sizeof point->memory->image; k++)
        fresh = fresh && point->memory->image[k] == 0xFF;
    settle_meter(point);
    start_meter(point);
    if (fresh)
        set_up_meter(point, setup);
    preset_reference(point);
}

void sim_point_free(struct sim_point *point)
{
    free(point->ramp);
    sim_jump_free(&point->jump);
    sim_ideal_free(point->ideal);
    sim_wave_free(&point->wave);
}

void sim_point_run(struct sim_point *point, int64_t until)
{
    refresh(point);
    while (point->now < until) {
        uint32_t left = sim_wave_left(&point->wave);

        if (sim_jump(point, until))
            continue;
        make_samples(point, until - point->now < left ? (uint32_t)(until - point->now) : left);
    }
}
