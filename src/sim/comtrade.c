/* SPDX-License-Identifier: MIT
 * The configuration, and the parts of a .cff. */
#include "comtrade.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <strings.h>

#define LINE_SIZE    1024
#define FIELDS_MAX   16
#define CHANNELS_MAX 9999
#define RATES_MAX    9999

bool sim_bytes_line(struct js *js, struct sim_bytes *bytes, char *text, size_t size)
{
    const uint8_t *end;
    size_t n, taken;

    snprintf(js->path, sizeof js->path, "waveform: %.200s:%lu", bytes->file, bytes->line);
    if (bytes->n == 0 || bytes->at[0] == 0x1A)
        return false;
    end = memchr(bytes->at, '\n', bytes->n);
    n = end ? (size_t)(end - bytes->at) : bytes->n;
    taken = end ? n + 1 : n;
    while (n && bytes->at[n - 1] == '\r')
        n--;
    n = n < size ? n : size - 1;
    memcpy(text, bytes->at, n);
    text[n] = '\0';
    bytes->at += taken;
    bytes->n -= taken;
    bytes->offset += taken;
    bytes->line++;
    return true;
}

/* --- Lines and fields --- */

struct line {
    char text[LINE_SIZE];
    unsigned fields;
    char *field[FIELDS_MAX]; /* without blanks around; "" for those that are not there */
};

static void split(struct line *l)
{
    char *at = l->text;

    for (l->fields = 0; l->fields < FIELDS_MAX;) {
        char *comma = strchr(at, ',');

        if (comma)
            *comma = '\0';
        at += strspn(at, " \t");
        for (size_t k = strlen(at); k && strchr(" \t", at[k - 1]); k--)
            at[k - 1] = '\0';
        l->field[l->fields++] = at;
        if (!comma)
            break;
        at = comma + 1;
    }
    for (unsigned k = l->fields; k < FIELDS_MAX; k++)
        l->field[k] = "";
}

static bool next_line(struct js *js, struct sim_bytes *cfg, struct line *l, const char *what)
{
    if (!sim_bytes_line(js, cfg, l->text, sizeof l->text))
        return js_fail(js, "the file ends here; %s is missing", what);
    split(l);
    return true;
}

static bool number(struct js *js, const char *text, const char *what, double *out)
{
    char *end;

    *out = strtod(text, &end);
    return (end != text && !*end && isfinite(*out)) || js_fail(js, "%s: \"%.40s\" is not a number", what, text);
}

static bool whole(struct js *js, const char *text, const char *what, unsigned long max, unsigned long *out)
{
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > 12 || text[digits])
        return js_fail(js, "%s: \"%.40s\" is not a whole number", what, text);
    *out = strtoul(text, NULL, 10);
    return *out <= max || js_fail(js, "%s: %lu is too many; at most %lu", what, *out, max);
}

/* --- The parts of a configuration, in their order --- */

static bool read_head(struct js *js, const struct line *l, struct sim_comtrade *c)
{
    unsigned long year = 0;

    c->year = 1991;
    if (l->fields < 3 || !*l->field[2])
        return true;
    if (!whole(js, l->field[2], "the year of the revision", 9999, &year))
        return false;
    c->year = year >= 2013 ? 2013 : year >= 1999 ? 1999 : 1991;
    return true;
}

/* "61,24A,37D" */
static bool read_counts(struct js *js, const struct line *l, struct sim_comtrade *c)
{
    unsigned long count[3] = {0};
    static const char *const what[] = {"the number of channels", "the number of analog channels",
                                       "the number of digital channels"};
    char kind[] = "?AD";

    for (int k = 0; k < 3; k++) {
        char *text = l->field[k];
        size_t n = strlen(text);

        if (k && n && toupper((unsigned char)text[n - 1]) == kind[k])
            text[n - 1] = '\0';
        else if (k)
            return js_fail(js, "\"%.40s\": channels are counted as in \"8,6A,2D\"", text);
        if (!whole(js, text, what[k], 2 * CHANNELS_MAX, &count[k]))
            return false;
    }
    if (count[1] > CHANNELS_MAX || count[2] > CHANNELS_MAX)
        return js_fail(js, "too many channels; at most %d of a kind", CHANNELS_MAX);
    if (count[0] != count[1] + count[2])
        return js_fail(js, "%lu channels are not %lu analog and %lu digital ones", count[0], count[1], count[2]);
    c->analog = (unsigned)count[1];
    c->digital = (unsigned)count[2];
    return true;
}

