/* SPDX-License-Identifier: MIT
 * Vector maths on every instruction set that was built and that this CPU has: special values, accuracy on a sample
 * (with the worst inputs known), the same bits everywhere, and independence of a lane from its neighbours. All inputs
 * are fixed. */
#include <math.h>

#include "harness.h"
#include "vmath_checks.h"
#include "vmath_oracle.h"
#include "vmath_points.h"
#include "vmath_specials.h"

static const vmath_side *const f32 = &vmath_single[0], *const f64 = &vmath_single[1];

MG_TEST(vmath, special_values) {
    for (int i = 0; i < vmath_n_specials; i++) {
        const vmath_special s = vmath_specials[i];
        vmath_check_value(f32, s.fn, s.x, 0, s.y);
        vmath_check_value(f64, s.fn, s.x, 0, s.y);
    }
}

MG_TEST(vmath, nan_stays_nan) {
    vmath_check_nan(f32);
    vmath_check_nan(f64);
}

MG_TEST(vmath, hard_inputs_within_what_is_on_file) {
    for (int i = 0; i < vmath_n_hard_f32; i++) vmath_check_error(f32, vmath_hard_f32[i].fn, vmath_hard_f32[i].x, 0);
    for (int i = 0; i < vmath_n_hard_f64 && vmath_oracle_has_f64(); i++)
        vmath_check_error(f64, vmath_hard_f64[i].fn, vmath_hard_f64[i].x, 0);
    vmath_oracle_release();
}

/* The error at the worst inputs on file is what the row says: it was rounded up to four digits, after adding what the
 * f64 oracle may be off (0x1p-11), which may be off the other way here. */
static void check_row(const vmath_side *side, int fn) {
    const vmath_measured row = vmath_on_file(side, fn);
    const double ulp = vmath_error(side, fn, row.at, 0);
    CHECK_MSG(ulp <= row.ulp && ulp >= row.ulp - 0x1p-10 - 1e-4, "vm_%s %s of %a: off by %.5f ULP, on file %.4f",
              side->names[fn], side->dtype, row.at, ulp, row.ulp);
}

MG_TEST(vmath, worst_inputs_have_the_error_on_file) {
    for (int fn = 0; fn < VMATH_COUNT; fn++) {
        check_row(f32, fn);
        if (vmath_oracle_has_f64()) check_row(f64, fn);
    }
    vmath_oracle_release();
}

MG_TEST(vmath, the_oracle_of_erfc_is_right) {
    CHECK(vmath_oracle_gap() < 0x1p-120);
    vmath_oracle_release();
}

/* One instruction set against the oracle; the others have the same bits by the test below. */
MG_TEST(vmath, sample_within_what_is_on_file) {
    const int points = mg_test_is_quick() ? VMATH_POINTS / 16 : VMATH_POINTS;
    vmath_check_sample(f32, points);
    if (vmath_oracle_has_f64()) vmath_check_sample(f64, points);
    vmath_oracle_release();
}

/* The promise of law 2: one hash per function for every instruction set and every machine. A change of an algorithm
 * changes its constant here, on purpose. */
