/* SPDX-License-Identifier: MIT
 * log and log1p: the argument is 2^e (1 + f) with f in [-0.25, 0.5), and both end in the same log(1 + f) + e ln2.
 * Accuracy and special values are in vmath.h. Coefficients: fit/log.sollya. */
#ifndef MGK_VM_LOG_H
#define MGK_VM_LOG_H

#include "kernels/vmath/vm_base.h"

/* The lower end of 1 + f: bits of 0.75. With it the f of log1p is exact. */
#define VM_LOG_LOW_F32 0x3f400000
#define VM_LOG_LOW_F64 0x3fe8000000000000

/* e ln2 + f + t, where t = log(1 + f) - f. |e ln2| > |f| unless e = 0, so the first sum's error is exact. */
MGV_FN mgv_f32 vm_log_sum_f32(mgv_f32 e, mgv_f32 f, mgv_f32 t) {
    const mgv_f32 hi = mgv_set1_f32(VM_LN2_HI_F32);
    const mgv_f32 sum = mgv_fma_f32(e, hi, f);
    const mgv_f32 err = mgv_sub_f32(f, mgv_fnma_f32(e, hi, sum));
    return mgv_add_f32(sum, mgv_add_f32(t, mgv_fma_f32(e, mgv_set1_f32(VM_LN2_LO_F32), err)));
}
MGV_FN mgv_f64 vm_log_sum_f64(mgv_f64 e, mgv_f64 f, mgv_f64 t) {
    const mgv_f64 hi = mgv_set1_f64(VM_LN2_HI_F64);
    const mgv_f64 sum = mgv_fma_f64(e, hi, f);
    const mgv_f64 err = mgv_sub_f64(f, mgv_fnma_f64(e, hi, sum));
    return mgv_add_f64(sum, mgv_add_f64(t, mgv_fma_f64(e, mgv_set1_f64(VM_LN2_LO_F64), err)));
}

/* log(1 + f) = f - f^2/2 + f^3 p(f): relative error 2^-29.2. */
MGV_FN mgv_f32 vm_log_core_f32(mgv_f32 e, mgv_f32 f) {
    const mgv_f32 f2 = mgv_mul_f32(f, f);
    mgv_f32 even = mgv_set1_f32(0x1.28536ap-5f);
    even = vm_step_f32(even, f2, 0x1.df886ep-4f);
    even = vm_step_f32(even, f2, 0x1.247666p-3f);
    even = vm_step_f32(even, f2, 0x1.9995aep-3f);
    even = vm_step_f32(even, f2, 0x1.55555ep-2f);
    mgv_f32 odd = mgv_set1_f32(-0x1.6fc822p-4f);
    odd = vm_step_f32(odd, f2, -0x1.055798p-3f);
    odd = vm_step_f32(odd, f2, -0x1.550d7ep-3f);
    odd = vm_step_f32(odd, f2, -0x1.000092p-2f);
    const mgv_f32 p = mgv_fma_f32(odd, f, even);
    return vm_log_sum_f32(e, f, mgv_mul_f32(f2, vm_step_f32(p, f, -0.5f)));
}

/* What log(1 + f) has beyond f. With s = f/(2 + f), z = s^2: log(1 + f) = f - f^2/2 + s (f^2/2 + z r(z)), relative
 * error 2^-60.2. The FMA that subtracts f^2/2 keeps its rounding out of the result. */
