/* SPDX-License-Identifier: MIT
 * The network against waveforms written out here: u = U sqrt(2) (sin x + sum of h sin(k x + d)), x = w t + angle. */
#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "network.h"
#include "reference.h"
#include "scene.h"
#include "trig.h"

#define DEGREE (M_PI / 180)

static struct sim_network net;
static struct sim_wave wave;

static void setup(void)
{
    sim_network_init(&net);
}

static void set(uint8_t phases, enum sim_quantity quantity, double number)
{
    struct sim_assignment a = {.quantity = quantity, .phases = phases, .number = number};

    sim_network_assign(&net, &a);
}

static void set_harmonics(uint8_t phases, enum sim_quantity quantity, unsigned count, const struct sim_harmonic *list)
{
    struct sim_assignment a = {.quantity = quantity, .phases = phases, .harmonics = {.count = count}};

    for (unsigned k = 0; k < count; k++)
        a.harmonics.at[k] = list[k];
    sim_network_assign(&net, &a);
}

static double get(enum sim_quantity quantity)
{
    return sim_network_number(&net, quantity, 0);
}

static struct sim_quantities measure(void)
{
    struct sim_reference ref = {0};

    sim_reference_measure(&ref, &net);
    return ref.now;
}

static double uniform(uint64_t *seed)
{
    return (double)(unit_random(seed) >> 11) / 9007199254740992.0;
}

/* --- Loads --- */

START_TEST(a_new_network_is_an_idle_grid)
{
    struct sim_quantities q = measure();

    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        UNIT_NEAR("voltage", q.u[p], 230, 1e-9);
        UNIT_NEAR("between lines", q.ull[p], 230 * sqrt(3), 1e-9);
        UNIT_NEAR("current", q.i[p], 0, 0);
        UNIT_NEAR("power factor", q.pf[p], 1, 0);
    }
    UNIT_NEAR("power", q.p[EM_TOTAL], 0, 0);
    UNIT_NEAR("frequency", q.frequency, 50, 0);
}
END_TEST

START_TEST(a_load_by_angle)
{
    for (int degrees = -360; degrees <= 360; degrees += 15) {
        struct sim_quantities q;

        set(1, SIM_CURRENT, 8);
        set(1, SIM_ANGLE, degrees);
        q = measure();
        UNIT_NEAR("active", q.p[0], 1840 * cos(degrees * DEGREE), 1e-8);
        UNIT_NEAR("reactive", q.q[0], 1840 * sin(degrees * DEGREE), 1e-8);
        UNIT_NEAR("apparent", q.s[0], 1840, 1e-9);
        UNIT_NEAR("power factor", q.pf[0], fabs(cos(degrees * DEGREE)), 1e-12);
        UNIT_NEAR("current", q.i[0], q.p[0] < 0 ? -8 : 8, 1e-12);
    }
}
END_TEST

START_TEST(a_load_by_power_factor)
{
    static const struct {
        double pf;
        enum sim_kind kind;
        double p, q;
    } rows[] = {
        {1, SIM_INDUCTIVE, 2300, 0},        {1, SIM_CAPACITIVE, 2300, 0},         {0.8, SIM_INDUCTIVE, 1840, 1380},
        {0.8, SIM_CAPACITIVE, 1840, -1380}, {0, SIM_INDUCTIVE, 0, 2300},          {0, SIM_CAPACITIVE, 0, -2300},
        {-0.6, SIM_INDUCTIVE, -1380, 1840}, {-0.6, SIM_CAPACITIVE, -1380, -1840}, {-1, SIM_INDUCTIVE, -2300, 0},
    };

    for (size_t k = 0; k < COUNT(rows); k++) {
        struct sim_quantities q;

        set(2, SIM_CURRENT, 10);
        set(2, SIM_PF, rows[k].pf);
        set(2, SIM_KIND, rows[k].kind);
        q = measure();
        UNIT_NEAR("active", q.p[1], rows[k].p, 1e-9);
        UNIT_NEAR("reactive", q.q[1], rows[k].q, 1e-9);
    }
}
END_TEST

START_TEST(a_load_by_power_keeps_it_when_the_voltage_changes)
{
    set(1, SIM_POWER, 1000);
    set(1, SIM_REACTIVE, -300);
    for (double u = 100; u <= 600; u += 50) {
        struct sim_quantities q;

        set(7, SIM_VOLTAGE, u);
        q = measure();
        UNIT_NEAR("active", q.p[0], 1000, 1e-9);
        UNIT_NEAR("reactive", q.q[0], -300, 1e-9);
        UNIT_NEAR("current", q.i[0], sqrt(1000 * 1000 + 300 * 300) / u, 1e-9);
    }
}
END_TEST

START_TEST(a_constant_current_goes_with_the_voltage)
{
    set(1, SIM_CURRENT, 5);
    set(1, SIM_ANGLE, 30);
    set(1, SIM_VOLTAGE, 115);
    UNIT_NEAR("half the power", measure().p[0], 115 * 5 * cos(30 * DEGREE), 1e-9);
}
END_TEST

