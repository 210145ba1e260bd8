/* SPDX-License-Identifier: MIT */
#include "fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "distribution.h"
#include "event.h"
#include "random.h"
#include "setup.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* What is counted on from one meter of an item to the next. */
static const struct first_key {
    const char *key, *single, *what;
    enum em_setting setting;
    const char *rate_key; /* of the bus on which it is an address, or NULL */
    enum em_setting rate;
} first_keys[] = {
    {"first_serial_number", "serial_number", "serial number", EM_SETTING_SERIAL_NUMBER, NULL, 0},
    {"first_mbus_id", "mbus_id", "secondary address", EM_SETTING_MBUS_ID, NULL, 0},
    {"first_address", "mbus_address", "M-Bus address", EM_SETTING_MBUS_ADDRESS, "mbus_baud", EM_SETTING_MBUS_BAUD},
    {"first_modbus_id", "modbus_id", "Modbus address", EM_SETTING_MODBUS_ID, "modbus_baud", EM_SETTING_MODBUS_BAUD},
};

/* One item of the list: a setup, and how many meters it stands for. */
struct item {
    struct sim_setup setup; /* first: readers of a setup take an item too */
    int64_t count;
    bool has_first[COUNT(first_keys)];
    int32_t first[COUNT(first_keys)];
};

/* The list as it grows. */
struct fleet {
    const struct sim_network *network;
    struct sim_setup *setup;
    unsigned meters, room;
    struct origin { /* of each meter */
        int item;
        unsigned counted; /* bits of first_keys */
    } * origin;
};

/* --- An item's keys --- */

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
    return sim_setting_read(js, value, sim_setting_named(key->single), &item->first[k]);
}

static bool read_own_load(struct js *js, const cJSON *value, void *target, const void *unused)
{
    (void)unused;
    return sim_parse_load(js, value, &((struct item *)target)->setup.network);
}

static bool read_load_scale(struct js *js, const cJSON *value, void *target, const void *unused)
{
    (void)unused;
    return js_number(js, value, 0, 1000, &((struct item *)target)->setup.network.load_scale);
}

