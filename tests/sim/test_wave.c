/* SPDX-License-Identifier: MIT
 * The generator against libm. A channel is described by amplitude, order and angle of its tones. */
#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "scene.h"
#include "wave.h"

/* A tone as the tests write it: amplitude * sin(order * phase of the mains + turns). */
struct tone {
    unsigned order;
    double amplitude, turns;
};

struct voice {
    unsigned count;
    struct tone tone[SIM_TONES_MAX];
};

static struct sim_wave wave, other;
static int32_t made[EM_CHANNEL_COUNT][SIM_CHUNK], again[EM_CHANNEL_COUNT][SIM_CHUNK];

static const uint32_t frequencies[] = {45000, 49900, 50000, 50001, 60000};

static double uniform(uint64_t *seed)
{
    return (double)(unit_random(seed) >> 11) / 9007199254740992.0;
}

static void set_voice(struct sim_wave *w, int c, const struct voice *v)
{
    double peak = 0;

    w->channel[c].tones = v->count;
    for (unsigned k = 0; k < v->count; k++) {
        double angle = 2 * M_PI * v->tone[k].turns;

        w->channel[c].tone[k] = (struct sim_tone){.order = (uint8_t)v->tone[k].order,
                                                  .x = v->tone[k].amplitude * sin(angle),
                                                  .y = v->tone[k].amplitude * cos(angle)};
        peak += fabs(v->tone[k].amplitude);
    }
    w->channel[c].clips = peak >= EM_ADC_MAX;
}

/* What a channel is at a phase of the mains. */
static double ideal(const struct voice *v, uint32_t phase)
{
    double sum = 0;

    for (unsigned k = 0; k < v->count; k++) {
        uint64_t steps = (uint64_t)v->tone[k].order * phase % EM_PHASE_MODULUS;

        sum += v->tone[k].amplitude * sin(2 * M_PI * ((double)steps / EM_PHASE_MODULUS + v->tone[k].turns));
    }
    return fmin(fmax(sum, -EM_ADC_MAX), EM_ADC_MAX);
}

/* Six unlike channels: a sine; a sine with a few harmonics; all 40 orders; the highest order alone; two tones; none. */
static void make_voices(struct voice voice[EM_CHANNEL_COUNT], uint64_t seed)
{
    memset(voice, 0, EM_CHANNEL_COUNT * sizeof *voice);
    voice[0] = (struct voice){1, {{1, 230 * M_SQRT2 * EM_COUNTS_PER_VOLT, 0}}};
    voice[1] = (struct voice){
        4, {{1, 3e6, uniform(&seed)}, {3, 5e5, uniform(&seed)}, {5, 3e5, uniform(&seed)}, {7, 1e5, uniform(&seed)}}};
    voice[2].count = SIM_TONES_MAX;
    for (unsigned k = 0; k < SIM_TONES_MAX; k++)
        voice[2].tone[k] = (struct tone){k + 1, 2e5 * uniform(&seed), uniform(&seed)};
    voice[3] = (struct voice){1, {{SIM_HARMONIC_MAX, 8e6, uniform(&seed)}}};
    voice[4] = (struct voice){2, {{1, 4e6, uniform(&seed)}, {2, 4e6, uniform(&seed)}}};
}

/* Makes the next n samples into out, at most what is left of the chunk. */
static void make_into(struct sim_wave *w, int32_t store[EM_CHANNEL_COUNT][SIM_CHUNK], uint32_t at, uint32_t n)
{
    const int32_t *out[EM_CHANNEL_COUNT];

    sim_wave_samples(w, out, n);
    for (int c = 0; c < EM_CHANNEL_COUNT; c++)
        memcpy(store[c] + at, out[c], n * sizeof *out[c]);
}

/* Compares every `stride`-th of the next n samples, the phase of the first of which is *phase. */
static void check_samples(const struct voice voice[EM_CHANNEL_COUNT], uint32_t *phase, uint32_t n, uint32_t stride)
{
    while (n) {
        uint32_t now = sim_wave_left(&wave) < n ? sim_wave_left(&wave) : n;

        make_into(&wave, made, 0, now);
        for (uint32_t j = 0; j < now; j++) {
            for (int c = 0; c < EM_CHANNEL_COUNT && (n - j) % stride == 0; c++) {
                double want = ideal(&voice[c], *phase);

                UNIT_CHECK(fabs(made[c][j] - want) < 0.5001, "%u mHz, channel %d, phase %u: %d, want %.4f",
                           wave.frequency_mhz, c, *phase, made[c][j], want);
            }
            *phase = (uint32_t)((*phase + (uint64_t)wave.frequency_mhz) % EM_PHASE_MODULUS);
        }
        n -= now;
    }
}

