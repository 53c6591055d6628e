/* SPDX-License-Identifier: MIT
 * Messages of lexer, parser, names and closure: file, line, column, what was expected, and the line itself. */
#include <stdio.h>
#include <string.h>

#include "interpret.h"

/* A correct stanza of an op that others may use. */
#define ADD "op add(x, y) { doc \"d\" value x + y eval mgv_add(x, y) d/dx g d/dy g types numeric }\n"
#define MUL                                                                                                            \
    "op multiply(x, y) { doc \"d\" value x * y eval mgv_mul(x, y) d/dx g * y d/dy g * x types numeric commutative }\n"
#define OP(body) "op f(x) {\n  doc \"d\"\n  types float\n  " body "\n}\n"

static void check_measured(const char *text, const char *measured, const char *expected) {
    mgc_world *w = world_measured(text, measured);
    CHECK_MSG(w->diag.errors > 0, "no error in:\n%s%s", text, measured ? measured : "");
    CHECK_CONTAINS(w->diag.text.s, expected);
    mgc_free_all();
}

static void check(const char *text, const char *expected) { check_measured(text, NULL, expected); }

MG_TEST(mgc_errors, lexer) {
    check("op f(x) {\n  doc \"open\n}", "test.ops:2:7: error: expected a closing '\"' on this line");
    check("op f(x) @", "test.ops:1:9: error: expected a name, a number, a text in double quotes or one of {}(),");
    check("op f(x) @", "|=, found '@' (0x40)");
    check("op f(x) \xc3\xa4", "found '?' (0xc3)");
    check("\xef\xbb\xbf" ADD, "test.ops:1:1: error: expected an op or a comment, found a UTF-8 byte order mark");
    check("op f(x) {\n  domain x 1.2.3", "test.ops:2:12: error: expected a number, found '1.2.'");
}

MG_TEST(mgc_errors, texts) {
    check("op f(x) {\n  doc \"a\tb\"", "test.ops:2:9: error: expected printable ASCII in a text, found the byte 0x09");
    check("op f(x) { doc \"\xce\xb1\"",
          "test.ops:1:16: error: expected printable ASCII in a text, found the byte 0xce");
}

MG_TEST(mgc_errors, texts_in_comments) {
    static const char *const keys[] = {"doc", "note", "since", "super", "ulp none"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char text[80], expected[120];
        snprintf(text, sizeof text, "op f(x) {\n  %s \"a */ b\"\n}", keys[i]);
        snprintf(expected, sizeof expected,
                 "test.ops:2:%d: error: expected a text that can stand in a comment of C, found '*/' in it",
                 (int)strlen(keys[i]) + 4);
        check(text, expected);
    }
    check("op f(x) { doc \"a /* b\" }", "expected a text that can stand in a comment of C, found '/*' in it");
    check("op f(x) { doc \"a \\\" }", "expected a text that can stand in a comment of C, found '\\' at its end");
    check("op f(x) { doc \"a ?\?/\" }", "expected a text that can stand in a comment of C, found '?\?/' in it");
    check("row f(x) { tolerance \"*/\" }", "expected a text that can stand in a comment of C");
}

