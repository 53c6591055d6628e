/* SPDX-License-Identifier: MIT
 * Arguments of the circular functions as turns: x = n pi/2 + r (or n pi + r), by Cody and Waite with FMA while |x| <=
 * 2^30, beyond by Payne and Hanek. No function of mathematics is here. Table: fit/two_over_pi.sollya. */
#ifndef MGK_VM_TURNS_H
#define MGK_VM_TURNS_H

#include "kernels/vmath/vm_words.h"

/* pi/2 in three words, and half of 1/pi; halves and doubles of them are exact. */
#define VM_PIO2_1    0x1.921fb54442d18p0
#define VM_PIO2_2    0x1.1a62633145c07p-54
#define VM_PIO2_3    (-0x1.f1976b7ed8fbcp-110)
#define VM_TWO_OPI   0x1.45f306dc9c883p-1
#define VM_TURNS_MAX 0x1p30

/* A rare path is a function of its own, for its registers' sake. */
#define VM_RARE static __attribute__((noinline, cold, unused))

/* Row j: 2^(16 j - 32) 2/pi modulo 4, as a sum of four. */
/* clang-format off */
static const double vm_two_over_pi[63 * 4] = {
    0x1.45f306dc9c883p-33, -0x1.6b01ec5417056p-87, -0x1.6447e493ad4cep-141, 0x1.e21c820ff28b2p-195,
    0x1.45f306dc9c883p-17, -0x1.6b01ec5417056p-71, -0x1.6447e493ad4cep-125, 0x1.e21c820ff28b2p-179,
    0x1.45f306dc9c883p-1, -0x1.6b01ec5417056p-55, -0x1.6447e493ad4cep-109, 0x1.e21c820ff28b2p-163,
    0x1.836e4e44152ap0, -0x1.ec54170565912p-55, 0x1.b6c52b3278872p-113, 0x1.07f9458eaf7afp-170,
    0x1.27220a94fe13bp1, -0x1.05c1596447e49p-53, -0x1.d6a66c3bc6fbep-108, -0x1.ae9c5421443aap-168,
    0x1.529fc2757d1f5p-4, 0x1.a6ee06db14acdp-59, -0x1.8778df7c035d4p-113, 0x1.d5ef5de2b0db9p-167,
    0x1.fc2757d1f534ep0, -0x1.1f924eb53361ep-55, 0x1.c820ff28b1d5fp-111, -0x1.443a9e48db91cp-168,
    0x1.abe8fa9a6ee07p1, -0x1.275a99b0ef1bfp-54, 0x1.fe5163abdebbcp-112, 0x1.586dc91b8e909p-166,
    0x1.f534ddc0db629p0, 0x1.664f10e4107f9p-54, 0x1.163abdebbc562p-108, -0x1.236e4716f6c8bp-162,
    0x1.bb81b6c52b328p-1, -0x1.de37df00d74e3p-55, 0x1.7bd778ac36e49p-109, -0x1.1c5bdb22d1ffap-164,
    0x1.b6c52b3278872p-1, 0x1.07f9458eaf7afp-58, -0x1.d4f246dc8e2dfp-115, 0x1.374b801924bbbp-170,
    0x1.4acc9e21c821p1, -0x1.ae9c5421443aap-56, 0x1.b7246e3a424ddp-112, 0x1.700324977504fp-167,
    0x1.3c439041fe516p0, 0x1.d5ef5de2b0db9p-55, 0x1.1b8e909374b8p-110, 0x1.924bba8274648p-166,
    0x1.c820ff28b1d5fp1, -0x1.443a9e48db91cp-56, -0x1.6f6c8b47fe6dbp-110, -0x1.115f62e6de302p-164,
    0x1.fe5163abdebbcp0, 0x1.586dc91b8e909p-54, 0x1.ba5c00c925dd4p-109, 0x1.3a32439fc3bd6p-165,
    0x1.63abdebbc561bp0, 0x1.c91b8e909374cp-54, -0x1.ff9b6d115f62ep-108, -0x1.b78c0788538d4p-162,
    0x1.ef5de2b0db923p1, 0x1.c74849ba5c00dp-53, -0x1.b688afb1736f2p-107, 0x1.fc3bd63962535p-161,
    0x1.e2b0db92371d2p1, 0x1.26e9700324977p-55, 0x1.413a32439fc3cp-109, -0x1.4e34ed658c117p-164,
    0x1.b7246e3a424ddp0, 0x1.700324977504fp-55, -0x1.cdbc603c429c7p-109, 0x1.894d39f74411bp-163,
    0x1.b8e909374b802p-2, -0x1.b6d115f62e6dep-56, -0x1.80f10a71a76b3p-111, 0x1.cfba208d7d4bbp-166,
    0x1.2126e97003249p1, 0x1.dd413a32439fcp-53, 0x1.deb1cb129a73fp-108, -0x1.77dca0ad144bbp-164,
    0x1.d2e006492eea1p0, -0x1.8b9b78c078854p-54, 0x1.cb129a73ee882p-108, 0x1.afa975da24275p-163,
    0x1.924bba8274648p-6, 0x1.cfe1deb1cb12ap-60, -0x1.63045df7282b4p-114, -0x1.44bb7b16638fep-168,
    0x1.2eea09d1921dp0, -0x1.e214e34ed658cp-56, -0x1.177dca0ad144cp-112, 0x1.213a671c09ad1p-166,
    0x1.04e8c90e7f0efp1, 0x1.63962534e7dd1p-53, 0x1.1afa975da2427p-111, 0x1.338e04d68befdp-165,
    0x1.921cfe1deb1cbp0, 0x1.29a73ee88235fp-56, 0x1.4baed1213a672p-110, -0x1.fb29741037d8dp-165,
    0x1.fc3bd63962535p-1, -0x1.822efb9415a29p-57, 0x1.a24274ce38136p-111, -0x1.741037d8cdc54p-165,
    0x1.eb1cb129a73efp0, -0x1.df7282b4512eep-54, 0x1.3a671c09ad17ep-110, -0x1.bec66e29c67cbp-168,
    0x1.62534e7dd1047p-1, -0x1.0568a25dbd8b3p-55, -0x1.c7eca5d040df6p-111, -0x1.9b8a719f2b318p-166,
    0x1.a73ee88235f53p0, -0x1.44bb7b16638fep-56, 0x1.ad17df904e647p-110, 0x1.639835339f49dp-164,
    0x1.74411afa975dap1, 0x1.213a671c09ad1p-54, 0x1.f7e413991d63ap-108, -0x1.f2b3182d8dee8p-162,
    0x1.1afa975da2427p1, 0x1.338e04d68befdp-53, -0x1.f633714e33e56p-107, -0x1.8c16c6f740e88p-161,
    0x1.2ebb4484e99c7p0, 0x1.35a2fbf209cc9p-59, -0x1.4e33e566305b2p-115, 0x1.08bf177bf2507p-169,
    0x1.a24274ce38136p1, -0x1.741037d8cdc54p-53, 0x1.cc1a99cfa4e42p-107, 0x1.7e2ef7e4a0ec8p-162,
    0x1.d338e04d68bfp-1, -0x1.bec66e29c67cbp-56, 0x1.9cfa4e422fc5ep-111, -0x1.036be27003b4p-167,
    0x1.c09ad17df904ep-2, 0x1.91d639835339fp-56, 0x1.272117e2ef7e5p-110, -0x1.7c4e007680022p-164,
    0x1.5a2fbf209cc8fp1, -0x1.38cf9598c16c7p-53, 0x1.17e2ef7e4a0ecp-110, 0x1.ff897ffde0598p-164,
    0x1.bf209cc8eb1ccp1, 0x1.a99cfa4e422fcp-55, 0x1.77bf250763ff1p-109, 0x1.7ffde05980fefp-164,
    0x1.3991d63983534p0, -0x1.82d8dee81d108p-54, -0x1.b5f13801da001p-110, 0x1.e05980fef2f12p-164,
    0x1.d639835339f4ap0, -0x1.bdd03a21036bep-55, -0x1.3801da00087eap-110, 0x1.80fef2f118b5ap-164,
    0x1.835339f49c846p0, -0x1.d1081b5f13802p-58, 0x1.2fffbc0b301fep-113, -0x1.a1dce94beb25cp-169,
    0x1.9cfa4e422fc5ep1, -0x1.036be27003b4p-55, -0x1.0fd33f8086877p-115, -0x1.d297d64b824b2p-170,
    0x1.3908bf177bf25p-1, 0x1.d8ffc4bffef03p-59, -0x1.9fc04343b9d29p-114, -0x1.f592e092c9813p-168,
    0x1.7e2ef7e4a0ec8p-2, -0x1.da00087e99fcp-62, -0x1.0d0ee74a5f593p-116, 0x1.f6d367ecf27cbp-172,
    0x1.defc941d8ffc5p1, -0x1.00043f4cfe022p-53, 0x1.788c5ad05369p-107, -0x1.25930261b069fp-161,
    0x1.283b1ff897ffep0, -0x1.fa67f010d0ee7p-56, -0x1.297d64b824b26p-110, -0x1.30d834f648b0cp-168,
    0x1.8ffc4bffef02dp1, -0x1.fc04343b9d298p-54, 0x1.4da3eda6cfd9ep-109, 0x1.3e584dba7a32p-163,
    0x1.2fffbc0b301fep-1, -0x1.a1dce94beb25cp-57, -0x1.25930261b069fp-113, 0x1.b74f463f669e6p-168,
    0x1.ef02cc07f7979p1, -0x1.ce94beb25c126p-53, 0x1.b3f6793e584dcp-107, -0x1.61738132c3403p-161,
    0x1.980fef2f118b6p0, -0x1.7d64b824b2605p-54, 0x1.e4f96136e9e8cp-109, 0x1.fb34f2ff516bbp-163,
    0x1.f79788c5ad053p1, 0x1.a3eda6cfd9e5p-53, -0x1.a7b24585ce04dp-107, 0x1.3cbfd45aea4f7p-161,
    0x1.88c5ad05368fbp1, 0x1.a6cfd9e4f9613p-53, 0x1.ba7a31fb34f3p-107, -0x1.5d28ad8453814p-164,
    0x1.ad05368fb69b4p1, -0x1.30d834f648b0cp-56, 0x1.8fd9a797fa8b6p-110, -0x1.5b08a7028341dp-165,
    0x1.368fb69b3f679p1, 0x1.f2c26dd3d18fep-54, -0x1.961a015d28ad8p-108, -0x1.14e050683a131p-162,
    0x1.b69b3f6793e58p1, 0x1.36e9e8c7ecd3dp-53, -0x1.00ae9456c229cp-107, -0x1.41a0e84c2f8c6p-164,
    0x1.3f6793e584dbap1, 0x1.e8c7ecd3cbfd4p-53, 0x1.6ba93dd63f5f3p-107, -0x1.d0985f18c10ebp-165,
    0x1.93e584dba7a32p1, -0x1.32c3402ba515bp-57, -0x1.14e050683a131p-114, 0x1.0739f78a5292fp-168,
    0x1.84dba7a31fb35p1, -0x1.a015d28ad8454p-56, 0x1.faf97c5ecf41dp-110, -0x1.821d6b5b4565p-166,
    0x1.a7a31fb34f2ffp1, 0x1.45aea4f758fd8p-53, -0x1.a0e84c2f8c608p-108, -0x1.d6b5b45650128p-162,
    0x1.1fb34f2ff516cp1, -0x1.5b08a7028341dp-53, -0x1.30be31821d6b6p-110, 0x1.2ea6bfb5fb12p-164,
    0x1.4f2ff516ba93ep1, -0x1.4e050683a130cp-54, 0x1.ce7de294a4baap-110, -0x1.404a04ee072a3p-164,
    0x1.f516ba93dd63fp1, 0x1.7cbe2f67a0e74p-53, -0x1.0eb5ada2b2809p-109, -0x1.0277039517bd5p-163,
    0x1.7527bac7ebe5fp0, 0x1.7b3d0739f78a5p-56, 0x1.497535fdafd89p-111, -0x1.ca8bdea7f33eep-170,
};
/* clang-format on */

