/* SPDX-License-Identifier: MIT */
#include "vmeter/em_metrology.h"

#include <string.h>

#include "fixmath.h"

/* em_sums seen as a plain array; it holds nothing but int64_t. */
#define SUM_COUNT (sizeof(struct em_sums) / sizeof(int64_t))

/* Phasor products are kept divided by 2^PRODUCT_SHIFT so that a window of them fits into 64 bits. */
#define PRODUCT_SHIFT 4

/* Below this the voltages tell no frequency (about 10 V on one phase over a window). */
#define ADVANCE_MIN 1000000000000ll

/* An advance within 2^-15 of a radian a cycle is less than 0.35 mHz at any frequency: no move, and no angle is needed.
 */
#define STEADY_SHIFT 15

static uint32_t cycle_length(uint32_t phase0, uint32_t frequency_mhz)
{
    return (EM_PHASE_MODULUS - phase0 + frequency_mhz - 1) / frequency_mhz;
}

/* Reference of one cycle, by turning a pointer from sample to sample in 2^30. */
static void make_reference(struct em_metrology *mt)
{
    const int shift = 30 - EM_REFERENCE_BITS;
    const int64_t half = (int64_t)1 << 29;
    int32_t step_s, step_c;
    int64_t c = (int64_t)1 << 30, s = 0;

    em_sincos_small(mt->frequency_mhz, EM_PHASE_MODULUS, &step_s, &step_c);
    for (int j = 0; j < EM_REFERENCE_MAX; j++) {
        int64_t next_c = (c * step_c - s * step_s + half) >> 30;
        int64_t next_s = (s * step_c + c * step_s + half) >> 30;

        mt->cosine[j] = (int32_t)((c + (1 << (shift - 1))) >> shift);
        mt->sine[j] = (int32_t)((s + (1 << (shift - 1))) >> shift);
        c = next_c;
        s = next_s;
    }
}

static void set_phase0(struct em_metrology *mt, uint32_t phase)
{
    int32_t s, c;

    em_sincos_small(phase, EM_PHASE_MODULUS, &s, &c);
    mt->phase0 = phase;
    mt->cosine0 = c >> (30 - EM_REFERENCE_BITS);
    mt->sine0 = s >> (30 - EM_REFERENCE_BITS);
}

static void set_frequency(struct em_metrology *mt, uint32_t frequency_mhz)
{
    if (frequency_mhz < EM_FREQUENCY_MIN_MHZ)
        frequency_mhz = EM_FREQUENCY_MIN_MHZ;
    if (frequency_mhz > EM_FREQUENCY_MAX_MHZ)
        frequency_mhz = EM_FREQUENCY_MAX_MHZ;
    if (frequency_mhz == mt->frequency_mhz)
        return;
    /* The cycle's start keeps its place between two samples. */
    if (mt->frequency_mhz)
        set_phase0(mt, (uint32_t)((uint64_t)mt->phase0 * frequency_mhz / mt->frequency_mhz));
    mt->frequency_mhz = frequency_mhz;
    make_reference(mt);
}

static void begin_window(struct em_metrology *mt)
{
    memset(&mt->open, 0, sizeof mt->open);
    memset(&mt->advance, 0, sizeof mt->advance);
    mt->sequence = 0;
}

static void begin_cycle(struct em_metrology *mt)
{
    memset(&mt->sums, 0, sizeof mt->sums);
    mt->index = 0;
    mt->length = cycle_length(mt->phase0, mt->frequency_mhz);
}

void em_metrology_init(struct em_metrology *mt, em_accumulate_fn *accumulate, uint32_t frequency_mhz)
{
    memset(mt, 0, sizeof *mt);
    mt->accumulate = accumulate ? accumulate : em_accumulate;
    set_frequency(mt, frequency_mhz);
    em_metrology_restart(mt);
}

