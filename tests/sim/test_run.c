/* SPDX-License-Identifier: MIT
 * Whole runs of small scenarios: what happens when, and what is counted. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "scene.h"

static struct scene scene;

static double number(enum sim_quantity quantity, int phase)
{
    return sim_network_number(&scene.sim->point->network, quantity, phase);
}

/* Runs the scenario to its end. */
static void finish(void)
{
    sim_run(scene.sim, scene.scenario->duration);
}

/* Whole Wh and the rest of a counter under the CT ratio 1. */
static double counted(const struct em_counter *counter, unsigned ct_secondary)
{
    return counter->wh + (double)counter->rest / ((double)EM_REST_PER_WH * ct_secondary);
}

static double forward_wh(int phase)
{
    return counted(&scene.sim->point->meter.energy.phase[phase][EM_ACTIVE][EM_FORWARD], 5);
}

/* --- Ramps --- */

/* The value of a ramp of `over` seconds in its steps of `step`, t seconds after its start. */
static double on_ramp(double from, double to, double over, double step, double t)
{
    return t >= over ? to : from + (to - from) * floor(t / step + 1e-9) * step / over;
}

START_TEST(a_ramp_is_a_straight_line_that_ends_at_its_target)
{
    scene_open(&scene, "{'duration':'20s','load':{'all':{'current':2}},"
                       "'timeline':[{'at':'1s','set':{'L1.current':7,'frequency':49.2},'over':'10s'}]}");
    for (int k = 0; k < 2400; k++) {
        double t = 0.995 + k * 0.005, in = t - 1;

        scene_run(&scene, t);
        UNIT_CHECK(fabs(number(SIM_CURRENT, 0) - (in < 0 ? 2 : on_ramp(2, 7, 10, 0.01, in))) < 1e-12, "%g s: %.12g A",
                   t, number(SIM_CURRENT, 0));
        UNIT_CHECK(fabs(number(SIM_FREQUENCY, 0) - (in < 0 ? 50 : on_ramp(50, 49.2, 10, 0.01, in))) < 1e-12,
                   "%g s: %.12g Hz", t, number(SIM_FREQUENCY, 0));
        UNIT_CHECK(number(SIM_CURRENT, 1) == 2, "L2 at %g s", t);
    }
    ck_assert(number(SIM_CURRENT, 0) == 7);
    ck_assert(number(SIM_FREQUENCY, 0) == 49.2);
    ck_assert_uint_eq(scene.sim->point->ramps, 0);
    scene_close(&scene);
}
END_TEST

START_TEST(the_target_is_reached_at_the_very_sample)
{
    static const char *const over[] = {"125us", "1ms", "10ms", "10.125ms", "99.875ms", "1s", "7.3s", "1001s", "25m"};

    for (size_t k = 0; k < COUNT(over); k++) {
        int64_t end;
        char text[200];

        ck_assert(js_time_text(over[k], &end));
        snprintf(
            text, sizeof text,
            "{'duration':'30m','load':{'L1':{'current':1}},'timeline':[{'at':0,'set':{'L1.current':3.3},'over':'%s'}]}",
            over[k]);
        scene_open(&scene, text);
        sim_run(scene.sim, end - 1);
        ck_assert_msg(number(SIM_CURRENT, 0) < 3.3, "%s: too early", over[k]);
        sim_run(scene.sim, end);
        ck_assert_msg(number(SIM_CURRENT, 0) == 3.3, "%s: %.17g", over[k], number(SIM_CURRENT, 0));
        ck_assert_uint_eq(scene.sim->point->ramps, 0);
        scene_close(&scene);
    }
}
END_TEST

START_TEST(a_ramp_steps_between_10_ms_and_1_s)
{
    static const struct {
        const char *over;
        double step; /* s */
    } rows[] = {{"100ms", 0.01}, {"10s", 0.01}, {"20s", 0.02}, {"1000s", 1}, {"20m", 1}};

    for (size_t k = 0; k < COUNT(rows); k++) {
        char text[200];

        snprintf(
            text, sizeof text,
            "{'duration':'30m','load':{'L1':{'current':1}},'timeline':[{'at':0,'set':{'L1.current':2},'over':'%s'}]}",
            rows[k].over);
        scene_open(&scene, text);
        sim_run(scene.sim, SECONDS(rows[k].step) - 1);
        ck_assert_msg(number(SIM_CURRENT, 0) == 1, "%s: too early", rows[k].over);
        sim_run(scene.sim, SECONDS(rows[k].step));
        ck_assert_msg(number(SIM_CURRENT, 0) > 1, "%s: too late", rows[k].over);
        scene_close(&scene);
    }
}
END_TEST

START_TEST(a_set_ends_a_ramp)
{
    scene_open(&scene, "{'duration':'20s','load':{'all':{'current':1}},'timeline':["
                       "{'at':0,'set':{'all.current':11},'over':'10s'},"
                       "{'at':'5s','set':{'L2.current':3}}]}");
    scene_run(&scene, 5);
    UNIT_NEAR("L1", number(SIM_CURRENT, 0), 6, 1e-12);
    ck_assert(number(SIM_CURRENT, 1) == 3);
    scene_run(&scene, 9);
    UNIT_NEAR("L1 goes on", number(SIM_CURRENT, 0), 10, 1e-12);
    ck_assert(number(SIM_CURRENT, 1) == 3);
    UNIT_NEAR("L3 goes on", number(SIM_CURRENT, 2), 10, 1e-12);
    finish();
    ck_assert(number(SIM_CURRENT, 0) == 11 && number(SIM_CURRENT, 1) == 3 && number(SIM_CURRENT, 2) == 11);
    scene_close(&scene);
}
END_TEST

