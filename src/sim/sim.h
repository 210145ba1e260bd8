/* SPDX-License-Identifier: MIT
 * The simulation: metering points on one grid and two buses, on a virtual clock that counts samples.
 *
 * One way through: an event changes a point's network; the network sets the generator; the generator makes samples; the
 * meter measures them. Nothing here knows of host time, files or ports. */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "due.h"
#include "fault.h"
#include "point.h"
#include "scenario.h"

/* What an expectation, or the reply to a frame, came to. */
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

/* Lets a meter answer a whole Modbus RTU frame (with CRC) of n bytes; returns the length of the reply (with CRC), or 0
 * for silence. reply has room for SIM_FRAME_MAX bytes. */
typedef size_t sim_modbus_fn(void *ctx, struct em_meter *meter, const uint8_t *request, size_t n, uint8_t *reply);

/* Writes a picture of a meter's display to a file; false, after telling the user, if that fails. */
typedef bool sim_snapshot_fn(void *ctx, struct sim_point *point, const char *file);

struct sim {
    struct sim_point *point;
    unsigned points; /* at least 1 */
    int64_t now;     /* samples since the start */
    struct sim_pool *pool;
    const struct sim_scenario *scenario;
    struct sim_due due;
    unsigned profile_row;
    struct sim_results results;
    sim_modbus_fn *modbus;
    void *modbus_ctx;
    sim_snapshot_fn *snapshot;
    void *snapshot_ctx;
    bool lost;                          /* the newest snapshot could not be written, */
    unsigned lost_files;                /* nor could so many of all */
    char last_reply[6 * SIM_FRAME_MAX]; /* to the newest frame event, as hexadecimal text; empty: silence */
    struct sim_fault fault[EM_BUS_COUNT];
    struct sim_late late[EM_BUS_COUNT]; /* answers to frame events that have not yet come */
};

/* A simulation at t = 0 with running, settled meters, set up as the scenario says. The scenario must outlive it. Free
 * with sim_free. */
struct sim *sim_new(const struct sim_scenario *scenario, const struct sim_speed *speed);

/* The same on given memories, one a point, which must outlive it. What has been set up before says how its meter is,
 * and the scenario's "meter" does not count for it. */
struct sim *sim_new_on(const struct sim_scenario *scenario, const struct sim_speed *speed,
                       struct sim_memory *const *memory);
void sim_free(struct sim *sim);

/* Ends it in order: what the meters have counted is saved. */
void sim_stop(struct sim *sim);

/* Who answers Modbus frames. */
void sim_set_modbus(struct sim *sim, sim_modbus_fn *modbus, void *ctx);

/* Who draws snapshots. */
void sim_set_snapshot(struct sim *sim, sim_snapshot_fn *snapshot, void *ctx);

/* Goes on to sample `until`: all events due up to and at it have acted. */
void sim_run(struct sim *sim, int64_t until);

/* Lets an event that fits act now. Results of expectations are added to sim->results. */
void sim_execute(struct sim *sim, const struct sim_event *event);

/* The value now of a name that sim_parse_name accepts and that fits. */
void sim_read(struct sim *sim, const char *name, struct sim_value *value);

/* Simulated seconds. */
double sim_seconds(int64_t samples);

#endif