void em_metrology_restart(struct em_metrology *mt)
{
    begin_window(mt);
    memset(&mt->carry, 0, sizeof mt->carry);
    mt->have_previous = false;
    /* A cycle that begins half a sample before its first sample needs no correction at its start. */
    set_phase0(mt, mt->frequency_mhz / 2);
    begin_cycle(mt);
}

/* A sample set beside a cycle's end, with the reference there, and how much of it counts. */
struct edge_point {
    const int32_t *sample;
    int64_t cosine, sine, weight;
};

/* The sum of two products, weights 2^16 for one. */
static int64_t blend(int64_t ax, int64_t ay, int64_t bx, int64_t by)
{
    return (ax * ay + bx * by) >> 16;
}

static void blend_points(struct em_sums *edge, const struct edge_point *a, const struct edge_point *b)
{
    int64_t au[EM_PHASE_COUNT], bu[EM_PHASE_COUNT];

    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        struct em_phase_sums *sum = &edge->phase[p];
        const int64_t ai = a->weight * a->sample[EM_I1 + p], bi = b->weight * b->sample[EM_I1 + p];

        au[p] = a->weight * a->sample[EM_U1 + p];
        bu[p] = b->weight * b->sample[EM_U1 + p];
        sum->uu = blend(au[p], a->sample[EM_U1 + p], bu[p], b->sample[EM_U1 + p]);
        sum->ii = blend(ai, a->sample[EM_I1 + p], bi, b->sample[EM_I1 + p]);
        sum->ui = blend(au[p], a->sample[EM_I1 + p], bu[p], b->sample[EM_I1 + p]);
        sum->uc = blend(au[p], a->cosine, bu[p], b->cosine);
        sum->us = blend(au[p], a->sine, bu[p], b->sine);
        sum->ic = blend(ai, a->cosine, bi, b->cosine);
        sum->is = blend(ai, a->sine, bi, b->sine);
    }
    edge->cross[0] = blend(au[0], a->sample[EM_U2], bu[0], b->sample[EM_U2]);
    edge->cross[1] = blend(au[0], a->sample[EM_U3], bu[0], b->sample[EM_U3]);
    edge->cross[2] = blend(au[1], a->sample[EM_U3], bu[1], b->sample[EM_U3]);
}

/* What lies between the middle of the two samples around a cycle's end and the end itself, for every product: the
 * integral of the straight line through the products at the last sample and at `next`. position is the oscillator
 * phase at `next`, 0..frequency-1; cosine and sine are those of the position. */
static void edge_sums(const struct em_metrology *mt, struct em_sums *edge, const int32_t next[EM_CHANNEL_COUNT],
                      uint32_t position, int64_t cosine, int64_t sine)
{
    const int64_t step_c = mt->cosine[1], step_s = mt->sine[1];
    const uint32_t f = mt->frequency_mhz;
    /* Distance from the middle to the end, in samples x 2^15, and its square. */
    const int64_t distance = (2 * (int64_t)position - f) * 32768 / (2 * (int64_t)f);
    const int64_t square = distance * distance >> 15;
    const struct edge_point after = {next, cosine, sine, distance - square};
    const struct edge_point before = {mt->last, (cosine * step_c + sine * step_s) >> EM_REFERENCE_BITS,
                                      (sine * step_c - cosine * step_s) >> EM_REFERENCE_BITS, distance + square};

    blend_points(edge, &after, &before);
}

/* Turns the cycle's own sums of c and s by the phase of its first sample, adds the edge corrections (already in
 * the oscillator's frame) and scales to counts x samples. */
static struct em_phasor make_phasor(int64_t c, int64_t s, int32_t cos0, int32_t sin0, int64_t edge_c, int64_t edge_s)
{
    const int64_t half = (int64_t)1 << 29;
    int64_t cs = c >> 18, ss = s >> 18;

    return (struct em_phasor){
        .re = (ss * cos0 + cs * sin0 + edge_s * 64 + half) >> 30,
        .im = (cs * cos0 - ss * sin0 + edge_c * 64 + half) >> 30,
    };
}

