/* SPDX-License-Identifier: MIT
 * Fleets: what differs from meter to meter, what all come to together, and that threads make no difference. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scene.h"

static struct scene scene;

static const struct sim_setup *setup(unsigned k)
{
    return &scene.scenario->setup[k];
}

static const struct sim_phase *phase(unsigned k, int p)
{
    return &setup(k)->network.phase[p];
}

static int32_t setting(unsigned k, enum em_setting s)
{
    return scene.sim->point[k].meter.settings.value[s];
}

static double read_of(unsigned k, const char *name)
{
    char text[80];

    snprintf(text, sizeof text, "meter%u.%s", k + 1, name);
    return scene_read(&scene, text);
}

/* --- Spread --- */

START_TEST(spread_values_reach_the_meters)
{
    scene_open(&scene, "{'duration': 1, 'load': {'all': {'current': 1, 'pf': 0.9}}, 'meters': [{}, {'count': 4, "
                       "'spread': {'load.L2.current': {'steps': [10, 40]}, 'tariff': {'steps': [1, 4]}, "
                       "'energy.t2_forward_active_energy': {'steps': [100, 103]}, "
                       "'ct_ratio': {'choice': ['200/5']}, 'load.L3.harmonics': {'choice': [[[5, 20, 0]]]}, "
                       "'modbus_id': {'grid': [7, 9]}, 'mbus_address': {'steps': [3, 4, 2]}}}]}");
    ck_assert_uint_eq(scene.sim->points, 5);
    ck_assert(phase(0, 1)->current == 1);
    for (unsigned k = 1; k < 5; k++) {
        ck_assert(phase(k, 0)->current == 1 && phase(k, 1)->pf == 0.9 && phase(k, 2)->current_harmonics.count == 1);
        ck_assert(phase(k, 1)->current == 10.0 * k);
        ck_assert_int_eq(setting(k, EM_SETTING_TARIFF), (int)k);
        ck_assert_int_eq(setting(k, EM_SETTING_MODBUS_ID), k % 2 ? 7 : 9);
        ck_assert_int_eq(setting(k, EM_SETTING_MBUS_ADDRESS), k % 2 ? 3 : 4);
        ck_assert_int_eq(setting(k, EM_SETTING_CT_RATIO), EM_CT_RATIO(200, 5));
        ck_assert_int_eq(setting(k, EM_SETTING_SERIAL_NUMBER), 19020246 + (int)k);
        ck_assert(setup(k)->network.ct_ratio == 40);
        ck_assert(read_of(k, "t2_forward_active_energy") == 99 + k);
        ck_assert_uint_eq(setup(k)->network.front_end.seed, 1 + k);
    }
    scene_close(&scene);
}
END_TEST

/* Currents of L1 that are drawn for `count` meters under a seed. */
static void draw(unsigned count, unsigned seed, const char *more, double *current)
{
    char text[400];

    snprintf(text, sizeof text,
             "{'duration': 1, 'seed': %u, 'meters': [{'count': %u, 'spread': {%s'load.L1.current': {'uniform': [1, "
             "60]}}}]}",
             seed, count, more);
    scene_open(&scene, text);
    for (unsigned k = 0; k < count; k++)
        current[k] = phase(k, 0)->current;
    scene_close(&scene);
}

START_TEST(a_draw_depends_on_nothing_else)
{
    double few[5], more[40], beside[5], other[5];

    draw(5, 3, "", few);
    draw(40, 3, "", more);
    draw(5, 3, "'load.L1.pf': {'uniform': [0.5, 1]}, ", beside);
    draw(5, 4, "", other);
    ck_assert_mem_eq(few, more, sizeof few);
    ck_assert_mem_eq(few, beside, sizeof few);
    for (unsigned k = 0; k < 5; k++)
        ck_assert(few[k] != other[k] && few[k] >= 1 && few[k] < 60);
}
END_TEST

START_TEST(items_draw_for_themselves)
{
    scene_open(&scene, "{'duration': 1, 'meters': [{'count': 2, 'spread': {'load_scale': {'uniform': [0, 1]}}}, "
                       "{'count': 2, 'spread': {'load_scale': {'uniform': [0, 1]}}}]}");
    for (unsigned k = 1; k < 4; k++)
        for (unsigned j = 0; j < k; j++)
            ck_assert(setup(k)->network.load_scale != setup(j)->network.load_scale);
    scene_close(&scene);
}
END_TEST

