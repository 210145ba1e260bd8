/* SPDX-License-Identifier: MIT
 * vmeter firmware core: from ADC counts to measuring windows and electrical quantities.
 *
 * How it measures. A numerically controlled oscillator follows the mains frequency in whole millihertz. Its phase
 * is an integer modulo EM_PHASE_MODULUS, so that a steady mains gives an exactly periodic state. While samples
 * come in, only sums of products are formed (em_sums). Where the oscillator's phase wraps a mains cycle ends; the
 * sums are corrected for the part of a sample by which the true end lies beside the sample grid, and what is
 * taken from one cycle is given to the next, in integers: nothing is lost or counted twice. The fundamental's
 * phasors of each cycle give reactive power and, by their advance from cycle to cycle, the frequency. After
 * EM_WINDOW_CYCLES cycles a window is closed: it is the smallest unit in which energy is counted. */
#ifndef EM_METROLOGY_H
#define EM_METROLOGY_H

#include "em_types.h"

/* Phase of the oscillator: one mains cycle is EM_PHASE_MODULUS steps, a sample advances it by the frequency in mHz. */
#define EM_PHASE_MODULUS (EM_SAMPLE_RATE * 1000)

/* Cycles in a measuring window (200 ms at 50 Hz). Source: IEC 61000-4-30 for 50 Hz; the manual is silent. */
#define EM_WINDOW_CYCLES 10

/* Frequencies that the oscillator follows, in mHz. The manual asks for 45..60 Hz. */
#define EM_FREQUENCY_MIN_MHZ     40000
#define EM_FREQUENCY_MAX_MHZ     70000
#define EM_FREQUENCY_NOMINAL_MHZ 50000

/* Reference sine: amplitude 2^EM_REFERENCE_BITS, at most EM_REFERENCE_MAX samples in a cycle. */
#define EM_REFERENCE_BITS 24
#define EM_REFERENCE_MAX  (EM_PHASE_MODULUS / EM_FREQUENCY_MIN_MHZ + 1)

/* A phase with less secondary current than this counts as without load (uA). Source: the manual wants counting
 * from 4 mA (0.4 % Ib) on and none without load; the value in between is our decision. */
#define EM_NO_LOAD_UA 2500

/* P and Q of a phase below S / EM_ANGLE_DEADBAND read zero, so that a purely active load does not wander
 * between two quadrants. Source: our decision (0.005 % of S). */
#define EM_ANGLE_DEADBAND 20000

/* A block of samples: channel after channel, each n samples long. The core only reads it during the call. */
struct em_block {
    const int32_t *channel[EM_CHANNEL_COUNT];
    uint32_t n;
};

/* Sums of products of one phase over some samples; c and s are the reference cosine and sine. */
struct em_phase_sums {
    int64_t uu, ii, ui, uc, us, ic, is;
};

/* Everything that is summed sample by sample. cross: u1*u2, u1*u3, u2*u3. */
struct em_sums {
    struct em_phase_sums phase[EM_PHASE_COUNT];
    int64_t cross[EM_PHASE_COUNT];
};

/* Adds the products of n samples to sums. cosine and sine: n values of the reference, amplitude
 * 2^EM_REFERENCE_BITS. n up to 65536. A port may supply a faster one; it must give the same bits. */
typedef void em_accumulate_fn(struct em_sums *sums, const int32_t *const channel[EM_CHANNEL_COUNT],
                              const int32_t *cosine, const int32_t *sine, uint32_t n);

/* The portable em_accumulate_fn. */
void em_accumulate(struct em_sums *sums, const int32_t *const channel[EM_CHANNEL_COUNT], const int32_t *cosine,
                   const int32_t *sine, uint32_t n);

/* One closed measuring window. Sums are over the exact length of `cycles` cycles of frequency_mhz, in
 * counts^2 x samples; q is the reactive sum of the fundamental in the same unit. */
struct em_window {
    struct {
        int64_t uu, ii, ui, q;
    } phase[EM_PHASE_COUNT];
    int64_t cross[EM_PHASE_COUNT];
    uint32_t frequency_mhz;
    uint32_t cycles; /* 0: no window has been closed yet */
    bool reversed_sequence;
};

/* A complex number of the fundamental: re is the in-phase part (Us), im the quadrature part (Uc). */
struct em_phasor {
    int64_t re, im;
};

