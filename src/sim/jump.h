/* SPDX-License-Identifier: MIT
 * The exact jump: whole periods of a steady signal at once.
 *
 * A meter's state has two parts: one that a steady signal makes periodic (phase of the generator, oscillator, sums of
 * the window), and one that only adds up (energies, pulses, clocks). While samples are made the windows of one period
 * are noted down; when the first part is found as it was, bit for bit, all that follows is known, and it is added in
 * whole periods. Registers, memory, display and pulses are those of the samples, to the bit. */
#ifndef SIM_JUMP_H
#define SIM_JUMP_H

#include "vmeter/em_span.h"
#include "wave.h"

struct sim_point;

/* What a steady signal makes periodic. */
struct sim_jump_state {
    uint32_t wave_phase, window_samples;
    struct em_supply supply;
    struct em_calibration calibration;
    struct em_metrology metrology;
};

/* Sums up to the end of a window of the period. */
struct sim_jump_mark {
    struct em_span_sums sum;
    int64_t samples;
};

struct sim_jump {
    bool off;                     /* jumps are not wanted */
    bool known;                   /* a whole period has been noted down, */
    bool noting;                  /* or is being so, */
    int64_t anchor, period;       /* from sample `anchor` on, so many samples long */
    uint32_t frequency_mhz;       /* that has this period */
    int64_t changed;              /* sample at which the signal was changed last */
    unsigned windows, room;       /* of the period */
    unsigned at;                  /* the one of them that is open now */
    unsigned windows_max;         /* in a period; 0: SIM_JUMP_WINDOWS */
    struct sim_jump_mark *mark;   /* windows + 1 of them */
    struct em_span span;          /* bounds of the period's windows */
    struct sim_jump_state *state; /* at the anchor */
};

/* Windows in the longest period that is looked for: that of any frequency in whole mHz. */
#define SIM_JUMP_WINDOWS 70000

void sim_jump_free(struct sim_jump *jump);

/* The signal is another one from now on. */
void sim_jump_forget(struct sim_jump *jump, int64_t now);

/* To be called after every block of n samples that the meter has taken; `before`: the samples of the open window before
 * it. */
void sim_jump_note(struct sim_point *point, uint32_t before, uint32_t n);

/* Goes on in whole periods, at most to `until`. Returns whether time has passed. */
bool sim_jump(struct sim_point *point, int64_t until);

#endif