START_TEST(only_the_named_phases_change)
{
    for (uint8_t mask = 0; mask < 8; mask++) {
        sim_network_init(&net);
        set(mask, SIM_POWER, 100);
        set(mask, SIM_VOLTAGE, 240);
        for (int p = 0; p < EM_PHASE_COUNT; p++) {
            UNIT_NEAR("power", sim_network_number(&net, SIM_POWER, p), mask >> p & 1 ? 100 : 0, 1e-9);
            UNIT_NEAR("voltage", sim_network_number(&net, SIM_VOLTAGE, p), mask >> p & 1 ? 240 : 230, 0);
        }
    }
}
END_TEST

START_TEST(the_frequency_is_whole_millihertz)
{
    static const struct {
        double hz;
        uint32_t mhz;
    } rows[] = {{50, 50000}, {49.9, 49900},    {50.0004, 50000}, {50.0005, 50001}, {50.00051, 50001},
                {40, 40000}, {69.9999, 70000}, {45.1, 45100},    {59.94, 59940}};

    for (size_t k = 0; k < COUNT(rows); k++) {
        set(0, SIM_FREQUENCY, rows[k].hz);
        ck_assert_uint_eq(sim_network_frequency_mhz(&net), rows[k].mhz);
        UNIT_NEAR("reference", measure().frequency, rows[k].mhz / 1000.0, 0);
        UNIT_NEAR("number", get(SIM_FREQUENCY), rows[k].hz, 0);
    }
}
END_TEST

/* --- Conversions --- */

/* A load of phase 1 in one of the three modes. */
static void random_load(uint64_t *seed)
{
    sim_network_init(&net);
    set(7, SIM_VOLTAGE, 100 + 200 * uniform(seed));
    set(1, SIM_VOLTAGE_ANGLE, 720 * uniform(seed) - 360);
    switch (unit_random(seed) % 3) {
    case 0:
        set(1, SIM_CURRENT, 0.1 + 100 * uniform(seed));
        set(1, SIM_ANGLE, 360 * uniform(seed) - 180);
        break;
    case 1:
        set(1, SIM_CURRENT, 0.1 + 100 * uniform(seed));
        set(1, SIM_PF, 2 * uniform(seed) - 1);
        set(1, SIM_KIND, (double)(unit_random(seed) % 2));
        break;
    default:
        set(1, SIM_POWER, 20000 * uniform(seed) - 10000);
        set(1, SIM_REACTIVE, 20000 * uniform(seed) - 10000);
        break;
    }
}

static double angle_between(double a, double b)
{
    return fabs(remainder(a - b, 360));
}

START_TEST(naming_what_is_there_changes_nothing)
{
    static const enum sim_quantity quantities[] = {SIM_CURRENT, SIM_ANGLE, SIM_PF, SIM_POWER, SIM_REACTIVE};
    uint64_t seed = 1;

    for (int k = 0; k < 20000; k++) {
        enum sim_quantity quantity = quantities[unit_random(&seed) % COUNT(quantities)];
        struct sim_quantities before, after;

        random_load(&seed);
        before = measure();
        set(1, quantity, get(quantity));
        after = measure();
        UNIT_CHECK(fabs(before.p[0] - after.p[0]) < 1e-8 * before.s[0] &&
                       fabs(before.q[0] - after.q[0]) < 1e-8 * before.s[0],
                   "round %d, quantity %d: %.12g %.12g, were %.12g %.12g", k, quantity, after.p[0], after.q[0],
                   before.p[0], before.q[0]);
    }
}
END_TEST

START_TEST(what_is_assigned_is_there)
{
    uint64_t seed = 2;

    for (int k = 0; k < 20000; k++) {
        double power = 1000 * uniform(&seed) - 500, current = 10 * uniform(&seed), pf = 2 * uniform(&seed) - 1;

        random_load(&seed);
        set(1, SIM_POWER, power);
        UNIT_CHECK(get(SIM_POWER) == power, "power %g", power);
        set(1, SIM_REACTIVE, -power);
        UNIT_CHECK(get(SIM_REACTIVE) == -power && get(SIM_POWER) == power, "reactive %g", -power);
        set(1, SIM_CURRENT, current);
        UNIT_CHECK(get(SIM_CURRENT) == current, "current %g", current);
        set(1, SIM_PF, pf);
        UNIT_CHECK(get(SIM_PF) == pf && fabs(get(SIM_CURRENT) - current) < 1e-12, "pf %g", pf);
        set(1, SIM_ANGLE, 77);
        UNIT_CHECK(get(SIM_ANGLE) == 77 && fabs(get(SIM_CURRENT) - current) < 1e-12, "angle");
    }
}
END_TEST

START_TEST(a_power_keeps_the_reactive_power_and_the_other_way_round)
{
    uint64_t seed = 3;

    for (int k = 0; k < 10000; k++) {
        double q, p;

        random_load(&seed);
        q = get(SIM_REACTIVE);
        set(1, SIM_POWER, 1234);
        UNIT_CHECK(fabs(measure().q[0] - q) < 1e-6 && fabs(measure().p[0] - 1234) < 1e-8, "round %d: %g, was %g", k,
                   measure().q[0], q);
        random_load(&seed);
        p = get(SIM_POWER);
        set(1, SIM_REACTIVE, -567);
        UNIT_CHECK(fabs(measure().p[0] - p) < 1e-6 && fabs(measure().q[0] + 567) < 1e-8, "round %d: %g, was %g", k,
                   measure().p[0], p);
    }
}
END_TEST

