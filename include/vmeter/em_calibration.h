/* SPDX-License-Identifier: MIT
 * vmeter firmware core: what the works found wrong with the analogue front end, and taking it back.
 *
 * The constants act on the sums of a closed window, once for 1600 samples, and not on samples: the innermost loop stays
 * as it is.
 *
 *   gain    scales a sum of products by the gains of its two channels. Exact.
 *   phase   turns P and Q of the fundamental into each other. Exact for sine waves; a harmonic's active power is scaled
 *           by the cosine alone (10 minutes of arc: 4 millionths), its own error of phase stays.
 *   offset  takes n times the product of the two offsets out of a sum of n samples. Over whole cycles that is exact as
 *           long as the mains itself has no direct component; then an offset a leaves a x (mean current) in the power.
 *
 * Constants of zero are no calibration, and the window stays as it is to the bit. Ranges and resolutions are our
 * decision; the manual says nothing of calibration. */
#ifndef EM_CALIBRATION_H
#define EM_CALIBRATION_H

#include "em_metrology.h"

/* Limits: +-20 %, +-10 degrees, +-10^6 counts (100 V, 10 A). */
#define EM_GAIN_MAX_PPM     200000
#define EM_PHASE_MAX        100000
#define EM_OFFSET_MAX       1000000
#define EM_PHASE_PER_DEGREE 10000

struct em_calibration {
    int32_t gain_ppm[EM_CHANNEL_COUNT]; /* to be added: 1000 makes a channel read 0.1 % more */
    int32_t phase[EM_PHASE_COUNT];    /* by which the current channel is ahead of its voltage channel, degrees x 10^4 */
    int32_t offset[EM_CHANNEL_COUNT]; /* that the channel reads without any signal, counts */
};

/* Sums of plain samples, to find offsets with: what a channel reads on the mean over whole cycles of a pure sine. */
struct em_means {
    int64_t sum[EM_CHANNEL_COUNT];
    uint32_t n;
};

/* EM_OK if all constants are within their limits, else EM_ERR_RANGE. */
enum em_err em_calibration_check(const struct em_calibration *c);

/* Are there any constants but zero? */
bool em_calibration_is_set(const struct em_calibration *c);

/* Takes the errors out of a closed window, before anything else looks at it. c must have been checked. */
void em_calibration_apply(const struct em_calibration *c, struct em_window *window);

/* Adds a block. Its sums hold for 2^31 samples and more; n may not pass UINT32_MAX. */
void em_means_add(struct em_means *means, const struct em_block *block);

#endif
