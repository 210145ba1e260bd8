/* SPDX-License-Identifier: MIT
 * Sizes as symbols, for size.py: one meter's RAM and the parts of it. Never linked into anything. */
#include "vmeter/em_meter.h"

#define RAM(name, size)                                                                                                \
    extern char ram_##name[size];                                                                                      \
    char ram_##name[size]
#define PART(name) RAM(name, sizeof((struct em_meter *)0)->name)

RAM(meter, sizeof(struct em_meter));
PART(settings);
PART(energy);
PART(metrology);
PART(pulses);
PART(storage);
PART(mbus);
PART(display);
PART(quantities);
