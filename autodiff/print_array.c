/* SPDX-License-Identifier: MIT
 * NumPy's array layout: a first pass over the elements that will be shown finds the widths, a second writes them. */
#include "autodiff/print_array.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "autodiff/number_text.h"
#include "runtime/dtype.h"
#include "runtime/status.h"

enum { PRECISION = 8, THRESHOLD = 1000, EDGE_ITEMS = 3, LINE_WIDTH = 75 };

typedef struct array {
    mg_dtype dtype;
    int ndim;
    const int64_t *dims;
    const char *data;
    size_t item;
    bool summary;
} array;

/* How all elements of one array are written; pads are counted in characters before and after the point. */
typedef struct format {
    bool scientific;
    int pad_left, pad_right;
    int fraction, exponent_digits; /* scientific only */
    int width;                     /* integers and bools */
    /* what the first pass saw */
    double largest, smallest; /* magnitudes of finite elements but 0 */
    bool finite, nan, inf, negative_inf;
} format;

typedef void visit_fn(const array *a, const void *element, void *context);

/* Axes longer than their two edges are cut in a summary. */
static bool is_cut(const array *a, int axis) { return a->summary && a->dims[axis] > 2 * EDGE_ITEMS; }

/* Every element that will be shown. Recursion is as deep as there are axes. */
static void visit_shown(const array *a, int axis, int64_t index, visit_fn *visit, void *context) {
    if (axis == a->ndim) {
        visit(a, a->data + (size_t)index * a->item, context);
        return;
    }
    int64_t length = a->dims[axis];
    for (int64_t i = 0; i < length; i++) {
        if (is_cut(a, axis) && i == EDGE_ITEMS) i = length - EDGE_ITEMS;
        visit_shown(a, axis + 1, index * length + i, visit, context);
    }
}

/* ---- widths ------------------------------------------------------------------------------------------------------ */

static int maximum(int a, int b) { return a > b ? a : b; }

static void see_magnitude(const array *a, const void *element, void *context) {
    format *f = context;
    double value = mgr_get_f64(a->dtype, element), magnitude = fabs(value);
    if (isnan(value)) {
        f->nan = true;
    } else if (isinf(value)) {
        f->inf = true;
        f->negative_inf = f->negative_inf || value < 0;
    } else {
        f->finite = true;
        if (magnitude > 0) {
            f->largest = fmax(f->largest, magnitude);
            f->smallest = fmin(f->smallest, magnitude);
        }
    }
}

static double rounded(mg_dtype dtype, double value) {
    char element[8];
    mgr_set_f64(dtype, element, value);
    return mgr_get_f64(dtype, element);
}

/* NumPy compares in the array's own dtype. */
static bool wants_exponents(mg_dtype dtype, const format *f) {
    if (f->largest == 0) return false;
    return f->largest >= (dtype == MG_F64   ? 1e8
                          : dtype == MG_F32 ? 1e6
                                            : 1e3) ||
           f->smallest < rounded(dtype, 0.0001) || rounded(dtype, f->largest / f->smallest) > 1000;
}

static void see_widths(const array *a, const void *element, void *context) {
    format *f = context;
    double value = mgr_get_f64(a->dtype, element);
    if (!isfinite(value)) return;
    mga_digits d = mga_digits_cut(a->dtype, value, !f->scientific, PRECISION);
    if (f->scientific) {
        f->fraction = maximum(f->fraction, d.n - 1);
        f->exponent_digits = maximum(f->exponent_digits, mga_exponent_digits(&d));
        f->pad_left = maximum(f->pad_left, 1 + d.negative);
    } else {
        char text[MGA_NUMBER_BYTES];
        int length = (int)strlen(mga_positional_text(&d, text)), before = (int)strcspn(text, ".");
        f->pad_left = maximum(f->pad_left, before);
        f->pad_right = maximum(f->pad_right, length - before - 1);
    }
}

static void float_format(const array *a, format *f) {
    f->smallest = (double)INFINITY;
    visit_shown(a, 0, 0, see_magnitude, f);
    f->scientific = wants_exponents(a->dtype, f);
    visit_shown(a, 0, 0, see_widths, f);
    if (f->scientific) f->pad_right = f->exponent_digits + 2 + f->fraction;
    int after = f->pad_right + 1;
    if (f->nan || f->inf) f->pad_left = maximum(f->pad_left, 3 + f->negative_inf - after);
}

static int integer_text(const array *a, const void *element, char *out) {
    int64_t value = mgr_get_i64(a->dtype, element);
    if (a->dtype == MG_U64) return snprintf(out, MGA_NUMBER_BYTES, "%" PRIu64, (uint64_t)value);
    return snprintf(out, MGA_NUMBER_BYTES, "%" PRId64, value);
}

static void see_integer(const array *a, const void *element, void *context) {
    format *f = context;
    char text[MGA_NUMBER_BYTES];
    f->width = maximum(f->width, integer_text(a, element, text));
}

/* ---- one element --------------------------------------------------------------------------------------------------
 */

/* Text of `out` moved right so that it is `width` wide. */
static void pad_before(char *out, int width) {
    int length = (int)strlen(out), more = width - length;
    if (more <= 0) return;
    memmove(out + more, out, (size_t)length + 1);
    memset(out, ' ', (size_t)more);
}

