/* SPDX-License-Identifier: MIT
 * Networks: dense layers with each activation, recurrent cells, attention, normalisation. Parts of them are written
 * with ops where the library has a function for the whole, as people do who port a network. */
#include "workload.h"

static mg_tensor *dense(mg_tensor *x, mg_tensor *weights, mg_tensor *bias) {
    return mg_add(mg_matmul(x, weights), bias);
}

static mg_tensor *squared_error(const workload *t, mg_tensor *y) { return mg_mean(mg_square(mg_subtract(y, t->y))); }

/* The rows of y are scores of classes. */
static mg_tensor *classes(const workload *t, mg_tensor *y) { return mg_softmax_crossentropy(y, t->labels); }

/* ---- two dense layers ---- */

static mg_tensor *leaky(mg_tensor *x) { return mg_leaky_relu(x, 0.01); }
static mg_tensor *elu(mg_tensor *x) { return mg_elu(x, 1.0); }
static mg_tensor *clipped(mg_tensor *x) { return mg_clip(x, mg_scalar(0), mg_scalar(6)); }

/* x * sigmoid(x), and the usual approximation of gelu, written with ops. */
static mg_tensor *swish(mg_tensor *x) { return mg_multiply(x, mg_sigmoid(x)); }
static mg_tensor *gelu(mg_tensor *x) {
    mg_tensor *cube = mg_multiply(mg_scalar(0.044715), mg_power(x, mg_scalar(3)));
    mg_tensor *inner = mg_multiply(mg_scalar(0.7978845608), mg_add(x, cube));
    return mg_multiply(mg_multiply(mg_scalar(0.5), x), mg_add(mg_scalar(1), mg_tanh(inner)));
}

static mg_tensor *layers(const workload *t, mg_tensor *(*activation)(mg_tensor *)) {
    return dense(activation(dense(t->x, t->p[0], t->p[1])), t->p[2], t->p[3]);
}

static mg_tensor *with_relu(const workload *t) { return classes(t, layers(t, (mg_relu))); }
static mg_tensor *with_tanh(const workload *t) { return squared_error(t, layers(t, (mg_tanh))); }
static mg_tensor *with_sigmoid(const workload *t) { return squared_error(t, layers(t, (mg_sigmoid))); }
static mg_tensor *with_softplus(const workload *t) { return squared_error(t, layers(t, (mg_softplus))); }
static mg_tensor *with_silu(const workload *t) { return classes(t, layers(t, (mg_silu))); }
static mg_tensor *with_selu(const workload *t) { return classes(t, layers(t, (mg_selu))); }
static mg_tensor *with_soft_sign(const workload *t) { return squared_error(t, layers(t, (mg_soft_sign))); }
static mg_tensor *with_leaky(const workload *t) { return classes(t, layers(t, leaky)); }
static mg_tensor *with_elu(const workload *t) { return classes(t, layers(t, elu)); }
static mg_tensor *with_clip(const workload *t) { return squared_error(t, layers(t, clipped)); }
static mg_tensor *with_swish(const workload *t) { return classes(t, layers(t, swish)); }
static mg_tensor *with_gelu(const workload *t) { return classes(t, layers(t, gelu)); }

static mg_tensor *residual(const workload *t) {
    mg_tensor *h = mg_add(t->x, mg_relu(dense(t->x, t->p[0], t->p[1])));
    return classes(t, mg_add(h, mg_relu(dense(h, t->p[2], t->p[3]))));
}

static mg_tensor *with_dropout(const workload *t) {
    mg_tensor *h = mg_relu(dense(t->x, t->p[0], t->p[1]));
    mg_tensor *kept = mg_multiply(mg_where(t->mask, h, mg_scalar(0)), mg_scalar(1 / 0.75));
    return classes(t, dense(kept, t->p[2], t->p[3]));
}

/* ---- recurrent cells, four steps of one sequence ---- */

enum { STEPS = 4 };

static mg_tensor *rnn(const workload *t) {
    mg_tensor *h = t->noise;
    for (int i = 0; i < STEPS; i++)
        h = mg_tanh(mg_add(mg_add(mg_matmul(t->x, t->p[0]), mg_matmul(h, t->p[1])), t->p[2]));
    return classes(t, h);
}

static mg_tensor *gate(const workload *t, mg_tensor *h, int first) {
    mg_tensor *sum = mg_add(mg_matmul(t->x, t->p[first]), mg_matmul(h, t->p[first + 1]));
    return mg_add(sum, t->p[first + 2]);
}

static mg_tensor *gru(const workload *t) {
    mg_tensor *h = t->noise;
    for (int i = 0; i < STEPS; i++) {
        mg_tensor *z = mg_sigmoid(gate(t, h, 0)), *r = mg_sigmoid(gate(t, h, 3));
        mg_tensor *new = mg_tanh(gate(t, mg_multiply(r, h), 6));
        h = mg_add(mg_multiply(mg_subtract(mg_scalar(1), z), new), mg_multiply(z, h));
    }
    return squared_error(t, h);
}

static mg_tensor *lstm(const workload *t) {
    mg_tensor *h = t->noise, *c = t->x;
    for (int i = 0; i < STEPS; i++) {
        mg_tensor *forget = mg_sigmoid(gate(t, h, 0)), *enter = mg_sigmoid(gate(t, h, 3));
        mg_tensor *leave = mg_sigmoid(gate(t, h, 6)), *new = mg_tanh(gate(t, h, 9));
        c = mg_add(mg_multiply(forget, c), mg_multiply(enter, new));
        h = mg_multiply(leave, mg_tanh(c));
    }
    return squared_error(t, h);
}

