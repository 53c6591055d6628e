/* SPDX-License-Identifier: MIT
 * The static error bound: what it gives for known expressions, what it declines, and that no computed value is ever
 * further from the exact one than it says. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "interpret.h"

#include "codegen/bound.h"

#define ROWS                                                                                                           \
    "vm_exp f32 0.9 0x1p0 exhaustive 9 o 2026-01-31 c\nvm_exp f64 0.8 0x1p0 sampled 9 o 2026-01-31 c\n"                \
    "vm_half f32 0.4 0x1p0 exhaustive 9 o 2026-01-31 c\n"                                                              \
    "vm_log f32 5e6 0x1p0 exhaustive 9 o 2026-01-31 c\n"

/* `expr` as the eval of an op among all others. */
static const mgc_op *op_of(const char *expr) {
    mgc_world *w = world_with(
        mgc_format("op f(c: bool, x, z; a, b) { doc \"d\" types float d none ulp none \"test\" value x eval %s }",
                   expr),
        false);
    w->accuracy.n = 0;
    CHECK(mgc_load_accuracy(&w->diag, &w->accuracy, "test.txt", ROWS));
    CHECK_MSG(mgc_resolve(w) && mgc_lower_all(w), "%s", w->diag.text.s);
    return mgc_find(w, "f");
}

static mgc_bound bound_of(const char *expr, int row) {
    mgc_accuracies rows = {0};
    mgc_diag d = {{0}, 0};
    CHECK(mgc_load_accuracy(&d, &rows, "test.txt", ROWS));
    return mgc_error_bound(&rows, op_of(expr)->lowered[0], row);
}

/* The bound is `ulp` in both dtypes, or above by no more than terms of second order. */
static void check_bound(const char *expr, double ulp) {
    for (int row = MGC_ROW_F32; row <= MGC_ROW_F64; row++) {
        const mgc_bound b = bound_of(expr, row);
        CHECK_MSG(!b.trouble && b.ulp >= ulp && b.ulp <= ulp + 1e-5, "%s in %s: %.17g, expected %.17g", expr,
                  mgc_rows[row].name, b.ulp, ulp);
    }
    mgc_free_all();
}

static void check_f32(const char *expr, double ulp, mgc_how how) {
    const mgc_bound b = bound_of(expr, MGC_ROW_F32);
    CHECK_MSG(!b.trouble && b.ulp >= ulp && b.ulp <= ulp + 1e-5 && b.how == how, "%s: %.17g %s", expr, b.ulp,
              mgc_how_word(b.how));
    mgc_free_all();
}

static void check_none(const char *expr, const char *trouble, const char *in) {
    const mgc_op *op = op_of(expr);
    const mgc_bound b = mgc_error_bound(&(mgc_accuracies){0}, op->lowered[0], MGC_ROW_F32);
    CHECK_MSG(b.trouble && isinf(b.ulp), "%s is bounded by %g", expr, b.ulp);
    CHECK_EQ_STR(b.trouble, trouble);
    CHECK_EQ_STR(mgc_print(op, b.in), in);
    mgc_free_all();
}

MG_TEST(mgc_bound, exact_operations) {
    check_bound("x", 0);
    check_bound("-x", 0);
    check_bound("4 * -x", 0);
    check_bound("x / 1024", 0);
    check_bound("x / 1048576", 0);
    check_bound("c ? maximum(x, z) : minimum(-x, 1)", 0);
    check_bound("mgv_floor(x)", 0);
    check_bound("mgv_copysign(mgv_abs(x), z)", 0);
}

MG_TEST(mgc_bound, one_rounding) {
    check_bound("x + z", 0.5);
    check_bound("x - z", 0.5);
    check_bound("-(x * z)", 0.5);
    check_bound("mgv_fma(x, z, x)", 0.5);
    check_bound("2 * (c ? x * z : x / z)", 0.5);
    check_bound("maximum(x * z, x - z)", 0.5);
    check_bound("mgv_copysign(x * z, x)", 0.5);
}

MG_TEST(mgc_bound, several_roundings) {
    check_bound("x * z * x", 1.5);
    check_bound("x / (z * z)", 1.5);
    check_bound("(x * z) / (z * x)", 3);
    check_bound("x * z * x * z", 3);
    check_bound("sqrt(x * z)", 1);
    check_bound("maximum(x * z * x, 1)", 2);
    check_bound("x * x + z * z", 1.5);
    check_bound("-(x * x) - z * z", 1.5);
    check_bound("mgv_fma(x, x, z * z)", 1.5);
    check_bound("1 / (1 + sqrt(x * x + 1))", 4);
}

