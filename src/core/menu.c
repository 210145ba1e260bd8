/* SPDX-License-Identifier: MIT
 * The menu: lists of items, and a few kinds of editors for what they set. Settings go through em_meter_check and
 * em_meter_set, as those that come over a bus. Source: manual 7.4 to 7.6; how it looks is our decision. */
#include "glass.h"
#include "screens.h"

#define COUNT(table) (uint8_t)(sizeof(table) / sizeof(table)[0])

struct choice {
    const char *text; /* one that begins with a digit is shown on the value line, others on the note line */
    int32_t value;
};

static const struct choice off_on[] = {{"OFF", 0}, {"ON", 1}};
static const struct choice tariffs[] = {{"T1", 1}, {"T2", 2}, {"T3", 3}, {"T4", 4}};
static const struct choice s0_rates[] = {{"10000", 1000000}, {"2000", 200000}, {"1000", 100000}, {"100", 10000},
                                         {"10", 1000},       {"1", 100},       {"0.1", 10},      {"0.01", 1}};
static const struct choice s0_types[] = {{"ACT-REACT", 1}, {"FWD-REV", 2}};
static const struct choice bauds[] = {{"300", 1},  {"600", 2},   {"1200", 3},  {"2400", 4},  {"4800", 5},
                                      {"9600", 6}, {"19200", 7}, {"38400", 8}, {"57600", 9}, {"115200", 10}};
#define MBUS_BAUD_COUNT 6
static const struct choice parities[] = {{"EVEN", EM_PARITY_EVEN}, {"NONE", EM_PARITY_NONE}, {"ODD", EM_PARITY_ODD}};
static const struct choice even_only[] = {{"EVEN", EM_PARITY_EVEN}};
static const struct choice ct_secondaries[] = {{"1", 1}, {"5", 5}};
static const struct choice backlights[] = {{"BUTTON", 1}, {"ON", 2}, {"OFF", 3}};

enum list { LIST_MENU, LIST_CONFIG, LIST_S0, LIST_MODBUS, LIST_MBUS, LIST_COUNT };

static const uint8_t parent[LIST_COUNT] = {
    [LIST_CONFIG] = LIST_MENU,
    [LIST_S0] = LIST_CONFIG,
    [LIST_MODBUS] = LIST_CONFIG,
    [LIST_MBUS] = LIST_CONFIG,
};

enum kind {
    SUBLIST,   /* argument: enum list */
    BLUETOOTH, /* choices */
    CHOICES,   /* argument: enum em_setting; choices */
    NUMBER,    /* argument: enum em_setting; count digits */
    SECRET,    /* the same, but what it is stays unseen */
    CT_RATIO,  /* count digits of the primary current, then choices for the secondary, then a confirmation */
    FIXED,     /* shows its only choice */
    POWER_DOWNS,
    TRIP, /* these two are shown and can be reset */
};

