/* SPDX-License-Identifier: MIT
 * Scopes: what belongs to them ends with them; what escapes is evaluated first (rules B1, B3). */
#include "autodiff/flush.h"
#include "autodiff/graph_check.h"
#include "autodiff/handle.h"
#include "autodiff/history.h"
#include "autodiff/thread.h"

#include <stdio.h>
#include <string.h>

/* Live bytes of the root scope's owner beyond which one warning is printed: most likely nobody opened a scope. */
static const uint64_t ROOT_WARNING_BYTES = UINT64_C(4) << 30;

static bool grow(mga_thread *thread) {
    if (thread->n_scopes < thread->scope_capacity) return true;
    size_t capacity = 2 * thread->scope_capacity;
    mga_scope_frame *scopes = mgr_alloc(capacity * sizeof *scopes);
    if (!scopes) return false;
    memcpy(scopes, thread->scopes, thread->n_scopes * sizeof *scopes);
    mgr_free(thread->scopes);
    thread->scopes = scopes;
    thread->scope_capacity = capacity;
    return true;
}

mg_scope mg_scope_open(void) {
    mga_thread *thread = mga_thread_get();
    if (!thread || !grow(thread)) return (mg_scope){0};
    uint64_t token = thread->next_token++;
    thread->scopes[thread->n_scopes++] = (mga_scope_frame){.token = token};
    return (mg_scope){token};
}

static size_t find_scope(const mga_thread *thread, uint64_t token) {
    for (size_t i = thread->n_scopes; i-- > 1;)
        if (thread->scopes[i].token == token) return i;
    return 0;
}

/* Evaluate what outlives a closing scope. Handles that nobody kept are no reason to compute. */
static mg_status evaluate_escaping(const mga_thread *thread) {
    return thread->wanted.n ? mga_eval_all(0, NULL) : MG_OK;
}

static void close_down_to(mga_thread *thread, size_t first) {
    while (thread->n_scopes > first) {
        MGR_CHECK(mga_check_scope(thread, thread->n_scopes - 1));
        mga_release_scope(thread, thread->n_scopes - 1);
        thread->n_scopes--;
    }
    mga_settle_scopes(thread, first);
    if (thread->raised) mga_sweep_lower(thread);
}

mg_status mg_scope_close(mg_scope scope) {
    mga_thread *thread = mga_thread_get();
    if (!thread) return mgr_error();
    size_t index = scope.token ? find_scope(thread, scope.token) : 0;
    if (!index)
        return mgr_fail(MG_ERR_VALUE, "scope_close", "The scope is not open on this thread, or was never opened.");
    MGR_TRY(evaluate_escaping(thread));
    close_down_to(thread, index);
    return mgr_error();
}

void mg_scope_cleanup(mg_scope *scope) {
    mga_thread *thread = mga_thread_peek();
    if (!thread || !scope || !scope->token) return;
    size_t index = find_scope(thread, scope->token);
    if (!index) return;
    evaluate_escaping(thread); /* a failure stays this thread's error */
    close_down_to(thread, index);
}

mg_status mg_scope_reset(void) {
    mga_thread *thread = mga_thread_get();
    if (!thread) return mgr_error();
    MGR_TRY(evaluate_escaping(thread));
    close_down_to(thread, 1);
    mga_release_scope(thread, 0);
    mga_settle_scopes(thread, 0);
    return mgr_error();
}

void mga_root_check(mga_thread *thread) {
    if (thread->root_warned || thread->n_scopes > 1 || (thread->seq & 0xfff)) return;
    mgr_memory_stats stats;
    mgr_memory_get_stats(&stats);
    if (stats.live_bytes < ROOT_WARNING_BYTES) return;
    thread->root_warned = true;
    fprintf(stderr,
            "mygrad: more than %llu MiB are held and no scope is open: results live until mg_scope_reset(). See "
            "MG_SCOPE.\n",
            (unsigned long long)(ROOT_WARNING_BYTES >> 20));
}
