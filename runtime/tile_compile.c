/* SPDX-License-Identifier: MIT
 * Spec to program: looks up kernels, picks operand forms, adds the loads and roundings of f16 and bf16, and gives
 * temporaries as few L1 tiles as their lifetimes allow. Knows nothing of sizes, strides or pointers. */
#include <stdatomic.h>
#include <string.h>

#include "runtime/check.h"
#include "runtime/dtype.h"
#include "runtime/sizes.h"
#include "runtime/tile_impl.h"

typedef struct builder {
    const mgr_tile_spec *spec;
    const mgk_table *table;
    int n_values, n_slots, n_steps;
    uint8_t row[TILE_MAX_VALUES]; /* dtype a value is held in */
    bool loaded[MGR_TILE_MAX_INPUTS];
    uint16_t input_slot[MGR_TILE_MAX_INPUTS], fill_slot[MGR_TILE_MAX_INPUTS];
    tile_slot slots[TILE_MAX_SLOTS];
    tile_step steps[TILE_MAX_STEPS];
    tile_out outputs[MGR_TILE_MAX_OUTPUTS];
    int n_temps, max_size;
    float cost;
} builder;

static uint16_t new_slot(builder *b, tile_slot_kind kind, int index, size_t size) {
    b->slots[b->n_slots] =
        (tile_slot){.kind = (uint8_t)kind, .size = (uint8_t)size, .index = (uint16_t)index, .first = -1, .last = -1};
    return (uint16_t)b->n_slots++;
}

/* Value numbers are slot numbers; their dtypes follow from inputs and instructions in order. */
static void number_values(builder *b) {
    const mgr_tile_spec *s = b->spec;
    for (int i = 0; i < s->n_inputs; i++) {
        uint8_t row = (uint8_t)mgr_row_dtype(s->inputs[i].dtype);
        tile_slot_kind kind = s->inputs[i].scalar ? SLOT_ONE : row == s->inputs[i].dtype ? SLOT_INPUT : SLOT_TEMP;
        b->row[i] = row;
        b->input_slot[i] = new_slot(b, kind, kind == SLOT_TEMP ? 0 : i, mg_dtype_size(row));
        b->fill_slot[i] = TILE_NONE;
    }
    for (int i = 0; i < s->n_instr; i++) {
        const mgr_tile_instr *in = &s->instr[i];
        for (int j = 0; j < in->n_out; j++) {
            bool is_bool = in->op != MGR_OP_CONVERT && (mgk_ops[in->op].bool_out >> j & 1);
            uint8_t row = is_bool ? MG_BOOL : in->row;
            b->row[b->n_slots] = row;
            new_slot(b, SLOT_TEMP, 0, mg_dtype_size(row));
        }
    }
    b->n_values = b->n_slots;
    for (int i = 0; i < s->n_inputs; i++) /* f16 and bf16 arrays: the value is a temporary, the array another slot */
        if (b->slots[i].kind == SLOT_TEMP) b->input_slot[i] = new_slot(b, SLOT_INPUT, i, 2);
}

static void read_slot(builder *b, uint16_t slot, int step) { b->slots[slot].last = (int16_t)step; }

static tile_step *convert_step(builder *b, mgk_convert_fn *fn, uint16_t in, uint16_t out) {
    int at = b->n_steps++;
    b->steps[at] = (tile_step){.fn.convert = fn, .in = {in}, .out = {out}, .n_out = 1};
    read_slot(b, in, at);
    if (b->slots[out].first < 0) b->slots[out].first = (int16_t)at;
    return &b->steps[at];
}

/* The slot of a value as a full tile, loading or filling it first if it is an input that needs that. */
static uint16_t as_tile(builder *b, uint16_t value) {
    if (value >= b->spec->n_inputs) return value;
    if (b->slots[value].kind == SLOT_ONE) {
        if (b->fill_slot[value] == TILE_NONE) b->fill_slot[value] = new_slot(b, SLOT_FILL, value, b->slots[value].size);
        return b->fill_slot[value];
    }
    if (b->slots[value].kind == SLOT_TEMP && !b->loaded[value]) {
        b->loaded[value] = true;
        convert_step(b, b->table->converts->to[b->spec->inputs[value].dtype][b->row[value]], b->input_slot[value],
                     value);
    }
    return value;
}

