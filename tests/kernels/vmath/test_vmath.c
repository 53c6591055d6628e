/* SPDX-License-Identifier: MIT
 * Vector maths on every instruction set that was built and that this CPU has: special values, accuracy on a sample
 * (with the worst inputs known), the same bits everywhere, and independence of a lane from its neighbours. All inputs
 * are fixed. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "vmath_lanes.h"
#include "vmath_oracle.h"
#include "vmath_points.h"

enum { POINTS = 1 << 16, BLOCK = 1 << 10, SEED = 20 };

typedef struct special {
    int fn;
    double x, y;
} special;

#define INF ((double)INFINITY)
#define PI  3.14159265358979323846

/* What C's Annex F says, for both types; NaN in gives NaN out for every function and is checked apart. */
static const special specials[] = {
    {VMATH_exp, -INF, 0},
    {VMATH_exp, INF, INF},
    {VMATH_exp, 0, 1},
    {VMATH_exp, -0.0, 1},
    {VMATH_expm1, -INF, -1},
    {VMATH_expm1, INF, INF},
    {VMATH_expm1, 0, 0},
    {VMATH_expm1, -0.0, -0.0},
    {VMATH_log, -INF, NAN},
    {VMATH_log, INF, INF},
    {VMATH_log, 0, -INF},
    {VMATH_log, -0.0, -INF},
    {VMATH_log, 1, 0},
    {VMATH_log, -1, NAN},
    {VMATH_log, -1e-38, NAN},
    {VMATH_log, -1e-44, NAN},
    {VMATH_log1p, -INF, NAN},
    {VMATH_log1p, INF, INF},
    {VMATH_log1p, 0, 0},
    {VMATH_log1p, -0.0, -0.0},
    {VMATH_log1p, -1, -INF},
    {VMATH_log1p, -1.5, NAN},
    {VMATH_log1p, -1e30, NAN},
    {VMATH_log1p, -1.0000002, NAN},
    {VMATH_tanh, -INF, -1},
    {VMATH_tanh, INF, 1},
    {VMATH_tanh, 0, 0},
    {VMATH_tanh, -0.0, -0.0},
    {VMATH_tanh, 1e30, 1},
    {VMATH_tanh, -100, -1},
    {VMATH_sigmoid, -INF, 0},
    {VMATH_sigmoid, INF, 1},
    {VMATH_sigmoid, 0, 0.5},
    {VMATH_sigmoid, -0.0, 0.5},
    {VMATH_sigmoid, 800, 1},
    {VMATH_sigmoid, -800, 0},
    {VMATH_sin, -INF, NAN},
    {VMATH_sin, INF, NAN},
    {VMATH_sin, 0, 0},
    {VMATH_sin, -0.0, -0.0},
    {VMATH_cos, -INF, NAN},
    {VMATH_cos, INF, NAN},
    {VMATH_cos, 0, 1},
    {VMATH_cos, -0.0, 1},
    {VMATH_tan, -INF, NAN},
    {VMATH_tan, INF, NAN},
    {VMATH_tan, 0, 0},
    {VMATH_tan, -0.0, -0.0},
    {VMATH_arctan, -INF, -PI / 2},
    {VMATH_arctan, INF, PI / 2},
    {VMATH_arctan, 0, 0},
    {VMATH_arctan, -0.0, -0.0},
    {VMATH_arctan, 1, PI / 4},
    {VMATH_arctan, -1, -PI / 4},
    {VMATH_csc, -INF, NAN},
    {VMATH_csc, INF, NAN},
    {VMATH_csc, 0, INF},
    {VMATH_csc, -0.0, -INF},
    {VMATH_sec, -INF, NAN},
    {VMATH_sec, INF, NAN},
    {VMATH_sec, 0, 1},
    {VMATH_sec, -0.0, 1},
    {VMATH_cot, -INF, NAN},
    {VMATH_cot, INF, NAN},
    {VMATH_cot, 0, INF},
    {VMATH_cot, -0.0, -INF},
    {VMATH_arcsin, -INF, NAN},
    {VMATH_arcsin, INF, NAN},
    {VMATH_arcsin, 0, 0},
    {VMATH_arcsin, -0.0, -0.0},
    {VMATH_arcsin, 1, PI / 2},
    {VMATH_arcsin, -1, -PI / 2},
    {VMATH_arcsin, 1.0000002, NAN},
    {VMATH_arcsin, -2, NAN},
    {VMATH_arccos, -INF, NAN},
    {VMATH_arccos, INF, NAN},
    {VMATH_arccos, 0, PI / 2},
    {VMATH_arccos, -0.0, PI / 2},
    {VMATH_arccos, 1, 0},
    {VMATH_arccos, -1, PI},
    {VMATH_arccos, 1.0000002, NAN},
    {VMATH_arccos, -2, NAN},
    {VMATH_arccsc, -INF, -0.0},
    {VMATH_arccsc, INF, 0},
    {VMATH_arccsc, 0, NAN},
    {VMATH_arccsc, -0.0, NAN},
    {VMATH_arccsc, 1, PI / 2},
    {VMATH_arccsc, -1, -PI / 2},
    {VMATH_arccsc, 0.9999999, NAN},
    {VMATH_arccsc, -0.5, NAN},
    {VMATH_arcsec, -INF, PI / 2},
    {VMATH_arcsec, INF, PI / 2},
    {VMATH_arcsec, 0, NAN},
    {VMATH_arcsec, -0.0, NAN},
    {VMATH_arcsec, 1, 0},
    {VMATH_arcsec, -1, PI},
    {VMATH_arcsec, 0.9999999, NAN},
    {VMATH_arcsec, -0.5, NAN},
    {VMATH_arccot, -INF, -0.0},
    {VMATH_arccot, INF, 0},
    {VMATH_arccot, 0, PI / 2},
    {VMATH_arccot, -0.0, PI / 2},
    {VMATH_arccot, 1, PI / 4},
    {VMATH_arccot, -1, -PI / 4},
    {VMATH_sinc, -INF, NAN},
    {VMATH_sinc, INF, NAN},
    {VMATH_sinc, 0, 1},
    {VMATH_sinc, -0.0, 1},
    {VMATH_sinc, 1, 0},
    {VMATH_sinc, -3, 0},
    {VMATH_sinc, 0x1p100, 0},
    {VMATH_sinc, -0x1.fffffep127, 0},
    {VMATH_sinc, 0.5, 2 / PI},
    {VMATH_sinc, -2.5, 0.4 / PI},
    {VMATH_sinc_slope, -INF, NAN},
    {VMATH_sinc_slope, INF, NAN},
    {VMATH_sinc_slope, 0, -0.0},
    {VMATH_sinc_slope, -0.0, 0},
    {VMATH_sinc_slope, 1, -1},
    {VMATH_sinc_slope, -1, 1},
    {VMATH_sinc_slope, 2, 0.5},
    {VMATH_sinc_slope, 0x1p100, 0x1p-100},
    {VMATH_exp, -800, 0},
    {VMATH_exp, 800, INF},
    {VMATH_expm1, -800, -1},
    {VMATH_expm1, 800, INF},
    {VMATH_exp2, -INF, 0},
    {VMATH_exp2, INF, INF},
    {VMATH_exp2, 0, 1},
    {VMATH_exp2, -0.0, 1},
    {VMATH_exp2, 10, 1024},
    {VMATH_exp2, -3, 0.125},
    {VMATH_exp2, 1100, INF},
    {VMATH_exp2, -1100, 0},
    {VMATH_log2, -INF, NAN},
    {VMATH_log2, INF, INF},
    {VMATH_log2, 0, -INF},
    {VMATH_log2, -0.0, -INF},
    {VMATH_log2, 1, 0},
    {VMATH_log2, -1, NAN},
    {VMATH_log2, 1024, 10},
    {VMATH_log2, 0x1p-140, -140},
    {VMATH_log10, -INF, NAN},
    {VMATH_log10, INF, INF},
    {VMATH_log10, 0, -INF},
    {VMATH_log10, -0.0, -INF},
    {VMATH_log10, 1, 0},
    {VMATH_log10, -1, NAN},
    {VMATH_log10, 10, 1},
    {VMATH_log10, 1000, 3},
    {VMATH_cbrt, -INF, -INF},
    {VMATH_cbrt, INF, INF},
    {VMATH_cbrt, 0, 0},
    {VMATH_cbrt, -0.0, -0.0},
    {VMATH_cbrt, 27, 3},
    {VMATH_cbrt, -8, -2},
    {VMATH_cbrt, 0x1p-147, 0x1p-49},
    {VMATH_sinh, -INF, -INF},
    {VMATH_sinh, INF, INF},
    {VMATH_sinh, 0, 0},
    {VMATH_sinh, -0.0, -0.0},
    {VMATH_sinh, 800, INF},
    {VMATH_sinh, -800, -INF},
    {VMATH_cosh, -INF, INF},
    {VMATH_cosh, INF, INF},
    {VMATH_cosh, 0, 1},
    {VMATH_cosh, -0.0, 1},
    {VMATH_cosh, 800, INF},
    {VMATH_cosh, -800, INF},
    {VMATH_csch, -INF, -0.0},
    {VMATH_csch, INF, 0},
    {VMATH_csch, 0, INF},
    {VMATH_csch, -0.0, -INF},
    {VMATH_csch, 800, 0},
    {VMATH_csch, -800, -0.0},
    {VMATH_sech, -INF, 0},
    {VMATH_sech, INF, 0},
    {VMATH_sech, 0, 1},
    {VMATH_sech, -0.0, 1},
    {VMATH_sech, 800, 0},
    {VMATH_sech, -800, 0},
    {VMATH_coth, -INF, -1},
    {VMATH_coth, INF, 1},
    {VMATH_coth, 0, INF},
    {VMATH_coth, -0.0, -INF},
    {VMATH_coth, 800, 1},
    {VMATH_coth, -800, -1},
    {VMATH_arcsinh, -INF, -INF},
    {VMATH_arcsinh, INF, INF},
    {VMATH_arcsinh, 0, 0},
    {VMATH_arcsinh, -0.0, -0.0},
    {VMATH_arccosh, -INF, NAN},
    {VMATH_arccosh, INF, INF},
    {VMATH_arccosh, 1, 0},
    {VMATH_arccosh, 0.999, NAN},
    {VMATH_arccosh, 0, NAN},
    {VMATH_arccosh, -2, NAN},
    {VMATH_arctanh, -INF, NAN},
    {VMATH_arctanh, INF, NAN},
    {VMATH_arctanh, 0, 0},
    {VMATH_arctanh, -0.0, -0.0},
    {VMATH_arctanh, 1, INF},
    {VMATH_arctanh, -1, -INF},
    {VMATH_arctanh, 1.5, NAN},
    {VMATH_arctanh, -1.5, NAN},
    {VMATH_arccsch, -INF, -0.0},
    {VMATH_arccsch, INF, 0},
    {VMATH_arccsch, 0, INF},
    {VMATH_arccsch, -0.0, -INF},
    {VMATH_arccoth, -INF, -0.0},
    {VMATH_arccoth, INF, 0},
    {VMATH_arccoth, 1, INF},
    {VMATH_arccoth, -1, -INF},
    {VMATH_arccoth, 0.5, NAN},
    {VMATH_arccoth, -0.5, NAN},
    {VMATH_arccoth, 0, NAN},
    {VMATH_soft_sign, -INF, -1},
    {VMATH_soft_sign, INF, 1},
    {VMATH_soft_sign, 0, 0},
    {VMATH_soft_sign, -0.0, -0.0},
    {VMATH_soft_sign, 1, 0.5},
    {VMATH_soft_sign, -1e30, -1},
    {VMATH_silu, -INF, -0.0},
    {VMATH_silu, INF, INF},
    {VMATH_silu, 0, 0},
    {VMATH_silu, -0.0, -0.0},
    {VMATH_silu, 800, 800},
    {VMATH_silu, -800, -0.0},
    {VMATH_softplus, -INF, 0},
    {VMATH_softplus, INF, INF},
    {VMATH_softplus, 800, 800},
    {VMATH_softplus, -800, 0},
    {VMATH_elu, -INF, -1}, /* the bits of -inf give alpha = 1 */
    {VMATH_elu, INF, INF},
    {VMATH_elu, 0, 0},
    {VMATH_elu, -0.0, -0.0},
    {VMATH_elu, 3, 3},
    {VMATH_selu, INF, INF},
    {VMATH_selu, 0, 0},
    {VMATH_selu, -0.0, -0.0},
    {VMATH_gauss, -INF, 0},
    {VMATH_gauss, INF, 0},
    {VMATH_gauss, 0, 1},
    {VMATH_gauss, -0.0, 1},
    {VMATH_gauss, 40, 0},
    {VMATH_erf, -INF, -1},
    {VMATH_erf, INF, 1},
    {VMATH_erf, 0, 0},
    {VMATH_erf, -0.0, -0.0},
    {VMATH_erf, 10, 1},
    {VMATH_erf, -1e30, -1},
    {VMATH_erfc, -INF, 2},
    {VMATH_erfc, INF, 0},
    {VMATH_erfc, 0, 1},
    {VMATH_erfc, -0.0, 1},
    {VMATH_erfc, 40, 0},
    {VMATH_erfc, -40, 2},
    {VMATH_erfc, 1e-44, 1},
    {VMATH_gelu, -INF, -0.0},
    {VMATH_gelu, INF, INF},
    {VMATH_gelu, 0, 0},
    {VMATH_gelu, -0.0, -0.0},
    {VMATH_gelu, 100, 100},
    {VMATH_gelu, -100, -0.0},
    {VMATH_gelu, -1e30, -0.0},
    {VMATH_gelu_slope, -INF, -0.0},
    {VMATH_gelu_slope, INF, 1},
    {VMATH_gelu_slope, 0, 0.5},
    {VMATH_gelu_slope, -0.0, 0.5},
    {VMATH_gelu_slope, 100, 1},
    {VMATH_gelu_slope, -100, -0.0},
    {VMATH_gelu_slope, 1e30, 1},
    {VMATH_gelu_slope, -1e30, -0.0},
    {VMATH_gelu_tanh, -INF, -0.0},
    {VMATH_gelu_tanh, INF, INF},
    {VMATH_gelu_tanh, 0, 0},
    {VMATH_gelu_tanh, -0.0, -0.0},
    {VMATH_gelu_tanh, 100, 100},
    {VMATH_gelu_tanh, -100, -0.0},
    {VMATH_gelu_tanh, -1e30, -0.0},
    {VMATH_gelu_tanh_slope, -INF, -0.0},
    {VMATH_gelu_tanh_slope, INF, 1},
    {VMATH_gelu_tanh_slope, 0, 0.5},
    {VMATH_gelu_tanh_slope, -0.0, 0.5},
    {VMATH_gelu_tanh_slope, 100, 1},
    {VMATH_gelu_tanh_slope, -100, -0.0},
    {VMATH_gelu_tanh_slope, 1e30, 1},
    {VMATH_gelu_tanh_slope, -1e30, -0.0},
};