START_TEST(a_current_keeps_the_angle)
{
    uint64_t seed = 4;

    for (int k = 0; k < 10000; k++) {
        struct sim_quantities q;
        double angle;

        random_load(&seed);
        angle = get(SIM_ANGLE);
        set(1, SIM_CURRENT, 7);
        q = measure();
        UNIT_CHECK(angle_between(atan2(q.q[0], q.p[0]) / DEGREE, angle) < 1e-6, "round %d: %g, was %g", k,
                   atan2(q.q[0], q.p[0]) / DEGREE, angle);
        UNIT_CHECK(fabs(fabs(q.i[0]) - 7) < 1e-9, "round %d: %g", k, q.i[0]);
    }
}
END_TEST

START_TEST(an_angle_keeps_the_current)
{
    uint64_t seed = 5;

    for (int k = 0; k < 10000; k++) {
        double current;

        random_load(&seed);
        current = get(SIM_CURRENT);
        set(1, SIM_ANGLE, 60);
        UNIT_CHECK(fabs(measure().i[0] - current) < 1e-9 * current, "round %d: %g, was %g", k, measure().i[0], current);
    }
}
END_TEST

START_TEST(a_power_factor_keeps_the_current_and_its_kind)
{
    uint64_t seed = 6;

    for (int k = 0; k < 10000; k++) {
        struct sim_quantities before, after;

        random_load(&seed);
        before = measure();
        set(1, SIM_PF, 0.5);
        after = measure();
        UNIT_CHECK(fabs(after.i[0] - fabs(before.i[0])) < 1e-9 * after.i[0], "round %d: %g, was %g", k, after.i[0],
                   before.i[0]);
        UNIT_CHECK((after.q[0] < 0) == (before.q[0] < 0), "round %d: %g, was %g", k, after.q[0], before.q[0]);
    }
}
END_TEST

START_TEST(a_kind_turns_the_reactive_power_alone)
{
    uint64_t seed = 7;

    for (int k = 0; k < 10000; k++) {
        struct sim_quantities before, after;

        random_load(&seed);
        before = measure();
        set(1, SIM_KIND, before.q[0] < 0 ? SIM_INDUCTIVE : SIM_CAPACITIVE);
        after = measure();
        UNIT_CHECK(fabs(after.p[0] - before.p[0]) < 1e-8 * before.s[0], "round %d", k);
        UNIT_CHECK(fabs(after.q[0] + before.q[0]) < 1e-6 * before.s[0], "round %d: %g, was %g", k, after.q[0],
                   before.q[0]);
    }
}
END_TEST

START_TEST(to_ask_for_a_number_changes_nothing)
{
    uint64_t seed = 8;

    for (int k = 0; k < 1000; k++) {
        struct sim_network before;

        random_load(&seed);
        before = net;
        for (int q = 0; q < SIM_QUANTITY_COUNT; q++)
            for (int p = 0; p < EM_PHASE_COUNT; p++)
                sim_network_number(&net, (enum sim_quantity)q, p);
        UNIT_CHECK(memcmp(&before, &net, sizeof net) == 0, "round %d", k);
    }
}
END_TEST

START_TEST(an_idle_load_converts_to_an_idle_load)
{
    static const enum sim_quantity quantities[] = {SIM_ANGLE, SIM_PF, SIM_KIND, SIM_CURRENT, SIM_POWER, SIM_REACTIVE};

    for (size_t a = 0; a < COUNT(quantities); a++) {
        for (size_t b = 0; b < COUNT(quantities); b++) {
            sim_network_init(&net);
            set(1, quantities[a], 0);
            set(1, quantities[b], 0);
            UNIT_NEAR("apparent", measure().s[0], 0, 0);
            UNIT_NEAR("power factor", measure().pf[0], 1, 0);
        }
    }
}
END_TEST

/* --- No supply, extremes --- */

START_TEST(without_supply_there_is_no_voltage_and_no_power)
{
    struct sim_signal signal;
    struct sim_quantities q;

    set(1, SIM_CURRENT, 5);
    set(2, SIM_POWER, 1000);
    set_harmonics(7, SIM_VOLTAGE_HARMONICS, 1, (struct sim_harmonic[]){{5, 10, 0}});
    net.powered = false;
    q = measure();
    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        UNIT_NEAR("voltage", q.u[p], 0, 0);
        UNIT_NEAR("between lines", q.ull[p], 0, 0);
        UNIT_NEAR("power", q.p[p], 0, 0);
        UNIT_NEAR("reactive", q.q[p], 0, 0);
        UNIT_NEAR("power factor", q.pf[p], 1, 0);
        sim_network_signal(&net, (enum em_channel)p, &signal);
        ck_assert_uint_eq(signal.tones, 0);
    }
    UNIT_NEAR("constant current", q.i[0], 5, 1e-12);
    UNIT_NEAR("constant power", q.i[1], 0, 0);
    UNIT_NEAR("frequency", q.frequency, 0, 0);
    net.powered = true;
    UNIT_NEAR("back", measure().p[EM_TOTAL], 5 * 230 + 1000, 1e-9);
    UNIT_NEAR("back", measure().frequency, 50, 0);
}
END_TEST

