/* SPDX-License-Identifier: MIT
 * Register values as people see them: a number in the register's unit, or a text. Made from the words that a
 * meter sends, so that a scenario, a report and `vmeter read` see what a master would see. */
#ifndef SIM_VALUE_H
#define SIM_VALUE_H

#include "vmeter/em_meter.h"

#define SIM_VALUE_TEXT 64
#define SIM_VALUE_JSON (SIM_VALUE_TEXT + 4)

struct sim_value {
    bool is_text;
    bool is_float; /* shown with the digits a single-precision number has */
    double number;
    double last_digit; /* half-width within which a bare expected number matches: 0.001 for energies */
    char text[SIM_VALUE_TEXT];
};

/* The row with this name, or NULL. */
const struct em_register *sim_register_named(const char *name);

/* The named row nearest to a mistyped name, or NULL. */
const char *sim_register_nearest(const char *name);

/* Is the register's value a text ("5/5", "F", "1113") and not a number? */
bool sim_register_is_text(const struct em_register *row);

/* Do values of this register add up over meters: is it an energy or a power? */
bool sim_register_adds_up(const struct em_register *row);

/* The words of a unit ("kWh"; "" for none) and a type ("float32") as the map prints them. */
const char *sim_unit_name(const struct em_register *row);
const char *sim_type_name(const struct em_register *row);

/* Decodes a register's words (row->words of them, sent under data_type). Digits that are no BCD give the
 * hexadecimal text. */
void sim_value_decode(struct sim_value *v, const struct em_register *row, const uint16_t *words,
                      enum em_data_type data_type);

/* The value that the meter would send now. */
void sim_value_read(struct sim_value *v, struct em_meter *m, const struct em_register *row);

/* A plain number, shown with all its digits. */
void sim_value_number(struct sim_value *v, double number);

/* As JSON: a number with no more digits than it has, or a text in quotes. */
void sim_value_json(const struct sim_value *v, char out[SIM_VALUE_JSON]);

#endif
