/* SPDX-License-Identifier: MIT
 * Program and arrays to a run: how each operand is reached, tile length, threads, streaming, and the memory for all of
 * it, so that nothing can fail afterwards. Runs nothing; how reductions are cut is tile_reduce_plan.c's. */
#include <string.h>

#include "runtime/check.h"
#include "runtime/parallel.h"
#include "runtime/shape.h"
#include "runtime/sizes.h"
#include "runtime/tile_plan.h"

#define BYTES_PER_NS 24.0

/* ---- How operands are reached ---- */

static tile_access access_of(int ndim, const int64_t *dims, const int64_t *strides, int64_t size) {
    bool flat = true, zero = true;
    int64_t expected = size;
    for (int i = ndim - 1; i >= 0; i--) {
        if (dims[i] == 1) continue;
        flat &= strides[i] == expected;
        zero &= strides[i] == 0;
        expected *= dims[i];
    }
    return flat ? ACCESS_FLAT : zero ? ACCESS_CONST : ACCESS_PACK;
}

static bool takes_part(const mgr_tile_program *p, int i) {
    if (i < p->n_inputs) return !p->inputs[i].scalar;
    return !p->outputs[i - p->n_inputs].reduce;
}

static void describe_operand(draft *d, int i) {
    const mgr_tile_program *p = d->program;
    bool input = i < p->n_inputs;
    const tile_out *out = input ? NULL : &p->outputs[i - p->n_inputs];
    size_t size = mg_dtype_size(input ? p->inputs[i].dtype : out->dtype);
    d->operands[i] = (tile_operand){.data = input ? d->args->inputs[i].data : d->args->outputs[i - p->n_inputs].data,
                                    .slot = TILE_NONE,
                                    .access = ACCESS_ONE,
                                    .width = (uint8_t)tile_width(size)};
}

static void describe_all(draft *d) {
    for (int i = 0; i < d->program->n_inputs + d->program->n_outputs; i++) describe_operand(d, i);
}

/* Everything contiguous or one element, in the order given: no axes to think about. */
static bool plan_flat(draft *d) {
    const mgr_tile_args *a = d->args;
    const mgr_tile_program *p = d->program;
    for (int i = 0; i < p->n_inputs + p->n_outputs; i++) {
        describe_operand(d, i);
        if (!takes_part(p, i)) continue;
        const int64_t *strides = i < p->n_inputs ? a->inputs[i].strides : a->outputs[i - p->n_inputs].strides;
        tile_operand *o = &d->operands[i];
        o->access = (uint8_t)access_of(a->ndim, a->dims, strides, (int64_t)1 << o->width);
        if (o->access == ACCESS_PACK) return false;
    }
    return true;
}

int mgr_tile_order_axes(const draft *d, int *order) {
    const mgr_tile_args *a = d->args;
    const mgr_tile_program *p = d->program;
    const int64_t *strides[TILE_MAX_OPERANDS];
    int n = 0;
    for (int i = 0; i < p->n_outputs; i++)
        if (!p->outputs[i].reduce) strides[n++] = a->outputs[i].strides;
    for (int i = 0; i < p->n_inputs; i++)
        if (!p->inputs[i].scalar) strides[n++] = a->inputs[i].strides;
    return mgr_tile_sort_axes(a->ndim, a->dims, n, strides, order);
}

/* The space in iteration order, neighbouring axes joined where all operands allow it. */
static void coalesce(draft *d, int n_axes, const int *order) {
    const mgr_tile_program *p = d->program;
    int active[TILE_MAX_OPERANDS], n = 0;
    for (int i = 0; i < n_axes; i++) d->dims[i] = d->args->dims[order[i]];
    for (int i = 0; i < p->n_inputs + p->n_outputs; i++) {
        describe_operand(d, i);
        if (!takes_part(p, i)) continue;
        const int64_t *from = i < p->n_inputs ? d->args->inputs[i].strides : d->args->outputs[i - p->n_inputs].strides;
        for (int k = 0; k < n_axes; k++) d->strides[n][k] = from[order[k]];
        active[n++] = i;
    }
    uint64_t barrier = 0;
    d->run.space.ndim = n_axes ? mgr_coalesce(n_axes, d->dims, n, d->strides, &barrier) : 0;
    for (int j = 0; j < n; j++) d->operands[active[j]].strides = d->strides[j];
}

