/* SPDX-License-Identifier: MIT
 * exp, exp2 and expm1: x = n ln2 + r (n + r), a polynomial in r, and 2^n added to the exponent.
 * Accuracy and special values are in vmath.h. Coefficients: fit/exp.sollya, fit/exp2.sollya. */
#ifndef MGK_VM_EXP_H
#define MGK_VM_EXP_H

#include "kernels/vmath/vm_words.h"

/* The largest x with a finite exp(x), and an x whose exp is zero. */
#define VM_EXP_MAX_F32  0x1.62e42ep6f
#define VM_EXP_ZERO_F32 (-104.0f)
#define VM_EXP_MAX_F64  0x1.62e42fefa39efp9
#define VM_EXP_ZERO_F64 (-746.0)
/* Below these exp(x) may be subnormal. */
#define VM_EXP_TINY_F32 (-86.0f)
#define VM_EXP_TINY_F64 (-700.0)

/* q(r) in exp(r) = 1 + r (1 + r q(r)): absolute error 2^-27.6 and 2^-57.5. Even and odd powers apart, for short chains.
 */
MGV_FN mgv_f32 vm_exp_poly_f32(mgv_f32 r) {
    mgv_f32 q = mgv_set1_f32(0x1.6602c8p-10f);
    q = vm_step_f32(q, r, 0x1.123bdep-7f);
    q = vm_step_f32(q, r, 0x1.555f6p-5f);
    q = vm_step_f32(q, r, 0x1.55548ep-3f);
    q = vm_step_f32(q, r, 0x1.fffff2p-2f);
    return q;
}

MGV_FN mgv_f64 vm_exp_poly_f64(mgv_f64 r) {
    mgv_f64 q = mgv_set1_f64(0x1.af85756acaf7cp-26);
    q = vm_step_f64(q, r, 0x1.28afa9b2e2679p-22);
    q = vm_step_f64(q, r, 0x1.71dddfd6d2c65p-19);
    q = vm_step_f64(q, r, 0x1.a019975abf88ap-16);
    q = vm_step_f64(q, r, 0x1.a01a01baddc28p-13);
    q = vm_step_f64(q, r, 0x1.6c16c1854fab1p-10);
    q = vm_step_f64(q, r, 0x1.111111110d645p-7);
    q = vm_step_f64(q, r, 0x1.555555555022ap-5);
    q = vm_step_f64(q, r, 0x1.5555555555561p-3);
    q = vm_step_f64(q, r, 0x1.000000000000bp-1);
    return q;
}

/* q(r) in expm1(r) = r + r^2/2 + r^3 q(r): relative error of expm1 2^-30.5 and 2^-60.8. */
MGV_FN mgv_f32 vm_expm1_poly_f32(mgv_f32 r, mgv_f32 r2) {
    mgv_f32 odd = mgv_set1_f32(0x1.6d2e02p-10f);
    odd = vm_step_f32(odd, r2, 0x1.555502p-5f);
    mgv_f32 even = mgv_set1_f32(0x1.a26758p-13f);
    even = vm_step_f32(even, r2, 0x1.110ff2p-7f);
    even = vm_step_f32(even, r2, 0x1.555556p-3f);
    return mgv_fma_f32(odd, r, even);
}

MGV_FN mgv_f64 vm_expm1_poly_f64(mgv_f64 r, mgv_f64 r2) {
    mgv_f64 even = mgv_set1_f64(0x1.af4eb929639c7p-26);
    even = vm_step_f64(even, r2, 0x1.71de01b5a8f2fp-19);
    even = vm_step_f64(even, r2, 0x1.a01a01ac1b399p-13);
    even = vm_step_f64(even, r2, 0x1.1111111110055p-7);
    even = vm_step_f64(even, r2, 0x1.5555555555557p-3);
    mgv_f64 odd = mgv_set1_f64(0x1.1f32edc5d5271p-29);
    odd = vm_step_f64(odd, r2, 0x1.27e500e02d3b1p-22);
    odd = vm_step_f64(odd, r2, 0x1.a01a0197bcc57p-16);
    odd = vm_step_f64(odd, r2, 0x1.6c16c16c18932p-10);
    odd = vm_step_f64(odd, r2, 0x1.5555555555552p-5);
    return mgv_fma_f64(odd, r, even);
}

/* What expm1(r) has beyond rh: rh^2/2 + r^3 q - n lo (1 + rh), plus the small err. The FMA takes rh^2/2, the largest
 * part, without rounding it: where sum + this cancels, that would show. */
MGV_FN mgv_f32 vm_expm1_rest_f32(vm_reduced_f32 a, mgv_f32 err) {
    const mgv_f32 r2 = mgv_mul_f32(a.r, a.r), lo = mgv_set1_f32(VM_LN2_LO_F32);
    const mgv_f32 half = mgv_fnma_f32(a.n, lo, mgv_mul_f32(a.rh, mgv_set1_f32(0.5f)));
    const mgv_f32 tail = mgv_fnma_f32(a.n, lo, err);
    const mgv_f32 cubic = mgv_fma_f32(mgv_mul_f32(r2, a.r), vm_expm1_poly_f32(a.r, r2), tail);
    return mgv_fma_f32(half, a.rh, cubic);
}

