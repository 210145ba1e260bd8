/* SPDX-License-Identifier: MIT
 * A scenario: what a JSON file says, checked whole before anything runs. Format: docs/scenario.md. */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include "event.h"
#include "point.h"
#include "vary.h"
#include "waveform.h"

/* An event of the timeline with its times; in file order. */
struct sim_timed {
    struct sim_event *event;
    int64_t at;     /* sample of the first time */
    int64_t period; /* samples; 0: once */
    int64_t times;  /* how often; INT64_MAX: for ever */
};

/* A load profile: at row k's time the columns get its values. */
struct sim_profile {
    unsigned columns, rows;
    struct sim_assignment *column; /* without values */
    int64_t *time;                 /* [rows], ascending */
    double *value;                 /* [rows][columns] */
    bool linear;                   /* ramp to the next row instead of a step */
};

struct sim_scenario {
    cJSON *source; /* the file's content, changed as the command line says */
    char *name, *description;
    char *file;              /* as the user named it */
    int64_t duration;        /* samples */
    struct sim_setup *setup; /* [meters] */
    unsigned meters;         /* at least 1 */
    unsigned timed_count;
    struct sim_timed *timed;
    struct sim_profile profile;
    struct sim_vary vary; /* runs: 0 if nothing varies */
    struct sim_waveform waveform;
};

/* Reads and checks a scenario file; overrides: count texts "PATH=VALUE" applied to the JSON before.
 * Returns NULL with the message in js->error (without "vmeter: "). Free with sim_scenario_free. */
struct sim_scenario *sim_scenario_load(struct js *js, const char *file, const char *const *overrides, size_t count);

/* One run (1 to base->vary.runs) of a scenario that varies: a scenario of its own, with the run's values in their
 * places and nothing that varies. NULL and js->error as above. */
struct sim_scenario *sim_scenario_run(struct js *js, const struct sim_scenario *base, unsigned run);

/* Reads a file that holds what stands under "front_end" in a scenario. False with the message in js->error. */
bool sim_front_end_load(struct js *js, const char *file, struct sim_front_end *fe);

/* The scenario that `serve` uses without a file: 230 V, 5 A at the CT's secondary, PF 0.9 inductive, for ever. */
struct sim_scenario *sim_scenario_default(void);

void sim_scenario_free(struct sim_scenario *scenario);

#endif
