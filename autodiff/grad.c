/* SPDX-License-Identifier: MIT
 * Gradients as the user sees them: asking, dropping, detaching, constancy. */
#include "autodiff/flush.h"
#include "autodiff/handle.h"
#include "autodiff/history.h"
#include "autodiff/record.h"
#include "autodiff/thread.h"

/* ---- a gradient has one place ---- */

/* t's handle, if it shows the present gradient. */
static mg_tensor *present_handle(const mg_tensor *t, const mga_node *home) {
    const mg_tensor *g = t->grad;
    if (!g) return NULL;
    if (g->storage) return (home->flags & MGA_GRAD_STORED) && g->storage == home->grad_storage ? t->grad : NULL;
    return !(home->flags & MGA_GRAD_STORED) && g->node == home->grad ? t->grad : NULL;
}

/* A view's is a view of that of its base, as t is one of its base. */
static MGR_APART bool base_has_handle(mg_tensor *t) {
    mg_tensor *base = mga_is_whole(t) || t->own ? NULL : t->storage->base, *g = base ? mg_grad(base) : NULL;
    return !base || (g && mga_storage_make(g));
}

/* Is there one of t's present value? A value of a view's own may have been written over through its base. */
static bool has_grad(const mg_tensor *t) {
    if (t->own) return mga_shows_grad(t->own->node) && t->own->version == t->storage->written;
    return mga_shows_grad(mga_home(t)) && !(t->flags & MGA_T_APART);
}

mg_tensor *mg_grad(mg_tensor *t) {
    if (mgr_error() != MG_OK || !t || mga_is_closed(t) || !mga_is_variable(t) || !has_grad(t)) return NULL;
    mga_node *home = mga_home(t);
    mg_tensor *present = present_handle(t, home);
    if (present) return present;
    if (t->view && !base_has_handle(t)) return NULL;
    if (t->grad) mga_handle_orphan_grad(t);
    return mga_wrap_grad(t);
}

mg_grad_state mg_grad_status(const mg_tensor *t) {
    if (!t || mga_is_closed(t) || !mga_is_variable(t)) return MG_GRAD_CONSTANT;
    if (has_grad(t)) return MG_GRAD_READY;
    if (mga_home(t)->flags & MGA_CONSUMED) return MG_GRAD_RELEASED;
    if (t->own && mga_is_outdated(t->own, t->storage)) return MG_GRAD_REPLACED;
    return (t->storage ? t->storage->replaced : t->flags & MGA_T_REPLACED) ? MG_GRAD_REPLACED : MG_GRAD_NONE;
}

void mg_null_grad(mg_tensor *t) {
    if (t && !mga_is_closed(t)) mga_handle_drop_grad(t);
}

/* ---- the same values without history ---- */

/* Memory of the caller's is copied: it may change, and what is written into it shows at once. */
mg_tensor *mg_detach(mg_tensor *x) {
    mga_node *node = mga_value("detach", x);
    if (!node) return NULL;
    const mga_view *view = node->op == MGA_OP_VIEW ? node->extra : NULL;
    mga_node *same = mga_leaf_beside(view ? node->in[0] : node, false);
    return view ? mga_wrap_view_of(same, node->shape, view->offset, view->strides) : mga_wrap(same);
}

/* ---- constancy ---- */

static void set_flag(mga_node *node, bool constant) {
    if (!constant) {
        node->flags |= MGA_VARIABLE;
        return;
    }
    node->flags &= (uint16_t) ~(MGA_VARIABLE | MGA_WAS_CONSUMED);
    mga_node_clear_history(node);
    if (node->data && node->op != MGA_OP_VIEW && node->n_in) mga_node_drop_inputs(node);
}

bool mga_set_fresh_constant(mga_node *node, bool constant) {
    mga_node *source = node->op == MGA_OP_VIEW ? node->in[0] : node;
    if (source->op == MGA_OP_FILL || (source->flags & (MGA_SHARED | MGA_FROZEN))) return false;
    if (atomic_load_explicit(&node->refs, memory_order_relaxed) > 1) return false;
    if (atomic_load_explicit(&source->refs, memory_order_relaxed) > 1) return false;
    set_flag(node, constant);
    if (source != node) set_flag(source, constant);
    return true;
}

/* x goes on as a leaf over its memory; what was recorded from the old value stays as it was recorded. */
static bool replace_by_leaf(mg_tensor *x, bool constant) {
    if (x->owner && !mga_storage_make(x)) return false;
    const bool whole = mga_is_whole(x), fresh = whole && !x->storage && mga_set_fresh_constant(x->node, constant);
    mga_node *leaf = whole && !fresh ? mga_leaf_over(mga_root(x), !constant) : NULL;
    if (!fresh && !leaf && (whole || !mga_own_make(x, !constant))) return false;
    mga_handle_drop_grad(x);
    if (leaf) mga_guard_together(mga_root(x), leaf);
    if (leaf) mga_set_root(x, leaf);
    mga_try_value("set_constant", x);
    return true;
}

mg_tensor *mg_set_constant(mg_tensor *x, bool constant) {
    const mga_node *node = mga_value("set_constant", x);
    if (!node) return NULL;
    if (!constant && !mg_dtype_is_float((mg_dtype)x->dtype)) {
        mgr_fail(MG_ERR_TYPE, "set_constant",
                 "Integer-valued tensors must be treated as constants, and this one is %s.",
                 mg_dtype_name((mg_dtype)x->dtype));
        return NULL;
    }
    if (mga_is_variable(x) == !constant) {
        mga_handle_drop_grad(x);
        return x;
    }
    if (mga_home(x)->flags & MGA_FROZEN) {
        mgr_fail(MG_ERR_READ_ONLY, "set_constant", "The tensor is frozen: it stays a %s.",
                 constant ? "variable" : "constant");
        return NULL;
    }
    return replace_by_leaf(x, constant) ? x : NULL;
}
