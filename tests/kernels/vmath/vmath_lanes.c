/* SPDX-License-Identifier: MIT
 * Compiled once per instruction set: the table of that set. */
#include "vmath_lanes.h"

#include "kernels/vmath/vmath.h"

#define LOOP_(t, c, name)                                                                                              \
    static void name##_##t(size_t n, c *y, const c *x) {                                                               \
        size_t i = 0;                                                                                                  \
        for (; i + MGV_LANES_##t <= n; i += MGV_LANES_##t) mgv_store_##t(y + i, vm_##name##_##t(mgv_load_##t(x + i))); \
        if (i < n) mgv_storen_##t(y + i, vm_##name##_##t(mgv_loadn_##t(x + i, n - i)), n - i);                         \
    }
#define LOOPS_(name) LOOP_(f32, float, name) LOOP_(f64, double, name)
LOOPS_(exp)
LOOPS_(expm1)
LOOPS_(log)
LOOPS_(log1p)
LOOPS_(tanh)
LOOPS_(sigmoid)

#define TEXT_(x) #x
#define TEXT(x)  TEXT_(x)
extern const vmath_lanes MGK_NAME(vmath_lanes);
const vmath_lanes MGK_NAME(vmath_lanes) = {
    TEXT(MGK_ISA),
    {exp_f32, expm1_f32, log_f32, log1p_f32, tanh_f32, sigmoid_f32},
    {exp_f64, expm1_f64, log_f64, log1p_f64, tanh_f64, sigmoid_f64},
};
