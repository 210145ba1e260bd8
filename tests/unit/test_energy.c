/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <inttypes.h>
#include <string.h>

/* One Wh at a CT ratio of one, in counts^2 x samples. */
#define WH (4096 * (int64_t)EM_REST_PER_WH)

#define LAST_WH (EM_ENERGY_MODULUS - 1)

static struct em_energy energy;

static const enum em_combination codes[] = {EM_C01_FORWARD, EM_C02_REVERSE, EM_C03_SUM, EM_C04_DIFFERENCE,
                                            EM_C05_NETTED};
#define CODE_COUNT 5

static struct em_energy_rules rules(unsigned tariff, enum em_combination code)
{
    return (struct em_energy_rules){
        .tariff = (uint8_t)tariff, .combination = (uint8_t)code, .ct_primary = 5, .ct_secondary = 5};
}

static void add_window(const int64_t ui[EM_PHASE_COUNT], const int64_t q[EM_PHASE_COUNT],
                       const struct em_energy_rules *r)
{
    struct em_window w = {.frequency_mhz = 50000, .cycles = EM_WINDOW_CYCLES};
    struct em_counted counted;

    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        w.phase[p].ui = ui ? ui[p] : 0;
        w.phase[p].q = q ? q[p] : 0;
    }
    em_energy_add(&energy, &w, r, &counted);
}

/* Counts whole Wh (varh) of one phase. */
static void add_wh(unsigned tariff, enum em_combination code, int phase, int64_t wh, int64_t varh)
{
    struct em_energy_rules r = rules(tariff, code);
    int64_t ui[EM_PHASE_COUNT] = {0}, q[EM_PHASE_COUNT] = {0};

    ui[phase] = wh * WH;
    q[phase] = varh * WH;
    add_window(ui, q, &r);
}

static int32_t get(enum em_energy_set set, enum em_kind kind, enum em_energy_part part, enum em_energy_scope scope,
                   enum em_combination code)
{
    return em_energy_get(&energy, EM_ENERGY(set, kind, part, scope), code);
}

static int32_t main_energy(enum em_kind kind, enum em_energy_part part, enum em_energy_scope scope)
{
    return get(EM_SET_MAIN, kind, part, scope, EM_C01_FORWARD);
}

static int32_t trip(enum em_energy_scope scope)
{
    return get(EM_SET_TRIP, EM_ACTIVE, EM_PART_TOTAL, scope, EM_C01_FORWARD);
}

/* --- combination codes --- */

/* The manual's example: L1 +5, L2 +5, L3 -12 kWh. Signs of reverse are the display's business. */
static const struct {
    enum em_combination code;
    int32_t total, forward, reverse;
} manual_example[CODE_COUNT] = {
    {EM_C01_FORWARD, 10000, 10000, 12000},    {EM_C02_REVERSE, -12000, 10000, 12000}, {EM_C03_SUM, 22000, 10000, 12000},
    {EM_C04_DIFFERENCE, -2000, 10000, 12000}, {EM_C05_NETTED, -2000, 0, 2000},
};

static void count_manual_example(unsigned tariff, enum em_combination code)
{
    static const int64_t ui[EM_PHASE_COUNT] = {5 * WH, 5 * WH, -12 * WH};
    struct em_energy_rules r = rules(tariff, code);

    for (int k = 0; k < 1000; k++)
        add_window(ui, NULL, &r);
}

START_TEST(the_manuals_example_comes_out_for_every_code)
{
    for (int k = 0; k < CODE_COUNT; k++) {
        enum em_combination code = manual_example[k].code;

        for (unsigned t = 1; t <= EM_TARIFF_COUNT; t++) {
            em_energy_init(&energy);
            count_manual_example(t, code);
            for (enum em_energy_scope scope = EM_ALL; scope <= EM_T4; scope++) {
                bool counts = scope == EM_ALL || scope == t;
                int32_t total = get(EM_SET_MAIN, EM_ACTIVE, EM_PART_TOTAL, scope, code);
                int32_t forward = get(EM_SET_MAIN, EM_ACTIVE, EM_PART_FORWARD, scope, code);
                int32_t reverse = get(EM_SET_MAIN, EM_ACTIVE, EM_PART_REVERSE, scope, code);

                ck_assert_msg(total == (counts ? manual_example[k].total : 0) &&
                                  forward == (counts ? manual_example[k].forward : 0) &&
                                  reverse == (counts ? manual_example[k].reverse : 0),
                              "C-%02d, tariff %u, scope %d: total %d forward %d reverse %d", (int)code, t, (int)scope,
                              total, forward, reverse);
            }
        }
    }
}
END_TEST

START_TEST(phases_keep_their_own_energy_under_every_code)
{
    static const int32_t flow[EM_PHASE_COUNT] = {5000, 5000, -12000};

    for (int k = 0; k < CODE_COUNT; k++) {
        enum em_combination code = codes[k];

        em_energy_init(&energy);
        count_manual_example(1, code);
        for (int p = 0; p < EM_PHASE_COUNT; p++) {
            int32_t forward = flow[p] > 0 ? flow[p] : 0, reverse = flow[p] < 0 ? -flow[p] : 0;
            int32_t total = code == EM_C01_FORWARD   ? forward
                            : code == EM_C02_REVERSE ? -reverse
                            : code == EM_C03_SUM     ? forward + reverse
                                                     : forward - reverse;
            enum em_energy_scope scope = EM_L1 + (unsigned)p;

            ck_assert_msg(get(EM_SET_MAIN, EM_ACTIVE, EM_PART_FORWARD, scope, code) == forward &&
                              get(EM_SET_MAIN, EM_ACTIVE, EM_PART_REVERSE, scope, code) == reverse &&
                              get(EM_SET_MAIN, EM_ACTIVE, EM_PART_TOTAL, scope, code) == total,
                          "C-%02d L%d", (int)code, p + 1);
        }
    }
}
END_TEST

