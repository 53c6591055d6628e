/* SPDX-License-Identifier: MIT
 * A bump arena over pool buffers, for what lives exactly as long as one flush. Nothing is freed singly. */
#ifndef MGR_ARENA_H
#define MGR_ARENA_H

#include "runtime/memory.h"

typedef struct mgr_arena {
    struct mgr_arena_chunk *chunks; /* newest first */
    size_t used;                    /* bytes of the newest */
} mgr_arena;

/* 16-byte aligned memory until the reset; not zeroed. NULL with an error set. */
void *mgr_arena_alloc(mgr_arena *arena, size_t bytes);

/* Give everything back to the pool. */
void mgr_arena_reset(mgr_arena *arena);

#endif
