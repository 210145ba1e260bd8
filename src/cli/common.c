/* SPDX-License-Identifier: MIT
 * What several commands need. */
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../host/log.h"
#include "cli.h"

int cli_usage_error(const char *command, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    host_log("%s: %s", command, text);
    fprintf(stderr, "Try 'vmeter %s --help'.\n", command);
    return CLI_USAGE;
}

int cli_option(int argc, char **argv, const char *short_options, const struct option *long_options)
{
    char options[32];
    int option, at = optind;

    opterr = 0;
    snprintf(options, sizeof options, ":%s", short_options);
    option = getopt_long(argc, argv, options, long_options, NULL);
    if (option == ':') {
        cli_usage_error(argv[0], "%s: its argument is missing", argv[argc - 1]);
        return '?';
    }
    if (option == '?') {
        if (optopt && argv[at][0] == '-' && argv[at][1] != '-')
            cli_usage_error(argv[0], "-%c: unknown option", optopt);
        else
            cli_usage_error(argv[0], "%s: unknown option", argv[optind - 1]);
    }
    return option;
}

bool cli_number(const char *command, const char *option, const char *text, double min, double max, double *out)
{
    char *end;

    *out = strtod(text, &end);
    if (end != text && !*end && *out >= min && *out <= max)
        return true;
    cli_usage_error(command, "%s: \"%s\" is not a number from %g to %g", option, text, min, max);
    return false;
}

int cli_override(const char *command, struct cli_overrides *overrides, const char *text)
{
    if (overrides->count == CLI_OVERRIDES_MAX)
        return cli_usage_error(command, "--set: at most %d", CLI_OVERRIDES_MAX);
    overrides->text[overrides->count++] = text;
    return -1;
}

static void log_notes(const char *file, const char *notes)
{
    for (const char *line = notes; *line;) {
        size_t n = strcspn(line, "\n");

        host_log("%s: waveform: %.*s", file, (int)n, line);
        line += n + (line[n] == '\n');
    }
}

struct sim_scenario *cli_load(const char *file, const struct cli_overrides *overrides)
{
    static const struct cli_overrides none;
    const struct cli_overrides *o = overrides ? overrides : &none;
    struct js js = {.file = file};
    struct sim_scenario *scenario = sim_scenario_load(&js, file, o->text, o->count);

    if (!scenario)
        host_log("%s", js.error);
    else if (scenario->waveform.note[0])
        log_notes(file, scenario->waveform.note);
    return scenario;
}

bool cli_open_wanted(const char *name, FILE **f)
{
    *f = !name ? NULL : strcmp(name, "-") == 0 ? stdout : fopen(name, "w");
    if (name && !*f)
        host_log("%s: %s", name, strerror(errno));
    return !name || *f;
}

bool cli_close_output(FILE *f, const char *name)
{
    bool bad;

    if (!f)
        return true;
    bad = ferror(f) || fflush(f);
    if (f != stdout)
        bad = fclose(f) || bad;
    if (bad)
        host_log("%s: could not be written: %s", name, strerror(errno));
    return !bad;
}

bool cli_threads(const char *command, const char *option, const char *text, unsigned *out)
{
    double n;

    if (!cli_number(command, option, text, 1, SIM_THREADS_MAX, &n))
        return false;
    *out = (unsigned)n;
    return *out == n || (cli_usage_error(command, "%s: \"%s\" is not a whole number", option, text), false);
}

double cli_wall_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

unsigned cli_processors(unsigned max)
{
    cpu_set_t set;
    unsigned count;

    /* A set that is too small for a very large machine: take what it holds. */
    count = sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : CPU_SETSIZE;
    return count < 1 ? 1 : count > max ? max : count;
}
