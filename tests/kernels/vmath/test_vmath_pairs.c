/* SPDX-License-Identifier: MIT
 * Vector maths of two operands: what test_vmath.c tests of one. All inputs are fixed. */
#include <math.h>

#include "harness.h"
#include "vmath_checks.h"
#include "vmath_oracle.h"
#include "vmath_pairs.h"

static const vmath_side *const f32 = &vmath_paired[0], *const f64 = &vmath_paired[1];

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

MG_TEST(vmath_pairs, special_values) {
    for (size_t i = 0; i < sizeof specials / sizeof *specials; i++) {
        const special s = specials[i];
        vmath_check_value(f32, s.fn, s.x, s.y, s.z);
        vmath_check_value(f64, s.fn, s.x, s.y, s.z);
    }
}

/* hypot has infinity win. */
MG_TEST(vmath_pairs, nan_stays_nan) {
    vmath_check_nan(f32);
    vmath_check_nan(f64);
}

MG_TEST(vmath_pairs, hard_inputs_within_what_is_on_file) {
    for (int i = 0; i < vmath_n_hard_pairs_f32; i++) {
        const vmath_hard_pair h = vmath_hard_pairs_f32[i];
        vmath_check_error(f32, h.fn, h.x, h.y);
    }
    for (int i = 0; i < vmath_n_hard_pairs_f64 && vmath_oracle_has_f64(); i++) {
        const vmath_hard_pair h = vmath_hard_pairs_f64[i];
        vmath_check_error(f64, h.fn, h.x, h.y);
    }
    vmath_oracle_release();
}

/* One instruction set against the oracle; the others have the same bits by the test below. */
MG_TEST(vmath_pairs, sample_within_what_is_on_file) {
    const int points = mg_test_is_quick() ? VMATH_POINTS / 16 : VMATH_POINTS;
    vmath_check_sample(f32, points);
    if (vmath_oracle_has_f64()) vmath_check_sample(f64, points);
    vmath_oracle_release();
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
    vmath_check_hashes(f32, expected);
    vmath_check_hashes(f64, expected);
}

static const uint64_t expected_of_many[VMATH_PAIR_COUNT][2] = {
    [VMATH_hypot] = {0xee031358642cecdf, 0xf9c7cccbb6813d90},
    [VMATH_arctan2] = {0x78111a33f8e451c9, 0xc90b2af397bbe71a},
    [VMATH_logaddexp] = {0x869367f0da02156a, 0x5c10368ea42e2ba5},
    [VMATH_logaddexp2] = {0xe626e55f05f8b054, 0xf2595f2646c2ecf0},
    [VMATH_power] = {0x5131a6f0d6431e2a, 0x40f147f6f330d5fa},
};

MG_TEST(vmath_pairs, same_bits_of_many_points) {
    const int narrow = vmath_count_wrong_of_many(f32, expected_of_many);
    CHECK_EQ_I64(narrow + vmath_count_wrong_of_many(f64, expected_of_many), 0);
}

/* Beyond what is on file: many more points, one instruction set against the others. */
MG_TEST(vmath_pairs, instruction_sets_agree) {
    if (mg_test_is_quick()) return;
    vmath_check_agreement(f32);
    vmath_check_agreement(f64);
}

MG_TEST(vmath_pairs, a_lane_ignores_its_neighbours) {
    vmath_check_neighbours(f32);
    vmath_check_neighbours(f64);
}
