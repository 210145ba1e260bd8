/* SPDX-License-Identifier: MIT
 * What a meter has come to, as bytes that can be compared: the emulator on the host and the core on a board write it
 * with this same code. */
#ifndef OUTCOME_H
#define OUTCOME_H

#include "memory.h"

/* What was seen of a meter on the way. */
struct outcome {
    uint64_t now; /* samples */
    uint32_t pulses[EM_OUTPUT_COUNT];
    uint32_t edges[EM_OUTPUT_COUNT]; /* CRC-32 over all edges with their times */
    uint32_t answers;                /* CRC-32 over all that the doors returned */
};

void outcome_init(struct outcome *o);

/* An edge of an output, `sample` samples into the block that is being taken. */
void outcome_edge(struct outcome *o, enum em_output output, bool on, uint32_t sample);

/* A door has returned this. */
void outcome_answer(struct outcome *o, const uint8_t *byte, size_t n);
void outcome_answer_words(struct outcome *o, const uint16_t *word, size_t n);
void outcome_answer_lcd(struct outcome *o, const struct em_lcd *lcd);

/* Where the bytes go. */
typedef void outcome_put_fn(void *ctx, const void *data, uint32_t n);

/* Writes it as sections, each a name of four letters, its length as a word, and its bytes: REGS (all blocks of
 * registers, high byte first), MBUS (the telegram), LCD (segments, turned, backlight), NVM, PULS (counts), EDGE, ANSW
 * (the two checksums) and TIME. Counts the M-Bus access number on. */
void outcome_write(const struct outcome *o, struct em_meter *m, const struct sim_memory *memory, outcome_put_fn *put,
                   void *ctx);

/* A section of its own. */
void outcome_section(const char name[4], const void *data, uint32_t n, outcome_put_fn *put, void *ctx);

#endif
