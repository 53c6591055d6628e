/* SPDX-License-Identifier: MIT
 * Rules A: in-place writes on tensors, views and views of views; who sees what; memory that is guarded, borrowed,
 * shared. Golden values of gradients are those of the real MyGrad 2.2.0 (reference/parity.md, section 8). */
#include "autodiff/thread.h"
#include "harness.h"
#include "tensor_check.h"

#include <math.h>
#include <mygrad/mygrad.h>

#define SLICE(x, a, b) mg_getitem(x, MG_KEY(MG_S(a, b, 1)))

MG_TEST(inplace, readers_keep_what_they_saw) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3), *before = mg_add(x, mg_scalar(0)), *squared = mg_square(x);
    mg_iadd(x, mg_scalar(10));
    mg_imultiply(x, mg_scalar(2));
    VALUES(before, 1, 2, 3);
    VALUES(squared, 1, 4, 9);
    VALUES(x, 22, 24, 26);
}

MG_TEST(inplace, views_of_views_share) {
    MG_SCOPE;
    double values[12];
    for (int i = 0; i < 12; i++) values[i] = i;
    mg_tensor *x = mg_from_f64(values, MG_SHAPE(3, 4));
    mg_tensor *row = mg_getitem(x, MG_KEY(MG_I(1))), *back = mg_getitem(row, MG_KEY(MG_S(MG_NONE, MG_NONE, -2)));
    mg_tensor *flipped = mg_transpose(x, (mg_axes){0});
    VALUES(back, 7, 5);
    mg_iadd(back, mg_from_f64((double[]){100, 200}, MG_SHAPE(2)));
    VALUES(row, 4, 205, 6, 107);
    VALUES(mg_getitem(flipped, MG_KEY(MG_I(3))), 3, 107, 11);
    mg_imultiply(flipped, mg_scalar(-1));
    VALUES(back, -107, -205);
    mg_copyto(x, mg_scalar(5));
    VALUES(back, 5, 5);
    CHECK(mg_base(back) == x);
}

MG_TEST(inplace, overlapping_copies_are_numpys) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3);
    CHECK(mg_setitem(x, MG_KEY(MG_S(1, MG_NONE, 1)), SLICE(x, MG_NONE, -1)) == x);
    VALUES(x, 1, 1, 2);
}

/* a = x[:2]; b = x[1:]; a *= b; (x . [1, 10, 100]): x [2 6 3], upstream gradient [2 31 120] */
MG_TEST(inplace, gradient_through_overlapping_views) {
    MG_SCOPE;
    mg_tensor *x0 = vec(1, 2, 3), *x = mg_add(x0, mg_scalar(0));
    mg_tensor *a = SLICE(x, 0, 2), *b = SLICE(x, 1, MG_NONE);
    CHECK(mg_imultiply(a, b) == a);
    VALUES(x, 2, 6, 3);
    mg_backward(mg_sum(mg_multiply(x, vec(1, 10, 100))));
    VALUES(mg_grad(x0), 2, 31, 120);
    VALUES(mg_grad(x), 1, 10, 100);
    VALUES(mg_grad(a), 1, 10);
}

/* x = [1 2 3]; v = x[:2]; (v^2).sum() + (10 x).sum(): v.grad [12 14], x.grad [12 14 10] */
MG_TEST(inplace, a_views_gradient_is_a_region_of_its_bases) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3), *v = SLICE(x, 0, 2);
    mg_backward(mg_add(mg_sum(mg_square(v)), mg_sum(mg_multiply(mg_scalar(10), x))));
    VALUES(mg_grad(v), 12, 14);
    VALUES(mg_grad(x), 12, 14, 10);
}

MG_TEST(inplace, on_a_view_of_a_tensor_that_holds_a_gradient) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3);
    mg_backward(mg_square(x));
    CHECK(mg_iadd(SLICE(x, 0, 2), mg_scalar(1)) != NULL);
    VALUES(x, 2, 3, 3);
    CHECK(mg_grad(x) == NULL);
}

