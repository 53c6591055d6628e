/* SPDX-License-Identifier: MIT
 * dtypes against NumPy's own promotion table (promotion_table.h), rules for bf16 spelt out, and single elements against
 * slow conversions. */
#include "harness.h"
#include "promotion_table.h"
#include "runtime/dtype.h"
#include "runtime/status.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

MG_TEST(dtype, names_sizes_kinds) {
    static const char *const names[] = {"none",   "bool",   "int8",   "int16",   "int32",    "int64",   "uint8",
                                        "uint16", "uint32", "uint64", "float16", "bfloat16", "float32", "float64"};
    static const size_t sizes[] = {0, 1, 1, 2, 4, 8, 1, 2, 4, 8, 2, 2, 4, 8};
    for (int d = 0; d < MG_DTYPE_COUNT; d++) {
        CHECK_EQ_STR(mg_dtype_name((mg_dtype)d), names[d]);
        CHECK_EQ_U64(mg_dtype_size((mg_dtype)d), sizes[d]);
        CHECK_EQ_I64(mg_dtype_is_float((mg_dtype)d), d >= MG_F16);
    }
    CHECK_EQ_STR(mg_dtype_name((mg_dtype)77), "none");
    CHECK_EQ_STR(mg_dtype_name((mg_dtype)-1), "none");
    CHECK_EQ_U64(mg_dtype_size((mg_dtype)-3), 0);
    CHECK_EQ_I64(mg_promote_types(MG_F32, (mg_dtype)99), MG_DTYPE_NONE);
    CHECK_EQ_I64(mg_promote_types(MG_DTYPE_NONE, MG_F32), MG_DTYPE_NONE);
}

MG_TEST(dtype, pairs_as_numpy) {
    CHECK_EQ_U64(COUNT(numpy_pairs), 144);
    for (size_t i = 0; i < COUNT(numpy_pairs); i++) {
        mg_dtype a = numpy_pairs[i].a, b = numpy_pairs[i].b, got = mg_promote_types(a, b);
        mgr_operand_type operands[] = {{a, MGR_STRONG}, {b, MGR_STRONG}};
        CHECK_MSG(got == numpy_pairs[i].result, "%s, %s gives %s", mg_dtype_name(a), mg_dtype_name(b),
                  mg_dtype_name(got));
        CHECK_EQ_I64(mgr_promote(2, operands), got);
        CHECK_EQ_I64(mgr_promote(1, operands), a);
    }
}

MG_TEST(dtype, bfloat16_pairs) {
    for (int d = MG_BOOL; d < MG_DTYPE_COUNT; d++) {
        mg_dtype other = (mg_dtype)d, expected;
        if (other == MG_BF16 || (!mg_dtype_is_float(other) && mg_dtype_size(other) == 1))
            expected = MG_BF16;
        else if (other == MG_F16)
            expected = MG_F32;
        else
            expected = mg_promote_types(MG_F16, other); /* as f16, and the wider float */
        CHECK_MSG(mg_promote_types(MG_BF16, other) == expected, "bf16 with %s", mg_dtype_name(other));
        CHECK_MSG(mg_promote_types(other, MG_BF16) == expected, "%s with bf16", mg_dtype_name(other));
    }
}

static mg_dtype promote_with_weak(mg_dtype dtype, mgr_weak weak, bool weak_first) {
    static const mg_dtype defaults[] = {MG_DTYPE_NONE, MG_BOOL, MG_I64, MG_F64};
    mgr_operand_type strong = {dtype, MGR_STRONG}, scalar = {defaults[weak], weak};
    mgr_operand_type operands[] = {weak_first ? scalar : strong, weak_first ? strong : scalar};
    return mgr_promote(2, operands);
}

