/* SPDX-License-Identifier: MIT */
#include "window.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/host/log.h"
#include "bench.h"
#include "front.h"

/* In 1/96 inch: the window as it opens, the panel's least width, air around the front. */
#define HEIGHT      860
#define FRONT_WIDTH 400
#define PANEL_WIDTH 880
#define PANEL_LEAST 400
#define FRONT_LEAST 180
#define MARGIN      10

#define FRAME_NS 16666667 /* 60 a second at the most, and half of that while the simulation wants all it can get */
#define ROUND_MS 8        /* the session wants a round every 10 ms */

/* While time runs fast a tap becomes a touch after this: before, nobody knows yet that it will be held. */
#define TAP_NS 500000000

struct ui_window {
    struct sim *sim;
    struct host_session *session;
    SDL_Window *window;
    SDL_Renderer *renderer;
    SDL_Surface *surface; /* without a graphics card what is seen is here; NULL with one */
    SDL_Texture *canvas;  /* with one it is here: only what has changed is drawn into it */
    int canvas_width, canvas_height;
    struct ui_front *front;
    struct ui_panel *panel;
    struct ui_bench *bench;
    double size;       /* pixels per 1/96 inch */
    double pixel;      /* pixels per unit of the window's coordinates */
    int width, height; /* pixels */
    int open_width;    /* of the window before the panel was folded, in its units */
    bool folded, hidden, quit;
    bool dirty;                       /* to be drawn whether it looks other or not */
    struct ui_look drawn;             /* the look that was drawn last */
    uint64_t pulses[EM_OUTPUT_COUNT]; /* begun when it was drawn */
    uint64_t looked, pictures;        /* how often it was looked whether anything has changed, and drawn, ... */
    int64_t shown_ns;                 /* ... in so long a time; hidden it does not count */
    struct touch {
        int button;      /* -1: none */
        SDL_Keycode key; /* that touches it, or 0: the mouse */
        bool told;       /* the meter knows */
        int64_t since_ns;
    } touch;
};

static int64_t now_ns(void)
{
    return (int64_t)((double)SDL_GetPerformanceCounter() * 1e9 / (double)SDL_GetPerformanceFrequency());
}

/* --- Buttons --- */

static void let_go(struct ui_window *w)
{
    struct touch *t = &w->touch;

    if (t->button < 0)
        return;
    ui_bench_press(w->bench, (enum em_button)t->button, t->told ? UI_LET_GO : UI_TAP);
    t->button = -1;
}

/* The first touch counts until it ends, as on the meter. While time runs fast it is not told at once: a tap of a tenth
 * of a second would be a long touch for the meter. */
static void touch(struct ui_window *w, int button, SDL_Keycode key)
{
    if (w->touch.button >= 0 || button < 0)
        return;
    w->touch = (struct touch){.button = button, .key = key, .since_ns = now_ns()};
    if (ui_bench_is_fast(w->bench))
        return;
    ui_bench_press(w->bench, (enum em_button)button, UI_TOUCH);
    w->touch.told = true;
}

static void go_on_touching(struct ui_window *w)
{
    struct touch *t = &w->touch;

    if (t->button < 0 || t->told || now_ns() - t->since_ns < TAP_NS)
        return;
    ui_bench_press(w->bench, (enum em_button)t->button, UI_TOUCH);
    t->told = true;
}

/* --- Sizes --- */

/* What the window's output and the display say now. */
static void measure(struct ui_window *w)
{
    int wide, high;

    if (w->surface) {
        const SDL_Surface *shown = SDL_GetWindowSurface(w->window);

        w->width = shown && shown->w < w->surface->w ? shown->w : w->surface->w;
        w->height = shown && shown->h < w->surface->h ? shown->h : w->surface->h;
    } else {
        SDL_GetRendererOutputSize(w->renderer, &w->width, &w->height);
    }
    SDL_GetWindowSize(w->window, &wide, &high);
    w->pixel = wide > 0 ? (double)w->width / wide : 1;
}

/* Where the panel begins: the front gets what it needs for the window's height, but the panel must have room. */
static int panel_left(const struct ui_window *w)
{
    double front = ui_front_width(w->height - 2 * MARGIN * w->size) + 2 * MARGIN * w->size;
    double most = w->width - PANEL_LEAST * w->size;

    if (w->folded)
        return w->width;
    front = front < most ? front : most;
    front = front > FRONT_LEAST * w->size ? front : FRONT_LEAST * w->size;
    return (int)front;
}

