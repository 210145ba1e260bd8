/* SPDX-License-Identifier: MIT
 * What varies from run to run, and what is made of the results. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "scene.h"
#include "suite.h"
#include "sweep.h"

/* --- What varies --- */

static struct sim_scenario *scenario;

/* A scenario with this "vary" (' for "). */
static const struct sim_vary *vary(const char *text)
{
    static struct scene scene;
    char whole[1000];

    snprintf(whole, sizeof whole, "{'duration':1,'load':{'all':{'current':1}},'vary':%s}", text);
    if (scenario)
        scene_close(&scene);
    scene_open(&scene, whole);
    scenario = scene.scenario;
    return &scenario->vary;
}

static double drawn(const struct sim_vary *v, unsigned run, const char *path)
{
    cJSON *values = sim_vary_draw(v, run);
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(values, path);
    double number = cJSON_IsNumber(value) ? value->valuedouble : atof(value->valuestring);

    cJSON_Delete(values);
    return number;
}

START_TEST(combinations_come_in_turn_and_then_again)
{
    const struct sim_vary *v =
        vary("{'values':{'load.L1.current':{'grid':[1,2]},'grid.voltage':{'steps':[220,240,3]}}}");
    static const double current[] = {1, 1, 1, 2, 2, 2, 1}, voltage[] = {220, 230, 240, 220, 230, 240, 220};

    ck_assert_uint_eq(v->runs, 6);
    for (unsigned run = 1; run <= 7; run++) {
        ck_assert(drawn(v, run, "load.L1.current") == current[run - 1]);
        ck_assert(drawn(v, run, "grid.voltage") == voltage[run - 1]);
    }
}
END_TEST

/* Evenly over all runs, and grids beside it go round as if it were not there. */
START_TEST(steps_without_a_count_go_over_all_runs)
{
    const struct sim_vary *v =
        vary("{'runs':5,'values':{'load.L1.current':{'grid':[1,2]},'grid.voltage':{'steps':[220,240]}}}");
    static const double current[] = {1, 2, 1, 2, 1}, voltage[] = {220, 225, 230, 235, 240};

    ck_assert_uint_eq(v->runs, 5);
    for (unsigned run = 1; run <= 5; run++) {
        ck_assert(drawn(v, run, "load.L1.current") == current[run - 1]);
        ck_assert(drawn(v, run, "grid.voltage") == voltage[run - 1]);
    }
}
END_TEST

START_TEST(values_stay_in_their_ranges_and_fill_them)
{
    const struct sim_vary *v =
        vary("{'runs':5000,'values':{'seed':{'integers':[3,7]},'load.L1.current':{'log_uniform':[0.01,1]},"
             "'load.L2.current':{'uniform':[2,4]},'load.L3.current':{'normal':[5,0.5]},'grid.frequency':{'choice':[49,"
             "50]}}}");
    unsigned seeds[8] = {0}, decade = 0, fifty = 0;
    double sum = 0;

    for (unsigned run = 1; run <= v->runs; run++) {
        double seed = drawn(v, run, "seed"), i1 = drawn(v, run, "load.L1.current"),
               i2 = drawn(v, run, "load.L2.current");

        UNIT_CHECK(seed >= 3 && seed <= 7 && seed == floor(seed), "seed %g", seed);
        UNIT_CHECK(i1 >= 0.01 && i1 <= 1, "current %g", i1);
        UNIT_CHECK(i2 >= 2 && i2 <= 4, "current %g", i2);
        seeds[(int)seed]++;
        decade += i1 < 0.1;
        sum += drawn(v, run, "load.L3.current");
        fifty += drawn(v, run, "grid.frequency") == 50;
    }
    for (int k = 3; k <= 7; k++)
        ck_assert_msg(seeds[k] > 880 && seeds[k] < 1120, "%d: %u times", k, seeds[k]);
    ck_assert_msg(decade > 2360 && decade < 2640, "%u in the lower decade", decade);
    ck_assert_msg(fifty > 2360 && fifty < 2640, "%u of two", fifty);
    UNIT_NEAR("mean", sum / v->runs, 5, 0.03);
}
END_TEST

