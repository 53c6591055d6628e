/* SPDX-License-Identifier: MIT
 * add_sequence and multiply_sequence: values, broadcasting, gradients with and without zeros, errors. */
#include "nnet_check.h"
#include "tensor_check.h"

#define VEC(...) mg_from_f64((double[]){__VA_ARGS__}, MG_SHAPE(sizeof((double[]){__VA_ARGS__}) / sizeof(double)))

MG_TEST(sequence, values_from_left_to_right) {
    MG_SCOPE;
    mg_tensor *x = VEC(1, 2, 3), *y = mg_from_f64((double[]){10, 20}, MG_SHAPE(2, 1)), *z = mg_scalar(0.5);
    VALUES(mg_add_sequence(MG_TENSORS(x, y, z)), 11.5, 12.5, 13.5, 21.5, 22.5, 23.5);
    VALUES(mg_multiply_sequence(MG_TENSORS(x, y, z, x)), 5, 20, 45, 10, 40, 90);
    VALUES(mg_add_sequence(MG_TENSORS(VEC(1), VEC(0x1p53), VEC(-0x1p53))), 0); /* (1 + 2^53) - 2^53 */
    CHECK_EQ_I64(mg_dtype_of(mg_multiply_sequence(MG_TENSORS(mg_astype(x, MG_I8), mg_astype(y, MG_I16)))), MG_I16);
}

static mg_tensor *sequence(mg_tensor *const *in, void *context) {
    return (*(int *)context ? mg_multiply_sequence : mg_add_sequence)(in, 4);
}

MG_TEST(sequence, central_differences) {
    mg_test_rng rng = mg_test_rng_new();
    for (int product = 0; product < 2; product++) {
        MG_SCOPE;
        mg_tensor *in[4] = {nnet_random(&rng, MG_SHAPE(2, 3)), nnet_random(&rng, MG_SHAPE(3)),
                            nnet_random(&rng, MG_SHAPE(2, 1)), nnet_random(&rng, MG_SHAPE0)};
        nnet_check_gradients(sequence, &product, 4, in, 1e-7);
    }
}

MG_TEST(sequence, a_zero_leaves_the_product_of_the_others) {
    MG_SCOPE;
    mg_tensor *x = VEC(0, 2), *y = VEC(3, 0), *z = VEC(5, 0);
    CHECK(mg_backward(mg_multiply_sequence(MG_TENSORS(x, y, z))) == MG_OK);
    VALUES(mg_grad(x), 15, 0);
    VALUES(mg_grad(y), 0, 0);
    VALUES(mg_grad(z), 0, 0);
    mg_tensor *twice = VEC(3);
    CHECK(mg_backward(mg_multiply_sequence(MG_TENSORS(twice, twice, twice))) == MG_OK);
    VALUES(mg_grad(twice), 27);
    CHECK(mg_backward(mg_add_sequence(MG_TENSORS(twice, twice, twice))) == MG_OK);
    VALUES(mg_grad(twice), 3);
}

/* As of every function: nothing is differentiated through a constant, and the flag wins over what the tensors are. */
MG_TEST(sequence, constant_wins) {
    MG_SCOPE;
    mg_tensor *x = VEC(1, 2), *y = VEC(3, 4), *c = mg_detach(x), *d = mg_detach(y), *ints = mg_astype(x, MG_I64);
    for (int product = 0; product < 2; product++) {
        const mg_sequence_opts fixed = {.size = sizeof fixed, .constant = MG_CONSTANT};
        const mg_sequence_opts free = {.size = sizeof free, .constant = MG_VARIABLE};
        mg_tensor *(*f)(mg_tensor *const *, size_t, const mg_sequence_opts *) =
            product ? mg_multiply_sequence_with : mg_add_sequence_with;
        CHECK(!mg_is_constant(f(MG_TENSORS(x, y, c), NULL)) && mg_is_constant(f(MG_TENSORS(c, d), NULL)));
        mg_tensor *none = f(MG_TENSORS(x, y), &fixed), *some = f(MG_TENSORS(c, d), &free);
        CHECK(mg_is_constant(none) && !mg_is_constant(some));
        CHECK(mg_backward(mg_multiply(none, x)) == MG_OK);
        CHECK(!mg_grad(y));
        CHECK(f(MG_TENSORS(ints, ints), &free) == NULL);
        nnet_expect_error(MG_ERR_VALUE, product ? "multiply_sequence: Integer-valued" : "add_sequence: Integer-valued");
    }
    CHECK(mg_is_constant(mg_add_sequence(MG_TENSORS(x, y), .constant = MG_CONSTANT)));
    VALUES(mg_multiply_sequence(MG_TENSORS(x, y, y), .constant = MG_CONSTANT), 9, 32);
    VALUES((mg_add_sequence)(MG_TENSORS(x, y)), 4, 6);
}

MG_TEST(sequence, errors) {
    MG_SCOPE;
    mg_tensor *x = VEC(1, 2), *y = VEC(1, 2, 3);
    CHECK(mg_add_sequence(MG_TENSORS(x)) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "add_sequence: 1 tensors");
    CHECK(mg_multiply_sequence(NULL, 3) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "multiply_sequence: 0 tensors");
    CHECK(mg_multiply_sequence(MG_TENSORS(x, x, y)) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "(3,)");
    CHECK(mg_add_sequence(((mg_tensor *const[]){x, NULL}), 2) == NULL);
    CHECK(mg_take_error().code != MG_OK);
}
