/* SPDX-License-Identifier: MIT
 * The display as text, read back from segment memory alone: for expectations, reports and `vmeter lcd --text`. */
#ifndef SIM_LCD_H
#define SIM_LCD_H

#include "vmeter/em_lcd.h"

#define SIM_LCD_TEXT    64
#define SIM_LCD_PICTURE 4096

/* Only characters 0-9 A-Z a-z / . - and blank occur; a digit or letter of no known shape reads as 'x' (no shape of the
 * display's is a small x). */

/* Part 1: version, tariff, serial number or CRC code, CT ratio: "1.00 T1 No 19020246 CT 100/5". Empty when dark. */
void sim_lcd_part1(const struct em_lcd *lcd, char text[SIM_LCD_TEXT]);

/* Part 2: the digits, with the OBIS code before them if that is shown: "000012.345", "2.8.1 -000012.345",
 * "Error 81". Empty when dark. */
void sim_lcd_part2(const struct em_lcd *lcd, char text[SIM_LCD_TEXT]);

/* Part 3: marks, label, value, unit, note: "TOTAL POWER P 12.345 kW", "MENU PARITY EVEN". "QR" for a pattern. Empty
 * when dark. */
void sim_lcd_part3(const struct em_lcd *lcd, char text[SIM_LCD_TEXT]);

/* Indicators, and arrow and quadrant of part 3, in this order as far as they are lit: bluetooth modbus mbus warning
 * forward or reverse, q1..q4, inductive or capacitive, turned. */
void sim_lcd_icons(const struct em_lcd *lcd, char text[SIM_LCD_TEXT]);

/* Many lines, as the display is laid out. */
void sim_lcd_picture(const struct em_lcd *lcd, char text[SIM_LCD_PICTURE]);

#endif
