/* SPDX-License-Identifier: MIT
 * Runs a scenario as `vmeter run` does and writes down, for each meter, what was given to its core (FOLDER/K.stimulus)
 * and what it came to (FOLDER/K.outcome), K from 1 on. For tests that give the same to the core on a board.
 *
 * usage: record SCENARIO FOLDER WHOLE FIRST
 * A scenario of at most WHOLE seconds runs to its end, of a longer one the FIRST seconds. Prints how many meters there
 * are, how many seconds have been run, and how many the scenario has.
 *
 * The linker puts the functions __wrap_DOOR here between simulation and core (--wrap), so nothing in either knows that
 * it is listened to. What the core calls of itself passes through here as well and is not written down. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "outcome.h"
#include "sim.h"
#include "slave.h"
#include "speed.h"
#include "stimulus.h"
#include "works.h"

/* A meter that is listened to. */
struct tape {
    struct em_meter *meter;
    const struct em_port *behind; /* the simulation's own port */
    struct em_port port;          /* ours, which passes everything on */
    struct outcome outcome;
    FILE *stimulus, *result;
    uint32_t blocks;
    uint32_t block_words[STIMULUS_BLOCKS];
    uint32_t block[STIMULUS_BLOCKS][STIMULUS_WORDS_MAX];
};

static struct tape **tapes;
static unsigned tape_count;
static const char *folder;
static struct sim *sim;

/* Calls of wrapped functions that are in progress: only the outermost comes from outside the core. */
static unsigned depth;

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "record: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

/* --- Tapes --- */

static struct tape *tape_of(const struct em_meter *m)
{
    for (unsigned k = 0; k < tape_count; k++)
        if (tapes[k]->meter == m)
            return tapes[k];
    fprintf(stderr, "record: a meter that was never started\n");
    exit(EXIT_FAILURE);
}

/* The meter of a memory. */
static struct em_meter *meter_of(const struct sim_memory *memory)
{
    for (unsigned k = 0; sim && k < sim->points; k++)
        if (sim->point[k].memory == memory)
            return &sim->point[k].meter;
    fprintf(stderr, "record: a memory without a meter\n");
    exit(EXIT_FAILURE);
}

static FILE *open_tape(const char *ending)
{
    char name[4096];
    FILE *f;

    snprintf(name, sizeof name, "%s/%u.%s", folder, tape_count, ending);
    f = fopen(name, "wb");
    if (!f)
        give_up(name);
    return f;
}

static void new_tape(struct em_meter *m)
{
    struct tape *t = calloc(1, sizeof *t);

    tapes = realloc(tapes, (tape_count + 1) * sizeof(struct tape *));
    if (!t || !tapes)
        give_up("memory");
    tapes[tape_count++] = t;
    t->meter = m;
    t->stimulus = open_tape("stimulus");
    t->result = open_tape("outcome");
}

static void write_words(FILE *f, const uint32_t *word, uint32_t n)
{
    for (uint32_t k = 0; k < n; k++) {
        const uint8_t byte[] = {(uint8_t)word[k], (uint8_t)(word[k] >> 8), (uint8_t)(word[k] >> 16),
                                (uint8_t)(word[k] >> 24)};

        fwrite(byte, 1, sizeof byte, f);
    }
}

static void note_words(const struct em_meter *m, enum stimulus kind, const uint32_t *word, uint32_t n)
{
    const uint32_t head = STIMULUS_HEAD(kind, n);
    FILE *f;

    if (depth)
        return;
    f = tape_of(m)->stimulus;
    write_words(f, &head, 1);
    write_words(f, word, n);
}

#define NOTE(m, kind, ...)                                                                                             \
    note_words(m, kind, (const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))
#define NOTE_NOTHING(m, kind) note_words(m, kind, NULL, 0)

/* The rest of a door: the real one, with what it calls of the core unheard. */
#define PASS(call) (depth++, (call), depth--)

/* --- The port --- */

static struct tape *behind(void *ctx, const struct em_port **port)
{
    struct tape *t = ctx;

    *port = t->behind;
    return t;
}

static int pass_read(void *ctx, uint32_t offset, void *data, uint32_t n)
{
    const struct em_port *port;

    behind(ctx, &port);
    return port->nv_read(port->ctx, offset, data, n);
}