START_TEST(a_ramp_replaces_a_ramp_from_where_it_is)
{
    scene_open(&scene, "{'duration':'20s','load':{'all':{'current':0}},'timeline':["
                       "{'at':0,'set':{'L1.current':10},'over':'10s'},"
                       "{'at':'4s','set':{'L1.current':0},'over':'2s'}]}");
    scene_run(&scene, 4);
    UNIT_NEAR("turn", number(SIM_CURRENT, 0), 4, 1e-12);
    scene_run(&scene, 5);
    UNIT_NEAR("half way down", number(SIM_CURRENT, 0), 2, 1e-12);
    ck_assert_uint_eq(scene.sim->point->ramps, 1);
    scene_run(&scene, 6);
    ck_assert(number(SIM_CURRENT, 0) == 0);
    finish();
    ck_assert(number(SIM_CURRENT, 0) == 0);
    scene_close(&scene);
}
END_TEST

START_TEST(ramps_of_other_quantities_go_on)
{
    scene_open(&scene, "{'duration':'20s','load':{'L1':{'current':10,'angle':0}},'timeline':["
                       "{'at':0,'set':{'L1.current':20,'L1.voltage':200,'frequency':51},'over':'10s'},"
                       "{'at':'5s','set':{'L1.angle':60}}]}");
    scene_run(&scene, 6);
    UNIT_NEAR("current", number(SIM_CURRENT, 0), 16, 1e-9);
    UNIT_NEAR("voltage", number(SIM_VOLTAGE, 0), 212, 1e-9);
    UNIT_NEAR("frequency", number(SIM_FREQUENCY, 0), 50.6, 1e-9);
    ck_assert(number(SIM_ANGLE, 0) == 60);
    finish();
    ck_assert(number(SIM_CURRENT, 0) == 20 && number(SIM_VOLTAGE, 0) == 200 && number(SIM_FREQUENCY, 0) == 51);
    scene_close(&scene);
}
END_TEST

START_TEST(a_load_given_in_another_way_ends_a_ramp)
{
    static const struct {
        const char *ramp, *set;
        bool ends;
    } rows[] = {
        {"'L1.power':2000", "'L1.current':3", true},      {"'L1.power':2000", "'L1.pf':0.5", true},
        {"'L1.power':2000", "'L1.reactive':5", false},    {"'L1.power':2000", "'L2.current':3", false},
        {"'L1.current':9", "'L1.power':100", true},       {"'L1.current':9", "'L1.pf':0.5", false},
        {"'L1.angle':60", "'L1.pf':0.5", true},           {"'L1.pf':0.5", "'L1.angle':60", true},
        {"'L1.pf':0.5", "'L1.kind':'capacitive'", false}, {"'L1.voltage':200", "'L1.power':100", false},
    };

    for (size_t k = 0; k < COUNT(rows); k++) {
        char text[300];

        snprintf(text, sizeof text,
                 "{'duration':'10s','load':{'L1':{'current':1}},'timeline':[{'at':0,'set':{%s},'over':'10s'},"
                 "{'at':'5s','set':{%s}}]}",
                 rows[k].ramp, rows[k].set);
        scene_open(&scene, text);
        scene_run(&scene, 6);
        ck_assert_msg(scene.sim->point->ramps == !rows[k].ends, "%s, then %s: %u ramps", rows[k].ramp, rows[k].set,
                      scene.sim->point->ramps);
        scene_close(&scene);
    }
}
END_TEST

START_TEST(phases_ramp_from_their_own_values)
{
    scene_open(&scene, "{'duration':'2s','load':{'L1':{'power':100},'L2':{'power':300},'L3':{'power':-500}},"
                       "'timeline':[{'at':0,'set':{'all.power':1000},'over':'1s'}]}");
    scene_run(&scene, 0.5);
    UNIT_NEAR("L1", number(SIM_POWER, 0), 550, 1e-9);
    UNIT_NEAR("L2", number(SIM_POWER, 1), 650, 1e-9);
    UNIT_NEAR("L3", number(SIM_POWER, 2), 250, 1e-9);
    scene_close(&scene);
}
END_TEST

START_TEST(a_ramp_of_power_has_the_energy_of_its_triangle)
{
    scene_open(&scene,
               "{'duration':'101s','load':{'L1':{'power':0}},'timeline':["
               "{'at':0,'set':{'L1.power':2000},'over':'50s'},{'at':'50s','set':{'L1.power':0},'over':'50s'}]}");
    finish();
    UNIT_NEAR("energy", forward_wh(0), 2000 * 50 / 3600.0, 2000 * 50 / 3600.0 * 1e-5);
    scene_close(&scene);
}
END_TEST

/* --- Times and order --- */

START_TEST(events_of_one_instant_act_in_file_order)
{
    scene_open(&scene, "{'duration':'2s','timeline':["
                       "{'at':'1s','expect':{'reference.l1_current':0}},"
                       "{'at':'1s','set':{'L1.current':5}},"
                       "{'at':'1s','expect':{'reference.l1_current':5}},"
                       "{'at':'1s','set':{'L1.current':2}},"
                       "{'at':'1s','modbus':'01 06 60 48 00 03','reply':'01 06 60 48 00 03'},"
                       "{'at':'1s','expect':{'tariff':3,'reference.l1_current':2}},"
                       "{'at':'1s','tariff_input':true},"
                       "{'at':'1s','expect':{'tariff':2}},"
                       "{'at':0,'expect':{'tariff':1}}]}");
    finish();
    ck_assert_uint_eq(scene.sim->results.count, 7);
    for (size_t k = 0; k < 7; k++)
        ck_assert_msg(scene.sim->results.at[k].pass, "%s: %s", scene.sim->results.at[k].where,
                      scene.sim->results.at[k].actual);
    ck_assert_str_eq(scene.sim->results.at[0].where, "timeline[8].expect.tariff");
    ck_assert(number(SIM_CURRENT, 0) == 2);
    scene_close(&scene);
}
END_TEST

