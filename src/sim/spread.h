/* SPDX-License-Identifier: MIT
 * Values that differ from one thing to the next: how they are spread, and the value of each. Draws are the same on
 * every machine, and each stands for itself: one more thing, or one more quantity, changes no other. */
#ifndef SIM_SPREAD_H
#define SIM_SPREAD_H

#include "json.h"

enum sim_spread_kind {
    SIM_SPREAD_UNIFORM, /* [a, b]: anything from a to b, all alike */
    SIM_SPREAD_NORMAL,  /* [mean, standard deviation] */
    SIM_SPREAD_STEPS,   /* [a, b]: evenly from a, the first, to b, the last */
    SIM_SPREAD_CHOICE,  /* [any, ...]: one of these, all alike */
};

struct sim_spread {
    enum sim_spread_kind kind;
    double a, b;
    const cJSON *choice; /* in what was parsed */
    double min, max;     /* a number beyond becomes this one */
};

/* Reads {"uniform": [1, 60]} or one of the other kinds, with "min" and "max" besides. False with js->error set. */
bool sim_spread_parse(struct js *js, const cJSON *value, struct sim_spread *spread);

/* The seed of what is drawn under this name. */
uint64_t sim_spread_key(uint64_t seed, const char *name);

/* The value of the k-th (from 0) of n. The caller owns it. */
cJSON *sim_spread_draw(const struct sim_spread *spread, uint64_t key, unsigned k, unsigned n);

#endif
