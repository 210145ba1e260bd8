/* SPDX-License-Identifier: MIT
 * The simulation: one meter in its world, on a virtual clock that counts samples.
 *
 * One way through: an event changes the network; the network sets the generator; the generator makes samples; the
 * meter measures them. Nothing here knows of host time, files or ports. */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "due.h"
#include "memory.h"
#include "reference.h"
#include "scenario.h"
#include "trace.h"

/* What an expectation, or the reply to a modbus event, came to. */
struct sim_result {
    int64_t at; /* sample */
    char *name, *where;
    char *expected, *actual; /* as JSON */
    bool pass;
};

struct sim_results {
    struct sim_result *at;
    size_t count, failed;
};

/* Answers one Modbus request (unit + PDU, no CRC) of n bytes; returns the length of the reply (unit + PDU) or 0 for
 * silence. reply has room for SIM_FRAME_MAX bytes. */
typedef size_t sim_modbus_fn(void *ctx, const uint8_t *request, size_t n, uint8_t *reply);

/* Ways to be faster that give the same bits; NULL for the portable ones. */
struct sim_speed {
    em_accumulate_fn *accumulate;
    sim_synth_fn *synth;
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

struct sim {
    struct em_port port;
    struct em_meter meter;
    struct sim_network network;
    struct sim_memory *memory, own_memory; /* the meter's EEPROM */
    struct sim_wave wave;
    struct sim_reference reference;
    int64_t now;  /* samples since the start */
    bool changed; /* the network, since the generator was set */
    const struct sim_scenario *scenario;
    struct sim_due due;
    unsigned profile_row;
    struct sim_ramp *ramp;
    unsigned ramps;
    struct sim_results results;
    sim_modbus_fn *modbus;
    void *modbus_ctx;
    char last_reply[3 * SIM_FRAME_MAX]; /* to the newest modbus event, as hexadecimal text; empty: silence */
    struct sim_edge edge[SIM_EDGES_MAX];
    unsigned edges;
    uint64_t pulses[EM_OUTPUT_COUNT]; /* begun since t = 0 */
    struct sim_trace *trace;          /* or NULL */
    int32_t samples[EM_CHANNEL_COUNT][SIM_CHUNK];
};

/* A simulation at t = 0 with a running, settled meter, set up as the scenario says. The scenario must outlive it. Free
 * with sim_free. */
struct sim *sim_new(const struct sim_scenario *scenario, const struct sim_speed *speed);

/* The same on a given memory, which must outlive it. If that has been set up before, it says how the meter is and the
 * scenario's "meter" does not count. */
struct sim *sim_new_on(const struct sim_scenario *scenario, const struct sim_speed *speed, struct sim_memory *memory);

/* Where edges of the pulse outputs are written to, from now on; NULL: nowhere. */
void sim_set_trace(struct sim *sim, struct sim_trace *trace);

/* To be called after anything outside events has acted on the meter: the reference follows its tariff, and if the
 * supply went away while it wrote to its memory the meter stops and starts anew. Returns false then: nothing it was
 * about to answer leaves it. */
bool sim_survived(struct sim *sim);
void sim_free(struct sim *sim);

/* Where modbus events go. */
void sim_set_modbus(struct sim *sim, sim_modbus_fn *modbus, void *ctx);

/* Goes on to sample `until`: all events due up to and at it have acted. */
void sim_run(struct sim *sim, int64_t until);

/* Lets an event act now. Results of expectations are added to sim->results. */
void sim_execute(struct sim *sim, const struct sim_event *event);

/* The value now of a name that sim_parse_name accepts. A number that is not there (an error against a reference of
 * zero) is NaN. */
void sim_read(struct sim *sim, const char *name, struct sim_value *value);

/* The ideal values now, energies complete. */
struct sim_reference sim_ideal(struct sim *sim);

/* Simulated seconds. */
double sim_seconds(int64_t samples);

#endif
