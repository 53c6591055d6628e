/* SPDX-License-Identifier: MIT
 * Conversion of arrays between all dtypes (rules C4). Where the compiler vectorises a plain loop it is one; the rest
 * goes through the vocabulary, with an exact path per element for what falls outside its domain. */
#include "kernels/simd/simd.h"

#include "kernels/hand_written.h"

/* Elements of the chunks in which conversions by way of f32 or f64 are done: two stay in L1 with room to spare. */
#define CHUNK 256

/* How each dtype is held in memory, at any address; bool, which is a macro, is called truth. */
#define ELEM(t) typedef mgv_at_##t ELEM_##t;
MGV_FOR_ALL(ELEM)
typedef mgv_at_u8 ELEM_truth;
typedef mgv_at_u16 ELEM_f16;
typedef mgv_at_u16 ELEM_bf16;

#define NAME(from, to)      from##_to_##to
#define CONVERTER(from, to) static void NAME(from, to)(size_t n, void *out, const void *in)

/* ---- one element, float to integer ---- */
/* Truncation to i64; NaN and what does not fit give INT64_MIN. Narrower integers are the low bits of that. */
static inline int64_t whole(double x) { return x >= -0x1p63 && x < 0x1p63 ? (int64_t)x : INT64_MIN; }

/* For u64, [2^63, 2^64) is in range as well and converted exactly, as NumPy does on x86; the rest wraps as above. */
static inline uint64_t whole_u64(double x) { return x >= 0x1p63 && x < 0x1p64 ? (uint64_t)x : (uint64_t)whole(x); }

#define WHOLE_i8(x)  (int8_t)(uint64_t) whole(x)
#define WHOLE_i16(x) (int16_t)(uint64_t) whole(x)
#define WHOLE_i32(x) (int32_t)(uint64_t) whole(x)
#define WHOLE_i64(x) whole(x)
#define WHOLE_u8(x)  (uint8_t) whole(x)
#define WHOLE_u16(x) (uint16_t) whole(x)
#define WHOLE_u32(x) (uint32_t) whole(x)
#define WHOLE_u64(x) whole_u64(x)

/* ---- one element, wide integer on its way to a narrow float ---- */
/* An integer past 2^53 made exact in f64: its low 12 bits are gathered into one, which keeps it on the same side of
 * any point where a narrower float rounds. */
static inline int64_t to_odd_i64(int64_t x) {
    if (x <= INT64_C(1) << 53 && x >= -(INT64_C(1) << 53)) return x;
    return (x & ~INT64_C(0xfff)) | ((x & 0xfff) != 0 ? 0x800 : 0);
}
static inline uint64_t to_odd_u64(uint64_t x) {
    if (x <= UINT64_C(1) << 53) return x;
    return (x & ~UINT64_C(0xfff)) | ((x & 0xfff) != 0 ? 0x800u : 0u);
}

