/* SPDX-License-Identifier: MIT */
#include "bench_report.h"

void sim_bench_plot(FILE *out, const struct sim_bench *bench, const char *title)
{
    (void)bench;
    fprintf(out, "<svg><title>%s</title></svg>\n", title);
}
