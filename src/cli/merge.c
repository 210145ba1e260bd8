/* SPDX-License-Identifier: MIT
 * vmeter merge: the reports of shards become the report of the whole. */
#include <stdlib.h>

#include "../host/log.h"
#include "../sim/suite.h"
#include "run.h"

static const char help[] =
    "usage: vmeter merge SHARD.json... [options]\n"
    "\n"
    "Makes one report of those that vmeter run --shard K/M --report SHARD.json has written, here or on other\n"
    "machines: the report, and the exit code, of one run of all. Says which shards are missing, are there twice or\n"
    "are of something else, with exit code 2.\n"
    "\n"
    "  --report FILE     write the report of all as JSON\n"
    "  --junit FILE      write it as JUnit\n"
    "  --histogram FILE  draw the quantities of scenarios that vary, as SVG\n"
    "  -q                print failures and nothing else\n"
    "  -v                print every scenario\n"
    "  -h, --help        this text\n"
    "\n"
    "FILE may be - for standard output.\n"
    "\n"
    "  vmeter merge shard-*.json --report all.json --junit all.xml\n";

struct options {
    struct cli_suite_files files;
    bool quiet, verbose;
};

enum { OPT_REPORT = 256, OPT_JUNIT, OPT_HISTOGRAM };

static const struct option long_options[] = {
    {"report", required_argument, NULL, OPT_REPORT},
    {"junit", required_argument, NULL, OPT_JUNIT},
    {"histogram", required_argument, NULL, OPT_HISTOGRAM},
    {"help", no_argument, NULL, 'h'},
    {0},
};

/* Returns an exit code, or -1 to go on. */
static int read_options(int argc, char **argv, struct options *o)
{
    int option;

    while ((option = cli_option(argc, argv, "hqv", long_options)) != -1) {
        switch (option) {
        case OPT_REPORT:
            o->files.report_name = optarg;
            break;
        case OPT_JUNIT:
            o->files.junit_name = optarg;
            break;
        case OPT_HISTOGRAM:
            o->files.histogram_name = optarg;
            break;
        case 'q':
            o->quiet = true;
            break;
        case 'v':
            o->verbose = true;
            break;
        case 'h':
            fputs(help, stdout);
            return CLI_OK;
        default:
            return CLI_USAGE;
        }
    }
    return optind == argc ? cli_usage_error(argv[0], "which reports?") : -1;
}

static int write_whole(struct options *o, const cJSON *report)
{
    bool to_stdout;

    if (!cli_suite_open(&o->files))
        return CLI_WORLD;
    to_stdout = o->files.report == stdout || o->files.junit == stdout || o->files.histogram == stdout;
    if (!cli_suite_write(&o->files, report))
        return CLI_WORLD;
    sim_suite_text(to_stdout ? stderr : stdout, report,
                   o->quiet     ? SIM_SUITE_FAILURES
                   : o->verbose ? SIM_SUITE_ALL
                                : SIM_SUITE_SUMMARY);
    return cli_suite_exit(report);
}

int cli_merge(int argc, char **argv)
{
    struct options o = {0};
    struct js js = {.file = ""};
    cJSON **shard, *whole = NULL;
    size_t count, read = 0;
    int code = read_options(argc, argv, &o);
    bool missing;

    if (code >= 0)
        return code;
    count = (size_t)(argc - optind);
    shard = calloc(count, sizeof(cJSON *));
    if (!shard)
        abort();
    while (read < count && (shard[read] = js_parse_file(&js, argv[optind + (int)read], &missing)))
        read++;
    if (read == count)
        whole = sim_suite_merge(&js, shard, (const char *const *)argv + optind, count);
    if (!whole)
        host_log("%s", js.error);
    code = whole ? write_whole(&o, whole) : CLI_USAGE;
    cJSON_Delete(whole);
    for (size_t k = 0; k < read; k++)
        cJSON_Delete(shard[k]);
    free(shard);
    return code;
}
