/* SPDX-License-Identifier: MIT */
#include "session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "slave.h"

/* Real time for which a slice of simulation may run, and simulated time between looks at the clock. */
#define SLICE_NS      4000000
#define SLICE_SAMPLES (EM_SAMPLE_RATE / 10)
#define SLICE_MAX     (3600ll * EM_SAMPLE_RATE)

/* A request to go on by more than this is an error. */
#define STEP_MAX (3650ll * 24 * 3600 * EM_SAMPLE_RATE)

/* Beyond so many meters there are the more looks the more meters there are, or one slice would last too long. */
#define SLICE_METERS 512

/* From so many meters on time goes on by a chunk of the generator: going to each meter in memory costs more than the
 * samples that there are in a shorter time. */
#define CHUNK_METERS 16

/* Rounds come at least this often: the ports want it. */
#define ROUND_MS 10

#define NS_PER_S  1000000000
#define NS_PER_MS 1000000

/* A simulation that can not keep up forgets a lag beyond this, in real ns. */
#define LAG_NS 500000000

#define LINES (EM_BUS_COUNT + HOST_DOORS_MAX)

struct host_session {
    struct sim *sim;
    struct host_modbus *slave;
    struct host_bus bus[EM_BUS_COUNT];
    struct host_line *line[LINES];
    size_t lines;
    struct pollfd entries[HOST_CONTROL_CLIENTS + 2 + LINES * HOST_LINE_ENTRIES];
    struct host_capture *capture;
    struct host_control *control;
    struct host_app *app;
    struct host_record *record;
    double speed;
    bool paused, quit;
    const volatile bool *stop;
    int64_t origin_ns;     /* real time ... */
    int64_t origin_sample; /* ... at which the simulation was here */
};

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Pacing counts from here and now. */
static void rebase(struct host_session *s)
{
    s->origin_ns = now_ns();
    s->origin_sample = s->sim->now;
}

static int64_t slice(const struct host_session *s)
{
    return SLICE_SAMPLES / (1 + s->sim->points / SLICE_METERS);
}

/* Goes on by *slice, to `until` at the most. What takes no time may take longer steps: it jumps. Returns the time. */
static int64_t go_on(struct host_session *s, int64_t *slice, int64_t until)
{
    int64_t next = s->sim->now + *slice, start = now_ns(), now;

    sim_run(s->sim, next < until ? next : until);
    now = now_ns();
    if (now - start < SLICE_NS / 4 && *slice < SLICE_MAX)
        *slice *= 2;
    return now;
}

/* So many samples are worth going to the meters for: at most 20 ms of real time. */
static double least(const struct host_session *s)
{
    return s->sim->points < CHUNK_METERS ? 0 : s->speed < 1 ? s->speed * SIM_CHUNK : SIM_CHUNK;
}

/* Waits for at most wait_ns for bytes or until a port has something to do, and serves those that have. */
static void serve_ports(struct host_session *s, int64_t wait_ns)
{
    struct pollfd *entry = s->entries;
    struct timespec wait;
    int64_t now = now_ns();
    size_t n = 0;

    for (size_t k = 0; k < s->lines; k++)
        n += host_line_poll(s->line[k], entry + n, now, &wait_ns);
    if (s->control)
        n += host_control_poll(s->control, entry + n);
    if (s->app)
        n += host_app_poll(s->app, entry + n, &wait_ns);
    wait = (struct timespec){wait_ns / NS_PER_S, wait_ns % NS_PER_S};
    ppoll(s->entries, n, &wait, NULL);
    now = now_ns();
    n = 0;
    for (size_t k = 0; k < s->lines; k++) {
        host_line_serve(s->line[k], entry + n, now);
        n += host_line_entries(s->line[k]);
    }
    if (s->app)
        host_app_serve(s->app, now / NS_PER_MS);
}

/* Runs to `until`, however long it takes, while the ports go on being served. */
static void run_serving(struct host_session *s, int64_t until)
{
    int64_t served = now_ns(), step = slice(s);

    while (s->sim->now < until && !(s->stop && *s->stop)) {
        if (go_on(s, &step, until) - served >= SLICE_NS) {
            step = slice(s);
            serve_ports(s, 0);
            served = now_ns();
        }
    }
}

