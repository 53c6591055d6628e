/* SPDX-License-Identifier: MIT
 * Gradients have the same bits, signs of zeros too, however operands lie in memory (rules A5): one expression over many
 * layouts, random programs over leaves that are views, and sums of any regions against adding them one after the
 * other. */
#include "autodiff/contribution.h"
#include "autodiff/handle.h"
#include "autodiff/thread.h"
#include "program.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- one expression, many layouts ---- */

enum { LENGTH = 12, BASE = 120 };

typedef mg_tensor *part_fn(mg_tensor *base);

static mg_tensor *plain(mg_tensor *b) { return mg_getitem(b, MG_KEY(MG_I(0))); }
static mg_tensor *reversed(mg_tensor *b) { return mg_getitem(b, MG_KEY(MG_I(1), MG_S(MG_NONE, MG_NONE, -2))); }
static mg_tensor *inner(mg_tensor *b) { return mg_getitem(b, MG_KEY(MG_S(1, 3, 1), MG_S(2, 8, 1))); }
static mg_tensor *turned(mg_tensor *b) { return mg_transpose(b, (mg_axes){0}); }
static mg_tensor *column(mg_tensor *b) { return mg_getitem(turned(b), MG_KEY(MG_I(3))); }
static mg_tensor *row_of_wide(mg_tensor *b) {
    return mg_getitem(mg_broadcast_to(b, MG_SHAPE(3, 1, LENGTH)), MG_KEY(MG_I(2), MG_I(0)));
}

/* Of bases of these shapes; x as its own base is where plain takes all of it. */
typedef struct layout {
    const char *name;
    part_fn *part;
    int ndim;
    int64_t dims[2];
} layout;

static const layout flat_layouts[] = {{"contiguous", NULL, 1, {LENGTH}},
                                      {"a row", plain, 2, {3, LENGTH}},
                                      {"[::-2]", reversed, 2, {2, 2 * LENGTH}},
                                      {"a column", column, 2, {LENGTH, 5}},
                                      {"of a broadcast", row_of_wide, 1, {LENGTH}}};
static const layout square_layouts[] = {
    {"contiguous", NULL, 2, {2, 6}}, {"inner", inner, 2, {4, 9}}, {"transposed", turned, 2, {6, 2}}};

/* A leaf of this layout, or a view of one, with these elements; *base is what the leaf is. */
static mg_tensor *laid_out(const layout *how, mg_dtype dtype, const double *values) {
    double indices[BASE], in_base[BASE], where[LENGTH];
    mg_shape shape = mg_shape_of(how->ndim, how->dims);
    for (int i = 0; i < BASE; i++) {
        indices[i] = i;
        in_base[i] = 1 + i;
    }
    mg_tensor *index = mg_set_constant(mg_from_f64(indices, shape), true);
    mg_read(how->part ? how->part(index) : index, MG_F64, where);
    for (int i = 0; i < LENGTH; i++) in_base[(int)where[i]] = values[i];
    mg_tensor *base = mg_set_constant(mg_astype(mg_from_f64(in_base, shape), dtype), false);
    return how->part ? how->part(base) : base;
}

typedef mg_tensor *expression(mg_tensor *x);

/* sin(x) + exp(x) through reshape + log(x). */
static mg_tensor *three_uses(mg_tensor *x) {
    mg_tensor *sine = mg_sin(x), *exponential = mg_exp(mg_reshape(x, MG_SHAPE(-1)));
    if (mg_ndim(x) == 2) exponential = mg_reshape(exponential, MG_SHAPE(2, 6));
    mg_tensor *s = mg_add(sine, exponential), *logarithm = mg_log(x);
    return mg_add(s, logarithm);
}

/* One reshape, which a transposed x needs a copy for, used between others, whole and in parts. */
static mg_tensor *one_reshape(mg_tensor *x) {
    mg_tensor *r = mg_reshape(x, MG_SHAPE(-1)), *a = mg_sum(mg_sin(x)), *b = mg_sum(mg_cos(r));
    mg_tensor *c = mg_sum(mg_square(mg_getitem(r, MG_KEY(MG_S(6, 12, 1))))), *d = mg_sum(mg_sqrt(x));
    mg_tensor *e = mg_sum(mg_exp(mg_getitem(r, MG_KEY(MG_S(1, 11, 3))))), *f = mg_sum(mg_exp(r));
    mg_tensor *g = mg_sum(mg_log(mg_getitem(mg_reshape(r, MG_SHAPE(3, 4)), MG_KEY(MG_S(0, 2, 1), MG_S(1, 3, 1)))));
    return mg_add(mg_add(mg_add(a, b), mg_add(c, d)), mg_add(mg_add(e, f), g));
}

