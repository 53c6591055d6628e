/* SPDX-License-Identifier: MIT
 * Derived rules that overflow or vanish on the way: refused in the library's own files, warned about in a user's. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "interpret.h"

#define OP(name, value, more)                                                                                          \
    "op " name " {\n  doc \"d\"\n  value " value "\n" more "  types float\n  ulp none \"d\"\n}\n"

/* What mgc says of the op in a file of a user's, or of the library's own; "" for nothing. */
static void check(const char *text, bool users, int errors, const char *expected) {
    mgc_world *w = world_with(NULL, false);
    w->users = users;
    CHECK(mgc_load(w, "test.ops", text));
    CHECK(mgc_compile(w) == (errors == 0));
    CHECK_EQ_I64(w->diag.errors, errors);
    const char *found = w->diag.text.s ? w->diag.text.s : "";
    if (*expected)
        CHECK_CONTAINS(found, expected);
    else
        CHECK_MSG(!*found, "%s", found);
    mgc_free_all();
}

#define LOG_SIGMOID(more) OP("log_sigmoid(x)", "-log1p(exp(-x))", more)

MG_TEST(mgc_range, a_users_rule_that_overflows_is_a_warning_with_the_point) {
    check(LOG_SIGMOID(""), true, 0,
          "test.ops:1:16: warning: d/dx of 'log_sigmoid', which was derived, is nan where 1 is right in float32 at x = "
          "-128: give a d/dx");
    check(LOG_SIGMOID("  d/dx g * sigmoid(-x)\n"), true, 0, "");
    check(LOG_SIGMOID("  d/dx g / (1 + exp(-x)) * exp(-x)\n"), true, 0, ""); /* given: it is the user's word */
}

MG_TEST(mgc_range, in_the_librarys_own_files_it_is_refused) {
    check(LOG_SIGMOID(""), false, 1, "error: d/dx of 'log_sigmoid', which was derived, is nan where 1 is right");
    check(LOG_SIGMOID("  d/dx g * sigmoid(-x)\n"), false, 0, "");
    check(OP("f(x)", "x * f(x)", "  d/dx g\n") OP("h(x)", "2 * f(x)", ""), false, 1,
          "cannot be shown safe, for 'f' has no formula");
}

/* sqrt(x x + 1) itself overflows where its derivative does: that is the formula's affair. */
MG_TEST(mgc_range, what_vanishes_and_poles_are_seen_too) {
    check(OP("f(x)", "sqrt(square(x) + 1)", ""), true, 0, "");
    check(OP("f(x)", "1 / square(x)", ""), true, 0, "is nan in float32 at x = 0:");
    check(OP("f(x)", "log(cosh(x))", ""), true, 0, "is nan where 1 is right in float32 at x = 128:");
    check(OP("f(x, y)", "x * y / (1 + square(y))", ""), true, 0,
          "is 0 where 5.42101e-20 is right in float32 at x = 0, y = ");
}

