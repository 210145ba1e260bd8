/* SPDX-License-Identifier: MIT
 * The two buses with all their meters. Every meter hears what a master sends at its own rate; when several answer at
 * once the master sees what a bus shows: the bitwise AND of the answers. What is wrong with a bus's line (fault.h) is
 * between masters and meters, whatever kind of master it is. */
#ifndef SIM_BUS_H
#define SIM_BUS_H

#include "sim.h"

/* A whole Modbus RTU frame of n bytes (SIM_FRAME_MAX at most), sent at `baud` (0: at each meter's own). Returns the
 * length of the answer put into answer (SIM_FRAME_MAX bytes), or 0 for silence. */
size_t sim_modbus_frame(struct sim *sim, uint32_t baud, const uint8_t *frame, size_t n, uint8_t *answer);

/* n bytes sent on the M-Bus, likewise. Answers to several frames stand one behind the other. */
size_t sim_mbus_bytes(struct sim *sim, uint32_t baud, const uint8_t *byte, size_t n, uint8_t *answer);

/* The M-Bus has been idle for EM_MBUS_IDLE_BITS. */
void sim_mbus_idle(struct sim *sim);

/* Asks as a master of our own does that listens at each meter's own rate: what it hears within `timeout` samples, its
 * own echo and the first answer that comes, which may be a late one to another frame. On the M-Bus silence follows.
 * heard: SIM_HEARD_MAX bytes. Returns how many are heard. */
#define SIM_HEARD_MAX (2 * SIM_FRAME_MAX)
size_t sim_bus_ask(struct sim *sim, enum em_bus bus, const uint8_t *frame, size_t n, int64_t timeout, uint8_t *heard);

/* The rate that a meter listens at: `baud` itself if any does, else the first meter's. */
uint32_t sim_bus_baud(const struct sim *sim, enum em_bus bus, uint32_t baud);

/* CRC of Modbus RTU, low byte first on the wire. Source: MODBUS over serial line 6.2.2. */
uint16_t sim_modbus_crc(const uint8_t *byte, size_t n);

/* Does a frame end in its CRC? */
bool sim_modbus_crc_ok(const uint8_t *frame, size_t n);

#endif
