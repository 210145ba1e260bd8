/* SPDX-License-Identifier: MIT
 * The cards with the ports and the traffic on them. */
#include "panel_parts.h"

#include <math.h>
#include <stdio.h>

namespace panel
{

/* As much of a text as fits, the end first: of a path that is what differs. */
static const char *fitting(const ImFont *font, const char *text, float width, char *out, size_t size)
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

static void hex_tooltip(struct ui_panel *p, const struct ui_frame *f)
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

static void traffic_row(struct ui_panel *p, const struct ui_frame *f)
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

} // namespace panel
