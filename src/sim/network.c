/* SPDX-License-Identifier: MIT */
#include "network.h"

#include <math.h>
#include <string.h>

#include "track.h"
#include "trig.h"

void sim_network_init(struct sim_network *net)
{
    memset(net, 0, sizeof *net);
    net->frequency = 50;
    net->powered = true;
    net->load_scale = 1;
    net->ct_ratio = 1;
    net->front_end.seed = 1;
    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        net->phase[p].voltage = 230;
        net->phase[p].voltage_angle = -120.0 * p;
        net->phase[p].pf = 1;
    }
}

uint32_t sim_network_frequency_mhz(const struct sim_network *net)
{
    return (uint32_t)floor(net->frequency * 1000 + 0.5);
}

bool sim_network_recorded(const struct sim_network *net)
{
    for (int c = 0; c < EM_CHANNEL_COUNT; c++)
        if (net->recorded[c])
            return true;
    return false;
}

/* Turns a phasor by an angle; positive leads. */
static struct sim_phasor turned(struct sim_phasor p, double degrees)
{
    double s, c;

    sim_sincos(degrees / 360, &s, &c);
    return (struct sim_phasor){.x = p.x * c + p.y * s, .y = p.y * c - p.x * s};
}

static struct sim_phasor voltage_phasor(const struct sim_network *net, int p)
{
    struct sim_phasor upright = {.x = 0, .y = net->powered ? net->phase[p].voltage : 0};

    return turned(upright, net->phase[p].voltage_angle);
}

/* In-phase and lagging parts of the fundamental current. */
static void current_parts(const struct sim_network *net, int p, double *in_phase, double *lagging)
{
    const struct sim_phase *phase = &net->phase[p];
    double s, c;

    *in_phase = *lagging = 0;
    switch (phase->mode) {
    case SIM_LOAD_ANGLE:
        sim_sincos(phase->angle / 360, &s, &c);
        *in_phase = phase->current * c;
        *lagging = phase->current * s;
        return;
    case SIM_LOAD_PF:
        s = sqrt(1 - phase->pf * phase->pf);
        *in_phase = phase->current * phase->pf;
        *lagging = phase->kind == SIM_INDUCTIVE ? phase->current * s : -phase->current * s;
        return;
    case SIM_LOAD_POWER:
        /* Below a volt no load can hold its power. */
        if (net->powered && phase->voltage >= 1) {
            *in_phase = phase->power / phase->voltage;
            *lagging = phase->reactive / phase->voltage;
        }
        return;
    }
}

/* Gives the load of a phase in another mode without changing what flows now. */
static void convert_load(const struct sim_network *net, int p, enum sim_load_mode mode, struct sim_phase *phase)
{
    double in_phase, lagging;

    if (phase->mode == mode)
        return;
    current_parts(net, p, &in_phase, &lagging);
    phase->mode = mode;
    phase->current = sqrt(in_phase * in_phase + lagging * lagging);
    phase->angle = sim_angle(lagging, in_phase);
    phase->pf = phase->current > 0 ? in_phase / phase->current : 1;
    phase->kind = lagging < 0 ? SIM_CAPACITIVE : SIM_INDUCTIVE;
    phase->power = phase->voltage * in_phase;
    phase->reactive = phase->voltage * lagging;
}

static void assign_phase(struct sim_network *net, int p, const struct sim_assignment *a)
{
    struct sim_phase *phase = &net->phase[p];

    switch (a->quantity) {
    case SIM_VOLTAGE:
        phase->voltage = a->number;
        break;
    case SIM_VOLTAGE_ANGLE:
        phase->voltage_angle = a->number;
        break;
    case SIM_VOLTAGE_HARMONICS:
        phase->voltage_harmonics = a->harmonics;
        break;
    case SIM_CURRENT:
        if (phase->mode == SIM_LOAD_POWER)
            convert_load(net, p, SIM_LOAD_ANGLE, phase);
        phase->current = a->number;
        break;
    case SIM_ANGLE:
        convert_load(net, p, SIM_LOAD_ANGLE, phase);
        phase->angle = a->number;
        break;
    case SIM_PF:
        convert_load(net, p, SIM_LOAD_PF, phase);
        phase->pf = a->number;
        break;
    case SIM_KIND:
        convert_load(net, p, SIM_LOAD_PF, phase);
        phase->kind = (enum sim_kind)a->number;
        break;
    case SIM_POWER:
        convert_load(net, p, SIM_LOAD_POWER, phase);
        phase->power = a->number;
        break;
    case SIM_REACTIVE:
        convert_load(net, p, SIM_LOAD_POWER, phase);
        phase->reactive = a->number;
        break;
    case SIM_CURRENT_HARMONICS:
        phase->current_harmonics = a->harmonics;
        break;
    case SIM_FREQUENCY:
    case SIM_QUANTITY_COUNT:
        break;
    }
}

