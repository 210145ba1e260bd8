/* SPDX-License-Identifier: MIT
 * vmeter run: a scenario in virtual time; farm.c runs many. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../host/log.h"
#include "../host/nvm.h"
#include "../host/slave.h"
#include "../host/speed.h"
#include "../sim/report.h"
#include "picture.h"
#include "run.h"

static const char help[] =
    "usage: vmeter run SCENARIO.json|FOLDER... [options]\n"
    "\n"
    "Runs a scenario in virtual time, as fast as it goes, and judges its expectations. Several scenarios, a folder's\n"
    "*.json (those in it, not those in folders below), and the runs of a scenario with \"vary\" are spread over all\n"
    "processors and have one verdict.\n"
    "\n"
    "  --report FILE        write what came out as JSON: expectations, registers, energies, reference\n"
    "  --junit FILE         write one test case per expectation\n"
    "  --csv FILE           write a row per simulated second\n"
    "  --csv-every TIME     a row per TIME instead, as in 1m\n"
    "  --csv-columns NAMES  these names (see vmeter map), separated by commas\n"
    "  --meters-csv FILE    write a row per meter at the end; the report then has the sums of all and no list of them\n"
    "  --pulses FILE        write the edges of LED and S0 outputs as VCD (GTKWave opens it), or CSV if FILE ends in "
    ".csv\n"
    "  --nvm FILE           the meter's EEPROM: what it holds is the state at the start, if it has been set up "
    "before,\n"
    "                       and \"meter\" in the scenario does not count; it is kept in step with the meter\n"
    "  --threads N          so many threads for several meters (default: one a processor); results are the same\n"
    "  --set PATH=VALUE     change the scenario before it runs, as in load.L1.current=20; may be repeated\n"
    "  --no-jump            make every sample, also where a steady signal repeats: slower, and the same results\n"
    "  --jobs N             so many processes (default: one a processor)\n"
    "  --shard K/M          every M-th scenario or run, from the K-th on; vmeter merge makes one report of all M\n"
    "  --histogram FILE     draw what the runs of a scenario with \"vary\" report, as SVG\n"
    "  --run K              only run K of a scenario with \"vary\", as a scenario of its own\n"
    "  -q                   print failures and nothing else\n"
    "  -v                   print every expectation\n"
    "  -h, --help           this text\n"
    "\n"
    "FILE may be - for standard output. While it runs, a terminal shows a progress bar.\n"
    "\n"
    "  vmeter run scenarios/household-day.json\n"
    "  vmeter run scenarios/motor.json --report r.json --junit r.xml --set duration=1h\n"
    "  vmeter run scenarios --shard 2/4 --report shard-2.json\n"
    "  vmeter run scenarios/tolerance.json --histogram errors.svg\n";

/* A run in progress. */
struct run {
    const struct run_options *options;
    struct sim *sim;
    struct sim_pool *pool; /* NULL for one meter */
    struct sim_csv columns;
    FILE *report, *junit, *csv, *meters_csv, *pulses;
    struct sim_trace trace;
    struct host_nvm *nvm;
    double started; /* wall seconds */
    double drawn;   /* when the progress bar was, 0 never */
};

enum {
    OPT_REPORT = 256,
    OPT_JUNIT,
    OPT_CSV,
    OPT_CSV_EVERY,
    OPT_CSV_COLUMNS,
    OPT_METERS_CSV,
    OPT_PULSES,
    OPT_NVM,
    OPT_THREADS,
    OPT_SET,
    OPT_NO_JUMP,
    OPT_JOBS,
    OPT_SHARD,
    OPT_HISTOGRAM,
    OPT_RUN
};

