/* SPDX-License-Identifier: MIT
 * What a simulation gave to one meter, written down call by call, so that the same core on a board can be given it
 * again. A file of 32-bit words, least significant byte first: a head that holds the kind and how many words follow,
 * then these. */
#ifndef STIMULUS_H
#define STIMULUS_H

#include <stdint.h>

#define STIMULUS_HEAD(kind, words) ((uint32_t)(kind) | (uint32_t)(words) << 8)
#define STIMULUS_KIND(head)        ((head)&0xFF)
#define STIMULUS_WORDS(head)       ((head) >> 8)

/* Longest block of samples, and most words behind a head. */
#define STIMULUS_SAMPLES_MAX 160
#define STIMULUS_WORDS_MAX   (6 * STIMULUS_SAMPLES_MAX)

/* Both sides keep this many blocks of samples, in turn; a block that came before is named and not sent again. */
#define STIMULUS_BLOCKS 512

/* Words that follow. Each is a call of the same name in em_meter.h and its kin, or in src/sim/works.h and memory.h. */
enum stimulus {
    STIMULUS_OUTCOME,      /* none: what the meter has come to is to be written out */
    STIMULUS_INIT,         /* frequency in mHz; without memory and outputs, to settle */
    STIMULUS_START,        /* none */
    STIMULUS_SAMPLES,      /* channel after channel */
    STIMULUS_AGAIN,        /* number of a kept block, 0..STIMULUS_BLOCKS - 1 */
    STIMULUS_PRESET,       /* setting, value */
    STIMULUS_HISTORY,      /* changes of the CT ratio */
    STIMULUS_PRELOAD,      /* energy, Wh low and high word */
    STIMULUS_DELIVER,      /* none */
    STIMULUS_TARIFF_INPUT, /* voltage */
    STIMULUS_BUTTON,       /* button, down */
    STIMULUS_BUS_BYTES,    /* bus */
    STIMULUS_READ,         /* address, count */
    STIMULUS_WRITE,        /* function, address, values */
    STIMULUS_MBUS_BYTE,    /* byte */
    STIMULUS_MBUS_IDLE,    /* none */
    STIMULUS_REPLY_SENT,   /* none */
    STIMULUS_LCD,          /* none */
    STIMULUS_CUT,          /* none: the processor stops */
    STIMULUS_STOP,         /* none */
    STIMULUS_MEMORY_CUT,   /* the write from now, enum sim_torn */
    STIMULUS_CORRUPT,      /* area, byte */
    STIMULUS_REVIVE,       /* none: the memory works again */
    STIMULUS_CALIBRATE,    /* gains, phases, offsets, as in struct em_calibration */
    STIMULUS_COUNT
};

#endif
