/* SPDX-License-Identifier: MIT
 * A worker has a socket to the farm: a number comes in, a length and a text go out. */
#include "farm.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define TICK_MS 200

struct worker {
    pid_t pid;
    int fd; /* -1: none */
    bool busy;
    size_t job;
};

struct crew {
    const struct host_farm *farm;
    struct worker *worker; /* [farm->workers] */
    size_t next, done;
    sigset_t before; /* the signals that were blocked */
    int signals;     /* signalfd */
};

/* All of n bytes; false at the end of the file. */
static bool read_all(int fd, void *bytes, size_t n)
{
    for (char *at = bytes; n;) {
        ssize_t got = read(fd, at, n);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        at += got;
        n -= (size_t)got;
    }
    return true;
}

static bool write_all(int fd, const void *bytes, size_t n)
{
    for (const char *at = bytes; n;) {
        ssize_t put = send(fd, at, n, MSG_NOSIGNAL);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        at += put;
        n -= (size_t)put;
    }
    return true;
}

/* --- In a worker --- */

static _Noreturn void work(const struct crew *crew, int fd, pid_t parent)
{
    uint64_t job;

    /* The farm ends its workers itself, and they end with it. */
    signal(SIGINT, SIG_IGN);
    sigprocmask(SIG_SETMASK, &crew->before, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (unsigned k = 0; k < crew->farm->workers; k++)
        if (crew->worker[k].fd >= 0)
            close(crew->worker[k].fd);
    close(crew->signals);
    while (getppid() == parent && read_all(fd, &job, sizeof job)) {
        char *text = crew->farm->work(crew->farm->ctx, (size_t)job);
        uint64_t length = strlen(text);

        if (!write_all(fd, &length, sizeof length) || !write_all(fd, text, (size_t)length))
            break;
        free(text);
    }
    _exit(0);
}

/* --- In the farm --- */

/* Starts a worker if there is still something to do. False if it can not be started. */
static bool start(struct crew *crew, struct worker *w)
{
    pid_t parent = getpid();
    uint64_t job = crew->next;
    int pair[2];

    w->fd = -1;
    if (crew->next == crew->farm->jobs)
        return true;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
        return false;
    w->pid = fork();
    if (w->pid == 0) {
        close(pair[0]);
        work(crew, pair[1], parent);
    }
    close(pair[1]);
    if (w->pid < 0) {
        close(pair[0]);
        return false;
    }
    w->fd = pair[0];
    w->busy = true;
    w->job = crew->next++;
    write_all(w->fd, &job, sizeof job); /* one that has gone already shows when it is read from */
    return true;
}

static void give_next(struct crew *crew, struct worker *w)
{
    uint64_t job = crew->next;

    w->busy = crew->next < crew->farm->jobs;
    if (!w->busy)
        return;
    w->job = crew->next++;
    write_all(w->fd, &job, sizeof job);
}

/* Its end, wanted or not. */
static int bury(struct worker *w)
{
    int status = 0;

    close(w->fd);
    w->fd = -1;
    while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return status;
}

/* A worker has something to say, or has ended. False if it has and none can take its place. */
static bool listen_to(struct crew *crew, struct worker *w)
{
    const struct host_farm *farm = crew->farm;
    uint64_t length;
    char *text = NULL;
    bool whole = read_all(w->fd, &length, sizeof length);

    if (whole) {
        text = malloc((size_t)length + 1);
        if (!text)
            abort();
        whole = read_all(w->fd, text, (size_t)length);
        text[length] = '\0';
    }
    crew->done++;
    if (whole) {
        farm->done(farm->ctx, w->job, text, 0);
        give_next(crew, w);
    } else {
        farm->done(farm->ctx, w->job, NULL, bury(w));
        whole = start(crew, w);
    }
    free(text);
    return whole;
}

static unsigned working(const struct crew *crew)
{
    unsigned n = 0;

    for (unsigned k = 0; k < crew->farm->workers; k++)
        n += crew->worker[k].fd >= 0 && crew->worker[k].busy;
    return n;
}

/* Waits for workers and signals until all is done. Returns as host_farm_run. */
static int oversee(struct crew *crew, struct pollfd *poll_fds)
{
    const unsigned n = crew->farm->workers;

    while (crew->done < crew->farm->jobs) {
        if (!working(crew))
            return -1;
        for (unsigned k = 0; k < n; k++)
            poll_fds[k] = (struct pollfd){crew->worker[k].busy ? crew->worker[k].fd : -1, POLLIN, 0};
        poll_fds[n] = (struct pollfd){crew->signals, POLLIN, 0};
        if (poll(poll_fds, n + 1, TICK_MS) < 0 && errno != EINTR)
            return -1;
        if (poll_fds[n].revents) {
            struct signalfd_siginfo info;

            return read_all(crew->signals, &info, sizeof info) ? (int)info.ssi_signo : -1;
        }
        for (unsigned k = 0; k < n; k++)
            if (poll_fds[k].revents && !listen_to(crew, &crew->worker[k]))
                crew->worker[k].busy = false;
        crew->farm->tick(crew->farm->ctx, working(crew));
    }
    return 0;
}

int host_farm_run(const struct host_farm *farm)
{
    struct crew crew = {.farm = farm, .worker = calloc(farm->workers, sizeof *crew.worker)};
    struct pollfd *poll_fds = calloc(farm->workers + 1, sizeof *poll_fds);
    int result = 0, saved;
    sigset_t stop;

    if (!crew.worker || !poll_fds)
        abort();
    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    sigprocmask(SIG_BLOCK, &stop, &crew.before);
    crew.signals = signalfd(-1, &stop, SFD_CLOEXEC);
    for (unsigned k = 0; k < farm->workers; k++)
        crew.worker[k].fd = -1;
    for (unsigned k = 0; k < farm->workers; k++)
        if (!start(&crew, &crew.worker[k]))
            break;
    result = crew.signals < 0 ? -1 : oversee(&crew, poll_fds);
    saved = errno;
    for (unsigned k = 0; k < farm->workers; k++) {
        if (crew.worker[k].fd < 0)
            continue;
        if (result)
            kill(crew.worker[k].pid, SIGKILL);
        bury(&crew.worker[k]);
    }
    close(crew.signals);
    sigprocmask(SIG_SETMASK, &crew.before, NULL);
    free(poll_fds);
    free(crew.worker);
    errno = saved;
    return result;
}
