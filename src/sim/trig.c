/* SPDX-License-Identifier: MIT */
#include "trig.h"

#include <stdint.h>

#define PI 3.14159265358979323846

/* Taylor series on -pi/4..pi/4. */
static double sine_series(double x)
{
    double z = x * x;

    return x * (1 + z * (-1.0 / 6 +
                         z * (1.0 / 120 +
                              z * (-1.0 / 5040 +
                                   z * (1.0 / 362880 + z * (-1.0 / 39916800 + z * (1.0 / 6227020800.0 +
                                                                                   z * (-1.0 / 1307674368000.0))))))));
}

static double cosine_series(double x)
{
    double z = x * x;

    return 1 + z * (-1.0 / 2 +
                    z * (1.0 / 24 +
                         z * (-1.0 / 720 +
                              z * (1.0 / 40320 + z * (-1.0 / 3628800 +
                                                      z * (1.0 / 479001600.0 + z * (-1.0 / 87178291200.0 +
                                                                                    z * (1.0 / 20922789888000.0))))))));
}

void sim_sincos(double turns, double *sine, double *cosine)
{
    /* The nearest quarter. Without branches: it is as good as random. */
    int64_t towards_zero = (int64_t)(4 * turns + 0.5);
    int64_t quarter = towards_zero - ((double)towards_zero > 4 * turns + 0.5);
    double x = (turns - (double)quarter / 4) * (2 * PI);
    double s = sine_series(x), c = cosine_series(x);

    *sine = (quarter & 2 ? -1 : 1) * (quarter & 1 ? c : s);
    *cosine = ((quarter + 1) & 2 ? -1 : 1) * (quarter & 1 ? s : c);
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
