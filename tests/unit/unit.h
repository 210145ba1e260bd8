/* SPDX-License-Identifier: MIT
 * Shared by the unit tests of the core: the runner, a meter to test, and mains made of doubles to feed it with. */
#ifndef UNIT_H
#define UNIT_H

#include <check.h>
#include <math.h>

#include "vmeter/em_meter.h"

/* Every test file gives its suite; unit.c has the main() that runs it. */
Suite *unit_suite(void);

/* A new case in suite with a time limit that stands sanitizers. */
TCase *unit_case(Suite *suite, const char *name);

/* A pseudo-random number (splitmix64); *state is the seed and moves on. */
uint64_t unit_random(uint64_t *state);

/* What the mains looks like. RMS of the fundamental, amperes on the secondary side, angles in degrees. */
struct unit_wave {
    double hz;
    double u[EM_PHASE_COUNT], u_deg[EM_PHASE_COUNT];
    double i[EM_PHASE_COUNT], lag_deg[EM_PHASE_COUNT]; /* of the current behind its own voltage */
    double u5, i5, i5_lag_deg; /* fifth harmonics as parts of the fundamentals, and the lag between them */
};

/* Balanced mains: 230 V, L1-L2-L3, the same current with the same lag in all phases, no harmonics. */
struct unit_wave unit_mains(double hz, double amps, double lag_deg);

/* Samples of a wave with a phase that goes on when the wave is changed. */
struct unit_source {
    struct unit_wave wave;
    double turns; /* at the next sample, 0..1 */
};

#define UNIT_BLOCK_MAX 8000
struct unit_samples {
    int32_t channel[EM_CHANNEL_COUNT][UNIT_BLOCK_MAX];
};

/* Makes the next n samples (up to UNIT_BLOCK_MAX). */
void unit_fill(struct unit_source *source, struct unit_samples *samples, uint32_t n);

/* n samples from `from` on as a block. */
struct em_block unit_block(const struct unit_samples *samples, uint32_t from, uint32_t n);

/* A new meter and its mains. */
struct unit_rig {
    struct em_port port;
    struct em_meter meter;
    struct unit_source source;
};

/* A meter as from the works that tracks frequency_mhz, and a source that begins with wave. */
void unit_rig_init(struct unit_rig *rig, uint32_t frequency_mhz, struct unit_wave wave);

/* Feeds that many seconds of the present wave. */
void unit_feed(struct unit_rig *rig, double seconds);

/* As ck_assert_msg, for inner loops: Check itself writes to a pipe for every assertion that it passes. */
#define UNIT_CHECK(condition, ...)                                                                                     \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            ck_abort_msg(__VA_ARGS__);                                                                                 \
    } while (0)

/* Fails with the row's text when got is not within tolerance of want. */
#define UNIT_NEAR(row, got, want, tolerance)                                                                           \
    do {                                                                                                               \
        double unit_got = (double)(got), unit_want = (double)(want), unit_tolerance = (double)(tolerance);             \
                                                                                                                       \
        ck_assert_msg(fabs(unit_got - unit_want) <= unit_tolerance, "%s: %s is %.10g, want %.10g +- %g", (row), #got,  \
                      unit_got, unit_want, unit_tolerance);                                                            \
    } while (0)

#endif
