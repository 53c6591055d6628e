/* SPDX-License-Identifier: MIT
 * Random programs on plain arrays of doubles with real aliasing, as NumPy has it: views are pointers, in-place writes
 * write. Independent of the library; follows the skipping rules of program_library.c for programs that are `exact`. */
#include "program.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct array {
    double *memory; /* of the base; freed at the end */
    int64_t offset;
    int ndim;
    int64_t dims[MG_MAX_NDIM], strides[MG_MAX_NDIM]; /* elements */
    int scope;
    bool kept;
} array;

typedef struct model {
    const program *p;
    program_result *result;
    array vars[PROGRAM_VARS];
    int n_vars, depth;
    double *memories[4 * PROGRAM_STEPS + PROGRAM_VARS];
    int n_memories;
} model;

static int64_t size_of(const array *a) {
    int64_t n = 1;
    for (int i = 0; i < a->ndim; i++) n *= a->dims[i];
    return n;
}

static void contiguous(model *m, array *a) {
    int64_t n = 1;
    for (int i = a->ndim; i-- > 0; n *= a->dims[i]) a->strides[i] = n;
    a->memory = m->memories[m->n_memories++] = calloc((size_t)n + 1, sizeof(double));
    a->offset = 0;
}

/* The k-th element of `a`, read as an array of shape `to` that it broadcasts to. */
static double *at(const array *a, const array *to, int64_t k) {
    int64_t offset = a->offset;
    for (int i = to->ndim; i-- > 0; k /= to->dims[i]) {
        int own = i - (to->ndim - a->ndim);
        if (own >= 0 && a->dims[own] != 1) offset += (k % to->dims[i]) * a->strides[own];
    }
    return &a->memory[offset];
}

static bool broadcast(const array *x, const array *y, bool into, array *out) {
    *out = (array){.ndim = x->ndim > y->ndim ? x->ndim : y->ndim};
    if (into && y->ndim > x->ndim) return false;
    for (int i = 1; i <= out->ndim; i++) {
        int64_t a = i <= x->ndim ? x->dims[x->ndim - i] : 1, b = i <= y->ndim ? y->dims[y->ndim - i] : 1;
        if (a != b && b != 1 && (into || a != 1)) return false;
        out->dims[out->ndim - i] = a == 1 ? b : a;
    }
    return size_of(out) <= PROGRAM_MAX_ELEMENTS;
}

static array *var(model *m, int i) { return m->n_vars ? &m->vars[i % m->n_vars] : NULL; }

static void add(model *m, array a) {
    if (m->n_vars == PROGRAM_VARS) return;
    a.scope = m->depth;
    a.kept = false;
    m->vars[m->n_vars++] = a;
}

static double maximum(double x, double y) {
    if (isnan(x) || isnan(y)) return NAN;
    if (x == 0 && y == 0) return signbit(x) ? y : x;
    return x > y ? x : y;
}

static double apply(int op, double x, double y) {
    switch (op) {
    case 0:
        return x + y;
    case 1:
        return x - y;
    case 2:
        return x * y;
    case 3:
        return x / y;
    case 4:
        return maximum(x, y);
    default:
        return -maximum(-x, -y);
    }
}

static void leaf(model *m, const program_step *s) {
    array a = {0};
    a.ndim = program_shape(s->random, m->p->large, a.dims);
    contiguous(m, &a);
    for (int64_t i = 0; i < size_of(&a); i++) a.memory[i] = program_value(s->random, i);
    add(m, a);
}

static void unary(model *m, const program_step *s) {
    array x = *var(m, s->a), y = x;
    contiguous(m, &y);
    for (int64_t k = 0; k < size_of(&x); k++) {
        double v = *at(&x, &x, k);
        y.memory[k] = s->what % 3 == 0 ? -v : s->what % 3 == 1 ? v * v : v < 0 ? 0.0 : v;
    }
    add(m, y);
}

