/* SPDX-License-Identifier: MIT
 * What C's Annex F says of each vector-maths function of one operand, for both types. NaN in gives NaN out for every
 * function and is checked apart. */
#ifndef MGT_VMATH_SPECIALS_H
#define MGT_VMATH_SPECIALS_H

#include "vmath_functions.h"

/* vm_fn(x) is y, to the sign of a zero. */
typedef struct vmath_special {
    int fn;
    double x, y;
} vmath_special;

extern const vmath_special vmath_specials[];
extern const int vmath_n_specials;

#endif
