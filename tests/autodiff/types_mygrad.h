/* SPDX-License-Identifier: MIT
 * Result dtypes as MyGrad 2.2.0 has them, of what NumPy has not: test data for tests/autodiff/test_types.c, no code.
 * types_mygrad.py wrote it. Rows are as in types_table.h. */
#ifndef TEST_TYPES_MYGRAD_H
#define TEST_TYPES_MYGRAD_H

#include "types_table.h"

static const unary_types mygrad_unary[] = {
    {" csc sec cot csch sech coth selu elu ", "eefddefddefd", 'd', 'd'},
    {" arccsc arcsec arccsch arccoth sinc sigmoid soft_sign leaky_relu ", "dddddddddefd", 'd', 'd'},
};

#endif
