/* SPDX-License-Identifier: MIT */
#include "vmeter/em_storage.h"

#include <string.h>

#include "vmeter/em_meter.h"

#define LAYOUT_VERSION 1
#define HEADER_SIZE    12

enum kind { ENERGY = 'E', MANTISSA = 'M', SETTINGS = 'S', CALIBRATION = 'C' };

/* Where the copies of the records lie. */
#define ENERGY_SIZE      768
#define MANTISSA_SIZE    512
#define SETTINGS_SIZE    256
#define CALIBRATION_SIZE 128
enum {
    ENERGY_MAIN = 0,
    ENERGY_BACKUP = ENERGY_MAIN + ENERGY_SIZE,
    MANTISSA_SLOTS = ENERGY_BACKUP + ENERGY_SIZE,
    SETTINGS_MAIN = MANTISSA_SLOTS + 2 * MANTISSA_SIZE,
    SETTINGS_BACKUP = SETTINGS_MAIN + SETTINGS_SIZE,
    CALIBRATION_MAIN = SETTINGS_BACKUP + SETTINGS_SIZE,
    CALIBRATION_BACKUP = CALIBRATION_MAIN + CALIBRATION_SIZE,
    USED_SIZE = CALIBRATION_BACKUP + CALIBRATION_SIZE
};

_Static_assert((int)USED_SIZE <= EM_NV_SIZE, "the areas must fit");

const struct em_nv_place em_nv_places[EM_NV_AREA_COUNT] = {
    [EM_NV_ENERGY_MAIN] = {ENERGY_MAIN, ENERGY_SIZE},
    [EM_NV_ENERGY_BACKUP] = {ENERGY_BACKUP, ENERGY_SIZE},
    [EM_NV_MANTISSA] = {MANTISSA_SLOTS, 2 * MANTISSA_SIZE},
    [EM_NV_SETTINGS] = {SETTINGS_MAIN, 2 * SETTINGS_SIZE},
    [EM_NV_CALIBRATION] = {CALIBRATION_MAIN, 2 * CALIBRATION_SIZE},
};

/* --- A stream of bytes to or from memory --- */

/* One description of a record serves three purposes. */
enum mode { MEASURE, WRITE, READ }; /* MEASURE: only length and CRC */

struct stream {
    const struct em_port *port;
    enum mode mode;
    uint32_t offset; /* in memory, of page[0] */
    uint32_t used;   /* of the page */
    uint32_t length; /* so far */
    uint32_t crc;
    bool failed; /* the memory did not take or give a page */
    uint8_t page[EM_NV_PAGE];
};

static uint32_t crc32_byte(uint32_t crc, uint8_t byte)
{
    static const uint32_t nibble[16] = {
        0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
        0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C,
    };

    crc = crc >> 4 ^ nibble[(crc ^ byte) & 15];
    return crc >> 4 ^ nibble[(crc ^ byte >> 4) & 15];
}

static void begin(struct stream *s, const struct em_port *port, enum mode mode, uint32_t offset)
{
    memset(s, 0, sizeof *s);
    s->port = port;
    s->mode = mode;
    s->offset = offset;
    s->crc = 0xFFFFFFFFu;
}

/* Writes the page if it differs from what is there. A memory that can not be read back has failed, too. */
static void flush_page(struct stream *s)
{
    uint8_t present[EM_NV_PAGE];

    if (s->used) {
        bool unread = s->port->nv_read(s->port->ctx, s->offset, present, s->used);

        s->failed = s->failed || unread;
        if (unread || memcmp(present, s->page, s->used))
            s->failed = s->port->nv_write(s->port->ctx, s->offset, s->page, s->used) || s->failed;
    }
    s->offset += s->used;
    s->used = 0;
}

static uint8_t stream_byte(struct stream *s, uint8_t value)
{
    if (s->mode == READ) {
        if (s->used == 0)
            s->failed = s->port->nv_read(s->port->ctx, s->offset, s->page, EM_NV_PAGE) || s->failed;
        value = s->page[s->used++];
        if (s->used == EM_NV_PAGE) {
            s->offset += EM_NV_PAGE;
            s->used = 0;
        }
    } else if (s->mode == WRITE) {
        s->page[s->used++] = value;
        if (s->used == EM_NV_PAGE)
            flush_page(s);
    }
    s->crc = crc32_byte(s->crc, value);
    s->length++;
    return value;
}