MG_TEST(mgc_errors, keys_that_are_given_twice) {
    static const char *const keys[] = {"doc \"e\"", "note \"n\"",  "value x",     "eval x",
                                       "bool x",    "types float", "since \"0\"", "ulp f32 1 f64 1",
                                       "flops 3",   "internal",    "commutative", "super \"s\""};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char text[120], expected[80];
        snprintf(text, sizeof text, "op f(x) {\n  %s\n  %s }", keys[i], keys[i]);
        snprintf(expected, sizeof expected, "test.ops:3:3: error: expected each key once, found a second '%.*s'",
                 (int)strcspn(keys[i], " "), keys[i]);
        check(text, expected);
    }
    check("reduce f(x) { step add step add }", "expected each key once, found a second 'step'");
    check("reduce f(x) { identity 0 identity 1 }", "expected each key once, found a second 'identity'");
    check("row f(x) { shape \"s\" shape \"t\" }", "expected each key once, found a second 'shape'");
    check(OP("domain x 0 1 domain x 0 2"), "test.ops:4:23: error: the domain of 'x' is given twice");
    check(OP("d/dx g d none"), "test.ops:4:12: error: the derivative with respect to 'x' is given twice");
    check(OP("d none d/dx g"), "the derivative with respect to 'x' is given twice");
    check("reduce f(x) { d/dx function mga_a d/dx function mga_b }",
          "the derivative with respect to 'x' is given twice");
    check("opaque f(x, z) { d/dx function mga_a backward mga_b }",
          "expected one function for all derivatives, found 'mga_b' beside 'mga_a'");
    check("op f(x) { super \"s\" d/dx g }", "the derivative with respect to 'x' is given twice");
    check("op f(x) { d/dx g super \"s\" }", "a superinstruction has no derivatives");
}

MG_TEST(mgc_errors, numbers_of_keys) {
    check(OP("flops 1e300"), "test.ops:4:9: error: expected a whole number from 1 to 1000000, found '1e300'");
    check(OP("flops 0"), "expected a whole number from 1 to 1000000, found '0'");
    check(OP("flops -1"), "expected a whole number from 1 to 1000000, found '-'");
    check(OP("flops 1.5"), "expected a whole number from 1 to 1000000, found '1.5'");
    check(OP("ulp f32 inf f64 1"), "test.ops:4:11: error: expected an error from 0 to 1000000 ULP, found 'inf'");
    check(OP("ulp f32 1 f64 -1"), "test.ops:4:17: error: expected an error from 0 to 1000000 ULP, found '-'");
    check(OP("domain x -inf 1"), "test.ops:4:10: error: the domain of 'x' must be finite");
}

MG_TEST(mgc_errors, functions_of_rules) {
    check("reduce f(x) { d/dx function int }",
          "test.ops:1:29: error: expected the name of a function, mga_..., found 'int'");
    check("row f(x) { backward grad }", "test.ops:1:21: error: expected the name of a function, mga_..., found 'grad'");
}

MG_TEST(mgc_errors, numbers) {
    check(OP("value x * 1e999"), "test.ops:4:13: error: expected a number that a double can hold, found '1e999'");
    check(OP("value x * 1e-999"), "expected a number that a double can hold, found '1e-999'");
    check(OP("domain x 0 0x1p1024"), "expected a number that a double can hold, found '0x1p1024'");
    mgc_world *w = world_of(OP("let a = 0.0 let b = 0x1p-1074 let c = 1.7976931348623157e308 value x"));
    CHECK_MSG(w->diag.errors == 0, "%s", w->diag.text.s);
    mgc_free_all();
}

#define SUPER(signature, value) ADD MUL "op s(" signature ") {\n  super \"why\"\n  value " value "\n  types float\n}\n"

MG_TEST(mgc_errors, superinstructions) {
    check(SUPER("x, y", "x + y"), "'s' must have one result, a value of two or more ops on inputs alone");
    check(SUPER("x, y; a", "x * y + x"), "'s' must have one result");
    check(SUPER("x", "x * 3 + x"), "'s' must have one result");
    check(SUPER("x, y", "x * y + x * y"), "'s' uses 'x * y' more than once: a superinstruction must be a tree");
    check(SUPER("x, y, z", "x * y + x"), "'s' does not use 'z'");
}

