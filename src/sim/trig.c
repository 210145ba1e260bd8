/* SPDX-License-Identifier: MIT */
#include "trig.h"

#include <math.h>

#define PI  3.14159265358979323846
#define LN2 0.69314718055994530942

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
    double quarters = floor(4 * turns + 0.5);
    double x = (turns - quarters / 4) * (2 * PI);
    double s = sine_series(x), c = cosine_series(x);

    switch ((int)(quarters - 4 * floor(quarters / 4))) {
    case 0:
        *sine = s;
        *cosine = c;
        break;
    case 1:
        *sine = c;
        *cosine = -s;
        break;
    case 2:
        *sine = -s;
        *cosine = -c;
        break;
    default:
        *sine = -c;
        *cosine = s;
        break;
    }
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
