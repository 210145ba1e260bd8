/* SPDX-License-Identifier: MIT
 * A busy meter whose supply goes away in every single write to its memory, torn in every way, and again while it
 * starts from that. First the sequence runs uncut and its log says what the meter held at every write; the run with
 * a cut is the same up to there. */
#include "rig.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- The sequence ----------------------------------------------------------------------------------------------- */

enum action {
    WRITE,      /* registers */
    INPUT,      /* the tariff input: argument 1 voltage, 0 none */
    RUN,        /* argument windows of load */
    INTERVAL,   /* the time between two saves passes */
    POWER_DOWN, /* an ordered stop and a start */
    POWER_LOSS, /* the mains go away and come back */
    CALIBRATE,  /* new constants of the front end, made from the argument */
};

struct step {
    const char *name;
    enum action action;
    int argument;
    uint16_t address, count, value[6];
};

static const struct step steps[] = {
    {"run", RUN, 3, 0, 0, {0}},
    {"modbus id", WRITE, 0, 0x4003, 1, {10}},
    {"modbus id and baud", WRITE, 0, 0x4003, 2, {17, 7}},
    {"lcd cycle time", WRITE, 0, 0x4010, 1, {0x25}},
    {"interval", INTERVAL, 0, 0, 0, {0}},
    {"run", RUN, 3, 0, 0, {0}},
    {"s0 rate 2000", WRITE, 0, 0x400D, 2, {0x44FA, 0x0000}},
    {"combination code, lcd cycle time, parity", WRITE, 0, 0x400F, 3, {4, 0x15, 2}},
    {"tariff input on", INPUT, 1, 0, 0, {0}},
    {"run", RUN, 2, 0, 0, {0}},
    {"interval", INTERVAL, 0, 0, 0, {0}},
    {"tariff and trip reset", WRITE, 0, 0x6048, 3, {3, 0, 0}},
    {"run", RUN, 2, 0, 0, {0}},
    {"the first CT change, pulse width, pulse type", WRITE, 0, 0x401F, 4, {0x0100, 0x0005, 0x0050, 2}},
    {"run", RUN, 3, 0, 0, {0}},
    {"the same ratio, another pulse width", WRITE, 0, 0x401F, 4, {0x0100, 0x0005, 0x0099, 2}},
    {"interval", INTERVAL, 0, 0, 0, {0}},
    {"tariff input off", INPUT, 0, 0, 0, {0}},
    {"run", RUN, 2, 0, 0, {0}},
    {"the first calibration", CALIBRATE, 100, 0, 0, {0}},
    {"run", RUN, 2, 0, 0, {0}},
    {"ordered power-down", POWER_DOWN, 0, 0, 0, {0}},
    {"run", RUN, 2, 0, 0, {0}},
    {"another calibration", CALIBRATE, -300, 0, 0, {0}},
    {"data type integer", WRITE, 0, 0x4026, 1, {2}},
    {"s0 rate 10 as integer", WRITE, 0, 0x400D, 2, {0x0000, 10000}},
    {"trip reset", WRITE, 0, 0x6049, 2, {0, 0}},
    {"run", RUN, 3, 0, 0, {0}},
    {"the second CT change, another secondary", WRITE, 0, 0x401F, 2, {0x0200, 0x0001}},
    {"the third CT change, nothing counted between", WRITE, 0, 0x401F, 2, {0x0300, 0x0005}},
    {"run", RUN, 2, 0, 0, {0}},
    {"power-down counter to 0", WRITE, 0, 0x4016, 1, {0}},
    {"loss of the mains", POWER_LOSS, 0, 0, 0, {0}},
    {"screen and OBIS codes", WRITE, 0, 0x4032, 2, {1, 1}},
    {"C-05", WRITE, 0, 0x400F, 1, {5}},
    {"run", RUN, 2, 0, 0, {0}},
    {"interval", INTERVAL, 0, 0, 0, {0}},
    {"tariff input on again", INPUT, 1, 0, 0, {0}},
    {"tariff by command", WRITE, 0, 0x6048, 1, {1}},
    {"run", RUN, 1, 0, 0, {0}},
    {"the fourth CT change", WRITE, 0, 0x401F, 4, {0x9999, 0x0001, 0x0002, 1}},
    {"run", RUN, 2, 0, 0, {0}},
    {"ordered power-down", POWER_DOWN, 0, 0, 0, {0}},
};
#define STEP_COUNT ((int)(sizeof steps / sizeof steps[0]))

