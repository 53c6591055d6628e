/* SPDX-License-Identifier: MIT
 * Arrays as NumPy 2 prints them (precision 8, 75 columns, summaries above 1000 elements). */
#ifndef MGA_PRINT_ARRAY_H
#define MGA_PRINT_ARRAY_H

#include "mygrad/base.h"

/* The text of a C-ordered array, allocated with malloc for the caller to free; NULL with an error set. float16 and
 * float32 switch to exponents where NumPy 2.4 does; bfloat16, which NumPy has not, as float16. */
char *mga_array_text(mg_dtype dtype, int ndim, const int64_t *dims, const void *data);

#endif
