/* SPDX-License-Identifier: MIT
 * The short way through a flush, for small arrays: planning would cost more than it saves. */
#ifndef MGA_FLUSH_SMALL_H
#define MGA_FLUSH_SMALL_H

#include "autodiff/thread.h"

/* Can thread->walk, just collected for these roots, be computed one kernel call a node? */
bool mga_flush_small_serves(const mga_nodes *walk);

/* Compute it, in order; the walk is used up. A failure for want of memory leaves what came before it computed and the
 * rest pending; the error names the op that could not have its buffer. */
mg_status mga_flush_small_run(mga_nodes *walk, size_t n_roots, mga_node *const *roots);

#endif