/* Written between its uses: the whole, and a part. */
static mg_tensor *written(mg_tensor *x) {
    mg_tensor *before = mg_sum(mg_sin(x)), *y = mg_exp(x);
    mg_tensor *part = mg_getitem(y, MG_KEY(MG_S(0, 1, 1)));
    mg_tensor *of_y = mg_sum(mg_sqrt(y));
    mg_iadd(part, mg_scalar(2));
    mg_imultiply(part, mg_scalar(-0.5));
    mg_tensor *after = mg_sum(mg_multiply(mg_cos(y), mg_log(x)));
    return mg_add(mg_add(before, of_y), mg_add(after, mg_sum(mg_square(part))));
}

/* Contributions that are zeros: products with zeros of both signs, alone and together. */
static mg_tensor *zeros(mg_tensor *x) {
    mg_tensor *r = mg_reshape(x, MG_SHAPE(-1));
    mg_tensor *a = mg_multiply(mg_getitem(r, MG_KEY(MG_S(0, 3, 1))), mg_scalar(-0.0));
    mg_tensor *b = mg_multiply(mg_getitem(r, MG_KEY(MG_S(2, 5, 1))), mg_scalar(-0.0));
    mg_tensor *c = mg_multiply(mg_getitem(r, MG_KEY(MG_S(4, 9, 2))), mg_scalar(0.0));
    return mg_add(mg_sum(a), mg_add(mg_sum(b), mg_sum(c)));
}

static const struct {
    const char *name;
    expression *of;
} expressions[] = {{"three uses", three_uses}, {"one reshape", one_reshape}, {"written", written}, {"zeros", zeros}};

static void gradient_of(const layout *how, mg_dtype dtype, expression *of, const double *values, double *g) {
    MG_SCOPE;
    mg_tensor *x = laid_out(how, dtype, values), *f = of(x);
    CHECK(mg_backward(f) == MG_OK && mg_grad(x) && mg_read(mg_grad(x), MG_F64, g) == MG_OK);
}

static void compare_layouts(const layout *layouts, size_t n) {
    static const mg_dtype dtypes[] = {MG_F16, MG_BF16, MG_F32, MG_F64};
    mg_test_rng rng = mg_test_rng_new();
    double values[LENGTH], expected[LENGTH], g[LENGTH];
    for (int i = 0; i < 100; i++) {
        for (int k = 0; k < LENGTH; k++) values[k] = mg_test_uniform(&rng, 0.1, 3);
        for (size_t e = 0; e < sizeof expressions / sizeof *expressions; e++) {
            for (int t = 0; t < 4; t++) {
                gradient_of(&layouts[0], dtypes[t], expressions[e].of, values, expected);
                for (size_t l = 1; l < n; l++) {
                    gradient_of(&layouts[l], dtypes[t], expressions[e].of, values, g);
                    CHECK_MSG(memcmp(g, expected, sizeof g) == 0, "%s of %s, %s", expressions[e].name, layouts[l].name,
                              mg_dtype_name(dtypes[t]));
                }
            }
        }
    }
}

MG_TEST(layout_bits, of_one_axis) { compare_layouts(flat_layouts, sizeof flat_layouts / sizeof *flat_layouts); }
MG_TEST(layout_bits, of_two_axes) { compare_layouts(square_layouts, sizeof square_layouts / sizeof *square_layouts); }

/* ---- any regions, against adding one after the other ---- */

enum { ROWS = 6, COLS = 8, ELEMENTS = ROWS * COLS, USES = 24 };

static mg_index any_index(mg_test_rng *rng, int64_t n, bool whole) {
    if (whole) return MG_S(MG_NONE, MG_NONE, mg_test_int(rng, 0, 3) ? 1 : -1);
    if (mg_test_int(rng, 0, 2) == 0) return MG_I(mg_test_int(rng, 0, n - 1));
    int64_t start, stop, step;
    program_slice(mg_test_u64(rng), n, &start, &stop, &step);
    return MG_S(start, stop, step);
}