static struct rig_wave load;
static uint8_t start_image[EM_NV_SIZE];

/* The meter every run begins with: from the works, with something on every counter. */
static void begin(struct rig *rig)
{
    rig_init_image(rig, start_image);
    rig->wave = &load;
}

static void prepare_start(struct rig *rig)
{
    const struct rig_load amps = {{230, 231, 229}, {4, 3, 5}, {20, 160, -40}};

    rig_wave_set(&load, &amps);
    rig_init(rig);
    rig_preload(rig, 100000);
    em_storage_save(&rig->meter);
    memcpy(start_image, rig->memory.image, sizeof start_image);
}

static void power_cycle(struct rig *rig, bool ordered)
{
    if (ordered) {
        em_meter_stop(&rig->meter);
    } else {
        rig->wave = &rig_dark;
        rig_feed_until(rig, false);
        rig->wave = &load;
    }
    if (!rig->memory.dead)
        rig_feed_until(rig, true);
}

static void calibrate(struct rig *rig, int32_t n)
{
    struct em_calibration c;

    for (int k = 0; k < EM_CHANNEL_COUNT; k++) {
        c.gain_ppm[k] = n + k;
        c.offset[k] = n - k;
    }
    for (int p = 0; p < EM_PHASE_COUNT; p++)
        c.phase[p] = n * p;
    RIG_CHECK(em_meter_calibrate(&rig->meter, &c) == EM_OK, "calibration refused");
}

static void perform(struct rig *rig, const struct step *step)
{
    switch (step->action) {
    case WRITE: {
        enum em_exception exception = rig_write(rig, step->address, step->count, step->value);

        RIG_CHECK(exception == EM_EXCEPTION_NONE, "%s: exception %d", step->name, exception);
        break;
    }
    case INPUT:
        em_meter_tariff_input(&rig->meter, step->argument);
        break;
    case RUN:
        rig_feed(rig, step->argument * RIG_WINDOW);
        break;
    case INTERVAL:
        em_storage_run(&rig->meter, EM_SAVE_INTERVAL_S * EM_SAMPLE_RATE);
        break;
    case POWER_DOWN:
    case POWER_LOSS:
        power_cycle(rig, step->action == POWER_DOWN);
        break;
    case CALIBRATE:
        calibrate(rig, step->argument);
        break;
    }
}

/* --- The log of the uncut run ----------------------------------------------------------------------------------- */

/* What the meter held in its RAM at a moment. */
struct moment {
    struct em_settings settings;
    struct em_calibration calibration;
    struct em_energy energy;
    struct em_pulses pulses;
};

/* At a write: the save it belongs to, if any. */
struct write_log {
    struct moment moment;
    bool saves; /* it is part of a save of the energies ... */
    uint32_t sequence;
    int step;
};

#define WRITES_MAX 4000
static struct write_log write_log[WRITES_MAX + 1]; /* from 1 on; 0 is the start */
static struct moment before[STEP_COUNT], after[STEP_COUNT];
static struct rig uncut, cut, copy;
static int writes, present_step;

static struct moment moment_of(const struct em_meter *m)
{
    return (struct moment){m->settings, m->calibration, m->energy, m->pulses};
}

static void log_write(struct rig *rig, uint32_t offset, uint32_t n)
{
    (void)n;
    RIG_CHECK(writes < WRITES_MAX, "more than %d writes", WRITES_MAX);
    write_log[++writes] = (struct write_log){
        .moment = moment_of(&rig->meter),
        .saves = rig_area(offset) < EM_NV_SETTINGS,
        .sequence = rig->meter.storage.energy_sequence,
        .step = present_step,
    };
}

static void run_uncut(void)
{
    prepare_start(&uncut);
    begin(&uncut);
    writes = 0;
    write_log[0].moment = moment_of(&uncut.meter);
    write_log[0].saves = true;
    uncut.writing = log_write;
    for (present_step = 0; present_step < STEP_COUNT; present_step++) {
        before[present_step] = moment_of(&uncut.meter);
        perform(&uncut, &steps[present_step]);
        after[present_step] = moment_of(&uncut.meter);
    }
}