/* ---- attention and normalisation ---- */

static mg_tensor *softmax_of_ops(mg_tensor *x) {
    mg_tensor *e = mg_exp(mg_subtract(x, mg_max(x, .axis = MG_AXES(-1), .keepdims = true)));
    return mg_divide(e, mg_sum(e, .axis = MG_AXES(-1), .keepdims = true));
}

static mg_tensor *scores(const workload *t) {
    mg_tensor *q = mg_matmul(t->x, t->p[0]), *k = mg_matmul(t->x, t->p[1]);
    return mg_multiply(mg_matmul(q, (mg_transpose)(k, (mg_axes){0})), mg_scalar(0.0884));
}

static mg_tensor *attention_of_ops(const workload *t) {
    return classes(t, mg_matmul(softmax_of_ops(scores(t)), mg_matmul(t->x, t->p[2])));
}

static mg_tensor *attention(const workload *t) {
    return classes(t, mg_matmul(mg_softmax(scores(t)), mg_matmul(t->x, t->p[2])));
}

static mg_tensor *scale_and_shift(mg_tensor *x, mg_tensor *deviation, mg_tensor *scale, mg_tensor *shift) {
    return mg_add(mg_multiply(mg_divide(x, deviation), scale), shift);
}

static mg_tensor *normalised(const workload *t, mg_tensor *x, int axis) {
    mg_tensor *centred = mg_subtract(x, mg_mean(x, .axis = MG_AXES(axis), .keepdims = true));
    mg_tensor *spread = mg_mean(mg_square(centred), .axis = MG_AXES(axis), .keepdims = true);
    mg_tensor *deviation = mg_sqrt(mg_add(spread, mg_scalar(1e-5)));
    return scale_and_shift(centred, deviation, t->p[2], t->p[3]);
}

static mg_tensor *layer_norm(const workload *t) {
    return classes(t, mg_relu(normalised(t, dense(t->x, t->p[0], t->p[1]), 1)));
}

static mg_tensor *batch_norm(const workload *t) {
    return squared_error(t, mg_relu(normalised(t, dense(t->x, t->p[0], t->p[1]), 0)));
}

static mg_tensor *layer_norm_by_var(const workload *t) {
    mg_tensor *h = dense(t->x, t->p[0], t->p[1]);
    mg_tensor *centred = mg_subtract(h, mg_mean(h, .axis = MG_AXES(1), .keepdims = true));
    mg_tensor *spread = mg_var(h, .axis = MG_AXES(1), .keepdims = true);
    mg_tensor *y = scale_and_shift(centred, mg_sqrt(mg_add(spread, mg_scalar(1e-5))), t->p[2], t->p[3]);
    return classes(t, y);
}

#define MATRIX                                                                                                         \
    { WIDTH, WIDTH }
#define VECTOR                                                                                                         \
    { WIDTH, 0 }
#define LAYERS                                                                                                         \
    { MATRIX, VECTOR, MATRIX, VECTOR }
#define GATE MATRIX, MATRIX, VECTOR

const workload_case workload_nets[] = {
    {"relu", "two dense layers", with_relu, BY_ADAM, LAYERS},
    {"tanh", "two dense layers", with_tanh, BY_ADAM, LAYERS},
    {"sigmoid", "two dense layers", with_sigmoid, BY_SGD, LAYERS},
    {"softplus", "two dense layers", with_softplus, BY_ADAM, LAYERS},
    {"silu", "two dense layers", with_silu, BY_ADAM, LAYERS},
    {"elu", "two dense layers", with_elu, BY_ADAM, LAYERS},
    {"selu", "two dense layers", with_selu, BY_ADAM, LAYERS},
    {"soft_sign", "two dense layers", with_soft_sign, BY_ADAM, LAYERS},
    {"leaky_relu", "two dense layers", with_leaky, BY_ADAM, LAYERS},
    {"clip", "two dense layers, clipped to 0 and 6", with_clip, BY_ADAM, LAYERS},
    {"swish", "two dense layers, x * sigmoid(x) written out", with_swish, BY_ADAM, LAYERS},
    {"gelu", "two dense layers, gelu by tanh written out", with_gelu, BY_ADAM, LAYERS},
    {"residual", "two dense layers, each added to what it was given", residual, BY_ADAM, LAYERS},
    {"dropout", "two dense layers, a mask between, cross-entropy", with_dropout, BY_SGD, LAYERS},
    {"rnn", "four steps of a cell with tanh", rnn, BY_ADAM, {GATE}},
    {"gru", "four steps of a gated recurrent unit", gru, BY_ADAM, {GATE, GATE, GATE}},
    {"lstm", "four steps of a long short-term memory", lstm, BY_ADAM, {GATE, GATE, GATE, GATE}},
    {"attention", "one head, softmax", attention, BY_ADAM, {MATRIX, MATRIX, MATRIX}},
    {"attention of ops", "one head, softmax written out", attention_of_ops, BY_ADAM, {MATRIX, MATRIX, MATRIX}},
    {"layer norm",
     "a dense layer, normalised by ops along rows, relu",
     layer_norm,
     BY_ADAM,
     {MATRIX, VECTOR, VECTOR, VECTOR}},
    {"layer norm by var",
     "a dense layer, normalised by var",
     layer_norm_by_var,
     BY_ADAM,
     {MATRIX, VECTOR, VECTOR, VECTOR}},
    {"batch norm",
     "a dense layer, normalised by ops along columns, relu",
     batch_norm,
     BY_ADAM,
     {MATRIX, VECTOR, VECTOR, VECTOR}},
    {0},
};
