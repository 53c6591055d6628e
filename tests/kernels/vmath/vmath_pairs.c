/* SPDX-License-Identifier: MIT
 * Pairs of inputs for the vector-maths tests; see the header. Integer arithmetic and exact or single operations only:
 * the same points everywhere. */
#include "vmath_pairs.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "vmath_lanes.h"

const vmath_hard_pair vmath_hard_pairs_f32[] = {
    {VMATH_hypot, 0x1p-149, 0x1p-149},
    {VMATH_hypot, 0x1.fffffep127, 0x1p100},
    {VMATH_hypot, 0x1.6a09e6p127, 0x1.6a09e6p127},
    {VMATH_hypot, 0x1p-40, 0x1.fffffep-41},
    {VMATH_hypot, 0x1p60, 0x1.000002p60},
    {VMATH_arctan2, 0x1p-149, 0x1.fffffep127},
    {VMATH_arctan2, 0x1p-149, 0x1p-149},
    {VMATH_arctan2, 0x1.fffffep127, -0x1p-149},
    {VMATH_arctan2, 0x1.7p-126, 0x1.8p0},
    {VMATH_logaddexp, -0x1.62e43p-1, -0x1.62e43p-1},
    {VMATH_logaddexp2, -1, -1},
    {VMATH_power, 0x1.000002p0, 0x1.62e43p29},
    {VMATH_power, 0x1.fffffep-1, 0x1.9d1dap30},
    {VMATH_power, 2, 127.99999},
    {VMATH_power, 2, -149.49999},
    {VMATH_power, 0x1p-149, -0.85906041},
    {VMATH_hypot, -0x1.163a1p-127, 0x1.d817b8p-128},
    {VMATH_arctan2, -0x1.b291b4p-89, 0x1.8fc98p+36},
    {VMATH_logaddexp, -0x1.e9c1aap-3, -0x1.ea068ap-3},
    {VMATH_logaddexp2, -0x1.ee5ee4p-3, -0x1.62e8dep-1},
    {VMATH_power, 0x1.0f8ap+0, 0x1.6b4ad2p+10},
};
const vmath_hard_pair vmath_hard_pairs_f64[] = {
    {VMATH_hypot, 0x1p-1074, 0x1p-1074},
    {VMATH_hypot, DBL_MAX, 0x1p970},
    {VMATH_hypot, 0x1.6a09e667f3bccp1023, 0x1.6a09e667f3bccp1023},
    {VMATH_hypot, 0x1p-400, 0x1.fffffffffffffp-401},
    {VMATH_hypot, 0x1p500, 0x1.0000000000001p500},
    {VMATH_arctan2, 0x1p-1074, DBL_MAX},
    {VMATH_arctan2, 0x1p-1074, 0x1p-1074},
    {VMATH_arctan2, DBL_MAX, -0x1p-1074},
    {VMATH_arctan2, 0x1.7p-1022, 0x1.8p0},
    {VMATH_logaddexp, -0x1.62e42fefa39efp-1, -0x1.62e42fefa39efp-1},
    {VMATH_logaddexp2, -1, -1},
    {VMATH_power, 0x1.0000000000001p0, 0x1.62e42fefa39efp61},
    {VMATH_power, 0x1.fffffffffffffp-1, 0x1.74385446d71c3p62},
    {VMATH_power, 2, 0x1.fffffffffffffp9},
    {VMATH_power, 2, -0x1.0cbffffffffffp10},
    {VMATH_power, 0x1p-1074, -0x1.e82ef0cbb0cf3p-1},
    {VMATH_hypot, -0x0.71d2c5dabbfe7p-1022, -0x0.8cd25f0e393f3p-1022},
    {VMATH_arctan2, 0x1.c13f0ecfec1a3p-882, 0x1.cb5ef901cffd8p+138},
    {VMATH_logaddexp, 0x1.5ea40c587415ap-2, -0x1.626e5a800bda2p-1},
    {VMATH_logaddexp2, -0x1.a5c2cb492d304p-638, -0x1.c23e4a35e182ep-32},
    {VMATH_logaddexp2, -0x1.a6976a8c84051p-638, -0x1.c1704a5cb416ep-32},
    {VMATH_power, 0x1.d90802f50963bp-526, 0x1.f2798ac947c86p+0},
};
const int vmath_n_hard_pairs_f32 = (int)(sizeof vmath_hard_pairs_f32 / sizeof *vmath_hard_pairs_f32);
const int vmath_n_hard_pairs_f64 = (int)(sizeof vmath_hard_pairs_f64 / sizeof *vmath_hard_pairs_f64);

