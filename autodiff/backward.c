/* SPDX-License-Identifier: MIT
 * The backward walk (law 4): visits recorded nodes in reverse recording order and builds gradient expressions with the
 * rules. Nothing is attached until the whole walk has succeeded. */
#include "autodiff/backward.h"

#include "autodiff/contribution.h"
#include "autodiff/flush.h"
#include "autodiff/graph_check.h"
#include "autodiff/handle.h"
#include "autodiff/history.h"
#include "autodiff/options.h"
#include "autodiff/record.h"
#include "autodiff/thread.h"
#include "runtime/dtype.h"
#include "runtime/sizes.h"

/* ---- which nodes, in which order ---- */

static bool takes_part(const mga_node *node) { return node->flags & MGA_VARIABLE; }

static bool visit(mga_thread *thread, mga_node *node) {
    if (!takes_part(node) || node->mark == thread->epoch) return true;
    node->mark = thread->epoch;
    return mga_nodes_push(&thread->walk, node) && mga_nodes_push(&thread->stack, node);
}

static mg_status fail_consumed(const mga_node *node) {
    char text[MGR_SHAPE_TEXT];
    return mgr_fail(MG_ERR_INVALID_BACKPROP, "backward",
                    "The history of a %s tensor of shape %s, recorded before an earlier backward(.consume), was let go "
                    "by that.",
                    mg_dtype_name((mg_dtype)node->dtype), mgr_shape_text(node->shape, text));
}

static mg_status fail_foreign(const mga_node *node) {
    char text[MGR_SHAPE_TEXT];
    return mgr_fail(MG_ERR_INVALID_BACKPROP, "backward",
                    "A %s tensor of shape %s was computed from variables on another thread, which has that history "
                    "still: what is to be differentiated here begins with mg_detach's copy of it.",
                    mg_dtype_name((mg_dtype)node->dtype), mgr_shape_text(node->shape, text));
}

static mg_status visit_inputs(mga_thread *thread, const mga_node *node) {
    if (node->flags & MGA_CONSUMED) return fail_consumed(node);
    if (!(node->flags & MGA_HISTORY)) return MG_OK;
    if (node->owner != thread->number) return fail_foreign(node);
    bool ok = true;
    for (int i = 0; ok && i < node->n_in; i++) ok = visit(thread, node->in[i]);
    if (node->op == MGA_OP_ACCUMULATE) {
        const mga_pairs *pairs = node->extra;
        for (size_t i = 0; ok && i < pairs->n; i++) ok = visit(thread, pairs->pair[i].value);
    }
    return ok ? MG_OK : mgr_error();
}

/* ---- the rules ---- */

enum { MAX_STEPS = 16 };

typedef struct rule_run {
    const mga_node *node;
    mga_node *g;
    const mgk_rule *rule;
    mga_node *steps[MAX_STEPS];
    mga_node *held[MAX_STEPS * (MGK_MAX_IN + 1)]; /* the steps, and a number each time that one uses it */
    int n_held;
} rule_run;

static mga_node *hold(rule_run *run, mga_node *node) {
    if (node) run->held[run->n_held++] = node;
    return node;
}

static mga_node *weak_scalar(rule_run *run, double value) {
    return hold(run, mga_fill_scalar(MG_F64, MGR_WEAK_FLOAT, value));
}

static double param_of(const mga_node *node, int which) {
    return node->n_params > 1 ? ((const double *)node->extra)[which] : node->scalar;
}

static mga_node *refer(rule_run *run, uint8_t ref) {
    int which = ref & 0x0f;
    switch (ref & 0xf0) {
    case MGK_REF_GRAD:
        return run->g;
    case MGK_REF_IN:
        return run->node->in[which];
    case MGK_REF_OUT:
        return (mga_node *)(uintptr_t)run->node; /* an operand is never written through */
    case MGK_REF_STEP:
        return run->steps[which];
    case MGK_REF_CONST:
        return weak_scalar(run, run->rule->consts[which]);
    default:
        return weak_scalar(run, param_of(run->node, which));
    }
}

