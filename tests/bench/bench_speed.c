/* SPDX-License-Identifier: MIT
 * How fast simulated time goes on one core: for each instruction set and each load the whole way from generator to
 * registers, and the generator and the metrology alone. Prints figures; judges nothing.
 *
 * With the argument "brief" it prints one number: simulated seconds a processor second, best set, standard load. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "speed.h"

#define ROUNDS   5
#define SETS_MAX 8

/* Processor seconds that one measurement takes at least. */
#define LONG_ENOUGH 0.15

struct load {
    const char *name;
    unsigned harmonics; /* of each voltage and current, from order `first` on */
    unsigned first;
    double voltage_percent, current_percent;
    double noise; /* rms counts */
    double frequency;
};

/* At 50 Hz a chunk is a period and is made once; at 49.98 Hz every one is made. */
static const struct load loads[] = {
    {"5th harmonic, 49.98 Hz", 1, 5, 10, 40, 0, 49.98}, {"5th harmonic, 50 Hz", 1, 5, 10, 40, 0, 50},
    {"5th harmonic and noise", 1, 5, 10, 40, 20, 50},   {"fundamental, 49.98 Hz", 0, 0, 0, 0, 0, 49.98},
    {"39 harmonics, 49.98 Hz", 39, 2, 1, 2, 0, 49.98},  {"39 harmonics and noise", 39, 2, 1, 2, 20, 50},
};
#define LOAD_COUNT    (sizeof loads / sizeof loads[0])
#define STANDARD_LOAD 0

/* What is measured of one instruction set under one load, in simulated seconds a processor second. */
struct figures {
    double whole, reading, generator, metrology;
};

static void set_harmonics(struct sim_harmonics *list, const struct load *load, double percent)
{
    list->count = load->harmonics;
    for (unsigned k = 0; k < load->harmonics; k++)
        list->at[k] = (struct sim_harmonic){
            .order = (uint8_t)(load->first + k), .percent = percent, .degrees = fmod(37.0 * (k + 1), 360)};
}

/* The default meter with this load. */
static struct sim_scenario *make_scenario(const struct load *load)
{
    struct sim_scenario *s = sim_scenario_default();

    s->setup->network.frequency = load->frequency;
    s->setup->network.front_end.noise = load->noise;
    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        set_harmonics(&s->setup->network.phase[p].voltage_harmonics, load, load->voltage_percent);
        set_harmonics(&s->setup->network.phase[p].current_harmonics, load, load->current_percent);
    }
    return s;
}

/* Reads every register, as a master does once a second. */
static void read_registers(struct em_meter *meter)
{
    uint16_t words[EM_READ_MAX];

    for (int b = 0; b < EM_REGISTER_BLOCK_COUNT; b++) {
        uint16_t at = em_register_blocks[b].first;

        while (at <= em_register_blocks[b].last) {
            int left = em_register_blocks[b].last - at + 1;
            uint16_t n = (uint16_t)(left < EM_READ_MAX ? left : EM_READ_MAX);

            if (em_registers_read(meter, at, n, words))
                abort();
            at = (uint16_t)(at + n);
        }
    }
}

/* One way of spending a simulated second. */
typedef void second_fn(void *ctx);

static void whole_second(void *ctx)
{
    struct sim *sim = ctx;

    sim_run(sim, sim->now + EM_SAMPLE_RATE);
}

static void read_second(void *ctx)
{
    struct sim *sim = ctx;

    whole_second(sim);
    read_registers(&sim->point->meter);
}

struct samples {
    struct sim_wave wave;
    struct em_port port;
    struct em_meter meter;
    int32_t channel[EM_CHANNEL_COUNT][EM_SAMPLE_RATE];
};

static void generated_second(void *ctx)
{
    struct samples *s = ctx;
    const int32_t *out[EM_CHANNEL_COUNT];

    for (uint32_t at = 0; at < EM_SAMPLE_RATE; at += SIM_CHUNK)
        sim_wave_samples(&s->wave, out, SIM_CHUNK);
}

/* A second that can follow itself: of whole cycles, but of no whole chunks. */
static void keep_samples(struct samples *s)
{
    const int32_t *out[EM_CHANNEL_COUNT];

    sim_wave_change(&s->wave, 51000);
    for (uint32_t at = 0; at < EM_SAMPLE_RATE; at += SIM_CHUNK) {
        sim_wave_samples(&s->wave, out, SIM_CHUNK);
        for (int c = 0; c < EM_CHANNEL_COUNT; c++)
            memcpy(s->channel[c] + at, out[c], SIM_CHUNK * sizeof *out[c]);
    }
}

static void measured_second(void *ctx)
{
    struct samples *s = ctx;
    struct em_block block = {.n = SIM_CHUNK};

    for (uint32_t at = 0; at < EM_SAMPLE_RATE; at += SIM_CHUNK) {
        for (int c = 0; c < EM_CHANNEL_COUNT; c++)
            block.channel[c] = s->channel[c] + at;
        em_meter_samples(&s->meter, &block);
    }
}

