/* SPDX-License-Identifier: MIT
 * A running session: a simulation paced to the wall clock, with its ports and its control socket, in one thread.
 * Simulation goes in slices of some milliseconds of real time, so that a request is answered at once whatever it does.
 */
#ifndef HOST_SESSION_H
#define HOST_SESSION_H

#include "../sim/sim.h"
#include "app.h"
#include "control.h"
#include "line.h"
#include "record.h"

#define HOST_SPEED_MAX 0.0 /* as fast as it goes */

/* A way to a bus besides its pty. */
struct host_door {
    enum host_door_kind { HOST_MODBUS_PORT, HOST_MODBUS_TCP, HOST_MODBUS_RTU_TCP, HOST_MBUS_PORT, HOST_MBUS_TCP } kind;
    const char *where; /* a device, or HOST:PORT */
};
#define HOST_DOORS_MAX 16

/* NULL for what is not wanted. Each bus has a pty in any case. */
struct host_session_options {
    const char *modbus_link, *mbus_link; /* where a pty's link goes */
    struct host_door door[HOST_DOORS_MAX];
    size_t doors;
    bool line_timing; /* bytes take the time that they take at the line's rate */
    const char *app;  /* HOST:PORT, see app.h */
    const char *control_path;
    const char *record; /* a file for what is done to the meters, see record.h */
    FILE *capture;      /* for what goes over the lines, see capture.h */
    double speed;       /* simulated per real second, or HOST_SPEED_MAX */
};

struct host_session;

/* Opens the ports. The simulation must outlive it. NULL with a message in error. */
struct host_session *host_session_open(struct sim *sim, const struct host_session_options *options, char *error,
                                       size_t size);

/* Closes the ports and ends the recording. False, after telling the user, if that can not be written. */
bool host_session_close(struct host_session *session);

/* One control request as a line of JSON; returns the answer, to be freed with free(). The window's door: whatever a
 * user does is a request. */
char *host_session_ask(struct host_session *session, const char *request);

/* Who is told of all bytes on the lines. */
void host_session_set_tap(struct host_session *session, host_tap_fn *tap, void *ctx);

/* Prints one line a port. */
void host_session_print_ports(const struct host_session *session, FILE *out);

/* The k-th line (the app is the last), for people to read: what it is ("modbus rtu"), where it is to be found, its
 * settings. False behind the last one. */
struct host_port_text {
    char kind[24], name[256], settings[80];
};
bool host_session_port(const struct host_session *session, size_t k, struct host_port_text *text);

/* Simulated per real second as it was asked for, and whether time stands. */
double host_session_speed(const struct host_session *session);
bool host_session_paused(const struct host_session *session);

/* Runs until a quit request or *stop becomes true (set by a signal handler). */
void host_session_run(struct host_session *session, const volatile bool *stop);

/* One round: simulate what time has passed, then wait for at most wait_ms for bytes and serve them. False after a
 * quit request. */
bool host_session_step(struct host_session *session, int wait_ms);

#endif
