/* SPDX-License-Identifier: MIT
 * The waveform generator: six channels, each a sum of tones at whole multiples of one mains frequency.
 *
 * Phase is an integer modulo EM_PHASE_MODULUS, advanced by the frequency in mHz a sample: a steady signal is exactly
 * periodic (in whole chunks) and a change of frequency makes no jump. A recording may be heard on a channel as well, by
 * the number of the sample. Samples are made in chunks of SIM_CHUNK, counted from the last change: a sample is a
 * function of the phase at its chunk's start and its place in the chunk (its noise and what is recorded, of its
 * number), so it does not depend on how a caller divides time. A chunk is two mains cycles at 50 Hz; within it tones
 * are found from the phase once for each SIM_SPAN samples. */
#ifndef SIM_WAVE_H
#define SIM_WAVE_H

#include "synth.h"

struct sim_track; /* track.h */

#define SIM_SPANS  2 /* of a chunk */
#define SIM_CHUNK  (SIM_SPANS * SIM_SPAN)
#define SIM_GROUPS (EM_CHANNEL_COUNT / SIM_GROUP)

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

struct sim_wave {
    sim_synth_fn *synth;
    uint32_t frequency_mhz;
    uint32_t phase; /* of the mains at the chunk's first sample */
    uint32_t index; /* samples of the chunk that have been handed out */
    struct sim_channel channel[EM_CHANNEL_COUNT];
    uint64_t seed;  /* of the noise */
    int64_t sample; /* number of the next sample, for the noise */
    /* What follows from the above, kept because it serves more than once. */
    int32_t (*chunk)[SIM_CHUNK];                   /* samples of every channel, */
    bool made;                                     /* those of this chunk, */
    bool passing;                                  /* and never again the same */
    bool gathered;                                 /* the following three are those of the channels */
    uint64_t has[SIM_GROUPS];                      /* bit k: a channel of the group has order k */
    struct sim_tones *tones[SIM_GROUPS];           /* at phase 0, by order; one piece of memory for all groups, */
    size_t room;                                   /* of so many */
    uint64_t orders;                               /* bit k: table and block k are those of the present frequency */
    struct sim_table *table[SIM_HARMONIC_MAX + 1]; /* by order; NULL: not needed yet */
    struct sim_pointer block[SIM_HARMONIC_MAX + 1];
};

/* Starts at phase 0 with silent channels. w is zeroed or has been in use. synth: NULL for the portable one. */
void sim_wave_init(struct sim_wave *w, sim_synth_fn *synth, uint32_t frequency_mhz, int64_t sample);

/* Frees what it keeps; w is as if zeroed. */
void sim_wave_free(struct sim_wave *w);

/* Bytes that it keeps besides itself. */
size_t sim_wave_memory(const struct sim_wave *w);

/* To be called before w->channel, seed or phase are changed, and with the frequency from the next sample on. */
void sim_wave_change(struct sim_wave *w, uint32_t frequency_mhz);

/* The next n samples of every channel, n at most what is left of the chunk (sim_wave_left). They stay the generator's,
 * and as they are until its next call. */
void sim_wave_samples(struct sim_wave *w, const int32_t *out[EM_CHANNEL_COUNT], uint32_t n);

/* Goes on by n samples of every channel without making them. */
void sim_wave_skip(struct sim_wave *w, int64_t n);

/* Samples left in the present chunk, 1..SIM_CHUNK. */
uint32_t sim_wave_left(const struct sim_wave *w);

#endif
