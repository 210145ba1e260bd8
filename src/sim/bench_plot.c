/* SPDX-License-Identifier: MIT
 * The bench's results as a figure: error curves over load inside what is allowed, and the influences as bars. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench_report.h"
#include "svg.h"

/* Sizes in pixels. */
#define WIDTH       1080
#define MARGIN      44
#define PANEL_GAP   58
#define PANEL_H     190
#define PANEL_TOP   112
#define ROW_STEP    262
#define BAR_STEP    16
#define BAR_H       9
#define BAR_LABEL   282
#define BAR_LIMIT   52
#define BAR_DECADES 4
#define BAR_COLUMN  ((WIDTH - 2 * MARGIN - 36) / 2)

#define LOW_CURRENT  0.0085
#define HIGH_CURRENT 6.0

/* A curve: ids of its rows in order of current. */
struct curve {
    const char *name, *colour, *ids;
    bool hollow;
};

struct panel {
    const char *title;
    struct curve curve[3];
};

#define PANELS 6
static const struct panel panels[PANELS] = {
    {"PF 1",
     {{"import", SIM_SVG_BLUE, "A01 A02 A03 A04 A05 A06 A07 A08 A09", false},
      {"export", SIM_SVG_VIOLET, "A01r A02r A03r A04r A05r A06r A07r A08r A09r", true}}},
    {"PF 0.5L",
     {{"import", SIM_SVG_BLUE, "A10 A12 A14 A16 A18 A20 A22", false},
      {"export", SIM_SVG_VIOLET, "A10r A12r A14r A16r A18r A20r A22r", true}}},
    {"PF 0.8C",
     {{"import", SIM_SVG_BLUE, "A11 A13 A15 A17 A19 A21 A23", false},
      {"export", SIM_SVG_VIOLET, "A11r A13r A15r A17r A19r A21r A23r", true}}},
    {"One phase, PF 1",
     {{"L1", SIM_SVG_BLUE, "A30.1a A30.1b A30.1c A30.1d", false},
      {"L2", SIM_SVG_VIOLET, "A30.2a A30.2b A30.2c A30.2d", false},
      {"L3", SIM_SVG_TEAL, "A30.3a A30.3b A30.3c A30.3d", false}}},
    {"One phase, PF 0.5L",
     {{"L1", SIM_SVG_BLUE, "A31.1a A31.1b A31.1c", false},
      {"L2", SIM_SVG_VIOLET, "A31.2a A31.2b A31.2c", false},
      {"L3", SIM_SVG_TEAL, "A31.3a A31.3b A31.3c", false}}},
    {"Reactive energy",
     {{"sin 1", SIM_SVG_BLUE, "Q01 Q02 Q03 Q04", false},
      {"0.5", SIM_SVG_VIOLET, "Q05 Q06 Q07 Q08", false},
      {"0.25", SIM_SVG_TEAL, "Q09a Q09b Q09c", false}}},
};

/* --- A panel --- */

struct frame {
    double x, y, w, h, top; /* top: error in percent at the upper edge */
};

static double x_of(const struct frame *f, double current)
{
    return f->x + f->w * log(current / LOW_CURRENT) / log(HIGH_CURRENT / LOW_CURRENT);
}

static double y_of(const struct frame *f, double percent)
{
    double clipped = percent > f->top ? f->top : percent < -f->top ? -f->top : percent;

    return f->y + f->h / 2 * (1 - clipped / f->top);
}

/* The k-th row of a curve that was measured, NULL behind the last; *at is where to go on in the list. */
static const struct sim_bench_row *next_row(const struct sim_bench *b, const char **at,
                                            const struct sim_bench_result **result)
{
    while (*at && **at) {
        char id[12] = "";
        size_t n = strcspn(*at, " "), k;

        memcpy(id, *at, n < sizeof id ? n : sizeof id - 1);
        *at += n + ((*at)[n] == ' ');
        k = sim_bench_find(b, id);
        if (k < b->rows && b->result[k].asked && isfinite(b->result[k].led)) {
            *result = &b->result[k];
            return &b->row[k];
        }
    }
    return NULL;
}