static const struct option long_options[] = {
    {"report", required_argument, NULL, OPT_REPORT},
    {"junit", required_argument, NULL, OPT_JUNIT},
    {"csv", required_argument, NULL, OPT_CSV},
    {"csv-every", required_argument, NULL, OPT_CSV_EVERY},
    {"csv-columns", required_argument, NULL, OPT_CSV_COLUMNS},
    {"meters-csv", required_argument, NULL, OPT_METERS_CSV},
    {"pulses", required_argument, NULL, OPT_PULSES},
    {"nvm", required_argument, NULL, OPT_NVM},
    {"threads", required_argument, NULL, OPT_THREADS},
    {"set", required_argument, NULL, OPT_SET},
    {"no-jump", no_argument, NULL, OPT_NO_JUMP},
    {"jobs", required_argument, NULL, OPT_JOBS},
    {"shard", required_argument, NULL, OPT_SHARD},
    {"histogram", required_argument, NULL, OPT_HISTOGRAM},
    {"run", required_argument, NULL, OPT_RUN},
    {"help", no_argument, NULL, 'h'},
    {0},
};

/* "2/4" */
static bool read_shard(const char *text, struct run_options *o)
{
    int end = 0;

    return strspn(text, "0123456789/") == strlen(text) && sscanf(text, "%6u/%6u%n", &o->shard, &o->of, &end) == 2 &&
           !text[end] && o->shard >= 1 && o->shard <= o->of && o->of <= SHARDS_MAX;
}

/* What is about the one simulation of one scenario. */
static const char *option_of_one(const struct run_options *o)
{
    return o->csv ? "--csv" : o->meters_csv ? "--meters-csv" : o->pulses ? "--pulses" : o->nvm ? "--nvm" : NULL;
}

/* Do the options go together? Returns an exit code, or -1 to go on. */
static int check_options(const char *command, const struct run_options *o)
{
    if (!o->scenarios)
        return cli_usage_error(command, "which scenario?");
    if (!o->csv && o->csv_columns)
        return cli_usage_error(command, "--csv-columns goes with --csv");
    if (cli_is_farm(o) && option_of_one(o))
        return cli_usage_error(command, "%s goes with one scenario", option_of_one(o));
    if (o->run && (o->scenarios > 1 || o->of || o->histogram))
        return cli_usage_error(command, "--run is one run of one scenario");
    return -1;
}

