/* SPDX-License-Identifier: MIT */
#include "live.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "../host/log.h"
#include "../host/speed.h"
#include "picture.h"

/* --- Options --- */

static const char serve_intro[] =
    "usage: vmeter serve [SCENARIO.json] [options]\n"
    "\n"
    "Runs a meter in real time and answers Modbus RTU and M-Bus on virtual serial ports. Without a scenario: 230 V "
    "and\n"
    "5 A (CT secondary) at PF 0.9 inductive on three phases. After a scenario's end its last state goes on.\n"
    "Prints a line per port and then `ready`; stops on SIGINT and SIGTERM.\n"
    "\n";

static const char ui_intro[] =
    "usage: vmeter ui [SCENARIO.json] [options]\n"
    "\n"
    "Runs a meter in real time, as serve does, with a window: its front, and beside it a bench panel with grid, load,\n"
    "measured values, ports and traffic. Whatever is done there is an event, as in scenarios.\n"
    "\n"
    "  mouse, touch      work the meter's buttons; the middle one held for more than 3 s opens the menu\n"
    "  arrows            << and >>; Enter, Space or Down is the middle button\n"
    "  F2 or Tab         folds the panel away, and back\n"
    "  P                 pauses, and goes on\n"
    "\n"
    "  --size X          everything X times as large (0.5 to 6); otherwise as the display asks\n";

static const char shared_help[] =
    "  --modbus LINK     make LINK a symbolic link to the virtual serial port with Modbus RTU\n"
    "  --modbus-port DEV answer Modbus RTU on a real serial port too, as in /dev/ttyUSB0; see vmeter ports\n"
    "  --modbus-tcp HOST:PORT\n"
    "                    answer Modbus TCP on a TCP port too, as a gateway does; PORT alone is for this machine only\n"
    "  --modbus-rtu-tcp HOST:PORT\n"
    "                    answer Modbus RTU on a TCP port too, byte for byte as a serial device server\n"
    "  --mbus LINK       make LINK a symbolic link to the virtual serial port with M-Bus\n"
    "  --mbus-tcp HOST:PORT\n"
    "                    answer M-Bus on a TCP port too, byte for byte as a serial device server\n"
    "  --mbus-port DEV   answer M-Bus on a real serial port too (behind it: a level converter for slaves)\n"
    "  --app HOST:PORT   while the meter's Bluetooth is on, serve the app, a page for phones, here; its address is in "
    "the\n"
    "                    QR code of the Bluetooth page; PORT alone is for this machine only\n"
    "  --line-timing     bytes take the time that they take at the line's rate; otherwise they pass at once\n"
    "  --capture FILE    write what goes over the lines, for Wireshark (pcapng; - for standard output)\n"
    "  --control SOCKET  take requests here, see vmeter ctl --help\n"
    "  --record FILE     write down what is done to the meter, as a scenario that plays it again\n"
    "  --speed X         X simulated seconds a second (default 1), or max\n"
    "  --nvm FILE        the meter's EEPROM: what it holds is the state at the start, if it has been set up before, "
    "and\n"
    "                    \"meter\" in the scenario does not count; it is kept in step with the meter\n"
    "  --set PATH=VALUE  change the scenario before it runs, as in meter.modbus_id=7; may be repeated\n"
    "  -v                tell on stderr what happens on the ports\n"
    "  -h, --help        this text\n"
    "\n"
    "The options for real ports and TCP ports may be repeated.\n"
    "The ports have the meter's own line settings, Modbus 9600 8E1 and M-Bus 2400 8E1 unless set otherwise; a master "
    "at\n"
    "another speed gets no answer. A TCP port serves up to eight masters and has no speed; port 0 takes a free one, "
    "which\n"
    "the printed line names.\n"
    "\n";

static const char serve_examples[] = "  vmeter serve --modbus ./m --mbus-tcp 10001 --control ./c &\n"
                                     "  vmeter read ./m\n"
                                     "  mbpoll -m rtu -a 1 -b 9600 -P even -t 4:hex -0 -r 0x5000 -c 56 -1 ./m\n";

static const char ui_examples[] = "  vmeter ui --modbus ./m &\n"
                                  "  vmeter read ./m\n"
                                  "  vmeter ui scenarios/solar.json --speed 60 --record mine.json\n";

enum {
    OPT_MODBUS = 256,
    OPT_MBUS,
    OPT_LINE_TIMING,
    OPT_CAPTURE,
    OPT_APP,
    OPT_CONTROL,
    OPT_RECORD,
    OPT_SPEED,
    OPT_NVM,
    OPT_SET,
    OPT_SIZE,
    OPT_DOOR, /* and then one for each kind of door */
};

/* The last but one is the window's alone. */
static const struct option long_options[] = {
    {"modbus", required_argument, NULL, OPT_MODBUS},
    {"modbus-port", required_argument, NULL, OPT_DOOR + HOST_MODBUS_PORT},
    {"modbus-tcp", required_argument, NULL, OPT_DOOR + HOST_MODBUS_TCP},
    {"modbus-rtu-tcp", required_argument, NULL, OPT_DOOR + HOST_MODBUS_RTU_TCP},
    {"mbus", required_argument, NULL, OPT_MBUS},
    {"mbus-tcp", required_argument, NULL, OPT_DOOR + HOST_MBUS_TCP},
    {"mbus-port", required_argument, NULL, OPT_DOOR + HOST_MBUS_PORT},
    {"app", required_argument, NULL, OPT_APP},
    {"line-timing", no_argument, NULL, OPT_LINE_TIMING},
    {"capture", required_argument, NULL, OPT_CAPTURE},
    {"control", required_argument, NULL, OPT_CONTROL},
    {"record", required_argument, NULL, OPT_RECORD},
    {"speed", required_argument, NULL, OPT_SPEED},
    {"nvm", required_argument, NULL, OPT_NVM},
    {"set", required_argument, NULL, OPT_SET},
    {"help", no_argument, NULL, 'h'},
    {"size", required_argument, NULL, OPT_SIZE},
    {0},
};
#define OPTION_COUNT (sizeof long_options / sizeof long_options[0])

