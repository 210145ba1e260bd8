/* SPDX-License-Identifier: MIT
 * Several meters in one simulation: who they are, what acts on which, and what a master sees of them on a bus. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/host/nvm.h"
#include "../../src/sim/bus.h"
#include "../../src/sim/lcd.h"
#include "scene.h"

static struct scene scene;
static uint8_t answer[SIM_FRAME_MAX];

static struct em_meter *meter(unsigned number)
{
    return &scene.sim->point[number - 1].meter;
}

static int32_t setting(unsigned number, enum em_setting s)
{
    return meter(number)->settings.value[s];
}

static void event(const char *text)
{
    struct js js = {.file = "test"};
    char *json = strdup(text);
    struct sim_event *e;
    cJSON *root;

    for (char *c = json; *c; c++)
        if (*c == '\'')
            *c = '"';
    root = js_parse(&js, json);
    e = sim_event_parse(&js, root, NULL, 0, NULL);
    ck_assert_msg(e && sim_event_fits(&js, e, scene.sim->points), "%s: %s", text, js.error);
    sim_execute(scene.sim, e);
    sim_event_free(e);
    cJSON_Delete(root);
    free(json);
}

/* --- Who they are --- */

START_TEST(counted_meters)
{
    scene_open(&scene, "{'duration': 1, 'meters': [{'count': 3, 'first_mbus_id': '19999998', 'first_address': 10,"
                       "'first_modbus_id': 245, 'tariff': 2}, {'serial_number': '00000005'}, {}]}");
    ck_assert_uint_eq(scene.sim->points, 5);
    for (unsigned k = 1; k <= 3; k++) {
        ck_assert_int_eq(setting(k, EM_SETTING_MBUS_ID), 19999997 + (int)k);
        ck_assert_int_eq(setting(k, EM_SETTING_MBUS_ADDRESS), 9 + (int)k);
        ck_assert_int_eq(setting(k, EM_SETTING_MODBUS_ID), 244 + (int)k);
        ck_assert_uint_eq(meter(k)->modbus.id, 244 + k);
        ck_assert_int_eq(setting(k, EM_SETTING_TARIFF), 2);
        ck_assert_int_eq(setting(k, EM_SETTING_SERIAL_NUMBER), 19020245 + (int)k);
    }
    ck_assert_int_eq(setting(4, EM_SETTING_MBUS_ID), 5); /* the serial number */
    ck_assert_int_eq(setting(4, EM_SETTING_TARIFF), 1);
    ck_assert_int_eq(setting(5, EM_SETTING_SERIAL_NUMBER), 19020250);
    ck_assert_int_eq(setting(5, EM_SETTING_MBUS_ID), 19020250);
    ck_assert_int_eq(setting(5, EM_SETTING_MODBUS_ID), 1);
    scene_close(&scene);
}
END_TEST

START_TEST(one_meter_in_a_list_is_one_meter)
{
    char *single, *listed;

    scene_open(&scene, "{'duration': 10, 'load': {'all': {'current': 3}}, 'meter': {'ct_ratio': '100/5', "
                       "'serial_number': '00000007'}}");
    scene_run(&scene, 10);
    single = scene_report(&scene);
    scene_close(&scene);
    scene_open(&scene, "{'duration': 10, 'meters': [{'load': {'all': {'current': 3}}, 'ct_ratio': '100/5', "
                       "'serial_number': '00000007'}]}");
    scene_run(&scene, 10);
    listed = scene_report(&scene);
    ck_assert_str_eq(single, listed);
    scene_close(&scene);
    free(single);
    free(listed);
}
END_TEST

/* In company a meter measures what it measures alone. */
START_TEST(meters_do_not_feel_each_other)
{
    static const char timeline[] = "'duration': 20, 'front_end': {'noise': 3}, 'timeline': [{'at': 3, 'set': "
                                   "{'frequency': 49.9}, 'over': 2}, {'at': 9.01, 'set': {'L2.current': 2}}]";
    char text[600];
    uint32_t wh;
    struct em_quantities alone;

    snprintf(text, sizeof text, "{%s, 'meters': [{'load': {'all': {'current': 4, 'pf': 0.7}}}]}", timeline);
    scene_open(&scene, text);
    scene_run(&scene, 20);
    alone = *em_meter_quantities(meter(1));
    wh = meter(1)->energy.tariff[0][EM_ACTIVE][EM_FORWARD].wh;
    scene_close(&scene);
    snprintf(text, sizeof text,
             "{%s, 'meters': [{'load': {'all': {'current': 4, 'pf': 0.7}}}, {'load': {'L1': {'current': 5}}}]}",
             timeline);
    scene_open(&scene, text);
    scene_run(&scene, 20);
    ck_assert_mem_eq(&alone, em_meter_quantities(meter(1)), sizeof alone);
    ck_assert_uint_eq(wh, meter(1)->energy.tariff[0][EM_ACTIVE][EM_FORWARD].wh);
    ck_assert_int_ne(em_meter_quantities(meter(2))->i_ua[0], alone.i_ua[0]);
    scene_close(&scene);
}
END_TEST

