/* SPDX-License-Identifier: MIT
 * sin, cos, tan and their reciprocals: the argument turned to |r| <= pi/4, sine and cosine of r by a polynomial each.
 * Accuracy and special values are in vmath.h. Coefficients: fit/trig.sollya. */
#ifndef MGK_VM_TRIG_H
#define MGK_VM_TRIG_H

#include "kernels/vmath/vm_turns.h"

#define VM_SIGN_BIT ((int64_t)((uint64_t)1 << 63))

/* sin r = r + r z S(z), cos r = 1 - z/2 + z^2 C(z), z = r^2: errors 2^-57.8 of sin r, 2^-64.1. */
MGV_FN mgv_f64 vm_sin_poly(mgv_f64 z) {
    mgv_f64 p = mgv_set1_f64(0x1.5d92be31e7ae6p-33);
    p = vm_step_f64(p, z, -0x1.ae5e65dcc6fa5p-26);
    p = vm_step_f64(p, z, 0x1.71de35781d8c2p-19);
    p = vm_step_f64(p, z, -0x1.a01a019c136c1p-13);
    p = vm_step_f64(p, z, 0x1.111111110f899p-7);
    p = vm_step_f64(p, z, -0x1.5555555555549p-3);
    return p;
}
MGV_FN mgv_f64 vm_cos_poly(mgv_f64 z) {
    mgv_f64 p = mgv_set1_f64(-0x1.8fb080bc8c6cdp-37);
    p = vm_step_f64(p, z, 0x1.1ee9f0336551ep-29);
    p = vm_step_f64(p, z, -0x1.27e4f8116708p-22);
    p = vm_step_f64(p, z, 0x1.a01a019cbe19dp-16);
    p = vm_step_f64(p, z, -0x1.6c16c16c15218p-10);
    p = vm_step_f64(p, z, 0x1.555555555554cp-5);
    return p;
}

/* sin and cos of r, hi being r's and 1 - z/2. The cosine's lo takes what z lost if it is to be part of a quotient. */
typedef struct vm_circle {
    vm_words sin, cos;
} vm_circle;
MGV_FN vm_circle vm_circle_of(mgv_f64 hi, mgv_f64 lo, bool quotient) {
    const mgv_f64 one = mgv_set1_f64(1.0), half = mgv_set1_f64(0.5);
    const mgv_f64 z = mgv_mul_f64(hi, hi), h = mgv_fnma_f64(z, half, one);
    const mgv_f64 s = mgv_fma_f64(mgv_mul_f64(hi, z), vm_sin_poly(z), mgv_mul_f64(lo, h));
    mgv_f64 e = mgv_fnma_f64(z, half, mgv_sub_f64(one, h));
    if (quotient) e = mgv_fma_f64(mgv_fnma_f64(hi, hi, z), half, e);
    const mgv_f64 c = mgv_fma_f64(mgv_mul_f64(z, z), vm_cos_poly(z), mgv_fnma_f64(hi, lo, e));
    return (vm_circle){{hi, s}, {h, c}};
}

MGV_FN mgv_b64 vm_odd(mgv_i64 n) {
    const mgv_i64 one = mgv_set1_i64(1);
    return mgv_eq_i64(mgv_and_i64(n, one), one);
}
/* x with its sign changed where bit 1, or bit 0, of n is set. */
MGV_FN mgv_f64 vm_flip_by_two(mgv_f64 x, mgv_i64 n) {
    const mgv_i64 sign = mgv_and_i64(mgv_shl_i64(n, 62), mgv_set1_i64(VM_SIGN_BIT));
    return mgv_frombits_f64(mgv_xor_i64(mgv_bits_f64(x), sign));
}
MGV_FN mgv_f64 vm_flip_by_one(mgv_f64 x, mgv_i64 n) {
    return mgv_frombits_f64(mgv_xor_i64(mgv_bits_f64(x), mgv_shl_i64(n, 63)));
}

/* The sum makes +0 of -0. */
MGV_FN mgv_f64 vm_sin_f64(mgv_f64 x) {
    const vm_quarters q = vm_quarters_of(x);
    const vm_circle a = vm_circle_of(q.hi, q.lo, false);
    const mgv_f64 y = vm_flip_by_two(vm_words_round(vm_words_select(vm_odd(q.n), a.cos, a.sin)), q.n);
    return mgv_select_f64(mgv_eq_f64(x, mgv_set1_f64(0.0)), x, y);
}

