/* SPDX-License-Identifier: MIT
 * The rows of the test bench. Small tables of what differs are spread into rows: currents, phases, directions.
 *
 * Where a figure comes from: M the meter's manual; L the Measuring Instruments Directive 2014/32/EU, annex V; W public
 * pages of test houses and meter makers; S a standard as remembered, its text not being public: S1 sure, S2 fairly
 * sure, S3 doubtful. EN is EN 50470-1/-3 class B, IEC is IEC 62052-11 with 62053-21 class 1, and for reactive energy
 * 62053-23 class 2, for a meter behind current transformers (In 1 A, Imax 5 A). */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "trig.h"

#define COUNT(list) (sizeof(list) / sizeof(list)[0])
#define NO          SIM_BENCH_NO_LIMIT
#define ALL_PHASES  7

#define EN(value, mark)                                                                                                \
    {                                                                                                                  \
        value, mark                                                                                                    \
    }
#define IEC(value, mark)                                                                                               \
    {                                                                                                                  \
        value, mark                                                                                                    \
    }
#define NOTHING                                                                                                        \
    {                                                                                                                  \
        NO, NULL                                                                                                       \
    }

enum { FORWARD, REVERSE };

/* --- Making rows --- */

static double angle_of_pf(double pf, bool inductive)
{
    double angle = sim_angle(sqrt(1 - pf * pf), pf);

    return inductive ? angle : -angle;
}

static double angle_of_sine(double sine)
{
    return sim_angle(sine, sqrt(1 - sine * sine));
}

static struct sim_bench_condition condition(double current, double angle)
{
    return (struct sim_bench_condition){
        .volts = {1, 1, 1}, .current = current, .angle = angle, .loaded = ALL_PHASES, .frequency = 50};
}

static void all_volts(struct sim_bench_condition *c, double part)
{
    for (int p = 0; p < EM_PHASE_COUNT; p++)
        c->volts[p] = part;
}

