/* SPDX-License-Identifier: MIT
 * Making and tearing down the state of a thread, and the counters kept in it. */
#include "autodiff/thread.h"
#include "autodiff/history.h"
#include "autodiff/record.h"
#include "runtime/sizes.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/environment.h"

MGR_THREAD_LOCAL mga_thread *mga_thread_state;

void mga_nodes_free(mga_nodes *nodes) {
    mgr_free(nodes->v);
    *nodes = (mga_nodes){0};
}

/* Room for n in what `alloc` gives. */
static bool grow(mga_nodes *nodes, size_t n, void *(*alloc)(size_t)) {
    size_t capacity = nodes->capacity ? nodes->capacity : MGA_NODES_START;
    while (capacity < n) capacity *= 2;
    mga_node **v = alloc(capacity * sizeof *v);
    if (!v) return false;
    if (nodes->n) memcpy(v, nodes->v, nodes->n * sizeof *v);
    mgr_free(nodes->v);
    nodes->v = v;
    nodes->capacity = capacity;
    return true;
}

bool mga_nodes_reserve(mga_nodes *nodes, size_t n) { return n <= nodes->capacity || grow(nodes, n, mgr_alloc); }

bool mga_nodes_try_push(mga_nodes *nodes, mga_node *node) {
    if (nodes->n == nodes->capacity && !grow(nodes, nodes->n + 1, mgr_try_alloc)) return false;
    nodes->v[nodes->n++] = node;
    return true;
}

bool mga_nodes_push(mga_nodes *nodes, mga_node *node) {
    if (nodes->n == nodes->capacity && !mga_nodes_reserve(nodes, nodes->n + 1)) return false;
    nodes->v[nodes->n++] = node;
    return true;
}

enum { FEW = 8 }; /* nodes: a general sort's calls would be most of its cost */

static bool is_sorted(const mga_nodes *nodes) {
    for (size_t i = 1; i < nodes->n; i++)
        if (nodes->v[i - 1]->seq > nodes->v[i]->seq) return false;
    return true;
}

static void reverse(mga_nodes *nodes) {
    for (size_t i = 0, j = nodes->n; i + 1 < j; i++) {
        mga_node *swap = nodes->v[i];
        nodes->v[i] = nodes->v[--j];
        nodes->v[j] = swap;
    }
}

static int by_seq(const void *a, const void *b) {
    uint64_t x = (*(mga_node *const *)a)->seq, y = (*(mga_node *const *)b)->seq;
    return (x > y) - (x < y);
}

static void sort_few(mga_node **v, size_t n) {
    for (size_t i = 1; i < n; i++) {
        mga_node *node = v[i];
        size_t k = i;
        for (; k > 0 && v[k - 1]->seq > node->seq; k--) v[k] = v[k - 1];
        v[k] = node;
    }
}

static void sort_by_comparing(mga_node **v, size_t n) {
    if (n <= FEW)
        sort_few(v, n);
    else
        qsort(v, n, sizeof *v, by_seq);
}

/* v[0..n) by a place for each number from `least` on. Numbers of different threads may be equal: then there is no place
 * for both. */
static void place_by_seq(mga_node **v, size_t n, mga_node **places, uint64_t least, size_t range) {
    memset(places, 0, range * sizeof *places);
    for (size_t i = 0; i < n; i++) {
        mga_node **place = &places[v[i]->seq - least];
        if (*place) {
            sort_by_comparing(v, n);
            return;
        }
        *place = v[i];
    }
    for (size_t i = 0; i < range; i++)
        if (places[i]) *v++ = places[i];
}

/* Nodes with numbers below `least` to the front; returns how many. */
static size_t part_old(mga_nodes *nodes, uint64_t least) {
    size_t old = 0;
    for (size_t i = 0; i < nodes->n; i++) {
        mga_node *node = nodes->v[i];
        if (node->seq >= least) continue;
        nodes->v[i] = nodes->v[old];
        nodes->v[old++] = node;
    }
    return old;
}

