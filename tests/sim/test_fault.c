/* SPDX-License-Identifier: MIT
 * Faults of the lines: the model by itself, what masters of a simulation see of it, and that no meter ever obeys a
 * damaged request or stays stuck behind one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/sim/bus.h"
#include "../../src/sim/fault.h"
#include "scene.h"

#define ALWAYS SIM_FAULT_ALWAYS

static struct sim_fault fault;
static struct scene scene;

static uint64_t chance(double p)
{
    return (uint64_t)(p * (double)ALWAYS);
}

/* A line on which just this is wrong. */
static void open_line(enum em_bus bus, uint64_t seed, const struct sim_fault_state *state)
{
    sim_fault_init(&fault, bus, seed);
    sim_fault_change(&fault, SIM_FAULT_ALL, state);
}

/* --- Characters --- */

START_TEST(a_sound_line_only_counts)
{
    uint8_t answer[] = {1, 2, 3};

    sim_fault_init(&fault, EM_BUS_MODBUS, 1);
    for (int k = 0; k < 1000; k++) {
        uint8_t byte = (uint8_t)k;

        ck_assert_int_eq(sim_fault_hear(&fault, true, &byte), SIM_ARRIVED);
        ck_assert_uint_eq(byte, (uint8_t)k);
        if (k % 10 == 9)
            sim_fault_end(&fault);
    }
    ck_assert_uint_eq(sim_fault_answer(&fault, true, answer, 3, 3), 3);
    ck_assert_mem_eq(answer, ((uint8_t[]){1, 2, 3}), 3);
    ck_assert(!sim_fault_echo(&fault, 5));
    ck_assert(!fault.used);
    ck_assert_uint_eq(fault.draws, 0);
    ck_assert_uint_eq(fault.count.frames, 100);
    ck_assert_uint_eq(fault.count.bytes_in, 1000);
    ck_assert_uint_eq(fault.count.bytes_out, 3);
    ck_assert_uint_eq(fault.count.answered, 1);
    for (const struct sim_fault_counter *c = sim_fault_counters; c->name; c++)
        if (strcmp(c->name, "frames") && strncmp(c->name, "bytes_", 6) && strcmp(c->name, "answered"))
            ck_assert_msg(sim_fault_counted(&fault, c) == 0, "%s", c->name);
}
END_TEST

/* Within five standard deviations of n draws. */
static void check_rate(const char *what, uint64_t got, double n, double p)
{
    UNIT_NEAR(what, got, n * p, 5 * sqrt(n * p * (1 - p)) + 1e-9);
}

START_TEST(bits_are_flipped_as_often_as_said)
{
    static const double rates[] = {0, 1e-5, 1e-3, 0.02, 0.5, 1};
    const int n = 300000;

    for (size_t r = 0; r < COUNT(rates); r++) {
        for (int parity = 0; parity < 2; parity++) {
            char what[40];

            open_line(EM_BUS_MODBUS, r + 1, &(struct sim_fault_state){.bit_errors = chance(rates[r])});
            for (int k = 0; k < n; k++)
                sim_fault_hear(&fault, parity, &(uint8_t){0});
            snprintf(what, sizeof what, "%g, parity %d", rates[r], parity);
            check_rate(what, fault.count.bits_flipped, (10 + parity) * (double)n, rates[r]);
        }
    }
}
END_TEST

START_TEST(characters_are_lost_as_often_as_said)
{
    static const double rates[] = {0, 1e-4, 0.1, 1};
    const int n = 300000;

    for (size_t r = 0; r < COUNT(rates); r++) {
        uint64_t lost = 0;

        open_line(EM_BUS_MBUS, 9, &(struct sim_fault_state){.drop = chance(rates[r])});
        for (int k = 0; k < n; k++)
            lost += sim_fault_hear(&fault, true, &(uint8_t){0}) == SIM_ARRIVED_NOT;
        ck_assert_uint_eq(lost, fault.count.bytes_dropped);
        check_rate("lost", lost, n, rates[r]);
    }
}
END_TEST

/* Each character a frame. What a UART passes on has its parity right: with a parity bit all flips of data and parity
 * together are even. */
