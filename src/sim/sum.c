/* SPDX-License-Identifier: MIT */
#include "sum.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Sums of one register, in its unit. Doubles hold a meter's Wh and uW without loss, and the Wh of all. */
struct sums {
    double shown; /* as em_register_value counts it */
    double ideal;
    bool has_ideal;
};

static void add_shown(struct sums *s, struct em_meter *m, const struct em_register *row)
{
    s->shown += (double)em_register_value(m, row);
}

static void add_ideal(struct sums *s, const struct em_meter *m, const struct sim_reference *now,
                      const struct em_register *row)
{
    enum em_combination code = (enum em_combination)m->settings.value[EM_SETTING_COMBINATION_CODE];
    double ideal;

    s->has_ideal = sim_reference_value(now, row, code, &ideal);
    if (s->has_ideal)
        s->ideal += ideal;
}

static double in_unit(const struct sums *s, const struct em_register *row)
{
    return s->shown / (double)em_register_divisor(row);
}

static double pulses(const struct sim *sim, int output)
{
    double n = 0;

    for (unsigned k = 0; k < sim->points; k++)
        n += (double)sim->point[k].pulses[output];
    return n;
}

void sim_sum_read(struct sim *sim, const char *name, struct sim_value *value)
{
    const struct sim_reading *reading = sim_reading_named(name);
    bool reference = strncmp(name, "reference.", 10) == 0, error = strncmp(name, "error_percent.", 14) == 0;
    const struct em_register *row = sim_register_named(name + (reference ? 10 : error ? 14 : 0));
    struct sums s = {0};
    double shown;

    if (reading) {
        sim_value_number(value, pulses(sim, reading->argument));
        return;
    }
    for (unsigned k = 0; k < sim->points; k++) {
        struct sim_point *point = &sim->point[k];

        add_shown(&s, &point->meter, row);
        if (reference || error) {
            struct sim_reference now = sim_point_ideal(point);

            add_ideal(&s, &point->meter, &now, row);
        }
    }
    shown = in_unit(&s, row);
    if (reference)
        sim_value_number(value, s.ideal);
    else if (error)
        sim_value_number(value, s.ideal != 0 ? 100 * (shown - s.ideal) / s.ideal : shown == 0 ? 0 : NAN);
    else
        sim_value_number(value, shown);
    if (!reference && !error && row->source == EM_FROM_ENERGY)
        value->last_digit = 0.001;
}

static void put_number(cJSON *object, const char *name, double number)
{
    char text[SIM_VALUE_JSON];
    struct sim_value v;

    sim_value_number(&v, number);
    sim_value_json(&v, text);
    cJSON_AddRawToObject(object, name, text);
}

void sim_sum_json(struct sim *sim, cJSON *out)
{
    cJSON *registers = cJSON_AddObjectToObject(out, "registers");
    cJSON *energies = cJSON_AddObjectToObject(out, "energy_wh");
    cJSON *reference = cJSON_AddObjectToObject(out, "reference");
    cJSON *counts = cJSON_AddObjectToObject(out, "pulses");
    struct sums *sums = calloc(em_register_count, sizeof *sums);

    if (!sums)
        abort();
    for (unsigned k = 0; k < sim->points; k++) {
        struct sim_point *point = &sim->point[k];
        struct sim_reference now = sim_point_ideal(point);

        for (size_t r = 0; r < em_register_count; r++) {
            if (!sim_register_adds_up(&em_registers[r]))
                continue;
            add_shown(&sums[r], &point->meter, &em_registers[r]);
            add_ideal(&sums[r], &point->meter, &now, &em_registers[r]);
        }
    }
    for (size_t r = 0; r < em_register_count; r++) {
        const struct em_register *row = &em_registers[r];

        if (!sim_register_adds_up(row))
            continue;
        put_number(registers, row->name, in_unit(&sums[r], row));
        if (row->source == EM_FROM_ENERGY)
            put_number(energies, row->name, sums[r].shown);
        if (sums[r].has_ideal)
            put_number(reference, row->name, sums[r].ideal);
    }
    for (int o = 0; o < EM_OUTPUT_COUNT; o++)
        put_number(counts, sim_output_names[o], pulses(sim, o));
    free(sums);
}