START_TEST(netting_is_by_window_not_by_total)
{
    /* The same flow one phase after the other has nothing to net. */
    em_energy_init(&energy);
    for (int k = 0; k < 1000; k++)
        add_wh(1, EM_C05_NETTED, 0, 10, 0);
    for (int k = 0; k < 1000; k++)
        add_wh(1, EM_C05_NETTED, 2, -12, 0);
    ck_assert_int_eq(main_energy(EM_ACTIVE, EM_PART_FORWARD, EM_ALL), 10000);
    ck_assert_int_eq(main_energy(EM_ACTIVE, EM_PART_REVERSE, EM_ALL), 12000);
    ck_assert_int_eq(get(EM_SET_MAIN, EM_ACTIVE, EM_PART_TOTAL, EM_ALL, EM_C05_NETTED), -2000);
}
END_TEST

START_TEST(netting_begins_when_c05_is_set)
{
    em_energy_init(&energy);
    count_manual_example(1, EM_C04_DIFFERENCE);
    count_manual_example(1, EM_C05_NETTED);
    ck_assert_int_eq(main_energy(EM_ACTIVE, EM_PART_FORWARD, EM_ALL), 10000);
    ck_assert_int_eq(main_energy(EM_ACTIVE, EM_PART_REVERSE, EM_ALL), 14000);
    ck_assert_int_eq(main_energy(EM_ACTIVE, EM_PART_FORWARD, EM_L1), 10000);
    ck_assert_int_eq(main_energy(EM_ACTIVE, EM_PART_REVERSE, EM_L3), 24000);
}
END_TEST

START_TEST(reactive_energy_is_never_netted_and_its_total_is_the_sum)
{
    static const int64_t q[EM_PHASE_COUNT] = {5 * WH, 5 * WH, -12 * WH};

    for (int k = 0; k < CODE_COUNT; k++) {
        struct em_energy_rules r = rules(2, codes[k]);

        em_energy_init(&energy);
        for (int n = 0; n < 1000; n++)
            add_window(NULL, q, &r);
        ck_assert_int_eq(get(EM_SET_MAIN, EM_REACTIVE, EM_PART_TOTAL, EM_ALL, codes[k]), 22000);
        ck_assert_int_eq(get(EM_SET_MAIN, EM_REACTIVE, EM_PART_FORWARD, EM_ALL, codes[k]), 10000);
        ck_assert_int_eq(get(EM_SET_MAIN, EM_REACTIVE, EM_PART_REVERSE, EM_T2, codes[k]), 12000);
        ck_assert_int_eq(get(EM_SET_MAIN, EM_REACTIVE, EM_PART_TOTAL, EM_L3, codes[k]), 12000);
        ck_assert_int_eq(get(EM_SET_MAIN, EM_REACTIVE, EM_PART_TOTAL, EM_T1, codes[k]), 0);
        ck_assert_int_eq(trip(EM_ALL), 0);
    }
}
END_TEST

/* --- where it goes --- */

START_TEST(every_tariff_and_phase_has_its_own_counters)
{
    em_energy_init(&energy);
    for (unsigned t = 1; t <= EM_TARIFF_COUNT; t++)
        for (int p = 0; p < EM_PHASE_COUNT; p++) {
            int64_t n = 3 * ((int64_t)t - 1) + p + 1; /* 1..12 */

            add_wh(t, EM_C01_FORWARD, p, n, 2 * n);
            add_wh(t, EM_C01_FORWARD, p, -3 * n, -4 * n);
        }
    for (unsigned t = 1; t <= EM_TARIFF_COUNT; t++) {
        int32_t n = 9 * ((int32_t)t - 1) + 6; /* of the three phases */
        enum em_energy_scope scope = EM_T1 + t - 1;

        ck_assert_int_eq(main_energy(EM_ACTIVE, EM_PART_FORWARD, scope), n);
        ck_assert_int_eq(main_energy(EM_ACTIVE, EM_PART_REVERSE, scope), 3 * n);
        ck_assert_int_eq(main_energy(EM_REACTIVE, EM_PART_FORWARD, scope), 2 * n);
        ck_assert_int_eq(main_energy(EM_REACTIVE, EM_PART_REVERSE, scope), 4 * n);
        ck_assert_int_eq(main_energy(EM_REACTIVE, EM_PART_Q1, scope), 2 * n);
        ck_assert_int_eq(main_energy(EM_REACTIVE, EM_PART_Q3, scope), 4 * n);
    }
    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        int32_t n = 22 + 4 * p; /* p + 1 + 3 (0 + 1 + 2 + 3) in four tariffs */
        enum em_energy_scope scope = EM_L1 + (unsigned)p;

        ck_assert_int_eq(main_energy(EM_ACTIVE, EM_PART_FORWARD, scope), n);
        ck_assert_int_eq(main_energy(EM_ACTIVE, EM_PART_REVERSE, scope), 3 * n);
        ck_assert_int_eq(main_energy(EM_REACTIVE, EM_PART_FORWARD, scope), 2 * n);
        ck_assert_int_eq(main_energy(EM_REACTIVE, EM_PART_REVERSE, scope), 4 * n);
    }
    ck_assert_int_eq(main_energy(EM_ACTIVE, EM_PART_FORWARD, EM_ALL), 78);
    ck_assert_int_eq(main_energy(EM_REACTIVE, EM_PART_TOTAL, EM_ALL), 6 * 78);
}
END_TEST