MG_TEST(mgc_errors, parser) {
    check("op", "test.ops:1:3: error: expected the name of the op, found the end of the file");
    check("map f(x) {}", "test.ops:1:1: error: expected op, reduce, scan, row, move or opaque, found 'map'");
    check("scan f(x) { doc \"d\" types same shape \"s\" }", "'f' has no function");
    check("row f(x) { doc \"d\" types same function \"mg_f\" }", "'f' has no shape");
    check("move f(x) { value x }", "expected doc, note, function, shape, tolerance, backward, types, since or '}'");
    check("op f() {}", "test.ops:1:6: error: expected the name of an input, found ')'");
    check("op f(x: u8) {}", "test.ops:1:9: error: expected 'bool', found 'u8'");
    check("op f(a, b, c, d, e) {}", "expected at most 4 inputs");
    check("op f(x) -> (a, b, c, d) {}", "expected at most 3 results");
    check(OP("value x +"), "test.ops:5:1: error: expected an expression, found '}'");
    check(OP("value (x"), "test.ops:5:1: error: expected ')', found '}'");
    check(OP("value x ? x"), "test.ops:5:1: error: expected ':', found '}'");
    check("op f(x) -> (p, q) { doc \"d\" types logical value (x, !x) d none }",
          "test.ops:1:4: error: 'f' has several results, so they must be values in every row");
    check("op f(x) -> (p, q) { doc \"d\" types compare value (x < 1, x > 1) }",
          "'f' has several results, so they must");
    check("op f(x) -> (p, q) { doc \"d\" types all value (x, x) bool x }", "'f' has several results, so they must");
    check("op f(x) -> (p, q) { doc \"d\" types float value (x, x) }",
          "test.ops:1:4: error: 'f' has several results, so it must be internal");
    check(OP("colour x"), "test.ops:4:3: error: expected doc, note, value,");
    check(OP("value x d/dy g"), "expected 'd' and the name of an input, found 'dy'");
    check(OP("value x d/dx g d/dx g"), "the derivative with respect to 'x' is given twice");
    check("op f(x) { types odd }", "expected float, divide, numeric, integer, all,");
    check(OP("value x ulp f32 1.0 1.0"), "expected 'f64', found '1.0'");
    check(OP("value x domain x 2 1"), "the domain of 'x' is empty");
    check("op f(x) { value x types float }", "'f' has no doc");
    check("op f(x) { doc \"d\" value x }", "'f' has no types");
    check("op f(x) { doc \"d\" types float }", "'f' has no value");
    check(
        "op f(x) { doc \"d\" types float value x integer x }",
        "'f' has integer rows of their own, so it must have one result, and its types must be numeric, all or compare");
    check("op f(x) -> (p, q) { doc \"d\" types all value (x, x) integer x internal }",
          "'f' has integer rows of their own");
    check("op f(x) { doc \"d\" types float value x bool x }",
          "'f' has a bool row, so its types must be all or integer");
    check("op f(x) { doc \"d\" types all value x bool int8 }",
          "'f' takes bool as int8, so its types must be numeric or integer");
    check("op f(x) { doc \"d\" types float value x alias f }", "test.ops:1:4: error: 'f' is called 'f' twice");
    check("op f(x) { doc \"d\" types float value x alias e }\nop e(x) { doc \"d\" types float value x }",
          "test.ops:2:4: error: 'e' is already defined in test.ops, line 1");
    check("op e(x) { doc \"d\" types float value x }\nop f(x) { doc \"d\" types float value x alias e }",
          "test.ops:2:4: error: 'e' is already defined in test.ops, line 1");
    check("op f(x) { doc \"d\" types float value x internal alias e }", "'f' has an alias, but it is internal");
    check("op f(x) { doc \"d\" types float value x alias e_with }", "expected the name of the op, found 'e_with'");
    check("op f(x) { alias a alias b alias c alias d alias e }", "expected at most 4 aliases");
    check("row f(x) { alias e }", "expected doc, note, function,");
    check("op f(int8) {}", "expected the name of an input, found 'int8', which means something");
    check("op f(x) { doc \"d\" types numeric value x integer mgv_floor(x) }",
          "'f' has a row i8, but there is no mgv_floor of integers");
    check("reduce f(x) { doc \"d\" types sum }", "'f' has no step");
    check("op f(x; a) { doc \"d\" types all value x }", "'f' has parameters, so its types must be float or divide");
    check("op f(x) { doc \"d\" types float value x ", "expected a key of the stanza or '}', found the end of the file");
}

