/* SPDX-License-Identifier: MIT */
#include "scenario.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profile.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static char *copy_text(const char *text)
{
    char *copy = strdup(text);

    if (!copy)
        abort();
    return copy;
}

static void *grow(void *list, size_t count, size_t size)
{
    list = realloc(list, (count + 1) * size);
    if (!list)
        abort();
    memset((char *)list + count * size, 0, size);
    return list;
}

/* --- meter --- */

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

/* "100/5" into primary and secondary. */
static bool read_ratio(struct js *js, const cJSON *value, unsigned max, unsigned *primary, unsigned *secondary)
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

static void add_preset(struct sim_setup *s, enum em_setting setting, int32_t value)
{
    s->preset = grow(s->preset, s->preset_count, sizeof *s->preset);
    s->preset[s->preset_count++] = (struct sim_preset){setting, value};
}

static const struct sim_preset *find_preset(const struct sim_setup *s, enum em_setting setting)
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
        ok = read_whole(js, value, key->setting, &number);
        break;
    case DIGITS_8:
        ok = read_digits(js, value, 8, &number);
        break;
    case DIGITS_4:
        ok = read_digits(js, value, 4, &number);
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
        ok = read_ratio(js, value, 9999, &primary, &secondary);
        number = EM_CT_RATIO(primary, secondary);
        break;
    }
    if (!ok)
        return false;
    add_preset(s, key->setting, number);
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
        s->preload = grow(s->preload, s->preload_count, sizeof *s->preload);
        s->preload[s->preload_count++] = (struct sim_preload){row->argument, (int64_t)floor(kwh * 1000 + 0.5)};
        if (EM_ENERGY_SET(row->argument) >= EM_SET_CT0 && EM_ENERGY_SET(row->argument) - EM_SET_CT0 > s->ct_changes)
            s->ct_changes = (uint8_t)(EM_ENERGY_SET(row->argument) - EM_SET_CT0);
    }
    return true;
}

/* Only a meter can tell which energies are stored: try on one. */
static bool check_preloads(struct js *js, const struct sim_setup *s)
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

/* What is not said follows from what is: a secondary address is the serial number from the works on. */
static void complete_identity(struct sim_setup *s)
{
    const struct sim_preset *serial = find_preset(s, EM_SETTING_SERIAL_NUMBER);

    if (serial && !find_preset(s, EM_SETTING_MBUS_ID))
        add_preset(s, EM_SETTING_MBUS_ID, serial->value);
}

#define METER_FIELDS (COUNT(setting_keys) + 1)

static void put_meter_fields(struct js_field fields[METER_FIELDS])
{
    for (size_t k = 0; k < COUNT(setting_keys); k++)
        fields[k] = (struct js_field){setting_keys[k].key, read_setting, &setting_keys[k], false};
    fields[COUNT(setting_keys)] = (struct js_field){"energy", read_energy, NULL, false};
}

static bool read_meter(struct js *js, const cJSON *value, void *target, const void *unused)
{
    struct sim_setup *s = ((struct sim_scenario *)target)->setup;
    struct js_field fields[METER_FIELDS];

    (void)unused;
    put_meter_fields(fields);
    if (!js_object(js, value, fields, METER_FIELDS, s) || !check_preloads(js, s))
        return false;
    complete_identity(s);
    return true;
}

/* --- meters --- */

/* What is counted on from one meter of an item to the next. */
static const struct first_key {
    const char *key, *single;
    enum em_setting setting;
    bool digits;
} first_keys[] = {
    {"first_serial_number", "serial_number", EM_SETTING_SERIAL_NUMBER, true},
    {"first_mbus_id", "mbus_id", EM_SETTING_MBUS_ID, true},
    {"first_address", "mbus_address", EM_SETTING_MBUS_ADDRESS, false},
    {"first_modbus_id", "modbus_id", EM_SETTING_MODBUS_ID, false},
};

