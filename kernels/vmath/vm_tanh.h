/* SPDX-License-Identifier: MIT
 * tanh: for f32 a table of 14 polynomials, looked up in registers; for f64 expm1(2x) / (expm1(2x) + 2) with both in
 * double words. Accuracy and special values are in vmath.h. Coefficients: fit/tanh.sollya, fit/exp.sollya. */
#ifndef MGK_VM_TANH_H
#define MGK_VM_TANH_H

#include "kernels/vmath/vm_exp.h"

/* tanh(centre + d) = value + d (a1 + a2 d + ... + a6 d^5) for |x| in [0, 1/4, 1/2, 3/4, 1, 3/2, 2, 5/2, 3, 4, 5, 6, 7,
 * 9, ...]. The centres are chosen such that value is tanh(centre) to 2^-34; the first row has value = d instead. */
/* clang-format off */
static const float vm_tanh_centre[16] = {
                 0, 0x1.7feea8p-2f, 0x1.408778p-1f, 0x1.c010d8p-1f,
     0x1.3fdbd4p0f,  0x1.bfcaf4p0f,  0x1.1ffdf6p1f,  0x1.600a24p1f,
     0x1.c045c8p1f,  0x1.1fe926p2f,  0x1.5ff752p2f,  0x1.9fef3ep2f,
      0x1.00002p3f,      0x1.28p3f,              0,              0,
};
static const float vm_tanh_value[16] = {
                 0,  0x1.6ee62p-2f, 0x1.1c523ep-1f,  0x1.686edp-1f,
     0x1.b23dfp-1f, 0x1.e1efe4p-1f, 0x1.f4bf7cp-1f, 0x1.fbd5b2p-1f,
     0x1.ff123p-1f,  0x1.ffdf9p-1f, 0x1.fffb9ep-1f, 0x1.ffff68p-1f,
    0x1.fffff8p-1f,         0x1p0f,              0,              0,
};
static const float vm_tanh_a1[16] = {
                  0,  0x1.be4526p-1f,  0x1.621cb6p-1f,  0x1.024414p-1f,
     0x1.1f69e8p-2f,  0x1.d2e294p-4f,  0x1.641ba2p-5f,  0x1.097decp-6f,
     0x1.db33ccp-9f, 0x1.037922p-11f, 0x1.18803ep-14f, 0x1.2fff02p-17f,
    0x1.e373e2p-22f,               0,               0,               0,
};
static const float vm_tanh_a2[16] = {
    -0x1.255cf8p-20f,    -0x1.3fccp-2f,  -0x1.89499ep-2f,  -0x1.6b9f82p-2f,
     -0x1.e7872ep-3f,  -0x1.b7789cp-4f,  -0x1.5c4824p-5f,    -0x1.0755p-6f,
     -0x1.da56aap-9f, -0x1.036816p-11f, -0x1.187e8ap-14f,   -0x1.2feap-17f,
    -0x1.c55e22p-23f,                0,                0,                0,
};
static const float vm_tanh_a3[16] = {
    -0x1.5544d4p-2f, -0x1.6dde16p-3f, -0x1.1ae1fcp-6f,  0x1.4f315ap-4f,
      0x1.bbd0ap-4f,  0x1.0210dap-4f,  0x1.bbdb14p-6f,  0x1.595f98p-7f,
     0x1.3ac832p-9f, 0x1.5958b4p-12f,  0x1.75957p-15f, 0x1.95289ep-18f,
    0x1.4047acp-22f,               0,               0,               0,
};
static const float vm_tanh_a4[16] = {
    -0x1.35bfaap-10f,   0x1.5843bap-3f,    0x1.19d64p-3f,   0x1.f1a01ep-5f,
     -0x1.9a836cp-7f,  -0x1.81a82cp-6f,  -0x1.93d972p-7f,  -0x1.4e0968p-8f,
    -0x1.3883d8p-10f, -0x1.591938p-13f, -0x1.757e5ap-16f, -0x1.97dd86p-19f,
    -0x1.a49e76p-21f,                0,                0,                0,
};
static const float vm_tanh_a5[16] = {
      0x1.25043p-3f,  0x1.3858c6p-6f, -0x1.bf47d6p-5f,  -0x1.dec61p-5f,
    -0x1.43520ap-6f,   0x1.c731ep-9f,  0x1.04abfcp-8f, 0x1.f5a99cp-10f,
    0x1.fff15ep-12f, 0x1.1f2ec8p-14f,  0x1.376d1p-17f, 0x1.4e46c2p-20f,
    0x1.1e64dep-24f,               0,               0,               0,
};
static const float vm_tanh_a6[16] = {
     -0x1.2ec9b4p-5f,  -0x1.19e2b2p-4f,  -0x1.8b8d92p-6f,   0x1.ba760cp-7f,
      0x1.ed9ba2p-7f,   0x1.12f9d4p-9f, -0x1.770a66p-11f, -0x1.1e15e4p-11f,
    -0x1.4a92f8p-13f, -0x1.7b461ap-16f, -0x1.9f3026p-19f,  -0x1.8c57fp-22f,
     0x1.abf24cp-22f,                0,                0,                0,
};
/* clang-format on */

