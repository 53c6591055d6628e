/* SPDX-License-Identifier: MIT
 * Optimisers: SGD with momentum and Adam over kept tensors. One step records the generated multi-result op of every
 * parameter, evaluates all of them as one region, and only then writes them back. */
#include <math.h>

#include "autodiff/flush.h"
#include "autodiff/handle.h"
#include "autodiff/number_text.h"
#include "autodiff/options.h"
#include "autodiff/record.h"
#include "mygrad/nnet.h"
#include "runtime/fpenv.h"

enum { MAX_STATES = 2 }; /* Adam's m and v; SGD's m */

typedef struct slot {
    mg_tensor *param;
    mg_tensor *states[MAX_STATES]; /* kept, ours */
    uint64_t steps;                /* updates that this parameter has had */
} slot;

struct mg_optimizer {
    const char *name;
    uint16_t op;
    int n_states;    /* states that the op takes and returns */
    bool has_states; /* false: they are zeros each time, and the new ones are dropped */
    double lr, momentum, weight_decay, beta1, beta2, eps;
    size_t n;
    slot slots[];
};

/* ---- making one -------------------------------------------------------------------------------------------------- */

static mg_status check_positive(const char *op, const char *name, double value) {
    if (isfinite(value) && value >= 0) return MG_OK;
    char text[MGA_NUMBER_BYTES];
    return mgr_fail(MG_ERR_VALUE, op, "%s %s must be a finite number, not negative", name,
                    mga_number_text(value, 6, text));
}

static mg_status check_decay(const char *op, const char *name, double value) {
    if (value >= 0 && value < 1) return MG_OK;
    char text[MGA_NUMBER_BYTES];
    return mgr_fail(MG_ERR_VALUE, op, "%s %s is outside [0, 1)", name, mga_number_text(value, 6, text));
}

static mg_status check_param(const char *op, mg_tensor *const *params, size_t i) {
    mg_tensor *p = params[i];
    if (!p) return mgr_fail(MG_ERR_VALUE, op, "parameter %zu is NULL", i);
    if (!mg_dtype_is_float((mg_dtype)p->dtype)) {
        return mgr_fail(MG_ERR_TYPE, op, "parameter %zu has dtype %s: it must be a float", i,
                        mg_dtype_name((mg_dtype)p->dtype));
    }
    if (!(p->flags & MGA_T_KEPT)) {
        return mgr_fail(MG_ERR_VALUE, op, "parameter %zu is not kept: it would end with its scope (mg_keep)", i);
    }
    if (p->view) return mgr_fail(MG_ERR_VALUE, op, "parameter %zu is a view: give its base", i);
    for (size_t j = 0; j < i; j++) {
        if (params[j] == p) return mgr_fail(MG_ERR_VALUE, op, "parameters %zu and %zu are the same tensor", j, i);
    }
    return MG_OK;
}

/* The dtype an optimiser computes in: 16-bit parameters have 32-bit states. */
static mg_dtype state_dtype(const mg_tensor *param) {
    return param->dtype == MG_F16 || param->dtype == MG_BF16 ? MG_F32 : (mg_dtype)param->dtype;
}

static mg_status add_states(mg_optimizer *o, slot *s) {
    mg_create_opts opts = {.size = sizeof opts, .dtype = state_dtype(s->param), .constant = MG_CONSTANT};
    mg_shape shape = mg_shape_of(s->param->shape->ndim, s->param->shape->dims);
    for (int j = 0; o->has_states && j < o->n_states; j++) {
        s->states[j] = mg_keep(mg_zeros_with(shape, &opts));
        if (!s->states[j]) return mgr_error();
    }
    return MG_OK;
}

/* settings: everything but the slots. */
static mg_optimizer *make_optimizer(const mg_optimizer *settings, mg_tensor *const *params, size_t n) {
    const char *op = settings->name;
    if (n == 0 || !params) {
        mgr_fail(MG_ERR_VALUE, op, n == 0 ? "no parameters: n is %zu" : "params is NULL, and %zu parameters were given",
                 n);
        return NULL;
    }
    if (n > (SIZE_MAX / 2 - sizeof(mg_optimizer)) / sizeof(slot)) {
        mgr_fail_memory(op, SIZE_MAX);
        return NULL;
    }
    mg_optimizer *o = mgr_alloc(sizeof *o + n * sizeof(slot));
    if (!o) return NULL;
    *o = *settings;
    for (o->n = 0; o->n < n; o->n++) {
        slot *s = &o->slots[o->n];
        *s = (slot){.param = params[o->n]};
        if (check_param(op, params, o->n) != MG_OK || add_states(o, s) != MG_OK) {
            o->n++; /* the half-made slot too */
            mg_optimizer_free(o);
            return NULL;
        }
    }
    return o;
}

