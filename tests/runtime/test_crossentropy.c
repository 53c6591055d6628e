/* SPDX-License-Identifier: MIT
 * Softmax cross-entropy against the formulas in long double, within bounds derived from the roundings on the way; the
 * same bits on every ISA and for any number of threads; the examples of the documentation. */
#include "harness.h"
#include "runtime/cpu.h"
#include "runtime/dtype.h"
#include "runtime/parallel.h"
#include "runtime/rows.h"
#include "runtime/status.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct problem {
    mg_dtype dtype;
    int64_t n, classes;
    char *x, *p, *dx, loss[8], g[8];
    int64_t *labels;
} problem;

static size_t bytes_of(const problem *p) { return (size_t)(p->n * p->classes) * mg_dtype_size(p->dtype); }

static double get(const problem *p, const void *v, int64_t i) {
    return mgr_get_f64(p->dtype, (const char *)v + (size_t)i * mg_dtype_size(p->dtype));
}

static void problem_make(problem *p, mg_test_rng *rng, mg_dtype dtype, int64_t n, int64_t classes, double spread) {
    *p = (problem){.dtype = dtype, .n = n, .classes = classes};
    p->x = malloc(bytes_of(p) + 1);
    p->p = malloc(bytes_of(p) + 1);
    p->dx = malloc(bytes_of(p) + 1);
    p->labels = malloc(sizeof(int64_t) * (size_t)(n + 1));
    for (int64_t i = 0; i < n * classes; i++)
        mgr_set_f64(dtype, p->x + (size_t)i * mg_dtype_size(dtype), spread * mg_test_normal(rng));
    for (int64_t i = 0; i < n; i++) p->labels[i] = mg_test_int(rng, 0, classes - 1);
    mgr_set_f64(dtype, p->g, 0.75);
}

static void problem_run(problem *p) {
    CHECK(mgr_crossentropy_forward(p->dtype, p->n, p->classes, p->x, p->labels, p->p, p->loss) == MG_OK);
    CHECK(mgr_crossentropy_backward(p->dtype, p->n, p->classes, p->p, p->labels, p->g, p->dx) == MG_OK);
}

static void problem_free(problem *p) { free(p->x), free(p->p), free(p->dx), free(p->labels); }

static double unit(mg_dtype dtype) {
    switch (dtype) {
    case MG_F16:
        return 0x1p-11;
    case MG_BF16:
        return 0x1p-8;
    case MG_F32:
        return 0x1p-24;
    default:
        return 0x1p-53;
    }
}

/* With u the unit roundoff of the arithmetic: x - max has error u |x - max|, exp 2 u more, the sum of up to `classes`
 * positive terms in a tree log2(classes) + 64 u at most, the quotient u. The last rounding is to the dtype itself. */
static void check_problem(const problem *p) {
    double u = p->dtype == MG_F64 ? 0x1p-53 : 0x1p-24,
           last = p->dtype == MG_F64 || p->dtype == MG_F32 ? 0 : unit(p->dtype);
    double tiny = p->dtype == MG_F16 ? 0x1p-25 : p->dtype == MG_F64 ? 0x1p-1074 : 0x1p-133;
    long double total = 0, total_bound = 0;
    for (int64_t i = 0; i < p->n; i++) {
        long double most = -INFINITY, sum = 0, spread = 0;
        for (int64_t c = 0; c < p->classes; c++) most = fmaxl(most, get(p, p->x, i * p->classes + c));
        for (int64_t c = 0; c < p->classes; c++) sum += expl(get(p, p->x, i * p->classes + c) - most);
        for (int64_t c = 0; c < p->classes; c++) {
            int64_t at = i * p->classes + c;
            long double d = get(p, p->x, at) - most, q = expl(d) / sum, one = c == p->labels[i] ? 1 : 0,
                        grad = (q - one) * 0.75L / p->n;
            spread = fmaxl(spread, fminl(-d, 110)); /* terms further away vanish */
            long double bound = q * ((fabsl(d) + 2 + 80 + spread) * u + last) + tiny;
            CHECK_MSG(fabsl(get(p, p->p, at) - q) <= bound, "%s p[%ld][%ld] = %.17g, not %.17Lg",
                      mg_dtype_name(p->dtype), (long)i, (long)c, get(p, p->p, at), q);
            long double grad_bound = (bound + 4 * u * (q + one)) * 0.75L / p->n + 2 * last * (q + one) / p->n + tiny;
            CHECK_MSG(fabsl(get(p, p->dx, at) - grad) <= grad_bound, "%s dx[%ld][%ld] = %.17g, not %.17Lg",
                      mg_dtype_name(p->dtype), (long)i, (long)c, get(p, p->dx, at), grad);
        }
        long double loss = logl(sum) - (get(p, p->x, i * p->classes + p->labels[i]) - most);
        total += loss;
        total_bound += (82 + spread) * u + 4 * u * fabsl(loss);
    }
    long double mean = total / p->n, bound = total_bound / p->n + 80 * u * mean + last * mean;
    CHECK_MSG(fabsl(mgr_get_f64(p->dtype, p->loss) - mean) <= bound, "%s loss %.17g, not %.17Lg",
              mg_dtype_name(p->dtype), mgr_get_f64(p->dtype, p->loss), mean);
}

