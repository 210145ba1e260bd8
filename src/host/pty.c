/* SPDX-License-Identifier: MIT
 * A line through a pseudo terminal.
 *
 * Masters come and go. The client side of a Linux pty loses PARENB, and glibc's tcsetattr then answers EINVAL if a call
 * changed nothing else in c_cflag. So this side always leaves flags that no client sets (two stop bits, odd parity in
 * turn, no CLOCAL), with an unused speed after the last client has gone; in packet mode with EXTPROC the terminal
 * reports each change, so that the flags are set again before the same client can ask twice. No descriptor of the
 * client side is kept open; one is opened for a moment to drop replies that nobody has read. */
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
#include "transport.h"

/* The speed of a line on which no client has set one. */
#define NO_SPEED B134

struct pty {
    struct host_line line;
    int fd;
    int edge; /* epoll: ready once after each thing that happens on fd; fd itself is always ready while hung up */
    char device[64];
    bool linked; /* the line's name is a link to device */
    bool connected;
    bool odd; /* of the newest marking of the flags */
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
static void mark_flags(struct pty *pty, struct termios *tio)
{
    pty->odd = !pty->odd;
    tio->c_cflag &= ~(tcflag_t)(CLOCAL | PARODD);
    tio->c_cflag |= CSTOPB | (pty->odd ? PARODD : 0);
    tio->c_lflag |= EXTPROC; /* the terminal reports the next change */
}

/* To be called when a client may have set the terminal. */
static void look_at_flags(struct pty *pty)
{
    struct termios tio;

    if (tcgetattr(pty->fd, &tio) || (!(tio.c_cflag & CLOCAL) && (tio.c_cflag & CSTOPB) && (tio.c_lflag & EXTPROC)))
        return;
    mark_flags(pty, &tio);
    tcsetattr(pty->fd, TCSANOW, &tio);
}

/* Raw from the start (no echo), with a speed that tells that nobody has set one. */
static void reset_terminal(struct pty *pty)
{
    struct termios tio;

    if (tcgetattr(pty->fd, &tio))
        return;
    cfmakeraw(&tio);
    cfsetspeed(&tio, NO_SPEED);
    mark_flags(pty, &tio);
    tcsetattr(pty->fd, TCSANOW, &tio);
}

/* Has the terminal report what clients set (packet mode), and makes the descriptor to wait on. */
static bool watch_terminal(struct pty *pty)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLPRI | EPOLLET};
    int on = 1;

    pty->edge = epoll_create1(EPOLL_CLOEXEC);
    return pty->edge >= 0 && ioctl(pty->fd, TIOCPKT, &on) == 0 &&
           epoll_ctl(pty->edge, EPOLL_CTL_ADD, pty->fd, &event) == 0;
}

static void close_pty(struct host_line *line)
{
    struct pty *pty = (struct pty *)line;
    char target[sizeof pty->device + 1];
    ssize_t n;

    if (pty->linked) {
        /* Only if it is still ours. */
        n = readlink(line->name, target, sizeof target - 1);
        if (n > 0) {
            target[n] = '\0';
            if (strcmp(target, pty->device) == 0)
                unlink(line->name);
        }
    }
    if (pty->edge >= 0)
        close(pty->edge);
    if (pty->fd >= 0)
        close(pty->fd);
}

static bool hung_up(const struct pty *pty)
{
    struct pollfd entry = {.fd = pty->fd, .events = POLLIN};

    return poll(&entry, 1, 0) > 0 && (entry.revents & POLLHUP);
}

