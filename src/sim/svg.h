/* SPDX-License-Identifier: MIT
 * What our figures share: colours and texts. Plain SVG without scripts or fonts of its own. */
#ifndef SIM_SVG_H
#define SIM_SVG_H

#include <stdio.h>

#define SIM_SVG_INK     "#1b2733"
#define SIM_SVG_QUIET   "#6b7785"
#define SIM_SVG_GRID    "#e3e8ed"
#define SIM_SVG_AXIS    "#9aa5b1"
#define SIM_SVG_ALLOWED "#e4f2e7"
#define SIM_SVG_EDGE    "#58a06a"
#define SIM_SVG_WARM    "#c2571a"
#define SIM_SVG_BAD     "#c62828"
#define SIM_SVG_BLUE    "#1c62b8"
#define SIM_SVG_VIOLET  "#7a3ea8"
#define SIM_SVG_TEAL    "#0f8b8d"

/* Begins a figure of that many pixels on white; sim_svg_end ends it. */
void sim_svg_begin(FILE *out, double width, double height);
void sim_svg_end(FILE *out);

/* A text; anchor: "start", "middle" or "end". The bold one starts at x. */
void sim_svg_text(FILE *out, double x, double y, double size, const char *anchor, const char *colour, const char *text);
void sim_svg_bold(FILE *out, double x, double y, double size, const char *text);

/* Text as XML wants it, also in attributes. Control characters are left out. */
void sim_xml_text(FILE *out, const char *text);

#endif
