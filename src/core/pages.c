/* SPDX-License-Identifier: MIT
 * The measuring pages of part 3. */
#include "fixmath.h"
#include "glass.h"
#include "screens.h"

/* Units: what is lit beside the prefix; 0 ends a list. */
enum unit { UNIT_NONE, UNIT_V, UNIT_A, UNIT_W, UNIT_VAR, UNIT_VA, UNIT_HZ, UNIT_KWH, UNIT_KVARH };

static const struct {
    uint16_t bits[3];
    uint16_t prefix[2]; /* k and M */
} units[] = {
    [UNIT_NONE] = {{0}, {0}},
    [UNIT_V] = {{EM_LCD_UNIT_V}, {0}},
    [UNIT_A] = {{EM_LCD_UNIT_A}, {EM_LCD_UNIT_VA_KILO, EM_LCD_UNIT_VA_MEGA}},
    [UNIT_W] = {{EM_LCD_UNIT_W}, {EM_LCD_UNIT_W_KILO, EM_LCD_UNIT_W_MEGA}},
    [UNIT_VAR] = {{EM_LCD_UNIT_VAR}, {EM_LCD_UNIT_VAR_KILO, EM_LCD_UNIT_VAR_MEGA}},
    [UNIT_VA] = {{EM_LCD_UNIT_V, EM_LCD_UNIT_A}, {EM_LCD_UNIT_VA_KILO, EM_LCD_UNIT_VA_MEGA}},
    [UNIT_HZ] = {{EM_LCD_UNIT_HZ}, {0}},
    [UNIT_KWH] = {{EM_LCD_UNIT_W_KILO, EM_LCD_UNIT_W, EM_LCD_UNIT_W_HOUR}, {0}},
    [UNIT_KVARH] = {{EM_LCD_UNIT_VAR_KILO, EM_LCD_UNIT_VAR, EM_LCD_UNIT_VAR_HOUR}, {0}},
};

/* The pages of the total and of each phase, in the manual's order (7.3). */
enum source { WORD_DIRECTION, PLAIN_QUADRANT, MEASURED, COUNTED };

static const struct page {
    const char *label;
    uint8_t source;    /* enum source */
    uint8_t unit;      /* enum unit, without prefix */
    uint8_t decimals;  /* at most, without prefix */
    uint8_t prefixes;  /* how many of k, M */
    uint16_t argument; /* MEASURED: enum em_quantity; COUNTED: em_energy_id for EM_ALL */
    uint16_t micro;    /* MEASURED: the quantity's unit in millionths of the page's */
} pages[] = {
    {"DIRECTION", WORD_DIRECTION, UNIT_NONE, 0, 0, EM_QUANTITY_DIRECTION, 0},
    {"TRIP", COUNTED, UNIT_KWH, 3, 0, EM_ENERGY(EM_SET_TRIP, EM_ACTIVE, EM_PART_TOTAL, EM_ALL), 0},
    {"Q ENERGY", COUNTED, UNIT_KVARH, 3, 0, EM_ENERGY(EM_SET_MAIN, EM_REACTIVE, EM_PART_TOTAL, EM_ALL), 0},
    {"PF", MEASURED, UNIT_NONE, 3, 0, EM_QUANTITY_PF, 1},
    {"QUADRANT", PLAIN_QUADRANT, UNIT_NONE, 0, 0, EM_QUANTITY_QUADRANT, 0},
    {"FREQUENCY", MEASURED, UNIT_HZ, 3, 0, EM_QUANTITY_F, 1000},
    {"POWER P", MEASURED, UNIT_W, 1, 2, EM_QUANTITY_P, 1},
    {"POWER S", MEASURED, UNIT_VA, 1, 2, EM_QUANTITY_S, 1},
    {"POWER Q", MEASURED, UNIT_VAR, 1, 2, EM_QUANTITY_Q, 1},
    {"VOLTAGE", MEASURED, UNIT_V, 2, 0, EM_QUANTITY_U, 1},
    {"CURRENT", MEASURED, UNIT_A, 3, 1, EM_QUANTITY_I, 1},
};
#define PAGE_COUNT (sizeof pages / sizeof pages[0])

/* Groups of pages: total, L1..L3, and a CT history set for each ratio that was used. */
#define GROUP_TOTAL   0
#define GROUP_HISTORY (1 + EM_PHASE_COUNT)

