/* SPDX-License-Identifier: MIT
 * A thread's cache of tile programs: bounded, least recently used out first. Finds a program for a spec by guess (what
 * followed last time), else by hash and full compare, else asks tile_shared.c; compiling is tile_compile.c's. */
#include <stdatomic.h>
#include <string.h>

#include "runtime/sizes.h"
#include "runtime/thread.h"
#include "runtime/tile_impl.h"

/* Room for the longest key: table, counts, inputs, instructions, outputs. */
#define KEY_BYTES (8 + 8 + MGR_TILE_MAX_INPUTS * 2 + MGR_TILE_MAX_INSTR * 16 + MGR_TILE_MAX_OUTPUTS * 8)

/* What a thread knows of a program: with everything a hit compares, one cache line. The program itself may be shared
 * with other threads, none of this is. */
typedef struct tile_entry {
    mgr_tile_program *program;
    const uint8_t *key; /* the program's */
    uint32_t key_bytes;
    uint32_t stock; /* of the program's counts, ours to hand out; one always stays */
    uint64_t hash;
    struct tile_entry *next;          /* in its bucket */
    struct tile_entry *older, *newer; /* in the order of use */
    struct tile_entry *successor;     /* what was asked for after this one; checked before it is used */
} tile_entry;

typedef struct tile_cache {
    tile_entry entries[MGR_TILE_PROGRAMS]; /* the first programs_cached are in use */
    tile_entry *bucket[MGR_TILE_BUCKETS];
    tile_entry *newest, *oldest; /* newest: the last answer */
} tile_cache;

static MGR_THREAD_LOCAL tile_cache *cache;
static MGR_THREAD_LOCAL mgr_tile_stats stats;

void mgr_tile_count_run(uint64_t tiles) {
    stats.runs++;
    stats.tiles += tiles;
}

void mgr_tile_get_stats(mgr_tile_stats *out) {
    *out = stats;
    out->shared_cached = mgr_tile_shared_count();
}

/* This thread's entry of a program, or NULL. */
static tile_entry *entry_of(const mgr_tile_program *program) {
    if (!cache) return NULL;
    tile_entry *e = cache->newest;
    if (e && e->program == program) return e;
    for (e = cache->bucket[program->hash % MGR_TILE_BUCKETS]; e && e->program != program;) e = e->next;
    return e;
}

/* One count for the caller. */
static mgr_tile_program *hand_out(tile_entry *e) {
    if (e->stock == 1) {
        atomic_fetch_add_explicit(&e->program->refs, MGR_TILE_STOCK, memory_order_relaxed);
        e->stock += MGR_TILE_STOCK;
    }
    e->stock--;
    return e->program;
}

void mgr_tile_program_retain(mgr_tile_program *program) {
    tile_entry *e = entry_of(program);
    if (e)
        hand_out(e);
    else
        atomic_fetch_add_explicit(&program->refs, 1, memory_order_relaxed);
}

/* Counts are all alike: one that another thread handed out may go to our stock. */
void mgr_tile_program_release(mgr_tile_program *program) {
    if (!program) return;
    tile_entry *e = entry_of(program);
    if (e && e->stock <= MGR_TILE_STOCK)
        e->stock++;
    else
        mgr_tile_program_drop(program, 1);
}

void mgr_tile_cache_clear(void) {
    tile_cache *c = cache;
    if (!c) return;
    cache = NULL;
    for (tile_entry *e = c->newest; e; e = e->older) mgr_tile_program_drop(e->program, e->stock);
    mgr_free(c);
    stats.programs_cached = 0;
}

static tile_cache *get_cache(void) {
    if (cache) return cache;
    tile_cache *c = mgr_alloc(sizeof *c);
    if (!c) return NULL;
    memset(c->bucket, 0, sizeof c->bucket);
    c->newest = c->oldest = NULL;
    mgr_thread_arm(MGR_THREAD_TILES, mgr_tile_cache_clear);
    return cache = c;
}

/* The spec without its unused entries, and with the kernel table, as bytes. Returns the length, a multiple of 8. */
static size_t write_key(const mgr_tile_spec *spec, const mgk_table *table, uint8_t *key) {
    uint8_t *p = key;
    memcpy(p, &table, sizeof table);
    memcpy(p + 8, &spec->n_inputs, 8); /* the four counts */
    p += 16;
    memcpy(p, spec->inputs, spec->n_inputs * sizeof spec->inputs[0]);
    p += spec->n_inputs * sizeof spec->inputs[0];
    for (int i = 0; i < spec->n_instr; i++) {
        mgr_tile_instr instr = spec->instr[i];
        for (int j = instr.n_in; j < MGK_MAX_IN; j++) instr.in[j] = 0;
        memcpy(p, &instr, sizeof instr);
        p += sizeof instr;
    }
    memcpy(p, spec->outputs, spec->n_outputs * sizeof spec->outputs[0]);
    p += spec->n_outputs * sizeof spec->outputs[0];
    while ((p - key) % 8) *p++ = 0;
    return (size_t)(p - key);
}