START_TEST(samples_are_the_rounded_sine_for_minutes)
{
    uint32_t f = frequencies[_i], phase = 0;
    struct voice voice[EM_CHANNEL_COUNT];

    make_voices(voice, f);
    sim_wave_init(&wave, NULL, f, 0);
    for (int c = 0; c < EM_CHANNEL_COUNT; c++)
        set_voice(&wave, c, &voice[c]);
    check_samples(voice, &phase, EM_SAMPLE_RATE, 1);
    check_samples(voice, &phase, 180 * EM_SAMPLE_RATE, 101);
    check_samples(voice, &phase, EM_SAMPLE_RATE / 2, 1);
}
END_TEST

START_TEST(any_phase_of_the_mains_is_right)
{
    uint64_t seed = 1;

    for (int round = 0; round < 300; round++) {
        struct voice voice[EM_CHANNEL_COUNT];
        uint32_t phase = (uint32_t)(unit_random(&seed) % EM_PHASE_MODULUS);

        make_voices(voice, unit_random(&seed));
        sim_wave_init(&wave, NULL, 40000 + (uint32_t)(unit_random(&seed) % 30001), 0);
        wave.phase = phase;
        for (int c = 0; c < EM_CHANNEL_COUNT; c++)
            set_voice(&wave, c, &voice[c]);
        check_samples(voice, &phase, 400, 7);
    }
}
END_TEST

/* --- Periods --- */

static uint32_t gcd(uint32_t a, uint32_t b)
{
    while (b) {
        uint32_t t = a % b;

        a = b;
        b = t;
    }
    return a;
}

static void skip(struct sim_wave *w, uint64_t n)
{
    while (n) {
        uint32_t now = sim_wave_left(w) < n ? sim_wave_left(w) : (uint32_t)n;

        make_into(w, again, 0, now);
        n -= now;
    }
}

/* Makes n samples of all channels, one channel behind the other. */
static int32_t *record(struct sim_wave *w, uint32_t n)
{
    int32_t *list = malloc(sizeof *list * n * EM_CHANNEL_COUNT);

    ck_assert_ptr_nonnull(list);
    for (uint32_t k = 0; k < n;) {
        uint32_t now = sim_wave_left(w) < n - k ? sim_wave_left(w) : n - k;
        const int32_t *out[EM_CHANNEL_COUNT];

        sim_wave_samples(w, out, now);
        for (int c = 0; c < EM_CHANNEL_COUNT; c++)
            memcpy(list + (size_t)c * n + k, out[c], now * sizeof *out[c]);
        k += now;
    }
    return list;
}

START_TEST(a_steady_signal_repeats_exactly)
{
    static const uint32_t list[] = {40000, 45000, 49000, 49900, 49990, 50000, 50001, 50005, 50100, 51200, 59900, 60000};
    uint32_t f = list[_i], period = EM_PHASE_MODULUS / gcd(f, EM_PHASE_MODULUS), n = period < 20000 ? period : 20000;
    struct voice voice[EM_CHANNEL_COUNT];
    int32_t *first, *later;

    make_voices(voice, 77 + f);
    sim_wave_init(&wave, NULL, f, 0);
    for (int c = 0; c < EM_CHANNEL_COUNT; c++)
        set_voice(&wave, c, &voice[c]);
    first = record(&wave, n);
    skip(&wave, period - n);
    later = record(&wave, n);
    ck_assert_msg(memcmp(first, later, sizeof *first * n * EM_CHANNEL_COUNT) == 0, "%u mHz: not after %u", f, period);
    free(later);
    skip(&wave, (uint64_t)period * (period < 100000 ? 50 : 1) - n);
    later = record(&wave, n);
    ck_assert_msg(memcmp(first, later, sizeof *first * n * EM_CHANNEL_COUNT) == 0, "%u mHz: not after more", f);
    free(later);
    free(first);
}
END_TEST

/* Where a value is just between two integers the last bit decides, and that depends on the place in the chunk: such a
 * signal repeats after whole chunks. */
