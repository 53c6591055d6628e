/* SPDX-License-Identifier: MIT
 * Running a planned program: one worker's pointers, one tile after another, and the loop over tiles of programs
 * without reductions. Allocates nothing and cannot fail. */
#include <string.h>

#include "runtime/fpenv.h"
#include "runtime/parallel.h"
#include "runtime/tile_impl.h"

/* ---- A worker ---- */

static const void *scalar_of(const tile_worker *w, int i) {
    const mgr_tile_program *p = w->run->head.program;
    uint8_t dtype = p->inputs[i].dtype;
    const void *data = w->run->operands[i].data;
    if (dtype != MG_F16 && dtype != MG_BF16) return data;
    char *one = w->scratch + w->run->ones + 8 * i;
    p->table->converts->to[dtype][MG_F32](1, one, data);
    return one;
}

static void fill_tile(const mgk_moves *moves, int width, size_t n, void *tile, const void *value) {
    moves->fill[width](n, tile, value);
}

static void set_input(const tile_worker *w, int i) {
    const mgr_tile_run *run = w->run;
    const mgr_tile_program *p = run->head.program;
    const tile_operand *o = &run->operands[i];
    char *tile = w->scratch + o->tile;
    const mgk_moves *moves = p->table->moves;
    switch (o->access) {
    case ACCESS_ONE: {
        const void *one = scalar_of(w, i);
        w->ptr[i] = (char *)(uintptr_t)one;
        if (p->fill_slot[i] == TILE_NONE) return;
        w->ptr[p->fill_slot[i]] = tile;
        fill_tile(moves, tile_width(p->slots[i].size), (size_t)run->length, tile, one);
        return;
    }
    case ACCESS_CONST:
        fill_tile(moves, o->width, (size_t)run->length, tile, o->data);
        break;
    case ACCESS_PERIODIC:
        for (int64_t at = 0, n = run->length + o->period; at < n;) { /* wraps around the space's end */
            int64_t piece = n - at < o->period ? n - at : o->period;
            mgr_tile_pack(moves, &run->space, o->strides, o->data, o->width, 0, piece, tile + (at << o->width));
            at += piece;
        }
        break;
    default:
        break;
    }
    w->ptr[p->input_slot[i]] = tile;
}

tile_worker mgr_tile_worker(const mgr_tile_run *run, int worker) {
    const mgr_tile_program *p = run->head.program;
    tile_worker w = {.run = run, .scratch = run->scratch + run->scratch_bytes * (size_t)worker};
    w.ptr = (char **)w.scratch;
    for (int s = p->n_inputs; s < p->n_slots; s++)
        w.ptr[s] = w.scratch + run->temps + run->temp_bytes * p->slots[s].index;
    for (int i = 0; i < p->n_inputs; i++) {
        if (p->slots[i].kind == SLOT_TEMP) w.ptr[i] = w.scratch + run->temps + run->temp_bytes * p->slots[i].index;
        set_input(&w, i);
    }
    return w;
}

void mgr_tile_worker_end(const tile_worker *w) {
    if (w->streamed) w->run->head.program->table->moves->streamed();
}

/* ---- A tile ---- */

static char *row_address(const mgr_tile_run *run, const tile_operand *o, const int64_t *index) {
    char *at = o->data;
    for (int i = 0; i < run->space.ndim; i++) at += index[i] * o->strides[i];
    return at;
}

static char *array_address(const mgr_tile_run *run, const tile_operand *o, int64_t start, const int64_t *index) {
    return o->access == ACCESS_ROW ? row_address(run, o, index) : o->data + (start << o->width);
}

static tile_patch patch_of(const tile_worker *w, const tile_operand *o) {
    const mgr_tile_run *run = w->run;
    return (tile_patch){.rows = w->box.rows,
                        .cols = w->box.cols,
                        .row_stride = (ptrdiff_t)o->strides[run->box_axis],
                        .col_stride = (ptrdiff_t)o->strides[run->space.ndim - 1]};
}

static void locate_inputs(const tile_worker *w, int64_t start, size_t n, const int64_t *index) {
    const mgr_tile_run *run = w->run;
    const mgr_tile_program *p = run->head.program;
    for (int i = 0; i < p->n_inputs; i++) {
        const tile_operand *o = &run->operands[i];
        char *tile = w->scratch + o->tile;
        switch (o->access) {
        case ACCESS_FLAT:
        case ACCESS_ROW: {
            char *at = array_address(run, o, start, index);
            w->ptr[o->slot] = o->staged ? memcpy(tile, at, n << o->width) : at;
            break;
        }
        case ACCESS_PERIODIC:
            w->ptr[o->slot] = tile + ((start % o->period) << o->width);
            break;
        case ACCESS_PACK:
            if (run->box_rows) {
                tile_patch b = patch_of(w, o);
                mgr_tile_pack_block(p->table->moves, &b, o->width, tile, row_address(run, o, w->box.index));
            } else {
                mgr_tile_pack(p->table->moves, &run->space, o->strides, o->data, o->width, start, (int64_t)n, tile);
            }
            break;
        default:
            break;
        }
    }
}

