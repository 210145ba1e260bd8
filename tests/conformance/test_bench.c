/* SPDX-License-Identifier: MIT
 * Every row of the test bench as a test.
 *
 * Under CI a subset runs, chosen so that every way of measuring and every kind of waveform is in it; with the
 * environment variable VMETER_CONFORMANCE=all every row does (suite conformance-full). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/sim/bench_report.h"
#include "scenario.h"
#include "speed.h"
#include "unit.h"
#include "adjust.h"

/* Our own arithmetic may take so much of a limit, with an ideal front end. */
#define IDEAL_PART 0.1

/* Rows that CI measures. */
static const char *const ideal_subset[] = {
    "A01",   "A03", "A07",   "A09r", "A10",    "A12",  "A18",  "A22",   "A23r",   "A24a", "A30.2a", "A31.3b", "A30.1c",
    "A32.1", "S01", "S02",   "S03",  "N01",    "N03",  "N04",  "C01c",  "C01h",   "R01c", "T01",    "I01a",   "I04b",
    "I06La", "I08", "I09a",  "I12b", "I13",    "I14L", "I20",  "I21.2", "I22.3o", "I23",  "I30",    "I31",    "I32",
    "I34c",  "Q01", "Q05cr", "Q07r", "Q10.2d", "Q11",  "Q12f", "E01",   "E02",    "E03",  "E04a",   NULL};
static const char *const errant_subset[] = {"A01",    "A03", "A09", "A10", "A11r", "A12", "A18", "A22",  "A30.3a",
                                            "A31.1a", "S01", "N01", "N04", "I31",  "I30", "Q05", "Q09a", NULL};

static struct sim_bench bench;
static struct sim_front_end realistic;
static struct sim_adjustment works;

static bool all_rows(void)
{
    const char *wish = getenv("VMETER_CONFORMANCE");

    return wish && strcmp(wish, "all") == 0;
}

/* Is the row in the list? A name of three letters, like "I08", also brings the rows that it is divided into. */
static bool wanted(const char *id, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(id, *list) == 0 ||
            (strlen(*list) == 3 && strncmp(id, *list, 3) == 0 && id[3] >= 'a' && id[3] <= 'h'))
            return true;
    return all_rows();
}

static void load_front_end(void)
{
    struct js js = {.file = CONFORMANCE_FRONT_END};

    UNIT_CHECK(sim_front_end_load(&js, CONFORMANCE_FRONT_END, &realistic), "%s", js.error);
}

static void measure_named(const char *id)
{
    size_t k = sim_bench_find(&bench, id);

    if (*id && !bench.result[k].asked)
        sim_bench_measure(&bench, k);
}

/* Measures the rows of a list and those they refer to. */
static void measure(const char *const *list)
{
    for (size_t k = 0; k < bench.rows; k++) {
        if (!wanted(bench.row[k].id, list))
            continue;
        measure_named(bench.row[k].base);
        measure_named(bench.row[k].of);
        measure_named(bench.row[k].id);
    }
    sim_bench_judge(&bench);
}

static void begin(void)
{
    sim_bench_init(&bench, &host_speed_best()->loops);
    load_front_end();
}

static void end(void)
{
    sim_bench_free(&bench);
}

/* --- The table --- */

START_TEST(ids_are_unique_and_what_rows_refer_to_is_there)
{
    for (size_t k = 0; k < bench.rows; k++) {
        const struct sim_bench_row *row = &bench.row[k];

        ck_assert_msg(sim_bench_find(&bench, row->id) == k, "%s twice", row->id);
        ck_assert_msg(!*row->base || sim_bench_find(&bench, row->base) < bench.rows, "%s: %s", row->id, row->base);
        ck_assert_msg(!*row->of || sim_bench_find(&bench, row->of) < bench.rows, "%s: %s", row->id, row->of);
        ck_assert_msg(*row->text && *row->source, "%s says nothing", row->id);
        ck_assert_msg(strlen(row->text) < 38, "%s: too long a text for the table", row->id);
        ck_assert_msg((row->kind == SIM_BENCH_CHANGE || row->kind == SIM_BENCH_DIFFERENCE) == (*row->base != 0), "%s",
                      row->id);
        ck_assert_msg(row->manual >= 0 || sim_bench_standard(row).value >= 0 || row->kind == SIM_BENCH_NOT_DONE,
                      "%s has no limit", row->id);
    }
    ck_assert_uint_ge(bench.rows, 250);
}
END_TEST

