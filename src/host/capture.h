/* SPDX-License-Identifier: MIT
 * What goes over the lines, as a pcapng file. Each line is an interface; each frame is a block by itself that is
 * written out at once, so that the file is good at any moment. Frames are marked as upper-layer PDUs for Wireshark's
 * Modbus dissectors, so nothing is to be set up there; M-Bus, which it does not know, is data with the frame in words.
 * Source: draft-ietf-opsawg-pcapng; Wireshark's wsutil/exported_pdu_tlvs.h for the tags of
 * LINKTYPE_WIRESHARK_UPPER_PDU. */
#ifndef HOST_CAPTURE_H
#define HOST_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum host_capture_kind { HOST_CAPTURE_MODBUS_RTU, HOST_CAPTURE_MODBUS_TCP, HOST_CAPTURE_MBUS };

struct host_capture;

/* Begins a file, which stays the caller's and has to be open until host_capture_close. */
struct host_capture *host_capture_new(FILE *file);
void host_capture_close(struct host_capture *capture);

/* One more line; returns its number. */
unsigned host_capture_line(struct host_capture *capture, enum host_capture_kind kind, const char *name,
                           const char *description, uint32_t baud);

struct host_capture_frame {
    unsigned line;
    uint32_t peer; /* tells a line's masters apart: a TCP port, or 0 */
    bool from_master;
    const uint8_t *byte;
    size_t n;
    const char *why; /* it is remarkable, or NULL */
};

/* One frame, or bytes that are none, at the time of the wall clock. *asked is kept for a master from a read to its
 * answer. */
void host_capture_frame(struct host_capture *capture, const struct host_capture_frame *frame, uint16_t *asked);

#endif