/* x = n pi/2 + hi + lo, |hi| <= pi/4 and a little, relative error 2^-60 and less; n in the low bits (two of them). */
typedef struct vm_quarters {
    mgv_i64 n;
    mgv_f64 hi, lo;
} vm_quarters;

MGV_FN mgv_f64 vm_modulo_4(mgv_f64 v) {
    return mgv_fnma_f64(mgv_rint_f64(mgv_mul_f64(v, mgv_set1_f64(0.25))), mgv_set1_f64(4.0), v);
}

/* For the lanes beyond the limit. x = m 2^(16 j - 32) with an integer m < 2^68: what the table leaves out of 2/pi makes
 * multiples of 4 quarters, whole turns. Every product is exact; n is taken off before the small terms are summed. */
VM_RARE void vm_quarters_huge(const mgv_f64 *at, vm_quarters *q) {
    const mgv_b64 huge = mgv_gt_f64(mgv_abs_f64(*at), mgv_set1_f64(VM_TURNS_MAX));
    const mgv_f64 x = mgv_select_f64(huge, *at, mgv_set1_f64(VM_TURNS_MAX)), magic = mgv_set1_f64(0x1.8p52);
    const mgv_u64 exponent = mgv_shr_u64(mgv_as_i64_u64(mgv_bits_f64(mgv_abs_f64(x))), 52);
    const mgv_i64 j = mgv_as_u64_i64(mgv_shr_u64(mgv_sub_u64(exponent, mgv_set1_u64(1043)), 4));
    const mgv_i64 power = mgv_sub_i64(mgv_set1_i64(1023 + 32), mgv_shl_i64(j, 4)), row = mgv_shl_i64(j, 2);
    const mgv_f64 m = mgv_mul_f64(x, mgv_frombits_f64(mgv_shl_i64(power, 52)));
    const vm_words p0 = vm_product(m, mgv_gather_f64(vm_two_over_pi, row));
    const vm_words p1 = vm_product(m, mgv_gather_f64(vm_two_over_pi + 1, row));
    const vm_words p2 = vm_product(m, mgv_gather_f64(vm_two_over_pi + 2, row));
    const mgv_f64 p3 = mgv_mul_f64(m, mgv_gather_f64(vm_two_over_pi + 3, row));
    const vm_words a = vm_sum(vm_modulo_4(p0.lo), vm_modulo_4(p1.hi)), b = vm_sum(vm_modulo_4(p0.hi), a.hi);
    const mgv_f64 t = mgv_add_f64(b.hi, magic), first = mgv_sub_f64(b.hi, mgv_sub_f64(t, magic));
    const vm_words c = vm_sum(p1.lo, p2.hi), d = vm_sum(a.lo, b.lo), e = vm_sum(c.hi, d.hi), f = vm_sum(first, e.hi);
    const mgv_f64 tiny = mgv_add_f64(mgv_add_f64(mgv_add_f64(c.lo, e.lo), d.lo), mgv_add_f64(p2.lo, p3));
    const vm_words g = vm_sum(f.lo, tiny), s = vm_sum(f.hi, g.hi);
    const vm_words rest = vm_quick_sum(s.hi, mgv_add_f64(s.lo, g.lo));
    const vm_words r = vm_words_mul(rest, vm_words_set1(VM_PIO2_1, VM_PIO2_2));
    q->n = mgv_select_i64(huge, mgv_bits_f64(t), q->n);
    q->hi = mgv_select_f64(huge, r.hi, q->hi);
    q->lo = mgv_select_f64(huge, r.lo, q->lo);
}

