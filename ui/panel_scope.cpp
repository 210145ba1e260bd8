/* SPDX-License-Identifier: MIT
 * The cards with phasors and oscilloscope. */
#include "panel_parts.h"

#include <math.h>

namespace panel
{

static void arrow(struct ui_panel *p, const ImVec2 &from, double x, double y, ImU32 colour, float width, float head)
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

static double degrees_of(double x, double y)
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
static double full_scale(double peak)
{
    double step = pow(10, floor(log10(peak > 1e-3 ? peak : 1e-3)));

    return peak <= step       ? step
           : peak <= 2 * step ? 2 * step
           : peak <= 4 * step ? 4 * step
           : peak <= 5 * step ? 5 * step
                              : 10 * step;
}

static void trace(struct ui_panel *p, const struct rect &r, const float *samples, size_t n, double full, ImU32 colour,
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

} // namespace panel
