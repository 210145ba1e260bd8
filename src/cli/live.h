/* SPDX-License-Identifier: MIT
 * Meters in real time, as the command line says: what `serve` and `ui` share. */
#ifndef CLI_LIVE_H
#define CLI_LIVE_H

#include "../host/nvm.h"
#include "../host/session.h"
#include "cli.h"

struct cli_live_options {
    struct host_session_options session;
    const char *scenario, *nvm, *capture;
    struct cli_overrides overrides;
    double size; /* of the window, for ui: 0 as the display asks */
};

/* What is running. */
struct cli_live {
    struct sim_scenario *scenario;
    struct host_nvm *nvm;
    struct sim *sim;
    struct host_session *session;
    FILE *capture; /* or NULL */
    const char *capture_name;
};

/* Reads the options of the command argv[0], "serve" or "ui"; --help prints its text. Returns an exit code, or -1 to go
 * on. */
int cli_live_options(int argc, char **argv, struct cli_live_options *o);

/* Opens all that they name, and has SIGINT and SIGTERM set cli_live_stop. Returns an exit code after telling the user
 * why, or -1 to go on; cli_live_close is to be called in any case. */
int cli_live_open(struct cli_live *live, const struct cli_live_options *o);
extern volatile bool cli_live_stop;

/* Prints the ports and `ready`, on stdout unless a capture goes there. */
void cli_live_print(const struct cli_live *live);

/* Ends it in order. Returns the exit code: `code` if it is one already, else as results and files have it. */
int cli_live_close(struct cli_live *live, int code);

#endif
