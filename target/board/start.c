/* SPDX-License-Identifier: MIT
 * From reset to main, and what happens when the processor objects. */
#include <stdint.h>

#include "board.h"
#include "semihost.h"

extern uint32_t board_data_start[], board_data_end[], board_data_load[], board_bss_start[], board_bss_end[];

_Noreturn void start(void);

static _Noreturn void fault(void)
{
    semihost_print("the processor has stopped with a fault\n");
    semihost_exit(BOARD_FAULT);
}

void start(void)
{
    volatile uint32_t *to = board_data_start;
    const uint32_t *from = board_data_load;

    while (to < board_data_end)
        *to++ = *from++;
    for (to = board_bss_start; to < board_bss_end; to++)
        *to = 0;
    semihost_exit(board_main());
}

/* Initial stack pointer, reset, then the faults of ARMv6-M and ARMv7-M. No interrupt is ever enabled. */
__attribute__((section(".vectors"), used)) static void (*const vectors[])(void) = {
    (void (*)(void))board_stack_high, start, fault, fault, fault, fault, fault,
};