/* A view of a view of x, the same one for the same seed. */
static mg_tensor *any_part(mg_tensor *x, uint64_t seed) {
    mg_test_rng rng = mg_test_rng_from(seed);
    int64_t kind = mg_test_int(&rng, 0, 10);
    if (kind == 0) return mg_reshape(x, MG_SHAPE(-1));
    if (kind == 1) return mg_transpose(x, (mg_axes){0});
    if (kind == 2) return mg_reshape(mg_transpose(x, (mg_axes){0}), MG_SHAPE(-1));
    if (kind == 3) return mg_getitem(mg_reshape(x, MG_SHAPE(-1)), MG_KEY(any_index(&rng, ELEMENTS, false)));
    if (kind == 4)
        return mg_getitem(mg_reshape(mg_transpose(x, (mg_axes){0}), MG_SHAPE(ROWS, COLS)),
                          MG_KEY(any_index(&rng, ROWS, mg_test_int(&rng, 0, 1)), any_index(&rng, COLS, false)));
    if (kind == 10) /* whole rows of a copy, forwards and backwards */
        return mg_getitem(mg_reshape(mg_transpose(x, (mg_axes){0}), MG_SHAPE(COLS / 2, 2 * ROWS)),
                          MG_KEY(any_index(&rng, COLS / 2, false)));
    bool rows = mg_test_int(&rng, 0, 1);
    return mg_getitem(x, MG_KEY(any_index(&rng, ROWS, rows), any_index(&rng, COLS, !rows && kind < 8)));
}

typedef struct use {
    bool write; /* of a constant into these elements */
    float weight;
    int64_t size;
    double where[ELEMENTS];
} use;

typedef struct sums {
    float value[ELEMENTS];
    bool covered[ELEMENTS], any;
} sums;

/* What reaches the first value, going back through the uses: a part's gradient is its weight. */
static void add_back(const use *uses, int n, sums *s) {
    for (const use *u = uses + n; u-- > uses;) {
        for (int i = 0; u->write && s->any && i < ELEMENTS; i++) {
            if (!s->covered[i]) s->value[i] = 0; /* the whole goes on ... */
            s->covered[i] = true;
        }
        for (int k = 0; k < u->size; k++) {
            int i = (int)u->where[k];
            if (!u->write) s->value[i] = s->covered[i] ? s->value[i] + u->weight : u->weight;
            s->covered[i] = !u->write; /* ... but for what was written */
        }
        s->any = s->any || !u->write;
    }
    for (int i = 0; i < ELEMENTS; i++)
        if (!s->covered[i]) s->value[i] = 0;
}

/* x's parts, times weights; with writes, of a value that is x, so that its gradient is x's. */
static void sum_of_parts(mg_test_rng *rng, bool kept, bool writes, int n, int seeds) {
    MG_SCOPE;
    static const float weights[] = {-0.0f, -0.0f, 0.0f, 1, -1, 1e-8f, 3, 1e8f, -1e8f, 0.1f};
    double indices[ELEMENTS];
    use uses[USES];
    float g[ELEMENTS];
    sums expected = {.any = false};
    uint64_t any = mg_test_u64(rng);
    for (int i = 0; i < ELEMENTS; i++) indices[i] = i;
    mg_tensor *index = mg_set_constant(mg_from_f64(indices, MG_SHAPE(ROWS, COLS)), true), *f = mg_scalar(0);
    mg_tensor *x = mg_set_constant(mg_astype(mg_from_f64(indices, MG_SHAPE(ROWS, COLS)), MG_F32), false);
    if (kept) mg_keep(x);
    mg_tensor *y = writes ? mg_multiply(x, mg_set_constant(mg_full(MG_SHAPE(1), 1, .dtype = MG_F32), true)) : x;
    for (use *u = uses; u < uses + n; u++) {
        uint64_t seed = any + (uint64_t)mg_test_int(rng, 0, seeds);
        mg_test_rng key = mg_test_rng_from(seed);
        *u = (use){.write = writes && mg_test_int(rng, 0, 4) == 0, .weight = weights[mg_test_int(rng, 0, 9)]};
        mg_index rows = any_index(&key, ROWS, false), cols = any_index(&key, COLS, mg_test_int(&key, 0, 1));
        mg_tensor *which = u->write ? mg_getitem(index, MG_KEY(rows, cols)) : any_part(index, seed);
        mg_tensor *w = mg_set_constant(mg_full(MG_SHAPE(1), u->weight, .dtype = MG_F32), true);
        u->size = mg_size(which);
        mg_read(which, MG_F64, u->where);
        if (u->write)
            mg_setitem(y, MG_KEY(rows, cols), mg_scalar(u->weight));
        else
            f = mg_add(f, mg_sum(mg_multiply(any_part(y, seed), w)));
    }
    add_back(uses, n, &expected);
    CHECK(mg_backward(f) == MG_OK && (!expected.any || mg_read(mg_grad(x), MG_F32, g) == MG_OK));
    for (int i = 0; expected.any && i < ELEMENTS; i++) CHECK_BITS_F32(g[i], expected.value[i]);
    if (kept) mg_release(x);
}