static void store(tile_worker *w, int output, int64_t start, size_t n, const int64_t *index) {
    const mgr_tile_run *run = w->run;
    const mgr_tile_program *p = run->head.program;
    const tile_out *out = &p->outputs[output];
    const tile_operand *o = &run->operands[p->n_inputs + output];
    if (o->direct) return;
    const char *from = w->ptr[out->slot];
    bool in_place = o->access == ACCESS_FLAT || o->access == ACCESS_ROW;
    char *to = in_place ? array_address(run, o, start, index) : NULL;
    if (out->narrow) {
        char *half = in_place && !o->streamed ? to : w->scratch + run->half;
        out->narrow(n, half, from);
        from = half;
    }
    if (!in_place && run->box_rows) {
        tile_patch b = patch_of(w, o);
        mgr_tile_unpack_block(p->table->moves, &b, o->width, row_address(run, o, w->box.index), from);
    } else if (!in_place)
        mgr_tile_unpack(p->table->moves, &run->space, o->strides, o->data, o->width, start, (int64_t)n, from);
    else if (o->streamed) {
        p->table->moves->stream(n << o->width, to, from);
        w->streamed = true;
    } else if (to != from)
        memcpy(to, from, n << o->width);
}

void mgr_tile_eval(tile_worker *w, int64_t start, size_t n) {
    const mgr_tile_run *run = w->run;
    const mgr_tile_program *p = run->head.program;
    int64_t index[MG_MAX_NDIM];
    if (run->indexed) mgr_tile_index(&run->space, start, index);
    locate_inputs(w, start, n, index);
    for (int o = 0; o < p->n_outputs; o++) {
        const tile_operand *target = &run->operands[p->n_inputs + o];
        if (target->direct) w->ptr[target->slot] = array_address(run, target, start, index);
    }
    const uint16_t *stores = p->store_order;
    for (int i = 0; i < p->n_before; i++) store(w, *stores++, start, n, index);
    for (int s = 0; s < p->n_steps; s++) {
        tile_step_run(&p->steps[s], n, w->ptr, run->params);
        for (int i = 0; i < p->steps[s].n_stores; i++) store(w, *stores++, start, n, index);
    }
}

/* ---- A run without reductions ---- */

/* The box that tile t is: boxes along the innermost axis first, then along the box axis, then the other axes. */
static void set_box(tile_worker *w, int64_t t) {
    const mgr_tile_run *run = w->run;
    const int64_t *dims = run->space.dims;
    tile_box *b = &w->box;
    int last = run->space.ndim - 1, axis = run->box_axis;
    int64_t per_row = (dims[last] + run->box_cols - 1) / run->box_cols;
    int64_t per_axis = (dims[axis] + run->box_rows - 1) / run->box_rows;
    b->index[last] = t % per_row * run->box_cols;
    t /= per_row;
    b->index[axis] = t % per_axis * run->box_rows;
    t /= per_axis;
    for (int i = last - 1; i >= 0; i--) {
        if (i == axis) continue;
        b->index[i] = t % dims[i];
        t /= dims[i];
    }
    b->cols = dims[last] - b->index[last] < run->box_cols ? dims[last] - b->index[last] : run->box_cols;
    b->rows = dims[axis] - b->index[axis] < run->box_rows ? dims[axis] - b->index[axis] : run->box_rows;
}

tile_streaming mgr_tile_streaming(const mgr_tile_program *p, const tile_operand *operands) {
    const tile_step *step = &p->steps[0];
    const tile_out *out = &p->outputs[0];
    const tile_operand *target = &operands[p->n_inputs];
    if (p->n_steps != 1 || p->n_outputs != 1 || !target->streamed || target->access != ACCESS_FLAT) return STREAM_TILES;
    if (step->n_in == 0 || step->n_out != 1 || out->slot != step->out[0] || out->narrow) return STREAM_TILES;
    for (int i = 0; i < p->n_inputs; i++) {
        const tile_operand *o = &operands[i];
        if (o->staged || (o->access != ACCESS_FLAT && o->access != ACCESS_ONE && o->access != ACCESS_CONST))
            return STREAM_TILES;
    }
    bool whole = ((uintptr_t)target->data & (((uintptr_t)1 << target->width) - 1)) == 0; /* lines hold whole elements */
    return step->past && whole ? STREAM_DIRECT : STREAM_SHORT_TILES;
}

/* The only step's operands from element `start` on, and how far each moves on with an element. */
typedef struct stream_source {
    const char *in[MGK_MAX_IN];
    size_t size[MGK_MAX_IN];
    bool tiled; /* some operand is a tile that does not move */
} stream_source;

static stream_source source_at(const tile_worker *w, int64_t start) {
    const mgr_tile_run *run = w->run;
    const mgr_tile_program *p = run->head.program;
    const tile_step *step = &p->steps[0];
    stream_source s = {.tiled = false};
    for (int j = 0; j < step->n_in; j++) {
        const tile_slot *slot = &p->slots[step->in[j]];
        const tile_operand *o = slot->kind == SLOT_INPUT ? &run->operands[slot->index] : NULL;
        bool flat = o && o->access == ACCESS_FLAT;
        s.in[j] = flat ? o->data + (start << o->width) : w->ptr[step->in[j]];
        s.size[j] = flat ? (size_t)1 << o->width : 0;
        s.tiled |= !flat && slot->kind != SLOT_ONE;
    }
    return s;
}

