/* SPDX-License-Identifier: MIT
 * Words as outlines: the same at every size, on every surface, whatever the system says about hinting. */
#ifndef UI_TEXT_H
#define UI_TEXT_H

#include <cairo.h>

/* Where (x, y) is on the base line of a word. */
enum ui_anchor { UI_LEFT, UI_CENTRE, UI_RIGHT };

/* Adds the outlines of a word in bold sans to the current path. */
void ui_text_path(cairo_t *cr, const char *text, double x, double y, double size, enum ui_anchor anchor);

/* The same from x on, stretched horizontally to an advance width. */
void ui_text_stretched(cairo_t *cr, const char *text, double x, double y, double size, double width);

#endif
