/* SPDX-License-Identifier: MIT
 * What came of the test bench: a table, JSON and figures. */
#ifndef SIM_BENCH_REPORT_H
#define SIM_BENCH_REPORT_H

#include <stdio.h>

#include "bench.h"

/* Said wherever results are shown. */
extern const char sim_bench_disclaimer[];

/* A table of at most 100 columns, with its legend and a summary. title: what was on the bench. all: every row, else
 * only those that failed or have something to tell. */
void sim_bench_table(FILE *out, const struct sim_bench *bench, const char *title, bool all);

/* All figures as JSON. */
void sim_bench_json(FILE *out, const struct sim_bench *bench, const char *title, double wall_seconds);

/* Error curves over load inside their limits, and the influences, as SVG. */
void sim_bench_plot(FILE *out, const struct sim_bench *bench, const char *title);

#endif
