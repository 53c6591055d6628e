/* SPDX-License-Identifier: MIT
 * Runs the checks of simd/ for every instruction set that was built and that this machine has. */
#include "harness.h"

#include "kernels/isas.h"
#include "kernels/simd/check.h"

#define ONE_TEST(isa, check)                                                                                           \
    MG_TEST(simd_##isa, check) {                                                                                       \
        mgt_need_##isa();                                                                                              \
        mgt_check_##check##_##isa();                                                                                   \
    }
#define TESTS(isa)                                                                                                     \
    ONE_TEST(isa, floats)                                                                                              \
    ONE_TEST(isa, ints)                                                                                                \
    ONE_TEST(isa, memory)                                                                                              \
    ONE_TEST(isa, conversions)
MGT_FOR_ISAS(TESTS)