START_TEST(a_signal_on_a_tie_repeats_after_whole_chunks)
{
    uint32_t n = 1600; /* of 400 samples and 320 */
    int32_t *first, *later;

    sim_wave_init(&wave, NULL, 60000, 0);
    for (int c = 0; c < EM_CHANNEL_COUNT; c++) {
        wave.channel[c].tones = 1;
        wave.channel[c].tone[0] = (struct sim_tone){.order = 1, .y = 12.5 + 1000 * c};
    }
    first = record(&wave, n);
    skip(&wave, 100 * n);
    later = record(&wave, n);
    ck_assert(memcmp(first, later, sizeof *first * n * EM_CHANNEL_COUNT) == 0);
    free(later);
    free(first);
}
END_TEST

/* --- Partitions and changes --- */

static void random_channels(struct sim_wave *w, uint64_t seed)
{
    struct voice voice[EM_CHANNEL_COUNT];

    make_voices(voice, seed);
    voice[5] = (struct voice){1, {{1, 1.2e7, uniform(&seed)}}}; /* clips */
    for (int c = 0; c < EM_CHANNEL_COUNT; c++) {
        set_voice(w, c, &voice[c]);
        w->channel[c].noise = seed >> c & 1 ? 10.0 * c + 1 : 0;
        w->channel[c].clips |= w->channel[c].noise > 0 && c == 3;
    }
}

START_TEST(time_may_be_cut_anyhow)
{
    uint64_t seed = 5;

    sim_wave_init(&wave, NULL, 50000, 0);
    sim_wave_init(&other, NULL, 50000, 0);
    random_channels(&wave, 0x2A);
    random_channels(&other, 0x2A);
    for (int chunk = 0; chunk < 20000; chunk++) {
        uint32_t all = SIM_CHUNK;

        /* A change makes a new chunk after any number of samples. */
        if (chunk % 8 == 7) {
            uint32_t f = 40000 + (uint32_t)(unit_random(&seed) % 30001);

            sim_wave_change(&wave, f);
            sim_wave_change(&other, f);
            random_channels(&wave, seed);
            random_channels(&other, seed);
            all = 1 + (uint32_t)(unit_random(&seed) % SIM_CHUNK);
        } else if (sim_wave_left(&wave) < SIM_CHUNK) {
            all = sim_wave_left(&wave);
        }
        make_into(&wave, made, 0, all);
        for (uint32_t at = 0; at < all;) {
            uint32_t n = 1 + (uint32_t)(unit_random(&seed) % (chunk % 3 ? 9 : SIM_CHUNK));

            n = n < all - at ? n : all - at;
            make_into(&other, again, at, n);
            at += n;
        }
        for (int c = 0; c < EM_CHANNEL_COUNT; c++)
            UNIT_CHECK(memcmp(made[c], again[c], all * sizeof made[c][0]) == 0, "chunk %d, channel %d", chunk, c);
        UNIT_CHECK(sim_wave_left(&wave) == sim_wave_left(&other), "chunk %d", chunk);
    }
}
END_TEST

START_TEST(a_change_of_frequency_makes_no_jump)
{
    uint64_t seed = 11;
    uint32_t phase = 0;
    struct voice voice[EM_CHANNEL_COUNT];

    sim_wave_init(&wave, NULL, 50000, 0);
    make_voices(voice, 3);
    for (int c = 0; c < EM_CHANNEL_COUNT; c++)
        set_voice(&wave, c, &voice[c]);
    for (int k = 0; k < 2000; k++) {
        check_samples(voice, &phase, (uint32_t)(unit_random(&seed) % 400), 3);
        sim_wave_change(&wave, k % 4 == 3 ? wave.frequency_mhz : 40000 + (uint32_t)(unit_random(&seed) % 30001));
    }
}
END_TEST

/* Amplitudes and tones change while the phase goes on. */
START_TEST(a_change_of_the_channels_keeps_the_phase)
{
    uint64_t seed = 12;
    uint32_t phase = 0;

    sim_wave_init(&wave, NULL, 49900, 0);
    for (int k = 0; k < 1000; k++) {
        struct voice voice[EM_CHANNEL_COUNT];

        sim_wave_change(&wave, 49900);
        make_voices(voice, unit_random(&seed));
        for (int c = 0; c < EM_CHANNEL_COUNT; c++)
            set_voice(&wave, c, &voice[(c + k) % EM_CHANNEL_COUNT]);
        for (int c = 0; c < k % EM_CHANNEL_COUNT; c++) { /* the same turn for the reference */
            struct voice first = voice[0];

            memmove(voice, voice + 1, sizeof voice - sizeof *voice);
            voice[EM_CHANNEL_COUNT - 1] = first;
        }
        check_samples(voice, &phase, (uint32_t)(unit_random(&seed) % 300), 3);
    }
}
END_TEST

