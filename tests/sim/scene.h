/* SPDX-License-Identifier: MIT
 * Shared by the tests of the simulation: a scenario from a text in the test, and what runs it. */
#ifndef SCENE_H
#define SCENE_H

#include "../../src/host/slave.h"
#include "../../src/host/speed.h"
#include "../../src/sim/sim.h"
#include "unit.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* Seconds into samples. */
#define SECONDS(s) ((int64_t)((s)*EM_SAMPLE_RATE + 0.5))

/* A case whose tests have a folder for files, which is removed in the end. */
TCase *scene_case(Suite *suite, const char *name);

/* The path of a file in that folder; valid until the next call. */
const char *scene_path(const char *name);

/* Puts a file there. n bytes, or a text. */
void scene_write(const char *name, const void *bytes, size_t n);
void scene_text(const char *name, const char *text);

struct scene {
    struct sim_scenario *scenario;
    struct host_modbus *modbus;
    struct sim *sim;
};

/* Starts the scenario in `text`, in which ' stands for ". Modbus events are answered. The test fails if the
 * scenario is refused. */
void scene_open(struct scene *scene, const char *text);

/* The same with loops chosen by hand. */
void scene_open_with(struct scene *scene, const char *text, const struct sim_speed *speed);

void scene_close(struct scene *scene);

/* Goes on to this second. */
void scene_run(struct scene *scene, double seconds);

/* The value now of a name as in an expectation; a text gives its first character. */
double scene_read(struct scene *scene, const char *name);

/* The report as the meter stands; caller frees. */
char *scene_report(struct scene *scene);

/* The message by which the scenario in `text` (' for ") is refused; the test fails if it is not. Valid until the next
 * call. */
const char *scene_refused(const char *text);

#endif
