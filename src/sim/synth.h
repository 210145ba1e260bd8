/* SPDX-License-Identifier: MIT
 * The generator's innermost loop: a chunk of samples of three channels, all voltages or all currents. */
#ifndef SIM_SYNTH_H
#define SIM_SYNTH_H

#include "vmeter/em_metrology.h"

#define SIM_CHUNK        160
#define SIM_BLOCK        32 /* samples between two turns of the tones, and length of a table */
#define SIM_GROUP        3  /* channels made together */
#define SIM_HARMONIC_MAX 40
#define SIM_TONES_MAX    SIM_HARMONIC_MAX /* of a channel */

/* Numbers that stand for a group's channels side by side: a power of two. */
#define SIM_SYNTH_LANES 4

/* Sine and cosine of the phase by which a tone advances in j samples, and in a block. */
struct sim_table {
    double c[SIM_BLOCK], s[SIM_BLOCK];
    double c_block, s_block;
};

/* A tone of each channel: x * c + y * s, x and y as they are at the chunk's start. A channel that is without it, and
 * what is beyond the channels, has 0. */
struct sim_synth_tone {
    const struct sim_table *table;
    double x[SIM_SYNTH_LANES], y[SIM_SYNTH_LANES];
};

/* Sample number n of the simulation has as its noise a mixture of key + SIM_NOISE_STEP * n. */
#define SIM_NOISE_STEP 0x9E3779B97F4A7C15u

/* What a chunk of three channels is made of. */
struct sim_group {
    unsigned tones;
    bool errors;                                /* of the following, any but coarse */
    bool noisy;                                 /* any noise */
    bool clip;                                  /* limit to the converter's range; without it sums are below it */
    double noise[SIM_GROUP], offset[SIM_GROUP]; /* noise: counts for each of 37837.21 (rms) */
    uint64_t key[SIM_GROUP];
    unsigned coarse[SIM_GROUP]; /* bits that the converter lacks of 24 */
    int64_t sample;             /* number of the chunk's first */
    struct sim_synth_tone tone[SIM_TONES_MAX];
};

/* Adds up tones and errors over a chunk, rounds to the nearest integer and coarsens. All variants give the same
 * bits. */
typedef void sim_synth_fn(int32_t *const out[SIM_GROUP], const struct sim_group *group);
sim_synth_fn sim_synth;

#endif
