/* SPDX-License-Identifier: MIT
 * divmod: floor_divide and remainder of one call, both or neither. Two nodes, not an op of two results: either may be
 * asked for alone, and tiles compute both in one pass where both are. */
#include "autodiff/arguments.h"
#include "autodiff/op_api.h"
#include "kernels/registry.h"
#include "mygrad/elementwise.h"
#include "runtime/status.h"

mg_status mg_divmod_with(mg_tensor *x, mg_tensor *y, mg_tensor **quotient, mg_tensor **remainder,
                         const mg_ufunc_opts *opts) {
    static const uint16_t ops[] = {MGK_OP_FLOOR_DIVIDE, MGK_OP_REMAINDER};
    mg_tensor *const in[] = {x, y};
    mg_tensor *results[] = {NULL, NULL};
    if (quotient) *quotient = NULL;
    if (remainder) *remainder = NULL;
    MGR_TRY(mga_check_out("divmod", "quotient", quotient));
    MGR_TRY(mga_check_out("divmod", "remainder", remainder));
    const mg_status status = mga_ufunc_two("divmod", ops, in, opts, results);
    *quotient = results[0];
    *remainder = results[1];
    return status;
}

mg_status(mg_divmod)(mg_tensor *x, mg_tensor *y, mg_tensor **quotient, mg_tensor **remainder) {
    return mg_divmod_with(x, y, quotient, remainder, NULL);
}
