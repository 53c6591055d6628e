/* SPDX-License-Identifier: MIT
 * Every way to write shapes, axes, keys and keyword arguments in C that the documentation shows, without a warning from
 * anybody's compiler, and with the values that it promises. forms.cmake compiles and runs it. */
#include <mygrad/mygrad.h>
#include <stdio.h>

static int failures;

static void expect(const char *what, mg_tensor *x, int n, const double *values) {
    double got[16] = {0};
    bool right = x && mg_size(x) == n && mg_read(x, MG_F64, got) == MG_OK;
    for (int i = 0; right && i < n; i++) right = got[i] == values[i];
    if (right) return;
    printf("%s: wrong (%s)\n", what, mg_take_error().message);
    failures++;
}
#define EXPECT(x, ...) expect(#x, (x), (int)(sizeof((double[]){__VA_ARGS__}) / sizeof(double)), (double[]){__VA_ARGS__})

#define FIRST       0
#define ALONG_FIRST .axis = FIRST
enum { ROWS };
static int first_axis(void) { return 0; }

static mg_shape stored(int64_t *dims) { return mg_shape_of(2, dims); }

static void axes(mg_tensor *x) {
    MG_SCOPE;
    const int zero = 0, list[] = {1, 0};
    mg_axes first = MG_AXES(0);
    EXPECT(mg_sum(x, .axis = 1), 6, 15);
    EXPECT(mg_sum(x, .axis = 0), 5, 7, 9);
    EXPECT(mg_sum(x, .axis = (0)), 5, 7, 9);
    EXPECT(mg_sum(x, .axis = zero, .keepdims = true), 5, 7, 9);
    const struct { int axis; } number = {0};
    EXPECT(mg_sum(x, .axis = 0x0), 5, 7, 9);
    EXPECT(mg_sum(x, .axis = FIRST), 5, 7, 9);
    EXPECT(mg_sum(x, .axis = ROWS), 5, 7, 9);
    EXPECT(mg_sum(x, .axis = first_axis()), 5, 7, 9);
    EXPECT(mg_sum(x, .axis = number.axis), 5, 7, 9);
    EXPECT(mg_sum(x, .axis = '0' - '0'), 5, 7, 9);
    EXPECT(mg_sum(x, .axis = zero ? ',' : 0), 5, 7, 9);
    EXPECT(mg_sum(x, ALONG_FIRST), 5, 7, 9);
    EXPECT(mg_sum(x, /* .keepdims = */ .axis /* the */ = // first
                     0),
           5, 7, 9);
    EXPECT(mg_sum(x, .keepdims = number.axis), 21);
    EXPECT(mg_sum(x, .keepdims = number.axis == 0, .constant = MG_CONSTANT), 21);
    EXPECT(mg_sum(x, .axis = -2), 5, 7, 9);
    EXPECT(mg_sum(x, .axis = {1}), 6, 15);
    EXPECT(mg_sum(x, .axis = MG_AXES(0, -1)), 21);
    EXPECT(mg_sum(x, .axis = MG_AXES0), 1, 2, 3, 4, 5, 6);
    EXPECT(mg_sum(x, .axis = MG_AXES_ALL), 21);
    EXPECT(mg_sum(x, .axis = mg_axes_of(2, list)), 21);
    EXPECT(mg_sum(x, .axis = first), 5, 7, 9);
    EXPECT(mg_sum(x, .keepdims = true), 21);
    EXPECT(mg_sum(mg_sum(x, .axis = 0), .axis = -1), 21);
    EXPECT(mg_var(x, .axis = 1, .ddof = 1), 1, 1);
    EXPECT(mg_cumsum(x, .axis = 0), 1, 2, 3, 5, 7, 9);
    EXPECT(mg_argmax(x, .axis = 1), 2, 2);
    EXPECT(mg_softmax(mg_multiply(x, mg_scalar(0)), .axis = 0), .5, .5, .5, .5, .5, .5);
    EXPECT(mg_transpose(x, MG_AXES(1, 0)), 1, 4, 2, 5, 3, 6);
    EXPECT(mg_add(x, x, .where = mg_greater(x, mg_max(x, .axis = 1, .keepdims = true), .constant = MG_CONSTANT)), 0, 0,
           0, 0, 0, 0);
    /* In initializers around the call, too. */
    mg_tensor *sums[] = {mg_sum(x, .axis = 0), mg_sum(x, .axis = 1)};
    struct {
        mg_tensor *sum;
        double values[2];
    } both = {.sum = mg_sum(sums[0], .axis = 0), .values = {mg_item(mg_sum(sums[1], .axis = 0)), 1}};
    EXPECT(both.sum, both.values[0]);
    mg_reduce_opts opts = {.size = sizeof opts, .axis = MG_AXES(0)};
    EXPECT(mg_sum_with(x, &opts), 5, 7, 9);
}

