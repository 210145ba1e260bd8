/* SPDX-License-Identifier: MIT */
#include "glass.h"
#include "svgpath.h"
#include "text.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ui_glass {
    double width, height;
    cairo_path_t *print;
    cairo_path_t *shape[EM_LCD_BIT_COUNT];
    bool ghost[EM_LCD_BIT_COUNT];
};

/* The file while it is being read. */
struct reader {
    struct ui_glass *glass;
    const cJSON *templates;
    cairo_t *cr; /* paths are made here, finely: cairo rounds what it keeps */
    const char *name;
    char *error;
    size_t size;
};

#define FINE 1024.0

__attribute__((format(printf, 2, 3))) static bool fail(struct reader *r, const char *format, ...)
{
    char text[120];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    snprintf(r->error, r->size, "glass.json: %s%s%s", r->name ? r->name : "", r->name ? ": " : "", text);
    return false;
}

static const cJSON *member(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* A missing number is 0. */
static double number(const cJSON *object, const char *key)
{
    const cJSON *item = member(object, key);

    return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static double element(const cJSON *list, int k)
{
    const cJSON *item = cJSON_GetArrayItem(list, k);

    return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static const char *text_of(const cJSON *object, const char *key)
{
    const cJSON *item = member(object, key);

    return cJSON_IsString(item) ? item->valuestring : NULL;
}

static bool draw_path(struct reader *r, const cJSON *object)
{
    const char *path = text_of(object, "path");

    return (path && ui_svgpath(r->cr, path)) || fail(r, "not a path: %.80s", path ? path : "(none)");
}

/* What has been drawn is the shape of a bit. */
static bool keep(struct reader *r, double bit, bool ghost)
{
    int k = (int)bit;

    if (bit < 0 || k >= EM_LCD_BIT_COUNT || r->glass->shape[k])
        return fail(r, "bit %g is outside or has a shape already", bit);
    cairo_identity_matrix(r->cr);
    cairo_scale(r->cr, FINE, FINE);
    r->glass->shape[k] = cairo_copy_path(r->cr);
    r->glass->ghost[k] = ghost;
    cairo_new_path(r->cr);
    return true;
}

/* One digit or letter at (x, y). */
static bool read_character(struct reader *r, const cJSON *group, double bit, double x, double y)
{
    double height = number(group, "height"), lean = tan(number(group, "slant") * acos(-1) / 180);
    const cJSON *segment, *template = member(r->templates, text_of(group, "template"));
    cairo_matrix_t place = {height, 0, -lean * height, height, x + lean * height, y};

    if (!template)
        return fail(r, "no template %.40s", text_of(group, "template"));
    cJSON_ArrayForEach(segment, template)
    {
        cairo_transform(r->cr, &place);
        if (!draw_path(r, segment) || !keep(r, bit++, true))
            return false;
    }
    return true;
}

/* Part k of a group. */
static bool read_part(struct reader *r, const cJSON *group, int k)
{
    const cJSON *at = member(group, "at"), *xs = member(group, "x");
    double bit = number(group, "bit") + k, module = number(group, "module"), y = element(at, 1);
    double x = xs ? element(xs, k) : element(at, 0) + k * number(group, "pitch");
    int columns = (int)number(group, "columns");

    if (text_of(group, "template")) {
        int segments = cJSON_GetArraySize(member(r->templates, text_of(group, "template")));

        return read_character(r, group, number(group, "bit") + k * segments, x, y);
    }
    if (columns > 0) {
        cairo_rectangle(r->cr, x + k % columns * module, y + k / columns * module, module, module);
    } else {
        cairo_translate(r->cr, x, y);
        if (!draw_path(r, group))
            return false;
    }
    return keep(r, bit, !cJSON_IsFalse(member(group, "ghost")));
}

static bool read_group(struct reader *r, const cJSON *group)
{
    for (int k = 0; k < (int)number(group, "count"); k++)
        if (!read_part(r, group, k))
            return false;
    return true;
}

static bool read_shape(struct reader *r, const cJSON *shape)
{
    const char *text = text_of(shape, "text");
    const cJSON *at = member(shape, "at");

    if (text)
        ui_text_stretched(r->cr, text, element(at, 0), element(at, 1), number(shape, "size"), number(shape, "width"));
    else if (!draw_path(r, shape))
        return false;
    return keep(r, number(shape, "bit"), true);
}

static bool read_all(struct reader *r, const cJSON *list, bool (*read)(struct reader *, const cJSON *))
{
    const cJSON *item;

    cJSON_ArrayForEach(item, list)
    {
        r->name = text_of(item, "name");
        if (!read(r, item))
            return false;
    }
    r->name = NULL;
    return true;
}

/* All of it is one path. */
static bool read_print(struct reader *r, const cJSON *list)
{
    if (!read_all(r, list, draw_path))
        return false;
    r->glass->print = cairo_copy_path(r->cr);
    cairo_new_path(r->cr);
    return true;
}

static bool is_whole(struct reader *r)
{
    for (int k = 0; k < EM_LCD_BIT_COUNT; k++)
        if (!r->glass->shape[k])
            return fail(r, "no shape for bit %d", k);
    return true;
}

static bool read_glass(struct reader *r, const cJSON *file)
{
    const cJSON *size = member(file, "size");

    r->templates = member(file, "templates");
    r->glass->width = element(size, 0);
    r->glass->height = element(size, 1);
    if (!(r->glass->width > 0 && r->glass->height > 0))
        return fail(r, "no size");
    if (number(file, "bits") != EM_LCD_BIT_COUNT)
        return fail(r, "%g bits, the display has %d", number(file, "bits"), EM_LCD_BIT_COUNT);
    return read_all(r, member(file, "groups"), read_group) && read_all(r, member(file, "shapes"), read_shape) &&
           read_print(r, member(file, "print")) && is_whole(r);
}

struct ui_glass *ui_glass_new(const char *json, char *error, size_t size)
{
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_A8, 1, 1);
    struct reader r = {calloc(1, sizeof *r.glass), NULL, cairo_create(surface), NULL, error, size};
    cJSON *file = cJSON_Parse(json);

    cairo_scale(r.cr, FINE, FINE);
    if (!r.glass || !file || !read_glass(&r, file)) {
        if (!r.glass || !file)
            fail(&r, "%s", file ? "no memory" : "not JSON");
        ui_glass_free(r.glass);
        r.glass = NULL;
    }
    cJSON_Delete(file);
    cairo_destroy(r.cr);
    cairo_surface_destroy(surface);
    return r.glass;
}

void ui_glass_free(struct ui_glass *glass)
{
    if (!glass)
        return;
    for (int k = 0; k < EM_LCD_BIT_COUNT; k++)
        if (glass->shape[k])
            cairo_path_destroy(glass->shape[k]);
    if (glass->print)
        cairo_path_destroy(glass->print);
    free(glass);
}

double ui_glass_width(const struct ui_glass *glass)
{
    return glass->width;
}

double ui_glass_height(const struct ui_glass *glass)
{
    return glass->height;
}

void ui_glass_path(const struct ui_glass *glass, cairo_t *cr, enum ui_shapes shapes, const struct em_lcd *lcd)
{
    cairo_matrix_t upright;

    cairo_get_matrix(cr, &upright);
    if (lcd->turned) {
        cairo_translate(cr, glass->width, glass->height);
        cairo_scale(cr, -1, -1);
    }
    if (shapes == UI_SHAPES_PRINT)
        cairo_append_path(cr, glass->print);
    for (unsigned k = 0; k < EM_LCD_BIT_COUNT && shapes != UI_SHAPES_PRINT; k++)
        if (shapes == UI_SHAPES_GHOST ? glass->ghost[k] : em_lcd_lit(lcd, k))
            cairo_append_path(cr, glass->shape[k]);
    cairo_set_matrix(cr, &upright); /* a path stays where it is */
}