/* The registers of a history set, each for the tariffs that are shown. */
static const struct {
    char obis;
    uint8_t kind, part, unit;
} registers[] = {
    {'1', EM_ACTIVE, EM_PART_FORWARD, UNIT_KWH},
    {'2', EM_ACTIVE, EM_PART_REVERSE, UNIT_KWH},
    {'3', EM_REACTIVE, EM_PART_FORWARD, UNIT_KVARH},
    {'4', EM_REACTIVE, EM_PART_REVERSE, UNIT_KVARH},
};
#define REGISTER_COUNT (sizeof registers / sizeof registers[0])

static unsigned group_count(const struct em_meter *m)
{
    return GROUP_HISTORY + m->energy.ct_changes + 1u;
}

static unsigned page_count(const struct em_meter *m, unsigned group)
{
    return group < GROUP_HISTORY ? PAGE_COUNT : REGISTER_COUNT * em_shown_tariffs(m);
}

/* One page on, through all groups. */
static void next_page(struct em_meter *m)
{
    struct em_display *d = &m->display;

    if (++d->page < page_count(m, d->group))
        return;
    d->page = 0;
    d->group = (uint8_t)((d->group + 1u) % group_count(m));
}

static void previous_page(struct em_meter *m)
{
    struct em_display *d = &m->display;

    if (d->page > 0) {
        d->page--;
        return;
    }
    d->group = (uint8_t)((d->group ? d->group : group_count(m)) - 1);
    d->page = (uint8_t)(page_count(m, d->group) - 1);
}

/* The same page of the next group, where it has the same pages. */
static void next_group(struct em_meter *m)
{
    struct em_display *d = &m->display;
    unsigned next = (d->group + 1u) % group_count(m);

    if ((d->group < GROUP_HISTORY) != (next < GROUP_HISTORY))
        d->page = 0;
    d->group = (uint8_t)next;
}

void em_pages_key(struct em_meter *m, enum em_key key)
{
    switch (key) {
    case EM_KEY_LEFT:
        previous_page(m);
        break;
    case EM_KEY_MIDDLE:
        next_group(m);
        break;
    case EM_KEY_RIGHT:
        next_page(m);
        break;
    case EM_KEY_HOLD:
        em_menu_open(m);
        break;
    }
}

static void draw_unit(struct em_lcd *lcd, unsigned unit, unsigned prefix)
{
    for (size_t k = 0; k < sizeof units[unit].bits / sizeof units[unit].bits[0] && units[unit].bits[k]; k++)
        em_glass_light(lcd, units[unit].bits[k]);
    if (prefix)
        em_glass_light(lcd, units[unit].prefix[prefix - 1]);
}

static void draw_energy(struct em_lcd *lcd, int32_t wh, unsigned unit)
{
    char text[12];

    em_energy_digits(wh, text);
    em_glass_value(lcd, text);
    draw_unit(lcd, unit, 0);
}

static uint64_t power_of_ten(int n)
{
    uint64_t power = 1;

    while (n-- > 0)
        power *= 10;
    return power;
}

/* At most five digits: as many decimals as that leaves, then the next prefix from 1000 on. */
static void draw_measured(struct em_lcd *lcd, const struct page *page, int64_t micro)
{
    for (unsigned prefix = 0;; prefix++) {
        for (int decimals = prefix ? 4 : page->decimals; decimals >= 0; decimals--) {
            int64_t rounded = em_muldiv_signed(micro, 1, power_of_ten(6 + 3 * (int)prefix - decimals));
            uint64_t size = (uint64_t)(rounded < 0 ? -rounded : rounded);
            bool fits = size < 100000 && (prefix == page->prefixes || size < power_of_ten(3 + decimals));
            char text[EM_GLASS_TEXT];

            if (!fits && (prefix < page->prefixes || decimals > 0))
                continue;
            em_glass_decimal(text, rounded, decimals);
            em_glass_value(lcd, text);
            draw_unit(lcd, page->unit, prefix);
            return;
        }
    }
}

/* The whole load's voltage and current: the mean of the phases that are there, and the sum of all. */
static int64_t total_voltage(struct em_meter *m)
{
    const struct em_quantities *q = em_meter_quantities(m);
    int64_t sum = 0;
    int present = 0;

    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        if (q->u_uv[p] >= EM_PHASE_PRESENT_V * 1000000ll) {
            sum += q->u_uv[p];
            present++;
        }
    }
    return present ? sum / present : 0;
}