START_TEST(each_phase_counts_reactive_energy_in_its_own_quadrant)
{
    static const struct {
        int64_t wh, varh;
        enum em_energy_part quadrant;
    } rows[] = {
        {1, 7, EM_PART_Q1},  {-1, 7, EM_PART_Q2}, {-1, -7, EM_PART_Q3},
        {1, -7, EM_PART_Q4}, {0, 7, EM_PART_Q1},  {0, -7, EM_PART_Q4},
    };

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        for (int c = 0; c < CODE_COUNT; c++) {
            em_energy_init(&energy);
            add_wh(3, codes[c], 1, rows[k].wh, rows[k].varh);
            for (enum em_energy_part part = EM_PART_Q1; part <= EM_PART_Q4; part++)
                for (enum em_energy_scope scope = EM_ALL; scope <= EM_T4; scope++) {
                    bool here = part == rows[k].quadrant && (scope == EM_ALL || scope == EM_T3);

                    ck_assert_msg(get(EM_SET_MAIN, EM_REACTIVE, part, scope, codes[c]) == (here ? 7 : 0),
                                  "row %zu, C-%02d, Q%d, scope %d", k, (int)codes[c], (int)(part - EM_PART_Q1) + 1,
                                  (int)scope);
                }
        }
    }
    /* Three phases in three quadrants at once. */
    em_energy_init(&energy);
    add_window((int64_t[]){WH, -WH, WH}, (int64_t[]){2 * WH, 3 * WH, -4 * WH},
               &(struct em_energy_rules){1, EM_C05_NETTED, 5, 5});
    ck_assert_int_eq(main_energy(EM_REACTIVE, EM_PART_Q1, EM_ALL), 2);
    ck_assert_int_eq(main_energy(EM_REACTIVE, EM_PART_Q2, EM_ALL), 3);
    ck_assert_int_eq(main_energy(EM_REACTIVE, EM_PART_Q3, EM_ALL), 0);
    ck_assert_int_eq(main_energy(EM_REACTIVE, EM_PART_Q4, EM_ALL), 4);
}
END_TEST

/* --- nothing is dropped --- */

START_TEST(many_tiny_windows_equal_one_big_one)
{
    static const struct {
        int64_t total;
        int sign;
        uint32_t primary, secondary;
    } rows[] = {
        {3 * WH + 12345, 1, 5, 5}, {3 * WH + 12345, -1, 5, 5}, {WH / 3, 1, 9999, 5},  {WH / 2 - 1, -1, 9995, 5},
        {WH / 2000, 1, 1, 1},      {WH / 5 + 4095, 1, 150, 1}, {WH / 7, -1, 9999, 1}, {5000, 1, 5, 5},
    };
    static struct em_energy tiny;

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        for (int c = 0; c < CODE_COUNT; c++) {
            struct em_energy_rules r = {2, (uint8_t)codes[c], rows[k].primary, rows[k].secondary};
            int64_t left = rows[k].total, sign = rows[k].sign, one[EM_PHASE_COUNT], all[EM_PHASE_COUNT];
            uint64_t seed = 21 + k;

            em_energy_init(&energy);
            while (left) {
                int64_t part = (int64_t)(unit_random(&seed) % (uint64_t)(rows[k].total / 2000 + 1)) + 1;

                if (part > left)
                    part = left;
                left -= part;
                one[0] = one[1] = one[2] = sign * part;
                add_window(one, one, &r);
            }
            tiny = energy;
            em_energy_init(&energy);
            all[0] = all[1] = all[2] = sign * rows[k].total;
            add_window(all, all, &r);
            /* Three phases in one counter: rests of the single windows may only meet in the tariff's. */
            ck_assert_msg(
                memcmp(&tiny, &energy, sizeof energy) == 0,
                "row %zu, C-%02d: L1 %u Wh + %" PRIu64 ", want %u Wh + %" PRIu64, k, (int)codes[c],
                tiny.phase[0][EM_ACTIVE][rows[k].sign < 0].wh, tiny.phase[0][EM_ACTIVE][rows[k].sign < 0].rest,
                energy.phase[0][EM_ACTIVE][rows[k].sign < 0].wh, energy.phase[0][EM_ACTIVE][rows[k].sign < 0].rest);
        }
    }
}
END_TEST

static int64_t units(const struct em_counter *counter, uint32_t secondary)
{
    return (int64_t)(counter->wh * EM_REST_PER_WH * secondary + counter->rest);
}

START_TEST(the_books_balance_to_the_last_bit)
{
    static const struct {
        uint32_t primary, secondary;
    } rows[] = {{5, 5}, {250, 5}, {9999, 1}, {7, 1}};

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        int64_t fed[EM_PHASE_COUNT][EM_KIND_COUNT] = {0};
        uint64_t seed = 31 + k;

        em_energy_init(&energy);
        for (int n = 0; n < 2000; n++) {
            struct em_energy_rules r = {(uint8_t)(unit_random(&seed) % EM_TARIFF_COUNT + 1),
                                        (uint8_t)(unit_random(&seed) % EM_C04_DIFFERENCE + 1), rows[k].primary,
                                        rows[k].secondary};
            int64_t ui[EM_PHASE_COUNT], q[EM_PHASE_COUNT];

            for (int p = 0; p < EM_PHASE_COUNT; p++) {
                ui[p] = (int64_t)unit_random(&seed) >> (10 + unit_random(&seed) % 40);
                q[p] = (int64_t)unit_random(&seed) >> (10 + unit_random(&seed) % 40);
                fed[p][EM_ACTIVE] += ui[p];
                fed[p][EM_REACTIVE] += q[p];
            }
            add_window(ui, q, &r);
        }
        for (int kind = 0; kind < EM_KIND_COUNT; kind++) {
            int64_t phases[EM_DIRECTION_COUNT] = {0}, tariffs[EM_DIRECTION_COUNT] = {0};
            int64_t quadrants[EM_DIRECTION_COUNT] = {0};

            for (int p = 0; p < EM_PHASE_COUNT; p++) {
                int64_t forward = units(&energy.phase[p][kind][EM_FORWARD], rows[k].secondary);
                int64_t reverse = units(&energy.phase[p][kind][EM_REVERSE], rows[k].secondary);

                /* A phase: forward - reverse + fraction is what it was fed with. */
                ck_assert_int_eq((forward - reverse) / rows[k].primary * 4096 + energy.fraction[p][kind], fed[p][kind]);
                phases[EM_FORWARD] += forward;
                phases[EM_REVERSE] += reverse;
            }
            for (int t = 0; t < EM_TARIFF_COUNT; t++) {
                for (int d = 0; d < EM_DIRECTION_COUNT; d++)
                    tariffs[d] += units(&energy.tariff[t][kind][d], rows[k].secondary);
                for (int quadrant = 0; quadrant < EM_QUADRANT_COUNT; quadrant++)
                    quadrants[quadrant / 2] += units(&energy.quadrant[t][quadrant], rows[k].secondary);
            }
            for (int d = 0; d < EM_DIRECTION_COUNT; d++) {
                ck_assert_int_eq(tariffs[d], phases[d]);
                if (kind == EM_REACTIVE)
                    ck_assert_int_eq(quadrants[d], phases[d]);
            }
        }
    }
}
END_TEST

