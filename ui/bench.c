/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../src/sim/trig.h"

#define SCOPE_CYCLES 2
#define PACE_NS      500000000 /* the achieved speed is that of so long */
#define MESSAGE_S    6

static const uint8_t orders[UI_HARMONICS] = {3, 5, 7};

struct ui_bench {
    struct sim *sim;
    struct host_session *session;
    unsigned meter; /* the one shown, 0.. */
    struct ui_panel_view view;
    struct ui_traffic traffic;
    struct sim_wave wave;      /* a generator of its own: looking disturbs nothing */
    double voltage[UI_PHASES]; /* before the phase was lost */
    int64_t pace_ns, pace_sample;
    char serial[12], message[200];
    int64_t message_ns;
    const char *record;
};

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void tap(void *ctx, enum em_bus bus, bool from_master, const uint8_t *byte, size_t n)
{
    struct ui_bench *b = ctx;

    ui_traffic_bytes(&b->traffic, bus == EM_BUS_MBUS, from_master, byte, n, sim_seconds(b->sim->now),
                     now_ns() / 1000000);
}

struct ui_bench *ui_bench_new(struct sim *sim, struct host_session *session, const char *record)
{
    struct ui_bench *b = calloc(1, sizeof *b);

    if (!b)
        abort();
    b->sim = sim;
    b->session = session;
    b->record = record;
    for (int p = 0; p < UI_PHASES; p++)
        b->voltage[p] = 230;
    b->pace_ns = now_ns();
    b->pace_sample = sim->now;
    sim_wave_init(&b->wave, NULL, EM_FREQUENCY_NOMINAL_MHZ, 0);
    host_session_set_tap(session, tap, b);
    return b;
}

void ui_bench_free(struct ui_bench *b)
{
    if (!b)
        return;
    host_session_set_tap(b->session, NULL, NULL);
    sim_wave_free(&b->wave);
    free(b);
}

struct sim_point *ui_bench_point(const struct ui_bench *b)
{
    return &b->sim->point[b->meter];
}

bool ui_bench_is_fast(const struct ui_bench *b)
{
    double speed = host_session_speed(b->session);

    return !host_session_paused(b->session) && (speed == HOST_SPEED_MAX || speed > 1);
}

/* --- Requests --- */

