/* SPDX-License-Identifier: MIT
 * Tensors used after their scope has closed: an error that says so, as long as their memory was not used again; under
 * MYGRAD_DEBUG=1 for the latest 65,536 of them, whatever was made meanwhile. */
#include "autodiff/thread.h"
#include "harness.h"
#include "runtime/sizes.h"
#include "tensor_check.h"

#include <mygrad/mygrad.h>

static mg_tensor *out_of_its_scope(void) {
    MG_SCOPE;
    return mg_square(vec(1, 2, 3));
}

static void check_closed(mg_tensor *r) {
    double read[3];
    CHECK(mg_add(r, r) == NULL);
    mg_error error = mg_take_error();
    CHECK_EQ_I64(error.code, MG_ERR_VALUE);
    CHECK_CONTAINS(error.message, "scope has closed");
    CHECK_CONTAINS(error.message, "mg_keep");
#define REFUSED(call)                                                                                                  \
    CHECK(!(call));                                                                                                    \
    CHECK_MSG(mg_take_error().code == MG_ERR_VALUE, "%s", #call)
    REFUSED(mg_to_string(r));
    REFUSED(mg_getitem(r, MG_KEY(MG_I(0))));
    REFUSED(mg_reshape(r, MG_SHAPE(3, 1)));
    REFUSED(mg_transpose(r, (mg_axes){0}));
    REFUSED(mg_keep(r));
    REFUSED(mg_data(r));
    REFUSED(mg_data_f32(r));
    REFUSED(mg_data_mut(r));
    REFUSED(mg_detach(r));
    REFUSED(mg_copy(r));
    REFUSED(mg_set_constant(r, true));
    REFUSED(mg_iadd(r, mg_scalar(1)));
    REFUSED(mg_iadd(vec(1, 2, 3), r));
    REFUSED(mg_sum(r));
    REFUSED(mg_add(vec(1, 2, 3), mg_scalar(1), .out = r));
    REFUSED(mg_item_i64(r));
#undef REFUSED
    CHECK_EQ_I64(mg_print(r), MG_ERR_VALUE);
    mg_take_error();
    CHECK_EQ_I64(mg_backward(r), MG_ERR_VALUE);
    mg_take_error();
    CHECK_EQ_I64(mg_sync(r), MG_ERR_VALUE);
    mg_take_error();
    CHECK_EQ_I64(mg_read(r, MG_F64, read), MG_ERR_VALUE);
    mg_take_error();
    mg_release(r);
    CHECK_EQ_I64(mg_take_error().code, MG_ERR_VALUE);
    CHECK(mg_ndim(r) == 0 && mg_size(r) == 0 && !mg_dims(r) && mg_dim(r, 0) == -1 && mg_base(r) == NULL);
    CHECK(mg_dtype_of(r) == MG_DTYPE_NONE && mg_is_constant(r) && mg_grad(r) == NULL);
    CHECK_EQ_I64(mg_grad_status(r), MG_GRAD_CONSTANT);
    mg_null_grad(r);
    CHECK_EQ_I64(mg_take_error().code, MG_OK);
}

MG_TEST(closed, a_tensor_returned_out_of_its_scope) {
    mg_tensor *r = out_of_its_scope();
    CHECK(mg_add(r, r) == NULL);
    CHECK_CONTAINS(mg_take_error().message, "scope has closed");
    mg_tensor *x = vec(1, 2, 3);
    mg_release(x);
    mg_release(x);
    CHECK_EQ_I64(mg_take_error().code, MG_ERR_VALUE);
    mg_scope_reset();
}

MG_TEST(closed, the_debug_mode_knows_the_latest) {
    mg_release(mg_scalar(0)); /* a thread's state */
    mga_thread_get()->debug = true;
    mg_tensor *r = out_of_its_scope();
    check_closed(r);
    for (int i = 0; i < MGA_CLOSED_KEPT / 16; i++) mg_release(vec(1, 2, 3));
    mga_thread_get()->debug = false;
    check_closed(r);
}
