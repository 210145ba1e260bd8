/* SPDX-License-Identifier: MIT
 * vmeter serve: meters in real time, with a Modbus and an M-Bus. */
#include "live.h"

int cli_serve(int argc, char **argv)
{
    struct cli_live_options o;
    struct cli_live live;
    int code = cli_live_options(argc, argv, &o);

    if (code >= 0)
        return code;
    code = cli_live_open(&live, &o);
    if (code < 0) {
        cli_live_print(&live);
        host_session_run(live.session, &cli_live_stop);
    }
    return cli_live_close(&live, code);
}
