/* SPDX-License-Identifier: MIT
 * How a meter leaves the works: the keys of "meter" in a scenario. */
#ifndef SIM_SETUP_H
#define SIM_SETUP_H

#include "json.h"
#include "point.h"
#include "setting.h"

/* The keys as fields of an object, whose target is a struct sim_setup or begins with one. */
#define SIM_SETUP_FIELDS (SIM_SETTING_COUNT + 1)
void sim_setup_fields(struct js_field fields[SIM_SETUP_FIELDS]);

/* To be called when all keys are read: can the energies be preloaded? Else js->error is set. */
bool sim_setup_check(struct js *js, const struct sim_setup *setup);

/* What is not said follows from what is: a secondary address is the serial number from the works on. */
void sim_setup_complete(struct sim_setup *setup);

/* One more preset; and the newest of a setting, or NULL. */
void sim_setup_preset(struct sim_setup *setup, enum em_setting setting, int32_t value);
const struct sim_preset *sim_setup_find(const struct sim_setup *setup, enum em_setting setting);

/* A copy with lists of its own; and freeing the lists. */
void sim_setup_copy(struct sim_setup *to, const struct sim_setup *from);
void sim_setup_free(struct sim_setup *setup);

/* A list of count things with room for one more, which is zero; never NULL. */
void *sim_grow(void *list, size_t count, size_t size);

#endif
