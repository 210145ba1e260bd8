/* SPDX-License-Identifier: MIT
 * What many scenarios have come to, as one report. A job is a scenario, or one run of a scenario that varies. Whoever
 * runs jobs makes an outcome of each; outcomes in order make the report, wherever and in whatever order they came
 * about. Reports of shards carry all that is needed to make the report of the whole.
 *
 * The report: {"result", "shard": {"number", "of"}, "fingerprint", "jobs", "passed", "failed", "broken", "not_run",
 * "simulated_seconds", "wall_seconds", "scenarios": [..]}; a scenario: {"index", "file", "scenario", "result",
 * "simulated_seconds", "wall_seconds", "expectations": [..]}; one that varies has "vary", "statistics", "failed_runs"
 * and "runs" in place of "expectations". */
#ifndef SIM_SUITE_H
#define SIM_SUITE_H

#include <stdio.h>

#include "sim.h"

/* From best to worst; the worst of all jobs is the verdict on the whole. */
enum sim_verdict {
    SIM_PASS,
    SIM_FAIL,    /* an expectation failed */
    SIM_CRASHED, /* the process that ran it was ended */
    SIM_INVALID, /* the scenario is wrong */
    SIM_LOST,    /* a file could not be written */
    SIM_NOT_RUN, /* interrupted before */
    SIM_VERDICTS
};

/* "pass", "fail", .. as in "result", and back; SIM_VERDICTS for any other word. */
const char *sim_verdict_word(enum sim_verdict verdict);
enum sim_verdict sim_verdict_of(const cJSON *object);

/* --- Outcomes: objects that the caller owns --- */

/* Of a scenario that has run to its end. */
cJSON *sim_outcome(struct sim *sim, double wall_seconds);

/* Of one run of a scenario that varies; values as sim_vary_draw gives them. */
cJSON *sim_outcome_of_run(struct sim *sim, const struct sim_vary *vary, unsigned run, const cJSON *values,
                          double wall_seconds);

/* Of what did not come to an end; values NULL and run 0 if it does not vary; why may be NULL. */
cJSON *sim_outcome_without(enum sim_verdict verdict, const char *why, unsigned run, const cJSON *values);

/* --- Reports --- */

struct sim_suite {
    unsigned shard, of;   /* 1 to of; of 0: the whole */
    char fingerprint[20]; /* of what is run: shards of one whole have the same */
    size_t jobs;          /* of the whole */
    double wall_seconds;
};

/* A scenario's part of the report. index: its number among all, from 1; scenario NULL if it is invalid. Takes over
 * outcomes (an array; just one if it does not vary). */
cJSON *sim_suite_item(size_t index, const char *file, const struct sim_scenario *scenario, cJSON *outcomes);

/* The whole; takes over items (an array). */
cJSON *sim_suite_report(const struct sim_suite *suite, cJSON *items);

/* Reads a report's head; false with js->error set if this is none. */
bool sim_suite_head(struct js *js, const cJSON *report, struct sim_suite *suite);

/* One report of those of all shards (count of them, names for messages), which lose their items. NULL with js->error
 * set if they do not belong together, or are not all. */
cJSON *sim_suite_merge(struct js *js, cJSON *const *shard, const char *const *name, size_t count);

/* --- For people and programs --- */

enum sim_suite_detail { SIM_SUITE_FAILURES, SIM_SUITE_SUMMARY, SIM_SUITE_ALL };

/* What failed, what was slowest, percentiles, and the verdict. */
void sim_suite_text(FILE *out, const cJSON *report, enum sim_suite_detail detail);

/* A suite per scenario, a case per expectation or per run. */
void sim_suite_junit(FILE *out, const cJSON *report);

#endif
