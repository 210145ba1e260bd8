/* SPDX-License-Identifier: MIT
 * The waveform generator: six channels, each a sum of tones at whole multiples of one mains frequency.
 *
 * Phase is an integer modulo EM_PHASE_MODULUS, advanced by the frequency in mHz a sample: a steady signal is exactly
 * periodic (in whole chunks) and a change of frequency makes no jump. Samples are made in chunks of SIM_CHUNK, counted
 * from the last change: a sample is a function of the phase at its chunk's start and its place in the chunk, so it does
 * not depend on how a caller divides time. */
#ifndef SIM_WAVE_H
#define SIM_WAVE_H

#include "vmeter/em_metrology.h"

struct sim_track; /* track.h */

#define SIM_CHUNK        160
#define SIM_HARMONIC_MAX 40
#define SIM_TONES_MAX    SIM_HARMONIC_MAX /* of a channel */

/* One tone of a channel at phase 0 of the mains: x + j y = amplitude * (sin + j cos) of its phase; in counts. */
struct sim_tone {
    uint8_t order;
    double x, y;
};

struct sim_channel {
    unsigned tones;
    struct sim_tone tone[SIM_TONES_MAX];
    double noise;                     /* rms, counts */
    double offset;                    /* counts */
    unsigned coarse;                  /* bits that the converter lacks of 24 */
    bool clips;                       /* may reach beyond the converter's range */
    const struct sim_track *recorded; /* played besides the tones, or NULL */
    double recorded_gain;             /* counts for each of its units */
};

/* A tone as the innermost loop takes it: out[j] = sum of x * c[j] + y * s[j]. */
struct sim_synth_tone {
    const double *c, *s;
    double x, y;
};

/* Adds up tones and an optional signal `add` (NULL for none) over n samples, rounds to the nearest integer and,
 * with clip, limits to the converter's range. All variants give the same bits. */
typedef void sim_synth_fn(int32_t *out, uint32_t n, const struct sim_synth_tone *tone, unsigned tones,
                          const double *add, bool clip);
sim_synth_fn sim_synth;

struct sim_wave {
    sim_synth_fn *synth;
    uint32_t frequency_mhz;
    uint32_t phase; /* of the mains at the chunk's first sample */
    uint32_t index; /* samples of the chunk that have been made */
    struct sim_channel channel[EM_CHANNEL_COUNT];
    uint64_t seed;   /* of the noise */
    int64_t sample;  /* number of the next sample, for the noise */
    uint64_t orders; /* bit k: order k is in use */
    struct {
        double c[SIM_CHUNK], s[SIM_CHUNK]; /* of order * frequency * j */
        double c0, s0;                     /* of order * phase */
    } table[SIM_HARMONIC_MAX + 1];
    struct sim_synth_tone tone[EM_CHANNEL_COUNT][SIM_TONES_MAX]; /* of this chunk */
    bool chunk_ready;
};

/* Starts at phase 0 with silent channels. synth: NULL for the portable one. */
void sim_wave_init(struct sim_wave *w, sim_synth_fn *synth, uint32_t frequency_mhz, int64_t sample);

/* To be called before w->channel is changed, and with the frequency from the next sample on. */
void sim_wave_change(struct sim_wave *w, uint32_t frequency_mhz);

/* Makes n samples of every channel, n at most what is left of the chunk (sim_wave_left). */
void sim_wave_samples(struct sim_wave *w, int32_t *const out[EM_CHANNEL_COUNT], uint32_t n);

/* Goes on by n samples of every channel without making them. */
void sim_wave_skip(struct sim_wave *w, int64_t n);

/* Samples left in the present chunk, 1..SIM_CHUNK. */
uint32_t sim_wave_left(const struct sim_wave *w);

#endif
