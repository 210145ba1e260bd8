/* SPDX-License-Identifier: MIT
 * vmeter ui: hands over to vmeter-ui, so that this program needs no libraries of a desktop. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../host/log.h"
#include "live.h"

/* Where the window's program may lie, as seen from this program's folder: installed, or in a build folder. */
static const char *const places[] = {"vmeter-ui", "../../ui/vmeter-ui"};

int cli_ui(int argc, char **argv)
{
    struct cli_live_options o;
    char own[PATH_MAX], path[PATH_MAX + 32];
    ssize_t n = readlink("/proc/self/exe", own, sizeof own - 1);
    int code = cli_live_options(argc, argv, &o);

    /* Its options are known here, too: --help and mistakes need no window. */
    if (code >= 0)
        return code;
    own[n > 0 ? n : 0] = '\0';
    if (strrchr(own, '/'))
        *strrchr(own, '/') = '\0';
    for (size_t k = 0; k < sizeof places / sizeof places[0]; k++) {
        snprintf(path, sizeof path, "%s/%s", own, places[k]);
        if (access(path, X_OK) == 0)
            execv(path, argv);
    }
    execvp("vmeter-ui", argv);
    host_log("ui: vmeter-ui: %s; it is in the package vmeter-ui, or built where SDL2 and Dear ImGui are installed",
             strerror(errno));
    return CLI_WORLD;
}
