/* SPDX-License-Identifier: MIT
 * Models without hidden layers, losses and penalties written with ops, and the chain that bench/ measures. */
#include "workload.h"

static mg_tensor *linear_of(const workload *t) { return mg_add(mg_matmul(t->x, t->p[0]), t->p[1]); }

static mg_tensor *error_of(const workload *t) { return mg_subtract(linear_of(t), t->y); }

static mg_tensor *linear(const workload *t) { return mg_mean(mg_square(error_of(t))); }

static mg_tensor *absolute_error(const workload *t) { return mg_mean(mg_absolute(error_of(t))); }

static mg_tensor *power_error(const workload *t) { return mg_mean(mg_power(error_of(t), mg_scalar(2))); }

/* Quadratic up to 1, linear beyond. */
static mg_tensor *huber(const workload *t) {
    mg_tensor *d = error_of(t), *size = mg_absolute(d);
    mg_tensor *inside = mg_multiply(mg_scalar(0.5), mg_square(d)), *outside = mg_subtract(size, mg_scalar(0.5));
    return mg_mean(mg_where(mg_less(size, mg_scalar(1)), inside, outside));
}

static mg_tensor *masked_error(const workload *t) {
    return mg_sum(mg_where(t->mask, mg_square(error_of(t)), mg_scalar(0)));
}

static mg_tensor *weighted_error(const workload *t) { return mg_sum(mg_multiply(t->noise, mg_square(error_of(t)))); }

/* -mean(y log p + (1 - y) log(1 - p)) */
static mg_tensor *logistic(const workload *t) {
    mg_tensor *p = mg_sigmoid(linear_of(t)), *one = mg_scalar(1);
    mg_tensor *hit = mg_multiply(t->y, mg_log(p));
    mg_tensor *miss = mg_multiply(mg_subtract(one, t->y), mg_log(mg_subtract(one, p)));
    return mg_negative(mg_mean(mg_add(hit, miss)));
}

static mg_tensor *logistic_of_logits(const workload *t) {
    mg_tensor *z = linear_of(t);
    return mg_mean(mg_subtract(mg_softplus(z), mg_multiply(z, t->y)));
}

static mg_tensor *hinge(const workload *t) {
    mg_tensor *sign = mg_subtract(mg_multiply(mg_scalar(2), t->y), mg_scalar(1));
    return mg_mean(mg_relu(mg_subtract(mg_scalar(1), mg_multiply(sign, linear_of(t)))));
}

static mg_tensor *crossentropy_of_ops(const workload *t) {
    mg_tensor *z = linear_of(t);
    mg_tensor *log_p = mg_subtract(z, mg_logsumexp(z, .axis = MG_AXES(-1), .keepdims = true));
    return mg_negative(mg_mean(mg_sum(mg_multiply(log_p, t->y), .axis = MG_AXES(-1))));
}

static mg_tensor *ridge(const workload *t) {
    return mg_add(linear(t), mg_multiply(mg_scalar(1e-3), mg_sum(mg_square(t->p[0]))));
}

static mg_tensor *lasso(const workload *t) {
    return mg_add(linear(t), mg_multiply(mg_scalar(1e-3), mg_sum(mg_absolute(t->p[0]))));
}

/* log(sigma) and mu, a draw from them, and its divergence from the normal distribution. */
static mg_tensor *variational(const workload *t) {
    mg_tensor *mu = linear_of(t), *log_var = mg_add(mg_matmul(t->x, t->p[2]), t->p[3]);
    mg_tensor *draw = mg_add(mu, mg_multiply(mg_exp(mg_multiply(mg_scalar(0.5), log_var)), t->noise));
    mg_tensor *terms = mg_subtract(mg_subtract(mg_add(mg_scalar(1), log_var), mg_square(mu)), mg_exp(log_var));
    mg_tensor *divergence = mg_multiply(mg_scalar(-0.5), mg_mean(terms));
    return mg_add(mg_mean(mg_square(mg_subtract(draw, t->y))), divergence);
}

/* exp of minus a squared distance by a width, for each element. */
static mg_tensor *radial(const workload *t) {
    mg_tensor *scaled = mg_divide(mg_subtract(t->x, t->p[0]), t->p[1]);
    mg_tensor *bell = mg_exp(mg_negative(mg_square(scaled)));
    return mg_mean(mg_square(mg_subtract(mg_multiply(bell, t->p[2]), t->y)));
}

static mg_tensor *polynomial(const workload *t) {
    mg_tensor *sum = t->p[0];
    for (int i = 1; i < 4; i++) sum = mg_add(mg_multiply(sum, t->x), t->p[i]);
    return mg_mean(mg_square(mg_subtract(sum, t->y)));
}

/* A sum of waves: amplitude, frequency and phase of each column. */
static mg_tensor *waves(const workload *t) {
    mg_tensor *wave = mg_sin(mg_add(mg_multiply(t->x, t->p[0]), t->p[1]));
    return mg_mean(mg_square(mg_subtract(mg_multiply(wave, t->p[2]), t->y)));
}

/* What bench/family_chain.c measures, w and b in the place of parameters. */
static mg_tensor *chain(const workload *t) {
    mg_tensor *e = mg_exp(mg_multiply(t->p[0], t->p[1]));
    mg_tensor *sum = mg_add(e, mg_multiply(t->p[0], t->p[2]));
    return mg_multiply(mg_relu(mg_subtract(sum, t->p[1])), t->p[0]);
}

#define MATRIX                                                                                                         \
    { WIDTH, WIDTH }
#define VECTOR                                                                                                         \
    { WIDTH, 0 }
#define DENSE                                                                                                          \
    { MATRIX, VECTOR }

const workload_case workload_models[] = {
    {"linear", "mean squared error", linear, BY_HAND, DENSE},
    {"absolute error", "a dense layer", absolute_error, BY_SGD, DENSE},
    {"power error", "a dense layer, its error to the power 2", power_error, BY_SGD, DENSE},
    {"huber", "a dense layer, its error squared up to 1", huber, BY_SGD, DENSE},
    {"masked error", "a dense layer, where of its squared error", masked_error, BY_SGD, DENSE},
    {"weighted error", "a dense layer, weights times its squared error", weighted_error, BY_SGD, DENSE},
    {"logistic", "cross-entropy of probabilities, written out", logistic, BY_HAND, DENSE},
    {"logistic of logits", "softplus(z) - z y", logistic_of_logits, BY_SGD, DENSE},
    {"hinge", "relu(1 - sign z)", hinge, BY_SGD, DENSE},
    {"crossentropy of ops", "z - logsumexp(z), times y", crossentropy_of_ops, BY_ADAM, DENSE},
    {"ridge", "mean squared error and a penalty of squares", ridge, BY_SGD, DENSE},
    {"lasso", "mean squared error and a penalty of absolute values", lasso, BY_SGD, DENSE},
    {"variational",
     "mean and variance, a draw, its divergence",
     variational,
     BY_ADAM,
     {MATRIX, VECTOR, MATRIX, VECTOR}},
    {"radial", "bells: exp(-((x - c) / w)^2)", radial, BY_ADAM, {VECTOR, VECTOR, VECTOR}},
    {"polynomial", "of degree 3, by Horner", polynomial, BY_HAND, {VECTOR, VECTOR, VECTOR, VECTOR}},
    {"waves", "a sin(f x + p)", waves, BY_ADAM, {VECTOR, VECTOR, VECTOR}},
    {"chain", "relu(exp(x w) + x b - w) x", chain, BY_SGD, {{BATCH, WIDTH}, {BATCH, WIDTH}, {BATCH, WIDTH}}},
    {0},
};
