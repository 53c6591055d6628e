/* SPDX-License-Identifier: MIT
 * Printing against text that NumPy made. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nnet_check.h"
#include "print_cases.h"

static mg_tensor *tensor_of(const struct print_case *c) {
    int64_t size = 1, given = 12;
    for (int i = 0; i < c->ndim; i++) size *= c->dims[i];
    double *values = calloc((size_t)size + 1, sizeof *values);
    CHECK(values != NULL);
    for (int64_t i = 0; i < size; i++) values[i] = size > given ? (double)i * c->values[0] : c->values[i];
    mg_tensor *wide = mg_from_f64(values, mg_shape_of(c->ndim, c->dims));
    free(values);
    if (c->dtype == MG_U64) { /* 2^64 - 1 is no double */
        return mg_from_data(MG_U64, (uint64_t[]){UINT64_MAX, 0}, MG_SHAPE(2));
    }
    return mg_astype(wide, c->dtype);
}

MG_TEST(print, as_numpy) {
    for (size_t i = 0; i < sizeof print_cases / sizeof *print_cases; i++) {
        MG_SCOPE;
        char *text = mg_to_string(tensor_of(&print_cases[i]));
        CHECK_MSG(text != NULL, "case %zu: %s", i, mg_take_error().message);
        CHECK_EQ_STR(text, print_cases[i].text);
        free(text);
    }
}

MG_TEST(print, views_and_bfloat16) {
    MG_SCOPE;
    mg_tensor *x = mg_from_f64((double[]){1, 2, 3, 4, 5, 6}, MG_SHAPE(2, 3));
    char *text = mg_to_string(mg_getitem(mg_transpose(x, (mg_axes){0}), MG_KEY(MG_S(MG_NONE, MG_NONE, -1))));
    CHECK_EQ_STR(text, "[[3. 6.]\n [2. 5.]\n [1. 4.]]");
    free(text);
    text = mg_to_string(mg_astype(x, MG_BF16));
    CHECK_EQ_STR(text, "[[1. 2. 3.]\n [4. 5. 6.]]");
    free(text);
}

MG_TEST(print, errors) {
    CHECK(mg_to_string(NULL) == NULL);
    CHECK(mg_print(NULL) == MG_ERR_VALUE);
    nnet_expect_error(MG_ERR_VALUE, "");
}
