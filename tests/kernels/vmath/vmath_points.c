/* SPDX-License-Identifier: MIT
 * Inputs for the vector-maths tests; see the header. Integer arithmetic and exact or single operations only: the same
 * points everywhere. */
#include "vmath_points.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "vmath_lanes.h"

const vmath_hard vmath_hard_f32[] = {
    {VMATH_EXPM1, 0x1.804aacp-2},   {VMATH_EXPM1, 0x1.63e57p-2},    {VMATH_EXPM1, 0x1.d75be4p+4},
    {VMATH_LOG1P, -0x1.084c1ep-2},  {VMATH_LOG, 0x1.7fd536p-1},     {VMATH_TANH, 0x1.0102dp-2},
    {VMATH_EXP, 0x1.86ec5cp+5},     {VMATH_EXP, 0x1.62e42ep6},      {VMATH_EXP, 0x1.62e430p6},
    {VMATH_EXP, -0x1.9fe368p6},     {VMATH_EXP, -0x1.9fe36ap6},     {VMATH_EXP, -0x1.5d58ap6},
    {VMATH_EXPM1, 0x1.89547p-2},    {VMATH_EXPM1, -0x1.154246p4},   {VMATH_EXPM1, 0x1.62e42ep6},
    {VMATH_LOG, 0x1p-149},          {VMATH_LOG, 0x1.fffffcp-127},   {VMATH_LOG, 0x1.fffffep127},
    {VMATH_LOG, 0x1.6d3026p-1},     {VMATH_LOG, 0x1.8p0},           {VMATH_LOG, 0x1.7ffffep-1},
    {VMATH_LOG1P, 0x1.fffffep-2},   {VMATH_LOG1P, -0x1.000002p-2},  {VMATH_LOG1P, -0x1.fffffep-1},
    {VMATH_LOG1P, 0x1.fffffep127},  {VMATH_LOG1P, 0x1p-149},        {VMATH_TANH, 0x1p-149},
    {VMATH_TANH, 0x1.fffffep-3},    {VMATH_TANH, 0x1p-2},           {VMATH_TANH, 0x1.205966p3},
    {VMATH_SIGMOID, -0x1.5ed742p6}, {VMATH_SIGMOID, -0x1.5dac2ep6}, {VMATH_SIGMOID, -0x1.9fe368p6},
    {VMATH_SIGMOID, -0x1.9d1dap6},  {VMATH_SIGMOID, 17.5},
};
const vmath_hard vmath_hard_f64[] = {
    {VMATH_SIGMOID, -0x1.6264bfaaabaa4p+9},
    {VMATH_LOG, 0x1.7fdc0813fcd83p-1},
    {VMATH_EXPM1, 0x1.637328fd0eddcp-2},
    {VMATH_EXP, -0x1.6447141f8823dp+6},
    {VMATH_EXPM1, 0x1.6413946993ec7p-2},
    {VMATH_EXPM1, 0x1.674aaf95bf6dp-2},
    {VMATH_LOG, 0x1.7e588b28f74d7p-1},
    {VMATH_LOG, 0x1.7eee80ea375cfp-1},
    {VMATH_LOG1P, -0x1.0313ec78b72d2p-2},
    {VMATH_LOG1P, -0x1.06e5876c44932p-2},
    {VMATH_TANH, 0x1.69d5ad0a1ce4ap-3},
    {VMATH_SIGMOID, -0x1.6264256095dd3p+9},
    {VMATH_EXP, 0x1.62e42fefa39efp9},
    {VMATH_EXP, 0x1.62e42fefa39f0p9},
    {VMATH_EXP, -0x1.74910d52d3051p9},
    {VMATH_EXP, -0x1.74910d52d3053p9},
    {VMATH_EXP, 0x1.5ff3a39aab6d8p+9},
    {VMATH_EXP, -0x1.625f4c78aaa83p+9},
    {VMATH_EXPM1, 0x1.7e5fb170adp-2},
    {VMATH_EXPM1, -0x1.28aac01258945p+5},
    {VMATH_EXPM1, 0x1.62e42fefa39efp9},
    {VMATH_LOG, 0x1p-1074},
    {VMATH_LOG, DBL_MIN},
    {VMATH_LOG, DBL_MAX},
    {VMATH_LOG, 0x1.74858072c409bp-1},
    {VMATH_LOG1P, 0x1.fffffffffffffp-2},
    {VMATH_LOG1P, -0x1.0000000005cbap-2},
    {VMATH_LOG1P, -0x1.fffffffffffffp-1},
    {VMATH_LOG1P, DBL_MAX},
    {VMATH_LOG1P, 0x1p-1074},
    {VMATH_TANH, 0x1p-1074},
    {VMATH_TANH, 0x1.2b70ad2421864p+4},
    {VMATH_TANH, 0x1.30fc1931f09c9p+4},
    {VMATH_TANH, -0x1.7912734359cd3p-3},
    {VMATH_SIGMOID, -0x1.6266cbb23cbdep+9},
    {VMATH_SIGMOID, -0x1.74910d52d3051p9},
    {VMATH_SIGMOID, 37.5},
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

/* Where the ordinary results are: the range drawn from uniformly. */
static const double low[VMATH_COUNT] = {-745.5, -40, 0.5, -0.99999, -22, -745.5};
static const double high[VMATH_COUNT] = {710, 710, 2, 4, 22, 45};

/* Beside a turning point: n ln2/2, 2^e m for m near the ends of the mantissa's interval, or small integers. */
static double near_turn(int fn, uint64_t r) {
    double x;
    const int n = (int)(r >> 40 & 2047) - 1024;
    if (fn == VMATH_LOG || fn == VMATH_LOG1P) {
        static const double ends[4] = {0.75, 1, 1.5, 1.41421356237309504880};
        x = ldexp(ends[r >> 52 & 3], n / ((r >> 54 & 1) ? 1 : 32));
        if (fn == VMATH_LOG1P && n / 32 < 30 && n / 32 > -50) x -= 1;
    } else {
        x = n * 0.34657359027997265471 * (fn == VMATH_TANH ? 0.03125 : 1);
    }
    return x * (1 + ldexp((double)((int64_t)(r & 0xffff) - 0x8000), -52 + (int)(r >> 16 & 15)));
}

double vmath_point_f64(int fn, uint64_t i, uint64_t seed) {
    const uint64_t r = mix(mix(seed) ^ i), s = mix(r);
    switch (i % 8) {
    case 0:
        return from_bits(s);
    case 1:
        return near_turn(fn, s);
    case 2: /* small: exponents -60 to 3 */
        return ldexp(1 + unit(s), (int)(r & 63) - 60) * ((r & 64) && fn != VMATH_LOG ? -1 : 1);
    case 3: /* the middle of the range */
        return fn == VMATH_LOG ? 0.7 + 0.9 * unit(s) : 2 * (2 * unit(s) - 1) * (fn == VMATH_LOG1P ? 0.49 : 1);
    case 4: /* beyond both ends, subnormal and overflowing results */
        if (fn == VMATH_LOG || fn == VMATH_LOG1P) return from_bits(s >> 1);
        return (r & 1) ? -745.2 + 40 * unit(s) : (fn == VMATH_TANH ? 18 + 2 * unit(s) : 700 + 12 * unit(s));
    default:
        return low[fn] + (high[fn] - low[fn]) * unit(s);
    }
}

float vmath_point_f32(int fn, uint64_t i, uint64_t seed) {
    static const double shrink[VMATH_COUNT] = {8, 8, 1, 1, 2, 7};
    if (i % 8 == 0) {
        const uint32_t bits = (uint32_t)mix(mix(seed) ^ i);
        float x;
        memcpy(&x, &bits, sizeof x);
        return x;
    }
    const double x = vmath_point_f64(fn, i, seed);
    return (float)(i % 8 == 2 || i % 8 == 3 ? x : x / shrink[fn]);
}
