/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"
#include "trig.h"

#define SAMPLES(seconds) ((int64_t)((seconds)*EM_SAMPLE_RATE + 0.5))

/* Measuring begins after the second full window. */
#define WARM_UP SAMPLES(0.6)

/* At least so many intervals between pulses and steps of 1 Wh, and so long: a step of a register is seen at the end of
 * the window in which it falls, which is 0.01 % of 2000 s. */
#define INTERVALS_MIN 10
#define SECONDS_MIN   2000
#define SECONDS_MAX   40000 /* and then there was nothing to count */

/* Registers and power are looked at so often. */
#define STEP SAMPLES(0.02)

/* How often and how many times the power register is read. */
#define POWER_EVERY SAMPLES(1)
#define POWER_READS 100

/* The S0 output for reactive energy counts as finely as the LED does. */
#define PULSE_WH       0.1
#define S0_RATE_FINEST 1000000

/* What N04 switches on if the front end has less: rms and offset in counts (100 uV, 10 uA). */
#define NOISE_MIN  20
#define OFFSET_MIN 50

/* Before a row's events the registers hold something that can get lost. */
#define PRELOAD_WH 12345

/* --- The network of a row --- */

/* The current that flows in the second quarter of every half-wave of a sine, as harmonics. With the sine's amplitude
 * 1: 1/2 sin t - 1/pi cos t, and for odd n a cosine of amplitude a(n) = (1/pi) [(c(n+1) - 1)/(n+1) + (1 -
 * c(n-1))/(n-1)] with c(m) = cos(m pi/2). */
static double fired_cosine(int n)
{
    const double pi = 3.14159265358979323846;
    const double above = (n + 1) % 4 ? -1 : 1, below = (n - 1) % 4 ? -1 : 1;

    return ((above - 1) / (n + 1) + (1 - below) / (n - 1)) / pi;
}

static void fire(struct sim_phase *phase)
{
    const double inverse_pi = 0.31830988618379067154;
    const double fundamental = sqrt(0.25 + inverse_pi * inverse_pi);
    const double lag = sim_angle(inverse_pi, 0.5);
    struct sim_harmonics *h = &phase->current_harmonics;

    for (int n = 3; n < SIM_HARMONIC_MAX; n += 2) {
        double a = fired_cosine(n);

        h->at[h->count++] = (struct sim_harmonic){.order = (uint8_t)n,
                                                  .percent = 100 * fabs(a) / fundamental,
                                                  .degrees = fmod(n * lag, 360) + (a < 0 ? -90 : 90)};
    }
    phase->current *= fundamental;
    phase->angle += lag;
}

static void shape(struct sim_phase *phase, const struct sim_bench_condition *c)
{
    if (c->wave == SIM_BENCH_FIFTH || c->wave == SIM_BENCH_OPPOSED) {
        phase->voltage_harmonics.count = phase->current_harmonics.count = 1;
        phase->voltage_harmonics.at[0] =
            (struct sim_harmonic){.order = 5, .percent = 10, .degrees = c->wave == SIM_BENCH_FIFTH ? c->turn : 0};
        phase->current_harmonics.at[0] = (struct sim_harmonic){.order = 5, .percent = 40, .degrees = c->turn};
    }
    if (c->wave == SIM_BENCH_FIRED)
        fire(phase);
}

void sim_bench_network(const struct sim_bench_row *row, struct sim_network *net)
{
    const struct sim_bench_condition *c = &row->condition;

    sim_network_init(net);
    net->frequency = c->frequency;
    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        struct sim_phase *phase = &net->phase[p];

        phase->voltage = c->volts[p] * SIM_BENCH_UN;
        phase->mode = SIM_LOAD_ANGLE;
        phase->current = c->loaded >> p & 1 ? c->current : 0;
        phase->angle = c->angle;
        if (c->swapped)
            phase->voltage_angle = -phase->voltage_angle;
        shape(phase, c);
    }
}

double sim_bench_textbook(const struct sim_bench_row *row)
{
    static const double active[] = {[SIM_BENCH_SINE] = 1,
                                    [SIM_BENCH_FIFTH] = 1.04,
                                    [SIM_BENCH_OPPOSED] = 0.96,
                                    [SIM_BENCH_FIRED] = 0.5,
                                    [SIM_BENCH_BURSTS] = 0.5};
    const struct sim_bench_condition *c = &row->condition;
    double volts = 0, s, co;

    for (int p = 0; p < EM_PHASE_COUNT; p++)
        volts += c->loaded >> p & 1 ? c->volts[p] * SIM_BENCH_UN : 0;
    sim_sincos(c->angle / 360, &s, &co);
    return volts * c->current * (row->energy == EM_ACTIVE ? co * active[c->wave] : s);
}

