/* SPDX-License-Identifier: MIT
 * What a generator plays: a channel of a recording at the meter's sample rate. It is made once, from the whole
 * recording, by a band-limited interpolation; reading it is a pure function of the sample's number.
 *
 * Memory: 8 bytes a sample, 64 kB a second of recording and channel. */
#ifndef SIM_TRACK_H
#define SIM_TRACK_H

#include "recording.h"

#define SIM_TRACK_SECONDS_MAX 3600.0

struct sim_track {
    double *value;    /* [length]: V, or A of the primary */
    int64_t length;   /* samples */
    int64_t at;       /* sample at which it begins */
    int64_t head;     /* before it begins, its first so many repeat; length: it repeats as a whole, before and after */
    int64_t tail;     /* after its end, its last so many */
    double peak, rms; /* of the recording */
    double frequency; /* Hz, of the mains */
    bool secondary;   /* A of the secondary */
    const struct sim_track *ideal; /* the same without the delay of the front end; itself if there is none */
};

/* The part of a recording that is played, and how. */
struct sim_cut {
    double start, length; /* seconds of the recording */
    double frequency;     /* Hz, of the mains */
    bool found;           /* it was found in the recording, so what is whole cycles can be told */
    bool repeat;
    int64_t head, tail; /* samples that repeat before and after, when not all does */
    int64_t samples;    /* of the track */
};

/* Settles what is left open: where a repetition ends, or what is held. cut has start, length, frequency, found and
 * repeat. */
void sim_cut_settle(struct sim_cut *cut);

/* Plays a channel of a mended recording times scale, `lead` seconds early. Free track->value. */
void sim_track_make(struct sim_track *track, const struct sim_recording *r, unsigned channel, const struct sim_cut *cut,
                    double scale, double lead);

/* Adds n samples from number `sample` on, times gain, to out. */
void sim_track_add(const struct sim_track *track, int64_t sample, uint32_t n, double gain, double *out);

#endif
