/* SPDX-License-Identifier: MIT
 * The display as a whole, and parts 1 and 2 of it. */
#include "vmeter/em_display.h"

#include <string.h>

#include "glass.h"
#include "screens.h"

static int32_t setting(const struct em_meter *m, enum em_setting s)
{
    return m->settings.value[s];
}

void em_display_reset(struct em_display *d)
{
    uint8_t qr[sizeof d->qr];
    bool has_qr = d->has_qr;

    memcpy(qr, d->qr, sizeof qr);
    memset(d, 0, sizeof *d);
    memcpy(d->qr, qr, sizeof qr);
    d->has_qr = has_qr;
}

void em_meter_set_qr(struct em_meter *m, const uint8_t *modules)
{
    struct em_display *d = &m->display;

    d->has_qr = modules != NULL;
    if (modules)
        memcpy(d->qr, modules, sizeof d->qr);
}

bool em_meter_bluetooth(const struct em_meter *m)
{
    return m->display.bluetooth;
}

bool em_meter_backlight(const struct em_meter *m)
{
    const struct em_display *d = &m->display;

    if (!em_meter_running(m))
        return false;
    switch (setting(m, EM_SETTING_BACKLIGHT)) {
    case 1: /* button mode */
        return d->held || (d->was_touched && d->now < d->touched + EM_BACKLIGHT_S * EM_SAMPLE_RATE);
    case 2:
        return true;
    default:
        return false;
    }
}

unsigned em_shown_tariffs(const struct em_meter *m)
{
    return setting(m, EM_SETTING_T3_T4_USED) ? EM_TARIFF_COUNT : 2;
}

int32_t em_shown_energy(const struct em_meter *m, em_energy_id id)
{
    enum em_combination code = (enum em_combination)setting(m, EM_SETTING_COMBINATION_CODE);
    int32_t wh = em_energy_get(&m->energy, id, code);
    bool reverse_active = EM_ENERGY_KIND(id) == EM_ACTIVE && EM_ENERGY_PART(id) == EM_PART_REVERSE;

    return reverse_active && code != EM_C03_SUM ? -wh : wh;
}

/* Which of several things that take turns, each for so many seconds. */
static unsigned turn(const struct em_meter *m, int32_t seconds, unsigned count)
{
    return (unsigned)(m->display.now / ((uint64_t)seconds * EM_SAMPLE_RATE) % count);
}

static void draw_indicators(const struct em_meter *m, struct em_lcd *lcd)
{
    const struct {
        bool on;
        enum em_lcd_bit bit;
    } indicators[] = {
        {m->display.bluetooth, EM_LCD_BLUETOOTH},
        {em_meter_bus_active(m, EM_BUS_MODBUS), EM_LCD_MODBUS},
        {em_meter_bus_active(m, EM_BUS_MBUS), EM_LCD_MBUS},
        {m->error_code != 0, EM_LCD_WARNING},
    };

    for (size_t k = 0; k < sizeof indicators / sizeof indicators[0]; k++)
        if (indicators[k].on)
            em_glass_light(lcd, indicators[k].bit);
}

