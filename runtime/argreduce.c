/* SPDX-License-Identifier: MIT
 * Positions of extremes in rows and columns, by the kernels of maximum, minimum and equality, and the scatter that is
 * their gradient. Which thread looks where changes nothing: the first extreme is the same whoever finds it. */
#include "runtime/cpu.h"
#include "runtime/dtype.h"
#include "runtime/extremum.h"
#include "runtime/parallel.h"
#include "runtime/read_runs.h"
#include "runtime/rows.h"
#include "runtime/sizes.h"
#include "runtime/status.h"

#include <math.h>
#include <string.h>

#include "mgk_ops.h"

/* Of n elements, `step` apart. */
typedef int64_t find_fn(const void *first, int64_t n, int64_t step);

#define BEATS_LARGEST(v, best)  ((v) > (best))
#define BEATS_SMALLEST(v, best) ((v) < (best))

/* A NaN ends the search, so it is never compared with. */
#define FIND(function, type, key_type, key, is_nan, beats)                                                             \
    static int64_t function(const void *first, int64_t n, int64_t step) {                                              \
        const type *x = first;                                                                                         \
        key_type best = key(x[0]);                                                                                     \
        int64_t at = 0;                                                                                                \
        if (is_nan(best)) return 0;                                                                                    \
        for (int64_t i = 1; i < n; i++) {                                                                              \
            key_type v = key(x[i * step]);                                                                             \
            if (is_nan(v)) return i;                                                                                   \
            if (beats(v, best)) best = v, at = i;                                                                      \
        }                                                                                                              \
        return at;                                                                                                     \
    }