/* A number of n bytes, least significant first: written, or replaced by what is read. */
static uint64_t stream_number(struct stream *s, uint64_t value, int n)
{
    uint64_t result = 0;

    for (int k = 0; k < n; k++)
        result |= (uint64_t)stream_byte(s, (uint8_t)(value >> 8 * k)) << 8 * k;
    return result;
}

static void u8(struct stream *s, uint8_t *value)
{
    *value = (uint8_t)stream_number(s, *value, 1);
}

static void u32(struct stream *s, uint32_t *value)
{
    *value = (uint32_t)stream_number(s, *value, 4);
}

static void i32(struct stream *s, int32_t *value)
{
    *value = (int32_t)(uint32_t)stream_number(s, (uint32_t)*value, 4);
}

static void u64(struct stream *s, uint64_t *value)
{
    *value = stream_number(s, *value, 8);
}

static void flag(struct stream *s, bool *value)
{
    *value = stream_number(s, *value, 1) & 1;
}

/* --- What the records hold --- */

static void energy_record(struct stream *s, struct em_meter *m)
{
    struct em_energy *e = &m->energy;
    uint32_t *history = &e->history_wh[0][0][0][0];

    u8(s, &e->ct_changes);
    i32(s, &e->ct_ratio);
    u32(s, &e->trip_resets);
    for (int k = 0; k < EM_CT_CHANGES_MAX; k++)
        i32(s, &e->history_ratio[k]);
    for (int k = 0; k < EM_PHASES_AND_TOTAL; k++)
        i32(s, &e->trip_wh[k]);
    for (size_t k = 0; k < EM_COUNTER_COUNT; k++)
        u32(s, &em_energy_counter(e, k)->wh);
    for (size_t k = 0; k < sizeof e->history_wh / sizeof *history; k++)
        u32(s, &history[k]);
}

static void mantissa_record(struct stream *s, struct em_meter *m)
{
    for (size_t k = 0; k < EM_COUNTER_COUNT; k++)
        u64(s, &em_energy_counter(&m->energy, k)->rest);
    for (int p = 0; p < EM_PHASE_COUNT; p++)
        for (int k = 0; k < EM_KIND_COUNT; k++)
            m->energy.fraction[p][k] = (int64_t)stream_number(s, (uint64_t)m->energy.fraction[p][k], 2);
    for (int k = 0; k < EM_OUTPUT_COUNT; k++) {
        struct em_pulse *p = &m->pulses.output[k];
        uint64_t rest = p->rest + (p->spread - p->given); /* the newest window, too: the registers have it */

        u64(s, &rest);
        u64(s, &p->backlog);
        u64(s, &p->step);
        if (s->mode == READ)
            p->rest = rest;
    }
}

static void settings_record(struct stream *s, struct em_meter *m)
{
    for (int k = 0; k < EM_SETTING_COUNT; k++)
        i32(s, &m->settings.value[k]);
    u32(s, &m->storage.trip_resets);
    u32(s, &m->storage.ct_changes);
    flag(s, &m->storage.complete);
}

static void calibration_record(struct stream *s, struct em_meter *m)
{
    struct em_calibration *c = &m->calibration;

    for (int k = 0; k < EM_CHANNEL_COUNT; k++)
        i32(s, &c->gain_ppm[k]);
    for (int p = 0; p < EM_PHASE_COUNT; p++)
        i32(s, &c->phase[p]);
    for (int k = 0; k < EM_CHANNEL_COUNT; k++)
        i32(s, &c->offset[k]);
}

typedef void record_fn(struct stream *s, struct em_meter *m);

static record_fn *record_of(enum kind kind)
{
    switch (kind) {
    case ENERGY:
        return energy_record;
    case MANTISSA:
        return mantissa_record;
    case CALIBRATION:
        return calibration_record;
    case SETTINGS:
        break;
    }
    return settings_record;
}

/* --- Writing a copy --- */

