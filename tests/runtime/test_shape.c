/* SPDX-License-Identifier: MIT
 * Shapes and strides against naive walks over index tuples: interning, broadcast, reshape, extent, coalescing, and the
 * table under threads. */
#include "harness.h"
#include "runtime/memory.h"
#include "runtime/shape.h"
#include "runtime/status.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 20000 }; /* elements of a walked array */

static const mgr_shape *get(int ndim, const int64_t *dims) {
    const mgr_shape *shape = mgr_shape_get(ndim, dims);
    CHECK(shape != NULL);
    return shape;
}

/* Byte offsets of all elements in C order; the oracle of this file. Returns how many. */
static int64_t walk(int ndim, const int64_t *dims, const int64_t *strides, int64_t *offsets) {
    int64_t index[MG_MAX_NDIM] = {0}, count = 0;
    for (int i = 0; i < ndim; i++)
        if (dims[i] == 0) return 0;
    for (;;) {
        int64_t offset = 0;
        for (int i = 0; i < ndim; i++) offset += index[i] * strides[i];
        offsets[count++] = offset;
        int axis = ndim - 1;
        while (axis >= 0 && ++index[axis] == dims[axis]) index[axis--] = 0;
        if (axis < 0) return count;
    }
}

/* Random dims with few elements, many ones and sometimes a zero. */
static int random_dims(mg_test_rng *rng, int64_t *dims) {
    int ndim = (int)mg_test_int(rng, 0, 6);
    int64_t size = 1;
    for (int i = 0; i < ndim; i++) {
        int64_t kind = mg_test_int(rng, 0, 9);
        dims[i] = kind < 3 ? 1 : kind == 3 && mg_test_int(rng, 0, 3) == 0 ? 0 : mg_test_int(rng, 2, 5);
        if (size * dims[i] > MOST) dims[i] = 1;
        size *= dims[i];
    }
    return ndim;
}

/* Strides of a random view: permuted, reversed, stretched, stepped. */
static void random_strides(mg_test_rng *rng, int ndim, const int64_t *dims, int64_t *strides) {
    int order[MG_MAX_NDIM];
    int64_t stride = 4;
    for (int i = 0; i < ndim; i++) order[i] = i;
    if (mg_test_int(rng, 0, 1))
        for (int i = ndim - 1; i > 0; i--) {
            int j = (int)mg_test_int(rng, 0, i), t = order[i];
            order[i] = order[j];
            order[j] = t;
        }
    for (int k = ndim; k-- > 0;) {
        int axis = order[k];
        strides[axis] = stride;
        stride *= dims[axis] ? dims[axis] : 1;
        if (mg_test_int(rng, 0, 5) == 0) stride *= 2;
        if (mg_test_int(rng, 0, 7) == 0) strides[axis] = -strides[axis];
        if (mg_test_int(rng, 0, 7) == 0) strides[axis] = 0;
    }
}

MG_TEST(shape, interned_and_counted) {
    int64_t dims[] = {2, 3, 4}, other[] = {2, 3, 5};
    const mgr_shape *a = get(3, dims), *b = get(3, dims), *c = get(3, other), *d = get(0, NULL);
    CHECK(a == b && a != c && d->ndim == 0);
    CHECK_EQ_I64(a->size, 24);
    CHECK_EQ_I64(d->size, 1);
    CHECK_EQ_I64(a->dims[2], 4);
    CHECK(get(2, dims) != a);
    mgr_shape_release(get(2, dims));
    mgr_shape_release(get(2, dims));
    mgr_shape_retain(a);
    for (int i = 0; i < 3; i++) mgr_shape_release(a);
    mgr_shape_release(c);
    mgr_shape_release(d);
    mgr_shape_release(NULL);
}

static void expect_error(int ndim, const int64_t *dims, const char *part) {
    mgr_error_record record;
    CHECK(mgr_shape_get(ndim, dims) == NULL);
    CHECK(mgr_error_take(&record));
    CHECK_EQ_I64(record.code, MG_ERR_VALUE);
    CHECK_CONTAINS(record.message, part);
}

MG_TEST(shape, bad_dims_are_value_errors) {
    int64_t many[MG_MAX_NDIM + 1];
    for (int i = 0; i <= MG_MAX_NDIM; i++) many[i] = 1;
    mgr_error_take(NULL);
    expect_error(MG_MAX_NDIM + 1, many, "33");
    expect_error(-1, many, "-1");
    expect_error(2, (int64_t[]){3, -2}, "(3, -2)");
    expect_error(2, (int64_t[]){INT64_C(1) << 31, INT64_C(1) << 31}, "(2147483648, 2147483648)");
    expect_error(3, (int64_t[]){0, INT64_C(1) << 31, INT64_C(1) << 31}, "larger");
    expect_error(1, (int64_t[]){INT64_MAX}, "9223372036854775807");
    mgr_shape_release(get(MG_MAX_NDIM, many));
    const mgr_shape *largest = get(2, (int64_t[]){INT64_C(1) << 30, INT64_C(1) << 29});
    CHECK_EQ_I64(largest->size, INT64_C(1) << 59);
    mgr_shape_release(largest);
}

