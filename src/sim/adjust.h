/* SPDX-License-Identifier: MIT
 * The end of a production line: finds a meter's calibration constants from two load points.
 *
 * At Un, 1 A, PF 1 the error of each phase gives its gains, and at Un, 1 A, PF 0.5 inductive what is left gives the
 * angle between its current and its voltage. Offsets need no point of their own: whole cycles of a pure sine have no
 * mean, so what the converters give on the mean at the first point is the offset. Errors are those of the power
 * registers of each phase, so that three phases are done at once. */
#ifndef SIM_ADJUST_H
#define SIM_ADJUST_H

#include "point.h"

/* The two load points. */
enum sim_adjust_point { SIM_ADJUST_UNITY, SIM_ADJUST_LAGGING, SIM_ADJUST_POINTS };
extern const char *const sim_adjust_names[SIM_ADJUST_POINTS];

/* Errors in percent at a load point. */
struct sim_adjust_errors {
    double voltage[EM_PHASE_COUNT];
    double power[EM_PHASES_AND_TOTAL];
};

struct sim_adjustment {
    struct em_calibration calibration; /* that was found */
    struct sim_adjust_errors before[SIM_ADJUST_POINTS], after[SIM_ADJUST_POINTS];
};

/* Calibrates a meter with this front end. EM_ERR_RANGE: it errs more than constants can take back; `before` tells. */
enum em_err sim_adjust(struct sim_adjustment *adjustment, const struct sim_front_end *fe,
                       const struct sim_speed *speed);

#endif
