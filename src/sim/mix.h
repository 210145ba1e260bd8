/* SPDX-License-Identifier: MIT
 * Chance as a function: well mixed bits from a number, the same on every machine (the finisher of splitmix64). */
#ifndef SIM_MIX_H
#define SIM_MIX_H

#include <stdint.h>

/* The step between the numbers of a series, as from 0, SIM_MIX_STEP, 2 * SIM_MIX_STEP ... */
#define SIM_MIX_STEP 0x9E3779B97F4A7C15u

static inline uint64_t sim_mix(uint64_t z)
{
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

#endif