MG_TEST(dtype, weak_scalars_as_numpy) {
    CHECK_EQ_U64(COUNT(numpy_weak), 12);
    for (size_t i = 0; i < COUNT(numpy_weak); i++) {
        mg_dtype dtype = numpy_weak[i].dtype;
        for (int first = 0; first < 2; first++) {
            CHECK_EQ_I64(promote_with_weak(dtype, MGR_WEAK_BOOL, first), numpy_weak[i].with_bool);
            CHECK_EQ_I64(promote_with_weak(dtype, MGR_WEAK_INT, first), numpy_weak[i].with_int);
            CHECK_EQ_I64(promote_with_weak(dtype, MGR_WEAK_FLOAT, first), numpy_weak[i].with_float);
        }
    }
    CHECK_EQ_I64(promote_with_weak(MG_BF16, MGR_WEAK_FLOAT, false), MG_BF16);
    CHECK_EQ_I64(promote_with_weak(MG_BF16, MGR_WEAK_INT, false), MG_BF16);
}

MG_TEST(dtype, only_weak_scalars) {
    mgr_operand_type b = {MG_BOOL, MGR_WEAK_BOOL}, i = {MG_I64, MGR_WEAK_INT}, f = {MG_F64, MGR_WEAK_FLOAT};
    CHECK_EQ_I64(mgr_promote(2, (mgr_operand_type[]){b, b}), MG_BOOL);
    CHECK_EQ_I64(mgr_promote(2, (mgr_operand_type[]){b, i}), MG_I64);
    CHECK_EQ_I64(mgr_promote(2, (mgr_operand_type[]){i, i}), MG_I64);
    CHECK_EQ_I64(mgr_promote(3, (mgr_operand_type[]){b, i, f}), MG_F64);
    CHECK_EQ_I64(mgr_promote(2, (mgr_operand_type[]){f, f}), MG_F64);
    CHECK_EQ_I64(mgr_promote(0, NULL), MG_DTYPE_NONE);
    mgr_operand_type i8 = {MG_I8, MGR_STRONG};
    CHECK_EQ_I64(mgr_promote(3, (mgr_operand_type[]){i, i8, f}), MG_F64);
}

MG_TEST(dtype, triples_as_numpy) {
    for (int a = MG_BOOL; a < MG_DTYPE_COUNT; a++)
        for (int b = MG_BOOL; b < MG_DTYPE_COUNT; b++)
            for (int c = MG_BOOL; c < MG_DTYPE_COUNT; c++) {
                if (a == MG_BF16 || b == MG_BF16 || c == MG_BF16) continue;
                mgr_operand_type operands[] = {{(mg_dtype)a, 0}, {(mg_dtype)b, 0}, {(mg_dtype)c, 0}};
                mg_dtype expected = mg_promote_types(mg_promote_types((mg_dtype)a, (mg_dtype)b), (mg_dtype)c);
                for (size_t i = 0; i < COUNT(numpy_triples); i++)
                    if (numpy_triples[i].a == a && numpy_triples[i].b == b && numpy_triples[i].c == c)
                        expected = numpy_triples[i].result;
                CHECK_MSG(mgr_promote(3, operands) == expected, "%d %d %d", a, b, c);
            }
}

static mgk_op_info op_with(mgk_typing typing, uint16_t rows) {
    return (mgk_op_info){.name = "op", .typing = (uint8_t)typing, .row_types = rows};
}

static void expect_types(mgk_typing typing, mg_dtype promoted, mg_dtype row, mg_dtype logical, mg_dtype result) {
    mgk_op_info op = op_with(typing, 0x3fff);
    mg_dtype got[3] = {0};
    CHECK_EQ_I64(mgr_result_type(&op, promoted, &got[0], &got[1], &got[2]), MG_OK);
    CHECK_MSG(got[0] == row && got[1] == logical && got[2] == result, "typing %d of %s: %s %s %s", (int)typing,
              mg_dtype_name(promoted), mg_dtype_name(got[0]), mg_dtype_name(got[1]), mg_dtype_name(got[2]));
}

