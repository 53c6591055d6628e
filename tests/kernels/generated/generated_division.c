/* SPDX-License-Identifier: MIT
 * Oracles of division with remainder and of shifts: integers in 128 bits, fmod from the C library, whose is exact, and
 * the floor of a quotient by long division, bit by bit. Nothing here divides two floats that have a remainder. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "generated.h"

typedef __int128 wide;

/* ---- floats ---- */

/* A quotient as it comes out of long division: its first 62 bits, how many more there are, and what those were. */
typedef struct quotient {
    uint64_t bits;
    int dropped;
    bool any, all, rest; /* among the dropped: a one, nothing but ones; beyond the point: something is left */
} quotient;

static quotient long_division(double x, double y) {
    int ex, ey;
    const uint64_t a = (uint64_t)ldexp(frexp(fabs(x), &ex), DBL_MANT_DIG);
    const uint64_t b = (uint64_t)ldexp(frexp(fabs(y), &ey), DBL_MANT_DIG);
    if (ex < ey) return (quotient){.rest = true};
    quotient q = {.bits = a / b, .all = true};
    uint64_t left = a % b;
    for (int i = ex - ey; i > 0; i--) {
        left *= 2;
        const bool bit = left >= b;
        if (bit) left -= b;
        if (q.bits >> 61 || q.dropped) {
            q.dropped++;
            q.any = q.any || bit;
            q.all = q.all && bit;
        } else {
            q.bits = 2 * q.bits + bit;
        }
    }
    q.rest = left != 0;
    return q;
}

/* Of finite x and y that are not 0: floor(x / y), rounded once to the row. */
static double floor_of_quotient(mg_dtype row, double x, double y) {
    quotient q = long_division(x, y);
    const bool negative = signbit(x) != signbit(y);
    if (negative && q.rest) { /* one more, away from 0 */
        if (q.dropped == 0 || q.all) {
            q.bits++;
            q.any = false;
        } else {
            q.any = true;
        }
    }
    const uint64_t sticky = q.bits | (q.dropped > 0 && q.any);
    const double r = row == MG_F32 ? (double)ldexpf((float)sticky, q.dropped) : ldexp((double)sticky, q.dropped);
    return negative ? -r : r;
}

static double floor_divide(mg_dtype row, double x, double y) {
    if (isnan(x) || isnan(y)) return NAN;
    if (y == 0) return x / y;
    if (isinf(x)) return NAN;
    const bool unlike = signbit(x) != signbit(y);
    if (x == 0) return unlike ? -0.0 : 0.0;
    if (isinf(y)) return unlike ? -1 : 0;
    return floor_of_quotient(row, x, y);
}

static double remainder_of(double x, double y) {
    const double r = fmod(x, y);
    if (r == 0) return copysign(0, y);
    return isnan(r) || (r < 0) == (y < 0) ? r : r + y;
}

static bool division_float(const char *op, mg_dtype row, const void *const in[], void *out) {
    const double x = gen_read_float(row, in[0]), y = gen_read_float(row, in[1]);
    double r;
    if (strcmp(op, "fmod") == 0) {
        r = fmod(x, y);
    } else if (strcmp(op, "remainder") == 0) {
        r = remainder_of(x, y);
    } else if (strcmp(op, "floor_divide") == 0) {
        r = floor_divide(row, x, y);
    } else {
        return false;
    }
    const float narrow = (float)r;
    memcpy(out, row == MG_F32 ? (const void *)&narrow : (const void *)&r, gen_size(row));
    return true;
}

/* ---- integers ---- */

static wide floored(wide a, wide b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }

/* a << k and a >> k for every k, taken as unsigned in the row's width. */
static wide shifted(wide a, uint64_t k, unsigned bits, bool left) {
    if (left) return k >= bits ? 0 : a * ((wide)1 << k);
    return a >> (k > 64 ? 64 : k);
}

static bool division_int(const char *op, mg_dtype row, const void *const in[], void *out) {
    const uint64_t x = gen_read_int(row, in[0]), y = gen_read_int(row, in[1]);
    const wide a = gen_is_signed(row) ? (wide)(int64_t)x : (wide)x, b = gen_is_signed(row) ? (wide)(int64_t)y : (wide)y;
    const unsigned bits = 8 * (unsigned)gen_size(row);
    const uint64_t count = bits == 64 ? y : y & ((UINT64_C(1) << bits) - 1);
    wide r;
    if (strcmp(op, "floor_divide") == 0) {
        r = b == 0 ? 0 : floored(a, b);
    } else if (strcmp(op, "remainder") == 0) {
        r = b == 0 ? 0 : a - floored(a, b) * b;
    } else if (strcmp(op, "fmod") == 0) {
        r = b == 0 ? 0 : a % b;
    } else if (strcmp(op, "left_shift") == 0 || strcmp(op, "right_shift") == 0) {
        r = shifted(a, count, bits, op[0] == 'l');
    } else {
        return false;
    }
    memcpy(out, &r, gen_size(row)); /* little-endian hosts: the low bytes */
    return true;
}

bool gen_division(const char *op, mg_dtype row, const void *const in[], void *out) {
    static const char *const ops[] = {"floor_divide", "remainder", "fmod", "left_shift", "right_shift"};
    bool mine = false;
    for (int i = 0; i < 5; i++) mine = mine || strcmp(op, ops[i]) == 0;
    if (!mine) return false;
    if (row == MG_F32 || row == MG_F64) return division_float(op, row, in, out);
    return division_int(op, row, in, out);
}
