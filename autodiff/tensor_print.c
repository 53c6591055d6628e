/* SPDX-License-Identifier: MIT
 * Tensors as text. The layout is print_array.c's. */
#include <stdio.h>
#include <stdlib.h>

#include "autodiff/flush.h"
#include "autodiff/handle.h"
#include "autodiff/print_array.h"
#include "runtime/fpenv.h"

char *mg_to_string(mg_tensor *x) {
    MGR_EXACT;
    mga_node *node = mga_value("to_string", x), *packed = node ? mga_contiguous(node) : NULL;
    if (!packed) return NULL;
    char *text = mga_array_text((mg_dtype)packed->dtype, packed->shape->ndim, packed->shape->dims, mga_data(packed));
    mga_node_release(packed);
    return text;
}

mg_status mg_print(mg_tensor *x) {
    char *text = mg_to_string(x);
    if (!text) return mgr_error();
    bool written = puts(text) >= 0;
    free(text);
    return written ? MG_OK : mgr_fail(MG_ERR_IO, "print", "stdout cannot be written to");
}
