/* SPDX-License-Identifier: MIT
 * A meter of one's own: the firmware core, fed with twenty seconds of samples, prints what its registers say.
 *
 *   cc -o meter meter.c $(pkg-config --cflags --libs libvmeter) -lm && ./meter */
#include <math.h>
#include <stdio.h>
#include <vmeter/em_meter.h>

#define SETS    160 /* sample sets in a block, 20 ms */
#define SECONDS 20

static const double pi = 3.14159265358979323846;

/* 230 V and 5 A on three phases, 50 Hz; the current lags by 30 degrees. */
static int32_t sample(int channel, unsigned long set)
{
    const double t = 2 * pi * 50 * (double)(set % EM_SAMPLE_RATE) / EM_SAMPLE_RATE;
    const double phase = t - 2 * pi / 3 * (channel % EM_PHASE_COUNT);

    return channel < EM_I1 ? (int32_t)lround(230 * sqrt(2) * EM_COUNTS_PER_VOLT * sin(phase))
                           : (int32_t)lround(5 * sqrt(2) * EM_COUNTS_PER_AMPERE * sin(phase - pi / 6));
}

static void feed(struct em_meter *m)
{
    static int32_t data[EM_CHANNEL_COUNT][SETS];
    struct em_block block = {.n = SETS};

    for (unsigned long set = 0; set < (unsigned long)SECONDS * EM_SAMPLE_RATE; set += SETS) {
        for (int channel = 0; channel < EM_CHANNEL_COUNT; channel++) {
            for (unsigned k = 0; k < SETS; k++)
                data[channel][k] = sample(channel, set + k);
            block.channel[channel] = data[channel];
        }
        em_meter_samples(m, &block);
    }
}

int main(void)
{
    static struct em_meter meter;
    static const struct em_port port; /* no memory and no outputs */

    em_meter_init(&meter, &port, EM_FREQUENCY_NOMINAL_MHZ);
    feed(&meter);
    for (size_t k = 0; k < em_register_count; k++) {
        const struct em_register *row = &em_registers[k];

        if (row->name && row->type == EM_TYPE_FLOAT32 && em_register_value(&meter, row))
            printf("%04X  %-32s %g\n", row->address, row->name,
                   (double)em_register_value(&meter, row) / (double)em_register_divisor(row));
    }
    return 0;
}
