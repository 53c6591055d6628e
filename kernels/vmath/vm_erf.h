/* SPDX-License-Identifier: MIT
 * erf: one of 16 (f32) or 8 (f64) polynomials in the distance from a centre, looked up in registers.
 * Accuracy and special values are in vmath.h. Coefficients: fit/erf.sollya. */
#ifndef MGK_VM_ERF_H
#define MGK_VM_ERF_H

#include "kernels/vmath/vm_base.h"

/* erf(centre + d) = value + d (a1 + a2 d + ...) for |x| in intervals of 1/4 (f32) and 3/4 (f64). Rows: the centres, the
 * values, a1, a2, ...; the centres are chosen such that value is erf(centre) to 2^-10 of an ULP, and the first interval
 * has value = d instead. */
/* clang-format off */
static const float vm_erf_table_f32[8][16] = {
    {            0,  0x1.806fp-2f,  0x1.400ep-1f, 0x1.bffb6p-1f,
      0x1.1fe95p0f,  0x1.60042p0f,  0x1.9ff79p0f,  0x1.e0174p0f,
     0x1.0fffb8p1f, 0x1.2ffcd8p1f,   0x1.500dp1f, 0x1.6ff868p1f,
     0x1.900132p1f, 0x1.b04636p1f, 0x1.ccb6e6p1f, 0x1.df39fep1f},
    {             0,  0x1.9e3dap-2f, 0x1.3f241ep-1f, 0x1.916fdcp-1f,
      0x1.c6cc6p-1f, 0x1.e577f4p-1f, 0x1.f4f538p-1f, 0x1.fbe7aep-1f,
     0x1.fea41ep-1f, 0x1.ff9954p-1f, 0x1.ffe524p-1f, 0x1.fff9b8p-1f,
     0x1.fffeb4p-1f, 0x1.ffffc4p-1f, 0x1.fffff4p-1f, 0x1.fffffcp-1f},
    { 0x1.06eba8p-3f,  0x1.f5c7fap-1f,  0x1.86dc0cp-1f,  0x1.0cafa2p-1f,
      0x1.462a9cp-2f,   0x1.5cd62p-3f,  0x1.49c098p-4f,  0x1.127128p-5f,
      0x1.946616p-7f,  0x1.06b04ep-8f, 0x1.2c484ep-10f,  0x1.30bb7p-12f,
     0x1.0f8e56p-14f, 0x1.a5bb48p-17f,  0x1.66034p-19f, 0x1.f1ba8ep-21f},
    {-0x1.1f85a2p-21f,  -0x1.78c2c8p-2f,  -0x1.e8a86ep-2f,  -0x1.d62e7ep-2f,
      -0x1.6ed308p-2f,  -0x1.dfac0cp-3f,  -0x1.0be70cp-3f,   -0x1.01569p-4f,
      -0x1.adac3ap-6f,  -0x1.37eddcp-7f,  -0x1.8a2fd2p-9f, -0x1.b60518p-11f,
     -0x1.a84fe2p-13f, -0x1.643798p-15f, -0x1.428786p-17f, -0x1.e7c752p-19f},
    {-0x1.811eaap-2f, -0x1.e06fdap-3f, -0x1.c76cdap-5f,  0x1.7c856cp-4f,
      0x1.4c9faap-3f,  0x1.437116p-3f,  0x1.d67e92p-4f,  0x1.13ff76p-4f,
      0x1.0ea67cp-5f,  0x1.c21678p-7f,   0x1.3fef2p-8f, 0x1.8a52dep-10f,
     0x1.a35054p-12f, 0x1.7f3c18p-14f, 0x1.73bc28p-16f, 0x1.730bc2p-17f},
    {-0x1.464398p-11f,    0x1.555e7p-3f,   0x1.69591cp-3f,   0x1.cc6ae8p-4f,
       0x1.cc0de6p-6f,  -0x1.f3d91cp-6f,  -0x1.974958p-5f,  -0x1.5a059cp-5f,
      -0x1.afcb7cp-6f,  -0x1.aea82ep-7f,   -0x1.61c3cp-8f,  -0x1.eda53p-10f,
      -0x1.243a5p-11f, -0x1.1f4136p-13f, -0x1.28b928p-15f, -0x1.1bf968p-15f},
    { 0x1.e3174cp-4f,   0x1.70951p-5f, -0x1.bf7d4cp-6f, -0x1.10a80ep-4f,
     -0x1.f56316p-5f,  -0x1.f618fp-6f, -0x1.2af068p-9f,   0x1.7350bp-7f,
      0x1.986326p-7f,  0x1.11f98cp-7f,  0x1.14d116p-8f, 0x1.c492cep-10f,
     0x1.3217b2p-11f, 0x1.56c86ap-13f, 0x1.7680ccp-15f, 0x1.5b9f18p-14f},
    { -0x1.383aacp-6f,  -0x1.9a2fb8p-5f,  -0x1.4fad5ep-5f,  -0x1.538ed6p-7f,
       0x1.f90edap-7f,   0x1.685ba4p-6f,   0x1.d8481cp-7f,   0x1.0dbcb6p-8f,
      -0x1.0b6aa8p-9f,   -0x1.793ecp-9f,  -0x1.4fa97ap-9f, -0x1.31666ap-10f,
     -0x1.dfb166p-12f, -0x1.2710e4p-12f, -0x1.277a78p-14f, -0x1.8cfaf2p-14f},
};
static const double vm_erf_table_f64[18][8] = {
    {                  0, 0x1.1fffffffffe58p0, 0x1.dffffffffff58p0,  0x1.50000000001cp1,
     0x1.affffffffd0e9p1, 0x1.07ffffff11a02p2, 0x1.380005735be9ap2, 0x1.680c88b2f67d1p2},
    {                   0, 0x1.c6dad2829eb54p-1, 0x1.fbe61eef4cf5fp-1, 0x1.ffe514bbdc199p-1,
     0x1.ffffc316d9ecfp-1, 0x1.ffffffd169d0cp-1, 0x1.fffffffff4189p-1,  0x1.ffffffffffffp-1},
    { 0x1.06eba8214db69p-3,  0x1.45e99bcbb7dd3p-2,  0x1.12ceb37ff9e68p-5, 0x1.2ce8988090eb5p-10,
      0x1.abe09e91871ep-17, 0x1.8b0cfd0fc2c2cp-25, 0x1.d9a6f7a41202cp-35, 0x1.6d95b1bb1469ap-46},
    {-0x1.201dcad5121f4p-48,  -0x1.6ea6cf452eb72p-2,  -0x1.01a1c847fa429p-4,  -0x1.8af14828be4cep-9,
     -0x1.690585caca84ep-15, -0x1.976564f407e19p-23, -0x1.20a1c6c4ce436p-32, -0x1.013b45b68f27fp-43},
    {-0x1.812746b03619fp-2,  0x1.4cb3cf0aa0c23p-3,  0x1.143d1c6f4f206p-4,  0x1.407fbd18efe89p-8,
      0x1.84522fe8b831p-14,  0x1.0fdac5785d91p-21, 0x1.cb28c1748201ep-31, 0x1.da7c6e0e9c775p-42},
    { -0x1.cf50222c2d66p-37,   0x1.ca5083167bacep-6,  -0x1.5a316520b800ep-5,  -0x1.62d4c6d49dc0cp-8,
     -0x1.298f8d45b00eap-13, -0x1.07600cf779dffp-20, -0x1.0bc5e8a257582p-29, -0x1.4043c5ea764b5p-40},
    { 0x1.ce2f21b3330bcp-4, -0x1.f65d15f1fdc94p-5,   0x1.779b1e5716f2p-7,  0x1.146c4b3e293b4p-8,
     0x1.5775778880993p-13, 0x1.89ca776f63ddap-20, 0x1.e7b8e6cefb18bp-29,  0x1.5997279edd1ap-39},
    {-0x1.e86ef8fbe4584p-29,   0x1.fd1c6c122e63ep-7,    0x1.0d099c7ac84bp-8,  -0x1.267f3bc2e0f95p-9,
     -0x1.330aab9015bdap-13, -0x1.d73a998ac96ddp-20, -0x1.689817ea3c549p-28, -0x1.54a0996b78cc4p-38},
    {-0x1.b82cc2919fe72p-6,  0x1.3acc78608b8aep-7, -0x1.42fcbaaf74411p-8, 0x1.64f891adb0b9ep-11,
     0x1.ac9997e286d9dp-14, 0x1.cd9e0da1bc741p-20, 0x1.bc29898702609p-28, 0x1.bcf04fde8ddf8p-38},
    {-0x1.7da797030d7ebp-23,  -0x1.8b43c44f8f314p-8,  0x1.76ff580f24494p-10,  0x1.229ee9c42bf55p-15,
     -0x1.cc156e4fb3546p-15, -0x1.7711f82b6cdcdp-20, -0x1.cf6b59d2f7b4fp-28,  0x1.f3a083b29c618p-38},
    {  0x1.566828230e297p-8, -0x1.79b0a48090d4fp-12,  0x1.7bda845dc4212p-12, -0x1.4006b9d4d092fp-13,
      0x1.64c52dd765b6fp-16,  0x1.fc1a1676c6d85p-21,  0x1.a05d148e68ce1p-28,   0x1.34d9aad5b421p-37},
    {-0x1.2349c8388f649p-19,   0x1.2e527ae7aba4p-10, -0x1.991c3017f41b9p-12,  0x1.36320839fd482p-14,
     -0x1.34f5128ab2162p-18, -0x1.1dadb35d2567dp-21, -0x1.4d236a9cefbecp-28, -0x1.03a752767c839p-32},
    {-0x1.bdd2965ecd36bp-11, -0x1.73110c7a9110fp-13,  0x1.353c8bb3887a3p-14, -0x1.5a7fff7c5e005p-17,
     -0x1.5f8c0d5ed21dfp-21,  0x1.06731ad508f5fp-22,  0x1.b52792c844d32p-29,  0x1.de1be7f222987p-38},
    {-0x1.a2317237d9808p-18, -0x1.28e01e917406ep-13,  0x1.2ea2284bca575p-15, -0x1.c0e9a257aa60fp-18,
       0x1.1ebff967808fp-20, -0x1.814ae5243bfa2p-24, -0x1.79aed2fd727c8p-31,  0x1.05340066a457ap-29},
    { 0x1.07254fda9bd14p-13,  0x1.9dcd7c01426b5p-15, -0x1.5cbdabf9abbbap-16,  0x1.171ee4ed38b7dp-18,
     -0x1.ef96c79d94e16p-22,  0x1.69084a0a3aabep-26,  0x1.0620e66590088p-30,  0x1.8d6005055bf82p-38},
    {-0x1.64f3f2c0ef253p-22,  0x1.684311bc6393ep-17,  0x1.acc6291dd6259p-21, -0x1.67819f4f97a7cp-21,
      0x1.33210cae55a88p-24,  0x1.40f1996ffabc8p-27, -0x1.80cc1eaf31e7ap-28, -0x1.1d777f272dd4cp-27},
    {-0x1.3a91cf3542b5dp-16,  -0x1.e46d35d7cde7p-18,  0x1.34d5c886de167p-19, -0x1.358d67cab2ad8p-22,
      0x1.8601b5efec544p-26, -0x1.3cb93dd275ee5p-29,   0x1.5c6985d76061p-33, -0x1.6e347c16cc6bap-39},
    { 0x1.0fdd50cdde76ep-18, -0x1.e2233cc3806c8p-23, -0x1.3d25786b3bd1ap-21,  0x1.49e5c71978decp-23,
     -0x1.f5710c9d23b16p-35, -0x1.21f3f8589fe6cp-26,  0x1.3af353f23e466p-27,  0x1.f93a064168c53p-27},
};
/* clang-format on */