/* The number of elements after which an operand repeats: the axes inside its outer zero strides. 0: it does not. */
static int64_t period_of(const draft *d, const int64_t *strides) {
    const tile_space *s = &d->run.space;
    int axis = 0;
    while (axis < s->ndim && strides[axis] == 0) axis++;
    if (axis == 0) return 0;
    int64_t period = 1;
    for (; axis < s->ndim; axis++) period *= d->dims[axis];
    return period;
}

/* First look: contiguous, constant, or something else. Returns how many are something else. */
static int classify(draft *d) {
    const mgr_tile_program *p = d->program;
    int n = 0;
    for (int i = 0; i < p->n_inputs + p->n_outputs; i++) {
        if (!takes_part(p, i)) continue;
        tile_operand *o = &d->operands[i];
        o->access = (uint8_t)access_of(d->run.space.ndim, d->dims, o->strides, (int64_t)1 << o->width);
        n += o->access == ACCESS_PACK;
    }
    return n;
}

/* Second look, when the wanted tile length is known: rows, periods, or packing. */
static void refine(draft *d, bool may_row) {
    const mgr_tile_program *p = d->program;
    mgr_tile_run *run = &d->run;
    int64_t inner = run->space.ndim ? d->dims[run->space.ndim - 1] : 1;
    bool packed = false;
    for (int i = 0; i < p->n_inputs + p->n_outputs; i++) {
        tile_operand *o = &d->operands[i];
        if (o->access != ACCESS_PACK) continue;
        int64_t period = i < p->n_inputs ? period_of(d, o->strides) : 0;
        packed |= period == 0 || period > run->length;
    }
    bool rows =
        may_row && packed && inner >= (run->length / 2 > MGR_TILE_ROWS_MEDIUM ? MGR_TILE_ROWS_MEDIUM : run->length / 2);
    rows |= may_row && inner >= MGR_TILE_ROWS_LONG && inner * 2 > run->length;
    int64_t unit = rows || !packed || inner > run->length / 2 ? 1 : inner; /* whole rows per tile make simple blocks */
    run->row = rows ? inner : 0;
    for (int i = 0; i < p->n_inputs + p->n_outputs; i++) {
        tile_operand *o = &d->operands[i];
        if (o->access != ACCESS_PACK) continue;
        int64_t size = (int64_t)1 << o->width, stride = o->strides[run->space.ndim - 1];
        int64_t period = i < p->n_inputs ? period_of(d, o->strides) : 0;
        if (rows && stride == size) {
            o->access = ACCESS_ROW;
            run->indexed = true;
        } else if (!rows && period > 0 && period <= run->length) {
            o->access = ACCESS_PERIODIC;
            o->period = period;
            if (period > unit) unit = period;
        }
    }
    if (rows) { /* equal pieces of a row */
        int64_t pieces = (inner + run->length - 1) / run->length;
        int64_t piece = (int64_t)tile_round_up((size_t)((inner + pieces - 1) / pieces), 64);
        if (piece < run->length) run->length = piece;
    } else if (unit > 1 && run->length > unit) {
        int64_t aligned = unit;
        while (aligned % 64) aligned *= 2; /* the least common multiple with 64 */
        if (aligned <= run->length) unit = aligned;
        run->length -= run->length % unit;
    }
}

/* ---- Who writes where ---- */

