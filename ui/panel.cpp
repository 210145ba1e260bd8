/* SPDX-License-Identifier: MIT
 * The only C++ here: Dear ImGui speaks it. Layout is by hand on a grid of two columns of cards; sliders, switches and
 * number fields are drawn on ImGui's invisible buttons, in the housing's colours. */
#include "panel.h"

#include <SDL.h>
#include <backends/imgui_impl_sdl.h>
#include <fontconfig/fontconfig.h>
#include <imgui.h>
#include <imgui_freetype.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

namespace
{

/* --- Colours: those of the housing, one accent, and the conductors' of IEC 60446 (brown, black, grey) --- */

const ImU32 CARD = IM_COL32(0xF8, 0xF9, 0xFA, 0xFF), EDGE = IM_COL32(0xC6, 0xCC, 0xD3, 0xFF),
            RULE = IM_COL32(0xE3, 0xE7, 0xEA, 0xFF), TRACK = IM_COL32(0xD3, 0xD9, 0xDF, 0xFF),
            INK = IM_COL32(0x1E, 0x25, 0x2C, 0xFF), SOFT = IM_COL32(0x5E, 0x69, 0x74, 0xFF),
            ACCENT = IM_COL32(0x1D, 0x6F, 0xC9, 0xFF), ACCENT_SOFT = IM_COL32(0xDC, 0xE9, 0xF7, 0xFF),
            HOVER = IM_COL32(0xEA, 0xEE, 0xF2, 0xFF), BAD = IM_COL32(0xB8, 0x2A, 0x22, 0xFF),
            WHITE = IM_COL32(0xFF, 0xFF, 0xFF, 0xFF);
const ImU32 PHASE[UI_PHASES] = {IM_COL32(0x8F, 0x4E, 0x1E, 0xFF), IM_COL32(0x1C, 0x20, 0x24, 0xFF),
                                IM_COL32(0x90, 0x98, 0xA0, 0xFF)};

enum align { LEFT, CENTRE, RIGHT };

struct rect {
    float x, y, w, h;
};

} // namespace

/* A card's place, and what is drawn for it: some vertices of a list. */
struct patch {
    struct ui_rect rect;
    const ImDrawList *list;
    int first, end;                  /* vertices */
    unsigned first_index, end_index; /* the same in indices */
    uint64_t hash;
};

#define UPS_MAX 16

struct ui_panel {
    SDL_Renderer *renderer;
    SDL_Texture *font_texture;
    float size;
    ui_panel_change_fn *change;
    void *ctx;
    const struct ui_panel_view *view; /* while it is being built */
    ImDrawList *out;
    ImFont *plain, *bold, *small, *large, *mono;
    bool fresh[SDL_NUM_SCANCODES]; /* keys that went down since ImGui looked */
    SDL_Event up[UPS_MAX];         /* and up again */
    unsigned ups;
    ImGuiID editing; /* the number field that is being typed into, 0: none */
    bool edit_begun;
    char edit[32];
    int copied; /* port whose name was copied last, -1: none */
    double copied_at;
    struct patch patch[UI_DAMAGE_MAX]; /* of what was built last */
    unsigned patches, begun;           /* begun: the one that is being drawn */
    uint64_t rest;                     /* hash of what is outside all patches */
};

namespace
{

float px(const struct ui_panel *p, double units)
{
    return floorf((float)units * p->size + 0.5f);
}

/* --- Text --- */

float text_width(const ImFont *font, const char *text)
{
    return font->CalcTextSizeA(font->FontSize, FLT_MAX, 0, text).x;
}

void put(struct ui_panel *p, ImFont *font, ImU32 colour, float x, float y, enum align align, const char *format, ...)
    __attribute__((format(printf, 7, 8)));

/* One line; x is its left, middle or right, y the top of a line of 20 units in which it is centred. */
void put(struct ui_panel *p, ImFont *font, ImU32 colour, float x, float y, enum align align, const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (align != LEFT)
        x -= text_width(font, text) / (align == CENTRE ? 2 : 1);
    y += (px(p, 20) - font->FontSize) / 2;
    p->out->AddText(font, font->FontSize, ImVec2(floorf(x), floorf(y)), colour, text);
}

/* --- Cards --- */

const double PAD = 12, GAP = 10, LINE = 20;

/* A column of cards, filled from the top. */
struct column {
    float x, y, w;
};

/* What is drawn from here on belongs to a new patch. */
void begin_patch(struct ui_panel *p)
{
    if (p->patches == UI_DAMAGE_MAX)
        return;
    p->patch[p->patches].list = p->out;
    p->patch[p->patches].first = p->out->VtxBuffer.Size;
    p->patch[p->patches].first_index = (unsigned)p->out->IdxBuffer.Size;
    p->begun = p->patches++;
}

void end_patch(struct ui_panel *p, unsigned which, const ImVec2 &from, const ImVec2 &to)
{
    struct patch *patch = &p->patch[which];

    patch->end = patch->list->VtxBuffer.Size;
    patch->end_index = (unsigned)patch->list->IdxBuffer.Size;
    /* With what is drawn around it: its edge, and names of phasors. */
    patch->rect = {(int)from.x - 2, (int)from.y - 2, (int)(to.x - from.x) + 4, (int)(to.y - from.y) + 6};
}

/* Begins a card and returns its inside; what is drawn until the end comes above its ground. */
struct rect begin_card(struct ui_panel *p, const struct column *c, const char *title)
{
    const float pad = px(p, PAD);