/* One item of the list: a setup, and how many meters it stands for. */
struct item {
    struct sim_setup setup; /* first: readers of a setup take an item too */
    int64_t count;
    bool has_first[COUNT(first_keys)];
    int32_t first[COUNT(first_keys)];
};

static bool read_count(struct js *js, const cJSON *value, void *target, const void *unused)
{
    (void)unused;
    return js_integer(js, value, 1, SIM_METERS_MAX, &((struct item *)target)->count);
}

static bool read_first(struct js *js, const cJSON *value, void *target, const void *argument)
{
    const struct first_key *key = argument;
    struct item *item = target;
    size_t k = (size_t)(key - first_keys);

    item->has_first[k] = true;
    return key->digits ? read_digits(js, value, 8, &item->first[k])
                       : read_whole(js, value, key->setting, &item->first[k]);
}

static bool read_own_load(struct js *js, const cJSON *value, void *target, const void *unused)
{
    (void)unused;
    return sim_parse_load(js, value, &((struct item *)target)->setup.network);
}

/* The counted numbers must not run out of their range. */
static bool check_firsts(struct js *js, const cJSON *value, const struct item *item)
{
    for (size_t k = 0; k < COUNT(first_keys); k++) {
        int32_t min, max;
        size_t mark;

        if (!item->has_first[k])
            continue;
        if (cJSON_GetObjectItemCaseSensitive(value, first_keys[k].single))
            return js_fail(js, "give either \"%s\" or \"%s\"", first_keys[k].key, first_keys[k].single);
        em_setting_limits(first_keys[k].setting, &min, &max);
        mark = js_enter_key(js, first_keys[k].key);
        if (item->first[k] + item->count - 1 > max)
            return js_fail(js, "the last of %lld would be %lld; the highest is %d", (long long)item->count,
                           (long long)(item->first[k] + item->count - 1), max);
        js_leave(js, mark);
    }
    return true;
}

static void *copy_list(const void *list, size_t count, size_t size)
{
    void *copy = calloc(count ? count : 1, size);

    if (!copy)
        abort();
    if (count)
        memcpy(copy, list, count * size);
    return copy;
}

/* The n-th meter of an item as the meter with number `index` of all. */
static void add_setup(struct sim_scenario *s, const struct item *item, int32_t n)
{
    int32_t index = (int32_t)s->meters;
    struct sim_setup *setup;

    s->setup = grow(s->setup, s->meters, sizeof *s->setup);
    setup = &s->setup[s->meters++];
    *setup = item->setup;
    setup->preset = copy_list(item->setup.preset, item->setup.preset_count, sizeof *setup->preset);
    setup->preload = copy_list(item->setup.preload, item->setup.preload_count, sizeof *setup->preload);
    setup->network.front_end.seed += (uint64_t)index;
    for (size_t k = 0; k < COUNT(first_keys); k++)
        if (item->has_first[k])
            add_preset(setup, first_keys[k].setting, item->first[k] + n);
    /* The works gives each meter a serial number of its own. */
    if (!find_preset(setup, EM_SETTING_SERIAL_NUMBER)) {
        struct em_settings works;

        em_settings_init(&works);
        add_preset(setup, EM_SETTING_SERIAL_NUMBER, works.value[EM_SETTING_SERIAL_NUMBER] + index);
    }
    complete_identity(setup);
}

static void free_setup(struct sim_setup *setup)
{
    free(setup->preset);
    free(setup->preload);
}