START_TEST(ramp_profile_and_timeline_act_in_this_order)
{
    scene_text("order.csv", "t,a\n0,1\n2,30\n");
    scene_open(&scene, "{'duration':'5s','profile':{'csv':'order.csv','time':'t','columns':{'a':'L1.current'}},"
                       "'timeline':[{'at':'1s','set':{'L1.current':11},'over':'1s'},"
                       "{'at':'2s','expect':{'reference.l1_current':30}},"
                       "{'at':'2s','set':{'L1.current':4}},"
                       "{'at':'2s','expect':{'reference.l1_current':4}}]}");
    finish();
    ck_assert_uint_eq(scene.sim->results.count, 2);
    ck_assert_uint_eq(scene.sim->results.failed, 0);
    ck_assert(number(SIM_CURRENT, 0) == 4);
    scene_close(&scene);
}
END_TEST

START_TEST(the_first_row_of_a_profile_acts_before_the_timeline)
{
    scene_text("first.csv", "t,a\n1,10\n");
    scene_open(&scene,
               "{'duration':'2s','profile':{'csv':'first.csv','time':'t','columns':{'a':'L1.current'}},"
               "'timeline':[{'at':'1s','expect':{'reference.l1_current':10}},{'at':'1s','set':{'L1.current':4}}]}");
    finish();
    ck_assert_uint_eq(scene.sim->results.failed, 0);
    ck_assert(number(SIM_CURRENT, 0) == 4);
    scene_close(&scene);
}
END_TEST

START_TEST(there_are_events_at_the_start_and_at_the_end)
{
    scene_open(&scene,
               "{'duration':'1s','load':{'all':{'current':1}},'timeline':["
               "{'at':0,'expect':{'l1_voltage':{'value':230,'tol':'0.01%'},'l1_current':{'value':1,'tol':'0.01%'},"
               "'grid_frequency':50,'total_active_energy':0,'power_down_counter':0}},"
               "{'at':'1s','tariff_input':true},{'at':'1s','expect':{'tariff':2}}]}");
    sim_run(scene.sim, 0);
    ck_assert_uint_eq(scene.sim->results.count, 5);
    sim_run(scene.sim, scene.scenario->duration - 1);
    ck_assert_uint_eq(scene.sim->results.count, 5);
    finish();
    ck_assert_uint_eq(scene.sim->results.count, 6);
    ck_assert_uint_eq(scene.sim->results.failed, 0);
    scene_close(&scene);
}
END_TEST

START_TEST(without_a_duration_the_last_event_is_the_end)
{
    static const struct {
        const char *timeline;
        double seconds;
    } rows[] = {
        {"{'at':'5s','power':true},{'at':'3s','power':true}", 5},
        {"{'every':'2s','times':4,'do':[{'at':'1s','power':true}]}", 7},
        {"{'every':'2s','from':'10s','times':1,'do':[{'at':0,'power':true}]}", 10},
    };

    for (size_t k = 0; k < COUNT(rows); k++) {
        char text[300];

        snprintf(text, sizeof text, "{'timeline':[%s]}", rows[k].timeline);
        scene_open(&scene, text);
        ck_assert_int_eq(scene.scenario->duration, SECONDS(rows[k].seconds));
        scene_close(&scene);
    }
}
END_TEST

/* Times of the results, in ms, as a text. */
static void result_times(char *text, size_t size)
{
    size_t n = 0;

    for (size_t k = 0; k < scene.sim->results.count && n < size; k++)
        n += (size_t)snprintf(text + n, size - n, "%s%g", k ? " " : "", (double)scene.sim->results.at[k].at / 8);
}

START_TEST(repetitions_come_when_and_as_often_as_they_should)
{
    static const struct {
        const char *timeline, *ms;
    } rows[] = {
        {"{'every':'1s','do':[{'at':0,'expect':{'tariff':1}}]}", "0 1000 2000 3000 4000 5000"},
        {"{'every':'1s','times':3,'do':[{'at':0,'expect':{'tariff':1}}]}", "0 1000 2000"},
        {"{'every':'1s','from':'2.5s','do':[{'at':'0.25s','expect':{'tariff':1}}]}", "2750 3750 4750"},
        {"{'every':'2s','times':2,'do':[{'at':0,'expect':{'tariff':1}},{'at':'0.5s','expect':{'tariff':1}}]}",
         "0 500 2000 2500"},
        {"{'every':'1s','times':2,'do':[{'at':'3s','expect':{'tariff':1}},{'at':0,'expect':{'tariff':1}}]}",
         "0 1000 3000 4000"},
        {"{'every':'5.000125s','do':[{'at':0,'expect':{'tariff':1}}]}", "0"},
        {"{'every':'5s','times':1000000000,'do':[{'at':0,'expect':{'tariff':1}}]}", "0 5000"},
        {"{'every':'1s','times':1,'do':[]}", ""},
    };

    for (size_t k = 0; k < COUNT(rows); k++) {
        char text[300], ms[200] = "";

        snprintf(text, sizeof text, "{'duration':'5s','timeline':[%s]}", rows[k].timeline);
        scene_open(&scene, text);
        finish();
        result_times(ms, sizeof ms);
        ck_assert_msg(strcmp(ms, rows[k].ms) == 0, "%s: at %s, want %s", rows[k].timeline, ms, rows[k].ms);
        scene_close(&scene);
    }
}
END_TEST

