/* SPDX-License-Identifier: MIT
 * What mgc writes for stanzas that are right but unusual. That the ordinary ones compile, the build shows. */
#include <string.h>

#include "codegen/emit.h"
#include "interpret.h"

/* The text of the file `wanted` among those that are generated from test.ops. */
typedef struct search {
    const char *wanted, *text;
} search;

static bool look(mgc_world *w, void *to, const char *name, const char *text) {
    (void)w;
    search *s = to;
    if (strcmp(name, s->wanted) == 0) s->text = text;
    return true;
}

static const char *generated(const char *ops, const char *file) {
    mgc_world *w = world_of(ops);
    search s = {.wanted = file};
    CHECK_MSG(w->diag.errors == 0 && mgc_emit_all(w, look, &s), "%s", w->diag.text.s);
    CHECK_MSG(s.text, "no %s", file);
    return s.text;
}

#define OPS                                                                                                            \
    "op add(x, y) { doc \"d\" value x + y eval mgv_add(x, y) d/dx g d/dy g types numeric }\n"                          \
    "op multiply(x, y) { doc \"d\" value x * y eval mgv_mul(x, y) d/dx g * y d/dy g * x types numeric }\n"

MG_TEST(mgc_emit, values_made_of_parameters) {
    const char *one = generated(OPS "op f(x; a) { doc \"d\" types float value a }", "mgk_map_test.c");
    CHECK_CONTAINS(one, "vec_f_f32(mgv_f32 x, mgv_f32 a) {\n    (void)x;\n    return a;\n}");
    mgc_free_all();
    const char *two =
        generated(OPS "op f(x; a) -> (p, q) { internal doc \"d\" types float ulp none \"test\" value (x, 1 + a) }",
                  "mgk_map_test.c");
    CHECK_CONTAINS(two, "vec_f_f64(mgv_f64 x, mgv_f64 s1, mgv_f64 *p, mgv_f64 *q) {\n    *p = x;\n    *q = s1;\n}");
    mgc_free_all();
}

MG_TEST(mgc_emit, aliases) {
    const char *s =
        generated("op f(x; a) { doc \"d\" types float d none value x alias e alias h }", "include/mygrad/ops.h");
    CHECK_CONTAINS(s, "static inline mg_tensor *mg_e_with(mg_tensor *x, double a, const mg_ufunc_opts *opts) { return "
                      "mg_f_with(x, a, opts); }\n");
    CHECK_CONTAINS(s, "static inline mg_tensor *(mg_h)(mg_tensor *x, double a) { return mg_f_with(x, a, NULL); }\n");
    CHECK_CONTAINS(s, "inline mg_tensor *mg_e(mg_tensor *x, double a, const mg_ufunc_opts &opts) { return mg_f_with(x, "
                      "a, &opts); }\n");
    CHECK_CONTAINS(s, "#define mg_h(...) mg_f(__VA_ARGS__)\n");
    CHECK_CONTAINS(s, " * Also called mg_e.\n");
    mgc_free_all();
}

/* Reductions whose identity is no number have no value for nothing, and the header says so; others have one. */
MG_TEST(mgc_emit, errors_of_reductions_of_nothing) {
    const char *sentence = " * Value error where there is nothing to reduce: an axis that is reduced has length 0.\n";
    CHECK_CONTAINS(
        generated(OPS "reduce f(x) { doc \"d\" step add identity -inf d none types sum }", "include/mygrad/ops.h"),
        sentence);
    mgc_free_all();
    CHECK(!strstr(
        generated(OPS "reduce f(x) { doc \"d\" step add identity -0.0 d none types sum }", "include/mygrad/ops.h"),
        sentence));
    mgc_free_all();
}

/* Names of the emitters' own give way to those of the stanza. */
MG_TEST(mgc_emit, names_that_look_like_ours) {
    const char *s = generated(OPS "op f(x; s1) -> (t1, t2) { internal doc \"d\" types float d none ulp none \"test\" "
                                  "value (x * (1 + s1) + x * s1, x * x) }",
                              "mgk_map_test.c");
    CHECK_CONTAINS(s, "vec_f_f32(mgv_f32 x, mgv_f32 s1_, mgv_f32 s1, mgv_f32 *t1, mgv_f32 *t2) {");
    CHECK_CONTAINS(s, "const mgv_f32 t1_ = mgv_mul_f32(x, s1_);\n");
    CHECK_CONTAINS(s, "const mgv_f32 t2_ = mgv_mul_f32(x, s1);\n");
    CHECK_CONTAINS(s, "*t1 = t1_v;\n    *t2 = t2_v;\n");
    mgc_free_all();
}

MG_TEST(mgc_emit, derivatives_of_odd_names) {
    const char *s =
        generated(OPS "op f(x; g) { doc \"d\" types float value g * x * x ulp none \"test\" }", "mgk_map_test.c");
    CHECK_CONTAINS(s, "vec_f_d0_f32(mgv_f32 g_, mgv_f32 x, mgv_f32 g) {");
    mgc_free_all();
    s = generated(OPS "op f(g, gradient) { doc \"d\" types float value g * gradient * g ulp none \"test\" }",
                  "mgk_map_test.c");
    CHECK_CONTAINS(s, "vec_f_d0_f32(mgv_f32 gradient_, mgv_f32 g, mgv_f32 gradient) {");
    mgc_free_all();
}

/* The file of kernels that call vector maths includes it: an op is there when any of its rows calls it. */
MG_TEST(mgc_emit, vector_maths_of_integer_rows) {
    const char *ops = OPS "op f(x, y) { doc \"d\" types numeric d none value x * y integer vm_power(x, y) }\n";
    const char *s = generated(ops, "mgk_vmap_test.c");
    CHECK_CONTAINS(s, "#include \"kernels/vmath/vmath.h\"\n");
    CHECK_CONTAINS(s, "vm_power_i8(");
    CHECK_CONTAINS(s, "vec_f_f32(");
    mgc_free_all();
    CHECK(!strstr(generated(ops, "mgk_map_test.c"), "vec_f_"));
    mgc_free_all();
}
