/* SPDX-License-Identifier: MIT
 * The inverses of the hyperbolic functions. All are the logarithm of a quotient u = 2^e v with v near 1:
 *   ln u = e ln2 + 2 atanh(t/2), t = 2 (v - 1)/(v + 1),
 * and where e = 0 t is found without subtracting: asinh 2a/(1 + s), acosh 2s/(1 + x), atanh 2a, acoth 2/a, acsch 2/(a +
 * s), where s is the square root at hand. f64 has v - 1 and v + 1 in double words and one division for both the root's
 * low word and t; f32 is computed in plain f64. Accuracy and special values are in vmath.h. Coefficients:
 * fit/area.sollya. */
#ifndef MGK_VM_AREA_H
#define MGK_VM_AREA_H

#include "kernels/vmath/vm_log2.h"
#include "kernels/vmath/vm_words.h"

/* The binary exponent of a quotient: e, and 2^-e. */
typedef struct vm_quotient_exponent {
    mgv_f64 e, down;
    mgv_b64 none; /* e = 0 */
} vm_quotient_exponent;

MGV_FN vm_quotient_exponent vm_exponent_of_bits(mgv_i64 i) {
    const mgv_i64 power = mgv_andnot_i64(i, mgv_set1_i64(0xfffffffffffff));
    const mgv_f64 e = vm_exponent_f64(i);
    const mgv_f64 down = mgv_frombits_f64(mgv_sub_i64(mgv_bits_f64(mgv_set1_f64(1.0)), power));
    return (vm_quotient_exponent){e, down, mgv_eq_i64(power, mgv_set1_i64(0))};
}

/* u 2^-e in [sqrt 1/2, sqrt 2): the constant has the bits of sqrt 1/2. */
MGV_FN vm_quotient_exponent vm_exponent_of(mgv_f64 u) {
    return vm_exponent_of_bits(mgv_sub_i64(mgv_bits_f64(u), mgv_set1_i64(0x3fe6a09e667f3bcd)));
}
/* a/b 2^-e in [2/3, 3/2] and a little: the difference of the bits is the logarithm, roughly. */
MGV_FN vm_quotient_exponent vm_exponent_of_quotient(mgv_f64 a, mgv_f64 b) {
    const mgv_i64 i = mgv_sub_i64(mgv_bits_f64(a), mgv_bits_f64(b));
    return vm_exponent_of_bits(mgv_add_i64(i, mgv_set1_i64((int64_t)1 << 51)));
}

/* ---- f32 in f64 -------------------------------------------------------------------------------------------------- */

/* e ln2 + 2 atanh(t/2), |t| <= 0.401: error 2^-33.5. */
MGV_FN mgv_f64 vm_area_narrow(mgv_f64 e, mgv_f64 t) {
    const mgv_f64 t2 = mgv_mul_f64(t, t);
    mgv_f64 p = mgv_set1_f64(0x1.e6949165819c8p-12);
    p = vm_step_f64(p, t2, 0x1.242b4850dd031p-9);
    p = vm_step_f64(p, t2, 0x1.999a6fce6fba7p-7);
    p = vm_step_f64(p, t2, 0x1.55555532973aap-4);
    return mgv_fma_f64(e, mgv_set1_f64(VM_LN2_HI_F64), mgv_fma_f64(mgv_mul_f64(t2, t), p, t));
}

/* ln u from u, where t = top / (bottom / 2) if u is near 1. */
MGV_FN mgv_f64 vm_area_of_sum_narrow(mgv_f64 u, mgv_f64 top, mgv_f64 bottom) {
    const mgv_f64 half = mgv_set1_f64(0.5), one = mgv_set1_f64(1.0);
    const vm_quotient_exponent q = vm_exponent_of(u);
    const mgv_f64 f = mgv_fma_f64(u, q.down, mgv_set1_f64(-1.0));
    const mgv_f64 n = mgv_select_f64(q.none, top, f);
    const mgv_f64 d = mgv_select_f64(q.none, mgv_mul_f64(bottom, half), mgv_fma_f64(f, half, one));
    return vm_area_narrow(q.e, mgv_div_f64(n, d));
}

