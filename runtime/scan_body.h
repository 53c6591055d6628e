/* SPDX-License-Identifier: MIT
 * One running sum or product in one type: scan.c includes this with T, F(name) and STEP(a, b) defined. */

enum { F(BLOCK) = MGK_REDUCE_BLOCK(sizeof(T)) };

/* The first n elements of up to SIDE_BY_SIDE blocks, each from its own start: alone, every step would wait for the one
 * before. */
static void F(side_by_side)(const T *const *x, T *const *y, int count, int64_t n, ptrdiff_t step) {
    T s[SIDE_BY_SIDE];
    if (n == 0) return;
    for (int i = 0; i < count; i++) y[i][0] = s[i] = x[i][0];
    if (count == SIDE_BY_SIDE) {
        for (int64_t k = 1; k < n; k++)
            for (int i = 0; i < SIDE_BY_SIDE; i++) y[i][k * step] = s[i] = STEP(s[i], x[i][k * step]);
        return;
    }
    for (int i = 0; i < count; i++)
        for (int64_t k = 1; k < n; k++) y[i][k * step] = s[i] = STEP(s[i], x[i][k * step]);
}

/* Blocks begin..end of all rows, each for itself; rows have one element after the other (inner is 1). */
static void F(blocks)(int64_t begin, int64_t end, int worker, void *context) {
    const job *j = context;
    const ptrdiff_t step = j->scan->reverse ? -1 : 1;
    (void)worker;
    for (int64_t from = begin; from < end; from += SIDE_BY_SIDE) {
        const int count = end - from < SIDE_BY_SIDE ? (int)(end - from) : SIDE_BY_SIDE;
        const T *x[SIDE_BY_SIDE];
        T *y[SIDE_BY_SIDE];
        int64_t n[SIDE_BY_SIDE], least = F(BLOCK);
        for (int i = 0; i < count; i++) {
            const int64_t at = block_start(j, from + i, F(BLOCK), &n[i]);
            x[i] = (const T *)j->x + at;
            y[i] = (T *)j->y + at;
            least = n[i] < least ? n[i] : least;
        }
        F(side_by_side)(x, y, count, least, step);
        for (int i = 0; i < count; i++)
            for (int64_t k = least; k < n[i]; k++) y[i][k * step] = STEP(y[i][(k - 1) * step], x[i][k * step]);
    }
}

/* The last element of every block of a row, completed: what the next block has to be combined with. */
static void F(lasts)(int64_t begin, int64_t end, int worker, void *context) {
    const job *j = context;
    const ptrdiff_t step = j->scan->reverse ? -1 : 1;
    (void)worker;
    for (int64_t row = begin; row < end; row++) {
        for (int64_t b = 1; b < j->blocks; b++) {
            int64_t n;
            T *y = (T *)j->y + block_start(j, row * j->blocks + b, F(BLOCK), &n);
            y[(n - 1) * step] = STEP(y[-step], y[(n - 1) * step]);
        }
    }
}

/* Every other element of blocks begin..end. */
static void F(rest)(int64_t begin, int64_t end, int worker, void *context) {
    const job *j = context;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        int64_t n;
        T *y = (T *)j->y + block_start(j, i, F(BLOCK), &n);
        if (i % j->blocks == 0) continue;
        const T before = j->scan->reverse ? y[1] : y[-1];
        T *low = j->scan->reverse ? y - (n - 1) + 1 : y; /* its n - 1 elements in the order of memory */
        for (int64_t k = 0; k < n - 1; k++) low[k] = STEP(before, low[k]);
    }
}

/* Columns of [length][inner], a stretch of them at a time. */
static void F(columns)(int64_t begin, int64_t end, int worker, void *context) {
    const job *j = context;
    const int64_t inner = j->scan->inner, length = j->scan->length;
    T s[MGR_SCAN_STRETCH];
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        int64_t width, k = 0;
        const int64_t at = stretch_start(j, i, &width);
        const ptrdiff_t step = j->scan->reverse ? -inner : inner;
        const T *x = (const T *)j->x + at;
        T *y = (T *)j->y + at, *before = NULL;
        for (; k < length; k++, x += step, y += step) {
            if (k % F(BLOCK) == 0) {
                before = k ? y - step : NULL;
                memcpy(s, x, (size_t)width * sizeof(T));
            } else {
                for (int64_t c = 0; c < width; c++) s[c] = STEP(s[c], x[c]);
            }
            for (int64_t c = 0; before && c < width; c++) y[c] = STEP(before[c], s[c]);
            if (!before) memcpy(y, s, (size_t)width * sizeof(T));
        }
    }
}

static void F(scan)(job *j) {
    const mgr_scan *scan = j->scan;
    if (scan->inner > 1) {
        run_stretches(j, F(columns));
        return;
    }
    j->blocks = (scan->length + F(BLOCK) - 1) / F(BLOCK);
    const int64_t n = scan->outer * j->blocks, grain = MGR_SCAN_GRAIN * j->blocks / scan->length + SIDE_BY_SIDE;
    mgr_parallel_for(n, grain, F(blocks), j);
    if (j->blocks == 1) return;
    mgr_parallel_for(scan->outer, MGR_SCAN_GRAIN / j->blocks + 1, F(lasts), j);
    mgr_parallel_for(n, grain, F(rest), j);
}

#undef T
#undef F
#undef STEP