/* What the newest save held that was complete before write n. */
static const struct moment *last_saved(int n)
{
    int k = n - 1;

    while (k > 0 && (!write_log[k].saves || (write_log[n].saves && write_log[k].sequence == write_log[n].sequence)))
        k--;
    return &write_log[k].moment;
}

/* --- What must hold after a cut --------------------------------------------------------------------------------- */

static char where[200];

static void check_works(const struct rig *rig)
{
    const struct em_meter *m = &rig->meter;

    RIG_CHECK(em_meter_running(m) && !m->stopped && m->error_code == 0, "%s: %s, error %02X", where,
              m->stopped ? "stopped" : "not stopped", m->error_code);
}

/* All settings are those before the request in progress, or all are those after it. Returns whether it is the latter;
 * if it changes no setting the trip counter's resets tell. starts: how often the meter may have counted a start. */
static bool check_settings(const struct rig *rig, int step, int starts)
{
    const struct em_settings *got = &rig->meter.settings, *old = &before[step].settings, *new = &after[step].settings;
    int32_t downs = got->value[EM_SETTING_POWER_DOWN_COUNTER];
    int32_t old_downs = old->value[EM_SETTING_POWER_DOWN_COUNTER],
            new_downs = new->value[EM_SETTING_POWER_DOWN_COUNTER];
    int from_old = rig_setting_difference(got, old), from_new = rig_setting_difference(got, new);
    bool counted = downs > new_downs && downs <= new_downs + starts,
         uncounted = downs > old_downs && downs <= old_downs + starts;

    RIG_CHECK(from_old < 0 || from_new < 0, "%s: half a request: setting %d differs from before, %d from after", where,
              from_old, from_new);
    RIG_CHECK((from_new < 0 && counted) || (from_old < 0 && uncounted), "%s: %d power-downs, %d before and %d after",
              where, downs, old_downs, new_downs);
    if (from_old < 0 && from_new < 0)
        return rig->meter.energy.trip_resets == after[step].energy.trip_resets;
    return from_new < 0;
}

/* The constants are all those from before the step, or all from after it. */
static void check_calibration(const struct rig *rig, const struct moment *old, const struct moment *new)
{
    const struct em_calibration *got = &rig->meter.calibration;

    RIG_CHECK(!memcmp(got, &old->calibration, sizeof *got) || !memcmp(got, &new->calibration, sizeof *got),
              "%s: half a calibration", where);
}

/* a <= b in whole Wh and what is below one. */
static bool not_above(const struct em_counter *a, const struct em_counter *b)
{
    return a->wh < b->wh || (a->wh == b->wh && a->rest <= b->rest);
}

static void check_between(const struct em_energy *saved, const struct em_energy *got, const struct em_energy *reached)
{
    for (int k = 0; k < RIG_COUNTER_COUNT; k++) {
        const struct em_counter *low = rig_counter(saved, k), *c = rig_counter(got, k), *high = rig_counter(reached, k);

        RIG_CHECK(not_above(low, c), "%s: counter %d is %u Wh, %u were saved", where, k, c->wh, low->wh);
        RIG_CHECK(not_above(c, high), "%s: counter %d is %u Wh, there were but %u", where, k, c->wh, high->wh);
    }
}

/* The set that ran is frozen as it was when the request came, the main registers have begun anew, all else goes on. */
static void check_ct_change(const struct em_energy *got, const struct em_energy *old, int32_t ratio)
{
    const int set = old->ct_changes;
    const uint32_t *frozen = &got->history_wh[set][0][0][0];

    RIG_CHECK(got->ct_changes == set + 1, "%s: CT set %d runs after set %d", where, got->ct_changes, set);
    RIG_CHECK(got->ct_ratio == ratio && got->history_ratio[set] == old->ct_ratio, "%s: ratio %X after %X", where,
              got->ct_ratio, got->history_ratio[set]);
    for (int k = 0; k < EM_TARIFF_COUNT * EM_KIND_COUNT * EM_DIRECTION_COUNT; k++)
        RIG_CHECK(frozen[k] == (&old->tariff[0][0][0])[k].wh, "%s: frozen %d is %u Wh, was %u", where, k, frozen[k],
                  (&old->tariff[0][0][0])[k].wh);
    for (int k = 0; k < RIG_COUNTER_COUNT; k++) {
        uint64_t rest = rig_counter(old, k)->rest * EM_CT_SECONDARY(ratio) / EM_CT_SECONDARY(old->ct_ratio);

        RIG_CHECK(rig_counter(got, k)->wh == 0 && rig_counter(got, k)->rest == rest, "%s: counter %d begins with %u Wh",
                  where, k, rig_counter(got, k)->wh);
    }
    for (int k = 0; k < EM_PHASES_AND_TOTAL; k++)
        RIG_CHECK(got->trip_wh[k] == old->trip_wh[k], "%s: trip counter %d is %d, was %d", where, k, got->trip_wh[k],
                  old->trip_wh[k]);
}