static void header(struct stream *s, enum kind kind, uint32_t sequence)
{
    stream_byte(s, 'v');
    stream_byte(s, 'm');
    stream_byte(s, LAYOUT_VERSION);
    stream_byte(s, (uint8_t)kind);
    stream_number(s, sequence, 4);
}

/* Returns false if the memory failed. */
static bool write_copy(struct em_meter *m, enum kind kind, uint32_t sequence, uint32_t offset)
{
    struct stream s;
    uint32_t crc;

    begin(&s, m->port, MEASURE, offset);
    header(&s, kind, sequence);
    record_of(kind)(&s, m);
    crc = s.crc;

    begin(&s, m->port, WRITE, offset);
    header(&s, kind, sequence);
    stream_number(&s, crc, 4);
    record_of(kind)(&s, m);
    flush_page(&s);
    return !s.failed;
}

static uint32_t mantissa_slot(uint32_t sequence)
{
    return MANTISSA_SLOTS + (sequence & 1) * MANTISSA_SIZE;
}

/* Notes which areas can not be operated; with no energy area left the meter stops. */
static void note(struct em_meter *m, bool ok, uint8_t bit)
{
    m->error_code = (uint8_t)(ok ? m->error_code & ~bit : m->error_code | bit);
}

static void write_energy(struct em_meter *m)
{
    struct em_storage *st = &m->storage;

    st->energy_sequence++;
    note(m, write_copy(m, MANTISSA, st->energy_sequence, mantissa_slot(st->energy_sequence)), EM_FAULT_MANTISSA_IO);
    note(m, write_copy(m, ENERGY, st->energy_sequence, ENERGY_MAIN), EM_FAULT_MAIN_IO);
    note(m, write_copy(m, ENERGY, st->energy_sequence, ENERGY_BACKUP), EM_FAULT_BACKUP_IO);
    if ((m->error_code & EM_FAULT_MAIN_IO) && (m->error_code & EM_FAULT_BACKUP_IO)) {
        m->error_code |= EM_FAULT_ENERGY;
        m->stopped = true;
    }
    st->energy_dirty = st->energy_due = false;
    st->since_save = 0;
}

static void write_settings(struct em_meter *m)
{
    struct em_storage *st = &m->storage;
    bool main, backup;

    st->settings_sequence++;
    main = write_copy(m, SETTINGS, st->settings_sequence, SETTINGS_MAIN);
    backup = write_copy(m, SETTINGS, st->settings_sequence, SETTINGS_BACKUP);
    note(m, main || backup, EM_FAULT_INIT);
    m->stopped = m->stopped || !(main || backup);
    st->settings_due = false;
}

static void write_calibration(struct em_meter *m)
{
    uint32_t sequence = ++m->storage.calibration_sequence;
    bool main = write_copy(m, CALIBRATION, sequence, CALIBRATION_MAIN);
    bool backup = write_copy(m, CALIBRATION, sequence, CALIBRATION_BACKUP);

    note(m, main || backup, EM_FAULT_INIT);
    m->stopped = m->stopped || !(main || backup);
}

static bool usable(const struct em_meter *m)
{
    return m->port->nv_read && m->port->nv_write && !m->stopped;
}

void em_storage_calibrate(struct em_meter *m)
{
    if (usable(m))
        write_calibration(m);
}

void em_storage_save(struct em_meter *m)
{
    if (usable(m))
        write_energy(m);
}

void em_storage_commit(struct em_meter *m)
{
    struct em_storage *st = &m->storage;

    if (!usable(m))
        return;
    if (st->settings_due)
        write_settings(m);
    if (st->energy_due)
        em_storage_save(m);
}

/* n samples later: is it time to save, and is there anything? */
static bool save_is_due(struct em_meter *m, uint32_t n)
{
    struct em_storage *st = &m->storage;

    st->since_save += n;
    if (st->since_save < (uint32_t)EM_SAVE_INTERVAL_S * EM_SAMPLE_RATE)
        return false;
    st->since_save = 0;
    return st->energy_dirty;
}

void em_storage_run(struct em_meter *m, uint32_t n)
{
    if (save_is_due(m, n))
        em_storage_save(m);
}

