/* SPDX-License-Identifier: MIT
 * arctan, arccot and arctan2: the angle of a quotient y/x of numbers >= 0, turned by 0, pi/4 or pi/2 so that what is
 * left has |tan| <= 1/2. Accuracy and special values are in vmath.h. Coefficients: fit/arctan.sollya. */
#ifndef MGK_VM_ARCTAN_H
#define MGK_VM_ARCTAN_H

#include "kernels/vmath/vm_words.h"

/* Hi and lo words of pi/4; their multiples by 2 and 4 are exact. */
#define VM_PIO4_F64    0x1.921fb54442d18p-1
#define VM_PIO4_LO_F64 0x1.1a62633145c07p-55
#define VM_PIO4_F32    0x1.921fb6p-1f
#define VM_PIO4_LO_F32 (-0x1.777a5cp-26f)

/* arctan t = t + t z A(z), z = t^2 <= 1/4. */
MGV_FN mgv_f64 vm_arctan_poly_f64(mgv_f64 z) {
    mgv_f64 p = mgv_set1_f64(-0x1.12b1f69a99d91p-7);
    p = vm_step_f64(p, z, 0x1.840677a525fadp-6);
    p = vm_step_f64(p, z, -0x1.303e2fffb6e02p-5);
    p = vm_step_f64(p, z, 0x1.7809a2b52464ep-5);
    p = vm_step_f64(p, z, -0x1.ac7639c1e3bbep-5);
    p = vm_step_f64(p, z, 0x1.e18376d1dbd04p-5);
    p = vm_step_f64(p, z, -0x1.110c7aaa1c975p-4);
    p = vm_step_f64(p, z, 0x1.3b13617576425p-4);
    p = vm_step_f64(p, z, -0x1.745d1399b5c92p-4);
    p = vm_step_f64(p, z, 0x1.c71c71ab462cp-4);
    p = vm_step_f64(p, z, -0x1.249249245427ep-3);
    p = vm_step_f64(p, z, 0x1.99999999990ecp-3);
    p = vm_step_f64(p, z, -0x1.5555555555552p-2);
    return p;
}
MGV_FN mgv_f32 vm_arctan_poly_f32(mgv_f32 z) {
    mgv_f32 p = mgv_set1_f32(0x1.403596p-5f);
    p = vm_step_f32(p, z, -0x1.482e7ep-4f);
    p = vm_step_f32(p, z, 0x1.c07aa6p-4f);
    p = vm_step_f32(p, z, -0x1.24509ep-3f);
    p = vm_step_f32(p, z, 0x1.999748p-3f);
    p = vm_step_f32(p, z, -0x1.555552p-2f);
    return p;
}

MGV_FN vm_pair_f32 vm_sum_f32(mgv_f32 a, mgv_f32 b) {
    const mgv_f32 s = mgv_add_f32(a, b), b2 = mgv_sub_f32(s, a), a2 = mgv_sub_f32(s, b2);
    return (vm_pair_f32){s, mgv_add_f32(mgv_sub_f32(a, a2), mgv_sub_f32(b, b2))};
}

/* The angle of (x, y) in two words, for x, y >= 0, not both 0. With 1/2 <= y/x <= 2, y - x is exact and the sum's error
 * is kept; the quotient is corrected by what it leaves. An infinite denominator leaves nothing. */
