/* SPDX-License-Identifier: MIT
 * The state of one thread: its scopes, counters, and what waits for the next flush. One pointer of thread-local
 * storage. */
#ifndef MGA_THREAD_H
#define MGA_THREAD_H

#include "autodiff/handle.h"
#include "runtime/sizes.h"
#include "runtime/thread.h"

/* A growing array of node pointers, reused between walks. */
typedef struct mga_nodes {
    mga_node **v;
    size_t n, capacity;
} mga_nodes;

/* Make room for one more, or `n` in all. False with an error set. */
bool mga_nodes_reserve(mga_nodes *nodes, size_t n);
bool mga_nodes_push(mga_nodes *nodes, mga_node *node);
/* The same without an error set. */
bool mga_nodes_try_push(mga_nodes *nodes, mga_node *node);
void mga_nodes_free(mga_nodes *nodes);

/* Sort by recording order, oldest first; spare is memory to sort with, whose contents are lost. False with an error
 * set. */
bool mga_nodes_sort(mga_nodes *nodes, mga_nodes *spare);

typedef struct mga_scope_frame {
    uint64_t token;
    mg_tensor *tensors; /* head of the list of handles it owns */
} mga_scope_frame;

typedef struct mga_thread {
    mga_scope_frame *scopes; /* [0] is the root scope */
    size_t n_scopes, scope_capacity;
    uint64_t next_token;
    mga_nodes wanted;          /* counted: values that a closing scope must evaluate; a flush of one takes all along */
    mga_nodes walk, stack;     /* scratch of flush and backward */
    mga_nodes undecided;       /* scratch of history.c */
    mg_tensor *open;           /* whose values are settled when scopes close (history.c) */
    mg_tensor *held;           /* kept tensors that still had a history when theirs closed */
    mga_nodes swept;           /* scratch of mga_sweep */
    uint64_t searched;         /* nodes that settling took so far */
    int64_t sweep_nodes;       /* live_nodes from which on all that the thread holds is settled */
    uint64_t sweep_bytes;      /* the same in bytes of buffers */
    bool sweeping, raised;     /* these limits are not the least ones */
    struct mga_closed *closed; /* handles that ended lately (closed.c) */
    uint32_t epoch;            /* of the last walk */
    uint32_t number;           /* of this thread; no other one ever had it */
    uint64_t seq;
    int no_autodiff; /* depth */
    bool eager, guard, root_warned;
    bool debug;      /* MYGRAD_DEBUG=1: borrowed memory is checksummed */
    bool tiles_only; /* tests: no short way for small arrays (flush_small.h) */
    int64_t live_nodes, live_tensors;
    uint64_t clusters_run;
} mga_thread;

/* Seen through the functions below only. */
extern MGR_THREAD_LOCAL mga_thread *mga_thread_state;
MGR_SLOW mga_thread *mga_thread_make(void);

/* This thread's state, made at first use. NULL with an error set. */
static inline mga_thread *mga_thread_get(void) { return mga_thread_state ? mga_thread_state : mga_thread_make(); }

/* The same without making one: NULL before first use and after thread exit. */
static inline mga_thread *mga_thread_peek(void) { return mga_thread_state; }

/* A number for thread->epoch that no walk has marked a node with, of whatever thread: a kept tensor's history may have
 * been walked by another one. Threads take them by the block. */
uint32_t mga_epoch_block(void);
static inline uint32_t mga_epoch_next(uint32_t epoch) {
    return (epoch + 1) % MGA_EPOCHS ? epoch + 1 : mga_epoch_block();
}

/* Autodiff on, for this thread. */
static inline bool mga_recording(void) { return !mga_thread_state || mga_thread_state->no_autodiff == 0; }

/* Put node (counted by this call) on the list of values that the closing scope evaluates. */
mg_status mga_want(mga_node *node);

/* Give back what closed.c holds. */
void mga_closed_free(mga_thread *thread);

/* Let go of every tensor of one scope. */
void mga_release_scope(mga_thread *thread, size_t scope);

/* For mg_stats: recorded operations and handles of this thread that exist now; clusters that it has executed. */
void mga_live_counts(uint64_t *nodes, uint64_t *tensors);
uint64_t mga_clusters_run(void);

/* Now and then: has a program without scopes piled up so much that a warning is due? */
void mga_root_check(mga_thread *thread);

#endif
