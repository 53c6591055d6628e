/* SPDX-License-Identifier: MIT
 * Inputs for the vector-maths tests; see the header. Integer arithmetic and exact or single operations only: the same
 * points everywhere. */
#include "vmath_points.h"

#include <math.h>
#include <string.h>

#include "vmath_lanes.h"

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