static void binary(model *m, const program_step *s) {
    array scalar = {0}, x = *var(m, s->a), y, out;
    bool is_scalar = s->random % 8 == 0;
    double value = program_value(s->random, 1);
    scalar.memory = &value;
    y = is_scalar ? scalar : *var(m, s->b);
    if (!broadcast(&x, &y, false, &out)) return;
    contiguous(m, &out);
    for (int64_t k = 0; k < size_of(&out); k++) out.memory[k] = apply(s->what % 6, *at(&x, &out, k), *at(&y, &out, k));
    add(m, out);
}

static void where(model *m, const program_step *s) {
    if (!m->n_vars) return;
    array x = *var(m, s->a), y = *var(m, s->b), z = *var(m, s->c), out;
    if (!broadcast(&x, &y, false, &out) || y.ndim != z.ndim ||
        memcmp(y.dims, z.dims, (size_t)y.ndim * sizeof y.dims[0]))
        return;
    contiguous(m, &out);
    for (int64_t k = 0; k < size_of(&out); k++) {
        bool less = *at(&x, &out, k) < *at(&y, &out, k);
        out.memory[k] = less ? *at(&y, &out, k) : *at(&z, &out, k);
    }
    add(m, out);
}

static void reduce(model *m, const program_step *s) {
    if (!m->n_vars) return;
    array x = *var(m, s->a), out = {0};
    if (size_of(&x) == 0) return;
    int axis = x.ndim && s->random & 64 ? (int)(s->random % (unsigned)x.ndim) : -1;
    for (int i = 0; i < x.ndim; i++) {
        bool reduced = axis < 0 || i == axis;
        if (!reduced)
            out.dims[out.ndim++] = x.dims[i];
        else if (s->random & 128)
            out.dims[out.ndim++] = 1;
    }
    contiguous(m, &out);
    for (int64_t k = 0; k < size_of(&out); k++) out.memory[k] = -INFINITY;
    for (int64_t k = 0; k < size_of(&x); k++) {
        int64_t rest = k, o = 0, stride = 1;
        for (int i = x.ndim; i-- > 0; rest /= x.dims[i]) {
            if (axis < 0 || i == axis) continue;
            o += rest % x.dims[i] * stride;
            stride *= x.dims[i];
        }
        out.memory[o] = maximum(out.memory[o], *at(&x, &x, k));
    }
    add(m, out);
}

static void slice(model *m, const program_step *s) {
    if (!m->n_vars || var(m, s->a)->ndim == 0) return;
    array x = *var(m, s->a), out = {.memory = x.memory, .offset = x.offset};
    int n = 1 + (int)(s->random >> 40) % x.ndim;
    for (int i = 0; i < x.ndim; i++) {
        if (i >= n) {
            out.strides[out.ndim] = x.strides[i];
            out.dims[out.ndim++] = x.dims[i];
            continue;
        }
        int64_t start, stop, step, count = 0;
        program_slice(s->random >> i, x.dims[i], &start, &stop, &step);
        if (s->what % 5 == i && x.dims[i] > 0) {
            out.offset += (start < x.dims[i] ? start : 0) * x.strides[i];
            continue;
        }
        if (stop == MG_NONE) stop = step > 0 ? x.dims[i] : -1;
        for (int64_t k = start; step > 0 ? k < stop && k < x.dims[i] : k > stop && x.dims[i] > 0; k += step) count++;
        if (count) out.offset += start * x.strides[i];
        out.strides[out.ndim] = x.strides[i] * step;
        out.dims[out.ndim++] = count;
    }
    add(m, out);
}

static void transpose(model *m, const program_step *s) {
    if (!m->n_vars) return;
    array x = *var(m, s->a), out = x;
    for (int i = 0; i < x.ndim; i++) {
        out.dims[i] = x.dims[x.ndim - 1 - i];
        out.strides[i] = x.strides[x.ndim - 1 - i];
    }
    add(m, out);
}

/* As NumPy: a view exactly where the elements can be walked with new strides. The model asks the library for nothing:
 * it tries the strides that a view would need, and checks every element's place. */
