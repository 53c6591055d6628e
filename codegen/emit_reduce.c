/* SPDX-License-Identifier: MIT
 * Reduce kernels: element k goes to lane k mod L (rules C1), whatever the length of a run and where it begins; and rows
 * at a time where columns are reduced. Whole blocks are emit_blocks.c's. */
#include <string.h>

#include "emit.h"

/* A run inside one round of the lanes: acc[i] = step(acc[i], x[i]). */
static void put_run(mgc_text *t, const char *op, const mgc_row *r) {
    mgc_put(t, "static void run_%s_%s(mgv_at_%s *acc, const mgv_at_%s *x, size_t n) {\n", op, r->name, r->vector,
            r->vector);
    mgc_put(t, "    size_t i = 0;\n");
    mgc_put(t, "    for (; n - i >= MGV_LANES_%s; i += MGV_LANES_%s)\n", r->vector, r->vector);
    mgc_put(t, "        mgv_store_%s(acc + i, vec_%s_%s(mgv_load_%s(acc + i), mgv_load_%s(x + i)));\n", r->vector, op,
            r->name, r->vector, r->vector);
    mgc_put(t, "    if (i < n)\n");
    mgc_put(
        t,
        "        mgv_storen_%s(acc + i, vec_%s_%s(mgv_loadn_%s(acc + i, n - i), mgv_loadn_%s(x + i, n - i)), n - i);\n",
        r->vector, op, r->name, r->vector, r->vector);
    mgc_put(t, "}\n\n");
}

/* One round of the lanes: 256 bytes in four vectors. */
static void put_round(mgc_text *t, const char *op, const mgc_row *r) {
    for (int v = 0; v < 4; v++)
        mgc_put(t, "            a%d = vec_%s_%s(a%d, mgv_load_%s(x + %d * MGV_LANES_%s));\n", v, op, r->name, v,
                r->vector, v, r->vector);
}

/* Whole rounds with the 256 bytes of lanes in four vectors. */
static void put_rounds(mgc_text *t, const char *op, const mgc_row *r) {
    mgc_put(t, "    if (n >= rounds) {\n");
    for (int v = 0; v < 4; v++)
        mgc_put(t, "        mgv_%s a%d = mgv_load_%s(acc + %d * MGV_LANES_%s);\n", r->vector, v, r->vector, v,
                r->vector);
    mgc_put(t, "        for (; n >= rounds; n -= rounds, x += rounds) {\n");
    put_round(t, op, r);
    mgc_put(t, "        }\n");
    for (int v = 0; v < 4; v++)
        mgc_put(t, "        mgv_store_%s(acc + %d * MGV_LANES_%s, a%d);\n", r->vector, v, r->vector, v);
    mgc_put(t, "    }\n");
}

static char *reduce_text(const char *op, const mgc_row *r) {
    mgc_text t = {0};
    put_run(&t, op, r);
    mgc_put(&t, "void MGK_NAME(mgk_reduce_%s_%s)(void *lanes, const void *elements, size_t n, uint64_t k) {\n", op,
            r->name);
    mgc_put(&t, "    const size_t rounds = MGK_REDUCE_LANES(sizeof(%s));\n", r->c);
    mgc_put(&t, "    mgv_at_%s *const acc = lanes;\n    const mgv_at_%s *x = elements;\n", r->vector, r->vector);
    mgc_put(&t, "    const size_t phase = (size_t)(k %% rounds);\n");
    mgc_put(&t, "    if (phase != 0) {\n");
    mgc_put(&t, "        const size_t head = n < rounds - phase ? n : rounds - phase;\n");
    mgc_put(&t, "        run_%s_%s(acc + phase, x, head);\n", op, r->name);
    mgc_put(&t, "        x += head;\n        n -= head;\n    }\n");
    put_rounds(&t, op, r);
    mgc_put(&t, "    run_%s_%s(acc, x, n);\n}\n", op, r->name);
    return t.s;
}

