/* SPDX-License-Identifier: MIT
 * COMTRADE (IEEE C37.111 of 1991, 1999 and 2013; IEC 60255-24): recordings of protection relays and fault recorders.
 * Two files, .cfg (what it is) and .dat (samples as text, 16-bit or 32-bit integers or single-precision numbers), or
 * since 2013 one .cff with both. Works on bytes in memory; messages name the file and the line or byte. */
#ifndef SIM_COMTRADE_H
#define SIM_COMTRADE_H

#include "recording.h"

enum sim_comtrade_format { SIM_COMTRADE_ASCII, SIM_COMTRADE_BINARY, SIM_COMTRADE_BINARY32, SIM_COMTRADE_FLOAT32 };

#define SIM_COMTRADE_NAME 65

/* A channel of the configuration: value = a * number + b, in the unit. */
struct sim_comtrade_channel {
    char name[SIM_COMTRADE_NAME];
    enum sim_recorded_unit unit;
    char unit_text[17]; /* as the file has it */
    double factor;      /* of the unit's prefix: 1000 for kV */
    double a, b;
    double skew;               /* seconds */
    double primary, secondary; /* of its transformer; 0: not said */
    char side;                 /* 'P' or 'S': of which the numbers are; 0: not said */
};

struct sim_comtrade_rate {
    double rate;
    size_t end; /* number of its last sample, from 1 */
};

/* What a .cfg says. */
struct sim_comtrade {
    int year; /* of the revision: 1991, 1999 or 2013 */
    unsigned analog, digital;
    struct sim_comtrade_channel *channel; /* [analog] */
    double line_frequency;                /* 0: not said */
    bool timed;                           /* rates are not said, every sample has its time */
    unsigned rates;
    struct sim_comtrade_rate *rate; /* at least one; its rate is 0 if timed */
    double grain;                   /* seconds that one of a time stamp means */
    enum sim_comtrade_format format;
};

/* Bytes with the name of the file that they are from, and where in it they begin. */
struct sim_bytes {
    const char *file;
    const uint8_t *at;
    size_t n;
    size_t offset;      /* of the first byte in the file */
    unsigned long line; /* of the first byte in the file, from 1 */
};

/* Reads a configuration. False with js->error set. Free with sim_comtrade_free in any case. */
bool sim_comtrade_read(struct js *js, const struct sim_bytes *cfg, struct sim_comtrade *c);
void sim_comtrade_free(struct sim_comtrade *c);

/* Finds both parts in a .cff. False with js->error set. */
bool sim_comtrade_split(struct js *js, const struct sim_bytes *cff, struct sim_bytes *cfg, struct sim_bytes *data);

/* Reads the samples of `count` channels (indices into c->channel), as numbers in V or A. False with js->error set; free
 * r with sim_recording_free in any case. What is missing is NaN. */
bool sim_comtrade_samples(struct js *js, const struct sim_bytes *data, const struct sim_comtrade *c,
                          const unsigned *which, unsigned count, struct sim_recording *r);

/* Reads the next line (without its end) into text, cut at size - 1; false at the end. A 1A ends a text, as it did in
 * DOS. Sets js's place to the line. */
bool sim_bytes_line(struct js *js, struct sim_bytes *bytes, char *text, size_t size);

#endif
