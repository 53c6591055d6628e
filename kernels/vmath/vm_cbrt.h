/* SPDX-License-Identifier: MIT
 * cbrt: |x| = 2^(3n) v with v in [3/8, 3), a guess of v^(-1/3) from a polynomial, and steps of Newton's kind whose
 * last residual v - y^3 is exact enough. Accuracy and special values are in vmath.h. Coefficients: fit/cbrt.sollya. */
#ifndef MGK_VM_CBRT_H
#define MGK_VM_CBRT_H

#include "kernels/vmath/vm_log2.h"

#define VM_CBRT_TWO  0x1.428a2f98d728bp0
#define VM_CBRT_HALF 0x1.965fea53d6e3dp-1

/* y + (v - y^3) r^2 / 3, where r is v^(-1/3). y^2 = square + lost exactly. */
MGV_FN mgv_f32 vm_cbrt_last_f32(mgv_f32 v, mgv_f32 y, mgv_f32 r2) {
    const mgv_f32 square = mgv_mul_f32(y, y), less = mgv_fnma_f32(y, y, square);
    const mgv_f32 rest = mgv_fma_f32(less, y, mgv_fnma_f32(square, y, v));
    return mgv_fma_f32(rest, mgv_mul_f32(r2, mgv_set1_f32(0x1.555556p-2f)), y);
}
MGV_FN mgv_f64 vm_cbrt_last_f64(mgv_f64 v, mgv_f64 y, mgv_f64 r2) {
    const mgv_f64 square = mgv_mul_f64(y, y), less = mgv_fnma_f64(y, y, square);
    const mgv_f64 rest = mgv_fma_f64(less, y, mgv_fnma_f64(square, y, v));
    return mgv_fma_f64(rest, mgv_mul_f64(r2, mgv_set1_f64(0x1.5555555555555p-2)), y);
}

/* |x| = 2^e m, m in [3/4, 3/2), e = 3 n + k with k in {-1, 0, 1}, v = 2^k m. The guess is good to 2^-17. Zeros,
 * infinities and NaN are their own roots. */
MGV_FN mgv_f32 vm_cbrt_f32(mgv_f32 x) {
    const mgv_f32 a = mgv_abs_f32(x), magic = mgv_set1_f32(0x1.8p23f);
    const mgv_b32 small = mgv_lt_f32(a, mgv_set1_f32(FLT_MIN));
    const mgv_f32 scaled = mgv_select_f32(small, mgv_mul_f32(a, mgv_set1_f32(0x1p24f)), a);
    const mgv_i32 low = mgv_set1_i32(VM_LOG_LOW_F32), i = mgv_sub_i32(mgv_bits_f32(scaled), low);
    const mgv_f32 m = mgv_frombits_f32(mgv_add_i32(mgv_and_i32(i, mgv_set1_i32(0x7fffff)), low));
    const mgv_f32 e = mgv_cvt_i32_f32(mgv_shr_i32(i, 23));
    const mgv_f32 t = mgv_fma_f32(e, mgv_set1_f32(0x1.555556p-2f), magic);
    const mgv_f32 k = mgv_fnma_f32(mgv_sub_f32(t, magic), mgv_set1_f32(3.0f), e);
    const mgv_b32 up = mgv_gt_f32(k, mgv_set1_f32(0.5f)), down = mgv_lt_f32(k, mgv_set1_f32(-0.5f));
    mgv_f32 r = mgv_set1_f32(-0x1.435492p-4f);
    r = vm_step_f32(r, m, 0x1.15f94ep-1f);
    r = vm_step_f32(r, m, -0x1.8f511ep0f);
    r = vm_step_f32(r, m, 0x1.3784a2p1f);
    r = vm_step_f32(r, m, -0x1.262b3cp1f);
    r = vm_step_f32(r, m, 0x1.f5d6dap0f);
    const mgv_f32 one = mgv_set1_f32(1.0f), two = mgv_set1_f32(2.0f), half = mgv_set1_f32(0.5f);
    const mgv_f32 root_two = mgv_set1_f32((float)VM_CBRT_TWO), root_half = mgv_set1_f32((float)VM_CBRT_HALF);
    const mgv_f32 v = mgv_mul_f32(m, mgv_select_f32(up, two, mgv_select_f32(down, half, one)));
    r = mgv_mul_f32(r, mgv_select_f32(up, root_half, mgv_select_f32(down, root_two, one)));
    const mgv_f32 r2 = mgv_mul_f32(r, r);
    const mgv_f32 y = vm_cbrt_last_f32(v, mgv_mul_f32(v, r2), r2);
    const mgv_i32 offset = mgv_select_i32(small, mgv_set1_i32(8 * (1 << 23)), mgv_set1_i32(0));
    const mgv_f32 root = vm_scale_f32(y, mgv_sub_i32(mgv_shl_i32(mgv_bits_f32(t), 23), offset));
    const mgv_b32 own =
        mgv_or_b32(mgv_eq_f32(x, mgv_set1_f32(0.0f)), mgv_not_b32(mgv_lt_f32(a, mgv_set1_f32(INFINITY))));
    return mgv_select_f32(own, x, mgv_copysign_f32(root, x));
}

