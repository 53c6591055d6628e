/* SPDX-License-Identifier: MIT
 * The oracle of the tile machine: arrays, the interpreter and rule C1. Random programs are in tile_random.c. */
#include "tile_oracle.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/cpu.h"
#include "runtime/dtype.h"
#include "runtime/parallel.h"
#include "runtime/status.h"
#include "tests/harness.h"

/* Asked for once: finding out what the CPU can do is slow under a hypervisor. */
static const mgk_table *plain_kernels(void) {
    static const mgk_table *table;
    if (!table) table = mgr_kernels_of(MGK_SCALAR);
    return table;
}

uint64_t oracle_random(uint64_t *state) {
    uint64_t x = *state += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

int64_t oracle_below(uint64_t *state, int64_t n) { return (int64_t)(oracle_random(state) % (uint64_t)n); }

/* ---- Arrays ---- */

static void map_pages(oracle_array *a, bool at_end) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), used = (a->bytes + page - 1) / page * page;
    a->mapped = used + 2 * page;
    a->mapping = mmap(NULL, a->mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (a->mapping == MAP_FAILED) abort();
    mprotect(a->mapping, page, PROT_NONE);
    mprotect(a->mapping + page + used, page, PROT_NONE);
    size_t size = mg_dtype_size(a->dtype);
    a->bytes_at = a->mapping + page + (at_end ? (used - a->bytes) / size * size : 0);
}

static double random_value(uint64_t *state, bool calm) {
    static const double special[] = {0.0,   -0.0,   1.0,     -1.0, INFINITY, -INFINITY, NAN,
                                     1e-40, -1e-40, 65504.0, 1e38, 0.5,      3.0};
    uint64_t r = oracle_random(state);
    if (r % 16 == 0 && !calm) return special[r / 16 % (sizeof special / sizeof special[0])];
    double x = (double)(int64_t)(oracle_random(state) >> 11) / 9007199254740992.0 * 8.0 - 4.0;
    return r % 64 == 1 ? x * 1e4 : x;
}

static void fill_array(oracle_case *c, oracle_array *a) {
    bool calm = c->calm || oracle_below(&c->state, 3) != 0;
    size_t size = mg_dtype_size(a->dtype);
    for (size_t i = 0; i + size <= a->bytes; i += size) {
        char *at = a->bytes_at + i;
        if (a->dtype == MG_BOOL)
            *at = (char)(oracle_random(&c->state) & 1);
        else if (mg_dtype_is_float(a->dtype))
            mgr_set_f64(a->dtype, at, random_value(&c->state, calm));
        else
            mgr_set_i64(a->dtype, at,
                        oracle_below(&c->state, 8) ? oracle_below(&c->state, 200) - 100
                                                   : (int64_t)oracle_random(&c->state));
    }
}

void oracle_array_new(oracle_case *c, oracle_array *a, mg_dtype dtype, bool plain, bool may_broadcast,
                      uint64_t zero_axes) {
    int order[MG_MAX_NDIM];
    *a = (oracle_array){.dtype = dtype};
    int64_t size = (int64_t)mg_dtype_size(dtype), extent = size;
    for (int i = 0; i < c->ndim; i++) order[i] = i;
    if (!plain && oracle_below(&c->state, 2))
        for (int i = c->ndim - 1; i > 0; i--) {
            int j = (int)oracle_below(&c->state, i + 1), t = order[i];
            order[i] = order[j];
            order[j] = t;
        }
    uint64_t broadcast = zero_axes;
    if (may_broadcast)
        for (int i = 0; i < c->ndim; i++)
            if (oracle_below(&c->state, 5) == 0) broadcast |= (uint64_t)1 << i;
    if (may_broadcast && c->ndim && oracle_below(&c->state, 6) == 0) /* periodic: a few leading axes */
        broadcast = ((uint64_t)1 << oracle_below(&c->state, c->ndim)) - 1;
    for (int i = c->ndim - 1; i >= 0; i--) {
        int axis = order[i];
        if (broadcast >> axis & 1) {
            a->strides[axis] = 0;
            continue;
        }
        if (!plain && oracle_below(&c->state, 4) == 0) extent += size * oracle_below(&c->state, 3);
        if (!plain && oracle_below(&c->state, 6) == 0) extent *= 2;
        int64_t n = c->dims[axis] > 0 ? c->dims[axis] : 1;
        a->strides[axis] = extent;
        if (!plain && oracle_below(&c->state, 6) == 0) {
            a->strides[axis] = -extent;
            a->offset += extent * (n - 1);
        }
        extent = extent * (n - 1) + extent;
        if (c->dims[axis] == 1 && oracle_below(&c->state, 3) == 0) a->strides[axis] = 12345 * size;
    }
    a->bytes = (size_t)extent;
    map_pages(a, oracle_below(&c->state, 2) == 0);
    fill_array(c, a);
    a->before = malloc(a->bytes);
    a->expected = malloc(a->bytes);
    if (!a->before || !a->expected) abort();
    memcpy(a->before, a->bytes_at, a->bytes);
}

