/* SPDX-License-Identifier: MIT */
#include "random.h"

#include <math.h>
#include <string.h>

#include "trig.h"

uint64_t sim_hash(uint64_t hash, const void *bytes, size_t n)
{
    for (const unsigned char *at = bytes; n--; at++)
        hash = (hash ^ *at) * 0x100000001B3u;
    return hash;
}

/* From one key to the next. */
static uint64_t next(uint64_t key)
{
    return sim_mix(key + SIM_MIX_STEP);
}

uint64_t sim_random_key(uint64_t seed, const char *name, uint64_t k)
{
    return next(next(next(seed) ^ sim_hash(SIM_HASH, name, strlen(name))) + k);
}

double sim_random_uniform(uint64_t key)
{
    return ((double)(next(key) >> 12) + 0.5) / 4503599627370496.0; /* 2^52 */
}

/* Two even numbers as length and angle of a pointer (Box and Muller). */
double sim_random_normal(uint64_t key)
{
    double length = sqrt(-2 * sim_log(sim_random_uniform(key))), sine, cosine;

    sim_sincos(sim_random_uniform(next(key)), &sine, &cosine);
    return length * cosine;
}
