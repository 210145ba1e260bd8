/* SPDX-License-Identifier: MIT
 * The end of a production line: finds a meter's calibration constants from two load points.
 *
 * At Un, 1 A, PF 1 the error of each phase gives its gains, and at Un, 1 A, PF 0.5 inductive what is left gives the
 * angle between its current and its voltage. Offsets need no point of their own: whole cycles of a pure sine have no
 * mean, so what the converters give on the mean at the first point is the offset. Errors are those of the power
 * registers of each phase, so that three phases are done at once. */
#ifndef SIM_WORKS_H
#define SIM_WORKS_H

#include "point.h"

/* The two load points. */
enum sim_works_point { SIM_WORKS_UNITY, SIM_WORKS_LAGGING, SIM_WORKS_POINTS };
extern const char *const sim_works_names[SIM_WORKS_POINTS];

/* Errors in percent at a load point. */
struct sim_works_errors {
    double voltage[EM_PHASE_COUNT];
    double power[EM_PHASES_AND_TOTAL];
};

struct sim_works {
    struct em_calibration calibration; /* that was found */
    struct sim_works_errors before[SIM_WORKS_POINTS], after[SIM_WORKS_POINTS];
};

/* Calibrates a meter with this front end. EM_ERR_RANGE: it errs more than constants can take back; `before` tells. */
enum em_err sim_works_calibrate(struct sim_works *works, const struct sim_front_end *fe, const struct sim_speed *speed);

#endif