static bool same_f32(float a, float b) { return (isnan(a) && isnan(b)) || memcmp(&a, &b, sizeof a) == 0; }
static bool same_f64(double a, double b) { return (isnan(a) && isnan(b)) || memcmp(&a, &b, sizeof a) == 0; }

static float run_f32(const vmath_lanes *lanes, int fn, float x) {
    float y = 0;
    lanes->f32[fn](1, &y, &x);
    return y;
}
static double run_f64(const vmath_lanes *lanes, int fn, double x) {
    double y = 0;
    lanes->f64[fn](1, &y, &x);
    return y;
}

MG_TEST(vmath, special_values) {
    int count;
    const vmath_lanes *const *all = vmath_runnable(&count);
    CHECK(count > 0);
    for (int k = 0; k < count; k++)
        for (size_t i = 0; i < sizeof specials / sizeof *specials; i++) {
            const special s = specials[i];
            const float y32 = run_f32(all[k], s.fn, (float)s.x);
            const double y64 = run_f64(all[k], s.fn, s.x);
            CHECK_MSG(same_f32(y32, (float)s.y), "%s %s f32 of %a: %a, not %a", all[k]->isa, vmath_names[s.fn], s.x,
                      (double)y32, s.y);
            CHECK_MSG(same_f64(y64, s.y), "%s %s f64 of %a: %a, not %a", all[k]->isa, vmath_names[s.fn], s.x, y64, s.y);
        }
}

