/* SPDX-License-Identifier: MIT
 * Counted buffers over a caching pool: about four size classes per octave, a bounded magazine per thread for the small
 * ones, process-wide lists behind it.
 *
 *   new:      magazine -> shared list -> the system (after giving idle memory back, if it first says no)
 *   release:  magazine -> shared list -> the system (when the pool would keep more than its limit)
 *
 * A buffer's header lies in front of its data and keeps its size class while idle. All byte counts are of whole
 * classes. */
#include "runtime/environment.h"
#include "runtime/fpenv.h"
#include "runtime/sizes.h"
#include "runtime/status.h"
#include "runtime/system_memory.h"
#include "runtime/thread.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { UNIT = 64, CLASSES = 224, MAGAZINE_CLASSES = 52 };
#define HUGE_PAGE ((size_t)2 << 20)

/* In front of the data of an owned buffer. While idle, `context` of the public part links its list. */
typedef struct owned_buffer {
    _Alignas(UNIT) mgr_buffer buffer;
    mgr_system_owner owner;
} owned_buffer;
_Static_assert(sizeof(owned_buffer) == UNIT, "data follow the header at once");

typedef struct magazine {
    owned_buffer *head[MAGAZINE_CLASSES];
    uint8_t count[MAGAZINE_CLASSES];
    uint32_t trims; /* of the pool, when this magazine was last seen to be current */
    mgr_counter hits, news, releases;
    _Atomic int64_t unpublished;   /* this thread's share of live_bytes that is not in there yet */
    struct magazine *next, **link; /* under MGR_LOCK_POOL */
    mgr_system_owner owner;
} magazine;

static MGR_THREAD_LOCAL magazine *self;

static struct {
    owned_buffer *head[CLASSES];
    magazine *threads;
    uint64_t hits, live; /* of ended threads and of those without a magazine */
} shared;                /* under MGR_LOCK_POOL */

static _Atomic uint64_t owned_bytes;           /* taken from the system: live and idle */
static _Atomic int64_t live_bytes, peak_bytes; /* without what threads have not published: live_bytes may be negative */
static _Atomic uint64_t limit_bytes;           /* 0: not read from the environment yet */
static _Atomic uint32_t trims;

/* Units of 64 bytes: classes 1, 2, 3, 4, then four per octave: 5 6 7 8, 10 12 14 16, 20 ... */
static inline uint32_t class_of(size_t bytes) {
    uint64_t last = (bytes + (bytes == 0) - 1) / UNIT; /* units - 1 */
    if (last < 4) return (uint32_t)last;
    uint32_t exponent = 63u - (uint32_t)__builtin_clzll(last);
    return 4 * (exponent - 2) + (uint32_t)(last >> (exponent - 2));
}

static inline size_t class_size(uint32_t class) {
    if (class < 4) return (class + 1u) * UNIT;
    return (size_t)(class % 4 + 5) << (class / 4 - 1) << 6;
}

static inline owned_buffer *owned_of(mgr_buffer *buffer) { return (owned_buffer *)(void *)buffer; }

static inline owned_buffer *next_of(owned_buffer *owned) { return owned->buffer.context; }

static uint32_t magazine_capacity(uint32_t class) {
    size_t n = MGR_POOL_MAGAZINE_BYTES / class_size(class);
    return n < 2 ? 2 : n > MGR_POOL_MAGAZINE_BUFFERS ? MGR_POOL_MAGAZINE_BUFFERS : (uint32_t)n;
}

/* ---- the limit ---- */

static uint64_t default_limit(void) {
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    uint64_t usual = pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page / 4 : UINT64_C(1) << 30;
    if (MGR_POOL_IDLE_BYTES) usual = MGR_POOL_IDLE_BYTES;
    const char *text = getenv("MYGRAD_CACHE_BYTES");
    if (!text || !*text) return usual;
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    unsigned shift = *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;
    if (shift) end++;
    if (*text < '0' || *text > '9' || *end || errno || value > UINT64_MAX >> 1 >> shift) {
        mgr_env_ignored("MYGRAD_CACHE_BYTES", text, "is not a number of bytes (digits, then K, M or G if you like)");
        return usual;
    }
    return value << shift;
}

/* Unless the program has set one meanwhile. */
static void read_limit(void) {
    uint64_t unset = 0;
    atomic_compare_exchange_strong(&limit_bytes, &unset, default_limit() + 1);
}

static uint64_t pool_limit(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (atomic_load_explicit(&limit_bytes, memory_order_relaxed) == 0) pthread_once(&once, read_limit);
    return atomic_load_explicit(&limit_bytes, memory_order_relaxed) - 1;
}

/* ---- counters ---- */

