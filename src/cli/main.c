/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "../host/log.h"
#include "cli.h"

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} commands[] = {
    {"run", cli_run, "run scenarios headless, as fast as it goes, and judge their expectations"},
    {"merge", cli_merge, "make one report of the shards of a run"},
    {"serve", cli_serve, "run a meter in real time and answer Modbus RTU and M-Bus on virtual serial ports"},
    {"ui", cli_ui, "the same with a window: the meter's front and a bench around it"},
    {"lcd", cli_lcd, "show the display at some moment of a scenario, as text or as a picture"},
    {"read", cli_read, "read a whole meter over Modbus, emulated or real"},
    {"map", cli_map, "print the register map"},
    {"ports", cli_ports, "list the serial ports of this machine"},
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
                 "metrology and registers to virtual serial ports and a display.\n"
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