START_TEST(a_repetition_every_sample_misses_none)
{
    scene_open(&scene, "{'duration':'0.5s','timeline':[{'every':'125us','do':[{'at':0,'expect':{'tariff':1}}]}]}");
    finish();
    ck_assert_uint_eq(scene.sim->results.count, 4001);
    for (size_t k = 0; k < 4001; k++)
        UNIT_CHECK(scene.sim->results.at[k].at == (int64_t)k, "result %zu", k);
    scene_close(&scene);
}
END_TEST

START_TEST(repetitions_keep_file_order_at_one_instant)
{
    scene_open(&scene,
               "{'duration':'3s','timeline':["
               "{'every':'1s','do':[{'at':0,'set':{'L1.current':1}},{'at':0,'expect':{'reference.l1_current':1}}]},"
               "{'every':'1s','do':[{'at':0,'set':{'L1.current':2}},{'at':0,'expect':{'reference.l1_current':2}}]},"
               "{'at':'2s','expect':{'reference.l1_current':2}}]}");
    finish();
    ck_assert_uint_eq(scene.sim->results.count, 9);
    ck_assert_uint_eq(scene.sim->results.failed, 0);
    scene_close(&scene);
}
END_TEST

/* --- Profiles --- */

START_TEST(a_profile_steps_from_row_to_row)
{
    static const double want[] = {100, 100, 200, 200, -50, -50};

    scene_text("step.csv", "\"t\",x , p,q\r\n1,9,100,5\r\n\r\n2.5,9,200,6\r\n4,9,-50,7\r\n");
    scene_open(&scene, "{'duration':'8s','load':{'L1':{'power':7}},'profile':{'csv':'step.csv','time':'t',"
                       "'columns':{'p':'L1.power','q':'all.reactive'}}}");
    sim_run(scene.sim, SECONDS(1) - 1);
    ck_assert(number(SIM_POWER, 0) == 7);
    for (size_t k = 0; k < COUNT(want); k++) {
        scene_run(&scene, 1 + 0.75 * (double)k);
        ck_assert_msg(number(SIM_POWER, 0) == want[k], "%zu: %g", k, number(SIM_POWER, 0));
    }
    finish();
    ck_assert(number(SIM_POWER, 0) == -50 && number(SIM_REACTIVE, 2) == 7);
    scene_close(&scene);
}
END_TEST

START_TEST(a_profile_goes_in_straight_lines)
{
    scene_text("line.csv", "t,p\n0,0\n10,1000\n20,-1000\n");
    scene_open(&scene, "{'duration':'30s','load':{'L1':{'power':7}},'profile':{'csv':'line.csv','time':'t',"
                       "'columns':{'p':'L1.power'},'interpolate':'linear'}}");
    for (int k = 0; k <= 100; k++) {
        double t = 0.2 * k, want = t <= 10 ? 100 * t : 1000 - 200 * (t - 10);

        scene_run(&scene, t);
        UNIT_CHECK(fabs(number(SIM_POWER, 0) - want) < 1e-9, "%g s: %g, want %g", t, number(SIM_POWER, 0), want);
    }
    finish();
    ck_assert(number(SIM_POWER, 0) == -1000);
    ck_assert_uint_eq(scene.sim->point->ramps, 0);
    scene_close(&scene);
}
END_TEST

START_TEST(a_set_in_a_profile_holds_until_the_next_row)
{
    scene_text("line.csv", "t,p\n0,0\n10,1000\n20,2000\n");
    scene_open(&scene, "{'duration':'20s','profile':{'csv':'line.csv','time':'t','columns':{'p':'L1.power'},"
                       "'interpolate':'linear'},'timeline':[{'at':'5s','set':{'L1.power':50}}]}");
    scene_run(&scene, 9.9);
    ck_assert(number(SIM_POWER, 0) == 50);
    scene_run(&scene, 15);
    UNIT_NEAR("from there to the next row", number(SIM_POWER, 0), (50 + 2000) / 2.0, 1e-9);
    finish();
    ck_assert(number(SIM_POWER, 0) == 2000);
    scene_close(&scene);
}
END_TEST

START_TEST(a_profile_counts_what_its_rows_say)
{
    double sum = 0;
    char csv[4000] = "t,p\n";
    size_t n = strlen(csv);

    for (int k = 0; k < 100; k++) {
        n += (size_t)snprintf(csv + n, sizeof csv - n, "%d,%d\n", 2 * k, k * 37 % 500);
        sum += k * 37 % 500 * 2 / 3600.0;
    }
    n += (size_t)snprintf(csv + n, sizeof csv - n, "200,0\n");
    scene_text("sum.csv", csv);
    scene_open(&scene, "{'duration':'201s','profile':{'csv':'sum.csv','time':'t','columns':{'p':'L2.power'}}}");
    finish();
    UNIT_NEAR("energy", forward_wh(1), sum, sum * 1e-4);
    scene_close(&scene);
}
END_TEST

/* --- Windows and energies --- */

START_TEST(an_expectation_sees_the_newest_closed_window)
{
    scene_open(&scene,
               "{'duration':'2s','load':{'L1':{'current':1}},'timeline':[{'at':'0.8s','set':{'L1.current':2}}]}");
    sim_run(scene.sim, SECONDS(1));
    UNIT_NEAR("the window is not closed", scene_read(&scene, "l1_current"), 1, 1e-4);
    sim_run(scene.sim, SECONDS(1) + 1);
    UNIT_NEAR("its closing sample has come", scene_read(&scene, "l1_current"), 2, 1e-4);
    UNIT_NEAR("ideal", scene_read(&scene, "reference.l1_current"), 2, 0);
    scene_close(&scene);
}
END_TEST

