/* SPDX-License-Identifier: MIT
 * Random tile programs: any registered map, any dtype, conversions, roundings, several outputs, aliases, reductions. */
#include "tile_oracle.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/cpu.h"
#include "runtime/dtype.h"

static const uint8_t dtypes[] = {MG_F32, MG_F32, MG_F32, MG_F64, MG_I32, MG_I64, MG_BOOL, MG_F16, MG_BF16};

static uint8_t random_dtype(oracle_case *c) { return dtypes[oracle_below(&c->state, sizeof dtypes)]; }

static void random_dims(oracle_case *c, const oracle_limits *limits) {
    c->ndim = (int)oracle_below(&c->state, 6);
    c->total = 1;
    int64_t size = 1;
    for (int i = 0; i < c->ndim; i++) {
        int64_t kind = oracle_below(&c->state, 24), n;
        if (kind == 0)
            n = oracle_below(&c->state, 3) ? 1 : 0;
        else if (kind < 5)
            n = 1 + oracle_below(&c->state, 3000);
        else if (kind < 9)
            n = 1 + oracle_below(&c->state, 130);
        else
            n = 1 + oracle_below(&c->state, 12);
        if (size * n > limits->max_total) n = 1 + oracle_below(&c->state, 3);
        if (size * n > limits->max_total) n = 1;
        c->dims[i] = n;
        c->total *= n;
        if (n) size *= n;
    }
}

/* A value whose row dtype is `row`, or -1. */
static int pick_value(oracle_case *c, uint8_t row) {
    int found = -1, seen = 0;
    for (int v = 0; v < c->n_values; v++)
        if (c->row[v] == row && oracle_below(&c->state, ++seen) == 0) found = v;
    return found;
}

static void add_value(oracle_case *c, uint8_t row, uint8_t logical) {
    c->row[c->n_values] = row;
    c->logical[c->n_values++] = logical;
}

static bool add_convert(oracle_case *c) {
    int from = (int)oracle_below(&c->state, c->n_values);
    uint8_t to = random_dtype(c), row = (uint8_t)mgr_row_dtype(to);
    if (mg_dtype_is_float(c->row[from]) && !mg_dtype_is_float(to)) return false; /* C4 has its own tests */
    if (!mgr_kernels()->converts->to[c->row[from]][to]) return false;
    uint8_t round = to == MG_F16 || to == MG_BF16 ? to : 0;
    c->spec.instr[c->spec.n_instr++] = (mgr_tile_instr){
        .op = MGR_OP_CONVERT, .row = row, .round = round, .n_in = 1, .n_out = 1, .in = {(uint16_t)from}};
    add_value(c, row, to);
    return true;
}

static bool add_map(oracle_case *c) {
    uint16_t op = (uint16_t)(1 + oracle_below(&c->state, MGK_OP_COUNT - 1));
    const mgk_op_info *info = &mgk_ops[op];
    static const uint8_t rows[] = {MG_F32, MG_F32, MG_F64, MG_I32, MG_I64, MG_BOOL};
    uint8_t row = rows[oracle_below(&c->state, sizeof rows)];
    if (info->kind != MGK_KIND_MAP || !(info->row_types >> row & 1) || !mgr_kernels()->map[op][row][MGK_VV])
        return false;
    mgr_tile_instr in = {.op = op, .row = row, .n_in = info->n_in, .n_out = info->n_out, .params = c->spec.n_params};
    for (int j = 0; j < info->n_in; j++) {
        int v = pick_value(c, info->bool_in >> j & 1 ? MG_BOOL : row);
        if (v < 0) return false;
        in.in[j] = (uint16_t)v;
    }
    if (row == MG_F32 && oracle_below(&c->state, 4) == 0) in.round = oracle_below(&c->state, 2) ? MG_F16 : MG_BF16;
    for (int j = 0; j < info->n_params; j++)
        c->params[c->spec.n_params++] = (double)oracle_below(&c->state, 64) / 16.0 - 1.5;
    for (int j = info->n_in; j < MGK_MAX_IN; j++)
        in.in[j] = (uint16_t)oracle_below(&c->state, 1000); /* unused: anything */
    c->spec.instr[c->spec.n_instr++] = in;
    for (int j = 0; j < info->n_out; j++) {
        uint8_t r = info->bool_out >> j & 1 ? MG_BOOL : row;
        add_value(c, r, in.round && r == MG_F32 ? in.round : r);
    }
    return true;
}

