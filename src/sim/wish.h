/* SPDX-License-Identifier: MIT
 * What a scenario's "waveform" asks for, and reading it from the files. */
#ifndef SIM_WISH_H
#define SIM_WISH_H

#include "network.h"
#include "recording.h"

enum sim_values { SIM_AS_RECORDED, SIM_AS_PRIMARY, SIM_AS_SECONDARY };

/* A channel of the recording that is wanted. */
struct sim_want {
    const char *name;
    struct sim_assignment target;
    double scale;
    bool scaled;    /* the user gave a scale */
    bool secondary; /* its numbers are of the secondary */
};

struct sim_wish {
    const char *comtrade, *wav;
    const char *file; /* the one of both that is given */
    const cJSON *channels, *scale;
    int values;
    int64_t at, from, length; /* samples of the meter; length 0: the rest */
    bool repeat;
    unsigned wants;
    struct sim_want want[EM_CHANNEL_COUNT];
    unsigned which[EM_CHANNEL_COUNT]; /* channel of the file for each want */
};

/* Sets js's place to a wanted channel, or to the whole (NULL). */
void sim_wish_place(struct js *js, const struct sim_want *w);

/* Reads the wanted channels from the file, whose name counts from the scenario's folder, in their order. False with
 * js->error set; free r with sim_recording_free in any case. */
bool sim_wish_read(struct js *js, const char *scenario_file, struct sim_wish *wish, struct sim_recording *r);

#endif
