/* SPDX-License-Identifier: MIT
 * What is wrong with the line between the masters and the meters of a bus: characters come damaged, late or not at all.
 *
 * The line is looked at character by character, as a UART does: a start bit, eight data bits, a parity bit if there is
 * one, a stop bit, each of which may be flipped. What happens depends on the seed and on how many characters have
 * passed, never on time. Without a fault a line only counts. */
#ifndef SIM_FAULT_H
#define SIM_FAULT_H

#include "due.h"
#include "vmeter/em_meter.h"

/* The buses as users know them, by enum em_bus; NULL ends the list. */
extern const char *const sim_bus_names[];

/* What is wrong. All zero: nothing. */
struct sim_fault_state {
    uint64_t bit_errors, drop; /* chances of a bit to be flipped, of a character to get lost: 0..SIM_FAULT_ALWAYS */
    int64_t delay;             /* samples by which answers come later */
    bool echo;                 /* the masters hear what they say */
    bool cut;                  /* nothing gets through */
    uint16_t talker_size;      /* bytes that somebody else says whenever a meter answers; 0: nobody does */
    uint8_t talker[EM_MBUS_FRAME_MAX];
};
#define SIM_FAULT_ALWAYS ((uint64_t)1 << 32)

/* The parts of a state, to be or-ed. */
enum {
    SIM_FAULT_BIT_ERRORS = 1,
    SIM_FAULT_DROP = 2,
    SIM_FAULT_DELAY = 4,
    SIM_FAULT_ECHO = 8,
    SIM_FAULT_CUT = 16,
    SIM_FAULT_TALKER = 32,
    SIM_FAULT_ALL = 63,
};

/* What has happened since t = 0. A frame is what masters say up to an answer or a silence. */
struct sim_fault_counts {
    uint64_t frames, damaged, answered; /* of masters; of these came otherwise than sent; were answered */
    uint64_t bytes_in, bytes_out;       /* that masters have sent; that have come to them, without their echo */
    uint64_t bits_flipped, bytes_dropped, lost_cut; /* both ways; lost_cut: bytes */
    uint64_t echoed, collisions, delayed;           /* bytes; answers; answers */
};

struct sim_fault {
    enum em_bus bus;
    struct sim_fault_state state;
    struct sim_fault_counts count;
    uint64_t key, draws;          /* of chance */
    bool used;                    /* something was ever said about it */
    bool inside, damaged, broken; /* of the frame that masters are saying: begun, changed, refused from here on */
};

/* A sound line. */
void sim_fault_init(struct sim_fault *f, enum em_bus bus, uint64_t seed);

/* Takes over the parts of a state. */
void sim_fault_change(struct sim_fault *f, unsigned parts, const struct sim_fault_state *to);

/* A master sends a character; *byte becomes what the meters' UARTs make of it. SIM_ARRIVED_BROKEN: its parity or its
 * stop bit is wrong, or that of one before in this frame, so that they refuse it. */
enum sim_arrival { SIM_ARRIVED_NOT, SIM_ARRIVED_BROKEN, SIM_ARRIVED };
enum sim_arrival sim_fault_hear(struct sim_fault *f, bool parity, uint8_t *byte);

/* The master's frame has ended. Answers end it, too. */
void sim_fault_end(struct sim_fault *f);

/* The meters answer n bytes, at least one; size is the room. Puts what comes to the masters in their place and returns
 * its length. */
size_t sim_fault_answer(struct sim_fault *f, bool parity, uint8_t *byte, size_t n, size_t size);

/* Do masters hear the n bytes that they send? What they hear is as they sent it: it is their own adapter that echoes.
 */
bool sim_fault_echo(struct sim_fault *f, size_t n);

/* The counters by name, up to one without; and the one with a name, or NULL. */
struct sim_fault_counter {
    const char *name;
    size_t offset; /* in struct sim_fault_counts */
};
extern const struct sim_fault_counter sim_fault_counters[];
const struct sim_fault_counter *sim_fault_counter_named(const char *name);
uint64_t sim_fault_counted(const struct sim_fault *f, const struct sim_fault_counter *counter);

/* Answers on their way, in the order in which they come. Time is the caller's. Zeroed: none. */
struct sim_late {
    struct sim_due due;
    uint64_t order;
};

/* So many may be on their way; more get lost, as in an adapter whose memory is full. */
#define SIM_LATE_MAX 64

/* n bytes of an answer on the line f that come at `at`. False if they got lost, which f counts. */
bool sim_late_add(struct sim_late *late, struct sim_fault *f, int64_t at, const uint8_t *byte, size_t n);

/* Takes the first that comes at `now` or before into byte (room for the longest) and returns its length, or 0; *at
 * becomes the time at which it came. */
size_t sim_late_take(struct sim_late *late, int64_t now, int64_t *at, uint8_t *byte);

/* When the first one comes, or INT64_MAX. */
int64_t sim_late_next(const struct sim_late *late);

/* All get lost. */
void sim_late_clear(struct sim_late *late);

#endif
