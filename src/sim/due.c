/* SPDX-License-Identifier: MIT */
#include "due.h"

#include <stdlib.h>

static bool before(const struct sim_due_item *a, const struct sim_due_item *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void swap(struct sim_due_item *a, struct sim_due_item *b)
{
    struct sim_due_item t = *a;

    *a = *b;
    *b = t;
}

void sim_due_add(struct sim_due *due, struct sim_due_item item)
{
    size_t k = due->count++;

    if (due->count > due->room) {
        due->room = due->room ? 2 * due->room : 16;
        due->item = realloc(due->item, due->room * sizeof *due->item);
        if (!due->item)
            abort();
    }
    due->item[k] = item;
    for (; k && before(&due->item[k], &due->item[(k - 1) / 2]); k = (k - 1) / 2)
        swap(&due->item[k], &due->item[(k - 1) / 2]);
}

static void sink(struct sim_due *due)
{
    size_t k = 0;

    while (2 * k + 1 < due->count) {
        size_t child = 2 * k + 1;

        if (child + 1 < due->count && before(&due->item[child + 1], &due->item[child]))
            child++;
        if (!before(&due->item[child], &due->item[k]))
            return;
        swap(&due->item[k], &due->item[child]);
        k = child;
    }
}

bool sim_due_take(struct sim_due *due, int64_t now, struct sim_due_item *out)
{
    if (sim_due_next(due) > now)
        return false;
    *out = due->item[0];
    if (out->period && out->left > 1) {
        due->item[0].at += out->period;
        due->item[0].left--;
    } else {
        due->item[0] = due->item[--due->count];
    }
    sink(due);
    return true;
}

int64_t sim_due_next(const struct sim_due *due)
{
    return due->count ? due->item[0].at : INT64_MAX;
}

void sim_due_free(struct sim_due *due)
{
    free(due->item);
    *due = (struct sim_due){0};
}
