/* SPDX-License-Identifier: MIT */
#include "wave.h"

#include <string.h>

#include "random.h"
#include "track.h"
#include "trig.h"

void sim_wave_init(struct sim_wave *w, sim_synth_fn *synth, uint32_t frequency_mhz, int64_t sample)
{
    memset(w, 0, sizeof *w);
    w->synth = synth ? synth : sim_synth;
    w->frequency_mhz = frequency_mhz;
    w->sample = sample;
}

static uint32_t phase_after(const struct sim_wave *w, uint32_t samples)
{
    return (uint32_t)((w->phase + (uint64_t)w->frequency_mhz * samples) % EM_PHASE_MODULUS);
}

void sim_wave_change(struct sim_wave *w, uint32_t frequency_mhz)
{
    w->phase = phase_after(w, w->index);
    w->index = 0;
    w->chunk_ready = false;
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
    uint64_t place = w->index + (uint64_t)n, chunks = place / SIM_CHUNK;

    w->phase = (uint32_t)((w->phase +
                           (uint64_t)w->frequency_mhz * SIM_CHUNK % EM_PHASE_MODULUS * (chunks % EM_PHASE_MODULUS)) %
                          EM_PHASE_MODULUS);
    w->index = (uint32_t)(place % SIM_CHUNK);
    w->sample += n;
    w->chunk_ready = false;
}

static double turns(uint64_t steps)
{
    return (double)(steps % EM_PHASE_MODULUS) / EM_PHASE_MODULUS;
}

static void need_order(struct sim_wave *w, unsigned order)
{
    if (w->orders >> order & 1)
        return;
    for (uint32_t j = 0; j < SIM_CHUNK; j++)
        sim_sincos(turns((uint64_t)order * w->frequency_mhz * j), &w->table[order].s[j], &w->table[order].c[j]);
    w->orders |= (uint64_t)1 << order;
}

/* Turns every tone of every channel to the phase at which the chunk begins. */
static void prepare_chunk(struct sim_wave *w)
{
    for (int c = 0; c < EM_CHANNEL_COUNT; c++)
        for (unsigned k = 0; k < w->channel[c].tones; k++)
            need_order(w, w->channel[c].tone[k].order);
    for (unsigned order = 1; order <= SIM_HARMONIC_MAX; order++)
        if (w->orders >> order & 1)
            sim_sincos(turns((uint64_t)order * w->phase), &w->table[order].s0, &w->table[order].c0);

    for (int c = 0; c < EM_CHANNEL_COUNT; c++) {
        for (unsigned k = 0; k < w->channel[c].tones; k++) {
            const struct sim_tone *t = &w->channel[c].tone[k];
            double c0 = w->table[t->order].c0, s0 = w->table[t->order].s0;

            w->tone[c][k] = (struct sim_synth_tone){
                .c = w->table[t->order].c,
                .s = w->table[t->order].s,
                .x = t->x * c0 + t->y * s0,
                .y = t->y * c0 - t->x * s0,
            };
        }
    }
    w->chunk_ready = true;
}

/* Noise as a function of seed, channel and sample number: near to Gaussian, the sum of four uniform numbers. */
static void add_noise(const struct sim_wave *w, int channel, double *out, uint32_t n)
{
    const uint64_t key = sim_mix(w->seed + SIM_MIX_STEP * (uint64_t)(channel + 1));
    const double scale = w->channel[channel].noise / 37837.21; /* 65536 / sqrt(3) */

    for (uint32_t j = 0; j < n; j++) {
        uint64_t r = sim_mix(key + SIM_MIX_STEP * (uint64_t)(w->sample + j));
        int32_t sum = (int32_t)((r & 0xFFFF) + (r >> 16 & 0xFFFF) + (r >> 32 & 0xFFFF) + (r >> 48)) - 131070;

        out[j] += scale * sum;
    }
}

/* What is added to the tones of a channel: a recording, noise, offset. False if it has none of them. */
static bool make_rest(const struct sim_wave *w, int c, double *out, uint32_t n)
{
    const struct sim_channel *channel = &w->channel[c];

    if (!channel->recorded && channel->noise <= 0 && channel->offset == 0)
        return false;
    memset(out, 0, n * sizeof *out);
    if (channel->recorded)
        sim_track_add(channel->recorded, w->sample, n, channel->recorded_gain, out);
    if (channel->noise > 0)
        add_noise(w, c, out, n);
    for (uint32_t j = 0; channel->offset != 0 && j < n; j++)
        out[j] += channel->offset;
    return true;
}

/* What a converter of fewer bits gives: the nearest of its steps. The whole counts have been rounded before, which adds
 * half a count at most to half a step. */
static void coarsen(int32_t *out, uint32_t n, unsigned bits)
{
    const int32_t half = 1 << (bits - 1), mask = (1 << bits) - 1, top = EM_ADC_MAX & ~mask;

    for (uint32_t j = 0; j < n; j++) {
        int32_t v = (out[j] + half) & ~mask;

        out[j] = v > top ? top : v < -top ? -top : v;
    }
}

void sim_wave_samples(struct sim_wave *w, int32_t *const out[EM_CHANNEL_COUNT], uint32_t n)
{
    if (!w->chunk_ready)
        prepare_chunk(w);
    for (int c = 0; c < EM_CHANNEL_COUNT; c++) {
        const struct sim_channel *channel = &w->channel[c];
        struct sim_synth_tone tone[SIM_TONES_MAX];
        double rest[SIM_CHUNK];

        for (unsigned k = 0; k < channel->tones; k++) {
            tone[k] = w->tone[c][k];
            tone[k].c += w->index;
            tone[k].s += w->index;
        }
        w->synth(out[c], n, tone, channel->tones, make_rest(w, c, rest, n) ? rest : NULL, channel->clips);
        if (channel->coarse)
            coarsen(out[c], n, channel->coarse);
    }
    w->index += n;
    w->sample += n;
    if (w->index == SIM_CHUNK) {
        w->phase = phase_after(w, SIM_CHUNK);
        w->index = 0;
        w->chunk_ready = false;
    }
}
