/* SPDX-License-Identifier: MIT
 * What must hold of the M-Bus slave whatever bytes it is sent. Used with fixed seeds by tests/sim/fuzz_mbus.c, and with
 * libFuzzer (meson setup -Dfuzzers=true, with clang) as build/tests/fuzz/fuzz_mbus. */
#ifndef MBUS_TARGET_H
#define MBUS_TARGET_H

#include <stddef.h>
#include <stdint.h>

struct em_meter;

/* Sends the bytes to the meter; aborts if anything does not hold: answers are whole and right, settings stay in their
 * ranges, and after an idle line the meter answers. */
void mbus_target(struct em_meter *m, const uint8_t *data, size_t size);

#endif