MG_TEST(inplace, replaced_elements_get_no_gradient_even_where_it_is_infinite) {
    MG_SCOPE;
    mg_tensor *x = vec(0, 4, 9), *y = mg_add(x, mg_scalar(0)), *v = vec(7, 7, 7);
    mg_copyto(SLICE(y, 0, 1), SLICE(v, 0, 1));
    mg_backward(mg_sum(mg_divide(mg_scalar(1), mg_subtract(y, mg_scalar(7)))));
    double g[3];
    CHECK_EQ_I64(mg_read(mg_grad(x), MG_F64, g), MG_OK);
    CHECK_BITS_F64(g[0], 0.0);
    double gv[3];
    mg_read(mg_grad(v), MG_F64, gv);
    CHECK(gv[0] == -1.0 / 0.0);
}

MG_TEST(inplace, casts_are_same_kind) {
    MG_SCOPE;
    mg_tensor *i = mg_from_i64((int64_t[]){1, 2, 3}, MG_SHAPE(3)), *f = mg_from_f32((float[]){1, 2, 3}, MG_SHAPE(3));
    CHECK(mg_iadd(i, f) == NULL);
    CHECK_EQ_I64(mg_take_error().code, MG_ERR_TYPE);
    CHECK(mg_iadd(f, vec(0.5, 0.5, 0.5)) == f);
    CHECK_EQ_I64(mg_dtype_of(f), MG_F32);
    VALUES(f, 1.5, 2.5, 3.5);
    CHECK(mg_copyto(i, f) == i);
    VALUES(i, 1, 2, 3);
    CHECK(mg_iadd(mg_from_f64((double[]){1}, MG_SHAPE(1)), f) == NULL);
    CHECK_EQ_I64(mg_take_error().code, MG_ERR_VALUE);
}

MG_TEST(inplace, a_variable_stays_one_and_a_constant_too) {
    MG_SCOPE;
    mg_tensor *w = vec(1, 2, 3), *c = mg_set_constant(vec(1, 1, 1), true);
    mg_no_autodiff(true);
    mg_isubtract(w, c);
    mg_no_autodiff(false);
    CHECK(!mg_is_constant(w));
    mg_iadd(c, w);
    CHECK(mg_is_constant(c));
    mg_backward(mg_sum(mg_square(w)));
    VALUES(mg_grad(w), 0, 2, 4);
}

MG_TEST(inplace, data_mut_copies_away_from_pending_readers) {
    MG_SCOPE;
    mg_tensor *x = mg_set_constant(vec(1, 2, 3), true), *y = mg_add(x, mg_scalar(0)), *v = SLICE(x, 1, MG_NONE);
    double *p = mg_data_mut(x);
    CHECK(p != NULL);
    p[2] = 30;
    VALUES(y, 1, 2, 3);
    VALUES(x, 1, 2, 30);
    VALUES(v, 2, 30);
    double *q = mg_data_mut(v);
    q[0] = 20;
    VALUES(x, 1, 20, 30);
}

MG_TEST(inplace, the_guard_protects_what_a_graph_needs) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3), *y = mg_square(x);
    CHECK(mg_data_mut(x) == NULL);
    CHECK_EQ_I64(mg_take_error().code, MG_ERR_READ_ONLY);
    mg_mem_guard(false);
    double *p = mg_data_mut(x);
    CHECK(p != NULL);
    p[0] = 100;
    mg_mem_guard(true);
    VALUES(y, 1, 4, 9);
    mg_release(y);
    mg_tensor *z = mg_exp(x);
    mg_backward(z, .consume = true);
    CHECK(mg_data_mut(x) != NULL);
}

