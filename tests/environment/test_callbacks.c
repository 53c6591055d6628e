/* SPDX-License-Identifier: MIT
 * Users' callbacks run in the floating-point environment of the call that they are made from, wherever in it that is,
 * and what they set there stays set. */
#include "modes.h"

#include <fenv.h>
#include <math.h>
#include <setjmp.h>
#include <stdlib.h>

static struct {
    int calls;
    int rounding;   /* that the callback saw */
    bool computes;  /* it calls the library itself */
    int next;       /* rounding to set; -1: none */
    jmp_buf *leave; /* it never returns */
} seen;

static void look(void) {
    seen.calls++;
    seen.rounding = rounding_now();
    if (seen.computes) free(mg_to_string(mg_scalar(1.0 / 3)));
    if (seen.computes && rounding_now() != seen.rounding) seen.rounding = -1;
    if (seen.next >= 0) fesetround(seen.next);
    if (seen.leave) longjmp(*seen.leave, 1);
}

static void on_error(mg_error error, void *context) {
    (void)context, (void)error;
    look();
}

static void on_free(void *data, void *context) {
    (void)data, (void)context;
    look();
}

static void prepare(bool computes, int next) {
    seen.calls = 0;
    seen.rounding = -2;
    seen.computes = computes;
    seen.next = next;
    seen.leave = NULL;
}

/* adam refuses beta1 inside its own environment. */
static void fail_inside(void) {
    static mg_tensor *none[1];
    mg_adam_opts opts = {.size = sizeof opts, .beta1 = 1.5};
    CHECK(!mg_adam_with(none, 1, &opts));
}

MG_TEST(callbacks, error_handler_rounds_as_the_caller) {
    static const int modes[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO, FE_TONEAREST};
    mg_set_error_handler(on_error, NULL);
    for (int i = 0; i < 8; i++) {
        prepare(i >= 4, -1);
        fesetround(modes[i % 4]);
        fail_inside();
        int after = fegetround();
        fesetround(FE_TONEAREST);
        CHECK_EQ_I64(seen.calls, 1);
        CHECK_EQ_I64(seen.rounding, modes[i % 4]);
        CHECK_EQ_I64(after, modes[i % 4]);
        CHECK_EQ_I64(mg_take_error().code, MG_ERR_VALUE);
    }
    mg_set_error_handler(NULL, NULL);
}

MG_TEST(callbacks, what_a_handler_sets_is_kept) {
    mg_set_error_handler(on_error, NULL);
    prepare(false, FE_DOWNWARD);
    fesetround(FE_UPWARD);
    fail_inside();
    int after = rounding_now();
    fesetround(FE_TONEAREST);
    CHECK_EQ_I64(seen.rounding, FE_UPWARD);
    CHECK_EQ_I64(after, FE_DOWNWARD);
    mg_take_error();
    mg_set_error_handler(NULL, NULL);
}

/* A handler that jumps out leaves nothing behind: the next one sees the environment of the next call. */
MG_TEST(callbacks, a_handler_may_jump_out) {
    jmp_buf here;
    mg_set_error_handler(on_error, NULL);
    prepare(false, -1);
    seen.leave = &here;
    fesetround(FE_UPWARD);
    if (!setjmp(here)) fail_inside();
    int outside = rounding_now();
    mg_take_error();
    prepare(false, -1);
    fesetround(FE_DOWNWARD);
    fail_inside();
    int after = rounding_now();
    fesetround(FE_TONEAREST);
    CHECK_EQ_I64(outside, FE_UPWARD);
    CHECK_EQ_I64(seen.rounding, FE_DOWNWARD);
    CHECK_EQ_I64(after, FE_DOWNWARD);
    mg_take_error();
    mg_set_error_handler(NULL, NULL);
}

/* The borrowed memory ends inside the evaluation of what was its last reader. */
MG_TEST(callbacks, free_data_rounds_as_the_caller) {
    static double data[3] = {1, 2, 3};
    for (int computes = 0; computes < 2; computes++) {
        MG_SCOPE;
        prepare(computes, -1);
        mg_no_autodiff(true);
        mg_tensor *x = mg_borrow(MG_F64, data, MG_SHAPE(3), on_free, NULL);
        mg_tensor *y = mg_multiply(x, mg_scalar(1.0 / 3));
        mg_release(x);
        CHECK_EQ_I64(seen.calls, 0);
        fesetround(FE_UPWARD);
        mg_status status = mg_eval(y);
        int after = rounding_now();
        fesetround(FE_TONEAREST);
        mg_no_autodiff(false);
        CHECK_EQ_I64(status, MG_OK);
        CHECK_EQ_I64(seen.calls, 1);
        CHECK_EQ_I64(seen.rounding, FE_UPWARD);
        CHECK_EQ_I64(after, FE_UPWARD);
    }
}