static void place_front(struct ui_window *w)
{
    int margin = (int)(MARGIN * w->size), left = panel_left(w);
    SDL_Rect area = {margin, margin, left - 2 * margin, w->height - 2 * margin};

    if (ui_front_place(w->front, &area))
        w->dirty = true;
}

static void fold(struct ui_window *w)
{
    int wide, high;
    bool fixed = SDL_GetWindowFlags(w->window) & (SDL_WINDOW_MAXIMIZED | SDL_WINDOW_FULLSCREEN_DESKTOP);
    int front = (int)(panel_left(w) / w->pixel);

    SDL_GetWindowSize(w->window, &wide, &high);
    w->folded = !w->folded;
    w->dirty = true;
    if (fixed)
        return;
    if (w->folded) {
        w->open_width = wide;
        SDL_SetWindowSize(w->window, front, high);
    } else if (w->open_width > wide) {
        SDL_SetWindowSize(w->window, w->open_width, high);
    }
}

/* --- Events --- */

static int button_of_key(SDL_Keycode key)
{
    static const struct {
        SDL_Keycode key;
        enum em_button button;
    } keys[] = {
        {SDLK_LEFT, EM_BUTTON_LEFT},   {SDLK_RIGHT, EM_BUTTON_RIGHT},     {SDLK_RETURN, EM_BUTTON_MIDDLE},
        {SDLK_DOWN, EM_BUTTON_MIDDLE}, {SDLK_KP_ENTER, EM_BUTTON_MIDDLE}, {SDLK_SPACE, EM_BUTTON_MIDDLE},
    };

    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
        if (keys[k].key == key)
            return keys[k].button;
    return -1;
}

static void key_down(struct ui_window *w, const SDL_KeyboardEvent *e)
{
    SDL_Keycode key = e->keysym.sym;

    if (e->repeat || ui_panel_types(w->panel))
        return;
    if (key == SDLK_F2 || key == SDLK_TAB)
        fold(w);
    else if (key == SDLK_p)
        ui_bench_change(w->bench, UI_PAUSE, 0, !host_session_paused(w->session));
    else
        touch(w, button_of_key(key), key);
}

static int button_at(const struct ui_window *w, int x, int y)
{
    return ui_front_button_at(w->front, x * w->pixel, y * w->pixel);
}

static void window_event(struct ui_window *w, const SDL_WindowEvent *e)
{
    switch (e->event) {
    case SDL_WINDOWEVENT_HIDDEN:
    case SDL_WINDOWEVENT_MINIMIZED:
        w->hidden = true;
        let_go(w);
        break;
    case SDL_WINDOWEVENT_SHOWN:
    case SDL_WINDOWEVENT_RESTORED:
    case SDL_WINDOWEVENT_EXPOSED:
    case SDL_WINDOWEVENT_SIZE_CHANGED:
        w->hidden = SDL_GetWindowFlags(w->window) & (SDL_WINDOW_HIDDEN | SDL_WINDOW_MINIMIZED);
        w->dirty = true;
        break;
    case SDL_WINDOWEVENT_FOCUS_LOST:
    case SDL_WINDOWEVENT_LEAVE:
        if (e->event == SDL_WINDOWEVENT_FOCUS_LOST || !w->touch.key)
            let_go(w);
        break;
    case SDL_WINDOWEVENT_CLOSE:
        w->quit = true;
        break;
    }
}

static void take_event(struct ui_window *w, const SDL_Event *e)
{
    ui_panel_event(w->panel, e);
    switch (e->type) {
    case SDL_QUIT:
        w->quit = true;
        break;
    case SDL_WINDOWEVENT:
        window_event(w, &e->window);
        break;
    case SDL_KEYDOWN:
        key_down(w, &e->key);
        break;
    case SDL_KEYUP:
        if (w->touch.button >= 0 && w->touch.key == e->key.keysym.sym)
            let_go(w);
        break;
    case SDL_MOUSEBUTTONDOWN:
        if (e->button.button == SDL_BUTTON_LEFT && !ui_panel_wants_mouse(w->panel))
            touch(w, button_at(w, e->button.x, e->button.y), 0);
        break;
    case SDL_MOUSEBUTTONUP:
        if (e->button.button == SDL_BUTTON_LEFT && !w->touch.key)
            let_go(w);
        break;
    case SDL_MOUSEMOTION:
        if (!w->touch.key && button_at(w, e->motion.x, e->motion.y) != w->touch.button)
            let_go(w);
        break;
    case SDL_RENDER_TARGETS_RESET:
    case SDL_RENDER_DEVICE_RESET:
        ui_front_forget(w->front);
        ui_panel_forget(w->panel);
        w->dirty = true;
        break;
    }
}

