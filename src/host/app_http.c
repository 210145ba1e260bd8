/* SPDX-License-Identifier: MIT */
#include "app_http.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app_css.h"
#include "app_data_js.h"
#include "app_icon.h"
#include "app_js.h"
#include "app_page.h"
#include "app_settings_js.h"
#include "app_ui_js.h"
#include "qr.h"

#define CLIENTS       32
#define IDLE_S        30
#define BODY_MAX      8192
#define SERIAL_DIGITS 8

/* A request whose body is coming in. */
struct request {
    char body[BODY_MAX + 1];
    size_t used;
    bool too_long;
};

/* --- Files --- */

/* The page does what its own address asks for: a meter's page in several paths. */
static const struct asset {
    const char *path, *type, *data;
    size_t size;
} assets[] = {
#define ASSET(path, type, data)                                                                                        \
    {                                                                                                                  \
        path, type, data, sizeof data - 1                                                                              \
    } /* less the zero behind it */
    ASSET("/", "text/html; charset=utf-8", app_page),
    ASSET("/app.css", "text/css; charset=utf-8", app_css),
    ASSET("/app.js", "text/javascript; charset=utf-8", app_js),
    ASSET("/ui.js", "text/javascript; charset=utf-8", app_ui_js),
    ASSET("/data.js", "text/javascript; charset=utf-8", app_data_js),
    ASSET("/settings.js", "text/javascript; charset=utf-8", app_settings_js),
    ASSET("/icon.svg", "image/svg+xml", app_icon),
};

/* "/m/19020246", and its "/data" and "/settings". */
static bool is_page_of_meter(const char *path)
{
    const char *rest;

    if (strncmp(path, HOST_APP_METER_PATH, strlen(HOST_APP_METER_PATH)))
        return false;
    path += strlen(HOST_APP_METER_PATH);
    if (strspn(path, "0123456789") != SERIAL_DIGITS)
        return false;
    rest = path + SERIAL_DIGITS;
    return !*rest || strcmp(rest, "/data") == 0 || strcmp(rest, "/settings") == 0;
}

static const struct asset *asset_at(const char *path)
{
    if (is_page_of_meter(path))
        return &assets[0];
    for (size_t k = 0; k < sizeof assets / sizeof assets[0]; k++)
        if (strcmp(assets[k].path, path) == 0)
            return &assets[k];
    return NULL;
}

/* --- Answers --- */

static const char *const headers[][2] = {
    {"Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                                "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cache-Control", "no-store"},
};

static enum MHD_Result send_response(struct MHD_Connection *connection, unsigned status, const char *type,
                                     struct MHD_Response *response)
{
    enum MHD_Result sent;

    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    for (size_t k = 0; k < sizeof headers / sizeof headers[0]; k++)
        MHD_add_response_header(response, headers[k][0], headers[k][1]);
    sent = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return sent;
}

static enum MHD_Result send_asset(struct MHD_Connection *connection, const struct asset *asset)
{
    return send_response(connection, MHD_HTTP_OK, asset->type,
                         MHD_create_response_from_buffer(asset->size, (void *)asset->data, MHD_RESPMEM_PERSISTENT));
}

static enum MHD_Result send_answer(struct MHD_Connection *connection, struct host_app_answer a)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(strlen(a.json), a.json, MHD_RESPMEM_MUST_FREE);
    char seconds[16];

    if (!response) {
        free(a.json);
        return MHD_NO;
    }
    snprintf(seconds, sizeof seconds, "%u", a.retry_s);
    if (a.retry_s)
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
    if (a.allow)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, a.allow);
    return send_response(connection, a.status, "application/json", response);
}

/* --- Who may ask --- */

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* A page of somebody else's can make a browser send requests here under a name that it lets point to this machine. It
 * can not do so with a number: so numbers, this machine and the name that the user gave are the hosts that we are. */
