/* SPDX-License-Identifier: MIT */
#include "speed.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"

#ifdef HOST_X86
em_accumulate_fn em_accumulate_sse4, em_accumulate_avx2, em_accumulate_avx512;
sim_synth_fn sim_synth_sse4, sim_synth_avx2, sim_synth_avx512;

static bool has_sse4(void)
{
    return __builtin_cpu_supports("sse4.1");
}

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2");
}

static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq");
}
#endif

static bool always(void)
{
    return true;
}

static const struct {
    struct host_speed speed;
    bool (*available)(void);
} sets[] = {
    {{"generic", {.accumulate = em_accumulate, .synth = sim_synth}}, always},
#ifdef HOST_X86
    {{"sse4", {.accumulate = em_accumulate_sse4, .synth = sim_synth_sse4}}, has_sse4},
    {{"avx2", {.accumulate = em_accumulate_avx2, .synth = sim_synth_avx2}}, has_avx2},
    {{"avx512", {.accumulate = em_accumulate_avx512, .synth = sim_synth_avx512}}, has_avx512},
#endif
};

const struct host_speed *host_speed_at(size_t k)
{
    for (size_t n = 0; n < sizeof sets / sizeof sets[0]; n++)
        if (sets[n].available() && k-- == 0)
            return &sets[n].speed;
    return NULL;
}

const struct host_speed *host_speed_best(void)
{
    const char *wanted = getenv("VMETER_CPU");
    const struct host_speed *best = NULL, *next;

    for (size_t k = 0; (next = host_speed_at(k)); k++) {
        best = next;
        if (wanted && strcmp(wanted, next->name) == 0)
            return best;
    }
    if (wanted)
        host_log("VMETER_CPU=%s: this machine has no such set; using %s", wanted, best->name);
    return best;
}
