/* SPDX-License-Identifier: MIT
 * The machine room as users see it: counters, threads, idle memory, modes. Every number is somebody else's. */
#include "autodiff/arguments.h"
#include "autodiff/thread.h"
#include "mygrad/runtime.h"
#include "runtime/cpu.h"
#include "runtime/fpenv.h"
#include "runtime/linalg.h"
#include "runtime/memory.h"
#include "runtime/parallel.h"
#include "runtime/shape.h"
#include "runtime/tile.h"

void mg_get_stats(mg_stats *out) {
    if (mga_check_out("get_stats", "out", out) != MG_OK) return;
    mgr_memory_stats memory;
    mgr_tile_stats tiles;
    mgr_memory_get_stats(&memory);
    mgr_tile_get_stats(&tiles);
    *out = (mg_stats){.system_allocs = memory.system_allocs,
                      .live_bytes = memory.live_bytes,
                      .peak_live_bytes = memory.peak_live_bytes,
                      .idle_bytes = memory.idle_bytes,
                      .live_shapes = mgr_shape_live(),
                      .programs_planned = tiles.programs_planned,
                      .programs_cached = tiles.programs_cached,
                      .programs_shared = tiles.shared_hits,
                      .clusters_run = mga_clusters_run()};
    mga_live_counts(&out->live_nodes, &out->live_tensors);
}

void mg_stats_reset_peak(void) { mgr_memory_reset_peak(); }

void mg_set_num_threads(int n) { mgr_set_num_threads(n); }
int mg_num_threads(void) { return mgr_num_threads(); }

/* The team's threads, primitives and packed operands first: what they held is idle then. Programs only other threads
 * may ask for go, too. */
size_t mg_trim(void) {
    mgr_parallel_rest();
    mgr_linalg_clear();
    mgr_tile_shared_clear();
    return mgr_trim();
}

void mg_set_flush_denormals(bool flush) { mgr_fpenv_set_flush_denormals(flush); }

const char *mg_isa(void) { return mgr_kernels()->name; }
