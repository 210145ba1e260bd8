/* SPDX-License-Identifier: MIT */
#include "random.h"

#include <math.h>

#include "trig.h"

#define LN2 0.69314718055994530942

uint64_t sim_random_mix(uint64_t z)
{
    z += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

uint64_t sim_hash(uint64_t hash, const void *bytes, size_t n)
{
    for (const unsigned char *at = bytes; n--; at++)
        hash = (hash ^ *at) * 0x100000001B3u;
    return hash;
}

double sim_random_uniform(uint64_t key)
{
    return ((double)(sim_random_mix(key) >> 12) + 0.5) / 4503599627370496.0; /* 2^52 */
}

/* Two even numbers as length and angle of a pointer (Box and Muller). */
double sim_random_normal(uint64_t key)
{
    double length = sqrt(-2 * sim_log(sim_random_uniform(key))), sine, cosine;

    sim_sincos(sim_random_uniform(sim_random_mix(key)), &sine, &cosine);
    return length * cosine;
}

double sim_log(double x)
{
    int exponent;
    double m = frexp(x, &exponent), z, power, sum = 0;

    if (m < 0.70710678118654752440) {
        m *= 2;
        exponent--;
    }
    /* ln m = 2 (z + z^3/3 + z^5/5 + ..) with |z| <= 0.172 */
    z = (m - 1) / (m + 1);
    power = z;
    for (int k = 1; k < 25; k += 2) {
        sum += power / k;
        power *= z * z;
    }
    return 2 * sum + exponent * LN2;
}

double sim_exp(double x)
{
    double whole = floor(x / LN2 + 0.5), rest = x - whole * LN2, term = 1, sum = 1;

    for (int k = 1; k < 18; k++) {
        term *= rest / k;
        sum += term;
    }
    return ldexp(sum, (int)whole);
}