START_TEST(a_wh_is_counted_when_its_last_unit_arrives)
{
    em_energy_init(&energy);
    add_window((int64_t[]){WH - 4096, 0, 0}, NULL, &(struct em_energy_rules){1, EM_C01_FORWARD, 5, 5});
    ck_assert_int_eq(main_energy(EM_ACTIVE, EM_PART_FORWARD, EM_L1), 0);
    add_window((int64_t[]){4095, 0, 0}, NULL, &(struct em_energy_rules){1, EM_C01_FORWARD, 5, 5});
    ck_assert_int_eq(main_energy(EM_ACTIVE, EM_PART_FORWARD, EM_L1), 0);
    add_window((int64_t[]){1, 0, 0}, NULL, &(struct em_energy_rules){1, EM_C01_FORWARD, 5, 5});
    ck_assert_int_eq(main_energy(EM_ACTIVE, EM_PART_FORWARD, EM_L1), 1);
    ck_assert_int_eq(main_energy(EM_ACTIVE, EM_PART_FORWARD, EM_ALL), 1);
    ck_assert_int_eq(trip(EM_ALL), 1);
}
END_TEST

/* --- rollover --- */

static void preload(em_energy_id id, int64_t wh)
{
    ck_assert_msg(em_energy_preload(&energy, id, wh) == EM_OK, "id %04X, %" PRId64, id, wh);
}

START_TEST(every_counter_rolls_over_to_zero)
{
    for (int kind = 0; kind < EM_KIND_COUNT; kind++) {
        for (enum em_energy_part part = EM_PART_FORWARD; part <= EM_PART_Q4; part++) {
            for (enum em_energy_scope scope = EM_T1; scope <= EM_L3; scope++) {
                em_energy_id id = EM_ENERGY(EM_SET_MAIN, kind, part, scope);
                bool negative = part == EM_PART_REVERSE || part == EM_PART_Q3 || part == EM_PART_Q4;
                int64_t p = part == EM_PART_Q2 || part == EM_PART_Q3 ? -1 : 1;
                int64_t wh = kind == EM_ACTIVE ? (negative ? -1 : 1) : p, varh = negative ? -1 : 1;
                unsigned tariff = scope <= EM_T4 ? (unsigned)scope : 4;
                int phase = scope >= EM_L1 ? (int)(scope - EM_L1) : 1;

                if (part >= EM_PART_Q1 && (kind == EM_ACTIVE || scope >= EM_L1))
                    continue;
                em_energy_init(&energy);
                preload(id, LAST_WH);
                ck_assert_int_eq(em_energy_get(&energy, id, EM_C01_FORWARD), LAST_WH);
                add_wh(tariff, EM_C01_FORWARD, phase, wh, varh);
                ck_assert_msg(em_energy_get(&energy, id, EM_C01_FORWARD) == 0, "id %04X is %d after its last Wh", id,
                              em_energy_get(&energy, id, EM_C01_FORWARD));
                preload(id, LAST_WH - 1);
                add_wh(tariff, EM_C01_FORWARD, phase, 5 * wh, 5 * varh);
                ck_assert_msg(em_energy_get(&energy, id, EM_C01_FORWARD) == 3, "id %04X is %d, want 3", id,
                              em_energy_get(&energy, id, EM_C01_FORWARD));
            }
        }
    }
}
END_TEST

START_TEST(sums_of_tariffs_roll_over)
{
    static const struct {
        enum em_energy_part part;
        int32_t want[CODE_COUNT];
    } rows[] = {
        {EM_PART_FORWARD, {1, 1, 1, 1, 1}},
        {EM_PART_REVERSE, {3, 3, 3, 3, 3}},
        {EM_PART_TOTAL, {1, -3, 4, -2, -2}},
    };

    em_energy_init(&energy);
    preload(EM_ENERGY(EM_SET_MAIN, EM_ACTIVE, EM_PART_FORWARD, EM_T1), LAST_WH);
    preload(EM_ENERGY(EM_SET_MAIN, EM_ACTIVE, EM_PART_FORWARD, EM_T4), 2);
    preload(EM_ENERGY(EM_SET_MAIN, EM_ACTIVE, EM_PART_REVERSE, EM_T2), LAST_WH);
    preload(EM_ENERGY(EM_SET_MAIN, EM_ACTIVE, EM_PART_REVERSE, EM_T3), 4);
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++)
        for (int c = 0; c < CODE_COUNT; c++) {
            int32_t got = get(EM_SET_MAIN, EM_ACTIVE, rows[k].part, EM_ALL, codes[c]);

            ck_assert_msg(got == rows[k].want[c], "row %zu, C-%02d: %d", k, (int)codes[c], got);
        }
    for (enum em_energy_part part = EM_PART_Q1; part <= EM_PART_Q4; part++) {
        preload(EM_ENERGY(EM_SET_MAIN, EM_REACTIVE, part, EM_T1), LAST_WH);
        preload(EM_ENERGY(EM_SET_MAIN, EM_REACTIVE, part, EM_T3), part);
        ck_assert_int_eq(main_energy(EM_REACTIVE, part, EM_ALL), (int)part - 1);
    }
}
END_TEST

