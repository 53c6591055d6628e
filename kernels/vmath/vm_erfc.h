/* SPDX-License-Identifier: MIT
 * erfc: exp(-x^2) G(|x|), where the scaled tail G is a polynomial in u = 1/(|x| + k), one of 8 that are looked up in
 * registers; below 0 it is 2 minus that. f64 in double words, f32 computed in plain f64. gelu has tables of its own for
 * the same scheme. Accuracy and special values are in vmath.h. Coefficients: fit/erfc.sollya. */
#ifndef MGK_VM_ERFC_H
#define MGK_VM_ERFC_H

#include "kernels/vmath/vm_gauss.h"

/* A scaled tail: k, the lowest u, the width of an interval of u; rows of 8: the centres c, then the coefficients of
 * a0 + d (a1 + ...), d = u - c; in the wide one a0 and a1 are followed by their low words. */
typedef struct vm_tail_wide {
    double k, low, width, row[15][8];
} vm_tail_wide;
typedef struct vm_tail_narrow {
    double k, low, width, row[7][8];
} vm_tail_narrow;

/* clang-format off */
static const vm_tail_wide vm_erfc_tail = {2.5, 1 / 30.5, 0.046, {
    {0x1.c90193f5a8c68p-5, 0x1.a0eb48f4af861p-4, 0x1.2eaae3f745547p-3, 0x1.8ce0237432e5ep-3,
     0x1.eb1562f120774p-3, 0x1.24a5513707045p-2, 0x1.53bff0f57dcd1p-2, 0x1.82da90b3f495cp-2},
    {0x1.2b001d50049a3p-5, 0x1.38a556573eee3p-4,  0x1.07ecae7f2891p-3, 0x1.989212320241ap-3,
     0x1.2edd90d8463a6p-2, 0x1.b6182e315743cp-2, 0x1.379941749f75fp-1, 0x1.b506aa43b4eb3p-1},
    { 0x1.0864c72ba1b58p-61,  0x1.0ec65cf5d8012p-59,  0x1.634bc0d3f5156p-58, -0x1.2d696479ff7b8p-59,
     -0x1.b8b4d8a3ba915p-56,  0x1.0e69f0617472dp-56,  0x1.09eec7b23ad1cp-56, -0x1.a541f0f5e5f14p-55},
    {0x1.83a6f4db6cbd2p-1, 0x1.f9d0ce4713ff8p-1,  0x1.50d2af4988c77p0,  0x1.c843163ab595dp0,
      0x1.38541868afb75p1,  0x1.ac9bfc51828c9p1,  0x1.244ce7f92b7c4p2,  0x1.89765f0d56b1fp2},
    {-0x1.7907247247334p-56, -0x1.180e24695c794p-55,  0x1.b347bdd6fed3dp-54,  0x1.39f94e5251adcp-55,
     -0x1.5109a1696ab44p-54,  0x1.5f5182c6cb64ap-53,  0x1.a92040a5dcc23p-52, -0x1.7fbf4c12a3e2cp-54},
    {0x1.0d01b1de22435p1, 0x1.7c3c2233e8123p1, 0x1.0ec9bb04ac4f1p2, 0x1.8076f8a56a42cp2,
     0x1.0cd9150fc04d1p3, 0x1.6e9db25ef7d42p3, 0x1.e4347bc7ed96cp3,  0x1.34c5a89fff3fp4},
    {0x1.4ac782f070693p2, 0x1.e42f6a64ada09p2, 0x1.5b67e3ab696d2p3, 0x1.e072fa7403499p3,
     0x1.3bd80a2ff1664p4, 0x1.87d13d5e2f748p4, 0x1.c9c5f64e2c3edp4, 0x1.f8b10e838758ep4},
    {0x1.5a4938c3aa60cp3, 0x1.ec1b43a533f65p3, 0x1.461079b3f94a6p4, 0x1.88a61d529902ep4,
     0x1.a5256de27c713p4, 0x1.8af72fdcf5549p4, 0x1.399419a60c77ap4, 0x1.7e9f5f1c490c1p3},
    { 0x1.1ba84aa508ff9p4,  0x1.57a11f9de4c15p4,  0x1.50b5d50e405fcp4,  0x1.becf633b2f093p3,
     0x1.77a96ccafcd1fp-1, -0x1.df4b958d7507cp3, -0x1.c915014d8831bp4,  -0x1.26da43e0f242p5},
    {  0x1.12ece80ed36fp4,  0x1.0030f8d4c315bp3, -0x1.99ccdf900ed16p3, -0x1.31c19905bfce6p5,
     -0x1.ba28b20a682afp5, -0x1.bd276bfd52a9cp5, -0x1.46e6499ba9ea3p5, -0x1.2b62247fba352p4},
    {-0x1.63f0b24427d24p3, -0x1.7bda900bf2553p5, -0x1.37ccd91eef785p6,  -0x1.22065148809bp6,
     -0x1.cce7c67c75a7bp4,  0x1.971db2010200ap4,  0x1.efe36097ba56bp5,  0x1.1d0bfd56fc6ecp6},
    {-0x1.44150ffac3229p6, -0x1.a7a0d6a061f71p6, -0x1.5f3ee17d9dbdfp5,  0x1.2a5de0fd4ee43p6,
      0x1.2945e178de365p7,  0x1.08f92b6a42f2cp7,  0x1.f04d2a42b19dap5, -0x1.060942409fe6dp3},
    {-0x1.e5378e9ad5208p6,  0x1.fbe0defdf690bp4,  0x1.fcf3cc2063642p7,  0x1.0e6cb23818393p8,
      0x1.10c13b4541d9ep6, -0x1.00cdec488c3a6p7, -0x1.7845d6423b8a2p7, -0x1.1782bd9d989e8p7},
    { 0x1.efbd179238488p6,   0x1.f7a150b8c45cp8,  0x1.4d84041314ac2p8, -0x1.08aedd3f9cce3p8,
     -0x1.00232d0fda4d6p9, -0x1.22a25d5206d49p8,  0x1.cbb610866b6fbp3,  0x1.4690636041cc3p7},
    {  0x1.9778ab27868c6p9,   0x1.8794159675541p8,  -0x1.fb0d1569b3289p9, -0x1.018648701d5a4p10,
       0x1.279829e9709c2p6,   0x1.446f9025d1bbdp9,   0x1.dd465e667718cp8,   0x1.e236532caa3e8p6},
}};
static const vm_tail_narrow vm_erfc_tail_narrow = {2.5, 1 / 13.5, 0.0408, {
    {0x1.82f73f277d0cap-4, 0x1.150a92e1289c7p-3, 0x1.6899862e92b29p-3, 0x1.bc28797bfcc8bp-3,
     0x1.07dbb664b36f6p-2, 0x1.31a3300b687a7p-2, 0x1.5b6aa9b21d858p-2, 0x1.85322358d2909p-2},
    {0x1.1bb1703f00c31p-4, 0x1.cf0b348c44bc6p-4, 0x1.5b9c7005e0b7ep-3, 0x1.f3caa375841c3p-3,
     0x1.5e6e115817bedp-2, 0x1.e38998b062678p-2, 0x1.498c15369801dp-1, 0x1.bc46fd182115ap-1},
    {0x1.e42e237076f4ep-1,  0x1.36fb4e00afcbbp0,  0x1.95432a36b1883p0,  0x1.0addaa8ff9158p1,
       0x1.614d691363f4p1,  0x1.d35beff3462bfp1,  0x1.331c9d089bbb3p2,  0x1.8f24d477f47fdp2},
    {0x1.679c731236d49p1, 0x1.ebcf1acb3fd95p1, 0x1.504ec9f6226d5p2, 0x1.c823e5423da47p2,
     0x1.305c6eea213fap3, 0x1.8d31e92082562p3, 0x1.f8fa0eaceed9dp3, 0x1.383db4db16c79p4},
    {0x1.c820869e07cadp2, 0x1.3bd5b2ad290d2p3, 0x1.aa5703d900c88p3, 0x1.1583be3afaf04p4,
     0x1.59e94e56fb0e1p4, 0x1.9b7084b082387p4, 0x1.d2e71ac8aef15p4, 0x1.fa6925eb0046ep4},
    {0x1.d3684773968b6p3,  0x1.308a019c5e81p4, 0x1.71ee83fde745ep4, 0x1.9c977864c5761p4,
     0x1.a14d9ad7b5cdap4, 0x1.791e9e4ffead1p4, 0x1.278ec530f7e8ap4, 0x1.70bcdfc9026bep3},
    { 0x1.50a4d7a86fe39p4,  0x1.5b1f8b6f1540ep4,  0x1.175fab1ba246ep4,  0x1.f7d94b155fdb9p2,
     -0x1.565978c8f70fdp2, -0x1.314da07791115p4,  -0x1.e465038f161ap4, -0x1.285f1afaaceebp5},
}};
/* clang-format on */