    begin_patch(p);
    p->out->ChannelsSplit(2);
    p->out->ChannelsSetCurrent(1);
    put(p, p->bold, INK, c->x + pad, c->y + px(p, 7), LEFT, "%s", title);
    return {c->x + pad, c->y + px(p, 33), c->w - 2 * pad, 0};
}

/* Ends it at the y that its content has come to. */
void end_card(struct ui_panel *p, struct column *c, float y, unsigned patch)
{
    const ImVec2 from(c->x, c->y), to(c->x + c->w, y + px(p, PAD - 2));
    const float round = px(p, 7);

    p->out->ChannelsSetCurrent(0);
    p->out->AddRectFilled(ImVec2(from.x, from.y + px(p, 1)), ImVec2(to.x, to.y + px(p, 1)), EDGE, round);
    p->out->AddRectFilled(from, to, CARD, round);
    p->out->AddRect(from, to, EDGE, round);
    p->out->ChannelsMerge();
    end_patch(p, patch, from, to);
    c->y = to.y + px(p, GAP);
}

void rule(struct ui_panel *p, float x, float y, float w)
{
    p->out->AddRectFilled(ImVec2(x, y), ImVec2(x + w, y + px(p, 1)), RULE);
}

/* --- Controls --- */

/* An area that can be clicked or dragged. */
bool area(const char *id, const struct rect &r)
{
    ImGui::SetCursorScreenPos(ImVec2(r.x, r.y));
    return ImGui::InvisibleButton(id, ImVec2(r.w > 1 ? r.w : 1, r.h));
}

double rounded(double value, double step)
{
    return floor(value / step + 0.5) * step;
}

/* A value with its range, the step it moves by, and how it is written. */
struct scale {
    double min, max, step;
    const char *format;
};

void tell(struct ui_panel *p, enum ui_control control, int index, double value)
{
    p->change(p->ctx, control, index, value);
}

/* A thin track with a knob; its bar begins at zero. */
void slider(struct ui_panel *p, const struct rect &r, double value, const struct scale &s, ImU32 colour,
            enum ui_control control, int index)
{
    const float knob = px(p, 6.5), from = r.x + knob, length = r.w - 2 * knob, y = r.y + r.h / 2;
    double part, zero;
    bool active, hovered;

    area("slider", r);
    active = ImGui::IsItemActive();
    hovered = ImGui::IsItemHovered();
    if (active) {
        double t = (ImGui::GetIO().MousePos.x - from) / length;
        double wanted = rounded(s.min + (t < 0 ? 0 : t > 1 ? 1 : t) * (s.max - s.min), s.step);

        /* Taking hold of a knob that stands between two steps does not move it. */
        if (fabs(wanted - value) > s.step * 0.51 ||
            (ImGui::IsMouseDragging(0, 0) && wanted != rounded(value, s.step))) {
            tell(p, control, index, wanted);
            value = wanted;
        }
    }
    part = (value - s.min) / (s.max - s.min);
    part = part < 0 ? 0 : part > 1 ? 1 : part;
    zero = s.min < 0 ? -s.min / (s.max - s.min) : 0;
    p->out->AddRectFilled(ImVec2(r.x, y - px(p, 2)), ImVec2(r.x + r.w, y + px(p, 2)), TRACK, px(p, 2));
    if (part != zero)
        p->out->AddRectFilled(ImVec2(zero > 0 ? from + length * (float)fmin(part, zero) : r.x, y - px(p, 2)),
                              ImVec2(from + length * (float)fmax(part, zero), y + px(p, 2)), colour, px(p, 2));
    p->out->AddCircleFilled(ImVec2(from + length * (float)part, y), knob, active || hovered ? colour : WHITE, 24);
    p->out->AddCircle(ImVec2(from + length * (float)part, y), knob, colour, 24, px(p, 1.5));
}

/* Takes what has been typed. */
void end_edit(struct ui_panel *p, double value, const struct scale &s, enum ui_control control, int index)
{
    char *end;
    double typed;

    for (char *c = p->edit; *c; c++)
        if (*c == ',')
            *c = '.';
    typed = strtod(p->edit, &end);
    p->editing = 0;
    if (end == p->edit || !(typed >= s.min && typed <= s.max) || fabs(typed - value) < s.step / 1000)
        return;
    tell(p, control, index, typed);
}

/* A number that can be clicked and typed over; Enter or a click elsewhere takes it, Escape does not. */
void number(struct ui_panel *p, const struct rect &r, double value, const struct scale &s, enum ui_control control,
            int index)
{
    ImGuiID id = ImGui::GetID("number");

    if (p->editing == id) {
        ImGui::SetCursorScreenPos(ImVec2(r.x, r.y));
        ImGui::SetNextItemWidth(r.w);
        if (!p->edit_begun)
            ImGui::SetKeyboardFocusHere();
        bool enter = ImGui::InputText("##typed", p->edit, sizeof p->edit,
                                      ImGuiInputTextFlags_EnterReturnsTrue | ImGuiInputTextFlags_AutoSelectAll);
        bool left = p->edit_begun && ImGui::IsItemDeactivated();

        if (enter || (left && !ImGui::IsKeyPressed(ImGui::GetKeyIndex(ImGuiKey_Escape))))
            end_edit(p, value, s, control, index);
        else if (left)
            p->editing = 0;
        p->edit_begun = true;
        return;
    }
    if (area("number", r)) {
        p->editing = id;
        p->edit_begun = false;
        snprintf(p->edit, sizeof p->edit, "%.6g", rounded(value, s.step));
    }
    if (ImGui::IsItemHovered()) {
        p->out->AddRectFilled(ImVec2(r.x, r.y), ImVec2(r.x + r.w, r.y + r.h), HOVER, px(p, 4));
        ImGui::SetMouseCursor(ImGuiMouseCursor_TextInput);
    }
    char text[48];

    snprintf(text, sizeof text, s.format, value);
    put(p, p->plain, INK, r.x + r.w / 2, r.y + (r.h - px(p, LINE)) / 2, CENTRE, "%s", text);
}

/* A number above its slider, in one cell of a grid. */
void quantity(struct ui_panel *p, float x, float y, float w, double value, const struct scale &s, ImU32 colour,
              enum ui_control control, int index)
{
    ImGui::PushID((int)control * 16 + index);
    number(p, {x, y, w, px(p, 20)}, value, s, control, index);
    slider(p, {x, y + px(p, 20), w, px(p, 17)}, value, s, colour, control, index);
    ImGui::PopID();
}

void toggle(struct ui_panel *p, float x, float y, bool on, enum ui_control control, int index)
{
    const float w = px(p, 34), h = px(p, 18), knob = px(p, 7), middle = y + h / 2;
    bool hovered;

    ImGui::PushID((int)control * 16 + index);
    if (area("toggle", {x, y, w, h}))
        tell(p, control, index, !on);
    hovered = ImGui::IsItemHovered();
    ImGui::PopID();
    p->out->AddRectFilled(ImVec2(x, y), ImVec2(x + w, y + h),
                          on        ? ACCENT
                          : hovered ? SOFT
                                    : IM_COL32(0xB4, 0xBC, 0xC4, 0xFF),
                          h / 2);
    p->out->AddCircleFilled(ImVec2(on ? x + w - h / 2 : x + h / 2, middle), knob, WHITE, 24);
}

/* A row of choices of which one holds; returns the one that was clicked, else -1. */
int segments(struct ui_panel *p, const struct rect &r, const char *const *labels, int count, int active)
{
    int clicked = -1;

    p->out->AddRectFilled(ImVec2(r.x, r.y), ImVec2(r.x + r.w, r.y + r.h), RULE, px(p, 6));
    for (int k = 0; k < count; k++) {
        float from = floorf(r.x + r.w * (float)k / (float)count),
              to = floorf(r.x + r.w * (float)(k + 1) / (float)count);

        ImGui::PushID(k);
        if (area("segment", {from, r.y, to - from, r.h}))
            clicked = k;
        if (k == active) {
            p->out->AddRectFilled(ImVec2(from + px(p, 2), r.y + px(p, 2)), ImVec2(to - px(p, 2), r.y + r.h - px(p, 2)),
                                  ACCENT, px(p, 5));
        } else if (ImGui::IsItemHovered()) {
            p->out->AddRectFilled(ImVec2(from + px(p, 2), r.y + px(p, 2)), ImVec2(to - px(p, 2), r.y + r.h - px(p, 2)),
                                  WHITE, px(p, 5));
        }
        ImGui::PopID();
        put(p, k == active ? p->bold : p->plain, k == active ? WHITE : INK, (from + to) / 2,
            r.y + (r.h - px(p, LINE)) / 2, CENTRE, "%s", labels[k]);
    }
    return clicked;
}

bool button(struct ui_panel *p, const struct rect &r, const char *label)
{
    bool clicked = area(label, r);
    ImU32 ground = ImGui::IsItemActive() ? ACCENT_SOFT : ImGui::IsItemHovered() ? WHITE : HOVER;

    p->out->AddRectFilled(ImVec2(r.x, r.y), ImVec2(r.x + r.w, r.y + r.h), ground, px(p, 5));
    p->out->AddRect(ImVec2(r.x, r.y), ImVec2(r.x + r.w, r.y + r.h), EDGE, px(p, 5));
    put(p, p->small, INK, r.x + r.w / 2, r.y + (r.h - px(p, LINE)) / 2, CENTRE, "%s", label);
    return clicked;
}

/* --- A grid with a column per phase behind one for labels --- */

struct grid {
    float x, label, w, gap; /* w: of a phase's column */
};

struct grid grid_of(struct ui_panel *p, const struct rect &r, double label)
{
    struct grid g = {r.x, px(p, label), 0, px(p, 18)};

