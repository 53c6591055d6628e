/* SPDX-License-Identifier: MIT
 * Positions of extremes per row, and the scatter that is their gradient. Rows in parallel; a row belongs to one thread.
 */
#include "runtime/extremum.h"
#include "runtime/parallel.h"
#include "runtime/rows.h"
#include "runtime/sizes.h"
#include "runtime/status.h"

#include <string.h>

typedef int64_t find_fn(const void *row, int64_t length);

#define BEATS_LARGEST(v, best)  ((v) > (best))
#define BEATS_SMALLEST(v, best) ((v) < (best))

/* A NaN ends the search, so it is never compared with. */
#define FIND(function, type, key_type, key, is_nan, beats)                                                             \
    static int64_t function(const void *row, int64_t length) {                                                         \
        const type *x = row;                                                                                           \
        key_type best = key(x[0]);                                                                                     \
        int64_t at = 0;                                                                                                \
        if (is_nan(best)) return 0;                                                                                    \
        for (int64_t i = 1; i < length; i++) {                                                                         \
            key_type v = key(x[i]);                                                                                    \
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

typedef struct job {
    find_fn *find;
    int64_t length;
    size_t item;
    const char *x;
    char *dx;
    int64_t *found;
    const int64_t *index;
} job;

static void find_rows(int64_t begin, int64_t end, int worker, void *context) {
    const job *j = context;
    (void)worker;
    for (int64_t o = begin; o < end; o++) j->found[o] = j->find(j->x + (size_t)(o * j->length) * j->item, j->length);
}

mg_status mgr_argextremum(mg_dtype dtype, bool largest, int64_t outer, int64_t length, const void *x, int64_t *index) {
    if (dtype <= MG_DTYPE_NONE || dtype >= MG_DTYPE_COUNT)
        return mgr_fail(MG_ERR_TYPE, largest ? "argmax" : "argmin", "no dtype has the number %d", (int)dtype);
    if (length < 1)
        return mgr_fail(MG_ERR_VALUE, largest ? "argmax" : "argmin", "a row of length %lld has no extreme",
                        (long long)length);
    job j = {.find = finders[dtype][largest], .length = length, .item = mg_dtype_size(dtype), .x = x, .found = index};
    mgr_parallel_for(outer, MGR_ARGREDUCE_GRAIN / length + 1, find_rows, &j);
    return MG_OK;
}

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