/* --- What acts on which --- */

START_TEST(events_act_on_all_or_on_one)
{
    scene_open(&scene, "{'duration': 60, 'meters': [{'count': 3, 'load': {'all': {'current': 1}}}]}");
    scene_run(&scene, 1);
    event("{'set': {'L1.current': 2}}");
    event("{'set': {'L2.current': 3}, 'meter': 2}");
    event("{'tariff_input': true, 'meter': 3}");
    scene_run(&scene, 2);
    for (unsigned k = 1; k <= 3; k++) {
        char name[40];

        snprintf(name, sizeof name, "meter%u.l1_current", k);
        UNIT_NEAR(name, scene_read(&scene, name), 2, 1e-4);
        snprintf(name, sizeof name, "meter%u.l2_current", k);
        UNIT_NEAR(name, scene_read(&scene, name), k == 2 ? 3 : 1, 1e-4);
        ck_assert_int_eq(setting(k, EM_SETTING_TARIFF), k == 3 ? 2 : 1);
    }
    UNIT_NEAR("plain", scene_read(&scene, "l2_current"), 1, 1e-4);
    event("{'power': false, 'meter': 1}");
    scene_run(&scene, 4);
    ck_assert(!em_meter_running(meter(1)) && em_meter_running(meter(2)) && em_meter_running(meter(3)));
    event("{'power': false}");
    scene_run(&scene, 6);
    ck_assert(!em_meter_running(meter(2)) && !em_meter_running(meter(3)));
    event("{'power': true}");
    scene_run(&scene, 12);
    for (unsigned k = 1; k <= 3; k++)
        ck_assert_int_eq(setting(k, EM_SETTING_POWER_DOWN_COUNTER), 1);
    scene_close(&scene);
}
END_TEST

START_TEST(ramps_of_one_meter)
{
    scene_open(&scene, "{'duration': 60, 'meters': [{'count': 2, 'load': {'all': {'current': 1}}}]}");
    scene_run(&scene, 1);
    event("{'set': {'all.current': 3}, 'over': 10, 'meter': 2}");
    scene_run(&scene, 6);
    ck_assert(scene.sim->point[0].network.phase[0].current == 1);
    UNIT_NEAR("half way", scene.sim->point[1].network.phase[0].current, 2, 0.01);
    scene_run(&scene, 11);
    ck_assert(scene.sim->point[1].network.phase[0].current == 3);
    scene_close(&scene);
}
END_TEST

/* --- Touches --- */

static const char *part3(unsigned number)
{
    static char text[SIM_LCD_TEXT];

    sim_lcd_part3(em_meter_lcd(meter(number)), text);
    return text;
}

START_TEST(touches_last_as_long_as_they_are_said_to)
{
    scene_open(&scene, "{'duration': 100, 'meters': [{'count': 2}], 'timeline': [{'at': 10, 'press': 'middle', 'hold': "
                       "'2.999s'}, {'at': 20, 'press': 'middle', 'hold': '3.001s', 'meter': 2}]}");
    scene_run(&scene, 15);
    ck_assert_str_eq(part3(1), "L1 DIRECTION FORWARD"); /* short: the next group */
    scene_run(&scene, 22.9999);
    ck_assert_str_eq(part3(2), "L1 DIRECTION FORWARD");
    scene_run(&scene, 23.001);
    ck_assert_str_eq(part3(2), "MENU BLUETOOTH OFF");
    ck_assert_str_eq(part3(1), "L1 DIRECTION FORWARD");
    scene_close(&scene);
}
END_TEST

