/* SPDX-License-Identifier: MIT
 * The public face of maps and reductions (rules E6): prototypes with doc comments, keyword macros for C, overloads for
 * C++, and the functions behind them. */
#include <math.h>
#include <string.h>

#include "emit.h"

static bool is_public(const mgc_op *op) { return !op->internal && !mgc_is_written(op->s->kind); }

static const char *opts_of(const mgc_op *op) { return op->s->kind == MGC_REDUCE ? "mg_reduce_opts" : "mg_ufunc_opts"; }

/* "mg_tensor *x, double slope" */
static char *parameters(const mgc_op *op) {
    mgc_text t = {0};
    for (int i = 0; i < op->s->n_in; i++) mgc_put(&t, "%smg_tensor *%s", i ? ", " : "", op->s->in[i].name);
    for (int i = 0; i < op->s->n_params; i++) mgc_put(&t, ", double %s", op->s->params[i]);
    return t.s;
}

/* "x, slope" */
static char *arguments(const mgc_op *op) {
    mgc_text t = {0};
    for (int i = 0; i < op->s->n_in; i++) mgc_put(&t, "%s%s", i ? ", " : "", op->s->in[i].name);
    for (int i = 0; i < op->s->n_params; i++) mgc_put(&t, ", %s", op->s->params[i]);
    return t.s;
}

static const char *dtypes_text(const mgc_op *op) {
    switch (op->s->types) {
    case MGC_TYPES_FLOAT:
        return "floats; integers and bool become floats";
    case MGC_TYPES_DIVIDE:
        return "floats; integers and bool become float64";
    case MGC_TYPES_NUMERIC:
        return op->s->bool_as_i8 ? "integers and floats; bool becomes int8" : "integers and floats";
    case MGC_TYPES_INTEGER:
        return op->s->bool_as_i8 ? "integers; bool becomes int8" : "integers and bool";
    case MGC_TYPES_COMPARE:
        return "every dtype; the result is bool";
    case MGC_TYPES_LOGICAL:
        return "every dtype, read as bool; the result is bool";
    case MGC_TYPES_SUM:
        return "every dtype; bool and integers are accumulated in 64 bits";
    case MGC_TYPES_MEAN:
        return "every dtype; bool and integers become float64";
    default:
        return "every dtype";
    }
}

static void put_doc(mgc_text *t, const mgc_op *op) {
    const mgc_stanza *s = op->s;
    mgc_put(t, "\n/* %s\n", s->doc);
    mgc_put(t, " * Dtypes: %s.\n", dtypes_text(op));
    if (s->kind == MGC_REDUCE && isinf(s->identity)) /* it is no number, so nothing has no value */
        mgc_put(t, " * Value error where there is nothing to reduce: an axis that is reduced has length 0.\n");
    for (int i = 0; i < s->n_in && s->kind == MGC_MAP; i++)
        if (op->rule[i].kind == MGC_RULE_EXPR)
            mgc_put(t, " * d/d%s: %s\n", s->in[i].name, mgc_print(op, op->rule[i].expr));
    if (s->note) mgc_put(t, " * Gradient: %s.\n", s->note);
    for (int k = 0; k < s->n_aliases; k++) mgc_put(t, " * Also called mg_%s.\n", s->aliases[k]);
    if (s->has_ulp) mgc_put(t, " * Accuracy: %g ULP in float32, %g in float64.\n", s->ulp_f32, s->ulp_f64);
    if (s->no_ulp) mgc_put(t, " * Accuracy: %s.\n", s->no_ulp);
    mgc_put(t, " * Since %s. */\n", s->since ? s->since : "0.1");
}

static void put_prototypes(mgc_text *t, const mgc_op *op) {
    put_doc(t, op);
    mgc_put(t, "MG_API mg_tensor *mg_%s_with(%s, const %s *opts);\n", op->name, parameters(op), opts_of(op));
    mgc_put(t, "MG_API mg_tensor *(mg_%s)(%s);\n", op->name, parameters(op));
}

/* Options of reductions bring their text, for axis 0; those of maps have no field whose 0 could be meant. */
static void put_macro(mgc_text *t, const mgc_op *op) {
    mgc_put(t, "#define mg_%s(...) MG_%s_(__VA_ARGS__, .mg_end = 0)\n", op->name, op->upper);
    mgc_put(t, "#define MG_%s_(%s, ...) mg_%s_with(%s, ", op->upper, arguments(op), op->name, arguments(op));
    if (op->s->kind == MGC_REDUCE)
        mgc_put(t, "MG_OPTIONS_(%s, __VA_ARGS__))\n", opts_of(op));
    else
        mgc_put(t, "&(%s){.size = sizeof(%s), __VA_ARGS__})\n", opts_of(op), opts_of(op));
}

static void put_overload(mgc_text *t, const mgc_op *op) {
    mgc_put(t, "inline mg_tensor *mg_%s(%s, const %s &opts) { return mg_%s_with(%s, &opts); }\n", op->name,
            parameters(op), opts_of(op), op->name, arguments(op));
}

/* The functions under further names: of the header alone, the library does not know them. */
static void put_alias_functions(mgc_text *t, const mgc_op *op) {
    for (int k = 0; k < op->s->n_aliases; k++) {
        const char *name = op->s->aliases[k];
        mgc_put(t, "static inline mg_tensor *mg_%s_with(%s, const %s *opts) { return mg_%s_with(%s, opts); }\n", name,
                parameters(op), opts_of(op), op->name, arguments(op));
        mgc_put(t, "static inline mg_tensor *(mg_%s)(%s) { return mg_%s_with(%s, NULL); }\n", name, parameters(op),
                op->name, arguments(op));
    }
}

