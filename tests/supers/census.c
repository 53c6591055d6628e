/* SPDX-License-Identifier: MIT
 * A tree's share of a case: the bytes that its inner values cost, written and read once, of the bytes that all
 * instructions read and write. It is what one kernel instead of several saves, were memory all that costs. */
#include "census.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/dtype.h"
#include "runtime/tile_impl.h"
#include "tree.h"

enum { TREES = 4096, CASES = 64, NAMED = 4 };

typedef struct count {
    double places, bytes;
} count;

typedef struct entry {
    tree tree;
    uint16_t super; /* that is this tree, or MGK_OP_NONE */
    bool whole;     /* a superinstruction, counted after fusing */
    count now;      /* in this case */
    double places, share;
    double of_case[CASES];
} entry;

static entry *entries;
static int n_entries, n_cases;
static const char *current, *case_names[CASES];
static double traffic, saved; /* of the case: bytes of all instructions, and those that superinstructions save */
static double saved_share;    /* summed over cases */

static uint16_t super_of(const tree *t) {
    for (uint16_t op = 1; op < MGK_OP_COUNT; op++) {
        if (mgk_ops[op].n_pattern == 0) continue;
        tree s = tree_of_super(op);
        if (tree_equal(&s, t)) return op;
    }
    return MGK_OP_NONE;
}

static entry *entry_of(const tree *t, bool whole) {
    if (!entries && !(entries = calloc(TREES, sizeof *entries))) exit(EXIT_FAILURE);
    for (int i = 0; i < n_entries; i++)
        if (entries[i].whole == whole && tree_equal(&entries[i].tree, t)) return &entries[i];
    if (n_entries == TREES) {
        fprintf(stderr, "more than %d trees\n", TREES);
        exit(EXIT_FAILURE);
    }
    entries[n_entries] = (entry){.tree = *t, .super = super_of(t), .whole = whole};
    return &entries[n_entries++];
}

/* ---- the instructions of a program ---- */

typedef struct instructions {
    const mgr_tile_spec *spec;
    double elements;
    uint16_t producer[TILE_MAX_VALUES], readers[TILE_MAX_VALUES];
    uint8_t size[TILE_MAX_VALUES];
} instructions;

static void read_program(instructions *p, const mgr_tile_spec *s, double elements) {
    uint16_t value = s->n_inputs;
    memset(p, 0, sizeof *p);
    p->spec = s;
    p->elements = elements;
    for (int i = 0; i < s->n_inputs; i++) {
        p->producer[i] = TILE_NONE;
        p->size[i] = (uint8_t)mg_dtype_size(mgr_row_dtype(s->inputs[i].dtype));
    }
    for (int i = 0; i < s->n_instr; i++) {
        const mgr_tile_instr *in = &s->instr[i];
        for (int j = 0; j < in->n_in; j++) p->readers[in->in[j]]++;
        for (int j = 0; j < in->n_out; j++, value++) {
            bool is_bool = in->op != MGR_OP_CONVERT && (mgk_ops[in->op].bool_out >> j & 1);
            p->producer[value] = (uint16_t)i;
            p->size[value] = is_bool ? 1 : (uint8_t)mg_dtype_size(in->row);
        }
    }
    for (int o = 0; o < s->n_outputs; o++) p->readers[s->outputs[o].value]++;
}

static double bytes_of_instructions(const instructions *p) {
    double bytes = 0;
    uint16_t value = p->spec->n_inputs;
    for (int i = 0; i < p->spec->n_instr; i++) {
        for (int j = 0; j < p->spec->instr[i].n_in; j++) bytes += p->size[p->spec->instr[i].in[j]];
        for (int j = 0; j < p->spec->instr[i].n_out; j++) bytes += p->size[value++];
    }
    return bytes * p->elements;
}