START_TEST(largest_energies_fit_every_code)
{
    em_energy_init(&energy);
    preload(EM_ENERGY(EM_SET_MAIN, EM_ACTIVE, EM_PART_FORWARD, EM_L1), LAST_WH);
    preload(EM_ENERGY(EM_SET_MAIN, EM_ACTIVE, EM_PART_REVERSE, EM_L1), LAST_WH);
    ck_assert_int_eq(get(EM_SET_MAIN, EM_ACTIVE, EM_PART_TOTAL, EM_L1, EM_C01_FORWARD), LAST_WH);
    ck_assert_int_eq(get(EM_SET_MAIN, EM_ACTIVE, EM_PART_TOTAL, EM_L1, EM_C02_REVERSE), -LAST_WH);
    ck_assert_int_eq(get(EM_SET_MAIN, EM_ACTIVE, EM_PART_TOTAL, EM_L1, EM_C03_SUM), LAST_WH - 1);
    ck_assert_int_eq(get(EM_SET_MAIN, EM_ACTIVE, EM_PART_TOTAL, EM_L1, EM_C04_DIFFERENCE), 0);
}
END_TEST

/* --- trip counter --- */

START_TEST(trip_counter_follows_the_code)
{
    for (int k = 0; k < CODE_COUNT; k++) {
        enum em_combination code = codes[k];

        em_energy_init(&energy);
        count_manual_example(1, code);
        count_manual_example(3, code); /* whatever the tariff */
        ck_assert_msg(trip(EM_ALL) == 2 * manual_example[k].total, "C-%02d: %d", (int)code, trip(EM_ALL));
        for (enum em_energy_scope scope = EM_L1; scope <= EM_L3; scope++)
            ck_assert_msg(trip(scope) == get(EM_SET_MAIN, EM_ACTIVE, EM_PART_TOTAL, scope, code), "C-%02d L%d: %d",
                          (int)code, (int)(scope - EM_L1) + 1, trip(scope));
        em_energy_reset_trip(&energy);
        for (enum em_energy_scope scope = EM_ALL; scope <= EM_L3; scope++)
            ck_assert_msg(trip(scope) == 0, "C-%02d, scope %d after the reset", (int)code, (int)scope);
        ck_assert_int_eq(get(EM_SET_MAIN, EM_ACTIVE, EM_PART_TOTAL, EM_ALL, code), 2 * manual_example[k].total);
        count_manual_example(2, code);
        ck_assert_int_eq(trip(EM_ALL), manual_example[k].total);
    }
}
END_TEST

START_TEST(trip_counter_goes_on_when_code_or_ct_change)
{
    int32_t want = 0;

    em_energy_init(&energy);
    for (int k = 0; k < CODE_COUNT; k++) {
        count_manual_example(1, codes[k]);
        want += manual_example[k].total;
        ck_assert_int_eq(trip(EM_ALL), want);
        ck_assert_int_eq(em_energy_change_ct(&energy, EM_CT_RATIO(5, 5)), EM_OK);
        ck_assert_int_eq(trip(EM_ALL), want);
    }
    ck_assert_int_eq(trip(EM_L1), 5000 * 4); /* all codes but C-02 */
    ck_assert_int_eq(trip(EM_L3), -12000 * 2);
}
END_TEST

START_TEST(digits_are_six_and_three_and_roll_over)
{
    static const struct {
        int32_t wh;
        const char *text;
    } rows[] = {{0, "000000.000"},         {1, "000000.001"},         {12345, "000012.345"},
                {-12345, "-000012.345"},   {999999999, "999999.999"}, {-999999999, "-999999.999"},
                {1000000000, "000000.000"}};
    char text[12];

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        em_energy_digits(rows[k].wh, text);
        ck_assert_str_eq(text, rows[k].text);
    }
    em_energy_init(&energy);
    preload(EM_ENERGY(EM_SET_MAIN, EM_ACTIVE, EM_PART_FORWARD, EM_T1), LAST_WH);
    add_wh(1, EM_C01_FORWARD, 0, 1, 0);
    em_energy_digits(main_energy(EM_ACTIVE, EM_PART_FORWARD, EM_T1), text);
    ck_assert_str_eq(text, "000000.000");
}
END_TEST

START_TEST(what_is_below_one_wh_goes_on_over_a_ct_change)
{
    em_energy_init(&energy);
    for (int k = 0; k <= EM_CT_CHANGES_MAX; k++) {
        struct em_energy_rules r = rules(1, EM_C01_FORWARD);

        if (k)
            ck_assert_int_eq(em_energy_change_ct(&energy, EM_CT_RATIO(5, k % 2 ? 1 : 5)), EM_OK);
        r.ct_secondary = k % 2 ? 1 : 5; /* 0.9 Wh each time, in the measure of either secondary */
        add_window((int64_t[]){k % 2 ? WH / 50 * 9 : WH / 10 * 9, 0, 0}, NULL, &r);
    }
    ck_assert_int_eq(trip(EM_ALL), 7); /* of 7.2 Wh */
    ck_assert_int_eq(trip(EM_L1), 7);
}
END_TEST

START_TEST(trip_counter_rolls_over_in_both_directions)
{
    em_energy_init(&energy);
    preload(EM_ENERGY(EM_SET_TRIP, EM_ACTIVE, EM_PART_TOTAL, EM_ALL), LAST_WH);
    preload(EM_ENERGY(EM_SET_TRIP, EM_ACTIVE, EM_PART_TOTAL, EM_L2), LAST_WH);
    add_wh(1, EM_C01_FORWARD, 1, 1, 0);
    ck_assert_int_eq(trip(EM_ALL), 0);
    ck_assert_int_eq(trip(EM_L2), 0);
    preload(EM_ENERGY(EM_SET_TRIP, EM_ACTIVE, EM_PART_TOTAL, EM_ALL), -LAST_WH);
    add_wh(1, EM_C02_REVERSE, 1, -1, 0);
    ck_assert_int_eq(trip(EM_ALL), 0);
    ck_assert_int_eq(trip(EM_L2), -1);
}
END_TEST

/* --- CT history --- */