MG_TEST(mgc_bound, constants_and_parameters) {
    check_bound("0.5 * x", 0);
    check_bound("3 * x", 0.5);
    check_f32("0.1 * x", 0.5 + 2 * 0.125, MGC_BOUNDED); /* (0.1f - 0.1) / 0.1 = 0.125 eps */
    CHECK(bound_of("0.1 * x", MGC_ROW_F64).ulp == 1.5);
    CHECK(bound_of("1e39 * x", MGC_ROW_F32).ulp == (double)INFINITY);
    check_bound("a * x", 0.5); /* a weak scalar: it is what the dtype makes of it */
    check_bound("maximum(a, minimum(x, b))", 0);
    check_f32("(1 - a) * x", 2, MGC_BOUNDED); /* computed in double, then rounded */
    CHECK(bound_of("(1 - a) * x", MGC_ROW_F64).ulp == 1.5);
    check_none("(1 - a * b) * x", "terms may cancel in", "1 - a * b");
}

MG_TEST(mgc_bound, measured_functions) {
    check_f32("vm_exp(-x)", 0.9, MGC_EXHAUSTIVE);
    check_f32("vm_exp(x, z)", 0.9, MGC_EXHAUSTIVE);
    check_f32("vm_exp(x, a)", 0.9, MGC_EXHAUSTIVE);
    CHECK(bound_of("vm_exp(2 * x)", MGC_ROW_F64).how == MGC_SAMPLED);
    check_f32("1 / (1 + vm_exp(-x))", 2 * (0.9 + 0.5) + 1, MGC_EXHAUSTIVE);
    check_f32("1 / (1 + exp(-x))", 2 * (0.9 + 0.5) + 1, MGC_EXHAUSTIVE);
    CHECK(bound_of("vm_half(x)", MGC_ROW_F32).ulp > 0.5); /* a measurement proves no correct rounding */
    check_none("vm_half(x)", "not on file is", "vm_half(x)");
    check_none("vm_exp(x * z)", "rounded values go into", "vm_exp(mgv_mul(x, z))");
}

MG_TEST(mgc_bound, declined) {
    check_none("x * z + x", "terms may cancel in", "mgv_add(mgv_mul(x, z), x)");
    check_none("x * x - z * z", "terms may cancel in", "mgv_sub(mgv_mul(x, x), mgv_mul(z, z))");
    check_none("mgv_fma(x, x, x * z)", "terms may cancel in", "mgv_fma(x, x, mgv_mul(x, z))");
    check_none("2 * (x - z - z)", "terms may cancel in", "mgv_sub(mgv_sub(x, z), z)");
    check_none("mgv_fnma(x, x, z * z)", "terms may cancel in", "mgv_fnma(x, x, mgv_mul(z, z))");
    check_none("maximum(x * z, -1) + 1", "terms may cancel in", "mgv_add(mgv_max(mgv_mul(x, z), -1), 1)");
    check_none("minimum(x * z, 1) - 1", "terms may cancel in", "mgv_sub(mgv_min(mgv_mul(x, z), 1), 1)");
    check_none("x * z > x ? x : z", "rounded values decide in", "mgv_gt(mgv_mul(x, z), x)");
    check_none("square(a) * x", "nothing is known of", "square(a)"); /* no step of several roundings counts as one */
    check_none("mgv_floor(x * z)", "rounded values go into", "mgv_floor(mgv_mul(x, z))");
}

/* One operand above 0 makes a larger one, one below 0 a smaller one. */
MG_TEST(mgc_bound, signs_that_keep_terms_from_cancelling) {
    check_bound("maximum(x * z, 1) + 1", 1.5);
    check_bound("maximum(1, x * z) + 1", 1.5);
    check_bound("minimum(x * z, -1) - 1", 1.5);
    check_bound("minimum(-1, x * z) - 1", 1.5);
    check_bound("mgv_fnma(x, x, -(z * z))", 1.5);
    check_bound("mgv_fnma(mgv_abs(x), -mgv_abs(z), mgv_abs(x * z))", 1.5);
    check_none("mgv_fnma(x, z, mgv_abs(x * z))", "terms may cancel in", "mgv_fnma(x, z, mgv_abs(mgv_mul(x, z)))");
}

/* An error of 5e6 units is 0.6 of a number: nothing is known of its inverse, and its root is not known any better. */
MG_TEST(mgc_bound, errors_as_large_as_the_number) {
    CHECK(isinf(bound_of("1 / vm_log(x)", MGC_ROW_F32).ulp));
    const double root = bound_of("sqrt(vm_log(x))", MGC_ROW_F32).ulp;
    CHECK_MSG(root >= 2 * 5e6 + 0.5, "%g", root);
    mgc_free_all();
}

MG_TEST(mgc_bound, sixteen_bits) {
    CHECK_NEAR(mgc_error_bound_16(1, 11), 0.5 + 0x1p-12, 1e-12);
    CHECK_NEAR(mgc_error_bound_16(1, 8), 0.5 + 0x1p-15, 1e-12);
    CHECK(mgc_error_bound_16(0, 8) == 0.5);
}

