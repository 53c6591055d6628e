/* SPDX-License-Identifier: MIT
 * Ending histories. A variable leaf that no handle shows is dead, for nobody can ask for its gradient; a node that no
 * handle shows is dead when all above it is dead or constant. The dead let go of their inputs, so that a loop which
 * writes its parameters stays as large as one turn of it.
 *
 * A verdict looks at the inputs first: one that is alive ends the search at once. The searches of a thread together
 * visit at most SEARCH nodes for every node it has recorded; what that leaves undecided counts as alive, until the
 * sweep, which is how histories end whose variables die later than their last write, release or close. */
#include "autodiff/history.h"

#include "runtime/sizes.h"
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
    const bool affordable = thread->sweeping || thread->searched < SEARCH * thread->seq;
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

/* With the lock held: a kept tensor may end on another thread than that whose list it is in. Gives back its count. */
static mga_node *unlink_open(mg_tensor *t) {
    mga_node *node = t->open_node;
    t->flags &= (uint8_t)~MGA_T_OPEN;
    *t->open_link = t->open_next;
    if (t->open_next) t->open_next->open_link = t->open_link;
    t->open_node = NULL;
    return node;
}

static void link_open(mg_tensor **list, mg_tensor *t, mga_node *node) {
    t->open_node = node;
    t->open_next = *list;
    t->open_link = list;
    if (*list) (*list)->open_link = &t->open_next;
    *list = t;
    t->flags |= MGA_T_OPEN;
}

void mga_settle_not(mg_tensor *t) {
    if (!(t->flags & MGA_T_OPEN)) return;
    mgr_lock_acquire(MGR_LOCK_HANDLES);
    mga_node *node = unlink_open(t);
    mgr_lock_release(MGR_LOCK_HANDLES);
    mga_node_release(node);
}

/* The latest first, so that those of inner scopes are before those of outer ones. */
void mga_settle_later(mg_tensor *t) {
    mga_thread *thread = mga_thread_peek();
    if (!thread) return;
    mga_settle_not(t);
    mga_node *node = mga_home(t);
    mga_node_retain(node);
    mgr_lock_acquire(MGR_LOCK_HANDLES);
    t->open_scope = (uint32_t)(thread->n_scopes - 1);
    link_open(&thread->open, t, node);
    mgr_lock_release(MGR_LOCK_HANDLES);
}

/* What node's end gives back, on whatever thread that is, is counted atomically. Leaves and other threads' nodes are
 * left alone: they may be read just now. */
static bool hold_inputs(mga_thread *thread, mga_node *node) {
    if (node->n_in == 0 || node->owner != thread->number || (node->flags & (MGA_HELD | MGA_FROZEN))) return true;
    for (int i = 0; i < node->n_in; i++) {
        if (!(node->in[i]->flags & (MGA_SHARED | MGA_FROZEN))) node->in[i]->flags |= MGA_SHARED;
        if (!mga_nodes_try_push(&thread->undecided, node->in[i])) return false;
    }
    node->flags |= MGA_HELD;
    return true;
}

/* From now on another thread may let go of node, and so of all below it. Each is visited once. */
static void hold(mga_thread *thread, mga_node *node) {
    mga_nodes *open = &thread->undecided;
    open->n = 0;
    while (node && hold_inputs(thread, node)) node = open->n ? open->v[--open->n] : NULL;
    open->n = 0;
}

/* t's scope has closed; it is in `held` now. Out of that, if nothing is left to let go of. */
static void settle_open(mga_thread *thread, mg_tensor *t, mga_node *node) {
    mga_node *mine = NULL;
    mga_settle_branches(node);
    mgr_lock_acquire(MGR_LOCK_HANDLES);
    if (thread->held == t && (!(node->flags & MGA_HISTORY) || !(t->flags & MGA_T_KEPT))) mine = unlink_open(t);
    mgr_lock_release(MGR_LOCK_HANDLES);
    mga_node_release(mine);
    if (!mine) hold(thread, node);
}

/* The latest of the scopes that have closed, if there is one, goes over to `held`, or, if a sweep found that its value
 * has nothing to let go of, out of both lists: *node, counted, is NULL then. */
