/* SPDX-License-Identifier: MIT */
#include "words.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "vmeter/em_mbus.h"

#include "../sim/bus.h"
#include "../sim/value.h"

/* --- Text --- */

/* A text that grows and never gets longer than HOST_WORDS_MAX. */
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
    n = vsnprintf(t->at + t->used, HOST_WORDS_MAX - t->used, format, args);
    va_end(args);
    t->used += n > 0 ? (size_t)n : 0;
    if (t->used > HOST_WORDS_MAX - 1)
        t->used = HOST_WORDS_MAX - 1;
}

/* Is there room for more values? */
static bool has_room(const struct text *t)
{
    return t->used < HOST_WORDS_MAX - 40;
}

/* Not a frame; the reason may be followed by more. */
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

    if (code == 0x0B)
        return "gateway target failed to respond";
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

bool host_words_modbus(bool from_master, const uint8_t *byte, size_t n, uint16_t asked, char *text)
{
    struct text t = {.at = text};

    text[0] = '\0';
    if (n < 4)
        return no_frame(&t, n);
    if (!sim_modbus_crc_ok(byte, n)) {
        uint16_t crc = sim_modbus_crc(byte, n - 2);

        no_frame(&t, n);
        add(&t, ": CRC %02X %02X, %02X %02X would fit", byte[n - 2], byte[n - 1], crc & 255, crc >> 8);
        return false;
    }
    if (n < modbus_least(from_master, byte[1])) {
        no_frame(&t, n);
        add(&t, ": too short for function %02X; another meter's reply?", byte[1]);
        return false;
    }
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

/* Bytes of data behind a record's head by its DIF; 13: by a length that stands in front. Source: EN 13757-3. */
static const uint8_t data_size[16] = {0, 1, 2, 3, 4, 4, 6, 8, 0, 1, 2, 3, 4, 13, 6, 0};

enum { EXTENDED = 0x80, DIF_SPECIAL = 0x0F, DIF_VARIABLE = 0x0D, VIF_TEXT = 0x7C };

/* Length of the record at the beginning of n bytes, n if it does not end. */
static size_t record_length(const uint8_t *byte, size_t n)
{
    size_t at = 0, size = data_size[byte[0] & 15], text = 0;

    while (at < n && (byte[at] & EXTENDED)) /* DIF and DIFE */
        at++;
    if (++at < n && (byte[at] & ~EXTENDED) == VIF_TEXT)
        text = 1;
    while (at < n && (byte[at] & EXTENDED)) /* VIF and VIFE */
        at++;
    if (text && ++at < n)
        at += byte[at];
    if (++at < n && (byte[0] & 15) == DIF_VARIABLE)
        size = 1u + byte[at];
    return at + size < n ? at + size : n;
}

static unsigned count_records(const uint8_t *byte, size_t n)
{
    unsigned count = 0;

    while (n && (byte[0] & 15) != DIF_SPECIAL) {
        size_t length = record_length(byte, n);

        byte += length;
        n -= length;
        count++;
    }
    return count;
}

/* The head of a RSP_UD: id, manufacturer, access number, status; and how many records follow. */
static void add_answer(struct text *t, const uint8_t *data, size_t n)
{
    unsigned maker;

    if (data[0] != 0x72 || n < 13) {
        add(t, ", CI %02X, %zu bytes", data[0], n - 1);
        return;
    }
    maker = data[5] | (unsigned)data[6] << 8;
    add(t, ", id");
    add_id(t, data + 1);
    add(t, " of %c%c%c", 'A' - 1 + (maker >> 10 & 31), 'A' - 1 + (maker >> 5 & 31), 'A' - 1 + (maker & 31));
    add(t, ", access %u", data[9]);
    if (data[10])
        add(t, ", status %02X", data[10]);
    add(t, ", %u records", count_records(data + 13, n - 13));
}

size_t host_words_mbus_length(const uint8_t *byte, size_t n)
{
    size_t size;

    if (byte[0] == ACK)
        return 1;
    return em_mbus_judge(byte, n, &size) == EM_MBUS_WHOLE ? size : 0;
}

/* Why the bytes are no frame. */
static void add_reason(struct text *t, const uint8_t *byte, size_t n)
{
    size_t size = 0, from = byte[0] == LONG ? 4 : 1;
    uint8_t sum = 0;

    switch (em_mbus_judge(byte, n, &size)) {
    case EM_MBUS_BAD_START:
        if (byte[0] == LONG)
            add(t, ": the head of a long frame is wrong");
        else
            add(t, ": %02X begins none", byte[0]);
        break;
    case EM_MBUS_BAD_FRAME:
        for (size_t k = from; k < size - 2; k++)
            sum = (uint8_t)(sum + byte[k]);
        if (byte[size - 2] != sum)
            add(t, ": checksum %02X, %02X would fit", byte[size - 2], sum);
        else
            add(t, ": ends in %02X, not in %02X", byte[size - 1], STOP);
        break;
    case EM_MBUS_MORE:
        add(t, ": the rest is missing");
        break;
    default:
        add(t, ": more than a frame");
    }
}

bool host_words_mbus(bool from_master, const uint8_t *byte, size_t n, char *text)
{
    struct text t = {.at = text};
    const uint8_t *head = byte;

    text[0] = '\0';
    if (!n || host_words_mbus_length(byte, n) != n) {
        no_frame(&t, n);
        if (n)
            add_reason(&t, byte, n);
        return false;
    }
    if (byte[0] == ACK) {
        add(&t, "ACK");
        return true;
    }
    head += byte[0] == LONG ? 4 : 1;
    add(&t, "%s %s %u", c_name(head[0]), from_master ? "to" : "from", head[1]);
    if (byte[0] == LONG)
        (from_master ? add_command : add_answer)(&t, head + 2, byte[1] - 2u);
    return true;
}

bool host_words_asked(const uint8_t *request, size_t n, uint16_t *first)
{
    if (n < 4 || request[1] != READ_HOLDING)
        return false;
    *first = get16(request + 2);
    return true;
}