MG_TEST(layout_bits, any_regions_are_added_in_order) {
    mg_test_rng rng = mg_test_rng_new();
    for (int i = 0; i < mg_test_times(2000); i++)
        sum_of_parts(&rng, i % 2, false, (int)mg_test_int(&rng, 1, USES), i % 3 ? 1000 : 2);
}

MG_TEST(layout_bits, what_is_written_over_has_no_say) {
    mg_test_rng rng = mg_test_rng_new();
    for (int i = 0; i < mg_test_times(2000); i++)
        sum_of_parts(&rng, i % 2, true, (int)mg_test_int(&rng, 1, i % 4 ? 6 : USES), i % 3 ? 1000 : 3);
}

/* ---- what a sum is made of ---- */

/* x is the sum of the products of these parts of it. */
static const mga_pairs *pairs_of(mg_tensor *x, int n, mg_tensor *const *parts) {
    mg_tensor *f = mg_scalar(0);
    for (int i = 0; i < n; i++) f = mg_add(f, mg_sum(mg_multiply(parts[i], mg_scalar(i))));
    CHECK(mg_backward(f) == MG_OK && x->node->grad && x->node->grad->op == MGA_OP_ACCUMULATE);
    return x->node->grad->extra;
}

/* That many puts, the first of them of zeros, and that many additions; in linear time. */
static void check_pairs(const mga_pairs *pairs, size_t puts, bool zeros_first, size_t adds) {
    size_t n = 0;
    CHECK_EQ_U64(pairs->n, puts + adds);
    for (size_t i = 0; i < pairs->n; i++) n += pairs->pair[i].how == MGA_PUT;
    CHECK_EQ_U64(n, puts);
    CHECK(zeros_first == (pairs->pair[0].value->op == MGA_OP_FILL));
}

static mg_tensor *part(mg_tensor *x, int64_t row, int64_t rows, int64_t col, int64_t cols) {
    return mg_getitem(x, MG_KEY(MG_S(row, row + rows, 1), MG_S(col, col + cols, 1)));
}

/* Disjoint parts that are all of x are put, each once, and nothing is zeroed. */
MG_TEST(layout_bits, disjoint_parts_are_assembled) {
    MG_SCOPE;
    mg_tensor *p[3 * COLS];
    for (int kind = 0; kind < 9; kind++) {
        mg_tensor *x = mg_ones(MG_SHAPE(ROWS, COLS), .dtype = MG_F32), *r;
        int n = 0;
        for (int i = 0; kind == 0 && i < ROWS; i++) p[n++] = part(x, ROWS - 1 - i, 1, 0, COLS); /* rows */
        for (int i = 0; kind == 1 && i < COLS; i++) p[n++] = mg_getitem(x, MG_KEY(MG_ELLIPSIS, MG_I(i * 3 % COLS)));
        for (int i = 0; kind == 2 && i < 3; i++) p[n++] = mg_getitem(x, MG_KEY(MG_S(i, MG_NONE, 3)));
        for (int i = 0; kind == 3 && i < 2; i++) p[n++] = mg_getitem(x, MG_KEY(MG_ELLIPSIS, MG_S(7 - i, MG_NONE, -2)));
        for (int i = 0; kind == 4 && i < 6; i++) p[n++] = part(x, i / 2 * 2, 2, i % 2 * 4, 4); /* a grid */
        if (kind == 5) {                                                                       /* of another shape */
            r = mg_reshape(x, MG_SHAPE(3, 2, COLS));
            for (int i = 0; i < 2; i++) p[n++] = mg_getitem(r, MG_KEY(MG_ELLIPSIS, MG_I(i), MG_S(0, MG_NONE, 1)));
        }
        if (kind == 6) { /* of a copy: rows of its shape are whole rows of x's transposed */
            r = mg_reshape(mg_transpose(x, (mg_axes){0}), MG_SHAPE(4, 2 * ROWS));
            for (int i = 0; i < 4; i++) p[n++] = mg_getitem(r, MG_KEY(MG_I(i)));
        }
        for (int i = 0; kind == 7 && i < COLS; i++) p[n++] = mg_getitem(x, MG_KEY(MG_ELLIPSIS, MG_S(i, i + 1, 1)));
        if (kind == 8) p[n++] = mg_getitem(x, MG_KEY(MG_S(MG_NONE, MG_NONE, -1)));
        int distinct = n;
        for (int i = 0; i < distinct && n < 2 * COLS; i++) p[n++] = p[i]; /* most of them twice */
        check_pairs(pairs_of(x, n, p), (size_t)distinct, false, 0);
    }
}