MG_TEST(shape, texts) {
    char text[MGR_SHAPE_TEXT];
    int64_t huge[MG_MAX_NDIM];
    CHECK_EQ_STR(mgr_dims_text(0, NULL, text), "()");
    CHECK_EQ_STR(mgr_dims_text(1, (int64_t[]){3}, text), "(3,)");
    CHECK_EQ_STR(mgr_dims_text(2, (int64_t[]){2, 3}, text), "(2, 3)");
    for (int i = 0; i < MG_MAX_NDIM; i++) huge[i] = INT64_MIN;
    mgr_dims_text(MG_MAX_NDIM, huge, text);
    CHECK(strlen(text) < MGR_SHAPE_TEXT);
    CHECK_EQ_STR(text + strlen(text) - 4, "...)");
    const mgr_shape *shape = get(2, (int64_t[]){7, 0});
    CHECK_EQ_STR(mgr_shape_text(shape, text), "(7, 0)");
    mgr_shape_release(shape);
}

MG_TEST(shape, axes) {
    mgr_error_record record;
    CHECK_EQ_I64(mgr_axis("sum", 0, 3), 0);
    CHECK_EQ_I64(mgr_axis("sum", -1, 3), 2);
    CHECK_EQ_I64(mgr_axis("sum", -3, 3), 0);
    CHECK_EQ_I64(mgr_axis("sum", 3, 3), -1);
    CHECK(mgr_error_take(&record));
    CHECK_EQ_I64(record.code, MG_ERR_INDEX);
    CHECK_EQ_STR(record.op, "sum");
    CHECK_CONTAINS(record.message, "axis 3");
    CHECK_EQ_I64(mgr_axis("sum", 0, 0), -1);
    mgr_error_take(NULL);
}

/* Element k of the result must come from the operand's element with the same index, 0 on axes of length 1. */
static void check_broadcast_strides(const mgr_shape *from, const mgr_shape *to, mg_test_rng *rng) {
    int64_t strides[MG_MAX_NDIM], out[MG_MAX_NDIM], index[MG_MAX_NDIM];
    static int64_t offsets[MOST];
    random_strides(rng, from->ndim, from->dims, strides);
    mgr_strides_broadcast(from, strides, to, out);
    int64_t count = walk(to->ndim, to->dims, out, offsets);
    CHECK_EQ_I64(count, to->size);
    for (int64_t k = 0; k < count; k++) {
        int64_t rest = k, expected = 0;
        for (int i = to->ndim; i-- > 0; rest /= to->dims[i]) index[i] = rest % to->dims[i];
        for (int i = 0; i < from->ndim; i++)
            if (from->dims[i] != 1) expected += index[i + to->ndim - from->ndim] * strides[i];
        CHECK_EQ_I64(offsets[k], expected);
    }
}

MG_TEST(shape, broadcast_as_numpy) {
    mg_test_rng rng = mg_test_rng_new();
    for (int i = 0; i < mg_test_times(20000); i++) {
        int64_t a[MG_MAX_NDIM], b[MG_MAX_NDIM], expected[MG_MAX_NDIM];
        int na = random_dims(&rng, a), nb, n;
        bool fits = true;
        if (mg_test_int(&rng, 0, 2)) { /* mostly something that fits: a tail of a with some ones */
            int skip = (int)mg_test_int(&rng, 0, na);
            nb = na - skip;
            for (int k = 0; k < nb; k++) b[k] = mg_test_int(&rng, 0, 2) ? a[skip + k] : 1;
        } else
            nb = random_dims(&rng, b);
        n = na > nb ? na : nb;
        for (int k = 0; k < n; k++) {
            int64_t da = k < n - na ? 1 : a[k - (n - na)], db = k < n - nb ? 1 : b[k - (n - nb)];
            if (da == db || db == 1)
                expected[k] = da;
            else if (da == 1)
                expected[k] = db;
            else
                fits = false;
        }
        const mgr_shape *sa = get(na, a), *sb = get(nb, b), *out = mgr_shape_broadcast("add", sa, sb);
        if (fits) {
            const mgr_shape *right = get(n, expected);
            CHECK(out == right);
            if (out->size <= MOST) check_broadcast_strides(sb, out, &rng);
            mgr_shape_release(right);
        } else {
            mgr_error_record record;
            char text[MGR_SHAPE_TEXT];
            CHECK(out == NULL && mgr_error_take(&record));
            CHECK_EQ_STR(record.op, "add");
            CHECK_CONTAINS(record.message, mgr_shape_text(sa, text));
            CHECK_CONTAINS(record.message, mgr_shape_text(sb, text));
        }
        mgr_shape_release(out);
        mgr_shape_release(sa);
        mgr_shape_release(sb);
    }
}

