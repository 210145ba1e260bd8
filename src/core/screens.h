/* SPDX-License-Identifier: MIT
 * The parts of the display among themselves: keys go in, part 3 comes out. */
#ifndef EM_SCREENS_H
#define EM_SCREENS_H

#include "vmeter/em_meter.h"

enum em_key { EM_KEY_LEFT, EM_KEY_MIDDLE, EM_KEY_RIGHT, EM_KEY_HOLD };

/* What of a register of active or reactive energy the LCD shows: reverse active energy has a minus, but not under C-03.
 * Source: manual 7.6.11. */
int32_t em_shown_energy(const struct em_meter *m, em_energy_id id);

/* Tariffs that the display knows: two, or four once T3 or T4 has been used. Source: manual 7.2. */
unsigned em_shown_tariffs(const struct em_meter *m);

/* Measuring pages. */
void em_pages_key(struct em_meter *m, enum em_key key);
void em_pages_draw(struct em_meter *m, struct em_lcd *lcd);

/* Arrow and quadrant of a phase or the total. */
void em_pages_draw_flow(struct em_meter *m, struct em_lcd *lcd, int scope);

/* The menu; em_menu_open is called from the measuring pages. */
void em_menu_open(struct em_meter *m);
void em_menu_key(struct em_meter *m, enum em_key key);
void em_menu_draw(struct em_meter *m, struct em_lcd *lcd);

#endif