MG_TEST(dtype, result_types) {
    expect_types(MGK_TYPES_SAME, MG_I32, MG_I32, MG_I32, MG_I32);
    expect_types(MGK_TYPES_SAME, MG_F16, MG_F32, MG_F16, MG_F16);
    expect_types(MGK_TYPES_SAME, MG_BF16, MG_F32, MG_BF16, MG_BF16);
    expect_types(MGK_TYPES_FLOAT, MG_BOOL, MG_F32, MG_F16, MG_F16); /* numpy.exp(True) is float16 */
    expect_types(MGK_TYPES_FLOAT, MG_U8, MG_F32, MG_F16, MG_F16);
    expect_types(MGK_TYPES_FLOAT, MG_I16, MG_F32, MG_F32, MG_F32);
    expect_types(MGK_TYPES_FLOAT, MG_I32, MG_F64, MG_F64, MG_F64);
    expect_types(MGK_TYPES_FLOAT, MG_U64, MG_F64, MG_F64, MG_F64);
    expect_types(MGK_TYPES_FLOAT, MG_BF16, MG_F32, MG_BF16, MG_BF16);
    expect_types(MGK_TYPES_DIVIDE, MG_I8, MG_F64, MG_F64, MG_F64); /* numpy.divide(int8, int8) is float64 */
    expect_types(MGK_TYPES_DIVIDE, MG_BOOL, MG_F64, MG_F64, MG_F64);
    expect_types(MGK_TYPES_DIVIDE, MG_F16, MG_F32, MG_F16, MG_F16);
    expect_types(MGK_TYPES_COMPARE, MG_F16, MG_F32, MG_F16, MG_BOOL);
    expect_types(MGK_TYPES_COMPARE, MG_I8, MG_I8, MG_I8, MG_BOOL);
    expect_types(MGK_TYPES_SUM, MG_BOOL, MG_I64, MG_I64, MG_I64);
    expect_types(MGK_TYPES_SUM, MG_I8, MG_I64, MG_I64, MG_I64);
    expect_types(MGK_TYPES_SUM, MG_U16, MG_U64, MG_U64, MG_U64);
    expect_types(MGK_TYPES_SUM, MG_F16, MG_F32, MG_F16, MG_F16);
    expect_types(MGK_TYPES_MEAN, MG_I8, MG_F64, MG_F64, MG_F64);
    expect_types(MGK_TYPES_MEAN, MG_F32, MG_F32, MG_F32, MG_F32);
    expect_types(MGK_TYPES_LOGICAL, MG_F64, MG_BOOL, MG_BOOL, MG_BOOL);
    expect_types(MGK_TYPES_NUMBER, MG_BOOL, MG_I8, MG_I8, MG_I8); /* numpy.reciprocal(True) is int8 */
    expect_types(MGK_TYPES_NUMBER, MG_U8, MG_U8, MG_U8, MG_U8);
    expect_types(MGK_TYPES_NUMBER, MG_F16, MG_F32, MG_F16, MG_F16);
}

MG_TEST(dtype, missing_rows_are_type_errors) {
    mgk_op_info op = op_with(MGK_TYPES_SAME, 1u << MG_F32 | 1u << MG_F64);
    mg_dtype row, logical, result;
    mgr_error_record record;
    op.name = "frobnicate";
    CHECK_EQ_I64(mgr_result_type(&op, MG_I16, &row, &logical, &result), MG_ERR_TYPE);
    CHECK(mgr_error_take(&record));
    CHECK_CONTAINS(record.message, "frobnicate");
    CHECK_CONTAINS(record.message, "int16");
    CHECK_EQ_I64(mgr_result_type(&op, MG_DTYPE_NONE, &row, &logical, &result), MG_ERR_TYPE);
    mgr_error_take(NULL);
    CHECK_EQ_I64(mgr_result_type(&op, MG_BF16, &row, &logical, &result), MG_OK); /* runs in the f32 row */
    op.row_types = 1u << MG_F64;
    CHECK_EQ_I64(mgr_result_type(&op, MG_BF16, &row, &logical, &result), MG_ERR_TYPE);
    mgr_error_take(NULL);
}

MG_TEST(dtype, same_kind_casts) {
    static const char kinds[] = "-biiiiuuuuffff"; /* by dtype number; b < u < i < f */
    for (int from = 1; from < MG_DTYPE_COUNT; from++)
        for (int to = 1; to < MG_DTYPE_COUNT; to++) {
            bool expected = kinds[from] == 'b' || kinds[from] == kinds[to] || kinds[to] == 'f' ||
                            (kinds[from] == 'u' && kinds[to] == 'i');
            CHECK_MSG(mgr_can_cast_same_kind((mg_dtype)from, (mg_dtype)to) == expected, "%d to %d", from, to);
        }
    CHECK(!mgr_can_cast_same_kind(MG_DTYPE_NONE, MG_F32));
}