MGV_FN mgv_f64 vm_cos_f64(mgv_f64 x) {
    const vm_quarters q = vm_quarters_of(x);
    const vm_circle a = vm_circle_of(q.hi, q.lo, false);
    const mgv_f64 y = vm_words_round(vm_words_select(vm_odd(q.n), a.sin, a.cos));
    return vm_flip_by_two(y, mgv_add_i64(q.n, mgv_set1_i64(1)));
}

/* sin r = r (1 + z p(z)) for |r| <= pi/2, to 2^-35, with n's sign; changed if one is -1. */
MGV_FN mgv_f64 vm_sin_halves(vm_turned a, double one) {
    const mgv_f64 z = mgv_mul_f64(a.r, a.r);
    mgv_f64 p = mgv_set1_f64(-0x1.9ac2dfadb1b15p-26);
    p = vm_step_f64(p, z, 0x1.7174c8fae6d06p-19);
    p = vm_step_f64(p, z, -0x1.a017fd945a20ap-13);
    p = vm_step_f64(p, z, 0x1.11110cc15dc4ep-7);
    p = vm_step_f64(p, z, -0x1.5555554959463p-3);
    p = one > 0 ? vm_step_f64(p, z, one) : mgv_fnma_f64(p, z, mgv_set1_f64(one));
    return vm_flip_by_one(mgv_mul_f64(a.r, p), a.n);
}
MGV_FN mgv_f64 vm_sin_short(vm_turned a) { return vm_sin_halves(a, 1); }
MGV_FN mgv_f64 vm_cos_short(vm_turned a) { return vm_sin_halves(a, -1); }

/* The f32 functions, two halves of f64. Where a lane is huge, all are computed by a function of its own, which gives
 * the others the same bits: so nothing of the usual path has to have an address. */
MGV_FN mgv_b32 vm_turns_huge_f32(mgv_f32 x) { return mgv_gt_f32(mgv_abs_f32(x), mgv_set1_f32((float)VM_TURNS_MAX)); }
#define VM_BY_TURNED(name, turned, turn_huge)                                                                          \
    VM_RARE mgv_f32 vm_##name##_huge_f32(mgv_f32 x) {                                                                  \
        const mgv_f64 lo = mgv_widen_lo_f64(x), hi = mgv_widen_hi_f64(x);                                              \
        vm_turned a = turned(lo), b = turned(hi);                                                                      \
        turn_huge(&lo, &a);                                                                                            \
        turn_huge(&hi, &b);                                                                                            \
        return mgv_narrow_f32(vm_##name##_short(a), vm_##name##_short(b));                                             \
    }                                                                                                                  \
    MGV_FN mgv_f32 vm_##name##_f32(mgv_f32 x) {                                                                        \
        if (mgv_any_b32(vm_turns_huge_f32(x))) return vm_##name##_huge_f32(x);                                         \
        const vm_turned a = turned(mgv_widen_lo_f64(x)), b = turned(mgv_widen_hi_f64(x));                              \
        return mgv_narrow_f32(vm_##name##_short(a), vm_##name##_short(b));                                             \
    }
VM_BY_TURNED(sin, vm_turned_halves, vm_turned_halves_huge)
VM_BY_TURNED(cos, vm_turned_between, vm_turned_between_huge)

/* ---- quotients: tan, and the reciprocals ------------------------------------------------------------------------- */

/* num / den. The high words' quotient is corrected once by what it leaves; where it is huge, num is 1 and den.lo
 * nothing, and it is right as it is, infinite or not. */
MGV_FN mgv_f64 vm_quotient(vm_words num, vm_words den) {
    const mgv_f64 inverse = mgv_div_f64(mgv_set1_f64(1.0), den.hi), q = mgv_mul_f64(num.hi, inverse);
    const mgv_f64 rest = mgv_fnma_f64(q, den.lo, mgv_add_f64(mgv_fnma_f64(q, den.hi, num.hi), num.lo));
    const mgv_b64 usual = mgv_lt_f64(mgv_abs_f64(q), mgv_set1_f64(0x1p900));
    return mgv_select_f64(usual, mgv_fma_f64(rest, inverse, q), q);
}

typedef struct vm_turned_circle {
    mgv_b64 odd;
    mgv_i64 n;
    vm_words sin, cos;
} vm_turned_circle;
MGV_FN vm_turned_circle vm_turned_circle_of(mgv_f64 x) {
    const vm_quarters q = vm_quarters_of(x);
    const vm_circle a = vm_circle_of(q.hi, q.lo, true);
    return (vm_turned_circle){vm_odd(q.n), q.n, vm_quick_sum(a.sin.hi, a.sin.lo), vm_quick_sum(a.cos.hi, a.cos.lo)};
}

