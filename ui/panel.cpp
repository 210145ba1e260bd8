/* SPDX-License-Identifier: MIT
 * The panel as a whole, and its door to the window. C++ is spoken here and in the other panel files only, as Dear ImGui
 * speaks it. Layout is by hand: two columns of cards, or one. */
#include "panel_parts.h"

#include <backends/imgui_impl_sdl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

namespace panel
{

/* --- The whole --- */

static void begin_window(const char *name, const struct rect &r)
{
    ImGui::SetNextWindowPos(ImVec2(r.x, r.y));
    ImGui::SetNextWindowSize(ImVec2(r.w, r.h));
    ImGui::Begin(name, NULL,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                     ImGuiWindowFlags_NoBackground | ImGuiWindowFlags_NoNav | ImGuiWindowFlags_NoBringToFrontOnFocus |
                     ImGuiWindowFlags_NoScrollWithMouse);
}

/* The tab at the panel's edge that folds it away and back. */
static bool fold_tab(struct ui_panel *p, const struct ui_panel_place *place)
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

static void meter_chooser(struct ui_panel *p, struct column *c)
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

static void left_cards(struct ui_panel *p, struct column *c, float bottom)
{
    meter_chooser(p, c);
    card_time(p, c);
    card_network(p, c);
    card_switches(p, c);
    card_measured(p, c, bottom);
}

static void right_cards(struct ui_panel *p, struct column *c, float bottom)
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

static void message_line(struct ui_panel *p, const struct rect &r)
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

static void build(struct ui_panel *p, const struct rect &r)
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

} // namespace panel

/* --- The door --- */

using namespace panel;

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
