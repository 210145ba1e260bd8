/* SPDX-License-Identifier: MIT
 * vmeter run with many scenarios: which jobs there are, who does them, and what came of it. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../host/farm.h"
#include "../host/log.h"
#include "../host/slave.h"
#include "../host/speed.h"
#include "../sim/random.h"
#include "../sim/suite.h"
#include "picture.h"
#include "run.h"

/* A scenario file. */
struct entry {
    const char *file;
    struct sim_scenario *scenario; /* NULL: it is invalid, */
    char *error;                   /* and this is why */
    size_t first, count;           /* its jobs in this shard */
};

struct job {
    size_t entry;
    unsigned run;   /* 0: it does not vary */
    double weight;  /* simulated seconds of all meters */
    cJSON *outcome; /* NULL: not yet */
};

struct farm {
    const struct run_options *options;
    struct sim_speed speed;
    struct cli_files files;
    struct entry *entry; /* [files.count] */
    struct job *job;
    size_t jobs;
    size_t *order; /* [jobs]: the longest first */
    size_t to_do;  /* the first so many of them need a worker */
    struct sim_suite suite;
    struct {
        bool shown;
        double started, drawn;
        size_t done, failed;
        double weight, weight_done;
    } progress;
};

/* --- What there is to do --- */

static uint64_t hash_file(uint64_t hash, const char *file)
{
    FILE *f = fopen(file, "rb");
    char bytes[65536];
    size_t n;

    while (f && (n = fread(bytes, 1, sizeof bytes, f)) > 0)
        hash = sim_hash(hash, bytes, n);
    if (f)
        fclose(f);
    return sim_hash(hash, "", 1);
}

/* A hash of all that is read, so that shards of something else are told from ours. */
static void set_fingerprint(struct farm *farm)
{
    const struct cli_overrides *o = &farm->options->overrides;
    uint64_t hash = sim_hash(SIM_HASH, VMETER_VERSION, sizeof VMETER_VERSION);

    for (size_t k = 0; k < o->count; k++)
        hash = sim_hash(hash, o->text[k], strlen(o->text[k]) + 1);
    for (size_t k = 0; k < farm->files.count; k++)
        hash = hash_file(hash, farm->files.name[k]);
    snprintf(farm->suite.fingerprint, sizeof farm->suite.fingerprint, "%016llx", (unsigned long long)hash);
}

static void load(struct farm *farm, struct entry *e)
{
    const struct cli_overrides *o = &farm->options->overrides;
    struct js js = {.file = e->file};

    e->scenario = sim_scenario_load(&js, e->file, o->text, o->count);
    if (!e->scenario && !(e->error = strdup(js.error)))
        abort();
}

/* The next job of all is this shard's or another's, in turn. */
static void add_job(struct farm *farm, size_t entry, unsigned run)
{
    const struct sim_scenario *s = farm->entry[entry].scenario;
    size_t number = farm->suite.jobs++;

    if (farm->suite.of && number % farm->suite.of != farm->suite.shard - 1)
        return;
    if ((farm->jobs & (farm->jobs - 1)) == 0) {
        farm->job = realloc(farm->job, (farm->jobs ? 2 * farm->jobs : 1) * sizeof *farm->job);
        if (!farm->job)
            abort();
    }
    farm->job[farm->jobs++] = (struct job){entry, run, s ? sim_seconds(s->duration) * s->meters : 0, NULL};
    farm->entry[entry].count++;
}

static void list_jobs(struct farm *farm)
{
    for (size_t k = 0; k < farm->files.count; k++) {
        struct entry *e = &farm->entry[k];
        unsigned runs;

        e->file = farm->files.name[k];
        e->first = farm->jobs;
        load(farm, e);
        runs = e->scenario ? e->scenario->vary.runs : 0;
        for (unsigned run = runs ? 1 : 0; run <= runs; run++)
            add_job(farm, k, run);
        if (e->error && e->count)
            host_log("%s", e->error);
    }
}

/* A message, whose beginning may name a file that is named anyway. */
static const char *without_file(const char *message, const char *file)
{
    size_t n = strlen(file);

    return strncmp(message, file, n) == 0 && strncmp(message + n, ": ", 2) == 0 ? message + n + 2 : message;
}

/* So that no long one is begun when all others are done. Stable: the order of equal ones stays. */
static int heavier(const void *a, const void *b, void *ctx)
{
    const struct job *job = ctx;
    size_t x = *(const size_t *)a, y = *(const size_t *)b;

    if (job[x].weight != job[y].weight)
        return job[x].weight < job[y].weight ? 1 : -1;
    return (x > y) - (x < y);
}

