/* SPDX-License-Identifier: MIT
 * vmeter calibrate: the end of the production line. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../host/log.h"
#include "../host/nvm.h"
#include "../host/speed.h"
#include "../sim/adjust.h"
#include "cli.h"

static const char help[] =
    "usage: vmeter calibrate --front-end FILE [options]\n"
    "\n"
    "Does what a production line does with a new meter: applies 230 V and 1 A at PF 1, then at PF 0.5 inductive, and\n"
    "finds from the errors of each phase the gains, the phase and the offsets that take the errors of its front end\n"
    "back. Prints the errors before and after.\n"
    "\n"
    "  --front-end FILE  the errors of the front end: JSON as \"front_end\" in a scenario\n"
    "  --nvm FILE        put the constants into this meter (its EEPROM, made if there is none)\n"
    "  --report FILE     write constants and errors as JSON\n"
    "  -h, --help        this text\n"
    "\n"
    "  vmeter calibrate --front-end assets/front-end-realistic.json --nvm meter.nvm\n"
    "  vmeter conformance --front-end assets/front-end-realistic.json --nvm meter.nvm\n";

struct options {
    const char *front_end, *nvm, *report;
};

enum { OPT_FRONT_END = 256, OPT_NVM, OPT_REPORT };

static const struct option long_options[] = {
    {"front-end", required_argument, NULL, OPT_FRONT_END},
    {"nvm", required_argument, NULL, OPT_NVM},
    {"report", required_argument, NULL, OPT_REPORT},
    {"help", no_argument, NULL, 'h'},
    {0},
};

/* Returns an exit code, or -1 to go on. */
static int read_options(int argc, char **argv, struct options *o)
{
    int option;

    *o = (struct options){0};
    while ((option = cli_option(argc, argv, "h", long_options)) != -1) {
        switch (option) {
        case OPT_FRONT_END:
            o->front_end = optarg;
            break;
        case OPT_NVM:
            o->nvm = optarg;
            break;
        case OPT_REPORT:
            o->report = optarg;
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
    if (!o->front_end)
        return cli_usage_error(argv[0], "which front end? --front-end FILE");
    return -1;
}

/* --- Results --- */

static const char *const channels[EM_CHANNEL_COUNT] = {"L1.voltage", "L2.voltage", "L3.voltage",
                                                       "L1.current", "L2.current", "L3.current"};
static const char *const scopes[EM_PHASES_AND_TOTAL] = {"L1", "L2", "L3", "total"};

static void print_errors(FILE *out, const struct sim_adjustment *w)
{
    fprintf(out, "%-22s %10s %10s %10s %10s\n", "error of power, %", scopes[0], scopes[1], scopes[2], scopes[3]);
    for (int k = 0; k < 2 * SIM_ADJUST_POINTS; k++) {
        const struct sim_adjust_errors *e = k < SIM_ADJUST_POINTS ? &w->before[k] : &w->after[k - SIM_ADJUST_POINTS];

        if (k % SIM_ADJUST_POINTS == 0)
            fprintf(out, "%s\n", k ? "after" : "before");
        fprintf(out, "  %-20s", sim_adjust_names[k % SIM_ADJUST_POINTS]);
        for (int p = 0; p < EM_PHASES_AND_TOTAL; p++)
            fprintf(out, " %+10.4f", e->power[p]);
        fprintf(out, "\n");
    }
}

static void print_constants(FILE *out, const struct em_calibration *c)
{
    fprintf(out, "\n%-22s %10s %10s %10s\n", "constants", scopes[0], scopes[1], scopes[2]);
    for (int k = 0; k < 2; k++)
        fprintf(out, "  %-20s %+10.4f %+10.4f %+10.4f\n", k ? "gain of current, %" : "gain of voltage, %",
                c->gain_ppm[3 * k] / 1e4, c->gain_ppm[3 * k + 1] / 1e4, c->gain_ppm[3 * k + 2] / 1e4);
    fprintf(out, "  %-20s %10.4f %10.4f %10.4f\n", "current leads, deg", c->phase[0] / (double)EM_PHASE_PER_DEGREE,
            c->phase[1] / (double)EM_PHASE_PER_DEGREE, c->phase[2] / (double)EM_PHASE_PER_DEGREE);
    fprintf(out, "  %-20s %10.4f %10.4f %10.4f\n", "offset of voltage, V", c->offset[0] / (double)EM_COUNTS_PER_VOLT,
            c->offset[1] / (double)EM_COUNTS_PER_VOLT, c->offset[2] / (double)EM_COUNTS_PER_VOLT);
    fprintf(out, "  %-20s %10.4f %10.4f %10.4f\n", "offset of current, mA", c->offset[3] * 1e3 / EM_COUNTS_PER_AMPERE,
            c->offset[4] * 1e3 / EM_COUNTS_PER_AMPERE, c->offset[5] * 1e3 / EM_COUNTS_PER_AMPERE);
}

static void add_constants(cJSON *report, const struct em_calibration *c)
{
    cJSON *o = cJSON_AddObjectToObject(report, "calibration");
    cJSON *gain = cJSON_AddObjectToObject(o, "gain_ppm"), *phase = cJSON_AddObjectToObject(o, "phase_degrees"),
          *offset = cJSON_AddObjectToObject(o, "offset_counts");

    for (int k = 0; k < EM_CHANNEL_COUNT; k++) {
        cJSON_AddNumberToObject(gain, channels[k], c->gain_ppm[k]);
        cJSON_AddNumberToObject(offset, channels[k], c->offset[k]);
    }
    for (int p = 0; p < EM_PHASE_COUNT; p++)
        cJSON_AddNumberToObject(phase, scopes[p], c->phase[p] / (double)EM_PHASE_PER_DEGREE);
}

static void add_errors(cJSON *report, const char *name, const struct sim_adjust_errors errors[SIM_ADJUST_POINTS])
{
    cJSON *list = cJSON_AddArrayToObject(report, name);

    for (int k = 0; k < SIM_ADJUST_POINTS; k++) {
        cJSON *item = cJSON_CreateObject(), *power;

        cJSON_AddStringToObject(item, "point", sim_adjust_names[k]);
        power = cJSON_AddObjectToObject(item, "power_error_percent");
        for (int p = 0; p < EM_PHASES_AND_TOTAL; p++)
            cJSON_AddNumberToObject(power, scopes[p], errors[k].power[p]);
        cJSON_AddItemToArray(list, item);
    }
}

static void write_report(FILE *out, const struct sim_adjustment *w)
{
    cJSON *report = cJSON_CreateObject();
    char *text;

    add_constants(report, &w->calibration);
    add_errors(report, "before", w->before);
    add_errors(report, "after", w->after);
    text = cJSON_Print(report);
    fprintf(out, "%s\n", text);
    free(text);
    cJSON_Delete(report);
}

/* --- Into the meter --- */

/* A meter on its memory gets the constants and is switched off in order. */
static bool store(const char *file, const struct em_calibration *c, const struct sim_speed *speed)
{
    struct sim_setup setup = {0};
    struct sim_point *point;
    struct host_nvm *nvm;
    char error[512];
    bool ok;

    if (!(nvm = host_nvm_open(file, 1, error, sizeof error))) {
        host_log("%s", error);
        return false;
    }
    if (!(point = calloc(1, sizeof *point)))
        abort();
    sim_network_init(&setup.network);
    sim_point_init(point, &setup, speed, host_nvm_memories(nvm)[0]);
    ok = !point->meter.stopped;
    if (ok)
        em_meter_calibrate(&point->meter, c);
    else
        host_log("%s: this is no memory of the meter, or a damaged one: error %02X", file, point->meter.error_code);
    em_meter_stop(&point->meter);
    sim_point_free(point);
    free(point);
    return host_nvm_close(nvm) && ok;
}

static int calibrate(const struct options *o, const struct sim_front_end *fe)
{
    const struct sim_speed *speed = &host_speed_best()->loops;
    struct sim_adjustment adjustment;
    FILE *report, *out;
    bool written;

    if (!cli_open_wanted(o->report, &report))
        return CLI_WORLD;
    out = report == stdout ? stderr : stdout;
    if (sim_adjust(&adjustment, fe, speed)) {
        host_log("%s: this front end errs by more than constants can take back (20 %%, 10 degrees, 10^6 counts)",
                 o->front_end);
        cli_close_output(report, o->report);
        return CLI_FAILED;
    }
    print_errors(out, &adjustment);
    print_constants(out, &adjustment.calibration);
    if (report)
        write_report(report, &adjustment);
    written = cli_close_output(report, o->report);
    if (o->nvm)
        written = store(o->nvm, &adjustment.calibration, speed) && written;
    return written ? CLI_OK : CLI_WORLD;
}

int cli_calibrate(int argc, char **argv)
{
    struct options o;
    struct sim_front_end fe;
    struct js js = {0};
    int code = read_options(argc, argv, &o);

    if (code >= 0)
        return code;
    js.file = o.front_end;
    if (!sim_front_end_load(&js, o.front_end, &fe)) {
        host_log("%s", js.error);
        return CLI_USAGE;
    }
    return calibrate(&o, &fe);
}