/* Every payload bit that could leak into an exponent. */
MG_TEST(vmath, nan_stays_nan) {
    int count;
    const vmath_lanes *const *all = vmath_runnable(&count);
    for (int k = 0; k < count; k++)
        for (int fn = 0; fn < VMATH_COUNT; fn++)
            for (int i = 0; i < 104; i++) {
                const uint64_t sign = (uint64_t)(i & 1) << 63, payload = (uint64_t)1 << (i / 2);
                const uint64_t bits = sign | 0x7ff8000000000000u | payload | (payload - 1);
                const uint32_t narrow =
                    (uint32_t)(bits >> 32 & 0x80000000u) | 0x7fc00000u | (uint32_t)(payload & 0x3fffff);
                double x64;
                float x32;
                memcpy(&x64, &bits, sizeof x64);
                memcpy(&x32, &narrow, sizeof x32);
                CHECK_MSG(isnan(run_f64(all[k], fn, x64)), "%s %s f64 NaN %llx", all[k]->isa, vmath_names[fn],
                          (unsigned long long)bits);
                CHECK_MSG(isnan(run_f32(all[k], fn, x32)), "%s %s f32 NaN %lx", all[k]->isa, vmath_names[fn],
                          (unsigned long)narrow);
            }
}

typedef struct measured {
    double ulp, at;
} measured;

