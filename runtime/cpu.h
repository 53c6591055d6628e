/* SPDX-License-Identifier: MIT
 * The only file that asks the CPU what it is: instruction sets, cache sizes, usable cores. Chosen once, immutable
 * afterwards. */
#ifndef MGR_CPU_H
#define MGR_CPU_H

#include "kernels/kernel.h"

/* The kernels of this process: the best ISA that is built in, the CPU and its OS support, capped by MYGRAD_ISA (a name
 * that is unknown or unusable is reported on stderr once, and ignored). MYGRAD_VERBOSE=1 prints what was chosen and
 * why. Thread-safe. */
const mgk_table *mgr_kernels(void);

/* The table of one ISA, or NULL if it is not built in or cannot run here: for tests that compare ISAs. */
const mgk_table *mgr_kernels_of(mgk_isa isa);

/* The name of an ISA that is built in, whether this CPU runs it or not; NULL of any other. */
const char *mgr_isa_built_in(mgk_isa isa);

/* Tests: use this table from now on (NULL: back to the chosen one). Not while other threads compute. */
void mgr_kernels_override(const mgk_table *table);

typedef struct mgr_caches {
    size_t l1, l2, llc; /* data bytes: per core, per core, last level as seen by one core */
} mgr_caches;
const mgr_caches *mgr_cpu_caches(void);

/* Cores this process may use now: affinity and the cgroup's CPU quota (v1 and v2, rounded up) honoured. At least 1.
 * Asks the system at every call. */
int mgr_cpu_usable(void);

#endif
