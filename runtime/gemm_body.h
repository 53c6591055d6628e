/* SPDX-License-Identifier: MIT
 * The loops of our own matrix product for one element type; gemm.c includes this once per type with T, GEMM(name), MR,
 * NR and STEP(acc, a, b) defined. Blocks of a and b are packed, tiles of MR x NR stay in registers, each element of c
 * sums k in ascending order. */

/* Panels of R lines along k: out[(panel * depth + p) * R + r]; lines past the end are zeros, which only reach elements
 * nobody stores. */
static void GEMM(pack)(T *restrict out, int lines_per_panel, int64_t lines, int64_t depth, const T *in, int64_t line,
                       int64_t step) {
    for (int64_t first = 0; first < lines; first += lines_per_panel) {
        int64_t here = lines - first < lines_per_panel ? lines - first : lines_per_panel;
        for (int64_t p = 0; p < depth; p++) {
            const T *from = in + first * line + p * step;
            int r = 0;
            for (; r < here; r++) *out++ = from[r * line];
            for (; r < lines_per_panel; r++) *out++ = (T)0;
        }
    }
}

/* One tile: `fresh` starts from zero, otherwise from what c holds. */
static void GEMM(tile)(int64_t depth, const T *restrict a, const T *restrict b, T *restrict c, int64_t c_row, int rows,
                       int cols, bool fresh) {
    T acc[MR][NR];
    for (int i = 0; i < MR; i++)
        for (int j = 0; j < NR; j++) acc[i][j] = !fresh && i < rows && j < cols ? c[i * c_row + j] : (T)0;
    for (int64_t p = 0; p < depth; p++, a += MR, b += NR)
        for (int i = 0; i < MR; i++)
            for (int j = 0; j < NR; j++) acc[i][j] = STEP(acc[i][j], a[i], b[j]);
    if (rows == MR && cols == NR) {
        for (int i = 0; i < MR; i++)
            for (int j = 0; j < NR; j++) c[i * c_row + j] = acc[i][j];
        return;
    }
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < cols; j++) c[i * c_row + j] = acc[i][j];
}

static void GEMM(run)(const mgr_gemm *g, void *scratch) {
    T *a_pack = scratch, *b_pack = a_pack + MGR_GEMM_MC * MGR_GEMM_KC;
    const T *a = g->a, *b = g->b;
    T *c = g->c;
    for (int64_t j0 = 0; j0 < g->n; j0 += MGR_GEMM_NC) {
        int64_t nc = g->n - j0 < MGR_GEMM_NC ? g->n - j0 : MGR_GEMM_NC;
        for (int64_t p0 = 0; p0 < g->k; p0 += MGR_GEMM_KC) {
            int64_t kc = g->k - p0 < MGR_GEMM_KC ? g->k - p0 : MGR_GEMM_KC;
            bool fresh = p0 == 0 && !g->accumulate;
            GEMM(pack)(b_pack, NR, nc, kc, b + p0 * g->b_row + j0 * g->b_col, g->b_col, g->b_row);
            for (int64_t i0 = 0; i0 < g->m; i0 += MGR_GEMM_MC) {
                int64_t mc = g->m - i0 < MGR_GEMM_MC ? g->m - i0 : MGR_GEMM_MC;
                GEMM(pack)(a_pack, MR, mc, kc, a + i0 * g->a_row + p0 * g->a_col, g->a_row, g->a_col);
                for (int64_t j = 0; j < nc; j += NR)
                    for (int64_t i = 0; i < mc; i += MR) {
                        int rows = (int)(mc - i < MR ? mc - i : MR), cols = (int)(nc - j < NR ? nc - j : NR);
                        T *tile = c + (i0 + i) * g->c_row + j0 + j;
                        GEMM(tile)(kc, a_pack + i * kc, b_pack + j * kc, tile, g->c_row, rows, cols, fresh);
                    }
            }
        }
    }
}

#undef T
#undef GEMM
#undef MR
#undef NR
#undef STEP
