/* SPDX-License-Identifier: MIT */
#include "vmeter/em_pulses.h"

#include <string.h>

#include "fixmath.h"

#define MS_SAMPLES (EM_SAMPLE_RATE / 1000)

void em_pulses_init(struct em_pulses *pulses)
{
    memset(pulses, 0, sizeof *pulses);
}

/* Takes whole steps out of rest into the backlog. */
static void take_steps(struct em_pulse *p)
{
    if (!p->step || p->rest < p->step) /* no step: not configured yet */
        return;
    p->backlog += p->rest / p->step;
    p->rest %= p->step;
}

/* Finds the number of samples passed at which the next step will have been handed out. While pulses wait nothing
 * happens at a crossing, and there may be one at every sample: then none is looked for (see catch_up). */
static void find_crossing(struct em_pulse *p)
{
    uint64_t wanted, at;

    p->crossing = UINT32_MAX;
    if (p->length == 0 || p->backlog)
        return;
    wanted = p->given + (p->step - p->rest);
    if (wanted > p->spread)
        return;
    /* The first n with spread * n / length >= wanted; the estimate may be one off by rounding. */
    at = em_muldiv(wanted, p->length, p->spread);
    if (at && em_muldiv(p->spread, at - 1, p->length) >= wanted)
        at--;
    else if (em_muldiv(p->spread, at, p->length) < wanted)
        at++;
    p->crossing = at < p->length ? (uint32_t)at : p->length;
}

/* Hands out what has come until here. */
static void hand_out(struct em_pulse *p)
{
    uint64_t given = p->passed == p->length ? p->spread : em_muldiv(p->spread, p->passed, p->length);

    p->rest += given - p->given;
    p->given = given;
    take_steps(p);
    find_crossing(p);
}

/* Hands out what came while pulses waited: before the next one begins, and at the end of a run. */
static void catch_up(struct em_pulse *p)
{
    if (p->backlog)
        hand_out(p);
}

/* What is still to be handed out of the window before is added at once: windows differ by a sample. */
static void begin_spread(struct em_pulse *p, uint64_t units, uint32_t samples)
{
    p->rest += p->spread - p->given;
    take_steps(p);
    p->spread = units;
    p->given = 0;
    p->length = samples;
    p->passed = 0;
    find_crossing(p);
}

uint64_t em_pulses_step(enum em_output output, int32_t s0_rate, uint32_t ct_secondary)
{
    if (output == EM_OUTPUT_LED)
        return (uint64_t)EM_REST_PER_WH * 1000 / EM_LED_RATE;
    return em_muldiv((uint64_t)EM_REST_PER_WH * ct_secondary, 100000, (uint64_t)s0_rate);
}

/* Everything of an S0 output that counts in units follows another CT secondary. */
static void rescale(struct em_pulse *p, uint32_t secondary, uint32_t before)
{
    begin_spread(p, 0, 0);
    p->rest = em_muldiv(p->rest, secondary, before);
}

void em_pulses_configure(struct em_pulses *pulses, int32_t s0_rate, uint32_t width_ms, uint32_t ct_secondary)
{
    for (int k = 0; k < EM_OUTPUT_COUNT; k++) {
        struct em_pulse *p = &pulses->output[k];

        if (k != EM_OUTPUT_LED && pulses->ct_secondary && pulses->ct_secondary != ct_secondary)
            rescale(p, ct_secondary, pulses->ct_secondary);
        p->step = em_pulses_step((enum em_output)k, s0_rate, ct_secondary);
        p->width = (k == EM_OUTPUT_LED ? EM_LED_WIDTH_MS : width_ms) * MS_SAMPLES;
        hand_out(p);
    }
    pulses->ct_secondary = ct_secondary;
}

void em_pulses_units(const struct em_counted *c, int32_t type, uint32_t ct_primary, uint64_t units[EM_OUTPUT_COUNT])
{
    const uint64_t *a = c->units[EM_ACTIVE], *q = c->units[EM_REACTIVE];
    bool split = type == 2;

    units[EM_OUTPUT_LED] = (a[EM_FORWARD] + a[EM_REVERSE]) / ct_primary;
    units[EM_OUTPUT_S0_1] = split ? a[EM_FORWARD] : a[EM_FORWARD] + a[EM_REVERSE];
    units[EM_OUTPUT_S0_2] = split ? a[EM_REVERSE] : q[EM_FORWARD] + q[EM_REVERSE];
}

void em_pulses_window(struct em_pulses *pulses, const struct em_counted *c, int32_t type, uint32_t ct_primary,
                      uint32_t samples)
{
    uint64_t units[EM_OUTPUT_COUNT];

    em_pulses_units(c, type, ct_primary, units);
    for (int k = 0; k < EM_OUTPUT_COUNT; k++)
        begin_spread(&pulses->output[k], units[k], samples);
}

/* Begins or ends a pulse if it is time; returns whether there was an edge. */
static bool shape(struct em_pulse *p)
{
    if (p->left)
        return false;
    if (p->on) {
        p->on = false;
        p->left = p->width;
        return true;
    }
    if (!p->backlog) {
        p->behind = false;
        return false;
    }
    catch_up(p);
    p->backlog--;
    find_crossing(p);
    p->on = true;
    p->left = p->width;
    return true;
}

/* Nothing happens while n samples pass: no step is crossed, no pulse or pause ends, none waits. */
static bool is_quiet(const struct em_pulse *p, uint32_t n)
{
    return !p->backlog && (p->left ? p->left > n : !p->on) &&
           (p->crossing == UINT32_MAX || p->crossing - p->passed > n);
}

static void pass(struct em_pulse *p, uint32_t n)
{
    p->passed += n < p->length - p->passed ? n : p->length - p->passed;
    p->left -= p->left < n ? p->left : n;
}

static void run_output(struct em_pulse *p, enum em_output output, uint32_t first, uint32_t n, em_edge_fn *edge,
                       void *ctx)
{
    if (is_quiet(p, n)) {
        p->behind = p->behind && p->left;
        pass(p, n);
        return;
    }
    while (1) {
        uint32_t next = n, to_crossing = p->crossing - p->passed;

        if (p->crossing != UINT32_MAX && to_crossing == 0)
            hand_out(p);
        if (shape(p) && edge)
            edge(ctx, output, p->on, first);
        p->behind = p->behind || p->backlog > 0;
        if (n == 0) {
            catch_up(p);
            return;
        }
        to_crossing = p->crossing - p->passed;
        if (p->crossing != UINT32_MAX && to_crossing < next)
            next = to_crossing;
        if (p->left && p->left < next)
            next = p->left;
        pass(p, next);
        first += next;
        n -= next;
    }
}

void em_pulses_run(struct em_pulses *pulses, uint32_t first, uint32_t n, em_edge_fn *edge, void *ctx)
{
    for (int k = 0; k < EM_OUTPUT_COUNT; k++)
        run_output(&pulses->output[k], (enum em_output)k, first, n, edge, ctx);
}

void em_pulses_stop(struct em_pulses *pulses, uint32_t sample, em_edge_fn *edge, void *ctx)
{
    for (int k = 0; k < EM_OUTPUT_COUNT; k++) {
        struct em_pulse *p = &pulses->output[k];

        begin_spread(p, 0, 0);
        if (p->on && edge)
            edge(ctx, (enum em_output)k, false, sample);
        p->on = false;
        p->left = 0;
    }
}
