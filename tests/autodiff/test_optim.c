/* SPDX-License-Identifier: MIT
 * Optimisers: trajectories against ones computed with NumPy in float64 from the formulas in PyTorch's documentation
 * (SGD with momentum and weight decay, dampening 0; Adam), for the loss sum(a p^2); dtypes, options, failures. */
#include <math.h>
#include <stdlib.h>

#include "nnet_check.h"

enum { STEPS = 5 };
static const double start[3] = {.5, -2, 1.25}, factor[3] = {1, -.5, 3};

/* lr 0.1 */
static const double plain_sgd[STEPS][3] = {
    {0.40000000000000002, -2.2000000000000002, 0.5},
    {0.32000000000000001, -2.4200000000000004, 0.19999999999999996},
    {0.25600000000000001, -2.6620000000000004, 0.079999999999999974},
    {0.20480000000000001, -2.9282000000000004, 0.031999999999999987},
    {0.16384000000000001, -3.2210200000000002, 0.012799999999999992},
};
/* lr 0.05, momentum 0.9, weight decay 0.01 */
static const double momentum_sgd[STEPS][3] = {
    {0.44974999999999998, -2.0990000000000002, 0.8743749999999999},
    {0.35932512499999997, -2.2920005000000003, 0.27356281249999981},
    {0.24183056243749995, -2.5791549747500002, -0.34937378140625031},
    {0.11178148460628121, -2.9652621732751254, -0.80502989460929719},
    {-0.016496724644746941, -3.459539129524857, -0.97320891316194569},
};
/* PyTorch's defaults */
static const double default_adam[STEPS][3] = {
    {0.49900000001, -2.0009999999949999, 1.2490000000013333},
    {0.4980000527045228, -2.0020000129883395, 1.2480000209436095},
    {0.49700019321514971, -2.0030000476048038, 1.2470000767574798},
    {0.49600045658066116, -2.0040001124148143, 1.2460001813121566},
    {0.49500087766883727, -2.0050002159158558, 1.2450003483848497},
};
/* lr 0.1, betas 0.5 and 0.75, eps 1e-3 */
static const double coarse_adam[STEPS][3] = {
    {0.4000999000999001, -2.099950024987506, 1.1500133315557926},
    {0.30296091794315411, -2.2003349499517042, 1.0509106925354483},
    {0.21115875983797144, -2.3013470210141791, 0.95327087909312946},
    {0.12795561232690825, -2.4030852452256202, 0.85760709540954427},
    {0.05739348118127173, -2.5055646384271384, 0.76435317756619314},
};

static mg_tensor *parameter(mg_dtype dtype) {
    mg_tensor *p = mg_keep(mg_astype(mg_from_f64(start, MG_SHAPE(3)), dtype));
    CHECK(p != NULL);
    return p;
}

static void backward(mg_tensor *p) {
    mg_tensor *a = mg_astype(mg_from_f64(factor, MG_SHAPE(3)), mg_dtype_of(p));
    CHECK_MSG(mg_backward(mg_sum(mg_multiply(a, mg_multiply(p, p)))) == MG_OK, "%s", mg_take_error().message);
}

static void check_parameter(mg_tensor *p, const double *expected, double tolerance) {
    double *found = nnet_read(p);
    for (int i = 0; i < 3; i++) CHECK_NEAR(found[i], expected[i], tolerance * (1 + fabs(expected[i])));
    free(found);
}

/* Frees the optimiser and releases p. */
static void check_trajectory(mg_optimizer *o, mg_tensor *p, const double expected[STEPS][3], double tolerance) {
    CHECK_MSG(o != NULL, "%s", mg_take_error().message);
    mg_dtype dtype = mg_dtype_of(p);
    for (int step = 0; step < STEPS; step++) {
        MG_SCOPE;
        backward(p);
        CHECK_MSG(mg_optimizer_step(o) == MG_OK, "%s", mg_take_error().message);
        check_parameter(p, expected[step], tolerance);
        CHECK(mg_grad(p) == NULL);
        CHECK(!mg_is_constant(p));
        CHECK_EQ_I64(mg_dtype_of(p), dtype);
    }
    mg_optimizer_free(o);
    mg_release(p);
}