/* A new row with its id; the rest is empty, without limits. */
static struct sim_bench_row *add(struct sim_bench *b, enum sim_bench_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static struct sim_bench_row *add(struct sim_bench *b, enum sim_bench_kind kind, const char *format, ...)
{
    struct sim_bench_row *row;
    va_list args;

    b->row = realloc(b->row, (b->rows + 1) * sizeof *b->row);
    if (!b->row)
        abort();
    row = &b->row[b->rows++];
    *row = (struct sim_bench_row){
        .kind = kind, .condition = condition(0, 0), .manual = NO, .en = NOTHING, .iec = NOTHING, .source = ""};
    va_start(args, format);
    vsnprintf(row->id, sizeof row->id, format, args);
    va_end(args);
    return row;
}

static void describe(struct sim_bench_row *row, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void describe(struct sim_bench_row *row, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(row->text, sizeof row->text, format, args);
    va_end(args);
}

static void set_id(char id[12], const char *text)
{
    snprintf(id, 12, "%s", text);
}

/* Energy flowing the other way. */
static void turn_around(struct sim_bench_row *row, int direction)
{
    size_t n = strlen(row->text);

    if (direction == FORWARD)
        return;
    row->condition.angle += 180;
    snprintf(row->text + n, sizeof row->text - n, ", reversed");
}

static const char direction_letter[2][2] = {"", "r"};

/* --- A. Load --- */

/* A power factor with its name. */
struct factor {
    double pf;
    bool inductive;
    const char *name;
};
static const struct factor unity = {1, true, "PF 1"}, half_l = {0.5, true, "PF 0.5L"}, c_08 = {0.8, false, "PF 0.8C"},
                           quarter_l = {0.25, true, "PF 0.25L"}, half_c = {0.5, false, "PF 0.5C"};

static const struct load {
    const char *id;
    double current;
    const struct factor *factor;
    double manual;
    struct sim_bench_limit en, iec;
    const char *source;
} loads[] = {
    {"A01", 0.01, &unity, NO, EN(1.5, "S2"), NOTHING, "S2"},
    {"A02", 0.02, &unity, NO, EN(1.5, "S2"), IEC(1.5, "S1"), "S2 S1"},
    {"A03", 0.05, &unity, 1.5, EN(1.0, "S1"), IEC(1.0, "S1"), "M S1"},
    {"A04", 0.1, &unity, 1.0, EN(1.0, "S1"), IEC(1.0, "S1"), "M S1 W"},
    {"A05", 0.2, &unity, 1.0, EN(1.0, "S1"), IEC(1.0, "S1"), "M S1 W"},
    {"A06", 0.5, &unity, 1.0, EN(1.0, "S1"), IEC(1.0, "S1"), "M S1 W"},
    {"A07", 1, &unity, 1.0, EN(1.0, "S1"), IEC(1.0, "S1"), "M S1 W"},
    {"A08", 2.5, &unity, 1.0, EN(1.0, "S1"), IEC(1.0, "S1"), "M S1 W"},
    {"A09", 5, &unity, 1.0, EN(1.0, "S1"), IEC(1.0, "S1"), "M S1 W"},
    {"A10", 0.05, &half_l, NO, EN(1.0, "S2"), IEC(1.5, "S1"), "S2 S1"},
    {"A11", 0.05, &c_08, NO, EN(1.0, "S2"), IEC(1.5, "S1"), "S2 S1"},
    {"A12", 0.1, &half_l, 1.5, EN(1.0, "S1"), IEC(1.0, "S1"), "M S1"},
    {"A13", 0.1, &c_08, 1.5, EN(1.0, "S1"), IEC(1.0, "S1"), "M S1"},
    {"A14", 0.2, &half_l, 1.0, EN(1.0, "S1"), IEC(1.0, "S1"), "M S1 W"},
    {"A15", 0.2, &c_08, 1.0, EN(1.0, "S1"), IEC(1.0, "S1"), "M S1 W"},
    {"A16", 0.5, &half_l, 1.0, EN(1.0, "S1"), IEC(1.0, "S1"), "M S1 W"},
    {"A17", 0.5, &c_08, 1.0, EN(1.0, "S1"), IEC(1.0, "S1"), "M S1 W"},
    {"A18", 1, &half_l, 1.0, EN(1.0, "S1"), IEC(1.0, "S1"), "M S1 W"},
    {"A19", 1, &c_08, 1.0, EN(1.0, "S1"), IEC(1.0, "S1"), "M S1 W"},
    {"A20", 2.5, &half_l, 1.0, EN(1.0, "S1"), IEC(1.0, "S1"), "M S1 W"},
    {"A21", 2.5, &c_08, 1.0, EN(1.0, "S1"), IEC(1.0, "S1"), "M S1 W"},
    {"A22", 5, &half_l, 1.0, EN(1.0, "S1"), IEC(1.0, "S1"), "M S1 W"},
    {"A23", 5, &c_08, 1.0, EN(1.0, "S1"), IEC(1.0, "S1"), "M S1 W"},
    {"A24a", 0.1, &quarter_l, NO, NOTHING, IEC(3.5, "S1"), "S1"},
    {"A24b", 1, &quarter_l, NO, NOTHING, IEC(3.5, "S1"), "S1"},
    {"A25a", 0.1, &half_c, NO, NOTHING, IEC(2.5, "S1"), "S1"},
    {"A25b", 1, &half_c, NO, NOTHING, IEC(2.5, "S1"), "S1"},
};

static void add_loads(struct sim_bench *b)
{
    for (size_t k = 0; k < COUNT(loads); k++) {
        const struct load *l = &loads[k];

        for (int d = FORWARD; d <= REVERSE; d++) {
            struct sim_bench_row *row = add(b, SIM_BENCH_ERROR, "%s%s", l->id, direction_letter[d]);

            row->condition = condition(l->current, angle_of_pf(l->factor->pf, l->factor->inductive));
            describe(row, "%g A, %s", l->current, l->factor->name);
            turn_around(row, d);
            row->manual = l->manual;
            row->en = l->en;
            row->iec = l->iec;
            row->source = l->source;
        }
    }
}

static const struct single {
    const char *id, *letter;
    double current;
    const struct factor *factor;
    struct sim_bench_limit en, iec;
    const char *source;
} singles[] = {
    {"A30", "a", 0.05, &unity, EN(2.0, "S1"), IEC(2.0, "S1"), "S1 W"},
    {"A30", "b", 0.1, &unity, EN(2.0, "S1"), IEC(2.0, "S1"), "S1 W"},
    {"A30", "c", 1, &unity, EN(2.0, "S1"), IEC(2.0, "S1"), "S1 W"},
    {"A30", "d", 5, &unity, EN(2.0, "S1"), IEC(2.0, "S1"), "S1 W"},
    {"A31", "a", 0.1, &half_l, EN(2.0, "S2"), IEC(2.0, "S1"), "S1 S2"},
    {"A31", "b", 1, &half_l, EN(2.0, "S2"), IEC(2.0, "S1"), "S1 S2"},
    {"A31", "c", 5, &half_l, EN(2.0, "S2"), IEC(2.0, "S1"), "S1 S2"},
};

static void add_singles(struct sim_bench *b)
{
    for (size_t k = 0; k < COUNT(singles); k++) {
        const struct single *s = &singles[k];

        for (int n = 0; n < 2 * EM_PHASE_COUNT; n++) {
            int p = n / 2, d = n % 2;
            struct sim_bench_row *row =
                add(b, SIM_BENCH_ERROR, "%s.%d%s%s", s->id, p + 1, s->letter, direction_letter[d]);

            row->condition = condition(s->current, angle_of_pf(s->factor->pf, s->factor->inductive));
            row->condition.loaded = (uint8_t)(1 << p);
            describe(row, "%g A on L%d alone, %s", s->current, p + 1, s->factor->name);
            turn_around(row, d);
            row->en = s->en;
            row->iec = s->iec;
            row->source = s->source;
        }
    }
}

/* The error with one phase loaded against that with all three, at 1 A. */
static void add_differences(struct sim_bench *b, const char *id, const char *letter, const char *base, double limit)
{
    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        struct sim_bench_row *row = add(b, SIM_BENCH_DIFFERENCE, "%s.%d", id, p + 1);

        snprintf(row->of, sizeof row->of, "A30.%d%s", p + 1, letter);
        set_id(row->base, base);
        describe(row, "%s less %s", row->of, base);
        row->en = row->iec = (struct sim_bench_limit){limit, "S1"};
        row->source = "S1";
    }
}

/* --- S, N, C, R, T --- */

/* 1.5 times the time between two pulses of 0.1 Wh at so many watts. */
static double start_seconds(double power)
{
    return 1.5 * 0.1 * 3600 / power;
}

static struct sim_bench_row *add_start(struct sim_bench *b, const char *id, double current, double angle,
                                       const char *source)
{
    struct sim_bench_row *row = add(b, SIM_BENCH_START, "%s", id);

    row->condition = condition(current, angle);
    row->source = source;
    return row;
}

static void add_starts(struct sim_bench *b)
{
    struct sim_bench_row *row = add_start(b, "S01", 0.004, 0, "M S2");

    describe(row, "start: 0.004 A, PF 1");
    row->manual = start_seconds(2.76);
    row->note = "the manual asks that it registers; the method, 1.5 times the time of a pulse, is R46's (S2)";
    row = add_start(b, "S02", 0.004, 180, "S2");
    describe(row, "start: 0.004 A, PF 1, reversed");
    row->manual = start_seconds(2.76);
    row->note = b->row[b->rows - 2].note;
    row = add_start(b, "S03", 0.002, 0, "S1");
    describe(row, "start: 0.002 A, PF 1");
    row->en = row->iec = (struct sim_bench_limit){start_seconds(1.38), "S1"};
    row->reported = true;
    row->note = "asked of a meter behind CTs, but the manual starts at 0.004 A: reported only";
    row = add(b, SIM_BENCH_ERROR, "S04");
    row->condition = condition(0.004, 0);
    describe(row, "0.004 A, PF 1");
    row->en = (struct sim_bench_limit){3.75, "S3"};
    row->reported = true;
    row->source = "S3";
    row->note = "R46 between start and Imin, 1.5 % x Imin/I with Imin 0.01 A: reported only";
}

static const struct no_load {
    const char *id;
    double volts, minutes;
    bool noisy;
    double own; /* pulses */
    struct sim_bench_limit standard;
    const char *text, *source;
} no_loads[] = {
    {"N01", 1.15, 15.12, false, 0, {1, "S1"}, "no load: 1.15 Un, 15.12 min", "W S1"},
    {"N02a", 1.15, 17.39, false, 0, {1, "S1"}, "no load: 1.15 Un, 17.39 min", "W S1"},
    {"N02b", 1.15, 24 * 60, false, 0, {NO, NULL}, "no load: 1.15 Un, 24 h", "own"},
    {"N03", 1.1, 15.81, false, 0, {1, "W"}, "no load: 1.1 Un, 15.81 min", "W"},
    {"N04", 1.15, 15.12, true, 1, {NO, NULL}, "no load: 1.15 Un, noise and offset", "own"},
};

static void add_no_loads(struct sim_bench *b)
{
    for (size_t k = 0; k < COUNT(no_loads); k++) {
        const struct no_load *n = &no_loads[k];
        struct sim_bench_row *row = add(b, SIM_BENCH_NO_LOAD, "%s", n->id);

        all_volts(&row->condition, n->volts);
        row->seconds = n->minutes * 60;
        row->noisy = n->noisy;
        row->manual = n->own;
        row->own = true;
        row->en = row->iec = n->standard;
        row->source = n->source;
        describe(row, "%s", n->text);
    }
}

static void add_constants(struct sim_bench *b)
{
    for (int k = 0; k < EM_S0_RATE_COUNT; k++) {
        struct sim_bench_row *row = add(b, SIM_BENCH_CONSTANT, "C01%c", 'a' + k);

        row->condition = condition(5, 0);
        row->s0_rate = em_s0_rates[k];
        row->manual = 0;
        row->own = true;
        row->source = "own";
        row->note = "figures: pulses of the LED and of S0 that are not the registers'; R46 would allow 0.1 % (S2)";
        describe(row, "10 kWh: LED, S0 at %g imp/kWh", em_s0_rates[k] / 100.0);
    }
}

static const struct spread {
    const char *id;
    double current;
    const struct factor *factor;
    double manual, standard;
} spreads[] = {
    {"R01a", 0.1, &unity, 0.1, 0.1},
    {"R01b", 1, &unity, 0.1, 0.1},
    {"R01c", 0.1, &half_l, 0.15, 0.1},
    {"R01d", 5, &unity, 0.1, 0.1},
};

static void add_spreads(struct sim_bench *b)
{
    for (size_t k = 0; k < COUNT(spreads); k++) {
        const struct spread *s = &spreads[k];
        struct sim_bench_row *row = add(b, SIM_BENCH_SPREAD, "%s", s->id);

        row->condition = condition(s->current, angle_of_pf(s->factor->pf, s->factor->inductive));
        row->seconds = 6000;
        row->manual = s->manual;
        row->own = true;
        row->en = row->iec = (struct sim_bench_limit){s->standard, "S2"};
        row->source = "S2";
        row->note = "three runs; a tenth of the base limit";
        describe(row, "spread: %g A, %s", s->current, s->factor->name);
    }
}

static void add_ready(struct sim_bench *b)
{
    struct sim_bench_row *row = add(b, SIM_BENCH_READY, "T01");

    row->condition = condition(1, 0);
    row->en = row->iec = (struct sim_bench_limit){5, "S1"};
    row->source = "S1";
    row->note = "figures: seconds until the meter runs, and until the first pulse";
    describe(row, "switched on: 1 A, PF 1");
}

/* --- I. Influence quantities --- */

/* The four points at which voltage and frequency are tried. */
static const struct influence_base {
    const char *id;
    double current;
    const struct factor *factor;
} bases[] = {{"A03", 0.05, &unity}, {"A09", 5, &unity}, {"A12", 0.1, &half_l}, {"A22", 5, &half_l}};

static struct sim_bench_row *add_change(struct sim_bench *b, const char *id, const char *base, double limit,
                                        const char *mark)
{
    struct sim_bench_row *row = add(b, SIM_BENCH_CHANGE, "%s", id);

    set_id(row->base, base);
    row->en = row->iec = (struct sim_bench_limit){limit, mark};
    row->source = mark;
    return row;
}

static const struct influence {
    const char *id[2]; /* PF 1, PF 0.5L */
    double volts, frequency;
    double limit[2];
    const char *mark, *source, *note;
} influences[] = {
    {{"I01", "I03"}, 0.9, 50, {0.7, 1.0}, "S1", "S1", NULL},
    {{"I02", "I04"}, 1.1, 50, {0.7, 1.0}, "S1", "S1", NULL},
    {{"I05", "I05L"}, 0.8, 50, {2.1, 3.0}, "S1", "S1", NULL},
    {{"I06", "I06L"}, 1.15, 50, {2.1, 3.0}, "S1", "S1", NULL},
    {{"I07", "I07L"}, 1.2, 50, {2.1, 3.0}, "S1", "M S1", "the manual's range; the limit is that of 0.8 and 1.15 Un"},
    {{"I09", "I11"}, 1, 49, {0.5, 0.7}, "S1", "S1", NULL},
    {{"I10", "I12"}, 1, 51, {0.5, 0.7}, "S1", "S1", NULL},
};

static void add_grid_influences(struct sim_bench *b)
{
    for (size_t k = 0; k < COUNT(influences); k++) {
        const struct influence *i = &influences[k];

        for (size_t n = 0; n < COUNT(bases); n++) {
            const struct influence_base *base = &bases[n];
            bool lagging = base->factor != &unity;
            struct sim_bench_row *row = add_change(b, "", base->id, i->limit[lagging], i->mark);

            snprintf(row->id, sizeof row->id, "%s%s", i->id[lagging], n % 2 ? "b" : "a");
            row->condition = condition(base->current, angle_of_pf(base->factor->pf, base->factor->inductive));
            all_volts(&row->condition, i->volts);
            row->condition.frequency = i->frequency;
            row->source = i->source;
            row->note = i->note;
            if (i->volts != 1)
                describe(row, "%g Un, %g A, %s", i->volts, base->current, base->factor->name);
            else
                describe(row, "%g Hz, %g A, %s", i->frequency, base->current, base->factor->name);
        }
    }
}

/* The manual's ends of the frequency range. */
static void add_frequency_range(struct sim_bench *b)
{
    for (int k = 0; k < 4; k++) {
        double hz = k / 2 ? 60 : 45;
        const struct factor *f = k % 2 ? &half_l : &unity;
        struct sim_bench_row *row =
            add_change(b, k / 2 ? "I14" : "I13", k % 2 ? "A18" : "A07", k % 2 ? 0.7 : 0.5, "S1");

        if (k % 2)
            strcat(row->id, "L");
        row->condition = condition(1, angle_of_pf(f->pf, f->inductive));
        row->condition.frequency = hz;
        row->source = "M S1";
        row->note = "the manual's range; the limit is that of 49 and 51 Hz";
        describe(row, "%g Hz, 1 A, %s", hz, f->name);
    }
}

static void add_undervoltages(struct sim_bench *b)
{
    for (int k = 0; k <= 5; k++) {
        struct sim_bench_row *row = add(b, SIM_BENCH_UNDERVOLTAGE, "I08%c", 'a' + k);

        row->condition = condition(5, 0);
        all_volts(&row->condition, 0.1 * (5 - k));
        row->seconds = 600;
        row->en = row->iec = (struct sim_bench_limit){10, "S1"};
        row->source = "S1";
        row->note = "+10 .. -100 %: the meter may stop";
        describe(row, "%g Un, 5 A, PF 1", 0.1 * (5 - k));
    }
}

static void add_sequence(struct sim_bench *b)
{
    struct sim_bench_row *row = add_change(b, "I20", "A04", 1.5, "S1");

    row->condition = condition(0.1, 0);
    row->condition.swapped = true;
    describe(row, "L1-L3-L2, 0.1 A, PF 1");
}

/* One or two voltages missing, their currents on or off: with them off, two missing is a one-phase network and one
 * missing is a two-phase one, which the manual allows. */
static void add_missing(struct sim_bench *b)
{
    for (int n = 0; n < 4 * EM_PHASE_COUNT; n++) {
        int p = n / 4;
        bool two = n & 2, off = n & 1;
        uint8_t left = (uint8_t)(two ? 1 << p : ALL_PHASES & ~(1 << p));
        struct sim_bench_row *row = add_change(b, "", "A07", 2.0, "S1");

        snprintf(row->id, sizeof row->id, "I2%d.%d%s", two ? 2 : 1, p + 1, off ? "o" : "");
        row->condition = condition(1, 0);
        row->condition.loaded = off ? left : ALL_PHASES;
        row->source = two || off ? "S1 M" : "S1";
        for (int k = 0; k < EM_PHASE_COUNT; k++)
            row->condition.volts[k] = left >> k & 1;
        describe(row, two ? "voltage on L%d only, currents %s" : "no voltage on L%d, its current %s", p + 1,
                 off ? "off" : "on");
    }
}

static void add_unequal(struct sim_bench *b)
{
    struct sim_bench_row *row = add_change(b, "I23", "A07", 2.0, "S3");

    row->condition = condition(1, 0);
    row->condition.volts[0] = 0.8;
    row->condition.volts[2] = 1.1;
    row->note = "our own form of the test";
    describe(row, "0.8, 1.0 and 1.1 Un, 1 A, PF 1");
}

static const struct waveform {
    const char *id, *base;
    double current;
    enum sim_bench_wave wave;
    double turn, limit;
    const char *text, *source, *note;
} waveforms[] = {
    {"I30", "A08", 2.5, SIM_BENCH_FIFTH, 0, 0.8, "5th harmonic: U 10 %, I 40 %", "S1", NULL},
    {"I31", "A06", 0.5, SIM_BENCH_FIRED, 0, 3.0, "phase-fired current, 0.5 A", "S1",
     "odd harmonics up to the 39th; the reference is of what is generated"},
    {"I32", "A06", 0.5, SIM_BENCH_BURSTS, 0, 3.0, "2 cycles on, 2 off, 0.5 A", "S1", "sub-harmonics"},
    {"I34a", "A08", 2.5, SIM_BENCH_FIFTH, 90, 0.8, "as I30, both turned by 90 deg", "own",
     "our own form, the limit of I30"},
    {"I34b", "A08", 2.5, SIM_BENCH_FIFTH, 180, 0.8, "as I30, both turned by 180 deg", "own",
     "our own form, the limit of I30"},
    {"I34c", "A08", 2.5, SIM_BENCH_OPPOSED, 180, 0.8, "as I30, I5 turned by 180 deg", "own",
     "our own form, the limit of I30"},
};

static void add_waveforms(struct sim_bench *b)
{
    struct sim_bench_row *row;

    for (size_t k = 0; k < COUNT(waveforms); k++) {
        const struct waveform *w = &waveforms[k];

        row = add_change(b, w->id, w->base, w->limit, "S1");
        row->condition = condition(w->current, 0);
        row->condition.wave = w->wave;
        row->condition.turn = w->turn;
        row->source = w->source;
        row->note = w->note;
        describe(row, "%s", w->text);
    }
    row = add(b, SIM_BENCH_NOT_DONE, "I33");
    row->source = "S1";
    row->note = "asked of direct-connected meters only";
    describe(row, "half-wave current");
}

/* --- Q. Reactive energy --- */

static const struct reactive {
    const char *id;
    double current, sine, limit;
} reactives[] = {
    {"Q01", 0.02, 1, 2.5},    {"Q02", 0.05, 1, 2.0},  {"Q03", 1, 1, 2.0},     {"Q04", 5, 1, 2.0},
    {"Q05", 0.05, 0.5, 2.5},  {"Q06", 0.1, 0.5, 2.0}, {"Q07", 1, 0.5, 2.0},   {"Q08", 5, 0.5, 2.0},
    {"Q09a", 0.1, 0.25, 2.5}, {"Q09b", 1, 0.25, 2.5}, {"Q09c", 5, 0.25, 2.5},
};

static struct sim_bench_row *add_reactive(struct sim_bench *b, enum sim_bench_kind kind, const char *id, double current,
                                          double angle, double limit, const char *mark)
{
    struct sim_bench_row *row = add(b, kind, "%s", id);

    row->energy = EM_REACTIVE;
    row->condition = condition(current, angle);
    row->iec = (struct sim_bench_limit){limit, mark};
    row->source = mark;
    return row;
}

/* Lagging and leading, and both with active energy flowing the other way where there is some. */
static void add_quadrants(struct sim_bench *b)
{
    static const char *const letter[4] = {"", "c", "r", "cr"}, *const name[4] = {"L", "C", "L, reversed",
                                                                                 "C, reversed"};

    for (size_t k = 0; k < COUNT(reactives); k++) {
        const struct reactive *r = &reactives[k];

        for (int n = 0; n < (r->sine < 1 ? 4 : 2); n++) {
            double angle = n % 2 ? -angle_of_sine(r->sine) : angle_of_sine(r->sine);
            struct sim_bench_row *row =
                add_reactive(b, SIM_BENCH_ERROR, r->id, r->current, n / 2 ? angle + 180 : angle, r->limit, "S1");

            strcat(row->id, letter[n]);
            describe(row, "%g A, sin %g%s", r->current, r->sine, name[n]);
        }
    }
}

static void add_reactive_singles(struct sim_bench *b)
{
    static const struct {
        double current, sine;
    } points[] = {{0.05, 1}, {1, 1}, {5, 1}, {0.1, 0.5}, {1, 0.5}, {5, 0.5}};

    for (size_t n = 0; n < COUNT(points) * EM_PHASE_COUNT; n++) {
        int p = (int)(n % EM_PHASE_COUNT);
        size_t k = n / EM_PHASE_COUNT;
        struct sim_bench_row *row =
            add_reactive(b, SIM_BENCH_ERROR, "", points[k].current, angle_of_sine(points[k].sine), 3.0, "S1");

        snprintf(row->id, sizeof row->id, "Q10.%d%c", p + 1, 'a' + (int)k);
        row->condition.loaded = (uint8_t)(1 << p);
        describe(row, "%g A on L%d alone, sin %gL", points[k].current, p + 1, points[k].sine);
    }
    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        struct sim_bench_row *row = add_reactive(b, SIM_BENCH_DIFFERENCE, "", 1, 0, 2.5, "S1");

        snprintf(row->id, sizeof row->id, "Q10.%d", p + 1);
        snprintf(row->of, sizeof row->of, "Q10.%db", p + 1);
        set_id(row->base, "Q03");
        describe(row, "%s less Q03", row->of);
    }
}

