/* SPDX-License-Identifier: MIT
 * Exact values and gradients of reductions, functions of rows and scans, of one row, by MPFR. */
#ifndef TEST_ROW_ORACLE_H
#define TEST_ROW_ORACLE_H

#include <stdbool.h>

enum { ROW_MOST = 12 };

/* A row, its incoming gradients (g[0] alone for what makes one number of a row) and, for crossentropy, its label. */
typedef struct row_point {
    int n;
    const double *x, *g;
    int label;
} row_point;

/* What was found beside what is exact. Sums may cancel: `scale` is what the terms come to without their signs, and
 * exponents are binary (m 2^e, m in [1/2, 1)). */
typedef struct row_answer {
    double nearest, off; /* the exact one, rounded, and how far the found one is from it, in parts of the scale */
    long exponent;       /* of the scale */
    long least, most;    /* of 1 and all that is multiplied on the way: slopes and their products with g */
    bool zero;           /* the exact one and its scale are */
} row_answer;

/* One answer for each element: of the gradient, or of the value (one, where that is one number). */
void row_gradient(const char *op, const row_point *p, const double *got, row_answer *answers);
void row_value(const char *op, const row_point *p, const double *got, row_answer *answers);

bool row_knows(const char *op);
/* Is there one result for a row? */
bool row_makes_one(const char *op);
/* Is -inf an element like another, whose exp is 0? */
bool row_exponentiates(const char *op);

#endif
