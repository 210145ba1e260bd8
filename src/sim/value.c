/* SPDX-License-Identifier: MIT */
#include "value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

static const char *const unit_names[EM_UNIT_COUNT] = {
    [EM_UNIT_NONE] = "",       [EM_UNIT_V] = "V",       [EM_UNIT_A] = "A",     [EM_UNIT_HZ] = "Hz",
    [EM_UNIT_KW] = "kW",       [EM_UNIT_KVAR] = "kvar", [EM_UNIT_KVA] = "kVA", [EM_UNIT_KWH] = "kWh",
    [EM_UNIT_KVARH] = "kvarh", [EM_UNIT_S] = "s",       [EM_UNIT_MS] = "ms",   [EM_UNIT_IMP_PER_KWH] = "imp/kWh",
};

static const char *const type_names[EM_TYPE_COUNT] = {
    [EM_TYPE_ZERO] = "zero",       [EM_TYPE_INT16] = "int16", [EM_TYPE_BCD16] = "bcd16",
    [EM_TYPE_BCD32] = "bcd32",     [EM_TYPE_HEX16] = "hex16", [EM_TYPE_HEX32] = "hex32",
    [EM_TYPE_FLOAT32] = "float32", [EM_TYPE_ASCII] = "ascii", [EM_TYPE_CT] = "ct",
};

const char *sim_unit_name(const struct em_register *row)
{
    return unit_names[row->unit];
}

const char *sim_type_name(const struct em_register *row)
{
    return type_names[row->type];
}

const struct em_register *sim_register_named(const char *name)
{
    for (size_t k = 0; k < em_register_count; k++)
        if (em_registers[k].name && strcmp(em_registers[k].name, name) == 0)
            return &em_registers[k];
    return NULL;
}

bool sim_register_is_text(const struct em_register *row)
{
    switch ((enum em_type)row->type) {
    case EM_TYPE_BCD32:
    case EM_TYPE_HEX16:
    case EM_TYPE_HEX32:
    case EM_TYPE_ASCII:
    case EM_TYPE_CT:
        return true;
    default:
        return false;
    }
}

bool sim_register_adds_up(const struct em_register *row)
{
    bool power = row->unit == EM_UNIT_KW || row->unit == EM_UNIT_KVAR || row->unit == EM_UNIT_KVA;

    return row->name && (row->source == EM_FROM_ENERGY || (row->source == EM_FROM_QUANTITY && power));
}

static const char *register_entry(const void *list, size_t k)
{
    (void)list;
    if (k >= em_register_count)
        return NULL;
    return em_registers[k].name ? em_registers[k].name : "";
}

const char *sim_register_nearest(const char *name)
{
    return js_nearest(name, register_entry, NULL);
}

void sim_value_number(struct sim_value *v, double number)
{
    *v = (struct sim_value){.number = number};
}

static void decode_float(struct sim_value *v, const struct em_register *row, uint32_t raw, enum em_data_type data_type)
{
    float f;

    if (data_type == EM_DATA_INTEGER) {
        v->number = (int32_t)raw / 1000.0;
    } else {
        memcpy(&f, &raw, sizeof f);
        v->number = (double)f;
        v->is_float = true;
    }
    v->last_digit = row->source == EM_FROM_ENERGY ? 0.001 : 0;
}

void sim_value_decode(struct sim_value *v, const struct em_register *row, const uint16_t *words,
                      enum em_data_type data_type)
{
    int64_t number;

    *v = (struct sim_value){0};
    if (em_register_decode(row, words, &number)) {
        v->is_text = true;
        snprintf(v->text, sizeof v->text, row->words == 2 ? "%04X %04X" : "%04X", words[0], words[row->words - 1]);
        return;
    }
    v->number = (double)number;
    switch ((enum em_type)row->type) {
    case EM_TYPE_FLOAT32:
        decode_float(v, row, (uint32_t)number, data_type);
        break;
    case EM_TYPE_BCD32:
        v->is_text = true;
        snprintf(v->text, sizeof v->text, "%08lld", (long long)number);
        break;
    case EM_TYPE_HEX16:
    case EM_TYPE_HEX32:
        v->is_text = true;
        snprintf(v->text, sizeof v->text, "%0*llX", row->words * 4, (unsigned long long)number);
        break;
    case EM_TYPE_ASCII:
        v->is_text = true;
        snprintf(v->text, sizeof v->text, "%c", number >= ' ' && number <= '~' ? (char)number : '?');
        break;
    case EM_TYPE_CT:
        v->is_text = true;
        snprintf(v->text, sizeof v->text, "%u/%u", EM_CT_PRIMARY(number), EM_CT_SECONDARY(number));
        break;
    default:
        break;
    }
}

void sim_value_read(struct sim_value *v, struct em_meter *m, const struct em_register *row)
{
    uint16_t words[4];

    em_register_encode(m, row, words);
    sim_value_decode(v, row, words, (enum em_data_type)m->settings.value[EM_SETTING_DATA_TYPE]);
}

void sim_value_json(const struct sim_value *v, char out[SIM_VALUE_JSON])
{
    if (v->is_text) {
        snprintf(out, SIM_VALUE_JSON, "\"%s\"", v->text);
        return;
    }
    if (!isfinite(v->number)) {
        snprintf(out, SIM_VALUE_JSON, "null");
        return;
    }
    if (v->number == floor(v->number) && fabs(v->number) < 1e15) {
        snprintf(out, SIM_VALUE_JSON, "%.0f", v->number == 0 ? 0.0 : v->number); /* never -0 */
        return;
    }
    /* The fewest digits that give the same number back. */
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(out, SIM_VALUE_JSON, "%.*g", digits, v->number);
        if (v->is_float ? strtof(out, NULL) == (float)v->number : strtod(out, NULL) == v->number)
            return;
    }
}
