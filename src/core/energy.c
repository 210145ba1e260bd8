/* SPDX-License-Identifier: MIT */
#include "vmeter/em_energy.h"

#include <string.h>

#include "vmeter/em_settings.h"

void em_energy_init(struct em_energy *e)
{
    memset(e, 0, sizeof *e);
    e->ct_ratio = EM_CT_RATIO(5, 5);
    for (int k = 0; k < EM_CT_CHANGES_MAX; k++)
        e->history_ratio[k] = EM_CT_RATIO(5, 5);
}

static uint32_t wrap(uint64_t wh)
{
    return (uint32_t)(wh % EM_ENERGY_MODULUS);
}

/* Adds units of rest; returns the whole Wh that this completed. */
static uint32_t count(struct em_counter *counter, uint64_t units, uint64_t per_wh)
{
    uint32_t whole;

    counter->rest += units;
    if (counter->rest < per_wh)
        return 0;
    whole = (uint32_t)(counter->rest / per_wh);
    counter->rest -= whole * per_wh;
    counter->wh = wrap((uint64_t)counter->wh + whole);
    return whole;
}

static int32_t signed_wrap(int64_t wh)
{
    return (int32_t)(wh % EM_ENERGY_MODULUS);
}

/* Total active energy of a combination code from forward and reverse. Source: manual 7.6.11. */
static int32_t combine(enum em_combination code, int64_t forward, int64_t reverse)
{
    switch (code) {
    case EM_C01_FORWARD:
        return signed_wrap(forward);
    case EM_C02_REVERSE:
        return signed_wrap(-reverse);
    case EM_C03_SUM:
        return signed_wrap(forward + reverse);
    case EM_C04_DIFFERENCE:
    case EM_C05_NETTED:
        return signed_wrap(forward - reverse);
    }
    return 0;
}

static void count_trip(struct em_energy *e, int scope, enum em_combination code,
                       const uint32_t whole[EM_DIRECTION_COUNT])
{
    if (whole[EM_FORWARD] | whole[EM_REVERSE])
        e->trip_wh[scope] =
            signed_wrap((int64_t)e->trip_wh[scope] + combine(code, whole[EM_FORWARD], whole[EM_REVERSE]));
}

/* Takes a sum in counts^2 x samples; returns it in units of rest, keeping what is less than one. */
static int64_t to_units(int64_t *fraction, int64_t sum, uint32_t ct_primary)
{
    int64_t whole = sum + *fraction;

    *fraction = whole & 4095;
    return (whole - *fraction) / 4096 * (int64_t)ct_primary;
}

/* Where the active energy of a window goes: each phase's own and, netted or not, the tariff's. */
static void count_active(struct em_energy *e, const int64_t units[EM_PHASE_COUNT], const struct em_energy_rules *rules,
                         uint64_t per_wh, uint64_t sum[EM_DIRECTION_COUNT])
{
    struct em_counter *tariff = e->tariff[rules->tariff - 1][EM_ACTIVE];
    uint32_t whole[EM_DIRECTION_COUNT];
    int64_t net = 0;

    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        enum em_direction d = units[p] < 0 ? EM_REVERSE : EM_FORWARD;
        uint64_t amount = (uint64_t)(units[p] < 0 ? -units[p] : units[p]);

        memset(whole, 0, sizeof whole);
        whole[d] = count(&e->phase[p][EM_ACTIVE][d], amount, per_wh);
        count_trip(e, p, rules->combination, whole);
        sum[d] += amount;
        net += units[p];
    }
    if (rules->combination == EM_C05_NETTED) {
        sum[EM_FORWARD] = net > 0 ? (uint64_t)net : 0;
        sum[EM_REVERSE] = net < 0 ? (uint64_t)-net : 0;
    }
    for (int d = 0; d < EM_DIRECTION_COUNT; d++)
        whole[d] = count(&tariff[d], sum[d], per_wh);
    count_trip(e, EM_TOTAL, rules->combination, whole);
}

static int quadrant_index(int64_t p, int64_t q)
{
    if (q >= 0)
        return p >= 0 ? 0 : 1;
    return p >= 0 ? 3 : 2;
}

void em_energy_add(struct em_energy *e, const struct em_window *w, const struct em_energy_rules *rules,
                   struct em_counted *counted)
{
    const uint64_t per_wh = (uint64_t)EM_REST_PER_WH * rules->ct_secondary;
    int64_t active[EM_PHASE_COUNT];

    memset(counted, 0, sizeof *counted);
    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        int64_t reactive = to_units(&e->fraction[p][EM_REACTIVE], w->phase[p].q, rules->ct_primary);
        enum em_direction d = reactive < 0 ? EM_REVERSE : EM_FORWARD;
        uint64_t amount = (uint64_t)(reactive < 0 ? -reactive : reactive);

