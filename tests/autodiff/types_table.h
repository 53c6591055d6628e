/* SPDX-License-Identifier: MIT
 * Result dtypes as NumPy 2.4.6 has them: test data for tests/autodiff/test_types.c, no code. Made by asking NumPy for
 * the dtype of f(x, y) on arrays of one element, and with a Python int or float (1, 1.0) as either operand; '-' where
 * NumPy raises TypeError. Dtypes are NumPy's character codes, in the order of numpy_codes; bfloat16 is not NumPy's. */
#ifndef TEST_TYPES_TABLE_H
#define TEST_TYPES_TABLE_H

#include "mygrad/base.h"

static const char numpy_codes[] = "?bhiqBHIQefd";
static const mg_dtype numpy_dtypes[] = {MG_BOOL, MG_I8,  MG_I16, MG_I32, MG_I64, MG_U8,
                                        MG_U16,  MG_U32, MG_U64, MG_F16, MG_F32, MG_F64};

/* pairs[i][j]: f(x of dtype i, y of dtype j). int_left[j]: f(1, y), int_right[i]: f(x, 1); the same for 1.0. */
typedef struct binary_types {
    const char *op;
    const char *pairs[12];
    const char *int_left, *int_right, *float_left, *float_right;
    char scalars[5]; /* f(1, 1), f(1, 1.0), f(1.0, 1), f(1.0, 1.0) */
} binary_types;

static const binary_types numpy_binary[] = {
    {"bitwise_and",
     {"?bhiqBHIQ---", "bbhiqhiq----", "hhhiqhiq----", "iiiiqiiq----", "qqqqqqqq----", "BhhiqBHIQ---", "HiiiqHHIQ---",
      "IqqqqIIIQ---", "Q----QQQQ---", "------------", "------------", "------------"},
     "qbhiqBHIQ---",
     "qbhiqBHIQ---",
     "------------",
     "------------",
     "q---"},
    {"add",
     {"?bhiqBHIQefd", "bbhiqhiqdefd", "hhhiqhiqdffd", "iiiiqiiqdddd", "qqqqqqqqdddd", "BhhiqBHIQefd", "HiiiqHHIQffd",
      "IqqqqIIIQddd", "QddddQQQQddd", "eefddefddefd", "fffddffddffd", "dddddddddddd"},
     "qbhiqBHIQefd",
     "qbhiqBHIQefd",
     "dddddddddefd",
     "dddddddddefd",
     "qddd"},
    {"divide",
     {"dddddddddefd", "dddddddddefd", "dddddddddffd", "dddddddddddd", "dddddddddddd", "dddddddddefd", "dddddddddffd",
      "dddddddddddd", "dddddddddddd", "eefddefddefd", "fffddffddffd", "dddddddddddd"},
     "dddddddddefd",
     "dddddddddefd",
     "dddddddddefd",
     "dddddddddefd",
     "dddd"},
    {"maximum",
     {"?bhiqBHIQefd", "bbhiqhiqdefd", "hhhiqhiqdffd", "iiiiqiiqdddd", "qqqqqqqqdddd", "BhhiqBHIQefd", "HiiiqHHIQffd",
      "IqqqqIIIQddd", "QddddQQQQddd", "eefddefddefd", "fffddffddffd", "dddddddddddd"},
     "qbhiqBHIQefd",
     "qbhiqBHIQefd",
     "dddddddddefd",
     "dddddddddefd",
     "qddd"},
    {"where",
     {"?bhiqBHIQefd", "bbhiqhiqdefd", "hhhiqhiqdffd", "iiiiqiiqdddd", "qqqqqqqqdddd", "BhhiqBHIQefd", "HiiiqHHIQffd",
      "IqqqqIIIQddd", "QddddQQQQddd", "eefddefddefd", "fffddffddffd", "dddddddddddd"},
     "qbhiqBHIQefd",
     "qbhiqBHIQefd",
     "dddddddddefd",
     "dddddddddefd",
     "qddd"},
    {"less",
     {"????????????", "????????????", "????????????", "????????????", "????????????", "????????????", "????????????",
      "????????????", "????????????", "????????????", "????????????", "????????????"},
     "????????????",
     "????????????",
     "????????????",
     "????????????",
     "????"},
};

/* f(x of dtype i), f(1), f(1.0). */
static const struct {
    const char *op, *results;
    char of_int, of_float;
} numpy_unary[] = {
    {"exp", "eefddefddefd", 'd', 'd'},        {"sum", "qqqqqQQQQefd", 'q', 'd'},
    {"mean", "dddddddddefd", 'd', 'd'},       {"max", "?bhiqBHIQefd", 'q', 'd'},
    {"negative", "-bhiqBHIQefd", 'q', 'd'},   {"absolute", "?bhiqBHIQefd", 'q', 'd'},
    {"floor", "?bhiqBHIQefd", 'q', 'd'},      {"rint", "eefddefddefd", 'd', 'd'},
    {"sign", "-bhiqBHIQefd", 'q', 'd'},       {"isnan", "????????????", '?', '?'},
    {"invert", "?bhiqBHIQ---", 'q', '-'},     {"positive", "-bhiqBHIQefd", 'q', 'd'},
    {"reciprocal", "bbhiqBHIQefd", 'q', 'd'}, {"square", "bbhiqBHIQefd", 'q', 'd'},
};

#endif