static bool read_item(struct js *js, const cJSON *value, struct sim_scenario *s, const struct sim_network *network)
{
    struct js_field fields[METER_FIELDS + 2 + COUNT(first_keys)];
    struct item item = {.setup.network = *network, .count = 1};
    size_t n = METER_FIELDS;
    bool ok;

    put_meter_fields(fields);
    fields[n++] = (struct js_field){"load", read_own_load, NULL, false};
    fields[n++] = (struct js_field){"count", read_count, NULL, false};
    for (size_t k = 0; k < COUNT(first_keys); k++)
        fields[n++] = (struct js_field){first_keys[k].key, read_first, &first_keys[k], false};
    ok = js_object(js, value, fields, n, &item) && check_preloads(js, &item.setup) && check_firsts(js, value, &item);
    if (ok && s->meters + item.count > SIM_METERS_MAX)
        ok = js_fail(js, "more than %d meters", SIM_METERS_MAX);
    for (int32_t k = 0; ok && k < item.count; k++)
        add_setup(s, &item, k);
    free_setup(&item.setup);
    return ok;
}

/* Turns the one meter that has been read into the list; grid, "load", "ct" and "front_end" are those of all. */
static bool expand_meters(struct js *js, const cJSON *root, struct sim_scenario *s)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "meters"), *value;
    const struct sim_network network = s->setup[0].network;
    size_t mark;
    int k = 0;

    if (!list)
        return true;
    if (cJSON_GetObjectItemCaseSensitive(root, "meter"))
        return js_fail(js, "give either \"meter\" or \"meters\"");
    mark = js_enter_key(js, "meters");
    if (cJSON_GetArraySize(list) == 0)
        return js_fail(js, "must have at least one meter");
    free_setup(&s->setup[0]);
    s->meters = 0;
    cJSON_ArrayForEach(value, list)
    {
        size_t inner = js_enter_index(js, k++);

        if (!read_item(js, value, s, &network))
            return false;
        js_leave(js, inner);
    }
    js_leave(js, mark);
    return true;
}

/* --- ct and front_end --- */

static bool read_ct(struct js *js, const cJSON *value, void *target, const void *unused)
{
    unsigned primary, secondary;

    (void)unused;
    if (!read_ratio(js, value, 99999, &primary, &secondary))
        return false;
    ((struct sim_scenario *)target)->setup->network.ct_ratio = (double)primary / secondary;
    return true;
}

/* {"L1.current": number, "all.voltage": number}: one number a channel. */
static bool read_channels(struct js *js, const cJSON *value, double limit, double channel[EM_CHANNEL_COUNT])
{
    const cJSON *item;

    if (!js_names(js, value, "{\"L1.current\": 0.001}"))
        return false;
    cJSON_ArrayForEach(item, value)
    {
        struct sim_assignment a = {0};
        size_t mark;
        double number;

        if (!sim_parse_path(js, item->string, &a))
            return false;
        if (a.quantity != SIM_VOLTAGE && a.quantity != SIM_CURRENT)
            return js_fail(js, "\"%s\" is no channel; channels are \"L1.voltage\", \"L1.current\" and so on",
                           item->string);
        mark = js_enter_key(js, item->string);
        if (!js_number(js, item, -limit, limit, &number))
            return false;
        js_leave(js, mark);
        for (int p = 0; p < EM_PHASE_COUNT; p++)
            if (a.phases >> p & 1)
                channel[(a.quantity == SIM_VOLTAGE ? EM_U1 : EM_I1) + p] = number;
    }
    return true;
}

static bool read_noise(struct js *js, const cJSON *value, void *target, const void *unused)
{
    (void)unused;
    return js_number(js, value, 0, 1e6, &((struct sim_front_end *)target)->noise);
}

static bool read_gain_error(struct js *js, const cJSON *value, void *target, const void *unused)
{
    (void)unused;
    return read_channels(js, value, 1, ((struct sim_front_end *)target)->gain_error);
}

static bool read_phase_error(struct js *js, const cJSON *value, void *target, const void *unused)
{
    (void)unused;
    return read_channels(js, value, 180, ((struct sim_front_end *)target)->phase_error);
}

static bool read_offset(struct js *js, const cJSON *value, void *target, const void *unused)
{
    (void)unused;
    return read_channels(js, value, 1e6, ((struct sim_front_end *)target)->offset);
}

