/* SPDX-License-Identifier: MIT */
#include "pixels.h"
#include "../../ui/glass.h"
#include "../../ui/svgpath.h"

#include <stdlib.h>
#include <string.h>

#define SCALE 8

/* --- paths --- */

struct box {
    double left, top, right, bottom;
};

static bool draw(const char *path, struct box *box)
{
    cairo_surface_t *surface = cairo_recording_surface_create(CAIRO_CONTENT_ALPHA, NULL);
    cairo_t *cr = cairo_create(surface);
    bool is_path = ui_svgpath(cr, path);

    cairo_path_extents(cr, &box->left, &box->top, &box->right, &box->bottom);
    cairo_destroy(cr);
    cairo_surface_destroy(surface);
    return is_path;
}

START_TEST(paths_cover_what_they_should)
{
    static const struct {
        const char *path;
        struct box box;
    } rows[] = {
        {"M10 20L30 20L30 50Z", {10, 20, 30, 50}},
        {"M10 20H30V50H10Z", {10, 20, 30, 50}},
        {"m10 20h20v30h-20z", {10, 20, 30, 50}},
        {"M10,20 l20,0 l0,30z m5 5", {10, 20, 30, 50}},
        {"M10 20h20v.5-.8h-20Z", {10, 19.7, 30, 20.5}}, /* v twice, without blanks */
        {"M0 10a10 10 0 0 1 20 0Z", {0, 0, 20, 10}},    /* over the top */
        {"M0 10A10 10 0 0 0 20 10Z", {0, 10, 20, 20}},  /* through below */
        {"M10 0A10 10 0 1 1 0 10Z", {0, 0, 20, 20}},    /* three quarters, clockwise */
        {"M10 0A10 10 0 0 0 0 10Z", {0, 0, 10, 10}},    /* one, the other way */
        {"M0 10A5 5 0 0 1 20 10Z", {0, 0, 20, 10}},     /* radius too short */
        {"M0 5A10 5 0 0 1 20 5Z", {0, 0, 20, 5}},       /* an ellipse */
        {"M5 0A10 5 90 0 1 5 20Z", {5, 0, 10, 20}},     /* turned */
        {"M10 20 30 20 30 50Z", {10, 20, 30, 50}},      /* lines follow a move */
        {"M10 20L30 50ZM100 100H120V130Z", {10, 20, 120, 130}},
    };

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        struct box box;

        ck_assert_msg(draw(rows[k].path, &box), "%s", rows[k].path);
        UNIT_NEAR(rows[k].path, box.left, rows[k].box.left, 0.02);
        UNIT_NEAR(rows[k].path, box.top, rows[k].box.top, 0.02);
        UNIT_NEAR(rows[k].path, box.right, rows[k].box.right, 0.02);
        UNIT_NEAR(rows[k].path, box.bottom, rows[k].box.bottom, 0.02);
    }
}
END_TEST

START_TEST(what_is_not_a_path_is_refused)
{
    static const char *const rows[] = {"M1", "M1 -", "M1 2L3", "Q1 2 3 4", "1 2", "M1 2Z3 4", "M.. 1", "A1 1 0 0 1 5"};

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        struct box box;

        ck_assert_msg(!draw(rows[k], &box), "%s", rows[k]);
    }
}
END_TEST

/* --- the file --- */

START_TEST(damaged_data_is_named)
{
    static const struct {
        const char *json, *error;
    } rows[] = {
        {"{", "glass.json: not JSON"},
        {"{}", "glass.json: no size"},
        {"{\"size\": [1, 1], \"bits\": 5}", "glass.json: 5 bits, the display has 1447"},
        {"{\"size\": [1, 1], \"bits\": 1447}", "glass.json: no shape for bit 0"},
        {"{\"size\": [1, 1], \"bits\": 1447, \"shapes\": [{\"name\": \"sw\", \"bit\": 1447, \"path\": \"M0 0Z\"}]}",
         "glass.json: sw: bit 1447 is outside or has a shape already"},
        {"{\"size\": [1, 1], \"bits\": 1447, \"shapes\": [{\"name\": \"sw\", \"bit\": 0, \"path\": \"X\"}]}",
         "glass.json: sw: not a path: X"},
        {"{\"size\": [1, 1], \"bits\": 1447, \"shapes\": [{\"name\": \"sw\", \"bit\": 0}]}",
         "glass.json: sw: not a path: (none)"},
        {"{\"size\": [1, 1], \"bits\": 1447, \"groups\": [{\"name\": \"ct\", \"count\": 1, \"template\": \"t\"}]}",
         "glass.json: ct: no template t"},
    };

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        char error[200];

        ck_assert_ptr_null(ui_glass_new(rows[k].json, error, sizeof error));
        ck_assert_str_eq(error, rows[k].error);
    }
}
END_TEST

