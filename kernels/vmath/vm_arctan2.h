/* SPDX-License-Identifier: MIT
 * arctan2: the smaller n of |y| and |x| over the larger d, or (n - d)/(n + d) if that is nearer to 0, corrected by what
 * the division left; the polynomial of arctan; and the eighths of a turn put back in two words. Accuracy and special
 * values are in vmath.h. */
#ifndef MGK_VM_ARCTAN2_H
#define MGK_VM_ARCTAN2_H

#include "kernels/vmath/vm_arctan.h"

/* pi/4 in f32 with a high word of 22 bits, so that it times 3 is exact; in f64 VM_PIO4_F64 times 3 is. */
#define VM_EIGHTH_F32    0x1.921fb8p-1f
#define VM_EIGHTH_LO_F32 (-0x1.5dde98p-24f)

/* Both operands are scaled so that the inverse of the denominator and what the quotient leaves are exact enough; the
 * little that is added to the denominator is lost unless that is 0. Of an infinite one nothing is left. */
MGV_FN mgv_f32 vm_arctan2_f32(mgv_f32 y, mgv_f32 x) {
    const mgv_f32 zero = mgv_set1_f32(0.0f), one = mgv_set1_f32(1.0f), inf = mgv_set1_f32(INFINITY);
    const mgv_f32 a = mgv_abs_f32(y), b = mgv_abs_f32(x);
    const mgv_b32 steep = mgv_gt_f32(a, b);
    const mgv_f32 small = mgv_select_f32(steep, b, a), large = mgv_select_f32(steep, a, b);
    const mgv_b32 both = mgv_and_b32(mgv_eq_f32(a, inf), mgv_eq_f32(b, inf));
    const mgv_f32 scale =
        mgv_select_f32(mgv_gt_f32(large, mgv_set1_f32(0x1p30f)), mgv_set1_f32(0x1p-4f), mgv_set1_f32(0x1p64f));
    const mgv_f32 n = mgv_select_f32(both, one, mgv_mul_f32(small, scale));
    const mgv_f32 d = mgv_select_f32(both, one, mgv_fma_f32(large, scale, mgv_set1_f32(0x1p-115f)));
    const mgv_b32 fold = mgv_gt_f32(mgv_add_f32(n, n), d);
    const mgv_f32 sum = mgv_add_f32(d, n);
    const mgv_f32 top = mgv_select_f32(fold, mgv_sub_f32(n, d), n), bottom = mgv_select_f32(fold, sum, d);
    const mgv_f32 low = mgv_select_f32(fold, mgv_sub_f32(n, mgv_sub_f32(sum, d)), zero);
    const mgv_f32 inverse = mgv_div_f32(one, bottom), t = mgv_mul_f32(top, inverse), z = mgv_mul_f32(t, t);
    const mgv_f32 rest = mgv_mul_f32(mgv_fnma_f32(t, low, mgv_fnma_f32(t, bottom, top)), inverse);
    const mgv_f32 left = mgv_select_f32(mgv_eq_f32(bottom, inf), zero, rest);
    const mgv_f32 gain = mgv_fnma_f32(left, z, left); /* left / (1 + z) */
    const mgv_f32 part = mgv_fma_f32(mgv_mul_f32(t, z), vm_arctan_poly_f32(z), gain);
    const mgv_f32 side = mgv_copysign_f32(one, x), turn = mgv_select_f32(steep, mgv_neg_f32(side), side);
    const mgv_f32 west = mgv_sub_f32(mgv_set1_f32(2.0f), mgv_add_f32(side, side));
    const mgv_f32 axis = mgv_select_f32(steep, mgv_set1_f32(2.0f), west);
    const mgv_f32 eighths = mgv_select_f32(fold, mgv_add_f32(axis, turn), axis);
    const mgv_f32 base = mgv_mul_f32(eighths, mgv_set1_f32(VM_EIGHTH_F32)), hi = mgv_fma_f32(turn, t, base);
    const mgv_f32 err = mgv_fma_f32(turn, t, mgv_sub_f32(base, hi));
    const mgv_f32 lo = mgv_fma_f32(turn, part, mgv_fma_f32(eighths, mgv_set1_f32(VM_EIGHTH_LO_F32), err));
    return mgv_copysign_f32(mgv_add_f32(hi, lo), y);
}

MGV_FN mgv_f64 vm_arctan2_f64(mgv_f64 y, mgv_f64 x) {
    const mgv_f64 zero = mgv_set1_f64(0.0), one = mgv_set1_f64(1.0), inf = mgv_set1_f64((double)INFINITY);
    const mgv_f64 a = mgv_abs_f64(y), b = mgv_abs_f64(x);
    const mgv_b64 steep = mgv_gt_f64(a, b);
    const mgv_f64 small = mgv_select_f64(steep, b, a), large = mgv_select_f64(steep, a, b);
    const mgv_b64 both = mgv_and_b64(mgv_eq_f64(a, inf), mgv_eq_f64(b, inf));
    const mgv_f64 scale =
        mgv_select_f64(mgv_gt_f64(large, mgv_set1_f64(0x1p500)), mgv_set1_f64(0x1p-4), mgv_set1_f64(0x1p520));
    const mgv_f64 n = mgv_select_f64(both, one, mgv_mul_f64(small, scale));
    const mgv_f64 d = mgv_select_f64(both, one, mgv_fma_f64(large, scale, mgv_set1_f64(0x1p-620)));
    const mgv_b64 fold = mgv_gt_f64(mgv_add_f64(n, n), d);
    const mgv_f64 sum = mgv_add_f64(d, n);
    const mgv_f64 top = mgv_select_f64(fold, mgv_sub_f64(n, d), n), bottom = mgv_select_f64(fold, sum, d);
    const mgv_f64 low = mgv_select_f64(fold, mgv_sub_f64(n, mgv_sub_f64(sum, d)), zero);
    const mgv_f64 inverse = mgv_div_f64(one, bottom), t = mgv_mul_f64(top, inverse), z = mgv_mul_f64(t, t);
    const mgv_f64 rest = mgv_mul_f64(mgv_fnma_f64(t, low, mgv_fnma_f64(t, bottom, top)), inverse);
    const mgv_f64 left = mgv_select_f64(mgv_eq_f64(bottom, inf), zero, rest);
    const mgv_f64 gain = mgv_fnma_f64(left, z, left); /* left / (1 + z) */
    const mgv_f64 part = mgv_fma_f64(mgv_mul_f64(t, z), vm_arctan_poly_f64(z), gain);
    const mgv_f64 side = mgv_copysign_f64(one, x), turn = mgv_select_f64(steep, mgv_neg_f64(side), side);
    const mgv_f64 west = mgv_sub_f64(mgv_set1_f64(2.0), mgv_add_f64(side, side));
    const mgv_f64 axis = mgv_select_f64(steep, mgv_set1_f64(2.0), west);
    const mgv_f64 eighths = mgv_select_f64(fold, mgv_add_f64(axis, turn), axis);
    const mgv_f64 base = mgv_mul_f64(eighths, mgv_set1_f64(VM_PIO4_F64)), hi = mgv_fma_f64(turn, t, base);
    const mgv_f64 err = mgv_fma_f64(turn, t, mgv_sub_f64(base, hi));
    const mgv_f64 lo = mgv_fma_f64(turn, part, mgv_fma_f64(eighths, mgv_set1_f64(VM_PIO4_LO_F64), err));
    return mgv_copysign_f64(mgv_add_f64(hi, lo), y);
}

#endif