static mga_node *run_fused(rule_run *run) {
    mga_node *in[MGK_MAX_IN];
    double params[MGK_MAX_PARAMS];
    for (int i = 0; i < run->rule->n_fused_in; i++) in[i] = refer(run, run->rule->fused_in[i]);
    for (int i = 0; i < run->node->n_params; i++) params[i] = param_of(run->node, i);
    return mga_record_map(run->rule->fused, in, params, MG_DTYPE_NONE, MG_CONSTANT_AUTO);
}

static mga_node *run_step(rule_run *run, const mgk_step *step) {
    mga_node *in[MGK_MAX_IN];
    double params[MGK_MAX_PARAMS];
    for (int i = 0; i < step->n_in; i++) {
        in[i] = refer(run, step->in[i]);
        if (!in[i]) return NULL;
    }
    for (int i = 0; i < mgk_ops[step->op].n_params; i++) {
        int which = step->params[i] & 0x0f;
        params[i] = (step->params[i] & 0xf0) == MGK_REF_CONST ? run->rule->consts[which] : param_of(run->node, which);
    }
    return mga_record_map(step->op, in, params, MG_DTYPE_NONE, MG_CONSTANT_AUTO);
}

/* Is it the same row for all operands, so that the fused kernel computes what the steps would? */
static bool fused_serves(const rule_run *run) {
    if (!run->rule->fused) return false;
    for (int i = 0; i < run->node->n_in; i++)
        if (run->node->in[i]->dtype != run->node->cdtype && !(mgk_ops[run->node->op].bool_in & (1u << i))) return false;
    return run->node->cdtype == run->node->dtype && run->node->cdtype != MG_F16 && run->node->cdtype != MG_BF16;
}

/* The rule of a map op for one input; *out = NULL where there is no derivative. */
static mg_status run_rule(const mga_node *node, mga_node *g, int which, mga_node **out) {
    rule_run run; /* field by field: its arrays need no zeros */
    run.node = node;
    run.g = g;
    run.rule = &mgk_ops[node->op].rules[which];
    run.n_held = 0;
    mga_node *result = NULL;
    *out = NULL;
    if (run.rule->n_steps == 0 && run.rule->result == 0xff) return MG_OK;
    if (run.rule->n_steps == 0) {
        result = refer(&run, run.rule->result);
        if (result) mga_node_retain(result);
    } else if (fused_serves(&run)) {
        result = run_fused(&run);
    } else {
        for (int s = 0; s < run.rule->n_steps; s++) {
            result = run_step(&run, &run.rule->steps[s]);
            if (!result) break;
            run.steps[s] = hold(&run, result);
        }
        if (result) mga_node_retain(result);
    }
    for (int i = 0; i < run.n_held; i++) mga_node_release(run.held[i]);
    *out = result;
    return result ? MG_OK : mgr_error();
}

/* ---- from a node's gradient to its inputs' contributions ---- */

static mg_status input_gradient(mga_walk *walk, mga_node *node, mga_node *g, int which) {
    if (node->op == MGA_OP_UPDATE) return mga_contribute_update(walk, node, g, which);
    mga_node *d = NULL;
    if (node->op == MGA_OP_CONVERT) {
        mga_node_retain(g);
        d = g;
    } else if (mga_backward_table[node->op]) {
        MGR_TRY(mga_backward_table[node->op](node, g, which, &d));
    } else if (mgk_ops[node->op].rules) {
        MGR_TRY(run_rule(node, g, which, &d));
    }
    return d ? mga_contribute(walk, node->in[which], d) : MG_OK;
}

static mg_status propagate(mga_walk *walk, mga_node *node, mga_node *g) {
    if (!(node->flags & MGA_HISTORY) || mga_passes_on(node)) return MG_OK;
    if (node->op == MGA_OP_ACCUMULATE) return mga_contribute_pairs(walk, node, g);
    for (int i = 0; i < node->n_in; i++)
        if (takes_part(node->in[i])) MGR_TRY(input_gradient(walk, node, g, i));
    return MG_OK;
}

/* ---- the walk ---- */

