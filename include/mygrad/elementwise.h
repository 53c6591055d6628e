/* SPDX-License-Identifier: MIT
 * Elementwise functions that are more than one operation: division into quotient and remainder, equality but for
 * rounding. Rules of tensor.h apply; operations of one result are in ops.h (generated). */
#ifndef MYGRAD_ELEMENTWISE_H
#define MYGRAD_ELEMENTWISE_H

#include "mygrad/tensor.h"

MG_EXTERN_C_BEGIN

/* *quotient = floor_divide(x, y) and *remainder = remainder(x, y), constants, with their dtypes and special values
 * (ops.h). Options apply to both, but that .out is for the quotient and .out2 for the remainder, each optional: what
 * was given comes back in *quotient or *remainder, else a new tensor. They may overlap the operands, which are read as
 * they were; where they overlap each other, the remainder is written last; value error if they are one tensor. Both or
 * neither: all that can fail is done before either is written, and on failure *quotient and *remainder are NULL. */
MG_API mg_status mg_divmod_with(mg_tensor *x, mg_tensor *y, mg_tensor **quotient, mg_tensor **remainder,
                                const mg_ufunc_opts *opts);

/* How far apart x and y may be: |x - y| <= atol + rtol * |y|. */
typedef struct mg_tolerance {
    double mg_one; /* `.tolerance = 1e-3` does not say which of the two it is: value error, but for 0 */
    bool given;
    double rtol, atol;
} mg_tolerance;

typedef struct mg_close_opts {
    MG_OPTS_HEAD(mg_close_opts);
    mg_tolerance tolerance MG_DEFAULT_({}); /* MG_TOLERANCE(rtol, atol); default rtol 1e-5, atol 1e-8; 0: none */
    bool equal_nan MG_DEFAULT_(false);      /* nan is close to nan; default: to nothing */
} mg_close_opts;

#ifdef __cplusplus
#define MG_TOLERANCE(rtol, atol) (mg_tolerance{0, true, (rtol), (atol)})
#else
#define MG_TOLERANCE(rtol, atol) ((mg_tolerance){0, true, (rtol), (atol)})
#endif

/* |x - y| <= atol + rtol * |y|, element-wise, in the dtype that x - y has (integers and bool: float64). Not symmetric:
 * y is the value to compare with. Infinities are close to themselves alone. bool, constant; x and y keep their
 * gradients.
 */
MG_API mg_tensor *mg_isclose_with(mg_tensor *x, mg_tensor *y, const mg_close_opts *opts);

/* Is every element of x close to its element of y? Evaluated now; true if there are none, false on failure
 * (mg_take_error says why). */
MG_API bool mg_allclose_with(mg_tensor *x, mg_tensor *y, const mg_close_opts *opts);

/* ---- the plain functions behind the keyword macros --------------------------------------------------------------- */

MG_API mg_status(mg_divmod)(mg_tensor *x, mg_tensor *y, mg_tensor **quotient, mg_tensor **remainder);
MG_API mg_tensor *(mg_isclose)(mg_tensor *x, mg_tensor *y);
MG_API bool(mg_allclose)(mg_tensor *x, mg_tensor *y);

#ifndef __cplusplus
#define mg_divmod(...) MG_DIVMOD_(__VA_ARGS__, .mg_end = 0)
#define MG_DIVMOD_(x, y, q, r, ...)                                                                                    \
    mg_divmod_with(x, y, q, r, &(mg_ufunc_opts){.size = sizeof(mg_ufunc_opts), __VA_ARGS__})
#define mg_isclose(...)         MG_ISCLOSE_(__VA_ARGS__, .mg_end = 0)
#define MG_ISCLOSE_(x, y, ...)  mg_isclose_with(x, y, MG_OPTIONS_(mg_close_opts, __VA_ARGS__))
#define mg_allclose(...)        MG_ALLCLOSE_(__VA_ARGS__, .mg_end = 0)
#define MG_ALLCLOSE_(x, y, ...) mg_allclose_with(x, y, MG_OPTIONS_(mg_close_opts, __VA_ARGS__))
#endif

MG_EXTERN_C_END

#endif
