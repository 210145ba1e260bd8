/* SPDX-License-Identifier: MIT
 * vmeter read: a Modbus master that reads a whole meter. */
#include <errno.h>
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../host/log.h"
#include "../sim/value.h"
#include "cli.h"

static const char help[] =
    "usage: vmeter read PORT [options]\n"
    "\n"
    "Reads every register of a meter, emulated or real, over Modbus RTU and prints them by name.\n"
    "\n"
    "  --unit N     Modbus address (default 1)\n"
    "  --baud B     speed (default 9600)\n"
    "  --parity P   even (default), none or odd\n"
    "  --json       print a JSON object\n"
    "  -h, --help   this text\n"
    "\n"
    "  vmeter read ./m\n"
    "  vmeter read /dev/ttyUSB0 --unit 5 --parity none --json\n";

struct options {
    const char *port;
    double unit, baud;
    char parity;
    bool json;
};

enum { OPT_UNIT = 256, OPT_BAUD, OPT_PARITY, OPT_JSON };

static const struct option long_options[] = {
    {"unit", required_argument, NULL, OPT_UNIT},
    {"baud", required_argument, NULL, OPT_BAUD},
    {"parity", required_argument, NULL, OPT_PARITY},
    {"json", no_argument, NULL, OPT_JSON},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static bool parity_of(const char *word, char *parity)
{
    if (strcmp(word, "even") == 0)
        *parity = 'E';
    else if (strcmp(word, "none") == 0)
        *parity = 'N';
    else if (strcmp(word, "odd") == 0)
        *parity = 'O';
    else
        return false;
    return true;
}

/* Returns an exit code, or -1 to go on. */
static int read_options(int argc, char **argv, struct options *o)
{
    int option;

    *o = (struct options){.unit = 1, .baud = 9600, .parity = 'E'};
    while ((option = cli_option(argc, argv, "h", long_options)) != -1) {
        switch (option) {
        case OPT_UNIT:
            if (!cli_number(argv[0], "--unit", optarg, 1, 247, &o->unit))
                return CLI_USAGE;
            break;
        case OPT_BAUD:
            if (!cli_number(argv[0], "--baud", optarg, 300, 115200, &o->baud))
                return CLI_USAGE;
            if (!em_baud_code((uint32_t)o->baud))
                return cli_usage_error(argv[0],
                                       "--baud: the meter knows 300, 600, 1200, 2400, 4800, 9600, 19200, 38400, "
                                       "57600 and 115200");
            break;
        case OPT_PARITY:
            if (!parity_of(optarg, &o->parity))
                return cli_usage_error(argv[0], "--parity: \"%s\" is none of even, none, odd", optarg);
            break;
        case OPT_JSON:
            o->json = true;
            break;
        case 'h':
            fputs(help, stdout);
            return CLI_OK;
        default:
            return CLI_USAGE;
        }
    }
    if (optind != argc - 1)
        return cli_usage_error(argv[0], "which port?");
    o->port = argv[optind];
    return -1;
}

/* Reads rows first..first+rows-1 in one request and shows them. */
struct reading {
    modbus_t *ctx;
    const struct options *options;
    enum em_data_type data_type;
    bool first;
};

static void show(struct reading *r, const struct em_register *row, const uint16_t *words)
{
    struct sim_value v;
    char text[SIM_VALUE_JSON];

    if (!row->name)
        return;
    sim_value_decode(&v, row, words, r->data_type);
    sim_value_json(&v, text);
    if (r->options->json)
        printf("%s  \"%s\": %s", r->first ? "" : ",\n", row->name, text);
    else
        printf("%04X  %-31s %16s %s\n", row->address, row->name, v.is_text ? v.text : text, sim_unit_name(row));
    r->first = false;
}

static bool read_rows(struct reading *r, size_t first, size_t end)
{
    uint16_t words[EM_READ_MAX];
    uint16_t address = em_registers[first].address;
    int count = em_registers[end - 1].address + em_registers[end - 1].words - address;

    if (modbus_read_registers(r->ctx, address, count, words) != count) {
        host_log("%s: registers %04X to %04X: %s", r->options->port, address, address + count - 1,
                 modbus_strerror(errno));
        return false;
    }
    for (size_t k = first; k < end; k++)
        show(r, &em_registers[k], words + (em_registers[k].address - address));
    return true;
}

static const struct em_register_block *block_of(uint16_t address)
{
    const struct em_register_block *block = em_register_blocks;

    while (block < em_register_blocks + EM_REGISTER_BLOCK_COUNT - 1 && address > block->last)
        block++;
    return block;
}

/* Reads all rows in requests as long as they may be: inside one block, 125 registers at most. */
static bool read_all(struct reading *r)
{
    for (size_t first = 0, end; first < em_register_count; first = end) {
        const struct em_register *from = &em_registers[first];

        for (end = first + 1; end < em_register_count; end++) {
            const struct em_register *row = &em_registers[end];

            if (block_of(row->address) != block_of(from->address) ||
                row->address + row->words - from->address > EM_READ_MAX)
                break;
        }
        if (!read_rows(r, first, end))
            return false;
    }
    return true;
}

static int read_meter(const struct options *o)
{
    struct reading r = {.options = o, .data_type = EM_DATA_FLOAT, .first = true};
    uint16_t data_type;
    int code = CLI_WORLD;

    r.ctx = modbus_new_rtu(o->port, (int)o->baud, o->parity, 8, 1);
    if (!r.ctx || modbus_set_slave(r.ctx, (int)o->unit) || modbus_connect(r.ctx)) {
        host_log("%s: %s", o->port, modbus_strerror(errno));
    } else if (modbus_read_registers(r.ctx, 0x4026, 1, &data_type) != 1) {
        host_log("%s: unit %.0f does not answer at %.0f 8%c1: %s", o->port, o->unit, o->baud, o->parity,
                 modbus_strerror(errno));
    } else {
        r.data_type = data_type == EM_DATA_INTEGER ? EM_DATA_INTEGER : EM_DATA_FLOAT;
        if (o->json)
            printf("{\n");
        if (read_all(&r))
            code = CLI_OK;
        if (o->json)
            printf("\n}\n");
    }
    if (r.ctx) {
        modbus_close(r.ctx);
        modbus_free(r.ctx);
    }
    return code;
}

int cli_read(int argc, char **argv)
{
    struct options o;
    int code = read_options(argc, argv, &o);

    return code >= 0 ? code : read_meter(&o);
}
