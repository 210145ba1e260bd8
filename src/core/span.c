/* SPDX-License-Identifier: MIT */
#include "vmeter/em_span.h"

#include "fixmath.h"

/* Pulses that are nearer to each other than this many samples beyond a pulse and its pause are taken one by one:
 * windows differ by a sample, and so does where in them a step is crossed. */
#define MARGIN 4

/* Pulses that must wait at least, throughout, for the output to run like clockwork. */
#define WAITING_MIN 4

/* Where energy of the least and of the most window goes, in units of rest. */
struct bounds {
    struct em_counted least, most;
};

/* --- Which way energy flows --- */

/* All sums are of one direction; a power of zero counts as forward. */
static bool steady(int64_t least, int64_t most)
{
    return least >= 0 || most < 0;
}

static uint64_t magnitude(int64_t x)
{
    return (uint64_t)(x < 0 ? -x : x);
}

/* Units of rest that a window brings for a sum within least and most, of one direction. What is kept below a unit can
 * add or take one. */
static void unit_range(int64_t least, int64_t most, uint32_t ct_primary, uint64_t *low, uint64_t *high)
{
    uint64_t a = magnitude(least) / 4096, b = magnitude(most) / 4096;

    *low = a < b ? a : b;
    *low = (*low ? *low - 1 : 0) * ct_primary;
    *high = ((a > b ? a : b) + 1) * ct_primary;
    if (least == 0 && most == 0)
        *high = 0;
}

static void add_range(struct bounds *b, enum em_kind kind, int64_t least, int64_t most, uint32_t ct_primary)
{
    enum em_direction d = most < 0 || (most == 0 && least < 0) ? EM_REVERSE : EM_FORWARD;
    uint64_t low, high;

    unit_range(least, most, ct_primary, &low, &high);
    b->least.units[kind][d] += low;
    b->most.units[kind][d] += high;
}

/* Netted phases: one direction must outweigh the other in every window. */
static bool net(struct bounds *b)
{
    uint64_t *low = b->least.units[EM_ACTIVE], *high = b->most.units[EM_ACTIVE];
    int stronger = low[EM_FORWARD] >= high[EM_REVERSE] ? EM_FORWARD : EM_REVERSE, weaker = 1 - stronger;

    if (low[stronger] < high[weaker])
        return false;
    low[stronger] -= high[weaker];
    high[stronger] -= low[weaker];
    low[weaker] = high[weaker] = 0;
    return true;
}

static bool find_bounds(struct bounds *b, const struct em_span *span, const struct em_energy_rules *rules)
{
    *b = (struct bounds){0};
    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        const int64_t *ui = span->least.ui, *q = span->least.q;

        if (!steady(ui[p], span->most.ui[p]) || !(steady(q[p], span->most.q[p]) || span->most.q[p] == 0))
            return false;
        add_range(b, EM_ACTIVE, ui[p], span->most.ui[p], rules->ct_primary);
        add_range(b, EM_REACTIVE, q[p], span->most.q[p], rules->ct_primary);
    }
    return rules->combination != EM_C05_NETTED || net(b);
}

/* --- Trip counters --- */

/* A trip counter that goes up and down at once must not come near to where it rolls over: there it would matter in
 * which order. Only the total can, with phases of both directions. */
static bool trip_may_skip(const struct em_meter *m, const struct bounds *b, const struct em_energy_rules *rules,
                          const struct em_span *span)
{
    const uint64_t *most = b->most.units[EM_ACTIVE];
    uint64_t per_wh = (uint64_t)EM_REST_PER_WH * rules->ct_secondary, flow = 0, wh;

    if (!most[EM_FORWARD] || !most[EM_REVERSE])
        return true;
    for (int p = 0; p < EM_PHASE_COUNT; p++)
        flow += magnitude(span->sum.ui[p]) / 4096;
    wh = em_muldiv(flow, rules->ct_primary, per_wh) + 4;
    return magnitude(m->energy.trip_wh[EM_TOTAL]) + wh < EM_ENERGY_MODULUS;
}

/* --- Pulses --- */

static uint64_t period_of(const struct em_pulse *p)
{
    return 2 * (uint64_t)p->width;
}

/* Every pulse begins when it is due: they are further apart than a pulse and its pause. */
static bool on_time(const struct em_pulse *p, uint64_t most, const struct em_span *span)
{
    return !p->behind && !p->backlog && em_muldiv(most, period_of(p) + MARGIN, span->shortest) < p->step;
}

/* Pulses are waiting, from the first to the last sample: one follows the other. */
static bool always_waiting(const struct em_pulse *p, uint64_t least, const struct em_span *span)
{
    uint64_t begin = span->samples / period_of(p) + 1, come = em_muldiv(least, span->samples, span->longest) / p->step;

    if (!p->behind || p->backlog < WAITING_MIN || !p->left || span->samples < period_of(p))
        return false;
    return em_muldiv(least, period_of(p), (uint64_t)span->longest + MARGIN) >= p->step ||
           p->backlog + come >= begin + WAITING_MIN + 1;
}

