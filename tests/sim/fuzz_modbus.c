/* SPDX-License-Identifier: MIT
 * The Modbus slave under rubbish: random and mutated frames. It never reads behind a frame, answers only its own unit
 * and with a right CRC, changes its state by functions 06 and 10 alone, and answers the next right request.
 *
 * VMETER_FUZZ_ROUNDS=N runs so many frames instead of the usual. */
#include <stdlib.h>
#include <string.h>

#include "../../src/sim/bus.h"
#include "scene.h"

#define BATCHES   20
#define ROUNDS    200000 /* in all batches */
#define FRAME_MAX 512    /* as much as a line ever takes in */

static struct unit_rig rig;
static struct em_meter *const m = &rig.meter;
static struct host_modbus *slave;

static void setup(void)
{
    unit_rig_init(&rig, 50000, unit_mains(50, 2, 30));
    slave = host_modbus_new();
    ck_assert_ptr_nonnull(slave);
}

static void teardown(void)
{
    host_modbus_free(slave);
}

/* The CRC as the Modbus specification has it, with its own table-free loop. */
static uint16_t crc_of(const uint8_t *byte, size_t n)
{
    uint32_t crc = 0xFFFF;

    for (size_t k = 0; k < n; k++) {
        crc ^= byte[k];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc % 2 ? 0xA001u : 0);
    }
    return (uint16_t)crc;
}

/* Puts the CRC behind n bytes; returns the whole length. */
static size_t seal(uint8_t *frame, size_t n)
{
    uint16_t crc = crc_of(frame, n);

    frame[n] = (uint8_t)crc;
    frame[n + 1] = (uint8_t)(crc >> 8);
    return n + 2;
}

static bool sealed(const uint8_t *frame, size_t n)
{
    return n >= 4 && crc_of(frame, n - 2) == (frame[n - 2] | frame[n - 1] << 8);
}

/* --- Frames --- */

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* An address: mostly one that means something, or its neighbour. */
static unsigned random_address(uint64_t *seed)
{
    unsigned address = (unsigned)(unit_random(seed) % 65536);

    if (unit_random(seed) % 8)
        address = em_registers[address % em_register_count].address + (unsigned)(unit_random(seed) % 3) - 1;
    return address & 0xFFFF;
}

/* The same for a write: mostly one that can be written. Gives the number of its words, too. */
static unsigned writable_address(uint64_t *seed, unsigned *words)
{
    const struct em_register *row;

    if (unit_random(seed) % 4 == 0)
        return random_address(seed);
    do
        row = &em_registers[unit_random(seed) % em_register_count];
    while (row->access == EM_READ);
    *words = row->words;
    return row->address;
}

/* Values that a register may take more often than not. */
static unsigned random_word(uint64_t *seed)
{
    static const uint16_t words[] = {0, 0, 1, 2, 3, 4, 5, 6, 0x25, 0x99, 0x100, 0x461C, 0x4000, 0x7FFF, 0xFFFF};

    return unit_random(seed) % 2 ? words[unit_random(seed) % COUNT(words)] : (unsigned)(unit_random(seed) % 65536);
}

/* A request that a master could send, right or nearly so. Returns its length without CRC. */
static size_t make_request(uint8_t *frame, uint64_t *seed)
{
    unsigned count = 1 + (unsigned)(unit_random(seed) % (unit_random(seed) % 4 ? 4 : 130));

    frame[0] = m->modbus.id;
    put16(frame + 2, random_address(seed));
    switch (unit_random(seed) % 4) {
    case 0:
        frame[1] = 0x03;
        put16(frame + 4, count);
        return 6;
    case 1:
        frame[1] = 0x06;
        put16(frame + 2, writable_address(seed, &count));
        put16(frame + 4, random_word(seed));
        return 6;
    case 2:
        frame[1] = 0x10;
        count = count > 123 ? 123 : count;
        put16(frame + 2, writable_address(seed, &count));
        put16(frame + 4, count);
        frame[6] = (uint8_t)(2 * count);
        for (unsigned k = 0; k < count; k++)
            put16(frame + 7 + 2 * k, random_word(seed));
        return 7 + 2 * count;
    default:
        frame[1] = (uint8_t)unit_random(seed);
        put16(frame + 4, count);
        for (size_t k = 6; k < 24; k++)
            frame[k] = (uint8_t)unit_random(seed);
        return 2 + unit_random(seed) % 20;
    }
}

