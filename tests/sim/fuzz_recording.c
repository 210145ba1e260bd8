/* SPDX-License-Identifier: MIT
 * Recordings full of mistakes: .cff and .wav files of every kind, mutated. None may crash a reader, every refusal names
 * the place, and what is taken is played.
 *
 * Every round depends on its number only. VMETER_FUZZ_ROUNDS=N runs so many instead of the usual. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../fuzz/recording_target.h"
#include "scene.h"

#define BATCHES     20
#define ROUNDS      4000 /* in all batches */
#define FILE_SIZE   20000
#define CPU_SECONDS 30 /* of a batch, when a machine is very slow */

struct file {
    size_t n;
    uint8_t at[FILE_SIZE];
};

static void put(struct file *f, const void *bytes, size_t n)
{
    if (f->n + n > sizeof f->at)
        abort();
    memcpy(f->at + f->n, bytes, n);
    f->n += n;
}

static void put_text(struct file *f, const char *text)
{
    put(f, text, strlen(text));
}

static void put_number(struct file *f, uint64_t number, size_t bytes)
{
    for (size_t k = 0; k < bytes; k++)
        put(f, (uint8_t[]){k < 8 ? (uint8_t)(number >> (8 * k)) : 0}, 1);
}

/* --- Good files --- */

static const char *const formats[] = {"ASCII", "BINARY", "BINARY32", "FLOAT32"};

/* Number k of a sine of 1000, 24 samples a cycle. */
static int sine_at(unsigned k)
{
    static const int quarter[] = {0, 259, 500, 707, 866, 966, 1000};
    unsigned at = k % 24, half = at % 12;
    int v = quarter[half <= 6 ? half : 12 - half];

    return at < 12 ? v : -v;
}

static void put_sample(struct file *f, unsigned format, unsigned k)
{
    float number = (float)sine_at(k);
    uint32_t bits;
    char line[80];

    memcpy(&bits, &number, sizeof bits);
    if (format == 0) {
        snprintf(line, sizeof line, "%u,%u,%d,%d,1\r\n", k + 1, k * 833 + k / 3, sine_at(k), -sine_at(k + 3));
        put_text(f, line);
        return;
    }
    put_number(f, k + 1, 4);
    put_number(f, k * 833 + k / 3, 4);
    for (int c = 0; c < 2; c++)
        put_number(f, format == 3 ? bits : (uint32_t)sine_at(k + 3 * (unsigned)c), format == 1 ? 2 : 4);
    put_number(f, k & 1, 2);
}

/* rates: 0 has time stamps. */
static void make_cff(struct file *f, unsigned format, int year, unsigned rates)
{
    static const char *const rate_lines[] = {"0\n0,120\n", "1\n1200,120\n", "2\n1200,60\n600,120\n"};
    char line[200];

    f->n = 0;
    snprintf(line, sizeof line, "--- file type: CFG ---\nstation,device,%d\n3,2A,1D\n", year);
    put_text(f, year == 1991 ? "--- file type: CFG ---\nstation,device\n3,2A,1D\n" : line);
    put_text(f, "1,U,A,,V,0.325,0,0,-1000,1000,230,230,P\n2,I,A,,kA,1e-05,0.5,10,-1000,1000,100,5,S\n1,D,0\n50\n");
    put_text(f, rate_lines[rates]);
    snprintf(line, sizeof line, "01/02/2024,10:00:00.000000\n01/02/2024,10:00:00.1\n%s\n1\n0,0\n0,0\n",
             formats[format]);
    put_text(f, line);
    snprintf(line, sizeof line, "--- file type: DAT %s ---\n", formats[format]);
    put_text(f, line);
    for (unsigned k = 0; k < 120; k++)
        put_sample(f, format, k);
}

static void make_wav(struct file *f, unsigned bits, unsigned tag, bool extensible)
{
    const unsigned width = bits / 8, frames = 200;

    f->n = 0;
    put_text(f, "RIFF");
    put_number(f, 1000, 4);
    put_text(f, "WAVELIST");
    put_number(f, 5, 4);
    put_text(f, "INFOx");
    put_number(f, 0, 1);
    put_text(f, "fmt ");
    put_number(f, extensible ? 40 : 16, 4);
    put_number(f, extensible ? 0xFFFE : tag, 2);
    put_number(f, 2, 2);
    put_number(f, 8000, 4);
    put_number(f, 16000 * width, 4);
    put_number(f, 2 * width, 2);
    put_number(f, bits, 2);
    if (extensible) {
        put_number(f, 22, 2);
        put_number(f, bits, 2);
        put_number(f, 3, 4);
        put_number(f, tag, 16);
    }
    put_text(f, "data");
    put_number(f, 2 * frames * width, 4);
    for (unsigned k = 0; k < 2 * frames; k++) {
        float number = (float)sine_at(k) / 1000;
        uint32_t single;

        memcpy(&single, &number, sizeof single);
        put_number(f, tag == 3 ? single : (uint64_t)sine_at(k) << (bits > 10 ? bits - 11 : 0), width);
    }
}