/* The first step is exact, the second's error is caught: rest is a multiple of 2^-53, so rest - hi is exact, too. */
MGV_FN vm_quarters vm_quarters_of(mgv_f64 x) {
    const mgv_f64 magic = mgv_set1_f64(0x1.8p52), t = mgv_fma_f64(x, mgv_set1_f64(VM_TWO_OPI), magic);
    const mgv_f64 k = mgv_sub_f64(t, magic), rest = mgv_fnma_f64(k, mgv_set1_f64(VM_PIO2_1), x);
    const mgv_f64 second = mgv_set1_f64(VM_PIO2_2), p = mgv_mul_f64(k, second);
    const mgv_f64 third = mgv_fnma_f64(k, mgv_set1_f64(VM_PIO2_3), mgv_fnma_f64(k, second, p));
    vm_quarters q = {mgv_bits_f64(t), mgv_sub_f64(rest, p), third};
    q.lo = mgv_add_f64(mgv_sub_f64(mgv_sub_f64(rest, q.hi), p), third);
    if (mgv_any_b64(mgv_gt_f64(mgv_abs_f64(x), mgv_set1_f64(VM_TURNS_MAX)))) vm_quarters_huge(&x, &q);
    return q;
}

/* For f32 in f64: r to 2^-40, in one word; the caller looks out for huge arguments. */
typedef struct vm_turned {
    mgv_i64 n;
    mgv_f64 r;
} vm_turned;

