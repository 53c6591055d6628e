/* SPDX-License-Identifier: MIT
 * Interned shapes: one process-wide hash table under a lock, in front of it a small direct-mapped cache per thread.
 * Broadcasting and texts of shapes; strides are in strides.c.
 *
 * A count of 0 means: only the table knows the shape. It can rise again only under the lock, and only a sweep under the
 * lock frees it, so releasing needs no lock. The cache's own pointers are counted. */
#include "runtime/shape.h"
#include "runtime/sizes.h"
#include "runtime/status.h"
#include "runtime/system_memory.h"
#include "runtime/thread.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* Elements of 8 bytes then fill at most 2^62 bytes, and no stride overflows. */
#define MAX_ELEMENTS (INT64_C(1) << 59)

typedef struct shape_cache {
    mgr_shape *way[MGR_SHAPES_CACHE];
} shape_cache;
static MGR_THREAD_LOCAL shape_cache *self;

static struct {
    mgr_shape **slots; /* open addressing, linear probing; capacity is a power of two, at most half full */
    size_t capacity, count;
    mgr_system_owner owner;
} table; /* under MGR_LOCK_SHAPES */

static _Atomic int64_t idle; /* about how many shapes have no holder */
static _Atomic size_t live;

/* The products do not wait for one another; odd multiples keep the axes apart. */
static inline uint64_t hash_dims(int ndim, const int64_t *dims) {
    uint64_t key = UINT64_C(0x9e3779b97f4a7c15), h = (uint64_t)ndim;
    for (int i = 0; i < ndim; i++) {
        h += (uint64_t)dims[i] * key;
        key += UINT64_C(0xd6e8feb86659fd92);
    }
    h ^= h >> 32;
    h *= UINT64_C(0xe7037ed1a0b428db);
    return h ^ h >> 29;
}

static inline bool same(const mgr_shape *shape, uint64_t hash, int ndim, const int64_t *dims) {
    if (shape->hash != hash || shape->ndim != ndim) return false;
    for (int i = 0; i < ndim; i++)
        if (shape->dims[i] != dims[i]) return false;
    return true;
}

static inline mgr_shape *mutable(const mgr_shape *shape) { return (mgr_shape *)(uintptr_t)shape; }

void mgr_shape_retain(const mgr_shape *shape) {
    atomic_fetch_add_explicit(&mutable(shape)->refs, 1, memory_order_relaxed);
}

static size_t shape_bytes(int ndim) { return sizeof(mgr_shape) + (size_t)ndim * sizeof(int64_t); }

/* Slot of an equal shape, or the empty one where it belongs. */
static size_t table_find(uint64_t hash, int ndim, const int64_t *dims) {
    size_t at = (size_t)hash & (table.capacity - 1);
    while (table.slots[at] && !same(table.slots[at], hash, ndim, dims)) at = (at + 1) & (table.capacity - 1);
    return at;
}

/* Free the shapes that nobody holds, and close the gaps they leave: from a slot that was empty before, no run of probes
 * wraps around, so every shape can be put back at or before the place where it is found. */
static void table_sweep(void) {
    size_t mask = table.capacity - 1, start = 0;
    if (!table.capacity) return;
    while (table.slots[start]) start++;
    for (size_t step = 1; step <= mask; step++) {
        size_t at = (start + step) & mask;
        mgr_shape *shape = table.slots[at];
        if (!shape) continue;
        table.slots[at] = NULL;
        if (atomic_load_explicit(&shape->refs, memory_order_acquire) == 0) {
            mgr_block_free(shape, shape_bytes(shape->ndim));
            atomic_fetch_sub_explicit(&idle, 1, memory_order_relaxed);
            table.count--;
        } else {
            table.slots[table_find(shape->hash, shape->ndim, shape->dims)] = shape;
        }
    }
    atomic_store_explicit(&live, table.count, memory_order_relaxed);
}

/* Double the table. False, with nothing changed and no error set (a handler must not run under the lock), without
 * memory. */