/* The graph reads x through a view, and x is a constant: nothing else holds its value back. */
MG_TEST(inplace, the_guard_sees_through_views_of_constants) {
    MG_SCOPE;
    mg_tensor *x = mg_set_constant(vec(1, 2, 3), true), *v = SLICE(x, 0, 2), *w = mg_ones(MG_SHAPE(2));
    mg_tensor *y = mg_multiply(v, w), *row = mg_reshape(x, MG_SHAPE(1, 3));
    mg_tensor *const all[] = {x, v, row};
    for (int i = 0; i < 3; i++) {
        CHECK(mg_data_mut(all[i]) == NULL);
        CHECK_EQ_I64(mg_take_error().code, MG_ERR_READ_ONLY);
    }
    mg_backward(y, .consume = true);
    VALUES(mg_grad(w), 1, 2);
    for (int i = 0; i < 3; i++) CHECK(mg_data_mut(all[i]) != NULL);
}

static void refused(mg_tensor *x, const char *what) {
    const void *p = mg_data_mut(x);
    const mg_status status = mg_take_error().code;
    CHECK_MSG(!p && status == MG_ERR_READ_ONLY, "%s: status %d", what, (int)status);
}

/* One memory, four values: the base's, that of a view with a history of its own, and of views of either. */
MG_TEST(inplace, the_guard_sees_a_graph_through_whatever_shares_the_memory) {
    for (int handle = 0; handle < 3; handle++) {
        MG_SCOPE;
        mg_tensor *x = mg_set_constant(vec(1, 2, 3), true), *v = mg_set_constant(SLICE(x, 0, 2), false);
        mg_tensor *const all[] = {x, v, SLICE(v, 0, 1), SLICE(x, 2, 3), mg_reshape(x, MG_SHAPE(3, 1))};
        mg_tensor *y = mg_square(all[handle == 2 ? 2 : 1]);
        for (int i = 1; handle == 1 && i < 3; i++) mg_release(all[i]); /* the graph goes on without the handles */
        for (int i = 0; i < 5; i++)
            if (handle != 1 || (i != 1 && i != 2)) refused(all[i], "shared");
        CHECK(mg_data_mut(mg_detach(x)) != NULL); /* no memory of x's once it is written */
        CHECK_EQ_I64(mg_backward(mg_sum(y), .consume = true), MG_OK);
        for (int i = 1; handle != 1 && i < 3; i++) mg_release(all[i]); /* views of variables are recorded, too */
        CHECK(mg_data_mut(x) != NULL);
    }
}

MG_TEST(inplace, the_guard_sees_a_graph_of_what_was_a_variable_then) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3), *y = mg_square(x);
    mg_set_constant(x, true);
    refused(x, "a variable before");
    mg_set_constant(mg_set_constant(x, false), true);
    refused(x, "twice");
    mg_release(y);
    double *p = mg_data_mut(x);
    CHECK(p != NULL);
    *p = 7;
    VALUES(x, 7, 2, 3);
}

/* As MyGrad locks results: to write them would cut their history. */
MG_TEST(inplace, the_guard_protects_the_results_of_a_graph) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3), *y = mg_exp(x), *v = SLICE(y, 0, 2);
    refused(y, "a result");
    refused(v, "a view of one");
    mg_backward(mg_sum(y));
    CHECK_NEAR(mg_data_f64(mg_grad(x))[0], 2.718281828459045, 1e-15);
    CHECK(mg_data_mut(mg_grad(x)) != NULL);
    mg_backward(mg_sum(mg_square(y)), .consume = true);
    CHECK(mg_data_mut(y) != NULL);
    mg_tensor *w = vec(1, 2, 3);
    mg_isubtract(w, mg_scalar(1)); /* of nothing that can be asked for */
    CHECK(mg_data_mut(w) != NULL);
}

