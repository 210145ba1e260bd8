/* SPDX-License-Identifier: MIT
 * Histograms of what varied, as SVG: a panel for each quantity, with percentiles and the limits that were expected. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "svg.h"
#include "sweep.h"

/* Sizes in pixels. */
#define WIDTH    860
#define LEFT     64
#define RIGHT    32
#define TOP      84
#define PLOT_H   210
#define PANEL_H  340
#define BINS_MAX 60
#define TICKS    8
#define NAME_W   24 /* of a percentile's name */

struct panel {
    double y;        /* of the upper edge of the plot */
    double from, to; /* of the axis */
    double width;    /* of a bin */
    double *value;   /* ascending */
    size_t count, bins, highest;
    size_t bin[BINS_MAX + 2], bad[BINS_MAX + 2]; /* all, and those of them that are not expected */
    double low, high;                            /* limits; infinite: none */
};

/* The next of 1, 2, 5, 10, .. times a power of ten that is not below x. */
static double nice(double x)
{
    double decade = pow(10, floor(log10(x)));

    return decade * (x <= decade * 1.0001 ? 1 : x <= decade * 2.0001 ? 2 : x <= decade * 5.0001 ? 5 : 10);
}

/* Bins of a round width, half as many again as the root of the number of values; the axis shows near limits, too. */
static void divide(struct panel *p)
{
    double first = p->value[0], last = p->value[p->count - 1], range = last - first;
    double wanted = fmin(fmax(1.5 * sqrt((double)p->count), 8), 40);
    bool same = range <= fabs(last) * 1e-12;

    if (same)
        range = fmax(fabs(last) * 1e-3, 1e-9);
    p->width = nice(range / wanted);
    p->from = same ? first - p->width / 2 : floor(first / p->width) * p->width;
    p->bins = (size_t)floor((last - p->from) / p->width) + 1;
    p->to = p->from + (double)p->bins * p->width;
    for (size_t k = 0; k < p->count; k++) {
        size_t n = (size_t)((p->value[k] - p->from) / p->width);

        n = n < p->bins ? n : p->bins - 1;
        p->highest = ++p->bin[n] > p->highest ? p->bin[n] : p->highest;
        p->bad[n] += p->value[k] < p->low || p->value[k] > p->high;
    }
}

/* Makes room for limits that are not too far away to see anything else. */
static void widen(struct panel *p, double *from, double *to)
{
    double range = p->to - p->from, margin = range * (p->bins > 1 ? 0.03 : 4);

    *from = p->from - margin;
    *to = p->to + margin;
    if (isfinite(p->low) && p->low < *from && p->low > p->from - 3 * range)
        *from = p->low - range * 0.05;
    if (isfinite(p->high) && p->high > *to && p->high < p->to + 3 * range)
        *to = p->high + range * 0.05;
}

struct axis {
    double from, to;
};

static double x_of(const struct axis *a, double value)
{
    return LEFT + (value - a->from) / (a->to - a->from) * (WIDTH - LEFT - RIGHT);
}

static double height_of(const struct panel *p, double count)
{
    return count / ((double)p->highest * 1.06) * PLOT_H;
}

/* As many decimals as tell it from the next one, a step away. */
static void put_number(char text[40], double number, double step)
{
    int decimals = (int)fmax(0, -floor(log10(step) + 1e-9));

    if (decimals > 9 || fabs(number) >= 1e9)
        snprintf(text, 40, "%.6g", number);
    else
        snprintf(text, 40, "%.*f", decimals, number);
}