/* "kV" into 1000 and volt. Other units, such as Hz, are none that a meter takes. */
static void read_unit(const char *text, struct sim_comtrade_channel *ch)
{
    static const struct {
        const char *prefix;
        double factor;
    } prefixes[] = {{"", 1}, {"k", 1e3}, {"K", 1e3}, {"M", 1e6}, {"m", 1e-3}, {"u", 1e-6}, {"\xC2\xB5", 1e-6}};
    static const struct {
        const char *name;
        enum sim_recorded_unit unit;
    } units[] = {{"V", SIM_UNIT_VOLT},     {"v", SIM_UNIT_VOLT},      {"Volt", SIM_UNIT_VOLT},
                 {"Volts", SIM_UNIT_VOLT}, {"A", SIM_UNIT_AMPERE},    {"a", SIM_UNIT_AMPERE},
                 {"Amp", SIM_UNIT_AMPERE}, {"Amps", SIM_UNIT_AMPERE}, {"Ampere", SIM_UNIT_AMPERE}};

    snprintf(ch->unit_text, sizeof ch->unit_text, "%.16s", text);
    ch->unit = SIM_UNIT_NONE;
    ch->factor = 1;
    for (size_t p = 0; p < sizeof prefixes / sizeof prefixes[0]; p++) {
        size_t n = strlen(prefixes[p].prefix);

        for (size_t u = 0; strncmp(text, prefixes[p].prefix, n) == 0 && u < sizeof units / sizeof units[0]; u++) {
            if (strcmp(text + n, units[u].name) == 0) {
                ch->unit = units[u].unit;
                ch->factor = prefixes[p].factor;
            }
        }
    }
}

/* An,ch_id,ph,ccbm,uu,a,b,skew,min,max[,primary,secondary,PS] */
static bool read_analog(struct js *js, const struct line *l, struct sim_comtrade_channel *ch)
{
    if (l->fields < 8)
        return js_fail(js, "an analog channel has 10 fields (13 since 1999), this line has %u", l->fields);
    snprintf(ch->name, sizeof ch->name, "%.64s", l->field[1]);
    read_unit(l->field[4], ch);
    if (!number(js, l->field[5], "the factor a", &ch->a) ||
        (*l->field[6] && !number(js, l->field[6], "the offset b", &ch->b)) ||
        (*l->field[7] && !number(js, l->field[7], "the skew", &ch->skew)))
        return false;
    if (fabs(ch->skew) > 1e6)
        return js_fail(js, "the skew of %g us is out of range", ch->skew);
    ch->skew *= 1e-6;
    if (*l->field[10] && *l->field[11] &&
        (!number(js, l->field[10], "the transformer's primary", &ch->primary) ||
         !number(js, l->field[11], "the transformer's secondary", &ch->secondary)))
        return false;
    if (ch->primary < 0 || ch->secondary < 0)
        return js_fail(js, "a transformer of %g/%g does not exist", ch->primary, ch->secondary);
    ch->side = (char)toupper((unsigned char)*l->field[12]);
    if (ch->side && ch->side != 'P' && ch->side != 'S')
        return js_fail(js, "\"%.40s\": the numbers are of the primary (P) or the secondary (S)", l->field[12]);
    return true;
}

static bool read_channels(struct js *js, struct sim_bytes *cfg, struct line *l, struct sim_comtrade *c)
{
    c->channel = calloc(c->analog ? c->analog : 1, sizeof *c->channel);
    if (!c->channel)
        abort();
    for (unsigned k = 0; k < c->analog; k++)
        if (!next_line(js, cfg, l, "an analog channel") || !read_analog(js, l, &c->channel[k]))
            return false;
    for (unsigned k = 0; k < c->digital; k++)
        if (!next_line(js, cfg, l, "a digital channel"))
            return false;
    return true;
}

static bool read_rate(struct js *js, const struct line *l, struct sim_comtrade *c, size_t before)
{
    struct sim_comtrade_rate *rate = &c->rate[c->rates];
    unsigned long end = 0;
    unsigned changes = 0;

    if (!number(js, l->field[0], "the sampling rate", &rate->rate) ||
        !whole(js, l->field[1], "the number of the last sample", 4000000000, &end))
        return false;
    if (end <= before)
        return js_fail(js, "the last sample, %lu, does not come after the rate before, %zu", end, before);
    rate->end = end;
    c->rates++;
    if (c->timed || rate->rate == 0)
        c->timed = true;
    else if (!(rate->rate >= SIM_RECORDING_RATE_MIN && rate->rate <= SIM_RECORDING_RATE_MAX))
        return js_fail(js, "%g samples a second are out of range; %g to %g can be played", rate->rate,
                       SIM_RECORDING_RATE_MIN, SIM_RECORDING_RATE_MAX);
    for (unsigned k = 1; k < c->rates; k++)
        changes += c->rate[k].rate != c->rate[k - 1].rate;
    return changes <= SIM_RECORDING_CHANGES_MAX ||
           js_fail(js, "the rate changes too often; at most %d times", SIM_RECORDING_CHANGES_MAX);
}

static bool read_rates(struct js *js, struct sim_bytes *cfg, struct line *l, struct sim_comtrade *c)
{
    unsigned long rates = 0;

    if (!next_line(js, cfg, l, "the mains frequency") ||
        (*l->field[0] && !number(js, l->field[0], "the mains frequency", &c->line_frequency)) ||
        !next_line(js, cfg, l, "the number of sampling rates") ||
        !whole(js, l->field[0], "the number of sampling rates", RATES_MAX, &rates))
        return false;
    c->timed = rates == 0;
    c->rate = calloc(rates ? rates : 1, sizeof *c->rate);
    if (!c->rate)
        abort();
    for (unsigned long k = 0; k < rates || k == 0; k++)
        if (!next_line(js, cfg, l, "a sampling rate") || !read_rate(js, l, c, c->rates ? c->rate[c->rates - 1].end : 0))
            return false;
    return true;
}

