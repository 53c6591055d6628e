/* SPDX-License-Identifier: MIT
 * Hardened build: goes through a compiled program as its steps will, and through a planned run, and sees that nothing
 * is read before it is written or after its tile was given away, that every number is within its bounds, and that the
 * tiles make up the whole space. Computes nothing. */
#include <stdatomic.h>

#include "runtime/check.h"
#include "runtime/sizes.h"
#include "runtime/tile_impl.h"

/* ---- Programs ---- */

typedef struct trace {
    const mgr_tile_program *p;
    uint16_t holds[TILE_MAX_SLOTS]; /* by tile: the slot whose value is in it */
} trace;

static void check_slots(const mgr_tile_program *p) {
    for (int s = 0; s < p->n_slots; s++) {
        const tile_slot *slot = &p->slots[s];
        MGR_HOLDS(slot->size == 1u << tile_width(slot->size), "program: slot %d has elements of %d bytes", s,
                  slot->size);
        if (slot->kind != SLOT_TEMP)
            MGR_HOLDS(slot->index < p->n_inputs, "program: slot %d shows input %d of %d", s, slot->index, p->n_inputs);
        else if (slot->first >= 0)
            MGR_HOLDS(slot->index < p->n_temps && slot->size <= p->max_size,
                      "program: slot %d is in tile %d of %d, %d bytes of %d", s, slot->index, p->n_temps, slot->size,
                      p->max_size);
    }
    for (int i = 0; i < p->n_inputs; i++) {
        uint16_t in = p->input_slot[i], fill = p->fill_slot[i];
        MGR_HOLDS(in < p->n_slots && p->slots[in].index == i && p->slots[in].kind != SLOT_TEMP,
                  "program: input %d is shown by slot %d", i, in);
        MGR_HOLDS(fill == TILE_NONE || (fill < p->n_slots && p->slots[fill].kind == SLOT_FILL),
                  "program: input %d fills slot %d", i, fill);
    }
}

static void reads(const trace *t, uint16_t s, int step) {
    MGR_HOLDS(s < t->p->n_slots, "program: step %d reads slot %d of %d", step, s, t->p->n_slots);
    const tile_slot *slot = &t->p->slots[s];
    if (slot->kind != SLOT_TEMP) return;
    MGR_HOLDS(t->holds[slot->index] == s, "program: step %d reads slot %d, but tile %d holds slot %d", step, s,
              slot->index, t->holds[slot->index]);
    MGR_HOLDS(slot->last >= step, "program: step %d reads slot %d, last read by step %d", step, s, slot->last);
}

static void writes(trace *t, const tile_step *step, int at, int which) {
    uint16_t s = step->out[which];
    MGR_HOLDS(s < t->p->n_slots && t->p->slots[s].kind == SLOT_TEMP, "program: step %d writes slot %d", at, s);
    const tile_slot *slot = &t->p->slots[s];
    for (int j = 0; j < (step->n_in ? step->n_in : 1); j++) {
        const tile_slot *in = &t->p->slots[step->in[j]];
        MGR_HOLDS(in->kind != SLOT_TEMP || in->index != slot->index || in->size == slot->size,
                  "program: step %d writes over tile %d, elements of another size", at, in->index);
    }
    t->holds[slot->index] = s;
}

static void stores(const trace *t, uint16_t order, int at) {
    const mgr_tile_program *p = t->p;
    MGR_HOLDS(order < p->n_stored, "program: more stores than the %d stored outputs", p->n_stored);
    uint16_t o = p->store_order[order];
    MGR_HOLDS(o < p->n_outputs && !p->outputs[o].reduce && p->outputs[o].at == at,
              "program: output %d is stored after step %d", o, at);
    reads(t, p->outputs[o].slot, at);
}

