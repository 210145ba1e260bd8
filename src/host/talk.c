/* SPDX-License-Identifier: MIT
 * What a line and one of its masters say to each other: bytes pass the wire, become frames, and answers go back. */
#include <string.h>

#include "capture.h"
#include "log.h"
#include "mbap.h"
#include "transport.h"

/* What a gateway waits for an answer on a line that takes its time. */
#define GATEWAY_NS 1000000000

/* --- What others are told --- */

static void record(const struct host_line *line, struct host_talk *talk, bool from_master, const uint8_t *byte,
                   size_t n, const char *why)
{
    const struct host_capture_frame frame = {line->capture_id, talk->peer, from_master, byte, n, why};

    if (line->capture && n)
        host_capture_frame(line->capture, &frame, &talk->asked);
}

/* --- The wire --- */

static bool timed(const struct host_line *line, const struct host_talk *talk)
{
    return line->bus->timed && !line->transport->real && !talk->gone;
}

/* Does this master have the wire, or can it have it? One at a time, and nothing is sent while an answer is awaited. */
static bool is_free(const struct host_line *line, const struct host_talk *talk)
{
    for (size_t k = 0; k < line->masters; k++)
        if (line->talk[k].owns && &line->talk[k] != talk)
            return false;
    return true;
}

/* Begins to send n bytes, if the wire is free. */
static bool seize(struct host_line *line, struct host_talk *talk, size_t n, int64_t now_ns)
{
    if (talk->owns)
        return true;
    if (!is_free(line, talk))
        return false;
    talk->owns = true;
    talk->char_ns = timed(line, talk) ? host_bus_char_ns(line->bus, line->transport->baud(line)) : 0;
    talk->next_ns = now_ns + (int64_t)n * talk->char_ns;
    return true;
}

/* Leaves the wire to others once all has been said. What a gateway holds besides is not on it yet. */
static void release(struct host_line *line, struct host_talk *talk)
{
    if (!talk->owns || talk->pending || talk->passing || talk->on_wire || (talk->in.used && !line->transport->gateway))
        return;
    talk->owns = false;
    line->first = (size_t)(talk - line->talk) + 1;
}

/* --- Out --- */

/* What of the answer goes out together: a gateway's all, other lines' byte by byte if they take time. */
static size_t part_length(const struct host_line *line, const struct host_talk *talk, int64_t now_ns)
{
    size_t left = talk->pending - talk->sent, n;

    if (line->transport->gateway || talk->char_ns == 0)
        return left;
    n = 1 + (size_t)((now_ns - talk->next_ns) / talk->char_ns);
    return n < left ? n : left;
}

/* Sends what is due. */
static void send_answer(struct host_line *line, struct host_talk *talk, int64_t now_ns)
{
    size_t n, k = (size_t)(talk - line->talk);
    bool whole;

    if (!talk->pending || now_ns < talk->next_ns)
        return;
    n = part_length(line, talk, now_ns);
    whole = talk->sent + n == talk->pending;
    if (whole) { /* before it leaves: what a master has seen stands in the capture, whatever happens next */
        if (!line->transport->gateway)
            host_bus_tap(line->bus, false, talk->out, talk->pending);
        record(line, talk, false, talk->out, talk->pending, NULL);
    }
    if (!line->transport->send(line, k, talk->out + talk->sent, n))
        host_log_debug("%s %s: answer lost, the master does not read", host_bus_name(line->bus), line->name);
    talk->sent += n;
    talk->next_ns += (int64_t)n * talk->char_ns;
    if (whole)
        talk->pending = talk->sent = 0;
}

/* The answer begins after a while; where bytes take time, the first one is there one character later. A master that
 * has not waited for the answer before gets that at once. */
static void schedule(struct host_line *line, struct host_talk *talk, const uint8_t *answer,
                     const struct host_found *found, int64_t delay_ns)
{
    size_t wait = line->transport->gateway ? host_mbap_serial_length(found->answer) : 1;

    if (found->timed_out) {
        wait = 0;
        delay_ns = timed(line, talk) ? GATEWAY_NS : 0;
    }
    delay_ns += talk->last_ns + (int64_t)wait * talk->char_ns;
    if (host_bus_late_ns(line->bus)) {
        if (!sim_late_add(&talk->late, &line->bus->sim->fault[line->bus->which], delay_ns + host_bus_late_ns(line->bus),
                          answer, found->answer))
            host_log_debug("%s %s: answer lost, too many are on their way", host_bus_name(line->bus), line->name);
        return;
    }
    send_answer(line, talk, talk->next_ns);
    memcpy(talk->out, answer, found->answer);
    talk->pending = found->answer;
    talk->next_ns = delay_ns;
}

