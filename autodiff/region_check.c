/* SPDX-License-Identifier: MIT
 * Hardened build: a region is in recording order, its clusters can run in the order of their levels, what crosses them
 * is stored, and nobody holds fewer counts than there are readers. Changes nothing. */
#include "autodiff/graph_check.h"
#include "runtime/sizes.h"

#include <stdlib.h>
#include <string.h>

static unsigned long long seq_of(const mga_node *node) { return node->seq; }

/* Read by entry `reader`, directly or through a view. */
static void check_operand(const mga_region *region, uint32_t reader, const mga_node *operand, uint32_t *uses) {
    const mga_entry *own = &region->entries[reader], *entry = mga_region_entry(region, operand);
    const mga_node *source = operand->op == MGA_OP_VIEW ? operand->in[0] : operand;
    MGR_HOLDS(entry || source->data || source->op == MGA_OP_FILL, "region: entry %u reads a value that nobody computes",
              reader);
    if (!entry) return;
    uint32_t index = (uint32_t)(entry - region->entries);
    MGR_HOLDS(index < reader, "region: entry %u reads entry %u, which comes later", reader, index);
    if (entry->node == operand) uses[index]++;
    const mga_cluster *from = &region->clusters[entry->cluster], *to = &region->clusters[own->cluster];
    if (entry->cluster == own->cluster) {
        MGR_HOLDS(own->node->op == MGA_OP_RESULT || mga_operand_is_direct(operand, to->space),
                  "region: entry %u reads entry %u of its own cluster %u from memory", reader, index, own->cluster);
        return;
    }
    MGR_HOLDS(from->level < to->level, "region: cluster %u of level %u reads cluster %u of level %u", own->cluster,
              to->level, entry->cluster, from->level);
    MGR_HOLDS(entry->store, "region: entry %u crosses clusters and is not stored", index);
}

static void check_entry(const mga_region *region, uint32_t i, uint32_t *uses) {
    const mga_entry *entry = &region->entries[i];
    const mga_node *node = entry->node;
    MGR_HOLDS(node->slot == i && node->mark == region->epoch, "region: entry %u is not its node's", i);
    MGR_HOLDS(!node->data, "region: entry %u is computed already", i);
    MGR_HOLDS(i == 0 || region->entries[i - 1].node->seq < node->seq,
              "region: entry %u was recorded as number %llu, before the one in front of it", i, seq_of(node));
    MGR_HOLDS(entry->cluster < region->n_clusters, "region: entry %u is in cluster %u of %u", i, entry->cluster,
              region->n_clusters);
    for (int k = 0; k < node->n_in; k++) check_operand(region, i, node->in[k], uses);
    if (node->op != MGA_OP_ACCUMULATE) return;
    const mga_pairs *pairs = node->extra;
    for (size_t k = 0; k < pairs->n; k++) check_operand(region, i, pairs->pair[k].value, uses);
}

static uint32_t check_cluster(const mga_region *region, uint32_t c) {
    const mga_cluster *cluster = &region->clusters[c];
    uint32_t n = 0, last = MGA_NO_ENTRY;
    int instructions = 0;
    MGR_HOLDS(cluster->first != MGA_NO_ENTRY, "region: cluster %u is empty", c);
    for (uint32_t i = cluster->first; i != MGA_NO_ENTRY; last = i, i = region->entries[i].next, n++) {
        MGR_HOLDS(i < region->n && region->entries[i].cluster == c, "region: entry %u is on the list of cluster %u", i,
                  c);
        MGR_HOLDS(last == MGA_NO_ENTRY || last < i, "region: cluster %u has entry %u after entry %u", c, i, last);
        const mga_node *node = region->entries[i].node;
        bool tile = node->op != MGA_OP_UPDATE && node->op != MGA_OP_ACCUMULATE;
        MGR_HOLDS(tile == (cluster->kind == MGA_CLUSTER_TILE), "region: entry %u is in a cluster of another kind", i);
        if (!tile) continue;
        MGR_HOLDS(mga_node_space(node) == cluster->space, "region: entry %u has another space than its cluster %u", i,
                  c);
        MGR_HOLDS(!mga_is_reduce(node) || (cluster->has_reduce && cluster->reduced == node->axes),
                  "region: entry %u reduces other axes than its cluster %u", i, c);
        instructions += node->op != MGA_OP_RESULT;
    }
    MGR_HOLDS(cluster->last == last, "region: cluster %u ends at entry %u, not %u", c, last, cluster->last);
    MGR_HOLDS(instructions <= MGR_TILE_MAX_INSTR, "region: cluster %u has %d instructions", c, instructions);
    MGR_HOLDS(cluster->kind == MGA_CLUSTER_TILE || n == 1, "region: cluster %u has %u entries", c, n);
    return n;
}

