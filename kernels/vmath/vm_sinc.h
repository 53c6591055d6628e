/* SPDX-License-Identifier: MIT
 * sinc x = sin(pi x)/(pi x) and its derivative, by f = x - n, |f| <= 1/2, which is exact for every x: with P(f^2) =
 * sinc f it is +-P f/x. Accuracy and special values are in vmath.h. Coefficients: fit/sinc.sollya. */
#ifndef MGK_VM_SINC_H
#define MGK_VM_SINC_H

#include "kernels/vmath/vm_words.h"

/* The words of pi^2/6. */
#define VM_PI26_F64    0x1.a51a6625307d3p0
#define VM_PI26_LO_F64 0x1.1873d8912200cp-55
#define VM_PI26_F32    0x1.a51a66p0f
#define VM_PI26_LO_F32 0x1.2983eap-27f

/* sinc f = 1 - w pi^2/6 + w^2 G(w), w = f^2 <= 1/4; all that 1 - w pi^2/6 loses is kept. */
MGV_FN vm_words vm_sinc_short_f64(mgv_f64 f) {
    const mgv_f64 one = mgv_set1_f64(1.0), c = mgv_set1_f64(VM_PI26_F64), w = mgv_mul_f64(f, f);
    mgv_f64 p = mgv_set1_f64(0x1.077703df1173cp-22);
    p = vm_step_f64(p, w, -0x1.d3e9da986d377p-18);
    p = vm_step_f64(p, w, 0x1.3746abe8f99ebp-13);
    p = vm_step_f64(p, w, -0x1.338169ba8d6cfp-9);
    p = vm_step_f64(p, w, 0x1.ac6805cd09c55p-6);
    p = vm_step_f64(p, w, -0x1.86a8e4720b194p-3);
    p = vm_step_f64(p, w, 0x1.9f9cb402bc446p-1);
    const mgv_f64 hi = mgv_fnma_f64(c, w, one), left = mgv_fnma_f64(c, w, mgv_sub_f64(one, hi));
    const mgv_f64 wl = mgv_fnma_f64(f, f, w); /* w - f^2 */
    const mgv_f64 lo = mgv_fma_f64(wl, c, mgv_fnma_f64(w, mgv_set1_f64(VM_PI26_LO_F64), left));
    return (vm_words){hi, mgv_fma_f64(mgv_mul_f64(w, w), p, lo)};
}
MGV_FN vm_pair_f32 vm_sinc_short_f32(mgv_f32 f) {
    const mgv_f32 one = mgv_set1_f32(1.0f), c = mgv_set1_f32(VM_PI26_F32), w = mgv_mul_f32(f, f);
    mgv_f32 p = mgv_set1_f32(-0x1.270eb6p-9f);
    p = vm_step_f32(p, w, 0x1.ac0d52p-6f);
    p = vm_step_f32(p, w, -0x1.86a7d8p-3f);
    p = vm_step_f32(p, w, 0x1.9f9cb2p-1f);
    const mgv_f32 hi = mgv_fnma_f32(c, w, one), left = mgv_fnma_f32(c, w, mgv_sub_f32(one, hi));
    const mgv_f32 wl = mgv_fnma_f32(f, f, w);
    const mgv_f32 lo = mgv_fma_f32(wl, c, mgv_fnma_f32(w, mgv_set1_f32(VM_PI26_LO_F32), left));
    return (vm_pair_f32){hi, mgv_fma_f32(mgv_mul_f32(w, w), p, lo)};
}

