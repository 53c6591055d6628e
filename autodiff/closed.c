/* SPDX-License-Identifier: MIT
 * The debug mode for handles that ended: the memory of a thread's latest MGA_CLOSED_KEPT is not given back, so that
 * their marks stay. */
#include "autodiff/handle.h"
#include "autodiff/thread.h"
#include "runtime/sizes.h"

#include <string.h>

/* A ring of what is not given back yet. */
struct mga_closed {
    size_t next;
    mg_tensor *v[MGA_CLOSED_KEPT];
};

static void give_back(mg_tensor *t) { mgr_block_free(t, sizeof *t); }

/* The thread's ring, made at first use; NULL where there is no memory for it. */
static struct mga_closed *ring_of(mga_thread *thread) {
    if (!thread->closed) {
        thread->closed = mgr_try_alloc(sizeof *thread->closed);
        if (thread->closed) memset(thread->closed, 0, sizeof *thread->closed);
    }
    return thread->closed;
}

void mga_closed_keep(mg_tensor *t) {
    mga_thread *thread = mga_thread_peek();
    struct mga_closed *ring = thread ? ring_of(thread) : NULL;
    if (!ring) {
        give_back(t);
        return;
    }
    mg_tensor **place = &ring->v[ring->next++ % MGA_CLOSED_KEPT];
    if (*place) give_back(*place);
    *place = t;
}

void mga_closed_free(mga_thread *thread) {
    for (size_t i = 0; thread->closed && i < MGA_CLOSED_KEPT; i++)
        if (thread->closed->v[i]) give_back(thread->closed->v[i]);
    mgr_free(thread->closed);
    thread->closed = NULL;
}
