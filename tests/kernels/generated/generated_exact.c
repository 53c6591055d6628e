/* SPDX-License-Identifier: MIT
 * Oracles of the ops whose result is exact, correctly rounded, or a fixed sequence of such operations: plain C, one
 * element at a time. Integers are computed modulo 2^64 and cut off; f32 in double, rounded after every operation, which
 * for + - * / sqrt gives the bits of f32 arithmetic. */
#include <math.h>
#include <string.h>

#include "generated.h"

static bool is(const char *a, const char *b) { return strcmp(a, b) == 0; }

/* 0..5 for less .. not_equal, -1 for anything else. */
static int comparison(const char *op) {
    static const char *const names[] = {"less", "less_equal", "greater", "greater_equal", "equal", "not_equal"};
    for (int i = 0; i < 6; i++)
        if (is(op, names[i])) return i;
    return -1;
}

static bool compare(int which, bool less, bool equal, bool ordered) {
    const bool greater = ordered && !less && !equal;
    const bool answers[] = {less, less || equal, greater, greater || equal, equal, !equal};
    return answers[which];
}

/* ---- integers --------------------------------------------------------------------------------------------------- */

static bool int_less(mg_dtype row, uint64_t a, uint64_t b) {
    return gen_is_signed(row) ? (int64_t)a < (int64_t)b : a < b;
}

static bool exact_int(const char *op, mg_dtype row, const void *const in[], void *out) {
    const bool unary = is(op, "negative") || is(op, "square") || is(op, "relu");
    const uint64_t a = gen_read_int(row, in[0]), b = unary ? 0 : gen_read_int(row, in[1]);
    const int which = comparison(op);
    if (which >= 0) {
        *(unsigned char *)out = compare(which, int_less(row, a, b), a == b, true);
        return true;
    }
    uint64_t r;
    if (is(op, "add")) {
        r = a + b;
    } else if (is(op, "subtract")) {
        r = a - b;
    } else if (is(op, "multiply")) {
        r = a * b;
    } else if (is(op, "negative")) {
        r = 0 - a;
    } else if (is(op, "square")) {
        r = a * a;
    } else if (is(op, "relu")) {
        r = int_less(row, a, 0) ? 0 : a;
    } else if (is(op, "maximum")) {
        r = int_less(row, a, b) ? b : a;
    } else if (is(op, "minimum")) {
        r = int_less(row, a, b) ? a : b;
    } else {
        return false;
    }
    memcpy(out, &r, gen_size(row));
    return true;
}

static bool exact_bool(const char *op, const void *const in[], unsigned char *out) {
    const bool a = *(const unsigned char *)in[0] != 0;
    const bool b = !is(op, "logical_not") && *(const unsigned char *)in[1] != 0;
    const int which = comparison(op);
    if (which >= 0) return *out = compare(which, a < b, a == b, true), true;
    if (is(op, "add") || is(op, "maximum") || is(op, "logical_or")) return *out = a || b, true;
    if (is(op, "multiply") || is(op, "minimum") || is(op, "logical_and")) return *out = a && b, true;
    if (is(op, "logical_not")) return *out = !a, true;
    return false;
}

/* ---- floats ------------------------------------------------------------------------------------------------------ */

/* volatile: gcc 12 at -O3 was seen to leave out one such rounding when it vectorised straight-line code. */
static double rounded(mg_dtype row, double x) {
    volatile float narrow = (float)x;
    return row == MG_F32 ? (double)narrow : x;
}

static void write_float(mg_dtype row, void *p, double x) {
    const float f = (float)x;
    memcpy(p, row == MG_F32 ? (const void *)&f : (const void *)&x, gen_size(row));
}

static double larger(double a, double b, bool largest) {
    if (isnan(a) || isnan(b)) return NAN;
    if (a == b) return (signbit(a) != 0) == largest ? b : a;
    return (a > b) == largest ? a : b;
}

/* p, m, g; lr, momentum, weight_decay */
static void exact_sgd(mg_dtype row, const double x[], const double *params, void *const out[]) {
    const double lr = rounded(row, params[0]), mu = rounded(row, params[1]), wd = rounded(row, params[2]);
    const double decayed = rounded(row, x[2] + rounded(row, wd * x[0]));
    const double v = rounded(row, rounded(row, mu * x[1]) + decayed);
    write_float(row, out[0], rounded(row, x[0] - rounded(row, lr * v)));
    write_float(row, out[1], v);
}

