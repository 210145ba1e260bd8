/* SPDX-License-Identifier: MIT
 * The samples, as text or in binary. */
#include "comtrade.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"

/* What stands for a sample that is missing. */
#define MISSING_ASCII 99999

/* Samples in progress: what the two ways of writing them share. */
struct reading {
    const struct sim_comtrade *c;
    const unsigned *which;
    unsigned count;
    struct sim_recording *r;
    double first, last; /* time stamps */
    bool stamped;       /* the last sample had one */
};

/* --- Time stamps --- */

static double rate_of(const struct sim_comtrade *c, size_t sample)
{
    unsigned k = 0;

    while (k + 1 < c->rates && sample >= c->rate[k].end)
        k++;
    return c->rate[k].rate;
}

/* With rates a time stamp only tells gaps; without, it is the time. */
static bool take_stamp(struct js *js, struct reading *in, size_t sample, double stamp)
{
    const bool there = !isnan(stamp);
    const double step = (stamp - in->last) * in->c->grain;

    if (!in->c->timed) {
        in->r->gaps += there && in->stamped && sample && step > 1.5 / rate_of(in->c, sample - 1);
    } else if (!there) {
        return js_fail(js, "the sample has no time, and there is no sampling rate");
    } else if (sample == 0) {
        in->first = stamp;
    } else if (stamp <= in->last) {
        return js_fail(js, "the time %.0f does not come after the one before, %.0f", stamp, in->last);
    }
    if (in->c->timed)
        in->r->time[sample] = (stamp - in->first) * in->c->grain;
    in->stamped = there;
    in->last = stamp;
    return true;
}

static bool keep(struct js *js, struct reading *in, unsigned k, size_t sample, double number)
{
    const struct sim_comtrade_channel *ch = &in->c->channel[in->which[k]];
    const double value = (number * ch->a + ch->b) * ch->factor;

    in->r->channel[k].value[sample] = value;
    return isnan(number) || fabs(value) <= SIM_RECORDING_VALUE_MAX ||
           js_fail(js, "\"%s\" is %g here, which is out of range; at most %g", ch->name, value,
                   SIM_RECORDING_VALUE_MAX);
}

/* --- Text --- */

static bool read_field(struct js *js, const char **at, double *out)
{
    char text[48], *end;
    size_t n = strcspn(*at, ","), blanks = strspn(*at, " \t");
    const char *from = *at + (blanks < n ? blanks : n);

    n = (size_t)(*at + n - from);
    *at = from + n + (from[n] == ',');
    while (n && (from[n - 1] == ' ' || from[n - 1] == '\t'))
        n--;
    *out = NAN;
    if (n == 0)
        return true;
    snprintf(text, sizeof text, "%.*s", (int)(n < 47 ? n : 47), from);
    *out = strtod(text, &end);
    return (!*end && isfinite(*out)) || js_fail(js, "\"%s\" is not a number", text);
}

/* Number, time stamp, analog channels; the digital ones behind them are not looked at. */
static bool read_row(struct js *js, struct reading *in, const char *text, size_t sample)
{
    const char *at = text;
    const unsigned fields = in->c->analog + 2;
    double number, stamp = NAN;

    for (unsigned f = 0; f < fields; f++) {
        if (f && at[-1] != ',')
            return js_fail(js, "this line has %u fields; %u are wanted", f, fields + in->c->digital);
        if (!read_field(js, &at, &number))
            return false;
        if (f == 1)
            stamp = number;
        for (unsigned k = 0; k < in->count; k++)
            if (in->which[k] + 2 == f && !keep(js, in, k, sample, number == MISSING_ASCII ? NAN : number))
                return false;
    }
    return take_stamp(js, in, sample, stamp);
}

