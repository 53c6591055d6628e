/* SPDX-License-Identifier: MIT
 * gelu, x Phi(x), and gelu_tanh, x sigmoid(w), w = 2 sqrt(2/pi) (x + 0.044715 x^3); their derivatives are in
 * vm_gelu_slope.h. With a = |x|: Phi(-a) = exp(-a^2/2) G(a/sqrt 2)/2, the scheme of erfc with tables in a itself, for a
 * rounded a/sqrt 2 would cost a^2 ULP. f64 in double words, f32 computed in plain f64. Accuracy and special values are
 * in vmath.h. Coefficients: fit/erfc.sollya. */
#ifndef MGK_VM_GELU_H
#define MGK_VM_GELU_H

#include "kernels/vmath/vm_erfc.h"

/* clang-format off */
static const vm_tail_wide vm_gelu_tail = {3.5, 1.0 / 43, 0.0329, {
    {0x1.4545208c8578fp-5, 0x1.2964b6c6e005dp-4, 0x1.b026dd477d4f2p-4, 0x1.1b7481e40d4c3p-3,
     0x1.5ed595245bf0ep-3, 0x1.a236a864aa959p-3, 0x1.e597bba4f93a3p-3, 0x1.147c6772a3ef7p-2},
    {0x1.2cc763d12eebep-6, 0x1.3b322beb871c6p-5, 0x1.0a420b1873573p-4, 0x1.9c32c5a428bd3p-4,
     0x1.31661648edd07p-3, 0x1.b945388ce19f7p-3, 0x1.394f3509d4da4p-2, 0x1.b661d4d6eb1cdp-2},
    {-0x1.64c927c731dbap-60,   0x1.a104c25a5bc4p-62,  0x1.79d289e5da9d3p-58,  0x1.4d9ab45323744p-60,
      0x1.637a13b92f9cdp-57,  0x1.6201b203c640dp-57,  0x1.9165bf41afc88p-56,  0x1.d1d180561f04ap-57},
    {0x1.11c65b9fbaa3ep-1, 0x1.652d2fa125d2ep-1,  0x1.db6c34167ac4p-1,  0x1.419df879ab5e1p0,
      0x1.b76adb3983fd2p0,  0x1.2c9d56141ff3cp1,  0x1.98776be691924p1,  0x1.11b1f64753765p2},
    {  0x1.95a26c52b7f9p-59,  0x1.cbb95b9f7474bp-55,  0x1.fea6ca8bbd168p-58,  0x1.b5bb1cb84a31ep-54,
     -0x1.5651c25ccf764p-56,  0x1.cb58b8613d2a9p-53,  0x1.391cd245f4b59p-53,   0x1.cb52aabce39bp-56},
    {0x1.09a198e3e3e45p1, 0x1.76fc0ad9725cdp1, 0x1.0a70b5abd0dfcp2, 0x1.78f59e2e2d0bcp2,
     0x1.0655897dd3072p3, 0x1.63a06d4eb6c65p3, 0x1.d29119054a256p3, 0x1.276b88206a4dap4},
    {0x1.c77f65e548014p2, 0x1.4c2c4e5478cf4p3,  0x1.da0ce9bec92bp3, 0x1.4552e66530015p4,
     0x1.a7b86fb5d72a8p4, 0x1.03fc226b74bcap5, 0x1.2c2a45b4260d3p5, 0x1.46c761facabfbp5},
    {0x1.4af55c82c2624p4, 0x1.d2593f4884c93p4, 0x1.312505e31b7acp5, 0x1.6928ce88a1acep5,
     0x1.7a89a0bd1a88bp5, 0x1.57ddae2a0a6bep5, 0x1.037db386c2652p5, 0x1.1a05864641e3ep4},
    { 0x1.7446273adc9ecp5,  0x1.b892f693faa3fp5,  0x1.9d1c5e045e557p5,  0x1.e728a070f1757p4,
     -0x1.74ca5a9faa39ap2, -0x1.743bd3eb2e6b9p5, -0x1.3e771819bc976p6, -0x1.86a84b3b6e6f6p6},
    { 0x1.d7c2c369add3bp5,  0x1.41a76723e9173p4, -0x1.e33ff4e12ea78p5, -0x1.2ff700e6e6ec6p7,
     -0x1.9bbbe01f02b13p7, -0x1.879d68ea9d36bp7, -0x1.0a139e9c0b8fbp7, -0x1.8836a13644164p5},
    {-0x1.30b4b6a50083cp6, -0x1.0b533b7a3fe7dp8, -0x1.9836355be3397p8, -0x1.5c20311937aa1p8,
       -0x1.8eef2bbb3fap6,  0x1.62adf9ce67549p7,   0x1.572ba647d8dbp8,  0x1.6caeb438d8456p8},
    {-0x1.356e13c5f4806p9, -0x1.74f0f491f6b01p9, -0x1.aa5cf83fdb4e1p7,  0x1.49c43253c28fdp9,
     0x1.165c9116715fbp10,  0x1.c0e916f6eb5e8p9,  0x1.58422bb7b067ap8, -0x1.28b87719d8553p7},
    {-0x1.20f80c3ca63b1p10,   0x1.2b1e1db0ff9edp9,  0x1.5d94ad5693a62p11,  0x1.44dd5aeb554c1p11,
       0x1.48463a9b99ef4p8, -0x1.86393fb12fa5bp10, -0x1.e464fd7a0f019p10, -0x1.43dde6bc52fd7p10},
    { 0x1.2704c637e38efp11,   0x1.d6e8b78237d6p12,  0x1.ebb5f9685db96p11, -0x1.2f20aedca3664p12,
     -0x1.ce87fa717b161p12, -0x1.b30202f081772p11,   0x1.a48457a58c252p9,  0x1.42e06df00bd0cp11},
    { 0x1.0c12ffc61a112p14,  0x1.4b58c5e0a300bp12, -0x1.683f1a32d51e6p14, -0x1.289761d01e306p14,
      0x1.1859f880a3f0fp12,  0x1.b1d9c6763e83bp13,   0x1.0f6e9326b518p13,   0x1.4b4ceee0a0a4p10},
}};
static const vm_tail_narrow vm_gelu_tail_narrow = {3.5, 1 / 18.5, 0.029, {
    {0x1.18cc22c2b9debp-4, 0x1.8f94d6fc11ef1p-4, 0x1.032ec59ab4ffcp-3, 0x1.3e931fb76107fp-3,
     0x1.79f779d40d102p-3, 0x1.b55bd3f0b9185p-3, 0x1.f0c02e0d65208p-3, 0x1.1612441508945p-2},
    {0x1.246de55b91163p-5, 0x1.da201e88da935p-5, 0x1.6276e32376004p-4, 0x1.fbf8b387bb5c1p-4,
     0x1.630bf699e3f5ap-3, 0x1.e84724e220dd3p-3, 0x1.4b8fecf73b4ccp-2, 0x1.bd3522dc8c76fp-2},
    { 0x1.5947909da9bap-1, 0x1.baec8aeb373bfp-1,   0x1.1ffe48c747ecp0,  0x1.7a289e2ce8a4ap0,
       0x1.f2b4f7d3a184p0,   0x1.48519a6389cbp1,   0x1.ad3b8851d832p1,  0x1.155f7eda45b4ep2},
    {0x1.673256b041d18p1, 0x1.e977002a786d2p1, 0x1.4d176fdfb5dffp2, 0x1.c11656a3f2d4dp2,
      0x1.299a4d4ba8d6p3, 0x1.817ffd8ee7a7fp3, 0x1.e65f3d4f866e9p3, 0x1.2a75abea91771p4},
    {0x1.3d5878c66641fp3, 0x1.b44a632e6b541p3, 0x1.23d7a9f5c5a35p4, 0x1.780a9a299c5d1p4,
     0x1.cf85a36780c1fp4, 0x1.107e1380e4095p5, 0x1.31a0acb39387ep5,  0x1.47a219a86119p5},
    {0x1.c0b934b6990a8p4, 0x1.2038cdf040e78p5, 0x1.58070d942802bp5, 0x1.77c0ca6f1567ep5,
     0x1.728a7dfa25702p5, 0x1.43ffc79f7d955p5, 0x1.e2c2b0a77a2d4p4, 0x1.0dab7e026281ap4},
    { 0x1.b322219109a06p5,  0x1.ae95df89965b6p5,  0x1.400e1fbf2c39ap5,  0x1.98cabae553567p3,
     -0x1.6674f0d2d46e8p4, -0x1.c85f683861ac2p5, -0x1.4e65483f0449cp6, -0x1.87cbe560c9da7p6},
}};
/* clang-format on */