MGV_FN mgv_f64 vm_expm1_rest_f64(vm_reduced_f64 a, mgv_f64 err) {
    const mgv_f64 r2 = mgv_mul_f64(a.r, a.r), lo = mgv_set1_f64(VM_LN2_LO_F64);
    const mgv_f64 half = mgv_fnma_f64(a.n, lo, mgv_mul_f64(a.rh, mgv_set1_f64(0.5)));
    const mgv_f64 tail = mgv_fnma_f64(a.n, lo, err);
    const mgv_f64 cubic = mgv_fma_f64(mgv_mul_f64(r2, a.r), vm_expm1_poly_f64(a.r, r2), tail);
    return mgv_fma_f64(half, a.rh, cubic);
}

/* e^x. At n = 128 (1024) the scaled mantissa is still below 2^128 (2^1024), for x above the limit is replaced at the
 * end: by infinity, or by NaN for NaN. */
MGV_FN mgv_f32 vm_exp_f32(mgv_f32 x) {
    const mgv_f32 one = mgv_set1_f32(1.0f), zero_at = mgv_set1_f32(VM_EXP_ZERO_F32);
    const mgv_b32 tiny = mgv_lt_f32(x, mgv_set1_f32(VM_EXP_TINY_F32));
    const vm_reduced_f32 a = vm_reduce_f32(mgv_select_f32(mgv_lt_f32(x, zero_at), zero_at, x));
    const mgv_f32 p = mgv_fma_f32(a.r, mgv_fma_f32(a.r, vm_exp_poly_f32(a.r), one), one);
    const mgv_f32 y = vm_scale_down_f32(p, a.power, tiny);
    const mgv_b32 finite = mgv_le_f32(x, mgv_set1_f32(VM_EXP_MAX_F32));
    return mgv_select_f32(finite, y, mgv_mul_f32(x, mgv_set1_f32(FLT_MAX)));
}

MGV_FN mgv_f64 vm_exp_f64(mgv_f64 x) {
    const mgv_f64 one = mgv_set1_f64(1.0), zero_at = mgv_set1_f64(VM_EXP_ZERO_F64);
    const mgv_b64 tiny = mgv_lt_f64(x, mgv_set1_f64(VM_EXP_TINY_F64));
    const vm_reduced_f64 a = vm_reduce_f64(mgv_select_f64(mgv_lt_f64(x, zero_at), zero_at, x));
    const mgv_f64 p = mgv_fma_f64(a.r, mgv_fma_f64(a.r, vm_exp_poly_f64(a.r), one), one);
    const mgv_f64 y = vm_scale_down_f64(p, a.power, tiny);
    const mgv_b64 finite = mgv_le_f64(x, mgv_set1_f64(VM_EXP_MAX_F64));
    return mgv_select_f64(finite, y, mgv_mul_f64(x, mgv_set1_f64(DBL_MAX)));
}

/* 2^x: n = rint(x), r = x - n is exact. exp2(r) = 1 + r q(r), absolute error 2^-27.9 and 2^-57.4. The limits are as
 * those of exp. */
MGV_FN mgv_f32 vm_exp2_f32(mgv_f32 x) {
    const mgv_f32 magic = mgv_set1_f32(0x1.8p23f), zero_at = mgv_set1_f32(-151.0f);
    const mgv_b32 tiny = mgv_lt_f32(x, mgv_set1_f32(-125.0f));
    const mgv_f32 in = mgv_select_f32(mgv_lt_f32(x, zero_at), zero_at, x), t = mgv_add_f32(in, magic);
    const mgv_f32 r = mgv_sub_f32(in, mgv_sub_f32(t, magic));
    mgv_f32 q = mgv_set1_f32(0x1.44293p-13f);
    q = vm_step_f32(q, r, 0x1.5f0dd6p-10f);
    q = vm_step_f32(q, r, 0x1.3b2a44p-7f);
    q = vm_step_f32(q, r, 0x1.c6af72p-5f);
    q = vm_step_f32(q, r, 0x1.ebfbep-3f);
    q = vm_step_f32(q, r, 0x1.62e43p-1f);
    const mgv_f32 y = vm_scale_down_f32(vm_step_f32(q, r, 1.0f), mgv_shl_i32(mgv_bits_f32(t), 23), tiny);
    return mgv_select_f32(mgv_lt_f32(x, mgv_set1_f32(128.0f)), y, mgv_mul_f32(x, mgv_set1_f32(FLT_MAX)));
}

