/* SPDX-License-Identifier: MIT
 * vmeter firmware core: the segments of the display's glass.
 *
 * Segment memory is an array of bits; assets/glass.json tells the shape of each, under the name that it has here in
 * lower case and without EM_LCD_. A name with a count behind it stands for that many bits in a row. Parts 1 and 2 are
 * those of manual 7.1 and 7.2 (MID relevant), part 3 that of 7.3 and of the menu; which segments there are is our own
 * design. */
#ifndef EM_LCD_H
#define EM_LCD_H

#include "em_types.h"

/* Segments of a digit in the order a (top) b c d e f g (middle); of a letter a b c d e f, g1 and g2 (middle left and
 * right), h i j (upper diagonal, vertical, diagonal, from left to right), k l m (lower ones). Digits and letters are
 * counted from the left. */
#define EM_LCD_SEVEN    7
#define EM_LCD_FOURTEEN 14

#define EM_LCD_VERSION_DIGITS 4
#define EM_LCD_NUMBER_DIGITS  8
#define EM_LCD_CT_DIGITS      5 /* four of the primary, one of the secondary current */
#define EM_LCD_OBIS_DIGITS    3
#define EM_LCD_ENERGY_DIGITS  9
#define EM_LCD_ENERGY_POINTS  (EM_LCD_ENERGY_DIGITS - 1) /* point k stands behind digit k */
#define EM_LCD_LETTERS        9                          /* of the label; point k stands behind letter k */
#define EM_LCD_NOTE_LETTERS   9
#define EM_LCD_QR_SIZE        29
#define EM_LCD_QR_MODULES     (EM_LCD_QR_SIZE * EM_LCD_QR_SIZE)

/* A name for several bits, digits or letters in a row. */
#define EM_LCD_BITS(name, count)       name, name##_LAST = name + (count)-1
#define EM_LCD_SEVENS(name, digits)    EM_LCD_BITS(name, (digits)*EM_LCD_SEVEN)
#define EM_LCD_FOURTEENS(name, digits) EM_LCD_BITS(name, (digits)*EM_LCD_FOURTEEN)

enum em_lcd_bit {
    /* Part 1. */
    EM_LCD_SEVENS(EM_LCD_VERSION, EM_LCD_VERSION_DIGITS), /* 12.34 */
    EM_LCD_VERSION_POINT,
    EM_LCD_SW, /* the word before the version */
    EM_LCD_BLUETOOTH,
    EM_LCD_MODBUS,
    EM_LCD_MBUS,
    EM_LCD_WARNING,                              /* an error code is set */
    EM_LCD_BITS(EM_LCD_TARIFF, EM_TARIFF_COUNT), /* T1..T4, the one in force */
    EM_LCD_CT,                                   /* the word before the ratio */
    EM_LCD_SEVENS(EM_LCD_CT_DIGIT, EM_LCD_CT_DIGITS),
    EM_LCD_CT_SLASH,
    EM_LCD_SERIAL, /* "No" before the eight digits */
    EM_LCD_CRC,    /* "CRC" before them */
    EM_LCD_SEVENS(EM_LCD_NUMBER, EM_LCD_NUMBER_DIGITS),

    /* Part 2. */
    EM_LCD_SEVENS(EM_LCD_OBIS, EM_LCD_OBIS_DIGITS),
    EM_LCD_BITS(EM_LCD_OBIS_POINT, EM_LCD_OBIS_DIGITS - 1),
    EM_LCD_IMPORT,       /* what the digits count: forward energy ... */
    EM_LCD_EXPORT,       /* ... or reverse energy, */
    EM_LCD_SHOWN_TARIFF, /* the letter T, */
    EM_LCD_SEVENS(EM_LCD_SHOWN_TARIFF_DIGIT, 1),
    EM_LCD_KWH,
    EM_LCD_ENERGY_MINUS,
    EM_LCD_SEVENS(EM_LCD_ENERGY, EM_LCD_ENERGY_DIGITS),
    EM_LCD_ENERGY_POINT, /* behind the sixth digit */

    /* Part 3. */
    EM_LCD_TOTAL,
    EM_LCD_BITS(EM_LCD_PHASE, EM_PHASE_COUNT), /* L1..L3 */
    EM_LCD_HISTORY,                            /* a CT history page */
    EM_LCD_MENU,
    EM_LCD_FOURTEENS(EM_LCD_LABEL, EM_LCD_LETTERS),
    EM_LCD_BITS(EM_LCD_LABEL_POINT, EM_LCD_LETTERS),
    EM_LCD_VALUE_MINUS,
    EM_LCD_SEVENS(EM_LCD_VALUE, EM_LCD_ENERGY_DIGITS),
    EM_LCD_BITS(EM_LCD_VALUE_POINT, EM_LCD_ENERGY_POINTS),
    EM_LCD_BITS(EM_LCD_CURSOR, EM_LCD_ENERGY_DIGITS), /* a bar under the digit that is being changed */
    EM_LCD_FOURTEENS(EM_LCD_NOTE, EM_LCD_NOTE_LETTERS),
    EM_LCD_PREVIOUS, /* << and >> beside the note: a word is being chosen */
    EM_LCD_NEXT,
    EM_LCD_UNIT_VAR_MEGA, /* Three groups of units, each with prefixes: M k var h, */
    EM_LCD_UNIT_VAR_KILO,
    EM_LCD_UNIT_VAR,
    EM_LCD_UNIT_VAR_HOUR,
    EM_LCD_UNIT_W_MEGA, /* M k W h, */
    EM_LCD_UNIT_W_KILO,
    EM_LCD_UNIT_W,
    EM_LCD_UNIT_W_HOUR,
    EM_LCD_UNIT_VA_MEGA, /* M k V A; V and A also for themselves */
    EM_LCD_UNIT_VA_KILO,
    EM_LCD_UNIT_V,
    EM_LCD_UNIT_A,
    EM_LCD_UNIT_HZ,
    EM_LCD_AXES,                                     /* the cross between the quadrants */
    EM_LCD_BITS(EM_LCD_QUADRANT, EM_QUADRANT_COUNT), /* 1..4 */
    EM_LCD_GRID,                                     /* a pylon, */
    EM_LCD_LOAD,                                     /* a house, */
    EM_LCD_FORWARD,                                  /* between them an arrow from grid to load */
    EM_LCD_REVERSE,                                  /* and one from load to grid */
    EM_LCD_INDUCTIVE,
    EM_LCD_CAPACITIVE,
    EM_LCD_BITS(EM_LCD_QR, EM_LCD_QR_MODULES), /* row after row; lies over the rest of part 3 */

    EM_LCD_BIT_COUNT
};

#define EM_LCD_BYTES ((EM_LCD_BIT_COUNT + 7) / 8)

/* Segment memory: bit k is bits[k / 8] >> (k % 8) & 1. */
struct em_lcd {
    uint8_t bits[EM_LCD_BYTES];
    bool turned; /* screen direction: the whole picture by 180 degrees; no bit changes its meaning */
};

/* Is the segment dark, that is, to be seen? */
static inline bool em_lcd_lit(const struct em_lcd *lcd, unsigned bit)
{
    return lcd->bits[bit / 8] >> (bit % 8) & 1;
}

#endif
