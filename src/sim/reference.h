/* SPDX-License-Identifier: MIT
 * What an ideal meter would read: computed in closed form from the generator's parameters, never from samples; but
 * where waveforms are recorded there are only samples, see ideal.h. */
#ifndef SIM_REFERENCE_H
#define SIM_REFERENCE_H

#include "network.h"
#include "vmeter/em_meter.h"

struct sim_quantities {
    double u[EM_PHASE_COUNT], ull[EM_PHASE_COUNT], i[EM_PHASE_COUNT];
    double p[EM_PHASES_AND_TOTAL], q[EM_PHASES_AND_TOTAL], s[EM_PHASES_AND_TOTAL], pf[EM_PHASES_AND_TOTAL];
    double frequency;
};

struct sim_reference {
    struct sim_quantities now;
    int64_t since;         /* sample up to which the energies are complete */
    int32_t active_tariff; /* that the energies count under from there on */
    int32_t active_code;   /* likewise */
    /* Energies in Wh and varh, shaped as the meter's. */
    double phase[EM_PHASE_COUNT][EM_KIND_COUNT][EM_DIRECTION_COUNT];
    double tariff[EM_TARIFF_COUNT][EM_KIND_COUNT][EM_DIRECTION_COUNT];
    double quadrant[EM_TARIFF_COUNT][EM_QUADRANT_COUNT];
};

/* Quantities of the network as it stands now. */
void sim_reference_measure(struct sim_reference *ref, const struct sim_network *net);

/* Quantities that were measured: u, ull, i, p, q of the phases and the frequency; the rest follows from them. */
void sim_reference_take(struct sim_reference *ref, const struct sim_quantities *measured);

/* Counts energy up to sample `now`. To be called before the network changes, and on a copy to read energies: how often
 * it is read does not change the last digit of the original. */
void sim_reference_count(struct sim_reference *ref, int64_t now);

/* Follows the meter's tariff and combination code, which may have changed at sample `now`. */
void sim_reference_follow(struct sim_reference *ref, const struct em_meter *m, int64_t now);

/* The ideal value of a register in its unit. False for registers that have none (settings, identity, trip counters,
 * CT history). */
bool sim_reference_value(const struct sim_reference *ref, const struct em_register *row, enum em_combination code,
                         double *value);

#endif