START_TEST(a_touch_without_an_end_goes_on)
{
    scene_open(&scene, "{'duration': 100}");
    scene_run(&scene, 1);
    event("{'press': 'middle', 'hold': true}");
    scene_run(&scene, 3.9);
    ck_assert_str_eq(part3(1), "TOTAL DIRECTION FORWARD");
    scene_run(&scene, 5);
    ck_assert_str_eq(part3(1), "MENU BLUETOOTH OFF");
    event("{'press': 'middle', 'hold': false}");
    scene_run(&scene, 6);
    ck_assert_str_eq(part3(1), "MENU BLUETOOTH OFF"); /* the touch has acted already */
    event("{'press': 'right', 'hold': true}");
    event("{'press': 'right', 'hold': false}");
    ck_assert_str_eq(part3(1), "MENU CONFIG");
    scene_close(&scene);
}
END_TEST

/* --- M-Bus --- */

static size_t mbus(const uint8_t *frame, size_t n)
{
    sim_mbus_idle(scene.sim);
    return sim_mbus_bytes(scene.sim, 0, frame, n, answer);
}

static size_t mbus_short(uint8_t c, uint8_t address)
{
    return mbus((const uint8_t[]){0x10, c, address, (uint8_t)(c + address), 0x16}, 5);
}

static bool checksum_holds(size_t n)
{
    uint8_t sum = 0;

    for (size_t k = 4; k < n - 2; k++)
        sum = (uint8_t)(sum + answer[k]);
    return sum == answer[n - 2];
}

START_TEST(answers_are_merged)
{
    scene_open(&scene, "{'duration': 1, 'meters': [{'mbus_address': 1}, {'mbus_address': 2, 'mbus_id': '12345678'}]}");
    ck_assert_uint_eq(mbus_short(0x40, 0xFE), 1);
    ck_assert_uint_eq(answer[0], 0xE5);
    ck_assert_uint_eq(mbus_short(0x5B, 1), 250);
    ck_assert(checksum_holds(250));
    ck_assert_uint_eq(mbus_short(0x5B, 2), 250);
    ck_assert(checksum_holds(250));
    ck_assert_mem_eq(answer + 7, ((uint8_t[]){0x78, 0x56, 0x34, 0x12}), 4);
    ck_assert_uint_eq(mbus_short(0x5B, 0xFE), 250);
    ck_assert(!checksum_holds(250));
    ck_assert_mem_eq(answer + 7, ((uint8_t[]){0x78 & 0x46, 0x56 & 0x02, 0x34 & 0x02, 0x12 & 0x19}), 4);
    ck_assert_uint_eq(mbus_short(0x5B, 3), 0);
    scene_close(&scene);
}
END_TEST

/* Selects by a mask of eight digits, F for any; returns whether anyone answers. */
static bool selects(const char *mask)
{
    uint8_t frame[17] = {0x68, 11, 11, 0x68, 0x73, 0xFD, 0x52}, sum = 0;

    for (int k = 0; k < 4; k++)
        frame[7 + k] = (uint8_t)strtoul((char[]){mask[6 - 2 * k], mask[7 - 2 * k], 0}, NULL, 16);
    memset(frame + 11, 0xFF, 4);
    for (int k = 4; k < 15; k++)
        sum = (uint8_t)(sum + frame[k]);
    frame[15] = sum;
    frame[16] = 0x16;
    return mbus(frame, sizeof frame) == 1;
}

/* The scan of EN 13757-3: a digit at a time, deeper where the telegram is broken. */
static void scan(char mask[9], int digit, unsigned *found, unsigned *frames)
{
    for (char c = '0'; c <= '9'; c++) {
        mask[digit] = c;
        ++*frames;
        if (!selects(mask))
            continue;
        ++*frames;
        ck_assert_uint_eq(mbus_short(0x5B, 0xFD), 250);
        if (checksum_holds(250))
            ++*found;
        else if (digit < 7)
            scan(mask, digit + 1, found, frames);
    }
    mask[digit] = 'F';
}

START_TEST(a_scan_finds_every_meter)
{
    char mask[9] = "FFFFFFFF";
    unsigned found = 0, frames = 0;

    scene_open(&scene, "{'duration': 1, 'meters': [{'count': 40, 'first_mbus_id': '30000981'}, "
                       "{'count': 23, 'first_mbus_id': '71000000'}, {'mbus_id': '00000000'}]}");
    scan(mask, 0, &found, &frames);
    ck_assert_uint_eq(found, 64);
    scene_close(&scene);
}
END_TEST