/* An answer that was held back comes through. */
static void take_late(struct host_line *line, struct host_talk *talk, int64_t now_ns)
{
    int64_t at;

    while (!talk->pending && (talk->pending = sim_late_take(&talk->late, now_ns, &at, talk->out))) {
        talk->next_ns = at;
        send_answer(line, talk, now_ns);
    }
}

/* --- In --- */

/* Does the master speak at the rate of any meter? One that has set none is given the benefit of the doubt. */
static bool rate_matches(struct host_line *line, struct host_talk *talk, uint32_t baud)
{
    uint32_t wanted = sim_bus_baud(line->bus->sim, line->bus->which, baud);

    if (baud == 0 || baud == wanted) {
        talk->complained = 0;
        return true;
    }
    if (talk->complained != baud)
        host_log("%s %s: the master's line runs at %u baud, the meter's at %u: no answer", host_bus_name(line->bus),
                 line->name, baud, wanted);
    talk->complained = baud;
    return false;
}

static void drop_input(struct host_line *line, struct host_talk *talk, const char *why)
{
    size_t n = talk->in.used;

    if (n == 0)
        return;
    host_log_debug("%s %s: %zu byte(s) dropped: %s", host_bus_name(line->bus), line->name, n, why);
    record(line, talk, true, talk->in.byte, n, why);
    if (!line->transport->gateway)
        host_bus_silence(line->bus, &talk->in, line->transport->baud(line));
    talk->in.used = 0;
}

/* Has the request that a gateway holds passed the line behind it? Serial bytes have as soon as they are in. */
static bool has_passed(struct host_line *line, struct host_talk *talk, int64_t now_ns)
{
    size_t n = line->transport->gateway ? host_mbap_whole(&talk->in) : 0;

    if (!n || !timed(line, talk))
        return true;
    talk->passing = seize(line, talk, host_mbap_serial_length(n), now_ns);
    if (!talk->passing || now_ns < talk->next_ns)
        return false;
    talk->passing = false;
    talk->last_ns = talk->next_ns;
    return true;
}

/* A gateway's master that does not speak its language. */
static void turn_away(struct host_line *line, struct host_talk *talk, int64_t now_ns)
{
    host_log("%s %s: these bytes are no Modbus TCP; closed the connection they came by", host_bus_name(line->bus),
             line->name);
    record(line, talk, true, talk->in.byte, talk->in.used, "no Modbus TCP, connection closed");
    talk->in.used = talk->on_wire = 0;
    line->transport->hang_up(line, (size_t)(talk - line->talk), now_ns);
}

/* Takes a frame, or what is none, off the input. False if there is nothing to be taken yet. */
static bool take_frame(struct host_line *line, struct host_talk *talk, int64_t now_ns)
{
    struct host_input *in = &talk->in;
    uint8_t answer[SIM_FRAME_MAX];
    struct host_found found;
    int64_t delay_ns = host_bus_delay_ns(line->bus); /* at the rate before the request */

    if (!in->used || !has_passed(line, talk, now_ns))
        return false;
    if (line->transport->gateway)
        host_mbap_find(line->bus, in, answer, &found);
    else
        host_bus_find(line->bus, in, line->transport->baud(line), answer, &found);
    if (found.no_gateway) {
        turn_away(line, talk, now_ns);
        return false;
    }
    record(line, talk, true, in->byte, found.skipped,
           line->bus->which == EM_BUS_MODBUS ? "in front of a request" : NULL);
    record(line, talk, true, in->byte + found.skipped, found.frame, NULL);
    in->used -= found.skipped + found.frame;
    memmove(in->byte, in->byte + found.skipped + found.frame, in->used);
    if (found.answer)
        schedule(line, talk, answer, &found, delay_ns);
    return found.skipped + found.frame > 0;
}

/* How many bytes of the wire have passed it by now, and fit into the input. */
static size_t count_passed(struct host_line *line, struct host_talk *talk, int64_t now_ns)
{
    size_t n = talk->on_wire, room = sizeof talk->in.byte - talk->in.used;

    if (timed(line, talk) && !line->transport->gateway) {
        if (!n || !seize(line, talk, 1, now_ns) || now_ns < talk->next_ns)
            return 0;
        if (talk->char_ns && n > (size_t)((now_ns - talk->next_ns) / talk->char_ns) + 1)
            n = (size_t)((now_ns - talk->next_ns) / talk->char_ns) + 1;
    }
    return n < room ? n : room;
}

/* Lets bytes pass the wire into the input. False if there are none yet. */
static bool pass_bytes(struct host_line *line, struct host_talk *talk, int64_t now_ns)
{
    struct host_input *in = &talk->in;
    size_t n = count_passed(line, talk, now_ns);

    if (n == 0)
        return false;
    talk->last_ns = now_ns;
    if (timed(line, talk) && !line->transport->gateway) {
        talk->next_ns += (int64_t)n * talk->char_ns;
        talk->last_ns = talk->next_ns - talk->char_ns;
    }
    memcpy(in->byte + in->used, talk->wire, n);
    in->used += n;
    talk->on_wire -= n;
    memmove(talk->wire, talk->wire + n, talk->on_wire);
    return true;
}

