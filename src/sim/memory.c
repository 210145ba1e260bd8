/* SPDX-License-Identifier: MIT */
#include "memory.h"

#include <string.h>

void sim_memory_init(struct sim_memory *memory)
{
    memset(memory, 0, sizeof *memory);
    memset(memory->image, 0xFF, sizeof memory->image);
}

int sim_memory_read(const struct sim_memory *memory, uint32_t offset, void *data, uint32_t n)
{
    if (memory->dead || offset > EM_NV_SIZE || n > EM_NV_SIZE - offset)
        return -1;
    memcpy(data, memory->image + offset, n);
    return 0;
}

int sim_memory_write(struct sim_memory *memory, uint32_t offset, const void *data, uint32_t n)
{
    if (memory->dead || offset > EM_NV_SIZE || n > EM_NV_SIZE - offset)
        return -1;
    if (n == 0)
        return 0;
    memory->writes++;
    memory->page_writes[offset / EM_NV_PAGE]++;
    if (memory->writes == memory->cut_at) {
        memory->dead = true;
        memory->cut_at = 0;
        n = memory->torn == SIM_TORN_NOTHING ? 0 : memory->torn == SIM_TORN_HALF ? n / 2 : n;
    }
    memcpy(memory->image + offset, data, n);
    if (memory->changed && n)
        memory->changed(memory->ctx, offset, memory->image + offset, n);
    return memory->dead ? -1 : 0;
}

void sim_memory_cut(struct sim_memory *memory, uint64_t after_writes, enum sim_torn torn)
{
    memory->cut_at = memory->writes + after_writes;
    memory->torn = torn;
}

void sim_memory_revive(struct sim_memory *memory)
{
    memory->dead = false;
}

bool sim_memory_corrupt(struct sim_memory *memory, enum em_nv_area area, uint32_t byte)
{
    const struct em_nv_place *place = &em_nv_places[area];

    if (byte >= place->size)
        return false;
    memory->image[place->offset + byte] ^= 0xFF;
    if (memory->changed)
        memory->changed(memory->ctx, place->offset + byte, memory->image + place->offset + byte, 1);
    return true;
}
