/* SPDX-License-Identifier: MIT
 * Frames in words, for people: the window's traffic, the comments of a capture. */
#ifndef HOST_WORDS_H
#define HOST_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOST_WORDS_MAX 120

/* What n bytes say that a master has sent, or that go to one; text has HOST_WORDS_MAX bytes. asked: the first register
 * of the read that a Modbus reply answers. Returns false for what is no frame (the text tells why) or an exception. */
bool host_words_modbus(bool from_master, const uint8_t *byte, size_t n, uint16_t asked, char *text);
bool host_words_mbus(bool from_master, const uint8_t *byte, size_t n, char *text);

/* Length of the whole M-Bus frame, an ACK too, that the bytes begin with; 0 if there is none. n > 0. */
size_t host_words_mbus_length(const uint8_t *byte, size_t n);

/* The first register of a read of holding registers; false for any other request. */
bool host_words_asked(const uint8_t *request, size_t n, uint16_t *first);

#endif
