/* SPDX-License-Identifier: MIT
 * Texts about the ops: docs/ops.md, the manifest of kernels, the domains that tests and benches draw from. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "bound.h"
#include "emit.h"

static const char *dtypes_cell(const mgc_op *op) {
    switch (op->s->types) {
    case MGC_TYPES_FLOAT:
        return "float";
    case MGC_TYPES_DIVIDE:
        return "float; int in f64";
    case MGC_TYPES_NUMERIC:
        return op->s->bool_as_i8 ? "int, float; bool as i8" : "int, float";
    case MGC_TYPES_INTEGER:
        return op->s->bool_as_i8 ? "int; bool as i8" : "bool, int";
    case MGC_TYPES_COMPARE:
        return "all -> bool";
    case MGC_TYPES_LOGICAL:
        return "all as bool -> bool";
    case MGC_TYPES_SUM:
        return "all; int in 64 bit";
    case MGC_TYPES_MEAN:
        return "all; int in f64";
    default:
        return "all";
    }
}

/* `|` ends a cell in Markdown, also inside code. */
static char *cell(const char *s) {
    mgc_text t = {0};
    for (; *s; s++) mgc_put(&t, *s == '|' ? "\\|" : "%c", *s);
    return t.s;
}

static char *signature(const mgc_op *op) {
    const mgc_stanza *s = op->s;
    mgc_text t = {0};
    mgc_put(&t, "%s(", op->name);
    for (int i = 0; i < s->n_in; i++) mgc_put(&t, "%s%s", i ? ", " : "", s->in[i].name);
    for (int i = 0; i < s->n_params; i++) mgc_put(&t, "%s%s", i ? ", " : "; ", s->params[i]);
    mgc_put(&t, ")");
    return t.s;
}

static char *formula(const mgc_op *op) {
    const mgc_stanza *s = op->s;
    mgc_text t = {0};
    if (s->kind == MGC_REDUCE) mgc_put(&t, "every element into one by `%s`", op->step->name);
    if (mgc_is_written(s->kind)) mgc_put(&t, "see `%s`; shape %s", s->function, s->shape);
    for (int j = 0; j < s->n_out && s->kind == MGC_MAP; j++) {
        if (s->n_out > 1) mgc_put(&t, "%s`%s = ", j ? "; " : "", s->results[j]);
        mgc_put(&t, "%s%s`", s->n_out > 1 ? "" : "`", cell(mgc_print(op, op->value[j])));
    }
    return t.s;
}

static char *derivative(const mgc_op *op) {
    const mgc_stanza *s = op->s;
    mgc_text t = {0};
    mgc_put(&t, "%s", "");
    for (int i = 0; i < s->n_in && s->kind == MGC_MAP; i++)
        if (op->rule[i].kind == MGC_RULE_EXPR)
            mgc_put(&t, "%s%s: `%s`", t.len ? "; " : "", s->in[i].name, cell(mgc_print(op, op->rule[i].expr)));
    if (s->note) mgc_put(&t, "%s%s", t.len ? " (" : "", s->note);
    if (s->note && s->kind == MGC_MAP) mgc_put(&t, ")");
    if (t.len == 0) mgc_put(&t, s->backward ? "yes" : "none");
    return t.s;
}

/* What is stated, and what that rests on. */
static const char *accuracy(const mgc_op *op) {
    const mgc_stanza *s = op->s;
    if (s->no_ulp) return s->no_ulp;
    if (s->kind != MGC_MAP) return "";
    if (!(op->rows & MGC_ROWS_FLOAT)) return "exact";
    const double f32 = s->has_ulp ? s->ulp_f32 : 0.5, f64 = s->has_ulp ? s->ulp_f64 : 0.5;
    const mgc_how how[] = {op->evidence[0].how, op->evidence[1].how};
    if (how[0] == how[1]) return mgc_format("%g / %g %s", f32, f64, mgc_how_word(how[0]));
    return mgc_format("%g %s / %g %s", f32, mgc_how_word(how[0]), f64, mgc_how_word(how[1]));
}

static void put_row(mgc_text *t, const mgc_op *op) {
    const mgc_stanza *s = op->s;
    mgc_text names = {0};
    mgc_put(&names, "`%s`", signature(op));
    for (int k = 0; k < s->n_aliases; k++) mgc_put(&names, ", `%s`", s->aliases[k]);
    mgc_put(t, "| %s | %s | %s | %s | %s | %s | %s |\n", names.s, s->doc, formula(op), derivative(op), dtypes_cell(op),
            accuracy(op), s->since ? s->since : "");
}