/* What codegen/accuracy.txt promises: above, the row is out of date (mg-ulp prints a new one). */
static measured row_of(int fn, const char *dtype) {
    char line[256], name[32], type[8];
    measured found = {-1, 0}, row;
    FILE *f = fopen(ACCURACY_FILE, "r");
    CHECK_MSG(f, "cannot open %s", ACCURACY_FILE);
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "vm_%31s %7s %lf %la", name, type, &row.ulp, &row.at) == 4 && !strcmp(name, vmath_names[fn]) &&
            !strcmp(type, dtype))
            found = row;
    if (f) fclose(f);
    CHECK_MSG(found.ulp > 0 && found.ulp <= 1, "vm_%s %s: %g ULP on file", vmath_names[fn], dtype, found.ulp);
    return found;
}

static double on_file(int fn, const char *dtype) { return row_of(fn, dtype).ulp; }

static void check_f32(const vmath_lanes *lanes, int fn, float x, double limit) {
    const float y = run_f32(lanes, fn, x);
    const double ulp = vmath_ulp_f32(y, vmath_exact_f32(fn, x));
    CHECK_MSG(ulp <= limit, "%s f32 of %a: %a is off by %.4f ULP, on file %.4f", vmath_names[fn], (double)x, (double)y,
              ulp, limit);
}

