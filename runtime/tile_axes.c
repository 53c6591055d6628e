/* SPDX-License-Identifier: MIT
 * The order in which the axes of an iteration space are walked: the one that memory likes best.
 * Only strides are looked at; whether an axis may move is the caller's business. */
#include "runtime/tile_impl.h"

/* Should axis a be walked outside axis b? The first operand that moves along both, at different speeds, decides. */
static int compare_axes(int a, int b, int n, const int64_t *const *strides) {
    for (int i = 0; i < n; i++) {
        int64_t x = strides[i][a] < 0 ? -strides[i][a] : strides[i][a];
        int64_t y = strides[i][b] < 0 ? -strides[i][b] : strides[i][b];
        if (x && y && x != y) return x > y ? 1 : -1;
    }
    return 0;
}

int mgr_tile_sort_axes(int ndim, const int64_t *dims, int n, const int64_t *const *strides, int *order) {
    int count = 0;
    for (int axis = 0; axis < ndim; axis++) {
        if (dims[axis] == 1) continue;
        int at = count++;
        /* an axis moves outwards past those it should be outside of, and past undecided ones if that is what is beyond
         */
        int target = at;
        for (int i = at - 1; i >= 0; i--) {
            int c = compare_axes(axis, order[i], n, strides);
            if (c > 0) target = i;
            if (c < 0) break;
        }
        for (int i = at; i > target; i--) order[i] = order[i - 1];
        order[target] = axis;
    }
    return count;
}