/* The upper edge for all panels of a line: the limits and errors, and a little more. */
static double top_of(const struct sim_bench *b, const struct panel *panel, int count)
{
    const struct sim_bench_result *r;
    const struct sim_bench_row *row;
    double top = 1;

    for (int k = 0; k < 3 * count; k++)
        for (const char *at = panel[k / 3].curve[k % 3].ids; (row = next_row(b, &at, &r));)
            top = fmax(top, fmax(fabs(r->led), fmax(row->manual, sim_bench_standard(row).value)));
    return ceil(top * 1.15 * 2) / 2;
}

static void put_grid(FILE *out, const struct frame *f)
{
    static const double currents[] = {0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5};
    double step = f->top > 2 ? 1 : 0.5;
    char text[16];

    for (size_t k = 0; k < sizeof currents / sizeof currents[0]; k++) {
        double x = x_of(f, currents[k]);

        fprintf(out, "<path d=\"M%.1f %.1fv%.1f\" stroke=\"" SIM_SVG_GRID "\"/>\n", x, f->y, f->h);
        snprintf(text, sizeof text, "%g", currents[k]);
        sim_svg_text(out, x, f->y + f->h + 14, 10, "middle", SIM_SVG_QUIET, text);
    }
    for (double p = -floor(f->top / step) * step; p <= f->top; p += step) {
        fprintf(out, "<path d=\"M%.1f %.1fh%.1f\" stroke=\"%s\"/>\n", f->x, y_of(f, p), f->w,
                fabs(p) < 1e-9 ? SIM_SVG_AXIS : SIM_SVG_GRID);
        snprintf(text, sizeof text, fabs(p) < 1e-9 ? "0" : "%+.1f", p);
        sim_svg_text(out, f->x - 5, y_of(f, p) + 3.5, 10, "end", SIM_SVG_QUIET, text);
    }
}

/* A limit over the currents of a curve: it steps where the table does. */
enum limit { BAND, BAND_EDGE, OF_MANUAL };

static void put_limit(FILE *out, const struct sim_bench *b, const struct frame *f, const char *ids, enum limit what)
{
    static const char *const stroke[] = {[BAND_EDGE] = "stroke=\"" SIM_SVG_EDGE "\"",
                                         [OF_MANUAL] = "stroke=\"" SIM_SVG_WARM
                                                       "\" stroke-width=\"1.5\" stroke-dasharray=\"5 3\""};
    const struct sim_bench_result *r;
    const struct sim_bench_row *row = next_row(b, &ids, &r);

    while (row) {
        const struct sim_bench_row *next = next_row(b, &ids, &r);
        double limit = what == OF_MANUAL ? row->manual : sim_bench_standard(row).value;
        double x = x_of(f, row->condition.current), end = x_of(f, next ? next->condition.current : HIGH_CURRENT);

        if (limit >= 0 && what == BAND)
            fprintf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"" SIM_SVG_ALLOWED "\"/>\n",
                    x, y_of(f, limit), end - x, y_of(f, -limit) - y_of(f, limit));
        else if (limit >= 0)
            fprintf(out, "<path d=\"M%.1f %.1fH%.1fM%.1f %.1fH%.1f\" %s/>\n", x, y_of(f, limit), end, x,
                    y_of(f, -limit), end, stroke[what]);
        row = next;
    }
}

static void put_curve(FILE *out, const struct sim_bench *b, const struct frame *f, const struct curve *c)
{
    const struct sim_bench_result *r;
    const struct sim_bench_row *row;
    const char *at = c->ids;
    char command = 'M';

    fputs("<path fill=\"none\" d=\"", out);
    for (; (row = next_row(b, &at, &r)); command = 'L')
        fprintf(out, "%c%.1f %.1f", command, x_of(f, row->condition.current), y_of(f, r->led));
    fprintf(out, "\" stroke=\"%s\" stroke-width=\"1.6\"%s/>\n", c->colour,
            c->hollow ? " stroke-dasharray=\"2 2\"" : "");
    for (at = c->ids; (row = next_row(b, &at, &r));) {
        bool bad = r->manual == SIM_BENCH_FAILED || r->standard == SIM_BENCH_FAILED;

        fprintf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" fill=\"%s\" stroke=\"%s\" stroke-width=\"1.3\"/>\n",
                x_of(f, row->condition.current), y_of(f, r->led), c->hollow ? 3.8 : 2.6,
                c->hollow ? "none" : (bad ? SIM_SVG_BAD : c->colour), bad ? SIM_SVG_BAD : c->colour);
    }
}