MGV_FN mgv_f64 vm_arcsinh_narrow(mgv_f64 x) {
    const mgv_f64 one = mgv_set1_f64(1.0), a = mgv_abs_f64(x), s = mgv_sqrt_f64(mgv_fma_f64(a, a, one));
    const mgv_f64 y = vm_area_of_sum_narrow(mgv_add_f64(a, s), a, mgv_add_f64(one, s));
    return mgv_copysign_f64(mgv_select_f64(mgv_lt_f64(a, mgv_set1_f64((double)INFINITY)), y, a), x);
}
MGV_FN mgv_f64 vm_arccosh_narrow(mgv_f64 x) {
    const mgv_f64 one = mgv_set1_f64(1.0), s = mgv_sqrt_f64(mgv_fma_f64(x, x, mgv_set1_f64(-1.0)));
    const mgv_f64 y = vm_area_of_sum_narrow(mgv_add_f64(x, s), s, mgv_add_f64(one, x));
    const mgv_f64 in = mgv_select_f64(mgv_ge_f64(x, one), y, mgv_set1_f64((double)NAN));
    return mgv_select_f64(mgv_lt_f64(x, mgv_set1_f64((double)INFINITY)), in, x);
}

/* Half of ln(n/d), where 1 <= d <= n or 0 <= d <= 1 <= n, and t = top / (bottom / 2) if they are near each other. */
MGV_FN mgv_f64 vm_area_of_quotient_narrow(mgv_f64 n, mgv_f64 d, mgv_f64 top, mgv_f64 half_bottom) {
    const mgv_f64 half = mgv_set1_f64(0.5);
    const vm_quotient_exponent q = vm_exponent_of_quotient(n, d);
    const mgv_f64 m = mgv_mul_f64(n, q.down);
    const mgv_f64 up = mgv_select_f64(q.none, top, mgv_sub_f64(m, d));
    const mgv_f64 down = mgv_select_f64(q.none, half_bottom, mgv_mul_f64(half, mgv_add_f64(m, d)));
    return mgv_mul_f64(half, vm_area_narrow(q.e, mgv_div_f64(up, down)));
}

/* inf at 1, NaN beyond (above for atanh, below for acoth); the sign of x. */
MGV_FN mgv_f64 vm_area_poles(mgv_f64 y, mgv_f64 a, mgv_b64 inside, mgv_f64 x) {
    const mgv_f64 inf = mgv_set1_f64((double)INFINITY), nan = mgv_set1_f64((double)NAN);
    const mgv_f64 edge = mgv_select_f64(mgv_eq_f64(a, mgv_set1_f64(1.0)), inf, nan);
    return mgv_copysign_f64(mgv_select_f64(inside, y, edge), x);
}
MGV_FN mgv_f64 vm_arctanh_narrow(mgv_f64 x) {
    const mgv_f64 one = mgv_set1_f64(1.0), a = mgv_abs_f64(x);
    const mgv_f64 y = vm_area_of_quotient_narrow(mgv_add_f64(one, a), mgv_sub_f64(one, a), mgv_add_f64(a, a), one);
    return vm_area_poles(y, a, mgv_lt_f64(a, one), x);
}
MGV_FN mgv_f64 vm_arccoth_narrow(mgv_f64 x) {
    const mgv_f64 one = mgv_set1_f64(1.0), a = mgv_abs_f64(x);
    const mgv_f64 y = vm_area_of_quotient_narrow(mgv_add_f64(a, one), mgv_sub_f64(a, one), mgv_set1_f64(2.0), a);
    return vm_area_poles(y, a, mgv_gt_f64(a, one), x);
}

/* asinh(1/x) = ln((1 + s)/a); infinite at 0. */
MGV_FN mgv_f64 vm_arccsch_narrow(mgv_f64 x) {
    const mgv_f64 one = mgv_set1_f64(1.0), half = mgv_set1_f64(0.5), a = mgv_abs_f64(x);
    const mgv_f64 s = mgv_sqrt_f64(mgv_fma_f64(a, a, one)), n = mgv_add_f64(one, s);
    const vm_quotient_exponent q = vm_exponent_of_quotient(n, a);
    const mgv_f64 m = mgv_mul_f64(n, q.down);
    const mgv_f64 up = mgv_select_f64(q.none, one, mgv_sub_f64(m, a));
    const mgv_f64 down = mgv_mul_f64(half, mgv_add_f64(a, mgv_select_f64(q.none, s, m)));
    const mgv_f64 y = vm_area_narrow(q.e, mgv_div_f64(up, down)), inf = mgv_set1_f64((double)INFINITY);
    return mgv_copysign_f64(mgv_select_f64(mgv_eq_f64(a, mgv_set1_f64(0.0)), inf, y), x);
}
VM_F32_BY_F64(arcsinh, vm_arcsinh_narrow)
VM_F32_BY_F64(arccosh, vm_arccosh_narrow)
VM_F32_BY_F64(arctanh, vm_arctanh_narrow)
VM_F32_BY_F64(arccoth, vm_arccoth_narrow)
VM_F32_BY_F64(arccsch, vm_arccsch_narrow)

