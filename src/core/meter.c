/* SPDX-License-Identifier: MIT */
#include "vmeter/em_span.h"

#include <string.h>

const char *em_strerror(enum em_err err)
{
    switch (err) {
    case EM_OK:
        return "no error";
    case EM_ERR_RANGE:
        return "value out of range";
    case EM_ERR_READ_ONLY:
        return "can not be written";
    case EM_ERR_LOCKED:
        return "not allowed any more";
    case EM_ERR_UNKNOWN:
        return "unknown";
    }
    return "unknown error";
}

static int32_t setting(const struct em_meter *m, enum em_setting s)
{
    return m->settings.value[s];
}

void em_meter_configure(struct em_meter *m)
{
    em_pulses_configure(&m->pulses, setting(m, EM_SETTING_S0_RATE), (uint32_t)setting(m, EM_SETTING_PULSE_WIDTH),
                        EM_CT_SECONDARY(setting(m, EM_SETTING_CT_RATIO)));
}

/* All that a start sets up and memory may then replace. */
static void start(struct em_meter *m)
{
    memset(&m->storage, 0, sizeof m->storage);
    memset(&m->calibration, 0, sizeof m->calibration);
    m->error_code = 0;
    m->stopped = false;
    em_settings_init(&m->settings);
    em_energy_init(&m->energy);
    em_pulses_init(&m->pulses);
    em_storage_load(m);
    em_meter_configure(m);
    em_meter_reply_sent(m);
}

void em_meter_init(struct em_meter *m, const struct em_port *port, uint32_t frequency_mhz)
{
    memset(m, 0, sizeof *m);
    m->port = port;
    em_metrology_init(&m->metrology, port->accumulate, frequency_mhz);
    m->supply.state = EM_SUPPLY_RUNNING;
    start(m);
}

void em_meter_begin(struct em_meter *m)
{
    em_metrology_restart(&m->metrology);
    m->window_samples = 0;
}

bool em_meter_running(const struct em_meter *m)
{
    return m->supply.state == EM_SUPPLY_RUNNING;
}

struct em_energy_rules em_meter_rules(const struct em_meter *m)
{
    return (struct em_energy_rules){
        .tariff = (uint8_t)setting(m, EM_SETTING_TARIFF),
        .combination = (uint8_t)setting(m, EM_SETTING_COMBINATION_CODE),
        .ct_primary = EM_CT_PRIMARY(setting(m, EM_SETTING_CT_RATIO)),
        .ct_secondary = EM_CT_SECONDARY(setting(m, EM_SETTING_CT_RATIO)),
    };
}

static void count_window(struct em_meter *m)
{
    struct em_energy_rules rules = em_meter_rules(m);
    struct em_counted counted;

    m->quantities_fresh = false;
    em_energy_add(&m->energy, &m->metrology.window, &rules, &counted);
    em_pulses_window(&m->pulses, &counted, setting(m, EM_SETTING_PULSE_TYPE), rules.ct_primary, m->window_samples);
    m->window_samples = 0;
    m->storage.energy_dirty = m->storage.energy_dirty || em_counted_any(&counted);
}

static void window_closed(struct em_meter *m)
{
    m->quantities_fresh = false;
    if (m->stopped) {
        memset(&m->metrology.window, 0, sizeof m->metrology.window);
        m->window_samples = 0;
        return;
    }
    em_calibration_apply(&m->calibration, &m->metrology.window);
    em_window_discard_no_load(&m->metrology.window);
    count_window(m);
}

/* What follows when the processor stops: nothing measured, outputs off. */
static void go_dark(struct em_meter *m, uint32_t sample)
{
    em_pulses_stop(&m->pulses, sample, m->port->edge, m->port->ctx);
    memset(&m->metrology.window, 0, sizeof m->metrology.window);
    memset(&m->supply, 0, sizeof m->supply);
    memset(m->bus_lit, 0, sizeof m->bus_lit);
    em_display_reset(&m->display);
    memset(&m->mbus, 0, sizeof m->mbus);
    m->quantities_fresh = false;
}

/* An ordered power-down: what has been measured is counted first, then saved. */
static void power_down(struct em_meter *m, uint32_t sample)
{
    if (em_metrology_flush(&m->metrology))
        window_closed(m);
    go_dark(m, sample);
    em_storage_save(m);
}

/* The supply is back. What is not in memory was lost with it. */
static void power_up(struct em_meter *m)
{
    int32_t *counter = &m->settings.value[EM_SETTING_POWER_DOWN_COUNTER];

    memset(&m->supply, 0, sizeof m->supply);
    m->supply.state = EM_SUPPLY_RUNNING;
    em_meter_begin(m);
    if (m->port->nv_read) {
        start(m);
    } else {
        if (*counter < 32767)
            ++*counter;
        em_meter_reply_sent(m);
    }
}

