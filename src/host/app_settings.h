/* SPDX-License-Identifier: MIT
 * What the app of the Bluetooth page may change, in one table; how it stands, and changing it. */
#ifndef HOST_APP_SETTINGS_H
#define HOST_APP_SETTINGS_H

#include <cjson/cJSON.h>

#include "vmeter/em_meter.h"

/* All settings with their values, limits and choices, as a list. Caller frees. */
cJSON *host_app_settings(struct em_meter *m);

/* Changes settings: an object, key to value, values as in a scenario's "meter". All or nothing, and saved. Returns NULL
 * when that is done, else an object that says for each wrong key what is wrong; caller frees. */
cJSON *host_app_change(struct em_meter *m, const cJSON *changes);

#endif