START_TEST(a_uart_finds_what_it_can)
{
    const double p = 0.03;
    const int n = 400000;
    uint64_t unseen = 0, broken = 0, odd = 0, wrong = 0;

    open_line(EM_BUS_MBUS, 4, &(struct sim_fault_state){.bit_errors = chance(p)});
    for (int k = 0; k < n; k++) {
        uint8_t byte = 0x5A;
        uint64_t before = fault.count.bits_flipped, flipped, of_data;
        enum sim_arrival arrival = sim_fault_hear(&fault, true, &byte);

        sim_fault_end(&fault);
        flipped = fault.count.bits_flipped - before;
        of_data = (uint64_t)__builtin_popcount(byte ^ 0x5A);
        unseen += arrival == SIM_ARRIVED_NOT;
        broken += arrival == SIM_ARRIVED_BROKEN;
        odd += arrival == SIM_ARRIVED && flipped % 2;
        wrong += arrival == SIM_ARRIVED && of_data;
        UNIT_CHECK(flipped || arrival == SIM_ARRIVED, "character %d is refused for nothing", k);
        UNIT_CHECK(of_data <= flipped && flipped <= 11, "character %d", k);
    }
    ck_assert_uint_eq(odd, 0);
    check_rate("start bit", unseen, n, p);
    /* Stop bit right, and of nine bits an even number: (1 + (1 - 2p)^9) / 2. */
    check_rate("broken", broken, n, (1 - p) * (1 - (1 - p) * (1 + pow(1 - 2 * p, 9)) / 2));
    ck_assert_uint_gt(wrong, 1000); /* two flips get through: what checksums are for */
}
END_TEST

START_TEST(without_parity_only_the_stop_bit_tells)
{
    const double p = 0.03;
    const int n = 200000;
    uint64_t broken = 0;

    open_line(EM_BUS_MODBUS, 5, &(struct sim_fault_state){.bit_errors = chance(p)});
    for (int k = 0; k < n; k++) {
        broken += sim_fault_hear(&fault, false, &(uint8_t){0}) == SIM_ARRIVED_BROKEN;
        sim_fault_end(&fault);
    }
    check_rate("broken", broken, n, p * (1 - p));
}
END_TEST

START_TEST(a_frame_is_refused_from_its_first_broken_character_on)
{
    int first = 0, later = 0;

    open_line(EM_BUS_MBUS, 6, &(struct sim_fault_state){.bit_errors = chance(0.02)});
    for (int frame = 0; frame < 2000; frame++) {
        bool broken = false;

        for (int k = 0; k < 12; k++) {
            enum sim_arrival arrival = sim_fault_hear(&fault, true, &(uint8_t){0});

            UNIT_CHECK(!broken || arrival != SIM_ARRIVED, "frame %d, character %d passes", frame, k);
            broken = broken || arrival == SIM_ARRIVED_BROKEN;
            first += k == 0 && arrival == SIM_ARRIVED;
        }
        later += broken;
        sim_fault_end(&fault);
    }
    ck_assert_int_gt(first, 1400); /* a new frame begins well */
    ck_assert_int_gt(later, 1000);
    ck_assert_uint_eq(fault.count.frames, 2000);
}
END_TEST

START_TEST(nothing_passes_a_cut_wire)
{
    open_line(EM_BUS_MODBUS, 1,
              &(struct sim_fault_state){.cut = true, .bit_errors = ALWAYS, .drop = ALWAYS, .echo = true});
    for (int k = 0; k < 8; k++)
        ck_assert_int_eq(sim_fault_hear(&fault, true, &(uint8_t){0}), SIM_ARRIVED_NOT);
    sim_fault_end(&fault);
    ck_assert(sim_fault_echo(&fault, 8));
    ck_assert_uint_eq(fault.count.lost_cut, 8);
    ck_assert_uint_eq(fault.count.echoed, 8);
    ck_assert_uint_eq(fault.count.frames, 1);
    ck_assert_uint_eq(fault.count.damaged + fault.count.bits_flipped + fault.count.bytes_dropped, 0);
}
END_TEST

