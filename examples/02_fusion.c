/* SPDX-License-Identifier: MIT
 * What fusion buys: y = relu(exp(x*w) + x*b - w) * x recorded and run in tiles, against the same seven operations run
 * one by one. Prints medians of runs that alternate; `02_fusion [elements]`, 16 million by default. */
#include <mygrad/mygrad.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PAIRS = 15 };

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static mg_tensor *step(mg_tensor *t, bool at_once) {
    if (at_once) mg_eval(t);
    return t;
}

/* Milliseconds of the chain; each operation evaluated by itself if at_once. */
static double run(mg_tensor *x, mg_tensor *w, mg_tensor *b, bool at_once) {
    MG_SCOPE;
    double start = now_ms();
    mg_tensor *e = step(mg_exp(step(mg_multiply(x, w), at_once)), at_once);
    mg_tensor *sum = step(mg_add(e, step(mg_multiply(x, b), at_once)), at_once);
    mg_tensor *y = mg_multiply(step(mg_relu(step(mg_subtract(sum, w), at_once)), at_once), x);
    mg_eval(y);
    return now_ms() - start;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void compare(const char *what, mg_tensor *x, mg_tensor *w, mg_tensor *b) {
    double fused[2 * PAIRS], one_by_one[2 * PAIRS], ratio[PAIRS];
    run(x, w, b, false);
    run(x, w, b, true);
    for (int i = 0; i < PAIRS; i++) { /* A B B A */
        fused[2 * i] = run(x, w, b, false);
        one_by_one[2 * i] = run(x, w, b, true);
        one_by_one[2 * i + 1] = run(x, w, b, true);
        fused[2 * i + 1] = run(x, w, b, false);
        ratio[i] = (one_by_one[2 * i] + one_by_one[2 * i + 1]) / (fused[2 * i] + fused[2 * i + 1]);
    }
    qsort(fused, 2 * PAIRS, sizeof *fused, ascending);
    qsort(one_by_one, 2 * PAIRS, sizeof *one_by_one, ascending);
    qsort(ratio, PAIRS, sizeof *ratio, ascending);
    printf("%-18s fused %8.3f ms   one by one %8.3f ms   ratio %.2f\n", what, fused[PAIRS], one_by_one[PAIRS],
           ratio[PAIRS / 2]);
}

int main(int argc, char **argv) {
    int64_t n = argc > 1 ? strtoll(argv[1], NULL, 10) : INT64_C(16) << 20;
    MG_SCOPE;
    mg_no_autodiff(true);
    mg_tensor *x = mg_full(MG_SHAPE(n), 0.5), *w = mg_full(MG_SHAPE(n), 0.75), *b = mg_full(MG_SHAPE(n), -0.25);
    printf("%lld float32 elements, %s, %d threads\n", (long long)n, mg_isa(), mg_num_threads());
    compare("w, b arrays", x, w, b);
    compare("w, b scalars", x, mg_scalar(0.75), mg_scalar(-0.25));
    mg_error error = mg_take_error();
    if (error.code != MG_OK) fprintf(stderr, "%s: %s\n", error.op, error.message);
    return error.code != MG_OK;
}
