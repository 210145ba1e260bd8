/* SPDX-License-Identifier: MIT
 * The window: the meter's front, the bench panel beside it, and the loop that serves both and the session. */
#ifndef UI_WINDOW_H
#define UI_WINDOW_H

#include "../src/host/session.h"

struct ui_window;

/* size: how large everything is, 0: as the display asks. record: a file that is being recorded, or NULL. NULL with a
 * message in error (error_size bytes). Free with ui_window_close. */
struct ui_window *ui_window_open(struct sim *sim, struct host_session *session, double size, const char *record,
                                 char *error, size_t error_size);
void ui_window_close(struct ui_window *window);

/* Runs until the window is closed, a quit request comes or *stop becomes true. */
void ui_window_run(struct ui_window *window, const volatile bool *stop);

#endif