START_TEST(what_is_not_named_stays)
{
    const struct sim_fault_state all = {1, 2, 3, true, true, 2, {4, 5}}, none = {0};

    for (unsigned part = 1; part < SIM_FAULT_ALL; part <<= 1) {
        const struct sim_fault_state *s = &fault.state;

        open_line(EM_BUS_MBUS, 1, &all);
        sim_fault_change(&fault, part, &none);
        ck_assert(s->bit_errors == (part == SIM_FAULT_BIT_ERRORS ? 0 : 1) &&
                  s->drop == (part == SIM_FAULT_DROP ? 0 : 2));
        ck_assert(s->delay == (part == SIM_FAULT_DELAY ? 0 : 3) && s->echo == (part != SIM_FAULT_ECHO));
        ck_assert(s->cut == (part != SIM_FAULT_CUT) && s->talker_size == (part == SIM_FAULT_TALKER ? 0 : 2));
    }
}
END_TEST

/* --- Chance --- */

/* What becomes of a thousand characters, as a number. */
static uint64_t damage(enum em_bus bus, uint64_t seed)
{
    uint64_t sum = 0;

    open_line(bus, seed, &(struct sim_fault_state){.bit_errors = chance(0.01), .drop = chance(0.01)});
    for (int k = 0; k < 1000; k++) {
        uint8_t byte = (uint8_t)(3 * k);

        sum = 31 * sum + (uint64_t)sim_fault_hear(&fault, true, &byte);
        sum = 31 * sum + byte;
    }
    return sum;
}

START_TEST(chance_is_a_matter_of_seed_and_bus)
{
    ck_assert(damage(EM_BUS_MODBUS, 1) == damage(EM_BUS_MODBUS, 1));
    ck_assert(damage(EM_BUS_MODBUS, 1) != damage(EM_BUS_MODBUS, 2));
    ck_assert(damage(EM_BUS_MODBUS, 1) != damage(EM_BUS_MBUS, 1));
    ck_assert(damage(EM_BUS_MODBUS, 2) != damage(EM_BUS_MBUS, 1));
    ck_assert(damage(EM_BUS_MODBUS, 0) != 0);
}
END_TEST

/* --- Answers --- */

START_TEST(on_the_mbus_a_space_wins)
{
    uint8_t answer[8] = {0xE5, 0x0F};

    open_line(EM_BUS_MBUS, 1, &(struct sim_fault_state){.talker_size = 3, .talker = {0x7A, 0xF3, 0x55}});
    ck_assert_uint_eq(sim_fault_answer(&fault, true, answer, 2, sizeof answer), 3);
    ck_assert_mem_eq(answer, ((uint8_t[]){0x60, 0x03, 0x55}), 3);
    ck_assert_uint_eq(fault.count.collisions, 1);
    memset(answer, 0xFF, sizeof answer);
    ck_assert_uint_eq(sim_fault_answer(&fault, true, answer, 8, sizeof answer), 8);
    ck_assert_mem_eq(answer, ((uint8_t[]){0x7A, 0xF3, 0x55, 0xFF, 0xFF}), 5);
    ck_assert_uint_eq(sim_fault_answer(&fault, true, answer, 1, 2), 2); /* no more than there is room for */
}
END_TEST

START_TEST(drivers_that_fight_leave_it_to_chance)
{
    unsigned ones[8] = {0};

    open_line(EM_BUS_MODBUS, 1, &(struct sim_fault_state){.talker_size = 1, .talker = {0x0F}});
    for (int k = 0; k < 20000; k++) {
        uint8_t answer = 0x3C;

        ck_assert_uint_eq(sim_fault_answer(&fault, true, &answer, 1, 1), 1);
        for (int bit = 0; bit < 8; bit++)
            ones[bit] += answer >> bit & 1;
    }
    for (int bit = 0; bit < 8; bit++) {
        bool one = 0x3C >> bit & 1, other = 0x0F >> bit & 1;

        if (one == other)
            ck_assert_uint_eq(ones[bit], one ? 20000 : 0);
        else
            check_rate("bit", ones[bit], 20000, 0.5);
    }
}
END_TEST

/* --- On their way --- */