static void print_help(bool ui)
{
    printf("%s%s%s", ui ? ui_intro : serve_intro, shared_help, ui ? ui_examples : serve_examples);
}

static bool read_speed(const char *command, const char *text, double *speed)
{
    *speed = HOST_SPEED_MAX;
    return strcmp(text, "max") == 0 || cli_number(command, "--speed", text, 1e-3, 1e9, speed);
}

static int take_door(const char *command, enum host_door_kind kind, const char *where, struct host_session_options *s)
{
    if (s->doors == HOST_DOORS_MAX)
        return cli_usage_error(command, "at most %d real ports and TCP ports", HOST_DOORS_MAX);
    s->door[s->doors++] = (struct host_door){kind, where};
    return -1;
}

/* One option. Returns an exit code, or -1 to go on. */
static int take_option(int option, char **argv, bool ui, struct cli_live_options *o)
{
    struct host_session_options *s = &o->session;
    const struct {
        int option;
        const char **text;
    } texts[] = {
        {OPT_MODBUS, &s->modbus_link},
        {OPT_MBUS, &s->mbus_link},
        {OPT_CONTROL, &s->control_path},
        {OPT_RECORD, &s->record},
        {OPT_NVM, &o->nvm},
        {OPT_CAPTURE, &o->capture},
        {OPT_APP, &s->app},
    };

    for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
        if (texts[k].option == option) {
            *texts[k].text = optarg;
            return -1;
        }
    }
    if (option >= OPT_DOOR)
        return take_door(argv[0], (enum host_door_kind)(option - OPT_DOOR), optarg, s);
    switch (option) {
    case OPT_LINE_TIMING:
        s->line_timing = true;
        return -1;
    case OPT_SPEED:
        return read_speed(argv[0], optarg, &s->speed) ? -1 : CLI_USAGE;
    case OPT_SIZE:
        return cli_number(argv[0], "--size", optarg, 0.5, 6, &o->size) ? -1 : CLI_USAGE;
    case OPT_SET:
        return cli_override(argv[0], &o->overrides, optarg);
    case 'v':
        host_log_level = 1;
        return -1;
    case 'h':
        print_help(ui);
        return CLI_OK;
    default:
        return CLI_USAGE;
    }
}

int cli_live_options(int argc, char **argv, struct cli_live_options *o)
{
    bool ui = strcmp(argv[0], "ui") == 0;
    struct option known[OPTION_COUNT];
    int option, code;

    memcpy(known, long_options, sizeof known);
    if (!ui)
        known[OPTION_COUNT - 2] = (struct option){0};
    *o = (struct cli_live_options){.session.speed = 1};
    while ((option = cli_option(argc, argv, "hv", known)) != -1)
        if ((code = take_option(option, argv, ui, o)) >= 0)
            return code;
    if (argc - optind > 1)
        return cli_usage_error(argv[0], "only one scenario");
    o->scenario = argc > optind ? argv[optind] : NULL;
    if (!o->scenario && o->overrides.count)
        return cli_usage_error(argv[0], "--set goes with a scenario");
    return -1;
}

/* --- Opening and closing --- */

volatile bool cli_live_stop;

static void on_signal(int number)
{
    (void)number;
    cli_live_stop = true;
}

int cli_live_open(struct cli_live *live, const struct cli_live_options *o)
{
    struct sigaction action = {.sa_handler = on_signal};
    struct host_session_options session = o->session;
    char error[512];

    *live = (struct cli_live){0};
    live->scenario = o->scenario ? cli_load(o->scenario, &o->overrides) : sim_scenario_default();
    if (!live->scenario)
        return CLI_USAGE;
    if (o->nvm && !(live->nvm = host_nvm_open(o->nvm, live->scenario->meters, error, sizeof error))) {
        host_log("%s", error);
        return CLI_WORLD;
    }
    live->capture_name = o->capture;
    if (!cli_open_wanted(o->capture, &live->capture))
        return CLI_WORLD;
    session.capture = live->capture;
    live->sim = sim_new_on(live->scenario, &host_speed_best()->loops, host_nvm_memories(live->nvm));
    cli_equip(live->sim);
    live->session = host_session_open(live->sim, &session, error, sizeof error);
    host_nvm_judge(live->nvm, live->sim);
    if (!live->session) {
        host_log("%s", error);
        return CLI_WORLD;
    }
    if (live->capture == stdout)
        signal(SIGPIPE, SIG_IGN); /* the meter goes on when nobody looks any more */
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return -1;
}

void cli_live_print(const struct cli_live *live)
{
    FILE *out = live->capture == stdout ? stderr : stdout;

    host_session_print_ports(live->session, out);
    fprintf(out, "ready\n");
    fflush(out);
}

int cli_live_close(struct cli_live *live, int code)
{
    if (live->session) {
        bool failed = live->sim->results.failed;

        if (!host_session_close(live->session))
            code = CLI_WORLD;
        sim_stop(live->sim);
        if (code < 0)
            code = failed ? CLI_FAILED : CLI_OK;
    }
    sim_free(live->sim);
    if (!cli_close_output(live->capture, live->capture_name))
        code = CLI_WORLD;
    if (!host_nvm_close(live->nvm))
        code = CLI_WORLD;
    sim_scenario_free(live->scenario);
    return code;
}
