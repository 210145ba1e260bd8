/* SPDX-License-Identifier: MIT
 * What vmeter run is asked for. */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "cli.h"

#define JOBS_MAX   1024
#define SHARDS_MAX 100000

struct run_options {
    char **scenario; /* files and folders, */
    int scenarios;   /* so many */
    const char *report, *junit, *csv, *csv_columns, *meters_csv, *pulses, *nvm, *histogram;
    struct cli_overrides overrides;
    int64_t csv_every;
    unsigned jobs;      /* processes */
    unsigned threads;   /* of one simulation of several meters */
    unsigned shard, of; /* of 0: all */
    unsigned run;       /* of one that varies; 0: all */
    bool quiet, verbose, no_jump;
};

/* Are these many scenarios, or a part of them? A single one may still have many runs. */
bool cli_is_farm(const struct run_options *o);

/* Runs many scenarios, or many runs of one, over several processes. Returns the exit code. */
int cli_farm(const struct run_options *o);

/* The scenario files in a list of files and folders, in order: a folder stands for its *.json, sorted by name, without
 * *.schema.json. False, after telling the user, if a folder can not be read or has none. Free with cli_files_free. */
struct cli_files {
    size_t count;
    char **name;
};
bool cli_files_find(struct cli_files *files, char **argument, int count);
void cli_files_free(struct cli_files *files);

/* The exit code for a report of many scenarios (see suite.h). */
enum cli_exit cli_suite_exit(const cJSON *report);

/* Writes a report as JSON, JUnit and histogram to files that are open (NULL: not wanted), and closes them. */
struct cli_suite_files {
    const char *report_name, *junit_name, *histogram_name;
    FILE *report, *junit, *histogram;
};
bool cli_suite_open(struct cli_suite_files *files);
bool cli_suite_write(struct cli_suite_files *files, const cJSON *report);

#endif