static int pass_write(void *ctx, uint32_t offset, const void *data, uint32_t n)
{
    const struct em_port *port;

    behind(ctx, &port);
    return port->nv_write(port->ctx, offset, data, n);
}

static void pass_edge(void *ctx, enum em_output output, bool on, uint32_t sample)
{
    const struct em_port *port;
    struct tape *t = behind(ctx, &port);

    outcome_edge(&t->outcome, output, on, sample);
    port->edge(port->ctx, output, on, sample);
}

static const struct em_port *port_before(struct tape *t, const struct em_port *port)
{
    t->behind = port;
    t->port = (struct em_port){
        .ctx = t,
        .accumulate = port->accumulate,
        .nv_read = port->nv_read ? pass_read : NULL,
        .nv_write = port->nv_write ? pass_write : NULL,
        .edge = port->edge ? pass_edge : NULL,
    };
    return &t->port;
}

/* --- Doors. Their names are the linker's. --- */

#define DOOR(type, name, ...)                                                                                          \
    type __real_##name(__VA_ARGS__);                                                                                   \
    type __wrap_##name(__VA_ARGS__);                                                                                   \
    type __wrap_##name(__VA_ARGS__)

DOOR(void, em_meter_init, struct em_meter *m, const struct em_port *port, uint32_t frequency_mhz)
{
    if (depth == 0)
        new_tape(m);
    NOTE(m, STIMULUS_INIT, frequency_mhz);
    PASS(__real_em_meter_init(m, port_before(tape_of(m), port), frequency_mhz));
}

DOOR(void, sim_works_start, struct em_meter *m, const struct em_port *port)
{
    NOTE_NOTHING(m, STIMULUS_START);
    PASS(__real_sim_works_start(m, port));
}

/* A block that was sent before, or -1. */
static int find_block(const struct tape *t, const uint32_t *word, uint32_t n)
{
    for (int k = 0; k < STIMULUS_BLOCKS; k++)
        if (t->block_words[k] == n && memcmp(t->block[k], word, n * sizeof *word) == 0)
            return k;
    return -1;
}

static void keep_block(struct tape *t, const uint32_t *word, uint32_t n)
{
    uint32_t k = t->blocks++ % STIMULUS_BLOCKS;

    memcpy(t->block[k], word, n * sizeof *word);
    t->block_words[k] = n;
}

static void note_block(struct tape *t, const struct em_meter *m, const struct em_block *block)
{
    uint32_t word[STIMULUS_WORDS_MAX], n = EM_CHANNEL_COUNT * block->n;
    int known;

    for (uint32_t c = 0; c < EM_CHANNEL_COUNT; c++)
        memcpy(word + c * block->n, block->channel[c], block->n * sizeof *word);
    known = find_block(t, word, n);
    if (known >= 0) {
        NOTE(m, STIMULUS_AGAIN, (uint32_t)known);
    } else {
        keep_block(t, word, n);
        note_words(m, STIMULUS_SAMPLES, word, n);
    }
}

/* The board has less room: it gets a block in parts, and so does the meter here. */
DOOR(void, em_meter_samples, struct em_meter *m, const struct em_block *block)
{
    struct tape *t = tape_of(m);
    struct em_block part = *block;

    for (uint32_t left = block->n; left; left -= part.n) {
        part.n = left < STIMULUS_SAMPLES_MAX ? left : STIMULUS_SAMPLES_MAX;
        note_block(t, m, &part);
        PASS(__real_em_meter_samples(m, &part));
        t->outcome.now += part.n;
        for (int c = 0; c < EM_CHANNEL_COUNT; c++)
            part.channel[c] += part.n;
    }
}

DOOR(enum em_err, em_meter_preset, struct em_meter *m, enum em_setting setting, int32_t value)
{
    enum em_err err;

    NOTE(m, STIMULUS_PRESET, setting, (uint32_t)value);
    PASS(err = __real_em_meter_preset(m, setting, value));
    return err;
}

