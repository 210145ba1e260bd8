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

/* Rounds come at least this often: the ports want it. */
#define ROUND_MS 10

/* A simulation that can not keep up forgets a lag beyond this, in real ns. */
#define LAG_NS 500000000

struct host_session {
    struct sim *sim;
    struct host_modbus *slave;
    struct host_line *line;
    struct host_control *control;
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

/* A request from the line. A meter whose supply went away while it was carrying
 * the request out answers nothing. */
static size_t answer_request(void *ctx, const uint8_t *request, size_t n, uint8_t *reply)
{
    struct host_session *s = ctx;

    n = host_modbus_answer(s->slave, request, n, reply);
    return sim_survived(s->sim) ? n : 0;
}

static void serve_line(struct host_session *s)
{
    host_line_serve(s->line, now_ns() / 1000000);
}

/* Runs to `until`, however long it takes, while the line goes on being served. */
static void run_serving(struct host_session *s, int64_t until)
{
    int64_t served = now_ns();

    while (s->sim->now < until && !(s->stop && *s->stop)) {
        int64_t next = s->sim->now + SLICE_SAMPLES;

        sim_run(s->sim, next < until ? next : until);
        if (now_ns() - served >= SLICE_NS) {
            serve_line(s);
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
        char text[40];

        if (!js_string(js, item, &name) || !sim_parse_name(js, name))
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
    if (samples > (int64_t)EM_SAMPLE_RATE * 3600)
        return js_fail(js, "a step is at most an hour; set a higher speed for more");
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

    if (!event)
        return false;
    sim_execute(sim, event);
    if (event->kind == SIM_EVENT_EXPECT || (event->kind == SIM_EVENT_MODBUS && event->reply_kind != SIM_REPLY_ANY)) {
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
    } else if (event->kind == SIM_EVENT_MODBUS) {
        cJSON_AddStringToObject(r->answer, "reply", sim->last_reply);
    }
    sim_event_free(event);
    return true;
}

static char *answer_line(void *ctx, const char *text)
{
    struct request r = {ctx, cJSON_CreateObject()};
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

/* --- Opening and closing --- */

struct host_session *host_session_open(struct sim *sim, const struct host_session_options *options, char *error,
                                       size_t size)
{
    struct host_session *s = calloc(1, sizeof *s);

    if (!s)
        abort();
    s->sim = sim;
    s->speed = options->speed;
    s->slave = host_modbus_new(&sim->meter);
    if (!s->slave) {
        snprintf(error, size, "Modbus can not be set up");
    } else {
        sim_set_modbus(sim, host_modbus_pdu, s->slave);
        s->line = host_line_open_pty(options->modbus_link, answer_request, s, &sim->meter, error, size);
    }
    if (s->line && options->control_path)
        s->control = host_control_open(options->control_path, answer_line, s, error, size);
    if (!s->line || (options->control_path && !s->control)) {
        host_session_close(s);
        return NULL;
    }
    rebase(s);
    return s;
}

void host_session_close(struct host_session *s)
{
    if (!s)
        return;
    sim_set_modbus(s->sim, NULL, NULL);
    host_control_close(s->control);
    host_line_close(s->line);
    host_modbus_free(s->slave);
    free(s);
}

void host_session_print_ports(const struct host_session *s)
{
    static const char parity[] = {[EM_PARITY_EVEN] = 'E', [EM_PARITY_NONE] = 'N', [EM_PARITY_ODD] = 'O'};
    const struct em_line *line = &s->sim->meter.modbus;
    const char *link = host_line_link(s->line);

    printf("modbus rtu  %s%s%s  %u 8%c1  unit %u\n", link ? link : "", link ? " -> " : "", host_line_name(s->line),
           line->baud, parity[line->parity], line->id);
}

/* --- Running --- */

/* Goes on to where time has come, but not for longer than a slice. Returns whether there is more to do at once. */
static bool simulate(struct host_session *s, int64_t start_ns)
{
    int64_t target = INT64_MAX / 2, now = start_ns;

    if (s->paused)
        return false;
    if (s->speed != HOST_SPEED_MAX) {
        double due = (double)(start_ns - s->origin_ns) * s->speed * (EM_SAMPLE_RATE / 1e9);

        target = s->origin_sample + (int64_t)due;
    }
    while (s->sim->now < target) {
        int64_t next = s->sim->now + SLICE_SAMPLES;

        sim_run(s->sim, next < target ? next : target);
        now = now_ns();
        if (now - start_ns >= SLICE_NS)
            break;
    }
    if (s->speed != HOST_SPEED_MAX && (double)(target - s->sim->now) > s->speed * LAG_NS * (EM_SAMPLE_RATE / 1e9))
        rebase(s);
    return s->sim->now < target;
}

bool host_session_step(struct host_session *s, int wait_ms)
{
    struct pollfd entries[HOST_CONTROL_CLIENTS + 2];
    int64_t now = now_ns();
    size_t n = 1;
    int silence;

    if (simulate(s, now))
        wait_ms = 0;
    silence = host_line_poll(s->line, &entries[0], now_ns() / 1000000);
    if (silence >= 0 && silence < wait_ms)
        wait_ms = silence;
    if (s->control)
        n += host_control_poll(s->control, entries + 1);
    poll(entries, n, wait_ms);
    serve_line(s);
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
