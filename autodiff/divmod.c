/* SPDX-License-Identifier: MIT
 * divmod: floor_divide and remainder of one call, both or neither. Two nodes, not an op of two results: either may be
 * asked for alone, and tiles compute both in one pass where both are. */
#include "autodiff/op_api.h"
#include "kernels/registry.h"
#include "mygrad/elementwise.h"

mg_status mg_divmod_with(mg_tensor *x, mg_tensor *y, mg_tensor **quotient, mg_tensor **remainder,
                         const mg_ufunc_opts *opts) {
    mg_tensor *const in[] = {x, y};
    *quotient = *remainder = NULL;
    if (opts && opts->out)
        return mgr_fail(MG_ERR_VALUE, "divmod",
                        ".out is one tensor, but there are two results: call mg_floor_divide and mg_remainder.");
    mg_tensor *q = mga_ufunc(MGK_OP_FLOOR_DIVIDE, in, NULL, opts);
    mg_tensor *r = q ? mga_ufunc(MGK_OP_REMAINDER, in, NULL, opts) : NULL;
    if (!r) {
        mg_release(q);
        return mgr_error();
    }
    *quotient = q;
    *remainder = r;
    return MG_OK;
}

mg_status(mg_divmod)(mg_tensor *x, mg_tensor *y, mg_tensor **quotient, mg_tensor **remainder) {
    return mg_divmod_with(x, y, quotient, remainder, NULL);
}
