/* SPDX-License-Identifier: MIT
 * vmeter lcd: what the display shows at some moment of a scenario. */
#include <stdio.h>
#include <stdlib.h>

#include "../host/log.h"
#include "../host/slave.h"
#include "../host/speed.h"
#include "../sim/lcd.h"
#include "../sim/sim.h"
#include "cli.h"
#include "picture.h"

static const char help[] = "usage: vmeter lcd SCENARIO.json [options]\n"
                           "\n"
                           "Plays a scenario and shows the meter's display as it is then, as text or as a picture.\n"
                           "\n"
                           "  --at TIME         when, as in 90s or 1h30m; the scenario's end if absent\n"
                           "  --text            as text, on standard output (this is so unless --png is given)\n"
                           "  --png FILE        as a picture; as SVG if FILE ends in .svg\n"
                           "  --front           the meter's whole front instead of the display alone\n"
                           "  --scale N         pixels a millimetre of the picture, 1 to 100 (default 16)\n"
                           "  --meter N         which one, where there are several (default 1)\n"
                           "  --set PATH=VALUE  change the scenario before it runs; may be repeated\n"
                           "  -h, --help        this text\n"
                           "\n"
                           "  vmeter lcd scenarios/menu.json --at 23s\n"
                           "  vmeter lcd scenarios/motor.json --at 10m --png lcd.png\n";

struct options {
    const char *scenario, *picture;
    struct cli_overrides overrides;
    int64_t at; /* -1: the end */
    double scale, meter;
    bool text, front;
};

enum { OPT_AT = 256, OPT_TEXT, OPT_PNG, OPT_FRONT, OPT_SCALE, OPT_METER, OPT_SET };

static const struct option long_options[] = {
    {"at", required_argument, NULL, OPT_AT},
    {"text", no_argument, NULL, OPT_TEXT},
    {"png", required_argument, NULL, OPT_PNG},
    {"front", no_argument, NULL, OPT_FRONT},
    {"scale", required_argument, NULL, OPT_SCALE},
    {"meter", required_argument, NULL, OPT_METER},
    {"set", required_argument, NULL, OPT_SET},
    {"help", no_argument, NULL, 'h'},
    {0},
};

/* Returns an exit code, or -1 to go on. */
static int read_options(int argc, char **argv, struct options *o)
{
    int option;

    *o = (struct options){.at = -1, .scale = 16, .meter = 1};
    while ((option = cli_option(argc, argv, "h", long_options)) != -1) {
        switch (option) {
        case OPT_AT:
            if (!js_time_text(optarg, &o->at))
                return cli_usage_error(argv[0], "--at: \"%s\" is no time; write it as 90s, 500ms or 1h30m", optarg);
            break;
        case OPT_TEXT:
            o->text = true;
            break;
        case OPT_PNG:
            o->picture = optarg;
            break;
        case OPT_FRONT:
            o->front = true;
            break;
        case OPT_SCALE:
            if (!cli_number(argv[0], "--scale", optarg, 1, 100, &o->scale))
                return CLI_USAGE;
            break;
        case OPT_METER:
            if (!cli_number(argv[0], "--meter", optarg, 1, SIM_METERS_MAX, &o->meter))
                return CLI_USAGE;
            break;
        case OPT_SET:
            if (cli_override(argv[0], &o->overrides, optarg) >= 0)
                return CLI_USAGE;
            break;
        case 'h':
            fputs(help, stdout);
            return CLI_OK;
        default:
            return CLI_USAGE;
        }
    }
    if (optind != argc - 1)
        return cli_usage_error(argv[0], optind == argc ? "which scenario?" : "only one scenario at a time");
    o->scenario = argv[optind];
    o->text = o->text || !o->picture;
    return -1;
}

static int show(const struct options *o, struct sim_point *point)
{
    char text[SIM_LCD_PICTURE];

    if (o->text) {
        sim_lcd_picture(em_meter_lcd(&point->meter), text);
        fputs(text, stdout);
    }
    return !o->picture || cli_picture(point, o->front, o->scale, o->picture) ? CLI_OK : CLI_WORLD;
}

static int play(const struct options *o, const struct sim_scenario *scenario)
{
    struct host_modbus *slave = host_modbus_new();
    struct sim *sim = sim_new(scenario, &host_speed_best()->loops);
    int code;

    sim_set_modbus(sim, host_modbus_answer, slave);
    cli_equip(sim);
    sim_run(sim, o->at < 0 ? scenario->duration : o->at);
    code = show(o, &sim->point[(unsigned)o->meter - 1]);
    sim_free(sim);
    host_modbus_free(slave);
    return code;
}

int cli_lcd(int argc, char **argv)
{
    struct options o;
    struct sim_scenario *scenario;
    int code = read_options(argc, argv, &o);

    if (code >= 0)
        return code;
    scenario = cli_load(o.scenario, &o.overrides);
    if (!scenario)
        return CLI_USAGE;
    if (o.meter > scenario->meters)
        code = cli_usage_error(argv[0], "--meter: there is no meter %g, only 1 to %u", o.meter, scenario->meters);
    else
        code = play(&o, scenario);
    sim_scenario_free(scenario);
    return code;
}