void oracle_array_free(oracle_array *a) {
    if (a->mapping) munmap(a->mapping, a->mapped);
    free(a->before);
    free(a->expected);
}

void oracle_free(oracle_case *c) {
    for (int i = 0; i < c->spec.n_inputs; i++) oracle_array_free(&c->in[i]);
    for (int o = 0; o < c->spec.n_outputs; o++)
        if (c->alias[o] < 0) oracle_array_free(&c->out[o]);
}

static oracle_array *output_array(oracle_case *c, int o) { return c->alias[o] >= 0 ? &c->in[c->alias[o]] : &c->out[o]; }

/* ---- The interpreter ---- */

typedef struct value {
    char bytes[8];
} value;

static int64_t element_offset(const oracle_case *c, const oracle_array *a, const int64_t *index) {
    int64_t at = a->offset;
    for (int i = 0; i < c->ndim; i++) at += index[i] * a->strides[i];
    return at;
}

static void convert_one(mg_dtype from, mg_dtype to, void *out, const void *in) {
    plain_kernels()->converts->to[from][to](1, out, in);
}

static void round_value(uint8_t to, value *v) {
    value half;
    convert_one(MG_F32, to, &half, v);
    convert_one(to, MG_F32, v, &half);
}

static void evaluate(const oracle_case *c, const int64_t *index, value *v) {
    const mgk_table *table = plain_kernels();
    const mgr_tile_spec *s = &c->spec;
    for (int i = 0; i < s->n_inputs; i++) {
        const char *at =
            c->in[i].before + (s->inputs[i].scalar ? c->in[i].offset : element_offset(c, &c->in[i], index));
        convert_one(s->inputs[i].dtype, mgr_row_dtype(s->inputs[i].dtype), &v[i], at);
    }
    int next = s->n_inputs;
    for (int i = 0; i < s->n_instr; i++) {
        const mgr_tile_instr *in = &s->instr[i];
        if (in->op == MGR_OP_CONVERT) {
            if (in->round) {
                value half;
                convert_one(c->row[in->in[0]], in->round, &half, &v[in->in[0]]);
                convert_one(in->round, MG_F32, &v[next], &half);
            } else {
                convert_one(c->row[in->in[0]], in->row, &v[next], &v[in->in[0]]);
            }
            next++;
            continue;
        }
        void *out[MGK_MAX_OUT];
        const void *args[MGK_MAX_IN];
        for (int j = 0; j < in->n_in; j++) args[j] = &v[in->in[j]];
        for (int j = 0; j < in->n_out; j++) out[j] = &v[next + j];
        table->map[in->op][in->row][MGK_VV](1, out, args, c->params + in->params);
        for (int j = 0; j < in->n_out; j++)
            if (in->round && c->row[next + j] == MG_F32) round_value(in->round, &v[next + j]);
        next += in->n_out;
    }
}

static bool next_index(const oracle_case *c, int64_t *index, uint64_t axes) {
    for (int i = c->ndim - 1; i >= 0; i--) {
        if (!(axes >> i & 1)) continue;
        if (++index[i] < c->dims[i]) return true;
        index[i] = 0;
    }
    return false;
}

static void store_value(const oracle_case *c, int o, char *at, const value *v) {
    const mgr_tile_output *out = &c->spec.outputs[o];
    convert_one(c->row[out->value], out->dtype, at, v);
}

/* ---- Rule C1, as written ---- */

typedef struct counter_tree {
    value node[64];
    int level[64], n;
} counter_tree;

static void step_one(int op, mg_dtype row, value *a, const value *b) {
    value result;
    void *out[1] = {&result};
    const void *in[2] = {a, b};
    plain_kernels()->map[mgk_ops[op].step][row][MGK_VV](1, out, in, NULL);
    *a = result;
}

static void set_identity(int op, mg_dtype row, value *v) {
    double x = mgk_ops[op].identity;
    if (mg_dtype_is_float(row))
        mgr_set_f64(row, v, x);
    else if (row == MG_BOOL)
        v->bytes[0] = isinf(x) ? x > 0 : x != 0;
    else if (isinf(x))
        mgr_set_i64(row, v, x > 0 ? (row == MG_I32 ? INT32_MAX : INT64_MAX) : (row == MG_I32 ? INT32_MIN : INT64_MIN));
    else
        mgr_set_i64(row, v, (int64_t)x);
}

static void tree_push(counter_tree *t, int op, mg_dtype row, value v) {
    int level = 0;
    while (t->n > 0 && t->level[t->n - 1] == level) {
        value left = t->node[--t->n];
        step_one(op, row, &left, &v);
        v = left;
        level++;
    }
    t->node[t->n] = v;
    t->level[t->n++] = level;
}

