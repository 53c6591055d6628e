/* SPDX-License-Identifier: MIT
 * Products and convolutions that a back end computes are cut into slices, each of them a call on one thread: no back
 * end starts a team that it could wait for, and the bits depend on the slices. These are cut by shape only, never by
 * the number of threads. */
#ifndef MGR_SLICES_H
#define MGR_SLICES_H

#include "runtime/products.h"

/* Multiply-adds that are worth a slice: 30 us of f32 on one AVX-512 core, of which the call is some 2 us. */
#define MGR_SLICE_WORK 1572864.0
#define MGR_SLICES     64

/* How many slices `work` makes, at most `most` of them: from 8 on a multiple of 8, below a power of two, so that the
 * usual teams are all busy to the end. */
int64_t mgr_slice_count(double work, int64_t most);

/* Slice `i` of `count` over [0, n): where it begins (and i - 1 ends), at a multiple of `step`. */
int64_t mgr_slice_begin(int64_t n, int64_t step, int64_t count, int64_t i);

/* Every slice once, on the team; `run` returns its status. One that fails on another thread (for want of memory, say)
 * is run again on this one, whose error it then is. */
typedef mg_status mgr_slice_fn(int64_t slice, const void *context);
mg_status mgr_slices_run(int64_t count, mgr_slice_fn *run, const void *context);

#endif
