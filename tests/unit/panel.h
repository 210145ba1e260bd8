/* SPDX-License-Identifier: MIT
 * Shared by the tests of display and menu: buttons to touch, and what the display shows as text. */
#ifndef PANEL_H
#define PANEL_H

#include "lcd.h"
#include "unit.h"

/* A touch too short to be measured: no sample passes. */
void panel_touch(struct unit_rig *rig, enum em_button button);

/* The same, times times. */
void panel_touches(struct unit_rig *rig, enum em_button button, int times);

/* A touch of that many seconds. */
void panel_hold(struct unit_rig *rig, enum em_button button, double seconds);

/* Time passes without anybody measuring: only the display's clock moves. */
void panel_wait(struct unit_rig *rig, double seconds);

/* Texts of the display as of now, good until the fourth call from now. */
const char *panel_part1(struct unit_rig *rig);
const char *panel_part2(struct unit_rig *rig);
const char *panel_part3(struct unit_rig *rig);
const char *panel_icons(struct unit_rig *rig);

/* Is a segment lit now? */
bool panel_lit(struct unit_rig *rig, unsigned bit);

/* A collection of pictures, to be compared with a file of the golden folder. */
struct panel_album {
    char text[65536];
    size_t n;
};

/* Adds the picture of now under a title; instead of the meter's CRC code it says CRC-CODE. */
void panel_picture(struct panel_album *album, struct unit_rig *rig, const char *title);

/* Fails unless tests/golden/lcd/NAME.txt holds exactly the album. With VMETER_GOLDEN=write in the environment it is
 * written instead. */
void panel_compare(const struct panel_album *album, const char *name);

#define PANEL_SHOWS(part, want) ck_assert_str_eq(panel_##part(&rig), (want))

#endif