/* What float16 and bfloat16 have, whose rows are those of float32 with one more rounding. */
static void put_small_floats(mgc_text *t, const mgc_world *w) {
    double worst = 0.5;
    for (int i = 0; i < w->n_ops; i++)
        if (w->ops[i]->s->has_ulp) worst = fmax(worst, w->ops[i]->s->ulp_f32);
    mgc_put(t,
            "float16 and bfloat16 are computed in float32 and rounded once per operation: at most %.4f and %.4f "
            "ULP.\n",
            ceil(1e4 * mgc_error_bound_16(worst, 11)) / 1e4, ceil(1e4 * mgc_error_bound_16(worst, 8)) / 1e4);
}

static bool is_listed(const mgc_world *w, int op, int file, bool super) {
    const mgc_op *o = w->ops[op];
    return o->file == file && !o->parent && (o->s->super != NULL) == super;
}

static int count_listed(const mgc_world *w, int file, bool super) {
    int n = 0;
    for (int i = 0; i < w->n_ops; i++) n += is_listed(w, i, file, super);
    return n;
}

static void put_ops(mgc_text *t, const mgc_world *w, int file) {
    mgc_put(t, "\n| op | what it is | formula | derivative | dtypes | ULP f32 / f64 | since "
               "|\n|---|---|---|---|---|---|---|\n");
    for (int i = 0; i < w->n_ops; i++)
        if (is_listed(w, i, file, false)) put_row(t, w->ops[i]);
}

static void put_supers(mgc_text *t, const mgc_world *w, int file) {
    mgc_put(t,
            "\nSuperinstructions: kernels that the tile machine puts in place of trees of ops. No functions of their "
            "own; in float32 and\nfloat64, each part rounded by itself, so that the bits are those of the parts. "
            "What they save is in\n[superinstructions.md](superinstructions.md).\n\n| kernel | tree | who needs it "
            "|\n|---|---|---|\n");
    for (int i = 0; i < w->n_ops; i++)
        if (is_listed(w, i, file, true))
            mgc_put(t, "| `%s` | %s | %s |\n", signature(w->ops[i]), formula(w->ops[i]), w->ops[i]->s->doc);
}

char *mgc_emit_docs(const mgc_world *w) {
    mgc_text t = {0};
    mgc_put(&t,
            "# Operations\n\nGenerated by mgc from `codegen/ops`; do not edit (`cmake --build build --target docs` "
            "writes it).\n\n"
            "Derivatives are times the incoming gradient `g`; `y` is the op's own value. Integers wrap; a condition "
            "selects, it never\nmultiplies.\n\n"
            "Accuracy is the largest error in units in the last place (ULP), float32 / float64, that an op may have; "
            "0.5 means\n"
            "correctly rounded or exact. The word behind it says what that rests on: *bounded* by counting roundings "
            "(wherever no\n"
            "intermediate result overflows or is subnormal), *exhaustive* measurement of all inputs of a function, "
            "or one of *sampled*\n"
            "inputs; the measurements are in [accuracy.md](accuracy.md).\n");
    put_small_floats(&t, w);
    for (int f = 0; f < w->n_files; f++) {
        mgc_put(&t, "\n## %s\n", w->files[f].stem);
        const int supers = count_listed(w, f, true);
        if (supers == 0 || count_listed(w, f, false) > 0) put_ops(&t, w, f);
        if (supers > 0) put_supers(&t, w, f);
    }
    return t.s;
}

char *mgc_emit_manifest(const mgc_kernels *kernels) {
    mgc_text t = {0};
    mgc_put(&t, "# Kernels that mgc writes: name, hash of the text, flops and bytes per element. Generated; `--target "
                "docs` writes it.\n");
    for (int i = 0; i < kernels->n; i++) {
        const mgc_kernel *k = &kernels->list[i];
        mgc_put(&t, "%-36s %016" PRIx64 " %3d %3d\n", k->name, k->hash, k->flops, k->bytes);
    }
    return t.s;
}

char *mgc_emit_domains(const mgc_world *w) {
    mgc_text t = {0};
    mgc_put_banner(&t, "codegen/ops", "Where tests and benches draw the inputs of an op: rows {op, input, lo, hi}.");
    mgc_put(&t, "#ifndef MGK_OP_DOMAINS_H\n#define MGK_OP_DOMAINS_H\n\n#include \"mgk_ops.h\"\n\n#define MGK_DOMAINS");
    for (int i = 0; i < w->n_ops; i++)
        for (int k = 0; k < w->ops[i]->s->n_in && !mgc_is_written(w->ops[i]->s->kind); k++)
            mgc_put(&t, " \\\n    {MGK_OP_%s, %d, %s, %s},", w->ops[i]->upper, k, mgc_c_double(w->ops[i]->s->in[k].lo),
                    mgc_c_double(w->ops[i]->s->in[k].hi));
    mgc_put(&t, "\n\n#endif\n");
    return t.s;
}
