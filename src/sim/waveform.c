/* SPDX-License-Identifier: MIT */
#include "waveform.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "wish.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* Less is no waveform. */
#define SAMPLES_MIN 8

/* --- The object --- */

static bool read_comtrade_name(struct js *js, const cJSON *value, void *target, const void *unused)
{
    (void)unused;
    return js_string(js, value, &((struct sim_wish *)target)->comtrade);
}

static bool read_wav_name(struct js *js, const cJSON *value, void *target, const void *unused)
{
    (void)unused;
    return js_string(js, value, &((struct sim_wish *)target)->wav);
}

static bool read_channels(struct js *js, const cJSON *value, void *target, const void *unused)
{
    struct sim_wish *d = target;
    unsigned taken[2] = {0}; /* phases of voltages and currents */
    const cJSON *item;

    (void)unused;
    d->channels = value;
    if (!js_names(js, value, "{\"VA\": \"L1.voltage\"}"))
        return false;
    cJSON_ArrayForEach(item, value)
    {
        struct sim_want *w = &d->want[d->wants];
        unsigned *kind;
        const char *path;
        size_t mark = js_enter_key(js, item->string);

        if (!js_string(js, item, &path) || (d->wants < EM_CHANNEL_COUNT && !sim_parse_path(js, path, &w->target)))
            return false;
        if (d->wants == EM_CHANNEL_COUNT)
            return js_fail(js, "the meter has only %d channels", EM_CHANNEL_COUNT);
        if (w->target.quantity != SIM_VOLTAGE && w->target.quantity != SIM_CURRENT)
            return js_fail(js, "\"%s\" is no channel; channels are \"L1.voltage\", \"L1.current\" and so on", path);
        kind = &taken[w->target.quantity == SIM_CURRENT];
        if (*kind & w->target.phases)
            return js_fail(js, "\"%s\" has a waveform already", path);
        *kind |= w->target.phases;
        w->name = item->string;
        w->scale = 1;
        d->wants++;
        js_leave(js, mark);
    }
    return true;
}

static bool read_scale(struct js *js, const cJSON *value, void *target, const void *unused)
{
    (void)unused;
    ((struct sim_wish *)target)->scale = value;
    if (cJSON_IsNumber(value))
        return true;
    return js_names(js, value, "{\"1\": 325.3}");
}

static bool read_values(struct js *js, const cJSON *value, void *target, const void *unused)
{
    static const char *const words[] = {"recorded", "primary", "secondary", NULL};

    (void)unused;
    return js_word(js, value, words, &((struct sim_wish *)target)->values);
}

static bool read_at(struct js *js, const cJSON *value, void *target, const void *unused)
{
    (void)unused;
    return js_time(js, value, &((struct sim_wish *)target)->at);
}

static bool read_from(struct js *js, const cJSON *value, void *target, const void *unused)
{
    (void)unused;
    return js_time(js, value, &((struct sim_wish *)target)->from);
}

static bool read_length(struct js *js, const cJSON *value, void *target, const void *unused)
{
    int64_t *length = &((struct sim_wish *)target)->length;

    (void)unused;
    return js_time(js, value, length) && (*length > 0 || js_fail(js, "must be longer than 0"));
}

static bool read_repeat(struct js *js, const cJSON *value, void *target, const void *unused)
{
    (void)unused;
    return js_bool(js, value, &((struct sim_wish *)target)->repeat);
}

static bool take_scale(struct js *js, const cJSON *value, struct sim_want *w)
{
    w->scaled = true;
    if (!js_number(js, value, -1e9, 1e9, &w->scale))
        return false;
    return w->scale != 0 || js_fail(js, "must not be 0");
}

