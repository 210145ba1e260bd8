/* SPDX-License-Identifier: MIT
 * The housing: what never changes, and where the rest has its place. Lengths in mm from the front's top left corner. */
#ifndef UI_HOUSING_H
#define UI_HOUSING_H

#include <cairo.h>

#include "vmeter/em_display.h"
#include "vmeter/em_pulses.h"

struct ui_point {
    double x, y;
};

/* 0xRRGGBB, with an alpha. */
void ui_set_colour(cairo_t *cr, unsigned colour, double alpha);
void ui_add_stop(cairo_pattern_t *pattern, double at, unsigned colour, double alpha);

/* Adds a rectangle with round corners to the path. */
void ui_round_rectangle(cairo_t *cr, double x, double y, double width, double height, double radius);

/* Fills the path from top to bottom with two colours. */
void ui_fill_down(cairo_t *cr, double top, unsigned from, double bottom, unsigned to);

extern const struct ui_point ui_glass_place; /* its top left corner */
extern const struct ui_point ui_button_place[EM_BUTTON_COUNT];
extern const struct ui_point ui_output_place[EM_OUTPUT_COUNT];

#define UI_BUTTON_RADIUS 2.75
#define UI_BUTTON_WIDTH  8.8 /* of the field that feels a touch */
#define UI_BUTTON_HEIGHT 6.8

/* Draws the housing without the glass; the lamps are dark and nothing is pressed. */
void ui_housing_draw(cairo_t *cr, const char *serial);

/* Adds a button's symbol to the path. */
void ui_button_symbol(cairo_t *cr, enum em_button button);

#endif
