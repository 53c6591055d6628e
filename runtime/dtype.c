/* SPDX-License-Identifier: MIT
 * dtypes: names, sizes, promotion as NumPy 2 has it (with bf16 added), the row and result dtype of an op. Element
 * access is in element.c. */
#include "runtime/dtype.h"
#include "runtime/status.h"

#include <string.h>

typedef enum type_kind { KIND_NONE, KIND_BOOL, KIND_UNSIGNED, KIND_SIGNED, KIND_FLOAT } type_kind;

static const struct {
    const char *name;
    uint8_t size;
    uint8_t kind;
} types[MG_DTYPE_COUNT] = {
    [MG_DTYPE_NONE] = {"none", 0, KIND_NONE}, [MG_BOOL] = {"bool", 1, KIND_BOOL},
    [MG_I8] = {"int8", 1, KIND_SIGNED},       [MG_I16] = {"int16", 2, KIND_SIGNED},
    [MG_I32] = {"int32", 4, KIND_SIGNED},     [MG_I64] = {"int64", 8, KIND_SIGNED},
    [MG_U8] = {"uint8", 1, KIND_UNSIGNED},    [MG_U16] = {"uint16", 2, KIND_UNSIGNED},
    [MG_U32] = {"uint32", 4, KIND_UNSIGNED},  [MG_U64] = {"uint64", 8, KIND_UNSIGNED},
    [MG_F16] = {"float16", 2, KIND_FLOAT},    [MG_BF16] = {"bfloat16", 2, KIND_FLOAT},
    [MG_F32] = {"float32", 4, KIND_FLOAT},    [MG_F64] = {"float64", 8, KIND_FLOAT},
};

/* Callers may hand in any number; one past the end reads as "none". */
static size_t known(mg_dtype dtype) { return (size_t)dtype < MG_DTYPE_COUNT ? (size_t)dtype : MG_DTYPE_NONE; }

const char *mg_dtype_name(mg_dtype dtype) { return types[known(dtype)].name; }
size_t mg_dtype_size(mg_dtype dtype) { return types[known(dtype)].size; }
bool mg_dtype_is_float(mg_dtype dtype) { return types[known(dtype)].kind == KIND_FLOAT; }

/* promotion[a][b]; checked against NumPy for every pair by tests/runtime/test_dtype.c. */
#define B_ MG_BOOL
#define I1 MG_I8
#define I2 MG_I16
#define I4 MG_I32
#define I8 MG_I64
#define U1 MG_U8
#define U2 MG_U16
#define U4 MG_U32
#define U8 MG_U64
#define F2 MG_F16
#define BF MG_BF16
#define F4 MG_F32
#define F8 MG_F64
static const uint8_t promotion[MG_DTYPE_COUNT][MG_DTYPE_COUNT] = {
    [B_] = {0, B_, I1, I2, I4, I8, U1, U2, U4, U8, F2, BF, F4, F8},
    [I1] = {0, I1, I1, I2, I4, I8, I2, I4, I8, F8, F2, BF, F4, F8},
    [I2] = {0, I2, I2, I2, I4, I8, I2, I4, I8, F8, F4, F4, F4, F8},
    [I4] = {0, I4, I4, I4, I4, I8, I4, I4, I8, F8, F8, F8, F8, F8},
    [I8] = {0, I8, I8, I8, I8, I8, I8, I8, I8, F8, F8, F8, F8, F8},
    [U1] = {0, U1, I2, I2, I4, I8, U1, U2, U4, U8, F2, BF, F4, F8},
    [U2] = {0, U2, I4, I4, I4, I8, U2, U2, U4, U8, F4, F4, F4, F8},
    [U4] = {0, U4, I8, I8, I8, I8, U4, U4, U4, U8, F8, F8, F8, F8},
    [U8] = {0, U8, F8, F8, F8, F8, U8, U8, U8, U8, F8, F8, F8, F8},
    [F2] = {0, F2, F2, F4, F8, F8, F2, F4, F8, F8, F2, F4, F4, F8},
    [BF] = {0, BF, BF, F4, F8, F8, BF, F4, F8, F8, F4, BF, F4, F8},
    [F4] = {0, F4, F4, F4, F8, F8, F4, F4, F8, F8, F4, F4, F4, F8},
    [F8] = {0, F8, F8, F8, F8, F8, F8, F8, F8, F8, F8, F8, F8, F8},
};
#undef B_
#undef I1
#undef I2
#undef I4
#undef I8
#undef U1
#undef U2
#undef U4
#undef U8
#undef F2
#undef BF
#undef F4
#undef F8

