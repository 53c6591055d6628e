/* SPDX-License-Identifier: MIT
 * arcsin, arccos, arccsc and arcsec: arcsin t by a polynomial for t <= 1/2, else pi/2 - 2 arcsin(sqrt((1 - t)/2)).
 * Accuracy and special values are in vmath.h. Coefficients: fit/arctan.sollya. */
#ifndef MGK_VM_ARCSIN_H
#define MGK_VM_ARCSIN_H

#include "kernels/vmath/vm_arctan.h"

/* arcsin t = t + t z S(z), z = t^2 <= 1/4. */
MGV_FN mgv_f64 vm_arcsin_poly_f64(mgv_f64 z) {
    mgv_f64 p = mgv_set1_f64(0x1.0bb7b2f0e7644p-5);
    p = vm_step_f64(p, z, -0x1.596cfbf2af2c3p-6);
    p = vm_step_f64(p, z, 0x1.64a4dd069ba7bp-6);
    p = vm_step_f64(p, z, 0x1.e27f6641a8208p-9);
    p = vm_step_f64(p, z, 0x1.6178650f6895fp-7);
    p = vm_step_f64(p, z, 0x1.757aa0d824c2p-7);
    p = vm_step_f64(p, z, 0x1.ca20eab934aa8p-7);
    p = vm_step_f64(p, z, 0x1.1c49e16d4636ep-6);
    p = vm_step_f64(p, z, 0x1.6e8bdfbb0af7fp-6);
    p = vm_step_f64(p, z, 0x1.f1c71a8cef866p-6);
    p = vm_step_f64(p, z, 0x1.6db6db72289dap-5);
    p = vm_step_f64(p, z, 0x1.333333332df3bp-4);
    p = vm_step_f64(p, z, 0x1.5555555555578p-3);
    return p;
}
MGV_FN mgv_f32 vm_arcsin_poly_f32(mgv_f32 z) {
    mgv_f32 p = mgv_set1_f32(0x1.34067ep-5f);
    p = vm_step_f32(p, z, 0x1.d7082ap-7f);
    p = vm_step_f32(p, z, 0x1.04b7b2p-5f);
    p = vm_step_f32(p, z, 0x1.6ca9d6p-5f);
    p = vm_step_f32(p, z, 0x1.3338a2p-4f);
    p = vm_step_f32(p, z, 0x1.55554cp-3f);
    return p;
}

/* What a root must not be divided by; nothing beside any other. */
#define VM_ROOT_TINY_F64 0x1p-1000
#define VM_ROOT_TINY_F32 0x1p-120f

/* sqrt(z + zl) in two words. */
MGV_FN vm_words vm_root_f64(mgv_f64 z, mgv_f64 zl) {
    const mgv_f64 s = mgv_sqrt_f64(z), rest = mgv_add_f64(mgv_fnma_f64(s, s, z), zl);
    return (vm_words){s, mgv_div_f64(rest, mgv_fma_f64(s, mgv_set1_f64(2.0), mgv_set1_f64(VM_ROOT_TINY_F64)))};
}

/* arcsin(t + tl) = t + lo; z is about t^2. */
MGV_FN vm_words vm_arcsin_small_f64(mgv_f64 t, mgv_f64 tl, mgv_f64 z) {
    return (vm_words){t, mgv_fma_f64(mgv_mul_f64(t, z), vm_arcsin_poly_f64(z), tl)};
}

/* n pi/2 + f a, rounded, for f = -1, 1 (2) that make the sum's high words n pi/2 the larger one, unless n is 0. */
MGV_FN mgv_f64 vm_right_angles_f64(mgv_f64 n, mgv_f64 f, vm_words a) {
    const mgv_f64 base = mgv_mul_f64(n, mgv_set1_f64(2 * VM_PIO4_F64));
    const mgv_f64 rest = mgv_mul_f64(n, mgv_set1_f64(2 * VM_PIO4_LO_F64));
    const mgv_f64 part = mgv_mul_f64(f, a.hi), hi = mgv_add_f64(base, part);
    const mgv_f64 err = mgv_sub_f64(part, mgv_sub_f64(hi, base));
    return mgv_add_f64(hi, mgv_fma_f64(f, a.lo, mgv_add_f64(err, rest)));
}

