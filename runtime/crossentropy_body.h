/* SPDX-License-Identifier: MIT
 * Softmax cross-entropy for one float type: crossentropy.c includes this twice with T, F(name) and DTYPE defined. */

/* The sum of x in the order that every reduction of the library has (rules C1): lanes, folded by halving; blocks, by a
 * binary counter. */
static T F(block_sum)(const mgk_table *table, const T *x, int64_t n) {
    enum { LANES = MGK_REDUCE_LANES(sizeof(T)) };
    T lanes[LANES];
    if (n > LANES) {
        for (int i = 0; i < LANES; i++) lanes[i] = (T)-0.0;
        table->reduce[MGK_OP_ADD][DTYPE](lanes, x, (size_t)n, 0);
        n = LANES;
    } else {
        memcpy(lanes, x, (size_t)n * sizeof(T)); /* -0 + x is x, and lanes that no element reached change nothing */
    }
    int64_t half = 1;
    while (half * 2 < n) half *= 2;
    for (; n > 1; n = half, half /= 2)
        for (int64_t i = 0; i + half < n; i++) lanes[i] += lanes[i + half];
    return n == 0 ? (T)-0.0 : lanes[0];
}

static T F(tree_sum)(const mgk_table *table, const T *x, int64_t n) {
    enum { BLOCK = MGK_REDUCE_BLOCK(sizeof(T)) };
    T level[64];
    int depth = 0;
    if (n <= BLOCK) return F(block_sum)(table, x, n);
    for (int64_t b = 0; b * BLOCK < n; b++) {
        T sum = F(block_sum)(table, x + b * BLOCK, n - b * BLOCK < BLOCK ? n - b * BLOCK : BLOCK);
        for (int64_t carry = b; carry & 1; carry >>= 1) sum = level[--depth] + sum;
        level[depth++] = sum;
    }
    T sum = level[--depth];
    while (depth > 0) sum = level[--depth] + sum;
    return sum;
}

/* Some rows at a time, so that they stay in L1 between the passes. losses[i] and sums[i] are per row. */
static void F(rows)(int64_t begin, int64_t end, int worker, void *context) {
    const job *j = context;
    const mgk_table *table = mgr_kernels();
    int64_t classes = j->classes, step = MGR_CROSSENTROPY_CHUNK / classes + 1;
    (void)worker;
    for (int64_t first = begin; first < end; first += step) {
        int64_t count = end - first < step ? end - first : step;
        const T *x = (const T *)j->x + first * classes;
        T *p = (T *)j->p + first * classes, *loss = (T *)j->losses + first, *sum = (T *)j->sums + first;
        for (int64_t r = 0; r < count; r++) {
            T most = x[r * classes];
            for (int64_t c = 1; c < classes; c++)
                most =
                    x[r * classes + c] > most || x[r * classes + c] != x[r * classes + c] ? x[r * classes + c] : most;
            for (int64_t c = 0; c < classes; c++) p[r * classes + c] = x[r * classes + c] - most;
            loss[r] = p[r * classes + j->labels[first + r]];
        }
        table->map[MGK_OP_EXP][DTYPE][MGK_VV]((size_t)(count * classes), (void *const[]){p}, (const void *const[]){p},
                                              NULL);
        for (int64_t r = 0; r < count; r++) {
            sum[r] = F(tree_sum)(table, p + r * classes, classes);
            for (int64_t c = 0; c < classes; c++) p[r * classes + c] /= sum[r];
        }
        table->map[MGK_OP_LOG][DTYPE][MGK_VV]((size_t)count, (void *const[]){sum}, (const void *const[]){sum}, NULL);
        for (int64_t r = 0; r < count; r++) loss[r] = sum[r] - loss[r];
    }
}

static void F(gradient_rows)(int64_t begin, int64_t end, int worker, void *context) {
    const job *j = context;
    int64_t classes = j->classes;
    T scale = *(const T *)j->g / (T)j->n;
    (void)worker;
    for (int64_t r = begin; r < end; r++) {
        const T *p = (const T *)j->x + r * classes;
        T *dx = (T *)j->p + r * classes, at_label = (p[j->labels[r]] - 1) * scale;
        for (int64_t c = 0; c < classes; c++) dx[c] = p[c] * scale;
        dx[j->labels[r]] = at_label;
        for (int64_t c = 0; *(const T *)j->g == 0 && c < classes; c++)
            if (p[c] != p[c]) dx[c] = 0; /* no softmax, and nobody asks for it */
    }
}

#undef T
#undef F
#undef DTYPE
