/* SPDX-License-Identifier: MIT
 * vmeter firmware core: the pulse LED and the two S0 outputs.
 *
 * The energy of a window is spread evenly over the window that follows, and a pulse begins at the sample at which it
 * crosses a whole step: a steady load gives evenly spaced pulses, and no energy is ever dropped. What comes faster than
 * width and pause allow waits its turn. Source: manual 5, 7.6.3; the delay of one window is our decision. */
#ifndef EM_PULSES_H
#define EM_PULSES_H

#include "em_energy.h"

enum em_output { EM_OUTPUT_LED, EM_OUTPUT_S0_1, EM_OUTPUT_S0_2, EM_OUTPUT_COUNT };

/* The LED: imp/kWh of secondary energy (manual 5), and how long it lights (assumed). */
#define EM_LED_RATE     10000
#define EM_LED_WIDTH_MS 10

/* One output. */
struct em_pulse {
    uint64_t step;     /* units of rest per pulse, see em_energy.h (the LED: without the CT's primary) */
    uint64_t rest;     /* counted, below one step */
    uint64_t spread;   /* units that the present window hands out ... */
    uint64_t given;    /* ... of which these have been, */
    uint32_t length;   /* over so many samples */
    uint32_t passed;   /* samples since it began, at most length */
    uint32_t crossing; /* value of `passed` at which the next step is crossed; UINT32_MAX: not in this window */
    uint64_t backlog;  /* pulses that wait, the one being given not counted */
    uint32_t left;     /* samples to the end of the present pulse or pause */
    uint32_t width;    /* samples of a pulse, and least of a pause */
    bool on;
    bool behind; /* a pulse had to wait since the output was last idle */
};

struct em_pulses {
    struct em_pulse output[EM_OUTPUT_COUNT];
    uint32_t ct_secondary; /* that the units of the S0 outputs count by; 0: not set yet */
};

/* Called at every edge: sample counts from the start of the block being processed. */
typedef void em_edge_fn(void *ctx, enum em_output output, bool on, uint32_t sample);

/* Everything off, nothing counted; widths and steps as set below. */
void em_pulses_init(struct em_pulses *pulses);

/* Units of rest in one pulse of an output (s0_rate in hundredths of imp/kWh); less than this waits in its rest. */
uint64_t em_pulses_step(enum em_output output, int32_t s0_rate, uint32_t ct_secondary);

/* Sets steps and widths: s0_rate in hundredths of imp/kWh, width_ms 2..99. What has been counted stays, as energy. */
void em_pulses_configure(struct em_pulses *pulses, int32_t s0_rate, uint32_t width_ms, uint32_t ct_secondary);

/* What of counted energy each output gives pulses for, in units of its step. type, ct_primary: as below. */
void em_pulses_units(const struct em_counted *counted, int32_t type, uint32_t ct_primary,
                     uint64_t units[EM_OUTPUT_COUNT]);

/* Takes the energy of a closed window (as em_energy_add did), to be handed out over the next `samples` samples.
 * type: 1 output 1 active, output 2 reactive; 2 output 1 forward, output 2 reverse active. */
void em_pulses_window(struct em_pulses *pulses, const struct em_counted *counted, int32_t type, uint32_t ct_primary,
                      uint32_t samples);

/* Lets n samples pass, of which the first is number `first` of the block; edge may be NULL. */
void em_pulses_run(struct em_pulses *pulses, uint32_t first, uint32_t n, em_edge_fn *edge, void *ctx);

/* At power-down: outputs off, and what has not been handed out yet is added to what waits. */
void em_pulses_stop(struct em_pulses *pulses, uint32_t sample, em_edge_fn *edge, void *ctx);

#endif