/* ---- f64 in double words ------------------------------------------------------------------------------------------
 */

/* What 2 atanh(t/2) has beyond hi, for t = hi + lo: relative error of the series 2^-60.2. */
MGV_FN mgv_f64 vm_area_rest_f64(vm_words t) {
    const mgv_f64 t2 = mgv_mul_f64(t.hi, t.hi), t4 = mgv_mul_f64(t2, t2);
    mgv_f64 odd = mgv_set1_f64(0x1.17028655c837fp-20);
    odd = vm_step_f64(odd, t4, 0x1.3b2a98ff6f0c3p-16);
    odd = vm_step_f64(odd, t4, 0x1.c71c72f44efb7p-12);
    odd = vm_step_f64(odd, t4, 0x1.999999999a019p-7);
    mgv_f64 even = mgv_set1_f64(0x1.0e7e1d7574ad2p-18);
    even = vm_step_f64(even, t4, 0x1.745ca6afc9bc6p-14);
    even = vm_step_f64(even, t4, 0x1.24924923ca95p-9);
    even = vm_step_f64(even, t4, 0x1.5555555555555p-4);
    const mgv_f64 p = mgv_fma_f64(odd, t2, even);
    return mgv_fma_f64(mgv_mul_f64(t2, t.hi), p, t.lo);
}
MGV_FN mgv_f64 vm_area_f64(mgv_f64 e, vm_words t) { return vm_log_sum_f64(e, t.hi, vm_area_rest_f64(t)); }

/* top / d, where inverse is 1/d.hi, nearly. */
MGV_FN vm_words vm_area_quotient(vm_words top, vm_words d, mgv_f64 inverse) {
    const mgv_f64 hi = mgv_mul_f64(top.hi, inverse);
    const mgv_f64 rest = mgv_add_f64(mgv_fnma_f64(hi, d.hi, top.hi), mgv_fnma_f64(hi, d.lo, top.lo));
    return (vm_words){hi, mgv_mul_f64(rest, inverse)};
}

/* A root s = hi + rest/(2 hi) whose rest has not been divided yet. */
typedef struct vm_root {
    mgv_f64 hi, rest;
} vm_root;

MGV_FN vm_root vm_root_of(vm_words v) {
    const mgv_f64 s = mgv_sqrt_f64(v.hi);
    return (vm_root){s, mgv_add_f64(mgv_fnma_f64(s, s, v.hi), v.lo)};
}

/* ln u for u = 2^e (sum + s.lo), where t = (top + top_root s.lo) / (half + s.lo bottom_root) if u is near 1. */
MGV_FN mgv_f64 vm_area_of_sum(mgv_f64 extra, vm_words sum, vm_root s, vm_words top, mgv_f64 top_root,
                              vm_words half_bottom, mgv_f64 bottom_root) {
    const mgv_f64 half = mgv_set1_f64(0.5), one = mgv_set1_f64(1.0);
    const vm_quotient_exponent q = vm_exponent_of(sum.hi);
    const mgv_f64 f = mgv_fma_f64(sum.hi, q.down, mgv_set1_f64(-1.0)), fl = mgv_mul_f64(sum.lo, q.down);
    const vm_words half_sum = vm_quick_sum(one, mgv_mul_f64(f, half));
    vm_words n = vm_words_select(q.none, top, (vm_words){f, fl});
    vm_words d = vm_words_select(q.none, half_bottom, (vm_words){half_sum.hi, mgv_fma_f64(fl, half, half_sum.lo)});
    const mgv_f64 both = mgv_div_f64(one, mgv_mul_f64(s.hi, d.hi)), inverse = mgv_mul_f64(both, s.hi);
    const mgv_f64 low = mgv_mul_f64(mgv_mul_f64(s.rest, half), mgv_mul_f64(both, d.hi));
    n.lo = mgv_fma_f64(low, mgv_select_f64(q.none, top_root, q.down), n.lo);
    d.lo = mgv_fma_f64(low, mgv_select_f64(q.none, bottom_root, mgv_mul_f64(q.down, half)), d.lo);
    return vm_area_f64(mgv_add_f64(q.e, extra), vm_area_quotient(n, d, inverse));
}