static void check_f64(const vmath_lanes *lanes, int fn, double x, double limit) {
    const double y = run_f64(lanes, fn, x), ulp = vmath_ulp_f64(y, vmath_exact_f64(fn, x));
    CHECK_MSG(ulp <= limit, "%s f64 of %a: %a is off by %.4f ULP, on file %.4f", vmath_names[fn], x, y, ulp, limit);
}

MG_TEST(vmath, hard_inputs_within_what_is_on_file) {
    int count;
    const vmath_lanes *const *all = vmath_runnable(&count);
    const vmath_lanes *lanes = all[count - 1];
    for (int i = 0; i < vmath_n_hard_f32; i++) {
        const vmath_hard h = vmath_hard_f32[i];
        check_f32(lanes, h.fn, (float)h.x, on_file(h.fn, "f32"));
    }
    for (int i = 0; i < vmath_n_hard_f64 && vmath_oracle_has_f64(); i++) {
        const vmath_hard h = vmath_hard_f64[i];
        check_f64(lanes, h.fn, h.x, on_file(h.fn, "f64"));
    }
    vmath_oracle_release();
}

/* The error at the worst inputs on file is what the row says: it was rounded up to four digits, after adding what the
 * f64 oracle may be off (0x1p-11), which may be off the other way here. */
