/* SPDX-License-Identifier: MIT
 * Vector maths of two operands: what test_vmath.c tests of one. All inputs are fixed. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "vmath_lanes.h"
#include "vmath_oracle.h"
#include "vmath_pairs.h"

/* POINTS are drawn for each function, HASHED of them for the hashes on file. */
enum { POINTS = 1 << 16, HASHED = 1 << 12, BLOCK = 1 << 10, SEED = 20 };

typedef struct special {
    int fn;
    double x, y, z;
} special;

#define INF ((double)INFINITY)
#define PI  3.14159265358979323846

/* What C's Annex F says, for both types. */
static const special specials[] = {
    {VMATH_hypot, INF, NAN, INF},
    {VMATH_hypot, NAN, -INF, INF},
    {VMATH_hypot, -INF, 1, INF},
    {VMATH_hypot, NAN, 1, NAN},
    {VMATH_hypot, 1, NAN, NAN},
    {VMATH_hypot, -0.0, -0.0, 0},
    {VMATH_hypot, -3, 4, 5},
    {VMATH_arctan2, 0, 0, 0},
    {VMATH_arctan2, -0.0, 0, -0.0},
    {VMATH_arctan2, 0, -0.0, PI},
    {VMATH_arctan2, -0.0, -0.0, -PI},
    {VMATH_arctan2, 0, -1, PI},
    {VMATH_arctan2, -0.0, -1, -PI},
    {VMATH_arctan2, 0, 1, 0},
    {VMATH_arctan2, -0.0, 1, -0.0},
    {VMATH_arctan2, -1, 0, -PI / 2},
    {VMATH_arctan2, 1, -0.0, PI / 2},
    {VMATH_arctan2, 1, -INF, PI},
    {VMATH_arctan2, -1, -INF, -PI},
    {VMATH_arctan2, 1, INF, 0},
    {VMATH_arctan2, -1, INF, -0.0},
    {VMATH_arctan2, INF, 1, PI / 2},
    {VMATH_arctan2, -INF, -1, -PI / 2},
    {VMATH_arctan2, INF, INF, PI / 4},
    {VMATH_arctan2, -INF, INF, -PI / 4},
    {VMATH_arctan2, INF, -INF, 3 * PI / 4},
    {VMATH_arctan2, -INF, -INF, -3 * PI / 4},
    {VMATH_arctan2, 5, 5, PI / 4},
    {VMATH_arctan2, 5, -5, 3 * PI / 4},
    {VMATH_arctan2, NAN, INF, NAN},
    {VMATH_arctan2, INF, NAN, NAN},
    {VMATH_arctan2, NAN, 0, NAN},
    {VMATH_arctan2, 0, NAN, NAN},
    {VMATH_logaddexp, -INF, -INF, -INF},
    {VMATH_logaddexp, INF, INF, INF},
    {VMATH_logaddexp, INF, -INF, INF},
    {VMATH_logaddexp, -INF, 2, 2},
    {VMATH_logaddexp, 2, INF, INF},
    {VMATH_logaddexp, NAN, INF, NAN},
    {VMATH_logaddexp, -INF, NAN, NAN},
    {VMATH_logaddexp, 1000, -1000, 1000},
    {VMATH_logaddexp, 0, -1000, 0},
    {VMATH_logaddexp2, -INF, -INF, -INF},
    {VMATH_logaddexp2, INF, INF, INF},
    {VMATH_logaddexp2, INF, -INF, INF},
    {VMATH_logaddexp2, -INF, 2, 2},
    {VMATH_logaddexp2, 2, INF, INF},
    {VMATH_logaddexp2, NAN, INF, NAN},
    {VMATH_logaddexp2, -INF, NAN, NAN},
    {VMATH_logaddexp2, 3, 3, 4},
    {VMATH_logaddexp2, -1, -1, 0},
    {VMATH_logaddexp2, 0, -2000, 0},
    {VMATH_power, 1, NAN, 1},
    {VMATH_power, NAN, 0, 1},
    {VMATH_power, NAN, -0.0, 1},
    {VMATH_power, NAN, 1, NAN},
    {VMATH_power, -1, NAN, NAN},
    {VMATH_power, 1, INF, 1},
    {VMATH_power, -1, INF, 1},
    {VMATH_power, -1, -INF, 1},
    {VMATH_power, 0, 0, 1},
    {VMATH_power, INF, 0, 1},
    {VMATH_power, -INF, 0, 1},
    {VMATH_power, 0, -3, INF},
    {VMATH_power, -0.0, -3, -INF},
    {VMATH_power, -0.0, -2, INF},
    {VMATH_power, -0.0, -2.5, INF},
    {VMATH_power, -0.0, -INF, INF},
    {VMATH_power, -0.0, 3, -0.0},
    {VMATH_power, -0.0, 2, 0},
    {VMATH_power, -0.0, 2.5, 0},
    {VMATH_power, 0, 1e-30, 0},
    {VMATH_power, 0.5, -INF, INF},
    {VMATH_power, -0.5, INF, 0},
    {VMATH_power, 2, -INF, 0},
    {VMATH_power, -2, INF, INF},
    {VMATH_power, -INF, -3, -0.0},
    {VMATH_power, -INF, -2.5, 0},
    {VMATH_power, -INF, 3, -INF},
    {VMATH_power, -INF, 2.5, INF},
    {VMATH_power, INF, -1e-30, 0},
    {VMATH_power, INF, 1e-30, INF},
    {VMATH_power, -2, 3, -8},
    {VMATH_power, -2, -2, 0.25},
    {VMATH_power, -2, 0.5, NAN},
    {VMATH_power, 2, 0.5, 1.41421356237309504880},
    {VMATH_power, 10, 3, 1000},
    {VMATH_power, 9, 0.5, 3},
    {VMATH_power, 3, -1e30, 0},
    {VMATH_power, -3, 1e30, INF},
    {VMATH_power, -1, 16777215, -1},
    {VMATH_power, -1, 16777216, 1},
};

