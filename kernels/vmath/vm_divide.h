/* SPDX-License-Identifier: MIT
 * Division with remainder of floats: fmod, exact for every pair; remainder, fmod brought to the divisor's sign and
 * rounded once; floor_divide, the floor of the exact quotient rounded once. Special values are in vmath.h. */
#ifndef MGK_VM_DIVIDE_H
#define MGK_VM_DIVIDE_H

#include "kernels/vmath/vm_base.h"

/* ---- fmod ----
 * r starts at |x| and loses multiples of c = |y| 2^k, k the largest with which the quotient q = trunc(r / c) stays
 * within the bits of its type: r - q c is a multiple of c's last place and no larger than c, so the FMA is exact. A
 * rounded quotient may be one too large: r goes below zero, and the next step, or the last line, brings it back.
 * Subnormal |y| let q pass its bits; it is rounded then, and r - q c still exact and smaller by as many bits. Each step
 * but the last takes 22 (51) bits off the quotient, and one is enough for most pairs. */

/* |y| 2^k for the lanes whose quotient has more than 22 (51) bits; 2^k in two factors, for k goes past the exponents.
 */
MGV_FN mgv_f32 vm_fmod_scaled_f32(mgv_f32 r, mgv_f32 y) {
    const mgv_i32 zero = mgv_set1_i32(0), one = mgv_set1_i32(1), bias = mgv_set1_i32(127);
    const mgv_i32 er = mgv_max_i32(mgv_shr_i32(mgv_bits_f32(mgv_abs_f32(r)), 23), one);
    const mgv_i32 ey = mgv_max_i32(mgv_shr_i32(mgv_bits_f32(y), 23), one);
    const mgv_i32 k = mgv_max_i32(mgv_sub_i32(mgv_sub_i32(er, ey), mgv_set1_i32(22)), zero);
    const mgv_i32 k1 = mgv_min_i32(k, bias), k2 = mgv_sub_i32(k, k1);
    const mgv_f32 c = mgv_mul_f32(y, mgv_frombits_f32(mgv_shl_i32(mgv_add_i32(k1, bias), 23)));
    return mgv_mul_f32(c, mgv_frombits_f32(mgv_shl_i32(mgv_add_i32(k2, bias), 23)));
}
MGV_FN mgv_f64 vm_fmod_scaled_f64(mgv_f64 r, mgv_f64 y) {
    const mgv_i64 zero = mgv_set1_i64(0), one = mgv_set1_i64(1), bias = mgv_set1_i64(1023);
    const mgv_i64 er = mgv_max_i64(mgv_shr_i64(mgv_bits_f64(mgv_abs_f64(r)), 52), one);
    const mgv_i64 ey = mgv_max_i64(mgv_shr_i64(mgv_bits_f64(y), 52), one);
    const mgv_i64 k = mgv_max_i64(mgv_sub_i64(mgv_sub_i64(er, ey), mgv_set1_i64(51)), zero);
    const mgv_i64 k1 = mgv_min_i64(k, bias), k2 = mgv_sub_i64(k, k1);
    const mgv_f64 c = mgv_mul_f64(y, mgv_frombits_f64(mgv_shl_i64(mgv_add_i64(k1, bias), 52)));
    return mgv_mul_f64(c, mgv_frombits_f64(mgv_shl_i64(mgv_add_i64(k2, bias), 52)));
}

#define VM_DIVIDE_(t, b, infinity, long_quotient)                                                                      \
    MGV_FN mgv_##t vm_fmod_##t(mgv_##t x, mgv_##t y) {                                                                 \
        const mgv_##t zero = mgv_set1_##t(0), inf = mgv_set1_##t(infinity), a = mgv_abs_##t(x), d = mgv_abs_##t(y);    \
        const mgv_##b defined = mgv_and_##b(mgv_lt_##t(a, inf), mgv_gt_##t(d, zero));                                  \
        mgv_##t r = mgv_select_##t(defined, a, zero);                                                                  \
        const mgv_##t c = mgv_select_##t(defined, d, inf), far = mgv_mul_##t(c, mgv_set1_##t(long_quotient));          \
        mgv_##b active = mgv_ge_##t(r, c);                                                                             \
        while (mgv_any_##b(active)) {                                                                                  \
            const bool is_far = mgv_any_##b(mgv_ge_##t(mgv_abs_##t(r), far));                                          \
            const mgv_##t step = is_far ? vm_fmod_scaled_##t(r, c) : c, q = mgv_trunc_##t(mgv_div_##t(r, step));       \
            r = mgv_select_##t(active, mgv_fnma_##t(q, step, r), r);                                                   \
            active = mgv_ge_##t(mgv_abs_##t(r), c);                                                                    \
        }                                                                                                              \
        r = mgv_select_##t(mgv_lt_##t(r, zero), mgv_add_##t(r, c), r);                                                 \
        return mgv_select_##t(defined, mgv_copysign_##t(r, x), mgv_set1_##t((MGV_ELEM_##t)NAN));                       \
    }                                                                                                                  \
    MGV_FN mgv_##t vm_remainder_##t(mgv_##t x, mgv_##t y) {                                                            \
        const mgv_##t zero = mgv_set1_##t(0), r = vm_fmod_##t(x, y);                                                   \
        const mgv_##b unlike = mgv_xor_##b(mgv_lt_##t(r, zero), mgv_lt_##t(y, zero));                                  \
        const mgv_##t moved = mgv_select_##t(unlike, mgv_add_##t(r, y), r);                                            \
        return mgv_select_##t(mgv_eq_##t(r, zero), mgv_copysign_##t(zero, y), moved);                                  \
    }