static void make_file(struct file *f, unsigned kind)
{
    static const unsigned bits[] = {8, 16, 24, 32};

    if (kind < 12)
        make_cff(f, kind % 4, kind % 4 > 1 ? 2013 : kind & 4 ? 1999 : 1991, kind / 4);
    else
        make_wav(f, bits[kind % 4], kind < 16 || kind % 4 < 3 ? 1 : 3, kind >= 16);
}
#define KINDS 20

/* --- Mutations --- */

static void splice(struct file *f, size_t at, size_t gone, const void *bytes, size_t n)
{
    if (f->n - gone + n > sizeof f->at)
        return;
    memmove(f->at + at + n, f->at + at + gone, f->n - at - gone);
    memcpy(f->at + at, bytes, n);
    f->n += n - gone;
}

/* A number in the text becomes one at which programs break. */
static void extreme(struct file *f, uint64_t *seed)
{
    static const char *const numbers[] = {
        "0",      "-1",   "1e308", "1e-308", "nan",       "inf", "99999",   "4294967296",
        "999999", "0x10", "",      "1,2",    "100000000", "\n",  "1000000", "99999999999999999999"};
    const char *number = numbers[unit_random(seed) % COUNT(numbers)];
    size_t at = unit_random(seed) % (f->n < 420 ? f->n : 420), end;

    while (at < f->n && (f->at[at] < '0' || f->at[at] > '9'))
        at++;
    for (end = at; end < f->n && f->at[end] >= '0' && f->at[end] <= '9';)
        end++;
    splice(f, at, end - at, number, strlen(number));
}

static void mutate(struct file *f, uint64_t *seed)
{
    size_t at = f->n ? unit_random(seed) % f->n : 0, n = unit_random(seed) % 30;
    uint8_t byte = (uint8_t)unit_random(seed), copy[30];

    if (unit_random(seed) & 1)
        at %= 300; /* where it says what it is */
    if (f->n == 0 || at >= f->n)
        return;
    n = n < f->n - at ? n : f->n - at;
    memcpy(copy, f->at + at, n);
    switch (unit_random(seed) % 8) {
    case 0:
        f->at[at] ^= (uint8_t)(1 << (byte & 7));
        break;
    case 1:
        f->at[at] = byte;
        break;
    case 2:
        splice(f, at, n, "", 0);
        break;
    case 3:
        splice(f, unit_random(seed) % f->n, 0, copy, n);
        break;
    case 4:
        if (unit_random(seed) % 4 == 0)
            f->n = at;
        break;
    case 5:
        splice(f, at, 0, unit_random(seed) & 1 ? "," : "\n", 1);
        break;
    default:
        extreme(f, seed);
    }
}

/* --- Tests --- */

START_TEST(the_good_ones_are_taken)
{
    static struct file f;

    for (unsigned kind = 0; kind < KINDS; kind++) {
        make_file(&f, kind);
        ck_assert_msg(recording_target(f.at, f.n), "kind %u is refused", kind);
    }
}
END_TEST

START_TEST(mutated_recordings_are_refused_with_a_message_or_played)
{
    const char *rounds = getenv("VMETER_FUZZ_ROUNDS");
    const uint64_t each = (rounds ? strtoull(rounds, NULL, 10) : ROUNDS) / BATCHES;
    static struct file f;
    size_t taken = 0;

    for (uint64_t k = 0; k < each && clock() < (clock_t)CPU_SECONDS * CLOCKS_PER_SEC; k++) {
        uint64_t seed = ((uint64_t)_i * each + k) * 7919 + 1;

        make_file(&f, (unsigned)(unit_random(&seed) % KINDS));
        for (uint64_t times = 1 + unit_random(&seed) % 4; times; times--)
            mutate(&f, &seed);
        taken += recording_target(f.at, f.n);
    }
    ck_assert_msg(each < ROUNDS / BATCHES || taken > 5, "only %zu were taken: the mutations are too rude", taken);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("fuzz_recording");
    TCase *tcase = unit_case(suite, "recordings");

    tcase_set_timeout(tcase, 240);
    tcase_add_test(tcase, the_good_ones_are_taken);
    tcase_add_loop_test(tcase, mutated_recordings_are_refused_with_a_message_or_played, 0, BATCHES);
    return suite;
}