/* Sends {...} and remembers why it was refused, if it was. */
static void ask(struct ui_bench *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void ask(struct ui_bench *b, const char *format, ...)
{
    char body[2048], request[2100];
    va_list args;
    cJSON *answer;
    char *line;

    va_start(args, format);
    vsnprintf(body, sizeof body, format, args);
    va_end(args);
    snprintf(request, sizeof request, "{%s}", body);
    line = host_session_ask(b->session, request);
    answer = cJSON_Parse(line);
    if (!cJSON_IsTrue(cJSON_GetObjectItem(answer, "ok"))) {
        const char *error = cJSON_GetStringValue(cJSON_GetObjectItem(answer, "error"));

        snprintf(b->message, sizeof b->message, "%s", error ? error : "refused");
        b->message_ns = now_ns();
    }
    cJSON_Delete(answer);
    free(line);
}

/* `, "meter": N` where there are several. */
static const char *meter_key(const struct ui_bench *b)
{
    static char text[32];

    text[0] = '\0';
    if (b->sim->points > 1)
        snprintf(text, sizeof text, ", \"meter\": %u", b->meter + 1);
    return text;
}

static void set_number(struct ui_bench *b, int phase, const char *name, double value)
{
    ask(b, "\"set\": {\"L%d.%s\": %.10g}%s", phase + 1, name, value, meter_key(b));
}

static void set_frequency(struct ui_bench *b, double value)
{
    ask(b, "\"set\": {\"frequency\": %.10g}%s", value, meter_key(b));
}

static void switch_to(struct ui_bench *b, const char *name, bool on)
{
    ask(b, "\"%s\": %s%s", name, on ? "true" : "false", meter_key(b));
}

static void lose_phase(struct ui_bench *b, int p, bool lost)
{
    double present = ui_bench_point(b)->network.phase[p].voltage;

    if (lost && present > 0)
        b->voltage[p] = present;
    set_number(b, p, "voltage", lost ? 0 : b->voltage[p]);
}

/* The current of a phase flows the other way round. A load of constant power stays one. */
static void reverse_ct(struct ui_bench *b, int p)
{
    const struct sim_network *net = &ui_bench_point(b)->network;
    const struct sim_phase *phase = &net->phase[p];
    double angle;

    if (phase->mode == SIM_LOAD_POWER) {
        ask(b, "\"set\": {\"L%d.power\": %.10g, \"L%d.reactive\": %.10g}%s", p + 1, -phase->power, p + 1,
            -phase->reactive, meter_key(b));
        return;
    }
    angle = sim_network_number(net, SIM_ANGLE, p);
    set_number(b, p, "angle", angle > 0 ? angle - 180 : angle + 180);
}

static double percent_of(const struct sim_harmonics *list, unsigned order)
{
    for (unsigned k = 0; k < list->count; k++)
        if (list->at[k].order == order)
            return list->at[k].percent;
    return 0;
}

/* A list as JSON in which one order is changed; the others stay. */
static void harmonics_text(const struct sim_harmonics *list, unsigned order, double percent, char *text, size_t size)
{
    double degrees = 0;
    size_t n = (size_t)snprintf(text, size, "[");

    for (unsigned k = 0; k < list->count && n < size; k++) {
        const struct sim_harmonic *h = &list->at[k];

        if (h->order == order)
            degrees = h->degrees;
        else
            n += (size_t)snprintf(text + n, size - n, "%s[%u,%.10g,%.10g]", n > 1 ? "," : "", h->order, h->percent,
                                  h->degrees);
    }
    if (percent > 0 && n < size)
        n += (size_t)snprintf(text + n, size - n, "%s[%u,%.10g,%.10g]", n > 1 ? "," : "", order, percent, degrees);
    if (n < size)
        snprintf(text + n, size - n, "]");
}

/* On all three phases alike. */
static void set_harmonic(struct ui_bench *b, bool voltage, int index, double percent)
{
    char list[UI_PHASES][600];

    for (int p = 0; p < UI_PHASES; p++) {
        const struct sim_phase *phase = &ui_bench_point(b)->network.phase[p];

        harmonics_text(voltage ? &phase->voltage_harmonics : &phase->current_harmonics, orders[index], percent, list[p],
                       sizeof list[p]);
    }
    ask(b, "\"set\": {\"L1.%s\": %s, \"L2.%s\": %s, \"L3.%s\": %s}%s",
        voltage ? "voltage_harmonics" : "current_harmonics", list[0],
        voltage ? "voltage_harmonics" : "current_harmonics", list[1],
        voltage ? "voltage_harmonics" : "current_harmonics", list[2], meter_key(b));
}

static void set_speed(struct ui_bench *b, double speed)
{
    if (speed == UI_SPEED_MAX)
        ask(b, "\"speed\": \"max\"");
    else
        ask(b, "\"speed\": %.10g", speed);
    if (host_session_paused(b->session))
        ask(b, "\"pause\": false");
}

void ui_bench_change(void *ctx, enum ui_control control, int index, double value)
{
    struct ui_bench *b = ctx;

    switch (control) {
    case UI_VOLTAGE:
        set_number(b, index, "voltage", value);
        break;
    case UI_CURRENT:
        set_number(b, index, "current", value);
        break;
    case UI_ANGLE:
        set_number(b, index, "angle", value);
        break;
    case UI_FREQUENCY:
        set_frequency(b, value);
        break;
    case UI_U_HARMONIC:
    case UI_I_HARMONIC:
        set_harmonic(b, control == UI_U_HARMONIC, index, value);
        break;
    case UI_TARIFF_INPUT:
        switch_to(b, "tariff_input", value != 0);
        break;
    case UI_POWER:
        switch_to(b, "power", value != 0);
        break;
    case UI_LOST:
        lose_phase(b, index, value != 0);
        break;
    case UI_REVERSED:
        reverse_ct(b, index);
        break;
    case UI_PAUSE:
        ask(b, "\"pause\": %s", value != 0 ? "true" : "false");
        break;
    case UI_SPEED:
        set_speed(b, value);
        break;
    case UI_METER:
        if (value >= 0 && value < b->sim->points)
            b->meter = (unsigned)value;
        break;
    }
}

void ui_bench_press(struct ui_bench *b, enum em_button button, enum ui_touch touch)
{
    static const char *const names[EM_BUTTON_COUNT] = {"left", "middle", "right"};
    static const char *const hold[] = {
        [UI_TOUCH] = ", \"hold\": true", [UI_LET_GO] = ", \"hold\": false", [UI_TAP] = ""};

    ask(b, "\"press\": \"%s\"%s%s", names[button], hold[touch], meter_key(b));
}

/* --- The view --- */

static double plain_angle(double degrees)
{
    degrees = fmod(degrees, 360);
    return degrees > 180 ? degrees - 360 : degrees <= -180 ? degrees + 360 : degrees;
}

static void view_network(struct ui_bench *b, struct ui_panel_view *v)
{
    const struct sim_network *net = &ui_bench_point(b)->network;

    v->frequency = net->frequency;
    v->powered = net->powered;
    v->voltage_max = 300;
    v->current_max = 6 * net->ct_ratio;
    for (int p = 0; p < UI_PHASES; p++) {
        struct ui_panel_phase *out = &v->phase[p];
        struct sim_signal u, i;

        out->voltage = net->phase[p].voltage;
        out->current = sim_network_number(net, SIM_CURRENT, p);
        out->angle = plain_angle(sim_network_number(net, SIM_ANGLE, p));
        out->lost = out->voltage < 1;
        out->reversed = fabs(out->angle) > 90 && out->current > 0;
        v->current_max = fmax(v->current_max, out->current);
        v->voltage_max = fmax(v->voltage_max, out->voltage);
        sim_network_signal(net, (enum em_channel)(EM_U1 + p), &u);
        sim_network_signal(net, (enum em_channel)(EM_I1 + p), &i);
        /* Upright is a rise through zero at the time that L1's voltage has nominally, and what lags is to the right. */
        out->u_x = u.tones ? -u.tone[0].x : 0;
        out->u_y = u.tones ? u.tone[0].y : 0;
        out->i_x = i.tones ? -i.tone[0].x : 0;
        out->i_y = i.tones ? i.tone[0].y : 0;
    }
    for (int k = 0; k < UI_HARMONICS; k++) {
        v->u_harmonic[k] = percent_of(&net->phase[0].voltage_harmonics, orders[k]);
        v->i_harmonic[k] = percent_of(&net->phase[0].current_harmonics, orders[k]);
    }
}

/* What the converter sees, from a rise of L1's voltage through zero on. */
static void view_scope(struct ui_bench *b, struct ui_panel_view *v)
{
    const struct sim_network *net = &ui_bench_point(b)->network;
    const int32_t *samples[EM_CHANNEL_COUNT];
    double volt = 1.0 / EM_COUNTS_PER_VOLT, ampere = net->ct_ratio / EM_COUNTS_PER_AMPERE;
    size_t wanted = (size_t)(SCOPE_CYCLES * EM_SAMPLE_RATE / net->frequency) + 1;

    wanted = wanted < UI_SCOPE_MAX ? wanted : UI_SCOPE_MAX;
    b->wave.phase = 0;
    b->wave.index = 0;
    b->wave.sample = b->sim->now;
    sim_network_apply(net, &b->wave);
    v->scope_u_peak = v->scope_i_peak = 0;
    for (size_t at = 0; at < wanted;) {
        size_t n = sim_wave_left(&b->wave) < wanted - at ? sim_wave_left(&b->wave) : wanted - at;

        sim_wave_samples(&b->wave, samples, (uint32_t)n);
        for (int p = 0; p < UI_PHASES; p++) {
            for (size_t k = 0; k < n; k++) {
                double u = samples[EM_U1 + p][k] * volt, i = samples[EM_I1 + p][k] * ampere;

                v->phase[p].scope_u[at + k] = (float)u;
                v->phase[p].scope_i[at + k] = (float)i;
                v->scope_u_peak = fmax(v->scope_u_peak, fabs(u));
                v->scope_i_peak = fmax(v->scope_i_peak, fabs(i));
            }
        }
        at += n;
    }
    v->scope_samples = wanted;
    v->scope_ms = (double)(wanted - 1) * 1000 / EM_SAMPLE_RATE;
}

static double kwh(struct em_meter *m, const char *name)
{
    struct sim_value value;

    sim_value_read(&value, m, sim_register_named(name));
    return value.number;
}

static void view_meter(struct ui_bench *b, struct ui_panel_view *v)
{
    static const struct {
        const char *name, *unit, *reg;
    } energies[UI_ENERGY_COUNT] = {
        {"Import", "kWh", "forward_active_energy"},
        {"Export", "kWh", "reverse_active_energy"},
        {"Reactive +", "kvarh", "forward_reactive_energy"},
        {"Reactive \xe2\x88\x92", "kvarh", "reverse_reactive_energy"},
    };
    struct em_meter *m = &ui_bench_point(b)->meter;
    const struct em_quantities *q = em_meter_quantities(m);

    v->running = em_meter_running(m);
    v->tariff_input = m->tariff_input;
    v->tariff = (int)m->settings.value[EM_SETTING_TARIFF];
    for (int p = 0; p < UI_PHASES; p++) {
        struct ui_panel_phase *out = &v->phase[p];

        out->u = (double)q->u_uv[p] / 1e6;
        out->i = fabs((double)q->i_ua[p]) / 1e6;
        out->p = (double)q->p_uw[p] / 1e6;
        out->q = (double)q->q_uvar[p] / 1e6;
        out->s = (double)q->s_uva[p] / 1e6;
        out->pf = (double)q->pf_ppm[p] / 1e6;
    }
    v->p = (double)q->p_uw[EM_TOTAL] / 1e6;
    v->q = (double)q->q_uvar[EM_TOTAL] / 1e6;
    v->s = (double)q->s_uva[EM_TOTAL] / 1e6;
    v->pf = (double)q->pf_ppm[EM_TOTAL] / 1e6;
    v->f = (double)q->frequency_mhz / 1e3;
    for (int k = 0; k < UI_ENERGY_COUNT; k++) {
        v->energy[k].name = energies[k].name;
        v->energy[k].unit = energies[k].unit;
        v->energy[k].value = kwh(m, energies[k].reg);
    }
    snprintf(b->serial, sizeof b->serial, "%08d", (int)m->settings.value[EM_SETTING_SERIAL_NUMBER]);
    v->serial = b->serial;
}

static void view_time(struct ui_bench *b, struct ui_panel_view *v)
{
    int64_t now = now_ns();

    v->time = sim_seconds(b->sim->now);
    v->paused = host_session_paused(b->session);
    v->speed = host_session_speed(b->session);
    if (now - b->pace_ns < PACE_NS)
        return;
    v->achieved = sim_seconds(b->sim->now - b->pace_sample) * 1e9 / (double)(now - b->pace_ns);
    b->pace_ns = now;
    b->pace_sample = b->sim->now;
}

/* Where a port is to be found from anywhere: a link's own name with its folder, not what it points to. */
static void whole_name(const char *name, char *out, size_t size)
{
    char folder[PATH_MAX];
    bool path = name[0] != '/' && !strchr(name, ':'); /* else a device, or HOST:PORT */
    int n = path && getcwd(folder, sizeof folder) ? snprintf(out, size, "%.*s/", (int)size / 2, folder) : 0;

    name += path && strncmp(name, "./", 2) == 0 ? 2 : 0;
    snprintf(out + n, size - (size_t)n, "%s", name);
}

static void view_ports(struct ui_bench *b, struct ui_panel_view *v)
{
    struct host_port_text text;

    for (v->ports = 0; v->ports < UI_PORTS_MAX && host_session_port(b->session, v->ports, &text); v->ports++) {
        struct ui_panel_port *port = &v->port[v->ports];

        memcpy(port->kind, text.kind, sizeof port->kind);
        memcpy(port->name, text.name, sizeof port->name);
        whole_name(text.name, port->whole, sizeof port->whole);
        memcpy(port->settings, text.settings, sizeof port->settings);
    }
}

const struct ui_panel_view *ui_bench_view(struct ui_bench *b)
{
    struct ui_panel_view *v = &b->view;

    view_network(b, v);
    view_scope(b, v);
    view_meter(b, v);
    view_time(b, v);
    view_ports(b, v);
    ui_traffic_idle(&b->traffic, v->time, now_ns() / 1000000);
    v->traffic = &b->traffic;
    v->meters = b->sim->points;
    v->meter = b->meter;
    v->record = b->record;
    v->message = b->message[0] && now_ns() - b->message_ns < (int64_t)MESSAGE_S * 1000000000 ? b->message : NULL;
    return v;
}
