/* SPDX-License-Identifier: MIT
 * Ending histories. A variable leaf that no handle shows is dead, for nobody can ask for its gradient; a node that no
 * handle shows is dead when all above it is dead or constant. The dead let go of their inputs, so that a loop which
 * writes its parameters stays as large as one turn of it.
 *
 * A verdict looks at the inputs first: one that is alive ends the search at once. The searches of a thread together
 * visit at most SEARCH nodes for every node it has recorded; what that leaves undecided counts as alive. */
#include "autodiff/history.h"

#include "runtime/thread.h"

enum { SEARCH = 8 };

/* ---- who is seen ---- */

void mga_show_shared(mga_node *node) {
    if (!(node->flags & MGA_FROZEN)) atomic_fetch_add_explicit(&node->shown, 1, memory_order_relaxed);
}

/* True if that was the last one. */
static bool shown_less(mga_node *node) {
    if (node->flags & MGA_SHARED) return atomic_fetch_sub_explicit(&node->shown, 1, memory_order_acq_rel) == 1;
    uint32_t shown = atomic_load_explicit(&node->shown, memory_order_relaxed);
    atomic_store_explicit(&node->shown, shown - 1, memory_order_relaxed);
    return shown == 1;
}

void mga_unshow_held(mga_node *node) {
    if ((node->flags & MGA_FROZEN) || !shown_less(node)) return;
    node->flags &= (uint16_t)~MGA_KEPT;
    mga_settle(node);
}

/* ---- verdicts ---- */

typedef enum verdict {
    DEAD,     /* constant, or a variable that nobody sees and that leads to none */
    ALIVE,    /* or not to be decided here: what another thread recorded */
    CONSUMED, /* leads to what backward(.consume) has let go: an invalid backprop, and that is to be said */
    UNDECIDED
} verdict;

/* looked: this search has been there, and found it alive. */
static verdict at_once(const mga_thread *thread, const mga_node *node, uint32_t looked) {
    if (node->flags & MGA_CONSUMED) return CONSUMED;
    if (!(node->flags & MGA_VARIABLE)) return DEAD;
    if (mga_is_shown(node)) return ALIVE;
    if (!(node->flags & MGA_HISTORY)) return DEAD;
    if (looked && node->mark == looked) return ALIVE;
    return node->owner == thread->number && node->op != MGA_OP_ACCUMULATE ? UNDECIDED : ALIVE;
}

/* Of a node by its inputs; *below: one to decide first. */
static verdict by_inputs(const mga_thread *thread, const mga_node *node, uint32_t looked, mga_node **below) {
    bool seen[UNDECIDED + 1] = {false};
    for (int i = 0; i < node->n_in; i++) {
        const verdict v = at_once(thread, node->in[i], looked);
        seen[v] = true;
        if (v == UNDECIDED) *below = node->in[i];
    }
    return seen[CONSUMED] ? CONSUMED : seen[ALIVE] ? ALIVE : seen[UNDECIDED] ? UNDECIDED : DEAD;
}

static void let_go(mga_node *node) {
    mga_node_clear_history(node);
    if (node->data && node->op != MGA_OP_VIEW) mga_node_drop_inputs(node); /* pending ones can still be computed */
}

static void end(mga_node *node, verdict v) {
    const bool shown = mga_is_shown(node);
    if (v == CONSUMED && shown) return; /* its handle says so when it is used */
    if (v == CONSUMED)
        node->flags |= MGA_CONSUMED;
    else if (!shown)
        node->flags &= (uint16_t)~MGA_VARIABLE;
    let_go(node);
}

static bool push(mga_thread *thread, mga_node *node) {
    const bool affordable = thread->searched < SEARCH * thread->seq;
    thread->searched++;
    return affordable && mga_nodes_try_push(&thread->undecided, node);
}

/* looked: 0, or the number of a search that goes on below what is alive, for dead branches there. */
static void search(mga_thread *thread, mga_node *node, uint32_t looked) {
    mga_nodes *open = &thread->undecided;
    if (!push(thread, node)) return;
    while (open->n) {
        mga_node *top = open->v[open->n - 1], *below = NULL;
        const verdict v = by_inputs(thread, top, looked, &below);
        const bool go_on = below && (v == UNDECIDED || (v == ALIVE && looked));
        if (go_on && push(thread, below)) continue;
        if (go_on || (v == ALIVE && !looked)) break;
        open->n--;
        if (v == ALIVE)
            top->mark = looked;
        else
            end(top, v);
    }
    open->n = 0;
}

static mga_thread *searching_thread(const mga_node *node) {
    mga_thread *thread = mga_thread_peek();
    const bool ours = thread && (node->flags & MGA_HISTORY) && node->owner == thread->number &&
                      !(node->flags & MGA_FROZEN) && node->op != MGA_OP_ACCUMULATE;
    return ours ? thread : NULL;
}

void mga_settle(mga_node *node) {
    mga_thread *thread = searching_thread(node);
    if (thread) search(thread, node, 0);
}

void mga_settle_branches(mga_node *node) {
    mga_thread *thread = searching_thread(node);
    if (!thread) return;
    thread->epoch = mga_epoch_next(thread->epoch);
    search(thread, node, thread->epoch);
}

/* ---- when scopes close ---- */

/* With the lock held: a kept tensor may end on another thread than that whose list it is in. */
static void unlink_open(mg_tensor *t) {
    if (!(t->flags & MGA_T_OPEN)) return;
    t->flags &= (uint8_t)~MGA_T_OPEN;
    *t->open_link = t->open_next;
    if (t->open_next) t->open_next->open_link = t->open_link;
}

void mga_settle_not(mg_tensor *t) {
    if (!(t->flags & MGA_T_OPEN)) return;
    mgr_lock_acquire(MGR_LOCK_HANDLES);
    unlink_open(t);
    mgr_lock_release(MGR_LOCK_HANDLES);
}

/* The latest first, so that those of inner scopes are before those of outer ones. */
void mga_settle_later(mg_tensor *t) {
    mga_thread *thread = mga_thread_peek();
    if (!thread) return;
    mgr_lock_acquire(MGR_LOCK_HANDLES);
    unlink_open(t);
    t->open_scope = (uint32_t)(thread->n_scopes - 1);
    t->open_next = thread->open;
    t->open_link = &thread->open;
    if (thread->open) thread->open->open_link = &t->open_next;
    thread->open = t;
    t->flags |= MGA_T_OPEN;
    mgr_lock_release(MGR_LOCK_HANDLES);
}

/* The value of the latest of them, counted; NULL if there is none. */
static mga_node *take_open(mga_thread *thread, size_t first) {
    mga_node *node = NULL;
    mgr_lock_acquire(MGR_LOCK_HANDLES);
    mg_tensor *t = thread->open;
    if (t && t->open_scope >= first) {
        node = mga_home(t);
        mga_node_retain(node);
        unlink_open(t);
    }
    mgr_lock_release(MGR_LOCK_HANDLES);
    return node;
}

void mga_settle_scopes(mga_thread *thread, size_t first) {
    for (mga_node *node = NULL; thread->open && (node = take_open(thread, first));) {
        mga_settle_branches(node);
        mga_node_release(node);
    }
}
