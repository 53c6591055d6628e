/* SPDX-License-Identifier: MIT
 * libmygrad and libfoo_mygrad (MYGRAD_PREFIX=foo_) in one program and in one file: each has headers, threads' state,
 * thread count and kernels of its own. */
#include <foo_mygrad/mygrad.h>
#include <mygrad/mygrad.h>
#include <stdio.h>
#include <string.h>

int main(void) {
    MG_SCOPE;
    FOO_SCOPE;
    mg_tensor *x = mg_from_f64((double[]){1, 2}, MG_SHAPE(2));
    foo_tensor *y = foo_from_f64((double[]){3, 4}, FOO_SHAPE(2));
    mg_backward(mg_sum(mg_multiply(x, x)));
    foo_backward(foo_sum(foo_multiply(y, y, .constant = FOO_VARIABLE)));
    int bad = mg_item(mg_sum(mg_grad(x))) != 6 || foo_item(foo_amax(foo_grad(y))) != 8;

    /* Other names, and two results. */
    mg_tensor *q = NULL, *r = NULL;
    foo_tensor *u = NULL, *v = NULL;
    bad |= mg_divmod(x, mg_scalar(2), &q, &r) != MG_OK || foo_divmod(y, foo_scalar(3), &u, &v) != FOO_OK;
    bad |= mg_item(mg_amax(mg_true_divide(q, mg_scalar(2)))) != 0.5 || mg_item(mg_sum(r)) != 1;
    bad |= foo_item(foo_amax(foo_true_divide(u, foo_scalar(4)))) != 0.25 || foo_item(foo_sum(v)) != 1;

    /* The state of one is not the state of the other. */
    mg_set_num_threads(3);
    foo_set_num_threads(2);
    bad |= mg_num_threads() != 3 || foo_num_threads() != 2;
    foo_add(NULL, NULL);
    bad |= mg_take_error().code != MG_OK;
    foo_error error = foo_take_error();
    bad |= error.code == FOO_OK || strcmp(foo_status_name(FOO_ERR_TYPE), "FOO_ERR_TYPE") != 0;
    printf("%s%s%s: %s\n", mg_build_info(), foo_build_info(), error.op, error.message);
    return bad;
}