DOOR(enum em_err, em_meter_calibrate, struct em_meter *m, const struct em_calibration *c)
{
    uint32_t word[2 * EM_CHANNEL_COUNT + EM_PHASE_COUNT];
    enum em_err err;

    for (int k = 0; k < EM_CHANNEL_COUNT; k++) {
        word[k] = (uint32_t)c->gain_ppm[k];
        word[EM_CHANNEL_COUNT + EM_PHASE_COUNT + k] = (uint32_t)c->offset[k];
    }
    for (int p = 0; p < EM_PHASE_COUNT; p++)
        word[EM_CHANNEL_COUNT + p] = (uint32_t)c->phase[p];
    note_words(m, STIMULUS_CALIBRATE, word, sizeof word / sizeof *word);
    PASS(err = __real_em_meter_calibrate(m, c));
    return err;
}

DOOR(void, sim_works_history, struct em_meter *m, uint8_t ct_changes)
{
    NOTE(m, STIMULUS_HISTORY, ct_changes);
    PASS(__real_sim_works_history(m, ct_changes));
}

DOOR(enum em_err, em_energy_preload, struct em_energy *e, em_energy_id id, int64_t wh)
{
    const uint32_t word[] = {id, (uint32_t)wh, (uint32_t)((uint64_t)wh >> 32)};
    enum em_err err;

    /* Energies of no meter are those on which a scenario is checked. */
    for (unsigned k = 0; k < tape_count; k++)
        if (&tapes[k]->meter->energy == e)
            note_words(tapes[k]->meter, STIMULUS_PRELOAD, word, 3);
    PASS(err = __real_em_energy_preload(e, id, wh));
    return err;
}

DOOR(void, sim_works_deliver, struct em_meter *m)
{
    NOTE_NOTHING(m, STIMULUS_DELIVER);
    PASS(__real_sim_works_deliver(m));
}

DOOR(void, em_meter_tariff_input, struct em_meter *m, bool voltage)
{
    NOTE(m, STIMULUS_TARIFF_INPUT, voltage);
    PASS(__real_em_meter_tariff_input(m, voltage));
}

DOOR(void, em_meter_button, struct em_meter *m, enum em_button button, bool down)
{
    NOTE(m, STIMULUS_BUTTON, button, down);
    PASS(__real_em_meter_button(m, button, down));
}

DOOR(void, em_meter_bus_bytes, struct em_meter *m, enum em_bus bus)
{
    NOTE(m, STIMULUS_BUS_BYTES, bus);
    PASS(__real_em_meter_bus_bytes(m, bus));
}

DOOR(enum em_exception, em_registers_read, struct em_meter *m, uint16_t address, uint16_t count, uint16_t *out)
{
    uint16_t exception;

    NOTE(m, STIMULUS_READ, address, count);
    PASS(exception = __real_em_registers_read(m, address, count, out));
    if (depth == 0) {
        outcome_answer_words(&tape_of(m)->outcome, &exception, 1);
        outcome_answer_words(&tape_of(m)->outcome, out, exception ? 0 : count);
    }
    return exception;
}

DOOR(enum em_exception, em_registers_write, struct em_meter *m, uint8_t function, uint16_t address, uint16_t count,
     const uint16_t *values)
{
    uint32_t word[2 + EM_WRITE_MAX] = {function, address};
    uint16_t exception;

    for (unsigned k = 0; k < count && k < EM_WRITE_MAX; k++)
        word[2 + k] = values[k];
    note_words(m, STIMULUS_WRITE, word, 2u + count);
    PASS(exception = __real_em_registers_write(m, function, address, count, values));
    if (depth == 0)
        outcome_answer_words(&tape_of(m)->outcome, &exception, 1);
    return exception;
}

DOOR(size_t, em_mbus_byte, struct em_meter *m, uint8_t byte, uint8_t *answer)
{
    size_t n;

    NOTE(m, STIMULUS_MBUS_BYTE, byte);
    PASS(n = __real_em_mbus_byte(m, byte, answer));
    if (depth == 0)
        outcome_answer(&tape_of(m)->outcome, answer, n);
    return n;
}

DOOR(void, em_mbus_idle, struct em_meter *m)
{
    NOTE_NOTHING(m, STIMULUS_MBUS_IDLE);
    PASS(__real_em_mbus_idle(m));
}