/* What was written into the base is another memory: the graph keeps the old one. */
MG_TEST(inplace, what_a_write_left_behind_is_not_guarded_any_more) {
    MG_SCOPE;
    mg_tensor *x = mg_set_constant(vec(1, 2, 3), true), *v = mg_set_constant(SLICE(x, 0, 2), false);
    mg_tensor *y = mg_square(v);
    CHECK_EQ_I64(mg_grad_status(v), MG_GRAD_NONE);
    mg_iadd(x, mg_scalar(10));
    CHECK_EQ_I64(mg_grad_status(v), MG_GRAD_REPLACED);
    double *p = mg_data_mut(x);
    CHECK(p != NULL);
    p[0] = 5;
    VALUES(v, 5, 12);
    CHECK_EQ_I64(mg_grad_status(v), MG_GRAD_REPLACED);
    VALUES(y, 1, 4);
    mg_backward(mg_sum(mg_square(v)));
    CHECK_EQ_I64(mg_grad_status(v), MG_GRAD_READY);
    mg_data_mut(x);
    CHECK_EQ_I64(mg_take_error().code, MG_ERR_READ_ONLY);
}

MG_TEST(inplace, borrowed_memory_is_written_at_once) {
    double memory[3] = {1, 2, 3};
    MG_SCOPE;
    mg_tensor *x = mg_borrow(MG_F64, memory, MG_SHAPE(3), NULL, NULL), *y = mg_add(x, mg_scalar(0));
    mg_iadd(x, mg_scalar(10));
    CHECK(memory[0] == 11 && memory[2] == 13);
    VALUES(y, 1, 2, 3);
    mg_iadd(SLICE(x, 0, 1), mg_scalar(1));
    CHECK(memory[0] == 12 && memory[1] == 12);
    CHECK(mg_data(x) == memory);
}

MG_TEST(inplace, sync_lets_the_owner_change_borrowed_memory) {
    double memory[3] = {1, 2, 3};
    MG_SCOPE;
    mg_tensor *x = mg_borrow(MG_F64, memory, MG_SHAPE(3), NULL, NULL), *y = mg_multiply(x, mg_scalar(2));
    CHECK_EQ_I64(mg_sync(x), MG_OK);
    memory[0] = 100;
    VALUES(y, 2, 4, 6);
    VALUES(mg_multiply(x, mg_scalar(2)), 200, 4, 6);
}

MG_TEST(inplace, the_debug_mode_finds_changed_borrowed_memory) {
    double memory[3] = {1, 2, 3};
    MG_SCOPE;
    mga_thread_get()->debug = true;
    mg_tensor *x = mg_borrow(MG_F64, memory, MG_SHAPE(3), NULL, NULL), *y = mg_multiply(x, mg_scalar(2));
    VALUES(y, 2, 4, 6);
    mg_tensor *z = mg_square(SLICE(x, 1, MG_NONE));
    memory[2] = 30;
    CHECK_EQ_I64(mg_eval(z), MG_ERR_VALUE);
    mg_error error = mg_take_error();
    mga_thread_get()->debug = false;
    CHECK_EQ_STR(error.op, "square");
    CHECK_CONTAINS(error.message, "(3,)");
    VALUES(z, 4, 900);
}

static void count_free(void *data, void *context) {
    (void)data;
    ++*(int *)context;
}

MG_TEST(inplace, borrowed_memory_is_given_back_once) {
    double memory[3] = {1, 2, 3};
    int freed = 0;
    {
        MG_SCOPE;
        mg_tensor *x = mg_borrow(MG_F64, memory, MG_SHAPE(3), count_free, &freed);
        mg_backward(mg_sum(mg_exp(SLICE(x, 0, 2))));
        CHECK_EQ_I64(freed, 0);
    }
    CHECK_EQ_I64(freed, 1);
}

MG_TEST(inplace, a_buffer_that_nobody_needs_is_written_in_place) {
    MG_SCOPE;
    mg_tensor *x = mg_keep(mg_full(MG_SHAPE(1000), 1.0, .dtype = MG_F32));
    const void *before = mg_data(x);
    mg_no_autodiff(true);
    for (int i = 0; i < 3; i++) {
        mg_iadd(x, mg_scalar(1));
        CHECK(mg_data(x) == before);
    }
    mg_iadd(mg_getitem(x, MG_KEY(MG_S(0, 10, 1))), mg_scalar(1));
    CHECK(mg_data(x) == before);
    mg_no_autodiff(false);
    CHECK(mg_data_f32(x)[9] == 5 && mg_data_f32(x)[10] == 4);
    mg_release(x);
}