static void add_reactive_starts(struct sim_bench *b)
{
    struct sim_bench_row *row = add_reactive(b, SIM_BENCH_START, "Q11a", 0.003, 90, start_seconds(2.07), "S1");

    describe(row, "start: 0.003 A, sin 1L");
    row = add_reactive(b, SIM_BENCH_START, "Q11b", 0.005, 90, start_seconds(3.45), "S1");
    describe(row, "start: 0.005 A, sin 1L");
    row->note = "asked of direct-connected meters; fits the manual's way of giving currents";
    row = add_reactive(b, SIM_BENCH_NO_LOAD, "Q11c", 0, 0, 1, "S1");
    all_volts(&row->condition, 1.15);
    row->seconds = 13.91 * 60;
    describe(row, "no load: 1.15 Un, 13.91 min");
}

static void add_reactive_influences(struct sim_bench *b)
{
    static const struct {
        double volts, frequency, limit[2];
    } changes[] = {{0.9, 50, {1.0, 1.5}}, {1.1, 50, {1.0, 1.5}}, {1, 49, {2.5, 2.5}}, {1, 51, {2.5, 2.5}}};

    for (size_t n = 0; n < 2 * COUNT(changes); n++) {
        size_t k = n / 2, half = n % 2;
        double sine = half ? 0.5 : 1;
        struct sim_bench_row *row =
            add_reactive(b, SIM_BENCH_CHANGE, "", 1, angle_of_sine(sine), changes[k].limit[half], "S2");

        snprintf(row->id, sizeof row->id, "Q12%c", 'a' + (int)n);
        set_id(row->base, half ? "Q07" : "Q03");
        all_volts(&row->condition, changes[k].volts);
        row->condition.frequency = changes[k].frequency;
        if (changes[k].volts != 1)
            describe(row, "%g Un, 1 A, sin %gL", changes[k].volts, sine);
        else
            describe(row, "%g Hz, 1 A, sin %gL", changes[k].frequency, sine);
    }
}

