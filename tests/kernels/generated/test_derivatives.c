/* SPDX-License-Identifier: MIT
 * Derivative kernels against the derivative itself in extended precision, at random points and where a plainer formula
 * cancels, overflows or vanishes. That they are their steps bit for bit is tested in test_maps.c. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "generated.h"

enum { N_RANDOM = 4000, MAX_POINTS = 5000 };

typedef struct derivative {
    const char *op;
    int input;
    long double (*exact)(long double g, long double x, long double y);
    double ulp;            /* the rounding errors of its steps add up to no more */
    double lo, hi;         /* random x; the same range for powers of two of x and y where there are two inputs */
    double points[2][12];  /* x, for f32 and for f64: up to the first nan */
    double divisors[2][4]; /* y, where there are two inputs: each with each x */
    /* Where terms of opposite signs leave less than one of them has: that one; errors are in ULP of the larger. */
    long double (*term)(long double g, long double x);
} derivative;

/* Of elu; exact in every float. */
static const double parameters[MGK_MAX_PARAMS] = {0.75};

static long double sigmoid_of(long double x) { return 1 / (1 + expl(-x)); }
static long double d_sigmoid(long double g, long double x, long double y) {
    (void)y;
    return g * sigmoid_of(x) * sigmoid_of(-x);
}
static long double d_tanh(long double g, long double x, long double y) {
    (void)y;
    return g / coshl(x) / coshl(x);
}
static long double d_log1p(long double g, long double x, long double y) {
    (void)y;
    return g / (1 + x);
}
static long double d_expm1(long double g, long double x, long double y) {
    (void)y;
    return g * expl(x);
}
static long double d_sqrt(long double g, long double x, long double y) {
    (void)y;
    return g / (2 * sqrtl(x));
}
static long double d_soft_sign(long double g, long double x, long double y) {
    (void)y;
    return g / (1 + fabsl(x)) / (1 + fabsl(x));
}
static long double silu_term(long double g, long double x) { return g * sigmoid_of(x); }
static long double d_silu(long double g, long double x, long double y) {
    (void)y;
    return silu_term(g, x) + silu_term(g, x) * x * sigmoid_of(-x);
}
static long double d_softplus(long double g, long double x, long double y) {
    (void)y;
    return g * sigmoid_of(x);
}
static long double d_elu(long double g, long double x, long double y) {
    (void)y;
    return x < 0 ? g * (long double)parameters[0] * expl(x) : g;
}
static long double d_selu(long double g, long double x, long double y) {
    const double scale = 1.0507009873554805, alpha = 1.6732632423543772;
    (void)y;
    return g * (long double)scale * (x < 0 ? (long double)alpha * expl(x) : 1);
}
static long double d_divide(long double g, long double x, long double y) { return -g * (x / y) / y; }

