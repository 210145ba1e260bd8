/* SPDX-License-Identifier: MIT
 * Pictures of a meter in files. */
#ifndef CLI_PICTURE_H
#define CLI_PICTURE_H

#include "../sim/sim.h"

/* Draws the display of a meter, or with `front` its whole front, at `scale` pixels a millimetre, as PNG or, if the
 * file's name ends in .svg, as SVG. False after telling the user why not. */
bool cli_picture(struct sim_point *point, bool front, double scale, const char *file);

/* What a simulation has from this program: snapshots are drawn, and each meter has its QR code. */
void cli_equip(struct sim *sim);

#endif
