/* SPDX-License-Identifier: MIT */
#include "panel.h"
#include "pixels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], path[128], error[400];

static void setup(void)
{
    strcpy(folder, "/tmp/vmeter-face-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void teardown(void)
{
    ck_assert_msg(rmdir(folder) == 0, "a file was left in %s", folder);
}

static const char *in_folder(const char *name)
{
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* --- buttons --- */

START_TEST(buttons_are_where_they_are_drawn)
{
    static const struct {
        double x, y;
        int button;
    } rows[] = {
        {9, 78, EM_BUTTON_LEFT},
        {18, 78, EM_BUTTON_MIDDLE},
        {27, 78, EM_BUTTON_RIGHT},
        {9, 75.5, EM_BUTTON_LEFT},
        {13.2, 78, EM_BUTTON_LEFT},
        {14, 78, EM_BUTTON_MIDDLE},
        {9, 74, -1},
        {18, 82, -1},
        {3, 78, -1},
        {33, 78, -1},
        {18, 40, -1},
        {-5, -5, -1},
    };

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++)
        ck_assert_msg(ui_face_button_at(pixels_face(), rows[k].x, rows[k].y) == rows[k].button, "%g, %g", rows[k].x,
                      rows[k].y);
}
END_TEST

/* Does the front differ between two looks near a point? In mm. */
static bool differs_at(const struct ui_look *a, const struct ui_look *b, double x, double y)
{
    struct pixels pa = pixels_draw(a, true, 8), pb = pixels_draw(b, true, 8);
    int at = 3 * ((int)(y * 8) * pa.width + (int)(x * 8));
    bool differs = memcmp(pa.rgb + at, pb.rgb + at, 3) != 0;

    pixels_free(&pa);
    pixels_free(&pb);
    return differs;
}

START_TEST(touches_and_lamps_are_to_be_seen)
{
    static const double button_x[] = {7, 16, 25}, lamp[][2] = {{32.75, 11.4}, {3.65, 83.85}, {11.85, 83.85}};
    struct ui_look none = pixels_look();

    for (int k = 0; k < EM_BUTTON_COUNT; k++) {
        struct ui_look look = none;

        look.pressed[k] = true;
        for (int j = 0; j < EM_BUTTON_COUNT; j++)
            ck_assert_int_eq(differs_at(&look, &none, button_x[j], 79.3), j == k);
    }
    for (int k = 0; k < EM_OUTPUT_COUNT; k++) {
        struct ui_look look = none;

        look.output[k] = true;
        for (int j = 0; j < EM_OUTPUT_COUNT; j++)
            ck_assert_int_eq(differs_at(&look, &none, lamp[j][0], lamp[j][1]), j == k);
    }
}
END_TEST

START_TEST(the_ring_fills_clockwise)
{
    /* Its four quarters, from the top. */
    static const double x[] = {19.94, 19.94, 16.06, 16.06}, y[] = {76.21, 80.09, 80.09, 76.21};
    struct ui_look none = pixels_look(), look = none;

    for (int quarters = 0; quarters <= 4; quarters++) {
        look.held = (float)quarters / 4;
        for (int k = 0; k < 4; k++)
            ck_assert_msg(differs_at(&look, &none, x[k], y[k]) == (k < quarters), "%d at %d", quarters, k);
    }
}
END_TEST

/* --- the meter --- */

START_TEST(a_look_shows_the_meter)
{
    static struct unit_rig rig;
    struct ui_look look = {.held = 0.5f, .pressed = {true}};

    unit_rig_init(&rig, 50000, unit_mains(50, 2, 30));
    unit_feed(&rig, 1);
    em_meter_preset(&rig.meter, EM_SETTING_SERIAL_NUMBER, 1234);
    rig.meter.pulses.output[EM_OUTPUT_S0_1].on = true;
    ui_look_at(&look, &rig.meter);
    ck_assert_str_eq(look.serial, "00001234");
    ck_assert(look.powered && !look.backlight);
    ck_assert(look.output[EM_OUTPUT_S0_1] && !look.output[EM_OUTPUT_S0_2]);
    ck_assert(em_lcd_lit(&look.lcd, EM_LCD_SW) && !em_lcd_lit(&look.lcd, EM_LCD_MENU));
    ck_assert(look.pressed[0] && look.held > 0);
    panel_touch(&rig, EM_BUTTON_RIGHT);
    ui_look_at(&look, &rig.meter);
    ck_assert(look.backlight);
    em_meter_stop(&rig.meter);
    ui_look_at(&look, &rig.meter);
    ck_assert(!look.powered && !look.backlight && !em_lcd_lit(&look.lcd, EM_LCD_SW));
}
END_TEST

/* --- drawing --- */

static cairo_t *canvas(double x, double y, double scale)
{
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, 400, 800);
    cairo_t *cr = cairo_create(surface);

    cairo_surface_destroy(surface);
    cairo_translate(cr, x, y);
    cairo_scale(cr, scale, scale);
    return cr;
}

/* Pixels are kept for upright pictures only, and so little of a slant is not to be seen. */
static void draw_directly(cairo_t *cr, const struct ui_look *look)
{
    cairo_matrix_t slant = {1, 1e-9, 0, 1, 0, 0};

    cairo_transform(cr, &slant);
    ui_face_draw(pixels_face(), cr, look);
}

START_TEST(kept_pixels_are_the_same_picture)
{
    struct ui_look look = pixels_look();
    cairo_t *kept = canvas(20.37, 11.6, 7.3), *direct = canvas(20.37, 11.6, 7.3);
    struct pixels a, b;
    struct pixels_difference difference;

    for (unsigned bit = 0; bit < EM_LCD_QR; bit += 2)
        pixels_light(&look, bit);
    ui_face_draw(pixels_face(), kept, &look);
    draw_directly(direct, &look);
    a = pixels_of(cairo_get_target(kept));
    b = pixels_of(cairo_get_target(direct));
    difference = pixels_compare(&a, &b);
    ck_assert_msg(difference.mean < 0.3 && difference.blurred < 12, "%.2f %.2f", difference.mean, difference.blurred);
    pixels_free(&a);
    pixels_free(&b);
    cairo_destroy(kept);
    cairo_destroy(direct);
}
END_TEST

START_TEST(drawing_leaves_the_context_as_it_was)
{
    struct ui_look look = pixels_look();
    cairo_t *cr = canvas(3, 4, 5);
    cairo_matrix_t m;

    look.pressed[1] = look.output[0] = true;
    ui_face_draw(pixels_face(), cr, &look);
    cairo_get_matrix(cr, &m);
    ck_assert(m.xx == 5 && m.yy == 5 && m.x0 == 3 && m.y0 == 4);
    ck_assert(!cairo_has_current_point(cr));
    ck_assert_int_eq(cairo_status(cr), CAIRO_STATUS_SUCCESS);
    cairo_destroy(cr);
}
END_TEST

/* --- files --- */

START_TEST(a_png_has_its_size)
{
    struct ui_look look = pixels_look();
    cairo_surface_t *surface;

    ck_assert_msg(ui_face_save(pixels_face(), &look, true, 2.5, in_folder("a.png"), error, sizeof error), "%s", error);
    surface = cairo_image_surface_create_from_png(path);
    ck_assert_int_eq(cairo_image_surface_get_width(surface), 90);
    ck_assert_int_eq(cairo_image_surface_get_height(surface), 225);
    cairo_surface_destroy(surface);
    unlink(path);
}
END_TEST

START_TEST(an_svg_has_its_size_in_points)
{
    struct ui_look look = pixels_look();
    char text[400] = "";
    FILE *file;

    ck_assert_msg(ui_face_save(pixels_face(), &look, false, 1, in_folder("a.SVG"), error, sizeof error), "%s", error);
    file = fopen(path, "r");
    ck_assert_uint_gt(fread(text, 1, sizeof text - 1, file), 0);
    fclose(file);
    ck_assert_msg(strstr(text, "<svg") && strstr(text, "width=\"79.370079"), "%s", text); /* 28 mm */
    unlink(path);
}
END_TEST

START_TEST(what_can_not_be_saved_is_told)
{
    static const struct {
        const char *name;
        double scale;
        const char *problem;
    } rows[] = {
        {"a.jpg", 8, "not a name that ends in .png or .svg"},
        {"png", 8, "not a name that ends in .png or .svg"},
        {"a.png", 0, "not a scale for a picture"},
        {"a.png", 1e6, "not a scale for a picture"},
        {"a.png", NAN, "not a scale for a picture"},
        {"none/a.png", 8, "No such file or directory"},
        {"none/a.svg", 8, "No such file or directory"},
    };
    struct ui_look look = pixels_look();

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        char want[400];

        snprintf(want, sizeof want, "%s: %s", in_folder(rows[k].name), rows[k].problem);
        ck_assert(!ui_face_save(pixels_face(), &look, true, rows[k].scale, path, error, sizeof error));
        ck_assert_str_eq(error, want);
    }
}
END_TEST