static void put_key(FILE *out, const struct frame *f, const struct panel *panel)
{
    double x = f->x + f->w;

    for (int k = 2; k >= 0; k--) {
        const struct curve *c = &panel->curve[k];

        if (!c->ids)
            continue;
        sim_svg_text(out, x, f->y - 8, 10.5, "end", c->colour, c->name);
        x -= 5.6 * (double)strlen(c->name) + 10;
        fprintf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\" stroke=\"%s\"/>\n", x + 4, f->y - 11.5,
                c->hollow ? "none" : c->colour, c->colour);
        x -= 8;
    }
}

static void put_panel(FILE *out, const struct sim_bench *b, const struct frame *f, const struct panel *panel)
{
    put_limit(out, b, f, panel->curve[0].ids, BAND);
    put_grid(out, f);
    put_limit(out, b, f, panel->curve[0].ids, BAND_EDGE);
    put_limit(out, b, f, panel->curve[0].ids, OF_MANUAL);
    for (int k = 0; k < 3; k++)
        if (panel->curve[k].ids)
            put_curve(out, b, f, &panel->curve[k]);
    fprintf(out,
            "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"none\" stroke=\"" SIM_SVG_AXIS "\"/>\n",
            f->x, f->y, f->w, f->h);
    sim_svg_bold(out, f->x, f->y - 8, 12.5, panel->title);
    put_key(out, f, panel);
    sim_svg_text(out, f->x + f->w / 2, f->y + f->h + 29, 10.5, "middle", SIM_SVG_QUIET,
                 strcmp(panel->title, "Reactive energy") == 0 ? "A per phase, secondary; limits of sin 1"
                                                              : "A per phase, secondary");
}

/* --- Influences --- */

static bool is_bar(const struct sim_bench *b, size_t k)
{
    enum sim_bench_kind kind = b->row[k].kind;

    return b->result[k].asked && (kind == SIM_BENCH_CHANGE || kind == SIM_BENCH_DIFFERENCE) &&
           isfinite(b->result[k].led);
}

/* Where a part of the limit lies on the bars' logarithmic scale, 0..1. */
static double along(double share)
{
    return share <= pow(10, -BAR_DECADES) ? 0 : fmin(1 + log10(share) / BAR_DECADES, 1.03);
}

/* One bar: how much of its limit the change takes. */
static void put_bar(FILE *out, const struct sim_bench_row *row, const struct sim_bench_result *r, double x, double y)
{
    struct sim_bench_limit limit = sim_bench_standard(row);
    const double begin = x + BAR_LABEL, length = BAR_COLUMN - BAR_LABEL - BAR_LIMIT;
    double share = fabs(r->led) / limit.value;
    char text[32];

    fprintf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n", begin, y,
            fmax(length * along(share), 1.5), BAR_H, share > 1 ? SIM_SVG_BAD : SIM_SVG_BLUE);
    sim_svg_text(out, x, y + BAR_H - 0.5, 10, "start", SIM_SVG_QUIET, row->id);
    sim_svg_text(out, x + 46, y + BAR_H - 0.5, 10, "start", SIM_SVG_INK, row->text);
    snprintf(text, sizeof text, "%+.4f", fabs(r->led) < 0.00005 ? 0 : r->led);
    sim_svg_text(out, x + BAR_LABEL - 8, y + BAR_H - 0.5, 10, "end", SIM_SVG_INK, text);
    snprintf(text, sizeof text, "\302\261%g%s%s", limit.value, sim_bench_uncertain(row) ? " " : "",
             sim_bench_uncertain(row) ? limit.mark : "");
    sim_svg_text(out, begin + length + 10, y + BAR_H - 0.5, 10, "start",
                 sim_bench_uncertain(row) ? SIM_SVG_WARM : SIM_SVG_QUIET, text);
}

