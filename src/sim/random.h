/* SPDX-License-Identifier: MIT
 * Chance that is the same to the bit on every machine, as functions of a key: who draws the thousandth number needs
 * none of those before it. Only additions, multiplications, divisions and square roots of IEEE doubles. */
#ifndef SIM_RANDOM_H
#define SIM_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* The step between the numbers of a series, as from 0, SIM_MIX_STEP, 2 * SIM_MIX_STEP ... */
#define SIM_MIX_STEP 0x9E3779B97F4A7C15u

/* 64 bits from 64 bits, without a pattern but that 0 stays 0 (the finisher of splitmix64). */
static inline uint64_t sim_mix(uint64_t z)
{
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

/* Goes on with a hash (FNV-1a; SIM_HASH begins one) over n bytes. Mix it to use it as a key. */
#define SIM_HASH 0xCBF29CE484222325u
uint64_t sim_hash(uint64_t hash, const void *bytes, size_t n);

/* The key of the k-th of what is drawn under a name. */
uint64_t sim_random_key(uint64_t seed, const char *name, uint64_t k);

/* Even over 0..1, without 0 and 1. */
double sim_random_uniform(uint64_t key);

/* Normal, mean 0 and standard deviation 1; at most 8.6 from 0. */
double sim_random_normal(uint64_t key);

#endif
