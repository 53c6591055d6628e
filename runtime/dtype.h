/* SPDX-License-Identifier: MIT
 * dtypes below the public face: promotion with weak scalars (NEP 50), the row a kernel runs in, element reads and
 * writes. */
#ifndef MGR_DTYPE_H
#define MGR_DTYPE_H

#include "kernels/registry.h"

/* Kinds of weakness, as NEP 50 has them for Python's scalars. */
typedef enum mgr_weak { MGR_STRONG = 0, MGR_WEAK_BOOL, MGR_WEAK_INT, MGR_WEAK_FLOAT } mgr_weak;

typedef struct mgr_operand_type {
    mg_dtype dtype; /* of strong operands; for weak ones the default (bool, i64, f64) */
    mgr_weak weak;
} mgr_operand_type;

/* The dtype NumPy 2 would compute in for these operands (bf16 is a float of f16's rank that meets f16 in f32). All
 * weak: their default's promotion. A weak float with integer operands gives f64; with float operands, their dtype. */
mg_dtype mgr_promote(int n, const mgr_operand_type *operands);

/* Row and result dtype of an op whose promoted input dtype is `promoted` (mgk_typing). Row is never f16/bf16 (they run
 * in the f32 row and are rounded):
 * `*logical` is the dtype the value is rounded to and returned in (before bool results). MG_ERR_TYPE, naming op and
 * dtype, if there is no row. */
mg_status mgr_result_type(const mgk_op_info *op, mg_dtype promoted, mg_dtype *row, mg_dtype *logical, mg_dtype *result);

/* What sums and products of this dtype are returned in: 64-bit integers for integers and bool, floats as they are. */
mg_dtype mgr_accumulator_dtype(mg_dtype dtype);

/* "same_kind" casting: false for float to integer, signed to unsigned, anything to bool. */
bool mgr_can_cast_same_kind(mg_dtype from, mg_dtype to);

/* The float that NumPy's float-only functions compute an integer in; a float itself. */
mg_dtype mgr_float_of(mg_dtype dtype);

/* The dtype tiles hold values of `dtype` in: f32 for f16 and bf16, otherwise itself. */
mg_dtype mgr_row_dtype(mg_dtype dtype);

/* One element: as double (exact for all but 64-bit integers beyond 2^53), as i64, and from them (rules C4, one
 * rounding). */
double mgr_get_f64(mg_dtype dtype, const void *element);
int64_t mgr_get_i64(mg_dtype dtype, const void *element);
void mgr_set_f64(mg_dtype dtype, void *element, double value);
void mgr_set_i64(mg_dtype dtype, void *element, int64_t value);

#endif