static void raise_peak(int64_t live) {
    int64_t peak = atomic_load_explicit(&peak_bytes, memory_order_relaxed);
    while (live > peak && !atomic_compare_exchange_weak_explicit(&peak_bytes, &peak, live, memory_order_relaxed,
                                                                 memory_order_relaxed)) {
    }
}

static MGR_SLOW void publish(int64_t change) {
    raise_peak(atomic_fetch_add_explicit(&live_bytes, change, memory_order_relaxed) + change);
}

/* A locked instruction on a line that all threads write would be most of a small buffer's cost, so threads publish in
 * steps. */
static inline void count_live(magazine *state, int64_t change) {
    if (state) {
        change += atomic_load_explicit(&state->unpublished, memory_order_relaxed);
        bool little = change > -MGR_POOL_PUBLISH_BYTES && change < MGR_POOL_PUBLISH_BYTES;
        atomic_store_explicit(&state->unpublished, little ? change : 0, memory_order_relaxed);
        if (little) return;
    }
    publish(change);
}

/* With the lock held. While other threads allocate, it may be off by a step for each. */
static int64_t live_now(void) {
    int64_t live = atomic_load(&live_bytes);
    for (magazine *state = shared.threads; state; state = state->next)
        live += atomic_load_explicit(&state->unpublished, memory_order_relaxed);
    return live > 0 ? live : 0;
}

/* ---- the system ---- */

/* The smallest class fills a block of 128 bytes; alone, the C library would round it up to 192. */
static inline bool in_a_block(uint32_t class) { return class == 0; }

static MGR_SLOW owned_buffer *system_new(uint32_t class) {
    size_t size = class_size(class);
    mgr_system_owner owner = {NULL, NULL};
    owned_buffer *owned = in_a_block(class)
                              ? mgr_block_try(sizeof *owned + size)
                              : mgr_system_get(sizeof *owned + size, size >= HUGE_PAGE ? HUGE_PAGE : UNIT, &owner);
    if (!owned) return NULL;
    if (size >= HUGE_PAGE) (void)madvise(owned, size, MADV_HUGEPAGE); /* a hint; its failure costs only speed */
    atomic_init(&owned->buffer.refs, 1);
    owned->buffer.size_class = class;
    owned->buffer.data = owned + 1;
    owned->buffer.free = NULL;
    owned->buffer.context = NULL;
    atomic_init(&owned->buffer.guards, 0);
    owned->owner = owner;
    atomic_fetch_add_explicit(&owned_bytes, size, memory_order_relaxed);
    return owned;
}

static MGR_SLOW size_t system_free(owned_buffer *owned) {
    size_t size = class_size(owned->buffer.size_class);
    MGR_UNPOISON(owned + 1, size);
    atomic_fetch_sub_explicit(&owned_bytes, size, memory_order_relaxed);
    if (in_a_block(owned->buffer.size_class))
        mgr_block_free(owned, sizeof *owned + size);
    else
        mgr_system_put(owned, sizeof *owned + size, owned->owner);
    return size;
}

/* ---- magazines and shared lists ---- */

/* Move everything to the shared lists; with the lock held. */
static void magazine_empty(magazine *state) {
    for (uint32_t class = 0; class < MAGAZINE_CLASSES; class ++) {
        while (state->head[class]) {
            owned_buffer *owned = state->head[class];
            state->head[class] = next_of(owned);
            owned->buffer.context = shared.head[class];
            shared.head[class] = owned;
        }
        state->count[class] = 0;
    }
}

static void thread_end(void) {
    magazine *state = self;
    if (!state) return;
    self = NULL;
    mgr_lock_acquire(MGR_LOCK_POOL);
    magazine_empty(state);
    shared.hits += mgr_counter_get(&state->hits);
    shared.live += mgr_counter_get(&state->news) - mgr_counter_get(&state->releases);
    publish(atomic_load_explicit(&state->unpublished, memory_order_relaxed));
    *state->link = state->next;
    if (state->next) state->next->link = state->link;
    mgr_lock_release(MGR_LOCK_POOL);
    mgr_system_put(state, sizeof *state, state->owner);
}

static MGR_SLOW magazine *thread_begin(void) {
    mgr_system_owner owner;
    magazine *state = mgr_system_get(sizeof *state, 64, &owner);
    if (!state) return NULL;
    *state = (magazine){.owner = owner, .link = &shared.threads, .trims = atomic_load(&trims)};
    mgr_lock_acquire(MGR_LOCK_POOL);
    state->next = shared.threads;
    if (state->next) state->next->link = &state->next;
    shared.threads = state;
    mgr_lock_release(MGR_LOCK_POOL);
    self = state;
    mgr_thread_arm(MGR_THREAD_POOL, thread_end);
    return state;
}