START_TEST(a_chunk_is_left_over_rightly)
{
    sim_wave_init(&wave, NULL, 50000, 0);
    ck_assert_uint_eq(sim_wave_left(&wave), SIM_CHUNK);
    make_into(&wave, made, 0, 1);
    ck_assert_uint_eq(sim_wave_left(&wave), SIM_CHUNK - 1);
    make_into(&wave, made, 0, SIM_CHUNK - 1);
    ck_assert_uint_eq(sim_wave_left(&wave), SIM_CHUNK);
    make_into(&wave, made, 0, 100);
    sim_wave_change(&wave, 50000);
    ck_assert_uint_eq(sim_wave_left(&wave), SIM_CHUNK);
}
END_TEST

/* A fleet is many points: with every order in use one takes less than 64 KiB with all that belongs to it. */
START_TEST(a_point_is_small)
{
    struct voice voice = {.count = SIM_TONES_MAX};

    sim_wave_init(&wave, NULL, 50000, 0);
    ck_assert_uint_lt(sizeof(struct sim_point) + sim_wave_memory(&wave), 36 * 1024);
    for (unsigned k = 0; k < SIM_TONES_MAX; k++)
        voice.tone[k] = (struct tone){k + 1, 1000, 0};
    for (int c = 0; c < EM_CHANNEL_COUNT; c++)
        set_voice(&wave, c, &voice);
    make_into(&wave, made, 0, SIM_CHUNK);
    ck_assert_uint_ge(sim_wave_memory(&wave), SIM_TONES_MAX * sizeof(struct sim_table));
    ck_assert_uint_lt(sizeof(struct sim_point) + sim_wave_memory(&wave), 64 * 1024);
    /* Another frequency makes the tables anew in their places. */
    sim_wave_change(&wave, 49000);
    make_into(&wave, made, 0, SIM_CHUNK);
    ck_assert_uint_lt(sizeof(struct sim_point) + sim_wave_memory(&wave), 64 * 1024);
}
END_TEST

/* --- The converter's range --- */

START_TEST(what_is_too_large_is_cut_off)
{
    static const double amplitude[EM_CHANNEL_COUNT] = {EM_ADC_MAX, EM_ADC_MAX + 1, 1e7, 1e9, 1e12, 1e15};
    struct voice voice[EM_CHANNEL_COUNT] = {0};
    uint32_t phase = 0;

    sim_wave_init(&wave, NULL, 50000, 0);
    for (int c = 0; c < EM_CHANNEL_COUNT; c++) {
        voice[c] = (struct voice){1, {{1, amplitude[c], 0.3 * c}}};
        set_voice(&wave, c, &voice[c]);
    }
    /* Near zero a huge sine crosses the range within a fraction of a sample: libm's last bits count there. */
    for (uint32_t k = 0; k < 2000; k++) {
        make_into(&wave, made, 0, 1);
        for (int c = 0; c < EM_CHANNEL_COUNT; c++) {
            double want = ideal(&voice[c], phase);

            UNIT_CHECK(made[c][0] >= -EM_ADC_MAX && made[c][0] <= EM_ADC_MAX, "channel %d: %d", c, made[c][0]);
            UNIT_CHECK(fabs(made[c][0] - want) < 0.5001 + amplitude[c] * 1e-14 || c >= 4, "channel %d: %d, want %g", c,
                       made[c][0], want);
            UNIT_CHECK(fabs(want) < EM_ADC_MAX || made[c][0] == want, "channel %d: %d, want %g", c, made[c][0], want);
        }
        phase = (phase + 50000) % EM_PHASE_MODULUS;
    }
}
END_TEST

