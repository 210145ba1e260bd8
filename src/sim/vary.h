/* SPDX-License-Identifier: MIT
 * The scenario's "vary": values that differ from run to run. What run k has follows from the seed, k and the value's
 * path alone, so runs may be made in any order and anywhere. */
#ifndef SIM_VARY_H
#define SIM_VARY_H

#include "distribution.h"

/* Runs of one scenario. */
#define SIM_RUNS_MAX 1000000

struct sim_varied {
    char *path;                   /* as for --set */
    struct sim_distribution from; /* its list belongs to the scenario's source */
};

struct sim_vary {
    unsigned runs; /* 0: the scenario has no "vary" */
    uint64_t seed;
    unsigned values, reports;
    struct sim_varied *value;
    char **report; /* names whose value at the end is reported */
};

/* Reads the object "vary"; meters: how many the scenario has. False with js->error set; free in any case. */
bool sim_vary_parse(struct js *js, const cJSON *value, struct sim_vary *vary);
void sim_vary_free(struct sim_vary *vary);

/* The values of a run (1 to vary->runs) as an object {"PATH": value}. The caller frees it with cJSON_Delete. */
cJSON *sim_vary_draw(const struct sim_vary *vary, unsigned run);

/* Puts such values into a scenario's tree. False with js->error set if a path leads nowhere. */
bool sim_vary_apply(struct js *js, cJSON *root, const cJSON *values);

#endif