/* An input that an output overwrites before its last use is copied into a tile first. */
static void stage_overwritten(draft *d) {
    const mgr_tile_program *p = d->program;
    for (int o = 0; o < p->n_outputs; o++) {
        const tile_out *out = &p->outputs[o];
        if (out->reduce) continue;
        const tile_operand *target = &d->operands[p->n_inputs + o];
        int at = target->direct ? out->defined : out->at;
        for (int i = 0; i < p->n_inputs; i++) {
            tile_operand *in = &d->operands[i];
            if (in->data != target->data || in->access == ACCESS_ONE) continue;
            const tile_slot *slot = &p->slots[p->input_slot[i]];
            bool late = slot->last > at || (out->defined < 0 && slot->last >= at && out->slot != p->input_slot[i]);
            if (late && (in->access == ACCESS_FLAT || in->access == ACCESS_ROW)) in->staged = true;
        }
    }
}

static bool overwrites_input(const draft *d, const tile_operand *target) {
    for (int i = 0; i < d->program->n_inputs; i++)
        if (d->operands[i].data == target->data) return true;
    return false;
}

static void plan_outputs(draft *d) {
    const mgr_tile_program *p = d->program;
    size_t written = 0;
    for (int o = 0; o < p->n_outputs; o++)
        if (!p->outputs[o].reduce) written += (size_t)d->run.total << d->operands[p->n_inputs + o].width;
    bool large = written > MGR_TILE_STREAM_BYTES && written > mgr_cpu_caches()->llc;
    d->streams = false;
    for (int o = 0; o < p->n_outputs; o++) {
        tile_operand *target = &d->operands[p->n_inputs + o];
        target->streamed = target->direct = false;
        if (p->outputs[o].reduce || (target->access != ACCESS_FLAT && target->access != ACCESS_ROW)) continue;
        target->streamed = large && !overwrites_input(d, target);
        target->direct = p->outputs[o].direct && !target->streamed;
        d->streams |= target->streamed;
    }
    if (p->n_stored) stage_overwritten(d);
}

/* ---- Sizes ---- */

/* Temporaries whose values all go straight to arrays need no tile. */
static int count_temps(const draft *d) {
    const mgr_tile_program *p = d->program;
    if (p->n_temps == 0) return 0;
    bool used[TILE_MAX_SLOTS];
    memset(used, 0, p->n_temps);
    int n = 0;
    for (int s = 0; s < p->n_slots; s++) {
        if (p->slots[s].kind != SLOT_TEMP || p->slots[s].first < 0) continue;
        bool direct = false;
        for (int o = 0; o < p->n_outputs; o++) direct |= p->outputs[o].slot == s && d->operands[p->n_inputs + o].direct;
        if (direct || used[p->slots[s].index]) continue;
        used[p->slots[s].index] = true;
        n++;
    }
    return n;
}

static bool has_tile(const tile_operand *o, bool input) {
    return input &&
           (o->staged || o->access == ACCESS_PACK || o->access == ACCESS_CONST || o->access == ACCESS_PERIODIC);
}

/* Scratch bytes per element of the tile. */
static size_t live_bytes(draft *d) {
    const mgr_tile_program *p = d->program;
    d->used_temps = count_temps(d);
    size_t bytes = (size_t)d->used_temps * p->max_size;
    for (int i = 0; i < p->n_inputs; i++) {
        if (has_tile(&d->operands[i], true)) bytes += (size_t)1 << d->operands[i].width;
        if (p->fill_slot[i] != TILE_NONE) bytes += p->slots[p->fill_slot[i]].size;
    }
    return bytes + (p->any_half ? 2 : 0);
}

/* Bytes per element of the arrays that are read and written where they are. */
static size_t flat_bytes(const draft *d) {
    size_t bytes = 0;
    for (int i = 0; i < d->program->n_inputs + d->program->n_outputs; i++)
        if (d->operands[i].access == ACCESS_FLAT) bytes += (size_t)1 << d->operands[i].width;
    return bytes;
}

