/* SPDX-License-Identifier: MIT
 * Integer division and remainder for every instruction set: lane by lane through memory, for no vector unit divides
 * integers. Included at the end of each vocabulary header, after its loads and stores. */
#ifndef MGK_SIMD_DIVIDE_H
#define MGK_SIMD_DIVIDE_H

/* Floor division: C truncates, so an inexact quotient of operands with unlike signs is one too large.
 * The divisor -1 is kept away from the division, which would trap on INT_MIN / -1. */
#define MGV_SIGNED_(t)                                                                                                 \
    MGV_FN MGV_ELEM_##t mgv_div1_##t(MGV_ELEM_##t a, MGV_ELEM_##t b) {                                                 \
        if (b == 0) return 0;                                                                                          \
        if (b == -1) return (MGV_ELEM_##t)(0 - (uint64_t)a);                                                           \
        const MGV_ELEM_##t q = (MGV_ELEM_##t)(a / b), r = (MGV_ELEM_##t)(a % b);                                       \
        return (MGV_ELEM_##t)(q - (r != 0 && (r < 0) != (b < 0)));                                                     \
    }                                                                                                                  \
    MGV_FN MGV_ELEM_##t mgv_rem1_##t(MGV_ELEM_##t a, MGV_ELEM_##t b) {                                                 \
        if (b == 0 || b == -1) return 0;                                                                               \
        const MGV_ELEM_##t r = (MGV_ELEM_##t)(a % b);                                                                  \
        return (MGV_ELEM_##t)(r != 0 && (r < 0) != (b < 0) ? r + b : r);                                               \
    }
#define MGV_UNSIGNED_(t)                                                                                               \
    MGV_FN MGV_ELEM_##t mgv_div1_##t(MGV_ELEM_##t a, MGV_ELEM_##t b) { return (MGV_ELEM_##t)(b == 0 ? 0 : a / b); }    \
    MGV_FN MGV_ELEM_##t mgv_rem1_##t(MGV_ELEM_##t a, MGV_ELEM_##t b) { return (MGV_ELEM_##t)(b == 0 ? 0 : a % b); }
MGV_FOR_SIGNED(MGV_SIGNED_)
MGV_FOR_UNSIGNED(MGV_UNSIGNED_)
#undef MGV_SIGNED_
#undef MGV_UNSIGNED_

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
