/* SPDX-License-Identifier: MIT
 * The pool of threads: every piece of work is done just once, and is done when the pool says so. */
#include <stdatomic.h>
#include <string.h>

#include "../../src/sim/pool.h"
#include "unit.h"

#define THINGS 3000

struct thing {
    unsigned done;
    uint64_t result;
};

static struct thing things[THINGS];

/* The k-th thing takes a time of its own; some take far longer than others. */
static void do_thing(void *ctx, unsigned k)
{
    struct thing *t = &((struct thing *)ctx)[k];
    uint64_t seed = k;

    for (unsigned n = k % 97 ? 10 : 20000; n; n--)
        t->result ^= unit_random(&seed);
    t->done++;
}

START_TEST(each_once)
{
    static const unsigned counts[] = {0, 1, 2, 3, 7, 64, 1000, THINGS};
    struct sim_pool *pool = sim_pool_new((unsigned)_i);

    for (unsigned c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        memset(things, 0, sizeof things);
        sim_pool_run(pool, counts[c], do_thing, things);
        for (unsigned k = 0; k < THINGS; k++)
            ck_assert_msg(things[k].done == (k < counts[c]), "%u threads, %u things: the %u-th done %u times", _i,
                          counts[c], k, things[k].done);
    }
    sim_pool_free(pool);
}
END_TEST

static void count(void *ctx, unsigned k)
{
    (void)k;
    atomic_fetch_add((atomic_uint *)ctx, 1);
}

/* Little work, again and again: threads that wake too late find nothing left, or the work after it. */
START_TEST(many_short_runs)
{
    struct sim_pool *pool = sim_pool_new(4);
    atomic_uint n = 0;

    for (unsigned round = 1; round <= 20000; round++) {
        sim_pool_run(pool, 3, count, &n);
        ck_assert_uint_eq(n, 3 * round);
    }
    sim_pool_free(pool);
}
END_TEST

static void note_order(void *ctx, unsigned k)
{
    unsigned *next = ctx;

    ck_assert_uint_eq(*next, k);
    ++*next;
}

START_TEST(without_a_pool_in_order)
{
    struct sim_pool *alone = sim_pool_new(1);
    unsigned next = 0;

    sim_pool_run(NULL, 100, note_order, &next);
    ck_assert_uint_eq(next, 100);
    next = 0;
    sim_pool_run(alone, 100, note_order, &next);
    ck_assert_uint_eq(next, 100);
    sim_pool_free(alone);
    sim_pool_free(NULL);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("pool");
    TCase *pool = unit_case(suite, "pool");

    tcase_add_loop_test(pool, each_once, 1, 9);
    tcase_add_test(pool, many_short_runs);
    tcase_add_test(pool, without_a_pool_in_order);
    return suite;
}
