/* SPDX-License-Identifier: MIT
 * Central differences and other oracles that know nothing of the library's own rules. */
#include "nnet_check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_IN = 4, MAX_SIZE = 4096 };

void nnet_draw(mg_test_rng *rng, bool coarse, int64_t count, double *out) {
    for (int64_t i = 0; i < count; i++) {
        out[i] = coarse ? (double)mg_test_int(rng, -16, 15) / 8 : mg_test_uniform(rng, -2, 2);
    }
}

mg_tensor *nnet_random(mg_test_rng *rng, mg_shape shape) {
    double values[MAX_SIZE];
    int64_t size = 1;
    for (int i = 0; i < shape.ndim; i++) size *= shape.dims[i];
    CHECK(size <= MAX_SIZE);
    nnet_draw(rng, false, size, values);
    return mg_from_f64(values, shape);
}

mg_tensor *nnet_distinct(mg_test_rng *rng, mg_shape shape) {
    double values[MAX_SIZE];
    int64_t size = 1;
    for (int i = 0; i < shape.ndim; i++) size *= shape.dims[i];
    CHECK(size <= MAX_SIZE);
    for (int64_t i = 0; i < size; i++) {
        int64_t j = mg_test_int(rng, 0, i);
        values[i] = values[j];
        values[j] = (double)(i - size / 2) / 64;
    }
    return mg_from_f64(values, shape);
}

void nnet_expect_error(mg_status code, const char *part) {
    mg_error error = mg_take_error();
    CHECK_MSG(error.code == code, "expected %s, got %s: %s", mg_status_name(code), mg_status_name(error.code),
              error.message ? error.message : "");
    char text[1024];
    snprintf(text, sizeof text, "%s: %s", error.op, error.message);
    CHECK_CONTAINS(text, part);
}

double *nnet_read(mg_tensor *x) {
    double *values = malloc(((size_t)mg_size(x) + 1) * sizeof *values);
    CHECK(values != NULL);
    CHECK_MSG(mg_read(x, MG_F64, values) == MG_OK, "%s", mg_take_error().message);
    return values;
}

static double loss_at(nnet_fn *fn, void *context, int n, double *const *values, mg_tensor *const *like,
                      const double *weights) {
    mg_scope scope = mg_scope_open();
    mg_tensor *in[MAX_IN];
    for (int i = 0; i < n; i++) in[i] = mg_from_f64(values[i], mg_shape_of(mg_ndim(like[i]), mg_dims(like[i])));
    mg_tensor *result = fn(in, context);
    double *y = nnet_read(result), sum = 0;
    int64_t size = mg_size(result);
    for (int64_t i = 0; i < size; i++) sum += weights[i] * y[i];
    free(y);
    CHECK(mg_scope_close(scope) == MG_OK);
    return sum;
}

/* x's gradient, checked to be of its shape; zeros where backward did not come by. */
static double *gradient_values(mg_tensor *x) {
    mg_tensor *grad = mg_grad(x);
    if (!grad) return calloc((size_t)mg_size(x) + 1, sizeof(double));
    CHECK_EQ_I64(mg_ndim(grad), mg_ndim(x));
    CHECK_EQ_I64(mg_dtype_of(grad), mg_dtype_of(x));
    for (int axis = 0; axis < mg_ndim(grad); axis++) CHECK_EQ_I64(mg_dim(grad, axis), mg_dim(x, axis));
    return nnet_read(grad);
}

void nnet_check_gradients(nnet_fn *fn, void *context, int n, mg_tensor *const *in, double tolerance) {
    mg_test_rng rng = mg_test_rng_new();
    double *values[MAX_IN], weights[MAX_SIZE];
    CHECK(n <= MAX_IN);
    for (int i = 0; i < n; i++) values[i] = nnet_read(in[i]);
    mg_tensor *y = fn(in, context);
    CHECK_MSG(y != NULL, "%s", mg_take_error().message);
    CHECK(mg_size(y) <= MAX_SIZE);
    nnet_draw(&rng, false, mg_size(y), weights);
    mg_tensor *seed = mg_from_f64(weights, mg_shape_of(mg_ndim(y), mg_dims(y)));
    CHECK_MSG(mg_backward(y, .grad = seed) == MG_OK, "%s", mg_take_error().message);
    for (int i = 0; i < n; i++) {
        double *found = gradient_values(in[i]);
        for (int64_t j = 0; j < mg_size(in[i]); j++) {
            double kept = values[i][j], h = 1e-5;
            values[i][j] = kept + h;
            double above = loss_at(fn, context, n, values, in, weights);
            values[i][j] = kept - h;
            double below = loss_at(fn, context, n, values, in, weights);
            values[i][j] = kept;
            double expected = (above - below) / (2 * h);
            CHECK_MSG(fabs(found[j] - expected) <= tolerance * (1 + fabs(expected)),
                      "input %d element %lld: %.10g, central difference %.10g", i, (long long)j, found[j], expected);
        }
        free(found);
    }
    for (int i = 0; i < n; i++) free(values[i]);
}

int64_t nnet_index(int ndim, const int64_t *dims, const int64_t *position) {
    int64_t index = 0;
    for (int i = 0; i < ndim; i++) index = index * dims[i] + position[i];
    return index;
}

bool nnet_next(int ndim, const int64_t *dims, int64_t *position) {
    for (int i = ndim - 1; i >= 0; i--) {
        if (++position[i] < dims[i]) return true;
        position[i] = 0;
    }
    return false;
}