static void float_text(const array *a, const format *f, double value, char *out) {
    if (!isfinite(value)) {
        strcpy(out, isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
        pad_before(out, f->pad_left + f->pad_right + 1);
        return;
    }
    if (f->scientific) { /* where fewer digits would do, NumPy adds true ones, not zeros */
        mga_digits exact = mga_digits_exact(value, 1 + f->fraction);
        mga_scientific_text(&exact, f->fraction, f->exponent_digits, out);
        pad_before(out, (int)strlen(out) + f->pad_left - 1 - exact.negative);
        return;
    }
    mga_digits d = mga_digits_cut(a->dtype, value, true, PRECISION);
    mga_positional_text(&d, out);
    pad_before(out, (int)strlen(out) + f->pad_left - (int)strcspn(out, "."));
    int length = (int)strlen(out), more = f->pad_left + 1 + f->pad_right - length;
    memset(out + length, ' ', (size_t)maximum(more, 0));
    out[length + maximum(more, 0)] = 0;
}

static void element_text(const array *a, const format *f, const void *element, char *out) {
    if (mg_dtype_is_float(a->dtype)) {
        float_text(a, f, mgr_get_f64(a->dtype, element), out);
        return;
    }
    if (a->dtype == MG_BOOL)
        strcpy(out, *(const unsigned char *)element ? "True" : "False");
    else
        integer_text(a, element, out);
    pad_before(out, f->width);
}

/* A 0-d array is written as the number alone, in full. */
static void scalar_text(const array *a, char *out) {
    double value = mgr_get_f64(a->dtype, a->data);
    if (!mg_dtype_is_float(a->dtype) || !isfinite(value)) {
        element_text(a, &(format){.pad_right = -1}, a->data, out);
        return;
    }
    mga_digits d = mga_digits_shortest(a->dtype, value);
    double most = a->dtype == MG_F64 ? 1e16 : a->dtype == MG_F32 ? 1e6 : 1e3;
    if (value == 0 || (fabs(value) >= 1e-4 && fabs(value) < most)) {
        mga_positional_text(&d, out);
        if (out[strlen(out) - 1] == '.') strcat(out, "0");
    } else {
        mga_scientific_text(&d, d.n - 1, mga_exponent_digits(&d), out);
        char *point = strchr(out, '.');
        if (d.n == 1) memmove(point, point + 1, strlen(point));
    }
}

/* ---- layout -------------------------------------------------------------------------------------------------------
 */

typedef struct builder {
    char *text;
    size_t n, capacity;
    bool failed;
} builder;

static void append(builder *b, const char *text, size_t n) {
    if (b->failed) return;
    if (b->n + n + 1 > b->capacity) {
        size_t capacity = 2 * (b->n + n + 1);
        char *wider = realloc(b->text, capacity);
        if (!wider) {
            b->failed = true;
            mgr_fail_memory("print", capacity);
            return;
        }
        b->text = wider;
        b->capacity = capacity;
    }
    memcpy(b->text + b->n, text, n);
    b->n += n;
    b->text[b->n] = 0;
}

static void append_repeated(builder *b, char c, int n) {
    for (int i = 0; i < n; i++) append(b, &c, 1);
}

/* A word on the line of width *column, or on a new one if it does not fit there and would have a new one to itself. */
static void append_word(builder *b, const char *word, int indent, int width, int *column) {
    int length = (int)strlen(word);
    if (*column + length > width && *column > indent) {
        while (b->n > 0 && b->text[b->n - 1] == ' ') b->n--;
        append(b, "\n", 1);
        append_repeated(b, ' ', indent);
        *column = indent;
    }
    append(b, word, (size_t)length);
    *column += length;
}

static void append_row(builder *b, const array *a, const format *f, int64_t index) {
    int axis = a->ndim - 1, indent = a->ndim, width = LINE_WIDTH - axis - 1, column = indent;
    int64_t length = a->dims[axis];
    for (int64_t i = 0; i < length; i++) {
        if (i > 0) append(b, " ", 1), column++;
        if (is_cut(a, axis) && i == EDGE_ITEMS) {
            append_word(b, "...", indent, width, &column);
            append(b, " ", 1), column++;
            i = length - EDGE_ITEMS;
        }
        char word[2 * MGA_NUMBER_BYTES];
        element_text(a, f, a->data + (size_t)(index * length + i) * a->item, word);
        append_word(b, word, indent, width, &column);
    }
}

static void append_axes(builder *b, const array *a, const format *f, int axis, int64_t index) {
    append(b, "[", 1);
    if (axis == a->ndim - 1) {
        append_row(b, a, f, index);
    } else {
        int64_t length = a->dims[axis];
        for (int64_t i = 0; i < length && !b->failed; i++) {
            if (i > 0) append_repeated(b, '\n', a->ndim - 1 - axis), append_repeated(b, ' ', axis + 1);
            if (is_cut(a, axis) && i == EDGE_ITEMS) {
                append(b, "...", 3);
                append_repeated(b, '\n', a->ndim - 1 - axis), append_repeated(b, ' ', axis + 1);
                i = length - EDGE_ITEMS;
            }
            append_axes(b, a, f, axis + 1, index * length + i);
        }
    }
    append(b, "]", 1);
}

char *mga_array_text(mg_dtype dtype, int ndim, const int64_t *dims, const void *data) {
    array a = {dtype, ndim, dims, data, mg_dtype_size(dtype), false};
    builder b = {0};
    int64_t size = 1;
    for (int i = 0; i < ndim; i++) size *= dims[i];
    a.summary = size > THRESHOLD;
    if (ndim == 0) {
        char word[2 * MGA_NUMBER_BYTES];
        scalar_text(&a, word);
        append(&b, word, strlen(word));
    } else if (size == 0) {
        append(&b, "[]", 2);
    } else {
        format f = {.width = dtype == MG_BOOL ? 5 : 0};
        if (mg_dtype_is_float(dtype))
            float_format(&a, &f);
        else if (dtype != MG_BOOL)
            visit_shown(&a, 0, 0, see_integer, &f);
        append_axes(&b, &a, &f, 0, 0);
    }
    if (b.failed) {
        free(b.text);
        return NULL;
    }
    return b.text;
}
