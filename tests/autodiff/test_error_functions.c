/* SPDX-License-Identifier: MIT
 * The derivatives of the error functions and of gelu, which is made of them: their values at 0 and at the ends, and far
 * out, where plain formulas lose bits. */
#include <math.h>

#include "autodiff/op_api.h"
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

MG_TEST(error_functions, gelu_and_its_gradient_at_0_and_at_the_ends) {
    MG_SCOPE;
    mg_tensor *x = VEC(0, -0.0, INF, -INF, 1e200, -1e200, (double)NAN);
    VALUES(mg_gelu(x), 0, -0.0, INF, -0.0, 1e200, -0.0, (double)NAN);
    VALUES(mg_gelu_tanh(x), 0, -0.0, INF, -0.0, 1e200, -0.0, (double)NAN);
    GRAD(mg_gelu(x), x, 0.5, 0.5, 1, -0.0, 1, -0.0, (double)NAN);
    GRAD(mg_gelu_tanh(x), x, 0.5, 0.5, 1, -0.0, 1, -0.0, (double)NAN);
}

/* In the tail, and near the zero of the derivative. Expected: in 100 digits. */
MG_TEST(error_functions, gradients_of_gelu_stay_accurate) {
    MG_SCOPE;
    mg_tensor *x = VEC(-30.7, -9.3, -0.7518, -0.75, 5.5), *z = VEC(-15.3, -7.7, -0.7525, -0.75, 5.5);
    NEAR(mg_gelu(x), x, -2.6821605176985138e-204, -6.072036428083129e-19, -3.6570159191279754e-06,
         0.0007742782607648957, 1.00000057334724);
    NEAR(mg_gelu_tanh(z), z, -2.0172874202488275e-119, -3.577863150159353e-18, -1.6603367418337142e-05,
         0.0010617438625857023, 1.0000000467655281);
}

/* At the floats next to the zeros, where terms of 0.2 leave 1e-17. */
MG_TEST(error_functions, gradients_of_gelu_have_every_bit_at_their_zeros) {
    MG_SCOPE;
    mg_tensor *x = VEC(-0x1.80ead197f00b4p-1, -0x1.80ead197f00b3p-1, -0x1.80ead2p-1);
    NEAR(mg_gelu(x), x, -6.4537517293677532e-18, 4.145170479608077e-17, -5.2273121045751546e-09);
    mg_tensor *z = VEC(-0x1.81429f9e97e4dp-1, -0x1.81429f9e97e4ep-1, -0x1.8142ap-1);
    NEAR(mg_gelu_tanh(z), z, -1.5647455740893692e-17, -6.3431464826549797e-17, -4.8805769909549438e-09);
}

typedef mg_tensor *unary(mg_tensor *);
static mg_tensor *gelu(mg_tensor *x) { return mg_gelu(x); }
static mg_tensor *gelu_tanh(mg_tensor *x) { return mg_gelu_tanh(x); }
/* The derivatives are internal ops, with rules of their own. */
static mg_tensor *gelu_slope(mg_tensor *x) { return mga_ufunc(MGK_OP_GELU_SLOPE, &x, NULL, NULL); }
static mg_tensor *gelu_tanh_slope(mg_tensor *x) { return mga_ufunc(MGK_OP_GELU_TANH_SLOPE, &x, NULL, NULL); }

/* By two central differences, extrapolated, of values that are good to an ULP: off by h^4 f^(5)/30 < 2e-13 and by 18
 * ULP/(12 h) < 1.4e-12. Every x +- h is exact. */
