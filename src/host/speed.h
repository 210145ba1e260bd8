/* SPDX-License-Identifier: MIT
 * Picks the innermost loops for this processor. All variants give the same bits. */
#ifndef HOST_SPEED_H
#define HOST_SPEED_H

#include "../sim/sim.h"

/* A set of loops and its name ("generic", "sse4", "avx2", "avx512"). */
struct host_speed {
    const char *name;
    struct sim_speed loops;
};

/* The fastest set that this processor can run, or the one that the environment variable VMETER_CPU names. */
const struct host_speed *host_speed_best(void);

/* The k-th set that this processor can run, slowest first; NULL behind the last. */
const struct host_speed *host_speed_at(size_t k);

#endif