static int64_t magnitude(int64_t value)
{
    return value < 0 ? -value : value;
}

static int64_t total_current(struct em_meter *m)
{
    const struct em_quantities *q = em_meter_quantities(m);

    return magnitude(q->i_ua[0]) + magnitude(q->i_ua[1]) + magnitude(q->i_ua[2]);
}

/* scope: 0..2 or EM_TOTAL. */
static int64_t measured(struct em_meter *m, const struct page *page, int scope)
{
    if (page->argument == EM_QUANTITY_U && scope == EM_TOTAL)
        return total_voltage(m);
    if (page->argument == EM_QUANTITY_I)
        return scope == EM_TOTAL ? total_current(m) : magnitude(em_meter_quantities(m)->i_ua[scope]);
    return em_quantity_value(m, (uint16_t)EM_QUANTITY(page->argument, scope)) * page->micro;
}

static void draw_page(struct em_meter *m, struct em_lcd *lcd, const struct page *page, int scope)
{
    char digit[2] = {0};

    em_glass_label(lcd, page->label);
    switch ((enum source)page->source) {
    case WORD_DIRECTION:
        em_glass_note(lcd, em_meter_quantities(m)->direction[scope] == EM_FORWARD ? "FORWARD" : "REVERSE");
        break;
    case PLAIN_QUADRANT:
        digit[0] = (char)('0' + em_meter_quantities(m)->quadrant[scope]);
        em_glass_value(lcd, digit);
        break;
    case MEASURED:
        draw_measured(lcd, page, measured(m, page, scope));
        break;
    case COUNTED:
        draw_energy(lcd, em_shown_energy(m, (em_energy_id)(page->argument | (scope == EM_TOTAL ? 0 : EM_L1 + scope))),
                    page->unit);
        break;
    }
}

static void draw_history(struct em_meter *m, struct em_lcd *lcd, unsigned set, unsigned page)
{
    unsigned tariffs = em_shown_tariffs(m);
    unsigned k = page / tariffs, tariff = page % tariffs;
    unsigned kind = registers[k].kind, part = registers[k].part;
    char label[] = {'C', 'T', (char)('0' + set), ' ', registers[k].obis, '.', '8', '.', (char)('1' + tariff), '\0'};
    char ratio[EM_GLASS_TEXT];

    em_glass_ratio(ratio, set < m->energy.ct_changes ? m->energy.history_ratio[set] : m->energy.ct_ratio);
    em_glass_light(lcd, EM_LCD_HISTORY);
    em_glass_label(lcd, label);
    em_glass_note(lcd, ratio);
    draw_energy(lcd, em_shown_energy(m, EM_ENERGY(EM_SET_CT0 + set, kind, part, EM_T1 + tariff)), registers[k].unit);
}

void em_pages_draw_flow(struct em_meter *m, struct em_lcd *lcd, int scope)
{
    const struct em_quantities *q = em_meter_quantities(m);

    em_glass_light(lcd, EM_LCD_AXES);
    em_glass_light(lcd, EM_LCD_GRID);
    em_glass_light(lcd, EM_LCD_LOAD);
    if (q->p_uw[scope])
        em_glass_light(lcd, q->direction[scope] == EM_FORWARD ? EM_LCD_FORWARD : EM_LCD_REVERSE);
    if (q->p_uw[scope] || q->q_uvar[scope])
        em_glass_light(lcd, EM_LCD_QUADRANT + q->quadrant[scope] - 1u);
    if (q->q_uvar[scope])
        em_glass_light(lcd, (q->q_uvar[scope] > 0) == (q->p_uw[scope] >= 0) ? EM_LCD_INDUCTIVE : EM_LCD_CAPACITIVE);
}

void em_pages_draw(struct em_meter *m, struct em_lcd *lcd)
{
    const struct em_display *d = &m->display;
    int scope = d->group == GROUP_TOTAL || d->group >= GROUP_HISTORY ? EM_TOTAL : d->group - 1;

    em_pages_draw_flow(m, lcd, scope);
    if (d->group >= GROUP_HISTORY) {
        draw_history(m, lcd, d->group - GROUP_HISTORY, d->page);
        return;
    }
    em_glass_light(lcd, scope == EM_TOTAL ? EM_LCD_TOTAL : EM_LCD_PHASE + (unsigned)scope);
    draw_page(m, lcd, &pages[d->page], scope);
}
