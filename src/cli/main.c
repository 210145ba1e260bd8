/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../host/log.h"
#include "cli.h"

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} commands[] = {
    {"run", cli_run, "run a scenario headless, as fast as it goes, and judge its expectations"},
    {"serve", cli_serve, "run a meter in real time and answer Modbus RTU on a virtual serial port"},
    {"read", cli_read, "read a whole meter over Modbus, emulated or real"},
    {"map", cli_map, "print the register map"},
    {"check", cli_check, "check a scenario file and run nothing"},
    {"calibrate", cli_calibrate, "find the constants that take the errors of a meter's front end back"},
    {"conformance", cli_conformance, "put the meter on a class B test bench"},
    {"ctl", cli_ctl, "send a request to the control socket of a running meter"},
};
#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static void print_help(FILE *out)
{
    fprintf(out, "usage: vmeter COMMAND [ARGUMENTS]\n"
                 "\n"
                 "An emulator of the inepro 2PU CT, a three-phase, CT-operated energy meter: waveforms go through\n"
                 "metrology and registers to a virtual serial port.\n"
                 "\n"
                 "commands:\n");
    for (size_t k = 0; k < COMMAND_COUNT; k++)
        fprintf(out, "  %-11s  %s\n", commands[k].name, commands[k].summary);
    fprintf(out,
            "\n"
            "  vmeter COMMAND --help   what a command takes, with examples\n"
            "  vmeter --version        the version\n"
            "\n"
            "exit codes: 0 all held, 1 an expectation failed, 2 bad usage or bad scenario, 3 a port or file failed\n");
}

static const char *command_entry(const void *list, size_t k)
{
    (void)list;
    return k < COMMAND_COUNT ? commands[k].name : NULL;
}

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

struct sim_scenario *cli_load(const char *file, const char *const *overrides, size_t count)
{
    struct js js = {.file = file};
    struct sim_scenario *scenario = sim_scenario_load(&js, file, overrides, count);

    if (!scenario)
        host_log("%s", js.error);
    return scenario;
}

int main(int argc, char **argv)
{
    const char *near;

    if (argc < 2) {
        print_help(stderr);
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return CLI_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("vmeter %s\n", VMETER_VERSION);
        return CLI_OK;
    }
    for (size_t k = 0; k < COMMAND_COUNT; k++)
        if (strcmp(argv[1], commands[k].name) == 0)
            return commands[k].run(argc - 1, argv + 1);
    near = js_nearest(argv[1], command_entry, NULL);
    host_log("unknown command \"%s\"%s%s%s", argv[1], near ? "; did you mean \"" : "", near ? near : "",
             near ? "\"?" : "");
    fprintf(stderr, "Try 'vmeter --help'.\n");
    return CLI_USAGE;
}