START_TEST(tiny_and_huge_values_stay_numbers)
{
    static const double values[] = {0, 5e-324, 1e-308, 1e-200, 1e-170, 1e-160, 1e-100, 1e-9, 1, 600};
    static const double loads[] = {0, 5e-324, 1e-308, 1e-170, 1e-9, 1, 1e6, 1e9, -1e9};
    static const enum sim_quantity given[] = {SIM_CURRENT, SIM_POWER, SIM_REACTIVE};

    for (size_t u = 0; u < COUNT(values); u++) {
        for (size_t k = 0; k < COUNT(loads) * COUNT(given); k++) {
            struct sim_quantities q;
            double load = loads[k / COUNT(given)];

            sim_network_init(&net);
            set(7, SIM_VOLTAGE, values[u]);
            set_harmonics(7, SIM_VOLTAGE_HARMONICS, 1, (struct sim_harmonic[]){{40, 1000, 123}});
            set_harmonics(7, SIM_CURRENT_HARMONICS, 1, (struct sim_harmonic[]){{40, 1000, 33}});
            set(7, given[k % COUNT(given)], given[k % COUNT(given)] == SIM_CURRENT ? fabs(fmin(load, 1e6)) : load);
            q = measure();
            UNIT_CHECK(isfinite(q.u[0]) && isfinite(q.i[0]) && isfinite(q.p[EM_TOTAL]) && isfinite(q.q[EM_TOTAL]) &&
                           isfinite(q.s[EM_TOTAL]) && isfinite(q.pf[EM_TOTAL]) && isfinite(q.ull[0]),
                       "voltage %g, %d is %g: u %g, i %g, p %g", values[u], given[k % COUNT(given)], load, q.u[0],
                       q.i[0], q.p[0]);
            sim_wave_init(&wave, NULL, 50000, 0);
            sim_network_apply(&net, &wave);
            for (int c = 0; c < EM_CHANNEL_COUNT; c++)
                for (unsigned t = 0; t < wave.channel[c].tones; t++)
                    UNIT_CHECK(isfinite(wave.channel[c].tone[t].x) && isfinite(wave.channel[c].tone[t].y),
                               "voltage %g, %d is %g: channel %d", values[u], given[k % COUNT(given)], load, c);
        }
    }
}
END_TEST

/* --- Waveforms --- */

/* Everything of a phase that a waveform needs. */
struct described {
    double u, u_deg, i, lag_deg;
    struct sim_harmonics uh, ih;
};

static struct sim_harmonics random_harmonics(uint64_t *seed)
{
    struct sim_harmonics h = {.count = (unsigned)(unit_random(seed) % 6)};
    unsigned order = 2;

    for (unsigned k = 0; k < h.count; k++, order += 1 + (unsigned)(unit_random(seed) % 7))
        h.at[k] = (struct sim_harmonic){(uint8_t)order, 60 * uniform(seed), 720 * uniform(seed) - 360};
    return h;
}

static void random_network(struct described d[EM_PHASE_COUNT], uint64_t *seed)
{
    sim_network_init(&net);
    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        d[p] = (struct described){300 * uniform(seed),       720 * uniform(seed) - 360, 50 * uniform(seed),
                                  720 * uniform(seed) - 360, random_harmonics(seed),    random_harmonics(seed)};
        set((uint8_t)(1 << p), SIM_VOLTAGE, d[p].u);
        set((uint8_t)(1 << p), SIM_VOLTAGE_ANGLE, d[p].u_deg);
        set((uint8_t)(1 << p), SIM_CURRENT, d[p].i);
        set((uint8_t)(1 << p), SIM_ANGLE, d[p].lag_deg);
        set_harmonics((uint8_t)(1 << p), SIM_VOLTAGE_HARMONICS, d[p].uh.count, d[p].uh.at);
        set_harmonics((uint8_t)(1 << p), SIM_CURRENT_HARMONICS, d[p].ih.count, d[p].ih.at);
    }
}

/* rms * sqrt(2) * (sin(x) + harmonics), x the fundamental's own phase. */
static double shape(double rms, double x, const struct sim_harmonics *h)
{
    double sum = sin(x);

    for (unsigned k = 0; k < h->count; k++)
        sum += h->at[k].percent / 100 * sin(h->at[k].order * x + h->at[k].degrees * DEGREE);
    return rms * M_SQRT2 * sum;
}

static double u_at(const struct described *d, double turns)
{
    return shape(d->u, 2 * M_PI * turns + d->u_deg * DEGREE, &d->uh);
}

static double i_at(const struct described *d, double turns)
{
    return shape(d->i, 2 * M_PI * turns + (d->u_deg - d->lag_deg) * DEGREE, &d->ih);
}

#define POINTS 256 /* over a cycle: more than twice 2 * 40 */