static const uint64_t expected[VMATH_COUNT][2] = {
    [VMATH_exp] = {0xb4faffcd54984a2d, 0xe49aafe189237912},
    [VMATH_expm1] = {0xf2ec772c2ffa64d5, 0x9a0375473f9d29eb},
    [VMATH_log] = {0x05507fba73d43e95, 0xa2d122ea9beedf22},
    [VMATH_log1p] = {0xe7989afb6ac1fadf, 0x48f319e8da06eee6},
    [VMATH_tanh] = {0xe698ed2cdb20db2e, 0xaea5c7ec00991b43},
    [VMATH_sigmoid] = {0x6f211820d1018bae, 0xd65e4fc449f303f2},
    [VMATH_exp2] = {0x04a56000e3f538e9, 0x40fb7a7525011320},
    [VMATH_log2] = {0xeae40cde649b18c5, 0x9203aebb7c3df72c},
    [VMATH_log10] = {0x1d841a87681a8b2b, 0x1a9f450c944bdc7b},
    [VMATH_cbrt] = {0x694620673b3e68f0, 0x96d2fa6681e81ac9},
    [VMATH_sinh] = {0x353aefb5613b2c6c, 0x8cf9ce14edf09f15},
    [VMATH_cosh] = {0x186b89ad0c2b63aa, 0x1da8d5b7dee203ba},
    [VMATH_arcsinh] = {0xa1a0a1dae38052e2, 0xd8e239d895fcd303},
    [VMATH_arctanh] = {0xd7b4b3b2dbda0497, 0x3d82f793b8c3da62},
    [VMATH_arccosh] = {0xa75448aab3f6cfff, 0x3169bc23c3179c5b},
    [VMATH_csch] = {0x346510ca4d9880d6, 0x997a56b39b6f2372},
    [VMATH_sech] = {0x99ad9ea84758e951, 0xf55dd92a325f2488},
    [VMATH_coth] = {0xa7e4c40f046d1d9f, 0x8d1195f1b4b47b26},
    [VMATH_arccsch] = {0x5aa1136ae157f468, 0x3155fe4a812e4237},
    [VMATH_arccoth] = {0x7508464be51b24c2, 0x2e00e27c92eae02f},
    [VMATH_sin] = {0x0a58a67c4fa951f3, 0xd135798b5e2a8a21},
    [VMATH_cos] = {0x4b4341864bae1d07, 0x99ded78650c60ec7},
    [VMATH_tan] = {0x336eefb8965f8c71, 0xcf90ede541587ecf},
    [VMATH_arctan] = {0xb389d51f8fed6dd1, 0xbcc4850826101059},
    [VMATH_csc] = {0x380676d70687d760, 0x1d2319170118ee90},
    [VMATH_sec] = {0x12cc4e4ce13ef695, 0x63bffa7c80ecfca6},
    [VMATH_cot] = {0x6477e94cda666c11, 0xa79ea15a34657659},
    [VMATH_arcsin] = {0x373d8b765c04967b, 0xacd638470151f6b7},
    [VMATH_arccos] = {0x05235255f66d5f2d, 0x3cb2e94908b8aec9},
    [VMATH_arccsc] = {0x54a3838ef6071a2c, 0xd1f213a64432177b},
    [VMATH_arcsec] = {0xbf74400226f0a5e8, 0xb5fb229d3206ead2},
    [VMATH_arccot] = {0xde1a839dcd641353, 0x56bebf8419db3532},
    [VMATH_sinc] = {0x20286ccc5ba86037, 0x48da75fe96121885},
    [VMATH_sinc_slope] = {0xb303e6cce210d3f3, 0xbc3986591becb341},
    [VMATH_soft_sign] = {0xbcc570ca3ff3ed92, 0x9145107bd5d7447b},
    [VMATH_silu] = {0x071461de25747f40, 0x54d55279630739d4},
    [VMATH_softplus] = {0x22090f41c0d5b258, 0xce3bea3cbebfea50},
    [VMATH_elu] = {0x002e858830b4527f, 0xbcbf06e64070f92d},
    [VMATH_selu] = {0xb507571022ef442b, 0x7ec8080dbfbb8e79},
    [VMATH_gauss] = {0x23d1bef188b2ec46, 0x3e160c18f6b1f21b},
    [VMATH_erf] = {0x4a44711863b89744, 0x01d13f892b4fd3a4},
    [VMATH_erfc] = {0x950fe53b31ef59f9, 0xc87eb78d0e415631},
    [VMATH_gelu] = {0xd9684c794c36b88c, 0xb509c1c9b8867205},
    [VMATH_gelu_slope] = {0x31cfe6e58190e4b7, 0x4d508237667ed7d9},
    [VMATH_gelu_tanh] = {0x88cafb7a13c48824, 0x727ab474225e0a80},
    [VMATH_gelu_tanh_slope] = {0xa9323a530b7ada66, 0x1f146a638d9de044},
};

