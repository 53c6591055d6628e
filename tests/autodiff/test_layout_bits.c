/* SPDX-License-Identifier: MIT
 * Gradients have the same bits, signs of zeros too, however operands lie in memory (rules A5): one expression over many
 * layouts, random programs over leaves that are views, and sums of any regions against adding them one after the
 * other. */
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
static mg_tensor *turned(mg_tensor *b) { return mg_transpose(b, (mg_axes){0, NULL}); }
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
    mg_shape shape = {how->ndim, how->dims};
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
    int64_t kind = mg_test_int(&rng, 0, 9);
    if (kind == 0) return mg_reshape(x, MG_SHAPE(-1));
    if (kind == 1) return mg_transpose(x, (mg_axes){0, NULL});
    if (kind == 2) return mg_reshape(mg_transpose(x, (mg_axes){0, NULL}), MG_SHAPE(-1));
    if (kind == 3) return mg_getitem(mg_reshape(x, MG_SHAPE(-1)), MG_KEY(any_index(&rng, ELEMENTS, false)));
    if (kind == 4)
        return mg_getitem(mg_reshape(mg_transpose(x, (mg_axes){0, NULL}), MG_SHAPE(ROWS, COLS)),
                          MG_KEY(any_index(&rng, ROWS, mg_test_int(&rng, 0, 1)), any_index(&rng, COLS, false)));
    bool rows = mg_test_int(&rng, 0, 1);
    return mg_getitem(x, MG_KEY(any_index(&rng, ROWS, rows), any_index(&rng, COLS, !rows && kind < 8)));
}

/* Every use is x's part times a weight, whose gradient is the weight. */
static void sum_of_parts(mg_test_rng *rng, bool kept, int uses, int seeds) {
    MG_SCOPE;
    static const float weights[] = {-0.0f, -0.0f, 0.0f, 1, -1, 1e-8f, 3, 1e8f, -1e8f, 0.1f};
    double indices[ELEMENTS], where[USES][ELEMENTS];
    float weight[USES], expected[ELEMENTS], g[ELEMENTS];
    bool covered[ELEMENTS] = {false};
    int64_t size[USES];
    uint64_t seed[USES], any = mg_test_u64(rng);
    for (int i = 0; i < ELEMENTS; i++) indices[i] = i;
    mg_tensor *index = mg_set_constant(mg_from_f64(indices, MG_SHAPE(ROWS, COLS)), true), *f = mg_scalar(0);
    mg_tensor *x = mg_set_constant(mg_astype(mg_from_f64(indices, MG_SHAPE(ROWS, COLS)), MG_F32), false);
    if (kept) mg_keep(x);
    for (int u = 0; u < uses; u++) {
        seed[u] = any + (uint64_t)mg_test_int(rng, 0, seeds);
        weight[u] = weights[mg_test_int(rng, 0, 9)];
        mg_tensor *part = any_part(x, seed[u]), *which = any_part(index, seed[u]);
        size[u] = mg_size(part);
        mg_read(which, MG_F64, where[u]);
        mg_tensor *w = mg_set_constant(mg_full(MG_SHAPE(1), weight[u], .dtype = MG_F32), true);
        f = mg_add(f, mg_sum(mg_multiply(part, w)));
    }
    for (int u = uses; u-- > 0;)
        for (int k = 0; k < size[u]; k++) {
            int i = (int)where[u][k];
            expected[i] = covered[i] ? expected[i] + weight[u] : weight[u];
            covered[i] = true;
        }
    for (int i = 0; i < ELEMENTS; i++)
        if (!covered[i]) expected[i] = 0;
    CHECK(mg_backward(f) == MG_OK && mg_read(mg_grad(x), MG_F32, g) == MG_OK);
    for (int i = 0; i < ELEMENTS; i++) CHECK_BITS_F32(g[i], expected[i]);
    if (kept) mg_release(x);
}

MG_TEST(layout_bits, any_regions_are_added_in_order) {
    mg_test_rng rng = mg_test_rng_new();
    for (int i = 0; i < mg_test_times(2000); i++)
        sum_of_parts(&rng, i % 2, (int)mg_test_int(&rng, 1, USES), i % 3 ? 1000 : 2);
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
