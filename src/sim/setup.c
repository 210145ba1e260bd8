/* SPDX-License-Identifier: MIT */
#include "setup.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void *sim_grow(void *list, size_t count, size_t size)
{
    list = realloc(list, (count + 1) * size);
    if (!list)
        abort();
    memset((char *)list + count * size, 0, size);
    return list;
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
    struct sim_setup *s = target;
    const struct sim_setting *setting = argument;
    int32_t number;

    if (!sim_setting_read(js, value, setting, &number))
        return false;
    sim_setup_preset(s, setting->setting, number);
    /* Set 0 of the history is what was counted under 5/5: another ratio has been set by a first change. */
    if (setting->form == SIM_SETTING_RATIO && number != EM_CT_RATIO(5, 5) && s->ct_changes == 0)
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

void sim_setup_fields(struct js_field fields[SIM_SETUP_FIELDS])
{
    for (size_t k = 0; k < SIM_SETTING_COUNT; k++)
        fields[k] = (struct js_field){sim_settings[k].key, read_setting, &sim_settings[k], false};
    fields[SIM_SETTING_COUNT] = (struct js_field){"energy", read_energy, NULL, false};
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
