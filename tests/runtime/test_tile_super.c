/* SPDX-License-Identifier: MIT
 * The peephole pass: which instructions become a superinstruction, and which must not. That the bits stay is shown by
 * the kernels' own tests (tests/kernels/generated) and by the random programs of test_tile.c. */
#include "runtime/cpu.h"
#include "runtime/tile_impl.h"
#include "tests/harness.h"

enum { MASK = 4, INPUTS }; /* inputs 0 to 3 are f32, the mask is bool */

static void begin(mgr_tile_spec *s) {
    memset(s, 0, sizeof *s);
    s->n_inputs = INPUTS;
    for (int i = 0; i < INPUTS; i++) s->inputs[i].dtype = i == MASK ? MG_BOOL : MG_F32;
}

/* Another instruction over value numbers; returns its value's. */
static uint16_t instr(mgr_tile_spec *s, unsigned code, const uint16_t *in) {
    mgr_tile_instr *to = &s->instr[s->n_instr];
    *to = (mgr_tile_instr){.op = (uint16_t)code, .row = MG_F32, .n_in = mgk_ops[code].n_in, .n_out = 1};
    memcpy(to->in, in, to->n_in * sizeof *in);
    return (uint16_t)(s->n_inputs + s->n_instr++);
}

static uint16_t op3(mgr_tile_spec *s, unsigned code, int a, int b, int c) {
    return instr(s, code, (uint16_t[]){(uint16_t)a, (uint16_t)b, (uint16_t)c, 0});
}

static uint16_t op(mgr_tile_spec *s, unsigned code, int a, int b) { return op3(s, code, a, b < 0 ? 0 : b, 0); }

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
    CHECK_INSTR(s, 1, MGK_OP_MULTIPLY_ADD, 0, 2, INPUTS);
    CHECK_INSTR(s, 2, MGK_OP_SUBTRACT_RELU_MULTIPLY, INPUTS + 1, 1, 0);
    CHECK_EQ_I64(s.outputs[0].value, INPUTS + 2);
}