/* Goes on as far as time has come. Where bytes take time nothing is listened to while an answer is under way. */
static void advance(struct host_line *line, struct host_talk *talk, int64_t now_ns)
{
    do {
        take_late(line, talk, now_ns);
        send_answer(line, talk, now_ns);
    } while (!(talk->pending && timed(line, talk)) &&
             (take_frame(line, talk, now_ns) || pass_bytes(line, talk, now_ns)));
    if (talk->in.used == sizeof talk->in.byte)
        drop_input(line, talk, "longer than any request");
    release(line, talk);
}

size_t host_line_room(const struct host_line *line, size_t master)
{
    return HOST_WIRE_MAX - line->talk[master].on_wire;
}

static void put_on_wire(struct host_line *line, struct host_talk *talk, const uint8_t *byte, size_t n, int64_t now_ns)
{
    /* The next byte of a frame that has begun does not pass before it could be there. */
    if (talk->owns && !talk->on_wire && !talk->pending && !line->transport->gateway &&
        talk->next_ns < now_ns + talk->char_ns)
        talk->next_ns = now_ns + talk->char_ns;
    memcpy(talk->wire + talk->on_wire, byte, n);
    talk->on_wire += n;
}

void host_line_take(struct host_line *line, size_t master, const uint8_t *byte, size_t n, int64_t now_ns)
{
    struct host_talk *talk = &line->talk[master];

    if (!line->transport->gateway)
        host_bus_tap(line->bus, true, byte, n);
    if (!line->transport->gateway && host_bus_echoes(line->bus, n)) {
        host_bus_tap(line->bus, false, byte, n);
        record(line, talk, false, byte, n, "echo");
        line->transport->send(line, master, byte, n);
    }
    if (!rate_matches(line, talk, line->transport->baud(line))) {
        drop_input(line, talk, "the rest came at another rate");
        record(line, talk, true, byte, n, "sent at another rate than the meter's");
        return;
    }
    while (n) {
        size_t room = host_line_room(line, master), part = n < room ? n : room;

        if (part == 0) {
            record(line, talk, true, byte, n, "lost: more than the line can carry");
            host_log_debug("%s %s: %zu byte(s) lost: more than the line can carry", host_bus_name(line->bus),
                           line->name, n);
            return;
        }
        put_on_wire(line, talk, byte, part, now_ns);
        advance(line, talk, now_ns);
        byte += part;
        n -= part;
    }
}

void host_line_forget(struct host_line *line, size_t master, int64_t now_ns)
{
    struct host_talk *talk = &line->talk[master];
    uint32_t peer = talk->peer;

    talk->gone = true;
    do {
        record(line, talk, false, talk->out, talk->sent, "the master has gone, the rest was not sent");
        talk->pending = talk->sent = 0;
    } while (take_frame(line, talk, now_ns) || pass_bytes(line, talk, now_ns));
    drop_input(line, talk, "its master has gone");
    sim_late_clear(&talk->late);
    *talk = (struct host_talk){.peer = peer};
}

/* --- Time --- */

static bool is_silent(const struct host_line *line, const struct host_talk *talk, int64_t now_ns)
{
    return now_ns - talk->last_ns >= host_bus_silence_ns(line->bus, line->transport->gap_ms);
}

void host_talk_serve(struct host_line *line, struct host_talk *talk, int64_t now_ns)
{
    if (talk->in.used && !talk->pending && !talk->on_wire && !line->transport->gateway && is_silent(line, talk, now_ns))
        drop_input(line, talk, "silence in the middle of a frame, or a wrong CRC");
    advance(line, talk, now_ns);
}

/* When a talk wants to go on by itself; INT64_MAX if it waits for its master. */
static int64_t due_by_itself(const struct host_line *line, const struct host_talk *talk)
{
    if (talk->pending || talk->passing || (talk->owns && talk->on_wire))
        return talk->next_ns;
    if (talk->on_wire || (timed(line, talk) && line->transport->gateway && host_mbap_whole(&talk->in)))
        return is_free(line, talk) ? 0 : INT64_MAX;
    if (talk->in.used && !line->transport->gateway)
        return talk->last_ns + host_bus_silence_ns(line->bus, line->transport->gap_ms);
    return INT64_MAX;
}

int64_t host_talk_due_ns(const struct host_line *line, const struct host_talk *talk)
{
    int64_t own = due_by_itself(line, talk), late = talk->pending ? INT64_MAX : sim_late_next(&talk->late);

    return late < own ? late : own;
}