/* --- segments --- */

static const struct pixels *empty(void)
{
    static struct pixels pixels;
    struct ui_look look = pixels_look();

    if (!pixels.rgb)
        pixels = pixels_draw(&look, false, SCALE);
    return &pixels;
}

/* Adds what one segment covers to sum; gives its area in square millimetres. */
static double add_ink(unsigned bit, float *sum)
{
    struct ui_look look = pixels_look();
    struct pixels drawn;
    double area = 0;

    pixels_light(&look, bit);
    drawn = pixels_draw(&look, false, SCALE);
    for (int k = 0; k < drawn.width * drawn.height; k++) {
        double ink = pixels_ink(&drawn, empty(), k);

        UNIT_CHECK(ink > -0.02 && ink < 1.05, "bit %u: %.2f of pixel %d", bit, ink, k);
        area += ink / SCALE / SCALE;
        sum[k] += (float)ink;
    }
    pixels_free(&drawn);
    return area;
}

/* Edges that meet in a pixel share it; what overlaps covers more than all of it. */
static void check_layer(unsigned first, unsigned end)
{
    int n = empty()->width * empty()->height;
    float *sum = calloc((size_t)n, sizeof *sum);

    for (unsigned bit = first; bit < end; bit++) {
        double area = add_ink(bit, sum);

        UNIT_CHECK(area > 0.05, "bit %u covers %.3f mm2", bit, area);
    }
    for (int k = 0; k < n; k++)
        UNIT_CHECK(sum[k] < 1.12, "segments overlap at %.2f, %.2f mm", k % empty()->width / (double)SCALE,
                   k / empty()->width / (double)SCALE);
    free(sum);
}

START_TEST(each_segment_has_a_place_of_its_own)
{
    check_layer(0, EM_LCD_QR);
}
END_TEST

START_TEST(each_module_of_the_qr_code_has_a_place_of_its_own)
{
    check_layer(EM_LCD_QR, EM_LCD_QR_LAST + 1);
}
END_TEST

START_TEST(nothing_lies_outside_of_the_glass)
{
    cairo_surface_t *surface = cairo_recording_surface_create(CAIRO_CONTENT_COLOR_ALPHA, NULL);
    cairo_t *cr = cairo_create(surface);
    struct ui_look look = pixels_look();
    double width, height, x, y, w, h;

    memset(look.lcd.bits, 0xFF, sizeof look.lcd.bits);
    cairo_scale(cr, SCALE, SCALE); /* extents are whole units */
    ui_glass_draw(pixels_face(), cr, &look, &width, &height);
    cairo_recording_surface_ink_extents(surface, &x, &y, &w, &h);
    ck_assert(x >= 0 && y >= 0 && x + w <= width * SCALE && y + h <= height * SCALE);
    cairo_destroy(cr);
    cairo_surface_destroy(surface);
}
END_TEST

/* --- turned --- */

START_TEST(turned_is_the_picture_rotated)
{
    struct ui_look look = pixels_look();
    struct pixels upright, turned, turned_empty;
    int n = empty()->width * empty()->height;

    look.lcd.turned = true;
    turned_empty = pixels_draw(&look, false, SCALE);
    for (unsigned bit = 0; bit < EM_LCD_QR; bit += 3)
        pixels_light(&look, bit);
    turned = pixels_draw(&look, false, SCALE);
    look.lcd.turned = false;
    upright = pixels_draw(&look, false, SCALE);
    for (int k = 0; k < n; k++)
        UNIT_NEAR("ink", pixels_ink(&turned, &turned_empty, n - 1 - k), pixels_ink(&upright, empty(), k), 0.15);
    pixels_free(&upright);
    pixels_free(&turned);
    pixels_free(&turned_empty);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("glass");
    TCase *paths = unit_case(suite, "paths"), *segments = unit_case(suite, "segments");

    tcase_add_test(paths, paths_cover_what_they_should);
    tcase_add_test(paths, what_is_not_a_path_is_refused);
    tcase_add_test(paths, damaged_data_is_named);
    tcase_add_test(segments, each_segment_has_a_place_of_its_own);
    tcase_add_test(segments, each_module_of_the_qr_code_has_a_place_of_its_own);
    tcase_add_test(segments, nothing_lies_outside_of_the_glass);
    tcase_add_test(segments, turned_is_the_picture_rotated);
    return suite;
}
