/* SPDX-License-Identifier: MIT */
#include "traffic.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../src/host/slave.h"
#include "../src/sim/bus.h"
#include "../src/sim/value.h"

/* --- Text --- */

/* A text that grows and never gets longer than UI_TRAFFIC_TEXT. */
struct text {
    char *at;
    size_t used;
};

static void add(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct text *t, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(t->at + t->used, UI_TRAFFIC_TEXT - t->used, format, args);
    va_end(args);
    t->used += n > 0 ? (size_t)n : 0;
    if (t->used > UI_TRAFFIC_TEXT - 1)
        t->used = UI_TRAFFIC_TEXT - 1;
}

/* Is there room for more values? */
static bool has_room(const struct text *t)
{
    return t->used < UI_TRAFFIC_TEXT - 40;
}

static bool no_frame(struct text *t, size_t n)
{
    add(t, "no frame, %zu byte%s", n, n == 1 ? "" : "s");
    return false;
}

/* --- Modbus --- */

enum { READ_HOLDING = 0x03, WRITE_SINGLE = 0x06, WRITE_MULTIPLE = 0x10, EXCEPTION = 0x80 };

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static const char *exception_name(uint8_t code)
{
    static const char *const names[] = {
        "?",           "illegal function", "illegal data address", "illegal data value", "device failure",
        "acknowledge", "device busy"};

    return code < sizeof names / sizeof names[0] ? names[code] : names[0];
}

static void add_register(struct text *t, uint16_t address)
{
    const struct em_register *row = em_register_by_address(address);

    add(t, " %04X", address);
    if (row && row->name && row->address == address)
        add(t, " %s", row->name);
}

static bool is_word_row(const struct em_register *row)
{
    return !row || !row->name;
}

/* Register values from address on, as long as there is room: those that begin here in their units, others as words. */
static void add_values(struct text *t, uint16_t address, const uint8_t *byte, unsigned count)
{
    for (unsigned k = 0; k < count;) {
        const struct em_register *row = em_register_by_address((uint16_t)(address + k));
        struct sim_value value;
        uint16_t words[8];
        char text[40];

        if (!has_room(t)) {
            add(t, " \xe2\x80\xa6 +%u", count - k);
            return;
        }
        if (is_word_row(row) || row->address != address + k || k + row->words > count || row->words > 8) {
            add(t, " %04X", get16(byte + 2 * k));
            k++;
            continue;
        }
        for (unsigned j = 0; j < row->words; j++)
            words[j] = get16(byte + 2 * (k + j));
        sim_value_decode(&value, row, words, EM_DATA_FLOAT);
        if (value.is_text)
            snprintf(text, sizeof text, "%.20s", value.text);
        else
            snprintf(text, sizeof text, "%.7g", value.number);
        add(t, "%s %s%s%s", k ? "," : "", text, *sim_unit_name(row) ? " " : "", sim_unit_name(row));
        k += row->words;
    }
}

static void add_request(struct text *t, const uint8_t *byte, size_t n)
{
    unsigned count = n >= 6 ? get16(byte + 4) : 0;

    add(t, "%u ", byte[0]);
    switch (byte[1]) {
    case READ_HOLDING:
        add(t, "read");
        add_register(t, get16(byte + 2));
        add(t, ", %u register%s", count, count == 1 ? "" : "s");
        break;
    case WRITE_SINGLE:
        add(t, "write");
        add_register(t, get16(byte + 2));
        add(t, " =");
        add_values(t, get16(byte + 2), byte + 4, 1);
        break;
    case WRITE_MULTIPLE:
        add(t, "write");
        add_register(t, get16(byte + 2));
        add(t, " =");
        add_values(t, get16(byte + 2), byte + 7, count <= (n - 9) / 2 ? count : (unsigned)(n - 9) / 2);
        break;
    default:
        add(t, "function %02X, %zu bytes", byte[1], n);
    }
}

