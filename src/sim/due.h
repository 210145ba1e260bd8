/* SPDX-License-Identifier: MIT
 * The due-list: what is to happen next. A binary heap by time and, at the same instant, by file order. */
#ifndef SIM_DUE_H
#define SIM_DUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_due_item {
    int64_t at;     /* sample */
    uint64_t order; /* unique; smaller first at the same instant */
    int64_t period; /* samples to the next time, 0: none */
    int64_t left;   /* times still to come, this one included */
    const void *what;
};

struct sim_due {
    struct sim_due_item *item;
    size_t count, room;
};

void sim_due_add(struct sim_due *due, struct sim_due_item item);

/* Takes the first item if it is due at `now` or before; a periodic one is put back with its next time. */
bool sim_due_take(struct sim_due *due, int64_t now, struct sim_due_item *out);

/* The next time, or INT64_MAX. */
int64_t sim_due_next(const struct sim_due *due);

void sim_due_free(struct sim_due *due);

#endif
