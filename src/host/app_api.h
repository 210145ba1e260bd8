/* SPDX-License-Identifier: MIT
 * What the app asks of the meters, and their answers, without HTTP around it. docs/app.md lists the paths. */
#ifndef HOST_APP_API_H
#define HOST_APP_API_H

#include "../sim/sim.h"

#define HOST_APP_API_PATH "/api/meters"

/* After the n-th wrong password in a row a meter takes none for 1, 2, 4 s and so on up to this. Our decision. */
#define HOST_APP_DELAY_MAX_MS 8000

struct host_app_api;

/* The meters of this simulation, which must outlive it. Free with host_app_api_free. */
struct host_app_api *host_app_api_new(struct sim *sim);
void host_app_api_free(struct host_app_api *api);

struct host_app_answer {
    unsigned status;   /* as of HTTP */
    unsigned retry_s;  /* not 0: the next password is taken so many seconds later */
    const char *allow; /* with status 405: the methods that there are */
    char *json;        /* free with free() */
};

/* One request. body: NULL for GET, else what a POST has sent (text); it may hold a password, and nothing of it is kept
 * or told to anybody. now_ms: a clock of real time, which is what delays after wrong passwords are counted in. */
struct host_app_answer host_app_ask(struct host_app_api *api, const char *path, const char *body, int64_t now_ms);

/* An answer that says what is wrong. */
struct host_app_answer host_app_refuse(unsigned status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Is Bluetooth on on any meter? */
bool host_app_any_on(const struct sim *sim);

#endif
