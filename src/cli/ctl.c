/* SPDX-License-Identifier: MIT
 * vmeter ctl: one request to a running meter. */
#include <stdio.h>
#include <stdlib.h>

#include "../host/control.h"
#include "../host/log.h"
#include "cli.h"

static const char help[] =
    "usage: vmeter ctl SOCKET JSON\n"
    "\n"
    "Sends one request to the control socket of `vmeter serve --control SOCKET` and prints the answer, a line of "
    "JSON.\n"
    "\n"
    "Events as in a scenario:\n"
    "  {\"set\": {\"L1.current\": 20}, \"over\": \"10s\"}      {\"tariff_input\": true}      {\"power\": false}\n"
    "  {\"expect\": {\"l1_voltage\": {\"min\": 229}}}        {\"modbus\": \"01 03 50 02 00 02\"}\n"
    "  {\"mbus\": \"10 7b 00 7b 16\"}      {\"press\": \"middle\", \"hold\": \"3.5s\"}      {\"snapshot\": "
    "\"lcd.png\"}\n"
    "Requests:\n"
    "  {\"get\": [\"total_active_power\", \"reference.total_active_power\", \"lcd.part2\"]}\n"
    "  {\"speed\": 60}  {\"speed\": \"max\"}  {\"pause\": true}  {\"step\": \"1s\"}  {\"quit\": true}\n"
    "\n"
    "Exit code 0 if it was carried out, 1 if an expectation failed, 2 if the request was wrong, 3 without an answer.\n"
    "\n"
    "  -h, --help  this text\n";

static const struct option long_options[] = {{"help", no_argument, NULL, 'h'}, {0}};

int cli_ctl(int argc, char **argv)
{
    char error[256], *answer;
    cJSON *root;
    int option, code = CLI_OK;

    while ((option = cli_option(argc, argv, "h", long_options)) != -1) {
        if (option != 'h')
            return CLI_USAGE;
        fputs(help, stdout);
        return CLI_OK;
    }
    if (argc - optind != 2)
        return cli_usage_error(argv[0], "wants a socket and a request");
    answer = host_control_request(argv[optind], argv[optind + 1], error, sizeof error);
    if (!answer) {
        host_log("%s", error);
        return CLI_WORLD;
    }
    puts(answer);
    root = cJSON_Parse(answer);
    if (!cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(root, "ok")))
        code = CLI_USAGE;
    else if (cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(root, "pass")))
        code = CLI_FAILED;
    cJSON_Delete(root);
    free(answer);
    return code;
}
