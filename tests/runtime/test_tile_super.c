/* SPDX-License-Identifier: MIT
 * The peephole pass: which instructions become a superinstruction, and which must not. That the bits stay is shown by
 * the kernels' own tests (tests/kernels/generated) and by the random programs of test_tile.c. */
#include "runtime/cpu.h"
#include "runtime/tile_impl.h"
#include "tests/harness.h"

/* Four f32 inputs, then instructions over value numbers. */
static void begin(mgr_tile_spec *s) {
    memset(s, 0, sizeof *s);
    s->n_inputs = 4;
    for (int i = 0; i < 4; i++) s->inputs[i].dtype = MG_F32;
}

static uint16_t op(mgr_tile_spec *s, unsigned code, int a, int b) {
    s->instr[s->n_instr] = (mgr_tile_instr){.op = (uint16_t)code,
                                            .row = MG_F32,
                                            .n_in = mgk_ops[code].n_in,
                                            .n_out = 1,
                                            .in = {(uint16_t)a, (uint16_t)(b < 0 ? 0 : b)}};
    return (uint16_t)(s->n_inputs + s->n_instr++);
}

static void output(mgr_tile_spec *s, uint16_t value) {
    s->outputs[s->n_outputs++] = (mgr_tile_output){.value = value, .dtype = MG_F32};
}

static void fuse(mgr_tile_spec *s) { mgr_tile_fuse_supers(s, mgr_kernels()); }

#define CHECK_INSTR(s, i, code, a, b, c)                                                                               \
    do {                                                                                                               \
        CHECK_EQ_STR(mgk_ops[(s).instr[i].op].name, mgk_ops[code].name);                                               \
        CHECK_EQ_I64((s).instr[i].in[0], a);                                                                           \
        CHECK_EQ_I64((s).instr[i].in[1], b);                                                                           \
        if (mgk_ops[code].n_in > 2) CHECK_EQ_I64((s).instr[i].in[2], c);                                               \
        CHECK_EQ_I64((s).instr[i].n_in, mgk_ops[code].n_in);                                                           \
    } while (0)

/* relu(exp(x * w) + x * b - w) * x: seven instructions, three kernels. */
MG_TEST(tile_super, the_chain) {
    mgr_tile_spec s;
    begin(&s);
    uint16_t e = op(&s, MGK_OP_EXP, op(&s, MGK_OP_MULTIPLY, 0, 1), -1);
    uint16_t sum = op(&s, MGK_OP_ADD, e, op(&s, MGK_OP_MULTIPLY, 0, 2));
    uint16_t y = op(&s, MGK_OP_MULTIPLY, op(&s, MGK_OP_RELU, op(&s, MGK_OP_SUBTRACT, sum, 1), -1), 0);
    output(&s, y);
    fuse(&s);
    CHECK_EQ_I64(s.n_instr, 3);
    CHECK_INSTR(s, 0, MGK_OP_MULTIPLY_EXP, 0, 1, 0);
    CHECK_INSTR(s, 1, MGK_OP_MULTIPLY_ADD, 0, 2, 4);
    CHECK_INSTR(s, 2, MGK_OP_SUBTRACT_RELU_MULTIPLY, 5, 1, 0);
    CHECK_EQ_I64(s.outputs[0].value, 6);
}

/* A value that something else reads, an instruction or an output, is still made. */
MG_TEST(tile_super, what_others_read_stays) {
    mgr_tile_spec s;
    begin(&s);
    uint16_t product = op(&s, MGK_OP_MULTIPLY, 0, 1);
    uint16_t sum = op(&s, MGK_OP_ADD, product, 2);
    output(&s, op(&s, MGK_OP_SUBTRACT, sum, product));
    fuse(&s);
    CHECK_EQ_I64(s.n_instr, 3);

    begin(&s);
    product = op(&s, MGK_OP_MULTIPLY, 0, 1);
    output(&s, op(&s, MGK_OP_ADD, product, 2));
    output(&s, product);
    fuse(&s);
    CHECK_EQ_I64(s.n_instr, 2);

    begin(&s); /* read twice by one and the same instruction */
    product = op(&s, MGK_OP_MULTIPLY, 0, 1);
    output(&s, op(&s, MGK_OP_ADD, product, product));
    fuse(&s);
    CHECK_EQ_I64(s.n_instr, 2);
}

