/* SPDX-License-Identifier: MIT
 * Axes, shapes, keys and numbers as users write them. C initialises the first member of a struct from `.axis = 1`, and
 * cannot tell `.axis = 0` from no axis at all: the keyword macros bring the text of their options, which is looked at
 * only then. */
#include "autodiff/arguments.h"

#include "runtime/status.h"

#include <string.h>

/* ---- text ------------------------------------------------------------------------------------------------------- */

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n'; }

static bool is_of_name(char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The end of the string or character constant that begins here. */
static const char *after_quoted(const char *at) {
    const char quote = *at++;
    while (*at && *at != quote) at += *at == '\\' && at[1] ? 2 : 1;
    return *at ? at + 1 : at;
}

/* ".name", at the start of an initializer; a preprocessor may leave space after the dot. */
static bool begins_with(const char *at, const char *name) {
    const size_t length = strlen(name + 1);
    if (*at++ != '.') return false;
    while (is_space(*at)) at++;
    return strncmp(at, name + 1, length) == 0 && !is_of_name(at[length]);
}

bool mga_names(const char *text, const char *name) {
    int depth = 0;
    bool start = true;
    for (const char *at = text; at && *at;) {
        if (depth == 0 && start && begins_with(at, name)) return true;
        if (!is_space(*at)) start = depth == 0 && *at == ',';
        if (*at == '"' || *at == '\'') {
            at = after_quoted(at);
            continue;
        }
        depth += (*at == '(' || *at == '[' || *at == '{') - (*at == ')' || *at == ']' || *at == '}');
        at++;
    }
    return false;
}

double mga_number(double value, double standard, const char *name, const char *text) {
    const bool meant = value != 0 || (text && *text == '=') || mga_names(text, name); /* "=": in C++ all are */
    return meant ? value : standard;
}

/* ---- lists ------------------------------------------------------------------------------------------------------ */

/* `what` of n numbers, whose array is there or not, beside a number alone. */
static mg_status check_list(const char *op, const char *what, const char *macro, long long one, int n,
                            const void *array) {
    if (n < 0) return mgr_fail(MG_ERR_VALUE, op, "%s: a list of %d numbers", what, n);
    if (n > 0 && !array && one)
        return mgr_fail(MG_ERR_VALUE, op, "%s: %lld and then %d without an array: several numbers are written %s(...)",
                        what, one, n, macro);
    if (n > 0 && !array) return mgr_fail(MG_ERR_VALUE, op, "%s: a list of %d numbers, but its array is NULL", what, n);
    if (n > MG_MAX_NDIM)
        return mgr_fail(MG_ERR_VALUE, op, "%s: a list of %d numbers: a tensor has at most %d axes", what, n,
                        MG_MAX_NDIM);
    return MG_OK;
}

mg_status mga_read_other_axes(const char *op, mg_axes *axes, const char *text) {
    if (axes->n == MGA_AXES_ALL && axes->mg_one == INT32_MIN && !axes->v) return MG_OK;
    MGR_TRY(check_list(op, "axes", "MG_AXES", axes->mg_one, axes->n, axes->v));
    if (axes->v || (axes->mg_one == 0 && !mga_names(text, ".axis"))) return MG_OK;
    axes->n = 1;
    axes->v = &axes->mg_one;
    return MG_OK;
}

mg_status mga_read_shape(const char *op, const char *what, mg_shape *shape, const char *text) {
    MGR_TRY(check_list(op, what, "MG_SHAPE", shape->mg_one, shape->ndim, shape->dims));
    if (shape->ndim || shape->dims || (shape->mg_one == 0 && !mga_names(text, what))) return MG_OK;
    shape->ndim = 1;
    shape->dims = &shape->mg_one;
    return MG_OK;
}

mg_status mga_read_key(const char *op, const mg_key *key) {
    if (key->n >= 0 && (key->n == 0 || key->v)) return MG_OK;
    return mgr_fail(MG_ERR_VALUE, op, key->n < 0 ? "a key of %d indices" : "a key of %d indices, but its array is NULL",
                    key->n);
}

mg_status mga_check_out(const char *op, const char *what, const void *out) {
    return out ? MG_OK : mgr_fail(MG_ERR_VALUE, op, "%s, where to write, is NULL", what);
}
