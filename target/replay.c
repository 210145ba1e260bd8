/* SPDX-License-Identifier: MIT */
#include "replay.h"

#include <string.h>

#include "works.h"

/* --- The port: what a board gives to the core --- */

static int read_memory(void *ctx, uint32_t offset, void *data, uint32_t n)
{
    return sim_memory_read(&((struct replay *)ctx)->memory, offset, data, n);
}

static int write_memory(void *ctx, uint32_t offset, const void *data, uint32_t n)
{
    struct replay *r = ctx;
    int failed = sim_memory_write(&r->memory, offset, data, n);

    if (r->memory.dead)
        em_meter_cut_within(&r->meter);
    return failed;
}

static void note_edge(void *ctx, enum em_output output, bool on, uint32_t sample)
{
    outcome_edge(&((struct replay *)ctx)->outcome, output, on, sample);
}

void replay_init(struct replay *r, const struct replay_board *board, uint32_t piece, outcome_put_fn *put, void *ctx)
{
    memset(r, 0, sizeof *r);
    r->piece = piece;
    r->board = board;
    r->put = put;
    r->ctx = ctx;
    r->port = (struct em_port){.ctx = r, .nv_read = read_memory, .nv_write = write_memory, .edge = note_edge};
}

/* --- Counting --- */

static void note_cost(struct replay_cost *cost, uint32_t ticks, uint32_t stack, uint32_t sets)
{
    cost->calls++;
    cost->ticks += ticks;
    cost->sets += sets;
    if (ticks > cost->worst)
        cost->worst = ticks;
    if (stack > cost->stack)
        cost->stack = stack;
}

/* One call of a door, counted. A macro, so that the stack is looked at from where the call is made. */
#define COUNTED(r, door, sets, call)                                                                                   \
    do {                                                                                                               \
        const struct replay_board *board = (r)->board;                                                                 \
        uint32_t start, took;                                                                                          \
                                                                                                                       \
        board->paint_stack();                                                                                          \
        start = board->ticks();                                                                                        \
        call;                                                                                                          \
        took = (start - board->ticks()) & 0xFFFFFF;                                                                    \
        note_cost(&(r)->cost[door], took, board->stack_used(), sets);                                                  \
    } while (0)

/* --- The doors --- */

static void init(struct replay *r, const uint32_t *word, uint32_t n)
{
    (void)n;
    sim_memory_init(&r->memory);
    outcome_init(&r->outcome);
    em_meter_init(&r->meter, &r->settling, word[0]);
}

static void start(struct replay *r, const uint32_t *word, uint32_t n)
{

    (void)word, (void)n;
    COUNTED(r, STIMULUS_START, 0, sim_works_start(&r->meter, &r->port));
}

/* n sample sets, in pieces of the length that is wanted. */
static void take_block(struct replay *r, const uint32_t *word, uint32_t n)
{
    struct em_block block;

    for (uint32_t at = 0; at < n; at += block.n) {
        block.n = n - at < r->piece ? n - at : r->piece;
        for (uint32_t c = 0; c < EM_CHANNEL_COUNT; c++)
            block.channel[c] = (const int32_t *)word + c * n + at;
        COUNTED(r, STIMULUS_SAMPLES, block.n, em_meter_samples(&r->meter, &block));
        r->outcome.now += block.n;
    }
}

static void samples(struct replay *r, const uint32_t *word, uint32_t n)
{
    uint32_t k = r->blocks++ % STIMULUS_BLOCKS;

    memcpy(r->block[k], word, n * sizeof *word);
    r->block_samples[k] = n / EM_CHANNEL_COUNT;
    take_block(r, r->block[k], r->block_samples[k]);
}

static void again(struct replay *r, const uint32_t *word, uint32_t n)
{
    (void)n;
    take_block(r, r->block[word[0] % STIMULUS_BLOCKS], r->block_samples[word[0] % STIMULUS_BLOCKS]);
}

