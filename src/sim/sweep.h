/* SPDX-License-Identifier: MIT
 * What the runs of a scenario that varies have in common: order statistics of the reported quantities. */
#ifndef SIM_SWEEP_H
#define SIM_SWEEP_H

#include <stdio.h>

#include "scenario.h"

/* What a report needs to know of a scenario's "vary": {"runs", "seed", "report": [{"name", "unit", "min", "max"}]}.
 * Limits are those of the last expectation of the same name. The caller owns it. */
cJSON *sim_sweep_head(const struct sim_scenario *scenario);

/* A number with twelve digits, which survive any number of writings and readings. The caller owns it. */
cJSON *sim_sweep_number(double number);

/* Statistics of the quantities of `head` over runs: {NAME: {"count", "min", "mean", "sd", "p1", "p5", "p50", "p95",
 * "p99", "max"}}. Percentiles are values that occurred (nearest rank). The caller owns it. */
cJSON *sim_sweep_statistics(const cJSON *head, const cJSON *runs);

/* The values of a quantity that are numbers, ascending; *count of them. The caller frees the list. */
double *sim_sweep_sorted(const cJSON *runs, const char *name, size_t *count);

/* A table of them. */
void sim_sweep_table(FILE *out, const cJSON *head, const cJSON *statistics);

/* Histograms of all quantities of all scenarios in a report (see suite.h) that vary, as SVG. False if there is none. */
bool sim_sweep_histogram(FILE *out, const cJSON *report);

#endif
