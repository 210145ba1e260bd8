/* SPDX-License-Identifier: MIT */
#include "face.h"

#include <cairo-svg.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define POINTS_PER_MM (72 / 25.4)

/* More than any screen has: a front of 160 MB. */
#define PIXELS_MAX 10000

struct job {
    const struct ui_face *face;
    const struct ui_look *look;
    bool front;
    double scale, width, height; /* mm */
};

static cairo_status_t write_bytes(void *file, const unsigned char *bytes, unsigned n)
{
    return fwrite(bytes, 1, n, file) == n ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

static void draw(const struct job *job, cairo_surface_t *surface, double scale)
{
    cairo_t *cr = cairo_create(surface);

    cairo_scale(cr, scale, scale);
    if (job->front)
        ui_face_draw(job->face, cr, job->look);
    else
        ui_glass_draw(job->face, cr, job->look, NULL, NULL);
    cairo_destroy(cr);
}

static cairo_status_t save_png(const struct job *job, FILE *file)
{
    cairo_surface_t *surface = cairo_image_surface_create(
        CAIRO_FORMAT_ARGB32, (int)lrint(ceil(job->width * job->scale)), (int)lrint(ceil(job->height * job->scale)));
    cairo_status_t status;

    draw(job, surface, job->scale);
    status = cairo_surface_write_to_png_stream(surface, write_bytes, file);
    cairo_surface_destroy(surface);
    return status;
}

static cairo_status_t save_svg(const struct job *job, FILE *file)
{
    cairo_surface_t *surface =
        cairo_svg_surface_create_for_stream(write_bytes, file, job->width * POINTS_PER_MM, job->height * POINTS_PER_MM);
    cairo_status_t status;

    draw(job, surface, POINTS_PER_MM);
    cairo_surface_finish(surface);
    status = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    return status;
}

typedef cairo_status_t save_fn(const struct job *job, FILE *file);

static save_fn *format_of(const char *file)
{
    const char *end = strrchr(file, '.');

    if (end && strcasecmp(end, ".png") == 0)
        return save_png;
    return end && strcasecmp(end, ".svg") == 0 ? save_svg : NULL;
}

/* Writes to a file beside the wanted one and renames it: a viewer that watches FILE never sees half a picture. */
static const char *save(const struct job *job, save_fn *format, const char *file, const char *part)
{
    FILE *stream = fopen(part, "wb");
    const char *problem = NULL;
    cairo_status_t status;

    if (!stream)
        return strerror(errno);
    status = format(job, stream);
    if (status != CAIRO_STATUS_SUCCESS)
        problem = cairo_status_to_string(status);
    if (fclose(stream) != 0 && !problem)
        problem = strerror(errno);
    if (!problem && rename(part, file) != 0)
        problem = strerror(errno);
    if (problem)
        remove(part);
    return problem;
}

static bool is_drawable(const struct job *job)
{
    return job->scale > 0 && job->width * job->scale <= PIXELS_MAX && job->height * job->scale <= PIXELS_MAX;
}

bool ui_face_save(const struct ui_face *face, const struct ui_look *look, bool front, double scale, const char *file,
                  char *error, size_t size)
{
    struct job job = {face, look, front, scale, UI_FACE_WIDTH, UI_FACE_HEIGHT};
    save_fn *format = format_of(file);
    const char *problem;
    char part[4096];

    if (!front)
        ui_glass_draw(face, NULL, look, &job.width, &job.height);
    if (!format)
        problem = "not a name that ends in .png or .svg";
    else if (format == save_png && !is_drawable(&job))
        problem = "not a scale for a picture";
    else if (snprintf(part, sizeof part, "%s.part", file) >= (int)sizeof part)
        problem = strerror(ENAMETOOLONG);
    else
        problem = save(&job, format, file, part);
    if (problem)
        snprintf(error, size, "%s: %s", file, problem);
    return !problem;
}