/* A frame of any kind with or without a right CRC; returns its length. */
static size_t make_frame(uint8_t *frame, uint64_t *seed)
{
    uint64_t kind = unit_random(seed) % 16;
    size_t n = make_request(frame, seed), at;

    if (kind < 6)
        return seal(frame, n);
    if (kind < 8) { /* nothing but noise */
        n = unit_random(seed) % (FRAME_MAX - 1);
        for (size_t k = 0; k < n; k++)
            frame[k] = (uint8_t)unit_random(seed);
        if (n && unit_random(seed) % 2)
            frame[0] = m->modbus.id;
        return kind == 6 && n > 1 ? seal(frame, n) : n;
    }
    if (kind == 8) { /* to somebody else */
        frame[0] = (uint8_t)unit_random(seed);
        return seal(frame, n);
    }
    if (kind == 9) { /* to all */
        frame[0] = 0;
        return seal(frame, n);
    }
    if (kind == 10) { /* cut short */
        n = seal(frame, n);
        return unit_random(seed) % (n + 1);
    }
    if (kind == 11) { /* cut short, sealed */
        n = unit_random(seed) % (n + 1);
        return n >= 2 ? seal(frame, n) : n;
    }
    if (kind == 12) { /* too long */
        at = n + unit_random(seed) % (FRAME_MAX - n - 2);
        for (; n < at; n++)
            frame[n] = (uint8_t)unit_random(seed);
        return seal(frame, n);
    }
    at = unit_random(seed) % n; /* a byte or bit off; after or before the CRC was made */
    if (kind == 13) {
        n = seal(frame, n);
        at = unit_random(seed) % n;
        frame[at] ^= (uint8_t)(1 << unit_random(seed) % 8);
        return n;
    }
    frame[at] = (uint8_t)unit_random(seed);
    return seal(frame, n);
}

/* Hands a frame over in a buffer of just its size, so that a sanitizer sees what is read behind it. */
static size_t answer(const uint8_t *frame, size_t n, uint8_t *reply)
{
    uint8_t *exact = malloc(n ? n : 1);
    size_t length;

    ck_assert_ptr_nonnull(exact);
    memcpy(exact, frame, n);
    length = host_modbus_answer(slave, m, exact, n, reply);
    free(exact);
    return length;
}

/* --- What must hold --- */

struct state {
    struct em_settings settings;
    struct em_energy energy;
    struct em_line line;
};

static struct state state_now(void)
{
    struct state s;

    memset(&s, 0, sizeof s);
    memcpy(&s.settings, &m->settings, sizeof s.settings);
    memcpy(&s.energy, &m->energy, sizeof s.energy);
    memcpy(&s.line, &m->modbus, sizeof s.line);
    return s;
}

static bool exception_fits(uint8_t function, uint8_t code)
{
    bool known = function == 0x03 || function == 0x06 || function == 0x10;

    return known ? code == EM_EXCEPTION_ILLEGAL_ADDRESS || code == EM_EXCEPTION_ILLEGAL_VALUE
                 : code == EM_EXCEPTION_ILLEGAL_FUNCTION;
}

static void check_reply(const uint8_t *frame, size_t n, uint8_t id, const uint8_t *reply, size_t length, uint64_t round)
{
    unsigned long r = (unsigned long)round;
    uint8_t function = frame[1];

    UNIT_CHECK(sealed(frame, n) && frame[0] == id && !(function & 0x80), "round %lu: it should have kept silent", r);
    UNIT_CHECK(length >= 5 && length <= HOST_MODBUS_ADU_MAX && sealed(reply, length), "round %lu: CRC of the reply", r);
    UNIT_CHECK(reply[0] == id, "round %lu: unit %u answers", r, reply[0]);
    if (reply[1] & 0x80) {
        UNIT_CHECK(length == 5 && reply[1] == (function | 0x80) && exception_fits(function, reply[2]),
                   "round %lu: function %02x, exception %02x %02x", r, function, reply[1], reply[2]);
        return;
    }
    UNIT_CHECK(reply[1] == function, "round %lu: function %02x for %02x", r, reply[1], function);
    UNIT_CHECK(host_modbus_length(frame, n) == (int)n, "round %lu: a frame of a wrong length is obeyed", r);
    if (function == 0x03)
        UNIT_CHECK(reply[2] == 2 * frame[5] && length == 5u + reply[2], "round %lu: %u bytes", r, reply[2]);
    else
        UNIT_CHECK(length == 8 && memcmp(reply, frame, 6) == 0, "round %lu: no echo", r);
}