        active[p] = to_units(&e->fraction[p][EM_ACTIVE], w->phase[p].ui, rules->ct_primary);
        count(&e->phase[p][EM_REACTIVE][d], amount, per_wh);
        count(&e->tariff[rules->tariff - 1][EM_REACTIVE][d], amount, per_wh);
        counted->units[EM_REACTIVE][d] += amount;
        count(&e->quadrant[rules->tariff - 1][quadrant_index(w->phase[p].ui, reactive)], amount, per_wh);
    }
    count_active(e, active, rules, per_wh, counted->units[EM_ACTIVE]);
}

bool em_counted_any(const struct em_counted *counted)
{
    uint64_t any = 0;

    for (int k = 0; k < EM_KIND_COUNT; k++)
        any |= counted->units[k][EM_FORWARD] | counted->units[k][EM_REVERSE];
    return any != 0;
}

/* One stored Wh value by set, tariff or phase, kind and direction. */
static uint32_t stored(const struct em_energy *e, unsigned set, unsigned scope, unsigned kind, unsigned direction)
{
    unsigned k = set - EM_SET_CT0;

    if (scope >= EM_L1)
        return set == EM_SET_MAIN ? e->phase[scope - EM_L1][kind][direction].wh : 0;
    if (set == EM_SET_MAIN || k == e->ct_changes)
        return e->tariff[scope - EM_T1][kind][direction].wh;
    return k < e->ct_changes ? e->history_wh[k][scope - EM_T1][kind][direction] : 0;
}

static int64_t one_direction(const struct em_energy *e, em_energy_id id, unsigned direction)
{
    unsigned set = EM_ENERGY_SET(id), scope = EM_ENERGY_SCOPE(id), kind = EM_ENERGY_KIND(id);
    uint64_t sum = 0;

    if (scope != EM_ALL)
        return stored(e, set, scope, kind, direction);
    for (unsigned t = EM_T1; t <= EM_T4; t++)
        sum += stored(e, set, t, kind, direction);
    return wrap(sum);
}

static int32_t quadrant_energy(const struct em_energy *e, unsigned scope, unsigned quadrant)
{
    uint64_t sum = 0;

    if (scope >= EM_L1)
        return 0;
    for (unsigned t = 0; t < EM_TARIFF_COUNT; t++)
        if (scope == EM_ALL || scope == EM_T1 + t)
            sum += e->quadrant[t][quadrant].wh;
    return (int32_t)wrap(sum);
}

/* Does the id name an energy that this meter has (by now)? */
static bool is_known(const struct em_energy *e, em_energy_id id)
{
    unsigned set = EM_ENERGY_SET(id), kind = EM_ENERGY_KIND(id), part = EM_ENERGY_PART(id), scope = EM_ENERGY_SCOPE(id);

    if (scope > EM_L3 || part > EM_PART_Q4)
        return false;
    if (set == EM_SET_TRIP)
        return kind == EM_ACTIVE && part == EM_PART_TOTAL && (scope == EM_ALL || scope >= EM_L1);
    if (part >= EM_PART_Q1)
        return set == EM_SET_MAIN && kind == EM_REACTIVE && scope <= EM_T4;
    return set == EM_SET_MAIN || (set <= (unsigned)EM_SET_CT0 + e->ct_changes && scope <= EM_T4);
}

int32_t em_energy_get(const struct em_energy *e, em_energy_id id, enum em_combination code)
{
    unsigned scope = EM_ENERGY_SCOPE(id), part = EM_ENERGY_PART(id);

    if (!is_known(e, id))
        return 0;
    if (EM_ENERGY_SET(id) == EM_SET_TRIP)
        return scope == EM_ALL ? e->trip_wh[EM_TOTAL] : scope >= EM_L1 ? e->trip_wh[scope - EM_L1] : 0;
    if (part >= EM_PART_Q1)
        return quadrant_energy(e, scope, part - EM_PART_Q1);
    if (part != EM_PART_TOTAL)
        return (int32_t)one_direction(e, id, part - EM_PART_FORWARD);
    if (EM_ENERGY_KIND(id) == EM_REACTIVE)
        code = EM_C03_SUM;
    return combine(code, one_direction(e, id, EM_FORWARD), one_direction(e, id, EM_REVERSE));
}

void em_energy_digits(int32_t wh, char text[12])
{
    uint32_t rest = wrap((uint64_t)(wh < 0 ? -(int64_t)wh : wh));

    if (wh < 0)
        *text++ = '-';
    for (int k = 9; k >= 0; k--) {
        if (k == 6) {
            text[k] = '.';
            continue;
        }
        text[k] = (char)('0' + rest % 10);
        rest /= 10;
    }
    text[10] = '\0';
}

