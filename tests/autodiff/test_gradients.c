/* SPDX-License-Identifier: MIT
 * The gradient rule of every public map op and reduction, through the whole library, against difference quotients in
 * f64. Oracle: the values of the op itself at shifted inputs, so a wrong rule cannot hide behind the rule. Shapes
 * broadcast, results are weighted. */
#include "autodiff/op_api.h"
#include "harness.h"
#include "op_domains.h"

#include <math.h>
#include <mygrad/mygrad.h>
#include <string.h>

typedef struct domain {
    int op, input;
    double lo, hi;
} domain;
static const domain domains[] = {MGK_DOMAINS};

enum { MAX_SIZE = 24 };

typedef struct operand {
    int ndim;
    int64_t dims[3];
    int64_t size;
    double values[MAX_SIZE];
    bool is_bool;
} operand;

typedef struct problem {
    uint16_t op;
    int n_in;
    operand in[MGK_MAX_IN];
    double params[MGK_MAX_PARAMS];
    mg_reduce_opts reduce;
    int axes[3];
    double weights[MAX_SIZE];
} problem;

static void draw_range(uint16_t op, int input, double *lo, double *hi) {
    *lo = -4;
    *hi = 4;
    for (size_t i = 0; i < sizeof domains / sizeof *domains; i++) {
        if (domains[i].op != op || domains[i].input != input) continue;
        *lo = fmax(*lo, domains[i].lo); /* larger values would drown the quotients of the smaller ones */
        *hi = fmin(*hi, domains[i].hi);
    }
}

/* Element k of an input: no two elements of the problem are nearer than 0.001, and none is near 0, where kinks and ties
 * are. Multiples of 0.1, shifted by 0.025 from input to input and by 0.001 from element to element; parameters, where
 * kinks may be, too, lie between the first two inputs. */
static double draw(mg_test_rng *rng, uint16_t op, int input, int64_t k) {
    double lo, hi;
    draw_range(op, input, &lo, &hi);
    for (;;) {
        int64_t tenths = mg_test_int(rng, (int64_t)ceil(10 * lo) + 1, (int64_t)floor(10 * hi) - 1);
        if (tenths < -2 || tenths > 0) return 0.1 * (double)tenths + 0.025 * input + 0.001 * (double)k;
    }
}

static void draw_operand(mg_test_rng *rng, problem *p, int i) {
    static const struct {
        int ndim;
        int64_t dims[3];
    } shapes[] = {{2, {4, 3}}, {1, {3}}, {2, {4, 1}}, {0, {0}}, {2, {1, 3}}, {3, {2, 4, 3}}};
    operand *x = &p->in[i];
    int pick = (int)mg_test_int(rng, 0, 5);
    x->ndim = shapes[pick].ndim;
    memcpy(x->dims, shapes[pick].dims, sizeof x->dims);
    x->size = 1;
    for (int a = 0; a < x->ndim; a++) x->size *= x->dims[a];
    x->is_bool = mgk_ops[p->op].bool_in & (1u << i);
    for (int64_t k = 0; k < x->size; k++) {
        x->values[k] = x->is_bool ? (double)mg_test_int(rng, 0, 1) : draw(rng, p->op, i, k);
    }
}

static mg_tensor *make(const operand *x) {
    mg_tensor *t = mg_from_f64(x->values, mg_shape_of(x->ndim, x->dims));
    return x->is_bool ? mg_astype(t, MG_BOOL) : t;
}

/* sum(op(inputs) * weights); inputs[] receives the tensors. */
static mg_tensor *loss(const problem *p, mg_tensor **inputs) {
    for (int i = 0; i < p->n_in; i++) inputs[i] = make(&p->in[i]);
    mg_tensor *y = mgk_ops[p->op].kind == MGK_KIND_REDUCE ? mga_reduce(p->op, inputs[0], &p->reduce)
                                                          : mga_ufunc(p->op, inputs, p->params, NULL);
    if (!y) return NULL;
    mg_tensor *w = mg_from_f64(p->weights, mg_shape_of(mg_ndim(y), mg_dims(y)));
    return mg_sum(mg_multiply(y, mg_set_constant(w, true)));
}

