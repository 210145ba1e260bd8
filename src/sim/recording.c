/* SPDX-License-Identifier: MIT */
#include "recording.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "network.h"
#include "trig.h"

static void *allocate(size_t count, size_t size)
{
    void *p = calloc(count ? count : 1, size);

    if (!p)
        abort();
    return p;
}

void sim_recording_init(struct sim_recording *r, unsigned channels, size_t samples)
{
    memset(r, 0, sizeof *r);
    r->samples = samples;
    r->channels = channels;
    r->channel = allocate(channels, sizeof *r->channel);
    for (unsigned c = 0; c < channels; c++)
        r->channel[c].value = allocate(samples, sizeof *r->channel[c].value);
}

void sim_recording_free(struct sim_recording *r)
{
    for (unsigned c = 0; c < r->channels; c++)
        free(r->channel[c].value);
    free(r->channel);
    free(r->stretch);
    free(r->time);
    memset(r, 0, sizeof *r);
}

/* --- Time --- */

void sim_recording_stretch(struct sim_recording *r, double rate, size_t end)
{
    const struct sim_stretch *last = r->stretches ? &r->stretch[r->stretches - 1] : NULL;

    if (!last || last->rate != rate) {
        size_t first = r->stretches ? (size_t)floor((r->seconds - last->start) * last->rate + 0.5) + last->first : 0;

        r->stretch = realloc(r->stretch, (r->stretches + 1) * sizeof *r->stretch);
        if (!r->stretch)
            abort();
        r->stretch[r->stretches++] = (struct sim_stretch){rate, first, r->seconds};
    }
    last = &r->stretch[r->stretches - 1];
    r->seconds = last->start + (double)(end - last->first) / last->rate;
}

void sim_recording_times(struct sim_recording *r, double grain)
{
    double span = r->time[r->samples - 1], step = span / (double)(r->samples - 1);
    bool even = true;

    r->seconds = span + step;
    for (size_t k = 0; even && k < r->samples; k++)
        even = fabs(r->time[k] - step * (double)k) <= 1.01 * grain;
    if (!even)
        return;
    r->seconds = 0;
    free(r->time);
    r->time = NULL;
    sim_recording_stretch(r, 1 / step, r->samples);
}

double sim_recording_time(const struct sim_recording *r, size_t sample)
{
    unsigned s = r->stretches;

    if (!s)
        return r->time[sample];
    while (s > 1 && r->stretch[s - 1].first > sample)
        s--;
    return r->stretch[s - 1].start + (double)(sample - r->stretch[s - 1].first) / r->stretch[s - 1].rate;
}

const struct sim_stretch *sim_recording_stretch_at(const struct sim_recording *r, double seconds)
{
    unsigned s = r->stretches;

    while (s > 1 && r->stretch[s - 1].start > seconds)
        s--;
    return &r->stretch[s - 1];
}