    g.w = floorf((r.w - g.label - 2 * g.gap) / 3);
    return g;
}

float cell(const struct grid &g, int k)
{
    return g.x + g.label + (float)k * (g.w + g.gap);
}

void phase_heads(struct ui_panel *p, const struct grid &g, float y)
{
    for (int k = 0; k < UI_PHASES; k++) {
        float middle = cell(g, k) + g.w / 2;

        p->out->AddCircleFilled(ImVec2(middle - px(p, 14), y + px(p, 10)), px(p, 4.5), PHASE[k], 20);
        put(p, p->bold, INK, middle + px(p, 4), y, CENTRE, "L%d", k + 1);
    }
}

/* --- The cards --- */

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
double nice_step(double range)
{
    double step = pow(10, floor(log10(range / 1000)));

    return range / 1000 > 5 * step   ? 10 * step
           : range / 1000 > 2 * step ? 5 * step
           : range / 1000 > step     ? 2 * step
                                     : step;
}

void row_label(struct ui_panel *p, float x, float y, const char *symbol, const char *what)
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

struct power power_of(double s)
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

/* --- Phasors and scope --- */

void arrow(struct ui_panel *p, const ImVec2 &from, double x, double y, ImU32 colour, float width, float head)
{
    double length = sqrt(x * x + y * y);
    ImVec2 tip(from.x + (float)x, from.y - (float)y);

    if (length < 2)
        return;
    x /= length;
    y /= length;
    head = fminf(head, (float)length);
    p->out->AddLine(from, ImVec2(tip.x - (float)x * head * 0.8f, tip.y + (float)y * head * 0.8f), colour, width);
    p->out->AddTriangleFilled(
        tip, ImVec2(tip.x - (float)(x * head - y * head * 0.42), tip.y + (float)(y * head + x * head * 0.42)),
        ImVec2(tip.x - (float)(x * head + y * head * 0.42), tip.y + (float)(y * head - x * head * 0.42)), colour);
}

double degrees_of(double x, double y)
{
    /* Upright is 0, and to the right is behind. */
    double d = atan2(-x, y) * 57.29577951308232;

    return d > -179.95 ? d + 0.0 : 180;
}

void card_phasors(struct ui_panel *p, struct column *c)
{
    const struct ui_panel_view *v = p->view;
    struct rect r = begin_card(p, c, "Phasors");
    const float radius = px(p, 84), list = r.x + 2 * radius + px(p, 56), right = r.x + r.w;
    const ImVec2 middle(r.x + radius + px(p, 16), r.y + radius + px(p, 2));
    double u_max = 1, i_max = 0;
    float y = r.y + px(p, 6);

    for (int k = 0; k < UI_PHASES; k++) {
        const struct ui_panel_phase *f = &v->phase[k];

        u_max = fmax(u_max, hypot(f->u_x, f->u_y));
        i_max = fmax(i_max, hypot(f->i_x, f->i_y));
    }
    p->out->AddCircleFilled(middle, radius, WHITE, 64);
    p->out->AddCircle(middle, radius, EDGE, 64);
    p->out->AddCircle(middle, radius / 2, RULE, 48);
    for (int k = 0; k < 12; k++) {
        float sx = sinf((float)k * 0.5235988f), sy = cosf((float)k * 0.5235988f), in = k % 3 ? 0.95f : 0.0f;

        p->out->AddLine(ImVec2(middle.x + sx * radius * in, middle.y - sy * radius * in),
                        ImVec2(middle.x + sx * radius, middle.y - sy * radius), k % 3 ? EDGE : RULE);
    }
    for (int k = 0; k < UI_PHASES; k++) {
        const struct ui_panel_phase *f = &v->phase[k];
        double u = radius * 0.96 / u_max, i = i_max > 0 ? radius * 0.68 / i_max : 0;
        double length = hypot(f->u_x, f->u_y);

        arrow(p, middle, f->u_x * u, f->u_y * u, PHASE[k], px(p, 1.5), px(p, 10));
        arrow(p, middle, f->i_x * i, f->i_y * i, PHASE[k], px(p, 3), px(p, 12));
        if (length > 0)
            put(p, p->small, PHASE[k], middle.x + (float)(f->u_x / length) * (radius + px(p, 12)),
                middle.y - (float)(f->u_y / length) * (radius + px(p, 12)) - px(p, 10), CENTRE, "U%d", k + 1);
    }
    put(p, p->small, SOFT, list + px(p, 36), y, LEFT, "rms");
    put(p, p->small, SOFT, right, y, RIGHT, "angle");
    y += px(p, 20);
    for (int k = 0; k < 2 * UI_PHASES; k++) {
        const struct ui_panel_phase *f = &v->phase[k % UI_PHASES];
        bool current = k >= UI_PHASES;
        double x = current ? f->i_x : f->u_x, up = current ? f->i_y : f->u_y;
        double length = hypot(x, up);
        float half = px(p, current ? 1.5 : 0.75);

        if (k == UI_PHASES)
            y += px(p, 6);
        p->out->AddRectFilled(ImVec2(list, y + px(p, 10) - half), ImVec2(list + px(p, 10), y + px(p, 10) + half),
                              PHASE[k % UI_PHASES]);
        put(p, p->plain, INK, list + px(p, 15), y, LEFT, "%c%d", current ? 'I' : 'U', k % UI_PHASES + 1);
        put(p, p->plain, INK, list + px(p, 36), y, LEFT,
            current ? (v->current_max < 100 ? "%.3f A" : "%.1f A") : "%.1f V", length);
        if (length > 0)
            put(p, p->plain, INK, right, y, RIGHT, "%.1f\xc2\xb0", degrees_of(x, up));
        y += px(p, 20);
    }
    end_card(p, c, r.y + 2 * radius + px(p, 10), p->begun);
}

/* The next of 1, 2, 5, 10... that is not below a value. */
double full_scale(double peak)
{
    double step = pow(10, floor(log10(peak > 1e-3 ? peak : 1e-3)));

    return peak <= step       ? step
           : peak <= 2 * step ? 2 * step
           : peak <= 4 * step ? 4 * step
           : peak <= 5 * step ? 5 * step
                              : 10 * step;
}

void trace(struct ui_panel *p, const struct rect &r, const float *samples, size_t n, double full, ImU32 colour,
           float width)
{
    ImVec2 point[UI_SCOPE_MAX];

    for (size_t k = 0; k < n; k++)
        point[k] = ImVec2(r.x + r.w * (float)k / (float)(n - 1), r.y + r.h / 2 - r.h / 2 * (float)(samples[k] / full));
    p->out->AddPolyline(point, (int)n, colour, 0, width);
}

void card_scope(struct ui_panel *p, struct column *c)
{
    const struct ui_panel_view *v = p->view;
    struct rect r = begin_card(p, c, "Oscilloscope");
    const struct rect plot = {r.x + px(p, 34), r.y, r.w - px(p, 68), px(p, 132)};
    const double u = full_scale(v->scope_u_peak), i = full_scale(v->scope_i_peak);
    const float head = r.y - px(p, 26), right = r.x + r.w;

    put(p, p->small, SOFT, right, head, RIGHT, "thin: voltage   thick: current");
    p->out->AddRectFilled(ImVec2(plot.x, plot.y), ImVec2(plot.x + plot.w, plot.y + plot.h), WHITE);
    for (int k = 0; k <= 4; k++) {
        float y = floorf(plot.y + plot.h * (float)k / 4);

        p->out->AddRectFilled(ImVec2(plot.x, y), ImVec2(plot.x + plot.w, y + px(p, 1)), k == 2 ? EDGE : RULE);
        put(p, p->small, SOFT, plot.x - px(p, 6), y - px(p, 10), RIGHT, "%.4g", u * (2 - k) / 2);
        put(p, p->small, SOFT, plot.x + plot.w + px(p, 6), y - px(p, 10), LEFT, "%.3g", i * (2 - k) / 2);
    }
    for (double ms = 0; ms <= v->scope_ms + 0.01; ms += 5) {
        float x = floorf(plot.x + plot.w * (float)(ms / v->scope_ms));

        p->out->AddRectFilled(ImVec2(x, plot.y), ImVec2(x + px(p, 1), plot.y + plot.h), RULE);
        put(p, p->small, SOFT, x, plot.y + plot.h + px(p, 2), CENTRE, ms + 5 > v->scope_ms ? "%.0f ms" : "%.0f", ms);
    }
    p->out->PushClipRect(ImVec2(plot.x, plot.y - 1), ImVec2(plot.x + plot.w, plot.y + plot.h + 1), true);
    for (int k = 0; k < UI_PHASES && v->scope_samples > 1; k++)
        trace(p, plot, v->phase[k].scope_u, v->scope_samples, u, PHASE[k], fmaxf(1, px(p, 1.2)));
    for (int k = 0; k < UI_PHASES && v->scope_samples > 1; k++)
        trace(p, plot, v->phase[k].scope_i, v->scope_samples, i, PHASE[k], px(p, 2.6));
    p->out->PopClipRect();
    put(p, p->small, SOFT, r.x, plot.y + plot.h + px(p, 2), LEFT, "V");
    put(p, p->small, SOFT, right, plot.y + plot.h + px(p, 2), RIGHT, "A");
    end_card(p, c, plot.y + plot.h + px(p, 18), p->begun);
}

/* --- Ports and traffic --- */

/* As much of a text as fits, the end first: of a path that is what differs. */
const char *fitting(const ImFont *font, const char *text, float width, char *out, size_t size)
{
    if (text_width(font, text) <= width)
        return text;
    do
        snprintf(out, size, "\xe2\x80\xa6%s", ++text);
    while (*text && text_width(font, out) > width);
    return out;
}

void card_ports(struct ui_panel *p, struct column *c)
{
    const struct ui_panel_view *v = p->view;
    struct rect r = begin_card(p, c, "Ports");
    const double now = ImGui::GetTime();
    float y = r.y;
    char shown[300];

    for (size_t k = 0; k < v->ports; k++) {
        const struct ui_panel_port *port = &v->port[k];
        const float name = r.x + px(p, 88), copy = r.x + r.w - px(p, 60), width = copy - name - px(p, 10);
        bool copied = p->copied == (int)k && now - p->copied_at < 1.5;

        put(p, p->plain, SOFT, r.x, y, LEFT, "%s", port->kind);
        put(p, p->mono, INK, name, y, LEFT, "%s", fitting(p->mono, port->name, width, shown, sizeof shown));
        put(p, p->small, SOFT, name, y + px(p, 16), LEFT, "%s", port->settings);
        ImGui::PushID((int)k);
        if (button(p, {copy, y + px(p, 5), px(p, 60), px(p, 24)}, copied ? "copied" : "Copy")) {
            ImGui::SetClipboardText(port->whole);
            p->copied = (int)k;
            p->copied_at = now;
        }
        ImGui::PopID();
        y += px(p, 38);
    }
    end_card(p, c, y - px(p, 3), p->begun);
}

void hex_tooltip(struct ui_panel *p, const struct ui_frame *f)
{
    char text[3 * UI_TRAFFIC_BYTES + 64];
    size_t n = 0;

    for (unsigned k = 0; k < f->n; k++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%02x%s", f->byte[k],
                              k + 1 == f->n  ? ""
                              : k % 16 == 15 ? "\n"
                              : k % 8 == 7   ? "  "
                                             : " ");
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(px(p, 10), px(p, 8)));
    ImGui::BeginTooltip();
    ImGui::TextUnformatted(f->text);
    ImGui::PushFont(p->mono);
    ImGui::TextUnformatted(text, text + n);
    ImGui::PopFont();
    ImGui::EndTooltip();
    ImGui::PopStyleVar();
}

