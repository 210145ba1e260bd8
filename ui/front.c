/* SPDX-License-Identifier: MIT */
#include "front.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Looks that are kept: a flashing LED and both S0 outputs go through eight of them and need no drawing at all. */
#define KEPT 8

/* Room around the housing for its shadow, in mm. */
#define SHADOW 3.0

struct ui_front {
    SDL_Renderer *renderer;
    struct ui_face *face;
    SDL_Rect place; /* of the textures, with the shadow's room */
    double scale;   /* pixels per mm */
    struct picture {
        SDL_Texture *texture; /* NULL: none */
        struct ui_look look;
        unsigned used; /* when, by `clock` */
    } kept[KEPT];
    unsigned clock;
};

struct ui_front *ui_front_new(SDL_Renderer *renderer, char *error, size_t size)
{
    struct ui_front *front = calloc(1, sizeof *front);

    if (!front)
        abort();
    front->renderer = renderer;
    front->face = ui_face_new(error, size);
    if (front->face)
        return front;
    free(front);
    return NULL;
}

void ui_front_forget(struct ui_front *front)
{
    for (int k = 0; k < KEPT; k++) {
        if (front->kept[k].texture)
            SDL_DestroyTexture(front->kept[k].texture);
        front->kept[k] = (struct picture){0};
    }
}

void ui_front_free(struct ui_front *front)
{
    if (!front)
        return;
    ui_front_forget(front);
    ui_face_free(front->face);
    free(front);
}

double ui_front_width(double height)
{
    return ceil(height * (UI_FACE_WIDTH + 2 * SHADOW) / (UI_FACE_HEIGHT + 2 * SHADOW));
}

bool ui_front_place(struct ui_front *front, const SDL_Rect *area)
{
    double wide = area->w / (UI_FACE_WIDTH + 2 * SHADOW), high = area->h / (UI_FACE_HEIGHT + 2 * SHADOW);
    double scale = wide < high ? wide : high;
    SDL_Rect place = {.w = (int)(scale * (UI_FACE_WIDTH + 2 * SHADOW)),
                      .h = (int)(scale * (UI_FACE_HEIGHT + 2 * SHADOW))};
    bool resized;

    place.x = area->x + (area->w - place.w) / 2;
    place.y = area->y + (area->h - place.h) / 2;
    if (memcmp(&place, &front->place, sizeof place) == 0)
        return false;
    resized = place.w != front->place.w || place.h != front->place.h;
    front->place = place;
    front->scale = scale;
    if (resized)
        ui_front_forget(front);
    return true;
}

SDL_Rect ui_front_rect(const struct ui_front *front)
{
    return front->place;
}

/* A soft shadow below: layer upon layer of a little dark. */
static void draw_shadow(cairo_t *cr)
{
    const double radius = 1.5;

    for (int k = 1; k <= 12; k++) {
        double grow = SHADOW * 0.8 * k / 12, x = -grow, y = -grow + 0.5, w = UI_FACE_WIDTH + 2 * grow,
               h = UI_FACE_HEIGHT + 2 * grow, r = radius + grow;

        cairo_new_sub_path(cr);
        cairo_arc(cr, x + w - r, y + r, r, -1.5708, 0);
        cairo_arc(cr, x + w - r, y + h - r, r, 0, 1.5708);
        cairo_arc(cr, x + r, y + h - r, r, 1.5708, 3.1416);
        cairo_arc(cr, x + r, y + r, r, 3.1416, 4.7124);
        cairo_close_path(cr);
        cairo_set_source_rgba(cr, 0.1, 0.12, 0.14, 0.012);
        cairo_fill(cr);
    }
}

static SDL_Texture *make_texture(const struct ui_front *front, const struct ui_look *look)
{
    static const double background[3] = {UI_BACKGROUND};
    SDL_Texture *texture = SDL_CreateTexture(front->renderer, SDL_PIXELFORMAT_ARGB8888, SDL_TEXTUREACCESS_STATIC,
                                             front->place.w, front->place.h);
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, front->place.w, front->place.h);
    cairo_t *cr = cairo_create(surface);

    cairo_set_source_rgb(cr, background[0] / 255, background[1] / 255, background[2] / 255);
    cairo_paint(cr);
    cairo_scale(cr, front->scale, front->scale);
    cairo_translate(cr, SHADOW, SHADOW);
    draw_shadow(cr);
    ui_face_draw(front->face, cr, look);
    cairo_destroy(cr);
    cairo_surface_flush(surface);
    if (texture) {
        SDL_SetTextureBlendMode(texture, SDL_BLENDMODE_NONE);
        SDL_UpdateTexture(texture, NULL, cairo_image_surface_get_data(surface),
                          cairo_image_surface_get_stride(surface));
    }
    cairo_surface_destroy(surface);
    return texture;
}

/* The kept picture of this look, or in place of the one that has not been used for longest a new one. */
static const struct picture *picture_of(struct ui_front *front, const struct ui_look *look)
{
    struct picture *oldest = &front->kept[0];

    for (int k = 0; k < KEPT; k++) {
        struct picture *p = &front->kept[k];

        if (p->texture && memcmp(&p->look, look, sizeof *look) == 0) {
            p->used = ++front->clock;
            return p;
        }
        if (!p->texture || (oldest->texture && front->clock - p->used > front->clock - oldest->used))
            oldest = p;
    }
    if (oldest->texture)
        SDL_DestroyTexture(oldest->texture);
    oldest->texture = make_texture(front, look);
    memcpy(&oldest->look, look, sizeof *look);
    oldest->used = ++front->clock;
    return oldest;
}

bool ui_front_draw(struct ui_front *front, const struct ui_look *look)
{
    const struct picture *p;

    if (front->place.w <= 0 || front->place.h <= 0)
        return true;
    p = picture_of(front, look);
    return p->texture && SDL_RenderCopy(front->renderer, p->texture, NULL, &front->place) == 0;
}

int ui_front_button_at(const struct ui_front *front, double x, double y)
{
    if (front->scale <= 0)
        return -1;
    return ui_face_button_at(front->face, (x - front->place.x) / front->scale - SHADOW,
                             (y - front->place.y) / front->scale - SHADOW);
}
