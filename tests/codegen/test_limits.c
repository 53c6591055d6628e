/* SPDX-License-Identifier: MIT
 * What is too deep or too large for mgc is refused with its place and the limit, and what just fits is not. */
#include <string.h>

#include "interpret.h"

#define OPS                                                                                                            \
    "op add(x, y) { doc \"d\" value x + y eval mgv_add(x, y) d/dx g d/dy g types numeric }\n"                          \
    "op multiply(x, y) { doc \"d\" value x * y eval mgv_mul(x, y) d/dx g * y d/dy g * x types numeric }\n"             \
    "op negative(x) { doc \"d\" value -x eval mgv_neg(x) d/dx -g types numeric }\n"                                    \
    "op where(c: bool, x, y) { doc \"d\" value c ? x : y eval mgv_select(c, x, y) d/dx c ? g : 0 d/dy c ? 0 : g "      \
    "types all }\n"                                                                                                    \
    "op less(x, y) { doc \"d\" value x < y eval mgv_lt(x, y) d none types compare }\n"

/* `part` n times. */
static char *times(const char *part, int n) {
    const size_t len = strlen(part);
    char *s = mgc_alloc(len * (size_t)n + 1);
    for (int i = 0; i < n; i++) memcpy(s + len * (size_t)i, part, len);
    return s;
}

/* An op without gradient whose value is this, on the line behind OPS. */
static mgc_world *world_with_value(const char *value) {
    return world_of(mgc_format("%sop f(x; a) { types float doc \"d\" d none ulp none \"test\" value %s }", OPS, value));
}

static void check_value(const char *value, const char *expected) {
    mgc_world *w = world_with_value(value);
    CHECK_EQ_I64(w->diag.errors, 1);
    CHECK_CONTAINS(w->diag.text.s, "test.ops:6:");
    CHECK_CONTAINS(w->diag.text.s, expected);
    CHECK_MSG(w->diag.text.len < 1000, "a message of %zu bytes", w->diag.text.len);
    mgc_free_all();
}

static void check_fits(const char *value) {
    mgc_world *w = world_with_value(value);
    CHECK_MSG(w->diag.errors == 0, "%s", w->diag.text.s);
    mgc_free_all();
}

static const char too_deep[] = "error: expected at most 500 expressions inside each other";
static const char too_many[] = "error: expected at most 16384 numbers, names and calls in an op";

MG_TEST(mgc_limits, nesting) {
    check_value(times("(", 200000), too_deep);
    check_value(times("-", 200000), too_deep);
    check_value(times("!", 200000), too_deep);
    check_value(times("negative(", 100000), too_deep);
    check_value(times("where(x < 0, x, ", 100000), too_deep);
    check_value(times("where(", 100000), too_deep);
    check_value(times("x < 0 ? x : ", 100000), too_deep);
    check_value(times("x < 0 ? ", 100000), too_deep);
    check_value(mgc_format("%sx", times("x + (", 100000)), too_deep);
}

MG_TEST(mgc_limits, nesting_that_fits) {
    check_fits(mgc_format("%sx%s", times("(", 499), times(")", 499)));
    check_value(mgc_format("%sx%s", times("(", 500), times(")", 500)), too_deep);
    check_fits(mgc_format("%sx", times("-", 499)));
    check_value(mgc_format("%sx", times("-", 500)), too_deep);
    check_fits(mgc_format("%sx", times("x < 0 ? 2 : ", 250)));
}

MG_TEST(mgc_limits, long_sums) {
    check_value(mgc_format("x%s", times(" + x", 100000)), too_deep);
    check_value(mgc_format("x%s", times(" * x", 100000)), too_deep);
    check_value(mgc_format("x%s", times(" + x", 500)), too_deep);
    check_fits(mgc_format("x%s", times(" + x", 256)));
    check_value(mgc_format("x%s", times(" + x", 257)), "'f' has more than 256 operations, too many for one kernel");
}

