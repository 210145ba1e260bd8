/* SPDX-License-Identifier: MIT
 * The shapes of the display's glass, from the text of assets/glass.json. */
#ifndef UI_GLASS_H
#define UI_GLASS_H

#include <cairo.h>
#include <stddef.h>

#include "vmeter/em_lcd.h"

/* Which shapes: what is printed, what leaves a trace when it is not lit, or what a display shows. */
enum ui_shapes { UI_SHAPES_PRINT, UI_SHAPES_GHOST, UI_SHAPES_LIT };

struct ui_glass;

/* NULL with a message in error (size bytes) if the text is not a whole glass. Free with ui_glass_free. */
struct ui_glass *ui_glass_new(const char *json, char *error, size_t size);
void ui_glass_free(struct ui_glass *glass);

double ui_glass_width(const struct ui_glass *glass); /* mm */
double ui_glass_height(const struct ui_glass *glass);

/* Adds shapes to the current path, in mm from the glass's top left corner, to be filled by the even-odd rule. Turned,
 * if the display is. */
void ui_glass_path(const struct ui_glass *glass, cairo_t *cr, enum ui_shapes shapes, const struct em_lcd *lcd);

#endif