MGV_FN mgv_f64 vm_tan_f64(mgv_f64 x) {
    const vm_turned_circle a = vm_turned_circle_of(x);
    const vm_words num = vm_words_select(a.odd, a.cos, a.sin), den = vm_words_select(a.odd, a.sin, a.cos);
    const mgv_f64 y = vm_flip_by_one(vm_quotient(num, den), a.n);
    return mgv_select_f64(mgv_eq_f64(x, mgv_set1_f64(0.0)), x, y);
}

MGV_FN mgv_f64 vm_cot_f64(mgv_f64 x) {
    const vm_turned_circle a = vm_turned_circle_of(x);
    const vm_words num = vm_words_select(a.odd, a.sin, a.cos), den = vm_words_select(a.odd, a.cos, a.sin);
    const mgv_f64 y = vm_flip_by_one(vm_quotient(num, den), a.n);
    const mgv_f64 pole = mgv_copysign_f64(mgv_set1_f64((double)INFINITY), x);
    return mgv_select_f64(mgv_eq_f64(x, mgv_set1_f64(0.0)), pole, y);
}

MGV_FN mgv_f64 vm_sec_f64(mgv_f64 x) {
    const vm_turned_circle a = vm_turned_circle_of(x);
    const mgv_f64 y = vm_quotient(vm_words_set1(1.0, 0.0), vm_words_select(a.odd, a.sin, a.cos));
    return vm_flip_by_two(y, mgv_add_i64(a.n, mgv_set1_i64(1)));
}

MGV_FN mgv_f64 vm_csc_f64(mgv_f64 x) {
    const vm_turned_circle a = vm_turned_circle_of(x);
    const mgv_f64 y = vm_quotient(vm_words_set1(1.0, 0.0), vm_words_select(a.odd, a.cos, a.sin));
    const mgv_f64 pole = mgv_copysign_f64(mgv_set1_f64((double)INFINITY), x);
    return mgv_select_f64(mgv_eq_f64(x, mgv_set1_f64(0.0)), pole, vm_flip_by_two(y, a.n));
}

/* sin r and cos r for |r| <= pi/4, to 2^-37 and 2^-33. */
MGV_FN mgv_f64 vm_sin_quarter(mgv_f64 r, mgv_f64 z) {
    mgv_f64 p = mgv_set1_f64(0x1.6cd684efca43cp-19);
    p = vm_step_f64(p, z, -0x1.a00f9613038f8p-13);
    p = vm_step_f64(p, z, 0x1.1111088d00ed2p-7);
    p = vm_step_f64(p, z, -0x1.5555554cad51ap-3);
    return mgv_mul_f64(r, vm_step_f64(p, z, 1.0));
}
MGV_FN mgv_f64 vm_cos_quarter(mgv_f64 z) {
    mgv_f64 p = mgv_set1_f64(0x1.99fff9df6ea03p-16);
    p = vm_step_f64(p, z, -0x1.6c0c83bda1606p-10);
    p = vm_step_f64(p, z, 0x1.55554aa7855c1p-5);
    p = vm_step_f64(p, z, -0.5);
    return vm_step_f64(p, z, 1.0);
}

MGV_FN mgv_f64 vm_tan_short(vm_turned a) {
    const mgv_f64 z = mgv_mul_f64(a.r, a.r), s = vm_sin_quarter(a.r, z), c = vm_cos_quarter(z);
    const mgv_b64 odd = vm_odd(a.n);
    return vm_flip_by_one(mgv_div_f64(mgv_select_f64(odd, c, s), mgv_select_f64(odd, s, c)), a.n);
}
MGV_FN mgv_f64 vm_cot_short(vm_turned a) {
    const mgv_f64 z = mgv_mul_f64(a.r, a.r), s = vm_sin_quarter(a.r, z), c = vm_cos_quarter(z);
    const mgv_b64 odd = vm_odd(a.n);
    return vm_flip_by_one(mgv_div_f64(mgv_select_f64(odd, s, c), mgv_select_f64(odd, c, s)), a.n);
}
MGV_FN mgv_f64 vm_sec_short(vm_turned a) { return mgv_div_f64(mgv_set1_f64(1.0), vm_cos_short(a)); }
MGV_FN mgv_f64 vm_csc_short(vm_turned a) { return mgv_div_f64(mgv_set1_f64(1.0), vm_sin_short(a)); }
VM_BY_TURNED(tan, vm_turned_quarters, vm_turned_quarters_huge)
VM_BY_TURNED(cot, vm_turned_quarters, vm_turned_quarters_huge)
VM_BY_TURNED(sec, vm_turned_between, vm_turned_between_huge)
VM_BY_TURNED(csc, vm_turned_halves, vm_turned_halves_huge)

#endif
