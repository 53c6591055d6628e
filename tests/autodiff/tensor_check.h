/* SPDX-License-Identifier: MIT
 * Small vectors and exact comparisons for the tests of tensors. */
#ifndef MYGRAD_TEST_TENSOR_CHECK_H
#define MYGRAD_TEST_TENSOR_CHECK_H

#include "harness.h"

#include <mygrad/mygrad.h>

/* A float64 variable of shape (3,). */
mg_tensor *vec(double a, double b, double c);

/* t has n elements, and converted to double they have these bits. */
void check_values(mg_tensor *t, int64_t n, const double *expected);
#define VALUES(t, ...) check_values(t, sizeof((double[]){__VA_ARGS__}) / sizeof(double), (double[]){__VA_ARGS__})

#endif