static const struct item {
    const char *label;
    uint8_t list; /* that it stands in */
    uint8_t kind; /* enum kind */
    uint8_t argument;
    uint8_t count; /* of digits or choices */
    const struct choice *choices;
    const char *note; /* a unit, or NULL */
} items[] = {
    {"BLUETOOTH", LIST_MENU, BLUETOOTH, 0, COUNT(off_on), off_on, NULL},
    {"CONFIG", LIST_MENU, SUBLIST, LIST_CONFIG, 0, NULL, NULL},

    {"PASSWORD", LIST_CONFIG, SECRET, EM_SETTING_PASSWORD, 4, NULL, NULL},
    {"TARIFF", LIST_CONFIG, CHOICES, EM_SETTING_TARIFF, COUNT(tariffs), tariffs, NULL},
    {"S0", LIST_CONFIG, SUBLIST, LIST_S0, 0, NULL, NULL},
    {"MODBUS", LIST_CONFIG, SUBLIST, LIST_MODBUS, 0, NULL, NULL},
    {"M-BUS", LIST_CONFIG, SUBLIST, LIST_MBUS, 0, NULL, NULL},
    {"CT RATIO", LIST_CONFIG, CT_RATIO, EM_SETTING_CT_RATIO, 4, ct_secondaries, NULL},
    {"BACKLIGHT", LIST_CONFIG, CHOICES, EM_SETTING_BACKLIGHT, COUNT(backlights), backlights, NULL},
    {"POWERDOWN", LIST_CONFIG, POWER_DOWNS, EM_SETTING_POWER_DOWN_COUNTER, 0, NULL, NULL},
    {"TRIP", LIST_CONFIG, TRIP, 0, 0, NULL, NULL},
    {"OBIS", LIST_CONFIG, CHOICES, EM_SETTING_OBIS_CODE_DISPLAY, COUNT(off_on), off_on, NULL},

    {"S0 RATE", LIST_S0, CHOICES, EM_SETTING_S0_RATE, COUNT(s0_rates), s0_rates, "IMP/KWH"},
    {"S0 WIDTH", LIST_S0, NUMBER, EM_SETTING_PULSE_WIDTH, 2, NULL, "MS"},
    {"S0 TYPE", LIST_S0, CHOICES, EM_SETTING_PULSE_TYPE, COUNT(s0_types), s0_types, NULL},

    {"MODBUS ID", LIST_MODBUS, NUMBER, EM_SETTING_MODBUS_ID, 3, NULL, NULL},
    {"BAUD RATE", LIST_MODBUS, CHOICES, EM_SETTING_MODBUS_BAUD, COUNT(bauds), bauds, "BAUD"},
    {"PARITY", LIST_MODBUS, CHOICES, EM_SETTING_MODBUS_PARITY, COUNT(parities), parities, NULL},

    {"M-BUS ID", LIST_MBUS, NUMBER, EM_SETTING_MBUS_ADDRESS, 3, NULL, NULL},
    {"SECOND ID", LIST_MBUS, NUMBER, EM_SETTING_MBUS_ID, 8, NULL, NULL},
    {"BAUD RATE", LIST_MBUS, CHOICES, EM_SETTING_MBUS_BAUD, MBUS_BAUD_COUNT, bauds, "BAUD"},
    {"PARITY", LIST_MBUS, FIXED, 0, COUNT(even_only), even_only, NULL},
};

#define PASSWORD_DIGITS      4
#define CT_SECONDARY_CHOICES COUNT(ct_secondaries)

static const char *const messages[] = {
    [EM_MESSAGE_SAVED] = "SAVED", [EM_MESSAGE_DONE] = "DONE",     [EM_MESSAGE_WRONG] = "WRONG",
    [EM_MESSAGE_RANGE] = "RANGE", [EM_MESSAGE_LOCKED] = "LOCKED", [EM_MESSAGE_FIXED] = "FIXED",
};

static const struct item *item_of(const struct em_meter *m)
{
    return &items[m->display.item];
}

static void answer(struct em_display *d, enum em_message message)
{
    d->message = (uint8_t)message;
    d->message_until = d->now + (uint64_t)EM_MESSAGE_MS * EM_SAMPLE_RATE / 1000;
}

/* --- going about --- */

static void open_list(struct em_display *d, unsigned list)
{
    d->screen = EM_SCREEN_LIST;
    d->item = 0;
    while (items[d->item].list != list)
        d->item++;
}

/* Back from an editor to the item that it belongs to. */
static void back_to_item(struct em_display *d)
{
    d->screen = EM_SCREEN_LIST;
}

/* From a list to the item that opened it. */
static void leave_list(struct em_display *d)
{
    unsigned list = items[d->item].list;

    if (list == LIST_MENU) {
        d->screen = EM_SCREEN_PAGES;
        return;
    }
    open_list(d, parent[list]);
    while (items[d->item].kind != SUBLIST || items[d->item].argument != list)
        d->item++;
}

/* The next item of the same list, or with step -1 the one before, round and round. */
static void step_item(struct em_display *d, int step)
{
    unsigned list = items[d->item].list;

    do {
        int next = d->item + step;

        d->item = (uint8_t)(next < 0 ? COUNT(items) - 1 : next % COUNT(items));
    } while (items[d->item].list != list);
}

static void open_digits(struct em_display *d, enum em_screen screen, int32_t value, int count)
{
    d->screen = (uint8_t)screen;
    d->cursor = 0;
    for (int k = count - 1; k >= 0; k--, value /= 10)
        d->digits[k] = (uint8_t)(value % 10);
}

static int32_t digits_value(const struct em_display *d, int count)
{
    int32_t value = 0;

    for (int k = 0; k < count; k++)
        value = value * 10 + d->digits[k];
    return value;
}

static void open_choices(struct em_display *d, int32_t value, const struct choice *choices, unsigned count)
{
    d->screen = EM_SCREEN_CHOICE;
    d->choice = 0;
    for (unsigned k = 0; k < count; k++)
        if (choices[k].value == value)
            d->choice = (uint8_t)k;
}

