/* SPDX-License-Identifier: MIT
 * The lists of vector-maths functions under test, of one operand and of two. F(name, oracle for f32, oracle for f64): a
 * double function of the C library or of vmath_oracle.c, and an mpfr_ function or one of vmath_oracle.c. Where their
 * points lie is in vmath_points.c and vmath_pairs.c. A parameter beside x (alpha of elu) is drawn from the bits b of x:
 * the number in [1/2, 2) whose bits are those of 1/2 plus as many of b ^ b << 7 as a mantissa and one bit of the
 * exponent have. */
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
    F(csc, csc, mpfr_csc)                                                                                              \
    F(sec, sec, mpfr_sec)                                                                                              \
    F(cot, cot, mpfr_cot)                                                                                              \
    F(arcsin, asin, mpfr_asin)                                                                                         \
    F(arccos, acos, mpfr_acos)                                                                                         \
    F(arccsc, arccsc, exact_arccsc)                                                                                    \
    F(arcsec, arcsec, exact_arcsec)                                                                                    \
    F(arccot, arccot, exact_arccot)                                                                                    \
    F(sinc, sinc, exact_sinc)                                                                                          \
    F(sinc_slope, sinc_slope, exact_sinc_slope)                                                                        \
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
    F(arccoth, arccoth, exact_arccoth)                                                                                 \
    F(soft_sign, soft_sign, exact_soft_sign)                                                                           \
    F(silu, silu, exact_silu)                                                                                          \
    F(softplus, softplus, exact_softplus)                                                                              \
    F(elu, elu, exact_elu)                                                                                             \
    F(selu, selu, exact_selu)                                                                                          \
    F(gauss, gauss, exact_gauss)                                                                                       \
    F(erf, erf, mpfr_erf)                                                                                              \
    F(erfc, erfc, exact_erfc)                                                                                          \
    F(gelu, gelu, exact_gelu)                                                                                          \
    F(gelu_slope, gelu_slope, exact_gelu_slope)                                                                        \
    F(gelu_tanh, gelu_tanh, exact_gelu_tanh)                                                                           \
    F(gelu_tanh_slope, gelu_tanh_slope, exact_gelu_tanh_slope)

#define VMATH_PAIRS(F)                                                                                                 \
    F(hypot, hypot, mpfr_hypot)                                                                                        \
    F(arctan2, atan2, mpfr_atan2)                                                                                      \
    F(logaddexp, logaddexp, exact_logaddexp)                                                                           \
    F(logaddexp2, logaddexp2, exact_logaddexp2)                                                                        \
    F(power, pow, mpfr_pow)

#define VMATH_ENUM_(name, f32, f64) VMATH_##name,
enum { VMATH_FUNCTIONS(VMATH_ENUM_) VMATH_COUNT };
enum { VMATH_PAIRS(VMATH_ENUM_) VMATH_PAIR_COUNT };
#undef VMATH_ENUM_

#endif