void mgr_tile_check_program(const mgr_tile_program *p) {
    trace t = {.p = p};
    uint16_t stored = 0;
    memset(t.holds, 0xff, sizeof t.holds);
    MGR_HOLDS(p->n_slots <= TILE_MAX_SLOTS && p->n_steps <= TILE_MAX_STEPS, "program: %d slots, %d steps", p->n_slots,
              p->n_steps);
    MGR_HOLDS(p->n_stored + p->n_reduced == p->n_outputs, "program: %d outputs stored and %d reduced, of %d",
              p->n_stored, p->n_reduced, p->n_outputs);
    check_slots(p);
    for (; stored < p->n_before; stored++) stores(&t, stored, -1);
    for (int at = 0; at < p->n_steps; at++) {
        const tile_step *step = &p->steps[at];
        MGR_HOLDS(step->n_in ? step->fn.map != NULL : step->fn.convert != NULL, "program: step %d has no kernel", at);
        for (int j = 0; j < (step->n_in ? step->n_in : 1); j++) reads(&t, step->in[j], at);
        for (int j = 0; j < step->n_out; j++) writes(&t, step, at, j);
        for (int j = 0; j < step->n_out; j++) /* the first result was not overwritten by the second */
            MGR_HOLDS(t.holds[p->slots[step->out[j]].index] == step->out[j],
                      "program: step %d has two results in tile %d", at, p->slots[step->out[j]].index);
        for (int i = 0; i < step->n_stores; i++) stores(&t, stored++, at);
    }
    MGR_HOLDS(stored == p->n_stored, "program: %d of %d outputs are stored", stored, p->n_stored);
    for (int o = 0; o < p->n_outputs; o++)
        if (p->outputs[o].reduce) reads(&t, p->outputs[o].slot, p->n_steps);
}

/* ---- Runs ---- */

static int64_t pieces(int64_t n, int64_t length) { return (n + length - 1) / length; }

static void check_cover(const mgr_tile_run *run) {
    long long items = (long long)run->items, total = (long long)run->total, length = (long long)run->length;
    if (run->total == 0) return;
    MGR_HOLDS(run->length > 0, "run: tiles of %lld elements", length);
    if (run->reduction) {
        const tile_reduction *r = run->reduction;
        MGR_HOLDS(r->p * r->r * r->q == run->total, "run: %lld x %lld x %lld elements reduced, of %lld",
                  (long long)r->p, (long long)r->r, (long long)r->q, total);
        int64_t units = r->groups ? pieces(r->p, r->groups) : r->p * pieces(r->r, r->unit) * pieces(r->q, r->q_chunk);
        MGR_HOLDS(r->n_units == units && run->items == units, "run: %lld units of a reduction that has %lld", items,
                  (long long)units);
    } else if (run->box_rows) {
        int64_t rows = run->space.dims[run->box_axis], cols = run->space.dims[run->space.ndim - 1];
        MGR_HOLDS(run->items ==
                          run->total / (rows * cols) * pieces(rows, run->box_rows) * pieces(cols, run->box_cols) &&
                      run->box_rows * run->box_cols <= run->length,
                  "run: %lld boxes for %lld elements", items, total);
    } else if (run->row) {
        MGR_HOLDS(run->total % run->row == 0 && run->items == run->total / run->row * pieces(run->row, run->length),
                  "run: %lld pieces of rows for %lld elements", items, total);
    } else {
        MGR_HOLDS(run->items == pieces(run->total, run->length), "run: %lld tiles of %lld for %lld elements", items,
                  length, total);
    }
}

static bool is_direct(const mgr_tile_run *run, int slot) {
    const mgr_tile_program *p = run->head.program;
    for (int o = 0; o < p->n_outputs; o++)
        if (p->outputs[o].slot == slot && run->operands[p->n_inputs + o].direct) return true;
    return false;
}

void mgr_tile_check_run(const mgr_tile_run *run) {
    const mgr_tile_program *p = run->head.program;
    size_t bytes = run->head.buffer ? run->head.buffer->bytes : run->head.bytes;
    MGR_HOLDS(atomic_load(&p->refs) > 0, "run: nobody holds its program");
    MGR_HOLDS(run->workers >= 1, "run: %d workers", run->workers);
    MGR_HOLDS((size_t)(run->scratch - (const char *)run) + run->scratch_bytes * (size_t)run->workers <= bytes,
              "run: scratch of %d workers ends outside its %zu bytes", run->workers, bytes);
    check_cover(run);
    for (int i = 0; i < p->n_inputs + p->n_outputs; i++) {
        const tile_operand *o = &run->operands[i];
        MGR_HOLDS(o->slot == TILE_NONE || o->slot < p->n_slots, "run: operand %d moves slot %d of %d", i, o->slot,
                  p->n_slots);
        MGR_HOLDS(o->tile == 0 || o->tile + ((size_t)(run->length + o->period) << o->width) <= run->scratch_bytes,
                  "run: the tile of operand %d ends outside the scratch", i);
    }
    for (int s = 0; run->total && s < p->n_slots; s++)
        if (p->slots[s].kind == SLOT_TEMP && p->slots[s].first >= 0 && !is_direct(run, s))
            MGR_HOLDS(run->temps + run->temp_bytes * (p->slots[s].index + 1u) <= run->scratch_bytes &&
                          (size_t)run->length * p->slots[s].size <= run->temp_bytes,
                      "run: the tile of slot %d ends outside the scratch", s);
}
