/* SPDX-License-Identifier: MIT
 * A gradient has one place: what is written through mg_grad is what the optimiser, .accumulate and the gradients of
 * views read; and gradients of views are views of the gradients of their bases. */
#include "harness.h"
#include "tensor_check.h"

#include <mygrad/mygrad.h>

#define HEAD MG_KEY(MG_S(0, 2, 1))

static mg_tensor *six(void) { return mg_from_f64((double[]){1, 2, 3, 4, 5, 6}, MG_SHAPE(2, 3)); }

MG_TEST(grad_place, a_views_gradient_is_a_view_of_its_bases) {
    MG_SCOPE;
    mg_tensor *x = six();
    mg_tensor *row = mg_getitem(x, MG_KEY(MG_I(1))), *end = mg_getitem(row, MG_KEY(MG_S(MG_NONE, MG_NONE, -2)));
    mg_tensor *turned = mg_transpose(x, (mg_axes){0}), *wide = mg_broadcast_to(row, MG_SHAPE(2, 3));
    mg_backward(mg_sum(mg_add(mg_square(wide), mg_square(x))));
    mg_tensor *views[] = {row, end, turned, wide};
    for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
        CHECK(mg_grad(views[i]) && mg_base(mg_grad(views[i])) == mg_grad(x));
        CHECK(mg_grad(views[i]) == mg_grad(views[i]));
    }
    VALUES(mg_grad(x), 2, 4, 6, 24, 30, 36); /* 2 x, and for the row that twice again */
    VALUES(mg_grad(end), 36, 24);
    VALUES(mg_grad(turned), 2, 24, 4, 30, 6, 36);
    VALUES(mg_grad(wide), 24, 30, 36, 24, 30, 36); /* the whole of it, as in MyGrad */

    mg_imultiply(mg_grad(end), mg_scalar(10));
    VALUES(mg_grad(x), 2, 4, 6, 240, 30, 360);
    mg_copyto(mg_grad(x), mg_scalar(1));
    VALUES(mg_grad(turned), 1, 1, 1, 1, 1, 1);
    const double *base = mg_data_f64(mg_grad(x)), *part = mg_data_f64(mg_grad(row));
    CHECK(part == base + 3);
    CHECK(mg_imultiply(mg_grad(wide), mg_scalar(2)) == NULL); /* broadcast: read-only */
    CHECK_EQ_I64(mg_take_error().code, MG_ERR_READ_ONLY);
}

MG_TEST(grad_place, whichever_is_asked_for_first) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3), *v = mg_getitem(x, HEAD);
    mg_backward(mg_sum(mg_square(v)));
    mg_tensor *gv = mg_grad(v), *gx = mg_grad(x);
    CHECK(mg_base(gv) == gx && mg_base(gx) == NULL);
    VALUES(gx, 2, 4, 0);
    mg_tensor *late = mg_getitem(x, HEAD); /* made after backward, and no use in an op */
    VALUES(mg_grad(late), 2, 4);
    CHECK(mg_base(mg_grad(late)) == gx);
}

MG_TEST(grad_place, of_views_whose_base_is_released) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3), *v = mg_getitem(x, HEAD), *u = mg_getitem(x, MG_KEY(MG_S(1, 3, 1)));
    mg_backward(mg_sum(mg_square(x)));
    mg_tensor *gv = mg_grad(v);
    CHECK(mg_base(gv) == mg_grad(x));
    mg_release(x);
    CHECK(mg_base(v) == NULL && mg_base(gv) == NULL && mg_grad(v) == gv);
    mg_imultiply(gv, mg_scalar(10));
    VALUES(mg_grad(u), 40, 6); /* still one memory */
    VALUES(gv, 20, 40);
}

MG_TEST(grad_place, the_optimiser_takes_what_was_written) {
    for (int way = 0; way < 5; way++) {
        MG_SCOPE;
        mg_tensor *w = mg_keep(vec(1, 2, 3)), *params[] = {w};
        mg_optimizer *sgd = mg_sgd(params, 1, .lr = .5);
        mg_backward(mg_sum(mg_square(w))); /* 2 4 6 */
        mg_tensor *g = mg_grad(w);
        if (way == 0) mg_imultiply(g, mg_scalar(.25));
        if (way == 1) mg_copyto(g, vec(.5, 1, 1.5));
        if (way == 2) mg_setitem(g, MG_KEY(MG_ELLIPSIS), vec(.5, 1, 1.5));
        if (way == 3) mg_multiply(g, mg_scalar(.25), .out = g);
        if (way == 4) {
            double *p = mg_data_mut(g);
            CHECK(p != NULL);
            p[0] = .5, p[1] = 1, p[2] = 1.5;
        }
        CHECK(mg_grad(w) == g);
        VALUES(g, .5, 1, 1.5);
        CHECK_EQ_I64(mg_optimizer_step(sgd), MG_OK);
        VALUES(w, .75, 1.5, 2.25);
        mg_optimizer_free(sgd);
        mg_release(w);
    }
}

