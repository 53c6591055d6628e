/* SPDX-License-Identifier: MIT
 * Checksums of borrowed memory. A leaf has no use for its `integer`, so the checksum lives there; 0: there is none. */
#include "autodiff/borrowed.h"

#include "runtime/status.h"

static int64_t checksum(const mga_node *leaf) {
    const unsigned char *p = (const unsigned char *)leaf->data;
    size_t bytes = (size_t)leaf->shape->size * mg_dtype_size((mg_dtype)leaf->dtype);
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (size_t i = 0; i < bytes; i++) hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
    return (int64_t)(hash | 1);
}

/* The borrowed leaf that an operand reads, or NULL. Frozen ones may be shared by threads: they are left alone. */
static mga_node *borrowed_leaf(mga_node *operand) {
    if (operand->op == MGA_OP_VIEW) operand = operand->in[0];
    bool borrowed = operand->op == MGA_OP_LEAF && operand->buffer && operand->buffer->size_class == MGR_BORROWED;
    return borrowed && !(operand->flags & MGA_FROZEN) ? operand : NULL;
}

void mga_borrowed_note(const mga_node *node) {
    for (int i = 0; i < node->n_in; i++) {
        mga_node *leaf = borrowed_leaf(node->in[i]);
        if (leaf) leaf->integer = checksum(leaf);
    }
}

mg_status mga_borrowed_check(const mga_region *region) {
    for (uint32_t e = 0; e < region->n; e++) {
        const mga_node *node = region->entries[e].node;
        for (int i = 0; i < node->n_in; i++) {
            mga_node *leaf = borrowed_leaf(node->in[i]);
            int64_t now = leaf ? checksum(leaf) : 0;
            if (!leaf || leaf->integer == 0 || now == leaf->integer) continue;
            char text[MGR_SHAPE_TEXT];
            leaf->integer = now;
            return mgr_fail(MG_ERR_VALUE, mga_op_name(node->op),
                            "The borrowed memory of a %s tensor of shape %s was changed after %s was recorded and "
                            "before it ran: call mg_sync first.",
                            mg_dtype_name((mg_dtype)leaf->dtype), mgr_shape_text(leaf->shape, text),
                            mga_op_name(node->op));
        }
    }
    return MG_OK;
}
