/* SPDX-License-Identifier: MIT
 * Vector maths: elementary functions on vectors of the 64-byte vocabulary, written only in it, so that every
 * instruction set gives the same bits. This header is the umbrella and the table of promises; it has no code.
 *
 * vm_<function>_<f32|f64>(x), or (x, y), or (x, alpha) for elu: a lane's result depends on nothing but that lane;
 * branch-free but for the three divisions.
 *
 * LARGEST ERROR: below 1 ULP of the exact value; the measured figures, and where they are reached, are in
 * codegen/accuracy.txt (f32 on all 2^32 inputs, f64 on 10^7 points, random bits, the ranges that matter, both sides of
 * every turning point, and more around the worst of them; of two operands f32 on 10^8 pairs).
 *   exp exp2  2^n p(r), Horner
 *   expm1     2^n (expm1(r) + 1 - 2^-n), sum kept exact
 *   log       e ln2 + p(f); f64 by f/(2+f)
 *   log1p     the same from x itself
 *   log2      e + f/ln2 + p(f), the largest product and sum kept exact; log10 likewise
 *   cbrt      a polynomial for v^(-1/3), then steps with an exact residual
 *   tanh      f32 14 polynomials; f64 expm1, double words
 *   sigmoid   exp(-|x|) in double words, one division
 *   sinh cosh csch sech coth
 *             2^n (z cosh r + w sinh r); f32 in f64, f64 in double words
 *   arcsinh arccosh arctanh arccsch arccoth
 *             e ln2 + 2 atanh(t/2); f32 in f64, f64 with t in double words
 *   sin, cos  f32 in f64, |r| <= pi/2; f64 |r| <= pi/4 in two words; huge arguments by a table of 2/pi
 *   tan cot sec csc
 *             sin over cos and so on, f32 in f64, f64 in double words
 *   arctan arccot
 *             0, pi/4 or pi/2 plus arctan(num/den) <= arctan(1/2), in two words
 *   arcsin arccos arccsc arcsec
 *             arcsin t to 1/2, beyond pi/2 - 2 arcsin(sqrt((1 - t)/2)), in two words
 *   sinc      +-f/x sinc f, f the distance from the nearest whole number, in two words
 *   sinc_slope
 *             its derivative; near its zeros to 2^-103 in f64, f32 in f64
 *   fmod      exact, by steps of 22 (51) bits of the quotient; remainder: fmod(x, y), plus y rounded once
 *   floor_divide  the floor of the exact quotient, rounded once
 *   soft_sign one division, corrected by what it and 1 + |x| leave
 *   silu      x/(1 + exp(-x)); f32 in f64, f64 as sigmoid
 *   softplus  max(x, 0) + log1p(exp(-|x|)); f32 in f64, f64 in double words
 *   elu selu  products with expm1; f32 in f64, f64 in double words. elu(x, alpha); selu is that of the doubles
 *             1.0507009873554805 and 1.6732632423543772
 *   erf       f32 16, f64 8 polynomials
 *   erfc      exp(-x^2) times 8 polynomials in 1/(|x| + k); f32 in f64, f64 in double words
 *   gauss     exp(-x^2), the square in double words; f32 in f64
 *   gelu      as erfc, with tables in |x| itself
 *   gelu_tanh x sigmoid(w), as sigmoid; w in double words
 *   gelu_slope gelu_tanh_slope
 *             their derivatives, by the same; a factor with the zero is t p(t) near it
 *   hypot     both squares and their sum with their errors
 *   arctan2   n/d or (n - d)/(n + d), corrected once
 *   logaddexp logaddexp2
 *             max + 2 atanh(t/(2 + t)); f32 in f64. Here 1 ULP of the largest of |x|, |y| and the result
 *   power     2^(y log2|x|); f32 in f64, f64 with logarithm and product in double words
 *             integers: repeated squaring, wrapping; a negative exponent counts as 0
 * Domain: all of the type; subnormal arguments and results included, nothing is flushed. Exception flags: no promise.
 *
 * SPECIAL VALUES (C's Annex F; NaN of any payload gives NaN):
 *   exp      -inf: +0   +inf: inf   x > 88.72 (709.78): inf   x < -103.97 (-745.13): +0
 *   expm1    -inf: -1   +inf: inf   -0: -0   overflows as exp
 *   log      -0, +0: -inf   x < 0: NaN   +inf: inf   1: +0
 *   log1p    -1: -inf   x < -1: NaN   +inf: inf   -0: -0
 *   tanh     -inf: -1   +inf: 1   -0: -0
 *   sigmoid  -inf: +0   +inf: 1   0: 0.5   subnormal below -87.3 (-708.4), +0 below -103.97 (-745.13)
 *   exp2     -inf: +0   +inf: inf   x >= 128 (1024): inf   x <= -150 (-1075): +0
 *   log2, log10  as log
 *   cbrt     -inf, +inf, -0, +0: x itself
 *   sinh     odd   +inf: inf   +0: +0   x > 89.41 (710.47): inf
 *   cosh     even  +inf: inf   0: 1     as sinh
 *   csch     odd   +inf: +0    +0: inf   x > 104.66 (745.82): +0   sech: even, the same, but 0: 1
 *   coth     odd   +inf: 1     +0: inf
 *   arcsinh  odd   +inf: inf   +0: +0
 *   arccosh  1: +0   x < 1: NaN   +inf: inf
 *   arctanh  odd   1: inf      +0: +0    x > 1: NaN
 *   arccsch  odd   +inf: +0    +0: inf
 *   arccoth  odd   1: inf      +inf: +0  -1 < x < 1: NaN
 *   sin cos tan csc sec cot
 *            +-inf: NaN   sin tan odd, +0: +0   csc cot odd, +0: inf   cos sec even, 0: 1
 *   arcsin   odd   1: pi/2     +0: +0    x > 1: NaN
 *   arccos   -1: pi   -0, +0: pi/2   1: +0   |x| > 1: NaN
 *   arctan   odd   +inf: pi/2  +0: +0
 *   arccsc   odd   1: pi/2     +inf: +0  -1 < x < 1: NaN
 *   arcsec   -1: pi   1: +0   -inf, +inf: pi/2   -1 < x < 1: NaN
 *   arccot   1/x of arctan: +inf: +0   -inf: -0   -0, +0: pi/2
 *   sinc     even  0: 1   other whole numbers: +0   inf: NaN
 *   sinc_slope  odd  +0: -0   n: (-1)^n/n   inf: NaN
 *   fmod(x, y)          y = 0 or x infinite: NaN   y infinite: x   0: of x's sign
 *   remainder(x, y)     as fmod, but of y's sign, 0 too; y infinite: x, or y where their signs differ
 *   floor_divide(x, y)  y = 0: x / y   x infinite: NaN   y infinite: 0, or -1 where the signs differ   0: as x / y
 *   soft_sign  odd  +inf: 1    +0: +0
 *   silu     -inf: -0   +inf: inf   +0: +0   -0: -0   vanishes below -108.7 (-751.7)
 *   softplus -inf: +0   +inf: inf   vanishes as exp
 *   elu      -inf: -alpha   +inf: inf   -0: -0; selu likewise
 *   erf      odd   +inf: 1     +0: +0   1 from 3.84 (5.87) on
 *   erfc     -inf: 2   +inf: +0   0: 1   subnormal above 9.19 (26.54), +0 above 10.05 (27.22)
 *   gauss    even  +inf: +0    0: 1     +0 above 10.20 (27.30)
 *   gelu, gelu_tanh
 *            -inf: -0   +inf: inf  -0: -0
 *   gelu_slope, gelu_tanh_slope
 *            -inf: -0   +inf: 1    0: 0.5
 *   hypot    an infinite operand: inf, beside NaN too
 *   arctan2  as C: (+0, -0) is pi, (+inf, -inf) 3 pi/4; where |y| = |x| the rounded multiple of pi/4
 *   logaddexp, logaddexp2  +inf beside any number: +inf   both -inf: -inf
 *   power    as C: 1 for x = 1 or y = 0 beside NaN too, (-1, +-inf): 1   x < 0 and y not whole: NaN
 *
 * ROUGH COST on AVX-512 (AVX2), one core of a busy 2.6 GHz server, ns per element in L1, f32 / f64. SLEEF's u10
 * functions beside them: exp 0.27 / 0.99, expm1 1.18 / 2.4, log 0.53 / 1.21, log1p 0.73 / 1.92, tanh 1.44 / 3.2,
 * sin 0.62 / 1.21, cos 0.68 / 1.42, tan 0.96 / 1.96, arctan 0.88 / 2.3, arcsin 0.76 / 1.9, arccos 0.92 / 2.3.
 *   exp 0.25 (0.32) / 0.70 (0.92)     expm1 0.38 (0.55) / 0.93 (1.4)     log 0.38 (0.53) / 1.0 (1.4)
 *   log1p 0.37 (0.57) / 0.98 (1.4)    tanh 0.30 (0.58) / 1.4 (1.9)       sigmoid 0.59 (0.72) / 1.4 (2.0)
 *   sin 0.55 (0.72) / 1.0 (1.5)       cos 0.56 (0.85) / 1.0 (1.5)        tan 0.72 (1.1) / 1.6 (2.4)
 *   csc 0.68 (0.85) / 1.6 (2.3)       sec 0.74 (0.99) / 1.6 (2.2)        cot 0.77 (1.0) / 1.7 (2.4)
 *   arctan 0.46 (0.67) / 1.1 (2.1)    arcsin 0.43 (0.60) / 1.2 (1.6)     arccos 0.44 (0.63) / 1.2 (1.7)
 *   arccot 0.52 (0.90) / 1.4 (2.4)    arccsc 0.60 (0.93) / 1.6 (2.5)     arcsec 0.61 (0.97) / 1.7 (2.6)
 * Measured later, SLEEF's in brackets, AVX-512 alone: exp2 0.20 / 0.60 (0.21 / 0.81), log2 0.40 / 1.1 (0.57 / 1.3),
 * log10 0.43 / 1.2 (0.53 / 1.3), cbrt 0.52 / 1.3 (1.4 / 3.2), sinh 0.76 / 1.1 (1.3 / 2.6), cosh the same, arcsinh 1.1
 * / 2.5 (2.3 / 5.9), arccosh 1.1 / 2.4 (2.1 / 5.4), arctanh 0.94 / 1.5 (1.2 / 3.3), erf 0.29 / 1.3 (2.4 / 6.2),
 * erfc 1.3 / 3.5 (3.4 / 7.8, of 1.5 ULP), gauss 0.66 / 0.90. Of two operands: hypot 0.38 / 0.77 (u05: 1.0 / 2.2),
 * arctan2 0.66 / 1.6 (1.3 / 3.1), power 1.6 / 4.0 (2.3 / 5.1), logaddexp 1.4 / 2.6, logaddexp2 1.3 / 2.8.
 *
 * Measured later, AVX2 in brackets:
 *   soft_sign 0.20 (0.28) / 0.41 (0.58)        silu 0.87 (1.2) / 2.0 (2.9)         softplus 1.4 (2.1) / 3.3 (4.4)
 *   elu and selu 0.7 (1.1) / 1.1 (1.7)         gelu 1.4 (2.2) / 3.5 (5.1)          gelu_slope 1.6 (2.3) / 5.0 (7.5)
 *   gelu_tanh 1.0 (1.3) / 3.4 (4.3)            gelu_tanh_slope 1.3 (1.7) / 6.6 (9.3)
 *   floor_divide 0.29 (0.28) / 0.61 (0.58)     fmod 0.29 (0.38) / 0.61 (0.88)      remainder 0.41 (0.47) / 0.83 (1.1)
 * the last two where the quotient fits into one step, while exp took 0.25 (0.34) / 0.70 (0.90). For random bits, while
 * exp took 0.31 (0.84) / 1.1 (2.4):
 *   fmod and remainder 7 (8.5) / 43 (54)       floor_divide 1.1 (1.6) / 1.9 (2.7) */
