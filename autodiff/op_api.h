/* SPDX-License-Identifier: MIT
 * What the generated public functions of maps and reductions call. */
#ifndef MGA_OP_API_H
#define MGA_OP_API_H

#include "autodiff/handle.h"

/* One map op with one result on user tensors (registry's n_in of them), with options (or NULL). */
mg_tensor *mga_ufunc(uint16_t op, mg_tensor *const in[], const double *params, const mg_ufunc_opts *opts);
mg_tensor *mga_reduce(uint16_t op, mg_tensor *x, const mg_reduce_opts *opts);

#endif
