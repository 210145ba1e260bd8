/* SPDX-License-Identifier: MIT
 * vmeter check: is this scenario all right? */
#include <stdio.h>

#include "../host/log.h"
#include "../sim/report.h"
#include "cli.h"

static const char help[] =
    "usage: vmeter check SCENARIO.json...\n"
    "\n"
    "Reads and checks scenario files and runs nothing. Prints one line for each good one; exit code 2 and a\n"
    "message with file and place for a bad one.\n"
    "\n"
    "  -h, --help  this text\n";

static const struct option long_options[] = {{"help", no_argument, NULL, 'h'}, {0}};

/* Are all runs of a scenario that varies all right? Tells of the first that is not. */
static bool check_runs(const struct sim_scenario *s)
{
    for (unsigned run = 1; run <= s->vary.runs; run++) {
        struct js js = {.file = s->file};
        struct sim_scenario *one = sim_scenario_run(&js, s, run);

        if (!one)
            host_log("%s", js.error);
        sim_scenario_free(one);
        if (!one)
            return false;
    }
    return true;
}

int cli_check(int argc, char **argv)
{
    int option, code = CLI_OK;

    while ((option = cli_option(argc, argv, "h", long_options)) != -1) {
        if (option != 'h')
            return CLI_USAGE;
        fputs(help, stdout);
        return CLI_OK;
    }
    if (optind == argc)
        return cli_usage_error(argv[0], "which scenario?");
    for (; optind < argc; optind++) {
        struct sim_scenario *s = cli_load(argv[optind], NULL);
        char duration[48];

        if (!s || !check_runs(s)) {
            sim_scenario_free(s);
            code = CLI_USAGE;
            continue;
        }
        sim_duration_text(sim_seconds(s->duration), duration);
        printf("%s: ok: \"%s\", %s, %u event(s)%s%s", argv[optind], s->name, duration, s->timed_count,
               s->profile.rows ? ", a load profile" : "", s->waveform.tracks ? ", recorded waveforms" : "");
        if (s->vary.runs)
            printf(", %u runs", s->vary.runs);
        if (s->meters > 1)
            printf(", %u meters", s->meters);
        printf("\n");
        sim_scenario_free(s);
    }
    return code;
}
