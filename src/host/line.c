/* SPDX-License-Identifier: MIT */
#include "line.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <termios.h>
#include <unistd.h>

#include "log.h"

/* The speed of a line on which no client has set one. */
#define NO_SPEED B134

struct host_line {
    int fd;
    int edge; /* epoll: ready once after each thing that happens on fd; fd itself is always ready while hung up */
    char name[64];
    char *link;
    host_answer_fn *answer;
    void *ctx;
    const struct em_meter *meter;
    bool connected;
    bool odd;           /* of the newest marking of the flags, see line.h */
    speed_t complained; /* about this speed, not again */
    uint8_t in[2 * HOST_MODBUS_ADU_MAX];
    size_t used;
    int64_t last_byte_ms;
};

static const struct {
    speed_t speed;
    uint32_t baud;
} speeds[] = {
    {B50, 50},       {B75, 75},       {B110, 110},     {B150, 150},       {B200, 200},       {B300, 300},
    {B600, 600},     {B1200, 1200},   {B1800, 1800},   {B2400, 2400},     {B4800, 4800},     {B9600, 9600},
    {B19200, 19200}, {B38400, 38400}, {B57600, 57600}, {B115200, 115200}, {B230400, 230400}, {B460800, 460800},
};

static uint32_t baud_of(speed_t speed)
{
    for (size_t k = 0; k < sizeof speeds / sizeof speeds[0]; k++)
        if (speeds[k].speed == speed)
            return speeds[k].baud;
    return 0;
}

/* Puts a link in place of an old one; anything else that stands there is left alone. */
static bool make_link(const char *link, const char *target, char *error, size_t size)
{
    struct stat st;

    if (lstat(link, &st) == 0) {
        if (!S_ISLNK(st.st_mode)) {
            snprintf(error, size, "%s: exists and is no symbolic link", link);
            return false;
        }
        unlink(link);
    }
    if (symlink(target, link) == 0)
        return true;
    snprintf(error, size, "%s: %s", link, strerror(errno));
    return false;
}

/* Flags as no client sets them, and not as they were marked the last time: a client's call may compare what stands
 * there before and after it, and this may come in between. */
static void mark_flags(struct host_line *line, struct termios *tio)
{
    line->odd = !line->odd;
    tio->c_cflag &= ~(tcflag_t)(CLOCAL | PARODD);
    tio->c_cflag |= CSTOPB | (line->odd ? PARODD : 0);
    tio->c_lflag |= EXTPROC; /* the terminal reports the next change */
}

/* To be called when a client may have set the terminal. */
static void look_at_flags(struct host_line *line)
{
    struct termios tio;

    if (tcgetattr(line->fd, &tio) || (!(tio.c_cflag & CLOCAL) && (tio.c_cflag & CSTOPB) && (tio.c_lflag & EXTPROC)))
        return;
    mark_flags(line, &tio);
    tcsetattr(line->fd, TCSANOW, &tio);
}

/* Raw from the start (no echo), with a speed that tells that nobody has set one. */
static void reset_terminal(struct host_line *line)
{
    struct termios tio;

    if (tcgetattr(line->fd, &tio))
        return;
    cfmakeraw(&tio);
    cfsetspeed(&tio, NO_SPEED);
    mark_flags(line, &tio);
    tcsetattr(line->fd, TCSANOW, &tio);
}

/* Has the terminal report what clients set (packet mode), and makes the descriptor to wait on. */
static bool watch_terminal(struct host_line *line)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLPRI | EPOLLET};
    int on = 1;

    line->edge = epoll_create1(EPOLL_CLOEXEC);
    return line->edge >= 0 && ioctl(line->fd, TIOCPKT, &on) == 0 &&
           epoll_ctl(line->edge, EPOLL_CTL_ADD, line->fd, &event) == 0;
}