/* Four rows into the accumulators of their columns, which then pass through memory once in four rows. */
static char *columns_text(const char *op, const mgc_row *r) {
    mgc_text t = {0};
    mgc_put(&t, "void MGK_NAME(mgk_columns_%s_%s)(size_t n, void *acc, const void *const rows[4]) {\n", op, r->name);
    mgc_put(&t, "    mgv_at_%s *const y = acc;\n    size_t i = 0;\n", r->vector);
    for (int k = 0; k < 4; k++) mgc_put(&t, "    const mgv_at_%s *const x%d = rows[%d];\n", r->vector, k, k);
    for (int tail = 0; tail < 2; tail++) {
        const char *n = tail ? "n" : "", *count = tail ? ", n - i" : "", *type = r->vector;
        mgc_put(&t, tail ? "    if (i < n) {\n" : "    for (; n - i >= MGV_LANES_%s; i += MGV_LANES_%s) {\n", type,
                type);
        mgc_put(&t, "        mgv_%s a = mgv_load%s_%s(y + i%s);\n", type, n, type, count);
        for (int k = 0; k < 4; k++)
            mgc_put(&t, "        a = vec_%s_%s(a, mgv_load%s_%s(x%d + i%s));\n", op, r->name, n, type, k, count);
        mgc_put(&t, "        mgv_store%s_%s(y + i, a%s);\n    }\n", n, type, count);
    }
    mgc_put(&t, "}\n");
    return t.s;
}

static void note(mgc_kernels *kernels, const mgc_op *op, int row, mgc_form form, const char *name, const char *body,
                 const char *text) {
    mgc_note_kernel(kernels, (mgc_kernel){op, row, form, name, mgc_hash(mgc_format("%s%s", body, text)), op->flops,
                                          mgc_rows[row].size});
}

/* What `summed` asks for: the values of a map added as they are computed, in f32 and f64. */
static void put_sums(const mgc_world *w, mgc_text *t, mgc_kernels *kernels) {
    const mgc_op *add = mgc_find(w, "add");
    for (int i = 0; add && i < w->n_ops; i++) {
        const mgc_op *op = w->ops[i];
        for (int row = MGC_ROW_F32; row <= MGC_ROW_F64 && op->s->summed && !op->parent; row++) {
            if (!(op->rows & add->reduce_rows & 1u << row)) continue;
            const mgc_row *r = &mgc_rows[row];
            mgc_body body;
            mgc_emit_body((mgc_world *)w, op, row, &body);
            char *text = mgc_blocks_text(add, op, r);
            mgc_put(t, "\n/* mgk_sums_%s_%s: %d flops, %d bytes per element */\n%s\n%s", op->name, r->name,
                    op->flops + add->flops, r->size, body.text, text);
            note(kernels, op, row, MGC_SUMS_FORM, mgc_format("mgk_sums_%s_%s", op->name, r->name), body.text, text);
        }
    }
}

char *mgc_emit_reduce(const mgc_world *w, mgc_kernels *kernels) {
    mgc_text t = {0};
    mgc_put_banner(&t, "the reduce stanzas", "Reduce kernels by the op that is their step, compiled once per ISA.");
    mgc_put(&t, "#include <math.h>\n#include <string.h>\n\n#include \"kernels/simd/simd.h\"\n#include "
                "\"kernels/vmath/vmath.h\"\n#include \"mgk_kernels.h\"\n");
    for (int i = 0; i < w->n_ops; i++) {
        const mgc_op *op = w->ops[i];
        for (int row = 0; row < MGC_ROW_COUNT; row++) {
            if (!(op->reduce_rows >> row & 1u)) continue;
            const mgc_row *r = &mgc_rows[row];
            const char *name = mgc_format("mgk_reduce_%s_%s", op->name, r->name);
            mgc_body body;
            mgc_emit_body((mgc_world *)w, op, row, &body);
            char *text = reduce_text(op->name, r), *blocks = mgc_blocks_text(op, NULL, r);
            char *columns = columns_text(op->name, r);
            mgc_put(&t, "\n/* %s: %d flops, %d bytes per element */\n%s\n%s\n%s\n%s", name, op->flops, r->size,
                    body.text, text, blocks, columns);
            note(kernels, op, row, MGC_REDUCE_FORM, name, body.text, text);
            note(kernels, op, row, MGC_BLOCKS_FORM, mgc_format("mgk_blocks_%s_%s", op->name, r->name), body.text,
                 blocks);
            note(kernels, op, row, MGC_COLUMNS_FORM, mgc_format("mgk_columns_%s_%s", op->name, r->name), body.text,
                 columns);
        }
    }
    put_sums(w, &t, kernels);
    return t.s;
}