MG_TEST(mgc_errors, message_shows_the_line) {
    check("# one\nop f(x) {\n\tcolour x\n}", "test.ops:3:2: error: ");
    check("# one\nop f(x) {\n\tcolour x\n}", "\n  \tcolour x\n  \t^\n");
}

MG_TEST(mgc_errors, long_lines_are_shown_in_part) {
    mgc_world *w = world_of(mgc_format("%1000sop f(x) { colour %1000s", "", "x }"));
    CHECK_CONTAINS(w->diag.text.s, "test.ops:1:1011: error: expected doc, note,");
    CHECK_MSG(w->diag.text.len < 600, "%s", w->diag.text.s);
    const char *shown = strchr(w->diag.text.s, '\n') + 1, *caret = strchr(shown, '\n') + 1;
    CHECK_MSG(strncmp(shown + strcspn(caret, "^"), "colour", 6) == 0, "%s", shown);
    mgc_free_all();
}

MG_TEST(mgc_errors, names_that_are_given_twice) {
    check("op f(x, x) {}", "test.ops:1:9: error: expected the name of an input, found 'x', which is an input already");
    check("op f(x; x) {}", "test.ops:1:9: error: expected the name of a parameter, found 'x', which is an input");
    check("op f(x; a, a) {}", "1:12: error: expected the name of a parameter, found 'a', which is a parameter already");
    check("op f(x) -> (x) {}", "1:13: error: expected the name of a result, found 'x', which is an input already");
    check("op f(x; a) -> (q, a) {}", "1:19: error: expected the name of a result, found 'a', which is a parameter");
    check("op f(x) -> (q, q) {}", "1:16: error: expected the name of a result, found 'q', which is a result already");
    check(OP("let x = 1"), "test.ops:4:7: error: expected the name of a let, found 'x', which is an input already");
    check(OP("let u = 1 let u = 2"), "4:17: error: expected the name of a let, found 'u', which is a let already");
    check("op f(x; a) { let a = 1 }", "expected the name of a let, found 'a', which is a parameter already");
    check("op f(x) -> (q) { let q = 1 }", "expected the name of a let, found 'q', which is a result already");
    check(OP("let y = x"), "expected the name of a let, found 'y', which is the result already");
    check("op f(y) { let result = y }", "expected the name of a let, found 'result', which is the result already");
    check(OP("let g = x"), "expected the name of a let, found 'g', which is the incoming gradient");
    check("op f(x) -> (q, g_q) {}", "expected the name of a result, found 'g_q', which is the incoming gradient");
}

MG_TEST(mgc_errors, names_that_are_no_names_in_c) {
    static const char *const taken[] = {"int",    "restrict", "_x",      "bool",   "class",    "typename",  "co_await",
                                        "NULL",   "x__y",     "opts",    "inputs", "params",   "size",      "I",
                                        "linux",  "isnan",    "errno",   "pi",     "nullptr",  "constexpr", "mg_add",
                                        "mgk_op", "mgr_run",  "mgv_f32", "vm_exp", "mga_grad", "alignas",   "xor"};
    static const char *const stanzas[] = {"op f(%s) {}", "op f(a; %s) {}", "op f(a) -> (%s) {}",
                                          "op f(a) { let %s = a }"};
    static const int columns[] = {6, 9, 13, 15};
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        for (size_t k = 0; k < 4; k++) {
            char text[80], expected[80];
            snprintf(text, sizeof text, stanzas[k], taken[i]);
            snprintf(expected, sizeof expected, "test.ops:1:%d: error: expected the name of a", columns[k]);
            check(text, expected);
        }
    check("op f(int) {}", "found 'int', which means something in C, in C++ or in what is generated");
    check("op f(I) {}",
          "expected the name of an input of lower-case letters, digits and single underscores, found 'I'");
    check("op f(vm_x) {}", "found 'vm_x', which begins as names of the library do");
}

