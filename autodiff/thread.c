/* SPDX-License-Identifier: MIT
 * Making and tearing down the state of a thread, and the counters kept in it. */
#include "autodiff/thread.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local mga_thread *state;
static pthread_key_t key;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static bool key_made;

void mga_nodes_free(mga_nodes *nodes) {
    mgr_free(nodes->v);
    *nodes = (mga_nodes){0};
}

bool mga_nodes_reserve(mga_nodes *nodes, size_t n) {
    if (n <= nodes->capacity) return true;
    size_t capacity = nodes->capacity ? nodes->capacity : 64;
    while (capacity < n) capacity *= 2;
    mga_node **v = mgr_alloc(capacity * sizeof *v);
    if (!v) return false;
    if (nodes->n) memcpy(v, nodes->v, nodes->n * sizeof *v);
    mgr_free(nodes->v);
    nodes->v = v;
    nodes->capacity = capacity;
    return true;
}

bool mga_nodes_push(mga_nodes *nodes, mga_node *node) {
    if (nodes->n == nodes->capacity && !mga_nodes_reserve(nodes, nodes->n + 1)) return false;
    nodes->v[nodes->n++] = node;
    return true;
}

/* What an exiting thread leaves open is let go unevaluated: nobody can look at it any more. Kept tensors belong to
 * their holders. */
static void thread_exit(void *p) {
    mga_thread *t = p;
    state = t; /* destructors of other keys may have run; releasing needs the counters */
    for (size_t i = t->n_scopes; i-- > 0;)
        while (t->scopes[i].tensors) mg_release(t->scopes[i].tensors);
    for (size_t i = 0; i < t->wanted.n; i++) mga_node_release(t->wanted.v[i]);
    state = NULL;
    mga_nodes_free(&t->wanted);
    mga_nodes_free(&t->walk);
    mga_nodes_free(&t->stack);
    mgr_free(t->scopes);
    mgr_free(t);
}

static void make_key(void) { key_made = pthread_key_create(&key, thread_exit) == 0; }

static bool is_set(const char *name) {
    const char *value = getenv(name);
    return value && strcmp(value, "1") == 0;
}

static mga_thread *make_state(void) {
    pthread_once(&key_once, make_key);
    mga_thread *t = mgr_alloc(sizeof *t);
    if (!t) return NULL;
    *t = (mga_thread){.guard = true, .next_token = 1, .scope_capacity = 8};
    t->scopes = mgr_alloc(t->scope_capacity * sizeof *t->scopes);
    if (!t->scopes) {
        mgr_free(t);
        return NULL;
    }
    t->scopes[0] = (mga_scope_frame){0};
    t->n_scopes = 1;
    t->eager = is_set("MYGRAD_EAGER");
    t->debug = is_set("MYGRAD_DEBUG");
    if (key_made) pthread_setspecific(key, t);
    state = t;
    return t;
}

mga_thread *mga_thread_get(void) { return state ? state : make_state(); }
mga_thread *mga_thread_peek(void) { return state; }

mg_status mga_want(mga_node *node) {
    mga_thread *t = mga_thread_get();
    if (!t || !mga_nodes_push(&t->wanted, node)) return mgr_error();
    mga_node_retain(node);
    return MG_OK;
}

bool mga_recording(void) { return !state || state->no_autodiff == 0; }

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
    *nodes = state && state->live_nodes > 0 ? (uint64_t)state->live_nodes : 0;
    *tensors = state && state->live_tensors > 0 ? (uint64_t)state->live_tensors : 0;
}

uint64_t mga_clusters_run(void) { return state ? state->clusters_run : 0; }
