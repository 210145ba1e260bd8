/* SPDX-License-Identifier: MIT
 * A recording as its file has it: channels of numbers, at one rate, at several one after another, or at times of its
 * own. Readers (comtrade.h, wav.h) fill one in from bytes in memory; track.h makes of it what a generator plays. */
#ifndef SIM_RECORDING_H
#define SIM_RECORDING_H

#include "json.h"

/* Rates that can be played, samples a second. */
#define SIM_RECORDING_RATE_MIN 100.0
#define SIM_RECORDING_RATE_MAX 1e6

/* V or A that a recording can reach, and changes of its rate. */
#define SIM_RECORDING_VALUE_MAX   1e9
#define SIM_RECORDING_CHANGES_MAX 32

enum sim_recorded_unit { SIM_UNIT_NONE, SIM_UNIT_VOLT, SIM_UNIT_AMPERE };

struct sim_recorded {
    double *value;    /* [samples]; NaN: missing. sim_recording_mend leaves none */
    double skew;      /* seconds by which its samples were taken late */
    double peak, rms; /* over the whole recording; rms about 0. By sim_recording_mend */
    size_t missing;   /* samples that were made up. By sim_recording_mend */
};

/* Samples that are equally spaced. */
struct sim_stretch {
    double rate;  /* a second */
    size_t first; /* sample */
    double start; /* seconds from the first sample of all */
};

struct sim_recording {
    size_t samples;
    double seconds;     /* of all; each sample stands for the time to the next */
    unsigned stretches; /* 0: samples have times of their own */
    struct sim_stretch *stretch;
    double *time;          /* [samples], ascending from 0; NULL with stretches */
    double line_frequency; /* of the mains as the file says; 0: it does not */
    unsigned gaps;         /* in time, between samples; what is missing there is left out */
    unsigned channels;
    struct sim_recorded *channel;
};

/* Room for channels of so many samples each. */
void sim_recording_init(struct sim_recording *r, unsigned channels, size_t samples);
void sim_recording_free(struct sim_recording *r);

/* Adds samples up to `end` (the first that is no longer part) at a rate; joins what has the same. */
void sim_recording_stretch(struct sim_recording *r, double rate, size_t end);

/* Takes r->time, ascending: as one stretch if it is even but for `grain` (seconds), as it is otherwise. */
void sim_recording_times(struct sim_recording *r, double grain);

/* Straight lines over what is missing. False if a channel has no sample at all; its index is in *empty. */
bool sim_recording_mend(struct sim_recording *r, unsigned *empty);

/* The channel's value at a time (its skew apart), from the nearest samples: by a polynomial through six of them, or by
 * a straight line through two. Where times are far apart always the straight line; outside, the first and the last. */
enum sim_points { SIM_TWO_POINTS = 2, SIM_SIX_POINTS = 6 };
double sim_recording_at(const struct sim_recording *r, unsigned channel, double seconds, enum sim_points points);

/* The stretch that a time falls into; and the time of a sample. */
const struct sim_stretch *sim_recording_stretch_at(const struct sim_recording *r, double seconds);
double sim_recording_time(const struct sim_recording *r, size_t sample);

/* The mean frequency (Hz) of the mains between two times, by the phase of the channels in the mask (bit 0: the first)
 * together. 0 if that is too short to tell, or there is no mains in it. */
double sim_recording_frequency(const struct sim_recording *r, uint64_t mask, double from, double to);

#endif
