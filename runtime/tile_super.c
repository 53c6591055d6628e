/* SPDX-License-Identifier: MIT
 * The peephole pass of the tile machine: instructions that together are a superinstruction become one. A value may
 * vanish into it only if nothing else reads it. Which trees there are is the registry's; knows no kernels' insides. */
#include "runtime/tile_impl.h"

typedef struct matcher {
    const mgr_tile_spec *spec;
    const mgk_step *pattern;
    uint16_t producer[TILE_MAX_VALUES]; /* instruction that makes the value; TILE_NONE: an input */
    uint16_t readers[TILE_MAX_VALUES];
    bool gone[MGR_TILE_MAX_INSTR]; /* part of a later superinstruction */
} matcher;

/* What the operands of the pattern are, and the instructions that it swallows. */
typedef struct match {
    uint16_t in[MGK_MAX_IN];
    uint64_t parts;
} match;

static void count_readers(matcher *m) {
    const mgr_tile_spec *s = m->spec;
    uint16_t value = s->n_inputs;
    memset(m->readers, 0, sizeof m->readers);
    memset(m->gone, 0, sizeof m->gone);
    for (int i = 0; i < s->n_inputs; i++) m->producer[i] = TILE_NONE;
    for (int i = 0; i < s->n_instr; i++) {
        for (int j = 0; j < s->instr[i].n_in; j++) m->readers[s->instr[i].in[j]]++;
        for (int j = 0; j < s->instr[i].n_out; j++) m->producer[value++] = (uint16_t)i;
    }
    for (int o = 0; o < s->n_outputs; o++) m->readers[s->outputs[o].value]++;
}

static bool match_step(const matcher *m, int step, int at, match *found);

/* Operand `ref` of the pattern is `value`, on its way into an instruction of this row. */
static bool match_operand(const matcher *m, uint8_t ref, uint16_t value, uint8_t row, match *found) {
    int which = ref & 0xf;
    if ((ref & 0xf0) == MGK_REF_IN) {
        if (found->in[which] == TILE_NONE) found->in[which] = value;
        return found->in[which] == value;
    }
    uint16_t from = m->producer[value];
    return from != TILE_NONE && m->readers[value] == 1 && m->spec->instr[from].row == row &&
           match_step(m, which, from, found);
}

static bool match_operands(const matcher *m, const mgk_step *step, int at, bool swapped, match *found) {
    const mgr_tile_instr *instr = &m->spec->instr[at];
    for (int j = 0; j < step->n_in; j++)
        if (!match_operand(m, step->in[j], instr->in[swapped ? 1 - j : j], instr->row, found)) return false;
    found->parts |= (uint64_t)1 << at;
    return true;
}

static bool match_step(const matcher *m, int step, int at, match *found) {
    const mgk_step *s = &m->pattern[step];
    const mgr_tile_instr *instr = &m->spec->instr[at];
    if (instr->op != s->op || instr->round || m->gone[at]) return false;
    for (int swapped = 0; swapped <= (mgk_ops[s->op].commutative ? 1 : 0); swapped++) {
        match trial = *found;
        if (!match_operands(m, s, at, swapped, &trial)) continue;
        *found = trial;
        return true;
    }
    return false;
}

/* The longest superinstruction that ends in instruction `at` and has a kernel; MGK_OP_NONE if there is none. */
static uint16_t find_super(matcher *m, const mgk_table *table, int at, match *found) {
    const mgr_tile_instr *instr = &m->spec->instr[at];
    if (instr->op == MGR_OP_CONVERT || instr->round) return MGK_OP_NONE;
    for (uint16_t op = mgk_ops[instr->op].supers; op != MGK_OP_NONE; op = mgk_ops[op].shorter_super) {
        if (!table->map[op][instr->row][MGK_VV]) continue;
        *found = (match){.in = {TILE_NONE, TILE_NONE, TILE_NONE, TILE_NONE}};
        m->pattern = mgk_ops[op].pattern;
        if (match_step(m, mgk_ops[op].n_pattern - 1, at, found)) return op;
    }
    return MGK_OP_NONE;
}

/* Leave out what is gone and number the values anew. */
static void close_up(const matcher *m, mgr_tile_spec *s) {
    uint16_t number[TILE_MAX_VALUES], from = s->n_inputs, to = s->n_inputs;
    int n = 0;
    for (uint16_t i = 0; i < s->n_inputs; i++) number[i] = i;
    for (int i = 0; i < s->n_instr; i++) {
        mgr_tile_instr instr = s->instr[i];
        for (int j = 0; j < instr.n_out; j++, from++) number[from] = m->gone[i] ? TILE_NONE : to++;
        if (m->gone[i]) continue;
        for (int j = 0; j < instr.n_in; j++) instr.in[j] = number[instr.in[j]];
        s->instr[n++] = instr;
    }
    s->n_instr = (uint16_t)n;
    for (int o = 0; o < s->n_outputs; o++) s->outputs[o].value = number[s->outputs[o].value];
}

void mgr_tile_fuse_supers(mgr_tile_spec *spec, const mgk_table *table) {
    matcher m = {.spec = spec};
    count_readers(&m);
    bool any = false;
    for (int at = spec->n_instr - 1; at >= 0; at--) { /* consumers first: they may swallow what is before them */
        match found;
        uint16_t op = m.gone[at] ? MGK_OP_NONE : find_super(&m, table, at, &found);
        if (op == MGK_OP_NONE) continue;
        any = true;
        for (int i = 0; i < at; i++) m.gone[i] |= found.parts >> i & 1;
        mgr_tile_instr *instr = &spec->instr[at];
        instr->op = op;
        instr->n_in = mgk_ops[op].n_in;
        memcpy(instr->in, found.in, sizeof instr->in);
    }
    if (any) close_up(&m, spec);
}
