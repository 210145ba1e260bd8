/* SPDX-License-Identifier: MIT
 * Random numbers that are the same to the bit on every machine, as functions of a key: who draws the thousandth number
 * needs none of those before it. Only additions, multiplications, divisions and square roots of IEEE doubles. */
#ifndef SIM_RANDOM_H
#define SIM_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* 64 bits from 64 bits, without a pattern (the finisher of splitmix64). Also the step from a key to the next one. */
uint64_t sim_random_mix(uint64_t key);

/* Goes on with a hash (FNV-1a; SIM_HASH begins one) over n bytes. Spread it with sim_random_mix to use it as a key. */
#define SIM_HASH 0xCBF29CE484222325u
uint64_t sim_hash(uint64_t hash, const void *bytes, size_t n);

/* Even over 0..1, without 0 and 1. */
double sim_random_uniform(uint64_t key);

/* Normal, mean 0 and standard deviation 1; at most 8.6 from 0. */
double sim_random_normal(uint64_t key);

/* Natural logarithm of x > 0 and power of e, |x| < 700; relative error below 1e-14 (of 1 for a logarithm near 0). */
double sim_log(double x);
double sim_exp(double x);

#endif