/* A value that something else reads, an instruction or an output, is still made. */
MG_TEST(tile_super, what_others_read_stays) {
    mgr_tile_spec s;
    begin(&s);
    uint16_t product = op(&s, MGK_OP_MULTIPLY, 0, 1);
    uint16_t sum = op(&s, MGK_OP_ADD, product, 2);
    output(&s, op(&s, MGK_OP_MAXIMUM, sum, product));
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

/* Operands of commutative parts are found on either side; those of others are not: a - b * c is not b * c - a. */
MG_TEST(tile_super, sides) {
    mgr_tile_spec s;
    begin(&s);
    output(&s, op(&s, MGK_OP_ADD, 2, op(&s, MGK_OP_MULTIPLY, 0, 1)));
    fuse(&s);
    CHECK_EQ_I64(s.n_instr, 1);
    CHECK_INSTR(s, 0, MGK_OP_MULTIPLY_ADD, 0, 1, 2);

    begin(&s);
    output(&s, op(&s, MGK_OP_SUBTRACT, op(&s, MGK_OP_MULTIPLY, 0, 1), 2));
    fuse(&s);
    CHECK_INSTR(s, 0, MGK_OP_MULTIPLY_SUBTRACT, 0, 1, 2);

    begin(&s);
    output(&s, op(&s, MGK_OP_SUBTRACT, 2, op(&s, MGK_OP_MULTIPLY, 0, 1)));
    fuse(&s);
    CHECK_INSTR(s, 0, MGK_OP_SUBTRACT_PRODUCT, 2, 0, 1);

    begin(&s); /* nothing is relu(x) - y */
    output(&s, op(&s, MGK_OP_SUBTRACT, 2, op(&s, MGK_OP_RELU, 0, -1)));
    fuse(&s);
    CHECK_EQ_I64(s.n_instr, 2);
}

/* Masks: as an input, and as what a comparison of the same row says. */
MG_TEST(tile_super, masks) {
    mgr_tile_spec s;
    begin(&s);
    output(&s, op(&s, MGK_OP_MULTIPLY, 2, op3(&s, MGK_OP_WHERE, MASK, 0, 1)));
    fuse(&s);
    CHECK_EQ_I64(s.n_instr, 1);
    CHECK_INSTR(s, 0, MGK_OP_WHERE_MULTIPLY, MASK, 0, 1);
    CHECK_EQ_I64(s.instr[0].in[3], 2);

    begin(&s);
    uint16_t less = op(&s, MGK_OP_LESS, 0, 1);
    output(&s, op3(&s, MGK_OP_WHERE, less, op(&s, MGK_OP_MULTIPLY, 0, 1), 3));
    output(&s, less);
    fuse(&s);
    CHECK_EQ_I64(s.n_instr, 2);
    CHECK_INSTR(s, 1, MGK_OP_WHERE_PRODUCT, less, 0, 1);
    CHECK_EQ_I64(s.instr[1].in[3], 3);

    begin(&s); /* where the mask does not hold there is no such tree */
    output(&s, op3(&s, MGK_OP_WHERE, MASK, 3, op(&s, MGK_OP_MULTIPLY, 0, 1)));
    fuse(&s);
    CHECK_EQ_I64(s.n_instr, 2);
}

/* An operand of the tree may be anything, the same value again, too. */
MG_TEST(tile_super, a_value_read_twice) {
    mgr_tile_spec s;
    begin(&s);
    output(&s, op(&s, MGK_OP_ADD, op(&s, MGK_OP_MULTIPLY, 1, 1), 1));
    fuse(&s);
    CHECK_EQ_I64(s.n_instr, 1);
    CHECK_INSTR(s, 0, MGK_OP_MULTIPLY_ADD, 1, 1, 1);

    begin(&s);
    uint16_t a = op(&s, MGK_OP_MULTIPLY, 0, 1), b = op(&s, MGK_OP_MULTIPLY, 1, 2);
    output(&s, op(&s, MGK_OP_ADD, a, b));
    fuse(&s);
    CHECK_EQ_I64(s.n_instr, 1);
    CHECK_INSTR(s, 0, MGK_OP_ADD_PRODUCTS, 0, 1, 1);
    CHECK_EQ_I64(s.instr[0].in[3], 2);
}

/* Of two trees that end in one instruction the longer one is taken; what it would share with another, only once. */
MG_TEST(tile_super, the_longest) {
    mgr_tile_spec s;
    begin(&s);
    uint16_t product = op(&s, MGK_OP_MULTIPLY, 0, 1), sum = op(&s, MGK_OP_ADD, product, 2);
    output(&s, op(&s, MGK_OP_RELU, sum, -1));
    fuse(&s);
    CHECK_EQ_I64(s.n_instr, 1);
    CHECK_INSTR(s, 0, MGK_OP_MULTIPLY_ADD_RELU, 0, 1, 2);

    begin(&s);
    product = op(&s, MGK_OP_MULTIPLY, 0, 1);
    sum = op(&s, MGK_OP_ADD, product, 2);
    uint16_t y = op(&s, MGK_OP_RELU, sum, -1);
    output(&s, y);
    output(&s, sum);
    fuse(&s);
    CHECK_EQ_I64(s.n_instr, 2);
    CHECK_INSTR(s, 0, MGK_OP_MULTIPLY_ADD, 0, 1, 2);
    CHECK_INSTR(s, 1, MGK_OP_RELU, INPUTS, 0, 0);
}

/* ---- whatever there is: expanding what came out gives back what went in ---- */

/* The steps of a superinstruction as instructions, operands of commutative ones swapped if `swap`; any other op as
 * itself. */
static uint16_t expand(mgr_tile_spec *to, uint16_t code, const uint16_t *in, bool swap) {
    const mgk_op_info *info = &mgk_ops[code];
    uint16_t step[8] = {0};
    if (info->n_pattern == 0) return instr(to, code, in);
    for (int k = 0; k < info->n_pattern; k++) {
        uint16_t value[MGK_MAX_IN] = {0};
        for (int j = 0; j < info->pattern[k].n_in; j++) {
            uint8_t ref = info->pattern[k].in[j];
            uint16_t read = (ref & 0xf0) == MGK_REF_STEP ? step[ref & 0xf] : in[ref & 0xf];
            value[swap && mgk_ops[info->pattern[k].op].commutative ? 1 - j : j] = read;
        }
        step[k] = instr(to, info->pattern[k].op, value);
    }
    return step[info->n_pattern - 1];
}

/* A hash of the formula of each value, whatever the order of instructions and of commuting operands. */
static uint64_t formula(const mgr_tile_spec *s, int value) {
    if (value < s->n_inputs) return (uint64_t)value + 1;
    const mgr_tile_instr *at = &s->instr[value - s->n_inputs];
    uint64_t in[MGK_MAX_IN] = {0}, hash = at->op;
    for (int j = 0; j < at->n_in; j++) in[j] = formula(s, at->in[j]);
    if (mgk_ops[at->op].commutative && in[0] > in[1]) {
        uint64_t t = in[0];
        in[0] = in[1];
        in[1] = t;
    }
    for (int j = 0; j < at->n_in; j++) hash = (hash ^ in[j]) * UINT64_C(0x9e3779b97f4a7c15) + (hash >> 29);
    return hash * UINT64_C(0xff51afd7ed558ccd);
}

/* Checks that `after` is `before` with superinstructions in it: as many parts, the same outputs. */
static void check_same(const mgr_tile_spec *before, const mgr_tile_spec *after) {
    mgr_tile_spec again;
    uint16_t number[TILE_MAX_VALUES];
    begin(&again);
    for (uint16_t i = 0; i < INPUTS; i++) number[i] = i;
    for (int i = 0; i < after->n_instr; i++) {
        uint16_t in[MGK_MAX_IN] = {0};
        for (int j = 0; j < after->instr[i].n_in; j++) in[j] = number[after->instr[i].in[j]];
        number[INPUTS + i] = expand(&again, after->instr[i].op, in, false);
    }
    CHECK_EQ_I64(again.n_instr, before->n_instr);
    for (int o = 0; o < before->n_outputs; o++)
        CHECK_EQ_U64(formula(&again, number[after->outputs[o].value]), formula(before, before->outputs[o].value));
}

/* Every superinstruction of the registry is put in place of its tree: operands either way round, all of them different
 * or all of them one value. Not where a value inside is read from outside, too. */
MG_TEST(tile_super, each_of_the_registry) {
    int supers = 0;
    for (uint16_t code = 1; code < MGK_OP_COUNT; code++) {
        const mgk_op_info *info = &mgk_ops[code];
        if (info->n_pattern == 0) continue;
        supers++;
        for (int way = 0; way < 8; way++) {
            mgr_tile_spec before, after;
            uint16_t in[MGK_MAX_IN];
            for (uint16_t j = 0; j < MGK_MAX_IN; j++) in[j] = info->bool_in >> j & 1 ? MASK : way & 1 ? 0 : j;
            begin(&before);
            output(&before, expand(&before, code, in, way & 2));
            if (way & 4) output(&before, INPUTS); /* the first part is wanted itself */
            after = before;
            fuse(&after);
            check_same(&before, &after);
            const bool there = after.n_instr == 1 && after.instr[0].op == code;
            CHECK_MSG(there == !(way & 4), "%s, way %d: %d instructions", info->name, way, after.n_instr);
        }
    }
    CHECK_MSG(supers >= 10, "the registry lost its superinstructions");
}

/* A value near the end of the list, a mask or not. */
static uint16_t pick(mg_test_rng *rng, const mgr_tile_spec *s, bool mask) {
    for (int tries = 0; tries < 20; tries++) {
        int last = s->n_inputs + s->n_instr - 1, lowest = last > 7 ? last - 4 : 0;
        uint16_t v = (uint16_t)mg_test_int(rng, lowest, last);
        bool is_mask = v < INPUTS ? v == MASK : mgk_ops[s->instr[v - INPUTS].op].bool_out & 1;
        if (is_mask == mask) return v;
    }
    return mask ? MASK : (uint16_t)mg_test_int(rng, 0, MASK - 1);
}

static void random_list(mg_test_rng *rng, mgr_tile_spec *s) {
    static const unsigned ops[] = {MGK_OP_ADD,   MGK_OP_MULTIPLY, MGK_OP_SUBTRACT, MGK_OP_DIVIDE,
                                   MGK_OP_EXP,   MGK_OP_RELU,     MGK_OP_SQUARE,   MGK_OP_NEGATIVE,
                                   MGK_OP_WHERE, MGK_OP_LESS,     MGK_OP_TANH};
    int n = (int)mg_test_int(rng, 1, 14);
    begin(s);
    while (s->n_instr < n) {
        /* a whole tree now and then: by themselves the rarer ones hardly ever come */
        uint16_t code = (uint16_t)mg_test_int(rng, 1, 4 * MGK_OP_COUNT), in[MGK_MAX_IN];
        if (code >= MGK_OP_COUNT || mgk_ops[code].n_pattern == 0)
            code = (uint16_t)ops[mg_test_int(rng, 0, (int64_t)(sizeof ops / sizeof *ops) - 1)];
        for (int j = 0; j < MGK_MAX_IN; j++) in[j] = pick(rng, s, mgk_ops[code].bool_in >> j & 1);
        expand(s, code, in, mg_test_int(rng, 0, 1));
    }
    output(s, (uint16_t)(INPUTS + s->n_instr - 1));
    output(s, (uint16_t)mg_test_int(rng, 0, INPUTS + s->n_instr - 1));
}

MG_TEST(tile_super, random_lists_keep_their_formulas) {
    mg_test_rng rng = mg_test_rng_new();
    bool had[MGK_OP_COUNT] = {false};
    int times = mg_test_times(3000);
    for (int round = 0; round < times; round++) {
        mgr_tile_spec before, after;
        random_list(&rng, &before);
        after = before;
        fuse(&after);
        for (int i = 0; i < after.n_instr; i++) had[after.instr[i].op] = true;
        check_same(&before, &after);
    }
    for (int code = 1; code < MGK_OP_COUNT; code++)
        CHECK_MSG(had[code] || mgk_ops[code].n_pattern == 0 || times < 3000, "no list has %s", mgk_ops[code].name);
}
