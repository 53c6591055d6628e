/* SPDX-License-Identifier: MIT
 * The derivatives of the error functions: their values at 0 and at the ends, and far out, where plain formulas lose
 * bits. */
#include <math.h>

#include "tensor_check.h"

#define INF      ((double)INFINITY)
#define VEC(...) mg_from_f64((double[]){__VA_ARGS__}, MG_SHAPE(sizeof((double[]){__VA_ARGS__}) / sizeof(double)))
#define GRAD(f, x, ...)                                                                                                \
    do {                                                                                                               \
        CHECK_EQ_I64(mg_backward(f), MG_OK);                                                                           \
        VALUES(mg_grad(x), __VA_ARGS__);                                                                               \
    } while (0)

/* The gradient of f at each element of x, within a few roundings: relative 2^-50. */
static void check_near(mg_tensor *f, mg_tensor *x, int64_t n, const double *expected) {
    double g[8];
    CHECK(f != NULL && n <= 8);
    CHECK_EQ_I64(mg_backward(f), MG_OK);
    CHECK_EQ_I64(mg_read(mg_grad(x), MG_F64, g), MG_OK);
    for (int64_t i = 0; i < n; i++)
        CHECK_MSG(fabs(g[i] - expected[i]) <= 0x1p-50 * fabs(expected[i]), "%.17g, not %.17g", g[i], expected[i]);
}
#define NEAR(f, x, ...) check_near(f, x, sizeof((double[]){__VA_ARGS__}) / sizeof(double), (double[]){__VA_ARGS__})

MG_TEST(error_functions, gradients_at_0_at_the_ends_and_at_nan) {
    MG_SCOPE;
    const double slope = 1.1283791670955126; /* 2 / sqrt(pi) */
    mg_tensor *x = VEC(0, -0.0, INF, -INF, 1e200, (double)NAN);
    GRAD(mg_erf(x), x, slope, slope, 0, 0, 0, (double)NAN);
    GRAD(mg_erfc(x), x, -slope, -slope, -0.0, -0.0, -0.0, (double)NAN);
}

/* exp(-x*x) of a rounded x*x would be off by 1e-14 and more here. Expected: in 100 digits. */
MG_TEST(error_functions, gradients_stay_accurate_far_out) {
    MG_SCOPE;
    mg_tensor *x = VEC(5.1, -11.3, 19.7, 26.1);
    NEAR(mg_erf(x), x, 5.707627016928692e-12, 3.957242503859959e-56, 3.214471484391453e-169, 1.6095743479277808e-296);
}
