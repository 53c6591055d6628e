/* SPDX-License-Identifier: MIT
 * The picture: two panels of horizontal bars. Ratios have a mark at 1, an interval, and a gate's colour where they are
 * slower than the other side; shares run to 100 %. Of the kernels only f32 is drawn, or the picture is endless. */
#include "chart.h"

#include <stdio.h>
#include <string.h>

enum { WIDTH = 1020, LEFT = 380, BAR_END = 890, LINE = 19, TOP = 74, PANEL_GAP = 58 };

typedef struct panel {
    const char *title;
    bool ratios;
    double scale; /* the value at BAR_END */
} panel;

static void put_text(FILE *out, const char *s) {
    for (; *s; s++) {
        if (*s == '<')
            fputs("&lt;", out);
        else if (*s == '&')
            fputs("&amp;", out);
        else
            fputc(*s, out);
    }
}

static bool drawn(const bench_row *row, const panel *p) {
    size_t n = strlen(row->name);
    if (p->ratios) return row->against[0] != 0;
    if (strncmp(row->name, "kernels/", 8) == 0 && (n < 4 || strcmp(row->name + n - 4, "/f32") != 0)) return false;
    return row->share > 0 && !row->against[0] && strncmp(row->name, "limits/", 7) != 0;
}

static size_t count(const bench_suite *suite, const panel *p) {
    size_t n = 0;
    for (size_t i = 0; i < suite->n_rows; i++) n += drawn(&suite->rows[i], p);
    return n;
}

static double x_of(const panel *p, double value) {
    double x = LEFT + (BAR_END - LEFT) * value / p->scale;
    return x < BAR_END ? x : BAR_END;
}

static void grid(FILE *out, const panel *p, double y, double bottom) {
    double step = p->ratios ? (p->scale > 12 ? 4 : p->scale > 5 ? 2 : p->scale > 2.5 ? 1 : 0.5) : 0.25;
    for (double v = 0; v <= p->scale + 1e-9; v += step) {
        bool one = p->ratios && v > 0.99 && v < 1.01;
        fprintf(out, "<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' stroke='%s' stroke-width='1'/>\n", x_of(p, v),
                y - 4, x_of(p, v), bottom, one ? "#444" : "#e4e4e4");
        fprintf(out, "<text x='%.1f' y='%.1f' class='axis' text-anchor='middle'>", x_of(p, v), y - 9);
        fprintf(out, p->ratios ? "%.3g</text>\n" : "%.0f %%</text>\n", p->ratios ? v : 100 * v);
    }
    if (p->ratios && step > 1)
        fprintf(out, "<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' stroke='#444'/>\n", x_of(p, 1), y - 4, x_of(p, 1),
                bottom);
}

static void bar(FILE *out, const bench_row *row, const panel *p, double y) {
    double value = p->ratios ? row->ratio.mid : row->share, end = x_of(p, value);
    const char *colour = !p->ratios ? "#7a9cc6" : value >= 0.95 ? "#5b9a68" : "#cc8a4a";
    fprintf(out, "<text x='%d' y='%.1f' text-anchor='end'>", LEFT - 8, y + 12);
    put_text(out, row->name);
    if (p->ratios) {
        fprintf(out, " <tspan class='axis'>x ");
        put_text(out, row->against);
        fprintf(out, "</tspan>");
    }
    fprintf(out, "</text>\n<rect x='%d' y='%.1f' width='%.1f' height='12' rx='1' fill='%s'/>\n", LEFT, y + 2,
            end - LEFT, colour);
    if (p->ratios)
        fprintf(out, "<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' stroke='#222' stroke-width='2'/>\n",
                x_of(p, row->ratio.low), y + 8, x_of(p, row->ratio.high), y + 8);
    double reach = p->ratios ? x_of(p, row->ratio.high) : end;
    fprintf(out, "<text x='%.1f' y='%.1f' class='number'>", (reach > end ? reach : end) + 6, y + 12);
    fprintf(out, p->ratios ? "%.2f</text>\n" : "%.0f %%</text>\n", p->ratios ? value : 100 * value);
}

static double draw_panel(FILE *out, const bench_suite *suite, const panel *p, double y) {
    size_t n = count(suite, p);
    if (n == 0) return y;
    fprintf(out, "<text x='16' y='%.1f' class='head'>%s</text>\n", y - 26, p->title);
    grid(out, p, y, y + (double)(n * LINE));
    for (size_t i = 0; i < suite->n_rows; i++) {
        if (!drawn(&suite->rows[i], p)) continue;
        bar(out, &suite->rows[i], p, y);
        y += LINE;
    }
    return y + PANEL_GAP;
}

static const char *fact_of(const machine_fact *facts, int n, const char *key) {
    for (int i = 0; i < n; i++)
        if (strcmp(facts[i].key, key) == 0) return facts[i].value;
    return "?";
}

bool chart_write(const char *path, const bench_suite *suite, const machine_fact *facts, int n) {
    panel panels[2] = {{"How many times faster than the other side (line: 95 % interval)", true, 2},
                       {"Share of what the machine can do", false, 1}};
    FILE *out = fopen(path, "w");
    size_t lines = count(suite, &panels[0]) + count(suite, &panels[1]);
    if (!out) return false;
    for (size_t i = 0; i < suite->n_rows; i++) {
        const bench_row *row = &suite->rows[i];
        if (row->against[0] && row->ratio.mid > panels[0].scale) panels[0].scale = row->ratio.mid;
        if (drawn(row, &panels[1]) && row->share > panels[1].scale) panels[1].scale = row->share;
    }
    if (panels[0].scale > 8) panels[0].scale = 8; /* longer bars are cut; their numbers stand beside them */
    int drawn_panels = (count(suite, &panels[0]) > 0) + (count(suite, &panels[1]) > 0);
    double height = TOP + 16 + PANEL_GAP * (drawn_panels - 1.0) + (double)(lines * LINE);
    fprintf(
        out,
        "<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%.0f' viewBox='0 0 %d %.0f'>\n"
        "<style>text{font:12px sans-serif;fill:#222}.head{font-weight:bold;font-size:14px}.axis{fill:#777;"
        "font-size:11px}.number{fill:#444;font-size:11px;paint-order:stroke;stroke:white;stroke-width:3px}</style>\n"
        "<rect width='100%%' height='100%%' fill='white'/>\n<text x='16' y='22' class='axis'>",
        WIDTH, height, WIDTH, height);
    fprintf(out, "mygrad %s (", fact_of(facts, n, "version"));
    put_text(out, fact_of(facts, n, "commit"));
    fprintf(out, "), ");
    put_text(out, fact_of(facts, n, "cpu"));
    fprintf(out, ", %s, ", fact_of(facts, n, "isa"));
    put_text(out, fact_of(facts, n, "compiler"));
    fprintf(out, "</text>\n");
    double y = draw_panel(out, suite, &panels[0], TOP + 8);
    draw_panel(out, suite, &panels[1], y);
    fprintf(out, "</svg>\n");
    bool ok = !ferror(out);
    return fclose(out) == 0 && ok;
}
