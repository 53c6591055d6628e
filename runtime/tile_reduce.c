/* SPDX-License-Identifier: MIT
 * Running reductions (rules C1): element k of a reduction goes to lane k mod L of block k div B; lanes fold by halving,
 * blocks meet in a binary-counter tree. Which thread does what, and where tiles end, changes none of it.
 *
 * A lane that no element reached holds the identity, and step(identity, x) has the bits of x; so lanes are started by
 * copying and untouched ones are left out of the fold. The evaluation of tiles is tile_run.c's. */
#include <string.h>

#include "runtime/parallel.h"
#include "runtime/read_runs.h"
#include "runtime/sizes.h"
#include "runtime/tile_impl.h"

/* ---- Identity, folding, finishing ---- */

/* The identity in the accumulator's dtype: +-inf stand for the extremes. */
static void identity_of(const tile_out *out, double value, void *element) {
    bool high = value > 1e300, low = value < -1e300;
    switch (out->row) {
#define INTEGER(DTYPE, type, min, max)                                                                                 \
    case DTYPE: {                                                                                                      \
        type v = high ? (type)max : low ? (type)min : (type)(int64_t)value;                                            \
        memcpy(element, &v, sizeof v);                                                                                 \
        break;                                                                                                         \
    }
        INTEGER(MG_BOOL, uint8_t, 0, 1)
        INTEGER(MG_I8, int8_t, INT8_MIN, INT8_MAX)
        INTEGER(MG_I16, int16_t, INT16_MIN, INT16_MAX)
        INTEGER(MG_I32, int32_t, INT32_MIN, INT32_MAX)
        INTEGER(MG_I64, int64_t, INT64_MIN, INT64_MAX)
        INTEGER(MG_U8, uint8_t, 0, UINT8_MAX)
        INTEGER(MG_U16, uint16_t, 0, UINT16_MAX)
        INTEGER(MG_U32, uint32_t, 0, UINT32_MAX)
        INTEGER(MG_U64, uint64_t, 0, UINT64_MAX)
#undef INTEGER
    case MG_F32: {
        float v = (float)value;
        memcpy(element, &v, sizeof v);
        break;
    }
    default:
        memcpy(element, &value, sizeof value);
        break;
    }
}

static void fill_identity(const tile_worker *w, const tile_out *out, double value, size_t n, void *to) {
    char element[8];
    identity_of(out, value, element);
    w->run->head.program->table->moves->fill[tile_width(mg_dtype_size(out->row))](n, to, element);
}

static void step_arrays(const tile_out *out, size_t n, void *to, const void *a, const void *b) {
    void *outs[1] = {to};
    const void *ins[2] = {a, b};
    out->step(n, outs, ins, NULL);
}

/* acc[width] = the `touched` first lanes of from[lanes][width], folded by halving. from may be acc. */
static void fold(const tile_out *out, char *acc, const char *from, int64_t touched, int64_t width) {
    size_t row = (size_t)width * mg_dtype_size(out->row);
    if (touched == 1 && acc != from) memcpy(acc, from, row);
    int64_t half = 1;
    while (half * 2 < touched) half *= 2;
    for (; touched > 1; half /= 2) {
        int64_t pairs = touched - half; /* 1..half */
        step_arrays(out, (size_t)(pairs * width), acc, from, from + (size_t)half * row);
        if (acc != from && pairs < half)
            memcpy(acc + (size_t)pairs * row, from + (size_t)pairs * row, (size_t)(half - pairs) * row);
        from = acc;
        touched = half;
    }
}

static void divide_by_count(const tile_out *out, int64_t count, size_t n, char *acc) {
    if (out->row == MG_F32) {
        float *x = (float *)(void *)acc, c = (float)count;
        for (size_t i = 0; i < n; i++) x[i] /= c;
    } else if (out->row == MG_F64) {
        double *x = (double *)(void *)acc, c = (double)count;
        for (size_t i = 0; i < n; i++) x[i] /= c;
    }
}

