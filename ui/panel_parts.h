/* SPDX-License-Identifier: MIT
 * What the panel's files share: its state, colours, text, cards and controls. Places are in pixels of the renderer's
 * output; px() makes them of units of 1/96 inch. */
#ifndef UI_PANEL_PARTS_H
#define UI_PANEL_PARTS_H

#include "panel.h"

#include <SDL.h>
#include <imgui.h>
#include <stdint.h>

namespace panel
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

/* A card's place, and what is drawn for it: some vertices of a list. */
struct patch {
    struct ui_rect rect;
    const ImDrawList *list;
    int first, end;                  /* vertices */
    unsigned first_index, end_index; /* the same in indices */
    uint64_t hash;
};

} // namespace panel

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
    struct panel::patch patch[UI_DAMAGE_MAX]; /* of what was built last */
    unsigned patches, begun;                  /* begun: the one that is being drawn */
    uint64_t rest;                            /* hash of what is outside all patches */
};

namespace panel
{

/* --- Text and cards (panel_controls.cpp) --- */

const double PAD = 12, GAP = 10, LINE = 20;

/* A column of cards, filled from the top. */
struct column {
    float x, y, w;
};

float px(const struct ui_panel *p, double units);
float text_width(const ImFont *font, const char *text);

/* One line; x is its left, middle or right, y the top of a line of LINE units in which it is centred. */
void put(struct ui_panel *p, ImFont *font, ImU32 colour, float x, float y, enum align align, const char *format, ...)
    __attribute__((format(printf, 7, 8)));

void rule(struct ui_panel *p, float x, float y, float w);

/* What is drawn between them belongs to a new patch; p->begun tells which. */
void begin_patch(struct ui_panel *p);
void end_patch(struct ui_panel *p, unsigned which, const ImVec2 &from, const ImVec2 &to);

/* Begins a card and returns its inside; ends it at the y that its content has come to. */
struct rect begin_card(struct ui_panel *p, const struct column *c, const char *title);
void end_card(struct ui_panel *p, struct column *c, float y, unsigned patch);

/* --- Controls (panel_controls.cpp): each tells its control and index when it is moved --- */

/* A value with its range, the step it moves by, and how it is written. */
struct scale {
    double min, max, step;
    const char *format;
};

void tell(struct ui_panel *p, enum ui_control control, int index, double value);

/* An area that can be clicked or dragged. */
bool area(const char *id, const struct rect &r);

void slider(struct ui_panel *p, const struct rect &r, double value, const struct scale &s, ImU32 colour,
            enum ui_control control, int index);
void number(struct ui_panel *p, const struct rect &r, double value, const struct scale &s, enum ui_control control,
            int index);

/* A number above its slider, in one cell of a grid. */
void quantity(struct ui_panel *p, float x, float y, float w, double value, const struct scale &s, ImU32 colour,
              enum ui_control control, int index);
void toggle(struct ui_panel *p, float x, float y, bool on, enum ui_control control, int index);

/* A row of choices of which one holds; returns the one that was clicked, else -1. */
int segments(struct ui_panel *p, const struct rect &r, const char *const *labels, int count, int active);
bool button(struct ui_panel *p, const struct rect &r, const char *label);

/* --- A grid with a column per phase behind one for labels (panel_controls.cpp) --- */

struct grid {
    float x, label, w, gap; /* w: of a phase's column */
};

struct grid grid_of(struct ui_panel *p, const struct rect &r, double label);
float cell(const struct grid &g, int k);
void phase_heads(struct ui_panel *p, const struct grid &g, float y);

/* --- Cards; with bottom they reach down to there at least --- */

void card_time(struct ui_panel *p, struct column *c);
void card_network(struct ui_panel *p, struct column *c);
void card_switches(struct ui_panel *p, struct column *c);
void card_measured(struct ui_panel *p, struct column *c, float bottom);
void card_phasors(struct ui_panel *p, struct column *c);
void card_scope(struct ui_panel *p, struct column *c);
void card_ports(struct ui_panel *p, struct column *c);
void card_traffic(struct ui_panel *p, struct column *c, float bottom);

/* --- Patches (panel_patches.cpp) --- */

/* Compares what was built with the one before; `before` has as many patches as there were. */
void find_damage(struct ui_panel *p, const struct patch *before, struct ui_damage *damage);

/* Draws a list without the patches that lie outside a rectangle. */
void draw_list(struct ui_panel *p, const ImDrawList *list, const SDL_Rect *within);

/* --- Looks (panel_looks.cpp) --- */

void set_style(float size);

/* False if there is no font, or no texture (SDL_GetError). */
bool load_fonts(struct ui_panel *p);
bool make_font_texture(struct ui_panel *p);

} // namespace panel

#endif