static bool same_f32(float a, float b) { return (isnan(a) && isnan(b)) || memcmp(&a, &b, sizeof a) == 0; }
static bool same_f64(double a, double b) { return (isnan(a) && isnan(b)) || memcmp(&a, &b, sizeof a) == 0; }

static float run_f32(const vmath_lanes *lanes, int fn, float x, float y) {
    float z = 0;
    lanes->pair_f32[fn](1, &z, &x, &y);
    return z;
}
static double run_f64(const vmath_lanes *lanes, int fn, double x, double y) {
    double z = 0;
    lanes->pair_f64[fn](1, &z, &x, &y);
    return z;
}

MG_TEST(vmath_pairs, special_values) {
    int count;
    const vmath_lanes *const *all = vmath_runnable(&count);
    CHECK(count > 0);
    for (int k = 0; k < count; k++)
        for (size_t i = 0; i < sizeof specials / sizeof *specials; i++) {
            const special s = specials[i];
            const float z32 = run_f32(all[k], s.fn, (float)s.x, (float)s.y);
            const double z64 = run_f64(all[k], s.fn, s.x, s.y);
            CHECK_MSG(same_f32(z32, (float)s.z), "%s %s f32 of %a, %a: %a, not %a", all[k]->isa, vmath_pair_names[s.fn],
                      s.x, s.y, (double)z32, s.z);
            CHECK_MSG(same_f64(z64, s.z), "%s %s f64 of %a, %a: %a, not %a", all[k]->isa, vmath_pair_names[s.fn], s.x,
                      s.y, z64, s.z);
        }
}

/* Every payload bit that could leak into an exponent, in either operand. hypot has infinity win. */
MG_TEST(vmath_pairs, nan_stays_nan) {
    int count;
    const vmath_lanes *const *all = vmath_runnable(&count);
    for (int k = 0; k < count; k++)
        for (int fn = 0; fn < VMATH_PAIR_COUNT; fn++)
            for (int i = 0; i < 208; i++) {
                const uint64_t sign = (uint64_t)(i & 1) << 63, payload = (uint64_t)1 << (i / 4);
                const uint64_t bits = sign | 0x7ff8000000000000u | payload | (payload - 1);
                const uint32_t narrow =
                    (uint32_t)(bits >> 32 & 0x80000000u) | 0x7fc00000u | (uint32_t)(payload & 0x3fffff);
                double x64;
                float x32;
                memcpy(&x64, &bits, sizeof x64);
                memcpy(&x32, &narrow, sizeof x32);
                const bool first = (i & 2) != 0;
                const double z64 = first ? run_f64(all[k], fn, x64, 2.5) : run_f64(all[k], fn, 2.5, x64);
                const float z32 = first ? run_f32(all[k], fn, x32, 2.5f) : run_f32(all[k], fn, 2.5f, x32);
                CHECK_MSG(isnan(z64), "%s %s f64 NaN %llx", all[k]->isa, vmath_pair_names[fn],
                          (unsigned long long)bits);
                CHECK_MSG(isnan(z32), "%s %s f32 NaN %lx", all[k]->isa, vmath_pair_names[fn], (unsigned long)narrow);
            }
}

