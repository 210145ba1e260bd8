/* SPDX-License-Identifier: MIT
 * The electrical world: the grid's voltages, the loads, the current transformer in the field and the analogue front
 * end. It turns what a scenario says into the tones of the generator. All in primary units. */
#ifndef SIM_NETWORK_H
#define SIM_NETWORK_H

#include "wave.h"

#define SIM_FREQUENCY_MIN 40.0
#define SIM_FREQUENCY_MAX 70.0

struct sim_harmonic {
    uint8_t order;  /* 2..SIM_HARMONIC_MAX */
    double percent; /* of the fundamental */
    double degrees; /* on the harmonic's own scale, against the fundamental's rise through zero */
};

struct sim_harmonics {
    unsigned count;
    struct sim_harmonic at[SIM_HARMONIC_MAX];
};

/* How the current of a phase is given. */
enum sim_load_mode {
    SIM_LOAD_ANGLE, /* current and the angle by which it lags */
    SIM_LOAD_PF,    /* current, power factor and kind */
    SIM_LOAD_POWER, /* constant active and reactive power */
};

enum sim_kind { SIM_INDUCTIVE, SIM_CAPACITIVE };

struct sim_phase {
    double voltage;       /* V rms of the fundamental, line to neutral */
    double voltage_angle; /* degrees */
    struct sim_harmonics voltage_harmonics;
    enum sim_load_mode mode;
    double current; /* A rms of the fundamental, primary */
    double angle;   /* degrees lagging its own voltage */
    double pf;      /* -1..1 */
    enum sim_kind kind;
    double power, reactive; /* W, var */
    struct sim_harmonics current_harmonics;
};

/* The meter's own current transformer at one current: it errs more when there is little. */
struct sim_transformer_point {
    double current;     /* A rms, secondary */
    double gain_error;  /* 0.001: reads 0.1 % high */
    double phase_error; /* degrees by which the output leads */
};
#define SIM_TRANSFORMER_POINTS 16

/* Errors of the analogue front end; index enum em_channel. */
struct sim_front_end {
    double noise;                         /* rms, converter counts */
    double gain_error[EM_CHANNEL_COUNT];  /* 0.001: reads 0.1 % high */
    double phase_error[EM_CHANNEL_COUNT]; /* degrees at the fundamental by which the output leads */
    double offset[EM_CHANNEL_COUNT];      /* converter counts */
    unsigned adc_bits;                    /* of the converter; 0: all 24 */
    /* Of all current channels, over the fundamental's logarithm, on top of the rest; ascending. */
    unsigned transformer_points;
    struct sim_transformer_point transformer[SIM_TRANSFORMER_POINTS];
    uint64_t seed;
};

struct sim_network {
    double frequency; /* Hz */
    bool powered;
    double load_scale; /* all loads are so many times what they are said to be */
    double ct_ratio;   /* primary / secondary of the transformer in the field */
    struct sim_phase phase[EM_PHASE_COUNT];
    struct sim_front_end front_end;
    const struct sim_track *recorded[EM_CHANNEL_COUNT]; /* played in place of what is said above, or NULL */
};

/* What can be set about the network, each of one phase but the frequency. */
enum sim_quantity {
    SIM_FREQUENCY,
    SIM_VOLTAGE,
    SIM_VOLTAGE_ANGLE,
    SIM_VOLTAGE_HARMONICS,
    SIM_CURRENT,
    SIM_ANGLE,
    SIM_PF,
    SIM_KIND,
    SIM_POWER,
    SIM_REACTIVE,
    SIM_CURRENT_HARMONICS,
    SIM_QUANTITY_COUNT
};

/* One change of the network: a quantity of the phases in the mask (bit 0 = L1) gets a new value. */
struct sim_assignment {
    enum sim_quantity quantity;
    uint8_t phases;
    double number;                  /* enum sim_kind for SIM_KIND */
    struct sim_harmonics harmonics; /* for the two lists of harmonics */
};

/* A phasor in rms units: x + j y = rms * (sin + j cos) of its phase. */
struct sim_phasor {
    double x, y;
};

/* The tones of one voltage or current, order 1 first. */
struct sim_signal {
    unsigned tones;
    uint8_t order[SIM_TONES_MAX];
    struct sim_phasor tone[SIM_TONES_MAX];
};

/* 50 Hz, 3 x 230 V, no load, CT 1:1, ideal front end. */
void sim_network_init(struct sim_network *net);

/* The frequency as it is generated: whole millihertz. */
uint32_t sim_network_frequency_mhz(const struct sim_network *net);

/* Makes a change. A current turns a load given by its power into one given by current and angle, and so on: what is
 * not named keeps its present value. A recording ends on the channel that is changed. */
void sim_network_assign(struct sim_network *net, const struct sim_assignment *a);

/* The present value of a quantity of phase p (0..2), for ramps; 0 for harmonics. */
double sim_network_number(const struct sim_network *net, enum sim_quantity quantity, int p);

/* Is any channel recorded? Then nothing repeats with the mains. */
bool sim_network_recorded(const struct sim_network *net);

/* What the generator itself makes on channel c (primary current), before the front end, were nothing recorded. */
void sim_network_signal(const struct sim_network *net, enum em_channel c, struct sim_signal *signal);

/* The transformer's errors at a secondary current: linear between points over the current's logarithm, level outside.
 */
struct sim_transformer_point sim_transformer_at(const struct sim_front_end *fe, double current);

/* Hands all six channels, as they come out of the front end, to the generator. */
void sim_network_apply(const struct sim_network *net, struct sim_wave *wave);

#endif