/* A base differs from its row in the influence alone: current and angle are the same. */
START_TEST(a_base_is_the_same_load)
{
    for (size_t k = 0; k < bench.rows; k++) {
        const struct sim_bench_row *row = &bench.row[k], *base;

        if (row->kind != SIM_BENCH_CHANGE)
            continue;
        base = &bench.row[sim_bench_find(&bench, row->base)];
        UNIT_NEAR(row->id, row->condition.current, base->condition.current, 1e-12);
        UNIT_NEAR(row->id, row->condition.angle, base->condition.angle, 1e-12);
        ck_assert_msg(row->energy == base->energy, "%s", row->id);
    }
}
END_TEST

/* What the generator's parameters come to is what the textbook says of the row. */
START_TEST(the_reference_agrees_with_the_textbook)
{
    for (size_t k = 0; k < bench.rows; k++) {
        const struct sim_bench_row *row = &bench.row[k];
        struct sim_reference reference;
        struct sim_network net;
        double got, wanted_power = sim_bench_textbook(row);

        sim_bench_network(row, &net);
        sim_reference_measure(&reference, &net);
        got = row->energy == EM_ACTIVE ? reference.now.p[EM_TOTAL] : reference.now.q[EM_TOTAL];
        if (row->condition.wave == SIM_BENCH_BURSTS)
            got /= 2;
        UNIT_NEAR(row->id, got, wanted_power, 1e-9 + 1e-9 * fabs(wanted_power));
    }
}
END_TEST

/* Values of the rows with harmonics that can be found by hand. */
START_TEST(harmonic_rows_have_the_quantities_of_the_textbook)
{
    struct sim_reference r;
    struct sim_network net;

    sim_bench_network(&bench.row[sim_bench_find(&bench, "I30")], &net);
    sim_reference_measure(&r, &net);
    UNIT_NEAR("I30 U", r.now.u[0], 1.00498756 * 230, 1e-5);
    UNIT_NEAR("I30 I", r.now.i[0], 1.07703296 * 2.5, 1e-6);
    UNIT_NEAR("I30 Q", r.now.q[EM_TOTAL], 0, 1e-6);
    sim_bench_network(&bench.row[sim_bench_find(&bench, "I31")], &net);
    sim_reference_measure(&r, &net);
    UNIT_NEAR("I31 Q", r.now.q[EM_TOTAL], 3 * 230 * 0.5 / 3.14159265358979, 1e-6);
    UNIT_NEAR("I31 fundamental", net.phase[0].current, 0.59272 * 0.5, 1e-5);
    UNIT_NEAR("I31 third", net.phase[0].current_harmonics.at[0].percent, 53.70, 0.01);
    UNIT_NEAR("I31 fifth", net.phase[0].current_harmonics.at[1].percent, 17.90, 0.01);
    UNIT_NEAR("I31 seventh", net.phase[0].current_harmonics.at[2].percent, 17.90, 0.01);
    UNIT_NEAR("I31 I", r.now.i[0], 0.70711 * 0.5, 0.003); /* what lies above the 39th is missing */
}
END_TEST

