/* SPDX-License-Identifier: MIT
 * Tests of an instruction set that this machine has not got are skipped. */
#include "kernels/isas.h"

#include "harness.h"

void mgt_need_scalar(void) {}
void mgt_need_neon(void) {}

#if defined(__x86_64__)
void mgt_need_avx2(void) {
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) SKIP("this CPU has no AVX2 with FMA");
}

void mgt_need_avx512(void) {
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
        !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl") ||
        !__builtin_cpu_supports("avx512cd"))
        SKIP("this CPU has no AVX-512 (F, BW, DQ, VL, CD)");
}
#endif