static bool read_adc_bits(struct js *js, const cJSON *value, void *target, const void *unused)
{
    int64_t bits;

    (void)unused;
    if (!js_integer(js, value, 8, 24, &bits))
        return false;
    ((struct sim_front_end *)target)->adc_bits = (unsigned)bits;
    return true;
}

/* One [A, gain error, degrees]. */
static bool read_transformer_point(struct js *js, const cJSON *value, double above, struct sim_transformer_point *point)
{
    static const double low[] = {1e-6, -1, -180}, high[] = {1000, 1, 180};
    double number[3];

    if (!cJSON_IsArray(value) || cJSON_GetArraySize(value) != 3)
        return js_fail(js, "must be [A, gain error, degrees], like [0.1, -0.002, 0.15]");
    for (int k = 0; k < 3; k++) {
        size_t mark = js_enter_index(js, k);

        if (!js_number(js, cJSON_GetArrayItem(value, k), low[k], high[k], &number[k]))
            return false;
        if (k == 0 && number[0] <= above)
            return js_fail(js, "must be more than %g, the current before it", above);
        js_leave(js, mark);
    }
    *point = (struct sim_transformer_point){number[0], number[1], number[2]};
    return true;
}

static bool read_transformer(struct js *js, const cJSON *value, void *target, const void *unused)
{
    struct sim_front_end *fe = target;
    const cJSON *item;
    double above = 0;

    (void)unused;
    if (!js_is_array(js, value))
        return false;
    fe->transformer_points = 0;
    cJSON_ArrayForEach(item, value)
    {
        size_t mark = js_enter_index(js, (int)fe->transformer_points);

        if (fe->transformer_points == SIM_TRANSFORMER_POINTS)
            return js_fail(js, "at most %d points", SIM_TRANSFORMER_POINTS);
        if (!read_transformer_point(js, item, above, &fe->transformer[fe->transformer_points]))
            return false;
        above = fe->transformer[fe->transformer_points++].current;
        js_leave(js, mark);
    }
    return true;
}

static bool read_remark(struct js *js, const cJSON *value, void *target, const void *unused)
{
    const char *text;

    (void)target;
    (void)unused;
    return js_string(js, value, &text);
}

static const struct js_field front_end_fields[] = {
    {"description", read_remark, NULL, false},      {"noise", read_noise, NULL, false},
    {"gain_error", read_gain_error, NULL, false},   {"phase_error", read_phase_error, NULL, false},
    {"offset", read_offset, NULL, false},           {"adc_bits", read_adc_bits, NULL, false},
    {"transformer", read_transformer, NULL, false},
};

static bool read_front_end(struct js *js, const cJSON *value, void *target, const void *unused)
{
    (void)unused;
    return js_object(js, value, front_end_fields, COUNT(front_end_fields),
                     &((struct sim_scenario *)target)->setup->network.front_end);
}

bool sim_front_end_load(struct js *js, const char *file, struct sim_front_end *fe)
{
    bool missing, ok;
    cJSON *tree = js_parse_file(js, file, &missing);

    memset(fe, 0, sizeof *fe);
    fe->seed = 1;
    ok = tree && js_object(js, tree, front_end_fields, COUNT(front_end_fields), fe);
    cJSON_Delete(tree);
    return ok;
}

/* --- timeline --- */

static bool read_time(struct js *js, const cJSON *value, void *target, const void *offset)
{
    return js_time(js, value, (int64_t *)((char *)target + *(const size_t *)offset));
}

static const size_t at_offset = offsetof(struct sim_timed, at), period_offset = offsetof(struct sim_timed, period);

static const struct js_field at_field = {"at", read_time, &at_offset, true};