/* From here on gelu(x) is x, and below minus that it is -0. */
#define VM_GELU_CAP_F32 14.875
#define VM_GELU_CAP_F64 39.0

/* 1 - 2^n p in the lanes of x > 0, p elsewhere, where n stays to be put on. */
VM_LARGE vm_scaled vm_gelu_side(mgv_f64 x, vm_scaled y) {
    const mgv_f64 one = mgv_set1_f64(1.0);
    const mgv_b64 right = mgv_gt_f64(x, mgv_set1_f64(0.0));
    const vm_words far = vm_words_scale(y.p, vm_power_beside_one(y.power));
    const vm_words sum = vm_sum(one, mgv_neg_f64(far.hi));
    const vm_words p = {sum.hi, mgv_sub_f64(sum.lo, far.lo)};
    return (vm_scaled){vm_words_select(right, p, y.p), mgv_select_i64(right, mgv_set1_i64(0), y.power)};
}

VM_LARGE mgv_f64 vm_gelu_f64(mgv_f64 x) {
    const mgv_f64 a = vm_capped(x, VM_GELU_CAP_F64), cap = mgv_set1_f64(VM_GELU_CAP_F64);
    vm_scaled y = vm_exp_minus(vm_product(a, mgv_mul_f64(a, mgv_set1_f64(0.5))));
    y.p = vm_words_mul(y.p, vm_tail_of(a, &vm_gelu_tail));
    y = vm_gelu_side(x, y);
    const mgv_f64 product = mgv_fma_f64(y.p.hi, a, mgv_mul_f64(y.p.lo, a));
    const mgv_f64 scaled = vm_scale_down_f64(product, y.power, mgv_lt_f64(x, mgv_set1_f64(-36.0)));
    return mgv_select_f64(mgv_le_f64(x, cap), mgv_copysign_f64(scaled, x), x); /* x for NaN, too */
}
VM_LARGE mgv_f64 vm_gelu_narrow(mgv_f64 x) {
    const mgv_f64 a = vm_capped(x, VM_GELU_CAP_F32), cap = mgv_set1_f64(VM_GELU_CAP_F32), one = mgv_set1_f64(1.0);
    const mgv_f64 gauss = vm_exp_minus_narrow(mgv_mul_f64(mgv_mul_f64(a, a), mgv_set1_f64(0.5)));
    const mgv_f64 p = mgv_mul_f64(gauss, vm_tail_of_narrow(a, &vm_gelu_tail_narrow));
    const mgv_f64 phi = mgv_select_f64(mgv_gt_f64(x, mgv_set1_f64(0.0)), mgv_sub_f64(one, p), p);
    return mgv_select_f64(mgv_gt_f64(x, cap), x, mgv_mul_f64(mgv_copysign_f64(a, x), phi));
}
VM_F32_BY_F64(gelu, vm_gelu_narrow)

