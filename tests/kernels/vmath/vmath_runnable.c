/* SPDX-License-Identifier: MIT
 * Which of the compiled instruction sets this CPU can run, asked of the compiler's CPU model. */
#include "vmath_lanes.h"

#define NAME_(name, o32, o64) #name,
const char *const vmath_names[VMATH_COUNT] = {VMATH_FUNCTIONS(NAME_)};
const char *const vmath_pair_names[VMATH_PAIR_COUNT] = {VMATH_PAIRS(NAME_)};

extern const vmath_lanes vmath_lanes_scalar, vmath_lanes_avx2, vmath_lanes_avx512, vmath_lanes_neon;

const vmath_lanes *const *vmath_runnable(int *count) {
    static const vmath_lanes *found[4];
    int n = 0;
#if defined(VMATH_HAVE_SCALAR)
    found[n++] = &vmath_lanes_scalar;
#endif
#if defined(VMATH_HAVE_AVX2)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2"))
        found[n++] = &vmath_lanes_avx2;
#endif
#if defined(VMATH_HAVE_AVX512)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd"))
        found[n++] = &vmath_lanes_avx512;
#endif
#if defined(VMATH_HAVE_NEON)
    found[n++] = &vmath_lanes_neon;
#endif
    *count = n;
    return found;
}