_Static_assert(sizeof(mgr_tile_instr) == 16 && sizeof(mgr_tile_output) == 6 && sizeof(mgr_tile_input) == 2,
               "keys are compared as bytes: no padding");
_Static_assert(sizeof(const mgk_table *) <= 8, "the key has 8 bytes for the table");

static uint64_t hash_key(const uint8_t *key, size_t bytes) {
    uint64_t h = 0x9e3779b97f4a7c15u ^ bytes;
    for (size_t i = 0; i < bytes; i += 8) {
        uint64_t word;
        memcpy(&word, key + i, 8);
        h = (h ^ word) * 0xd6e8feb86659fd93u;
        h ^= h >> 32;
    }
    return h;
}

static bool same(const tile_entry *e, const uint8_t *key, size_t bytes) {
    return e && tile_key_equal(e->key, e->key_bytes, key, bytes);
}

static void unlink_order(tile_cache *c, tile_entry *e) {
    if (e->newer) e->newer->older = e->older;
    if (e->older) e->older->newer = e->newer;
    if (c->newest == e) c->newest = e->older;
    if (c->oldest == e) c->oldest = e->newer;
}

static void link_newest(tile_cache *c, tile_entry *e) {
    e->older = c->newest;
    e->newer = NULL;
    if (c->newest) c->newest->newer = e;
    c->newest = e;
    if (!c->oldest) c->oldest = e;
}

/* An entry to fill in: an unused one, or the oldest. Those it succeeded still point at it, and will see that it is
 * another. */
static tile_entry *free_entry(tile_cache *c) {
    if (stats.programs_cached < MGR_TILE_PROGRAMS) return &c->entries[stats.programs_cached++];
    tile_entry *old = c->oldest;
    unlink_order(c, old);
    tile_entry **at = &c->bucket[old->hash % MGR_TILE_BUCKETS];
    while (*at != old) at = &(*at)->next;
    *at = old->next;
    mgr_tile_program_drop(old->program, old->stock);
    return old;
}

/* From other threads, or compiled now; with one count. */
static mgr_tile_program *get_program(const mgr_tile_spec *spec, const mgk_table *table, const uint8_t *key,
                                     size_t bytes, uint64_t hash) {
    mgr_tile_program *p = mgr_tile_shared_find(key, bytes, hash);
    if (p) {
        stats.shared_hits++;
        return p;
    }
    if (!(p = mgr_tile_compile(spec, table, bytes))) return NULL;
    memcpy((uint8_t *)(uintptr_t)p->key, key, bytes);
    p->hash = hash;
    stats.programs_planned++;
    return mgr_tile_shared_add(p);
}

static MGR_SLOW tile_entry *add_entry(tile_cache *c, const mgr_tile_spec *spec, const mgk_table *table,
                                      const uint8_t *key, size_t bytes, uint64_t hash) {
    mgr_tile_program *p = get_program(spec, table, key, bytes, hash);
    if (!p) return NULL;
    tile_entry *e = free_entry(c);
    tile_entry **bucket = &c->bucket[hash % MGR_TILE_BUCKETS];
    *e =
        (tile_entry){.program = p, .key = p->key, .key_bytes = p->key_bytes, .stock = 1, .hash = hash, .next = *bucket};
    *bucket = e;
    link_newest(c, e);
    return e;
}

/* The entry of this key, found by hash or made. NULL with an error set. */
static tile_entry *look_up(tile_cache *c, const mgr_tile_spec *spec, const mgk_table *table, const uint8_t *key,
                           size_t bytes) {
    uint64_t hash = hash_key(key, bytes);
    tile_entry *e = c->bucket[hash % MGR_TILE_BUCKETS];
    while (e && !(e->hash == hash && same(e, key, bytes))) e = e->next;
    return e ? e : add_entry(c, spec, table, key, bytes, hash);
}

mgr_tile_program *mgr_tile_program_get(const mgr_tile_spec *spec) {
    tile_cache *c = get_cache();
    if (!c) return NULL;
    const mgk_table *table = mgr_kernels();
    uint8_t key[KEY_BYTES];
    memset(key, 0, 8);
    size_t bytes = write_key(spec, table, key);
    tile_entry *last = c->newest, *e = last ? last->successor : NULL;
    if (!same(e, key, bytes)) {
        e = last;
        if (!same(e, key, bytes) && !(e = look_up(c, spec, table, key, bytes))) return NULL;
    }
    if (c->newest != e) {
        unlink_order(c, e);
        link_newest(c, e);
    }
    if (last) last->successor = e;
    return hand_out(e);
}