void em_storage_skip(struct em_meter *m, uint32_t n)
{
    if (!save_is_due(m, n) || !usable(m))
        return;
    m->storage.energy_sequence++;
    m->storage.energy_dirty = false;
}

/* --- Reading a copy --- */

enum copy_state { GOOD, BLANK, DAMAGED, DEAD }; /* DEAD: the memory could not be read */

struct copy {
    enum copy_state state;
    uint32_t sequence;
};

static uint32_t record_length(struct em_meter *m, enum kind kind)
{
    struct stream s;

    begin(&s, m->port, MEASURE, 0);
    record_of(kind)(&s, m);
    return s.length;
}

/* Looks at a copy without taking anything over. */
static struct copy look(struct em_meter *m, enum kind kind, uint32_t offset)
{
    struct copy copy = {DAMAGED, 0};
    struct stream s;
    uint32_t length = record_length(m, kind), magic, wanted, crc;
    bool blank;

    begin(&s, m->port, READ, offset);
    magic = (uint32_t)stream_number(&s, 0, 4);
    copy.sequence = (uint32_t)stream_number(&s, 0, 4);
    crc = s.crc; /* the CRC covers what stands before and behind it */
    wanted = (uint32_t)stream_number(&s, 0, 4);
    s.crc = crc;
    blank = (magic & copy.sequence & wanted) == 0xFFFFFFFFu;
    for (uint32_t k = 0; k < length; k++)
        blank = stream_byte(&s, 0) == 0xFF && blank;
    if (s.failed)
        copy.state = DEAD;
    else if (blank)
        copy.state = BLANK;
    else if (magic == ('v' | 'm' << 8 | LAYOUT_VERSION << 16 | (uint32_t)kind << 24) && wanted == s.crc)
        copy.state = GOOD;
    return copy;
}

static void take(struct em_meter *m, enum kind kind, uint32_t offset)
{
    struct stream s;

    begin(&s, m->port, READ, offset);
    stream_number(&s, 0, 8);
    stream_number(&s, 0, 4);
    record_of(kind)(&s, m);
}

/* --- Content that a right CRC does not vouch for --- */

static bool counters_sane(struct em_energy *e)
{
    const uint32_t *history = &e->history_wh[0][0][0][0];
    bool sane = true;

    for (size_t k = 0; k < EM_COUNTER_COUNT; k++)
        sane = sane && em_energy_counter(e, k)->wh < EM_ENERGY_MODULUS;
    for (size_t k = 0; k < sizeof e->history_wh / sizeof *history; k++)
        sane = sane && history[k] < EM_ENERGY_MODULUS;
    return sane;
}

static bool energy_sane(struct em_energy *e)
{
    bool sane = e->ct_changes <= EM_CT_CHANGES_MAX && em_setting_range(EM_SETTING_CT_RATIO, e->ct_ratio) == EM_OK;

    for (int k = 0; sane && k < e->ct_changes; k++)
        sane = em_setting_range(EM_SETTING_CT_RATIO, e->history_ratio[k]) == EM_OK;
    for (int k = 0; k < EM_PHASES_AND_TOTAL; k++)
        sane = sane && e->trip_wh[k] > -EM_ENERGY_MODULUS && e->trip_wh[k] < EM_ENERGY_MODULUS;
    return sane && counters_sane(e);
}

static bool settings_sane(const struct em_meter *m)
{
    for (int k = 0; k < EM_SETTING_COUNT; k++)
        if (em_setting_range((enum em_setting)k, m->settings.value[k]))
            return false;
    return m->storage.ct_changes <= EM_CT_CHANGES_MAX;
}

/* Units of rest: the largest step of an output (0.01 imp/kWh), and more than any window holds. */
#define STEP_MAX   ((uint64_t)EM_REST_PER_WH * 5 * 100000)
#define WINDOW_MAX ((uint64_t)1 << 59)

