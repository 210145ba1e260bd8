/* SPDX-License-Identifier: MIT */
#include "app.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app_http.h"
#include "log.h"
#include "qr.h"

#define CLIENTS 32 /* that may wait to be taken */

struct host_app {
    struct sim *sim;
    struct host_app_http http;
    char *own;                 /* numeric address: HOST:PORT */
    char *url;                 /* http://HOST:PORT, as people are told */
    int reserved;              /* bound and never listening: the port stays ours while Bluetooth is off */
    struct MHD_Daemon *daemon; /* NULL: off */
    bool failed;               /* to begin; not tried again before Bluetooth has been off */
};

/* --- On and off --- */

static void switch_on(struct host_app *app)
{
    char error[256];
    int fd = host_address_bind(app->own, error, sizeof error);

    if (fd >= 0 && listen(fd, CLIENTS)) {
        snprintf(error, sizeof error, "%s: %s", app->own, strerror(errno));
        close(fd);
        fd = -1;
    }
    if (fd >= 0)
        app->daemon = host_app_http_start(&app->http, fd);
    if (fd >= 0 && !app->daemon) {
        snprintf(error, sizeof error, "%s: HTTP can not be served", app->own);
        close(fd);
    }
    app->failed = !app->daemon;
    if (app->failed)
        host_log("app %s", error);
    else
        host_log_debug("app %s: Bluetooth is on, the page is served", app->url);
}

/* Hangs up on everybody. */
static void switch_off(struct host_app *app)
{
    MHD_stop_daemon(app->daemon);
    app->daemon = NULL;
    host_log_debug("app %s: Bluetooth is off", app->url);
}

static void follow_bluetooth(struct host_app *app)
{
    bool on = host_app_any_on(app->sim);

    if (on && !app->daemon && !app->failed)
        switch_on(app);
    else if (!on && app->daemon)
        switch_off(app);
    app->failed = app->failed && on;
}

void host_app_serve(struct host_app *app, int64_t now_ms)
{
    app->http.now_ms = now_ms;
    follow_bluetooth(app);
    if (app->daemon)
        MHD_run(app->daemon);
}

size_t host_app_poll(const struct host_app *app, struct pollfd *entry, int64_t *wait_ns)
{
    const union MHD_DaemonInfo *info;
    MHD_UNSIGNED_LONG_LONG timeout;

    if (!app->daemon || !(info = MHD_get_daemon_info(app->daemon, MHD_DAEMON_INFO_EPOLL_FD)))
        return 0;
    if (MHD_get_timeout(app->daemon, &timeout) == MHD_YES && timeout < (uint64_t)*wait_ns / 1000000)
        *wait_ns = (int64_t)timeout * 1000000;
    *entry = (struct pollfd){.fd = info->epoll_fd, .events = POLLIN};
    return 1;
}

/* --- Opening and closing --- */

/* What other machines call this one: its first address that leads outside. */
static void outside_address(char host[HOST_ADDRESS_HOST])
{
    struct ifaddrs *list = NULL;

    snprintf(host, HOST_ADDRESS_HOST, "127.0.0.1");
    if (getifaddrs(&list))
        return;
    for (const struct ifaddrs *i = list; i; i = i->ifa_next) {
        if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET || !(i->ifa_flags & IFF_UP) ||
            (i->ifa_flags & IFF_LOOPBACK))
            continue;
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)i->ifa_addr)->sin_addr, host, INET_ADDRSTRLEN);
        break;
    }
    freeifaddrs(list);
}

/* The address as a phone can use it: with a host that is one, and the port that it came to be. */
static char *make_url(const struct host_app *app)
{
    char host[HOST_ADDRESS_HOST], *url;

    snprintf(host, sizeof host, "%s", app->http.host);
    if (strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0)
        outside_address(host);
    if (asprintf(&url, strchr(host, ':') ? "http://[%s]%s" : "http://%s%s", host, strrchr(app->own, ':')) < 0)
        abort();
    return url;
}

struct host_app *host_app_open(struct sim *sim, const char *address, char *error, size_t size)
{
    int fd = host_address_bind(address, error, size);
    struct host_app *app;
    const char *port;

    if (fd < 0)
        return NULL;
    app = calloc(1, sizeof *app);
    if (!app)
        abort();
    app->sim = sim;
    app->reserved = fd;
    app->http.api = host_app_api_new(sim);
    app->own = host_address_own(fd);
    host_address_split(address, app->http.host, &port);
    app->url = make_url(app);
    if (!host_qr_write(sim, app->url)) {
        snprintf(error, size,
                 "%s: \"%s" HOST_APP_METER_PATH "...\" is too long for the QR code; use a number or a "
                 "shorter name",
                 address, app->url);
        host_app_close(app);
        return NULL;
    }
    return app;
}

void host_app_close(struct host_app *app)
{
    if (!app)
        return;
    if (app->daemon)
        switch_off(app);
    close(app->reserved);
    host_app_api_free(app->http.api);
    free(app->own);
    free(app->url);
    free(app);
}

const char *host_app_url(const struct host_app *app)
{
    return app->url;
}

bool host_app_listens(const struct host_app *app)
{
    return app->daemon;
}