static void draw_part_1(const struct em_meter *m, struct em_lcd *lcd)
{
    int32_t ratio = setting(m, EM_SETTING_CT_RATIO);
    bool crc = turn(m, EM_ALTERNATE_S, 2) == 1;

    em_glass_light(lcd, EM_LCD_SW);
    em_glass_number(lcd, EM_LCD_VERSION, EM_LCD_VERSION_DIGITS, em_constant_value(EM_CONSTANT_SOFTWARE_VERSION), 10, 3);
    em_glass_light(lcd, EM_LCD_VERSION_POINT);
    em_glass_light(lcd, EM_LCD_TARIFF + (unsigned)setting(m, EM_SETTING_TARIFF) - 1);
    em_glass_light(lcd, EM_LCD_CT);
    em_glass_number(lcd, EM_LCD_CT_DIGIT, EM_LCD_CT_DIGITS - 1, EM_CT_PRIMARY(ratio), 10, 1);
    em_glass_light(lcd, EM_LCD_CT_SLASH);
    em_glass_number(lcd, EM_LCD_CT_DIGIT + (EM_LCD_CT_DIGITS - 1) * EM_LCD_SEVEN, 1, EM_CT_SECONDARY(ratio), 10, 1);
    em_glass_light(lcd, crc ? EM_LCD_CRC : EM_LCD_SERIAL);
    if (crc)
        em_glass_number(lcd, EM_LCD_NUMBER, EM_LCD_NUMBER_DIGITS, em_constant_value(EM_CONSTANT_CHECKSUM), 16,
                        EM_LCD_NUMBER_DIGITS);
    else
        em_glass_number(lcd, EM_LCD_NUMBER, EM_LCD_NUMBER_DIGITS, (uint32_t)setting(m, EM_SETTING_SERIAL_NUMBER), 10,
                        EM_LCD_NUMBER_DIGITS);
    draw_indicators(m, lcd);
}

/* The registers take turns: 1.8.1, 1.8.2 (.3, .4), 2.8.1, 2.8.2 (.3, .4). */
static void draw_part_2(const struct em_meter *m, struct em_lcd *lcd)
{
    unsigned tariffs = em_shown_tariffs(m);
    unsigned k = turn(m, setting(m, EM_SETTING_LCD_CYCLE_TIME), 2 * tariffs);
    bool reverse = k >= tariffs;
    unsigned tariff = 1 + k % tariffs;
    unsigned part = reverse ? EM_PART_REVERSE : EM_PART_FORWARD;
    int32_t wh = em_shown_energy(m, EM_ENERGY(EM_SET_MAIN, EM_ACTIVE, part, EM_ALL + tariff));
    uint32_t digits = (uint32_t)(wh < 0 ? -wh : wh);

    if (setting(m, EM_SETTING_OBIS_CODE_DISPLAY)) {
        em_glass_number(lcd, EM_LCD_OBIS, EM_LCD_OBIS_DIGITS, (reverse ? 280 : 180) + tariff, 10, EM_LCD_OBIS_DIGITS);
        em_glass_light(lcd, EM_LCD_OBIS_POINT);
        em_glass_light(lcd, EM_LCD_OBIS_POINT + 1);
    }
    em_glass_light(lcd, reverse ? EM_LCD_EXPORT : EM_LCD_IMPORT);
    em_glass_light(lcd, EM_LCD_SHOWN_TARIFF);
    em_glass_number(lcd, EM_LCD_SHOWN_TARIFF_DIGIT, 1, tariff, 10, 1);
    em_glass_light(lcd, EM_LCD_KWH);
    if (wh < 0)
        em_glass_light(lcd, EM_LCD_ENERGY_MINUS);
    em_glass_number(lcd, EM_LCD_ENERGY, EM_LCD_ENERGY_DIGITS, digits, 10, EM_LCD_ENERGY_DIGITS);
    em_glass_light(lcd, EM_LCD_ENERGY_POINT);
}

/* A meter that has stopped measuring has no energy to show. Source: manual 8.1. */
static void draw_error(const struct em_meter *m, struct em_lcd *lcd)
{
    em_glass_seven(lcd, EM_LCD_ENERGY, "Error");
    em_glass_number(lcd, EM_LCD_ENERGY + 6 * EM_LCD_SEVEN, 2, m->error_code, 16, 2);
}

const struct em_lcd *em_meter_lcd(struct em_meter *m)
{
    struct em_lcd *lcd = &m->display.lcd;

    memset(lcd, 0, sizeof *lcd);
    lcd->turned = setting(m, EM_SETTING_SCREEN_DIRECTION);
    if (!em_meter_running(m))
        return lcd;
    draw_part_1(m, lcd);
    if (m->stopped) {
        draw_error(m, lcd);
        return lcd;
    }
    draw_part_2(m, lcd);
    if (m->display.screen == EM_SCREEN_PAGES)
        em_pages_draw(m, lcd);
    else
        em_menu_draw(m, lcd);
    return lcd;
}
