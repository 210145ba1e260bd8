/* SPDX-License-Identifier: MIT
 * vmeter ports: the machine's serial ports. */
#include <cjson/cJSON.h>
#include <libserialport.h>
#include <stdio.h>
#include <stdlib.h>

#include "../host/log.h"
#include "cli.h"

static const char help[] =
    "usage: vmeter ports [--json]\n"
    "\n"
    "Lists the serial ports of this machine, for --modbus-port and --mbus-port of `vmeter serve` and for `vmeter "
    "read`:\n"
    "name, what it is, and of USB adapters vendor and product, manufacturer, product and serial number as far as they\n"
    "tell. Virtual ports, as those of `vmeter serve`, are not among them.\n"
    "\n"
    "  --json      a list of objects\n"
    "  -h, --help  this text\n";

static const char *transport_name(const struct sp_port *port)
{
    static const char *const names[] = {
        [SP_TRANSPORT_NATIVE] = "native", [SP_TRANSPORT_USB] = "usb", [SP_TRANSPORT_BLUETOOTH] = "bluetooth"};

    return names[sp_get_port_transport(port)];
}

static bool usb_ids(const struct sp_port *port, char *ids, size_t size)
{
    int vendor, product;

    if (sp_get_port_transport(port) != SP_TRANSPORT_USB || sp_get_port_usb_vid_pid(port, &vendor, &product) != SP_OK)
        return false;
    snprintf(ids, size, "%04x:%04x", (unsigned)vendor, (unsigned)product);
    return true;
}

/* What a port tells of itself; any may be missing. */
static const struct {
    const char *key;
    char *(*get)(const struct sp_port *port);
} texts[] = {
    {"description", sp_get_port_description},     {"manufacturer", sp_get_port_usb_manufacturer},
    {"product", sp_get_port_usb_product},         {"serial", sp_get_port_usb_serial},
    {"bluetooth", sp_get_port_bluetooth_address},
};
#define TEXT_COUNT (sizeof texts / sizeof texts[0])

static void print_text(struct sp_port *const *list)
{
    for (; *list; list++) {
        const char *description = sp_get_port_description(*list);
        char ids[16] = "";

        printf("%-14s  %-9s", sp_get_port_name(*list), transport_name(*list));
        if (usb_ids(*list, ids, sizeof ids))
            printf("  %s", ids);
        if (description)
            printf("  %s", description);
        printf("\n");
    }
}

static void print_json(struct sp_port *const *list)
{
    cJSON *array = cJSON_CreateArray();
    char *text;

    for (; *list; list++) {
        cJSON *item = cJSON_CreateObject();
        char ids[16];

        cJSON_AddStringToObject(item, "name", sp_get_port_name(*list));
        cJSON_AddStringToObject(item, "transport", transport_name(*list));
        if (usb_ids(*list, ids, sizeof ids))
            cJSON_AddStringToObject(item, "usb", ids);
        for (size_t k = 0; k < TEXT_COUNT; k++)
            if (texts[k].get(*list))
                cJSON_AddStringToObject(item, texts[k].key, texts[k].get(*list));
        cJSON_AddItemToArray(array, item);
    }
    text = cJSON_Print(array);
    puts(text);
    free(text);
    cJSON_Delete(array);
}

static const struct option long_options[] = {
    {"json", no_argument, NULL, 'j'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

int cli_ports(int argc, char **argv)
{
    struct sp_port **list;
    bool json = false;
    int option;

    while ((option = cli_option(argc, argv, "h", long_options)) != -1) {
        if (option == 'h') {
            fputs(help, stdout);
            return CLI_OK;
        }
        if (option == '?')
            return CLI_USAGE;
        json = true;
    }
    if (optind != argc)
        return cli_usage_error(argv[0], "takes no \"%s\"", argv[optind]);
    if (sp_list_ports(&list) != SP_OK) {
        host_log("serial ports: they can not be listed");
        return CLI_WORLD;
    }
    if (!list[0])
        host_log("there are no serial ports");
    (json ? print_json : print_text)(list);
    sp_free_port_list(list);
    return CLI_OK;
}