/* The energies are those of the last save or of the one in progress, with what the request asked for or without. */
static void check_energies(const struct rig *rig, int n, bool committed)
{
    const struct em_energy *got = &rig->meter.energy, *saved = &last_saved(n)->energy;
    const struct em_energy *reached = &write_log[n].moment.energy;
    const int step = write_log[n].step;
    const struct em_energy *old = &before[step].energy, *new = &after[step].energy;
    const char *difference;

    if (!committed) {
        RIG_CHECK(got->ct_changes == old->ct_changes && got->trip_resets == old->trip_resets,
                  "%s: CT set %d, trip reset %u of a request that never was", where, got->ct_changes, got->trip_resets);
        if (new->ct_changes != old->ct_changes)
            reached = old; /* what RAM made of it went with RAM */
    } else if (new->ct_changes != old->ct_changes) {
        check_ct_change(got, old, new->ct_ratio);
        return;
    }
    check_between(saved, got, reached);
    if (committed && new->trip_resets != old->trip_resets) {
        for (int k = 0; k < EM_PHASES_AND_TOTAL; k++)
            RIG_CHECK(got->trip_wh[k] == 0, "%s: trip counter %d is %d after its reset", where, k, got->trip_wh[k]);
        RIG_CHECK(got->trip_resets == new->trip_resets, "%s: %u trip resets", where, got->trip_resets);
        return;
    }
    if (!rig_energy_difference(got, saved, true))
        return;
    difference = write_log[n].saves ? rig_energy_difference(got, reached, true) : "there was none";
    RIG_CHECK(!difference, "%s: neither the last save nor the one in progress (%s)", where, difference);
}

/* Energy in Wh that an output has counted and not yet begun to give; pulses that wait count as those of step_wh. */
static double waiting_wh(const struct em_pulse *p, int32_t ct_ratio, double step_wh)
{
    return (double)p->rest / ((double)EM_REST_PER_WH * EM_CT_SECONDARY(ct_ratio)) + (double)p->backlog * step_wh;
}

/* What of the newest window it has not come to yet. */
static double window_wh(const struct em_pulse *p, int32_t ct_ratio)
{
    return (double)(p->spread - p->given) / ((double)EM_REST_PER_WH * EM_CT_SECONDARY(ct_ratio));
}

/* The S0 outputs go on with what a save held, whatever became of CT ratio and rate in the meantime. */
static void check_pulses(const struct rig *rig, int n)
{
    const struct em_meter *m = &rig->meter;
    const struct moment *moment[2] = {last_saved(n), &write_log[n].moment};
    const double step_wh = 100000.0 / m->settings.value[EM_SETTING_S0_RATE];

    for (int output = EM_OUTPUT_S0_1; output <= EM_OUTPUT_S0_2; output++) {
        double got = waiting_wh(&m->pulses.output[output], m->energy.ct_ratio, step_wh), want[2];
        bool found = false;

        for (int k = 0; k < 2; k++) {
            const struct em_pulse *p = &moment[k]->pulses.output[output];

            want[k] = waiting_wh(p, moment[k]->energy.ct_ratio, step_wh);
            found = found || (got > want[k] - 1e-6 && got < want[k] + window_wh(p, moment[k]->energy.ct_ratio) + 1e-6);
        }
        RIG_CHECK(found, "%s: %g Wh wait at output %d, %g were saved, %g there in the cut", where, got, output, want[0],
                  want[1]);
    }
}

