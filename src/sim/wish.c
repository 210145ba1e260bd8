/* SPDX-License-Identifier: MIT */
#include "wish.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "comtrade.h"
#include "file.h"
#include "wav.h"

/* --- Files --- */

static uint8_t *read_file(struct js *js, const char *key, const char *scenario_file, const char *name, size_t *n)
{
    char file[4096];
    uint8_t *bytes;

    sim_file_beside(scenario_file, name, file, sizeof file);
    bytes = sim_file_read(file, n);
    if (!bytes) {
        js_enter_key(js, key);
        js_fail(js, "%s: %s", file, strerror(errno));
    }
    return bytes;
}

static const char *extension(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot && !strchr(dot, '/') ? dot : name + strlen(name);
}

/* The name of the data that belong to a configuration: .dat as it is written, great or small. */
static void name_data(const char *cfg, char *out, size_t size)
{
    const char *dot = extension(cfg);

    snprintf(out, size, "%.*s%s", (int)(dot - cfg), cfg, strcmp(dot, ".CFG") == 0 ? ".DAT" : ".dat");
}

void sim_wish_place(struct js *js, const struct sim_want *w)
{
    js_leave(js, 0);
    js_enter_key(js, "waveform");
    if (w) {
        js_enter_key(js, "channels");
        js_enter_key(js, w->name);
    }
}

/* --- COMTRADE --- */

/* By its name, else by its number. */
static bool find_channel(struct js *js, const struct sim_comtrade *c, const char *name, unsigned *which)
{
    char known[512] = "", *end;
    unsigned found = 0;
    unsigned long number = strtoul(name, &end, 10);

    for (unsigned k = 0; k < c->analog; k++) {
        if (strcmp(c->channel[k].name, name) == 0) {
            *which = k;
            found++;
        }
        if (strlen(known) < 400)
            snprintf(known + strlen(known), sizeof known - strlen(known), "%s\"%s\"", k ? ", " : "",
                     c->channel[k].name);
    }
    if (found > 1)
        return js_fail(js, "%u channels have this name; say which by its number, 1 to %u", found, c->analog);
    if (found == 1)
        return true;
    if (!*end && number >= 1 && number <= c->analog) {
        *which = (unsigned)number - 1;
        return true;
    }
    return js_fail(js, "the recording has no such channel; it has %s", known);
}

/* What the numbers have to be multiplied by, as "values" wants them. */
static bool convert(struct js *js, const struct sim_comtrade_channel *ch, enum sim_values values, struct sim_want *w)
{
    const enum sim_recorded_unit unit = w->target.quantity == SIM_VOLTAGE ? SIM_UNIT_VOLT : SIM_UNIT_AMPERE;
    const char side = values == SIM_AS_PRIMARY ? 'P' : 'S';

    if (ch->unit != unit && ch->unit_text[0] && strcasecmp(ch->unit_text, "none") != 0)
        return js_fail(js, "its unit is \"%s\"; a %s is recorded in %s", ch->unit_text,
                       unit == SIM_UNIT_VOLT ? "voltage" : "current",
                       unit == SIM_UNIT_VOLT ? "V, mV, kV" : "A, mA, kA");
    w->secondary = ch->side == 'S';
    if (values == SIM_AS_RECORDED)
        return true;
    w->secondary = values == SIM_AS_SECONDARY;
    if (ch->side == side)
        return true;
    if (!ch->side || !(ch->primary > 0) || !(ch->secondary > 0))
        return js_fail(js, "the recording does not say its transformer, so it can not be converted; use \"scale\"");
    w->scale *= side == 'P' ? ch->primary / ch->secondary : ch->secondary / ch->primary;
    return true;
}

static bool find_channels(struct js *js, struct sim_wish *d, const struct sim_comtrade *c)
{
    for (unsigned k = 0; k < d->wants; k++) {
        sim_wish_place(js, &d->want[k]);
        if (!find_channel(js, c, d->want[k].name, &d->which[k]) ||
            !convert(js, &c->channel[d->which[k]], (enum sim_values)d->values, &d->want[k]))
            return false;
    }
    return true;
}

static bool open_comtrade(struct js *js, const char *scenario_file, struct sim_wish *d, struct sim_recording *r)
{
    const bool single = strcasecmp(extension(d->comtrade), ".cff") == 0;
    struct sim_comtrade c = {0};
    struct sim_bytes cfg = {.file = d->comtrade, .line = 1}, data = {.line = 1};
    char name[1024];
    uint8_t *first = read_file(js, "comtrade", scenario_file, d->comtrade, &cfg.n), *second = NULL;
    bool ok = first != NULL;

    cfg.at = first;
    name_data(d->comtrade, name, sizeof name);
    if (ok && single) {
        const struct sim_bytes whole = cfg;

        ok = sim_comtrade_split(js, &whole, &cfg, &data);
    } else if (ok) {
        data.file = name;
        data.at = second = read_file(js, "comtrade", scenario_file, name, &data.n);
        ok = second != NULL;
    }
    ok = ok && sim_comtrade_read(js, &cfg, &c) && find_channels(js, d, &c) &&
         sim_comtrade_samples(js, &data, &c, d->which, d->wants, r);
    sim_comtrade_free(&c);
    free(first);
    free(second);
    return ok;
}

/* --- WAV --- */

static bool number_channels(struct js *js, struct sim_wish *d, const struct sim_wav *wav)
{
    for (unsigned k = 0; k < d->wants; k++) {
        const char *name = d->want[k].name;
        char *end;
        unsigned long number = strtoul(name, &end, 10);

        sim_wish_place(js, &d->want[k]);
        if (*end || number < 1 || number > wav->channels)
            return js_fail(js, "channels of a WAV file are numbers, and this one has \"1\" to \"%u\"", wav->channels);
        if (!d->want[k].scaled)
            return js_fail(js, "\"scale\" does not say what full scale of this channel stands for, in V or A");
        d->which[k] = (unsigned)number - 1;
    }
    return true;
}

static bool open_wav(struct js *js, const char *scenario_file, struct sim_wish *d, struct sim_recording *r)
{
    struct sim_wav wav;
    size_t n = 0;
    uint8_t *bytes = read_file(js, "wav", scenario_file, d->wav, &n);
    bool ok = bytes && sim_wav_read(js, d->wav, bytes, n, &wav) && number_channels(js, d, &wav) &&
              sim_wav_samples(js, d->wav, &wav, d->which, d->wants, r);

    free(bytes);
    return ok;
}

bool sim_wish_read(struct js *js, const char *scenario_file, struct sim_wish *wish, struct sim_recording *r)
{
    return wish->comtrade ? open_comtrade(js, scenario_file, wish, r) : open_wav(js, scenario_file, wish, r);
}