/* Beyond 2^30 the 1 under the root does not matter, and u = 2a = 2^5 (2^-4 a), whose
 * exponent can be negated. */
#define VM_AREA_BIG   0x1p30
#define VM_AREA_SMALL 0x1p-4
#define VM_AREA_EXTRA 5.0

MGV_FN mgv_f64 vm_arcsinh_f64(mgv_f64 x) {
    const mgv_f64 one = mgv_set1_f64(1.0), zero = mgv_set1_f64(0.0), half = mgv_set1_f64(0.5), a = mgv_abs_f64(x);
    const mgv_b64 big = mgv_gt_f64(a, mgv_set1_f64(VM_AREA_BIG));
    const mgv_f64 in = mgv_select_f64(big, one, a);
    const vm_words square = vm_product(in, in), v = vm_sum(square.hi, one);
    vm_root s = vm_root_of((vm_words){v.hi, mgv_add_f64(v.lo, square.lo)});
    s.rest = mgv_select_f64(big, zero, s.rest);
    const mgv_f64 low = mgv_mul_f64(a, mgv_set1_f64(VM_AREA_SMALL));
    const vm_words sum = vm_words_select(big, (vm_words){low, zero}, vm_quick_sum(s.hi, in));
    const vm_words bottom = vm_words_scale(vm_quick_sum(s.hi, one), half);
    const mgv_f64 y = vm_area_of_sum(mgv_select_f64(big, mgv_set1_f64(VM_AREA_EXTRA), zero), sum, s,
                                     (vm_words){a, zero}, zero, bottom, half);
    return mgv_copysign_f64(mgv_select_f64(mgv_lt_f64(a, mgv_set1_f64((double)INFINITY)), y, a), x);
}

MGV_FN mgv_f64 vm_arccosh_f64(mgv_f64 x) {
    const mgv_f64 one = mgv_set1_f64(1.0), zero = mgv_set1_f64(0.0), half = mgv_set1_f64(0.5);
    const mgv_b64 big = mgv_gt_f64(x, mgv_set1_f64(VM_AREA_BIG));
    const mgv_f64 in = mgv_select_f64(big, mgv_set1_f64(2.0), x);
    const vm_words square = vm_product(in, in), v = vm_quick_sum(square.hi, mgv_set1_f64(-1.0));
    vm_root s = vm_root_of((vm_words){v.hi, mgv_add_f64(v.lo, square.lo)});
    s.rest = mgv_select_f64(big, zero, s.rest);
    const mgv_f64 low = mgv_mul_f64(x, mgv_set1_f64(VM_AREA_SMALL));
    const vm_words sum = vm_words_select(big, (vm_words){low, zero}, vm_quick_sum(in, s.hi));
    const vm_words bottom = vm_words_scale(vm_quick_sum(in, one), half);
    const mgv_f64 y = vm_area_of_sum(mgv_select_f64(big, mgv_set1_f64(VM_AREA_EXTRA), zero), sum, s,
                                     (vm_words){s.hi, zero}, one, bottom, zero);
    const mgv_f64 edge = mgv_select_f64(mgv_eq_f64(x, one), zero, mgv_set1_f64((double)NAN));
    const mgv_f64 finite = mgv_select_f64(mgv_gt_f64(x, one), y, edge);
    return mgv_select_f64(mgv_lt_f64(x, mgv_set1_f64((double)INFINITY)), finite, x);
}

/* Half of ln(n/d), where t = top / half_bottom, both exact, if n and d are near each other. */
MGV_FN mgv_f64 vm_area_of_quotient(vm_words n, vm_words d, mgv_f64 top, mgv_f64 half_bottom) {
    const mgv_f64 one = mgv_set1_f64(1.0), zero = mgv_set1_f64(0.0), half = mgv_set1_f64(0.5);
    const vm_quotient_exponent q = vm_exponent_of_quotient(n.hi, d.hi);
    const vm_words m = vm_words_scale(n, q.down);
    const vm_words difference = {mgv_sub_f64(m.hi, d.hi), mgv_sub_f64(m.lo, d.lo)};
    const vm_words sum = vm_sum(mgv_mul_f64(m.hi, half), mgv_mul_f64(d.hi, half));
    const vm_words both = {sum.hi, mgv_fma_f64(mgv_add_f64(m.lo, d.lo), half, sum.lo)};
    const vm_words up = vm_words_select(q.none, (vm_words){top, zero}, difference);
    const vm_words down = vm_words_select(q.none, (vm_words){half_bottom, zero}, both);
    return mgv_mul_f64(half, vm_area_f64(q.e, vm_area_quotient(up, down, mgv_div_f64(one, down.hi))));
}