static bool is_own_host(const struct host_app_http *http, const char *host)
{
    char name[HOST_ADDRESS_HOST], with_port[HOST_ADDRESS_HOST + 2];
    unsigned char number[sizeof(struct in6_addr)];
    const char *port;
    bool bare;

    if (!host || !*host || strlen(host) >= HOST_ADDRESS_HOST)
        return false;
    bare = !strchr(host, ':') || host[strlen(host) - 1] == ']';
    snprintf(with_port, sizeof with_port, "%s%s", host, bare ? ":0" : "");
    if (!host_address_split(with_port, name, &port))
        return false;
    return inet_pton(AF_INET, name, number) == 1 || inet_pton(AF_INET6, name, number) == 1 ||
           strcasecmp(name, "localhost") == 0 || strcasecmp(name, http->host) == 0;
}

/* Does the request come from our own page, or from no page at all? */
static bool is_own_page(struct MHD_Connection *connection)
{
    const char *origin = header(connection, MHD_HTTP_HEADER_ORIGIN), *site = header(connection, "Sec-Fetch-Site");
    const char *host = header(connection, MHD_HTTP_HEADER_HOST);

    if (origin && (strncmp(origin, "http://", 7) || !host || strcasecmp(origin + 7, host)))
        return false;
    return !site || strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0;
}

/* A form can not send this type to somebody else's server. */
static bool is_json(struct MHD_Connection *connection)
{
    static const char json[] = "application/json";
    const char *type = header(connection, MHD_HTTP_HEADER_CONTENT_TYPE);

    return type && strncasecmp(type, json, strlen(json)) == 0 && strchr("; ", type[strlen(json)]);
}

/* --- Requests --- */

static enum MHD_Result answer_post(struct host_app_http *http, struct MHD_Connection *connection, const char *path,
                                   const struct request *r)
{
    struct host_app_answer a;

    if (!is_own_page(connection))
        a = host_app_refuse(403, "this comes from another page");
    else if (!is_json(connection))
        a = host_app_refuse(415, "send it as application/json");
    else if (r->too_long)
        a = host_app_refuse(413, "more than %d bytes", BODY_MAX);
    else if (strlen(r->body) != r->used)
        a = host_app_refuse(400, "this is not JSON");
    else
        a = host_app_ask(http->api, path, r->body, http->now_ms);
    return send_answer(connection, a);
}

static enum MHD_Result answer_request(struct host_app_http *http, struct MHD_Connection *connection, const char *path,
                                      const char *method, const struct request *r)
{
    bool get = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0, post = strcmp(method, "POST") == 0;
    const struct asset *asset = asset_at(path);
    struct host_app_answer a;

    if (!is_own_host(http, header(connection, MHD_HTTP_HEADER_HOST)))
        return send_answer(connection, host_app_refuse(421, "ask for this machine by its number"));
    if (asset && get)
        return send_asset(connection, asset);
    if (asset || (!get && !post)) {
        a = host_app_refuse(405, "not with this method");
        a.allow = asset ? "GET, HEAD" : "GET, HEAD, POST";
        return send_answer(connection, a);
    }
    if (post)
        return answer_post(http, connection, path, r);
    return send_answer(connection, host_app_ask(http->api, path, NULL, http->now_ms));
}

static void take_body(struct request *r, const char *data, size_t size)
{
    if (size > BODY_MAX - r->used) {
        r->too_long = true;
        return;
    }
    memcpy(r->body + r->used, data, size);
    r->used += size;
}

/* libmicrohttpd calls this when the head has come, for each part of the body, and at the end. */
static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *path, const char *method,
                                  const char *version, const char *data, size_t *size, void **state)
{
    struct request *r = *state;

    (void)version;
    if (!r) {
        *state = calloc(1, sizeof *r);
        return *state ? MHD_YES : MHD_NO;
    }
    if (*size) {
        take_body(r, data, *size);
        *size = 0;
        return MHD_YES;
    }
    return answer_request(ctx, connection, path, method, r);
}

/* A body may hold a password: nothing is left of it. */
static void on_end(void *ctx, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode why)
{
    (void)ctx;
    (void)connection;
    (void)why;
    if (*state)
        explicit_bzero(*state, sizeof(struct request));
    free(*state);
    *state = NULL;
}

struct MHD_Daemon *host_app_http_start(struct host_app_http *http, int listener)
{
    return MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, http, MHD_OPTION_LISTEN_SOCKET, listener,
                            MHD_OPTION_CONNECTION_LIMIT, CLIENTS, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S,
                            MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL, MHD_OPTION_END);
}
