/* SPDX-License-Identifier: MIT */
#include "jump.h"

#include <stdlib.h>
#include <string.h>

#include "point.h"

/* A period that takes longer than this to note down is not begun before the signal has been steady for a while. */
#define LONG_PERIOD  (10 * EM_SAMPLE_RATE)
#define SETTLED_TIME (4 * EM_SAMPLE_RATE)

/* Windows that are taken one by one before it is tried again to take them together. */
#define RETRY 64

/* Samples in which edges of outputs that somebody listens to are passed on. */
#define LISTEN_SAMPLES SIM_CHUNK

void sim_jump_free(struct sim_jump *jump)
{
    free(jump->mark);
    free(jump->state);
}

void sim_jump_forget(struct sim_jump *jump, int64_t now)
{
    jump->known = jump->noting = false;
    jump->changed = now;
}

/* --- The period --- */

static int64_t common_divisor(int64_t a, int64_t b)
{
    while (b) {
        int64_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

/* Samples after which generator, chunks, cycles and windows are where they were. */
static int64_t period_of(uint32_t frequency_mhz)
{
    int64_t divisor = common_divisor(EM_PHASE_MODULUS, frequency_mhz);
    int64_t samples = EM_PHASE_MODULUS / divisor, cycles = frequency_mhz / divisor;
    int64_t chunks = SIM_CHUNK / common_divisor(SIM_CHUNK, samples);
    int64_t windows = EM_WINDOW_CYCLES / common_divisor(EM_WINDOW_CYCLES, cycles);

    return samples * (chunks * windows / common_divisor(chunks, windows));
}

static bool fits_memory(const struct sim_jump *jump)
{
    int64_t most = jump->windows_max ? jump->windows_max : SIM_JUMP_WINDOWS;

    return jump->period / EM_WINDOW_CYCLES * jump->frequency_mhz / EM_PHASE_MODULUS <= most;
}

/* --- Noting down --- */

static void take_state(struct sim_jump_state *state, const struct sim_point *point)
{
    const struct em_meter *m = &point->meter;

    state->wave_phase = point->wave.phase;
    state->window_samples = m->window_samples;
    state->supply = m->supply;
    state->calibration = m->calibration;
    state->metrology = m->metrology;
    memset(&state->metrology.window, 0, sizeof state->metrology.window);
}

static bool same(const void *a, const void *b, size_t n)
{
    return memcmp(a, b, n) == 0;
}

/* Is all that is periodic as it was at the anchor? Bytes between members may differ without need: then a jump is
 * missed, not made wrongly. */
static bool is_back(const struct sim_point *point)
{
    const struct sim_jump_state *s = point->jump.state;
    const struct em_meter *m = &point->meter;
    const struct em_metrology *a = &s->metrology, *b = &m->metrology;

    return s->wave_phase == point->wave.phase && s->window_samples == m->window_samples &&
           same(&s->supply, &m->supply, sizeof s->supply) &&
           same(&s->calibration, &m->calibration, sizeof s->calibration) &&
           same(a, b, offsetof(struct em_metrology, window));
}

static bool is_noisy(const struct sim_wave *wave)
{
    for (int c = 0; c < EM_CHANNEL_COUNT; c++)
        if (wave->channel[c].noise > 0)
            return true;
    return false;
}

/* Is there hope that the state will come back? */
static bool may_repeat(const struct sim_point *point)
{
    const struct em_meter *m = &point->meter;

    return em_meter_running(m) && !m->stopped && m->supply.low_cycles == 0 &&
           m->metrology.frequency_mhz == point->wave.frequency_mhz && !is_noisy(&point->wave);
}

static void *need(void *memory, size_t size)
{
    memory = realloc(memory, size);
    if (!memory)
        abort();
    return memory;
}

static void begin(struct sim_point *point)
{
    struct sim_jump *jump = &point->jump;

    if (!may_repeat(point))
        return;
    if (jump->frequency_mhz != point->wave.frequency_mhz)
        jump->period = period_of(jump->frequency_mhz = point->wave.frequency_mhz);
    if (!fits_memory(jump) || (jump->period > LONG_PERIOD && point->now - jump->changed < SETTLED_TIME))
        return;
    if (!jump->state)
        jump->state = need(NULL, sizeof *jump->state);
    if (!jump->mark)
        jump->mark = need(NULL, (jump->room = 4) * sizeof *jump->mark);
    take_state(jump->state, point);
    jump->anchor = point->now;
    jump->windows = 0;
    jump->mark[0] = (struct sim_jump_mark){.samples = 0};
    jump->noting = true;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* A window of `samples` samples has been closed. */
static void note_window(struct sim_jump *jump, const struct em_window *w, uint32_t samples)
{
    struct sim_jump_mark *mark;
    struct em_span *span = &jump->span;
    bool first = jump->windows == 0;

    if (jump->windows + 2 > jump->room)
        jump->mark = need(jump->mark, (jump->room *= 2) * sizeof *jump->mark);
    mark = &jump->mark[++jump->windows];
    *mark = mark[-1];
    mark->samples += samples;
    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        const int64_t ui = w->phase[p].ui, q = w->phase[p].q;

        /* Modulo 2^64: what is taken out again is a part that fits. */
        mark->sum.ui[p] = (int64_t)((uint64_t)mark->sum.ui[p] + (uint64_t)ui);
        mark->sum.q[p] = (int64_t)((uint64_t)mark->sum.q[p] + (uint64_t)q);
        span->least.ui[p] = first ? ui : smaller(ui, span->least.ui[p]);
        span->most.ui[p] = first ? ui : larger(ui, span->most.ui[p]);
        span->least.q[p] = first ? q : smaller(q, span->least.q[p]);
        span->most.q[p] = first ? q : larger(q, span->most.q[p]);
    }
    span->shortest = first || samples < span->shortest ? samples : span->shortest;
    span->longest = first || samples > span->longest ? samples : span->longest;
}

void sim_jump_note(struct sim_point *point, uint32_t before, uint32_t n)
{
    struct sim_jump *jump = &point->jump;
    const struct em_meter *m = &point->meter;

    if (jump->off)
        return;
    if (!em_meter_running(m)) {
        jump->known = jump->noting = false;
        return;
    }
    if (m->window_samples != before + n) {
        if (jump->noting)
            note_window(jump, &m->metrology.window, before + n - m->window_samples);
        else if (jump->known)
            jump->at = (jump->at + 1) % jump->windows;
    }
    if (point->wave.index)
        return;
    if (jump->noting && point->now - jump->anchor == jump->period) {
        jump->known = jump->windows && is_back(point);
        jump->noting = false;
        jump->at = 0;
    }
    if (!jump->noting && !jump->known)
        begin(point);
}

/* --- Going on without samples --- */

/* Sums from window `at` of the period on over n windows, which may be of several periods. */
static void sum_up(const struct sim_jump *jump, struct em_span *span, unsigned at, uint32_t n)
{
    const struct sim_jump_mark *all = &jump->mark[jump->windows], *from = &jump->mark[at];
    const struct sim_jump_mark *to = &jump->mark[(at + (uint64_t)n) % jump->windows];
    uint64_t periods = (at + (uint64_t)n) / jump->windows;

    span->samples = (uint32_t)(periods * (uint64_t)all->samples + (uint64_t)(to->samples - from->samples));
    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        span->sum.ui[p] =
            (int64_t)(periods * (uint64_t)all->sum.ui[p] + (uint64_t)to->sum.ui[p] - (uint64_t)from->sum.ui[p]);
        span->sum.q[p] =
            (int64_t)(periods * (uint64_t)all->sum.q[p] + (uint64_t)to->sum.q[p] - (uint64_t)from->sum.q[p]);
    }
}

/* Windows from window `at` on up to the end of that in which so many samples are reached; at least 1. */
static int64_t windows_to(const struct sim_jump *jump, unsigned at, int64_t samples)
{
    int64_t all = jump->mark[jump->windows].samples, goal = jump->mark[at].samples + (samples > 0 ? samples : 1);
    int64_t periods = goal / all, rest = goal % all;
    unsigned low = 0, high = jump->windows;

    while (low < high) {
        unsigned middle = (low + high) / 2;

        if (jump->mark[middle].samples >= rest)
            high = middle;
        else
            low = middle + 1;
    }
    return periods * jump->windows + low - at;
}

/* Time passes inside a window. */
static void pass(struct sim_point *point, uint32_t n)
{
    bool listened = point->trace || point->watch;

    while (n) {
        uint32_t part = listened && n > LISTEN_SAMPLES ? LISTEN_SAMPLES : n;

        em_meter_pass(&point->meter, part);
        sim_point_report_edges(point);
        point->now += part;
        n -= part;
    }
}

/* One window, from its sample number `from` on, as it really goes. */
static void one_window(struct sim_point *point, unsigned at, uint32_t from)
{
    struct em_window window = point->meter.metrology.window;
    struct em_span span;

    sum_up(&point->jump, &span, at, 1);
    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        window.phase[p].ui = span.sum.ui[p];
        window.phase[p].q = span.sum.q[p];
    }
    pass(point, span.samples - from);
    em_meter_window(&point->meter, &window);
}