/* Sums over a cycle, by points: exact for what has no orders above POINTS / 2. */
static struct sim_quantities integrate(const struct described d[EM_PHASE_COUNT])
{
    static const int pair[3][2] = {{0, 1}, {0, 2}, {1, 2}};
    struct sim_quantities q = {0};
    double us[EM_PHASE_COUNT] = {0}, uc[EM_PHASE_COUNT] = {0}, is[EM_PHASE_COUNT] = {0}, ic[EM_PHASE_COUNT] = {0};

    for (int n = 0; n < POINTS; n++) {
        double t = (double)n / POINTS, s = sin(2 * M_PI * t), c = cos(2 * M_PI * t), u[3];

        for (int p = 0; p < EM_PHASE_COUNT; p++) {
            double i = i_at(&d[p], t);

            u[p] = u_at(&d[p], t);
            q.u[p] += u[p] * u[p] / POINTS;
            q.i[p] += i * i / POINTS;
            q.p[p] += u[p] * i / POINTS;
            us[p] += u[p] * s / POINTS;
            uc[p] += u[p] * c / POINTS;
            is[p] += i * s / POINTS;
            ic[p] += i * c / POINTS;
        }
        for (int k = 0; k < 3; k++)
            q.ull[k] += (u[pair[k][0]] - u[pair[k][1]]) * (u[pair[k][0]] - u[pair[k][1]]) / POINTS;
    }
    for (int p = 0; p < EM_PHASE_COUNT; p++) {
        q.u[p] = sqrt(q.u[p]);
        q.i[p] = sqrt(q.i[p]);
        q.ull[p] = sqrt(q.ull[p]);
        q.q[p] = 2 * (uc[p] * is[p] - us[p] * ic[p]); /* of the fundamental, positive when the current lags */
        q.s[p] = q.u[p] * q.i[p];
        q.pf[p] = q.s[p] > 0 ? fabs(q.p[p]) / q.s[p] : 1;
        q.p[EM_TOTAL] += q.p[p];
        q.q[EM_TOTAL] += q.q[p];
        q.s[EM_TOTAL] += q.s[p];
    }
    q.pf[EM_TOTAL] = fabs(q.p[EM_TOTAL]) / hypot(q.p[EM_TOTAL], q.q[EM_TOTAL]);
    return q;
}

START_TEST(the_reference_is_the_integral_of_the_waveform)
{
    uint64_t seed = 9;

    for (int round = 0; round < 400; round++) {
        struct described d[EM_PHASE_COUNT];
        struct sim_quantities want, got;

        random_network(d, &seed);
        want = integrate(d);
        got = measure();
        for (int p = 0; p < EM_PHASES_AND_TOTAL; p++) {
            double scale = 1e-9 * (1 + want.s[p]);

            UNIT_CHECK(fabs(got.p[p] - want.p[p]) < scale, "%d P%d: %g, want %g", round, p, got.p[p], want.p[p]);
            UNIT_CHECK(fabs(got.q[p] - want.q[p]) < scale, "%d Q%d: %g, want %g", round, p, got.q[p], want.q[p]);
            UNIT_CHECK(fabs(got.s[p] - want.s[p]) < scale, "%d S%d: %g, want %g", round, p, got.s[p], want.s[p]);
            UNIT_CHECK(fabs(got.pf[p] - want.pf[p]) < 1e-9, "%d PF%d: %g, want %g", round, p, got.pf[p], want.pf[p]);
        }
        for (int p = 0; p < EM_PHASE_COUNT; p++) {
            double sign = want.p[p] < 0 ? -1 : 1;

            UNIT_CHECK(fabs(got.u[p] - want.u[p]) < 1e-9 * (1 + want.u[p]), "%d U%d", round, p);
            UNIT_CHECK(fabs(got.ull[p] - want.ull[p]) < 1e-8 * (1 + want.ull[p]), "%d ULL%d: %g, want %g", round, p,
                       got.ull[p], want.ull[p]);
            UNIT_CHECK(fabs(got.i[p] - sign * want.i[p]) < 1e-9 * (1 + want.i[p]), "%d I%d: %g, want %g", round, p,
                       got.i[p], sign * want.i[p]);
        }
    }
}
END_TEST

START_TEST(harmonics_that_rise_together_add_power)
{
    struct sim_quantities q;

    /* Wherever the voltage stands and whatever the phase: the harmonic goes with its own fundamental. */
    for (int degrees = 0; degrees < 360; degrees += 40) {
        sim_network_init(&net);
        set(1, SIM_VOLTAGE_ANGLE, degrees);
        set(7, SIM_CURRENT, 2);
        set_harmonics(7, SIM_VOLTAGE_HARMONICS, 1, (struct sim_harmonic[]){{5, 10, 0}});
        set_harmonics(7, SIM_CURRENT_HARMONICS, 1, (struct sim_harmonic[]){{5, 40, 0}});
        q = measure();
        for (int p = 0; p < EM_PHASE_COUNT; p++) {
            UNIT_NEAR("power", q.p[p], 460 * 1.04, 1e-9);
            UNIT_NEAR("reactive", q.q[p], 0, 1e-9);
            UNIT_NEAR("voltage", q.u[p], 230 * sqrt(1.01), 1e-9);
            UNIT_NEAR("current", q.i[p], 2 * sqrt(1.16), 1e-9);
        }
        set_harmonics(7, SIM_CURRENT_HARMONICS, 1, (struct sim_harmonic[]){{5, 40, 180}});
        UNIT_NEAR("against", measure().p[0], 460 * 0.96, 1e-9);
        set_harmonics(7, SIM_CURRENT_HARMONICS, 1, (struct sim_harmonic[]){{5, 40, 90}});
        UNIT_NEAR("across", measure().p[0], 460, 1e-9);
    }
}
END_TEST