/* The interval of u is in the three bits after the leading one of a number in [8, 16). */
MGV_FN mgv_i64 vm_tail_interval(mgv_f64 u, double low, double width) {
    const mgv_f64 t = mgv_fma_f64(u, mgv_set1_f64(1 / width), mgv_set1_f64(8 - low / width));
    return mgv_as_u64_i64(mgv_shr_u64(mgv_as_i64_u64(mgv_bits_f64(t)), 49));
}
MGV_FN mgv_f64 vm_tail_lookup(const double *row, mgv_i64 i) { return mgv_lookup8_f64(mgv_load_f64(row), i); }

/* G(a) to 2^-56 or so. u + ul = 1/(a + k); all that depends on the rounding of u is ul times the slope. */
VM_LARGE vm_words vm_tail_of(mgv_f64 a, const vm_tail_wide *t) {
    const mgv_f64 one = mgv_set1_f64(1.0);
    const vm_words s = vm_sum(a, mgv_set1_f64(t->k));
    const mgv_f64 u = mgv_div_f64(one, s.hi), ul = mgv_mul_f64(u, mgv_fnma_f64(u, s.lo, mgv_fnma_f64(u, s.hi, one)));
    const mgv_i64 i = vm_tail_interval(u, t->low, t->width);
    const mgv_f64 d = mgv_sub_f64(u, vm_tail_lookup(t->row[0], i));
    mgv_f64 q = vm_tail_lookup(t->row[14], i);
    for (int k = 13; k > 4; k--) q = mgv_fma_f64(q, d, vm_tail_lookup(t->row[k], i));
    const mgv_f64 e = mgv_mul_f64(q, d);
    const vm_words slope = vm_quick_sum(vm_tail_lookup(t->row[3], i), e), p = vm_product(slope.hi, d);
    const mgv_f64 slope_low = mgv_add_f64(slope.lo, vm_tail_lookup(t->row[4], i));
    const mgv_f64 rest = mgv_fma_f64(slope_low, d, mgv_fma_f64(ul, mgv_add_f64(slope.hi, e), p.lo));
    const vm_words sum = vm_quick_sum(vm_tail_lookup(t->row[1], i), p.hi);
    return (vm_words){sum.hi, mgv_add_f64(sum.lo, mgv_add_f64(rest, vm_tail_lookup(t->row[2], i)))};
}
VM_LARGE mgv_f64 vm_tail_of_narrow(mgv_f64 a, const vm_tail_narrow *t) {
    const mgv_f64 u = mgv_div_f64(mgv_set1_f64(1.0), mgv_add_f64(a, mgv_set1_f64(t->k)));
    const mgv_i64 i = vm_tail_interval(u, t->low, t->width);
    const mgv_f64 d = mgv_sub_f64(u, vm_tail_lookup(t->row[0], i));
    mgv_f64 q = vm_tail_lookup(t->row[6], i);
    for (int k = 5; k > 0; k--) q = mgv_fma_f64(q, d, vm_tail_lookup(t->row[k], i));
    return q;
}