static void check_row(double ulp, measured row, int fn, const char *dtype) {
    CHECK_MSG(ulp <= row.ulp && ulp >= row.ulp - 0x1p-10 - 1e-4, "vm_%s %s of %a: off by %.5f ULP, on file %.4f",
              vmath_names[fn], dtype, row.at, ulp, row.ulp);
}

MG_TEST(vmath, worst_inputs_have_the_error_on_file) {
    int count;
    const vmath_lanes *const *all = vmath_runnable(&count);
    const vmath_lanes *lanes = all[count - 1];
    for (int fn = 0; fn < VMATH_COUNT; fn++) {
        const measured f32 = row_of(fn, "f32"), f64 = row_of(fn, "f64");
        const float x = (float)f32.at;
        check_row(vmath_ulp_f32(run_f32(lanes, fn, x), vmath_exact_f32(fn, x)), f32, fn, "f32");
        if (!vmath_oracle_has_f64()) continue;
        check_row(vmath_ulp_f64(run_f64(lanes, fn, f64.at), vmath_exact_f64(fn, f64.at)), f64, fn, "f64");
    }
    vmath_oracle_release();
}

MG_TEST(vmath, the_oracle_of_erfc_is_right) {
    CHECK(vmath_oracle_gap() < 0x1p-120);
    vmath_oracle_release();
}

/* One instruction set against the oracle; the others have the same bits by the test below. */
MG_TEST(vmath, sample_within_what_is_on_file) {
    int count;
    const vmath_lanes *const *all = vmath_runnable(&count);
    const vmath_lanes *lanes = all[count - 1];
    for (int fn = 0; fn < VMATH_COUNT; fn++) {
        const double limit = on_file(fn, "f32");
        for (int i = 0; i < POINTS; i++) check_f32(lanes, fn, vmath_point_f32(fn, (uint64_t)i, SEED), limit);
    }
    for (int fn = 0; fn < VMATH_COUNT && vmath_oracle_has_f64(); fn++) {
        const double limit = on_file(fn, "f64");
        for (int i = 0; i < POINTS; i++) check_f64(lanes, fn, vmath_point_f64(fn, (uint64_t)i, SEED), limit);
    }
    vmath_oracle_release();
}

static uint64_t fold(uint64_t hash, uint64_t bits) {
    hash = (hash ^ bits) * 0x100000001b3u;
    return hash ^ (hash >> 29);
}

static uint64_t hash_f32(const vmath_lanes *lanes, int fn) {
    static float x[BLOCK], y[BLOCK];
    uint64_t hash = 0xcbf29ce484222325u;
    for (int base = 0; base < POINTS; base += BLOCK) {
        for (int i = 0; i < BLOCK; i++) x[i] = vmath_point_f32(fn, (uint64_t)(base + i), SEED);
        lanes->f32[fn](BLOCK, y, x);
        for (int i = 0; i < BLOCK; i++) {
            uint32_t bits = 0x7fc00000; /* any NaN is any NaN */
            if (!isnan(y[i])) memcpy(&bits, &y[i], sizeof bits);
            hash = fold(hash, bits);
        }
    }
    return hash;
}

static uint64_t hash_f64(const vmath_lanes *lanes, int fn) {
    static double x[BLOCK], y[BLOCK];
    uint64_t hash = 0xcbf29ce484222325u;
    for (int base = 0; base < POINTS; base += BLOCK) {
        for (int i = 0; i < BLOCK; i++) x[i] = vmath_point_f64(fn, (uint64_t)(base + i), SEED);
        lanes->f64[fn](BLOCK, y, x);
        for (int i = 0; i < BLOCK; i++) {
            uint64_t bits = 0x7ff8000000000000;
            if (!isnan(y[i])) memcpy(&bits, &y[i], sizeof bits);
            hash = fold(hash, bits);
        }
    }
    return hash;
}

