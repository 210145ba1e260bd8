/* SPDX-License-Identifier: MIT */
#include "app_data.h"

#include <stdio.h>

#include "../sim/value.h"

/* In the order in which they are shown. */
enum group {
    ACTIVE_ENERGY,
    ACTIVE_POWER,
    VOLTAGE,
    CURRENT,
    REACTIVE_POWER,
    APPARENT_POWER,
    POWER_FACTOR,
    DIRECTION,
    TRIP_COUNTER,
    REACTIVE_ENERGY,
    QUADRANT_ENERGY,
    SETTINGS,
    METER,
    CT_HISTORY, /* and one more for each set */
    GROUPS = CT_HISTORY + EM_CT_SET_COUNT,
};

static const char *const titles[CT_HISTORY + 1] = {
    [ACTIVE_ENERGY] = "Active energy",
    [ACTIVE_POWER] = "Active power",
    [VOLTAGE] = "Voltage and frequency",
    [CURRENT] = "Current",
    [REACTIVE_POWER] = "Reactive power",
    [APPARENT_POWER] = "Apparent power",
    [POWER_FACTOR] = "Power factor",
    [DIRECTION] = "Direction and quadrant",
    [TRIP_COUNTER] = "Trip counter",
    [REACTIVE_ENERGY] = "Reactive energy",
    [QUADRANT_ENERGY] = "Reactive energy by quadrant",
    [SETTINGS] = "Registers of settings",
    [METER] = "Meter",
    [CT_HISTORY] = "CT history",
};

static const enum group quantity_groups[] = {
    [EM_QUANTITY_U] = VOLTAGE,          [EM_QUANTITY_ULL] = VOLTAGE,      [EM_QUANTITY_I] = CURRENT,
    [EM_QUANTITY_P] = ACTIVE_POWER,     [EM_QUANTITY_Q] = REACTIVE_POWER, [EM_QUANTITY_S] = APPARENT_POWER,
    [EM_QUANTITY_PF] = POWER_FACTOR,    [EM_QUANTITY_F] = VOLTAGE,        [EM_QUANTITY_DIRECTION] = DIRECTION,
    [EM_QUANTITY_QUADRANT] = DIRECTION,
};

static unsigned energy_group(em_energy_id id)
{
    if (EM_ENERGY_SET(id) >= EM_SET_CT0)
        return CT_HISTORY + EM_ENERGY_SET(id) - EM_SET_CT0;
    if (EM_ENERGY_SET(id) == EM_SET_TRIP)
        return TRIP_COUNTER;
    if (EM_ENERGY_KIND(id) == EM_ACTIVE)
        return ACTIVE_ENERGY;
    return EM_ENERGY_PART(id) >= EM_PART_Q1 ? QUADRANT_ENERGY : REACTIVE_ENERGY;
}

static unsigned group_of(const struct em_register *row)
{
    switch ((enum em_source)row->source) {
    case EM_FROM_QUANTITY:
        return quantity_groups[EM_QUANTITY_KIND(row->argument)];
    case EM_FROM_ENERGY:
        return energy_group(row->argument);
    case EM_FROM_SETTING:
        return row->argument == EM_SETTING_SERIAL_NUMBER ? METER : SETTINGS;
    default:
        return METER;
    }
}

static bool is_unused(const struct em_meter *m, const struct em_register *row)
{
    unsigned scope = EM_ENERGY_SCOPE(row->argument), set = EM_ENERGY_SET(row->argument);

    if (row->source != EM_FROM_ENERGY)
        return false;
    return ((scope == EM_T3 || scope == EM_T4) && !m->settings.value[EM_SETTING_T3_T4_USED]) ||
           (set >= EM_SET_CT0 && set - EM_SET_CT0 > m->energy.ct_changes);
}

void host_app_add_value(cJSON *item, const char *key, struct em_meter *m, const struct em_register *row)
{
    struct sim_value v;
    char json[SIM_VALUE_JSON];

    sim_value_read(&v, m, row);
    sim_value_json(&v, json);
    cJSON_AddRawToObject(item, key, json);
}

static cJSON *describe(struct em_meter *m, const struct em_register *row)
{
    cJSON *item = cJSON_CreateObject();
    char address[8];

    snprintf(address, sizeof address, "%04X", row->address);
    cJSON_AddStringToObject(item, "name", row->name);
    host_app_add_value(item, "value", m, row);
    cJSON_AddStringToObject(item, "unit", sim_unit_name(row));
    cJSON_AddStringToObject(item, "address", address);
    cJSON_AddStringToObject(item, "type", sim_type_name(row));
    if (is_unused(m, row))
        cJSON_AddTrueToObject(item, "unused");
    return item;
}

/* Adds an empty group to the list; returns its list of values. */
static cJSON *add_group(cJSON *list, unsigned group)
{
    cJSON *item = cJSON_CreateObject();
    char title[48];

    if (group < CT_HISTORY)
        snprintf(title, sizeof title, "%s", titles[group]);
    else
        snprintf(title, sizeof title, "%s %u", titles[CT_HISTORY], group - CT_HISTORY);
    cJSON_AddStringToObject(item, "title", title);
    cJSON_AddItemToArray(list, item);
    return cJSON_AddArrayToObject(item, "values");
}

cJSON *host_app_data(struct em_meter *m)
{
    cJSON *list = cJSON_CreateArray(), *values[GROUPS];

    for (unsigned g = 0; g < GROUPS; g++)
        values[g] = add_group(list, g);
    for (size_t k = 0; k < em_register_count; k++)
        if (em_registers[k].name)
            cJSON_AddItemToArray(values[group_of(&em_registers[k])], describe(m, &em_registers[k]));
    return list;
}
