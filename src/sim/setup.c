/* SPDX-License-Identifier: MIT */
#include "setup.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

void *sim_grow(void *list, size_t count, size_t size)
{
    list = realloc(list, (count + 1) * size);
    if (!list)
        abort();
    memset((char *)list + count * size, 0, size);
    return list;
}

enum form { WHOLE, DIGITS_8, DIGITS_4, BAUD, PARITY, RATE, RATIO };

static const struct setting_key {
    const char *key;
    enum form form;
    enum em_setting setting;
} setting_keys[] = {
    {"serial_number", DIGITS_8, EM_SETTING_SERIAL_NUMBER},
    {"ct_ratio", RATIO, EM_SETTING_CT_RATIO},
    {"combination_code", WHOLE, EM_SETTING_COMBINATION_CODE},
    {"tariff", WHOLE, EM_SETTING_TARIFF},
    {"modbus_id", WHOLE, EM_SETTING_MODBUS_ID},
    {"modbus_baud", BAUD, EM_SETTING_MODBUS_BAUD},
    {"modbus_parity", PARITY, EM_SETTING_MODBUS_PARITY},
    {"mbus_address", WHOLE, EM_SETTING_MBUS_ADDRESS},
    {"mbus_id", DIGITS_8, EM_SETTING_MBUS_ID},
    {"mbus_baud", BAUD, EM_SETTING_MBUS_BAUD},
    {"s0_rate", RATE, EM_SETTING_S0_RATE},
    {"pulse_width", WHOLE, EM_SETTING_PULSE_WIDTH},
    {"pulse_type", WHOLE, EM_SETTING_PULSE_TYPE},
    {"password", DIGITS_4, EM_SETTING_PASSWORD},
    {"lcd_cycle_time", WHOLE, EM_SETTING_LCD_CYCLE_TIME},
    {"power_down_counter", WHOLE, EM_SETTING_POWER_DOWN_COUNTER},
    {"data_type", WHOLE, EM_SETTING_DATA_TYPE},
    {"screen_direction", WHOLE, EM_SETTING_SCREEN_DIRECTION},
    {"obis_code_display", WHOLE, EM_SETTING_OBIS_CODE_DISPLAY},
    {"backlight", WHOLE, EM_SETTING_BACKLIGHT},
};

bool sim_read_digits(struct js *js, const cJSON *value, unsigned digits, int32_t *out)
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

/* "100/5" into primary and secondary. */
bool sim_read_ratio(struct js *js, const cJSON *value, unsigned max, unsigned *primary, unsigned *secondary)
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

bool sim_read_whole(struct js *js, const cJSON *value, enum em_setting setting, int32_t *out)
{
    int32_t min, max;
    int64_t number;

    em_setting_limits(setting, &min, &max);
    if (!js_integer(js, value, min, max, &number))
        return false;
    *out = (int32_t)number;
    return true;
}

void sim_setup_preset(struct sim_setup *s, enum em_setting setting, int32_t value)
{
    s->preset = sim_grow(s->preset, s->preset_count, sizeof *s->preset);
    s->preset[s->preset_count++] = (struct sim_preset){setting, value};
}

const struct sim_preset *sim_setup_find(const struct sim_setup *s, enum em_setting setting)
{
    for (unsigned k = s->preset_count; k-- > 0;)
        if (s->preset[k].setting == setting)
            return &s->preset[k];
    return NULL;
}

static bool read_setting(struct js *js, const cJSON *value, void *target, const void *argument)
{
    static const char *const parities[] = {"even", "none", "odd", NULL};
    struct sim_setup *s = target;
    const struct setting_key *key = argument;
    unsigned primary = 0, secondary = 0;
    int32_t number = 0;
    int word = 0;
    bool ok = false;

    switch (key->form) {
    case WHOLE:
        ok = sim_read_whole(js, value, key->setting, &number);
        break;
    case DIGITS_8:
        ok = sim_read_digits(js, value, 8, &number);
        break;
    case DIGITS_4:
        ok = sim_read_digits(js, value, 4, &number);
        break;
    case BAUD:
        ok = read_baud(js, value, key->setting, &number);
        break;
    case PARITY:
        ok = js_word(js, value, parities, &word);
        number = word + EM_PARITY_EVEN;
        break;
    case RATE:
        ok = read_rate(js, value, &number);
        break;
    case RATIO:
        ok = sim_read_ratio(js, value, 9999, &primary, &secondary);
        number = EM_CT_RATIO(primary, secondary);
        break;
    }
    if (!ok)
        return false;
    sim_setup_preset(s, key->setting, number);
    /* Set 0 of the history is what was counted under 5/5: another ratio has been set by a first change. */
    if (key->form == RATIO && number != EM_CT_RATIO(5, 5) && s->ct_changes == 0)
        s->ct_changes = 1;
    return true;
}

