/* SPDX-License-Identifier: MIT
 * The cards of the left column: time, grid and load, switches, what the meter measures. */
#include "panel_parts.h"

#include <math.h>

namespace panel
{

void card_time(struct ui_panel *p, struct column *c)
{
    static const char *const labels[] = {"Pause", "1\xc3\x97", "60\xc3\x97", "3600\xc3\x97", "max"};
    static const double speeds[] = {-1, 1, 60, 3600, UI_SPEED_MAX};
    const struct ui_panel_view *v = p->view;
    struct rect r = begin_card(p, c, "Time");
    int active = -1, clicked;
    long seconds = (long)v->time;
    float right = r.x + r.w, head = r.y - px(p, 26);

    for (int k = 1; k < 5; k++)
        if (v->speed == speeds[k])
            active = k;
    active = v->paused ? 0 : active;
    if (v->record) {
        p->out->AddCircleFilled(ImVec2(right - px(p, 5), head + px(p, 10)), px(p, 5), BAD, 20);
        put(p, p->small, BAD, right - px(p, 15), head, RIGHT, "recording");
    }
    put(p, p->large, INK, r.x, r.y + px(p, 1), LEFT, "%s%02ld:%02ld:%02ld.%01d", "", seconds / 3600 % 24,
        seconds / 60 % 60, seconds % 60, (int)(v->time * 10) % 10);
    put(p, p->small, SOFT, r.x + px(p, 112), r.y + px(p, 2), LEFT, "day %ld", seconds / 86400 + 1);
    if (v->paused)
        put(p, p->plain, SOFT, right, r.y + px(p, 1), RIGHT, "time stands");
    else
        put(p, p->plain, SOFT, right, r.y + px(p, 1), RIGHT,
            v->achieved < 100 ? "runs at %.2f\xc3\x97" : "runs at %.0f\xc3\x97", v->achieved);
    clicked = segments(p, {r.x, r.y + px(p, 28), r.w, px(p, 28)}, labels, 5, active);
    if (clicked == 0)
        tell(p, UI_PAUSE, 0, !v->paused);
    else if (clicked > 0)
        tell(p, UI_SPEED, 0, speeds[clicked]);
    end_card(p, c, r.y + px(p, 56), p->begun);
}

/* The step of a current's slider: a thousandth of its range, as 1, 2 or 5. */
static double nice_step(double range)
{
    double step = pow(10, floor(log10(range / 1000)));

    return range / 1000 > 5 * step   ? 10 * step
           : range / 1000 > 2 * step ? 5 * step
           : range / 1000 > step     ? 2 * step
                                     : step;
}

static void row_label(struct ui_panel *p, float x, float y, const char *symbol, const char *what)
{
    put(p, p->plain, INK, x, y, LEFT, "%s", symbol);
    put(p, p->small, SOFT, x, y + px(p, 16), LEFT, "%s", what);
}

void card_network(struct ui_panel *p, struct column *c)
{
    const struct ui_panel_view *v = p->view;
    struct rect r = begin_card(p, c, "Grid, load");
    const struct grid g = grid_of(p, r, 88);
    const struct scale voltage = {0, v->voltage_max, 0.1, "%.1f V"}, angle = {-180, 180, 0.5, "%.1f\xc2\xb0"},
                       frequency = {45, 65, 0.01, "%.2f Hz"}, u_percent = {0, 20, 0.1, "%.1f %%"},
                       i_percent = {0, 100, 0.5, "%.1f %%"};
    static const char *const orders[UI_HARMONICS] = {"3rd", "5th", "7th"};
    struct scale current = {0, v->current_max, nice_step(v->current_max), v->current_max < 100 ? "%.3f A" : "%.2f A"};
    const double row = 45;
    float y = r.y - px(p, 6);

    phase_heads(p, g, r.y - px(p, 26));
    row_label(p, r.x, y, "U", "voltage");
    row_label(p, r.x, y + px(p, row), "I", "current");
    row_label(p, r.x, y + px(p, 2 * row), "\xcf\x86", "current lags");
    for (int k = 0; k < UI_PHASES; k++) {
        const struct ui_panel_phase *phase = &v->phase[k];

        quantity(p, cell(g, k), y, g.w, phase->voltage, voltage, PHASE[k], UI_VOLTAGE, k);
        quantity(p, cell(g, k), y + px(p, row), g.w, phase->current, current, PHASE[k], UI_CURRENT, k);
        quantity(p, cell(g, k), y + px(p, 2 * row), g.w, phase->angle, angle, PHASE[k], UI_ANGLE, k);
    }
    y += px(p, 3 * row + 2);
    rule(p, r.x, y, r.w);
    y += px(p, 6);
    row_label(p, r.x, y, "f", "frequency");
    ImGui::PushID("f");
    number(p, {cell(g, 0), y + px(p, 8), g.w, px(p, 20)}, v->frequency, frequency, UI_FREQUENCY, 0);
    slider(p, {cell(g, 1), y + px(p, 10), 2 * g.w + g.gap, px(p, 17)}, v->frequency, frequency, ACCENT, UI_FREQUENCY,
           0);
    ImGui::PopID();
    y += px(p, row);
    rule(p, r.x, y, r.w);
    y += px(p, 5);
    put(p, p->small, SOFT, r.x, y, LEFT, "Harmonics");
    for (int k = 0; k < UI_HARMONICS; k++)
        put(p, p->small, SOFT, cell(g, k) + g.w / 2, y, CENTRE, "%s", orders[k]);
    y += px(p, 18);
    row_label(p, r.x, y, "U", "of all phases");
    row_label(p, r.x, y + px(p, row - 2), "I", "of all phases");
    for (int k = 0; k < UI_HARMONICS; k++) {
        quantity(p, cell(g, k), y, g.w, v->u_harmonic[k], u_percent, ACCENT, UI_U_HARMONIC, k);
        quantity(p, cell(g, k), y + px(p, row - 2), g.w, v->i_harmonic[k], i_percent, ACCENT, UI_I_HARMONIC, k);
    }
    end_card(p, c, y + px(p, 2 * row - 8), p->begun);
}

void card_switches(struct ui_panel *p, struct column *c)
{
    const struct ui_panel_view *v = p->view;
    struct rect r = begin_card(p, c, "Switches");
    const struct grid g = grid_of(p, r, 88);
    float y = r.y - px(p, 26), right = px(p, 34);

    phase_heads(p, g, y);
    y = r.y;
    put(p, p->plain, INK, r.x, y, LEFT, "Phase lost");
    put(p, p->plain, INK, r.x, y + px(p, 26), LEFT, "CT reversed");
    for (int k = 0; k < UI_PHASES; k++) {
        float x = floorf(cell(g, k) + (g.w - right) / 2);

        toggle(p, x, y + px(p, 1), v->phase[k].lost, UI_LOST, k);
        toggle(p, x, y + px(p, 27), v->phase[k].reversed, UI_REVERSED, k);
    }
    y += px(p, 56);
    rule(p, r.x, y - px(p, 3), r.w);
    y += px(p, 4);
    put(p, p->plain, INK, r.x, y, LEFT, "Supply");
    toggle(p, r.x + px(p, 84), y + px(p, 1), v->powered, UI_POWER, 0);
    put(p, p->plain, INK, r.x + r.w - px(p, 42), y, RIGHT, "230 V on the tariff input");
    toggle(p, r.x + r.w - right, y + px(p, 1), v->tariff_input, UI_TARIFF_INPUT, 0);
    end_card(p, c, y + px(p, 22), p->begun);
}

/* Powers are shown in W while they are small. */
struct power {
    double unit;
    int decimals;
    const char *w, *var, *va;
};

static struct power power_of(double s)
{
    if (s < 20e3)
        return {1, 1, "W", "var", "VA"};
    return s < 20e6 ? power{1e3, 3, "kW", "kvar", "kVA"} : power{1e6, 3, "MW", "Mvar", "MVA"};
}

void card_measured(struct ui_panel *p, struct column *c, float bottom)
{
    const struct ui_panel_view *v = p->view;
    struct rect r = begin_card(p, c, "Measured");
    const float label = px(p, 62), w = floorf((r.w - label) / 4), head = r.y - px(p, 26);
    const struct power power = power_of(v->s);
    const struct {
        const char *name, *unit;
        double value[4];
        int decimals;
        bool total;
    } rows[] = {
        {"U", "V", {v->phase[0].u, v->phase[1].u, v->phase[2].u, 0}, 2, false},
        {"I", "A", {v->phase[0].i, v->phase[1].i, v->phase[2].i, 0}, v->current_max < 100 ? 4 : 2, false},
        {"P", power.w, {v->phase[0].p, v->phase[1].p, v->phase[2].p, v->p}, power.decimals, true},
        {"Q", power.var, {v->phase[0].q, v->phase[1].q, v->phase[2].q, v->q}, power.decimals, true},
        {"S", power.va, {v->phase[0].s, v->phase[1].s, v->phase[2].s, v->s}, power.decimals, true},
        {"PF", "", {v->phase[0].pf, v->phase[1].pf, v->phase[2].pf, v->pf}, 3, true},
    };
    const float step = px(p, v->meters > 1 ? 20 : 22); /* the chooser of meters takes its room from here */
    float y = r.y;

    for (int k = 0; k < 4; k++) {
        float x = r.x + label + w * (float)(k + 1);

        if (k < UI_PHASES)
            p->out->AddCircleFilled(ImVec2(x - px(p, 27), head + px(p, 10)), px(p, 4.5), PHASE[k], 20);
        if (k < UI_PHASES)
            put(p, p->bold, INK, x, head, RIGHT, "L%d", k + 1);
        else
            put(p, p->bold, INK, x, head, RIGHT, "Total");
    }
    for (const auto &row : rows) {
        double unit = row.name[0] == 'P' && row.name[1] ? 1 : row.total ? power.unit : 1;

        put(p, p->plain, INK, r.x, y, LEFT, "%s", row.name);
        put(p, p->small, SOFT, r.x + px(p, 24), y, LEFT, "%s", row.unit);
        for (int k = 0; k < (row.total ? 4 : 3); k++)
            put(p, p->plain, v->running ? INK : SOFT, r.x + label + w * (float)(k + 1), y, RIGHT, "%.*f", row.decimals,
                row.value[k] / unit);
        y += step;
    }
    put(p, p->plain, v->running ? INK : SOFT, r.x + r.w, r.y, RIGHT, "%.3f Hz", v->f);
    put(p, p->plain, INK, r.x + r.w, r.y + step, RIGHT, "tariff T%d", v->tariff);
    y += px(p, 5);
    rule(p, r.x, y, r.w);
    y += px(p, 4);
    for (int k = 0; k < UI_ENERGY_COUNT; k++) {
        float x = r.x + (float)(k % 2) * floorf(r.w / 2 + px(p, 9)), half = floorf(r.w / 2 - px(p, 9));

        put(p, p->plain, SOFT, x, y, LEFT, "%s", v->energy[k].name);
        put(p, p->plain, INK, x + half - px(p, 40), y, RIGHT, "%.3f", v->energy[k].value);
        put(p, p->small, SOFT, x + half - px(p, 35), y, LEFT, "%s", v->energy[k].unit);
        y += k % 2 ? step : 0;
    }
    end_card(p, c, fmaxf(y, bottom - px(p, PAD - 2)), p->begun);
}

} // namespace panel
