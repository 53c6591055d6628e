/* SPDX-License-Identifier: MIT
 * Result dtypes of every public map and reduction against what NumPy answers (types_table.h), or MyGrad where NumPy has
 * no such function (types_mygrad.h), for every pair of dtypes and for weak scalars. Values are not looked at. An op
 * that neither has is listed here, with the one that it follows; an op that is in none of the lists fails. */
#include "autodiff/op_api.h"
#include "harness.h"
#include "kernels/registry.h"
#include "types_mygrad.h"
#include "types_table.h"

#include <mygrad/mygrad.h>
#include <stdio.h>
#include <string.h>

enum { N_TYPES = sizeof numpy_dtypes / sizeof *numpy_dtypes };
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Ops of ours, and the function of NumPy or MyGrad whose dtypes they have. gelu is half of x times something, and so
 * float64 of every integer, as sigmoid is; erf and softplus are made of exp. MyGrad's arccot cuts its angles down to
 * integers, which is no answer: here it is the float64 of its siblings. hard_tanh has numbers beside x, as leaky_relu,
 * and like that is float64 of integers in NumPy 2. */
static const char *const ours[][2] = {
    {"arccot", "arccsc"}, {"erf", "exp"},           {"erfc", "exp"},
    {"gelu", "sigmoid"},  {"silu", "sigmoid"},      {"softplus", "exp"},
    {"relu", "negative"}, {"gelu_tanh", "sigmoid"}, {"hard_tanh", "leaky_relu"},
};

static const char *in_numpy(const char *op) {
    for (size_t i = 0; i < COUNT(ours); i++)
        if (strcmp(ours[i][0], op) == 0) return ours[i][1];
    return strcmp(op, "absolute_nan") == 0 ? "absolute" : op;
}

/* Is the name one of these words? They stand between spaces. */
static bool among(const char *words, const char *name) {
    char word[80];
    snprintf(word, sizeof word, " %s ", name);
    return strstr(words, word) != NULL;
}

static const binary_types *binary_row(const char *op) {
    const binary_types *row = NULL;
    for (size_t k = 0; k < COUNT(numpy_binary); k++)
        if (among(numpy_binary[k].ops, in_numpy(op))) row = &numpy_binary[k];
    return row;
}

static const unary_types *unary_row(const char *op) {
    const unary_types *row = NULL;
    for (size_t k = 0; k < COUNT(numpy_unary); k++)
        if (among(numpy_unary[k].ops, in_numpy(op))) row = &numpy_unary[k];
    for (size_t k = 0; k < COUNT(mygrad_unary); k++)
        if (among(mygrad_unary[k].ops, in_numpy(op))) row = &mygrad_unary[k];
    return row;
}

/* Two operands that decide the dtype: where's condition is none, and clip's bounds are both y. */
static int deciding(const mgk_op_info *op) { return op->n_in >= 2 ? 2 : 1; }

static bool is_public(const mgk_op_info *op) {
    return !op->internal && (op->kind == MGK_KIND_MAP || op->kind == MGK_KIND_REDUCE);
}
static bool has_row(const mgk_op_info *op) {
    return deciding(op) == 2 ? binary_row(op->name) != NULL : unary_row(op->name) != NULL;
}
/* What has no row is named by the first test, and left out by the others. */
static bool is_walked(const mgk_op_info *op) { return is_public(op) && has_row(op); }

static mg_tensor *call(size_t op, mg_tensor *x, mg_tensor *y) {
    static const double params[MGK_MAX_PARAMS] = {0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5};
    const mgk_op_info *info = &mgk_ops[op];
    if (info->kind == MGK_KIND_REDUCE) return mga_reduce((uint16_t)op, x, NULL);
    mg_tensor *in[MGK_MAX_IN] = {x, y, y};
    if (info->bool_in & 1) {
        in[0] = mg_from_bool((const bool[]){true}, MG_SHAPE(1));
        in[1] = x;
    }
    return mga_ufunc((uint16_t)op, in, info->n_params ? params : NULL, NULL);
}

/* '-' where there is none: an operation that fails must fail with a type error. */
static char code_of(const mg_tensor *x) {
    if (!x) return mg_take_error().code == MG_ERR_TYPE ? '-' : '!';
    if (mg_dtype_of(x) == MG_BF16) return 'w';
    for (int i = 0; i < N_TYPES; i++)
        if (mg_dtype_of(x) == numpy_dtypes[i]) return numpy_codes[i];
    return '!';
}

static void expect(char want, size_t op, mg_tensor *x, mg_tensor *y, const char *left, const char *right) {
    const char code = code_of(call(op, x, y));
    CHECK_MSG(code == want, "%s(%s, %s): dtype '%c', the table has '%c'", mgk_ops[op].name, left, right, code, want);
}

