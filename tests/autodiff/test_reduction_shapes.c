/* SPDX-License-Identifier: MIT
 * Reductions, scans and rows of odd shapes: every one of them on views with negative strides, swapped ones and strides
 * of 0 against a packed copy, bit for bit; no axes, scalars, and arrays of nothing, as NumPy has them. */
#include "nnet_check.h"
#include "tensor_check.h"

#include <math.h>
#include <stdlib.h>

#define INF ((double)INFINITY)
#define NOT ((double)NAN)

/* Axis 0, the last, all, or no axes. */
enum { FIRST, LAST, ALL, NO_AXES, N_CHOICES };
static mg_axes choice(int which) {
    static const int first = 0, last = -1;
    return which == ALL ? MG_AXES_ALL : mg_axes_of(which != NO_AXES, which == FIRST ? &first : &last);
}

#define OF(name, function)                                                                                             \
    static mg_tensor *name(mg_tensor *x, mg_axes axes) { return function(x, .axis = axes); }
OF(sum, mg_sum)
OF(mean, mg_mean)
OF(max, mg_max)
OF(min, mg_min)
OF(prod, mg_prod)
OF(var, mg_var)
OF(std, mg_std)
OF(any, mg_any)
OF(all, mg_all)
OF(cumsum, mg_cumsum)
OF(cumprod, mg_cumprod)
OF(logsumexp, mg_logsumexp)
OF(softmax, mg_softmax)
OF(logsoftmax, mg_logsoftmax)

static const struct {
    const char *name;
    mg_tensor *(*f)(mg_tensor *, mg_axes);
    double of_3;                 /* of the number 3 */
    double none;                 /* of nothing, where elements are reduced */
    bool fails, is_scan, is_row; /* on nothing; takes one axis or none; has the shape of its operand */
} ops[] = {{"sum", sum, 3, 0, false, false, false},        {"mean", mean, 3, NOT, false, false, false},
           {"max", max, 3, 0, true, false, false},         {"min", min, 3, 0, true, false, false},
           {"prod", prod, 3, 1, false, false, false},      {"var", var, 0, NOT, false, false, false},
           {"std", std, 0, NOT, false, false, false},      {"any", any, 1, 0, false, false, false},
           {"all", all, 1, 1, false, false, false},        {"cumsum", cumsum, 3, 0, false, true, true},
           {"cumprod", cumprod, 3, 0, false, true, true},  {"logsumexp", logsumexp, 3, -INF, false, false, false},
           {"softmax", softmax, 1, 0, false, false, true}, {"logsoftmax", logsoftmax, 0, 0, false, false, true}};
enum { N_OPS = sizeof ops / sizeof *ops };

static void check_same(const char *name, const char *view, int axes, mg_tensor *got, mg_tensor *want) {
    CHECK_MSG(got && want, "%s of %s, axes %d: %s", name, view, axes, mg_take_error().message);
    CHECK_EQ_I64(mg_size(got), mg_size(want));
    double *a = nnet_read(got), *b = nnet_read(want);
    for (int64_t i = 0; i < mg_size(want); i++)
        CHECK_MSG(a[i] == b[i] || (isnan(a[i]) && isnan(b[i])), "%s of %s, axes %d, element %lld: %a, packed %a", name,
                  view, axes, (long long)i, a[i], b[i]);
    free(a);
    free(b);
}

/* The value, and the gradient of its squares, once of the view and once of its copy. Of elements that are one and the
 * same a view has the sum of their gradients, so its own is left out. */
static void check_view(int op, const char *name, mg_tensor *view, int axes, bool gradient) {
    MG_SCOPE;
    mg_tensor *copy = mg_copy(view), *y[2];
    for (int i = 0; i < 2; i++) y[i] = ops[op].f(i ? copy : view, choice(axes));
    check_same(ops[op].name, name, axes, y[0], y[1]);
    if (!gradient || mg_is_constant(y[0])) return;
    for (int i = 0; i < 2; i++) CHECK(mg_backward(mg_sum(mg_multiply(y[i], y[i]))) == MG_OK);
    check_same(ops[op].name, name, axes, mg_grad(view), mg_grad(copy));
}

