/* SPDX-License-Identifier: MIT
 * Runs the checks of simd/ for every instruction set that was built and that this machine has. */
#include "harness.h"

#include "kernels/simd/check.h"

#ifdef MGT_HAVE_SCALAR
static void need_scalar(void) {}
#endif
#ifdef MGT_HAVE_AVX2
static void need_avx2(void) {
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) SKIP("this CPU has no AVX2");
}
#endif
#ifdef MGT_HAVE_AVX512
static void need_avx512(void) {
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
        !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl"))
        SKIP("this CPU has no AVX-512");
}
#endif
#ifdef MGT_HAVE_NEON
static void need_neon(void) {}
#endif

#define TEST_ISA(isa)                                                                                                  \
    MG_TEST(simd_##isa, floats) {                                                                                      \
        need_##isa();                                                                                                  \
        mgt_check_floats_##isa();                                                                                      \
    }                                                                                                                  \
    MG_TEST(simd_##isa, ints) {                                                                                        \
        need_##isa();                                                                                                  \
        mgt_check_ints_##isa();                                                                                        \
    }                                                                                                                  \
    MG_TEST(simd_##isa, memory) {                                                                                      \
        need_##isa();                                                                                                  \
        mgt_check_memory_##isa();                                                                                      \
    }                                                                                                                  \
    MG_TEST(simd_##isa, conversions) {                                                                                 \
        need_##isa();                                                                                                  \
        mgt_check_conversions_##isa();                                                                                 \
    }

#ifdef MGT_HAVE_SCALAR
TEST_ISA(scalar)
#endif
#ifdef MGT_HAVE_AVX2
TEST_ISA(avx2)
#endif
#ifdef MGT_HAVE_AVX512
TEST_ISA(avx512)
#endif
#ifdef MGT_HAVE_NEON
TEST_ISA(neon)
#endif
