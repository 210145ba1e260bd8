/* SPDX-License-Identifier: MIT
 * A trace of the pulse outputs, as VCD (GTKWave opens it) or CSV. */
#ifndef SIM_TRACE_H
#define SIM_TRACE_H

#include <stdio.h>

#include "vmeter/em_meter.h"

struct sim_trace {
    FILE *out;
    bool csv;
    int64_t last; /* time written last, -1: none; VCD */
};

/* Names of the outputs as users know them: "led", "s0_1", "s0_2". */
extern const char *const sim_output_names[EM_OUTPUT_COUNT];

/* Begins a trace on out, which stays the caller's. */
void sim_trace_begin(struct sim_trace *trace, FILE *out, bool csv);

/* An edge at a sample counted from the start of the scenario; in order of time. */
void sim_trace_edge(struct sim_trace *trace, enum em_output output, bool on, int64_t sample);

/* The scenario has come to this sample. */
void sim_trace_end(struct sim_trace *trace, int64_t sample);

#endif