/* Rests belong below their steps; anything else is dropped. */
static bool mantissa_sane(struct em_meter *m)
{
    struct em_energy *e = &m->energy;
    const uint64_t limit = (uint64_t)EM_REST_PER_WH * EM_CT_SECONDARY(e->ct_ratio);
    bool sane = true;

    for (size_t k = 0; k < EM_COUNTER_COUNT; k++)
        sane = sane && em_energy_counter(e, k)->rest < limit;
    for (int p = 0; p < EM_PHASE_COUNT; p++)
        for (int k = 0; k < EM_KIND_COUNT; k++)
            sane = sane && e->fraction[p][k] >= 0 && e->fraction[p][k] < 4096;
    for (int k = 0; k < EM_OUTPUT_COUNT; k++) {
        const struct em_pulse *p = &m->pulses.output[k];

        sane = sane && p->step <= STEP_MAX && p->rest < p->step + WINDOW_MAX;
    }
    return sane;
}

/* --- Loading --- */

static bool newer(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) > 0;
}

/* The newer one of the good copies, -1 if none is good. */
static int choose(const struct copy copy[2])
{
    bool good[2] = {copy[0].state == GOOD, copy[1].state == GOOD};

    if (!good[0] && !good[1])
        return -1;
    return good[1] && (!good[0] || newer(copy[1].sequence, copy[0].sequence));
}

static const uint32_t energy_offsets[2] = {ENERGY_MAIN, ENERGY_BACKUP};
static const uint32_t settings_offsets[2] = {SETTINGS_MAIN, SETTINGS_BACKUP};
static const uint32_t calibration_offsets[2] = {CALIBRATION_MAIN, CALIBRATION_BACKUP};

static bool sane(struct em_meter *m, enum kind kind)
{
    if (kind == CALIBRATION)
        return em_calibration_check(&m->calibration) == EM_OK;
    return kind == ENERGY ? energy_sane(&m->energy) : settings_sane(m);
}

/* Takes the newest good copy whose content is sane; -1 if there is none. */
static int take_best(struct em_meter *m, enum kind kind, const uint32_t offset[2], struct copy copy[2])
{
    for (int k = 0; k < 2; k++)
        copy[k] = look(m, kind, offset[k]);
    for (int chosen; (chosen = choose(copy)) >= 0;) {
        take(m, kind, offset[chosen]);
        if (sane(m, kind))
            return chosen;
        copy[chosen].state = DAMAGED;
    }
    return -1;
}

/* Makes the other copy equal to the chosen one. */
static void mend(struct em_meter *m, enum kind kind, const uint32_t offset[2], const struct copy copy[2], int chosen)
{
    int other = !chosen;

    if (copy[other].state == GOOD && copy[other].sequence == copy[chosen].sequence)
        return;
    if (write_copy(m, kind, copy[chosen].sequence, offset[other]) && copy[other].state == DAMAGED)
        m->storage.repaired = true;
}

static void load_mantissa(struct em_meter *m, uint32_t sequence)
{
    struct copy copy = look(m, MANTISSA, mantissa_slot(sequence));

    if (copy.state == GOOD && copy.sequence == sequence) {
        take(m, MANTISSA, mantissa_slot(sequence));
        m->pulses.ct_secondary = EM_CT_SECONDARY(m->energy.ct_ratio);
        if (mantissa_sane(m))
            return;
    }
    /* Less than one Wh of each counter is lost; the meter goes on. */
    em_energy_clear_rests(&m->energy);
    em_pulses_init(&m->pulses);
    m->error_code |= copy.state == DEAD ? EM_FAULT_MANTISSA_IO : EM_FAULT_MANTISSA_DATA;
}

static void stop(struct em_meter *m, uint8_t bits)
{
    m->error_code |= bits;
    m->stopped = true;
}

static uint8_t energy_faults(const struct copy copy[2])
{
    uint8_t bits = EM_FAULT_ENERGY;

    bits |= copy[0].state == DEAD ? EM_FAULT_MAIN_IO : EM_FAULT_MAIN_DATA;
    bits |= copy[1].state == DEAD ? EM_FAULT_BACKUP_IO : EM_FAULT_BACKUP_DATA;
    return bits;
}

/* Writes everything for the first time. The settings are marked complete last: until then a start begins again. */
static void set_up(struct em_meter *m)
{
    m->storage.complete = false;
    m->storage.ct_changes = m->energy.ct_changes;
    m->storage.trip_resets = m->energy.trip_resets;
    write_settings(m);
    em_storage_save(m);
    m->storage.complete = true;
    write_settings(m);
}

