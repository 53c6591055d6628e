/* SPDX-License-Identifier: MIT
 * Random programs on the library, through its public API. */
#include "program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct variable {
    mg_tensor *tensor;
    int scope; /* depth at which it lives; 0 for kept ones */
    bool kept;
} variable;

typedef struct machine {
    const program *p;
    program_result *result;
    variable vars[PROGRAM_VARS];
    int n_vars;
    mg_scope scopes[PROGRAM_STEPS];
    int depth;
    mg_tensor *bases[PROGRAM_STEPS]; /* of leaves that are views; kept */
    int n_bases;
} machine;

static mg_tensor *var(const machine *m, int i) { return m->n_vars ? m->vars[i % m->n_vars].tensor : NULL; }

static void add(machine *m, mg_tensor *t) {
    if (t && m->n_vars < PROGRAM_VARS) m->vars[m->n_vars++] = (variable){t, m->depth, false};
}

static bool same_dims(const mg_tensor *x, const mg_tensor *y) {
    return mg_ndim(x) == mg_ndim(y) && memcmp(mg_dims(x), mg_dims(y), (size_t)mg_ndim(x) * sizeof(int64_t)) == 0;
}

/* x and y broadcast; the result has x's shape if `into`. */
static bool broadcasts(const mg_tensor *x, const mg_tensor *y, bool into) {
    if (into && mg_ndim(y) > mg_ndim(x)) return false;
    int64_t size = 1;
    for (int i = 1; i <= mg_ndim(x) || i <= mg_ndim(y); i++) {
        int64_t a = i <= mg_ndim(x) ? mg_dim(x, -i) : 1, b = i <= mg_ndim(y) ? mg_dim(y, -i) : 1;
        if (a != b && b != 1 && (into || a != 1)) return false;
        size *= a == 1 ? b : a;
    }
    return size <= PROGRAM_MAX_ELEMENTS;
}

/* Where a leaf's elements are in its base of `length` elements. */
static void in_base(int layout, int64_t size, int64_t *first, int64_t *step, int64_t *length) {
    *step = layout == LAYOUT_BACKWARDS ? -2 : layout == LAYOUT_APART ? 3 : 1;
    *length = layout < LAYOUT_OFFSET ? size : 3 * size + 5;
    *first = layout < LAYOUT_OFFSET ? 0 : layout == LAYOUT_BACKWARDS ? 2 * size + 1 : 2;
}

static void leaf(machine *m, const program_step *s) {
    int64_t dims[3], size = 1, first, step, length;
    int ndim = program_shape(s->random, m->p->large, dims);
    for (int i = 0; i < ndim; i++) size *= dims[i];
    in_base(m->p->layout, size, &first, &step, &length);
    double *values = calloc((size_t)(length + 1), sizeof *values);
    for (int64_t i = 0; i < size; i++) values[first + i * step] = program_value(s->random, i);
    bool viewed = m->p->layout != LAYOUT_USUAL;
    mg_tensor *t = mg_from_f64(values, viewed ? mg_shape_of(1, &length) : mg_shape_of(ndim, dims));
    free(values);
    if (!m->p->exact && s->what % 2) t = mg_astype(t, MG_F32);
    if (!m->p->exact && s->what % 7 == 0) mg_set_constant(t, true);
    if (viewed) {
        m->bases[m->n_bases++] = mg_keep(t);
        int64_t stop = first + size * step;
        t = mg_getitem(t, MG_KEY(MG_S(first, stop < 0 ? MG_NONE : stop, step)));
        t = mg_reshape(t, mg_shape_of(ndim, dims));
    }
    add(m, t);
}

static mg_tensor *unary(const machine *m, const program_step *s) {
    mg_tensor *x = var(m, s->a);
    switch (s->what % (m->p->exact ? 3 : 9)) {
    case 0:
        return mg_negative(x);
    case 1:
        return mg_square(x);
    case 2:
        return mg_relu(x);
    case 3:
        return mg_exp(x);
    case 4:
        return mg_tanh(x);
    case 5:
        return mg_sigmoid(x);
    case 6:
        return mg_log1p(mg_square(x));
    case 7:
        return mg_sqrt(mg_add(mg_square(x), mg_scalar(0.5)));
    default:
        return mg_expm1(x);
    }
}

