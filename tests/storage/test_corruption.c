/* SPDX-License-Identifier: MIT
 * Memories that hold something else than what was written, or nothing at all, or that can not be operated. */
#include "rig.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static struct rig rig, other;
static struct rig_wave load;

static uint8_t busy[EM_NV_SIZE];    /* a valid memory of a meter that has seen much ... */
static struct em_settings settings; /* ... what it starts with from that ... */
static struct em_energy energy;
static const struct em_calibration constants = {
    {1200, -3400, 5, -3, 7777, -20000}, {1500, -2, 30}, {-12, 40, 0, 55, -7, 1}};
static bool used[EM_NV_SIZE]; /* ... and the bytes that it has ever written */

static void note_used(struct rig *r, uint32_t offset, uint32_t n)
{
    (void)r;
    memset(used + offset, true, n);
}

static void write_ok(uint16_t address, uint16_t count, const uint16_t *values)
{
    RIG_CHECK(rig_write(&rig, address, count, values) == EM_EXCEPTION_NONE, "%04X can not be written", address);
}

static void make_busy(void)
{
    const struct rig_load amps = {{230, 231, 229}, {4, 3, 5}, {20, 160, -40}};

    rig_wave_set(&load, &amps);
    rig_init(&rig);
    rig.wave = &load;
    memset(used, false, sizeof used);
    rig.writing = note_used;
    sim_memory_init(&rig.memory);
    rig_restart(&rig); /* writes all of it, told this time */
    em_meter_calibrate(&rig.meter, &constants);
    write_ok(0x401F, 4, (uint16_t[]){0x0100, 0x0005, 0x0099, 2});
    rig_preload(&rig, 5000);
    rig_feed(&rig, 20 * RIG_WINDOW);
    write_ok(0x401F, 2, (uint16_t[]){0x0500, 0x0001});
    rig_preload(&rig, 70000);
    write_ok(0x4003, 2, (uint16_t[]){33, 8});
    write_ok(0x400F, 3, (uint16_t[]){4, 0x0025, 3});
    write_ok(0x6048, 3, (uint16_t[]){3, 0, 0});
    write_ok(0x400D, 2, (uint16_t[]){0x44FA, 0x0000}); /* 2000 imp/kWh: pulses wait */
    rig_feed(&rig, 50 * RIG_WINDOW);
    em_meter_stop(&rig.meter);
    memcpy(busy, rig.memory.image, sizeof busy);

    rig_init_image(&rig, busy);
    settings = rig.meter.settings;
    energy = rig.meter.energy;
}

/* The sequence number of the newest save in the image. */
static uint32_t busy_sequence(void)
{
    rig_init_image(&rig, busy);
    return rig.meter.storage.energy_sequence - 1; /* a start saves once */
}

static bool inside(struct em_nv_place place, uint32_t offset)
{
    return offset >= place.offset && offset < (uint32_t)place.offset + place.size;
}

static uint32_t status(struct rig *r)
{
    return rig_read(r, RIG_STATUS_WORD, 2);
}

/* --- A damaged byte --------------------------------------------------------------------------------------------- */

static char where[160];

static void check_works(struct rig *r, uint8_t error)
{
    const struct em_meter *m = &r->meter;

    RIG_CHECK(em_meter_running(m) && !m->stopped, "%s: stopped", where);
    RIG_CHECK(m->error_code == error && rig_read(r, RIG_ERROR_CODE, 1) == error, "%s: error %02X, want %02X", where,
              m->error_code, error);
}

static void check_content(const struct rig *r, bool rests)
{
    const char *difference = rig_energy_difference(&r->meter.energy, &energy, rests);
    int setting = rig_setting_difference(&r->meter.settings, &settings);

    RIG_CHECK(!difference, "%s: %s", where, difference);
    RIG_CHECK(setting < 0, "%s: setting %d is %d", where, setting, r->meter.settings.value[setting]);
    RIG_CHECK(!memcmp(&r->meter.calibration, &constants, sizeof constants), "%s: another calibration", where);
}

/* Each copy alone gives everything again. */
static void check_mended(const struct rig *r)
{
    for (int k = 0; k < RIG_COPY_COUNT; k++) {
        struct em_nv_place place = rig_copy(k);
        uint8_t image[EM_NV_SIZE];

        memcpy(image, r->memory.image, sizeof image);
        rig_invert(image + place.offset, place.size);
        rig_init_image(&other, image);
        check_works(&other, 0);
        RIG_CHECK(!rig_energy_difference(&other.meter.energy, &r->meter.energy, true), "%s: %s was not mended: %s",
                  where, rig_copy_name[k ^ 1], rig_energy_difference(&other.meter.energy, &r->meter.energy, true));
        RIG_CHECK(rig_setting_difference(&other.meter.settings, &r->meter.settings) < 0, "%s: %s was not mended", where,
                  rig_copy_name[k ^ 1]);
    }
}

/* A start with one byte changed. mend: look at what was written, too. */
static void check_damage(uint32_t offset, uint8_t mask, uint32_t sequence, bool mend)
{
    bool mantissa = used[offset] && inside(rig_mantissa_slot(sequence), offset);
    bool doubled = false;
    uint8_t image[EM_NV_SIZE];

    for (int k = 0; k < RIG_COPY_COUNT; k++)
        doubled = doubled || (used[offset] && inside(rig_copy(k), offset));
    snprintf(where, sizeof where, "byte %u xor %02X", offset, mask);
    memcpy(image, busy, sizeof image);
    image[offset] ^= mask;
    rig_init_image(&rig, image);
    check_works(&rig, mantissa ? EM_FAULT_MANTISSA_DATA : 0);
    check_content(&rig, !mantissa);
    RIG_CHECK(!(status(&rig) & EM_STATUS_REPAIRED) == !doubled, "%s: status %08X", where, status(&rig));
    if (mend)
        check_mended(&rig);
}

