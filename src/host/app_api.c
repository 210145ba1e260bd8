/* SPDX-License-Identifier: MIT */
#include "app_api.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app_data.h"
#include "app_settings.h"

#define SERIAL_DIGITS   8
#define PASSWORD_DIGITS 4
#define DELAY_FIRST_MS  1000
#define DELAY_STEPS     3 /* doublings up to HOST_APP_DELAY_MAX_MS */

/* What is remembered of a meter between requests. */
struct guard {
    unsigned wrong;   /* passwords in a row, as far as they count */
    int64_t until_ms; /* no password is taken before */
};

struct host_app_api {
    struct sim *sim;
    struct guard *guard; /* [points] */
};

struct host_app_api *host_app_api_new(struct sim *sim)
{
    struct host_app_api *api = calloc(1, sizeof *api);

    if (!api || !(api->guard = calloc(sim->points, sizeof *api->guard)))
        abort();
    api->sim = sim;
    return api;
}

void host_app_api_free(struct host_app_api *api)
{
    if (!api)
        return;
    free(api->guard);
    free(api);
}

/* Without supply a meter has no radio either, whatever was switched on before. */
static bool in_reach(const struct em_meter *m)
{
    return em_meter_running(m) && em_meter_bluetooth(m);
}

bool host_app_any_on(const struct sim *sim)
{
    for (unsigned k = 0; k < sim->points; k++)
        if (in_reach(&sim->point[k].meter))
            return true;
    return false;
}

/* --- Answers --- */

static struct host_app_answer answer(unsigned status, cJSON *root)
{
    struct host_app_answer a = {.status = status, .json = cJSON_PrintUnformatted(root)};

    if (!a.json)
        abort();
    cJSON_Delete(root);
    return a;
}

struct host_app_answer host_app_refuse(unsigned status, const char *format, ...)
{
    cJSON *root = cJSON_CreateObject();
    char text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    cJSON_AddStringToObject(root, "error", text);
    return answer(status, root);
}

/* Who it is: the meter's type as people call it, and its numbers as registers have them. */
static cJSON *identity(struct em_meter *m)
{
    static const char *const names[] = {"serial_number", "software_version", "hardware_version", "meter_code",
                                        "checksum"};
    cJSON *item = cJSON_CreateObject();

    cJSON_AddStringToObject(item, "type", HOST_APP_METER_TYPE);
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
        host_app_add_value(item, names[k], m, sim_register_named(names[k]));
    return item;
}

/* --- GET --- */

static struct host_app_answer list_meters(struct host_app_api *api)
{
    cJSON *root = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(root, "meters");

    for (unsigned k = 0; k < api->sim->points; k++)
        if (in_reach(&api->sim->point[k].meter))
            cJSON_AddItemToArray(list, identity(&api->sim->point[k].meter));
    return answer(200, root);
}

static struct host_app_answer tell_device(struct host_app_api *api, struct sim_point *point)
{
    (void)api;
    return answer(200, identity(&point->meter));
}

static struct host_app_answer tell_data(struct host_app_api *api, struct sim_point *point)
{
    cJSON *root = identity(&point->meter);

    cJSON_AddNumberToObject(root, "simulated_seconds", sim_seconds(api->sim->now));
    cJSON_AddItemToObject(root, "groups", host_app_data(&point->meter));
    return answer(200, root);
}

static struct host_app_answer tell_settings(struct host_app_api *api, struct sim_point *point)
{
    cJSON *root = cJSON_CreateObject();

    (void)api;
    cJSON_AddItemToObject(root, "settings", host_app_settings(&point->meter));
    return answer(200, root);
}

/* --- POST --- */

/* Is it the meter's password? Looks at all digits, whatever the first one is. */
static bool password_fits(const struct em_meter *m, const char *text)
{
    char own[12];
    unsigned differs = 0;

    snprintf(own, sizeof own, "%0*d", PASSWORD_DIGITS, m->settings.value[EM_SETTING_PASSWORD]);
    if (strlen(text) != PASSWORD_DIGITS)
        return false;
    for (int k = 0; k < PASSWORD_DIGITS; k++)
        differs |= (unsigned)(own[k] ^ text[k]);
    return differs == 0;
}

static struct host_app_answer wait_for(struct host_app_answer a, int64_t ms)
{
    a.retry_s = (unsigned)((ms + 999) / 1000);
    return a;
}

/* The password of a request that is well-formed. True when it is right, else *a says why not. */
static bool admit(struct guard *g, const struct em_meter *m, const char *password, int64_t now_ms,
                  struct host_app_answer *a)
{
    int64_t delay = DELAY_FIRST_MS << g->wrong;

