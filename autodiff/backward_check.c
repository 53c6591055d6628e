/* SPDX-License-Identifier: MIT
 * Hardened build: the order of a backward walk, what it left, and the handles, storages and scopes of a thread. Changes
 * nothing. */
#include "autodiff/graph_check.h"
#include "autodiff/handle.h"
#include "autodiff/history.h"

#include <stdlib.h>

static unsigned long long number(uint64_t n) { return n; }

void mga_check_node(const mga_node *node) {
    for (int i = 0; i < node->n_in; i++)
        MGR_HOLDS(node->in[i]->seq < node->seq, "node: number %llu reads number %llu, which was recorded later",
                  number(node->seq), number(node->in[i]->seq));
}

/* `input` takes part in differentiation: it comes after its reader. */
static void check_input(const mga_walk *walk, const mga_thread *thread, size_t reader, const mga_node *input) {
    if (!(input->flags & MGA_VARIABLE)) return;
    MGR_HOLDS(input->mark == thread->epoch && input->walk < walk->n && walk->order[input->walk] == input,
              "backward: an input of node %zu is not walked", reader);
    MGR_HOLDS(input->walk > reader, "backward: node %zu comes after its input %u", reader, input->walk);
}

void mga_check_walk(const mga_walk *walk, const mga_thread *thread) {
    for (size_t i = 0; i < walk->n; i++) {
        const mga_node *node = walk->order[i];
        MGR_HOLDS(node->walk == i, "backward: node %zu believes to be node %u", i, node->walk);
        MGR_HOLDS(i == 0 || walk->order[i - 1]->seq >= node->seq, "backward: node %zu was recorded after node %zu", i,
                  i - 1);
        if (!(node->flags & MGA_HISTORY)) continue;
        for (int k = 0; k < node->n_in; k++) check_input(walk, thread, i, node->in[k]);
        const mga_pairs *pairs = node->op == MGA_OP_ACCUMULATE ? node->extra : NULL;
        for (size_t k = 0; pairs && k < pairs->n; k++) check_input(walk, thread, i, pairs->pair[k].value);
    }
}

void mga_check_walked(const mga_walk *walk) {
    for (size_t i = 0; i < walk->n; i++) {
        const mga_node *node = walk->order[i], *g = walk->gradients[i];
        MGR_HOLDS(!walk->first[i], "backward: node %zu got a contribution after its turn", i);
        MGR_HOLDS(!g || (g->shape == node->shape && g->dtype == node->dtype),
                  "backward: the gradient of node %zu has another shape or dtype", i);
        MGR_HOLDS(!g || !mga_passes_on(node) || (node->flags & MGA_KEPT) || mga_is_shown(node),
                  "backward: node %zu passes on what it receives, and keeps a gradient that nobody sees", i);
    }
}

/* ---- sums of regions ---- */

typedef enum ground { NOTHING, GROUND, VALUE } ground; /* what is at an element */

static void check_step(size_t i, const mga_pair *pair, unsigned char *at) {
    const bool zeros = pair->value->op == MGA_OP_FILL;
    MGR_HOLDS(pair->how != MGA_PUT || *at != VALUE, "sum: pair %zu is put over a value", i);
    MGR_HOLDS(pair->how != MGA_ADD || *at != NOTHING, "sum: pair %zu is added to nothing", i);
    MGR_HOLDS(pair->how != MGA_LEAST || *at == GROUND, "sum: the mask of pair %zu has no ground", i);
    if (pair->how != MGA_LEAST) *at = pair->how == MGA_PUT && zeros ? GROUND : VALUE;
}

static void check_pair(size_t i, const mga_pair *pair, int64_t itemsize, unsigned char *elements) {
    const mgr_shape *shape = pair->value->shape;
    for (int64_t k = 0; k < shape->size; k++) {
        int64_t at = pair->region ? pair->region->offset : k * itemsize;
        for (int64_t axis = shape->ndim, rest = k; pair->region && axis-- > 0; rest /= shape->dims[axis])
            at += rest % shape->dims[axis] * pair->region->strides[axis];
        check_step(i, pair, &elements[at / itemsize]);
    }
}

void mga_check_sum(const mga_node *node) {
    const mga_pairs *pairs = node->extra;
    unsigned char *elements = calloc((size_t)node->shape->size + 1, 1);
    for (size_t i = 0; elements && i < pairs->n; i++)
        check_pair(i, &pairs->pair[i], (int64_t)mg_dtype_size((mg_dtype)node->dtype), elements);
    for (int64_t k = 0; elements && k < node->shape->size; k++)
        MGR_HOLDS(elements[k] != NOTHING, "sum: nothing is put at element %lld", (long long)k);
    free(elements);
}

void mga_check_handle(const mg_tensor *t) {
    const mga_storage *s = t->storage;
    MGR_HOLDS(t->shape == t->node->shape && t->dtype == t->node->dtype, "handle: another shape or dtype than its node");
    MGR_HOLDS(!t->view || s, "handle: a view without storage");
    MGR_HOLDS(s || mga_is_shown(t->node), "handle: nobody shows its value");
    MGR_HOLDS(!t->owner || t->owner->grad == t, "handle: a gradient of a tensor that has another");
    if (!s) return;
    MGR_HOLDS(s->refs > 0, "handle: nobody holds its storage");
    MGR_HOLDS(t->version <= s->version, "handle: version %u of a storage at version %u", t->version, s->version);
    MGR_HOLDS(mga_node_is_contiguous(s->root), "handle: the root of its storage is not contiguous");
    MGR_HOLDS(t->view || t->version != s->version || t->node == s->root,
              "handle: the whole at version %u is not the root of its storage", t->version);
    MGR_HOLDS(!s->base || s->base->storage == s, "handle: its base has another storage");
    MGR_HOLDS(mga_is_shown(s->root), "handle: nobody shows the root of its storage");
    MGR_HOLDS(!t->own || (t->view && t->own->refs > 0), "handle: a value of its own for what is no view");
    MGR_HOLDS(!t->own || (mga_is_shown(t->own->node) && t->own->node->shape == s->root->shape),
              "handle: its own value is not one of its storage");
}

void mga_check_scope(const mga_thread *thread, size_t scope) {
    const mg_tensor *prev = NULL;
    for (const mg_tensor *t = thread->scopes[scope].tensors; t; prev = t, t = t->next) {
        MGR_HOLDS(t->prev == prev, "scope: the list of scope %zu is broken", scope);
        MGR_HOLDS(t->scope == scope, "scope: a handle of scope %u is in scope %zu", t->scope, scope);
        mga_check_handle(t);
    }
}
