/* SPDX-License-Identifier: MIT */
#include "mbus_target.h"

#include <stdlib.h>
#include <string.h>

#include "vmeter/em_meter.h"

#define ACK 0xE5

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* An answer is an acknowledgement, or a telegram as EN 13757-2 wants it. */
static void check_answer(const uint8_t *answer, size_t n)
{
    uint8_t sum = 0;

    if (n == 0 || (n == 1 && answer[0] == ACK))
        return;
    must(n >= 9 && n <= EM_MBUS_FRAME_MAX && answer[0] == 0x68 && answer[3] == 0x68 && answer[n - 1] == 0x16);
    must(answer[1] == n - 6 && answer[2] == n - 6);
    for (size_t k = 4; k < n - 2; k++)
        sum = (uint8_t)(sum + answer[k]);
    must(sum == answer[n - 2]);
}

static void check_meter(const struct em_meter *m)
{
    must(m->mbus.used < EM_MBUS_FRAME_MAX);
    for (int s = 0; s < EM_SETTING_COUNT; s++)
        must(em_setting_range((enum em_setting)s, m->settings.value[s]) == EM_OK);
}

/* Whatever came before, after an idle line the meter answers. */
static void check_alive(struct em_meter *m)
{
    const uint8_t request[] = {0x10, 0x5B, EM_MBUS_ANY_ANSWERS, 0x59, 0x16};
    uint8_t answer[EM_MBUS_FRAME_MAX];
    size_t n = 0;

    em_mbus_idle(m);
    for (size_t k = 0; k < sizeof request; k++)
        n = em_mbus_byte(m, request[k], answer);
    must(n == 250);
    check_answer(answer, n);
}

void mbus_target(struct em_meter *m, const uint8_t *data, size_t size)
{
    for (size_t k = 0; k < size; k++) {
        /* Of just the size that is promised, for the sanitizer. */
        uint8_t *answer = malloc(EM_MBUS_FRAME_MAX);
        size_t n = answer ? em_mbus_byte(m, data[k], answer) : 0;

        check_answer(answer, n);
        free(answer);
        if (n)
            em_meter_reply_sent(m);
    }
    check_meter(m);
    check_alive(m);
}

#ifdef MBUS_TARGET_LIBFUZZER
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct em_port port;
    struct em_meter *m = malloc(sizeof *m);

    if (!m)
        return 0;
    em_meter_init(m, &port, 50000);
    mbus_target(m, data, size);
    free(m);
    return 0;
}
#endif
