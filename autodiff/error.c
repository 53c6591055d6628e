/* SPDX-License-Identifier: MIT
 * Errors as the user sees them: taking the thread's first one, and the handler. */
#include "mygrad/tensor.h"
#include "runtime/status.h"

static _Thread_local mgr_error_record taken;

mg_error mg_take_error(void) {
    if (!mgr_error_take(&taken)) return (mg_error){MG_OK, "", ""};
    return (mg_error){taken.code, taken.op, taken.message};
}

static struct {
    mg_error_handler *handler;
    void *context;
} user;

static void tell(const mgr_error_record *record, void *context) {
    (void)context;
    if (user.handler) user.handler((mg_error){record->code, record->op, record->message}, user.context);
}

void mg_set_error_handler(mg_error_handler *handler, void *context) {
    user.handler = handler;
    user.context = context;
    mgr_error_set_handler(handler ? tell : NULL, NULL);
}