void sim_network_assign(struct sim_network *net, const struct sim_assignment *a)
{
    const bool voltage =
        a->quantity == SIM_VOLTAGE || a->quantity == SIM_VOLTAGE_ANGLE || a->quantity == SIM_VOLTAGE_HARMONICS;

    if (a->quantity == SIM_FREQUENCY)
        net->frequency = a->number;
    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        if (!(a->phases >> p & 1))
            continue;
        assign_phase(net, p, a);
        net->recorded[(voltage ? EM_U1 : EM_I1) + p] = NULL;
    }
}

double sim_network_number(const struct sim_network *net, enum sim_quantity quantity, int p)
{
    struct sim_phase phase = net->phase[p];

    switch (quantity) {
    case SIM_FREQUENCY:
        return net->frequency;
    case SIM_VOLTAGE:
        return phase.voltage;
    case SIM_VOLTAGE_ANGLE:
        return phase.voltage_angle;
    case SIM_CURRENT:
        convert_load(net, p, phase.mode == SIM_LOAD_POWER ? SIM_LOAD_ANGLE : phase.mode, &phase);
        return phase.current;
    case SIM_ANGLE:
        convert_load(net, p, SIM_LOAD_ANGLE, &phase);
        return phase.angle;
    case SIM_PF:
        convert_load(net, p, SIM_LOAD_PF, &phase);
        return phase.pf;
    case SIM_POWER:
    case SIM_REACTIVE:
        convert_load(net, p, SIM_LOAD_POWER, &phase);
        return quantity == SIM_POWER ? phase.power : phase.reactive;
    default:
        return 0;
    }
}

static struct sim_phasor current_phasor(const struct sim_network *net, int p)
{
    double in_phase, lagging, s, c;

    current_parts(net, p, &in_phase, &lagging);
    sim_sincos(net->phase[p].voltage_angle / 360, &s, &c);
    in_phase *= net->load_scale;
    lagging *= net->load_scale;
    return (struct sim_phasor){.x = in_phase * s - lagging * c, .y = in_phase * c + lagging * s};
}

/* The harmonic of order k that rises through zero with the fundamental, turned by its own degrees. */
static struct sim_phasor harmonic_phasor(struct sim_phasor fundamental, const struct sim_harmonic *h)
{
    double rms = sqrt(fundamental.x * fundamental.x + fundamental.y * fundamental.y);
    double s = fundamental.x / rms, c = fundamental.y / rms;
    double size = rms * h->percent / 100;
    double sk = 0, ck = 1;

    for (int k = 0; k < h->order; k++) {
        double next = sk * c + ck * s;

        ck = ck * c - sk * s;
        sk = next;
    }
    return turned((struct sim_phasor){.x = size * sk, .y = size * ck}, h->degrees);
}

void sim_network_signal(const struct sim_network *net, enum em_channel channel, struct sim_signal *signal)
{
    int p = channel < EM_I1 ? (int)channel : (int)channel - EM_I1;
    bool voltage = channel < EM_I1;
    const struct sim_harmonics *harmonics =
        voltage ? &net->phase[p].voltage_harmonics : &net->phase[p].current_harmonics;
    struct sim_phasor first = voltage ? voltage_phasor(net, p) : current_phasor(net, p);

    signal->tones = 0;
    if (first.x * first.x + first.y * first.y == 0) /* or too small to have a direction */
        return;
    signal->order[0] = 1;
    signal->tone[0] = first;
    signal->tones = 1;
    for (unsigned k = 0; k < harmonics->count; k++, signal->tones++) {
        signal->order[signal->tones] = harmonics->at[k].order;
        signal->tone[signal->tones] = harmonic_phasor(first, &harmonics->at[k]);
    }
}