static void put_grid(FILE *out, const struct panel *p, const struct axis *a, const char *unit)
{
    double step = nice((a->to - a->from) / TICKS), counts = fmax(nice((double)p->highest / 4), 1);
    double bottom = p->y + PLOT_H;
    char text[40];

    for (double n = counts; height_of(p, n) <= PLOT_H; n += counts) {
        double y = bottom - height_of(p, n);

        fprintf(out, "<path d=\"M%d %.1fH%d\" stroke=\"" SIM_SVG_GRID "\"/>\n", LEFT, y, WIDTH - RIGHT);
        snprintf(text, sizeof text, "%.0f", n);
        sim_svg_text(out, LEFT - 8, y + 3.5, 10, "end", SIM_SVG_QUIET, text);
    }
    for (double k = ceil(a->from / step); k * step <= a->to; k++) {
        double x = x_of(a, k * step);

        fprintf(out, "<path d=\"M%.1f %.1fv5\" stroke=\"" SIM_SVG_AXIS "\"/>\n", x, bottom);
        put_number(text, k == 0 ? 0 : k * step, step);
        sim_svg_text(out, x, bottom + 18, 10, "middle", SIM_SVG_QUIET, text);
    }
    fprintf(out, "<path d=\"M%d %.1fH%d\" stroke=\"" SIM_SVG_AXIS "\"/>\n", LEFT, bottom, WIDTH - RIGHT);
    sim_svg_text(out, LEFT - 8, p->y - 6, 10, "end", SIM_SVG_QUIET, "runs");
    if (*unit) {
        snprintf(text, sizeof text, "in %s", unit);
        sim_svg_text(out, WIDTH - RIGHT, bottom + 34, 11, "end", SIM_SVG_QUIET, text);
    }
}

static void put_bar(FILE *out, const struct axis *a, double from, double to, double y, double height,
                    const char *colour)
{
    if (height > 0)
        fprintf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\" fill-opacity=\"0.8\"/>\n",
                x_of(a, from) + 0.5, y - height, fmax(x_of(a, to) - x_of(a, from) - 1, 0.5), height, colour);
}

/* What is not expected stands on what is. */
static void put_bars(FILE *out, const struct panel *p, const struct axis *a)
{
    for (size_t k = 0; k < p->bins; k++) {
        double from = p->from + (double)k * p->width, to = from + p->width, bottom = p->y + PLOT_H;
        double good = height_of(p, (double)(p->bin[k] - p->bad[k])), bad = height_of(p, (double)p->bad[k]);

        put_bar(out, a, from, to, bottom, good, SIM_SVG_BLUE);
        put_bar(out, a, from, to, bottom - good, bad, SIM_SVG_BAD);
    }
}

/* An upright line with its name so far above the plot. */
static void put_line(FILE *out, const struct panel *p, const struct axis *a, double value, const char *name, int above,
                     const char *colour, const char *dashes)
{
    double x = x_of(a, value);

    if (!(value >= a->from && value <= a->to))
        return;
    fprintf(out, "<path d=\"M%.1f %.1fV%.1f\" stroke=\"%s\" stroke-width=\"1.3\" stroke-dasharray=\"%s\"/>\n", x,
            p->y - above + 3, p->y + PLOT_H, colour, dashes);
    sim_svg_text(out, x, p->y - above, 10, "middle", colour, name);
}

/* Names that would stand in each other are left out, but not that of the middle. */
static void put_percentiles(FILE *out, const struct panel *p, const struct axis *a, const cJSON *row)
{
    static const char *const names[] = {"p1", "p5", "p50", "p95", "p99"};
    double middle = x_of(a, js_number_at(row, "p50", 0)), last = -NAME_W;

    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        double value = js_number_at(row, names[k], INFINITY), x = x_of(a, value);
        bool clear = k == 2 || (fabs(x - middle) >= NAME_W && x - last >= NAME_W);

        put_line(out, p, a, value, clear ? names[k] : "", 6, SIM_SVG_INK, "2 3");
        last = clear ? x : last;
    }
}

static void put_limits(FILE *out, const struct panel *p, const struct axis *a)
{
    double from = fmax(p->low, a->from), to = fmin(p->high, a->to);

    if ((isfinite(p->low) || isfinite(p->high)) && to > from)
        fprintf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" fill=\"" SIM_SVG_ALLOWED "\"/>\n",
                x_of(a, from), p->y, x_of(a, to) - x_of(a, from), PLOT_H);
}