/* --- A meter on the bench --- */

/* Something that comes again and again: pulses, steps of a register. */
struct beats {
    uint64_t count;
    int64_t first, last; /* samples */
    uint64_t units;      /* between first and last */
};

struct bench_run {
    const struct sim_bench *bench;
    const struct sim_bench_row *row;
    struct sim_point *point;
    struct sim_memory memory;
    int64_t from;        /* when measuring began */
    struct beats pulses; /* of the output that counts the row's energy */
    struct beats steps;  /* of the register */
    uint32_t wh;         /* that the register had last */
    double power_sum, power_min, power_max;
    unsigned power_reads;
};

static void note_beat(struct beats *b, int64_t at, uint64_t units)
{
    if (b->count++ == 0)
        b->first = at;
    else
        b->units += units;
    b->last = at;
}

static void watch(void *ctx, enum em_output output, bool on, int64_t at)
{
    struct bench_run *run = ctx;
    enum em_output wanted = run->row->energy == EM_ACTIVE ? EM_OUTPUT_LED : EM_OUTPUT_S0_2;

    if (on && output == wanted && at >= run->from)
        note_beat(&run->pulses, at, 1);
}

/* What the registers have of the row's energy, both directions together. */
static uint32_t register_wh(const struct bench_run *run)
{
    unsigned kind = (unsigned)run->row->energy;
    const struct em_energy *e = &run->point->meter.energy;

    return (uint32_t)em_energy_get(e, EM_ENERGY(EM_SET_MAIN, kind, EM_PART_FORWARD, EM_ALL), EM_C01_FORWARD) +
           (uint32_t)em_energy_get(e, EM_ENERGY(EM_SET_MAIN, kind, EM_PART_REVERSE, EM_ALL), EM_C01_FORWARD);
}

static double read_number(struct bench_run *run, const char *name)
{
    struct sim_value value;

    sim_point_read(run->point, name, &value);
    return value.number;
}

static struct bench_run *begin(const struct sim_bench *bench, const struct sim_bench_row *row, unsigned variant)
{
    struct sim_preset presets[] = {
        {EM_SETTING_S0_RATE, row->kind == SIM_BENCH_CONSTANT ? row->s0_rate : S0_RATE_FINEST}};
    struct sim_preload preload = {EM_ENERGY(EM_SET_MAIN, EM_ACTIVE, EM_PART_FORWARD, EM_T1), PRELOAD_WH};
    struct sim_setup setup = {.preset = presets, .preset_count = 1, .preload = &preload};
    struct bench_run *run = calloc(1, sizeof *run);

    if (!run || !(run->point = calloc(1, sizeof *run->point)))
        abort();
    run->bench = bench;
    run->row = row;
    setup.preload_count = row->kind == SIM_BENCH_EVENT;
    sim_bench_network(row, &setup.network);
    setup.network.front_end = bench->front_end;
    setup.network.front_end.seed += variant;
    for (int p = 0; p < EM_PHASE_COUNT; p++)
        setup.network.phase[p].voltage_angle += 77.0 * variant;
    if (row->noisy) {
        struct sim_front_end *fe = &setup.network.front_end;

        fe->noise = fe->noise < NOISE_MIN ? NOISE_MIN : fe->noise;
        for (int c = 0; c < EM_CHANNEL_COUNT; c++)
            if (fabs(fe->offset[c]) < OFFSET_MIN)
                fe->offset[c] = OFFSET_MIN;
    }
    sim_memory_init(&run->memory);
    sim_point_init(run->point, &setup, &bench->speed, &run->memory);
    if (bench->calibration)
        em_meter_calibrate(&run->point->meter, bench->calibration);
    run->point->watch = watch;
    run->point->watch_ctx = run;
    run->from = WARM_UP;
    return run;
}

static void end(struct bench_run *run)
{
    sim_point_free(run->point);
    free(run->point);
    free(run);
}

/* --- Letting time pass --- */