#define END (double)NAN
static const derivative derivatives[] = {
    {"sigmoid",
     0,
     d_sigmoid,
     4,
     -20,
     20,
     {{100, -100, 87, -87, 16.7, -16.7, 0, 1e-30, 3e38, -3e38, END},
      {100, -100, 700, -700, 37, -37, 0, 1e-300, 1e308, -1e308, END}},
     {{0}},
     NULL},
    {"tanh",
     0,
     d_tanh,
     5,
     -10,
     10,
     {{9, -9, 20, -20, 43, 100, -0.0, 1e-20, 3e38, -3e38, END},
      {19, -19, 40, -40, 350, 1000, -0.0, 1e-200, 1e308, END}},
     {{0}},
     NULL},
    {"log1p",
     0,
     d_log1p,
     2,
     -1,
     100,
     {{1e-30, -1e-30, 0x1p-24, -0x1p-24, -0.99999994, -0.5, 1e-7, 3e38, END},
      {1e-300, -1e-300, 0x1p-53, -0x1p-53, -0x1.fffffffffffffp-1, -0.5, 1e-16, 1e308, END}},
     {{0}},
     NULL},
    {"expm1",
     0,
     d_expm1,
     2,
     -40,
     40,
     {{-87, -20, -1e-10, 1e-30, 87, -1000, -0.0, END}, {-700, -40, -1e-20, 1e-300, 700, -1e5, -0.0, END}},
     {{0}},
     NULL},
    {"sqrt", 0, d_sqrt, 2, 0, 100, {{1e-38, 1e-45, 3e38, 1, END}, {1e-308, 5e-324, 1e308, 1, END}}, {{0}}, NULL},
    {"divide",
     1,
     d_divide,
     2.5,
     -40,
     40,
     {{1e-25, 1, 1e15, -1e-12, END}, {1e-180, 1, 1e100, -1e-90, END}},
     {{1e-25, -1e-10, 1e25, 1e20}, {1e-180, -1e-170, 1e180, 1e160}},
     NULL},
    {"soft_sign",
     0,
     d_soft_sign,
     4,
     -40,
     40,
     {{0, -0.0, 1e-30, -0x1p-24, 3e18, -1e19, 1e20, 3e38, -3e38, END},
      {0, -0.0, 1e-300, -0x1p-53, 1e153, -1e154, 1e155, 1e308, -1e308, END}},
     {{0}},
     NULL},
    {"silu",
     0,
     d_silu,
     8,
     -20,
     20,
     {{100, -100, 87, -90, -104, -1.2784645, -0.0, 1e-30, 3e38, -3e38, END},
      {100, -100, 700, -720, -750, -1.2784645427610738, -0.0, 1e-300, 1e308, -1e308, END}},
     {{0}},
     silu_term},
    {"softplus",
     0,
     d_softplus,
     2.5,
     -20,
     20,
     {{100, -100, 87, -87, -104, 16.7, 0, 1e-30, 3e38, -3e38, END},
      {100, -100, 700, -700, -745, 37, 0, 1e-300, 1e308, -1e308, END}},
     {{0}},
     NULL},
    {"elu",
     0,
     d_elu,
     4,
     -40,
     4,
     {{0, -0.0, -1e-30, -87, -100, -104, 100, -3e38, 3e38, END},
      {0, -0.0, -1e-300, -700, -740, -745, 1000, -1e308, 1e308, END}},
     {{0}},
     NULL},
    {"selu",
     0,
     d_selu,
     5,
     -40,
     4,
     {{0, -0.0, -1e-30, -87, -100, -104, 100, -3e38, 3e38, END},
      {0, -0.0, -1e-300, -700, -740, -745, 1000, -1e308, 1e308, END}},
     {{0}},
     NULL},
};

static void put(mg_dtype row, unsigned char *array, size_t i, double x) {
    const float narrow = row == MG_F32 ? (float)x : 0;
    if (row == MG_F32)
        memcpy(array + 4 * i, &narrow, 4);
    else
        memcpy(array + 8 * i, &x, 8);
}

static double get(mg_dtype row, const unsigned char *array, size_t i) {
    float narrow;
    double wide;
    memcpy(&narrow, array + 4 * i, 4);
    memcpy(&wide, array + 8 * i, 8);
    return row == MG_F32 ? (double)narrow : wide;
}

/* g, x and y for every point; how many there are. */
static size_t points(mg_test_rng *rng, const derivative *d, mg_dtype row, unsigned char *const in[3]) {
    const int k = row == MG_F64;
    const bool two = d->divisors[0][0] != 0;
    size_t n = 0;
    for (int i = 0; i < 12 && !isnan(d->points[k][i]); i++) {
        for (int j = 0; j < (two ? 4 : 1); j++) {
            put(row, in[0], n, 1);
            put(row, in[1], n, d->points[k][i]);
            put(row, in[2], n++, d->divisors[k][j]);
        }
    }
    for (int i = 0; i < N_RANDOM; i++) {
        const double sign = mg_test_u64(rng) & 1 ? -1 : 1;
        put(row, in[0], n, sign * mg_test_uniform(rng, 0.5, 2));
        const double x = mg_test_uniform(rng, d->lo, d->hi), y = mg_test_uniform(rng, d->lo, d->hi);
        put(row, in[1], n, two ? sign * exp2(x) : x);
        put(row, in[2], n++, exp2(y));
    }
    return n;
}

