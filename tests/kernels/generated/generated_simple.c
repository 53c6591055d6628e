/* SPDX-License-Identifier: MIT
 * Oracles that are one C expression each: a table per kind of row. Floats are computed in double, which rounds right
 * for every one of these in f32, too. */
#include <math.h>
#include <string.h>

#include "generated.h"

/* ---- floats ---- */

static double clipped(double x, double low, double high) {
    if (isnan(x) || isnan(low) || isnan(high)) return NAN;
    const double raised = low > x || (low == x && signbit(x)) ? low : x;
    return high < raised || (high == raised && signbit(high)) ? high : raised;
}
static double sign_of(double x) { return isnan(x) ? x : (double)(x > 0) - (double)(x < 0); }

typedef double float_oracle(const double x[], const double params[]);
#define FLOAT(name, expression)                                                                                        \
    static double float_##name(const double x[], const double p[]) {                                                   \
        (void)p;                                                                                                       \
        return expression;                                                                                             \
    }
FLOAT(positive, x[0])
FLOAT(absolute, fabs(x[0]))
FLOAT(sign, sign_of(x[0]))
FLOAT(reciprocal, 1 / x[0])
FLOAT(clip, clipped(x[0], x[1], x[2]))
FLOAT(leaky_relu, x[0] < 0 ? p[0] * x[0] : x[0])
FLOAT(hard_tanh, isnan(x[0]) ? x[0] : fmax(p[0], fmin(x[0], p[1])))
FLOAT(rint, nearbyint(x[0]))
FLOAT(floor, floor(x[0]))
FLOAT(ceil, ceil(x[0]))
FLOAT(trunc, trunc(x[0]))
FLOAT(known_product, isnan(x[0]) && x[1] == 0 ? 0 : x[0] * x[1])

static const struct {
    const char *op;
    float_oracle *f;
} floats[] = {{"positive", float_positive},
              {"absolute", float_absolute},
              {"sign", float_sign},
              {"reciprocal", float_reciprocal},
              {"clip", float_clip},
              {"leaky_relu", float_leaky_relu},
              {"hard_tanh", float_hard_tanh},
              {"rint", float_rint},
              {"floor", float_floor},
              {"ceil", float_ceil},
              {"trunc", float_trunc},
              {"absolute_nan", float_absolute},
              {"known_product", float_known_product}};

/* ---- conditions on floats ---- */

typedef bool test_oracle(double x);
static bool test_isnan(double x) { return isnan(x); }
static bool test_isfinite(double x) { return isfinite(x); }
static bool test_isinf(double x) { return isinf(x); }
static bool test_signbit(double x) { return !isnan(x) && signbit(x); }

static const struct {
    const char *op;
    test_oracle *f;
    bool of_integer; /* the answer for integers; signbit's is their sign */
} tests[] = {{"isnan", test_isnan, false},
             {"isfinite", test_isfinite, true},
             {"isinf", test_isinf, false},
             {"signbit", test_signbit, false}};

/* ---- integers: as unsigned 64-bit numbers, sign-extended where the row is signed; cut off afterwards ---- */

typedef uint64_t int_oracle(const uint64_t x[], bool is_signed);
static bool below(uint64_t a, uint64_t b, bool is_signed) { return is_signed ? (int64_t)a < (int64_t)b : a < b; }
static uint64_t magnitude(uint64_t x, bool is_signed) { return below(x, 0, is_signed) ? 0 - x : x; }
#define INT(name, expression)                                                                                          \
    static uint64_t int_##name(const uint64_t x[], bool is_signed) {                                                   \
        (void)is_signed;                                                                                               \
        return expression;                                                                                             \
    }