/* What a settings record commits but a cut kept from the energy record. */
static void make_up(struct em_meter *m)
{
    if (m->storage.ct_changes == m->energy.ct_changes + 1u)
        em_energy_change_ct(&m->energy, m->settings.value[EM_SETTING_CT_RATIO]);
    if (m->storage.trip_resets != m->energy.trip_resets) {
        em_energy_reset_trip(&m->energy);
        m->energy.trip_resets = m->storage.trip_resets;
    }
    m->storage.ct_changes = m->energy.ct_changes;
    m->settings.value[EM_SETTING_CT_RATIO] = m->energy.ct_ratio;
}

static bool load_energy(struct em_meter *m)
{
    struct copy copy[2];
    int chosen = take_best(m, ENERGY, energy_offsets, copy);

    if (chosen < 0) {
        em_energy_init(&m->energy);
        stop(m, energy_faults(copy));
        return false;
    }
    mend(m, ENERGY, energy_offsets, copy, chosen);
    m->storage.energy_sequence = copy[chosen].sequence;
    load_mantissa(m, copy[chosen].sequence);
    return true;
}

/* Returns false when there is nothing to go on with; *fresh: the memory was never set up. */
static bool load_settings(struct em_meter *m, bool *fresh)
{
    const struct em_settings settings = m->settings;
    const struct em_storage storage = m->storage;
    struct copy copy[2], energy[2];
    int chosen = take_best(m, SETTINGS, settings_offsets, copy);

    *fresh = false;
    if (chosen >= 0 && m->storage.complete) {
        mend(m, SETTINGS, settings_offsets, copy, chosen);
        m->storage.settings_sequence = copy[chosen].sequence;
        return true;
    }
    /* A set-up that was cut off counts as none. */
    m->settings = settings;
    m->storage = storage;
    if (chosen >= 0) {
        m->storage.settings_sequence = copy[chosen].sequence;
        *fresh = true;
        return true;
    }
    for (int k = 0; k < 2; k++)
        energy[k] = look(m, ENERGY, energy_offsets[k]);
    *fresh = energy[0].state == BLANK && energy[1].state == BLANK && copy[0].state != DEAD && copy[1].state != DEAD;
    return *fresh;
}

/* Takes the calibration without writing anything yet; false when it has been lost. An erased backup tells that there
 * was none: it is written last. */
static bool take_calibration(struct em_meter *m, struct copy copy[2], int *chosen)
{
    *chosen = take_best(m, CALIBRATION, calibration_offsets, copy);
    if (*chosen >= 0) {
        m->storage.calibration_sequence = copy[*chosen].sequence;
        return true;
    }
    memset(&m->calibration, 0, sizeof m->calibration);
    return copy[1].state == BLANK || (copy[0].state == BLANK && copy[1].state == DAMAGED);
}

/* What a calibration that was cut off has left behind is made a record that says: none. */
static void mend_calibration(struct em_meter *m, const struct copy copy[2], int chosen)
{
    if (chosen >= 0)
        mend(m, CALIBRATION, calibration_offsets, copy, chosen);
    else if (copy[0].state != BLANK || copy[1].state != BLANK)
        write_calibration(m);
}

void em_storage_load(struct em_meter *m)
{
    struct copy calibration[2];
    int chosen;
    bool fresh;

    if (!usable(m))
        return;
    m->error_code = 0;
    if (!take_calibration(m, calibration, &chosen) || !load_settings(m, &fresh)) {
        stop(m, EM_FAULT_INIT);
        return;
    }
    mend_calibration(m, calibration, chosen);
    if (fresh) {
        set_up(m);
        return;
    }
    if (!load_energy(m))
        return;
    make_up(m);
    em_meter_configure(m); /* pulses go on in the measure of the ratio that they are saved under */
    if (m->settings.value[EM_SETTING_POWER_DOWN_COUNTER] < 32767)
        m->settings.value[EM_SETTING_POWER_DOWN_COUNTER]++;
    write_settings(m);
    em_storage_save(m);
}