MGV_FN mgv_f64 vm_arctanh_f64(mgv_f64 x) {
    const mgv_f64 one = mgv_set1_f64(1.0), a = mgv_abs_f64(x);
    const mgv_f64 y =
        vm_area_of_quotient(vm_quick_sum(one, a), vm_quick_sum(one, mgv_neg_f64(a)), mgv_add_f64(a, a), one);
    return vm_area_poles(y, a, mgv_lt_f64(a, one), x);
}
MGV_FN mgv_f64 vm_arccoth_f64(mgv_f64 x) {
    const mgv_f64 one = mgv_set1_f64(1.0), a = mgv_abs_f64(x);
    const mgv_f64 y =
        vm_area_of_quotient(vm_quick_sum(a, one), vm_quick_sum(a, mgv_set1_f64(-1.0)), mgv_set1_f64(2.0), a);
    const mgv_b64 infinite = mgv_eq_f64(a, mgv_set1_f64((double)INFINITY));
    return vm_area_poles(mgv_select_f64(infinite, mgv_set1_f64(0.0), y), a, mgv_gt_f64(a, one), x);
}

/* Far below 1 a is scaled up, and 2^-128 put back through e; beyond 2^30 t = 1/a. */
MGV_FN mgv_f64 vm_arccsch_f64(mgv_f64 x) {
    const mgv_f64 one = mgv_set1_f64(1.0), zero = mgv_set1_f64(0.0), half = mgv_set1_f64(0.5), a = mgv_abs_f64(x);
    const mgv_b64 big = mgv_gt_f64(a, mgv_set1_f64(VM_AREA_BIG)), small = mgv_lt_f64(a, mgv_set1_f64(0x1p-900));
    const mgv_f64 in = mgv_select_f64(big, mgv_set1_f64(4.0), a);
    const mgv_f64 d = mgv_mul_f64(in, mgv_select_f64(small, mgv_set1_f64(0x1p128), one));
    const vm_words square = vm_product(in, in), v = vm_sum(square.hi, one);
    const vm_root s = vm_root_of((vm_words){v.hi, mgv_add_f64(v.lo, square.lo)});
    const vm_words n = vm_quick_sum(s.hi, one);
    const vm_quotient_exponent q = vm_exponent_of_quotient(n.hi, d);
    const vm_words m = vm_words_scale(n, q.down);
    const vm_words near = vm_quick_sum(s.hi, in), other = vm_sum(m.hi, d);
    const vm_words up = vm_words_select(q.none, (vm_words){one, zero}, (vm_words){mgv_sub_f64(m.hi, d), m.lo});
    vm_words down = vm_words_select(q.none, near, (vm_words){other.hi, mgv_add_f64(other.lo, m.lo)});
    down = vm_words_select(big, (vm_words){a, zero}, vm_words_scale(down, half));
    const mgv_f64 root = mgv_select_f64(big, one, s.hi);
    const mgv_f64 both = mgv_div_f64(one, mgv_mul_f64(root, down.hi)), inverse = mgv_mul_f64(both, root);
    const mgv_f64 low = mgv_mul_f64(mgv_mul_f64(s.rest, half), mgv_mul_f64(both, down.hi));
    const mgv_f64 scale = mgv_select_f64(q.none, one, q.down), used = mgv_select_f64(big, zero, low);
    const vm_words top = {up.hi, mgv_fma_f64(mgv_select_f64(q.none, zero, used), scale, up.lo)};
    down.lo = mgv_fma_f64(mgv_mul_f64(used, half), scale, down.lo);
    const mgv_f64 e = mgv_add_f64(q.e, mgv_select_f64(small, mgv_set1_f64(128.0), zero));
    const mgv_f64 y = vm_area_f64(e, vm_area_quotient(top, down, inverse)), inf = mgv_set1_f64((double)INFINITY);
    const mgv_f64 ends = mgv_select_f64(mgv_eq_f64(a, zero), inf, mgv_select_f64(mgv_eq_f64(a, inf), zero, y));
    return mgv_copysign_f64(ends, x);
}

#endif