/* --- Control --- */

static char *answer_error(const char *text)
{
    cJSON *answer = cJSON_CreateObject();
    char *line;

    cJSON_AddFalseToObject(answer, "ok");
    cJSON_AddStringToObject(answer, "error", text);
    line = cJSON_PrintUnformatted(answer);
    cJSON_Delete(answer);
    return line;
}

/* A request that is no event. Reads its value and acts; adds what is to be told to the answer. */
struct request {
    struct host_session *session;
    cJSON *answer;
};

static bool ask_get(struct js *js, const cJSON *value, void *target, const void *unused)
{
    struct request *r = target;
    cJSON *values = cJSON_AddObjectToObject(r->answer, "values");
    const cJSON *item;
    int k = 0;

    (void)unused;
    if (!js_is_array(js, value))
        return false;
    cJSON_ArrayForEach(item, value)
    {
        size_t mark = js_enter_index(js, k++);
        struct sim_value v;
        const char *name;
        char text[SIM_VALUE_JSON];

        if (!js_string(js, item, &name) || !sim_parse_name(js, name) ||
            !sim_name_fits(js, name, r->session->sim->points))
            return false;
        sim_read(r->session->sim, name, &v);
        sim_value_json(&v, text);
        cJSON_AddRawToObject(values, name, text);
        js_leave(js, mark);
    }
    return true;
}

static bool ask_speed(struct js *js, const cJSON *value, void *target, const void *unused)
{
    struct request *r = target;
    double speed = HOST_SPEED_MAX;

    (void)unused;
    if (!cJSON_IsString(value) || strcmp(value->valuestring, "max"))
        if (!js_number(js, value, 1e-3, 1e9, &speed))
            return false;
    r->session->speed = speed;
    rebase(r->session);
    return true;
}

static bool ask_pause(struct js *js, const cJSON *value, void *target, const void *unused)
{
    struct request *r = target;

    (void)unused;
    if (!js_bool(js, value, &r->session->paused))
        return false;
    rebase(r->session);
    return true;
}

static bool ask_step(struct js *js, const cJSON *value, void *target, const void *unused)
{
    struct request *r = target;
    int64_t samples;

    (void)unused;
    if (!js_time(js, value, &samples))
        return false;
    if (samples > STEP_MAX)
        return js_fail(js, "a step is at most ten years (3650d)");
    run_serving(r->session, r->session->sim->now + samples);
    rebase(r->session);
    return true;
}

static bool ask_quit(struct js *js, const cJSON *value, void *target, const void *unused)
{
    (void)unused;
    return js_bool(js, value, &((struct request *)target)->session->quit);
}

static const struct js_field requests[] = {
    {"get", ask_get, NULL, false},   {"speed", ask_speed, NULL, false}, {"pause", ask_pause, NULL, false},
    {"step", ask_step, NULL, false}, {"quit", ask_quit, NULL, false},
};
#define REQUEST_COUNT (sizeof requests / sizeof requests[0])

/* Lets the event act and tells what came of its expectations. */
static bool ask_event(struct js *js, const cJSON *object, struct request *r)
{
    struct sim *sim = r->session->sim;
    size_t first = sim->results.count;
    struct sim_event *event = sim_event_parse(js, object, NULL, 0, NULL);
    cJSON *list;
    bool pass = true;

    if (!event || !sim_event_fits(js, event, sim->points)) {
        sim_event_free(event);
        return false;
    }
    host_record_event(r->session->record, sim->now, object);
    sim_execute(sim, event);
    if (event->kind == SIM_EVENT_SNAPSHOT && sim->lost) {
        js_fail(js, "%s could not be written", event->file);
        sim_event_free(event);
        return false;
    }
    if (event->kind == SIM_EVENT_EXPECT || (sim_event_is_frame(event) && event->reply_kind != SIM_REPLY_ANY)) {
        list = cJSON_AddArrayToObject(r->answer, "expectations");
        for (size_t k = first; k < sim->results.count; k++) {
            const struct sim_result *result = &sim->results.at[k];
            cJSON *item = cJSON_CreateObject();

            cJSON_AddStringToObject(item, "name", result->name);
            cJSON_AddRawToObject(item, "expected", result->expected);
            cJSON_AddRawToObject(item, "actual", result->actual);
            cJSON_AddBoolToObject(item, "pass", result->pass);
            cJSON_AddItemToArray(list, item);
            pass = pass && result->pass;
        }
        cJSON_AddBoolToObject(r->answer, "pass", pass);
    } else if (sim_event_is_frame(event)) {
        cJSON_AddStringToObject(r->answer, "reply", sim->last_reply);
    }
    sim_event_free(event);
    return true;
}