START_TEST(rates_of_the_meters)
{
    const uint8_t ping[] = {0x10, 0x40, 0xFE, 0x3E, 0x16}, slower[] = {0x68, 3, 3, 0x68, 0x53, 1, 0xB8, 0x0C, 0x16};

    scene_open(&scene, "{'duration': 1, 'meters': [{'mbus_address': 1}, {'mbus_address': 2, 'mbus_baud': 9600}]}");
    ck_assert_uint_eq(sim_mbus_bytes(scene.sim, 2400, ping, sizeof ping, answer), 1);
    ck_assert_uint_eq(sim_mbus_bytes(scene.sim, 9600, ping, sizeof ping, answer), 1);
    ck_assert_uint_eq(sim_mbus_bytes(scene.sim, 4800, ping, sizeof ping, answer), 0);
    ck_assert_uint_eq(sim_bus_baud(scene.sim, EM_BUS_MBUS, 9600), 9600);
    ck_assert_uint_eq(sim_bus_baud(scene.sim, EM_BUS_MBUS, 4800), 2400);
    ck_assert_uint_eq(sim_mbus_bytes(scene.sim, 9600, slower, sizeof slower, answer), 0);
    ck_assert_uint_eq(sim_mbus_bytes(scene.sim, 2400, slower, sizeof slower, answer), 1);
    ck_assert_uint_eq(sim_mbus_bytes(scene.sim, 2400, ping, sizeof ping, answer), 0);
    ck_assert_uint_eq(sim_mbus_bytes(scene.sim, 300, ping, sizeof ping, answer), 1);
    scene_close(&scene);
}
END_TEST

START_TEST(frames_as_events)
{
    scene_open(&scene, "{'duration': 10, 'meters': [{'mbus_address': 1}, {'mbus_address': 2}], 'timeline': ["
                       "{'at': 1, 'mbus': '10 40 01 41 16', 'reply': 'e5'},"
                       "{'at': 2, 'mbus': '10 40 03 43 16', 'reply': null},"
                       "{'at': 3, 'mbus': '68 20 20 68', 'reply': null},"
                       "{'at': 4, 'mbus': '68 06 06 68 53 02 51 01 7a 03 24 16', 'reply': 'e5'},"
                       "{'at': 5, 'mbus': '10 40 03 43 16', 'reply': 'e5'},"
                       "{'at': 6, 'mbus': '10 40 01 41 16', 'reply': null},"
                       "{'at': 7, 'modbus': '01 03 40 03 00 01', 'reply': '?? 03 02 00 01'}]}");
    scene_run(&scene, 10);
    ck_assert_uint_eq(scene.sim->results.count, 7);
    ck_assert_uint_eq(scene.sim->results.failed, 1);
    ck_assert_str_eq(scene.sim->results.at[5].name, "mbus 10 40 01 41 16");
    ck_assert_str_eq(scene.sim->results.at[5].actual, "\"e5\"");
    ck_assert_str_eq(scene.sim->results.at[5].expected, "null");
    scene_close(&scene);
}
END_TEST

/* --- Modbus --- */

static size_t modbus(const uint8_t *request, size_t n)
{
    uint8_t frame[64];
    uint16_t crc = sim_modbus_crc(request, n);

    memcpy(frame, request, n);
    frame[n] = (uint8_t)crc;
    frame[n + 1] = (uint8_t)(crc >> 8);
    return sim_modbus_frame(scene.sim, 0, frame, n + 2, answer);
}

START_TEST(units_and_broadcast)
{
    scene_open(&scene, "{'duration': 1, 'meters': [{'count': 247, 'first_modbus_id': 1}]}");
    for (unsigned unit = 1; unit <= 247; unit++) {
        const uint8_t request[] = {(uint8_t)unit, 3, 0x40, 3, 0, 1};

        ck_assert_uint_eq(modbus(request, sizeof request), 7);
        ck_assert(sim_modbus_crc_ok(answer, 7));
        ck_assert_uint_eq(answer[4], unit);
    }
    ck_assert_uint_eq(modbus((const uint8_t[]){0, 6, 0x60, 0x48, 0, 2}, 6), 0);
    for (unsigned k = 1; k <= 247; k++)
        ck_assert_int_eq(setting(k, EM_SETTING_TARIFF), 2);
    ck_assert_uint_eq(modbus((const uint8_t[]){7, 6, 0x60, 0x48, 0, 3}, 6), 8);
    for (unsigned k = 1; k <= 247; k++)
        ck_assert_int_eq(setting(k, EM_SETTING_TARIFF), k == 7 ? 3 : 2);
    scene_close(&scene);
}
END_TEST