MG_TEST(mgc_range, sound_rules_are_left_in_peace) {
    static const char *const values[] = {"x * x * x",
                                         "exp(-square(x))",
                                         "tanh(2 * x)",
                                         "log(sigmoid(x) + 1)",
                                         "x < 0 ? 0 : x",
                                         "sin(x) * exp(-absolute(x))",
                                         "maximum(x, 0) + log1p(exp(-absolute(x)))"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        check(mgc_format(OP("f(x)", "%s", ""), values[i]), true, 0, "");
    check(OP("f(x, y)", "x * y + y", ""), true, 0, "");
    check(OP("f(x; a)", "a * x + expm1(x)", ""), true, 0, "");
}

/* Where a rule is judged, and where not: each of these has one point or edge that decides. */
MG_TEST(mgc_range, points_of_the_whole_range_decide) {
    check(OP("f(x)", "1 / (x * 0.00390625) * 0.00390625", ""), true, 0, "is -inf where"); /* at small x alone */
    check(OP("f(x)", "1 / (x * 1e-200) * 1e-200", ""), true, 0, "in float64 at x = ");    /* float32 has nan there */
    check(OP("f(x)", "x * 1e-46 * 1e46", ""), true, 0, "");                               /* as a row has constants */
    check(OP("f(c: bool, x)", "c ? log(cosh(x)) : x", ""), true, 0, "is nan where 1 is right in float32 at c = 1");
    check(OP("f(x)", "sqrt(x) + x", ""), true, 0, ""); /* both are nan below 0 */
}

/* Right values within two powers of two of the ends are let go, further in they are not. */
MG_TEST(mgc_range, numbers_beside_the_ends_are_not_judged) {
    check(OP("f(x)", "1 / (x * 0.25) * 0.25", ""), true, 0, "");
    check(OP("f(x)", "1 / (x * 33554432) * 33554432", ""), true, 0, "");
    check(OP("f(x, y)", "4294967296 * x / y / 4294967296", "  eval mgv_div(x, y)\n  d/dy g\n"), true, 0, "is 0 where");
}

/* The value as it is computed: by the formula, or exactly, where eval says how. */
MG_TEST(mgc_range, eval_is_taken_as_exact) {
    check(OP("f(x)", "sqrt(square(x) + 1)", "  eval mgv_max(x, -x)\n"), true, 0, "is 0 where 1 is right");
    check(OP("f(x)", "1.5 * arcsinh(x)", ""), true, 0, ""); /* whose rule has hypot(x, 1), and that an eval */
    check(OP("f(x)", "square(x * 8.673617379884035e-19) * 1.329227995784916e36", ""), true, 0,
          ""); /* it vanishes, too */
    check(OP("f(x, y)", "x * (1 / y) * 0.0009765625", "  eval mgv_div(x, y)\n  d/dy g\n"), true, 0, "");
}

static bool alike(long double found, double expected) {
    if (isnan(expected) || isnan(found)) return isnan(expected) && isnan(found);
    if (found > DBL_MAX || found < -DBL_MAX) return isinf(expected) || fabs(expected) > DBL_MAX * (1 - 0x1p-50);
    if (expected == 0 || isinf(expected)) return (double)found == expected || fabsl(found) < 0x1p-1074L;
    return fabsl(found - (long double)expected) <= 8 * DBL_EPSILON * fabsl((long double)expected) + 0x1p-1073L;
}

static void check_primitive(const char *op, const double x[3]) {
    const long double wide[3] = {x[0], x[1], x[2]};
    long double found;
    double expected;
    const bool known = interpret_primitive(op, x, &expected);
    CHECK_MSG(mgc_primitive(op, wide, &found) == known, "%s is known to one of two", op);
    CHECK_MSG(!known || alike(found, expected), "%s(%a, %a, %a): %La, expected %a", op, x[0], x[1], x[2], found,
              expected);
}

/* mgc's own primitives, in long double, are those that the tests evaluate with, in double: two tables, each the other's
 * oracle. */
MG_TEST(mgc_range, primitives_are_what_the_tests_have) {
    static const double points[] = {0,
                                    -0.0,
                                    1,
                                    -1,
                                    0.5,
                                    -0.25,
                                    2.5,
                                    3,
                                    -17,
                                    40,
                                    1e-9,
                                    DBL_MIN,
                                    -1e300,
                                    (double)INFINITY,
                                    -(double)INFINITY,
                                    (double)NAN};
    enum { N = sizeof points / sizeof *points };
    mgc_world *w = world_with(NULL, false);
    int primitives = 0;
    for (int k = 0; k < w->n_ops; k++) {
        double r;
        primitives += interpret_primitive(w->ops[k]->name, points, &r);
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++)
                check_primitive(w->ops[k]->name, (const double[]){points[i], points[j], points[(i + j) % N]});
    }
    CHECK(primitives > 40);
    mgc_free_all();
}

/* None of what the library has is derived at its own risk. */
MG_TEST(mgc_range, the_librarys_rules_pass) {
    mgc_world *w = world_with(NULL, true);
    int derived = 0;
    for (int k = 0; k < w->n_ops; k++)
        for (int i = 0; i < w->ops[k]->s->n_in; i++) derived += w->ops[k]->rule[i].derived;
    CHECK(derived > 3 && !w->diag.text.s);
    mgc_free_all();
}