START_TEST(the_stricter_standard_counts_and_differences_are_told)
{
    const struct sim_bench_row *a03 = &bench.row[sim_bench_find(&bench, "A03")],
                               *a04 = &bench.row[sim_bench_find(&bench, "A04")],
                               *a10 = &bench.row[sim_bench_find(&bench, "A10")];

    ck_assert(sim_bench_differs(a03) && !sim_bench_differs(a04) && !sim_bench_differs(a10));
    UNIT_NEAR("A10", sim_bench_standard(a10).value, 1.0, 0);
    ck_assert_str_eq(sim_bench_standard(a10).mark, "S2");
    ck_assert(sim_bench_uncertain(a10) && !sim_bench_uncertain(a03));
}
END_TEST

/* --- The ideal front end --- */

START_TEST(with_an_ideal_front_end_every_limit_is_held_with_room)
{
    measure(ideal_subset);
    for (size_t k = 0; k < bench.rows; k++) {
        const struct sim_bench_row *row = &bench.row[k];
        const struct sim_bench_result *r = &bench.result[k];
        double standard = sim_bench_standard(row).value;

        if (!r->asked || row->kind == SIM_BENCH_NOT_DONE)
            continue;
        ck_assert_msg(!r->fault, "%s: %s", row->id, r->fault);
        ck_assert_msg(r->manual != SIM_BENCH_FAILED && r->standard != SIM_BENCH_FAILED, "%s (%s): %g and %g", row->id,
                      row->text, r->led, r->registers);
        if (!sim_bench_is_error(row->kind))
            continue;
        ck_assert_msg(sim_bench_ratio(row, r, row->manual) < IDEAL_PART &&
                          sim_bench_ratio(row, r, standard) < IDEAL_PART,
                      "%s (%s): %g and %g %%", row->id, row->text, r->led, r->registers);
        /* And the figures agree: pulses to a few samples, registers to a window, the power to its digits. */
        ck_assert_msg(fabs(r->led) < 0.03 && fabs(r->registers - r->led) < 2 * r->resolution + 0.001,
                      "%s: pulses %g, registers %g +- %g", row->id, r->led, r->registers, r->resolution);
        if (row->kind == SIM_BENCH_ERROR)
            UNIT_NEAR(row->id, r->power_error, r->led_error, row->condition.current < 0.05 ? 0.01 : 0.002);
    }
}
END_TEST

START_TEST(nothing_is_counted_without_load)
{
    static const char *const rows[] = {"N01", "N03", "N04", "Q11c", "E01", "E02", "E03", NULL};

    for (size_t k = 0; rows[k]; k++) {
        const struct sim_bench_result *r = &bench.result[sim_bench_find(&bench, rows[k])];

        measure_named(rows[k]);
        ck_assert_msg(r->led == 0 && r->registers == 0, "%s: %g pulses, %g Wh", rows[k], r->led, r->registers);
    }
}
END_TEST

/* --- The realistic front end --- */

static void check_all_held(void)
{
    struct sim_bench_summary s;

    sim_bench_summarise(&bench, &s);
    for (size_t k = 0; k < bench.rows; k++)
        ck_assert_msg(bench.result[k].manual != SIM_BENCH_FAILED && bench.result[k].standard != SIM_BENCH_FAILED,
                      "%s (%s): %g and %g %s", bench.row[k].id, bench.row[k].text, bench.result[k].led,
                      bench.result[k].registers, bench.result[k].fault ? bench.result[k].fault : "");
    ck_assert_uint_gt(s.standard, 10);
    ck_assert_uint_eq(s.faults, 0);
}

START_TEST(a_realistic_front_end_fails_without_calibration)
{
    static const char *const few[] = {"A07", "A18", NULL};

    bench.front_end = realistic;
    measure(all_rows() ? errant_subset : few);
    ck_assert_int_eq(bench.result[sim_bench_find(&bench, "A07")].standard, SIM_BENCH_FAILED);
    ck_assert_int_eq(bench.result[sim_bench_find(&bench, "A07")].manual, SIM_BENCH_FAILED);
    ck_assert_int_eq(bench.result[sim_bench_find(&bench, "A18")].standard, SIM_BENCH_FAILED);
}
END_TEST