MGV_FN vm_turned vm_turned_quarters(mgv_f64 x) {
    const mgv_f64 magic = mgv_set1_f64(0x1.8p52), t = mgv_fma_f64(x, mgv_set1_f64(VM_TWO_OPI), magic);
    const mgv_f64 k = mgv_sub_f64(t, magic), rest = mgv_fnma_f64(k, mgv_set1_f64(VM_PIO2_1), x);
    return (vm_turned){mgv_bits_f64(t), mgv_fnma_f64(k, mgv_set1_f64(VM_PIO2_2), rest)};
}

/* x = n pi + r. */
MGV_FN vm_turned vm_turned_halves(mgv_f64 x) {
    const mgv_f64 magic = mgv_set1_f64(0x1.8p52), t = mgv_fma_f64(x, mgv_set1_f64(0.5 * VM_TWO_OPI), magic);
    const mgv_f64 k = mgv_sub_f64(t, magic), rest = mgv_fnma_f64(k, mgv_set1_f64(2 * VM_PIO2_1), x);
    return (vm_turned){mgv_bits_f64(t), mgv_fnma_f64(k, mgv_set1_f64(2 * VM_PIO2_2), rest)};
}

/* x = (n + 1/2) pi + r. */
MGV_FN vm_turned vm_turned_between(mgv_f64 x) {
    const mgv_f64 magic = mgv_set1_f64(0x1.8p52), half = mgv_set1_f64(0.5);
    const mgv_f64 t = mgv_add_f64(mgv_sub_f64(mgv_mul_f64(x, mgv_set1_f64(0.5 * VM_TWO_OPI)), half), magic);
    const mgv_f64 k = mgv_add_f64(mgv_sub_f64(t, magic), half);
    const mgv_f64 rest = mgv_fnma_f64(k, mgv_set1_f64(2 * VM_PIO2_1), x);
    return (vm_turned){mgv_bits_f64(t), mgv_fnma_f64(k, mgv_set1_f64(2 * VM_PIO2_2), rest)};
}