START_TEST(late_answers_come_in_time)
{
    struct sim_late late = {0};
    uint8_t byte[8];
    int64_t at = 0;

    sim_fault_init(&fault, EM_BUS_MBUS, 1);
    ck_assert(sim_late_next(&late) == INT64_MAX);
    ck_assert(sim_late_add(&late, &fault, 20, (const uint8_t *)"second", 6));
    ck_assert(sim_late_add(&late, &fault, 10, (const uint8_t *)"first", 5));
    ck_assert(sim_late_add(&late, &fault, 20, (const uint8_t *)"third", 5));
    ck_assert(sim_late_next(&late) == 10);
    ck_assert_uint_eq(sim_late_take(&late, 9, &at, byte), 0);
    ck_assert_uint_eq(sim_late_take(&late, 15, &at, byte), 5);
    ck_assert(at == 10 && memcmp(byte, "first", 5) == 0);
    ck_assert_uint_eq(sim_late_take(&late, 15, &at, byte), 0);
    ck_assert_uint_eq(sim_late_take(&late, 30, &at, byte), 6);
    ck_assert(at == 20 && memcmp(byte, "second", 6) == 0);
    sim_late_clear(&late);
    ck_assert_uint_eq(sim_late_take(&late, 30, &at, byte), 0);
    for (int k = 0; k < SIM_LATE_MAX; k++)
        ck_assert(sim_late_add(&late, &fault, k, byte, 1));
    ck_assert_uint_eq(fault.count.bytes_dropped, 0);
    ck_assert(!sim_late_add(&late, &fault, 0, byte, 5));
    ck_assert_uint_eq(fault.count.bytes_dropped, 5);
    sim_late_clear(&late);
}
END_TEST

/* --- Masters in a simulation --- */

static uint8_t heard[SIM_HEARD_MAX];

static size_t ask(enum em_bus bus, const uint8_t *frame, size_t n)
{
    return sim_bus_ask(scene.sim, bus, frame, n, SECONDS(1), heard);
}

static size_t ask_modbus(const uint8_t *request, size_t n)
{
    uint8_t frame[64];
    uint16_t crc = sim_modbus_crc(request, n);

    memcpy(frame, request, n);
    frame[n] = (uint8_t)crc;
    frame[n + 1] = (uint8_t)(crc >> 8);
    return ask(EM_BUS_MODBUS, frame, n + 2);
}

static void set_line(enum em_bus bus, struct sim_fault_state state)
{
    sim_fault_change(&scene.sim->fault[bus], SIM_FAULT_ALL, &state);
}

static const struct sim_fault_counts *counts(enum em_bus bus)
{
    return &scene.sim->fault[bus].count;
}

/* Scenarios differ in their seed. */
static void open_seed(int seed)
{
    char text[200];

    snprintf(text, sizeof text,
             "{'duration': 60, 'seed': %d, 'load': {'all': {'current': 3}}, 'meter': {'mbus_address': 5}}", seed);
    scene_open(&scene, text);
    scene_run(&scene, 1);
}

/* A master that reads and writes and believes what has a right CRC. Whatever it believes is right; a damaged request
 * is not answered and changes nothing, a sound one is answered; and when the line is well so is all. */