/* What was recorded lately has nearly dense numbers, so there is a place for each; parameters are old, and few. */
bool mga_nodes_sort(mga_nodes *nodes, mga_nodes *spare) {
    if (nodes->n <= FEW) {
        sort_few(nodes->v, nodes->n);
        return true;
    }
    if (is_sorted(nodes)) return true;
    reverse(nodes); /* mostly found backwards */
    if (is_sorted(nodes)) return true;
    uint64_t most = 0;
    for (size_t i = 0; i < nodes->n; i++)
        if (nodes->v[i]->seq > most) most = nodes->v[i]->seq;
    size_t range = 2 * nodes->n;
    uint64_t least = most < range ? 0 : most - range + 1;
    if (!mga_nodes_reserve(spare, range)) return false;
    size_t old = part_old(nodes, least);
    sort_by_comparing(nodes->v, old);
    place_by_seq(nodes->v + old, nodes->n - old, spare->v, least, range);
    return true;
}

/* What an exiting thread leaves open is let go unevaluated: nobody can look at it any more. Kept tensors belong to
 * their holders. */
static void thread_exit(void) {
    mga_thread *t = mga_thread_state;
    if (!t) return;
    for (size_t i = t->n_scopes; i-- > 0;)
        while (t->scopes[i].tensors) mg_release(t->scopes[i].tensors);
    while (t->open) mga_settle_not(t->open);
    while (t->held) mga_settle_not(t->held);
    for (size_t i = 0; i < t->wanted.n; i++) mga_node_release(t->wanted.v[i]);
    mga_closed_free(t);
    mga_thread_state = NULL;
    mga_nodes_free(&t->wanted);
    mga_nodes_free(&t->walk);
    mga_nodes_free(&t->stack);
    mga_nodes_free(&t->undecided);
    mga_nodes_free(&t->swept);
    mgr_free(t->scopes);
    mgr_free(t);
}

uint32_t mga_epoch_block(void) {
    static _Atomic uint32_t taken; /* the first block is nobody's: 0 marks what no walk has seen */
    return atomic_fetch_add_explicit(&taken, MGA_EPOCHS, memory_order_relaxed) + MGA_EPOCHS;
}

mga_thread *mga_thread_make(void) {
    mga_record_ready();
    mga_thread *t = mgr_alloc(sizeof *t);
    if (!t) return NULL;
    *t = (mga_thread){.guard = true,
                      .next_token = 1,
                      .epoch = UINT32_MAX,
                      .scope_capacity = MGA_SCOPES_START,
                      .sweep_nodes = MGA_SWEEP_NODES,
                      .sweep_bytes = MGA_SWEEP_BYTES};
    t->scopes = mgr_alloc(t->scope_capacity * sizeof *t->scopes);
    if (!t->scopes) {
        mgr_free(t);
        return NULL;
    }
    static _Atomic uint32_t threads;
    t->number = atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) + 1;
    t->scopes[0] = (mga_scope_frame){0};
    t->n_scopes = 1;
    t->eager = mgr_env_is_on(MGR_ENV_EAGER);
    t->debug = mgr_env_is_on(MGR_ENV_DEBUG);
    mga_thread_state = t;
    mgr_thread_arm(MGR_THREAD_TAPE, thread_exit);
    return t;
}

mg_status mga_want(mga_node *node) {
    mga_thread *t = mga_thread_get();
    if (!t || !mga_nodes_push(&t->wanted, node)) return mgr_error();
    mga_node_retain(node);
    return MG_OK;
}

void mg_no_autodiff(bool on) {
    mga_thread *t = mga_thread_get();
    if (!t) return;
    if (on)
        t->no_autodiff++;
    else if (t->no_autodiff > 0)
        t->no_autodiff--;
}

bool mg_autodiff_enabled(void) { return mga_recording(); }

void mg_mem_guard(bool on) {
    mga_thread *t = mga_thread_get();
    if (t) t->guard = on;
}

void mga_live_counts(uint64_t *nodes, uint64_t *tensors) {
    *nodes = mga_thread_state && mga_thread_state->live_nodes > 0 ? (uint64_t)mga_thread_state->live_nodes : 0;
    *tensors = mga_thread_state && mga_thread_state->live_tensors > 0 ? (uint64_t)mga_thread_state->live_tensors : 0;
}

uint64_t mga_clusters_run(void) { return mga_thread_state ? mga_thread_state->clusters_run : 0; }