/* x = n + f, exact; turned is f with the sign that sin(pi x) has more than sin(pi f). Where n is 0, turned is x. */
typedef struct vm_whole_f64 {
    mgv_b64 even; /* n */
    mgv_f64 f, turned;
} vm_whole_f64;
typedef struct vm_whole_f32 {
    mgv_b32 even; /* n */
    mgv_f32 f, turned;
} vm_whole_f32;
MGV_FN vm_whole_f64 vm_whole_of_f64(mgv_f64 x) {
    const mgv_f64 half = mgv_mul_f64(x, mgv_set1_f64(0.5));
    const mgv_f64 m = mgv_fnma_f64(mgv_rint_f64(half), mgv_set1_f64(2.0), x), odd = mgv_rint_f64(m); /* -1, 0, 1 */
    const mgv_f64 f = mgv_sub_f64(m, odd);
    const mgv_b64 even = mgv_eq_f64(odd, mgv_set1_f64(0.0));
    return (vm_whole_f64){even, f, mgv_select_f64(even, f, mgv_neg_f64(f))};
}
MGV_FN vm_whole_f32 vm_whole_of_f32(mgv_f32 x) {
    const mgv_f32 half = mgv_mul_f32(x, mgv_set1_f32(0.5f));
    const mgv_f32 m = mgv_fnma_f32(mgv_rint_f32(half), mgv_set1_f32(2.0f), x), odd = mgv_rint_f32(m);
    const mgv_f32 f = mgv_sub_f32(m, odd);
    const mgv_b32 even = mgv_eq_f32(odd, mgv_set1_f32(0.0f));
    return (vm_whole_f32){even, f, mgv_select_f32(even, f, mgv_neg_f32(f))};
}

/* The quotient is corrected by what it leaves. Where f is x there is none; the sum makes +0 of -0. */
MGV_FN mgv_f64 vm_sinc_f64(mgv_f64 x) {
    const vm_whole_f64 a = vm_whole_of_f64(x);
    const vm_words s = vm_sinc_short_f64(a.f), p = vm_product(a.turned, s.hi);
    const mgv_f64 inverse = mgv_div_f64(mgv_set1_f64(1.0), x), q = mgv_mul_f64(p.hi, inverse);
    const mgv_f64 rest = mgv_add_f64(mgv_fnma_f64(q, x, p.hi), mgv_fma_f64(a.turned, s.lo, p.lo));
    const mgv_f64 y = mgv_add_f64(mgv_fma_f64(rest, inverse, q), mgv_set1_f64(0.0));
    return mgv_select_f64(mgv_eq_f64(a.turned, x), vm_words_round(s), y);
}
MGV_FN mgv_f32 vm_sinc_f32(mgv_f32 x) {
    const vm_whole_f32 a = vm_whole_of_f32(x);
    const vm_pair_f32 s = vm_sinc_short_f32(a.f);
    const mgv_f32 hi = mgv_mul_f32(a.turned, s.hi), lo = mgv_neg_f32(mgv_fnma_f32(a.turned, s.hi, hi));
    const mgv_f32 inverse = mgv_div_f32(mgv_set1_f32(1.0f), x), q = mgv_mul_f32(hi, inverse);
    const mgv_f32 rest = mgv_add_f32(mgv_fnma_f32(q, x, hi), mgv_fma_f32(a.turned, s.lo, lo));
    const mgv_f32 y = mgv_add_f32(mgv_fma_f32(rest, inverse, q), mgv_set1_f32(0.0f));
    return mgv_select_f32(mgv_eq_f32(a.turned, x), mgv_add_f32(s.hi, s.lo), y);
}

/* One step of Horner's rule in two words, x u + (hi + lo), where hi is the larger one: 2^-103 of the result. */
MGV_FN vm_words vm_words_step(vm_words x, vm_words u, double hi, double lo) {
    const vm_words p = vm_product(x.hi, u.hi), s = vm_quick_sum(mgv_set1_f64(hi), p.hi);
    const mgv_f64 cross = mgv_fma_f64(x.lo, u.hi, mgv_fma_f64(x.hi, u.lo, p.lo));
    return vm_quick_sum(s.hi, mgv_add_f64(s.lo, mgv_add_f64(cross, mgv_set1_f64(lo))));
}