START_TEST(the_busy_memory_has_something_everywhere)
{
    static const uint32_t lengths[RIG_COPY_COUNT] = {600, 600, 100, 100, 72, 72};
    uint32_t count = 0;

    ck_assert_int_eq(energy.ct_changes, 2);
    ck_assert_int_eq(energy.trip_resets, 1);
    for (int k = 0; k < RIG_COUNTER_COUNT; k++)
        ck_assert_uint_gt(rig_counter(&energy, k)->wh, 0);
    for (int k = 0; k < RIG_COPY_COUNT; k++) {
        count = 0;
        for (uint32_t n = 0; n < rig_copy(k).size; n++)
            count += used[rig_copy(k).offset + n];
        ck_assert_msg(count >= lengths[k], "%s has %u bytes", rig_copy_name[k], count);
        ck_assert_mem_eq(used + rig_copy(k).offset, used + rig_copy(k ^ 1).offset, rig_copy(k).size);
    }
    rig_init_image(&rig, busy);
    snprintf(where, sizeof where, "undamaged");
    check_works(&rig, 0);
    ck_assert_uint_gt(rig.meter.pulses.output[EM_OUTPUT_S0_1].backlog, 0);
    ck_assert(!(status(&rig) & EM_STATUS_REPAIRED));
    check_mended(&rig);
}
END_TEST

START_TEST(any_inverted_byte_is_survived_and_mended)
{
    uint32_t sequence = busy_sequence();
    double began = rig_clock();

    for (uint32_t offset = 0; offset < EM_NV_SIZE; offset++)
        check_damage(offset, 0xFF, sequence, true);
    printf("%d bytes inverted, %.0f a second\n", EM_NV_SIZE, EM_NV_SIZE / (rig_clock() - began));
}
END_TEST

START_TEST(any_inverted_bit_is_survived)
{
    uint32_t sequence = busy_sequence();
    double began = rig_clock();
    int count = 0;

    for (uint32_t offset = 0; offset < EM_NV_SIZE; offset++)
        for (int bit = 0; used[offset] && bit < 8; bit++, count++)
            check_damage(offset, (uint8_t)(1 << bit), sequence, bit == (int)(offset % 8));
    printf("%d bits inverted, %.0f a second\n", count, count / (rig_clock() - began));
    ck_assert_int_ge(count, 8 * 2000);
}
END_TEST

/* What is below one Wh is lost with a damaged mantissa, and nothing else; the fault is told until the next start. */
START_TEST(a_damaged_mantissa_costs_less_than_one_wh)
{
    struct em_nv_place place = rig_mantissa_slot(busy_sequence());
    uint8_t image[EM_NV_SIZE];

    memcpy(image, busy, sizeof image);
    rig_invert(image + place.offset, place.size);
    rig_init_image(&rig, image);
    snprintf(where, sizeof where, "no mantissa");
    check_works(&rig, EM_FAULT_MANTISSA_DATA);
    check_content(&rig, false);
    for (int k = 0; k < RIG_COUNTER_COUNT; k++)
        ck_assert_uint_eq(rig_counter(&rig.meter.energy, k)->rest, 0);
    rig.wave = &load;
    rig_feed(&rig, 10 * RIG_WINDOW);
    check_works(&rig, EM_FAULT_MANTISSA_DATA);
    em_meter_stop(&rig.meter);
    rig_restart(&rig);
    check_works(&rig, 0);
}
END_TEST

/* Two damaged bytes in the two copies of one record and in the mantissa slot not in use: still nothing is lost. */
START_TEST(damage_to_one_copy_of_each_record_at_once_is_survived)
{
    uint32_t sequence = busy_sequence();

    for (int k = 0; k < 4; k++) {
        uint8_t image[EM_NV_SIZE];
        struct em_nv_place place[3] = {rig_copy(k & 1), rig_copy(2 + (k >> 1)), rig_mantissa_slot(sequence + 1)};

        memcpy(image, busy, sizeof image);
        for (int j = 0; j < 3; j++)
            rig_invert(image + place[j].offset, place[j].size);
        rig_init_image(&rig, image);
        snprintf(where, sizeof where, "%s and %s gone", rig_copy_name[k & 1], rig_copy_name[2 + (k >> 1)]);
        check_works(&rig, 0);
        check_content(&rig, true);
        ck_assert(status(&rig) & EM_STATUS_REPAIRED);
        check_mended(&rig);
    }
}
END_TEST

START_TEST(repaired_is_told_until_the_next_start)
{
    uint8_t image[EM_NV_SIZE];

    memcpy(image, busy, sizeof image);
    image[rig_copy(0).offset + 40] ^= 1;
    rig_init_image(&rig, image);
    rig_feed(&rig, 20 * RIG_WINDOW);
    ck_assert(status(&rig) & EM_STATUS_REPAIRED);
    rig_restart(&rig);
    ck_assert(!(status(&rig) & EM_STATUS_REPAIRED));
}
END_TEST

/* --- Both copies ------------------------------------------------------------------------------------------------ */

/* It tells the fault, answers, measures nothing, and leaves the memory as it found it whatever happens then. */
static void check_stopped(const uint8_t image[EM_NV_SIZE], uint8_t error)
{
    rig_init_image(&rig, image);
    RIG_CHECK(rig.meter.error_code == error && rig_read(&rig, RIG_ERROR_CODE, 1) == error, "%s: error %02X, want %02X",
              where, rig.meter.error_code, error);
    RIG_CHECK(rig.meter.stopped && em_meter_running(&rig.meter), "%s: %sstopped, %srunning", where,
              rig.meter.stopped ? "" : "not ", em_meter_running(&rig.meter) ? "" : "not ");
    RIG_CHECK(rig.memory.writes == 0 && !memcmp(rig.memory.image, image, EM_NV_SIZE), "%s: %d writes", where,
              (int)rig.memory.writes);
}