struct host_line *host_line_open_pty(const char *link, host_answer_fn *answer, void *ctx, const struct em_meter *meter,
                                     char *error, size_t size)
{
    struct host_line *line = calloc(1, sizeof *line);
    int client;

    if (!line)
        abort();
    line->answer = answer;
    line->ctx = ctx;
    line->meter = meter;
    line->edge = -1;
    line->fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (line->fd < 0 || grantpt(line->fd) || unlockpt(line->fd) || ptsname_r(line->fd, line->name, sizeof line->name) ||
        !watch_terminal(line)) {
        snprintf(error, size, "pseudo terminal: %s", strerror(errno));
        host_line_close(line);
        return NULL;
    }
    /* A pty has settings of its own only once its client side has been open. */
    client = open(line->name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    reset_terminal(line);
    if (client >= 0)
        close(client);
    if (link && !make_link(link, line->name, error, size)) {
        host_line_close(line);
        return NULL;
    }
    line->link = link ? strdup(link) : NULL;
    return line;
}

void host_line_close(struct host_line *line)
{
    char target[sizeof line->name + 1];
    ssize_t n;

    if (!line)
        return;
    if (line->link) {
        /* Only if it is still ours. */
        n = readlink(line->link, target, sizeof target - 1);
        if (n > 0) {
            target[n] = '\0';
            if (strcmp(target, line->name) == 0)
                unlink(line->link);
        }
    }
    if (line->edge >= 0)
        close(line->edge);
    if (line->fd >= 0)
        close(line->fd);
    free(line->link);
    free(line);
}

const char *host_line_name(const struct host_line *line)
{
    return line->name;
}

const char *host_line_link(const struct host_line *line)
{
    return line->link;
}

static const char *shown_name(const struct host_line *line)
{
    return line->link ? line->link : line->name;
}

static void drop_input(struct host_line *line, const char *why)
{
    if (line->used)
        host_log_debug("modbus %s: %zu byte(s) dropped: %s", shown_name(line), line->used, why);
    line->used = 0;
}

static bool hung_up(const struct host_line *line)
{
    struct pollfd entry = {.fd = line->fd, .events = POLLIN};

    return poll(&entry, 1, 0) > 0 && (entry.revents & POLLHUP);
}

/* The last client has gone: nothing of it is left for the next, which may be there already. Bytes that it sent stay:
 * they are no worse than other rubbish before a request. */
static void hang_up(struct host_line *line)
{
    int client = open(line->name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    uint8_t unread[4096];

    line->connected = false;
    line->complained = B0;
    /* Replies that nobody has read lie on the client's side. tcflush would leave what is still on its way there. */
    if (client >= 0) {
        while (read(client, unread, sizeof unread) > 0)
            ;
        close(client);
    }
    if (hung_up(line))
        reset_terminal(line);
    host_log_debug("modbus %s: disconnected", shown_name(line));
}

/* Does the client speak at the meter's speed? A client that has set none is given the benefit of the doubt. */
static bool speed_matches(struct host_line *line)
{
    struct termios tio;
    speed_t speed;
    uint32_t wanted = line->meter->modbus.baud;

    if (tcgetattr(line->fd, &tio))
        return true;
    speed = cfgetospeed(&tio);
    if (speed == NO_SPEED || baud_of(speed) == wanted) {
        line->complained = B0;
        return true;
    }
    if (line->complained != speed)
        host_log("modbus %s: the client's line runs at %u baud, the meter's at %u: no answer", shown_name(line),
                 baud_of(speed), wanted);
    line->complained = speed;
    return false;
}

static void send_reply(struct host_line *line, const uint8_t *reply, size_t n)
{
    /* The terminal's buffer holds several replies; when it is full nobody reads, and what nobody reads is lost. */
    if (write(line->fd, reply, n) != (ssize_t)n)
        host_log_debug("modbus %s: reply lost, the client does not read", shown_name(line));
}

static void handle_frame(struct host_line *line, const uint8_t *frame, size_t n)
{
    uint8_t reply[HOST_MODBUS_ADU_MAX];
    size_t length;

    if (!speed_matches(line))
        return;
    length = line->answer(line->ctx, frame, n, reply);
    if (length)
        send_reply(line, reply, length);
}

/* Length of a whole request with a right CRC that begins at byte `at`, else 0. */
static size_t whole_frame(const struct host_line *line, size_t at)
{
    int length = host_modbus_length(line->in + at, line->used - at);

    if (length > 0 && (size_t)length <= line->used - at && host_modbus_crc_ok(line->in + at, (size_t)length))
        return (size_t)length;
    /* A function whose length only silence tells: take it when all that is there fits its CRC. */
    return length < 0 && at == 0 && host_modbus_crc_ok(line->in, line->used) ? line->used : 0;
}

/* Finds requests in what has come in. Rubbish before a request that ends the input does not spoil it. */
static void find_frames(struct host_line *line)
{
    size_t n;

    while (line->used && (n = whole_frame(line, 0))) {
        handle_frame(line, line->in, n);
        line->used -= n;
        memmove(line->in, line->in + n, line->used);
    }
    for (size_t at = 1; at + 8 <= line->used; at++) {
        n = whole_frame(line, at);
        if (n && at + n == line->used) {
            handle_frame(line, line->in + at, n);
            line->used = at;
            drop_input(line, "not a request");
        }
    }
}

int host_line_poll(struct host_line *line, struct pollfd *entry, int64_t now_ms)
{
    int64_t left = line->last_byte_ms + HOST_LINE_SILENCE_MS - now_ms;

    *entry = (struct pollfd){.fd = line->edge, .events = POLLIN};
    if (!line->used)
        return -1;
    return left > 0 ? (int)left : 0;
}

static void connect_client(struct host_line *line)
{
    if (!line->connected)
        host_log_debug("modbus %s: connected", shown_name(line));
    line->connected = true;
}

/* Is a client connected? Notices a change. */
static bool look_for_client(struct host_line *line)
{
    if (hung_up(line)) {
        if (line->connected)
            hang_up(line);
    } else {
        connect_client(line);
    }
    return line->connected;
}

/* Takes bytes, and the terminal's reports on the way. Returns as read(). */
static ssize_t take(struct host_line *line)
{
    uint8_t report;
    struct iovec to[2] = {{&report, 1}, {line->in + line->used, sizeof line->in - line->used}};
    ssize_t n;

    while ((n = readv(line->fd, to, 2)) == 1)
        if (report & TIOCPKT_IOCTL)
            look_at_flags(line);
    return n > 0 ? n - 1 : n;
}

void host_line_serve(struct host_line *line, int64_t now_ms)
{
    struct epoll_event event;
    ssize_t n;

    epoll_wait(line->edge, &event, 1, 0);
    if (line->used && now_ms - line->last_byte_ms >= HOST_LINE_SILENCE_MS)
        drop_input(line, "silence in the middle of a frame, or a wrong CRC");
    while ((n = take(line)) > 0) {
        connect_client(line); /* even if it has gone already */
        line->used += (size_t)n;
        line->last_byte_ms = now_ms;
        find_frames(line);
        if (line->used == sizeof line->in)
            drop_input(line, "longer than any request");
    }
    if (!line->connected || (n < 0 && errno == EIO))
        look_for_client(line);
}