static void open_confirmation(struct em_display *d)
{
    d->screen = EM_SCREEN_CONFIRM;
    d->choice = 0; /* no */
}

/* What a choice or number is now. */
static int32_t value_of(const struct em_meter *m, const struct item *item)
{
    return item->kind == BLUETOOTH ? m->display.bluetooth : m->settings.value[item->argument];
}

static unsigned choice_count(const struct item *item)
{
    return item->kind == CT_RATIO ? CT_SECONDARY_CHOICES : item->count;
}

static void open_item(struct em_meter *m)
{
    struct em_display *d = &m->display;
    const struct item *item = item_of(m);

    switch ((enum kind)item->kind) {
    case SUBLIST:
        if (item->argument == LIST_CONFIG)
            open_digits(d, EM_SCREEN_PASSWORD, 0, PASSWORD_DIGITS);
        else
            open_list(d, item->argument);
        break;
    case BLUETOOTH:
    case CHOICES:
        open_choices(d, value_of(m, item), item->choices, item->count);
        break;
    case NUMBER:
        open_digits(d, EM_SCREEN_DIGITS, value_of(m, item), item->count);
        break;
    case SECRET:
        open_digits(d, EM_SCREEN_DIGITS, 0, item->count);
        break;
    case CT_RATIO:
        open_digits(d, EM_SCREEN_DIGITS, (int32_t)EM_CT_PRIMARY(value_of(m, item)), item->count);
        break;
    case FIXED:
        answer(d, EM_MESSAGE_FIXED);
        break;
    case POWER_DOWNS:
    case TRIP:
        open_confirmation(d);
        break;
    }
}

/* --- acting --- */

/* A value that is not allowed stays in its editor, to be put right; one that never will be leaves it. */
static bool refused(struct em_display *d, enum em_err err)
{
    if (!err)
        return false;
    answer(d, err == EM_ERR_RANGE ? EM_MESSAGE_RANGE : EM_MESSAGE_LOCKED);
    d->cursor = 0;
    if (err != EM_ERR_RANGE)
        back_to_item(d);
    return true;
}

static void set(struct em_meter *m, enum em_setting setting, int32_t value)
{
    struct em_display *d = &m->display;

    if (refused(d, em_meter_set(m, setting, value)))
        return;
    em_storage_commit(m);
    if (items[d->item].list == LIST_MODBUS || items[d->item].list == LIST_MBUS)
        em_meter_reply_sent(m); /* no reply to wait for: the line changes now */
    back_to_item(d);
    answer(d, EM_MESSAGE_SAVED);
}

static int32_t entered_ratio(const struct em_display *d)
{
    return EM_CT_RATIO(d->primary, ct_secondaries[d->choice].value);
}

/* Both halves of a CT ratio are there: is it one that the meter takes? */
static void ratio_entered(struct em_meter *m)
{
    struct em_display *d = &m->display;
    enum em_err err = em_meter_check(m, EM_SETTING_CT_RATIO, entered_ratio(d));

    if (refused(d, err)) {
        if (err == EM_ERR_RANGE)
            open_digits(d, EM_SCREEN_DIGITS, d->primary, item_of(m)->count);
        return;
    }
    d->primary = entered_ratio(d);
    open_confirmation(d);
}

static void password_entered(struct em_meter *m)
{
    struct em_display *d = &m->display;

    if (digits_value(d, PASSWORD_DIGITS) == m->settings.value[EM_SETTING_PASSWORD]) {
        open_list(d, LIST_CONFIG);
        return;
    }
    answer(d, EM_MESSAGE_WRONG);
    open_digits(d, EM_SCREEN_PASSWORD, 0, PASSWORD_DIGITS);
}

static void digits_entered(struct em_meter *m)
{
    struct em_display *d = &m->display;
    const struct item *item = item_of(m);

    if (d->screen == EM_SCREEN_PASSWORD) {
        password_entered(m);
    } else if (item->kind == CT_RATIO) {
        d->primary = digits_value(d, item->count);
        open_choices(d, (int32_t)EM_CT_SECONDARY(value_of(m, item)), item->choices, CT_SECONDARY_CHOICES);
    } else {
        set(m, (enum em_setting)item->argument, digits_value(d, item->count));
    }
}

