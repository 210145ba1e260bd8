/* SPDX-License-Identifier: MIT
 * em_accumulate with the instructions of x86, compiled once per set (HOST_ACCUMULATE names the variant, HOST_SHORTER
 * the one for runs that do not fill a vector). It forms the sums of src/core/kernel.c; those of integers do not depend
 * on their order, so the bits are the same. */
#include "vmeter/em_metrology.h"

#include "lanes.h"

em_accumulate_fn HOST_ACCUMULATE, HOST_SHORTER;

/* What is read of one place in time: a phase, the voltage of the next phase, and the reference. */
struct row {
    lanes u, i, v, c, s;
};

/* Sums of a phase, lane by lane; uv is that of its voltage and the next phase's. */
struct lane_sums {
    lanes uu, ii, ui, uc, us, ic, is, uv;
};

static inline __attribute__((always_inline)) void add_even(struct lane_sums *x, struct row r)
{
    x->uu = lanes_mac(x->uu, r.u, r.u);
    x->ii = lanes_mac(x->ii, r.i, r.i);
    x->ui = lanes_mac(x->ui, r.u, r.i);
    x->uc = lanes_mac(x->uc, r.u, r.c);
    x->us = lanes_mac(x->us, r.u, r.s);
    x->ic = lanes_mac(x->ic, r.i, r.c);
    x->is = lanes_mac(x->is, r.i, r.s);
    x->uv = lanes_mac(x->uv, r.u, r.v);
}

static inline __attribute__((always_inline)) void add_row(struct lane_sums *x, struct row r)
{
    add_even(x, r);
    add_even(x, (struct row){lanes_odd(r.u), lanes_odd(r.i), lanes_odd(r.v), lanes_odd(r.c), lanes_odd(r.s)});
}

/* Adds to two sums that stand side by side. */
static inline void give(int64_t *sum, lanes a, lanes b)
{
    __m128i *p = (__m128i *)sum;

    _mm_storeu_si128(p, _mm_add_epi64(_mm_loadu_si128(p), lanes_totals(a, b)));
}

/* A phase (sum: its em_phase_sums as an array), and at *cross the product of its voltage and v. n is at least LANES. */
static inline void accumulate_phase(int64_t *sum, int64_t *cross, const int32_t *u, const int32_t *i, const int32_t *v,
                                    const int32_t *c, const int32_t *s, uint32_t n)
{
    struct lane_sums x = {lanes_zero(), lanes_zero(), lanes_zero(), lanes_zero(),
                          lanes_zero(), lanes_zero(), lanes_zero(), lanes_zero()};
    const uint32_t last = n - LANES, rest = n % LANES;
    __m128i is_uv;

    for (uint32_t k = 0; k <= last; k += LANES)
        add_row(&x, (struct row){lanes_load(u + k), lanes_load(i + k), lanes_load(v + k), lanes_load(c + k),
                                 lanes_load(s + k)});
    /* The last lanes once more, without those that have been summed. */
    if (rest)
        add_row(&x, (struct row){lanes_but(lanes_load(u + last), LANES - rest),
                                 lanes_but(lanes_load(i + last), LANES - rest), lanes_load(v + last),
                                 lanes_load(c + last), lanes_load(s + last)});
    give(sum, x.uu, x.ii);
    give(sum + 2, x.ui, x.uc);
    give(sum + 4, x.us, x.ic);
    is_uv = lanes_totals(x.is, x.uv);
    sum[6] += _mm_cvtsi128_si64(is_uv);
    *cross += _mm_extract_epi64(is_uv, 1);
}

void HOST_ACCUMULATE(struct em_sums *sums, const int32_t *const channel[EM_CHANNEL_COUNT], const int32_t *cosine,
                     const int32_t *sine, uint32_t n)
{
    /* Where the product with the next phase's voltage goes: u1*u2, u2*u3, u3*u1. */
    static const uint8_t next[EM_PHASE_COUNT] = {1, 2, 0}, cross[EM_PHASE_COUNT] = {0, 2, 1};

    if (n < LANES) {
        HOST_SHORTER(sums, channel, cosine, sine, n);
        return;
    }
    for (int p = 0; p < EM_PHASE_COUNT; p++)
        accumulate_phase((int64_t *)&sums->phase[p], &sums->cross[cross[p]], channel[EM_U1 + p], channel[EM_I1 + p],
                         channel[EM_U1 + next[p]], cosine, sine, n);
}
