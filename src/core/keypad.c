/* SPDX-License-Identifier: MIT
 * Three touch buttons and a clock become keys. */
#include "screens.h"

#define SAMPLES_MS(ms) ((uint64_t)(ms)*EM_SAMPLE_RATE / 1000)

static void key(struct em_meter *m, enum em_key k)
{
    if (m->stopped)
        return;
    if (m->display.screen == EM_SCREEN_PAGES)
        em_pages_key(m, k);
    else
        em_menu_key(m, k);
}

static bool on_a_digit(const struct em_display *d)
{
    return d->screen == EM_SCREEN_DIGITS || d->screen == EM_SCREEN_PASSWORD;
}

static void down(struct em_display *d, enum em_button button)
{
    d->held = (uint8_t)(button + 1);
    d->spent = false;
    d->due = 0;
    if (button == EM_BUTTON_MIDDLE)
        d->due = d->now + SAMPLES_MS(EM_HOLD_MS) + 1; /* more than 3 s, not 3 s */
    else if (on_a_digit(d))
        d->due = d->now + SAMPLES_MS(EM_REPEAT_FIRST_MS);
}

static void up(struct em_meter *m, enum em_button button)
{
    struct em_display *d = &m->display;

    d->held = 0;
    if (!d->spent)
        key(m, (enum em_key)button);
    d->due = d->screen == EM_SCREEN_PAGES ? 0 : d->now + SAMPLES_MS(1000 * EM_IDLE_S);
}

void em_meter_button(struct em_meter *m, enum em_button button, bool is_down)
{
    struct em_display *d = &m->display;

    if (!em_meter_running(m) || (unsigned)button >= EM_BUTTON_COUNT || d->held != (is_down ? 0 : button + 1))
        return;
    d->touched = d->now;
    d->was_touched = true;
    if (is_down)
        down(d, button);
    else
        up(m, button);
}

/* What was due has come. */
static void happen(struct em_meter *m)
{
    struct em_display *d = &m->display;

    if (!d->held) {
        d->screen = EM_SCREEN_PAGES;
        d->due = 0;
        return;
    }
    d->spent = true;
    if (d->held == EM_BUTTON_MIDDLE + 1) {
        d->due = 0;
        key(m, EM_KEY_HOLD);
    } else {
        d->due += SAMPLES_MS(EM_REPEAT_MS);
        key(m, (enum em_key)(d->held - 1));
    }
}

void em_display_run(struct em_meter *m, uint32_t n)
{
    struct em_display *d = &m->display;

    d->now += n;
    while (d->due && d->now >= d->due)
        happen(m);
}
