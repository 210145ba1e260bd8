/* SPDX-License-Identifier: MIT */
#include "track.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "trig.h"
#include "vmeter/em_types.h"

/* A track that repeats after no whole number of samples holds as many repetitions as fit best, up to this long. */
#define ROUNDS_MAX (10 * EM_SAMPLE_RATE)

/* Ends of a repetition are put right if they are off by more than this, in mains cycles. */
#define SEAM 1e-4

/* What is held is up to so many mains cycles, as they fit whole samples best. */
#define HELD_CYCLES 10

static void *allocate(size_t count, size_t size)
{
    void *p = calloc(count, size);

    if (!p)
        abort();
    return p;
}

/* --- The part that is played --- */

static double misfit(double samples)
{
    return fabs(samples - floor(samples + 0.5));
}

/* How many times `once` samples fit whole samples best, up to `most`; the fewer the better. */
static int64_t best_count(double once, int64_t most)
{
    int64_t best = 1;

    for (int64_t k = 2; k <= most; k++)
        if (misfit(once * (double)k) < misfit(once * (double)best) - 1e-6)
            best = k;
    return best;
}

void sim_cut_settle(struct sim_cut *cut)
{
    const double cycles = cut->length * cut->frequency, cycle = EM_SAMPLE_RATE / cut->frequency;
    double samples;

    if (cut->repeat) {
        if (cut->found && cycles >= 1 && misfit(cycles) > SEAM)
            cut->length = floor(cycles) / cut->frequency;
        samples = cut->length * EM_SAMPLE_RATE;
        samples *= (double)best_count(samples, (int64_t)(ROUNDS_MAX / samples));
        cut->samples = cut->head = cut->tail = (int64_t)floor(samples + 0.5);
        return;
    }
    cut->samples = cut->head = cut->tail = (int64_t)floor(cut->length * EM_SAMPLE_RATE + 1e-6);
    if (cycles >= 1)
        cut->head = cut->tail = (int64_t)floor(
            cycle * (double)best_count(cycle, cycles < HELD_CYCLES ? (int64_t)cycles : HELD_CYCLES) + 0.5);
    if (cut->head > cut->samples)
        cut->head = cut->tail = cut->samples;
}

static double modulo(double x, double y)
{
    return x - y * floor(x / y);
}

/* The time in the recording that is heard at a time of playing. */
static double folded(const struct sim_cut *cut, double seconds)
{
    const double head = (double)cut->head / EM_SAMPLE_RATE, tail = (double)cut->tail / EM_SAMPLE_RATE;
    const double end = (double)cut->samples / EM_SAMPLE_RATE;

    if (cut->repeat)
        return cut->start + modulo(seconds, cut->length);
    if (seconds < 0)
        return cut->start + modulo(seconds, head);
    return cut->start + (seconds < end ? seconds : end - tail + modulo(seconds - end, tail));
}

/* --- The interpolation --- */

/* A low pass as weights for the 2 * half source samples around a point that lies k / phases of a sample behind one of
 * them: a sinc under a four-term Blackman-Harris window. Between phases weights are interpolated; the error of that
 * is below 1e-6 up to 1 kHz. */
struct bank {
    double rate;
    unsigned half, phases;
    double *weight; /* [phases + 1][2 * half] */
};

#define HALF 48 /* source samples on each side, when the source is not faster than the meter */

/* The pass band ends so much of the lower rate below half of it: flat to 0.41 of that rate, nothing from 0.5 on. */
#define TRANSITION 0.042

/* A pointer that turns by the same angle from step to step. */
struct pointer {
    double s, c, step_s, step_c;
};

static struct pointer pointer_at(double turns, double step)
{
    struct pointer p;

    sim_sincos(turns - floor(turns), &p.s, &p.c);
    sim_sincos(step, &p.step_s, &p.step_c);
    return p;
}

static void advance(struct pointer *p)
{
    const double s = p->s * p->step_c + p->c * p->step_s;

    p->c = p->c * p->step_c - p->s * p->step_s;
    p->s = s;
}

static double window(double c)
{
    const double c2 = 2 * c * c - 1;

    return 0.35875 + 0.48829 * c + 0.14128 * c2 + 0.01168 * (2 * c * c2 - c);
}

