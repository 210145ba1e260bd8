/* SPDX-License-Identifier: MIT
 * The M-Bus slave under rubbish: random and mutated frames, as bytes to one meter and as traffic on a bus for hours.
 *
 * VMETER_FUZZ_ROUNDS=N runs so many inputs instead of the usual. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/sim/bus.h"
#include "../fuzz/mbus_target.h"
#include "scene.h"

#define BATCHES   20
#define ROUNDS    100000 /* in all batches */
#define INPUT_MAX 600

static struct unit_rig rig;

static void setup(void)
{
    unit_rig_init(&rig, 50000, unit_mains(50, 2, 30));
}

/* --- Frames --- */

/* Bodies of long frames that mean something, from CI on. */
static const struct {
    uint8_t n, byte[12];
} bodies[] = {
    {4, {0x51, 0x01, 0x7A, 0x05}},
    {7, {0x51, 0x0C, 0x79, 0x44, 0x33, 0x22, 0x11}},
    {6, {0x51, 0x09, 0x7C, 0x01, 0x54, 0x02}},
    {5, {0x51, 0x09, 0xFD, 0x3A, 0x03}},
    {8, {0x51, 0x0C, 0xFD, 0x3A, 0x00, 0x00, 0x10, 0x00}},
    {7, {0x51, 0x0C, 0x04, 0x00, 0x00, 0x00, 0x00}},
    {6, {0x51, 0x0A, 0xFD, 0x60, 0x00, 0x00}},
    {9, {0x52, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}},
    {9, {0x52, 0x46, 0x02, 0x02, 0x19, 0xCD, 0x25, 0x01, 0x02}},
    {1, {0xBD}},
    {1, {0x50}},
};

static uint8_t any_address(uint64_t *seed)
{
    static const uint8_t usual[] = {0, 1, 5, 253, 254, 255};

    return unit_random(seed) % 8 ? usual[unit_random(seed) % sizeof usual] : (uint8_t)unit_random(seed);
}

/* A frame with a right checksum: short, long with a known body, or long with any. */
static size_t make_frame(uint8_t *frame, uint64_t *seed)
{
    static const uint8_t c_short[] = {0x40, 0x5B, 0x7B, 0x5A};
    size_t n = 4, first = 4;
    uint8_t sum = 0;

    if (unit_random(seed) % 3 == 0) {
        first = n = 1;
        frame[0] = 0x10;
        frame[n++] = c_short[unit_random(seed) % sizeof c_short];
        frame[n++] = any_address(seed);
    } else {
        frame[0] = frame[3] = 0x68;
        frame[n++] = unit_random(seed) % 8 ? (unit_random(seed) & 1 ? 0x53 : 0x73) : (uint8_t)unit_random(seed);
        frame[n++] = any_address(seed);
        if (unit_random(seed) % 4) {
            size_t k = unit_random(seed) % COUNT(bodies);

            memcpy(frame + n, bodies[k].byte, bodies[k].n);
            n += bodies[k].n;
        } else {
            frame[n++] = unit_random(seed) & 1 ? 0x51 : (uint8_t)unit_random(seed);
            for (size_t left = unit_random(seed) % 40; left; left--)
                frame[n++] = (uint8_t)unit_random(seed);
        }
        frame[1] = frame[2] = (uint8_t)(n - 4);
    }
    for (size_t k = first; k < n; k++)
        sum = (uint8_t)(sum + frame[k]);
    frame[n++] = sum;
    frame[n++] = 0x16;
    return n;
}

/* Frames, damaged frames and noise behind each other. */
static size_t make_input(uint8_t *input, uint64_t *seed)
{
    size_t n = 0, at;

    for (size_t parts = 1 + unit_random(seed) % 4; parts && n < INPUT_MAX - 280; parts--) {
        size_t length;

        switch (unit_random(seed) % 4) {
        case 0: /* noise that likes to look like starts */
            for (length = unit_random(seed) % 30; length; length--)
                input[n++] = unit_random(seed) % 4 ? (uint8_t)unit_random(seed) : unit_random(seed) & 1 ? 0x68 : 0x10;
            break;
        case 1: /* a byte changed, a byte gone */
            length = make_frame(input + n, seed);
            at = unit_random(seed) % length;
            input[n + at] = (uint8_t)unit_random(seed);
            n += length - unit_random(seed) % 2;
            break;
        default:
            n += make_frame(input + n, seed);
        }
    }
    return n;
}