MGV_FN mgv_f64 vm_log_rest_f64(mgv_f64 f) {
    const mgv_f64 s = mgv_div_f64(f, mgv_add_f64(f, mgv_set1_f64(2.0)));
    const mgv_f64 z = mgv_mul_f64(s, s), z2 = mgv_mul_f64(z, z);
    const mgv_f64 half = mgv_mul_f64(f, mgv_set1_f64(0.5));
    mgv_f64 odd = mgv_set1_f64(0x1.16d7938b41718p-3);
    odd = vm_step_f64(odd, z2, 0x1.3b2a51e283dc7p-3);
    odd = vm_step_f64(odd, z2, 0x1.c71c72eed08dbp-3);
    odd = vm_step_f64(odd, z2, 0x1.9999999999ffbp-2);
    mgv_f64 even = mgv_set1_f64(0x1.0e83a76438321p-3);
    even = vm_step_f64(even, z2, 0x1.745ca86e23b33p-3);
    even = vm_step_f64(even, z2, 0x1.24924923ce87cp-2);
    even = vm_step_f64(even, z2, 0x1.5555555555555p-1);
    const mgv_f64 r = mgv_fma_f64(odd, z, even);
    const mgv_f64 inner = mgv_mul_f64(s, mgv_fma_f64(z, r, mgv_mul_f64(half, f)));
    return mgv_fnma_f64(half, f, inner);
}
MGV_FN mgv_f64 vm_log_core_f64(mgv_f64 e, mgv_f64 f) { return vm_log_sum_f64(e, f, vm_log_rest_f64(f)); }

/* The value where x, or 1 + x of log1p, is not a positive finite number: x itself for inf and NaN, -inf at the pole,
 * NaN below. */
MGV_FN mgv_f32 vm_log_special_f32(mgv_f32 y, mgv_f32 x, float pole_at) {
    const mgv_f32 pole = mgv_set1_f32(pole_at), inf = mgv_set1_f32(INFINITY);
    const mgv_f32 bad = mgv_select_f32(mgv_eq_f32(x, pole), mgv_neg_f32(inf), mgv_set1_f32(NAN));
    y = mgv_select_f32(mgv_lt_f32(x, inf), y, x);
    return mgv_select_f32(mgv_le_f32(x, pole), bad, y);
}
MGV_FN mgv_f64 vm_log_special_f64(mgv_f64 y, mgv_f64 x, double pole_at) {
    const mgv_f64 pole = mgv_set1_f64(pole_at), inf = mgv_set1_f64((double)INFINITY);
    const mgv_f64 bad = mgv_select_f64(mgv_eq_f64(x, pole), mgv_neg_f64(inf), mgv_set1_f64((double)NAN));
    y = mgv_select_f64(mgv_lt_f64(x, inf), y, x);
    return mgv_select_f64(mgv_le_f64(x, pole), bad, y);
}

/* u = 2^e m with m in [0.75, 1.5), for a normal positive u. back is 2^-e, with its exponent raised by 24 (64) so that
 * it is normal for every e. The f64 exponent is made positive first: not every ISA shifts 64-bit lanes arithmetically.
 */
typedef struct vm_split_f32 {
    mgv_f32 e, m, back;
} vm_split_f32;
typedef struct vm_split_f64 {
    mgv_f64 e, m, back;
} vm_split_f64;

MGV_FN vm_split_f32 vm_split_f32_of(mgv_f32 u) {
    vm_split_f32 a;
    const mgv_i32 low = mgv_set1_i32(VM_LOG_LOW_F32), mantissa = mgv_set1_i32(0x7fffff);
    const mgv_i32 i = mgv_sub_i32(mgv_bits_f32(u), low);
    a.e = mgv_cvt_i32_f32(mgv_shr_i32(i, 23));
    a.m = mgv_frombits_f32(mgv_add_i32(mgv_and_i32(i, mantissa), low));
    a.back = mgv_frombits_f32(mgv_sub_i32(mgv_set1_i32((127 + 24) << 23), mgv_andnot_i32(i, mantissa)));
    return a;
}