/* Products, quotients, roots and sums of squares, to any depth. */
static void put_bounded(mg_test_rng *rng, mgc_text *t, int depth) {
    static const char *const leaves[] = {"x", "z", "x", "z", "(3 * x)", "(0.1 * z)"};
    const uint64_t kind = depth > 0 ? mg_test_u64(rng) % 8 : 7;
    if (kind == 7) {
        mgc_put(t, "%s", leaves[mg_test_u64(rng) % 6]);
        return;
    }
    static const char *const open[] = {"(", "(", "sqrt(square(", "(square(", "maximum(", "(-", "(square("};
    static const char *const middle[] = {" * ", " / ", "), ", ") + square(", ", ", " * ", ") / square("};
    mgc_put(t, "%s", open[kind]);
    put_bounded(rng, t, depth - 1);
    if (kind == 2) {
        mgc_put(t, "))");
        return;
    }
    mgc_put(t, "%s", middle[kind]);
    put_bounded(rng, t, depth - 1);
    mgc_put(t, kind == 3 || kind == 6 ? "))" : ")");
}

/* Mantissas near both ends of a binade and anywhere, so that values cross powers of two. */
static double draw(mg_test_rng *rng) {
    const uint64_t r = mg_test_u64(rng);
    double m = 1 + (double)(r >> 11) * 0x1p-53;
    if ((r & 3) == 0) m = 1 + (double)(r >> 58) * 0x1p-23;
    if ((r & 3) == 1) m = 2 - (double)(r >> 58) * 0x1p-23;
    return (double)(float)ldexp((r & 4) ? -m : m, (int)(r >> 3 & 3) - 2);
}

/* The f32 value of the expression against the one in double, whose own error is far below. */
static double largest_error(mg_test_rng *rng, const mgc_op *op, int points) {
    double worst = 0;
    for (int k = 0; k < points; k++) {
        interpret_env env = {.in = {0, draw(rng), draw(rng)}};
        const double v = interpret(op->value[0], &env);
        env.f32 = true;
        const double got = interpret(op->value[0], &env);
        if (!(fabs(v) > 0x1p-100 && fabs(v) < 0x1p100)) continue;
        worst = fmax(worst, fabs(got - v) / ldexp(1, ilogb(v) - (FLT_MANT_DIG - 1)));
    }
    return worst;
}

/* The op `f` with this value, and its bound in f32. */
static const mgc_op *bounded_op(const char *value, mgc_bound *bound) {
    mgc_world *w = world_with(
        mgc_format("op f(c: bool, x, z) { doc \"d\" types float d none ulp none \"t\" value %s }", value), false);
    CHECK_MSG(mgc_resolve(w) && mgc_lower_all(w), "%s%s", value, w->diag.text.s);
    const mgc_op *op = mgc_find(w, "f");
    *bound = mgc_error_bound(&w->accuracy, op->lowered[0], MGC_ROW_F32);
    CHECK_MSG(!bound->trouble, "%s: %s", value, bound->trouble);
    return op;
}

MG_TEST(mgc_bound, no_value_is_further_off) {
    mg_test_rng rng = mg_test_rng_new();
    for (int times = mg_test_times(50); times > 0; times--) {
        mgc_text t = {0};
        put_bounded(&rng, &t, 3);
        mgc_bound b;
        const mgc_op *op = bounded_op(t.s, &b);
        const double worst = largest_error(&rng, op, 500);
        CHECK_MSG(worst <= b.ulp * (1 + 1e-6), "%s: %g ULP, bound %g", t.s, worst, b.ulp);
        mgc_free_all();
    }
}

/* The errors that the test above compares with are those of rounded values: of 500 products, always the same, one is
 * nearly half an ULP off. How near random trees come to their bounds is a matter of luck. */
MG_TEST(mgc_bound, one_rounding_is_seen) {
    mg_test_rng rng = mg_test_rng_from(1);
    mgc_bound b;
    const mgc_op *op = bounded_op("x * z", &b);
    const double worst = largest_error(&rng, op, 500);
    CHECK_MSG(worst > 0.98 * b.ulp && worst <= b.ulp, "%g ULP of %g", worst, b.ulp);
    mgc_free_all();
}

/* The repository's own stanzas pass, with evidence for each float row. */
MG_TEST(mgc_bound, evidence_of_the_op_files) {
    const mgc_world *w = world_with(NULL, true);
    CHECK(mgc_find(w, "add")->evidence[0].how == MGC_BOUNDED && mgc_find(w, "add")->evidence[0].ulp == 0.5);
    CHECK(mgc_find(w, "less")->evidence[1].ulp == 0);
    CHECK(mgc_find(w, "exp")->evidence[0].how == MGC_EXHAUSTIVE);
    CHECK(mgc_find(w, "exp")->evidence[1].how == MGC_SAMPLED);
    CHECK(mgc_find(w, "adam")->s->no_ulp != NULL);
    mgc_free_all();
}