/* t is in [16, 32) and [8, 16), which makes the interval the first bits of its mantissa; lookups take no others, so
 * that a NaN does no harm: d is then NaN. */
VM_LARGE mgv_f32 vm_erf_f32(mgv_f32 x) {
    const mgv_f32 last = mgv_set1_f32(0x1.fffffp1f), first = mgv_set1_f32(17.0f);
    mgv_f32 a = mgv_abs_f32(x);
    a = mgv_select_f32(mgv_gt_f32(a, last), last, a);
    const mgv_f32 t = vm_step_f32(a, mgv_set1_f32(4.0f), 16.0f);
    const mgv_i32 i = mgv_shr_i32(mgv_bits_f32(t), 19);
    const mgv_f32 d = mgv_sub_f32(a, mgv_lookup16_f32(mgv_load_f32(vm_erf_table_f32[0]), i));
    mgv_f32 p = mgv_lookup16_f32(mgv_load_f32(vm_erf_table_f32[7]), i);
    for (int k = 6; k > 1; k--) p = mgv_fma_f32(p, d, mgv_lookup16_f32(mgv_load_f32(vm_erf_table_f32[k]), i));
    const mgv_f32 value = mgv_lookup16_f32(mgv_load_f32(vm_erf_table_f32[1]), i);
    return mgv_copysign_f32(mgv_fma_f32(p, d, mgv_select_f32(mgv_lt_f32(t, first), d, value)), x);
}

