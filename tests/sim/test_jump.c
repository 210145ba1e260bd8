/* SPDX-License-Identifier: MIT
 * The jump over whole periods: the meter is the same, to the last bit of its state, as after all samples; and long
 * times take no time. Whole reports are compared by tests/scenario/test_jump.py. */
#include <stdio.h>
#include <string.h>

#include "scene.h"

static struct sim_speed stepping(void)
{
    struct sim_speed speed = host_speed_best()->loops;

    speed.no_jump = true;
    return speed;
}

/* The bytes of a meter that say how it is: all but pointers, what is kept for speed, and the newest display. */
static void check_same(const struct sim_point *jumped, const struct sim_point *stepped, const char *where, double t)
{
    const struct em_meter *a = &jumped->meter, *b = &stepped->meter;

#define SAME(part) UNIT_CHECK(memcmp(&a->part, &b->part, sizeof a->part) == 0, "%s: " #part " after %.6f s", where, t)
    SAME(settings);
    SAME(energy);
    SAME(supply);
    SAME(calibration);
    SAME(pulses);
    SAME(storage);
    SAME(window_samples);
    SAME(bus_lit);
    SAME(error_code);
#undef SAME
    UNIT_CHECK(memcmp(&a->metrology.frequency_mhz, &b->metrology.frequency_mhz,
                      sizeof a->metrology - offsetof(struct em_metrology, frequency_mhz)) == 0,
               "%s: metrology after %.6f s", where, t);
    UNIT_CHECK(memcmp(&a->display, &b->display, offsetof(struct em_display, lcd)) == 0, "%s: display after %.6f s",
               where, t);
    UNIT_CHECK(memcmp(jumped->memory->image, stepped->memory->image, EM_NV_SIZE) == 0, "%s: memory after %.6f s", where,
               t);
    UNIT_CHECK(memcmp(jumped->pulses, stepped->pulses, sizeof jumped->pulses) == 0, "%s: pulses after %.6f s", where,
               t);
    UNIT_CHECK(jumped->wave.phase == stepped->wave.phase && jumped->wave.index == stepped->wave.index &&
                   jumped->wave.sample == stepped->wave.sample,
               "%s: generator after %.6f s", where, t);
}

struct row {
    const char *name, *text;
};

static const struct row rows[] = {
    {"plain", "{'duration':'2h','load':{'all':{'current':5}}}"},
    {"export, netted", "{'duration':'2h','meter':{'combination_code':5},"
                       "'load':{'L1':{'current':5},'L2':{'current':4,'angle':180},'L3':{'current':1,'angle':100}}}"},
    {"both ways", "{'duration':'2h','meter':{'combination_code':4,'energy':{'t1_forward_active_energy':999999.5}},"
                  "'load':{'L1':{'current':5},'L2':{'current':4.9,'angle':180}}}"},
    {"rolls over", "{'duration':'2h','meter':{'energy':{'t1_forward_active_energy':999999.0,"
                   "'l2_forward_active_energy':999999.9}},'load':{'all':{'current':5}}}"},
    {"more pulses than fit", "{'duration':'2h','meter':{'s0_rate':10000,'ct_ratio':'2000/5','pulse_width':99},"
                             "'load':{'all':{'current':2000}}}"},
    {"pulses that wait, then less load",
     "{'duration':'2h','meter':{'s0_rate':1000,'ct_ratio':'100/5','pulse_width':30},'load':{'all':{'current':100}},"
     "'timeline':[{'at':'20m','set':{'all.current':20}},{'at':'60m','set':{'all.current':0}}]}"},
    {"rare pulses", "{'duration':'2h','meter':{'s0_rate':0.01},'load':{'all':{'current':0.01}}}"},
    {"forward and reverse pulses",
     "{'duration':'2h','meter':{'pulse_type':2},'load':{'L1':{'current':5},'L2':{'current':4,'angle':180}}}"},
    {"60 Hz with harmonics",
     "{'duration':'2h','grid':{'frequency':60},'load':{'all':{'current':3,'harmonics':[[5,20,10],[7,9,0]]}}}"},
    {"windows of two lengths", "{'duration':'2h','grid':{'frequency':49.99},'load':{'all':{'current':3}}}"},
    {"a power between two quadrants", "{'duration':'2h','load':{'all':{'current':5,'angle':90.003}}}"},
    {"supply fails", "{'duration':'2h','load':{'all':{'current':5}},"
                     "'timeline':[{'at':'31m','power':false},{'at':'62m','power':true}]}"},
    {"menu", "{'duration':'2h','load':{'all':{'current':5}},"
             "'timeline':[{'at':'31m','press':'middle','hold':'3.5s'},{'at':'40m','press':'right'}]}"},
    {"a meter that has stopped", "{'duration':'2h','load':{'all':{'current':5}},'timeline':["
                                 "{'at':'1m','corrupt':{'area':'energy_main','byte':100}},{'at':'1m','corrupt':{'area':"
                                 "'energy_backup','byte':100}},"
                                 "{'at':'1m','power_cut':{'after_writes':1}}]}"},
};

/* Part of a row's time that is run; the sanitizers are slow. */
#ifdef __SANITIZE_ADDRESS__
#define PART 4
#else
#define PART 1
#endif