MG_TEST(shape, contiguous_and_extent) {
    static int64_t offsets[MOST];
    mg_test_rng rng = mg_test_rng_new();
    for (int i = 0; i < mg_test_times(5000); i++) {
        int64_t dims[MG_MAX_NDIM], strides[MG_MAX_NDIM], low, high, low_seen = 0, high_seen = 0;
        const mgr_shape *shape = get(random_dims(&rng, dims), dims);
        mgr_strides_contiguous(shape, 4, strides);
        int64_t count = walk(shape->ndim, dims, strides, offsets);
        for (int64_t k = 0; k < count; k++) CHECK_EQ_I64(offsets[k], 4 * k);
        for (int k = 0; k < shape->ndim; k++)
            if (dims[k] == 1) strides[k] = 999; /* free */
        CHECK(mgr_strides_are_contiguous(shape, 4, strides));
        random_strides(&rng, shape->ndim, dims, strides);
        count = walk(shape->ndim, dims, strides, offsets);
        bool contiguous = true;
        for (int64_t k = 0; k < count; k++) {
            contiguous &= offsets[k] == 4 * k;
            if (offsets[k] < low_seen) low_seen = offsets[k];
            if (offsets[k] + 4 > high_seen) high_seen = offsets[k] + 4;
        }
        CHECK_EQ_I64(mgr_strides_are_contiguous(shape, 4, strides), contiguous);
        mgr_strides_extent(shape, 4, strides, &low, &high);
        CHECK_EQ_I64(low, low_seen);
        CHECK_EQ_I64(high, high_seen);
        mgr_shape_release(shape);
    }
}

/* A random factorisation of `size` into dims, with ones thrown in. */
static int refactor(mg_test_rng *rng, int64_t size, int64_t *dims) {
    int n = 0;
    while (size > 1 && n < 8) {
        int64_t d = mg_test_int(rng, 1, 12);
        if (mg_test_int(rng, 0, 9) == 0) d = size;
        if (d == 1 && mg_test_int(rng, 0, 2)) continue;
        if (size % d) continue;
        dims[n++] = d;
        size /= d;
    }
    if (size > 1 || n == 0) dims[n++] = size;
    if (n < 12 && mg_test_int(rng, 0, 3) == 0) dims[n++] = 1;
    return n;
}

/* Whether strides for `dims` exist that give these offsets in C order: axis by axis the stride is forced by one
 * element. */
static bool strides_exist(int ndim, const int64_t *dims, const int64_t *offsets, int64_t *scratch) {
    int64_t strides[MG_MAX_NDIM], block = 1;
    for (int i = ndim; i-- > 0;) {
        strides[i] = dims[i] > 1 ? offsets[block] - offsets[0] : 0;
        block *= dims[i];
    }
    int64_t count = walk(ndim, dims, strides, scratch);
    for (int64_t k = 0; k < count; k++)
        if (scratch[k] != offsets[k]) return false;
    return true;
}

MG_TEST(shape, reshape_without_copy_when_possible) {
    static int64_t offsets[MOST], seen[MOST];
    mg_test_rng rng = mg_test_rng_new();
    int64_t yes = 0, no = 0;
    for (int i = 0; i < mg_test_times(20000); i++) {
        int64_t dims[MG_MAX_NDIM], strides[MG_MAX_NDIM], to[MG_MAX_NDIM], out[MG_MAX_NDIM];
        const mgr_shape *from = get(random_dims(&rng, dims), dims);
        random_strides(&rng, from->ndim, dims, strides);
        int n = 2;
        if (from->size == 0) {
            to[0] = 0;
            to[1] = 5;
        } else
            n = refactor(&rng, from->size, to);
        const mgr_shape *target = get(n, to);
        bool possible = mgr_strides_reshape(from, strides, target, out);
        if (from->size == 0) {
            CHECK(possible);
        } else {
            int64_t count = walk(from->ndim, dims, strides, offsets);
            CHECK_EQ_I64(possible, strides_exist(n, to, offsets, seen));
            if (possible) {
                CHECK_EQ_I64(walk(n, to, out, seen), count);
                CHECK_EQ_MEM(seen, offsets, (size_t)count * sizeof *seen);
            }
            *(possible ? &yes : &no) += 1;
        }
        mgr_shape_release(from);
        mgr_shape_release(target);
    }
    CHECK_MSG(yes > no / 20 && no > yes / 20, "one-sided inputs: %lld possible, %lld not", (long long)yes,
              (long long)no);
    const mgr_shape *a = get(1, (int64_t[]){6}), *b = get(1, (int64_t[]){5});
    int64_t stride = 4, out;
    CHECK(!mgr_strides_reshape(a, &stride, b, &out));
    mgr_shape_release(a);
    mgr_shape_release(b);
}

