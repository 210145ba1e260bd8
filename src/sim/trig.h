/* SPDX-License-Identifier: MIT
 * Sine, cosine, logarithm and exponential that are the same to the bit on every machine: only additions,
 * multiplications and divisions of IEEE doubles, in a fixed order. libm's may differ in the last bit from one library
 * to the next. */
#ifndef SIM_TRIG_H
#define SIM_TRIG_H

/* Sine and cosine of an angle in turns (1 = full circle), up to 2^50 turns; error below 1e-15. */
void sim_sincos(double turns, double *sine, double *cosine);

/* Natural logarithm of x > 0 and power of e, |x| < 700; relative error below 3e-14 (of 1 for a logarithm near 0). */
double sim_log(double x);
double sim_exp(double x);
/* Those of two angles in the time of one; the same to the bit. */
void sim_sincos2(const double turns[2], double sine[2], double cosine[2]);

/* Angle of (x, y) in degrees, -180..180; 0 for (0, 0). Error below 1e-10 degrees. */
double sim_angle(double y, double x);

#endif
