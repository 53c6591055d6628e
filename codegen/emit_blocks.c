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

/* The four vectors by halving, two times, into a row that waits for the other halvings. */
static void put_part(const blocks_writer *b, const char *indent, const char *row) {
    const char *vec = mgc_format("vec_%s_%s", b->step->name, b->r->name);
    mgc_put(b->t, "%smgv_store_%s(%s, %s(%s(a0, a2), %s(a1, a3)));\n", indent, b->r->vector, row, vec, vec, vec);
}

/* Rows of one vector each by halving, into their first elements. What was stored must be read again at other places,
 * which takes a processor long for one row and no longer for many. What is computed past `half` is not used; so a row
 * stands behind the last one. */
static void put_fold(const blocks_writer *b, const char *name) {
    const char *type = b->r->vector;
    mgc_put(b->t, "static void fold_%s(mgv_at_%s (*part)[MGV_LANES_%s], size_t rows) {\n", name, type, type);
    mgc_put(b->t, "    for (size_t half = MGV_LANES_%s / 2; half > 0; half /= 2)\n", type);
    mgc_put(b->t, "        for (size_t i = 0; i < rows; i++)\n");
    mgc_put(b->t, "            mgv_store_%s(part[i], vec_%s_%s(mgv_load_%s(part[i]), mgv_load_%s(part[i] + half)));\n",
            type, b->step->name, b->r->name, type, type);
    mgc_put(b->t, "}\n\n");
}

/* One block by itself. */
static void put_block(const blocks_writer *b, const char *name, const char *one) {
    const char *type = b->r->vector;
    mgc_put(b->t, "static void block_%s(mgv_at_%s *part, const mgv_at_%s *x, bool ahead%s) {\n", name, type, type, one);
    mgc_put(b->t, "    enum { AHEAD = 4096, LINES = MGK_REDUCE_LANE_BYTES / 64 };\n");
    mgc_put(b->t, "    mgv_%s a0, a1, a2, a3;\n", type);
    put_first(b, "    ");
    mgc_put(b->t, "    for (size_t round = 1; round < MGK_REDUCE_ROUNDS; round++) {\n");
    mgc_put(b->t, "        x += MGK_REDUCE_LANES(sizeof *x);\n");
    put_round(b, "        ");
    mgc_put(b->t, "        for (int line = 0; ahead && line < LINES; line++) mgv_prefetch((const char *)x + AHEAD + 64 "
                  "* line);\n");
    mgc_put(b->t, "    }\n");
    put_part(b, "    ", "part");
    mgc_put(b->t, "}\n\n");
}

/* TURN rounds of one run: its lanes come from where they were put aside and go back, or are folded. */
static void put_turn(const blocks_writer *b) {
    const char *type = b->r->vector, *in = "                        ";
    mgc_put(b->t, "                    if (turn == 0) {\n");
    put_first(b, in);
    mgc_put(b->t, "                    } else {\n");
    for (int v = 0; v < 4; v++)
        mgc_put(b->t, "%sa%d = mgv_load_%s(lanes[run] + %d * MGV_LANES_%s);\n", in, v, type, v, type);
    put_round(b, in);
    mgc_put(b->t, "                    }\n");
    mgc_put(b->t, "                    for (int round = 1; round < TURN; round++) {\n%sx += LANES;\n", in);
    put_round(b, in);
    mgc_put(b->t, "                    }\n                    if (turn + TURN < MGK_REDUCE_ROUNDS) {\n");
    for (int v = 0; v < 4; v++)
        mgc_put(b->t, "%smgv_store_%s(lanes[run] + %d * MGV_LANES_%s, a%d);\n", in, type, v, type, v);
    mgc_put(b->t, "                    } else {\n");
    put_part(b, in, "part[run * n + i]");
    mgc_put(b->t, "                    }\n");
}