/* Set k is filled with 100 k + tariff, +10 for reverse, +20 for reactive energy. */
static int32_t history_wh(int set, unsigned tariff, int kind, int direction)
{
    return 100 * set + (int32_t)tariff + 10 * direction + 20 * kind;
}

static void fill_set(int set)
{
    for (unsigned t = 1; t <= EM_TARIFF_COUNT; t++)
        for (int d = 0; d < EM_DIRECTION_COUNT; d++) {
            int64_t sign = d == EM_FORWARD ? 1 : -1;

            for (int n = 0; n < 10; n++) { /* in tenths, so that no window is too large */
                struct em_energy_rules r = rules(t, EM_C01_FORWARD);

                add_window((int64_t[]){0, sign * history_wh(set, t, EM_ACTIVE, d) * (WH / 10), 0},
                           (int64_t[]){0, sign * history_wh(set, t, EM_REACTIVE, d) * (WH / 10), 0}, &r);
            }
        }
}

static void check_sets(int running)
{
    for (int set = 0; set < EM_CT_SET_COUNT; set++)
        for (int kind = 0; kind < EM_KIND_COUNT; kind++)
            for (int d = 0; d < EM_DIRECTION_COUNT; d++) {
                int32_t sum = 0, got;

                for (unsigned t = 1; t <= EM_TARIFF_COUNT; t++) {
                    int32_t want = set <= running ? history_wh(set, t, kind, d) : 0;

                    got = get(EM_SET_CT0 + (unsigned)set, kind, EM_PART_FORWARD + (unsigned)d, EM_T1 + t - 1,
                              EM_C01_FORWARD);
                    ck_assert_msg(got == want, "running %d: set %d, kind %d, direction %d, T%u is %d, want %d", running,
                                  set, kind, d, t, got, want);
                    sum += want;
                }
                got = get(EM_SET_CT0 + (unsigned)set, kind, EM_PART_FORWARD + (unsigned)d, EM_ALL, EM_C01_FORWARD);
                ck_assert_msg(got == sum, "running %d: set %d, kind %d, direction %d is %d, want %d", running, set,
                              kind, d, got, sum);
                if (set == running)
                    ck_assert_int_eq(main_energy(kind, EM_PART_FORWARD + (unsigned)d, EM_ALL), sum);
            }
}

START_TEST(a_ct_change_freezes_the_running_set_and_starts_the_next)
{
    em_energy_init(&energy);
    for (int set = 0; set < EM_CT_SET_COUNT; set++) {
        fill_set(set);
        check_sets(set);
        if (set == EM_CT_CHANGES_MAX)
            break;
        ck_assert_int_eq(em_energy_change_ct(&energy, EM_CT_RATIO(5, 5)), EM_OK);
        for (enum em_energy_part part = EM_PART_TOTAL; part <= EM_PART_Q4; part++)
            for (enum em_energy_scope scope = EM_ALL; scope <= EM_L3; scope++)
                ck_assert_msg(main_energy(EM_ACTIVE, part, scope) == 0 && main_energy(EM_REACTIVE, part, scope) == 0,
                              "part %d, scope %d after change %d", (int)part, (int)scope, set + 1);
    }
}
END_TEST

START_TEST(the_eighth_ct_change_is_refused_and_changes_nothing)
{
    static struct em_energy before;

    em_energy_init(&energy);
    for (int k = 0; k < EM_CT_CHANGES_MAX; k++)
        ck_assert_int_eq(em_energy_change_ct(&energy, EM_CT_RATIO(5, 5)), EM_OK);
    fill_set(7);
    before = energy;
    ck_assert_int_eq(em_energy_change_ct(&energy, EM_CT_RATIO(5, 5)), EM_ERR_LOCKED);
    ck_assert_mem_eq(&before, &energy, sizeof energy);
}
END_TEST

START_TEST(the_meter_keeps_history_when_its_ct_ratio_is_set)
{
    static struct unit_rig rig;
    struct em_meter *m = &rig.meter;

    unit_rig_init(&rig, 50000, unit_mains(50, 1, 0));
    em_energy_preload(&m->energy, EM_ENERGY(EM_SET_MAIN, EM_ACTIVE, EM_PART_FORWARD, EM_T1), 777);
    ck_assert_int_eq(em_meter_set(m, EM_SETTING_CT_RATIO, EM_CT_RATIO(5, 5)), EM_OK); /* the present one */
    ck_assert_uint_eq(m->energy.ct_changes, 0);
    for (int k = 1; k <= EM_CT_CHANGES_MAX; k++) {
        ck_assert_int_eq(em_meter_check(m, EM_SETTING_CT_RATIO, EM_CT_RATIO(100 * k, 5)), EM_OK);
        ck_assert_int_eq(em_meter_set(m, EM_SETTING_CT_RATIO, EM_CT_RATIO(100 * k, 5)), EM_OK);
        ck_assert_uint_eq(m->energy.ct_changes, (unsigned)k);
    }
    ck_assert_int_eq(em_meter_check(m, EM_SETTING_CT_RATIO, EM_CT_RATIO(5, 5)), EM_ERR_LOCKED);
    ck_assert_int_eq(em_meter_set(m, EM_SETTING_CT_RATIO, EM_CT_RATIO(5, 5)), EM_ERR_LOCKED);
    ck_assert_int_eq(m->settings.value[EM_SETTING_CT_RATIO], EM_CT_RATIO(700, 5));
    ck_assert_int_eq(em_meter_set(m, EM_SETTING_CT_RATIO, EM_CT_RATIO(700, 5)), EM_OK);
    energy = m->energy;
    ck_assert_int_eq(get(EM_SET_CT0, EM_ACTIVE, EM_PART_FORWARD, EM_T1, EM_C01_FORWARD), 777);
    ck_assert_int_eq(main_energy(EM_ACTIVE, EM_PART_FORWARD, EM_ALL), 0);
}
END_TEST