START_TEST(a_realistic_front_end_passes_class_b_after_calibration)
{
    bench.front_end = realistic;
    ck_assert_int_eq(sim_adjust(&works, &realistic, &bench.speed), EM_OK);
    bench.calibration = &works.calibration;
    measure(errant_subset);
    check_all_held();
}
END_TEST

/* What the works finds is what was put in. */
START_TEST(the_works_finds_the_errors_of_the_front_end)
{
    const struct em_calibration *c = &works.calibration;

    ck_assert_int_eq(sim_adjust(&works, &realistic, &bench.speed), EM_OK);
    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        for (int k = 0; k < 2; k++) {
            int channel = 3 * k + p;

            UNIT_NEAR("gain", c->gain_ppm[channel], 1e6 * (1 / (1 + realistic.gain_error[channel]) - 1), 20);
            UNIT_NEAR("offset", c->offset[channel], realistic.offset[channel], 2);
        }
        UNIT_NEAR("phase", c->phase[p] / (double)EM_PHASE_PER_DEGREE,
                  realistic.phase_error[EM_I1 + p] - realistic.phase_error[EM_U1 + p], 0.0005);
    }
    for (int k = 0; k < SIM_ADJUST_POINTS; k++)
        for (int p = 0; p < EM_PHASES_AND_TOTAL; p++)
            UNIT_NEAR("after", works.after[k].power[p], 0, 0.001);
}
END_TEST

START_TEST(an_ideal_front_end_needs_no_constants)
{
    const struct sim_front_end ideal = {.seed = 1};

    ck_assert_int_eq(sim_adjust(&works, &ideal, &bench.speed), EM_OK);
    for (int c = 0; c < EM_CHANNEL_COUNT; c++) {
        ck_assert_int_le(abs(works.calibration.gain_ppm[c]), 1);
        ck_assert_int_eq(works.calibration.offset[c], 0);
    }
    for (int p = 0; p < EM_PHASE_COUNT; p++)
        ck_assert_int_le(abs(works.calibration.phase[p]), 1);
}
END_TEST

START_TEST(a_front_end_beyond_all_constants_is_refused)
{
    struct sim_front_end broken = {.seed = 1, .gain_error = {[EM_I1] = -0.5}};

    ck_assert_int_eq(sim_adjust(&works, &broken, &bench.speed), EM_ERR_RANGE);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("conformance");
    TCase *table = unit_case(suite, "table"), *ideal = unit_case(suite, "ideal"),
          *errant = unit_case(suite, "realistic");

    tcase_add_checked_fixture(table, begin, end);
    tcase_add_test(table, ids_are_unique_and_what_rows_refer_to_is_there);
    tcase_add_test(table, a_base_is_the_same_load);
    tcase_add_test(table, the_reference_agrees_with_the_textbook);
    tcase_add_test(table, harmonic_rows_have_the_quantities_of_the_textbook);
    tcase_add_test(table, the_stricter_standard_counts_and_differences_are_told);
    tcase_add_checked_fixture(ideal, begin, end);
    tcase_set_timeout(ideal, 1200);
    tcase_add_test(ideal, with_an_ideal_front_end_every_limit_is_held_with_room);
    tcase_add_test(ideal, nothing_is_counted_without_load);
    tcase_add_checked_fixture(errant, begin, end);
    tcase_set_timeout(errant, 1200);
    tcase_add_test(errant, a_realistic_front_end_fails_without_calibration);
    tcase_add_test(errant, a_realistic_front_end_passes_class_b_after_calibration);
    tcase_add_test(errant, the_works_finds_the_errors_of_the_front_end);
    tcase_add_test(errant, an_ideal_front_end_needs_no_constants);
    tcase_add_test(errant, a_front_end_beyond_all_constants_is_refused);
    return suite;
}