/* The parts of a superinstruction, one after the other: by themselves they would hardly ever meet. */
static bool add_tree(oracle_case *c, int room) {
    uint16_t op = (uint16_t)(1 + oracle_below(&c->state, MGK_OP_COUNT - 1));
    while (mgk_ops[op].n_pattern == 0) op = (uint16_t)(op % (MGK_OP_COUNT - 1) + 1);
    const mgk_op_info *info = &mgk_ops[op];
    if (info->n_pattern > room) return false;
    uint8_t row = oracle_below(&c->state, 4) ? MG_F32 : MG_F64;
    uint16_t in[MGK_MAX_IN], first = (uint16_t)c->n_values;
    for (int j = 0; j < info->n_in; j++) {
        int v = pick_value(c, info->bool_in >> j & 1 ? MG_BOOL : row);
        if (v < 0) return false;
        in[j] = (uint16_t)v;
    }
    for (int k = 0; k < info->n_pattern; k++) {
        const mgk_step *step = &info->pattern[k];
        mgr_tile_instr *to = &c->spec.instr[c->spec.n_instr++];
        bool swap = mgk_ops[step->op].commutative && oracle_below(&c->state, 2);
        *to = (mgr_tile_instr){.op = step->op, .row = row, .n_in = step->n_in, .n_out = 1};
        for (int j = 0; j < step->n_in; j++) {
            int which = step->in[j] & 0xf;
            bool inner = (step->in[j] & 0xf0) == MGK_REF_STEP;
            to->in[swap ? 1 - j : j] = inner ? (uint16_t)(first + which) : in[which];
        }
        uint8_t r = mgk_ops[step->op].bool_out & 1 ? MG_BOOL : row;
        add_value(c, r, r);
    }
    return true;
}

/* A reduction that exists for this row, or 0. */
static uint16_t pick_reduction(oracle_case *c, uint8_t row) {
    uint16_t found = 0;
    int seen = 0;
    for (uint16_t op = 1; op < MGK_OP_COUNT; op++) {
        if (mgk_ops[op].kind != MGK_KIND_REDUCE || !mgk_ops[op].step) continue;
        if (!mgr_kernels()->map[mgk_ops[op].step][row][MGK_VV]) continue;
        if (mgk_ops[op].typing == MGK_TYPES_LOGICAL && row != MG_BOOL) continue; /* 0 and 1 are identities there only */
        if (oracle_below(&c->state, ++seen) == 0) found = op;
    }
    return found;
}

static bool is_plain_layout(const oracle_case *c, const oracle_array *a) {
    for (int k = 0; k < c->ndim; k++)
        if (a->strides[k] == 0 && c->dims[k] > 1) return false;
    return true;
}

/* An input that output o may be, or -1: same dtype, every element its own, not taken yet. */
static int pick_alias(oracle_case *c, int o) {
    if (oracle_below(&c->state, 2)) return -1;
    for (int i = 0; i < c->spec.n_inputs; i++) {
        bool taken =
            c->spec.inputs[i].scalar || c->in[i].dtype != c->spec.outputs[o].dtype || !is_plain_layout(c, &c->in[i]);
        for (int e = 0; e < o; e++) taken |= c->alias[e] == i;
        if (!taken && oracle_below(&c->state, 2)) return i;
    }
    return -1;
}

static void add_output(oracle_case *c, bool reduce, bool plain) {
    int o = c->spec.n_outputs++, v = (int)oracle_below(&c->state, c->n_values);
    if (oracle_below(&c->state, 2)) v = c->n_values - 1;
    mgr_tile_output *out = &c->spec.outputs[o];
    *out = (mgr_tile_output){.value = (uint16_t)v, .dtype = c->logical[v]};
    c->alias[o] = -1;
    if (reduce) out->reduce = pick_reduction(c, c->row[v]);
    if (out->reduce) {
        if (mg_dtype_is_float(c->row[v]) && oracle_below(&c->state, 3) == 0) out->finish = MGR_FINISH_MEAN;
        oracle_array_new(c, &c->out[o], c->logical[v], plain, false, c->reduced);
        return;
    }
    c->alias[o] = pick_alias(c, o);
    if (c->alias[o] < 0) oracle_array_new(c, &c->out[o], c->logical[v], plain, false, 0);
}

void oracle_make(oracle_case *c, uint64_t seed, const oracle_limits *limits) {
    memset(c, 0, sizeof *c);
    c->seed = seed;
    c->state = seed * 0x2545f4914f6cdd1du + 7;
    do random_dims(c, limits);
    while (c->total < limits->min_total);
    if (limits->reductions) c->reduced = oracle_random(&c->state) & (((uint64_t)1 << c->ndim) - 1);
    bool plain = oracle_below(&c->state, 3) == 0;
    c->spec.n_inputs = (uint16_t)(1 + oracle_below(&c->state, 5));
    for (int i = 0; i < c->spec.n_inputs; i++) {
        uint8_t dtype = i == 0 && oracle_below(&c->state, 2) ? MG_F32 : random_dtype(c);
        bool scalar = oracle_below(&c->state, 4) == 0;
        c->spec.inputs[i] = (mgr_tile_input){.dtype = dtype, .scalar = scalar};
        oracle_array_new(c, &c->in[i], dtype, plain, !scalar, scalar ? ~(uint64_t)0 : 0);
        add_value(c, (uint8_t)mgr_row_dtype(dtype), dtype);
    }
    int n = (int)oracle_below(&c->state, limits->max_instr + 1);
    for (int tries = 0; c->spec.n_instr < n && tries < 50 * n; tries++) {
        int64_t kind = oracle_below(&c->state, 12);
        if (kind < 2)
            add_convert(c);
        else if (kind < 4)
            add_tree(c, n - c->spec.n_instr);
        else
            add_map(c);
    }
    int n_out = 1 + (int)oracle_below(&c->state, 3);
    for (int o = 0; o < n_out; o++) add_output(c, limits->reductions && (o == 0 || oracle_below(&c->state, 2)), plain);
}