void traffic_row(struct ui_panel *p, const struct ui_frame *f)
{
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float w = ImGui::GetContentRegionAvail().x, h = px(p, 18);
    const ImU32 ink = f->bad ? BAD : f->from_master ? SOFT : INK;
    long s = (long)f->time;

    ImGui::InvisibleButton("frame", ImVec2(w > 1 ? w : 1, h));
    if (ImGui::IsItemHovered()) {
        p->out->AddRectFilled(at, ImVec2(at.x + w, at.y + h), ACCENT_SOFT, px(p, 3));
        hex_tooltip(p, f);
    }
    put(p, p->small, SOFT, at.x, at.y - px(p, 1), LEFT, "%02ld:%02ld:%02ld.%03d", s / 3600 % 24, s / 60 % 60, s % 60,
        (int)((f->time - (double)s) * 1000));
    put(p, p->small, SOFT, at.x + px(p, 80), at.y - px(p, 1), LEFT, "%s", f->mbus ? "M-Bus" : "Modbus");
    put(p, p->small, f->bad ? BAD : ACCENT, at.x + px(p, 132), at.y - px(p, 1), CENTRE, "%s",
        f->from_master ? "\xe2\x86\x92" : "\xe2\x86\x90");
    put(p, p->small, ink, at.x + px(p, 142), at.y - px(p, 1), LEFT, "%s", f->text);
}

