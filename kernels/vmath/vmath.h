/* SPDX-License-Identifier: MIT
 * Vector maths: elementary functions on vectors of the 64-byte vocabulary, written only in it, so that every
 * instruction set gives the same bits. This header is the umbrella and the table of promises; it has no code.
 *
 * vm_<function>_<f32|f64>(x): a lane's result depends on nothing but that lane; branch-free but for the three
 * divisions.
 * vm_<function>_<f32|f64>(x) (elu: also its alpha), branch-free: a lane's result depends on nothing but that lane.
 *
 * LARGEST ERROR: below 1 ULP of the exact value; the measured figures, and where they are reached, are in
 * codegen/accuracy.txt (f32 on all 2^32 inputs, f64 on 10^7 points, random bits, the ranges that matter, both sides of
 * every turning point, and more around the worst of them).
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
 *   tan       sin over cos, f32 in f64, f64 in double words
 *   arctan    0, pi/4 or pi/2 plus arctan(num/den) <= arctan(1/2), in two words
 *   fmod      exact, by steps of 22 (51) bits of the quotient; remainder: fmod(x, y), plus y rounded once
 *   floor_divide  the floor of the exact quotient, rounded once
 *   soft_sign one division, corrected by what it and 1 + |x| leave
 *   silu      x/(1 + exp(-x)); f32 in f64, f64 as sigmoid
 *   softplus  max(x, 0) + log1p(exp(-|x|)); f32 in f64, f64 in double words
 *   elu selu  products with expm1; f32 in f64, f64 in double words. elu(x, alpha); selu is that of the doubles
 *             1.0507009873554805 and 1.6732632423543772
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
 *   sin cos tan  -inf, +inf: NaN   -0: -0 (cos: 1)
 *   arctan   -inf: -pi/2   +inf: pi/2   -0: -0
 *   fmod(x, y)          y = 0 or x infinite: NaN   y infinite: x   0: of x's sign
 *   remainder(x, y)     as fmod, but of y's sign, 0 too; y infinite: x, or y where their signs differ
 *   floor_divide(x, y)  y = 0: x / y   x infinite: NaN   y infinite: 0, or -1 where the signs differ   0: as x / y
 *   soft_sign  odd  +inf: 1    +0: +0
 *   silu     -inf: -0   +inf: inf   +0: +0   -0: -0   vanishes below -108.7 (-751.7)
 *   softplus -inf: +0   +inf: inf   vanishes as exp
 *   elu      -inf: -alpha   +inf: inf   -0: -0; selu likewise
 *
 * ROUGH COST on AVX-512 (AVX2), one core of a busy 2.6 GHz server, ns per element in L1, f32 / f64. SLEEF's u10
 * functions beside them: exp 0.27 / 0.99, expm1 1.18 / 2.4, log 0.53 / 1.21, log1p 0.73 / 1.92, tanh 1.44 / 3.2,
 * sin 0.62 / 1.21, cos 0.68 / 1.42, tan 0.96 / 1.96, arctan 0.88 / 2.3.
 *   exp 0.25 (0.32) / 0.70 (0.92)     expm1 0.38 (0.55) / 0.93 (1.4)     log 0.38 (0.53) / 1.0 (1.4)
 *   log1p 0.37 (0.57) / 0.98 (1.4)    tanh 0.30 (0.58) / 1.4 (1.9)       sigmoid 0.59 (0.72) / 1.4 (2.0)
 *   sin 0.55 (0.72) / 1.0 (1.5)       cos 0.56 (0.85) / 1.0 (1.5)        tan 0.72 (1.1) / 1.6 (2.4)
 *   arctan 0.46 (0.67) / 1.1 (2.1)
 * Measured later, SLEEF's in brackets, AVX-512 alone: exp2 0.20 / 0.60 (0.21 / 0.81), log2 0.40 / 1.1 (0.57 / 1.3),
 * log10 0.43 / 1.2 (0.53 / 1.3), cbrt 0.52 / 1.3 (1.4 / 3.2), sinh 0.76 / 1.1 (1.3 / 2.6), cosh the same, arcsinh 1.1
 * / 2.5 (2.3 / 5.9), arccosh 1.1 / 2.4 (2.1 / 5.4), arctanh 0.94 / 1.5 (1.2 / 3.3). fmod and remainder 0.7 / 1.4, on
 * AVX2 0.9 / 2.1, where the quotient fits into one step, for random bits 13 / 65; floor_divide 0.6 / 1.5, 1.0 / 1.7.
 * Both: soft_sign 0.20 (0.28) / 0.41 (0.58), silu 0.87 (1.2) / 2.0 (2.9), softplus 1.4 (2.1) / 3.3 (4.4), elu and selu
 * 0.7 (1.1) / 1.1 (1.7). */
#ifndef MGK_VMATH_H
#define MGK_VMATH_H

#include "kernels/vmath/vm_activation.h"
#include "kernels/vmath/vm_arctan.h"
#include "kernels/vmath/vm_area.h"
#include "kernels/vmath/vm_cbrt.h"
#include "kernels/vmath/vm_divide.h"
#include "kernels/vmath/vm_exp.h"
#include "kernels/vmath/vm_hyperbolic.h"
#include "kernels/vmath/vm_log.h"
#include "kernels/vmath/vm_log2.h"
#include "kernels/vmath/vm_sigmoid.h"
#include "kernels/vmath/vm_tanh.h"
#include "kernels/vmath/vm_trig.h"

#endif