START_TEST(noise_is_cut_off_with_its_signal)
{
    bool high = false, low = false;

    sim_wave_init(&wave, NULL, 50000, 0);
    for (int c = 0; c < EM_CHANNEL_COUNT; c++) {
        set_voice(&wave, c, &(struct voice){1, {{1, EM_ADC_MAX - 1000, 0}}});
        wave.channel[c].noise = 1e6;
        wave.channel[c].clips = true;
    }
    for (int k = 0; k < 200; k++) {
        make_into(&wave, made, 0, SIM_CHUNK);
        for (int j = 0; j < SIM_CHUNK; j++) {
            UNIT_CHECK(abs(made[0][j]) <= EM_ADC_MAX, "%d", made[0][j]);
            high |= made[0][j] == EM_ADC_MAX;
            low |= made[0][j] == -EM_ADC_MAX;
        }
    }
    ck_assert(high && low);
}
END_TEST

/* --- Variants --- */

struct chance {
    struct sim_group group;
    double room[SIM_TONES_MAX][sizeof(struct sim_table) / sizeof(double) + 8];
};

/* A random table, now and then with numbers that make a tie. */
static void fill_table(struct sim_table *t, uint64_t *seed)
{
    for (unsigned j = 0; j < SIM_HALF; j++) {
        t->c[j] = unit_random(seed) % 16 ? 2 * uniform(seed) - 1 : (double)(unit_random(seed) % 5) / 4 - 0.5;
        t->s[j] = 2 * uniform(seed) - 1;
    }
}

/* Random tones and errors; tables begin at any number of a vector. */
static void take_chance(struct chance *x, uint64_t *seed, unsigned tones)
{
    struct sim_group *g = &x->group;
    double size = pow(10, (double)(unit_random(seed) % 8));

    memset(g, 0, sizeof *g);
    g->tones = tones;
    g->sample = (int64_t)(unit_random(seed) % 100000) - 50000;
    g->noisy = unit_random(seed) % 4 == 0;
    g->clip = unit_random(seed) % 4 == 0;
    for (unsigned k = 0; k < tones; k++) {
        struct sim_table *table = (struct sim_table *)(x->room[k] + unit_random(seed) % 8);
        double turn = 2 * M_PI * uniform(seed);

        fill_table(table, seed);
        g->table[k] = table;
        g->block[k] = (struct sim_pointer){cos(turn), sin(turn)};
        for (int c = 0; c < SIM_GROUP; c++) {
            bool whole = unit_random(seed) % 8 == 0;

            g->first[k].x[c] = size * (2 * uniform(seed) - 1);
            g->first[k].x[c] = whole ? rint(g->first[k].x[c]) : g->first[k].x[c];
            g->first[k].y[c] = whole ? 0 : size * (2 * uniform(seed) - 1);
        }
    }
    for (int c = 0; c < SIM_GROUP; c++) {
        g->noise[c] = g->noisy && unit_random(seed) % 4 ? size * uniform(seed) / 37837.21 : 0;
        g->key[c] = unit_random(seed);
        g->offset[c] = unit_random(seed) % 8 ? 0 : size * (uniform(seed) - 0.5);
        g->coarse[c] = unit_random(seed) % 8 ? 0 : 1 + (unsigned)(unit_random(seed) % 16);
        g->errors |= g->offset[c] != 0;
    }
    g->errors |= g->noisy || g->clip;
}

static void synthesise(sim_synth_fn *synth, int32_t store[SIM_GROUP][SIM_SPAN + 2], const struct sim_group *g)
{
    int32_t *const out[SIM_GROUP] = {store[0] + 1, store[1] + 1, store[2] + 1};

    memset(store, 0x5A, SIM_GROUP * sizeof *store);
    synth(out, g);
}

START_TEST(all_variants_give_the_same_bits)
{
    static struct chance x;
    const struct host_speed *speed;
    uint64_t seed = 21;

    for (int round = 0; round < 4000; round++) {
        int32_t want[SIM_GROUP][SIM_SPAN + 2], got[SIM_GROUP][SIM_SPAN + 2];

        take_chance(&x, &seed, (unsigned)(unit_random(&seed) % (round % 4 ? 6 : SIM_TONES_MAX + 1)));
        synthesise(sim_synth, want, &x.group);
        for (int c = 0; c < SIM_GROUP; c++)
            UNIT_CHECK(want[c][0] == 0x5A5A5A5A && want[c][SIM_SPAN + 1] == 0x5A5A5A5A, "writes beside its samples");
        for (size_t k = 0; (speed = host_speed_at(k)); k++) {
            synthesise(speed->loops.synth, got, &x.group);
            UNIT_CHECK(memcmp(want, got, sizeof got) == 0, "%s: round %d, %u tones", speed->name, round, x.group.tones);
        }
    }
}
END_TEST