char *host_session_ask(struct host_session *session, const char *text)
{
    struct request r = {session, cJSON_CreateObject()};
    struct js js = {.file = "request"};
    cJSON *root = js_parse(&js, text);
    char *line;
    bool ok = false, is_request = false;

    for (size_t k = 0; root && k < REQUEST_COUNT; k++)
        is_request = is_request || cJSON_GetObjectItemCaseSensitive(root, requests[k].key);
    cJSON_AddTrueToObject(r.answer, "ok");
    if (root)
        ok = is_request ? js_object(&js, root, requests, REQUEST_COUNT, &r) : ask_event(&js, root, &r);
    cJSON_AddNumberToObject(r.answer, "time", sim_seconds(r.session->sim->now));
    line = ok ? cJSON_PrintUnformatted(r.answer) : answer_error(js.error);
    cJSON_Delete(r.answer);
    cJSON_Delete(root);
    return line;
}

static char *answer_line(void *ctx, const char *text)
{
    return host_session_ask(ctx, text);
}

/* --- Opening and closing --- */

typedef struct host_line *open_fn(struct host_bus *bus, const char *where, char *error, size_t size);

static const struct {
    enum em_bus bus;
    open_fn *open;
} doors[] = {
    [HOST_MODBUS_PORT] = {EM_BUS_MODBUS, host_line_open_port},
    [HOST_MODBUS_TCP] = {EM_BUS_MODBUS, host_line_open_modbus_tcp},
    [HOST_MODBUS_RTU_TCP] = {EM_BUS_MODBUS, host_line_open_tcp},
    [HOST_MBUS_PORT] = {EM_BUS_MBUS, host_line_open_port},
    [HOST_MBUS_TCP] = {EM_BUS_MBUS, host_line_open_tcp},
};

static bool add_line(struct host_session *s, struct host_line *line)
{
    if (!line)
        return false;
    s->line[s->lines++] = line;
    if (s->capture)
        host_line_capture(line, s->capture);
    return true;
}

/* All lines that are wanted, bus by bus. False with a message in error. */
static bool open_lines(struct host_session *s, const struct host_session_options *o, char *error, size_t size)
{
    const char *const links[EM_BUS_COUNT] = {[EM_BUS_MODBUS] = o->modbus_link, [EM_BUS_MBUS] = o->mbus_link};

    for (int b = 0; b < EM_BUS_COUNT; b++) {
        struct host_bus *bus = &s->bus[b];

        *bus = (struct host_bus){.sim = s->sim, .which = (enum em_bus)b, .timed = o->line_timing};
        if (!add_line(s, host_line_open_pty(bus, links[b], error, size)))
            return false;
        for (size_t k = 0; k < o->doors; k++)
            if (doors[o->door[k].kind].bus == bus->which &&
                !add_line(s, doors[o->door[k].kind].open(bus, o->door[k].where, error, size)))
                return false;
    }
    return true;
}

