/* SPDX-License-Identifier: MIT */
#include "face.h"
#include "glass.h"
#include "glass_json.h"
#include "housing.h"
#include "layers.h"
#include "vmeter/em_meter.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ui_face {
    struct ui_glass *glass;
    struct ui_layers *layers;
};

struct ui_face *ui_face_new(char *error, size_t size)
{
    struct ui_face *face = calloc(1, sizeof *face);

    if (face) {
        face->glass = ui_glass_new(ui_glass_json, error, size);
        face->layers = ui_layers_new();
    }
    if (face && face->glass && face->layers)
        return face;
    if (!face || !face->layers)
        snprintf(error, size, "no memory");
    ui_face_free(face);
    return NULL;
}

void ui_face_free(struct ui_face *face)
{
    if (!face)
        return;
    ui_glass_free(face->glass);
    ui_layers_free(face->layers);
    free(face);
}

/* --- what is to be seen of a meter --- */

void ui_look_at(struct ui_look *look, struct em_meter *m)
{
    look->lcd = *em_meter_lcd(m);
    look->powered = em_meter_running(m);
    look->backlight = em_meter_backlight(m);
    for (int k = 0; k < EM_OUTPUT_COUNT; k++)
        look->output[k] = m->pulses.output[k].on;
    snprintf(look->serial, sizeof look->serial, "%08u",
             (unsigned)m->settings.value[EM_SETTING_SERIAL_NUMBER] % 100000000);
}

/* --- the glass --- */

/* Field: middle and corners of the glass; ink: what is lit; depth of the shadow under it. */
struct tint {
    unsigned middle, corner, ink;
    double strength, shadow;
};

/* Dark on blue with backlight, dark on grey-green in daylight. Without supply the same glass, empty. */
static const struct tint backlit = {0x7CC8FF, 0x3C9DF2, 0x061238, 0.95, 0};
static const struct tint daylight = {0xB9C3B0, 0xA3AE9B, 0x171C1E, 0.92, 0.14};

#define GHOST 0.045

static const struct tint *tint_of(const struct ui_layer *layer)
{
    return layer->backlight ? &backlit : &daylight;
}

static void fill_shapes(const struct ui_face *face, cairo_t *cr, enum ui_shapes shapes, const struct em_lcd *lcd,
                        unsigned colour, double alpha)
{
    cairo_set_fill_rule(cr, CAIRO_FILL_RULE_EVEN_ODD);
    ui_glass_path(face->glass, cr, shapes, lcd);
    ui_set_colour(cr, colour, alpha);
    cairo_fill(cr);
}

static void draw_field(cairo_t *cr, const struct tint *tint, double width, double height)
{
    cairo_pattern_t *light =
        cairo_pattern_create_radial(width / 2, height / 2, 0, width / 2, height / 2, hypot(width, height) / 2);

    ui_add_stop(light, 0, tint->middle, 1);
    ui_add_stop(light, 1, tint->corner, 1);
    cairo_rectangle(cr, 0, 0, width, height);
    cairo_set_source(cr, light);
    cairo_fill(cr);
    cairo_pattern_destroy(light);
}

/* The bezel's shadow along one edge, (x, y) its depth. */
static void draw_edge_shadow(cairo_t *cr, double width, double height, double x0, double y0, double x1, double y1,
                             double alpha)
{
    cairo_pattern_t *shadow = cairo_pattern_create_linear(x0, y0, x1, y1);

    ui_add_stop(shadow, 0, 0, alpha);
    ui_add_stop(shadow, 0.35, 0, alpha * 0.35);
    ui_add_stop(shadow, 1, 0, 0);
    cairo_rectangle(cr, 0, 0, width, height);
    cairo_set_source(cr, shadow);
    cairo_fill(cr);
    cairo_pattern_destroy(shadow);
}