/* |x| <= 1/2: x itself; beyond: the root. */
typedef struct vm_arc_f64 {
    mgv_b64 direct;
    vm_words small; /* of |x|, or of the root */
} vm_arc_f64;
MGV_FN vm_arc_f64 vm_arc_of_f64(mgv_f64 a) {
    const mgv_f64 half = mgv_set1_f64(0.5), zero = mgv_set1_f64(0.0);
    const mgv_b64 direct = mgv_le_f64(a, half);
    const mgv_f64 z = mgv_select_f64(direct, mgv_mul_f64(a, a), mgv_fnma_f64(a, half, half));
    const vm_words root = vm_root_f64(z, zero);
    const mgv_f64 t = mgv_select_f64(direct, a, root.hi), tl = mgv_select_f64(direct, zero, root.lo);
    return (vm_arc_f64){direct, vm_arcsin_small_f64(t, tl, z)};
}

/* For the reciprocal functions, |x| = a >= 1: 1/a, or (1 - 1/a)/2 = (a - 1)/(2a), in two words. */
MGV_FN vm_arc_f64 vm_arc_of_inverse_f64(mgv_f64 a) {
    const mgv_f64 one = mgv_set1_f64(1.0), zero = mgv_set1_f64(0.0), inf = mgv_set1_f64((double)INFINITY);
    const mgv_b64 direct = mgv_ge_f64(a, mgv_set1_f64(2.0));
    const mgv_f64 num = mgv_select_f64(direct, one, mgv_sub_f64(a, one));
    const mgv_f64 den = mgv_select_f64(direct, a, mgv_add_f64(a, a)), q = mgv_div_f64(num, den);
    const mgv_f64 ql = mgv_select_f64(mgv_lt_f64(a, inf), mgv_div_f64(mgv_fnma_f64(q, den, num), den), zero);
    const mgv_f64 z = mgv_select_f64(direct, mgv_mul_f64(q, q), q);
    const vm_words root = vm_root_f64(z, ql);
    return (vm_arc_f64){
        direct, vm_arcsin_small_f64(mgv_select_f64(direct, q, root.hi), mgv_select_f64(direct, ql, root.lo), z)};
}

MGV_FN mgv_f64 vm_arcsin_end_f64(vm_arc_f64 a, mgv_f64 x) {
    const mgv_f64 n = mgv_select_f64(a.direct, mgv_set1_f64(0.0), mgv_set1_f64(1.0));
    const mgv_f64 f = mgv_select_f64(a.direct, mgv_set1_f64(1.0), mgv_set1_f64(-2.0));
    return mgv_copysign_f64(vm_right_angles_f64(n, f, a.small), x);
}
MGV_FN mgv_f64 vm_arccos_end_f64(vm_arc_f64 a, mgv_f64 x) {
    const mgv_f64 one = mgv_set1_f64(1.0), two = mgv_set1_f64(2.0), zero = mgv_set1_f64(0.0);
    const mgv_b64 minus = mgv_lt_f64(x, zero);
    const mgv_f64 n = mgv_select_f64(a.direct, one, mgv_select_f64(minus, two, zero));
    const mgv_f64 f = mgv_select_f64(a.direct, mgv_neg_f64(one), two);
    return vm_right_angles_f64(n, mgv_select_f64(minus, mgv_neg_f64(f), f), a.small);
}
MGV_FN vm_pair_f32 vm_root_f32(mgv_f32 z, mgv_f32 zl) {
    const mgv_f32 s = mgv_sqrt_f32(z), rest = mgv_add_f32(mgv_fnma_f32(s, s, z), zl);
    return (vm_pair_f32){s, mgv_div_f32(rest, mgv_fma_f32(s, mgv_set1_f32(2.0f), mgv_set1_f32(VM_ROOT_TINY_F32)))};
}

MGV_FN vm_pair_f32 vm_arcsin_small_f32(mgv_f32 t, mgv_f32 tl, mgv_f32 z) {
    return (vm_pair_f32){t, mgv_fma_f32(mgv_mul_f32(t, z), vm_arcsin_poly_f32(z), tl)};
}

MGV_FN mgv_f32 vm_right_angles_f32(mgv_f32 n, mgv_f32 f, vm_pair_f32 a) {
    const mgv_f32 base = mgv_mul_f32(n, mgv_set1_f32(2 * VM_PIO4_F32));
    const mgv_f32 rest = mgv_mul_f32(n, mgv_set1_f32(2 * VM_PIO4_LO_F32));
    const mgv_f32 part = mgv_mul_f32(f, a.hi), hi = mgv_add_f32(base, part);
    const mgv_f32 err = mgv_sub_f32(part, mgv_sub_f32(hi, base));
    return mgv_add_f32(hi, mgv_fma_f32(f, a.lo, mgv_add_f32(err, rest)));
}