static void bad_modbus(int seed, double errors, double drop)
{
    const struct sim_fault_counts *c = counts(EM_BUS_MODBUS);
    const struct em_meter *m = &scene.sim->point[0].meter;
    struct em_settings first;
    uint64_t random = (uint64_t)seed;

    set_line(EM_BUS_MODBUS, (struct sim_fault_state){.bit_errors = chance(errors), .drop = chance(drop)});
    first = m->settings;
    for (int k = 0; k < 40; k++) {
        uint16_t serial[2], address = (uint16_t)(0x4000 + unit_random(&random) % 2);
        const uint8_t read[] = {1, 3, 0x40, (uint8_t)address, 0, 1}, write[] = {1, 6, 0x60, 0x48, 0, 1};
        bool reads = unit_random(&random) % 2;
        uint64_t answered = c->answered, damaged = c->damaged;
        size_t n = reads ? ask_modbus(read, sizeof read) : ask_modbus(write, sizeof write);

        UNIT_CHECK(c->answered - answered + c->damaged - damaged == 1, "seed %d, request %d: %s", seed, k,
                   c->answered > answered ? "a damaged one is answered" : "a sound one is not");
        UNIT_CHECK(memcmp(&first, &m->settings, sizeof first) == 0, "seed %d, request %d: a setting has changed", seed,
                   k);
        if (!sim_modbus_crc_ok(heard, n) || n != (reads ? 7u : 8u))
            continue;
        em_registers_read(&scene.sim->point[0].meter, 0x4000, 2, serial);
        if (reads)
            UNIT_CHECK((heard[3] << 8 | heard[4]) == serial[address - 0x4000], "seed %d, request %d: a wrong value",
                       seed, k);
        else
            UNIT_CHECK(memcmp(heard, write, sizeof write) == 0, "seed %d, request %d: a wrong echo", seed, k);
    }
    set_line(EM_BUS_MODBUS, (struct sim_fault_state){0});
    ck_assert_uint_eq(ask_modbus((const uint8_t[]){1, 3, 0x40, 3, 0, 1}, 6), 7);
    ck_assert_mem_eq(heard, ((uint8_t[]){1, 3, 2, 0, 1, 0x79, 0x84}), 7);
}

START_TEST(a_meter_on_a_bad_modbus)
{
    uint64_t damaged = 0, answered = 0;

    for (int seed = 20 * _i; seed < 20 * (_i + 1); seed++) {
        open_seed(seed);
        bad_modbus(seed, 0.02 / (1 + seed % 4), seed % 3 ? 0 : 0.02);
        damaged += counts(EM_BUS_MODBUS)->damaged;
        answered += counts(EM_BUS_MODBUS)->answered;
        scene_close(&scene);
    }
    ck_assert_uint_gt(damaged, 200);
    ck_assert_uint_gt(answered, 200);
}
END_TEST

/* The same on the M-Bus: commands, telegrams, SND_NKE. */
static void bad_mbus(int seed, double errors, double drop)
{
    static const uint8_t set_tariff[] = {0x68, 8, 8, 0x68, 0x53, 5, 0x51, 9, 0x7C, 1, 0x54, 1, 0x84, 0x16};
    static const uint8_t reset[] = {0x10, 0x40, 5, 0x45, 0x16}, request[] = {0x10, 0x7B, 5, 0x80, 0x16};
    const struct sim_fault_counts *c = counts(EM_BUS_MBUS);
    const struct em_meter *m = &scene.sim->point[0].meter;
    struct em_settings first = m->settings;
    uint64_t random = (uint64_t)seed;

    set_line(EM_BUS_MBUS, (struct sim_fault_state){.bit_errors = chance(errors), .drop = chance(drop)});
    for (int k = 0; k < 40; k++) {
        uint64_t answered = c->answered, damaged = c->damaged;

        switch (unit_random(&random) % 3) {
        case 0:
            ask(EM_BUS_MBUS, set_tariff, sizeof set_tariff);
            break;
        case 1:
            ask(EM_BUS_MBUS, request, sizeof request);
            break;
        default:
            ask(EM_BUS_MBUS, reset, sizeof reset);
        }
        UNIT_CHECK(c->answered - answered + c->damaged - damaged == 1, "seed %d, request %d: %s", seed, k,
                   c->answered > answered ? "a damaged one is answered" : "a sound one is not");
        UNIT_CHECK(memcmp(&first, &m->settings, sizeof first) == 0, "seed %d, request %d: a setting has changed", seed,
                   k);
    }
    set_line(EM_BUS_MBUS, (struct sim_fault_state){0});
    ck_assert_uint_eq(ask(EM_BUS_MBUS, reset, sizeof reset), 1);
    ck_assert_uint_eq(heard[0], 0xE5);
    ck_assert_uint_eq(ask(EM_BUS_MBUS, request, sizeof request), 250);
}

