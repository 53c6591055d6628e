/* SPDX-License-Identifier: MIT
 * The graph that a tensor hangs from, as Graphviz DOT: one box per recorded operation with op, shape and dtype, one
 * ellipse per leaf. Nothing is evaluated; what evaluation or backward has let go of is not there any more. */
#include <inttypes.h>
#include <string.h>

#include "autodiff/draw_file.h"
#include "autodiff/handle.h"
#include "autodiff/number_text.h"

/* Nodes in the order of their numbers (inputs before what uses them), and a table from node to number + 1. */
typedef struct drawing {
    mga_node **nodes;
    size_t n, capacity;
    size_t *table;
    size_t table_size; /* a power of two, at most half full */
} drawing;

typedef struct frame {
    mga_node *node;
    size_t next; /* input to visit */
} frame;

static void *grown(void *old, size_t used_bytes, size_t new_bytes) {
    void *copy = mgr_alloc(new_bytes);
    if (copy && used_bytes) memcpy(copy, old, used_bytes);
    if (copy) mgr_free(old);
    return copy;
}

static size_t hash_of(const mga_node *node) {
    return (size_t)(((uintptr_t)node >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 20);
}

/* Where node's number is, or would go. */
static size_t *entry(const drawing *d, const mga_node *node) {
    size_t i = hash_of(node) & (d->table_size - 1);
    while (d->table[i] && d->nodes[d->table[i] - 1] != node) i = (i + 1) & (d->table_size - 1);
    return &d->table[i];
}

static bool grow(drawing *d) {
    size_t capacity = d->capacity ? 2 * d->capacity : 256;
    mga_node **nodes = grown(d->nodes, d->n * sizeof *nodes, capacity * sizeof *nodes);
    if (!nodes) return false;
    d->nodes = nodes;
    d->capacity = capacity;
    size_t *table = mgr_alloc(2 * capacity * sizeof *table);
    if (!table) return false;
    mgr_free(d->table);
    memset(table, 0, 2 * capacity * sizeof *table);
    d->table = table;
    d->table_size = 2 * capacity;
    for (size_t i = 0; i < d->n; i++) *entry(d, d->nodes[i]) = i + 1;
    return true;
}

static size_t input_count(const mga_node *node) {
    if (node->op != MGA_OP_ACCUMULATE || !node->extra) return node->n_in;
    return ((const mga_pairs *)node->extra)->n;
}

static mga_node *input(const mga_node *node, size_t i) {
    if (node->op != MGA_OP_ACCUMULATE || !node->extra) return node->in[i];
    return ((const mga_pairs *)node->extra)->pair[i].value;
}

static bool push(frame **stack, size_t *n, size_t *capacity, mga_node *node) {
    if (*n == *capacity) {
        size_t more = *capacity ? 2 * *capacity : 256;
        frame *wider = grown(*stack, *n * sizeof **stack, more * sizeof **stack);
        if (!wider) return false;
        *stack = wider;
        *capacity = more;
    }
    (*stack)[(*n)++] = (frame){node, 0};
    return true;
}

/* Number everything below root, without recursion: graphs may be a million operations deep. */
static bool collect(drawing *d, mga_node *root) {
    frame *stack = NULL;
    size_t n = 0, capacity = 0;
    bool ok = grow(d) && push(&stack, &n, &capacity, root);
    while (ok && n > 0) {
        frame *top = &stack[n - 1];
        if (top->next < input_count(top->node)) {
            mga_node *in = input(top->node, top->next++);
            if (in && !*entry(d, in)) ok = push(&stack, &n, &capacity, in);
            continue;
        }
        mga_node *node = top->node;
        n--;
        if (*entry(d, node)) continue; /* reached on two ways before it was numbered */
        if (d->n == d->capacity) ok = grow(d);
        if (ok) {
            size_t *place = entry(d, node);
            d->nodes[d->n++] = node;
            *place = d->n;
        }
    }
    mgr_free(stack);
    return ok;
}

/* "sum over axes 0, 2" */
static void print_axes(FILE *file, const mga_node *node) {
    const char *before = " over axes ";
    for (int i = 0; i < MG_MAX_NDIM; i++) {
        if (!(node->axes >> i & 1)) continue;
        fprintf(file, "%s%d", before, i);
        before = ", ";
    }
}

static void print_what(FILE *file, const mga_node *node) {
    char number[MGA_NUMBER_BYTES];
    if (node->op == MGA_OP_FILL) {
        if (mg_dtype_is_float((mg_dtype)node->dtype))
            fputs(mga_number_text(node->scalar, 9, number), file);
        else
            fprintf(file, "%" PRId64, node->integer);
    } else if (node->op == MGA_OP_LEAF || (node->n_in == 0 && input_count(node) == 0)) {
        fputs(node->flags & MGA_VARIABLE ? "variable" : "constant", file);
    } else {
        fputs(mga_op_name(node->op), file);
        if (node->op == MGA_OP_RESULT) fprintf(file, " %d", node->which);
        if (mga_is_reduce(node)) print_axes(file, node);
    }
}

static void print_node(FILE *file, const mga_node *node, size_t number, bool root) {
    char shape[MGR_SHAPE_TEXT];
    bool leaf = input_count(node) == 0, variable = node->flags & MGA_VARIABLE;
    fprintf(file, "  n%zu [label=\"", number);
    print_what(file, node);
    const char *dtype = node->weak ? "scalar" : mg_dtype_name((mg_dtype)node->dtype);
    fprintf(file, "\\n%s %s\"", mgr_shape_text(node->shape, shape), dtype);
    fprintf(file, ", shape=%s, fillcolor=\"%s\"", leaf ? "ellipse" : "box",
            !variable ? "#eeeeee"
            : leaf    ? "#c9e7c9"
                      : "#d6e4f5");
    if (!variable) fputs(", color=\"#888888\", fontcolor=\"#555555\"", file);
    if (root || (node->flags & MGA_KEPT)) fputs(", penwidth=2", file);
    fputs("];\n", file);
}

static void print_edges(FILE *file, const drawing *d, size_t number) {
    const mga_node *node = d->nodes[number];
    size_t n = input_count(node);
    for (size_t i = 0; i < n; i++) {
        const mga_node *in = input(node, i);
        if (!in) continue;
        fprintf(file, "  n%zu -> n%zu", *entry(d, in) - 1, number);
        if (!(in->flags & MGA_VARIABLE)) fputs(" [color=\"#888888\"]", file);
        fputs(";\n", file);
    }
}

static void draw(FILE *file, void *context) {
    drawing *d = context;
    fputs("digraph mygrad {\n"
          "  rankdir=TB;\n"
          "  node [style=\"filled,rounded\", fontname=\"Helvetica\", fontsize=11, margin=\"0.12,0.06\"];\n"
          "  edge [arrowsize=0.7];\n",
          file);
    for (size_t i = 0; i < d->n; i++) print_node(file, d->nodes[i], i, i + 1 == d->n);
    for (size_t i = 0; i < d->n; i++) print_edges(file, d, i);
    fputs("}\n", file);
}

mg_status mg_save_graph(mg_tensor *t, const char *path) {
    mga_node *root = mga_value("save_graph", t);
    if (!root) return mgr_error();
    if (!path || !path[0]) return mgr_fail(MG_ERR_VALUE, "save_graph", "path is %s", path ? "empty" : "NULL");
    drawing d = {0};
    mg_status status = collect(&d, root) ? mga_draw_to_path(path, draw, &d) : mgr_error();
    mgr_free(d.nodes);
    mgr_free(d.table);
    return status;
}
