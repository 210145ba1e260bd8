/* SPDX-License-Identifier: MIT
 * What of the panel looks other than before, and drawing just that: patches are the vertices of one card each. */
#include "panel_parts.h"

#include <math.h>
#include <string.h>

namespace panel
{

/* --- Is it the same? --- */

static uint64_t mix(uint64_t hash, const void *data, size_t n)
{
    const unsigned char *byte = (const unsigned char *)data;
    uint64_t word;

    for (; n >= sizeof word; n -= sizeof word, byte += sizeof word) {
        memcpy(&word, byte, sizeof word);
        hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
        hash ^= hash >> 29;
    }
    for (; n; n--, byte++)
        hash = (hash ^ *byte) * 0x100000001B3u;
    return hash;
}

static uint64_t hash_vertices(uint64_t hash, const ImDrawList *list, int first, int end)
{
    return mix(hash, list->VtxBuffer.Data + first, (size_t)(end - first) * sizeof(ImDrawVert));
}

/* Of all that belongs to no patch: the vertices between them, and how they are clipped. */
static uint64_t hash_rest(const struct ui_panel *p, const ImDrawData *data)
{
    uint64_t hash = p->patches;

    for (int k = 0; k < data->CmdListsCount; k++) {
        const ImDrawList *list = data->CmdLists[k];
        int at = 0;

        for (unsigned j = 0; j < p->patches; j++) {
            if (p->patch[j].list != list)
                continue;
            hash = hash_vertices(hash, list, at, p->patch[j].first);
            at = p->patch[j].end;
        }
        hash = hash_vertices(hash, list, at, list->VtxBuffer.Size);
        if (list->CmdBuffer.Size)
            hash = mix(hash, &list->CmdBuffer[0].ClipRect, sizeof list->CmdBuffer[0].ClipRect);
    }
    return hash;
}

/* Compares what was built with the one before; `before` has as many patches as there were. */
void find_damage(struct ui_panel *p, const struct patch *before, struct ui_damage *damage)
{
    const uint64_t rest = hash_rest(p, ImGui::GetDrawData());

    *damage = {};
    damage->all = rest != p->rest;
    p->rest = rest;
    for (unsigned k = 0; k < p->patches; k++) {
        struct patch *patch = &p->patch[k];

        patch->hash = hash_vertices(1, patch->list, patch->first, patch->end);
        damage->all = damage->all || memcmp(&patch->rect, &before[k].rect, sizeof patch->rect);
        if (patch->hash != before[k].hash)
            damage->rect[damage->count++] = patch->rect;
    }
}

/* --- Drawing --- */

/* Some triangles of a list, from index `first` up to `end`. */
static void draw_range(struct ui_panel *p, const ImDrawList *list, unsigned first, unsigned end, const SDL_Rect *within)
{
    for (const ImDrawCmd &cmd : list->CmdBuffer) {
        const ImDrawVert *vertex = list->VtxBuffer.Data + cmd.VtxOffset;
        const SDL_Rect own = {(int)cmd.ClipRect.x, (int)cmd.ClipRect.y, (int)(cmd.ClipRect.z - cmd.ClipRect.x),
                              (int)(cmd.ClipRect.w - cmd.ClipRect.y)};
        const unsigned from = cmd.IdxOffset > first ? cmd.IdxOffset : first,
                       to = cmd.IdxOffset + cmd.ElemCount < end ? cmd.IdxOffset + cmd.ElemCount : end;
        SDL_Rect clip;

        if (from >= to || !SDL_IntersectRect(&own, within, &clip))
            continue;
        SDL_RenderSetClipRect(p->renderer, &clip);
        SDL_RenderGeometryRaw(p->renderer, (SDL_Texture *)cmd.GetTexID(), &vertex->pos.x, sizeof *vertex,
                              (const SDL_Color *)&vertex->col, sizeof *vertex, &vertex->uv.x, sizeof *vertex,
                              list->VtxBuffer.Size - (int)cmd.VtxOffset, list->IdxBuffer.Data + from, (int)(to - from),
                              sizeof(ImDrawIdx));
    }
}

/* A list without the patches that lie elsewhere. */
void draw_list(struct ui_panel *p, const ImDrawList *list, const SDL_Rect *within)
{
    unsigned at = 0;

    for (unsigned k = 0; k < p->patches; k++) {
        const struct patch *patch = &p->patch[k];
        const SDL_Rect rect = {patch->rect.x, patch->rect.y, patch->rect.w, patch->rect.h};

        if (patch->list != list || SDL_HasIntersection(&rect, within))
            continue;
        draw_range(p, list, at, patch->first_index, within);
        at = patch->end_index;
    }
    draw_range(p, list, at, (unsigned)list->IdxBuffer.Size, within);
}

} // namespace panel
