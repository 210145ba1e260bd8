/* SPDX-License-Identifier: MIT */
#include "trig.h"

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#define PI  3.14159265358979323846
#define LN2 0.69314718055994530942

/* Two numbers on which the same is done. */
typedef double pair __attribute__((vector_size(16)));

#define BOTH(x)                                                                                                        \
    {                                                                                                                  \
        x, x                                                                                                           \
    }

/* Taylor series on -pi/4..pi/4, from the highest power down. */
static const pair sine_term[] = {
    BOTH(-1.0 / 1307674368000.0),
    BOTH(1.0 / 6227020800.0),
    BOTH(-1.0 / 39916800),
    BOTH(1.0 / 362880),
    BOTH(-1.0 / 5040),
    BOTH(1.0 / 120),
    BOTH(-1.0 / 6),
    BOTH(1),
};
static const pair cosine_term[] = {
    BOTH(1.0 / 20922789888000.0),
    BOTH(-1.0 / 87178291200.0),
    BOTH(1.0 / 479001600.0),
    BOTH(-1.0 / 3628800),
    BOTH(1.0 / 40320),
    BOTH(-1.0 / 720),
    BOTH(1.0 / 24),
    BOTH(-1.0 / 2),
    BOTH(1),
};
#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static inline pair series(const pair term[], size_t terms, pair z)
{
    pair sum = term[0];

    for (size_t k = 1; k < terms; k++)
        sum = term[k] + z * sum;
    return sum;
}

/* The nearest quarter. Without branches: it is as good as random. */
static int64_t quarter_of(double turns)
{
    int64_t towards_zero = (int64_t)(4 * turns + 0.5);

    return towards_zero - ((double)towards_zero > 4 * turns + 0.5);
}

void sim_sincos2(const double turns[2], double sine[2], double cosine[2])
{
    const int64_t quarter[2] = {quarter_of(turns[0]), quarter_of(turns[1])};
    const pair x = {(turns[0] - (double)quarter[0] / 4) * (2 * PI), (turns[1] - (double)quarter[1] / 4) * (2 * PI)};
    const pair s = x * series(sine_term, COUNT(sine_term), x * x);
    const pair c = series(cosine_term, COUNT(cosine_term), x * x);

    for (int k = 0; k < 2; k++) {
        sine[k] = (quarter[k] & 2 ? -1 : 1) * (quarter[k] & 1 ? c[k] : s[k]);
        cosine[k] = ((quarter[k] + 1) & 2 ? -1 : 1) * (quarter[k] & 1 ? s[k] : c[k]);
    }
}

void sim_sincos(double turns, double *sine, double *cosine)
{
    double s[2], c[2];

    sim_sincos2((const double[2]){turns, turns}, s, c);
    *sine = s[0];
    *cosine = c[0];
}

double sim_angle(double y, double x)
{
    double low = -0.5, high = 0.5; /* turns */

    if (x == 0 && y == 0)
        return 0;
    /* Halve the interval: the angle is where the cross product with the pointer changes sign. Start in its half. */
    if (y >= 0)
        low = 0;
    else
        high = 0;
    for (int k = 0; k < 50; k++) {
        double middle = (low + high) / 2, s, c;

        sim_sincos(middle, &s, &c);
        if (c * y - s * x >= 0)
            low = middle;
        else
            high = middle;
    }
    return low * 360;
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