MG_TEST(vmath, same_bits_on_every_isa) {
    vmath_check_hashes(f32, expected);
    vmath_check_hashes(f64, expected);
}

/* Constants whose last digits too few of those points see. */
static const uint64_t expected_of_many[VMATH_COUNT][2] = {
    [VMATH_exp] = {0xc4b29d9be853c4b4, 0x05337d528f7a7b88},
    [VMATH_expm1] = {0xade9559c2cef7520, 0x2823e108c3f722a3},
    [VMATH_log] = {0xd2c101e7670d2408, 0xbb7a98a96996c89a},
    [VMATH_log1p] = {0xbdeaa6fb244d7cba, 0xe0f1c3d4a779981c},
    [VMATH_tanh] = {0xaf5de8f5429bedf9, 0x2a7b26c3e3ab05df},
    [VMATH_sigmoid] = {0x0ead4b295a6eb4a1, 0x7e5d540d174fe3c6},
    [VMATH_exp2] = {0x67b965d7bca84d12, 0x56cf3de40fe32567},
    [VMATH_log2] = {0xf3d6d3cb0badf0a2, 0xe0742cc1173b5452},
    [VMATH_log10] = {0x7067f148929d238e, 0x4c519f2a2601b2e3},
    [VMATH_cbrt] = {0x2cad252f8f208a9b, 0x3a8b20a8a29815d2},
    [VMATH_sinh] = {0x27e9211850715c07, 0x21d66434d8712411},
    [VMATH_cosh] = {0x3d0c97c7841860f0, 0x641c985307e99c5f},
    [VMATH_arcsinh] = {0x338b7e0260a6bac7, 0x54f15c9e0023f20b},
    [VMATH_arctanh] = {0x2988bf373a482d97, 0xd314a9da7370c3ce},
    [VMATH_arccosh] = {0x0eedc9ba4217a057, 0xdeaa6d848907a9bf},
    [VMATH_csch] = {0x6089fc10a81c3201, 0x4043e908a8fea243},
    [VMATH_sech] = {0xe60fe0d22a9dd829, 0xecba924726c59dc5},
    [VMATH_coth] = {0x0784b9bf0281b3a2, 0x718b2daf1ca9e933},
    [VMATH_arccsch] = {0x78850aaba82564a6, 0x92f14f400b95608f},
    [VMATH_arccoth] = {0xbddbb92e42d25f94, 0x621d5b34f1f22086},
    [VMATH_sin] = {0x0221452dd8a5936c, 0xbd21a8bb7c3ef457},
    [VMATH_cos] = {0xbef08db0ba605f0a, 0xb0e1f948dff9144c},
    [VMATH_tan] = {0x9f54116ce399f061, 0x0d7ed1881f861aa0},
    [VMATH_arctan] = {0xfb6d844a262698cc, 0x2558ea2e487475bd},
    [VMATH_csc] = {0xe43ab35763ae72cc, 0x68619b1ab00369dd},
    [VMATH_sec] = {0x506ba984f0a1b856, 0xe3a66b4b9e5c63e8},
    [VMATH_cot] = {0x6958e7d85bf93d49, 0x4d6e7f1b2915c81f},
    [VMATH_arcsin] = {0x37e789bd731a4fb3, 0xd9122f77fc2c8c55},
    [VMATH_arccos] = {0x67213f2a6441e00f, 0xcb5a6abefab46392},
    [VMATH_arccsc] = {0x392adbc8a68e2588, 0xad64e7d27d69547d},
    [VMATH_arcsec] = {0x735f66f0f85e5db9, 0x3988c2bf43a750d1},
    [VMATH_arccot] = {0xe73caeaf109a31d2, 0x9dcd137a14658022},
    [VMATH_sinc] = {0x6f67bd793c867bec, 0x76c01e613ada403e},
    [VMATH_sinc_slope] = {0x9aee95a0a9c137a5, 0x84d70ff669f7210a},
    [VMATH_soft_sign] = {0xa77efd74f7712c4e, 0xa71c669b9e7fc2c4},
    [VMATH_silu] = {0xdadd741e8a3f0d80, 0x49b2567b024714f3},
    [VMATH_softplus] = {0xffcc26fc9e598f2c, 0xac87506f484ed2aa},
    [VMATH_elu] = {0x6f286603a589ac17, 0xa07bbaad44343480},
    [VMATH_selu] = {0x0f6292999918ba5f, 0x8b49beb6f1a14943},
    [VMATH_gauss] = {0x2f92c7392089cfe7, 0x8ddf129769fa5121},
    [VMATH_erf] = {0xa3968846f037c0d2, 0xa5a3b6f1e3c4fb45},
    [VMATH_erfc] = {0xea2248238d9d0d9a, 0x76d33de168bce6ef},
    [VMATH_gelu] = {0x1e1abeec6572408e, 0xaa75544720476e77},
    [VMATH_gelu_slope] = {0xfde5e7228c7999de, 0x4685cc1cf553a32a},
    [VMATH_gelu_tanh] = {0xef9d2695380952da, 0x817a68f9c3de41b1},
    [VMATH_gelu_tanh_slope] = {0xf9c3fc3f83e50939, 0x1250c1c3cd50ba50},
};