/* x[0..k) in order; identity for k = 0, with +0 for a sum. */
static value reduce_values(int op, mg_dtype row, const value *x, int64_t k) {
    int64_t lanes = 256 / (int64_t)mg_dtype_size(row), block = 64 * lanes;
    counter_tree tree = {.n = 0};
    value lane[256];
    if (k == 0) {
        value zero;
        set_identity(op, row, &zero);
        if (row == MG_F32 || row == MG_F64) mgr_set_f64(row, &zero, mgr_get_f64(row, &zero) + 0.0);
        return zero;
    }
    for (int64_t from = 0; from < k; from += block) {
        for (int64_t l = 0; l < lanes; l++) set_identity(op, row, &lane[l]);
        for (int64_t i = from; i < k && i < from + block; i++) step_one(op, row, &lane[i % lanes], &x[i]);
        for (int64_t half = lanes / 2; half > 0; half /= 2)
            for (int64_t l = 0; l < half; l++) step_one(op, row, &lane[l], &lane[l + half]);
        tree_push(&tree, op, row, lane[0]);
    }
    value result = tree.node[--tree.n];
    while (tree.n > 0) {
        value left = tree.node[--tree.n];
        step_one(op, row, &left, &result);
        result = left;
    }
    return result;
}

static void finish_value(const oracle_case *c, int o, value *v, int64_t count) {
    mg_dtype row = c->row[c->spec.outputs[o].value];
    if (c->spec.outputs[o].finish != MGR_FINISH_MEAN) return;
    if (row == MG_F32) {
        float x;
        memcpy(&x, v, sizeof x);
        x = x / (float)count;
        memcpy(v, &x, sizeof x);
    } else {
        double x;
        memcpy(&x, v, sizeof x);
        x = x / (double)count;
        memcpy(v, &x, sizeof x);
    }
}

static void expect_reduction(oracle_case *c, int o) {
    uint64_t all = ((uint64_t)1 << c->ndim) - 1;
    int64_t count = 1, kept = 1;
    for (int i = 0; i < c->ndim; i++) *(c->reduced >> i & 1 ? &count : &kept) *= c->dims[i];
    if (kept == 0) return;
    value *x = malloc((size_t)(count ? count : 1) * sizeof *x), v[256];
    if (!x) abort();
    int64_t index[MG_MAX_NDIM] = {0};
    do {
        int64_t k = 0;
        if (count) do {
                evaluate(c, index, v);
                x[k++] = v[c->spec.outputs[o].value];
            } while (next_index(c, index, c->reduced));
        value result = reduce_values(c->spec.outputs[o].reduce, c->row[c->spec.outputs[o].value], x, count);
        finish_value(c, o, &result, count);
        store_value(c, o, c->out[o].expected + element_offset(c, &c->out[o], index), &result);
    } while (next_index(c, index, all & ~c->reduced));
    free(x);
}

void oracle_expect(oracle_case *c) {
    uint64_t all = ((uint64_t)1 << c->ndim) - 1;
    for (int i = 0; i < c->spec.n_inputs; i++) memcpy(c->in[i].expected, c->in[i].before, c->in[i].bytes);
    for (int o = 0; o < c->spec.n_outputs; o++)
        if (c->alias[o] < 0) memcpy(c->out[o].expected, c->out[o].before, c->out[o].bytes);
    int64_t index[MG_MAX_NDIM] = {0};
    bool stored = false;
    for (int o = 0; o < c->spec.n_outputs; o++) {
        if (c->spec.outputs[o].reduce)
            expect_reduction(c, o);
        else
            stored = true;
    }
    if (c->total == 0 || !stored) return;
    do {
        value v[256];
        evaluate(c, index, v);
        for (int o = 0; o < c->spec.n_outputs; o++) {
            oracle_array *a = output_array(c, o);
            if (!c->spec.outputs[o].reduce)
                store_value(c, o, a->expected + element_offset(c, a, index), &v[c->spec.outputs[o].value]);
        }
    } while (next_index(c, index, all));
}

/* ---- Running and comparing ---- */

mg_status oracle_run(oracle_case *c) {
    mgr_tile_operand in[MGR_TILE_MAX_INPUTS], out[MGR_TILE_MAX_OUTPUTS];
    for (int i = 0; i < c->spec.n_inputs; i++) {
        memcpy(c->in[i].bytes_at, c->in[i].before, c->in[i].bytes);
        in[i] = (mgr_tile_operand){.data = c->in[i].bytes_at + c->in[i].offset, .strides = c->in[i].strides};
    }
    for (int o = 0; o < c->spec.n_outputs; o++) {
        oracle_array *a = output_array(c, o);
        memcpy(a->bytes_at, a->before, a->bytes);
        out[o] = (mgr_tile_operand){.data = a->bytes_at + a->offset, .strides = a->strides};
    }
    mgr_tile_args args = {
        .ndim = c->ndim, .dims = c->dims, .reduced = c->reduced, .inputs = in, .outputs = out, .params = c->params};
    mgr_tile_program *program = mgr_tile_program_get(&c->spec);
    mgr_tile_run *run = program ? mgr_tile_prepare(program, &args) : NULL;
    if (run) mgr_tile_execute(run);
    mgr_tile_program_release(program);
    return run ? MG_OK : mgr_error();
}