static double loss_at(problem *p, int input, int64_t k, double x) {
    MG_SCOPE;
    mg_tensor *inputs[MGK_MAX_IN];
    double before = p->in[input].values[k];
    p->in[input].values[k] = x;
    double value = mg_item(loss(p, inputs));
    p->in[input].values[k] = before;
    return value;
}

/* Two central differences, extrapolated: the error is of order h^4 f^(5), about 1e-12 here, and 1e-12 of rounding (eps
 * |f| / h). */
static double quotient(problem *p, int input, int64_t k) {
    double x = p->in[input].values[k], h = 4e-4 * fmin(1.0, fabs(x));
    double near = (loss_at(p, input, k, x + h) - loss_at(p, input, k, x - h)) / (2 * h);
    double far = (loss_at(p, input, k, x + 2 * h) - loss_at(p, input, k, x - 2 * h)) / (4 * h);
    return (4 * near - far) / 3;
}

static void check(problem *p) {
    MG_SCOPE;
    mg_tensor *inputs[MGK_MAX_IN], *f = loss(p, inputs);
    const char *name = mgk_ops[p->op].name;
    CHECK_MSG(f != NULL, "%s: %s", name, mg_take_error().message);
    CHECK_EQ_I64(mg_backward(f), MG_OK);
    for (int i = 0; i < p->n_in; i++) {
        if (p->in[i].is_bool) continue;
        double g[MAX_SIZE];
        CHECK_MSG(mg_grad(inputs[i]) != NULL, "%s has no gradient for input %d", name, i);
        CHECK_EQ_I64(mg_read(mg_grad(inputs[i]), MG_F64, g), MG_OK);
        for (int64_t k = 0; k < p->in[i].size; k++) {
            double expected = quotient(p, i, k);
            CHECK_MSG(fabs(g[k] - expected) <= 1e-8 * (1 + fabs(expected)),
                      "%s, input %d, element %lld (%.17g): %.17g, expected %.17g", name, i, (long long)k,
                      p->in[i].values[k], g[k], expected);
        }
    }
}

static bool is_differentiable(const mgk_op_info *info) {
    if (info->internal || info->n_out != 1 || (info->bool_out & 1)) return false;
    if (info->kind == MGK_KIND_REDUCE) return true;
    if (info->kind != MGK_KIND_MAP) return false;
    for (int i = 0; info->rules && i < info->n_in; i++)
        if (info->rules[i].n_steps > 0 || info->rules[i].result != 0xff) return true;
    return false;
}

static void draw_problem(mg_test_rng *rng, uint16_t op, problem *p) {
    *p = (problem){.op = op, .n_in = mgk_ops[op].n_in};
    for (int i = 0; i < p->n_in; i++) draw_operand(rng, p, i);
    for (int i = 0; i < mgk_ops[op].n_params; i++) p->params[i] = 0.1 * (double)mg_test_int(rng, 1, 9) + 0.024;
    for (int i = 0; i < MAX_SIZE; i++) p->weights[i] = mg_test_uniform(rng, 0.5, 2);
    int n = (int)mg_test_int(rng, 0, p->in[0].ndim);
    for (int i = 0; i < n; i++) p->axes[i] = p->in[0].ndim - 1 - i;
    p->reduce = (mg_reduce_opts){.size = sizeof p->reduce,
                                 .axis = mg_test_int(rng, 0, 2) ? mg_axes_of(n, p->axes) : MG_AXES_ALL,
                                 .keepdims = mg_test_int(rng, 0, 1)};
}

MG_TEST(gradients, every_rule_is_a_derivative) {
    mg_test_rng rng = mg_test_rng_new();
    int ops = 0;
    for (uint16_t op = 1; op < MGK_OP_COUNT; op++) {
        if (!is_differentiable(&mgk_ops[op])) continue;
        ops++;
        for (int i = 0; i < mg_test_times(30); i++) {
            problem p;
            draw_problem(&rng, op, &p);
            check(&p);
        }
    }
    CHECK(ops >= 20); /* the first ops; a registry that lost them would pass otherwise */
}