START_TEST(a_lagging_current_takes_its_harmonics_with_it)
{
    set(1, SIM_CURRENT, 2);
    set(1, SIM_ANGLE, 36); /* 180 degrees of the fifth */
    set_harmonics(1, SIM_VOLTAGE_HARMONICS, 1, (struct sim_harmonic[]){{5, 10, 0}});
    set_harmonics(1, SIM_CURRENT_HARMONICS, 1, (struct sim_harmonic[]){{5, 40, 0}});
    UNIT_NEAR("power", measure().p[0], 460 * (cos(36 * DEGREE) - 0.04), 1e-9);
}
END_TEST

START_TEST(a_new_list_of_harmonics_replaces_the_old_one)
{
    set_harmonics(1, SIM_VOLTAGE_HARMONICS, 2, (struct sim_harmonic[]){{3, 10, 0}, {5, 10, 0}});
    set_harmonics(1, SIM_VOLTAGE_HARMONICS, 1, (struct sim_harmonic[]){{7, 20, 0}});
    UNIT_NEAR("one", measure().u[0], 230 * sqrt(1.04), 1e-9);
    set_harmonics(1, SIM_VOLTAGE_HARMONICS, 0, NULL);
    UNIT_NEAR("none", measure().u[0], 230, 1e-9);
}
END_TEST

/* --- From the network to samples --- */

/* Makes a cycle at 50 Hz of all channels. */
static void make_cycle(int32_t store[EM_CHANNEL_COUNT][SIM_CHUNK])
{
    const int32_t *out[EM_CHANNEL_COUNT];

    sim_wave_init(&wave, NULL, 50000, 0);
    sim_network_apply(&net, &wave);
    sim_wave_samples(&wave, out, SIM_CHUNK);
    for (int c = 0; c < EM_CHANNEL_COUNT; c++)
        memcpy(store[c], out[c], sizeof store[c]);
}

static int32_t sample[EM_CHANNEL_COUNT][SIM_CHUNK];

START_TEST(samples_are_the_waveform_in_counts)
{
    uint64_t seed = 10;

    for (int round = 0; round < 300; round++) {
        struct described d[EM_PHASE_COUNT];

        random_network(d, &seed);
        net.ct_ratio = 1 + floor(100 * uniform(&seed));
        make_cycle(sample);
        for (int p = 0; p < EM_PHASE_COUNT; p++) {
            for (int j = 0; j < SIM_CHUNK; j++) {
                double u = EM_COUNTS_PER_VOLT * u_at(&d[p], j / 160.0);
                double i = EM_COUNTS_PER_AMPERE / net.ct_ratio * i_at(&d[p], j / 160.0);

                u = fmin(fmax(u, -EM_ADC_MAX), EM_ADC_MAX);
                i = fmin(fmax(i, -EM_ADC_MAX), EM_ADC_MAX);
                UNIT_CHECK(fabs(sample[EM_U1 + p][j] - u) < 0.501, "round %d, u%d[%d]: %d, want %g", round, p, j,
                           sample[EM_U1 + p][j], u);
                UNIT_CHECK(fabs(sample[EM_I1 + p][j] - i) < 0.501, "round %d, i%d[%d]: %d, want %g", round, p, j,
                           sample[EM_I1 + p][j], i);
            }
        }
    }
}
END_TEST

START_TEST(the_front_end_errs_channel_by_channel)
{
    uint64_t seed = 11;

    for (int round = 0; round < 100; round++) {
        struct described d[EM_PHASE_COUNT];

        random_network(d, &seed);
        net.ct_ratio = 20;
        for (int c = 0; c < EM_CHANNEL_COUNT; c++) {
            net.front_end.gain_error[c] = 0.4 * uniform(&seed) - 0.2;
            net.front_end.phase_error[c] = 20 * uniform(&seed) - 10;
        }
        make_cycle(sample);
        for (int c = 0; c < EM_CHANNEL_COUNT; c++) {
            for (int j = 0; j < SIM_CHUNK; j++) {
                /* Ahead by the same time for all orders. */
                double t = j / 160.0 + net.front_end.phase_error[c] / 360;
                double v = c < EM_I1 ? EM_COUNTS_PER_VOLT * u_at(&d[c], t)
                                     : EM_COUNTS_PER_AMPERE / 20 * i_at(&d[c - EM_I1], t);

                v = fmin(fmax(v * (1 + net.front_end.gain_error[c]), -EM_ADC_MAX), EM_ADC_MAX);
                UNIT_CHECK(fabs(sample[c][j] - v) < 0.501, "round %d, channel %d[%d]: %d, want %g", round, c, j,
                           sample[c][j], v);
            }
        }
    }
}
END_TEST