/* Backward over T slices: one buffer, written once (A5). */
MG_TEST(inplace, slices_assemble_their_gradient) {
    MG_SCOPE;
    enum { T = 50 };
    mg_tensor *x = mg_full(MG_SHAPE(T, 3), 2.0, .dtype = MG_F64), *sum = NULL;
    for (int t = 0; t < T; t++) {
        mg_tensor *term = mg_sum(mg_multiply(mg_getitem(x, MG_KEY(MG_I(t))), mg_scalar(t)));
        sum = sum ? mg_add(sum, term) : term;
    }
    mg_backward(sum);
    const double *g = mg_data_f64(mg_grad(x));
    CHECK(g != NULL);
    for (int i = 0; i < 3 * T; i++) CHECK_BITS_F64(g[i], (double)(i / 3));
}

/* Found by a random program: the base's handle was stale when it ended, so the written root counted as shown for ever,
 * got a gradient that nobody owned, and lived on in a circle with it. */
MG_TEST(inplace, a_written_root_ends_with_its_last_handle) {
    mg_stats before, after;
    mg_get_stats(&before);
    {
        MG_SCOPE;
        mg_tensor *x = vec(1, 2, 3), *y = mg_multiply(x, x), *v = SLICE(y, 0, 2);
        mg_tensor *whole = mg_getitem(y, MG_KEY(MG_ELLIPSIS));
        mg_iadd(v, mg_scalar(1));
        mg_tensor *z = mg_square(whole); /* y's own handle does not follow the write */
        mg_release(y);
        mg_release(v);
        mg_release(whole);
        mg_release(x); /* so that nobody wants a gradient, and all of them stay pending */
        CHECK_EQ_I64(mg_backward(mg_sum(mg_exp(z))), MG_OK);
    }
    mg_get_stats(&after);
    CHECK_EQ_U64(after.live_nodes, before.live_nodes);
}

/* A detached view has its own strides, which views of it go on from. */
MG_TEST(inplace, views_of_a_detached_view) {
    MG_SCOPE;
    mg_tensor *x = mg_from_f64((double[]){1, 2, 3, 4, 5, 6}, MG_SHAPE(2, 3));
    mg_tensor *d = mg_detach(mg_transpose(x, (mg_axes){0}));
    mg_tensor *row = mg_getitem(d, MG_KEY(MG_I(1))), *back = mg_transpose(d, (mg_axes){0});
    double values[6];
    CHECK_EQ_I64(mg_read(row, MG_F64, values), MG_OK);
    CHECK_EQ_MEM(values, ((double[]){2, 5}), 2 * sizeof(double));
    CHECK_EQ_I64(mg_read(back, MG_F64, values), MG_OK);
    CHECK_EQ_MEM(values, ((double[]){1, 2, 3, 4, 5, 6}), sizeof values);
    CHECK(mg_imultiply(row, mg_scalar(10)) == row); /* seen through d and back, not through x */
    CHECK_EQ_I64(mg_read(back, MG_F64, values), MG_OK);
    CHECK_EQ_MEM(values, ((double[]){1, 20, 3, 4, 50, 6}), sizeof values);
    CHECK_EQ_I64(mg_read(x, MG_F64, values), MG_OK);
    CHECK_EQ_MEM(values, ((double[]){1, 2, 3, 4, 5, 6}), sizeof values);
    CHECK(mg_is_constant(d) && mg_is_constant(back));
}

