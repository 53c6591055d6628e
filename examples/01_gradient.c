/* SPDX-License-Identifier: MIT
 * The first thing to know: the gradient of a sum of squares. Shown in the README. */
#include <mygrad/mygrad.h>

int main(void) {
    MG_SCOPE;
    mg_tensor *x = mg_from_f64((double[]){1, 2, 3}, MG_SHAPE(3));
    mg_tensor *f = mg_sum(mg_multiply(x, x));
    mg_backward(f);
    mg_print(mg_grad(x)); /* [2. 4. 6.] */
    return mg_take_error().code != MG_OK;
}