static bool read_text(struct js *js, const struct sim_bytes *data, struct reading *in)
{
    const size_t room = 64 + 32 * ((size_t)in->c->analog + in->c->digital);
    struct sim_bytes rest = *data;
    char *line = malloc(room);
    bool ok = true;

    if (!line)
        abort();
    for (size_t k = 0; ok && k < in->r->samples; k++) {
        do
            ok = sim_bytes_line(js, &rest, line, room) ||
                 js_fail(js, "the data end here, after %zu of %zu samples", k, in->r->samples);
        while (ok && line[strspn(line, " \t")] == '\0');
        ok = ok && read_row(js, in, line, k);
    }
    free(line);
    return ok;
}

/* --- Binary --- */

static double read_number(enum sim_comtrade_format format, const uint8_t *at)
{
    int32_t number;

    switch (format) {
    case SIM_COMTRADE_BINARY:
        number = sim_i16le(at);
        return number == INT16_MIN ? NAN : number;
    case SIM_COMTRADE_BINARY32:
        number = sim_i32le(at);
        return number == INT32_MIN ? NAN : number;
    default:
        return sim_f32le(at);
    }
}

static bool read_record(struct js *js, struct reading *in, const uint8_t *at, size_t sample)
{
    const size_t width = in->c->format == SIM_COMTRADE_BINARY ? 2 : 4;
    const uint32_t stamp = sim_u32le(at + 4);

    for (unsigned k = 0; k < in->count; k++)
        if (!keep(js, in, k, sample, read_number(in->c->format, at + 8 + width * in->which[k])))
            return false;
    return take_stamp(js, in, sample, stamp == UINT32_MAX ? NAN : stamp);
}

/* Numbers of the samples and times, 4 bytes each; analog channels; digital ones, 16 in a word. */
static size_t record_size(const struct sim_comtrade *c)
{
    return 8 + (c->format == SIM_COMTRADE_BINARY ? 2 : 4) * (size_t)c->analog + 2 * (((size_t)c->digital + 15) / 16);
}

static bool read_binary(struct js *js, const struct sim_bytes *data, struct reading *in)
{
    const size_t size = record_size(in->c);

    for (size_t k = 0; k < in->r->samples; k++) {
        snprintf(js->path, sizeof js->path, "waveform: %.200s, byte %zu", data->file, data->offset + k * size);
        if (!read_record(js, in, data->at + k * size, k))
            return false;
    }
    return true;
}

/* --- Both --- */

/* So that a promise of many samples takes no memory that the file does not make good. */
static bool enough(struct js *js, const struct sim_bytes *data, const struct sim_comtrade *c)
{
    const bool text = c->format == SIM_COMTRADE_ASCII;
    const size_t samples = c->rate[c->rates - 1].end, size = text ? c->analog + 2 : record_size(c);

    if (data->n / size >= samples)
        return true;
    snprintf(js->path, sizeof js->path, "waveform: %.200s, byte %zu", data->file, data->offset + data->n);
    return js_fail(js, "the data end here; %zu samples of %s%zu bytes are promised, %zu bytes are there", samples,
                   text ? "at least " : "", size, data->n);
}

bool sim_comtrade_samples(struct js *js, const struct sim_bytes *data, const struct sim_comtrade *c,
                          const unsigned *which, unsigned count, struct sim_recording *r)
{
    struct reading in = {.c = c, .which = which, .count = count, .r = r};

    memset(r, 0, sizeof *r);
    if (!enough(js, data, c))
        return false;
    sim_recording_init(r, count, c->rate[c->rates - 1].end);
    r->line_frequency = c->line_frequency;
    for (unsigned k = 0; k < count; k++)
        r->channel[k].skew = c->channel[which[k]].skew;
    if (c->timed) {
        r->time = calloc(r->samples, sizeof *r->time);
        if (!r->time)
            abort();
    }
    for (unsigned k = 0; !c->timed && k < c->rates; k++)
        sim_recording_stretch(r, c->rate[k].rate, c->rate[k].end);
    if (!(c->format == SIM_COMTRADE_ASCII ? read_text(js, data, &in) : read_binary(js, data, &in)))
        return false;
    if (c->timed && r->samples > 1)
        sim_recording_times(r, c->grain);
    return true;
}
