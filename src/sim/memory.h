/* SPDX-License-Identifier: MIT
 * The meter's EEPROM as the world sees it: an image that can be corrupted and cut off in mid-write on purpose. */
#ifndef SIM_MEMORY_H
#define SIM_MEMORY_H

#include "vmeter/em_meter.h"

/* How much of the write that is cut reaches the memory. */
enum sim_torn { SIM_TORN_NOTHING, SIM_TORN_HALF, SIM_TORN_ALL, SIM_TORN_COUNT };

struct sim_memory {
    uint8_t image[EM_NV_SIZE];
    uint64_t writes; /* pages written so far */
    uint32_t page_writes[EM_NV_SIZE / EM_NV_PAGE];
    uint64_t cut_at; /* the write with this number is cut off; 0: none */
    enum sim_torn torn;
    bool dead; /* the supply went away in a write; nothing works until sim_memory_revive */
    /* Told of every change, to keep a file in step; may be NULL. */
    void (*changed)(void *ctx, uint32_t offset, const uint8_t *data, uint32_t n);
    void *ctx;
};

/* An erased memory: all bytes FF. */
void sim_memory_init(struct sim_memory *memory);

/* For em_port: ctx is not the memory here, see sim.c. 0, or -1 when dead or out of range. */
int sim_memory_read(const struct sim_memory *memory, uint32_t offset, void *data, uint32_t n);
int sim_memory_write(struct sim_memory *memory, uint32_t offset, const void *data, uint32_t n);

/* The write number `after_writes` from now on (1: the next) is cut. */
void sim_memory_cut(struct sim_memory *memory, uint64_t after_writes, enum sim_torn torn);

/* Supply is back. */
void sim_memory_revive(struct sim_memory *memory);

/* Inverts a byte of an area. False if the area is not that large. */
bool sim_memory_corrupt(struct sim_memory *memory, enum em_nv_area area, uint32_t byte);

#endif