/* Each of the doubled records is good enough alone. */
static void check_copies(const struct rig *rig)
{
    for (int k = 0; k < RIG_COPY_COUNT; k++) {
        struct em_nv_place place = rig_copy(k);
        uint8_t image[EM_NV_SIZE];
        const char *difference;

        memcpy(image, rig->memory.image, sizeof image);
        rig_invert(image + place.offset, place.size);
        rig_init_image(&copy, image);
        check_works(&copy);
        difference = rig_energy_difference(&copy.meter.energy, &rig->meter.energy, true);
        RIG_CHECK(!difference, "%s: without %s: %s", where, rig_copy_name[k], difference);
        RIG_CHECK(rig_setting_difference(&copy.meter.settings, &rig->meter.settings) < 0, "%s: without %s: setting %d",
                  where, rig_copy_name[k], rig_setting_difference(&copy.meter.settings, &rig->meter.settings));
    }
}

static void check_all(const struct rig *rig, int n, int starts)
{
    bool committed;

    check_works(rig);
    committed = check_settings(rig, write_log[n].step, starts);
    check_calibration(rig, &before[write_log[n].step], &after[write_log[n].step]);
    check_energies(rig, n, committed);
    check_copies(rig);
}

/* --- One cut ---------------------------------------------------------------------------------------------------- */

/* Runs the sequence on a fresh memory until it dies in write n. */
static void run_to_cut(int n, enum rig_torn torn)
{
    int step = 0;

    begin(&cut);
    rig_cut(&cut, (uint64_t)n, torn);
    while (step < STEP_COUNT && !cut.memory.dead)
        perform(&cut, &steps[step++]);
    snprintf(where, sizeof where, "cut at write %d (%s written) in step %d, '%s'", n, rig_torn_name[torn], step - 1,
             steps[step - 1].name);
    RIG_CHECK(cut.memory.dead && write_log[n].step == step - 1, "%s: not where the log says", where);
}

START_TEST(the_uncut_run_is_a_busy_one)
{
    int changes = 0, resets = 0, saves = 0;

    for (int k = 0; k < STEP_COUNT; k++) {
        changes += after[k].energy.ct_changes != before[k].energy.ct_changes;
        resets += after[k].energy.trip_resets != before[k].energy.trip_resets;
    }
    for (int n = 1; n <= writes; n++)
        saves += write_log[n].saves && (n == 1 || write_log[n - 1].sequence != write_log[n].sequence);
    printf("%d steps, %d page writes, %d saves, %d CT changes, %d trip resets\n", STEP_COUNT, writes, saves, changes,
           resets);
    ck_assert_int_eq(changes, 4);
    ck_assert_int_eq(resets, 2);
    ck_assert_int_ge(saves, 20);
    ck_assert_int_ge(writes, 300);
    for (int k = 0; k < RIG_COUNTER_COUNT; k++) /* the first step counts on all of T1 and of the phases */
        ck_assert_msg(k >= 16 || not_above(rig_counter(&before[0].energy, k), rig_counter(&after[0].energy, k)),
                      "counter %d", k);
}
END_TEST

START_TEST(a_cut_in_any_write_loses_no_setting_and_no_saved_energy)
{
    double began = rig_clock(), seconds;
    int cuts = 0;

    for (int n = 1; n <= writes; n++) {
        for (int torn = 0; torn < RIG_TORN_COUNT; torn++, cuts++) {
            run_to_cut(n, (enum rig_torn)torn);
            rig_recover(&cut);
            check_all(&cut, n, 1);
        }
    }
    seconds = rig_clock() - began;
    printf("%d cuts, %.0f a second\n", cuts, cuts / seconds);
    ck_assert_int_eq(cuts, writes * RIG_TORN_COUNT);
}
END_TEST

START_TEST(a_cut_neither_adds_to_what_the_outputs_have_to_give_nor_takes_from_it)
{
    for (int n = 1; n <= writes; n++) {
        for (int torn = RIG_HALF; torn <= RIG_ALL; torn++) {
            run_to_cut(n, (enum rig_torn)torn);
            rig_recover(&cut);
            check_pulses(&cut, n);
            rig_init_image(&copy, cut.memory.image); /* and what the start has saved of it */
            check_pulses(&copy, n);
            rig_init_image(&copy, cut.memory.image); /* and what the start has saved of it */
            check_pulses(&copy, n);
        }
    }
}
END_TEST

