/* SPDX-License-Identifier: MIT
 * Integer division and remainder for every instruction set: lane by lane through memory, in loops without branches.
 * i8, i16, i32, u8 and u16 divide floats, which compilers do in vectors; no vector unit divides integers. Included at
 * the end of each vocabulary header, after its loads and stores. */
#ifndef MGK_SIMD_DIVIDE_H
#define MGK_SIMD_DIVIDE_H

/* a / d towards 0, where d is neither 0 nor -1. 24 bits are enough for integers of 16, and 53 for those of 32: an
 * inexact quotient is farther from the next whole number, by more than 1 part in |a|, than rounding takes it. */
#define MGV_BY_FLOAT_(a, d)  (int32_t)((float)(a) / (float)(d))
#define MGV_BY_DOUBLE_(a, d) (int32_t)((double)(a) / (double)(d))
#define MGV_BY_INT_(a, d)    ((a) / (d))

/* Floor division: C truncates, so an inexact quotient of operands with unlike signs is one too large. The divisors 0
 * and -1 are kept away from the division: a / 0 is 0, and INT_MIN / -1 would trap. */
#define MGV_SIGNED_(t, wide, quotient)                                                                                 \
    MGV_FN MGV_ELEM_##t mgv_div1_##t(MGV_ELEM_##t a, MGV_ELEM_##t b) {                                                 \
        const wide none = b == 0, minus = b == -1, d = b + none + 2 * minus;                                           \
        const wide q = quotient(a, d), r = a - q * d;                                                                  \
        const wide down = q - ((r != 0) & ((r ^ d) < 0));                                                              \
        return (MGV_ELEM_##t)(none ? 0 : minus ? 0 - (uint64_t)a : (uint64_t)down);                                    \
    }                                                                                                                  \
    MGV_FN MGV_ELEM_##t mgv_rem1_##t(MGV_ELEM_##t a, MGV_ELEM_##t b) {                                                 \
        const wide d = b + (b == 0) + 2 * (b == -1);                                                                   \
        const wide r = a - quotient(a, d) * d, below = (r != 0) & ((r ^ d) < 0);                                       \
        return (MGV_ELEM_##t)(r + (d & -below));                                                                       \
    }
#define MGV_UNSIGNED_(t, quotient)                                                                                     \
    MGV_FN MGV_ELEM_##t mgv_div1_##t(MGV_ELEM_##t a, MGV_ELEM_##t b) {                                                 \
        const MGV_ELEM_##t none = b == 0, d = (MGV_ELEM_##t)(b + none);                                                \
        return (MGV_ELEM_##t)(none ? 0 : quotient(a, d));                                                              \
    }                                                                                                                  \
    MGV_FN MGV_ELEM_##t mgv_rem1_##t(MGV_ELEM_##t a, MGV_ELEM_##t b) {                                                 \
        const MGV_ELEM_##t d = (MGV_ELEM_##t)(b + (b == 0));                                                           \
        return (MGV_ELEM_##t)(a - quotient(a, d) * d);                                                                 \
    }
MGV_SIGNED_(i8, int32_t, MGV_BY_FLOAT_)
MGV_SIGNED_(i16, int32_t, MGV_BY_FLOAT_)
MGV_SIGNED_(i32, int32_t, MGV_BY_DOUBLE_)
MGV_SIGNED_(i64, int64_t, MGV_BY_INT_)
MGV_UNSIGNED_(u8, MGV_BY_FLOAT_)
MGV_UNSIGNED_(u16, MGV_BY_FLOAT_)
MGV_UNSIGNED_(u32, MGV_BY_INT_)
MGV_UNSIGNED_(u64, MGV_BY_INT_)
#undef MGV_SIGNED_
#undef MGV_UNSIGNED_
#undef MGV_BY_FLOAT_
#undef MGV_BY_DOUBLE_
#undef MGV_BY_INT_

#define MGV_LANEWISE_(op, t)                                                                                           \
    MGV_FN mgv_##t mgv_##op##_##t(mgv_##t a, mgv_##t b) {                                                              \
        MGV_ELEM_##t x[MGV_LANES_##t], y[MGV_LANES_##t];                                                               \
        mgv_store_##t(x, a);                                                                                           \
        mgv_store_##t(y, b);                                                                                           \
        for (int i = 0; i < MGV_LANES_##t; i++) x[i] = mgv_##op##1_##t(x[i], y[i]);                                    \
        return mgv_load_##t(x);                                                                                        \
    }
#define MGV_DIV_REM_(t) MGV_LANEWISE_(div, t) MGV_LANEWISE_(rem, t)
MGV_FOR_INTS(MGV_DIV_REM_)
#undef MGV_DIV_REM_
#undef MGV_LANEWISE_

#endif