/* The guess is brought to 2^-52 by the series of (1 - h)^(-1/3), h = 1 - v r^3. */
MGV_FN mgv_f64 vm_cbrt_f64(mgv_f64 x) {
    const mgv_f64 a = mgv_abs_f64(x), magic = mgv_set1_f64(0x1.8p52), one = mgv_set1_f64(1.0);
    const mgv_b64 small = mgv_lt_f64(a, mgv_set1_f64(DBL_MIN));
    const mgv_f64 scaled = mgv_select_f64(small, mgv_mul_f64(a, mgv_set1_f64(0x1p54)), a);
    const mgv_i64 low = mgv_set1_i64(VM_LOG_LOW_F64), i = mgv_sub_i64(mgv_bits_f64(scaled), low);
    const mgv_f64 m = mgv_frombits_f64(mgv_add_i64(mgv_and_i64(i, mgv_set1_i64(0xfffffffffffff)), low));
    const mgv_f64 e = vm_exponent_f64(i);
    const mgv_f64 t = mgv_fma_f64(e, mgv_set1_f64(0x1.5555555555555p-2), magic);
    const mgv_f64 k = mgv_fnma_f64(mgv_sub_f64(t, magic), mgv_set1_f64(3.0), e);
    const mgv_b64 up = mgv_gt_f64(k, mgv_set1_f64(0.5)), down = mgv_lt_f64(k, mgv_set1_f64(-0.5));
    mgv_f64 r = mgv_set1_f64(-0x1.43524592e53a6p-4);
    r = vm_step_f64(r, m, 0x1.15f7cc92cadacp-1);
    r = vm_step_f64(r, m, -0x1.8f4f959c076f2p0);
    r = vm_step_f64(r, m, 0x1.3783e0d08e919p1);
    r = vm_step_f64(r, m, -0x1.262ae08172644p1);
    r = vm_step_f64(r, m, 0x1.f5d6b8df1ca31p0);
    const mgv_f64 two = mgv_set1_f64(2.0), half = mgv_set1_f64(0.5);
    const mgv_f64 root_two = mgv_set1_f64(VM_CBRT_TWO), root_half = mgv_set1_f64(VM_CBRT_HALF);
    const mgv_f64 v = mgv_mul_f64(m, mgv_select_f64(up, two, mgv_select_f64(down, half, one)));
    r = mgv_mul_f64(r, mgv_select_f64(up, root_half, mgv_select_f64(down, root_two, one)));
    const mgv_f64 h = mgv_fnma_f64(mgv_mul_f64(v, r), mgv_mul_f64(r, r), one);
    const mgv_f64 series = vm_step_f64(mgv_set1_f64(0x1.c71c71c71c71cp-3), h, 0x1.5555555555555p-2);
    r = mgv_fma_f64(mgv_mul_f64(r, h), series, r);
    const mgv_f64 r2 = mgv_mul_f64(r, r);
    const mgv_f64 y = vm_cbrt_last_f64(v, mgv_mul_f64(v, r2), r2);
    const mgv_i64 offset = mgv_select_i64(small, mgv_set1_i64((int64_t)18 << 52), mgv_set1_i64(0));
    const mgv_f64 root = vm_scale_f64(y, mgv_sub_i64(mgv_shl_i64(mgv_bits_f64(t), 52), offset));
    const mgv_b64 own =
        mgv_or_b64(mgv_eq_f64(x, mgv_set1_f64(0.0)), mgv_not_b64(mgv_lt_f64(a, mgv_set1_f64((double)INFINITY))));
    return mgv_select_f64(own, x, mgv_copysign_f64(root, x));
}

#endif