/* Bytes per element that are written where they are. */
static size_t written_bytes(const draft *d) {
    const mgr_tile_program *p = d->program;
    size_t bytes = 0;
    for (int o = 0; o < p->n_outputs; o++)
        if (d->operands[p->n_inputs + o].streamed) bytes += (size_t)1 << d->operands[p->n_inputs + o].width;
    return bytes;
}

static size_t one_step_bytes(const draft *d) {
    tile_streaming how = mgr_tile_streaming(d->program, d->operands);
    return how == STREAM_DIRECT        ? MGR_TILE_STREAM_DIRECT
           : how == STREAM_SHORT_TILES ? MGR_TILE_STREAM_FLAT
                                       : MGR_TILE_STREAM_ONE;
}

/* So long that tiles and the arrays' parts fit in L1. Where the arrays come from memory, so short that memory is busy
 * all the time: while the steps after the first compute from L1, only what was prefetched is under way. One step alone
 * takes turns with its stores: the shorter, the more of the memory's work is in sight of the processor at once. */
static int64_t wanted_length(draft *d) {
    size_t live = live_bytes(d), flat = flat_bytes(d), length = MGR_TILE_MOST, least = MGR_TILE_LEAST;
    if (d->streams && live == 0) live = 4;
    if (live) length = mgr_cpu_caches()->l1 / 4 * 3 / (live + flat) / 64 * 64;
    if (d->streams && d->program->n_steps == 1)
        length = least = (one_step_bytes(d) / written_bytes(d) + 63) / 64 * 64;
    else if (d->streams && flat && length > MGR_TILE_STREAM_PART / flat)
        length = MGR_TILE_STREAM_PART / flat / 64 * 64;
    length = length < least ? least : length > MGR_TILE_MOST ? MGR_TILE_MOST : length;
    return (int64_t)length < d->run.total ? (int64_t)length : d->run.total;
}

static void plan_threads(draft *d) {
    const mgr_tile_program *p = d->program;
    mgr_tile_run *run = &d->run;
    run->workers = 1;
    run->grain = run->items;
    if (run->items < 2) return;
    double bytes = 0;
    for (int i = 0; i < p->n_inputs + p->n_outputs; i++)
        if (d->operands[i].access != ACCESS_ONE && d->operands[i].access != ACCESS_CONST)
            bytes += (double)(1u << d->operands[i].width);
    double ns = ((double)p->cost + bytes / BYTES_PER_NS) * (double)run->total;
    if (ns < 2 * MGR_TILE_THREAD_NS) return;
    run->grain = (int64_t)(MGR_TILE_THREAD_NS / (ns / (double)run->items)) + 1;
    if (run->items > run->grain) run->workers = mgr_num_threads();
}

/* ---- Memory ---- */

/* Lay everything out from `base`; with base NULL only the size is of interest. */
static size_t lay_out(draft *d, char *base) {
    const mgr_tile_program *p = d->program;
    mgr_tile_run *run = &d->run;
    size_t at = 0;
    at += tile_round_up(sizeof *run, 8);
    int n = p->n_inputs + p->n_outputs, ndim = run->space.ndim;
    run->operands = tile_place(base, at);
    at += sizeof(tile_operand) * (size_t)n;
    run->space.dims = tile_place(base, at);
    at += sizeof(int64_t) * (size_t)ndim;
    if (base) memcpy(run->space.dims, d->dims, sizeof(int64_t) * (size_t)ndim);
    for (int i = 0; i < n; i++) {
        if (ndim == 0 || !takes_part(p, i)) continue;
        if (base) {
            const int64_t *from = d->operands[i].strides;
            d->operands[i].strides = tile_place(base, at);
            memcpy(base + at, from, sizeof(int64_t) * (size_t)ndim);
        }
        at += sizeof(int64_t) * (size_t)ndim;
    }
    if (run->reduction) at = mgr_tile_reduce_lay_out(d, base, at);
    at = tile_round_up(at, 64);
    run->scratch = tile_place(base, at);
    return at + run->scratch_bytes * (size_t)run->workers;
}

