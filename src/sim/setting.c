/* SPDX-License-Identifier: MIT */
#include "setting.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const parities[] = {"even", "none", "odd", NULL}; /* from EM_PARITY_EVEN on */

const struct sim_setting sim_settings[SIM_SETTING_COUNT] = {
    {"serial_number", SIM_SETTING_DIGITS_8, EM_SETTING_SERIAL_NUMBER},
    {"ct_ratio", SIM_SETTING_RATIO, EM_SETTING_CT_RATIO},
    {"combination_code", SIM_SETTING_WHOLE, EM_SETTING_COMBINATION_CODE},
    {"tariff", SIM_SETTING_WHOLE, EM_SETTING_TARIFF},
    {"modbus_id", SIM_SETTING_WHOLE, EM_SETTING_MODBUS_ID},
    {"modbus_baud", SIM_SETTING_BAUD, EM_SETTING_MODBUS_BAUD},
    {"modbus_parity", SIM_SETTING_PARITY, EM_SETTING_MODBUS_PARITY},
    {"mbus_address", SIM_SETTING_WHOLE, EM_SETTING_MBUS_ADDRESS},
    {"mbus_id", SIM_SETTING_DIGITS_8, EM_SETTING_MBUS_ID},
    {"mbus_baud", SIM_SETTING_BAUD, EM_SETTING_MBUS_BAUD},
    {"s0_rate", SIM_SETTING_RATE, EM_SETTING_S0_RATE},
    {"pulse_width", SIM_SETTING_WHOLE, EM_SETTING_PULSE_WIDTH},
    {"pulse_type", SIM_SETTING_WHOLE, EM_SETTING_PULSE_TYPE},
    {"password", SIM_SETTING_DIGITS_4, EM_SETTING_PASSWORD},
    {"lcd_cycle_time", SIM_SETTING_WHOLE, EM_SETTING_LCD_CYCLE_TIME},
    {"power_down_counter", SIM_SETTING_WHOLE, EM_SETTING_POWER_DOWN_COUNTER},
    {"data_type", SIM_SETTING_WHOLE, EM_SETTING_DATA_TYPE},
    {"screen_direction", SIM_SETTING_WHOLE, EM_SETTING_SCREEN_DIRECTION},
    {"obis_code_display", SIM_SETTING_WHOLE, EM_SETTING_OBIS_CODE_DISPLAY},
    {"backlight", SIM_SETTING_WHOLE, EM_SETTING_BACKLIGHT},
};

const struct sim_setting *sim_setting_named(const char *key)
{
    for (size_t k = 0; k < SIM_SETTING_COUNT; k++)
        if (strcmp(sim_settings[k].key, key) == 0)
            return &sim_settings[k];
    return NULL;
}

static bool read_digits(struct js *js, const cJSON *value, unsigned digits, int32_t *out)
{
    const char *text;

    if (!js_string(js, value, &text))
        return false;
    if (strlen(text) != digits || strspn(text, "0123456789") != digits)
        return js_fail(js, "\"%s\" must be a text of %u digits", text, digits);
    *out = atoi(text);
    return true;
}

static bool read_baud(struct js *js, const cJSON *value, enum em_setting setting, int32_t *out)
{
    int64_t rate;
    int32_t min, max;
    char known[96] = "";

    if (!js_integer(js, value, 0, 1000000, &rate))
        return false;
    em_setting_limits(setting, &min, &max);
    *out = em_baud_code((uint32_t)rate);
    if (*out >= min && *out <= max)
        return true;
    for (int32_t code = min; code <= max; code++)
        snprintf(known + strlen(known), sizeof known - strlen(known), "%s%u", code > min ? ", " : "",
                 em_baud_rate(code));
    return js_fail(js, "%lld is none of %s", (long long)rate, known);
}

bool sim_setting_ratio(struct js *js, const cJSON *value, unsigned max, unsigned *primary, unsigned *secondary)
{
    const char *text;
    int end = 0;

    if (!js_string(js, value, &text))
        return false;
    if (strspn(text, "0123456789/") != strlen(text) || sscanf(text, "%5u/%1u%n", primary, secondary, &end) != 2 ||
        text[end])
        return js_fail(js, "\"%s\" is no CT ratio; write a text like \"100/5\"", text);
    if ((*secondary != 1 && *secondary != 5) || *primary < *secondary || *primary > max)
        return js_fail(js, "\"%s\": the secondary is 1 or 5 A, the primary not less than it and at most %u A", text,
                       max);
    return true;
}

static bool read_rate(struct js *js, const cJSON *value, int32_t *out)
{
    double rate;

    if (!js_number(js, value, 0, 1e9, &rate))
        return false;
    for (int k = 0; k < EM_S0_RATE_COUNT; k++) {
        if (fabs(rate * 100 - em_s0_rates[k]) < 1e-6) {
            *out = em_s0_rates[k];
            return true;
        }
    }
    return js_fail(js, "%g is none of 10000, 2000, 1000, 100, 10, 1, 0.1, 0.01", rate);
}

static bool read_whole(struct js *js, const cJSON *value, enum em_setting setting, int32_t *out)
{
    int32_t min, max;
    int64_t number;

    em_setting_limits(setting, &min, &max);
    if (!js_integer(js, value, min, max, &number))
        return false;
    *out = (int32_t)number;
    return true;
}

bool sim_setting_read(struct js *js, const cJSON *value, const struct sim_setting *setting, int32_t *out)
{
    unsigned primary, secondary;
    int word;

    switch (setting->form) {
    case SIM_SETTING_WHOLE:
        return read_whole(js, value, setting->setting, out);
    case SIM_SETTING_DIGITS_8:
        return read_digits(js, value, 8, out);
    case SIM_SETTING_DIGITS_4:
        return read_digits(js, value, 4, out);
    case SIM_SETTING_BAUD:
        return read_baud(js, value, setting->setting, out);
    case SIM_SETTING_RATE:
        return read_rate(js, value, out);
    case SIM_SETTING_PARITY:
        if (!js_word(js, value, parities, &word))
            return false;
        *out = word + EM_PARITY_EVEN;
        return true;
    case SIM_SETTING_RATIO:
        if (!sim_setting_ratio(js, value, 9999, &primary, &secondary))
            return false;
        *out = EM_CT_RATIO(primary, secondary);
        return true;
    }
    return false;
}

void sim_setting_json(const struct sim_setting *setting, int32_t number, char json[SIM_SETTING_JSON])
{
    switch (setting->form) {
    case SIM_SETTING_WHOLE:
        snprintf(json, SIM_SETTING_JSON, "%d", number);
        break;
    case SIM_SETTING_DIGITS_8:
        snprintf(json, SIM_SETTING_JSON, "\"%08d\"", number);
        break;
    case SIM_SETTING_DIGITS_4:
        snprintf(json, SIM_SETTING_JSON, "\"%04d\"", number);
        break;
    case SIM_SETTING_BAUD:
        snprintf(json, SIM_SETTING_JSON, "%u", em_baud_rate(number));
        break;
    case SIM_SETTING_PARITY:
        snprintf(json, SIM_SETTING_JSON, "\"%s\"", parities[number - EM_PARITY_EVEN]);
        break;
    case SIM_SETTING_RATE:
        snprintf(json, SIM_SETTING_JSON, "%.10g", number / 100.0);
        break;
    case SIM_SETTING_RATIO:
        snprintf(json, SIM_SETTING_JSON, "\"%u/%u\"", EM_CT_PRIMARY(number), EM_CT_SECONDARY(number));
        break;
    }
}
