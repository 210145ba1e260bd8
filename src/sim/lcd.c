/* SPDX-License-Identifier: MIT */
#include "lcd.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define UNKNOWN 'x'

/* Segments a, b, c... as bits 0, 1, 2...; the shapes as one finds them on the glass, not the core's tables. */
struct shape {
    char character;
    const char *segments;
};

/* g is the middle bar. */
static const struct shape sevens[] = {
    {' ', ""},       {'0', "abcdef"}, {'1', "bc"},     {'2', "abdeg"}, {'3', "abcdg"},
    {'4', "bcfg"},   {'5', "acdfg"},  {'6', "acdefg"}, {'7', "abc"},   {'8', "abcdefg"},
    {'9', "abcdfg"}, {'A', "abcefg"}, {'B', "cdefg"},  {'C', "adef"},  {'D', "bcdeg"},
    {'E', "adefg"},  {'F', "aefg"},   {'r', "eg"},     {'o', "cdeg"},  {'-', "g"},
};

/* g and n are the left and the right half of the middle bar; h i j the upper, k l m the lower diagonals and verticals.
 */
static const struct shape fourteens[] = {
    {' ', ""},        {'A', "abcefgn"}, {'B', "abcdnil"}, {'C', "adef"},     {'D', "abcdil"}, {'E', "adefgn"},
    {'F', "aefg"},    {'G', "acdefn"},  {'H', "bcefgn"},  {'I', "adil"},     {'J', "bcde"},   {'K', "efgjm"},
    {'L', "def"},     {'M', "bcefhj"},  {'N', "bcefhm"},  {'O', "abcdef"},   {'P', "abefgn"}, {'Q', "abcdefm"},
    {'R', "abefgnm"}, {'S', "acdnh"},   {'T', "ail"},     {'U', "bcdef"},    {'V', "efjk"},   {'W', "bcefkm"},
    {'X', "hjkm"},    {'Y', "hjl"},     {'Z', "adjk"},    {'0', "abcdefjk"}, {'1', "bcj"},    {'2', "abdegn"},
    {'3', "abcdn"},   {'4', "bcfgn"},   {'5', "acdfgn"},  {'6', "acdefgn"},  {'7', "abc"},    {'8', "abcdefgn"},
    {'9', "abcdfgn"}, {'-', "gn"},      {'/', "jk"},
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

struct word {
    unsigned bit;
    const char *text;
};

static const struct word part_3_marks[] = {
    {EM_LCD_TOTAL, "TOTAL"},  {EM_LCD_PHASE, "L1"},        {EM_LCD_PHASE + 1, "L2"},
    {EM_LCD_PHASE + 2, "L3"}, {EM_LCD_HISTORY, "HISTORY"}, {EM_LCD_MENU, "MENU"},
};

static const struct word units[] = {
    {EM_LCD_UNIT_VAR_MEGA, "M"}, {EM_LCD_UNIT_VAR_KILO, "k"}, {EM_LCD_UNIT_VAR, "var"}, {EM_LCD_UNIT_VAR_HOUR, "h"},
    {EM_LCD_UNIT_W_MEGA, "M"},   {EM_LCD_UNIT_W_KILO, "k"},   {EM_LCD_UNIT_W, "W"},     {EM_LCD_UNIT_W_HOUR, "h"},
    {EM_LCD_UNIT_VA_MEGA, "M"},  {EM_LCD_UNIT_VA_KILO, "k"},  {EM_LCD_UNIT_V, "V"},     {EM_LCD_UNIT_A, "A"},
    {EM_LCD_UNIT_HZ, "Hz"},
};

static const struct word icons[] = {
    {EM_LCD_BLUETOOTH, "bluetooth"}, {EM_LCD_MODBUS, "modbus"},       {EM_LCD_MBUS, "mbus"},
    {EM_LCD_WARNING, "warning"},     {EM_LCD_FORWARD, "forward"},     {EM_LCD_REVERSE, "reverse"},
    {EM_LCD_QUADRANT, "q1"},         {EM_LCD_QUADRANT + 1, "q2"},     {EM_LCD_QUADRANT + 2, "q3"},
    {EM_LCD_QUADRANT + 3, "q4"},     {EM_LCD_INDUCTIVE, "inductive"}, {EM_LCD_CAPACITIVE, "capacitive"},
};

/* --- characters --- */

static unsigned mask_of(const struct shape *shape, const char *order)
{
    unsigned mask = 0;

    for (const char *s = shape->segments; *s; s++)
        mask |= 1u << (strchr(order, *s) - order);
    return mask;
}

static char decode(const struct em_lcd *lcd, unsigned first, const char *order, const struct shape *shapes, size_t n)
{
    unsigned mask = 0;

    for (unsigned k = 0; order[k]; k++)
        mask |= (unsigned)em_lcd_lit(lcd, first + k) << k;
    for (size_t k = 0; k < n; k++)
        if (mask_of(&shapes[k], order) == mask)
            return shapes[k].character;
    return UNKNOWN;
}

static char seven(const struct em_lcd *lcd, unsigned first, unsigned digit)
{
    return decode(lcd, first + digit * EM_LCD_SEVEN, "abcdefg", sevens, COUNT(sevens));
}

static char fourteen(const struct em_lcd *lcd, unsigned first, unsigned letter)
{
    return decode(lcd, first + letter * EM_LCD_FOURTEEN, "abcdefgnhijklm", fourteens, COUNT(fourteens));
}

/* Blanks at both ends go. */
static void trim(char *text)
{
    size_t n = strlen(text), blank = strspn(text, " ");

    memmove(text, text + blank, n - blank + 1);
    for (n -= blank; n && text[n - 1] == ' '; n--)
        text[n - 1] = '\0';
}

/* A line of digits (or letters), each with its point if points is not 0; minus 0: there is none. */
static void line(const struct em_lcd *lcd, char (*read)(const struct em_lcd *, unsigned, unsigned), unsigned first,
                 unsigned count, unsigned points, unsigned point_count, unsigned minus, char *text)
{
    if (minus && em_lcd_lit(lcd, minus))
        *text++ = '-';
    for (unsigned k = 0; k < count; k++) {
        *text++ = read(lcd, first, k);
        if (k < point_count && em_lcd_lit(lcd, points + k))
            *text++ = '.';
    }
    *text = '\0';
}

static void energy(const struct em_lcd *lcd, char text[SIM_LCD_TEXT])
{
    char digits[EM_LCD_ENERGY_DIGITS + 1];

    line(lcd, seven, EM_LCD_ENERGY, EM_LCD_ENERGY_DIGITS, 0, 0, 0, digits);
    snprintf(text, SIM_LCD_TEXT, "%s%.6s%s%s", em_lcd_lit(lcd, EM_LCD_ENERGY_MINUS) ? "-" : "", digits,
             em_lcd_lit(lcd, EM_LCD_ENERGY_POINT) ? "." : "", digits + 6);
    trim(text);
}

static void obis(const struct em_lcd *lcd, char text[SIM_LCD_TEXT])
{
    line(lcd, seven, EM_LCD_OBIS, EM_LCD_OBIS_DIGITS, EM_LCD_OBIS_POINT, EM_LCD_OBIS_DIGITS - 1, 0, text);
    trim(text);
}

static void value(const struct em_lcd *lcd, char text[SIM_LCD_TEXT])
{
    char digits[2 * EM_LCD_ENERGY_DIGITS];

    line(lcd, seven, EM_LCD_VALUE, EM_LCD_ENERGY_DIGITS, EM_LCD_VALUE_POINT, EM_LCD_ENERGY_POINTS, 0, digits);
    trim(digits);
    snprintf(text, SIM_LCD_TEXT, "%s%s", em_lcd_lit(lcd, EM_LCD_VALUE_MINUS) ? "-" : "", digits);
}

static void label(const struct em_lcd *lcd, char text[SIM_LCD_TEXT])
{
    line(lcd, fourteen, EM_LCD_LABEL, EM_LCD_LETTERS, EM_LCD_LABEL_POINT, EM_LCD_LETTERS, 0, text);
    trim(text);
}

static void note(const struct em_lcd *lcd, char text[SIM_LCD_TEXT])
{
    line(lcd, fourteen, EM_LCD_NOTE, EM_LCD_NOTE_LETTERS, 0, 0, 0, text);
    trim(text);
}

static void version(const struct em_lcd *lcd, char text[SIM_LCD_TEXT])
{
    char digits[EM_LCD_VERSION_DIGITS + 1];

    line(lcd, seven, EM_LCD_VERSION, EM_LCD_VERSION_DIGITS, 0, 0, 0, digits);
    snprintf(text, SIM_LCD_TEXT, "%.2s%s%s", digits, em_lcd_lit(lcd, EM_LCD_VERSION_POINT) ? "." : "", digits + 2);
    trim(text);
}

static void ratio(const struct em_lcd *lcd, char text[SIM_LCD_TEXT])
{
    char digits[EM_LCD_CT_DIGITS + 1], primary[EM_LCD_CT_DIGITS];

    line(lcd, seven, EM_LCD_CT_DIGIT, EM_LCD_CT_DIGITS, 0, 0, 0, digits);
    snprintf(primary, sizeof primary, "%.4s", digits);
    trim(primary);
    snprintf(text, SIM_LCD_TEXT, "%s%s%s", primary, em_lcd_lit(lcd, EM_LCD_CT_SLASH) ? "/" : "", digits + 4);
    trim(text);
}

static void number(const struct em_lcd *lcd, char text[SIM_LCD_TEXT])
{
    line(lcd, seven, EM_LCD_NUMBER, EM_LCD_NUMBER_DIGITS, 0, 0, 0, text);
    trim(text);
}

/* --- the parts --- */

/* Adds a word, after a blank if there is something already. */
static void add(char *text, size_t size, const char *word)
{
    size_t n = strlen(text);

    if (*word)
        snprintf(text + n, size - n, "%s%s", n ? " " : "", word);
}

static void add_words(char *text, size_t size, const struct em_lcd *lcd, const struct word *words, size_t n)
{
    for (size_t k = 0; k < n; k++)
        if (em_lcd_lit(lcd, words[k].bit))
            add(text, size, words[k].text);
}

static void unit(const struct em_lcd *lcd, char text[SIM_LCD_TEXT])
{
    text[0] = '\0';
    for (size_t k = 0; k < COUNT(units); k++)
        if (em_lcd_lit(lcd, units[k].bit))
            snprintf(text + strlen(text), SIM_LCD_TEXT - strlen(text), "%s", units[k].text);
}

static void tariffs(const struct em_lcd *lcd, char text[SIM_LCD_TEXT])
{
    text[0] = '\0';
    for (unsigned t = 0; t < EM_TARIFF_COUNT; t++)
        if (em_lcd_lit(lcd, EM_LCD_TARIFF + t))
            add(text, SIM_LCD_TEXT, (const char[]){'T', (char)('1' + t), '\0'});
}

static bool has_qr(const struct em_lcd *lcd)
{
    for (unsigned bit = EM_LCD_QR; bit <= EM_LCD_QR_LAST; bit++)
        if (em_lcd_lit(lcd, bit))
            return true;
    return false;
}

void sim_lcd_part1(const struct em_lcd *lcd, char text[SIM_LCD_TEXT])
{
    char field[SIM_LCD_TEXT];

    version(lcd, text);
    tariffs(lcd, field);
    add(text, SIM_LCD_TEXT, field);
    if (em_lcd_lit(lcd, EM_LCD_SERIAL))
        add(text, SIM_LCD_TEXT, "No");
    if (em_lcd_lit(lcd, EM_LCD_CRC))
        add(text, SIM_LCD_TEXT, "CRC");
    number(lcd, field);
    add(text, SIM_LCD_TEXT, field);
    if (em_lcd_lit(lcd, EM_LCD_CT))
        add(text, SIM_LCD_TEXT, "CT");
    ratio(lcd, field);
    add(text, SIM_LCD_TEXT, field);
}

void sim_lcd_part2(const struct em_lcd *lcd, char text[SIM_LCD_TEXT])
{
    char digits[SIM_LCD_TEXT];

    obis(lcd, text);
    energy(lcd, digits);
    add(text, SIM_LCD_TEXT, digits);
}

void sim_lcd_part3(const struct em_lcd *lcd, char text[SIM_LCD_TEXT])
{
    static void (*const fields[])(const struct em_lcd *, char[SIM_LCD_TEXT]) = {label, value, unit, note};
    char field[SIM_LCD_TEXT];

    text[0] = '\0';
    add_words(text, SIM_LCD_TEXT, lcd, part_3_marks, COUNT(part_3_marks));
    if (has_qr(lcd))
        add(text, SIM_LCD_TEXT, "QR");
    for (size_t k = 0; k < COUNT(fields); k++) {
        fields[k](lcd, field);
        add(text, SIM_LCD_TEXT, field);
    }
}

void sim_lcd_icons(const struct em_lcd *lcd, char text[SIM_LCD_TEXT])
{
    text[0] = '\0';
    add_words(text, SIM_LCD_TEXT, lcd, icons, COUNT(icons));
    if (lcd->turned)
        add(text, SIM_LCD_TEXT, "turned");
}

/* --- the picture --- */

struct picture {
    char *text;
    size_t n;
};

#define WIDTH 28

/* One line in its frame. */
__attribute__((format(printf, 2, 3))) static void row(struct picture *p, const char *format, ...)
{
    char inside[2 * EM_LCD_QR_SIZE + 1];
    va_list args;

    va_start(args, format);
    vsnprintf(inside, sizeof inside, format, args);
    va_end(args);
    p->n += (size_t)snprintf(p->text + p->n, SIM_LCD_PICTURE - p->n, "| %-*s |\n", WIDTH, inside);
}

static void rule(struct picture *p)
{
    p->n += (size_t)snprintf(p->text + p->n, SIM_LCD_PICTURE - p->n, "+%.*s+\n", WIDTH + 2,
                             "------------------------------");
}

static const char *lit(const struct em_lcd *lcd, unsigned bit, const char *word)
{
    return em_lcd_lit(lcd, bit) ? word : "";
}

static void picture_part_1(struct picture *p, const struct em_lcd *lcd)
{
    char a[SIM_LCD_TEXT], b[SIM_LCD_TEXT];

    version(lcd, a);
    row(p, "%-2s %5s %1s %2s %6s %5s", lit(lcd, EM_LCD_SW, "SW"), a, lit(lcd, EM_LCD_WARNING, "!"),
        lit(lcd, EM_LCD_BLUETOOTH, "BT"), lit(lcd, EM_LCD_MODBUS, "MODBUS"), lit(lcd, EM_LCD_MBUS, "M-BUS"));
    ratio(lcd, b);
    row(p, "%-2s %-2s %-2s %-2s %5s %10s", lit(lcd, EM_LCD_TARIFF, "T1"), lit(lcd, EM_LCD_TARIFF + 1, "T2"),
        lit(lcd, EM_LCD_TARIFF + 2, "T3"), lit(lcd, EM_LCD_TARIFF + 3, "T4"), lit(lcd, EM_LCD_CT, "CT"), b);
    number(lcd, a);
    row(p, "%-2s%-3s %22s", lit(lcd, EM_LCD_SERIAL, "No"), lit(lcd, EM_LCD_CRC, "CRC"), a);
}

static void picture_part_2(struct picture *p, const struct em_lcd *lcd)
{
    char a[SIM_LCD_TEXT];

    obis(lcd, a);
    row(p, "%-5s %-6s %-6s %1s%c %5s", a, lit(lcd, EM_LCD_IMPORT, "IMPORT"), lit(lcd, EM_LCD_EXPORT, "EXPORT"),
        lit(lcd, EM_LCD_SHOWN_TARIFF, "T"), seven(lcd, EM_LCD_SHOWN_TARIFF_DIGIT, 0), lit(lcd, EM_LCD_KWH, "kWh"));
    energy(lcd, a);
    row(p, "%*s", WIDTH, a);
}

static void picture_segments(struct picture *p, const struct em_lcd *lcd)
{
    char a[2 * SIM_LCD_TEXT] = "";

    add_words(a, sizeof a, lcd, part_3_marks, COUNT(part_3_marks));
    row(p, "%s", a);
    label(lcd, a);
    row(p, "%s", a);
    value(lcd, a);
    row(p, "%*s", WIDTH, a);
    memset(a, ' ', WIDTH);
    a[WIDTH] = '\0';
    for (unsigned k = 0; k < EM_LCD_ENERGY_DIGITS; k++)
        if (em_lcd_lit(lcd, EM_LCD_CURSOR + k))
            a[WIDTH - EM_LCD_ENERGY_DIGITS + k] = '^';
    row(p, "%s", a);
    unit(lcd, a);
    row(p, "%*s", WIDTH, a);
    note(lcd, a);
    row(p, "%-2s %-22s %2s", lit(lcd, EM_LCD_PREVIOUS, "<<"), a, lit(lcd, EM_LCD_NEXT, ">>"));
    row(p, "%s%s%s%s%s %s %s%s %s %s%s", lit(lcd, EM_LCD_AXES, "+ "), lit(lcd, EM_LCD_QUADRANT, "Q1"),
        lit(lcd, EM_LCD_QUADRANT + 1, "Q2"), lit(lcd, EM_LCD_QUADRANT + 2, "Q3"), lit(lcd, EM_LCD_QUADRANT + 3, "Q4"),
        lit(lcd, EM_LCD_GRID, "grid"), lit(lcd, EM_LCD_FORWARD, "-->"), lit(lcd, EM_LCD_REVERSE, "<--"),
        lit(lcd, EM_LCD_LOAD, "load"), lit(lcd, EM_LCD_INDUCTIVE, "ind"), lit(lcd, EM_LCD_CAPACITIVE, "cap"));
}

/* Outside the frame: two characters a module, so that it is a square. */
static void picture_qr(struct picture *p, const struct em_lcd *lcd)
{
    for (unsigned r = 0; r < EM_LCD_QR_SIZE; r++) {
        for (unsigned c = 0; c < EM_LCD_QR_SIZE; c++) {
            const char *module = em_lcd_lit(lcd, EM_LCD_QR + r * EM_LCD_QR_SIZE + c) ? "##" : "  ";

            p->n += (size_t)snprintf(p->text + p->n, SIM_LCD_PICTURE - p->n, "%s", module);
        }
        p->n += (size_t)snprintf(p->text + p->n, SIM_LCD_PICTURE - p->n, "\n");
    }
}

void sim_lcd_picture(const struct em_lcd *lcd, char text[SIM_LCD_PICTURE])
{
    struct picture p = {.text = text};

    rule(&p);
    picture_part_1(&p, lcd);
    rule(&p);
    picture_part_2(&p, lcd);
    rule(&p);
    picture_segments(&p, lcd);
    rule(&p);
    if (has_qr(lcd))
        picture_qr(&p, lcd);
    if (lcd->turned)
        snprintf(p.text + p.n, SIM_LCD_PICTURE - p.n, "turned by 180 degrees\n");
}