static mg_tensor *take_open(mga_thread *thread, size_t first, mga_node **node) {
    mgr_lock_acquire(MGR_LOCK_HANDLES);
    mg_tensor *t = thread->open;
    if (t && t->open_scope < first) t = NULL;
    *node = t ? unlink_open(t) : NULL;
    if (*node) {
        mga_node_retain(*node);
        link_open(&thread->held, t, *node);
    }
    mgr_lock_release(MGR_LOCK_HANDLES);
    return t;
}

void mga_settle_open(mga_thread *thread, size_t first) {
    mga_node *node;
    for (mg_tensor *t; thread->open && (t = take_open(thread, first, &node)) != NULL;) {
        if (!node) continue;
        settle_open(thread, t, node);
        mga_node_release(node);
    }
}

/* ---- the sweep ---- */

static bool collect(mga_nodes *nodes, mga_node *node) {
    if (!mga_nodes_try_push(nodes, node)) return false;
    mga_node_retain(node);
    return true;
}

/* With the lock held. Values that have nothing more to let go of leave the list with their counts. */
static bool collect_list(mga_nodes *nodes, mg_tensor *list) {
    for (mg_tensor *t = list; t; t = t->open_next) {
        mga_node *node = t->open_node;
        if (!node) continue;
        if ((node->flags & MGA_HISTORY) && mga_is_shown(node)) {
            if (!collect(nodes, node)) return false;
        } else {
            if (!mga_nodes_try_push(nodes, node)) return false;
            t->open_node = NULL;
        }
    }
    return true;
}

static void collect_all(mga_thread *thread) {
    mga_nodes *nodes = &thread->swept;
    mgr_lock_acquire(MGR_LOCK_HANDLES);
    bool ok = collect_list(nodes, thread->held) && collect_list(nodes, thread->open);
    mgr_lock_release(MGR_LOCK_HANDLES);
    for (size_t i = 0; i < thread->n_scopes; i++)
        for (const mg_tensor *t = thread->scopes[i].tensors; t && ok; t = t->next) {
            mga_node *root = mga_root(t), *home = mga_home(t);
            if (root->flags & MGA_HISTORY) ok = collect(nodes, root);
            if (ok && home != root && (home->flags & MGA_HISTORY)) ok = collect(nodes, home);
        }
}

/* Values that nobody but the list of what closing scopes evaluate holds any more. */
static void forget_wanted(mga_thread *thread) {
    mga_nodes *wanted = &thread->wanted;
    size_t left = 0;
    for (size_t i = 0; i < wanted->n; i++) {
        mga_node *node = wanted->v[i];
        if (atomic_load_explicit(&node->refs, memory_order_acquire) > 1)
            wanted->v[left++] = node;
        else
            mga_node_release(node);
    }
    wanted->n = left;
}

static void set_limits(mga_thread *thread) {
    const int64_t nodes = thread->live_nodes > 0 ? thread->live_nodes : 0;
    const int64_t tensors = thread->live_tensors > 0 ? thread->live_tensors : 0;
    const uint64_t bytes = mgr_live_about(), visit = 256 * (uint64_t)(nodes + tensors);
    thread->sweep_nodes = 2 * nodes + tensors + MGA_SWEEP_NODES;
    thread->sweep_bytes = bytes + (bytes > visit ? bytes : visit) + MGA_SWEEP_BYTES;
    thread->raised = nodes + tensors > MGA_SWEEP_NODES || bytes > MGA_SWEEP_BYTES;
}

void mga_sweep(mga_thread *thread) {
    if (thread->sweeping) return;
    thread->sweeping = true;
    thread->epoch = mga_epoch_next(thread->epoch);
    const uint32_t looked = thread->epoch;
    forget_wanted(thread);
    collect_all(thread);
    for (size_t i = 0; i < thread->swept.n; i++) {
        mga_node *node = thread->swept.v[i];
        if (node->mark != looked && searching_thread(node)) search(thread, node, looked);
    }
    while (thread->swept.n) mga_node_release(thread->swept.v[--thread->swept.n]);
    thread->sweeping = false;
    set_limits(thread);
}

void mga_sweep_note_bytes(mga_thread *thread) {
    if (mgr_live_about() >= thread->sweep_bytes) thread->sweep_nodes = 0;
}

void mga_sweep_lower(mga_thread *thread) {
    const int64_t nodes = thread->sweep_nodes;
    const uint64_t bytes = thread->sweep_bytes;
    set_limits(thread);
    if (nodes < thread->sweep_nodes) thread->sweep_nodes = nodes;
    if (bytes < thread->sweep_bytes) thread->sweep_bytes = bytes;
}
