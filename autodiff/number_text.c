/* SPDX-License-Identifier: MIT
 * Floats as decimal digits, on top of the C library's exact printf; free of the locale's decimal point, and in the
 * canonical floating-point environment, which tells printf how to round. */
#include "autodiff/number_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/dtype.h"
#include "runtime/fpenv.h"

/* value rounded to `count` (1..18) significant digits; text is what printf made of it. */
static mga_digits digits_of(double value, int count, char text[40]) {
    mga_digits d = {.negative = signbit(value)};
    snprintf(text, 40, "%.*e", count - 1, value);
    const char *p = text;
    for (; *p && *p != 'e'; p++) {
        if (*p >= '0' && *p <= '9' && d.n < (int)sizeof d.digit) d.digit[d.n++] = *p;
    }
    d.exponent = *p ? atoi(p + 1) : 0;
    while (d.n > 1 && d.digit[d.n - 1] == '0') d.n--;
    return d;
}

static bool reads_back(mg_dtype dtype, const char *text, double value) {
    char element[8];
    mgr_set_f64(dtype, element, strtod(text, NULL));
    return mgr_get_f64(dtype, element) == value;
}

mga_digits mga_digits_shortest(mg_dtype dtype, double value) {
    char text[40];
    mgr_fpenv_text env;
    mgr_fpenv_enter_text(&env);
    int count = 1;
    mga_digits d = digits_of(value, count, text);
    while (count < 17 && !reads_back(dtype, text, value)) d = digits_of(value, ++count, text);
    mgr_fpenv_leave_text(&env);
    return d;
}

mga_digits mga_digits_cut(mg_dtype dtype, double value, bool positional, int fraction) {
    mga_digits d = mga_digits_shortest(dtype, value);
    int most = 1 + fraction + (positional ? d.exponent : 0);
    if (d.n <= most) return d;
    return mga_digits_exact(value, most < 1 ? 1 : most);
}

char *mga_positional_text(const mga_digits *d, char *out) {
    char *p = out;
    if (d->negative) *p++ = '-';
    if (d->exponent < 0) *p++ = '0';
    for (int i = 0; i <= d->exponent; i++) *p++ = i < d->n ? d->digit[i] : '0';
    *p++ = '.';
    for (int i = d->exponent + 1; i < d->n; i++) *p++ = i < 0 ? '0' : d->digit[i];
    *p = 0;
    return out;
}

char *mga_scientific_text(const mga_digits *d, int fraction, int exponent_digits, char *out) {
    char *p = out;
    if (d->negative) *p++ = '-';
    *p++ = d->digit[0];
    *p++ = '.';
    for (int i = 1; i <= fraction; i++) *p++ = i < d->n ? d->digit[i] : '0';
    snprintf(p, 16, "e%c%0*d", d->exponent < 0 ? '-' : '+', exponent_digits, abs(d->exponent));
    return out;
}

int mga_exponent_digits(const mga_digits *d) { return abs(d->exponent) > 99 ? 3 : 2; }

mga_digits mga_digits_exact(double value, int count) {
    char text[40];
    mgr_fpenv_text env;
    mgr_fpenv_enter_text(&env);
    mga_digits d = digits_of(value, count, text);
    mgr_fpenv_leave_text(&env);
    return d;
}

char *mga_number_text(double value, int digits, char *out) {
    if (isnan(value) || isinf(value)) return strcpy(out, isnan(value) ? "nan" : signbit(value) ? "-inf" : "inf");
    mga_digits d = mga_digits_exact(value, digits);
    if (d.exponent < -4 || d.exponent >= digits)
        mga_scientific_text(&d, d.n - 1, mga_exponent_digits(&d), out);
    else
        mga_positional_text(&d, out);
    char *point = strchr(out, '.');
    if (point[1] < '0' || point[1] > '9') memmove(point, point + 1, strlen(point)); /* "3.", "1.e-08" */
    return out;
}

char *mga_positions_text(int64_t span, int64_t stride, char *out) {
    mgr_fpenv env = mgr_fpenv_enter();
    volatile double whole = (double)*(volatile int64_t *)&span, step = (double)*(volatile int64_t *)&stride;
    volatile double positions = whole / step + 1;
    mgr_fpenv_leave(env);
    return mga_number_text(positions, 4, out);
}