/* The weights when the point lies `behind` (0..1) samples behind one of them. */
static void make_weights(double *w, unsigned half, double cutoff, double behind)
{
    const double first = 1 - (double)half - behind;
    struct pointer sine = pointer_at(cutoff * first, cutoff), taper = pointer_at(first / half / 2, 0.5 / half);
    double sum = 0;

    for (unsigned k = 0; k < 2 * half; k++, advance(&sine), advance(&taper)) {
        const double x = first + k, sinc = fabs(x) < 1e-9 ? 2 * cutoff : sine.s / (3.14159265358979323846 * x);

        w[k] = fabs(x) < half ? window(taper.c) * sinc : 0;
        sum += w[k];
    }
    for (unsigned k = 0; k < 2 * half; k++) /* what is constant stays as it is */
        w[k] /= sum;
}

static void make_bank(struct bank *bank, double rate)
{
    const double slow = rate < EM_SAMPLE_RATE ? 1 : EM_SAMPLE_RATE / rate, cutoff = (0.5 - TRANSITION) * slow;

    bank->rate = rate;
    bank->half = 2 * (unsigned)ceil(HALF / 2 / slow);
    /* 1600 has the phases of most rates in use; of a fast source few are enough. */
    bank->phases = bank->half <= 256 ? 1600 : bank->half <= 2048 ? 160 : 16;
    bank->weight = allocate((bank->phases + 1) * 2 * (size_t)bank->half, sizeof *bank->weight);
    for (unsigned p = 0; p <= bank->phases; p++)
        make_weights(bank->weight + (size_t)p * 2 * bank->half, bank->half, cutoff, (double)p / bank->phases);
}

/* Four sums, so that one addition need not wait for another; n is a multiple of four. */
static double weighted(const double *w, const double *x, unsigned n)
{
    double a = 0, b = 0, c = 0, d = 0;

    for (unsigned k = 0; k < n; k += 4) {
        a += w[k] * x[k];
        b += w[k + 1] * x[k + 1];
        c += w[k + 2] * x[k + 2];
        d += w[k + 3] * x[k + 3];
    }
    return (a + b) + (c + d);
}

/* An equally spaced part of the source with what is heard before and after it, enough for the interpolation. */
struct source {
    double start, rate; /* seconds of the first sample of the part; samples a second */
    size_t samples;     /* of the part */
    double *value;      /* [half + samples + half + 1], or NULL: not made yet */
    struct bank bank;
};

static double interpolate(const struct source *s, double seconds)
{
    const double x = (seconds - s->start) * s->rate, whole = floor(x), place = (x - whole) * s->bank.phases;
    const unsigned n = 2 * s->bank.half;
    const double p = floor(place), share = place - p;
    int64_t first = (int64_t)whole + 1; /* of the padded samples; the part's sample 0 stands at half */
    const double *w = s->bank.weight + (size_t)p * n, *at;

    first = first < 0 ? 0 : first > (int64_t)s->samples + 1 ? (int64_t)s->samples + 1 : first;
    at = s->value + first;
    if (share < 1e-7)
        return weighted(w, at, n);
    return weighted(w, at, n) * (1 - share) + weighted(w + n, at, n) * share;
}

/* What is heard at sample k of the part, which may lie outside of it and of what is played. */
static double heard(const struct sim_recording *r, unsigned channel, const struct sim_cut *cut, double seconds)
{
    return sim_recording_at(r, channel, folded(cut, seconds - cut->start), SIM_SIX_POINTS);
}

/* Is padded sample k of the part one that is played? Then it stays as it was recorded. */
static bool played(const struct source *s, const struct sim_cut *cut, size_t k, double *seconds)
{
    const double end = cut->start + (cut->repeat ? cut->length : (double)cut->samples / EM_SAMPLE_RATE);

    *seconds = s->start + ((double)k - (double)s->bank.half) / s->rate;
    return k >= s->bank.half && k<s->bank.half + s->samples && * seconds> cut->start - 1e-9 && *seconds < end - 1e-9;
}

/* What surrounds the part was made by a polynomial, which is rough for harmonics of high order. Makes it once more, by
 * the interpolation proper. */
