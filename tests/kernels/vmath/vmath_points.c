/* SPDX-License-Identifier: MIT
 * Inputs for the vector-maths tests; see the header. Integer arithmetic and exact or single operations only: the same
 * points everywhere. */
#include "vmath_points.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "vmath_lanes.h"

const vmath_hard vmath_hard_f32[] = {
    {VMATH_expm1, 0x1.804aacp-2},
    {VMATH_expm1, 0x1.63e57p-2},
    {VMATH_expm1, 0x1.d75be4p+4},
    {VMATH_log1p, -0x1.084c1ep-2},
    {VMATH_log, 0x1.7fd536p-1},
    {VMATH_tanh, 0x1.0102dp-2},
    {VMATH_exp, 0x1.86ec5cp+5},
    {VMATH_exp, 0x1.62e42ep6},
    {VMATH_exp, 0x1.62e430p6},
    {VMATH_exp, -0x1.9fe368p6},
    {VMATH_exp, -0x1.9fe36ap6},
    {VMATH_exp, -0x1.5d58ap6},
    {VMATH_expm1, 0x1.89547p-2},
    {VMATH_expm1, -0x1.154246p4},
    {VMATH_expm1, 0x1.62e42ep6},
    {VMATH_log, 0x1p-149},
    {VMATH_log, 0x1.fffffcp-127},
    {VMATH_log, 0x1.fffffep127},
    {VMATH_log, 0x1.6d3026p-1},
    {VMATH_log, 0x1.8p0},
    {VMATH_log, 0x1.7ffffep-1},
    {VMATH_log1p, 0x1.fffffep-2},
    {VMATH_log1p, -0x1.000002p-2},
    {VMATH_log1p, -0x1.fffffep-1},
    {VMATH_log1p, 0x1.fffffep127},
    {VMATH_log1p, 0x1p-149},
    {VMATH_tanh, 0x1p-149},
    {VMATH_tanh, 0x1.fffffep-3},
    {VMATH_tanh, 0x1p-2},
    {VMATH_tanh, 0x1.205966p3},
    {VMATH_sigmoid, -0x1.5ed742p6},
    {VMATH_sigmoid, -0x1.5dac2ep6},
    {VMATH_sigmoid, -0x1.9fe368p6},
    {VMATH_sigmoid, -0x1.9d1dap6},
    {VMATH_sigmoid, 17.5},
    {VMATH_exp2, 0x1.fffffep6},
    {VMATH_exp2, -0x1.2bfffep7},
    {VMATH_exp2, -0x1.2c0002p7},
    {VMATH_exp2, -0x1.f80002p6},
    {VMATH_log2, 0x1p-149},
    {VMATH_log2, 0x1.5ffffep0},
    {VMATH_log2, 0x1.6p0},
    {VMATH_log2, 0x1.fffffep-1},
    {VMATH_log10, 0x1p-149},
    {VMATH_log10, 0x1.5ffffep0},
    {VMATH_log10, 0x1.6p0},
    {VMATH_log10, 0x1.fffffep-1},
    {VMATH_cbrt, 0x1p-149},
    {VMATH_cbrt, 0x1.fffffep127},
    {VMATH_cbrt, 0x1.7ffffep0},
    {VMATH_sinh, 0x1.65a9f8p6},
    {VMATH_sinh, 0x1.65a9fap6},
    {VMATH_sinh, 0x1p-149},
    {VMATH_cosh, 0x1.65a9f8p6},
    {VMATH_cosh, 0x1.65a9fap6},
    {VMATH_csch, 0x1p-128},
    {VMATH_csch, 0x1.00001p-128},
    {VMATH_csch, 0x1.a2b23ep6},
    {VMATH_csch, 0x1.a2b240p6},
    {VMATH_sech, 0x1.a2b23ep6},
    {VMATH_sech, 0x1.a2b240p6},
    {VMATH_coth, 0x1p-149},
    {VMATH_coth, 0x1.205966p3},
    {VMATH_arcsinh, 0x1.6a09e6p-2},
    {VMATH_arcsinh, 0x1.fffffep127},
    {VMATH_arcsinh, 0x1p-149},
    {VMATH_arctanh, 0x1.fffffep-1},
    {VMATH_arctanh, 0x1p-149},
    {VMATH_arctanh, 0x1.99999ap-3},
    {VMATH_arccosh, 0x1.000002p0},
    {VMATH_arccosh, 0x1.fffffep127},
    {VMATH_arccsch, 0x1p-149},
    {VMATH_arccsch, 0x1.fffffep127},
    {VMATH_arccoth, 0x1.000002p0},
    {VMATH_arccoth, 0x1.fffffep127},
    {VMATH_arccosh, 0x1.0b7f16p+0},
    {VMATH_arcsinh, 0x1.342ab6p-2},
    {VMATH_arctanh, 0x1.555d18p-3},
    {VMATH_cbrt, 0x1.dc12d4p-127},
    {VMATH_cosh, 0x1.0a33bp+0},
    {VMATH_exp2, -0x1.f9fc6ap+6},
    {VMATH_log10, 0x1.541adcp+0},
    {VMATH_log2, 0x1.5bd7cep+0},
    {VMATH_sinh, 0x1.62e792p-2},
    {VMATH_csch, 0x1.6307acp-2},
    {VMATH_sech, 0x1.bba96ap+0},
    {VMATH_coth, 0x1.398a46p-2},
    {VMATH_arccsch, -0x1.8bd7e8p+1},
    {VMATH_arccoth, 0x1.9eb88ep+2},
    {VMATH_sin, 0x1.631ceap+101},
    {VMATH_cos, 0x1.ffc0eap-13},
    {VMATH_tan, 0x1.bc8912p+7},
    {VMATH_sin, 0x1p30},
    {VMATH_cos, 0x1.000002p30},
    {VMATH_sin, 0x1p-149},
    {VMATH_tan, 0x1p-149},
    {VMATH_sin, 0x1.fffffep127},
    {VMATH_cos, 0x1.fffffep127},
    {VMATH_tan, -0x1.fffffep127},
    {VMATH_arctan, 0x1.fed862p-2},
    {VMATH_arctan, 0x1p-149},
    {VMATH_arctan, 0.5},
    {VMATH_arctan, 0x1.000002p-1},
    {VMATH_arctan, 2},
    {VMATH_arctan, 0x1.000002p1},
    {VMATH_arctan, 0x1.fffffep127},
};
const vmath_hard vmath_hard_f64[] = {
    {VMATH_sigmoid, -0x1.6264bfaaabaa4p+9},
    {VMATH_log, 0x1.7fdc0813fcd83p-1},
    {VMATH_expm1, 0x1.637328fd0eddcp-2},
    {VMATH_exp, -0x1.6447141f8823dp+6},
    {VMATH_expm1, 0x1.6413946993ec7p-2},
    {VMATH_expm1, 0x1.674aaf95bf6dp-2},
    {VMATH_log, 0x1.7e588b28f74d7p-1},
    {VMATH_log, 0x1.7eee80ea375cfp-1},
    {VMATH_log1p, -0x1.0313ec78b72d2p-2},
    {VMATH_log1p, -0x1.06e5876c44932p-2},
    {VMATH_tanh, 0x1.69d5ad0a1ce4ap-3},
    {VMATH_sigmoid, -0x1.6264256095dd3p+9},
    {VMATH_exp, 0x1.62e42fefa39efp9},
    {VMATH_exp, 0x1.62e42fefa39f0p9},
    {VMATH_exp, -0x1.74910d52d3051p9},
    {VMATH_exp, -0x1.74910d52d3053p9},
    {VMATH_exp, 0x1.5ff3a39aab6d8p+9},
    {VMATH_exp, -0x1.625f4c78aaa83p+9},
    {VMATH_expm1, 0x1.7e5fb170adp-2},
    {VMATH_expm1, -0x1.28aac01258945p+5},
    {VMATH_expm1, 0x1.62e42fefa39efp9},
    {VMATH_log, 0x1p-1074},
    {VMATH_log, DBL_MIN},
    {VMATH_log, DBL_MAX},
    {VMATH_log, 0x1.74858072c409bp-1},
    {VMATH_log1p, 0x1.fffffffffffffp-2},
    {VMATH_log1p, -0x1.0000000005cbap-2},
    {VMATH_log1p, -0x1.fffffffffffffp-1},
    {VMATH_log1p, DBL_MAX},
    {VMATH_log1p, 0x1p-1074},
    {VMATH_tanh, 0x1p-1074},
    {VMATH_tanh, 0x1.2b70ad2421864p+4},
    {VMATH_tanh, 0x1.30fc1931f09c9p+4},
    {VMATH_tanh, -0x1.7912734359cd3p-3},
    {VMATH_sigmoid, -0x1.6266cbb23cbdep+9},
    {VMATH_sigmoid, -0x1.74910d52d3051p9},
    {VMATH_sigmoid, 37.5},
    {VMATH_exp2, 0x1.fffffffffffffp9},
    {VMATH_exp2, -0x1.0cbffffffffffp10},
    {VMATH_exp2, -0x1.0cc0000000001p10},
    {VMATH_exp2, -0x1.ff00000000001p9},
    {VMATH_log2, 0x1p-1074},
    {VMATH_log2, 0x1.5ffffffffffffp0},
    {VMATH_log2, 0x1.6p0},
    {VMATH_log2, 0x1.fffffffffffffp-1},
    {VMATH_log10, 0x1p-1074},
    {VMATH_log10, 0x1.5ffffffffffffp0},
    {VMATH_log10, 0x1.6p0},
    {VMATH_log10, 0x1.fffffffffffffp-1},
    {VMATH_cbrt, 0x1p-1074},
    {VMATH_cbrt, DBL_MAX},
    {VMATH_cbrt, 0x1.7ffffffffffffp0},
    {VMATH_sinh, 0x1.633ce8fb9f87dp9},
    {VMATH_sinh, 0x1.633ce8fb9f87ep9},
    {VMATH_sinh, 0x1p-1074},
    {VMATH_sinh, 0x1.62e42fefa39efp-2},
    {VMATH_cosh, 0x1.633ce8fb9f87dp9},
    {VMATH_cosh, 0x1.633ce8fb9f87ep9},
    {VMATH_csch, 0x1p-1024},
    {VMATH_csch, 0x1.0000000000001p-1024},
    {VMATH_csch, 0x1p-1074},
    {VMATH_csch, 0x1.74e9a0d6a8d6cp9},
    {VMATH_sech, 0x1.74e9a0d6a8d6cp9},
    {VMATH_sech, 0x1.62b7f13a19fap9},
    {VMATH_coth, 0x1p-1074},
    {VMATH_coth, 0x1p-1024},
    {VMATH_coth, 0x1.2b70ad2421864p4},
    {VMATH_arcsinh, 0x1.6a09e667f3bcdp-2},
    {VMATH_arcsinh, DBL_MAX},
    {VMATH_arcsinh, 0x1p-1074},
    {VMATH_arcsinh, 0x1p30},
    {VMATH_arcsinh, 0x1.0000000000001p30},
    {VMATH_arctanh, 0x1.fffffffffffffp-1},
    {VMATH_arctanh, 0x1p-1074},
    {VMATH_arctanh, 0x1.999999999999ap-3},
    {VMATH_arccosh, 0x1.0000000000001p0},
    {VMATH_arccosh, DBL_MAX},
    {VMATH_arccosh, 0x1.0000000000001p30},
    {VMATH_arccsch, 0x1p-1074},
    {VMATH_arccsch, DBL_MAX},
    {VMATH_arccsch, 0x1.fffffffffffffp-901},
    {VMATH_arccsch, 0x1p30},
    {VMATH_arccoth, 0x1.0000000000001p0},
    {VMATH_arccoth, DBL_MAX},
    {VMATH_arccoth, 0x1.8p1023},
    {VMATH_arccosh, 0x1.07e25cb240625p+0},
    {VMATH_arcsinh, 0x1.730d93d821cdap-2},
    {VMATH_arctanh, 0x1.5ce99fcdb439ap-3},
    {VMATH_cbrt, -0x1.6e6c1deff6a29p+373},
    {VMATH_cosh, 0x1.26053bffbbc12p+4},
    {VMATH_exp2, -0x1.ff3e91b11c4adp+9},
    {VMATH_log10, 0x1.546d8780c1cf1p+0},
    {VMATH_log2, 0x1.5d38efc5f94a5p+0},
    {VMATH_sinh, 0x1.6c01ce5ce034cp-2},
    {VMATH_exp2, 0x1.a30557a5b31bcp+7},
    {VMATH_sinh, -0x1.6494dda768a61p-2},
    {VMATH_cosh, 0x1.502e06934f911p+7},
    {VMATH_arctanh, 0x1.5b099e881391ap-3},
    {VMATH_coth, -0x1.6456f77163ee5p-2},
    {VMATH_csch, 0x1.62b7f13a19fap+9},
    {VMATH_sech, 0x1.62b7f13a19fap+9},
    {VMATH_arccsch, 0x1.505c3d661caffp+1020},
    {VMATH_arccoth, -0x1.1a3ff1008d63p+1023},
    {VMATH_arcsinh, 0x1.74cdbc6cd4395p-2},
    {VMATH_arccosh, 0x1.07802e8c3d239p+0},
    {VMATH_sin, -0x1.2a762eb048e16p+1},
    {VMATH_cos, 0x1.731e8a5845556p+5},
    {VMATH_tan, 0x1.08addecf6b1cp+8},
    {VMATH_sin, 0x1.6ac5b262ca1ffp+849},
    {VMATH_cos, 0x1.6ac5b262ca1ffp+849},
    {VMATH_tan, 0x1.6ac5b262ca1ffp+849},
    {VMATH_sin, 0x1p30},
    {VMATH_cos, 0x1.0000000000001p30},
    {VMATH_sin, DBL_MAX},
    {VMATH_cos, -DBL_MAX},
    {VMATH_tan, DBL_MAX},
    {VMATH_sin, 0x1p-1074},
    {VMATH_tan, 0x1p-1074},
    {VMATH_arctan, 0x1.f8f95abd76b3ap-2},
    {VMATH_arctan, 0x1p-1074},
    {VMATH_arctan, 0x1.0000000000001p-1},
    {VMATH_arctan, 0x1.0000000000001p1},
    {VMATH_arctan, DBL_MAX},
};
const int vmath_n_hard_f32 = (int)(sizeof vmath_hard_f32 / sizeof *vmath_hard_f32);
const int vmath_n_hard_f64 = (int)(sizeof vmath_hard_f64 / sizeof *vmath_hard_f64);