/* --- E. Short events --- */

static const struct sim_bench_step three_seconds[] = {{1, 0}, {0.05, 1}, {1, 0}, {0.05, 1}, {1, 0}},
                                   one_cycle[] = {{0.02, 0}}, one_minute[] = {{60, 0.5}};

static const struct event {
    const char *id, *loaded_id, *text;
    const struct sim_bench_step *step;
    unsigned count;
} events[] = {
    {"E01", "E04a", "3 x 1 s without voltage", three_seconds, COUNT(three_seconds)},
    {"E02", "E04b", "one cycle without voltage", one_cycle, COUNT(one_cycle)},
    {"E03", "E04c", "1 min at 0.5 Un", one_minute, COUNT(one_minute)},
};

static void add_events(struct sim_bench *b)
{
    for (size_t n = 0; n < 2 * COUNT(events); n++) {
        const struct event *e = &events[n % COUNT(events)];
        bool loaded = n >= COUNT(events);
        struct sim_bench_row *row =
            add(b, loaded ? SIM_BENCH_LOADED_EVENT : SIM_BENCH_EVENT, "%s", loaded ? e->loaded_id : e->id);

        row->condition = condition(loaded ? 5 : 0, 0);
        row->step = e->step;
        row->step_count = e->count;
        row->manual = loaded ? 1.0 : 0;
        row->own = true;
        row->source = loaded ? "own" : "S1 own";
        if (!loaded) {
            row->en = row->iec = (struct sim_bench_limit){34.5, "S1"};
            row->note = "figures: pulses, and tenths of a Wh in the registers; the standards allow 3.45 Wh";
        } else {
            row->note = "against the time that the meter was on";
        }
        describe(row, loaded ? "%s, 5 A, PF 1" : "%s, no current", e->text);
    }
}

