/* SPDX-License-Identifier: MIT
 * A user's program in C11: a scope, shapes, keyword arguments, gradients, products in both widths. Prints what it links
 * and ends with 0 if the numbers are right. */
#include <mygrad/mygrad.h>
#include <stdio.h>
#include <string.h>

static int wrong(const char *what, double got, double expected) {
    if (got == expected) return 0;
    printf("%s: %g instead of %g\n", what, got, expected);
    return 1;
}

/* d/dx of the sum of the chosen x*x is 2x where chosen, 0 elsewhere. */
static int gradient(void) {
    MG_SCOPE;
    mg_tensor *x = mg_from_f64((double[]){1, 2, 3, 4, 5, 6}, MG_SHAPE(2, 3));
    mg_tensor *chosen = mg_from_bool((bool[]){true, false, true}, MG_SHAPE(3));
    mg_tensor *f = mg_sum(mg_multiply(x, x, .where = chosen), .axis = MG_AXES(0, 1));
    mg_backward(f);
    int bad = wrong("f", mg_item(f), 1 + 9 + 16 + 36);
    bad += wrong("df", mg_item((mg_sum)(mg_grad(x))), 2 * (1 + 3 + 4 + 6));
    return bad + wrong("df[1, 2]", mg_item(mg_getitem(mg_grad(x), MG_KEY(MG_I(1), MG_I(-1)))), 12);
}

static int product(mg_dtype dtype) {
    MG_SCOPE;
    mg_tensor *a = mg_full(MG_SHAPE(40, 30), 0.5, .dtype = dtype), *b = mg_full(MG_SHAPE(30, 20), 4, .dtype = dtype);
    return wrong("matmul", mg_item(mg_sum(mg_matmul(a, b))), 40 * 20 * 30 * 2.0);
}

/* The library's functions under NumPy's other names, with keywords and as functions; two results; an answer. */
static int other_names(void) {
    MG_SCOPE;
    mg_tensor *x = mg_from_f64((double[]){-5, 4}, MG_SHAPE(2)), *(*f)(mg_tensor *, mg_tensor *) = mg_mod, *q, *r;
    mg_tensor *chosen = mg_from_bool((bool[]){true, false}, MG_SHAPE(2));
    int bad = wrong("amax", mg_item(mg_amax(mg_abs(x), .axis = MG_AXES(0))), 5);
    bad += wrong("true_divide", mg_item(mg_sum(mg_true_divide(x, mg_scalar(2), .where = chosen))), -2.5);
    bad += mg_divmod(x, mg_scalar(3), &q, &r, .where = chosen) != MG_OK || (mg_divmod)(x, x, &q, &x) != MG_OK;
    bad += wrong("divmod", mg_item(mg_sum(q)), 2) + !mg_allclose(x, mg_scalar(0), .tolerance = MG_TOLERANCE(0, 0));
    return bad + wrong("mod", mg_item(mg_amax(f(r, mg_scalar(3)))), 1);
}

/* A number alone is the axis, 0 as well; braces in a keyword call; a scope in a scope. */
static int numbers_and_braces(void) {
    MG_SCOPE;
    mg_tensor *x = mg_from_f64((double[]){1, 2, 3, 4, 5, 6}, MG_SHAPE(2, 3)),
              *w = mg_keep(mg_ones(MG_SHAPE(1, 1, 3, 3)));
    mg_tensor *sums[] = {mg_sum(x, .axis = 0), mg_sum(x, .axis = 1, .keepdims = true)};
    mg_optimizer *optimizer = mg_adam((mg_tensor *[]){w}, 1, .lr = 0.1, .beta1 = 0);
    int bad = wrong("axis 0", mg_item(mg_max(sums[0])), 9) + wrong("axis 1", mg_item(mg_max(sums[1])), 15);
    {
        MG_SCOPE;
        bad += wrong("padding", mg_item(mg_sum(mg_conv_nd(w, w, .padding = 1))), 49) + (optimizer == NULL);
    }
    mg_optimizer_free(optimizer);
    mg_release(w);
    return bad;
}

int main(void) {
    int bad = gradient() + product(MG_F32) + product(MG_F64) + other_names() + numbers_and_braces();
    mg_error error = mg_take_error();
    if (error.code != MG_OK) printf("%s: %s\n", error.op, error.message);
    if (strstr(mg_build_info(), "mygrad " MYGRAD_VERSION_STRING "\n") != mg_build_info()) bad++;
    fputs(mg_build_info(), stdout);
    return bad || error.code != MG_OK;
}