static mg_status walk_graph(mga_walk *walk, mga_thread *thread) {
    while (thread->stack.n) MGR_TRY(visit_inputs(thread, thread->stack.v[--thread->stack.n]));
    MGR_TRY(mga_walk_order(walk, thread));
    MGR_CHECK(mga_check_walk(walk, thread));
    return MG_OK;
}

static mg_status walk_back(mga_walk *walk) {
    for (size_t i = 0; i < walk->n; i++) {
        mga_node *node = walk->order[i];
        mga_node *g = mga_walk_gradient(walk, node);
        if (!g && mgr_error() != MG_OK) return mgr_error();
        if (!g) continue; /* every path to it has no derivative */
        if (g->depth >= MGA_DEPTH_CAP) MGR_TRY(mga_eval(g));
        MGR_TRY(propagate(walk, node, g));
    }
    MGR_CHECK(mga_check_walked(walk));
    return MG_OK;
}

static bool gets_gradient(const mga_node *node, bool consume) {
    bool leaf = !(node->flags & MGA_HISTORY);
    return (node->flags & MGA_KEPT) || ((leaf || !consume) && mga_is_shown(node));
}

/* Values that others hold stay as they are. */
static bool is_fresh(const mga_node *g) {
    return !(g->flags & (MGA_HISTORY | MGA_SHARED | MGA_FROZEN)) && !mga_is_shown(g);
}

/* The gradient as it will be seen: added to the old one if asked for (micro-batches), contiguous, a constant. Takes
 * over g; counted. */
static mga_node *finished(mga_node *node, mga_node *g, bool accumulate) {
    mga_node *done = g;
    if (accumulate && node->grad) {
        mga_node *in[2] = {mga_node_grad(node), g};
        done = mga_record_map(MGK_OP_ADD, in, NULL, MG_DTYPE_NONE, MG_CONSTANT);
        mga_node_release(g);
    } else if (g->op == MGA_OP_VIEW || ((g->flags & MGA_VARIABLE) && !is_fresh(g))) {
        done = mga_record_copy(g);
        mga_node_release(g);
    }
    if (done) done->flags &= (uint16_t)~MGA_VARIABLE;
    return done;
}

/* All are made before any is attached. */
static mg_status finish(mga_walk *walk, const mg_backward_opts *opts) {
    for (size_t i = 0; i < walk->n; i++) {
        mga_node *node = walk->order[i], **g = &walk->gradients[node->walk];
        if (!*g || !gets_gradient(node, opts->consume)) continue;
        *g = finished(node, *g, opts->accumulate);
        if (!*g) return mgr_error();
    }
    return MG_OK;
}

static mg_status reserve_wanted(mga_thread *thread, const mga_walk *walk) {
    return mga_nodes_reserve(&thread->wanted, thread->wanted.n + walk->n + 1) ? MG_OK : mgr_error();
}

static bool must_run(const mga_node *node) { return !mga_node_data(node) && node->op != MGA_OP_FILL; }

/* f and every gradient, in one pass, before any is attached. */
static mg_status evaluate(mga_walk *walk, mga_node *f, const mg_backward_opts *opts) {
    mga_node **roots = mgr_arena_alloc(&walk->arena, (walk->n + 1) * sizeof *roots);
    if (!roots) return mgr_error();
    size_t n = 0;
    if (must_run(f)) roots[n++] = f;
    for (size_t i = 0; i < walk->n; i++) {
        mga_node *node = walk->order[i], *g = walk->gradients[node->walk];
        if (g && gets_gradient(node, opts->consume) && must_run(g)) roots[n++] = g;
    }
    return n > 0 ? mga_eval_all(n, roots) : MG_OK;
}

static void attach(mga_walk *walk, const mg_backward_opts *opts) {
    for (size_t i = 0; i < walk->n; i++) {
        mga_node *node = walk->order[i], *g = walk->gradients[node->walk];
        bool gets = g && gets_gradient(node, opts->consume);
        if (!gets && opts->accumulate) {
            node->flags &= (uint16_t)~MGA_GRAD_ASIDE;
            continue;
        }
        mga_drop_node_grad(node);
        if (!gets) continue;
        mga_node_retain(g);
        node->grad = g;
        if (!(node->flags & MGA_KEPT) && (node->flags & MGA_HISTORY))
            continue;                 /* a temporary's is evaluated when asked for */
        if (must_run(g)) mga_want(g); /* cannot fail: room was reserved */
    }
}

