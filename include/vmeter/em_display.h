/* SPDX-License-Identifier: MIT
 * vmeter firmware core: the display and the three touch buttons.
 *
 * Nothing is drawn while samples come in: a clock counts them, and one comparison tells whether something happens by
 * itself (a long touch, a repeat, the end of a time-out). What alternates follows from the clock. Segment memory is
 * made when somebody looks, from the meter's state at that moment.
 *
 * Part 1: software version, tariff in force, serial number and CRC code in turn, CT ratio, indicators. Part 2: active
 * energy, register after register. Part 3: measuring pages, or the menu. Source: manual 7.1 to 7.6, 8.1. */
#ifndef EM_DISPLAY_H
#define EM_DISPLAY_H

#include "em_lcd.h"

struct em_meter;

/* Under the display, from left to right: <<, the middle one, >>. */
enum em_button { EM_BUTTON_LEFT, EM_BUTTON_MIDDLE, EM_BUTTON_RIGHT, EM_BUTTON_COUNT };

/* A touch of the middle button that is longer than this opens the menu or leaves a level. Source: manual 7.5. */
#define EM_HOLD_MS 3000

/* << or >> held on a digit: time to the first repeat, and from one to the next. Our decision. */
#define EM_REPEAT_FIRST_MS 500
#define EM_REPEAT_MS       200

#define EM_IDLE_S      60   /* without a touch, back to the measuring pages. Our decision */
#define EM_BACKLIGHT_S 30   /* after a touch, in button mode. Our decision */
#define EM_ALTERNATE_S 10   /* serial number and CRC code. Source: manual 7.1 */
#define EM_MESSAGE_MS  2000 /* an answer of the menu. Our decision */

/* What part 3 shows. */
enum em_screen {
    EM_SCREEN_PAGES,
    EM_SCREEN_LIST,     /* menu items */
    EM_SCREEN_PASSWORD, /* the digits of the password, before the settings */
    EM_SCREEN_DIGITS,   /* a number is being changed, digit by digit */
    EM_SCREEN_CHOICE,   /* one of several values is being chosen */
    EM_SCREEN_CONFIRM,  /* no or yes */
    EM_SCREEN_QR,
};

/* What the menu answers. */
enum em_message {
    EM_MESSAGE_SAVED,
    EM_MESSAGE_DONE,
    EM_MESSAGE_WRONG,  /* password */
    EM_MESSAGE_RANGE,  /* not a value of this setting */
    EM_MESSAGE_LOCKED, /* not any more: an eighth CT ratio */
    EM_MESSAGE_FIXED,  /* this setting can not be changed */
};

#define EM_MENU_DIGITS 8

struct em_display {
    uint64_t now;           /* samples since the start */
    uint64_t due;           /* when something happens by itself; 0: nothing will */
    uint64_t touched;       /* when a button was touched or let go of last */
    uint64_t message_until; /* the menu's answer is shown so long */
    uint8_t held;           /* 1 + enum em_button of the button that is being touched, or 0 */
    bool spent;             /* the present touch has acted already */
    bool was_touched;       /* since the start */
    bool bluetooth;
    uint8_t group, page; /* of part 3: total, L1..L3, CT sets; and which page of it */
    uint8_t screen;      /* enum em_screen */
    uint8_t item;        /* row of the menu's table */
    uint8_t message;     /* enum em_message: the menu's newest answer */
    uint8_t choice;      /* the one shown */
    uint8_t cursor;      /* digit that is being changed */
    uint8_t digits[EM_MENU_DIGITS];
    int32_t primary; /* of a CT ratio that is being entered */
    bool has_qr;     /* these two stay without supply */
    uint8_t qr[(EM_LCD_QR_MODULES + 7) / 8];
    struct em_lcd lcd;
};

/* n samples have passed. */
void em_display_run(struct em_meter *m, uint32_t n);

/* As at a start: first page, no button touched, Bluetooth off. */
void em_display_reset(struct em_display *d);

/* A button is touched (down) or let go of. The first one touched counts until it is let go of, others are ignored
 * meanwhile. A short touch acts when it ends. Nothing happens while the meter is off. */
void em_meter_button(struct em_meter *m, enum em_button button, bool down);

/* Segment memory as of now; valid until the next call with m. All dark while the meter is off. */
const struct em_lcd *em_meter_lcd(struct em_meter *m);

/* Is the backlight on? */
bool em_meter_backlight(const struct em_meter *m);

/* Is Bluetooth switched on? It is off after a start and is not stored. */
bool em_meter_bluetooth(const struct em_meter *m);

/* The pattern of the Bluetooth page, EM_LCD_QR_SIZE x EM_LCD_QR_SIZE modules row after row, bit k in
 * modules[k / 8] >> (k % 8); it is copied and stays over a power-down. NULL: none, the page then has words only. The
 * core does not encode QR: on a meter the pattern is written at the works, as it holds what tells this meter from
 * others. */
void em_meter_set_qr(struct em_meter *m, const uint8_t *modules);

#endif
