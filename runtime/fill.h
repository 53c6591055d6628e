/* SPDX-License-Identifier: MIT
 * Filling a contiguous array with one element. */
#ifndef MGR_FILL_H
#define MGR_FILL_H

#include "mygrad/base.h"

/* n elements of `data` become a copy of *element (one element of the dtype). */
void mgr_fill(mg_dtype dtype, int64_t n, void *data, const void *element);

#endif
