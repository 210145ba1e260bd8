/* SPDX-License-Identifier: MIT */
#include "outcome.h"

#include <string.h>

#define REGISTERS_MAX 1024

static uint32_t crc32(uint32_t crc, const uint8_t *byte, size_t n)
{
    crc = ~crc;
    while (n--) {
        crc ^= *byte++;
        for (int k = 0; k < 8; k++)
            crc = crc & 1 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
    }
    return ~crc;
}

static void put_number(uint8_t *byte, uint64_t value, unsigned size)
{
    for (unsigned k = 0; k < size; k++)
        byte[k] = (uint8_t)(value >> 8 * k);
}

void outcome_init(struct outcome *o)
{
    memset(o, 0, sizeof *o);
}

void outcome_edge(struct outcome *o, enum em_output output, bool on, uint32_t sample)
{
    uint8_t byte[9];

    o->pulses[output] += on;
    put_number(byte, o->now + sample, 8);
    byte[8] = on;
    o->edges[output] = crc32(o->edges[output], byte, sizeof byte);
}

void outcome_answer(struct outcome *o, const uint8_t *byte, size_t n)
{
    o->answers = crc32(o->answers, byte, n);
}

void outcome_answer_words(struct outcome *o, const uint16_t *word, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        uint8_t byte[2];

        put_number(byte, word[k], 2);
        outcome_answer(o, byte, sizeof byte);
    }
}

void outcome_answer_lcd(struct outcome *o, const struct em_lcd *lcd)
{
    const uint8_t turned = lcd->turned;

    outcome_answer(o, lcd->bits, sizeof lcd->bits);
    outcome_answer(o, &turned, 1);
}

void outcome_section(const char name[4], const void *data, uint32_t n, outcome_put_fn *put, void *ctx)
{
    uint8_t size[4];

    put_number(size, n, sizeof size);
    put(ctx, name, 4);
    put(ctx, size, sizeof size);
    put(ctx, data, n);
}

/* All registers of a block, as a master would get them in turn. Returns how many words. */
static uint32_t read_block(struct em_meter *m, const struct em_register_block *block, uint16_t *word)
{
    uint32_t all = (uint32_t)(block->last - block->first + 1), done = 0;

    while (done < all) {
        uint32_t n = all - done < EM_READ_MAX ? all - done : EM_READ_MAX;

        if (em_registers_read(m, (uint16_t)(block->first + done), (uint16_t)n, word + done))
            memset(word + done, 0xEE, n * sizeof *word);
        done += n;
    }
    return all;
}

static void write_registers(struct em_meter *m, outcome_put_fn *put, void *ctx)
{
    static uint16_t word[REGISTERS_MAX];
    static uint8_t byte[2 * REGISTERS_MAX];
    uint32_t n = 0;

    for (int b = 0; b < EM_REGISTER_BLOCK_COUNT; b++) {
        const struct em_register_block *block = &em_register_blocks[b];

        if (n + (uint32_t)(block->last - block->first + 1) <= REGISTERS_MAX)
            n += read_block(m, block, word + n);
    }
    for (uint32_t k = 0; k < n; k++) {
        byte[2 * k] = (uint8_t)(word[k] >> 8);
        byte[2 * k + 1] = (uint8_t)word[k];
    }
    outcome_section("REGS", byte, 2 * n, put, ctx);
}

static void write_display(struct em_meter *m, outcome_put_fn *put, void *ctx)
{
    uint8_t byte[EM_LCD_BYTES + 2];
    const struct em_lcd *lcd = em_meter_lcd(m);

    memcpy(byte, lcd->bits, EM_LCD_BYTES);
    byte[EM_LCD_BYTES] = lcd->turned;
    byte[EM_LCD_BYTES + 1] = em_meter_backlight(m);
    outcome_section("LCD ", byte, sizeof byte, put, ctx);
}

static void write_numbers(const char name[4], const uint32_t *number, uint32_t n, outcome_put_fn *put, void *ctx)
{
    uint8_t byte[4 * EM_OUTPUT_COUNT];

    for (uint32_t k = 0; k < n; k++)
        put_number(byte + 4 * k, number[k], 4);
    outcome_section(name, byte, 4 * n, put, ctx);
}

void outcome_write(const struct outcome *o, struct em_meter *m, const struct sim_memory *memory, outcome_put_fn *put,
                   void *ctx)
{
    uint8_t frame[EM_MBUS_FRAME_MAX], number[8];

    write_registers(m, put, ctx);
    outcome_section("MBUS", frame, (uint32_t)em_mbus_telegram(m, frame), put, ctx);
    write_display(m, put, ctx);
    outcome_section("NVM ", memory->image, sizeof memory->image, put, ctx);
    write_numbers("PULS", o->pulses, EM_OUTPUT_COUNT, put, ctx);
    write_numbers("EDGE", o->edges, EM_OUTPUT_COUNT, put, ctx);
    write_numbers("ANSW", &o->answers, 1, put, ctx);
    put_number(number, o->now, 8);
    outcome_section("TIME", number, 8, put, ctx);
}