/* A full disk, and a name that is taken: nothing half-written stays behind (teardown looks). */
START_TEST(nothing_stays_of_what_failed)
{
    struct ui_look look = pixels_look();

    ck_assert_int_eq(symlink("/dev/full", in_folder("a.png.part")), 0);
    ck_assert(!ui_face_save(pixels_face(), &look, true, 8, in_folder("a.png"), error, sizeof error));
    ck_assert_int_eq(mkdir(in_folder("b.png"), 0700), 0);
    ck_assert(!ui_face_save(pixels_face(), &look, true, 8, path, error, sizeof error));
    ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("face");
    TCase *front = unit_case(suite, "front"), *files = unit_case(suite, "files");

    tcase_add_test(front, buttons_are_where_they_are_drawn);
    tcase_add_test(front, touches_and_lamps_are_to_be_seen);
    tcase_add_test(front, the_ring_fills_clockwise);
    tcase_add_test(front, a_look_shows_the_meter);
    tcase_add_test(front, kept_pixels_are_the_same_picture);
    tcase_add_test(front, drawing_leaves_the_context_as_it_was);
    tcase_add_test(front, drawing_leaves_the_context_as_it_was);
    tcase_add_checked_fixture(files, setup, teardown);
    tcase_add_test(files, a_png_has_its_size);
    tcase_add_test(files, an_svg_has_its_size_in_points);
    tcase_add_test(files, what_can_not_be_saved_is_told);
    tcase_add_test(files, nothing_stays_of_what_failed);
    return suite;
}
