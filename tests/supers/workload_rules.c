/* SPDX-License-Identifier: MIT
 * The rule of every differentiable map and reduction of the registry, by itself under a sum. */
#include "workload_rules.h"

#include "autodiff/op_api.h"
#include "kernels/registry.h"
#include "mygrad/mygrad.h"

enum { ROWS = 64, COLUMNS = 128 };

static bool is_differentiable(const mgk_op_info *info) {
    if (info->internal || info->n_out != 1 || (info->bool_out & 1)) return false;
    if (info->kind != MGK_KIND_MAP) return info->kind == MGK_KIND_REDUCE && info->rules;
    for (int i = 0; info->rules && i < info->n_in; i++)
        if (info->rules[i].n_steps > 0 || info->rules[i].result != 0xff) return true;
    return false;
}

static mg_tensor *operand(bool is_bool, int which) {
    static float values[ROWS * COLUMNS];
    for (int i = 0; i < ROWS * COLUMNS; i++) values[i] = 0.25f + (float)((i + 7 * which) % 61) / 100;
    mg_tensor *x = mg_from_f32(values, MG_SHAPE(ROWS, COLUMNS));
    return is_bool ? mg_less(x, mg_scalar(0.5)) : x;
}

static void backward_of(uint16_t op) {
    MG_SCOPE;
    const mgk_op_info *info = &mgk_ops[op];
    mg_tensor *in[MGK_MAX_IN];
    double params[MGK_MAX_PARAMS];
    for (int i = 0; i < info->n_in; i++) in[i] = operand(info->bool_in >> i & 1, i);
    for (int i = 0; i < info->n_params; i++) params[i] = 0.25 * (i + 1);
    mg_tensor *y = info->kind == MGK_KIND_REDUCE ? mga_reduce(op, in[0], NULL) : mga_ufunc(op, in, params, NULL);
    mg_backward(mg_sum(y));
    for (int i = 0; i < info->n_in; i++)
        if (!(info->bool_in >> i & 1)) mg_eval(mg_grad(in[i]));
}

void workload_rules(void) {
    for (uint16_t op = 1; op < MGK_OP_COUNT; op++)
        if (is_differentiable(&mgk_ops[op])) backward_of(op);
}