/* Linear over the logarithm of the current, level outside. */
START_TEST(a_transformer_errs_by_its_current)
{
    static const struct {
        double current, gain, phase;
    } rows[] = {{0.001, -0.01, 0.5},
                {0.01, -0.01, 0.5},
                {0.0316227766017, -0.006, 0.3},
                {0.1, -0.002, 0.1},
                {0.316227766017, -0.001, 0.05},
                {1, 0, 0},
                {40, 0, 0}};
    struct sim_front_end fe = {.transformer_points = 3,
                               .transformer = {{0.01, -0.01, 0.5}, {0.1, -0.002, 0.1}, {1, 0, 0}}};

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        struct sim_transformer_point t = sim_transformer_at(&fe, rows[k].current);

        ck_assert_double_eq_tol(t.gain_error, rows[k].gain, 1e-9);
        ck_assert_double_eq_tol(t.phase_error, rows[k].phase, 1e-9);
    }
    fe.transformer_points = 0;
    ck_assert_double_eq(sim_transformer_at(&fe, 0.1).gain_error, 0);
}
END_TEST

/* On the currents alone, by the secondary current of the fundamental, added to the channel's own errors. */
START_TEST(the_transformer_acts_on_currents)
{
    int32_t other[EM_CHANNEL_COUNT][SIM_CHUNK];

    net.ct_ratio = 20;
    set(7, SIM_CURRENT, 2);
    net.front_end.gain_error[EM_I2] = 0.01 - 0.002;
    net.front_end.phase_error[EM_I2] = 0.3 + 0.1;
    net.front_end.gain_error[EM_I1] = net.front_end.gain_error[EM_I3] = -0.002;
    net.front_end.phase_error[EM_I1] = net.front_end.phase_error[EM_I3] = 0.1;
    make_cycle(sample);
    memcpy(other, sample, sizeof other);
    memset(net.front_end.gain_error, 0, sizeof net.front_end.gain_error);
    memset(net.front_end.phase_error, 0, sizeof net.front_end.phase_error);
    net.front_end.gain_error[EM_I2] = 0.01;
    net.front_end.phase_error[EM_I2] = 0.3;
    net.front_end.transformer_points = 2;
    net.front_end.transformer[0] = (struct sim_transformer_point){0.1, -0.002, 0.1};
    net.front_end.transformer[1] = (struct sim_transformer_point){1, 0.5, 45};
    make_cycle(sample);
    for (int c = 0; c < EM_CHANNEL_COUNT; c++)
        for (int j = 0; j < SIM_CHUNK; j++)
            UNIT_CHECK(abs(sample[c][j] - other[c][j]) <= 1, "channel %d[%d]: %d, want %d", c, j, sample[c][j],
                       other[c][j]);
}
END_TEST

/* An offset is added before the converter rounds, and a converter of few bits gives multiples of its step. */
START_TEST(offset_and_converter_do_what_they_say)
{
    int32_t plain[EM_CHANNEL_COUNT][SIM_CHUNK];

    set(7, SIM_CURRENT, 5);
    make_cycle(sample);
    memcpy(plain, sample, sizeof plain);
    net.front_end.offset[EM_U2] = 1000;
    net.front_end.offset[EM_I3] = -37;
    make_cycle(sample);
    for (int c = 0; c < EM_CHANNEL_COUNT; c++)
        for (int j = 0; j < SIM_CHUNK; j++)
            UNIT_CHECK(sample[c][j] - plain[c][j] == (int32_t)net.front_end.offset[c], "channel %d[%d]: %d", c, j,
                       sample[c][j] - plain[c][j]);
    for (unsigned bits = 8; bits <= 24; bits++) {
        const int32_t step = 1 << (24 - bits);

        memset(net.front_end.offset, 0, sizeof net.front_end.offset);
        net.front_end.adc_bits = bits;
        make_cycle(sample);
        for (int c = 0; c < EM_CHANNEL_COUNT; c++)
            for (int j = 0; j < SIM_CHUNK; j++)
                UNIT_CHECK(sample[c][j] % step == 0 && 2 * abs(sample[c][j] - plain[c][j]) <= step,
                           "%u bits: %d, want near %d", bits, sample[c][j], plain[c][j]);
    }
}
END_TEST

START_TEST(a_coarse_converter_clips_at_its_last_step)
{
    net.front_end.adc_bits = 12;
    set(7, SIM_VOLTAGE, 5000);
    make_cycle(sample);
    for (int j = 0; j < SIM_CHUNK; j++)
        UNIT_CHECK(abs(sample[EM_U1][j]) <= EM_ADC_MAX - 4095, "%d", sample[EM_U1][j]);
}
END_TEST

START_TEST(the_reference_knows_no_front_end)
{
    struct sim_quantities before, after;

    set(7, SIM_CURRENT, 100);
    before = measure();
    net.ct_ratio = 20;
    net.front_end.noise = 1000;
    net.front_end.gain_error[EM_U1] = 0.1;
    net.front_end.phase_error[EM_I1] = 10;
    after = measure();
    ck_assert(memcmp(&before, &after, sizeof before) == 0);
}
END_TEST