MG_TEST(mgc_errors, names_of_ops) {
    check("op F(x) {}", "test.ops:1:4: error: expected the name of the op of lower-case letters,");
    check("op none(x) {}", "expected the name of the op, found 'none', which the enum of ops has already");
    check("op count(x) {}", "found 'count', which the enum of ops has already");
    check("op f_with(x) {}", "found 'f_with', but mg_<op>_with is the function with options");
    check("op f_d0(x) {}", "found 'f_d0', but <op>_d<i> is a derivative");
    check("op reduce_f(x) {}", "found 'reduce_f', but mgk_reduce_<op> is the kernel of a reduction");
    check("op past_f(x) {}", "found 'past_f', but mgk_past_<op> is the kernel that stores past the caches");
    check("op columns_f(x) {}", "found 'columns_f', but mgk_columns_<op> is the kernel of rows that are reduced");
    check("op sums_f(x) {}", "found 'sums_f', but mgk_sums_<op> is the kernel that adds an op's values");
    check("op f(x) { doc \"d\" value x types float summed }",
          "the values of 'f' are summed, so it must have two inputs");
    check("op blocks_f(x) {}", "found 'blocks_f', but mgk_blocks_<op> is the kernel of whole blocks of a reduction");
    check("op mg_f(x) {}", "found 'mg_f', which begins as names of the library do");
}

MG_TEST(mgc_errors, files_of_one_name) {
    mgc_world *w = mgc_alloc(sizeof *w);
    CHECK(mgc_load(w, "here/some.ops", ADD) && !mgc_load(w, "there/some.ops", MUL));
    CHECK_CONTAINS(w->diag.text.s, "there/some.ops:1:1: error: expected a file name of its own: the kernels of "
                                   "here/some.ops go to mgk_map_some.c, too");
    mgc_free_all();
}

MG_TEST(mgc_errors, names) {
    check(OP("value z"), "test.ops:4:9: error: expected an input, a parameter or a let of 'f', found 'z'");
    check(OP("value g"), "found 'g'");
    check(OP("value nothing(x)"), "test.ops:4:9: error: no op is called 'nothing'");
    check(OP("value x + x"), "test.ops:4:11: error: no op is called 'add'");
    check(ADD OP("value add(x)"), "'add' takes 2 inputs and 0 parameters, found 1 arguments");
    check(OP("value vm_exp(x)"), "'vm_exp' may be called in eval only");
    check(OP("value x eval mgv_add(x)"), "'mgv_add' does not exist or does not take (v)");
    check(ADD "op f(c: bool) { doc \"d\" types float value c + c }", "'add' takes a value here, found a condition");
    check("op f(c: bool) { doc \"d\" types float value c }", "expected a value, found a condition");
    check(ADD "op add(x, y) { doc \"d\" types float value x }", "'add' is already defined in test.ops, line 1");
    check(ADD "reduce s(x) { doc \"d\" types sum step plus }",
          "expected a binary map op with a value as result, found 'plus'");
}

MG_TEST(mgc_errors, functions_of_rows) {
    check(
        "op f(x) {\n doc \"d\" types numeric value f(x) eval mgv_sqrt(x) d none }",
        "test.ops:1:4: error: 'f' has a row i8, but there is no mgv_sqrt of integers: expected other types or another");
    check("op f(x, z) { doc \"d\" types float value f(x, z) eval mgv_xor(x, z) d none }",
          "'f' has a row f32, but there is no mgv_xor of floats");
    check("op e(x) { doc \"d\" types float value e(x) eval vm_e(x) d none ulp none \"t\" }\n"
          "op f(x) { doc \"d\" types numeric value e(x) d none ulp none \"t\" }",
          "test.ops:2:4: error: 'f' has a row i8, but there is no vm_e of integers");
    check("op f(x) { doc \"d\" types compare value x != x eval mgv_isnan(x) }\n"
          "op not_equal(x, y) { doc \"d\" types compare value x != y eval mgv_ne(x, y) }",
          "'f' has a row bool, but there is no mgv_isnan of integers");
    check(OP("value x eval vm_f(x, x, x, x, x)"), "'vm_f' does not exist or does not take (vvvvv)");
}