DOOR(void, em_meter_reply_sent, struct em_meter *m)
{
    NOTE_NOTHING(m, STIMULUS_REPLY_SENT);
    PASS(__real_em_meter_reply_sent(m));
}

DOOR(const struct em_lcd *, em_meter_lcd, struct em_meter *m)
{
    const struct em_lcd *lcd;

    NOTE_NOTHING(m, STIMULUS_LCD);
    PASS(lcd = __real_em_meter_lcd(m));
    if (depth == 0)
        outcome_answer_lcd(&tape_of(m)->outcome, lcd);
    return lcd;
}

DOOR(void, em_meter_cut, struct em_meter *m)
{
    NOTE_NOTHING(m, STIMULUS_CUT);
    PASS(__real_em_meter_cut(m));
}

DOOR(void, em_meter_stop, struct em_meter *m)
{
    NOTE_NOTHING(m, STIMULUS_STOP);
    PASS(__real_em_meter_stop(m));
}

DOOR(void, sim_memory_cut, struct sim_memory *memory, uint64_t after_writes, enum sim_torn torn)
{
    NOTE(meter_of(memory), STIMULUS_MEMORY_CUT, after_writes > UINT32_MAX ? UINT32_MAX : (uint32_t)after_writes, torn);
    PASS(__real_sim_memory_cut(memory, after_writes, torn));
}

DOOR(bool, sim_memory_corrupt, struct sim_memory *memory, enum em_nv_area area, uint32_t byte)
{
    bool done;

    NOTE(meter_of(memory), STIMULUS_CORRUPT, area, byte);
    PASS(done = __real_sim_memory_corrupt(memory, area, byte));
    return done;
}

DOOR(void, sim_memory_revive, struct sim_memory *memory)
{
    NOTE_NOTHING(meter_of(memory), STIMULUS_REVIVE);
    PASS(__real_sim_memory_revive(memory));
}

/* --- Main --- */

static void put(void *ctx, const void *data, uint32_t n)
{
    fwrite(data, 1, n, ctx);
}

/* Writes down what the meters have come to; reading that is no part of the scenario. */
static void note_outcomes(void)
{
    for (unsigned k = 0; k < sim->points; k++) {
        struct tape *t = tapes[k];

        NOTE_NOTHING(t->meter, STIMULUS_OUTCOME);
        PASS(outcome_write(&t->outcome, t->meter, sim->point[k].memory, put, t->result));
    }
}

static void close_tapes(void)
{
    for (unsigned k = 0; k < tape_count; k++) {
        if (ferror(tapes[k]->stimulus) | fclose(tapes[k]->stimulus) | ferror(tapes[k]->result) |
            fclose(tapes[k]->result))
            give_up("a tape");
        free(tapes[k]);
    }
    free(tapes);
}

/* Before the end and after an ordered stop. */
static void run(const struct sim_scenario *scenario, double whole, double first)
{
    struct host_modbus *slave = host_modbus_new();
    struct sim_speed speed = host_speed_best()->loops;
    bool fits = sim_seconds(scenario->duration) <= whole;

    if (!slave)
        give_up("Modbus");
    speed.no_jump = true; /* the board takes every sample */
    sim = sim_new(scenario, &speed);
    sim_set_modbus(sim, host_modbus_answer, slave);
    sim_run(sim, fits ? scenario->duration : (int64_t)(first * EM_SAMPLE_RATE));
    note_outcomes();
    sim_stop(sim);
    note_outcomes();
    printf("%u %.3f %.3f\n", sim->points, sim_seconds(sim->now), sim_seconds(scenario->duration));
    close_tapes();
    sim_free(sim);
    host_modbus_free(slave);
}

int main(int argc, char **argv)
{
    struct js js = {.file = argc > 1 ? argv[1] : ""};
    struct sim_scenario *scenario;

    if (argc != 5) {
        fprintf(stderr, "usage: record SCENARIO FOLDER WHOLE FIRST\n");
        return 2;
    }
    folder = argv[2];
    scenario = sim_scenario_load(&js, argv[1], NULL, 0);
    if (!scenario) {
        fprintf(stderr, "record: %s\n", js.error);
        return 2;
    }
    run(scenario, atof(argv[3]), atof(argv[4]));
    sim_scenario_free(scenario);
    return EXIT_SUCCESS;
}
