/* SPDX-License-Identifier: MIT
 * WAV files, as sound cards and oscilloscopes write them: integers of 8, 16, 24 and 32 bits and floating-point numbers
 * of 32 and 64, plain or "extensible". Works on bytes in memory; messages name the file and the byte. */
#ifndef SIM_WAV_H
#define SIM_WAV_H

#include "recording.h"

struct sim_wav {
    unsigned channels;
    double rate;
    bool floats;
    unsigned width; /* bytes of a number */
    size_t frames;  /* one number of each channel */
    const uint8_t *data;
    size_t offset; /* of the data in the file */
};

/* Finds the samples in n bytes, which wav then points into. False with js->error set. */
bool sim_wav_read(struct js *js, const char *file, const uint8_t *bytes, size_t n, struct sim_wav *wav);

/* Takes the samples of `count` channels (from 0) as fractions of full scale: integers from -1 to 1, floating-point
 * numbers as they stand. False with js->error set; free r with sim_recording_free in any case. */
bool sim_wav_samples(struct js *js, const char *file, const struct sim_wav *wav, const unsigned *which, unsigned count,
                     struct sim_recording *r);

#endif