static bool table_grow(void) {
    size_t old_capacity = table.capacity, capacity = old_capacity ? old_capacity * 2 : MGR_SHAPES_TABLE;
    mgr_shape **old = table.slots;
    mgr_system_owner owner, old_owner = table.owner;
    mgr_shape **slots = mgr_system_get(capacity * sizeof *slots, 64, &owner);
    if (!slots) return false;
    memset(slots, 0, capacity * sizeof *slots);
    table.slots = slots;
    table.capacity = capacity;
    table.owner = owner;
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i]) slots[table_find(old[i]->hash, old[i]->ndim, old[i]->dims)] = old[i];
    if (old) mgr_system_put(old, old_capacity * sizeof *old, old_owner);
    return true;
}

static mgr_shape *shape_make(uint64_t hash, int ndim, const int64_t *dims) {
    mgr_shape *shape = mgr_block_new(shape_bytes(ndim));
    if (!shape) return NULL;
    atomic_init(&shape->refs, 1);
    shape->ndim = ndim;
    shape->hash = hash;
    shape->size = 1;
    for (int i = 0; i < ndim; i++) {
        shape->dims[i] = dims[i];
        shape->size *= dims[i];
    }
    return shape;
}

/* The interned equal of `fresh` with one more count, or `fresh` itself, now interned; NULL if the table cannot grow.
 * With the lock held. */
static mgr_shape *table_intern(mgr_shape *fresh) {
    if (table.count * 2 >= table.capacity && !table_grow()) return NULL;
    size_t at = table_find(fresh->hash, fresh->ndim, fresh->dims);
    mgr_shape *shape = table.slots[at];
    if (shape) {
        if (atomic_fetch_add_explicit(&shape->refs, 1, memory_order_acquire) == 0)
            atomic_fetch_sub_explicit(&idle, 1, memory_order_relaxed);
        return shape;
    }
    table.slots[at] = fresh;
    atomic_store_explicit(&live, ++table.count, memory_order_relaxed);
    return fresh;
}

static MGR_SLOW void sweep_if_due(void) {
    mgr_lock_acquire(MGR_LOCK_SHAPES);
    if (atomic_load_explicit(&idle, memory_order_relaxed) >= MGR_SHAPES_IDLE) table_sweep();
    mgr_lock_release(MGR_LOCK_SHAPES);
}

void mgr_shape_release(const mgr_shape *shape) {
    if (!shape || atomic_fetch_sub_explicit(&mutable(shape)->refs, 1, memory_order_release) != 1) return;
    if (atomic_fetch_add_explicit(&idle, 1, memory_order_relaxed) >= MGR_SHAPES_IDLE) sweep_if_due();
}

static void thread_end(void) {
    shape_cache *cache = self;
    if (!cache) return;
    self = NULL;
    for (int i = 0; i < MGR_SHAPES_CACHE; i++) mgr_shape_release(cache->way[i]);
    mgr_free(cache);
}

static MGR_SLOW shape_cache *thread_begin(void) {
    shape_cache *cache = mgr_alloc(sizeof *cache);
    if (!cache) return NULL;
    memset(cache, 0, sizeof *cache);
    self = cache;
    mgr_thread_arm(MGR_THREAD_SHAPES, thread_end);
    return cache;
}

static mg_status dims_check(int ndim, const int64_t *dims) {
    char text[MGR_SHAPE_TEXT];
    if (ndim < 0 || ndim > MG_MAX_NDIM)
        return mgr_fail(MG_ERR_VALUE, NULL, "a shape has 0 to %d axes, not %d", MG_MAX_NDIM, ndim);
    int64_t product = 1;
    for (int i = 0; i < ndim; i++) {
        if (dims[i] < 0)
            return mgr_fail(MG_ERR_VALUE, NULL, "negative dimensions are not allowed: axis %d of shape %s", i,
                            mgr_dims_text(ndim, dims, text));
        if (dims[i] > 1 && (dims[i] > MAX_ELEMENTS || product > MAX_ELEMENTS / dims[i]))
            return mgr_fail(MG_ERR_VALUE, NULL, "a tensor of shape %s is larger than the address space",
                            mgr_dims_text(ndim, dims, text));
        if (dims[i] > 1) product *= dims[i];
    }
    return MG_OK;
}