START_TEST(energy_is_counted_under_the_ratio_in_force)
{
    static const struct {
        uint32_t primary, secondary;
        int32_t want; /* Wh from one secondary Wh */
    } rows[] = {{5, 5, 1}, {100, 5, 20}, {9995, 5, 1999}, {9999, 1, 9999}, {1, 1, 1}, {7, 5, 1}, {9999, 5, 1999}};

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        em_energy_init(&energy);
        add_window((int64_t[]){WH, 0, 0}, NULL,
                   &(struct em_energy_rules){1, EM_C01_FORWARD, rows[k].primary, rows[k].secondary});
        ck_assert_msg(main_energy(EM_ACTIVE, EM_PART_FORWARD, EM_ALL) == rows[k].want, "row %zu: %d Wh", k,
                      main_energy(EM_ACTIVE, EM_PART_FORWARD, EM_ALL));
    }
}
END_TEST

START_TEST(c05_can_not_be_left)
{
    static struct unit_rig rig;
    struct em_meter *m = &rig.meter;

    unit_rig_init(&rig, 50000, unit_mains(50, 1, 0));
    for (int32_t code = 4; code >= 1; code--)
        ck_assert_int_eq(em_meter_set(m, EM_SETTING_COMBINATION_CODE, code), EM_OK);
    ck_assert_int_eq(em_meter_set(m, EM_SETTING_COMBINATION_CODE, EM_C05_NETTED), EM_OK);
    for (int32_t code = 1; code <= 4; code++) {
        ck_assert_int_eq(em_meter_check(m, EM_SETTING_COMBINATION_CODE, code), EM_ERR_LOCKED);
        ck_assert_int_eq(em_meter_set(m, EM_SETTING_COMBINATION_CODE, code), EM_ERR_LOCKED);
    }
    ck_assert_int_eq(em_meter_set(m, EM_SETTING_COMBINATION_CODE, 6), EM_ERR_RANGE);
    ck_assert_int_eq(em_meter_set(m, EM_SETTING_COMBINATION_CODE, EM_C05_NETTED), EM_OK);
    ck_assert_int_eq(m->settings.value[EM_SETTING_COMBINATION_CODE], EM_C05_NETTED);
}
END_TEST

/* --- names of energies --- */

/* Does this id name an energy of a meter with `changes` CT changes? Read from em_energy.h and the register map. */
static bool meaningful(unsigned id, unsigned changes)
{
    unsigned set = EM_ENERGY_SET(id), kind = EM_ENERGY_KIND(id), part = EM_ENERGY_PART(id), scope = EM_ENERGY_SCOPE(id);

    if (scope > EM_L3 || part > EM_PART_Q4)
        return false;
    if (set == EM_SET_TRIP)
        return kind == EM_ACTIVE && part == EM_PART_TOTAL && (scope == EM_ALL || scope >= EM_L1);
    if (part >= EM_PART_Q1)
        return set == EM_SET_MAIN && kind == EM_REACTIVE && scope <= EM_T4;
    return set == EM_SET_MAIN || (set <= EM_SET_CT0 + changes && scope <= EM_T4);
}

START_TEST(ids_that_mean_nothing_read_zero)
{
    for (unsigned changes = 0; changes <= EM_CT_CHANGES_MAX; changes += 7) {
        unsigned strange = 0, first = 0;

        /* No counter is zero, and no sum of any four of them. */
        memset(&energy, 0, sizeof energy);
        for (size_t k = 0; k < sizeof energy / sizeof(uint32_t); k++)
            ((uint32_t *)(void *)&energy)[k] = 1000 + (uint32_t)k;
        energy.ct_changes = (uint8_t)changes;
        for (unsigned id = 0; id <= UINT16_MAX; id++) {
            bool zero = em_energy_get(&energy, (em_energy_id)id, EM_C01_FORWARD) == 0;

            if (meaningful(id, changes)) {
                UNIT_CHECK(!zero, "%u changes: id %04X reads zero", changes, id);
            } else if (!zero && !strange++) {
                first = id;
            }
        }
        UNIT_CHECK(!strange, "%u changes: %u ids that mean nothing read a number, the first is %04X", changes, strange,
                   first);
    }
}
END_TEST

/* What em_energy_preload takes: single counters, trip counters, a quadrant's total (put on T1). */
static bool preloadable(unsigned id, unsigned changes)
{
    unsigned set = EM_ENERGY_SET(id), part = EM_ENERGY_PART(id), scope = EM_ENERGY_SCOPE(id);

    if (!meaningful(id, changes))
        return false;
    return set == EM_SET_TRIP || part >= EM_PART_Q1 || (part != EM_PART_TOTAL && scope != EM_ALL);
}

START_TEST(only_stored_energies_can_be_preloaded)
{
    for (unsigned changes = 0; changes <= EM_CT_CHANGES_MAX; changes += 7) {
        unsigned strange = 0, first = 0;
        /* Room around, should something be written beside the struct. */
        static struct em_energy room[3];
        static struct em_energy before;

        for (unsigned id = 0; id <= UINT16_MAX; id++) {
            enum em_err err;

            memset(room, 0, sizeof room);
            room[1].ct_changes = (uint8_t)changes;
            before = room[1];
            err = em_energy_preload(&room[1], (em_energy_id)id, 4711);
            if (preloadable(id, changes)) {
                UNIT_CHECK(err == EM_OK, "%u changes: id %04X is refused", changes, id);
                UNIT_CHECK(em_energy_get(&room[1], (em_energy_id)id, EM_C01_FORWARD) == 4711,
                           "%u changes: id %04X reads %d", changes, id,
                           em_energy_get(&room[1], (em_energy_id)id, EM_C01_FORWARD));
            } else if ((!err || memcmp(&before, &room[1], sizeof before) != 0) && !strange++) {
                first = id;
            }
        }
        UNIT_CHECK(!strange, "%u changes: %u ids that are not stored can be preloaded, the first is %04X", changes,
                   strange, first);
    }
}
END_TEST

