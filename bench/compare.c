/* SPDX-License-Identifier: MIT
 * Reading old results and saying of each new one whether it is faster, slower or noise. */
#include "compare.h"

#include "result_json.h"
#include "table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two runs of the same program differ by more than their intervals say: other pages, other neighbours, another clock.
 * Times of one side did so by up to 10 % on a shared virtual machine; ratios of two sides measured in turns bear it. */
#define LEAST_NOISE_TIME  0.10
#define LEAST_NOISE_RATIO 0.03

static char *read_file(const char *path) {
    FILE *f = fopen(path, "rb");
    char *text = NULL;
    long size;
    if (!f) return NULL;
    if (fseek(f, 0, SEEK_END) == 0 && (size = ftell(f)) >= 0 && fseek(f, 0, SEEK_SET) == 0) {
        text = malloc((size_t)size + 1);
        if (text) text[fread(text, 1, (size_t)size, f)] = 0;
    }
    fclose(f);
    return text;
}

static double larger(double a, double b) { return a > b ? a : b; }

/* A ratio is how many times faster than the other side: turned over, smaller is better, as for times. */
static bench_interval inverse(bench_interval r) { return (bench_interval){1 / r.high, 1 / r.mid, 1 / r.low}; }

static bench_verdict print_line(const bench_row *row, const old_result *old) {
    bool paired = row->against[0] && old->ratio.low > 0;
    double noise = larger(paired ? LEAST_NOISE_RATIO : LEAST_NOISE_TIME,
                          larger(old->noise, (row->control.high - row->control.low) / 2));
    bench_verdict verdict = paired ? bench_compare(inverse(old->ratio), inverse(row->ratio), noise)
                                   : bench_compare(old->value, row->value, noise);
    char before[24], after[24];
    if (row->unit) {
        snprintf(before, sizeof before, "%.4g", old->value.mid);
        snprintf(after, sizeof after, "%.4g", row->value.mid);
    } else {
        table_time(old->value.mid, old->value.mid, before);
        table_time(row->value.mid, row->value.mid, after);
    }
    printf("%-48s %11s %11s %7.3f  %s\n", row->name, before, after,
           paired ? row->ratio.mid / old->ratio.mid : old->value.mid / row->value.mid, bench_verdict_name(verdict));
    return verdict;
}

bool compare_print(const char *path, const bench_suite *suite, char *error, size_t error_size) {
    old_result *old;
    int count[3] = {0};
    char *text = read_file(path);
    if (!text) return snprintf(error, error_size, "cannot be read"), false;
    long n = result_json_parse(text, &old, error, error_size);
    free(text);
    if (n < 0) return false;
    printf("\n%-48s %11s %11s %7s\n", "against an older run", "before", "now", "ratio");
    for (size_t i = 0; i < suite->n_rows; i++)
        for (long k = 0; k < n; k++)
            if (strcmp(suite->rows[i].name, old[k].name) == 0 && old[k].value.mid > 0)
                count[print_line(&suite->rows[i], &old[k])]++;
    printf("%d faster, %d slower, %d noise\n", count[BENCH_FASTER], count[BENCH_SLOWER], count[BENCH_NOISE]);
    free(old);
    return true;
}
