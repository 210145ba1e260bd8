/* SPDX-License-Identifier: MIT
 * Pictures of a meter in files. */
#ifndef CLI_PICTURE_H
#define CLI_PICTURE_H

#include "../sim/point.h"

/* Draws the display of a meter, or with `front` its whole front, at `scale` pixels a millimetre, as PNG or, if the
 * file's name ends in .svg, as SVG. False after telling the user why not. */
bool cli_picture(struct sim_point *point, bool front, double scale, const char *file);

/* The same for a snapshot event: a sim_snapshot_fn. */
bool cli_snapshot(void *unused, struct sim_point *point, const char *file);

#endif
