/* SPDX-License-Identifier: MIT */
#include "capture.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mbap.h"
#include "words.h"

#define LINES_MAX 32

/* Blocks and options of pcapng. */
#define BLOCK_SECTION     0x0A0D0D0A
#define BLOCK_INTERFACE   1
#define BLOCK_PACKET      6
#define BYTE_ORDER_MAGIC  0x1A2B3C4D
#define OPTION_COMMENT    1
#define OPTION_USERAPPL   4 /* of a section */
#define OPTION_NAME       2 /* of an interface */
#define OPTION_ABOUT      3
#define OPTION_SPEED      8
#define OPTION_RESOLUTION 9
#define OPTION_FLAGS      2 /* of a packet */
#define FLAG_INBOUND      1
#define FLAG_OUTBOUND     2
#define NANOSECONDS       9 /* 10^-9 s */

/* Upper-layer PDUs: tags in network order stand before the frame. */
#define LINKTYPE_UPPER_PDU 252
#define TAG_DISSECTOR      12
#define TAG_PORT_TYPE      24
#define TAG_SOURCE         25
#define TAG_DESTINATION    26
#define TAG_PROTOCOL_TEXT  33
#define PORT_TYPE_TCP      2
#define MODBUS_PORT        502

struct host_capture {
    FILE *file;
    enum host_capture_kind kind[LINES_MAX];
    unsigned lines;
};

/* --- Blocks --- */

/* A block that is being made: in the byte order of this machine, every part filled up to four bytes. */
struct block {
    uint8_t byte[2048];
    size_t used;
};

static void put(struct block *b, const void *data, size_t n)
{
    memcpy(b->byte + b->used, data, n);
    b->used += n;
}

static void put16(struct block *b, uint16_t value)
{
    put(b, &value, sizeof value);
}

static void put32(struct block *b, uint32_t value)
{
    put(b, &value, sizeof value);
}

static void fill(struct block *b)
{
    while (b->used % 4)
        b->byte[b->used++] = 0;
}

static void option(struct block *b, uint16_t code, const void *data, size_t n)
{
    put16(b, code);
    put16(b, (uint16_t)n);
    put(b, data, n);
    fill(b);
}

static void option_text(struct block *b, uint16_t code, const char *text)
{
    size_t n = strlen(text);

    option(b, code, text, n < 256 ? n : 256);
}

static void begin(struct block *b, uint32_t type)
{
    b->used = 0;
    put32(b, type);
    put32(b, 0);
}

/* Ends a block and writes it out. After an error, which shows when the file is closed, nothing follows. */
static void end(struct host_capture *c, struct block *b)
{
    uint32_t length;

    put32(b, 0); /* end of options */
    length = (uint32_t)b->used + 4;
    put32(b, length);
    memcpy(b->byte + 4, &length, sizeof length);
    if (!ferror(c->file) && fwrite(b->byte, 1, b->used, c->file) == b->used)
        fflush(c->file);
}

struct host_capture *host_capture_new(FILE *file)
{
    struct host_capture *c = calloc(1, sizeof *c);
    const int64_t unknown = -1;
    struct block b;

    if (!c)
        abort();
    c->file = file;
    begin(&b, BLOCK_SECTION);
    put32(&b, BYTE_ORDER_MAGIC);
    put16(&b, 1);
    put16(&b, 0);
    put(&b, &unknown, sizeof unknown);
    option_text(&b, OPTION_USERAPPL, "vmeter " VMETER_VERSION);
    end(c, &b);
    return c;
}

void host_capture_close(struct host_capture *c)
{
    free(c);
}

unsigned host_capture_line(struct host_capture *c, enum host_capture_kind kind, const char *name,
                           const char *description, uint32_t baud)
{
    const uint8_t resolution = NANOSECONDS;
    const uint64_t speed = baud;
    struct block b;

    if (c->lines == LINES_MAX)
        abort(); /* a session has fewer */
    begin(&b, BLOCK_INTERFACE);
    put16(&b, LINKTYPE_UPPER_PDU);
    put16(&b, 0);
    put32(&b, 0); /* no limit on lengths */
    option_text(&b, OPTION_NAME, name);
    option_text(&b, OPTION_ABOUT, description);
    option(&b, OPTION_SPEED, &speed, sizeof speed);
    option(&b, OPTION_RESOLUTION, &resolution, sizeof resolution);
    end(c, &b);
    c->kind[c->lines] = kind;
    return c->lines++;
}

/* --- Frames --- */

