/* SPDX-License-Identifier: MIT */
#include "reference.h"

#include <math.h>

static double dot(struct sim_phasor a, struct sim_phasor b)
{
    return a.x * b.x + a.y * b.y;
}

/* Positive when b lags a. */
static double cross(struct sim_phasor a, struct sim_phasor b)
{
    return a.x * b.y - a.y * b.x;
}

/* Mean of the product of two signals: tones of the same order multiply. */
static double mean_product(const struct sim_signal *a, const struct sim_signal *b)
{
    double sum = 0;

    for (unsigned k = 0; k < a->tones; k++)
        for (unsigned j = 0; j < b->tones; j++)
            if (a->order[k] == b->order[j])
                sum += dot(a->tone[k], b->tone[j]);
    return sum;
}

static double magnitude(double x)
{
    return x < 0 ? -x : x;
}

void sim_reference_take(struct sim_reference *ref, const struct sim_quantities *measured)
{
    struct sim_quantities *q = &ref->now;

    *q = *measured;
    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        q->s[p] = q->u[p] * q->i[p];
        q->pf[p] = q->s[p] > 0 ? magnitude(q->p[p]) / q->s[p] : 1;
        /* Zero by rounding only, as the angles are: the meter's angle deadband is wider. */
        if (magnitude(q->p[p]) < 1e-9 * q->s[p])
            q->p[p] = 0;
        if (magnitude(q->q[p]) < 1e-9 * q->s[p])
            q->q[p] = 0;
        if (q->p[p] < 0)
            q->i[p] = -q->i[p];
        q->p[EM_TOTAL] += q->p[p];
        q->q[EM_TOTAL] += q->q[p];
        q->s[EM_TOTAL] += q->s[p];
    }
    if (q->u[0] <= 0 && q->u[1] <= 0 && q->u[2] <= 0)
        q->frequency = 0;
    q->pf[EM_TOTAL] = sqrt(q->p[EM_TOTAL] * q->p[EM_TOTAL] + q->q[EM_TOTAL] * q->q[EM_TOTAL]);
    q->pf[EM_TOTAL] = q->pf[EM_TOTAL] > 0 ? magnitude(q->p[EM_TOTAL]) / q->pf[EM_TOTAL] : 1;
}

void sim_reference_measure(struct sim_reference *ref, const struct sim_network *net)
{
    static const uint8_t pair[EM_PHASE_COUNT][2] = {{0, 1}, {0, 2}, {1, 2}};
    struct sim_quantities q = {.frequency = sim_network_frequency_mhz(net) / 1000.0};
    struct sim_signal u[EM_PHASE_COUNT], i;

    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        sim_network_signal(net, (enum em_channel)(EM_U1 + p), &u[p]);
        sim_network_signal(net, (enum em_channel)(EM_I1 + p), &i);
        q.u[p] = sqrt(mean_product(&u[p], &u[p]));
        q.i[p] = sqrt(mean_product(&i, &i));
        q.p[p] = mean_product(&u[p], &i);
        if (u[p].tones && i.tones)
            q.q[p] = cross(u[p].tone[0], i.tone[0]);
    }
    for (int k = 0; k < EM_PHASE_COUNT; k++) {
        const struct sim_signal *a = &u[pair[k][0]], *b = &u[pair[k][1]];
        double square = mean_product(a, a) + mean_product(b, b) - 2 * mean_product(a, b);

        q.ull[k] = square > 0 ? sqrt(square) : 0;
    }
    sim_reference_take(ref, &q);
}

static int direction_of(double x)
{
    return x < 0 ? EM_REVERSE : EM_FORWARD;
}

static int quadrant_of(double p, double q)
{
    if (q >= 0)
        return p >= 0 ? 0 : 1;
    return p >= 0 ? 3 : 2;
}

void sim_reference_count(struct sim_reference *ref, int64_t now)
{
    const struct sim_quantities *q = &ref->now;
    double hours = (double)(now - ref->since) / (EM_SAMPLE_RATE * 3600.0);
    bool netted = ref->active_code == EM_C05_NETTED;
    int t = ref->active_tariff - 1;

    ref->since = now;
    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        double active = magnitude(q->p[p]) * hours, reactive = magnitude(q->q[p]) * hours;
        int d = direction_of(q->q[p]);

        ref->phase[p][EM_ACTIVE][direction_of(q->p[p])] += active;
        ref->phase[p][EM_REACTIVE][d] += reactive;
        ref->tariff[t][EM_REACTIVE][d] += reactive;
        ref->quadrant[t][quadrant_of(q->p[p], q->q[p])] += reactive;
        if (!netted)
            ref->tariff[t][EM_ACTIVE][direction_of(q->p[p])] += active;
    }
    if (netted)
        ref->tariff[t][EM_ACTIVE][direction_of(q->p[EM_TOTAL])] += magnitude(q->p[EM_TOTAL]) * hours;
}