/* The storage of what reshape had to copy is the copy, not a view of it: a view of the view once lost the gradient. */
MG_TEST(inplace, views_of_a_reshaped_copy_have_its_gradient) {
    MG_SCOPE;
    mg_tensor *x = mg_from_f64((double[]){0, 1, 2, 3, 4, 5}, MG_SHAPE(2, 3));
    mg_tensor *copy = mg_reshape(mg_transpose(mg_square(x), (mg_axes){0}), MG_SHAPE(6));
    mg_tensor *view = mg_reshape(copy, MG_SHAPE(3, 2));
    mg_backward(mg_sum(mg_multiply(view, mg_scalar(2))));
    VALUES(mg_grad(copy), 2, 2, 2, 2, 2, 2);
    VALUES(mg_grad(view), 2, 2, 2, 2, 2, 2);
    VALUES(mg_grad(x), 0, 4, 8, 12, 16, 20);
    mg_iadd(view, mg_scalar(1));
    VALUES(copy, 1, 10, 2, 17, 5, 26);
}

static mg_tensor *backward_of_variance(void) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 4), *v = mg_var(x), *view = mg_reshape(v, MG_SHAPE(1));
    mg_iadd(x, mg_scalar(1));
    mg_tensor *f = mg_exp(mg_multiply(v, view));
    mg_backward(f);
    return mg_keep(mg_grad(v) ? mg_copy(mg_grad(v)) : NULL);
}

/* Nor may the graph be left behind, in a circle of a node and its gradient (random program 344811078). */
MG_TEST(inplace, a_view_of_a_variance_leaves_nothing) {
    mg_stats before, after;
    mg_get_stats(&before);
    mg_tensor *g = backward_of_variance();
    const double v = 14.0 / 9;
    double got = 0;
    CHECK_EQ_I64(mg_read(g, MG_F64, &got), MG_OK);
    CHECK(fabs(got - 2 * v * exp(v * v)) < 1e-12 * got);
    mg_release(g);
    mg_get_stats(&after);
    CHECK_EQ_I64(after.live_nodes, before.live_nodes);
    CHECK_EQ_I64(after.live_bytes, before.live_bytes);
}

/* NumPy: "assignment destination is read-only". */
MG_TEST(inplace, nothing_is_written_where_two_indices_are_one_element) {
    MG_SCOPE;
    mg_tensor *x = mg_from_f64((double[]){5}, MG_SHAPE(1)), *row = vec(1, 2, 3), *two = vec(1, 1, 1);
    mg_tensor *whole = mg_broadcast_to(mg_positive(x), MG_SHAPE(2)), *wide = mg_broadcast_to(row, MG_SHAPE(2, 3));
    mg_tensor *targets[] = {whole,
                            wide,
                            mg_transpose(wide, (mg_axes){0}),
                            mg_getitem(wide, MG_KEY(MG_ALL, MG_S(1, 3, 1))),
                            mg_getitem(wide, MG_KEY(MG_S(MG_NONE, MG_NONE, -1), MG_I(0))),
                            mg_reshape(mg_broadcast_to(row, MG_SHAPE(2, 1, 3)), MG_SHAPE(2, 3)),
                            mg_broadcast_to(mg_from_i64((int64_t[]){1}, MG_SHAPE(1)), MG_SHAPE(4))};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        mg_tensor *t = targets[i], *like = mg_detach(t), *one = mg_scalar_i64(1);
        for (int way = 0; way < 9; way++) {
            mg_tensor *r = NULL;
            if (way == 0) r = mg_iadd(t, one);
            if (way == 1) r = mg_isubtract(t, one);
            if (way == 2) r = mg_imultiply(t, one);
            if (way == 3 && mg_dtype_of(t) == MG_F64) r = mg_idivide(t, one);
            if (way == 3 && mg_dtype_of(t) != MG_F64) r = mg_iadd(t, t);
            if (way == 4) r = mg_copyto(t, one);
            if (way == 5) r = mg_setitem(t, MG_KEY(MG_ELLIPSIS), one);
            if (way == 6) r = mg_negative(like, .out = t);
            if (way == 7) r = mg_negative(like, .out = t, .where = mg_equal(like, like));
            if (way == 8) r = mg_data_mut(t);
            CHECK_MSG(r == NULL, "target %zu was written in way %d", i, way);
            mg_error error = mg_take_error();
            CHECK_MSG(error.code == MG_ERR_READ_ONLY, "target %zu, way %d: %s", i, way, error.message);
        }
    }
    VALUES(x, 5);
    VALUES(row, 1, 2, 3);
    mg_tensor *q = NULL, *r = NULL;
    CHECK(mg_divmod(wide, two, &q, &r, .out = wide) != MG_OK);
    CHECK_EQ_I64(mg_take_error().code, MG_ERR_READ_ONLY);

    /* where every index is an element of its own it may be written, however it came about */
    CHECK(mg_iadd(mg_getitem(wide, MG_KEY(MG_I(0))), mg_scalar(1)) != NULL);
    CHECK(mg_iadd(mg_broadcast_to(row, MG_SHAPE(1, 3)), mg_scalar(1)) != NULL);
    VALUES(row, 3, 4, 5);
}