static void check_goes_on_stopped(const uint8_t image[EM_NV_SIZE], uint8_t error)
{
    struct em_energy found = rig.meter.energy;

    rig.wave = &load;
    rig_feed(&rig, 12 * RIG_WINDOW);
    em_storage_run(&rig.meter, EM_SAVE_INTERVAL_S * EM_SAMPLE_RATE);
    rig_write(&rig, 0x401F, 4, (uint16_t[]){0x0700, 0x0005, 0x0042, 1});
    rig_write(&rig, 0x6049, 2, (uint16_t[]){0, 0});
    em_meter_tariff_input(&rig.meter, true);
    for (int k = 0; k < RIG_COUNTER_COUNT; k++)
        RIG_CHECK(rig_counter(&rig.meter.energy, k)->wh <= rig_counter(&found, k)->wh, "%s: it counts", where);
    for (int p = 0; p < EM_PHASE_COUNT; p++)
        RIG_CHECK(em_meter_quantities(&rig.meter)->p_uw[p] == 0, "%s: it measures", where);
    for (int k = 0; k < EM_OUTPUT_COUNT; k++)
        RIG_CHECK(rig.edges[k].count == 0, "%s: pulses at output %d", where, k);
    RIG_CHECK(rig_read(&rig, RIG_ERROR_CODE, 1) == error, "%s: error %02X later", where, rig.meter.error_code);
    em_meter_stop(&rig.meter);
    RIG_CHECK(rig_feed_until(&rig, true) && rig.meter.stopped && rig.meter.error_code == error, "%s: error %02X then",
              where, rig.meter.error_code);
    RIG_CHECK(rig.memory.writes == 0 && !memcmp(rig.memory.image, image, EM_NV_SIZE), "%s: %d writes then", where,
              (int)rig.memory.writes);
}

static int check_pairs(int first, uint8_t error)
{
    int count = 0;

    for (uint32_t n = 0; n < rig_copy(first).size; n++) {
        uint8_t image[EM_NV_SIZE];

        if (!used[rig_copy(first).offset + n])
            continue;
        memcpy(image, busy, sizeof image);
        image[rig_copy(first).offset + n] ^= 0xFF;
        image[rig_copy(first + 1).offset + n] ^= 0xFF;
        snprintf(where, sizeof where, "byte %u of both, %s", n, rig_copy_name[first]);
        check_stopped(image, error);
        if (count++ % 50 == 0)
            check_goes_on_stopped(image, error);
    }
    return count;
}

START_TEST(both_energy_copies_damaged_stop_the_meter_with_61)
{
    int count = check_pairs(0, EM_FAULT_ENERGY | EM_FAULT_MAIN_DATA | EM_FAULT_BACKUP_DATA);

    printf("%d pairs of energy bytes inverted\n", count);
    ck_assert_int_ge(count, 600);
    ck_assert_int_eq(EM_FAULT_ENERGY | EM_FAULT_MAIN_DATA | EM_FAULT_BACKUP_DATA, 0x61);
}
END_TEST

START_TEST(both_settings_copies_damaged_stop_the_meter_with_80)
{
    int count = check_pairs(2, EM_FAULT_INIT);

    printf("%d pairs of settings bytes inverted\n", count);
    ck_assert_int_ge(count, 100);
    ck_assert_int_eq(EM_FAULT_INIT, 0x80);
}
END_TEST

START_TEST(both_calibration_copies_damaged_stop_the_meter_with_80)
{
    int count = check_pairs(4, EM_FAULT_INIT);

    printf("%d pairs of calibration bytes inverted\n", count);
    ck_assert_int_ge(count, 72);
}
END_TEST

START_TEST(everything_damaged_stops_the_meter_with_80)
{
    uint8_t image[EM_NV_SIZE];

    memcpy(image, busy, sizeof image);
    rig_invert(image, sizeof image);
    snprintf(where, sizeof where, "everything inverted");
    check_stopped(image, EM_FAULT_INIT);
    check_goes_on_stopped(image, EM_FAULT_INIT);
}
END_TEST

/* Until settings can be had the meter answers as from the works. */
START_TEST(without_settings_the_line_is_that_of_the_works)
{
    uint8_t image[EM_NV_SIZE];

    memcpy(image, busy, sizeof image);
    rig_invert(image + rig_copy(2).offset, 2u * rig_copy(2).size);
    rig_init_image(&rig, image);
    ck_assert_uint_eq(rig.meter.modbus.id, 1);
    ck_assert_uint_eq(rig.meter.modbus.baud, 9600);
    ck_assert_int_eq(rig.meter.modbus.parity, EM_PARITY_EVEN);
}
END_TEST

/* The energies are gone, not the settings. */
START_TEST(without_energies_the_settings_stay_in_force)
{
    uint8_t image[EM_NV_SIZE];

    memcpy(image, busy, sizeof image);
    rig_invert(image + rig_copy(0).offset, rig_copy(0).size);
    rig_invert(image + rig_copy(1).offset, rig_copy(1).size);
    rig_init_image(&rig, image);
    ck_assert_int_eq(rig.meter.error_code, 0x61);
    ck_assert_uint_eq(rig.meter.modbus.id, 33);
    ck_assert_int_lt(rig_setting_difference(&rig.meter.settings, &settings), 0);
}
END_TEST

/* --- Memories from strangers ------------------------------------------------------------------------------------ */

/* What must hold whatever the memory held. */
static void check_any(struct rig *r)
{
    const struct em_meter *m = &r->meter;

    RIG_CHECK(em_meter_running(m), "%s: not running", where);
    for (int k = 0; k < EM_SETTING_COUNT; k++)
        RIG_CHECK(em_setting_range((enum em_setting)k, m->settings.value[k]) == EM_OK, "%s: setting %d is %d", where, k,
                  m->settings.value[k]);
    for (int k = 0; k < RIG_COUNTER_COUNT; k++)
        RIG_CHECK(rig_counter(&m->energy, k)->wh < EM_ENERGY_MODULUS, "%s: counter %d is %u Wh", where, k,
                  rig_counter(&m->energy, k)->wh);
    for (int k = 0; k < (int)(sizeof m->energy.history_wh / sizeof(uint32_t)); k++)
        RIG_CHECK((&m->energy.history_wh[0][0][0][0])[k] < EM_ENERGY_MODULUS, "%s: frozen %d is %u Wh", where, k,
                  (&m->energy.history_wh[0][0][0][0])[k]);
    for (int k = 0; k < EM_PHASES_AND_TOTAL; k++)
        RIG_CHECK(m->energy.trip_wh[k] < EM_ENERGY_MODULUS && m->energy.trip_wh[k] > -EM_ENERGY_MODULUS,
                  "%s: trip counter %d is %d Wh", where, k, m->energy.trip_wh[k]);
    RIG_CHECK(m->energy.ct_changes <= EM_CT_CHANGES_MAX, "%s: CT set %d", where, m->energy.ct_changes);
    RIG_CHECK(m->stopped == ((m->error_code & (EM_FAULT_ENERGY | EM_FAULT_INIT)) != 0), "%s: error %02X and %sstopped",
              where, m->error_code, m->stopped ? "" : "not ");
    RIG_CHECK(m->stopped || m->energy.ct_ratio == m->settings.value[EM_SETTING_CT_RATIO], "%s: two CT ratios", where);
}