static void put_be16(struct block *b, unsigned value)
{
    const uint8_t byte[] = {(uint8_t)(value >> 8), (uint8_t)value};

    put(b, byte, sizeof byte);
}

static void tag_text(struct block *b, unsigned tag, const char *text)
{
    size_t n = strlen(text);

    put_be16(b, tag);
    put_be16(b, (unsigned)(n + 3) / 4 * 4);
    put(b, text, n);
    fill(b);
}

static void tag_number(struct block *b, unsigned tag, uint32_t value)
{
    put_be16(b, tag);
    put_be16(b, 4);
    put_be16(b, value >> 16);
    put_be16(b, value & 0xFFFF);
}

static const struct {
    const char *dissector, *protocol; /* Wireshark's names for it, and for people */
} kinds[] = {
    [HOST_CAPTURE_MODBUS_RTU] = {"mbrtu", "Modbus RTU"},
    [HOST_CAPTURE_MODBUS_TCP] = {"mbtcp", "Modbus/TCP"},
    [HOST_CAPTURE_MBUS] = {"data", "M-Bus"},
};

/* Who sent it to whom, in TCP's terms: that is how the dissectors tell requests from answers and join them. What is no
 * frame is plain data. */
static void put_tags(struct block *b, enum host_capture_kind kind, const struct host_capture_frame *f, bool good)
{
    uint32_t master = f->peer ? f->peer : f->line + 1;

    tag_text(b, TAG_DISSECTOR, good ? kinds[kind].dissector : "data");
    if (!good || kind == HOST_CAPTURE_MBUS)
        tag_text(b, TAG_PROTOCOL_TEXT, kinds[kind].protocol);
    tag_number(b, TAG_PORT_TYPE, PORT_TYPE_TCP);
    tag_number(b, TAG_SOURCE, f->from_master ? master : MODBUS_PORT);
    tag_number(b, TAG_DESTINATION, f->from_master ? MODBUS_PORT : master);
    put32(b, 0);
}

/* Puts what the frame says into text (twice HOST_WORDS_MAX bytes), and behind it what is remarkable. Returns whether it
 * is a frame. */
static bool describe(enum host_capture_kind kind, const struct host_capture_frame *f, uint16_t *asked, char *text)
{
    uint8_t serial[SIM_FRAME_MAX];
    const uint8_t *byte = f->byte;
    size_t n = f->n;
    bool good;

    if (kind == HOST_CAPTURE_MODBUS_TCP && f->why) {
        snprintf(text, HOST_WORDS_MAX, "%s", f->why);
        return false;
    }
    if (kind == HOST_CAPTURE_MODBUS_TCP) {
        n = host_mbap_to_serial(byte, n, serial);
        byte = serial;
    }
    if (kind == HOST_CAPTURE_MBUS)
        good = host_words_mbus(f->from_master, byte, n, text);
    else
        good = host_words_modbus(f->from_master, byte, n, *asked, text);
    if (good && f->from_master && kind != HOST_CAPTURE_MBUS)
        host_words_asked(byte, n, asked);
    if (f->why)
        snprintf(text + strlen(text), HOST_WORDS_MAX, "; %s", f->why);
    return (good || !f->from_master) && !f->why; /* exceptions are frames */
}

void host_capture_frame(struct host_capture *c, const struct host_capture_frame *f, uint16_t *asked)
{
    const uint32_t flags = f->from_master ? FLAG_INBOUND : FLAG_OUTBOUND;
    enum host_capture_kind kind = c->kind[f->line];
    char text[2 * HOST_WORDS_MAX];
    bool good = describe(kind, f, asked, text);
    struct timespec now;
    struct block b;
    size_t lengths, start;
    uint32_t length;
    uint64_t ns;

    clock_gettime(CLOCK_REALTIME, &now);
    ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
    begin(&b, BLOCK_PACKET);
    put32(&b, f->line);
    put32(&b, (uint32_t)(ns >> 32));
    put32(&b, (uint32_t)ns);
    lengths = b.used;
    put32(&b, 0);
    put32(&b, 0);
    start = b.used;
    put_tags(&b, kind, f, good);
    put(&b, f->byte, f->n);
    length = (uint32_t)(b.used - start);
    memcpy(b.byte + lengths, &length, sizeof length);
    memcpy(b.byte + lengths + 4, &length, sizeof length);
    fill(&b);
    option_text(&b, OPTION_COMMENT, text);
    option(&b, OPTION_FLAGS, &flags, sizeof flags);
    end(c, &b);
}
