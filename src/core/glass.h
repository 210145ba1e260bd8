/* SPDX-License-Identifier: MIT
 * Writing on the glass: characters and numbers to segments. */
#ifndef EM_GLASS_H
#define EM_GLASS_H

#include "vmeter/em_lcd.h"

/* Darkens one segment. */
void em_glass_light(struct em_lcd *lcd, unsigned bit);

/* Writes text from digit `first` bit on; what has no shape stays blank. Seven segments: 0-9 A-F r o - and blank. */
void em_glass_seven(struct em_lcd *lcd, unsigned first, const char *text);

/* The same with fourteen segments: A-Z 0-9 - / and blank. */
void em_glass_fourteen(struct em_lcd *lcd, unsigned first, const char *text);

/* `digits` digits of value to the base 10 or 16, from bit `first` on; leading zeros are blank but for the last `least`
 * digits. */
void em_glass_number(struct em_lcd *lcd, unsigned first, int digits, uint32_t value, uint32_t base, int least);

/* The label line of part 3; a '.' goes to the point behind the letter before it. */
void em_glass_label(struct em_lcd *lcd, const char *text);

/* The value line of part 3, right-aligned: 0-9 A-F - and points. EM_LCD_ENERGY_DIGITS digits at most; a minus in front
 * of that many has a segment of its own. */
void em_glass_value(struct em_lcd *lcd, const char *text);

/* The note line of part 3, in place of what stood there. */
void em_glass_note(struct em_lcd *lcd, const char *text);

/* Decimal digits of value with `decimals` of them behind the point and at least one before it, to text. */
#define EM_GLASS_TEXT 24
void em_glass_decimal(char text[EM_GLASS_TEXT], int64_t value, int decimals);

/* "100/5", to text. */
void em_glass_ratio(char text[EM_GLASS_TEXT], int32_t ct_ratio);

#endif
