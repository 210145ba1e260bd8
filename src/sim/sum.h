/* SPDX-License-Identifier: MIT
 * All meters together: what can be added up over them is energies, powers and pulses. */
#ifndef SIM_SUM_H
#define SIM_SUM_H

#include "sim.h"

/* The sum now over all meters of a name that sim_parse_name accepts behind "sum.". The meters' own integers are added,
 * not what they send: energies are right to the Wh. */
void sim_sum_read(struct sim *sim, const char *name, struct sim_value *value);

/* All that can be added up, in the shape of a meter's own results. */
void sim_sum_json(struct sim *sim, cJSON *out);

#endif