VM_DIVIDE_(f32, b32, INFINITY, 0x1p22f)
VM_DIVIDE_(f64, b64, (double)INFINITY, 0x1p51)
#undef VM_DIVIDE_

/* ---- floor_divide ----
 * w = x / y exactly, v = w rounded, p the bits of the type. h = x - floor(v) y is exact where it is used.
 * Below 2^p floor(v) is floor(w), unless rounding went up to an integer: then v is one, and h, of y's sign otherwise,
 * has the other one. From 2^p on v is an integer, and floor(w) rounds to v, unless w and floor(w) are on two sides of
 * what they are rounded by: floor(w) = v - u/2, u being v's last place, and w < v - u/2 + 1. A tie goes to the even
 * neighbour, so only an odd v is wrong, by u. 0 < w - (v - u/2) < 1 is 0 < |h + (u/2) y| < |y|, of y's sign. An
 * infinite x has no quotient but by 0. */
#define VM_FLOOR_DIVIDE_(t, b, i, infinity, digits, exponent)                                                          \
    MGV_FN mgv_##t vm_floor_divide_##t(mgv_##t x, mgv_##t y) {                                                         \
        const mgv_##t zero = mgv_set1_##t(0), one = mgv_set1_##t(1), inf = mgv_set1_##t(infinity);                     \
        const mgv_##t v = mgv_div_##t(x, y), whole = mgv_floor_##t(v);                                                 \
        const mgv_##t h = mgv_select_##t(mgv_eq_##t(whole, zero), x, mgv_fnma_##t(whole, y, x));                       \
        const mgv_##b below = mgv_lt_##t(y, zero), wide = mgv_ge_##t(mgv_abs_##t(v), mgv_set1_##t(digits));            \
        const mgv_##b past = mgv_and_##b(mgv_ne_##t(h, zero), mgv_xor_##b(mgv_lt_##t(h, zero), below));                \
        const mgv_##b less = mgv_andnot_##b(mgv_and_##b(past, mgv_eq_##t(v, whole)), wide);                            \
        mgv_##t q = mgv_select_##t(less, mgv_sub_##t(whole, one), whole);                                              \
        if (mgv_any_##b(wide)) {                                                                                       \
            const mgv_##i bits = mgv_bits_##t(v), last = mgv_and_##i(bits, mgv_set1_##i(1));                           \
            const mgv_##t power = mgv_frombits_##t(mgv_and_##i(bits, mgv_set1_##i(exponent)));                         \
            const mgv_##t half = mgv_mul_##t(power, mgv_set1_##t(1 / digits)), gap = mgv_fma_##t(half, y, h);          \
            const mgv_##b inside = mgv_and_##b(mgv_lt_##t(mgv_abs_##t(gap), mgv_abs_##t(y)), mgv_ne_##t(gap, zero));   \
            const mgv_##b same = mgv_not_##b(mgv_xor_##b(mgv_lt_##t(gap, zero), below));                               \
            const mgv_##b odd = mgv_ne_##i(last, mgv_set1_##i(0));                                                     \
            const mgv_##b tie = mgv_and_##b(mgv_and_##b(wide, odd), mgv_and_##b(inside, same));                        \
            q = mgv_select_##t(tie, mgv_sub_##t(v, mgv_add_##t(half, half)), q);                                       \
        }                                                                                                              \
        const mgv_##b none = mgv_and_##b(mgv_eq_##t(mgv_abs_##t(x), inf), mgv_ne_##t(y, zero));                        \
        return mgv_select_##t(none, mgv_set1_##t((MGV_ELEM_##t)NAN), q);                                               \
    }
VM_FLOOR_DIVIDE_(f32, b32, i32, INFINITY, 0x1p24f, 0x7f800000)
VM_FLOOR_DIVIDE_(f64, b64, i64, (double)INFINITY, 0x1p53, 0x7ff0000000000000)
#undef VM_FLOOR_DIVIDE_

#endif