MG_TEST(layout_bits, other_parts_are_added_to_a_ground) {
    MG_SCOPE;
    mg_tensor *x = mg_ones(MG_SHAPE(ROWS, COLS), .dtype = MG_F32), *p[ROWS];
    for (int i = 0; i < 3; i++) p[i] = part(x, i, 1, 0, COLS); /* three rows of six: zeros, and they */
    check_pairs(pairs_of(x, 3, p), 4, true, 0);
    for (int i = 0; i < 5; i++) p[i] = part(x, i, 2, 0, COLS); /* rows that overlap and cover: one ground */
    check_pairs(pairs_of(x, 5, p), 1, true, 5);
    for (int i = 0; i < 3; i++) p[i] = part(x, 0, ROWS, 2 * i, 3); /* columns that overlap: zeros, and a ground each */
    check_pairs(pairs_of(x, 3, p), 4, true, 3);
    p[1] = x; /* the whole, second and last but one */
    check_pairs(pairs_of(x, 3, p), 1, true, 3);
    p[1] = p[2], p[2] = x; /* and first to come: it is the ground */
    check_pairs(pairs_of(x, 3, p), 1, false, 2);
}

/* x[key] = y leaves the rest of the gradient as it is; x[key] += y gives it back. */
MG_TEST(layout_bits, an_update_alone_is_an_update) {
    MG_SCOPE;
    mg_tensor *x = mg_ones(MG_SHAPE(ROWS, COLS), .dtype = MG_F32), *y = mg_positive(x);
    mg_setitem(y, MG_KEY(MG_I(0)), mg_scalar(2));
    CHECK_EQ_I64(mg_backward(mg_sum(mg_multiply(y, mg_scalar(3)))), MG_OK);
    CHECK_EQ_I64(x->node->grad->op, MGA_OP_UPDATE);
    float g[ELEMENTS];
    mg_read(mg_grad(x), MG_F32, g);
    for (int i = 0; i < ELEMENTS; i++) CHECK_BITS_F32(g[i], i < COLS ? 0.0f : 3.0f);
    y = mg_positive(x);
    mg_iadd(mg_getitem(y, MG_KEY(MG_I(0))), mg_scalar(2));
    CHECK_EQ_I64(mg_backward(mg_sum(mg_multiply(y, mg_scalar(3)))), MG_OK);
    check_pairs(x->node->grad->extra, 1, false, 1);
}

/* ---- views that are leaves, and views of what is none any more ---- */

/* Whatever place it had in an earlier walk. */
MG_TEST(layout_bits, a_base_that_became_a_constant_receives_nothing) {
    for (int place = 0; place < 12; place++) {
        MG_SCOPE;
        mg_tensor *x = mg_ones(MG_SHAPE(4)), *w = mg_ones(MG_SHAPE(2)), *earlier = x;
        for (int i = 0; i < place; i++) earlier = mg_positive(earlier);
        CHECK_EQ_I64(mg_backward(earlier), MG_OK);
        mg_tensor *v = mg_getitem(x, MG_KEY(MG_S(1, 3, 1))), *square = mg_reshape(x, MG_SHAPE(2, 2));
        mg_tensor *r = mg_reshape(mg_transpose(square, (mg_axes){0}), MG_SHAPE(4));
        mg_tensor *some = mg_getitem(r, MG_KEY(MG_S(0, 2, 1)));
        mg_tensor *f = mg_add(mg_multiply(v, w), mg_multiply(some, w));
        mg_set_constant(x, true);
        CHECK_EQ_I64(mg_backward(f), MG_OK);
        float g[2];
        CHECK(mg_grad(x) == NULL && mg_read(mg_grad(w), MG_F32, g) == MG_OK);
        CHECK(g[0] == 2 && g[1] == 2);
    }
}

