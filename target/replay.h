/* SPDX-License-Identifier: MIT
 * Gives the core on a board what the emulator's meter was given (stimulus.h), and counts what that costs. */
#ifndef REPLAY_H
#define REPLAY_H

#include "outcome.h"
#include "stimulus.h"

/* What calls of one kind came to: ticks of the board's clock, bytes of stack. */
struct replay_cost {
    uint32_t calls;
    uint32_t worst; /* ticks of one call */
    uint32_t stack;
    uint64_t ticks, sets; /* sample sets taken */
};

/* How a board measures. */
struct replay_board {
    uint32_t (*ticks)(void);      /* a clock: 24 bit, runs backwards */
    void (*paint_stack)(void);    /* below what is in use now */
    uint32_t (*stack_used)(void); /* since then, by calls from the same place */
};

struct replay {
    struct em_meter meter;
    struct em_port settling, port;
    struct sim_memory memory;
    struct outcome outcome;
    struct replay_cost cost[STIMULUS_COUNT];
    const struct replay_board *board;
    uint32_t piece; /* most sample sets in one call */
    outcome_put_fn *put;
    void *ctx;
    uint32_t blocks; /* kept so far */
    uint32_t block_samples[STIMULUS_BLOCKS];
    uint32_t block[STIMULUS_BLOCKS][STIMULUS_WORDS_MAX];
};

void replay_init(struct replay *r, const struct replay_board *board, uint32_t piece, outcome_put_fn *put, void *ctx);

/* One entry of the stimulus. False: it is none. */
bool replay_take(struct replay *r, uint32_t head, const uint32_t *word);

#endif
