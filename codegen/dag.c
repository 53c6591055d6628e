/* SPDX-License-Identifier: MIT
 * Interning, substitution and walks of the expression DAG. Identities are in simplify.c. */
#include "dag.h"

#include <string.h>

#include "op_model.h"
#include "simplify.h"

static uint64_t mix(uint64_t h, uint64_t x) {
    h = (h ^ x) * 0x9e3779b97f4a7c15u;
    return h ^ (h >> 29);
}

static uint64_t bits(double x) {
    uint64_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static uint64_t hash_node(const mgc_node *n) {
    uint64_t h = mix((uint64_t)n->kind, (uint64_t)n->which);
    h = mix(mix(h, n->mask), bits(n->num));
    h = mix(h, (uint64_t)(uintptr_t)n->op);
    if (n->fn) h = mix(h, mgc_hash(n->fn));
    for (int i = 0; i < n->n_args; i++) h = mix(h, (uint64_t)n->arg[i]->id);
    return h;
}

static bool same(const mgc_node *a, const mgc_node *b) {
    if (a->hash != b->hash || a->kind != b->kind || a->which != b->which || a->mask != b->mask || a->op != b->op)
        return false;
    if (bits(a->num) != bits(b->num) || a->n_args != b->n_args) return false;
    if ((a->fn == NULL) != (b->fn == NULL) || (a->fn && strcmp(a->fn, b->fn) != 0)) return false;
    for (int i = 0; i < a->n_args; i++)
        if (a->arg[i] != b->arg[i]) return false;
    return true;
}

/* The node like `want`, or NULL. */
static mgc_node *lookup(mgc_dag *g, mgc_node *want) {
    want->hash = hash_node(want);
    for (mgc_node *n = g->buckets[want->hash % 4096]; n; n = n->next)
        if (same(n, want)) return n;
    return NULL;
}

/* Each kind of leaf has MGC_MAX_IN bits; parameters, the last ones, have more. */
static unsigned leaf_bit(mgc_node_kind kind, int which) {
    static const int order[] = {[MGC_IN] = 0, [MGC_OUT] = 1, [MGC_GRAD] = 2, [MGC_PARAM] = 3};
    return 1u << (MGC_MAX_IN * order[kind] + which);
}
_Static_assert(MGC_MAX_OUT <= MGC_MAX_IN && 3 * MGC_MAX_IN + MGC_MAX_PARAMS <= 32, "each leaf of an op has a bit");

/* What is known of a node from its operands. */
static void measure(mgc_node *n) {
    const bool is_leaf = n->kind == MGC_IN || n->kind == MGC_OUT || n->kind == MGC_GRAD || n->kind == MGC_PARAM;
    n->leaves = is_leaf ? leaf_bit(n->kind, n->which) : 0;
    n->scalar = n->kind == MGC_NUM || n->kind == MGC_PARAM || (n->kind == MGC_OP && !n->mask);
    n->size = 1;
    for (int i = 0; i < n->n_args; i++) {
        n->leaves |= n->arg[i]->leaves;
        n->scalar = n->scalar && n->arg[i]->scalar;
        n->size += n->arg[i]->size;
        if (n->arg[i]->depth >= n->depth) n->depth = n->arg[i]->depth + 1;
    }
}

static const mgc_node *intern(mgc_dag *g, mgc_node *want) {
    mgc_node *n = lookup(g, want);
    if (n) return n;
    measure(want);
    if (want->size > MGC_MAX_NODES || want->depth >= MGC_MAX_DEPTH) {
        g->too_large = true;
        return mgc_leaf(g, MGC_IN, 0, want->mask);
    }
    n = mgc_alloc(sizeof *n);
    *n = *want;
    n->id = g->n++;
    n->next = g->buckets[n->hash % 4096];
    g->buckets[n->hash % 4096] = n;
    return n;
}

const mgc_node *mgc_num(mgc_dag *g, double x) { return intern(g, &(mgc_node){.kind = MGC_NUM, .num = x}); }

const mgc_node *mgc_leaf(mgc_dag *g, mgc_node_kind kind, int which, bool mask) {
    return intern(g, &(mgc_node){.kind = kind, .which = which, .mask = mask});
}

/* Is b what a becomes when the two inputs change places? */
static bool swapped_same(const mgc_stanza *s, const mgc_expr *a, const mgc_expr *b) {
    if (!a || !b) return a == b;
    if (a->kind != b->kind || a->n_args != b->n_args) return false;
    if (a->kind == MGC_E_NUMBER) return bits(a->number) == bits(b->number);
    const char *name = a->name;
    if (a->kind == MGC_E_NAME && strcmp(name, s->in[0].name) == 0)
        name = s->in[1].name;
    else if (a->kind == MGC_E_NAME && strcmp(name, s->in[1].name) == 0)
        name = s->in[0].name;
    if (strcmp(name, b->name) != 0) return false;
    for (int i = 0; i < a->n_args; i++)
        if (!swapped_same(s, a->args[i], b->args[i])) return false;
    return true;
}

/* Does the order of the operands matter to neither value nor derivative? That of maximum(x, y) prefers y at nan. */
static bool order_is_free(const mgc_op *op, int n) {
    const mgc_input *in = op->s->in;
    return op->s->commutative && n == 2 && swapped_same(op->s, in[0].rule_expr, in[1].rule_expr);
}

const mgc_node *mgc_op_node(mgc_dag *g, const mgc_op *op, int n, const mgc_node *const arg[]) {
    mgc_node want = {.kind = MGC_OP, .mask = op->bool_out, .op = op, .n_args = n};
    for (int i = 0; i < n; i++) want.arg[i] = arg[i];
    if (order_is_free(op, n)) {
        mgc_node swapped = want;
        swapped.arg[0] = arg[1];
        swapped.arg[1] = arg[0];
        mgc_node *twin = lookup(g, &swapped);
        if (twin) return twin;
    }
    return intern(g, &want);
}

const mgc_node *mgc_fn_node(mgc_dag *g, const char *fn, bool mask, int n, const mgc_node *const arg[]) {
    mgc_node want = {.kind = MGC_FN, .mask = mask, .fn = fn, .n_args = n};
    for (int i = 0; i < n; i++) want.arg[i] = arg[i];
    return intern(g, &want);
}

static const mgc_node *rebuild(mgc_dag *g, const mgc_node *e, const mgc_node *const arg[]) {
    return e->kind == MGC_FN ? mgc_fn_node(g, e->fn, e->mask, e->n_args, arg) : mgc_apply(g, e->op, e->n_args, arg);
}

const mgc_node *mgc_substitute(mgc_dag *g, const mgc_node *e, const mgc_binding *b) {
    const mgc_node *to = NULL;
    if (e->kind == MGC_IN) to = b->in[e->which];
    if (e->kind == MGC_OUT) to = b->out[e->which];
    if (e->kind == MGC_GRAD) to = b->grad[e->which];
    if (e->kind == MGC_PARAM) to = b->param[e->which];
    if (to) return to;
    if (e->n_args == 0) return e;
    const mgc_node *arg[MGC_MAX_ARGS];
    for (int i = 0; i < e->n_args; i++) arg[i] = mgc_substitute(g, e->arg[i], b);
    return rebuild(g, e, arg);
}

const mgc_node *mgc_replace(mgc_dag *g, const mgc_node *e, const mgc_node *from, const mgc_node *to) {
    if (e == from) return to;
    if (e->n_args == 0) return e;
    const mgc_node *arg[MGC_MAX_ARGS];
    for (int i = 0; i < e->n_args; i++) arg[i] = mgc_replace(g, e->arg[i], from, to);
    return rebuild(g, e, arg);
}

bool mgc_uses(const mgc_node *e, mgc_node_kind kind, int which) { return (e->leaves & leaf_bit(kind, which)) != 0; }

bool mgc_is_scalar(const mgc_node *e) { return e->scalar; }

static unsigned walks;

static void visit(mgc_order *order, const mgc_node *e) {
    if (e->walk == walks) return;
    ((mgc_node *)e)->walk = walks;
    for (int i = 0; i < e->n_args; i++) visit(order, e->arg[i]);
    if ((order->n & (order->n - 1)) == 0) {
        const mgc_node **grown = mgc_alloc((size_t)(2 * order->n + 2) * sizeof *grown);
        if (order->n) memcpy(grown, order->list, (size_t)order->n * sizeof *grown);
        order->list = grown;
    }
    order->list[order->n++] = e;
}

mgc_order mgc_postorder(const mgc_node *const roots[], int n_roots) {
    mgc_order order = {0};
    walks++;
    for (int i = 0; i < n_roots; i++) visit(&order, roots[i]);
    return order;
}
