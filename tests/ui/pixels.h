/* SPDX-License-Identifier: MIT
 * Shared by the tests of the picture: pixels of a look, and how far pictures differ. */
#ifndef PIXELS_H
#define PIXELS_H

#include "face.h"
#include "unit.h"

/* A picture of red, green and blue, row after row, over white. */
struct pixels {
    int width, height;
    unsigned char *rgb;
};

/* The face that all tests of a file use; made once. */
struct ui_face *pixels_face(void);

/* A backlit meter without anything lit. */
struct ui_look pixels_look(void);

/* Lights a segment. */
void pixels_light(struct ui_look *look, unsigned bit);

/* The glass, or the front; scale is px/mm. Free with pixels_free. */
struct pixels pixels_draw(const struct ui_look *look, bool front, double scale);
struct pixels pixels_of(cairo_surface_t *surface);
void pixels_free(struct pixels *pixels);

/* 0..1: how much of a backlit pixel (its number) is covered by segments; empty is the same glass with nothing lit. */
double pixels_ink(const struct pixels *drawn, const struct pixels *empty, int number);

/* Mean of the absolute differences, and the largest difference of the two after a blur of 3 x 3 pixels; of 255. */
struct pixels_difference {
    double mean, blurred;
};
struct pixels_difference pixels_compare(const struct pixels *a, const struct pixels *b);

#endif