static MGR_SLOW const mgr_shape *slow_get(shape_cache *cache, uint64_t hash, int ndim, const int64_t *dims) {
    if (dims_check(ndim, dims) != MG_OK) return NULL;
    mgr_shape *fresh = shape_make(hash, ndim, dims);
    if (!fresh) return NULL;
    mgr_lock_acquire(MGR_LOCK_SHAPES);
    mgr_shape *shape = table_intern(fresh);
    mgr_lock_release(MGR_LOCK_SHAPES);
    if (shape != fresh) mgr_block_free(fresh, shape_bytes(ndim));
    if (!shape) {
        mgr_fail_memory(NULL, shape_bytes(ndim));
        return NULL;
    }
    mgr_shape *evicted = cache->way[hash % MGR_SHAPES_CACHE];
    mgr_shape_retain(shape);
    cache->way[hash % MGR_SHAPES_CACHE] = shape;
    mgr_shape_release(evicted);
    return shape;
}

const mgr_shape *mgr_shape_get(int ndim, const int64_t *dims) {
    if (ndim < 0 || ndim > MG_MAX_NDIM) {
        dims_check(ndim, dims);
        return NULL;
    }
    uint64_t hash = hash_dims(ndim, dims);
    shape_cache *cache = self;
    if (!cache) {
        cache = thread_begin();
        if (!cache) return NULL;
    }
    mgr_shape *shape = cache->way[hash % MGR_SHAPES_CACHE];
    if (!shape || !same(shape, hash, ndim, dims)) return slow_get(cache, hash, ndim, dims);
    mgr_shape_retain(shape);
    return shape;
}

size_t mgr_shape_live(void) { return atomic_load_explicit(&live, memory_order_relaxed); }

const mgr_shape *mgr_shape_broadcast(const char *op, const mgr_shape *a, const mgr_shape *b) {
    if (a == b) {
        mgr_shape_retain(a);
        return a;
    }
    int ndim = a->ndim > b->ndim ? a->ndim : b->ndim;
    int64_t dims[MG_MAX_NDIM];
    for (int i = 1; i <= ndim; i++) {
        int64_t da = i <= a->ndim ? a->dims[a->ndim - i] : 1, db = i <= b->ndim ? b->dims[b->ndim - i] : 1;
        if (da != db && da != 1 && db != 1) {
            char text_a[MGR_SHAPE_TEXT], text_b[MGR_SHAPE_TEXT];
            mgr_fail(MG_ERR_VALUE, op, "operands could not be broadcast together with shapes %s and %s",
                     mgr_shape_text(a, text_a), mgr_shape_text(b, text_b));
            return NULL;
        }
        dims[ndim - i] = da == 1 ? db : da;
    }
    return mgr_shape_get(ndim, dims);
}

const char *mgr_dims_text(int ndim, const int64_t *dims, char *buffer) {
    size_t at = 1;
    buffer[0] = '(';
    for (int i = 0; i < ndim; i++) {
        if (at > MGR_SHAPE_TEXT - 32) { /* room for one number, a comma and the end */
            at += (size_t)snprintf(buffer + at, MGR_SHAPE_TEXT - at, "...");
            break;
        }
        const char *after = ndim == 1 ? "," : i + 1 < ndim ? ", " : "";
        at += (size_t)snprintf(buffer + at, MGR_SHAPE_TEXT - at, "%lld%s", (long long)dims[i], after);
    }
    snprintf(buffer + at, MGR_SHAPE_TEXT - at, ")");
    return buffer;
}

const char *mgr_shape_text(const mgr_shape *shape, char *buffer) {
    return mgr_dims_text(shape->ndim, shape->dims, buffer);
}

int mgr_axis(const char *op, int axis, int ndim) {
    if (axis >= -ndim && axis < ndim) return axis < 0 ? axis + ndim : axis;
    mgr_fail(MG_ERR_INDEX, op, "axis %d is out of bounds for a tensor of %d axes", axis, ndim);
    return -1;
}
