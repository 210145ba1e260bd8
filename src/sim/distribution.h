/* SPDX-License-Identifier: MIT
 * Where a value comes from that differs from one thing to the next, be these meters of a fleet or runs of a scenario:
 * {"uniform": [1, 60]} and the like. What one thing gets depends on its own key and place, never on what others got. */
#ifndef SIM_DISTRIBUTION_H
#define SIM_DISTRIBUTION_H

#include "json.h"

/* Values that "steps" may have. */
#define SIM_STEPS_MAX 1000000

enum sim_distribution_kind {
    SIM_UNIFORM,     /* from a to b */
    SIM_NORMAL,      /* mean a, standard deviation b */
    SIM_LOG_UNIFORM, /* from a to b; each decade as likely as the next */
    SIM_INTEGERS,    /* whole numbers from a to b */
    SIM_CHOICE,      /* one of a list */
    SIM_GRID,        /* all of a list in turn */
    SIM_STEPS,       /* from a to b in equal steps, in turn */
};

struct sim_distribution {
    enum sim_distribution_kind kind;
    double a, b;
    double min, max;   /* a number beyond becomes this one */
    const cJSON *list; /* in what was parsed */
    unsigned count;    /* values that come in turn; 0: it is drawn, or steps are over as many things as there are */
};

/* Reads an object of just one kind, for numbers with "min" and "max" besides. False with js->error set. */
bool sim_distribution_parse(struct js *js, const cJSON *value, struct sim_distribution *distribution);

/* The value of one thing, which the caller owns; numbers have nine digits, so that what is shown is what was used.
 *
 * key   of what is drawn (sim_random_key)
 * place of what goes in turn, from 0: begins again when all values were there
 * n     how many things there are: steps without a count reach their end at place n - 1 */
cJSON *sim_distribution_draw(const struct sim_distribution *distribution, uint64_t key, unsigned place, unsigned n);

#endif
