/* SPDX-License-Identifier: MIT
 * Floats as decimal digits: the fewest that read back as the same value of the dtype, or as many as asked for. Every
 * text in which a floating number stands is made here (arrays, drawings, errors): with a point, whatever the locale
 * says of commas, and rounded half to even, whatever the caller's floating-point environment says. */
#ifndef MGA_NUMBER_TEXT_H
#define MGA_NUMBER_TEXT_H

#include "mygrad/base.h"

/* A finite number d.ddd * 10^exponent, without trailing zeros (0 is one digit 0). */
typedef struct mga_digits {
    bool negative;
    int exponent;
    int n;
    char digit[20]; /* '0'..'9' */
} mga_digits;

/* value, which is one of dtype's, exactly readable from as few digits as possible. */
mga_digits mga_digits_shortest(mg_dtype dtype, double value);

/* The same, but if that needs more than `fraction` digits after the point (positional: of value itself; else of its
 * d.ddd) the exact value rounded to that many, half to even. */
mga_digits mga_digits_cut(mg_dtype dtype, double value, bool positional, int fraction);

/* value rounded to `count` (1..17) digits, half to even. */
mga_digits mga_digits_exact(double value, int count);

/* "-12.5", "3.", "0.001": digits with a point, at least one digit before it, none needed after it. Returns out.
 * MGA_NUMBER_BYTES suffice for |exponent| < 20. */
#define MGA_NUMBER_BYTES 64
char *mga_positional_text(const mga_digits *digits, char *out);

/* "1.5e-08": `fraction` digits after the point (zeros added), exponent of at least `exponent_digits` digits and sign.
 */
char *mga_scientific_text(const mga_digits *digits, int fraction, int exponent_digits, char *out);

/* value in at most `digits` (1..17) digits, as printf's %g has it: "0.125", "1e-08", "-inf", "nan". Returns out, which
 * has MGA_NUMBER_BYTES. */
char *mga_number_text(double value, int digits, char *out);

/* span / stride + 1, in at most four digits: how often a window fits where it does not fit. Returns out. */
char *mga_positions_text(int64_t span, int64_t stride, char *out);

/* Digits of the exponent as scientific notation writes it: at least 2. */
int mga_exponent_digits(const mga_digits *digits);

#endif