/* Frequency, sequence and reactive power from the phasors of one cycle. */
static void use_phasors(struct em_metrology *mt, const struct em_phasor u[EM_PHASE_COUNT],
                        const struct em_phasor i[EM_PHASE_COUNT])
{
    struct em_phasor z[EM_PHASE_COUNT];

    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        struct em_phasor *old = &mt->previous[p];

        mt->open.phase[p].q += (u[p].im * i[p].re - u[p].re * i[p].im) >> PRODUCT_SHIFT;
        z[p].re = u[p].re >> PRODUCT_SHIFT;
        z[p].im = u[p].im >> PRODUCT_SHIFT;
        if (mt->have_previous) {
            mt->advance.re += z[p].re * old->re + z[p].im * old->im;
            mt->advance.im += z[p].im * old->re - z[p].re * old->im;
        }
        *old = z[p];
    }
    mt->sequence += z[0].im * z[1].re - z[0].re * z[1].im;
    mt->have_previous = true;
}

/* Ends the cycle, whose samples are all in; `next` is the first sample set after it. */
static void close_cycle(struct em_metrology *mt, const int32_t next[EM_CHANNEL_COUNT])
{
    struct em_sums edge;
    struct em_phasor u[EM_PHASE_COUNT], i[EM_PHASE_COUNT];
    uint32_t position = mt->phase0 + mt->length * mt->frequency_mhz - EM_PHASE_MODULUS;
    const int32_t c0 = mt->cosine0, s0 = mt->sine0;

    set_phase0(mt, position);
    edge_sums(mt, &edge, next, position, mt->cosine0, mt->sine0);

    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        const struct em_phase_sums *sum = &mt->sums.phase[p], *in = &mt->carry.phase[p], *out = &edge.phase[p];

        mt->cycle_uu[p] = sum->uu + in->uu - out->uu;
        mt->open.phase[p].uu += mt->cycle_uu[p];
        mt->open.phase[p].ii += sum->ii + in->ii - out->ii;
        mt->open.phase[p].ui += sum->ui + in->ui - out->ui;
        mt->open.cross[p] += mt->sums.cross[p] + mt->carry.cross[p] - edge.cross[p];
        u[p] = make_phasor(sum->uc, sum->us, c0, s0, in->uc - out->uc, in->us - out->us);
        i[p] = make_phasor(sum->ic, sum->is, c0, s0, in->ic - out->ic, in->is - out->is);
    }
    use_phasors(mt, u, i);
    mt->open.cycles++;
    mt->carry = edge;
}

/* Follows the mains: one revolution of the phasors against the oscillator a second is 1 Hz. A deviation of more
 * than 0.6 mHz moves it, so that it comes to rest on the whole millihertz. */
static void tune(struct em_metrology *mt)
{
    int64_t re = mt->advance.re, im = mt->advance.im;
    int64_t deviation;

    if (re < ADVANCE_MIN && re > -ADVANCE_MIN && im < ADVANCE_MIN && im > -ADVANCE_MIN)
        return;
    if (im <= re >> STEADY_SHIFT && im >= -(re >> STEADY_SHIFT))
        return;
    deviation = (int64_t)mt->frequency_mhz * em_angle(re, im); /* mHz x 2^32 */
    if (deviation * 5 > (int64_t)3 << 32 || deviation * 5 < -((int64_t)3 << 32)) {
        mt->have_previous = false;
        set_frequency(mt, mt->frequency_mhz + (uint32_t)(int32_t)((deviation + ((int64_t)1 << 31)) >> 32));
    }
}

static void close_window(struct em_metrology *mt)
{
    struct em_window *open = &mt->open;

    for (int p = 0; p < EM_PHASE_COUNT; p++)
        open->phase[p].q =
            em_muldiv_signed(open->phase[p].q, (uint64_t)mt->frequency_mhz << (1 + PRODUCT_SHIFT), EM_PHASE_MODULUS);
    open->frequency_mhz = mt->frequency_mhz;
    open->reversed_sequence = mt->sequence < 0;
    mt->window = *open;
    tune(mt);
    begin_window(mt);
}