    if (now_ms < g->until_ms) {
        *a = wait_for(host_app_refuse(429, "after a wrong password the meter waits before it takes the next one"),
                      g->until_ms - now_ms);
        return false;
    }
    if (password_fits(m, password)) {
        *g = (struct guard){0};
        return true;
    }
    g->until_ms = now_ms + delay;
    g->wrong += g->wrong < DELAY_STEPS;
    *a = wait_for(host_app_refuse(403, "wrong password"), delay);
    return false;
}

static struct host_app_answer change(struct host_app_api *api, struct sim_point *point, const cJSON *root,
                                     int64_t now_ms)
{
    const char *password = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "password"));
    const cJSON *changes = cJSON_GetObjectItemCaseSensitive(root, "changes");
    struct host_app_answer refused;
    cJSON *wrong, *out;

    if (!password || !cJSON_IsObject(changes) || !changes->child || cJSON_GetArraySize(root) != 2)
        return host_app_refuse(400, "send {\"password\": \"....\", \"changes\": {\"tariff\": 2}}");
    if (!admit(&api->guard[point - api->sim->point], &point->meter, password, now_ms, &refused))
        return refused;
    wrong = host_app_change(&point->meter, changes);
    if (!sim_point_survived(point)) {
        cJSON_Delete(wrong);
        return host_app_refuse(503, "the meter lost its supply");
    }
    if (!wrong)
        return tell_settings(api, point);
    out = cJSON_CreateObject();
    cJSON_AddStringToObject(out, "error", "nothing was changed");
    cJSON_AddItemToObject(out, "fields", wrong);
    return answer(422, out);
}

/* Takes what it is told out of memory again. */
static void wipe(cJSON *root)
{
    char *password = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "password"));

    if (password)
        explicit_bzero(password, strlen(password));
    cJSON_Delete(root);
}

static struct host_app_answer post_settings(struct host_app_api *api, struct sim_point *point, const char *body,
                                            int64_t now_ms)
{
    cJSON *root = cJSON_ParseWithOpts(body, NULL, true);
    struct host_app_answer a = root ? change(api, point, root, now_ms) : host_app_refuse(400, "this is not JSON");

    wipe(root);
    return a;
}

/* --- Which one --- */

/* What there is below a meter's path. */
static const struct page {
    const char *path;
    struct host_app_answer (*get)(struct host_app_api *api, struct sim_point *point);
    struct host_app_answer (*post)(struct host_app_api *api, struct sim_point *point, const char *body, int64_t now_ms);
} pages[] = {
    {"", tell_device, NULL},
    {"/data", tell_data, NULL},
    {"/settings", tell_settings, post_settings},
};

static const struct page *page_at(const char *path)
{
    for (size_t k = 0; k < sizeof pages / sizeof pages[0]; k++)
        if (strcmp(pages[k].path, path) == 0)
            return &pages[k];
    return NULL;
}

/* The meter with this serial number, if its Bluetooth is on. */
static struct sim_point *meter_named(struct sim *sim, const char *serial)
{
    int32_t number = atoi(serial);

    for (unsigned k = 0; k < sim->points; k++) {
        const struct em_meter *m = &sim->point[k].meter;

        if (in_reach(m) && m->settings.value[EM_SETTING_SERIAL_NUMBER] == number)
            return &sim->point[k];
    }
    return NULL;
}

static struct host_app_answer not_allowed(const char *methods)
{
    struct host_app_answer a = host_app_refuse(405, "only %s here", methods);

    a.allow = methods;
    return a;
}

struct host_app_answer host_app_ask(struct host_app_api *api, const char *path, const char *body, int64_t now_ms)
{
    const char *rest = path + strlen(HOST_APP_API_PATH);
    char serial[SERIAL_DIGITS + 1];
    const struct page *page;
    struct sim_point *point;

    if (strcmp(path, HOST_APP_API_PATH) == 0)
        return body ? not_allowed("GET") : list_meters(api);
    if (strncmp(path, HOST_APP_API_PATH "/", strlen(HOST_APP_API_PATH) + 1) ||
        strspn(rest + 1, "0123456789") != SERIAL_DIGITS || !(page = page_at(rest + 1 + SERIAL_DIGITS)))
        return host_app_refuse(404, "there is nothing here");
    snprintf(serial, sizeof serial, "%s", rest + 1);
    point = meter_named(api->sim, serial);
    if (!point)
        return host_app_refuse(404, "no meter %s with Bluetooth switched on is in reach", serial);
    if (body && !page->post)
        return not_allowed("GET");
    return body ? page->post(api, point, body, now_ms) : page->get(api, point);
}
