/* SPDX-License-Identifier: MIT
 * The QR code of the Bluetooth page. On a meter it is written at the works; here libqrencode makes it. */
#ifndef HOST_QR_H
#define HOST_QR_H

#include "../sim/sim.h"

/* Gives each meter the code that tells it from others: type and serial number, as in "2PU CT 19020246". */
void host_qr_write(struct sim *sim);

#endif