/* The same three where |x| is huge: quarters are odd or even, and one that is not what is asked for goes to the nearer
 * of its neighbours. */
VM_RARE void vm_turned_quarters_huge(const mgv_f64 *x, vm_turned *turned) {
    const mgv_b64 huge = mgv_gt_f64(mgv_abs_f64(*x), mgv_set1_f64(VM_TURNS_MAX));
    vm_quarters q = {turned->n, turned->r, mgv_set1_f64(0.0)};
    vm_quarters_huge(x, &q);
    turned->n = q.n;
    turned->r = mgv_select_f64(huge, mgv_add_f64(q.hi, q.lo), turned->r); /* -0 beside a huge lane stays -0 */
}
VM_RARE void vm_turned_huge(const mgv_f64 *x, bool odd, vm_turned *turned) {
    const mgv_b64 huge = mgv_gt_f64(mgv_abs_f64(*x), mgv_set1_f64(VM_TURNS_MAX));
    vm_turned q = *turned;
    vm_turned_quarters_huge(x, &q);
    const mgv_f64 step = mgv_copysign_f64(mgv_set1_f64(VM_PIO2_1), q.r), zero = mgv_set1_f64(0.0);
    const mgv_i64 one = mgv_set1_i64(1), up = mgv_select_i64(mgv_lt_f64(q.r, zero), mgv_set1_i64(-1), one);
    const mgv_b64 wrong = mgv_eq_i64(mgv_and_i64(q.n, one), mgv_set1_i64(!odd));
    const mgv_i64 n = mgv_select_i64(wrong, mgv_add_i64(q.n, up), q.n);
    const mgv_f64 r = mgv_select_f64(wrong, mgv_sub_f64(q.r, step), q.r);
    turned->n = mgv_select_i64(huge, mgv_as_u64_i64(mgv_shr_u64(mgv_as_i64_u64(n), 1)), turned->n);
    turned->r = mgv_select_f64(huge, r, turned->r);
}

VM_RARE void vm_turned_halves_huge(const mgv_f64 *x, vm_turned *turned) { vm_turned_huge(x, false, turned); }
VM_RARE void vm_turned_between_huge(const mgv_f64 *x, vm_turned *turned) { vm_turned_huge(x, true, turned); }

#endif
