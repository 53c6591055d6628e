/* SPDX-License-Identifier: MIT
 * Options that are one number for all spatial axes, or one per axis. */
#include "autodiff/nnet_opts.h"

mg_status mga_per_axis(const char *op, const char *option, mg_shape given, int axes, int64_t missing, int64_t least,
                       int64_t *out) {
    if (given.ndim > 1 ? given.ndim != axes : given.ndim < 0) {
        return mgr_fail(MG_ERR_VALUE, op, "%s has %d numbers, but there are %d spatial axes: give one for all, or %d",
                        option, given.ndim, axes, axes);
    }
    for (int i = 0; i < axes; i++) {
        out[i] = given.ndim == 0 ? missing : given.dims[given.ndim == 1 ? 0 : i];
        if (out[i] < least) {
            return mgr_fail(MG_ERR_VALUE, op, "%s %lld is less than %lld", option, (long long)out[i], (long long)least);
        }
    }
    return MG_OK;
}
