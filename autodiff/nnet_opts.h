/* SPDX-License-Identifier: MIT
 * Options that are one number for all spatial axes, or one per axis. */
#ifndef MGA_NNET_OPTS_H
#define MGA_NNET_OPTS_H

#include "autodiff/handle.h"

/* One number per axis from an option: none (every axis gets `missing`), one for all axes, or `axes` of them; each at
 * least `least`. Value errors name op, option and values. */
mg_status mga_per_axis(const char *op, const char *option, mg_shape given, int axes, int64_t missing, int64_t least,
                       int64_t *out);

#endif
