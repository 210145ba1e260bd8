/* SPDX-License-Identifier: MIT
 * SVG path strings. */
#ifndef UI_SVGPATH_H
#define UI_SVGPATH_H

#include <cairo.h>
#include <stdbool.h>

/* Adds a path of the commands M L H V A Z and m l h v a z to the current path, in cr's units. False if the text is
 * something else. */
bool ui_svgpath(cairo_t *cr, const char *text);

#endif
