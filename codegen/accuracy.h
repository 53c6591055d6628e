/* SPDX-License-Identifier: MIT
 * What has been measured: the rows of codegen/accuracy.txt, and what they are good for. Bounds are in bound.h. */
#ifndef MGC_ACCURACY_H
#define MGC_ACCURACY_H

#include "text.h"

/* What an accuracy rests on, from strong to weak. */
typedef enum mgc_how {
    MGC_BOUNDED,    /* roundings counted */
    MGC_EXHAUSTIVE, /* measured on every input */
    MGC_SAMPLED     /* measured on some */
} mgc_how;
const char *mgc_how_word(mgc_how how);

/* One row of the file. */
typedef struct mgc_accuracy {
    const char *name;
    int row; /* MGC_ROW_F32 or MGC_ROW_F64 */
    double ulp;
    const char *worst; /* the inputs that have it, with commas between */
    mgc_how how;
    const char *points, *oracle, *date, *command; /* for readers */
    mgc_place at;
} mgc_accuracy;

typedef struct mgc_accuracies {
    const char *path; /* NULL: no file was read */
    mgc_accuracy *list;
    int n, cap;
} mgc_accuracies;

/* What makes an op's stated ulp true in one row dtype. */
typedef struct mgc_evidence {
    double ulp; /* the bound, or what was measured */
    mgc_how how;
} mgc_evidence;

/* The rows of the text; false with a message. */
bool mgc_load_accuracy(mgc_diag *d, mgc_accuracies *out, const char *path, const char *text);

/* NULL: not measured. */
const mgc_accuracy *mgc_find_accuracy(const mgc_accuracies *a, const char *name, int row);

#endif