static bool add_event(struct js *js, const cJSON *object, struct sim_scenario *s, const struct sim_timed *repeat)
{
    struct sim_timed timed = {.times = 1};
    struct sim_event *event = sim_event_parse(js, object, &at_field, 1, &timed);

    if (!event)
        return false;
    if (repeat) {
        timed.at += repeat->at;
        timed.period = repeat->period;
        timed.times = repeat->times;
    }
    timed.event = event;
    s->timed = grow(s->timed, s->timed_count, sizeof *s->timed);
    s->timed[s->timed_count++] = timed;
    return true;
}

static bool read_times(struct js *js, const cJSON *value, void *target, const void *unused)
{
    (void)unused;
    return js_integer(js, value, 1, 1000000000, &((struct sim_timed *)target)->times);
}

static bool read_nothing(struct js *js, const cJSON *value, void *target, const void *unused)
{
    (void)target, (void)unused;
    return js_is_array(js, value);
}

static bool add_repeated(struct js *js, const cJSON *object, struct sim_scenario *s)
{
    static const struct js_field fields[] = {
        {"every", read_time, &period_offset, true},
        {"from", read_time, &at_offset, false},
        {"times", read_times, NULL, false},
        {"do", read_nothing, NULL, true},
    };
    struct sim_timed repeat = {.times = INT64_MAX};
    const cJSON *item;
    int k = 0;

    if (!js_object(js, object, fields, COUNT(fields), &repeat))
        return false;
    if (repeat.period == 0)
        return js_fail(js, "\"every\" must be longer than 0");
    if (repeat.times != INT64_MAX && repeat.times > INT64_MAX / 4 / repeat.period)
        return js_fail(js, "\"times\" is too much for this \"every\"");
    js_enter_key(js, "do");
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(object, "do"))
    {
        size_t mark = js_enter_index(js, k++);

        if (!add_event(js, item, s, &repeat))
            return false;
        js_leave(js, mark);
    }
    return true;
}

static bool read_timeline(struct js *js, const cJSON *value, void *target, const void *unused)
{
    const cJSON *item;
    int k = 0;

    (void)unused;
    if (!js_is_array(js, value))
        return false;
    cJSON_ArrayForEach(item, value)
    {
        size_t mark = js_enter_index(js, k++);
        bool ok = cJSON_GetObjectItemCaseSensitive(item, "every") ? add_repeated(js, item, target)
                                                                  : add_event(js, item, target, NULL);

        if (!ok)
            return false;
        js_leave(js, mark);
    }
    return true;
}

/* --- The whole --- */

static bool read_text(struct js *js, const cJSON *value, void *target, const void *offset)
{
    const char *text;
    char **out = (char **)((char *)target + *(const size_t *)offset);

    if (!js_string(js, value, &text))
        return false;
    *out = copy_text(text);
    return true;
}

static bool read_grid(struct js *js, const cJSON *value, void *target, const void *unused)
{
    (void)unused;
    return sim_parse_grid(js, value, &((struct sim_scenario *)target)->setup->network);
}

static bool read_load(struct js *js, const cJSON *value, void *target, const void *unused)
{
    (void)unused;
    return sim_parse_load(js, value, &((struct sim_scenario *)target)->setup->network);
}

static bool read_profile(struct js *js, const cJSON *value, void *target, const void *unused)
{
    struct sim_scenario *s = target;

    (void)unused;
    return sim_profile_parse(js, value, s->file, &s->profile);
}

static bool read_seed(struct js *js, const cJSON *value, void *target, const void *unused)
{
    int64_t seed;

    (void)unused;
    if (!js_integer(js, value, 0, 9007199254740992, &seed))
        return false;
    ((struct sim_scenario *)target)->setup->network.front_end.seed = (uint64_t)seed;
    return true;
}

static bool read_schema(struct js *js, const cJSON *value, void *target, const void *unused)
{
    const char *text;

    (void)target, (void)unused;
    return js_string(js, value, &text);
}

static bool read_nothing_yet(struct js *js, const cJSON *value, void *target, const void *unused)
{
    (void)js, (void)value, (void)target, (void)unused;
    return true;
}

