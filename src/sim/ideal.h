/* SPDX-License-Identifier: MIT
 * What an ideal meter would read when waveforms are recorded and no closed form exists: the same signals without the
 * errors of a front end and without a converter's limits, measured in doubles over blocks of ten mains cycles, counted
 * from t = 0.
 *
 * Within a block nothing is rounded to samples: its ends lie where ten cycles of the recording's mean frequency end,
 * and signals are taken as straight between samples. Reactive power is that of the fundamental at that frequency. */
#ifndef SIM_IDEAL_H
#define SIM_IDEAL_H

#include "reference.h"

/* Products of one sample, and their sums. */
enum { SIM_IDEAL_SUMS = 3 * 4 + 6 * 2 };

struct sim_ideal {
    struct sim_wave wave;
    struct sim_network network;    /* as the meter's, with an ideal front end */
    double frequency;              /* Hz */
    double block;                  /* samples of ten cycles */
    double end;                    /* of the present block, samples from t = 0 */
    double unit[EM_CHANNEL_COUNT]; /* what one of the generator's numbers means, V or A of the primary */
    double sine, cosine;           /* of the mains at the next sample */
    double turn_sine, turn_cosine;
    double before[SIM_IDEAL_SUMS], sum[SIM_IDEAL_SUMS];
    bool begun; /* `before` holds a sample */
};

/* Starts together with the meter's generator, at sample `now`, which is its. */
struct sim_ideal *sim_ideal_new(const struct sim_network *net, const struct sim_wave *wave, int64_t now);
void sim_ideal_free(struct sim_ideal *ideal);

/* Follows a change of the network. */
void sim_ideal_apply(struct sim_ideal *ideal, const struct sim_network *net);

/* Goes on by n samples, as many as the meter's generator makes at once, from sample `now` on. Whenever a block ends the
 * reference gets its quantities, and its energy is counted. */
void sim_ideal_samples(struct sim_ideal *ideal, struct sim_reference *ref, int64_t now, uint32_t n);

#endif
