/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdlib.h>

#define DEGREE (M_PI / 180)

TCase *unit_case(Suite *suite, const char *name)
{
    TCase *tcase = tcase_create(name);

    tcase_set_timeout(tcase, 60);
    suite_add_tcase(suite, tcase);
    return tcase;
}

uint64_t unit_random(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

struct unit_wave unit_mains(double hz, double amps, double lag_deg)
{
    return (struct unit_wave){
        .hz = hz,
        .u = {230, 230, 230},
        .u_deg = {0, -120, -240},
        .i = {amps, amps, amps},
        .lag_deg = {lag_deg, lag_deg, lag_deg},
    };
}

static int32_t adc(double value, double counts_per_unit)
{
    double counts = rint(value * counts_per_unit);

    return (int32_t)fmin(fmax(counts, -EM_ADC_MAX), EM_ADC_MAX);
}

static double harmonic(double angle, double part, double lag_deg)
{
    return part == 0 ? 0 : part * sin(5 * angle - lag_deg * DEGREE);
}

void unit_fill(struct unit_source *source, struct unit_samples *samples, uint32_t n)
{
    const struct unit_wave *w = &source->wave;

    UNIT_CHECK(n <= UNIT_BLOCK_MAX, "%u samples are too many for a block", n);
    for (uint32_t k = 0; k < n; k++) {
        for (int p = 0; p < EM_PHASE_COUNT; p++) {
            double angle = 2 * M_PI * source->turns + w->u_deg[p] * DEGREE;
            double u = w->u[p] * (sin(angle) + harmonic(angle, w->u5, 0));
            double i = w->i[p] * (sin(angle - w->lag_deg[p] * DEGREE) + harmonic(angle, w->i5, w->i5_lag_deg));

            samples->channel[EM_U1 + p][k] = adc(u * M_SQRT2, EM_COUNTS_PER_VOLT);
            samples->channel[EM_I1 + p][k] = adc(i * M_SQRT2, EM_COUNTS_PER_AMPERE);
        }
        source->turns += w->hz / EM_SAMPLE_RATE;
        source->turns -= floor(source->turns);
    }
}

struct em_block unit_block(const struct unit_samples *samples, uint32_t from, uint32_t n)
{
    struct em_block block = {.n = n};

    for (int c = 0; c < EM_CHANNEL_COUNT; c++)
        block.channel[c] = samples->channel[c] + from;
    return block;
}

void unit_rig_init(struct unit_rig *rig, uint32_t frequency_mhz, struct unit_wave wave)
{
    rig->port = (struct em_port){0};
    rig->source = (struct unit_source){.wave = wave};
    em_meter_init(&rig->meter, &rig->port, frequency_mhz);
}

void unit_feed(struct unit_rig *rig, double seconds)
{
    static struct unit_samples samples;
    long left = lrint(seconds * EM_SAMPLE_RATE);

    while (left > 0) {
        uint32_t n = left < UNIT_BLOCK_MAX ? (uint32_t)left : UNIT_BLOCK_MAX;
        struct em_block block;

        unit_fill(&rig->source, &samples, n);
        block = unit_block(&samples, 0, n);
        em_meter_samples(&rig->meter, &block);
        left -= n;
    }
}

int main(void)
{
    SRunner *runner = srunner_create(unit_suite());
    int failed;

    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
