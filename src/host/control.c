/* SPDX-License-Identifier: MIT */
#include "control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

struct client {
    int fd; /* -1: free */
    char *line;
    size_t used;
};

struct host_control {
    int fd;
    char *path;
    host_control_fn *answer;
    void *ctx;
    struct client client[HOST_CONTROL_CLIENTS];
};

static bool make_address(struct sockaddr_un *address, const char *path, char *error, size_t size)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address->sun_path) {
        snprintf(error, size, "%s: longer than the %zu characters that a socket's path may have", path,
                 sizeof address->sun_path - 1);
        return false;
    }
    strcpy(address->sun_path, path);
    return true;
}

/* Takes away a socket left by somebody who has gone. */
static bool clear_path(const struct sockaddr_un *address, char *error, size_t size)
{
    struct stat st;
    int fd, refused;

    if (lstat(address->sun_path, &st))
        return true;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    refused =
        S_ISSOCK(st.st_mode) && connect(fd, (const struct sockaddr *)address, sizeof *address) && errno == ECONNREFUSED;
    close(fd);
    if (refused && unlink(address->sun_path) == 0)
        return true;
    snprintf(error, size, "%s: %s", address->sun_path,
             S_ISSOCK(st.st_mode) ? "another program serves this socket" : "exists and is no socket");
    return false;
}

struct host_control *host_control_open(const char *path, host_control_fn *answer, void *ctx, char *error, size_t size)
{
    struct host_control *c;
    struct sockaddr_un address;

    if (!make_address(&address, path, error, size) || !clear_path(&address, error, size))
        return NULL;
    c = calloc(1, sizeof *c);
    if (!c)
        abort();
    for (int k = 0; k < HOST_CONTROL_CLIENTS; k++)
        c->client[k].fd = -1;
    c->answer = answer;
    c->ctx = ctx;
    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || bind(c->fd, (struct sockaddr *)&address, sizeof address) || listen(c->fd, HOST_CONTROL_CLIENTS)) {
        snprintf(error, size, "%s: %s", path, strerror(errno));
        host_control_close(c);
        return NULL;
    }
    c->path = strdup(path);
    return c;
}

static void drop_client(struct client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    free(client->line);
    *client = (struct client){.fd = -1};
}

void host_control_close(struct host_control *c)
{
    if (!c)
        return;
    for (int k = 0; k < HOST_CONTROL_CLIENTS; k++)
        drop_client(&c->client[k]);
    if (c->fd >= 0)
        close(c->fd);
    if (c->path)
        unlink(c->path);
    free(c->path);
    free(c);
}

size_t host_control_poll(struct host_control *c, struct pollfd *entries)
{
    size_t n = 0;

    entries[n++] = (struct pollfd){.fd = c->fd, .events = POLLIN};
    for (int k = 0; k < HOST_CONTROL_CLIENTS; k++)
        if (c->client[k].fd >= 0)
            entries[n++] = (struct pollfd){.fd = c->client[k].fd, .events = POLLIN};
    return n;
}

static void accept_clients(struct host_control *c)
{
    int fd;

    while ((fd = accept4(c->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        int k = 0;

        while (k < HOST_CONTROL_CLIENTS && c->client[k].fd >= 0)
            k++;
        if (k == HOST_CONTROL_CLIENTS) {
            static const char busy[] = "{\"ok\": false, \"error\": \"too many control clients\"}\n";

            (void)!write(fd, busy, sizeof busy - 1);
            close(fd);
            continue;
        }
        c->client[k].fd = fd;
        c->client[k].line = malloc(HOST_CONTROL_LINE_MAX);
        if (!c->client[k].line)
            abort();
    }
}

/* Answers the whole lines that a client has sent. False when it does not take its answers. */
static bool answer_lines(struct host_control *c, struct client *client)
{
    char *end;

    while ((end = memchr(client->line, '\n', client->used))) {
        size_t n = (size_t)(end - client->line) + 1;
        char *answer, *text;
        int length;

        *end = '\0';
        if (client->line[strspn(client->line, " \t\r")]) {
            bool sent;

            answer = c->answer(c->ctx, client->line);
            length = asprintf(&text, "%s\n", answer);
            free(answer);
            if (length < 0)
                abort();
            sent = send(client->fd, text, (size_t)length, MSG_NOSIGNAL) == length;
            free(text);
            if (!sent)
                return false;
        }
        client->used -= n;
        memmove(client->line, client->line + n, client->used);
    }
    return true;
}

static void serve_client(struct host_control *c, struct client *client)
{
    ssize_t n;

    while ((n = read(client->fd, client->line + client->used, HOST_CONTROL_LINE_MAX - client->used)) > 0) {
        client->used += (size_t)n;
        if (!answer_lines(c, client) || client->used == HOST_CONTROL_LINE_MAX) {
            drop_client(client);
            return;
        }
    }
    if (n == 0 || (errno != EAGAIN && errno != EINTR))
        drop_client(client);
}

void host_control_serve(struct host_control *c)
{
    accept_clients(c);
    for (int k = 0; k < HOST_CONTROL_CLIENTS; k++)
        if (c->client[k].fd >= 0)
            serve_client(c, &c->client[k]);
}

/* Sends a line; false if the other side has gone. */
static bool send_line(int fd, const char *line)
{
    struct iovec parts[2] = {{(void *)line, strlen(line)}, {(void *)"\n", 1}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

    return sendmsg(fd, &message, MSG_NOSIGNAL) == (ssize_t)(parts[0].iov_len + 1);
}

char *host_control_request(const char *path, const char *line, char *error, size_t size)
{
    struct sockaddr_un address;
    FILE *stream = NULL;
    char *answer = NULL;
    size_t room = 0;
    int fd;

    if (!make_address(&address, path, error, size))
        return NULL;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) || !send_line(fd, line) ||
        !(stream = fdopen(fd, "r"))) {
        snprintf(error, size, "%s: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    if (getline(&answer, &room, stream) < 0) {
        snprintf(error, size, "%s: no answer", path);
        free(answer);
        answer = NULL;
    } else {
        answer[strcspn(answer, "\n")] = '\0';
    }
    fclose(stream);
    return answer;
}