MG_TEST(tile_super, other_rows_and_roundings_stay) {
    mgr_tile_spec s;
    begin(&s);
    output(&s, op(&s, MGK_OP_ADD, op(&s, MGK_OP_MULTIPLY, 0, 1), 2));
    s.instr[0].round = s.instr[1].round = MG_F16;
    fuse(&s);
    CHECK_EQ_I64(s.n_instr, 2);

    begin(&s);
    output(&s, op(&s, MGK_OP_ADD, op(&s, MGK_OP_MULTIPLY, 0, 1), 2));
    for (int i = 0; i < 2; i++) s.instr[i].row = MG_I32; /* no kernels of superinstructions for integers */
    fuse(&s);
    CHECK_EQ_I64(s.n_instr, 2);
}

/* Operands of commutative parts are found on either side; those of others are not. */
MG_TEST(tile_super, sides) {
    mgr_tile_spec s;
    begin(&s);
    output(&s, op(&s, MGK_OP_ADD, 2, op(&s, MGK_OP_MULTIPLY, 0, 1)));
    fuse(&s);
    CHECK_EQ_I64(s.n_instr, 1);
    CHECK_INSTR(s, 0, MGK_OP_MULTIPLY_ADD, 0, 1, 2);

    begin(&s);
    output(&s, op(&s, MGK_OP_SUBTRACT, 2, op(&s, MGK_OP_MULTIPLY, 0, 1)));
    fuse(&s);
    CHECK_EQ_I64(s.n_instr, 2);
}

/* Random lists of instructions: expanding what came out gives back what went in. */
static uint16_t expand(const mgr_tile_spec *from, mgr_tile_spec *to, int at, const uint16_t *number) {
    const mgr_tile_instr *in = &from->instr[at];
    const mgk_op_info *info = &mgk_ops[in->op];
    if (info->n_pattern == 0) return op(to, in->op, number[in->in[0]], in->n_in > 1 ? number[in->in[1]] : -1);
    uint16_t step[8];
    for (int k = 0; k < info->n_pattern; k++) {
        int value[2] = {-1, -1};
        for (int j = 0; j < info->pattern[k].n_in; j++) {
            int which = info->pattern[k].in[j] & 0xf;
            value[j] = (info->pattern[k].in[j] & 0xf0) == MGK_REF_STEP ? step[which] : number[in->in[which]];
        }
        step[k] = op(to, info->pattern[k].op, value[0], value[1]);
    }
    return step[info->n_pattern - 1];
}

/* A hash of the formula of each value, whatever the order of instructions and of commuting operands. */
static uint64_t formula(const mgr_tile_spec *s, int value) {
    if (value < s->n_inputs) return (uint64_t)value + 1;
    const mgr_tile_instr *in = &s->instr[value - s->n_inputs];
    uint64_t a = formula(s, in->in[0]), b = in->n_in > 1 ? formula(s, in->in[1]) : 0;
    if (mgk_ops[in->op].commutative && a > b) {
        uint64_t t = a;
        a = b;
        b = t;
    }
    return ((a * UINT64_C(0x9e3779b97f4a7c15) ^ b) + in->op) * UINT64_C(0xff51afd7ed558ccd);
}

MG_TEST(tile_super, random_lists_keep_their_formulas) {
    static const unsigned ops[] = {MGK_OP_ADD,  MGK_OP_MULTIPLY, MGK_OP_SUBTRACT, MGK_OP_EXP,
                                   MGK_OP_RELU, MGK_OP_TANH,     MGK_OP_SQUARE};
    mg_test_rng rng = mg_test_rng_new();
    int swallowed = 0;
    for (int round = 0; round < mg_test_times(3000); round++) {
        mgr_tile_spec before, after, again;
        begin(&before);
        begin(&again);
        int n = (int)mg_test_int(&rng, 1, 14);
        for (int i = 0; i < n; i++) {
            unsigned code = ops[mg_test_int(&rng, 0, (int64_t)(sizeof ops / sizeof *ops) - 1)];
            int last = before.n_inputs + before.n_instr - 1, lowest = last > 7 ? last - 4 : 0;
            op(&before, code, (int)mg_test_int(&rng, lowest, last), (int)mg_test_int(&rng, lowest, last));
        }
        output(&before, (uint16_t)(before.n_inputs + n - 1));
        output(&before, (uint16_t)mg_test_int(&rng, 0, before.n_inputs + n - 1));
        after = before;
        fuse(&after);
        swallowed += n - after.n_instr;
        uint16_t number[TILE_MAX_VALUES];
        for (uint16_t i = 0; i < after.n_inputs; i++) number[i] = i;
        for (int i = 0; i < after.n_instr; i++) number[after.n_inputs + i] = expand(&after, &again, i, number);
        CHECK_EQ_I64(again.n_instr, n);
        for (int o = 0; o < 2; o++)
            CHECK_EQ_U64(formula(&again, number[after.outputs[o].value]), formula(&before, before.outputs[o].value));
    }
    CHECK_MSG(swallowed > 0, "nothing became a superinstruction");
}
