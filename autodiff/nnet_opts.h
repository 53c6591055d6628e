/* SPDX-License-Identifier: MIT
 * Reading the options of layers and optimisers. */
#ifndef MGA_NNET_OPTS_H
#define MGA_NNET_OPTS_H

#include <string.h>

#include "autodiff/handle.h"

/* dst = the fields that the caller's header knew of; dst keeps its values for the others, and all if opts is NULL. */
#define MGA_COPY_OPTS(dst, opts)                                                                                       \
    do {                                                                                                               \
        if (opts) memcpy(&(dst), (opts), (opts)->size < sizeof(dst) ? (opts)->size : sizeof(dst));                     \
    } while (0)

/* One number per axis from an option: none (every axis gets `missing`), one for all axes, or `axes` of them; each at
 * least `least`. Value errors name op, option and values. */
mg_status mga_per_axis(const char *op, const char *option, mg_shape given, int axes, int64_t missing, int64_t least,
                       int64_t *out);

#endif
