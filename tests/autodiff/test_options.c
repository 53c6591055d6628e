/* SPDX-License-Identifier: MIT
 * Option structs of callers whose header knew fewer fields: what lies beyond .size is not looked at. And of those who
 * forgot .size. */
#include "nnet_check.h"
#include "tensor_check.h"

#include <stddef.h>
#include <string.h>

/* As if `field` and what follows had not been there: its size, and rubbish behind it. */
#define CUT_BEFORE(opts, type, field)                                                                                  \
    do {                                                                                                               \
        (opts).size = offsetof(type, field);                                                                           \
        memset((char *)&(opts) + offsetof(type, field), 0x5a, sizeof(type) - offsetof(type, field));                   \
    } while (0)

MG_TEST(options, of_elementwise_functions_end_with_their_size) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3), *mask = mg_from_bool((bool[]){true, false, true}, MG_SHAPE(3));
    mg_ufunc_opts opts = {.where = mask};
    CUT_BEFORE(opts, mg_ufunc_opts, out);
    VALUES(mg_square_with(x, &opts), 1, 0, 9);
    CUT_BEFORE(opts, mg_ufunc_opts, where);
    VALUES(mg_square_with(x, &opts), 1, 4, 9);
    mg_tensor *fixed = mg_detach(x);
    opts = (mg_ufunc_opts){.out = fixed};
    CUT_BEFORE(opts, mg_ufunc_opts, dtype);
    CHECK(mg_add_with(fixed, fixed, &opts) == fixed);
    VALUES(fixed, 2, 4, 6);
    opts = (mg_ufunc_opts){.dtype = MG_F32};
    CUT_BEFORE(opts, mg_ufunc_opts, constant);
    mg_tensor *narrow = mg_clip_with(x, NULL, mg_scalar(2), &opts);
    CHECK(mg_dtype_of(narrow) == MG_F32 && !mg_is_constant(narrow));
}

MG_TEST(options, of_other_functions_end_with_their_size) {
    MG_SCOPE;
    mg_tensor *x = mg_reshape(vec(1, 2, 3), MG_SHAPE(1, 3));
    mg_reduce_opts reduce = {.axis = MG_AXES(1)};
    CUT_BEFORE(reduce, mg_reduce_opts, keepdims);
    mg_tensor *sum = mg_sum_with(x, &reduce);
    CHECK(mg_ndim(sum) == 1 && !mg_is_constant(sum));
    CHECK_EQ_I64(mg_ndim(mg_logsumexp_with(x, &reduce)), 1);
    mg_create_opts create = {.dtype = MG_I16};
    CUT_BEFORE(create, mg_create_opts, constant);
    CHECK_EQ_I64(mg_dtype_of(mg_ones_with(MG_SHAPE(2), &create)), MG_I16);
    mg_backward_opts backward = {.grad = NULL};
    CUT_BEFORE(backward, mg_backward_opts, accumulate);
    CHECK_EQ_I64(mg_backward_with(sum, &backward), MG_OK);
    CHECK_EQ_I64(mg_backward_with(sum, &backward), MG_OK); /* neither consumed nor added to */
    VALUES(mg_grad(x), 1, 1, 1);
    mg_var_opts var = {.axis = MG_AXES(1)};
    CUT_BEFORE(var, mg_var_opts, keepdims);
    VALUES(mg_var_with(mg_reshape(vec(1, 1, 1), MG_SHAPE(1, 3)), &var), 0);
}

/* Nothing that was asked for is ignored. */
MG_TEST(options, without_a_size_are_an_error) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3);
    CHECK(mg_square_with(x, &(mg_ufunc_opts){.constant = MG_CONSTANT}) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "square: The .size of the options is 0");
    CHECK(mg_sum_with(x, &(mg_reduce_opts){.keepdims = true}) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "sum: The .size");
    CHECK(mg_ones_with(MG_SHAPE(2), &(mg_create_opts){.dtype = MG_I8}) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "ones: The .size");
    CHECK_EQ_I64(mg_backward_with(x, &(mg_backward_opts){.consume = true}), MG_ERR_VALUE);
    nnet_expect_error(MG_ERR_VALUE, "backward: The .size");
    CHECK(mg_softmax_with(x, &(mg_softmax_opts){.constant = MG_CONSTANT}) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "softmax: The .size");
    CHECK(mg_sgd_with(MG_TENSORS(x), &(mg_sgd_opts){.lr = 1}) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "sgd: The .size");
}