/* Noise as it is written down: four numbers of 16 bits of a mixture of the key and the sample's number. */
static long double noise_of(const struct sim_group *g, int c, uint32_t j)
{
    uint64_t z = g->key[c] + 0x9E3779B97F4A7C15u * (uint64_t)(g->sample + j);

    if (!g->noisy)
        return 0;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    return (long double)g->noise[c] *
           (int32_t)((z & 0xFFFF) + (z >> 16 & 0xFFFF) + (z >> 32 & 0xFFFF) + (z >> 48) - 131070);
}

/* What sample j of channel c should be, and to what that is right. */
static long double sum_of(const struct sim_group *g, int c, uint32_t j, long double *error)
{
    const int place = (int)(j % SIM_BLOCK) - SIM_HALF; /* from the middle of its block; -1 is as far from it as 0 */
    const int at = place < 0 ? -1 - place : place;
    long double sum = g->offset[c] + noise_of(g, c, j), size = 1;

    for (unsigned k = 0; k < g->tones; k++) {
        const struct sim_table *t = g->table[k];
        const struct sim_pointer block = g->block[k];
        long double x = g->first[k].x[c], y = g->first[k].y[c];

        for (uint32_t b = 0; b < j / SIM_BLOCK; b++) {
            long double before = x;

            x = before * block.c + y * block.s;
            y = y * block.c - before * block.s;
        }
        sum += x * t->c[at] + (place < 0 ? -y : y) * t->s[at];
        size += fabsl(x) + fabsl(y);
    }
    *error = size * 1e-14L;
    return g->clip ? fminl(fmaxl(sum, -EM_ADC_MAX), EM_ADC_MAX) : sum;
}

START_TEST(a_loop_adds_and_rounds_to_nearest)
{
    static struct chance x;
    const struct host_speed *speed;
    uint64_t seed = 22;

    for (int round = 0; round < 1000; round++) {
        take_chance(&x, &seed, (unsigned)(unit_random(&seed) % (SIM_TONES_MAX + 1)));
        memset(x.group.coarse, 0, sizeof x.group.coarse);
        for (size_t k = 0; (speed = host_speed_at(k)); k++) {
            int32_t got[SIM_GROUP][SIM_SPAN + 2];

            synthesise(speed->loops.synth, got, &x.group);
            for (uint32_t j = 0; j < SIM_SPAN; j += 13) {
                long double error, sum = sum_of(&x.group, round % SIM_GROUP, j, &error);
                int32_t sample = got[round % SIM_GROUP][j + 1];

                UNIT_CHECK(fabsl(sample - sum) <= 0.5L + error, "%s: %d, want %.6Lf", speed->name, sample, sum);
            }
        }
    }
}
END_TEST

START_TEST(ties_go_to_the_even_number)
{
    static const struct {
        double value;
        int32_t rounded;
    } rows[] = {{0.5, 0},
                {1.5, 2},
                {2.5, 2},
                {-0.5, 0},
                {-1.5, -2},
                {-2.5, -2},
                {0.49999999999999994, 0},
                {7, 7},
                {EM_ADC_MAX - 0.5, EM_ADC_MAX - 1},
                {-EM_ADC_MAX, -EM_ADC_MAX}};
    static struct sim_table ones;
    const struct host_speed *speed;

    for (unsigned j = 0; j < SIM_HALF; j++)
        ones.c[j] = 1;
    for (size_t k = 0; (speed = host_speed_at(k)); k++) {
        for (size_t r = 0; r < COUNT(rows); r++) {
            for (unsigned tones = 0; tones < 3; tones++) {
                struct sim_group g = {
                    .tones = tones, .errors = !tones, .table = {&ones, &ones}, .block = {{1, 0}, {1, 0}}};
                int32_t got[SIM_GROUP][SIM_SPAN + 2];

                g.offset[1] = tones ? 0 : rows[r].value;
                g.first[0].x[1] = rows[r].value;
                synthesise(speed->loops.synth, got, &g);
                for (int j = 0; j < SIM_SPAN; j++)
                    ck_assert_msg(got[1][j + 1] == rows[r].rounded, "%s: %g is %d", speed->name, rows[r].value,
                                  got[1][j + 1]);
            }
        }
    }
}
END_TEST