static void check_quotients(unary *f) {
    const double h = 0x1p-10, at[] = {-6, -3.125, -1.375, -0.75, -0.25, 0, 0.25, 1.375, 3.125, 4.5};
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        MG_SCOPE;
        mg_tensor *x = VEC(at[i]);
        double y[4], slope;
        CHECK_EQ_I64(mg_read(f(VEC(at[i] - 2 * h, at[i] - h, at[i] + h, at[i] + 2 * h)), MG_F64, y), MG_OK);
        CHECK_EQ_I64(mg_backward(f(x)), MG_OK);
        CHECK_EQ_I64(mg_read(mg_grad(x), MG_F64, &slope), MG_OK);
        const double quotient = (8 * (y[2] - y[1]) - (y[3] - y[0])) / (12 * h);
        CHECK_MSG(fabs(slope - quotient) < 2e-12, "at %g: %.15g, not %.15g", at[i], slope, quotient);
    }
}
MG_TEST(error_functions, gradients_of_gelu_are_difference_quotients) {
    check_quotients(gelu);
    check_quotients(gelu_tanh);
    check_quotients(gelu_slope);
    check_quotients(gelu_tanh_slope);
}
MG_TEST(error_functions, second_derivatives_of_gelu_at_0_and_at_the_ends) {
    MG_SCOPE;
    mg_tensor *x = VEC(0, INF, -INF, 1e200, -1e200, (double)NAN);
    GRAD(gelu_slope(x), x, 2 * 0.3989422804014327, -0.0, -0.0, -0.0, -0.0, (double)NAN);
    GRAD(gelu_tanh_slope(x), x, 0.7978845608028654, -0.0, -0.0, -0.0, -0.0, (double)NAN);
}

/* Values in the first n of `exact`, gradients in the rest, both within 1 ULP of the exact ones: within a place of the
 * nearest double, or, in float32, within a place of what is given in double. */
static void check_tail(unary *f, mg_dtype dtype, int n, const double *at, const double *exact) {
    MG_SCOPE;
    double got[10];
    mg_tensor *x = mg_astype(mg_from_f64(at, MG_SHAPE(n)), dtype);
    mg_set_constant(x, false);
    mg_tensor *y = f(x);
    CHECK_EQ_I64(mg_backward(y), MG_OK);
    CHECK_EQ_I64(mg_read(y, MG_F64, got), MG_OK);
    CHECK_EQ_I64(mg_read(mg_grad(x), MG_F64, got + n), MG_OK);
    for (int i = 0; i < 2 * n; i++) {
        int e;
        (void)frexp(exact[i], &e);
        const int digits = dtype == MG_F32 ? 24 : 53, last = dtype == MG_F32 ? -149 : -1074;
        const double place = ldexp(1, e - digits > last ? e - digits : last);
        CHECK_MSG(fabs(got[i] - exact[i]) <= place, "at %g: %.17g, not %.17g", at[i % n], got[i], exact[i]);
    }
}

/* Down to where results are subnormal; a difference 1 - tanh, or 1 + erf, has no bit left there. Expected: in 100
 * digits. */
MG_TEST(error_functions, gelu_and_its_gradient_far_out) {
    check_tail(gelu, MG_F32, 5, (double[]){-5, -8.5, -12.25, -13.25, -14},
               (double[]){-1.4332578593959695e-06, -8.05760459887282e-17, -1.0289750177950936e-33,
                          -2.9892216500836702e-39, -1.091095154686992e-43, -7.1469460017922947e-06,
                          -6.8465049386970846e-16, -1.2603860032218894e-32, -3.9604687086853047e-38,
                          -1.5274556463253671e-42});
    check_tail(gelu_tanh, MG_F32, 5, (double[]){-5, -7.25, -9.5, -10.25, -10.5},
               (double[]){-2.291796196629506e-07, -1.0631936227657138e-16, -6.6789287667838821e-33,
                          -3.4305316059528754e-40, -7.4249005560790395e-43, -1.5463619875325946e-06,
                          -1.3512766388863879e-15, -1.389873219233261e-31, -8.2292807600657967e-39,
                          -1.8637344242040152e-41});
    check_tail(gelu, MG_F64, 5, (double[]){-5, -14.5, -37.25, -38, -38.25},
               (double[]){-1.4332578593959695e-06, -8.7833674084020699e-47, -1.9734635705229075e-302,
                          -1.096462776839966e-314, -7.9548027439961582e-319, -7.1469460017922947e-06,
                          -1.2735319765518342e-45, -7.3511441913164052e-301, -4.1665545692792932e-313,
                          -3.042702785847671e-317});
    check_tail(gelu_tanh, MG_F64, 5, (double[]){-5, -14.5, -20.75, -21.25, -21.5},
               (double[]){-2.291796196629506e-07, -4.3504065411453379e-104, -1.1898428661749538e-290,
                          -1.7342819942984366e-311, -2.8161741812951053e-322, -1.5463619875325946e-06,
                          -2.0244118268842452e-102, -1.1150695780111519e-288, -1.7032762921245551e-309,
                          -2.8448299887538976e-320});
}