/* Every door once; a crash or a sanitizer would tell. */
static void use(struct rig *r)
{
    uint16_t word[EM_READ_MAX];

    r->wave = &load;
    rig_feed_blocks(r, 2 * RIG_WINDOW + 100, 1000);
    for (int k = 0; k < EM_REGISTER_BLOCK_COUNT; k++)
        em_registers_read(&r->meter, em_register_blocks[k].first, 53, word);
    rig_write(r, 0x401F, 4, (uint16_t[]){0x0700, 0x0001, 0x0042, 1});
    rig_write(r, 0x6048, 3, (uint16_t[]){2, 0, 0});
    em_storage_run(&r->meter, EM_SAVE_INTERVAL_S * EM_SAMPLE_RATE);
    em_meter_stop(&r->meter);
    rig_restart(r);
    check_any(r);
}

enum filling { NOISE, ZEROS, ONES, TEXT, PIECES, FLIPS, FILLING_COUNT };
static const char *const filling_name[FILLING_COUNT] = {"noise", "zeros", "ones", "text", "pieces", "flips"};

/* Puts a stretch of something into the image. */
static void fill(uint8_t image[EM_NV_SIZE], enum filling filling, uint64_t *seed)
{
    uint32_t at = rig_random_below(seed, EM_NV_SIZE), n = 1 + rig_random_below(seed, EM_NV_SIZE - at);
    uint32_t page = EM_NV_PAGE * rig_random_below(seed, EM_NV_SIZE / EM_NV_PAGE);

    for (uint32_t k = 0; k < n; k++) {
        switch (filling) {
        case NOISE:
            image[at + k] = (uint8_t)rig_random(seed);
            break;
        case ZEROS:
            image[at + k] = 0;
            break;
        case ONES:
            image[at + k] = 0xFF;
            break;
        case TEXT:
            image[at + k] = (uint8_t)(' ' + rig_random_below(seed, 95));
            break;
        case PIECES: /* pages of a valid image at a wrong place */
            image[at / EM_NV_PAGE * EM_NV_PAGE + k] = busy[(page + k) % EM_NV_SIZE];
            break;
        case FLIPS:
            if (k % 64 == 0)
                image[rig_random_below(seed, EM_NV_SIZE)] ^= (uint8_t)(1 << rig_random_below(seed, 8));
            break;
        case FILLING_COUNT:
            break;
        }
    }
}

#define STRANGERS 24000

START_TEST(a_memory_from_a_stranger_is_survived)
{
    uint64_t seed = 20260 + (uint64_t)_i;
    int count[256] = {0}, going = 0;
    double began = rig_clock();

    for (int k = 0; k < STRANGERS; k++) {
        enum filling filling = (enum filling)(k % FILLING_COUNT);
        uint8_t image[EM_NV_SIZE];

        switch (k / FILLING_COUNT % 3) {
        case 0:
            memset(image, 0xFF, sizeof image);
            break;
        case 1:
            memset(image, 0, sizeof image);
            break;
        default:
            memcpy(image, busy, sizeof image);
        }
        for (uint32_t n = 1 + rig_random_below(&seed, 3); n > 0; n--)
            fill(image, filling, &seed);
        snprintf(where, sizeof where, "seed %d, image %d of %s", 20260 + _i, k, filling_name[filling]);
        rig_init_image(&rig, image);
        check_any(&rig);
        RIG_CHECK(rig.meter.error_code != EM_FAULT_INIT || !rig.memory.writes, "%s: written to", where);
        count[rig.meter.error_code]++;
        going += !rig.meter.stopped;
        if (k % 11 == 0)
            use(&rig);
    }
    printf("%d strange images, %.0f a second:", STRANGERS, STRANGERS / (rig_clock() - began));
    for (int k = 0; k < 256; k++)
        if (count[k])
            printf(" %02X %d times", (unsigned)k, count[k]);
    printf("\n");
    ck_assert_int_ge(going, STRANGERS / 20);
    ck_assert_int_ge(count[EM_FAULT_INIT], STRANGERS / 20);
    ck_assert_int_ge(count[EM_FAULT_ENERGY | EM_FAULT_MAIN_DATA | EM_FAULT_BACKUP_DATA], 100);
}
END_TEST

/* Whole records at the place of another: kind and place belong together, only copies of one kind can stand in. */
START_TEST(a_valid_record_at_a_wrong_place_is_not_taken)
{
    const struct em_nv_place slot[2] = {rig_mantissa_slot(0), rig_mantissa_slot(1)};

    for (int from = 0; from < 6; from++) {
        for (int to = 0; to < 6; to++) {
            struct em_nv_place a = from < 4 ? rig_copy(from) : slot[from - 4], b = to < 4 ? rig_copy(to) : slot[to - 4];
            uint32_t sequence = busy_sequence(), n = a.size < b.size ? a.size : b.size;
            bool current = to == 4 + (int)(sequence & 1), same_kind = from / 2 == to / 2;
            uint8_t image[EM_NV_SIZE];

            memcpy(image, busy, sizeof image);
            memcpy(image + b.offset, busy + a.offset, n);
            snprintf(where, sizeof where, "record %d at %d", from, to);
            rig_init_image(&rig, image);
            check_works(&rig, current && from != to ? EM_FAULT_MANTISSA_DATA : 0);
            check_content(&rig, !current || from == to);
            RIG_CHECK(!(status(&rig) & EM_STATUS_REPAIRED) == (same_kind || to >= 4), "%s: status %08X", where,
                      status(&rig));
        }
    }
}
END_TEST

/* --- A right CRC over nonsense ---------------------------------------------------------------------------------- */

/* Writes what the meter holds through the core itself, so that every CRC is right. */
static void write_as_it_is(struct rig *r)
{
    r->meter.storage.settings_due = r->meter.storage.energy_due = true;
    em_storage_commit(&r->meter);
}

static const int32_t nonsense[] = {INT32_MIN, -1000000000, -1,    0,     3,       6,         11,        100,
                                   248,       251,         10000, 99999, 1000001, 100000000, 999999999, INT32_MAX};