/* Both times; a first one in nanoseconds says that time stamps are so, too. */
static bool read_times(struct js *js, struct sim_bytes *cfg, struct line *l, struct sim_comtrade *c)
{
    c->grain = 1e-6;
    for (int k = 0; k < 2; k++) {
        const char *point;

        if (!next_line(js, cfg, l, k ? "the time of the trigger" : "the time of the first sample"))
            return false;
        if (l->fields < 2 || !strchr(l->field[1], ':'))
            return js_fail(js, "this is no date and time, as in \"17/09/2015,10:52:52.987545\"");
        point = strchr(l->field[1], '.');
        if (k == 0 && c->year >= 2013 && point && strlen(point + 1) > 6)
            c->grain = 1e-9;
    }
    return true;
}

static bool read_format(struct js *js, struct sim_bytes *cfg, struct line *l, struct sim_comtrade *c)
{
    static const char *const formats[] = {"ASCII", "BINARY", "BINARY32", "FLOAT32"};
    const unsigned known = c->year >= 2013 ? 4 : 2;
    double factor;

    if (!next_line(js, cfg, l, "the format of the data"))
        return false;
    for (unsigned k = 0; k < 4; k++) {
        if (strcasecmp(l->field[0], formats[k]) != 0)
            continue;
        c->format = (enum sim_comtrade_format)k;
        if (c->year < 1999 || !sim_bytes_line(js, cfg, l->text, sizeof l->text))
            return true;
        split(l);
        if (!*l->field[0])
            return true;
        if (!number(js, l->field[0], "the factor of time stamps", &factor))
            return false;
        c->grain *= factor;
        return (c->grain > 0 && c->grain < 1) || js_fail(js, "a factor of %g for time stamps is out of range", factor);
    }
    return js_fail(js, "\"%.40s\" is no format of data; there are %s", l->field[0],
                   known == 4 ? "ASCII, BINARY, BINARY32 and FLOAT32" : "ASCII and BINARY");
}

bool sim_comtrade_read(struct js *js, const struct sim_bytes *cfg, struct sim_comtrade *c)
{
    struct sim_bytes rest = *cfg;
    struct line l;

    memset(c, 0, sizeof *c);
    if (rest.n >= 3 && memcmp(rest.at, "\xEF\xBB\xBF", 3) == 0) {
        rest.at += 3;
        rest.n -= 3;
    }
    return next_line(js, &rest, &l, "the name of the station") && read_head(js, &l, c) &&
           next_line(js, &rest, &l, "the number of channels") && read_counts(js, &l, c) &&
           read_channels(js, &rest, &l, c) && read_rates(js, &rest, &l, c) && read_times(js, &rest, &l, c) &&
           read_format(js, &rest, &l, c);
}

void sim_comtrade_free(struct sim_comtrade *c)
{
    free(c->channel);
    free(c->rate);
    memset(c, 0, sizeof *c);
}

/* --- One file with all --- */

/* "--- file type: DAT BINARY: 702 ---": what is behind the colon, or NULL if it is no such line. */
static char *section(char *text)
{
    static const char mark[] = "file type:";
    char *at = text + strspn(text, "- \t");

    if (strncmp(text, "---", 3) != 0 || strncasecmp(at, mark, strlen(mark)) != 0)
        return NULL;
    at += strlen(mark);
    return at + strspn(at, " \t");
}

bool sim_comtrade_split(struct js *js, const struct sim_bytes *cff, struct sim_bytes *cfg, struct sim_bytes *data)
{
    struct sim_bytes rest = *cff, *open = NULL;
    char text[128], *what = NULL;

    *cfg = *data = (struct sim_bytes){.file = cff->file};
    while (!data->at) {
        const struct sim_bytes before = rest;

        if (!sim_bytes_line(js, &rest, text, sizeof text))
            return js_fail(js, "the file ends here; the section \"--- file type: %s ---\" is missing",
                           cfg->at ? "DAT" : "CFG");
        what = section(text);
        if (!what)
            continue;
        if (open)
            open->n = (size_t)(before.at - open->at);
        open = NULL;
        if (strncasecmp(what, "CFG", 3) == 0)
            *(open = cfg) = rest;
        else if (strncasecmp(what, "DAT", 3) == 0)
            *data = rest;
    }
    if (!cfg->at)
        return js_fail(js, "the data stand before the configuration");
    what = strchr(what, ':');
    if (what) { /* so many bytes */
        unsigned long n = strtoul(what + 1, NULL, 10);

        if (n > data->n)
            return js_fail(js, "%lu bytes of data are promised, %zu are there", n, data->n);
        data->n = n ? n : data->n;
    }
    return true;
}
