/* SPDX-License-Identifier: MIT
 * What mg_stats asks of the thread's tape. */
#ifndef MGA_LIVE_COUNTS_H
#define MGA_LIVE_COUNTS_H

#include <stdint.h>

/* Recorded operations and handles of this thread that exist now. */
extern void mga_live_counts(uint64_t *nodes, uint64_t *tensors);

/* Clusters executed by this thread since it started. */
extern uint64_t mga_clusters_run(void);

#endif
