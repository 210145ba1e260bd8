/* SPDX-License-Identifier: MIT
 * Typical pictures against tests/golden/face. VMETER_GOLDEN=write writes them instead. */
#include "panel.h"
#include "pixels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCALE 4

/* Of 255. Another version of cairo or FreeType moves edges by fractions of a pixel; a missing point makes a blurred
 * difference of more than 20, as the last test shows. */
#define MEAN_MAX    1.5
#define BLURRED_MAX 16

static struct unit_rig rig;

static void setup(void)
{
    unit_rig_init(&rig, 50000, unit_mains(50, 2, 30));
    unit_feed(&rig, 2);
}

/* --- what is to be seen --- */

static struct ui_look all(void)
{
    struct ui_look look = pixels_look();

    for (unsigned bit = 0; bit < EM_LCD_QR; bit++)
        pixels_light(&look, bit);
    return look;
}

static struct ui_look meter(bool backlight)
{
    struct ui_look look = {0};

    ui_look_at(&look, &rig.meter);
    look.backlight = backlight;
    return look;
}

static struct ui_look page(void)
{
    panel_touches(&rig, EM_BUTTON_RIGHT, 8);
    unit_feed(&rig, 1);
    return meter(false);
}

static struct ui_look digits(void)
{
    panel_hold(&rig, EM_BUTTON_MIDDLE, 3.5);
    panel_touch(&rig, EM_BUTTON_RIGHT);
    panel_touch(&rig, EM_BUTTON_MIDDLE);
    panel_touches(&rig, EM_BUTTON_RIGHT, 3);
    return meter(true);
}

static struct ui_look qr(void)
{
    uint8_t modules[(EM_LCD_QR_MODULES + 7) / 8];
    uint64_t state = 1;

    for (size_t k = 0; k < sizeof modules; k++)
        modules[k] = (uint8_t)unit_random(&state);
    em_meter_set_qr(&rig.meter, modules);
    panel_hold(&rig, EM_BUTTON_MIDDLE, 3.5);
    panel_touch(&rig, EM_BUTTON_MIDDLE);
    return meter(true);
}

static struct ui_look turned(void)
{
    struct ui_look look = page();

    look.lcd.turned = true;
    return look;
}

static struct ui_look dark(void)
{
    em_meter_stop(&rig.meter);
    return meter(true);
}

static struct ui_look front(void)
{
    struct ui_look look = digits();

    look.pressed[EM_BUTTON_MIDDLE] = true;
    look.held = 0.6f;
    look.output[EM_OUTPUT_LED] = look.output[EM_OUTPUT_S0_2] = true;
    return look;
}

static const struct picture {
    const char *name;
    struct ui_look (*look)(void);
    bool front;
} pictures[] = {
    {"all", all, false},       {"page", page, false}, {"digits", digits, false}, {"qr", qr, false},
    {"turned", turned, false}, {"dark", dark, false}, {"front", front, true},
};

#define PICTURE_COUNT ((int)(sizeof pictures / sizeof pictures[0]))

/* --- comparing --- */

static struct pixels golden(const char *file)
{
    cairo_surface_t *surface = cairo_image_surface_create_from_png(file);
    struct pixels pixels;

    ck_assert_msg(cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS, "%s: %s (VMETER_GOLDEN=write writes it)", file,
                  cairo_status_to_string(cairo_surface_status(surface)));
    pixels = pixels_of(surface);
    cairo_surface_destroy(surface);
    return pixels;
}

static bool is_close(struct pixels_difference difference)
{
    return difference.mean <= MEAN_MAX && difference.blurred <= BLURRED_MAX;
}

static void save(const struct picture *picture, const struct ui_look *look, const char *file)
{
    char error[400];

    ck_assert_msg(ui_face_save(pixels_face(), look, picture->front, SCALE, file, error, sizeof error), "%s", error);
}

static void compare(const struct picture *picture, const struct ui_look *look, const char *file)
{
    struct pixels want = golden(file), got = pixels_draw(look, picture->front, SCALE);
    struct pixels_difference difference = pixels_compare(&got, &want);
    char seen[200];

    snprintf(seen, sizeof seen, "face-%s.png", picture->name);
    if (!is_close(difference))
        save(picture, look, seen);
    ck_assert_msg(is_close(difference), "%s: mean difference %.2f (limit %g), blurred %.1f (limit %d), see %s", file,
                  difference.mean, MEAN_MAX, difference.blurred, BLURRED_MAX, seen);
    pixels_free(&want);
    pixels_free(&got);
}

START_TEST(picture_is_as_it_was)
{
    const struct picture *picture = &pictures[_i];
    struct ui_look look = picture->look();
    const char *mode = getenv("VMETER_GOLDEN");
    char file[1024];

    snprintf(file, sizeof file, "%s/face/%s.png", UNIT_GOLDEN, picture->name);
    if (mode && strcmp(mode, "write") == 0)
        save(picture, &look, file);
    else
        compare(picture, &look, file);
}
END_TEST

START_TEST(the_limits_notice_every_segment)
{
    struct ui_look look = all();
    struct pixels whole = pixels_draw(&look, false, SCALE);

    for (unsigned bit = 0; bit < EM_LCD_QR; bit++) {
        struct pixels_difference difference;
        struct pixels pixels;

        look = all();
        look.lcd.bits[bit / 8] &= (uint8_t) ~(1u << bit % 8);
        pixels = pixels_draw(&look, false, SCALE);
        difference = pixels_compare(&pixels, &whole);
        UNIT_CHECK(!is_close(difference), "bit %u: only %.2f", bit, difference.blurred);
        pixels_free(&pixels);
    }
    pixels_free(&whole);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("pictures");
    TCase *typical = unit_case(suite, "typical"), *limits = unit_case(suite, "limits");

    tcase_add_checked_fixture(typical, setup, NULL);
    tcase_add_loop_test(typical, picture_is_as_it_was, 0, PICTURE_COUNT);
    tcase_add_test(limits, the_limits_notice_every_segment);
    return suite;
}
