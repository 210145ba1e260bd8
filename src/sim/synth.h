/* SPDX-License-Identifier: MIT
 * The generator's innermost loop: a span of samples of three channels, all voltages or all currents. */
#ifndef SIM_SYNTH_H
#define SIM_SYNTH_H

#include "random.h"
#include "vmeter/em_metrology.h"

#define SIM_HALF         40              /* length of a table: half a block */
#define SIM_BLOCK        (2 * SIM_HALF)  /* samples between two turns of the tones */
#define SIM_SPAN         (2 * SIM_BLOCK) /* samples between two places at which they are found from the phase */
#define SIM_GROUP        3               /* channels made together */
#define SIM_HARMONIC_MAX 40
#define SIM_TONES_MAX    SIM_HARMONIC_MAX /* of a channel */

/* Numbers that stand for a group's channels side by side: a power of two. */
#define SIM_SYNTH_LANES 4

/* Cosine and sine of the phase by which a tone advances in j + 1/2 samples. */
struct sim_table {
    double c[SIM_HALF], s[SIM_HALF];
};

/* Cosine and sine of a phase. */
struct sim_pointer {
    double c, s;
};

/* A tone of each channel, as it is in the middle of a block, x, and a quarter later, y: j + 1/2 samples after the
 * middle x * c + y * s, and as long before it x * c - y * s. What is beyond the channels, or a channel without it, has
 * 0. */
struct sim_tones {
    double x[SIM_SYNTH_LANES], y[SIM_SYNTH_LANES];
};

/* What a span of three channels is made of. */
struct sim_group {
    unsigned tones;
    bool errors;                                /* of the following, any but coarse */
    bool noisy;                                 /* any noise */
    bool clip;                                  /* limit to the converter's range; without it sums are below it */
    double noise[SIM_GROUP], offset[SIM_GROUP]; /* noise: counts for each of 37837.21 (rms) */
    uint64_t key[SIM_GROUP];         /* of the noise: sample number n has a mixture of key + SIM_MIX_STEP * n */
    const double *played[SIM_GROUP]; /* a signal that is added over the span, counts; NULL: none */
    unsigned coarse[SIM_GROUP];      /* bits that the converter lacks of 24 */
    int64_t sample;                  /* number of the span's first */
    const struct sim_table *table[SIM_TONES_MAX];
    struct sim_pointer block[SIM_TONES_MAX]; /* by which a tone advances in a block */
    struct sim_tones first[SIM_TONES_MAX];   /* in the span's first block */
};

/* Adds up tones and errors over a span, rounds to the nearest integer and coarsens. All variants give the same
 * bits. */
typedef void sim_synth_fn(int32_t *const out[SIM_GROUP], const struct sim_group *group);
sim_synth_fn sim_synth;

#endif
