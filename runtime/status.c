/* SPDX-License-Identifier: MIT
 * The thread's pending error. Records come from a fixed table, so that recording one never allocates: running out of
 * memory can be reported. */
#include "runtime/status.h"
#include "runtime/fpenv.h"
#include "runtime/thread.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* As many full sentences can be pending, or shown, at once; further ones keep their code and say so. */
#define RECORDS 128

static mgr_error_record records[RECORDS];
static atomic_bool taken[RECORDS];

typedef struct pending_error {
    mg_status code;
    int record; /* index into records, -1: none was free */
} pending_error;
static MGR_THREAD_LOCAL pending_error pending = {MG_OK, -1};
static MGR_THREAD_LOCAL int shown = -1; /* the record that the last mgr_error_show gave away */
static MGR_THREAD_LOCAL const char *context_op;

static struct {
    mgr_error_handler *call;
    void *context;
} handler; /* under MGR_LOCK_HANDLER */

static int record_claim(void) {
    for (int i = 0; i < RECORDS; i++) {
        bool free_one = false;
        if (atomic_compare_exchange_strong(&taken[i], &free_one, true)) return i;
    }
    return -1;
}

static void record_release(int *record) {
    if (*record >= 0) atomic_store(&taken[*record], false);
    *record = -1;
}

static void pending_clear(void) {
    record_release(&pending.record);
    pending.code = MG_OK;
}

static void thread_end(void) {
    pending_clear();
    record_release(&shown);
}

static void record_fill(mgr_error_record *record, mg_status code, const char *op, const char *message) {
    record->code = code;
    snprintf(record->op, sizeof record->op, "%s", op ? op : "");
    snprintf(record->message, sizeof record->message, "%s", message);
}

static void tell_handler(const mgr_error_record *record) {
    mgr_lock_acquire(MGR_LOCK_HANDLER);
    mgr_error_handler *call = handler.call;
    void *context = handler.context;
    mgr_lock_release(MGR_LOCK_HANDLER);
    if (!call) return;
    mgr_fpenv env = mgr_fpenv_pause();
    call(record, context);
    mgr_fpenv_resume(env);
}

mg_status mgr_fail(mg_status code, const char *op, const char *format, ...) {
    if (pending.code != MG_OK || code == MG_OK) return code;
    mgr_thread_arm(MGR_THREAD_STATUS, thread_end);
    pending = (pending_error){code, record_claim()};
    char message[MGR_MESSAGE_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    mgr_error_record local;
    record_fill(&local, code, op ? op : context_op, message);
    if (pending.record >= 0) records[pending.record] = local;
    tell_handler(&local);
    return code;
}

const char *mgr_error_context(const char *op) {
    const char *before = context_op;
    context_op = op;
    return before;
}

mg_status mgr_fail_memory(const char *op, size_t bytes) {
    return mgr_fail(MG_ERR_NO_MEMORY, op, "the system has no %zu bytes to give", bytes);
}

mg_status mgr_error(void) { return pending.code; }

#define NO_RECORD "no room to keep the sentence: too many threads have errors pending"

bool mgr_error_take(mgr_error_record *out) {
    if (pending.code == MG_OK) return false;
    if (out) {
        if (pending.record >= 0)
            *out = records[pending.record];
        else
            record_fill(out, pending.code, NULL, NO_RECORD);
    }
    pending_clear();
    return true;
}

mg_status mgr_error_show(const char **op, const char **message) {
    mg_status code = pending.code;
    record_release(&shown);
    shown = pending.record;
    pending = (pending_error){MG_OK, -1};
    *op = shown >= 0 ? records[shown].op : "";
    *message = shown >= 0 ? records[shown].message : code != MG_OK ? NO_RECORD : "";
    return code;
}

void mgr_error_set_handler(mgr_error_handler *call, void *context) {
    mgr_lock_acquire(MGR_LOCK_HANDLER);
    handler.call = call;
    handler.context = context;
    mgr_lock_release(MGR_LOCK_HANDLER);
}

const char *mg_status_name(mg_status status) {
    static const char *const names[] = {
        [MG_OK] = "MG_OK",
        [MG_ERR_VALUE] = "MG_ERR_VALUE",
        [MG_ERR_TYPE] = "MG_ERR_TYPE",
        [MG_ERR_INDEX] = "MG_ERR_INDEX",
        [MG_ERR_INVALID_GRADIENT] = "MG_ERR_INVALID_GRADIENT",
        [MG_ERR_INVALID_BACKPROP] = "MG_ERR_INVALID_BACKPROP",
        [MG_ERR_DISCONNECTED_VIEW] = "MG_ERR_DISCONNECTED_VIEW",
        [MG_ERR_READ_ONLY] = "MG_ERR_READ_ONLY",
        [MG_ERR_NOT_IMPLEMENTED] = "MG_ERR_NOT_IMPLEMENTED",
        [MG_ERR_NO_MEMORY] = "MG_ERR_NO_MEMORY",
        [MG_ERR_IO] = "MG_ERR_IO",
        [MG_ERR_FORMAT] = "MG_ERR_FORMAT",
        [MG_ERR_BACKEND] = "MG_ERR_BACKEND",
    };
    size_t i = (size_t)status;
    return i < sizeof names / sizeof *names ? names[i] : "MG_ERR_?";
}