/* The interval is the exponent and two bits of |x| + 1; indices are in range for NaN too (lookup takes four bits), d is
 * then NaN. */
MGV_FN mgv_f32 vm_tanh_f32(mgv_f32 x) {
    const mgv_f32 last = mgv_set1_f32(9.5f), one = mgv_set1_f32(1.0f);
    mgv_f32 a = mgv_abs_f32(x);
    a = mgv_select_f32(mgv_gt_f32(a, last), last, a);
    const mgv_i32 i = mgv_shr_i32(mgv_sub_i32(mgv_bits_f32(mgv_add_f32(a, one)), mgv_bits_f32(one)), 21);
    const mgv_f32 d = mgv_sub_f32(a, mgv_lookup16_f32(mgv_load_f32(vm_tanh_centre), i));
    const mgv_f32 value = mgv_lookup16_f32(mgv_load_f32(vm_tanh_value), i);
    mgv_f32 p = mgv_lookup16_f32(mgv_load_f32(vm_tanh_a6), i);
    p = mgv_fma_f32(p, d, mgv_lookup16_f32(mgv_load_f32(vm_tanh_a5), i));
    p = mgv_fma_f32(p, d, mgv_lookup16_f32(mgv_load_f32(vm_tanh_a4), i));
    p = mgv_fma_f32(p, d, mgv_lookup16_f32(mgv_load_f32(vm_tanh_a3), i));
    p = mgv_fma_f32(p, d, mgv_lookup16_f32(mgv_load_f32(vm_tanh_a2), i));
    p = mgv_fma_f32(p, d, mgv_lookup16_f32(mgv_load_f32(vm_tanh_a1), i));
    const mgv_f32 base = mgv_select_f32(mgv_eq_i32(i, mgv_set1_i32(0)), d, value);
    return mgv_copysign_f32(mgv_fma_f32(p, d, base), x);
}

/* With 2|x| = n ln2 + r and s = 2^-n: tanh|x| = h / (h + 2s), where h = expm1(r) + 1 - s. h + l is that to twice the
 * precision, den + dl the denominator; one division, then one step of correction. From 22 on the result is 1. */
MGV_FN mgv_f64 vm_tanh_f64(mgv_f64 x) {
    const mgv_f64 one = mgv_set1_f64(1.0), a = mgv_abs_f64(x);
    const mgv_b64 far = mgv_gt_f64(a, mgv_set1_f64(22.0));
    const vm_reduced_f64 t = vm_reduce_f64(mgv_select_f64(far, mgv_set1_f64(44.0), mgv_add_f64(a, a)));
    const mgv_f64 s = mgv_frombits_f64(mgv_sub_i64(mgv_bits_f64(one), t.power));
    const mgv_f64 k = mgv_sub_f64(s, one), sum = mgv_sub_f64(t.rh, k);
    const mgv_f64 err = mgv_sub_f64(t.rh, mgv_add_f64(sum, k));
    const mgv_f64 c = vm_expm1_rest_f64(t, err);
    const mgv_f64 h = mgv_add_f64(sum, c), l = mgv_sub_f64(c, mgv_sub_f64(h, sum));
    const mgv_f64 s2 = mgv_add_f64(s, s), den = mgv_add_f64(s2, h);
    const mgv_b64 order = mgv_lt_f64(h, s2);
    const mgv_f64 large = mgv_select_f64(order, s2, h), small = mgv_select_f64(order, h, s2);
    const mgv_f64 dl = mgv_add_f64(mgv_sub_f64(small, mgv_sub_f64(den, large)), l);
    const mgv_f64 inverse = mgv_div_f64(one, den), quotient = mgv_mul_f64(h, inverse);
    const mgv_f64 rest = mgv_fnma_f64(quotient, dl, mgv_add_f64(mgv_fnma_f64(quotient, den, h), l));
    return mgv_copysign_f64(mgv_fma_f64(rest, inverse, quotient), x);
}

#endif
