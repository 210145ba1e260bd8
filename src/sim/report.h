/* SPDX-License-Identifier: MIT
 * What a run has come to: as JSON, as JUnit, and as rows of a CSV file. */
#ifndef SIM_REPORT_H
#define SIM_REPORT_H

#include <stdio.h>

#include "sim.h"

/* Writes the report. Same scenario, seed and version give the same bytes but for wall_seconds. */
void sim_report_json(FILE *out, struct sim *sim, double wall_seconds);

/* One expectation as it stands in reports; its values are raw texts. The caller frees it. */
cJSON *sim_report_expectation(const struct sim_result *result);
/* The same of several meters without what each of them has come to. */
void sim_report_sum_json(FILE *out, struct sim *sim, double wall_seconds);

/* Writes a row for each meter: its number, all registers, its pulses. */
void sim_meters_csv(FILE *out, struct sim *sim);

/* Writes one test case per expectation. */
void sim_report_junit(FILE *out, const struct sim *sim, double wall_seconds);

/* Prints the verdict and the expectations, the failed ones only unless all. */
void sim_report_text(FILE *out, const struct sim *sim, double wall_seconds, bool all);

/* Columns of a CSV file: names as for expectations, at most SIM_CSV_COLUMNS. */
#define SIM_CSV_COLUMNS 320
struct sim_csv {
    size_t count;
    char *name[SIM_CSV_COLUMNS];
};

/* Reads a comma-separated list of names where there are so many meters, or NULL for a useful default; false with
 * js->error set. */
bool sim_csv_columns(struct js *js, const char *list, unsigned meters, struct sim_csv *csv);
void sim_csv_free(struct sim_csv *csv);
void sim_csv_header(FILE *out, const struct sim_csv *csv);
void sim_csv_row(FILE *out, const struct sim_csv *csv, struct sim *sim);

/* A duration as people write it: "1 h 30 min", "48 h", "2.5 s". text: 48 bytes. */
void sim_duration_text(double seconds, char text[48]);

#endif
