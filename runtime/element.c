/* SPDX-License-Identifier: MIT
 * Reading and writing one element of any dtype, bit for bit as the convert kernels do it (rules C4). Not for loops over
 * arrays. */
#include "runtime/dtype.h"
#include "runtime/fpenv.h"

#include <string.h>

#define LOAD(type, p)                                                                                                  \
    ({                                                                                                                 \
        type value_;                                                                                                   \
        memcpy(&value_, p, sizeof value_);                                                                             \
        value_;                                                                                                        \
    })
#define STORE(type, p, x)                                                                                              \
    do {                                                                                                               \
        type value_ = (type)(x);                                                                                       \
        memcpy(p, &value_, sizeof value_);                                                                             \
    } while (0)

static uint64_t bits_of(double x) { return LOAD(uint64_t, &x); }
static double double_of(uint64_t bits) { return LOAD(double, &bits); }

static double half_get(uint16_t h) {
    uint64_t sign = (uint64_t)(h >> 15) << 63, exponent = h >> 10 & 31u, fraction = h & 0x3ffu;
    if (exponent == 0) { /* zero or subnormal: fraction * 2^-24, exact */
        double magnitude = (double)fraction * 0x1p-24;
        return sign ? -magnitude : magnitude;
    }
    uint64_t wide = exponent == 31 ? 0x7ffu : exponent - 15 + 1023;
    return double_of(sign | wide << 52 | fraction << 42);
}

static double bfloat_get(uint16_t h) {
    uint32_t wide = (uint32_t)h << 16;
    return (double)LOAD(float, &wide);
}

/* Shift right by n (1..63), rounding to nearest even. */
static uint64_t shift_round(uint64_t x, int n) {
    uint64_t rest = x & ((UINT64_C(1) << n) - 1), half = UINT64_C(1) << (n - 1), kept = x >> n;
    return kept + (rest > half || (rest == half && (kept & 1)));
}

/* A double to a 16-bit float of `fraction_bits`, whose largest biased exponent (infinity) is max_exponent: one
 * rounding, nearest even. */
static uint16_t narrow(double x, int fraction_bits, int max_exponent) {
    uint64_t bits = bits_of(x), fraction = bits & 0xfffffffffffffu;
    uint64_t sign = bits >> 48 & 0x8000u, infinity = (uint64_t)max_exponent << fraction_bits;
    int exponent = (int)(bits >> 52 & 0x7ffu);
    if (exponent == 0x7ff) /* a NaN stays one: its quiet bit is set */
        return (uint16_t)(sign | infinity |
                          (fraction ? fraction >> (52 - fraction_bits) | UINT64_C(1) << (fraction_bits - 1) : 0));
    int biased = exponent - 1023 + (max_exponent >> 1), drop = 52 - fraction_bits;
    if (biased >= max_exponent) return (uint16_t)(sign | infinity);
    if (exponent == 0) return (uint16_t)sign; /* double subnormals are far below both */
    uint64_t magnitude = fraction | UINT64_C(1) << 52;
    if (biased <= 0) { /* subnormal result: the hidden bit moves into the fraction */
        drop += 1 - biased;
        return (uint16_t)(sign | (drop > 62 ? 0 : shift_round(magnitude, drop)));
    }
    /* A carry out of the fraction rightly bumps the exponent, up to infinity. */
    return (uint16_t)(sign | (((uint64_t)(biased - 1) << fraction_bits) + shift_round(magnitude, drop)));
}

static uint16_t half_set(double x) { return narrow(x, 10, 31); }
static uint16_t bfloat_set(double x) { return narrow(x, 7, 255); }

/* Truncate, from the bits: comparing and converting would raise exceptions where elements are converted while something
 * is recorded. For u64, [2^63, 2^64) is in range; NaN and out of range give the bits of INT64_MIN. */
static uint64_t truncated(double x, bool to_unsigned) {
    uint64_t bits = bits_of(x), magnitude = (bits & UINT64_C(0xfffffffffffff)) | UINT64_C(1) << 52;
    bool negative = bits >> 63;
    int exponent = (int)(bits >> 52 & 0x7ff) - 1023;
    if (exponent < 0) return 0;
    if (exponent > 63 || (exponent == 63 && (negative || !to_unsigned))) return UINT64_C(1) << 63;
    magnitude = exponent < 52 ? magnitude >> (52 - exponent) : magnitude << (exponent - 52);
    return negative ? 0u - magnitude : magnitude;
}
static int64_t truncate_i64(double x) { return (int64_t)truncated(x, false); }