static bool read_energy(struct js *js, const cJSON *value, void *target, const void *unused)
{
    struct sim_setup *s = target;
    const cJSON *item;

    (void)unused;
    if (!js_names(js, value, "{\"t1_forward_active_energy\": 123.456}"))
        return false;
    cJSON_ArrayForEach(item, value)
    {
        const struct em_register *row = sim_register_named(item->string);
        double kwh;
        size_t mark;

        if (!row || row->source != EM_FROM_ENERGY)
            return js_fail(js, "\"%s\" is no energy; `vmeter map` lists them", item->string);
        mark = js_enter_key(js, item->string);
        if (!js_number(js, item, -999999.999, 999999.999, &kwh))
            return false;
        js_leave(js, mark);
        s->preload = sim_grow(s->preload, s->preload_count, sizeof *s->preload);
        s->preload[s->preload_count++] = (struct sim_preload){row->argument, (int64_t)floor(kwh * 1000 + 0.5)};
        if (EM_ENERGY_SET(row->argument) >= EM_SET_CT0 && EM_ENERGY_SET(row->argument) - EM_SET_CT0 > s->ct_changes)
            s->ct_changes = (uint8_t)(EM_ENERGY_SET(row->argument) - EM_SET_CT0);
    }
    return true;
}

/* Only a meter can tell which energies are stored: try on one. */
bool sim_setup_check(struct js *js, const struct sim_setup *s)
{
    struct em_energy scratch = {.ct_changes = s->ct_changes};

    for (unsigned k = 0; k < s->preload_count; k++) {
        enum em_err err = em_energy_preload(&scratch, s->preload[k].id, s->preload[k].wh);
        const char *name = "";

        if (!err)
            continue;
        for (size_t r = 0; r < em_register_count; r++)
            if (em_registers[r].source == EM_FROM_ENERGY && em_registers[r].argument == s->preload[k].id)
                name = em_registers[r].name;
        js_enter_key(js, "energy");
        js_enter_key(js, name);
        return err == EM_ERR_READ_ONLY
                   ? js_fail(js, "this is a sum; preload tariffs (t1_..), phases (l1_..) or quadrants (t1_q1_..)")
                   : js_fail(js, "out of range; allowed is 0 to 999999.999");
    }
    return true;
}

void sim_setup_complete(struct sim_setup *s)
{
    const struct sim_preset *serial = sim_setup_find(s, EM_SETTING_SERIAL_NUMBER);

    if (serial && !sim_setup_find(s, EM_SETTING_MBUS_ID))
        sim_setup_preset(s, EM_SETTING_MBUS_ID, serial->value);
}

_Static_assert(SIM_SETUP_FIELDS == COUNT(setting_keys) + 1, "all keys have a field");

void sim_setup_fields(struct js_field fields[SIM_SETUP_FIELDS])
{
    for (size_t k = 0; k < COUNT(setting_keys); k++)
        fields[k] = (struct js_field){setting_keys[k].key, read_setting, &setting_keys[k], false};
    fields[COUNT(setting_keys)] = (struct js_field){"energy", read_energy, NULL, false};
}

/* --- Lists --- */

static void *copy_list(const void *list, size_t count, size_t size)
{
    void *copy = calloc(count ? count : 1, size);

    if (!copy)
        abort();
    if (count)
        memcpy(copy, list, count * size);
    return copy;
}

void sim_setup_copy(struct sim_setup *to, const struct sim_setup *from)
{
    *to = *from;
    to->preset = copy_list(from->preset, from->preset_count, sizeof *to->preset);
    to->preload = copy_list(from->preload, from->preload_count, sizeof *to->preload);
}

void sim_setup_free(struct sim_setup *s)
{
    free(s->preset);
    free(s->preload);
}