mg_optimizer *mg_sgd_with(mg_tensor *const *params, size_t n, const mg_sgd_opts *opts) {
    MGR_CANONICAL;
    mg_sgd_opts given = {0};
    if (MGA_READ_OPTS("sgd", given, opts) != MG_OK || mgr_error() != MG_OK) return NULL;
    mg_optimizer settings = {.name = "sgd", .op = MGK_OP_SGD, .n_states = 1};
    settings.lr = mga_number(given.lr, 1e-2, ".lr", given.mg_text);
    settings.momentum = given.momentum;
    settings.weight_decay = given.weight_decay;
    settings.has_states = given.momentum != 0;
    if (check_positive("sgd", "lr", settings.lr) != MG_OK) return NULL;
    if (check_decay("sgd", "momentum", settings.momentum) != MG_OK) return NULL;
    if (check_positive("sgd", "weight_decay", settings.weight_decay) != MG_OK) return NULL;
    return make_optimizer(&settings, params, n);
}

mg_optimizer *mg_adam_with(mg_tensor *const *params, size_t n, const mg_adam_opts *opts) {
    MGR_CANONICAL;
    mg_adam_opts given = {0};
    if (MGA_READ_OPTS("adam", given, opts) != MG_OK || mgr_error() != MG_OK) return NULL;
    mg_optimizer settings = {.name = "adam", .op = MGK_OP_ADAM, .n_states = 2, .has_states = true};
    settings.lr = mga_number(given.lr, 1e-3, ".lr", given.mg_text);
    settings.beta1 = mga_number(given.beta1, 0.9, ".beta1", given.mg_text);
    settings.beta2 = mga_number(given.beta2, 0.999, ".beta2", given.mg_text);
    settings.eps = mga_number(given.eps, 1e-8, ".eps", given.mg_text);
    if (check_positive("adam", "lr", settings.lr) != MG_OK) return NULL;
    if (check_decay("adam", "beta1", settings.beta1) != MG_OK) return NULL;
    if (check_decay("adam", "beta2", settings.beta2) != MG_OK) return NULL;
    if (check_positive("adam", "eps", settings.eps) != MG_OK) return NULL;
    return make_optimizer(&settings, params, n);
}

mg_optimizer *(mg_sgd)(mg_tensor *const *params, size_t n) { return mg_sgd_with(params, n, NULL); }
mg_optimizer *(mg_adam)(mg_tensor *const *params, size_t n) { return mg_adam_with(params, n, NULL); }

void mg_optimizer_set_lr(mg_optimizer *optimizer, double lr) {
    MGR_CANONICAL;
    if (optimizer && check_positive(optimizer->name, "lr", lr) == MG_OK) optimizer->lr = lr;
}

void mg_optimizer_free(mg_optimizer *optimizer) {
    if (!optimizer) return;
    for (size_t i = 0; i < optimizer->n; i++) {
        for (int j = 0; j < MAX_STATES; j++) mg_release(optimizer->slots[i].states[j]);
    }
    mgr_free(optimizer);
}

/* ---- one step -----------------------------------------------------------------------------------------------------
 */

enum { VALUES = 1 + MAX_STATES };

/* New values of all slots, VALUES per slot; NULL where there is none. */
typedef struct new_values {
    mga_node **values;
    mga_node **wanted; /* the same without gaps, for one evaluation */
    size_t n_wanted;
    mga_write *writes; /* as values */
} new_values;

/* The op's parameters for the coming update of a slot; returns nothing, fills at most six. */
static void step_params(const mg_optimizer *o, const slot *s, double *params) {
    if (o->op == MGK_OP_SGD) {
        params[0] = o->lr, params[1] = o->momentum, params[2] = o->weight_decay;
        return;
    }
    double t = (double)(s->steps + 1);
    params[0] = o->lr, params[1] = o->beta1, params[2] = o->beta2, params[3] = o->eps;
    params[4] = 1 - pow(o->beta1, t), params[5] = 1 - pow(o->beta2, t);
}

static mga_node *state_node(const mg_optimizer *o, const slot *s, int j) {
    if (!o->has_states) return mga_fill_f64(state_dtype(s->param), s->param->shape, 0);
    mga_node *node = mga_value(o->name, s->states[j]);
    if (node) mga_node_retain(node);
    return node;
}

