/* SPDX-License-Identifier: MIT
 * vmeter serve: meters in real time, with a Modbus and an M-Bus. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "../host/log.h"
#include "../host/nvm.h"
#include "../host/session.h"
#include "../host/speed.h"
#include "cli.h"
#include "picture.h"

static const char help[] =
    "usage: vmeter serve [SCENARIO.json] [options]\n"
    "\n"
    "Runs a meter in real time and answers Modbus RTU and M-Bus on virtual serial ports. Without a scenario: 230 V "
    "and\n"
    "5 A (CT secondary) at PF 0.9 inductive on three phases. After a scenario's end its last state goes on.\n"
    "Prints a line per port and then `ready`; stops on SIGINT and SIGTERM.\n"
    "\n"
    "  --modbus LINK     make LINK a symbolic link to the virtual serial port with Modbus RTU\n"
    "  --modbus-port DEV answer Modbus RTU on a real serial port too, as in /dev/ttyUSB0\n"
    "  --mbus LINK       make LINK a symbolic link to the virtual serial port with M-Bus\n"
    "  --mbus-tcp HOST:PORT\n"
    "                    answer M-Bus on a TCP port too; PORT alone is for this machine only\n"
    "  --mbus-port DEV   answer M-Bus on a real serial port too (behind it: a level converter for slaves)\n"
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
    "The ports have the meter's own line settings, Modbus 9600 8E1 and M-Bus 2400 8E1 unless set otherwise; a master "
    "at\n"
    "another speed gets no answer. TCP has no speed.\n"
    "\n"
    "  vmeter serve --modbus ./m --mbus-tcp 10001 --control ./c &\n"
    "  vmeter read ./m\n"
    "  mbpoll -m rtu -a 1 -b 9600 -P even -t 4:hex -0 -r 0x5000 -c 56 -1 ./m\n";

#define OVERRIDES_MAX 64

struct options {
    struct host_session_options session;
    const char *scenario, *nvm;
    const char *override[OVERRIDES_MAX];
    size_t overrides;
};

enum {
    OPT_MODBUS = 256,
    OPT_MODBUS_PORT,
    OPT_MBUS,
    OPT_MBUS_TCP,
    OPT_MBUS_PORT,
    OPT_CONTROL,
    OPT_RECORD,
    OPT_SPEED,
    OPT_NVM,
    OPT_SET
};

static const struct option long_options[] = {
    {"modbus", required_argument, NULL, OPT_MODBUS},
    {"modbus-port", required_argument, NULL, OPT_MODBUS_PORT},
    {"mbus", required_argument, NULL, OPT_MBUS},
    {"mbus-tcp", required_argument, NULL, OPT_MBUS_TCP},
    {"mbus-port", required_argument, NULL, OPT_MBUS_PORT},
    {"control", required_argument, NULL, OPT_CONTROL},
    {"record", required_argument, NULL, OPT_RECORD},
    {"speed", required_argument, NULL, OPT_SPEED},
    {"nvm", required_argument, NULL, OPT_NVM},
    {"set", required_argument, NULL, OPT_SET},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static volatile bool stop;

static void on_signal(int number)
{
    (void)number;
    stop = true;
}

/* Returns an exit code, or -1 to go on. */
static int read_options(int argc, char **argv, struct options *o)
{
    int option;

    *o = (struct options){.session.speed = 1};
    while ((option = cli_option(argc, argv, "hv", long_options)) != -1) {
        switch (option) {
        case OPT_MODBUS:
            o->session.modbus_link = optarg;
            break;
        case OPT_MODBUS_PORT:
            o->session.modbus_port = optarg;
            break;
        case OPT_MBUS:
            o->session.mbus_link = optarg;
            break;
        case OPT_MBUS_TCP:
            o->session.mbus_tcp = optarg;
            break;
        case OPT_MBUS_PORT:
            o->session.mbus_port = optarg;
            break;
        case OPT_CONTROL:
            o->session.control_path = optarg;
            break;
        case OPT_RECORD:
            o->session.record = optarg;
            break;
        case OPT_SPEED:
            if (strcmp(optarg, "max") == 0)
                o->session.speed = HOST_SPEED_MAX;
            else if (!cli_number(argv[0], "--speed", optarg, 1e-3, 1e9, &o->session.speed))
                return CLI_USAGE;
            break;
        case OPT_NVM:
            o->nvm = optarg;
            break;
        case OPT_SET:
            if (o->overrides == OVERRIDES_MAX)
                return cli_usage_error(argv[0], "--set: at most %d", OVERRIDES_MAX);
            o->override[o->overrides++] = optarg;
            break;
        case 'v':
            host_log_level = 1;
            break;
        case 'h':
            fputs(help, stdout);
            return CLI_OK;
        default:
            return CLI_USAGE;
        }
    }
    if (argc - optind > 1)
        return cli_usage_error(argv[0], "only one scenario");
    o->scenario = argc > optind ? argv[optind] : NULL;
    if (!o->scenario && o->overrides)
        return cli_usage_error(argv[0], "--set goes with a scenario");
    return -1;
}

static int serve(const struct options *o, const struct sim_scenario *scenario, struct host_nvm *nvm)
{
    struct sigaction action = {.sa_handler = on_signal};
    struct sim *sim = sim_new_on(scenario, &host_speed_best()->loops, host_nvm_memories(nvm));
    char error[512];
    struct host_session *session = host_session_open(sim, &o->session, error, sizeof error);
    int code = CLI_OK;

    sim_set_snapshot(sim, cli_snapshot, NULL);
    host_nvm_judge(nvm, sim);
    if (session) {
        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
        host_session_print_ports(session);
        printf("ready\n");
        fflush(stdout);
        host_session_run(session, &stop);
        code = sim->results.failed ? CLI_FAILED : CLI_OK;
        if (!host_session_close(session))
            code = CLI_WORLD;
        sim_stop(sim);
    } else {
        host_log("%s", error);
        code = CLI_WORLD;
    }
    sim_free(sim);
    return code;
}

int cli_serve(int argc, char **argv)
{
    struct options o;
    struct sim_scenario *scenario;
    struct host_nvm *nvm = NULL;
    char error[512];
    int code = read_options(argc, argv, &o);

    if (code >= 0)
        return code;
    scenario = o.scenario ? cli_load(o.scenario, o.override, o.overrides) : sim_scenario_default();
    if (!scenario)
        return CLI_USAGE;
    if (o.nvm && !(nvm = host_nvm_open(o.nvm, scenario->meters, error, sizeof error))) {
        host_log("%s", error);
        code = CLI_WORLD;
    } else {
        code = serve(&o, scenario, nvm);
    }
    if (!host_nvm_close(nvm))
        code = CLI_WORLD;
    sim_scenario_free(scenario);
    return code;
}
