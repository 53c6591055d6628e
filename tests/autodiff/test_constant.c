/* SPDX-License-Identifier: MIT
 * Constant and variable: one place says which a tensor is, for computed, written, detached ones and for views; and what
 * is made while nothing is recorded. */
#include "harness.h"
#include "tensor_check.h"

#include <mygrad/mygrad.h>

#define ROW  MG_KEY(MG_I(1))
#define TAIL MG_KEY(MG_S(1, MG_NONE, 1))

static mg_tensor *computed(void) { return mg_square(vec(1, 2, 3)); }

static mg_tensor *computed_and_read(void) {
    mg_tensor *y = computed();
    mg_eval(y);
    return y;
}

static mg_tensor *used(void) {
    mg_tensor *y = computed();
    mg_exp(y);
    return y;
}

static mg_tensor *updated(void) {
    mg_tensor *y = vec(1, 4, 8);
    mg_iadd(y, vec(0, 0, 1));
    return y;
}

static mg_tensor *with_views(void) {
    mg_tensor *y = computed();
    mg_getitem(y, TAIL);
    return y;
}

static mg_tensor *view(void) { return mg_getitem(mg_square(mg_from_f64((double[]){0, 1, 2, 3}, MG_SHAPE(4))), TAIL); }

static mg_tensor *view_of_constant(void) {
    mg_tensor *c = mg_set_constant(mg_from_f64((double[]){0, 1, 4, 9}, MG_SHAPE(4)), true);
    return mg_getitem(c, TAIL);
}

static mg_tensor *updated_view(void) {
    mg_tensor *v = mg_getitem(mg_from_f64((double[]){0, 1, 4, 8}, MG_SHAPE(4)), TAIL);
    mg_iadd(v, vec(0, 0, 1));
    return v;
}

static mg_tensor *detached(void) { return mg_detach(computed()); }

static mg_tensor *detached_view(void) { return mg_detach(view()); }

static mg_tensor *reshaped_copy(void) {
    mg_tensor *x = mg_from_f64((double[]){9, 4, 1}, MG_SHAPE(3));
    return mg_reshape(mg_getitem(mg_reshape(x, MG_SHAPE(1, 3)), MG_KEY(MG_I(0), MG_S(MG_NONE, MG_NONE, -1))),
                      MG_SHAPE(3));
}

static mg_tensor *borrowed(void) {
    static double memory[3];
    memory[0] = 1, memory[1] = 4, memory[2] = 9;
    return mg_borrow(MG_F64, memory, MG_SHAPE(3), NULL, NULL);
}

static mg_tensor *kept(void) { return mg_keep(computed()); }

static mg_tensor *variance(void) {
    return mg_var(mg_from_f64((double[]){1, 3, 1, 5, 1, 7}, MG_SHAPE(3, 2)), .axis = MG_AXES(1));
}

static const struct {
    const char *name;
    mg_tensor *(*make)(void); /* [1 4 9], a variable or a constant */
} makers[] = {{"computed", computed},
              {"computed and read", computed_and_read},
              {"used", used},
              {"updated", updated},
              {"with views", with_views},
              {"view", view},
              {"view of constant", view_of_constant},
              {"updated view", updated_view},
              {"detached", detached},
              {"detached view", detached_view},
              {"reshaped copy", reshaped_copy},
              {"borrowed", borrowed},
              {"kept", kept},
              {"variance", variance}};

enum { MAKERS = sizeof makers / sizeof *makers };

/* x says that it is a variable, and behaves so: as a whole, through a view of it, and after it was written. */
static void check_variable(const char *name, mg_tensor *x) {
    CHECK_MSG(!mg_is_constant(x), "%s is constant", name);
    mg_tensor *y = mg_square(x);
    CHECK_MSG(!mg_is_constant(y), "%s: its square is constant", name);
    CHECK_EQ_I64(mg_backward(mg_sum(y)), MG_OK);
    CHECK_MSG(mg_grad(x) != NULL, "%s has no gradient", name);
    VALUES(mg_grad(x), 2, 8, 18);
    mg_tensor *v = mg_getitem(x, TAIL);
    CHECK(!mg_is_constant(v));
    CHECK_EQ_I64(mg_backward(mg_sum(mg_square(v))), MG_OK);
    CHECK_MSG(mg_grad(x) && mg_grad(v), "%s has no gradient through a view", name);
    VALUES(mg_grad(x), 0, 8, 18);
    VALUES(mg_grad(v), 8, 18);
    mg_iadd(x, mg_scalar(1));
    CHECK_MSG(!mg_is_constant(x), "%s is constant once it is written", name);
    CHECK_EQ_I64(mg_backward(mg_sum(mg_square(x))), MG_OK);
    CHECK_MSG(mg_grad(x), "%s has no gradient once it is written", name);
    VALUES(mg_grad(x), 4, 10, 20);
    CHECK_EQ_I64(mg_take_error().code, MG_OK);
}