/* A stream of random numbers of a pair. One call of these in an expression, for C leaves the order of several open. */
static uint64_t next(uint64_t *state) {
    uint64_t x = *state += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}
static double unit(uint64_t *r) { return (double)(next(r) >> 11) * 0x1p-53; }
static double between(double low, double high, uint64_t *r) { return low + (high - low) * unit(r); }
static int whole(int low, int high, uint64_t *r) { return low + (int)(next(r) % (uint64_t)(high - low + 1)); }
static double sign(uint64_t *r) { return next(r) & 1 ? -1 : 1; }

/* What differs between the two types: bits, and the exponents of the smallest normal number and of infinity. */
typedef struct format {
    int digits, low, high;
} format;
static const format narrow = {FLT_MANT_DIG, FLT_MIN_EXP - 1, FLT_MAX_EXP};
static const format wide = {DBL_MANT_DIG, DBL_MIN_EXP - 1, DBL_MAX_EXP};

static double at_exponents(int low, int high, uint64_t *r) {
    const int e = whole(low, high, r);
    const double m = 1 + unit(r);
    return ldexp(m, e) * sign(r);
}

/* x times 1 and a few units of its last places. */
static double beside(double x, const format *f, uint64_t *r) {
    const double k = (double)whole(-64, 64, r);
    return x * (1 + ldexp(k, 1 - f->digits + whole(0, f->digits / 2, r)));
}

/* log2 x, as the same operations give it everywhere. */
static double rough_log2(double x) {
    int e;
    const double m = frexp(x, &e), s = (m - 0.75) / (m + 0.75), z = s * s;
    double sum = 0;
    for (int k = 17; k >= 1; k -= 2) sum = sum * z + 1.0 / k;
    return e - 0.41503749927884381 + 2.8853900817779268 * (s * sum);
}

static void special_pair(uint64_t k, const format *f, double *x, double *y) {
    const double last = ldexp(1, 1 - f->digits), tiny = ldexp(1, f->low + 1 - f->digits), huge = ldexp(1, f->high - 1);
    const double most = huge * (2 - last), normal = ldexp(1, f->low), odd = ldexp(1, f->digits) - 1;
    const double list[] = {0,
                           tiny,
                           normal - tiny,
                           normal,
                           0.5,
                           1 - last / 2,
                           1,
                           1 + last,
                           1.5,
                           2,
                           3,
                           2.5,
                           odd,
                           odd + 1,
                           10,
                           huge,
                           most,
                           INFINITY,
                           NAN,
                           0.25,
                           (odd - 1) / 2,
                           odd * 0.5 + 0.25,
                           1e9,
                           100};
    const uint64_t n = sizeof list / sizeof *list;
    *x = list[k % n] * ((k / n / n & 1) ? -1 : 1);
    *y = list[k / n % n] * ((k / n / n & 2) ? -1 : 1);
}

static void ordinary_pair(int fn, double *x, double *y, uint64_t *r) {
    const double reach = fn == VMATH_logaddexp || fn == VMATH_logaddexp2 ? 2 : 10;
    *x = between(-reach, reach, r);
    *y = between(-reach, reach, r);
    if (fn == VMATH_power) *x = fabs(*x);
}

/* Powers whose exponent of 2 is t: of numbers near 1 if so wished, of any otherwise. */
static void power_pair(double t, bool near_one, const format *f, double *x, double *y, uint64_t *r) {
    if (near_one) {
        const int e = whole(-f->digits, -f->digits + 8, r);
        const double s = whole(0, 1, r) ? 1 : -1;
        *x = 1 + ldexp(s * whole(1, 4000, r), e);
    } else {
        *x = fabs(at_exponents(f->low, f->high - 1, r));
    }
    if (*x == 1) *x = 2;
    *y = t / rough_log2(*x);
}