VM_LARGE mgv_f64 vm_erf_f64(mgv_f64 x) {
    const mgv_f64 last = mgv_set1_f64(0x1.7fffffffp2), first = mgv_set1_f64(9.0);
    mgv_f64 a = mgv_abs_f64(x);
    a = mgv_select_f64(mgv_gt_f64(a, last), last, a);
    const mgv_f64 t = vm_step_f64(a, mgv_set1_f64(4.0 / 3), 8.0);
    const mgv_i64 i = mgv_as_u64_i64(mgv_shr_u64(mgv_as_i64_u64(mgv_bits_f64(t)), 49));
    const mgv_f64 d = mgv_sub_f64(a, mgv_lookup8_f64(mgv_load_f64(vm_erf_table_f64[0]), i));
    mgv_f64 p = mgv_lookup8_f64(mgv_load_f64(vm_erf_table_f64[17]), i);
    for (int k = 16; k > 1; k--) p = mgv_fma_f64(p, d, mgv_lookup8_f64(mgv_load_f64(vm_erf_table_f64[k]), i));
    const mgv_f64 value = mgv_lookup8_f64(mgv_load_f64(vm_erf_table_f64[1]), i);
    return mgv_copysign_f64(mgv_fma_f64(p, d, mgv_select_f64(mgv_lt_f64(t, first), d, value)), x);
}

#endif