static bool is_one(const builder *b, uint16_t value) { return b->slots[value].kind == SLOT_ONE; }

static void round_in_place(builder *b, uint8_t to, uint16_t slot) {
    const mgk_converts *c = b->table->converts;
    convert_step(b, to == MG_F16 ? c->round_f16 : c->round_bf16, slot, slot);
}

static void emit_convert(builder *b, const mgr_tile_instr *in, uint16_t result) {
    uint16_t from = as_tile(b, in->in[0]);
    uint8_t source = b->row[in->in[0]];
    const mgk_converts *c = b->table->converts;
    if (in->round == 0) {
        convert_step(b, c->to[source][in->row], from, result);
    } else if (source == MG_F32) {
        convert_step(b, in->round == MG_F16 ? c->round_f16 : c->round_bf16, from, result);
    } else { /* once through the 16-bit type itself: one rounding */
        uint16_t half = new_slot(b, SLOT_TEMP, 0, 2);
        convert_step(b, c->to[source][in->round], from, half);
        convert_step(b, c->to[in->round][MG_F32], half, result);
    }
    b->cost += 0.02f;
}

static void emit_map(builder *b, const mgr_tile_instr *in, uint16_t result) {
    mgk_map_fn *const *forms = b->table->map[in->op][in->row];
    mgk_form form = MGK_VV;
    if (in->n_in == 2) {
        if (is_one(b, in->in[1]) && forms[MGK_VS])
            form = MGK_VS;
        else if (is_one(b, in->in[0]) && forms[MGK_SV])
            form = MGK_SV;
    }
    uint16_t slot[MGK_MAX_IN];
    for (int j = 0; j < in->n_in; j++) {
        bool one = (form == MGK_SV && j == 0) || (form == MGK_VS && j == 1);
        slot[j] = one ? in->in[j] : as_tile(b, in->in[j]);
    }
    int at = b->n_steps++;
    tile_step *step = &b->steps[at];
    *step = (tile_step){.fn.map = forms[form], .params = in->params, .n_in = in->n_in, .n_out = in->n_out};
    if (in->row == MG_F32 || in->row == MG_F64) step->past = b->table->past[in->op][MGK_FLOAT_ROW(in->row)][form];
    for (int j = 0; j < in->n_in; j++) {
        step->in[j] = slot[j];
        read_slot(b, slot[j], at);
    }
    for (int j = 0; j < in->n_out; j++) {
        step->out[j] = (uint16_t)(result + j);
        b->slots[result + j].first = (int16_t)at;
    }
    b->cost += (float)mgk_ops[in->op].flops * (float)mg_dtype_size(in->row) / 512.0f + 0.01f;
    if (in->round)
        for (int j = 0; j < in->n_out; j++)
            if (b->row[result + j] == MG_F32) round_in_place(b, in->round, (uint16_t)(result + j));
}

static void emit_outputs(builder *b, const int16_t *complete) {
    const mgr_tile_spec *s = b->spec;
    for (int o = 0; o < s->n_outputs; o++) {
        const mgr_tile_output *spec = &s->outputs[o];
        bool instr = spec->value >= s->n_inputs;
        uint16_t slot = as_tile(b, spec->value);
        uint8_t row = b->row[spec->value];
        tile_out *out = &b->outputs[o];
        *out = (tile_out){.slot = slot,
                          .dtype = spec->dtype,
                          .size = (uint8_t)mg_dtype_size(spec->dtype),
                          .row = row,
                          .finish = spec->finish,
                          .reduce = spec->reduce};
        out->defined = b->slots[slot].first;
        if (spec->dtype != row) out->narrow = b->table->converts->to[row][spec->dtype];
        if (spec->reduce) {
            uint16_t step = mgk_ops[spec->reduce].step;
            out->step = b->table->map[step][row][MGK_VV];
            out->accumulate = b->table->reduce[step][row];
            out->blocks = b->table->blocks[step][row];
            out->columns = b->table->columns[step][row];
            bool one_map = instr && s->n_instr == 1 && b->n_steps == 1 && s->instr[0].op != MGR_OP_CONVERT;
            if (one_map && step == MGK_OP_ADD && (row == MG_F32 || row == MG_F64))
                out->sums = b->table->sums[s->instr[0].op][MGK_FLOAT_ROW(row)];
            out->identity = mgk_ops[spec->reduce].identity;
            b->slots[slot].last = TILE_LAST;
            b->cost += 0.02f;
            continue;
        }
        /* a loaded f16/bf16 input is complete after its load */
        out->at = instr ? complete[spec->value] : b->slots[slot].kind == SLOT_TEMP ? b->slots[slot].first : -1;
        if (b->slots[slot].last < out->at) b->slots[slot].last = out->at;
        out->direct = instr && spec->dtype == row;
        for (int e = 0; e < o; e++)
            if (b->outputs[e].slot == slot && b->outputs[e].direct) out->direct = 0;
    }
}

