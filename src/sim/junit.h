/* SPDX-License-Identifier: MIT
 * JUnit's XML as GitHub, GitLab and Jenkins read it. In this order: begin; for each suite its head, its cases and its
 * end; end. */
#ifndef SIM_JUNIT_H
#define SIM_JUNIT_H

#include <stdio.h>

void sim_junit_begin(FILE *out);
void sim_junit_end(FILE *out);

/* A suite with its sums: so many cases, and of them failed, broken and not run. */
void sim_junit_suite(FILE *out, const char *name, size_t tests, size_t failures, size_t errors, size_t skipped,
                     double wall_seconds);
void sim_junit_suite_end(FILE *out);

/* Cases of a suite. expected, actual: as JSON; file, where: the place in the scenario. */
void sim_junit_passed(FILE *out, const char *suite, const char *name);
void sim_junit_failed(FILE *out, const char *suite, const char *name, const char *expected, const char *actual,
                      const char *file, const char *where);

/* One that could not be judged, and one that was not run. */
void sim_junit_broken(FILE *out, const char *suite, const char *name, const char *why);
void sim_junit_skipped(FILE *out, const char *suite, const char *name);

#endif