START_TEST(all_variants_make_the_same_waves)
{
    const struct host_speed *speed;

    for (size_t k = 1; (speed = host_speed_at(k)); k++) {
        uint64_t seed = 31;

        sim_wave_init(&wave, NULL, 50000, -16000);
        sim_wave_init(&other, speed->loops.synth, 50000, -16000);
        for (int chunk = 0; chunk < 3000; chunk++) {
            uint32_t n = sim_wave_left(&wave);

            if (chunk % 10 == 0) {
                uint32_t f = 40000 + (uint32_t)(unit_random(&seed) % 30001);

                sim_wave_change(&wave, f);
                sim_wave_change(&other, f);
                random_channels(&wave, seed);
                random_channels(&other, seed);
                n = 1 + (uint32_t)(unit_random(&seed) % SIM_CHUNK);
            }
            make_into(&wave, made, 0, n);
            make_into(&other, again, 0, n);
            for (int c = 0; c < EM_CHANNEL_COUNT; c++)
                UNIT_CHECK(memcmp(made[c], again[c], n * sizeof made[c][0]) == 0, "%s: chunk %d, channel %d",
                           speed->name, chunk, c);
        }
    }
}
END_TEST

/* --- Noise --- */

#define NOISE_N 400000

static void init_noise(struct sim_wave *w, uint64_t seed, double rms, int64_t sample)
{
    sim_wave_init(w, NULL, 50000, sample);
    w->seed = seed;
    for (int c = 0; c < EM_CHANNEL_COUNT; c++)
        w->channel[c].noise = rms;
}

static int32_t *record_noise(uint64_t seed, double rms)
{
    init_noise(&wave, seed, rms, 0);
    return record(&wave, NOISE_N);
}

START_TEST(noise_has_no_mean_and_the_rms_it_should)
{
    static const double rms[] = {1, 10, 1000, 1e5, 1e6};
    double r = rms[_i];
    int32_t *list = record_noise(1, r);

    for (int c = 0; c < EM_CHANNEL_COUNT; c++) {
        double sum = 0, square = 0, cube = 0, fourth = 0, peak = 0;

        for (uint32_t k = 0; k < NOISE_N; k++) {
            double v = list[(size_t)c * NOISE_N + k];

            sum += v;
            square += v * v;
            cube += v * v * v;
            fourth += v * v * v * v;
            peak = fmax(peak, fabs(v));
        }
        square = sqrt(square / NOISE_N);
        UNIT_NEAR("mean", sum / NOISE_N, 0, 4 * r / sqrt(NOISE_N));
        UNIT_NEAR("rms", square, sqrt(r * r + 1.0 / 12), 0.005 * r);
        UNIT_NEAR("skewness", cube / NOISE_N / (square * square * square), 0, 0.02);
        UNIT_NEAR("kurtosis", fourth / NOISE_N / pow(square, 4), 3 - 0.3, r > 1 ? 0.03 : 0.06); /* four uniform ones */
        ck_assert_msg(peak < 3.465 * r + 0.5 && peak >= 3 * r, "peak %g of rms %g", peak, r);
    }
    free(list);
}
END_TEST

/* Correlation of two recordings, b behind a by lag. */
static double correlation(const int32_t *a, const int32_t *b, uint32_t lag)
{
    double ab = 0, aa = 0, bb = 0;

    for (uint32_t k = 0; k + lag < NOISE_N; k++) {
        ab += (double)a[k + lag] * b[k];
        aa += (double)a[k + lag] * a[k + lag];
        bb += (double)b[k] * b[k];
    }
    return ab / sqrt(aa * bb);
}

START_TEST(noise_of_channels_and_seeds_is_independent)
{
    static const uint64_t seeds[] = {0, 1, 2, 9007199254740992};
    const double limit = 4.5 / sqrt(NOISE_N);
    int32_t *list[COUNT(seeds)];

    for (size_t s = 0; s < COUNT(seeds); s++)
        list[s] = record_noise(seeds[s], 1000);
    for (size_t a = 0; a < COUNT(seeds) * EM_CHANNEL_COUNT; a++) {
        const int32_t *x = list[a / EM_CHANNEL_COUNT] + a % EM_CHANNEL_COUNT * NOISE_N;

        for (size_t b = 0; b < a; b++) {
            double r = correlation(x, list[b / EM_CHANNEL_COUNT] + b % EM_CHANNEL_COUNT * NOISE_N, 0);

            UNIT_CHECK(fabs(r) < limit, "seeds and channels %zu and %zu: %g", a, b, r);
        }
        for (uint32_t lag = 1; lag < 200 && a < 2; lag = lag * 2 + 1)
            UNIT_CHECK(fabs(correlation(x, x, lag)) < limit, "lag %u: %g", lag, correlation(x, x, lag));
    }
    for (size_t s = 0; s < COUNT(seeds); s++)
        free(list[s]);
}
END_TEST