static void reshape(model *m, const program_step *s) {
    if (!m->n_vars) return;
    array x = *var(m, s->a), out = x;
    int64_t n = size_of(&x);
    if (n == 0) return;
    out.dims[1] = s->what % 2 && n % 3 == 0 ? 3 : 1;
    out.ndim = s->what % 3 ? 2 : 1;
    out.dims[0] = out.ndim == 2 ? n / out.dims[1] : n;
    int64_t inner = out.ndim == 2 ? out.dims[1] : 1;
    int64_t first = (int64_t)(at(&x, &x, 0) - x.memory);
    out.strides[0] = n > inner ? (int64_t)(at(&x, &x, inner) - x.memory) - first : 0;
    out.strides[1] = inner > 1 ? (int64_t)(at(&x, &x, 1) - x.memory) - first : 0;
    out.offset = first;
    bool view = true;
    for (int64_t k = 0; k < n && view; k++) view = at(&out, &out, k) == at(&x, &x, k);
    if (!view) {
        contiguous(m, &out);
        for (int64_t k = 0; k < n; k++) out.memory[k] = *at(&x, &x, k);
    }
    add(m, out);
}

static void inplace(model *m, const program_step *s) {
    if (!m->n_vars) return;
    array x = *var(m, s->a), y = *var(m, s->b), out;
    if (!broadcast(&x, &y, true, &out)) return;
    int64_t n = size_of(&x);
    double *values = malloc((size_t)(n + 1) * sizeof *values);
    for (int64_t k = 0; k < n; k++) {
        double a = *at(&x, &x, k), b = *at(&y, &x, k);
        values[k] = s->kind == STEP_IADD ? a + b : s->kind == STEP_IMULTIPLY ? a * b : b;
    }
    for (int64_t k = 0; k < n; k++) *at(&x, &x, k) = values[k];
    free(values);
}

static void read(model *m, const array *a) {
    if (!a) return;
    for (int64_t k = 0; k < size_of(a); k++) program_record(m->result, MG_F64, 1, at(a, a, k));
}

static void remove_var(model *m, int i) {
    memmove(&m->vars[i], &m->vars[i + 1], (size_t)(m->n_vars - i - 1) * sizeof m->vars[0]);
    m->n_vars--;
}

static void close_scope(model *m) {
    if (m->depth == 0) return;
    m->depth--;
    for (int i = m->n_vars; i-- > 0;)
        if (!m->vars[i].kept && m->vars[i].scope > m->depth) remove_var(m, i);
}

static void step(model *m, const program_step *s) {
    switch (s->kind) {
    case STEP_LEAF:
        leaf(m, s);
        break;
    case STEP_UNARY:
        if (m->n_vars) unary(m, s);
        break;
    case STEP_BINARY:
        if (m->n_vars) binary(m, s);
        break;
    case STEP_WHERE:
        where(m, s);
        break;
    case STEP_REDUCE:
        reduce(m, s);
        break;
    case STEP_SLICE:
        slice(m, s);
        break;
    case STEP_TRANSPOSE:
        transpose(m, s);
        break;
    case STEP_RESHAPE:
        reshape(m, s);
        break;
    case STEP_KEEP:
        if (m->n_vars) var(m, s->a)->kept = true;
        break;
    case STEP_RELEASE:
        if (m->n_vars >= 3) remove_var(m, s->a % m->n_vars);
        break;
    case STEP_OPEN:
        m->depth++;
        break;
    case STEP_CLOSE:
        close_scope(m);
        break;
    case STEP_READ:
        read(m, var(m, s->a));
        break;
    case STEP_BACKWARD:
        break;
    default:
        inplace(m, s);
        break;
    }
}

void program_run_model(const program *p, program_result *result) {
    model *m = calloc(1, sizeof *m);
    m->p = p;
    m->result = result;
    *result = (program_result){0};
    for (int i = 0; i < p->n; i++)
        if (!p->steps[i].off) step(m, &p->steps[i]);
    for (int i = 0; i < m->n_vars; i++) read(m, &m->vars[i]);
    while (m->depth) close_scope(m);
    for (int i = 0; i < m->n_vars; i++)
        if (m->vars[i].kept) read(m, &m->vars[i]);
    for (int i = 0; i < m->n_memories; i++) free(m->memories[i]);
    free(m);
}