static unsigned long rounds(void)
{
    const char *text = getenv("VMETER_FUZZ_ROUNDS");

    return text ? strtoul(text, NULL, 10) : ROUNDS;
}

START_TEST(any_bytes)
{
    uint64_t seed = 1000 + (uint64_t)_i;
    uint8_t input[INPUT_MAX];

    for (unsigned long r = 0; r < rounds() / BATCHES; r++) {
        if (r % 50 == 0)
            setup(); /* C-05 and the like are for ever */
        mbus_target(&rig.meter, input, make_input(input, &seed));
    }
}
END_TEST

/* What changes settings is a frame with a right checksum and nothing else. */
START_TEST(damaged_frames_change_nothing)
{
    uint64_t seed = 77;
    uint8_t frame[INPUT_MAX], answer[EM_MBUS_FRAME_MAX];

    setup();
    for (int r = 0; r < 50000; r++) {
        struct em_settings before = rig.meter.settings;
        size_t n = make_frame(frame, &seed), at = unit_random(&seed) % n;

        frame[at] ^= (uint8_t)(1 << unit_random(&seed) % 8);
        for (size_t k = 0; k < n; k++)
            UNIT_CHECK(em_mbus_byte(&rig.meter, frame[k], answer) == 0, "round %d is answered", r);
        em_mbus_idle(&rig.meter);
        UNIT_CHECK(memcmp(&before, &rig.meter.settings, sizeof before) == 0, "round %d", r);
    }
}
END_TEST

/* Two hours on a bus with three meters: random traffic all the time, and after a pause of 33 bits right requests, of
 * which every one must be answered. */
START_TEST(two_hours_of_traffic)
{
    struct scene scene;
    uint64_t seed = 4;
    unsigned asked = 0, acknowledged = 0;

    scene_open(&scene, "{'duration': '2h', 'load': {'all': {'current': 3}}, 'meters': [{'mbus_address': 11}, "
                       "{'mbus_address': 12, 'mbus_id': '00000007'}, {'mbus_address': 13}]}");
    for (int64_t now = 0; now < SECONDS(7200); now += SECONDS(0.25)) {
        uint8_t input[INPUT_MAX], answer[SIM_FRAME_MAX];
        struct em_meter *m = &scene.sim->point[unit_random(&seed) % 3].meter;
        const uint8_t request[] = {0x10, 0x7B, 0xFE, 0x79, 0x16};
        uint8_t ping[] = {0x10, 0x40, 0, 0, 0x16};
        size_t n;

        sim_run(scene.sim, now);
        sim_mbus_bytes(scene.sim, 0, input, make_input(input, &seed), answer);
        sim_mbus_idle(scene.sim);
        /* The traffic may have renamed it. */
        ping[2] = (uint8_t)m->settings.value[EM_SETTING_MBUS_ADDRESS];
        ping[3] = (uint8_t)(0x40 + ping[2]);
        n = sim_mbus_bytes(scene.sim, 0, ping, sizeof ping, answer);
        UNIT_CHECK(n == 1 && answer[0] == 0xE5, "%.2f s: SND_NKE %u", sim_seconds(now), ping[2]);
        acknowledged++;
        n = sim_mbus_bytes(scene.sim, 0, request, sizeof request, answer);
        UNIT_CHECK(n == 250 && answer[0] == 0x68, "%.2f s: REQ_UD2 FE", sim_seconds(now));
        asked++;
    }
    ck_assert_uint_eq(asked, 4 * 7200);
    ck_assert_uint_eq(acknowledged, asked);
    scene_close(&scene);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("fuzz_mbus");
    TCase *bytes = scene_case(suite, "bytes"), *bus = scene_case(suite, "bus");

    tcase_set_timeout(bytes, 250);
    tcase_set_timeout(bus, 250);
    tcase_add_loop_test(bytes, any_bytes, 0, BATCHES);
    tcase_add_test(bytes, damaged_frames_change_nothing);
    tcase_add_test(bus, two_hours_of_traffic);
    return suite;
}
