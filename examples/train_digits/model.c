/* SPDX-License-Identifier: MIT
 * What the networks are made of. Everything that differs between them is in this file. */
#include "model.h"

#include <stdlib.h>

#include "dataset.h"
#include "random.h"

enum { FILTERS1 = 16, FILTERS2 = 32, HIDDEN = 128, FLAT = FILTERS2 * (IMAGE_SIDE / 4) * (IMAGE_SIDE / 4) };

/* A parameter of normal random numbers with deviation sqrt(2 / fan_in), which keeps the size of activations through
 * relu; zeros for fan_in 0. */
static bool add_parameter(model *m, const char *name, mg_shape shape, double fan_in, rng *r) {
    size_t size = 1;
    for (int i = 0; i < shape.ndim; i++) size *= (size_t)shape.dims[i];
    float *values = malloc(size * sizeof *values);
    if (!values) return false;
    double deviation = fan_in > 0 ? sqrt(2 / fan_in) : 0;
    for (size_t i = 0; i < size; i++) values[i] = (float)(deviation * rng_normal(r));
    mg_tensor *p = mg_keep(mg_from_f32(values, shape));
    free(values);
    if (!p) return false;
    m->names[m->count] = name;
    m->params[m->count++] = p;
    return true;
}

static mg_tensor *dense(mg_tensor *x, mg_tensor *weights, mg_tensor *bias) {
    return mg_add(mg_matmul(x, weights), bias);
}

/* relu of a 3x3 convolution that keeps the image's size, then the largest of each 2x2 square. */
static mg_tensor *convolve(mg_tensor *x, mg_tensor *filters, mg_tensor *bias) {
    mg_tensor *y = mg_relu(mg_add(mg_conv_nd(x, filters, .padding = MG_SHAPE(1, 1)), bias));
    return mg_max_pool(y, MG_SHAPE(2, 2), MG_SHAPE(2, 2));
}

static mg_tensor *forward_convolutional(const model *m, mg_tensor *images) {
    mg_tensor *const *p = m->params;
    mg_tensor *x = convolve(images, p[0], p[1]); /* (N, 16, 14, 14) */
    x = convolve(x, p[2], p[3]);                 /* (N, 32, 7, 7) */
    x = mg_reshape(x, MG_SHAPE(-1, FLAT));
    x = mg_relu(dense(x, p[4], p[5]));
    return dense(x, p[6], p[7]);
}

bool model_convolutional(model *m, uint64_t seed) {
    rng r = {seed};
    *m = (model){.forward = forward_convolutional};
    if (add_parameter(m, "conv1.filters", MG_SHAPE(FILTERS1, 1, 3, 3), 9, &r) &&
        add_parameter(m, "conv1.bias", MG_SHAPE(FILTERS1, 1, 1), 0, &r) &&
        add_parameter(m, "conv2.filters", MG_SHAPE(FILTERS2, FILTERS1, 3, 3), 9 * FILTERS1, &r) &&
        add_parameter(m, "conv2.bias", MG_SHAPE(FILTERS2, 1, 1), 0, &r) &&
        add_parameter(m, "dense1.weights", MG_SHAPE(FLAT, HIDDEN), FLAT, &r) &&
        add_parameter(m, "dense1.bias", MG_SHAPE(HIDDEN), 0, &r) &&
        add_parameter(m, "dense2.weights", MG_SHAPE(HIDDEN, CLASSES), HIDDEN, &r) &&
        add_parameter(m, "dense2.bias", MG_SHAPE(CLASSES), 0, &r))
        return true;
    model_free(m);
    return false;
}

static mg_tensor *forward_linear(const model *m, mg_tensor *images) {
    return dense(mg_reshape(images, MG_SHAPE(-1, IMAGE_PIXELS)), m->params[0], m->params[1]);
}

bool model_linear(model *m, uint64_t seed) {
    rng r = {seed};
    *m = (model){.forward = forward_linear};
    if (add_parameter(m, "dense.weights", MG_SHAPE(IMAGE_PIXELS, CLASSES), 0, &r) &&
        add_parameter(m, "dense.bias", MG_SHAPE(CLASSES), 0, &r))
        return true;
    model_free(m);
    return false;
}

void model_free(model *m) {
    for (size_t i = 0; i < m->count; i++) mg_release(m->params[i]);
    *m = (model){0};
}

size_t model_bytes(const model *m) {
    size_t bytes = 0;
    for (size_t i = 0; i < m->count; i++) bytes += (size_t)mg_size(m->params[i]) * sizeof(float);
    return bytes;
}

mg_tensor *model_forward(const model *m, mg_tensor *images) { return m->forward(m, images); }