/* The instruction that makes operand j of instruction `at`, if it could be one with it; else -1. */
static int part_of(const instructions *p, int at, int j) {
    const mgr_tile_instr *in = &p->spec->instr[at];
    uint16_t value = in->in[j], from = p->producer[value];
    if (from == TILE_NONE || p->readers[value] != 1 || in->round) return -1;
    const mgr_tile_instr *made = &p->spec->instr[from];
    bool plain = made->op != MGR_OP_CONVERT && made->n_out == 1 && !made->round && made->row == in->row;
    return plain ? from : -1;
}

/* A tree on its way: at[i] is the instruction that ops[i] is. */
typedef struct growth {
    const instructions *p;
    tree_op ops[3];
    int at[3], n;
    double bytes;
} growth;

static void join(growth *g, int instr) {
    tree_op *op = &g->ops[g->n];
    op->op = g->p->spec->instr[instr].op;
    for (int j = 0; j < MGK_MAX_IN; j++) op->child[j] = -1;
    g->at[g->n++] = instr;
}

/* What makes operand j of ops[of] joins, if it could be one kernel with it. */
static bool grow(growth *g, int of, int j) {
    int from = part_of(g->p, g->at[of], j);
    if (from < 0) return false;
    g->ops[of].child[j] = g->n;
    g->bytes += 2.0 * g->p->size[g->p->spec->instr[g->at[of]].in[j]];
    join(g, from);
    return true;
}

static void add(const growth *g) {
    tree t = tree_of(g->ops, 0);
    entry *e = entry_of(&t, false);
    e->now.places++;
    e->now.bytes += g->bytes * g->p->elements;
}

/* All of two and three that end in instruction `at`. */
static void count_trees(const instructions *p, int at) {
    const mgr_tile_instr *instr = p->spec->instr;
    growth one = {.p = p};
    if (instr[at].op == MGR_OP_CONVERT) return;
    join(&one, at);
    for (int j = 0; j < instr[at].n_in; j++) {
        growth pair = one;
        if (!grow(&pair, 0, j)) continue;
        add(&pair);
        for (int k = j + 1; k < instr[at].n_in; k++) {
            growth three = pair;
            if (grow(&three, 0, k)) add(&three);
        }
        for (int k = 0; k < instr[pair.at[1]].n_in; k++) {
            growth three = pair;
            if (grow(&three, 1, k)) add(&three);
        }
    }
}

static void count_supers(const instructions *p) {
    mgr_tile_spec fused = *p->spec;
    mgr_tile_fuse_supers(&fused, mgr_kernels());
    instructions after;
    read_program(&after, &fused, p->elements);
    saved += bytes_of_instructions(p) - bytes_of_instructions(&after);
    for (int i = 0; i < fused.n_instr; i++) {
        uint16_t op = fused.instr[i].op;
        if (op == MGR_OP_CONVERT || mgk_ops[op].n_pattern == 0) continue;
        tree t = tree_of_super(op);
        entry *e = entry_of(&t, true);
        e->now.places++;
        e->now.bytes += 2.0 * (mgk_ops[op].n_pattern - 1) * (double)mg_dtype_size(fused.instr[i].row) * p->elements;
    }
}

/* ---- between autodiff/ and the tile machine ---- */

static const mgr_tile_program *last;
static mgr_tile_spec last_spec;

mgr_tile_program *__real_mgr_tile_program_get(const mgr_tile_spec *spec);
mgr_tile_program *__wrap_mgr_tile_program_get(const mgr_tile_spec *spec);
mgr_tile_run *__real_mgr_tile_prepare(mgr_tile_program *program, const mgr_tile_args *args);
mgr_tile_run *__wrap_mgr_tile_prepare(mgr_tile_program *program, const mgr_tile_args *args);