/* A master that got no answer asks again and then goes on: it ends where it would have ended without the cut. */
START_TEST(a_request_repeated_after_the_cut_ends_as_without_it)
{
    for (int n = 1; n <= writes; n += 3) {
        const struct moment *end = &after[STEP_COUNT - 1];
        int difference;

        run_to_cut(n, RIG_HALF);
        rig_recover(&cut);
        for (int step = write_log[n].step; step < STEP_COUNT; step++)
            perform(&cut, &steps[step]);
        check_works(&cut);
        difference = rig_setting_difference(&cut.meter.settings, &end->settings);
        RIG_CHECK(difference < 0, "%s: setting %d ends as %d", where, difference, cut.meter.settings.value[difference]);
        RIG_CHECK(cut.meter.energy.ct_changes == end->energy.ct_changes, "%s: ends with CT set %d", where,
                  cut.meter.energy.ct_changes);
    }
}
END_TEST

START_TEST(the_meter_counts_on_after_a_cut)
{
    for (int n = 1; n <= writes; n += 7) {
        struct em_energy energy;
        int moved = 0;

        run_to_cut(n, RIG_HALF);
        rig_recover(&cut);
        energy = cut.meter.energy;
        rig_feed(&cut, 5 * RIG_WINDOW);
        for (int k = 0; k < RIG_COUNTER_COUNT; k++)
            moved += !not_above(rig_counter(&cut.meter.energy, k), rig_counter(&energy, k));
        RIG_CHECK(moved >= EM_PHASE_COUNT * EM_KIND_COUNT, "%s: %d counters count", where, moved);
    }
}
END_TEST

/* The supply goes again while the meter starts from a cut memory. */
START_TEST(a_second_cut_in_the_start_after_the_first_loses_nothing_either)
{
    double began = rig_clock(), seconds;
    int cuts = 0, most = 0;

    for (int n = 1; n <= writes; n++) {
        const enum rig_torn torn = (enum rig_torn)_i;
        uint8_t image[EM_NV_SIZE];
        char first[sizeof where];
        bool dead = true;

        run_to_cut(n, torn);
        memcpy(image, cut.memory.image, sizeof image);
        memcpy(first, where, sizeof first);
        for (int k = 1; dead; k++) {
            memcpy(cut.memory.image, image, sizeof image);
            sim_memory_revive(&cut.memory);
            rig_cut(&cut, (uint64_t)k, (enum rig_torn)((n + k) % RIG_TORN_COUNT));
            rig_restart(&cut);
            dead = cut.memory.dead;
            cut.memory.cut_at = 0;
            snprintf(where, sizeof where, "%.150s, then at write %d of the start", first, k);
            if (dead)
                rig_restart(&cut);
            check_works(&cut);
            check_energies(&cut, n, check_settings(&cut, write_log[n].step, 2));
            check_calibration(&cut, &before[write_log[n].step], &after[write_log[n].step]);
            if ((n + k) % 8 == 0)
                check_copies(&cut);
            cuts += dead;
            most = k > most ? k : most;
        }
    }
    seconds = rig_clock() - began;
    printf("%d double cuts, up to %d writes in a start, %.0f a second\n", cuts, most - 1, cuts / seconds);
    ck_assert_int_ge(cuts, writes * 5);
}
END_TEST

/* --- One cut after another -------------------------------------------------------------------------------------- */

/* Steps in any order, half of them cut, on one memory. What a step would have done uncut is tried on a copy. */
static void any_step(struct rig *rig, const struct step *step)
{
    if (step->action == WRITE)
        rig_write(rig, step->address, step->count, step->value); /* may be refused: C-05, the eighth ratio */
    else
        perform(rig, step);
}

static void copy_rig(struct rig *to, const struct rig *from)
{
    rig_init(to);
    memcpy(to->memory.image, from->memory.image, sizeof to->memory.image);
    to->memory.writes = 0;
    to->meter = from->meter;
    to->meter.port = &to->port;
    to->wave = from->wave;
    to->now = from->now;
}

static int32_t power_downs(const struct em_settings *s)
{
    return s->value[EM_SETTING_POWER_DOWN_COUNTER];
}