void card_traffic(struct ui_panel *p, struct column *c, float bottom)
{
    const struct ui_traffic *t = p->view->traffic;
    struct rect r = begin_card(p, c, "Traffic");
    const float h = fmaxf(bottom - r.y - px(p, PAD), px(p, 90));
    ImDrawList *out = p->out;
    const unsigned card = p->begun;

    put(p, p->small, SOFT, r.x + r.w, r.y - px(p, 26), RIGHT, t->total == 1 ? "%llu frame" : "%llu frames",
        (unsigned long long)t->total);
    ImGui::SetCursorScreenPos(ImVec2(r.x, r.y));
    ImGui::BeginChild("traffic", ImVec2(r.w, h));
    p->out = ImGui::GetWindowDrawList();
    begin_patch(p);
    if (!t->total)
        put(p, p->small, SOFT, r.x, r.y, LEFT, "Nobody has asked yet: open a port with a master.");
    for (unsigned k = t->total < UI_TRAFFIC_MAX ? (unsigned)t->total : UI_TRAFFIC_MAX; k-- > 0;) {
        ImGui::PushID((int)((t->total - k) % (2 * UI_TRAFFIC_MAX)));
        if (ImGui::IsRectVisible(ImVec2(1, px(p, 18))))
            traffic_row(p, ui_traffic_at(t, k));
        else
            ImGui::Dummy(ImVec2(1, px(p, 18)));
        ImGui::PopID();
    }
    /* Stays at the newest unless somebody has scrolled away from it. */
    if (ImGui::GetScrollY() >= ImGui::GetScrollMaxY() - px(p, 20))
        ImGui::SetScrollHereY(1);
    end_patch(p, p->begun, ImVec2(r.x, r.y), ImVec2(r.x + r.w, r.y + h));
    ImGui::EndChild();
    p->out = out;
    end_card(p, c, r.y + h, card);
}

/* --- The whole --- */

void begin_window(const char *name, const struct rect &r)
{
    ImGui::SetNextWindowPos(ImVec2(r.x, r.y));
    ImGui::SetNextWindowSize(ImVec2(r.w, r.h));
    ImGui::Begin(name, NULL,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                     ImGuiWindowFlags_NoBackground | ImGuiWindowFlags_NoNav | ImGuiWindowFlags_NoBringToFrontOnFocus |
                     ImGuiWindowFlags_NoScrollWithMouse);
}

