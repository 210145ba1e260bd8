/* SPDX-License-Identifier: MIT */
#include "trace.h"

#include <inttypes.h>

#define SAMPLE_US (1000000 / EM_SAMPLE_RATE)

const char *const sim_output_names[EM_OUTPUT_COUNT] = {
    [EM_OUTPUT_LED] = "led", [EM_OUTPUT_S0_1] = "s0_1", [EM_OUTPUT_S0_2] = "s0_2"};

/* One printable character a signal, as VCD wants it. */
static char code(int output)
{
    return (char)('!' + output);
}

void sim_trace_begin(struct sim_trace *trace, FILE *out, bool csv)
{
    *trace = (struct sim_trace){.out = out, .csv = csv, .last = 0};
    if (csv) {
        fprintf(out, "time,output,level\n");
        return;
    }
    fprintf(out, "$version vmeter %s $end\n$timescale 1 us $end\n$scope module meter $end\n", VMETER_VERSION);
    for (int k = 0; k < EM_OUTPUT_COUNT; k++)
        fprintf(out, "$var wire 1 %c %s $end\n", code(k), sim_output_names[k]);
    fprintf(out, "$upscope $end\n$enddefinitions $end\n#0\n$dumpvars\n");
    for (int k = 0; k < EM_OUTPUT_COUNT; k++)
        fprintf(out, "0%c\n", code(k));
    fprintf(out, "$end\n");
}

void sim_trace_edge(struct sim_trace *trace, enum em_output output, bool on, int64_t sample)
{
    if (trace->csv) {
        fprintf(trace->out, "%.6f,%s,%d\n", (double)sample / EM_SAMPLE_RATE, sim_output_names[output], on);
        return;
    }
    if (sample != trace->last)
        fprintf(trace->out, "#%" PRId64 "\n", sample * SAMPLE_US);
    trace->last = sample;
    fprintf(trace->out, "%d%c\n", on, code(output));
}

void sim_trace_end(struct sim_trace *trace, int64_t sample)
{
    if (!trace->csv && sample != trace->last)
        fprintf(trace->out, "#%" PRId64 "\n", sample * SAMPLE_US);
}