static MGR_SLOW owned_buffer *shared_pop(uint32_t class) {
    mgr_lock_acquire(MGR_LOCK_POOL);
    owned_buffer *owned = shared.head[class];
    if (owned) shared.head[class] = next_of(owned);
    mgr_lock_release(MGR_LOCK_POOL);
    return owned;
}

static MGR_SLOW void shared_push(owned_buffer *owned) {
    mgr_lock_acquire(MGR_LOCK_POOL);
    owned->buffer.context = shared.head[owned->buffer.size_class];
    shared.head[owned->buffer.size_class] = owned;
    mgr_lock_release(MGR_LOCK_POOL);
}

/* Free idle buffers of the shared lists, largest first, until at least `want` bytes went. */
static size_t shared_free(size_t want) {
    size_t freed = 0;
    mgr_lock_acquire(MGR_LOCK_POOL);
    for (uint32_t class = CLASSES; class -- > 0 && freed < want;) {
        while (shared.head[class] && freed < want) {
            owned_buffer *owned = shared.head[class];
            shared.head[class] = next_of(owned);
            freed += system_free(owned);
        }
    }
    mgr_lock_release(MGR_LOCK_POOL);
    return freed;
}

/* Somebody trimmed: what this thread kept idle goes to the system, too. */
static MGR_SLOW void magazine_catch_up(magazine *state) {
    state->trims = atomic_load_explicit(&trims, memory_order_relaxed);
    mgr_lock_acquire(MGR_LOCK_POOL);
    magazine_empty(state);
    mgr_lock_release(MGR_LOCK_POOL);
    shared_free(SIZE_MAX);
}

size_t mgr_trim(void) {
    uint32_t now = atomic_fetch_add(&trims, 1) + 1; /* other threads empty their magazines at their next release */
    if (self) {
        mgr_lock_acquire(MGR_LOCK_POOL);
        magazine_empty(self);
        mgr_lock_release(MGR_LOCK_POOL);
        self->trims = now;
    }
    return shared_free(SIZE_MAX);
}

/* ---- the contract ---- */

static void count_new(magazine *state, bool hit) {
    if (state) {
        mgr_counter_add(&state->news, 1);
        if (hit) mgr_counter_add(&state->hits, 1);
        return;
    }
    mgr_lock_acquire(MGR_LOCK_POOL);
    shared.live++;
    shared.hits += hit;
    mgr_lock_release(MGR_LOCK_POOL);
}

static void count_release(magazine *state) {
    if (state) {
        mgr_counter_add(&state->releases, 1);
        return;
    }
    mgr_lock_acquire(MGR_LOCK_POOL);
    shared.live--;
    mgr_lock_release(MGR_LOCK_POOL);
}

static MGR_SLOW mgr_buffer *slow_new(size_t bytes, uint32_t class) {
    magazine *state = self ? self : thread_begin();
    owned_buffer *owned = shared_pop(class);
    bool hit = owned != NULL;
    if (!owned) owned = system_new(class);
    if (!owned && mgr_trim()) owned = system_new(class);
    if (!owned) {
        mgr_fail_memory(NULL, bytes);
        return NULL;
    }
    MGR_UNPOISON(owned + 1, class_size(class));
    atomic_store_explicit(&owned->buffer.refs, 1, memory_order_relaxed);
    owned->buffer.bytes = bytes;
    owned->buffer.context = NULL;
    count_new(state, hit);
    count_live(state, (int64_t)class_size(class));
    return &owned->buffer;
}

mgr_buffer *mgr_buffer_new(size_t bytes) {
    if (bytes > SIZE_MAX / 4) {
        mgr_fail_memory(NULL, bytes);
        return NULL;
    }
    uint32_t class = class_of(bytes);
    magazine *state = self;
    if (!state || class >= MAGAZINE_CLASSES || !state->head[class]) return slow_new(bytes, class);
    owned_buffer *owned = state->head[class];
    state->head[class] = next_of(owned);
    state->count[class]--;
    MGR_UNPOISON(owned + 1, class_size(class));
    atomic_store_explicit(&owned->buffer.refs, 1, memory_order_relaxed);
    owned->buffer.bytes = bytes;
    owned->buffer.context = NULL;
    mgr_counter_add(&state->news, 1);
    mgr_counter_add(&state->hits, 1);
    count_live(state, (int64_t)class_size(class));
    return &owned->buffer;
}

mgr_buffer *mgr_buffer_borrow(void *data, size_t bytes, void (*free_data)(void *, void *), void *context) {
    mgr_buffer *buffer = mgr_block_new(sizeof *buffer);
    if (!buffer) return NULL;
    *buffer =
        (mgr_buffer){.size_class = MGR_BORROWED, .bytes = bytes, .data = data, .free = free_data, .context = context};
    atomic_init(&buffer->refs, 1);
    atomic_init(&buffer->guards, 0);
    return buffer;
}

