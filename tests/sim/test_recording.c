/* SPDX-License-Identifier: MIT
 * Recordings on their way to the meter's rate, against sines from libm. */
#include <stdlib.h>
#include <string.h>

#include "scene.h"
#include "track.h"

static struct sim_recording recording;
static struct sim_track track;

static void forget(void)
{
    sim_recording_free(&recording);
    free(track.value);
    memset(&track, 0, sizeof track);
}

/* One channel of samples of dc + a sine of amplitude 1. */
static void record(double rate, size_t samples, double frequency, double turns, double dc)
{
    unsigned empty;

    forget();
    sim_recording_init(&recording, 1, samples);
    sim_recording_stretch(&recording, rate, samples);
    for (size_t k = 0; k < samples; k++)
        recording.channel[0].value[k] = dc + sin(2 * M_PI * (frequency * (double)k / rate + turns));
    ck_assert(sim_recording_mend(&recording, &empty));
}

static void play(bool repeat, double mains, double lead)
{
    struct sim_cut cut = {.length = recording.seconds, .frequency = mains, .found = true, .repeat = repeat};

    sim_cut_settle(&cut);
    sim_track_make(&track, &recording, 0, &cut, 1, lead);
}

/* The largest difference from dc + gain * sine in the middle of the track, where no end is heard. */
static double worst(double frequency, double turns, double dc, double gain)
{
    double most = 0;

    for (int64_t k = track.length / 4; k < track.length * 3 / 4; k++) {
        double want = dc + gain * sin(2 * M_PI * (frequency * (double)k / EM_SAMPLE_RATE + turns));

        most = fmax(most, fabs(track.value[k] - want));
    }
    return most;
}

static const double rates[] = {1000, 1200, 1920, 3200, 4999.7, 6400, 8000, 11025, 12800, 44100, 48000, 100000, 250000};

START_TEST(the_pass_band_is_flat)
{
    static const double frequencies[] = {45, 49.97, 50, 60, 65, 150, 350, 650, 1250, 1950, 2600, 3250};

    for (size_t r = 0; r < COUNT(rates); r++) {
        for (size_t f = 0; f < COUNT(frequencies); f++) {
            double off;

            if (frequencies[f] > 0.41 * fmin(rates[r], EM_SAMPLE_RATE))
                continue;
            record(rates[r], (size_t)(rates[r] * 0.5), frequencies[f], 0.1, 0);
            play(false, 50, 0);
            off = worst(frequencies[f], 0.1, 0, 1);
            ck_assert_msg(off < 5e-6, "%g Hz at %g/s is off by %g", frequencies[f], rates[r], off);
        }
    }
}
END_TEST

/* Below the meter's half rate its images, above it what would fold, is gone by 90 dB. */
START_TEST(nothing_is_folded)
{
    static const struct {
        double rate, frequency;
    } row[] = {{48000, 4100}, {48000, 7950}, {48000, 8050}, {100000, 15950}, {12800, 6000}, {44100, 20000}};

    for (size_t k = 0; k < COUNT(row); k++) {
        record(row[k].rate, (size_t)(row[k].rate * 0.3), row[k].frequency, 0.2, 0);
        play(false, 50, 0);
        ck_assert_msg(worst(0, 0, 0, 0) < 3e-5, "%g Hz at %g/s: %g is left", row[k].frequency, row[k].rate,
                      worst(0, 0, 0, 0));
    }
}
END_TEST

START_TEST(what_is_constant_stays)
{
    for (size_t r = 0; r < COUNT(rates); r++) {
        record(rates[r], (size_t)(rates[r] * 0.2), 0, 0, 3.5);
        play(r % 2, 50, 0);
        for (int64_t k = 0; k < track.length; k++)
            ck_assert_msg(fabs(track.value[k] - 3.5) < 1e-12, "%g at %g/s", track.value[k], rates[r]);
    }
}
END_TEST

START_TEST(a_lead_and_a_skew_are_delays)
{
    record(6400, 3200, 50, 0, 0);
    recording.channel[0].skew = 0.0003;
    play(true, 50, 0.001);
    ck_assert_double_lt(worst(50, 50 * 0.0007, 0, 1), 5e-6);
}
END_TEST

/* 1 s at odd rates: repetitions do not end on a sample of the meter, nor cycles on one of the recording. */
START_TEST(a_repetition_has_no_seam)
{
    static const double frequencies[] = {45.3, 49.97, 50, 64.2};

    for (size_t r = 0; r < COUNT(rates); r++) {
        for (size_t f = 0; f < COUNT(frequencies); f++) {
            const double mains = frequencies[f];
            double most = 0, drift;

            record(rates[r], (size_t)(rates[r] * 0.7), mains, 0, 0);
            play(true, mains, 0);
            for (int64_t k = 0; k < track.length; k++)
                most = fmax(most, fabs(track.value[k] - sin(2 * M_PI * mains * (double)k / EM_SAMPLE_RATE)));
            drift = mains * (double)track.length / EM_SAMPLE_RATE;
            ck_assert_msg(most < 2e-5, "%g Hz at %g/s: %g", mains, rates[r], most);
            ck_assert_msg(fabs(drift - round(drift)) < 1e-3, "%g Hz at %g/s: %g cycles", mains, rates[r], drift);
        }
    }
}
END_TEST