START_TEST(a_gain_error_of_minus_one_is_silence)
{
    for (int c = 0; c < EM_CHANNEL_COUNT; c++)
        net.front_end.gain_error[c] = -1;
    set(7, SIM_CURRENT, 10);
    make_cycle(sample);
    for (int c = 0; c < EM_CHANNEL_COUNT; c++)
        for (int j = 0; j < SIM_CHUNK; j++)
            UNIT_CHECK(sample[c][j] == 0, "channel %d: %d", c, sample[c][j]);
}
END_TEST

START_TEST(channels_know_whether_they_can_clip)
{
    static const struct {
        double amperes, percent, noise;
        bool clips;
    } rows[] = {{59, 0, 0, false}, {59.31, 0, 0, false},   {59.32, 0, 0, true},  {40, 40, 0, false},
                {40, 60, 0, true}, {59.2, 0, 10000, true}, {1e6, 1000, 0, true}, {0, 0, 1e6, false}};

    for (size_t k = 0; k < COUNT(rows); k++) {
        sim_network_init(&net);
        set(1, SIM_CURRENT, rows[k].amperes);
        set_harmonics(1, SIM_CURRENT_HARMONICS, 1, (struct sim_harmonic[]){{3, rows[k].percent, 0}});
        net.front_end.noise = rows[k].noise;
        make_cycle(sample);
        ck_assert_msg(wave.channel[EM_I1].clips == rows[k].clips, "row %zu", k);
        for (int j = 0; j < SIM_CHUNK; j++)
            UNIT_CHECK(abs(sample[EM_I1][j]) <= EM_ADC_MAX, "row %zu: %d", k, sample[EM_I1][j]);
    }
}
END_TEST

START_TEST(changes_go_on_from_the_present_phase)
{
    const int32_t *out[EM_CHANNEL_COUNT];

    sim_wave_init(&wave, NULL, 50000, 0);
    sim_network_apply(&net, &wave);
    sim_wave_samples(&wave, out, 40);
    set(7, SIM_VOLTAGE, 115);
    sim_network_apply(&net, &wave);
    sim_wave_samples(&wave, out, 1);
    UNIT_NEAR("top of half the voltage", out[EM_U1][0], 115 * M_SQRT2 * EM_COUNTS_PER_VOLT, 0.501);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("network");
    TCase *loads = unit_case(suite, "loads"), *waves = unit_case(suite, "waveforms");

    tcase_add_checked_fixture(loads, setup, NULL);
    tcase_add_checked_fixture(waves, setup, NULL);
    tcase_add_test(loads, a_new_network_is_an_idle_grid);
    tcase_add_test(loads, a_load_by_angle);
    tcase_add_test(loads, a_load_by_power_factor);
    tcase_add_test(loads, a_load_by_power_keeps_it_when_the_voltage_changes);
    tcase_add_test(loads, a_constant_current_goes_with_the_voltage);
    tcase_add_test(loads, only_the_named_phases_change);
    tcase_add_test(loads, the_frequency_is_whole_millihertz);
    tcase_add_test(loads, naming_what_is_there_changes_nothing);
    tcase_add_test(loads, what_is_assigned_is_there);
    tcase_add_test(loads, a_power_keeps_the_reactive_power_and_the_other_way_round);
    tcase_add_test(loads, a_current_keeps_the_angle);
    tcase_add_test(loads, an_angle_keeps_the_current);
    tcase_add_test(loads, a_power_factor_keeps_the_current_and_its_kind);
    tcase_add_test(loads, a_kind_turns_the_reactive_power_alone);
    tcase_add_test(loads, to_ask_for_a_number_changes_nothing);
    tcase_add_test(loads, an_idle_load_converts_to_an_idle_load);
    tcase_add_test(loads, without_supply_there_is_no_voltage_and_no_power);
    tcase_add_test(loads, tiny_and_huge_values_stay_numbers);
    tcase_add_test(waves, the_reference_is_the_integral_of_the_waveform);
    tcase_add_test(waves, harmonics_that_rise_together_add_power);
    tcase_add_test(waves, a_lagging_current_takes_its_harmonics_with_it);
    tcase_add_test(waves, a_new_list_of_harmonics_replaces_the_old_one);
    tcase_add_test(waves, samples_are_the_waveform_in_counts);
    tcase_add_test(waves, the_front_end_errs_channel_by_channel);
    tcase_add_test(waves, a_transformer_errs_by_its_current);
    tcase_add_test(waves, the_transformer_acts_on_currents);
    tcase_add_test(waves, offset_and_converter_do_what_they_say);
    tcase_add_test(waves, a_coarse_converter_clips_at_its_last_step);
    tcase_add_test(waves, the_reference_knows_no_front_end);
    tcase_add_test(waves, a_gain_error_of_minus_one_is_silence);
    tcase_add_test(waves, channels_know_whether_they_can_clip);
    tcase_add_test(waves, changes_go_on_from_the_present_phase);
    return suite;
}