static void put_head(FILE *out, const struct panel *p, const char *scenario, const cJSON *quantity, const cJSON *row)
{
    const char *name = js_text_at(quantity, "name");
    size_t size = strlen(scenario) + strlen(name) + 3;
    char *title = malloc(size), text[300], limits[120] = "";

    if (!title)
        abort();
    snprintf(title, size, "%s: %s", scenario, name);
    sim_svg_bold(out, LEFT - 30, p->y - 52, 15, title);
    free(title);
    if (isfinite(p->low) && isfinite(p->high))
        snprintf(limits, sizeof limits, "; expected %.6g to %.6g", p->low, p->high);
    else if (isfinite(p->low) || isfinite(p->high))
        snprintf(limits, sizeof limits, "; expected %s %.6g", isfinite(p->low) ? "at least" : "at most",
                 isfinite(p->low) ? p->low : p->high);
    snprintf(text, sizeof text, "%zu runs; mean %.5g, standard deviation %.3g, from %.5g to %.5g %.20s%s", p->count,
             js_number_at(row, "mean", 0), js_number_at(row, "sd", 0), p->value[0], p->value[p->count - 1],
             js_text_at(quantity, "unit"), limits);
    sim_svg_text(out, LEFT - 30, p->y - 34, 11, "start", SIM_SVG_QUIET, text);
}

static void put_panel(FILE *out, struct panel *p, const char *scenario, const cJSON *quantity, const cJSON *row)
{
    struct axis a;

    p->low = js_number_at(quantity, "min", -INFINITY);
    p->high = js_number_at(quantity, "max", INFINITY);
    put_head(out, p, scenario, quantity, row);
    divide(p);
    widen(p, &a.from, &a.to);
    put_limits(out, p, &a);
    put_grid(out, p, &a, js_text_at(quantity, "unit"));
    put_bars(out, p, &a);
    put_percentiles(out, p, &a, row);
    put_line(out, p, &a, p->low, "min", 17, SIM_SVG_WARM, "6 3");
    put_line(out, p, &a, p->high, "max", 17, SIM_SVG_WARM, "6 3");
}

/* A panel for each quantity that has values; how many. out NULL only counts them. */
static unsigned put_panels(FILE *out, const cJSON *report)
{
    const cJSON *item, *quantity;
    unsigned panels = 0;

    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(report, "scenarios"))
    {
        const cJSON *head = cJSON_GetObjectItemCaseSensitive(item, "vary");
        const cJSON *runs = cJSON_GetObjectItemCaseSensitive(item, "runs");
        const cJSON *statistics = cJSON_GetObjectItemCaseSensitive(item, "statistics");

        cJSON_ArrayForEach(quantity, cJSON_GetObjectItemCaseSensitive(head, "report"))
        {
            const char *name = js_text_at(quantity, "name");
            struct panel panel = {.y = TOP + panels * PANEL_H};

            panel.value = sim_sweep_sorted(runs, name, &panel.count);
            panels += panel.count > 0;
            if (out && panel.count > 0)
                put_panel(out, &panel, js_text_at(item, "scenario"), quantity,
                          cJSON_GetObjectItemCaseSensitive(statistics, name));
            free(panel.value);
        }
    }
    return panels;
}

bool sim_sweep_histogram(FILE *out, const cJSON *report)
{
    unsigned panels = put_panels(NULL, report);

    sim_svg_begin(out, WIDTH, panels ? panels * PANEL_H + 20 : TOP);
    if (!panels)
        sim_svg_text(out, LEFT, TOP / 2, 12, "start", SIM_SVG_QUIET, "No quantity that varies was reported.");
    put_panels(out, report);
    sim_svg_end(out);
    return panels > 0;
}
