/* SPDX-License-Identifier: MIT
 * The table of operators, and what their ops must look like. What an op computes nobody checks. */
#include "operators.h"

#include <string.h>

const mgc_operator mgc_operators[] = {{"|", "logical_or", MGC_LEVEL_OR},
                                      {"&", "logical_and", MGC_LEVEL_AND},
                                      {"<", "less", MGC_LEVEL_COMPARE},
                                      {"<=", "less_equal", MGC_LEVEL_COMPARE},
                                      {">", "greater", MGC_LEVEL_COMPARE},
                                      {">=", "greater_equal", MGC_LEVEL_COMPARE},
                                      {"==", "equal", MGC_LEVEL_COMPARE},
                                      {"!=", "not_equal", MGC_LEVEL_COMPARE},
                                      {"+", "add", MGC_LEVEL_SUM},
                                      {"-", "subtract", MGC_LEVEL_SUM},
                                      {"*", "multiply", MGC_LEVEL_PRODUCT},
                                      {"/", "divide", MGC_LEVEL_PRODUCT},
                                      {NULL, NULL, 0}};

/* Inputs in order, then the result, as v (value) or m (condition); NULL: no operator stands for the op. */
static const char *wanted_kinds(const char *name, const char **words) {
    *words = "2 values with a value";
    for (const mgc_operator *o = mgc_operators; o->sign; o++) {
        if (strcmp(o->op, name) != 0) continue;
        if (o->level >= MGC_LEVEL_SUM) return "vvv";
        *words = o->level == MGC_LEVEL_COMPARE ? "2 values with a condition" : "2 conditions with a condition";
        return o->level == MGC_LEVEL_COMPARE ? "vvm" : "mmm";
    }
    *words = "a value with a value";
    if (strcmp(name, "negative") == 0) return "vv";
    *words = "a condition with a condition";
    if (strcmp(name, "logical_not") == 0) return "mm";
    *words = "a condition and 2 values with a value";
    return strcmp(name, "where") == 0 ? "mvvv" : NULL;
}

bool mgc_check_operator(mgc_diag *d, const mgc_stanza *s) {
    const char *words, *wanted = wanted_kinds(s->name, &words);
    if (!wanted) return true;
    const bool logical = s->types == MGC_TYPES_LOGICAL;
    char kinds[MGC_MAX_IN + 2] = {0};
    for (int i = 0; i < s->n_in; i++) kinds[i] = s->in[i].condition || logical ? 'm' : 'v';
    kinds[s->n_in] = logical || s->types == MGC_TYPES_COMPARE ? 'm' : 'v';
    if (s->kind == MGC_MAP && s->n_params == 0 && s->n_out == 1 && strcmp(kinds, wanted) == 0) return true;
    return mgc_error(d, s->at, "an operator stands for '%s': expected an op of %s as its one result", s->name, words);
}