MG_TEST(optim, trajectories) {
    static const struct {
        mg_dtype dtype;
        double tolerance;
    } kinds[] = {{MG_F64, 1e-14}, {MG_F32, 1e-6}, {MG_F16, 4e-3}, {MG_BF16, 4e-2}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        MG_SCOPE;
        mg_dtype dtype = kinds[i].dtype;
        double tolerance = kinds[i].tolerance;
        mg_tensor *p = parameter(dtype);
        check_trajectory(mg_sgd(&p, 1, .lr = .1), p, plain_sgd, tolerance);
        p = parameter(dtype);
        check_trajectory(mg_sgd(&p, 1, .lr = .05, .momentum = .9, .weight_decay = .01), p, momentum_sgd, tolerance);
        p = parameter(dtype);
        check_trajectory((mg_adam)(&p, 1), p, default_adam, tolerance);
        p = parameter(dtype);
        check_trajectory(mg_adam(&p, 1, .lr = .1, .beta1 = .5, .beta2 = .75, .eps = 1e-3), p, coarse_adam, tolerance);
    }
}

MG_TEST(optim, parameters_without_gradient_are_skipped) {
    MG_SCOPE;
    mg_tensor *params[2] = {parameter(MG_F64), parameter(MG_F64)};
    mg_optimizer *o = mg_adam(params, 2, .lr = .1, .beta1 = .5, .beta2 = .75, .eps = 1e-3);
    backward(params[0]);
    CHECK(mg_optimizer_step(o) == MG_OK);
    check_parameter(params[0], coarse_adam[0], 1e-14);
    check_parameter(params[1], start, 0);
    backward(params[0]);
    backward(params[1]); /* its first step, the other's second */
    CHECK(mg_optimizer_step(o) == MG_OK);
    check_parameter(params[0], coarse_adam[1], 1e-14);
    check_parameter(params[1], coarse_adam[0], 1e-14);
    CHECK(mg_optimizer_step(o) == MG_OK); /* nobody has a gradient */
    check_parameter(params[0], coarse_adam[1], 1e-14);
    mg_optimizer_free(o);
    for (int i = 0; i < 2; i++) mg_release(params[i]);
}

MG_TEST(optim, learning_rate_changes) {
    MG_SCOPE;
    mg_tensor *p = parameter(MG_F64);
    mg_optimizer *o = mg_sgd(&p, 1, .lr = 77);
    mg_optimizer_set_lr(o, .1);
    backward(p);
    CHECK(mg_optimizer_step(o) == MG_OK);
    check_parameter(p, plain_sgd[0], 1e-14);
    mg_optimizer_set_lr(o, (double)NAN);
    nnet_expect_error(MG_ERR_VALUE, "lr nan");
    mg_optimizer_free(o);
    mg_release(p);
}

MG_TEST(optim, options_are_checked) {
    MG_SCOPE;
    mg_tensor *p = parameter(MG_F64), *loose = mg_ones(MG_SHAPE(2));
    CHECK(mg_sgd(&p, 1, .lr = -1) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "lr -1");
    CHECK(mg_sgd(&p, 1, .lr = (double)INFINITY) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "lr inf");
    CHECK(mg_sgd(&p, 1, .momentum = 1) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "momentum 1");
    CHECK(mg_sgd(&p, 1, .weight_decay = -.5) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "weight_decay -0.5");
    CHECK(mg_adam(&p, 1, .beta1 = 1.5) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "beta1 1.5");
    CHECK(mg_adam(&p, 1, .beta2 = -.5) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "beta2 -0.5");
    CHECK(mg_adam(&p, 1, .eps = (double)NAN) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "eps nan");
    CHECK((mg_adam)(&loose, 1) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "not kept");
    CHECK((mg_adam)((mg_tensor *[]){p, p}, 2) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "same tensor");
    CHECK((mg_adam)((mg_tensor *[]){p, NULL}, 2) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "parameter 1 is NULL");
    CHECK((mg_sgd)(&p, 0) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "no parameters");
    CHECK(mg_optimizer_step(NULL) == MG_ERR_VALUE);
    nnet_expect_error(MG_ERR_VALUE, "NULL");
    mg_optimizer_free(NULL);
    mg_release(p);
}

/* A pending error stops a step before it changes anything. */
MG_TEST(optim, errors_stop_a_step) {
    MG_SCOPE;
    mg_tensor *p = parameter(MG_F64);
    mg_optimizer *o = mg_sgd(&p, 1, .lr = .1);
    backward(p);
    CHECK(mg_matmul(p, NULL) == NULL);
    CHECK(mg_optimizer_step(o) == MG_ERR_VALUE);
    nnet_expect_error(MG_ERR_VALUE, "matmul");
    backward(p);
    CHECK(mg_optimizer_step(o) == MG_OK);
    check_parameter(p, plain_sgd[0], 1e-14);
    mg_optimizer_free(o);
    mg_release(p);
}