/* Results `start`.. of the kept space, from accumulators (which are overwritten) to the array. */
static void finish(const tile_worker *w, int output, char *acc, int64_t start, int64_t n) {
    const mgr_tile_run *run = w->run;
    const tile_reduction *red = run->reduction;
    const tile_out *out = &run->head.program->outputs[output];
    const tile_operand *o = &run->operands[run->head.program->n_inputs + output];
    if (out->finish == MGR_FINISH_MEAN) divide_by_count(out, red->r, (size_t)n, acc);
    size_t size = mg_dtype_size(out->row);
    for (int64_t at = 0; at < n; at += run->length) {
        int64_t m = n - at < run->length ? n - at : run->length;
        const char *from = acc + (size_t)at * size;
        if (out->narrow) {
            char *half = w->scratch + run->half;
            out->narrow((size_t)m, half, from);
            from = half;
        }
        mgr_tile_unpack(run->head.program->table->moves, &red->kept, red->kept_strides[output], o->data, o->width,
                        start + at, m, from);
    }
}

/* ---- Accumulating ---- */

/* Elements j.. of one block, laid out [rows][width], into state [lanes][width]: the first round is a copy. */
static void accumulate(const tile_out *out, char *state, const char *x, int64_t j, int64_t n, int64_t width) {
    int64_t span = tile_lanes(out) * width;
    size_t size = mg_dtype_size(out->row);
    while (n > 0) {
        int64_t at = j % span, m = n < span - at ? n : span - at;
        char *to = state + (size_t)at * size;
        if (j < span)
            memcpy(to, x, (size_t)m * size);
        else
            step_arrays(out, (size_t)m, to, to, x);
        x += (size_t)m * size;
        j += m;
        n -= m;
    }
}

/* Elements k.. of one row into its lanes. */
static void accumulate_row(const tile_worker *w, const tile_out *out, char *lanes, const char *x, int64_t k,
                           int64_t n) {
    if (!out->accumulate) {
        accumulate(out, lanes, x, k, n, 1);
        return;
    }
    if (k == 0) fill_identity(w, out, out->identity, (size_t)tile_lanes(out), lanes);
    out->accumulate(lanes, x, (size_t)n, (uint64_t)k);
}

/* ---- Groups ---- */

/* [groups][rows][width] to [rows][groups][width]. */
static void regroup(const tile_worker *w, const tile_out *out, char *to, const char *from, int64_t groups, int64_t rows,
                    int64_t width) {
    const mgk_moves *moves = w->run->head.program->table->moves;
    size_t size = mg_dtype_size(out->row);
    if (width == 1) {
        moves->transpose[tile_width(size)]((size_t)groups, (size_t)rows, to, from, rows * (ptrdiff_t)size);
        return;
    }
    int64_t dims[3] = {rows, groups, width};
    int64_t strides[3] = {width * (int64_t)size, rows * width * (int64_t)size, (int64_t)size};
    tile_space space = {.ndim = 3, .dims = dims};
    mgr_tile_pack(moves, &space, strides, from, tile_width(size), 0, groups * rows * width, to);
}

/* Reduce x[groups][R][Q]; returns the accumulators [groups][Q]. */
static char *reduce_groups(const tile_worker *w, const tile_out *out, const char *x, int64_t groups) {
    const tile_reduction *red = w->run->reduction;
    char *a = w->scratch + red->area_a, *b = w->scratch + red->area_b;
    int64_t r = red->r, q = red->q, lanes = tile_lanes(out);
    size_t size = mg_dtype_size(out->row);
    if (r <= lanes) {
        if (groups > 1 && r > 1) {
            regroup(w, out, a, x, groups, r, q);
            x = a;
        }
        fold(out, a, x, r, groups * q);
        return a;
    }
    if (q > 1) {
        for (int64_t g = 0; g < groups; g++) {
            accumulate(out, b, x + (size_t)(g * r * q) * size, 0, r * q, q);
            fold(out, a + (size_t)(g * q) * size, b, lanes, q);
        }
        return a;
    }
    for (int64_t g = 0; g < groups; g++)
        accumulate_row(w, out, b + (size_t)(g * lanes) * size, x + (size_t)(g * r) * size, 0, r);
    if (groups > 1) {
        regroup(w, out, a, b, groups, lanes, 1);
        b = a;
    }
    fold(out, a, b, lanes, groups);
    return a;
}

/* ---- Large: parts of a reduction ---- */

typedef struct unit {
    int64_t p, k0, k1, q0, qn;
} unit;

