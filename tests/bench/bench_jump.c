/* SPDX-License-Identifier: MIT
 * What the jump over whole periods brings: a year of quarter hours on three phases with a tariff that changes twice a
 * day, and ten years of one load, against making every sample of a shorter time. Times are of this run and this
 * machine. */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "speed.h"
#include "sim.h"

#define DAY ((int64_t)24 * 3600 * EM_SAMPLE_RATE)

static uint32_t chance(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33);
}

/* A load of 100 W to 9 kW on each phase. */
static void load(struct sim *sim, uint64_t *seed)
{
    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        struct sim_assignment a = {.quantity = SIM_POWER, .phases = (uint8_t)(1 << p)};

        a.number = 100 + chance(seed) % 8900;
        sim_point_set(sim->point, &a, 0);
    }
}

/* Processor seconds for so many days in steps of a quarter of an hour, or of the whole time. */
static double run(double hz, int64_t days, bool quarters, bool no_jump)
{
    struct sim_speed speed = host_speed_best()->loops;
    struct sim_scenario *scenario = sim_scenario_default();
    struct sim_assignment frequency = {.quantity = SIM_FREQUENCY, .number = hz};
    struct sim *sim;
    uint64_t seed = 1;
    double start = bench_cpu();

    sim_network_assign(&scenario->setup->network, &frequency);
    speed.no_jump = no_jump;
    sim = sim_new(scenario, &speed);
    for (int64_t quarter = 0; quarters && quarter < days * 96; quarter++) {
        if (quarter % 96 == 28 || quarter % 96 == 92)
            em_meter_tariff_input(&sim->point->meter, quarter % 96 == 28);
        load(sim, &seed);
        sim_run(sim, (quarter + 1) * DAY / 96);
    }
    sim_run(sim, days * DAY);
    sim_free(sim);
    sim_scenario_free(scenario);
    return bench_cpu() - start;
}

static void row(const char *name, double hz, int64_t days, bool quarters)
{
    double jumped = run(hz, days, quarters, false), stepped = run(hz, 1, quarters, true);
    double ratio = stepped * (double)days / jumped;

    printf("%-34s %8.3f %9.2f s %12.2f s %12.0fx\n", name, hz, jumped, stepped, ratio);
}

int main(void)
{
    printf("%-34s %8s %11s %14s %13s\n", "", "Hz", "all of it", "a day stepped", "ratio");
    row("a year of quarter hours", 50, 365, true);
    row("ten years of one load", 50, 3650, false);
    row("ten years of one load", 60, 3650, false);
    row("ten years of one load", 49.99, 3650, false);
    row("ten years of one load", 49.987, 3650, false);
    printf("\nratio: stepping all of it (its first day times the days) against the jump, processor time of this run\n");
    return EXIT_SUCCESS;
}
