/* SPDX-License-Identifier: MIT */
#include "junit.h"

#include "svg.h"

void sim_junit_begin(FILE *out)
{
    fprintf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
}

void sim_junit_end(FILE *out)
{
    fprintf(out, "</testsuites>\n");
}

void sim_junit_suite(FILE *out, const char *name, size_t tests, size_t failures, size_t errors, size_t skipped,
                     double wall_seconds)
{
    fprintf(out, "<testsuite name=\"");
    sim_xml_text(out, name);
    fprintf(out, "\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\">\n", tests, failures,
            errors, skipped, wall_seconds);
}

void sim_junit_suite_end(FILE *out)
{
    fprintf(out, "</testsuite>\n");
}

/* A case up to the end of its attributes. */
static void begin_case(FILE *out, const char *suite, const char *name)
{
    fprintf(out, "  <testcase classname=\"");
    sim_xml_text(out, suite);
    fprintf(out, "\" name=\"");
    sim_xml_text(out, name);
}

void sim_junit_passed(FILE *out, const char *suite, const char *name)
{
    begin_case(out, suite, name);
    fprintf(out, "\"/>\n");
}

void sim_junit_failed(FILE *out, const char *suite, const char *name, const char *expected, const char *actual,
                      const char *file, const char *where)
{
    begin_case(out, suite, name);
    fprintf(out, "\">\n    <failure message=\"expected ");
    sim_xml_text(out, expected);
    fprintf(out, ", is ");
    sim_xml_text(out, actual);
    fprintf(out, "\">");
    sim_xml_text(out, file);
    fprintf(out, ": ");
    sim_xml_text(out, where);
    fprintf(out, "</failure>\n  </testcase>\n");
}

void sim_junit_broken(FILE *out, const char *suite, const char *name, const char *why)
{
    begin_case(out, suite, name);
    fprintf(out, "\">\n    <error message=\"");
    sim_xml_text(out, why);
    fprintf(out, "\"/>\n  </testcase>\n");
}

void sim_junit_skipped(FILE *out, const char *suite, const char *name)
{
    begin_case(out, suite, name);
    fprintf(out, "\">\n    <skipped/>\n  </testcase>\n");
}
