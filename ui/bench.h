/* SPDX-License-Identifier: MIT
 * The bench: what the panel shows of the simulation, and what a user does to it. Everything done is a request to the
 * session, as on the control socket, so that it is recorded and checked as any other. */
#ifndef UI_BENCH_H
#define UI_BENCH_H

#include "../src/host/session.h"
#include "panel.h"
#include "vmeter/em_display.h"

struct ui_bench;

/* sim and session must outlive it; record: the file that is being recorded, or NULL. Listens to the session's lines. */
struct ui_bench *ui_bench_new(struct sim *sim, struct host_session *session, const char *record);
void ui_bench_free(struct ui_bench *bench);

/* The meter that is looked at. */
struct sim_point *ui_bench_point(const struct ui_bench *bench);

/* Brings the view up to date; the result is valid until the next call. */
const struct ui_panel_view *ui_bench_view(struct ui_bench *bench);

/* A control of the panel was moved; a ui_panel_change_fn, bench as its ctx. */
void ui_bench_change(void *bench, enum ui_control control, int index, double value);

/* A button of the meter is touched until it is let go of, or only tapped. */
enum ui_touch { UI_TOUCH, UI_LET_GO, UI_TAP };
void ui_bench_press(struct ui_bench *bench, enum em_button button, enum ui_touch touch);

/* Does simulated time run faster than real time? A tap would be a long touch then. */
bool ui_bench_is_fast(const struct ui_bench *bench);

#endif