MG_TEST(grad_place, and_so_do_accumulation_and_views) {
    MG_SCOPE;
    mg_tensor *w = vec(1, 2, 3), *v = mg_getitem(w, HEAD), *f = mg_sum(mg_square(w));
    mg_backward(f);
    mg_imultiply(mg_grad(w), mg_scalar(10));
    VALUES(mg_grad(v), 20, 40);
    mg_backward(f, .accumulate = true);
    VALUES(mg_grad(w), 22, 44, 66);
    VALUES(mg_grad(v), 22, 44);
    mg_null_grad(w);
    CHECK(mg_grad(v) == NULL && mg_grad(w) == NULL);
}

MG_TEST(grad_place, two_tensors_with_equal_gradients_do_not_share_them) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3), *y = vec(4, 5, 6), *seed = mg_set_constant(vec(1, 1, 1), true);
    mg_backward(mg_add(x, y), .grad = seed);
    mg_imultiply(mg_grad(x), mg_scalar(7));
    VALUES(mg_grad(y), 1, 1, 1);
    VALUES(seed, 1, 1, 1);
    double *p = mg_data_mut(mg_grad(y));
    CHECK(p != NULL);
    p[0] = 9;
    VALUES(mg_grad(x), 7, 7, 7);
    VALUES(seed, 1, 1, 1);
    VALUES(mg_grad(y), 9, 1, 1);
}

MG_TEST(grad_place, a_held_gradient_outlives_its_place) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3), *v = mg_getitem(x, HEAD);
    mg_backward(mg_sum(mg_square(x)));
    mg_tensor *g = mg_grad(x), *gv = mg_grad(v);
    mg_multiply(x, x); /* a use: the gradient is dropped */
    CHECK(mg_grad(x) == NULL && mg_grad(v) == NULL);
    VALUES(g, 2, 4, 6);
    mg_imultiply(g, mg_scalar(2));
    VALUES(gv, 4, 8);
    mg_tensor *kept = mg_keep(g);
    mg_release(x);
    VALUES(kept, 4, 8, 12);
    mg_release(kept);
}

/* As in MyGrad: a use drops the gradient, an attempt does not. */
MG_TEST(grad_place, an_operation_that_fails_drops_none) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3), *four = mg_ones(MG_SHAPE(4)), *q, *r;
    const int64_t two = 2;
    mg_backward(mg_sum(mg_square(x)));
    mg_tensor *grad = mg_grad(x);
#define FAILS(call) ((void)(call), mg_take_error().code != MG_OK && mg_grad(x) == grad)
    CHECK(FAILS(mg_add(x, four)));
    CHECK(FAILS(mg_add(four, x)));
    CHECK(FAILS(mg_greater(x, four)));
    CHECK(FAILS(mg_power(x, four)));
    CHECK(FAILS(mg_clip(x, four, NULL)));
    CHECK(FAILS(mg_add(x, x, .where = four)));
    CHECK(FAILS(mg_add(x, x, .out = four)));
    CHECK(FAILS(mg_exp(x, .dtype = MG_I8)));
    CHECK(FAILS(mg_divmod(x, four, &q, &r)));
    CHECK(FAILS(mg_add_sequence(MG_TENSORS(x, x, four))));
    CHECK(FAILS(mg_sum(x, .axis = 5)));
    CHECK(FAILS(mg_var(x, .axis = 5)));
    CHECK(FAILS(mg_cumprod(x, .axis = 5)));
    CHECK(FAILS(mg_softmax(x, .axis = 5)));
    CHECK(FAILS(mg_logsumexp(x, .axis = 5)));
    CHECK(FAILS(mg_matmul(x, four)));
    CHECK(FAILS(mg_conv_nd(x, x)));
    CHECK(FAILS(mg_max_pool(x, mg_shape_of(1, &two), mg_shape_of(1, &two))));
    CHECK(FAILS(mg_softmax_crossentropy(mg_reshape(x, MG_SHAPE(1, 3)), x)));
#undef FAILS
    VALUES(grad, 2, 4, 6);
    CHECK(mg_add(x, x) && mg_grad(x) == NULL);
}