/* --- Scale of the load --- */

START_TEST(scaled_loads)
{
    scene_open(&scene, "{'duration': 40, 'load': {'L1': {'current': 2}, 'L2': {'power': 460, 'reactive': 230}, "
                       "'L3': {'current': 1, 'pf': 0.5}}, 'meters': [{'load_scale': 1.5}, {}, {'load_scale': 0}], "
                       "'timeline': [{'at': 2, 'set': {'L1.current': 4, 'L3.power': 100}}, "
                       "{'at': 4, 'set': {'L1.current': 2}, 'over': 10}, {'at': 20, 'set': {'L2.current': 1}}]}");
    scene_run(&scene, 1);
    UNIT_NEAR("current", read_of(0, "l1_current"), 3, 1e-5);
    UNIT_NEAR("power", read_of(0, "l2_active_power"), 0.69, 1e-5);
    UNIT_NEAR("reactive", read_of(0, "l2_reactive_power"), 0.345, 1e-5);
    UNIT_NEAR("pf", read_of(0, "l3_active_power"), 0.1725, 1e-5);
    UNIT_NEAR("one of its own", read_of(1, "l1_current"), 2, 1e-5);
    ck_assert(read_of(2, "total_active_power") == 0);
    scene_run(&scene, 3);
    UNIT_NEAR("set", read_of(0, "l1_current"), 6, 1e-5);
    UNIT_NEAR("converted", read_of(0, "l3_active_power"), 0.15, 1e-5);
    scene_run(&scene, 9.3);
    UNIT_NEAR("ramp", read_of(0, "l1_current"), 4.5, 0.06);
    scene_run(&scene, 21);
    UNIT_NEAR("after the ramp", read_of(0, "l1_current"), 3, 1e-5);
    UNIT_NEAR("power to current", read_of(0, "l2_current"), 1.5, 1e-5);
    UNIT_NEAR("reference", read_of(0, "error_percent.total_active_power"), 0, 0.002);
    UNIT_NEAR("network", sim_network_number(&scene.sim->point[0].network, SIM_CURRENT, 0), 2, 0);
    scene_close(&scene);
}
END_TEST

/* --- Sums --- */

START_TEST(sums_are_those_of_the_meters)
{
    static const char *const names[] = {
        "total_active_power", "l2_reactive_power", "total_apparent_power",           "reference.l3_active_power",
        "pulses.led",         "pulses.s0_2",       "reference.forward_active_energy"};
    int64_t wh = 0;

    scene_open(&scene,
               "{'duration': 600, 'load': {'all': {'current': 5, 'pf': 0.8}}, 'meters': [{'count': 7, 'spread': "
               "{'load_scale': {'uniform': [0, 1]}, 'energy.t1_forward_active_energy': {'uniform': [0, "
               "900000]}, 'data_type': {'choice': [1, 2]}}}]}");
    scene_run(&scene, 600);
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        char name[60];
        double sum = 0;

        for (unsigned k = 0; k < 7; k++)
            sum += read_of(k, names[n]);
        snprintf(name, sizeof name, "sum.%s", names[n]);
        /* Meters send singles, or thousandths; sums are of what they hold. */
        UNIT_NEAR(name, scene_read(&scene, name), sum,
                  strncmp(name, "sum.l", 5) && strncmp(name, "sum.t", 5) ? 0 : 4e-3);
    }
    for (unsigned k = 0; k < 7; k++)
        wh += scene.sim->point[k].meter.energy.tariff[0][EM_ACTIVE][EM_FORWARD].wh;
    ck_assert(wh > 0 && scene_read(&scene, "sum.t1_forward_active_energy") == (double)wh / 1000);
    UNIT_NEAR("error", scene_read(&scene, "sum.error_percent.total_active_power"), 0, 0.001);
    ck_assert(scene_read(&scene, "sum.error_percent.reverse_active_energy") == 0);
    scene_close(&scene);
}
END_TEST

START_TEST(the_sum_of_one_meter)
{
    scene_open(&scene, "{'duration': 10, 'load': {'all': {'current': 5}}}");
    scene_run(&scene, 10);
    UNIT_NEAR("power", scene_read(&scene, "sum.total_active_power"), scene_read(&scene, "total_active_power"), 1e-6);
    ck_assert(scene_read(&scene, "sum.pulses.led") == scene_read(&scene, "pulses.led"));
    scene_close(&scene);
}
END_TEST