enum em_progress em_metrology_run(struct em_metrology *mt, const struct em_block *block, uint32_t *offset)
{
    const int32_t *channel[EM_CHANNEL_COUNT];
    int32_t next[EM_CHANNEL_COUNT];
    uint32_t n = mt->length - mt->index;

    if (n > block->n - *offset)
        n = block->n - *offset;
    if (n) {
        for (int c = 0; c < EM_CHANNEL_COUNT; c++) {
            channel[c] = block->channel[c] + *offset;
            mt->last[c] = channel[c][n - 1];
        }
        mt->accumulate(&mt->sums, channel, mt->cosine + mt->index, mt->sine + mt->index, n);
        mt->index += n;
        *offset += n;
    }
    if (*offset == block->n)
        return EM_MORE;

    for (int c = 0; c < EM_CHANNEL_COUNT; c++)
        next[c] = block->channel[c][*offset];
    close_cycle(mt, next);
    n = mt->open.cycles;
    if (n == EM_WINDOW_CYCLES)
        close_window(mt);
    begin_cycle(mt);
    return n == EM_WINDOW_CYCLES ? EM_WINDOW : EM_CYCLE;
}

bool em_metrology_flush(struct em_metrology *mt)
{
    if (mt->open.cycles == 0)
        return false;
    close_window(mt);
    return true;
}

bool em_metrology_cycle_below(const struct em_metrology *mt, int phase, uint32_t volts)
{
    const uint64_t counts = (uint64_t)volts * EM_COUNTS_PER_VOLT;
    int64_t uu = mt->cycle_uu[phase];

    return uu < (int64_t)em_muldiv(counts * counts, EM_PHASE_MODULUS, mt->frequency_mhz);
}

/* Mean of a sum of squares over the window, times `scale`, and its root. */
static uint32_t root_mean(const struct em_window *w, int64_t sum, uint64_t scale)
{
    if (sum <= 0)
        return 0;
    return em_isqrt(em_muldiv((uint64_t)sum, w->frequency_mhz * scale, (uint64_t)w->cycles * EM_PHASE_MODULUS));
}

/* Mean power of a sum of u*i in uW (uvar), primary. One count^2 is 1 nW. */
static int64_t mean_power(const struct em_window *w, int64_t sum, uint32_t ct_primary, uint32_t ct_secondary)
{
    return em_muldiv_signed(sum, (uint64_t)w->frequency_mhz * ct_primary,
                            (uint64_t)w->cycles * EM_PHASE_MODULUS * 1000 * ct_secondary);
}

static int64_t magnitude(int64_t x)
{
    return x < 0 ? -x : x;
}

static uint8_t quadrant(int64_t p, int64_t q)
{
    if (q >= 0)
        return p >= 0 ? 1 : 2;
    return p >= 0 ? 4 : 3;
}

/* sqrt(p^2 + q^2) of two powers of any size. */
static int64_t vector_sum(int64_t p, int64_t q)
{
    int shift = 0;

    p = magnitude(p);
    q = magnitude(q);
    while (((p | q) >> shift) > 0x7FFFFFFF)
        shift++;
    p >>= shift;
    q >>= shift;
    return (int64_t)em_isqrt((uint64_t)(p * p + q * q)) << shift;
}

static int64_t power_factor(int64_t p, int64_t s)
{
    if (s <= 0)
        return 1000000;
    p = magnitude(p);
    return p >= s ? 1000000 : (int64_t)em_muldiv((uint64_t)p, 1000000, (uint64_t)s);
}

