/* SPDX-License-Identifier: MIT */
#include "recording_target.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "comtrade.h"
#include "track.h"
#include "wav.h"

#define WHICH_MAX   3
#define SECONDS_MAX 0.5
#define PLAYED      500

static void must(bool holds)
{
    if (!holds)
        abort();
}

static bool read_cff(struct js *js, const uint8_t *data, size_t size, struct sim_recording *r)
{
    const struct sim_bytes whole = {.file = "x", .at = data, .n = size, .line = 1};
    struct sim_bytes cfg, samples;
    struct sim_comtrade c = {0};
    unsigned which[WHICH_MAX], count = 0;
    bool ok = sim_comtrade_split(js, &whole, &cfg, &samples) && sim_comtrade_read(js, &cfg, &c);

    for (; ok && count < WHICH_MAX && count < c.analog; count++)
        which[count] = c.analog - 1 - count;
    ok = ok && sim_comtrade_samples(js, &samples, &c, which, count, r);
    sim_comtrade_free(&c);
    return ok;
}

static bool read_wav(struct js *js, const uint8_t *data, size_t size, struct sim_recording *r)
{
    static const unsigned which[] = {0};
    struct sim_wav wav;

    return sim_wav_read(js, "x", data, size, &wav) && sim_wav_samples(js, "x", &wav, which, 1, r);
}

static void play(const struct sim_recording *r, unsigned channel, const struct sim_cut *cut)
{
    struct sim_track track = {.at = 100};

    sim_track_make(&track, r, channel, cut, 2, 0.0001);
    must(track.length > 0 && track.head > 0 && track.head <= track.length && track.tail > 0 &&
         track.tail <= track.length && isfinite(track.peak) && isfinite(track.rms));
    for (int64_t at = -PLAYED; at < 3 * PLAYED; at += PLAYED) {
        double out[PLAYED] = {0};

        sim_track_add(&track, at * 7, PLAYED, 3, out);
        for (int k = 0; k < PLAYED; k++)
            must(fabs(out[k]) <= 3 * track.peak * (1 + 1e-9));
    }
    free(track.value);
}

static void play_all(struct sim_recording *r)
{
    struct sim_cut cut = {0};
    unsigned empty;

    must(r->channels == 0 || r->stretches <= SIM_RECORDING_CHANGES_MAX + 1);
    if (!sim_recording_mend(r, &empty))
        return;
    cut.length = r->seconds < SECONDS_MAX ? r->seconds : SECONDS_MAX;
    if (!(cut.length > 0.001) || !((double)r->samples / r->seconds >= SIM_RECORDING_RATE_MIN) ||
        !((double)r->samples / r->seconds <= SIM_RECORDING_RATE_MAX))
        return;
    cut.start = r->seconds - cut.length;
    cut.frequency = sim_recording_frequency(r, UINT64_MAX, cut.start, r->seconds);
    must(cut.frequency == 0 || (cut.frequency >= 40 && cut.frequency <= 70));
    cut.found = cut.frequency > 0;
    if (!cut.found)
        cut.frequency = 50;
    for (int repeat = 0; repeat < 2; repeat++) {
        struct sim_cut settled = cut;

        settled.repeat = repeat;
        sim_cut_settle(&settled);
        for (unsigned c = 0; c < r->channels; c++)
            play(r, c, &settled);
    }
}

bool recording_target(const uint8_t *data, size_t size)
{
    struct js js = {.file = "f"};
    struct sim_recording r = {0};
    /* Of just the size that is promised, for the sanitizer. */
    uint8_t *copy = malloc(size ? size : 1);
    bool taken;

    if (!copy)
        return false;
    memcpy(copy, data, size);
    taken = size && copy[0] == 'R' ? read_wav(&js, copy, size, &r) : read_cff(&js, copy, size, &r);
    must(taken == !js.error[0]);
    must(taken || strncmp(js.error, "f: waveform: x", 14) == 0);
    if (taken && r.samples)
        play_all(&r);
    sim_recording_free(&r);
    free(copy);
    return taken;
}

#ifdef RECORDING_TARGET_LIBFUZZER
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    recording_target(data, size);
    return 0;
}
#endif