START_TEST(two_on_one_unit_id_collide)
{
    scene_open(&scene, "{'duration': 1, 'meters': [{}, {'tariff': 2}, {'modbus_id': 2}]}");
    ck_assert_uint_eq(modbus((const uint8_t[]){1, 3, 0x60, 0x48, 0, 1}, 6), 7);
    ck_assert(!sim_modbus_crc_ok(answer, 7));
    ck_assert_uint_eq(modbus((const uint8_t[]){2, 3, 0x60, 0x48, 0, 1}, 6), 7);
    ck_assert(sim_modbus_crc_ok(answer, 7));
    scene_close(&scene);
}
END_TEST

START_TEST(indicators)
{
    scene_open(&scene, "{'duration': 9, 'meters': [{'modbus_id': 1}, {'modbus_id': 2, 'modbus_baud': 19200}]}");
    sim_modbus_frame(scene.sim, 9600, (const uint8_t[]){1, 2, 3}, 3, answer);
    ck_assert(em_meter_bus_active(meter(1), EM_BUS_MODBUS) && !em_meter_bus_active(meter(2), EM_BUS_MODBUS));
    ck_assert(!em_meter_bus_active(meter(1), EM_BUS_MBUS));
    scene_run(&scene, 1);
    ck_assert(!em_meter_bus_active(meter(1), EM_BUS_MODBUS));
    scene_close(&scene);
}
END_TEST

/* --- Memory --- */

START_TEST(a_memory_file_holds_all_meters)
{
    static const char text[] = "{'duration': 1, 'meters': [{'tariff': 2}, {'count': 2, 'tariff': 3}]}";
    char error[256], *file = strdup(scene_path("fleet.nvm"));
    const struct sim_speed *speed = &host_speed_best()->loops;

    scene_open(&scene, text);
    for (int round = 0; round < 2; round++) {
        struct host_nvm *nvm = host_nvm_open(file, 3, error, sizeof error);
        struct sim *sim = sim_new_on(scene.scenario, speed, host_nvm_memories(nvm));

        for (unsigned k = 0; k < 3; k++) {
            ck_assert_int_eq(sim->point[k].meter.settings.value[EM_SETTING_TARIFF], round && k == 1 ? 4 : k ? 3 : 2);
            ck_assert_int_eq(sim->point[k].meter.settings.value[EM_SETTING_SERIAL_NUMBER], 19020246 + (int)k);
        }
        em_meter_set(&sim->point[1].meter, EM_SETTING_TARIFF, 4);
        em_storage_commit(&sim->point[1].meter);
        sim_stop(sim);
        sim_free(sim);
        ck_assert(host_nvm_close(nvm));
    }
    scene_close(&scene);
    free(file);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("meters");
    TCase *identity = scene_case(suite, "identity"), *events = scene_case(suite, "events");
    TCase *touches = scene_case(suite, "touches"), *bus = scene_case(suite, "bus"),
          *memory = scene_case(suite, "memory");

    tcase_set_timeout(bus, 200);
    tcase_add_test(identity, counted_meters);
    tcase_add_test(identity, one_meter_in_a_list_is_one_meter);
    tcase_add_test(identity, meters_do_not_feel_each_other);
    tcase_add_test(events, events_act_on_all_or_on_one);
    tcase_add_test(events, ramps_of_one_meter);
    tcase_add_test(touches, touches_last_as_long_as_they_are_said_to);
    tcase_add_test(touches, a_touch_without_an_end_goes_on);
    tcase_add_test(bus, answers_are_merged);
    tcase_add_test(bus, a_scan_finds_every_meter);
    tcase_add_test(bus, rates_of_the_meters);
    tcase_add_test(bus, frames_as_events);
    tcase_add_test(bus, units_and_broadcast);
    tcase_add_test(bus, two_on_one_unit_id_collide);
    tcase_add_test(bus, indicators);
    tcase_add_test(memory, a_memory_file_holds_all_meters);
    return suite;
}
