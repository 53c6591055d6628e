/* SPDX-License-Identifier: MIT
 * log2 and log10: the argument is 2^e (1 + f) with 1 + f in [11/16, 11/8), and the result e log 2 + log(1 + f) to
 * that base. Accuracy and special values are in vmath.h. Coefficients: fit/log2.sollya; f64 uses the polynomial of log.
 */
#ifndef MGK_VM_LOG2_H
#define MGK_VM_LOG2_H

#include "kernels/vmath/vm_log.h"

/* The bits of 11/16: with the cut there the rounded parts are smallest beside the result, at both ends and at e = -1.
 */
#define VM_LOG2_LOW_F32 0x3f300000
#define VM_LOG2_LOW_F64 0x3fe6000000000000

/* floor(i / 2^52) as a number, for -2^62 <= i < 3 2^62: not every ISA shifts or converts signed 64-bit lanes. i is
 * raised by VM_RAISED, and less is 2^52 + 1024, or more where x was scaled up. */
#define VM_RAISED ((int64_t)1024 << 52)
MGV_FN mgv_f64 vm_raised_exponent_f64(mgv_i64 raised, mgv_f64 less) {
    const mgv_i64 e = mgv_as_u64_i64(mgv_shr_u64(mgv_as_i64_u64(raised), 52));
    return mgv_sub_f64(mgv_frombits_f64(mgv_or_i64(e, mgv_bits_f64(mgv_set1_f64(0x1p52)))), less);
}
MGV_FN mgv_f64 vm_exponent_f64(mgv_i64 i) {
    return vm_raised_exponent_f64(mgv_add_i64(i, mgv_set1_i64(VM_RAISED)), mgv_set1_f64(0x1p52 + 1024));
}

/* x = 2^e (1 + f); subnormals are scaled up first. */
typedef struct vm_log_parts_f32 {
    mgv_f32 e, f;
} vm_log_parts_f32;
typedef struct vm_log_parts_f64 {
    mgv_f64 e, f;
} vm_log_parts_f64;

MGV_FN vm_log_parts_f32 vm_log_parts_f32_of(mgv_f32 x) {
    const mgv_b32 small = mgv_lt_f32(x, mgv_set1_f32(FLT_MIN));
    const mgv_f32 scaled = mgv_select_f32(small, mgv_mul_f32(x, mgv_set1_f32(0x1p24f)), x);
    const mgv_f32 offset = mgv_select_f32(small, mgv_set1_f32(-24.0f), mgv_set1_f32(0.0f));
    const mgv_i32 low = mgv_set1_i32(VM_LOG2_LOW_F32), i = mgv_sub_i32(mgv_bits_f32(scaled), low);
    const mgv_f32 m = mgv_frombits_f32(mgv_add_i32(mgv_and_i32(i, mgv_set1_i32(0x7fffff)), low));
    const mgv_f32 e = mgv_add_f32(mgv_cvt_i32_f32(mgv_shr_i32(i, 23)), offset);
    return (vm_log_parts_f32){e, mgv_sub_f32(m, mgv_set1_f32(1.0f))};
}

MGV_FN vm_log_parts_f64 vm_log_parts_f64_of(mgv_f64 x) {
    const mgv_b64 small = mgv_lt_f64(x, mgv_set1_f64(DBL_MIN));
    const mgv_f64 scaled = mgv_select_f64(small, mgv_mul_f64(x, mgv_set1_f64(0x1p54)), x);
    const mgv_f64 less = mgv_select_f64(small, mgv_set1_f64(0x1p52 + 1024 + 54), mgv_set1_f64(0x1p52 + 1024));
    const mgv_i64 raised = mgv_sub_i64(mgv_bits_f64(scaled), mgv_set1_i64(VM_LOG2_LOW_F64 - VM_RAISED));
    const mgv_i64 mantissa = mgv_and_i64(raised, mgv_set1_i64(0xfffffffffffff));
    const mgv_f64 m = mgv_frombits_f64(mgv_add_i64(mantissa, mgv_set1_i64(VM_LOG2_LOW_F64)));
    return (vm_log_parts_f64){vm_raised_exponent_f64(raised, less), mgv_sub_f64(m, mgv_set1_f64(1.0))};
}

/* eh + f (high + low) + el and the rest: eh is 0 or larger than f high. What f high and the first sum are over by,
 * rounded once, is taken off again. */