struct host_session *host_session_open(struct sim *sim, const struct host_session_options *options, char *error,
                                       size_t size)
{
    struct host_session *s = calloc(1, sizeof *s);
    bool ok;

    if (!s)
        abort();
    s->sim = sim;
    s->speed = options->speed;
    s->slave = host_modbus_new();
    ok = s->slave;
    if (!ok)
        snprintf(error, size, "Modbus can not be set up");
    sim_set_modbus(sim, host_modbus_answer, s->slave);
    if (ok && options->capture)
        s->capture = host_capture_new(options->capture);
    ok = ok && open_lines(s, options, error, size);
    if (ok && options->app)
        ok = (s->app = host_app_open(sim, options->app, error, size));
    if (ok && options->record)
        ok = (s->record = host_record_open(options->record, sim->scenario, error, size));
    if (ok && options->control_path)
        ok = (s->control = host_control_open(options->control_path, answer_line, s, error, size));
    if (!ok) {
        host_session_close(s);
        return NULL;
    }
    rebase(s);
    return s;
}

bool host_session_close(struct host_session *s)
{
    bool ok;

    if (!s)
        return true;
    sim_set_modbus(s->sim, NULL, NULL);
    host_control_close(s->control);
    host_app_close(s->app);
    for (size_t k = 0; k < s->lines; k++)
        host_line_close(s->line[k]);
    host_capture_close(s->capture);
    host_modbus_free(s->slave);
    ok = host_record_close(s->record, s->sim->now);
    free(s);
    return ok;
}

void host_session_set_tap(struct host_session *s, host_tap_fn *tap, void *ctx)
{
    for (int b = 0; b < EM_BUS_COUNT; b++) {
        s->bus[b].tap = tap;
        s->bus[b].tap_ctx = ctx;
    }
}

void host_session_print_ports(const struct host_session *s, FILE *out)
{
    for (size_t k = 0; k < s->lines; k++)
        host_line_print(s->line[k], out);
    if (s->app)
        fprintf(out, "%-11s %s/  while Bluetooth is on\n", "app", host_app_url(s->app));
}

bool host_session_port(const struct host_session *s, size_t k, struct host_port_text *text)
{
    if (k == s->lines && s->app) {
        *text = (struct host_port_text){.kind = "app"};
        snprintf(text->name, sizeof text->name, "%s/", host_app_url(s->app));
        snprintf(text->settings, sizeof text->settings, "Bluetooth %s", host_app_listens(s->app) ? "on" : "off");
        return true;
    }
    if (k >= s->lines)
        return false;
    host_line_describe(s->line[k], text->kind, sizeof text->kind, text->settings, sizeof text->settings);
    snprintf(text->name, sizeof text->name, "%s", host_line_name(s->line[k]));
    return true;
}

double host_session_speed(const struct host_session *s)
{
    return s->speed;
}

bool host_session_paused(const struct host_session *s)
{
    return s->paused;
}

/* --- Running --- */

/* Goes on to where time has come, but not for longer than a slice. Returns whether there is more to do at once. */
static bool simulate(struct host_session *s, int64_t start_ns)
{
    int64_t target = INT64_MAX / 2, step = slice(s);

    if (s->paused)
        return false;
    if (s->speed != HOST_SPEED_MAX) {
        double due = (double)(start_ns - s->origin_ns) * s->speed * (EM_SAMPLE_RATE / 1e9);

        target = s->origin_sample + (int64_t)due;
        if ((double)(target - s->sim->now) < least(s))
            return false;
    }
    while (s->sim->now < target) {
        if (go_on(s, &step, target) - start_ns >= SLICE_NS)
            break;
    }
    if (s->speed != HOST_SPEED_MAX && (double)(target - s->sim->now) > s->speed * LAG_NS * (EM_SAMPLE_RATE / 1e9))
        rebase(s);
    return s->sim->now < target;
}

bool host_session_step(struct host_session *s, int wait_ms)
{
    bool more = simulate(s, now_ns());

    serve_ports(s, more ? 0 : (int64_t)wait_ms * NS_PER_MS);
    if (s->control)
        host_control_serve(s->control);
    return !s->quit;
}

void host_session_run(struct host_session *s, const volatile bool *stop)
{
    s->stop = stop;
    while (!*stop && host_session_step(s, ROUND_MS))
        ;
}
