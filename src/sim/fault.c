/* SPDX-License-Identifier: MIT */
#include "fault.h"

#include <stdlib.h>
#include <string.h>

#include "random.h"

/* Bits of a character on the line. */
#define START_BIT      1u
#define DATA_SHIFT     1
#define PARITY_BIT     (1u << 9) /* or the stop bit, without parity */
#define CHARACTER_BITS 11

const char *const sim_bus_names[] = {[EM_BUS_MODBUS] = "modbus", [EM_BUS_MBUS] = "mbus", NULL};

void sim_fault_init(struct sim_fault *f, enum em_bus bus, uint64_t seed)
{
    /* Series of their own, far from those of the front ends' noise. */
    *f = (struct sim_fault){.bus = bus, .key = sim_mix(sim_mix(seed) + (uint64_t)bus + 1)};
}

void sim_fault_change(struct sim_fault *f, unsigned parts, const struct sim_fault_state *to)
{
    struct sim_fault_state *s = &f->state;

    f->used = true;
    if (parts & SIM_FAULT_BIT_ERRORS)
        s->bit_errors = to->bit_errors;
    if (parts & SIM_FAULT_DROP)
        s->drop = to->drop;
    if (parts & SIM_FAULT_DELAY)
        s->delay = to->delay;
    if (parts & SIM_FAULT_ECHO)
        s->echo = to->echo;
    if (parts & SIM_FAULT_CUT)
        s->cut = to->cut;
    if (parts & SIM_FAULT_TALKER) {
        s->talker_size = to->talker_size;
        memcpy(s->talker, to->talker, to->talker_size);
    }
}

/* --- Chance --- */

static uint64_t draw(struct sim_fault *f)
{
    return sim_mix(f->key + SIM_MIX_STEP * ++f->draws);
}

static bool happens(struct sim_fault *f, uint64_t chance)
{
    return draw(f) >> 32 < chance;
}

/* --- Characters --- */

/* Which bits of a character of so many are flipped: bit 0 is its start bit. */
static unsigned flips(struct sim_fault *f, int bits)
{
    unsigned mask = 0;

    for (int k = 0; k < bits; k++)
        if (happens(f, f->state.bit_errors))
            mask |= 1u << k;
    f->count.bits_flipped += (uint64_t)__builtin_popcount(mask);
    return mask;
}

/* A character goes over the line, either way. A flipped start bit is none: the receiver does not see that it begins. */
static enum sim_arrival carry(struct sim_fault *f, bool parity, uint8_t *byte)
{
    unsigned mask, data;

    if (f->state.cut) {
        f->count.lost_cut++;
        return SIM_ARRIVED_NOT;
    }
    if (f->state.drop && happens(f, f->state.drop)) {
        f->count.bytes_dropped++;
        return SIM_ARRIVED_NOT;
    }
    if (!f->state.bit_errors)
        return SIM_ARRIVED;
    mask = flips(f, parity ? CHARACTER_BITS : CHARACTER_BITS - 1);
    data = mask >> DATA_SHIFT & 0xFF;
    *byte ^= (uint8_t)data;
    if (mask & START_BIT)
        return SIM_ARRIVED_NOT;
    if (!parity)
        return mask & PARITY_BIT ? SIM_ARRIVED_BROKEN : SIM_ARRIVED;
    if (mask & PARITY_BIT << 1 || (__builtin_popcount(data) + (mask & PARITY_BIT ? 1 : 0)) % 2)
        return SIM_ARRIVED_BROKEN;
    return SIM_ARRIVED;
}

enum sim_arrival sim_fault_hear(struct sim_fault *f, bool parity, uint8_t *byte)
{
    uint8_t sent = *byte;
    enum sim_arrival arrival = carry(f, parity, byte);

    f->count.bytes_in++;
    f->count.frames += !f->inside;
    f->inside = true;
    /* Of what is lost on a cut wire nothing reaches the meters, damaged or not. */
    f->damaged = f->damaged || (!f->state.cut && (arrival != SIM_ARRIVED || *byte != sent));
    f->broken = f->broken || arrival == SIM_ARRIVED_BROKEN;
    return arrival == SIM_ARRIVED && f->broken ? SIM_ARRIVED_BROKEN : arrival;
}