/* Bursts: the currents go on and off every two whole cycles. */
static void switch_burst(struct bench_run *run)
{
    const int64_t two_cycles = 2 * SAMPLES(1 / run->row->condition.frequency);
    struct sim_assignment a = {.quantity = SIM_CURRENT, .phases = run->row->condition.loaded};

    if (run->point->now % two_cycles)
        return;
    a.number = run->point->now / two_cycles % 2 ? 0 : run->row->condition.current;
    sim_point_set(run->point, &a, 0);
}

static void read_power(struct bench_run *run)
{
    double p;

    if (run->power_reads == POWER_READS || run->point->now < run->from || run->point->now % POWER_EVERY)
        return;
    p = read_number(run, run->row->energy == EM_ACTIVE ? "total_active_power" : "total_reactive_power");
    if (run->power_reads == 0 || p < run->power_min)
        run->power_min = p;
    if (run->power_reads == 0 || p > run->power_max)
        run->power_max = p;
    run->power_sum += p;
    run->power_reads++;
}

static void step(struct bench_run *run)
{
    struct sim_point *point = run->point;
    uint32_t wh;

    if (run->row->condition.wave == SIM_BENCH_BURSTS)
        switch_burst(run);
    sim_point_run(point, point->now + STEP);
    wh = register_wh(run);
    if (wh != run->wh && point->now >= run->from)
        note_beat(&run->steps, point->now, wh - run->wh);
    run->wh = wh;
    read_power(run);
}

static void run_for(struct bench_run *run, double seconds)
{
    int64_t until = run->point->now + SAMPLES(seconds);

    while (run->point->now < until)
        step(run);
}

static bool enough(const struct bench_run *run)
{
    double seconds = run->row->seconds > 0 ? run->row->seconds : SECONDS_MIN;
    int64_t passed = run->point->now - run->from;

    if (passed >= SAMPLES(SECONDS_MAX))
        return true;
    return passed >= SAMPLES(seconds) && run->pulses.units >= INTERVALS_MIN && run->steps.units >= INTERVALS_MIN;
}

/* --- What came of it --- */

/* Mean power of the row's kind in the bench's own waveform, W or var. */
static double reference_power(struct bench_run *run)
{
    struct sim_quantities now = sim_point_ideal(run->point).now;
    double p = fabs(run->row->energy == EM_ACTIVE ? now.p[EM_TOTAL] : now.q[EM_TOTAL]);

    return run->row->condition.wave == SIM_BENCH_BURSTS ? p / 2 : p;
}

static double beats_seconds(const struct beats *b)
{
    return sim_seconds(b->last - b->first);
}

/* Error in percent of the energy between the first and the last beat. Nothing at all is -100 %. */
static double beats_error(const struct beats *b, double wh_per_unit, double power)
{
    if (b->units == 0)
        return -100;
    return 100 * ((double)b->units * wh_per_unit * 3600 / (power * beats_seconds(b)) - 1);
}

/* The frequency is right, and there is no fault. */
static const char *look_for_fault(struct bench_run *run)
{
    struct em_meter *m = &run->point->meter;
    double wanted = sim_network_frequency_mhz(&run->point->network) / 1000.0;

    if (m->error_code || m->stopped)
        return "error code";
    if (!em_meter_running(m))
        return run->row->kind == SIM_BENCH_UNDERVOLTAGE ? NULL : "stopped";
    return fabs(read_number(run, "grid_frequency") - wanted) > 0.01 ? "frequency" : NULL;
}

static void finish(struct bench_run *run, struct sim_bench_result *r)
{
    double power = reference_power(run), mean = run->power_reads ? run->power_sum / run->power_reads : 0;

    r->fault = look_for_fault(run);
    r->seconds += sim_seconds(run->point->now);
    r->pulses += run->pulses.count;
    if (power > 0 && run->power_reads) {
        r->power_error = 100 * (fabs(mean) * 1000 / power - 1);
        r->power_spread = (run->power_max - run->power_min) * 1e9 / power;
    }
    end(run);
}

/* --- Ways to measure --- */

static void measure_error_once(const struct sim_bench *b, const struct sim_bench_row *row, unsigned variant,
                               struct sim_bench_result *r)
{
    struct bench_run *run = begin(b, row, variant);
    double power;

