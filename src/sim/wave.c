/* SPDX-License-Identifier: MIT */
#include "wave.h"

#include <stdlib.h>
#include <string.h>

#include "random.h"
#include "track.h"
#include "trig.h"

/* Everything that vectors are loaded from and stored to begins on such a boundary. */
#define ALIGNMENT 64

static size_t whole(size_t size)
{
    return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static void *allocate(size_t size)
{
    void *p = aligned_alloc(ALIGNMENT, whole(size));

    if (!p)
        abort();
    return p;
}

static size_t count(uint64_t orders)
{
    return (size_t)__builtin_popcountll(orders);
}

void sim_wave_free(struct sim_wave *w)
{
    for (int order = 0; order <= SIM_HARMONIC_MAX; order++)
        free(w->table[order]);
    free(w->tones[0]);
    free(w->chunk);
    memset(w, 0, sizeof *w);
}

size_t sim_wave_memory(const struct sim_wave *w)
{
    size_t sum = w->chunk ? whole(EM_CHANNEL_COUNT * sizeof *w->chunk) : 0;

    sum += w->room * sizeof *w->tones[0];
    for (int order = 0; order <= SIM_HARMONIC_MAX; order++)
        sum += w->table[order] ? whole(sizeof *w->table[order]) : 0;
    return sum;
}

void sim_wave_init(struct sim_wave *w, sim_synth_fn *synth, uint32_t frequency_mhz, int64_t sample)
{
    sim_wave_free(w);
    w->synth = synth ? synth : sim_synth;
    w->frequency_mhz = frequency_mhz;
    w->sample = sample;
    w->chunk = allocate(EM_CHANNEL_COUNT * sizeof *w->chunk);
}

static uint32_t phase_after(const struct sim_wave *w, uint64_t samples)
{
    return (uint32_t)((w->phase + w->frequency_mhz * (samples % EM_PHASE_MODULUS)) % EM_PHASE_MODULUS);
}

void sim_wave_change(struct sim_wave *w, uint32_t frequency_mhz)
{
    w->phase = phase_after(w, w->index);
    w->index = 0;
    w->made = w->gathered = false;
    if (frequency_mhz != w->frequency_mhz)
        w->orders = 0;
    w->frequency_mhz = frequency_mhz;
}

uint32_t sim_wave_left(const struct sim_wave *w)
{
    return SIM_CHUNK - w->index;
}

void sim_wave_skip(struct sim_wave *w, int64_t n)
{
    uint64_t place = w->index + (uint64_t)n;

    w->phase = phase_after(w, place - place % SIM_CHUNK);
    w->index = (uint32_t)(place % SIM_CHUNK);
    w->sample += n;
    w->made = false;
}

/* Of half a step each: the middle of a block lies between two samples. */
static double turns(uint64_t halves)
{
    return (double)(halves % (2 * EM_PHASE_MODULUS)) / (2 * EM_PHASE_MODULUS);
}

static void need_table(struct sim_wave *w, unsigned order)
{
    const uint64_t step = (uint64_t)order * w->frequency_mhz;
    struct sim_table *t = w->table[order];

    if (w->orders >> order & 1)
        return;
    if (!t)
        t = w->table[order] = allocate(sizeof *t);
    for (uint32_t j = 0; j < SIM_HALF; j++)
        sim_sincos(turns(step * (2 * j + 1)), &t->s[j], &t->c[j]);
    sim_sincos(turns(step * 2 * SIM_BLOCK), &w->block[order].s, &w->block[order].c);
    w->orders |= (uint64_t)1 << order;
}

/* Which orders the channels of a group have. */
static uint64_t orders_of(const struct sim_wave *w, int group)
{
    uint64_t orders = 0;

    for (int k = 0; k < SIM_GROUP; k++) {
        const struct sim_channel *channel = &w->channel[group * SIM_GROUP + k];

        for (unsigned n = 0; n < channel->tones; n++)
            orders |= (uint64_t)1 << channel->tone[n].order;
    }
    return orders;
}

/* The channels' tones by order. */
static void gather_tones(struct sim_wave *w, int group)
{
    memset(w->tones[group], 0, count(w->has[group]) * sizeof *w->tones[group]);
    for (int k = 0; k < SIM_GROUP; k++) {
        const struct sim_channel *channel = &w->channel[group * SIM_GROUP + k];

        for (unsigned n = 0; n < channel->tones; n++) {
            const struct sim_tone *t = &channel->tone[n];
            const uint64_t lower = ((uint64_t)1 << t->order) - 1;
            struct sim_tones *tones = &w->tones[group][count(w->has[group] & lower)];

            tones->x[k] = t->x;
            tones->y[k] = t->y;
        }
    }
}

static void gather(struct sim_wave *w)
{
    size_t all = 0;

    for (int g = 0; g < SIM_GROUPS; g++)
        all += count(w->has[g] = orders_of(w, g));
    if (all > w->room || !w->room) {
        free(w->tones[0]);
        w->room = all ? all : 1;
        w->tones[0] = allocate(w->room * sizeof *w->tones[0]);
    }
    for (int g = 0; g < SIM_GROUPS; g++) {
        if (g)
            w->tones[g] = w->tones[g - 1] + count(w->has[g - 1]);
        gather_tones(w, g);
    }
    w->gathered = true;
}

/* By how much the tones of an order have turned in the middle of the first block of every span. */
struct turned {
    double c[SIM_SPANS], s[SIM_SPANS];
};

static void find_turned(const struct sim_wave *w, unsigned order, struct turned *t)
{
    const uint64_t middle = 2 * (uint64_t)w->phase + (SIM_BLOCK - 1) * (uint64_t)w->frequency_mhz;
    double angle[SIM_SPANS];

    _Static_assert(SIM_SPANS == 2, "sim_sincos2 finds two");
    for (unsigned k = 0; k < SIM_SPANS; k++)
        angle[k] = turns(order * (middle + k * 2 * SIM_SPAN * (uint64_t)w->frequency_mhz));
    sim_sincos2(angle, t->s, t->c);
}

/* Numbers of two channels side by side. */
typedef double pair __attribute__((vector_size(2 * sizeof(double)), aligned(sizeof(double)), may_alias));

/* The tones of a group as they are in the first block of a span. */
static void turn_tones(const struct sim_wave *w, int group, const struct turned turned[], unsigned span,
                       struct sim_tones *first)
{
    const struct sim_tones *tone = w->tones[group];

    for (uint64_t rest = w->has[group]; rest; rest &= rest - 1, tone++, first++) {
        const struct turned *t = &turned[__builtin_ctzll(rest)];

        for (int k = 0; k < SIM_SYNTH_LANES; k += 2) {
            const pair x = *(const pair *)&tone->x[k], y = *(const pair *)&tone->y[k];

            *(pair *)&first->x[k] = x * t->c[span] + y * t->s[span];
            *(pair *)&first->y[k] = y * t->c[span] - x * t->s[span];
        }
    }
}

static void take_tables(const struct sim_wave *w, int group, struct sim_group *g)
{
    g->tones = 0;
    for (uint64_t rest = w->has[group]; rest; rest &= rest - 1) {
        const int order = __builtin_ctzll(rest);

        g->block[g->tones] = w->block[order];
        g->table[g->tones++] = w->table[order];
    }
}

static void take_errors(const struct sim_wave *w, int first, struct sim_group *g)
{
    g->noisy = g->errors = g->clip = false;
    for (int k = 0; k < SIM_GROUP; k++) {
        const struct sim_channel *channel = &w->channel[first + k];

        g->offset[k] = channel->offset;
        g->coarse[k] = channel->coarse;
        g->noisy |= channel->noise > 0;
        g->clip |= channel->clips;
        g->errors |= channel->noise > 0 || channel->offset != 0 || channel->clips || channel->recorded;
    }
    for (int k = 0; k < SIM_GROUP && g->noisy; k++) {
        g->noise[k] = w->channel[first + k].noise / 37837.21; /* 65536 / sqrt(3) */
        g->key[k] = sim_mix(w->seed + SIM_MIX_STEP * (uint64_t)(first + k + 1));
    }
}

/* What recordings add to a span; returns whether there are any. */
static bool play(const struct sim_wave *w, int first, struct sim_group *g, double played[SIM_GROUP][SIM_SPAN])
{
    bool any = false;

    for (int k = 0; k < SIM_GROUP; k++) {
        const struct sim_channel *channel = &w->channel[first + k];

        g->played[k] = channel->recorded ? played[k] : NULL;
        if (!channel->recorded)
            continue;
        any = true;
        memset(played[k], 0, sizeof played[k]);
        sim_track_add(channel->recorded, g->sample, SIM_SPAN, channel->recorded_gain, played[k]);
    }
    return any;
}

static void make_group(struct sim_wave *w, int group, const struct turned turned[])
{
    const int first = group * SIM_GROUP;
    double played[SIM_GROUP][SIM_SPAN];
    struct sim_group g;

    take_tables(w, group, &g);
    take_errors(w, first, &g);
    w->passing = g.noisy || w->passing;
    for (unsigned span = 0; span < SIM_SPANS; span++) {
        const uint32_t at = span * SIM_SPAN;
        int32_t *const out[SIM_GROUP] = {w->chunk[first] + at, w->chunk[first + 1] + at, w->chunk[first + 2] + at};

        turn_tones(w, group, turned, span, g.first);
        g.sample = w->sample - w->index + at;
        w->passing = play(w, first, &g, played) || w->passing;
        w->synth(out, &g);
    }
}

static void make_chunk(struct sim_wave *w)
{
    struct turned turned[SIM_HARMONIC_MAX + 1];
    uint64_t orders = 0;

    if (!w->gathered)
        gather(w);
    for (int g = 0; g < SIM_GROUPS; g++)
        orders |= w->has[g];
    for (uint64_t rest = orders; rest; rest &= rest - 1) {
        const unsigned order = (unsigned)__builtin_ctzll(rest);

        need_table(w, order);
        find_turned(w, order, &turned[order]);
    }
    w->passing = false;
    for (int g = 0; g < SIM_GROUPS; g++)
        make_group(w, g, turned);
    w->made = true;
}

void sim_wave_samples(struct sim_wave *w, const int32_t *out[EM_CHANNEL_COUNT], uint32_t n)
{
    if (!w->made)
        make_chunk(w);
    for (int c = 0; c < EM_CHANNEL_COUNT; c++)
        out[c] = w->chunk[c] + w->index;
    w->index += n;
    w->sample += n;
    if (w->index == SIM_CHUNK) {
        const uint32_t next = phase_after(w, SIM_CHUNK);

        w->made = next == w->phase && !w->passing;
        w->phase = next;
        w->index = 0;
    }
}