/* The value of a 16-bit float from its three fields, by ldexp. */
static double slow_value(uint16_t h, int fraction_bits, int exponent_bits) {
    int exponent = h >> fraction_bits & ((1 << exponent_bits) - 1), bias = (1 << (exponent_bits - 1)) - 1;
    double fraction = h & ((1 << fraction_bits) - 1), value;
    if (exponent == (1 << exponent_bits) - 1)
        value = fraction > 0 ? (double)NAN : (double)INFINITY;
    else if (exponent == 0)
        value = ldexp(fraction, 1 - bias - fraction_bits);
    else
        value = ldexp(fraction + (1 << fraction_bits), exponent - bias - fraction_bits);
    return h >> 15 ? -value : value;
}

MG_TEST(dtype, every_half_reads_and_writes_back) {
    for (uint32_t i = 0; i < 65536; i++) {
        uint16_t h = (uint16_t)i, back;
        for (int k = 0; k < 2; k++) {
            mg_dtype dtype = k ? MG_BF16 : MG_F16;
            double value = mgr_get_f64(dtype, &h);
            CHECK_BITS_F64(value, slow_value(h, k ? 7 : 10, k ? 8 : 5));
            mgr_set_f64(dtype, &back, value);
            if (isnan(value))
                CHECK(isnan(mgr_get_f64(dtype, &back)));
            else
                CHECK_EQ_U64(back, h);
        }
    }
}

/* x is rounded rightly to h: no neighbour is nearer, and of two as near the even one is taken. */
static bool rounded_right(mg_dtype dtype, long double x, uint16_t h) {
    long double largest = dtype == MG_F16 ? 65504.0L : 0x1.fep127L, step = dtype == MG_F16 ? 32.0L : 0x1p120L;
    uint16_t magnitude = h & 0x7fff;
    long double ax = fabsl(x), got = (long double)mgr_get_f64(dtype, &magnitude);
    if ((h >> 15) != (signbit(x) != 0)) return false;
    if (isinf(got)) return ax >= largest + step / 2;
    uint16_t above = magnitude + 1, below = magnitude - 1;
    long double up = (long double)mgr_get_f64(dtype, &above), error = fabsl(ax - got);
    if (isinf(up)) up = largest + step;
    if (error > fabsl(up - ax) || (error == fabsl(up - ax) && (magnitude & 1))) return false;
    if (magnitude == 0) return true;
    long double down = (long double)mgr_get_f64(dtype, &below);
    return error < fabsl(ax - down) || (error == fabsl(ax - down) && !(magnitude & 1));
}

MG_TEST(dtype, halves_round_once_to_even) {
    mg_test_rng rng = mg_test_rng_new();
    for (int i = 0; i < mg_test_times(300000); i++) {
        for (int k = 0; k < 2; k++) {
            mg_dtype dtype = k ? MG_BF16 : MG_F16;
            uint16_t h = (uint16_t)mg_test_u64(&rng) & 0x7fff, next = h + 1, got;
            double a = mgr_get_f64(dtype, &h), b = mgr_get_f64(dtype, &next), x;
            if (!isfinite(a)) continue;
            if (!isfinite(b)) b = a * 1.01;
            switch (mg_test_int(&rng, 0, 4)) {
            case 0:
                x = a + (b - a) * mg_test_unit(&rng);
                break;
            case 1:
                x = (a + b) / 2;
                break; /* exactly half way */
            case 2:
                x = nextafter((a + b) / 2, INFINITY);
                break;
            case 3:
                x = nextafter((a + b) / 2, 0);
                break;
            default:
                x = mg_test_any_f64(&rng);
                break;
            }
            if (isnan(x)) continue;
            if (mg_test_u64(&rng) & 1) x = -x;
            mgr_set_f64(dtype, &got, x);
            CHECK_MSG(rounded_right(dtype, (long double)x, got), "%s of %a gives %04x", mg_dtype_name(dtype), x, got);
        }
    }
}