static void check_constant(const char *name, mg_tensor *x) {
    CHECK_MSG(mg_is_constant(x), "%s is variable", name);
    CHECK_MSG(mg_is_constant(mg_square(x)), "%s: its square is variable", name);
    CHECK(mg_is_constant(mg_getitem(x, TAIL)));
    CHECK(mg_grad(x) == NULL);
    CHECK_EQ_I64(mg_grad_status(x), MG_GRAD_CONSTANT);
}

MG_TEST(constant, a_tensor_that_is_made_variable_is_one) {
    for (int i = 0; i < MAKERS; i++) {
        MG_SCOPE;
        mg_tensor *x = makers[i].make();
        CHECK(mg_set_constant(x, false) == x);
        check_variable(makers[i].name, x);
    }
}

MG_TEST(constant, to_and_fro) {
    for (int i = 0; i < MAKERS; i++) {
        MG_SCOPE;
        mg_tensor *x = makers[i].make();
        CHECK(mg_set_constant(x, true) == x);
        check_constant(makers[i].name, x);
        VALUES(x, 1, 4, 9);
        CHECK(mg_set_constant(x, false) == x);
        check_variable(makers[i].name, x);
    }
}

MG_TEST(constant, made_constant_when_views_and_readers_are_there) {
    for (int i = 0; i < MAKERS; i++) {
        MG_SCOPE;
        mg_tensor *x = makers[i].make(), *reader = mg_square(x), *v = mg_getitem(x, TAIL);
        mg_set_constant(x, true);
        check_constant(makers[i].name, x);
        VALUES(reader, 1, 16, 81);
        mg_iadd(v, mg_scalar(1)); /* still the same elements */
        VALUES(x, 1, 5, 10);
        mg_imultiply(x, mg_scalar(2));
        VALUES(v, 10, 20);
    }
}

/* d/dx of what was recorded from x's value before x became a leaf of its own goes on to what that came from. */
MG_TEST(constant, what_was_recorded_before_stays_recorded) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3), *y = mg_square(x), *z = mg_sum(mg_multiply(y, mg_scalar(3)));
    mg_set_constant(y, true);
    mg_set_constant(y, false);
    mg_backward(z);
    VALUES(mg_grad(x), 6, 12, 18);
    CHECK(mg_grad(y) == NULL);
    mg_backward(mg_sum(y));
    VALUES(mg_grad(y), 1, 1, 1);
    VALUES(mg_grad(x), 6, 12, 18);
}

MG_TEST(constant, a_view_may_differ_from_its_base) {
    MG_SCOPE;
    mg_tensor *c = mg_set_constant(vec(1, 2, 3), true), *v = mg_getitem(c, TAIL), *x = vec(1, 2, 3);
    mg_set_constant(v, false);
    CHECK(mg_is_constant(c) && !mg_is_constant(v) && mg_base(v) == c);
    mg_tensor *deeper = mg_getitem(v, TAIL);
    mg_backward(mg_sum(mg_add(mg_square(v), mg_sum(mg_multiply(deeper, c)))));
    VALUES(mg_grad(v), 4, 18);
    VALUES(mg_grad(deeper), 18);
    CHECK(mg_grad(c) == NULL);

    /* what a variable writes through it is recorded for the view, not for the constant; both have the values */
    mg_imultiply(v, mg_getitem(x, TAIL));
    VALUES(c, 1, 4, 9);
    VALUES(v, 4, 9);
    mg_backward(mg_sum(v));
    VALUES(mg_grad(x), 0, 2, 3);

    mg_copyto(c, mg_scalar(7));
    VALUES(v, 7, 7);
    CHECK(!mg_is_constant(v));
    mg_backward(mg_sum(mg_square(v)));
    VALUES(mg_grad(v), 14, 14);
}