/* --- Drawing --- */

/* A pulse is seen in at least one picture, however short it is. */
static void see_pulses(struct ui_window *w, const struct sim_point *point, struct ui_look *look)
{
    for (int k = 0; k < EM_OUTPUT_COUNT; k++) {
        look->output[k] = look->output[k] || point->pulses[k] != w->pulses[k];
        w->pulses[k] = point->pulses[k];
    }
}

static void see_touch(const struct ui_window *w, const struct em_display *d, struct ui_look *look)
{
    const float steps = 60; /* as many pictures as the bar has; more would be drawn for nothing */
    float held;

    if (d->held)
        look->pressed[d->held - 1] = true;
    if (w->touch.button >= 0)
        look->pressed[w->touch.button] = true;
    if (d->held != EM_BUTTON_MIDDLE + 1)
        return;
    held = (float)(d->now - d->touched) / (EM_HOLD_MS * (EM_SAMPLE_RATE / 1000));
    look->held = held < 1 ? floorf(held * steps) / steps : 1;
}

/* The look of now, in a struct that can be compared byte by byte. */
static void look_now(struct ui_window *w, struct ui_look *look)
{
    struct sim_point *point = ui_bench_point(w->bench);

    memset(look, 0, sizeof *look);
    ui_look_at(look, &point->meter);
    see_pulses(w, point, look);
    see_touch(w, &point->meter.display, look);
}

static bool over_a_button(const struct ui_window *w)
{
    int x, y;

    SDL_GetMouseState(&x, &y);
    return SDL_GetMouseFocus() == w->window && !ui_panel_wants_mouse(w->panel) && button_at(w, x, y) >= 0;
}

/* A canvas as large as the window; a new one is to be drawn whole. */
static bool have_canvas(struct ui_window *w)
{
    if (w->canvas_width == w->width && w->canvas_height == w->height)
        return w->surface || w->canvas;
    if (w->canvas)
        SDL_DestroyTexture(w->canvas);
    if (!w->surface)
        w->canvas =
            SDL_CreateTexture(w->renderer, SDL_PIXELFORMAT_ARGB8888, SDL_TEXTUREACCESS_TARGET, w->width, w->height);
    w->canvas_width = w->width;
    w->canvas_height = w->height;
    w->dirty = true;
    return w->surface || w->canvas;
}

/* Draws everything that is within a rectangle. */
static void draw_within(struct ui_window *w, const struct ui_look *look, struct ui_rect r)
{
    static const Uint8 background[3] = {UI_BACKGROUND};
    const SDL_Rect rect = {r.x, r.y, r.w, r.h}, front = ui_front_rect(w->front);

    SDL_RenderSetClipRect(w->renderer, &rect);
    SDL_SetRenderDrawColor(w->renderer, background[0], background[1], background[2], 255);
    SDL_RenderFillRect(w->renderer, &rect);
    if (SDL_HasIntersection(&rect, &front))
        ui_front_draw(w->front, look);
    ui_panel_draw(w->panel, &r);
}

/* Without a graphics card: what has been drawn goes to the screen, and nothing else. */
static void show_parts(struct ui_window *w, SDL_Rect *parts, int count)
{
    const SDL_Rect all = {0, 0, w->width, w->height};
    SDL_Surface *shown = SDL_GetWindowSurface(w->window);
    int n = 0;

    SDL_RenderFlush(w->renderer);
    for (int k = 0; shown && k < count; k++) {
        SDL_Rect at;

        if (!SDL_IntersectRect(&parts[k], &all, &parts[n]))
            continue;
        at = parts[n];
        SDL_BlitSurface(w->surface, &parts[n], shown, &at);
        n++;
    }
    if (n)
        SDL_UpdateWindowSurfaceRects(w->window, parts, n);
}

