/* SPDX-License-Identifier: MIT
 * The bench panel, drawn with Dear ImGui. It knows neither meter nor session: it shows a view, and tells which control
 * was moved. */
#ifndef UI_PANEL_H
#define UI_PANEL_H

#include <stdbool.h>
#include <stddef.h>

#include "traffic.h"

#ifdef __cplusplus
extern "C" {
#endif

struct SDL_Window;
struct SDL_Renderer;
union SDL_Event;

#define UI_PHASES       3
#define UI_HARMONICS    3 /* orders 3, 5, 7 */
#define UI_SCOPE_MAX    420
#define UI_PORTS_MAX    8
#define UI_SPEED_MAX    0.0
#define UI_ENERGY_COUNT 4

/* What can be moved, and what index and value mean. */
enum ui_control {
    UI_VOLTAGE,    /* phase, V */
    UI_CURRENT,    /* phase, A */
    UI_ANGLE,      /* phase, degrees lagging */
    UI_FREQUENCY,  /* Hz */
    UI_U_HARMONIC, /* 0..2: order 3, 5, 7; percent */
    UI_I_HARMONIC, /* the same */
    UI_TARIFF_INPUT,
    UI_POWER,
    UI_LOST,     /* phase */
    UI_REVERSED, /* phase */
    UI_PAUSE,
    UI_SPEED, /* simulated per real second, or UI_SPEED_MAX */
    UI_METER, /* 0.. */
};

struct ui_panel_phase {
    double voltage, current, angle; /* as the network has them */
    bool lost, reversed;
    double u, i, p, q, s, pf;                           /* as the meter measures them */
    double u_x, u_y, i_x, i_y;                          /* phasors of what is really there, rms; x is to the right */
    float scope_u[UI_SCOPE_MAX], scope_i[UI_SCOPE_MAX]; /* V and primary A */
};

struct ui_panel_port {
    char kind[24], name[256], settings[80];
    char whole[512]; /* the name to be copied: it holds in any folder */
};

struct ui_panel_view {
    struct ui_panel_phase phase[UI_PHASES];
    double frequency, voltage_max, current_max;
    double u_harmonic[UI_HARMONICS], i_harmonic[UI_HARMONICS];
    bool powered, tariff_input;
    bool running;          /* the meter measures */
    double p, q, s, pf, f; /* of the meter, all phases */
    struct {
        const char *name, *unit;
        double value;
    } energy[UI_ENERGY_COUNT];
    size_t scope_samples;
    double scope_u_peak, scope_i_peak; /* full scale */
    double scope_ms;                   /* length */
    double time;                       /* simulated seconds */
    bool paused;
    double speed, achieved;
    unsigned meters, meter;
    const char *serial;
    int tariff;
    size_t ports;
    struct ui_panel_port port[UI_PORTS_MAX];
    const struct ui_traffic *traffic;
    const char *record;  /* or NULL */
    const char *message; /* the newest refusal, or NULL */
};

typedef void ui_panel_change_fn(void *ctx, enum ui_control control, int index, double value);

struct ui_panel;

/* size: pixels per 1/96 inch. NULL with a message in error (error_size bytes). */
struct ui_panel *ui_panel_new(struct SDL_Window *window, struct SDL_Renderer *renderer, double size,
                              ui_panel_change_fn *change, void *ctx, char *error, size_t error_size);
void ui_panel_free(struct ui_panel *panel);

/* Gives it an SDL event. */
void ui_panel_event(struct ui_panel *panel, const union SDL_Event *event);

/* Does it want the keys, as somebody types there? */
bool ui_panel_types(const struct ui_panel *panel);

/* Where it is, in pixels of the renderer's output. */
struct ui_panel_place {
    int width, height; /* of the whole window */
    int left;          /* where the panel begins; width: it is folded away, and only its tab shows */
    double pixel;      /* pixels per unit of the window's coordinates */
    bool hand;         /* the mouse is over a button of the meter */
};

struct ui_rect {
    int x, y, w, h;
};

/* What looks other than it did when it was built last. Without a graphics card filling pixels is what costs, so only
 * these are drawn anew. */
#define UI_DAMAGE_MAX 16
struct ui_damage {
    bool all;
    unsigned count;
    struct ui_rect rect[UI_DAMAGE_MAX];
};

/* Lays it out. *fold is set if the tab was clicked. */
void ui_panel_build(struct ui_panel *panel, const struct ui_panel_view *view, const struct ui_panel_place *place,
                    struct ui_damage *damage, bool *fold);

/* Draws what was built, within a rectangle. */
void ui_panel_draw(struct ui_panel *panel, const struct ui_rect *within);

/* Is the mouse over something of it, or is it dragging something? */
bool ui_panel_wants_mouse(const struct ui_panel *panel);

/* The renderer has lost its textures. */
void ui_panel_forget(struct ui_panel *panel);

#ifdef __cplusplus
}
#endif

#endif