/* How many of n windows from window `at` on to take together: up to where they must be seen one by one again, at the
 * end and before a save that is really made (the last ones leave their trace in the memory). */
static int64_t together(const struct sim_point *point, unsigned at, int64_t n)
{
    const struct sim_jump *jump = &point->jump;
    const struct em_meter *m = &point->meter;
    const int64_t interval = (int64_t)EM_SAVE_INTERVAL_S * EM_SAMPLE_RATE;
    int64_t settle = em_span_settle(m, &jump->span) / jump->span.shortest + 1;
    int64_t save = windows_to(jump, at, interval - m->storage.since_save);
    int64_t limit = em_meter_span_limit(m, &jump->span), count;

    if (save > n - settle)
        count = save > n ? n - settle : save - 1 - settle;
    else if (n - save > 3 * (interval / jump->span.shortest + 1))
        count = save;
    else
        count = save - 1 - settle;
    return count < limit ? count : limit;
}

/* n windows from the one that is open on, of which `head` samples have passed. */
static void go_on(struct sim_point *point, int64_t n, uint32_t head)
{
    struct sim_jump *jump = &point->jump;
    bool listened = point->trace || point->watch;
    int64_t single = 2 + em_span_settle(&point->meter, &jump->span) / jump->span.shortest;
    unsigned at = jump->at;

    while (n > 0) {
        int64_t count = single-- > 0 || listened ? 0 : together(point, at, n);

        if (count > 1)
            sum_up(jump, &jump->span, at, (uint32_t)count);
        if (count > 1 && em_meter_skip(&point->meter, &jump->span, point->pulses)) {
            point->now += jump->span.samples;
        } else {
            if (count > 1)
                single = RETRY;
            one_window(point, at, head);
            count = 1;
        }
        head = 0;
        n -= count;
        at = (unsigned)((at + count) % jump->windows);
    }
}

