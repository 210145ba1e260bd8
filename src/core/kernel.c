/* SPDX-License-Identifier: MIT
 * The innermost loops: sums of products over a run of samples.
 *
 * Written so that a compiler vectorises them: no branch, no call, plain int32 x int32 -> int64. A host build
 * compiles this file once more per instruction set under another name (EM_ACCUMULATE); integer sums do not
 * depend on their order, so all of them give the same bits. */
#include "vmeter/em_metrology.h"

#ifndef EM_ACCUMULATE
#define EM_ACCUMULATE em_accumulate
#endif

em_accumulate_fn EM_ACCUMULATE;

static inline int64_t mul(int32_t a, int32_t b)
{
    return (int64_t)a * b;
}

static void accumulate_phase(struct em_phase_sums *sums, const int32_t *restrict u, const int32_t *restrict i,
                             const int32_t *restrict c, const int32_t *restrict s, uint32_t n)
{
    int64_t uu = 0, ii = 0, ui = 0, uc = 0, us = 0, ic = 0, is = 0;

    for (uint32_t k = 0; k < n; k++) {
        uu += mul(u[k], u[k]);
        ii += mul(i[k], i[k]);
        ui += mul(u[k], i[k]);
        uc += mul(u[k], c[k]);
        us += mul(u[k], s[k]);
        ic += mul(i[k], c[k]);
        is += mul(i[k], s[k]);
    }
    sums->uu += uu;
    sums->ii += ii;
    sums->ui += ui;
    sums->uc += uc;
    sums->us += us;
    sums->ic += ic;
    sums->is += is;
}

static void accumulate_cross(int64_t cross[EM_PHASE_COUNT], const int32_t *restrict u1, const int32_t *restrict u2,
                             const int32_t *restrict u3, uint32_t n)
{
    int64_t u12 = 0, u13 = 0, u23 = 0;

    for (uint32_t k = 0; k < n; k++) {
        u12 += mul(u1[k], u2[k]);
        u13 += mul(u1[k], u3[k]);
        u23 += mul(u2[k], u3[k]);
    }
    cross[0] += u12;
    cross[1] += u13;
    cross[2] += u23;
}

void EM_ACCUMULATE(struct em_sums *sums, const int32_t *const channel[EM_CHANNEL_COUNT], const int32_t *cosine,
                   const int32_t *sine, uint32_t n)
{
    for (int p = 0; p < EM_PHASE_COUNT; p++)
        accumulate_phase(&sums->phase[p], channel[EM_U1 + p], channel[EM_I1 + p], cosine, sine, n);
    accumulate_cross(sums->cross, channel[EM_U1], channel[EM_U2], channel[EM_U3], n);
}
