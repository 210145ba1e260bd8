/* SPDX-License-Identifier: MIT
 * The QR code of the Bluetooth page. On a meter it is written at the works; here libqrencode makes it. */
#ifndef HOST_QR_H
#define HOST_QR_H

#include "../sim/sim.h"

/* In an address of the app, what stands before a meter's serial number. */
#define HOST_APP_METER_PATH "/m/"

/* Gives each meter the code that tells it from others: type and serial number, as in "2PU CT 19020246", or with an
 * app its page there, as in "http://127.0.0.1:8080/m/19020246"; url: the app's ("http://127.0.0.1:8080"), or NULL.
 * False if that is too long for the display's modules; what was shown before stays. */
bool host_qr_write(struct sim *sim, const char *url);

#endif