MGV_FN mgv_f32 vm_log_base_f32(mgv_f32 eh, mgv_f32 f, float high, float low, mgv_f32 f2, mgv_f32 p, mgv_f32 el) {
    const mgv_f32 h = mgv_set1_f32(high), fh = mgv_mul_f32(f, h), sum = mgv_add_f32(eh, fh);
    const mgv_f32 over = mgv_fnma_f32(f, h, mgv_sub_f32(sum, eh));
    return mgv_add_f32(sum, mgv_fma_f32(f2, p, mgv_fma_f32(f, mgv_set1_f32(low), mgv_sub_f32(el, over))));
}
MGV_FN mgv_f64 vm_log_base_f64(mgv_f64 eh, mgv_f64 f, double high, double low, mgv_f64 el) {
    const mgv_f64 h = mgv_set1_f64(high), fh = mgv_mul_f64(f, h), sum = mgv_add_f64(eh, fh);
    const mgv_f64 over = mgv_fnma_f64(f, h, mgv_sub_f64(sum, eh));
    const mgv_f64 small = mgv_fma_f64(f, mgv_set1_f64(low), mgv_sub_f64(el, over));
    return mgv_add_f64(sum, mgv_fma_f64(vm_log_rest_f64(f), h, small));
}

/* log2(1 + f) = f/ln2 + f^2 p(f): relative error 2^-28.8. */
MGV_FN mgv_f32 vm_log2_f32(mgv_f32 x) {
    const vm_log_parts_f32 a = vm_log_parts_f32_of(x);
    const mgv_f32 f2 = mgv_mul_f32(a.f, a.f);
    mgv_f32 odd = mgv_set1_f32(0x1.12f422p-3f);
    odd = vm_step_f32(odd, f2, 0x1.522bcp-3f);
    odd = vm_step_f32(odd, f2, 0x1.a4cfd6p-3f);
    odd = vm_step_f32(odd, f2, 0x1.277dcap-2f);
    odd = vm_step_f32(odd, f2, 0x1.ec7086p-2f);
    mgv_f32 even = mgv_set1_f32(-0x1.7da4aap-3f);
    even = vm_step_f32(even, f2, -0x1.672394p-3f);
    even = vm_step_f32(even, f2, -0x1.ecfc2cp-3f);
    even = vm_step_f32(even, f2, -0x1.7152cep-2f);
    const mgv_f32 p = vm_step_f32(mgv_fma_f32(even, a.f, odd), a.f, -0x1.715478p-1f);
    const mgv_f32 y = vm_log_base_f32(a.e, a.f, 0x1.715476p0f, 0x1.4ae0cp-26f, f2, p, mgv_set1_f32(0.0f));
    return vm_log_special_f32(y, x, 0.0f);
}

MGV_FN mgv_f64 vm_log2_f64(mgv_f64 x) {
    const vm_log_parts_f64 a = vm_log_parts_f64_of(x);
    const mgv_f64 y = vm_log_base_f64(a.e, a.f, 0x1.71547652b82fep0, 0x1.777d0ffda0d24p-56, mgv_set1_f64(0.0));
    return vm_log_special_f64(y, x, 0.0);
}

/* log10(1 + f) = f/ln10 + f^2 p(f): relative error 2^-29.2. log10(2) is cut so that e times its high part is exact. */
MGV_FN mgv_f32 vm_log10_f32(mgv_f32 x) {
    const vm_log_parts_f32 a = vm_log_parts_f32_of(x);
    const mgv_f32 f2 = mgv_mul_f32(a.f, a.f);
    mgv_f32 odd = mgv_set1_f32(0x1.3a7bdcp-5f);
    odd = vm_step_f32(odd, f2, 0x1.9b92a6p-5f);
    odd = vm_step_f32(odd, f2, 0x1.fa4ad2p-5f);
    odd = vm_step_f32(odd, f2, 0x1.63d0cp-4f);
    odd = vm_step_f32(odd, f2, 0x1.287a64p-3f);
    mgv_f32 even = mgv_set1_f32(-0x1.c4d806p-5f);
    even = vm_step_f32(even, f2, -0x1.b23698p-5f);
    even = vm_step_f32(even, f2, -0x1.28b95ep-4f);
    even = vm_step_f32(even, f2, -0x1.bcb682p-4f);
    const mgv_f32 p = vm_step_f32(mgv_fma_f32(even, a.f, odd), a.f, -0x1.bcb7b2p-3f);
    const mgv_f32 eh = mgv_mul_f32(a.e, mgv_set1_f32(0x1.3442p-2f));
    const mgv_f32 el = mgv_mul_f32(a.e, mgv_set1_f32(-0x1.95ec1p-19f));
    return vm_log_special_f32(vm_log_base_f32(eh, a.f, 0x1.bcb7b2p-2f, -0x1.5b235ep-27f, f2, p, el), x, 0.0f);
}

MGV_FN mgv_f64 vm_log10_f64(mgv_f64 x) {
    const vm_log_parts_f64 a = vm_log_parts_f64_of(x);
    const mgv_f64 eh = mgv_mul_f64(a.e, mgv_set1_f64(0x1.34413509f78p-2));
    const mgv_f64 el = mgv_mul_f64(a.e, mgv_set1_f64(0x1.fef311f12b358p-46));
    return vm_log_special_f64(vm_log_base_f64(eh, a.f, 0x1.bcb7b1526e50ep-2, 0x1.95355baaafad3p-57, el), x, 0.0);
}

#endif