static bool is_nan(mg_dtype dtype, const char *at) { return mg_dtype_is_float(dtype) && isnan(mgr_get_f64(dtype, at)); }

static bool check_image(const oracle_array *a, const char *what, int which, char *message) {
    size_t size = mg_dtype_size(a->dtype);
    for (size_t i = 0; i + size <= a->bytes; i += size) {
        const char *got = a->bytes_at + i, *want = a->expected + i;
        if (memcmp(got, want, size) == 0 || (is_nan(a->dtype, got) && is_nan(a->dtype, want))) continue;
        snprintf(message, 256, "%s %d (%s): element %zu of its memory is %.17g, expected %.17g", what, which,
                 mg_dtype_name(a->dtype), i / size, mgr_get_f64(a->dtype, got), mgr_get_f64(a->dtype, want));
        return false;
    }
    return true;
}

bool oracle_check(oracle_case *c, char *message) {
    for (int i = 0; i < c->spec.n_inputs; i++)
        if (!check_image(&c->in[i], "input", i, message)) return false;
    for (int o = 0; o < c->spec.n_outputs; o++)
        if (c->alias[o] < 0 && !check_image(&c->out[o], "output", o, message)) return false;
    return true;
}

void oracle_everywhere(oracle_case *c) {
    static const mgk_table *tables[MGK_ISA_COUNT];
    if (!tables[MGK_SCALAR])
        for (int isa = 0; isa < MGK_ISA_COUNT; isa++) tables[isa] = mgr_kernels_of((mgk_isa)isa);
    char message[256];
    oracle_expect(c);
    for (int isa = 0; isa < MGK_ISA_COUNT; isa++) {
        if (!tables[isa]) continue;
        mgr_kernels_override(tables[isa]);
        for (int threads = 1; threads <= (c->total > 10000 ? 3 : 1); threads++) {
            mgr_set_num_threads(threads);
            mg_status status = oracle_run(c);
            bool good = status == MG_OK && oracle_check(c, message);
            if (!good) oracle_print(c);
            CHECK_MSG(good, "seed %llu, %s, %d threads: %s", (unsigned long long)c->seed, tables[isa]->name, threads,
                      status == MG_OK ? message : mg_status_name(status));
        }
    }
    mgr_kernels_override(NULL);
    mgr_set_num_threads(0);
}

void oracle_print(const oracle_case *c) {
    fprintf(stderr, "  seed %llu, dims", (unsigned long long)c->seed);
    for (int i = 0; i < c->ndim; i++) fprintf(stderr, " %lld%s", (long long)c->dims[i], c->reduced >> i & 1 ? "r" : "");
    fprintf(stderr, "\n");
    for (int i = 0; i < c->spec.n_inputs; i++) {
        fprintf(stderr, "  %d: %s%s strides", i, mg_dtype_name(c->in[i].dtype),
                c->spec.inputs[i].scalar ? " scalar" : "");
        for (int k = 0; k < c->ndim; k++) fprintf(stderr, " %lld", (long long)c->in[i].strides[k]);
        fprintf(stderr, "\n");
    }
    int next = c->spec.n_inputs;
    for (int i = 0; i < c->spec.n_instr; i++) {
        const mgr_tile_instr *in = &c->spec.instr[i];
        fprintf(stderr, "  %d: %s row %s round %d of", next,
                in->op == MGR_OP_CONVERT ? "convert" : mgk_ops[in->op].name, mg_dtype_name(in->row), in->round);
        for (int j = 0; j < in->n_in; j++) fprintf(stderr, " %d", in->in[j]);
        fprintf(stderr, "\n");
        next += in->n_out;
    }
    for (int o = 0; o < c->spec.n_outputs; o++) {
        const mgr_tile_output *out = &c->spec.outputs[o];
        fprintf(stderr, "  output %d: value %d as %s%s%s alias %d strides", o, out->value, mg_dtype_name(out->dtype),
                out->reduce ? " by " : "", out->reduce ? mgk_ops[out->reduce].name : "", c->alias[o]);
        for (int k = 0; k < c->ndim; k++)
            fprintf(stderr, " %lld", (long long)(c->alias[o] < 0 ? c->out[o].strides[k] : 0));
        fprintf(stderr, "\n");
    }
}