/* What codegen/accuracy.txt promises: above, the row is out of date (mg-ulp prints a new one). */
static double on_file(int fn, const char *dtype) {
    char line[256], name[32], type[8];
    double ulp = -1, row;
    FILE *f = fopen(ACCURACY_FILE, "r");
    CHECK_MSG(f, "cannot open %s", ACCURACY_FILE);
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "vm_%31s %7s %lf", name, type, &row) == 3 && !strcmp(name, vmath_pair_names[fn]) &&
            !strcmp(type, dtype))
            ulp = row;
    if (f) fclose(f);
    CHECK_MSG(ulp > 0 && ulp <= 1, "vm_%s %s: %g ULP on file", vmath_pair_names[fn], dtype, ulp);
    return ulp;
}

static void check_f32(const vmath_lanes *lanes, int fn, float x, float y, double limit) {
    const float z = run_f32(lanes, fn, x, y);
    const double ulp = vmath_pair_ulp_f32(fn, x, y, z);
    CHECK_MSG(ulp <= limit, "%s f32 of %a, %a: %a is off by %.4f ULP, on file %.4f", vmath_pair_names[fn], (double)x,
              (double)y, (double)z, ulp, limit);
}

static void check_f64(const vmath_lanes *lanes, int fn, double x, double y, double limit) {
    const double z = run_f64(lanes, fn, x, y), ulp = vmath_pair_ulp_f64(fn, x, y, z);
    CHECK_MSG(ulp <= limit, "%s f64 of %a, %a: %a is off by %.4f ULP, on file %.4f", vmath_pair_names[fn], x, y, z, ulp,
              limit);
}

MG_TEST(vmath_pairs, hard_inputs_within_what_is_on_file) {
    int count;
    const vmath_lanes *const *all = vmath_runnable(&count);
    const vmath_lanes *lanes = all[count - 1];
    for (int i = 0; i < vmath_n_hard_pairs_f32; i++) {
        const vmath_hard_pair h = vmath_hard_pairs_f32[i];
        check_f32(lanes, h.fn, (float)h.x, (float)h.y, on_file(h.fn, "f32"));
    }
    for (int i = 0; i < vmath_n_hard_pairs_f64 && vmath_oracle_has_f64(); i++) {
        const vmath_hard_pair h = vmath_hard_pairs_f64[i];
        check_f64(lanes, h.fn, h.x, h.y, on_file(h.fn, "f64"));
    }
    vmath_oracle_release();
}

/* One instruction set against the oracle; the others have the same bits by the test below. */
MG_TEST(vmath_pairs, sample_within_what_is_on_file) {
    const int points = mg_test_is_quick() ? POINTS / 16 : POINTS;
    int count;
    const vmath_lanes *const *all = vmath_runnable(&count);
    const vmath_lanes *lanes = all[count - 1];
    for (int fn = 0; fn < VMATH_PAIR_COUNT; fn++) {
        const double limit = on_file(fn, "f32");
        for (int i = 0; i < points; i++) {
            float x, y;
            vmath_pair_f32(fn, (uint64_t)i, SEED, &x, &y);
            check_f32(lanes, fn, x, y, limit);
        }
    }
    for (int fn = 0; fn < VMATH_PAIR_COUNT && vmath_oracle_has_f64(); fn++) {
        const double limit = on_file(fn, "f64");
        for (int i = 0; i < points; i++) {
            double x, y;
            vmath_pair_f64(fn, (uint64_t)i, SEED, &x, &y);
            check_f64(lanes, fn, x, y, limit);
        }
    }
    vmath_oracle_release();
}

static uint64_t fold(uint64_t hash, uint64_t bits) {
    hash = (hash ^ bits) * 0x100000001b3u;
    return hash ^ (hash >> 29);
}

static uint64_t hash_f32(const vmath_lanes *lanes, int fn, int points) {
    static float x[BLOCK], y[BLOCK], z[BLOCK];
    uint64_t hash = 0xcbf29ce484222325u;
    for (int base = 0; base < points; base += BLOCK) {
        for (int i = 0; i < BLOCK; i++) vmath_pair_f32(fn, (uint64_t)(base + i), SEED, &x[i], &y[i]);
        lanes->pair_f32[fn](BLOCK, z, x, y);
        for (int i = 0; i < BLOCK; i++) {
            uint32_t bits = 0x7fc00000; /* any NaN is any NaN */
            if (!isnan(z[i])) memcpy(&bits, &z[i], sizeof bits);
            hash = fold(hash, bits);
        }
    }
    return hash;
}

