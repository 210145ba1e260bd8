/* SPDX-License-Identifier: MIT */
#include "text.h"

#include <stddef.h>

/* Outlines are made so many times as large as they are used: font engine and cairo round to a fraction of a pixel, and
 * a drawing with three pixels to a millimetre must not show it when it is enlarged. */
#define FINE 256.0

/* A context that is never drawn with. Its surface has no bounds, as cairo leaves out letters far from a surface. */
static cairo_t *fine_context(double size)
{
    cairo_surface_t *surface = cairo_recording_surface_create(CAIRO_CONTENT_ALPHA, NULL);
    cairo_t *cr = cairo_create(surface);
    cairo_font_options_t *options = cairo_font_options_create();

    cairo_surface_destroy(surface);
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_set_font_options(cr, options);
    cairo_font_options_destroy(options);
    cairo_scale(cr, FINE, FINE);
    cairo_select_font_face(cr, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_BOLD);
    cairo_set_font_size(cr, size);
    return cr;
}

/* Adds the word with its base line beginning at (x - advance x anchor, y); width 0: as wide as it is. */
static void add(cairo_t *cr, const char *text, double x, double y, double size, double anchor, double width)
{
    cairo_t *fine = fine_context(size);
    cairo_text_extents_t extents;
    cairo_path_t *path;

    cairo_text_extents(fine, text, &extents);
    cairo_move_to(fine, 0, 0);
    cairo_text_path(fine, text);
    path = cairo_copy_path(fine);
    cairo_save(cr);
    cairo_translate(cr, x - extents.x_advance * anchor, y);
    cairo_scale(cr, width > 0 && extents.x_advance > 0 ? width / extents.x_advance : 1, 1);
    cairo_append_path(cr, path);
    cairo_restore(cr);
    cairo_path_destroy(path);
    cairo_destroy(fine);
}

void ui_text_path(cairo_t *cr, const char *text, double x, double y, double size, enum ui_anchor anchor)
{
    static const double part[] = {[UI_LEFT] = 0, [UI_CENTRE] = 0.5, [UI_RIGHT] = 1};

    add(cr, text, x, y, size, part[anchor], 0);
}

void ui_text_stretched(cairo_t *cr, const char *text, double x, double y, double size, double width)
{
    add(cr, text, x, y, size, 0, width);
}

#ifdef __SANITIZE_ADDRESS__
/* Fontconfig keeps patterns behind encoded pointers, which the leak sanitizer can not follow. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_options(void);

const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig\n";
}

const char *__lsan_default_options(void)
{
    return "print_suppressions=0";
}
#endif