    while (!enough(run))
        step(run);
    power = reference_power(run);
    r->led = r->led_error = beats_error(&run->pulses, PULSE_WH, power);
    r->registers = r->reg_error = beats_error(&run->steps, 1, power);
    if (run->steps.units)
        r->resolution = 100 * sim_seconds(STEP * EM_WINDOW_CYCLES) / beats_seconds(&run->steps);
    finish(run, r);
}

static void measure_error(const struct sim_bench *b, const struct sim_bench_row *row, struct sim_bench_result *r)
{
    measure_error_once(b, row, 0, r);
}

static void measure_spread(const struct sim_bench *b, const struct sim_bench_row *row, struct sim_bench_result *r)
{
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};

    for (unsigned k = 0; k < 3; k++) {
        measure_error_once(b, row, k, r);
        low[0] = fmin(low[0], r->led);
        high[0] = fmax(high[0], r->led);
        low[1] = fmin(low[1], r->registers);
        high[1] = fmax(high[1], r->registers);
    }
    r->led = high[0] - low[0];
    r->registers = high[1] - low[1];
}

/* Over a fixed time: what was counted, against what there was to count; without anything to count nothing is -100 %. */
static void measure_undervoltage(const struct sim_bench *b, const struct sim_bench_row *row, struct sim_bench_result *r)
{
    struct bench_run *run = begin(b, row, 0);
    double wh, due;

    run->from = 0;
    run_for(run, row->seconds);
    wh = register_wh(run);
    due = reference_power(run) * row->seconds / 3600;
    r->led = r->led_error =
        due > 0 ? 100 * ((double)run->pulses.count * PULSE_WH / due - 1) : (run->pulses.count ? INFINITY : -100);
    r->registers = r->reg_error = due > 0 ? 100 * (wh / due - 1) : (wh > 0 ? INFINITY : -100);
    finish(run, r);
}

/* A meter whose load is switched on at t = 0. Waits for two pulses, three times as long as they should take. */
static void measure_start(const struct sim_bench *b, const struct sim_bench_row *row, struct sim_bench_result *r)
{
    struct bench_run *run = begin(b, row, 0);
    const double longest = 3 * PULSE_WH * 3600 / fabs(sim_bench_textbook(row));

    run->from = 0;
    r->led = r->registers = INFINITY;
    while (run->pulses.count < 2 && run->point->now < SAMPLES(longest))
        step(run);
    if (run->pulses.count)
        r->led = sim_seconds(run->pulses.first);
    if (run->pulses.count > 1)
        r->registers = beats_seconds(&run->pulses);
    finish(run, r);
}

static void measure_no_load(const struct sim_bench *b, const struct sim_bench_row *row, struct sim_bench_result *r)
{
    struct bench_run *run = begin(b, row, 0);

    run->from = 0;
    run_for(run, row->seconds);
    r->led = (double)run->pulses.count;
    r->registers = register_wh(run);
    finish(run, r);
}

/* By how much a count lies beside what whole Wh `wh` and less than one more can give at so many pulses a Wh. */
static double beside(double pulses, uint32_t wh, double per_wh)
{
    double low = floor(wh * per_wh), high = ceil((wh + 1) * per_wh - 1);

    return pulses < low ? low - pulses : pulses > high && pulses > low ? pulses - (high > low ? high : low) : 0;
}

/* 10 kWh, then no current until every pulse is out. */
static void measure_constant(const struct sim_bench *b, const struct sim_bench_row *row, struct sim_bench_result *r)
{
    struct bench_run *run = begin(b, row, 0);
    const struct sim_assignment off = {.quantity = SIM_CURRENT, .phases = 7};
    uint32_t wh;

    while (register_wh(run) < 10000 && run->point->now < SAMPLES(SECONDS_MAX))
        step(run);
    sim_point_set(run->point, &off, 0);
    run_for(run, 5);
    wh = register_wh(run);
    r->led = beside((double)run->point->pulses[EM_OUTPUT_LED], wh, 1 / PULSE_WH);
    r->registers = beside((double)run->point->pulses[EM_OUTPUT_S0_1], wh, row->s0_rate / 100000.0);
    finish(run, r);
}

static void set_voltage(struct bench_run *run, double part)
{
    const struct sim_assignment a = {.quantity = SIM_VOLTAGE, .phases = 7, .number = part * SIM_BENCH_UN};

    sim_point_set(run->point, &a, 0);
}