static void refine(struct source *s, const struct sim_cut *cut)
{
    const size_t n = s->samples + 2 * s->bank.half + 1;
    double *better = allocate(n, sizeof *better);

    for (size_t k = 0; k < n; k++) {
        double seconds, at;

        better[k] = s->value[k];
        if (played(s, cut, k, &seconds))
            continue;
        at = folded(cut, seconds - cut->start);
        if (at >= s->start && at < s->start + (double)s->samples / s->rate)
            better[k] = interpolate(s, at);
    }
    free(s->value);
    s->value = better;
}

static void fill_source(struct source *s, const struct sim_recording *r, unsigned channel, const struct sim_cut *cut,
                        size_t first)
{
    const size_t half = s->bank.half;
    double seconds;

    s->value = allocate(s->samples + 2 * half + 1, sizeof *s->value);
    for (size_t k = 0; k <= s->samples + 2 * half; k++)
        s->value[k] =
            played(s, cut, k, &seconds) ? r->channel[channel].value[first + k - half] : heard(r, channel, cut, seconds);
    for (int pass = 0; pass < 3; pass++)
        refine(s, cut);
}

/* A recording with times of its own is first taken at its mean rate. */
static void fill_uneven(struct source *s, const struct sim_recording *r, unsigned channel, const struct sim_cut *cut)
{
    const size_t half = s->bank.half;

    s->value = allocate(s->samples + 2 * half + 1, sizeof *s->value);
    for (size_t k = 0; k <= s->samples + 2 * half; k++)
        s->value[k] = heard(r, channel, cut, s->start + ((double)k - (double)half) / s->rate);
}

static void make_source(struct source *s, const struct sim_recording *r, unsigned part, unsigned channel,
                        const struct sim_cut *cut)
{
    if (!r->stretches) {
        s->rate = (double)r->samples / r->seconds;
        s->samples = r->samples;
        make_bank(&s->bank, s->rate);
        fill_uneven(s, r, channel, cut);
        return;
    }
    s->rate = r->stretch[part].rate;
    s->start = r->stretch[part].start;
    s->samples = (part + 1 < r->stretches ? r->stretch[part + 1].first : r->samples) - r->stretch[part].first;
    make_bank(&s->bank, s->rate);
    fill_source(s, r, channel, cut, r->stretch[part].first);
}

void sim_track_make(struct sim_track *track, const struct sim_recording *r, unsigned channel, const struct sim_cut *cut,
                    double scale, double lead)
{
    const unsigned parts = r->stretches ? r->stretches : 1;
    struct source *source = allocate(parts, sizeof *source);

    lead -= r->channel[channel].skew;
    track->value = allocate((size_t)cut->samples, sizeof *track->value);
    track->length = cut->samples;
    track->head = cut->head;
    track->tail = cut->tail;
    track->frequency = cut->frequency;
    track->ideal = track;
    for (int64_t k = 0; k < track->length; k++) {
        const double seconds = folded(cut, (double)k / EM_SAMPLE_RATE + lead);
        const unsigned part = r->stretches ? (unsigned)(sim_recording_stretch_at(r, seconds) - r->stretch) : 0;

        if (!source[part].value)
            make_source(&source[part], r, part, channel, cut);
        track->value[k] = interpolate(&source[part], seconds) * scale;
        track->peak = fabs(track->value[k]) > track->peak ? fabs(track->value[k]) : track->peak;
        track->rms += track->value[k] * track->value[k];
    }
    track->rms = sqrt(track->rms / (double)track->length);
    for (unsigned k = 0; k < parts; k++) {
        free(source[k].value);
        free(source[k].bank.weight);
    }
    free(source);
}

/* --- Playing --- */

static int64_t whole_modulo(int64_t x, int64_t y)
{
    return ((x % y) + y) % y;
}

void sim_track_add(const struct sim_track *track, int64_t sample, uint32_t n, double gain, double *out)
{
    while (n) {
        const int64_t k = sample - track->at;
        int64_t from, end = track->length;
        uint32_t run;

        if (k < 0) {
            from = whole_modulo(k, track->head);
            end = track->head;
        } else if (k < track->length) {
            from = k;
        } else {
            from = track->length - track->tail + whole_modulo(k - track->length, track->tail);
        }
        run = end - from < n ? (uint32_t)(end - from) : n;
        for (uint32_t j = 0; j < run; j++)
            out[j] += gain * track->value[from + j];
        out += run;
        sample += run;
        n -= run;
    }
}