#define NONSENSE_COUNT ((int)(sizeof nonsense / sizeof nonsense[0]))

START_TEST(no_setting_out_of_its_range_comes_into_force)
{
    int tried = 0;

    for (int s = 0; s < EM_SETTING_COUNT; s++) {
        for (int k = 0; k < NONSENSE_COUNT; k++) {
            if (em_setting_range((enum em_setting)s, nonsense[k]) == EM_OK)
                continue;
            rig_init_image(&rig, busy);
            rig.meter.settings.value[s] = nonsense[k];
            write_as_it_is(&rig);
            snprintf(where, sizeof where, "setting %d saved as %d", s, nonsense[k]);
            rig_restart(&rig);
            check_any(&rig);
            RIG_CHECK(rig.meter.error_code == EM_FAULT_INIT, "%s: error %02X", where, rig.meter.error_code);
            use(&rig);
            tried++;
        }
    }
    ck_assert_int_ge(tried, EM_SETTING_COUNT * 7);
}
END_TEST

/* The newer copy holds nonsense under a right CRC: the older one is taken, and mends it. */
START_TEST(a_sane_copy_is_preferred_to_a_newer_one_with_nonsense)
{
    for (int k = 0; k < 4; k++) {
        struct em_nv_place place = rig_copy(k ^ 1);

        rig_init_image(&rig, busy);
        rig.meter.settings.value[EM_SETTING_MODBUS_ID] = 0;
        rig.meter.energy.tariff[0][0][0].wh = EM_ENERGY_MODULUS;
        write_as_it_is(&rig);
        memcpy(rig.memory.image + place.offset, busy + place.offset, place.size);
        place = rig_copy((k ^ 1) ^ 2); /* the other kind as it was in both copies */
        memcpy(rig.memory.image + rig_copy((k ^ 2) & 2).offset, busy + rig_copy((k ^ 2) & 2).offset, 2u * place.size);
        if (k < 2) /* and the mantissa that belongs to the older one */
            memcpy(rig.memory.image + em_nv_places[EM_NV_MANTISSA].offset, busy + em_nv_places[EM_NV_MANTISSA].offset,
                   em_nv_places[EM_NV_MANTISSA].size);
        else
            memcpy(rig.memory.image + rig_copy(0).offset, busy + rig_copy(0).offset, rig_copy(2).offset);
        snprintf(where, sizeof where, "%s with nonsense", rig_copy_name[k]);
        rig_restart(&rig);
        check_works(&rig, 0);
        check_content(&rig, true);
        ck_assert_msg(status(&rig) & EM_STATUS_REPAIRED, "%s: status %08X", where, status(&rig));
        check_mended(&rig);
    }
}
END_TEST

static uint64_t wild(uint64_t *seed)
{
    static const uint64_t edges[] = {0, 1, EM_ENERGY_MODULUS - 1, EM_ENERGY_MODULUS, INT32_MAX, UINT32_MAX, UINT64_MAX};
    uint32_t k = rig_random_below(seed, 10);

    return k < 7 ? edges[k] : rig_random(seed);
}

/* Fills a number of fields of the struct with anything. */
static void make_nonsense(struct em_meter *m, uint64_t *seed)
{
    struct em_energy *e = &m->energy;

    for (uint32_t n = rig_random_below(seed, 3); n > 0; n--)
        m->settings.value[rig_random_below(seed, EM_SETTING_COUNT)] = (int32_t)wild(seed);
    for (uint32_t n = rig_random_below(seed, 3); n > 0; n--) {
        struct em_counter *c = (struct em_counter *)rig_counter(e, (int)rig_random_below(seed, RIG_COUNTER_COUNT));

        if (rig_random(seed) % 2)
            c->wh = (uint32_t)wild(seed);
        else
            c->rest = wild(seed);
    }
    switch (rig_random_below(seed, 11)) {
    case 0:
        e->ct_changes = (uint8_t)rig_random(seed);
        break;
    case 1:
        e->ct_ratio = (int32_t)wild(seed);
        break;
    case 2:
        e->trip_wh[rig_random_below(seed, EM_PHASES_AND_TOTAL)] = (int32_t)wild(seed);
        break;
    case 3:
        e->history_ratio[rig_random_below(seed, EM_CT_CHANGES_MAX)] = (int32_t)wild(seed);
        break;
    case 4:
        (&e->history_wh[0][0][0][0])[rig_random_below(seed, 112)] = (uint32_t)wild(seed);
        break;
    case 5:
        (&e->fraction[0][0])[rig_random_below(seed, 6)] = (int64_t)wild(seed);
        break;
    case 6:
        m->storage.trip_resets = (uint32_t)wild(seed);
        break;
    case 7:
        m->storage.ct_changes = (uint32_t)rig_random_below(seed, 10);
        break;
    case 8:
        e->trip_resets = (uint32_t)wild(seed);
        break;
    default:
        m->pulses.output[rig_random_below(seed, EM_OUTPUT_COUNT)].rest = wild(seed);
        m->pulses.output[rig_random_below(seed, EM_OUTPUT_COUNT)].backlog = (uint32_t)wild(seed);
    }
}

#define FORGERIES 12000

START_TEST(nonsense_under_a_right_crc_is_survived)
{
    uint64_t seed = 7;
    int going = 0;
    double began = rig_clock();

    for (int k = 0; k < FORGERIES; k++) {
        rig_init_image(&rig, busy);
        make_nonsense(&rig.meter, &seed);
        write_as_it_is(&rig);
        snprintf(where, sizeof where, "forgery %d", k);
        rig_restart(&rig);
        check_any(&rig);
        going += !rig.meter.stopped;
        if (k % 3 == 0)
            use(&rig);
    }
    printf("%d forgeries, %d taken, %.0f a second\n", FORGERIES, going, FORGERIES / (rig_clock() - began));
    ck_assert_int_ge(going, FORGERIES / 10);
    ck_assert_int_ge(FORGERIES - going, FORGERIES / 10);
}
END_TEST