static void measure_ready(const struct sim_bench *b, const struct sim_bench_row *row, struct sim_bench_result *r)
{
    struct bench_run *run = begin(b, row, 0);
    int64_t on;

    set_voltage(run, 0);
    run_for(run, 5);
    set_voltage(run, 1);
    on = run->from = run->point->now;
    while (!em_meter_running(&run->point->meter) && run->point->now < on + SAMPLES(10))
        step(run);
    r->led = sim_seconds(run->point->now - on);
    while (run->pulses.count == 0 && run->point->now < on + SAMPLES(20))
        step(run);
    r->registers = run->pulses.count ? sim_seconds(run->pulses.first - on) : INFINITY;
    finish(run, r);
}

/* The steps of an event; returns the energy in Wh that there was while the meter was on. */
static double go_through_event(struct bench_run *run)
{
    const struct sim_bench_row *row = run->row;
    double wh = 0;

    for (unsigned k = 0; k <= row->step_count; k++) {
        int64_t until = run->point->now + SAMPLES(k < row->step_count ? row->step[k].seconds : 10);

        set_voltage(run, k < row->step_count ? row->step[k].volts : 1);
        while (run->point->now < until) {
            int64_t begun = run->point->now;

            step(run);
            if (em_meter_running(&run->point->meter))
                wh += reference_power(run) * sim_seconds(run->point->now - begun) / 3600;
        }
    }
    return wh;
}

static void measure_event(const struct sim_bench *b, const struct sim_bench_row *row, struct sim_bench_result *r)
{
    const struct sim_assignment load = {.quantity = SIM_CURRENT, .phases = 7, .number = 1};
    struct bench_run *run = begin(b, row, 0);
    uint32_t before;
    double changed;

    run_for(run, 10);
    before = register_wh(run);
    go_through_event(run);
    changed = (double)register_wh(run) - before;
    r->led = (double)run->pulses.count;
    r->registers = fabs(changed) * 10;
    /* Its accuracy must be what it was. */
    sim_point_set(run->point, &load, 0);
    run_for(run, 1);
    run->pulses = run->steps = (struct beats){0};
    run_for(run, 60);
    r->extra = beats_error(&run->pulses, PULSE_WH, reference_power(run));
    finish(run, r);
    if (fabs(r->extra) > 1)
        r->fault = "error afterwards";
}

static void measure_loaded_event(const struct sim_bench *b, const struct sim_bench_row *row, struct sim_bench_result *r)
{
    struct bench_run *run = begin(b, row, 0);
    double wh;

    run->from = 0;
    run_for(run, 10);
    wh = reference_power(run) * 10 / 3600 + go_through_event(run);
    run_for(run, SECONDS_MIN);
    wh += reference_power(run) * SECONDS_MIN / 3600;
    r->led = r->led_error = 100 * ((double)run->point->pulses[EM_OUTPUT_LED] * PULSE_WH / wh - 1);
    r->registers = r->reg_error = 100 * (register_wh(run) / wh - 1);
    r->resolution = 100 * (1 + sim_seconds(STEP * EM_WINDOW_CYCLES) * reference_power(run) / 3600) / wh;
    finish(run, r);
}

typedef void measure_fn(const struct sim_bench *b, const struct sim_bench_row *row, struct sim_bench_result *r);

void sim_bench_measure(struct sim_bench *b, size_t k)
{
    static measure_fn *const ways[] = {
        [SIM_BENCH_ERROR] = measure_error,
        [SIM_BENCH_CHANGE] = measure_error,
        [SIM_BENCH_DIFFERENCE] = NULL,
        [SIM_BENCH_SPREAD] = measure_spread,
        [SIM_BENCH_UNDERVOLTAGE] = measure_undervoltage,
        [SIM_BENCH_START] = measure_start,
        [SIM_BENCH_NO_LOAD] = measure_no_load,
        [SIM_BENCH_CONSTANT] = measure_constant,
        [SIM_BENCH_READY] = measure_ready,
        [SIM_BENCH_EVENT] = measure_event,
        [SIM_BENCH_LOADED_EVENT] = measure_loaded_event,
        [SIM_BENCH_NOT_DONE] = NULL,
    };
    const struct sim_bench_row *row = &b->row[k];

    b->result[k].asked = true;
    if (ways[row->kind])
        ways[row->kind](b, row, &b->result[k]);
}