/* How many of its results are stored is what an op with several is told. */
static void check_results(const mga_region *region) {
    for (uint32_t i = 0; i < region->n; i++) {
        uint32_t stored = 0;
        for (uint32_t k = i + 1; region->entries[i].results && k < region->n; k++) {
            const mga_node *node = region->entries[k].node;
            stored += node->op == MGA_OP_RESULT && node->in[0] == region->entries[i].node && region->entries[k].store;
        }
        MGR_HOLDS(stored == region->entries[i].results, "region: %u results of entry %u are stored, and counted are %u",
                  stored, i, region->entries[i].results);
    }
}

void mga_check_region(const mga_region *region, size_t n_roots, mga_node *const *roots) {
    uint32_t *uses = calloc(region->n + 1, sizeof *uses), n = 0;
    if (!uses) return;
    for (uint32_t i = 0; i < region->n; i++) check_entry(region, i, uses);
    for (uint32_t c = 0; c < region->n_clusters; c++) n += check_cluster(region, c);
    MGR_HOLDS(n == region->n, "region: %u entries are in clusters, of %u", n, region->n);
    check_results(region);
    for (uint32_t i = 0; i < region->n; i++) {
        uint32_t refs = atomic_load_explicit(&region->entries[i].node->refs, memory_order_relaxed);
        MGR_HOLDS((region->entries[i].node->flags & MGA_FROZEN) || refs >= uses[i],
                  "region: entry %u has %u readers and a count of %u", i, uses[i], refs);
    }
    free(uses);
    for (size_t i = 0; i < n_roots; i++) {
        const mga_entry *entry = mga_region_entry(region, roots[i]);
        MGR_HOLDS(!entry || entry->store, "region: root %zu is not stored", i);
    }
}

void mga_check_running_order(const mga_region *region, const uint32_t *order) {
    bool *seen = calloc(region->n_clusters + 1, sizeof *seen);
    if (!seen) return;
    for (uint32_t i = 0; i < region->n_clusters; i++) {
        MGR_HOLDS(order[i] < region->n_clusters && !seen[order[i]], "flush: cluster %u runs twice", order[i]);
        seen[order[i]] = true;
        MGR_HOLDS(i == 0 || region->clusters[order[i - 1]].level <= region->clusters[order[i]].level,
                  "flush: cluster %u runs after one of a higher level", order[i]);
    }
    free(seen);
}

void mga_check_claims(const mga_flush *flush) {
    const mga_region *region = &flush->region;
    for (uint32_t i = 0; i < region->n; i++) {
        const mga_entry *entry = &region->entries[i];
        mgr_buffer *buffer = flush->buffers[i];
        size_t bytes = (size_t)entry->node->shape->size * mg_dtype_size((mg_dtype)entry->node->dtype);
        MGR_HOLDS(entry->store == (buffer != NULL), "flush: entry %u is %s, but has %s buffer", i,
                  entry->store ? "stored" : "not stored", buffer ? "a" : "no");
        if (!buffer) continue;
        MGR_HOLDS(buffer->bytes >= bytes, "flush: entry %u gets %zu bytes, but has %zu", i, buffer->bytes, bytes);
        uint32_t refs = atomic_load_explicit(&buffer->refs, memory_order_relaxed);
        MGR_HOLDS(refs <= 2, "flush: the buffer of entry %u has a count of %u: fresh is 1, taken over is 2", i, refs);
    }
}
