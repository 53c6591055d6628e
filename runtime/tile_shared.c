/* SPDX-License-Identifier: MIT
 * The level of the program cache that all threads share: bounded, least recently asked for out first, behind one lock.
 * Only a thread that missed in its own cache (tile_spec.c) comes here; compiling is done outside. */
#include <stdatomic.h>
#include <string.h>

#include "runtime/sizes.h"
#include "runtime/thread.h"
#include "runtime/tile_impl.h"

static struct {
    mgr_tile_program *bucket[MGR_TILE_SHARED_BUCKETS];
    mgr_tile_program *newest, *oldest;
    uint64_t n;
} shared; /* and the `shared` links of every program in it: MGR_LOCK_TILES */

void mgr_tile_program_drop(mgr_tile_program *program, uint32_t counts) {
    if (atomic_fetch_sub_explicit(&program->refs, counts, memory_order_acq_rel) == counts) mgr_free(program);
}

static void unlink_order(mgr_tile_program *p) {
    if (p->shared.newer) p->shared.newer->shared.older = p->shared.older;
    if (p->shared.older) p->shared.older->shared.newer = p->shared.newer;
    if (shared.newest == p) shared.newest = p->shared.older;
    if (shared.oldest == p) shared.oldest = p->shared.newer;
}

static void link_newest(mgr_tile_program *p) {
    p->shared.older = shared.newest;
    p->shared.newer = NULL;
    if (shared.newest) shared.newest->shared.newer = p;
    shared.newest = p;
    if (!shared.oldest) shared.oldest = p;
}

static void take_out(mgr_tile_program *p) {
    unlink_order(p);
    mgr_tile_program **at = &shared.bucket[p->hash % MGR_TILE_SHARED_BUCKETS];
    while (*at != p) at = &(*at)->shared.next;
    *at = p->shared.next;
    shared.n--;
}

/* With the lock: the program of this key, now the newest, or NULL. */
static mgr_tile_program *look_up(const uint8_t *key, size_t bytes, uint64_t hash) {
    mgr_tile_program *p = shared.bucket[hash % MGR_TILE_SHARED_BUCKETS];
    while (p && !(p->hash == hash && tile_key_equal(p->key, p->key_bytes, key, bytes))) p = p->shared.next;
    if (!p) return NULL;
    if (shared.newest != p) {
        unlink_order(p);
        link_newest(p);
    }
    atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed); /* the level's own count keeps it alive */
    return p;
}

mgr_tile_program *mgr_tile_shared_find(const uint8_t *key, size_t bytes, uint64_t hash) {
    mgr_lock_acquire(MGR_LOCK_TILES);
    mgr_tile_program *p = look_up(key, bytes, hash);
    mgr_lock_release(MGR_LOCK_TILES);
    return p;
}

mgr_tile_program *mgr_tile_shared_add(mgr_tile_program *program) {
    mgr_tile_program *evicted = NULL;
    mgr_lock_acquire(MGR_LOCK_TILES);
    mgr_tile_program *winner = look_up(program->key, program->key_bytes, program->hash);
    if (!winner) {
        if (shared.n >= MGR_TILE_SHARED_PROGRAMS) take_out(evicted = shared.oldest);
        atomic_fetch_add_explicit(&program->refs, 1, memory_order_relaxed);
        program->shared.next = shared.bucket[program->hash % MGR_TILE_SHARED_BUCKETS];
        shared.bucket[program->hash % MGR_TILE_SHARED_BUCKETS] = program;
        link_newest(program);
        shared.n++;
    }
    mgr_lock_release(MGR_LOCK_TILES);
    if (evicted) mgr_tile_program_drop(evicted, 1);
    if (!winner) return program;
    mgr_tile_program_drop(program, 1); /* another thread was faster */
    return winner;
}

uint64_t mgr_tile_shared_count(void) {
    mgr_lock_acquire(MGR_LOCK_TILES);
    uint64_t n = shared.n;
    mgr_lock_release(MGR_LOCK_TILES);
    return n;
}

void mgr_tile_shared_clear(void) {
    mgr_lock_acquire(MGR_LOCK_TILES);
    mgr_tile_program *p = shared.newest;
    memset(&shared, 0, sizeof shared);
    mgr_lock_release(MGR_LOCK_TILES);
    while (p) { /* out of reach of other threads: only lookups under the lock follow the links */
        mgr_tile_program *older = p->shared.older;
        mgr_tile_program_drop(p, 1);
        p = older;
    }
}
