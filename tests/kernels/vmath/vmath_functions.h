/* SPDX-License-Identifier: MIT
 * The one list of vector-maths functions under test. F(name, oracle for f32, oracle for f64): a double function of the
 * C library or of vmath_oracle.c, and an mpfr_ function or one of vmath_oracle.c. Where their points lie is in
 * vmath_points.c. */
#ifndef MGT_VMATH_FUNCTIONS_H
#define MGT_VMATH_FUNCTIONS_H

#define VMATH_FUNCTIONS(F)                                                                                             \
    F(exp, exp, mpfr_exp)                                                                                              \
    F(expm1, expm1, mpfr_expm1)                                                                                        \
    F(log, log, mpfr_log)                                                                                              \
    F(log1p, log1p, mpfr_log1p)                                                                                        \
    F(tanh, tanh, mpfr_tanh)                                                                                           \
    F(sigmoid, sigmoid, exact_sigmoid)                                                                                 \
    F(sin, sin, mpfr_sin)                                                                                              \
    F(cos, cos, mpfr_cos)                                                                                              \
    F(tan, tan, mpfr_tan)                                                                                              \
    F(arctan, atan, mpfr_atan)                                                                                         \
    F(exp2, exp2, mpfr_exp2)                                                                                           \
    F(log2, log2, mpfr_log2)                                                                                           \
    F(log10, log10, mpfr_log10)                                                                                        \
    F(cbrt, cbrt, mpfr_cbrt)                                                                                           \
    F(sinh, sinh, mpfr_sinh)                                                                                           \
    F(cosh, cosh, mpfr_cosh)                                                                                           \
    F(arcsinh, asinh, mpfr_asinh)                                                                                      \
    F(arctanh, atanh, mpfr_atanh)                                                                                      \
    F(arccosh, acosh, mpfr_acosh)                                                                                      \
    F(csch, csch, mpfr_csch)                                                                                           \
    F(sech, sech, mpfr_sech)                                                                                           \
    F(coth, coth, mpfr_coth)                                                                                           \
    F(arccsch, arccsch, exact_arccsch)                                                                                 \
    F(arccoth, arccoth, exact_arccoth)

#define VMATH_ENUM_(name, f32, f64) VMATH_##name,
enum { VMATH_FUNCTIONS(VMATH_ENUM_) VMATH_COUNT };
#undef VMATH_ENUM_

#endif
