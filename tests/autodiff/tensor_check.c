/* SPDX-License-Identifier: MIT
 * Small vectors and exact comparisons for the tests of tensors. */
#include "tensor_check.h"

mg_tensor *vec(double a, double b, double c) { return mg_from_f64((double[]){a, b, c}, MG_SHAPE(3)); }

void check_values(mg_tensor *t, int64_t n, const double *expected) {
    double got[64];
    CHECK(t != NULL && n <= 64);
    CHECK_EQ_I64(mg_size(t), n);
    CHECK_EQ_I64(mg_read(t, MG_F64, got), MG_OK);
    for (int64_t i = 0; i < n; i++) CHECK_BITS_F64(got[i], expected[i]);
}
