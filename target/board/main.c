/* SPDX-License-Identifier: MIT
 * The firmware of the board that QEMU plays: takes a stimulus from a file, gives it to the core and writes the outcome
 * to another file, with what it has cost (COST, CALI).
 *
 * Command line: PROGRAM STIMULUS OUTCOME SETS. em_meter_samples gets at most SETS at once. */
#include <string.h>

#include "board.h"
#include "replay.h"
#include "semihost.h"

/* The processor's own timer, as the clock of costs. Under QEMU's -icount shift=0 an instruction takes a nanosecond, and
 * the timer counts at 25 MHz: a tick is 40 instructions. Source: ARMv7-M, B3.3; QEMU, mps2.c. */
#define SYST_CSR (*(volatile uint32_t *)0xE000E010)
#define SYST_RVR (*(volatile uint32_t *)0xE000E014)
#define SYST_CVR (*(volatile uint32_t *)0xE000E018)

static uint32_t ticks(void)
{
    return SYST_CVR;
}

static void start_ticks(void)
{
    SYST_RVR = 0xFFFFFF;
    SYST_CVR = 0;
    SYST_CSR = 5; /* processor clock, no interrupt */
}

/* What a call from one place takes of the stack: neither function has a frame of its own, so both see the stack pointer
 * of their caller. */
#define PAINTED_WORDS 768

static void paint_stack(void)
{
    register uint32_t *sp __asm__("sp");
    volatile uint32_t *top = sp;

    for (int k = 1; k <= PAINTED_WORDS; k++)
        top[-k] = BOARD_STACK_PAINT;
}

static uint32_t stack_used(void)
{
    register uint32_t *sp __asm__("sp");
    const volatile uint32_t *top = sp;
    int k = PAINTED_WORDS;

    while (k && top[-k] == BOARD_STACK_PAINT)
        k--;
    return (uint32_t)k * (uint32_t)sizeof *top;
}

/* --- Files --- */

static uint32_t input[16384];
static uint32_t input_used, input_have; /* words */
static int stimulus, outcome;
static bool failed;

/* Gives n words of the stimulus, false at its end; valid until the next call. */
static bool next_words(uint32_t n, const uint32_t **word)
{
    if (input_have - input_used < n) {
        memmove(input, input + input_used, (input_have - input_used) * sizeof *input);
        input_have -= input_used;
        input_used = 0;
        input_have += semihost_read(stimulus, input + input_have, sizeof input - input_have * sizeof *input) /
                      (uint32_t)sizeof *input;
    }
    if (input_have - input_used < n)
        return false;
    *word = input + input_used;
    input_used += n;
    return true;
}

static void put(void *ctx, const void *data, uint32_t n)
{
    (void)ctx;
    failed = !semihost_write(outcome, data, n) || failed;
}

/* --- What it cost --- */

#define CALIBRATION_ROUNDS 1000000u

/* Two instructions a round. */
static uint32_t calibration_ticks(void)
{
    uint32_t rounds = CALIBRATION_ROUNDS, before = ticks();

    __asm__ volatile(".syntax unified\n1: subs %0, %0, #1\n bne 1b" : "+l"(rounds) : : "cc");
    return (before - ticks()) & 0xFFFFFF;
}

static void write_costs(const struct replay *r, uint32_t calibration)
{
    const uint32_t measure[] = {2 * CALIBRATION_ROUNDS, calibration};

    for (uint32_t k = 0; k < STIMULUS_COUNT; k++) {
        const struct replay_cost *c = &r->cost[k];
        const uint32_t word[] = {k,
                                 c->calls,
                                 c->worst,
                                 c->stack,
                                 (uint32_t)c->ticks,
                                 (uint32_t)(c->ticks >> 32),
                                 (uint32_t)c->sets,
                                 (uint32_t)(c->sets >> 32)};

        if (c->calls)
            outcome_section("COST", word, sizeof word, put, NULL);
    }
    outcome_section("CALI", measure, sizeof measure, put, NULL);
}

/* --- Main --- */

/* Cuts the command line into its words; false unless there are `count` of them. */
static bool split(char *line, char *word[], unsigned count)
{
    unsigned k = 0;

    for (char *next = line; next && k < count; k++) {
        word[k] = next;
        next = strchr(next, ' ');
        if (next)
            *next++ = '\0';
    }
    return k == count;
}

static uint32_t number(const char *text)
{
    uint32_t value = 0;

    while (*text >= '0' && *text <= '9')
        value = value * 10 + (uint32_t)(*text++ - '0');
    return value;
}

static int complain(const char *text, int code)
{
    semihost_print(text);
    return code;
}

int board_main(void)
{
    static const struct replay_board board = {ticks, paint_stack, stack_used};
    static struct replay replay;
    static char line[1024];
    const uint32_t *word;
    uint32_t calibration;
    char *argument[4];

    if (!semihost_command_line(line, sizeof line) || !split(line, argument, 4) || number(argument[3]) == 0)
        return complain("usage: PROGRAM STIMULUS OUTCOME SETS\n", BOARD_USAGE);
    stimulus = semihost_open(argument[1], SEMIHOST_READ);
    outcome = semihost_open(argument[2], SEMIHOST_WRITE);
    if (stimulus < 0 || outcome < 0)
        return complain("a file can not be opened\n", BOARD_FILE);
    start_ticks();
    calibration = calibration_ticks();
    replay_init(&replay, &board, number(argument[3]), put, NULL);
    while (next_words(1, &word)) {
        uint32_t head = *word;

        if (!next_words(STIMULUS_WORDS(head), &word) || !replay_take(&replay, head, word))
            return complain("the stimulus is not understood\n", BOARD_STIMULUS);
    }
    write_costs(&replay, calibration);
    semihost_close(outcome);
    return failed ? complain("the outcome can not be written\n", BOARD_FILE) : BOARD_OK;
}
