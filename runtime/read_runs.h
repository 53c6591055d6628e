/* SPDX-License-Identifier: MIT
 * In how many runs side by side a reduction reads an array that comes from memory: what is fastest depends on the
 * processor's prefetching, on where pages lie and on who else reads, so it is tried out on the work itself. The
 * results are the same, whatever is chosen. */
#ifndef MGR_READ_RUNS_H
#define MGR_READ_RUNS_H

#include <stddef.h>
#include <stdint.h>

/* Blocks of a BLOCKS or SUMS kernel to read in one call, so that there is something to compare. */
#define MGR_READ_PIECE 128

typedef struct mgr_reading {
    size_t runs;   /* what to give to the kernel: 0, fetched ahead, or more */
    int64_t start; /* 0: not timed */
    unsigned what, way;
} mgr_reading;

/* Before a call that reads `blocks` blocks of an array of so many bytes in all; what: the kernel's address. After it.
 * Any thread may call both. */
mgr_reading mgr_reading_begin(uintptr_t what, size_t array_bytes, size_t blocks);
void mgr_reading_end(mgr_reading reading, size_t blocks);

/* Tests: nothing has been tried yet. */
void mgr_reading_forget(void);

#endif
