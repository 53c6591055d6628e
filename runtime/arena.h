/* SPDX-License-Identifier: MIT
 * A bump arena over pool buffers, for what lives exactly as long as one flush. Nothing is freed singly. */
#ifndef MGR_ARENA_H
#define MGR_ARENA_H

#include "runtime/memory.h"

typedef struct mgr_arena {
    struct mgr_arena_chunk *chunks; /* newest first */
    char *next, *end;               /* what is left of the newest */
} mgr_arena;

void *mgr_arena_grow(mgr_arena *arena, size_t bytes); /* mgr_arena_alloc's slow half */

/* 16-byte aligned memory until the reset; not zeroed. NULL with an error set. */
static inline void *mgr_arena_alloc(mgr_arena *arena, size_t bytes) {
    bytes = (bytes + 15) & ~(size_t)15;
    if (bytes > (size_t)(arena->end - arena->next)) return mgr_arena_grow(arena, bytes);
    void *p = arena->next;
    arena->next += bytes;
    return p;
}

/* Give everything back to the pool. */
void mgr_arena_reset(mgr_arena *arena);

#endif