/* A rest belongs below one step of its counter or output: more would be energy from nowhere. */
START_TEST(a_forged_rest_of_a_counter_gives_no_energy)
{
    for (int k = 0; k < RIG_COUNTER_COUNT; k++) {
        rig_init_image(&rig, busy);
        ((struct em_counter *)rig_counter(&rig.meter.energy, k))->rest = UINT64_MAX;
        write_as_it_is(&rig);
        rig_restart(&rig);
        RIG_CHECK(rig.meter.error_code == EM_FAULT_MANTISSA_DATA, "rest of counter %d: error %02X", k,
                  rig.meter.error_code);
        for (int c = 0; c < RIG_COUNTER_COUNT; c++)
            RIG_CHECK(rig_counter(&rig.meter.energy, c)->rest == 0, "rest of counter %d: %d keeps one", k, c);
    }
}
END_TEST

START_TEST(a_forged_rest_of_an_output_gives_no_pulses)
{
    rig_init_image(&rig, busy);
    rig.meter.pulses.output[_i].rest = UINT64_MAX;
    write_as_it_is(&rig);
    rig_restart(&rig);
    ck_assert_uint_lt(rig.meter.pulses.output[_i].backlog, 100000);
    ck_assert_int_eq(rig.meter.error_code, EM_FAULT_MANTISSA_DATA);
}
END_TEST

/* A step of nothing (as the very first save holds it) under a change of the CT ratio that is still to be made up for.
 */
START_TEST(a_forged_step_of_an_output_is_survived)
{
    static const uint64_t rests[] = {0, 1, 1000000};

    for (size_t k = 0; k < sizeof rests / sizeof rests[0]; k++) {
        rig_init_image(&rig, busy);
        rig.meter.pulses.output[_i] = (struct em_pulse){.rest = rests[k], .step = 0};
        rig.meter.settings.value[EM_SETTING_CT_RATIO] = EM_CT_RATIO(400, 5);
        rig.meter.storage.ct_changes++;
        write_as_it_is(&rig);
        rig_restart(&rig);
        snprintf(where, sizeof where, "output %d with a step of 0 and a rest of %d", _i, (int)rests[k]);
        check_any(&rig);
        use(&rig);
    }
}
END_TEST

/* Settings that say the set-up was never finished make the meter begin again, with one CT ratio for everything. */
START_TEST(an_unfinished_set_up_with_a_ct_ratio_is_taken_whole_or_not_at_all)
{
    rig_init_image(&rig, busy);
    rig.meter.storage.complete = false;
    write_as_it_is(&rig);
    snprintf(where, sizeof where, "first start");
    for (int k = 0; k < 2; k++) {
        int32_t ratio;

        rig_restart(&rig);
        ratio = rig.meter.settings.value[EM_SETTING_CT_RATIO];
        check_any(&rig);
        snprintf(where, sizeof where, "second start");
        ck_assert_int_eq(rig.meter.error_code, 0);
        ck_assert_int_eq(ratio, rig.meter.energy.ct_ratio);
    }
}
END_TEST

/* --- A memory that can not be operated -------------------------------------------------------------------------- */

#define MAIN        (1 << EM_NV_ENERGY_MAIN)
#define BACKUP      (1 << EM_NV_ENERGY_BACKUP)
#define MANTISSA    (1 << EM_NV_MANTISSA)
#define SETTINGS    (1 << EM_NV_SETTINGS)
#define CALIBRATION (1 << EM_NV_CALIBRATION)
#define ALL         (MAIN | BACKUP | MANTISSA | SETTINGS | CALIBRATION)

static void break_areas(unsigned read, unsigned write)
{
    for (int k = 0; k < EM_NV_AREA_COUNT; k++) {
        rig.read_fails[k] = read >> k & 1;
        rig.write_fails[k] = write >> k & 1;
    }
}

static const struct {
    unsigned read, write;
    uint8_t at_start, later; /* errors wanted when it starts so, and when it breaks while it runs; bits */
    bool stops_at_start, stops_later;
} broken[] = {
    {MAIN, MAIN, EM_FAULT_MAIN_IO, EM_FAULT_MAIN_IO, false, false},
    {BACKUP, BACKUP, EM_FAULT_BACKUP_IO, EM_FAULT_BACKUP_IO, false, false},
    {MANTISSA, MANTISSA, EM_FAULT_MANTISSA_IO, EM_FAULT_MANTISSA_IO, false, false},
    {0, MAIN, EM_FAULT_MAIN_IO, EM_FAULT_MAIN_IO, false, false},
    {0, BACKUP, EM_FAULT_BACKUP_IO, EM_FAULT_BACKUP_IO, false, false},
    {0, MANTISSA, EM_FAULT_MANTISSA_IO, EM_FAULT_MANTISSA_IO, false, false},
    {MAIN | BACKUP, MAIN | BACKUP, EM_FAULT_ENERGY | EM_FAULT_MAIN_IO | EM_FAULT_BACKUP_IO,
     EM_FAULT_ENERGY | EM_FAULT_MAIN_IO | EM_FAULT_BACKUP_IO, true, true},
    {0, MAIN | BACKUP, EM_FAULT_ENERGY | EM_FAULT_MAIN_IO | EM_FAULT_BACKUP_IO,
     EM_FAULT_ENERGY | EM_FAULT_MAIN_IO | EM_FAULT_BACKUP_IO, true, true},
    {MAIN | MANTISSA, MAIN | MANTISSA, EM_FAULT_MAIN_IO | EM_FAULT_MANTISSA_IO, EM_FAULT_MAIN_IO | EM_FAULT_MANTISSA_IO,
     false, false},
    {SETTINGS, SETTINGS, EM_FAULT_INIT, 0, true, false},
    {CALIBRATION, CALIBRATION, EM_FAULT_INIT, 0, true, false},
    {0, CALIBRATION, 0, 0, false, false},
    {ALL, ALL, EM_FAULT_INIT, EM_FAULT_ENERGY | EM_FAULT_MAIN_IO | EM_FAULT_BACKUP_IO | EM_FAULT_MANTISSA_IO, true,
     true},
};
#define BROKEN_COUNT ((int)(sizeof broken / sizeof broken[0]))

