/* SPDX-License-Identifier: MIT
 * What vmeter run with many scenarios and vmeter merge share. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../host/log.h"
#include "../sim/suite.h"
#include "../sim/sweep.h"
#include "run.h"

/* --- Files --- */

static bool ends_in(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);

    return n > m && strcmp(name + n - m, end) == 0;
}

static int is_scenario(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && ends_in(entry->d_name, ".json") && !ends_in(entry->d_name, ".schema.json");
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* Takes the name over. */
static void add_file(struct cli_files *files, char *name)
{
    files->name = realloc(files->name, (files->count + 1) * sizeof *files->name);
    if (!files->name || !name)
        abort();
    files->name[files->count++] = name;
}

static bool add_folder(struct cli_files *files, const char *folder)
{
    struct dirent **entry = NULL;
    int count = scandir(folder, &entry, is_scenario, by_name);
    size_t n = strlen(folder);

    for (int k = 0; k < count; k++) {
        char *name = NULL;

        if (asprintf(&name, "%s%s%s", folder, n && folder[n - 1] == '/' ? "" : "/", entry[k]->d_name) < 0)
            abort();
        add_file(files, name);
        free(entry[k]);
    }
    free(entry);
    if (count <= 0)
        host_log("%s: %s", folder, count < 0 ? strerror(errno) : "no scenario in this folder, no *.json");
    return count > 0;
}

static bool is_folder(const char *name)
{
    struct stat st;

    return stat(name, &st) == 0 && S_ISDIR(st.st_mode);
}

bool cli_is_farm(const struct run_options *o)
{
    return o->scenarios > 1 || o->of || o->histogram || (o->scenarios && is_folder(o->scenario[0]));
}

bool cli_files_find(struct cli_files *files, char **argument, int count)
{
    bool ok = true;

    *files = (struct cli_files){0};
    for (int k = 0; k < count; k++) {
        if (is_folder(argument[k]))
            ok = add_folder(files, argument[k]) && ok;
        else
            add_file(files, strdup(argument[k]));
    }
    if (!ok)
        cli_files_free(files);
    return ok;
}

void cli_files_free(struct cli_files *files)
{
    for (size_t k = 0; k < files->count; k++)
        free(files->name[k]);
    free(files->name);
    *files = (struct cli_files){0};
}

/* --- Reports --- */

enum cli_exit cli_suite_exit(const cJSON *report)
{
    static const enum cli_exit code[SIM_VERDICTS + 1] = {
        [SIM_PASS] = CLI_OK,       [SIM_FAIL] = CLI_FAILED, [SIM_CRASHED] = CLI_FAILED,
        [SIM_INVALID] = CLI_USAGE, [SIM_LOST] = CLI_WORLD,  [SIM_NOT_RUN] = CLI_FAILED,
    };

    return code[sim_verdict_of(report)];
}

bool cli_suite_open(struct cli_suite_files *f)
{
    return cli_open_wanted(f->report_name, &f->report) && cli_open_wanted(f->junit_name, &f->junit) &&
           cli_open_wanted(f->histogram_name, &f->histogram);
}

bool cli_suite_write(struct cli_suite_files *f, const cJSON *report)
{
    bool ok;

    if (f->report) {
        char *text = cJSON_Print(report);

        fprintf(f->report, "%s\n", text);
        free(text);
    }
    if (f->junit)
        sim_suite_junit(f->junit, report);
    if (f->histogram && !sim_sweep_histogram(f->histogram, report))
        host_log("%s: nothing to draw: no scenario has \"vary\" with \"report\"", f->histogram_name);
    ok = cli_close_output(f->report, f->report_name);
    ok = cli_close_output(f->junit, f->junit_name) && ok;
    return cli_close_output(f->histogram, f->histogram_name) && ok;
}