/* MyGrad's conventions at ties and kinks (reference/parity.md, sections 1.3, 1.5, 1.9 and 8). */
static void check_grad(mg_tensor *f, mg_tensor *x, int64_t n, const double *expected) {
    double g[8];
    CHECK(f != NULL);
    CHECK_EQ_I64(mg_backward(f), MG_OK);
    CHECK_EQ_I64(mg_read(mg_grad(x), MG_F64, g), MG_OK);
    for (int64_t i = 0; i < n; i++) CHECK_BITS_F64(g[i], expected[i]);
}
#define GRAD(f, x, ...) check_grad(f, x, sizeof((double[]){__VA_ARGS__}) / sizeof(double), (double[]){__VA_ARGS__})
#define VEC(...)        mg_from_f64((double[]){__VA_ARGS__}, MG_SHAPE(sizeof((double[]){__VA_ARGS__}) / sizeof(double)))

MG_TEST(gradients, maximum_and_minimum_at_ties_and_nan) {
    MG_SCOPE;
    mg_tensor *x = VEC(1, 2, 3), *y = VEC(1, 1, 5);
    GRAD(mg_maximum(x, y), x, 0, 1, 0);
    GRAD(mg_maximum(x, y), y, 0, 0, 1);
    GRAD(mg_minimum(x, y), x, 0, 0, 1);
    GRAD(mg_minimum(x, y), y, 0, 1, 0);
    mg_tensor *a = VEC((double)NAN, 1), *b = VEC(1, (double)NAN);
    GRAD(mg_maximum(a, b), a, 0, 0);
    GRAD(mg_maximum(a, b), b, 1, 1);
    GRAD(mg_minimum(a, b), a, 0, 0);
    GRAD(mg_minimum(a, b), b, 1, 1);
}

MG_TEST(gradients, relu_and_sqrt_at_their_edges) {
    MG_SCOPE;
    mg_tensor *x = VEC(0, -0.0, 1, -1, (double)NAN, (double)INFINITY);
    GRAD(mg_relu(x), x, 0, 0, 1, 0, 0, 1);
    mg_tensor *y = VEC(0, 4, -1);
    GRAD(mg_sqrt(y), y, (double)INFINITY, 0.25, (double)NAN);
    double values[1];
    mg_read(mg_relu(VEC(-(double)INFINITY)), MG_F64, values);
    CHECK_BITS_F64(values[0], 0.0);
}

MG_TEST(gradients, absolute_is_0_at_0_and_at_nan) {
    MG_SCOPE;
    mg_tensor *x = VEC(-2, -0.0, 0, 3, (double)NAN, -(double)INFINITY);
    GRAD(mg_absolute(x), x, -1, 0, 0, 1, 0, -1);
}

MG_TEST(gradients, leaky_relu_is_0_at_0_and_at_nan) {
    MG_SCOPE;
    mg_tensor *x = VEC(-2, -0.0, 0, 3, (double)NAN, -(double)INFINITY);
    GRAD(mg_leaky_relu(x, 0.25), x, 0.25, 0, 0, 1, 0, 0.25);
}

/* A number beside a tensor is rounded to its dtype, the 16-bit ones too: forward and backward, as a product has it. */
MG_TEST(gradients, leaky_relu_has_its_slope_in_the_dtype) {
    static const mg_dtype dtypes[] = {MG_F16, MG_BF16, MG_F32, MG_F64};
    for (int k = 0; k < 4; k++) {
        MG_SCOPE;
        double xs[500], product[500], value[500];
        for (int i = 0; i < 500; i++) xs[i] = -1 - i;
        mg_tensor *x = mg_astype(mg_from_f64(xs, MG_SHAPE(500)), dtypes[k]), *y = mg_leaky_relu(x, 0.1);
        CHECK_EQ_I64(mg_read(mg_multiply(x, mg_scalar(0.1)), MG_F64, product), MG_OK);
        CHECK_EQ_I64(mg_read(y, MG_F64, value), MG_OK);
        for (int i = 0; i < 500; i++)
            CHECK_MSG(value[i] == product[i], "%s: %g times 0.1 is %.9g, not %.9g", mg_dtype_name(dtypes[k]), xs[i],
                      product[i], value[i]);
        CHECK_EQ_I64(mg_backward(y), MG_OK);
        CHECK_EQ_I64(mg_read(mg_grad(x), MG_F64, value), MG_OK);
        CHECK_BITS_F64(value[0], product[0] / -1);
    }
}

