/* SPDX-License-Identifier: MIT
 * vmeter-ui: what `vmeter ui` becomes. */
#include "../src/cli/live.h"
#include "../src/host/log.h"
#include "window.h"

int main(int argc, char **argv)
{
    struct cli_live_options o;
    struct cli_live live;
    struct ui_window *window;
    char error[512];
    int code;

    argv[0] = "ui";
    code = cli_live_options(argc, argv, &o);
    if (code >= 0)
        return code;
    code = cli_live_open(&live, &o);
    if (code < 0) {
        window = ui_window_open(live.sim, live.session, o.size, o.session.record, error, sizeof error);
        if (window) {
            cli_live_print(&live);
            ui_window_run(window, &cli_live_stop);
        } else {
            host_log("ui: %s", error);
            code = CLI_WORLD;
        }
        ui_window_close(window);
    }
    return cli_live_close(&live, code);
}