MGV_FN mgv_f64 vm_exp2_f64(mgv_f64 x) {
    const mgv_f64 magic = mgv_set1_f64(0x1.8p52), zero_at = mgv_set1_f64(-1076.0);
    const mgv_b64 tiny = mgv_lt_f64(x, mgv_set1_f64(-1021.0));
    const mgv_f64 in = mgv_select_f64(mgv_lt_f64(x, zero_at), zero_at, x), t = mgv_add_f64(in, magic);
    const mgv_f64 r = mgv_sub_f64(in, mgv_sub_f64(t, magic));
    mgv_f64 q = mgv_set1_f64(0x1.eb1699f1856b4p-32);
    q = vm_step_f64(q, r, 0x1.e61cc0f952697p-28);
    q = vm_step_f64(q, r, 0x1.b5241268aed89p-24);
    q = vm_step_f64(q, r, 0x1.62bfc6c046147p-20);
    q = vm_step_f64(q, r, 0x1.ffcbfce322637p-17);
    q = vm_step_f64(q, r, 0x1.4309130f33988p-13);
    q = vm_step_f64(q, r, 0x1.5d87fe7887464p-10);
    q = vm_step_f64(q, r, 0x1.3b2ab6fb9ff47p-7);
    q = vm_step_f64(q, r, 0x1.c6b08d704a189p-5);
    q = vm_step_f64(q, r, 0x1.ebfbdff82c5a5p-3);
    q = vm_step_f64(q, r, 0x1.62e42fefa39efp-1);
    const mgv_f64 y = vm_scale_down_f64(vm_step_f64(q, r, 1.0), mgv_shl_i64(mgv_bits_f64(t), 52), tiny);
    return mgv_select_f64(mgv_lt_f64(x, mgv_set1_f64(1024.0)), y, mgv_mul_f64(x, mgv_set1_f64(DBL_MAX)));
}

/* e^x - 1 = 2^n (r + r^2/2 + r^3 q - (2^-n - 1)). The sum of rh and k = 2^-n - 1 keeps its rounding error, for at n = 1
 * it cancels; lost is what k itself lost, at n >= 25 (54). Below -18 (-38) the result is -1. The sign of x is put on
 * for -0. */
MGV_FN mgv_f32 vm_expm1_f32(mgv_f32 x) {
    const mgv_f32 one = mgv_set1_f32(1.0f), low = mgv_set1_f32(-18.0f);
    const vm_reduced_f32 a = vm_reduce_f32(mgv_select_f32(mgv_lt_f32(x, low), low, x));
    const mgv_i32 power = mgv_min_i32(a.power, mgv_set1_i32(60 << 23));
    const mgv_f32 s = mgv_frombits_f32(mgv_sub_i32(mgv_bits_f32(one), power));
    const mgv_f32 k = mgv_sub_f32(s, one);
    const mgv_f32 lost = mgv_sub_f32(s, mgv_add_f32(k, one));
    const mgv_f32 sum = mgv_sub_f32(a.rh, k);
    const mgv_f32 err = mgv_sub_f32(mgv_sub_f32(a.rh, mgv_add_f32(sum, k)), lost);
    const mgv_f32 p = mgv_add_f32(sum, vm_expm1_rest_f32(a, err));
    const mgv_f32 y = vm_scale_f32(p, a.power);
    const mgv_b32 finite = mgv_le_f32(x, mgv_set1_f32(VM_EXP_MAX_F32));
    return mgv_copysign_f32(mgv_select_f32(finite, y, mgv_mul_f32(x, mgv_set1_f32(FLT_MAX))), x);
}

/* 2^-n expm1(x) = hi + lo, not yet added up. */
MGV_FN vm_words vm_expm1_words(vm_reduced_f64 a) {
    const mgv_f64 one = mgv_set1_f64(1.0);
    const mgv_i64 power = mgv_min_i64(a.power, mgv_set1_i64((int64_t)120 << 52));
    const mgv_f64 s = mgv_frombits_f64(mgv_sub_i64(mgv_bits_f64(one), power));
    const mgv_f64 k = mgv_sub_f64(s, one);
    const mgv_f64 lost = mgv_sub_f64(s, mgv_add_f64(k, one));
    const mgv_f64 sum = mgv_sub_f64(a.rh, k);
    const mgv_f64 err = mgv_sub_f64(mgv_sub_f64(a.rh, mgv_add_f64(sum, k)), lost);
    return (vm_words){sum, vm_expm1_rest_f64(a, err)};
}

MGV_FN mgv_f64 vm_expm1_f64(mgv_f64 x) {
    const mgv_f64 low = mgv_set1_f64(-38.0);
    const vm_reduced_f64 a = vm_reduce_f64(mgv_select_f64(mgv_lt_f64(x, low), low, x));
    const mgv_f64 y = vm_scale_f64(vm_words_round(vm_expm1_words(a)), a.power);
    const mgv_b64 finite = mgv_le_f64(x, mgv_set1_f64(VM_EXP_MAX_F64));
    return mgv_copysign_f64(mgv_select_f64(finite, y, mgv_mul_f64(x, mgv_set1_f64(DBL_MAX))), x);
}

#endif