/* From -5.9 on downwards the result is 2, from 27.3 on it vanishes. */
VM_LARGE mgv_f64 vm_erfc_f64(mgv_f64 x) {
    const mgv_f64 a = vm_capped(x, 28.0), two = mgv_set1_f64(2.0);
    const vm_scaled gauss = vm_exp_minus(vm_product(a, a));
    const vm_words p = vm_words_mul(gauss.p, vm_tail_of(a, &vm_erfc_tail));
    const vm_words far = vm_words_scale(p, vm_power_beside_one(gauss.power));
    const mgv_f64 sum = mgv_sub_f64(two, far.hi), low = mgv_sub_f64(mgv_sub_f64(mgv_sub_f64(two, sum), far.hi), far.lo);
    const mgv_f64 right = vm_scale_down_f64(p.hi, gauss.power, mgv_gt_f64(a, mgv_set1_f64(25.0)));
    const mgv_f64 y = mgv_select_f64(mgv_lt_f64(x, mgv_set1_f64(0.0)), mgv_add_f64(sum, low), right);
    return vm_unless_nan(a, y);
}
VM_LARGE mgv_f64 vm_erfc_narrow(mgv_f64 x) {
    const mgv_f64 a = vm_capped(x, 10.75);
    const mgv_f64 y = mgv_mul_f64(vm_exp_minus_narrow(mgv_mul_f64(a, a)), vm_tail_of_narrow(a, &vm_erfc_tail_narrow));
    return mgv_select_f64(mgv_lt_f64(x, mgv_set1_f64(0.0)), mgv_sub_f64(mgv_set1_f64(2.0), y), y);
}
VM_F32_BY_F64(erfc, vm_erfc_narrow)

#endif