static void chosen(struct em_meter *m)
{
    struct em_display *d = &m->display;
    const struct item *item = item_of(m);

    if (item->kind == CT_RATIO) {
        ratio_entered(m);
    } else if (item->kind == BLUETOOTH) {
        d->bluetooth = item->choices[d->choice].value;
        d->screen = d->bluetooth ? EM_SCREEN_QR : EM_SCREEN_LIST;
    } else {
        set(m, (enum em_setting)item->argument, item->choices[d->choice].value);
    }
}

static void confirmed(struct em_meter *m)
{
    struct em_display *d = &m->display;
    const struct item *item = item_of(m);

    back_to_item(d);
    if (!d->choice)
        return;
    if (item->kind == CT_RATIO) {
        set(m, EM_SETTING_CT_RATIO, d->primary);
        return;
    }
    if (item->kind == TRIP)
        em_meter_reset_trip(m);
    else
        em_meter_set(m, EM_SETTING_POWER_DOWN_COUNTER, 0);
    em_storage_commit(m);
    answer(d, EM_MESSAGE_DONE);
}

/* --- keys --- */

void em_menu_open(struct em_meter *m)
{
    m->display.message_until = 0;
    open_list(&m->display, LIST_MENU);
}

static void list_key(struct em_meter *m, enum em_key key)
{
    if (key == EM_KEY_HOLD)
        leave_list(&m->display);
    else if (key == EM_KEY_MIDDLE)
        open_item(m);
    else
        step_item(&m->display, key == EM_KEY_RIGHT ? 1 : -1);
}

static void digits_key(struct em_meter *m, enum em_key key)
{
    struct em_display *d = &m->display;
    int count = d->screen == EM_SCREEN_PASSWORD ? PASSWORD_DIGITS : item_of(m)->count;

    if (key == EM_KEY_MIDDLE) {
        if (++d->cursor == count)
            digits_entered(m);
        return;
    }
    d->digits[d->cursor] = (uint8_t)((d->digits[d->cursor] + (key == EM_KEY_RIGHT ? 1 : 9)) % 10);
}

static void choice_key(struct em_meter *m, enum em_key key)
{
    struct em_display *d = &m->display;
    unsigned count = d->screen == EM_SCREEN_CONFIRM ? 2 : choice_count(item_of(m));

    if (key != EM_KEY_MIDDLE)
        d->choice = (uint8_t)((d->choice + (key == EM_KEY_RIGHT ? 1 : count - 1)) % count);
    else if (d->screen == EM_SCREEN_CONFIRM)
        confirmed(m);
    else
        chosen(m);
}

void em_menu_key(struct em_meter *m, enum em_key key)
{
    struct em_display *d = &m->display;

    d->message_until = 0;
    if (d->screen == EM_SCREEN_LIST)
        list_key(m, key);
    else if (key == EM_KEY_HOLD || d->screen == EM_SCREEN_QR)
        back_to_item(d);
    else if (d->screen == EM_SCREEN_CHOICE || d->screen == EM_SCREEN_CONFIRM)
        choice_key(m, key);
    else
        digits_key(m, key);
}

/* --- pictures --- */

static void draw_choice(struct em_lcd *lcd, const struct item *item, const struct choice *choice)
{
    if (choice->text[0] >= '0' && choice->text[0] <= '9') {
        em_glass_value(lcd, choice->text);
        if (item->note)
            em_glass_note(lcd, item->note);
    } else {
        em_glass_note(lcd, choice->text);
    }
}

static void draw_number(struct em_lcd *lcd, const struct item *item, int32_t value)
{
    char text[EM_GLASS_TEXT];

    em_glass_decimal(text, value, 0);
    em_glass_value(lcd, text);
    if (item->note)
        em_glass_note(lcd, item->note);
}

static void draw_trip(const struct em_meter *m, struct em_lcd *lcd)
{
    char text[12];

    em_energy_digits(em_shown_energy(m, EM_ENERGY(EM_SET_TRIP, EM_ACTIVE, EM_PART_TOTAL, EM_ALL)), text);
    em_glass_value(lcd, text);
    em_glass_light(lcd, EM_LCD_UNIT_W_KILO);
    em_glass_light(lcd, EM_LCD_UNIT_W);
    em_glass_light(lcd, EM_LCD_UNIT_W_HOUR);
}

