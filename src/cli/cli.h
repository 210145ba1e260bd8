/* SPDX-License-Identifier: MIT
 * The commands of vmeter. Each takes argc and argv from its own name on and returns the exit code. */
#ifndef CLI_H
#define CLI_H

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

#include "../sim/scenario.h"

enum cli_exit {
    CLI_OK = 0,
    CLI_FAILED = 1, /* an expectation failed */
    CLI_USAGE = 2,  /* bad usage or bad scenario */
    CLI_WORLD = 3,  /* a port or file outside failed */
};

int cli_run(int argc, char **argv);
int cli_merge(int argc, char **argv);
int cli_serve(int argc, char **argv);
int cli_ui(int argc, char **argv);
int cli_read(int argc, char **argv);
int cli_map(int argc, char **argv);
int cli_ports(int argc, char **argv);
int cli_check(int argc, char **argv);
int cli_calibrate(int argc, char **argv);
int cli_conformance(int argc, char **argv);
int cli_ctl(int argc, char **argv);
int cli_lcd(int argc, char **argv);

/* getopt_long for a command; on an unknown option prints a hint and returns '?'. The caller then returns CLI_USAGE. */
int cli_option(int argc, char **argv, const char *short_options, const struct option *long_options);

/* Prints a usage error with a hint at --help of this command; returns CLI_USAGE. */
int cli_usage_error(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Arguments of --set. */
#define CLI_OVERRIDES_MAX 64
struct cli_overrides {
    const char *text[CLI_OVERRIDES_MAX];
    size_t count;
};

/* Takes one more. Returns -1, or CLI_USAGE after telling the user that there are too many. */
int cli_override(const char *command, struct cli_overrides *overrides, const char *text);

/* Loads a scenario with these changes (NULL: none) or prints why not. */
struct sim_scenario *cli_load(const char *file, const struct cli_overrides *overrides);

/* Opens an output for writing; "-" is standard output. One that is not wanted at all (name NULL) is NULL. False after
 * telling the user why not. */
bool cli_open_wanted(const char *name, FILE **f);

/* Closes it, but for standard output. False after telling the user that it could not be written; true for NULL. */
bool cli_close_output(FILE *f, const char *name);

/* A number of threads from an option's text, 1..SIM_THREADS_MAX; prints an error and returns false. */
bool cli_threads(const char *command, const char *option, const char *text, unsigned *out);

/* Seconds of a clock that only goes forward. */
double cli_wall_seconds(void);

/* How many processors this process may use, at most max. */
unsigned cli_processors(unsigned max);

/* A number from an option's text within limits; prints an error and returns false. */
bool cli_number(const char *command, const char *option, const char *text, double min, double max, double *out);

#endif