static void move_on(stream_source *s, const tile_step *step, size_t n) {
    for (int j = 0; j < step->n_in; j++) s->in[j] += n * s->size[j];
}

/* Nothing but kernel, store, and pointers that move on. */
static void stream_tiles(tile_worker *w, int64_t start, int64_t stop) {
    const mgr_tile_run *run = w->run;
    const mgr_tile_program *p = run->head.program;
    const tile_step *step = &p->steps[0];
    const tile_operand *target = &run->operands[p->n_inputs];
    stream_source s = source_at(w, start);
    void *const tile = w->ptr[step->out[0]];
    char *to = target->data + (start << target->width);
    for (; start < stop; start += run->length, to += run->length << target->width) {
        size_t n = (size_t)(stop - start < run->length ? stop - start : run->length);
        step->fn.map(n, &tile, (const void *const *)s.in, run->params + step->params);
        p->table->moves->stream(n << target->width, to, tile);
        move_on(&s, step, n);
    }
}

/* The kernel that stores past the caches on all whole lines, the ordinary one before and after. */
static void stream_direct(tile_worker *w, int64_t start, int64_t stop) {
    const mgr_tile_run *run = w->run;
    const mgr_tile_program *p = run->head.program;
    const tile_step *step = &p->steps[0];
    const tile_operand *target = &run->operands[p->n_inputs];
    const double *params = run->params + step->params;
    stream_source s = source_at(w, start);
    const int64_t line = 64 >> target->width, most = s.tiled ? run->length : stop - start;
    char *to = target->data + (start << target->width);
    while (start < stop) {
        int64_t n = stop - start < most ? stop - start : most;
        int64_t head = (int64_t)((-(uintptr_t)to & 63) >> target->width);
        bool past = head == 0 && n >= line;
        n = past ? n - n % line : head > 0 && head < n ? head : n;
        void *const out = to;
        (past ? step->past : step->fn.map)((size_t)n, &out, (const void *const *)s.in, params);
        start += n;
        to += n << target->width;
        move_on(&s, step, (size_t)n);
    }
}

static void eval_tiles(tile_worker *w, int64_t begin, int64_t end) {
    const mgr_tile_run *run = w->run;
    tile_streaming streaming = mgr_tile_streaming(run->head.program, run->operands);
    if (streaming != STREAM_TILES) {
        int64_t start = begin * run->length, stop = end * run->length < run->total ? end * run->length : run->total;
        (streaming == STREAM_DIRECT ? stream_direct : stream_tiles)(w, start, stop);
        w->streamed = true;
        return;
    }
    if (run->merge) {
        int64_t first = begin * run->length, last = end * run->length;
        mgr_tile_eval(w, first, (size_t)((last < run->total ? last : run->total) - first));
        return;
    }
    if (run->box_rows) {
        for (int64_t t = begin; t < end; t++) {
            set_box(w, t);
            mgr_tile_eval(w, 0, (size_t)(w->box.rows * w->box.cols));
        }
        return;
    }
    if (!run->row) {
        for (int64_t t = begin; t < end; t++) {
            int64_t start = t * run->length, left = run->total - start;
            mgr_tile_eval(w, start, (size_t)(left < run->length ? left : run->length));
        }
        return;
    }
    int64_t pieces = (run->row + run->length - 1) / run->length;
    for (int64_t t = begin; t < end; t++) {
        int64_t row = t / pieces, at = (t - row * pieces) * run->length, left = run->row - at;
        mgr_tile_eval(w, row * run->row + at, (size_t)(left < run->length ? left : run->length));
    }
}

static void run_tiles(int64_t begin, int64_t end, int worker, void *context) {
    if (begin == end) return;
    tile_worker w = mgr_tile_worker(context, worker);
    eval_tiles(&w, begin, end);
    mgr_tile_worker_end(&w);
}

void mgr_tile_discard(mgr_tile_run *run) {
    if (!run) return;
    mgr_tile_program_release(run->head.program);
    if (run->head.buffer)
        mgr_buffer_release(run->head.buffer);
    else
        mgr_block_free(run, run->head.bytes);
}

void mgr_tile_execute(mgr_tile_run *run) {
    mgr_fpenv env = mgr_fpenv_enter();
    if (run->head.small) {
        mgr_tile_small_execute(run);
        mgr_fpenv_leave(env);
        mgr_tile_count_run(1);
        mgr_tile_discard(run);
        return;
    }
    if (run->reduction)
        mgr_tile_reduce_execute(run);
    else if (run->items <= 1 || run->workers == 1 || mgr_num_threads() > run->workers)
        run_tiles(0, run->items, 0, run);
    else
        mgr_parallel_for(run->items, run->grain, run_tiles, run);
    mgr_fpenv_leave(env);
    mgr_tile_count_run((uint64_t)run->items);
    mgr_tile_discard(run);
}