/* One pulse after the other for n samples, at least a pulse and its pause; returns how many begin. */
static uint64_t run_like_clockwork(struct em_pulse *p, uint32_t n)
{
    const uint32_t period = (uint32_t)period_of(p);
    uint32_t first = p->on ? p->left + p->width : p->left; /* sample at which the next one begins */
    uint32_t place = (n - first) % period;

    p->on = place < p->width;
    p->left = (p->on ? p->width : period) - place;
    return (n - first) / period + 1;
}

/* All energy of the span, and what was still to come of the window before it, is handed out. */
static uint64_t skip_pulses(struct em_pulse *p, uint64_t units, uint32_t samples)
{
    uint64_t all = p->rest + (p->spread - p->given) + units, begun;

    p->rest = all % p->step;
    p->spread = p->given = 0;
    p->length = p->passed = 0;
    p->crossing = UINT32_MAX;
    if (p->backlog) {
        begun = run_like_clockwork(p, samples);
        p->backlog += all / p->step - begun;
        return begun;
    }
    p->on = false;
    p->left = 0;
    return all / p->step;
}

/* --- The whole --- */

static bool may_skip(const struct em_meter *m, const struct em_span *span, const struct em_energy_rules *rules)
{
    int32_t type = m->settings.value[EM_SETTING_PULSE_TYPE];
    uint64_t least[EM_OUTPUT_COUNT], most[EM_OUTPUT_COUNT];
    struct bounds b;

    if (m->stopped || !em_meter_running(m) || m->display.due || !find_bounds(&b, span, rules) ||
        !trip_may_skip(m, &b, rules, span))
        return false;
    em_pulses_units(&b.least, type, rules->ct_primary, least);
    em_pulses_units(&b.most, type, rules->ct_primary, most);
    for (int k = 0; k < EM_OUTPUT_COUNT; k++) {
        const struct em_pulse *p = &m->pulses.output[k];

        if (!on_time(p, most[k], span) && !always_waiting(p, least[k], span))
            return false;
    }
    return true;
}

bool em_meter_skip(struct em_meter *m, const struct em_span *span, uint64_t begun[EM_OUTPUT_COUNT])
{
    struct em_energy_rules rules = em_meter_rules(m);
    struct em_window *window = &m->metrology.window;
    uint64_t units[EM_OUTPUT_COUNT];
    struct em_counted counted;

    if (!may_skip(m, span, &rules))
        return false;
    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        window->phase[p].ui = span->sum.ui[p];
        window->phase[p].q = span->sum.q[p];
    }
    em_energy_add(&m->energy, window, &rules, &counted);
    em_pulses_units(&counted, m->settings.value[EM_SETTING_PULSE_TYPE], rules.ct_primary, units);
    for (int k = 0; k < EM_OUTPUT_COUNT; k++)
        begun[k] += skip_pulses(&m->pulses.output[k], units[k], span->samples);
    em_meter_age(m, span->samples);
    m->storage.energy_dirty = m->storage.energy_dirty || em_counted_any(&counted);
    em_storage_skip(m, span->samples);
    m->quantities_fresh = false;
    return true;
}

/* The largest sum of one kind in a window, and all of them together. */
static uint64_t largest(const struct em_span *span, uint64_t *together)
{
    uint64_t most = 1;

    *together = 0;
    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        const int64_t sums[] = {span->least.ui[p], span->most.ui[p], span->least.q[p], span->most.q[p]};

        for (size_t k = 0; k < sizeof sums / sizeof *sums; k++) {
            most = magnitude(sums[k]) > most ? magnitude(sums[k]) : most;
            *together += magnitude(sums[k]);
        }
    }
    return most;
}

uint32_t em_meter_span_limit(const struct em_meter *m, const struct em_span *span)
{
    const uint64_t room = INT64_MAX - 2 * 4096;
    uint64_t together, limit = room / largest(span, &together), samples = INT32_MAX / span->longest, units;

    units = room / (together / 4096 + 1) / em_meter_rules(m).ct_primary;
    limit = limit < units ? limit : units;
    limit = limit < samples ? limit : samples;
    return limit ? (uint32_t)limit : 1;
}

uint32_t em_span_settle(const struct em_meter *m, const struct em_span *span)
{
    uint32_t settle = 0;

    for (int k = 0; k < EM_OUTPUT_COUNT; k++) {
        uint32_t period = (uint32_t)period_of(&m->pulses.output[k]);

        settle = period > settle ? period : settle;
    }
    return settle + span->longest + MARGIN;
}