typedef struct vm_arc_f32 {
    mgv_b32 direct;
    vm_pair_f32 small;
} vm_arc_f32;
MGV_FN vm_arc_f32 vm_arc_of_f32(mgv_f32 a) {
    const mgv_f32 half = mgv_set1_f32(0.5f), zero = mgv_set1_f32(0.0f);
    const mgv_b32 direct = mgv_le_f32(a, half);
    const mgv_f32 z = mgv_select_f32(direct, mgv_mul_f32(a, a), mgv_fnma_f32(a, half, half));
    const vm_pair_f32 root = vm_root_f32(z, zero);
    const mgv_f32 t = mgv_select_f32(direct, a, root.hi), tl = mgv_select_f32(direct, zero, root.lo);
    return (vm_arc_f32){direct, vm_arcsin_small_f32(t, tl, z)};
}

MGV_FN vm_arc_f32 vm_arc_of_inverse_f32(mgv_f32 a) {
    const mgv_f32 one = mgv_set1_f32(1.0f), zero = mgv_set1_f32(0.0f), inf = mgv_set1_f32(INFINITY);
    const mgv_b32 direct = mgv_ge_f32(a, mgv_set1_f32(2.0f));
    const mgv_f32 num = mgv_select_f32(direct, one, mgv_sub_f32(a, one));
    const mgv_f32 den = mgv_select_f32(direct, a, mgv_add_f32(a, a)), q = mgv_div_f32(num, den);
    const mgv_f32 ql = mgv_select_f32(mgv_lt_f32(a, inf), mgv_div_f32(mgv_fnma_f32(q, den, num), den), zero);
    const mgv_f32 z = mgv_select_f32(direct, mgv_mul_f32(q, q), q);
    const vm_pair_f32 root = vm_root_f32(z, ql);
    return (vm_arc_f32){
        direct, vm_arcsin_small_f32(mgv_select_f32(direct, q, root.hi), mgv_select_f32(direct, ql, root.lo), z)};
}

MGV_FN mgv_f32 vm_arcsin_end_f32(vm_arc_f32 a, mgv_f32 x) {
    const mgv_f32 n = mgv_select_f32(a.direct, mgv_set1_f32(0.0f), mgv_set1_f32(1.0f));
    const mgv_f32 f = mgv_select_f32(a.direct, mgv_set1_f32(1.0f), mgv_set1_f32(-2.0f));
    return mgv_copysign_f32(vm_right_angles_f32(n, f, a.small), x);
}
MGV_FN mgv_f32 vm_arccos_end_f32(vm_arc_f32 a, mgv_f32 x) {
    const mgv_f32 one = mgv_set1_f32(1.0f), two = mgv_set1_f32(2.0f), zero = mgv_set1_f32(0.0f);
    const mgv_b32 minus = mgv_lt_f32(x, zero);
    const mgv_f32 n = mgv_select_f32(a.direct, one, mgv_select_f32(minus, two, zero));
    const mgv_f32 f = mgv_select_f32(a.direct, mgv_neg_f32(one), two);
    return vm_right_angles_f32(n, mgv_select_f32(minus, mgv_neg_f32(f), f), a.small);
}

MGV_FN mgv_f64 vm_arcsin_f64(mgv_f64 x) { return vm_arcsin_end_f64(vm_arc_of_f64(mgv_abs_f64(x)), x); }
MGV_FN mgv_f64 vm_arccos_f64(mgv_f64 x) { return vm_arccos_end_f64(vm_arc_of_f64(mgv_abs_f64(x)), x); }
MGV_FN mgv_f64 vm_arccsc_f64(mgv_f64 x) { return vm_arcsin_end_f64(vm_arc_of_inverse_f64(mgv_abs_f64(x)), x); }
MGV_FN mgv_f64 vm_arcsec_f64(mgv_f64 x) { return vm_arccos_end_f64(vm_arc_of_inverse_f64(mgv_abs_f64(x)), x); }
MGV_FN mgv_f32 vm_arcsin_f32(mgv_f32 x) { return vm_arcsin_end_f32(vm_arc_of_f32(mgv_abs_f32(x)), x); }
MGV_FN mgv_f32 vm_arccos_f32(mgv_f32 x) { return vm_arccos_end_f32(vm_arc_of_f32(mgv_abs_f32(x)), x); }
MGV_FN mgv_f32 vm_arccsc_f32(mgv_f32 x) { return vm_arcsin_end_f32(vm_arc_of_inverse_f32(mgv_abs_f32(x)), x); }
MGV_FN mgv_f32 vm_arcsec_f32(mgv_f32 x) { return vm_arccos_end_f32(vm_arc_of_inverse_f32(mgv_abs_f32(x)), x); }

#endif