static void preset(struct replay *r, const uint32_t *word, uint32_t n)
{
    (void)n;
    em_meter_preset(&r->meter, (enum em_setting)word[0], (int32_t)word[1]);
}

static void calibrate(struct replay *r, const uint32_t *word, uint32_t n)
{
    struct em_calibration c;

    (void)n;
    for (int k = 0; k < EM_CHANNEL_COUNT; k++) {
        c.gain_ppm[k] = (int32_t)word[k];
        c.offset[k] = (int32_t)word[EM_CHANNEL_COUNT + EM_PHASE_COUNT + k];
    }
    for (int p = 0; p < EM_PHASE_COUNT; p++)
        c.phase[p] = (int32_t)word[EM_CHANNEL_COUNT + p];
    em_meter_calibrate(&r->meter, &c);
}

static void history(struct replay *r, const uint32_t *word, uint32_t n)
{
    (void)n;
    sim_works_history(&r->meter, (uint8_t)word[0]);
}

static void preload(struct replay *r, const uint32_t *word, uint32_t n)
{
    (void)n;
    em_energy_preload(&r->meter.energy, (em_energy_id)word[0], (int64_t)((uint64_t)word[2] << 32 | word[1]));
}

static void deliver(struct replay *r, const uint32_t *word, uint32_t n)
{
    (void)word, (void)n;
    sim_works_deliver(&r->meter);
}

static void tariff_input(struct replay *r, const uint32_t *word, uint32_t n)
{

    (void)n;
    COUNTED(r, STIMULUS_TARIFF_INPUT, 0, em_meter_tariff_input(&r->meter, word[0]));
}

static void button(struct replay *r, const uint32_t *word, uint32_t n)
{

    (void)n;
    COUNTED(r, STIMULUS_BUTTON, 0, em_meter_button(&r->meter, (enum em_button)word[0], word[1]));
}

static void bus_bytes(struct replay *r, const uint32_t *word, uint32_t n)
{
    (void)n;
    em_meter_bus_bytes(&r->meter, (enum em_bus)word[0]);
}

static void read_registers(struct replay *r, const uint32_t *word, uint32_t n)
{
    uint16_t value[EM_READ_MAX + 1] = {0};

    (void)n;
    COUNTED(r, STIMULUS_READ, 0,
            value[0] = em_registers_read(&r->meter, (uint16_t)word[0], (uint16_t)word[1], value + 1));
    outcome_answer_words(&r->outcome, value, value[0] ? 1 : 1 + word[1]);
}

static void write_registers(struct replay *r, const uint32_t *word, uint32_t n)
{
    uint16_t value[EM_WRITE_MAX], exception;
    uint32_t count = n - 2;

    for (uint32_t k = 0; k < count && k < EM_WRITE_MAX; k++)
        value[k] = (uint16_t)word[2 + k];
    COUNTED(r, STIMULUS_WRITE, 0,
            exception = em_registers_write(&r->meter, (uint8_t)word[0], (uint16_t)word[1], (uint16_t)count, value));
    outcome_answer_words(&r->outcome, &exception, 1);
}

static void mbus_byte(struct replay *r, const uint32_t *word, uint32_t n)
{
    uint8_t answer[EM_MBUS_FRAME_MAX];
    size_t length;

    (void)n;
    COUNTED(r, STIMULUS_MBUS_BYTE, 0, length = em_mbus_byte(&r->meter, (uint8_t)word[0], answer));
    outcome_answer(&r->outcome, answer, length);
}

static void mbus_idle(struct replay *r, const uint32_t *word, uint32_t n)
{
    (void)word, (void)n;
    em_mbus_idle(&r->meter);
}

static void reply_sent(struct replay *r, const uint32_t *word, uint32_t n)
{
    (void)word, (void)n;
    em_meter_reply_sent(&r->meter);
}

