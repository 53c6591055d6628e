/* SPDX-License-Identifier: MIT
 * hypot: the root of x^2 + y^2, both squares and their sum with their rounding errors, after scaling by a power of two
 * where a square would overflow or vanish. Accuracy and special values are in vmath.h. */
#ifndef MGK_VM_HYPOT_H
#define MGK_VM_HYPOT_H

#include "kernels/vmath/vm_base.h"

/* The sum of squares loses half a unit in its last place, which is 0.36 of the root's at most. */
MGV_FN mgv_f32 vm_hypot_f32(mgv_f32 x, mgv_f32 y) {
    const mgv_f32 one = mgv_set1_f32(1.0f), inf = mgv_set1_f32(INFINITY), a = mgv_abs_f32(x), b = mgv_abs_f32(y);
    const mgv_f32 large = mgv_set1_f32(0x1p60f), little = mgv_set1_f32(0x1p-40f);
    const mgv_b32 big = mgv_or_b32(mgv_gt_f32(a, large), mgv_gt_f32(b, large));
    const mgv_b32 small = mgv_and_b32(mgv_lt_f32(a, little), mgv_lt_f32(b, little));
    const mgv_f32 scale =
        mgv_select_f32(big, mgv_set1_f32(0x1p-70f), mgv_select_f32(small, mgv_set1_f32(0x1p100f), one));
    const mgv_f32 back =
        mgv_select_f32(big, mgv_set1_f32(0x1p70f), mgv_select_f32(small, mgv_set1_f32(0x1p-100f), one));
    const mgv_f32 u = mgv_mul_f32(x, scale), v = mgv_mul_f32(y, scale), uu = mgv_mul_f32(u, u), vv = mgv_mul_f32(v, v);
    const mgv_f32 sum = mgv_add_f32(uu, vv), v2 = mgv_sub_f32(sum, uu), u2 = mgv_sub_f32(sum, v2);
    const mgv_f32 less = mgv_add_f32(mgv_fnma_f32(u, u, uu), mgv_fnma_f32(v, v, vv));
    const mgv_f32 err = mgv_sub_f32(mgv_add_f32(mgv_sub_f32(uu, u2), mgv_sub_f32(vv, v2)), less);
    const mgv_f32 r = mgv_mul_f32(mgv_sqrt_f32(mgv_add_f32(sum, err)), back);
    return mgv_select_f32(mgv_or_b32(mgv_eq_f32(a, inf), mgv_eq_f32(b, inf)), inf, r);
}

MGV_FN mgv_f64 vm_hypot_f64(mgv_f64 x, mgv_f64 y) {
    const mgv_f64 one = mgv_set1_f64(1.0), inf = mgv_set1_f64((double)INFINITY);
    const mgv_f64 a = mgv_abs_f64(x), b = mgv_abs_f64(y);
    const mgv_f64 large = mgv_set1_f64(0x1p500), little = mgv_set1_f64(0x1p-400);
    const mgv_b64 big = mgv_or_b64(mgv_gt_f64(a, large), mgv_gt_f64(b, large));
    const mgv_b64 small = mgv_and_b64(mgv_lt_f64(a, little), mgv_lt_f64(b, little));
    const mgv_f64 scale =
        mgv_select_f64(big, mgv_set1_f64(0x1p-600), mgv_select_f64(small, mgv_set1_f64(0x1p600), one));
    const mgv_f64 back = mgv_select_f64(big, mgv_set1_f64(0x1p600), mgv_select_f64(small, mgv_set1_f64(0x1p-600), one));
    const mgv_f64 u = mgv_mul_f64(x, scale), v = mgv_mul_f64(y, scale), uu = mgv_mul_f64(u, u), vv = mgv_mul_f64(v, v);
    const mgv_f64 sum = mgv_add_f64(uu, vv), v2 = mgv_sub_f64(sum, uu), u2 = mgv_sub_f64(sum, v2);
    const mgv_f64 less = mgv_add_f64(mgv_fnma_f64(u, u, uu), mgv_fnma_f64(v, v, vv));
    const mgv_f64 err = mgv_sub_f64(mgv_add_f64(mgv_sub_f64(uu, u2), mgv_sub_f64(vv, v2)), less);
    const mgv_f64 r = mgv_mul_f64(mgv_sqrt_f64(mgv_add_f64(sum, err)), back);
    return mgv_select_f64(mgv_or_b64(mgv_eq_f64(a, inf), mgv_eq_f64(b, inf)), inf, r);
}

#endif