MGV_FN vm_words vm_angle_f64(mgv_f64 y, mgv_f64 x) {
    const mgv_f64 zero = mgv_set1_f64(0.0), two = mgv_set1_f64(2.0);
    const mgv_b64 steep = mgv_gt_f64(y, mgv_mul_f64(x, two)), flat = mgv_lt_f64(mgv_mul_f64(y, two), x);
    const vm_words sum = vm_sum(x, y);
    const mgv_f64 num = mgv_select_f64(steep, mgv_neg_f64(x), mgv_select_f64(flat, y, mgv_sub_f64(y, x)));
    const mgv_f64 den = mgv_select_f64(steep, y, mgv_select_f64(flat, x, sum.hi));
    const mgv_f64 dl = mgv_select_f64(mgv_or_b64(steep, flat), zero, sum.lo);
    const mgv_f64 inverse = mgv_div_f64(mgv_set1_f64(1.0), den), t = mgv_mul_f64(num, inverse);
    const mgv_f64 rest = mgv_fnma_f64(t, dl, mgv_fnma_f64(t, den, num));
    const mgv_f64 tl =
        mgv_select_f64(mgv_lt_f64(den, mgv_set1_f64((double)INFINITY)), mgv_mul_f64(rest, inverse), zero);
    const mgv_f64 z = mgv_mul_f64(t, t), small = mgv_fma_f64(mgv_mul_f64(t, z), vm_arctan_poly_f64(z), tl);
    const mgv_f64 quarter = mgv_set1_f64(VM_PIO4_F64), quarter_lo = mgv_set1_f64(VM_PIO4_LO_F64);
    const mgv_f64 base = mgv_select_f64(steep, mgv_add_f64(quarter, quarter), mgv_select_f64(flat, zero, quarter));
    const mgv_f64 base_lo =
        mgv_select_f64(steep, mgv_add_f64(quarter_lo, quarter_lo), mgv_select_f64(flat, zero, quarter_lo));
    const mgv_f64 hi = mgv_add_f64(base, t), err = mgv_sub_f64(t, mgv_sub_f64(hi, base));
    return (vm_words){hi, mgv_add_f64(err, mgv_add_f64(base_lo, small))};
}
MGV_FN vm_pair_f32 vm_angle_f32(mgv_f32 y, mgv_f32 x) {
    const mgv_f32 zero = mgv_set1_f32(0.0f), two = mgv_set1_f32(2.0f);
    const mgv_b32 steep = mgv_gt_f32(y, mgv_mul_f32(x, two)), flat = mgv_lt_f32(mgv_mul_f32(y, two), x);
    const vm_pair_f32 sum = vm_sum_f32(x, y);
    const mgv_f32 num = mgv_select_f32(steep, mgv_neg_f32(x), mgv_select_f32(flat, y, mgv_sub_f32(y, x)));
    const mgv_f32 den = mgv_select_f32(steep, y, mgv_select_f32(flat, x, sum.hi));
    const mgv_f32 dl = mgv_select_f32(mgv_or_b32(steep, flat), zero, sum.lo);
    const mgv_f32 inverse = mgv_div_f32(mgv_set1_f32(1.0f), den), t = mgv_mul_f32(num, inverse);
    const mgv_f32 rest = mgv_fnma_f32(t, dl, mgv_fnma_f32(t, den, num));
    const mgv_f32 tl = mgv_select_f32(mgv_lt_f32(den, mgv_set1_f32(INFINITY)), mgv_mul_f32(rest, inverse), zero);
    const mgv_f32 z = mgv_mul_f32(t, t), small = mgv_fma_f32(mgv_mul_f32(t, z), vm_arctan_poly_f32(z), tl);
    const mgv_f32 quarter = mgv_set1_f32(VM_PIO4_F32), quarter_lo = mgv_set1_f32(VM_PIO4_LO_F32);
    const mgv_f32 base = mgv_select_f32(steep, mgv_add_f32(quarter, quarter), mgv_select_f32(flat, zero, quarter));
    const mgv_f32 base_lo =
        mgv_select_f32(steep, mgv_add_f32(quarter_lo, quarter_lo), mgv_select_f32(flat, zero, quarter_lo));
    const mgv_f32 hi = mgv_add_f32(base, t), err = mgv_sub_f32(t, mgv_sub_f32(hi, base));
    return (vm_pair_f32){hi, mgv_add_f32(err, mgv_add_f32(base_lo, small))};
}

MGV_FN mgv_f64 vm_arctan_f64(mgv_f64 x) {
    const mgv_f64 y = vm_words_round(vm_angle_f64(mgv_abs_f64(x), mgv_set1_f64(1.0)));
    return mgv_copysign_f64(y, x);
}
MGV_FN mgv_f32 vm_arctan_f32(mgv_f32 x) {
    const vm_pair_f32 y = vm_angle_f32(mgv_abs_f32(x), mgv_set1_f32(1.0f));
    return mgv_copysign_f32(mgv_add_f32(y.hi, y.lo), x);
}

/* arctan(1/x), pi/2 at both zeros. */
MGV_FN mgv_f64 vm_arccot_f64(mgv_f64 x) {
    const mgv_f64 y = vm_words_round(vm_angle_f64(mgv_set1_f64(1.0), mgv_abs_f64(x))), zero = mgv_set1_f64(0.0);
    return mgv_copysign_f64(y, mgv_add_f64(x, zero));
}
MGV_FN mgv_f32 vm_arccot_f32(mgv_f32 x) {
    const vm_pair_f32 y = vm_angle_f32(mgv_set1_f32(1.0f), mgv_abs_f32(x));
    return mgv_copysign_f32(mgv_add_f32(y.hi, y.lo), mgv_add_f32(x, mgv_set1_f32(0.0f)));
}

#endif