MG_TEST(gradients, hard_tanh_is_0_at_its_bounds_and_at_nan) {
    MG_SCOPE;
    mg_tensor *x = VEC(-2, -1, -0.5, 0, 1, 1.5, (double)NAN);
    GRAD(mg_hard_tanh(x, -1, 1), x, 0, 0, 1, 1, 0, 0, 0);
}

MG_TEST(gradients, clip_gives_none_at_a_bound) {
    MG_SCOPE;
    mg_tensor *x = VEC(-2, -1, 0, 2, 3), *low = VEC(-1, -1, -1, -1, -1), *high = VEC(2, 2, 2, 2, 2);
    GRAD(mg_clip(x, low, high), x, 0, 0, 1, 0, 0);
    GRAD(mg_clip(x, low, high), low, 1, 0, 0, 0, 0);
    GRAD(mg_clip(x, low, high), high, 0, 0, 0, 0, 1);
    /* minimum(high, maximum(low, x)) prefers its second operands at nan: x to low, both to high */
    const double nan = (double)NAN;
    mg_tensor *z = VEC(nan, 0, 0), *bottom = VEC(-1, nan, -1), *top = VEC(2, 2, nan);
    GRAD(mg_clip(z, bottom, top), z, 1, 1, 1);
    GRAD(mg_clip(z, bottom, top), bottom, 0, 0, 0);
    GRAD(mg_clip(z, bottom, top), top, 0, 0, 0);
    double values[2]; /* low > high: high */
    mg_read(mg_clip(VEC(0, 9), VEC(3, 3), VEC(1, 1)), MG_F64, values);
    CHECK_BITS_F64(values[0], 1.0);
    CHECK_BITS_F64(values[1], 1.0);
}

MG_TEST(gradients, reciprocal_at_0_and_far_out) {
    MG_SCOPE;
    mg_tensor *x = VEC(0, -4, 0x1p600);
    GRAD(mg_reciprocal(x), x, -(double)INFINITY, -0.0625, -0.0); /* 2^-1200 is below every number, x*x above */
}

#define INF ((double)INFINITY)

MG_TEST(gradients, roots_and_logarithms_at_their_edges) {
    MG_SCOPE;
    mg_tensor *x = VEC(0, -8, (double)NAN);
    GRAD(mg_cbrt(x), x, INF, 1.0 / 12, (double)NAN);
    mg_tensor *y = VEC(0, -1, 1, (double)NAN);
    GRAD(mg_log2(y), y, INF, -1.4426950408889634, 1.4426950408889634, (double)NAN);
    GRAD(mg_log10(y), y, INF, -0.4342944819032518, 0.4342944819032518, (double)NAN);
    mg_tensor *z = VEC(-INF, 0, (double)NAN);
    GRAD(mg_exp2(z), z, 0, 0.6931471805599453, (double)NAN);
}

MG_TEST(gradients, inverse_hyperbolic_functions_at_1_and_0) {
    MG_SCOPE;
    mg_tensor *x = VEC(1, 2, 0.5, -2, (double)NAN);
    GRAD(mg_arccosh(x), x, INF, 1 / sqrt(3.0), (double)NAN, (double)NAN, (double)NAN);
    mg_tensor *y = VEC(1, -1, 0.5, 2, (double)NAN); /* beyond 1 the formula goes on, as in MyGrad */
    GRAD(mg_arctanh(y), y, INF, INF, 1 / 0.75, -1.0 / 3, (double)NAN);
    mg_tensor *z = VEC(1, -1, 2, 0, (double)NAN);
    GRAD(mg_arccoth(z), z, INF, INF, -1.0 / 3, 1, (double)NAN);
    mg_tensor *w = VEC(0, -0.0, INF, (double)NAN);
    GRAD(mg_arccsch(w), w, -INF, -INF, -0.0, (double)NAN);
    GRAD(mg_arcsinh(w), w, 1, 1, 0, (double)NAN);
}