/* One scale for all, or one a channel. */
static bool take_scales(struct js *js, struct sim_wish *d)
{
    size_t mark = js_enter_key(js, "scale");
    const cJSON *item;

    if (cJSON_IsNumber(d->scale)) {
        for (unsigned k = 0; k < d->wants; k++)
            if (!take_scale(js, d->scale, &d->want[k]))
                return false;
    } else {
        cJSON_ArrayForEach(item, d->scale)
        {
            size_t inner = js_enter_key(js, item->string);
            unsigned k = 0;

            while (k < d->wants && strcmp(d->want[k].name, item->string) != 0)
                k++;
            if (k == d->wants)
                return js_fail(js, "\"channels\" has no such channel");
            if (!take_scale(js, item, &d->want[k]))
                return false;
            js_leave(js, inner);
        }
    }
    js_leave(js, mark);
    return true;
}

static bool read_object(struct js *js, const cJSON *value, struct sim_wish *d)
{
    static const struct js_field fields[] = {
        {"comtrade", read_comtrade_name, NULL, false},
        {"wav", read_wav_name, NULL, false},
        {"channels", read_channels, NULL, true},
        {"scale", read_scale, NULL, false},
        {"values", read_values, NULL, false},
        {"at", read_at, NULL, false},
        {"from", read_from, NULL, false},
        {"length", read_length, NULL, false},
        {"repeat", read_repeat, NULL, false},
    };

    if (!js_object(js, value, fields, COUNT(fields), d))
        return false;
    if (!d->comtrade == !d->wav)
        return js_fail(js, "give one file, as \"comtrade\" (.cfg or .cff) or as \"wav\"");
    d->file = d->comtrade ? d->comtrade : d->wav;
    if (d->wav && d->values != SIM_AS_RECORDED)
        return js_fail(js, "a WAV file knows no transformers, so \"values\" can only be \"recorded\"");
    return take_scales(js, d);
}

/* --- From a recording to tracks --- */