static bool is_zero(double x) { return bits_of(x) << 1 == 0; }

/* The conversions that look at the floating-point environment, in ours: elements are also converted while something is
 * recorded. Volatile, for the compiler knows nothing of environments. */
#define CONVERSION(name, from, to)                                                                                     \
    static to name(from x) {                                                                                           \
        mgr_fpenv env = mgr_fpenv_enter();                                                                             \
        volatile from source = x;                                                                                      \
        volatile to result = (to)source;                                                                               \
        mgr_fpenv_leave(env);                                                                                          \
        return result;                                                                                                 \
    }
CONVERSION(widen_float, float, double)
CONVERSION(round_double, double, float)
CONVERSION(round_i64, int64_t, double)
CONVERSION(round_u64, uint64_t, double)
CONVERSION(round_i64_f32, int64_t, float)

double mgr_get_f64(mg_dtype dtype, const void *p) {
    switch (dtype) {
    case MG_F64:
        return LOAD(double, p);
    case MG_F32:
        return widen_float(LOAD(float, p));
    case MG_F16:
        return half_get(LOAD(uint16_t, p));
    case MG_BF16:
        return bfloat_get(LOAD(uint16_t, p));
    case MG_U64:
        return round_u64(LOAD(uint64_t, p));
    default:
        return round_i64(mgr_get_i64(dtype, p));
    }
}

int64_t mgr_get_i64(mg_dtype dtype, const void *p) {
    switch (dtype) {
    case MG_BOOL:
        return LOAD(uint8_t, p) != 0;
    case MG_I8:
        return LOAD(int8_t, p);
    case MG_I16:
        return LOAD(int16_t, p);
    case MG_I32:
        return LOAD(int32_t, p);
    case MG_I64:
        return LOAD(int64_t, p);
    case MG_U8:
        return LOAD(uint8_t, p);
    case MG_U16:
        return LOAD(uint16_t, p);
    case MG_U32:
        return LOAD(uint32_t, p);
    case MG_U64:
        return (int64_t)LOAD(uint64_t, p);
    case MG_F16:
    case MG_BF16:
    case MG_F32:
    case MG_F64:
        return truncate_i64(mgr_get_f64(dtype, p));
    default:
        return 0;
    }
}

void mgr_set_f64(mg_dtype dtype, void *p, double value) {
    switch (dtype) {
    case MG_F64:
        STORE(double, p, value);
        break;
    case MG_F32:
        STORE(float, p, round_double(value));
        break;
    case MG_F16:
        STORE(uint16_t, p, half_set(value));
        break;
    case MG_BF16:
        STORE(uint16_t, p, bfloat_set(value));
        break;
    case MG_BOOL:
        STORE(uint8_t, p, !is_zero(value));
        break;
    case MG_U64:
        STORE(uint64_t, p, truncated(value, true));
        break;
    default:
        mgr_set_i64(dtype, p, truncate_i64(value));
    }
}

/* An i64 as a double that rounds to any narrower float as the integer itself would: bits that do not fit become one
 * sticky bit. */
static double sticky_double(int64_t value) {
    uint64_t magnitude = value < 0 ? 0u - (uint64_t)value : (uint64_t)value;
    if (magnitude >> 53) magnitude = (magnitude & ~UINT64_C(0xfff)) | ((magnitude & 0xfff) ? 0x1000u : 0u);
    return value < 0 ? -(double)magnitude : (double)magnitude;
}

void mgr_set_i64(mg_dtype dtype, void *p, int64_t value) {
    uint64_t wrapped = (uint64_t)value;
    switch (dtype) {
    case MG_BOOL:
        STORE(uint8_t, p, value != 0);
        break;
    case MG_I8:
    case MG_U8:
        STORE(uint8_t, p, wrapped);
        break;
    case MG_I16:
    case MG_U16:
        STORE(uint16_t, p, wrapped);
        break;
    case MG_I32:
    case MG_U32:
        STORE(uint32_t, p, wrapped);
        break;
    case MG_I64:
    case MG_U64:
        STORE(uint64_t, p, wrapped);
        break;
    case MG_F16:
        STORE(uint16_t, p, half_set(sticky_double(value)));
        break;
    case MG_BF16:
        STORE(uint16_t, p, bfloat_set(sticky_double(value)));
        break;
    case MG_F32:
        STORE(float, p, round_i64_f32(value));
        break;
    case MG_F64:
        STORE(double, p, round_i64(value));
        break;
    default:
        break;
    }
}