START_TEST(noise_is_a_function_of_the_sample_number)
{
    static const int64_t starts[] = {0, -16000, 1, 159, 160, 319, 320, 12345, 691200000, 4838400000000};
    uint64_t seed = 7;

    for (size_t k = 0; k < COUNT(starts); k++) {
        uint32_t ahead = (uint32_t)(unit_random(&seed) % 5000);

        init_noise(&wave, 42, 1000, starts[k]);
        init_noise(&other, 42, 1000, starts[k] + ahead);
        other.frequency_mhz = 47110; /* nothing else may matter */
        skip(&wave, ahead);
        sim_wave_change(&wave, 50000);
        make_into(&wave, made, 0, SIM_CHUNK);
        make_into(&other, again, 0, SIM_CHUNK);
        ck_assert_msg(memcmp(made, again, sizeof made) == 0, "from %lld", (long long)starts[k]);
    }
}
END_TEST

START_TEST(noise_is_added_to_the_signal)
{
    init_noise(&wave, 3, 100, 0);
    init_noise(&other, 3, 100, 0);
    for (int c = 0; c < EM_CHANNEL_COUNT; c++)
        set_voice(&wave, c, &(struct voice){1, {{1, 1e6, 0}}});
    for (uint32_t k = 0; k < 3; k++) {
        make_into(&wave, made, 0, SIM_CHUNK);
        make_into(&other, again, 0, SIM_CHUNK);
        for (int j = 0; j < SIM_CHUNK; j++)
            UNIT_CHECK(fabs(made[0][j] - again[0][j] - 1e6 * sin(2 * M_PI * j / 160)) <= 1.001, "sample %d", j);
    }
}
END_TEST

START_TEST(without_noise_the_seed_does_not_matter)
{
    init_noise(&wave, 1, 0, 0);
    init_noise(&other, 2, 0, 0);
    make_into(&wave, made, 0, SIM_CHUNK);
    make_into(&other, again, 0, SIM_CHUNK);
    ck_assert(memcmp(made, again, sizeof made) == 0);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("wave");
    TCase *tones = unit_case(suite, "tones"), *variants = unit_case(suite, "variants");
    TCase *noise = unit_case(suite, "noise");

    tcase_add_loop_test(tones, samples_are_the_rounded_sine_for_minutes, 0, (int)COUNT(frequencies));
    tcase_add_test(tones, any_phase_of_the_mains_is_right);
    tcase_add_loop_test(tones, a_steady_signal_repeats_exactly, 0, 12);
    tcase_add_test(tones, a_signal_on_a_tie_repeats_after_whole_chunks);
    tcase_add_test(tones, time_may_be_cut_anyhow);
    tcase_add_test(tones, a_change_of_frequency_makes_no_jump);
    tcase_add_test(tones, a_change_of_the_channels_keeps_the_phase);
    tcase_add_test(tones, a_chunk_is_left_over_rightly);
    tcase_add_test(tones, a_point_is_small);
    tcase_add_test(tones, what_is_too_large_is_cut_off);
    tcase_add_test(tones, noise_is_cut_off_with_its_signal);
    tcase_add_test(variants, all_variants_give_the_same_bits);
    tcase_add_test(variants, a_loop_adds_and_rounds_to_nearest);
    tcase_add_test(variants, ties_go_to_the_even_number);
    tcase_add_test(variants, all_variants_make_the_same_waves);
    tcase_add_loop_test(noise, noise_has_no_mean_and_the_rms_it_should, 0, 5);
    tcase_add_test(noise, noise_of_channels_and_seeds_is_independent);
    tcase_add_test(noise, noise_is_a_function_of_the_sample_number);
    tcase_add_test(noise, noise_is_added_to_the_signal);
    tcase_add_test(noise, without_noise_the_seed_does_not_matter);
    return suite;
}