static void phase_quantities(struct em_quantities *q, const struct em_window *w, int p, uint32_t ct_primary,
                             uint32_t ct_secondary)
{
    /* Squares of 100 uV counts are 1e4 uV^2, of 10 uA counts 1e4 (0.1 uA)^2. */
    uint32_t i_tenth_ua = root_mean(w, w->phase[p].ii, 10000);

    q->u_uv[p] = root_mean(w, w->phase[p].uu, 10000);
    q->i_ua[p] = (int64_t)em_muldiv(i_tenth_ua, ct_primary, (uint64_t)ct_secondary * 10);
    q->p_uw[p] = mean_power(w, w->phase[p].ui, ct_primary, ct_secondary);
    q->q_uvar[p] = mean_power(w, w->phase[p].q, ct_primary, ct_secondary);
    q->s_uva[p] = (int64_t)em_muldiv((uint64_t)q->u_uv[p] * i_tenth_ua, ct_primary, (uint64_t)ct_secondary * 10000000);
    q->pf_ppm[p] = power_factor(q->p_uw[p], q->s_uva[p]);
    if (q->p_uw[p] < 0)
        q->i_ua[p] = -q->i_ua[p];
}

void em_quantities_from_window(struct em_quantities *q, const struct em_window *w, uint32_t ct_primary,
                               uint32_t ct_secondary)
{
    /* Pairs of phases of the line-to-line voltages. */
    static const uint8_t pair[EM_PHASE_COUNT][2] = {{0, 1}, {0, 2}, {1, 2}};

    memset(q, 0, sizeof *q);
    for (int p = 0; p < EM_PHASE_COUNT && w->cycles; p++) {
        phase_quantities(q, w, p, ct_primary, ct_secondary);
        q->ull_uv[p] = root_mean(w, w->phase[pair[p][0]].uu + w->phase[pair[p][1]].uu - 2 * w->cross[p], 10000);
        q->p_uw[EM_TOTAL] += q->p_uw[p];
        q->q_uvar[EM_TOTAL] += q->q_uvar[p];
        q->s_uva[EM_TOTAL] += q->s_uva[p];
    }
    for (int p = 0; p < EM_PHASES_AND_TOTAL; p++) {
        q->quadrant[p] = quadrant(q->p_uw[p], q->q_uvar[p]);
        q->direction[p] = q->p_uw[p] >= 0 ? EM_FORWARD : EM_REVERSE;
        if (!w->cycles)
            q->pf_ppm[p] = 1000000;
    }
    q->pf_ppm[EM_TOTAL] = power_factor(q->p_uw[EM_TOTAL], vector_sum(q->p_uw[EM_TOTAL], q->q_uvar[EM_TOTAL]));
    q->frequency_mhz = w->frequency_mhz;
}

/* The sum of squares of a current of ua microampere over the window. */
static int64_t current_square(const struct em_window *w, uint64_t ua)
{
    return (int64_t)em_muldiv(ua * ua, (uint64_t)w->cycles * EM_PHASE_MODULUS, (uint64_t)w->frequency_mhz * 100);
}

void em_window_discard_no_load(struct em_window *w)
{
    const int64_t no_load = current_square(w, EM_NO_LOAD_UA);

    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        /* The geometric mean of two numbers is not above their arithmetic one: mostly no root is needed. */
        const int64_t enough = (w->phase[p].uu / 2 + w->phase[p].ii / 2 + 1) / EM_ANGLE_DEADBAND;
        int64_t s;

        if (w->phase[p].ii < no_load) {
            w->phase[p].ii = w->phase[p].ui = w->phase[p].q = 0;
            continue;
        }
        if (magnitude(w->phase[p].ui) > enough && magnitude(w->phase[p].q) > enough)
            continue;
        s = (int64_t)em_isqrt((uint64_t)magnitude(w->phase[p].uu)) * em_isqrt((uint64_t)w->phase[p].ii);
        if (magnitude(w->phase[p].ui) < s / EM_ANGLE_DEADBAND)
            w->phase[p].ui = 0;
        if (magnitude(w->phase[p].q) < s / EM_ANGLE_DEADBAND)
            w->phase[p].q = 0;
    }
}