static void put_alias_macros(mgc_text *t, const mgc_op *op) {
    for (int k = 0; k < op->s->n_aliases; k++)
        mgc_put(t, "#define mg_%s(...) mg_%s(__VA_ARGS__)\n", op->s->aliases[k], op->name);
}

static void put_alias_overloads(mgc_text *t, const mgc_op *op) {
    for (int k = 0; k < op->s->n_aliases; k++)
        mgc_put(t, "inline mg_tensor *mg_%s(%s, const %s &opts) { return mg_%s_with(%s, &opts); }\n", op->s->aliases[k],
                parameters(op), opts_of(op), op->name, arguments(op));
}

/* One part of the header, for every public op. */
static void put_each(mgc_text *t, const mgc_world *w, void put(mgc_text *, const mgc_op *)) {
    for (int i = 0; i < w->n_ops; i++)
        if (is_public(w->ops[i])) put(t, w->ops[i]);
}

char *mgc_emit_public_header(const mgc_world *w) {
    mgc_text t = {0};
    mgc_put_banner(&t, "codegen/ops",
                   "Elementwise operations and reductions of tensors.\n"
                   " *\n * Rules of the whole header: operands broadcast against each other, dtypes promote as in "
                   "NumPy 2; values are computed\n"
                   " * when they are needed; the result belongs to the innermost open scope; NULL on failure "
                   "(mg_take_error says why).\n"
                   " * In C, options are keywords: mg_add(x, y, .where = m, .out = z); mg_sum(x, .axis = 0). "
                   "In C++ they are a last\n"
                   " * argument, from C++20 on in braces: mg_sum(x, {.axis = 0}).\n"
                   " * mg_<op>_with takes them by pointer (NULL: defaults), (mg_<op>)(...) is the function "
                   "without options.");
    mgc_put(&t, "#ifndef MYGRAD_OPS_H\n#define MYGRAD_OPS_H\n\n#include \"mygrad/tensor.h\"\n\nMG_EXTERN_C_BEGIN\n");
    put_each(&t, w, put_prototypes);
    mgc_put(&t, "\n/* The same functions under other names. */\n");
    put_each(&t, w, put_alias_functions);
    mgc_put(&t, "\nMG_EXTERN_C_END\n\n#ifdef __cplusplus\n");
    put_each(&t, w, put_overload);
    put_each(&t, w, put_alias_overloads);
    mgc_put(&t, "#else\n");
    put_each(&t, w, put_macro);
    put_each(&t, w, put_alias_macros);
    mgc_put(&t, "#endif\n\n#endif\n");
    return t.s;
}

static void put_function(mgc_text *t, const mgc_op *op) {
    const mgc_stanza *s = op->s;
    mgc_put(t, "\nmg_tensor *mg_%s_with(%s, const %s *opts) {\n", op->name, parameters(op), opts_of(op));
    if (s->kind == MGC_REDUCE) {
        mgc_put(t, "    return mga_reduce(MGK_OP_%s, %s, opts);\n}\n", op->upper, s->in[0].name);
    } else {
        mgc_put(t, "    mg_tensor *const inputs[] = {");
        for (int i = 0; i < s->n_in; i++) mgc_put(t, "%s%s", i ? ", " : "", s->in[i].name);
        mgc_put(t, "};\n");
        if (s->n_params) {
            mgc_put(t, "    const double params[] = {");
            for (int i = 0; i < s->n_params; i++) mgc_put(t, "%s%s", i ? ", " : "", s->params[i]);
            mgc_put(t, "};\n");
        }
        mgc_put(t, "    return mga_ufunc(MGK_OP_%s, inputs, %s, opts);\n}\n", op->upper,
                s->n_params ? "params" : "NULL");
    }
    mgc_put(t, "\nmg_tensor *(mg_%s)(%s) {\n    return mg_%s_with(%s, NULL);\n}\n", op->name, parameters(op), op->name,
            arguments(op));
}

char *mgc_emit_api(const mgc_world *w) {
    mgc_text t = {0};
    mgc_put_banner(&t, "codegen/ops", "The public functions of maps and reductions.");
    mgc_put(&t, "#include \"autodiff/op_api.h\"\n#include \"kernels/registry.h\"\n#include \"mygrad/ops.h\"\n");
    put_each(&t, w, put_function);
    return t.s;
}

/* Does op i name its backward function as the first one? Several reductions may share one. */
static bool first_use(const mgc_world *w, int i) {
    for (int k = 0; k < i; k++)
        if (w->ops[k]->s->backward && strcmp(w->ops[k]->s->backward, w->ops[i]->s->backward) == 0) return false;
    return true;
}

char *mgc_emit_backward(const mgc_world *w) {
    mgc_text t = {0};
    mgc_put_banner(&t, "codegen/ops", "Which hand-written function propagates the gradient of an op that is no map.");
    mgc_put(&t, "#include \"autodiff/backward.h\"\n#include \"kernels/registry.h\"\n\n");
    for (int i = 0; i < w->n_ops; i++)
        if (w->ops[i]->s->backward && first_use(w, i))
            mgc_put(&t, "extern mga_backward_fn %s;\n", w->ops[i]->s->backward);
    mgc_put(&t, "\nmga_backward_fn *const mga_backward_table[MGK_OP_COUNT] = {\n");
    for (int i = 0; i < w->n_ops; i++)
        if (w->ops[i]->s->backward) mgc_put(&t, "    [MGK_OP_%s] = %s,\n", w->ops[i]->upper, w->ops[i]->s->backward);
    mgc_put(&t, "};\n");
    return t.s;
}