static void check_after_any_step(const struct moment *old, const struct moment *new, const struct em_energy *saved)
{
    const struct em_settings *got = &cut.meter.settings;
    int from_old = rig_setting_difference(got, &old->settings), from_new = rig_setting_difference(got, &new->settings);
    const struct em_energy *energy = &cut.meter.energy;

    check_works(&cut);
    check_calibration(&cut, old, new);
    RIG_CHECK(from_old < 0 || from_new < 0, "%s: setting %d of before, %d of after", where, from_old, from_new);
    RIG_CHECK((from_old < 0 && power_downs(got) - power_downs(&old->settings) == 1) ||
                  (from_new < 0 && power_downs(got) - power_downs(&new->settings) == 1),
              "%s: %d power-downs", where, power_downs(got));
    if (energy->ct_changes != old->energy.ct_changes)
        check_ct_change(energy, &old->energy, new->energy.ct_ratio);
    else
        check_between(saved, energy, new->energy.ct_changes == energy->ct_changes ? &new->energy : &old->energy);
}

START_TEST(cuts_in_any_number_and_order_lose_nothing)
{
    uint64_t seed = (uint64_t)_i + 1;
    int cuts = 0;

    for (int round = 0; round < 12; round++) {
        begin(&cut);
        for (int k = 0; k < 60; k++) {
            const struct step *step = &steps[rig_random_below(&seed, (uint32_t)STEP_COUNT)];
            struct moment old = moment_of(&cut.meter), new;
            struct em_energy saved;

            rig_init_image(&copy, cut.memory.image);
            saved = copy.meter.energy;
            copy_rig(&copy, &cut);
            any_step(&copy, step);
            new = moment_of(&copy.meter);
            if (copy.memory.writes && rig_random(&seed) % 2)
                rig_cut(&cut, 1 + rig_random_below(&seed, (uint32_t)copy.memory.writes),
                        (enum rig_torn)(rig_random(&seed) % RIG_TORN_COUNT));
            any_step(&cut, step);
            snprintf(where, sizeof where, "seed %d, round %d, step %d '%s'", _i + 1, round, k, step->name);
            if (cut.memory.dead) {
                rig_recover(&cut);
                check_after_any_step(&old, &new, &saved);
                cuts++;
            }
        }
        em_storage_save(&cut.meter);
        check_copies(&cut);
    }
    ck_assert_int_ge(cuts, 150);
}
END_TEST

/* --- The first start -------------------------------------------------------------------------------------------- */

START_TEST(a_first_start_that_is_cut_in_any_write_begins_again)
{
    struct em_settings works;
    struct em_energy nothing;
    uint64_t count;

    em_settings_init(&works);
    em_energy_init(&nothing);
    rig_init(&uncut);
    count = uncut.memory.writes;
    ck_assert_uint_ge(count, 60);
    for (uint64_t n = 1; n <= count; n++) {
        for (int torn = 0; torn < RIG_TORN_COUNT; torn++) {
            int32_t downs;

            snprintf(where, sizeof where, "first start cut at write %d (%s written)", (int)n, rig_torn_name[torn]);
            begin(&cut);
            sim_memory_init(&cut.memory);
            rig_cut(&cut, n, (enum rig_torn)torn);
            rig_restart(&cut); /* clears `dead` before it begins */
            RIG_CHECK(cut.memory.dead, "%s: not cut", where);
            cut.wave = &load;
            rig_recover(&cut);
            check_works(&cut);
            RIG_CHECK(rig_setting_difference(&cut.meter.settings, &works) < 0, "%s: setting %d", where,
                      rig_setting_difference(&cut.meter.settings, &works));
            downs = cut.meter.settings.value[EM_SETTING_POWER_DOWN_COUNTER];
            RIG_CHECK(downs == 0 || downs == 1, "%s: %d power-downs", where, downs);
            RIG_CHECK(!rig_energy_difference(&cut.meter.energy, &nothing, true), "%s: %s", where,
                      rig_energy_difference(&cut.meter.energy, &nothing, true));
            check_copies(&cut);
        }
    }
    printf("%d cuts of a first start\n", (int)count * RIG_TORN_COUNT);
}
END_TEST

/* --- What a cut may cost ---------------------------------------------------------------------------------------- */

