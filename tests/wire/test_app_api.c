/* SPDX-License-Identifier: MIT
 * The app's answers without HTTP, and with a clock of our own: what wrong passwords cost. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app_api.h"
#include "speed.h"

static struct sim_scenario *scenario;
static struct sim *sim;
static struct host_app_api *api;

static void setup(void)
{
    struct js js = {0};
    FILE *f = fopen("two-meters.json", "w");

    ck_assert_ptr_nonnull(f);
    fputs(
        "{\"duration\": 1, \"meters\": [{\"first_serial_number\": \"00000007\", \"count\": 2, \"first_address\": 1}]}",
        f);
    fclose(f);
    scenario = sim_scenario_load(&js, "two-meters.json", NULL, 0);
    ck_assert_msg(scenario, "%s", js.error);
    remove("two-meters.json");
    sim = sim_new(scenario, &host_speed_best()->loops);
    api = host_app_api_new(sim);
    for (unsigned k = 0; k < sim->points; k++)
        sim->point[k].meter.display.bluetooth = true;
}

static void teardown(void)
{
    host_app_api_free(api);
    sim_free(sim);
    sim_scenario_free(scenario);
}

/* Tries a password on the meter with this number; returns the status and the seconds to wait. */
static unsigned try(int serial, const char *password, int64_t now_ms, unsigned *wait_s)
{
    char path[64], body[128];
    struct host_app_answer a;

    snprintf(path, sizeof path, HOST_APP_API_PATH "/%08d/settings", serial);
    snprintf(body, sizeof body, "{\"password\": \"%s\", \"changes\": {\"tariff\": 2}}", password);
    a = host_app_ask(api, path, body, now_ms);
    ck_assert_ptr_nonnull(a.json);
    free(a.json);
    *wait_s = a.retry_s;
    return a.status;
}

START_TEST(test_delays_grow_up_to_eight_seconds)
{
    static const unsigned delays[] = {1, 2, 4, 8, 8, 8};
    int64_t now = 5000;
    unsigned wait;

    for (size_t k = 0; k < sizeof delays / sizeof delays[0]; k++) {
        ck_assert_uint_eq(try(7, "1234", now, &wait), 403);
        ck_assert_uint_eq(wait, delays[k]);
        /* The right one does not help before its time, and trying makes it no longer. */
        now += delays[k] * 1000 - 1;
        ck_assert_uint_eq(try(7, "0000", now, &wait), 429);
        ck_assert_uint_eq(wait, 1);
        ck_assert_int_eq(sim->point[0].meter.settings.value[EM_SETTING_TARIFF], 1);
        now++;
    }
    ck_assert_uint_eq(try(7, "0000", now, &wait), 200);
    ck_assert_uint_eq(wait, 0);
    ck_assert_int_eq(sim->point[0].meter.settings.value[EM_SETTING_TARIFF], 2);
    ck_assert_uint_eq(try(7, "1234", now, &wait), 403);
    ck_assert_uint_eq(wait, 1);
}
END_TEST

START_TEST(test_each_meter_for_itself)
{
    unsigned wait;

    ck_assert_uint_eq(try(7, "9999", 0, &wait), 403);
    ck_assert_uint_eq(try(8, "0000", 0, &wait), 200);
    ck_assert_int_eq(sim->point[1].meter.settings.value[EM_SETTING_TARIFF], 2);
    ck_assert_uint_eq(try(7, "0000", 0, &wait), 429);
}
END_TEST

START_TEST(test_every_other_password_is_wrong)
{
    static const char *const others[] = {"",     "0",    "000",  "00000", "000 ", " 000",
                                         "-000", "0x00", "+000", "1000",  "0001"};
    int64_t now = 0;
    unsigned wait;

    for (size_t k = 0; k < sizeof others / sizeof others[0]; k++, now += HOST_APP_DELAY_MAX_MS)
        ck_assert_msg(try(7, others[k], now, &wait) == 403, "\"%s\"", others[k]);
    sim->point[0].meter.settings.value[EM_SETTING_PASSWORD] = 47;
    ck_assert_uint_eq(try(7, "0000", now, &wait), 403);
    ck_assert_uint_eq(try(7, "0047", now + HOST_APP_DELAY_MAX_MS, &wait), 200);
}
END_TEST

START_TEST(test_out_of_reach)
{
    unsigned wait;

    sim->point[0].meter.display.bluetooth = false;
    ck_assert_uint_eq(try(7, "0000", 0, &wait), 404);
    ck_assert(host_app_any_on(sim));
    sim->point[1].meter.display.bluetooth = false;
    ck_assert(!host_app_any_on(sim));
    ck_assert_uint_eq(try(9, "0000", 0, &wait), 404);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("app_api");
    TCase *all = tcase_create("all");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, test_delays_grow_up_to_eight_seconds);
    tcase_add_test(all, test_each_meter_for_itself);
    tcase_add_test(all, test_every_other_password_is_wrong);
    tcase_add_test(all, test_out_of_reach);
    suite_add_tcase(suite, all);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
