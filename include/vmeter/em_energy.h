/* SPDX-License-Identifier: MIT
 * vmeter firmware core: energy counters, tariffs, combination codes, trip counters, CT history.
 *
 * A counter counts whole Wh (varh) of primary energy, 0..999999999, and keeps what is less than one in `rest`:
 * nothing is dropped, whatever the window lengths. Totals are never stored, they are sums of counters. */
#ifndef EM_ENERGY_H
#define EM_ENERGY_H

#include "em_metrology.h"

/* After 999999.999 kWh comes 000000.000. Source: manual 7.2. */
#define EM_ENERGY_MODULUS 1000000000

/* Changes of the CT ratio that a meter takes in its life. Source: manual 7.6.6. */
#define EM_CT_CHANGES_MAX 7
#define EM_CT_SET_COUNT   (EM_CT_CHANGES_MAX + 1)

/* One Wh is EM_REST_PER_WH x CT secondary in `rest`; a unit is 4096 counts^2 x samples x CT primary. */
#define EM_REST_PER_WH 7031250000000u

enum em_combination {
    EM_C01_FORWARD = 1,
    EM_C02_REVERSE,
    EM_C03_SUM,
    EM_C04_DIFFERENCE,
    EM_C05_NETTED, /* as C-04, with the phases netted before counting; can not be left */
};

struct em_counter {
    uint32_t wh;
    uint64_t rest;
};

struct em_energy {
    struct em_counter phase[EM_PHASE_COUNT][EM_KIND_COUNT][EM_DIRECTION_COUNT];
    struct em_counter tariff[EM_TARIFF_COUNT][EM_KIND_COUNT][EM_DIRECTION_COUNT];
    struct em_counter quadrant[EM_TARIFF_COUNT][EM_QUADRANT_COUNT]; /* varh */
    int64_t fraction[EM_PHASE_COUNT][EM_KIND_COUNT];                /* below one unit of rest, 0..4095 */
    int32_t trip_wh[EM_PHASES_AND_TOTAL];                           /* signed: C-02 and C-04 may count down */
    uint32_t history_wh[EM_CT_CHANGES_MAX][EM_TARIFF_COUNT][EM_KIND_COUNT][EM_DIRECTION_COUNT];
    int32_t history_ratio[EM_CT_CHANGES_MAX]; /* EM_CT_RATIO() of the frozen sets */
    uint32_t trip_resets;                     /* so far */
    int32_t ct_ratio;                         /* of the running set */
    uint8_t ct_changes;                       /* number of the running set */
};

#define EM_COUNTER_COUNT                                                                                               \
    ((EM_PHASE_COUNT + EM_TARIFF_COUNT) * EM_KIND_COUNT * EM_DIRECTION_COUNT + EM_TARIFF_COUNT * EM_QUADRANT_COUNT)

/* What decides where energy goes. */
struct em_energy_rules {
    uint8_t tariff;      /* 1..4 */
    uint8_t combination; /* enum em_combination */
    uint32_t ct_primary, ct_secondary;
};

/* What one window added to the tariff's counters, in units of rest. */
struct em_counted {
    uint64_t units[EM_KIND_COUNT][EM_DIRECTION_COUNT];
};

/* Names one energy: which counters, which direction, of what. Made with EM_ENERGY(), read with em_energy_get(). */
enum em_energy_set { EM_SET_MAIN, EM_SET_TRIP, EM_SET_CT0 }; /* EM_SET_CT0 + k: history set k, 0..7 */
enum em_energy_part { EM_PART_TOTAL, EM_PART_FORWARD, EM_PART_REVERSE, EM_PART_Q1, EM_PART_Q2, EM_PART_Q3, EM_PART_Q4 };
enum em_energy_scope { EM_ALL, EM_T1, EM_T2, EM_T3, EM_T4, EM_L1, EM_L2, EM_L3 };
typedef uint16_t em_energy_id;
#define EM_ENERGY(set, kind, part, scope) ((em_energy_id)((set) << 8 | (kind) << 7 | (part) << 4 | (scope)))
#define EM_ENERGY_SET(id)                 ((id) >> 8)
#define EM_ENERGY_KIND(id)                ((id) >> 7 & 1)
#define EM_ENERGY_PART(id)                ((id) >> 4 & 7)
#define EM_ENERGY_SCOPE(id)               ((id)&15)

/* All counters at zero, history set 0 running under the CT ratio 5/5. */
void em_energy_init(struct em_energy *e);

/* Counts one closed window (already cleaned by em_window_discard_no_load) and tells what it came to. */
void em_energy_add(struct em_energy *e, const struct em_window *window, const struct em_energy_rules *rules,
                   struct em_counted *counted);

/* Did it add anything? */
bool em_counted_any(const struct em_counted *counted);

/* The value of an energy in Wh or varh. Totals by combination code; negative only there and in trip counters.
 * 0 for an id that means nothing. */
int32_t em_energy_get(const struct em_energy *e, em_energy_id id, enum em_combination code);

/* Sets a stored energy (a phase, a tariff, a quadrant of a tariff, a tariff of a CT set that was used, a trip
 * counter) to wh, 0..999999999 (a trip counter also below zero), and its rest to zero. A quadrant's total is put on T1.
 * Returns EM_OK, EM_ERR_READ_ONLY for a sum, EM_ERR_RANGE. For preloading at the works (scenario). */
enum em_err em_energy_preload(struct em_energy *e, em_energy_id id, int64_t wh);

/* The 6+3 digits of an energy as the meter shows them, "000012.345", with a minus in front if it is negative.
 * text: 12 bytes. Source: manual 7.2. */
void em_energy_digits(int32_t wh, char text[12]);

/* The k-th counter, 0..EM_COUNTER_COUNT - 1, for what is done to all of them: phases, tariffs, quadrants in this
 * order, which is also that of the saved records. */
struct em_counter *em_energy_counter(struct em_energy *e, size_t k);

/* Drops what is below one Wh in every counter (a mantissa that was lost). */
void em_energy_clear_rests(struct em_energy *e);

/* Resets the trip (resettable day) counter and its L1..L3. */
void em_energy_reset_trip(struct em_energy *e);

/* Freezes the main counters into the running history set and starts them again at zero under another CT ratio; the
 * trip counter goes on, and so does what is below one Wh. Returns EM_ERR_LOCKED after EM_CT_CHANGES_MAX changes. */
enum em_err em_energy_change_ct(struct em_energy *e, int32_t ct_ratio);

#endif