static mg_tensor *ones(mg_dtype dtype) { return mg_ones(MG_SHAPE(1), .dtype = dtype); }
static mg_tensor *one(int type) { return ones(numpy_dtypes[type]); }
static const char *name(int type) { return mg_dtype_name(numpy_dtypes[type]); }

MG_TEST(types, every_op_is_in_the_table) {
    size_t walked = 0;
    for (size_t op = 1; op < MGK_OP_COUNT; op++) {
        if (!is_public(&mgk_ops[op])) continue;
        walked++;
        CHECK_MSG(has_row(&mgk_ops[op]), "%s is neither in types_table.h and types_mygrad.h nor among ours",
                  mgk_ops[op].name);
    }
    CHECK(walked > 40);
}

MG_TEST(types, every_pair) {
    for (size_t op = 1; op < MGK_OP_COUNT; op++) {
        if (!is_walked(&mgk_ops[op]) || deciding(&mgk_ops[op]) != 2) continue;
        const binary_types *row = binary_row(mgk_ops[op].name);
        for (int i = 0; i < N_TYPES; i++) {
            MG_SCOPE;
            for (int j = 0; j < N_TYPES; j++) expect(row->pairs[i][j], op, one(i), one(j), name(i), name(j));
        }
    }
}

MG_TEST(types, weak_scalars) {
    for (size_t op = 1; op < MGK_OP_COUNT; op++) {
        if (!is_walked(&mgk_ops[op]) || deciding(&mgk_ops[op]) != 2) continue;
        const binary_types *row = binary_row(mgk_ops[op].name);
        MG_SCOPE;
        for (int i = 0; i < N_TYPES; i++) {
            expect(row->int_left[i], op, mg_scalar_i64(1), one(i), "1", name(i));
            expect(row->int_right[i], op, one(i), mg_scalar_i64(1), name(i), "1");
            expect(row->float_left[i], op, mg_scalar(1), one(i), "1.0", name(i));
            expect(row->float_right[i], op, one(i), mg_scalar(1), name(i), "1.0");
        }
        expect(row->scalars[0], op, mg_scalar_i64(1), mg_scalar_i64(1), "1", "1");
        expect(row->scalars[1], op, mg_scalar_i64(1), mg_scalar(1), "1", "1.0");
        expect(row->scalars[2], op, mg_scalar(1), mg_scalar_i64(1), "1.0", "1");
        expect(row->scalars[3], op, mg_scalar(1), mg_scalar(1), "1.0", "1.0");
    }
}

static void check_weak(mg_dtype dtype, int64_t number, bool fits) {
    MG_SCOPE;
    mg_tensor *x = mg_ones(MG_SHAPE(1), .dtype = dtype), *sum = mg_add(x, mg_scalar_i64(number));
    CHECK_MSG((sum != NULL) == fits, "%s + %lld", mg_dtype_name(dtype), (long long)number);
    if (sum) return;
    mg_error error = mg_take_error();
    CHECK_EQ_I64(error.code, MG_ERR_VALUE);
    CHECK_CONTAINS(error.message, mg_dtype_name(dtype));
}

/* NumPy: OverflowError, "Python integer 300 out of bounds for uint8". */
MG_TEST(types, weak_integers_out_of_bounds) {
    check_weak(MG_U8, 255, true);
    check_weak(MG_U8, 256, false);
    check_weak(MG_U8, -1, false);
    check_weak(MG_I8, -128, true);
    check_weak(MG_I8, 127, true);
    check_weak(MG_I8, -129, false);
    check_weak(MG_I8, 128, false);
    check_weak(MG_I32, INT64_C(1) << 31, false);
    check_weak(MG_I64, INT64_MIN, true);
    check_weak(MG_U64, INT64_MAX, true);
    check_weak(MG_U64, -1, false);
    check_weak(MG_BOOL, 300, true); /* int64 */
    check_weak(MG_F16, 300, true);
    MG_SCOPE;
    mg_tensor *x = mg_full(MG_SHAPE(1), 200, .dtype = MG_U8);
    CHECK_EQ_I64(mg_dtype_of(mg_divide(x, mg_scalar_i64(300))), MG_F64);
    CHECK(mg_where(mg_scalar_i64(300), x, x) != NULL);
    CHECK(mg_clip(x, mg_scalar_i64(0), mg_scalar_i64(300)) == NULL && mg_take_error().code == MG_ERR_VALUE);
}

/* numpy.uint8(200) < 300 is true, and 200 > -1. */
MG_TEST(types, weak_integers_compare_exactly) {
    MG_SCOPE;
    mg_tensor *x = mg_full(MG_SHAPE(1), 200, .dtype = MG_U8), *huge = mg_invert(mg_zeros(MG_SHAPE(1), .dtype = MG_U64));
    CHECK(mg_item_i64(mg_less(x, mg_scalar_i64(300))) && !mg_item_i64(mg_less(x, mg_scalar_i64(-1))));
    CHECK(!mg_item_i64(mg_equal(x, mg_scalar_i64(200 + 256))) && mg_item_i64(mg_equal(x, mg_scalar_i64(200))));
    CHECK(mg_item_i64(mg_greater(huge, mg_scalar_i64(-1))) && mg_item_i64(mg_not_equal(mg_scalar_i64(-1), huge)));
}

