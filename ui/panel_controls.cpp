/* SPDX-License-Identifier: MIT
 * Text, cards and controls: what the panel is put together from. Sliders, switches and number fields are drawn on
 * ImGui's invisible buttons. */
#include "panel_parts.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

namespace panel
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

static double rounded(double value, double step)
{
    return floor(value / step + 0.5) * step;
}

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
static void end_edit(struct ui_panel *p, double value, const struct scale &s, enum ui_control control, int index)
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

} // namespace panel
