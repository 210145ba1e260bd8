/* SPDX-License-Identifier: MIT
 * The meter's front as textures: drawn sharp at the pixels that it gets, and only when it looks as it has not looked
 * just before. */
#ifndef UI_FRONT_H
#define UI_FRONT_H

#include <SDL.h>

#include "vmeter/em_meter.h"

#include "face.h"

struct ui_front;

/* NULL with a message in error (size bytes). Free with ui_front_free. */
struct ui_front *ui_front_new(SDL_Renderer *renderer, char *error, size_t size);
void ui_front_free(struct ui_front *front);

/* Where it goes: as large as fits into the area (pixels). Returns whether that is another place than before. */
bool ui_front_place(struct ui_front *front, const SDL_Rect *area);

/* The width that it would like for a height, in pixels. */
double ui_front_width(double height);

/* Where it is. */
SDL_Rect ui_front_rect(const struct ui_front *front);

/* Draws it; its place has a shadow around it that needs some room. False when SDL can not. */
bool ui_front_draw(struct ui_front *front, const struct ui_look *look);

/* The button at a pixel, -1: none. */
int ui_front_button_at(const struct ui_front *front, double x, double y);

/* Drops all textures: the renderer has lost them. */
void ui_front_forget(struct ui_front *front);

/* Behind everything. */
#define UI_BACKGROUND 0xDD, 0xE1, 0xE5

#endif