static uint64_t hash_f64(const vmath_lanes *lanes, int fn, int points) {
    static double x[BLOCK], y[BLOCK], z[BLOCK];
    uint64_t hash = 0xcbf29ce484222325u;
    for (int base = 0; base < points; base += BLOCK) {
        for (int i = 0; i < BLOCK; i++) vmath_pair_f64(fn, (uint64_t)(base + i), SEED, &x[i], &y[i]);
        lanes->pair_f64[fn](BLOCK, z, x, y);
        for (int i = 0; i < BLOCK; i++) {
            uint64_t bits = 0x7ff8000000000000;
            if (!isnan(z[i])) memcpy(&bits, &z[i], sizeof bits);
            hash = fold(hash, bits);
        }
    }
    return hash;
}

/* One hash per function for every instruction set and every machine, as in test_vmath.c. */
static const uint64_t expected[VMATH_PAIR_COUNT][2] = {
    [VMATH_hypot] = {0xb09ba1aedd374f4b, 0x58aeea0a86e731bb},
    [VMATH_arctan2] = {0x877b7314547f4b9b, 0x37ca0783850def2e},
    [VMATH_logaddexp] = {0x89e47ca7686e6f3a, 0xd63ef174b2a3a0be},
    [VMATH_logaddexp2] = {0x331b3c50e2b849f0, 0xfa9554059765f8b0},
    [VMATH_power] = {0xedea665d2ce5679e, 0x0b3173e9ad99a6d7},
};

MG_TEST(vmath_pairs, same_bits_on_every_isa) {
    int count;
    const vmath_lanes *const *all = vmath_runnable(&count);
    for (int k = 0; k < count; k++)
        for (int fn = 0; fn < VMATH_PAIR_COUNT; fn++) {
            const uint64_t f32 = hash_f32(all[k], fn, HASHED), f64 = hash_f64(all[k], fn, HASHED);
            CHECK_MSG(f32 == expected[fn][0], "%s %s f32: 0x%016llx", all[k]->isa, vmath_pair_names[fn],
                      (unsigned long long)f32);
            CHECK_MSG(f64 == expected[fn][1], "%s %s f64: 0x%016llx", all[k]->isa, vmath_pair_names[fn],
                      (unsigned long long)f64);
        }
}

/* Beyond what is on file: many more points, one instruction set against the others. */
MG_TEST(vmath_pairs, instruction_sets_agree) {
    if (mg_test_is_quick()) return;
    int count;
    const vmath_lanes *const *all = vmath_runnable(&count);
    for (int fn = 0; fn < VMATH_PAIR_COUNT; fn++) {
        const uint64_t f32 = hash_f32(all[0], fn, POINTS), f64 = hash_f64(all[0], fn, POINTS);
        for (int k = 1; k < count; k++) {
            CHECK_MSG(hash_f32(all[k], fn, POINTS) == f32, "%s %s f32", all[k]->isa, vmath_pair_names[fn]);
            CHECK_MSG(hash_f64(all[k], fn, POINTS) == f64, "%s %s f64", all[k]->isa, vmath_pair_names[fn]);
        }
    }
}

/* A lane alone, and among neighbours of all kinds, gives the same bits; nothing is written past n. */
MG_TEST(vmath_pairs, a_lane_ignores_its_neighbours) {
    enum { N = 203 };
    int count;
    const vmath_lanes *const *all = vmath_runnable(&count);
    for (int k = 0; k < count; k++)
        for (int fn = 0; fn < VMATH_PAIR_COUNT; fn++) {
            float x32[N], y32[N], z32[N + 1];
            double x64[N], y64[N], z64[N + 1];
            for (int i = 0; i < N; i++) {
                vmath_pair_f32(fn, (uint64_t)i, 7, &x32[i], &y32[i]);
                vmath_pair_f64(fn, (uint64_t)i, 7, &x64[i], &y64[i]);
            }
            z32[N] = 123;
            z64[N] = 123;
            all[k]->pair_f32[fn](N, z32, x32, y32);
            all[k]->pair_f64[fn](N, z64, x64, y64);
            CHECK(z32[N] == 123 && z64[N] == 123);
            for (int i = 0; i < N; i++) {
                CHECK_MSG(same_f32(z32[i], run_f32(all[k], fn, x32[i], y32[i])), "%s %s f32 of %a, %a", all[k]->isa,
                          vmath_pair_names[fn], (double)x32[i], (double)y32[i]);
                CHECK_MSG(same_f64(z64[i], run_f64(all[k], fn, x64[i], y64[i])), "%s %s f64 of %a, %a", all[k]->isa,
                          vmath_pair_names[fn], x64[i], y64[i]);
            }
        }
}
