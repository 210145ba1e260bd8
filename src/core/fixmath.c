/* SPDX-License-Identifier: MIT */
#include "fixmath.h"

#include <stdbool.h>

uint32_t em_isqrt(uint64_t x)
{
    uint64_t root = 0;
    uint64_t bit = (uint64_t)1 << 62;

    while (bit > x)
        bit >>= 2;
    while (bit) {
        if (x >= root + bit) {
            x -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
        bit >>= 2;
    }
    return (uint32_t)root;
}

/* The 128-bit product of a and b. */
static void multiply(uint64_t a, uint64_t b, uint64_t *high, uint64_t *low)
{
    uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
    uint64_t ll = al * bl, lh = al * bh, hl = ah * bl, hh = ah * bh;
    uint64_t middle = (ll >> 32) + (uint32_t)lh + (uint32_t)hl;

    *low = (middle << 32) | (uint32_t)ll;
    *high = hh + (lh >> 32) + (hl >> 32) + (middle >> 32);
}

/* high:low / c for high < c, restoring division. */
static uint64_t divide(uint64_t high, uint64_t low, uint64_t c)
{
    for (int k = 0; k < 64; k++) {
        bool carry = high >> 63;

        high = (high << 1) | (low >> 63);
        low <<= 1;
        if (carry || high >= c) {
            high -= c;
            low |= 1;
        }
    }
    return low;
}

#ifdef __SIZEOF_INT128__
uint64_t em_muldiv(uint64_t a, uint64_t b, uint64_t c)
{
    unsigned __int128 dividend = (unsigned __int128)a * b + c / 2, quotient;

    if (!(dividend >> 64))
        return (uint64_t)dividend / c; /* as always, but much faster */
    quotient = dividend / c;
    return quotient > UINT64_MAX ? UINT64_MAX : (uint64_t)quotient;
}
#else
#define em_muldiv_portable em_muldiv
#endif

uint64_t em_muldiv_portable(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t high, low;

    multiply(a, b, &high, &low);
    low += c / 2;
    if (low < c / 2)
        high++;
    if (high >= c)
        return UINT64_MAX;
    return high ? divide(high, low, c) : low / c;
}

int64_t em_muldiv_signed(int64_t a, uint64_t b, uint64_t c)
{
    return a < 0 ? -(int64_t)em_muldiv(0 - (uint64_t)a, b, c) : (int64_t)em_muldiv((uint64_t)a, b, c);
}

void em_sincos_small(uint32_t angle, uint32_t turn, int32_t *sine, int32_t *cosine)
{
    /* x in radians with 30 fraction bits; at most 2 pi / 16 = 0.393. */
    const uint64_t two_pi = 0x1921FB544ull; /* 2 pi x 2^30 */
    int64_t x = (int64_t)em_muldiv(two_pi, angle, turn);
    int64_t xx = (x * x) >> 30;
    int64_t s = ((int64_t)1 << 30) - xx / 72;
    int64_t c = ((int64_t)1 << 30) - xx / 90;

    /* Taylor series in Horner form: sine to x^9, cosine to x^10. */
    s = ((int64_t)1 << 30) - ((xx * s) >> 30) / 42;
    s = ((int64_t)1 << 30) - ((xx * s) >> 30) / 20;
    s = ((int64_t)1 << 30) - ((xx * s) >> 30) / 6;
    c = ((int64_t)1 << 30) - ((xx * c) >> 30) / 56;
    c = ((int64_t)1 << 30) - ((xx * c) >> 30) / 30;
    c = ((int64_t)1 << 30) - ((xx * c) >> 30) / 12;
    c = ((int64_t)1 << 30) - ((xx * c) >> 30) / 2;
    *sine = (int32_t)((x * s) >> 30);
    *cosine = (int32_t)c;
}

int32_t em_angle(int64_t re, int64_t im)
{
    /* CORDIC in vectoring mode; atan(2^-k) in units of a circle / 2^32. */
    static const uint32_t atan_table[] = {
        0x20000000, 0x12E4051E, 0x09FB385B, 0x051111D4, 0x028B0D43, 0x0145D7E1, 0x00A2F61E, 0x00517C55,
        0x0028BE53, 0x00145F2F, 0x000A2F98, 0x000517CC, 0x00028BE6, 0x000145F3, 0x0000A2FA, 0x0000517D,
        0x000028BE, 0x0000145F, 0x00000A30, 0x00000518, 0x0000028C, 0x00000146, 0x000000A3, 0x00000051,
        0x00000029, 0x00000014, 0x0000000A, 0x00000005, 0x00000003, 0x00000001,
    };
    uint32_t angle = 0;

    if (re == 0 && im == 0)
        return 0;
    /* Scale into 2^60..2^61 so that neither growth nor shifts lose anything that matters. */
    while (re > (int64_t)1 << 60 || re < -((int64_t)1 << 60) || im > (int64_t)1 << 60 || im < -((int64_t)1 << 60)) {
        re /= 2;
        im /= 2;
    }
    while (re < (int64_t)1 << 58 && re > -((int64_t)1 << 58) && im < (int64_t)1 << 58 && im > -((int64_t)1 << 58)) {
        re *= 2;
        im *= 2;
    }
    if (re < 0) {
        re = -re;
        im = -im;
        angle = 0x80000000u;
    }
    for (unsigned k = 0; k < sizeof atan_table / sizeof atan_table[0]; k++) {
        int64_t dre = im / ((int64_t)1 << k), dim = re / ((int64_t)1 << k);

        if (im >= 0) {
            re += dre;
            im -= dim;
            angle += atan_table[k];
        } else {
            re -= dre;
            im += dim;
            angle -= atan_table[k];
        }
    }
    return (int32_t)angle;
}

uint32_t em_float32(int64_t num, uint64_t den)
{
    uint32_t sign = num < 0 ? 0x80000000u : 0;
    uint64_t n = num < 0 ? 0 - (uint64_t)num : (uint64_t)num;
    int exponent = 0;
    uint64_t quotient, rest;

    if (n == 0)
        return 0;
    /* Find 2^23 <= n / den * 2^-exponent < 2^24. No bit is lost: den <= 2^40 keeps den << 23 within 64 bits, and
     * den grows only while den << 24 <= n. */
    while (n < den << 23) {
        n <<= 1;
        exponent--;
    }
    while (n / den >= (uint64_t)1 << 24) {
        den <<= 1;
        exponent++;
    }
    quotient = n / den;
    rest = n % den;
    if (rest > den - rest || (rest == den - rest && (quotient & 1)))
        quotient++;
    if (quotient == (uint64_t)1 << 24) {
        quotient >>= 1;
        exponent++;
    }
    return sign | ((uint32_t)(exponent + 150) << 23) | ((uint32_t)quotient & 0x7FFFFF);
}

uint32_t em_to_bcd(uint32_t value)
{
    uint32_t bcd = 0;

    for (int shift = 0; shift < 32; shift += 4, value /= 10)
        bcd |= value % 10 << shift;
    return bcd;
}

enum em_err em_from_bcd(uint32_t bcd, int64_t *value)
{
    int64_t v = 0;

    for (int shift = 28; shift >= 0; shift -= 4) {
        if ((bcd >> shift & 15) > 9)
            return EM_ERR_RANGE;
        v = v * 10 + (bcd >> shift & 15);
    }
    *value = v;
    return EM_OK;
}
