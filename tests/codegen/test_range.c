/* SPDX-License-Identifier: MIT
 * Derived rules that overflow or vanish on the way: refused in the library's own files, warned about in a user's. */
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

/* None of what the library has is derived at its own risk. */
MG_TEST(mgc_range, the_librarys_rules_pass) {
    mgc_world *w = world_with(NULL, true);
    int derived = 0;
    for (int k = 0; k < w->n_ops; k++)
        for (int i = 0; i < w->ops[k]->s->n_in; i++) derived += w->ops[k]->rule[i].derived;
    CHECK(derived > 3 && !w->diag.text.s);
    mgc_free_all();
}