START_TEST(what_is_held_goes_on_in_phase)
{
    double out[4000] = {0};

    record(5000, 5000, 49.97, 0.3, 0);
    play(false, 49.97, 0);
    track.at = 1000;
    sim_track_add(&track, -1000, 4000, 2, out);
    for (int k = 0; k < 4000; k++) /* a rest of a tenth of a sample in ten cycles */
        ck_assert_double_le_tol(fabs(out[k] - 2 * sin(2 * M_PI * (49.97 * (k - 2000) / EM_SAMPLE_RATE + 0.3))), 0,
                                0.02);
    memset(out, 0, sizeof out);
    sim_track_add(&track, 1000 + track.length - 100, 1500, 2, out);
    for (int k = 0; k < 1500; k++)
        ck_assert_double_le_tol(
            fabs(out[k] - 2 * sin(2 * M_PI * (49.97 * ((double)track.length - 100 + k) / EM_SAMPLE_RATE + 0.3))), 0,
            0.02);
}
END_TEST

/* Reading is a function of the sample's number: however it is cut, and added to what is there. */
START_TEST(pieces_are_the_whole)
{
    uint64_t seed = 5;
    static double whole[20000], pieces[20000];

    for (int repeat = 0; repeat < 2; repeat++) {
        record(3333, 1111, 50, 0.1, 0.2);
        play(repeat, 50, 0);
        track.at = 3000;
        memset(whole, 0, sizeof whole);
        memset(pieces, 0, sizeof pieces);
        sim_track_add(&track, -5000, 20000, 1.5, whole);
        for (uint32_t at = 0; at < 20000;) {
            uint32_t n = 1 + (uint32_t)(unit_random(&seed) % 300);

            n = n < 20000 - at ? n : 20000 - at;
            sim_track_add(&track, (int64_t)at - 5000, n, 1.5, pieces + at);
            at += n;
        }
        ck_assert_mem_eq(whole, pieces, sizeof whole);
    }
}
END_TEST

START_TEST(the_frequency_is_found)
{
    static const double frequencies[] = {40.5, 45, 49.97, 50, 50.123, 60, 69.7};
    static const double seconds[] = {0.12, 0.3, 1, 4, 20};

    for (size_t f = 0; f < COUNT(frequencies); f++) {
        for (size_t s = 0; s < COUNT(seconds); s++) {
            double found;

            record(1600, (size_t)(1600 * seconds[s]), frequencies[f], 0.37, 0);
            for (size_t k = 0; k < recording.samples; k++) /* harmonics and a direct component */
                recording.channel[0].value[k] += 0.3 + 0.2 * sin(2 * M_PI * 3 * frequencies[f] * (double)k / 1600);
            found = sim_recording_frequency(&recording, 1, 0, recording.seconds);
            ck_assert_msg(fabs(found - frequencies[f]) < (seconds[s] < 0.2 ? 0.02 : 0.001), "%.6f Hz in %g s: %.6f",
                          frequencies[f], seconds[s], found);
        }
    }
    record(1600, 1600, 200, 0, 0);
    ck_assert_double_eq(sim_recording_frequency(&recording, 1, 0, 1), 0);
    record(1600, 100, 50, 0, 0);
    ck_assert_double_eq(sim_recording_frequency(&recording, 1, 0, 0.05), 0);
}
END_TEST

START_TEST(missing_samples_become_straight_lines)
{
    unsigned empty;

    record(1000, 20, 0, 0, 0);
    for (size_t k = 0; k < 20; k++)
        recording.channel[0].value[k] = k < 2 || (k > 4 && k < 9) || k > 17 ? NAN : (double)k;
    recording.channel[0].missing = 0;
    ck_assert(sim_recording_mend(&recording, &empty));
    ck_assert_uint_eq(recording.channel[0].missing, 8);
    for (size_t k = 2; k < 18; k++)
        ck_assert_double_eq_tol(recording.channel[0].value[k], (double)k, 1e-12);
    ck_assert_double_eq(recording.channel[0].value[0], 2);
    ck_assert_double_eq(recording.channel[0].value[19], 17);
    for (size_t k = 0; k < 20; k++)
        recording.channel[0].value[k] = NAN;
    ck_assert(!sim_recording_mend(&recording, &empty));
    ck_assert_uint_eq(empty, 0);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("recording");
    TCase *rate = unit_case(suite, "rate"), *time = unit_case(suite, "time");

    tcase_set_timeout(rate, 120);
    tcase_add_checked_fixture(rate, NULL, forget);
    tcase_add_checked_fixture(time, NULL, forget);
    tcase_add_test(rate, the_pass_band_is_flat);
    tcase_add_test(rate, nothing_is_folded);
    tcase_add_test(rate, what_is_constant_stays);
    tcase_add_test(rate, a_lead_and_a_skew_are_delays);
    tcase_add_test(time, a_repetition_has_no_seam);
    tcase_add_test(time, what_is_held_goes_on_in_phase);
    tcase_add_test(time, pieces_are_the_whole);
    tcase_add_test(time, the_frequency_is_found);
    tcase_add_test(time, missing_samples_become_straight_lines);
    return suite;
}
