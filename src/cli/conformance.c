/* SPDX-License-Identifier: MIT
 * vmeter conformance: the class B test bench. */
#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../host/log.h"
#include "../host/speed.h"
#include "../sim/bench_report.h"
#include "../sim/scenario.h"
#include "../sim/adjust.h"
#include "cli.h"

static const char help[] =
    "usage: vmeter conformance [options]\n"
    "\n"
    "Puts the meter on a test bench, in virtual time: load, start, no load, constant, repeatability, influences,\n"
    "reactive energy and short events of a class B meter behind current transformers. Each row is judged by the\n"
    "limit of the manual and by that of the standards. An exercise in software: it claims no conformity.\n"
    "\n"
    "  --report FILE     write all figures as JSON\n"
    "  --plot FILE       write error curves and influences as SVG\n"
    "  --front-end FILE  the errors of the front end: JSON as \"front_end\" in a scenario (default: ideal)\n"
    "  --calibrate       calibrate the meter to this front end first, as vmeter calibrate does\n"
    "  --nvm FILE        take the calibration of this meter (its EEPROM); the file stays as it is\n"
    "  --rows LIST       only rows whose names begin so, as in A04,I3 (and the rows that they refer to)\n"
    "  --jobs N          so many threads (default: one a processor)\n"
    "  -q                print what failed and the summary, nothing else\n"
    "  -h, --help        this text\n"
    "\n"
    "FILE may be - for standard output. Exit code 1: a limit was not held.\n"
    "\n"
    "  vmeter conformance --report bench.json --plot bench.svg\n"
    "  vmeter conformance --rows A,I3\n";

struct options {
    const char *report, *plot, *front_end, *nvm, *rows;
    unsigned jobs;
    bool calibrate, quiet;
};

enum { OPT_REPORT = 256, OPT_PLOT, OPT_FRONT_END, OPT_CALIBRATE, OPT_NVM, OPT_ROWS, OPT_JOBS };

static const struct option long_options[] = {
    {"report", required_argument, NULL, OPT_REPORT},
    {"plot", required_argument, NULL, OPT_PLOT},
    {"front-end", required_argument, NULL, OPT_FRONT_END},
    {"calibrate", no_argument, NULL, OPT_CALIBRATE},
    {"nvm", required_argument, NULL, OPT_NVM},
    {"rows", required_argument, NULL, OPT_ROWS},
    {"jobs", required_argument, NULL, OPT_JOBS},
    {"help", no_argument, NULL, 'h'},
    {0},
};

/* Returns an exit code, or -1 to go on. */
static int read_options(int argc, char **argv, struct options *o)
{
    int option;

    *o = (struct options){.jobs = cli_processors(SIM_THREADS_MAX)};
    while ((option = cli_option(argc, argv, "hq", long_options)) != -1) {
        switch (option) {
        case OPT_REPORT:
            o->report = optarg;
            break;
        case OPT_PLOT:
            o->plot = optarg;
            break;
        case OPT_FRONT_END:
            o->front_end = optarg;
            break;
        case OPT_CALIBRATE:
            o->calibrate = true;
            break;
        case OPT_NVM:
            o->nvm = optarg;
            break;
        case OPT_ROWS:
            o->rows = optarg;
            break;
        case OPT_JOBS:
            if (!cli_threads(argv[0], "--jobs", optarg, &o->jobs))
                return CLI_USAGE;
            break;
        case 'q':
            o->quiet = true;
            break;
        case 'h':
            fputs(help, stdout);
            return CLI_OK;
        default:
            return CLI_USAGE;
        }
    }
    if (optind != argc)
        return cli_usage_error(argv[0], "\"%s\": it takes options only", argv[optind]);
    if (o->calibrate && o->nvm)
        return cli_usage_error(argv[0], "either --calibrate or --nvm");
    return -1;
}

/* --- Measuring, by several threads --- */

struct work {
    struct sim_bench *bench;
    const bool *wanted;
    atomic_size_t done;
    bool terminal;
};

static void measure_row(void *ctx, unsigned k)
{
    struct work *w = ctx;
    size_t done;

    if (w->wanted[k])
        sim_bench_measure(w->bench, k);
    done = atomic_fetch_add(&w->done, 1) + 1;
    if (w->terminal)
        fprintf(stderr, "\r%3zu %% \x1b[K", 100 * done / w->bench->rows);
}

static void measure(struct sim_bench *bench, const bool *wanted, const struct options *o)
{
    struct work work = {.bench = bench, .wanted = wanted, .terminal = isatty(STDERR_FILENO) && !o->quiet};
    struct sim_pool *pool = sim_pool_new(o->jobs);

    sim_pool_run(pool, (unsigned)bench->rows, measure_row, &work);
    sim_pool_free(pool);
    if (work.terminal)
        fprintf(stderr, "\r\x1b[K");
    sim_bench_judge(bench);
}

/* --- Which rows --- */

