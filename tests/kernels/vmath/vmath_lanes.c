/* SPDX-License-Identifier: MIT
 * Compiled once per instruction set: the table of that set. */
#include "vmath_lanes.h"

#define MGV_LONG_KERNELS
#include "kernels/vmath/vmath.h"

#define LOOP_(t, c, name)                                                                                              \
    static void name##_##t(size_t n, c *y, const c *x) {                                                               \
        size_t i = 0;                                                                                                  \
        for (; i + MGV_LANES_##t <= n; i += MGV_LANES_##t) mgv_store_##t(y + i, vm_##name##_##t(mgv_load_##t(x + i))); \
        if (i < n) mgv_storen_##t(y + i, vm_##name##_##t(mgv_loadn_##t(x + i, n - i)), n - i);                         \
    }
#define LOOPS_(name, o32, o64) LOOP_(f32, float, name) LOOP_(f64, double, name)
VMATH_FUNCTIONS(LOOPS_)

#define TEXT_(x)             #x
#define TEXT(x)              TEXT_(x)
#define F32_(name, o32, o64) name##_f32,
#define F64_(name, o32, o64) name##_f64,
extern const vmath_lanes MGK_NAME(vmath_lanes);
const vmath_lanes MGK_NAME(vmath_lanes) = {
    TEXT(MGK_ISA),
    {VMATH_FUNCTIONS(F32_)},
    {VMATH_FUNCTIONS(F64_)},
};