/* What a path gets does not depend on what else varies, nor on how many runs there are. */
START_TEST(a_value_is_a_matter_of_seed_path_and_run)
{
    double before[3];
    const struct sim_vary *v = vary("{'runs':3,'values':{'load.L1.current':{'uniform':[0,1]}}}");

    for (unsigned run = 1; run <= 3; run++)
        before[run - 1] = drawn(v, run, "load.L1.current");
    v = vary("{'runs':9,'values':{'load.L2.current':{'uniform':[0,1]},'load.L1.current':{'uniform':[0,1]}}}");
    for (unsigned run = 1; run <= 3; run++) {
        ck_assert(drawn(v, run, "load.L1.current") == before[run - 1]);
        ck_assert(drawn(v, run, "load.L2.current") != before[run - 1]);
    }
    v = vary("{'runs':3,'seed':2,'values':{'load.L1.current':{'uniform':[0,1]}}}");
    ck_assert(drawn(v, 1, "load.L1.current") != before[0]);
}
END_TEST

START_TEST(a_run_is_the_scenario_with_its_values)
{
    const struct sim_vary *v =
        vary("{'runs':2,'values':{'load.all.current':{'steps':[2,3,2]},"
             "'front_end.gain_error.L1.current':{'grid':[0.25]},'meter.ct_ratio':{'grid':['100/5']}}}");
    struct js js = {.file = "x"};
    struct sim_scenario *one = sim_scenario_run(&js, scenario, 2);

    ck_assert_uint_eq(v->runs, 2);
    ck_assert_msg(one != NULL, "%s", js.error);
    ck_assert_uint_eq(one->vary.runs, 0);
    ck_assert(one->setup->network.front_end.gain_error[EM_I1] == 0.25);
    ck_assert(one->setup->network.ct_ratio == 20);
    ck_assert(one->setup->network.phase[0].current == 3);
    sim_scenario_free(one);
}
END_TEST

/* --- Statistics --- */

static cJSON *runs_of(const double *value, size_t count)
{
    cJSON *runs = cJSON_CreateArray();

    for (size_t k = 0; k < count; k++) {
        cJSON *run = cJSON_CreateObject();

        cJSON_AddNumberToObject(cJSON_AddObjectToObject(run, "report"), "x", value[k]);
        cJSON_AddItemToArray(runs, run);
    }
    return runs;
}

static double statistic(const cJSON *statistics, const char *key)
{
    return cJSON_GetNumberValue(
        cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(statistics, "x"), key));
}

START_TEST(percentiles_are_exact)
{
    cJSON *head = cJSON_Parse("{\"report\": [{\"name\": \"x\"}]}"), *runs, *statistics;
    double value[1000];

    for (int k = 0; k < 1000; k++)
        value[k] = (k * 377) % 1000 + 1; /* 1 to 1000, mixed */
    runs = runs_of(value, 1000);
    statistics = sim_sweep_statistics(head, runs);
    ck_assert(statistic(statistics, "count") == 1000 && statistic(statistics, "mean") == 500.5);
    ck_assert(statistic(statistics, "min") == 1 && statistic(statistics, "max") == 1000);
    ck_assert(statistic(statistics, "p1") == 10 && statistic(statistics, "p5") == 50);
    ck_assert(statistic(statistics, "p50") == 500);
    ck_assert(statistic(statistics, "p95") == 950 && statistic(statistics, "p99") == 990);
    UNIT_NEAR("sd", statistic(statistics, "sd"), sqrt(1000 * 1001 / 12.0), 1e-8);
    cJSON_Delete(statistics);
    cJSON_Delete(runs);

    runs = runs_of(value, 1);
    statistics = sim_sweep_statistics(head, runs);
    ck_assert(statistic(statistics, "p1") == 1 && statistic(statistics, "p99") == 1 &&
              statistic(statistics, "sd") == 0);
    cJSON_Delete(statistics);
    cJSON_Delete(runs);

    runs = runs_of(value, 0);
    statistics = sim_sweep_statistics(head, runs);
    ck_assert(statistic(statistics, "count") == 0 && isnan(statistic(statistics, "mean")));
    cJSON_Delete(statistics);
    cJSON_Delete(runs);
    cJSON_Delete(head);
}
END_TEST

