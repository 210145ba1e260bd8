/* SPDX-License-Identifier: MIT
 * Shared by the storage tests: the runner, a meter on a fake memory, and 50 Hz mains from a table. */
#ifndef RIG_H
#define RIG_H

#include <check.h>

#include "memory.h"

/* Every test file gives its suite; rig.c has the main() that runs it. */
Suite *rig_suite(void);

/* A new case in suite with a time limit that stands sanitizers. */
TCase *rig_case(Suite *suite, const char *name);

/* A pseudo-random number (splitmix64); *state is the seed and moves on. */
uint64_t rig_random(uint64_t *state);
uint32_t rig_random_below(uint64_t *state, uint32_t limit);

/* Seconds of processor time, to tell how fast a test is; decides nothing. */
double rig_clock(void);

/* Mains at 50 Hz: RMS volts, RMS amperes on the secondary side, lag of the current in degrees. */
struct rig_load {
    double volts[EM_PHASE_COUNT], amps[EM_PHASE_COUNT], lag_deg[EM_PHASE_COUNT];
};

/* Its samples; a block of up to RIG_BLOCK_MAX may begin anywhere in the first cycle. */
#define RIG_CYCLE     160
#define RIG_WINDOW    (RIG_CYCLE * EM_WINDOW_CYCLES)
#define RIG_BLOCK_MAX 4000
struct rig_wave {
    int32_t sample[EM_CHANNEL_COUNT][RIG_CYCLE + RIG_BLOCK_MAX];
};

void rig_wave_set(struct rig_wave *wave, const struct rig_load *load);

/* 230 V, the same current with the same lag in all phases. */
void rig_wave_balanced(struct rig_wave *wave, double amps, double lag_deg);

/* 230 V and no current; nothing at all. */
extern struct rig_wave rig_idle, rig_dark;

/* What a page write leaves behind that the supply goes away in: the page as it was, a few bytes of the new one, half of
 * it, all of it, an erased page, or every other byte of the new one. */
enum rig_torn { RIG_NOTHING, RIG_FEW, RIG_HALF, RIG_ALL, RIG_ERASED, RIG_MIXED, RIG_TORN_COUNT };
extern const char *const rig_torn_name[RIG_TORN_COUNT];

/* An edge of a pulse output at an absolute sample. */
struct rig_edge {
    int64_t at;
    bool on;
};

struct rig_edges {
    struct rig_edge *edge;
    size_t count, room;
};

struct rig {
    struct em_port port;
    struct em_meter meter;
    struct sim_memory memory;
    bool read_fails[EM_NV_AREA_COUNT], write_fails[EM_NV_AREA_COUNT];
    enum rig_torn torn;
    void (*writing)(struct rig *rig, uint32_t offset, uint32_t n); /* told before every page write, or NULL */
    const struct rig_wave *wave;                                   /* what comes next */
    int64_t now;                                                   /* samples fed so far */
    struct rig_edges edges[EM_OUTPUT_COUNT];
};

/* A meter as from the works, running, on an erased memory; rig_idle comes next. A rig must be static or zeroed. */
void rig_init(struct rig *rig);

/* The same on a memory with this content. */
void rig_init_image(struct rig *rig, const uint8_t image[EM_NV_SIZE]);

/* Power off at once and on: a meter started anew on the memory as it is. */
void rig_restart(struct rig *rig);

/* Feeds n samples of the present wave in blocks of at most `block` samples; stops behind a block in which the memory
 * died. */
void rig_feed_blocks(struct rig *rig, int64_t n, uint32_t block);

/* The same in blocks of a cycle. */
void rig_feed(struct rig *rig, int64_t n);

/* Feeds until the meter runs or does not, 10 s at most; false if that was not enough or the memory died. */
bool rig_feed_until(struct rig *rig, bool running);

/* The supply goes away in the n-th page write from now on (1: the next). */
void rig_cut(struct rig *rig, uint64_t n, enum rig_torn torn);

/* After the memory died: the processor stops, the supply comes back, and samples come until the meter runs. */
void rig_recover(struct rig *rig);

/* Area of an offset in memory; EM_NV_AREA_COUNT behind the last. */
enum em_nv_area rig_area(uint32_t offset);

/* Inverts n bytes. */
void rig_invert(uint8_t *byte, uint32_t n);

/* Where the two copies of the energy (0, 1), of the settings (2, 3) and of the calibration (4, 5) lie. */
#define RIG_COPY_COUNT 6
struct em_nv_place rig_copy(int k);
extern const char *const rig_copy_name[RIG_COPY_COUNT];

/* Where the mantissa slot lies that belongs to this sequence number. */
struct em_nv_place rig_mantissa_slot(uint32_t sequence);

/* All counters of the energies in one list: phases, tariffs, quadrants. */
#define RIG_COUNTER_COUNT 44
const struct em_counter *rig_counter(const struct em_energy *e, int k);

/* The first difference between two energies as text in a static buffer, NULL if there is none. rests: what is below
 * one Wh must be the same, too. */
const char *rig_energy_difference(const struct em_energy *a, const struct em_energy *b, bool rests);

/* The first setting that differs, -1 if none does; the power-down counter is left out. */
int rig_setting_difference(const struct em_settings *a, const struct em_settings *b);

/* Puts a different number into every counter, trip counter and used history register. */
void rig_preload(struct rig *rig, int32_t base);

/* Reads one or two registers as one number. */
uint32_t rig_read(struct rig *rig, uint16_t address, uint16_t count);

/* Writes registers with function 06 (count 1) or 10. */
enum em_exception rig_write(struct rig *rig, uint16_t address, uint16_t count, const uint16_t *values);

#define RIG_ERROR_CODE  0x4015
#define RIG_STATUS_WORD 0x401D

/* As ck_assert_msg, for inner loops: Check itself writes to a pipe for every assertion that it passes. */
#define RIG_CHECK(condition, ...)                                                                                      \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            ck_abort_msg(__VA_ARGS__);                                                                                 \
    } while (0)

#endif