/* What merging may not change: every operand's walk, and which elements lie on which side of a barrier. */
static void check_coalesced(int ndim, const int64_t *dims, int n, int64_t (*strides)[MG_MAX_NDIM], uint64_t barrier) {
    static int64_t before[MOST], after[MOST];
    int64_t new_dims[MG_MAX_NDIM], new_strides[3][MG_MAX_NDIM], inner = 1;
    uint64_t new_barrier = barrier, seen = 0;
    memcpy(new_dims, dims, sizeof new_dims);
    memcpy(new_strides, strides, sizeof new_strides);
    int m = mgr_coalesce(ndim, new_dims, n, new_strides, &new_barrier);
    CHECK(m >= (ndim > 0) && m <= (ndim > 0 ? ndim : 0));
    for (int op = 0; op < n; op++) {
        int64_t count = walk(ndim, dims, strides[op], before);
        CHECK_EQ_I64(walk(m, new_dims, new_strides[op], after), count);
        CHECK_EQ_MEM(after, before, (size_t)count * sizeof *after);
    }
    for (int i = 0; i < m; i++) CHECK(new_dims[i] != 1 || m == 1);
    /* A barrier with longer axes on both sides sits before the axis whose inner size it had. */
    int64_t total = 1, outer = 1;
    for (int i = 0; i < ndim; i++) total *= dims[i];
    if (total == 0) return;
    for (int i = ndim; i-- > 0;) {
        inner *= dims[i];
        if (!(barrier >> i & 1) || inner == 1 || inner == total) continue;
        int at = m;
        for (outer = 1; at > 0 && outer < inner;) outer *= new_dims[--at];
        CHECK_EQ_I64(outer, inner);
        CHECK_MSG(new_barrier >> at & 1, "barrier before axis %d is lost", i);
        seen |= UINT64_C(1) << at;
    }
    CHECK_EQ_U64(new_barrier, seen);
    /* Nothing mergeable is left. */
    for (int i = 1; i < m; i++) {
        bool mergeable = !(new_barrier >> i & 1);
        for (int op = 0; op < n; op++) mergeable &= new_strides[op][i - 1] == new_strides[op][i] * new_dims[i];
        CHECK_MSG(!mergeable, "axes %d and %d could be one", i - 1, i);
    }
}

MG_TEST(shape, coalesce_keeps_the_walk) {
    mg_test_rng rng = mg_test_rng_new();
    for (int i = 0; i < mg_test_times(20000); i++) {
        int64_t dims[MG_MAX_NDIM] = {0}, strides[3][MG_MAX_NDIM] = {{0}};
        int ndim = random_dims(&rng, dims), n = (int)mg_test_int(&rng, 0, 3);
        for (int op = 0; op < n; op++) {
            random_strides(&rng, ndim, dims, strides[op]);
            if (mg_test_int(&rng, 0, 1)) { /* contiguous ones merge */
                int64_t stride = 8;
                for (int k = ndim; k-- > 0; stride *= dims[k]) strides[op][k] = stride;
            }
        }
        uint64_t barrier = mg_test_int(&rng, 0, 1) ? mg_test_u64(&rng) & 0x3f : 0;
        check_coalesced(ndim, dims, n, strides, barrier);
    }
}

MG_TEST(shape, coalesce_without_barriers) {
    int64_t dims[] = {1, 2, 3, 1, 4}, strides[1][MG_MAX_NDIM] = {{7, 48, 16, 5, 4}};
    CHECK_EQ_I64(mgr_coalesce(5, dims, 1, strides, NULL), 1);
    CHECK_EQ_I64(dims[0], 24);
    CHECK_EQ_I64(strides[0][0], 4);
    int64_t ones[] = {1, 1};
    CHECK_EQ_I64(mgr_coalesce(2, ones, 1, strides, NULL), 1);
    CHECK_EQ_I64(mgr_coalesce(0, ones, 1, strides, NULL), 0);
}

