/* SPDX-License-Identifier: MIT
 * The table: names on the left, numbers right-aligned with their units, rates and shares beside. */
#include "table.h"

#include <stdio.h>
#include <string.h>

void table_time(double seconds, double like, char out[24]) {
    static const struct {
        double scale;
        const char *unit;
    } units[] = {{1, "s"}, {1e-3, "ms"}, {1e-6, "us"}, {1e-9, "ns"}};
    size_t u = 0;
    while (u < 3 && like < units[u].scale) u++;
    double v = seconds / units[u].scale;
    snprintf(out, 24, "%.*f %s", v < 10 ? 2 : v < 100 ? 1 : 0, v, units[u].unit);
}

static void value_text(const bench_row *row, char mid[24], char interval[56]) {
    char low[24], high[24];
    if (row->unit) {
        if (row->value.mid > 0)
            snprintf(mid, 24, "%.5g %s", row->value.mid, row->unit);
        else
            snprintf(mid, 24, "n/a"); /* nothing here can count it */
        interval[0] = 0;
        if (row->value.low < row->value.high) snprintf(interval, 56, "%.4g - %.4g", row->value.low, row->value.high);
        return;
    }
    table_time(row->value.mid, row->value.mid, mid);
    table_time(row->value.low, row->value.mid, low);
    table_time(row->value.high, row->value.mid, high);
    snprintf(interval, 56, "%.*s - %s", (int)strcspn(low, " "), low, high);
}

static void print_row(const bench_row *row, int width) {
    char mid[24], interval[56], bytes[16] = "", flops[16] = "", share[16] = "", ratio[96] = "";
    value_text(row, mid, interval);
    if (row->bytes > 0) snprintf(bytes, sizeof bytes, "%.1f", 1e-9 * row->bytes / row->value.mid);
    if (row->flops > 0) snprintf(flops, sizeof flops, "%.1f", 1e-9 * row->flops / row->value.mid);
    if (row->share > 0) snprintf(share, sizeof share, "%.0f %%", 100 * row->share);
    if (row->against[0])
        snprintf(ratio, sizeof ratio, "  %.3f (%.3f - %.3f) x %s, A/A %.3f - %.3f", row->ratio.mid, row->ratio.low,
                 row->ratio.high, row->against, row->control.low, row->control.high);
    printf("%-*s %12s %20s %8s %8s %6s%s\n", width, row->name, mid, interval, bytes, flops, share, ratio);
}

void table_print(const bench_suite *suite) {
    int width = 20;
    if (suite->n_rows == 0) return;
    for (size_t i = 0; i < suite->n_rows; i++)
        if ((int)strlen(suite->rows[i].name) > width) width = (int)strlen(suite->rows[i].name);
    printf("%-*s %12s %20s %8s %8s %6s  %s\n", width, "", "median", "95 % interval", "GB/s", "GF/s", "share",
           "times faster than the other side");
    for (size_t i = 0; i < suite->n_rows; i++) print_row(&suite->rows[i], width);
}

void gates_print(const bench_suite *suite) {
    int width = 20, missed = 0;
    if (suite->n_gates == 0) return;
    for (size_t i = 0; i < suite->n_gates; i++)
        if ((int)strlen(suite->gates[i].what) > width) width = (int)strlen(suite->gates[i].what);
    printf("\n%-*s %12s %23s %12s\n", width, "gates", "median", "95 % interval", "gate");
    for (size_t i = 0; i < suite->n_gates; i++) {
        const bench_gate *g = &suite->gates[i];
        char interval[48], gate[32];
        snprintf(interval, sizeof interval, "%.4g - %.4g", g->measured.low, g->measured.high);
        snprintf(gate, sizeof gate, "%s %.4g", g->at_least ? ">=" : "<=", g->gate);
        printf("%-*s %12.4g %23s %12s %-6s %s\n", width, g->what, g->measured.mid, interval, gate, g->unit,
               g->met ? "met" : "NOT MET");
        missed += !g->met;
    }
    printf("%zu of %zu gates met\n", suite->n_gates - (size_t)missed, suite->n_gates);
}
