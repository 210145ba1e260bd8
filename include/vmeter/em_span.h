/* SPDX-License-Identifier: MIT
 * vmeter firmware core: time that passes without samples, for a simulation that knows what they would bring.
 *
 * What a meter adds up is linear in the sums of its windows, so that many windows can be counted as one, and whoever
 * has seen a steady signal for one of its periods knows all windows to come. Nothing here is needed on a board, and its
 * linker leaves it out. The result is the same, to the bit, as that of the samples. */
#ifndef EM_SPAN_H
#define EM_SPAN_H

#include "em_meter.h"

/* What energy is counted from, in counts^2 x samples. */
struct em_span_sums {
    int64_t ui[EM_PHASE_COUNT], q[EM_PHASE_COUNT];
};

/* Windows in a row, as they stand in metrology.window after the meter has counted them. */
struct em_span {
    uint32_t samples;           /* of all windows together */
    struct em_span_sums sum;    /* of all windows, see em_meter_span_limit */
    struct em_span_sums least;  /* of one of them: bounds, need not be reached */
    struct em_span_sums most;   /* ... */
    uint32_t shortest, longest; /* samples of one of them */
};

/* n samples pass inside a window. The meter must be running. */
void em_meter_pass(struct em_meter *m, uint32_t n);

/* The window that is open ends here and came to `window` (which has been calibrated and cleaned of what is no load, as
 * metrology.window is). */
void em_meter_window(struct em_meter *m, const struct em_window *window);

/* Lets the windows of a span pass at once; from and to the end of a window. A save may fall due at the span's end, but
 * not before; it is left out, and everything is as if it had been made.
 * begun: pulses that begin are added here, no edge is reported. When em_span_settle samples more have passed in windows
 * of the same span, the outputs are as they would be; the same time must have passed before.
 * Returns false, with nothing changed, if these windows can only be taken one by one: directions that change, a trip
 * counter that may roll over both ways, pulses that come just as fast as they can be given, a menu that is open. */
bool em_meter_skip(struct em_meter *m, const struct em_span *span, uint64_t begun[EM_OUTPUT_COUNT]);

/* Most windows in a span whose windows lie within least and most: 64 bits hold what they come to. At least 1. */
uint32_t em_meter_span_limit(const struct em_meter *m, const struct em_span *span);

/* Samples after which no pulse of before can still be seen in the outputs. */
uint32_t em_span_settle(const struct em_meter *m, const struct em_span *span);

#endif
