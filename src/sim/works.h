/* SPDX-License-Identifier: MIT
 * What happens to a meter before t = 0 and no user sees: the works, and a start in the settled state. Needs nothing but
 * the core, so that a board that replays a simulation starts its meter by the very same steps. */
#ifndef SIM_WORKS_H
#define SIM_WORKS_H

#include "vmeter/em_meter.h"

/* The meter proper: a start on this port, with the measuring part and the supply as they are in m now. */
void sim_works_start(struct em_meter *m, const struct em_port *port);

/* What the works do before the meter is delivered: em_meter_preset for the settings, then sim_works_history if the CT
 * ratio has been changed that often, then em_energy_preload, and sim_works_deliver, which saves it all. */
void sim_works_history(struct em_meter *m, uint8_t ct_changes);
void sim_works_deliver(struct em_meter *m);

#endif