/* The counter behind an id, NULL for sums and for what is not a counter. */
static struct em_counter *counter_of(struct em_energy *e, em_energy_id id)
{
    unsigned set = EM_ENERGY_SET(id), scope = EM_ENERGY_SCOPE(id), kind = EM_ENERGY_KIND(id), part = EM_ENERGY_PART(id);

    if (set != EM_SET_MAIN && set != (unsigned)EM_SET_CT0 + e->ct_changes)
        return NULL;
    if (part >= EM_PART_Q1)
        return scope >= EM_L1 ? NULL : &e->quadrant[scope == EM_ALL ? 0 : scope - EM_T1][part - EM_PART_Q1];
    if (part == EM_PART_TOTAL || scope == EM_ALL)
        return NULL;
    return scope >= EM_L1 ? &e->phase[scope - EM_L1][kind][part - EM_PART_FORWARD]
                          : &e->tariff[scope - EM_T1][kind][part - EM_PART_FORWARD];
}

enum em_err em_energy_preload(struct em_energy *e, em_energy_id id, int64_t wh)
{
    struct em_counter *counter;
    unsigned set = EM_ENERGY_SET(id), scope = EM_ENERGY_SCOPE(id), part = EM_ENERGY_PART(id);

    if (wh <= -EM_ENERGY_MODULUS || wh >= EM_ENERGY_MODULUS || (wh < 0 && set != EM_SET_TRIP))
        return EM_ERR_RANGE;
    if (!is_known(e, id))
        return EM_ERR_UNKNOWN;
    counter = counter_of(e, id);
    if (set == EM_SET_TRIP && (scope == EM_ALL || scope >= EM_L1)) {
        e->trip_wh[scope == EM_ALL ? EM_TOTAL : (int)(scope - EM_L1)] = (int32_t)wh;
        return EM_OK;
    }
    if (counter) {
        *counter = (struct em_counter){.wh = (uint32_t)wh};
        return EM_OK;
    }
    if (set >= EM_SET_CT0 && set < (unsigned)EM_SET_CT0 + e->ct_changes && scope >= EM_T1 && scope <= EM_T4 &&
        (part == EM_PART_FORWARD || part == EM_PART_REVERSE)) {
        e->history_wh[set - EM_SET_CT0][scope - EM_T1][EM_ENERGY_KIND(id)][part - EM_PART_FORWARD] = (uint32_t)wh;
        return EM_OK;
    }
    return EM_ERR_READ_ONLY;
}

struct em_counter *em_energy_counter(struct em_energy *e, size_t k)
{
    const size_t phases = sizeof e->phase / sizeof(struct em_counter);
    const size_t tariffs = sizeof e->tariff / sizeof(struct em_counter);

    if (k < phases)
        return &e->phase[0][0][0] + k;
    if (k < phases + tariffs)
        return &e->tariff[0][0][0] + (k - phases);
    return &e->quadrant[0][0] + (k - phases - tariffs);
}

void em_energy_clear_rests(struct em_energy *e)
{
    for (size_t k = 0; k < EM_COUNTER_COUNT; k++)
        em_energy_counter(e, k)->rest = 0;
    memset(e->fraction, 0, sizeof e->fraction);
}

void em_energy_reset_trip(struct em_energy *e)
{
    e->trip_resets++;
    memset(e->trip_wh, 0, sizeof e->trip_wh);
}

enum em_err em_energy_change_ct(struct em_energy *e, int32_t ct_ratio)
{
    if (e->ct_changes >= EM_CT_CHANGES_MAX)
        return EM_ERR_LOCKED;
    for (int t = 0; t < EM_TARIFF_COUNT; t++)
        for (int k = 0; k < EM_KIND_COUNT; k++)
            for (int d = 0; d < EM_DIRECTION_COUNT; d++)
                e->history_wh[e->ct_changes][t][k][d] = e->tariff[t][k][d].wh;
    /* From zero on, but for what is below one Wh: that goes on in the measure of the new ratio. */
    for (size_t k = 0; k < EM_COUNTER_COUNT; k++) {
        struct em_counter *c = em_energy_counter(e, k);

        c->wh = 0;
        c->rest = c->rest * EM_CT_SECONDARY(ct_ratio) / EM_CT_SECONDARY(e->ct_ratio);
    }
    e->history_ratio[e->ct_changes++] = e->ct_ratio;
    e->ct_ratio = ct_ratio;
    return EM_OK;
}
