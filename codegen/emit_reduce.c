/* SPDX-License-Identifier: MIT
 * Reduce kernels: element k goes to lane k mod L (rules C1), whatever the length of a run and where it begins; and
 * whole blocks, folded at once. */
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
static void put_round(mgc_text *t, const char *op, const mgc_row *r, const char *indent) {
    for (int v = 0; v < 4; v++)
        mgc_put(t, "%sa%d = vec_%s_%s(a%d, mgv_load_%s(x + %d * MGV_LANES_%s));\n", indent, v, op, r->name, v,
                r->vector, v, r->vector);
}

/* Whole rounds with the 256 bytes of lanes in four vectors. */
static void put_rounds(mgc_text *t, const char *op, const mgc_row *r) {
    mgc_put(t, "    if (n >= rounds) {\n");
    for (int v = 0; v < 4; v++)
        mgc_put(t, "        mgv_%s a%d = mgv_load_%s(acc + %d * MGV_LANES_%s);\n", r->vector, v, r->vector, v,
                r->vector);
    mgc_put(t, "        for (; n >= rounds; n -= rounds, x += rounds) {\n");
    put_round(t, op, r, "            ");
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

/* *out = four vectors by halving: two times among them, then through memory. */
static void put_fold(mgc_text *t, const char *op, const mgc_row *r, const char *indent, const char *out) {
    const char *vec = mgc_format("vec_%s_%s", op, r->name), *type = r->vector;
    mgc_put(t, "%s_Alignas(64) %s part[MGV_LANES_%s];\n", indent, r->c, type);
    mgc_put(t, "%smgv_store_%s(part, %s(%s(a0, a2), %s(a1, a3)));\n", indent, type, vec, vec, vec);
    mgc_put(t, "%sfor (size_t half = MGV_LANES_%s / 2; half > 0; half /= 2)\n", indent, type);
    mgc_put(t, "%s    mgv_storen_%s(part, %s(mgv_loadn_%s(part, half), mgv_loadn_%s(part + half, half)), half);\n",
            indent, type, vec, type, type);
    mgc_put(t, "%smemcpy(%s, part, sizeof part[0]);\n", indent, out);
}

/* a0..a3 = the four vectors at `from`: elements as they are, or lanes put aside. */
static void put_first(mgc_text *t, const mgc_row *r, const char *indent, const char *from) {
    for (int v = 0; v < 4; v++)
        mgc_put(t, "%sa%d = mgv_load_%s(%s + %d * MGV_LANES_%s);\n", indent, v, r->vector, from, v, r->vector);
}

/* One block by itself. */
static void put_block(mgc_text *t, const char *op, const mgc_row *r) {
    mgc_put(t, "static void block_%s_%s(%s *out, const mgv_at_%s *x) {\n", op, r->name, r->c, r->vector);
    mgc_put(t, "    mgv_%s a0, a1, a2, a3;\n", r->vector);
    put_first(t, r, "    ", "x");
    mgc_put(t, "    for (size_t round = 1; round < MGK_REDUCE_ROUNDS; round++) {\n");
    mgc_put(t, "        x += MGK_REDUCE_LANES(sizeof *out);\n");
    put_round(t, op, r, "        ");
    mgc_put(t, "    }\n");
    put_fold(t, op, r, "    ", "out");
    mgc_put(t, "}\n\n");
}

/* Runs of blocks side by side, a few rounds of each in turn, so near each other in time that the processor has loads of
 * several runs under way at once. It fetches ahead within a page of 4 KiB by itself and waits at the page's end; the
 * other runs go on meanwhile. Few enough rounds for that, enough for the lanes' way to memory and back. */
static char *blocks_text(const char *op, const mgc_row *r) {
    mgc_text t = {0};
    put_block(&t, op, r);
    mgc_put(&t, "void MGK_NAME(mgk_blocks_%s_%s)(size_t blocks, void *out, const void *elements, size_t runs) {\n", op,
            r->name);
    mgc_put(&t, "    enum { TURN = 2, LANES = MGK_REDUCE_LANES(sizeof(%s)) };\n", r->c);
    mgc_put(&t, "    const size_t each = runs == MGK_REDUCE_RUNS ? blocks / MGK_REDUCE_RUNS : 0;\n");
    mgc_put(&t, "    const mgv_at_%s *const first = elements;\n", r->vector);
    mgc_put(&t, "    char *const y = out;\n    %s result;\n", r->c);
    mgc_put(&t, "    _Alignas(64) %s lanes[MGK_REDUCE_RUNS][LANES];\n", r->c);
    mgc_put(&t, "    for (size_t b = 0; b < each; b++)\n");
    mgc_put(&t, "        for (size_t turn = 0; turn < MGK_REDUCE_ROUNDS; turn += TURN)\n");
    mgc_put(&t, "            for (size_t run = 0; run < MGK_REDUCE_RUNS; run++) {\n");
    mgc_put(&t, "                const size_t block = run * each + b;\n");
    mgc_put(&t, "                const mgv_at_%s *x = first + (block * MGK_REDUCE_ROUNDS + turn) * LANES;\n",
            r->vector);
    mgc_put(&t, "                mgv_%s a0, a1, a2, a3;\n", r->vector);
    mgc_put(&t, "                if (turn == 0) {\n");
    put_first(&t, r, "                    ", "x");
    mgc_put(&t, "                } else {\n");
    put_first(&t, r, "                    ", "lanes[run]");
    put_round(&t, op, r, "                    ");
    mgc_put(&t, "                }\n");
    mgc_put(&t, "                for (int round = 1; round < TURN; round++) {\n");
    mgc_put(&t, "                    x += LANES;\n");
    put_round(&t, op, r, "                    ");
    mgc_put(&t, "                }\n");
    mgc_put(&t, "                if (turn + TURN < MGK_REDUCE_ROUNDS) {\n");
    for (int v = 0; v < 4; v++)
        mgc_put(&t, "                    mgv_store_%s(lanes[run] + %d * MGV_LANES_%s, a%d);\n", r->vector, v, r->vector,
                v);
    mgc_put(&t, "                } else {\n");
    put_fold(&t, op, r, "                    ", "&result");
    mgc_put(&t, "                    memcpy(y + block * sizeof result, &result, sizeof result);\n");
    mgc_put(&t, "                }\n            }\n");
    mgc_put(&t, "    for (size_t b = MGK_REDUCE_RUNS * each; b < blocks; b++) {\n");
    mgc_put(&t, "        block_%s_%s(&result, first + b * MGK_REDUCE_ROUNDS * LANES);\n", op, r->name);
    mgc_put(&t, "        memcpy(y + b * sizeof result, &result, sizeof result);\n    }\n}\n");
    return t.s;
}

static void note(mgc_kernels *kernels, const mgc_op *op, int row, mgc_form form, const char *name, const char *body,
                 const char *text) {
    mgc_note_kernel(kernels, (mgc_kernel){op, row, form, name, mgc_hash(mgc_format("%s%s", body, text)), op->flops,
                                          mgc_rows[row].size});
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
            char *text = reduce_text(op->name, r), *blocks = blocks_text(op->name, r);
            mgc_put(&t, "\n/* %s: %d flops, %d bytes per element */\n%s\n%s\n%s", name, op->flops, r->size, body.text,
                    text, blocks);
            note(kernels, op, row, MGC_REDUCE_FORM, name, body.text, text);
            note(kernels, op, row, MGC_BLOCKS_FORM, mgc_format("mgk_blocks_%s_%s", op->name, r->name), body.text,
                 blocks);
        }
    }
    return t.s;
}