/* Where the value turns, or nearly loses its bits. */
static void delicate_pair(int fn, const format *f, double *x, double *y, uint64_t *r) {
    static const double turns[] = {0.5, 1, 2, 0.414213562373095, 0.33333333333333333, 3};
    bool near_one;
    int e;
    switch (fn) {
    case VMATH_power:
        near_one = next(r) & 1;
        power_pair(between(f->low - f->digits - 2, f->high + 2, r), near_one, f, x, y, r);
        break;
    case VMATH_arctan2:
        *x = at_exponents(f->low - 3, f->high - 3, r);
        *y = *x * turns[next(r) % 6];
        *y = beside(*y, f, r);
        *y *= sign(r);
        break;
    case VMATH_hypot:
        *x = at_exponents(-3, 3, r);
        e = -whole(0, f->digits, r);
        *y = ldexp(between(1, 2, r), e);
        break;
    default:
        *x = between(-2, 2, r);
        *y = next(r) & 1 ? beside(-0.69314718055994531, f, r) : *x - between(0, 45, r);
        if (next(r) & 1) *x = *y + 0.34657359027997265 * whole(-4, 4, r);
    }
}

/* At the ends of the range. */
static void limit_pair(int fn, const format *f, double *x, double *y, uint64_t *r) {
    const int ends[3] = {f->high, f->low, f->low - f->digits + 1};
    int e;
    switch (fn) {
    case VMATH_power:
        e = ends[next(r) % 3];
        power_pair(e + between(-1, 1, r), false, f, x, y, r);
        break;
    case VMATH_hypot: /* overflow, underflow, and where it scales */
        if (next(r) & 1) {
            *x = at_exponents(f->high - 3, f->high - 1, r);
            *y = at_exponents(f->high - 3, f->high - 1, r);
        } else {
            e = whole(f->low - f->digits + 1, f->low + 2, r);
            *x = at_exponents(e, e + 2, r);
            *y = at_exponents(e, e + 2, r);
        }
        break;
    case VMATH_arctan2: /* subnormal quotients */
        *x = at_exponents(-40, f->high - 2, r);
        e = f->low + whole(-3, 3, r);
        *y = ldexp(*x * unit(r), e);
        break;
    default: /* large operands of any difference */
        *x = at_exponents(-20, f->high / 2, r);
        *y = *x + between(-1, 1, r) * (double)(f->digits - f->low);
    }
}

/* Negative bases and whole exponents; for other functions another ordinary pair. */
static void signed_pair(int fn, double *x, double *y, uint64_t *r) {
    ordinary_pair(fn, x, y, r);
    if (fn != VMATH_power) return;
    *x = at_exponents(-4, 4, r);
    *y = 0.5 * whole(-80, 80, r);
}

static void pair(int fn, uint64_t i, const format *f, double *x, double *y, uint64_t *r) {
    switch (i % 8) {
    case 1:
        *x = at_exponents(f->low - f->digits, f->high - 1, r);
        *y = at_exponents(f->low - f->digits, f->high - 1, r);
        break;
    case 2:
        *x = fn == VMATH_power ? at_exponents(-6, 6, r) : at_exponents(f->low - f->digits, f->high - 1, r);
        *y = beside(*x, f, r);
        *y *= sign(r);
        break;
    case 3:
        special_pair(i / 8, f, x, y);
        break;
    case 4:
        delicate_pair(fn, f, x, y, r);
        break;
    case 5:
        limit_pair(fn, f, x, y, r);
        break;
    case 6:
        signed_pair(fn, x, y, r);
        break;
    default:
        ordinary_pair(fn, x, y, r);
    }
}

void vmath_pair_f64(int fn, uint64_t i, uint64_t seed, double *x, double *y) {
    uint64_t r = seed * 0xd1342543de82ef95u + i * 0x2545f4914f6cdd1du;
    if (i % 8) {
        pair(fn, i, &wide, x, y, &r);
        return;
    }
    const uint64_t bits[2] = {next(&r), next(&r)};
    memcpy(x, &bits[0], sizeof *x);
    memcpy(y, &bits[1], sizeof *y);
}

void vmath_pair_f32(int fn, uint64_t i, uint64_t seed, float *x, float *y) {
    uint64_t r = seed * 0xd1342543de82ef95u + i * 0x2545f4914f6cdd1du;
    if (i % 8) {
        double a, b;
        pair(fn, i, &narrow, &a, &b, &r);
        *x = (float)a;
        *y = (float)b;
        return;
    }
    const uint64_t both = next(&r);
    const uint32_t bits[2] = {(uint32_t)both, (uint32_t)(both >> 32)};
    memcpy(x, &bits[0], sizeof *x);
    memcpy(y, &bits[1], sizeof *y);
}