MG_TEST(constant, a_constant_view_of_a_variable) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3), *v = mg_set_constant(mg_getitem(x, TAIL), true), *y = vec(4, 5, 6);
    mg_backward(mg_sum(mg_multiply(mg_getitem(x, TAIL), v)));
    VALUES(mg_grad(x), 0, 2, 3);
    mg_imultiply(v, mg_getitem(y, TAIL)); /* into a constant: y gets nothing, x keeps what is left of it */
    VALUES(x, 1, 10, 18);
    CHECK(!mg_is_constant(x));
    mg_backward(mg_sum(mg_square(x)));
    VALUES(mg_grad(x), 2, 20, 36);
    CHECK(mg_grad(y) == NULL);
}

/* ---- while nothing is recorded ---- */

MG_TEST(constant, views_made_unrecorded_are_variables_by_their_dtype) {
    for (int variable = 0; variable < 2; variable++) {
        MG_SCOPE;
        mg_tensor *x = mg_set_constant(mg_from_f64((double[]){1, 2, 3, 4}, MG_SHAPE(2, 2)), !variable);
        mg_tensor *i = mg_from_i64((int64_t[]){1, 2, 3}, MG_SHAPE(3));
        mg_no_autodiff(true);
        mg_tensor *views[] = {mg_getitem(x, ROW), mg_reshape(x, MG_SHAPE(4)), mg_transpose(x, (mg_axes){0}),
                              mg_broadcast_to(x, MG_SHAPE(2, 2, 2)), mg_reshape(x, MG_SHAPE(2, 2))};
        mg_tensor *whole = mg_getitem(i, TAIL), *deeper = mg_getitem(views[1], TAIL);
        mg_no_autodiff(false);
        CHECK(mg_is_constant(whole) && !mg_is_constant(deeper));
        for (size_t k = 0; k < sizeof views / sizeof *views; k++) {
            CHECK(!mg_is_constant(views[k]));
            CHECK(mg_base(views[k]) == x);
        }
        mg_tensor *v = views[0], *part = mg_getitem(v, TAIL);
        mg_backward(mg_sum(mg_add(mg_square(v), mg_multiply(part, mg_scalar(10)))));
        CHECK(mg_grad(x) == NULL);
        VALUES(mg_grad(v), 6, 28); /* 2 v, and 10 twice for the element that was added to both */
    }
}

MG_TEST(constant, such_a_view_shows_what_is_written_into_its_base) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3);
    mg_no_autodiff(true);
    mg_tensor *v = mg_getitem(x, TAIL);
    mg_no_autodiff(false);
    mg_backward(mg_sum(mg_square(v)));
    VALUES(mg_grad(v), 4, 6);
    mg_imultiply(x, mg_scalar(2));
    VALUES(v, 4, 6);
    mg_iadd(v, vec(1, 1, 1) ? mg_scalar(1) : NULL);
    VALUES(x, 2, 5, 7);
    mg_backward(mg_sum(mg_square(v)));
    VALUES(mg_grad(v), 10, 14);
}

/* ---- hidden views ---- */

MG_TEST(constant, results_are_the_bases_of_their_views) {
    MG_SCOPE;
    mg_tensor *x = mg_from_f64((double[]){1, 3, 1, 5, 1, 7}, MG_SHAPE(3, 2));
    mg_tensor *results[] = {mg_var(x, .axis = MG_AXES(1)),
                            mg_std(x, .axis = MG_AXES(1)),
                            mg_logsumexp(x, .axis = MG_AXES(1)),
                            mg_reshape(mg_transpose(x, (mg_axes){0}), MG_SHAPE(6)),
                            mg_detach(mg_getitem(x, MG_KEY(MG_ALL, MG_I(1)))),
                            mg_cumsum(x),
                            mg_softmax(x),
                            mg_sum(x, .axis = MG_AXES(0)),
                            mg_getitem(mg_copy(x), MG_KEY(MG_ELLIPSIS)) ? mg_copy(x) : NULL};
    for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
        CHECK(results[i] && mg_base(results[i]) == NULL);
        mg_tensor *v = mg_reshape(results[i], MG_SHAPE(1, -1));
        CHECK_MSG(mg_base(v) == results[i], "result %zu is not the base of its view", i);
        mg_backward(mg_sum(mg_square(v)));
        if (mg_is_constant(results[i])) continue;
        CHECK(mg_grad(results[i]) && mg_base(mg_grad(results[i])) == NULL);
        CHECK(mg_base(mg_grad(v)) == mg_grad(results[i]));
    }
}