START_TEST(a_memory_that_fails_at_the_start_is_told)
{
    rig_init_image(&rig, busy);
    memcpy(rig.memory.image, busy, sizeof busy);
    break_areas(broken[_i].read, broken[_i].write);
    rig_restart(&rig);
    ck_assert_msg(rig.meter.error_code == broken[_i].at_start, "row %d: error %02X, want %02X", _i,
                  rig.meter.error_code, broken[_i].at_start);
    ck_assert_int_eq(rig.meter.stopped, broken[_i].stops_at_start);
    ck_assert(em_meter_running(&rig.meter));
    ck_assert_uint_eq(rig_read(&rig, RIG_ERROR_CODE, 1), broken[_i].at_start);
}
END_TEST

START_TEST(a_memory_that_fails_while_the_meter_runs_is_told_at_the_next_save)
{
    rig_init_image(&rig, busy);
    rig.wave = &load;
    rig_feed(&rig, 3 * RIG_WINDOW);
    ck_assert_int_eq(rig.meter.error_code, 0);
    break_areas(broken[_i].read, broken[_i].write);
    em_storage_run(&rig.meter, EM_SAVE_INTERVAL_S * EM_SAMPLE_RATE);
    ck_assert_msg(rig.meter.error_code == broken[_i].later, "row %d: error %02X, want %02X", _i, rig.meter.error_code,
                  broken[_i].later);
    ck_assert_int_eq(rig.meter.stopped, broken[_i].stops_later);
    ck_assert(em_meter_running(&rig.meter));
}
END_TEST

/* An area that takes what is written and gives nothing back is no use either. */
START_TEST(an_area_that_can_not_be_read_is_told)
{
    static const struct {
        unsigned read;
        uint8_t error;
        bool stops;
    } rows[] = {
        {MAIN, EM_FAULT_MAIN_IO, false},
        {BACKUP, EM_FAULT_BACKUP_IO, false},
        {MANTISSA, EM_FAULT_MANTISSA_IO, false},
        {MAIN | BACKUP, EM_FAULT_ENERGY | EM_FAULT_MAIN_IO | EM_FAULT_BACKUP_IO, true},
        {SETTINGS, EM_FAULT_INIT, true},
        {CALIBRATION, EM_FAULT_INIT, true},
        {ALL, EM_FAULT_INIT, true},
    };

    rig_init_image(&rig, busy);
    memcpy(rig.memory.image, busy, sizeof busy);
    break_areas(rows[_i].read, 0);
    rig_restart(&rig);
    ck_assert_msg(rig.meter.error_code == rows[_i].error, "row %d: error %02X, want %02X", _i, rig.meter.error_code,
                  rows[_i].error);
    ck_assert_int_eq(rig.meter.stopped, rows[_i].stops);
}
END_TEST

/* "Settings can not be had: the meter stops measuring." */
START_TEST(settings_that_can_not_be_written_are_told_and_stop_the_meter)
{
    rig_init_image(&rig, busy);
    memcpy(rig.memory.image, busy, sizeof busy);
    break_areas(0, SETTINGS);
    if (_i) /* while it runs */
        rig_write(&rig, 0x4003, 1, (uint16_t[]){77});
    else
        rig_restart(&rig);
    ck_assert_msg(rig.meter.error_code == EM_FAULT_INIT, "error %02X", rig.meter.error_code);
    ck_assert(rig.meter.stopped);
}
END_TEST

START_TEST(an_erased_memory_that_can_not_be_written_stops_the_meter)
{
    rig_init(&rig);
    sim_memory_init(&rig.memory);
    break_areas(0, ALL);
    rig_restart(&rig);
    ck_assert_int_eq(rig.meter.error_code & EM_FAULT_INIT, EM_FAULT_INIT);
    ck_assert(rig.meter.stopped);
    ck_assert(em_meter_running(&rig.meter));
}
END_TEST

/* Whether it is erased can not be told then: it is left alone. */
START_TEST(an_erased_memory_whose_settings_can_not_be_read_stops_the_meter)
{
    rig_init(&rig);
    sim_memory_init(&rig.memory);
    break_areas(SETTINGS, 0);
    rig_restart(&rig);
    ck_assert_int_eq(rig.meter.error_code, EM_FAULT_INIT);
    ck_assert(rig.meter.stopped);
    ck_assert_uint_eq(rig.memory.writes, 0);
}
END_TEST

/* A write that fails once is made up for by the next save. */
START_TEST(an_area_that_works_again_is_in_order_after_the_next_save)
{
    rig_init_image(&rig, busy);
    rig.wave = &load;
    rig_feed(&rig, 3 * RIG_WINDOW);
    break_areas(0, MAIN | MANTISSA);
    em_storage_run(&rig.meter, EM_SAVE_INTERVAL_S * EM_SAMPLE_RATE);
    ck_assert_int_eq(rig.meter.error_code, EM_FAULT_MAIN_IO | EM_FAULT_MANTISSA_IO);
    break_areas(0, 0);
    rig_feed(&rig, 3 * RIG_WINDOW);
    em_storage_run(&rig.meter, EM_SAVE_INTERVAL_S * EM_SAMPLE_RATE);
    ck_assert_int_eq(rig.meter.error_code, 0);
    snprintf(where, sizeof where, "after the next save");
    check_mended(&rig);
}
END_TEST

/* Nothing was repaired if the damaged copy could not be written. */
START_TEST(repaired_is_not_told_of_a_copy_that_could_not_be_mended)
{
    rig_init_image(&rig, busy);
    memcpy(rig.memory.image, busy, sizeof busy);
    rig.memory.image[rig_copy(0).offset + 50] ^= 4;
    break_areas(0, MAIN);
    rig_restart(&rig);
    ck_assert_int_eq(rig.meter.error_code, EM_FAULT_MAIN_IO);
    ck_assert(!(status(&rig) & EM_STATUS_REPAIRED));
}
END_TEST

/* --- Sequence numbers ------------------------------------------------------------------------------------------- */

