/* SPDX-License-Identifier: MIT
 * The sums of products of every instruction set against the portable ones of the core, to the bit. Samples lie in
 * memory of just their length, so that a sanitizer sees what reads beside them. */
#include <stdlib.h>
#include <string.h>

#include "speed.h"
#include "unit.h"

#define REFERENCE_TOP (1 << EM_REFERENCE_BITS)

enum { COSINE = EM_CHANNEL_COUNT, SINE, ROWS };

struct material {
    void *memory[ROWS];
    int32_t *row[ROWS];
};

/* A number from -top to top, every fourth at an end. */
static int32_t any(uint64_t *seed, int32_t top)
{
    uint64_t r = unit_random(seed);

    if (r % 4 == 0)
        return r >> 8 & 1 ? top : -top;
    return (int32_t)((r >> 8) % (2 * (uint64_t)top + 1)) - top;
}

/* n samples of every channel and of the reference, at any place of a vector. */
static void make_material(struct material *m, uint64_t *seed, uint32_t n, bool extreme)
{
    for (int r = 0; r < ROWS; r++) {
        int32_t top = r < EM_CHANNEL_COUNT ? EM_ADC_MAX : REFERENCE_TOP;
        uint32_t shift = (uint32_t)(unit_random(seed) % 16);

        m->memory[r] = malloc((n + shift) * sizeof *m->row[r]);
        ck_assert_ptr_nonnull(m->memory[r]);
        m->row[r] = (int32_t *)m->memory[r] + shift;
        for (uint32_t k = 0; k < n; k++)
            m->row[r][k] = extreme ? (r % 2 ? -top : top) : any(seed, top);
    }
}

static void free_material(struct material *m)
{
    for (int r = 0; r < ROWS; r++)
        free(m->memory[r]);
}

static void check_all(uint64_t *seed, uint32_t n, bool extreme)
{
    const struct host_speed *speed;
    const int32_t *channel[EM_CHANNEL_COUNT];
    struct em_sums before, want, got;
    struct material m;

    make_material(&m, seed, n, extreme);
    for (size_t k = 0; k < sizeof before / sizeof(int64_t); k++)
        ((int64_t *)&before)[k] = extreme ? 0 : (int64_t)unit_random(seed) >> 2;
    for (int c = 0; c < EM_CHANNEL_COUNT; c++)
        channel[c] = m.row[c];
    want = before;
    em_accumulate(&want, channel, m.row[COSINE], m.row[SINE], n);
    for (size_t k = 0; (speed = host_speed_at(k)); k++) {
        got = before;
        speed->loops.accumulate(&got, channel, m.row[COSINE], m.row[SINE], n);
        UNIT_CHECK(memcmp(&want, &got, sizeof got) == 0, "%s: %u samples", speed->name, n);
    }
    free_material(&m);
}

START_TEST(any_samples_have_the_same_sums)
{
    uint64_t seed = 91;

    for (uint32_t n = 1; n <= 400; n++)
        for (int round = 0; round < 5; round++)
            check_all(&seed, n, false);
}
END_TEST

START_TEST(the_longest_run_of_the_largest_samples_fits)
{
    uint64_t seed = 92;

    check_all(&seed, 65536, true);
    check_all(&seed, 65535, true);
    check_all(&seed, 1, true);
}
END_TEST

/* A sum that no other has: one product at one place. */
START_TEST(every_product_has_its_place)
{
    const struct host_speed *speed;
    int32_t row[ROWS][33];
    const int32_t *channel[EM_CHANNEL_COUNT];

    for (int c = 0; c < EM_CHANNEL_COUNT; c++)
        channel[c] = row[c];
    for (size_t k = 0; (speed = host_speed_at(k)); k++) {
        for (int at = 0; at < 33; at++) {
            struct em_sums s = {0};

            memset(row, 0, sizeof row);
            for (int r = 0; r < ROWS; r++)
                row[r][at] = (int32_t[]){2, 3, 5, 7, 11, 13, 17, 19}[r];
            speed->loops.accumulate(&s, channel, row[COSINE], row[SINE], 33);
            for (int p = 0; p < EM_PHASE_COUNT; p++) {
                const int64_t u = row[p][at], i = row[EM_I1 + p][at];
                const struct em_phase_sums *got = &s.phase[p];

                ck_assert_msg(got->uu == u * u && got->ii == i * i && got->ui == u * i && got->uc == u * 17 &&
                                  got->us == u * 19 && got->ic == i * 17 && got->is == i * 19,
                              "%s: phase %d, sample %d", speed->name, p, at);
            }
            ck_assert_msg(s.cross[0] == 6 && s.cross[1] == 10 && s.cross[2] == 15, "%s: sample %d", speed->name, at);
        }
    }
}
END_TEST

START_TEST(sets_go_from_slow_to_fast_and_have_names)
{
    ck_assert_str_eq(host_speed_at(0)->name, "generic");
    for (size_t k = 0; host_speed_at(k); k++) {
        ck_assert_int_eq(setenv("VMETER_CPU", host_speed_at(k)->name, 1), 0);
        ck_assert_ptr_eq(host_speed_best(), host_speed_at(k));
        for (size_t j = 0; j < k; j++)
            ck_assert_str_ne(host_speed_at(j)->name, host_speed_at(k)->name);
    }
    unsetenv("VMETER_CPU");
    for (size_t k = 0; host_speed_at(k); k++)
        if (!host_speed_at(k + 1))
            ck_assert_ptr_eq(host_speed_best(), host_speed_at(k));
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("speed");
    TCase *sums = unit_case(suite, "sums");

    tcase_add_test(sums, any_samples_have_the_same_sums);
    tcase_add_test(sums, the_longest_run_of_the_largest_samples_fits);
    tcase_add_test(sums, every_product_has_its_place);
    tcase_add_test(sums, sets_go_from_slow_to_fast_and_have_names);
    return suite;
}