static bool add_reply(struct text *t, const uint8_t *byte, size_t n, uint16_t asked)
{
    add(t, "%u ", byte[0]);
    if (byte[1] & EXCEPTION) {
        add(t, "exception %02X, %s", byte[2], exception_name(byte[2]));
        return false;
    }
    switch (byte[1]) {
    case READ_HOLDING:
        add(t, "values");
        add_values(t, asked, byte + 3, byte[2] / 2u <= (n - 5) / 2 ? byte[2] / 2 : (unsigned)(n - 5) / 2);
        break;
    case WRITE_SINGLE:
        add(t, "written");
        add_register(t, get16(byte + 2));
        break;
    case WRITE_MULTIPLE:
        add(t, "written");
        add_register(t, get16(byte + 2));
        add(t, ", %u registers", get16(byte + 4));
        break;
    default:
        add(t, "function %02X, %zu bytes", byte[1], n);
    }
    return true;
}

/* Bytes that a frame of this function has at least, CRC included. */
static size_t modbus_least(bool from_master, uint8_t function)
{
    if (!from_master)
        return function == WRITE_SINGLE || function == WRITE_MULTIPLE ? 8 : 5;
    return function == READ_HOLDING || function == WRITE_SINGLE ? 8 : function == WRITE_MULTIPLE ? 9 : 4;
}

bool ui_modbus_text(bool from_master, const uint8_t *byte, size_t n, uint16_t asked, char *text)
{
    struct text t = {.at = text};

    text[0] = '\0';
    if (n < 4 || n < modbus_least(from_master, byte[1]) || !sim_modbus_crc_ok(byte, n))
        return no_frame(&t, n);
    if (!from_master)
        return add_reply(&t, byte, n, asked);
    add_request(&t, byte, n);
    return true;
}

/* --- M-Bus --- */

enum { ACK = 0xE5, SHORT = 0x10, LONG = 0x68, STOP = 0x16 };

/* C fields without FCB, FCV, ACD and DFC. Source: EN 13757-2. */
static const struct c_name {
    uint8_t mask, c;
    const char *name;
} c_names[] = {
    {0xFF, 0x40, "SND_NKE"}, {0xCF, 0x43, "SND_UD"}, {0xCF, 0x4A, "REQ_UD1"}, {0xCF, 0x4B, "REQ_UD2"},
    {0xCF, 0x49, "REQ_SKE"}, {0xCF, 0x08, "RSP_UD"}, {0xCF, 0x0B, "RSP_SKE"},
};

/* CI fields of what a master sends. Source: EN 13757-3. */
static const struct {
    uint8_t first, last;
    const char *name;
} ci_names[] = {
    {0x50, 0x50, "application reset"},
    {0x51, 0x51, "data"},
    {0x52, 0x52, "select"},
    {0x56, 0x56, "select"},
    {0x55, 0x55, "data"},
    {0xB8, 0xBF, "baud rate"},
};

static const char *c_name(uint8_t c)
{
    for (size_t k = 0; k < sizeof c_names / sizeof c_names[0]; k++)
        if ((c & c_names[k].mask) == c_names[k].c)
            return c_names[k].name;
    return "unknown C";
}

static void add_id(struct text *t, const uint8_t *byte)
{
    add(t, " %02X%02X%02X%02X", byte[3], byte[2], byte[1], byte[0]);
}

/* What is set by the records of a SND_UD, as far as we know it. */
static void add_record(struct text *t, const uint8_t *data, size_t n)
{
    if (n >= 3 && data[0] == 0x01 && data[1] == 0x7A)
        add(t, ", primary address = %u", data[2]);
    else if (n >= 6 && data[0] == 0x0C && data[1] == 0x79) {
        add(t, ", id =");
        add_id(t, data + 2);
    } else if (n) {
        add(t, ", records");
        for (size_t k = 0; k < n && has_room(t); k++)
            add(t, " %02X", data[k]);
    }
}

/* The user data of a long frame: from CI on. */
static void add_command(struct text *t, const uint8_t *data, size_t n)
{
    static const unsigned baud[] = {300, 600, 1200, 2400, 4800, 9600, 19200, 38400};
    size_t k = 0;

    while (k < sizeof ci_names / sizeof ci_names[0] && (data[0] < ci_names[k].first || data[0] > ci_names[k].last))
        k++;
    if (k == sizeof ci_names / sizeof ci_names[0]) {
        add(t, ", CI %02X, %zu bytes", data[0], n - 1);
        return;
    }
    add(t, ", %s", ci_names[k].name);
    if ((data[0] == 0x52 || data[0] == 0x56) && n >= 9)
        add_id(t, data + 1);
    else if (data[0] >= 0xB8 && data[0] <= 0xBF)
        add(t, " %u", baud[data[0] - 0xB8]);
    else
        add_record(t, data + 1, n - 1);
}