static bool begins_with(const char *id, const char *list)
{
    while (list) {
        size_t n = strcspn(list, ",");

        if (n && strncmp(id, list, n) == 0)
            return true;
        list = list[n] ? list + n + 1 : NULL;
    }
    return false;
}

static void want_row(const struct sim_bench *b, bool *wanted, const char *id)
{
    size_t k = sim_bench_find(b, id);

    if (k < b->rows)
        wanted[k] = true;
}

/* Marks the rows of a list (NULL: all) and those that they refer to. False if there is none. */
static bool choose_rows(const struct sim_bench *b, const char *list, bool *wanted)
{
    bool any = false;

    for (size_t k = 0; k < b->rows; k++)
        if (!list || begins_with(b->row[k].id, list)) {
            wanted[k] = any = true;
            want_row(b, wanted, b->row[k].base);
            want_row(b, wanted, b->row[k].of);
        }
    return any;
}

/* --- Results --- */

static int run_bench(const struct options *o, struct sim_bench *bench, const bool *wanted, const char *title)
{
    FILE *report = NULL, *plot = NULL;
    struct sim_bench_summary summary;
    double began = cli_wall_seconds();
    bool written;

    if (!cli_open_wanted(o->report, &report) || !cli_open_wanted(o->plot, &plot))
        return CLI_WORLD;
    measure(bench, wanted, o);
    sim_bench_table(report == stdout || plot == stdout ? stderr : stdout, bench, title, !o->quiet);
    if (report)
        sim_bench_json(report, bench, title, cli_wall_seconds() - began);
    if (plot)
        sim_bench_plot(plot, bench, title);
    written = cli_close_output(report, o->report);
    written = cli_close_output(plot, o->plot) && written;
    sim_bench_summarise(bench, &summary);
    if (!written)
        return CLI_WORLD;
    return summary.manual_failed || summary.standard_failed ? CLI_FAILED : CLI_OK;
}

/* --- The meter --- */

/* The constants in a meter's memory, which stays as it is. */
static bool read_calibration(const char *file, struct em_calibration *c)
{
    struct sim_memory *memory = malloc(sizeof *memory);
    struct sim_setup setup = {0};
    struct sim_point *point = calloc(1, sizeof *point);
    FILE *f = fopen(file, "rb");
    bool ok;

    if (!memory || !point)
        abort();
    sim_memory_init(memory);
    sim_network_init(&setup.network);
    ok = f && fread(memory->image, 1, sizeof memory->image, f) == sizeof memory->image;
    if (!ok)
        host_log("%s: %s", file, f && !ferror(f) ? "shorter than a meter's memory" : strerror(errno));
    if (f)
        fclose(f);
    if (ok) {
        sim_point_init(point, &setup, &host_speed_best()->loops, memory);
        *c = point->meter.calibration;
        if (point->meter.stopped)
            host_log("%s: no memory of the meter, or a damaged one: error %02X", file, point->meter.error_code);
        ok = !point->meter.stopped;
        sim_point_free(point);
    }
    free(point);
    free(memory);
    return ok;
}

/* Sets front end and calibration as the options say, and a title that tells. Returns an exit code, or -1 to go on. */
static int set_up_meter(const struct options *o, struct sim_bench *bench, struct sim_adjustment *adjustment,
                        char title[200])
{
    struct js js = {.file = o->front_end};

    if (o->front_end && !sim_front_end_load(&js, o->front_end, &bench->front_end)) {
        host_log("%s", js.error);
        return CLI_USAGE;
    }
    if (o->calibrate && sim_adjust(adjustment, &bench->front_end, &bench->speed)) {
        host_log("%s: errs by more than a calibration can take back", o->front_end);
        return CLI_FAILED;
    }
    if (o->nvm && !read_calibration(o->nvm, &adjustment->calibration))
        return CLI_WORLD;
    if (o->calibrate || o->nvm)
        bench->calibration = &adjustment->calibration;
    snprintf(title, 200, "Front end: %s. Meter: %s%s.", o->front_end ? o->front_end : "ideal",
             o->calibrate ? "calibrated"
             : o->nvm     ? "as in "
                          : "not calibrated",
             o->nvm ? o->nvm : "");
    return -1;
}

int cli_conformance(int argc, char **argv)
{
    struct options o;
    struct sim_bench bench;
    struct sim_adjustment adjustment = {0};
    char title[200];
    bool *wanted;
    int code = read_options(argc, argv, &o);

    if (code >= 0)
        return code;
    sim_bench_init(&bench, &host_speed_best()->loops);
    wanted = calloc(bench.rows, sizeof *wanted);
    if (!wanted)
        abort();
    if (!choose_rows(&bench, o.rows, wanted))
        code = cli_usage_error(argv[0], "--rows: no row's name begins with \"%s\"", o.rows);
    else
        code = set_up_meter(&o, &bench, &adjustment, title);
    if (code < 0)
        code = run_bench(&o, &bench, wanted, title);
    free(wanted);
    sim_bench_free(&bench);
    return code;
}
