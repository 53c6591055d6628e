/* SPDX-License-Identifier: MIT
 * The short way for small arrays: one tile, every operand contiguous or a single element, no reductions. Plans next to
 * nothing and copies nothing: the caller's args are read when the run is executed. */
#include <string.h>

#include "runtime/tile_impl.h"

typedef struct tile_small {
    tile_head head;
    const mgr_tile_args *args;
    size_t n;
    uint64_t copies; /* inputs that are copied (or spread, if their strides are 0) into a tile first */
    uint64_t spread;
    size_t pitch; /* from one tile to the next */
    char *tiles;  /* temporaries, then one per input that has a tile */
} tile_small;

/* 1: contiguous, 0: one element for all, -1: neither. */
static int layout_of(const mgr_tile_args *args, const int64_t *strides, int64_t size) {
    bool flat = true, zero = true;
    for (int i = args->ndim - 1; i >= 0; i--) {
        if (args->dims[i] == 1) continue;
        flat &= strides[i] == size;
        zero &= strides[i] == 0;
        size *= args->dims[i];
    }
    return flat ? 1 : zero ? 0 : -1;
}

/* Is input i, whose memory output o is, still read after o has been written? */
static bool read_late(const mgr_tile_program *p, int i, const tile_out *out) {
    int at = out->direct ? out->defined : out->at, last = p->slots[p->input_slot[i]].last;
    return last > at || (out->defined < 0 && last >= at && out->slot != p->input_slot[i]);
}

static bool look_at_operands(const mgr_tile_program *p, const mgr_tile_args *args, tile_small *s, int *n_tiles) {
    *n_tiles = 0;
    for (int i = 0; i < p->n_inputs; i++) {
        if (p->inputs[i].scalar) {
            *n_tiles += p->fill_slot[i] != TILE_NONE;
            continue;
        }
        int layout = layout_of(args, args->inputs[i].strides, p->slots[p->input_slot[i]].size);
        if (layout < 0) return false;
        if (layout == 0) s->spread |= (uint64_t)1 << i;
    }
    s->copies = s->spread;
    for (int o = 0; o < p->n_outputs; o++) {
        if (layout_of(args, args->outputs[o].strides, p->outputs[o].size) != 1) return false;
        for (int i = 0; i < p->n_inputs; i++)
            if (args->inputs[i].data == args->outputs[o].data && !p->inputs[i].scalar &&
                read_late(p, i, &p->outputs[o]))
                s->copies |= (uint64_t)1 << i;
    }
    for (uint64_t left = s->copies; left; left &= left - 1) ++*n_tiles;
    return true;
}

bool mgr_tile_small_prepare(mgr_tile_program *p, const mgr_tile_args *args, mgr_tile_run **run) {
    int64_t n = 1;
    for (int i = 0; i < args->ndim; i++) n *= args->dims[i];
    if (n == 0 || n > p->small_length) return false;
    tile_small s = {.head = {.program = p, .small = true}, .args = args, .n = (size_t)n};
    int n_tiles;
    if (!look_at_operands(p, args, &s, &n_tiles)) return false;
    size_t header = tile_round_up(sizeof s, 64);
    s.pitch = tile_round_up((size_t)n * 8, 64);
    s.head.bytes = header + s.pitch * (size_t)(n_tiles + p->small_temps);
    char *base;
    if (s.head.bytes <= 1024) {
        base = mgr_block_new(s.head.bytes);
    } else {
        s.head.buffer = mgr_buffer_new(s.head.bytes);
        base = s.head.buffer ? s.head.buffer->data : NULL;
    }
    *run = NULL;
    if (!base) return true;
    s.tiles = base + header;
    mgr_tile_program_retain(p);
    *run = memcpy(base, &s, sizeof s);
    return true;
}

static char *scalar_value(const mgr_tile_program *p, const mgr_tile_args *args, int i, double *converted) {
    uint8_t dtype = p->inputs[i].dtype;
    if (dtype != MG_F16 && dtype != MG_BF16) return args->inputs[i].data;
    p->table->converts->to[dtype][MG_F32](1, converted, args->inputs[i].data);
    return (char *)converted;
}

/* Pointers of inputs, copying where that is needed. */
static void set_inputs(const tile_small *s, char **ptr, double *ones) {
    const mgr_tile_program *p = s->head.program;
    const mgk_moves *moves = p->table->moves;
    char *tile = s->tiles + s->pitch * p->small_temps;
    for (int i = 0; i < p->n_inputs; i++) {
        char *data = s->args->inputs[i].data;
        const tile_slot *slot = &p->slots[p->input_slot[i]];
        if (p->inputs[i].scalar) {
            ptr[i] = scalar_value(p, s->args, i, &ones[i]);
            if (p->fill_slot[i] == TILE_NONE) continue;
            moves->fill[tile_width(slot->size)](s->n, tile, ptr[i]);
            ptr[p->fill_slot[i]] = tile;
            tile += s->pitch;
            continue;
        }
        ptr[p->input_slot[i]] = data;
        if (!(s->copies >> i & 1)) continue;
        if (s->spread >> i & 1)
            moves->fill[tile_width(slot->size)](s->n, tile, data);
        else
            memcpy(tile, data, s->n * slot->size);
        ptr[p->input_slot[i]] = tile;
        tile += s->pitch;
    }
}

static void store(const tile_small *s, char *const *ptr, int output) {
    const tile_out *out = &s->head.program->outputs[output];
    char *to = s->args->outputs[output].data;
    if (out->narrow)
        out->narrow(s->n, to, ptr[out->slot]);
    else if (to != ptr[out->slot])
        memcpy(to, ptr[out->slot], s->n * out->size);
}

void mgr_tile_small_execute(const mgr_tile_run *run) {
    const tile_small *s = (const tile_small *)(const void *)run;
    const mgr_tile_program *p = s->head.program;
    char *ptr[TILE_MAX_SLOTS];
    double ones[MGR_TILE_MAX_INPUTS];
    const double *params = tile_params(s->args);
    for (int i = 0; i < p->n_slots; i++)
        if (p->slots[i].kind == SLOT_TEMP) ptr[i] = s->tiles + s->pitch * p->slots[i].index;
    set_inputs(s, ptr, ones);
    for (int o = 0; o < p->n_outputs; o++)
        if (p->outputs[o].direct) ptr[p->outputs[o].slot] = s->args->outputs[o].data;
    const uint16_t *stores = p->store_order;
    for (int i = 0; i < p->n_before; i++) store(s, ptr, *stores++);
    for (int i = 0; i < p->n_steps; i++) {
        tile_step_run(&p->steps[i], s->n, ptr, params);
        for (int k = 0; k < p->steps[i].n_stores; k++) store(s, ptr, *stores++);
    }
}
