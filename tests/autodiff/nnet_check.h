/* SPDX-License-Identifier: MIT
 * What the tests of matmul, layers, losses and reductions share: random tensors, expected errors, gradients by central
 * differences in f64. */
#ifndef NNET_CHECK_H
#define NNET_CHECK_H

#include "harness.h"
#include "mygrad/mygrad.h"

/* count numbers drawn from [-2, 2); exact in f16 if coarse (multiples of 1/8). */
void nnet_draw(mg_test_rng *rng, bool coarse, int64_t count, double *out);

/* A variable f64 tensor of random numbers. */
mg_tensor *nnet_random(mg_test_rng *rng, mg_shape shape);

/* The same of numbers at least 1/64 apart: which is largest does not change while one is moved a little. */
mg_tensor *nnet_distinct(mg_test_rng *rng, mg_shape shape);

/* The pending error is `code` and its sentence contains `part`; it is taken. */
void nnet_expect_error(mg_status code, const char *part);

/* All of x's elements in C order as double, malloced. */
double *nnet_read(mg_tensor *x);

/* d(sum of weights * fn(in))/d(in[i]) for random weights, by mg_backward and by central differences; in: n f64 leaves.
 * Difference per element at most tolerance * (1 + |value|). No gradient counts as zeros. */
typedef mg_tensor *nnet_fn(mg_tensor *const *in, void *context);
void nnet_check_gradients(nnet_fn *fn, void *context, int n, mg_tensor *const *in, double tolerance);

/* A row-major index from a position in `dims`; and the next position, false after the last. */
int64_t nnet_index(int ndim, const int64_t *dims, const int64_t *position);
bool nnet_next(int ndim, const int64_t *dims, int64_t *position);

#endif
