/* SPDX-License-Identifier: MIT
 * vmeter firmware core: the meter. Include this one.
 *
 * A meter is one struct, owned by the caller, without pointers into itself but for the port: an array of them is a
 * fleet. There are no globals. Its doors: samples (em_meter_samples), the tariff input, the buttons, and bytes or
 * register accesses from a line. Time is samples; the core never asks what time it is. */
#ifndef EM_METER_H
#define EM_METER_H

#include "em_calibration.h"
#include "em_display.h"
#include "em_energy.h"
#include "em_mbus.h"
#include "em_metrology.h"
#include "em_pulses.h"
#include "em_registers.h"
#include "em_settings.h"
#include "em_storage.h"
#include "em_supply.h"
#include "em_types.h"

/* The world outside, given at init and kept by the caller. */
struct em_port {
    void *ctx;
    em_accumulate_fn *accumulate; /* a faster em_accumulate for this machine, or NULL */
    /* EEPROM: n bytes (at most EM_NV_PAGE, within a page) at offset. 0, or not 0 if it failed. Both NULL: none. */
    int (*nv_read)(void *ctx, uint32_t offset, void *data, uint32_t n);
    int (*nv_write)(void *ctx, uint32_t offset, const void *data, uint32_t n);
    em_edge_fn *edge; /* an edge of the LED or an S0 output, or NULL */
};

/* Line settings in force; new ones act after the reply to the write (em_meter_reply_sent). */
struct em_line {
    uint8_t id;
    uint32_t baud;
    enum em_parity parity;
};

/* The two buses. For EM_BUS_LIT_MS after bytes have moved on one, em_meter_bus_active tells so: the LCD's indicator. */
enum em_bus { EM_BUS_MODBUS, EM_BUS_MBUS, EM_BUS_COUNT };
#define EM_BUS_LIT_MS 500

struct em_meter {
    const struct em_port *port;
    struct em_settings settings;
    struct em_energy energy;
    struct em_supply supply;
    struct em_metrology metrology;
    struct em_calibration calibration;
    struct em_pulses pulses;
    struct em_storage storage;
    struct em_line modbus;
    struct em_mbus mbus;
    uint32_t window_samples;        /* since the last window was closed */
    uint32_t bus_lit[EM_BUS_COUNT]; /* samples for which the indicator is still lit */
    bool cut;                       /* the supply went away under a callback */
    bool tariff_input;
    bool stopped;       /* by a fault: measures nothing, goes on answering */
    uint8_t error_code; /* EM_FAULT_ bits, manual 8.1 */
    bool quantities_fresh;
    struct em_display display;
    struct em_quantities quantities; /* of the newest window; read with em_meter_quantities() */
};

/* A running, supplied meter that tracks frequency_mhz: as its memory says or, if that is empty or missing, from the
 * works with factory settings and energies at zero. */
void em_meter_init(struct em_meter *m, const struct em_port *port, uint32_t frequency_mhz);

/* The processor stops at once, without a power-down: all that is not in memory is lost. The meter starts again by
 * itself when its supply is there. */
void em_meter_cut(struct em_meter *m);

/* The same from within a callback of the port, where the supply went away under it: the meter stops as soon as the
 * callback has returned, at the sample set at hand. Outside em_meter_samples em_meter_cut is to follow. */
void em_meter_cut_within(struct em_meter *m);

/* An ordered stop, as at a power-down: everything is saved. */
void em_meter_stop(struct em_meter *m);

/* The only door for measuring: takes one block of samples of any length. */
void em_meter_samples(struct em_meter *m, const struct em_block *block);

/* Begins the first window anew at the next sample, as if the meter had run before it: for a start in the settled
 * state. Energies and settings stay. */
void em_meter_begin(struct em_meter *m);

/* True while the meter is supplied and measures and answers. */
bool em_meter_running(const struct em_meter *m);

/* The quantities of the newest window; valid until the next call with m. */
const struct em_quantities *em_meter_quantities(struct em_meter *m);

/* The 230 V tariff input (terminals 10/11): voltage selects T2, none T1; only edges act, so that the last command
 * wins. Source: manual 7.6.2, edges assumed. */
void em_meter_tariff_input(struct em_meter *m, bool voltage);

/* Bytes have moved on a bus, to or from this meter. Nothing happens while it is off. */
void em_meter_bus_bytes(struct em_meter *m, enum em_bus bus);

/* Have bytes moved on it just now? */
bool em_meter_bus_active(const struct em_meter *m, enum em_bus bus);

/* May this setting be changed to value now? EM_OK, EM_ERR_RANGE, EM_ERR_LOCKED (leaving C-05, eighth CT ratio). */
enum em_err em_meter_check(const struct em_meter *m, enum em_setting setting, int32_t value);

/* Changes a setting, with everything that follows from it. Same errors; nothing changes on error.
 * Is saved with the next em_storage_commit. */
enum em_err em_meter_set(struct em_meter *m, enum em_setting setting, int32_t value);

/* Resets the trip counters. */
void em_meter_reset_trip(struct em_meter *m);

/* Sets a setting as the works would: range check only, no rules of history, no consequences. Is saved with the next
 * em_storage_commit. */
enum em_err em_meter_preset(struct em_meter *m, enum em_setting setting, int32_t value);

/* The constants of this meter's front end, for the works: no bus and no button leads here. Act from the next window on
 * and are saved at once. EM_ERR_RANGE: a constant is outside its limits, nothing changes. */
enum em_err em_meter_calibrate(struct em_meter *m, const struct em_calibration *calibration);

/* What decides now where energy goes. */
struct em_energy_rules em_meter_rules(const struct em_meter *m);

/* n samples have passed for what only shows: the buses' indicators, the display. */
void em_meter_age(struct em_meter *m, uint32_t n);

/* Has the pulse outputs follow the settings. The core calls it whenever they change. */
void em_meter_configure(struct em_meter *m);

/* To be called after the reply to a request on either bus has left (at once after a broadcast): new line settings
 * act. */
void em_meter_reply_sent(struct em_meter *m);

#endif
