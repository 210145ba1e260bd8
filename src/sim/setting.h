/* SPDX-License-Identifier: MIT
 * Settings as people write them: 9600 for a baud rate, "even", "100/5". A scenario's "meter" and the app use these. */
#ifndef SIM_SETTING_H
#define SIM_SETTING_H

#include "json.h"
#include "vmeter/em_settings.h"

enum sim_setting_form {
    SIM_SETTING_WHOLE,
    SIM_SETTING_DIGITS_8, /* "19020246" */
    SIM_SETTING_DIGITS_4,
    SIM_SETTING_BAUD,   /* 9600 */
    SIM_SETTING_PARITY, /* "even", "none", "odd" */
    SIM_SETTING_RATE,   /* imp/kWh */
    SIM_SETTING_RATIO,  /* "100/5" */
};

struct sim_setting {
    const char *key;
    enum sim_setting_form form;
    enum em_setting setting;
};

#define SIM_SETTING_COUNT 20
extern const struct sim_setting sim_settings[SIM_SETTING_COUNT];

/* The one with this key, or NULL. */
const struct sim_setting *sim_setting_named(const char *key);

/* Reads a value and checks its range; *out, as the core counts it, is written only on success. */
bool sim_setting_read(struct js *js, const cJSON *value, const struct sim_setting *setting, int32_t *out);

/* The other way: a number as the core counts it, as JSON (SIM_SETTING_JSON bytes). */
#define SIM_SETTING_JSON 32
void sim_setting_json(const struct sim_setting *setting, int32_t number, char json[SIM_SETTING_JSON]);

/* "100/5" into primary and secondary, which may be 1 or 5; the primary is at most max. */
bool sim_setting_ratio(struct js *js, const cJSON *value, unsigned max, unsigned *primary, unsigned *secondary);

#endif
