/* SPDX-License-Identifier: MIT
 * What the vector-maths headers share: constants, polynomial steps, the reduction x = n ln2 + r and scaling by 2^n.
 * No function of mathematics is complete here. */
#ifndef MGK_VM_BASE_H
#define MGK_VM_BASE_H

#include <float.h>
#include <math.h>

#include "kernels/simd/simd.h"

#define VM_LOG2E 1.4426950408889634074
/* ln2 = hi + lo. hi has all the bits of its type: x - n hi is a multiple of half its last place and below 1/2, so one
 * FMA gives it without rounding. */
#define VM_LN2_HI_F32 0x1.62e43p-1f
#define VM_LN2_LO_F32 (-0x1.05c61p-29f)
#define VM_LN2_HI_F64 0x1.62e42fefa39efp-1
#define VM_LN2_LO_F64 0x1.abc9e3b39803fp-56

/* A large function, which several kernels call. The vectors of the scalar vocabulary are arrays, and compilers take
 * minutes over such a function in line: there it is called. */
#if defined(MGK_ISA_SCALAR)
#define VM_LARGE static __attribute__((noinline, unused))
#else
#define VM_LARGE MGV_FN
#endif

/* One step of Horner's rule, a*b + c, with a constant c. */
MGV_FN mgv_f32 vm_step_f32(mgv_f32 a, mgv_f32 b, float c) { return mgv_fma_f32(a, b, mgv_set1_f32(c)); }
MGV_FN mgv_f64 vm_step_f64(mgv_f64 a, mgv_f64 b, double c) { return mgv_fma_f64(a, b, mgv_set1_f64(c)); }

/* x = n ln2 + r, n = rint(x / ln2), |r| <= ln2/2 and a little. rh is x - n hi, exact; r = rh - n lo, rounded.
 * power is n, shifted to where the exponent of a float is: adding it to the bits of y multiplies a normal y by 2^n. */
typedef struct vm_reduced_f32 {
    mgv_f32 n, rh, r;
    mgv_i32 power;
} vm_reduced_f32;
typedef struct vm_reduced_f64 {
    mgv_f64 n, rh, r;
    mgv_i64 power;
} vm_reduced_f64;

/* Adding 1.5 * 2^23 rounds to an integer, and leaves it in the low bits; the shift drops the bits of the constant. */
MGV_FN vm_reduced_f32 vm_reduce_f32(mgv_f32 x) {
    vm_reduced_f32 a;
    const mgv_f32 magic = mgv_set1_f32(0x1.8p23f);
    const mgv_f32 t = mgv_fma_f32(x, mgv_set1_f32((float)VM_LOG2E), magic);
    a.n = mgv_sub_f32(t, magic);
    a.power = mgv_shl_i32(mgv_bits_f32(t), 23);
    a.rh = mgv_fnma_f32(a.n, mgv_set1_f32(VM_LN2_HI_F32), x);
    a.r = mgv_fnma_f32(a.n, mgv_set1_f32(VM_LN2_LO_F32), a.rh);
    return a;
}

MGV_FN vm_reduced_f64 vm_reduce_f64(mgv_f64 x) {
    vm_reduced_f64 a;
    const mgv_f64 magic = mgv_set1_f64(0x1.8p52);
    const mgv_f64 t = mgv_fma_f64(x, mgv_set1_f64(VM_LOG2E), magic);
    a.n = mgv_sub_f64(t, magic);
    a.power = mgv_shl_i64(mgv_bits_f64(t), 52);
    a.rh = mgv_fnma_f64(a.n, mgv_set1_f64(VM_LN2_HI_F64), x);
    a.r = mgv_fnma_f64(a.n, mgv_set1_f64(VM_LN2_LO_F64), a.rh);
    return a;
}

/* y 2^n for a normal result. */
MGV_FN mgv_f32 vm_scale_f32(mgv_f32 y, mgv_i32 power) { return mgv_frombits_f32(mgv_add_i32(mgv_bits_f32(y), power)); }
MGV_FN mgv_f64 vm_scale_f64(mgv_f64 y, mgv_i64 power) { return mgv_frombits_f64(mgv_add_i64(mgv_bits_f64(y), power)); }

/* y 2^n where the result may be subnormal in the lanes of tiny: there by 2^(n + 64) and then, rounding, by 2^-64. */
MGV_FN mgv_f32 vm_scale_down_f32(mgv_f32 y, mgv_i32 power, mgv_b32 tiny) {
    const mgv_i32 up = mgv_select_i32(tiny, mgv_set1_i32(64 << 23), mgv_set1_i32(0));
    const mgv_f32 down = mgv_select_f32(tiny, mgv_set1_f32(0x1p-64f), mgv_set1_f32(1.0f));
    return mgv_mul_f32(vm_scale_f32(y, mgv_add_i32(power, up)), down);
}
MGV_FN mgv_f64 vm_scale_down_f64(mgv_f64 y, mgv_i64 power, mgv_b64 tiny) {
    const mgv_i64 up = mgv_select_i64(tiny, mgv_set1_i64((int64_t)128 << 52), mgv_set1_i64(0));
    const mgv_f64 down = mgv_select_f64(tiny, mgv_set1_f64(0x1p-128), mgv_set1_f64(1.0));
    return mgv_mul_f64(vm_scale_f64(y, mgv_add_i64(power, up)), down);
}

#endif