struct em_metrology {
    em_accumulate_fn *accumulate;
    /* What a steady signal makes periodic. */
    uint32_t frequency_mhz;           /* of the oscillator */
    uint32_t phase0;                  /* oscillator phase at the first sample of the cycle, < frequency_mhz */
    int32_t cosine0, sine0;           /* reference at phase0 */
    uint32_t index, length;           /* samples taken of this cycle, and its number of samples */
    struct em_sums sums;              /* of this cycle so far */
    struct em_sums carry;             /* edge correction that the previous cycle handed on */
    int32_t last[EM_CHANNEL_COUNT];   /* newest sample set */
    struct em_window open;            /* the window being filled; its q holds phasor products until it closes */
    int64_t cycle_uu[EM_PHASE_COUNT]; /* sums of squares of the newest whole cycle */
    struct em_phasor previous[EM_PHASE_COUNT];
    struct em_phasor advance; /* sum of the voltage phasors times their predecessors' conjugates */
    int64_t sequence;         /* sum of the cross products of U1 and U2; negative when reversed */
    bool have_previous;
    int32_t cosine[EM_REFERENCE_MAX], sine[EM_REFERENCE_MAX];
    /* What it gives: the newest closed window. */
    struct em_window window;
};

/* What em_metrology_run stopped at. */
enum em_progress {
    EM_MORE,   /* the block is used up */
    EM_CYCLE,  /* a mains cycle ended: cycle_uu is new */
    EM_WINDOW, /* a cycle ended and with it the window: window is new, too */
};

/* Electrical quantities of one window, primary values. Index 0..2 are L1..L3, EM_TOTAL the total.
 * u_uv 100 % = 1e6 per volt; i_ua carries the sign of the phase's active power; pf_ppm is 0..1000000, without sign. */
struct em_quantities {
    int64_t u_uv[EM_PHASE_COUNT];
    int64_t ull_uv[EM_PHASE_COUNT]; /* L1-L2, L1-L3, L2-L3 */
    int64_t i_ua[EM_PHASE_COUNT];
    int64_t p_uw[EM_PHASES_AND_TOTAL];
    int64_t q_uvar[EM_PHASES_AND_TOTAL];
    int64_t s_uva[EM_PHASES_AND_TOTAL];
    int64_t pf_ppm[EM_PHASES_AND_TOTAL];
    int64_t frequency_mhz;
    uint8_t quadrant[EM_PHASES_AND_TOTAL]; /* 1..4: +P+Q, -P+Q, -P-Q, +P-Q */
    enum em_direction direction[EM_PHASES_AND_TOTAL];
};

/* Starts measuring at frequency_mhz (EM_FREQUENCY_MIN_MHZ..MAX, clamped) with empty windows.
 * accumulate: NULL for the portable one. */
void em_metrology_init(struct em_metrology *mt, em_accumulate_fn *accumulate, uint32_t frequency_mhz);

/* Forgets the window and cycle in progress and begins new ones at the next sample; the frequency and the last
 * closed window stay. */
void em_metrology_restart(struct em_metrology *mt);

/* Takes samples of a block from *offset on, up to the end of the block or of a mains cycle, and moves *offset.
 * A cycle is closed by the first sample of the next one, so one that ends with a block ends in the next call.
 * Call it until it answers EM_MORE. */
enum em_progress em_metrology_run(struct em_metrology *mt, const struct em_block *block, uint32_t *offset);

/* Closes the window in progress after its last whole cycle, however short. For an ordered power-down.
 * Returns false, with the last window unchanged, if there is no whole cycle. */
bool em_metrology_flush(struct em_metrology *mt);

/* The voltage of a phase (0..2) over the newest whole cycle is below volts. Compares squares, takes no root. */
bool em_metrology_cycle_below(const struct em_metrology *mt, int phase, uint32_t volts);

/* Computes the quantities of a window for a CT ratio of ct_primary / ct_secondary (A). A window of no cycles
 * gives zeros, power factors of one and quadrant 1. Source: manual 7.3, behaviour of the family. */
void em_quantities_from_window(struct em_quantities *q, const struct em_window *window, uint32_t ct_primary,
                               uint32_t ct_secondary);

/* Sets to zero what does not count: current and powers of a phase below EM_NO_LOAD_UA, and an active or reactive
 * power within the angle deadband. The window must have at least one cycle. */
void em_window_discard_no_load(struct em_window *window);

#endif
