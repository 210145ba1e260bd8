#include "panel.h"
struct ui_panel { int x; };
struct ui_panel *ui_panel_new(struct SDL_Window *, struct SDL_Renderer *, double, ui_panel_change_fn *, void *, char *, size_t) { return new ui_panel(); }
void ui_panel_free(struct ui_panel *p) { delete p; }
void ui_panel_event(struct ui_panel *, const union SDL_Event *) {}
bool ui_panel_types(const struct ui_panel *) { return false; }
bool ui_panel_build(struct ui_panel *, const struct ui_panel_view *, const struct ui_panel_place *, bool *) { return false; }
void ui_panel_draw(struct ui_panel *) {}
bool ui_panel_wants_mouse(const struct ui_panel *) { return false; }
void ui_panel_forget(struct ui_panel *) {}