/* The promise of law 2: one hash per function for every instruction set and every machine. A change of an algorithm
 * changes its constant here, on purpose. */
static const uint64_t expected[VMATH_COUNT][2] = {
    [VMATH_exp] = {0x1dfcc30c918e48e6, 0xaee7c5048490c269},
    [VMATH_expm1] = {0x4fa5ab5b56c4cef9, 0xfa3b4f1a562fc2c0},
    [VMATH_log] = {0x15e201a43dce6176, 0x1c65491e23e8c0e6},
    [VMATH_log1p] = {0x98d345c4e69c9c4a, 0x3f437bcc70745a72},
    [VMATH_tanh] = {0xa3e488d286092c70, 0xd320c3c0ee0468cf},
    [VMATH_sigmoid] = {0x4ae1d1b61379ea20, 0x81c2423c5907a0e3},
    [VMATH_exp2] = {0x13dcca93423c7fe4, 0xa6dd894fa5aef3ef},
    [VMATH_log2] = {0x6fd546de4d6806d8, 0x0bd0f948ff9d132b},
    [VMATH_log10] = {0x847f11cdd98a1185, 0xb89a66eecdafd5b4},
    [VMATH_cbrt] = {0xa375c67fc0953dad, 0xda83304ed8f084db},
    [VMATH_sinh] = {0x4ed80064c3e63d42, 0x262bb6f320e61296},
    [VMATH_cosh] = {0x82ca7d0e57497a84, 0x394450c49efefbd6},
    [VMATH_arcsinh] = {0x21d69350149f775b, 0x46a11a32bdda8a7d},
    [VMATH_arctanh] = {0xaba7f033bb0ba936, 0xa0733dcc8b03e655},
    [VMATH_arccosh] = {0x3a86e15a3b734d13, 0x9e9816e535af2ac3},
    [VMATH_csch] = {0x9469ce7769a9fb83, 0x06c1943c3bd6cb66},
    [VMATH_sech] = {0x6872b6fdcf4a3243, 0x84e3eb65f8713b52},
    [VMATH_coth] = {0x7a5dcd2822acc125, 0x2ac118862018ce85},
    [VMATH_arccsch] = {0xf74e580f9af3046c, 0x41d8805125871d99},
    [VMATH_arccoth] = {0xf910277b6051a490, 0xda36b500bccfb985},
    [VMATH_sin] = {0xf0fda1adf8826b49, 0x629f4aeae7ec4334},
    [VMATH_cos] = {0x29eb054c17229bf9, 0x50718a67b5cfb052},
    [VMATH_tan] = {0x4dbcdc426e9d9846, 0x52a8432a5ec5cab2},
    [VMATH_arctan] = {0x5dee7e21102ec28b, 0xe3a4b3cc53a3c053},
    [VMATH_csc] = {0xfa559082b4d7ff97, 0xe801fcc805020e02},
    [VMATH_sec] = {0x92a1dc32c3dde076, 0x9d51fe18f02c91e1},
    [VMATH_cot] = {0x648f15ec025eb518, 0x1e318e041918b3de},
    [VMATH_arcsin] = {0xce651b3c8b1937a5, 0x03748d3c1cff9f8b},
    [VMATH_arccos] = {0x75655169bb449f21, 0xc30ab4b8e962bc47},
    [VMATH_arccsc] = {0xb9f2ee7d873313a8, 0xb73e5c9eaef27ec4},
    [VMATH_arcsec] = {0x3484e5ce9fe3dcf4, 0x39a1b4fa403bfbe8},
    [VMATH_arccot] = {0x3703ec2422eecddf, 0x538c14aa8d61febf},
    [VMATH_sinc] = {0xf03d5993eb2e2749, 0xa1945671deb71239},
    [VMATH_sinc_slope] = {0x589e7057f5b73d97, 0x7efb988c0d2f7780},
    [VMATH_soft_sign] = {0x003f6a82f2d30f62, 0x2d0ac391a30a1c68},
    [VMATH_silu] = {0x31c4372a0f25d55c, 0x9e49419e43fbcea4},
    [VMATH_softplus] = {0xed63ab8a87354061, 0x1ba1a21e48ffe30c},
    [VMATH_elu] = {0x45e5c89aa13dff80, 0x9e85106cf2fa24aa},
    [VMATH_selu] = {0x6c90533522236ed3, 0x101eb29c4ecc9cb5},
    [VMATH_gauss] = {0x50d65e3c0dacbd4d, 0x683bbe9514067bb5},
    [VMATH_erf] = {0xf4eab864f1a4dbed, 0xe8af173872c5426a},
    [VMATH_erfc] = {0xe67d5740ea18d595, 0x16ef8c0fd0b0172b},
    [VMATH_gelu] = {0x7139ba72f23f78fe, 0xa42d73349b9a1d39},
    [VMATH_gelu_slope] = {0x8f0ed93649385edc, 0x70297751751c4c27},
    [VMATH_gelu_tanh] = {0x263339c5dd0cb997, 0x5da837081b480b13},
    [VMATH_gelu_tanh_slope] = {0x63857122e703ef0a, 0xdd02e198393917c8},
};

