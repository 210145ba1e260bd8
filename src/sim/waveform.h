/* SPDX-License-Identifier: MIT
 * A scenario's recorded waveforms: which channels of the meter play what of a COMTRADE or WAV file. */
#ifndef SIM_WAVEFORM_H
#define SIM_WAVEFORM_H

#include "network.h"
#include "track.h"

struct sim_waveform {
    const struct sim_track *channel[EM_CHANNEL_COUNT]; /* NULL: the generator's own */
    struct sim_track track[2 * EM_CHANNEL_COUNT];      /* as recorded; and as a front end delays it */
    unsigned tracks;
    double frequency; /* Hz, of the mains */
    int64_t end;      /* sample after its last one; 0: it goes on for ever */
    char note[512];   /* what a user should know about the recording, one line each; "" if all is well */
};

/* Reads the scenario's "waveform" object and its file, whose name counts from the scenario's folder. The network has
 * the front end, and the frequency in case the recording tells none. False with js->error set; to be freed in any case.
 */
bool sim_waveform_parse(struct js *js, const cJSON *value, const char *scenario_file, const struct sim_network *net,
                        struct sim_waveform *waveform);
void sim_waveform_free(struct sim_waveform *waveform);

#endif