MG_TEST(vmath, same_bits_of_many_points) {
    const int narrow = vmath_count_wrong_of_many(f32, expected_of_many);
    CHECK_EQ_I64(narrow + vmath_count_wrong_of_many(f64, expected_of_many), 0);
}

/* Beyond what is on file: many more points, one instruction set against the others. */
MG_TEST(vmath, instruction_sets_agree) {
    if (mg_test_is_quick()) return;
    vmath_check_agreement(f32);
    vmath_check_agreement(f64);
}

MG_TEST(vmath, a_lane_ignores_its_neighbours) {
    vmath_check_neighbours(f32);
    vmath_check_neighbours(f64);
}

/* The same for what rare paths are taken for: every special value beside every other. */
MG_TEST(vmath, a_lane_ignores_special_neighbours) {
    static const double values[] = {
        0, -0.0, 1, -1, 0x1p-149, -0x1p-1074, 0x1p31, -0x1.8p127, (double)INFINITY, -(double)INFINITY, (double)NAN};
    enum { N = sizeof values / sizeof *values, LANES = 16 };
    int count;
    const vmath_lanes *const *all = vmath_runnable(&count);
    for (int k = 0; k < count; k++)
        for (int fn = 0; fn < VMATH_COUNT; fn++)
            for (int i = 0; i < N * N; i++) {
                float x32[LANES], y32[LANES];
                double x64[LANES], y64[LANES];
                for (int lane = 0; lane < LANES; lane++) {
                    x64[lane] = values[(lane & 1) ? i / N : i % N];
                    x32[lane] = (float)x64[lane];
                }
                all[k]->f32[fn](LANES, y32, x32);
                all[k]->f64[fn](LANES, y64, x64);
                for (int lane = 0; lane < 2; lane++) {
                    CHECK_MSG(vmath_same(f32, (double)y32[lane], vmath_value(f32, all[k], fn, x64[lane], 0)),
                              "%s %s f32 of %a beside %a", all[k]->isa, vmath_names[fn], x64[lane], x64[!lane]);
                    CHECK_MSG(vmath_same(f64, y64[lane], vmath_value(f64, all[k], fn, x64[lane], 0)),
                              "%s %s f64 of %a beside %a", all[k]->isa, vmath_names[fn], x64[lane], x64[!lane]);
                }
            }
}
