/* SPDX-License-Identifier: MIT */
#include "qr.h"

#include <qrencode.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERSION 3 /* of 29 x 29 modules, as the glass has them */

_Static_assert(EM_LCD_QR_SIZE == 17 + 4 * VERSION, "the glass fits the code");

static void write_one(struct em_meter *m)
{
    uint8_t modules[(EM_LCD_QR_MODULES + 7) / 8] = {0};
    char text[24];
    QRcode *code;

    snprintf(text, sizeof text, "2PU CT %08d", m->settings.value[EM_SETTING_SERIAL_NUMBER]);
    code = QRcode_encodeString8bit(text, VERSION, QR_ECLEVEL_M);
    if (!code)
        abort(); /* out of memory: the text always fits */
    for (int k = 0; k < EM_LCD_QR_MODULES; k++)
        modules[k / 8] |= (uint8_t)((code->data[k] & 1) << (k % 8));
    QRcode_free(code);
    em_meter_set_qr(m, modules);
}

void host_qr_write(struct sim *sim)
{
    for (unsigned k = 0; k < sim->points; k++)
        write_one(&sim->point[k].meter);
}