MG_TEST(gradients, soft_sign_is_1_at_0_and_0_at_infinity) {
    MG_SCOPE;
    mg_tensor *x = VEC(0, -0.0, 1, -3, INF, -INF, (double)NAN);
    GRAD(mg_soft_sign(x), x, 1, 1, 0.25, 0.0625, 0, 0, (double)NAN);
}

MG_TEST(gradients, silu_and_softplus_at_0_and_at_infinity) {
    MG_SCOPE;
    mg_tensor *x = VEC(0, -0.0, 800, -800, INF, -INF, (double)NAN);
    GRAD(mg_silu(x), x, 0.5, 0.5, 1, 0, 1, 0, (double)NAN);
    GRAD(mg_softplus(x), x, 0.5, 0.5, 1, 0, 1, 0, (double)NAN);
}

/* Where x < 0 decides, as in MyGrad. */
MG_TEST(gradients, elu_and_selu_take_0_and_nan_as_positive) {
    MG_SCOPE;
    mg_tensor *x = VEC(0, -0.0, 2, INF, -INF, (double)NAN);
    const double scale = 1.0507009873554805;
    GRAD(mg_elu(x, 1), x, 1, 1, 1, 1, 0, 1);
    GRAD(mg_elu(x, 0.5), x, 1, 1, 1, 1, 0, 1);
    GRAD(mg_selu(x), x, scale, scale, scale, scale, 0, scale);
}

/* 0 and infinity times expm1(x), which is negative. */
MG_TEST(gradients, elu_of_alphas_that_are_not_ordinary) {
    MG_SCOPE;
    mg_tensor *x = VEC(-1e-300, -1, -INF, 0, 3);
    const double alphas[] = {0, -0.0, INF, -INF, (double)NAN}, below[] = {-0.0, 0, -INF, INF, (double)NAN};
    for (int k = 0; k < 5; k++) {
        double values[5];
        CHECK_EQ_I64(mg_read(mg_elu(x, alphas[k]), MG_F64, values), MG_OK);
        for (int i = 0; i < 3; i++) CHECK_BITS_F64(values[i], below[k]);
        CHECK_BITS_F64(values[3], 0.0);
        CHECK_BITS_F64(values[4], 3.0);
    }
}

/* The only gradient of f is that of a scalar x, within a few roundings. */
static void check_near(mg_tensor *f, mg_tensor *x, double expected) {
    double g;
    CHECK(f != NULL);
    CHECK_EQ_I64(mg_backward(f), MG_OK);
    CHECK_EQ_I64(mg_read(mg_grad(x), MG_F64, &g), MG_OK);
    CHECK_MSG(fabs(g - expected) <= 0x1p-50 * fabs(expected) + 0x1p-1074, "%.17g, not %.17g", g, expected);
}

/* Where x*x overflows, 1 - x*x cancels, and cosh(x)*cosh(x) is far from 1. Expected: in 300 bits. */
MG_TEST(gradients, hyperbolic_functions_where_the_plain_formula_fails) {
    MG_SCOPE;
    mg_tensor *far = VEC(1e155), *below = VEC(1 - 0x1p-52), *above = VEC(1 + 0x1p-52), *x = VEC(40);
    check_near(mg_arcsinh(far), far, 1e-155);
    check_near(mg_arccosh(far), far, 1e-155);
    check_near(mg_arccsch(far), far, -9.9999999999999998565e-311);
    check_near(mg_arccoth(far), far, -9.9999999999999998565e-311);
    check_near(mg_arctanh(below), below, 2251799813685248.25);
    check_near(mg_arccosh(above), above, 47453132.81212577381);
    check_near(mg_arccoth(above), above, -2251799813685247.75);
    check_near(mg_csch(x), x, -8.4967085105831779907e-18);
    check_near(mg_sech(x), x, -8.4967085105831779907e-18);
    check_near(mg_coth(x), x, -7.2194055513816606892e-35);
}

