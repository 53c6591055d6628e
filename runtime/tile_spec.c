/* SPDX-License-Identifier: MIT
 * The cache of tile programs: per thread, bounded, least recently used out first. Finds a program for a spec by guess
 * (what followed last time), else by hash and full compare; compiling is tile_compile.c's. */
#include <stdatomic.h>
#include <string.h>

#include "runtime/thread.h"
#include "runtime/tile_impl.h"

#define CACHE_CAPACITY 512
#define CACHE_BUCKETS  1024 /* a power of two */

/* Room for the longest key: table, counts, inputs, instructions, outputs. */
#define KEY_BYTES (8 + 8 + MGR_TILE_MAX_INPUTS * 2 + MGR_TILE_MAX_INSTR * 16 + MGR_TILE_MAX_OUTPUTS * 8)

typedef struct tile_cache {
    mgr_tile_program *bucket[CACHE_BUCKETS];
    mgr_tile_program *newest, *oldest;
    mgr_tile_program *last; /* the last answer */
} tile_cache;

static MGR_THREAD_LOCAL tile_cache *cache;
static MGR_THREAD_LOCAL mgr_tile_stats stats;

void mgr_tile_count_run(uint64_t tiles) {
    stats.runs++;
    stats.tiles += tiles;
}

void mgr_tile_get_stats(mgr_tile_stats *out) { *out = stats; }

void mgr_tile_program_release(mgr_tile_program *program) {
    if (program && atomic_fetch_sub_explicit(&program->refs, 1, memory_order_acq_rel) == 1) mgr_free(program);
}

void mgr_tile_cache_clear(void) {
    if (!cache) return;
    for (mgr_tile_program *p = cache->newest, *older; p; p = older) {
        older = p->older;
        mgr_tile_program_release(p);
    }
    mgr_free(cache);
    cache = NULL;
    stats.programs_cached = 0;
}

static tile_cache *get_cache(void) {
    if (cache) return cache;
    tile_cache *c = mgr_alloc(sizeof *c);
    if (!c) return NULL;
    memset(c, 0, sizeof *c);
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

static bool same(const mgr_tile_program *p, const uint8_t *key, size_t bytes) {
    return p && p->key_bytes == bytes && memcmp(p->key, key, bytes) == 0;
}

static void unlink_order(tile_cache *c, mgr_tile_program *p) {
    if (p->newer) p->newer->older = p->older;
    if (p->older) p->older->newer = p->newer;
    if (c->newest == p) c->newest = p->older;
    if (c->oldest == p) c->oldest = p->newer;
}

static void link_newest(tile_cache *c, mgr_tile_program *p) {
    p->older = c->newest;
    p->newer = NULL;
    if (c->newest) c->newest->newer = p;
    c->newest = p;
    if (!c->oldest) c->oldest = p;
}

static void evict_oldest(tile_cache *c) {
    mgr_tile_program *old = c->oldest;
    unlink_order(c, old);
    mgr_tile_program **at = &c->bucket[old->hash % CACHE_BUCKETS];
    while (*at != old) at = &(*at)->next;
    *at = old->next;
    for (mgr_tile_program *p = c->newest; p; p = p->older)
        if (p->successor == old) p->successor = NULL;
    if (c->last == old) c->last = NULL;
    stats.programs_cached--;
    mgr_tile_program_release(old);
}

static mgr_tile_program *add_program(tile_cache *c, const mgr_tile_spec *spec, const mgk_table *table,
                                     const uint8_t *key, size_t bytes, uint64_t hash) {
    mgr_tile_program *p = mgr_tile_compile(spec, table, bytes);
    if (!p) return NULL;
    memcpy((uint8_t *)(uintptr_t)p->key, key, bytes);
    p->hash = hash;
    if (stats.programs_cached >= CACHE_CAPACITY) evict_oldest(c);
    p->next = c->bucket[hash % CACHE_BUCKETS];
    c->bucket[hash % CACHE_BUCKETS] = p;
    link_newest(c, p);
    stats.programs_cached++;
    stats.programs_planned++;
    return p;
}

mgr_tile_program *mgr_tile_program_get(const mgr_tile_spec *spec) {
    tile_cache *c = get_cache();
    if (!c) return NULL;
    const mgk_table *table = mgr_kernels();
    uint8_t key[KEY_BYTES];
    memset(key, 0, 8);
    size_t bytes = write_key(spec, table, key);
    mgr_tile_program *p = c->last ? c->last->successor : NULL;
    if (!same(p, key, bytes)) {
        p = c->last;
        if (!same(p, key, bytes)) {
            uint64_t hash = hash_key(key, bytes);
            p = c->bucket[hash % CACHE_BUCKETS];
            while (p && !(p->hash == hash && same(p, key, bytes))) p = p->next;
            if (!p && !(p = add_program(c, spec, table, key, bytes, hash))) return NULL;
        }
    }
    if (c->newest != p) {
        unlink_order(c, p);
        link_newest(c, p);
    }
    if (c->last) c->last->successor = p;
    c->last = p;
    atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
    return p;
}