MG_TEST(vmath, same_bits_on_every_isa) {
    int count;
    const vmath_lanes *const *all = vmath_runnable(&count);
    for (int k = 0; k < count; k++)
        for (int fn = 0; fn < VMATH_COUNT; fn++) {
            const uint64_t f32 = hash_f32(all[k], fn), f64 = hash_f64(all[k], fn);
            CHECK_MSG(f32 == expected[fn][0], "%s %s f32: 0x%016llx", all[k]->isa, vmath_names[fn],
                      (unsigned long long)f32);
            CHECK_MSG(f64 == expected[fn][1], "%s %s f64: 0x%016llx", all[k]->isa, vmath_names[fn],
                      (unsigned long long)f64);
        }
}

/* A lane alone, and among neighbours of all kinds, gives the same bits; nothing is written past n. */
MG_TEST(vmath, a_lane_ignores_its_neighbours) {
    enum { N = 203 };
    int count;
    const vmath_lanes *const *all = vmath_runnable(&count);
    for (int k = 0; k < count; k++)
        for (int fn = 0; fn < VMATH_COUNT; fn++) {
            float x32[N], y32[N + 1];
            double x64[N], y64[N + 1];
            for (int i = 0; i < N; i++) {
                x32[i] = vmath_point_f32(fn, (uint64_t)i, 7);
                x64[i] = vmath_point_f64(fn, (uint64_t)i, 7);
            }
            y32[N] = 123;
            y64[N] = 123;
            all[k]->f32[fn](N, y32, x32);
            all[k]->f64[fn](N, y64, x64);
            CHECK(y32[N] == 123 && y64[N] == 123);
            for (int i = 0; i < N; i++) {
                CHECK_MSG(same_f32(y32[i], run_f32(all[k], fn, x32[i])), "%s %s f32 of %a", all[k]->isa,
                          vmath_names[fn], (double)x32[i]);
                CHECK_MSG(same_f64(y64[i], run_f64(all[k], fn, x64[i])), "%s %s f64 of %a", all[k]->isa,
                          vmath_names[fn], x64[i]);
            }
        }
}

/* The same for what rare paths are taken for: every special value beside every other. */
MG_TEST(vmath, a_lane_ignores_special_neighbours) {
    static const double values[] = {0, -0.0, 1, -1, 0x1p-149, -0x1p-1074, 0x1p31, -0x1.8p127, INF, -INF, (double)NAN};
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
                    CHECK_MSG(same_f32(y32[lane], run_f32(all[k], fn, x32[lane])), "%s %s f32 of %a beside %a",
                              all[k]->isa, vmath_names[fn], x64[lane], x64[!lane]);
                    CHECK_MSG(same_f64(y64[lane], run_f64(all[k], fn, x64[lane])), "%s %s f64 of %a beside %a",
                              all[k]->isa, vmath_names[fn], x64[lane], x64[!lane]);
                }
            }
}