/* Offsets inside one worker's scratch. */
static void lay_out_scratch(draft *d) {
    const mgr_tile_program *p = d->program;
    mgr_tile_run *run = &d->run;
    size_t length = (size_t)run->length, at = tile_round_up(sizeof(char *) * p->n_slots, 64);
    run->ones = at;
    bool halves = false;
    for (int i = 0; i < p->n_inputs; i++)
        halves |= p->inputs[i].scalar && (p->inputs[i].dtype == MG_F16 || p->inputs[i].dtype == MG_BF16);
    if (halves) at += tile_round_up(8u * p->n_inputs, 64);
    for (int i = 0; i < p->n_inputs; i++) {
        tile_operand *o = &d->operands[i];
        size_t size = has_tile(o, true) ? (size_t)1 << o->width : 0;
        if (p->fill_slot[i] != TILE_NONE) size = p->slots[p->fill_slot[i]].size;
        if (size == 0) continue;
        o->tile = at;
        at += tile_round_up((length + (size_t)o->period) * size, 64) + 64; /* 64: keep tiles off each other's sets */
    }
    run->half = at;
    if (p->any_half) at += tile_round_up(length * 2, 64) + 64;
    run->temps = at;
    run->temp_bytes = tile_round_up(length * p->max_size, 64) + 64;
    if (d->used_temps) at += run->temp_bytes * p->n_temps;
    if (run->reduction) at = mgr_tile_reduce_scratch(d, at);
    run->scratch_bytes = at;
}

static mgr_tile_run *acquire(draft *d) {
    mgr_tile_run *run = &d->run;
    lay_out_scratch(d);
    size_t bytes = lay_out(d, NULL);
    mgr_buffer *buffer = NULL;
    char *base;
    if (bytes <= 1024) {
        base = mgr_block_new(bytes);
        if (!base) return NULL;
    } else {
        buffer = mgr_buffer_new(bytes);
        if (!buffer) return NULL;
        base = buffer->data;
    }
    lay_out(d, base);
    run->head.buffer = buffer;
    run->head.bytes = bytes;
    const mgr_tile_program *p = d->program;
    memcpy(run->operands, d->operands, sizeof(tile_operand) * (size_t)(p->n_inputs + p->n_outputs));
    mgr_tile_program_retain(run->head.program);
    mgr_tile_run *planned = memcpy(base, run, sizeof *run);
    MGR_CHECK(mgr_tile_check_run(planned));
    return planned;
}

/* Which slot's pointer moves with the tile. */
static void set_slots(draft *d) {
    const mgr_tile_program *p = d->program;
    for (int i = 0; i < p->n_inputs; i++)
        if (d->operands[i].access != ACCESS_ONE) d->operands[i].slot = p->input_slot[i];
    for (int o = 0; o < p->n_outputs; o++)
        if (d->operands[p->n_inputs + o].direct) d->operands[p->n_inputs + o].slot = p->outputs[o].slot;
}

/* An operand that is fast along another axis than the innermost: tiles become boxes over both axes, so that neither
 * side walks memory line by line. */