/* Made without recording it is no part of its base, and sums what it receives itself. */
MG_TEST(layout_bits, a_view_without_history_is_a_leaf) {
    MG_SCOPE;
    mg_tensor *x = mg_ones(MG_SHAPE(2, 3)), *w = mg_ones(MG_SHAPE(6));
    mg_no_autodiff(true);
    mg_tensor *t = mg_transpose(x, (mg_axes){0});
    mg_no_autodiff(false);
    if (mg_is_constant(t)) mg_set_constant(t, false);
    mg_tensor *r = mg_reshape(t, MG_SHAPE(6)), *f = mg_multiply(r, w);
    mg_tensor *some = mg_getitem(r, MG_KEY(MG_S(1, 3, 1))), *g = mg_multiply(some, mg_ones(MG_SHAPE(2)));
    CHECK_EQ_I64(mg_backward(mg_add(mg_sum(f), mg_sum(g))), MG_OK);
    CHECK(mg_grad(x) == NULL && mg_grad(w) != NULL);
    float got[6];
    CHECK(mg_read(mg_grad(r), MG_F32, got) == MG_OK && got[0] == 1 && got[1] == 2 && got[2] == 2 && got[5] == 1);
}

/* What is written over in reshape's copy is part of nothing else: there, what was copied receives zero. */
MG_TEST(layout_bits, a_copy_that_is_written_gives_the_rest_on) {
    for (int used_before = 0; used_before < 3; used_before++) {
        MG_SCOPE;
        mg_tensor *x = mg_ones(MG_SHAPE(2, 3), .dtype = MG_F64), *t = mg_transpose(x, (mg_axes){0});
        mg_tensor *r = mg_reshape(t, MG_SHAPE(6)), *f = mg_scalar(0);
        if (used_before > 0) f = mg_add(f, mg_sum(mg_multiply(mg_getitem(r, MG_KEY(MG_S(1, 3, 1))), mg_scalar(5))));
        if (used_before > 1) f = mg_add(f, mg_sum(mg_multiply(x, mg_scalar(10))));
        mg_setitem(r, MG_KEY(MG_S(2, 5, 1)), mg_scalar(7));
        f = mg_add(f, mg_sum(mg_multiply(r, mg_scalar(3))));
        CHECK_EQ_I64(mg_backward(f), MG_OK);
        double g[6], expected[6] = {3, 0, 0, 3, 0, 3}; /* r's 0, 2, 4, 1, 3, 5 */
        if (used_before > 0) expected[1] += 5, expected[3] += 5;
        for (int i = 0; i < 6 && used_before > 1; i++) expected[i] += 10;
        CHECK_EQ_I64(mg_read(mg_grad(x), MG_F64, g), MG_OK);
        for (int i = 0; i < 6; i++) CHECK_BITS_F64(g[i], expected[i]);
    }
}

/* Transposed, reshaped or as they are: wholes are summed by maps, without a buffer of their own. */
MG_TEST(layout_bits, wholes_are_a_chain_of_additions) {
    MG_SCOPE;
    mg_tensor *x = mg_ones(MG_SHAPE(ROWS, COLS)), *t = mg_transpose(x, (mg_axes){0});
    mg_tensor *f = mg_add(mg_sum(mg_multiply(x, mg_scalar(2))), mg_sum(mg_multiply(t, mg_scalar(3))));
    f = mg_add(f, mg_sum(mg_multiply(mg_reshape(x, MG_SHAPE(-1)), mg_scalar(4))));
    f = mg_add(f, mg_sum(mg_multiply(mg_reshape(t, MG_SHAPE(-1)), mg_scalar(5))));
    CHECK_EQ_I64(mg_backward(f), MG_OK);
    CHECK_EQ_I64(x->node->grad->op, MGK_OP_ADD);
    float g[ELEMENTS];
    CHECK_EQ_I64(mg_read(mg_grad(x), MG_F32, g), MG_OK);
    for (int i = 0; i < ELEMENTS; i++) CHECK(g[i] == 14);
}