/* --- All of them --- */

static const struct sim_bench_result unmeasured = {
    .led = NAN, .registers = NAN, .led_error = NAN, .reg_error = NAN, .power_error = NAN, .extra = NAN};

void sim_bench_init(struct sim_bench *b, const struct sim_speed *speed)
{
    memset(b, 0, sizeof *b);
    b->speed = *speed;
    b->front_end.seed = 1;
    add_loads(b);
    add_singles(b);
    add_differences(b, "A32", "c", "A07", 1.5);
    add_starts(b);
    add_no_loads(b);
    add_constants(b);
    add_spreads(b);
    add_ready(b);
    add_grid_influences(b);
    add_frequency_range(b);
    add_undervoltages(b);
    add_sequence(b);
    add_missing(b);
    add_unequal(b);
    add_waveforms(b);
    add_quadrants(b);
    add_reactive_singles(b);
    add_reactive_starts(b);
    add_reactive_influences(b);
    add_events(b);
    b->result = calloc(b->rows, sizeof *b->result);
    if (!b->result)
        abort();
    for (size_t k = 0; k < b->rows; k++)
        b->result[k] = unmeasured;
}

void sim_bench_free(struct sim_bench *b)
{
    free(b->row);
    free(b->result);
}

size_t sim_bench_find(const struct sim_bench *b, const char *id)
{
    size_t k = 0;

    while (k < b->rows && strcmp(b->row[k].id, id) != 0)
        k++;
    return k;
}