/* The head of a RSP_UD: id, access number, status. */
static void add_answer(struct text *t, const uint8_t *data, size_t n)
{
    if (data[0] != 0x72 || n < 13) {
        add(t, ", CI %02X, %zu bytes", data[0], n - 1);
        return;
    }
    add(t, ", id");
    add_id(t, data + 1);
    add(t, ", access %u", data[9]);
    if (data[10])
        add(t, ", status %02X", data[10]);
}

/* Length of the frame that begins with these bytes: 0 more are needed, -1 there is none. */
static int mbus_length(const uint8_t *byte, size_t n)
{
    if (byte[0] == ACK)
        return 1;
    if (byte[0] == SHORT)
        return 5;
    if (byte[0] != LONG)
        return -1;
    if (n < 4)
        return 0;
    return byte[1] == byte[2] && byte[3] == LONG && byte[1] >= 3 ? byte[1] + 6 : -1;
}

static bool mbus_whole(const uint8_t *byte, size_t n)
{
    size_t from = byte[0] == LONG ? 4 : 1;
    uint8_t sum = 0;

    if (byte[0] == ACK)
        return n == 1;
    for (size_t k = from; k + 2 < n; k++)
        sum = (uint8_t)(sum + byte[k]);
    return byte[n - 1] == STOP && byte[n - 2] == sum;
}

bool ui_mbus_text(bool from_master, const uint8_t *byte, size_t n, char *text)
{
    struct text t = {.at = text};
    const uint8_t *head = byte;

    text[0] = '\0';
    if (!n || mbus_length(byte, n) != (int)n || !mbus_whole(byte, n))
        return no_frame(&t, n);
    if (byte[0] == ACK) {
        add(&t, "ACK");
        return true;
    }
    head += byte[0] == LONG ? 4 : 1;
    add(&t, "%u %s", head[1], c_name(head[0]));
    if (byte[0] == LONG)
        (from_master ? add_command : add_answer)(&t, head + 2, byte[1] - 2u);
    return true;
}

/* --- Frames out of bytes --- */

static void add_frame(struct ui_traffic *t, bool mbus, bool from_master, const uint8_t *byte, size_t n, double time)
{
    struct ui_frame *f = &t->frame[t->total++ % UI_TRAFFIC_MAX];

    *f = (struct ui_frame){.time = time, .mbus = mbus, .from_master = from_master};
    n = n < UI_TRAFFIC_BYTES ? n : UI_TRAFFIC_BYTES;
    f->n = (uint16_t)n;
    memcpy(f->byte, byte, n);
    f->bad =
        mbus ? !ui_mbus_text(from_master, byte, n, f->text) : !ui_modbus_text(from_master, byte, n, t->asked, f->text);
    if (!mbus && from_master && !f->bad && byte[1] == READ_HOLDING)
        t->asked = get16(byte + 2);
}

/* What is left of the input is shown as it is. */
static void flush(struct ui_traffic *t, bool mbus, double time)
{
    struct ui_input *in = &t->in[mbus];

    if (in->used)
        add_frame(t, mbus, true, in->byte, in->used, time);
    in->used = 0;
}

static int whole_length(bool mbus, const struct ui_input *in)
{
    int length = mbus ? mbus_length(in->byte, in->used) : host_modbus_length(in->byte, in->used);

    if (length <= 0 || (size_t)length > in->used)
        return 0;
    return (mbus ? mbus_whole(in->byte, (size_t)length) : sim_modbus_crc_ok(in->byte, (size_t)length)) ? length : 0;
}

/* Whole frames at the beginning of the input. */
static void take_frames(struct ui_traffic *t, bool mbus, double time)
{
    struct ui_input *in = &t->in[mbus];
    int n;

    while (in->used && (n = whole_length(mbus, in)) > 0) {
        add_frame(t, mbus, true, in->byte, (size_t)n, time);
        in->used -= (size_t)n;
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