START_TEST(the_report_has_the_sums)
{
    char *report;
    cJSON *root, *sum;

    scene_open(&scene, "{'duration': 900, 'load': {'all': {'current': 5, 'pf': 0.5}}, 'meters': [{'count': 3, "
                       "'spread': {'load_scale': {'steps': [0.5, 1]}}}]}");
    scene_run(&scene, 900);
    report = scene_report(&scene);
    root = cJSON_Parse(report);
    sum = cJSON_GetObjectItem(root, "sum");
    ck_assert(cJSON_GetArraySize(cJSON_GetObjectItem(root, "meters")) == 3 && sum);
    for (int group = 0; group < 2; group++) {
        const char *name = group ? "pulses" : "energy_wh";
        const cJSON *total;

        cJSON_ArrayForEach(total, cJSON_GetObjectItem(sum, name))
        {
            double wanted = 0;
            const cJSON *one;

            cJSON_ArrayForEach(one, cJSON_GetObjectItem(root, "meters")) wanted +=
                cJSON_GetObjectItem(cJSON_GetObjectItem(one, name), total->string)->valuedouble;
            ck_assert_msg(total->valuedouble == wanted, "%s: %g, want %g", total->string, total->valuedouble, wanted);
        }
    }
    ck_assert(cJSON_GetObjectItem(cJSON_GetObjectItem(sum, "energy_wh"), "total_active_energy")->valuedouble > 900);
    ck_assert(cJSON_GetObjectItem(cJSON_GetObjectItem(sum, "registers"), "l1_voltage") == NULL);
    cJSON_Delete(root);
    free(report);
    scene_close(&scene);
}
END_TEST

/* --- Threads --- */

/* All that a point does by itself, in the middle of everybody's stretches: ramps, touches, cuts, noise. */
static char *report_with(unsigned threads)
{
    struct sim_speed speed = host_speed_best()->loops;
    char *report;

    speed.pool = sim_pool_new(threads);
    scene_open_with(
        &scene,
        "{'duration': 400, 'front_end': {'noise': 10}, 'load': {'all': {'current': 2}}, 'meters': [{'count': "
        "11, 'spread': {'load_scale': {'uniform': [0.1, 2]}}}], 'timeline': ["
        "{'at': 10, 'set': {'all.current': 5}, 'over': 100}, {'at': 20.01, 'set': {'frequency': 49}, "
        "'over': 33.3, 'meter': 4}, {'at': 50, 'press': 'middle', 'hold': 3.5}, {'at': 60, 'press': "
        "'right', 'meter': 9}, {'at': 110, 'set': {'L2.current': 9}}, {'at': 110, 'power_cut': "
        "{'after_writes': 3}, 'meter': 2}, {'at': 120, 'tariff_input': true}, {'every': 31, 'do': [{'at': 3, "
        "'set': {'all.pf': 0.7}, 'over': 7}]}, {'at': 300, 'power': false, 'meter': 7}]}",
        &speed);
    for (double t = 37.7; t < 400; t += 37.7) /* and cut anywhere */
        scene_run(&scene, t);
    scene_run(&scene, 400);
    report = scene_report(&scene);
    scene_close(&scene);
    sim_pool_free(speed.pool);
    return report;
}

START_TEST(threads_make_no_difference)
{
    char *one = report_with(1);

    for (unsigned threads = 2; threads <= 5; threads++) {
        char *more = report_with(threads);

        ck_assert_str_eq(one, more);
        free(more);
    }
    free(one);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("fleet");
    TCase *spread = scene_case(suite, "spread"), *sums = scene_case(suite, "sums");
    TCase *threads = scene_case(suite, "threads");

    tcase_set_timeout(threads, 200);
    tcase_add_test(spread, spread_values_reach_the_meters);
    tcase_add_test(spread, a_draw_depends_on_nothing_else);
    tcase_add_test(spread, items_draw_for_themselves);
    tcase_add_test(spread, scaled_loads);
    tcase_add_test(sums, sums_are_those_of_the_meters);
    tcase_add_test(sums, the_sum_of_one_meter);
    tcase_add_test(sums, the_report_has_the_sums);
    tcase_add_test(threads, threads_make_no_difference);
    return suite;
}
