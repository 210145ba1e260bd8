/* SPDX-License-Identifier: MIT
 * vmeter firmware core: what survives without supply.
 *
 * An EEPROM of EM_NV_SIZE bytes, reached through the port's nv_read and nv_write, holds these areas:
 *
 *   energy main, energy backup   whole Wh of all counters, trip counters, CT history
 *   mantissa                     two slots in turn: what is below one Wh, and pulses that wait
 *   settings main, backup        all settings, and how often CT ratio and trip counter were changed
 *   calibration main, backup     the constants of the front end; erased until the works writes them
 *
 * Every record carries kind, layout version, sequence number and CRC-32. A save writes the mantissa slot that
 * is not in use, then energy main, then energy backup: whatever write is cut off, one energy record and the mantissa
 * of the same sequence number are whole. The settings record alone commits a change of settings; what follows from
 * it in the energy record (a frozen CT set, a trip counter at zero) is made up for at the next start if it was cut
 * off. Only pages that differ are written. The calibration is written main copy first; a main copy that is torn beside
 * a backup that was never written is a calibration that did not come about. Two damaged copies stop the meter, as with
 * the settings: it would count wrongly and nobody would see it.
 *
 * Wear: an energy save at most every EM_SAVE_INTERVAL_S while the meter runs is 525,960 saves in 10 years; each writes
 * a byte of the energy areas at most once, of a mantissa slot every other time. 1,000,000 cycles are enough. Source:
 * manual 8.1 (twice, with checksums, error bits); the layout is our decision. */
#ifndef EM_STORAGE_H
#define EM_STORAGE_H

#include "em_types.h"

struct em_meter;

#define EM_NV_SIZE 4096
#define EM_NV_PAGE 32 /* bytes in one write */

/* Most energy that a cut without warning can lose is that of this time. Our decision. */
#define EM_SAVE_INTERVAL_S 600

/* Areas of the memory. */
enum em_nv_area {
    EM_NV_ENERGY_MAIN,
    EM_NV_ENERGY_BACKUP,
    EM_NV_MANTISSA,
    EM_NV_SETTINGS,
    EM_NV_CALIBRATION,
    EM_NV_AREA_COUNT
};
struct em_nv_place {
    uint16_t offset, size;
};
extern const struct em_nv_place em_nv_places[EM_NV_AREA_COUNT];

/* Bits of the error code. Source: manual 8.1. */
#define EM_FAULT_ENERGY        0x01 /* main and backup both wrong: the meter stops measuring */
#define EM_FAULT_MANTISSA_IO   0x02
#define EM_FAULT_BACKUP_IO     0x04
#define EM_FAULT_MAIN_IO       0x08
#define EM_FAULT_MANTISSA_DATA 0x10
#define EM_FAULT_BACKUP_DATA   0x20
#define EM_FAULT_MAIN_DATA     0x40
#define EM_FAULT_INIT          0x80 /* settings or calibration can not be had: the meter stops measuring */

struct em_storage {
    uint32_t energy_sequence, settings_sequence, calibration_sequence;
    uint32_t since_save;              /* samples */
    uint32_t trip_resets, ct_changes; /* as settings commit them */
    bool energy_dirty;                /* something was counted since the last save */
    bool energy_due;                  /* a change of settings wants the energies saved, too */
    bool settings_due;
    bool complete; /* the memory has been set up to its end */
    bool repaired; /* a damaged copy was mended at the start */
};

/* Takes everything from memory: mends a damaged copy, makes up for what was cut off and counts the power-down; an empty
 * memory is set up with the meter's present state. Sets m->error_code, and m->stopped if there is nothing to go on
 * with. Any content is survived. Without nv_read in the port it does nothing. */
void em_storage_load(struct em_meter *m);

/* Saves the energies now. */
void em_storage_save(struct em_meter *m);

/* Saves the calibration. */
void em_storage_calibrate(struct em_meter *m);

/* Saves what a change of settings has left due. To be called once a request is carried out, before its reply. */
void em_storage_commit(struct em_meter *m);

/* A window of n samples is over: saves when the interval is over and something was counted. */
void em_storage_run(struct em_meter *m, uint32_t n);

/* The same for windows of n samples together, with the save left out as if it had been made: see em_span.h. */
void em_storage_skip(struct em_meter *m, uint32_t n);

#endif