static void shapes(mg_tensor *x) {
    MG_SCOPE;
    int64_t dims[] = {3, 2};
    const int64_t n = 3;
    mg_shape s = MG_SHAPE(n, 2), t = stored(dims);
    EXPECT(mg_reshape(x, s), 1, 2, 3, 4, 5, 6);
    EXPECT(mg_reshape(x, t), 1, 2, 3, 4, 5, 6);
    EXPECT(mg_zeros(MG_SHAPE0), 0);
    EXPECT(mg_full(MG_SHAPE(2), 7, .dtype = MG_F64), 7, 7);
    EXPECT(mg_full(mg_shape_of(1, &n), 7), 7, 7, 7);
    mg_tensor *image = mg_ones(MG_SHAPE(1, 1, 3, 3)), *filter = mg_ones(MG_SHAPE(1, 1, 3, 3));
    EXPECT(mg_conv_nd(image, filter, .padding = 1), 4, 6, 4, 6, 9, 6, 4, 6, 4);
    EXPECT(mg_conv_nd(image, filter, .padding = 1, .stride = 2), 4, 4, 4, 4);
    EXPECT(mg_conv_nd(image, filter, .padding = MG_SHAPE(1, 0), .stride = MG_SHAPE(1)), 6, 9, 6);
    EXPECT(mg_max_pool(x, MG_SHAPE(2, 3), MG_SHAPE(1)), 6);
    EXPECT(mg_getitem(x, MG_KEY(MG_I(1), MG_S(MG_NONE, MG_NONE, -1))), 6, 5, 4);
    EXPECT(mg_getitem(x, MG_KEY(MG_ELLIPSIS, MG_NEWAXIS, MG_I(0))), 1, 4);
}

static void braces(void) {
    MG_SCOPE;
    mg_tensor *w = mg_keep(mg_ones(MG_SHAPE0)), *b = mg_keep(mg_ones(MG_SHAPE0)), *both[] = {w, b};
    mg_optimizer *optimizers[] = {mg_adam((mg_tensor *[]){w, b}, 2, .lr = .1, .beta1 = 0), mg_adam(both, 2),
                                  mg_sgd(MG_TENSORS(w, b), .lr = .1)};
    for (int i = 0; i < 3; i++) {
        failures += optimizers[i] == NULL;
        mg_optimizer_free(optimizers[i]);
    }
    EXPECT(mg_add_sequence((mg_tensor *[]){w, b, b}, 3), 3);
    EXPECT(mg_multiply_sequence(MG_TENSORS(w, b), .constant = MG_CONSTANT), 1);
    failures += !mg_allclose(w, b, .tolerance = 0) + !mg_allclose(w, b, .tolerance = MG_TOLERANCE(1e-3, 0));
    mg_release(w);
    mg_release(b);
}

/* Text that is longer than a compiler need take, 4095 characters. */
#define TWICE(x)  mg_sum(x, .keepdims = mg_ndim(mg_sum(x, .axis = 0)) == mg_ndim(mg_sum(x, .axis = 1)), .axis = 0)
#define MANY(x)   mg_ndim(TWICE(x)) + mg_ndim(TWICE(x)) + mg_ndim(TWICE(x)) + mg_ndim(TWICE(x))
#define LENGTH(x) mg_sum(x, .keepdims = MANY(x) == MANY(x), .axis = 0)

static void nested(mg_tensor *x) {
    MG_SCOPE;
    for (int i = 0; i < 2; i++) {
        MG_SCOPE;
        {
            MG_SCOPE;
            {
                MG_SCOPE;
                EXPECT(mg_square(mg_scalar(i)), i * i);
            }
        }
    }
    EXPECT(LENGTH(x), 5, 7, 9);
}

int main(void) {
    MG_SCOPE;
    mg_tensor *x = mg_from_f64((double[]){1, 2, 3, 4, 5, 6}, MG_SHAPE(2, 3));
    axes(x);
    shapes(x);
    braces();
    nested(x);
    const mg_error error = mg_take_error();
    if (error.code != MG_OK) printf("%s: %s\n", error.op, error.message);
    return failures || error.code != MG_OK;
}
