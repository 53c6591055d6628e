/* SPDX-License-Identifier: MIT
 * The bump arena: a list of pool buffers, each starting with its own header. */
#include "runtime/arena.h"

struct mgr_arena_chunk {
    struct mgr_arena_chunk *next;
    mgr_buffer *buffer;
};

enum { CHUNK_BYTES = 1 << 16, HEADER = (sizeof(struct mgr_arena_chunk) + 15) & ~(size_t)15 };

static bool add_chunk(mgr_arena *arena, size_t bytes) {
    mgr_buffer *buffer = mgr_buffer_new(HEADER + bytes > CHUNK_BYTES ? HEADER + bytes : CHUNK_BYTES);
    if (!buffer) return false;
    struct mgr_arena_chunk *chunk = buffer->data;
    *chunk = (struct mgr_arena_chunk){arena->chunks, buffer};
    arena->chunks = chunk;
    arena->used = HEADER;
    return true;
}

void *mgr_arena_alloc(mgr_arena *arena, size_t bytes) {
    bytes = (bytes + 15) & ~(size_t)15;
    if ((!arena->chunks || arena->used + bytes > arena->chunks->buffer->bytes) && !add_chunk(arena, bytes)) return NULL;
    char *p = (char *)arena->chunks + arena->used;
    arena->used += bytes;
    return p;
}

void mgr_arena_reset(mgr_arena *arena) {
    while (arena->chunks) {
        struct mgr_arena_chunk *chunk = arena->chunks;
        arena->chunks = chunk->next;
        mgr_buffer_release(chunk->buffer);
    }
    arena->used = 0;
}