START_TEST(the_reference_is_new_at_once)
{
    scene_open(&scene, "{'duration':'2s','load':{'L1':{'current':1}},'timeline':[{'at':'1s','set':{'L1.current':2}}]}");
    scene_run(&scene, 1);
    UNIT_NEAR("reference", scene_read(&scene, "reference.l1_current"), 2, 0);
    UNIT_NEAR("error", scene_read(&scene, "error_percent.l1_current"), -50, 1e-3);
    scene_close(&scene);
}
END_TEST

START_TEST(an_error_against_nothing_is_no_number)
{
    scene_open(&scene, "{'duration':'2s','load':{'L1':{'current':1}},'timeline':[{'at':'1s','set':{'L1.current':0}}]}");
    UNIT_NEAR("nothing against nothing", scene_read(&scene, "error_percent.l2_current"), 0, 0);
    scene_run(&scene, 1);
    ck_assert(isnan(scene_read(&scene, "error_percent.l1_current")));
    scene_close(&scene);
}
END_TEST

START_TEST(energy_is_counted_from_the_first_sample_on)
{
    static const double hz[] = {45, 49.9, 50, 50.001, 60};

    for (size_t k = 0; k < COUNT(hz); k++) {
        char text[200];
        const double power = 230 * 4;

        snprintf(text, sizeof text, "{'duration':'60s','grid':{'frequency':%g},'load':{'L1':{'current':4}}}", hz[k]);
        scene_open(&scene, text);
        for (double t = 0.0113; t < 60; t += 1.37) { /* never where a window ends */
            double window = EM_WINDOW_CYCLES / hz[k], windows = floor(t / window), wh;

            scene_run(&scene, t);
            wh = forward_wh(0);
            UNIT_CHECK(wh <= power * t / 3600 * (1 + 1e-6) && wh >= power * (t - window) / 3600 * (1 - 1e-6),
                       "%g Hz, %g s: %.9g Wh, P t is %.9g", hz[k], t, wh, power * t / 3600);
            UNIT_CHECK(fabs(wh - power * windows * window / 3600) < 1e-5 * wh + 1e-12, "%g Hz, %g s: %.9g Wh", hz[k], t,
                       wh);
        }
        scene_close(&scene);
    }
}
END_TEST

START_TEST(preloaded_energies_go_on)
{
    scene_open(&scene, "{'duration':'61s','meter':{'energy':{'t1_forward_active_energy':12.345,"
                       "'l1_forward_active_energy':12}},'load':{'L1':{'power':2400}},"
                       "'timeline':[{'at':'60s','set':{'L1.power':0}}]}");
    UNIT_NEAR("reference", scene_read(&scene, "reference.forward_active_energy"), 12.345, 1e-9);
    finish();
    UNIT_NEAR("total", scene_read(&scene, "forward_active_energy"), 12.385, 0.0011);
    UNIT_NEAR("L1", scene_read(&scene, "l1_forward_active_energy"), 12.04, 0.0011);
    UNIT_NEAR("reference", scene_read(&scene, "reference.forward_active_energy"), 12.385, 1e-9);
    scene_close(&scene);
}
END_TEST

START_TEST(tariffs_are_counted_as_the_reference_does)
{
    static const char *const names[] = {"t1", "t2", "t3", "t4"};
    const double window_wh = 3 * 230 * 50 * 0.2 / 3600;
    double meter = 0, reference = 0;
    struct sim_reference ideal;

    scene_open(&scene,
               "{'duration':'10m','load':{'all':{'current':50,'pf':0.8}},'meter':{'ct_ratio':'100/5'},'timeline':["
               "{'every':'37s','do':[{'at':'1.01s','tariff_input':true},{'at':'20.123s','tariff_input':false}]},"
               "{'every':'101s','do':[{'at':'50s','modbus':'01 06 60 48 00 03'},"
               "{'at':'70.5s','modbus':'01 06 60 48 00 04'}]},"
               "{'at':'599s','set':{'all.current':0}}]}");
    finish();
    ideal = sim_point_ideal(scene.sim->point);
    for (int t = 0; t < EM_TARIFF_COUNT; t++) {
        for (int kind = 0; kind < EM_KIND_COUNT; kind++) {
            double got = counted(&scene.sim->point->meter.energy.tariff[t][kind][EM_FORWARD], 5);
            double want = ideal.tariff[t][kind][EM_FORWARD];

            /* A window goes to the tariff that is there at its end: half a window or so for each change. */
            ck_assert_msg(fabs(got - want) < 20 * window_wh, "%s: %g, want %g", names[t], got, want);
            ck_assert_msg(want > 100 * window_wh, "%s: only %g", names[t], want);
            meter += got;
            reference += want;
        }
    }
    UNIT_NEAR("all", meter, reference, 2e-5 * reference);
    UNIT_NEAR("ideal", reference, 3 * 230 * 50 * (0.8 + 0.6) * 599 / 3600, 1e-6);
    scene_close(&scene);
}
END_TEST

START_TEST(the_reference_goes_on_while_the_meter_is_off)
{
    scene_open(&scene, "{'duration':'30s','meter':{'ct_ratio':'1000/5'},'load':{'L1':{'power':36000}},'timeline':["
                       "{'at':'10s','set':{'all.voltage':50}},{'at':'20s','set':{'all.voltage':230}}]}");
    finish();
    UNIT_NEAR("reference", scene_read(&scene, "reference.forward_active_energy"), 0.3, 1e-9);
    ck_assert(scene_read(&scene, "forward_active_energy") > 0.18 && scene_read(&scene, "forward_active_energy") < 0.2);
    scene_close(&scene);
}
END_TEST