static uint64_t mix(uint64_t x) {
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static double from_bits(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Uniform in [0, 1). */
static double unit(uint64_t r) { return (double)(r >> 11) * 0x1p-53; }

/* Where a function's points lie. A pair of equal ends beyond stands for any positive number. */
typedef struct range {
    double low, high;               /* where the ordinary results are */
    double middle_low, middle_high; /* where they are delicate */
    double under[2], over[2];       /* beyond both ends: results that vanish, overflow or saturate */
    double turn;                    /* turning points are its multiples; 0: powers of two times 3/4, 1, sqrt 2, 3/2 */
    double offset;                  /* of turning points within 2^30 and 2^-50 */
    double shrink;                  /* f32: what the ranges are divided by, but not the middle */
    bool positive;                  /* no negative small numbers */
} range;
static const double ln2_half = 0.34657359027997265471;
static const double pi_quarter = 0.78539816339744830962;
/* Across the limit of the quick reduction, and everything beyond it. */
#define CIRCULAR                                                                                                       \
    { -100, 100, -3.5, 3.5, {0x1p29, 0x1.8p30}, {0, 0}, pi_quarter, 0, 1, false }
static const range ranges[VMATH_COUNT] = {
    [VMATH_exp] = {-745.5, 710, -2, 2, {-745.2, -705.2}, {700, 712}, ln2_half, 0, 8, false},
    [VMATH_expm1] = {-40, 710, -2, 2, {-745.2, -705.2}, {700, 712}, ln2_half, 0, 8, false},
    [VMATH_log] = {0.5, 2, 0.7, 1.6, {0, 0}, {0, 0}, 0, 0, 1, true},
    [VMATH_log1p] = {-0.99999, 4, -0.98, 0.98, {0, 0}, {0, 0}, 0, -1, 1, false},
    [VMATH_tanh] = {-22, 22, -2, 2, {-745.2, -705.2}, {18, 20}, ln2_half / 32, 0, 2, false},
    [VMATH_sigmoid] = {-745.5, 45, -2, 2, {-745.2, -705.2}, {700, 712}, ln2_half, 0, 7, false},
    [VMATH_exp2] = {-1075.5, 1025, -2, 2, {-1075, -1021}, {1020, 1026}, 0.5, 0, 8, false},
    [VMATH_log2] = {0.5, 2, 0.7, 1.6, {0, 0}, {0, 0}, 0, 0, 1, true},
    [VMATH_log10] = {0.5, 2, 0.7, 1.6, {0, 0}, {0, 0}, 0, 0, 1, true},
    [VMATH_cbrt] = {-8, 8, 0.375, 3, {0, 0}, {0, 0}, 0, 0, 1, false},
    [VMATH_sinh] = {-711, 711, -2, 2, {-711, -709}, {709, 711}, ln2_half, 0, 8, false},
    [VMATH_cosh] = {-711, 711, -2, 2, {-711, -709}, {709, 711}, ln2_half, 0, 8, false},
    [VMATH_arcsinh] = {-4, 4, -2, 2, {0, 0}, {0, 0}, 0, 0, 1, false},
    [VMATH_arctanh] = {-1, 1, -0.5, 0.5, {-1, -0.999}, {0.999, 1}, 0, -1, 1, false},
    [VMATH_arccosh] = {1, 4, 1, 1.5, {0, 0}, {1, 1.001}, 0, 1, 1, true},
    [VMATH_csch] = {-747, 747, -2, 2, {-747, -705}, {705, 747}, ln2_half, 0, 7.1, false},
    [VMATH_sech] = {-747, 747, -2, 2, {-747, -705}, {705, 747}, ln2_half, 0, 7.1, false},
    [VMATH_coth] = {-22, 22, -2, 2, {0, 0}, {18, 20}, ln2_half, 0, 2, false},
    [VMATH_arccsch] = {-4, 4, -2, 2, {0, 0}, {0, 0}, 0, 0, 1, false},
    [VMATH_arccoth] = {1, 4, 1, 1.5, {-1.001, -1}, {1, 1.001}, 0, 1, 1, false},
    [VMATH_sin] = CIRCULAR,
    [VMATH_cos] = CIRCULAR,
    [VMATH_tan] = CIRCULAR,
    [VMATH_arctan] = {-8, 8, -0.6, 0.6, {0x1p50, 0x1p56}, {0, 0}, 0, 0, 1, false},
};

static double between(double low, double high, uint64_t r) { return low + (high - low) * unit(r); }

static double near_turn(const range *at, uint64_t r) {
    const int n = (int)(r >> 40 & 2047) - 1024;
    double x = n * at->turn;
    if (at->turn == 0) {
        static const double ends[4] = {0.75, 1, 1.5, 1.41421356237309504880};
        x = ldexp(ends[r >> 52 & 3], n / ((r >> 54 & 1) ? 1 : 32));
        if (n / 32 < 30 && n / 32 > -50) x += at->offset;
    }
    return x * (1 + ldexp((double)((int64_t)(r & 0xffff) - 0x8000), -52 + (int)(r >> 16 & 15)));
}

static double beyond(const double ends[2], uint64_t r) {
    return ends[0] < ends[1] ? between(ends[0], ends[1], r) : from_bits(r >> 1);
}

double vmath_point_f64(int fn, uint64_t i, uint64_t seed) {
    const range *at = &ranges[fn];
    const uint64_t r = mix(mix(seed) ^ i), s = mix(r);
    switch (i % 8) {
    case 0:
        return from_bits(s);
    case 1:
        return near_turn(at, s);
    case 2: /* small: exponents -60 to 3 */
        return ldexp(1 + unit(s), (int)(r & 63) - 60) * ((r & 64) && !at->positive ? -1 : 1);
    case 3:
        return between(at->middle_low, at->middle_high, s);
    case 4:
        return beyond((r & 1) ? at->under : at->over, s);
    default:
        return between(at->low, at->high, s);
    }
}

float vmath_point_f32(int fn, uint64_t i, uint64_t seed) {
    if (i % 8 == 0) {
        const uint32_t bits = (uint32_t)mix(mix(seed) ^ i);
        float x;
        memcpy(&x, &bits, sizeof x);
        return x;
    }
    const double x = vmath_point_f64(fn, i, seed);
    return (float)(i % 8 == 2 || i % 8 == 3 ? x : x / ranges[fn].shrink);
}
