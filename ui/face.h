/* SPDX-License-Identifier: MIT
 * The meter's front as a picture: housing, glass, buttons, LED and terminals, drawn with cairo at any size. It shows
 * what it is given and knows no meter, so that window, PNG and SVG are the same picture. Lengths are millimetres from
 * the front's top left corner. */
#ifndef UI_FACE_H
#define UI_FACE_H

#include <cairo.h>
#include <stddef.h>

#include "vmeter/em_display.h"
#include "vmeter/em_pulses.h"

/* The front: a housing of two modules (36 mm wide, 90 mm high). */
#define UI_FACE_WIDTH  36.0
#define UI_FACE_HEIGHT 90.0

struct ui_face;

/* The front with its glass from assets/glass.json, which is built in. NULL with a message in error (size bytes): only
 * when that data is damaged. Free with ui_face_free. */
struct ui_face *ui_face_new(char *error, size_t size);
void ui_face_free(struct ui_face *face);

/* What is to be seen of a meter now. */
struct ui_look {
    struct em_lcd lcd;
    bool backlight;
    bool powered;                  /* false: the glass is dead */
    bool output[EM_OUTPUT_COUNT];  /* LED and S0 outputs that are on */
    bool pressed[EM_BUTTON_COUNT]; /* buttons that are touched */
    float held;                    /* 0..1: how far the touch of the middle button is to a hold */
    char serial[9];                /* printed on the housing */
};

/* Reads it from a meter; buttons and held stay as they are. */
void ui_look_at(struct ui_look *look, struct em_meter *m);

/* Draws the whole front with its top left corner at the origin; the caller scales (1 unit = 1 mm). On an image surface
 * it keeps pixels for the next time, for a few scales: one face is for one thread. */
void ui_face_draw(const struct ui_face *face, cairo_t *cr, const struct ui_look *look);

/* Draws the glass alone (the LCD's viewing area with its backlight), top left corner at the origin. *width and *height
 * get its size in mm and may be NULL; so may cr, to ask for the size. */
void ui_glass_draw(const struct ui_face *face, cairo_t *cr, const struct ui_look *look, double *width, double *height);

/* The button at a point of the front, in mm; -1: none. */
int ui_face_button_at(const struct ui_face *face, double x, double y);

/* Writes the glass (or, with `front`, the whole front) to FILE.png at `scale` pixels a millimetre, or to FILE.svg.
 * False with a message in error; FILE is then as it was. */
bool ui_face_save(const struct ui_face *face, const struct ui_look *look, bool front, double scale, const char *file,
                  char *error, size_t size);

#endif