/* Linear scan over the steps: a result takes over the tile of an operand that dies here if the elements have the same
 * size (kernels may work in place), else any free tile, else a new one. */
static void assign_temps(builder *b) {
    bool busy[TILE_MAX_SLOTS] = {false};
    b->max_size = 1;
    for (int at = 0; at < b->n_steps; at++) {
        const tile_step *step = &b->steps[at];
        int n_in = step->n_in ? step->n_in : 1;
        for (int pass = 0; pass < 2;
             pass++) { /* same-size operands' tiles are free for results before, the rest after */
            for (int j = 0; j < n_in; j++) {
                const tile_slot *in = &b->slots[step->in[j]];
                bool same_size = step->n_out > 0;
                for (int k = 0; k < step->n_out; k++) same_size &= b->slots[step->out[k]].size == in->size;
                if (in->kind == SLOT_TEMP && in->last <= at && same_size == (pass == 0)) busy[in->index] = false;
            }
            if (pass == 1) break;
            for (int j = 0; j < step->n_out; j++) {
                tile_slot *out = &b->slots[step->out[j]];
                if (out->kind != SLOT_TEMP || out->first != at) continue;
                int t = 0;
                while (busy[t]) t++;
                busy[t] = true;
                out->index = (uint16_t)t;
                if (t >= b->n_temps) b->n_temps = t + 1;
                if (out->size > b->max_size) b->max_size = out->size;
            }
        }
        for (int j = 0; j < step->n_out; j++) { /* results nobody reads */
            const tile_slot *out = &b->slots[step->out[j]];
            if (out->kind == SLOT_TEMP && out->last <= at) busy[out->index] = false;
        }
    }
}

static void *carve(char **at, size_t bytes) {
    void *p = *at;
    *at += tile_round_up(bytes, 8);
    return p;
}

static void order_stores(const builder *b, mgr_tile_program *p) {
    for (int at = -1; at < b->n_steps; at++) {
        int n = 0;
        for (int o = 0; o < p->n_outputs; o++) {
            if (p->outputs[o].reduce || p->outputs[o].at != at) continue;
            p->store_order[p->n_stored++] = (uint16_t)o;
            n++;
        }
        if (at < 0)
            p->n_before = (uint16_t)n;
        else
            p->steps[at].n_stores = (uint8_t)n;
    }
    p->n_reduced = (uint16_t)(p->n_outputs - p->n_stored);
}

/* When tile_small.c may serve: no reductions, and how long a tile may get there. */
static void plan_small(const builder *b, mgr_tile_program *p) {
    bool needed[TILE_MAX_SLOTS] = {false};
    for (int s = 0; s < p->n_slots; s++) {
        bool direct = false;
        for (int o = 0; o < p->n_outputs; o++) direct |= p->outputs[o].slot == s && p->outputs[o].direct;
        if (p->slots[s].kind == SLOT_TEMP && p->slots[s].first >= 0 && !direct) needed[p->slots[s].index] = true;
    }
    for (int t = 0; t < p->n_temps; t++) p->small_temps = needed[t] ? p->n_temps : p->small_temps;
    size_t live = (size_t)(p->small_temps + p->n_inputs + p->n_outputs) * (size_t)b->max_size;
    size_t length = mgr_cpu_caches()->l1 / live;
    p->small_length = p->n_reduced ? 0 : length < MGR_TILE_SMALL ? (int32_t)length : MGR_TILE_SMALL;
}

