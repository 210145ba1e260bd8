/* SPDX-License-Identifier: MIT */
#include "pixels.h"

#include <stdlib.h>
#include <string.h>

struct ui_face *pixels_face(void)
{
    static struct ui_face *face;
    char error[200] = "";

    if (!face)
        face = ui_face_new(error, sizeof error);
    ck_assert_msg(face != NULL, "%s", error);
    return face;
}

struct ui_look pixels_look(void)
{
    struct ui_look look = {.backlight = true, .powered = true, .serial = "19020246"};

    return look;
}

void pixels_light(struct ui_look *look, unsigned bit)
{
    look->lcd.bits[bit / 8] |= (uint8_t)(1u << bit % 8);
}

/* cairo's pixels are words of ARGB, with colours that have been multiplied by A. */
struct pixels pixels_of(cairo_surface_t *surface)
{
    struct pixels p = {cairo_image_surface_get_width(surface), cairo_image_surface_get_height(surface), NULL};
    int stride = cairo_image_surface_get_stride(surface);
    bool has_alpha = cairo_image_surface_get_format(surface) == CAIRO_FORMAT_ARGB32;

    cairo_surface_flush(surface);
    p.rgb = malloc((size_t)p.width * p.height * 3);
    for (int k = 0; k < p.width * p.height; k++) {
        uint32_t word, white;

        memcpy(&word, cairo_image_surface_get_data(surface) + k / p.width * stride + k % p.width * 4, sizeof word);
        white = has_alpha ? 255 - (word >> 24) : 0;
        for (int c = 0; c < 3; c++)
            p.rgb[3 * k + c] = (unsigned char)((word >> (16 - 8 * c) & 255) + white);
    }
    return p;
}

struct pixels pixels_draw(const struct ui_look *look, bool front, double scale)
{
    double width = UI_FACE_WIDTH, height = UI_FACE_HEIGHT;
    cairo_surface_t *surface;
    struct pixels pixels;
    cairo_t *cr;

    if (!front)
        ui_glass_draw(pixels_face(), NULL, look, &width, &height);
    surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, (int)lrint(width * scale), (int)lrint(height * scale));
    cr = cairo_create(surface);
    cairo_scale(cr, scale, scale);
    if (front)
        ui_face_draw(pixels_face(), cr, look);
    else
        ui_glass_draw(pixels_face(), cr, look, NULL, NULL);
    cairo_destroy(cr);
    pixels = pixels_of(surface);
    cairo_surface_destroy(surface);
    return pixels;
}

void pixels_free(struct pixels *pixels)
{
    free(pixels->rgb);
    pixels->rgb = NULL;
}

/* Green is bright on the glass and next to nothing in the ink (6 * 18 of 255). */
double pixels_ink(const struct pixels *drawn, const struct pixels *empty, int number)
{
    double paper = empty->rgb[3 * number + 1], ink = 0.95 * 18 + 0.05 * paper;

    return (paper - drawn->rgb[3 * number + 1]) / (paper - ink);
}

static double blurred(const struct pixels *a, const struct pixels *b, int x, int y, int colour)
{
    int sum = 0;

    for (int k = 0; k < 9; k++) {
        int at = 3 * ((y + k / 3) * a->width + x + k % 3) + colour;

        sum += a->rgb[at] - b->rgb[at];
    }
    return abs(sum) / 9.0;
}

struct pixels_difference pixels_compare(const struct pixels *a, const struct pixels *b)
{
    struct pixels_difference difference = {0};
    int n = a->width * a->height * 3;

    ck_assert_int_eq(a->width, b->width);
    ck_assert_int_eq(a->height, b->height);
    for (int k = 0; k < n; k++)
        difference.mean += abs(a->rgb[k] - b->rgb[k]) / (double)n;
    for (int k = 0; k < (a->width - 2) * (a->height - 2) * 3; k++)
        difference.blurred =
            fmax(difference.blurred, blurred(a, b, k / 3 % (a->width - 2), k / 3 / (a->width - 2), k % 3));
    return difference;
}
