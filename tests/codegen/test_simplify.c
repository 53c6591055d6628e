/* SPDX-License-Identifier: MIT
 * The simplifier changes no bit: random expressions are interpreted as written and as simplified, over special values,
 * in double and in float. */
#include <math.h>
#include <string.h>

#include "interpret.h"

/* A random expression of x and z as text; constants are such that their sums and products are exact. */
static void put_value(mg_test_rng *rng, mgc_text *t, int depth);

static void put_condition(mg_test_rng *rng, mgc_text *t, int depth) {
    static const char *const signs[] = {"<", "<=", ">", ">=", "==", "!="};
    const uint64_t kind = depth > 0 ? mg_test_u64(rng) % 4 : 3;
    mgc_put(t, "(");
    if (kind == 0) {
        mgc_put(t, "!");
        put_condition(rng, t, depth - 1);
    } else if (kind == 1) {
        put_condition(rng, t, depth - 1);
        mgc_put(t, mg_test_u64(rng) & 1 ? " & " : " | ");
        put_condition(rng, t, depth - 1);
    } else {
        put_value(rng, t, depth - 1);
        mgc_put(t, " %s ", signs[mg_test_u64(rng) % 6]);
        put_value(rng, t, depth - 1);
    }
    mgc_put(t, ")");
}

static void put_value(mg_test_rng *rng, mgc_text *t, int depth) {
    static const char *const leaves[] = {"x", "z", "x", "z", "1", "-1", "2", "0.5", "4", "0"};
    static const char *const signs[] = {"+", "-", "*", "*", "/", "/"};
    const uint64_t kind = depth > 0 ? mg_test_u64(rng) % 10 : 9;
    if (kind >= 8) {
        mgc_put(t, "%s", leaves[mg_test_u64(rng) % 10]);
        return;
    }
    mgc_put(t, kind < 2 ? "(-" : "(");
    if (kind == 7) {
        put_condition(rng, t, depth - 1);
        mgc_put(t, " ? ");
        put_value(rng, t, depth - 1);
        mgc_put(t, " : ");
    }
    put_value(rng, t, depth - 1);
    if (kind >= 2 && kind < 7) {
        mgc_put(t, " %s ", signs[mg_test_u64(rng) % 6]);
        put_value(rng, t, depth - 1);
    }
    mgc_put(t, ")");
}

/* Interpret stanza `op` as written and as simplified, at every pair of special values. */
static void check_bits(const mgc_world *w, const mgc_op *op, const char *text) {
    static const double special[] = {0.0, -0.0, 1.0, -1.0, 3.0, -2.5, 0x1p-140, -0x1p-149, 0x1p127, 0x1.8p-126, 1e-30};
    double values[14];
    memcpy(values, special, sizeof special);
    values[11] = (double)INFINITY;
    values[12] = -(double)INFINITY;
    values[13] = (double)NAN;
    for (int k = 0; k < 14 * 14 * 2; k++) {
        interpret_env env = {.in = {values[k % 14], values[k / 14 % 14]}, .f32 = k >= 14 * 14};
        for (int i = 0; i < 2 && env.f32; i++) env.in[i] = (double)(float)env.in[i];
        const double written = interpret_syntax(w, op, op->s->value[0], &env);
        const double simplified = interpret(op->value[0], &env);
        CHECK_MSG((isnan(written) && isnan(simplified)) || memcmp(&written, &simplified, sizeof written) == 0,
                  "%s at x = %a, z = %a: %a as written, %a simplified to %s", text, env.in[0], env.in[1], written,
                  simplified, mgc_print(op, op->value[0]));
    }
}

MG_TEST(mgc_simplify, bits_do_not_change) {
    mg_test_rng rng = mg_test_rng_new();
    for (int times = mg_test_times(300); times > 0; times--) {
        mgc_text t = {0};
        mgc_put(&t, "op random(x, z) { doc \"d\" types float d none ulp f32 99 f64 99 value ");
        put_value(&rng, &t, 5);
        mgc_put(&t, " }\n");
        mgc_world *w = world_with(t.s, false);
        CHECK_MSG(mgc_resolve(w), "%s%s", t.s, w->diag.text.s);
        const mgc_op *op = mgc_find(w, "random");
        check_bits(w, op, t.s);
        mgc_free_all();
    }
}

static void check_text(const char *written, const char *expected) {
    mgc_world *w = world_with(mgc_format("op e(x, z) { doc \"d\" types float d none value %s }", written), false);
    CHECK_MSG(mgc_resolve(w), "%s", w->diag.text.s);
    const mgc_op *op = mgc_find(w, "e");
    CHECK_EQ_STR(mgc_print(op, op->value[0]), expected);
}

MG_TEST(mgc_simplify, identities) {
    check_text("-(-x)", "x");
    check_text("1 * x", "x");
    check_text("x * 1 / 1", "x");
    check_text("x / 4", "x * 0.25");
    check_text("x / 3", "x / 3");
    check_text("-x * -z", "x * z");
    check_text("-x * z", "-(x * z)");
    check_text("x / -z", "-(x / z)");
    check_text("2 * 3 + 1", "7");
    check_text("x < z ? x : x", "x");
    check_text("!(x < z) ? x : z", "x < z ? z : x");
    mgc_free_all();
}

MG_TEST(mgc_simplify, what_is_not_exact_stays) {
    check_text("x + 0", "x + 0");
    check_text("0 * x", "0 * x");
    check_text("x - x", "x - x");
    check_text("x / x", "x / x");
    check_text("-(x - z)", "-(x - z)");
    check_text("x + z + x", "x + z + x");
    mgc_free_all();
}

MG_TEST(mgc_simplify, equal_expressions_are_one_node) {
    mgc_world *w =
        world_with("op e(x, z) { doc \"d\" types float d none ulp f32 9 f64 9 value (x * z) / exp(z * x) }", false);
    CHECK(mgc_resolve(w));
    const mgc_node *v = mgc_find(w, "e")->value[0];
    CHECK(v->arg[0] == v->arg[1]->arg[0]);
    mgc_free_all();
}
