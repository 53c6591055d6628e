/* SPDX-License-Identifier: MIT
 * Errors as the user sees them: taking the thread's first one, and the handler. */
#include "mygrad/tensor.h"
#include "runtime/status.h"

mg_error mg_take_error(void) {
    mg_error error;
    error.code = mgr_error_show(&error.op, &error.message);
    return error;
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
