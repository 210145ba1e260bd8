/* SPDX-License-Identifier: MIT
 * A running session: a simulation paced to the wall clock, with its ports and its control socket, in one thread.
 * Simulation goes in slices of some milliseconds of real time, so that a request is answered at once whatever it does.
 */
#ifndef HOST_SESSION_H
#define HOST_SESSION_H

#include "../sim/sim.h"
#include "control.h"
#include "line.h"

#define HOST_SPEED_MAX 0.0 /* as fast as it goes */

/* NULL for what is not wanted. Each bus has a pty in any case. */
struct host_session_options {
    const char *modbus_link, *mbus_link; /* where a pty's link goes */
    const char *modbus_port, *mbus_port; /* real serial ports */
    const char *mbus_tcp;                /* HOST:PORT */
    const char *control_path;
    double speed; /* simulated per real second, or HOST_SPEED_MAX */
};

struct host_session;

/* Opens the ports. The simulation must outlive it. NULL with a message in error. */
struct host_session *host_session_open(struct sim *sim, const struct host_session_options *options, char *error,
                                       size_t size);
void host_session_close(struct host_session *session);

/* Prints one line a port on stdout. */
void host_session_print_ports(const struct host_session *session);

/* Runs until a quit request or *stop becomes true (set by a signal handler). */
void host_session_run(struct host_session *session, const volatile bool *stop);

/* One round: simulate what time has passed, then wait for at most wait_ms for bytes and serve them. False after a
 * quit request. */
bool host_session_step(struct host_session *session, int wait_ms);

#endif