/* The tab at the panel's edge that folds it away and back. */
bool fold_tab(struct ui_panel *p, const struct ui_panel_place *place)
{
    const float w = px(p, 16), h = px(p, 64);
    const bool folded = place->left >= place->width;
    const struct rect r = {(float)place->left - (folded ? w : 0), floorf(((float)place->height - h) / 2), w, h};
    bool clicked;

    begin_window("tab", r);
    p->out = ImGui::GetWindowDrawList();
    clicked = area("fold", r);
    p->out->AddRectFilled(ImVec2(r.x, r.y), ImVec2(r.x + w, r.y + h), ImGui::IsItemHovered() ? WHITE : CARD, px(p, 6));
    p->out->AddRect(ImVec2(r.x, r.y), ImVec2(r.x + w - 1, r.y + h), EDGE, px(p, 6));
    float x = r.x + w / 2, y = r.y + h / 2, d = px(p, 4), side = folded ? -1 : 1;
    ImVec2 chevron[] = {ImVec2(x - side * d / 2, y - d), ImVec2(x + side * d / 2, y), ImVec2(x - side * d / 2, y + d)};

    p->out->AddPolyline(chevron, 3, SOFT, 0, px(p, 2));
    ImGui::End();
    return clicked;
}

void meter_chooser(struct ui_panel *p, struct column *c)
{
    const struct ui_panel_view *v = p->view;
    const float h = px(p, 28), w = px(p, 34);
    const unsigned last = v->meters - 1;

    if (v->meters < 2)
        return;
    if (button(p, {c->x, c->y, w, h}, "\xe2\x97\x82"))
        tell(p, UI_METER, 0, v->meter ? v->meter - 1 : last);
    if (button(p, {c->x + c->w - w, c->y, w, h}, "\xe2\x96\xb8"))
        tell(p, UI_METER, 0, v->meter < last ? v->meter + 1 : 0);
    put(p, p->bold, INK, c->x + c->w / 2, c->y + (h - px(p, LINE)) / 2, CENTRE, "Meter %u of %u   No %s", v->meter + 1,
        v->meters, v->serial);
    c->y += h + px(p, GAP);
}

void left_cards(struct ui_panel *p, struct column *c, float bottom)
{
    meter_chooser(p, c);
    card_time(p, c);
    card_network(p, c);
    card_switches(p, c);
    card_measured(p, c, bottom);
}

void right_cards(struct ui_panel *p, struct column *c, float bottom)
{
    card_phasors(p, c);
    card_scope(p, c);
    card_ports(p, c);
    card_traffic(p, c, bottom);
}

/* A column in a window of its own, which scrolls if it must. fill: draws the cards from the column's top. */
template <typename F> void scrolling(struct ui_panel *p, const char *name, const struct rect &r, F fill)
{
    ImGui::SetCursorScreenPos(ImVec2(r.x, r.y));
    ImGui::BeginChild(name, ImVec2(r.w, r.h), false, ImGuiWindowFlags_NoNav);
    p->out = ImGui::GetWindowDrawList();
    struct column c = {
        r.x,
        r.y + px(p, GAP) - ImGui::GetScrollY(),
        r.w - px(p, GAP),
    };

    fill(&c);
    /* Says how high it has become. */
    ImGui::SetCursorScreenPos(ImVec2(r.x, c.y - px(p, GAP)));
    ImGui::Dummy(ImVec2(1, 1));
    ImGui::EndChild();
}

void message_line(struct ui_panel *p, const struct rect &r)
{
    const char *text = p->view->message;
    float w;

    if (!text)
        return;
    p->out = ImGui::GetForegroundDrawList();
    w = fminf(text_width(p->plain, text) + px(p, 32), r.w - px(p, 20));
    p->out->AddRectFilled(ImVec2(r.x + (r.w - w) / 2, r.y + r.h - px(p, 50)),
                          ImVec2(r.x + (r.w + w) / 2, r.y + r.h - px(p, 16)), BAD, px(p, 7));
    p->out->PushClipRect(ImVec2(r.x + (r.w - w) / 2, r.y), ImVec2(r.x + (r.w + w) / 2, r.y + r.h));
    put(p, p->plain, WHITE, r.x + (r.w - w) / 2 + px(p, 16), r.y + r.h - px(p, 43), LEFT, "%s", text);
    p->out->PopClipRect();
}

void build(struct ui_panel *p, const struct rect &r)
{
    const float gap = px(p, GAP), first = r.x + px(p, 24), w = r.x + r.w - first;
    const bool two = w >= px(p, 780);
    const float half = floorf(w / 2);

    begin_window("panel", r);
    if (two) {
        scrolling(p, "left", {first, r.y, half, r.h},
                  [p, &r, gap](struct column *c) { left_cards(p, c, r.y + r.h - gap); });
        scrolling(p, "right", {first + half, r.y, w - half, r.h},
                  [p, &r, gap](struct column *c) { right_cards(p, c, r.y + r.h - gap); });
    } else {
        scrolling(p, "all", {first, r.y, w, r.h}, [p](struct column *c) {
            left_cards(p, c, 0);
            right_cards(p, c, 0);
        });
    }
    ImGui::End();
    message_line(p, r);
}

/* --- What was drawn: is it the same? --- */

uint64_t mix(uint64_t hash, const void *data, size_t n)
{
    const unsigned char *byte = (const unsigned char *)data;
    uint64_t word;

    for (; n >= sizeof word; n -= sizeof word, byte += sizeof word) {
        memcpy(&word, byte, sizeof word);
        hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
        hash ^= hash >> 29;
    }
    for (; n; n--, byte++)
        hash = (hash ^ *byte) * 0x100000001B3u;
    return hash;
}

uint64_t hash_vertices(uint64_t hash, const ImDrawList *list, int first, int end)
{
    return mix(hash, list->VtxBuffer.Data + first, (size_t)(end - first) * sizeof(ImDrawVert));
}

