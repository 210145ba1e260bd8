/* SPDX-License-Identifier: MIT */
#include "qr.h"

#include <errno.h>
#include <qrencode.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERSION  3  /* of 29 x 29 modules, as the glass has them */
#define TEXT_MAX 53 /* bytes that this version holds, with the least error correction */

_Static_assert(EM_LCD_QR_SIZE == 17 + 4 * VERSION, "the glass fits the code");

/* With as much error correction as there is room for; NULL if there is no room. */
static QRcode *encode(const char *text)
{
    static const QRecLevel levels[] = {QR_ECLEVEL_M, QR_ECLEVEL_L};

    for (size_t k = 0; k < sizeof levels / sizeof levels[0]; k++) {
        QRcode *code = QRcode_encodeString8bit(text, VERSION, levels[k]);

        if (!code && errno == ENOMEM)
            abort();
        if (code && code->width == EM_LCD_QR_SIZE)
            return code;
        QRcode_free(code); /* a larger one */
    }
    return NULL;
}

static bool write_one(struct em_meter *m, const char *url)
{
    uint8_t modules[(EM_LCD_QR_MODULES + 7) / 8] = {0};
    char text[TEXT_MAX + 2];
    QRcode *code;

    snprintf(text, sizeof text, "%s%s%08d", url ? url : "2PU CT", url ? HOST_APP_METER_PATH : " ",
             m->settings.value[EM_SETTING_SERIAL_NUMBER]);
    code = encode(text);
    if (!code)
        return false;
    for (int k = 0; k < EM_LCD_QR_MODULES; k++)
        modules[k / 8] |= (uint8_t)((code->data[k] & 1) << (k % 8));
    QRcode_free(code);
    em_meter_set_qr(m, modules);
    return true;
}

bool host_qr_write(struct sim *sim, const char *url)
{
    for (unsigned k = 0; k < sim->points; k++)
        if (!write_one(&sim->point[k].meter, url))
            return false;
    return true;
}
