/* SPDX-License-Identifier: MIT */
#include "traffic.h"

#include <assert.h>
#include <string.h>

#include "../src/host/slave.h"
#include "../src/host/words.h"
#include "../src/sim/bus.h"

static_assert(UI_TRAFFIC_TEXT == HOST_WORDS_MAX, "a frame holds its words");

static void add_frame(struct ui_traffic *t, bool mbus, bool from_master, const uint8_t *byte, size_t n, double time)
{
    struct ui_frame *f = &t->frame[t->total++ % UI_TRAFFIC_MAX];

    *f = (struct ui_frame){.time = time, .mbus = mbus, .from_master = from_master};
    n = n < UI_TRAFFIC_BYTES ? n : UI_TRAFFIC_BYTES;
    f->n = (uint16_t)n;
    memcpy(f->byte, byte, n);
    f->bad = mbus ? !host_words_mbus(from_master, byte, n, f->text)
                  : !host_words_modbus(from_master, byte, n, t->asked, f->text);
    if (!mbus && from_master && !f->bad)
        host_words_asked(byte, n, &t->asked);
}

/* What is left of the input is shown as it is. */
static void flush(struct ui_traffic *t, bool mbus, double time)
{
    struct ui_input *in = &t->in[mbus];

    if (in->used)
        add_frame(t, mbus, true, in->byte, in->used, time);
    in->used = 0;
}

static size_t whole_length(bool mbus, const struct ui_input *in)
{
    int length;

    if (mbus)
        return host_words_mbus_length(in->byte, in->used);
    length = host_modbus_length(in->byte, in->used);
    if (length <= 0 || (size_t)length > in->used)
        return 0;
    return sim_modbus_crc_ok(in->byte, (size_t)length) ? (size_t)length : 0;
}

/* Whole frames at the beginning of the input. */
static void take_frames(struct ui_traffic *t, bool mbus, double time)
{
    struct ui_input *in = &t->in[mbus];
    size_t n;

    while (in->used && (n = whole_length(mbus, in)) > 0) {
        add_frame(t, mbus, true, in->byte, n, time);
        in->used -= n;
        memmove(in->byte, in->byte + n, in->used);
    }
}

void ui_traffic_bytes(struct ui_traffic *t, bool mbus, bool from_master, const uint8_t *byte, size_t n, double time,
                      int64_t now_ms)
{
    struct ui_input *in = &t->in[mbus];

    if (!from_master) {
        flush(t, mbus, time);
        add_frame(t, mbus, false, byte, n, time);
        return;
    }
    ui_traffic_idle(t, time, now_ms);
    in->last_ms = now_ms;
    while (n) {
        size_t room = sizeof in->byte - in->used, part = n < room ? n : room;

        memcpy(in->byte + in->used, byte, part);
        in->used += part;
        byte += part;
        n -= part;
        take_frames(t, mbus, time);
        if (in->used == sizeof in->byte)
            flush(t, mbus, time);
    }
}

void ui_traffic_idle(struct ui_traffic *t, double time, int64_t now_ms)
{
    for (int mbus = 0; mbus < 2; mbus++)
        if (t->in[mbus].used && now_ms - t->in[mbus].last_ms >= UI_TRAFFIC_SILENCE_MS)
            flush(t, mbus, time);
}

const struct ui_frame *ui_traffic_at(const struct ui_traffic *t, unsigned k)
{
    if (k >= UI_TRAFFIC_MAX || k >= t->total)
        return NULL;
    return &t->frame[(t->total - 1 - k) % UI_TRAFFIC_MAX];
}