static void lcd(struct replay *r, const uint32_t *word, uint32_t n)
{
    const struct em_lcd *segments;

    (void)word, (void)n;
    COUNTED(r, STIMULUS_LCD, 0, segments = em_meter_lcd(&r->meter));
    outcome_answer_lcd(&r->outcome, segments);
}

static void cut(struct replay *r, const uint32_t *word, uint32_t n)
{
    (void)word, (void)n;
    em_meter_cut(&r->meter);
}

static void stop(struct replay *r, const uint32_t *word, uint32_t n)
{

    (void)word, (void)n;
    COUNTED(r, STIMULUS_STOP, 0, em_meter_stop(&r->meter));
}

static void memory_cut(struct replay *r, const uint32_t *word, uint32_t n)
{
    (void)n;
    sim_memory_cut(&r->memory, word[0], (enum sim_torn)word[1]);
}

static void corrupt(struct replay *r, const uint32_t *word, uint32_t n)
{
    (void)n;
    sim_memory_corrupt(&r->memory, (enum em_nv_area)word[0], word[1]);
}

static void revive(struct replay *r, const uint32_t *word, uint32_t n)
{
    (void)word, (void)n;
    sim_memory_revive(&r->memory);
}

static void outcome(struct replay *r, const uint32_t *word, uint32_t n)
{
    (void)word, (void)n;
    outcome_write(&r->outcome, &r->meter, &r->memory, r->put, r->ctx);
}

/* Words that a kind has: at least, at most. */
static const struct {
    void (*act)(struct replay *r, const uint32_t *word, uint32_t n);
    uint16_t min, max;
} doors[STIMULUS_COUNT] = {
    [STIMULUS_OUTCOME] = {outcome, 0, 0},
    [STIMULUS_INIT] = {init, 1, 1},
    [STIMULUS_START] = {start, 0, 0},
    [STIMULUS_SAMPLES] = {samples, EM_CHANNEL_COUNT, STIMULUS_WORDS_MAX},
    [STIMULUS_AGAIN] = {again, 1, 1},
    [STIMULUS_PRESET] = {preset, 2, 2},
    [STIMULUS_CALIBRATE] = {calibrate, 2 * EM_CHANNEL_COUNT + EM_PHASE_COUNT, 2 * EM_CHANNEL_COUNT + EM_PHASE_COUNT},
    [STIMULUS_HISTORY] = {history, 1, 1},
    [STIMULUS_PRELOAD] = {preload, 3, 3},
    [STIMULUS_DELIVER] = {deliver, 0, 0},
    [STIMULUS_TARIFF_INPUT] = {tariff_input, 1, 1},
    [STIMULUS_BUTTON] = {button, 2, 2},
    [STIMULUS_BUS_BYTES] = {bus_bytes, 1, 1},
    [STIMULUS_READ] = {read_registers, 2, 2},
    [STIMULUS_WRITE] = {write_registers, 2, 2 + EM_WRITE_MAX},
    [STIMULUS_MBUS_BYTE] = {mbus_byte, 1, 1},
    [STIMULUS_MBUS_IDLE] = {mbus_idle, 0, 0},
    [STIMULUS_REPLY_SENT] = {reply_sent, 0, 0},
    [STIMULUS_LCD] = {lcd, 0, 0},
    [STIMULUS_CUT] = {cut, 0, 0},
    [STIMULUS_STOP] = {stop, 0, 0},
    [STIMULUS_MEMORY_CUT] = {memory_cut, 2, 2},
    [STIMULUS_CORRUPT] = {corrupt, 2, 2},
    [STIMULUS_REVIVE] = {revive, 0, 0},
};

bool replay_take(struct replay *r, uint32_t head, const uint32_t *word)
{
    uint32_t kind = STIMULUS_KIND(head), n = STIMULUS_WORDS(head);

    if (kind >= STIMULUS_COUNT || n < doors[kind].min || n > doors[kind].max)
        return false;
    doors[kind].act(r, word, n);
    return true;
}
