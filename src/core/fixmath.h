/* SPDX-License-Identifier: MIT
 * Integer arithmetic that the core shares: the same bits on every machine, no floating point. */
#ifndef EM_FIXMATH_H
#define EM_FIXMATH_H

#include "vmeter/em_types.h"

/* floor(sqrt(x)). */
uint32_t em_isqrt(uint64_t x);

/* a * b / c, rounded to nearest (halves away from zero), with a 128-bit product; saturates at UINT64_MAX.
 * c must not be 0. */
uint64_t em_muldiv(uint64_t a, uint64_t b, uint64_t c);

/* The same without the compiler's 128-bit type; em_muldiv itself where there is none. */
uint64_t em_muldiv_portable(uint64_t a, uint64_t b, uint64_t c);

/* em_muldiv for a signed a. */
int64_t em_muldiv_signed(int64_t a, uint64_t b, uint64_t c);

/* Sine and cosine with amplitude 2^30 of angle / turn of a full circle, for 0 <= angle < turn / 16. */
void em_sincos_small(uint32_t angle, uint32_t turn, int32_t *sine, int32_t *cosine);

/* The angle of re + j im in units of a full circle / 2^32; 0 for 0 + j0. */
int32_t em_angle(int64_t re, int64_t im);

/* IEEE 754 single of num / den as its 32 bits, correctly rounded (nearest, ties to even). den 1..2^40. */
uint32_t em_float32(int64_t num, uint64_t den);

/* The last eight decimal digits of value as BCD, and back: EM_ERR_RANGE for digits that are none. */
uint32_t em_to_bcd(uint32_t value);
enum em_err em_from_bcd(uint32_t bcd, int64_t *value);

#endif