/* --- Judging --- */

START_TEST(expectations_hold_within_their_tolerance)
{
    static const struct {
        const char *expect;
        bool pass;
    } rows[] = {
        {"'lcd_cycle_time':10", true},
        {"'lcd_cycle_time':10.000009", true},
        {"'lcd_cycle_time':10.000011", false},
        {"'lcd_cycle_time':{'value':10.5,'tol':0.5}", true},
        {"'lcd_cycle_time':{'value':10.5,'tol':0.499}", false},
        {"'lcd_cycle_time':{'value':12.5,'tol':'20%'}", true},
        {"'lcd_cycle_time':{'value':12.5,'tol':'19.9%'}", false},
        {"'lcd_cycle_time':{'value':-10,'tol':'1%'}", false},
        {"'lcd_cycle_time':{'min':10,'max':10}", true},
        {"'lcd_cycle_time':{'min':10.001}", false},
        {"'lcd_cycle_time':{'max':9.999}", false},
        {"'lcd_cycle_time':{'value':10,'min':11}", false},
        {"'lcd_cycle_time':{'value':10,'tol':0,'min':9,'max':11}", true},
        {"'serial_number':'19020246'", true},
        {"'serial_number':'19020247'", false},
        {"'ct_ratio':'5/5'", true},
        {"'meter_code':'1113'", true},
        {"'active_status_word':'00000007'", true},
        {"'l1_current_direction':'F'", true},
        {"'total_active_energy':0.001", true},
        {"'total_active_energy':0.00101", false},
        {"'l1_active_power':0", true},
        {"'l1_active_power':0.0000001", false},
        {"'l3_active_power':{'value':-0.46,'tol':'1%'}", true},
        {"'l3_active_power':{'value':-0.46,'tol':0.001}", true},
        {"'l3_active_power':{'value':0.46,'tol':'1%'}", false},
        {"'l3_active_power':{'min':-0.461,'max':-0.459}", true},
        {"'l3_current':{'value':-2,'tol':'0.01%'}", true},
        {"'l3_current_direction':'R'", true},
        {"'pulses.led':0", true},
        {"'error_percent.l1_current':0", true},
        {"'reference.l1_current_direction':'F'", true},
    };

    for (size_t k = 0; k < COUNT(rows); k++) {
        char text[200];

        snprintf(text, sizeof text,
                 "{'duration':'1s','load':{'L3':{'power':-460}},'timeline':[{'at':0,'expect':{%s}}]}", rows[k].expect);
        scene_open(&scene, text);
        finish();
        ck_assert_uint_eq(scene.sim->results.count, 1);
        ck_assert_msg(scene.sim->results.at[0].pass == rows[k].pass, "%s: is %s", rows[k].expect,
                      scene.sim->results.at[0].actual);
        ck_assert_uint_eq(scene.sim->results.failed, !rows[k].pass);
        scene_close(&scene);
    }
}
END_TEST

START_TEST(replies_are_judged_byte_by_byte)
{
    static const struct {
        const char *reply;
        bool pass;
    } rows[] = {{"'01 03 02 00 01'", true},
                {"'0103020001'", true},
                {"'01 03 02 00 \?\?'", true},
                {"'\?\? \?\? \?\? \?\? \?\?'", true},
                {"'01 03 02 00 02'", false},
                {"'01 03 02 00'", false},
                {"'01 03 02 00 01 \?\?'", false},
                {"null", false},
                {"'01 83 02'", false}};

    for (size_t k = 0; k < COUNT(rows); k++) {
        char text[200];

        snprintf(text, sizeof text,
                 "{'duration':'1s','timeline':[{'at':'1s','modbus':'01 03 60 48 00 01','reply':%s}]}", rows[k].reply);
        scene_open(&scene, text);
        finish();
        ck_assert_uint_eq(scene.sim->results.count, 1);
        ck_assert_msg(scene.sim->results.at[0].pass == rows[k].pass, "%s: is %s", rows[k].reply,
                      scene.sim->results.at[0].actual);
        scene_close(&scene);
    }
}
END_TEST

START_TEST(a_failed_expectation_does_not_end_the_run)
{
    scene_open(&scene, "{'duration':'3s','timeline':[{'every':'1s','do':[{'at':0,'expect':{'tariff':2}}]}]}");
    finish();
    ck_assert_uint_eq(scene.sim->results.failed, 4);
    ck_assert_int_eq(scene.sim->now, SECONDS(3));
    scene_close(&scene);
}
END_TEST

/* --- Reports --- */