START_TEST(preload_checks_its_value)
{
    static const struct {
        em_energy_id id;
        int64_t wh;
        enum em_err want;
    } rows[] = {
        {EM_ENERGY(EM_SET_MAIN, EM_ACTIVE, EM_PART_FORWARD, EM_T1), 0, EM_OK},
        {EM_ENERGY(EM_SET_MAIN, EM_ACTIVE, EM_PART_FORWARD, EM_T1), LAST_WH, EM_OK},
        {EM_ENERGY(EM_SET_MAIN, EM_ACTIVE, EM_PART_FORWARD, EM_T1), LAST_WH + 1, EM_ERR_RANGE},
        {EM_ENERGY(EM_SET_MAIN, EM_ACTIVE, EM_PART_FORWARD, EM_T1), -1, EM_ERR_RANGE},
        {EM_ENERGY(EM_SET_MAIN, EM_ACTIVE, EM_PART_FORWARD, EM_T1), INT64_MAX, EM_ERR_RANGE},
        {EM_ENERGY(EM_SET_MAIN, EM_ACTIVE, EM_PART_FORWARD, EM_T1), INT64_MIN, EM_ERR_RANGE},
        {EM_ENERGY(EM_SET_TRIP, EM_ACTIVE, EM_PART_TOTAL, EM_ALL), LAST_WH, EM_OK},
        {EM_ENERGY(EM_SET_TRIP, EM_ACTIVE, EM_PART_TOTAL, EM_L3), LAST_WH + 1, EM_ERR_RANGE},
        {EM_ENERGY(EM_SET_MAIN, EM_ACTIVE, EM_PART_TOTAL, EM_T1), 1, EM_ERR_READ_ONLY},
        {EM_ENERGY(EM_SET_MAIN, EM_ACTIVE, EM_PART_FORWARD, EM_ALL), 1, EM_ERR_READ_ONLY},
        {EM_ENERGY(EM_SET_MAIN, EM_REACTIVE, EM_PART_TOTAL, EM_L1), 1, EM_ERR_READ_ONLY},
        {EM_ENERGY(EM_SET_CT0, EM_ACTIVE, EM_PART_REVERSE, EM_T2), 5, EM_OK},
        {EM_ENERGY(EM_SET_CT0, EM_ACTIVE, EM_PART_REVERSE, EM_ALL), 5, EM_ERR_READ_ONLY},
    };

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        em_energy_init(&energy);
        ck_assert_msg(em_energy_preload(&energy, rows[k].id, rows[k].wh) == rows[k].want, "row %zu", k);
        if (rows[k].want == EM_OK)
            ck_assert_msg(em_energy_get(&energy, rows[k].id, EM_C01_FORWARD) == rows[k].wh, "row %zu reads", k);
    }
}
END_TEST

START_TEST(preload_clears_the_rest_of_its_counter)
{
    em_energy_init(&energy);
    add_window((int64_t[]){WH - 4096, WH - 4096, 0}, NULL, &(struct em_energy_rules){1, EM_C01_FORWARD, 5, 5});
    preload(EM_ENERGY(EM_SET_MAIN, EM_ACTIVE, EM_PART_FORWARD, EM_L1), 10);
    add_window((int64_t[]){4096, 4096, 0}, NULL, &(struct em_energy_rules){1, EM_C01_FORWARD, 5, 5});
    ck_assert_int_eq(main_energy(EM_ACTIVE, EM_PART_FORWARD, EM_L1), 10);
    ck_assert_int_eq(main_energy(EM_ACTIVE, EM_PART_FORWARD, EM_L2), 1);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("energy");
    TCase *tcase = unit_case(suite, "combination codes");

    tcase_add_test(tcase, the_manuals_example_comes_out_for_every_code);
    tcase_add_test(tcase, phases_keep_their_own_energy_under_every_code);
    tcase_add_test(tcase, netting_is_by_window_not_by_total);
    tcase_add_test(tcase, netting_begins_when_c05_is_set);
    tcase_add_test(tcase, reactive_energy_is_never_netted_and_its_total_is_the_sum);
    tcase_add_test(tcase, c05_can_not_be_left);
    tcase = unit_case(suite, "where it goes");
    tcase_add_test(tcase, every_tariff_and_phase_has_its_own_counters);
    tcase_add_test(tcase, each_phase_counts_reactive_energy_in_its_own_quadrant);
    tcase = unit_case(suite, "nothing is dropped");
    tcase_add_test(tcase, many_tiny_windows_equal_one_big_one);
    tcase_add_test(tcase, the_books_balance_to_the_last_bit);
    tcase_add_test(tcase, a_wh_is_counted_when_its_last_unit_arrives);
    tcase_add_test(tcase, energy_is_counted_under_the_ratio_in_force);
    tcase = unit_case(suite, "rollover");
    tcase_add_test(tcase, every_counter_rolls_over_to_zero);
    tcase_add_test(tcase, sums_of_tariffs_roll_over);
    tcase_add_test(tcase, largest_energies_fit_every_code);
    tcase = unit_case(suite, "trip counter");
    tcase_add_test(tcase, trip_counter_follows_the_code);
    tcase_add_test(tcase, trip_counter_goes_on_when_code_or_ct_change);
    tcase_add_test(tcase, digits_are_six_and_three_and_roll_over);
    tcase_add_test(tcase, what_is_below_one_wh_goes_on_over_a_ct_change);
    tcase_add_test(tcase, trip_counter_rolls_over_in_both_directions);
    tcase = unit_case(suite, "CT history");
    tcase_add_test(tcase, a_ct_change_freezes_the_running_set_and_starts_the_next);
    tcase_add_test(tcase, the_eighth_ct_change_is_refused_and_changes_nothing);
    tcase_add_test(tcase, the_meter_keeps_history_when_its_ct_ratio_is_set);
    tcase = unit_case(suite, "names of energies");
    tcase_add_test(tcase, ids_that_mean_nothing_read_zero);
    tcase_add_test(tcase, only_stored_energies_can_be_preloaded);
    tcase_add_test(tcase, preload_checks_its_value);
    tcase_add_test(tcase, preload_clears_the_rest_of_its_counter);
    return suite;
}
