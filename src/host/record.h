/* SPDX-License-Identifier: MIT
 * Writes down what was done to a running meter, as a scenario that plays it again: the scenario that ran, with the
 * events behind its own. */
#ifndef HOST_RECORD_H
#define HOST_RECORD_H

#include "../sim/scenario.h"

struct host_record;

/* Opens the file at once: a wrong name shall not cost an hour's work. NULL with a message in error. */
struct host_record *host_record_open(const char *file, const struct sim_scenario *scenario, char *error, size_t size);

/* An event (a copy of it) has acted at this sample. record may be NULL. */
void host_record_event(struct host_record *record, int64_t sample, const cJSON *event);

/* Writes the scenario, which lasts up to this sample. False, after telling the user, if that fails; true for NULL. */
bool host_record_close(struct host_record *record, int64_t sample);

#endif