/* From any place in the period to the same place some periods later. What is periodic goes its own way, whatever else
 * happens to the meter, unless it stops. */
static bool jump_steady(struct sim_point *point, int64_t until)
{
    struct sim_jump *jump = &point->jump;
    const struct em_meter *m = &point->meter;
    int64_t periods = (until - point->now) / jump->period, from = point->now;
    struct em_window newest = m->metrology.window;
    uint32_t head = m->window_samples;

    if (periods == 0)
        return false;
    if (!may_repeat(point) || !same(&jump->state->calibration, &m->calibration, sizeof m->calibration)) {
        sim_jump_forget(jump, point->now);
        return false;
    }
    go_on(point, periods * jump->windows, head);
    pass(point, head);
    point->meter.metrology.window = newest;
    sim_wave_skip(&point->wave, point->now - from);
    return true;
}

/* A meter without supply looks at the voltages alone, and there are none. */
static bool jump_dark(struct sim_point *point, int64_t until)
{
    struct em_supply *supply = &point->meter.supply, dark = {.n = supply->n};
    int64_t n = until - point->now;

    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        const struct sim_channel *channel = &point->wave.channel[EM_U1 + p];

        if (channel->tones || channel->recorded || channel->noise > 0 || channel->offset != 0)
            return false;
    }
    if (em_meter_running(&point->meter) || !same(supply, &dark, sizeof dark))
        return false;
    supply->n = (uint32_t)((supply->n + n) % EM_SUPPLY_PROBE);
    sim_wave_skip(&point->wave, n);
    point->now = until;
    return true;
}

bool sim_jump(struct sim_point *point, int64_t until)
{
    struct sim_jump *jump = &point->jump;

    if (jump->off || point->memory->cut_at || point->memory->dead)
        return false;
    if (jump->known)
        return jump_steady(point, until);
    return jump_dark(point, until);
}