void em_meter_cut(struct em_meter *m)
{
    m->cut = false;
    go_dark(m, 0);
}

void em_meter_cut_within(struct em_meter *m)
{
    m->cut = true;
}

void em_meter_stop(struct em_meter *m)
{
    if (em_meter_running(m))
        power_down(m, 0);
}

static void cycle_closed(struct em_meter *m, uint32_t sample)
{
    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        if (!em_metrology_cycle_below(&m->metrology, p, EM_SUPPLY_STOP_V)) {
            m->supply.low_cycles = 0;
            return;
        }
    }
    if (++m->supply.low_cycles >= EM_SUPPLY_HOLD_CYCLES)
        power_down(m, sample);
}

/* Highest mean square of the three voltages over the probe against volts. */
static bool probe_reaches(const struct em_supply *supply, int64_t volts)
{
    const int64_t wanted = volts * EM_COUNTS_PER_VOLT * volts * EM_COUNTS_PER_VOLT * EM_SUPPLY_PROBE;

    for (int p = 0; p < EM_PHASE_COUNT; p++)
        if (supply->uu[p] >= wanted)
            return true;
    return false;
}

static void probe_done(struct em_meter *m)
{
    struct em_supply *supply = &m->supply;

    if (!probe_reaches(supply, supply->state == EM_SUPPLY_OFF ? EM_SUPPLY_START_V : EM_SUPPLY_STOP_V)) {
        memset(supply, 0, sizeof *supply);
        return;
    }
    supply->state = EM_SUPPLY_STARTING;
    supply->started += supply->n;
    supply->n = 0;
    memset(supply->uu, 0, sizeof supply->uu);
    if (supply->started >= EM_SAMPLE_RATE / 1000 * EM_SUPPLY_START_MS)
        power_up(m);
}

/* While the meter does not run only the supply looks at the voltages. Returns the samples taken. */
static uint32_t probe_supply(struct em_meter *m, const struct em_block *block, uint32_t offset)
{
    struct em_supply *supply = &m->supply;
    uint32_t n = EM_SUPPLY_PROBE - supply->n;

    if (n > block->n - offset)
        n = block->n - offset;
    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        const int32_t *u = block->channel[EM_U1 + p] + offset;

        for (uint32_t k = 0; k < n; k++)
            supply->uu[p] += (int64_t)u[k] * u[k];
    }
    supply->n += n;
    if (supply->n == EM_SUPPLY_PROBE)
        probe_done(m);
    return n;
}

void em_meter_age(struct em_meter *m, uint32_t n)
{
    for (int b = 0; b < EM_BUS_COUNT; b++)
        m->bus_lit[b] -= n < m->bus_lit[b] ? n : m->bus_lit[b];
    em_display_run(m, n);
}

/* n samples from `first` of the block on have passed, up to the next thing that happens by itself. */
static void take_time(struct em_meter *m, uint32_t first, uint32_t n)
{
    m->window_samples += n;
    em_pulses_run(&m->pulses, first, n, m->port->edge, m->port->ctx);
    em_meter_age(m, n);
}

/* A window's end is also when energies are saved: a moment that does not depend on how samples come in blocks. */
static void window_over(struct em_meter *m)
{
    uint32_t samples = m->window_samples;

    window_closed(m);
    em_storage_run(m, samples);
}

void em_meter_pass(struct em_meter *m, uint32_t n)
{
    take_time(m, 0, n);
}

void em_meter_window(struct em_meter *m, const struct em_window *window)
{
    uint32_t samples = m->window_samples;

    m->metrology.window = *window;
    count_window(m);
    em_storage_run(m, samples);
}

static void cut_at(struct em_meter *m, uint32_t sample)
{
    m->cut = false;
    go_dark(m, sample);
}

void em_meter_samples(struct em_meter *m, const struct em_block *block)
{
    uint32_t offset = 0;

    while (offset < block->n) {
        enum em_progress progress;
        uint32_t first = offset;

        if (em_meter_running(m)) {
            progress = em_metrology_run(&m->metrology, block, &offset);
            take_time(m, first, offset - first);
            if (progress == EM_WINDOW)
                window_over(m);
            if (progress != EM_MORE && !m->cut)
                cycle_closed(m, offset);
        } else {
            offset += probe_supply(m, block, offset);
        }
        if (m->cut)
            cut_at(m, offset);
    }
}