START_TEST(sequence_numbers_may_wrap)
{
    static const uint32_t starts[] = {UINT32_MAX - 1, UINT32_MAX, INT32_MAX - 1u, INT32_MAX};

    rig_init_image(&rig, busy);
    rig.wave = &load;
    rig.meter.storage.energy_sequence = rig.meter.storage.settings_sequence = starts[_i];
    for (int k = 0; k < 6; k++) {
        struct em_energy saved;

        rig_feed(&rig, 3 * RIG_WINDOW);
        write_as_it_is(&rig);
        saved = rig.meter.energy;
        rig_cut(&rig, 8, RIG_HALF); /* in main, or in the mantissa */
        rig_feed(&rig, 3 * RIG_WINDOW);
        write_as_it_is(&rig);
        ck_assert(rig.memory.dead);
        rig_recover(&rig);
        snprintf(where, sizeof where, "sequence %08X + %d", starts[_i], k);
        check_works(&rig, 0);
        for (int c = 0; c < RIG_COUNTER_COUNT; c++)
            RIG_CHECK(rig_counter(&rig.meter.energy, c)->wh >= rig_counter(&saved, c)->wh, "%s: counter %d fell", where,
                      c);
    }
    check_mended(&rig);
}
END_TEST

/* Two whole copies of different age: the newer one is taken, wherever it lies and whatever its number. */
START_TEST(the_newer_copy_is_taken)
{
    static const uint32_t starts[] = {5, UINT32_MAX - 1, UINT32_MAX, INT32_MAX - 1u, INT32_MAX};

    for (size_t row = 0; row < sizeof starts / sizeof starts[0]; row++) {
        for (int k = 0; k < 2; k++) { /* the copy that stays old */
            uint8_t old[EM_NV_SIZE];
            struct em_energy wanted;

            rig_init_image(&rig, busy);
            rig.meter.storage.energy_sequence = rig.meter.storage.settings_sequence = starts[row];
            write_as_it_is(&rig);
            memcpy(old, rig.memory.image, sizeof old);
            rig.meter.settings.value[EM_SETTING_PASSWORD] = 4321;
            rig.meter.energy.tariff[0][0][0].wh += 17;
            rig.meter.energy.tariff[0][0][0].rest = 99;
            write_as_it_is(&rig);
            wanted = rig.meter.energy;
            for (int j = k; j < RIG_COPY_COUNT; j += 2)
                memcpy(rig.memory.image + rig_copy(j).offset, old + rig_copy(j).offset, rig_copy(j).size);
            rig_restart(&rig);
            snprintf(where, sizeof where, "%s older than %08X", rig_copy_name[k], starts[row] + 2);
            check_works(&rig, 0);
            RIG_CHECK(!rig_energy_difference(&rig.meter.energy, &wanted, true), "%s: %s", where,
                      rig_energy_difference(&rig.meter.energy, &wanted, true));
            RIG_CHECK(rig.meter.settings.value[EM_SETTING_PASSWORD] == 4321, "%s: old settings", where);
            RIG_CHECK(!(status(&rig) & EM_STATUS_REPAIRED), "%s: nothing was damaged", where);
            check_mended(&rig);
        }
    }
}
END_TEST

Suite *rig_suite(void)
{
    Suite *suite = suite_create("corruption");
    TCase *tcase = rig_case(suite, "one place");

    tcase_add_unchecked_fixture(tcase, make_busy, NULL);
    tcase_add_test(tcase, the_busy_memory_has_something_everywhere);
    tcase_add_test(tcase, any_inverted_byte_is_survived_and_mended);
    tcase_add_test(tcase, any_inverted_bit_is_survived);
    tcase_add_test(tcase, a_damaged_mantissa_costs_less_than_one_wh);
    tcase_add_test(tcase, damage_to_one_copy_of_each_record_at_once_is_survived);
    tcase_add_test(tcase, repaired_is_told_until_the_next_start);
    tcase = rig_case(suite, "both copies");
    tcase_add_unchecked_fixture(tcase, make_busy, NULL);
    tcase_add_test(tcase, both_energy_copies_damaged_stop_the_meter_with_61);
    tcase_add_test(tcase, both_settings_copies_damaged_stop_the_meter_with_80);
    tcase_add_test(tcase, both_calibration_copies_damaged_stop_the_meter_with_80);
    tcase_add_test(tcase, everything_damaged_stops_the_meter_with_80);
    tcase_add_test(tcase, without_settings_the_line_is_that_of_the_works);
    tcase_add_test(tcase, without_energies_the_settings_stay_in_force);
    tcase = rig_case(suite, "strangers");
    tcase_add_unchecked_fixture(tcase, make_busy, NULL);
    tcase_add_test(tcase, a_memory_from_a_stranger_is_survived);
    tcase_add_test(tcase, a_valid_record_at_a_wrong_place_is_not_taken);
    tcase_add_test(tcase, no_setting_out_of_its_range_comes_into_force);
    tcase_add_test(tcase, a_sane_copy_is_preferred_to_a_newer_one_with_nonsense);
    tcase_add_test(tcase, nonsense_under_a_right_crc_is_survived);
    tcase_add_test(tcase, a_forged_rest_of_a_counter_gives_no_energy);
    tcase_add_loop_test(tcase, a_forged_rest_of_an_output_gives_no_pulses, 0, EM_OUTPUT_COUNT);
    tcase_add_loop_test(tcase, a_forged_step_of_an_output_is_survived, 0, EM_OUTPUT_COUNT);
    tcase_add_test(tcase, an_unfinished_set_up_with_a_ct_ratio_is_taken_whole_or_not_at_all);
    tcase_add_loop_test(tcase, sequence_numbers_may_wrap, 0, 4);
    tcase_add_test(tcase, the_newer_copy_is_taken);
    tcase = rig_case(suite, "memory that fails");
    tcase_add_unchecked_fixture(tcase, make_busy, NULL);
    tcase_add_loop_test(tcase, a_memory_that_fails_at_the_start_is_told, 0, BROKEN_COUNT);
    tcase_add_loop_test(tcase, a_memory_that_fails_while_the_meter_runs_is_told_at_the_next_save, 0, BROKEN_COUNT);
    tcase_add_loop_test(tcase, an_area_that_can_not_be_read_is_told, 0, 7);
    tcase_add_loop_test(tcase, settings_that_can_not_be_written_are_told_and_stop_the_meter, 0, 2);
    tcase_add_test(tcase, an_erased_memory_that_can_not_be_written_stops_the_meter);
    tcase_add_test(tcase, an_erased_memory_whose_settings_can_not_be_read_stops_the_meter);
    tcase_add_test(tcase, an_area_that_works_again_is_in_order_after_the_next_save);
    tcase_add_test(tcase, repaired_is_not_told_of_a_copy_that_could_not_be_mended);
    return suite;
}