/* In units in the last place of `beside` or of r, whichever is larger; a result that cannot be held must be infinite,
 * one below the normal numbers may miss by what its subnormal factors lost. */
static bool close_enough(mg_dtype row, double ulp, long double r, long double beside, double got) {
    const int digits = row == MG_F32 ? FLT_MANT_DIG : DBL_MANT_DIG;
    const int lowest = row == MG_F32 ? FLT_MIN_EXP : DBL_MIN_EXP;
    const long double most = row == MG_F32 ? (long double)FLT_MAX : (long double)DBL_MAX;
    int e;
    if (fabsl(r) > most * (1 + ldexpl(1, 2 - digits))) return isinf(got) && (got > 0) == (r > 0);
    if (fabsl(r) > most * (1 - ldexpl(1, 2 - digits))) return true;
    frexpl(fmaxl(fabsl(r), fabsl(beside)), &e);
    if (e < lowest + 3) return fabsl((long double)got - r) <= 8 * ldexpl(1, lowest - digits);
    return fabsl((long double)got - r) <= (long double)ulp * ldexpl(1, e - digits);
}

static void check_derivative(mg_test_rng *rng, const mgk_table *table, const derivative *d, mg_dtype row) {
    static unsigned char room[5][8 * MAX_POINTS];
    unsigned char *const given[3] = {room[0], room[1], room[2]};
    size_t op = 1;
    while (op < MGK_OP_COUNT && strcmp(mgk_ops[op].name, d->op) != 0) op++;
    CHECK_MSG(op < MGK_OP_COUNT && mgk_ops[op].rules[d->input].fused, "%s has no derivative kernel", d->op);
    const mgk_rule *rule = &mgk_ops[op].rules[d->input];
    const size_t n = points(rng, d, row, given);
    void *value = room[3], *out = room[4];
    const void *inputs[] = {given[1], given[2]}, *in[MGK_MAX_IN];
    table->map[op][row][MGK_VV](n, &value, inputs, parameters);
    for (int k = 0; k < rule->n_fused_in; k++) {
        const unsigned what = rule->fused_in[k] & 0xf0u, which = rule->fused_in[k] & 0xfu;
        in[k] = what == MGK_REF_GRAD ? given[0] : what == MGK_REF_OUT ? value : inputs[which];
    }
    table->map[rule->fused][row][MGK_VV](n, &out, in, parameters);
    for (size_t i = 0; i < n; i++) {
        const double g = get(row, given[0], i), x = get(row, given[1], i), y = get(row, given[2], i);
        const long double r = d->exact((long double)g, (long double)x, (long double)y);
        const long double beside = d->term ? d->term((long double)g, (long double)x) : 0;
        const double got = get(row, out, i);
        CHECK_MSG(close_enough(row, d->ulp, r, beside, got), "%s %s: d%d %s at g %a, x %a, y %a: %a, exactly %La",
                  table->name, gen_row_name(row), d->input, d->op, g, x, y, got, r);
    }
}

MG_TEST(generated_derivatives, are_accurate) {
    mg_test_rng rng = mg_test_rng_new();
    const mgk_table *tables[MGK_ISA_COUNT];
    const int n_tables = gen_tables(tables);
    for (int t = 0; t < n_tables; t++) {
        for (size_t k = 0; k < sizeof derivatives / sizeof *derivatives; k++) {
            check_derivative(&rng, tables[t], &derivatives[k], MG_F32);
            check_derivative(&rng, tables[t], &derivatives[k], MG_F64);
        }
    }
}
