/* SPDX-License-Identifier: MIT
 * vmeter map: the register table as text, CSV, JSON or Markdown. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../sim/value.h"
#include "cli.h"

static const char help[] =
    "usage: vmeter map [--csv|--json|--md]\n"
    "\n"
    "Prints the register map from the table that the firmware itself uses. Access: R read only, RW06 written\n"
    "with function 06 (or 10), RW10 with function 10.\n"
    "\n"
    "  --csv       address,registers,name,type,unit,access,values\n"
    "  --json      a list of objects with the same keys\n"
    "  --md        a Markdown table\n"
    "  -h, --help  this text\n";

enum form { TEXT, CSV, JSON, MARKDOWN };

static const char *access_name(const struct em_register *row)
{
    static const char *const names[] = {[EM_READ] = "R", [EM_WRITE_06] = "RW06", [EM_WRITE_10] = "RW10"};

    return names[row->access];
}

/* What may be written, or what is peculiar to the value. */
static void values_text(const struct em_register *row, char *text, size_t size)
{
    int32_t min, max;

    text[0] = '\0';
    if (row->access == EM_READ) {
        if (row->type == EM_TYPE_ASCII)
            snprintf(text, size, "F forward or R reverse");
        return;
    }
    if (row->source == EM_FROM_ENERGY || row->argument == EM_SETTING_POWER_DOWN_COUNTER) {
        snprintf(text, size, "only 0 may be written");
        return;
    }
    if (row->argument == EM_SETTING_S0_RATE) {
        snprintf(text, size, "10000 2000 1000 100 10 1 0.1 0.01");
        return;
    }
    if (row->type == EM_TYPE_CT) {
        snprintf(text, size, "BCD primary 1..9999 and secondary 1 or 5");
        return;
    }
    em_setting_limits((enum em_setting)row->argument, &min, &max);
    if (row->argument == EM_SETTING_MODBUS_BAUD)
        for (int32_t code = min; code <= max; code++)
            snprintf(text + strlen(text), size - strlen(text), "%s%d:%u", code > min ? " " : "", code,
                     em_baud_rate(code));
    else if (row->argument == EM_SETTING_MODBUS_PARITY)
        snprintf(text, size, "1:even 2:none 3:odd");
    else
        snprintf(text, size, row->type == EM_TYPE_BCD16 ? "BCD %04d..%04d" : "%d..%d", min, max);
}

static void print_row(const struct em_register *row, enum form form, bool first)
{
    const char *name = row->name ? row->name : row->address < 0x5000 ? "reserved" : "not_in_use";
    const char *type = sim_type_name(row), *unit = sim_unit_name(row), *access = access_name(row);
    char values[160];

    values_text(row, values, sizeof values);
    switch (form) {
    case TEXT:
        printf("%04X  %u  %-31s %-8s %-8s %-5s %s\n", row->address, row->words, name, type, unit, access, values);
        break;
    case CSV:
        printf("0x%04X,%u,%s,%s,%s,%s,%s\n", row->address, row->words, name, type, unit, access, values);
        break;
    case MARKDOWN:
        printf("| %04X | %u | %s | %s | %s | %s | %s |\n", row->address, row->words, name, type, unit, access, values);
        break;
    case JSON:
        printf("%s  {\"address\": %u, \"registers\": %u, \"name\": \"%s\", \"type\": \"%s\", \"unit\": \"%s\", "
               "\"access\": \"%s\", \"values\": \"%s\"}",
               first ? "" : ",\n", row->address, row->words, name, type, unit, access, values);
        break;
    }
}

static const struct option long_options[] = {
    {"csv", no_argument, NULL, CSV},
    {"json", no_argument, NULL, JSON},
    {"md", no_argument, NULL, MARKDOWN},
    {"help", no_argument, NULL, 'h'},
    {0},
};

int cli_map(int argc, char **argv)
{
    static const char *const heads[] = {
        [TEXT] = "addr  n  name                            type     unit     access\n",
        [CSV] = "address,registers,name,type,unit,access,values\n",
        [JSON] = "[\n",
        [MARKDOWN] = "| address | registers | name | type | unit | access | values |\n|---|---|---|---|---|---|---|\n",
    };
    enum form form = TEXT;
    int option;

    while ((option = cli_option(argc, argv, "h", long_options)) != -1) {
        if (option == 'h') {
            fputs(help, stdout);
            return CLI_OK;
        }
        if (option == '?')
            return CLI_USAGE;
        form = (enum form)option;
    }
    if (optind != argc)
        return cli_usage_error(argv[0], "takes no \"%s\"", argv[optind]);
    fputs(heads[form], stdout);
    for (size_t k = 0; k < em_register_count; k++)
        print_row(&em_registers[k], form, k == 0);
    if (form == JSON)
        printf("\n]\n");
    return CLI_OK;
}
