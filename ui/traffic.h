/* SPDX-License-Identifier: MIT
 * What goes over the lines, frame by frame, decoded in a line of text each. */
#ifndef UI_TRAFFIC_H
#define UI_TRAFFIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define UI_TRAFFIC_MAX        200
#define UI_TRAFFIC_BYTES      270
#define UI_TRAFFIC_TEXT       120
#define UI_TRAFFIC_SILENCE_MS 100 /* ends what is no frame */

struct ui_frame {
    double time; /* simulated seconds */
    bool mbus;   /* else Modbus */
    bool from_master;
    bool bad; /* no frame, or an exception */
    uint16_t n;
    uint8_t byte[UI_TRAFFIC_BYTES];
    char text[UI_TRAFFIC_TEXT];
};

struct ui_traffic {
    struct ui_frame frame[UI_TRAFFIC_MAX]; /* a ring */
    uint64_t total;                        /* seen; the newest is frame[(total - 1) % UI_TRAFFIC_MAX] */
    struct ui_input {
        uint8_t byte[UI_TRAFFIC_BYTES];
        size_t used;
        int64_t last_ms;
    } in[2];        /* from masters, not yet a frame: Modbus, M-Bus */
    uint16_t asked; /* first register of the newest Modbus read */
};

/* Bytes from a master, or a whole answer to one. */
void ui_traffic_bytes(struct ui_traffic *t, bool mbus, bool from_master, const uint8_t *byte, size_t n, double time,
                      int64_t now_ms);

/* Time has passed: what is still no frame after a silence is shown as such. */
void ui_traffic_idle(struct ui_traffic *t, double time, int64_t now_ms);

/* The k-th frame, the newest first; NULL if there is none. */
const struct ui_frame *ui_traffic_at(const struct ui_traffic *t, unsigned k);

#ifdef __cplusplus
}
#endif

#endif