static void put_in_order(struct farm *farm)
{
    farm->order = calloc(farm->jobs + 1, sizeof *farm->order);
    if (!farm->order)
        abort();
    for (size_t k = 0; k < farm->jobs; k++) {
        const struct entry *e = &farm->entry[farm->job[k].entry];

        if (e->error)
            farm->job[k].outcome = sim_outcome_without(SIM_INVALID, without_file(e->error, e->file), 0, NULL);
        else
            farm->order[farm->to_do++] = k;
        farm->progress.weight += farm->job[k].weight;
    }
    qsort_r(farm->order, farm->to_do, sizeof *farm->order, heavier, farm->job);
}

/* --- In a worker --- */

/* A scenario from its beginning to its end. A simulation that can use several threads has one here: the processes
 * are as many as there are processors. */
static cJSON *play(const struct farm *farm, const struct sim_scenario *scenario, const struct sim_vary *vary,
                   unsigned run, const cJSON *values)
{
    double began = cli_wall_seconds();
    struct sim *sim = sim_new(scenario, &farm->speed);
    struct host_modbus *slave = host_modbus_new();
    cJSON *outcome;

    if (!slave)
        abort();
    sim_set_modbus(sim, host_modbus_answer, slave);
    cli_equip(sim);
    sim_run(sim, scenario->duration);
    outcome = run ? sim_outcome_of_run(sim, vary, run, values, cli_wall_seconds() - began)
                  : sim_outcome(sim, cli_wall_seconds() - began);
    host_modbus_free(slave);
    sim_free(sim);
    return outcome;
}

static cJSON *play_run(const struct farm *farm, const struct sim_scenario *base, unsigned run)
{
    struct js js = {.file = base->file};
    struct sim_scenario *scenario = sim_scenario_run(&js, base, run);
    cJSON *values = sim_vary_draw(&base->vary, run);
    cJSON *outcome = scenario ? play(farm, scenario, &base->vary, run, values)
                              : sim_outcome_without(SIM_INVALID, without_file(js.error, base->file), run, values);

    sim_scenario_free(scenario);
    cJSON_Delete(values);
    return outcome;
}

static char *work(void *ctx, size_t k)
{
    const struct farm *farm = ctx;
    const struct job *job = &farm->job[farm->order[k]];
    const struct sim_scenario *scenario = farm->entry[job->entry].scenario;
    cJSON *outcome = job->run ? play_run(farm, scenario, job->run) : play(farm, scenario, NULL, 0, NULL);
    char *text = cJSON_PrintUnformatted(outcome);

    if (!text)
        abort();
    cJSON_Delete(outcome);
    return text;
}

/* --- In the farm --- */

/* What is known of a job without an outcome. */
static cJSON *without(const struct farm *farm, const struct job *job, enum sim_verdict verdict, const char *why)
{
    const struct sim_scenario *scenario = farm->entry[job->entry].scenario;
    cJSON *values = job->run ? sim_vary_draw(&scenario->vary, job->run) : NULL;
    cJSON *outcome = sim_outcome_without(verdict, why, job->run, values);

    cJSON_Delete(values);
    return outcome;
}

static void done(void *ctx, size_t k, const char *text, int status)
{
    struct farm *farm = ctx;
    struct job *job = &farm->job[farm->order[k]];
    char why[100];

    job->outcome = text ? cJSON_Parse(text) : NULL;
    if (!job->outcome) {
        if (WIFSIGNALED(status))
            snprintf(why, sizeof why, "its process was ended by signal %d (%s)", WTERMSIG(status),
                     strsignal(WTERMSIG(status)));
        else
            snprintf(why, sizeof why, "its process ended with exit code %d", WEXITSTATUS(status));
        job->outcome = without(farm, job, SIM_CRASHED, why);
    }
    farm->progress.done++;
    farm->progress.weight_done += job->weight;
    farm->progress.failed += sim_verdict_of(job->outcome) != SIM_PASS;
}

static void show_progress(void *ctx, unsigned working)
{
    struct farm *farm = ctx;
    double now = cli_wall_seconds(), spent = now - farm->progress.started;
    double share = farm->progress.weight > 0 ? farm->progress.weight_done / farm->progress.weight : 0;

    if (!farm->progress.shown || spent < 1 || now - farm->progress.drawn < 0.1)
        return;
    fprintf(stderr, "\r%zu of %zu done, %u running, %zu failed", farm->progress.done, farm->to_do, working,
            farm->progress.failed);
    if (share > 0)
        fprintf(stderr, ", %.0f s left", spent / share - spent);
    fprintf(stderr, " \x1b[K");
    fflush(stderr);
    farm->progress.drawn = now;
}