/* An item with what it stands at. */
static void draw_item(const struct em_meter *m, struct em_lcd *lcd, const struct item *item)
{
    char text[EM_GLASS_TEXT];

    em_glass_label(lcd, item->label);
    switch ((enum kind)item->kind) {
    case SUBLIST:
        break;
    case BLUETOOTH:
    case CHOICES:
        for (unsigned k = 0; k < item->count; k++)
            if (item->choices[k].value == value_of(m, item))
                draw_choice(lcd, item, &item->choices[k]);
        break;
    case FIXED:
        draw_choice(lcd, item, item->choices);
        break;
    case NUMBER:
    case POWER_DOWNS:
        draw_number(lcd, item, value_of(m, item));
        break;
    case SECRET:
        em_glass_value(lcd, "----");
        break;
    case CT_RATIO:
        em_glass_ratio(text, value_of(m, item));
        em_glass_note(lcd, text);
        break;
    case TRIP:
        draw_trip(m, lcd);
        break;
    }
}

/* The digit that is being changed has a bar under it. The others of a password that is asked for stay unseen. */
static void draw_digits(const struct em_display *d, struct em_lcd *lcd, const struct item *item)
{
    bool asked = d->screen == EM_SCREEN_PASSWORD;
    int count = asked ? PASSWORD_DIGITS : item->count;
    char text[EM_MENU_DIGITS + 1] = {0};

    for (int k = 0; k < count; k++)
        text[k] = asked && k != d->cursor ? '-' : (char)('0' + d->digits[k]);
    em_glass_seven(lcd, EM_LCD_VALUE + (unsigned)(EM_LCD_ENERGY_DIGITS - count) * EM_LCD_SEVEN, text);
    em_glass_light(lcd, EM_LCD_CURSOR + (unsigned)(EM_LCD_ENERGY_DIGITS - count + d->cursor));
    em_glass_label(lcd, asked ? "PASSWORD" : item->kind == CT_RATIO ? "PRIMARY" : item->label);
    if (!asked && item->note)
        em_glass_note(lcd, item->note);
}

static void draw_choosing(const struct em_display *d, struct em_lcd *lcd, const struct item *item)
{
    em_glass_label(lcd, item->kind == CT_RATIO ? "SECONDARY" : item->label);
    draw_choice(lcd, item, &item->choices[d->choice]);
}

static void draw_confirmation(const struct em_meter *m, struct em_lcd *lcd, const struct item *item)
{
    const struct em_display *d = &m->display;
    char ratio[EM_GLASS_TEXT];

    if (item->kind == CT_RATIO) {
        em_glass_ratio(ratio, d->primary);
        em_glass_label(lcd, ratio);
        em_glass_note(lcd, d->choice ? "SET YES" : "SET NO");
    } else {
        draw_item(m, lcd, item);
        em_glass_note(lcd, d->choice ? "RESET YES" : "RESET NO");
    }
}

static void draw_qr(const struct em_display *d, struct em_lcd *lcd)
{
    for (unsigned k = 0; k < EM_LCD_QR_MODULES; k++)
        if (d->qr[k / 8] >> (k % 8) & 1)
            em_glass_light(lcd, EM_LCD_QR + k);
}

static void draw_screen(const struct em_meter *m, struct em_lcd *lcd)
{
    const struct em_display *d = &m->display;
    const struct item *item = item_of(m);

    switch ((enum em_screen)d->screen) {
    case EM_SCREEN_PASSWORD:
    case EM_SCREEN_DIGITS:
        draw_digits(d, lcd, item);
        break;
    case EM_SCREEN_CHOICE:
        draw_choosing(d, lcd, item);
        break;
    case EM_SCREEN_CONFIRM:
        draw_confirmation(m, lcd, item);
        break;
    default:
        draw_item(m, lcd, item);
        break;
    }
}

void em_menu_draw(struct em_meter *m, struct em_lcd *lcd)
{
    const struct em_display *d = &m->display;

    em_glass_light(lcd, EM_LCD_MENU);
    if (d->screen == EM_SCREEN_QR && d->has_qr) {
        draw_qr(d, lcd);
        return;
    }
    em_pages_draw_flow(m, lcd, EM_TOTAL);
    draw_screen(m, lcd);
    if (d->now < d->message_until) {
        em_glass_note(lcd, messages[d->message]);
    } else if (d->screen == EM_SCREEN_CHOICE || d->screen == EM_SCREEN_CONFIRM) {
        em_glass_light(lcd, EM_LCD_PREVIOUS);
        em_glass_light(lcd, EM_LCD_NEXT);
    }
}