#define FIND_BOTH(dtype, name, type, key_type, key, is_nan)                                                            \
    FIND(largest_##name, type, key_type, key, is_nan, BEATS_LARGEST)                                                   \
    FIND(smallest_##name, type, key_type, key, is_nan, BEATS_SMALLEST)
MGR_EXTREMUM_DTYPES(FIND_BOTH)

#define ROW_OF_TABLE(dtype, name, type, key_type, key, is_nan) [dtype] = {smallest_##name, largest_##name},
static find_fn *const finders[MG_DTYPE_COUNT][2] = {MGR_EXTREMUM_DTYPES(ROW_OF_TABLE)};

/* ---- Searching by kernels: the extreme of a stretch first, in vectors, then where it stands ---- */

/* 16-bit floats are searched as f32, which has their order, WIDENED at a time. EQUAL elements are compared at a time,
 * GROUP blocks reduced. */
enum { EQUAL = 256, GROUP = 64, WIDENED = 1024 };

typedef struct search {
    mg_dtype dtype, row; /* in memory, and as what kernels see it */
    size_t item, size;   /* bytes of an element of either */
    int64_t few;         /* elements that are searched one by one */
    find_fn *find;       /* among elements of memory */
    find_fn *find_row;
    mgk_map_fn *step, *equal, *isnan; /* isnan: floats only */
    mgk_reduce_fn *reduce;
    mgk_blocks_fn *blocks;
    mgk_columns_fn *columns;
    mgk_map_fn *not_equal;
    mgk_convert_fn *widen; /* NULL: memory is a row */
    bool largest;
    size_t bytes; /* of the array */
} search;

static search search_of(mg_dtype dtype, bool largest, int64_t elements) {
    const mgk_table *t = mgr_kernels();
    const mg_dtype row = mgr_row_dtype(dtype);
    const int op = largest ? MGK_OP_MAXIMUM : MGK_OP_MINIMUM;
    return (search){.dtype = dtype,
                    .row = row,
                    .item = mg_dtype_size(dtype),
                    .size = mg_dtype_size(row),
                    .few = 4 * (int64_t)MGK_REDUCE_LANES(mg_dtype_size(row)),
                    .find = finders[dtype][largest],
                    .find_row = finders[row][largest],
                    .step = t->map[op][row][MGK_VV],
                    .equal = t->map[MGK_OP_EQUAL][row][MGK_VV],
                    .not_equal = t->map[MGK_OP_NOT_EQUAL][row][MGK_VV],
                    .isnan = mg_dtype_is_float(dtype) ? t->map[MGK_OP_ISNAN][row][MGK_VV] : NULL,
                    .reduce = t->reduce[op][row],
                    .blocks = t->blocks[op][row],
                    .columns = t->columns[op][row],
                    .widen = row == dtype ? NULL : t->converts->to[dtype][row],
                    .largest = largest,
                    .bytes = (size_t)elements * mg_dtype_size(dtype)};
}

static bool is_nan(const search *s, const void *value) {
    return s->row == MG_F32 ? isnan(*(const float *)value) : s->row == MG_F64 && isnan(*(const double *)value);
}

/* The best so far: its value as a row has it, and where it stands. */
typedef struct best {
    _Alignas(8) char value[8];
    int64_t at; /* -1: nothing yet */
} best;

/* Whether a value that stands behind the best one replaces it. */
static bool take(const search *s, best *b, const char *value, int64_t at) {
    _Alignas(8) char both[16];
    memcpy(both, b->value, s->size);
    memcpy(both + s->size, value, s->size);
    if (b->at >= 0 && s->find_row(both, 2, 1) == 0) return false;
    memcpy(b->value, value, s->size);
    b->at = at;
    return true;
}

/* The extreme of n > few elements of a row: the lanes of a reduction, folded. */
static void extreme(const search *s, const char *x, int64_t n, char *value) {
    _Alignas(64) char lanes[MGK_REDUCE_LANE_BYTES];
    const size_t count = MGK_REDUCE_LANES(s->size);
    memcpy(lanes, x, sizeof lanes);
    s->reduce(lanes, x + sizeof lanes, (size_t)n - count, count);
    for (size_t half = count / 2; half > 0; half /= 2)
        s->step(half, (void *[]){lanes}, (const void *[]){lanes, lanes + half * s->size}, NULL);
    memcpy(value, lanes, s->size);
}

/* Where `value`, which is there, first stands in a row: numbers by ==, for which the zeros are one; a NaN as such. */
static int64_t first_of(const search *s, const char *x, int64_t n, const void *value) {
    _Alignas(64) char same[EQUAL * 8];
    bool found[EQUAL];
    const bool nan = is_nan(s, value);
    mgr_kernels()->moves->fill[s->size == 8 ? 3 : s->size == 4 ? 2 : s->size == 2 ? 1 : 0](EQUAL, same, value);
    for (int64_t i = 0; i < n; i += EQUAL) {
        const size_t m = (size_t)(n - i < EQUAL ? n - i : EQUAL);
        const void *const in[] = {x + (size_t)i * s->size, same};
        (nan ? s->isnan : s->equal)(m, (void *[]){found}, in, NULL);
        const bool *hit = memchr(found, true, m);
        if (hit) return i + (hit - found);
    }
    return 0;
}

/* A stretch of at most WIDENED elements of 16-bit floats. */
static void look_at_widened(const search *s, const char *x, int64_t n, int64_t at, best *b) {
    _Alignas(64) char wide[WIDENED * sizeof(float)];
    char value[8];
    s->widen((size_t)n, wide, x);
    if (n > s->few)
        extreme(s, wide, n, value);
    else
        memcpy(value, wide + (size_t)s->find_row(wide, n, 1) * s->size, s->size);
    best candidate = *b;
    if (take(s, &candidate, value, at)) {
        candidate.at = at + first_of(s, wide, n, value);
        *b = candidate;
    }
}

static void search_widened(const search *s, const char *x, int64_t n, best *b) {
    for (int64_t i = 0; i < n && !(b->at >= 0 && is_nan(s, b->value)); i += WIDENED)
        look_at_widened(s, x + (size_t)i * s->item, n - i < WIDENED ? n - i : WIDENED, i, b);
}

static void reduce_blocks(const search *s, char *extremes, const char *x, size_t blocks) {
    const mgr_reading reading = mgr_reading_begin((uintptr_t)s->blocks, s->bytes, blocks);
    s->blocks(blocks, extremes, x, reading.runs);
    mgr_reading_end(reading, blocks);
}

/* Blocks by their own kernel, then a last piece; what won is looked through once more, mostly in a cache. */
static void search_row(const search *s, const char *x, int64_t n, best *b) {
    const int64_t block = (int64_t)MGK_REDUCE_BLOCK(s->size), whole = n / block;
    _Alignas(64) char extremes[GROUP * 8];
    char value[8];
    for (int64_t i = 0; i < whole && !(b->at >= 0 && is_nan(s, b->value)); i += GROUP) {
        const int64_t m = whole - i < GROUP ? whole - i : GROUP;
        reduce_blocks(s, extremes, x + (size_t)(i * block) * s->size, (size_t)m);
        const int64_t k = s->find_row(extremes, m, 1);
        take(s, b, extremes + (size_t)k * s->size, (i + k) * block);
    }
    const int64_t rest = n - whole * block;
    const char *tail = x + (size_t)(whole * block) * s->size;
    if (rest > s->few)
        extreme(s, tail, rest, value);
    else if (rest > 0)
        memcpy(value, tail + (size_t)s->find_row(tail, rest, 1) * s->size, s->size);
    if (rest > 0 && !(b->at >= 0 && is_nan(s, b->value))) take(s, b, value, whole * block);
    const int64_t within = b->at == whole * block ? rest : block;
    b->at += first_of(s, x + (size_t)b->at * s->size, within, b->value);
}

/* Rows of whole blocks, together at most GROUP of them, all reduced before the first is looked through: memory is then
 * read in one go. */
static void search_short_rows(const search *s, const char *x, int64_t rows, int64_t length, int64_t *found) {
    const int64_t block = (int64_t)MGK_REDUCE_BLOCK(s->size), blocks = length / block;
    _Alignas(64) char extremes[GROUP * 8];
    reduce_blocks(s, extremes, x, (size_t)(rows * blocks));
    for (int64_t o = 0; o < rows; o++) {
        const char *own = extremes + (size_t)(o * blocks) * s->size;
        const int64_t k = s->find_row(own, blocks, 1), at = o * length + k * block;
        found[o] = k * block + first_of(s, x + (size_t)at * s->size, block, own + (size_t)k * s->size);
    }
}

static best search_piece(const search *s, const char *x, int64_t n) {
    best b = {.at = -1};
    (s->widen ? search_widened : search_row)(s, x, n, &b);
    return b;
}

/* ---- Rows ---- */

typedef struct job {
    search search;
    int64_t length, inner, width; /* width: columns at a time */
    int64_t piece;                /* elements of a piece of a long row */
    size_t item;
    const char *x;
    char *dx;
    int64_t *found;
    best *bests;
    const int64_t *index;
} job;

/* Rows to reduce together: what half of L2 holds. 1: rows are searched one by one. */
static int64_t rows_together(const job *j) {
    const search *s = &j->search;
    const int64_t block = (int64_t)MGK_REDUCE_BLOCK(s->size), row = j->length * (int64_t)j->item;
    const int64_t fit = (int64_t)mgr_cpu_caches()->l2 / 2 / row, most = GROUP * block / j->length;
    return s->widen || j->length % block != 0 ? 1 : fit < most ? fit : most;
}

static void find_rows(int64_t begin, int64_t end, int worker, void *context) {
    const job *j = context;
    const int64_t together = rows_together(j);
    (void)worker;
    for (int64_t o = begin, n; o < end; o += n) {
        const char *row = j->x + (size_t)(o * j->length) * j->item;
        n = together < 1 ? 1 : together < end - o ? together : end - o;
        if (n > 1)
            search_short_rows(&j->search, row, n, j->length, j->found + o);
        else
            j->found[o] = j->length > j->search.few ? search_piece(&j->search, row, j->length).at
                                                    : j->search.find(row, j->length, 1);
    }
}

static void find_pieces(int64_t begin, int64_t end, int worker, void *context) {
    const job *j = context;
    (void)worker;
    for (int64_t p = begin; p < end; p++) {
        const int64_t first = p * j->piece, n = j->length - first < j->piece ? j->length - first : j->piece;
        j->bests[p] = search_piece(&j->search, j->x + (size_t)first * j->item, n);
        j->bests[p].at += first;
    }
}

/* Few long rows: each in pieces for all threads, whose results are compared in order. */
static void find_in_pieces(job j, int64_t outer) {
    enum { PIECES = 64 };
    best bests[PIECES];
    const int64_t block = (int64_t)MGK_REDUCE_BLOCK(j.search.size);
    const int64_t grain = MGR_ARGREDUCE_GRAIN > j.length / PIECES ? MGR_ARGREDUCE_GRAIN : j.length / PIECES;
    j.piece = (grain + block) / block * block;
    j.bests = bests;
    const char *x = j.x;
    for (int64_t o = 0; o < outer; o++) {
        const int64_t pieces = (j.length + j.piece - 1) / j.piece;
        j.x = x + (size_t)(o * j.length) * j.item;
        mgr_parallel_for(pieces, 1, find_pieces, &j);
        for (int64_t p = 1; p < pieces; p++) take(&j.search, &bests[0], bests[p].value, bests[p].at);
        j.found[o] = bests[0].at;
    }
}

static mg_status check(mg_dtype dtype, bool largest, int64_t length) {
    if (dtype <= MG_DTYPE_NONE || dtype >= MG_DTYPE_COUNT)
        return mgr_fail(MG_ERR_TYPE, largest ? "argmax" : "argmin", "no dtype has the number %d", (int)dtype);
    if (length < 1)
        return mgr_fail(MG_ERR_VALUE, largest ? "argmax" : "argmin", "a row of length %lld has no extreme",
                        (long long)length);
    return MG_OK;
}

mg_status mgr_argextremum(mg_dtype dtype, bool largest, int64_t outer, int64_t length, const void *x, int64_t *index) {
    if (check(dtype, largest, length) != MG_OK) return mgr_error();
    job j = {.search = search_of(dtype, largest, outer * length),
             .length = length,
             .item = mg_dtype_size(dtype),
             .x = x,
             .found = index};
    if (outer < 2 * mgr_num_threads() && length >= 2 * MGR_ARGREDUCE_GRAIN && length > j.search.few)
        find_in_pieces(j, outer);
    else
        mgr_parallel_for(outer, MGR_ARGREDUCE_GRAIN / length + 1, find_rows, &j);
    return MG_OK;
}

/* ---- Columns ---- */

/* Columns are searched ROWS rows at a time: the extremes so far with all of these, and where they changed the rows are
 * noted. At the end a column's rows are searched one by one; a column that has a NaN from its start. */
enum { ROWS = 16, STRIP_BYTES = 4096, STRIP = 1024 };

typedef struct strip {
    const search *s;
    const char *x;                       /* row 0 */
    int64_t apart, n;                    /* bytes between rows; columns */
    _Alignas(64) char best[STRIP_BYTES]; /* of the rows so far, */
    _Alignas(64) char next[STRIP_BYTES]; /* and of some more */
    int64_t at[STRIP];                   /* the rows it is among, by ROWS */
    bool changed[STRIP];
} strip;

/* Row k as kernels see it: in memory, or in `wide`. */
static const char *strip_row(const strip *t, int64_t k, char *wide) {
    const char *row = t->x + k * t->apart;
    if (!t->s->widen) return row;
    t->s->widen((size_t)t->n, wide, row);
    return wide;
}

static void look_at_rows(strip *t, int64_t k, int64_t n) {
    _Alignas(64) char wide[STRIP_BYTES];
    const search *s = t->s;
    const size_t columns = (size_t)t->n;
    memcpy(t->next, t->best, columns * s->size);
    int64_t i = 0;
    for (const char *row = t->x + k * t->apart; !s->widen && i + 4 <= n; i += 4, row += 4 * t->apart)
        s->columns(columns, t->next, (const void *[]){row, row + t->apart, row + 2 * t->apart, row + 3 * t->apart});
    for (; i < n; i++)
        s->step(columns, (void *[]){t->next}, (const void *[]){t->next, strip_row(t, k + i, wide)}, NULL);
    s->not_equal(columns, (void *[]){t->changed}, (const void *[]){t->next, t->best}, NULL);
    const bool *end = t->changed + columns;
    for (const bool *c = t->changed; (c = memchr(c, true, (size_t)(end - c))) != NULL; c++) t->at[c - t->changed] = k;
    memcpy(t->best, t->next, columns * s->size);
}

static void search_strip(strip *t, int64_t length, int64_t *found) {
    const search *s = t->s;
    memcpy(t->best, strip_row(t, 0, t->next), (size_t)t->n * s->size);
    memset(t->at, 0, sizeof t->at);
    for (int64_t k = 0; k < length; k += ROWS) look_at_rows(t, k, length - k < ROWS ? length - k : ROWS);
    for (int64_t c = 0; c < t->n; c++) {
        const bool nan = is_nan(s, t->best + (size_t)c * s->size);
        const int64_t k = nan ? 0 : t->at[c], n = nan || length - k < ROWS ? length - k : ROWS;
        const char *from = t->x + k * t->apart + c * (int64_t)s->item;
        found[c] = k + s->find(from, n, t->apart / (int64_t)s->item);
    }
}

static void find_strips(int64_t begin, int64_t end, int worker, void *context) {
    const job *j = context;
    const int64_t strips = (j->inner + j->width - 1) / j->width;
    strip t = {.s = &j->search, .apart = j->inner * (int64_t)j->item};
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const int64_t o = i / strips, first = i % strips * j->width;
        t.n = j->inner - first < j->width ? j->inner - first : j->width;
        t.x = j->x + o * j->length * t.apart + first * (int64_t)j->item;
        search_strip(&t, j->length, j->found + o * j->inner + first);
    }
}

mg_status mgr_argextremum_columns(mg_dtype dtype, bool largest, int64_t outer, int64_t length, int64_t inner,
                                  const void *x, int64_t *index) {
    if (check(dtype, largest, length) != MG_OK) return mgr_error();
    job j = {.search = search_of(dtype, largest, outer * length * inner),
             .length = length,
             .inner = inner,
             .item = mg_dtype_size(dtype),
             .x = x,
             .found = index};
    j.width = STRIP_BYTES / (int64_t)j.search.size < STRIP ? STRIP_BYTES / (int64_t)j.search.size : STRIP;
    while (j.width > 128 && outer * ((inner + j.width - 1) / j.width) < mgr_num_threads()) j.width /= 2;
    const int64_t strips = (inner + j.width - 1) / j.width;
    mgr_parallel_for(outer * strips, MGR_ARGREDUCE_GRAIN / (length * j.width) + 1, find_strips, &j);
    return MG_OK;
}

/* ---- The gradient ---- */

static void scatter_rows(int64_t begin, int64_t end, int worker, void *context) {
    const job *j = context;
    size_t row = (size_t)j->length * j->item;
    (void)worker;
    memset(j->dx + (size_t)begin * row, 0, (size_t)(end - begin) * row);
    for (int64_t o = begin; o < end; o++)
        memcpy(j->dx + (size_t)o * row + (size_t)j->index[o] * j->item, j->x + (size_t)o * j->item, j->item);
}

mg_status mgr_scatter_row(mg_dtype dtype, int64_t outer, int64_t length, const void *g, const int64_t *index,
                          void *dx) {
    if (mg_dtype_size(dtype) == 0) return mgr_fail(MG_ERR_TYPE, NULL, "no dtype has the number %d", (int)dtype);
    job j = {.length = length, .item = mg_dtype_size(dtype), .x = g, .dx = dx, .index = index};
    mgr_parallel_for(outer, length > 0 ? MGR_ARGREDUCE_GRAIN / length + 1 : outer, scatter_rows, &j);
    return MG_OK;
}
