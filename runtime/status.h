/* SPDX-License-Identifier: MIT
 * The thread's error: first one wins, until it is taken (law 6). How every room below the public face reports failure.
 * Knows nothing of tensors; the sentence is all it keeps. */
#ifndef MGR_STATUS_H
#define MGR_STATUS_H

#include "mygrad/base.h"

/* Record an error of this thread unless one is already there; returns `code`, so that `return mgr_fail(...)` reads
 * well. `op` names the operation for the user ("add"), or is NULL. Never allocates: the sentence is cut at
 * MGR_MESSAGE_BYTES. */
mg_status mgr_fail(mg_status code, const char *op, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* mgr_fail(MG_ERR_NO_MEMORY) with a sentence that names the bytes. */
mg_status mgr_fail_memory(const char *op, size_t bytes);

/* The operation that errors without an `op` of their own are reported for, from now on, on this thread (deferred work
 * runs on behalf of what was recorded). Returns the one before, to be put back. The string is not copied; NULL: none.
 */
const char *mgr_error_context(const char *op);

/* The pending error's code, MG_OK if none. */
mg_status mgr_error(void);

/* Forward a failure to the caller. */
#define MGR_TRY(call)                                                                                                  \
    do {                                                                                                               \
        mg_status mgr_try_status_ = (call);                                                                            \
        if (mgr_try_status_ != MG_OK) return mgr_try_status_;                                                          \
    } while (0)

#define MGR_MESSAGE_BYTES 512

typedef struct mgr_error_record {
    mg_status code;
    char op[32];
    char message[MGR_MESSAGE_BYTES];
} mgr_error_record;

/* Copy the pending error out and clear it. False if there was none. */
bool mgr_error_take(mgr_error_record *out);

/* The same without a copy: MG_OK and "" if there was none. The strings are valid until this thread's next call. */
mg_status mgr_error_show(const char **op, const char **message);

/* A handler that is told of each recorded error on the thread where it happens; NULL for none. Process-wide. */
typedef void mgr_error_handler(const mgr_error_record *record, void *context);
void mgr_error_set_handler(mgr_error_handler *handler, void *context);

#endif
