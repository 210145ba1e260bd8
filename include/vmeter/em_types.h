/* SPDX-License-Identifier: MIT
 * vmeter firmware core: constants, enumerations and error codes shared by all parts. */
#ifndef EM_TYPES_H
#define EM_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EM_PHASE_COUNT    3
#define EM_TARIFF_COUNT   4
#define EM_QUADRANT_COUNT 4

/* Index of the three-phase total in arrays that hold L1, L2, L3 and the total. */
#define EM_TOTAL            3
#define EM_PHASES_AND_TOTAL 4

/* Sample sets per second that the core expects on every channel. */
#define EM_SAMPLE_RATE 8000

/* The converter: 24 bit, signed, saturating at +-EM_ADC_MAX (838.8 V and 83.88 A peak).
 * One count is 100 uV of line-to-neutral voltage and 10 uA of CT secondary current. Source: assumed;
 * decimal steps keep the energy arithmetic exact. */
#define EM_ADC_MAX           8388607
#define EM_COUNTS_PER_VOLT   10000
#define EM_COUNTS_PER_AMPERE 100000

/* The order of the channels in every sample block. */
enum em_channel { EM_U1, EM_U2, EM_U3, EM_I1, EM_I2, EM_I3, EM_CHANNEL_COUNT };

enum em_err {
    EM_OK = 0,
    EM_ERR_RANGE = -1,     /* a value outside what the manual allows */
    EM_ERR_READ_ONLY = -2, /* the value can be read, not written */
    EM_ERR_LOCKED = -3,    /* allowed once, not any more: leaving C-05, an eighth CT change */
    EM_ERR_UNKNOWN = -4,   /* no such register, setting or energy */
};

/* A short English text for an error code, never NULL. */
const char *em_strerror(enum em_err err);

/* Kinds and directions of energy. */
enum em_kind { EM_ACTIVE, EM_REACTIVE, EM_KIND_COUNT };
enum em_direction { EM_FORWARD, EM_REVERSE, EM_DIRECTION_COUNT };

#endif
