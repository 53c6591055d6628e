/* SPDX-License-Identifier: MIT
 * The list of ops, the table of row dtypes, and the order of the passes. */
#include "op_model.h"

#include <ctype.h>
#include <string.h>

#include "operators.h"

const mgc_row mgc_rows[MGC_ROW_COUNT] = {
    [MGC_ROW_BOOL] = {"bool", "u8", "uint8_t", "MG_BOOL", 1}, [MGC_ROW_I8] = {"i8", "i8", "int8_t", "MG_I8", 1},
    [MGC_ROW_I16] = {"i16", "i16", "int16_t", "MG_I16", 2},   [MGC_ROW_I32] = {"i32", "i32", "int32_t", "MG_I32", 4},
    [MGC_ROW_I64] = {"i64", "i64", "int64_t", "MG_I64", 8},   [MGC_ROW_U8] = {"u8", "u8", "uint8_t", "MG_U8", 1},
    [MGC_ROW_U16] = {"u16", "u16", "uint16_t", "MG_U16", 2},  [MGC_ROW_U32] = {"u32", "u32", "uint32_t", "MG_U32", 4},
    [MGC_ROW_U64] = {"u64", "u64", "uint64_t", "MG_U64", 8},  [MGC_ROW_F32] = {"f32", "f32", "float", "MG_F32", 4},
    [MGC_ROW_F64] = {"f64", "f64", "double", "MG_F64", 8},
};

mgc_op *mgc_find(const mgc_world *w, const char *name) {
    for (int i = 0; i < w->n_ops; i++)
        if (strcmp(w->ops[i]->name, name) == 0) return w->ops[i];
    return NULL;
}

/* The op that has this name, or one more of this name. */
static const mgc_op *named(const mgc_world *w, const char *name) {
    for (int i = 0; i < w->n_ops; i++)
        for (int k = 0; k < w->ops[i]->s->n_aliases; k++)
            if (strcmp(w->ops[i]->s->aliases[k], name) == 0) return w->ops[i];
    return mgc_find(w, name);
}

/* Names are the public functions', so aliases are among them; an alias may not be its own op's name either. */
static bool check_names(mgc_world *w, const mgc_stanza *s) {
    for (int k = -1; k < s->n_aliases; k++) {
        const char *name = k < 0 ? s->name : s->aliases[k];
        const mgc_op *other = named(w, name);
        if (other)
            return mgc_error(&w->diag, s->at, "'%s' is already defined in %s, line %d", name, other->s->at.source->path,
                             other->s->at.line);
        for (int j = -1; j < k; j++)
            if (strcmp(name, j < 0 ? s->name : s->aliases[j]) == 0)
                return mgc_error(&w->diag, s->at, "'%s' is called '%s' twice", s->name, name);
    }
    return true;
}

static const char *upper_case(const char *s) {
    char *u = mgc_copy(s, strlen(s));
    for (char *p = u; *p; p++) *p = (char)toupper((unsigned char)*p);
    return u;
}

static unsigned rows_of(mgc_types types) {
    switch (types) {
    case MGC_TYPES_FLOAT:
    case MGC_TYPES_DIVIDE:
    case MGC_TYPES_MEAN:
        return MGC_ROWS_FLOAT;
    case MGC_TYPES_NUMERIC:
        return MGC_ROWS_FLOAT | MGC_ROWS_INT;
    case MGC_TYPES_INTEGER:
        return MGC_ROWS_INT | 1u << MGC_ROW_BOOL;
    case MGC_TYPES_ALL:
    case MGC_TYPES_COMPARE:
        return MGC_ROWS_FLOAT | MGC_ROWS_INT | 1u << MGC_ROW_BOOL;
    case MGC_TYPES_LOGICAL:
        return 1u << MGC_ROW_BOOL;
    case MGC_TYPES_SUM:
        return MGC_ROWS_FLOAT | 1u << MGC_ROW_I64 | 1u << MGC_ROW_U64;
    case MGC_TYPES_SAME:
    case MGC_TYPES_UNSET:
        break;
    }
    return 0;
}