MG_TEST(dtype, integers_round_once) {
    mg_test_rng rng = mg_test_rng_new();
    for (int i = 0; i < mg_test_times(200000); i++) {
        int64_t x = (int64_t)(mg_test_u64(&rng) >> mg_test_int(&rng, 0, 63));
        if (mg_test_u64(&rng) & 1) x = (int64_t)(0u - (uint64_t)x);
        if (i % 3 == 0) { /* one past a tie of bf16, where rounding twice would go wrong */
            x = (INT64_C(1) << 62) + (INT64_C(1) << 54) + mg_test_int(&rng, -1, 1);
        }
        uint16_t got;
        float single;
        mgr_set_i64(MG_BF16, &got, x);
        CHECK_MSG(rounded_right(MG_BF16, (long double)x, got), "bf16 of %lld gives %04x", (long long)x, got);
        mgr_set_i64(MG_F16, &got, x);
        CHECK_MSG(rounded_right(MG_F16, (long double)x, got), "f16 of %lld gives %04x", (long long)x, got);
        mgr_set_i64(MG_F32, &single, x);
        CHECK_BITS_F32(single, (float)x);
    }
}

MG_TEST(dtype, floats_to_integers_truncate_then_wrap) {
    static const double values[] = {0.9,  -0.9,   255.5,  256,     -1,    300.7, 3e9,
                                    -3e9, 0x1p62, 0x1p63, -0x1p63, 1e300, -1e300};
    static const int64_t expected[] = {
        0, 0, 255, 256, -1, 300, 3000000000, -3000000000, INT64_C(1) << 62, INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN};
    for (size_t i = 0; i < COUNT(values); i++) {
        uint64_t raw = 0;
        CHECK_EQ_I64(mgr_get_i64(MG_F64, &values[i]), expected[i]);
        mgr_set_f64(MG_I64, &raw, values[i]);
        CHECK_EQ_U64(raw, (uint64_t)expected[i]);
        for (int d = MG_I8; d <= MG_U64; d++) {
            size_t bytes = mg_dtype_size((mg_dtype)d);
            raw = UINT64_C(0xaaaaaaaaaaaaaaaa);
            mgr_set_f64((mg_dtype)d, &raw, values[i]);
            uint64_t mask = bytes == 8 ? UINT64_MAX : (UINT64_C(1) << (8 * bytes)) - 1;
            CHECK_EQ_U64(raw, ((uint64_t)expected[i] & mask) | (UINT64_C(0xaaaaaaaaaaaaaaaa) & ~mask));
        }
    }
    /* what only uint64 can hold is in its range, as for the convert kernels */
    static const double high[] = {0x1p63, 1e19, 0x1.fffffffffffffp63, 0x1p64};
    static const uint64_t held[] = {UINT64_C(1) << 63, UINT64_C(10000000000000000000), UINT64_MAX - 2047,
                                    UINT64_C(1) << 63};
    for (size_t i = 0; i < COUNT(high); i++) {
        uint64_t raw = 0;
        mgr_set_f64(MG_U64, &raw, high[i]);
        CHECK_EQ_U64(raw, held[i]);
    }
    double nan = NAN;
    uint8_t byte = 7;
    CHECK_EQ_I64(mgr_get_i64(MG_F64, &nan), INT64_MIN);
    mgr_set_f64(MG_BOOL, &byte, nan);
    CHECK_EQ_U64(byte, 1);
    mgr_set_f64(MG_BOOL, &byte, -0.0);
    CHECK_EQ_U64(byte, 0);
}

MG_TEST(dtype, reads_extend_by_sign) {
    uint64_t all = UINT64_MAX;
    for (int d = MG_I8; d <= MG_I64; d++) CHECK_NEAR(mgr_get_f64((mg_dtype)d, &all), -1.0, 0);
    CHECK_NEAR(mgr_get_f64(MG_U8, &all), 255.0, 0);
    CHECK_NEAR(mgr_get_f64(MG_U32, &all), 4294967295.0, 0);
    CHECK_NEAR(mgr_get_f64(MG_U64, &all), 0x1p64, 0);
    CHECK_EQ_I64(mgr_get_i64(MG_BOOL, &all), 1);
}
