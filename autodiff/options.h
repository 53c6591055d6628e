/* SPDX-License-Identifier: MIT
 * Reading option structs (rules E6): they begin with their size, and fields beyond what the caller's header knew of
 * have their defaults. What shapes, axes and zeros in them mean is read by arguments.h. */
#ifndef MGA_OPTIONS_H
#define MGA_OPTIONS_H

#include <string.h>

#include "autodiff/arguments.h"
#include "mygrad/tensor.h"
#include "runtime/status.h"

/* The least that a struct's size can be. */
typedef struct mga_opts_head {
    size_t size;
    int mg_end;
    const char *mg_text;
} mga_opts_head;

static inline mg_status mga_read_opts(const char *op, void *all, size_t bytes, const void *opts) {
    size_t given;
    if (!opts) return MG_OK;
    memcpy(&given, opts, sizeof given);
    if (given < sizeof(mga_opts_head))
        return mgr_fail(MG_ERR_VALUE, op, "The .size of the options is %zu: set it to the size of their struct.",
                        given);
    if (given < bytes)
        memcpy(all, opts, given);
    else
        memcpy(all, opts, bytes);
    return MG_OK;
}

/* all, which holds the defaults, = the fields of *opts that the caller's header knew of; none if opts is NULL. Value
 * error for a size that is none: options that somebody gave are not ignored. */
#define MGA_READ_OPTS(op, all, opts) mga_read_opts(op, &(all), sizeof *(1 ? &(all) : (opts)), opts)

#endif