static bool plan_box(draft *d) {
    const mgr_tile_program *p = d->program;
    mgr_tile_run *run = &d->run;
    int last = run->space.ndim - 1, axis = -1;
    for (int i = 0; i < p->n_inputs + p->n_outputs && axis < 0; i++) {
        const tile_operand *o = &d->operands[i];
        if (o->access != ACCESS_PACK || o->strides[last] == 0 || o->strides[last] == (int64_t)1 << o->width) continue;
        for (int k = 0; k < last; k++)
            if (o->strides[k] == (int64_t)1 << o->width && d->dims[k] >= MGR_TILE_BOX_SIDE) axis = k;
    }
    if (axis < 0 || d->dims[last] < MGR_TILE_BOX_SIDE || run->length < MGR_TILE_BOX_SIDE * MGR_TILE_BOX_SIDE)
        return false;
    run->box_axis = axis;
    run->box_cols =
        run->length >= 2 * MGR_TILE_BOX_SIDE * MGR_TILE_BOX_SIDE ? 2 * MGR_TILE_BOX_SIDE : MGR_TILE_BOX_SIDE;
    run->box_rows = run->length / run->box_cols;
    if (run->box_rows > 2 * MGR_TILE_BOX_SIDE) run->box_rows = 2 * MGR_TILE_BOX_SIDE;
    run->length = run->box_rows * run->box_cols;
    for (int i = 0; i < p->n_inputs + p->n_outputs; i++)
        if (d->operands[i].access == ACCESS_FLAT) d->operands[i].access = ACCESS_PACK;
    int64_t rows = (d->dims[axis] + run->box_rows - 1) / run->box_rows;
    int64_t cols = (d->dims[last] + run->box_cols - 1) / run->box_cols;
    run->items = run->total / (d->dims[axis] * d->dims[last]) * rows * cols;
    return true;
}

static void plan_map(draft *d) {
    mgr_tile_run *run = &d->run;
    if (run->total == 0) {
        describe_all(d);
        return;
    }
    if (!plan_flat(d)) {
        int order[MG_MAX_NDIM];
        coalesce(d, mgr_tile_order_axes(d, order), order);
        int irregular = classify(d);
        run->length = MGR_TILE_MOST < run->total ? MGR_TILE_MOST : run->total;
        plan_outputs(d);
        run->length = wanted_length(d);
        if (irregular && plan_box(d)) {
            plan_outputs(d);
            live_bytes(d);
            return;
        }
        if (irregular) {
            refine(d, true);
            plan_outputs(d);
            live_bytes(d);
        }
    } else {
        plan_outputs(d);
        run->length = wanted_length(d);
        run->merge = d->used_temps == 0 && live_bytes(d) == 0 && !d->streams;
    }
    if (run->row) {
        int64_t pieces = (run->row + run->length - 1) / run->length;
        run->items = run->total / run->row * pieces;
    } else {
        run->items = (run->total + run->length - 1) / run->length;
    }
}

static void plan_reduction(draft *d) {
    mgr_tile_run *run = &d->run;
    int order[MG_MAX_NDIM];
    int n = mgr_tile_reduce_axes(d, order);
    run->reduction = &d->reduction;
    if (run->total == 0) {
        describe_all(d);
        run->length = d->reduction.p * d->reduction.q < 1024 ? d->reduction.p * d->reduction.q : 1024;
        return;
    }
    coalesce(d, n, order);
    int irregular = classify(d);
    plan_outputs(d);
    run->length = wanted_length(d);
    run->length = mgr_tile_reduce_plan(d->program, &d->reduction, run->length);
    if (irregular) {
        int64_t length = run->length;
        refine(d, d->reduction.groups == 0);
        if (d->reduction.groups) run->length = length; /* whole groups, whatever rows and periods like */
        plan_outputs(d);
    }
    live_bytes(d);
    run->items = d->reduction.n_units;
}

mgr_tile_run *mgr_tile_prepare(mgr_tile_program *program, const mgr_tile_args *args) {
    mgr_tile_run *small;
    if (program->small_length && mgr_tile_small_prepare(program, args, &small)) return small;
    mgr_buffer *scratch = mgr_buffer_new(sizeof(draft)); /* 50 KiB: too much for the stack of a thread of 64 */
    if (!scratch) return NULL;
    draft *d = scratch->data;
    d->program = program;
    d->args = args;
    d->used_temps = 0;
    d->streams = false;
    d->run = (mgr_tile_run){.head.program = program, .params = tile_params(args), .total = 1};
    for (int i = 0; i < args->ndim; i++) d->run.total *= args->dims[i];
    if (program->n_reduced)
        plan_reduction(d);
    else
        plan_map(d);
    set_slots(d);
    plan_threads(d);
    mgr_tile_run *run = acquire(d);
    mgr_buffer_release(scratch);
    return run;
}