MGV_FN vm_split_f64 vm_split_f64_of(mgv_f64 u) {
    vm_split_f64 a;
    const mgv_i64 low = mgv_set1_i64(VM_LOG_LOW_F64), mantissa = mgv_set1_i64(0xfffffffffffff);
    const mgv_i64 i = mgv_sub_i64(mgv_bits_f64(u), mgv_set1_i64(VM_LOG_LOW_F64 - ((int64_t)1024 << 52)));
    const mgv_i64 e = mgv_as_u64_i64(mgv_shr_u64(mgv_as_i64_u64(i), 52));
    const mgv_i64 magic = mgv_bits_f64(mgv_set1_f64(0x1p52));
    a.e = mgv_sub_f64(mgv_frombits_f64(mgv_or_i64(e, magic)), mgv_set1_f64(0x1p52 + 1024));
    a.m = mgv_frombits_f64(mgv_add_i64(mgv_and_i64(i, mantissa), low));
    const mgv_u64 top = mgv_set1_u64((uint64_t)(1023 + 1024 + 64) << 52);
    a.back = mgv_frombits_f64(mgv_as_u64_i64(mgv_sub_u64(top, mgv_as_i64_u64(mgv_andnot_i64(i, mantissa)))));
    return a;
}

/* ln x. Subnormals are scaled up first. */
MGV_FN mgv_f32 vm_log_f32(mgv_f32 x) {
    const mgv_b32 small = mgv_lt_f32(x, mgv_set1_f32(FLT_MIN));
    const mgv_f32 scaled = mgv_select_f32(small, mgv_mul_f32(x, mgv_set1_f32(0x1p24f)), x);
    const mgv_f32 offset = mgv_select_f32(small, mgv_set1_f32(-24.0f), mgv_set1_f32(0.0f));
    const vm_split_f32 a = vm_split_f32_of(scaled);
    const mgv_f32 y = vm_log_core_f32(mgv_add_f32(a.e, offset), mgv_sub_f32(a.m, mgv_set1_f32(1.0f)));
    return vm_log_special_f32(y, x, 0.0f);
}

MGV_FN mgv_f64 vm_log_f64(mgv_f64 x) {
    const mgv_b64 small = mgv_lt_f64(x, mgv_set1_f64(DBL_MIN));
    const mgv_f64 scaled = mgv_select_f64(small, mgv_mul_f64(x, mgv_set1_f64(0x1p54)), x);
    const mgv_f64 offset = mgv_select_f64(small, mgv_set1_f64(-54.0), mgv_set1_f64(0.0));
    const vm_split_f64 a = vm_split_f64_of(scaled);
    const mgv_f64 y = vm_log_core_f64(mgv_add_f64(a.e, offset), mgv_sub_f64(a.m, mgv_set1_f64(1.0)));
    return vm_log_special_f64(y, x, 0.0);
}

/* ln (1 + x). e comes from the rounded 1 + x, but f = x 2^-e + (2^-e - 1) from x itself: exact by Sterbenz for e = 1 (x
 * >= 1/2) and e = -1 (x < -1/4), except for the last x before 1/2 (tested); what is rounded at large e does not matter.
 * The sign of x is put on for -0. */
MGV_FN mgv_f32 vm_log1p_f32(mgv_f32 x) {
    const mgv_f32 one = mgv_set1_f32(1.0f);
    const vm_split_f32 a = vm_split_f32_of(mgv_add_f32(x, one));
    const mgv_f32 s = mgv_mul_f32(a.back, mgv_set1_f32(0x1p-24f));
    const mgv_f32 f = mgv_fma_f32(x, s, mgv_sub_f32(s, one));
    return mgv_copysign_f32(vm_log_special_f32(vm_log_core_f32(a.e, f), x, -1.0f), x);
}

MGV_FN mgv_f64 vm_log1p_f64(mgv_f64 x) {
    const mgv_f64 one = mgv_set1_f64(1.0);
    const vm_split_f64 a = vm_split_f64_of(mgv_add_f64(x, one));
    const mgv_f64 s = mgv_mul_f64(a.back, mgv_set1_f64(0x1p-64));
    const mgv_f64 f = mgv_fma_f64(x, s, mgv_sub_f64(s, one));
    return mgv_copysign_f64(vm_log_special_f64(vm_log_core_f64(a.e, f), x, -1.0), x);
}

#endif