MG_TEST(types, one_operand) {
    for (size_t op = 1; op < MGK_OP_COUNT; op++) {
        if (!is_walked(&mgk_ops[op]) || deciding(&mgk_ops[op]) != 1) continue;
        const unary_types *row = unary_row(mgk_ops[op].name);
        MG_SCOPE;
        for (int i = 0; i < N_TYPES; i++) expect(row->results[i], op, one(i), NULL, name(i), "");
        expect(row->of_int, op, mg_scalar_i64(1), NULL, "1", "");
        expect(row->of_float, op, mg_scalar(1), NULL, "1.0", "");
    }
}

/* bfloat16 is not NumPy's. Ours is a float of float16's rank: where float16 gives itself, bfloat16 does; both together
 * are two float32. */
static char as_bfloat16(char of_float16) { return of_float16 == 'e' ? 'w' : of_float16; }

MG_TEST(types, bfloat16_in_place_of_float16) {
    enum { F16 = 9, F32 = 10 };
    CHECK(numpy_dtypes[F16] == MG_F16 && numpy_dtypes[F32] == MG_F32);
    for (size_t op = 1; op < MGK_OP_COUNT; op++) {
        if (!is_walked(&mgk_ops[op])) continue;
        MG_SCOPE;
        if (deciding(&mgk_ops[op]) == 1) {
            expect(as_bfloat16(unary_row(mgk_ops[op].name)->results[F16]), op, ones(MG_BF16), NULL, "bfloat16", "");
            continue;
        }
        const binary_types *row = binary_row(mgk_ops[op].name);
        for (int i = 0; i < N_TYPES; i++) {
            const char left = i == F16 ? row->pairs[F32][F32] : as_bfloat16(row->pairs[F16][i]);
            const char right = i == F16 ? row->pairs[F32][F32] : as_bfloat16(row->pairs[i][F16]);
            expect(left, op, ones(MG_BF16), one(i), "bfloat16", name(i));
            expect(right, op, one(i), ones(MG_BF16), name(i), "bfloat16");
        }
        expect(as_bfloat16(row->pairs[F16][F16]), op, ones(MG_BF16), ones(MG_BF16), "bfloat16", "bfloat16");
        expect(as_bfloat16(row->float_right[F16]), op, ones(MG_BF16), mg_scalar(1), "bfloat16", "1.0");
        expect(as_bfloat16(row->int_left[F16]), op, mg_scalar_i64(1), ones(MG_BF16), "1", "bfloat16");
    }
}

/* What is written by hand, as MyGrad 2.2.0 answers for the types in the order of numpy_codes; but softmax and
 * logsoftmax of bool, and logsoftmax of integers, are float64 like the others, and logsumexp is ours. */
MG_TEST(types, functions_of_rows) {
    static const char of_moments[] = "dddddddddefd", of_sums[] = "qqqqqQQQQefd";
    for (int i = 0; i < N_TYPES; i++) {
        MG_SCOPE;
        mg_tensor *const results[] = {mg_var(one(i)),        mg_std(one(i)),       mg_softmax(one(i)),
                                      mg_logsoftmax(one(i)), mg_logsumexp(one(i)), mg_cumsum(one(i)),
                                      mg_cumprod(one(i))};
        for (size_t k = 0; k < COUNT(results); k++) {
            const char code = code_of(results[k]), want = k < 5 ? of_moments[i] : of_sums[i];
            CHECK_MSG(code == want, "result %zu of %s: '%c', not '%c'", k, name(i), code, want);
        }
    }
}

/* Numbers that uint64 alone holds, as they get there: filled in, cast, written. */
MG_TEST(types, large_numbers_into_uint64) {
    MG_SCOPE;
    const uint64_t number = UINT64_C(10000000000000000000);
    mg_tensor *full = mg_full(MG_SHAPE(2), 1e19, .dtype = MG_U64), *cast = mg_astype(mg_scalar(1e19), MG_U64);
    mg_tensor *written = mg_zeros(MG_SHAPE(2), .dtype = MG_U64);
    CHECK(mg_copyto(written, mg_scalar(1e19)) == written);
    mg_tensor *const all[] = {full, cast, written};
    for (int i = 0; i < 3; i++) {
        uint64_t found = 0;
        CHECK_EQ_I64(mg_read(mg_max(all[i]), MG_U64, &found), MG_OK);
        CHECK_EQ_U64(found, number);
        CHECK(mg_item(mg_sum(mg_astype(all[i], MG_F64))) == (i == 1 ? 1e19 : 2e19));
    }
}