static void check_silence(const uint8_t *frame, size_t n, uint8_t id, uint64_t round)
{
    UNIT_CHECK(!sealed(frame, n) || frame[0] != id || (frame[1] & 0x80), "round %lu: no answer to function %02x",
               (unsigned long)round, frame[1]);
}

/* A request that every running meter answers. */
static void check_alive(uint64_t round)
{
    uint8_t frame[8] = {m->modbus.id, 0x03, 0x40, 0x03, 0x00, 0x01}, reply[HOST_MODBUS_ADU_MAX];
    size_t n = answer(frame, seal(frame, 6), reply);

    UNIT_CHECK(n == 7 && sealed(reply, 7) && reply[0] == frame[0] && reply[1] == 0x03 && reply[2] == 2 &&
                   reply[3] == 0 && reply[4] == m->modbus.id,
               "round %lu: it does not answer any more", (unsigned long)round);
}

static void one_round(uint64_t round, uint64_t *seed)
{
    uint8_t frame[FRAME_MAX + 2], reply[HOST_MODBUS_ADU_MAX], id = m->modbus.id;
    size_t n = make_frame(frame, seed), length;
    struct state before = state_now(), after;
    bool writes;

    length = answer(frame, n, reply);
    after = state_now();
    if (length)
        check_reply(frame, n, id, reply, length, round);
    else
        check_silence(frame, n, id, round);
    writes = sealed(frame, n) && (frame[1] == 0x06 || frame[1] == 0x10) && (frame[0] == id || frame[0] == 0) &&
             !(length && reply[1] & 0x80);
    UNIT_CHECK(writes || memcmp(&before, &after, sizeof before) == 0, "round %lu: function %02x changes something",
               (unsigned long)round, frame[1]);
    for (int s = 0; s < EM_SETTING_COUNT; s++)
        UNIT_CHECK(em_setting_range((enum em_setting)s, m->settings.value[s]) == EM_OK, "round %lu: setting %d is %d",
                   (unsigned long)round, s, m->settings.value[s]);
    check_alive(round);
}

START_TEST(any_frames)
{
    const char *rounds = getenv("VMETER_FUZZ_ROUNDS");
    uint64_t each = (rounds ? strtoull(rounds, NULL, 10) : ROUNDS) / BATCHES;
    uint64_t seed = (uint64_t)_i + 1;

    unit_feed(&rig, 0.5);
    for (uint64_t k = 0; k < each; k++) {
        if (k % 500 == 499) { /* before it is locked by all that has been written */
            teardown();
            setup();
        }
        if (k % 50 == 49)
            unit_feed(&rig, 0.01);
        one_round((uint64_t)_i * each + k, &seed);
    }
}
END_TEST

START_TEST(writes_get_through_among_them)
{
    uint64_t seed = 5;
    int changes = 0, replies = 0;

    for (int k = 0; k < 5000; k++) {
        uint8_t frame[FRAME_MAX + 2], reply[HOST_MODBUS_ADU_MAX];
        struct state before = state_now(), after;
        size_t n = answer(frame, make_frame(frame, &seed), reply);

        after = state_now();
        changes += memcmp(&before, &after, sizeof before) != 0;
        replies += n && !(reply[1] & 0x80);
    }
    ck_assert_int_gt(changes, 20);
    ck_assert_int_gt(replies, 300);
}
END_TEST

/* --- Lengths --- */

START_TEST(a_length_is_told_from_the_fewest_bytes)
{
    static const struct {
        uint8_t frame[8];
        size_t n;
        int length;
    } rows[] = {
        {{0}, 0, 0},
        {{1}, 1, 0},
        {{1, 0x03}, 2, 8},
        {{1, 0x06}, 2, 8},
        {{0, 0x06}, 2, 8},
        {{1, 0x10}, 2, 0},
        {{1, 0x10, 0x40, 0x0D, 0, 2}, 6, 0},
        {{1, 0x10, 0x40, 0x0D, 0, 2, 4}, 7, 13},
        {{1, 0x10, 0x40, 0x0D, 0, 2, 255}, 7, 264},
        {{1, 0x10, 0x40, 0x0D, 0, 2, 0}, 7, 9},
        {{1, 0x04}, 2, -1},
        {{1, 0x83}, 2, -1},
        {{1, 0x00}, 2, -1},
    };

    for (size_t k = 0; k < COUNT(rows); k++)
        ck_assert_msg(host_modbus_length(rows[k].frame, rows[k].n) == rows[k].length, "row %zu: %d", k,
                      host_modbus_length(rows[k].frame, rows[k].n));
}
END_TEST