MG_TEST(inplace, assignment_drops_leading_axes_of_length_one) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3), *v = mg_from_f64((double[]){4, 5, 6}, MG_SHAPE(1, 1, 3));
    CHECK(mg_copyto(x, v) == x);
    VALUES(x, 4, 5, 6);
    mg_backward(mg_sum(mg_square(x)));
    VALUES(mg_grad(v), 8, 10, 12);
    CHECK_EQ_I64(mg_ndim(mg_grad(v)), 3);
    CHECK(mg_setitem(x, MG_KEY(MG_S(1, 3, 1)), mg_from_f64((double[]){7}, MG_SHAPE(1, 1))) == x);
    VALUES(x, 4, 7, 7);
    mg_tensor *scalar = mg_full(MG_SHAPE0, 0, .dtype = MG_F64), *one = mg_from_f64((double[]){9}, MG_SHAPE(1));
    CHECK(mg_setitem(scalar, MG_KEY(MG_ELLIPSIS), one) == scalar);
    VALUES(scalar, 9);
    CHECK(mg_copyto(x, mg_from_f64((double[]){1, 2, 3, 4, 5, 6}, MG_SHAPE(2, 3))) == NULL);
    CHECK_CONTAINS(mg_take_error().message, "(2, 3)");
    CHECK(mg_iadd(x, v) == NULL); /* in-place operators do not */
    CHECK_EQ_I64(mg_take_error().code, MG_ERR_VALUE);
}

MG_TEST(inplace, a_refused_write_leaves_gradients_alone) {
    MG_SCOPE;
    mg_tensor *x = mg_from_f32((float[]){1, 2, 3}, MG_SHAPE(3)), *y = mg_ones(MG_SHAPE(2));
    mg_backward(mg_sum(mg_square(x)));
    CHECK(mg_iadd(x, y) == NULL && mg_take_error().code == MG_ERR_VALUE);
    CHECK(mg_copyto(x, y) == NULL && mg_take_error().code == MG_ERR_VALUE);
    VALUES(mg_grad(x), 2, 4, 6);
    CHECK_EQ_I64(mg_grad_status(x), MG_GRAD_READY);
}

MG_TEST(inplace, a_seed_that_does_not_broadcast_is_a_value_error) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3), *y = mg_square(x);
    CHECK_EQ_I64(mg_backward(y, .grad = mg_ones(MG_SHAPE(2))), MG_ERR_VALUE);
    CHECK_EQ_I64(mg_take_error().code, MG_ERR_VALUE);
    CHECK_EQ_I64(mg_backward(y, .grad = mg_ones(MG_SHAPE(1, 3))), MG_ERR_VALUE);
    CHECK_CONTAINS(mg_take_error().message, "(1, 3)");
    CHECK(mg_grad(x) == NULL);
}
