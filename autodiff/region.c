/* SPDX-License-Identifier: MIT
 * Collecting the pending nodes under some roots and cutting them into clusters. */
#include "autodiff/graph_check.h"

#include "runtime/cpu.h"
#include "runtime/sizes.h"
#include "runtime/tile.h"

enum { FULL_INPUTS = MGA_CLUSTER_INPUTS - MGK_MAX_IN, FULL_OUTPUTS = MGA_CLUSTER_OUTPUTS - MGK_MAX_OUT };

static mga_node *source_of(mga_node *node) { return node->op == MGA_OP_VIEW ? node->in[0] : node; }

static bool is_there(const mga_node *node) { return node->data || node->op == MGA_OP_FILL; }

mga_entry *mga_region_entry(const mga_region *region, const mga_node *node) {
    if (node->op == MGA_OP_VIEW) node = node->in[0];
    if (is_there(node) || node->mark != region->epoch) return NULL;
    return &region->entries[node->slot];
}

const mgr_shape *mga_node_space(const mga_node *node) { return mga_is_reduce(node) ? node->in[0]->shape : node->shape; }

bool mga_operand_is_direct(const mga_node *node, const mgr_shape *space) {
    return node->shape == space && (mga_is_map(node) || node->op == MGA_OP_RESULT);
}

/* ---- collecting ---- */

static bool visit(mga_thread *thread, mga_node *node) {
    node = source_of(node);
    if (is_there(node) || node->mark == thread->epoch) return true;
    node->mark = thread->epoch;
    return mga_nodes_push(&thread->walk, node) && mga_nodes_push(&thread->stack, node);
}

static bool visit_inputs(mga_thread *thread, const mga_node *node) {
    bool ok = true;
    for (int i = 0; ok && i < node->n_in; i++) ok = visit(thread, node->in[i]);
    if (node->op == MGA_OP_ACCUMULATE) {
        const mga_pairs *pairs = node->extra;
        for (size_t i = 0; ok && i < pairs->n; i++) ok = visit(thread, pairs->pair[i].value);
    }
    return ok;
}

/* All pending nodes below the roots into thread->walk, in recording order, which is a topological one. */
mg_status mga_region_collect(mga_thread *thread, size_t n_roots, mga_node *const *roots) {
    thread->epoch = mga_epoch_next(thread->epoch);
    thread->walk.n = thread->stack.n = 0;
    for (size_t i = 0; i < n_roots; i++)
        if (!visit(thread, roots[i])) return mgr_error();
    while (thread->stack.n)
        if (!visit_inputs(thread, thread->stack.v[--thread->stack.n])) return mgr_error();
    return thread->walk.n < 2 || mga_nodes_sort(&thread->walk, &thread->stack) ? MG_OK : mgr_error();
}

/* ---- clustering ---- */

static void append(mga_region *region, uint32_t entry, uint32_t cluster) {
    mga_cluster *c = &region->clusters[cluster];
    region->entries[entry].cluster = cluster;
    region->entries[entry].next = MGA_NO_ENTRY;
    if (c->first == MGA_NO_ENTRY)
        c->first = entry;
    else
        region->entries[c->last].next = entry;
    c->last = entry;
}

/* The inputs of a node that this region computes: where, and whether as the very element of the same tile. */
typedef struct pending_inputs {
    int n;
    struct {
        uint32_t cluster, level;
        bool direct;
    } in[MGK_MAX_IN];
} pending_inputs;

static pending_inputs look_at_inputs(const mga_region *region, const mga_node *node, const mgr_shape *space) {
    pending_inputs p;
    p.n = 0;
    for (int i = 0; i < node->n_in; i++) {
        const mga_entry *input = mga_region_entry(region, node->in[i]);
        if (!input) continue;
        p.in[p.n].cluster = input->cluster;
        p.in[p.n].level = region->clusters[input->cluster].level;
        p.in[p.n++].direct = mga_operand_is_direct(node->in[i], space);
    }
    return p;
}

