/* SPDX-License-Identifier: MIT
 * Load profiles from CSV files. */
#ifndef SIM_PROFILE_H
#define SIM_PROFILE_H

#include "scenario.h"

/* Reads the scenario's "profile" object and its CSV file, whose name counts from the scenario's folder. */
bool sim_profile_parse(struct js *js, const cJSON *value, const char *scenario_file, struct sim_profile *profile);

void sim_profile_free(struct sim_profile *profile);

#endif