/* ---- loops that compilers vectorise ---- */
#define LOOP(from, to, expr)                                                                                           \
    CONVERTER(from, to) {                                                                                              \
        const ELEM_##from *x = in;                                                                                     \
        ELEM_##to *y = out;                                                                                            \
        for (size_t i = 0; i < n; i++) y[i] = (ELEM_##to)(expr);                                                       \
    }
#define COPY(t)                                                                                                        \
    CONVERTER(t, t) {                                                                                                  \
        if (n) memmove(out, in, n * sizeof(ELEM_##t));                                                                 \
    }
#define FROM_BOOL(to)  LOOP(truth, to, x[i] != 0)
#define TO_BOOL(from)  LOOP(from, truth, x[i] != 0)
#define CAST(from, to) LOOP(from, to, x[i])
/* clang-format off */
COPY(truth)
COPY(f16)
COPY(bf16)
MGV_FOR_ALL(COPY)
MGV_FOR_ALL(FROM_BOOL)
MGV_FOR_ALL(TO_BOOL)
LOOP(f16, truth, (x[i] & 0x7fff) != 0)
LOOP(bf16, truth, (x[i] & 0x7fff) != 0)
CAST(i8, i16) CAST(i8, i32) CAST(i8, i64) CAST(i8, u8) CAST(i8, u16) CAST(i8, u32) CAST(i8, u64) CAST(i8, f32)
    CAST(i8, f64)
CAST(i16, i8) CAST(i16, i32) CAST(i16, i64) CAST(i16, u8) CAST(i16, u16) CAST(i16, u32) CAST(i16, u64) CAST(i16, f32)
    CAST(i16, f64)
CAST(i32, i8) CAST(i32, i16) CAST(i32, i64) CAST(i32, u8) CAST(i32, u16) CAST(i32, u32) CAST(i32, u64) CAST(i32, f32)
    CAST(i32, f64)
CAST(i64, i8) CAST(i64, i16) CAST(i64, i32) CAST(i64, u8) CAST(i64, u16) CAST(i64, u32) CAST(i64, u64)
CAST(u8, i8) CAST(u8, i16) CAST(u8, i32) CAST(u8, i64) CAST(u8, u16) CAST(u8, u32) CAST(u8, u64) CAST(u8, f32)
    CAST(u8, f64)
CAST(u16, i8) CAST(u16, i16) CAST(u16, i32) CAST(u16, i64) CAST(u16, u8) CAST(u16, u32) CAST(u16, u64) CAST(u16, f32)
    CAST(u16, f64)
CAST(u32, i8) CAST(u32, i16) CAST(u32, i32) CAST(u32, i64) CAST(u32, u8) CAST(u32, u16) CAST(u32, u64) CAST(u32, f32)
    CAST(u32, f64)
CAST(u64, i8) CAST(u64, i16) CAST(u64, i32) CAST(u64, i64) CAST(u64, u8) CAST(u64, u16) CAST(u64, u32)
#undef COPY
#undef FROM_BOOL
#undef TO_BOOL

/* ---- i64 and u64 to floats ---- */
/* Clang goes from 64-bit integers to f32 by way of f64 on AArch64, rounding twice; done so that the first is exact. */
#if defined(__clang__) && defined(__aarch64__)
LOOP(i64, f32, (double)to_odd_i64(x[i]))
LOOP(u64, f32, (double)to_odd_u64(x[i]))
#else
CAST(i64, f32)
CAST(u64, f32)
#endif

#ifdef MGK_ISA_AVX2
/* No instruction: hi * 2^32 is exact and so is lo, hence their sum is rounded once. */
#define FROM_64(from, shift)                                                                                           \
    CONVERTER(from, f64) {                                                                                             \
        const ELEM_##from *x = in;                                                                                     \
        ELEM_f64 *y = out;                                                                                             \
        for (size_t i = 0; i < n; i += 8) {                                                                            \
            const size_t m = n - i < 8 ? n - i : 8;                                                                    \
            const mgv_##from v = mgv_loadn_##from(x + i, m);                                                           \
            const mgv_f64 hi = mgv_cvt_i64_f64(shift);                                                                 \
            const mgv_f64 lo = mgv_cvt_i64_f64(mgv_and_i64(v, mgv_set1_i64(0xffffffff)));                              \
            mgv_storen_f64(y + i, mgv_fma_f64(hi, mgv_set1_f64(0x1p32), lo), m);                                       \
        }                                                                                                              \
    }
FROM_64(i64, mgv_shr_i64(v, 32))
FROM_64(u64, mgv_as_u64_i64(mgv_shr_u64(v, 32)))
#else
CAST(i64, f64)
CAST(u64, f64)
#endif
_Static_assert(CHUNK % MGV_LANES_f32 == 0, "chunks are whole vectors");
/* clang-format on */

/* ---- between f32 and f64 ---- */
CONVERTER(f32, f64) {
    const ELEM_f32 *x = in;
    ELEM_f64 *y = out;
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const mgv_f32 v = mgv_load_f32(x + i);
        mgv_store_f64(y + i, mgv_widen_lo_f64(v));
        mgv_store_f64(y + i + 8, mgv_widen_hi_f64(v));
    }
    for (; i < n; i++) y[i] = (double)x[i];
}

CONVERTER(f64, f32) {
    const ELEM_f64 *x = in;
    ELEM_f32 *y = out;
    size_t i = 0;
    for (; i + 16 <= n; i += 16) mgv_store_f32(y + i, mgv_narrow_f32(mgv_load_f64(x + i), mgv_load_f64(x + i + 8)));
    for (; i < n; i++) y[i] = (float)x[i];
}

/* ---- f32 and f64 to integers ---- */
/* Vectors whose lanes all lie well inside the integer of the same width are truncated and converted there, and take the
 * low bits (or the sign) along; any other vector goes lane by lane. */
#define FROM_FLOAT(from, mid, small, to)                                                                               \
    CONVERTER(from, to) {                                                                                              \
        enum { L = MGV_LANES_##from };                                                                                 \
        const ELEM_##from *x = in;                                                                                     \
        ELEM_##to *y = out;                                                                                            \
        size_t i = 0;                                                                                                  \
        for (; i + L <= n; i += L) {                                                                                   \
            const mgv_##from v = mgv_trunc_##from(mgv_load_##from(x + i));                                             \
            if (small(v)) {                                                                                            \
                ELEM_##mid lanes[L];                                                                                   \
                mgv_store_##mid(lanes, mgv_cvt_##from##_##mid(v));                                                     \
                for (size_t j = 0; j < L; j++) y[i + j] = (ELEM_##to)lanes[j];                                         \
            } else {                                                                                                   \
                for (size_t j = 0; j < L; j++) y[i + j] = WHOLE_##to((double)x[i + j]);                                \
            }                                                                                                          \
        }                                                                                                              \
        for (; i < n; i++) y[i] = WHOLE_##to((double)x[i]);                                                            \
    }
#define SMALL_f32(v) mgv_all_b32(mgv_lt_f32(mgv_abs_f32(v), mgv_set1_f32(0x1p31f)))
#define SMALL_f64(v) mgv_all_b64(mgv_lt_f64(mgv_abs_f64(v), mgv_set1_f64(0x1p51)))
#define FROM_F32(to) FROM_FLOAT(f32, i32, SMALL_f32, to)
#define FROM_F64(to) FROM_FLOAT(f64, i64, SMALL_f64, to)
MGV_FOR_INTS(FROM_F32)
MGV_FOR_INTS(FROM_F64)

/* ---- 16-bit floats ---- */
/* Keeps 13 bits of fraction and sets the last of them if anything was lost ("round to odd"). What remains is exact in
 * f32 wherever a 16-bit float is not zero or infinite, and rounds from there as the f64 itself would. */
static inline mgv_f64 to_odd(mgv_f64 v) {
    const mgv_i64 lost = mgv_set1_i64((INT64_C(1) << 39) - 1), last = mgv_set1_i64(INT64_C(1) << 39);
    const mgv_i64 bits = mgv_bits_f64(v), carry = mgv_add_i64(mgv_and_i64(bits, lost), lost);
    return mgv_frombits_f64(mgv_or_i64(mgv_andnot_i64(bits, lost), mgv_and_i64(carry, last)));
}

/* From a 16-bit float: f32 holds it exactly, so any conversion may go by way of it. */
#define BY_F32(half, to)                                                                                               \
    CONVERTER(half, to) {                                                                                              \
        const ELEM_u16 *x = in;                                                                                        \
        ELEM_##to *y = out;                                                                                            \
        float chunk[CHUNK];                                                                                            \
        for (size_t i = 0; i < n; i += CHUNK) {                                                                        \
            const size_t m = n - i < CHUNK ? n - i : CHUNK;                                                            \
            NAME(half, f32)(m, chunk, x + i);                                                                          \
            NAME(f32, to)(m, y + i, chunk);                                                                            \
        }                                                                                                              \
    }
/* To a 16-bit float, from what mid holds exactly, or after fix in a way that leaves the rounding to the last step. */
#define BY_MID(from, mid, half, fix)                                                                                   \
    CONVERTER(from, half) {                                                                                            \
        const ELEM_##from *x = in;                                                                                     \
        ELEM_u16 *y = out;                                                                                             \
        ELEM_##mid chunk[CHUNK];                                                                                       \
        for (size_t i = 0; i < n; i += CHUNK) {                                                                        \
            const size_t m = n - i < CHUNK ? n - i : CHUNK;                                                            \
            for (size_t j = 0; j < m; j++) chunk[j] = (ELEM_##mid)fix(x[i + j]);                                       \
            NAME(mid, half)(m, y + i, chunk);                                                                          \
        }                                                                                                              \
    }
#define NONZERO(x) ((x) != 0)
#define HALF(h)                                                                                                        \
    CONVERTER(h, f32) {                                                                                                \
        const ELEM_u16 *x = in;                                                                                        \
        ELEM_f32 *y = out;                                                                                             \
        size_t i = 0;                                                                                                  \
        for (; i + 16 <= n; i += 16) mgv_store_f32(y + i, mgv_loadn_##h##_f32(x + i, 16));                             \
        if (i < n) mgv_storen_f32(y + i, mgv_loadn_##h##_f32(x + i, n - i), n - i);                                    \
    }                                                                                                                  \
    CONVERTER(f32, h) {                                                                                                \
        const ELEM_f32 *x = in;                                                                                        \
        ELEM_u16 *y = out;                                                                                             \
        size_t i = 0;                                                                                                  \
        for (; i + 16 <= n; i += 16) mgv_storen_##h##_f32(y + i, mgv_load_f32(x + i), 16);                             \
        if (i < n) mgv_storen_##h##_f32(y + i, mgv_loadn_f32(x + i, n - i), n - i);                                    \
    }                                                                                                                  \
    CONVERTER(f64, h) {                                                                                                \
        const ELEM_f64 *x = in;                                                                                        \
        ELEM_u16 *y = out;                                                                                             \
        for (size_t i = 0; i < n; i += 16) {                                                                           \
            const size_t m = n - i < 16 ? n - i : 16, lo = m < 8 ? m : 8;                                              \
            const mgv_f64 a = mgv_loadn_f64(x + i, lo), b = mgv_loadn_f64(x + i + lo, m - lo);                         \
            mgv_storen_##h##_f32(y + i, mgv_narrow_f32(to_odd(a), to_odd(b)), m);                                      \
        }                                                                                                              \
    }                                                                                                                  \
    static void round_##h(size_t n, void *out, const void *in) {                                                       \
        const ELEM_f32 *x = in;                                                                                        \
        ELEM_f32 *y = out;                                                                                             \
        for (size_t i = 0; i < n; i += 16) {                                                                           \
            const size_t m = n - i < 16 ? n - i : 16;                                                                  \
            uint16_t lanes[16];                                                                                        \
            mgv_storen_##h##_f32(lanes, mgv_loadn_f32(x + i, m), 16);                                                  \
            mgv_storen_f32(y + i, mgv_loadn_##h##_f32(lanes, 16), m);                                                  \
        }                                                                                                              \
    }                                                                                                                  \
    BY_F32(h, i8)                                                                                                      \
    BY_F32(h, i16)                                                                                                     \
    BY_F32(h, i32)                                                                                                     \
    BY_F32(h, i64)                                                                                                     \
    BY_F32(h, u8)                                                                                                      \
    BY_F32(h, u16)                                                                                                     \
    BY_F32(h, u32)                                                                                                     \
    BY_F32(h, u64)                                                                                                     \
    BY_F32(h, f64)                                                                                                     \
    BY_MID(truth, f32, h, NONZERO)                                                                                     \
    BY_MID(i8, f32, h, )                                                                                               \
    BY_MID(u8, f32, h, )                                                                                               \
    BY_MID(i16, f32, h, )                                                                                              \
    BY_MID(u16, f32, h, )                                                                                              \
    BY_MID(i32, f64, h, )                                                                                              \
    BY_MID(u32, f64, h, )                                                                                              \
    BY_MID(i64, f64, h, to_odd_i64)                                                                                    \
    BY_MID(u64, f64, h, to_odd_u64)
HALF(f16)
HALF(bf16)
BY_F32(f16, bf16)
BY_F32(bf16, f16)

/* ---- the table ---- */
#define ROW(from)                                                                                                      \
    {                                                                                                                  \
        NULL, NAME(from, truth), NAME(from, i8), NAME(from, i16), NAME(from, i32), NAME(from, i64), NAME(from, u8),    \
            NAME(from, u16), NAME(from, u32), NAME(from, u64), NAME(from, f16), NAME(from, bf16), NAME(from, f32),     \
            NAME(from, f64)                                                                                            \
    }
const mgk_converts MGK_NAME(mgk_converts) = {
    .to = {[MG_BOOL] = ROW(truth),
           [MG_I8] = ROW(i8),
           [MG_I16] = ROW(i16),
           [MG_I32] = ROW(i32),
           [MG_I64] = ROW(i64),
           [MG_U8] = ROW(u8),
           [MG_U16] = ROW(u16),
           [MG_U32] = ROW(u32),
           [MG_U64] = ROW(u64),
           [MG_F16] = ROW(f16),
           [MG_BF16] = ROW(bf16),
           [MG_F32] = ROW(f32),
           [MG_F64] = ROW(f64)},
    .round_f16 = round_f16,
    .round_bf16 = round_bf16,
};