MG_TEST(mgc_limits, many_nodes) {
    /* Shallow, but wide: each let is within the limit of depth. */
    mgc_text t = {0};
    mgc_put(&t, "x");
    for (int i = 0; i < 16; i++) mgc_put(&t, " let n%d = %s x", i, times("(x + x) * (x + x) + ", 200));
    check_value(t.s, too_many);
}

/* Sixteen lets of five uses each stand for 5^16 nodes. */
MG_TEST(mgc_limits, lets_written_out) {
    mgc_text t = {0};
    mgc_put(&t, "x let a0 = x");
    for (int i = 1; i < 16; i++) {
        const char *part = mgc_format("a%d * a%d + a%d", i - 1, i - 1, i - 1);
        mgc_put(&t, " let a%d = (%s) * (%s)", i, part, part);
    }
    check_value(t.s,
                "error: 'f' is too large: with its lets and the ops that it calls written out, expected at most 500");
}

/* Ops that double each other: 2^40 nodes in the last one, as functions and as derivatives. */
static char *doubling_ops(int n, const char *keys, const char *part) {
    mgc_text t = {0};
    mgc_put(&t, "%sop f0(x) { doc \"d\" types float %s value x }\n", OPS, keys);
    for (int i = 1; i <= n; i++)
        mgc_put(&t, "op f%d(x) { doc \"d\" types float %s value %s }\n", i, keys,
                mgc_format(part, mgc_format("f%d", i - 1), mgc_format("f%d", i - 1)));
    return t.s;
}

static void check_too_large(const char *text) {
    mgc_world *w = world_of(text);
    CHECK_EQ_I64(w->diag.errors, 1);
    CHECK_CONTAINS(w->diag.text.s,
                   "is too large: with its lets and the ops that it calls written out, expected at most");
    mgc_free_all();
}

MG_TEST(mgc_limits, ops_written_out) {
    check_too_large(doubling_ops(40, "d none ulp none \"test\"", "%s(%s(x) * x)"));
    check_too_large(doubling_ops(40, "ulp none \"test\"", "%s(%s(x) * x)"));
    check_too_large(doubling_ops(40, "d none ulp none \"test\"", "%s(x) * %s(x)"));
}

/* From the last op down to the first one: each pass must follow the whole chain at once. */
MG_TEST(mgc_limits, chains_of_ops) {
    for (int derive = 0; derive < 2; derive++) {
        mgc_text t = {0};
        mgc_put(&t, "%s", OPS);
        for (int i = 2000; i > 0; i--)
            mgc_put(&t, "op f%d(x) { doc \"d\" types float %s ulp none \"test\" value f%d(x) }\n", i,
                    derive ? "" : "d none", i - 1);
        mgc_put(&t, "op f0(x) { doc \"d\" types float value -x }\n");
        check_too_large(t.s);
    }
}

MG_TEST(mgc_limits, number_of_ops) {
    mgc_text t = {0};
    for (int i = 0; i < 4097; i++)
        mgc_put(&t, "op f%d(x) { doc \"d\" types float d none ulp none \"test\" value x }\n", i);
    mgc_world *w = world_of(t.s);
    CHECK_CONTAINS(w->diag.text.s, "test.ops:4097:4: error: expected at most 4096 ops");
    mgc_free_all();
}

MG_TEST(mgc_limits, numbers_made_of_parameters) {
    for (int n = 12; n <= 13; n++) {
        mgc_text t = {0};
        mgc_put(&t, "x");
        for (int i = 0; i < n; i++) mgc_put(&t, " * (%d + a)", i + 2);
        if (n == 12) check_fits(t.s);
        if (n == 13) check_value(t.s, "error: 'f' computes more than 12 numbers from its parameters");
    }
}

MG_TEST(mgc_limits, names) {
    check_fits(mgc_format("x let %s = x", times("n", 63)));
    check_value(times("n", 64), "error: expected a name of at most 63 characters");
    check_value(times("n", 100000), "error: expected a name of at most 63 characters");
}