void mgr_buffer_retain(mgr_buffer *buffer) { atomic_fetch_add_explicit(&buffer->refs, 1, memory_order_relaxed); }

static MGR_SLOW void borrowed_end(mgr_buffer *buffer) {
    if (buffer->free) {
        mgr_fpenv env = mgr_fpenv_pause();
        buffer->free(buffer->data, buffer->context);
        mgr_fpenv_resume(env);
    }
    mgr_block_free(buffer, sizeof *buffer);
}

uint64_t mgr_live_about(void) {
    int64_t live = atomic_load_explicit(&live_bytes, memory_order_relaxed);
    if (self) live += atomic_load_explicit(&self->unpublished, memory_order_relaxed);
    return live > 0 ? (uint64_t)live : 0;
}

/* More than the limit, with what was released just now? What other threads have not published is missing, a step each;
 * a limit of 0 is kept all the same. */
static inline bool too_much_idle(const magazine *state) {
    const int64_t limit = (int64_t)pool_limit();
    int64_t live = atomic_load_explicit(&live_bytes, memory_order_relaxed);
    if (state) live += atomic_load_explicit(&state->unpublished, memory_order_relaxed);
    /* Signed: others may have given memory back since `live` was read. */
    return limit == 0 || (int64_t)atomic_load_explicit(&owned_bytes, memory_order_relaxed) - live > limit;
}

static void owned_end(owned_buffer *owned) {
    uint32_t class = owned->buffer.size_class;
    size_t size = class_size(class);
    magazine *state = self ? self : thread_begin();
    count_live(state, -(int64_t)size);
    count_release(state);
    if (state && state->trims != atomic_load_explicit(&trims, memory_order_relaxed)) magazine_catch_up(state);
    if (too_much_idle(state)) {
        system_free(owned);
        return;
    }
    MGR_POISON(owned + 1, size);
    if (!state || class >= MAGAZINE_CLASSES) {
        shared_push(owned);
        return;
    }
    if (state->count[class] >= magazine_capacity(class)) {
        shared_push(owned);
        return;
    }
    owned->buffer.context = state->head[class];
    state->head[class] = owned;
    state->count[class]++;
}

void mgr_buffer_release(mgr_buffer *buffer) {
    if (!buffer) return;
    /* The only holder needs no locked instruction: nobody else may touch the count any more. */
    if (atomic_load_explicit(&buffer->refs, memory_order_acquire) != 1 &&
        atomic_fetch_sub_explicit(&buffer->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (buffer->size_class == MGR_BORROWED)
        borrowed_end(buffer);
    else
        owned_end(owned_of(buffer));
}

void mgr_set_pool_limit(size_t bytes) {
    uint64_t limit = bytes < INT64_MAX ? (uint64_t)bytes : INT64_MAX;
    atomic_store_explicit(&limit_bytes, limit + 1, memory_order_relaxed);
    mgr_lock_acquire(MGR_LOCK_POOL);
    uint64_t live = (uint64_t)live_now(), owned = atomic_load(&owned_bytes), idle = owned > live ? owned - live : 0;
    mgr_lock_release(MGR_LOCK_POOL);
    if (idle <= bytes) return;
    if (shared_free(idle - bytes) < idle - bytes) mgr_trim();
}

void mgr_memory_get_stats(mgr_memory_stats *out) {
    *out = (mgr_memory_stats){.system_allocs = mgr_system_allocs(), .live_blocks = mgr_blocks_live()};
    mgr_lock_acquire(MGR_LOCK_POOL);
    out->pool_hits = shared.hits;
    out->live_buffers = shared.live;
    for (magazine *state = shared.threads; state; state = state->next) {
        out->pool_hits += mgr_counter_get(&state->hits);
        out->live_buffers += mgr_counter_get(&state->news) - mgr_counter_get(&state->releases);
    }
    int64_t live = live_now();
    mgr_lock_release(MGR_LOCK_POOL);
    raise_peak(live);
    uint64_t owned = atomic_load(&owned_bytes);
    out->live_bytes = (uint64_t)live;
    out->peak_live_bytes = (uint64_t)atomic_load(&peak_bytes);
    out->idle_bytes = owned > out->live_bytes ? owned - out->live_bytes : 0;
}

void mgr_memory_reset_peak(void) {
    mgr_lock_acquire(MGR_LOCK_POOL);
    atomic_store(&peak_bytes, live_now());
    mgr_lock_release(MGR_LOCK_POOL);
}