START_TEST(more_bytes_never_change_a_length)
{
    uint64_t seed = 6;

    for (int k = 0; k < 20000; k++) {
        uint8_t frame[FRAME_MAX + 2];
        size_t n = make_frame(frame, &seed);
        int length = 0;

        for (size_t have = 0; have <= n; have++) {
            uint8_t *exact = malloc(have ? have : 1);
            int now;

            memcpy(exact, frame, have);
            now = host_modbus_length(exact, have);
            free(exact);
            UNIT_CHECK(length == 0 || now == length, "frame %d: %d of %zu bytes, then %d", k, length, have, now);
            UNIT_CHECK(now >= -1 && now <= 9 + 255, "frame %d: %d", k, now);
            length = now;
            if (have > 8)
                break;
        }
    }
}
END_TEST

START_TEST(a_right_request_has_its_own_length)
{
    uint64_t seed = 7;

    for (int k = 0; k < 20000; k++) {
        uint8_t frame[FRAME_MAX + 2];
        size_t n = seal(frame, make_request(frame, &seed));
        bool known = frame[1] == 0x03 || frame[1] == 0x06 || frame[1] == 0x10;

        if (known && (frame[1] != 0x10 || n == 9u + frame[6]) && (frame[1] == 0x10 || n == 8))
            UNIT_CHECK(host_modbus_length(frame, n) == (int)n, "frame %d of %zu bytes: %d", k, n,
                       host_modbus_length(frame, n));
    }
}
END_TEST

/* --- CRC --- */

START_TEST(a_crc_is_right_only_unchanged)
{
    uint64_t seed = 8;

    for (int k = 0; k < 5000; k++) {
        uint8_t frame[FRAME_MAX + 2];
        size_t n = seal(frame, make_request(frame, &seed));
        unsigned bit = (unsigned)(unit_random(&seed) % (8 * n));

        UNIT_CHECK(sim_modbus_crc_ok(frame, n), "frame %d", k);
        frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
        UNIT_CHECK(!sim_modbus_crc_ok(frame, n), "frame %d with bit %u turned", k, bit);
    }
    for (size_t n = 0; n < 4; n++)
        ck_assert(!sim_modbus_crc_ok((const uint8_t[4]){0xFF, 0xFF, 0xFF, 0xFF}, n));
}
END_TEST

/* --- Without CRC --- */

/* --- Silence --- */

START_TEST(a_truncated_write_is_an_illegal_value)
{
    uint8_t frame[16] = {1, 0x10, 0x40, 0x0D, 0x00, 0x02, 0x04, 0x46, 0x1C, 0x40, 0x00}, reply[HOST_MODBUS_ADU_MAX];

    for (size_t n = 2; n < 11; n++) {
        uint8_t cut[16];

        memcpy(cut, frame, n);
        ck_assert_uint_eq(answer(cut, seal(cut, n), reply), 5);
        ck_assert_msg(reply[1] == 0x90 && reply[2] == EM_EXCEPTION_ILLEGAL_VALUE, "%zu bytes: %02x %02x", n, reply[1],
                      reply[2]);
    }
}
END_TEST

START_TEST(a_meter_without_supply_says_nothing)
{
    uint8_t frame[8] = {1, 0x03, 0x40, 0x03, 0x00, 0x01}, reply[HOST_MODBUS_ADU_MAX];
    uint64_t seed = 10;

    em_meter_stop(m);
    ck_assert_uint_eq(answer(frame, seal(frame, 6), reply), 0);
    for (int k = 0; k < 5000; k++) {
        uint8_t any[FRAME_MAX + 2];
        struct state before = state_now(), after;

        UNIT_CHECK(answer(any, make_frame(any, &seed), reply) == 0, "frame %d", k);
        after = state_now();
        UNIT_CHECK(memcmp(&before, &after, sizeof before) == 0, "frame %d", k);
    }
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("fuzz_modbus");
    TCase *tcase = unit_case(suite, "frames");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, any_frames, 0, BATCHES);
    tcase_add_test(tcase, writes_get_through_among_them);
    tcase_add_test(tcase, a_length_is_told_from_the_fewest_bytes);
    tcase_add_test(tcase, more_bytes_never_change_a_length);
    tcase_add_test(tcase, a_right_request_has_its_own_length);
    tcase_add_test(tcase, a_crc_is_right_only_unchanged);
    tcase_add_test(tcase, a_truncated_write_is_an_illegal_value);
    tcase_add_test(tcase, a_meter_without_supply_says_nothing);
    return suite;
}
