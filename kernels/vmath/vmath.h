/* SPDX-License-Identifier: MIT
 * Vector maths: elementary functions on vectors of the 64-byte vocabulary, written only in it, so that every
 * instruction set gives the same bits. This header is the umbrella and the table of promises; it has no code.
 *
 * vm_<function>_<f32|f64>(x), branch-free: a lane's result depends on nothing but that lane.
 *
 * LARGEST ERROR: below 1 ULP of the exact value; the measured figures, and where they are reached, are in
 * codegen/accuracy.txt (f32 on all 2^32 inputs, f64 on 10^7 points, random bits, the ranges that matter, both sides of
 * every turning point, and more around the worst of them).
 *   exp       2^n p(r), Horner
 *   expm1     2^n (expm1(r) + 1 - 2^-n), sum kept exact
 *   log       e ln2 + p(f); f64 by f/(2+f)
 *   log1p     the same from x itself
 *   tanh      f32 14 polynomials; f64 expm1, double words
 *   sigmoid   exp(-|x|) in double words, one division
 *   sin, cos  f32 in f64, |r| <= pi/2; f64 |r| <= pi/4 in two words; huge arguments by a table of 2/pi
 *   tan       sin over cos, f32 in f64, f64 in double words
 *   arctan    0, pi/4 or pi/2 plus arctan(num/den) <= arctan(1/2), in two words
 * Domain: all of the type; subnormal arguments and results included, nothing is flushed. Exception flags: no promise.
 *
 * SPECIAL VALUES (C's Annex F; NaN of any payload gives NaN):
 *   exp      -inf: +0   +inf: inf   x > 88.72 (709.78): inf   x < -103.97 (-745.13): +0
 *   expm1    -inf: -1   +inf: inf   -0: -0   overflows as exp
 *   log      -0, +0: -inf   x < 0: NaN   +inf: inf   1: +0
 *   log1p    -1: -inf   x < -1: NaN   +inf: inf   -0: -0
 *   tanh     -inf: -1   +inf: 1   -0: -0
 *   sigmoid  -inf: +0   +inf: 1   0: 0.5   subnormal below -87.3 (-708.4), +0 below -103.97 (-745.13)
 *   sin cos tan  -inf, +inf: NaN   -0: -0 (cos: 1)
 *   arctan   -inf: -pi/2   +inf: pi/2   -0: -0
 *
 * ROUGH COST on AVX-512 (AVX2), one core of a busy 2.6 GHz server, ns per element in L1, f32 / f64. SLEEF's u10
 * functions beside them: exp 0.27 / 0.99, expm1 1.18 / 2.4, log 0.53 / 1.21, log1p 0.73 / 1.92, tanh 1.44 / 3.2,
 * sin 0.62 / 1.21, cos 0.68 / 1.42, tan 0.96 / 1.96, arctan 0.88 / 2.3.
 *   exp 0.25 (0.32) / 0.70 (0.92)     expm1 0.38 (0.55) / 0.93 (1.4)     log 0.38 (0.53) / 1.0 (1.4)
 *   log1p 0.37 (0.57) / 0.98 (1.4)    tanh 0.30 (0.58) / 1.4 (1.9)       sigmoid 0.59 (0.72) / 1.4 (2.0)
 *   sin 0.55 (0.72) / 1.0 (1.5)       cos 0.56 (0.85) / 1.0 (1.5)        tan 0.72 (1.1) / 1.6 (2.4)
 *   arctan 0.46 (0.67) / 1.1 (2.1) */
#ifndef MGK_VMATH_H
#define MGK_VMATH_H

#include "kernels/vmath/vm_arctan.h"
#include "kernels/vmath/vm_exp.h"
#include "kernels/vmath/vm_log.h"
#include "kernels/vmath/vm_sigmoid.h"
#include "kernels/vmath/vm_tanh.h"
#include "kernels/vmath/vm_trig.h"

#endif
