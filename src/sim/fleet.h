/* SPDX-License-Identifier: MIT
 * The list "meters" of a scenario: who they are, how many, and what differs from one to the next. */
#ifndef SIM_FLEET_H
#define SIM_FLEET_H

#include "json.h"
#include "point.h"

/* Reads the list into setups, one a meter. *setup is NULL or an allocated list, which is used again for them; it is the
 * caller's, with *meters setups in it, also on error. network is what all begin with; its front end's seed, the
 * scenario's, is also that of what is drawn. False with js->error set. */
bool sim_fleet_read(struct js *js, const cJSON *list, const struct sim_network *network, struct sim_setup **setup,
                    unsigned *meters);

#endif