/* A bit of everything, at times beside every grid. */
static const char busy[] =
    "{'duration':'21.3s','seed':7,'meter':{'ct_ratio':'100/5','s0_rate':10000,'pulse_width':5},"
    "'grid':{'frequency':49.97,'harmonics':[[5,3,20],[7,1,0]],'L2':{'voltage':225}},"
    "'load':{'all':{'current':80,'pf':0.8},'L3':{'power':-9000,'reactive':2000,'harmonics':[[3,20,0]]}},"
    "'front_end':{'noise':30,'gain_error':{'L1.current':0.001},'phase_error':{'all.voltage':0.1}},"
    "'profile':{'csv':'busy.csv','time':'t','columns':{'p':'L2.power','u':'L1.voltage'},'interpolate':'linear'},"
    "'timeline':["
    "{'at':'0.123s','set':{'L1.current':150,'frequency':50.4},'over':'3.21s'},"
    "{'at':'1.0001s','set':{'L1.pf':-0.5},'over':'777ms'},"
    "{'every':'1.7s','do':[{'at':'0.4s','tariff_input':true},{'at':'1.1s','tariff_input':false}]},"
    "{'every':'2.3s','do':[{'at':'0.05s','expect':{'l1_voltage':{'min':200},'error_percent.total_active_power':"
    "{'min':-10,'max':10},'pulses.led':{'min':0}}}]},"
    "{'at':'5s','modbus':'01 03 50 00 00 1E'},{'at':'5.5s','modbus':'01 06 60 48 00 03'},"
    "{'at':'7s','power':false},{'at':'7.9s','power':true},"
    "{'at':'12s','power_cut':{'after_writes':2}},{'at':'12s','modbus':'01 06 40 10 00 20'},"
    "{'at':'15s','set':{'all.kind':'capacitive','L3.current_harmonics':[]}}]}";

static char *busy_report(const struct sim_speed *speed, uint64_t seed)
{
    char *report;

    scene_text("busy.csv", "t,p,u\n0,1000,230\n3.3,5000,231\n6.01,-2000,228\n20,0,230\n");
    scene_open_with(&scene, busy, speed);
    while (seed && scene.sim->now < scene.scenario->duration) {
        int64_t step = (int64_t)(unit_random(&seed) % (unit_random(&seed) % 3 ? 30 : 5000));
        int64_t until = scene.sim->now + step;

        sim_run(scene.sim, until < scene.scenario->duration ? until : scene.scenario->duration);
    }
    finish();
    report = scene_report(&scene);
    scene_close(&scene);
    return report;
}

START_TEST(odd_steps_give_the_same_report_as_one_go)
{
    char *want = busy_report(&host_speed_best()->loops, 0);

    for (uint64_t seed = 1; seed <= 5; seed++) {
        char *got = busy_report(&host_speed_best()->loops, seed);

        ck_assert_msg(strcmp(want, got) == 0, "seed %d", (int)seed);
        free(got);
    }
    ck_assert(strstr(want, "\"power_down_counter\":\t2") != NULL); /* one of the two is the cut */
    free(want);
}
END_TEST

/* Cuts of every kind of write, in a row: a meter stops at the very sample, wherever blocks end. */
static char *cut_scenario(uint64_t seed)
{
    static const char *const deeds[] = {
        "'power':false",
        "'power':true",
        "'power':true",
        "'tariff_input':true",
        "'tariff_input':false",
        "'modbus':'01 06 60 48 00 03'",
        "'mbus':'68 08 08 68 53 00 51 09 7c 01 54 02 80 16'",
        "'power_cut':{'after_writes':1}",
        "'power_cut':{'after_writes':3}",
        "'power_cut':{'after_writes':4,'torn':'nothing'}",
        "'set':{'L2.angle':150}",
        "'set':{'all.voltage':231},'over':2",
    };
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    unsigned at = 0; /* samples */

    ck_assert_ptr_nonnull(f);
    fprintf(f, "{'duration':130,'front_end':{'noise':20},'load':{'all':{'current':3,'pf':0.7}},'timeline':[");
    for (int k = 0; k < 40; k++) {
        at += (unsigned)(unit_random(&seed) % (3 * EM_SAMPLE_RATE));
        fprintf(f, "%s{'at':%.6f,%s}", k ? "," : "", (double)at / EM_SAMPLE_RATE,
                deeds[unit_random(&seed) % COUNT(deeds)]);
    }
    fprintf(f, "]}");
    fclose(f);
    return text;
}

/* Plays it in steps of up to `most` samples; 0: in one go. */
static char *cut_report(const char *text, uint64_t most)
{
    struct scene scene;
    uint64_t seed = most;
    char *report;

    scene_open(&scene, text);
    for (int64_t at = 0; most && at < SECONDS(130); at += (int64_t)(1 + unit_random(&seed) % most))
        sim_run(scene.sim, at);
    scene_run(&scene, 130);
    report = scene_report(&scene);
    scene_close(&scene);
    return report;
}

START_TEST(cuts_do_not_depend_on_steps)
{
    for (uint64_t seed = 1; seed <= 12; seed++) {
        char *text = cut_scenario(seed), *want = cut_report(text, 0);

        for (uint64_t most = 17; most < 20000; most *= 31) {
            char *got = cut_report(text, most);

            UNIT_CHECK(strcmp(want, got) == 0, "seed %d, steps of up to %d: %s", (int)seed, (int)most, text);
            free(got);
        }
        free(want);
        free(text);
    }
}
END_TEST

START_TEST(all_instruction_sets_give_the_same_report)
{
    const struct host_speed *speed;
    char *want = busy_report(&host_speed_at(0)->loops, 0);

    for (size_t k = 1; (speed = host_speed_at(k)); k++) {
        char *got = busy_report(&speed->loops, 0);

        ck_assert_msg(strcmp(want, got) == 0, "%s", speed->name);
        free(got);
    }
    free(want);
}
END_TEST

START_TEST(another_seed_gives_other_noise)
{
    static const char *const text[] = {"{'duration':'1s','seed':1,'front_end':{'noise':100}}",
                                       "{'duration':'1s','seed':2,'front_end':{'noise':100}}"};
    char *report[2];

    for (int k = 0; k < 2; k++) {
        scene_open(&scene, text[k]);
        finish();
        report[k] = scene_report(&scene);
        scene_close(&scene);
    }
    ck_assert(strcmp(report[0], report[1]) != 0);
    free(report[0]);
    free(report[1]);
}
END_TEST

