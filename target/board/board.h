/* SPDX-License-Identifier: MIT
 * The board that QEMU plays: Arm's MPS2 with the FPGA image AN386 (Cortex-M4), 4 MiB of memory for code at 0 and 4 MiB
 * for data at 0x20000000. */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

/* What a stack is painted with to see how much of it a call uses. */
#define BOARD_STACK_PAINT 0x5AA55AA5u

/* Where the stack begins: one word above it. Set by the linker script. */
extern uint32_t board_stack_high[];

/* Exit codes. */
enum { BOARD_OK, BOARD_FAULT = 10, BOARD_USAGE, BOARD_FILE, BOARD_STIMULUS };

int board_main(void);

#endif