struct sim_transformer_point sim_transformer_at(const struct sim_front_end *fe, double current)
{
    const struct sim_transformer_point *t = fe->transformer;
    unsigned k = 0, n = fe->transformer_points;
    double share;

    while (k < n && t[k].current < current)
        k++;
    if (k == 0 || k == n)
        return n ? t[k ? n - 1 : 0] : (struct sim_transformer_point){.current = current};
    share = (sim_log(current) - sim_log(t[k - 1].current)) / (sim_log(t[k].current) - sim_log(t[k - 1].current));
    return (struct sim_transformer_point){
        .current = current,
        .gain_error = t[k - 1].gain_error + (t[k].gain_error - t[k - 1].gain_error) * share,
        .phase_error = t[k - 1].phase_error + (t[k].phase_error - t[k - 1].phase_error) * share,
    };
}

/* What the transformer adds to the errors of a channel. */
static struct sim_transformer_point transformer_errors(const struct sim_network *net, enum em_channel c,
                                                       const struct sim_signal *signal)
{
    struct sim_phasor first = signal->tone[0];

    if (c < EM_I1 || !signal->tones || !net->front_end.transformer_points)
        return (struct sim_transformer_point){0};
    return sim_transformer_at(&net->front_end, sqrt(first.x * first.x + first.y * first.y) / net->ct_ratio);
}

/* A recorded channel: its phase error is in the recording already, as a delay. */
static void apply_recorded(const struct sim_network *net, enum em_channel c, struct sim_channel *out)
{
    const struct sim_front_end *fe = &net->front_end;
    const struct sim_track *track = net->recorded[c];
    const double ratio = c < EM_I1 || track->secondary ? 1 : net->ct_ratio;
    double gain = 1 + fe->gain_error[c];

    if (c >= EM_I1 && fe->transformer_points && track->rms > 0)
        gain += sim_transformer_at(fe, track->rms / ratio).gain_error;
    out->tones = 0;
    out->recorded = c >= EM_I1 || net->powered ? track : NULL;
    out->recorded_gain = (c < EM_I1 ? EM_COUNTS_PER_VOLT : EM_COUNTS_PER_AMPERE / ratio) * gain;
    out->clips = track->peak * fabs(out->recorded_gain) + 4 * fe->noise + fabs(fe->offset[c]) >= EM_ADC_MAX;
}

static void apply_channel(const struct sim_network *net, enum em_channel c, struct sim_channel *out)
{
    const struct sim_front_end *fe = &net->front_end;
    const double counts = c < EM_I1 ? EM_COUNTS_PER_VOLT : EM_COUNTS_PER_AMPERE / net->ct_ratio;
    struct sim_transformer_point transformer;
    struct sim_signal signal;
    double peak = 4 * fe->noise + fabs(fe->offset[c]), scale, lead;

    out->noise = fe->noise;
    out->offset = fe->offset[c];
    out->coarse = fe->adc_bits ? 24 - fe->adc_bits : 0;
    out->recorded = NULL;
    if (net->recorded[c]) {
        apply_recorded(net, c, out);
        return;
    }
    sim_network_signal(net, c, &signal);
    transformer = transformer_errors(net, c, &signal);
    scale = counts * (1 + fe->gain_error[c] + transformer.gain_error) * 1.4142135623730951;
    lead = fe->phase_error[c] + transformer.phase_error;
    out->tones = signal.tones;
    for (unsigned k = 0; k < signal.tones; k++) {
        struct sim_phasor p = turned(signal.tone[k], lead * signal.order[k]);

        out->tone[k] = (struct sim_tone){.order = signal.order[k], .x = p.x * scale, .y = p.y * scale};
        peak += sqrt(p.x * p.x + p.y * p.y) * scale;
    }
    out->clips = peak >= EM_ADC_MAX;
}

void sim_network_apply(const struct sim_network *net, struct sim_wave *wave)
{
    sim_wave_change(wave, sim_network_frequency_mhz(net));
    wave->seed = net->front_end.seed;
    for (int c = 0; c < EM_CHANNEL_COUNT; c++)
        apply_channel(net, (enum em_channel)c, &wave->channel[c]);
}