/* What may be spread, and whether that can be read, is known when its paths are followed: see draw_meters. */
static bool read_spread(struct js *js, const cJSON *value, void *target, const void *unused)
{
    const cJSON *item;

    (void)target, (void)unused;
    if (!js_names(js, value, "{\"load.L1.current\": {\"uniform\": [1, 60]}}"))
        return false;
    cJSON_ArrayForEach(item, value)
    {
        size_t mark = js_enter_key(js, item->string);
        struct sim_distribution distribution;

        if (strncmp(item->string, "first_", 6) == 0 || strcmp(item->string, "count") == 0 ||
            strncmp(item->string, "spread", 6) == 0)
            return js_fail(js, "can not be spread; what can are keys of one meter, as load.L1.current or tariff");
        if (!sim_distribution_parse(js, item, &distribution))
            return false;
        js_leave(js, mark);
    }
    return true;
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

#define ITEM_FIELDS (SIM_SETUP_FIELDS + 4 + COUNT(first_keys))

/* Reads an item's keys into *item, whose lists the caller frees in any case. */
static bool read_keys(struct js *js, const cJSON *value, const struct sim_network *network, struct item *item)
{
    struct js_field fields[ITEM_FIELDS];
    size_t n = SIM_SETUP_FIELDS;

    *item = (struct item){.setup.network = *network, .count = 1};
    sim_setup_fields(fields);
    fields[n++] = (struct js_field){"load", read_own_load, NULL, false};
    fields[n++] = (struct js_field){"load_scale", read_load_scale, NULL, false};
    fields[n++] = (struct js_field){"count", read_count, NULL, false};
    fields[n++] = (struct js_field){"spread", read_spread, NULL, false};
    for (size_t k = 0; k < COUNT(first_keys); k++)
        fields[n++] = (struct js_field){first_keys[k].key, read_first, &first_keys[k], false};
    return js_object(js, value, fields, n, item) && sim_setup_check(js, &item->setup) && check_firsts(js, value, item);
}

/* --- Its meters --- */

static int32_t works_value(enum em_setting setting)
{
    struct em_settings works;

    em_settings_init(&works);
    return works.value[setting];
}

/* Room for one meter more. A setup is large: going on one by one would copy all of them again and again. */
static void reserve(struct fleet *f)
{
    if (f->meters < f->room)
        return;
    f->room = f->room ? 2 * f->room : 16;
    f->setup = realloc(f->setup, f->room * sizeof *f->setup);
    f->origin = realloc(f->origin, f->room * sizeof *f->origin);
    if (!f->setup || !f->origin)
        abort();
}

/* The n-th meter of an item, as the next of all. */
static void add_meter(struct fleet *f, const struct item *item, int which, int32_t n)
{
    int32_t index = (int32_t)f->meters;
    struct origin *origin;
    struct sim_setup *setup;

    reserve(f);
    setup = &f->setup[f->meters];
    origin = &f->origin[f->meters++];
    *origin = (struct origin){.item = which};
    sim_setup_copy(setup, &item->setup);
    setup->network.front_end.seed += (uint64_t)index;
    for (size_t k = 0; k < COUNT(first_keys); k++) {
        if (!item->has_first[k])
            continue;
        origin->counted |= 1u << k;
        sim_setup_preset(setup, first_keys[k].setting, item->first[k] + n);
    }
    /* The works gives each meter a serial number of its own. */
    if (!sim_setup_find(setup, EM_SETTING_SERIAL_NUMBER))
        sim_setup_preset(setup, EM_SETTING_SERIAL_NUMBER, works_value(EM_SETTING_SERIAL_NUMBER) + index);
    sim_setup_complete(setup);
}

/* Puts the n-th meter's own values into the item's keys. */
static bool put_drawn(struct js *js, cJSON *keys, const cJSON *list, const struct fleet *f, int which, unsigned n,
                      unsigned count)
{
    /* Each item has series of its own, none of them that of a "vary" of equal seed. */
    uint64_t seed = f->network->front_end.seed + SIM_MIX_STEP * ((uint64_t)which + 1);
    const cJSON *item;

    cJSON_ArrayForEach(item, list)
    {
        uint64_t key = sim_random_key(seed, item->string, n + 1);
        struct sim_distribution distribution;
        const char *why;

        sim_distribution_parse(js, item, &distribution);
        if (!js_put(keys, item->string, sim_distribution_draw(&distribution, key, n, count), &why)) {
            js_enter_key(js, "spread");
            js_enter_key(js, item->string);
            return js_fail(js, "%s", why);
        }
    }
    return true;
}

/* Each meter is read anew from the item's keys with its own values among them: so whatever a key may be is checked, and
 * told, by its one reader. */
static bool draw_meters(struct js *js, const cJSON *value, const cJSON *spread, struct fleet *f, int which,
                        unsigned count)
{
    cJSON *keys = cJSON_Duplicate(value, true);
    bool ok = true;

    for (unsigned n = 0; ok && n < count; n++) {
        struct item item = {0};

        ok = put_drawn(js, keys, spread, f, which, n, count);
        if (ok && !(ok = read_keys(js, keys, f->network, &item)) && count > 1)
            snprintf(js->error + strlen(js->error), sizeof js->error - strlen(js->error),
                     " (as spread for number %u of %u)", n + 1, count);
        if (ok)
            add_meter(f, &item, which, (int32_t)n);
        sim_setup_free(&item.setup);
    }
    cJSON_Delete(keys);
    return ok;
}

static bool read_item(struct js *js, const cJSON *value, struct fleet *f, int which)
{
    const cJSON *spread = cJSON_GetObjectItemCaseSensitive(value, "spread");
    struct item item;
    bool ok = read_keys(js, value, f->network, &item);

    if (ok && f->meters + item.count > SIM_METERS_MAX)
        ok = js_fail(js, "more than %d meters", SIM_METERS_MAX);
    for (int32_t k = 0; ok && !spread && k < item.count; k++)
        add_meter(f, &item, which, k);
    if (ok && spread)
        ok = draw_meters(js, value, spread, f, which, (unsigned)item.count);
    sim_setup_free(&item.setup);
    return ok;
}

/* --- Doubles --- */

/* A number, and whose it is. */
struct owned {
    int32_t number, rate;
    unsigned meter;
};

static int by_number(const void *a, const void *b)
{
    const struct owned *x = a, *y = b;

    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    if (x->rate != y->rate)
        return x->rate < y->rate ? -1 : 1;
    return x->meter < y->meter ? -1 : 1;
}

static int32_t value_of(const struct sim_setup *setup, enum em_setting setting)
{
    const struct sim_preset *own = sim_setup_find(setup, setting);

    return own ? own->value : works_value(setting);
}

/* A number that is counted shall be nobody else's: who counts does not mean to. Written out one by one, or left as from
 * the works, meters may well have the same, to see what a bus makes of that. Where rates differ two meters never hear
 * the same frame. */
static bool check_doubles(struct js *js, const struct fleet *f, size_t key, struct owned *list)
{
    const struct first_key *first = &first_keys[key];

    for (unsigned k = 0; k < f->meters; k++)
        list[k] = (struct owned){value_of(&f->setup[k], first->setting),
                                 first->rate_key ? value_of(&f->setup[k], first->rate) : 0, k};
    qsort(list, f->meters, sizeof *list, by_number);
    for (unsigned k = 1; k < f->meters; k++) {
        unsigned a = list[k - 1].meter, b = list[k].meter;
        bool a_counts = f->origin[a].counted >> key & 1, b_counts = f->origin[b].counted >> key & 1;

        if (list[k - 1].number != list[k].number || list[k - 1].rate != list[k].rate || (!a_counts && !b_counts))
            continue;
        js_enter_index(js, f->origin[b_counts ? b : a].item);
        js_enter_key(js, first->key);
        return js_fail(js, "meters %u and %u would have the same %s, %d%s%s", a + 1, b + 1, first->what, list[k].number,
                       first->rate_key ? ", and the same " : "", first->rate_key ? first->rate_key : "");
    }
    return true;
}

bool sim_fleet_read(struct js *js, const cJSON *list, const struct sim_network *network, struct sim_setup **setup,
                    unsigned *meters)
{
    struct fleet f = {.network = network, .setup = *setup};
    struct owned *owned;
    const cJSON *value;
    bool ok = cJSON_GetArraySize(list) > 0 || js_fail(js, "must have at least one meter");
    int which = 0;

    cJSON_ArrayForEach(value, list)
    {
        size_t mark = js_enter_index(js, which);

        ok = ok && read_item(js, value, &f, which++);
        js_leave(js, mark);
    }
    owned = calloc(f.meters + 1, sizeof *owned);
    if (!owned)
        abort();
    for (size_t key = 0; ok && key < COUNT(first_keys); key++)
        ok = check_doubles(js, &f, key, owned);
    free(owned);
    free(f.origin);
    *setup = f.setup;
    *meters = f.meters;
    return ok;
}
