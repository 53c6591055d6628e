/* SPDX-License-Identifier: MIT
 * How elements of each dtype are compared where the largest or smallest is looked for and a NaN wins: one row per dtype
 * for argreduce.c and pool_max.c. 16-bit floats compare as integers made of sign and magnitude. */
#ifndef MGR_EXTREMUM_H
#define MGR_EXTREMUM_H

#include "mygrad/base.h"

/* No finite or infinite 16-bit float has this key. */
#define MGR_NAN_KEY INT32_MAX

static inline int32_t mgr_key_of_half(uint16_t bits, uint16_t infinity) {
    int32_t magnitude = bits & 0x7fff;
    if (magnitude > infinity) return MGR_NAN_KEY;
    return bits & 0x8000 ? -magnitude : magnitude;
}

#define MGR_KEY_SELF(bits) (bits)
#define MGR_KEY_F16(bits)  mgr_key_of_half(bits, 0x7c00)
#define MGR_KEY_BF16(bits) mgr_key_of_half(bits, 0x7f80)
#define MGR_NAN_NEVER(key) ((void)(key), false)
#define MGR_NAN_FLOAT(key) ((key) != (key))
#define MGR_NAN_HALF(key)  ((key) == MGR_NAN_KEY)

/* X(dtype, name, element type, key type, key of an element, is a key NaN) */
#define MGR_EXTREMUM_DTYPES(X)                                                                                         \
    X(MG_BOOL, bool, uint8_t, uint8_t, MGR_KEY_SELF, MGR_NAN_NEVER)                                                    \
    X(MG_I8, i8, int8_t, int8_t, MGR_KEY_SELF, MGR_NAN_NEVER)                                                          \
    X(MG_I16, i16, int16_t, int16_t, MGR_KEY_SELF, MGR_NAN_NEVER)                                                      \
    X(MG_I32, i32, int32_t, int32_t, MGR_KEY_SELF, MGR_NAN_NEVER)                                                      \
    X(MG_I64, i64, int64_t, int64_t, MGR_KEY_SELF, MGR_NAN_NEVER)                                                      \
    X(MG_U8, u8, uint8_t, uint8_t, MGR_KEY_SELF, MGR_NAN_NEVER)                                                        \
    X(MG_U16, u16, uint16_t, uint16_t, MGR_KEY_SELF, MGR_NAN_NEVER)                                                    \
    X(MG_U32, u32, uint32_t, uint32_t, MGR_KEY_SELF, MGR_NAN_NEVER)                                                    \
    X(MG_U64, u64, uint64_t, uint64_t, MGR_KEY_SELF, MGR_NAN_NEVER)                                                    \
    X(MG_F16, f16, uint16_t, int32_t, MGR_KEY_F16, MGR_NAN_HALF)                                                       \
    X(MG_BF16, bf16, uint16_t, int32_t, MGR_KEY_BF16, MGR_NAN_HALF)                                                    \
    X(MG_F32, f32, float, float, MGR_KEY_SELF, MGR_NAN_FLOAT)                                                          \
    X(MG_F64, f64, double, double, MGR_KEY_SELF, MGR_NAN_FLOAT)

#endif