/* `touched` lanes of a block wait in state to be folded. */
static void block_done(const tile_worker *w, int output, const unit *u, char *state, int64_t block, int64_t touched) {
    const tile_reduction *red = w->run->reduction;
    const tile_out *out = &w->run->head.program->outputs[output];
    int64_t blocks = tile_blocks(out, red->r);
    size_t size = mg_dtype_size(out->row);
    fold(out, state, state, touched, u->qn);
    if (blocks == 1)
        finish(w, output, state, u->p * red->q + u->q0, u->qn);
    else
        memcpy(red->partials[output] + (size_t)((u->p * blocks + block) * red->q + u->q0) * size, state,
               (size_t)u->qn * size);
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* The tile just evaluated holds elements j.. of the unit's [R][qn]; it lies within one block of every output. */
static void accumulate_tile(const tile_worker *w, const unit *u, int64_t j, int64_t n) {
    const mgr_tile_program *p = w->run->head.program;
    const tile_reduction *red = w->run->reduction;
    for (int o = 0; o < p->n_outputs; o++) {
        const tile_out *out = &p->outputs[o];
        if (!out->reduce) continue;
        char *state = w->scratch + red->state[o];
        int64_t per_block = tile_block(out) * u->qn, block = j / per_block, at = j - block * per_block;
        int64_t touched = least(tile_lanes(out), (at + n) / u->qn);
        if (red->q == 1 && n == per_block && out->blocks) {
            out->blocks(1, state, w->ptr[out->slot], 1);
            touched = 1;
        } else if (red->q == 1)
            accumulate_row(w, out, state, w->ptr[out->slot], at, n);
        else
            accumulate(out, state, w->ptr[out->slot], at, n, u->qn);
        if (at + n == per_block || j + n == red->r * u->qn) block_done(w, o, u, state, block, touched);
    }
}

/* [start, start + n) of the flattened space, which are elements j.. of the unit, in tiles. */
static void run_stretch(tile_worker *w, const unit *u, int64_t start, int64_t n, int64_t j) {
    const mgr_tile_run *run = w->run;
    int64_t per_block = run->reduction->block_min * u->qn;
    while (n > 0) {
        int64_t m = least(least(n, run->length), per_block - j % per_block);
        if (run->row) m = least(m, run->row - start % run->row);
        mgr_tile_eval(w, start, (size_t)m);
        accumulate_tile(w, u, j, m);
        start += m;
        j += m;
        n -= m;
    }
}

/* What an output reduces without tiles: a contiguous array as it is, or a map of it and of one element per group. */
typedef struct straight {
    const tile_operand *x;
    const char *one;  /* NULL: as it is */
    int64_t one_step; /* bytes from a group's to the next one's */
} straight;

static const tile_operand *flat_input(const mgr_tile_run *run, uint16_t slot) {
    const tile_slot *s = &run->head.program->slots[slot];
    const tile_operand *o = &run->operands[s->index];
    return s->kind == SLOT_INPUT && o->access == ACCESS_FLAT && !o->staged ? o : NULL;
}

/* The second operand of the only step, where it is the same for all of a group. */
static bool find_one(const mgr_tile_run *run, uint16_t slot, straight *s) {
    const tile_slot *of = &run->head.program->slots[slot];
    if (of->kind == SLOT_TEMP) return false;
    const tile_operand *o = &run->operands[of->index];
    s->one = o->data;
    if (of->kind != SLOT_INPUT || o->access == ACCESS_CONST) return true;
    const tile_space *space = &run->space;
    if (space->ndim != 2 || space->dims[1] != run->reduction->r || o->strides[1] != 0) return false;
    s->one_step = o->strides[0];
    return true;
}

static bool find_straight(const mgr_tile_run *run, const tile_out *out, straight *s) {
    const tile_step *step = &run->head.program->steps[0];
    *s = (straight){.x = out->blocks ? flat_input(run, out->sums ? step->in[0] : out->slot) : NULL};
    return s->x && (!out->sums || find_one(run, step->in[1], s));
}

/* Every output reduces an array without tiles, in blocks of one length. */
static bool is_straight(const mgr_tile_run *run) {
    const mgr_tile_program *p = run->head.program;
    const tile_reduction *red = run->reduction;
    bool all = p->n_stored == 0 && red->q == 1 && red->block_min == red->unit && red->r >= red->unit;
    straight s;
    for (int o = 0; o < p->n_outputs && all; o++) all = find_straight(run, &p->outputs[o], &s);
    return all;
}

/* n whole blocks from block `first` of a group. */
static void reduce_blocks(const mgr_tile_run *run, const tile_out *out, int64_t group, int64_t first, int64_t n,
                          char *to) {
    const tile_reduction *red = run->reduction;
    straight s;
    find_straight(run, out, &s);
    const char *x = s.x->data + ((group * red->r + first * red->unit) << s.x->width);
    const size_t bytes = (size_t)(run->total << s.x->width), item = mg_dtype_size(out->row);
    for (int64_t m; n > 0; n -= m, to += (size_t)m * item, x += (m * red->unit) << s.x->width) {
        m = least(n, MGR_READ_PIECE);
        const mgr_reading reading =
            mgr_reading_begin(s.one ? (uintptr_t)out->sums : (uintptr_t)out->blocks, bytes, (size_t)m);
        if (s.one)
            out->sums((size_t)m, to, x, s.one + group * s.one_step, reading.runs);
        else
            out->blocks((size_t)m, to, x, reading.runs);
        mgr_reading_end(reading, (size_t)m);
    }
}

/* Whole blocks among units [begin, end), which are blocks. Returns how many, 0 if the first one is not whole. Side by
 * side where they come from memory. Where several outputs may read the same array, so few that it comes from a cache
 * after the first. */
static int64_t run_blocks(const mgr_tile_run *run, int64_t begin, int64_t end) {
    const mgr_tile_program *p = run->head.program;
    const tile_reduction *red = run->reduction;
    int64_t per_p = (red->r + red->unit - 1) / red->unit, group = begin / per_p, first = begin % per_p;
    int64_t n = least(end - begin, red->r / red->unit - first);
    if (p->n_outputs > 1) n = least(n, 4);
    for (int o = 0; o < p->n_outputs && n > 0; o++)
        reduce_blocks(run, &p->outputs[o], group, first, n,
                      red->partials[o] + (size_t)begin * mg_dtype_size(p->outputs[o].row));
    return n;
}

/* ---- Small: whole groups in a tile, or each of them a block ---- */

enum { GROUPS = MGK_REDUCE_LANE_BYTES / 8 }; /* results for which there is room where lanes would be */

static void run_groups(const tile_worker *w, int64_t first, int64_t groups) {
    const mgr_tile_program *p = w->run->head.program;
    char *acc = w->scratch + w->run->reduction->area_a;
    for (int o = 0; o < p->n_outputs; o++) {
        const tile_out *out = &p->outputs[o];
        straight s;
        find_straight(w->run, out, &s);
        const int64_t alike = s.one_step != 0 ? 1 : groups; /* groups that are blocks of one array */
        for (int64_t g = 0; g < groups; g += alike)
            reduce_blocks(w->run, out, first + g, 0, alike, acc + (size_t)g * mg_dtype_size(out->row));
        finish(w, o, acc, first, groups);
    }
}

static void run_small(int64_t begin, int64_t end, int worker, void *context) {
    const mgr_tile_run *run = context;
    const mgr_tile_program *p = run->head.program;
    const tile_reduction *red = run->reduction;
    tile_worker w = mgr_tile_worker(run, worker);
    bool blocks = red->r == red->unit && is_straight(run);
    for (int64_t t = begin; t < end; t++) {
        int64_t first = t * red->groups, groups = red->p - first < red->groups ? red->p - first : red->groups;
        if (blocks) {
            run_groups(&w, first, groups);
            continue;
        }
        mgr_tile_eval(&w, first * red->r * red->q, (size_t)(groups * red->r * red->q));
        for (int o = 0; o < p->n_outputs; o++) {
            const tile_out *out = &p->outputs[o];
            if (!out->reduce) continue;
            finish(&w, o, reduce_groups(&w, out, w.ptr[out->slot], groups), first * red->q, groups * red->q);
        }
    }
    mgr_tile_worker_end(&w);
}

/* ---- Large: columns, lane by lane ---- */

/* The rows of a lane one after the other, so that its accumulators stay in L1 or in registers, where in the order of
 * the rows all lanes' would pass through L2. Worth it for long rows; all outputs have the same lanes and blocks. */
static bool goes_by_lanes(const mgr_tile_run *run, const unit *u) {
    const mgr_tile_program *p = run->head.program;
    const tile_reduction *red = run->reduction;
    if (red->q == 1 || red->block_min != red->unit || u->qn < MGR_TILE_LANE_ROW || u->qn > run->length) return false;
    if (run->row && run->row != red->q) return false;
    for (int o = 0; o < p->n_outputs; o++)
        if (p->outputs[o].reduce) return u->k1 - u->k0 > tile_lanes(&p->outputs[o]);
    return false;
}

static int64_t row_start(const mgr_tile_run *run, const unit *u, int64_t k) {
    const tile_reduction *red = run->reduction;
    return (u->p * red->r + k) * red->q + u->q0;
}

/* Row k of every output, computed, into the lanes' row. */
static void add_row(tile_worker *w, const unit *u, int64_t k) {
    const mgr_tile_program *p = w->run->head.program;
    const tile_reduction *red = w->run->reduction;
    mgr_tile_eval(w, row_start(w->run, u, k), (size_t)u->qn);
    for (int o = 0; o < p->n_outputs; o++) {
        const tile_out *out = &p->outputs[o];
        if (!out->reduce) continue;
        int64_t j = k - u->k0, lanes = tile_lanes(out);
        size_t bytes = (size_t)u->qn * mg_dtype_size(out->row);
        char *to = w->scratch + red->state[o] + (size_t)(j % lanes) * bytes;
        if (j < lanes)
            memcpy(to, w->ptr[out->slot], bytes);
        else
            step_arrays(out, (size_t)u->qn, to, to, w->ptr[out->slot]);
    }
}

/* All rows of lane l of an array as it is: four at a time. */
static void add_rows(const tile_worker *w, const unit *u, int output, const tile_operand *x, int64_t l) {
    const mgr_tile_run *run = w->run;
    const tile_out *out = &run->head.program->outputs[output];
    size_t row = (size_t)u->qn << x->width;
    char *to = w->scratch + run->reduction->state[output] + (size_t)l * row;
    int64_t lanes = tile_lanes(out), apart = lanes * run->reduction->q << x->width, k = u->k0 + l;
    const char *from = x->data + (row_start(run, u, k) << x->width);
    memcpy(to, from, row);
    for (k += lanes, from += apart; k + 3 * lanes < u->k1; k += 4 * lanes, from += 4 * apart)
        out->columns((size_t)u->qn, to, (const void *[]){from, from + apart, from + 2 * apart, from + 3 * apart});
    for (; k < u->k1; k += lanes, from += apart) step_arrays(out, (size_t)u->qn, to, to, from);
}

static void run_by_lanes(tile_worker *w, const unit *u) {
    const mgr_tile_run *run = w->run;
    const mgr_tile_program *p = run->head.program;
    const tile_operand *x[MGR_TILE_MAX_OUTPUTS];
    int64_t lanes = 0;
    bool as_they_are = p->n_stored == 0;
    for (int o = 0; o < p->n_outputs; o++) {
        if (!p->outputs[o].reduce) continue;
        lanes = tile_lanes(&p->outputs[o]);
        x[o] = p->outputs[o].columns ? flat_input(run, p->outputs[o].slot) : NULL;
        as_they_are = as_they_are && x[o];
    }
    for (int64_t l = 0; l < lanes; l++) {
        for (int o = 0; o < p->n_outputs && as_they_are; o++) add_rows(w, u, o, x[o], l);
        for (int64_t k = u->k0 + l; k < u->k1 && !as_they_are; k += lanes) add_row(w, u, k);
    }
    for (int o = 0; o < p->n_outputs; o++)
        if (p->outputs[o].reduce)
            block_done(w, o, u, w->scratch + run->reduction->state[o], u->k0 / run->reduction->unit, lanes);
}

static void run_units(int64_t begin, int64_t end, int worker, void *context) {
    const mgr_tile_run *run = context;
    const tile_reduction *red = run->reduction;
    tile_worker w = mgr_tile_worker(run, worker);
    int64_t per_p = (red->r + red->unit - 1) / red->unit;
    bool blocks = is_straight(run);
    for (int64_t i = begin; i < end; i++) {
        if (blocks && per_p == 1) {
            int64_t groups = least(end - i, GROUPS);
            run_groups(&w, i, groups);
            i += groups - 1;
            continue;
        }
        int64_t whole = blocks ? run_blocks(run, i, end) : 0;
        if (whole > 0) {
            i += whole - 1;
            continue;
        }
        int64_t chunk = i % red->n_chunks, rest = i / red->n_chunks;
        unit u = {.p = rest / per_p, .k0 = rest % per_p * red->unit, .q0 = chunk * red->q_chunk};
        u.k1 = least(red->r, u.k0 + red->unit);
        u.qn = least(red->q - u.q0, red->q_chunk);
        if (goes_by_lanes(run, &u)) {
            run_by_lanes(&w, &u);
            continue;
        }
        int64_t first = (u.p * red->r + u.k0) * red->q;
        if (u.qn == red->q) {
            run_stretch(&w, &u, first, (u.k1 - u.k0) * red->q, u.k0 * red->q);
            continue;
        }
        for (int64_t k = u.k0; k < u.k1; k++) run_stretch(&w, &u, first + (k - u.k0) * red->q + u.q0, u.qn, k * u.qn);
    }
    mgr_tile_worker_end(&w);
}

/* Blocks 0..n-1 of [n][width] into block 0: pairs, then pairs of pairs; the tree of a binary counter. */
static void combine_blocks(const tile_out *out, char *partials, int64_t blocks, int64_t width) {
    size_t row = (size_t)width * mg_dtype_size(out->row);
    for (int64_t step = 1; step < blocks; step *= 2)
        for (int64_t i = 0; i + step < blocks; i += 2 * step) {
            char *to = partials + (size_t)i * row;
            step_arrays(out, (size_t)width, to, to, partials + (size_t)(i + step) * row);
        }
}

static void combine_range(int64_t begin, int64_t end, int worker, void *context) {
    const mgr_tile_run *run = context;
    const mgr_tile_program *p = run->head.program;
    const tile_reduction *red = run->reduction;
    tile_worker w = {.run = run, .scratch = run->scratch + run->scratch_bytes * (size_t)worker};
    for (int o = 0; o < p->n_outputs; o++) {
        if (!p->outputs[o].reduce || !red->partials[o]) continue;
        int64_t blocks = tile_blocks(&p->outputs[o], red->r);
        size_t group = (size_t)(blocks * red->q) * mg_dtype_size(p->outputs[o].row);
        for (int64_t i = begin; i < end; i++) {
            char *partials = red->partials[o] + (size_t)i * group;
            combine_blocks(&p->outputs[o], partials, blocks, red->q);
            finish(&w, o, partials, i * red->q, red->q);
        }
    }
}

/* ---- Everything ---- */

/* No element at all: the identity, a sum of nothing being +0. */
static void run_empty(const mgr_tile_run *run) {
    const tile_reduction *red = run->reduction;
    tile_worker w = {.run = run, .scratch = run->scratch};
    char *acc = run->scratch + red->area_a;
    int64_t kept = red->p * red->q;
    for (int o = 0; o < run->head.program->n_outputs; o++) {
        const tile_out *out = &run->head.program->outputs[o];
        for (int64_t at = 0; out->reduce && at < kept; at += run->length) {
            int64_t n = least(kept - at, run->length);
            fill_identity(&w, out, out->identity + 0.0, (size_t)n, acc);
            finish(&w, o, acc, at, n);
        }
    }
}

void mgr_tile_reduce_execute(mgr_tile_run *run) {
    const tile_reduction *red = run->reduction;
    if (run->total == 0) {
        run_empty(run);
        return;
    }
    mgr_parallel_body *body = red->groups ? run_small : run_units;
    bool serial = run->workers == 1 || mgr_num_threads() > run->workers;
    if (serial)
        body(0, run->items, 0, run);
    else
        mgr_parallel_for(run->items, run->grain, body, run);
    bool partials = false;
    for (int o = 0; o < run->head.program->n_outputs; o++)
        partials |= run->head.program->outputs[o].reduce && red->partials[o];
    if (!partials) return;
    int64_t grain = 16384 / (red->q * ((red->r + red->block_min - 1) / red->block_min)) + 1;
    if (serial)
        combine_range(0, red->p, 0, run);
    else
        mgr_parallel_for(red->p, grain, combine_range, run);
}
