/* SPDX-License-Identifier: MIT
 * HTTP for the app, with libmicrohttpd: the page's files, who may ask, and requests to the API. */
#ifndef HOST_APP_HTTP_H
#define HOST_APP_HTTP_H

#include <microhttpd.h>

#include "address.h"
#include "app_api.h"

struct host_app_http {
    struct host_app_api *api;
    char host[HOST_ADDRESS_HOST]; /* that the user gave: we answer to this name */
    int64_t now_ms;               /* real time, to be kept up by the caller */
};

/* Serves on a listening socket, which it then owns; `http` must outlive it. To be run by MHD_run, without a thread.
 * NULL if that can not be done. */
struct MHD_Daemon *host_app_http_start(struct host_app_http *http, int listener);

#endif
