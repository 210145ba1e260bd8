/* SPDX-License-Identifier: MIT
 * Pictures of what seldom changes, kept as pixels: a redraw copies them. */
#ifndef UI_LAYERS_H
#define UI_LAYERS_H

#include <cairo.h>
#include <stdbool.h>

#include "vmeter/em_lcd.h"

enum ui_layer_kind {
    UI_LAYER_FRONT, /* housing and empty glass */
    UI_LAYER_GLASS, /* empty glass alone */
    UI_LAYER_INK,   /* what is lit */
};

/* Tells one layer from another. Set all bytes of it (memset), as they are compared. */
struct ui_layer {
    enum ui_layer_kind kind;
    bool powered, backlight;
    char serial[9];
    struct em_lcd lcd; /* of other layers than ink only `turned` */
};

typedef void ui_layer_draw(const void *ctx, cairo_t *cr, const struct ui_layer *layer);

struct ui_layers;
struct ui_layers *ui_layers_new(void);
void ui_layers_free(struct ui_layers *layers);

/* Draws a layer of width x height units with its top left corner at the origin: with pixels that are there or that
 * `draw` makes now. Where there are no pixels (SVG), or with rotation, `draw` draws on cr. */
void ui_layers_paint(struct ui_layers *layers, cairo_t *cr, const struct ui_layer *layer, double width, double height,
                     ui_layer_draw *draw, const void *ctx);

#endif