MG_TEST(mgc_errors, closure) {
    check(MUL OP("value x * x"), "test.ops:2:4: error: deriving 'f' needs an op called 'add', and no file has one");
    check("op f(x) { doc \"d\" types float value f(x) eval vm_f(x) ulp f32 1 f64 1 }",
          "closure: 'f' has no d/dx, and it cannot be derived because its value leads back to 'f'");
    check("op a(x) { doc \"d\" types float value b(x) eval vm_a(x) ulp f32 1 f64 1 }\n"
          "op b(x) { doc \"d\" types float value a(x) eval vm_b(x) ulp f32 1 f64 1 }",
          "leads back to");
    check("op h(x) { doc \"d\" types float value h(x) eval vm_h(x) ulp f32 1 f64 1 }\n"
          "op f(x) { doc \"d\" types float value x d/dx h(g) }",
          "closure: d/dx of 'f' uses 'h', which has no d/dx and does not say none");
    check(ADD MUL "op f(x) { doc \"d\" types float ulp f32 9 f64 9 let a = x * x * x * x * x let b = a * a + a value b "
                  "* b * b + b }",
          "needs more than 16 steps or constants: make a part of its formula an op of its own");
    check("op f(x) { doc \"d\" types float value f(x) d none }", "the eval of 'f' leads back to 'f'");
    check("reduce f(x) { doc \"d\" types numeric step add d/dx g }\n" ADD,
          "'f' is no map: its derivative must be a function");
}

#define EXP(stated) "op exp(x) { doc \"d\" types float value exp(x) eval vm_exp(x) d/dx g * y " stated " }\n"
#define REST        " 0x1p0 sampled 10 mpfr 2026-01-31 measure it\n"

MG_TEST(mgc_errors, accuracy_of_stanzas) {
    check(ADD MUL OP("value x * x * x"),
          "test.ops:3:4: error: 'f' is not correctly rounded in f32, so it must state its ulp: the bound is "
          "1.5000; state that, compute it otherwise (eval), or put a measured row into");
    check(ADD MUL OP("value x * x * x ulp f32 1.5 f64 1.49"),
          "test.ops:6:35: error: 'f' states 1.49 ULP in f64, but the bound is 1.5000");
    check(ADD MUL OP("value x * x + x ulp f32 9 f64 9"),
          "test.ops:6:27: error: 'f' states 9 ULP in f32, but there is no bound: terms may cancel in "
          "mgv_add(mgv_mul(x, x), x); compute it otherwise (eval), state 'ulp none \"why\"', or put");
    check(MUL EXP("ulp f32 1 f64 1"), "'exp' states 1 ULP in f32, but there is no bound: not on file is vm_exp(x)");
    check_measured(MUL EXP("ulp f32 1 f64 1"), "vm_exp f32 .9" REST,
                   "'exp' states 1 ULP in f64, but there is no bound: not on file is vm_exp(x)");
    check_measured(MUL EXP("ulp f32 1 f64 1"), "vm_exp f32 .9" REST "vm_exp f64 1.00001" REST,
                   "'exp' states 1 ULP in f64, but the bound is 1.0001");
    check_measured(MUL EXP("ulp f32 1 f64 1"), "vm_exp f32 .9" REST "vm_exp f64 .9" REST "exp f64 1.2" REST,
                   "'exp' states 1 ULP in f64, but test.txt, line 3, has measured 1.2");
    check_measured(ADD MUL OP("value x * x"), "f f32 0.6" REST, "'f' states 0.5 ULP in f32, but test.txt, line 1");
    check(OP("value x ulp f64 1"), "test.ops:4:15: error: expected 'f32' or 'none', found 'f64'");
    check(OP("value x ulp none"), "expected a string in double quotes");
}