/* Expected: MyGrad's for selu; the others in 300 bits, where 1 - y or 1 + y would be 0. */
MG_TEST(gradients, activations_where_the_plain_formula_fails) {
    MG_SCOPE;
    mg_tensor *one = VEC(-1), *x = VEC(100), *z = VEC(-100), *near = VEC(19), *far = VEC(-40);
    check_near(mg_selu(one), one, 0.6467686030348142);
    check_near(mg_sigmoid(x), x, 3.7200759760208359630e-44);
    check_near(mg_sigmoid(z), z, 3.7200759760208359630e-44);
    check_near(mg_tanh(near), near, 1.25565311681921177265e-16);
    check_near(mg_tanh(far), far, 7.21940555138166068925e-35);
    check_near(mg_expm1(far), far, 4.24835425529158899533e-18);
    check_near(mg_softplus(z), z, 3.7200759760208359630e-44);
    check_near(mg_silu(z), z, -3.6828752162606276034e-42);
    check_near(mg_elu(z, 0.25), z, 9.3001899400520899074e-45);
}

MG_TEST(gradients, hyperbolic_reciprocals_at_0_and_far_out) {
    MG_SCOPE;
    mg_tensor *x = VEC(0, -0.0, 800, -800, INF, (double)NAN);
    GRAD(mg_csch(x), x, -INF, -INF, -0.0, -0.0, -0.0, (double)NAN);
    GRAD(mg_coth(x), x, -INF, -INF, -0.0, -0.0, -0.0, (double)NAN);
    GRAD(mg_sech(x), x, -0.0, 0.0, -0.0, 0.0, -0.0, (double)NAN);
}

MG_TEST(gradients, circular_functions_at_zero_infinity_and_nan) {
    MG_SCOPE;
    mg_tensor *x = VEC(0, -0.0, (double)INFINITY, -(double)INFINITY, (double)NAN);
    GRAD(mg_sin(x), x, 1, 1, (double)NAN, (double)NAN, (double)NAN);
    GRAD(mg_cos(x), x, -0.0, 0, (double)NAN, (double)NAN, (double)NAN);
    GRAD(mg_tan(x), x, 1, 1, (double)NAN, (double)NAN, (double)NAN);
}

MG_TEST(gradients, reciprocal_circular_functions_at_zero) {
    MG_SCOPE;
    mg_tensor *x = VEC(0, -0.0, INF, (double)NAN);
    GRAD(mg_csc(x), x, -INF, -INF, (double)NAN, (double)NAN);
    GRAD(mg_cot(x), x, -INF, -INF, (double)NAN, (double)NAN);
    GRAD(mg_sec(x), x, 0, -0.0, (double)NAN, (double)NAN);
}

/* No infinite slope at -1 and 1. */
MG_TEST(gradients, inverse_circular_functions_are_0_at_1_and_nan_beyond) {
    MG_SCOPE;
    mg_tensor *x = VEC(-1, 1, 0.5, 2, 0, (double)NAN);
    GRAD(mg_arcsin(x), x, 0, 0, 1.1547005383792517, (double)NAN, 1, (double)NAN);
    GRAD(mg_arccos(x), x, 0, 0, -1.1547005383792517, (double)NAN, -1, (double)NAN);
    mg_tensor *y = VEC(-1, 1, 2, 0.5, 0, INF, (double)NAN);
    GRAD(mg_arccsc(y), y, 0, 0, -0.28867513459481292, (double)NAN, (double)NAN, -0.0, (double)NAN);
    GRAD(mg_arcsec(y), y, 0, 0, 0.28867513459481292, (double)NAN, (double)NAN, 0, (double)NAN);
}

MG_TEST(gradients, arccot_at_zero_and_of_large_numbers) {
    MG_SCOPE;
    mg_tensor *x = VEC(0, -0.0, 1, -1, INF, (double)NAN, 0x1p520, -0x1p530);
    GRAD(mg_arccot(x), x, -1, -1, -0.5, -0.5, -0.0, (double)NAN, -0x1p-1040, -0x1p-1060);
}

