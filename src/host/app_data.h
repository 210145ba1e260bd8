/* SPDX-License-Identifier: MIT
 * All registers of a meter for the app, from the one register table, in groups as people look for them. */
#ifndef HOST_APP_DATA_H
#define HOST_APP_DATA_H

#include <cjson/cJSON.h>

#include "vmeter/em_meter.h"

#define HOST_APP_METER_TYPE "2PU CT"

/* A list of groups, each with a title and its values: name, value, unit, address and type. What the display does not
 * show either, as it has never been used (T3 and T4, later CT ratios), is marked "unused". Caller frees. */
cJSON *host_app_data(struct em_meter *m);

/* Adds a register's value under a key. */
void host_app_add_value(cJSON *item, const char *key, struct em_meter *m, const struct em_register *row);

#endif