mgr_tile_program *__wrap_mgr_tile_program_get(const mgr_tile_spec *spec) {
    mgr_tile_program *program = __real_mgr_tile_program_get(spec);
    memset(&last_spec, 0, sizeof last_spec);
    memcpy(&last_spec, spec, offsetof(mgr_tile_spec, inputs));
    memcpy(last_spec.inputs, spec->inputs, spec->n_inputs * sizeof *spec->inputs);
    memcpy(last_spec.instr, spec->instr, spec->n_instr * sizeof *spec->instr);
    memcpy(last_spec.outputs, spec->outputs, spec->n_outputs * sizeof *spec->outputs);
    last = program;
    return program;
}

mgr_tile_run *__wrap_mgr_tile_prepare(mgr_tile_program *program, const mgr_tile_args *args) {
    if (current && program == last) {
        instructions p;
        double elements = 1;
        for (int i = 0; i < args->ndim; i++) elements *= (double)args->dims[i];
        read_program(&p, &last_spec, elements);
        traffic += bytes_of_instructions(&p);
        for (int i = 0; i < p.spec->n_instr; i++) count_trees(&p, i);
        count_supers(&p);
    }
    return __real_mgr_tile_prepare(program, args);
}

/* ---- cases ---- */

void census_begin(const char *name) {
    current = name;
    traffic = saved = 0;
}

void census_end(void) {
    if (n_cases == CASES) exit(EXIT_FAILURE);
    for (int i = 0; i < n_entries; i++) {
        entry *e = &entries[i];
        e->of_case[n_cases] = traffic > 0 ? 100 * e->now.bytes / traffic : 0;
        e->share += e->of_case[n_cases];
        e->places += e->now.places;
        e->now = (count){0, 0};
    }
    saved_share += traffic > 0 ? 100 * saved / traffic : 0;
    case_names[n_cases++] = current;
    current = NULL;
}

static int by_share(const void *a, const void *b) {
    const entry *x = a, *y = b;
    return x->share < y->share ? 1 : x->share > y->share ? -1 : 0;
}

/* The cases with the largest shares, and how many others. */
static void print_cases(FILE *to, const entry *e) {
    bool named[CASES] = {false};
    int left = 0;
    for (int c = 0; c < n_cases; c++) left += e->of_case[c] > 0;
    for (int n = 0; n < NAMED && left > 0; n++, left--) {
        int most = -1;
        for (int c = 0; c < n_cases; c++)
            if (!named[c] && (most < 0 || e->of_case[c] > e->of_case[most])) most = c;
        named[most] = true;
        fprintf(to, "%s%s %.1f", n ? ", " : "", case_names[most], e->of_case[most]);
    }
    if (left > 0) fprintf(to, ", %d more", left);
}

static void print_rows(FILE *to, bool whole, double least) {
    fprintf(to, "\n| tree | superinstruction | places | mean %% | %% of cases |\n|---|---|---|---|---|\n");
    for (int i = 0; i < n_entries; i++) {
        const entry *e = &entries[i];
        char text[TREE_TEXT];
        if (e->whole != whole || e->share / n_cases < least) continue;
        fprintf(to, "| `%s` | %s | %.0f | %.2f | ", tree_text(&e->tree, text), e->super ? mgk_ops[e->super].name : "",
                e->places, e->share / n_cases);
        print_cases(to, e);
        fprintf(to, " |\n");
    }
}

void census_print(FILE *to, double least) {
    qsort(entries, (size_t)n_entries, sizeof *entries, by_share);
    fprintf(to, "%d cases; superinstructions save %.1f %% of what instructions read and write.\n", n_cases,
            saved_share / n_cases);
    print_rows(to, true, 0);
    print_rows(to, false, least);
}

int census_unused(FILE *to) {
    int unused = 0;
    for (uint16_t op = 1; op < MGK_OP_COUNT; op++) {
        bool used = mgk_ops[op].n_pattern == 0;
        for (int i = 0; i < n_entries && !used; i++) used = entries[i].whole && entries[i].super == op;
        if (used) continue;
        fprintf(to, "%s: no case has it\n", mgk_ops[op].name);
        unused++;
    }
    return unused;
}
