/* SPDX-License-Identifier: MIT
 * Result dtypes as NumPy 2.4.6 has them: test data for tests/autodiff/test_types.c, no code. types_table.py wrote it,
 * by asking NumPy for the dtype of f(x, y) on arrays of one element, and with a Python int or float (1, 1.0) as either
 * operand; '-' where NumPy raises TypeError. Dtypes are NumPy's character codes, in the order of numpy_codes; bfloat16
 * is not NumPy's. Functions that answer alike share a row. */
#ifndef TEST_TYPES_TABLE_H
#define TEST_TYPES_TABLE_H

#include "mygrad/base.h"

static const char numpy_codes[] = "?bhiqBHIQefd";
static const mg_dtype numpy_dtypes[] = {MG_BOOL, MG_I8,  MG_I16, MG_I32, MG_I64, MG_U8,
                                        MG_U16,  MG_U32, MG_U64, MG_F16, MG_F32, MG_F64};

/* pairs[i][j]: f(x of dtype i, y of dtype j). int_left[j]: f(1, y), int_right[i]: f(x, 1); the same for 1.0.
 * where(true, x, y) and clip(x, y, y) are taken as f(x, y). */
typedef struct binary_types {
    const char *ops;
    const char *pairs[12];
    const char *int_left, *int_right, *float_left, *float_right;
    char scalars[5]; /* f(1, 1), f(1, 1.0), f(1.0, 1), f(1.0, 1.0) */
} binary_types;

static const binary_types numpy_binary[] = {
    {" add multiply maximum minimum where clip ",
     {"?bhiqBHIQefd", "bbhiqhiqdefd", "hhhiqhiqdffd", "iiiiqiiqdddd", "qqqqqqqqdddd", "BhhiqBHIQefd", "HiiiqHHIQffd",
      "IqqqqIIIQddd", "QddddQQQQddd", "eefddefddefd", "fffddffddffd", "dddddddddddd"},
     "qbhiqBHIQefd",
     "qbhiqBHIQefd",
     "dddddddddefd",
     "dddddddddefd",
     "qddd"},
    {" subtract ",
     {"-bhiqBHIQefd", "bbhiqhiqdefd", "hhhiqhiqdffd", "iiiiqiiqdddd", "qqqqqqqqdddd", "BhhiqBHIQefd", "HiiiqHHIQffd",
      "IqqqqIIIQddd", "QddddQQQQddd", "eefddefddefd", "fffddffddffd", "dddddddddddd"},
     "qbhiqBHIQefd",
     "qbhiqBHIQefd",
     "dddddddddefd",
     "dddddddddefd",
     "qddd"},
    {" divide ",
     {"dddddddddefd", "dddddddddefd", "dddddddddffd", "dddddddddddd", "dddddddddddd", "dddddddddefd", "dddddddddffd",
      "dddddddddddd", "dddddddddddd", "eefddefddefd", "fffddffddffd", "dddddddddddd"},
     "dddddddddefd",
     "dddddddddefd",
     "dddddddddefd",
     "dddddddddefd",
     "dddd"},
    {" power floor_divide remainder fmod ",
     {"bbhiqBHIQefd", "bbhiqhiqdefd", "hhhiqhiqdffd", "iiiiqiiqdddd", "qqqqqqqqdddd", "BhhiqBHIQefd", "HiiiqHHIQffd",
      "IqqqqIIIQddd", "QddddQQQQddd", "eefddefddefd", "fffddffddffd", "dddddddddddd"},
     "qbhiqBHIQefd",
     "qbhiqBHIQefd",
     "dddddddddefd",
     "dddddddddefd",
     "qddd"},
    {" arctan2 hypot logaddexp logaddexp2 ",
     {"eefddefddefd", "eefddefddefd", "fffddffddffd", "dddddddddddd", "dddddddddddd", "eefddefddefd", "fffddffddffd",
      "dddddddddddd", "dddddddddddd", "eefddefddefd", "fffddffddffd", "dddddddddddd"},
     "defddefddefd",
     "defddefddefd",
     "dddddddddefd",
     "dddddddddefd",
     "dddd"},
    {" left_shift right_shift ",
     {"bbhiqBHIQ---", "bbhiqhiq----", "hhhiqhiq----", "iiiiqiiq----", "qqqqqqqq----", "BhhiqBHIQ---", "HiiiqHHIQ---",
      "IqqqqIIIQ---", "Q----QQQQ---", "------------", "------------", "------------"},
     "qbhiqBHIQ---",
     "qbhiqBHIQ---",
     "------------",
     "------------",
     "q---"},
    {" less less_equal greater greater_equal equal not_equal logical_and logical_or"
     " logical_xor ",
     {"????????????", "????????????", "????????????", "????????????", "????????????", "????????????", "????????????",
      "????????????", "????????????", "????????????", "????????????", "????????????"},
     "????????????",
     "????????????",
     "????????????",
     "????????????",
     "????"},
    {" bitwise_and bitwise_or bitwise_xor ",
     {"?bhiqBHIQ---", "bbhiqhiq----", "hhhiqhiq----", "iiiiqiiq----", "qqqqqqqq----", "BhhiqBHIQ---", "HiiiqHHIQ---",
      "IqqqqIIIQ---", "Q----QQQQ---", "------------", "------------", "------------"},
     "qbhiqBHIQ---",
     "qbhiqBHIQ---",
     "------------",
     "------------",
     "q---"},
};

/* f(x of dtype i), f(1), f(1.0). */
typedef struct unary_types {
    const char *ops, *results;
    char of_int, of_float;
} unary_types;

static const unary_types numpy_unary[] = {
    {" absolute floor ceil trunc max min ", "?bhiqBHIQefd", 'q', 'd'},
    {" negative positive sign ", "-bhiqBHIQefd", 'q', 'd'},
    {" reciprocal square ", "bbhiqBHIQefd", 'q', 'd'},
    {" sqrt cbrt exp exp2 expm1 log log2 log10 log1p sin cos tan arcsin arccos arctan"
     " sinh cosh tanh arcsinh arccosh arctanh rint ",
     "eefddefddefd", 'd', 'd'},
    {" isnan isfinite isinf signbit logical_not any all ", "????????????", '?', '?'},
    {" invert ", "?bhiqBHIQ---", 'q', '-'},
    {" sum prod ", "qqqqqQQQQefd", 'q', 'd'},
    {" mean ", "dddddddddefd", 'd', 'd'},
};

#endif
