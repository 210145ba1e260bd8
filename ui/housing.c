/* SPDX-License-Identifier: MIT */
#include "housing.h"
#include "face.h"
#include "text.h"

#include <math.h>
#include <stdio.h>

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

#define PRINT    0x30363C /* on the housing */
#define EDGE     0x8D9499
#define SYMBOL   0xD5DCE2 /* on the dark pane */
#define NOSE_TOP 8.9      /* the raised part between the terminals */
#define NOSE_END 82.5
#define PANE_X   2.3 /* the dark pane over glass and buttons */
#define PANE_Y   17.5
#define PANE_W   31.4
#define PANE_H   64.3

const struct ui_point ui_glass_place = {4, 18.4};
const struct ui_point ui_button_place[EM_BUTTON_COUNT] = {{9, 78.15}, {18, 78.15}, {27, 78.15}};
const struct ui_point ui_output_place[EM_OUTPUT_COUNT] = {{32.75, 11.4}, {3.65, 83.85}, {11.85, 83.85}};

/* --- tools --- */

static double part(unsigned colour, int shift)
{
    return (colour >> shift & 0xFF) / 255.0;
}

void ui_set_colour(cairo_t *cr, unsigned colour, double alpha)
{
    cairo_set_source_rgba(cr, part(colour, 16), part(colour, 8), part(colour, 0), alpha);
}

void ui_add_stop(cairo_pattern_t *pattern, double at, unsigned colour, double alpha)
{
    cairo_pattern_add_color_stop_rgba(pattern, at, part(colour, 16), part(colour, 8), part(colour, 0), alpha);
}

void ui_round_rectangle(cairo_t *cr, double x, double y, double width, double height, double radius)
{
    const double right_angle = acos(0);
    double left = x + radius, right = x + width - radius, top = y + radius, bottom = y + height - radius;

    cairo_new_sub_path(cr);
    cairo_arc(cr, right, top, radius, -right_angle, 0);
    cairo_arc(cr, right, bottom, radius, 0, right_angle);
    cairo_arc(cr, left, bottom, radius, right_angle, 2 * right_angle);
    cairo_arc(cr, left, top, radius, 2 * right_angle, 3 * right_angle);
    cairo_close_path(cr);
}

void ui_fill_down(cairo_t *cr, double top, unsigned from, double bottom, unsigned to)
{
    cairo_pattern_t *fade = cairo_pattern_create_linear(0, top, 0, bottom);

    ui_add_stop(fade, 0, from, 1);
    ui_add_stop(fade, 1, to, 1);
    cairo_set_source(cr, fade);
    cairo_fill(cr);
    cairo_pattern_destroy(fade);
}

static void bar(cairo_t *cr, double x, double y, double width, double height, unsigned colour, double alpha)
{
    cairo_rectangle(cr, x, y, width, height);
    ui_set_colour(cr, colour, alpha);
    cairo_fill(cr);
}

/* --- terminals --- */

/* Numbers as the manual has them; it gives 7 and 8 to Modbus, 8 and 9 to the M-Bus. */
struct terminal {
    double x;
    const char *label, *use;
};

static const struct terminal measuring[] = {
    {2.45, "S1", ""},  {5.6, "L1", ""},   {8.75, "S2", ""}, {12.65, "S1", ""}, {15.8, "L2", ""},
    {18.95, "S2", ""}, {22.85, "S1", ""}, {26.0, "L3", ""}, {29.15, "S2", ""}, {33.55, "N", ""},
};

static const struct terminal signals[] = {
    {3.65, "4", ""},     {7.75, "5", "S0"}, {11.85, "6", ""},  {15.95, "7", "A"},
    {20.05, "8", "B/M"}, {24.15, "9", "M"}, {28.25, "10", ""}, {32.35, "11", ""},
};

/* A clamp with its lever, seen from the front; `up`: the wire comes from above. */
static void draw_clamp(cairo_t *cr, double x, double y, double width, double height, bool up)
{
    double left = x - width / 2, grip = up ? y + 0.75 : y + height - 1.25;

    ui_round_rectangle(cr, left, y, width, height, 0.4);
    ui_fill_down(cr, y, 0x6A7177, y + height, 0x8A9197);
    ui_round_rectangle(cr, left + 0.22, y + 0.22, width - 0.44, height - 0.44, 0.28);
    ui_fill_down(cr, y, 0x454B51, y + height, 0x363B40);
    bar(cr, left + 0.45, y + 0.3, width - 0.9, 0.1, 0x737A80, 1);
    for (int ridge = 0; ridge < 2; ridge++) {
        bar(cr, left + 0.6, grip + 0.36 * ridge, width - 1.2, 0.13, 0x1E2226, 1);
        bar(cr, left + 0.6, grip + 0.36 * ridge + 0.13, width - 1.2, 0.06, 0x6B7278, 1);
    }
}

static void print(cairo_t *cr, const char *text, double x, double y, double size, enum ui_anchor anchor)
{
    ui_text_path(cr, text, x, y, size, anchor);
    ui_set_colour(cr, PRINT, 1);
    cairo_fill(cr);
}

static void draw_measuring_terminals(cairo_t *cr)
{
    for (size_t k = 0; k < COUNT(measuring); k++) {
        draw_clamp(cr, measuring[k].x, 0.9, 2.7, 5.2, true);
        print(cr, measuring[k].label, measuring[k].x, 7.9, 1.3, UI_CENTRE);
    }
}