const struct em_quantities *em_meter_quantities(struct em_meter *m)
{
    int32_t ratio = setting(m, EM_SETTING_CT_RATIO);

    if (!m->quantities_fresh)
        em_quantities_from_window(&m->quantities, &m->metrology.window, EM_CT_PRIMARY(ratio), EM_CT_SECONDARY(ratio));
    m->quantities_fresh = true;
    return &m->quantities;
}

void em_meter_bus_bytes(struct em_meter *m, enum em_bus bus)
{
    if (em_meter_running(m))
        m->bus_lit[bus] = EM_SAMPLE_RATE / 1000 * EM_BUS_LIT_MS;
}

bool em_meter_bus_active(const struct em_meter *m, enum em_bus bus)
{
    return m->bus_lit[bus] != 0;
}

void em_meter_tariff_input(struct em_meter *m, bool voltage)
{
    if (voltage == m->tariff_input)
        return;
    m->tariff_input = voltage;
    if (!em_meter_running(m))
        return;
    em_meter_set(m, EM_SETTING_TARIFF, voltage ? 2 : 1);
    em_storage_commit(m);
}

enum em_err em_meter_check(const struct em_meter *m, enum em_setting s, int32_t value)
{
    enum em_err err = em_setting_range(s, value);

    if (err)
        return err;
    switch (s) {
    case EM_SETTING_COMBINATION_CODE:
        return setting(m, s) == EM_C05_NETTED && value != EM_C05_NETTED ? EM_ERR_LOCKED : EM_OK;
    case EM_SETTING_CT_RATIO:
        return value != setting(m, s) && m->energy.ct_changes >= EM_CT_CHANGES_MAX ? EM_ERR_LOCKED : EM_OK;
    case EM_SETTING_POWER_DOWN_COUNTER:
        return value ? EM_ERR_RANGE : EM_OK;
    case EM_SETTING_SERIAL_NUMBER:
    case EM_SETTING_T3_T4_USED:
        return EM_ERR_READ_ONLY;
    default:
        return EM_OK;
    }
}

/* A new CT ratio: the energies of the old one are saved first, so that its set is whole whatever happens next. */
static void change_ct(struct em_meter *m, int32_t ratio)
{
    em_storage_save(m);
    em_energy_change_ct(&m->energy, ratio);
    m->storage.ct_changes = m->energy.ct_changes;
    m->storage.energy_due = true;
    m->quantities_fresh = false;
}

/* Puts a value in its place, with what belongs to it in any case. */
static void put(struct em_meter *m, enum em_setting s, int32_t value)
{
    m->settings.value[s] = value;
    if (s == EM_SETTING_TARIFF && value > 2)
        m->settings.value[EM_SETTING_T3_T4_USED] = 1;
    m->storage.settings_due = true;
    m->quantities_fresh = false;
    em_meter_configure(m);
}

enum em_err em_meter_set(struct em_meter *m, enum em_setting s, int32_t value)
{
    enum em_err err = em_meter_check(m, s, value);

    if (err || setting(m, s) == value)
        return err;
    if (s == EM_SETTING_CT_RATIO)
        change_ct(m, value);
    put(m, s, value);
    return EM_OK;
}

void em_meter_reset_trip(struct em_meter *m)
{
    em_energy_reset_trip(&m->energy);
    m->storage.trip_resets = m->energy.trip_resets;
    m->storage.settings_due = m->storage.energy_due = true;
}

enum em_err em_meter_preset(struct em_meter *m, enum em_setting s, int32_t value)
{
    enum em_err err = em_setting_range(s, value);

    if (err)
        return err;
    put(m, s, value);
    if (s == EM_SETTING_CT_RATIO) {
        m->energy.ct_ratio = value;
        m->storage.energy_due = true;
    }
    em_meter_reply_sent(m);
    return EM_OK;
}

enum em_err em_meter_calibrate(struct em_meter *m, const struct em_calibration *calibration)
{
    enum em_err err = em_calibration_check(calibration);

    if (err)
        return err;
    m->calibration = *calibration;
    em_storage_calibrate(m);
    return EM_OK;
}

void em_meter_reply_sent(struct em_meter *m)
{
    m->modbus.id = (uint8_t)setting(m, EM_SETTING_MODBUS_ID);
    m->modbus.baud = em_baud_rate(setting(m, EM_SETTING_MODBUS_BAUD));
    m->modbus.parity = (enum em_parity)setting(m, EM_SETTING_MODBUS_PARITY);
    m->mbus.baud = em_baud_rate(setting(m, EM_SETTING_MBUS_BAUD));
}
