/* SPDX-License-Identifier: MIT */
#include "app_settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../sim/setting.h"
#include "../sim/value.h"

#define TRIP "resettable_day_counter"

/* --- The table --- */

struct choice {
    const char *json, *text; /* the value, and its words; both NULL behind the last one */
};

static const struct choice tariffs[] = {{"1", "T1"}, {"2", "T2"}, {"3", "T3"}, {"4", "T4"}, {0}};
static const struct choice codes[] = {{"1", "C-01: forward"},
                                      {"2", "C-02: reverse"},
                                      {"3", "C-03: forward + reverse"},
                                      {"4", "C-04: forward - reverse"},
                                      {"5", "C-05: forward - reverse, phases netted"},
                                      {0}};
static const struct choice rates[] = {{"10000", "10000"}, {"2000", "2000"}, {"1000", "1000"},
                                      {"100", "100"},     {"10", "10"},     {"1", "1"},
                                      {"0.1", "0.1"},     {"0.01", "0.01"}, {0}};
static const struct choice types[] = {{"1", "active and reactive"}, {"2", "forward and reverse"}, {0}};
static const struct choice bauds[] = {{"300", "300"},
                                      {"600", "600"},
                                      {"1200", "1200"},
                                      {"2400", "2400"},
                                      {"4800", "4800"},
                                      {"9600", "9600"},
                                      {"19200", "19200"},
                                      {"38400", "38400"},
                                      {"57600", "57600"},
                                      {"115200", "115200"},
                                      {0}};
static const struct choice parities[] = {{"\"even\"", "even"}, {"\"none\"", "none"}, {"\"odd\"", "odd"}, {0}};
static const struct choice data_types[] = {{"1", "float"}, {"2", "integer"}, {0}};
static const struct choice directions[] = {{"0", "standard"}, {"1", "turned by 180 degrees"}, {0}};
static const struct choice off_on[] = {{"0", "off"}, {"1", "on"}, {0}};

enum kind { CHOICE, NUMBER, DIGITS, RATIO, RESET };

static const char *const kinds[] = {
    [CHOICE] = "choice", [NUMBER] = "number", [DIGITS] = "digits", [RATIO] = "ratio", [RESET] = "reset",
};

/* Not here: the password, which buttons alone change (manual 7.6.1); backlight, M-Bus address and baud rate, for which
 * the manual names buttons and bus only (7.6.5, 7.6.7, A2.1). Source: the manual's section that lets Bluetooth change
 * it; A3 is its general word on configuring by Bluetooth, A2.3 the list of what can be written. */
static const struct row {
    const char *key, *group, *label;
    enum kind kind;
    const struct choice *choices;
    const char *unit, *source, *note;
} rows[] = {
    {"tariff", "Energy", "Tariff", CHOICE, tariffs, "", "7.6.2", "T3 and T4, once used, are shown for ever."},
    {"combination_code", "Energy", "Combination code", CHOICE, codes, "", "7.6.11", "C-05 can not be left again."},
    {"ct_ratio", "Energy", "CT ratio", RATIO, NULL, "A", "A3, A2.3", "The energy registers begin anew."},
    {TRIP, "Counters", "Trip counter", RESET, NULL, "kWh", "A3, A2.3", ""},
    {"power_down_counter", "Counters", "Power-down counter", RESET, NULL, "", "A3, A2.3", ""},
    {"s0_rate", "S0 output", "Pulse rate", CHOICE, rates, "imp/kWh", "A3, A2.3", ""},
    {"pulse_width", "S0 output", "Pulse width", NUMBER, NULL, "ms", "A3, A2.3", ""},
    {"pulse_type", "S0 output", "Pulses for", CHOICE, types, "", "A3, A2.3", ""},
    {"modbus_id", "Modbus", "Modbus ID", NUMBER, NULL, "", "A3, A2.3", ""},
    {"modbus_baud", "Modbus", "Modbus baud rate", CHOICE, bauds, "baud", "A3, A2.3", ""},
    {"modbus_parity", "Modbus", "Modbus parity", CHOICE, parities, "", "A3, A2.3", ""},
    {"data_type", "Modbus", "Data type", CHOICE, data_types, "", "A3, A2.3", ""},
    {"mbus_id", "M-Bus", "M-Bus secondary address", DIGITS, NULL, "", "A2.1", ""},
    {"lcd_cycle_time", "Display", "LCD cycle time", NUMBER, NULL, "s", "A3, A2.3", ""},
    {"screen_direction", "Display", "Screen direction", CHOICE, directions, "", "A3, A2.3", ""},
    {"obis_code_display", "Display", "OBIS codes", CHOICE, off_on, "", "A3, A2.3", ""},
};
#define ROWS (sizeof rows / sizeof rows[0])

static bool is_trip(const struct row *row)
{
    return strcmp(row->key, TRIP) == 0;
}

static const struct row *row_named(const char *key)
{
    for (size_t k = 0; k < ROWS; k++)
        if (strcmp(rows[k].key, key) == 0)
            return &rows[k];
    return NULL;
}

/* --- How it stands --- */

