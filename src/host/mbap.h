/* SPDX-License-Identifier: MIT
 * Modbus TCP: a gateway, as it stands in front of a serial line. A request loses its MBAP header and gets a CRC, the
 * meters hear it, and their answer goes back the same way. Source: MODBUS Messaging on TCP/IP 3.1.3 and 4.4.2.
 *
 * Units 0 and 255 mean the one meter, if there is just one, as masters that know of no units say them. With several
 * meters 0 is the broadcast of the serial line. A unit that does not answer brings exception 0B. */
#ifndef HOST_MBAP_H
#define HOST_MBAP_H

#include "bus.h"

/* As host_bus_find. */
void host_mbap_find(struct host_bus *bus, const struct host_input *in, uint8_t *answer, struct host_found *found);

/* Length of the whole request at the beginning of an input; 0 if there is none (yet). */
size_t host_mbap_whole(const struct host_input *in);

/* The frame for the serial line: unit, PDU and CRC of a whole request or answer of n bytes. Returns its length;
 * serial has SIM_FRAME_MAX bytes. */
size_t host_mbap_to_serial(const uint8_t *adu, size_t n, uint8_t *serial);

/* How long that is. */
size_t host_mbap_serial_length(size_t n);

#endif