/* Returns an exit code, or -1 to go on. */
static int read_options(int argc, char **argv, struct run_options *o)
{
    double number;
    int option;

    *o = (struct run_options){
        .csv_every = EM_SAMPLE_RATE, .jobs = cli_processors(JOBS_MAX), .threads = cli_processors(SIM_THREADS_MAX)};
    while ((option = cli_option(argc, argv, "hqv", long_options)) != -1) {
        switch (option) {
        case OPT_REPORT:
            o->report = optarg;
            break;
        case OPT_JUNIT:
            o->junit = optarg;
            break;
        case OPT_CSV:
            o->csv = optarg;
            break;
        case OPT_CSV_EVERY:
            if (!js_time_text(optarg, &o->csv_every) || o->csv_every == 0)
                return cli_usage_error(argv[0], "--csv-every: \"%s\" is no time; write it as 1s, 500ms or 15m", optarg);
            break;
        case OPT_CSV_COLUMNS:
            o->csv_columns = optarg;
            break;
        case OPT_METERS_CSV:
            o->meters_csv = optarg;
            break;
        case OPT_PULSES:
            o->pulses = optarg;
            break;
        case OPT_NVM:
            o->nvm = optarg;
            break;
        case OPT_THREADS:
            if (!cli_threads(argv[0], "--threads", optarg, &o->threads))
                return CLI_USAGE;
            break;
        case OPT_SET:
            if (cli_override(argv[0], &o->overrides, optarg) >= 0)
                return CLI_USAGE;
            break;
        case OPT_NO_JUMP:
            o->no_jump = true;
            break;
        case OPT_JOBS:
            if (!cli_number(argv[0], "--jobs", optarg, 1, JOBS_MAX, &number))
                return CLI_USAGE;
            o->jobs = (unsigned)number;
            break;
        case OPT_SHARD:
            if (!read_shard(optarg, o))
                return cli_usage_error(argv[0], "--shard: \"%s\" must be K/M, as in 2/4: 1 to M of at most %d", optarg,
                                       SHARDS_MAX);
            break;
        case OPT_HISTOGRAM:
            o->histogram = optarg;
            break;
        case OPT_RUN:
            if (!cli_number(argv[0], "--run", optarg, 1, SIM_RUNS_MAX, &number))
                return CLI_USAGE;
            o->run = (unsigned)number;
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
    o->scenario = argv + optind;
    o->scenarios = argc - optind;
    return check_options(argv[0], o);
}

/* --- Running --- */

static void draw_progress(struct run *r, double now)
{
    enum { WIDTH = 40 };
    int64_t end = r->sim->scenario->duration;
    double share = end ? (double)r->sim->now / (double)end : 1;
    double speed = sim_seconds(r->sim->now) / (now - r->started);
    int full = (int)(share * WIDTH);

    fprintf(stderr, "\r[%.*s%*s] %3.0f %%  %.0f times real time  %.0f s left \x1b[K", full,
            "########################################", WIDTH - full, "", share * 100, speed,
            speed > 0 ? sim_seconds(end - r->sim->now) / speed : 0);
    fflush(stderr);
    r->drawn = now;
}

static void show_progress(struct run *r)
{
    double now = cli_wall_seconds();

    if (now - r->started > 1 && now - r->drawn > 0.1)
        draw_progress(r, now);
}

static void clear_progress(const struct run *r)
{
    if (r->drawn > 0)
        fprintf(stderr, "\r\x1b[K");
}

static void run_to_end(struct run *r)
{
    const int64_t end = r->sim->scenario->duration;
    bool terminal = isatty(STDERR_FILENO) && !r->options->quiet;
    int64_t row = 0, look = terminal ? 60 * EM_SAMPLE_RATE / (1 + r->sim->points / 64) : end;

    sim_run(r->sim, 0);
    while (1) {
        int64_t next = r->sim->now + look;
        double before = cli_wall_seconds();

        if (r->csv && r->sim->now == row) {
            sim_csv_row(r->csv, &r->columns, r->sim);
            row += r->options->csv_every;
        }
        if (r->sim->now >= end)
            return;
        if (r->csv && row < next)
            next = row;
        sim_run(r->sim, next < end ? next : end);
        if (terminal)
            show_progress(r);
        /* It jumps in whole periods of the signal, which may be long; the user wants to see it go on all the same. */
        if (cli_wall_seconds() - before < 0.5 && look < end)
            look *= 2;
    }
}

/* Opens all that will be written before anything runs: a wrong name shall not cost a long run. */
static bool open_files(struct run *r, const struct sim_scenario *scenario)
{
    const struct run_options *o = r->options;
    char error[512];

    if (o->nvm && !(r->nvm = host_nvm_open(o->nvm, scenario->meters, error, sizeof error))) {
        host_log("%s", error);
        return false;
    }
    return cli_open_wanted(o->report, &r->report) && cli_open_wanted(o->junit, &r->junit) &&
           cli_open_wanted(o->csv, &r->csv) && cli_open_wanted(o->meters_csv, &r->meters_csv) &&
           cli_open_wanted(o->pulses, &r->pulses);
}

/* Writes the results and closes all outputs. */
static bool write_results(struct run *r, double wall)
{
    const struct run_options *o = r->options;
    bool ok = true;

    if (r->csv)
        ok = cli_close_output(r->csv, o->csv) && ok;
    if (r->pulses) {
        sim_trace_end(&r->trace, r->sim->now);
        r->sim->point[0].trace = NULL;
        ok = cli_close_output(r->pulses, o->pulses) && ok;
    }
    if (r->report) {
        if (o->meters_csv)
            sim_report_sum_json(r->report, r->sim, wall);
        else
            sim_report_json(r->report, r->sim, wall);
        ok = cli_close_output(r->report, o->report) && ok;
    }
    if (r->meters_csv) {
        sim_meters_csv(r->meters_csv, r->sim);
        ok = cli_close_output(r->meters_csv, o->meters_csv) && ok;
    }
    if (r->junit) {
        sim_report_junit(r->junit, r->sim, wall);
        ok = cli_close_output(r->junit, o->junit) && ok;
    }
    return ok;
}

static int run_scenario(const struct run_options *o, const struct sim_scenario *scenario, struct run *r)
{
    struct sim_speed speed = host_speed_best()->loops;
    struct host_modbus *slave;
    double wall;
    bool written;
    bool to_stdout =
        r->report == stdout || r->junit == stdout || r->csv == stdout || r->meters_csv == stdout || r->pulses == stdout;

    if (scenario->meters > 1)
        r->pool = speed.pool = sim_pool_new(o->threads);
    speed.no_jump = o->no_jump;
    r->sim = sim_new_on(scenario, &speed, host_nvm_memories(r->nvm));
    slave = host_modbus_new();
    if (!slave) {
        host_log("Modbus can not be set up: %s", strerror(errno));
        return CLI_WORLD;
    }
    sim_set_modbus(r->sim, host_modbus_answer, slave);
    cli_equip(r->sim);
    host_nvm_judge(r->nvm, r->sim);
    r->started = cli_wall_seconds();
    if (r->csv)
        sim_csv_header(r->csv, &r->columns);
    if (r->pulses) {
        const char *dot = strrchr(o->pulses, '.');

        sim_trace_begin(&r->trace, r->pulses, dot && strcmp(dot, ".csv") == 0);
        r->sim->point[0].trace = &r->trace;
    }
    run_to_end(r);
    wall = cli_wall_seconds() - r->started;
    clear_progress(r);
    written = write_results(r, wall);
    if (!o->quiet || r->sim->results.failed)
        sim_report_text(to_stdout ? stderr : stdout, r->sim, wall, o->verbose);
    host_modbus_free(slave);
    sim_stop(r->sim);
    if (!written || r->sim->lost_files)
        return CLI_WORLD;
    return r->sim->results.failed ? CLI_FAILED : CLI_OK;
}

/* Run o->run of a scenario, in its place. Returns an exit code, or -1 to go on. */
static int take_run(const struct run_options *o, struct sim_scenario **scenario)
{
    struct js js = {.file = o->scenario[0]};
    const struct sim_vary *vary = &(*scenario)->vary;
    struct sim_scenario *one;
    cJSON *values;
    char *text;

    if (o->run > vary->runs)
        return cli_usage_error(
            "run", vary->runs ? "--run: there are only %u runs" : "--run: nothing varies in this scenario", vary->runs);
    values = sim_vary_draw(vary, o->run);
    text = cJSON_PrintUnformatted(values);
    one = sim_scenario_run(&js, *scenario, o->run);
    if (!one)
        host_log("%s", js.error);
    else if (!o->quiet)
        fprintf(stderr, "run %u of %u: %s\n", o->run, vary->runs, text);
    free(text);
    cJSON_Delete(values);
    sim_scenario_free(*scenario);
    *scenario = one;
    return one ? -1 : CLI_USAGE;
}

/* One scenario as a simulation in this process. */
static int run_one(const struct run_options *o, struct sim_scenario *scenario)
{
    struct run r = {.options = o};
    struct js js = {.file = "--csv-columns"};
    int code;

    if (o->csv && !sim_csv_columns(&js, o->csv_columns, scenario->meters, &r.columns)) {
        code = cli_usage_error("run", "%s", js.error);
    } else {
        code = open_files(&r, scenario) ? run_scenario(o, scenario, &r) : CLI_WORLD;
        sim_free(r.sim);
        sim_pool_free(r.pool);
        if (!host_nvm_close(r.nvm))
            code = CLI_WORLD;
    }
    sim_csv_free(&r.columns);
    return code;
}

int cli_run(int argc, char **argv)
{
    struct run_options o;
    struct sim_scenario *scenario;
    int code = read_options(argc, argv, &o);

    if (code >= 0)
        return code;
    if (cli_is_farm(&o))
        return cli_farm(&o);
    scenario = cli_load(o.scenario[0], &o.overrides);
    if (!scenario)
        return CLI_USAGE;
    if (o.run)
        code = take_run(&o, &scenario);
    if (code < 0 && scenario->vary.runs)
        code = option_of_one(&o) ? cli_usage_error(argv[0], "%s goes with one run: add --run K", option_of_one(&o))
                                 : cli_farm(&o);
    if (code < 0)
        code = run_one(&o, scenario);
    sim_scenario_free(scenario);
    return code;
}