/* ---- sums that are differentiated themselves ---- */

enum { SIDE = 3 };

/* The sum of r, r transposed, r again and a number's worth of rows, as backward would record it while recording is on:
 * of wholes, or, with `rows`, of regions that overlap. */
static mg_tensor *recorded_sum(mg_tensor *r, mg_tensor *rows) {
    mg_tensor *seen[] = {r, mg_transpose(r, (mg_axes){0}), r, mg_negative(r), rows};
    mga_contribution c[5];
    mgr_arena arena = {0};
    int n = rows ? 5 : 4;
    for (int i = 0; i < n; i++) c[i] = (mga_contribution){.value = seen[i]->node, .next = i + 1 < n ? &c[i + 1] : NULL};
    if (rows) c[4].region = mga_view_make(2, SIDE * sizeof(double), (int64_t[]){SIDE * sizeof(double), sizeof(double)});
    mga_node *sum = mga_sum_contributions(&arena, r->node, c);
    mgr_arena_reset(&arena);
    CHECK(sum && (sum->flags & MGA_HISTORY) && (rows ? sum->op == MGA_OP_ACCUMULATE : sum->op == MGK_OP_ADD));
    return mga_wrap(sum);
}

/* As far as r goes, both sums are the same, and so are the bits of its gradient. */
MG_TEST(layout_bits, sums_have_derivatives) {
    mg_test_rng rng = mg_test_rng_new();
    for (int i = 0; i < 100; i++) {
        MG_SCOPE;
        double values[SIDE * SIDE], g[2][SIDE * SIDE], of_rows[2 * SIDE];
        for (int k = 0; k < SIDE * SIDE; k++) values[k] = mg_test_normal(&rng);
        for (int kind = 0; kind < 2; kind++) {
            mg_tensor *r = mg_from_f64(values, MG_SHAPE(SIDE, SIDE)), *w = mg_exp(r);
            mg_tensor *rows = kind ? mg_ones(MG_SHAPE(2, SIDE), .dtype = MG_F64) : NULL;
            mg_tensor *before = mg_sum(mg_sin(r)), *sum = recorded_sum(r, rows);
            mg_tensor *f = mg_add(before, mg_sum(mg_multiply(sum, mg_detach(w))));
            CHECK_EQ_I64(mg_backward(mg_add(f, mg_sum(mg_sqrt(w)))), MG_OK);
            CHECK_EQ_I64(mg_read(mg_grad(r), MG_F64, g[kind]), MG_OK);
            if (!rows) continue;
            double weights[SIDE * SIDE];
            CHECK(mg_read(w, MG_F64, weights) == MG_OK && mg_read(mg_grad(rows), MG_F64, of_rows) == MG_OK);
            CHECK_EQ_MEM(of_rows, weights + SIDE, sizeof of_rows);
        }
        CHECK_EQ_MEM(g[0], g[1], sizeof g[0]);
    }
}

/* ---- random programs over leaves that are views ---- */

static bool same_bits(const program *p, int which) {
    program own = *p, other = *p;
    program_result a, b;
    own.layout = LAYOUT_OWN;
    other.layout = which;
    program_run(&own, &a);
    program_run(&other, &b);
    bool equal = program_results_equal(&a, &b) && a.error[0] == 0;
    if (a.error[0]) fprintf(stderr, "%s\n", a.error);
    program_result_free(&a);
    program_result_free(&b);
    return equal;
}

/* Programs whose leaves are views read, write and differentiate to the same bits as those whose leaves are not. */
MG_TEST(layout_bits, of_random_programs) {
    mg_test_rng rng = mg_test_rng_new();
    for (int i = 0; i < mg_test_times(3000); i++) {
        program p = program_random(&rng, false, false);
        int which = LAYOUT_OFFSET + i % (LAYOUTS - LAYOUT_OFFSET);
        if (same_bits(&p, which)) continue;
        for (bool smaller = true; smaller;) {
            smaller = false;
            for (int k = p.n; k-- > 0;) {
                if (p.steps[k].off) continue;
                p.steps[k].off = true;
                if (same_bits(&p, which))
                    p.steps[k].off = false;
                else
                    smaller = true;
            }
        }
        program_print(&p);
        FAIL("layout %d gives other bits than leaves of their own, program %d", which, i);
    }
}