mg_dtype mg_promote_types(mg_dtype a, mg_dtype b) { return (mg_dtype)promotion[known(a)][known(b)]; }

static inline bool is_float(mg_dtype dtype) { return types[known(dtype)].kind == KIND_FLOAT; }

static inline mg_dtype join(mg_dtype so_far, mg_dtype next) {
    return so_far == MG_DTYPE_NONE ? (mg_dtype)known(next) : (mg_dtype)promotion[so_far][known(next)];
}

/* A weak bool counts as a bool; weak numbers take no part in the first round. */
static inline bool is_strong(const mgr_operand_type *operand) { return operand->weak <= MGR_WEAK_BOOL; }

/* Floats first, then the rest one by one: that is NumPy's answer for more than two operands (i16, u16, f32 give f32,
 * not f64). */
mg_dtype mgr_promote(int n, const mgr_operand_type *operands) {
    mg_dtype floats = MG_DTYPE_NONE, strong = MG_DTYPE_NONE;
    mgr_weak weakest = MGR_STRONG;
    for (int i = 0; i < n; i++) {
        if (!is_strong(&operands[i])) {
            if (operands[i].weak > weakest) weakest = operands[i].weak;
            continue;
        }
        strong = join(strong, operands[i].dtype);
        if (is_float(operands[i].dtype)) floats = join(floats, operands[i].dtype);
    }
    if (floats != MG_DTYPE_NONE) {
        if (n <= 2) return strong;
        for (int i = 0; i < n; i++)
            if (is_strong(&operands[i])) floats = join(floats, operands[i].dtype);
        return floats;
    }
    if (weakest == MGR_STRONG) return strong;
    if (weakest == MGR_WEAK_FLOAT) return MG_F64;
    return strong == MG_DTYPE_NONE || strong == MG_BOOL ? MG_I64 : strong;
}

mg_dtype mgr_row_dtype(mg_dtype dtype) { return dtype == MG_F16 || dtype == MG_BF16 ? MG_F32 : dtype; }

bool mgr_can_cast_same_kind(mg_dtype from, mg_dtype to) {
    uint8_t source = types[known(from)].kind, target = types[known(to)].kind;
    return source != KIND_NONE && target != KIND_NONE && source <= target;
}

mg_dtype mgr_float_of(mg_dtype dtype) {
    if (mg_dtype_is_float(dtype)) return dtype;
    size_t size = mg_dtype_size(dtype);
    return size == 1 ? MG_F16 : size == 2 ? MG_F32 : MG_F64;
}

mg_dtype mgr_accumulator_dtype(mg_dtype dtype) {
    if (mg_dtype_is_float(dtype)) return dtype;
    return types[known(dtype)].kind == KIND_UNSIGNED ? MG_U64 : MG_I64;
}

mg_status mgr_result_type(const mgk_op_info *op, mg_dtype promoted, mg_dtype *row, mg_dtype *logical,
                          mg_dtype *result) {
    mg_dtype value = promoted;
    if (known(promoted) == MG_DTYPE_NONE) return mgr_fail(MG_ERR_TYPE, op->name, "%d is no dtype", (int)promoted);
    switch ((mgk_typing)op->typing) {
    case MGK_TYPES_SAME:
    case MGK_TYPES_COMPARE:
        break;
    case MGK_TYPES_FLOAT:
        value = mgr_float_of(promoted);
        break;
    case MGK_TYPES_SUM:
        value = mgr_accumulator_dtype(promoted);
        break;
    case MGK_TYPES_DIVIDE:
    case MGK_TYPES_MEAN:
        value = mg_dtype_is_float(promoted) ? promoted : MG_F64;
        break;
    case MGK_TYPES_LOGICAL:
        value = MG_BOOL;
        break;
    case MGK_TYPES_NUMBER:
        if (promoted == MG_BOOL) value = MG_I8;
        break;
    }
    mg_dtype kernel = mgr_row_dtype(value);
    if (!(op->row_types >> kernel & 1))
        return mgr_fail(MG_ERR_TYPE, op->name, "%s is not defined for %s", op->name, mg_dtype_name(promoted));
    *row = kernel;
    *logical = value;
    *result = op->typing == MGK_TYPES_COMPARE || op->typing == MGK_TYPES_LOGICAL ? MG_BOOL : value;
    return MG_OK;
}
