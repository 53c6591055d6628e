/* SPDX-License-Identifier: MIT
 * Compiled once per instruction set: the table of that set. */
#include "vmath_lanes.h"

#define MGV_LONG_KERNELS
#include "kernels/vmath/vmath.h"

/* With a parameter: see vmath_functions.h. */
static inline mgv_f32 elu_f32_of(mgv_f32 x) {
    const mgv_i32 b = mgv_bits_f32(x), drawn = mgv_and_i32(mgv_xor_i32(b, mgv_shl_i32(b, 7)), mgv_set1_i32(0xffffff));
    return vm_elu_f32(x, mgv_frombits_f32(mgv_add_i32(mgv_bits_f32(mgv_set1_f32(0.5f)), drawn)));
}
static inline mgv_f64 elu_f64_of(mgv_f64 x) {
    const mgv_i64 b = mgv_bits_f64(x), mask = mgv_set1_i64(0x1fffffffffffff);
    const mgv_i64 drawn = mgv_and_i64(mgv_xor_i64(b, mgv_shl_i64(b, 7)), mask);
    return vm_elu_f64(x, mgv_frombits_f64(mgv_add_i64(mgv_bits_f64(mgv_set1_f64(0.5)), drawn)));
}
#define vm_elu_f32(x) elu_f32_of(x)
#define vm_elu_f64(x) elu_f64_of(x)

#define LOOP_(t, c, name)                                                                                              \
    static void name##_##t(size_t n, c *y, const c *x) {                                                               \
        size_t i = 0;                                                                                                  \
        for (; i + MGV_LANES_##t <= n; i += MGV_LANES_##t) mgv_store_##t(y + i, vm_##name##_##t(mgv_load_##t(x + i))); \
        if (i < n) mgv_storen_##t(y + i, vm_##name##_##t(mgv_loadn_##t(x + i, n - i)), n - i);                         \
    }
#define LOOPS_(name, o32, o64) LOOP_(f32, float, name) LOOP_(f64, double, name)
VMATH_FUNCTIONS(LOOPS_)

#define PAIR_LOOP_(t, c, name)                                                                                         \
    static void name##_##t(size_t n, c *z, const c *x, const c *y) {                                                   \
        size_t i = 0;                                                                                                  \
        for (; i + MGV_LANES_##t <= n; i += MGV_LANES_##t)                                                             \
            mgv_store_##t(z + i, vm_##name##_##t(mgv_load_##t(x + i), mgv_load_##t(y + i)));                           \
        if (i < n)                                                                                                     \
            mgv_storen_##t(z + i, vm_##name##_##t(mgv_loadn_##t(x + i, n - i), mgv_loadn_##t(y + i, n - i)), n - i);   \
    }
#define PAIR_LOOPS_(name, o32, o64) PAIR_LOOP_(f32, float, name) PAIR_LOOP_(f64, double, name)
VMATH_PAIRS(PAIR_LOOPS_)

#define TEXT_(x)             #x
#define TEXT(x)              TEXT_(x)
#define F32_(name, o32, o64) name##_f32,
#define F64_(name, o32, o64) name##_f64,
extern const vmath_lanes MGK_NAME(vmath_lanes);
const vmath_lanes MGK_NAME(vmath_lanes) = {
    TEXT(MGK_ISA), {VMATH_FUNCTIONS(F32_)}, {VMATH_FUNCTIONS(F64_)}, {VMATH_PAIRS(F32_)}, {VMATH_PAIRS(F64_)},
};
