/* SPDX-License-Identifier: MIT
 * What every public header needs: export macro, version, status codes, dtypes.
 * No function of the library lives here beyond the queries on these two enums. */
#ifndef MYGRAD_BASE_H
#define MYGRAD_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MYGRAD_VERSION_MAJOR  0
#define MYGRAD_VERSION_MINOR  1
#define MYGRAD_VERSION_PATCH  0
#define MYGRAD_VERSION_STRING "0.1.0"

#if defined(MYGRAD_STATIC)
#define MG_API
#elif defined(_WIN32)
#define MG_API __declspec(dllimport)
#else
#define MG_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
#define MG_EXTERN_C_BEGIN extern "C" {
#define MG_EXTERN_C_END   }
#else
#define MG_EXTERN_C_BEGIN
#define MG_EXTERN_C_END
#endif

/* The largest number of axes a tensor may have. */
#define MG_MAX_NDIM 32

MG_EXTERN_C_BEGIN

/* What a call came to. The names mirror MyGrad's exceptions; the values never change. */
typedef enum mg_status {
    MG_OK = 0,
    MG_ERR_VALUE = 1,            /* ValueError: shapes, axes, values */
    MG_ERR_TYPE = 2,             /* TypeError: dtypes, casts */
    MG_ERR_INDEX = 3,            /* IndexError */
    MG_ERR_INVALID_GRADIENT = 4, /* InvalidGradient */
    MG_ERR_INVALID_BACKPROP = 5, /* InvalidBackprop */
    MG_ERR_DISCONNECTED_VIEW = 6,
    MG_ERR_READ_ONLY = 7,       /* writing into guarded or read-only memory */
    MG_ERR_NOT_IMPLEMENTED = 8, /* NotImplementedError */
    MG_ERR_NO_MEMORY = 9,
    MG_ERR_IO = 10,     /* the system refused a file operation */
    MG_ERR_FORMAT = 11, /* a file is not what it should be */
    MG_ERR_BACKEND = 12 /* oneDNN or BLAS refused */
} mg_status;

/* The constant's own name, "MG_ERR_VALUE"; "MG_ERR_?" for a number that is none. */
MG_API const char *mg_status_name(mg_status status);

/* Element types. 0 means "not given" in option structs. bool is one byte, 0 or 1; f16 (IEEE half) and
 * bf16 are uint16_t in memory, and are computed in f32 and rounded after each operation. */
typedef enum mg_dtype {
    MG_DTYPE_NONE = 0,
    MG_BOOL = 1,
    MG_I8 = 2,
    MG_I16 = 3,
    MG_I32 = 4,
    MG_I64 = 5,
    MG_U8 = 6,
    MG_U16 = 7,
    MG_U32 = 8,
    MG_U64 = 9,
    MG_F16 = 10,
    MG_BF16 = 11,
    MG_F32 = 12,
    MG_F64 = 13,
    MG_DTYPE_COUNT = 14
} mg_dtype;

/* "bool", "int8", ..., "float16", "bfloat16", "float32", "float64"; "none" for anything else. */
MG_API const char *mg_dtype_name(mg_dtype dtype);

/* Bytes per element; 0 for anything that is no dtype. */
MG_API size_t mg_dtype_size(mg_dtype dtype);

/* True for f16, bf16, f32, f64: the only dtypes that gradients exist for. */
MG_API bool mg_dtype_is_float(mg_dtype dtype);

/* The dtype that an operation on a and b is computed in (NumPy 2, NEP 50, both operands strong). */
MG_API mg_dtype mg_promote_types(mg_dtype a, mg_dtype b);

MG_EXTERN_C_END

#endif
