/* SPDX-License-Identifier: MIT
 * Shared by the benchmarks: clocks, and the loads that are measured. */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <time.h>

/* Processor seconds of this thread. */
static inline double bench_cpu(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Wall seconds. */
static inline double bench_wall(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

#endif
