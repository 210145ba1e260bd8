/* SPDX-License-Identifier: MIT
 * What must hold of the readers of recordings whatever a file has in it. Used with fixed seeds by
 * tests/sim/fuzz_recording.c, and with libFuzzer (meson setup -Dfuzzers=true, with clang) as
 * build/tests/fuzz/fuzz_recording. */
#ifndef RECORDING_TARGET_H
#define RECORDING_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads a file as a .cff or, if it begins with R, as a WAV, and plays what it holds; aborts if anything does not hold:
 * a refusal has a message with the place, and what is played is numbers. True if it was taken. */
bool recording_target(const uint8_t *data, size_t size);

#endif