/* The last client has gone: nothing of it is left for the next, which may be there already. */
static void hang_up(struct pty *pty, int64_t now_ns)
{
    int client = open(pty->device, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    uint8_t unread[4096];

    pty->connected = false;
    host_line_forget(&pty->line, 0, now_ns);
    /* Replies that nobody has read lie on the client's side. tcflush would leave what is still on its way there. */
    if (client >= 0) {
        while (read(client, unread, sizeof unread) > 0)
            ;
        close(client);
    }
    if (hung_up(pty))
        reset_terminal(pty);
    host_log_debug("%s %s: disconnected", host_bus_name(pty->line.bus), pty->line.name);
}

static void connect_client(struct pty *pty)
{
    if (!pty->connected)
        host_log_debug("%s %s: connected", host_bus_name(pty->line.bus), pty->line.name);
    pty->connected = true;
}

/* Is a client connected? Notices a change. */
static void look_for_client(struct pty *pty, int64_t now_ns)
{
    if (!hung_up(pty))
        connect_client(pty);
    else if (pty->connected)
        hang_up(pty, now_ns);
}

static uint32_t pty_baud(const struct host_line *line)
{
    const struct pty *pty = (const struct pty *)line;
    struct termios tio;

    if (tcgetattr(pty->fd, &tio) || cfgetospeed(&tio) == NO_SPEED)
        return 0;
    return baud_of(cfgetospeed(&tio));
}

static bool send_pty(struct host_line *line, size_t master, const uint8_t *byte, size_t n)
{
    (void)master;
    /* The terminal's buffer holds several replies; when it is full nobody reads, and what nobody reads is lost. */
    return write(((struct pty *)line)->fd, byte, n) == (ssize_t)n;
}

static size_t pty_entries(const struct host_line *line, struct pollfd *entries)
{
    *entries = (struct pollfd){.fd = ((const struct pty *)line)->edge, .events = POLLIN};
    return 1;
}

/* Takes bytes, and the terminal's reports on the way. Returns as read(). */
static ssize_t take(struct pty *pty, uint8_t *byte, size_t size)
{
    uint8_t report;
    struct iovec to[2] = {{&report, 1}, {byte, size}};
    ssize_t n;

    while ((n = readv(pty->fd, to, 2)) == 1)
        if (report & TIOCPKT_IOCTL)
            look_at_flags(pty);
    return n > 0 ? n - 1 : n;
}

static void serve_pty(struct host_line *line, int64_t now_ns)
{
    struct pty *pty = (struct pty *)line;
    struct epoll_event event;
    uint8_t byte[HOST_WIRE_MAX];
    ssize_t n;

    epoll_wait(pty->edge, &event, 1, 0);
    while ((n = take(pty, byte, sizeof byte)) > 0) {
        connect_client(pty); /* even if it has gone already */
        host_line_take(line, 0, byte, (size_t)n, now_ns);
    }
    if (!pty->connected || (n < 0 && errno == EIO))
        look_for_client(pty, now_ns);
}

static const struct host_transport transport = {
    .kind = "",
    .gap_ms = 20,
    .entries = pty_entries,
    .serve = serve_pty,
    .send = send_pty,
    .baud = pty_baud,
    .close = close_pty,
};

struct host_line *host_line_open_pty(struct host_bus *bus, const char *link, char *error, size_t size)
{
    struct pty *pty = host_line_new(&transport, bus, sizeof *pty, 1);
    int client;

    pty->edge = -1;
    pty->fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (pty->fd < 0 || grantpt(pty->fd) || unlockpt(pty->fd) || ptsname_r(pty->fd, pty->device, sizeof pty->device) ||
        !watch_terminal(pty)) {
        snprintf(error, size, "pseudo terminal: %s", strerror(errno));
        host_line_close(&pty->line);
        return NULL;
    }
    /* A pty has settings of its own only once its client side has been open. */
    client = open(pty->device, O_RDWR | O_NOCTTY | O_CLOEXEC);
    reset_terminal(pty);
    if (client >= 0)
        close(client);
    if (link && !make_link(link, pty->device, error, size)) {
        host_line_close(&pty->line);
        return NULL;
    }
    pty->linked = link;
    pty->line.name = strdup(link ? link : pty->device);
    pty->line.target = link ? strdup(pty->device) : NULL;
    return &pty->line;
}
