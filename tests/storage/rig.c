/* SPDX-License-Identifier: MIT */
#include "rig.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct rig_wave rig_idle, rig_dark;
const char *const rig_torn_name[RIG_TORN_COUNT] = {"nothing", "a few bytes",    "half",
                                                   "all",     "an erased page", "every other byte"};

TCase *rig_case(Suite *suite, const char *name)
{
    TCase *tcase = tcase_create(name);

    tcase_set_timeout(tcase, 300);
    suite_add_tcase(suite, tcase);
    return tcase;
}

uint64_t rig_random(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

uint32_t rig_random_below(uint64_t *state, uint32_t limit)
{
    return (uint32_t)(rig_random(state) % limit);
}

double rig_clock(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

/* --- Mains ------------------------------------------------------------------------------------------------------ */

void rig_wave_set(struct rig_wave *wave, const struct rig_load *load)
{
    for (int k = 0; k < RIG_CYCLE; k++) {
        for (int p = 0; p < EM_PHASE_COUNT; p++) {
            double angle = 2 * M_PI * (k / (double)RIG_CYCLE - p / 3.0), lag = load->lag_deg[p] * M_PI / 180;

            wave->sample[EM_U1 + p][k] = (int32_t)lrint(M_SQRT2 * load->volts[p] * EM_COUNTS_PER_VOLT * sin(angle));
            wave->sample[EM_I1 + p][k] =
                (int32_t)lrint(M_SQRT2 * load->amps[p] * EM_COUNTS_PER_AMPERE * sin(angle - lag));
        }
    }
    for (int c = 0; c < EM_CHANNEL_COUNT; c++)
        for (int k = 0; k < RIG_BLOCK_MAX; k++)
            wave->sample[c][RIG_CYCLE + k] = wave->sample[c][k];
}

void rig_wave_balanced(struct rig_wave *wave, double amps, double lag_deg)
{
    struct rig_load load = {{230, 230, 230}, {amps, amps, amps}, {lag_deg, lag_deg, lag_deg}};

    rig_wave_set(wave, &load);
}

/* --- The meter's surroundings ----------------------------------------------------------------------------------- */

enum em_nv_area rig_area(uint32_t offset)
{
    int k = 0;

    while (k < EM_NV_AREA_COUNT && offset - em_nv_places[k].offset >= em_nv_places[k].size)
        k++;
    return (enum em_nv_area)k;
}

static int read_memory(void *ctx, uint32_t offset, void *data, uint32_t n)
{
    struct rig *rig = ctx;
    enum em_nv_area area = rig_area(offset);

    RIG_CHECK(n <= EM_NV_PAGE && offset / EM_NV_PAGE == (offset + n - 1) / EM_NV_PAGE, "%u bytes read at %u", n,
              offset);
    if (area < EM_NV_AREA_COUNT && rig->read_fails[area])
        return -1;
    return sim_memory_read(&rig->memory, offset, data, n);
}

/* Leaves of the new page what a torn write does. */
static void tear(struct rig *rig, uint32_t offset, const uint8_t *data, uint32_t n)
{
    uint8_t *page = rig->memory.image + offset;

    for (uint32_t k = 0; k < n; k++) {
        bool kept[RIG_TORN_COUNT] = {false, k < 5, k < n / 2, true, true, k % 2 == 0};

        if (kept[rig->torn])
            page[k] = rig->torn == RIG_ERASED ? 0xFF : data[k];
    }
}

static int write_memory(void *ctx, uint32_t offset, const void *data, uint32_t n)
{
    struct rig *rig = ctx;
    enum em_nv_area area = rig_area(offset);

    RIG_CHECK(n <= EM_NV_PAGE && offset / EM_NV_PAGE == (offset + n - 1) / EM_NV_PAGE, "%u bytes written at %u", n,
              offset);
    RIG_CHECK(area < EM_NV_AREA_COUNT, "a write outside the areas, at %u", offset);
    if (rig->write_fails[area])
        return -1;
    if (rig->writing && !rig->memory.dead)
        rig->writing(rig, offset, n);
    if (sim_memory_write(&rig->memory, offset, data, n) == 0)
        return 0;
    if (rig->memory.dead && rig->torn != RIG_TORN_COUNT)
        tear(rig, offset, data, n);
    rig->torn = RIG_TORN_COUNT; /* once */
    return -1;
}

static void note_edge(void *ctx, enum em_output output, bool on, uint32_t sample)
{
    struct rig *rig = ctx;
    struct rig_edges *edges = &rig->edges[output];

    if (edges->count == edges->room) {
        edges->room = edges->room ? 2 * edges->room : 1024;
        edges->edge = realloc(edges->edge, edges->room * sizeof *edges->edge);
        if (!edges->edge)
            abort();
    }
    edges->edge[edges->count++] = (struct rig_edge){rig->now + sample, on};
}

static void prepare(struct rig *rig)
{
    rig->port = (struct em_port){.ctx = rig, .nv_read = read_memory, .nv_write = write_memory, .edge = note_edge};
    sim_memory_init(&rig->memory);
    memset(rig->read_fails, 0, sizeof rig->read_fails);
    memset(rig->write_fails, 0, sizeof rig->write_fails);
    rig->torn = RIG_TORN_COUNT;
    rig->writing = NULL;
    rig->wave = &rig_idle;
    rig->now = 0;
    for (int k = 0; k < EM_OUTPUT_COUNT; k++)
        rig->edges[k].count = 0;
}

void rig_init(struct rig *rig)
{
    prepare(rig);
    rig_restart(rig);
}

void rig_init_image(struct rig *rig, const uint8_t image[EM_NV_SIZE])
{
    prepare(rig);
    memcpy(rig->memory.image, image, EM_NV_SIZE);
    rig_restart(rig);
}

void rig_restart(struct rig *rig)
{
    rig->memory.dead = false;
    em_meter_init(&rig->meter, &rig->port, EM_FREQUENCY_NOMINAL_MHZ);
}

/* --- Feeding ---------------------------------------------------------------------------------------------------- */

void rig_feed_blocks(struct rig *rig, int64_t n, uint32_t size)
{
    while (n > 0 && !rig->memory.dead) {
        struct em_block block = {.n = n < size ? (uint32_t)n : size};

        for (int c = 0; c < EM_CHANNEL_COUNT; c++)
            block.channel[c] = &rig->wave->sample[c][rig->now % RIG_CYCLE];
        em_meter_samples(&rig->meter, &block);
        rig->now += block.n;
        n -= block.n;
    }
}

void rig_feed(struct rig *rig, int64_t n)
{
    rig_feed_blocks(rig, n, RIG_CYCLE);
}

bool rig_feed_until(struct rig *rig, bool running)
{
    for (int k = 0; k < 10 * EM_SAMPLE_RATE / RIG_CYCLE && !rig->memory.dead; k++) {
        if (em_meter_running(&rig->meter) == running)
            return true;
        rig_feed(rig, RIG_CYCLE);
    }
    return em_meter_running(&rig->meter) == running && !rig->memory.dead;
}

void rig_cut(struct rig *rig, uint64_t n, enum rig_torn torn)
{
    rig->torn = torn;
    sim_memory_cut(&rig->memory, n, SIM_TORN_NOTHING);
}

void rig_recover(struct rig *rig)
{
    em_meter_cut(&rig->meter);
    sim_memory_revive(&rig->memory);
    RIG_CHECK(rig_feed_until(rig, true), "the meter does not start again");
}

/* --- Looking at things ------------------------------------------------------------------------------------------ */

void rig_invert(uint8_t *byte, uint32_t n)
{
    while (n--)
        *byte++ ^= 0xFF;
}

const char *const rig_copy_name[RIG_COPY_COUNT] = {"energy main",     "energy backup",    "settings main",
                                                   "settings backup", "calibration main", "calibration backup"};

struct em_nv_place rig_copy(int k)
{
    struct em_nv_place place = em_nv_places[k < 2 ? EM_NV_ENERGY_MAIN + k : k < 4 ? EM_NV_SETTINGS : EM_NV_CALIBRATION];

    if (k >= 2) {
        place.size /= 2;
        place.offset = (uint16_t)(place.offset + (k & 1) * place.size);
    }
    return place;
}

struct em_nv_place rig_mantissa_slot(uint32_t sequence)
{
    struct em_nv_place place = em_nv_places[EM_NV_MANTISSA];

    place.size /= 2;
    place.offset = (uint16_t)(place.offset + (sequence & 1) * place.size);
    return place;
}

const struct em_counter *rig_counter(const struct em_energy *e, int k)
{
    const int phases = sizeof e->phase / sizeof(struct em_counter),
              tariffs = sizeof e->tariff / sizeof e->phase[0][0][0];

    if (k < phases)
        return &(&e->phase[0][0][0])[k];
    k -= phases;
    return k < tariffs ? &(&e->tariff[0][0][0])[k] : &(&e->quadrant[0][0])[k - tariffs];
}

_Static_assert(RIG_COUNTER_COUNT * sizeof(struct em_counter) == sizeof(((struct em_energy *)0)->phase) +
                                                                    sizeof(((struct em_energy *)0)->tariff) +
                                                                    sizeof(((struct em_energy *)0)->quadrant),
               "rig_counter must know all counters");

static const char *difference(const char *what, int k, int64_t a, int64_t b)
{
    static char text[120];

    snprintf(text, sizeof text, "%s %d: %lld against %lld", what, k, (long long)a, (long long)b);
    return a == b ? NULL : text;
}

const char *rig_energy_difference(const struct em_energy *a, const struct em_energy *b, bool rests)
{
    const uint32_t *ha = &a->history_wh[0][0][0][0], *hb = &b->history_wh[0][0][0][0];
    const int64_t *fa = &a->fraction[0][0], *fb = &b->fraction[0][0];
    const char *d = NULL;

    for (int k = 0; !d && k < RIG_COUNTER_COUNT; k++) {
        d = difference("Wh of counter", k, rig_counter(a, k)->wh, rig_counter(b, k)->wh);
        if (!d && rests)
            d = difference("rest of counter", k, (int64_t)rig_counter(a, k)->rest, (int64_t)rig_counter(b, k)->rest);
    }
    for (int k = 0; !d && rests && k < (int)(sizeof a->fraction / sizeof *fa); k++)
        d = difference("fraction", k, fa[k], fb[k]);
    for (int k = 0; !d && k < EM_PHASES_AND_TOTAL; k++)
        d = difference("trip counter", k, a->trip_wh[k], b->trip_wh[k]);
    for (int k = 0; !d && k < (int)(sizeof a->history_wh / sizeof *ha); k++)
        d = difference("history", k, ha[k], hb[k]);
    for (int k = 0; !d && k < EM_CT_CHANGES_MAX; k++)
        d = difference("history ratio", k, a->history_ratio[k], b->history_ratio[k]);
    d = d ? d : difference("trip resets", 0, a->trip_resets, b->trip_resets);
    d = d ? d : difference("CT ratio", 0, a->ct_ratio, b->ct_ratio);
    return d ? d : difference("CT changes", 0, a->ct_changes, b->ct_changes);
}

int rig_setting_difference(const struct em_settings *a, const struct em_settings *b)
{
    for (int k = 0; k < EM_SETTING_COUNT; k++)
        if (k != EM_SETTING_POWER_DOWN_COUNTER && a->value[k] != b->value[k])
            return k;
    return -1;
}

void rig_preload(struct rig *rig, int32_t base)
{
    struct em_energy *e = &rig->meter.energy;
    uint32_t wh = (uint32_t)base;

    for (int k = 0; k < RIG_COUNTER_COUNT; k++)
        ((struct em_counter *)rig_counter(e, k))->wh = wh += 1017;
    for (int k = 0; k < EM_PHASES_AND_TOTAL; k++)
        e->trip_wh[k] = (int32_t)(wh += 1017);
    for (int set = 0; set < e->ct_changes; set++)
        for (int k = 0; k < EM_TARIFF_COUNT * EM_KIND_COUNT * EM_DIRECTION_COUNT; k++)
            (&e->history_wh[set][0][0][0])[k] = wh += 1017;
}

/* --- Registers -------------------------------------------------------------------------------------------------- */

uint32_t rig_read(struct rig *rig, uint16_t address, uint16_t count)
{
    uint16_t word[2] = {0};
    enum em_exception exception = em_registers_read(&rig->meter, address, count, word);

    RIG_CHECK(exception == EM_EXCEPTION_NONE, "reading %04X gives exception %d", address, exception);
    return count == 2 ? (uint32_t)word[0] << 16 | word[1] : word[0];
}

enum em_exception rig_write(struct rig *rig, uint16_t address, uint16_t count, const uint16_t *values)
{
    return em_registers_write(&rig->meter, count == 1 ? 0x06 : 0x10, address, count, values);
}

int main(void)
{
    const struct rig_load idle = {.volts = {230, 230, 230}};
    SRunner *runner = srunner_create(rig_suite());
    int failed;

    rig_wave_set(&rig_idle, &idle);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
