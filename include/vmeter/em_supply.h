/* SPDX-License-Identifier: MIT
 * vmeter firmware core: the meter's own supply, taken from the measured voltages.
 *
 * It runs while any phase has EM_SUPPLY_STOP_V or more; when it is off it wants EM_SUPPLY_START_V on a phase and
 * then EM_SUPPLY_START_MS to come up. A dip shorter than EM_SUPPLY_HOLD_CYCLES is bridged by the capacitor.
 * Source: thresholds and times are our decision; the standard allows 5 s to start. */
#ifndef EM_SUPPLY_H
#define EM_SUPPLY_H

#include "em_types.h"

#define EM_SUPPLY_STOP_V      100
#define EM_SUPPLY_START_V     120
#define EM_SUPPLY_START_MS    1000
#define EM_SUPPLY_HOLD_CYCLES 5

enum em_supply_state { EM_SUPPLY_OFF, EM_SUPPLY_STARTING, EM_SUPPLY_RUNNING };

struct em_supply {
    enum em_supply_state state;
    uint32_t low_cycles;        /* while running: cycles in a row without supply */
    uint32_t started;           /* while starting: samples since there was voltage */
    uint32_t n;                 /* while not running: samples in the sums below */
    int64_t uu[EM_PHASE_COUNT]; /* sums of squared voltages over EM_SUPPLY_PROBE samples */
};

/* Samples over which the voltage is judged while the meter does not run (20 ms). */
#define EM_SUPPLY_PROBE (EM_SAMPLE_RATE / 50)

#endif