/* May the node join cluster c, as far as the order of clusters goes? */
static bool order_allows(uint32_t c, uint32_t level, const pending_inputs *inputs) {
    for (int i = 0; i < inputs->n; i++)
        if (inputs->in[i].cluster == c ? !inputs->in[i].direct : inputs->in[i].level >= level) return false;
    return true;
}

/* Instructions that the node may need: its own, and a conversion for every operand of another dtype. */
static int instructions(const mga_node *node) {
    int n = 1;
    for (int i = 0; i < node->n_in; i++) n += node->in[i]->dtype != node->cdtype;
    return n;
}

static bool has_room(const mga_cluster *c, const mga_node *node) {
    if (c->n_instr + instructions(node) > MGA_CLUSTER_INSTR || c->n_inputs > FULL_INPUTS || c->n_outputs > FULL_OUTPUTS)
        return false;
    return !mga_is_reduce(node) || !c->has_reduce || c->reduced == node->axes;
}

static uint32_t open_cluster(mga_region *region, mga_cluster_kind kind, uint32_t level, const mgr_shape *space) {
    region->clusters[region->n_clusters] =
        (mga_cluster){.kind = kind, .level = level, .first = MGA_NO_ENTRY, .space = space};
    return region->n_clusters++;
}

static uint32_t level_above(const pending_inputs *inputs) {
    uint32_t level = 0;
    for (int i = 0; i < inputs->n; i++)
        if (inputs->in[i].level >= level) level = inputs->in[i].level + 1;
    return level;
}

static uint32_t level_above_pairs(const mga_region *region, const mga_pairs *pairs) {
    uint32_t level = 0;
    for (size_t i = 0; i < pairs->n; i++) {
        const mga_entry *input = mga_region_entry(region, pairs->pair[i].value);
        if (input && region->clusters[input->cluster].level >= level)
            level = region->clusters[input->cluster].level + 1;
    }
    return level;
}

static uint32_t find_cluster(mga_region *region, const mga_node *node, const pending_inputs *inputs,
                             const mgr_shape *space) {
    for (uint32_t back = 0; back < MGA_LOOK_BACK && back < region->n_clusters; back++) {
        uint32_t c = region->n_clusters - 1 - back;
        const mga_cluster *cluster = &region->clusters[c];
        if (cluster->kind == MGA_CLUSTER_TILE && cluster->space == space && has_room(cluster, node) &&
            order_allows(c, cluster->level, inputs))
            return c;
    }
    return open_cluster(region, MGA_CLUSTER_TILE, level_above(inputs), space);
}

static void place_map_or_reduce(mga_region *region, uint32_t index, const mga_node *node) {
    const mgr_shape *space = mga_node_space(node);
    const pending_inputs inputs = look_at_inputs(region, node, space);
    uint32_t c = find_cluster(region, node, &inputs, space);
    mga_cluster *cluster = &region->clusters[c];
    cluster->n_instr = (uint16_t)(cluster->n_instr + instructions(node));
    cluster->n_inputs = (uint16_t)(cluster->n_inputs + node->n_in);
    for (int i = 0; i < inputs.n; i++) cluster->n_inputs = (uint16_t)(cluster->n_inputs - (inputs.in[i].cluster == c));
    cluster->n_outputs++;
    if (mga_is_reduce(node)) {
        cluster->has_reduce = true;
        cluster->reduced = node->axes;
    }
    append(region, index, c);
}