static const size_t name_offset = offsetof(struct sim_scenario, name),
                    description_offset = offsetof(struct sim_scenario, description),
                    duration_offset = offsetof(struct sim_scenario, duration);

static const struct js_field scenario_fields[] = {
    {"name", read_text, &name_offset, false},
    {"description", read_text, &description_offset, false},
    {"duration", read_time, &duration_offset, false},
    {"seed", read_seed, NULL, false},
    {"meter", read_meter, NULL, false},
    {"meters", read_nothing, NULL, false}, /* see expand_meters */
    {"ct", read_ct, NULL, false},
    {"grid", read_grid, NULL, false},
    {"load", read_load, NULL, false},
    {"timeline", read_timeline, NULL, false},
    {"profile", read_profile, NULL, false},
    {"waveform", read_nothing_yet, NULL, false}, /* see take_waveform */
    {"front_end", read_front_end, NULL, false},
    {"$schema", read_schema, NULL, false},
};

static struct sim_scenario *new_scenario(const char *file)
{
    struct sim_scenario *s = calloc(1, sizeof *s);

    if (!s)
        abort();
    s->file = copy_text(file);
    s->duration = -1;
    s->setup = grow(NULL, 0, sizeof *s->setup);
    s->meters = 1;
    sim_network_init(&s->setup->network);
    s->setup->network.ct_ratio = 0;
    return s;
}

static int64_t last_event(const struct sim_scenario *s)
{
    int64_t last = s->profile.rows ? s->profile.time[s->profile.rows - 1] : 0;

    last = s->waveform.end > last ? s->waveform.end : last;
    for (unsigned k = 0; k < s->timed_count; k++) {
        const struct sim_timed *t = &s->timed[k];
        int64_t at = t->period && t->times != INT64_MAX ? t->at + t->period * (t->times - 1) : t->at;

        if (at > last)
            last = at;
    }
    return last;
}

/* The transformer in the field is as the meter is set, if nothing else is said. */
static void complete_ct(struct sim_setup *s)
{
    const struct sim_preset *ratio = find_preset(s, EM_SETTING_CT_RATIO);

    if (s->network.ct_ratio == 0)
        s->network.ct_ratio = ratio ? (double)EM_CT_PRIMARY(ratio->value) / EM_CT_SECONDARY(ratio->value) : 1;
}

/* A profile would end the recording with its first row. */
static bool profile_leaves_waveform(struct js *js, const struct sim_scenario *s)
{
    for (unsigned k = 0; k < s->profile.columns; k++) {
        struct sim_network net = s->setup->network;

        sim_network_assign(&net, &s->profile.column[k]);
        for (int c = 0; c < EM_CHANNEL_COUNT; c++)
            if (net.recorded[c] != s->setup->network.recorded[c])
                return js_fail(js,
                               "profile.columns: what \"waveform\" plays on %s of L%d can not be set from a profile",
                               c < EM_I1 ? "the voltage" : "the current", c % EM_PHASE_COUNT + 1);
    }
    return true;
}

/* Recorded waveforms; when all else is read, as the front end acts on them. The mains is that of the recording, if
 * nothing else is said. */
static bool take_waveform(struct js *js, const cJSON *root, struct sim_scenario *s)
{
    const cJSON *waveform = cJSON_GetObjectItemCaseSensitive(root, "waveform");
    const cJSON *grid = cJSON_GetObjectItemCaseSensitive(root, "grid");

    if (!waveform)
        return true;
    complete_ct(s->setup);
    if (!sim_waveform_parse(js, waveform, s->file, &s->setup->network, &s->waveform))
        return false;
    for (unsigned k = 0; k < s->meters; k++) {
        struct sim_network *net = &s->setup[k].network;

        memcpy(net->recorded, s->waveform.channel, sizeof net->recorded);
        if (!cJSON_GetObjectItemCaseSensitive(grid, "frequency"))
            net->frequency = s->waveform.frequency;
    }
    return profile_leaves_waveform(js, s);
}