static void draw_signal_terminals(cairo_t *cr)
{
    for (size_t k = 0; k < COUNT(signals); k++) {
        draw_clamp(cr, signals[k].x, 86.1, 3.1, 3.2, false);
        print(cr, signals[k].label, signals[k].x, 85.6, 1.2, UI_CENTRE);
        print(cr, signals[k].use, signals[k].x, 84.25, 1.1, UI_CENTRE);
    }
    print(cr, "T2 230V~", 30.3, 84.25, 1.1, UI_CENTRE);
}

/* --- body --- */

static void draw_body(cairo_t *cr)
{
    ui_round_rectangle(cr, 0.1, 0.1, UI_FACE_WIDTH - 0.2, UI_FACE_HEIGHT - 0.2, 0.9);
    ui_fill_down(cr, 0, 0xD3D7DA, UI_FACE_HEIGHT, 0xC2C7CB);
    ui_round_rectangle(cr, 0.1, 0.1, UI_FACE_WIDTH - 0.2, UI_FACE_HEIGHT - 0.2, 0.9);
    ui_set_colour(cr, EDGE, 1);
    cairo_set_line_width(cr, 0.16);
    cairo_stroke(cr);
    cairo_rectangle(cr, 0.18, NOSE_TOP, UI_FACE_WIDTH - 0.36, NOSE_END - NOSE_TOP);
    ui_fill_down(cr, NOSE_TOP, 0xECEEF0, NOSE_END, 0xDFE2E5);
    bar(cr, 0.18, NOSE_TOP, UI_FACE_WIDTH - 0.36, 0.14, 0xFFFFFF, 0.9);
    bar(cr, 0.18, NOSE_TOP - 0.14, UI_FACE_WIDTH - 0.36, 0.14, EDGE, 0.8);
    bar(cr, 0.18, NOSE_END, UI_FACE_WIDTH - 0.36, 0.14, EDGE, 1);
}

static void draw_pane(cairo_t *cr)
{
    ui_round_rectangle(cr, PANE_X - 0.18, PANE_Y - 0.18, PANE_W + 0.36, PANE_H + 0.36, 1.25);
    ui_fill_down(cr, PANE_Y, 0x9AA1A7, PANE_Y + PANE_H, 0xFFFFFF);
    ui_round_rectangle(cr, PANE_X, PANE_Y, PANE_W, PANE_H, 1.1);
    ui_fill_down(cr, PANE_Y, 0x252A30, PANE_Y + PANE_H, 0x15191D);
}

/* --- print --- */

/* Ratings in the notation of the standards: Imin-Iref(Imax). */
static void draw_rating(cairo_t *cr, const char *serial)
{
    static const char *const lines[] = {"3x230/400 V  45-60 Hz", "0.004-1(5) A   Cl. B"};
    char number[16];

    print(cr, "vmeter", PANE_X, 12.35, 3.3, UI_LEFT);
    print(cr, "2PU CT", PANE_X, 16.2, 2.0, UI_LEFT);
    print(cr, "10000 imp/kWh", 31.4, 11.85, 1.25, UI_RIGHT);
    for (size_t k = 0; k < COUNT(lines); k++)
        print(cr, lines[k], PANE_X + PANE_W, 13.5 + 1.35 * (double)k, 1.1, UI_RIGHT);
    snprintf(number, sizeof number, "No %s", serial);
    print(cr, number, PANE_X + PANE_W, 16.2, 1.1, UI_RIGHT);
}

static void add_chevron(cairo_t *cr, double x, double y, double direction)
{
    cairo_move_to(cr, x - 0.45 * direction, y - 1.05);
    cairo_line_to(cr, x + 0.45 * direction, y);
    cairo_line_to(cr, x - 0.45 * direction, y + 1.05);
}

void ui_button_symbol(cairo_t *cr, enum em_button button)
{
    struct ui_point at = ui_button_place[button];
    double direction = button == EM_BUTTON_LEFT ? -1 : 1;

    cairo_new_sub_path(cr);
    if (button == EM_BUTTON_MIDDLE) {
        cairo_arc(cr, at.x, at.y, 1.15, 0, 4 * acos(0));
        return;
    }
    add_chevron(cr, at.x - 0.6, at.y, direction);
    add_chevron(cr, at.x + 0.6, at.y, direction);
}

static void draw_symbols(cairo_t *cr)
{
    for (int k = 0; k < EM_BUTTON_COUNT; k++)
        ui_button_symbol(cr, (enum em_button)k);
    cairo_set_line_width(cr, 0.36);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    ui_set_colour(cr, SYMBOL, 1);
    cairo_stroke(cr);
}

static void draw_dark_lamps(cairo_t *cr)
{
    static const unsigned colours[EM_OUTPUT_COUNT] = {0x5A1714, 0x5C4A18, 0x5C4A18};

    for (int k = 0; k < EM_OUTPUT_COUNT; k++) {
        double radius = k == EM_OUTPUT_LED ? 0.75 : 0.45;

        cairo_arc(cr, ui_output_place[k].x, ui_output_place[k].y, radius + 0.15, 0, 4 * acos(0));
        ui_set_colour(cr, 0x7A8187, 1);
        cairo_fill(cr);
        cairo_arc(cr, ui_output_place[k].x, ui_output_place[k].y, radius, 0, 4 * acos(0));
        ui_set_colour(cr, colours[k], 1);
        cairo_fill(cr);
    }
}

void ui_housing_draw(cairo_t *cr, const char *serial)
{
    draw_body(cr);
    draw_measuring_terminals(cr);
    draw_signal_terminals(cr);
    draw_rating(cr, serial);
    draw_pane(cr);
    draw_symbols(cr);
    draw_dark_lamps(cr);
}