MG_TEST(reduction_shapes, of_views_as_of_copies) {
    mg_test_rng rng = mg_test_rng_new();
    double values[600];
    for (int i = 0; i < 600; i++) values[i] = mg_test_uniform(&rng, 0.5, 1.5);
    for (int op = 0; op < N_OPS; op++) {
        for (int axes = 0; axes < N_CHOICES; axes++) {
            if (ops[op].is_scan && axes == NO_AXES) continue;
            MG_SCOPE;
            mg_tensor *x = mg_from_f64(values, MG_SHAPE(20, 30)), *row = mg_getitem(x, MG_KEY(MG_I(0)));
            check_view(op, "a reversed one", mg_getitem(x, MG_KEY(MG_S(MG_NONE, MG_NONE, -1), MG_S(MG_NONE, 2, -3))),
                       axes, true);
            check_view(op, "a transposed one", mg_transpose(x, (mg_axes){0}), axes, true);
            check_view(op, "strides of 0", mg_broadcast_to(row, MG_SHAPE(7, 30)), axes, false);
        }
    }
}

MG_TEST(reduction_shapes, no_axes_change_nothing) {
    MG_SCOPE;
    mg_tensor *x = vec(0.5, 2, -3);
    for (int op = 0; op < N_OPS; op++) {
        if (ops[op].is_scan) continue;
        mg_tensor *y = ops[op].f(x, choice(NO_AXES));
        CHECK_EQ_I64(mg_ndim(y), 1);
        for (int i = 0; i < 3; i++) {
            mg_tensor *one = mg_getitem(x, MG_KEY(MG_I(i)));
            check_same(ops[op].name, "no axes", i, mg_getitem(y, MG_KEY(MG_I(i))), ops[op].f(one, choice(ALL)));
        }
    }
}

MG_TEST(reduction_shapes, scalars) {
    MG_SCOPE;
    for (int op = 0; op < N_OPS; op++) {
        mg_tensor *x = mg_from_f64((double[]){3}, MG_SHAPE0), *y = ops[op].f(x, choice(ALL));
        CHECK_MSG(y, "%s", ops[op].name);
        CHECK_EQ_I64(mg_ndim(y), ops[op].is_scan);
        CHECK_MSG(mg_item(y) == ops[op].of_3, "%s of 3: %g", ops[op].name, mg_item(y));
        if (!mg_is_constant(y)) CHECK(mg_backward(y) == MG_OK && mg_ndim(mg_grad(x)) == 0);
    }
}

/* Shape (2, 0, 3): nothing is left of any, reduced or not; over axis 1 there are six results of nothing. */
MG_TEST(reduction_shapes, nothing) {
    const mg_axes middle = MG_AXES(1);
    for (int op = 0; op < N_OPS; op++) {
        MG_SCOPE;
        mg_tensor *x = mg_zeros(MG_SHAPE(2, 0, 3), .dtype = MG_F64);
        CHECK_EQ_I64(mg_size(ops[op].f(x, choice(FIRST))), 0);
        mg_tensor *y = ops[op].f(x, middle);
        if (ops[op].fails) {
            CHECK(!y);
            nnet_expect_error(MG_ERR_VALUE, "(2, 0, 3)");
            CHECK(!ops[op].f(x, choice(ALL)));
            nnet_expect_error(MG_ERR_VALUE, ops[op].name);
            continue;
        }
        CHECK_EQ_I64(mg_size(y), ops[op].is_row ? 0 : 6);
        double *values = nnet_read(y);
        for (int64_t i = 0; i < mg_size(y); i++)
            CHECK_MSG(values[i] == ops[op].none || (isnan(values[i]) && isnan(ops[op].none)), "%s of nothing: %g",
                      ops[op].name, values[i]);
        free(values);
        if (mg_is_constant(y)) continue;
        CHECK(mg_backward(y) == MG_OK);
        CHECK_EQ_I64(mg_size(mg_grad(x)), 0);
        CHECK_EQ_I64(mg_dim(mg_grad(x), 2), 3);
    }
}
