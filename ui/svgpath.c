/* SPDX-License-Identifier: MIT */
#include "svgpath.h"

#include <ctype.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#define ARGUMENTS_MAX 7

/* cairo's own current point is rounded, so we keep ours. */
struct pen {
    cairo_t *cr;
    double x, y;
    double start_x, start_y; /* of the present subpath */
};

static void move(struct pen *pen, const double *v)
{
    pen->start_x = v[0];
    pen->start_y = v[1];
    cairo_move_to(pen->cr, v[0], v[1]);
}

static void line(struct pen *pen, const double *v)
{
    cairo_line_to(pen->cr, v[0], v[1]);
}

static void horizontal(struct pen *pen, const double *v)
{
    cairo_line_to(pen->cr, v[0], pen->y);
}

static void vertical(struct pen *pen, const double *v)
{
    cairo_line_to(pen->cr, pen->x, v[0]);
}

/* An arc in a frame where its ellipse is the unit circle: from (x0, y0) to (x1, y1), less than two apart. */
static void unit_arc(cairo_t *cr, double x0, double y0, double x1, double y1, bool large, bool sweep)
{
    double dx = x1 - x0, dy = y1 - y0, d2 = dx * dx + dy * dy;
    double k = sqrt(fmax(0, 1 - d2 / 4) / d2) * (large != sweep ? 1 : -1);
    double cx = (x0 + x1) / 2 - k * dy, cy = (y0 + y1) / 2 + k * dx;
    double from = atan2(y0 - cy, x0 - cx), to = atan2(y1 - cy, x1 - cx);

    if (sweep)
        cairo_arc(cr, cx, cy, 1, from, to);
    else
        cairo_arc_negative(cr, cx, cy, 1, from, to);
}

/* Radii, rotation in degrees, large, sweep, end. */
static void arc(struct pen *pen, const double *v)
{
    double turn = v[2] * acos(-1) / 180, c = cos(turn), s = sin(turn), rx = fabs(v[0]), ry = fabs(v[1]);
    double dx = v[5] - pen->x, dy = v[6] - pen->y, x, y, reach;

    if (rx == 0 || ry == 0 || (dx == 0 && dy == 0)) {
        cairo_line_to(pen->cr, v[5], v[6]);
        return;
    }
    x = (c * dx + s * dy) / rx;
    y = (c * dy - s * dx) / ry;
    reach = fmax(1, sqrt(x * x + y * y) / 2); /* radii that are too short grow */
    cairo_save(pen->cr);
    cairo_translate(pen->cr, pen->x, pen->y);
    cairo_rotate(pen->cr, turn);
    cairo_scale(pen->cr, rx * reach, ry * reach);
    unit_arc(pen->cr, 0, 0, x / reach, y / reach, v[3] != 0, v[4] != 0);
    cairo_restore(pen->cr);
}

static void close_path(struct pen *pen, const double *v)
{
    (void)v;
    cairo_close_path(pen->cr);
    pen->x = pen->start_x;
    pen->y = pen->start_y;
}

/* Arguments: x and y are coordinates, which a small letter counts from the pen; n is any other number. */
static const struct command {
    char letter;
    const char *arguments;
    void (*draw)(struct pen *pen, const double *v);
} commands[] = {
    {'M', "xy", move},    {'L', "xy", line},     {'H', "x", horizontal},
    {'V', "y", vertical}, {'A', "nnnnnxy", arc}, {'Z', "", close_path},
};

static const struct command *command_of(char letter)
{
    for (size_t k = 0; k < sizeof commands / sizeof commands[0]; k++)
        if (commands[k].letter == toupper((unsigned char)letter))
            return &commands[k];
    return NULL;
}

static const char *skip(const char *text)
{
    return text + strspn(text, " ,\t\n");
}

/* As strtod without exponents, which asks no locale. NULL: no number. */
static const char *number(const char *text, double *value)
{
    double sign = *text == '-' ? -1 : 1, unit = 1;
    const char *digits = text + (*text == '-' || *text == '+'), *s = digits;
    bool behind_point = false;

    for (*value = 0; isdigit((unsigned char)*s) || (*s == '.' && !behind_point); s++) {
        if (*s == '.') {
            behind_point = true;
            continue;
        }
        *value = *value * 10 + (*s - '0');
        unit *= behind_point ? 10 : 1;
    }
    *value *= sign / unit;
    return s > digits + behind_point ? s : NULL;
}

/* Reads a command's arguments and draws it; NULL if one is missing. */
static const char *step(struct pen *pen, const struct command *command, bool relative, const char *text)
{
    double v[ARGUMENTS_MAX] = {0}, x = pen->x, y = pen->y;

    for (size_t k = 0; command->arguments[k]; k++) {
        text = number(skip(text), &v[k]);
        if (!text)
            return NULL;
        if (command->arguments[k] == 'x')
            x = v[k] += relative ? pen->x : 0;
        else if (command->arguments[k] == 'y')
            y = v[k] += relative ? pen->y : 0;
    }
    if (command->draw != close_path) {
        command->draw(pen, v);
        pen->x = x;
        pen->y = y;
    } else {
        close_path(pen, v);
    }
    return text;
}

/* The command at a letter; without a letter the last one goes on, and lines follow a move. */
static const char *next(const char *text, const struct command **command, bool *relative)
{
    if (isalpha((unsigned char)*text)) {
        *command = command_of(*text);
        *relative = islower((unsigned char)*text);
        return text + 1;
    }
    if (*command && (*command)->draw == move)
        *command = command_of('L');
    else if (*command && (*command)->draw == close_path)
        *command = NULL;
    return text;
}

bool ui_svgpath(cairo_t *cr, const char *text)
{
    struct pen pen = {.cr = cr};
    const struct command *command = NULL;
    bool relative = false;

    for (text = skip(text); *text; text = skip(text)) {
        text = next(text, &command, &relative);
        text = command ? step(&pen, command, relative, text) : NULL;
        if (!text)
            return false;
    }
    return true;
}
