/* SPDX-License-Identifier: MIT
 * Filling a contiguous array with one element: the move kernel of its width. */
#include "runtime/fill.h"

#include "runtime/cpu.h"

void mgr_fill(mg_dtype dtype, int64_t n, void *data, const void *element) {
    size_t itemsize = mg_dtype_size(dtype);
    int log2 = itemsize == 8 ? 3 : itemsize == 4 ? 2 : itemsize == 2 ? 1 : 0;
    mgr_kernels()->moves->fill[log2]((size_t)n, data, element);
}