/* ---- the form with tanh ------------------------------------------------------------------------------------------ */

/* 2 sqrt(2/pi), and that times 0.044715. */
#define VM_GELU_A_HI 0x1.9884533d43651p+0
#define VM_GELU_A_LO (-0x1.cbc0d30ebfd15p-54)
#define VM_GELU_B_HI 0x1.2444f2a4d8b4bp-4
#define VM_GELU_B_LO (-0x1.6c843a29d1c7p-61)
/* As the caps above. */
#define VM_GELU_TANH_CAP_F32 11.5
#define VM_GELU_TANH_CAP_F64 21.75

/* w = A a + B a^3 and a w' = A a + 3 B a^3. */
typedef struct vm_gelu_exponent {
    vm_words w, a_slope;
} vm_gelu_exponent;

VM_LARGE vm_gelu_exponent vm_gelu_exponent_of(mgv_f64 a) {
    const vm_words main = vm_words_set1(VM_GELU_A_HI, VM_GELU_A_LO);
    const vm_words b = vm_words_mul(vm_product(a, a), vm_words_set1(VM_GELU_B_HI, VM_GELU_B_LO));
    const vm_words b3 = vm_words_mul_f64(b, mgv_set1_f64(3.0));
    return (vm_gelu_exponent){vm_words_mul_f64(vm_words_add(main, b), a), vm_words_mul_f64(vm_words_add(main, b3), a)};
}

