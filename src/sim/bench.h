/* SPDX-License-Identifier: MIT
 * The test bench: the points at which a laboratory checks a class B meter, as rows of a table.
 *
 * A row is a condition (voltages, currents, angles, waveform, events), a way to measure, and what the manual and the
 * standards allow. Each is measured on a meter of its own, in virtual time; the energy that ought to be there is the
 * closed form of sim_reference, never the meter's samples. docs/conformance.md says how, and what the marks mean. This
 * is an exercise in software: it claims no conformity with any standard. */
#ifndef SIM_BENCH_H
#define SIM_BENCH_H

#include "point.h"

#define SIM_BENCH_UN       230.0 /* V */
#define SIM_BENCH_NO_LIMIT (-1.0)

/* How a row is measured and what its figures are. */
enum sim_bench_kind {
    SIM_BENCH_ERROR,        /* error in percent: by pulses, by registers */
    SIM_BENCH_CHANGE,       /* the same less that of the row `base` */
    SIM_BENCH_DIFFERENCE,   /* error of the row `of` less that of `base`; nothing is measured */
    SIM_BENCH_SPREAD,       /* largest less smallest error of three runs with other noise and other start phases */
    SIM_BENCH_UNDERVOLTAGE, /* error over a fixed time; the meter may stop, so only too much is wrong */
    SIM_BENCH_START,        /* seconds to the first pulse, and from it to the second */
    SIM_BENCH_NO_LOAD,      /* pulses, and Wh (varh) of the registers, within a time */
    SIM_BENCH_CONSTANT,     /* pulses of the LED and of an S0 output that are not those of the register */
    SIM_BENCH_READY,        /* seconds from switching on until the meter runs, and until its first pulse */
    SIM_BENCH_EVENT,        /* pulses, and Wh of the registers, that an event without load has made */
    SIM_BENCH_LOADED_EVENT, /* error in percent over an event under load, against the time that the meter was on */
    SIM_BENCH_NOT_DONE,     /* does not apply to this meter; the note says why */
};

/* What the currents and voltages look like. */
enum sim_bench_wave {
    SIM_BENCH_SINE,
    SIM_BENCH_FIFTH,   /* 10 % of the fifth harmonic in the voltage, 40 % in the current, both turned by `turn` */
    SIM_BENCH_OPPOSED, /* the same with the current's fifth harmonic alone turned by `turn` */
    SIM_BENCH_FIRED,   /* current in the second half of every half-wave of a sine; as harmonics up to the 39th */
    SIM_BENCH_BURSTS,  /* two whole cycles on, two off */
};

struct sim_bench_condition {
    double volts[EM_PHASE_COUNT]; /* parts of SIM_BENCH_UN */
    double current;               /* A rms of the sine */
    double angle;                 /* degrees by which the current lags its voltage */
    uint8_t loaded;               /* phases with current, bit 0 = L1 */
    double frequency;             /* Hz */
    enum sim_bench_wave wave;
    double turn;  /* degrees, see above */
    bool swapped; /* sequence L1-L3-L2 */
};

/* A step of an event: so many seconds at this part of the voltage. */
struct sim_bench_step {
    double seconds, volts;
};

/* What a standard allows, in the unit of the row's figures, and how sure we are of it ("S1", "S2", "S3"). */
struct sim_bench_limit {
    double value; /* SIM_BENCH_NO_LIMIT: says nothing */
    const char *mark;
};

struct sim_bench_row {
    char id[12];
    char text[40];
    enum sim_bench_kind kind;
    enum em_kind energy;
    struct sim_bench_condition condition;
    char base[12], of[12]; /* ids, or empty */
    double seconds;        /* how long at least; 0: as long as ten pulses and steps take */
    int32_t s0_rate;       /* hundredths of imp/kWh, CONSTANT */
    unsigned step_count;
    const struct sim_bench_step *step;
    bool noisy;    /* the front end has at least some noise and offset, as in N04 */
    bool reported; /* figures are shown, not judged */
    double manual; /* its limit; SIM_BENCH_NO_LIMIT: says nothing */
    bool own;      /* that limit is ours: the manual says nothing */
    struct sim_bench_limit en, iec;
    const char *source;
    const char *note; /* or NULL */
};

enum sim_bench_verdict { SIM_BENCH_NONE, SIM_BENCH_HELD, SIM_BENCH_FAILED };

struct sim_bench_result {
    bool asked;                  /* the row was to be measured */
    double led, registers;       /* the figures that are judged; NAN: there is none */
    double led_error, reg_error; /* as measured, in percent, before a base is taken off */
    double power_error;          /* of the active (reactive) power registers, percent */
    double power_spread;         /* largest less smallest of them, parts of a million */
    double resolution;           /* of the figure by registers, percent */
    double seconds;              /* simulated */
    uint64_t pulses;
    double extra;      /* EVENT: error in percent afterwards */
    const char *fault; /* what else was wrong, or NULL: frequency, error code, stopped */
    enum sim_bench_verdict manual, standard;
};

struct sim_bench {
    struct sim_speed speed;
    struct sim_front_end front_end;
    const struct em_calibration *calibration; /* of the meter, or NULL */
    struct sim_bench_row *row;
    struct sim_bench_result *result;
    size_t rows;
};

/* What came of the rows that were measured. */
struct sim_bench_summary {
    size_t rows, manual, manual_failed, standard, standard_failed, reported, not_done, differing, uncertain, faults;
    double worst; /* largest figure in parts of its limit, of the rows whose figure is an error */
    const struct sim_bench_row *worst_row;
    double seconds; /* simulated */
};

/* All rows, with an ideal front end. Free with sim_bench_free. */
void sim_bench_init(struct sim_bench *bench, const struct sim_speed *speed);
void sim_bench_free(struct sim_bench *bench);

/* The row with this id, or rows. */
size_t sim_bench_find(const struct sim_bench *bench, const char *id);

/* Measures one row. Rows do not depend on each other here: they may be measured in any order, by several threads. */
void sim_bench_measure(struct sim_bench *bench, size_t row);

/* Once all rows, or those of `chosen` and their bases, are measured: differences and verdicts. */
void sim_bench_judge(struct sim_bench *bench);

/* The stricter limit of the standards and its mark. */
struct sim_bench_limit sim_bench_standard(const struct sim_bench_row *row);

/* Do the manual and the standards ask for different things? */
bool sim_bench_differs(const struct sim_bench_row *row);

/* Is the standards' limit one that we are not sure of (S2, S3)? */
bool sim_bench_uncertain(const struct sim_bench_row *row);

/* Are the figures of a row of this kind errors in percent? */
bool sim_bench_is_error(enum sim_bench_kind kind);

/* The larger of the two figures in parts of a limit; 0 where there is none. */
double sim_bench_ratio(const struct sim_bench_row *row, const struct sim_bench_result *r, double limit);

/* The network of a row as the bench makes it, and how much power of the row's kind it has by textbook formula (W or
 * var, mean). */
void sim_bench_network(const struct sim_bench_row *row, struct sim_network *net);
double sim_bench_textbook(const struct sim_bench_row *row);

void sim_bench_summarise(const struct sim_bench *bench, struct sim_bench_summary *summary);

#endif