static mg_tensor *binary(const machine *m, const program_step *s) {
    mg_tensor *x = var(m, s->a), *y = s->random % 8 ? var(m, s->b) : mg_scalar(program_value(s->random, 1));
    if (!x || !y || !broadcasts(x, y, false)) return NULL;
    switch (s->what % 6) {
    case 0:
        return mg_add(x, y);
    case 1:
        return mg_subtract(x, y);
    case 2:
        return mg_multiply(x, y);
    case 3:
        return mg_divide(x, y);
    case 4:
        return mg_maximum(x, y);
    default:
        return mg_minimum(x, y);
    }
}

static mg_tensor *where(const machine *m, const program_step *s) {
    mg_tensor *x = var(m, s->a), *y = var(m, s->b), *z = var(m, s->c);
    if (!x || !broadcasts(x, y, false) || !same_dims(y, z)) return NULL;
    return mg_where(mg_less(x, y), y, z);
}

static mg_tensor *reduce(const machine *m, const program_step *s) {
    mg_tensor *x = var(m, s->a);
    if (!x) return NULL;
    int axis = mg_ndim(x) ? (int)(s->random % (unsigned)mg_ndim(x)) : 0;
    mg_axes axes = mg_ndim(x) && s->random & 64 ? mg_axes_of(1, &axis) : MG_AXES_ALL;
    bool keepdims = s->random & 128;
    if (m->p->exact || mg_size(x) == 0) return mg_size(x) ? mg_max(x, .axis = axes, .keepdims = keepdims) : NULL;
    switch (s->what % 10) {
    case 4:
        return mg_prod(x, .axis = axes, .keepdims = keepdims);
    case 5:
        return mg_var(x, .axis = axes, .keepdims = keepdims);
    case 6:
        return mg_cumsum(x, .axis = axes);
    case 7:
        return mg_cumprod(x, .axis = axes);
    case 8:
        return axes.v ? mg_softmax(x, .axis = axes) : mg_softmax(x);
    case 9:
        return mg_logsumexp(x, .axis = axes, .keepdims = keepdims);
    case 0:
        return mg_sum(x, .axis = axes, .keepdims = keepdims);
    case 1:
        return mg_mean(x, .axis = axes, .keepdims = keepdims);
    case 2:
        return mg_max(x, .axis = axes, .keepdims = keepdims);
    default:
        return mg_min(x, .axis = axes, .keepdims = keepdims);
    }
}

static mg_tensor *slice(const machine *m, const program_step *s) {
    mg_tensor *x = var(m, s->a);
    if (!x || mg_ndim(x) == 0) return NULL;
    mg_index key[4];
    int n = 1 + (int)(s->random >> 40) % mg_ndim(x);
    for (int i = 0; i < n; i++) {
        int64_t start, stop, step;
        program_slice(s->random >> i, mg_dim(x, i), &start, &stop, &step);
        key[i] = MG_S(start, stop, step);
        if (s->what % 5 == i && mg_dim(x, i) > 0) key[i] = MG_I(start < mg_dim(x, i) ? start : 0);
    }
    return mg_getitem(x, (mg_key){n, key});
}

static mg_tensor *reshape(const machine *m, const program_step *s) {
    mg_tensor *x = var(m, s->a);
    if (!x) return NULL;
    int64_t dims[2] = {-1, 1};
    if (mg_size(x) == 0) return NULL;
    if (s->what % 2 && mg_size(x) % 3 == 0) dims[1] = 3;
    return mg_reshape(x, mg_shape_of(s->what % 3 ? 2 : 1, dims));
}

static void inplace(machine *m, const program_step *s) {
    mg_tensor *x = var(m, s->a), *y = var(m, s->b);
    if (!x || !broadcasts(x, y, true)) return;
    if (s->kind == STEP_IADD) mg_iadd(x, y);
    if (s->kind == STEP_IMULTIPLY) mg_imultiply(x, y);
    if (s->kind == STEP_COPYTO) mg_copyto(x, y);
}