static mgr_tile_program *pack_program(const builder *b, size_t key_bytes) {
    const mgr_tile_spec *s = b->spec;
    size_t bytes = tile_round_up(sizeof(mgr_tile_program), 8) + tile_round_up(key_bytes, 8) +
                   sizeof(tile_step) * (size_t)b->n_steps + sizeof(tile_slot) * (size_t)b->n_slots +
                   (sizeof(mgr_tile_input) + 4) * s->n_inputs + (sizeof(tile_out) + 2) * s->n_outputs + 64;
    char *at = mgr_alloc(bytes);
    if (!at) return NULL;
    mgr_tile_program *p = carve(&at, sizeof *p);
    memset(p, 0, sizeof *p);
    atomic_init(&p->refs, 1);
    p->key_bytes = (uint32_t)key_bytes;
    p->table = b->table;
    p->n_inputs = s->n_inputs;
    p->n_outputs = s->n_outputs;
    p->n_steps = (uint16_t)b->n_steps;
    p->n_slots = (uint16_t)b->n_slots;
    p->n_temps = (uint16_t)b->n_temps;
    p->max_size = (uint8_t)b->max_size;
    p->cost = b->cost;
    p->key = carve(&at, key_bytes);
    p->steps =
        memcpy(carve(&at, sizeof(tile_step) * (size_t)b->n_steps), b->steps, sizeof(tile_step) * (size_t)b->n_steps);
    p->slots =
        memcpy(carve(&at, sizeof(tile_slot) * (size_t)b->n_slots), b->slots, sizeof(tile_slot) * (size_t)b->n_slots);
    p->outputs = memcpy(carve(&at, sizeof(tile_out) * s->n_outputs), b->outputs, sizeof(tile_out) * s->n_outputs);
    p->inputs =
        memcpy(carve(&at, sizeof(mgr_tile_input) * s->n_inputs), s->inputs, sizeof(mgr_tile_input) * s->n_inputs);
    p->input_slot = memcpy(carve(&at, 2u * s->n_inputs), b->input_slot, 2u * s->n_inputs);
    p->fill_slot = memcpy(carve(&at, 2u * s->n_inputs), b->fill_slot, 2u * s->n_inputs);
    p->store_order = carve(&at, 2u * s->n_outputs);
    for (int o = 0; o < p->n_outputs; o++) p->any_half |= p->outputs[o].narrow != NULL;
    order_stores(b, p);
    plan_small(b, p);
    return p;
}

/* Only the entries in use: the rest is whatever the caller's stack held. */
static void copy_spec(mgr_tile_spec *to, const mgr_tile_spec *from) {
    memcpy(to, from, offsetof(mgr_tile_spec, inputs));
    memcpy(to->inputs, from->inputs, sizeof *to->inputs * from->n_inputs);
    memcpy(to->instr, from->instr, sizeof *to->instr * from->n_instr);
    memcpy(to->outputs, from->outputs, sizeof *to->outputs * from->n_outputs);
}

mgr_tile_program *mgr_tile_compile(const mgr_tile_spec *spec, const mgk_table *table, size_t key_bytes) {
    builder b;
    mgr_tile_spec fused;
    memset(&b, 0, offsetof(builder, slots));
    copy_spec(&fused, spec);
    mgr_tile_fuse_supers(&fused, table);
    b.spec = spec = &fused;
    b.table = table;
    b.n_temps = 0;
    b.cost = 0;
    number_values(&b);
    int16_t complete[TILE_MAX_VALUES]; /* the step after which a value is final */
    uint16_t result = spec->n_inputs;
    for (int i = 0; i < spec->n_instr; i++) {
        const mgr_tile_instr *in = &spec->instr[i];
        if (in->op == MGR_OP_CONVERT)
            emit_convert(&b, in, result);
        else
            emit_map(&b, in, result);
        for (int j = 0; j < in->n_out; j++) complete[result + j] = (int16_t)(b.n_steps - 1);
        result = (uint16_t)(result + in->n_out);
    }
    emit_outputs(&b, complete);
    assign_temps(&b);
    mgr_tile_program *program = pack_program(&b, key_bytes);
    if (program) MGR_CHECK(mgr_tile_check_program(program));
    return program;
}