/* Next to 1, where x*x - 1 cancels, and far out, where x*x overflows. Expected: in 300 bits. */
MG_TEST(gradients, inverse_circular_functions_where_the_plain_formula_fails) {
    MG_SCOPE;
    mg_tensor *below = VEC(1 - 0x1p-52), *above = VEC(1 + 0x1p-52), *far = VEC(1e155);
    check_near(mg_arcsin(below), below, 47453132.812125779079);
    check_near(mg_arccos(below), below, -47453132.812125779079);
    check_near(mg_arcsec(above), above, 47453132.812125773274);
    check_near(mg_arccsc(above), above, -47453132.812125773274);
    check_near(mg_arcsec(far), far, 9.9999999999999998565e-311);
}

MG_TEST(gradients, sinc_is_0_at_0_and_accurate_beside_it) {
    MG_SCOPE;
    mg_tensor *x = VEC(0, -0.0, 1, -1, 2, (double)NAN);
    GRAD(mg_sinc(x), x, -0.0, 0, -1, 1, 0.5, (double)NAN);
    mg_tensor *small = VEC(1e-9), *half = VEC(0.5), *zero = VEC(0x1.6e27ebe4bf292p0); /* the double next to the zero */
    check_near(mg_sinc(small), small, -3.28986813369645307463e-09);
    check_near(mg_sinc(half), half, -1.2732395447351628);
    check_near(mg_sinc(zero), zero, 7.08701557927315708927e-15);
}

MG_TEST(gradients, arctan_of_large_numbers) {
    MG_SCOPE;
    mg_tensor *x = VEC(0, 1, -1, (double)INFINITY, -(double)INFINITY, (double)NAN, 0x1p520, -0x1p530);
    GRAD(mg_arctan(x), x, 1, 0.5, 0.5, 0, 0, (double)NAN, 0x1p-1040, 0x1p-1060);
}

/* MyGrad's table (parity.md, section 8). */
MG_TEST(gradients, power_at_zeros_negative_bases_and_nan) {
    MG_SCOPE;
    const double nan = (double)NAN;
    mg_tensor *x = VEC(0, 0, 0, -1, 2, -2), *y = VEC(0, 1, -1, 0.5, 3, 2);
    double z[6];
    mg_read(mg_power(x, y), MG_F64, z);
    const double expected[] = {1, 0, INF, nan, 8, 4};
    for (int i = 0; i < 6; i++) CHECK_BITS_F64(z[i], expected[i]);
    GRAD(mg_power(x, y), x, 0, 1, -INF, nan, 12, -4);
    GRAD(mg_power(x, y), y, 0, 0, nan, nan, 5.545177444479562, nan);
    mg_tensor *base = VEC(3, 0, 2), *zero = mg_scalar(0), *exponent = VEC(0, 3, -1);
    GRAD(mg_power(base, VEC(2, 0, -1)), base, 6, 0, -0.25);
    GRAD(mg_power(zero, exponent), exponent, 0, 0, nan);
    mg_tensor *a = VEC(0, 0, -0.0, INF, nan, -INF), *b = VEC(0.5, 2, 1, 0, 0, 0);
    GRAD(mg_power(a, b), a, INF, 0, 1, 0, 0, 0); /* a constant 1 has no slope, wherever */
    GRAD(mg_power(a, b), b, 0, 0, -0.0, INF, nan, nan);
}

MG_TEST(gradients, hypot_is_0_at_0) {
    MG_SCOPE;
    mg_tensor *x = VEC(0, -0.0, -3, 0, INF, 1), *y = VEC(0, 0, 4, -2, 1, (double)NAN);
    GRAD(mg_hypot(x, y), x, 0, 0, -0.6, 0, 1, (double)NAN);
    GRAD(mg_hypot(x, y), y, 0, 0, 0.8, -1, 0, (double)NAN);
    mg_tensor *far = VEC(0x1.8p1000), *other = VEC(0x1p1001), *near = VEC(0x1.8p-1000);
    GRAD(mg_hypot(far, other), far, 0.6);
    GRAD(mg_hypot(near, VEC(-0x1p-999)), near, 0.6);
    mg_tensor *a = VEC(-INF, 2, INF), *b = VEC(3, -INF, INF); /* an infinite operand is all of the length */
    GRAD(mg_hypot(a, b), a, -1, 0, 1);
    GRAD(mg_hypot(a, b), b, 0, -1, 1);
}