/* 1 + 2^n p. */
MGV_FN vm_words vm_one_and(vm_scaled z) {
    const vm_words small = vm_words_scale(z.p, vm_power_beside_one(z.power));
    const vm_words sum = vm_quick_sum(mgv_set1_f64(1.0), small.hi);
    return (vm_words){sum.hi, mgv_add_f64(sum.lo, small.lo)};
}

/* With z = exp(-w) the result is x z / (1 + z) for x < 0, x / (1 + z) for x > 0; the quotient of the high words is
 * corrected once. */
VM_LARGE mgv_f64 vm_gelu_tanh_f64(mgv_f64 x) {
    const mgv_f64 one = mgv_set1_f64(1.0), zero = mgv_set1_f64(0.0), cap = mgv_set1_f64(VM_GELU_TANH_CAP_F64);
    const mgv_f64 a = vm_capped(x, VM_GELU_TANH_CAP_F64);
    const vm_scaled z = vm_exp_minus(vm_gelu_exponent_of(a).w);
    const mgv_b64 left = mgv_lt_f64(x, zero);
    const vm_words den = vm_one_and(z), top = vm_words_select(left, z.p, (vm_words){one, zero});
    const mgv_f64 inverse = mgv_div_f64(one, den.hi), quotient = mgv_mul_f64(top.hi, inverse);
    const mgv_f64 rest = mgv_fnma_f64(quotient, den.lo, mgv_add_f64(mgv_fnma_f64(quotient, den.hi, top.hi), top.lo));
    const mgv_f64 y = mgv_fma_f64(quotient, a, mgv_mul_f64(mgv_mul_f64(rest, inverse), a));
    const mgv_i64 power = mgv_select_i64(left, z.power, mgv_set1_i64(0));
    const mgv_f64 scaled = vm_scale_down_f64(y, power, mgv_lt_f64(x, mgv_set1_f64(-20.5)));
    return mgv_select_f64(mgv_le_f64(x, cap), mgv_copysign_f64(scaled, x), x); /* x for NaN, too */
}
VM_LARGE mgv_f64 vm_gelu_tanh_narrow(mgv_f64 x) {
    const mgv_f64 one = mgv_set1_f64(1.0), cap = mgv_set1_f64(VM_GELU_TANH_CAP_F32);
    const mgv_f64 a = vm_capped(x, VM_GELU_TANH_CAP_F32), xa = mgv_copysign_f64(a, x);
    const mgv_f64 w =
        mgv_mul_f64(a, mgv_fma_f64(mgv_mul_f64(a, a), mgv_set1_f64(VM_GELU_B_HI), mgv_set1_f64(VM_GELU_A_HI)));
    const mgv_f64 z = vm_exp_minus_narrow(w);
    const mgv_f64 top = mgv_select_f64(mgv_lt_f64(x, mgv_set1_f64(0.0)), z, one);
    const mgv_f64 y = mgv_div_f64(mgv_mul_f64(xa, top), mgv_add_f64(one, z));
    return mgv_select_f64(mgv_gt_f64(x, cap), x, y);
}
VM_F32_BY_F64(gelu_tanh, vm_gelu_tanh_narrow)

#endif