/* Runs of blocks side by side, a few blocks of each, then those folded. */
static void put_runs(const blocks_writer *b, const char *name) {
    mgc_put(b->t, "    for (size_t at = 0, n = runs > 1 ? FOLDS / runs : 1; at < each; at += n) {\n");
    mgc_put(b->t, "        if (n > each - at) n = each - at;\n");
    mgc_put(b->t, "        for (size_t i = 0; i < n; i++)\n");
    mgc_put(b->t, "            for (size_t turn = 0; turn < MGK_REDUCE_ROUNDS; turn += TURN)\n");
    mgc_put(b->t, "                for (size_t run = 0; run < runs; run++) {\n");
    mgc_put(b->t, "                    const size_t round0 = (run * each + at + i) * MGK_REDUCE_ROUNDS + turn;\n");
    mgc_put(b->t, "                    const mgv_at_%s *x = first + round0 * LANES;\n", b->r->vector);
    mgc_put(b->t, "                    mgv_%s a0, a1, a2, a3;\n", b->r->vector);
    put_turn(b);
    mgc_put(b->t, "                }\n        fold_%s(part, runs * n);\n", name);
    mgc_put(b->t, "        for (size_t run = 0; run < runs; run++)\n            for (size_t i = 0; i < n; i++)\n");
    mgc_put(b->t, "                memcpy(y + (run * each + at + i) * SIZE, part[run * n + i], SIZE);\n    }\n");
}

/* The other blocks, or all, one after the other. */
static void put_others(const blocks_writer *b, const char *name) {
    mgc_put(b->t, "    for (size_t at = runs * each, n = FOLDS; at < blocks; at += n) {\n");
    mgc_put(b->t, "        if (n > blocks - at) n = blocks - at;\n");
    mgc_put(b->t, "        for (size_t i = 0; i < n; i++)\n");
    mgc_put(b->t, "            block_%s(part[i], first + (at + i) * MGK_REDUCE_ROUNDS * LANES, runs == 0%s);\n", name,
            b->map ? ", one" : "");
    mgc_put(b->t, "        fold_%s(part, n);\n", name);
    mgc_put(b->t, "        for (size_t i = 0; i < n; i++) memcpy(y + (at + i) * SIZE, part[i], SIZE);\n    }\n");
}

/* Runs of blocks side by side, a few rounds of each in turn, so near each other in time that the processor has loads of
 * several runs under way at once. It fetches ahead within a page of 4 KiB by itself and waits at the page's end; the
 * other runs go on meanwhile. Few enough rounds for that, enough for the lanes' way to memory and back. */
char *mgc_blocks_text(const mgc_op *step, const mgc_op *map, const mgc_row *r) {
    mgc_text t = {0};
    const blocks_writer b = {step, map, r, &t};
    const char *name = mgc_format("%s_%s", (map ? map : step)->name, r->name);
    put_block(&b, name, map ? mgc_format(", mgv_%s one", r->vector) : "");
    put_fold(&b, name);
    mgc_put(&t, "void MGK_NAME(mgk_%s_%s)(size_t blocks, void *out, const void *elements, %ssize_t runs) {\n",
            map ? "sums" : "blocks", name, map ? "const void *operand, " : "");
    mgc_put(&t, "    enum { TURN = 2, FOLDS = 16, SIZE = sizeof(%s), LANES = MGK_REDUCE_LANES(SIZE) };\n", r->c);
    mgc_put(&t, "    const size_t each = runs > 1 ? blocks / runs : 0;\n");
    mgc_put(&t, "    const mgv_at_%s *const first = elements;\n    char *const y = out;\n", r->vector);
    if (map)
        mgc_put(&t, "    %s value;\n    memcpy(&value, operand, SIZE);\n    const mgv_%s one = mgv_set1_%s(value);\n",
                r->c, r->vector, r->vector);
    mgc_put(&t, "    _Alignas(64) mgv_at_%s lanes[MGK_REDUCE_RUNS][LANES], part[FOLDS + 1][MGV_LANES_%s] = {{0}};\n",
            r->vector, r->vector);
    put_runs(&b, name);
    put_others(&b, name);
    mgc_put(&t, "}\n");
    return t.s;
}
