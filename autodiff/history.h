/* SPDX-License-Identifier: MIT
 * History ends by itself (rules F7): which values handles show, and when what was recorded below a value can no longer
 * matter to anybody. The walk that uses histories is backward.c. */
#ifndef MGA_HISTORY_H
#define MGA_HISTORY_H

#include "autodiff/thread.h"

/* One more handle, or storage, shows this value; one less, before its count is released. With the last one goes what
 * keeping it meant, and its history if only constants and variables that nobody can see are above. */
void mga_show_shared(mga_node *node);
void mga_unshow_held(mga_node *node);
static inline void mga_show(mga_node *node) {
    if (node->flags & (MGA_SHARED | MGA_FROZEN)) {
        mga_show_shared(node);
    } else {
        uint32_t shown = atomic_load_explicit(&node->shown, memory_order_relaxed);
        atomic_store_explicit(&node->shown, shown + 1, memory_order_relaxed);
    }
}
static inline void mga_unshow(mga_node *node) {
    if (atomic_load_explicit(&node->refs, memory_order_relaxed) > 1) mga_unshow_held(node); /* else it ends now */
}

static inline bool mga_is_shown(const mga_node *node) {
    return (node->flags & MGA_FROZEN) || atomic_load_explicit(&node->shown, memory_order_relaxed) > 0;
}

/* Look whether node's history still leads to anything: to a variable that is shown. If not, it becomes a leaf (when
 * it is computed, if it is not yet): a variable one if it is shown, else a constant. */
void mga_settle(mga_node *node);
/* The same, and what stays alive lets go of its branches that lead to nothing. */
void mga_settle_branches(mga_node *node);

/* t, kept or of an outer scope, has just got a value with a history: it is settled when the innermost scope closes. */
void mga_settle_later(mg_tensor *t);
void mga_settle_not(mg_tensor *t); /* t ends */
static inline bool mga_is_open(const mg_tensor *t) { return t->flags & MGA_T_OPEN; }
/* Scopes from this index on have closed. */
MGR_SLOW void mga_settle_open(mga_thread *thread, size_t first);
static inline void mga_settle_scopes(mga_thread *thread, size_t first) {
    if (thread->open) mga_settle_open(thread, first);
}

/* ---- the sweep ---- */

/* Settle all that the thread holds, each node once. Due whenever its nodes or the bytes of buffers have doubled since
 * the last time, which makes it O(1) for each node or 256 bytes. Only where nobody holds a node without a count. */
MGR_SLOW void mga_sweep(mga_thread *thread);
static inline void mga_sweep_if_due(mga_thread *thread) {
    if (thread->live_nodes >= thread->sweep_nodes) mga_sweep(thread);
}
/* Buffers were made: the sweep is due if they are too many. */
void mga_sweep_note_bytes(mga_thread *thread);
/* Scopes have closed: what doubles from now on is less. */
MGR_SLOW void mga_sweep_lower(mga_thread *thread);

#endif