void sim_fault_end(struct sim_fault *f)
{
    f->count.damaged += f->damaged;
    f->inside = f->damaged = f->broken = false;
}

/* --- Answers --- */

/* Two talk at once. On the M-Bus a space wins; two drivers of an RS-485 line leave a bit on which they differ to
 * chance. */
static uint8_t collide(struct sim_fault *f, uint8_t one, uint8_t other)
{
    uint8_t both = one & other;

    return f->bus == EM_BUS_MBUS ? both : (uint8_t)(both | ((one ^ other) & draw(f) >> 56));
}

static size_t talk_over(struct sim_fault *f, uint8_t *byte, size_t n, size_t size)
{
    size_t others = f->state.talker_size < size ? f->state.talker_size : size;

    if (others == 0)
        return n;
    f->count.collisions++;
    for (size_t k = 0; k < others; k++)
        byte[k] = k < n ? collide(f, byte[k], f->state.talker[k]) : f->state.talker[k];
    return others > n ? others : n;
}

size_t sim_fault_answer(struct sim_fault *f, bool parity, uint8_t *byte, size_t n, size_t size)
{
    size_t arrived = 0;

    sim_fault_end(f);
    f->count.answered++;
    f->count.delayed += f->state.delay > 0;
    n = talk_over(f, byte, n, size);
    for (size_t k = 0; k < n; k++) {
        uint8_t b = byte[k];

        /* A master gets a broken character's data: what it makes of its parity is its own affair. */
        if (carry(f, parity, &b) != SIM_ARRIVED_NOT)
            byte[arrived++] = b;
    }
    f->count.bytes_out += arrived;
    return arrived;
}

bool sim_fault_echo(struct sim_fault *f, size_t n)
{
    f->count.echoed += f->state.echo ? n : 0;
    return f->state.echo;
}

/* --- Counters --- */

#define COUNTER(name)                                                                                                  \
    {                                                                                                                  \
#name, offsetof(struct sim_fault_counts, name)                                                                 \
    }

const struct sim_fault_counter sim_fault_counters[] = {
    COUNTER(frames),    COUNTER(damaged),      COUNTER(answered),      COUNTER(bytes_in),
    COUNTER(bytes_out), COUNTER(bits_flipped), COUNTER(bytes_dropped), COUNTER(lost_cut),
    COUNTER(echoed),    COUNTER(collisions),   COUNTER(delayed),       {0},
};

const struct sim_fault_counter *sim_fault_counter_named(const char *name)
{
    for (const struct sim_fault_counter *c = sim_fault_counters; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

uint64_t sim_fault_counted(const struct sim_fault *f, const struct sim_fault_counter *counter)
{
    uint64_t value;

    memcpy(&value, (const char *)&f->count + counter->offset, sizeof value);
    return value;
}

/* --- On their way --- */

struct letter {
    size_t n;
    uint8_t byte[];
};

bool sim_late_add(struct sim_late *late, struct sim_fault *f, int64_t at, const uint8_t *byte, size_t n)
{
    struct letter *letter;

    if (late->due.count == SIM_LATE_MAX) {
        f->count.bytes_dropped += n;
        return false;
    }
    letter = malloc(sizeof *letter + n);
    if (!letter)
        abort();
    letter->n = n;
    memcpy(letter->byte, byte, n);
    sim_due_add(&late->due, (struct sim_due_item){.at = at, .order = late->order++, .left = 1, .what = letter});
    return true;
}

size_t sim_late_take(struct sim_late *late, int64_t now, int64_t *at, uint8_t *byte)
{
    struct sim_due_item item;
    struct letter *letter;
    size_t n;

    if (!sim_due_take(&late->due, now, &item))
        return 0;
    letter = (struct letter *)item.what;
    n = letter->n;
    memcpy(byte, letter->byte, n);
    *at = item.at;
    free(letter);
    return n;
}

int64_t sim_late_next(const struct sim_late *late)
{
    return sim_due_next(&late->due);
}

void sim_late_clear(struct sim_late *late)
{
    for (size_t k = 0; k < late->due.count; k++)
        free((void *)late->due.item[k].what);
    sim_due_free(&late->due);
}