MG_TEST(mgc_errors, accuracy_file) {
    check_measured(MUL, "f f16", "test.txt:1:3: error: expected f32 or f64, found 'f16'");
    check_measured(MUL, "# good\n\nmultiply f32 0.5\n",
                   "test.txt:3:17: error: expected the inputs where it is, as hexadecimal numbers, found ''");
    check_measured(MUL, "multiply f32 .5 sampled", "test.txt:1:17: error: expected the inputs where it is");
    check_measured(MUL, "multiply f32 .5 -0x1p0,1 sampled", "test.txt:1:17: error: expected the inputs where it is");
    check_measured(MUL, "multiply f32 .5 0x1p0,-0x1p1 guessed", "expected exhaustive or sampled, found 'guessed'");
    check_measured(MUL, "multiply f32 half" REST,
                   "test.txt:1:14: error: expected the largest error in ULP, found 'half'");
    check_measured(MUL, "multiply f32 nan" REST, "expected the largest error in ULP");
    check_measured(MUL, "multiply f32 1 0x1p0 guessed 1", "expected exhaustive or sampled, found 'guessed'");
    check_measured(MUL, "multiply f32 1 0x1p0 sampled 1e9", "expected the number of points, found '1e9'");
    check_measured(MUL, "multiply f32 1 0x1p0 sampled 9 mpfr today run", "expected the date, found 'today'");
    check_measured(MUL, "multiply f32 1 0x1p0 sampled 9 mpfr 2026-01-31 # nothing",
                   "expected the command that measures it");
    check_measured(MUL, "multiply f32 .5" REST "multiply f32 .5" REST,
                   "test.txt:2:1: error: 'multiply' has a row for f32 already, in line 1");
    check_measured(MUL, "divide f32 .5" REST, "test.txt:1:1: error: no map op with a f32 row is called 'divide'");
    check_measured(MUL, "vm_exp f32 .5" REST, "no map op with a f32 row is called 'vm_exp', and no eval calls such");
}

/* Operators, the simplifier and the derivation know these ops by name. */
MG_TEST(mgc_errors, ops_behind_operators) {
    static const char values[] = "expected an op of 2 values with a value as its one result";
    check(
        "op add(x) { doc \"d\" types float d none value x }",
        "test.ops:1:4: error: an operator stands for 'add': expected an op of 2 values with a value as its one result");
    check("op multiply(x, y, z) { doc \"d\" types float d none value x }", values);
    check("op divide(x, y; a) { doc \"d\" types float d none value x }", values);
    check("op subtract(x, y: bool) { doc \"d\" types float d none value x }", values);
    check("op add(x, y) -> (p, q) { internal doc \"d\" types float d none ulp none \"t\" value (x, y) }", values);
    check("op negative(x, y) { doc \"d\" types float d none value x }", "an op of a value with a value");
    check("row negative(x) { doc \"d\" types same shape \"s\" function \"f\" }", "an op of a value with a value");
    check("op where(x, y, z) { doc \"d\" types float d none value x }", "of a condition and 2 values with a value");
    check("op where(c: bool, x) { doc \"d\" types float d none value x }", "of a condition and 2 values with a value");
    check("op less(x, y) { doc \"d\" types float d none value x }", "an op of 2 values with a condition");
    check("op logical_not(x) { doc \"d\" types float d none value x }", "an op of a condition with a condition");
    check("op logical_and(x) { doc \"d\" types logical d none value x }", "an op of 2 conditions with a condition");
}
