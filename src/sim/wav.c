/* SPDX-License-Identifier: MIT */
#include "wav.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bytes.h"

#define CHANNELS_MAX 256

enum { TAG_INTEGER = 1, TAG_FLOAT = 3, TAG_EXTENSIBLE = 0xFFFE };

/* A writer that did not know the length, as one that wrote into a pipe. */
#define SIZE_UNKNOWN 0xFFFFFFFFu

static void place(struct js *js, const char *file, size_t byte)
{
    snprintf(js->path, sizeof js->path, "waveform: %.200s, byte %zu", file, byte);
}

/* 2 tag, 2 channels, 4 rate, 4 bytes a second, 2 bytes a frame, 2 bits; extensible: 2 length, 2 valid bits, 4 mask, 2
 * tag. */
static bool read_format(struct js *js, const uint8_t *at, size_t n, struct sim_wav *wav)
{
    unsigned tag, bits;

    if (n < 16)
        return js_fail(js, "the chunk \"fmt \" has %zu bytes; at least 16 are wanted", n);
    tag = sim_u16le(at);
    if (tag == TAG_EXTENSIBLE && n >= 40)
        tag = sim_u16le(at + 24);
    wav->channels = sim_u16le(at + 2);
    wav->rate = sim_u32le(at + 4);
    bits = sim_u16le(at + 14);
    wav->floats = tag == TAG_FLOAT;
    wav->width = bits / 8;
    if (tag != TAG_INTEGER && tag != TAG_FLOAT)
        return js_fail(
            js, "samples of kind %u are compressed; integers (1) and floating-point numbers (3) can be played", tag);
    if (bits % 8 || (wav->floats ? bits != 32 && bits != 64 : bits < 8 || bits > 32))
        return js_fail(js, "%s of %u bits can not be played; %s can",
                       wav->floats ? "floating-point numbers" : "integers", bits,
                       wav->floats ? "32 and 64" : "8, 16, 24 and 32");
    if (wav->channels == 0 || wav->channels > CHANNELS_MAX)
        return js_fail(js, "%u channels are out of range; 1 to %d", wav->channels, CHANNELS_MAX);
    if (!(wav->rate >= SIM_RECORDING_RATE_MIN && wav->rate <= SIM_RECORDING_RATE_MAX))
        return js_fail(js, "%g samples a second are out of range; %g to %g can be played", wav->rate,
                       SIM_RECORDING_RATE_MIN, SIM_RECORDING_RATE_MAX);
    return sim_u16le(at + 12) == wav->channels * wav->width ||
           js_fail(js, "%u bytes a frame are not %u channels of %u bytes", sim_u16le(at + 12), wav->channels,
                   wav->width);
}

bool sim_wav_read(struct js *js, const char *file, const uint8_t *bytes, size_t n, struct sim_wav *wav)
{
    memset(wav, 0, sizeof *wav);
    place(js, file, 0);
    if (n < 12 || memcmp(bytes, "RIFF", 4) != 0 || memcmp(bytes + 8, "WAVE", 4) != 0)
        return js_fail(js, "this is no WAV file; it would begin with \"RIFF\", a length and \"WAVE\"");
    for (size_t at = 12; n - at >= 8;) {
        const uint8_t *chunk = bytes + at;
        const size_t left = n - at - 8, size = sim_u32le(chunk + 4);

        place(js, file, at);
        if (memcmp(chunk, "data", 4) == 0) {
            if (!wav->channels)
                return js_fail(js, "the data stand before the chunk \"fmt \"");
            if (size > left && size != SIZE_UNKNOWN)
                return js_fail(js, "%zu bytes of data are promised, %zu are there", size, left);
            wav->data = chunk + 8;
            wav->offset = at + 8;
            wav->frames = (size < left ? size : left) / ((size_t)wav->channels * wav->width);
            return true;
        }
        if (size > left)
            return js_fail(js, "the chunk \"%.4s\" has %zu bytes, and the file %zu", (const char *)chunk, size, left);
        if (memcmp(chunk, "fmt ", 4) == 0 && !read_format(js, chunk + 8, size, wav))
            return false;
        at += 8 + size + (size & 1 && size < left);
    }
    place(js, file, n);
    return js_fail(js, "the file ends here; the chunk \"data\" is missing");
}

static double read_number(const struct sim_wav *wav, const uint8_t *at)
{
    if (wav->floats)
        return wav->width == 4 ? sim_f32le(at) : sim_f64le(at);
    switch (wav->width) {
    case 1:
        return (at[0] - 128) / 128.0;
    case 2:
        return sim_i16le(at) / 32768.0;
    case 3:
        return sim_i24le(at) / 8388608.0;
    default:
        return sim_i32le(at) / 2147483648.0;
    }
}

bool sim_wav_samples(struct js *js, const char *file, const struct sim_wav *wav, const unsigned *which, unsigned count,
                     struct sim_recording *r)
{
    const size_t size = (size_t)wav->channels * wav->width;

    sim_recording_init(r, count, wav->frames);
    if (wav->frames)
        sim_recording_stretch(r, wav->rate, wav->frames);
    for (size_t k = 0; k < wav->frames; k++) {
        for (unsigned c = 0; c < count; c++) {
            const size_t at = k * size + (size_t)which[c] * wav->width;
            const double number = read_number(wav, wav->data + at);

            if (!(fabs(number) < 1e30)) {
                place(js, file, wav->offset + at);
                return js_fail(js, "channel %u has a value that is no number", which[c] + 1);
            }
            r->channel[c].value[k] = number;
        }
    }
    return true;
}
