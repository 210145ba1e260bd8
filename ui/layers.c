/* SPDX-License-Identifier: MIT */
#include "layers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A window needs two at a time; when the backlight changes and changes back there is nothing to draw, either. */
#define SLOTS 6

/* Pictures larger than any screen are made once and not kept. */
#define PIXELS_MAX 6e6

struct slot {
    struct ui_layer layer;
    double scale, x, y; /* pixels per unit, and the fractions of a pixel at which it begins */
    int width, height;  /* in pixels */
    cairo_surface_t *pixels;
    unsigned used; /* the larger, the later */
};

struct ui_layers {
    struct slot slot[SLOTS];
    unsigned clock;
};

struct ui_layers *ui_layers_new(void)
{
    return calloc(1, sizeof(struct ui_layers));
}

void ui_layers_free(struct ui_layers *layers)
{
    for (int k = 0; layers && k < SLOTS; k++)
        if (layers->slot[k].pixels)
            cairo_surface_destroy(layers->slot[k].pixels);
    free(layers);
}

/* Pixels of the target are the units of its matrix, and upright. */
static bool has_pixels(cairo_t *cr, const cairo_matrix_t *m)
{
    cairo_surface_t *target = cairo_get_group_target(cr);
    double x, y;

    if (cairo_surface_get_type(target) != CAIRO_SURFACE_TYPE_IMAGE)
        return false;
    cairo_surface_get_device_scale(target, &x, &y);
    return x == 1 && y == 1 && m->xy == 0 && m->yx == 0 && m->xx == m->yy && m->xx > 0;
}

static bool is_same(const struct slot *a, const struct slot *b)
{
    return a->pixels && memcmp(&a->layer, &b->layer, sizeof a->layer) == 0 && a->scale == b->scale && a->x == b->x &&
           a->y == b->y && a->width == b->width && a->height == b->height;
}

static void fill(struct slot *slot, const struct slot *wanted, ui_layer_draw *draw, const void *ctx)
{
    cairo_t *cr;

    if (slot->pixels)
        cairo_surface_destroy(slot->pixels);
    *slot = *wanted;
    slot->pixels = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, slot->width, slot->height);
    cr = cairo_create(slot->pixels);
    cairo_translate(cr, slot->x, slot->y);
    cairo_scale(cr, slot->scale, slot->scale);
    draw(ctx, cr, &slot->layer);
    cairo_destroy(cr);
}

/* The wanted one, or the one that has not been used for longest, filled anew. */
static struct slot *find(struct ui_layers *layers, const struct slot *wanted, ui_layer_draw *draw, const void *ctx)
{
    struct slot *oldest = &layers->slot[0];

    for (int k = 0; k < SLOTS; k++) {
        struct slot *slot = &layers->slot[k];

        if (is_same(slot, wanted))
            return slot;
        if (slot->used < oldest->used)
            oldest = slot;
    }
    fill(oldest, wanted, draw, ctx);
    return oldest;
}

static void copy(cairo_t *cr, struct slot *slot, double x, double y)
{
    cairo_save(cr);
    cairo_identity_matrix(cr);
    cairo_set_source_surface(cr, slot->pixels, x, y);
    cairo_pattern_set_filter(cairo_get_source(cr), CAIRO_FILTER_NEAREST);
    cairo_paint(cr);
    cairo_restore(cr);
}

void ui_layers_paint(struct ui_layers *layers, cairo_t *cr, const struct ui_layer *layer, double width, double height,
                     ui_layer_draw *draw, const void *ctx)
{
    struct slot wanted = {.layer = *layer}, *slot;
    cairo_matrix_t m;

    cairo_get_matrix(cr, &m);
    if (!has_pixels(cr, &m) || width * m.xx * height * m.xx > PIXELS_MAX) {
        draw(ctx, cr, layer);
        return;
    }
    wanted.scale = m.xx;
    wanted.x = m.x0 - floor(m.x0);
    wanted.y = m.y0 - floor(m.y0);
    wanted.width = (int)ceil(wanted.x + width * m.xx);
    wanted.height = (int)ceil(wanted.y + height * m.xx);
    slot = find(layers, &wanted, draw, ctx);
    slot->used = ++layers->clock;
    copy(cr, slot, floor(m.x0), floor(m.y0));
}