/* Of all that belongs to no patch: the vertices between them, and how they are clipped. */
uint64_t hash_rest(const struct ui_panel *p, const ImDrawData *data)
{
    uint64_t hash = p->patches;

    for (int k = 0; k < data->CmdListsCount; k++) {
        const ImDrawList *list = data->CmdLists[k];
        int at = 0;

        for (unsigned j = 0; j < p->patches; j++) {
            if (p->patch[j].list != list)
                continue;
            hash = hash_vertices(hash, list, at, p->patch[j].first);
            at = p->patch[j].end;
        }
        hash = hash_vertices(hash, list, at, list->VtxBuffer.Size);
        if (list->CmdBuffer.Size)
            hash = mix(hash, &list->CmdBuffer[0].ClipRect, sizeof list->CmdBuffer[0].ClipRect);
    }
    return hash;
}

/* Compares what was built with the one before; `before` has as many patches as there were. */
void find_damage(struct ui_panel *p, const struct patch *before, struct ui_damage *damage)
{
    const uint64_t rest = hash_rest(p, ImGui::GetDrawData());

    *damage = {};
    damage->all = rest != p->rest;
    p->rest = rest;
    for (unsigned k = 0; k < p->patches; k++) {
        struct patch *patch = &p->patch[k];

        patch->hash = hash_vertices(1, patch->list, patch->first, patch->end);
        damage->all = damage->all || memcmp(&patch->rect, &before[k].rect, sizeof patch->rect);
        if (patch->hash != before[k].hash)
            damage->rect[damage->count++] = patch->rect;
    }
}

/* --- Looks --- */

ImVec4 colour4(ImU32 colour)
{
    return ImGui::ColorConvertU32ToFloat4(colour);
}

void set_style(float size)
{
    ImGuiStyle &style = ImGui::GetStyle();

    ImGui::StyleColorsLight();
    style.WindowPadding = ImVec2(0, 0);
    style.WindowBorderSize = 0;
    style.ItemSpacing = ImVec2(0, 0);
    style.WindowMinSize = ImVec2(1, 1);
    style.FramePadding = ImVec2(floorf(5 * size), floorf(2 * size));
    style.FrameRounding = floorf(4 * size);
    style.FrameBorderSize = 1;
    style.PopupRounding = floorf(5 * size);
    style.ScrollbarSize = floorf(9 * size);
    style.ScrollbarRounding = floorf(5 * size);
    style.Colors[ImGuiCol_Text] = colour4(INK);
    style.Colors[ImGuiCol_FrameBg] = colour4(WHITE);
    style.Colors[ImGuiCol_Border] = colour4(ACCENT);
    style.Colors[ImGuiCol_TextSelectedBg] = colour4(ACCENT_SOFT);
    style.Colors[ImGuiCol_PopupBg] = colour4(WHITE);
    style.Colors[ImGuiCol_ScrollbarBg] = ImVec4(0, 0, 0, 0);
    style.Colors[ImGuiCol_ScrollbarGrab] = colour4(EDGE);
    style.Colors[ImGuiCol_ScrollbarGrabHovered] = colour4(SOFT);
    style.Colors[ImGuiCol_ScrollbarGrabActive] = colour4(SOFT);
}

/* The file of a font, or what comes nearest. False if the machine has none. */
bool font_file(const char *pattern, char *file, size_t size)
{
    FcPattern *wanted = FcNameParse((const FcChar8 *)pattern), *found;
    FcResult result;
    FcChar8 *name = NULL;

    FcConfigSubstitute(NULL, wanted, FcMatchPattern);
    FcDefaultSubstitute(wanted);
    found = FcFontMatch(NULL, wanted, &result);
    file[0] = '\0';
    if (found && FcPatternGetString(found, FC_FILE, 0, &name) == FcResultMatch)
        snprintf(file, size, "%s", (const char *)name);
    if (found)
        FcPatternDestroy(found);
    FcPatternDestroy(wanted);
    return file[0];
}

ImFont *load_font(const char *pattern, float pixels)
{
    static const ImWchar ranges[] = {0x20,   0xFF,   0x370,  0x3FF,  0x2010, 0x2027, 0x2190,
                                     0x2193, 0x2212, 0x2212, 0x25A0, 0x25FF, 0};
    ImFontAtlas *atlas = ImGui::GetIO().Fonts;
    char file[512];

    return font_file(pattern, file, sizeof file) ? atlas->AddFontFromFileTTF(file, floorf(pixels), NULL, ranges) : NULL;
}

bool load_fonts(struct ui_panel *p)
{
    ImFontAtlas *atlas = ImGui::GetIO().Fonts;

    atlas->FontBuilderIO = ImGuiFreeType::GetBuilderForFreeType();
    atlas->FontBuilderFlags = ImGuiFreeTypeBuilderFlags_LightHinting;
    /* ImGui's pixel height is the line's, some 1.16 times the font's. */
    p->plain = load_font("DejaVu Sans:style=Book", 15 * p->size);
    p->bold = load_font("DejaVu Sans:bold", 15 * p->size);
    p->small = load_font("DejaVu Sans:style=Book", 13 * p->size);
    p->large = load_font("DejaVu Sans:bold", 20 * p->size);
    p->mono = load_font("DejaVu Sans Mono:style=Book", 14 * p->size);
    return p->plain && p->bold && p->small && p->large && p->mono;
}

bool make_font_texture(struct ui_panel *p)
{
    ImFontAtlas *atlas = ImGui::GetIO().Fonts;
    unsigned char *pixels;
    int w, h;

    atlas->GetTexDataAsRGBA32(&pixels, &w, &h);
    p->font_texture = SDL_CreateTexture(p->renderer, SDL_PIXELFORMAT_RGBA32, SDL_TEXTUREACCESS_STATIC, w, h);
    if (!p->font_texture)
        return false;
    SDL_UpdateTexture(p->font_texture, NULL, pixels, 4 * w);
    SDL_SetTextureBlendMode(p->font_texture, SDL_BLENDMODE_BLEND);
    atlas->SetTexID((ImTextureID)p->font_texture);
    return true;
}

} // namespace

/* --- The door --- */

