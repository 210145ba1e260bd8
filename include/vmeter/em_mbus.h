/* SPDX-License-Identifier: MIT
 * vmeter firmware core: the M-Bus slave. Link layer of EN 13757-2 (frame format FT1.2), application layer of
 * EN 13757-3.
 *
 * Bytes come in one by one, as from a UART, and a frame's last byte brings the answer. The core has no clock for the
 * line: who feeds it says when the line has been idle. What is not understood or not allowed gets silence and changes
 * nothing. */
#ifndef EM_MBUS_H
#define EM_MBUS_H

#include "em_types.h"

struct em_meter;

/* The longest frame: start, L, L, start, 255 bytes, checksum, stop. Source: EN 13757-2. */
#define EM_MBUS_FRAME_MAX 261

/* In bit times at the line's rate: an idle line of EM_MBUS_IDLE_BITS ends a frame, whole or not; an answer begins not
 * before EM_MBUS_ANSWER_BITS and not after EM_MBUS_LATEST_BITS + EM_MBUS_LATEST_MS. Source: EN 13757-2. */
#define EM_MBUS_IDLE_BITS   33
#define EM_MBUS_ANSWER_BITS 11
#define EM_MBUS_LATEST_BITS 330
#define EM_MBUS_LATEST_MS   50

/* Special addresses. Source: EN 13757-2. */
#define EM_MBUS_ADDRESS_MAX  250 /* highest primary address */
#define EM_MBUS_SELECTED     253 /* the meter selected by its secondary address */
#define EM_MBUS_ANY_ANSWERS  254 /* every meter acts and answers */
#define EM_MBUS_NONE_ANSWERS 255 /* every meter acts, none answers */

struct em_mbus {
    uint32_t baud;  /* in force; a new one acts after the reply */
    uint8_t access; /* access number of the next telegram */
    bool selected;  /* by secondary address */
    uint16_t used;  /* bytes of the frame that is coming in */
    uint8_t in[EM_MBUS_FRAME_MAX];
};

/* What a master's bytes begin with: no frame (the first byte is none's start), a whole frame that is damaged, the
 * beginning of a frame, or a whole one. used > 0; *size gets the length of a frame, damaged or whole. */
enum em_mbus_verdict { EM_MBUS_BAD_START, EM_MBUS_BAD_FRAME, EM_MBUS_MORE, EM_MBUS_WHOLE };
enum em_mbus_verdict em_mbus_judge(const uint8_t *in, size_t used, size_t *size);

/* Takes one byte at the meter's rate. Returns the length of the answer put into answer (EM_MBUS_FRAME_MAX bytes), or 0
 * for none; after the answer has left em_meter_reply_sent is to be called. A meter that does not run hears nothing. */
size_t em_mbus_byte(struct em_meter *m, uint8_t byte, uint8_t *answer);

/* The line has been idle for EM_MBUS_IDLE_BITS or more: what has come of a frame is dropped. */
void em_mbus_idle(struct em_meter *m);

/* The telegram (RSP_UD) that the meter sends now, as a whole frame; counts the access number on. Returns its length.
 * frame: EM_MBUS_FRAME_MAX bytes. Source: manual A2.1. */
size_t em_mbus_telegram(struct em_meter *m, uint8_t *frame);

/* The same in its two steps: the records' values in the records' units and order, and the frame that carries them. A
 * value that its field can not hold is sent as the largest that it can, with the function field 'error'. */
#define EM_MBUS_RECORD_COUNT 32
void em_mbus_values(struct em_meter *m, int64_t value[EM_MBUS_RECORD_COUNT]);
size_t em_mbus_build(const struct em_meter *m, const int64_t value[EM_MBUS_RECORD_COUNT], uint8_t *frame);

/* The eight bytes of the secondary address as on the wire: number (least significant byte first), manufacturer,
 * version, medium. */
#define EM_MBUS_SECONDARY_SIZE 8
void em_mbus_secondary(const struct em_meter *m, uint8_t out[EM_MBUS_SECONDARY_SIZE]);

#endif