static void place(mga_region *region, uint32_t index) {
    const mga_node *node = region->entries[index].node;
    if (node->op == MGA_OP_UPDATE) {
        const pending_inputs inputs = look_at_inputs(region, node, node->shape);
        append(region, index, open_cluster(region, MGA_CLUSTER_UPDATE, level_above(&inputs), node->shape));
    } else if (node->op == MGA_OP_ACCUMULATE) {
        uint32_t level = level_above_pairs(region, node->extra);
        append(region, index, open_cluster(region, MGA_CLUSTER_ACCUMULATE, level, node->shape));
    } else if (node->op == MGA_OP_RESULT) { /* a result lives where its op is computed */
        uint32_t c = region->entries[node->in[0]->slot].cluster;
        region->clusters[c].n_outputs++;
        append(region, index, c);
    } else {
        place_map_or_reduce(region, index, node);
    }
}

/* ---- storing ---- */

/* Recomputing a needed value costs its inputs' traffic again; storing one that fits this core's share of L2 costs next
 * to nothing (D2 ii). What is about to be computed for the second time is stored, whatever its size (D2 i). */
static bool worth_storing(const mga_node *node) {
    if (node->op == MGA_OP_UPDATE || node->op == MGA_OP_ACCUMULATE || mga_is_reduce(node)) return true;
    if (node->op < MGK_OP_COUNT && mgk_ops[node->op].n_out > 1) return false; /* its results are stored, not itself */
    if (node->flags & MGA_COMPUTED) return true;
    if (!(node->flags & MGA_NEEDED)) return false;
    return (size_t)node->shape->size * mg_dtype_size((mg_dtype)node->dtype) <= mgr_cpu_caches()->l2 / 2;
}

static void store_if_crossing(const mga_region *region, uint32_t cluster, const mga_node *operand,
                              const mgr_shape *space) {
    mga_entry *entry = mga_region_entry(region, operand);
    if (entry && (entry->cluster != cluster || !mga_operand_is_direct(operand, space))) entry->store = true;
}

/* When all is decided: a later reader may have asked for a result. */
static void count_results(mga_region *region) {
    for (uint32_t i = 0; i < region->n; i++) {
        const mga_entry *entry = &region->entries[i];
        if (entry->node->op == MGA_OP_RESULT) region->entries[entry->node->in[0]->slot].results += entry->store;
    }
}

static void decide_stores(mga_region *region, size_t n_roots, mga_node *const *roots) {
    for (size_t i = 0; i < n_roots; i++) {
        mga_entry *entry = mga_region_entry(region, roots[i]);
        if (entry) entry->store = true;
    }
    for (uint32_t i = 0; i < region->n; i++) {
        mga_entry *entry = &region->entries[i];
        const mga_node *node = entry->node;
        entry->store = entry->store || worth_storing(node);
        if (node->op == MGA_OP_RESULT) continue;
        for (int k = 0; k < node->n_in; k++)
            store_if_crossing(region, entry->cluster, node->in[k], mga_node_space(node));
        if (node->op != MGA_OP_ACCUMULATE) continue;
        const mga_pairs *pairs = node->extra;
        for (size_t k = 0; k < pairs->n; k++)
            store_if_crossing(region, entry->cluster, pairs->pair[k].value, node->shape);
    }
    count_results(region);
}

mg_status mga_region_build(mga_region *region, mgr_arena *arena, const mga_thread *thread, size_t n_roots,
                           mga_node *const *roots) {
    *region = (mga_region){0};
    size_t n = thread->walk.n;
    region->epoch = thread->epoch;
    region->n = (uint32_t)n;
    region->entries = mgr_arena_alloc(arena, (n + 1) * sizeof *region->entries);
    region->clusters = mgr_arena_alloc(arena, (n + 1) * sizeof *region->clusters);
    if (!region->entries || !region->clusters) return mgr_error();
    for (uint32_t i = 0; i < n; i++) {
        region->entries[i] = (mga_entry){.node = thread->walk.v[i], .next = MGA_NO_ENTRY};
        thread->walk.v[i]->slot = i;
    }
    for (uint32_t i = 0; i < n; i++) place(region, i);
    decide_stores(region, n_roots, roots);
    MGR_CHECK(mga_check_region(region, n_roots, roots));
    return MG_OK;
}
