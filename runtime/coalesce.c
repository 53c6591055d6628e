/* SPDX-License-Identifier: MIT
 * Fewer, longer axes for the same walk: what loops over strided operands run on. Never reorders elements. */
#include "runtime/shape.h"

/* Axis `axis` can continue axis `into` when for every operand one step outside equals all steps inside. */
static bool can_merge(int64_t length, int n, int64_t (*strides)[MG_MAX_NDIM], int into, int axis) {
    for (int op = 0; op < n; op++)
        if (strides[op][into] != strides[op][axis] * length) return false;
    return true;
}

int mgr_coalesce(int ndim, int64_t *dims, int n, int64_t (*strides)[MG_MAX_NDIM], uint64_t *barrier) {
    uint64_t walls = barrier ? *barrier : 0, kept_walls = 0;
    int kept = 0;
    bool wall = false; /* one stands between the last kept axis and the present one */
    for (int axis = 0; axis < ndim; axis++) {
        wall |= walls >> axis & 1;
        if (dims[axis] == 1) continue;
        if (kept > 0 && !wall && can_merge(dims[axis], n, strides, kept - 1, axis)) {
            dims[kept - 1] *= dims[axis];
            for (int op = 0; op < n; op++) strides[op][kept - 1] = strides[op][axis];
            continue;
        }
        if (kept > 0 && wall) kept_walls |= UINT64_C(1) << kept;
        dims[kept] = dims[axis];
        for (int op = 0; op < n; op++) strides[op][kept] = strides[op][axis];
        kept++;
        wall = false;
    }
    if (barrier) *barrier = kept_walls;
    if (kept > 0 || ndim == 0) return kept;
    dims[0] = 1;
    for (int op = 0; op < n; op++) strides[op][0] = 0;
    return 1;
}