void sim_reference_follow(struct sim_reference *ref, const struct em_meter *m, int64_t now)
{
    int32_t tariff = m->settings.value[EM_SETTING_TARIFF], code = m->settings.value[EM_SETTING_COMBINATION_CODE];

    if (tariff == ref->active_tariff && code == ref->active_code)
        return;
    sim_reference_count(ref, now);
    ref->active_tariff = tariff;
    ref->active_code = code;
}

static double one_direction(const struct sim_reference *ref, em_energy_id id, int d)
{
    unsigned scope = EM_ENERGY_SCOPE(id), kind = EM_ENERGY_KIND(id);
    double sum = 0;

    if (scope >= EM_L1)
        return ref->phase[scope - EM_L1][kind][d];
    for (unsigned t = 0; t < EM_TARIFF_COUNT; t++)
        if (scope == EM_ALL || scope == EM_T1 + t)
            sum += ref->tariff[t][kind][d];
    return sum;
}

static double quadrant_energy(const struct sim_reference *ref, em_energy_id id)
{
    unsigned scope = EM_ENERGY_SCOPE(id);
    double sum = 0;

    for (unsigned t = 0; t < EM_TARIFF_COUNT; t++)
        if (scope == EM_ALL || scope == EM_T1 + t)
            sum += ref->quadrant[t][EM_ENERGY_PART(id) - EM_PART_Q1];
    return sum;
}

static double combined(enum em_combination code, double forward, double reverse)
{
    switch (code) {
    case EM_C01_FORWARD:
        return forward;
    case EM_C02_REVERSE:
        return -reverse;
    case EM_C03_SUM:
        return forward + reverse;
    default:
        return forward - reverse;
    }
}

static double energy_value(const struct sim_reference *ref, em_energy_id id, enum em_combination code)
{
    switch (EM_ENERGY_PART(id)) {
    case EM_PART_TOTAL:
        if (EM_ENERGY_KIND(id) == EM_REACTIVE)
            code = EM_C03_SUM;
        return combined(code, one_direction(ref, id, EM_FORWARD), one_direction(ref, id, EM_REVERSE));
    case EM_PART_FORWARD:
        return one_direction(ref, id, EM_FORWARD);
    case EM_PART_REVERSE:
        return one_direction(ref, id, EM_REVERSE);
    default:
        return quadrant_energy(ref, id);
    }
}

static double quantity_value(const struct sim_quantities *q, uint16_t argument)
{
    unsigned k = EM_QUANTITY_INDEX(argument);

    switch (EM_QUANTITY_KIND(argument)) {
    case EM_QUANTITY_U:
        return q->u[k];
    case EM_QUANTITY_ULL:
        return q->ull[k];
    case EM_QUANTITY_I:
        return q->i[k];
    case EM_QUANTITY_P:
        return q->p[k] / 1000;
    case EM_QUANTITY_Q:
        return q->q[k] / 1000;
    case EM_QUANTITY_S:
        return q->s[k] / 1000;
    case EM_QUANTITY_PF:
        return q->pf[k];
    case EM_QUANTITY_F:
        return q->frequency;
    case EM_QUANTITY_QUADRANT:
        return quadrant_of(q->p[k], q->q[k]) + 1;
    case EM_QUANTITY_DIRECTION:
        return direction_of(q->p[k]) == EM_FORWARD ? 'F' : 'R';
    }
    return 0;
}

bool sim_reference_value(const struct sim_reference *ref, const struct em_register *row, enum em_combination code,
                         double *value)
{
    if (row->source == EM_FROM_QUANTITY) {
        *value = quantity_value(&ref->now, row->argument);
        return true;
    }
    if (row->source == EM_FROM_ENERGY && EM_ENERGY_SET(row->argument) == EM_SET_MAIN) {
        *value = energy_value(ref, row->argument, code) / 1000;
        return true;
    }
    return false;
}