#ifndef MGK_VMATH_H
#define MGK_VMATH_H

#include "kernels/vmath/vm_activation.h"
#include "kernels/vmath/vm_arcsin.h"
#include "kernels/vmath/vm_arctan.h"
#include "kernels/vmath/vm_arctan2.h"
#include "kernels/vmath/vm_area.h"
#include "kernels/vmath/vm_cbrt.h"
#include "kernels/vmath/vm_divide.h"
#include "kernels/vmath/vm_erf.h"
#include "kernels/vmath/vm_erfc.h"
#include "kernels/vmath/vm_exp.h"
#include "kernels/vmath/vm_gauss.h"
#include "kernels/vmath/vm_gelu.h"
#include "kernels/vmath/vm_gelu_slope.h"
#include "kernels/vmath/vm_hyperbolic.h"
#include "kernels/vmath/vm_hypot.h"
#include "kernels/vmath/vm_log.h"
#include "kernels/vmath/vm_log2.h"
#include "kernels/vmath/vm_logaddexp.h"
#include "kernels/vmath/vm_power.h"
#include "kernels/vmath/vm_power_int.h"
#include "kernels/vmath/vm_sigmoid.h"
#include "kernels/vmath/vm_sinc.h"
#include "kernels/vmath/vm_softmax.h"
#include "kernels/vmath/vm_tanh.h"
#include "kernels/vmath/vm_trig.h"

#endif
