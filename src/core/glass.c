/* SPDX-License-Identifier: MIT */
#include "glass.h"

#include "vmeter/em_settings.h"

enum { A = 1, B = 2, C = 4, D = 8, E = 16, F = 32, G = 64 };

static const struct {
    char character;
    uint8_t segments;
} sevens[] = {
    {'0', A | B | C | D | E | F},
    {'1', B | C},
    {'2', A | B | D | E | G},
    {'3', A | B | C | D | G},
    {'4', B | C | F | G},
    {'5', A | C | D | F | G},
    {'6', A | C | D | E | F | G},
    {'7', A | B | C},
    {'8', A | B | C | D | E | F | G},
    {'9', A | B | C | D | F | G},
    {'A', A | B | C | E | F | G},
    {'B', C | D | E | F | G},
    {'C', A | D | E | F},
    {'D', B | C | D | E | G},
    {'E', A | D | E | F | G},
    {'F', A | E | F | G},
    {'r', E | G},
    {'o', C | D | E | G},
    {'-', G},
};

/* Of letters: g1 is G, then */
enum { G2 = 128, H = 256, I = 512, J = 1024, K = 2048, L = 4096, M = 8192 };

static const struct {
    char character;
    uint16_t segments;
} fourteens[] = {
    {'A', A | B | C | E | F | G | G2},
    {'B', A | B | C | D | G2 | I | L},
    {'C', A | D | E | F},
    {'D', A | B | C | D | I | L},
    {'E', A | D | E | F | G | G2},
    {'F', A | E | F | G},
    {'G', A | C | D | E | F | G2},
    {'H', B | C | E | F | G | G2},
    {'I', A | D | I | L},
    {'J', B | C | D | E},
    {'K', E | F | G | J | M},
    {'L', D | E | F},
    {'M', B | C | E | F | H | J},
    {'N', B | C | E | F | H | M},
    {'O', A | B | C | D | E | F},
    {'P', A | B | E | F | G | G2},
    {'Q', A | B | C | D | E | F | M},
    {'R', A | B | E | F | G | G2 | M},
    {'S', A | C | D | G2 | H},
    {'T', A | I | L},
    {'U', B | C | D | E | F},
    {'V', E | F | J | K},
    {'W', B | C | E | F | K | M},
    {'X', H | J | K | M},
    {'Y', H | J | L},
    {'Z', A | D | J | K},
    {'0', A | B | C | D | E | F | J | K},
    {'1', B | C | J},
    {'2', A | B | D | E | G | G2},
    {'3', A | B | C | D | G2},
    {'4', B | C | F | G | G2},
    {'5', A | C | D | F | G | G2},
    {'6', A | C | D | E | F | G | G2},
    {'7', A | B | C},
    {'8', A | B | C | D | E | F | G | G2},
    {'9', A | B | C | D | F | G | G2},
    {'-', G | G2},
    {'/', J | K},
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

void em_glass_light(struct em_lcd *lcd, unsigned bit)
{
    lcd->bits[bit / 8] |= (uint8_t)(1u << (bit % 8));
}

static void light_all(struct em_lcd *lcd, unsigned first, unsigned segments)
{
    for (; segments; segments >>= 1, first++)
        if (segments & 1)
            em_glass_light(lcd, first);
}

static void seven(struct em_lcd *lcd, unsigned first, char character)
{
    for (size_t k = 0; k < COUNT(sevens); k++)
        if (sevens[k].character == character)
            light_all(lcd, first, sevens[k].segments);
}

static void fourteen(struct em_lcd *lcd, unsigned first, char character)
{
    for (size_t k = 0; k < COUNT(fourteens); k++)
        if (fourteens[k].character == character)
            light_all(lcd, first, fourteens[k].segments);
}

void em_glass_seven(struct em_lcd *lcd, unsigned first, const char *text)
{
    for (; *text; text++, first += EM_LCD_SEVEN)
        seven(lcd, first, *text);
}

void em_glass_fourteen(struct em_lcd *lcd, unsigned first, const char *text)
{
    for (; *text; text++, first += EM_LCD_FOURTEEN)
        fourteen(lcd, first, *text);
}

void em_glass_number(struct em_lcd *lcd, unsigned first, int digits, uint32_t value, uint32_t base, int least)
{
    for (int k = digits - 1; k >= 0; k--, value /= base)
        if (value || digits - k <= least)
            seven(lcd, first + (unsigned)k * EM_LCD_SEVEN, "0123456789ABCDEF"[value % base]);
}

void em_glass_label(struct em_lcd *lcd, const char *text)
{
    unsigned k = 0;

    for (; *text && k <= EM_LCD_LETTERS; text++) {
        if (*text == '.' && k)
            em_glass_light(lcd, EM_LCD_LABEL_POINT + k - 1);
        else if (k < EM_LCD_LETTERS)
            fourteen(lcd, EM_LCD_LABEL + k++ * EM_LCD_FOURTEEN, *text);
    }
}

void em_glass_value(struct em_lcd *lcd, const char *text)
{
    int count = 0;
    unsigned digit;

    for (const char *t = text; *t; t++)
        count += *t != '.';
    if (count > EM_LCD_ENERGY_DIGITS) { /* only a minus is one too many */
        em_glass_light(lcd, EM_LCD_VALUE_MINUS);
        text++;
        count--;
    }
    digit = (unsigned)(EM_LCD_ENERGY_DIGITS - count);
    for (; *text; text++) {
        if (*text == '.')
            em_glass_light(lcd, EM_LCD_VALUE_POINT + digit - 1);
        else
            seven(lcd, EM_LCD_VALUE + digit++ * EM_LCD_SEVEN, *text);
    }
}

void em_glass_note(struct em_lcd *lcd, const char *text)
{
    for (unsigned bit = EM_LCD_NOTE; bit <= EM_LCD_NOTE_LAST; bit++)
        lcd->bits[bit / 8] &= (uint8_t) ~(1u << (bit % 8));
    em_glass_fourteen(lcd, EM_LCD_NOTE, text);
}

void em_glass_decimal(char text[EM_GLASS_TEXT], int64_t value, int decimals)
{
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    char reversed[EM_GLASS_TEXT];
    int n = 0;

    for (int digit = 0; rest || digit <= decimals; digit++, rest /= 10) {
        if (digit == decimals && decimals)
            reversed[n++] = '.';
        reversed[n++] = (char)('0' + rest % 10);
    }
    if (value < 0)
        reversed[n++] = '-';
    while (n)
        *text++ = reversed[--n];
    *text = '\0';
}

void em_glass_ratio(char text[EM_GLASS_TEXT], int32_t ct_ratio)
{
    em_glass_decimal(text, EM_CT_PRIMARY(ct_ratio), 0);
    while (*text)
        text++;
    *text++ = '/';
    em_glass_decimal(text, EM_CT_SECONDARY(ct_ratio), 0);
}