/* What the bars of a column stand on: the allowed part in green, a line a decade. */
static void put_scale(FILE *out, double x, double y, double height)
{
    const double begin = x + BAR_LABEL, length = BAR_COLUMN - BAR_LABEL - BAR_LIMIT;

    fprintf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"" SIM_SVG_ALLOWED "\"/>\n", begin,
            y - 4, length, height);
    for (int k = 0; k <= BAR_DECADES; k++) {
        double at = begin + length * k / BAR_DECADES;
        char text[16];

        fprintf(out, "<path d=\"M%.1f %.1fv%.1f\" stroke=\"%s\"/>\n", at, y - 4, height,
                k == BAR_DECADES ? SIM_SVG_EDGE : "#ffffff");
        snprintf(text, sizeof text, "%g", pow(10, k - BAR_DECADES));
        sim_svg_text(out, at, y - 8, 9, "middle", SIM_SVG_QUIET, text);
    }
}

static void put_bars(FILE *out, const struct sim_bench *b, double y, size_t count)
{
    size_t half = (count + 1) / 2, n = 0;

    sim_svg_bold(out, MARGIN, y - 44, 12.5, "Influences: how much of its limit the change of the error takes");
    sim_svg_text(
        out, MARGIN, y - 28, 10.5, "start", SIM_SVG_QUIET,
        "Change in percent against the base point, its part of the limit of EN/IEC (logarithmic, 1 is the limit), "
        "and the limit; S2, S3: remembered, not sure.");
    for (int column = 0; column < 2; column++)
        put_scale(out, MARGIN + column * (BAR_COLUMN + 36), y, (double)half * BAR_STEP);
    for (size_t k = 0; k < b->rows; k++) {
        if (!is_bar(b, k))
            continue;
        put_bar(out, &b->row[k], &b->result[k], MARGIN + (n < half ? 0 : BAR_COLUMN + 36),
                y + (double)(n % half) * BAR_STEP);
        n++;
    }
}

/* --- The whole figure --- */

static void put_head(FILE *out, const char *title, double height)
{
    sim_svg_begin(out, WIDTH, height);
    sim_svg_bold(out, MARGIN, 34, 18, "vmeter on the test bench: error in percent over load");
    sim_svg_text(out, MARGIN, 54, 11.5, "start", SIM_SVG_QUIET, title);
    fprintf(out,
            "<rect x=\"%d\" y=\"67\" width=\"22\" height=\"10\" fill=\"" SIM_SVG_ALLOWED "\" stroke=\"" SIM_SVG_EDGE
            "\"/>\n"
            "<path d=\"M%d 72h22\" stroke=\"" SIM_SVG_WARM "\" stroke-width=\"1.4\" stroke-dasharray=\"5 3\"/>\n",
            MARGIN, MARGIN + 300);
    sim_svg_text(out, MARGIN + 28, 76, 10.5, "start", SIM_SVG_INK, "allowed by EN 50470-3 class B / IEC class 1, CT");
    sim_svg_text(out, MARGIN + 328, 76, 10.5, "start", SIM_SVG_INK, "limit of the manual");
}

void sim_bench_plot(FILE *out, const struct sim_bench *b, const char *title)
{
    const double w = (WIDTH - 2 * MARGIN - 2 * PANEL_GAP) / 3.0;
    const double bars = PANEL_TOP + 2 * ROW_STEP + 46;
    size_t count = 0;
    double height;

    for (size_t k = 0; k < b->rows; k++)
        count += is_bar(b, k);
    height = bars + (double)((count + 1) / 2) * BAR_STEP + 34;
    put_head(out, title, height);
    for (int k = 0; k < PANELS; k++) {
        struct frame f = {.x = MARGIN + (k % 3) * (w + PANEL_GAP),
                          .y = PANEL_TOP + k / 3 * ROW_STEP,
                          .w = w,
                          .h = PANEL_H,
                          .top = top_of(b, &panels[k / 3 * 3], 3)};

        put_panel(out, b, &f, &panels[k]);
    }
    put_bars(out, b, bars, count);
    sim_svg_text(out, MARGIN, height - 14, 10, "start", SIM_SVG_QUIET, sim_bench_disclaimer);
    sim_svg_end(out);
}