MG_TEST(crossentropy, random_problems) {
    mg_test_rng rng = mg_test_rng_new();
    for (int d = MG_F16; d <= MG_F64; d++)
        for (int t = 0; t < mg_test_times(30); t++) {
            problem p;
            problem_make(&p, &rng, (mg_dtype)d, mg_test_int(&rng, 1, t % 3 ? 20 : 300),
                         mg_test_int(&rng, 1, t % 5 ? 20 : 9000), t % 2 ? 1 : 8);
            problem_run(&p);
            check_problem(&p);
            problem_free(&p);
        }
}

MG_TEST(crossentropy, the_documented_example) {
    double x[6] = {2, 2, 2, 0, 0, 1e6}, p[6], dx[6], loss, g = 1;
    int64_t labels[2] = {0, 2};
    CHECK(mgr_crossentropy_forward(MG_F64, 2, 3, x, labels, p, &loss) == MG_OK);
    CHECK_NEAR(loss, .5493061443340548, 2e-16);
    CHECK(mgr_crossentropy_backward(MG_F64, 2, 3, p, labels, &g, dx) == MG_OK);
    CHECK_NEAR(dx[0], -1. / 3, 1e-16);
    CHECK_NEAR(dx[1], 1. / 6, 1e-16);
    CHECK(dx[3] == 0 && dx[4] == 0 && dx[5] == 0);
}

MG_TEST(crossentropy, a_nan_spoils_its_row_only) {
    float x[6] = {1, NAN, 2, 1, 2, 3}, p[6], loss;
    int64_t labels[2] = {0, 1};
    CHECK(mgr_crossentropy_forward(MG_F32, 2, 3, x, labels, p, &loss) == MG_OK);
    for (int i = 0; i < 3; i++) CHECK(isnan(p[i]) && !isnan(p[3 + i]));
    CHECK(isnan(loss));
}

MG_TEST(crossentropy, the_same_bits_everywhere) {
    mg_test_rng rng = mg_test_rng_new();
    for (int d = MG_F16; d <= MG_F64; d++)
        for (int t = 0; t < 4; t++) {
            problem p;
            problem_make(&p, &rng, (mg_dtype)d, t % 2 ? 5000 : 7, t % 2 ? 10 : 6000, 3);
            problem_run(&p);
            char *probabilities = malloc(bytes_of(&p)), loss[8];
            memcpy(probabilities, p.p, bytes_of(&p));
            memcpy(loss, p.loss, sizeof loss);
            for (int isa = 0; isa < MGK_ISA_COUNT; isa++)
                for (int threads = 1; threads <= 4; threads++) {
                    const mgk_table *table = mgr_kernels_of((mgk_isa)isa);
                    if (!table) continue;
                    mgr_kernels_override(table);
                    mgr_set_num_threads(threads);
                    memset(p.p, 0, bytes_of(&p));
                    problem_run(&p);
                    mgr_kernels_override(NULL);
                    mgr_set_num_threads(0);
                    CHECK_EQ_MEM(p.p, probabilities, bytes_of(&p));
                    CHECK_EQ_MEM(p.loss, loss, mg_dtype_size(p.dtype));
                }
            free(probabilities);
            problem_free(&p);
        }
}

MG_TEST(crossentropy, integers_are_refused) {
    mgr_error_record error;
    CHECK(mgr_crossentropy_forward(MG_I32, 1, 1, NULL, NULL, NULL, NULL) == MG_ERR_TYPE);
    CHECK(mgr_error_take(&error));
    CHECK_EQ_STR(error.op, "softmax_crossentropy");
}