/* p, m, v, g; lr, b1, b2, eps, c1, c2 */
static void exact_adam(mg_dtype row, const double x[], const double *params, void *const out[]) {
    double q[6];
    for (int i = 0; i < 6; i++) q[i] = rounded(row, params[i]);
    const double not_b1 = rounded(row, 1 - params[1]), not_b2 = rounded(row, 1 - params[2]);
    const double m = rounded(row, rounded(row, q[1] * x[1]) + rounded(row, not_b1 * x[3]));
    const double gg = rounded(row, x[3] * x[3]);
    const double v = rounded(row, rounded(row, q[2] * x[2]) + rounded(row, not_b2 * gg));
    const double root = rounded(row, sqrt(rounded(row, v / q[5])));
    const double top = rounded(row, q[0] * rounded(row, m / q[4]));
    const double step = rounded(row, top / rounded(row, root + q[3]));
    write_float(row, out[0], rounded(row, x[0] - step));
    write_float(row, out[1], m);
    write_float(row, out[2], v);
}

static bool exact_float(const char *op, mg_dtype row, const double x[], const double *params, void *const out[]) {
    const int which = comparison(op);
    if (which >= 0) {
        const bool ordered = !isnan(x[0]) && !isnan(x[1]);
        *(unsigned char *)out[0] = compare(which, ordered && x[0] < x[1], ordered && x[0] == x[1], ordered);
        return true;
    }
    if (is(op, "sgd")) return exact_sgd(row, x, params, out), true;
    if (is(op, "adam")) return exact_adam(row, x, params, out), true;
    double r;
    if (is(op, "add")) {
        r = x[0] + x[1];
    } else if (is(op, "subtract")) {
        r = x[0] - x[1];
    } else if (is(op, "multiply")) {
        r = x[0] * x[1];
    } else if (is(op, "squared_deviation")) {
        const double d = rounded(row, x[0] - x[1]);
        r = d * d;
    } else if (is(op, "divide")) {
        r = x[0] / x[1];
    } else if (is(op, "negative")) {
        r = -x[0];
    } else if (is(op, "square")) {
        r = x[0] * x[0];
    } else if (is(op, "gelu_tanh_argument")) {
        const double cube = rounded(row, rounded(row, 0.044715) * rounded(row, x[0] * x[0]));
        r = rounded(row, 0.7978845608028654) * rounded(row, x[0] * rounded(row, 1 + cube));
    } else if (is(op, "sqrt")) {
        r = sqrt(x[0]);
    } else if (is(op, "maximum") || is(op, "minimum")) {
        r = larger(x[0], x[1], is(op, "maximum"));
    } else if (is(op, "relu")) {
        r = isnan(x[0]) || x[0] > 0 || x[0] == 0 ? x[0] : 0;
    } else {
        return false;
    }
    write_float(row, out[0], r);
    return true;
}

bool gen_exact(const char *op, mg_dtype row, const void *const in[], const double *params, void *const out[]) {
    if (is(op, "where")) {
        memcpy(out[0], *(const unsigned char *)in[0] ? in[1] : in[2], gen_size(row));
        return true;
    }
    if (is(op, "gate")) {
        memcpy(out[0], in[1], gen_size(row));
        return true;
    }
    if (row == MG_BOOL) return exact_bool(op, in, out[0]);
    if (row != MG_F32 && row != MG_F64) return exact_int(op, row, in, out[0]);
    static const char *const binary[] = {"add",     "subtract", "multiply",         "divide",
                                         "maximum", "minimum",  "squared_deviation"};
    int n = comparison(op) >= 0 ? 2 : 1;
    for (int i = 0; i < 7; i++)
        if (is(op, binary[i])) n = 2;
    if (is(op, "sgd")) n = 3;
    if (is(op, "adam")) n = 4;
    double x[MGK_MAX_IN] = {0};
    for (int i = 0; i < n; i++) x[i] = gen_read_float(row, in[i]);
    return exact_float(op, row, x, params, out);
}
