/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "due.h"
#include "scene.h"

static struct sim_due due;

static void setup(void)
{
    due = (struct sim_due){0};
}

static void teardown(void)
{
    sim_due_free(&due);
}

static void add(int64_t at, uint64_t order, int64_t period, int64_t left)
{
    sim_due_add(&due, (struct sim_due_item){.at = at, .order = order, .period = period, .left = left});
}

/* Takes the next one, whatever its time. */
static struct sim_due_item take(void)
{
    struct sim_due_item item = {0};

    ck_assert(sim_due_take(&due, INT64_MAX - 1, &item));
    return item;
}

START_TEST(an_empty_list_has_nothing_due)
{
    struct sim_due_item item;

    ck_assert_int_eq(sim_due_next(&due), INT64_MAX);
    ck_assert(!sim_due_take(&due, INT64_MAX - 1, &item));
}
END_TEST

START_TEST(nothing_is_taken_before_its_time)
{
    struct sim_due_item item;

    add(100, 1, 0, 1);
    ck_assert(!sim_due_take(&due, 99, &item));
    ck_assert_int_eq(sim_due_next(&due), 100);
    ck_assert(sim_due_take(&due, 100, &item));
    ck_assert_int_eq(sim_due_next(&due), INT64_MAX);
}
END_TEST

START_TEST(what_is_late_is_still_taken)
{
    struct sim_due_item item;

    add(-5, 1, 0, 1);
    add(3, 2, 0, 1);
    ck_assert(sim_due_take(&due, 1000, &item));
    ck_assert_int_eq(item.at, -5);
    ck_assert(sim_due_take(&due, 1000, &item));
    ck_assert_int_eq(item.at, 3);
}
END_TEST

START_TEST(at_the_same_instant_file_order_decides)
{
    static const unsigned char orders[] = {7, 3, 9, 1, 5, 0, 8, 2, 6, 4};

    for (size_t k = 0; k < COUNT(orders); k++)
        add(50, orders[k], 0, 1);
    for (unsigned k = 0; k < COUNT(orders); k++)
        ck_assert_uint_eq(take().order, k);
}
END_TEST

START_TEST(an_item_comes_back_with_all_that_it_had)
{
    static const char what[] = "an event";
    struct sim_due_item item;

    sim_due_add(&due, (struct sim_due_item){.at = 8, .order = 2, .period = 3, .left = 4, .what = what});
    item = take();
    ck_assert_int_eq(item.at, 8);
    ck_assert_uint_eq(item.order, 2);
    ck_assert_int_eq(item.period, 3);
    ck_assert_int_eq(item.left, 4);
    ck_assert_ptr_eq(item.what, what);
}
END_TEST

START_TEST(a_periodic_item_comes_as_often_as_it_says)
{
    add(10, 1, 7, 4);
    for (int k = 0; k < 4; k++)
        ck_assert_int_eq(take().at, 10 + 7 * k);
    ck_assert_int_eq(sim_due_next(&due), INT64_MAX);
}
END_TEST

START_TEST(an_endless_item_goes_on)
{
    add(0, 1, 8000, INT64_MAX);
    for (int64_t k = 0; k < 100000; k++) {
        struct sim_due_item item;

        UNIT_CHECK(sim_due_take(&due, 8000 * k, &item) && item.at == 8000 * k, "repetition %lld", (long long)k);
        UNIT_CHECK(!sim_due_take(&due, 8000 * k, &item), "twice at %lld", (long long)k);
    }
    ck_assert_uint_eq(due.count, 1);
}
END_TEST

START_TEST(the_order_holds_between_a_repetition_and_a_single_item)
{
    add(0, 2, 10, 4);
    add(20, 1, 0, 1);
    add(20, 3, 0, 1);
    ck_assert_uint_eq(take().order, 2);
    ck_assert_uint_eq(take().order, 2);
    ck_assert_uint_eq(take().order, 1);
    ck_assert_uint_eq(take().order, 2);
    ck_assert_uint_eq(take().order, 3);
    ck_assert_uint_eq(take().order, 2);
    ck_assert_uint_eq(due.count, 0);
}
END_TEST

