/* SPDX-License-Identifier: MIT
 * Between line.c, talk.c and the kinds of lines: what a kind does, and what it calls when bytes have come. */
#ifndef HOST_TRANSPORT_H
#define HOST_TRANSPORT_H

#include "line.h"

struct host_transport {
    const char *kind; /* printed behind the bus's name */
    int gap_ms;       /* bytes of a burst are not further apart */
    bool gateway;     /* Modbus TCP: whole requests go on to a line behind it */
    bool real;        /* bytes take their time by themselves */
    size_t (*entries)(const struct host_line *line, struct pollfd *entries);
    /* Reads what there is and hands it to host_line_take. */
    void (*serve)(struct host_line *line, int64_t now_ns);
    /* Sends to a master. False if it does not read. */
    bool (*send)(struct host_line *line, size_t master, const uint8_t *byte, size_t n);
    /* Hangs up on a master; NULL where that can not be. */
    void (*hang_up)(struct host_line *line, size_t master, int64_t now_ns);
    /* The rate that the master has set, 0 if nobody can tell. */
    uint32_t (*baud)(const struct host_line *line);
    void (*close)(struct host_line *line); /* closes what the kind has opened */
};

#define HOST_WIRE_MAX 1024

/* What one master says, and what it is told. Times are those of the wire, whenever we come to look at it. */
struct host_talk {
    uint8_t wire[HOST_WIRE_MAX]; /* sent by the master, not yet past the wire */
    size_t on_wire;
    struct host_input in; /* past the wire, not yet a frame */
    struct sim_late late; /* answers that the line holds back, in ns */
    uint8_t out[SIM_FRAME_MAX];
    size_t pending, sent; /* bytes of the answer, and how many of them have left */
    bool owns;            /* is on the wire; all others wait */
    bool passing;         /* a gateway's request is on the line behind it */
    bool gone;            /* the master: nothing is waited for any more */
    int64_t char_ns;      /* what a byte takes on the wire; 0: nothing */
    int64_t next_ns;      /* when the next byte, or a gateway's whole frame, has passed */
    int64_t last_ns;      /* when the newest byte from the master has passed */
    uint32_t complained;  /* about this rate, not again */
    uint16_t asked;       /* first register of the newest read */
    uint32_t peer;        /* tells masters apart in a capture */
};

/* Each kind has this first in its own struct, allocated with host_line_new. */
struct host_line {
    const struct host_transport *transport;
    struct host_bus *bus;
    char *name;   /* for people: "./b", "127.0.0.1:2401" */
    char *target; /* what a link points to, or NULL */
    struct host_talk *talk;
    size_t masters; /* entries of talk */
    size_t first;   /* whose turn on the wire it is */
    size_t entries; /* for poll() */
    int64_t served_ns;
    struct host_capture *capture; /* or NULL */
    unsigned capture_id;
};

/* A zeroed kind of line of `size` bytes with room for so many masters. */
void *host_line_new(const struct host_transport *transport, struct host_bus *bus, size_t size, size_t masters);

/* How many bytes of a master can be taken now. */
size_t host_line_room(const struct host_line *line, size_t master);

/* n bytes have come. What there is no room for is lost. */
void host_line_take(struct host_line *line, size_t master, const uint8_t *byte, size_t n, int64_t now_ns);

/* Does for a master what time has come for; and when that will be the next time, INT64_MAX if only it can tell. */
void host_talk_serve(struct host_line *line, struct host_talk *talk, int64_t now_ns);
int64_t host_talk_due_ns(const struct host_line *line, const struct host_talk *talk);

/* The master has gone: what it has sent still arrives, and nothing of it is left for the next. */
void host_line_forget(struct host_line *line, size_t master, int64_t now_ns);

#endif
