/* SPDX-License-Identifier: MIT */
#include "trig.h"

#include <stdint.h>

#define PI 3.14159265358979323846

/* Two numbers on which the same is done. */
typedef double pair __attribute__((vector_size(16)));

/* Taylor series on -pi/4..pi/4. */
static pair sine_series(pair x)
{
    pair z = x * x;

    return x * (1 + z * (-1.0 / 6 +
                         z * (1.0 / 120 +
                              z * (-1.0 / 5040 +
                                   z * (1.0 / 362880 + z * (-1.0 / 39916800 + z * (1.0 / 6227020800.0 +
                                                                                   z * (-1.0 / 1307674368000.0))))))));
}

static pair cosine_series(pair x)
{
    pair z = x * x;

    return 1 + z * (-1.0 / 2 +
                    z * (1.0 / 24 +
                         z * (-1.0 / 720 +
                              z * (1.0 / 40320 + z * (-1.0 / 3628800 +
                                                      z * (1.0 / 479001600.0 + z * (-1.0 / 87178291200.0 +
                                                                                    z * (1.0 / 20922789888000.0))))))));
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
    const pair s = sine_series(x), c = cosine_series(x);

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