static void consume(mga_walk *walk) {
    for (size_t i = 0; i < walk->n; i++) {
        mga_node *node = walk->order[i];
        if (!(node->flags & MGA_HISTORY) || (node->flags & MGA_FROZEN)) continue;
        mga_node_clear_history(node);
        node->flags |= MGA_CONSUMED;
        if (node->op != MGA_OP_VIEW && node->data) mga_node_drop_inputs(node); /* pending ones can still be computed */
    }
}

static mga_node *seed_of(mga_node *f, const mg_backward_opts *opts) {
    if (!opts->grad) return mga_fill_f64((mg_dtype)f->dtype, f->shape, 1.0);
    mga_node *given = mga_value("backward", opts->grad);
    if (!given) return NULL;
    const mgr_shape *both = mgr_shape_broadcast("backward", given->shape, f->shape);
    char a[MGR_SHAPE_TEXT], b[MGR_SHAPE_TEXT];
    mga_node *seed = NULL;
    if (both && both != f->shape)
        mgr_fail(MG_ERR_VALUE, "backward", "A gradient of shape %s does not broadcast to the tensor's shape %s.",
                 mgr_shape_text(given->shape, a), mgr_shape_text(f->shape, b));
    else if (both && (seed = mga_record_convert(given, (mg_dtype)f->dtype))) {
        mga_node *wide = mga_broadcast_node(seed, f->shape);
        mga_node_release(seed);
        seed = wide;
    }
    if (both) mgr_shape_release(both);
    return seed;
}

/* Everything that can fail, then everything that cannot. */
static mg_status run_backward(mga_thread *thread, mga_walk *walk, mga_node *f, const mg_backward_opts *opts) {
    thread->epoch = mga_epoch_next(thread->epoch);
    thread->walk.n = thread->stack.n = 0;
    if (!visit(thread, f)) return mgr_error();
    MGR_TRY(walk_graph(walk, thread));
    mga_node *seed = seed_of(f, opts);
    if (!seed) return mgr_error();
    MGR_TRY(mga_contribute(walk, f, seed));
    MGR_TRY(walk_back(walk));
    MGR_TRY(finish(walk, opts));
    MGR_TRY(reserve_wanted(thread, walk));
    if (opts->consume) { /* history goes, so what hangs from it must be there */
        MGR_TRY(evaluate(walk, f, opts));
        attach(walk, opts);
        consume(walk);
        return MG_OK;
    }
    attach(walk, opts);
    if (f->shape->size == 1 && !mga_node_data(f))
        return mga_want(f); /* the loss will be read: one pass computes it along (D2) */
    return MG_OK;
}

/* Its own history, or that of what it is a view of since before; and nothing was written since. */
static bool was_consumed(const mg_tensor *t, const mga_node *f) {
    const mga_node *source = f->op == MGA_OP_VIEW ? f->in[0] : f;
    return (source->flags & MGA_WAS_CONSUMED) && (source == f || (t->flags & MGA_T_CONSUMED));
}

mg_status mg_backward_with(mg_tensor *tensor, const mg_backward_opts *opts) {
    mga_node *f = mga_value("backward", tensor);
    if (!f) return mgr_error();
    mg_backward_opts all = {0};
    MGR_TRY(MGA_READ_OPTS("backward", all, opts));
    if (!takes_part(f)) return MG_OK; /* as MyGrad: nothing depends on a constant's gradient */
    if (was_consumed(tensor, f)) return fail_consumed(f);
    mga_thread *thread = mga_thread_get();
    mga_walk walk = {0};
    mga_node_retain(f);
    mg_no_autodiff(true);
    mg_status status = run_backward(thread, &walk, f, &all);
    mg_no_autodiff(false);
    mga_walk_end(&walk);
    mga_node_release(f);
    return status;
}

mg_status(mg_backward)(mg_tensor *f) { return mg_backward_with(f, NULL); }