INT(same, x[0])
INT(absolute, magnitude(x[0], is_signed))
INT(sign, x[0] == 0 ? 0 : below(x[0], 0, is_signed) ? UINT64_MAX : 1)
INT(reciprocal, magnitude(x[0], is_signed) == 1 ? x[0] : 0)
INT(and, x[0] & x[1])
INT(or, x[0] | x[1])
INT(xor, x[0] ^ x[1])
INT(not, ~x[0])
/* The highest bits of the exponent first; a negative one counts as 0. */
static uint64_t whole_power(uint64_t x, uint64_t y) {
    if (y == 0) return 1;
    const uint64_t root = whole_power(x, y / 2);
    return root * root * (y % 2 ? x : 1);
}
INT(power, whole_power(x[0], below(x[1], 0, is_signed) ? 0 : x[1]))
static uint64_t int_clip(const uint64_t x[], bool is_signed) {
    const uint64_t raised = below(x[0], x[1], is_signed) ? x[1] : x[0];
    return below(x[2], raised, is_signed) ? x[2] : raised;
}

static const struct {
    const char *op;
    int_oracle *f;
    bool of_bool; /* bool is computed as the lowest bit */
} ints[] = {{"positive", int_same, false},    {"floor", int_same, true},
            {"ceil", int_same, true},         {"trunc", int_same, true},
            {"absolute", int_absolute, true}, {"absolute_nan", int_absolute, true},
            {"sign", int_sign, false},        {"reciprocal", int_reciprocal, false},
            {"clip", int_clip, true},         {"power", int_power, false},
            {"bitwise_and", int_and, true},   {"bitwise_or", int_or, true},
            {"bitwise_xor", int_xor, true},   {"logical_xor", int_xor, true},
            {"invert", int_not, true}};

/* ---- by kind of row ---- */

static bool simple_float(const char *op, mg_dtype row, const void *const in[], int n_in, const double *params,
                         void *out) {
    double x[MGK_MAX_IN], p[MGK_MAX_PARAMS] = {0};
    for (int i = 0; i < n_in; i++) x[i] = gen_read_float(row, in[i]);
    for (int i = 0; params && i < 2; i++) p[i] = row == MG_F32 ? (double)(float)params[i] : params[i];
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        if (strcmp(tests[i].op, op) == 0) return *(unsigned char *)out = tests[i].f(x[0]), true;
    for (size_t i = 0; i < sizeof floats / sizeof *floats; i++) {
        if (strcmp(floats[i].op, op) != 0) continue;
        const double y = floats[i].f(x, p);
        const float narrow = (float)y;
        memcpy(out, row == MG_F32 ? (const void *)&narrow : (const void *)&y, gen_size(row));
        return true;
    }
    return false;
}

static bool simple_int(const char *op, mg_dtype row, const void *const in[], int n_in, void *out) {
    uint64_t x[MGK_MAX_IN];
    for (int i = 0; i < n_in; i++) x[i] = gen_read_int(row, in[i]);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        if (strcmp(tests[i].op, op) != 0) continue;
        const bool sign = tests[i].f == test_signbit;
        *(unsigned char *)out = sign ? below(x[0], 0, gen_is_signed(row)) : tests[i].of_integer;
        return true;
    }
    for (size_t i = 0; i < sizeof ints / sizeof *ints; i++) {
        if (strcmp(ints[i].op, op) != 0 || (row == MG_BOOL && !ints[i].of_bool)) continue;
        uint64_t y = ints[i].f(x, gen_is_signed(row));
        if (row == MG_BOOL) y &= 1;
        memcpy(out, &y, gen_size(row));
        return true;
    }
    return false;
}

/* Others may have operands of other kinds: they are not even read. */
static bool is_simple(const char *op) {
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        if (strcmp(tests[i].op, op) == 0) return true;
    for (size_t i = 0; i < sizeof floats / sizeof *floats; i++)
        if (strcmp(floats[i].op, op) == 0) return true;
    for (size_t i = 0; i < sizeof ints / sizeof *ints; i++)
        if (strcmp(ints[i].op, op) == 0) return true;
    return false;
}

bool gen_simple(const char *op, mg_dtype row, const void *const in[], int n_in, const double *params, void *out) {
    if (!is_simple(op)) return false;
    if (row == MG_F32 || row == MG_F64) return simple_float(op, row, in, n_in, params, out);
    return simple_int(op, row, in, n_in, out);
}
