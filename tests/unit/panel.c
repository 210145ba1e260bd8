/* SPDX-License-Identifier: MIT */
#include "panel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void panel_touch(struct unit_rig *rig, enum em_button button)
{
    em_meter_button(&rig->meter, button, true);
    em_meter_button(&rig->meter, button, false);
}

void panel_touches(struct unit_rig *rig, enum em_button button, int times)
{
    for (int k = 0; k < times; k++)
        panel_touch(rig, button);
}

void panel_wait(struct unit_rig *rig, double seconds)
{
    uint32_t left = (uint32_t)lrint(seconds * EM_SAMPLE_RATE);

    while (left) { /* in pieces, as samples come */
        uint32_t n = left < 37 ? left : 37;

        em_display_run(&rig->meter, n);
        left -= n;
    }
}

void panel_hold(struct unit_rig *rig, enum em_button button, double seconds)
{
    em_meter_button(&rig->meter, button, true);
    panel_wait(rig, seconds);
    em_meter_button(&rig->meter, button, false);
}

static const char *text_of(struct unit_rig *rig, void (*part)(const struct em_lcd *, char[SIM_LCD_TEXT]))
{
    static char texts[4][SIM_LCD_TEXT];
    static int next;
    char *text = texts[next++ % 4];

    part(em_meter_lcd(&rig->meter), text);
    return text;
}

const char *panel_part1(struct unit_rig *rig)
{
    return text_of(rig, sim_lcd_part1);
}

const char *panel_part2(struct unit_rig *rig)
{
    return text_of(rig, sim_lcd_part2);
}

const char *panel_part3(struct unit_rig *rig)
{
    return text_of(rig, sim_lcd_part3);
}

const char *panel_icons(struct unit_rig *rig)
{
    return text_of(rig, sim_lcd_icons);
}

bool panel_lit(struct unit_rig *rig, unsigned bit)
{
    return em_lcd_lit(em_meter_lcd(&rig->meter), bit);
}

void panel_picture(struct panel_album *album, struct unit_rig *rig, const char *title)
{
    char picture[SIM_LCD_PICTURE], crc[9], *code;

    sim_lcd_picture(em_meter_lcd(&rig->meter), picture);
    snprintf(crc, sizeof crc, "%08X", em_constant_value(EM_CONSTANT_CHECKSUM));
    code = strstr(picture, crc);
    if (code) /* changes with every change of the sources */
        memcpy(code, "CRC-CODE", 8);
    album->n += (size_t)snprintf(album->text + album->n, sizeof album->text - album->n, "%s\n%s\n", title, picture);
    ck_assert_uint_lt(album->n, sizeof album->text);
}

static char *golden_text(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = calloc(1, sizeof(struct panel_album));
    size_t n;

    ck_assert_msg(file != NULL, "%s is missing (VMETER_GOLDEN=write writes it)", path);
    n = fread(text, 1, sizeof(struct panel_album) - 1, file);
    text[n] = '\0';
    fclose(file);
    return text;
}

static void fail_at_first_difference(const char *got, const char *want, const char *path)
{
    int line = 1;
    const char *g = got, *w = want;

    for (size_t k = 0; got[k] == want[k] && got[k]; k++) {
        if (got[k] != '\n')
            continue;
        line++;
        g = got + k + 1;
        w = want + k + 1;
    }
    ck_abort_msg("%s:%d: want '%.*s', got '%.*s'", path, line, (int)strcspn(w, "\n"), w, (int)strcspn(g, "\n"), g);
}

void panel_compare(const struct panel_album *album, const char *name)
{
    const char *mode = getenv("VMETER_GOLDEN");
    char path[1024];
    char *want;

    snprintf(path, sizeof path, "%s/lcd/%s.txt", UNIT_GOLDEN, name);
    if (mode && strcmp(mode, "write") == 0) {
        FILE *file = fopen(path, "w");

        ck_assert_msg(file && fputs(album->text, file) >= 0 && fclose(file) == 0, "can not write %s", path);
        return;
    }
    want = golden_text(path);
    if (strcmp(album->text, want) != 0)
        fail_at_first_difference(album->text, want, path);
    free(want);
}
