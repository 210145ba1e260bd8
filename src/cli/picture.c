/* SPDX-License-Identifier: MIT */
#include "picture.h"

#include "../../ui/face.h"
#include "../host/log.h"
#include "../host/qr.h"

#define SNAPSHOT_SCALE 16 /* pixels a millimetre: 448 x 896 for the glass */

bool cli_picture(struct sim_point *point, bool front, double scale, const char *file)
{
    struct ui_look look = {0};
    struct ui_face *face;
    char error[512];
    bool ok = false;

    face = ui_face_new(error, sizeof error);
    if (face) {
        ui_look_at(&look, &point->meter);
        ok = ui_face_save(face, &look, front, scale, file, error, sizeof error);
        ui_face_free(face);
    }
    if (!ok)
        host_log("%s", error);
    return ok;
}

static bool draw_snapshot(void *unused, struct sim_point *point, const char *file)
{
    (void)unused;
    return cli_picture(point, false, SNAPSHOT_SCALE, file);
}

void cli_equip(struct sim *sim)
{
    sim_set_snapshot(sim, draw_snapshot, NULL);
    host_qr_write(sim, NULL);
}
