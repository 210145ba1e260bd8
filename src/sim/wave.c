/* SPDX-License-Identifier: MIT */
#include "wave.h"

#include <stdlib.h>
#include <string.h>

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

void sim_wave_free(struct sim_wave *w)
{
    for (int order = 0; order <= SIM_HARMONIC_MAX; order++)
        free(w->table[order]);
    free(w->chunk);
    memset(w, 0, sizeof *w);
}

size_t sim_wave_memory(const struct sim_wave *w)
{
    size_t sum = w->chunk ? whole(EM_CHANNEL_COUNT * sizeof *w->chunk) : 0;

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

static uint32_t phase_after(const struct sim_wave *w, uint32_t samples)
{
    return (uint32_t)((w->phase + (uint64_t)w->frequency_mhz * samples) % EM_PHASE_MODULUS);
}

void sim_wave_change(struct sim_wave *w, uint32_t frequency_mhz)
{
    w->phase = phase_after(w, w->index);
    w->index = 0;
    w->made = false;
    if (frequency_mhz != w->frequency_mhz)
        w->orders = 0;
    w->frequency_mhz = frequency_mhz;
}

uint32_t sim_wave_left(const struct sim_wave *w)
{
    return SIM_CHUNK - w->index;
}

/* Of half a step each: the middle of a block lies between two samples. */
static double turns(uint64_t halves)
{
    return (double)(halves % (2 * EM_PHASE_MODULUS)) / (2 * EM_PHASE_MODULUS);
}

/* Cosine and sine of a phase. */
struct pointer {
    double c, s;
};

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
    sim_sincos(turns(step * 2 * SIM_BLOCK), &t->s_block, &t->c_block);
    w->orders |= (uint64_t)1 << order;
}

static uint64_t mix(uint64_t z)
{
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

/* The errors of three channels of which the first is number `first`. */
static void gather_errors(const struct sim_wave *w, int first, struct sim_group *g)
{
    g->sample = w->sample;
    g->noisy = g->errors = g->clip = false;
    for (int k = 0; k < SIM_GROUP; k++) {
        const struct sim_channel *channel = &w->channel[first + k];

        g->offset[k] = channel->offset;
        g->coarse[k] = channel->coarse;
        g->noisy |= channel->noise > 0;
        g->clip |= channel->clips;
        g->errors |= channel->noise > 0 || channel->offset != 0 || channel->clips;
    }
    for (int k = 0; k < SIM_GROUP && g->noisy; k++) {
        g->noise[k] = w->channel[first + k].noise / 37837.21; /* 65536 / sqrt(3) */
        g->key[k] = mix(w->seed + SIM_NOISE_STEP * (uint64_t)(first + k + 1));
    }
}

/* Which orders three channels have. */
static uint64_t orders_of(const struct sim_wave *w, int first)
{
    uint64_t orders = 0;

    for (int k = 0; k < SIM_GROUP; k++)
        for (unsigned n = 0; n < w->channel[first + k].tones; n++)
            orders |= (uint64_t)1 << w->channel[first + k].tone[n].order;
    return orders;
}

/* The tones of three channels by order, each turned by its order's pointer. */
static void gather_tones(const struct sim_wave *w, int first, const struct pointer at[], struct sim_group *g)
{
    const uint64_t orders = orders_of(w, first);
    uint8_t place[SIM_HARMONIC_MAX + 1];

    g->tones = 0;
    for (unsigned order = 0; orders >> order; order++) {
        if (!(orders >> order & 1))
            continue;
        place[order] = (uint8_t)g->tones;
        g->table[g->tones] = w->table[order];
        g->first[g->tones++] = (struct sim_tones){0};
    }
    for (int k = 0; k < SIM_GROUP; k++) {
        for (unsigned n = 0; n < w->channel[first + k].tones; n++) {
            const struct sim_tone *t = &w->channel[first + k].tone[n];
            const struct pointer *p = &at[t->order];

            g->first[place[t->order]].x[k] = t->x * p->c + t->y * p->s;
            g->first[place[t->order]].y[k] = t->y * p->c - t->x * p->s;
        }
    }
}

static void make_chunk(struct sim_wave *w)
{
    const uint64_t orders = orders_of(w, EM_U1) | orders_of(w, EM_I1);
    const uint64_t middle = 2 * (uint64_t)w->phase + (SIM_BLOCK - 1) * (uint64_t)w->frequency_mhz;
    struct pointer at[SIM_HARMONIC_MAX + 1];
    struct sim_group group;

    for (unsigned order = 0; orders >> order; order++) {
        if (!(orders >> order & 1))
            continue;
        need_table(w, order);
        sim_sincos(turns(order * middle), &at[order].s, &at[order].c);
    }
    for (int first = 0; first < EM_CHANNEL_COUNT; first += SIM_GROUP) {
        int32_t *const out[SIM_GROUP] = {w->chunk[first], w->chunk[first + 1], w->chunk[first + 2]};

        gather_tones(w, first, at, &group);
        gather_errors(w, first, &group);
        w->synth(out, &group);
        w->noisy = group.noisy || (first && w->noisy);
    }
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

        w->made = next == w->phase && !w->noisy;
        w->phase = next;
        w->index = 0;
    }
}
