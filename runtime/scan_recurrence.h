/* SPDX-License-Identifier: MIT
 * The linear recurrence and the shift in one float type: scan.c includes this with T and F(name) defined. */

static void F(recurrence)(int64_t begin, int64_t end, int worker, void *context) {
    const job *j = context;
    const int64_t inner = j->scan->inner;
    const ptrdiff_t step = j->scan->reverse ? -inner : inner, lag = j->lag * step;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        int64_t width;
        const int64_t at = stretch_start(j, i, &width);
        const T *a = (const T *)j->x + at, *b = (const T *)j->b + at;
        T *y = (T *)j->y + at;
        memcpy(y, b, (size_t)width * sizeof(T));
        for (int64_t k = 1; k < j->scan->length; k++) {
            a += step, b += step, y += step;
            for (int64_t c = 0; c < width; c++) y[c] = b[c] + a[c - lag] * y[c - step];
        }
    }
}

static void F(shift)(int64_t begin, int64_t end, int worker, void *context) {
    const job *j = context;
    const int64_t inner = j->scan->inner, moved = (j->scan->length - 1) * inner;
    (void)worker;
    for (int64_t o = begin; o < end; o++) {
        const T *x = (const T *)j->x + o * (moved + inner);
        T *y = (T *)j->y + o * (moved + inner), *edge = j->scan->reverse ? y + moved : y;
        memcpy(j->scan->reverse ? y : y + inner, j->scan->reverse ? x + inner : x, (size_t)moved * sizeof(T));
        for (int64_t c = 0; c < inner; c++) edge[c] = (T)j->fill;
    }
}

#undef T
#undef F
