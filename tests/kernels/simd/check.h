/* SPDX-License-Identifier: MIT
 * What the checks of the vocabulary, the conversions and the moves share: their prototypes per instruction set, pairs
 * of special and random values of every type, memory between guard pages. Test code, compiled once per instruction set.
 */
#ifndef MYGRAD_TEST_KERNELS_CHECK_H
#define MYGRAD_TEST_KERNELS_CHECK_H

#include <stdint.h>

#define MGT_CHECKS(isa)                                                                                                \
    void mgt_check_floats_##isa(void);                                                                                 \
    void mgt_check_ints_##isa(void);                                                                                   \
    void mgt_check_memory_##isa(void);                                                                                 \
    void mgt_check_conversions_##isa(void);
MGT_CHECKS(scalar)
MGT_CHECKS(avx2)
MGT_CHECKS(avx512)
MGT_CHECKS(neon)

/* A page of memory whose two neighbours may not be touched. */
typedef struct mgt_guarded {
    unsigned char *begin, *end;
} mgt_guarded;
mgt_guarded mgt_guarded_new(void);
void mgt_guarded_free(mgt_guarded memory);

/* Values of one type, twice: every special value in a meets every special value in b; then random ones follow. c holds
 * the same values in another order. count is a multiple of 64. */
#define MGT_PAIRS(t, type)                                                                                             \
    typedef struct mgt_pairs_##t {                                                                                     \
        size_t count;                                                                                                  \
        type *a, *b, *c;                                                                                               \
    } mgt_pairs_##t;                                                                                                   \
    mgt_pairs_##t mgt_pairs_new_##t(void);                                                                             \
    void mgt_pairs_free_##t(mgt_pairs_##t pairs);
MGT_PAIRS(f32, float)
MGT_PAIRS(f64, double)
MGT_PAIRS(i8, int8_t)
MGT_PAIRS(i16, int16_t)
MGT_PAIRS(i32, int32_t)
MGT_PAIRS(i64, int64_t)
MGT_PAIRS(u8, uint8_t)
MGT_PAIRS(u16, uint16_t)
MGT_PAIRS(u32, uint32_t)
MGT_PAIRS(u64, uint64_t)

#endif