/* The last sample that is not later, at least the first. */
static size_t sample_before(const struct sim_recording *r, double seconds)
{
    size_t low = 0, high = r->samples;

    if (seconds <= 0)
        return 0;
    if (r->stretches) {
        const struct sim_stretch *s = sim_recording_stretch_at(r, seconds);
        double k = floor((seconds - s->start) * s->rate) + (double)s->first;

        return k < (double)(r->samples - 1) ? (size_t)k : r->samples - 1;
    }
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (r->time[middle] <= seconds)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* --- Values --- */

bool sim_recording_mend(struct sim_recording *r, unsigned *empty)
{
    for (unsigned c = 0; c < r->channels; c++) {
        struct sim_recorded *channel = &r->channel[c];
        double *v = channel->value, square = 0;
        size_t before = SIZE_MAX; /* the last sample that is there */

        for (size_t k = 0; k < r->samples; k++) {
            if (isnan(v[k]))
                continue;
            for (size_t j = before == SIZE_MAX ? 0 : before + 1; j < k; j++, channel->missing++)
                v[j] = before == SIZE_MAX
                           ? v[k]
                           : v[before] + (v[k] - v[before]) * (double)(j - before) / (double)(k - before);
            before = k;
        }
        *empty = c;
        if (before == SIZE_MAX)
            return false;
        for (size_t j = before + 1; j < r->samples; j++, channel->missing++)
            v[j] = v[before];
        for (size_t k = 0; k < r->samples; k++) {
            channel->peak = fabs(v[k]) > channel->peak ? fabs(v[k]) : channel->peak;
            square += v[k] * v[k];
        }
        channel->rms = sqrt(square / (double)r->samples);
    }
    return true;
}

double sim_recording_at(const struct sim_recording *r, unsigned channel, double seconds, enum sim_points points)
{
    const double *v = r->channel[channel].value;
    const size_t k = sample_before(r, seconds);
    size_t first;
    double t[SIM_SIX_POINTS], sum = 0, step;

    if (k + 1 >= r->samples || seconds <= 0)
        return v[k];
    t[0] = sim_recording_time(r, k);
    step = sim_recording_time(r, k + 1) - t[0];
    if (points == SIM_TWO_POINTS || r->samples < SIM_SIX_POINTS || step > 4 * r->seconds / (double)r->samples)
        return v[k] + (v[k + 1] - v[k]) * ((seconds - t[0]) / step);
    first = k < 2 ? 0 : k + 4 > r->samples ? r->samples - SIM_SIX_POINTS : k - 2;
    for (int j = 0; j < SIM_SIX_POINTS; j++)
        t[j] = sim_recording_time(r, first + (size_t)j);
    for (int j = 0; j < SIM_SIX_POINTS; j++) {
        double weight = 1;

        for (int i = 0; i < SIM_SIX_POINTS; i++)
            if (i != j)
                weight *= (seconds - t[i]) / (t[j] - t[i]);
        sum += weight * v[first + (size_t)j];
    }
    return sum;
}

/* --- Frequency --- */

#define LOOK_RATE  4000.0 /* samples a second that are looked at */
#define LOOK_MIN   0.1    /* seconds; below, a frequency would be a guess */
#define LOOK_BLOCK 0.5    /* seconds of one look at the phase, or less */
#define LOOK_FIRST 5.0    /* seconds that give a first value */
#define LOOK_HOP   2.0    /* seconds from look to look after that */

/* A look at one frequency: x + j y for every channel of the mask, under a Hann window. */
struct look {
    double x[64], y[64];
    double power, all; /* of what was found, and of all that is there */
};

static void look_at(const struct sim_recording *r, uint64_t mask, double frequency, double from, double length,
                    struct look *look)
{
    const size_t n = (size_t)(length * LOOK_RATE);

    look->power = look->all = 0;
    for (unsigned c = 0; c < r->channels && c < 64; c++) {
        double x = 0, y = 0, square = 0;

        if (!(mask >> c & 1))
            continue;
        for (size_t k = 0; k < n; k++) {
            double t = from + ((double)k + 0.5) * (length / (double)n), v = sim_recording_at(r, c, t, SIM_TWO_POINTS);
            double turns = frequency * t, sine, cosine, unused, window;

            sim_sincos(turns - floor(turns), &sine, &cosine);
            sim_sincos(((double)k + 0.5) / (double)n, &unused, &window);
            x += v * cosine * (1 - window);
            y += v * sine * (1 - window);
            square += v * v * (1 - window);
        }
        look->x[c] = x / (double)n;
        look->y[c] = y / (double)n;
        look->power += 2 * (look->x[c] * look->x[c] + look->y[c] * look->y[c]);
        look->all += square / (double)n;
    }
}

/* By how many turns the phase went on from one look to the next, all channels by their size; -0.5..0.5. */
static double advance(const struct look *a, const struct look *b, uint64_t mask)
{
    double dot = 0, cross = 0;

    for (unsigned c = 0; c < 64; c++) {
        if (!(mask >> c & 1))
            continue;
        dot += a->x[c] * b->x[c] + a->y[c] * b->y[c];
        cross += a->y[c] * b->x[c] - a->x[c] * b->y[c];
    }
    return sim_angle(cross, dot) / 360;
}

/* The frequency on a coarse scale at which there is most; 0 if that is next to nothing. */
static double strongest(const struct sim_recording *r, uint64_t mask, double from, double length)
{
    struct look look;
    double best = 0, most = 0, all = 0;

    for (double f = SIM_FREQUENCY_MIN - 1; f <= SIM_FREQUENCY_MAX + 1; f += 0.5) {
        look_at(r, mask, f, from, length, &look);
        if (look.power > most) {
            most = look.power;
            best = f;
        }
        all = look.all;
    }
    return most > 0.1 * all ? best : 0;
}

/* By how much the frequency in `range` seconds is above f, from looks that long, a hop apart at the most. */
static double drift(const struct sim_recording *r, uint64_t mask, double f, double from, double range, double block,
                    double hop)
{
    const double steps = fmax(floor((range - block) / fmax(hop, block) + 1e-9), 1);
    struct look before, now;
    double turns = 0;

    look_at(r, mask, f, from, block, &before);
    for (double k = 1; k <= steps; k++, before = now) {
        look_at(r, mask, f, from + (range - block) * (k / steps), block, &now);
        turns += advance(&before, &now, mask);
    }
    return turns / (range - block);
}

double sim_recording_frequency(const struct sim_recording *r, uint64_t mask, double from, double to)
{
    const double span = to - from, longest = span < 2 * LOOK_BLOCK ? span / 2 : LOOK_BLOCK;
    double f;

    if (r->channels < 64)
        mask &= ((uint64_t)1 << r->channels) - 1;
    f = span < LOOK_MIN ? 0 : strongest(r, mask, from, longest);
    /* The scale is rough: first what the phase does in the first seconds, then over all. A block of whole cycles is
     * blind to harmonics. */
    for (int pass = 0; pass < 4 && f > 0; pass++) {
        const double block = pass ? floor(longest * f) / f : longest;
        const double range = pass < 2 && span > LOOK_FIRST ? LOOK_FIRST : span;

        f += drift(r, mask, f, from, range, block, pass < 2 ? block : LOOK_HOP);
    }
    return f >= SIM_FREQUENCY_MIN && f <= SIM_FREQUENCY_MAX ? f : 0;
}