/* Returns as host_farm_run. */
static int run_jobs(struct farm *farm)
{
    struct host_farm jobs = {
        .jobs = farm->to_do,
        .workers = farm->options->jobs < farm->to_do ? farm->options->jobs : (unsigned)farm->to_do,
        .work = work,
        .done = done,
        .tick = show_progress,
        .ctx = farm,
    };
    int result;

    farm->progress.started = cli_wall_seconds();
    farm->progress.shown = isatty(STDERR_FILENO) && !farm->options->quiet;
    farm->speed = host_speed_best()->loops;
    farm->speed.no_jump = farm->options->no_jump;
    fflush(NULL);
    result = jobs.jobs ? host_farm_run(&jobs) : 0;
    farm->suite.wall_seconds = cli_wall_seconds() - farm->progress.started;
    if (farm->progress.drawn > 0)
        fprintf(stderr, "\r\x1b[K");
    if (result < 0)
        host_log("no process could be started: %s", strerror(errno));
    return result;
}

static cJSON *make_report(struct farm *farm)
{
    cJSON *items = cJSON_CreateArray();

    for (size_t k = 0; k < farm->files.count; k++) {
        const struct entry *e = &farm->entry[k];
        cJSON *outcomes = cJSON_CreateArray();

        for (size_t n = e->first; n < e->first + e->count; n++) {
            struct job *job = &farm->job[n];

            cJSON_AddItemToArray(outcomes, job->outcome ? job->outcome : without(farm, job, SIM_NOT_RUN, NULL));
            job->outcome = NULL;
        }
        if (e->count)
            cJSON_AddItemToArray(items, sim_suite_item(k + 1, e->file, e->scenario, outcomes));
        else
            cJSON_Delete(outcomes);
    }
    return sim_suite_report(&farm->suite, items);
}

static bool reports_anything(const struct farm *farm)
{
    for (size_t k = 0; k < farm->files.count; k++)
        if (!farm->entry[k].scenario || farm->entry[k].scenario->vary.reports)
            return true; /* an invalid one is told of by itself */
    return false;
}

static void clean_up(struct farm *farm)
{
    for (size_t k = 0; k < farm->files.count; k++) {
        sim_scenario_free(farm->entry[k].scenario);
        free(farm->entry[k].error);
    }
    for (size_t k = 0; k < farm->jobs; k++)
        cJSON_Delete(farm->job[k].outcome);
    free(farm->entry);
    free(farm->job);
    free(farm->order);
    cli_files_free(&farm->files);
}

/* Files are opened before anything runs: a wrong name shall not cost a long run. */
static int run_all(struct farm *farm, int *stopped)
{
    const struct run_options *o = farm->options;
    struct cli_suite_files files = {.report_name = o->report, .junit_name = o->junit, .histogram_name = o->histogram};
    bool to_stdout, written;
    cJSON *report;
    int code;

    if (!cli_suite_open(&files))
        return CLI_WORLD;
    to_stdout = files.report == stdout || files.junit == stdout || files.histogram == stdout;
    *stopped = run_jobs(farm);
    report = make_report(farm);
    written = cli_suite_write(&files, report);
    sim_suite_text(to_stdout ? stderr : stdout, report,
                   o->quiet     ? SIM_SUITE_FAILURES
                   : o->verbose ? SIM_SUITE_ALL
                                : SIM_SUITE_SUMMARY);
    code = cli_suite_exit(report);
    cJSON_Delete(report);
    return written && *stopped >= 0 ? code : CLI_WORLD;
}

int cli_farm(const struct run_options *o)
{
    struct farm farm = {.options = o, .suite = {.shard = o->shard, .of = o->of}};
    int code = CLI_USAGE, stopped = 0;

    if (!cli_files_find(&farm.files, o->scenario, o->scenarios))
        return CLI_USAGE;
    farm.entry = calloc(farm.files.count, sizeof *farm.entry);
    if (!farm.entry)
        abort();
    set_fingerprint(&farm);
    list_jobs(&farm);
    put_in_order(&farm);
    code = o->histogram && !reports_anything(&farm)
               ? cli_usage_error("run", "--histogram: no scenario has \"vary\" with \"report\"")
               : run_all(&farm, &stopped);
    clean_up(&farm);
    if (stopped > 0) {
        /* The shell is to see what has ended it. */
        fflush(NULL);
        signal(stopped, SIG_DFL);
        raise(stopped);
    }
    return code;
}