MG_TEST(constant, moments_over_no_axes_are_constant_where_their_operand_is) {
    MG_SCOPE;
    mg_tensor *c = mg_set_constant(vec(1, 2, 3), true), *x = vec(1, 2, 3);
    CHECK(mg_is_constant(mg_var(c, .axis = MG_AXES0)) && mg_is_constant(mg_std(c, .axis = MG_AXES0)));
    CHECK(!mg_is_constant(mg_var(x, .axis = MG_AXES0)) && !mg_is_constant(mg_std(x, .axis = MG_AXES0)));
    mg_no_autodiff(true);
    CHECK(!mg_is_constant(mg_var(c, .axis = MG_AXES0)));
    mg_no_autodiff(false);
}

MG_TEST(constant, a_seed_is_not_made_constant_by_becoming_a_gradient) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3), *seed = vec(4, 5, 6), *computed_seed = mg_square(seed);
    mg_backward(x, .grad = seed);
    VALUES(mg_grad(x), 4, 5, 6);
    CHECK(!mg_is_constant(seed) && mg_is_constant(mg_grad(x)));
    mg_backward(x, .grad = computed_seed);
    mg_imultiply(mg_grad(x), mg_scalar(2));
    VALUES(computed_seed, 16, 25, 36);
    mg_backward(mg_sum(computed_seed));
    VALUES(mg_grad(seed), 8, 10, 12);
}

MG_TEST(constant, a_frozen_view_of_its_own_constancy_cannot_be_written_from_either_side) {
    for (int kind = 0; kind < 3; kind++) {
        MG_SCOPE;
        mg_tensor *x = mg_keep(mg_set_constant(vec(1, 2, 3), kind == 1)), *two = mg_scalar(2);
        mg_no_autodiff(kind == 2);
        mg_tensor *v = mg_keep(mg_getitem(x, TAIL));
        mg_no_autodiff(false);
        mg_set_constant(v, kind == 0);
        mg_square(v);
        mg_imultiply(v, two); /* two values that wait */
        CHECK_EQ_I64(mg_freeze(v), MG_OK);
        mg_tensor *targets[] = {v, x, mg_getitem(v, MG_KEY(MG_S(0, 1, 1)))};
        for (int i = 0; i < 3; i++) {
            CHECK(mg_iadd(targets[i], two) == NULL);
            CHECK_EQ_I64(mg_take_error().code, MG_ERR_READ_ONLY);
            CHECK(mg_data_mut(targets[i]) == NULL);
            CHECK_EQ_I64(mg_take_error().code, MG_ERR_READ_ONLY);
        }
        VALUES(v, 4, 6);
        VALUES(x, 1, 4, 6);
        mg_release(v);
        mg_release(x);
    }
}

MG_TEST(constant, a_weak_scalar_stays_one) {
    MG_SCOPE;
    mg_tensor *s = mg_set_constant(mg_scalar(2), false), *x = mg_ones(MG_SHAPE(3), .dtype = MG_F32);
    CHECK(!mg_is_constant(s));
    CHECK_EQ_I64(mg_dtype_of(mg_multiply(x, s)), MG_F32);
}

MG_TEST(constant, an_unrecorded_view_guards_nothing) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3);
    mg_no_autodiff(true);
    mg_tensor *v = mg_getitem(x, TAIL);
    mg_iadd(x, mg_scalar(1));
    VALUES(v, 3, 4);
    mg_no_autodiff(false);
    CHECK(mg_data_mut(x) != NULL);
}

MG_TEST(constant, a_view_that_is_looked_at_unrecorded_leads_to_its_base_all_the_same) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3), *v = mg_getitem(x, TAIL);
    mg_no_autodiff(true);
    mg_iadd(x, mg_scalar(1));
    VALUES(v, 3, 4);
    mg_no_autodiff(false);
    CHECK_EQ_I64(mg_backward(mg_sum(mg_square(v))), MG_OK);
    CHECK(mg_grad(x) != NULL);
    VALUES(mg_grad(x), 0, 6, 8);
}

/* Consumed, the base goes on as a leaf of the same elements: the values of views' own are none of its business. */
MG_TEST(constant, a_value_of_a_views_own_outlives_the_history_of_its_base) {
    MG_SCOPE;
    mg_tensor *y = computed(), *v = mg_getitem(y, TAIL);
    mg_set_constant(mg_set_constant(v, true), false);
    CHECK_EQ_I64(mg_backward(mg_sum(mg_multiply(v, mg_getitem(vec(0, 4, 6), TAIL)))), MG_OK);
    CHECK_EQ_I64(mg_backward(mg_sum(y), .consume = true), MG_OK);
    CHECK_EQ_I64(mg_eval(y), MG_OK);
    VALUES(mg_grad(v), 4, 6);
}