/* Record the update of one slot from its gradient: values[0] the parameter, values[1...] its states. */
static mg_status record_update(const mg_optimizer *o, const slot *s, mga_node *g, mga_node **values) {
    mga_node *in[VALUES + 1] = {mga_value(o->name, s->param)}, *results[VALUES] = {NULL};
    double params[MGK_MAX_PARAMS];
    step_params(o, s, params);
    mg_status status = in[0] ? MG_OK : mgr_error();
    for (int j = 0; status == MG_OK && j < o->n_states; j++) {
        in[j + 1] = state_node(o, s, j);
        if (!in[j + 1]) status = mgr_error();
    }
    in[o->n_states + 1] = g;
    if (status == MG_OK) status = mga_record_multi(o->op, in, params, results);
    for (int j = 0; j < o->n_states; j++) mga_node_release(in[j + 1]);
    MGR_TRY(status);
    values[0] = mga_record_convert(results[0], (mg_dtype)s->param->dtype);
    mga_node_release(results[0]);
    for (int j = 0; j < o->n_states; j++) {
        if (o->has_states)
            values[j + 1] = results[j + 1];
        else
            mga_node_release(results[j + 1]);
    }
    return values[0] ? MG_OK : mgr_error();
}

/* The parameter's gradient without a handle for it, which would stay in the user's scope; NULL if it has none. */
static mga_node *gradient_node(const mg_tensor *param) {
    return mga_is_variable(param) && mga_shows_grad(mga_home(param)) ? mga_node_grad(mga_home(param)) : NULL;
}

static mg_status record_all(const mg_optimizer *o, new_values *step) {
    for (size_t i = 0; i < o->n; i++) {
        const slot *s = &o->slots[i];
        if (!mga_value(o->name, s->param)) return mgr_error();
        mga_node *g = gradient_node(s->param), **values = step->values + i * VALUES;
        if (!g) continue;
        MGR_TRY(record_update(o, s, g, values));
        for (int j = 0; j < VALUES; j++) {
            if (values[j]) step->wanted[step->n_wanted++] = values[j];
        }
    }
    return MG_OK;
}

/* All that could still fail; nothing has changed if it does. */
static mg_status begin_writes(const mg_optimizer *o, new_values *step) {
    for (size_t i = 0; i < o->n * VALUES; i++) {
        const slot *s = &o->slots[i / VALUES];
        mga_node *value = step->values[i];
        if (!value) continue;
        step->values[i] = NULL;
        mg_tensor *t = i % VALUES ? s->states[i % VALUES - 1] : s->param;
        MGR_TRY(mga_write_begin(o->name, t, value, NULL, &step->writes[i]));
    }
    return MG_OK;
}

/* Everything has been computed; from here only handles change. */
static void end_writes(mg_optimizer *o, new_values *step) {
    for (size_t i = 0; i < o->n * VALUES; i++) {
        if (!step->writes[i].root) continue;
        mga_write_end(o->name, &step->writes[i]);
        if (i % VALUES == 0) o->slots[i / VALUES].steps++;
    }
}

static mg_status run_step(mg_optimizer *o, new_values *step) {
    MGR_TRY(record_all(o, step));
    MGR_TRY(mga_eval_all(step->n_wanted, step->wanted));
    MGR_TRY(begin_writes(o, step));
    end_writes(o, step);
    return MG_OK;
}

mg_status mg_optimizer_step(mg_optimizer *optimizer) {
    MGR_TRY(mgr_error());
    if (!optimizer) return mgr_fail(MG_ERR_VALUE, "optimizer_step", "optimizer is NULL");
    size_t slots = optimizer->n * VALUES;
    size_t bytes = slots * (2 * sizeof(mga_node *) + sizeof(mga_write));
    mga_node **nodes = mgr_block_new(bytes);
    if (!nodes) return mgr_error();
    memset(nodes, 0, bytes);
    new_values step = {.values = nodes, .wanted = nodes + slots, .writes = (void *)(nodes + 2 * slots)};
    mg_no_autodiff(true);
    mgr_fpenv env = mgr_fpenv_enter(); /* for the powers of beta */
    mg_status status = run_step(optimizer, &step);
    mgr_fpenv_leave(env);
    mg_no_autodiff(false);
    for (size_t i = 0; i < slots; i++) {
        mga_node_release(step.values[i]);
        mga_write_cancel(&step.writes[i]);
    }
    mgr_block_free(nodes, bytes);
    return status;
}