static void show_all(struct ui_window *w)
{
    SDL_SetRenderTarget(w->renderer, NULL);
    SDL_RenderCopy(w->renderer, w->canvas, NULL, NULL);
    SDL_RenderPresent(w->renderer);
}

static void draw_damage(struct ui_window *w, const struct ui_look *look, const struct ui_damage *damage, bool front)
{
    const SDL_Rect place = ui_front_rect(w->front);
    SDL_Rect parts[UI_DAMAGE_MAX + 1];
    int n = 0;

    if (damage->all || w->dirty) {
        parts[n++] = (SDL_Rect){0, 0, w->width, w->height};
    } else {
        for (unsigned k = 0; k < damage->count; k++)
            parts[n++] = (SDL_Rect){damage->rect[k].x, damage->rect[k].y, damage->rect[k].w, damage->rect[k].h};
        if (front)
            parts[n++] = place;
    }
    if (!w->surface)
        SDL_SetRenderTarget(w->renderer, w->canvas);
    for (int k = 0; k < n; k++)
        draw_within(w, look, (struct ui_rect){parts[k].x, parts[k].y, parts[k].w, parts[k].h});
    if (w->surface)
        show_parts(w, parts, n);
    else
        show_all(w);
}

static void draw(struct ui_window *w)
{
    struct ui_panel_place place;
    struct ui_damage damage;
    struct ui_look look;
    bool fold_it = false, front;

    w->looked++;
    measure(w);
    place_front(w);
    look_now(w, &look);
    front = memcmp(&look, &w->drawn, sizeof look) != 0;
    place = (struct ui_panel_place){w->width, w->height, panel_left(w), w->pixel, over_a_button(w)};
    ui_panel_build(w->panel, ui_bench_view(w->bench), &place, &damage, &fold_it);
    if (have_canvas(w) && (damage.all || damage.count || front || w->dirty)) {
        draw_damage(w, &look, &damage, front);
        memcpy(&w->drawn, &look, sizeof look);
        w->dirty = false;
        w->pictures++;
    }
    if (fold_it)
        fold(w);
}

/* --- Opening and closing --- */

/* How large the display wants things, and no larger than what fits on it. */
static double display_size(void)
{
    SDL_Rect usable = {0, 0, 0, 0};
    float dpi = 96;
    double size, fits;

    if (SDL_GetDisplayDPI(0, NULL, &dpi, NULL) || dpi < 60 || dpi > 600)
        dpi = 96;
    size = floor(dpi / 96 * 4 + 0.1) / 4;
    SDL_GetDisplayUsableBounds(0, &usable);
    fits = floor(fmin(usable.w / (double)(FRONT_WIDTH + PANEL_WIDTH), usable.h / (double)HEIGHT) * 8) / 8;
    size = size < fits || fits <= 0 ? size : fits;
    return size > 0.75 ? size : 0.75;
}

/* Is there a graphics card, or does a processor only play one? */
static bool has_card(SDL_Renderer *renderer)
{
    const unsigned gl_renderer = 0x1F01;
    const char *(*get_string)(unsigned) = NULL;
    const char *name = NULL;
    SDL_RendererInfo info;

    if (SDL_GetRendererInfo(renderer, &info) || !(info.flags & SDL_RENDERER_ACCELERATED))
        return false;
    if (strncmp(info.name, "opengl", 6) == 0)
        *(void **)&get_string = SDL_GL_GetProcAddress("glGetString");
    if (get_string)
        name = get_string(gl_renderer);
    return !name || (!strstr(name, "llvmpipe") && !strstr(name, "softpipe") && !strstr(name, "swrast"));
}

/* As large as the largest display, so that the window's size never asks for another. */
static SDL_Surface *make_surface(void)
{
    SDL_Rect bounds;
    int w = 1280, h = 1024;

    for (int k = 0; k < SDL_GetNumVideoDisplays(); k++) {
        if (SDL_GetDisplayBounds(k, &bounds))
            continue;
        w = bounds.w > w ? bounds.w : w;
        h = bounds.h > h ? bounds.h : h;
    }
    return SDL_CreateRGBSurfaceWithFormat(0, w, h, 32, SDL_PIXELFORMAT_RGB888);
}

