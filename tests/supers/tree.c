/* SPDX-License-Identifier: MIT
 * Trees of ops in one order, and as formulas. */
#include "tree.h"

#include <string.h>

static void append(tree *to, const tree *from) {
    memcpy(to->code + to->n, from->code, from->n * sizeof *from->code);
    to->n = (uint16_t)(to->n + from->n);
}

/* The larger operand first, and of two as large the one with the later op. */
static bool goes_first(const tree *a, const tree *b) {
    if (a->n != b->n) return a->n > b->n;
    for (int i = 0; i < a->n; i++)
        if (a->code[i] != b->code[i]) return a->code[i] > b->code[i];
    return true;
}

tree tree_of(const tree_op *ops, int root) {
    tree t = {.n = 1, .code = {0}};
    if (root < 0) return t;
    const mgk_op_info *info = &mgk_ops[ops[root].op];
    tree in[MGK_MAX_IN] = {{0}};
    t.code[0] = ops[root].op;
    for (int j = 0; j < info->n_in; j++) in[j] = tree_of(ops, ops[root].child[j]);
    bool swap = info->commutative && !goes_first(&in[0], &in[1]);
    for (int j = 0; j < info->n_in; j++) append(&t, &in[swap && j < 2 ? 1 - j : j]);
    return t;
}

tree tree_of_super(uint16_t op) {
    const mgk_op_info *info = &mgk_ops[op];
    tree_op ops[TREE_OPS];
    for (int s = 0; s < info->n_pattern; s++) {
        ops[s].op = info->pattern[s].op;
        for (int j = 0; j < info->pattern[s].n_in; j++) {
            uint8_t ref = info->pattern[s].in[j];
            ops[s].child[j] = (ref & 0xf0) == MGK_REF_STEP ? ref & 0xf : -1;
        }
    }
    return tree_of(ops, info->n_pattern - 1);
}

bool tree_equal(const tree *a, const tree *b) {
    return a->n == b->n && memcmp(a->code, b->code, a->n * sizeof *a->code) == 0;
}

typedef struct printer {
    const tree *t;
    char *out;
    int at, letter;
    size_t length;
} printer;

static void put(printer *p, const char *text) {
    int n = snprintf(p->out + p->length, TREE_TEXT - p->length, "%s", text);
    if (n > 0) p->length += (size_t)n;
    if (p->length >= TREE_TEXT) p->length = TREE_TEXT - 1;
}

static const char *sign_of(uint16_t op) {
    return op == MGK_OP_ADD        ? " + "
           : op == MGK_OP_SUBTRACT ? " - "
           : op == MGK_OP_MULTIPLY ? " * "
           : op == MGK_OP_DIVIDE   ? " / "
                                   : NULL;
}

/* What stands in parentheses: nothing, sums and differences, or products and quotients too. */
typedef enum binding { LOOSE, SUMS, ALL } binding;

static void print(printer *p, binding b) {
    uint16_t op = p->t->code[p->at++];
    const char *sign = sign_of(op);
    if (op == 0) return put(p, (char[]){(char)('a' + p->letter++), 0});
    if (!sign) {
        put(p, mgk_ops[op].name);
        for (int j = 0; j < mgk_ops[op].n_in; j++) {
            put(p, j ? ", " : "(");
            print(p, LOOSE);
        }
        return put(p, ")");
    }
    bool product = op == MGK_OP_MULTIPLY || op == MGK_OP_DIVIDE, enclosed = b == ALL || (b == SUMS && !product);
    if (enclosed) put(p, "(");
    print(p, product ? SUMS : LOOSE);
    put(p, sign);
    print(p, product ? ALL : SUMS);
    if (enclosed) put(p, ")");
}

const char *tree_text(const tree *t, char out[TREE_TEXT]) {
    printer p = {.t = t, .out = out};
    out[0] = 0;
    print(&p, LOOSE);
    return out;
}
