/* SPDX-License-Identifier: MIT
 * Many jobs over several processes. Each worker is a process of its own, forked from this one, so that a job that ends
 * its process takes no other with it; another worker takes its place. */
#ifndef HOST_FARM_H
#define HOST_FARM_H

#include <stddef.h>

struct host_farm {
    size_t jobs;
    unsigned workers; /* at least 1 */

    /* In a worker: does job k (0..) and returns what came of it as a text, which is freed here. */
    char *(*work)(void *ctx, size_t k);

    /* In this process, once for each job that was begun: the text, or NULL and the status of waitpid when the worker
     * ended over it. The text is the callee's to read, not to keep. */
    void (*done)(void *ctx, size_t k, const char *text, int status);

    /* In this process, several times a second: so many workers are at work. */
    void (*tick)(void *ctx, unsigned working);
    void *ctx;
};

/* Does all jobs, beginning with the first. Returns 0, or SIGINT or SIGTERM when that signal has ended it before all
 * were done, or -1 with errno set when no process could be started. No worker is left in any case. */
int host_farm_run(const struct host_farm *farm);

#endif