MG_TEST(gradients, arctan2_at_0_on_the_axes_and_far_out) {
    MG_SCOPE;
    const double nan = (double)NAN;
    mg_tensor *y = VEC(0, 0, 0, 2, INF), *x = VEC(0, -1, 4, 0, 1);
    GRAD(mg_arctan2(y, x), y, nan, -1, 0.25, 0, 0);
    GRAD(mg_arctan2(y, x), x, nan, -0.0, -0.0, -0.5, -0.0);
    mg_tensor *far = VEC(0x1.8p1000), *near = VEC(0x1.8p-1000);
    check_near(mg_arctan2(far, VEC(0x1p1001)), far, 0x1.47ae147ae147bp-1002);
    check_near(mg_arctan2(near, VEC(0x1p-999)), near, 0x1.47ae147ae147bp998);
}

MG_TEST(gradients, logaddexp_and_logaddexp2_of_infinities) {
    MG_SCOPE;
    const double nan = (double)NAN;
    mg_tensor *x = VEC(0, 1000, -INF, INF, -INF, 1), *y = VEC(0, -1000, -INF, INF, 3, -INF);
    GRAD(mg_logaddexp(x, y), x, 0.5, 1, nan, nan, 0, 1);
    GRAD(mg_logaddexp(x, y), y, 0.5, 0, nan, nan, 1, 0);
    mg_tensor *a = VEC(0, 1050, -INF, INF, -INF, 1), *b = VEC(0, 0, -INF, INF, 3, -INF);
    GRAD(mg_logaddexp2(a, b), a, 0.5, 1, nan, nan, 0, 1);
    GRAD(mg_logaddexp2(a, b), b, 0.5, 0x1p-1050, nan, nan, 1, 0); /* 1 + 2^1050 would have overflowed */
}

MG_TEST(gradients, extremes_go_to_the_first) {
    MG_SCOPE;
    mg_tensor *x = VEC(1, 3, 3);
    GRAD(mg_max(x), x, 0, 1, 0);
    mg_tensor *y = VEC(1, (double)NAN, 3, (double)NAN);
    GRAD(mg_max(y), y, 0, 1, 0, 0);
    mg_tensor *z = VEC(1, 0, 0);
    GRAD(mg_min(z), z, 0, 1, 0);
    mg_tensor *m = mg_from_f64((double[]){1, 3, 3, 1, 0, 3}, MG_SHAPE(2, 3));
    GRAD(mg_max(m, .axis = MG_AXES(0)), m, 1, 1, 1, 0, 0, 0);
}

MG_TEST(gradients, masks_select) {
    MG_SCOPE;
    mg_tensor *x = VEC(0, 1), *mask = mg_from_bool((bool[]){false, true}, MG_SHAPE(2));
    GRAD(mg_log(x, .where = mask), x, 0, 1);
    mg_tensor *y = mg_where(mask, VEC(5, 6), mg_divide(mg_scalar(1), x));
    GRAD(y, x, -(double)INFINITY, -0.0);
}

MG_TEST(gradients, have_their_tensors_dtype) {
    static const mg_dtype dtypes[] = {MG_F16, MG_BF16, MG_F32, MG_F64};
    for (int i = 0; i < 4; i++) {
        MG_SCOPE;
        mg_tensor *x = mg_astype(VEC(1, 2, 3), dtypes[i]), *y = VEC(2, 2, 2);
        CHECK_EQ_I64(mg_backward(mg_sum(mg_multiply(mg_square(x), y))), MG_OK);
        CHECK_EQ_I64(mg_dtype_of(mg_grad(x)), dtypes[i]);
        double g[3];
        mg_read(mg_grad(x), MG_F64, g);
        CHECK_BITS_F64(g[2], 12.0);
    }
}