/* --- Verdicts --- */

bool sim_bench_is_error(enum sim_bench_kind kind)
{
    return kind <= SIM_BENCH_SPREAD || kind == SIM_BENCH_LOADED_EVENT;
}

struct sim_bench_limit sim_bench_standard(const struct sim_bench_row *row)
{
    bool en = row->en.value >= 0, iec = row->iec.value >= 0;

    return en && (!iec || row->en.value <= row->iec.value) ? row->en : row->iec;
}

bool sim_bench_differs(const struct sim_bench_row *row)
{
    return !row->own && row->manual >= 0 && sim_bench_standard(row).value >= 0 &&
           row->manual != sim_bench_standard(row).value;
}

/* The worse of the two figures: the larger one, with undervoltage too much alone. */
static double figure(const struct sim_bench_row *row, const struct sim_bench_result *r)
{
    if (row->kind == SIM_BENCH_UNDERVOLTAGE)
        return fmax(fmax(r->led, r->registers), 0);
    return fmax(fabs(r->led), fabs(r->registers));
}

double sim_bench_ratio(const struct sim_bench_row *row, const struct sim_bench_result *r, double limit)
{
    return limit > 0 ? figure(row, r) / limit : 0;
}

static enum sim_bench_verdict verdict(const struct sim_bench_row *row, const struct sim_bench_result *r, double limit)
{
    if (limit < 0 || row->reported || isnan(r->led) || isnan(r->registers))
        return SIM_BENCH_NONE;
    return figure(row, r) <= limit && !r->fault ? SIM_BENCH_HELD : SIM_BENCH_FAILED;
}

/* The difference to the error at another row. */
static void take_base(struct sim_bench *b, struct sim_bench_result *r, const char *base)
{
    size_t k = sim_bench_find(b, base);

    r->led = r->led_error - b->result[k].led_error;
    r->registers = r->reg_error - b->result[k].reg_error;
    r->resolution += b->result[k].resolution;
}

void sim_bench_judge(struct sim_bench *b)
{
    for (size_t k = 0; k < b->rows; k++) {
        const struct sim_bench_row *row = &b->row[k];
        struct sim_bench_result *r = &b->result[k];

        if (!r->asked)
            continue;
        if (row->kind == SIM_BENCH_DIFFERENCE) {
            *r = b->result[sim_bench_find(b, row->of)];
            r->seconds = 0;
        }
        if (row->base[0])
            take_base(b, r, row->base);
        r->manual = verdict(row, r, row->manual);
        r->standard = verdict(row, r, sim_bench_standard(row).value);
    }
}

static void count(enum sim_bench_verdict v, size_t *judged, size_t *failed)
{
    *judged += v != SIM_BENCH_NONE;
    *failed += v == SIM_BENCH_FAILED;
}

static void find_worst(const struct sim_bench_row *row, const struct sim_bench_result *r, struct sim_bench_summary *s)
{
    double manual = r->manual == SIM_BENCH_NONE ? 0 : sim_bench_ratio(row, r, row->manual);
    double standard = r->standard == SIM_BENCH_NONE ? 0 : sim_bench_ratio(row, r, sim_bench_standard(row).value);
    double worse = fmax(manual, standard);

    if (sim_bench_is_error(row->kind) && worse > s->worst) {
        s->worst = worse;
        s->worst_row = row;
    }
}

void sim_bench_summarise(const struct sim_bench *b, struct sim_bench_summary *s)
{
    *s = (struct sim_bench_summary){0};
    for (size_t k = 0; k < b->rows; k++) {
        const struct sim_bench_row *row = &b->row[k];
        const struct sim_bench_result *r = &b->result[k];

        if (!r->asked)
            continue;
        s->rows++;
        count(r->manual, &s->manual, &s->manual_failed);
        count(r->standard, &s->standard, &s->standard_failed);
        s->not_done += row->kind == SIM_BENCH_NOT_DONE;
        s->reported += row->reported;
        s->differing += sim_bench_differs(row);
        s->uncertain += sim_bench_uncertain(row);
        s->faults += r->fault != NULL;
        s->seconds += r->seconds;
        find_worst(row, r, s);
    }
}

bool sim_bench_uncertain(const struct sim_bench_row *row)
{
    const char *mark = sim_bench_standard(row).mark;

    return mark && (mark[1] == '2' || mark[1] == '3');
}