static int compare(const void *a, const void *b)
{
    const struct sim_due_item *x = a, *y = b;

    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* What is to come of a list, written out and sorted. */
static size_t written_out(const struct sim_due_item *items, size_t n, struct sim_due_item *out)
{
    size_t count = 0;

    for (size_t k = 0; k < n; k++) {
        for (int64_t j = 0; j < (items[k].period ? items[k].left : 1); j++) {
            out[count] = items[k];
            out[count].left -= j;
            out[count++].at += j * items[k].period;
        }
    }
    qsort(out, count, sizeof *out, compare);
    return count;
}

START_TEST(it_gives_what_a_sorted_list_gives)
{
    static struct sim_due_item items[300], want[300 * 20];
    uint64_t seed = 1;

    for (int round = 0; round < 300; round++) {
        size_t n = 1 + unit_random(&seed) % COUNT(items), count;

        for (size_t k = 0; k < n; k++) {
            items[k] = (struct sim_due_item){
                .at = (int64_t)(unit_random(&seed) % (round % 2 ? 40 : 100000)), .order = k, .left = 1};
            if (unit_random(&seed) % 3 == 0) {
                items[k].period = 1 + (int64_t)(unit_random(&seed) % 50);
                items[k].left = 1 + (int64_t)(unit_random(&seed) % 20);
            }
            sim_due_add(&due, items[k]);
        }
        count = written_out(items, n, want);
        for (size_t k = 0; k < count; k++) {
            struct sim_due_item got;

            UNIT_CHECK(sim_due_next(&due) == want[k].at, "round %d: next of %zu", round, k);
            UNIT_CHECK(sim_due_take(&due, want[k].at, &got), "round %d: %zu is not due", round, k);
            UNIT_CHECK(got.at == want[k].at && got.order == want[k].order && got.left == want[k].left,
                       "round %d: item %zu", round, k);
        }
        UNIT_CHECK(due.count == 0, "round %d: %zu are left", round, due.count);
    }
}
END_TEST

START_TEST(items_may_be_added_while_others_are_taken)
{
    uint64_t seed = 9, order = 0;
    size_t taken = 0;

    for (int64_t now = 0, before = 0; taken < 20000; before = now, now += (int64_t)(unit_random(&seed) % 50)) {
        struct sim_due_item item, last = {.at = -1};

        while (sim_due_take(&due, now, &item)) {
            UNIT_CHECK(item.at >= before && item.at <= now && compare(&last, &item) < 0, "item %zu", taken);
            last = item;
            taken++;
        }
        UNIT_CHECK(sim_due_next(&due) > now, "something due was left at %lld", (long long)now);
        for (uint64_t k = unit_random(&seed) % 4; k > 0; k--)
            add(now + (int64_t)(unit_random(&seed) % 100), order++, 0, 1);
    }
    ck_assert_uint_eq(taken + due.count, order);
}
END_TEST

START_TEST(a_freed_list_can_be_used_again)
{
    add(1, 1, 0, 1);
    sim_due_free(&due);
    ck_assert_int_eq(sim_due_next(&due), INT64_MAX);
    add(2, 1, 0, 1);
    ck_assert_int_eq(take().at, 2);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("due");
    TCase *tcase = unit_case(suite, "due");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, an_empty_list_has_nothing_due);
    tcase_add_test(tcase, nothing_is_taken_before_its_time);
    tcase_add_test(tcase, what_is_late_is_still_taken);
    tcase_add_test(tcase, at_the_same_instant_file_order_decides);
    tcase_add_test(tcase, an_item_comes_back_with_all_that_it_had);
    tcase_add_test(tcase, a_periodic_item_comes_as_often_as_it_says);
    tcase_add_test(tcase, an_endless_item_goes_on);
    tcase_add_test(tcase, the_order_holds_between_a_repetition_and_a_single_item);
    tcase_add_test(tcase, it_gives_what_a_sorted_list_gives);
    tcase_add_test(tcase, items_may_be_added_while_others_are_taken);
    tcase_add_test(tcase, a_freed_list_can_be_used_again);
    return suite;
}
