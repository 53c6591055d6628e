/* SPDX-License-Identifier: MIT
 * What the generated public functions of maps and reductions call. */
#ifndef MGA_OP_API_H
#define MGA_OP_API_H

#include "autodiff/handle.h"

/* One map op with one result on user tensors (registry's n_in of them), with options (or NULL). */
mg_tensor *mga_ufunc(uint16_t op, mg_tensor *const in[], const double *params, const mg_ufunc_opts *opts);
/* Two map ops of the same two operands as one function of two results, which .out and .out2 are for. Both or neither.
 */
mg_status mga_ufunc_two(const char *name, const uint16_t ops[2], mg_tensor *const in[2], const mg_ufunc_opts *opts,
                        mg_tensor *results[2]);
mg_tensor *mga_reduce(uint16_t op, mg_tensor *x, const mg_reduce_opts *opts);

#endif