START_TEST(a_meter_on_a_bad_mbus)
{
    uint64_t damaged = 0, answered = 0;

    for (int seed = 20 * _i; seed < 20 * (_i + 1); seed++) {
        open_seed(seed);
        bad_mbus(seed, 0.02 / (1 + seed % 4), seed % 3 ? 0 : 0.02);
        damaged += counts(EM_BUS_MBUS)->damaged;
        answered += counts(EM_BUS_MBUS)->answered;
        scene_close(&scene);
    }
    ck_assert_uint_gt(damaged, 200);
    ck_assert_uint_gt(answered, 200);
}
END_TEST

/* A frame goes on in the next call, as bytes of a port come; one broken character spoils all of it but nothing behind
 * the silence. */
START_TEST(an_mbus_frame_in_pieces)
{
    const uint8_t reset[] = {0x10, 0x40, 5, 0x45, 0x16};
    uint8_t answer[SIM_FRAME_MAX];

    open_seed(1);
    for (size_t cut = 1; cut < sizeof reset; cut++) {
        ck_assert_uint_eq(sim_mbus_bytes(scene.sim, 0, reset, cut, answer), 0);
        ck_assert_uint_eq(sim_mbus_bytes(scene.sim, 0, reset + cut, sizeof reset - cut, answer), 1);
    }
    ck_assert_uint_eq(counts(EM_BUS_MBUS)->frames, 4);
    for (size_t k = 0; k < sizeof reset; k++) {
        sim_mbus_bytes(scene.sim, 0, reset, k, answer);
        scene.sim->fault[EM_BUS_MBUS].broken = true;
        ck_assert_uint_eq(sim_mbus_bytes(scene.sim, 0, reset + k, sizeof reset - k, answer), 0);
        ck_assert_uint_eq(sim_mbus_bytes(scene.sim, 0, reset, sizeof reset, answer), 0);
        sim_mbus_idle(scene.sim);
        ck_assert_uint_eq(sim_mbus_bytes(scene.sim, 0, reset, sizeof reset, answer), 1);
    }
    scene_close(&scene);
}
END_TEST

/* The symbol of the bus is lit by characters that arrive, good or bad, and by no others. */
START_TEST(what_lights_the_symbol)
{
    static const struct {
        const char *what;
        struct sim_fault_state state;
        bool lit;
    } rows[] = {
        {"sound", {0}, true},
        {"cut", {.cut = true}, false},
        {"all lost", {.drop = ALWAYS}, false},
        {"no start bits", {.bit_errors = ALWAYS}, false},
        {"noise", {.bit_errors = ALWAYS / 2}, true},
    };
    const uint8_t frame[] = {0x10, 0x40, 5, 0x45, 0x16};

    for (size_t k = 0; k < COUNT(rows); k++) {
        for (int bus = 0; bus < EM_BUS_COUNT; bus++) {
            open_seed(3);
            set_line((enum em_bus)bus, rows[k].state);
            ask((enum em_bus)bus, frame, sizeof frame);
            ck_assert_msg(em_meter_bus_active(&scene.sim->point[0].meter, (enum em_bus)bus) == rows[k].lit, "%s: %s",
                          sim_bus_names[bus], rows[k].what);
            scene_close(&scene);
        }
    }
}
END_TEST

/* A late answer to one request is taken for that to the next. */
START_TEST(a_late_answer_meets_the_next_request)
{
    const uint8_t id[] = {1, 3, 0x40, 3, 0, 1}, code[] = {1, 3, 0x40, 2, 0, 1};

    open_seed(1);
    set_line(EM_BUS_MODBUS, (struct sim_fault_state){.delay = SECONDS(1.5)});
    ck_assert_uint_eq(ask_modbus(id, sizeof id), 0);
    scene_run(&scene, 2);
    ck_assert_uint_eq(ask_modbus(code, sizeof code), 7); /* at 2.5 s, of the first */
    ck_assert_uint_eq(heard[4], 1);
    scene_run(&scene, 2.6);
    ck_assert_uint_eq(ask_modbus(code, sizeof code), 7); /* at 3.5 s, of the second */
    ck_assert_uint_eq(heard[4], 0x13);
    scene_run(&scene, 10);
    set_line(EM_BUS_MODBUS, (struct sim_fault_state){0});
    ck_assert_uint_eq(ask_modbus(id, sizeof id), 7);
    ck_assert_uint_eq(heard[4], 1);
    ck_assert_uint_eq(counts(EM_BUS_MODBUS)->delayed, 3);
    scene_close(&scene);
}
END_TEST