static void note(struct sim_waveform *waveform, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void note(struct sim_waveform *waveform, const char *format, ...)
{
    size_t n = strlen(waveform->note);
    va_list args;

    if (n + 1 >= sizeof waveform->note)
        return;
    if (n)
        waveform->note[n++] = '\n';
    va_start(args, format);
    vsnprintf(waveform->note + n, sizeof waveform->note - n, format, args);
    va_end(args);
}

static bool mend(struct js *js, const struct sim_wish *d, struct sim_recording *r, struct sim_waveform *waveform)
{
    unsigned empty;

    if (!sim_recording_mend(r, &empty)) {
        sim_wish_place(js, &d->want[empty]);
        return js_fail(js, "all its samples are missing");
    }
    for (unsigned k = 0; k < d->wants; k++)
        if (r->channel[k].missing)
            note(waveform, "%s: \"%s\": %zu of %zu samples are missing; straight lines go over them", d->file,
                 d->want[k].name, r->channel[k].missing, r->samples);
    if (r->gaps)
        note(waveform, "%s: between samples %u gap(s) in time were closed", d->file, r->gaps);
    return true;
}

/* The part that is played. */
static bool make_cut(struct js *js, const struct sim_wish *d, const struct sim_recording *r, double nominal,
                     struct sim_cut *cut, struct sim_waveform *waveform)
{
    const double rest = r->seconds - (double)d->from / EM_SAMPLE_RATE;
    uint64_t voltages = 0;

    *cut = (struct sim_cut){.start = (double)d->from / EM_SAMPLE_RATE, .repeat = d->repeat};
    cut->length = d->length ? (double)d->length / EM_SAMPLE_RATE : rest;
    if (cut->length > rest + 1e-9)
        return js_fail(js, "%s ends after %.9g s", d->file, r->seconds);
    if (cut->length * EM_SAMPLE_RATE < SAMPLES_MIN)
        return js_fail(js, "%.9g s of %s are too short; it lasts %.9g s", cut->length > 0 ? cut->length : 0, d->file,
                       r->seconds);
    if (cut->length > SIM_TRACK_SECONDS_MAX)
        return js_fail(js, "%.9g s of %s are too long; \"from\" and \"length\" take a part, up to %g s", cut->length,
                       d->file, SIM_TRACK_SECONDS_MAX);
    for (unsigned k = 0; k < d->wants && k < EM_CHANNEL_COUNT; k++)
        voltages |= (uint64_t)(d->want[k].target.quantity == SIM_VOLTAGE) << k;
    cut->frequency = sim_recording_frequency(r, voltages ? voltages : UINT64_MAX, cut->start, cut->start + cut->length);
    cut->found = cut->frequency > 0;
    if (!cut->found) {
        const double said = r->line_frequency;

        cut->frequency = said >= SIM_FREQUENCY_MIN && said <= SIM_FREQUENCY_MAX ? said : nominal;
        note(waveform, "%s: its mains frequency can not be told; taken as %g Hz", d->file, cut->frequency);
    }
    sim_cut_settle(cut);
    return true;
}

/* Seconds by which the front end's phase error makes a channel early. */
static double lead_of(const struct sim_network *net, enum em_channel c, const struct sim_track *track)
{
    double degrees = net->front_end.phase_error[c];

    if (c >= EM_I1 && net->front_end.transformer_points && track->rms > 0)
        degrees += sim_transformer_at(&net->front_end, track->rms / (track->secondary ? 1 : net->ct_ratio)).phase_error;
    return degrees / 360 / track->frequency;
}

static void make_track(const struct sim_wish *d, unsigned k, const struct sim_recording *r, const struct sim_cut *cut,
                       const struct sim_network *net, enum em_channel c, struct sim_waveform *waveform)
{
    const struct sim_want *w = &d->want[k];
    struct sim_track *plain = &waveform->track[waveform->tracks++], *late;
    double lead;

    plain->at = d->at;
    plain->secondary = w->secondary && c >= EM_I1;
    sim_track_make(plain, r, k, cut, w->scale, 0);
    waveform->channel[c] = plain;
    lead = lead_of(net, c, plain);
    if (lead == 0)
        return;
    late = &waveform->track[waveform->tracks++];
    *late = (struct sim_track){.at = plain->at, .secondary = plain->secondary};
    sim_track_make(late, r, k, cut, w->scale, lead);
    late->ideal = plain;
    waveform->channel[c] = late;
}

static bool make_tracks(struct js *js, const struct sim_wish *d, struct sim_recording *r, const struct sim_network *net,
                        struct sim_waveform *waveform)
{
    struct sim_cut cut;

    sim_wish_place(js, NULL);
    if (r->samples < SAMPLES_MIN)
        return js_fail(js, "%s has only %zu samples", d->file, r->samples);
    if (!((double)r->samples / r->seconds >= SIM_RECORDING_RATE_MIN) ||
        !((double)r->samples / r->seconds <= SIM_RECORDING_RATE_MAX))
        return js_fail(js, "%s has %g samples a second; %g to %g can be played", d->file,
                       (double)r->samples / r->seconds, SIM_RECORDING_RATE_MIN, SIM_RECORDING_RATE_MAX);
    if (!mend(js, d, r, waveform) || !make_cut(js, d, r, net->frequency, &cut, waveform))
        return false;
    waveform->frequency = cut.frequency;
    waveform->end = d->repeat ? 0 : d->at + cut.samples;
    for (unsigned k = 0; k < d->wants; k++)
        for (int p = 0; p < EM_PHASE_COUNT; p++)
            if (d->want[k].target.phases >> p & 1)
                make_track(d, k, r, &cut, net,
                           (enum em_channel)((d->want[k].target.quantity == SIM_VOLTAGE ? EM_U1 : EM_I1) + p),
                           waveform);
    return true;
}

bool sim_waveform_parse(struct js *js, const cJSON *value, const char *scenario_file, const struct sim_network *net,
                        struct sim_waveform *waveform)
{
    struct sim_wish d = {0};
    struct sim_recording r = {0};
    bool ok;

    sim_wish_place(js, NULL);
    ok = read_object(js, value, &d) && sim_wish_read(js, scenario_file, &d, &r) &&
         make_tracks(js, &d, &r, net, waveform);
    sim_recording_free(&r);
    if (ok)
        js_leave(js, 0);
    return ok;
}

void sim_waveform_free(struct sim_waveform *waveform)
{
    for (unsigned k = 0; k < waveform->tracks; k++)
        free(waveform->track[k].value);
}