/* What can be judged only when all is read. */
static bool finish(struct js *js, struct sim_scenario *s)
{
    bool endless = false;

    if (!s->name)
        s->name = copy_text(s->file);
    for (unsigned k = 0; k < s->meters; k++)
        complete_ct(&s->setup[k]);
    for (unsigned k = 0; k < s->timed_count; k++)
        endless = endless || s->timed[k].times == INT64_MAX;
    if (s->duration < 0) {
        if (endless)
            return js_fail(js, "\"duration\" is missing; an \"every\" without \"times\" needs it");
        s->duration = last_event(s);
        if (s->duration == 0)
            return js_fail(js, "\"duration\" is missing");
    }
    for (unsigned k = 0; k < s->timed_count; k++) {
        size_t mark = js_enter_key(js, s->timed[k].event->where);

        if (!sim_event_fits(js, s->timed[k].event, s->meters))
            return false;
        js_leave(js, mark);
    }
    for (unsigned k = 0; k < s->timed_count; k++)
        if (s->timed[k].at > s->duration)
            return js_fail(js, "%s.at: %g s is after the end of the scenario (\"duration\" is %g s)",
                           s->timed[k].event->where, (double)s->timed[k].at / EM_SAMPLE_RATE,
                           (double)s->duration / EM_SAMPLE_RATE);
    return true;
}

static bool override(struct js *js, cJSON *root, const char *text)
{
    const char *value = strchr(text, '='), *why;
    char path[128];

    js->file = "--set";
    if (!value || value == text || (size_t)(value - text) >= sizeof path)
        return js_fail(js, "\"%s\" must be PATH=VALUE, as in load.L1.current=20", text);
    snprintf(path, sizeof path, "%.*s", (int)(value - text), text);
    return js_override(root, path, value + 1, &why) || js_fail(js, "%s: %s", path, why);
}

/* Reads a tree, which the scenario then owns. */
static struct sim_scenario *read_tree(struct js *js, cJSON *root, const char *file)
{
    struct sim_scenario *s = new_scenario(file);

    s->source = root;
    js->file = file;
    if (js_object(js, root, scenario_fields, COUNT(scenario_fields), s) && expand_meters(js, root, s) &&
        take_waveform(js, root, s) && finish(js, s))
        return s;
    sim_scenario_free(s);
    return NULL;
}

struct sim_scenario *sim_scenario_load(struct js *js, const char *file, const char *const *overrides, size_t count)
{
    bool missing, ok = true;
    cJSON *root = js_parse_file(js, file, &missing);

    if (!root)
        return NULL;
    for (size_t k = 0; ok && k < count; k++)
        ok = override(js, root, overrides[k]);
    if (ok)
        return read_tree(js, root, file);
    cJSON_Delete(root);
    return NULL;
}

struct sim_scenario *sim_scenario_default(void)
{
    static const char text[] =
        "{\"name\": \"default\", \"duration\": 0, \"load\": {\"all\": {\"current\": 5, \"pf\": 0.9}}}";
    struct js js = {.file = "default"};
    struct sim_scenario *s = read_tree(&js, js_parse(&js, text), "default");

    if (!s)
        abort();
    return s;
}

void sim_scenario_free(struct sim_scenario *s)
{
    if (!s)
        return;
    for (unsigned k = 0; k < s->timed_count; k++)
        sim_event_free(s->timed[k].event);
    sim_profile_free(&s->profile);
    sim_waveform_free(&s->waveform);
    free(s->timed);
    for (unsigned k = 0; k < s->meters; k++)
        free_setup(&s->setup[k]);
    free(s->setup);
    cJSON_Delete(s->source);
    free(s->name);
    free(s->description);
    free(s->file);
    free(s);
}
