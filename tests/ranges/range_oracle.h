/* SPDX-License-Identifier: MIT
 * Exact derivatives of the public maps, by MPFR, from formulas of their own: at conventions (kinks, ties) what the
 * documentation says. */
#ifndef TEST_RANGE_ORACLE_H
#define TEST_RANGE_ORACLE_H

#include <stdbool.h>

/* The parameters that every op of the test gets: alpha of elu, slope of leaky_relu, bounds of hard_tanh. */
#define RANGE_ALPHA 0.75
#define RANGE_SLOPE 0.25
#define RANGE_LOW   (-1.0)
#define RANGE_HIGH  1.0

bool range_has_mpfr(void);

/* Is there an oracle for d(op)/d(input)? */
bool range_knows(const char *op, int input);

/* g d(op)/d(input) at the operands, as got / exact - 1, and the binary exponent of the exact one (x = m 2^e, m in [1/2,
 * 1)). `zero`, `infinite`: the exact one is, and then the error is got itself, and the sign of exact. */
typedef struct range_answer {
    double error;
    long exponent, slope; /* that of g times it, and that of the derivative alone */
    bool zero, infinite;
    double nearest; /* the exact one, rounded */
} range_answer;
range_answer range_compare(const char *op, int input, const double *operands, double g, double got);

void range_release(void);

#endif
