/* SPDX-License-Identifier: MIT */
#include "scene.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../src/sim/report.h"

static char folder[] = "/tmp/vmeter-sim-XXXXXX";

static void make_folder(void)
{
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    if (!mkdtemp(folder))
        abort();
}

static void remove_folder(void)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;

    while (dir && (entry = readdir(dir)))
        unlink(scene_path(entry->d_name));
    if (dir)
        closedir(dir);
    rmdir(folder);
}

TCase *scene_case(Suite *suite, const char *name)
{
    TCase *tcase = unit_case(suite, name);

    tcase_add_unchecked_fixture(tcase, make_folder, remove_folder);
    return tcase;
}

const char *scene_path(const char *name)
{
    static char path[sizeof folder + 300];

    snprintf(path, sizeof path, "%s/%.280s", folder, name);
    return path;
}

void scene_write(const char *name, const void *bytes, size_t n)
{
    FILE *f;

    unlink(scene_path(name)); /* some file systems wait for the disk when a file is written over */
    f = fopen(scene_path(name), "wb");
    UNIT_CHECK(f && fwrite(bytes, 1, n, f) == n, "can not write %s", scene_path(name));
    fclose(f);
}

void scene_text(const char *name, const char *text)
{
    scene_write(name, text, strlen(text));
}

/* Loads a scenario text; NULL with a message in js. */
static struct sim_scenario *load(struct js *js, const char *text)
{
    char *json = strdup(text);

    for (char *c = json; *c; c++)
        if (*c == '\'')
            *c = '"';
    scene_text("scene.json", json);
    free(json);
    *js = (struct js){0};
    return sim_scenario_load(js, scene_path("scene.json"), NULL, 0);
}

void scene_open_with(struct scene *scene, const char *text, const struct sim_speed *speed)
{
    struct js js;

    scene->scenario = load(&js, text);
    ck_assert_msg(scene->scenario != NULL, "%s", js.error);
    scene->sim = sim_new(scene->scenario, speed);
    scene->modbus = host_modbus_new();
    ck_assert_ptr_nonnull(scene->modbus);
    sim_set_modbus(scene->sim, host_modbus_answer, scene->modbus);
}

void scene_open(struct scene *scene, const char *text)
{
    scene_open_with(scene, text, &host_speed_best()->loops);
}

void scene_close(struct scene *scene)
{
    host_modbus_free(scene->modbus);
    sim_free(scene->sim);
    sim_scenario_free(scene->scenario);
}

void scene_run(struct scene *scene, double seconds)
{
    sim_run(scene->sim, SECONDS(seconds));
}

double scene_read(struct scene *scene, const char *name)
{
    struct sim_value v;

    sim_read(scene->sim, name, &v);
    return v.is_text ? v.text[0] : v.number;
}

char *scene_report(struct scene *scene)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);

    ck_assert_ptr_nonnull(f);
    sim_report_json(f, scene->sim, 0);
    fclose(f);
    return text;
}

const char *scene_refused(const char *text)
{
    static struct js js;
    struct sim_scenario *s = load(&js, text);

    ck_assert_msg(s == NULL, "not refused: %s", text);
    return js.error;
}