static void add_value(cJSON *item, struct em_meter *m, const struct row *row)
{
    char json[SIM_VALUE_JSON];

    if (is_trip(row)) {
        struct sim_value v;

        sim_value_read(&v, m, sim_register_named(TRIP));
        sim_value_json(&v, json);
    } else {
        const struct sim_setting *s = sim_setting_named(row->key);

        sim_setting_json(s, m->settings.value[s->setting], json);
    }
    cJSON_AddRawToObject(item, "value", json);
}

/* May it never be changed again? Another value than the present one tells. */
static bool is_locked(const struct em_meter *m, const struct row *row)
{
    const struct sim_setting *s = sim_setting_named(row->key);
    int32_t min, max;

    if (!s)
        return false;
    em_setting_limits(s->setting, &min, &max);
    return em_meter_check(m, s->setting, m->settings.value[s->setting] == min ? max : min) == EM_ERR_LOCKED;
}

static void add_choices(cJSON *item, const struct choice *choice)
{
    cJSON *list = cJSON_AddArrayToObject(item, "choices");

    for (; choice->json; choice++) {
        cJSON *one = cJSON_CreateObject();

        cJSON_AddRawToObject(one, "value", choice->json);
        cJSON_AddStringToObject(one, "text", choice->text);
        cJSON_AddItemToArray(list, one);
    }
}

static void add_limits(cJSON *item, enum em_setting setting)
{
    int32_t min, max;

    em_setting_limits(setting, &min, &max);
    cJSON_AddNumberToObject(item, "min", min);
    cJSON_AddNumberToObject(item, "max", max);
}

static cJSON *describe(struct em_meter *m, const struct row *row)
{
    cJSON *item = cJSON_CreateObject();
    char note[96];

    snprintf(note, sizeof note, "%s", row->note);
    if (row->kind == RATIO)
        snprintf(note, sizeof note, "%s %d of %d changes are left.", row->note,
                 EM_CT_CHANGES_MAX - m->energy.ct_changes, EM_CT_CHANGES_MAX);
    cJSON_AddStringToObject(item, "key", row->key);
    cJSON_AddStringToObject(item, "group", row->group);
    cJSON_AddStringToObject(item, "label", row->label);
    cJSON_AddStringToObject(item, "kind", kinds[row->kind]);
    add_value(item, m, row);
    cJSON_AddStringToObject(item, "unit", row->unit);
    cJSON_AddStringToObject(item, "note", note);
    cJSON_AddStringToObject(item, "source", row->source);
    cJSON_AddBoolToObject(item, "locked", is_locked(m, row));
    if (row->choices)
        add_choices(item, row->choices);
    if (row->kind == NUMBER)
        add_limits(item, sim_setting_named(row->key)->setting);
    return item;
}

cJSON *host_app_settings(struct em_meter *m)
{
    cJSON *list = cJSON_CreateArray();

    for (size_t k = 0; k < ROWS; k++)
        cJSON_AddItemToArray(list, describe(m, &rows[k]));
    return list;
}

/* --- Changing it --- */

static const char *refusal(const struct row *row, enum em_err err)
{
    if (err != EM_ERR_LOCKED)
        return row->kind == RESET ? "can only be reset, to 0" : "is out of range";
    return row->kind == RATIO ? "can not be changed again: all seven changes are used" : "C-05 can not be left again";
}

/* Checks, and with `act` does, one change. False with a message in js. */
static bool change_one(struct em_meter *m, struct js *js, const cJSON *change, bool act)
{
    const struct row *row = row_named(change->string);
    const struct sim_setting *s = sim_setting_named(change->string);
    int32_t number = 0;
    enum em_err err;

    if (!row)
        return js_fail(js, "%s",
                       strcmp(change->string, "password") ? "is nothing that Bluetooth may change"
                                                          : "can be changed with the meter's buttons only");
    if (is_trip(row)) {
        int64_t zero;

        if (!js_integer(js, change, 0, 0, &zero))
            return false;
        if (act)
            em_meter_reset_trip(m);
        return true;
    }
    if (!sim_setting_read(js, change, s, &number))
        return false;
    err = act ? em_meter_set(m, s->setting, number) : em_meter_check(m, s->setting, number);
    return !err || js_fail(js, "%s", refusal(row, err));
}

/* One pass; what is wrong goes into `wrong`. */
static void change_all(struct em_meter *m, const cJSON *changes, cJSON *wrong, bool act)
{
    const cJSON *change;

    cJSON_ArrayForEach(change, changes)
    {
        struct js js = {.file = ""};

        if (cJSON_GetObjectItemCaseSensitive(changes, change->string) != change)
            js_fail(&js, "is given twice");
        else
            change_one(m, &js, change, act);
        if (js.error[0])
            cJSON_AddStringToObject(wrong, change->string, js.error + 2); /* behind the file's ": " */
    }
}

cJSON *host_app_change(struct em_meter *m, const cJSON *changes)
{
    cJSON *wrong = cJSON_CreateObject();

    change_all(m, changes, wrong, false);
    if (wrong->child)
        return wrong;
    change_all(m, changes, wrong, true);
    cJSON_Delete(wrong);
    em_storage_commit(m);
    em_meter_reply_sent(m); /* no reply to wait for: a line changes now */
    return NULL;
}