START_TEST(a_report_is_json_and_says_what_it_should)
{
    char *text;
    cJSON *root;

    scene_open(&scene, "{'name':'a \\\\ \\u00e4 \\'quoted\\' name','duration':'1s','load':{'L1':{'current':1e-170,"
                       "'harmonics':[[5,10,0]]}},'timeline':[{'at':0,'expect':{'ct_ratio':'x','tariff':"
                       "{'value':1,'tol':'5%','min':-1e18,'max':1e18}}}]}");
    finish();
    text = scene_report(&scene);
    root = cJSON_Parse(text);
    ck_assert_msg(root != NULL, "%s", text);
    ck_assert_str_eq(cJSON_GetObjectItem(root, "scenario")->valuestring, scene.scenario->name);
    ck_assert_str_eq(cJSON_GetObjectItem(root, "result")->valuestring, "fail");
    ck_assert(cJSON_GetObjectItem(root, "simulated_seconds")->valuedouble == 1);
    ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItem(root, "expectations")), 2);
    ck_assert(cJSON_IsNumber(cJSON_GetObjectItem(cJSON_GetObjectItem(root, "reference"), "l1_current")));
    cJSON_Delete(root);
    free(text);
    scene_close(&scene);
}
END_TEST

/* --- Memory --- */

START_TEST(memory_does_not_grow_with_time)
{
    size_t after_a_while, at_the_end;

    scene_open(&scene, "{'duration':'2h','load':{'all':{'current':4}},'front_end':{'noise':3},'timeline':["
                       "{'every':'7s','do':[{'at':0,'set':{'all.current':4,'frequency':50.2},'over':'3s'},"
                       "{'at':'1s','modbus':'01 03 50 00 00 1E'},{'at':'2s','tariff_input':true},"
                       "{'at':'3.5s','set':{'all.current':1,'frequency':49.9},'over':'3s'},"
                       "{'at':'4s','tariff_input':false}]},"
                       "{'every':'13m','do':[{'at':'1m','power':false},{'at':'62s','power':true}]}]}");
    scene_run(&scene, 900);
    after_a_while = mallinfo2().uordblks;
    finish();
    at_the_end = mallinfo2().uordblks;
    ck_assert_msg(at_the_end == after_a_while, "%zu bytes, then %zu", after_a_while, at_the_end);
    ck_assert_uint_lt(scene.sim->due.room, 64);
    scene_close(&scene);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("run");
    TCase *ramps = scene_case(suite, "ramps"), *times = scene_case(suite, "times");
    TCase *energies = scene_case(suite, "energies"), *judging = scene_case(suite, "judging");
    TCase *reports = scene_case(suite, "reports");

    tcase_add_test(ramps, a_ramp_is_a_straight_line_that_ends_at_its_target);
    tcase_add_test(ramps, the_target_is_reached_at_the_very_sample);
    tcase_add_test(ramps, a_ramp_steps_between_10_ms_and_1_s);
    tcase_add_test(ramps, a_set_ends_a_ramp);
    tcase_add_test(ramps, a_ramp_replaces_a_ramp_from_where_it_is);
    tcase_add_test(ramps, ramps_of_other_quantities_go_on);
    tcase_add_test(ramps, a_load_given_in_another_way_ends_a_ramp);
    tcase_add_test(ramps, phases_ramp_from_their_own_values);
    tcase_add_test(ramps, a_ramp_of_power_has_the_energy_of_its_triangle);
    tcase_add_test(times, events_of_one_instant_act_in_file_order);
    tcase_add_test(times, ramp_profile_and_timeline_act_in_this_order);
    tcase_add_test(times, the_first_row_of_a_profile_acts_before_the_timeline);
    tcase_add_test(times, there_are_events_at_the_start_and_at_the_end);
    tcase_add_test(times, without_a_duration_the_last_event_is_the_end);
    tcase_add_test(times, repetitions_come_when_and_as_often_as_they_should);
    tcase_add_test(times, a_repetition_every_sample_misses_none);
    tcase_add_test(times, repetitions_keep_file_order_at_one_instant);
    tcase_add_test(times, a_profile_steps_from_row_to_row);
    tcase_add_test(times, a_profile_goes_in_straight_lines);
    tcase_add_test(times, a_set_in_a_profile_holds_until_the_next_row);
    tcase_add_test(energies, a_profile_counts_what_its_rows_say);
    tcase_add_test(energies, an_expectation_sees_the_newest_closed_window);
    tcase_add_test(energies, the_reference_is_new_at_once);
    tcase_add_test(energies, an_error_against_nothing_is_no_number);
    tcase_add_test(energies, energy_is_counted_from_the_first_sample_on);
    tcase_add_test(energies, preloaded_energies_go_on);
    tcase_add_test(energies, tariffs_are_counted_as_the_reference_does);
    tcase_add_test(energies, the_reference_goes_on_while_the_meter_is_off);
    tcase_add_test(judging, expectations_hold_within_their_tolerance);
    tcase_add_test(judging, replies_are_judged_byte_by_byte);
    tcase_add_test(judging, a_failed_expectation_does_not_end_the_run);
    tcase_add_test(reports, odd_steps_give_the_same_report_as_one_go);
    tcase_add_test(reports, cuts_do_not_depend_on_steps);
    tcase_add_test(reports, all_instruction_sets_give_the_same_report);
    tcase_add_test(reports, another_seed_gives_other_noise);
    tcase_add_test(reports, a_report_is_json_and_says_what_it_should);
    tcase_add_test(reports, memory_does_not_grow_with_time);
    return suite;
}
