/* SPDX-License-Identifier: MIT
 * The bump arena: a list of pool buffers, each starting with its own header. */
#include "runtime/arena.h"
#include "runtime/sizes.h"

struct mgr_arena_chunk {
    struct mgr_arena_chunk *next;
    mgr_buffer *buffer;
};

enum { HEADER = (sizeof(struct mgr_arena_chunk) + 15) & ~(size_t)15 };

/* A new chunk, of which the first `bytes` (a multiple of 16) are the answer. */
void *mgr_arena_grow(mgr_arena *arena, size_t bytes) {
    mgr_buffer *buffer = mgr_buffer_new(HEADER + bytes > MGR_ARENA_CHUNK ? HEADER + bytes : MGR_ARENA_CHUNK);
    if (!buffer) return NULL;
    struct mgr_arena_chunk *chunk = buffer->data;
    *chunk = (struct mgr_arena_chunk){arena->chunks, buffer};
    char *p = (char *)chunk + HEADER;
    *arena = (mgr_arena){chunk, p + bytes, (char *)chunk + buffer->bytes};
    return p;
}

void mgr_arena_reset(mgr_arena *arena) {
    while (arena->chunks) {
        struct mgr_arena_chunk *chunk = arena->chunks;
        arena->chunks = chunk->next;
        mgr_buffer_release(chunk->buffer);
    }
    arena->next = arena->end = NULL;
}