/* --- Reports --- */

static const char busy[] =
    "{'duration': 30, 'seed': 12, 'load': {'all': {'current': 3}}, 'timeline': ["
    "{'at': 1, 'line': {'bus': 'modbus', 'bit_errors': 0.003, 'drop': 0.001, 'delay': '20ms', 'second_talker': '01 "
    "03'}},"
    "{'at': 1, 'line': {'bus': 'mbus', 'bit_errors': 0.001, 'echo': true}},"
    "{'every': '70ms', 'from': 1, 'times': 350, 'do': [{'at': 0, 'modbus': '01 03 50 00 00 20'}, {'at': '3ms', 'mbus': "
    "'10 7b 00 7b 16'}, {'at': '5ms', 'expect': {'lines.mbus.frames': {'min': 1}, 'lines.modbus.delayed': {'min': "
    "0}}}]}]}";

START_TEST(slices_of_time_change_nothing)
{
    char *whole, *sliced;

    scene_open(&scene, busy);
    scene_run(&scene, 30);
    whole = scene_report(&scene);
    ck_assert_uint_eq(scene.sim->results.failed, 0);
    ck_assert_uint_gt(counts(EM_BUS_MODBUS)->damaged, 40);
    ck_assert_uint_gt(counts(EM_BUS_MBUS)->bits_flipped, 500);
    scene_close(&scene);
    scene_open(&scene, busy);
    for (int64_t now = 0; now < SECONDS(30); now += 1237)
        sim_run(scene.sim, now);
    scene_run(&scene, 30);
    sliced = scene_report(&scene);
    ck_assert_str_eq(whole, sliced);
    ck_assert_ptr_nonnull(strstr(whole, "\"lines\""));
    scene_close(&scene);
    free(whole);
    free(sliced);
}
END_TEST

START_TEST(only_scenarios_with_faults_report_lines)
{
    char *text;

    scene_open(&scene,
               "{'duration': 3, 'timeline': [{'at': 1, 'modbus': '01 03 40 03 00 01'}, "
               "{'at': 2, 'expect': {'lines.modbus.frames': 1, 'lines.modbus.bytes_in': 8, 'lines.mbus.frames': 0}}]}");
    scene_run(&scene, 3);
    text = scene_report(&scene);
    ck_assert_uint_eq(scene.sim->results.failed, 0);
    ck_assert_ptr_null(strstr(text, "lines\":"));
    scene_close(&scene);
    free(text);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("fault");
    TCase *model = unit_case(suite, "model"), *masters = scene_case(suite, "masters");

    tcase_add_test(model, a_sound_line_only_counts);
    tcase_add_test(model, bits_are_flipped_as_often_as_said);
    tcase_add_test(model, characters_are_lost_as_often_as_said);
    tcase_add_test(model, a_uart_finds_what_it_can);
    tcase_add_test(model, without_parity_only_the_stop_bit_tells);
    tcase_add_test(model, a_frame_is_refused_from_its_first_broken_character_on);
    tcase_add_test(model, nothing_passes_a_cut_wire);
    tcase_add_test(model, what_is_not_named_stays);
    tcase_add_test(model, chance_is_a_matter_of_seed_and_bus);
    tcase_add_test(model, on_the_mbus_a_space_wins);
    tcase_add_test(model, drivers_that_fight_leave_it_to_chance);
    tcase_add_test(model, late_answers_come_in_time);
    tcase_add_loop_test(masters, a_meter_on_a_bad_modbus, 0, 20);
    tcase_add_loop_test(masters, a_meter_on_a_bad_mbus, 0, 20);
    tcase_add_test(masters, an_mbus_frame_in_pieces);
    tcase_add_test(masters, what_lights_the_symbol);
    tcase_add_test(masters, a_late_answer_meets_the_next_request);
    tcase_add_test(masters, slices_of_time_change_nothing);
    tcase_add_test(masters, only_scenarios_with_faults_report_lines);
    return suite;
}
