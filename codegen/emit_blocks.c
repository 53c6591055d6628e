/* SPDX-License-Identifier: MIT
 * Kernels of whole blocks of a reduction (rules C1), each folded where it is added: of elements as they are, or of the
 * values of a map that are added as they are computed. */
#include <string.h>

#include "emit.h"

typedef struct blocks_writer {
    const mgc_op *step, *map; /* map: NULL, or of an element and `one` */
    const mgc_row *r;
    mgc_text *t;
} blocks_writer;

/* The element vector number v of a round. */
static const char *element(const blocks_writer *b, int v) {
    const char *load = mgc_format("mgv_load_%s(x + %d * MGV_LANES_%s)", b->r->vector, v, b->r->vector);
    return b->map ? mgc_format("vec_%s_%s(%s, one)", b->map->name, b->r->name, load) : load;
}

/* A round begins the lanes, or is added to them. */
static void put_first(const blocks_writer *b, const char *indent) {
    for (int v = 0; v < 4; v++) mgc_put(b->t, "%sa%d = %s;\n", indent, v, element(b, v));
}

static void put_round(const blocks_writer *b, const char *indent) {
    for (int v = 0; v < 4; v++)
        mgc_put(b->t, "%sa%d = vec_%s_%s(a%d, %s);\n", indent, v, b->step->name, b->r->name, v, element(b, v));
}

/* *out = four vectors by halving: two times among them, then through memory. */
static void put_fold(const blocks_writer *b, const char *indent, const char *out) {
    const char *vec = mgc_format("vec_%s_%s", b->step->name, b->r->name), *type = b->r->vector;
    mgc_put(b->t, "%s_Alignas(64) %s part[MGV_LANES_%s];\n", indent, b->r->c, type);
    mgc_put(b->t, "%smgv_store_%s(part, %s(%s(a0, a2), %s(a1, a3)));\n", indent, type, vec, vec, vec);
    mgc_put(b->t, "%sfor (size_t half = MGV_LANES_%s / 2; half > 0; half /= 2)\n", indent, type);
    mgc_put(b->t, "%s    mgv_storen_%s(part, %s(mgv_loadn_%s(part, half), mgv_loadn_%s(part + half, half)), half);\n",
            indent, type, vec, type, type);
    mgc_put(b->t, "%smemcpy(%s, part, sizeof part[0]);\n", indent, out);
}

/* One block by itself. */
static void put_block(const blocks_writer *b, const char *name, const char *one) {
    mgc_put(b->t, "static void block_%s(%s *out, const mgv_at_%s *x%s) {\n", name, b->r->c, b->r->vector, one);
    mgc_put(b->t, "    mgv_%s a0, a1, a2, a3;\n", b->r->vector);
    put_first(b, "    ");
    mgc_put(b->t, "    for (size_t round = 1; round < MGK_REDUCE_ROUNDS; round++) {\n");
    mgc_put(b->t, "        x += MGK_REDUCE_LANES(sizeof *out);\n");
    put_round(b, "        ");
    mgc_put(b->t, "    }\n");
    put_fold(b, "    ", "out");
    mgc_put(b->t, "}\n\n");
}

/* TURN rounds of one run: its lanes come from where they were put aside and go back, or are folded. */
static void put_turn(const blocks_writer *b) {
    const char *type = b->r->vector, *in = "                    ";
    mgc_put(b->t, "                if (turn == 0) {\n");
    put_first(b, in);
    mgc_put(b->t, "                } else {\n");
    for (int v = 0; v < 4; v++)
        mgc_put(b->t, "%sa%d = mgv_load_%s(lanes[run] + %d * MGV_LANES_%s);\n", in, v, type, v, type);
    put_round(b, in);
    mgc_put(b->t, "                }\n                for (int round = 1; round < TURN; round++) {\n%sx += LANES;\n",
            in);
    put_round(b, in);
    mgc_put(b->t, "                }\n                if (turn + TURN < MGK_REDUCE_ROUNDS) {\n");
    for (int v = 0; v < 4; v++)
        mgc_put(b->t, "%smgv_store_%s(lanes[run] + %d * MGV_LANES_%s, a%d);\n", in, type, v, type, v);
    mgc_put(b->t, "                } else {\n");
    put_fold(b, in, "&result");
    mgc_put(b->t, "%smemcpy(y + block * sizeof result, &result, sizeof result);\n                }\n", in);
}

/* Runs of blocks side by side, a few rounds of each in turn, so near each other in time that the processor has loads of
 * several runs under way at once. It fetches ahead within a page of 4 KiB by itself and waits at the page's end; the
 * other runs go on meanwhile. Few enough rounds for that, enough for the lanes' way to memory and back. */
char *mgc_blocks_text(const mgc_op *step, const mgc_op *map, const mgc_row *r) {
    mgc_text t = {0};
    const blocks_writer b = {step, map, r, &t};
    const char *name = mgc_format("%s_%s", (map ? map : step)->name, r->name);
    put_block(&b, name, map ? mgc_format(", mgv_%s one", r->vector) : "");
    mgc_put(&t, "void MGK_NAME(mgk_%s_%s)(size_t blocks, void *out, const void *elements, %ssize_t runs) {\n",
            map ? "sums" : "blocks", name, map ? "const void *operand, " : "");
    mgc_put(&t, "    enum { TURN = 2, LANES = MGK_REDUCE_LANES(sizeof(%s)) };\n", r->c);
    mgc_put(&t, "    const size_t each = runs == MGK_REDUCE_RUNS ? blocks / MGK_REDUCE_RUNS : 0;\n");
    mgc_put(&t, "    const mgv_at_%s *const first = elements;\n", r->vector);
    mgc_put(&t, "    char *const y = out;\n    %s result;\n", r->c);
    if (map)
        mgc_put(&t, "    memcpy(&result, operand, sizeof result);\n    const mgv_%s one = mgv_set1_%s(result);\n",
                r->vector, r->vector);
    mgc_put(&t, "    _Alignas(64) %s lanes[MGK_REDUCE_RUNS][LANES];\n", r->c);
    mgc_put(&t, "    for (size_t b = 0; b < each; b++)\n");
    mgc_put(&t, "        for (size_t turn = 0; turn < MGK_REDUCE_ROUNDS; turn += TURN)\n");
    mgc_put(&t, "            for (size_t run = 0; run < MGK_REDUCE_RUNS; run++) {\n");
    mgc_put(&t, "                const size_t block = run * each + b;\n");
    mgc_put(&t, "                const mgv_at_%s *x = first + (block * MGK_REDUCE_ROUNDS + turn) * LANES;\n",
            r->vector);
    mgc_put(&t, "                mgv_%s a0, a1, a2, a3;\n", r->vector);
    put_turn(&b);
    mgc_put(&t, "            }\n");
    mgc_put(&t, "    for (size_t b = MGK_REDUCE_RUNS * each; b < blocks; b++) {\n");
    mgc_put(&t, "        block_%s(&result, first + b * MGK_REDUCE_ROUNDS * LANES%s);\n", name, map ? ", one" : "");
    mgc_put(&t, "        memcpy(y + b * sizeof result, &result, sizeof result);\n    }\n}\n");
    return t.s;
}