/* Light comes from above left. */
static void draw_bezel_shadow(cairo_t *cr, double width, double height)
{
    draw_edge_shadow(cr, width, height, 0, 0, 0, 1.1, 0.42);
    draw_edge_shadow(cr, width, height, 0, 0, 0.8, 0, 0.30);
    draw_edge_shadow(cr, width, height, width, 0, width - 0.5, 0, 0.16);
    draw_edge_shadow(cr, width, height, 0, height, 0, height - 0.5, 0.12);
}

/* The glass with nothing lit. */
static void draw_empty_glass(const struct ui_face *face, cairo_t *cr, const struct ui_layer *layer)
{
    const struct tint *tint = tint_of(layer);
    double width = ui_glass_width(face->glass), height = ui_glass_height(face->glass);

    draw_field(cr, tint, width, height);
    fill_shapes(face, cr, UI_SHAPES_PRINT, &layer->lcd, tint->ink, 0.5);
    fill_shapes(face, cr, UI_SHAPES_GHOST, &layer->lcd, tint->ink, GHOST);
    draw_bezel_shadow(cr, width, height);
}

static void draw_ink(const struct ui_face *face, cairo_t *cr, const struct ui_layer *layer)
{
    const struct tint *tint = tint_of(layer);

    if (tint->shadow > 0) {
        cairo_save(cr);
        cairo_translate(cr, 0.1, 0.14);
        fill_shapes(face, cr, UI_SHAPES_LIT, &layer->lcd, tint->ink, tint->shadow);
        cairo_restore(cr);
    }
    fill_shapes(face, cr, UI_SHAPES_LIT, &layer->lcd, tint->ink, tint->strength);
}

/* --- what moves on the housing --- */

static void glow(cairo_t *cr, struct ui_point at, double radius, unsigned colour, double alpha)
{
    cairo_pattern_t *light = cairo_pattern_create_radial(at.x, at.y, 0, at.x, at.y, radius);

    ui_add_stop(light, 0, colour, alpha);
    ui_add_stop(light, 0.4, colour, alpha * 0.4);
    ui_add_stop(light, 1, colour, 0);
    cairo_arc(cr, at.x, at.y, radius, 0, 4 * acos(0));
    cairo_set_source(cr, light);
    cairo_fill(cr);
    cairo_pattern_destroy(light);
}

static void draw_lamps(cairo_t *cr, const struct ui_look *look)
{
    static const struct {
        unsigned halo, core;
        double radius;
    } lamp[EM_OUTPUT_COUNT] = {{0xFF2A1A, 0xFF4A38, 0.75}, {0xFFB000, 0xFFC93C, 0.45}, {0xFFB000, 0xFFC93C, 0.45}};

    for (int k = 0; k < EM_OUTPUT_COUNT; k++) {
        if (!look->output[k])
            continue;
        glow(cr, ui_output_place[k], lamp[k].radius * 3, lamp[k].halo, 0.75);
        cairo_arc(cr, ui_output_place[k].x, ui_output_place[k].y, lamp[k].radius, 0, 4 * acos(0));
        ui_set_colour(cr, lamp[k].core, 1);
        cairo_fill(cr);
        glow(cr, ui_output_place[k], lamp[k].radius * 0.8, 0xFFF2E0, 0.9);
    }
}

#define TOUCH 0x5CB4FF

static void draw_pressed(cairo_t *cr, enum em_button button)
{
    cairo_arc(cr, ui_button_place[button].x, ui_button_place[button].y, UI_BUTTON_RADIUS, 0, 4 * acos(0));
    ui_set_colour(cr, TOUCH, 0.28);
    cairo_fill(cr);
    ui_button_symbol(cr, button);
    cairo_set_line_width(cr, 0.4);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    ui_set_colour(cr, 0xFFFFFF, 1);
    cairo_stroke(cr);
}