/* Whatever the instant of the cut, memory holds all but the energy of one interval (and of the window in progress). */
START_TEST(a_cut_at_any_time_costs_at_most_the_energy_of_the_save_interval)
{
    const double wh_per_window = 230 * (4 + 3 + 5) * 0.2 / 3600;
    double most = 0;

    begin(&uncut);
    rig_wave_balanced(&load, 4, 0);
    for (int window = 0; window < 2 * EM_SAVE_INTERVAL_S * 5 + 50; window++) {
        double lost = 0;

        rig_feed(&uncut, RIG_WINDOW);
        if (window % 7)
            continue;
        rig_init_image(&copy, uncut.memory.image);
        for (int p = 0; p < EM_PHASE_COUNT; p++) {
            const struct em_counter *here = &uncut.meter.energy.phase[p][EM_ACTIVE][EM_FORWARD];
            const struct em_counter *there = &copy.meter.energy.phase[p][EM_ACTIVE][EM_FORWARD];

            lost += (double)here->wh - there->wh + ((double)here->rest - (double)there->rest) / EM_REST_PER_WH / 5;
        }
        RIG_CHECK(lost >= 0 && lost <= (EM_SAVE_INTERVAL_S * 5 + 1) * wh_per_window, "%g Wh lost after %d windows",
                  lost, window);
        most = lost > most ? lost : most;
    }
    ck_assert_double_ge(most, (EM_SAVE_INTERVAL_S * 5 - 10) * wh_per_window); /* it did come near to that */
}
END_TEST

/* Active forward energy of L1 in Wh, primary. */
static double l1_wh(const struct rig *rig)
{
    const struct em_counter *c = &rig->meter.energy.phase[0][EM_ACTIVE][EM_FORWARD];

    return (double)c->wh + (double)c->rest / EM_REST_PER_WH / 5;
}

START_TEST(an_ordered_power_down_loses_nothing)
{
    rig_wave_balanced(&load, 5, 0);
    for (int samples = 1; samples < 2000; samples += 61) {
        const double cycles = 3 * EM_WINDOW_CYCLES + (samples - 1) / RIG_CYCLE; /* one sample ends the last */
        struct moment saved;
        double began;

        begin(&cut);
        began = l1_wh(&cut);
        rig_feed(&cut, 3 * RIG_WINDOW + samples);
        em_meter_stop(&cut.meter);
        RIG_CHECK(fabs(l1_wh(&cut) - began - cycles * 230 * 5 * 0.02 / 3600) < 1e-5, "%g Wh after %g cycles",
                  l1_wh(&cut) - began, cycles);
        saved = moment_of(&cut.meter);
        rig_restart(&cut);
        snprintf(where, sizeof where, "after %d samples", 3 * RIG_WINDOW + samples);
        check_works(&cut);
        RIG_CHECK(!rig_energy_difference(&cut.meter.energy, &saved.energy, true), "%s: %s", where,
                  rig_energy_difference(&cut.meter.energy, &saved.energy, true));
        for (int k = 0; k < EM_OUTPUT_COUNT; k++)
            RIG_CHECK(cut.meter.pulses.output[k].rest == saved.pulses.output[k].rest &&
                          cut.meter.pulses.output[k].backlog == saved.pulses.output[k].backlog,
                      "%s: output %d goes on otherwise", where, k);
        RIG_CHECK(rig_setting_difference(&cut.meter.settings, &saved.settings) < 0, "%s: a setting is lost", where);
    }
}
END_TEST

Suite *rig_suite(void)
{
    Suite *suite = suite_create("power cut");
    TCase *tcase = rig_case(suite, "once");

    tcase_add_unchecked_fixture(tcase, run_uncut, NULL);
    tcase_add_test(tcase, the_uncut_run_is_a_busy_one);
    tcase_add_test(tcase, a_cut_in_any_write_loses_no_setting_and_no_saved_energy);
    tcase_add_test(tcase, a_cut_neither_adds_to_what_the_outputs_have_to_give_nor_takes_from_it);
    tcase_add_test(tcase, a_request_repeated_after_the_cut_ends_as_without_it);
    tcase_add_test(tcase, the_meter_counts_on_after_a_cut);
    tcase_add_loop_test(tcase, cuts_in_any_number_and_order_lose_nothing, 0, 8);
    tcase_add_test(tcase, a_first_start_that_is_cut_in_any_write_begins_again);
    tcase_add_test(tcase, a_cut_at_any_time_costs_at_most_the_energy_of_the_save_interval);
    tcase_add_test(tcase, an_ordered_power_down_loses_nothing);
    tcase = rig_case(suite, "twice"); /* meson runs it beside the other */
    tcase_add_unchecked_fixture(tcase, run_uncut, NULL);
    tcase_add_loop_test(tcase, a_second_cut_in_the_start_after_the_first_loses_nothing_either, 0, RIG_TORN_COUNT);
    return suite;
}