struct ui_panel *ui_panel_new(struct SDL_Window *window, struct SDL_Renderer *renderer, double size,
                              ui_panel_change_fn *change, void *ctx, char *error, size_t error_size)
{
    struct ui_panel *p = new ui_panel();

    p->renderer = renderer;
    p->size = (float)size;
    p->change = change;
    p->ctx = ctx;
    p->copied = -1;
    IMGUI_CHECKVERSION();
    ImGui::CreateContext();
    ImGui::GetIO().IniFilename = NULL;
    ImGui::GetIO().BackendFlags |= ImGuiBackendFlags_RendererHasVtxOffset;
    set_style(p->size);
    ImGui_ImplSDL2_InitForSDLRenderer(window);
    if (load_fonts(p) && make_font_texture(p))
        return p;
    snprintf(error, error_size, "no window can be opened: %s", p->plain ? SDL_GetError() : "there is no font");
    ui_panel_free(p);
    return NULL;
}

void ui_panel_free(struct ui_panel *p)
{
    if (!p)
        return;
    if (p->font_texture)
        SDL_DestroyTexture(p->font_texture);
    ImGui_ImplSDL2_Shutdown();
    ImGui::DestroyContext();
    delete p;
}

/* ImGui looks at keys once a picture: one that is let go of before it has looked stays down until then. */
void ui_panel_event(struct ui_panel *p, const union SDL_Event *event)
{
    const bool up = event->type == SDL_KEYUP;

    if (event->type == SDL_KEYDOWN)
        p->fresh[event->key.keysym.scancode] = true;
    if (up && p->fresh[event->key.keysym.scancode] && p->ups < UPS_MAX)
        p->up[p->ups++] = *event;
    else
        ImGui_ImplSDL2_ProcessEvent(event);
}

static void release_keys(struct ui_panel *p)
{
    for (unsigned k = 0; k < p->ups; k++)
        ImGui_ImplSDL2_ProcessEvent(&p->up[k]);
    p->ups = 0;
    memset(p->fresh, 0, sizeof p->fresh);
}

bool ui_panel_types(const struct ui_panel *)
{
    return ImGui::GetIO().WantTextInput;
}

bool ui_panel_wants_mouse(const struct ui_panel *)
{
    return ImGui::GetIO().WantCaptureMouse;
}

void ui_panel_build(struct ui_panel *p, const struct ui_panel_view *view, const struct ui_panel_place *place,
                    struct ui_damage *damage, bool *fold)
{
    ImGuiIO &io = ImGui::GetIO();
    struct patch before[UI_DAMAGE_MAX];
    int x, y;

    memcpy(before, p->patch, sizeof before);
    p->patches = 0;
    p->view = view;
    ImGui_ImplSDL2_NewFrame();
    /* In pixels, so that lines and letters are sharp whatever the display's scale is. */
    io.DisplaySize = ImVec2((float)place->width, (float)place->height);
    io.DisplayFramebufferScale = ImVec2(1, 1);
    /* Where the window was told that the mouse is: SDL's global position lags behind under X11. */
    SDL_GetMouseState(&x, &y);
    io.MousePos =
        SDL_GetMouseFocus() ? ImVec2((float)(x * place->pixel), (float)(y * place->pixel)) : ImVec2(-FLT_MAX, -FLT_MAX);
    ImGui::NewFrame();
    ImGui::PushFont(p->plain);
    if (place->hand)
        ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
    /* Such windows lie behind those that were there before. */
    *fold = fold_tab(p, place);
    if (place->left < place->width)
        build(p, {(float)place->left, 0, (float)(place->width - place->left), (float)place->height});
    ImGui::PopFont();
    ImGui::Render();
    release_keys(p);
    p->view = NULL;
    find_damage(p, before, damage);
}

/* Some triangles of a list, from index `first` up to `end`. */
static void draw_range(struct ui_panel *p, const ImDrawList *list, unsigned first, unsigned end, const SDL_Rect *within)
{
    for (const ImDrawCmd &cmd : list->CmdBuffer) {
        const ImDrawVert *vertex = list->VtxBuffer.Data + cmd.VtxOffset;
        const SDL_Rect own = {(int)cmd.ClipRect.x, (int)cmd.ClipRect.y, (int)(cmd.ClipRect.z - cmd.ClipRect.x),
                              (int)(cmd.ClipRect.w - cmd.ClipRect.y)};
        const unsigned from = cmd.IdxOffset > first ? cmd.IdxOffset : first,
                       to = cmd.IdxOffset + cmd.ElemCount < end ? cmd.IdxOffset + cmd.ElemCount : end;
        SDL_Rect clip;

        if (from >= to || !SDL_IntersectRect(&own, within, &clip))
            continue;
        SDL_RenderSetClipRect(p->renderer, &clip);
        SDL_RenderGeometryRaw(p->renderer, (SDL_Texture *)cmd.GetTexID(), &vertex->pos.x, sizeof *vertex,
                              (const SDL_Color *)&vertex->col, sizeof *vertex, &vertex->uv.x, sizeof *vertex,
                              list->VtxBuffer.Size - (int)cmd.VtxOffset, list->IdxBuffer.Data + from, (int)(to - from),
                              sizeof(ImDrawIdx));
    }
}

/* A list without the patches that lie elsewhere. */
static void draw_list(struct ui_panel *p, const ImDrawList *list, const SDL_Rect *within)
{
    unsigned at = 0;

    for (unsigned k = 0; k < p->patches; k++) {
        const struct patch *patch = &p->patch[k];
        const SDL_Rect rect = {patch->rect.x, patch->rect.y, patch->rect.w, patch->rect.h};

        if (patch->list != list || SDL_HasIntersection(&rect, within))
            continue;
        draw_range(p, list, at, patch->first_index, within);
        at = patch->end_index;
    }
    draw_range(p, list, at, (unsigned)list->IdxBuffer.Size, within);
}

void ui_panel_draw(struct ui_panel *p, const struct ui_rect *within)
{
    const ImDrawData *data = ImGui::GetDrawData();
    const SDL_Rect rect = {within->x, within->y, within->w, within->h};

    for (int k = 0; data && k < data->CmdListsCount; k++)
        draw_list(p, data->CmdLists[k], &rect);
    SDL_RenderSetClipRect(p->renderer, NULL);
}

void ui_panel_forget(struct ui_panel *p)
{
    if (p->font_texture)
        SDL_DestroyTexture(p->font_texture);
    make_font_texture(p);
}