/* Reports from anywhere: parts cut out of a good one, or something else in their place. Nothing but no crash is asked.
 */
START_TEST(a_broken_report_breaks_nothing)
{
    static const char good[] =
        "{\"result\": \"fail\", \"shard\": {\"number\": 1, \"of\": 1}, \"fingerprint\": \"00\", \"jobs\": 3, "
        "\"scenarios\": ["
        "{\"index\": 1, \"file\": \"a\", \"scenario\": \"a\", \"result\": \"fail\", \"expectations\": [{\"at\": 1, "
        "\"name\": "
        "\"x\", \"expected\": 1, \"actual\": 2, \"pass\": false, \"where\": \"t\"}]}, {\"index\": 2, \"file\": \"b\", "
        "\"scenario\": \"b\", \"result\": \"fail\", \"vary\": {\"runs\": 2, \"report\": [{\"name\": \"x\", \"min\": "
        "0}]}, "
        "\"statistics\": {}, \"failed_runs\": [2], \"runs\": [{\"run\": 1, \"result\": \"pass\", \"report\": {\"x\": "
        "1}}, "
        "{\"run\": 2, \"result\": \"fail\", \"report\": {\"x\": 1e300}, \"failed\": [{}]}]}]}";
    static const char *const instead[] = {"null", "[]", "{}", "5", "\"x\"", "-1e999", "[{}]", "[5]"};
    const char *name = "r.json";
    uint64_t state = 1;
    FILE *out = fopen("/dev/null", "w");
    int merged = 0;

    for (int round = 0; round < 20000; round++) {
        char text[2 * sizeof good];
        size_t from = unit_random(&state) % sizeof good, to;
        struct js js = {.file = name};
        cJSON *report, *whole = NULL;

        /* Replace the value behind some colon. */
        from += strcspn(good + from, ":");
        to = from + strcspn(good + from, ",}]");
        if (!good[from] || !good[to])
            continue;
        snprintf(text, sizeof text, "%.*s: %s%s", (int)from, good, instead[unit_random(&state) % COUNT(instead)],
                 good + to);
        report = cJSON_Parse(text);
        if (report)
            whole = sim_suite_merge(&js, &report, &name, 1);
        ck_assert_msg(!report || whole || js.error[0], "%s", text);
        if (whole) {
            sim_suite_text(out, whole, SIM_SUITE_ALL);
            sim_suite_junit(out, whole);
            sim_sweep_histogram(out, whole);
            merged++;
        }
        cJSON_Delete(whole);
        cJSON_Delete(report);
    }
    ck_assert_int_gt(merged, 100);
    fclose(out);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("vary");
    TCase *values = scene_case(suite, "values"), *statistics = unit_case(suite, "statistics");

    tcase_add_test(values, combinations_come_in_turn_and_then_again);
    tcase_add_test(values, steps_without_a_count_go_over_all_runs);
    tcase_add_test(values, values_stay_in_their_ranges_and_fill_them);
    tcase_add_test(values, a_value_is_a_matter_of_seed_path_and_run);
    tcase_add_test(values, a_run_is_the_scenario_with_its_values);
    tcase_add_test(statistics, percentiles_are_exact);
    tcase_add_test(statistics, a_broken_report_breaks_nothing);
    return suite;
}