/* sin(pi d)/d and cos(pi d)/pi for u = d^2 <= 1/64, to 2^-103. */
MGV_FN vm_words vm_sin_turns(vm_words u) {
    mgv_f64 p = mgv_set1_f64(-0x1.7215f879e1ac9p-37);
    p = vm_step_f64(p, u.hi, 0x1.2877020d52cfp-31);
    p = vm_step_f64(p, u.hi, -0x1.8a404211f9547p-26);
    p = vm_step_f64(p, u.hi, 0x1.aaec32af93359p-21);
    p = vm_step_f64(p, u.hi, -0x1.6fadb9f155744p-16);
    vm_words s = {p, mgv_set1_f64(0.0)};
    s = vm_words_step(s, u, 0x1.e8f434d018d63p-12, 0x1.94682b2571263p-67);
    s = vm_words_step(s, u, -0x1.e3074fde8871fp-8, -0x1.88ef203b0a336p-62);
    s = vm_words_step(s, u, 0x1.50783487ee782p-4, -0x1.1be14e6e8854ap-58);
    s = vm_words_step(s, u, -0x1.32d2cce62bd86p-1, 0x1.066847a026e69p-55);
    s = vm_words_step(s, u, 0x1.466bc6775aae2p1, -0x1.6dc0cbddb0fc3p-54);
    s = vm_words_step(s, u, -0x1.4abbce625be53p2, 0x1.05511c68476a8p-52);
    s = vm_words_step(s, u, 0x1.921fb54442d18p1, 0x1.1a62633145c07p-53);
    return s;
}
MGV_FN vm_words vm_cos_turns(vm_words u) {
    mgv_f64 p = mgv_set1_f64(0x1.ed72a0a2823b6p-42);
    p = vm_step_f64(p, u.hi, -0x1.af38bd2aa6fe8p-36);
    p = vm_step_f64(p, u.hi, 0x1.3b669b4194439p-30);
    p = vm_step_f64(p, u.hi, -0x1.7b7c9ed4f4a16p-25);
    p = vm_step_f64(p, u.hi, 0x1.6fadb9f155744p-20);
    vm_words c = {p, mgv_set1_f64(0.0)};
    c = vm_words_step(c, u, -0x1.1766f99b7be82p-15, 0x1.620d9e33bf57ep-70);
    c = vm_words_step(c, u, 0x1.4204dfe9b04cp-11, -0x1.a4b5ea834e887p-65);
    c = vm_words_step(c, u, -0x1.0d2cf6d3252cep-7, -0x1.6cfde8e8bf78ap-62);
    c = vm_words_step(c, u, 0x1.32d2cce62bd86p-4, -0x1.066847a026e69p-58);
    c = vm_words_step(c, u, -0x1.b33a5df478e82p-2, -0x1.b6d4cd6c34ad3p-56);
    c = vm_words_step(c, u, 0x1.4abbce625be53p0, -0x1.05511c68476a8p-54);
    c = vm_words_step(c, u, -0x1.921fb54442d18p0, -0x1.1a62633145c07p-54);
    c = vm_words_step(c, u, 0x1.45f306dc9c883p-2, -0x1.6b01ec5417056p-56);
    return c;
}

/* sinc' f = f H(f^2), H(w) = (cos(pi f) - sinc f)/w = -pi^2/3 + w (...), in two words. */
MGV_FN vm_words vm_sinc_bend(mgv_f64 f, mgv_f64 w) {
    const mgv_f64 h0 = mgv_set1_f64(-0x1.a51a6625307d3p1), h1 = mgv_set1_f64(0x1.9f9cb402bc46cp1);
    mgv_f64 p = mgv_set1_f64(-0x1.0933a0a53ccd7p-27);
    p = vm_step_f64(p, w, -0x1.ff764d14fd083p-24);
    p = vm_step_f64(p, w, 0x1.0f66c85ec0334p-18);
    p = vm_step_f64(p, w, -0x1.999e7b5f42215p-14);
    p = vm_step_f64(p, w, 0x1.d2eaa366bc787p-10);
    p = vm_step_f64(p, w, -0x1.8061c548a7d1fp-6);
    p = vm_step_f64(p, w, 0x1.ac6805cf2dd92p-3);
    p = vm_step_f64(p, w, -0x1.24feab558a43ap0);
    const mgv_f64 hi = mgv_fma_f64(h1, w, h0), left = mgv_fma_f64(h1, w, mgv_sub_f64(h0, hi));
    const mgv_f64 lost =
        mgv_fnma_f64(mgv_fnma_f64(f, f, w), h1, mgv_set1_f64(-0x1.1873d8912200cp-54)); /* of w, and of h0 */
    return (vm_words){hi, mgv_fma_f64(mgv_mul_f64(w, w), p, mgv_add_f64(left, lost))};
}

