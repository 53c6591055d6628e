/* SPDX-License-Identifier: MIT
 * Building calls with exact identities applied: what holds bit for bit for every input, NaN, infinity and -0 included.
 */
#ifndef MGC_SIMPLIFY_H
#define MGC_SIMPLIFY_H

#include "dag.h"

/* op(arg...), or something simpler with the same bits in every dtype (any NaN equals any NaN). */
const mgc_node *mgc_apply(mgc_dag *g, const struct mgc_op *op, int n, const mgc_node *const arg[]);

#endif