static void read(machine *m, mg_tensor *t) {
    if (!t) return;
    size_t bytes = (size_t)mg_size(t) * mg_dtype_size(mg_dtype_of(t));
    void *values = malloc(bytes + 8);
    if (mg_read(t, mg_dtype_of(t), values) == MG_OK) program_record(m->result, mg_dtype_of(t), mg_size(t), values);
    free(values);
}

static void remove_var(machine *m, int i) {
    memmove(&m->vars[i], &m->vars[i + 1], (size_t)(m->n_vars - i - 1) * sizeof m->vars[0]);
    m->n_vars--;
}

static void close_scope(machine *m) {
    if (m->depth == 0) return;
    mg_scope_close(m->scopes[--m->depth]);
    for (int i = m->n_vars; i-- > 0;)
        if (!m->vars[i].kept && m->vars[i].scope > m->depth) remove_var(m, i);
}

static void backward(machine *m, const program_step *s) {
    mg_tensor *f = var(m, s->a);
    if (!f || mg_size(f) == 0) return;
    mg_backward(f);
    for (int i = 0; i < m->n_vars; i++)
        if ((s->random >> (i % 60)) & 1) read(m, mg_grad(m->vars[i].tensor));
}

/* From the sum of everything that there is. */
static void backward_of_all(machine *m) {
    mg_tensor *f = mg_scalar(0);
    for (int i = 0; i < m->n_vars; i++) {
        mg_tensor *weight = mg_scalar(program_value((uint64_t)m->p->n, i));
        f = mg_add(f, mg_sum(mg_multiply(m->vars[i].tensor, weight)));
    }
    mg_backward(f);
    for (int i = 0; i < m->n_vars; i++) read(m, mg_grad(m->vars[i].tensor));
}

static void step(machine *m, const program_step *s) {
    int i = m->n_vars ? s->a % m->n_vars : 0;
    switch (s->kind) {
    case STEP_LEAF:
        leaf(m, s);
        break;
    case STEP_UNARY:
        add(m, m->n_vars ? unary(m, s) : NULL);
        break;
    case STEP_BINARY:
        add(m, m->n_vars ? binary(m, s) : NULL);
        break;
    case STEP_WHERE:
        add(m, where(m, s));
        break;
    case STEP_REDUCE:
        add(m, reduce(m, s));
        break;
    case STEP_SLICE:
        add(m, slice(m, s));
        break;
    case STEP_TRANSPOSE:
        add(m, m->n_vars ? mg_transpose(var(m, s->a), (mg_axes){0}) : NULL);
        break;
    case STEP_RESHAPE:
        add(m, reshape(m, s));
        break;
    case STEP_KEEP:
        if (m->n_vars && !m->vars[i].kept && mg_keep(m->vars[i].tensor)) m->vars[i].kept = true;
        break;
    case STEP_RELEASE:
        if (m->n_vars < 3) break;
        mg_release(m->vars[i].tensor);
        remove_var(m, i);
        break;
    case STEP_OPEN:
        m->scopes[m->depth++] = mg_scope_open();
        break;
    case STEP_CLOSE:
        close_scope(m);
        break;
    case STEP_READ:
        read(m, var(m, s->a));
        break;
    case STEP_BACKWARD:
        if (!m->p->layout) backward(m, s);
        break;
    default:
        inplace(m, s);
        break;
    }
}

void program_run(const program *p, program_result *result) {
    machine *m = calloc(1, sizeof *m);
    *m = (machine){.p = p, .result = result};
    *result = (program_result){0};
    for (int i = 0; i < p->n; i++)
        if (!p->steps[i].off) step(m, &p->steps[i]);
    for (int i = 0; i < m->n_vars; i++) read(m, m->vars[i].tensor);
    if (p->layout) backward_of_all(m);
    while (m->depth) close_scope(m);
    for (int i = 0; i < m->n_vars; i++)
        if (m->vars[i].kept) read(m, m->vars[i].tensor);
    for (int i = m->n_vars; i-- > 0;)
        if (m->vars[i].kept) mg_release(m->vars[i].tensor);
    for (int i = 0; i < m->n_bases; i++) mg_release(m->bases[i]);
    mg_error error = mg_take_error();
    if (error.code != MG_OK) snprintf(result->error, sizeof result->error, "%s: %s", error.op, error.message);
    mg_scope_reset();
    free(m);
}