/* The ring begins at the top and fills clockwise. */
static void draw_hold(cairo_t *cr, double held)
{
    const double top = -acos(0), turn = 4 * acos(0);
    struct ui_point at = ui_button_place[EM_BUTTON_MIDDLE];

    if (!(held > 0))
        return;
    cairo_new_path(cr);
    cairo_arc(cr, at.x, at.y, UI_BUTTON_RADIUS, top, top + turn * fmin(held, 1));
    cairo_set_line_width(cr, 0.45);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_BUTT);
    ui_set_colour(cr, TOUCH, 1);
    cairo_stroke(cr);
}

static void draw_touches(cairo_t *cr, const struct ui_look *look)
{
    for (int k = 0; k < EM_BUTTON_COUNT; k++)
        if (look->pressed[k])
            draw_pressed(cr, (enum em_button)k);
    draw_hold(cr, look->held);
}

/* --- the whole --- */

static struct ui_layer layer_of(const struct ui_look *look, enum ui_layer_kind kind)
{
    struct ui_layer layer;

    memset(&layer, 0, sizeof layer);
    layer.kind = kind;
    layer.powered = look->powered;
    layer.backlight = look->powered && look->backlight;
    layer.lcd.turned = look->lcd.turned;
    if (kind == UI_LAYER_INK)
        memcpy(layer.lcd.bits, look->lcd.bits, sizeof layer.lcd.bits);
    if (kind == UI_LAYER_FRONT)
        snprintf(layer.serial, sizeof layer.serial, "%s", look->serial);
    return layer;
}

static void draw_layer(const void *ctx, cairo_t *cr, const struct ui_layer *layer)
{
    const struct ui_face *face = ctx;

    cairo_save(cr);
    if (layer->kind == UI_LAYER_FRONT) {
        ui_housing_draw(cr, layer->serial);
        cairo_translate(cr, ui_glass_place.x, ui_glass_place.y);
    }
    if (layer->kind == UI_LAYER_INK)
        draw_ink(face, cr, layer);
    else
        draw_empty_glass(face, cr, layer);
    cairo_restore(cr);
}

static void paint(const struct ui_face *face, cairo_t *cr, const struct ui_look *look, enum ui_layer_kind kind,
                  double width, double height)
{
    struct ui_layer layer = layer_of(look, kind);

    cairo_new_path(cr);
    ui_layers_paint(face->layers, cr, &layer, width, height, draw_layer, face);
}

static void paint_ink(const struct ui_face *face, cairo_t *cr, const struct ui_look *look)
{
    if (look->powered)
        paint(face, cr, look, UI_LAYER_INK, ui_glass_width(face->glass), ui_glass_height(face->glass));
}

void ui_face_draw(const struct ui_face *face, cairo_t *cr, const struct ui_look *look)
{
    cairo_save(cr);
    paint(face, cr, look, UI_LAYER_FRONT, UI_FACE_WIDTH, UI_FACE_HEIGHT);
    draw_touches(cr, look);
    draw_lamps(cr, look);
    cairo_translate(cr, ui_glass_place.x, ui_glass_place.y);
    paint_ink(face, cr, look);
    cairo_restore(cr);
}

void ui_glass_draw(const struct ui_face *face, cairo_t *cr, const struct ui_look *look, double *width, double *height)
{
    double w = ui_glass_width(face->glass), h = ui_glass_height(face->glass);

    if (width)
        *width = w;
    if (height)
        *height = h;
    if (!cr)
        return;
    cairo_save(cr);
    paint(face, cr, look, UI_LAYER_GLASS, w, h);
    paint_ink(face, cr, look);
    cairo_restore(cr);
}

int ui_face_button_at(const struct ui_face *face, double x, double y)
{
    (void)face;
    for (int k = 0; k < EM_BUTTON_COUNT; k++)
        if (fabs(x - ui_button_place[k].x) <= UI_BUTTON_WIDTH / 2 &&
            fabs(y - ui_button_place[k].y) <= UI_BUTTON_HEIGHT / 2)
            return k;
    return -1;
}