MG_TEST(shape, unused_shapes_stay_bounded) {
    for (int64_t i = 0; i < 20000; i++) mgr_shape_release(get(2, (int64_t[]){i, 3}));
    CHECK_MSG(mgr_shape_live() < 2500, "%zu shapes", mgr_shape_live());
}

MG_TEST(shape, held_shapes_survive_sweeps) {
    enum { HELD = 3000 };
    static const mgr_shape *held[HELD];
    size_t before = mgr_shape_live();
    for (int64_t i = 0; i < HELD; i++) held[i] = get(3, (int64_t[]){i, 7, 9});
    CHECK(mgr_shape_live() >= HELD);
    for (int64_t i = 0; i < 10000; i++) mgr_shape_release(get(2, (int64_t[]){i, 4}));
    for (int64_t i = 0; i < HELD; i++) {
        const mgr_shape *again = get(3, (int64_t[]){i, 7, 9});
        CHECK(again == held[i] && again->dims[0] == i && again->size == i * 63);
        mgr_shape_release(again);
        mgr_shape_release(again);
    }
    for (int64_t i = 0; i < 5000; i++) mgr_shape_release(get(2, (int64_t[]){i, 5}));
    CHECK_MSG(mgr_shape_live() <= before + 2500, "%zu shapes", mgr_shape_live());
}

/* ---- without memory: no shape, an error, and nothing lost ---- */

static int until_failure;

static void *failing_alloc(size_t bytes, size_t alignment, void *context) {
    void *p = NULL;
    (void)context;
    return until_failure-- > 0 && posix_memalign(&p, alignment, bytes) == 0 ? p : NULL;
}

static void failing_free(void *p, size_t bytes, void *context) {
    (void)bytes;
    (void)context;
    free(p);
}

static void *intern_many(void *result) {
    enum { N = 1500 };
    static const mgr_shape *held[N];
    int *failures = result;
    for (int64_t i = 0; i < N; i++) {
        held[i] = mgr_shape_get(2, (int64_t[]){i + 100000, 11});
        bool told = mgr_error_take(NULL);
        if (!held[i]) ++*failures;
        if (told == (held[i] != NULL) || (held[i] && held[i]->size != (i + 100000) * 11)) *failures = -1000000;
    }
    for (int64_t i = 0; i < N; i++) mgr_shape_release(held[i]);
    return NULL;
}

MG_TEST(shape, any_allocation_may_fail) {
    mgr_allocator failing = {failing_alloc, failing_free, NULL};
    int failures = 0, rounds_with_failures = 0;
    for (int n = 0; n < 40; n++) {
        pthread_t thread; /* with empty caches */
        failures = 0;
        until_failure = n;
        mgr_set_allocator(&failing);
        pthread_create(&thread, NULL, intern_many, &failures);
        pthread_join(thread, NULL);
        mgr_set_allocator(NULL);
        CHECK_MSG(failures >= 0, "wrong error or shape after %d allocations", n);
        rounds_with_failures += failures > 0;
    }
    CHECK(rounds_with_failures > 0 && failures == 0);
}

enum { THREADS = 4 };
static int bad[THREADS];

static void *churn(void *number) {
    int id = (int)(intptr_t)number;
    mg_test_rng rng = mg_test_rng_from((uint64_t)id + mg_test_seed());
    const mgr_shape *held[64] = {0};
    for (int i = 0; i < mg_test_times(60000); i++) {
        int slot = (int)mg_test_int(&rng, 0, 63);
        int64_t dims[] = {mg_test_int(&rng, 1, 60), mg_test_int(&rng, 1, 60)};
        const mgr_shape *shape = mgr_shape_get(2, dims), *twin = mgr_shape_get(2, dims);
        bad[id] |= !shape || shape != twin || shape->dims[0] != dims[0] || shape->dims[1] != dims[1];
        bad[id] |= held[slot] && held[slot]->size != held[slot]->dims[0] * held[slot]->dims[1];
        mgr_shape_release(twin);
        mgr_shape_release(held[slot]);
        held[slot] = shape;
    }
    for (int i = 0; i < 64; i++) mgr_shape_release(held[i]);
    return NULL;
}

MG_TEST(shape, table_under_threads) {
    pthread_t threads[THREADS];
    mg_test_seed();
    for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, churn, (void *)(intptr_t)i);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        CHECK_MSG(!bad[i], "thread %d", i);
    }
    CHECK_MSG(mgr_shape_live() < 3000, "%zu shapes", mgr_shape_live());
}