static void compare(const struct row *row, bool listened)
{
    struct sim_speed slow = stepping();
    struct scene jumped, stepped;
    struct sim_trace traces[2];
    FILE *files[2] = {tmpfile(), tmpfile()};
    uint64_t seed = 1;
    int64_t end;

    scene_open(&jumped, row->text);
    end = jumped.scenario->duration / (listened ? 4 : PART);
    scene_open_with(&stepped, row->text, &slow);
    for (int k = 0; k < 2 && listened; k++) {
        sim_trace_begin(&traces[k], files[k], true);
        (k ? &stepped : &jumped)->sim->point->trace = &traces[k];
    }
    /* Odd times, some of them short: whole periods or not, from any place in one. */
    for (int64_t at = 0; at < end;) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        at += (int64_t)(seed >> 40) % ((seed >> 33 & 1) ? 30000 : 9000000) + 1;
        at = at < end ? at : end;
        sim_run(jumped.sim, at);
        sim_run(stepped.sim, at);
        check_same(jumped.sim->point, stepped.sim->point, row->name, sim_seconds(at));
    }
    for (int k = 0; k < 2; k++)
        fflush(files[k]);
    UNIT_CHECK(ftell(files[0]) == ftell(files[1]), "%s: the edges differ", row->name);
    rewind(files[0]);
    rewind(files[1]);
    while (listened) {
        int a = fgetc(files[0]), b = fgetc(files[1]);

        UNIT_CHECK(a == b, "%s: the edges differ at byte %ld", row->name, ftell(files[0]));
        if (a == EOF)
            break;
    }
    for (int k = 0; k < 2; k++)
        fclose(files[k]);
    scene_close(&jumped);
    scene_close(&stepped);
}

START_TEST(the_state_is_that_of_all_samples)
{
    compare(&rows[_i], false);
}
END_TEST

START_TEST(edges_that_are_listened_to_come_one_by_one)
{
    compare(&rows[_i], true);
}
END_TEST

/* Ten years: without a jump the test would take hours. */
static void run_for_years(double frequency)
{
    char text[200];
    const double hours = 3650 * 24.0, watts = 3 * 230 * 5;
    struct scene scene;

    snprintf(text, sizeof text, "{'duration':'3650d','grid':{'frequency':%g},'load':{'all':{'current':5}}}", frequency);
    scene_open(&scene, text);
    sim_run(scene.sim, scene.scenario->duration);
    UNIT_CHECK(fabs(scene_read(&scene, "t1_forward_active_energy") - watts * hours / 1000) < 1, "%g Hz: %f kWh",
               frequency, scene_read(&scene, "t1_forward_active_energy"));
    UNIT_CHECK(fabs(scene_read(&scene, "pulses.s0_1") - watts * hours) < watts, "%g Hz: %f pulses", frequency,
               scene_read(&scene, "pulses.s0_1"));
    UNIT_CHECK(fabs(scene_read(&scene, "pulses.led") - 10 * watts * hours) < 10 * watts, "%g Hz: %f flashes", frequency,
               scene_read(&scene, "pulses.led"));
    /* Every ten minutes a save, but for the window by which each is late. */
    UNIT_CHECK(fabs(scene.sim->point->meter.storage.energy_sequence - hours * 6) < hours * 6 / 1000, "%g Hz: %u saves",
               frequency, scene.sim->point->meter.storage.energy_sequence);
    scene_close(&scene);
}

START_TEST(ten_years_pass_in_no_time)
{
    run_for_years(50);
    run_for_years(60);
    run_for_years(49.9);
}
END_TEST

START_TEST(noise_does_not_jump)
{
    struct scene scene;
    uint64_t sum = 0;

    scene_open(&scene, "{'duration':'10m','load':{'all':{'current':5}},'front_end':{'noise':0.01}}");
    scene_run(&scene, 300);
    sum = scene.sim->point->jump.known;
    scene_run(&scene, 600);
    ck_assert_uint_eq(sum + scene.sim->point->jump.known, 0);
    scene_close(&scene);
}
END_TEST

START_TEST(a_period_too_long_for_the_memory_given_is_stepped)
{
    struct sim_speed slow = stepping();
    struct scene scene, stepped;

    scene_open(&scene, "{'duration':'40m','grid':{'frequency':49.99},'load':{'all':{'current':5}}}");
    scene_open_with(&stepped, "{'duration':'40m','grid':{'frequency':49.99},'load':{'all':{'current':5}}}", &slow);
    scene.sim->point->jump.windows_max = 100;
    scene_run(&scene, 2400);
    scene_run(&stepped, 2400);
    ck_assert(!scene.sim->point->jump.known);
    check_same(scene.sim->point, stepped.sim->point, "little memory", 2400);
    scene_close(&scene);
    scene_close(&stepped);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *s = suite_create("jump");
    TCase *tc = scene_case(s, "jump");

    tcase_set_timeout(tc, 250);
    tcase_add_loop_test(tc, the_state_is_that_of_all_samples, 0, COUNT(rows));
    tcase_add_loop_test(tc, edges_that_are_listened_to_come_one_by_one, 0, COUNT(rows));
    tcase_add_test(tc, ten_years_pass_in_no_time);
    tcase_add_test(tc, noise_does_not_jump);
    tcase_add_test(tc, a_period_too_long_for_the_memory_given_is_stepped);
    suite_add_tcase(s, tc);
    return s;
}