mgc_op *mgc_add_op(mgc_world *w, const mgc_stanza *s, int file) {
    if (w->n_ops == w->cap_ops) {
        mgc_op **grown = mgc_alloc((size_t)(2 * w->cap_ops + 64) * sizeof *grown);
        if (w->n_ops) memcpy(grown, w->ops, (size_t)w->n_ops * sizeof *grown);
        w->ops = grown;
        w->cap_ops = 2 * w->cap_ops + 64;
    }
    mgc_op *op = mgc_alloc(sizeof *op);
    w->ops[w->n_ops++] = op;
    op->s = s;
    op->name = s->name;
    op->upper = upper_case(s->name);
    op->file = file;
    op->rows = mgc_is_written(s->kind) ? 0 : rows_of(s->types);
    if (s->bool_as_i8) op->rows &= ~(1u << MGC_ROW_BOOL);
    op->bool_out = s->types == MGC_TYPES_COMPARE || s->types == MGC_TYPES_LOGICAL;
    op->internal = s->internal;
    if (strcmp(s->name, "multiply") == 0) w->dag.multiply = op;
    return op;
}

bool mgc_too_large(mgc_world *w, const mgc_op *op) {
    return mgc_error(&w->diag, op->s->at,
                     "'%s' is too large: with its lets and the ops that it calls written out, expected at most %d "
                     "expressions inside each other and %d numbers, names and calls",
                     op->name, MGC_MAX_DEPTH, MGC_MAX_NODES);
}

bool mgc_input_is_mask(const mgc_op *op, int i) { return op->s->in[i].condition || op->s->types == MGC_TYPES_LOGICAL; }

const char *mgc_result_name(const mgc_op *op, int j) {
    return op->s->results[j] ? op->s->results[j] : mgc_unnamed_result(op->s);
}

static const char *stem_of(const char *path) {
    const char *name = strrchr(path, '/');
    name = name ? name + 1 : path;
    return mgc_copy(name, strcspn(name, "."));
}

bool mgc_load(mgc_world *w, const char *path, const char *text) {
    mgc_file *grown = mgc_alloc((size_t)(w->n_files + 1) * sizeof *grown);
    if (w->n_files) memcpy(grown, w->files, (size_t)w->n_files * sizeof *grown);
    w->files = grown;
    const int file = w->n_files++;
    /* Places in error messages point at this source: it must not move when `files` grows. */
    mgc_source *source = mgc_alloc(sizeof *source);
    *source = (mgc_source){path, text};
    w->files[file] = (mgc_file){*source, stem_of(path), w->users};
    for (int f = 0; f < file; f++)
        if (strcmp(w->files[f].stem, w->files[file].stem) == 0)
            return mgc_error(&w->diag, (mgc_place){source, 1, 1},
                             "expected a file name of its own: the kernels of %s go to mgk_map_%s.c, too",
                             w->files[f].source.path, w->files[f].stem);
    mgc_stanzas stanzas = {0};
    if (!mgc_parse(&w->diag, source, &stanzas)) return false;
    for (int i = 0; i < stanzas.n; i++) {
        const mgc_stanza *s = stanzas.list[i];
        if (!check_names(w, s) || !mgc_check_operator(&w->diag, s)) return false;
        if (w->n_ops == MGC_MAX_OPS) return mgc_error(&w->diag, s->at, "expected at most %d ops", MGC_MAX_OPS);
        mgc_add_op(w, s, file);
    }
    return true;
}

/* Numbers for enum mgk_op: public ops first, then internal ones, each in file and stanza order. */
static void number_ops(mgc_world *w) {
    mgc_op **sorted = mgc_alloc((size_t)w->n_ops * sizeof *sorted + 1);
    int n = 0;
    for (int internal = 0; internal < 2; internal++)
        for (int i = 0; i < w->n_ops; i++)
            if (w->ops[i]->internal == (internal != 0)) sorted[n++] = w->ops[i];
    w->ops = sorted;
    w->cap_ops = n;
    for (int i = 0; i < n; i++) sorted[i]->id = i + 1;
}

bool mgc_compile(mgc_world *w) {
    if (!mgc_resolve(w)) return false;
    const bool derived = mgc_derive_all(w); /* closure also says who needs what could not be derived */
    if (!mgc_check_closure(w) || !derived || !mgc_make_steps(w) || !mgc_check_range(w)) return false;
    number_ops(w);
    return mgc_lower_all(w) && mgc_check_accuracy(w);
}