/* num / den; inverse is 1 / den. */
MGV_FN mgv_f64 vm_sinc_quotient(vm_words num, mgv_f64 den, mgv_f64 inverse) {
    const mgv_f64 q = mgv_div_f64(num.hi, den), rest = mgv_add_f64(mgv_fnma_f64(q, den, num.hi), num.lo);
    return mgv_fma_f64(rest, inverse, q);
}

/* sinc' x = +-N/x, N = cos(pi f) - sinc(f) f/x, which is 0 near x = 1.43, 2.46, ..., where f is almost 1/2. There, with
 * d = 1/2 - |f|, N = sin(pi d) -+ cos(pi d)/(pi |x|), each to 2^-103; elsewhere P n/x + w H, and f H where n is 0. */
MGV_FN mgv_f64 vm_sinc_slope_f64(mgv_f64 x) {
    const mgv_f64 half = mgv_set1_f64(0.5), size = mgv_abs_f64(x), inverse = mgv_div_f64(mgv_set1_f64(1.0), size);
    const vm_whole_f64 a = vm_whole_of_f64(x);
    const mgv_f64 w = mgv_mul_f64(a.f, a.f), d = mgv_sub_f64(half, mgv_abs_f64(a.f));
    /* f H, of which the sum may lose the sign of 0 */
    const vm_words h = vm_sinc_bend(a.f, w);
    const mgv_f64 near = mgv_copysign_f64(mgv_fma_f64(x, h.hi, mgv_mul_f64(x, h.lo)), mgv_neg_f64(x));
    /* P n/x + w H */
    const mgv_f64 n = mgv_sub_f64(x, a.f), q = mgv_div_f64(n, x), ql = mgv_fnma_f64(q, x, n);
    const vm_words part = {q, mgv_mul_f64(ql, mgv_copysign_f64(inverse, x))};
    const vm_words wide = {w, mgv_neg_f64(mgv_fnma_f64(a.f, a.f, w))};
    const vm_words far = vm_words_add(vm_words_mul(vm_sinc_short_f64(a.f), part), vm_words_mul(h, wide));
    /* sin(pi d) -+ cos(pi d)/(pi |x|) */
    const vm_words u = vm_product(d, d), s = vm_words_mul_f64(vm_sin_turns(u), d), c = vm_cos_turns(u);
    const mgv_f64 cq = mgv_mul_f64(c.hi, inverse), rest = mgv_add_f64(mgv_fnma_f64(cq, size, c.hi), c.lo);
    const vm_words e = vm_quick_sum(cq, mgv_mul_f64(rest, inverse));
    const mgv_b64 outer = mgv_eq_f64(mgv_copysign_f64(half, a.f), mgv_copysign_f64(half, x));
    const vm_words zero = vm_words_add(s, vm_words_select(outer, vm_words_neg(e), e));
    const vm_words num = vm_words_select(mgv_lt_f64(d, mgv_set1_f64(0.125)), zero, far);
    const mgv_f64 y = vm_sinc_quotient(num, x, mgv_copysign_f64(inverse, x));
    return mgv_select_f64(mgv_eq_f64(a.turned, x), near, mgv_select_f64(a.even, y, mgv_neg_f64(y)));
}

/* For f32, whose numbers keep 2^-25 away from those zeros: N in one word, to 2^-52. */
MGV_FN mgv_f64 vm_sinc_slope_short(mgv_f64 x) {
    const vm_whole_f64 a = vm_whole_of_f64(x);
    const mgv_f64 w = mgv_mul_f64(a.f, a.f), h = vm_words_round(vm_sinc_bend(a.f, w));
    const mgv_f64 part = mgv_div_f64(mgv_sub_f64(x, a.f), x), s = vm_words_round(vm_sinc_short_f64(a.f));
    const mgv_f64 y = mgv_div_f64(mgv_fma_f64(s, part, mgv_mul_f64(w, h)), x);
    return mgv_select_f64(mgv_eq_f64(a.turned, x), mgv_mul_f64(x, h), mgv_select_f64(a.even, y, mgv_neg_f64(y)));
}
VM_F32_BY_F64(sinc_slope, vm_sinc_slope_short)

#endif
