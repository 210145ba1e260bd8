/* SPDX-License-Identifier: MIT
 * A metering point: one meter with the network as it sees it, its load, its current transformers, its memory and what
 * hangs on its outputs. It has no events: the simulation tells it what changes. */
#ifndef SIM_POINT_H
#define SIM_POINT_H

#include "ideal.h"
#include "jump.h"
#include "memory.h"
#include "pool.h"
#include "reference.h"
#include "trace.h"
#include "value.h"

/* Ways to be faster that give the same bits; all zero for none of them. */
struct sim_speed {
    em_accumulate_fn *accumulate; /* NULL: the portable one */
    sim_synth_fn *synth;
    struct sim_pool *pool; /* for several points; stays the caller's */
    bool no_jump;          /* every sample is made, also where a steady signal repeats */
};

struct sim_point;

/* Told of every edge of a pulse output, in order of time; at: samples since the start. */
typedef void sim_watch_fn(void *ctx, enum em_output output, bool on, int64_t at);

/* Meters in one simulation. */
#define SIM_METERS_MAX 10000

struct sim_preset {
    enum em_setting setting;
    int32_t value;
};

struct sim_preload {
    em_energy_id id;
    int64_t wh;
};

/* A metering point as a scenario describes it: what the works set, in this order, and the network at t = 0. */
struct sim_setup {
    unsigned preset_count, preload_count;
    struct sim_preset *preset;
    struct sim_preload *preload;
    uint8_t ct_changes; /* that the meter has seen before */
    struct sim_network network;
};

/* An edge of a pulse output inside the block that is being made. */
struct sim_edge {
    uint32_t sample;
    enum em_output output;
    bool on;
};
#define SIM_EDGES_MAX 128

/* A running ramp of one quantity of one phase. */
struct sim_ramp {
    struct sim_assignment target; /* phases: one bit */
    double from;
    int64_t start, end, step, next;
};

/* What can be read besides registers: "pulses.led", "lcd.part2" and so on. */
struct sim_reading {
    const char *name;
    bool is_text;
    int argument; /* which output, which part */
    void (*read)(struct sim_point *point, int argument, struct sim_value *value);
};

/* The reading with this name, or NULL; and all of them, up to one without a name. */
const struct sim_reading *sim_reading_named(const char *name);
extern const struct sim_reading sim_readings[];

struct sim_point {
    struct em_port port;
    struct em_meter meter;
    struct sim_network network;
    struct sim_memory *memory, own_memory; /* the meter's EEPROM */
    struct sim_wave wave;
    struct sim_jump jump;
    struct sim_reference reference;
    struct sim_ideal *ideal; /* what the reference measures when waveforms are recorded; NULL: none are */
    int64_t now;             /* samples since the start */
    bool changed;            /* the network, since the generator was set */
    struct sim_ramp *ramp;
    unsigned ramps;
    int64_t let_go[EM_BUTTON_COUNT]; /* when a touched button is let go of; INT64_MAX: nobody knows */
    struct sim_edge edge[SIM_EDGES_MAX];
    unsigned edges;
    uint64_t pulses[EM_OUTPUT_COUNT]; /* begun since t = 0 */
    struct sim_trace *trace;          /* where edges are written to, or NULL */
    sim_watch_fn *watch;              /* who else is told of edges, or NULL */
    void *watch_ctx;
    uint8_t apart[64]; /* neighbours in an array, which other threads may run, share no cache line that is written */
};

/* A point at t = 0 with a running, settled meter. memory must outlive it (NULL: one of its own); if it has been set up
 * before, it says how the meter is, and the setup's presets do not count. The point may not move in memory afterwards.
 * Free with sim_point_free. */
void sim_point_init(struct sim_point *point, const struct sim_setup *setup, const struct sim_speed *speed,
                    struct sim_memory *memory);
void sim_point_free(struct sim_point *point);

/* Goes on to sample `until`, to the point's next step at the most (sim_point_next_step). */
void sim_point_run(struct sim_point *point, int64_t until);

/* When the point itself has something to do, a step of a ramp or the end of a touch (INT64_MAX: never); and doing what
 * is due now. */
int64_t sim_point_next_step(const struct sim_point *point);
void sim_point_step(struct sim_point *point);

/* Sets a value of the network, at once (over = 0) or on a ramp of that many samples. */
void sim_point_set(struct sim_point *point, const struct sim_assignment *a, int64_t over);

/* A button is touched for so many samples, at least 1; INT64_MAX: until sim_point_let_go. */
void sim_point_touch(struct sim_point *point, enum em_button button, int64_t samples);
void sim_point_let_go(struct sim_point *point, enum em_button button);

/* All three voltages go or come back. */
void sim_point_power(struct sim_point *point, bool on);

/* To be called after anything outside has acted on the meter: the reference follows its tariff, and if the supply went
 * away while it wrote to its memory the meter stops and starts anew. Returns false then: nothing it was about to
 * answer leaves it. */
bool sim_point_survived(struct sim_point *point);

/* The value now of a name that sim_parse_name accepts, without a "meterN." before it. A number that is not there (an
 * error against a reference of zero) is NaN. */
void sim_point_read(struct sim_point *point, const char *name, struct sim_value *value);

/* Passes on the edges of the block that has just been taken, which began at `now`. */
void sim_point_report_edges(struct sim_point *point);

/* The ideal values now, energies complete. */
struct sim_reference sim_point_ideal(struct sim_point *point);

#endif