/* Simulated seconds a processor second. */
static double measure(second_fn *second, void *ctx)
{
    double start = bench_cpu(), took;
    long seconds = 0;

    do {
        for (int k = 0; k < 100; k++)
            second(ctx);
        seconds += 100;
        took = bench_cpu() - start;
    } while (took < LONG_ENOUGH);
    return (double)seconds / took;
}

static void keep_best(double *best, double figure)
{
    if (figure > *best)
        *best = figure;
}

static void measure_set(const struct host_speed *set, const struct load *load, struct figures *best)
{
    struct sim_scenario *scenario = make_scenario(load);
    struct sim_speed every_sample = set->loops;
    struct sim *sim;
    struct samples *s = calloc(1, sizeof *s);

    if (!s)
        abort();
    every_sample.no_jump = true;
    sim = sim_new(scenario, &every_sample);
    s->port.accumulate = set->loops.accumulate;
    em_meter_init(&s->meter, &s->port, 51000);
    sim_wave_init(&s->wave, set->loops.synth, sim_network_frequency_mhz(&scenario->setup->network), 0);
    sim_network_apply(&scenario->setup->network, &s->wave);

    keep_best(&best->whole, measure(whole_second, sim));
    keep_best(&best->reading, measure(read_second, sim));
    keep_best(&best->generator, measure(generated_second, s));
    keep_samples(s);
    keep_best(&best->metrology, measure(measured_second, s));
    sim_free(sim);
    sim_scenario_free(scenario);
    sim_wave_free(&s->wave);
    free(s);
}

/* Where every chunk is the one before none is made. */
static void print_generator(const struct load *load, double figure)
{
    if (load->frequency == 50 && load->noise == 0)
        printf("%10s", "kept");
    else
        printf("%10.0f", figure);
}

static void print_speeds(void)
{
    static struct figures best[LOAD_COUNT][SETS_MAX];

    for (int round = 0; round < ROUNDS; round++)
        for (size_t l = 0; l < LOAD_COUNT; l++)
            for (size_t k = 0; k < SETS_MAX && host_speed_at(k); k++)
                measure_set(host_speed_at(k), &loads[l], &best[l][k]);
    printf("simulated seconds a processor second (times real time), %d samples/s on six channels, best of %d:\n\n",
           EM_SAMPLE_RATE, ROUNDS);
    printf("%-24s %-8s %9s %9s %10s %10s %9s\n", "load", "set", "whole", "reading", "generator", "metrology", "ratio");
    for (size_t l = 0; l < LOAD_COUNT; l++)
        for (size_t k = 0; k < SETS_MAX && host_speed_at(k); k++) {
            const struct figures *f = &best[l][k];

            printf("%-24s %-8s %9.0f %9.0f ", k ? "" : loads[l].name, host_speed_at(k)->name, f->whole, f->reading);
            print_generator(&loads[l], f->generator);
            printf(" %10.0f %8.2fx\n", f->metrology, f->whole / best[l][0].whole);
        }
    printf("\nratio: whole, against the generic set of the same load and run\n");
}

static double brief(void)
{
    struct figures best = {0};

    for (int round = 0; round < ROUNDS; round++)
        measure_set(&(struct host_speed){"best", host_speed_best()->loops}, &loads[STANDARD_LOAD], &best);
    return best.whole;
}

/* Peak resident memory in kB of a child that simulates so many hours. */
static long peak_after(int hours)
{
    int result[2];
    long peak = 0;
    pid_t pid;

    if (pipe(result))
        abort();
    pid = fork();
    if (pid == 0) {
        struct sim_scenario *scenario = make_scenario(&loads[STANDARD_LOAD]);
        struct sim *sim = sim_new(scenario, &host_speed_best()->loops);
        struct rusage usage;

        for (int k = 0; k < 3600 * hours; k++)
            whole_second(sim);
        getrusage(RUSAGE_SELF, &usage);
        peak = usage.ru_maxrss;
        _exit(write(result[1], &peak, sizeof peak) != sizeof peak);
    }
    close(result[1]);
    if (read(result[0], &peak, sizeof peak) != sizeof peak)
        peak = -1;
    close(result[0]);
    waitpid(pid, NULL, 0);
    return peak;
}

static void print_point(const struct load *load)
{
    struct sim_scenario *scenario = make_scenario(load);
    struct sim *sim = sim_new(scenario, &host_speed_best()->loops);

    printf("a metering point, %s: %zu bytes\n", load->name, sizeof *sim->point + sim_wave_memory(&sim->point->wave));
    sim_free(sim);
    sim_scenario_free(scenario);
}

/* Memory may not grow with simulated time: that is no matter of the machine's speed. */
static int print_memory(void)
{
    long hour = peak_after(1), day = peak_after(24);

    printf("peak resident memory: %ld kB after 1 h simulated, %ld kB after 24 h\n", hour, day);
    if (hour > 0 && day > 0 && day <= hour + 256)
        return EXIT_SUCCESS;
    printf("memory grows with simulated time\n");
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "brief") == 0) {
        printf("%.1f\n", brief());
        return EXIT_SUCCESS;
    }
    print_speeds();
    printf("\n");
    print_point(&loads[STANDARD_LOAD]);
    print_point(&loads[LOAD_COUNT - 1]);
    return print_memory();
}