/* Without waiting for the display's next picture: a hidden window would wait for ever. */
static bool open_renderer(struct ui_window *w)
{
    w->renderer = SDL_CreateRenderer(w->window, -1, 0);
    /* Who names a driver (SDL_RENDER_DRIVER) gets it. */
    if (w->renderer && (SDL_GetHint(SDL_HINT_RENDER_DRIVER) || has_card(w->renderer)))
        return true;
    if (w->renderer)
        SDL_DestroyRenderer(w->renderer);
    SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0");
    w->surface = make_surface();
    w->renderer = w->surface ? SDL_CreateSoftwareRenderer(w->surface) : NULL;
    return w->renderer && SDL_GetWindowSurface(w->window);
}

static bool open_window(struct ui_window *w, double size, char *error, size_t error_size)
{
    const Uint32 flags = SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI | SDL_WINDOW_HIDDEN;

    if (SDL_InitSubSystem(SDL_INIT_VIDEO)) {
        snprintf(error, error_size, "no window can be opened: %s; `vmeter serve` needs none", SDL_GetError());
        return false;
    }
    w->size = size > 0 ? size : display_size();
    w->window = SDL_CreateWindow("vmeter", SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED,
                                 (int)((FRONT_WIDTH + PANEL_WIDTH) * w->size), (int)(HEIGHT * w->size), flags);
    if (!w->window || !open_renderer(w)) {
        snprintf(error, error_size, "no window can be opened: %s", SDL_GetError());
        return false;
    }
    SDL_SetWindowMinimumSize(w->window, (int)(FRONT_LEAST * w->size), (int)(360 * w->size));
    measure(w);
    /* Where the display scales for itself only --size is left to do. */
    if (w->pixel > 1 && size <= 0)
        w->size = w->pixel;
    return true;
}

struct ui_window *ui_window_open(struct sim *sim, struct host_session *session, double size, const char *record,
                                 char *error, size_t error_size)
{
    struct ui_window *w = calloc(1, sizeof *w);
    bool ok;

    if (!w)
        abort();
    w->sim = sim;
    w->session = session;
    w->touch.button = -1;
    w->dirty = true;
    w->bench = ui_bench_new(sim, session, record);
    ok = open_window(w, size, error, error_size);
    ok = ok && (w->front = ui_front_new(w->renderer, error, error_size));
    ok = ok && (w->panel = ui_panel_new(w->window, w->renderer, w->size, ui_bench_change, w->bench, error, error_size));
    if (!ok) {
        ui_window_close(w);
        return NULL;
    }
    SDL_ShowWindow(w->window);
    return w;
}

void ui_window_close(struct ui_window *w)
{
    if (!w)
        return;
    let_go(w);
    ui_panel_free(w->panel);
    ui_front_free(w->front);
    ui_bench_free(w->bench);
    if (w->canvas)
        SDL_DestroyTexture(w->canvas);
    if (w->renderer)
        SDL_DestroyRenderer(w->renderer);
    SDL_FreeSurface(w->surface);
    if (w->window)
        SDL_DestroyWindow(w->window);
    SDL_Quit();
    free(w);
}

/* --- Running --- */

void ui_window_run(struct ui_window *w, const volatile bool *stop)
{
    int64_t next = now_ns(), before = next;

    while (!*stop && !w->quit) {
        int64_t now = now_ns(), left = next - now;
        int wait = left <= 0 ? 0 : left / 1000000 < ROUND_MS ? (int)(left / 1000000) + 1 : ROUND_MS;
        SDL_Event e;

        w->shown_ns += w->hidden ? 0 : now - before;
        before = now;
        if (!host_session_step(w->session, w->hidden ? ROUND_MS : wait))
            break;
        while (SDL_PollEvent(&e))
            take_event(w, &e);
        go_on_touching(w);
        if (w->hidden || now_ns() < next)
            continue;
        draw(w);
        next += host_session_speed(w->session) == HOST_SPEED_MAX ? 2 * FRAME_NS : FRAME_NS;
        if (next < now_ns())
            next = now_ns() + 1;
    }
    host_log_debug("ui: shown for %.1f s, looked %llu times, drew %llu pictures", (double)w->shown_ns / 1e9,
                   (unsigned long long)w->looked, (unsigned long long)w->pictures);
}
